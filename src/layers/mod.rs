//! Maps, generic: a [`Layer`] is data, and everything else follows from it: collection, queryables, items, tiles.
//!
//! ```text
//! def      what a register declares            view     what this caller may see of it
//! family   layers made of what was imported
//! query    what was asked, read and checked    sql      both together as statements: the only dynamic SQL
//! gate     who may ask the database now        memory   what was found of a view at a revision
//! revision which state the rows are in         cache    whole answers, by their entity tags
//! features rows → GeoJSON text, streamed       tiles    tile matrix sets
//! html     the same answers for a browser      draw     rows → vector tiles
//! outgoing answers on their way out            download whole selections in other forms
//! zoom     geometries as coarse as a map may have them
//! style    colours and words of classes → the style of a map
//! drawn    what tiles have at which zoom
//! http     the routes
//! cql2     the language of filters: pure       crs      reference systems, by their URIs
//! format   rows as GeoJSON, CSV, FlatGeobuf, GeoParquet, GeoPackage: pure
//! shape    geometry as text and in tiles: pure   mvt      vector tiles as bytes: pure
//! charted  what is asked in the coordinates of Chinese web maps
//! ```
//!
//! A layer's table needs: `id uuid primary key` (the order of pages), a GiST index on `geom` (`bbox` and tiles), an index
//! on the column of `division` where scopes are narrow, and one on each attribute that is filtered by and selective.
//! `platform_versioned` makes the history that `known_at` reads.
//!
//! `datetime` asks of the days on which a row as it stands is true; `true_on` gives the layer as it was true on one day, out of
//! the registers' own periods where they keep them; `known_at` is what the registry knew at an instant, of either. Who may see a
//! row is judged by the row as it is now in any case.

mod cache;
mod charted;
pub mod cql2;
pub mod crs;
pub mod def;
mod download;
mod draw;
mod drawn;
pub mod family;
mod features;
pub mod format;
mod gate;
mod html;
pub mod http;
mod memory;
pub mod mvt;
mod outgoing;
mod query;
mod revision;
pub mod shape;
mod sql;
pub mod style;
mod tiles;
mod view;
mod zoom;

pub use crs::Crs;
pub use def::{Column, ColumnKind, Layer, Visibility};
pub use download::export;
pub use drawn::{Drawn, Small};
pub use family::Family;
pub use style::Style;
