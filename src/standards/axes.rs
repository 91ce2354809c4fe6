//! The axes of reference systems: which comes first, and in what unit, as the registers of EPSG, Esri and OGC have it.
//!
//! `axes.csv` has one row per run of codes that are alike: `authority`, `from`, `to`, `kind`, `order`, `unit`. It is made by
//! `scripts/axes.py` from the database of PROJ (EPSG 12.029, ArcGIS Pro 3.6), because PostGIS's `spatial_ref_sys` leaves the
//! axes out of more than a thousand definitions. A code in no row is none that PROJ of that version has.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What the register says of a reference system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    /// What kind of system it is.
    pub kind: Kind,
    /// The order and the unit of its horizontal axes; `None` where it has none.
    pub plane: Option<Plane>,
}

/// The two horizontal axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plane {
    /// Their order.
    pub order: Order,
    /// The unit of both.
    pub unit: AxisUnit,
}

/// The order of two axes, beside that of PostGIS, which has longitude, easting or what comes nearest to it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Order {
    /// As PostGIS: longitude, latitude; easting, northing.
    #[serde(rename = "XY")]
    Xy,
    /// The other way round: latitude, longitude; northing, easting.
    #[serde(rename = "YX")]
    Yx,
}

/// The unit of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisUnit {
    /// Degree.
    Degree,
    /// 1/400 of a circle.
    Grad,
    /// Metre.
    Metre,
    /// Another length, by its name in the register, such as `US survey foot`.
    Length(&'static str),
}

/// Kinds of reference systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Two axes, in a plane or on the ellipsoid.
    Plane,
    /// A plane's axes, and a height above it.
    Height,
    /// Three axes from the centre of the earth.
    Geocentric,
    /// A height alone.
    Vertical,
    /// A local grid, tied to no place on the earth.
    Local,
    /// Registered, but PROJ has no formula for its projection.
    Formula,
}

#[derive(serde::Deserialize)]
struct Row {
    authority: String,
    from: String,
    to: String,
    kind: Kind,
    order: Option<Order>,
    unit: String,
}

/// The rows of one authority.
#[derive(Default)]
struct Register {
    /// (from, to, axes), in ascending order.
    runs: Vec<(u32, u32, Axes)>,
    named: HashMap<&'static str, Axes>,
}

static TABLE: LazyLock<HashMap<&'static str, Register>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    let rows: Vec<Row> = csv::Reader::from_reader(include_str!("axes.csv").as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .expect("axes.csv is a table of its columns");
    // Kept as long as the program runs, once.
    let rows: &'static [Row] = rows.leak();
    let mut table: HashMap<&'static str, Register> = HashMap::new();
    for row in rows {
        let unit = match row.unit.as_str() {
            "degree" => AxisUnit::Degree,
            "grad" => AxisUnit::Grad,
            "metre" => AxisUnit::Metre,
            other => AxisUnit::Length(other),
        };
        let axes = Axes { kind: row.kind, plane: row.order.map(|order| Plane { order, unit }) };
        let register = table.entry(row.authority.as_str()).or_default();
        match (row.from.parse(), row.to.parse()) {
            (Ok(from), Ok(to)) => register.runs.push((from, to, axes)),
            _ => drop(register.named.insert(row.from.as_str(), axes)),
        }
    }
    table
});

/// The axes of a system by its authority (`EPSG`, `ESRI`, `OGC`) and code; `None` where the register has no such system.
pub fn of(authority: &str, code: &str) -> Option<Axes> {
    let register = TABLE.get(authority)?;
    match code.parse() {
        Ok(number) => numbered(register, number),
        Err(_) => register.named.get(code).copied(),
    }
}

/// The axes of a system by its code at EPSG; `None` where there is no such system.
pub fn of_epsg(code: i32) -> Option<Axes> {
    numbered(TABLE.get("EPSG")?, u32::try_from(code).ok()?)
}

fn numbered(register: &Register, number: u32) -> Option<Axes> {
    let at = register.runs.partition_point(|(from, ..)| *from <= number);
    let (_, to, axes) = register.runs.get(at.checked_sub(1)?)?;
    (number <= *to).then_some(*axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(code: i32) -> Option<(Order, AxisUnit)> {
        of_epsg(code).and_then(|axes| axes.plane).map(|plane| (plane.order, plane.unit))
    }

    #[test]
    fn systems_of_every_sort_have_the_axes_of_the_register() {
        use AxisUnit::{Degree, Length, Metre};
        use Order::{Xy, Yx};
        for (code, expected) in [
            (4490, (Yx, Degree)),
            (4326, (Yx, Degree)),
            (3857, (Xy, Metre)),
            (4527, (Yx, Metre)),
            (4549, (Yx, Metre)),
            (2193, (Yx, Metre)),
            (27700, (Xy, Metre)),
            (31467, (Yx, Metre)),
            // Of degrees, but longitude first
            (7084, (Xy, Degree)),
            (32649, (Xy, Metre)),
            // Beijing 1954 and Xian 1980
            (2422, (Yx, Metre)),
            (2362, (Yx, Metre)),
            // Around a pole both axes run south or north: east first in the first two, north first in the last.
            (3031, (Xy, Metre)),
            (5041, (Xy, Metre)),
            (32661, (Yx, Metre)),
            // West and south, and PostGIS has them so
            (2053, (Xy, Metre)),
            (2263, (Xy, Length("US survey foot"))),
            (4807, (Yx, AxisUnit::Grad)),
            // Heights beside them change nothing
            (4979, (Yx, Degree)),
        ] {
            assert_eq!(plane(code), Some(expected), "EPSG:{code}");
        }
        assert!((4491..=4554).all(|code| plane(code) == Some((Yx, Metre))));
        assert_eq!(of("OGC", "CRS84").and_then(|axes| axes.plane), Some(Plane { order: Xy, unit: Degree }));
        assert_eq!(of("ESRI", "102025").and_then(|axes| axes.plane), Some(Plane { order: Xy, unit: Metre }));
    }

    #[test]
    fn what_is_no_plane_is_known_for_what_it_is() {
        let kind = |code| of_epsg(code).map(|axes| axes.kind);
        assert_eq!(kind(4490), Some(Kind::Plane));
        assert_eq!(kind(4480), Some(Kind::Height));
        assert_eq!(kind(4479), Some(Kind::Geocentric));
        assert_eq!(kind(5737), Some(Kind::Vertical));
        assert_eq!(kind(5800), Some(Kind::Local));
        assert_eq!(kind(32600), Some(Kind::Formula));
        assert_eq!((kind(0), kind(-4490), kind(i32::MAX), kind(1)), (None, None, None, None));
        assert_eq!((of("EPSG", "CRS84"), of("IAU", "4490"), of("epsg", "4490")), (None, None, None));
    }

    #[test]
    fn the_table_is_sorted_and_whole() {
        assert_eq!(TABLE.len(), 3);
        let mut systems = 0;
        for (authority, register) in TABLE.iter() {
            for (from, to, axes) in &register.runs {
                assert!(from <= to, "{authority}:{from}");
                systems += to - from + 1;
                let flat = matches!(axes.kind, Kind::Plane | Kind::Height);
                assert_eq!(axes.plane.is_some(), flat, "{authority}:{from}");
            }
            assert!(register.runs.is_sorted_by(|a, b| a.1 < b.0), "{authority}");
        }
        assert!(systems > 10_000, "{systems}");
    }
}
