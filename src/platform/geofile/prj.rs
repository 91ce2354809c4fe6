//! Well-known text of reference systems, as `.prj` files and GeoPackages hold it, told by what it says: datum, projection and
//! numbers, not the name, which every program writes another way. Systems on CGCS2000 and WGS 84 that have an EPSG code get
//! it; what lies on another datum is told apart from what cannot be recognised.

use crate::platform::crs::Crs;

/// Longest text looked at, bytes.
const MAX_TEXT: usize = 64 << 10;
/// Deepest nesting; real texts have seven.
const MAX_DEPTH: usize = 24;

/// A text, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// What the text calls the system, for messages.
    pub name: String,
    /// What it is.
    pub said: Said,
}

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// This system.
    Is(Crs),
    /// One on another datum than CGCS2000 or WGS 84.
    OtherDatum,
    /// Something that no code is known for here, or nothing at all.
    Unknown,
}

/// Tells a text.
pub fn identify(text: &str) -> Identified {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    let root = (text.len() <= MAX_TEXT).then(|| parse(text)).flatten();
    let Some(root) = root.as_ref().and_then(horizontal) else {
        return Identified { name: super::shown(text), said: Said::Unknown };
    };
    let geographic = root.child(&["GEOGCS", "BASEGEOGCRS", "BASEGEODCRS"]);
    let datum = Datum::of(geographic.unwrap_or(root));
    let code = root.code();
    let by_parameters = match datum {
        Datum::Cgcs2000 | Datum::Wgs84 | Datum::Sphere if root.is("PROJCS") => projected(root, datum),
        Datum::Cgcs2000 | Datum::Wgs84 if root.is("GEOGCS") && in_degrees(root) => Some(Crs::LonLat),
        _ => None,
    };
    let said = match (datum, by_parameters, code) {
        (Datum::Other, ..) => Said::OtherDatum,
        // A text that says one thing and calls itself another is no witness.
        (_, Some(own), Some(code)) if !own.same(code) => Said::Unknown,
        (_, Some(own), _) => Said::Is(own),
        (_, None, Some(code)) => Said::Is(code),
        (_, None, None) => Said::Unknown,
    };
    Identified { name: super::shown(root.text(0).unwrap_or_default()), said }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Datum {
    Cgcs2000,
    Wgs84,
    /// The sphere of old Web Mercator texts.
    Sphere,
    Other,
    Unknown,
}

impl Datum {
    fn of(geographic: &Node) -> Datum {
        let Some(datum) = geographic.child(&["DATUM", "GEODETICDATUM", "TRF", "ENSEMBLE"]) else {
            return Datum::Unknown;
        };
        let name = datum.text(0).unwrap_or_default().to_lowercase();
        let name = name.strip_prefix("d_").unwrap_or(&name);
        let name: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
        let ellipsoid = datum.child(&["SPHEROID", "ELLIPSOID"]);
        let [Some(axis), Some(flattening)] = [1, 2].map(|n| ellipsoid.and_then(|one| one.number(n))) else {
            return Datum::Unknown;
        };
        let usual = (axis - 6_378_137.0).abs() < 0.01;
        // GRS 80 and WGS 84 differ in the sixth decimal, and are mixed up everywhere.
        let ours = usual && (flattening - 298.257_222_1).abs() < 1e-4;
        let has = |part: &str| name.contains(part);
        let cgcs = has("china2000")
            || has("cgcs2000")
            || has("chinageodeticcoordinatesystem2000")
            || has("2000国家大地坐标系")
            || has("国家2000");
        let wgs =
            name.starts_with("wgs1984") || name.starts_with("wgs84") || name.starts_with("worldgeodeticsystem1984");
        let nameless = name.is_empty()
            || ["unknown", "unnamed", "undefined", "notspecified", "custom", "userdefined"]
                .iter()
                .any(|word| has(word));
        match () {
            () if cgcs && ours => Datum::Cgcs2000,
            () if wgs && ours => Datum::Wgs84,
            () if wgs && usual && flattening == 0.0 => Datum::Sphere,
            () if nameless && ours => Datum::Unknown,
            () => Datum::Other,
        }
    }
}

/// The code of a projected system, by its numbers.
fn projected(root: &Node, datum: Datum) -> Option<Crs> {
    let word =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let projection = word(root.child(&["PROJECTION"])?.text(0)?);
    let parameter = |name: &str| {
        let found = root
            .children()
            .find(|node| node.is("PARAMETER") && node.text(0).is_some_and(|own| own.eq_ignore_ascii_case(name)));
        found.and_then(|node| node.number(1))
    };
    let near = |is: f64, wanted: f64| (is - wanted).abs() < 1e-6;
    let geographic = root.child(&["GEOGCS"])?;
    if !in_degrees(geographic) || !near(root.child(&["UNIT"])?.number(1)?, 1.0) {
        return None;
    }
    let [central, easting, northing] = ["central_meridian", "false_easting", "false_northing"].map(parameter);
    let (central, easting, northing) = (central?, easting?, northing?);
    if projection.contains("mercator") && projection != "transversemercator" {
        let spherical = datum == Datum::Sphere
            || projection == "mercatorauxiliarysphere"
            || root.child(&["EXTENSION"]).and_then(|node| node.text(1)).is_some_and(|proj| proj.contains("+b=6378137"));
        let at_zero = [central, easting, northing].iter().all(|number| near(*number, 0.0))
            && parameter("standard_parallel_1").is_none_or(|parallel| near(parallel, 0.0))
            && parameter("scale_factor").is_none_or(|scale| near(scale, 1.0));
        return (spherical && at_zero).then_some(Crs::Epsg(3857));
    }
    if !matches!(projection.as_str(), "transversemercator" | "gausskruger") || datum == Datum::Sphere {
        return None;
    }
    let scale = parameter("scale_factor")?;
    if !near(parameter("latitude_of_origin")?, 0.0) {
        return None;
    }
    if datum == Datum::Wgs84 && near(scale, 0.9996) && near(easting, 500_000.0) {
        let zone = whole((central + 183.0) / 6.0).filter(|zone| (1..=60).contains(zone))?;
        return match () {
            () if near(northing, 0.0) => Some(Crs::Epsg(32_600 + zone)),
            () if near(northing, 10_000_000.0) => Some(Crs::Epsg(32_700 + zone)),
            () => None,
        };
    }
    // Gauss-Krueger. On WGS 84 its numbers give the same positions to a tenth of a millimetre.
    if !near(scale, 1.0) || !near(northing, 0.0) {
        return None;
    }
    let name = word(root.text(0)?);
    if near(easting, 500_000.0) {
        let six = whole((central - 75.0) / 6.0).filter(|n| (0..=10).contains(n));
        return match six {
            Some(n) if (name.contains("gkcm") || name.contains("krugercm")) && !name.contains("3degree") => {
                Some(Crs::Epsg(4502 + n))
            }
            _ => whole((central - 75.0) / 3.0).filter(|n| (0..=20).contains(n)).map(|n| Crs::Epsg(4534 + n)),
        };
    }
    let zone = whole((easting - 500_000.0) / 1e6)?;
    match zone {
        25..=45 if near(central, f64::from(zone) * 3.0) => Some(Crs::Epsg(4513 + zone - 25)),
        13..=23 if near(central, f64::from(zone) * 6.0 - 3.0) => Some(Crs::Epsg(4491 + zone - 13)),
        _ => None,
    }
}

/// Degrees from Greenwich.
fn in_degrees(geographic: &Node) -> bool {
    let unit = geographic.child(&["UNIT"]).and_then(|unit| unit.number(1));
    let meridian = geographic.child(&["PRIMEM"]).map_or(Some(0.0), |meridian| meridian.number(1));
    unit.is_some_and(|unit| (unit - std::f64::consts::PI / 180.0).abs() < 1e-9) && meridian == Some(0.0)
}

#[expect(clippy::cast_possible_truncation, reason = "held to a few hundred")]
fn whole(number: f64) -> Option<i32> {
    (number.abs() < 1000.0 && (number - number.round()).abs() < 1e-6).then(|| number.round() as i32)
}

// ---------------------------------------------------------------------------------------------------------------------
// The text's own grammar: KEYWORD["text", 1.5, KEYWORD[...], WORD].

#[derive(Debug)]
struct Node {
    keyword: String,
    arguments: Vec<Argument>,
}

#[derive(Debug)]
enum Argument {
    Text(String),
    Number(f64),
    Node(Node),
    Word,
}

impl Node {
    fn is(&self, keyword: &str) -> bool {
        self.keyword == keyword
    }

    fn children(&self) -> impl Iterator<Item = &Node> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Node(node) => Some(node),
            _ => None,
        })
    }

    fn child(&self, keywords: &[&str]) -> Option<&Node> {
        self.children().find(|node| keywords.contains(&node.keyword.as_str()))
    }

    fn text(&self, at: usize) -> Option<&str> {
        match self.arguments.get(at)? {
            Argument::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self, at: usize) -> Option<f64> {
        match self.arguments.get(at)? {
            Argument::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Its EPSG code, where it says one.
    fn code(&self) -> Option<Crs> {
        let own = self.child(&["AUTHORITY", "ID"])?;
        let code = match own.arguments.get(1)? {
            Argument::Text(text) => text.trim().to_owned(),
            Argument::Number(number) => whole_code(*number)?,
            _ => return None,
        };
        Crs::parse(&format!("{}:{code}", own.text(0)?))
    }
}

fn whole_code(number: f64) -> Option<String> {
    (number.fract() == 0.0 && (0.0..1e6).contains(&number)).then(|| format!("{number:.0}"))
}

/// The part that says where on the globe; heights are not asked for.
fn horizontal(root: &Node) -> Option<&Node> {
    const KNOWN: [&str; 8] =
        ["PROJCS", "GEOGCS", "PROJCRS", "PROJECTEDCRS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS"];
    if ["COMPD_CS", "COMPOUNDCRS"].contains(&root.keyword.as_str()) {
        return root.child(&KNOWN);
    }
    KNOWN.contains(&root.keyword.as_str()).then_some(root)
}

fn parse(text: &str) -> Option<Node> {
    let mut reader = Reader { text, at: 0 };
    let root = reader.node(0)?;
    reader.blanks();
    (reader.at == text.len()).then_some(root)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        let keyword = self.word()?.to_ascii_uppercase();
        let close = match self.next()? {
            '[' => ']',
            '(' => ')',
            _ => return None,
        };
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.argument(depth)?);
            match self.next()? {
                ',' => {}
                end if end == close => return Some(Node { keyword, arguments }),
                _ => return None,
            }
        }
    }

    fn argument(&mut self, depth: usize) -> Option<Argument> {
        self.blanks();
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        if first == '"' {
            return self.quoted().map(Argument::Text);
        }
        if first.is_ascii_digit() || matches!(first, '+' | '-' | '.') {
            let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
            self.at += end;
            return rest[..end].parse().ok().map(Argument::Number);
        }
        let before = self.at;
        self.word()?;
        self.blanks();
        if self.text[self.at..].starts_with(['[', '(']) {
            self.at = before;
            return self.node(depth + 1).map(Argument::Node);
        }
        Some(Argument::Word)
    }

    fn quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at + 1..)?;
            let end = rest.find('"')?;
            out.push_str(&rest[..end]);
            self.at += end + 2;
            // Two in a row are one of the text.
            if !self.text[self.at..].starts_with('"') {
                return Some(out);
            }
            out.push('"');
        }
    }

    fn word(&mut self) -> Option<&str> {
        self.blanks();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| &rest[..end])
    }

    fn next(&mut self) -> Option<char> {
        self.blanks();
        let next = self.text[self.at..].chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CGCS: &str = r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
    const WGS: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
    const XIAN: &str = r#"GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

    fn tm(name: &str, base: &str, easting: f64, central: f64, scale: f64) -> String {
        format!(
            r#"PROJCS["{name}",{base},PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",{central}],PARAMETER["Scale_Factor",{scale}],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#
        )
    }

    fn said(text: &str) -> Said {
        identify(text).said
    }

    #[test]
    fn systems_are_told_by_their_numbers() {
        let is = |code| Said::Is(Crs::Epsg(code));
        assert_eq!(said(CGCS), Said::Is(Crs::LonLat));
        assert_eq!(said(&format!("\u{feff}{WGS}\r\n\0")), Said::Is(Crs::LonLat));
        assert_eq!(said(&tm("CGCS2000_3_Degree_GK_CM_120E", CGCS, 500_000.0, 120.0, 1.0)), is(4549));
        assert_eq!(said(&tm("whatever", CGCS, 500_000.0, 75.0, 1.0)), is(4534));
        assert_eq!(said(&tm("CGCS2000_3_Degree_GK_Zone_40", CGCS, 40_500_000.0, 120.0, 1.0)), is(4528));
        assert_eq!(said(&tm("CGCS2000_GK_CM_117E", CGCS, 500_000.0, 117.0, 1.0)), is(4509));
        assert_eq!(said(&tm("CGCS2000_GK_Zone_20", CGCS, 20_500_000.0, 117.0, 1.0)), is(4498));
        assert_eq!(said(&tm("WGS_1984_UTM_Zone_50N", WGS, 500_000.0, 117.0, 0.9996)), is(32_650));
        let web = r#"PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],UNIT["Meter",1.0]]"#;
        assert_eq!(said(&format!(r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",{WGS},{web}"#)), is(3857));
        let true_mercator = web.replace("_Auxiliary_Sphere", "");
        assert_eq!(said(&format!(r#"PROJCS["World_Mercator",{WGS},{true_mercator}"#)), Said::Unknown);
        let compound =
            format!(r#"COMPD_CS["x",{},VERT_CS["y",VERT_DATUM["z",2005]]]"#, tm("x", CGCS, 500_000.0, 120.0, 1.0));
        assert_eq!(said(&compound), is(4549));
        let second = r#"PROJCRS["CGCS2000 / 3-degree",BASEGEOGCRS["x",DATUM["China 2000",ELLIPSOID["CGCS2000",6378137,298.257222101]]],CS[Cartesian,2],ID["EPSG",4549]]"#;
        assert_eq!(said(second), is(4549));
    }

    #[test]
    fn other_datums_and_what_no_code_is_known_for_are_told_apart() {
        assert_eq!(said(XIAN), Said::OtherDatum);
        assert_eq!(
            identify(&tm("Xian_1980_3_Degree_GK_CM_102E", XIAN, 500_000.0, 102.0, 1.0)),
            Identified { name: "Xian_1980_3_Degree_GK_CM_102E".to_owned(), said: Said::OtherDatum }
        );
        // A local system, a zone that is not the meridian's, a datum's name with the numbers of another.
        for unknown in [
            tm("city", CGCS, 500_000.0, 116.35, 1.0),
            tm("odd", CGCS, 39_500_000.0, 120.0, 1.0),
            tm("scaled", CGCS, 500_000.0, 120.0, 0.9996),
            CGCS.replace("D_China_2000", "D_Unknown"),
            CGCS.replace("0.0174532925199433", "0.015707963"),
        ] {
            assert_eq!(said(&unknown), Said::Unknown, "{unknown}");
        }
        assert_eq!(said(&CGCS.replace("6378137.0", "6378245.0")), Said::OtherDatum);
        let contradicts = tm("x", CGCS, 500_000.0, 120.0, 1.0)
            .replace("\"Meter\",1.0]]", "\"Meter\",1.0],AUTHORITY[\"EPSG\",\"4548\"]]");
        assert_eq!(said(&contradicts), Said::Unknown);
        for nothing in ["", "GEOGCS", "<!DOCTYPE html>", "GEOGCS[\"x\"", "GEOGCS[\"x\",]", "A[1]B", "GEOGCS[\"未完"] {
            assert_eq!(said(nothing), Said::Unknown, "{nothing}");
        }
        assert_eq!(said(&"A[".repeat(30_000)), Said::Unknown);
    }

    #[test]
    fn a_code_counts_where_the_numbers_say_nothing() {
        let lambert = r#"PROJCS["x",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Lambert"],AUTHORITY["EPSG","3034"]]"#;
        assert_eq!(said(lambert), Said::Is(Crs::Epsg(3034)));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_fall_over(text in "(PROJCS|GEOGCS|DATUM)?[\\[\\]\"(),0-9A-Z点 ]{0,80}") {
            let _ = identify(&text);
        }
    }
}
