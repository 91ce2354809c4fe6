//! Rest days and working days as the State Council announces them, year by year.
//!
//! Each year's notice (国务院办公厅关于部分节假日安排的通知) prints the days that depart from the plain week: days of rest, and
//! Saturdays and Sundays worked in exchange. `workdays.csv` has one row per printed day of the years 2007 to 2026: `year`
//! (the year the notice is for), `day`, `kind` (`rest` or `work`), `name_zh` (the holiday the day belongs to) and
//! `notice_url` (the notice, as published on gov.cn). Where a second notice changed the first one (2015, 2019, 2020), the
//! row says what held in the end and names the notice that said so. A notice also prints days at the end of the year before.

use crate::kernel::{Day, Fault, Text, day::Weekday};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static PRINTED: &str = include_str!("workdays.csv");

static STATUTORY: LazyLock<WorkCalendar> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the table is part of the program, and a test reads all of it")]
    let notices = parse_notices(PRINTED).expect("workdays.csv is a calendar");
    notices.into_iter().fold(WorkCalendar { years: BTreeMap::new() }, |calendar, notice| calendar.with_year(notice))
});

/// The notices from 2007 to 2026 reach back to 29 December of the year before at the earliest; from this day of December
/// on, a year counts as open to change until the next year's notice is known.
const DECEMBER_DAY_OPEN_TO_NEXT_NOTICE: u32 = 25;

/// What a notice says of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// 休息
    Rest,
    /// 上班
    Work,
}

impl DayKind {
    /// `rest` or `work`.
    pub fn as_str(self) -> &'static str {
        match self {
            DayKind::Rest => "rest",
            DayKind::Work => "work",
        }
    }

    /// Reads `rest` or `work`.
    pub fn parse(s: &str) -> Option<DayKind> {
        [DayKind::Rest, DayKind::Work].into_iter().find(|kind| kind.as_str() == s)
    }
}

/// A day that a notice prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedDay {
    /// The day.
    pub day: Day,
    /// Rest or work.
    pub kind: DayKind,
    /// The holiday it belongs to, in Chinese.
    pub name_zh: String,
    /// Address of the notice; several, parted by spaces, where a file names several for a year; empty where it names none.
    pub notice_url: String,
}

/// The notice for one year: never empty, each day once, no day outside the year and the December before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearNotice {
    year: i32,
    days: Vec<PrintedDay>,
}

impl YearNotice {
    /// Checks the days of one year's notice; every fault is reported, with pointers `/days/<index>`.
    ///
    /// # Errors
    /// `calendar_year_empty` where no day of rest is printed (a placeholder for a year not announced yet),
    /// `calendar_day_outside_year`, `calendar_day_twice`.
    pub fn new(year: i32, days: Vec<PrintedDay>) -> Result<YearNotice, Vec<Fault>> {
        if !days.iter().any(|printed| printed.kind == DayKind::Rest && printed.day.year() == year) {
            return Err(vec![Fault::new(
                "/days",
                "calendar_year_empty",
                Text::new(
                    format!("{year} 年没有任何放假日期：该年度放假安排尚未公布，或文件不完整，不予导入。"),
                    format!(
                        "No day of rest is given for {year}: its calendar is not announced yet, or the file is incomplete. \
                         Nothing was taken from it."
                    ),
                ),
            )]);
        }
        let mut faults = Vec::new();
        let mut seen = BTreeMap::new();
        for (index, printed) in days.iter().enumerate() {
            let day = printed.day;
            if day.year() != year && !(day.year() == year - 1 && day.month() == 12) {
                faults.push(Fault::new(
                    format!("/days/{index}"),
                    "calendar_day_outside_year",
                    Text::new(
                        format!("{day} 不在 {year} 年，也不在上一年 12 月。"),
                        format!("{day} is neither in {year} nor in the December before it."),
                    ),
                ));
            }
            if let Some(first) = seen.insert(day, index) {
                faults.push(Fault::new(
                    format!("/days/{index}"),
                    "calendar_day_twice",
                    Text::new(
                        format!("{day} 重复出现（第一次在第 {} 条）。", first + 1),
                        format!("{day} is given twice (first in entry {}).", first + 1),
                    ),
                ));
            }
        }
        if faults.is_empty() { Ok(YearNotice { year, days }) } else { Err(faults) }
    }

    /// The year the notice is for.
    pub fn year(&self) -> i32 {
        self.year
    }

    /// The days it prints.
    pub fn days(&self) -> &[PrintedDay] {
        &self.days
    }

    /// What an operator should look at before relying on the notice: every year since 2007 has rested on 1 January, 1 May
    /// and 1 October, so a notice without them may be half a file; and a notice without an address cannot be looked up.
    pub fn doubts(&self) -> Vec<Text> {
        let rests = |day: Day| self.days.iter().any(|printed| printed.day == day && printed.kind == DayKind::Rest);
        let mut doubts: Vec<Text> = [(1, "元旦"), (5, "劳动节"), (10, "国庆节")]
            .into_iter()
            .map(|(month, name)| (Day::of(self.year, month, 1), name))
            .filter(|(day, _)| !rests(*day))
            .map(|(day, name)| {
                Text::new(
                    format!("{day}（{name}）未列为休息日，文件可能不完整，请核对。"),
                    format!("{day} ({}) is not given as a day of rest; the file may be incomplete.", name_en(name)),
                )
            })
            .collect();
        if self.days.iter().any(|printed| printed.notice_url.is_empty()) {
            doubts.push(Text::fixed(
                "部分日期没有注明放假通知的网址，无法核对出处。",
                "Some days name no notice, so their source cannot be looked up.",
            ));
        }
        doubts
    }
}

/// Which days are worked and which are not: an immutable value, one notice per year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    years: BTreeMap<i32, BTreeMap<Day, PrintedDay>>,
}

impl WorkCalendar {
    /// The calendar announced for 2007 to 2026.
    pub fn statutory() -> WorkCalendar {
        STATUTORY.clone()
    }

    /// This calendar with the notice of one more year, or with another notice in the place of that year's.
    #[must_use]
    pub fn with_year(&self, notice: YearNotice) -> WorkCalendar {
        let mut years = self.years.clone();
        years.insert(notice.year, notice.days.into_iter().map(|printed| (printed.day, printed)).collect());
        WorkCalendar { years }
    }

    /// This calendar as if the notice of a year were not known.
    #[must_use]
    pub fn without_year(&self, year: i32) -> WorkCalendar {
        let mut years = self.years.clone();
        years.remove(&year);
        WorkCalendar { years }
    }

    /// Whether the notice of that year is known.
    pub fn has_year(&self, year: i32) -> bool {
        self.years.contains_key(&year)
    }

    /// The years whose notices are known, ascending.
    pub fn years(&self) -> impl DoubleEndedIterator<Item = i32> + '_ {
        self.years.keys().copied()
    }

    /// What a notice prints for the day. The later year's notice speaks last for the December before it.
    pub fn printed(&self, day: Day) -> Option<&PrintedDay> {
        [day.year() + 1, day.year()].into_iter().find_map(|year| self.years.get(&year)?.get(&day))
    }

    /// Whether the day is worked; `None` where its year's calendar is not announced and no notice prints it.
    pub fn is_workday(&self, day: Day) -> Option<bool> {
        match self.printed(day) {
            Some(printed) => Some(printed.kind == DayKind::Work),
            None => self.has_year(day.year()).then(|| !is_weekend(day)),
        }
    }

    /// Whether no notice still to come can change the day: its year is announced, and it is not one of the last days of
    /// December that the next year's notice, not known yet, may print.
    pub fn is_settled(&self, day: Day) -> bool {
        let december_end = day.month() == 12 && day.day() >= DECEMBER_DAY_OPEN_TO_NEXT_NOTICE;
        self.has_year(day.year()) && (!december_end || self.has_year(day.year() + 1))
    }

    /// Why the day is not worked: the holiday, or the weekend; `None` where it is worked or not known.
    pub fn rest_reason(&self, day: Day) -> Option<Text> {
        if self.is_workday(day) != Some(false) {
            return None;
        }
        Some(match self.printed(day) {
            Some(printed) => Text::new(printed.name_zh.clone(), name_en(&printed.name_zh)),
            None => weekday_name(day),
        })
    }
}

/// Saturday or Sunday.
pub fn is_weekend(day: Day) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The day of the week by name.
pub fn weekday_name(day: Day) -> Text {
    match day.weekday() {
        Weekday::Mon => Text::fixed("星期一", "Monday"),
        Weekday::Tue => Text::fixed("星期二", "Tuesday"),
        Weekday::Wed => Text::fixed("星期三", "Wednesday"),
        Weekday::Thu => Text::fixed("星期四", "Thursday"),
        Weekday::Fri => Text::fixed("星期五", "Friday"),
        Weekday::Sat => Text::fixed("星期六", "Saturday"),
        Weekday::Sun => Text::fixed("星期日", "Sunday"),
    }
}

/// The holiday's name in English; a name that is not one of the statutory holidays stays Chinese.
pub fn name_en(name_zh: &str) -> String {
    const NAMES: [(&str, &str); 8] = [
        ("元旦", "New Year's Day"),
        ("春节", "Spring Festival"),
        ("清明", "Tomb-Sweeping Day"),
        ("劳动", "Labour Day"),
        ("端午", "Dragon Boat Festival"),
        ("中秋", "Mid-Autumn Festival"),
        ("国庆", "National Day"),
        ("抗日战争", "Victory Day, 70th anniversary"),
    ];
    name_zh
        .split('、')
        .map(|part| NAMES.iter().find(|(zh, _)| part.contains(zh)).map_or(part, |(_, en)| *en))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Reads a calendar file: the JSON form `{year, papers: [address], days: [{name, date, isOffDay}]}` of one year, or CSV with
/// the columns of `workdays.csv` for any number of years. A byte order mark is passed over.
///
/// # Errors
/// Everything wrong with the file, each with a pointer (`/days/3/date` in JSON, `/<line>/<column>` in CSV): unreadable form
/// (`calendar_unreadable`), a day or kind that is none (`calendar_day_unreadable`, `calendar_kind_unknown`), and what
/// [`YearNotice::new`] refuses, an empty year above all.
pub fn parse_notices(text: &str) -> Result<Vec<YearNotice>, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) { parse_json(text) } else { parse_csv(text) }
}

#[derive(serde::Deserialize)]
struct JsonYear {
    year: i32,
    papers: Vec<String>,
    days: Vec<JsonDay>,
}

#[derive(serde::Deserialize)]
struct JsonDay {
    name: String,
    date: String,
    #[serde(rename = "isOffDay")]
    is_off_day: bool,
}

fn unreadable(pointer: &str, cause: &dyn std::fmt::Display) -> Fault {
    Fault::new(
        pointer,
        "calendar_unreadable",
        Text::new(
            format!(
                "无法读取工作日历文件：需要 JSON {{year, papers, days:[{{name, date, isOffDay}}]}}，或列为 year,day,kind,name_zh,notice_url 的 CSV（{cause}）。"
            ),
            format!(
                "The calendar file cannot be read: it must be JSON {{year, papers, days:[{{name, date, isOffDay}}]}}, or CSV \
                 with the columns year,day,kind,name_zh,notice_url ({cause})."
            ),
        ),
    )
}

fn bad_day(pointer: String, value: &str) -> Fault {
    Fault::new(
        pointer,
        "calendar_day_unreadable",
        Text::new(
            format!("“{value}”不是日期，应为 YYYY-MM-DD。"),
            format!("`{value}` is not a day; write YYYY-MM-DD."),
        ),
    )
}

fn parse_json(text: &str) -> Result<Vec<YearNotice>, Vec<Fault>> {
    let file: JsonYear = serde_json::from_str(text).map_err(|e| vec![unreadable("", &e)])?;
    let notice_url = file.papers.join(" ");
    let mut faults = Vec::new();
    let mut days = Vec::with_capacity(file.days.len());
    for (index, given) in file.days.into_iter().enumerate() {
        match Day::parse(&given.date) {
            Some(day) => days.push(PrintedDay {
                day,
                kind: if given.is_off_day { DayKind::Rest } else { DayKind::Work },
                name_zh: given.name,
                notice_url: notice_url.clone(),
            }),
            None => faults.push(bad_day(format!("/days/{index}/date"), &given.date)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(vec![YearNotice::new(file.year, days)?])
}

#[derive(serde::Deserialize)]
struct CsvRow {
    year: i32,
    day: String,
    kind: String,
    name_zh: String,
    notice_url: String,
}

fn parse_csv(text: &str) -> Result<Vec<YearNotice>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut years: BTreeMap<i32, Vec<PrintedDay>> = BTreeMap::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    for (index, row) in reader.deserialize::<CsvRow>().enumerate() {
        let line = index + 2;
        let row = match row {
            Ok(row) => row,
            Err(e) => {
                faults.push(unreadable(&format!("/{line}"), &e));
                continue;
            }
        };
        let day = Day::parse(&row.day);
        let kind = DayKind::parse(&row.kind);
        if day.is_none() {
            faults.push(bad_day(format!("/{line}/day"), &row.day));
        }
        if kind.is_none() {
            faults.push(Fault::new(
                format!("/{line}/kind"),
                "calendar_kind_unknown",
                Text::new(
                    format!("“{}”应为 rest（休息）或 work（上班）。", row.kind),
                    format!("`{}` must be rest or work.", row.kind),
                ),
            ));
        }
        if let (Some(day), Some(kind)) = (day, kind) {
            years.entry(row.year).or_default().push(PrintedDay {
                day,
                kind,
                name_zh: row.name_zh,
                notice_url: row.notice_url,
            });
        }
    }
    if years.is_empty() && faults.is_empty() {
        faults.push(unreadable("", &"没有数据行 / no rows"));
    }
    let mut notices = Vec::with_capacity(years.len());
    for (year, days) in years {
        match YearNotice::new(year, days) {
            Ok(notice) => notices.push(notice),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() { Ok(notices) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    /// The reference data beside the repository, where it is there.
    fn shared(name: &str) -> Option<PathBuf> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
        let found = path.exists().then_some(path);
        if found.is_none() {
            println!("skipped: ../shared/{name} is not beside this checkout");
        }
        found
    }

    fn days_of(years: std::ops::RangeInclusive<i32>) -> impl Iterator<Item = Day> {
        let last = Day::of(*years.end(), 12, 31);
        std::iter::successors(Some(Day::of(*years.start(), 1, 1)), |day| Some(day.next()))
            .take_while(move |day| *day <= last)
    }

    #[test]
    fn twenty_years_are_known_and_no_more() {
        let calendar = WorkCalendar::statutory();
        assert_eq!(calendar.years().collect::<Vec<_>>(), (2007..=2026).collect::<Vec<_>>());
        assert!(days_of(2007..=2026).all(|day| calendar.is_workday(day).is_some()));
        assert_eq!(days_of(2007..=2026).count(), 7305);
        assert_eq!(calendar.is_workday(Day::of(2027, 1, 4)), None);
        assert_eq!(calendar.is_workday(Day::of(2006, 12, 29)), None);
    }

    #[test]
    fn days_read_as_the_notices_print_them() {
        let calendar = WorkCalendar::statutory();
        for (day, works, why) in [
            (Day::of(2026, 2, 14), true, None),
            (Day::of(2026, 2, 15), false, Some("春节")),
            (Day::of(2026, 2, 23), false, Some("春节")),
            (Day::of(2026, 2, 24), true, None),
            (Day::of(2026, 2, 28), true, None),
            (Day::of(2026, 9, 20), true, None),
            (Day::of(2026, 10, 10), true, None),
            (Day::of(2026, 11, 21), false, Some("星期六")),
            (Day::of(2026, 11, 22), false, Some("星期日")),
            (Day::of(2026, 11, 23), true, None),
            // The second notice of 2020 lengthened the Spring Festival; the first had 1 February worked.
            (Day::of(2020, 2, 1), false, Some("春节")),
            (Day::of(2020, 2, 3), true, None),
            // Printed by the notice for the year after.
            (Day::of(2018, 12, 29), true, None),
            (Day::of(2018, 12, 31), false, Some("元旦")),
            (Day::of(2006, 12, 30), true, None),
        ] {
            assert_eq!(calendar.is_workday(day), Some(works), "{day}");
            assert_eq!(calendar.rest_reason(day).map(|text| text.zh.into_owned()).as_deref(), why, "{day}");
        }
        let both = calendar.rest_reason(Day::of(2025, 10, 6)).unwrap();
        assert_eq!(both, Text::fixed("国庆节、中秋节", "National Day and Mid-Autumn Festival"));
    }

    #[test]
    fn every_row_names_its_notice_and_its_holiday_in_both_languages() {
        for notice in parse_notices(PRINTED).unwrap() {
            assert_eq!(notice.doubts(), [], "{}", notice.year());
            for printed in notice.days() {
                assert!(printed.notice_url.contains("www.gov.cn/"), "{printed:?}");
                assert!(name_en(&printed.name_zh).is_ascii(), "{printed:?}");
            }
        }
    }

    #[test]
    fn the_end_of_the_last_known_december_may_still_change() {
        let calendar = WorkCalendar::statutory();
        assert!(calendar.is_settled(Day::of(2026, 12, 24)));
        assert!(!calendar.is_settled(Day::of(2026, 12, 31)));
        assert!(calendar.is_settled(Day::of(2025, 12, 31)));
        assert!(!calendar.is_settled(Day::of(2027, 3, 1)));
        let printed_before = WorkCalendar::statutory();
        let earliest = printed_before
            .years
            .iter()
            .flat_map(|(year, days)| days.keys().filter(move |day| day.year() < *year))
            .map(|day| day.day())
            .min();
        assert_eq!(earliest, Some(29));
    }

    #[test]
    fn every_day_agrees_with_holiday_cn() {
        let Some(dir) = shared("data/cn_calendar") else { return };
        let calendar = WorkCalendar::statutory();
        let mut theirs = WorkCalendar { years: BTreeMap::new() };
        for year in 2007..=2026 {
            let text = std::fs::read_to_string(dir.join(format!("holiday-cn_{year}.json"))).unwrap();
            for notice in parse_notices(&text).unwrap() {
                assert_eq!(notice.year(), year);
                theirs = theirs.with_year(notice);
            }
        }
        let differing: Vec<Day> =
            days_of(2007..=2026).filter(|day| calendar.is_workday(*day) != theirs.is_workday(*day)).collect();
        assert_eq!(differing, []);
    }

    #[test]
    fn every_day_agrees_with_chinese_days() {
        let Some(dir) = shared("data/cn_calendar") else { return };
        let text = std::fs::read_to_string(dir.join("chinese-days_1.5.7.json")).unwrap();
        let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
        let calendar = WorkCalendar::statutory();
        for day in days_of(2007..=2026) {
            let listed = |list: &str| theirs[list].get(day.to_string()).is_some();
            let works = listed("workdays") || (!listed("holidays") && !is_weekend(day));
            assert_eq!(calendar.is_workday(day), Some(works), "{day}");
        }
    }

    #[test]
    fn a_year_not_announced_is_refused_in_both_languages() {
        let faults = parse_notices(r#"{"year": 2027, "papers": [], "days": []}"#).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].pointer.as_str(), faults[0].code), ("/days", "calendar_year_empty"));
        assert!(faults[0].message.zh.contains("2027 年") && faults[0].message.en.contains("not announced"));
        if let Some(dir) = shared("data/cn_calendar") {
            let text = std::fs::read_to_string(dir.join("holiday-cn_2027.json")).unwrap();
            assert_eq!(parse_notices(&text).unwrap_err()[0].code, "calendar_year_empty");
        }
    }

    #[test]
    fn a_year_is_added_in_either_form_without_touching_the_others() {
        let json = "\u{feff}{\"year\": 2027, \"papers\": [\"https://www.gov.cn/example\"], \"days\": [
            {\"name\": \"元旦\", \"date\": \"2026-12-31\", \"isOffDay\": true},
            {\"name\": \"元旦\", \"date\": \"2027-01-01\", \"isOffDay\": true},
            {\"name\": \"元旦\", \"date\": \"2027-01-03\", \"isOffDay\": false}]}";
        let csv = "year,day,kind,name_zh,notice_url\n\
                   2027,2026-12-31,rest,元旦,https://www.gov.cn/example\n\
                   2027,2027-01-01,rest,元旦,https://www.gov.cn/example\n\
                   2027,2027-01-03,work,元旦,https://www.gov.cn/example\n";
        let before = WorkCalendar::statutory();
        let from_json = parse_notices(json).unwrap();
        assert_eq!(from_json, parse_notices(csv).unwrap());
        assert_eq!(from_json[0].doubts().len(), 2, "neither 1 May nor 1 October is a day of rest");
        let after = before.with_year(from_json[0].clone());
        assert_eq!(before.is_workday(Day::of(2026, 12, 31)), Some(true));
        assert_eq!(after.is_workday(Day::of(2026, 12, 31)), Some(false));
        assert_eq!(after.is_workday(Day::of(2027, 1, 3)), Some(true));
        assert_eq!(after.is_workday(Day::of(2027, 1, 4)), Some(true));
        assert!(after.is_settled(Day::of(2026, 12, 31)));
        assert_eq!(after.without_year(2027), before);
        assert!(days_of(2007..=2025).all(|day| before.is_workday(day) == after.is_workday(day)));
    }

    #[test]
    fn every_fault_of_a_file_is_named_with_its_place() {
        for (text, expected) in [
            ("", vec![("", "calendar_unreadable")]),
            ("{\"year\": 2027}", vec![("", "calendar_unreadable")]),
            ("year,day,kind,name_zh\n2027,2027-01-01,rest,元旦\n", vec![("/2", "calendar_unreadable")]),
            (
                "year,day,kind,name_zh,notice_url\n2027,2027-1-1,rest,元旦,x\n2027,2027-01-02,off,元旦,x\n",
                vec![("/2/day", "calendar_day_unreadable"), ("/3/kind", "calendar_kind_unknown")],
            ),
            (
                "year,day,kind,name_zh,notice_url\n2027,2027-01-01,rest,元旦,x\n2027,2027-01-01,work,元旦,x\n\
                 2027,2026-11-30,work,元旦,x\n",
                vec![("/days/1", "calendar_day_twice"), ("/days/2", "calendar_day_outside_year")],
            ),
            (
                r#"{"year": 2027, "papers": [], "days": [{"name": "元旦", "date": "1 January", "isOffDay": true}]}"#,
                vec![("/days/0/date", "calendar_day_unreadable")],
            ),
        ] {
            let faults = parse_notices(text).unwrap_err();
            let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
