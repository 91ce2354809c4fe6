//! Files of GIS programs: zipped Shapefiles and GeoPackages, read row by row. What is read comes from anybody: nothing a
//! file says of its own sizes is believed, nothing is unpacked under a name of its own, and only so much of it.

pub mod archive;
mod blob;
mod dbf;
mod encoding;
pub mod geopackage;
mod prj;
mod rings;
mod shape;
pub mod shapefile;

pub use prj::{Identified, Said, identify};

use crate::kernel::{Error, Fault, Kind, Text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a layer says of its reference system.
#[derive(Debug, Clone, PartialEq)]
pub enum Declared {
    /// Nothing, and the form has its own: CRS84.
    Nothing,
    /// The member `crs` of the GeoJSON of 2008.
    Member(Value),
    /// Nothing, although the form has none of its own; why.
    Missing(Text),
    /// Well-known text, as in a `.prj`.
    WellKnown(String),
    /// An authority's code (`EPSG:4549`), and the well-known text beside it where there is one.
    Code {
        /// The code.
        name: String,
        /// The text.
        definition: Option<String>,
    },
}

/// A row of a layer.
#[derive(Debug)]
pub struct FileRow {
    /// Its place in the layer, from 1.
    pub row: u64,
    /// Its own identifier, where the form has one.
    pub id: Option<Value>,
    /// Its outline as GeoJSON (null for none) and its attributes; or what is wrong with it.
    pub read: Result<(Value, Map<String, Value>), Vec<Fault>>,
}

/// What of a file is read, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pick<'a> {
    /// The layer, where there are several; of a workbook, the sheet.
    pub layer: Option<&'a str>,
    /// The encoding of a Shapefile's texts, where the file does not say it, or says it wrongly.
    pub encoding: Option<&'a str>,
}

/// Remarks on a layer that concern many rows: told once, with how many they are.
#[derive(Debug, Default)]
pub struct Remarks {
    of_layer: Vec<Fault>,
    of_rows: BTreeMap<(String, &'static str), (u64, u64, Text)>,
}

impl Remarks {
    /// A remark on the layer.
    pub fn on_layer(&mut self, fault: Fault) {
        self.of_layer.push(fault);
    }

    /// A remark on a row; of those of a kind the first one's row is told.
    fn on_row(&mut self, row: u64, pointer: String, code: &'static str, message: Text) {
        self.of_rows.entry((pointer, code)).or_insert((row, 0, message)).1 += 1;
    }

    /// All of them.
    pub fn into_faults(self) -> Vec<Fault> {
        let of_rows = self.of_rows.into_iter().map(|((pointer, code), (first, many, message))| {
            let message = Text::new(
                format!("{}（共 {many} 行，最先在第 {first} 行）", message.zh),
                format!("{} ({many} rows, row {first} first)", message.en),
            );
            Fault::new(pointer, code, message)
        });
        self.of_layer.into_iter().chain(of_rows).collect()
    }
}

/// The place of an attribute.
fn property(name: &str) -> String {
    format!("/properties/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn invalid(code: &'static str, detail: Text) -> Error {
    Error::new(Kind::Invalid, code, detail)
}

/// Names of a file's parts as messages list them.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut out: Vec<String> = names.iter().take(SHOWN).map(|name| shown(name)).collect();
    if names.len() > SHOWN {
        out.push("…".to_owned());
    }
    out.join(", ")
}

/// A name or value out of a file, fit for a message.
fn shown(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().count() > 60 {
        out.push('…');
    }
    out
}

/// The one layer that was meant. `names` are all that can be read, in the order of the file.
///
/// # Errors
/// `layer_unknown`, `layer_not_chosen`, both naming the layers there are.
fn choose(names: &[String], by_itself: &[usize], wanted: Option<&str>) -> Result<usize, Error> {
    let there = listed(names);
    if let Some(wanted) = wanted {
        return names.iter().position(|name| name == wanted).ok_or_else(|| {
            invalid(
                "layer_unknown",
                Text::new(
                    format!("没有图层“{}”，有：{there}。", shown(wanted)),
                    format!("There is no layer `{}`; there are: {there}.", shown(wanted)),
                ),
            )
        });
    }
    match by_itself {
        [one] => Ok(*one),
        _ => Err(invalid(
            "layer_not_chosen",
            Text::new(
                format!("文件有多个图层：{there}。请在 mapping 中选定一个：\"#layer\": \"图层名\"。"),
                format!("The file has several layers: {there}. Choose one in the mapping: \"#layer\": \"name\"."),
            ),
        )),
    }
}
