//! A row of a report: a sample at a point with one result or many. Long tables have a row per result (`substance`, `value`,
//! `unit`), wide ones a column per substance. Requests in JSON are read by the same lines.

use super::columns::{self, KNOWN};
use super::{LAND_TYPES, MEDIA, PROGRAMS};
use crate::kernel::quantity::{self, Measured};
use crate::kernel::{Day, Decimal, Fault, Text};
use crate::platform::fields::{Fields, at};
use crate::standards::land_use::{LandUse, LandUseSystem};
use crate::standards::screening;
use crate::standards::substances::{self, Substance};
use serde_json::{Map, Value};
use std::collections::HashSet;
use uuid::Uuid;

/// What a row says.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Where it was taken.
    pub point: PointRef,
    /// Longitude, latitude as stated.
    pub place: Option<[f64; 2]>,
    /// What is said of the point.
    pub about: PointFacts,
    /// What is said of the sample.
    pub sample: SampleFacts,
    /// What was found.
    pub results: Vec<ResultFacts>,
    /// Remarks on what is missing; the row is taken all the same.
    pub notes: Vec<Fault>,
}

/// How a row names its point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PointRef {
    /// By its code; one that is not known is entered.
    Code(String),
    /// By its identifier.
    Id(Uuid),
}

/// What is said of a point.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointFacts {
    /// Its name.
    pub name: Option<String>,
    /// Where it lies.
    pub division_code: Option<String>,
    /// Whose sampling it serves.
    pub program: Option<&'static str>,
    /// The site that it is about.
    pub site_id: Option<Uuid>,
    /// The key unit whose self-monitoring it serves.
    pub key_unit_id: Option<Uuid>,
    /// Credit code of the land user who may see it.
    pub credit_code: Option<String>,
    /// Kind of farmland.
    pub land_type: Option<&'static str>,
    /// Paddy and upland in turn.
    pub rotation: Option<bool>,
    /// Land-use code behind its system.
    pub land_use: Option<(String, String)>,
    /// Township.
    pub township: Option<String>,
    /// Village.
    pub village: Option<String>,
    /// First day of use.
    pub in_use_from: Option<Day>,
    /// Where the entry is from.
    pub source: Option<String>,
}

/// What is said of a sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleFacts {
    /// Its code; without one it is named after point, day, medium and depth.
    pub code: Option<String>,
    /// Whose sampling it was; the point's where left out.
    pub program: Option<&'static str>,
    /// What was sampled.
    pub medium: &'static str,
    /// The crop.
    pub product: Option<String>,
    /// The material in the report's words.
    pub material: Option<String>,
    /// Upper end, metres below ground.
    pub depth_from_m: Option<Decimal>,
    /// Lower end.
    pub depth_to_m: Option<Decimal>,
    /// Civil day of sampling.
    pub sampled_on: Option<Day>,
    /// Who analysed it.
    pub laboratory: Option<String>,
    /// How it was analysed.
    pub method: Option<String>,
    /// Soil pH.
    pub ph: Option<Decimal>,
    /// The report.
    pub document_id: Option<Uuid>,
}

/// A result.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultFacts {
    /// The substance.
    pub substance: &'static Substance,
    /// What was found.
    pub measured: Measured,
    /// The unit as stated.
    pub unit: String,
    /// How it was analysed.
    pub method: Option<String>,
    /// The limit that the report states.
    pub limit: Option<Limit>,
    /// Where it stands in the row.
    pub pointer: String,
}

/// A limit that a report states with a crop's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The limit.
    pub value: Measured,
    /// Its unit as stated.
    pub unit: String,
    /// Where the report says that it is from.
    pub instrument: Option<String>,
}

/// The words of a result as they stand in a row or request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// Name, symbol or CAS number.
    pub substance: &'a str,
    /// The number.
    pub value: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// `<` or nothing.
    pub qualifier: Option<&'a str>,
    /// How it was analysed.
    pub method: Option<&'a str>,
    /// The limit that the report states.
    pub limit_value: Option<&'a str>,
    /// Its unit; the result's where left out.
    pub limit_unit: Option<&'a str>,
    /// Where it is from.
    pub limit_instrument: Option<&'a str>,
}

/// Reads a row. `seen` holds the columns that were named as unknown before, so that each is named once.
///
/// # Errors
/// Every fault of the row.
pub fn read(
    properties: &Map<String, Value>,
    place: Result<Option<[f64; 2]>, Fault>,
    today: Day,
    seen: &mut HashSet<String>,
) -> Result<Incoming, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut incoming = match sample(properties, place, today) {
        Ok(incoming) => Some(incoming),
        Err(more) => {
            faults = more;
            None
        }
    };
    let mut notes = Vec::new();
    let text = |name: &str| properties.get(name).and_then(written);
    let long = text("substance").is_some_and(|name| !name.trim().is_empty());
    let mut results = Vec::new();
    if long {
        let said: [Option<String>; 8] = [
            "substance",
            "value",
            "unit",
            "qualifier",
            "result_method",
            "limit_value",
            "limit_unit",
            "limit_instrument",
        ]
        .map(text);
        let word = |n: usize| said[n].as_deref().map(str::trim).filter(|word| !word.is_empty());
        let words = Said {
            substance: word(0).unwrap_or_default(),
            value: word(1).unwrap_or_default(),
            unit: word(2).unwrap_or_default(),
            qualifier: word(3),
            method: word(4),
            limit_value: word(5),
            limit_unit: word(6),
            limit_instrument: word(7),
        };
        match result("/properties", words) {
            Ok(found) => results.push(found),
            Err(wrong) => missing_or_wrong(wrong, "substance", words.substance, &mut notes, &mut faults),
        }
    }
    for (name, value) in properties {
        if KNOWN.contains(&name.as_str()) {
            continue;
        }
        let content = columns::content(name);
        let Some(content) = content.filter(|_| !long) else {
            if seen.insert(name.clone()) {
                notes.push(at(name, "column_ignored", column_ignored(name, content_in_long(long, name))));
            }
            continue;
        };
        let value = written(value).unwrap_or_default();
        let unit = match content.unit.or_else(|| text("unit")) {
            Some(unit) => unit,
            None => {
                faults.push(at(name, "unit_missing", unit_missing(name)));
                continue;
            }
        };
        let pointer = format!("/properties/{}", name.replace('~', "~0").replace('/', "~1"));
        match Measured::read(&pointer, &value, &unit, None) {
            Ok(measured) => results.push(ResultFacts {
                substance: content.substance,
                measured,
                unit,
                method: None,
                limit: None,
                pointer,
            }),
            Err(wrong) => {
                let wrong = wrong.into_iter().map(|fault| Fault { pointer: pointer.clone(), ..fault }).collect();
                missing_or_wrong(wrong, name, &content.substance.name_zh, &mut notes, &mut faults);
            }
        }
    }
    if let Some(incoming) = &mut incoming {
        repeated(&results, &mut faults);
        incoming.results = results;
        notes.append(&mut incoming.notes);
        incoming.notes = notes;
    }
    match incoming {
        Some(incoming) if faults.is_empty() => Ok(incoming),
        _ => Err(faults),
    }
}

/// Whether a name is left aside only because the table has a row per result.
fn content_in_long(long: bool, name: &str) -> bool {
    long && columns::content(name).is_some()
}

/// Finds a substance given twice.
pub fn repeated(results: &[ResultFacts], faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for result in results {
        if !seen.insert(result.substance.key.as_str()) {
            faults.push(Fault::new(
                result.pointer.clone(),
                "substance_repeated",
                Text::new(
                    format!("同一样品中“{}”出现两次。", result.substance.name_zh),
                    format!("{} is given twice in one sample.", result.substance.name_en),
                ),
            ));
        }
    }
}

/// A missing value is a remark; everything else is wrong.
fn missing_or_wrong(wrong: Vec<Fault>, column: &str, substance: &str, notes: &mut Vec<Fault>, faults: &mut Vec<Fault>) {
    for fault in wrong {
        if matches!(fault.code, "value_missing" | "value_sentinel") {
            notes.push(Fault {
                message: Text::new(
                    format!("{column}（{substance}）：{}样品已载入，不含该项。", fault.message.zh),
                    format!("{column} ({substance}): {} The sample is loaded without it.", fault.message.en),
                ),
                ..fault
            });
        } else {
            faults.push(fault);
        }
    }
}

fn column_ignored(name: &str, in_long: bool) -> Text {
    if in_long {
        return Text::new(
            format!("列“{name}”是污染物，但本表每行一个结果（substance、value），该列未载入。"),
            format!("The column `{name}` is a substance, but the table has a row per result; it is not loaded."),
        );
    }
    Text::new(
        format!("列“{name}”既不是样品字段，也不是标准中的污染物，未载入。"),
        format!(
            "The column `{name}` is neither an attribute of samples nor a substance of the standards; it is not loaded."
        ),
    )
}

fn unit_missing(name: &str) -> Text {
    Text::new(
        format!("列“{name}”没有单位：写在列名中（如“Cd (mg/kg)”），或以常量 unit 给出。"),
        format!("The column `{name}` has no unit: say it in the name (`Cd (mg/kg)`) or as the constant `unit`."),
    )
}

/// A cell as it was written.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads a result; faults stand below `pointer`.
///
/// # Errors
/// `substance_unknown`, and what [`Measured::read`] finds.
pub fn result(pointer: &str, said: Said<'_>) -> Result<ResultFacts, Vec<Fault>> {
    let mut faults = Vec::new();
    let substance =
        substances::read(&format!("{pointer}/substance"), said.substance).map_err(|fault| faults.push(fault));
    let measured = Measured::read(pointer, said.value, said.unit, said.qualifier).map_err(|more| faults.extend(more));
    let limit = said.limit_value.map(|value| {
        let unit = said.limit_unit.unwrap_or(said.unit);
        Measured::read(pointer, value, unit, None)
            .and_then(|limit| {
                let positive = !limit.below && !limit.value.is_zero();
                positive.then_some(limit).ok_or_else(|| vec![Fault::new("", "limit_not_positive", NOT_POSITIVE)])
            })
            .map(|value| Limit { value, unit: unit.to_owned(), instrument: said.limit_instrument.map(str::to_owned) })
            .map_err(|more| {
                let place = |fault| Fault { pointer: format!("{pointer}/limit_value"), ..fault };
                faults.extend(more.into_iter().map(|fault| match fault.code {
                    // What is missing is the limit, not the result.
                    "value_missing" | "value_sentinel" => place(Fault { code: "limit_missing", ..fault }),
                    _ => place(fault),
                }));
            })
    });
    match (substance, measured, limit.transpose()) {
        (Ok(substance), Ok(measured), Ok(limit)) => Ok(ResultFacts {
            substance,
            measured,
            unit: said.unit.to_owned(),
            method: said.method.map(str::to_owned),
            limit,
            pointer: pointer.to_owned(),
        }),
        _ => Err(faults),
    }
}

const NOT_POSITIVE: Text = Text::fixed("限量应为大于 0 的数。", "A limit is a number above 0.");

/// Reads what is said of point and sample, without results.
///
/// # Errors
/// Every fault, pointers below `/properties`.
pub fn sample(
    properties: &Map<String, Value>,
    place: Result<Option<[f64; 2]>, Fault>,
    today: Day,
) -> Result<Incoming, Vec<Fault>> {
    let mut f = Fields::new(properties);
    let mut notes = Vec::new();
    let point = match uuid(&mut f, "point_id") {
        Some(id) => PointRef::Id(id),
        None => PointRef::Code(f.required("point_code").unwrap_or_default()),
    };
    let about = point_facts(&mut f);
    let medium = f.one_of("medium", &MEDIA).unwrap_or("soil");
    let ph_column = if properties.contains_key("pH") { "pH" } else { "ph" };
    let ph = match properties.get(ph_column).and_then(written) {
        None => None,
        Some(text) => match screening::read_ph("", &text) {
            Ok(ph) => Some(ph),
            Err(fault) if fault.code == "value_missing" || is_sentinel(&text) => {
                let missing = Text::new(
                    format!("缺少 pH（{ph_column} 列为“{}”）：样品已载入，需要 pH 的限值无法比较。", text.trim()),
                    format!(
                        "There is no pH (`{}` in {ph_column}): the sample is loaded, and cannot be compared with limits that turn on it.",
                        text.trim()
                    ),
                );
                notes.push(at(ph_column, "value_missing", missing));
                None
            }
            Err(fault) => {
                f.fault(ph_column, fault.code, fault.message);
                None
            }
        },
    };
    let depth_from_m = metres(&mut f, "depth_from_m");
    let depth_to_m = metres(&mut f, "depth_to_m");
    if let (Some(from), Some(to)) = (depth_from_m, depth_to_m)
        && to < from
    {
        f.fault("depth_to_m", "depth_upside_down", Text::fixed("下界浅于上界。", "It ends above where it begins."));
    }
    let facts = SampleFacts {
        code: f.text("sample_code"),
        program: f.one_of("sample_program", &PROGRAMS),
        medium,
        product: f.text("product"),
        material: f.text("material"),
        depth_from_m,
        depth_to_m,
        sampled_on: f.past_day("sampled_on", today),
        laboratory: f.text("laboratory"),
        method: f.text("method"),
        ph,
        document_id: uuid(&mut f, "document_id"),
    };
    let mut faults = f.into_faults();
    let place = place.map_err(|fault| faults.push(fault)).unwrap_or_default();
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Incoming { point, place, about, sample: facts, results: Vec::new(), notes })
}

/// Reads what is said of a point.
pub fn point_facts(f: &mut Fields<'_>) -> PointFacts {
    let division_code = f.text("division_code").and_then(|_| f.division("division_code"));
    let land_use = match (f.text("land_use_system"), f.text("land_use_code")) {
        (Some(system), Some(code)) => {
            match LandUseSystem::parse(&system).and_then(|known| LandUse::parse(known, &code)) {
                Ok(land_use) => Some((land_use.system().as_str().to_owned(), land_use.code().to_owned())),
                Err(fault) => {
                    f.fault("land_use_code", fault.code, fault.message);
                    None
                }
            }
        }
        (None, None) => None,
        _ => {
            f.fault(
                "land_use_code",
                "land_use_incomplete",
                Text::fixed("用地代码与所属分类须一并给出。", "A land-use code goes with its system."),
            );
            None
        }
    };
    PointFacts {
        name: f.text("point_name"),
        division_code,
        program: f.one_of("program", &PROGRAMS),
        site_id: uuid(f, "site_id"),
        key_unit_id: uuid(f, "key_unit_id"),
        credit_code: f.credit_code("credit_code"),
        land_type: f.one_of("land_type", &LAND_TYPES),
        rotation: yes_or_no(f, "rotation"),
        land_use,
        township: f.text("township"),
        village: f.text("village"),
        in_use_from: f.day("in_use_from"),
        source: f.text("source"),
    }
}

fn is_sentinel(text: &str) -> bool {
    Measured::read("", text, "mg/kg", None)
        .is_err_and(|faults| faults.iter().any(|fault| fault.code == "value_sentinel"))
}

fn uuid(f: &mut Fields<'_>, name: &str) -> Option<Uuid> {
    let text = f.text(name)?;
    let id = text.parse().ok();
    if id.is_none() {
        f.fault(name, "not_a_uuid", Text::new(format!("`{text}` 不是标识符。"), format!("`{text}` is no identifier.")));
    }
    id
}

/// A table says yes and no in words.
fn yes_or_no(f: &mut Fields<'_>, name: &str) -> Option<bool> {
    match f.flag_text(name)?.as_str() {
        "true" | "1" | "yes" | "是" => Some(true),
        "false" | "0" | "no" | "否" => Some(false),
        _ => {
            f.fault(name, "not_boolean", Text::fixed("应为 true 或 false。", "must be true or false."));
            None
        }
    }
}

fn metres(f: &mut Fields<'_>, name: &str) -> Option<Decimal> {
    let text = f.text(name)?;
    match quantity::decimal(&text) {
        Ok(depth) if depth >= Decimal::ZERO && depth <= Decimal::from(1000) => Some(depth),
        Ok(_) => {
            f.fault(
                name,
                "depth_out_of_range",
                Text::fixed("深度应在 0 至 1000 米之间。", "A depth lies between 0 and 1000 m."),
            );
            None
        }
        Err(fault) if fault.code == "value_missing" => None,
        Err(fault) => {
            f.fault(name, fault.code, fault.message);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(value: Value) -> Result<Incoming, Vec<(String, &'static str)>> {
        let Value::Object(properties) = value else { panic!("a row is an object") };
        read(&properties, Ok(None), Day::of(2026, 11, 21), &mut HashSet::new())
            .map_err(|faults| faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect())
    }

    fn codes(notes: &[Fault]) -> Vec<(&str, &str)> {
        notes.iter().map(|note| (note.pointer.as_str(), note.code)).collect()
    }

    #[test]
    fn a_long_row_has_one_result_and_a_wide_one_many() {
        let long = row(json!({"point_code": "P1", "sampled_on": "2026-05-01", "substance": "Cd", "value": "<0.01",
            "unit": "mg/kg", "Pb": "3", "LITHO": "x"}))
        .expect("a row");
        assert_eq!(long.results.len(), 1);
        assert!(long.results[0].measured.below);
        assert_eq!(codes(&long.notes), [("/properties/LITHO", "column_ignored"), ("/properties/Pb", "column_ignored")]);

        let wide =
            row(json!({"point_code": "P1", "sampled_on": "2026-05-01", "unit": "mg/kg", "Cd": "0.3", "镉?": "1",
            "Hg (µg/kg)": 300, "As": "", "Pb": "-9999", "pH": "NA"}))
            .expect("a row");
        let found: Vec<_> =
            wide.results.iter().map(|r| (r.substance.key.as_str(), r.measured.mg_kg().to_string())).collect();
        assert_eq!(found, [("cadmium", "0.3".to_owned()), ("mercury", "0.3".to_owned())]);
        assert_eq!(
            codes(&wide.notes),
            [
                ("/properties/As", "value_missing"),
                ("/properties/Pb", "value_sentinel"),
                ("/properties/镉?", "column_ignored"),
                ("/properties/pH", "value_missing"),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_all_at_once() {
        let faults = row(json!({"medium": "mud", "sampled_on": "2027-01-01", "ph": "15", "depth_from_m": "0.4",
            "depth_to_m": "0.2", "substance": "unobtainium", "value": "-1", "unit": "ppm", "land_use_code": "0101"}))
        .unwrap_err();
        let codes: Vec<_> = faults.iter().map(|(_, code)| *code).collect();
        assert_eq!(
            codes,
            [
                "missing",
                "land_use_incomplete",
                "not_in_list",
                "ph_out_of_range",
                "depth_upside_down",
                "day_in_future",
                "substance_unknown",
                "value_negative",
                "unit_unknown",
            ]
        );
        assert_eq!(
            row(json!({"point_code": "P", "sampled_on": "2026-05-01", "Cd": "1"})).unwrap_err()[0].1,
            "unit_missing"
        );
        let twice = json!({"point_code": "P", "sampled_on": "2026-05-01", "Cd (mg/kg)": "1", "镉_mg_kg": "1"});
        assert_eq!(row(twice).unwrap_err()[0].1, "substance_repeated");
    }
}
