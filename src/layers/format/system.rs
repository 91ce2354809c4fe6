//! Names and definitions of reference systems as files have them: always with east before north, whatever the register says.

use super::Head;
use crate::layers::crs::Crs;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Authority and code of a system; `None` of a chart, which is in no register. Longitude before latitude is EPSG:4326 where
/// east comes first anyway, and better known so.
pub fn east_first(crs: Crs) -> Option<(&'static str, i32)> {
    let (authority, code) = crs.registered_as()?;
    Some(match code.as_str() {
        "CRS84" => ("EPSG", 4326),
        "CRS83" => ("EPSG", 4269),
        "CRS27" => ("EPSG", 4267),
        code => (authority, code.parse().ok()?),
    })
}

/// The system as WKT 1, where it is known.
pub fn wkt(head: &Head) -> Option<Cow<'_, str>> {
    match (east_first(head.crs)?, &head.wkt) {
        (("EPSG", 4326), _) => Some(Cow::Borrowed(WGS84)),
        (("EPSG", 4490), _) => Some(Cow::Borrowed(CGCS2000)),
        (_, wkt) => wkt.as_deref().map(Cow::Borrowed),
    }
}

/// WGS 84 as WKT 1.
pub const WGS84: &str = "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,\
    AUTHORITY[\"EPSG\",\"7030\"]],AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],\
    UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],AUTHORITY[\"EPSG\",\"4326\"]]";

/// CGCS2000 as WKT 1.
const CGCS2000: &str = "GEOGCS[\"China Geodetic Coordinate System 2000\",DATUM[\"China_2000\",\
    SPHEROID[\"CGCS2000\",6378137,298.257222101,AUTHORITY[\"EPSG\",\"1024\"]],AUTHORITY[\"EPSG\",\"1043\"]],\
    PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],\
    UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],AUTHORITY[\"EPSG\",\"4490\"]]";

/// The system as PROJJSON, which takes more than a code: of CGCS2000 and its Gauss-Krueger zones, of WGS 84, its UTM zones
/// and web mercator. `None` of others.
pub fn projjson(crs: Crs) -> Option<Value> {
    let Some(("EPSG", code)) = east_first(crs) else { return None };
    let projection = match code {
        4326 | 4490 => None,
        3857 => Some(Projection {
            name: "WGS 84 / Pseudo-Mercator".to_owned(),
            base: 4326,
            method: "Popular Visualisation Pseudo Mercator",
            meridian: 0,
            scale: None,
            false_origin: (0, 0),
            north_first: false,
        }),
        4491..=4554 => Some(gauss_krueger(code)),
        32601..=32660 | 32701..=32760 => Some(utm(code)),
        _ => return None,
    };
    Some(match projection {
        None => geographic(code),
        Some(projection) => projection.json(code),
    })
}

struct Projection {
    name: String,
    base: i32,
    method: &'static str,
    /// Degrees.
    meridian: i32,
    scale: Option<f64>,
    /// Easting and northing, metres.
    false_origin: (i32, i32),
    north_first: bool,
}

/// CGCS2000's zones: of six degrees with the zone's number in eastings, and without; of three degrees likewise.
fn gauss_krueger(code: i32) -> Projection {
    let (first, zone, width) = match code {
        4491..=4501 => (4491, Some(13), 6),
        4502..=4512 => (4502, None, 6),
        4513..=4533 => (4513, Some(25), 3),
        _ => (4534, None, 3),
    };
    let (n, width_name) = (code - first, if width == 3 { "3-degree " } else { "" });
    let meridian = 75 + n * width;
    let (tail, easting) = match zone {
        Some(zone) => (format!("zone {}", zone + n), (zone + n) * 1_000_000 + 500_000),
        None => (format!("CM {meridian}E"), 500_000),
    };
    Projection {
        name: format!("CGCS2000 / {width_name}Gauss-Kruger {tail}"),
        base: 4490,
        method: "Transverse Mercator",
        meridian,
        scale: Some(1.0),
        false_origin: (easting, 0),
        north_first: true,
    }
}

fn utm(code: i32) -> Projection {
    let (zone, south) = (code % 100, code > 32_700);
    Projection {
        name: format!("WGS 84 / UTM zone {zone}{}", if south { 'S' } else { 'N' }),
        base: 4326,
        method: "Transverse Mercator",
        meridian: zone * 6 - 183,
        scale: Some(0.9996),
        false_origin: (500_000, if south { 10_000_000 } else { 0 }),
        north_first: false,
    }
}

fn geographic(code: i32) -> Value {
    let (name, datum, ellipsoid, flattening) = match code {
        4490 => ("China Geodetic Coordinate System 2000", "China 2000", "CGCS2000", 298.257_222_101),
        _ => ("WGS 84", "World Geodetic System 1984", "WGS 84", 298.257_223_563),
    };
    json!({
        "$schema": SCHEMA,
        "type": "GeographicCRS",
        "name": name,
        "datum": {
            "type": "GeodeticReferenceFrame",
            "name": datum,
            "ellipsoid": {"name": ellipsoid, "semi_major_axis": 6_378_137, "inverse_flattening": flattening},
        },
        "coordinate_system": {
            "subtype": "ellipsoidal",
            "axis": [
                {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"},
                {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"},
            ],
        },
        "id": {"authority": "EPSG", "code": code},
    })
}

const SCHEMA: &str = "https://proj.org/schemas/v0.7/projjson.schema.json";

impl Projection {
    fn json(&self, code: i32) -> Value {
        let parameter = |name: &str, value: Value, unit: &str, code: u32| {
            let id = json!({"authority": "EPSG", "code": code});
            json!({"name": name, "value": value, "unit": unit, "id": id})
        };
        let (easting, northing) = self.false_origin;
        let mut parameters = vec![
            parameter("Latitude of natural origin", json!(0), "degree", 8801),
            parameter("Longitude of natural origin", json!(self.meridian), "degree", 8802),
        ];
        parameters.extend(self.scale.map(|n| parameter("Scale factor at natural origin", json!(n), "unity", 8805)));
        parameters.push(parameter("False easting", json!(easting), "metre", 8806));
        parameters.push(parameter("False northing", json!(northing), "metre", 8807));
        let method = if self.scale.is_some() { 9807 } else { 1024 };
        let [x, y] = if self.north_first { ["Y", "X"] } else { ["E", "N"] };
        let mut axes = [
            json!({"name": "Easting", "abbreviation": x, "direction": "east", "unit": "metre"}),
            json!({"name": "Northing", "abbreviation": y, "direction": "north", "unit": "metre"}),
        ];
        if self.north_first {
            axes.reverse();
        }
        let mut base = geographic(self.base);
        if let Some(members) = base.as_object_mut() {
            members.remove("$schema");
            members.remove("type");
        }
        let conversion = self.name.split_once(" / ").map_or(self.name.as_str(), |(_, name)| name);
        json!({
            "$schema": SCHEMA,
            "type": "ProjectedCRS",
            "name": self.name,
            "base_crs": base,
            "conversion": {
                "name": conversion,
                "method": {"name": self.method, "id": {"authority": "EPSG", "code": method}},
                "parameters": parameters,
            },
            "coordinate_system": {"subtype": "Cartesian", "axis": axes},
            "id": {"authority": "EPSG", "code": code},
        })
    }
}
