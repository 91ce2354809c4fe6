//! Reference systems of files and bodies, and their coordinates turned into CGCS2000 longitude, latitude.
//!
//! In files, positions are x, y: longitude before latitude, easting before northing, whatever the register of reference
//! systems says of the axes. `EPSG:4490` and `EPSG:4326` are therefore read as they stand, as files label them everywhere.
//! A body whose header `Content-Crs` names a system by its URI has the axes that the register gives it ([`BodyCrs`]): north
//! before east in Gauss-Krueger zones, latitude before longitude in `EPSG:4490`.
//!
//! Only systems on the datum of CGCS2000 or WGS 84 are turned. From Beijing 1954 and Xian 1980 the way leads over local
//! control points that are not public; without them coordinates are wrong by some hundred metres, which no one would see.

use crate::kernel::{Area, Error, Fault, Kind, Result, Text};
use crate::standards::axes::{self, Order};
use serde_json::Value;
use sqlx::PgPool;

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

    /// Holds a system to be one that can be turned.
    ///
    /// # Errors
    /// `crs_unknown`, `crs_other_datum`.
    pub async fn require(self, db: &PgPool) -> Result<()> {
        let Crs::Epsg(code) = self else { return Ok(()) };
        on_known_datum(db, code).await
    }

    /// Whether both give every position the same place. The zones of three and of six degrees share every other meridian,
    /// and have a code each for it.
    pub fn same(self, other: Crs) -> bool {
        let one = |crs| match crs {
            Crs::Epsg(code @ 4502..=4512) => Crs::Epsg(4534 + (code - 4502) * 2),
            other => other,
        };
        one(self) == one(other)
    }

    /// Its name.
    pub fn name(self) -> String {
        match self {
            Crs::LonLat => "CRS84".to_owned(),
            Crs::Epsg(code) => format!("EPSG:{code}"),
        }
    }
}

/// Holds a system to be there, and on a datum that can be turned.
async fn on_known_datum(db: &PgPool, code: i32) -> Result<()> {
    let definition = srtext(db, code).await?.ok_or_else(|| {
        Error::fault(
            "/crs",
            "crs_unknown",
            Text::new(format!("没有坐标系 EPSG:{code}。"), format!("There is no reference system EPSG:{code}.")),
        )
    })?;
    if !(definition.contains("\"China_2000\"") || definition.contains("\"WGS_1984\"")) {
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
    Ok(())
}

/// Turns the coordinates of geometries, positions x, y. Gives, for those that cannot be turned, what is wrong, by their place
/// in the list.
///
/// # Errors
/// When the database cannot be reached.
pub async fn turn(db: &PgPool, code: i32, geometries: &mut [&mut Value]) -> Result<Vec<(usize, Fault)>> {
    let mut faults = Vec::new();
    let mut wanted = Vec::new();
    let mut points = Vec::new();
    for (at, geometry) in geometries.iter_mut().enumerate() {
        let mut own = Vec::new();
        positions(geometry, &mut |pair| own.push(*pair));
        match own.iter().find_map(|pair| implausible(code, *pair)) {
            Some(message) => faults.push((at, Fault::new("/geometry/coordinates", "easting_implausible", message))),
            None => {
                wanted.push((at, own.len()));
                points.extend(own);
            }
        }
    }
    if let Some(turned) = to_lon_lat(db, code, &points).await? {
        let mut turned = turned.into_iter();
        for (at, n) in wanted {
            put(geometries[at], &mut turned.by_ref().take(n));
        }
        return Ok(faults);
    }
    // Something in the batch lies outside the system's domain: find out what.
    let mut points = points.as_slice();
    for (at, n) in wanted {
        let (own, rest) = points.split_at(n);
        points = rest;
        match to_lon_lat(db, code, own).await? {
            Some(turned) => put(geometries[at], &mut turned.into_iter()),
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

fn put(geometry: &mut Value, turned: &mut dyn Iterator<Item = [f64; 2]>) {
    positions(geometry, &mut |pair| {
        if let Some(point) = turned.next() {
            *pair = point;
        }
    });
}

/// Definition of a reference system; `None` where there is none of that code.
async fn srtext(db: &PgPool, code: i32) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(srtext, '') as "srtext!" from spatial_ref_sys where srid = $1 and auth_name = 'EPSG'"#,
        code
    )
    .fetch_optional(db)
    .await?)
}

/// The points in CGCS2000 longitude, latitude; `None` when one of them lies outside the system's domain: the projection
/// refuses it, or gives a place that does not lead back to the point. Asked outside of the act's transaction, which the
/// database would break off with the first such point.
async fn to_lon_lat(db: &PgPool, code: i32, points: &[[f64; 2]]) -> Result<Option<Vec<[f64; 2]>>> {
    if points.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let xs: Vec<f64> = points.iter().map(|point| point[0]).collect();
    let ys: Vec<f64> = points.iter().map(|point| point[1]).collect();
    let turned = sqlx::query!(
        r#"select st_x(p.turned) as "x!", st_y(p.turned) as "y!",
                  abs(st_x(b.back) - p.x) <= 1e-6 + 1e-8 * abs(p.x)
                  and abs(st_y(b.back) - p.y) <= 1e-6 + 1e-8 * abs(p.y) as "leads_back!"
           from (select n, x, y, st_transform(st_setsrid(st_makepoint(x, y), $3::int), 4490) as turned
                 from unnest($1::float8[], $2::float8[]) with ordinality as given (x, y, n)) as p,
                lateral (select st_transform(p.turned, $3::int) as back) as b
           order by p.n"#,
        &xs,
        &ys,
        code,
    )
    .fetch_all(db)
    .await;
    match turned {
        Ok(rows) => {
            let right = rows.iter().all(|row| row.x.is_finite() && row.y.is_finite() && row.leads_back);
            Ok(right.then(|| rows.into_iter().map(|row| [row.x, row.y]).collect()))
        }
        // XX000 with PROJ's word in it: the projection refuses the point.
        Err(sqlx::Error::Database(db)) if db.message().contains("transform") => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// The reference system of a body's coordinates, as its header `Content-Crs` says (OGC API Features, Part 2): the system's
/// URI in angle brackets. Positions have the axes, and their order, of the register of reference systems; those of
/// `http://www.opengis.net/def/crs/OGC/1.3/CRS84`, which holds without a header, are longitude, latitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyCrs {
    /// Longitude, latitude.
    Crs84,
    /// A system of the register, in its axes.
    Epsg(i32),
}

impl BodyCrs {
    /// Reads the header's value.
    ///
    /// # Errors
    /// `content_crs_unreadable` for what is no URI of a system in angle brackets.
    pub fn parse(value: &str) -> Result<BodyCrs> {
        let uri = value.trim().strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
        let path = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
        let parts: Vec<&str> = path
            .and_then(|path| path.strip_prefix("www.opengis.net/def/crs/"))
            .unwrap_or_default()
            .split('/')
            .collect();
        let read = match parts[..] {
            ["OGC", _, "CRS84"] => Some(BodyCrs::Crs84),
            ["EPSG", _, code] => code.parse().ok().filter(|code| *code > 0).map(BodyCrs::Epsg),
            _ => None,
        };
        read.ok_or_else(|| {
            Error::new(
                Kind::Malformed,
                "content_crs_unreadable",
                Text::fixed(
                    "Content-Crs 应为尖括号内的坐标系 URI，如 <http://www.opengis.net/def/crs/EPSG/0/4528>。",
                    "Content-Crs is a system's URI in angle brackets: <http://www.opengis.net/def/crs/EPSG/0/4528>.",
                ),
            )
        })
    }

    /// The URI.
    pub fn uri(self) -> String {
        match self {
            BodyCrs::Crs84 => "http://www.opengis.net/def/crs/OGC/1.3/CRS84".to_owned(),
            BodyCrs::Epsg(code) => format!("http://www.opengis.net/def/crs/EPSG/0/{code}"),
        }
    }
}

/// Whether the register puts north before east; `None` for a system that has no such axes, or came after the table of them.
fn north_first(code: i32) -> Option<bool> {
    axes::of_epsg(code)?.plane.map(|plane| plane.order == Order::Yx)
}

/// The area of a GeoJSON geometry whose positions are in the system that a body's header names; each coordinate is turned
/// into CGCS2000 longitude, latitude. `pointer` is where the geometry stands in the body. Asks the database outside of any
/// act's transaction, which a place outside the system's domain would break off.
///
/// # Errors
/// `invalid_input` with every fault of the geometry's form; `crs_unknown`, `crs_other_datum`, `crs_axes_unknown`,
/// `easting_implausible`, `crs_out_of_domain` for what cannot be turned.
pub async fn area_in_crs(db: &PgPool, geojson: &Value, crs: BodyCrs, pointer: &str) -> Result<Area> {
    let BodyCrs::Epsg(code) = crs else { return Area::from_geojson(geojson, pointer).map_err(Error::invalid) };
    on_known_datum(db, code).await?;
    let north_first = north_first(code).ok_or_else(|| {
        Error::fault(
            "/crs",
            "crs_axes_unknown",
            Text::new(
                format!("EPSG:{code} 的坐标轴次序未知，请改用 CGCS2000 经纬度或高斯-克吕格带号坐标系。"),
                format!("The order of the axes of EPSG:{code} is not known here; use longitude and latitude, or a Gauss-Krueger zone."),
            ),
        )
    })?;
    let mut geometry = geojson.clone();
    if north_first {
        positions(&mut geometry, &mut |pair| pair.swap(0, 1));
    }
    // Longitude and latitude on either datum stand as they are.
    if !matches!(code, 4490 | 4326) {
        let faults = turn(db, code, &mut [&mut geometry]).await?;
        if !faults.is_empty() {
            let at = |fault: Fault| {
                let place = fault.pointer.strip_prefix("/geometry").unwrap_or_default();
                Fault { pointer: format!("{pointer}{place}"), ..fault }
            };
            return Err(Error::invalid(faults.into_iter().map(|(_, fault)| at(fault)).collect()));
        }
    }
    Area::from_geojson(&geometry, pointer).map_err(Error::invalid)
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
    fn two_codes_of_one_projection_are_the_same() {
        let same = |a, b| Crs::Epsg(a).same(Crs::Epsg(b));
        assert!(same(4509, 4548) && same(4548, 4509) && same(4502, 4534) && same(4512, 4554) && same(4549, 4549));
        assert!(!same(4509, 4549) && !same(4498, 4509) && !Crs::LonLat.same(Crs::Epsg(4549)));
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
    fn a_body_names_its_system_by_its_uri_in_brackets() {
        for (value, expected) in [
            ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84>", Some(BodyCrs::Crs84)),
            (" <http://www.opengis.net/def/crs/EPSG/0/4528> ", Some(BodyCrs::Epsg(4528))),
            ("<https://www.opengis.net/def/crs/EPSG/9.9/4490>", Some(BodyCrs::Epsg(4490))),
            ("http://www.opengis.net/def/crs/EPSG/0/4528", None),
            ("<EPSG:4528>", None),
            ("<http://www.opengis.net/def/crs/EPSG/0/x>", None),
            ("", None),
        ] {
            assert_eq!(BodyCrs::parse(value).ok(), expected, "{value}");
            if let Some(crs) = expected {
                assert_eq!(BodyCrs::parse(&format!("<{}>", crs.uri())).ok(), expected);
            }
        }
    }

    #[test]
    fn axes_are_those_of_the_register() {
        for code in [4490, 4326, 4527, 4549, 2193, 31467, 32661] {
            assert_eq!(north_first(code), Some(true), "EPSG:{code}");
        }
        // Around the South Pole both axes run north, and the first is the easting all the same.
        for code in [3857, 32649, 27700, 7084, 3031] {
            assert_eq!(north_first(code), Some(false), "EPSG:{code}");
        }
        // From the centre of the earth; a height; none.
        assert_eq!((north_first(4479), north_first(5737), north_first(1)), (None, None, None));
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
