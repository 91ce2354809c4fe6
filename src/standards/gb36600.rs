//! GB 36600-2018: limit values for construction land (建设用地土壤污染风险管控标准（试行）).
//!
//! `gb36600.csv` has one row per printed row of tables 1 (basic items) and 2 (other items): `table`, `item`, `mandatory`,
//! `substance` (key of [`super::substances`]), `printed_zh`, the four values in mg/kg, and `background` (note ①: what is
//! above the screening value and not above the soil's background is not managed as a contaminated site).

use crate::kernel::{Decimal, quantity};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A printed row. Values in mg/kg.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Table, 1 or 2.
    pub table: u8,
    /// Item number in the table.
    pub item: u8,
    /// A basic item, analysed in every preliminary survey.
    pub mandatory: bool,
    /// Key of the substance.
    pub substance: String,
    /// The name as printed.
    pub printed_zh: String,
    /// Screening values (筛选值) of class 1 and class 2.
    pub screening: [Decimal; 2],
    /// Intervention values (管制值) of class 1 and class 2.
    pub intervention: [Decimal; 2],
    /// Held against the soil's background (arsenic, cobalt, vanadium).
    pub background: bool,
}

#[derive(serde::Deserialize)]
struct Cells {
    table: u8,
    item: u8,
    mandatory: bool,
    substance: String,
    printed_zh: String,
    screening_class1: String,
    screening_class2: String,
    intervention_class1: String,
    intervention_class2: String,
    background: bool,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    let value = |cell: &str| quantity::decimal(cell).expect("gb36600.csv holds numbers");
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    csv::Reader::from_reader(include_str!("gb36600.csv").as_bytes())
        .into_deserialize::<Cells>()
        .map(|cells| cells.expect("gb36600.csv is a table of its columns"))
        .map(|cells| Row {
            table: cells.table,
            item: cells.item,
            mandatory: cells.mandatory,
            substance: cells.substance,
            printed_zh: cells.printed_zh,
            screening: [value(&cells.screening_class1), value(&cells.screening_class2)],
            intervention: [value(&cells.intervention_class1), value(&cells.intervention_class2)],
            background: cells.background,
        })
        .collect()
});

static BY_SUBSTANCE: LazyLock<HashMap<&'static str, &'static Row>> =
    LazyLock::new(|| TABLE.iter().map(|row| (row.substance.as_str(), row)).collect());

/// Every row in printed order.
pub fn all() -> &'static [Row] {
    &TABLE
}

/// The row of a substance, by its key.
pub fn row(substance: &str) -> Option<&'static Row> {
    BY_SUBSTANCE.get(substance).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::substances;

    #[test]
    fn both_tables_are_whole_and_ordered() {
        let items = |table| all().iter().filter(|row| row.table == table).map(|row| row.item).collect::<Vec<_>>();
        assert_eq!((items(1), items(2)), ((1..=45).collect(), (1..=40).collect()));
        assert!(all().iter().all(|row| row.mandatory == (row.table == 1)));
        let background: Vec<_> = all().iter().filter(|row| row.background).map(|row| row.substance.as_str()).collect();
        assert_eq!(background, ["arsenic", "cobalt", "vanadium"]);
    }

    #[test]
    fn every_row_is_a_known_substance_and_its_values_rise() {
        for row in all() {
            assert!(substances::find(&row.substance).is_some_and(|s| s.key == row.substance), "{}", row.substance);
            assert!(substances::find(&row.printed_zh).is_some_and(|s| s.key == row.substance), "{}", row.printed_zh);
            for class in 0..2 {
                // Of some solvents both printed values are the same.
                assert!(row.screening[class] <= row.intervention[class], "{}", row.substance);
            }
            assert!(row.screening[0] <= row.screening[1] && row.intervention[0] <= row.intervention[1]);
            assert!(std::ptr::eq(super::row(&row.substance).unwrap(), row));
        }
    }
}
