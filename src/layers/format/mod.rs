//! Features in other forms, row by row: what a row is made of comes in PostgreSQL's binary form and leaves as bytes of a
//! format, without a tree of values between. Pure, except that a GeoPackage is a file.
//!
//! ```text
//! geojson  GeoJSON, and GeoJSON text sequences (RFC 8142)    fgb      FlatGeobuf 3, a stream without an index
//! csv      tables with WKT (RFC 4180)                        parquet  GeoParquet 1.1
//! gpkg     GeoPackage 1.3                                    value    PostgreSQL's values, and their text
//! binary   well-known binary as files have it                system   names of reference systems in files
//! jsonfg   JSON-FG 1.0
//! ```

pub mod binary;
pub mod csv;
pub mod fgb;
pub mod geojson;
pub mod gpkg;
pub mod jsonfg;
pub mod parquet;
mod system;
pub mod value;

use super::crs::Crs;
use super::def::ColumnKind;
use crate::kernel::wkb::{BadWkb, Kind, walk};
use crate::kernel::{Chart, Result, Text};
use crate::standards::axes::Order;
use uuid::Uuid;

/// One row, its values in PostgreSQL's binary form.
pub struct Feature<'a> {
    /// Its identifier.
    pub id: Uuid,
    /// Its geometry as WKB or EWKB, in x before y.
    pub geometry: Option<&'a [u8]>,
    /// Whether its restricted fields are shown too.
    pub disclosed: bool,
    /// The values of the fields.
    pub values: &'a dyn Values,
}

/// The values of a row.
pub trait Values {
    /// Of the field `n` of [`Head::fields`]; `None` is null.
    fn value(&self, n: usize) -> Option<&[u8]>;
}

impl<'a> Feature<'a> {
    /// What is shown of the field `n`.
    #[inline(always)]
    fn shown(&self, n: usize, public: bool) -> Option<&'a [u8]> {
        if public || self.disclosed { self.values.value(n) } else { None }
    }

    /// Says that its geometry is left out. One bad row must not fail the answer for everybody.
    fn bad_geometry(&self, error: &BadWkb) {
        tracing::warn!(id = %self.id, %error, "a geometry cannot be written");
    }
}

/// A field of every feature.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: ColumnKind,
    /// Whether it is shown of rows that are not disclosed.
    pub public: bool,
    /// Title.
    pub title: Text,
}

/// What all formats are told before the first feature.
#[derive(Debug, Clone)]
pub struct Head {
    /// Name of the collection.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// Its fields, besides `id` and the geometry.
    pub fields: Vec<Field>,
    /// Whether geometries are wanted.
    pub geometry: bool,
    /// What every geometry is; `None` where they differ, or nobody knows.
    pub kind: Option<Kind>,
    /// What geometries are in. They come in x before y; before a chart shifts them.
    pub crs: Crs,
    /// The system as WKT 1 (`srtext` of `spatial_ref_sys`), where the caller has it: for software that does not know its code.
    pub wkt: Option<String>,
    /// Digits after the point of a coordinate that is text.
    pub decimals: u8,
    /// West, south, east and north of the whole as it is stored, in longitude and latitude, where they are known.
    pub bounds: Option<[f64; 4]>,
}

impl Head {
    /// Names for the fields that stand beside `own` ones of the format: as they are, or with an underscore behind where two
    /// would be the same but for the case of letters, which databases do not tell apart.
    fn names(&self, own: &[&str]) -> Vec<String> {
        let mut taken: std::collections::HashSet<String> = own.iter().map(|name| name.to_lowercase()).collect();
        let free = |field: &Field| {
            let mut name = field.name.clone();
            while !taken.insert(name.to_lowercase()) {
                name.push('_');
            }
            name
        };
        self.fields.iter().map(free).collect()
    }
}

/// A writer of one answer, whose bytes are appended to `out` as they are ready.
pub trait Format: Send {
    /// What stands before the first feature.
    ///
    /// # Errors
    /// Faults of ours.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()>;

    /// One feature. Of a geometry that cannot be written, the log is told, and the feature has none.
    ///
    /// # Errors
    /// Faults of ours.
    fn feature(&mut self, feature: &Feature<'_>, out: &mut Vec<u8>) -> Result<()>;

    /// What stands behind the last.
    ///
    /// # Errors
    /// Faults of ours.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<()>;
}

/// The forms that features leave in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A GeoJSON FeatureCollection.
    GeoJson,
    /// A GeoJSON text sequence.
    Sequence,
    /// A table with WKT.
    Csv,
    /// FlatGeobuf.
    FlatGeobuf,
    /// GeoParquet.
    Parquet,
    /// GeoPackage: a file, written by [`gpkg::GeoPackage`].
    GeoPackage,
}

impl Form {
    /// All.
    pub const ALL: [Form; 6] =
        [Form::GeoJson, Form::Sequence, Form::Csv, Form::FlatGeobuf, Form::Parquet, Form::GeoPackage];

    /// Its name in the parameter `f`.
    pub const fn name(self) -> &'static str {
        match self {
            Form::GeoJson => "json",
            Form::Sequence => "geojsonseq",
            Form::Csv => "csv",
            Form::FlatGeobuf => "fgb",
            Form::Parquet => "parquet",
            Form::GeoPackage => "gpkg",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Form::GeoJson => "application/geo+json",
            Form::Sequence => "application/geo+json-seq",
            Form::Csv => "text/csv; charset=utf-8; header=present",
            Form::FlatGeobuf => "application/flatgeobuf",
            Form::Parquet => "application/vnd.apache.parquet",
            Form::GeoPackage => "application/geopackage+sqlite3",
        }
    }

    /// How names of such files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Form::GeoJson => "geojson",
            Form::Sequence => "geojsonl",
            Form::Csv => "csv",
            Form::FlatGeobuf => "fgb",
            Form::Parquet => "parquet",
            Form::GeoPackage => "gpkg",
        }
    }

    /// A writer; `None` for what is no stream.
    ///
    /// # Errors
    /// Faults of ours.
    pub fn writer(self, head: Head) -> Result<Option<Box<dyn Format>>> {
        Ok(Some(match self {
            Form::GeoJson => Box::new(geojson::Collection::new(&head)),
            Form::Sequence => Box::new(geojson::Sequence::new(&head)),
            Form::Csv => Box::new(csv::Csv::new(head)),
            Form::FlatGeobuf => Box::new(fgb::FlatGeobuf::new(head)),
            Form::Parquet => Box::new(parquet::GeoParquet::new(head)?),
            Form::GeoPackage => return Ok(None),
        }))
    }
}

/// The axes that a format writes: what is done to positions on their way out.
#[derive(Debug, Clone, Copy)]
pub struct Axes {
    crs: Crs,
    order: Order,
}

/// What is done to every position of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// Nothing.
    Straight,
    /// Its axes change places.
    Swapped,
    /// It goes where a chart draws it.
    Shifted(Chart),
}

impl Axes {
    /// In the order that the register gives them: as text has it.
    pub fn registered(crs: Crs) -> Axes {
        Axes { crs, order: crs.order() }
    }

    /// East before north, whatever the register says: as files of software have it.
    pub fn east_first(crs: Crs) -> Axes {
        Axes { crs, order: Order::Xy }
    }

    /// What is done to the positions of a geometry. It is shifted as a whole or not at all: one on the border would tear.
    ///
    /// # Errors
    /// When the bytes are no geometry up to the first position.
    #[inline]
    pub fn turn(&self, wkb: &[u8]) -> Result<Turn, BadWkb> {
        Ok(match self.crs {
            Crs::Chart(chart) if walk::first_position(wkb)?.is_some_and(|first| chart.covers(first)) => {
                Turn::Shifted(chart)
            }
            _ if self.order == Order::Yx => Turn::Swapped,
            _ => Turn::Straight,
        })
    }
}

/// Calls with a function of one position, a different one for each [`Turn`], so that it becomes part of the caller's loop.
macro_rules! turned {
    ($turn:expr, $each:ident => $call:expr) => {
        match $turn {
            $crate::layers::format::Turn::Straight => {
                let $each = |place: [f64; 2]| place;
                $call
            }
            $crate::layers::format::Turn::Swapped => {
                let $each = |[x, y]: [f64; 2]| [y, x];
                $call
            }
            $crate::layers::format::Turn::Shifted(chart) => {
                let $each = |place: [f64; 2]| chart.shift(place);
                $call
            }
        }
    };
}
use turned;

#[cfg(test)]
mod tests;
