//! `jingtu export COLLECTION`: a layer as a file.

use super::Outcome;
use super::say::aside;
use crate::config::Config;
use crate::kernel::{Error, Result, Text};
use crate::layers::format::Form;
use crate::platform::Caller;
use crate::registers;
use std::path::PathBuf;
use tempfile::NamedTempFile;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Name of the collection, as under /ogc/collections
    collection: String,
    /// json (GeoJSON), geojsonseq, csv (geometry as WKT), fgb (FlatGeobuf), parquet (GeoParquet) or gpkg (GeoPackage) [default: by
    /// the ending of OUT, else json]
    #[arg(long, short, value_parser = form)]
    format: Option<Form>,
    /// Where the features go; written whole or not at all [default: the terminal, or the pipe behind it]
    #[arg(long, short)]
    out: Option<PathBuf>,
    /// Reference system, by its URI [default: CRS84]
    #[arg(long)]
    crs: Option<String>,
    /// Features that meet a box: west,south,east,north
    #[arg(long)]
    bbox: Option<String>,
    /// Reference system of the box, by its URI [default: CRS84]
    #[arg(long)]
    bbox_crs: Option<String>,
    /// Features that meet a condition in CQL2
    #[arg(long)]
    filter: Option<String>,
    /// Reference system of the condition's geometries, by its URI [default: CRS84]
    #[arg(long)]
    filter_crs: Option<String>,
    /// Features true in an interval of days
    #[arg(long)]
    datetime: Option<String>,
    /// What the registry knew at an instant
    #[arg(long)]
    known_at: Option<String>,
    /// The properties to be given, with commas between
    #[arg(long)]
    properties: Option<String>,
    /// Zoom of the map that geometries are simplified for: 0 to 24, as of WebMercatorQuad
    #[arg(long)]
    zoom_level: Option<String>,
    /// Properties to sort by, with commas between, each after - for largest first
    #[arg(long)]
    sortby: Option<String>,
}

fn form(name: &str) -> Result<Form, String> {
    let known = || Form::ALL.map(Form::name).join(", ");
    Form::ALL.into_iter().find(|form| form.name() == name).ok_or_else(known)
}

pub(super) async fn run(config: Config, arguments: Arguments) -> Result<Outcome> {
    let collection = arguments.collection.as_str();
    let unknown = || {
        let families = registers::FAMILIES.iter().map(|family| format!("{}<name>", family.prefix()));
        let known: Vec<_> = registers::layers().map(|layer| layer.id.to_string()).chain(families).collect();
        let known = known.join(", ");
        Error::bad_parameter(
            "collection",
            Text::new(
                format!("没有此图层，可用：{known}。"),
                format!("there is no such collection; there are: {known}."),
            ),
        )
    };
    let fixed = registers::layers().find(|layer| layer.id == collection).cloned();
    let family = registers::FAMILIES.iter().find(|family| collection.starts_with(family.prefix()));
    if fixed.is_none() && family.is_none() {
        return Err(unknown());
    }
    let ending = arguments.out.as_ref().and_then(|out| out.extension()).and_then(|ending| ending.to_str());
    let by_ending = ending.and_then(|ending| Form::ALL.into_iter().find(|form| form.extension() == ending));
    let form = arguments.format.or(by_ending).unwrap_or(Form::GeoJson);
    let named = [
        ("crs", arguments.crs),
        ("bbox", arguments.bbox),
        ("bbox-crs", arguments.bbox_crs),
        ("filter", arguments.filter),
        ("filter-crs", arguments.filter_crs),
        ("datetime", arguments.datetime),
        ("known_at", arguments.known_at),
        ("properties", arguments.properties),
        ("zoom-level", arguments.zoom_level),
        ("sortby", arguments.sortby),
    ];
    let pairs = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let opened = super::open(config).await?;
    let layer = match (fixed, family) {
        (None, Some(family)) => {
            let all = family.list(&opened.app).await;
            all.and_then(|all| all.into_iter().find(|layer| layer.id == collection).ok_or_else(unknown))
        }
        (fixed, _) => fixed.ok_or_else(unknown),
    };
    let layer = match layer {
        Ok(layer) => layer,
        Err(error) => {
            opened.close().await?;
            return Err(error);
        }
    };
    let written = match &arguments.out {
        None => {
            crate::layers::export(&opened.app, &layer, &Caller::Operator, pairs, form, &mut tokio::io::stdout()).await
        }
        Some(out) => {
            // Under another name beside it until it is whole.
            let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
            let file = match folder {
                Some(folder) => NamedTempFile::new_in(folder),
                None => NamedTempFile::new_in("."),
            };
            let file = file.map_err(|error| unwritable(out, error))?;
            let mut open = tokio::fs::File::from_std(file.reopen().map_err(|error| unwritable(out, error))?);
            let written = crate::layers::export(&opened.app, &layer, &Caller::Operator, pairs, form, &mut open).await;
            match written {
                Ok(written) => file.persist(out).map(|_| written).map_err(|error| unwritable(out, error.error)),
                Err(error) => Err(error),
            }
        }
    };
    let closed = opened.close().await;
    let written = written?;
    closed?;
    if let Some(out) = &arguments.out {
        aside!("{} · {} · {written} B · {}", layer.title.zh, form.name(), out.display());
    }
    Ok(Outcome::Done)
}

fn unwritable(out: &std::path::Path, error: std::io::Error) -> Error {
    let out = out.display();
    Error::bad_parameter("out", Text::new(format!("无法写入 {out}。"), format!("{out} cannot be written.")))
        .because(error)
}
