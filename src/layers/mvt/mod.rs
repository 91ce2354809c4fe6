//! Mapbox vector tiles, version 2.1, written straight as bytes.
//!
//! ```text
//! write    layers, features and their tags as a protocol buffer        cluster  many points as few
//! ```

pub mod cluster;
pub mod write;

pub use cluster::{Cluster, Clusters};
pub use write::{Key, TagValue, TileWriter};
