//! Outlines in the cells of a table: well-known text, as spreadsheets and GIS tools write it, or GeoJSON.

use crate::kernel::{Fault, Text};
use serde_json::{Map, Value, json};

/// Columns that hold an outline, in the order they are looked for.
const COLUMNS: [&str; 4] = ["wkt", "geometry", "geom", "the_geom"];

/// Takes the outline out of a row's cells; `null` where there is none.
///
/// # Errors
/// `outline_unreadable`.
pub(super) fn take_outline(cells: &mut Map<String, Value>) -> Result<Value, Fault> {
    let name = COLUMNS.iter().find_map(|wanted| cells.keys().find(|name| name.eq_ignore_ascii_case(wanted)).cloned());
    let Some(Value::String(text)) = name.and_then(|name| cells.remove(&name)) else { return Ok(Value::Null) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let read = if text.starts_with('{') { serde_json::from_str(text).ok() } else { read(text) };
    read.ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        Fault::new(
            "/geometry",
            "outline_unreadable",
            Text::new(
                format!("“{shown}”不是 WKT 或 GeoJSON 的 Polygon、MultiPolygon。"),
                format!("`{shown}` is no Polygon or MultiPolygon in WKT or GeoJSON."),
            ),
        )
    })
}

/// A GeoJSON geometry of well-known text; heights and measures are left out.
fn read(text: &str) -> Option<Value> {
    let text = match text.split_once(';') {
        Some((srid, rest)) if srid.trim_start().to_ascii_uppercase().starts_with("SRID=") => rest,
        _ => text,
    };
    let open = text.find('(')?;
    let (head, body) = text.split_at(open);
    let head = head.to_ascii_uppercase();
    let mut words = head.split_ascii_whitespace();
    let (kind, depth) = match words.next()?.trim_end_matches(['Z', 'M']) {
        "POLYGON" => ("Polygon", 2),
        "MULTIPOLYGON" => ("MultiPolygon", 3),
        _ => return None,
    };
    if !words.all(|word| matches!(word, "Z" | "M" | "ZM")) {
        return None;
    }
    let mut rest = body;
    let coordinates = nested(&mut rest, depth)?;
    rest.trim().is_empty().then(|| json!({"type": kind, "coordinates": coordinates}))
}

/// Parentheses so deep, of positions.
fn nested(rest: &mut &str, depth: u8) -> Option<Value> {
    if depth == 0 {
        let end = rest.find([',', ')'])?;
        let (position, behind) = rest.split_at(end);
        *rest = behind;
        let numbers: Vec<f64> = position.split_ascii_whitespace().map(|n| n.parse().ok()).collect::<Option<_>>()?;
        return (2..=4).contains(&numbers.len()).then(|| json!([numbers[0], numbers[1]]));
    }
    *rest = rest.trim_start().strip_prefix('(')?;
    let mut parts = Vec::new();
    loop {
        parts.push(nested(rest, depth - 1)?);
        *rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => *rest = behind,
            None => break,
        }
    }
    *rest = rest.strip_prefix(')')?;
    Some(Value::Array(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_text_is_read() {
        let ring = json!([[1.0, 2.0], [3.5, 2.0], [3.0, -4.0], [1.0, 2.0]]);
        for text in [
            "POLYGON ((1 2, 3.5 2, 3 -4, 1 2))",
            "polygon((1 2,3.5 2 ,3 -4,1 2))",
            "SRID=4490;POLYGON Z ((1 2 9, 3.5 2 9, 3 -4 9, 1 2 9))",
            "POLYGONZ((1 2 9, 3.5 2 9, 3 -4 9, 1 2 9)) ",
        ] {
            assert_eq!(read(text), Some(json!({"type": "Polygon", "coordinates": [ring]})), "{text}");
        }
        assert_eq!(
            read("MULTIPOLYGON (((1 2, 3.5 2, 3 -4, 1 2)), ((1 2, 3.5 2, 3 -4, 1 2), (1 2, 3.5 2, 3 -4, 1 2)))"),
            Some(json!({"type": "MultiPolygon", "coordinates": [[ring], [ring, ring]]}))
        );
        for text in [
            "POINT (1 2)",
            "POLYGON EMPTY",
            "POLYGON ((1 2, 3))",
            "POLYGON ((1 2, x 3))",
            "POLYGON ((1 2, 3 4)",
            "POLYGON ((1 2, 3 4)) 5",
            "POLYGON Q ((1 2, 3 4))",
            "(",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_outline_is_taken_out_of_its_cell() {
        let take = |cells: Value| {
            let Value::Object(mut cells) = cells else { panic!("an object") };
            let taken = take_outline(&mut cells).map_err(|fault| fault.code);
            (taken.map(|value| value["type"].clone()), cells.len())
        };
        assert_eq!(take(json!({"WKT": "POLYGON ((1 2, 3 4, 5 6, 1 2))", "a": "1"})), (Ok(json!("Polygon")), 1));
        assert_eq!(take(json!({"geom": r#"{"type": "MultiPolygon"}"#})), (Ok(json!("MultiPolygon")), 0));
        assert_eq!(take(json!({"geom": " "})), (Ok(Value::Null), 0));
        assert_eq!(take(json!({"a": "1"})), (Ok(Value::Null), 1));
        assert_eq!(take(json!({"wkt": "LINESTRING (1 2, 3 4)"})), (Err("outline_unreadable"), 0));
    }
}
