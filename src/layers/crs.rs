//! Reference systems that can be asked for: their URIs, the order of their axes, their names for PROJ.
//!
//! A system is named by a URI, or by a safe CURIE (`[EPSG:4490]`), and then has the axes of its register: latitude before
//! longitude in EPSG:4490, north before east in Gauss-Krueger zones. `EPSG:4490` as such is refused: half of the world's
//! software means longitude before latitude by it.

use crate::kernel::{Chart, Text};
use crate::standards::axes::{self, AxisUnit, Kind, Order};

/// The URI of longitude, latitude: what holds where nothing is asked for.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// What geometries are stored in, for PROJ; in its order of x, y.
pub const STORED: &str = "EPSG:4490";

/// A reference system that coordinates can be given or asked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crs {
    /// Longitude, latitude; as stored, CGCS2000 and WGS 84 being the same to within a metre.
    Crs84,
    /// A system of a register, in the axes that it has there.
    Registered(Registered),
    /// A Chinese web map's: longitude, latitude, shifted.
    Chart(Chart),
}

/// A plane system of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    authority: &'static str,
    code: Code,
    order: Order,
    unit: AxisUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Number(u32),
    Name(&'static str),
}

/// Authorities and the version that their URIs carry, where they have one.
const AUTHORITIES: [(&str, &str); 3] = [("EPSG", "0"), ("OGC", "1.3"), ("ESRI", "0")];

/// Names of OGC's own systems.
const NAMES: [&str; 3] = ["CRS84", "CRS83", "CRS27"];

impl Crs {
    /// Reads `http://www.opengis.net/def/crs/{authority}/{version}/{code}` (or `https`), `[authority:code]`, `CRS84`, or
    /// `urn:jingtu:crs:gcj-02` and `urn:jingtu:crs:bd-09`.
    ///
    /// # Errors
    /// A sentence on what is wrong: no URI, a short name that is ambiguous, no such system, or one that is no plane.
    pub fn parse(text: &str) -> Result<Crs, Text> {
        let text = text.trim();
        if text == "CRS84" {
            return Ok(Crs::Crs84);
        }
        if let Some(chart) = Chart::ALL.into_iter().find(|chart| text == Crs::Chart(*chart).uri()) {
            return Ok(Crs::Chart(chart));
        }
        let address = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let path = address.and_then(|address| address.strip_prefix("www.opengis.net/def/crs/"));
        let parts: Vec<&str> = match (path, text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))) {
            (Some(path), _) => path.split('/').collect(),
            (None, Some(curie)) => curie.split(':').collect(),
            (None, None) => return Err(no_uri(text)),
        };
        let (authority, code) = match parts[..] {
            [authority, version, code] if path.is_some() && is_version(version) => (authority, code),
            [authority, code] if path.is_none() => (authority, code),
            _ => return Err(no_uri(text)),
        };
        Crs::registered(authority, code)
    }

    /// A system by its authority and code.
    fn registered(authority: &str, code: &str) -> Result<Crs, Text> {
        let shown = format!("{}:{}", brief(authority), brief(code));
        let Some((authority, _)) = AUTHORITIES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(authority))
        else {
            return Err(Text::new(
                format!("没有 {shown}：坐标系的登记机构为 EPSG、OGC 或 ESRI。"),
                format!("there is no {shown}: the authorities of reference systems here are EPSG, OGC and ESRI."),
            ));
        };
        let code = match NAMES.into_iter().find(|name| *name == code) {
            Some(name) => Some(Code::Name(name)),
            None if code.bytes().all(|b| b.is_ascii_digit()) => code.parse().ok().map(Code::Number),
            None => None,
        };
        let found = code.and_then(|code| Some((code, axes::of(authority, &code.to_string())?)));
        let (code, kind, plane) = match found {
            Some((Code::Name("CRS84"), _)) => return Ok(Crs::Crs84),
            Some((code, axes)) => (code, axes.kind, axes.plane),
            None => {
                return Err(Text::new(
                    format!("没有坐标系 {shown}。"),
                    format!("there is no reference system {shown}."),
                ));
            }
        };
        let (zh, en) = match (kind, plane) {
            (Kind::Plane, Some(plane)) => {
                return Ok(Crs::Registered(Registered { authority, code, order: plane.order, unit: plane.unit }));
            }
            (Kind::Plane | Kind::Formula, _) => {
                ("的投影没有可用的公式", "is projected by a method that is not known here")
            }
            (Kind::Height, _) => ("带有高程", "has heights"),
            (Kind::Geocentric, _) => ("是地心直角坐标系", "counts from the centre of the earth"),
            (Kind::Vertical, _) => ("是高程系", "is of heights alone"),
            (Kind::Local, _) => ("是与地球没有联系的局部坐标系", "is a local grid, tied to no place on the earth"),
        };
        Err(Text::new(
            format!("{shown} {zh}；请用平面坐标系或经纬度，如 {}。", Crs::EXAMPLE),
            format!("{shown} {en}; use a plane system or longitude and latitude, such as {}.", Crs::EXAMPLE),
        ))
    }

    /// A URI to show as an example: the Gauss-Krueger zone of three degrees about 117 E.
    pub const EXAMPLE: &str = "http://www.opengis.net/def/crs/EPSG/0/4527";

    /// Its URI.
    pub fn uri(&self) -> String {
        match self {
            Crs::Crs84 => CRS84.to_owned(),
            Crs::Chart(chart) => format!("urn:jingtu:crs:{}", chart.name()),
            Crs::Registered(Registered { authority, code, .. }) => {
                let version =
                    AUTHORITIES.iter().find(|(name, _)| name == authority).map_or("0", |(_, version)| version);
                format!("http://www.opengis.net/def/crs/{authority}/{version}/{code}")
            }
        }
    }

    /// Its name for PROJ (`EPSG:4527`), to turn [`STORED`] coordinates into it or back; `None` where they are as stored: in
    /// CRS84, EPSG:4490 and EPSG:4326, and before a chart shifts them.
    pub fn proj(&self) -> Option<String> {
        match self {
            Crs::Registered(Registered { authority: "EPSG", code: Code::Number(4490 | 4326), .. }) => None,
            Crs::Registered(Registered { authority, code, .. }) => Some(format!("{authority}:{code}")),
            Crs::Crs84 | Crs::Chart(_) => None,
        }
    }

    /// The authority of its register and its code there (`CRS84` is OGC's); `None` of a chart.
    pub fn registered_as(&self) -> Option<(&'static str, String)> {
        match self {
            Crs::Crs84 => Some(("OGC", "CRS84".to_owned())),
            Crs::Registered(registered) => Some((registered.authority, registered.code.to_string())),
            Crs::Chart(_) => None,
        }
    }

    /// The order of its axes; PostGIS's is always [`Order::Xy`].
    pub fn order(&self) -> Order {
        match self {
            Crs::Registered(registered) => registered.order,
            Crs::Crs84 | Crs::Chart(_) => Order::Xy,
        }
    }

    /// The unit of its axes.
    pub fn unit(&self) -> AxisUnit {
        match self {
            Crs::Registered(registered) => registered.unit,
            Crs::Crs84 | Crs::Chart(_) => AxisUnit::Degree,
        }
    }

    /// How many decimals coordinates have that nothing else was said of: a centimetre in degrees, a millimetre in metres.
    pub fn decimals(&self) -> u8 {
        match self.unit() {
            AxisUnit::Degree | AxisUnit::Grad => 7,
            // The units of a few maps of the world.
            AxisUnit::Length(name) if name.to_ascii_lowercase().contains("kilomet") => 6,
            AxisUnit::Metre | AxisUnit::Length(_) => 3,
        }
    }

    /// The chart that shifts it, if one does.
    pub fn chart(&self) -> Option<Chart> {
        match self {
            Crs::Chart(chart) => Some(*chart),
            Crs::Crs84 | Crs::Registered(_) => None,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Code::Number(number) => write!(f, "{number}"),
            Code::Name(name) => f.write_str(name),
        }
    }
}

/// Whether this can be the version of a register in a URI: `0`, `1.3`, `9.8.1`.
fn is_version(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// The beginning of what was sent, to be shown.
fn brief(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// What is no name of a system; of a short name or a URN, how to write it.
fn no_uri(text: &str) -> Text {
    let upper = text.to_ascii_uppercase();
    let code = upper.strip_prefix("URN:OGC:DEF:CRS:").unwrap_or(&upper);
    let known = match code.split(':').collect::<Vec<_>>()[..] {
        [authority, code] | [authority, _, code] => Crs::registered(authority, code).ok(),
        [code] => Crs::registered("EPSG", code).ok(),
        _ => None,
    };
    let shown = brief(text);
    match known {
        Some(crs) => Text::new(
            format!("坐标系 {shown} 应写作 URI {}：短名称的坐标轴次序各软件理解不一。", crs.uri()),
            format!(
                "write {shown} as the URI {}: software differs on the order of axes that a short name means.",
                crs.uri()
            ),
        ),
        None => Text::new(
            format!("{shown} 不是坐标系的 URI，应如 {CRS84}、{} 或 {}。", Crs::EXAMPLE, Crs::Chart(Chart::Gcj02).uri()),
            format!(
                "{shown} is no URI of a reference system; {CRS84}, {} and {} are.",
                Crs::EXAMPLE,
                Crs::Chart(Chart::Gcj02).uri()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn crs(text: &str) -> Crs {
        Crs::parse(text).unwrap_or_else(|why| panic!("{text}: {}", why.en))
    }

    #[test]
    fn systems_are_read_with_order_unit_decimals_and_name() {
        use Order::{Xy, Yx};
        for (code, order, decimals, proj) in [
            (4490, Yx, 7, None),
            (4326, Yx, 7, None),
            (3857, Xy, 3, Some("EPSG:3857")),
            (4527, Yx, 3, Some("EPSG:4527")),
            (4549, Yx, 3, Some("EPSG:4549")),
            (2193, Yx, 3, Some("EPSG:2193")),
            (27700, Xy, 3, Some("EPSG:27700")),
            (31467, Yx, 3, Some("EPSG:31467")),
            (7084, Xy, 7, Some("EPSG:7084")),
            (4214, Yx, 7, Some("EPSG:4214")),
        ] {
            let uri = format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
            let read = crs(&uri);
            assert_eq!((read.order(), read.decimals(), read.proj().as_deref()), (order, decimals, proj), "{code}");
            assert_eq!((read.uri(), read.chart()), (uri.clone(), None));
            assert_eq!(crs(&format!("[EPSG:{code}]")), read);
            assert_eq!(crs(&uri.replace("http:", "https:")), read);
            assert_eq!(crs(&uri.replace("/0/", "/9.9.1/")), read);
            assert_eq!(crs(&uri.replace("EPSG", "epsg")), read);
        }
        for text in [CRS84, "https://www.opengis.net/def/crs/OGC/0/CRS84", "[OGC:CRS84]", "CRS84"] {
            assert_eq!(crs(text), Crs::Crs84);
        }
        assert_eq!((Crs::Crs84.uri().as_str(), Crs::Crs84.order(), Crs::Crs84.decimals()), (CRS84, Xy, 7));
        let nad83 = crs("http://www.opengis.net/def/crs/OGC/1.3/CRS83");
        assert_eq!((nad83.proj().as_deref(), nad83.order()), (Some("OGC:CRS83"), Xy));
        assert_eq!(nad83.uri(), "http://www.opengis.net/def/crs/OGC/1.3/CRS83");
        assert_eq!(crs("[ESRI:102025]").uri(), "http://www.opengis.net/def/crs/ESRI/0/102025");
        assert_eq!(crs("[EPSG:2263]").unit(), AxisUnit::Length("US survey foot"));
        assert_eq!(crs("[ESRI:102068]").decimals(), 6);
    }

    #[test]
    fn charts_have_names_of_our_own() {
        for (text, chart) in [("urn:jingtu:crs:gcj-02", Chart::Gcj02), ("urn:jingtu:crs:bd-09", Chart::Bd09)] {
            let read = crs(text);
            assert_eq!((read, read.chart(), read.uri().as_str()), (Crs::Chart(chart), Some(chart), text));
            assert_eq!(
                (read.order(), read.unit(), read.decimals(), read.proj()),
                (Order::Xy, AxisUnit::Degree, 7, None)
            );
        }
    }

    #[test]
    fn what_is_refused_is_told_why() {
        for (text, zh, en) in [
            ("EPSG:4490", "http://www.opengis.net/def/crs/EPSG/0/4490", "order of axes"),
            ("4490", "http://www.opengis.net/def/crs/EPSG/0/4490", "write 4490 as the URI"),
            ("urn:ogc:def:crs:EPSG::4549", "应写作 URI", "http://www.opengis.net/def/crs/EPSG/0/4549"),
            ("OGC:CRS84", "应写作 URI", CRS84),
            ("", "不是坐标系的 URI", "is no URI"),
            ("EPSG:1", "不是坐标系的 URI", "is no URI"),
            ("http://example.org/EPSG/0/4490", "不是坐标系的 URI", "is no URI"),
            ("http://www.opengis.net/def/crs/EPSG/4490", "不是坐标系的 URI", "is no URI"),
            ("http://www.opengis.net/def/crs/EPSG/x/4490", "不是坐标系的 URI", "is no URI"),
            ("http://www.opengis.net/def/crs/EPSG/0/4490/", "不是坐标系的 URI", "is no URI"),
            ("[EPSG:0:4490]", "不是坐标系的 URI", "is no URI"),
            ("[EPSG:4490", "不是坐标系的 URI", "is no URI"),
            ("urn:jingtu:crs:gcj02", "urn:jingtu:crs:gcj-02", "urn:jingtu:crs:gcj-02"),
            ("[EPSG:1]", "没有坐标系 EPSG:1", "there is no reference system EPSG:1"),
            ("[EPSG:+4490]", "没有坐标系", "there is no reference system"),
            ("[EPSG:99999999999]", "没有坐标系", "there is no reference system"),
            ("[EPSG:CRS84]", "没有坐标系", "there is no reference system"),
            ("http://www.opengis.net/def/crs/IAU/2015/49900", "登记机构", "authorities"),
            ("[EPSG:4480]", "带有高程", "has heights"),
            ("[EPSG:4978]", "地心", "centre of the earth"),
            ("[EPSG:5737]", "高程系", "of heights alone"),
            ("[EPSG:5800]", "局部坐标系", "local grid"),
            ("[EPSG:32600]", "公式", "method that is not known"),
        ] {
            let why = Crs::parse(text).expect_err(text);
            assert!(why.zh.contains(zh) && why.en.contains(en), "{text}: {} {}", why.zh, why.en);
        }
        let long = "x".repeat(10_000);
        assert!(Crs::parse(&long).expect_err("long").en.len() < 400);
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_read_again_from_its_uri(
            text in prop_oneof![
                any::<String>(),
                (1024..=40_000_u32).prop_map(|code| format!("[EPSG:{code}]")),
                "(https?://www.opengis.net/def/crs/)?\\[?(EPSG|ESRI|OGC)[:/](0/)?(CRS84|[0-9]{1,6})\\]?",
            ],
        ) {
            if let Ok(read) = Crs::parse(&text) {
                prop_assert_eq!(Crs::parse(&read.uri()), Ok(read));
            }
        }
    }
}
