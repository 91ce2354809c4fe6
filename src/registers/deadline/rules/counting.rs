//! How a period is counted: Civil Code arts 201 to 203, and the working days of the State Council's calendar.
//!
//! * The day on which a period starts is not counted (art. 201).
//! * Months and years end on the corresponding day of the last month, or on that month's end where it has no such day
//!   (art. 202).
//! * Where the last day is a statutory rest day, the day after the rest is the last one (art. 203). Holidays and weekends
//!   both count as rest; days worked in exchange count as working days. This is a setting per rule, because whether
//!   weekends count is for the operator's lawyers to say.
//! * Working days are counted by the calendar alone and so end on one: nothing is left to roll.
//!
//! What the calendar does not say is never guessed silently:
//!
//! * A period in days, months or years whose last day, or a day it would have to roll over, lies in a year whose calendar
//!   is not announced is given unrolled and marked provisional.
//! * Working days that reach into such a year are counted there as if every week were plain (Monday to Friday worked,
//!   no holiday), because a date is needed to work with; the result is marked provisional. The guess can be some days off
//!   either way: too early across a holiday, too late across days worked in exchange for one.
//! * The last days of December of the last announced year stand as announced, not provisional; a reason says that the next
//!   notice may still print them ([`WorkCalendar::is_settled`]). Whoever loads a calendar recomputes what is due there too.

use crate::kernel::{Day, Provision, Text};
use crate::standards::law::{CIVIL_201, CIVIL_202, CIVIL_203, PRODUCT_CLOCK_CHANGED};
use crate::standards::workdays::{WorkCalendar, is_weekend, weekday_name};

/// How long a period is, and in what it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Calendar months.
    Months(u32),
    /// Working days, onwards.
    WorkingDaysAfter(u32),
    /// Working days, backwards: the last day on which something may be done that must be done so long before the start.
    WorkingDaysBefore(u32),
    /// Calendar days.
    Days(u32),
    /// Calendar years.
    Years(u32),
    /// The next such day of a year after the start, as month × 100 + day: 1231.
    DayOfYear(u32),
    /// A day set by a notice or a plan: nothing to count.
    Until(Day),
}

/// The end of a period, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The day that starts the period (receipt of the notice); itself not counted.
    pub start_on: Day,
    /// The last day before any rolling.
    pub nominal_due_on: Day,
    /// The last day in time.
    pub due_on: Day,
    /// The calendar of a year that matters is not announced: `due_on` may change when it is.
    pub provisional: bool,
    /// Each step of the counting, in order.
    pub why: Vec<Reason>,
}

/// One step of a counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The step in words.
    pub text: Text,
    /// The provision that says so; `None` where the step is a fact of the calendar or a convention of this registry.
    pub basis: Option<&'static Provision>,
}

/// Counts a period from `start`. `roll_forward` moves a last day of rest to the next working day; it does nothing for
/// working days counted backwards, which keep their distance.
pub fn count(counting: Counting, start: Day, calendar: &WorkCalendar, roll_forward: bool) -> Due {
    let mut why = match counting {
        Counting::Until(_) | Counting::DayOfYear(_) => Vec::new(),
        _ => vec![Reason {
            text: Text::new(
                format!("起算日 {}不计入期间。", zh(start)),
                format!("{}, the day on which the period starts, is not counted.", en(start)),
            ),
            basis: Some(&CIVIL_201),
        }],
    };
    match counting {
        Counting::Months(months) => {
            let nominal = corresponding_day(start, months, (months, "个月", "month"), &mut why);
            finish(start, nominal, calendar, roll_forward, why)
        }
        Counting::Years(years) => {
            let nominal = corresponding_day(start, years.saturating_mul(12), (years, "年", "year"), &mut why);
            finish(start, nominal, calendar, roll_forward, why)
        }
        Counting::Days(days) => {
            let nominal = start.add_days(i64::from(days));
            why.push(Reason {
                text: Text::new(
                    format!("自次日起算 {days} 日，期间最后一日为 {}。", zh(nominal)),
                    format!("{} from the next day on end on {}.", plural(days, "day"), en(nominal)),
                ),
                basis: Some(&CIVIL_201),
            });
            finish(start, nominal, calendar, roll_forward, why)
        }
        // Nothing to count: the start itself, which may be a day of rest.
        Counting::WorkingDaysAfter(0) => finish(start, start, calendar, roll_forward, why),
        Counting::WorkingDaysAfter(days) => working_days(start, days, Direction::After, calendar, why),
        Counting::WorkingDaysBefore(days) => working_days(start, days, Direction::Before, calendar, why),
        Counting::Until(day) => {
            why.push(Reason {
                text: Text::new(
                    format!("最后一日由通知或方案载明：{}。", zh(day)),
                    format!("The last day is set by the notice or plan: {}.", en(day)),
                ),
                basis: None,
            });
            finish(start, day, calendar, roll_forward, why)
        }
        Counting::DayOfYear(month_day) => {
            let day = next_day_of_year(start, month_day);
            let (month, number) = (month_day / 100, month_day % 100);
            why.push(Reason {
                text: Text::new(
                    format!("{}之后的首个 {month} 月 {number} 日为 {}。", zh(start), zh(day)),
                    format!("The first {month:02}-{number:02} after {} is {}.", en(start), en(day)),
                ),
                basis: None,
            });
            finish(start, day, calendar, roll_forward, why)
        }
    }
}

/// The first day of that month and number (month × 100 + day) after `start`. A number that the month has not is its last day.
pub fn next_day_of_year(start: Day, month_day: u32) -> Day {
    let (month, number) = (month_day / 100, month_day % 100);
    let first = start.add_days(1 - i64::from(start.day()));
    (0..=12)
        .map(|ahead| first.add_months(ahead))
        .filter(|first| first.month() == month)
        .map(|first| first.add_days(i64::from(number) - 1).min(first.add_months(1).add_days(-1)))
        .find(|day| *day > start)
        .unwrap_or(start)
}

/// The end of a period that stood still for so many calendar days: they are added to the last day before rolling, which is
/// then rolled anew.
pub fn shift(due: Due, days: i64, calendar: &WorkCalendar, roll_forward: bool) -> Due {
    let nominal = due.nominal_due_on.add_days(days);
    let mut why = due.why;
    why.push(Reason {
        text: Text::new(
            format!("中止 {days} 日不计入期间，顺加后为 {}。", zh(nominal)),
            format!(
                "{} of suspension are not counted; added, they lead to {}.",
                plural(u32::try_from(days).unwrap_or(0), "day"),
                en(nominal)
            ),
        ),
        basis: Some(&PRODUCT_CLOCK_CHANGED),
    });
    finish(due.start_on, nominal, calendar, roll_forward, why)
}

/// The end of a period that was extended: the day decided, as it is; never earlier than what it would be without.
pub fn extend(due: Due, until: Day) -> Due {
    let until = until.max(due.due_on);
    let mut why = due.why;
    why.push(Reason {
        text: Text::new(
            format!("经决定延期至 {}（所定之日不再顺延）。", zh(until)),
            format!("Extended by decision until {} (a day decided does not roll).", en(until)),
        ),
        basis: Some(&PRODUCT_CLOCK_CHANGED),
    });
    Due { start_on: due.start_on, nominal_due_on: until, due_on: until, provisional: false, why }
}

fn corresponding_day(
    start: Day,
    months: u32,
    (number, unit_zh, unit_en): (u32, &str, &str),
    why: &mut Vec<Reason>,
) -> Day {
    let nominal = start.add_months(months);
    let length = plural(number, unit_en);
    let text = if nominal.day() == start.day() {
        Text::new(
            format!("{number} {unit_zh}后到期月的对应日为 {}，为期间最后一日。", zh(nominal)),
            format!("The corresponding day {length} later is {}, the last day of the period.", en(nominal)),
        )
    } else {
        Text::new(
            format!("{number} {unit_zh}后的到期月没有 {} 日，以月末日 {}为期间最后一日。", start.day(), zh(nominal)),
            format!(
                "The month {length} later has no day {}; its last day, {}, is the last day of the period.",
                start.day(),
                en(nominal)
            ),
        )
    };
    why.push(Reason { text, basis: Some(&CIVIL_202) });
    nominal
}

/// Rolls the last day where it has to be, and says so.
fn finish(start: Day, nominal: Day, calendar: &WorkCalendar, roll_forward: bool, mut why: Vec<Reason>) -> Due {
    let mut provisional = false;
    let mut due_on = nominal;
    if roll_forward {
        match roll(nominal, calendar) {
            Ok(rolled) => {
                due_on = rolled;
                why.push(Reason { text: rolled_text(nominal, rolled, calendar), basis: Some(&CIVIL_203) });
                if !calendar.is_settled(rolled) {
                    why.push(december(rolled));
                }
            }
            Err(unknown) => {
                provisional = true;
                why.push(Reason {
                    text: Text::new(
                        format!(
                            "{} 年放假安排尚未公布，无法判断是否为休假日：暂按 {}计，不顺延，待公布后重新计算。",
                            unknown.year(),
                            zh(nominal)
                        ),
                        format!(
                            "The calendar of {} is not announced, so the days of rest are not known: {} is given unrolled, \
                             provisionally, and computed again when the calendar is loaded.",
                            unknown.year(),
                            en(nominal)
                        ),
                    ),
                    basis: Some(&CIVIL_203),
                });
            }
        }
    } else if let Some(rest) = calendar.rest_reason(nominal) {
        why.push(Reason {
            text: Text::new(
                format!("{}为休假日（{}）；按本规则的设置不顺延。", zh(nominal), rest.zh),
                format!("{} is a day of rest ({}); this rule is set not to roll forward.", en(nominal), rest.en),
            ),
            basis: None,
        });
    }
    Due { start_on: start, nominal_due_on: nominal, due_on, provisional, why }
}

/// The first working day from `day` on, or the first day on the way that the calendar does not know.
fn roll(day: Day, calendar: &WorkCalendar) -> Result<Day, Day> {
    let mut at = day;
    // Ends: the calendar knows finitely many days.
    loop {
        match calendar.is_workday(at) {
            Some(true) => return Ok(at),
            Some(false) => at = at.next(),
            None => return Err(at),
        }
    }
}

fn rolled_text(nominal: Day, rolled: Day, calendar: &WorkCalendar) -> Text {
    match calendar.rest_reason(nominal) {
        Some(rest) => Text::new(
            format!("{}为法定休假日（{}），以休假日结束的次日 {}为期间最后一日。", zh(nominal), rest.zh, zh(rolled)),
            format!(
                "{} is a statutory rest day ({}); the day after the rest, {}, is the last day of the period.",
                en(nominal),
                rest.en,
                en(rolled)
            ),
        ),
        None if is_weekend(nominal) => Text::new(
            format!("{}为调休上班日，不顺延。", zh(nominal)),
            format!("{} is worked in exchange for a holiday and stays the last day.", en(nominal)),
        ),
        None => Text::new(
            format!("{}为工作日，不顺延。", zh(nominal)),
            format!("{} is a working day and stays the last day.", en(nominal)),
        ),
    }
}

/// The step that warns of the next year's notice.
fn december(day: Day) -> Reason {
    let next = day.year() + 1;
    Reason {
        text: Text::new(
            format!("{next} 年放假安排尚未公布，可能涉及 {}前后的日期，公布后重新计算。", zh(day)),
            format!(
                "The calendar of {next} is not announced; it may still change days around {}, and the date is computed \
                 again when it is loaded.",
                en(day)
            ),
        ),
        basis: None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    After,
    Before,
}

fn working_days(start: Day, days: u32, direction: Direction, calendar: &WorkCalendar, mut why: Vec<Reason>) -> Due {
    let step = if direction == Direction::After { 1 } else { -1 };
    let mut at = start;
    let mut left = days;
    let mut unknown_years = Vec::new();
    let mut holidays: Vec<Text> = Vec::new();
    let mut made_up = Vec::new();
    let mut unsettled = None;
    while left > 0 {
        let next = at.add_days(step);
        // At the end of what a date can hold there is nothing left to count.
        if (next > at) != (direction == Direction::After) {
            break;
        }
        at = next;
        let works = calendar.is_workday(at).unwrap_or_else(|| {
            if !unknown_years.contains(&at.year()) {
                unknown_years.push(at.year());
            }
            !is_weekend(at)
        });
        if calendar.has_year(at.year()) && !calendar.is_settled(at) {
            unsettled = Some(at);
        }
        if works {
            left -= 1;
            if is_weekend(at) {
                made_up.push(at);
            }
        } else if let Some(printed) = calendar.printed(at) {
            let name = Text::new(printed.name_zh.clone(), crate::standards::workdays::name_en(&printed.name_zh));
            if !holidays.contains(&name) {
                holidays.push(name);
            }
        }
    }
    let mut zh_notes = vec!["周末和法定节假日不计".to_owned()];
    let mut en_notes = vec!["weekends and public holidays are left out".to_owned()];
    if !holidays.is_empty() {
        zh_notes.push(format!("期间有{}", join(holidays.iter().map(|name| name.zh.as_ref()), "、")));
        en_notes.push(format!("among them {}", join(holidays.iter().map(|name| name.en.as_ref()), ", ")));
    }
    if !made_up.is_empty() {
        zh_notes.push(format!("调休上班日 {} 计入", join(made_up.iter().map(Day::to_string), "、")));
        en_notes.push(format!("make-up days are counted: {}", join(made_up.iter().map(Day::to_string), ", ")));
    }
    let (zh_way, en_way) = match direction {
        Direction::After => ("自次日起向后", "onwards from the next day"),
        Direction::Before => ("自前一日起向前", "backwards from the day before"),
    };
    why.push(Reason {
        text: Text::new(
            format!("{zh_way}计 {days} 个工作日至 {}（{}）。", zh(at), zh_notes.join("；")),
            format!("{} counted {en_way} reach {} ({}).", plural(days, "working day"), en(at), en_notes.join("; ")),
        ),
        basis: None,
    });
    if !unknown_years.is_empty() {
        why.push(Reason {
            text: Text::new(
                format!(
                    "{} 年放假安排尚未公布：暂以周一至周五为工作日推算，待公布后重新计算。",
                    join(unknown_years.iter().map(i32::to_string), "、")
                ),
                format!(
                    "The calendar of {} is not announced: Monday to Friday are taken as working days there, provisionally, \
                     and the date is computed again when the calendar is loaded.",
                    join(unknown_years.iter().map(i32::to_string), ", ")
                ),
            ),
            basis: None,
        });
    } else if let Some(day) = unsettled {
        why.push(december(day));
    }
    Due { start_on: start, nominal_due_on: at, due_on: at, provisional: !unknown_years.is_empty(), why }
}

fn zh(day: Day) -> String {
    format!("{day}（{}）", weekday_name(day).zh)
}

fn en(day: Day) -> String {
    format!("{day} ({})", weekday_name(day).en)
}

fn plural(number: u32, unit: &str) -> String {
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

fn join(parts: impl Iterator<Item = impl Into<String>>, between: &str) -> String {
    parts.map(Into::into).collect::<Vec<String>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::workdays::parse_notices;
    use proptest::prelude::*;
    use std::path::Path;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// `6_months`, `5_working_days_before`.
    fn counting(rule: &str) -> Counting {
        let (number, unit) = rule.split_once('_').unwrap();
        let number = number.parse().unwrap();
        match unit {
            "months" => Counting::Months(number),
            "working_days_after" => Counting::WorkingDaysAfter(number),
            "working_days_before" => Counting::WorkingDaysBefore(number),
            other => panic!("the vectors have a new unit: {other}"),
        }
    }

    const VECTORS: [(&str, &str, &str); 11] = [
        ("6_months", "2017-08-31", "2018-02-28"),
        ("6_months", "2021-08-30", "2022-02-28"),
        ("6_months", "2020-02-29", "2020-08-31"),
        ("6_months", "2025-08-16", "2026-02-24"),
        ("6_months", "2026-04-01", "2026-10-08"),
        ("6_months", "2026-05-21", "2026-11-23"),
        ("5_working_days_before", "2021-10-11", "2021-09-28"),
        ("15_working_days_before", "2021-10-11", "2021-09-14"),
        ("5_working_days_before", "2026-02-25", "2026-02-11"),
        ("20_working_days_after", "2026-09-18", "2026-10-22"),
        ("20_working_days_after", "2026-02-10", "2026-03-16"),
    ];

    fn holds(rule: &str, start: &str, expected: &str) {
        let due = count(counting(rule), day(start), &WorkCalendar::statutory(), true);
        assert_eq!((due.due_on, due.provisional), (day(expected), false), "{rule} from {start}");
    }

    #[test]
    fn the_vectors_of_the_rulebook_hold() {
        for (rule, start, expected) in VECTORS {
            holds(rule, start, expected);
        }
    }

    #[test]
    fn every_row_of_the_vector_file_holds_and_is_among_the_constants() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/deadline_vectors.csv");
        if !path.exists() {
            println!("skipped: ../shared/domain/deadline_vectors.csv is not beside this checkout");
            return;
        }
        let mut reader = csv::Reader::from_path(path).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert!(rows.len() >= VECTORS.len());
        for row in &rows {
            holds(&row[0], &row[1], &row[2]);
            assert!(VECTORS.contains(&(&row[0], &row[1], &row[2])), "{row:?} is not among the constants");
        }
    }

    fn articles(due: &Due) -> Vec<Option<String>> {
        due.why
            .iter()
            .map(|reason| reason.basis.and_then(|basis| basis.cite(day("2026-01-01"))).map(|citation| citation.article))
            .collect()
    }

    #[test]
    fn each_step_is_told_in_both_languages_with_its_article() {
        let due = count(Counting::Months(6), day("2025-08-16"), &WorkCalendar::statutory(), true);
        assert_eq!(due.nominal_due_on, day("2026-02-16"));
        assert_eq!(articles(&due), ["201", "202", "203"].map(|article| Some(article.to_owned())));
        assert_eq!(
            due.why[2].text,
            Text::fixed(
                "2026-02-16（星期一）为法定休假日（春节），以休假日结束的次日 2026-02-24（星期二）为期间最后一日。",
                "2026-02-16 (Monday) is a statutory rest day (Spring Festival); the day after the rest, 2026-02-24 (Tuesday), \
                 is the last day of the period.",
            )
        );
        let clipped = count(Counting::Months(6), day("2017-08-31"), &WorkCalendar::statutory(), true);
        assert!(clipped.why[1].text.zh.contains("没有 31 日") && clipped.why[1].text.en.contains("has no day 31"));
        let counted = count(Counting::WorkingDaysAfter(20), day("2026-09-18"), &WorkCalendar::statutory(), true);
        for said in ["中秋节、国庆节", "2026-09-20、2026-10-10"] {
            assert!(counted.why[1].text.zh.contains(said), "{}", counted.why[1].text);
        }
    }

    #[test]
    fn rolling_forward_is_a_setting() {
        let due = count(Counting::Months(6), day("2026-05-21"), &WorkCalendar::statutory(), false);
        assert_eq!((due.nominal_due_on, due.due_on), (day("2026-11-21"), day("2026-11-21")));
        assert!(!due.provisional);
        assert!(due.why.last().unwrap().text.en.contains("set not to roll forward"));
        // Nothing of the calendar is asked, so nothing of it can be missing.
        assert!(!count(Counting::Months(6), day("2026-08-21"), &WorkCalendar::statutory(), false).provisional);
    }

    #[test]
    fn days_and_years_are_counted_and_rolled() {
        let calendar = WorkCalendar::statutory();
        for (counting, start, nominal, due_on) in [
            (Counting::Days(10), "2026-09-25", "2026-10-05", "2026-10-08"),
            (Counting::Days(1), "2026-09-19", "2026-09-20", "2026-09-20"),
            (Counting::Years(1), "2024-02-29", "2025-02-28", "2025-02-28"),
            (Counting::Years(2), "2023-10-02", "2025-10-02", "2025-10-09"),
            (Counting::WorkingDaysAfter(0), "2026-11-21", "2026-11-21", "2026-11-23"),
            (Counting::WorkingDaysBefore(0), "2026-11-21", "2026-11-21", "2026-11-21"),
        ] {
            let due = count(counting, day(start), &calendar, true);
            assert_eq!((due.nominal_due_on, due.due_on), (day(nominal), day(due_on)), "{counting:?} from {start}");
        }
    }

    fn announced_2027() -> WorkCalendar {
        let notice = "year,day,kind,name_zh,notice_url\n2027,2026-12-31,rest,元旦,x\n2027,2027-01-01,rest,元旦,x\n\
                      2027,2027-05-01,rest,劳动节,x\n2027,2027-05-03,rest,劳动节,x\n2027,2027-05-08,work,劳动节,x\n";
        WorkCalendar::statutory().with_year(parse_notices(notice).unwrap().remove(0))
    }

    #[test]
    fn a_year_not_announced_gives_an_unrolled_provisional_date_until_it_is() {
        let known = WorkCalendar::statutory();
        // 2027-05-01 is a Saturday, which is not said as long as its year is not announced.
        let before = count(Counting::Months(6), day("2026-11-01"), &known, true);
        assert_eq!(
            (before.nominal_due_on, before.due_on, before.provisional),
            (day("2027-05-01"), day("2027-05-01"), true)
        );
        let said = &before.why.last().unwrap().text;
        assert!(said.zh.contains("2027 年放假安排尚未公布") && said.en.contains("2027 is not announced"));
        let after = count(Counting::Months(6), day("2026-11-01"), &announced_2027(), true);
        assert_eq!(
            (after.nominal_due_on, after.due_on, after.provisional),
            (day("2027-05-01"), day("2027-05-04"), false)
        );
    }

    #[test]
    fn a_rest_that_runs_into_a_year_not_announced_is_not_rolled_half_way() {
        // 2023-12-30 is a Saturday; the next working day is 2024-01-02, which takes the notice for 2024 to know.
        let without = WorkCalendar::statutory().without_year(2024);
        let due = count(Counting::Months(6), day("2023-06-30"), &without, true);
        assert_eq!((due.due_on, due.provisional), (day("2023-12-30"), true));
        assert!(due.why.last().unwrap().text.zh.contains("2024"));
        let due = count(Counting::Months(6), day("2023-06-30"), &WorkCalendar::statutory(), true);
        assert_eq!((due.due_on, due.provisional), (day("2024-01-02"), false));
    }

    #[test]
    fn the_end_of_december_warns_of_the_next_notice() {
        let start = day("2026-06-30");
        let before = count(Counting::Months(6), start, &WorkCalendar::statutory(), true);
        assert_eq!((before.due_on, before.provisional), (day("2026-12-30"), false));
        assert!(before.why.last().unwrap().text.en.contains("2027 is not announced"));
        let after = count(Counting::Months(6), start, &announced_2027(), true);
        assert_eq!(after.due_on, day("2026-12-30"));
        assert!(after.why.last().unwrap().basis.is_some());
        // What the notice then prints moves the date, although it was not provisional.
        let due = count(Counting::Days(1), day("2026-12-30"), &announced_2027(), true);
        assert_eq!(due.due_on, day("2027-01-04"));
    }

    #[test]
    fn working_days_in_a_year_not_announced_are_guessed_by_the_plain_week_and_provisional() {
        let known = WorkCalendar::statutory();
        let due = count(Counting::WorkingDaysAfter(5), day("2026-12-30"), &known, true);
        assert_eq!((due.due_on, due.provisional), (day("2027-01-06"), true));
        assert!(due.why.last().unwrap().text.zh.contains("2027 年放假安排尚未公布"));
        let due = count(Counting::WorkingDaysAfter(5), day("2026-12-30"), &announced_2027(), true);
        assert_eq!((due.due_on, due.provisional), (day("2027-01-08"), false));
        let due = count(Counting::WorkingDaysBefore(5), day("2027-01-04"), &known, true);
        assert_eq!((due.due_on, due.provisional), (day("2026-12-28"), true));
        let due = count(Counting::WorkingDaysAfter(2), day("2026-12-28"), &known, true);
        assert_eq!((due.due_on, due.provisional), (day("2026-12-30"), false));
        assert!(due.why.last().unwrap().text.en.contains("2027 is not announced"));
    }

    #[test]
    fn no_length_overflows() {
        for counting in [Counting::Months(u32::MAX), Counting::Years(u32::MAX), Counting::Days(u32::MAX)] {
            let due = count(counting, day("2026-11-21"), &WorkCalendar::statutory(), true);
            assert!(due.provisional && due.due_on > Day::of(9999, 12, 31), "{counting:?}");
        }
    }

    fn starts() -> impl Strategy<Value = Day> {
        // Every day from 2007 to the end of 2027, so that the edge of the known years is among them.
        (0_i64..7670).prop_map(|days| Day::of(2007, 1, 1).add_days(days))
    }

    fn countings() -> impl Strategy<Value = Counting> {
        prop_oneof![
            (0_u32..40).prop_map(Counting::Months),
            (0_u32..60).prop_map(Counting::WorkingDaysAfter),
            (0_u32..60).prop_map(Counting::WorkingDaysBefore),
            (0_u32..400).prop_map(Counting::Days),
            (0_u32..4).prop_map(Counting::Years),
        ]
    }

    proptest! {
        #[test]
        fn a_due_date_is_never_before_the_nominal_one_and_is_worked_when_rolled_and_known(
            counting in countings(), start in starts(), roll_forward: bool
        ) {
            let calendar = WorkCalendar::statutory();
            let due = count(counting, start, &calendar, roll_forward);
            prop_assert!(due.due_on >= due.nominal_due_on);
            let backwards_nothing = counting == Counting::WorkingDaysBefore(0);
            if roll_forward && !due.provisional && !backwards_nothing {
                prop_assert_eq!(calendar.is_workday(due.due_on), Some(true));
                // Nothing between the nominal day and the due date was worked.
                let between = due.due_on.days_since(due.nominal_due_on);
                prop_assert!((0..between).all(|n| calendar.is_workday(due.nominal_due_on.add_days(n)) == Some(false)));
            }
            if !roll_forward || due.provisional {
                prop_assert_eq!(due.due_on, due.nominal_due_on);
            }
            prop_assert!(due.why.iter().all(|reason| !reason.text.zh.is_empty() && reason.text.en.is_ascii()));
        }

        #[test]
        fn a_later_start_is_never_due_earlier(
            counting in countings(), start in starts(), later in 0_i64..60, roll_forward: bool
        ) {
            let calendar = WorkCalendar::statutory();
            let first = count(counting, start, &calendar, roll_forward);
            let second = count(counting, start.add_days(later), &calendar, roll_forward);
            prop_assert!(first.due_on <= second.due_on, "{first:?} {second:?}");
        }

        #[test]
        fn there_and_back_ends_on_the_last_working_day_at_or_before_the_start(days in 1_u32..60, start in starts()) {
            let calendar = WorkCalendar::statutory();
            let there = count(Counting::WorkingDaysAfter(days), start, &calendar, true);
            let back = count(Counting::WorkingDaysBefore(days), there.due_on, &calendar, true);
            prop_assert!(back.due_on <= start);
            if !there.provisional && !back.provisional {
                let rests = start.days_since(back.due_on);
                prop_assert_eq!(calendar.is_workday(back.due_on), Some(true));
                prop_assert!((0..rests).all(|n| calendar.is_workday(start.add_days(-n)) == Some(false)));
            }
        }

        #[test]
        fn as_many_working_days_lie_in_a_period_as_it_counts(days in 1_u32..60, start in starts()) {
            let calendar = WorkCalendar::statutory();
            let due = count(Counting::WorkingDaysAfter(days), start, &calendar, true);
            prop_assume!(!due.provisional);
            let worked = (1..=due.due_on.days_since(start))
                .filter(|n| calendar.is_workday(start.add_days(*n)) == Some(true))
                .count();
            prop_assert_eq!(u32::try_from(worked).unwrap(), days);
        }

        #[test]
        fn a_date_that_is_not_provisional_does_not_change_with_a_later_year(
            counting in countings(), start in starts(), known_to in 2008_i32..2026
        ) {
            let all = WorkCalendar::statutory();
            let then = (known_to + 1..=2026).fold(all.clone(), |calendar, year| calendar.without_year(year));
            let before = count(counting, start, &then, true);
            let warned = before.why.iter().any(|reason| reason.text.en.contains("not announced"));
            if !warned {
                prop_assert_eq!(before.due_on, count(counting, start, &all, true).due_on);
            }
        }
    }
}
