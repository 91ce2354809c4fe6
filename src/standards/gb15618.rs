//! GB 15618-2018: limit values for farmland (农用地土壤污染风险管控标准（试行）).
//!
//! `gb15618.csv` has one row per printed value: table 1 (screening, basic items), table 2 (screening, other items), table 3
//! (intervention): `table`, `item`, `kind`, `mandatory`, `substance` (key of [`super::substances`]), `printed_zh`, `land`
//! (`paddy` 水田, `orchard` 果园, `other` 其他, `any` where the table does not tell), `ph_gt`, `ph_le` (the band's edges; a pH
//! of exactly 5.5 is in the band up to 5.5) and `value` in mg/kg. Metals are totals.

use crate::kernel::{Decimal, quantity};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Land as the tables' rows tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Land {
    /// 水田
    Paddy,
    /// 果园
    Orchard,
    /// 其他
    Other,
    /// 水旱轮作: paddy and upland in turn, held to the stricter value (note to table 1).
    Rotation,
}

/// Which of the two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// 风险筛选值
    Screening,
    /// 风险管制值
    Intervention,
}

/// Land of a printed row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// 水田
    Paddy,
    /// 果园
    Orchard,
    /// 其他
    Other,
    /// The table does not tell kinds of land apart.
    Any,
}

/// A printed value, mg/kg.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Table, 1 to 3.
    pub table: u8,
    /// Item number in the table.
    pub item: u8,
    /// Which value.
    pub kind: Value,
    /// A basic item.
    pub mandatory: bool,
    /// Key of the substance.
    pub substance: String,
    /// The name as printed.
    pub printed_zh: String,
    /// For which land.
    pub land: Column,
    /// The band begins above this pH.
    pub ph_gt: Option<Decimal>,
    /// The band ends with this pH.
    pub ph_le: Option<Decimal>,
    /// The value.
    pub value: Decimal,
}

/// What the standard says of a substance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The value that applies.
    Row(&'static Row),
    /// The value turns on the pH, which is not known.
    PhNeeded,
    /// The standard has no such value for the substance.
    None,
}

#[derive(serde::Deserialize)]
struct Cells {
    table: u8,
    item: u8,
    kind: Value,
    mandatory: bool,
    substance: String,
    printed_zh: String,
    land: Column,
    ph_gt: Option<String>,
    ph_le: Option<String>,
    value: String,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    let number = |cell: &str| quantity::decimal(cell).expect("gb15618.csv holds numbers");
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    csv::Reader::from_reader(include_str!("gb15618.csv").as_bytes())
        .into_deserialize::<Cells>()
        .map(|cells| cells.expect("gb15618.csv is a table of its columns"))
        .map(|cells| Row {
            table: cells.table,
            item: cells.item,
            kind: cells.kind,
            mandatory: cells.mandatory,
            substance: cells.substance,
            printed_zh: cells.printed_zh,
            land: cells.land,
            ph_gt: cells.ph_gt.as_deref().map(number),
            ph_le: cells.ph_le.as_deref().map(number),
            value: number(&cells.value),
        })
        .collect()
});

/// The rows of a substance's value.
static BY_SUBSTANCE: LazyLock<HashMap<(Value, &'static str), Vec<&'static Row>>> = LazyLock::new(|| {
    let mut rows: HashMap<_, Vec<_>> = HashMap::new();
    for row in TABLE.iter() {
        rows.entry((row.kind, row.substance.as_str())).or_default().push(row);
    }
    rows
});

impl Land {
    /// The land of a unit's land type (`paddy`, `upland`, `irrigated`, `orchard`, `grassland`, `forest`). Orchards and pasture
    /// are held to the standard by reference.
    pub fn of(land_type: &str) -> Land {
        match land_type {
            "paddy" => Land::Paddy,
            "orchard" => Land::Orchard,
            _ => Land::Other,
        }
    }

    /// The printed columns that may speak for this land, given what a substance's rows tell apart.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Land::Paddy => &[Column::Paddy],
            Land::Orchard => &[Column::Orchard],
            Land::Other => &[Column::Other],
            Land::Rotation => &[Column::Paddy, Column::Other],
        }
    }
}

impl Row {
    /// Whether a pH lies in the row's band. A row without a band takes every pH, and none.
    fn takes(&self, ph: Option<Decimal>) -> bool {
        match ph {
            Some(ph) => self.ph_gt.is_none_or(|edge| ph > edge) && self.ph_le.is_none_or(|edge| ph <= edge),
            None => !self.is_banded(),
        }
    }

    fn is_banded(&self) -> bool {
        self.ph_gt.is_some() || self.ph_le.is_some()
    }
}

/// Every row in printed order.
pub fn all() -> &'static [Row] {
    &TABLE
}

/// The value that applies to a substance (by key) on this land at this pH.
pub fn find(value: Value, substance: &str, land: Land, ph: Option<Decimal>) -> Found {
    let Some(rows) = BY_SUBSTANCE.get(&(value, substance)) else { return Found::None };
    // Copper tells orchards from the rest, most metals paddy from the rest: whatever is not told apart is "other".
    let told = |column: Column| rows.iter().any(|row| row.land == column);
    let speaks = |row: &Row| {
        row.land == Column::Any
            || land.columns().iter().any(|column| row.land == if told(*column) { *column } else { Column::Other })
    };
    let fitting = rows.iter().copied().filter(|row| speaks(row));
    match fitting.clone().filter(|row| row.takes(ph)).min_by_key(|row| row.value) {
        Some(row) => Found::Row(row),
        None if fitting.clone().any(Row::is_banded) => Found::PhNeeded,
        None => Found::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::substances;

    fn value(kind: Value, substance: &str, land: Land, ph: &str) -> Option<String> {
        match find(kind, substance, land, quantity::decimal(ph).ok()) {
            Found::Row(row) => Some(row.value.to_string()),
            _ => None,
        }
    }

    #[test]
    fn the_tables_are_whole() {
        let rows = |table| all().iter().filter(|row| row.table == table).count();
        assert_eq!([rows(1), rows(2), rows(3)], [56, 3, 20]);
        for row in all() {
            assert!(substances::find(&row.substance).is_some_and(|s| s.key == row.substance), "{}", row.substance);
            assert_eq!(row.kind == Value::Intervention, row.table == 3);
        }
    }

    #[test]
    fn a_band_ends_with_its_edge() {
        for (ph, expected) in
            [("5.5", "0.3"), ("5.50001", "0.4"), ("6.5", "0.4"), ("6.51", "0.6"), ("7.5", "0.6"), ("7.500001", "0.8")]
        {
            assert_eq!(value(Value::Screening, "cadmium", Land::Paddy, ph).as_deref(), Some(expected), "{ph}");
        }
        assert_eq!(find(Value::Screening, "cadmium", Land::Paddy, None), Found::PhNeeded);
        assert_eq!(value(Value::Screening, "benzo_a_pyrene", Land::Paddy, "").as_deref(), Some("0.55"));
        assert_eq!(find(Value::Intervention, "zinc", Land::Paddy, quantity::decimal("7").ok()), Found::None);
    }

    #[test]
    fn land_is_told_as_each_substance_tells_it() {
        for (substance, land, expected) in [
            ("copper", Land::Orchard, "150"),
            ("copper", Land::Paddy, "50"),
            ("copper", Land::Rotation, "50"),
            ("cadmium", Land::Orchard, "0.3"),
            ("zinc", Land::Orchard, "200"),
            // Mercury is stricter on paddy, lead at a low pH on the rest: rotation takes the stricter of the two.
            ("mercury", Land::Rotation, "0.5"),
            ("lead", Land::Rotation, "70"),
        ] {
            assert_eq!(
                value(Value::Screening, substance, land, "5").as_deref(),
                Some(expected),
                "{substance} {land:?}"
            );
        }
    }

    #[test]
    fn screening_lies_below_intervention_everywhere() {
        for substance in ["cadmium", "mercury", "arsenic", "lead", "chromium"] {
            for land in [Land::Paddy, Land::Orchard, Land::Other, Land::Rotation] {
                for ph in ["4", "6", "7", "8"] {
                    let ph = quantity::decimal(ph).ok();
                    let (Found::Row(low), Found::Row(high)) =
                        (find(Value::Screening, substance, land, ph), find(Value::Intervention, substance, land, ph))
                    else {
                        unreachable!("both are printed for {substance}")
                    };
                    assert!(low.value < high.value);
                }
            }
        }
    }
}
