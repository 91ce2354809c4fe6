//! What a file calls things, turned into what the register calls them, and what the file leaves unsaid.

use super::reader::Row;
use crate::kernel::{Error, Fault, Result, Text};
use crate::platform::geofile::Pick;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The entries of a mapping that name a file's layer, or a workbook's sheet.
const LAYERS: [&str; 2] = ["#layer", "#sheet"];
/// The entry that names the encoding of a Shapefile's texts.
const ENCODING: &str = "#encoding";

/// What a mapping says of which part of a file is read, and how.
pub(super) fn pick(given: &BTreeMap<String, String>) -> Pick<'_> {
    let said = |name: &str| given.get(name).map(String::as_str);
    Pick { layer: LAYERS.into_iter().find_map(said), encoding: said(ENCODING) }
}

/// A mapping, read. `"#layer": "宗地"` names the layer of a Shapefile or GeoPackage, `"#sheet": "地块"` the sheet of a workbook,
/// `"#encoding": "GBK"` how a Shapefile's texts are written; beside them, three kinds of entries stand in one JSON object:
///
/// * `"DKBM": "code"`: their column is our attribute;
/// * `"MAT=OHO": "medium=soil"`: where their column holds that value, our attribute is this one;
/// * `"=unit": "mg/kg"`: our attribute, where no column and no value gives it.
#[derive(Debug, Default)]
pub(super) struct Mapping<'a> {
    columns: Vec<(&'a str, &'a str)>,
    values: Vec<(&'a str, &'a str, &'a str, &'a str)>,
    constants: Vec<(&'a str, &'a str)>,
}

impl<'a> Mapping<'a> {
    /// Reads a mapping.
    ///
    /// # Errors
    /// `mapping_conflict` when two columns become one attribute, `mapping_unreadable` for an entry of no kind.
    pub(super) fn read(given: &'a BTreeMap<String, String>) -> Result<Mapping<'a>> {
        let mut mapping = Mapping::default();
        let mut ours = BTreeSet::new();
        for (theirs, our) in
            given.iter().filter(|(theirs, _)| !LAYERS.contains(&theirs.as_str()) && *theirs != ENCODING)
        {
            match theirs.split_once('=') {
                None if ours.insert(our.as_str()) => mapping.columns.push((theirs, our)),
                None => {
                    return Err(Error::fault(
                        "/mapping",
                        "mapping_conflict",
                        Text::new(
                            format!("mapping 中有两列写入同一字段“{our}”。"),
                            format!("The mapping turns two columns into `{our}`."),
                        ),
                    ));
                }
                Some(("", name)) if !name.is_empty() => mapping.constants.push((name, our)),
                Some((column, value)) => match our.split_once('=') {
                    Some((name, set)) if !column.is_empty() && !name.is_empty() => {
                        mapping.values.push((column, value, name, set));
                    }
                    _ => return Err(unreadable(theirs, our)),
                },
            }
        }
        Ok(mapping)
    }

    /// Takes entries for columns whose names the file had to cut: `parcel_code` is meant where there is only `parcel_cod`.
    pub(super) fn fit(&mut self, cut_names: &'a [String]) {
        let columns = self.columns.iter_mut().map(|(theirs, _)| theirs);
        for theirs in columns.chain(self.values.iter_mut().map(|(theirs, ..)| theirs)) {
            if cut_names.iter().any(|name| name == theirs) {
                continue;
            }
            let mut beginnings = cut_names.iter().filter(|name| theirs.starts_with(name.as_str()));
            if let (Some(only), None) = (beginnings.next(), beginnings.next()) {
                *theirs = only;
            }
        }
    }

    /// Gives a row's attributes the names and values that the register knows. `id` of theirs (`fid` in a GeoPackage) is an
    /// attribute of that name or, without one, the feature's own.
    pub(super) fn apply(&self, row: Row) -> Row {
        let Row::Feature { mut feature, id } = row else { return row };
        let matched: Vec<(&str, &str)> = self
            .values
            .iter()
            .filter(|(column, value, ..)| match feature.properties.get(*column) {
                Some(Value::String(text)) => text.trim() == *value,
                Some(Value::Number(number)) => number.to_string() == *value,
                _ => false,
            })
            .map(|(_, _, name, set)| (*name, *set))
            .collect();
        let mut found = Vec::with_capacity(self.columns.len());
        for (theirs, ours) in &self.columns {
            let value = feature.properties.remove(*theirs);
            if let Some(value) = value.or_else(|| id.clone().filter(|_| matches!(*theirs, "id" | "fid"))) {
                found.push((*ours, value));
            }
        }
        // A column whose values were turned has served, unless it is mapped or ours itself.
        let turned: BTreeSet<&str> = self.values.iter().map(|(column, ..)| *column).collect();
        for column in turned {
            let mapped = self.columns.iter().any(|(theirs, ours)| *theirs == column || *ours == column);
            if !mapped && !self.values.iter().any(|(_, _, name, _)| *name == column) {
                feature.properties.remove(column);
            }
        }
        let mut faults = Vec::new();
        for (ours, value) in found {
            if feature.properties.insert(ours.to_owned(), value).is_some() {
                faults.push(Fault::new(
                    format!("/properties/{}", ours.replace('~', "~0").replace('/', "~1")),
                    "mapping_conflict",
                    Text::new(
                        format!("要素已有字段“{ours}”，mapping 又把另一列写入该字段。"),
                        format!("The feature has a `{ours}` of its own, and the mapping turns another column into it."),
                    ),
                ));
            }
        }
        for (name, set) in matched {
            feature.properties.insert(name.to_owned(), Value::String(set.to_owned()));
        }
        for (name, value) in &self.constants {
            let said = feature.properties.get(*name).is_some_and(|said| match said {
                Value::Null => false,
                Value::String(text) => !text.trim().is_empty(),
                _ => true,
            });
            if !said {
                feature.properties.insert((*name).to_owned(), Value::String((*value).to_owned()));
            }
        }
        if faults.is_empty() { Row::Feature { feature, id } } else { Row::Broken { row: feature.row, faults } }
    }
}

fn unreadable(theirs: &str, our: &str) -> Error {
    Error::fault(
        "/mapping",
        "mapping_unreadable",
        Text::new(
            format!(
                "mapping 的“{theirs}”: “{our}”无法理解：列名对应写 \"列\": \"字段\"，取值对应写 \"列=值\": \"字段=值\"，常量写 \"=字段\": \"值\"。"
            ),
            format!(
                "The entry `{theirs}`: `{our}` of the mapping cannot be read: write \"column\": \"attribute\", \"column=value\": \"attribute=value\", or \"=attribute\": \"constant\"."
            ),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::ImportFeature;
    use serde_json::json;

    #[test]
    fn a_layer_and_an_encoding_are_no_columns_and_cut_names_are_found() {
        let given: BTreeMap<String, String> = [
            ("#layer", "宗地"),
            ("#encoding", "GBK"),
            ("土壤环境质量类别", "quality"),
            ("parcel_code", "code"),
            ("planned_use", "use"),
        ]
        .map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()))
        .into();
        let picked = pick(&given);
        assert_eq!((picked.layer, picked.encoding), (Some("宗地"), Some("GBK")));
        let cut = ["土壤环境质", "parcel_cod", "planned_us", "planned_u"].map(str::to_owned);
        let mut mapping = Mapping::read(&given).expect("a mapping");
        mapping.fit(&cut);
        mapping.columns.sort_unstable();
        // Of two beginnings neither is meant for sure.
        assert_eq!(mapping.columns, [("parcel_cod", "code"), ("planned_use", "use"), ("土壤环境质", "quality")]);
    }

    #[test]
    fn columns_values_and_constants_are_turned() {
        let given: BTreeMap<String, String> = [
            ("ID", "point_code"),
            ("MAT", "material"),
            ("MAT=OHO", "medium=soil"),
            ("=medium", "plant"),
            ("=unit", "mg/kg"),
        ]
        .map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()))
        .into();
        let mapping = Mapping::read(&given).expect("a mapping");
        let turn = |properties: Value| {
            let Value::Object(properties) = properties else { panic!("an object") };
            let feature = ImportFeature { row: 1, geometry: Value::Null, properties };
            match mapping.apply(Row::Feature { feature, id: None }) {
                Row::Feature { feature, .. } => Value::Object(feature.properties),
                Row::Broken { faults, .. } => json!(faults[0].code),
            }
        };
        assert_eq!(
            turn(json!({"ID": "1", "MAT": "OHO", "unit": ""})),
            json!({"point_code": "1", "material": "OHO", "medium": "soil", "unit": "mg/kg"})
        );
        assert_eq!(
            turn(json!({"ID": "1", "MAT": "BIL", "unit": "ng/g"})),
            json!({"point_code": "1", "material": "BIL", "medium": "plant", "unit": "ng/g"})
        );
        assert_eq!(turn(json!({"ID": "1", "point_code": "2"})), json!("mapping_conflict"));
        let bad: BTreeMap<String, String> = [("MAT=OHO".to_owned(), "soil".to_owned())].into();
        assert!(Mapping::read(&bad).is_err_and(|error| error.code() == "invalid_input"));
    }
}
