//! What a key unit owes, as data (rulebook 2.6). One row is one duty: who owes it, how often, what it stands on, where and
//! from when to when. From 2026-08-15 the Code adds hidden dangers to groundwater and underground tanks (art. 414).

use crate::kernel::{Confidence, Day, Provision, Text};
use crate::platform::Role;
use crate::standards::law::{self, CODE_IN_FORCE};
use crate::standards::parameters::{DEMOLITION_FILING_WORKING_DAYS, Parameter};
use Confidence::{Recalled, Verified};

/// How often, or by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Once within so many months of the listing, then again after at least and at most so many.
    Rounds {
        /// Months from the listing to the first round.
        first: u32,
        /// Fewest months between rounds.
        least: u32,
        /// Most months between rounds.
        most: u32,
    },
    /// Every so many months; more often where a groundwater-sensitive area lies within a kilometre.
    Every {
        /// Months.
        months: u32,
        /// Months beside a groundwater-sensitive area, where they differ.
        beside_sensitive: Option<u32>,
    },
    /// By a day.
    By(Day),
    /// So long before it is done, as the parameter has it.
    Before(&'static Parameter),
    /// Before it is done; no time is printed.
    BeforeItIsDone,
    /// The text says periodically, or nothing of the time.
    NotPrinted,
}

/// One duty.
#[derive(Debug)]
pub struct Duty {
    /// Stable, snake_case.
    pub id: &'static str,
    /// What is owed.
    pub title: Text,
    /// Who owes it.
    pub owed_by: Role,
    /// How often, or by when.
    pub period: Period,
    /// First day, where it began after its texts.
    pub from: Option<Day>,
    /// Last day.
    pub to: Option<Day>,
    /// First digits of the divisions in which it holds; empty for the nation.
    pub jurisdiction: &'static str,
    /// What it stands on. On a day on which none of it is in force the duty does not hold.
    pub provisions: &'static [&'static Provision],
    /// The articles on who neglects it.
    pub sanctions: &'static [&'static Provision],
    /// How well this reading of the texts is known.
    pub confidence: Confidence,
}

impl Duty {
    const fn new(id: &'static str, title: Text, period: Period, provisions: &'static [&'static Provision]) -> Duty {
        Duty {
            id,
            title,
            owed_by: Role::LandUser,
            period,
            from: None,
            to: None,
            jurisdiction: "",
            provisions,
            sanctions: &[],
            confidence: Verified,
        }
    }

    const fn since(mut self, day: Option<Day>) -> Duty {
        self.from = day;
        self
    }

    const fn until(mut self, day: Day) -> Duty {
        self.to = Some(day);
        self
    }

    const fn owed_by(mut self, role: Role) -> Duty {
        self.owed_by = role;
        self
    }

    const fn at(mut self, jurisdiction: &'static str) -> Duty {
        self.jurisdiction = jurisdiction;
        self
    }

    const fn sanctioned(mut self, sanctions: &'static [&'static Provision]) -> Duty {
        self.sanctions = sanctions;
        self
    }

    const fn known(mut self, confidence: Confidence) -> Duty {
        self.confidence = confidence;
        self
    }
}

/// Every duty, in the order of the rulebook.
pub static DUTIES: [Duty; 13] = [
    Duty::new(
        "hidden_danger_investigation",
        Text::fixed(
            "土壤污染隐患排查：列入名录一年内完成首轮，此后对有毒有害物质场所每二至三年一次；新、改、扩建项目投产一年内开展",
            "Hidden dangers to soil: a first round within one year of the listing, then every two to three years for places with toxic substances; of new and enlarged projects within a year of their start",
        ),
        Period::Rounds { first: 12, least: 24, most: 36 },
        &[&law::HIDDEN_DANGER_GUIDE_ROUNDS],
    ),
    Duty::new(
        "hidden_danger_system",
        Text::fixed("建立土壤污染隐患排查制度", "Keep a system of looking for hidden dangers to soil"),
        Period::NotPrinted,
        &[&law::LAW_21_CODE_414],
    ),
    Duty::new(
        "groundwater_hidden_danger_investigation",
        Text::fixed(
            "地下水污染隐患排查并整改",
            "Look for hidden dangers to groundwater, and put them right",
        ),
        Period::NotPrinted,
        &[&law::CODE_414],
    )
    .since(Some(CODE_IN_FORCE)),
    Duty::new(
        "underground_tank_report",
        Text::fixed("报告贮存有毒有害物质的地下储罐", "Report underground tanks that hold toxic substances"),
        Period::NotPrinted,
        &[&law::CODE_414_4],
    )
    .since(Some(CODE_IN_FORCE))
    .sanctioned(&[&law::CODE_1166_2]),
    Duty::new(
        "annual_toxic_emission_report",
        Text::fixed(
            "按年度报告有毒有害物质排放情况",
            "Report the emission of toxic substances, year by year",
        ),
        Period::Every { months: 12, beside_sensitive: None },
        &[&law::LAW_21_CODE_414],
    )
    .sanctioned(&[&law::CODE_1166_1]),
    Duty::new(
        "monitoring_surface_soil",
        Text::fixed("自行监测：表层土壤每年一次；首轮监测覆盖全部点位", "Self-monitoring: surface soil yearly; the first round covers every point"),
        Period::Every { months: 12, beside_sensitive: None },
        MONITORED,
    )
    .since(law::HJ_1209.from),
    Duty::new(
        "monitoring_deep_soil",
        Text::fixed("自行监测：深层土壤每三年一次", "Self-monitoring: deep soil every three years"),
        Period::Every { months: 36, beside_sensitive: None },
        MONITORED,
    )
    .since(law::HJ_1209.from),
    Duty::new(
        "monitoring_groundwater_class_1",
        Text::fixed(
            "自行监测：一类单元地下水每半年一次；一公里内有地下水环境敏感区的每季度一次",
            "Self-monitoring: groundwater of class-1 units half-yearly; quarterly where a groundwater-sensitive area lies within a kilometre",
        ),
        Period::Every { months: 6, beside_sensitive: Some(3) },
        MONITORED,
    )
    .since(law::HJ_1209.from),
    Duty::new(
        "monitoring_groundwater_class_2",
        Text::fixed(
            "自行监测：二类单元地下水每年一次；一公里内有地下水环境敏感区的每半年一次",
            "Self-monitoring: groundwater of class-2 units yearly; half-yearly where a groundwater-sensitive area lies within a kilometre",
        ),
        Period::Every { months: 12, beside_sensitive: Some(6) },
        MONITORED,
    )
    .since(law::HJ_1209.from),
    Duty::new(
        "demolition_plan_filing",
        Text::fixed(
            "拆除设施、设备、建（构）筑物前制定土壤污染防治工作方案（含应急措施），报生态环境、工业和信息化部门备案",
            "Before plant or buildings are demolished, file the plan of protection with its emergency measures with ecology and industry",
        ),
        Period::Before(&DEMOLITION_FILING_WORKING_DAYS),
        &[&law::LAW_22_CODE_415, &law::ORDER_3_DEMOLITION],
    )
    .since(law::SOIL_LAW.from)
    .known(Recalled),
    Duty::new(
        "survey_before_transfer",
        Text::fixed(
            "生产经营用地用途变更或者土地使用权收回、转让前开展土壤污染状况调查，报告送交不动产登记机构并报生态环境部门备案",
            "Survey the production land before its change of use, taking back or transfer; report to the real-estate registry, filed with ecology",
        ),
        Period::BeforeItIsDone,
        &[&law::LAW_67_CODE_462],
    )
    .sanctioned(&[&law::LAW_94_CODE_1165]),
    Duty::new(
        "surroundings_monitoring",
        Text::fixed(
            "生态环境部门对单位周边土壤和地下水开展定期监测",
            "The ecology bureau monitors soil and groundwater around the unit",
        ),
        Period::NotPrinted,
        &[&law::CODE_414_5],
    )
    .since(Some(CODE_IN_FORCE))
    .owed_by(Role::PrefectureEcology),
    Duty::new(
        "shuozhou_2021_monitoring",
        Text::fixed(
            "朔州市2021年：8月底前制定自行监测方案，10月底前开展监测并公开结果、完成一次全面隐患排查",
            "Shuozhou 2021: monitoring planned by 31 August; monitored, published and hidden dangers looked for by 31 October",
        ),
        Period::By(Day::of(2021, 10, 31)),
        &[&law::PLAN_SHUOZHOU_10_MONITORING],
    )
    .until(Day::of(2021, 12, 31))
    .at("1406"),
];

/// What is monitored stands on the law, and on the standard for how often; in this form it is no older than the standard.
const MONITORED: &[&Provision] = &[&law::LAW_21_CODE_414, &law::HJ_1209_FREQUENCY];

impl Duty {
    /// Whether it holds for a unit of a division on a day.
    pub fn holds(&self, division: &str, on: Day) -> bool {
        division.starts_with(self.jurisdiction)
            && self.from.is_none_or(|from| from <= on)
            && self.to.is_none_or(|to| on <= to)
            && self.provisions.iter().any(|provision| provision.cite(on).is_some())
    }

    /// How well it is known on a day: as its weakest text, and no better than its reading.
    pub fn confidence_on(&self, on: Day) -> Confidence {
        self.provisions.iter().filter_map(|provision| provision.confidence(on)).fold(self.confidence, Confidence::max)
    }

    /// The first day by which it must be done, for a unit listed on a day; `None` where the texts give none. What came
    /// later than the listing counts from the day on which it came.
    pub fn first_due(&self, listed_on: Day) -> Option<Day> {
        let begun = |instrument: Option<Day>| instrument.map_or(listed_on, |from| from.max(listed_on));
        match self.period {
            Period::Rounds { first, .. } => Some(begun(law::HIDDEN_DANGER_GUIDE.from).add_months(first)),
            Period::By(day) => Some(day),
            Period::Every { .. } | Period::Before(_) | Period::BeforeItIsDone | Period::NotPrinted => None,
        }
    }
}

/// The duties that hold for a unit of a division on a day.
pub fn duties(division: &str, on: Day) -> impl Iterator<Item = &'static Duty> {
    DUTIES.iter().filter(move |duty| duty.holds(division, on))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn find(id: &str) -> Option<&'static Duty> {
        DUTIES.iter().find(|duty| duty.id == id)
    }

    fn held(division: &str, on: Day) -> BTreeSet<&'static str> {
        duties(division, on).map(|duty| duty.id).collect()
    }

    /// Pins: CODE_414, CODE_414_4, CODE_414_5
    #[test]
    fn code_414_adds_groundwater_and_tanks_on_its_first_day() {
        let (before, after) = (held("150400", Day::of(2026, 8, 14)), held("150400", CODE_IN_FORCE));
        let added: Vec<_> = after.difference(&before).copied().collect();
        assert_eq!(
            added,
            ["groundwater_hidden_danger_investigation", "surroundings_monitoring", "underground_tank_report"]
        );
        assert!(before.is_subset(&after));
        let report = find("annual_toxic_emission_report").unwrap();
        let cited = |on| report.provisions[0].cite(on).map(|citation| citation.article);
        assert_eq!(
            [cited(Day::of(2026, 8, 14)), cited(CODE_IN_FORCE)],
            [Some("21".to_owned()), Some("414".to_owned())]
        );
    }

    #[test]
    fn a_region_adds_its_own_and_nothing_holds_before_its_text() {
        assert!(held("140602", Day::of(2021, 9, 1)).contains("shuozhou_2021_monitoring"));
        assert!(!held("150400", Day::of(2021, 9, 1)).contains("shuozhou_2021_monitoring"));
        assert!(!held("140602", Day::of(2022, 1, 1)).contains("shuozhou_2021_monitoring"));
        assert!(!held("150400", Day::of(2020, 6, 1)).contains("monitoring_deep_soil"));
        assert!(!held("150400", Day::of(2018, 6, 1)).contains("survey_before_transfer"));
    }

    /// Pins: hidden_danger_investigation, DEMOLITION_FILING_WORKING_DAYS
    #[test]
    fn hidden_dangers_are_looked_for_within_a_year_of_the_listing() {
        let duty = find("hidden_danger_investigation").unwrap();
        assert_eq!(duty.first_due(Day::of(2026, 3, 31)), Some(Day::of(2027, 3, 31)));
        assert_eq!(duty.first_due(Day::of(2019, 5, 1)), Some(Day::of(2022, 1, 1)));
        assert_eq!(duty.period, Period::Rounds { first: 12, least: 24, most: 36 });
        let demolition = find("demolition_plan_filing").unwrap();
        assert_eq!(demolition.confidence_on(CODE_IN_FORCE), Recalled);
        assert_eq!(demolition.period, Period::Before(&DEMOLITION_FILING_WORKING_DAYS));
    }

    #[test]
    fn identifiers_are_unique_and_every_duty_stands_on_something() {
        let ids: BTreeSet<_> = DUTIES.iter().map(|duty| duty.id).collect();
        assert_eq!(ids.len(), DUTIES.len());
        assert!(DUTIES.iter().all(|duty| !duty.provisions.is_empty() && !duty.title.zh.is_empty()));
    }
}
