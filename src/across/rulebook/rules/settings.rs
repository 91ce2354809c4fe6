//! What an operator may have meant: every key of `parameters` and `roll_forward` must be one that a rule reads, for a place
//! that there can be, with a number of its unit.

use crate::kernel::{DivisionCode, Text};
use crate::registers::deadline;
use crate::standards::parameters::{self, Overrides, Unit};
use std::collections::BTreeMap;

/// What is wrong with a setting: its key, and why.
pub type Wrong = (String, Text);

/// The first setting of a parameter that cannot be meant.
pub fn wrong_parameter(overrides: &Overrides) -> Option<Wrong> {
    for (id, places) in overrides {
        let Some(parameter) = parameters::find(id) else {
            return Some((
                format!("parameters.{id}"),
                no_such("参数", "parameter", id, parameters::ALL.iter().map(|p| p.id)),
            ));
        };
        for (place, value) in places {
            let key = format!("parameters.{id}.{place}");
            if DivisionCode::parse(place).is_none() {
                return Some((
                    key,
                    Text::fixed(
                        "应为六位数字的区划代码（全国为 000000）。",
                        "must be the six digits of a division (000000 for the nation).",
                    ),
                ));
            }
            if !parameter.unit.takes(*value) {
                let unit = described(parameter.unit);
                return Some((
                    key,
                    Text::new(format!("{value} 不合单位：应为{}。", unit.zh), format!("{value} is not {}.", unit.en)),
                ));
            }
        }
    }
    None
}

/// The first key of `roll_forward` that no clock has.
pub fn wrong_rolling(roll_forward: &BTreeMap<String, bool>) -> Option<Wrong> {
    let unknown = roll_forward.keys().find(|rule| deadline::find(rule).is_none())?;
    let known = deadline::RULES.iter().map(|rule| rule.id);
    Some((format!("roll_forward.{unknown}"), no_such("期限规则", "clock", unknown, known)))
}

fn no_such(zh: &str, en: &str, id: &str, known: impl Iterator<Item = &'static str>) -> Text {
    let known: Vec<&str> = known.collect();
    Text::new(
        format!("没有此{zh}：{id}；可用：{}。", known.join("、")),
        format!("no such {en}: {id}; there are {}.", known.join(", ")),
    )
}

/// In what a parameter is counted, in words.
pub fn described(unit: Unit) -> Text {
    match unit {
        Unit::Months => Text::fixed("月数（1 至 600）", "a number of months, 1 to 600"),
        Unit::WorkingDays => Text::fixed("工作日数（0 至 2500）", "a number of working days, 0 to 2500"),
        Unit::DayOfYear => {
            Text::fixed("一年中的某日，月×100＋日（如 1231）", "a day of the year, month × 100 + day (such as 1231)")
        }
        Unit::Flag => Text::fixed("1（是）或 0（否）", "1 for yes or 0 for no"),
        Unit::Percent => Text::fixed("百分数（0 至 10000）", "a percentage, 0 to 10000"),
        Unit::Count => Text::fixed("个数（1 至 1000）", "a number of things, 1 to 1000"),
        Unit::Metres => Text::fixed("米数（1 至 50000）", "a number of metres, 1 to 50000"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(id: &str, place: &str, value: u32) -> Overrides {
        Overrides::from([(id.to_owned(), BTreeMap::from([(place.to_owned(), value)]))])
    }

    #[test]
    fn what_cannot_be_meant_is_named_by_its_key() {
        let key = |overrides: Overrides| wrong_parameter(&overrides).map(|(key, _)| key);
        assert_eq!(key(set("preliminary_survey_months", "150000", 6)), None);
        assert_eq!(key(set("preliminary_survey_month", "150000", 6)).unwrap(), "parameters.preliminary_survey_month");
        for (place, value) in [("15", 6), ("150000", 0), ("neimeng", 6)] {
            let named = format!("parameters.preliminary_survey_months.{place}");
            assert_eq!(key(set("preliminary_survey_months", place, value)), Some(named));
        }
        assert!(key(set("annual_city_report_day", "000000", 1301)).is_some());
        assert!(key(set("containment_monitors_air", "000000", 2)).is_some());
        let rolling = |rule: &str| wrong_rolling(&BTreeMap::from([(rule.to_owned(), false)])).map(|(key, _)| key);
        assert_eq!(rolling("preliminary_survey_six_months"), None);
        assert_eq!(rolling("six_months").unwrap(), "roll_forward.six_months");
    }
}
