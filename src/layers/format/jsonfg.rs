//! JSON-FG (OGC 21-045r1): GeoJSON that says of which type features are, on which days they are true and, of geometries that
//! are not in longitude and latitude, in which system they are.

use super::Feature;
use super::geojson::Objects;
use super::value::push_json_text;
use crate::kernel::Day;
use crate::layers::crs::Crs;

/// Its media type.
pub const MEDIA_TYPE: &str = "application/vnd.ogc.fg+json";

/// The classes of the standard that documents conform to.
const CONFORMS_TO: [&str; 2] = [
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
];

/// What a document says once, of all its features.
pub struct Root {
    /// The type of the features: their collection's name.
    pub feature_type: String,
    /// Address of the schema of their properties.
    pub schema: String,
    /// What geometries are in.
    pub crs: Crs,
}

impl Root {
    /// Appends its members, each behind a comma.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"conformsTo\":[");
        for (n, class) in CONFORMS_TO.into_iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            push_json_text(class, out);
        }
        out.extend_from_slice(b"],\"featureType\":");
        push_json_text(&self.feature_type, out);
        out.extend_from_slice(b",\"featureSchema\":");
        push_json_text(&self.schema, out);
        // CRS84 is what a document without the member is in.
        if self.crs != Crs::Crs84 {
            out.extend_from_slice(b",\"coordRefSys\":");
            push_json_text(&self.crs.uri(), out);
        }
    }
}

/// Writes features as JSON-FG objects.
pub struct Features {
    objects: Objects,
    /// Whether geometries are such as GeoJSON has: elsewhere they stand in a member of their own.
    plain: bool,
}

impl Features {
    /// As `objects` writes them, whose geometries are in this system.
    pub fn new(objects: Objects, crs: Crs) -> Features {
        Features { objects, plain: crs == Crs::Crs84 }
    }

    /// Appends one feature, which is true from the first to the last of these days; `None` is an open end.
    pub fn write(&self, feature: &Feature<'_>, days: (Option<Day>, Option<Day>), out: &mut Vec<u8>) {
        Objects::begin(feature, out);
        out.extend_from_slice(b",\"time\":");
        push_time(days, out);
        let (before, behind): (&[u8], &[u8]) =
            if self.plain { (b",\"place\":null,\"geometry\":", b"") } else { (b",\"place\":", b",\"geometry\":null") };
        out.extend_from_slice(before);
        self.objects.place(feature, out);
        out.extend_from_slice(behind);
        self.objects.properties(feature, out);
        out.push(b'}');
    }
}

/// A day, an interval of days, or `null` where neither end is known.
fn push_time((first, last): (Option<Day>, Option<Day>), out: &mut Vec<u8>) {
    let end = |day: Option<Day>| day.map_or_else(|| "..".to_owned(), |day| day.to_string());
    match (first, last) {
        (None, None) => out.extend_from_slice(b"null"),
        (Some(first), Some(last)) if first == last => {
            out.extend_from_slice(format!("{{\"date\":\"{first}\"}}").as_bytes());
        }
        _ => {
            let interval = format!("{{\"interval\":[\"{}\",\"{}\"]}}", end(first), end(last));
            out.extend_from_slice(interval.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_a_day_an_interval_or_unknown() {
        let (first, last) = (Some(Day::of(2016, 8, 1)), Some(Day::of(2026, 11, 22)));
        for (days, text) in [
            ((None, None), "null"),
            ((first, first), r#"{"date":"2016-08-01"}"#),
            ((first, last), r#"{"interval":["2016-08-01","2026-11-22"]}"#),
            ((first, None), r#"{"interval":["2016-08-01",".."]}"#),
            ((None, last), r#"{"interval":["..","2026-11-22"]}"#),
        ] {
            let mut out = Vec::new();
            push_time(days, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
