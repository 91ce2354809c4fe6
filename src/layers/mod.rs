//! Maps, generic: a [`Layer`] is data, and everything else follows from it: collection, queryables, items, tiles.
//!
//! ```text
//! def      what a register declares            view     what this caller may see of it
//! query    what was asked, read and checked    sql      both together as statements: the only dynamic SQL
//! features rows → GeoJSON text, streamed       tiles    tile matrix sets and vector tiles
//! html     the same answers for a browser      http     the routes
//! ```
//!
//! A layer's table needs: `id uuid primary key` (the order of pages), a GiST index on `geom` (`bbox` and tiles), an index
//! on the column of `division` where scopes are narrow, and one on each attribute that is filtered by and selective.
//! `platform_versioned` makes the history that `known_at` reads.

pub mod def;
mod features;
mod html;
pub mod http;
mod query;
mod sql;
mod tiles;
mod view;

pub use def::{Column, ColumnKind, Layer, Visibility};
