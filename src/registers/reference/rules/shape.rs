//! Points and lines of GeoJSON as PostGIS reads them. Areas are the kernel's.

use crate::kernel::{Fault, Text};
use serde_json::Value;

/// Positions of one feature at most: what is larger is no facility.
const MAX_POSITIONS: usize = 200_000;

const EWKB_SRID: u32 = 0x2000_0000;
const SRID_CGCS2000: u32 = 4490;

/// EWKB (little-endian, SRID 4490) of a geometry that is no area; `None` for one that is, or is not told.
///
/// # Errors
/// Every fault of its form: positions that are no numbers or no degrees, lines of one place, no coordinates.
pub fn ewkb(geometry: &Value, pointer: &str) -> Option<Result<Vec<u8>, Vec<Fault>>> {
    let at = format!("{pointer}/coordinates");
    let coordinates = &geometry["coordinates"];
    let mut faults = Vec::new();
    let (kind, parts) = match geometry["type"].as_str()? {
        "Point" => (1, vec![vec![position(coordinates, &at, &mut faults)]]),
        "LineString" => (2, vec![line(coordinates, &at, &mut faults)]),
        "MultiPoint" => (4, many(coordinates, &at, &mut faults, |c, at, f| vec![position(c, at, f)])),
        "MultiLineString" => (5, many(coordinates, &at, &mut faults, line)),
        _ => return None,
    };
    if parts.is_empty() {
        faults.push(Fault::new(
            at.as_str(),
            "coordinates_missing",
            Text::fixed("几何缺少坐标。", "The geometry has no coordinates."),
        ));
    }
    if parts.iter().map(Vec::len).sum::<usize>() > MAX_POSITIONS {
        faults.push(Fault::new(
            at.as_str(),
            "too_many_vertices",
            Text::new(
                format!("一个要素不得超过 {MAX_POSITIONS} 个点。"),
                format!("A feature has at most {MAX_POSITIONS} positions."),
            ),
        ));
    }
    Some(if faults.is_empty() { Ok(write(kind, &parts)) } else { Err(faults) })
}

type Positions = Vec<[f64; 2]>;

fn many(
    value: &Value,
    at: &str,
    faults: &mut Vec<Fault>,
    read: impl Fn(&Value, &str, &mut Vec<Fault>) -> Positions,
) -> Vec<Positions> {
    let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
    parts.iter().enumerate().map(|(i, part)| read(part, &format!("{at}/{i}"), faults)).collect()
}

fn line(value: &Value, at: &str, faults: &mut Vec<Fault>) -> Positions {
    let positions = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let line: Positions =
        positions.iter().enumerate().map(|(i, one)| position(one, &format!("{at}/{i}"), faults)).collect();
    if line.iter().skip(1).all(|place| *place == line[0]) {
        faults.push(Fault::new(
            at,
            "line_too_short",
            Text::fixed("线至少有两个不同的点。", "A line has two different positions at least."),
        ));
    }
    line
}

fn position(value: &Value, at: &str, faults: &mut Vec<Fault>) -> [f64; 2] {
    let number = |n: usize| value.get(n).and_then(Value::as_f64).filter(|n| n.is_finite());
    let (Some(lon), Some(lat)) = (number(0), number(1)) else {
        faults.push(Fault::new(
            at,
            "bad_position",
            Text::fixed("位置应为 [经度, 纬度]。", "A position is [longitude, latitude]."),
        ));
        return [0.0, 0.0];
    };
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
        faults.push(Fault::new(
            at,
            "coordinate_out_of_range",
            Text::new(format!("坐标 {lon}, {lat} 不是经纬度。"), format!("{lon}, {lat} is no longitude and latitude.")),
        ));
    }
    [lon, lat]
}

fn write(kind: u32, parts: &[Positions]) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + parts.iter().map(|part| 9 + part.len() * 16).sum::<usize>());
    let number = |out: &mut Vec<u8>, n: u32| out.extend_from_slice(&n.to_le_bytes());
    let count =
        |out: &mut Vec<u8>, n: usize| out.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
    out.push(1);
    number(&mut out, kind | EWKB_SRID);
    number(&mut out, SRID_CGCS2000);
    let multi = kind > 3;
    if multi {
        count(&mut out, parts.len());
    }
    for part in parts {
        if multi {
            out.push(1);
            number(&mut out, kind - 3);
        }
        if matches!(kind, 2 | 5) {
            count(&mut out, part.len());
        }
        for [x, y] in part {
            out.extend_from_slice(&x.to_le_bytes());
            out.extend_from_slice(&y.to_le_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wkb;
    use serde_json::json;

    #[test]
    fn what_was_sent_comes_back() {
        for geometry in [
            json!({"type": "Point", "coordinates": [105.5, 38.25]}),
            json!({"type": "MultiPoint", "coordinates": [[105.5, 38.25], [106, 39]]}),
            json!({"type": "LineString", "coordinates": [[105.5, 38.25], [106, 39], [107, 39]]}),
            json!({"type": "MultiLineString", "coordinates": [[[105.5, 38.25], [106, 39]], [[1, 2], [3, 4], [5, 6]]]}),
        ] {
            let bytes = ewkb(&geometry, "/geometry").unwrap().unwrap();
            let mut text = Vec::new();
            wkb::to_geojson(&bytes, 9, &mut text).unwrap();
            let back: Value = serde_json::from_slice(&text).unwrap();
            let numbers = |value: &Value| value.to_string().replace(".0", "");
            assert_eq!(numbers(&back), numbers(&geometry));
        }
        assert!(ewkb(&json!({"type": "Polygon", "coordinates": []}), "").is_none());
        assert!(ewkb(&Value::Null, "").is_none());
    }

    #[test]
    fn every_fault_has_its_place() {
        let faults = |geometry: Value| -> Vec<(String, &'static str)> {
            let faults = ewkb(&geometry, "/geometry").unwrap().unwrap_err();
            faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
        };
        let at = |place: &str, code| (format!("/geometry/coordinates{place}"), code);
        assert_eq!(faults(json!({"type": "Point"})), [at("", "bad_position")]);
        assert_eq!(faults(json!({"type": "Point", "coordinates": [200, 1]})), [at("", "coordinate_out_of_range")]);
        assert_eq!(faults(json!({"type": "MultiPoint", "coordinates": []})), [at("", "coordinates_missing")]);
        assert_eq!(faults(json!({"type": "LineString", "coordinates": [[1, 1], [1, 1]]})), [at("", "line_too_short")]);
        assert_eq!(
            faults(json!({"type": "MultiLineString", "coordinates": [[[1, 1], [2, "x"]]]})),
            [at("/0/1", "bad_position")]
        );
    }
}
