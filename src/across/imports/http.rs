//! Imports over HTTP.

use super::run::{Mode, OnError, Options, importer};
use super::whole::elsewhere;
use super::worker;
use crate::kernel::{Error, Fault, JobId, Result, Text};
use crate::platform::crs::Crs;
use crate::platform::jobs::JobStatus;
use crate::platform::multipart::Form;
use crate::platform::{App, Call, Permission, Reply, Stop};
use axum::extract::{FromRequest, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The operations on imports; following a job is `platform::jobs`'.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(start_import))
}

/// The form that starts an import.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form is read field by field; this is its description")]
struct ImportForm {
    /// GeoJSON (FeatureCollection) or GeoJSONSeq, for `samples`, `reference:<name>` and `land-checks` also CSV (comma, semicolon
    /// or tab; `wkt`, or `lon` and `lat`), these also in gzip, UTF-8; a Shapefile in a zip archive (`.shp` with `.dbf`, and
    /// `.shx`, `.prj`, `.cpg` where there are); a GeoPackage, by itself or in a zip archive; or XLSX: one sheet, a head, outlines
    /// as well-known text in a column `wkt`, points in `lon`/`lat`.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Where the rows go: `sites`, `farmland`, `samples`, `divisions`, `parcels`, `control-zones`, `key-units`, `coverage`,
    /// `siting-zones`, `reference:<name>`; or `land-checks`, whose rows are questions and are answered.
    #[schema(example = "farmland")]
    target: String,
    /// Whether anything is to be written. Default: `commit`.
    mode: Option<Mode>,
    /// What a rejected row means for the others. Default: `reject_all`.
    on_error: Option<OnError>,
    /// Reference system of the coordinates where the file does not say one: URI, URN or `EPSG:n`; positions are x, y.
    /// Default: CRS84; a Shapefile without a readable `.prj` and a GeoPackage without a system have none (`crs_missing`,
    /// `crs_unreadable`). A file that says another one is refused (`crs_contradiction`), and one on another datum than CGCS2000
    /// or WGS 84 as well (`crs_other_datum`).
    #[schema(example = "EPSG:4549")]
    crs: Option<String>,
    /// JSON object: names of the file's columns → names of the register's attributes. `"MAT=OHO": "medium=soil"` sets an
    /// attribute where a column holds a value, `"=unit": "mg/kg"` where nothing gives it. `"#sheet": "地块"` names the sheet of a
    /// workbook, which is its first otherwise; `"#layer": "宗地"` the layer of a file that has several (`layer_not_chosen`);
    /// `"#encoding": "GBK"` how a Shapefile's texts are written, where neither `.cpg` nor table says it (`encoding_unknown`).
    /// Of names that a Shapefile cut at ten bytes the beginning is enough, and the whole name as well.
    #[schema(example = r#"{"DKBM": "code", "XZQDM": "division_code"}"#)]
    mapping: Option<String>,
}

/// An import that was accepted for work.
#[derive(Serialize, ToSchema)]
struct ImportAccepted {
    /// The job to follow.
    id: JobId,
    /// `queued`
    status: JobStatus,
    /// Address of the job.
    #[schema(example = "/v1/jobs/019353d2-7c00-7000-8000-000000000001")]
    href: String,
    /// What was received.
    receipt: ImportReceipt,
}

/// What was received.
#[derive(Serialize, ToSchema)]
struct ImportReceipt {
    /// SHA-256 of the file, hexadecimal.
    sha256: String,
    /// Its length.
    bytes: usize,
}

/// Import a file
///
/// The file is worked on in the background; `Location` is the job. The target's own permission is asked for beside
/// `import.run`.
#[utoipa::path(
    post, path = "/v1/imports", operation_id = "start_import", tag = "imports",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 202, description = "Accepted for work", body = ImportAccepted)),
    extensions(("x-permission" = json!("import.run")))
)]
async fn start_import(call: Call, request: Request) -> Result<Reply, Stop> {
    // Before the body is read: nobody sends us a file for nothing.
    call.caller().require(Permission::ImportRun)?;
    let form = Form::from_request(request, call.app()).await?;
    form.only(&["target", "mode", "on_error", "crs", "mapping"])?;
    let (options, target) = read_form(&form)?;
    match elsewhere(target) {
        Some(elsewhere) => {
            call.caller().require(elsewhere.permission)?;
            if form.text("on_error").is_some() {
                return Err(each_row_alone().into());
            }
        }
        None => call.caller().require(importer(target)?.permission())?,
    }
    let file = form.file().map_err(|fault| Error::invalid(vec![fault]))?;
    let mut act = call.begin(Permission::ImportRun).await?;
    let id = worker::submit(&mut act, target, &file.name, &file.bytes, &options, form.text("crs")).await?;
    let href = format!("/v1/jobs/{id}");
    let view = ImportAccepted {
        id,
        status: JobStatus::Queued,
        href: href.clone(),
        receipt: ImportReceipt { sha256: hex::encode(Sha256::digest(&file.bytes)), bytes: file.bytes.len() },
    };
    Ok(act.finish(Reply::json(&view)?.accepted(href)).await?)
}

/// A file of questions has no all or nothing.
fn each_row_alone() -> Error {
    Error::fault(
        "/on_error",
        "each_row_alone",
        Text::fixed(
            "查询文件逐行答复，有误的行各有说明；不适用 on_error。",
            "Each row of a file of questions is answered for itself, and a wrong one says why; on_error does not apply.",
        ),
    )
}

fn read_form(form: &Form) -> Result<(Options, &str)> {
    let mut faults = Vec::new();
    let mut keep = |fault: Fault| faults.push(fault);
    let target = form.required("target").map_err(&mut keep).unwrap_or_default();
    let mode = word(form, "mode", "dry_run, commit").map_err(&mut keep).unwrap_or_default();
    let on_error = word(form, "on_error", "reject_all, accept_valid").map_err(&mut keep).unwrap_or_default();
    let crs = form.text("crs").map(|name| Crs::parse(name).ok_or_else(|| bad_crs(name)));
    let crs = crs.transpose().map_err(&mut keep).unwrap_or_default();
    let mapping = form.text("mapping").map(|text| {
        serde_json::from_str::<BTreeMap<String, String>>(text).map_err(|cause| {
            Fault::new(
                "/mapping",
                "bad_mapping",
                Text::new(
                    format!("mapping 应为 JSON 对象 {{\"对方列名\": \"本系统字段\"}}：{cause}。"),
                    format!("mapping must be a JSON object {{\"theirs\": \"ours\"}}: {cause}."),
                ),
            )
        })
    });
    let mapping = mapping.transpose().map_err(&mut keep).unwrap_or_default();
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let options = Options {
        mode: mode.unwrap_or(Mode::Commit),
        on_error: on_error.unwrap_or(OnError::RejectAll),
        crs,
        mapping: mapping.unwrap_or_default(),
    };
    Ok((options, target))
}

/// A field that is one of a few words.
fn word<T: DeserializeOwned>(form: &Form, name: &str, words: &str) -> Result<Option<T>, Fault> {
    let Some(text) = form.text(name) else { return Ok(None) };
    serde_json::from_value(Value::String(text.to_owned())).map(Some).map_err(|_| {
        Fault::new(
            format!("/{name}"),
            "bad_word",
            Text::new(format!("{name} 应为 {words} 之一。"), format!("{name} is one of {words}.")),
        )
    })
}

fn bad_crs(name: &str) -> Fault {
    Fault::new(
        "/crs",
        "crs_unreadable",
        Text::new(
            format!(
                "无法识别坐标系“{name}”，可写作 EPSG:4549、urn:ogc:def:crs:EPSG::4549 或 http://www.opengis.net/def/crs/EPSG/0/4549。"
            ),
            format!(
                "`{name}` names no reference system; EPSG:4549, urn:ogc:def:crs:EPSG::4549 and http://www.opengis.net/def/crs/EPSG/0/4549 do."
            ),
        ),
    )
}
