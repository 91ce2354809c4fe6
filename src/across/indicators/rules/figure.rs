//! From rows to a figure.

use super::{Definition, Measure, Operator, Target};
use crate::kernel::{Decimal, Text};
use uuid::Uuid;

/// A row behind an indicator: what it adds to the denominator, and what of it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Register of the record.
    pub register: &'static str,
    /// The record.
    pub id: Uuid,
    /// Its code for people.
    pub code: String,
    /// Its division.
    pub division_code: String,
    /// What it adds to the denominator; for a change, the amount before.
    pub whole: Decimal,
    /// What it adds to the numerator; for a change, the amount after.
    pub part: Decimal,
    /// Why it counts, or does not.
    pub why: Text,
}

/// An indicator's value.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Sum of the rows' parts.
    pub numerator: Decimal,
    /// Sum of the rows' wholes.
    pub denominator: Decimal,
    /// Per cent to two decimals, or the change in the measure's unit; `None`: there is nothing to count.
    pub value: Option<Decimal>,
}

/// How a figure stands to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = FigureStanding)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Reached.
    Met,
    /// Not reached, by no more than what "about" is taken to allow.
    NearlyMet,
    /// Not reached.
    NotMet,
    /// The target has no number, or there is nothing to count.
    Open,
}

/// The figure of an indicator's rows. The order of the rows does not matter: sums are of exact decimals.
pub fn figure(definition: &Definition, rows: &[Row]) -> Figure {
    let numerator: Decimal = rows.iter().map(|row| row.part).sum();
    let denominator: Decimal = rows.iter().map(|row| row.whole).sum();
    let value = match definition.measure {
        Measure::Change => (!rows.is_empty()).then(|| numerator - denominator),
        Measure::AreaShare | Measure::CountShare => {
            (!denominator.is_zero()).then(|| (numerator * Decimal::ONE_HUNDRED / denominator).round_dp(2))
        }
    };
    Figure {
        numerator: numerator.normalize(),
        denominator: denominator.normalize(),
        value: value.map(|v| v.normalize()),
    }
}

impl Target {
    /// How a figure stands to it; `about` is by how much a target of "about" may be missed, in the figure's unit.
    ///
    /// The share is compared unrounded: 97.996 % is not 98 %.
    pub fn judge(&self, definition: &Definition, figure: &Figure, about: Decimal) -> Standing {
        let (Some(target), Some(_)) = (self.value(), figure.value) else { return Standing::Open };
        let short_by = match definition.measure {
            Measure::Change => target - (figure.numerator - figure.denominator),
            Measure::AreaShare | Measure::CountShare => {
                // Cross-multiplied, so that nothing is rounded: target × whole − part × 100, per whole.
                (target * figure.denominator - figure.numerator * Decimal::ONE_HUNDRED) / figure.denominator
            }
        };
        match self.operator {
            _ if short_by <= Decimal::ZERO => Standing::Met,
            Operator::About if short_by <= about => Standing::NearlyMet,
            Operator::About | Operator::AtLeast => Standing::NotMet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Indicator, definition};
    use super::*;
    use proptest::prelude::*;

    fn row(part: i64, whole: i64) -> Row {
        Row {
            register: "farmland",
            id: Uuid::nil(),
            code: String::new(),
            division_code: "140602".to_owned(),
            whole: Decimal::from(whole),
            part: Decimal::from(part),
            why: Text::fixed("", ""),
        }
    }

    fn target(operator: Operator, hundredths: Option<i64>) -> Target {
        Target { operator, hundredths, ..definition(Indicator::K1).targets.first().unwrap().clone() }
    }

    #[test]
    fn a_share_is_of_the_sums_and_of_nothing_there_is_none() {
        let k1 = definition(Indicator::K1);
        let share = figure(k1, &[row(1, 1), row(1, 2), row(0, 0)]);
        assert_eq!((share.numerator, share.denominator), (Decimal::from(2), Decimal::from(3)));
        assert_eq!(share.value, Some(Decimal::new(6667, 2)));
        assert_eq!(figure(k1, &[]).value, None);
        let k6 = definition(Indicator::K6);
        assert_eq!(figure(k6, &[row(90, 100), row(50, 45)]).value, Some(Decimal::from(-5)));
        assert_eq!(figure(k6, &[]).value, None);
    }

    #[test]
    fn a_target_is_not_reached_by_rounding() {
        let k1 = definition(Indicator::K1);
        let about = Decimal::ONE;
        let nearly = figure(k1, &[row(97_996, 100_000)]);
        let at_least = target(Operator::AtLeast, Some(9_800));
        assert_eq!(nearly.value, Some(Decimal::from(98)));
        assert_eq!(at_least.judge(k1, &nearly, about), Standing::NotMet);
        assert_eq!(at_least.judge(k1, &figure(k1, &[row(98, 100)]), about), Standing::Met);
        let roughly = target(Operator::About, Some(9_000));
        for (part, standing) in [(90, Standing::Met), (89, Standing::NearlyMet), (88, Standing::NotMet)] {
            assert_eq!(roughly.judge(k1, &figure(k1, &[row(part, 100)]), about), standing, "{part}");
        }
        assert_eq!(target(Operator::AtLeast, None).judge(k1, &nearly, about), Standing::Open);
        assert_eq!(at_least.judge(k1, &figure(k1, &[]), about), Standing::Open);
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter(parts in prop::collection::vec((0_i64..1_000, 0_i64..1_000), 1..20)) {
            let rows: Vec<Row> = parts.iter().map(|(part, more)| row(*part, part + more)).collect();
            let turned: Vec<Row> = rows.iter().rev().cloned().collect();
            for indicator in Indicator::ALL {
                prop_assert_eq!(figure(definition(indicator), &rows), figure(definition(indicator), &turned));
            }
        }
    }
}
