//! Reference systems of files, and their coordinates turned into CGCS2000 longitude, latitude.
//!
//! In files, positions are x, y: longitude before latitude, easting before northing, whatever the register of reference
//! systems says of the axes. `EPSG:4490` and `EPSG:4326` are therefore read as they stand, as files label them everywhere.
//!
//! Only systems on the datum of CGCS2000 or WGS 84 are turned. From Beijing 1954 and Xian 1980 the way leads over local
//! control points that are not public; without them coordinates are wrong by some hundred metres, which no one would see.

use super::store;
use crate::kernel::{Error, Fault, Result, Text};
use crate::platform::App;
use crate::registers::ImportFeature;
use serde_json::Value;

/// A reference system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crs {
    /// Longitude, latitude in degrees on CGCS2000 or WGS 84, which are the same to within a metre.
    LonLat,
    /// Another one, by EPSG code.
    Epsg(i32),
}

impl Crs {
    /// Reads a URI (`http://www.opengis.net/def/crs/EPSG/0/4549`), a URN (`urn:ogc:def:crs:EPSG::4549`) or a short name
    /// (`EPSG:4549`, `OGC:CRS84`).
    pub fn parse(name: &str) -> Option<Crs> {
        let upper = name.trim().to_ascii_uppercase();
        let upper = upper.trim_start_matches('[').trim_end_matches(']');
        let path = upper.strip_prefix("HTTP://").or_else(|| upper.strip_prefix("HTTPS://"));
        let parts: Vec<&str> = if let Some(path) = path {
            path.strip_prefix("WWW.OPENGIS.NET/DEF/CRS/")?.split('/').collect()
        } else if let Some(urn) =
            upper.strip_prefix("URN:OGC:DEF:CRS:").or_else(|| upper.strip_prefix("URN:X-OGC:DEF:CRS:"))
        {
            urn.split(':').collect()
        } else {
            upper.split(':').collect()
        };
        match parts[..] {
            ["OGC", "CRS84"] | ["OGC", _, "CRS84"] | ["CRS84"] => Some(Crs::LonLat),
            ["EPSG", code] | ["EPSG", _, code] => match code.parse().ok()? {
                4490 | 4326 => Some(Crs::LonLat),
                code if code > 0 => Some(Crs::Epsg(code)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Reads the `crs` member of the GeoJSON of 2008.
    ///
    /// # Errors
    /// `crs_unreadable` for what names no system that can be looked up.
    pub fn from_member(member: &Value) -> Result<Option<Crs>> {
        if member.is_null() {
            return Ok(None);
        }
        let properties = &member["properties"];
        let read = match member["type"].as_str() {
            Some("name") => properties["name"].as_str().and_then(Crs::parse),
            Some("EPSG") => properties["code"].as_i64().and_then(|code| Crs::parse(&format!("EPSG:{code}"))),
            _ => None,
        };
        read.map(Some).ok_or_else(|| {
            let shown: String = member.to_string().chars().take(120).collect();
            Error::fault(
                "/crs",
                "crs_unreadable",
                Text::new(
                    format!("无法识别文件的坐标系声明 {shown}。可写作 urn:ogc:def:crs:EPSG::4490 等。"),
                    format!(
                        "The file's crs member {shown} names no reference system; urn:ogc:def:crs:EPSG::4490 would."
                    ),
                ),
            )
        })
    }
}

/// The reference system that holds for a file: the file's own where it says one, else the one given.
///
/// # Errors
/// `crs_contradiction` when both are there and differ; `crs_unknown`, `crs_other_datum` for what cannot be turned.
pub(super) async fn settle(app: &App, member: Option<&Value>, given: Option<Crs>) -> Result<Crs> {
    let own = member.map(Crs::from_member).transpose()?.flatten();
    let crs = match (own, given) {
        (Some(own), Some(given)) if own != given => {
            return Err(Error::fault(
                "/crs",
                "crs_contradiction",
                Text::new(
                    format!("文件声明的坐标系（{}）与参数 crs（{}）不同。", name(own), name(given)),
                    format!("The file says {} and the parameter crs says {}.", name(own), name(given)),
                ),
            ));
        }
        (Some(crs), _) | (None, Some(crs)) => crs,
        (None, None) => Crs::LonLat,
    };
    if let Crs::Epsg(code) = crs {
        let datum = store::srtext(app.db(), code).await?.ok_or_else(|| {
            Error::fault(
                "/crs",
                "crs_unknown",
                Text::new(format!("没有坐标系 EPSG:{code}。"), format!("There is no reference system EPSG:{code}.")),
            )
        })?;
        if !(datum.contains("\"China_2000\"") || datum.contains("\"WGS_1984\"")) {
            return Err(Error::fault(
                "/crs",
                "crs_other_datum",
                Text::new(
                    format!(
                        "EPSG:{code} 的基准面不是 CGCS2000 或 WGS 84；转换需要当地控制点参数，否则偏差可达百米。请先转换为 CGCS2000。"
                    ),
                    format!(
                        "EPSG:{code} is on another datum than CGCS2000 or WGS 84; turning it needs local control points, without \
                         which coordinates are wrong by up to some hundred metres. Turn it into CGCS2000 first."
                    ),
                ),
            ));
        }
    }
    Ok(crs)
}

fn name(crs: Crs) -> String {
    match crs {
        Crs::LonLat => "CRS84".to_owned(),
        Crs::Epsg(code) => format!("EPSG:{code}"),
    }
}

/// Turns the coordinates of a batch. Gives, for the features that cannot be turned, what is wrong, by their place in the
/// batch.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn turn(app: &App, code: i32, batch: &mut [ImportFeature]) -> Result<Vec<(usize, Fault)>> {
    let mut faults = Vec::new();
    let mut wanted = Vec::new();
    let mut points = Vec::new();
    for (at, feature) in batch.iter_mut().enumerate() {
        let mut own = Vec::new();
        positions(&mut feature.geometry, &mut |pair| own.push(*pair));
        match own.iter().find_map(|pair| implausible(code, *pair)) {
            Some(message) => faults.push((at, Fault::new("/geometry/coordinates", "easting_implausible", message))),
            None => {
                wanted.push((at, own.len()));
                points.extend(own);
            }
        }
    }
    if let Some(turned) = store::to_lon_lat(app.db(), code, &points).await? {
        let mut turned = turned.into_iter();
        for (at, n) in wanted {
            put(&mut batch[at], &mut turned.by_ref().take(n));
        }
        return Ok(faults);
    }
    // Something in the batch lies outside the system's domain: find out what.
    let mut points = points.as_slice();
    for (at, n) in wanted {
        let (own, rest) = points.split_at(n);
        points = rest;
        match store::to_lon_lat(app.db(), code, own).await? {
            Some(turned) => put(&mut batch[at], &mut turned.into_iter()),
            None => faults.push((
                at,
                Fault::new(
                    "/geometry/coordinates",
                    "crs_out_of_domain",
                    Text::new(
                        format!("坐标超出 EPSG:{code} 的适用范围，坐标系可能不对。"),
                        format!("The coordinates lie outside the domain of EPSG:{code}; it may be the wrong system."),
                    ),
                ),
            )),
        }
    }
    faults.sort_by_key(|(at, _)| *at);
    Ok(faults)
}

fn put(feature: &mut ImportFeature, turned: &mut dyn Iterator<Item = [f64; 2]>) {
    positions(&mut feature.geometry, &mut |pair| {
        if let Some(point) = turned.next() {
            *pair = point;
        }
    });
}

/// Visits every position of a geometry whose first two members are numbers; what is none is left to the register to refuse.
fn positions(geometry: &mut Value, visit: &mut dyn FnMut(&mut [f64; 2])) {
    if let Some(coordinates) = geometry.get_mut("coordinates") {
        walk(coordinates, visit);
    }
    if let Some(Value::Array(parts)) = geometry.get_mut("geometries") {
        for part in parts {
            positions(part, visit);
        }
    }
}

fn walk(value: &mut Value, visit: &mut dyn FnMut(&mut [f64; 2])) {
    let Value::Array(members) = value else { return };
    let pair = match members.as_slice() {
        [x, y, ..] => x.as_f64().zip(y.as_f64()),
        _ => None,
    };
    let Some((x, y)) = pair else {
        for member in members {
            walk(member, visit);
        }
        return;
    };
    let mut position = [x, y];
    visit(&mut position);
    if position != [x, y] {
        members[0] = Value::from(position[0]);
        members[1] = Value::from(position[1]);
    }
}

/// Chinese Gauss-Krueger eastings say their zone or have six digits; anything else is a wrong code or swapped axes, which
/// the formulas would turn into a place somewhere else without complaint.
fn implausible(code: i32, [x, y]: [f64; 2]) -> Option<Text> {
    let zone = match code {
        4491..=4501 => Some(code - 4491 + 13),
        4513..=4533 => Some(code - 4513 + 25),
        4502..=4512 | 4534..=4554 => None,
        _ => return None,
    };
    let from = zone.map_or(0.0, |zone| f64::from(zone) * 1e6);
    if (from..=from + 1e6).contains(&x) {
        return None;
    }
    if (from..=from + 1e6).contains(&y) {
        return Some(Text::new(
            format!("[{x}, {y}] 的纵横坐标颠倒：EPSG:{code} 的文件坐标应为 [横坐标（东）, 纵坐标（北）]。"),
            format!("[{x}, {y}] has its axes swapped: positions in files of EPSG:{code} are [easting, northing]."),
        ));
    }
    Some(match zone {
        Some(zone) => Text::new(
            format!("横坐标 {x} 不带带号 {zone}：EPSG:{code} 的横坐标为八位，以 {zone} 开头。"),
            format!("The easting {x} lacks its zone: eastings of EPSG:{code} have eight digits and begin with {zone}."),
        ),
        None => Text::new(
            format!("横坐标 {x} 应为不带带号的六位数（EPSG:{code}）；带带号的坐标请选用带号坐标系。"),
            format!(
                "The easting {x} must have six digits (EPSG:{code}); with a zone in front it is of another system."
            ),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_every_form_are_read() {
        for (name, expected) in [
            ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Some(Crs::LonLat)),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", Some(Crs::LonLat)),
            ("urn:ogc:def:crs:OGC::CRS84", Some(Crs::LonLat)),
            ("urn:ogc:def:crs:EPSG::4490", Some(Crs::LonLat)),
            ("EPSG:4326", Some(Crs::LonLat)),
            ("epsg:4549", Some(Crs::Epsg(4549))),
            ("urn:ogc:def:crs:EPSG:9.8.1:4527", Some(Crs::Epsg(4527))),
            ("http://www.opengis.net/def/crs/EPSG/0/3857", Some(Crs::Epsg(3857))),
            ("[EPSG:4549]", Some(Crs::Epsg(4549))),
            ("4549", None),
            ("EPSG:-1", None),
            ("GCJ-02", None),
            ("", None),
        ] {
            assert_eq!(Crs::parse(name), expected, "{name}");
        }
    }

    #[test]
    fn the_old_member_is_read() {
        let name = |name: &str| json!({"type": "name", "properties": {"name": name}});
        assert_eq!(Crs::from_member(&name("urn:ogc:def:crs:EPSG::4490")).ok(), Some(Some(Crs::LonLat)));
        assert_eq!(
            Crs::from_member(&json!({"type": "EPSG", "properties": {"code": 4549}})).ok(),
            Some(Some(Crs::Epsg(4549)))
        );
        assert_eq!(Crs::from_member(&Value::Null).ok(), Some(None));
        for bad in [name("GCJ-02"), json!({"type": "link", "properties": {"href": "x"}}), json!("EPSG:4490"), json!({})]
        {
            assert_eq!(Crs::from_member(&bad).map_err(|e| e.faults()[0].code), Err("crs_unreadable"));
        }
    }

    #[test]
    fn swapped_and_wrongly_zoned_eastings_are_told() {
        assert_eq!(implausible(4549, [500_000.0, 4_200_000.0]), None);
        assert_eq!(implausible(4527, [39_500_000.0, 4_200_000.0]), None);
        assert!(implausible(4549, [4_200_000.0, 500_000.0]).unwrap().en.contains("swapped"));
        assert!(implausible(4549, [39_500_000.0, 4_200_000.0]).unwrap().en.contains("six digits"));
        assert!(implausible(4527, [500_000.0, 4_200_000.0]).unwrap().en.contains("eight digits"));
        assert_eq!(implausible(3857, [1.3e7, 4.6e6]), None);
    }

    #[test]
    fn positions_are_visited_at_any_depth_and_heights_stay() {
        let mut geometry = json!({"type": "GeometryCollection", "geometries": [
            {"type": "Point", "coordinates": [1, 2, 9]},
            {"type": "Polygon", "coordinates": [[[3, 4], [5, 6], ["x", 1], []]]},
        ]});
        let mut seen = Vec::new();
        positions(&mut geometry, &mut |pair| {
            seen.push(*pair);
            pair[0] += 0.5;
        });
        assert_eq!(seen, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        assert_eq!(geometry["geometries"][0]["coordinates"], json!([1.5, 2.0, 9]));
        assert_eq!(geometry["geometries"][1]["coordinates"], json!([[[3.5, 4.0], [5.5, 6.0], ["x", 1], []]]));
    }
}
