//! Geometries written out in a filter, as GeoJSON and as EWKB.

use crate::kernel::Bbox;
use serde_json::{Value, json};

/// x and y: longitude and latitude where the filter's coordinates are degrees.
pub type Position = [f64; 2];

/// A geometry of one of the seven kinds, without heights. A line has two positions or more, a ring four or more with the
/// last like the first, everything else one part or more; collections do not hold collections.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// A point.
    Point(Position),
    /// A line.
    LineString(Vec<Position>),
    /// Rings, the outer first; wound as they were written.
    Polygon(Vec<Vec<Position>>),
    /// Points.
    MultiPoint(Vec<Position>),
    /// Lines.
    MultiLineString(Vec<Vec<Position>>),
    /// Polygons.
    MultiPolygon(Vec<Vec<Vec<Position>>>),
    /// Geometries of the other six kinds.
    GeometryCollection(Vec<Geometry>),
}

impl Geometry {
    /// Its bounds, never across the antimeridian.
    pub fn bbox(&self) -> Bbox {
        let mut bounds = Bbox { west: f64::MAX, south: f64::MAX, east: f64::MIN, north: f64::MIN };
        self.positions(&mut |[x, y]| {
            bounds.west = bounds.west.min(x);
            bounds.south = bounds.south.min(y);
            bounds.east = bounds.east.max(x);
            bounds.north = bounds.north.max(y);
        });
        bounds
    }

    /// Calls `each` with every position.
    pub fn positions(&self, each: &mut impl FnMut(Position)) {
        match self {
            Geometry::Point(position) => each(*position),
            Geometry::LineString(line) | Geometry::MultiPoint(line) => line.iter().for_each(|p| each(*p)),
            Geometry::Polygon(lines) | Geometry::MultiLineString(lines) => {
                lines.iter().flatten().for_each(|p| each(*p));
            }
            Geometry::MultiPolygon(polygons) => polygons.iter().flatten().flatten().for_each(|p| each(*p)),
            Geometry::GeometryCollection(parts) => {
                for part in parts {
                    part.positions(each);
                }
            }
        }
    }

    /// As GeoJSON, every coordinate with all its digits.
    pub fn to_geojson(&self) -> Value {
        let (kind, coordinates) = match self {
            Geometry::Point(position) => ("Point", json!(position)),
            Geometry::LineString(line) => ("LineString", json!(line)),
            Geometry::Polygon(rings) => ("Polygon", json!(rings)),
            Geometry::MultiPoint(points) => ("MultiPoint", json!(points)),
            Geometry::MultiLineString(lines) => ("MultiLineString", json!(lines)),
            Geometry::MultiPolygon(polygons) => ("MultiPolygon", json!(polygons)),
            Geometry::GeometryCollection(parts) => {
                let parts: Vec<Value> = parts.iter().map(Geometry::to_geojson).collect();
                return json!({"type": "GeometryCollection", "geometries": parts});
            }
        };
        json!({"type": kind, "coordinates": coordinates})
    }

    /// As PostGIS reads it: EWKB, little-endian, with the number of its reference system.
    pub fn to_ewkb(&self, srid: u32) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_wkb(Some(srid), &mut out);
        out
    }

    fn write_wkb(&self, srid: Option<u32>, out: &mut Vec<u8>) {
        let head = |kind: u32, out: &mut Vec<u8>| {
            out.push(1);
            put_u32(if srid.is_some() { kind | 0x2000_0000 } else { kind }, out);
            if let Some(srid) = srid {
                put_u32(srid, out);
            }
        };
        match self {
            Geometry::Point(position) => {
                head(1, out);
                put_position(*position, out);
            }
            Geometry::LineString(line) => {
                head(2, out);
                put_line(line, out);
            }
            Geometry::Polygon(rings) => {
                head(3, out);
                put_len(rings.len(), out);
                rings.iter().for_each(|ring| put_line(ring, out));
            }
            Geometry::MultiPoint(points) => {
                head(4, out);
                put_len(points.len(), out);
                points.iter().for_each(|point| Geometry::Point(*point).write_wkb(None, out));
            }
            Geometry::MultiLineString(lines) => {
                head(5, out);
                put_len(lines.len(), out);
                for line in lines {
                    out.push(1);
                    put_u32(2, out);
                    put_line(line, out);
                }
            }
            Geometry::MultiPolygon(polygons) => {
                head(6, out);
                put_len(polygons.len(), out);
                for rings in polygons {
                    out.push(1);
                    put_u32(3, out);
                    put_len(rings.len(), out);
                    rings.iter().for_each(|ring| put_line(ring, out));
                }
            }
            Geometry::GeometryCollection(parts) => {
                head(7, out);
                put_len(parts.len(), out);
                parts.iter().for_each(|part| part.write_wkb(None, out));
            }
        }
    }
}

fn put_u32(n: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&n.to_le_bytes());
}

fn put_len(n: usize, out: &mut Vec<u8>) {
    // The limit of positions is far below.
    put_u32(u32::try_from(n).unwrap_or(u32::MAX), out);
}

fn put_position([x, y]: Position, out: &mut Vec<u8>) {
    out.extend_from_slice(&x.to_le_bytes());
    out.extend_from_slice(&y.to_le_bytes());
}

fn put_line(line: &[Position], out: &mut Vec<u8>) {
    put_len(line.len(), out);
    line.iter().for_each(|position| put_position(*position, out));
}
