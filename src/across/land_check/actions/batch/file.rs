//! Files of parcels as planners keep them: attributes of many kinds, of which some are the question.

use super::super::super::rules::Decision;
use super::rows::{Defaults, Row, Rows};
use crate::across::imports::reader::{self, Source};
use crate::across::imports::{Options, features, noted};
use crate::kernel::{Error, Fault, Result, Text};
use crate::platform::App;
use crate::platform::crs::BodyCrs;
use crate::platform::jobs::RowFinding;
use crate::registers::ImportFeature;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A file as it was handed in.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name, without any folder.
    pub name: String,
    /// Its content.
    pub content: Bytes,
    /// How it is read.
    pub options: Options,
}

/// Attributes that are texts of the question itself.
const TEXTS: [&str; 8] = [
    "operation",
    "on",
    "reference",
    "division_code",
    "parcel_code",
    "real_estate_unit_number",
    "address",
    // Refused for every row, and not passed over.
    "known_at",
];
/// Attributes that are texts of the facts stated.
const FACT_TEXTS: [&str; 2] = ["former_industry", "survey_state"];
/// Attributes that are yes or no.
const FACT_FLAGS: [&str; 5] = ["key_unit", "already_reclaimed", "in_supply_plan", "serves_remediation", "food_site"];

/// What is to be said of a file, beside its rows.
#[derive(Debug)]
pub struct Remarks {
    /// Attributes that are no part of the question and were passed over.
    pub ignored: BTreeSet<String>,
    /// What its reader remarked.
    pub notes: Vec<Fault>,
}

/// The rows of a file, and what is to be said of it.
///
/// # Errors
/// When the file as a whole is refused, or the database cannot be reached; `no_rows`.
pub async fn of_file(app: &App, file: &File, defaults: Defaults) -> Result<(Rows, Remarks)> {
    let source = Source::Bytes { name: file.name.clone(), content: file.content.clone() };
    let mut ignored = BTreeSet::new();
    let mut rows = Vec::new();
    let (read, notes) = features(app, &source, &file.options).await?;
    for row in read {
        rows.push(match row {
            reader::Row::Feature { feature, .. } => {
                let asked = asked(feature, &mut ignored);
                Row::Text(serde_json::to_vec(&asked).map_err(Error::internal)?.into())
            }
            reader::Row::Broken { faults, .. } => Row::Wrong(faults),
        });
    }
    let sha256 = Sha256::digest(&file.content).into();
    // The reader has turned what was in another system.
    let rows = Rows::new(rows, Some(file.name.clone()), sha256, defaults, BodyCrs::Crs84)?;
    Ok((rows, Remarks { ignored, notes }))
}

/// A feature's question, as it is asked of the check alone.
fn asked(feature: ImportFeature, ignored: &mut BTreeSet<String>) -> Value {
    let mut properties = Map::new();
    let mut facts = Map::new();
    let mut land_user = Map::new();
    let mut uses: [(&str, Map<String, Value>); 3] =
        ["current_use", "planned_use", "assessed_use"].map(|name| (name, Map::new()));
    for (given, value) in feature.properties {
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            continue;
        }
        let name = given.to_lowercase();
        let part = uses.iter_mut().find_map(|(of, part)| {
            let rest = name.strip_prefix(*of)?;
            matches!(rest, "" | "_system" | "_code").then_some((rest, part))
        });
        match (name.as_str(), part) {
            (_, Some(("", part))) => match (&value, value.as_str().and_then(|text| text.rsplit_once(':'))) {
                (Value::Object(whole), _) => part.extend(whole.clone()),
                (_, Some((system, code))) => {
                    part.insert("system".to_owned(), system.trim().into());
                    part.insert("code".to_owned(), code.trim().into());
                }
                _ => {
                    part.insert("code".to_owned(), text(value));
                }
            },
            (_, Some((rest, part))) => {
                part.insert(rest.trim_start_matches('_').to_owned(), text(value));
            }
            (known, None) if TEXTS.contains(&known) => {
                properties.insert(name, text(value));
            }
            (known, None) if FACT_TEXTS.contains(&known) => {
                facts.insert(name, text(value));
            }
            (known, None) if FACT_FLAGS.contains(&known) => {
                facts.insert(name, flag(value));
            }
            ("facts", None) => match value {
                Value::Object(whole) => facts.extend(whole),
                // Said to be wrong where it is read.
                other => {
                    properties.insert(name, other);
                }
            },
            ("land_user", None) => match value {
                Value::Object(whole) => land_user.extend(whole),
                other => {
                    land_user.insert("name".to_owned(), text(other));
                }
            },
            ("land_user_name", None) => {
                land_user.insert("name".to_owned(), text(value));
            }
            ("land_user_credit_code", None) => {
                land_user.insert("credit_code".to_owned(), text(value));
            }
            _ => {
                ignored.insert(given);
            }
        }
    }
    for (name, part) in uses {
        if !part.is_empty() {
            let into = if name == "assessed_use" { &mut facts } else { &mut properties };
            into.insert(name.to_owned(), Value::Object(part));
        }
    }
    for (name, part) in [("facts", facts), ("land_user", land_user)] {
        if !part.is_empty() {
            properties.entry(name).or_insert(Value::Object(part));
        }
    }
    json!({"type": "Feature", "geometry": feature.geometry, "properties": properties})
}

/// Codes are texts, also where a table made numbers of them.
fn text(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.trim().to_owned()),
        Value::Number(number) => Value::String(number.to_string()),
        other => other,
    }
}

/// Yes or no, in the ways that tables say it.
fn flag(value: Value) -> Value {
    let said = match &value {
        Value::String(text) => text.trim().to_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return value,
    };
    match said.as_str() {
        "true" | "t" | "yes" | "y" | "1" | "是" => Value::Bool(true),
        "false" | "f" | "no" | "n" | "0" | "否" => Value::Bool(false),
        _ => value,
    }
}

impl Remarks {
    /// What a job says of them, with the first row.
    pub fn findings(self) -> Vec<RowFinding> {
        let finding = |name: &String| {
            let fault = Fault::new(
                format!("/properties/{}", name.replace('~', "~0").replace('/', "~1")),
                "column_ignored",
                Text::new(
                    format!("列“{name}”不是查询的内容，未采用。"),
                    format!("The column `{name}` is no part of the question, and was passed over."),
                ),
            );
            RowFinding { row: 1, rejected: false, noted: true, fault, hint: cut_name(name) }
        };
        let ignored: Vec<RowFinding> = self.ignored.iter().map(finding).collect();
        noted(self.notes).into_iter().chain(ignored).collect()
    }
}

/// The advice for a name that may be the beginning of one of ours: a Shapefile keeps ten bytes.
fn cut_name(name: &str) -> Option<Text> {
    const KEPT: usize = 10;
    let cut = name.to_lowercase();
    let ours = TEXTS.iter().chain(&FACT_TEXTS).chain(&FACT_FLAGS);
    let ours = ours.chain(&["current_use", "planned_use", "assessed_use", "land_user_name", "land_user_credit_code"]);
    let mut meant = ours.filter(|ours| cut.len() == KEPT && ours.len() > KEPT && ours.starts_with(&cut));
    let meant = meant.next()?;
    Some(Text::new(
        format!("若为 {meant}（Shapefile 的字段名只保留十个字节），请在 mapping 中注明：{{\"{name}\": \"{meant}\"}}。"),
        format!(
            "If {meant} is meant (a Shapefile keeps ten bytes of a name), say so in the mapping: {{\"{name}\": \"{meant}\"}}."
        ),
    ))
}

/// What a job says of a row that was only judged.
pub fn rehearsed(row: u64, outcome: &Result<Decision>) -> Vec<RowFinding> {
    let error = match outcome {
        Ok(decision) => {
            let rules: Vec<&str> = decision.rules.iter().map(|fired| fired.rule).collect();
            let (name, rules) = (decision.verdict.as_str(), rules.join(", "));
            let fault = Fault::new(
                "",
                "would_be",
                Text::new(format!("结论将为 {name}；规则 {rules}。"), format!("Would be {name}; rules {rules}.")),
            );
            return vec![RowFinding { row, rejected: false, noted: true, fault, hint: None }];
        }
        Err(error) => error,
    };
    let whole = || Fault::new("", error.code(), error.detail().clone());
    let faults = if error.faults().is_empty() { vec![whole()] } else { error.faults().to_vec() };
    faults.into_iter().map(|fault| RowFinding { row, rejected: true, noted: false, fault, hint: None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_of_a_table_become_a_question() {
        let Value::Object(properties) = json!({
            "OPERATION": " supply ", "planned_use": "GB/T 21010-2017:0701", "current_use_system": "LUSC-2023",
            "current_use_code": 601, "former_industry": 3360, "key_unit": "否", "food_site": 1, "survey_state": "",
            "land_user": "某公司", "land_user_credit_code": "91", "address": null, "shape_area": 1.5, "name": "x",
            "assessed_use": {"system": "LUSC-2023", "code": "07"}, "already_reclaimed": "maybe"
        }) else {
            panic!("an object")
        };
        let mut ignored = BTreeSet::new();
        let feature = ImportFeature { row: 1, geometry: Value::Null, properties };
        assert_eq!(
            asked(feature, &mut ignored)["properties"],
            json!({
                "operation": "supply", "planned_use": {"system": "GB/T 21010-2017", "code": "0701"},
                "current_use": {"system": "LUSC-2023", "code": "601"}, "land_user": {"name": "某公司", "credit_code": "91"},
                "facts": {
                    "former_industry": "3360", "key_unit": false, "food_site": true, "already_reclaimed": "maybe",
                    "assessed_use": {"system": "LUSC-2023", "code": "07"}
                }
            })
        );
        assert_eq!(ignored, ["name", "shape_area"].map(str::to_owned).into());
    }
}
