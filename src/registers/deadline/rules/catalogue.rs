//! Which clocks there are, as data. A rule is counted by [`super::counting`] and judged by [`super::Course`].

use super::counting::Counting;
use crate::kernel::{Confidence, Day, Provision, Text};
use crate::standards::law;
use crate::standards::parameters::{self, Overrides, Parameter, Resolved};
use Confidence::{Recalled, Unconfirmed, Verified};

/// How long a period is: a parameter that differs by place and day, or a day that a notice or plan sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Calendar months.
    Months(&'static Parameter),
    /// Working days, onwards.
    WorkingDaysAfter(&'static Parameter),
    /// Working days, backwards from what must not come sooner.
    WorkingDaysBefore(&'static Parameter),
    /// The next such day of a year.
    DayOfYear(&'static Parameter),
    /// The day that the notice or plan says.
    AsSet,
}

impl Period {
    /// The parameter that gives the length; `None` where the day is set.
    pub const fn parameter(self) -> Option<&'static Parameter> {
        match self {
            Period::Months(p) | Period::WorkingDaysAfter(p) | Period::WorkingDaysBefore(p) | Period::DayOfYear(p) => {
                Some(p)
            }
            Period::AsSet => None,
        }
    }

    /// How to count, given the parameter's value or the day set; `None` where the one that is needed is missing.
    pub fn counting(self, value: Option<u32>, set_due_on: Option<Day>) -> Option<Counting> {
        Some(match self {
            Period::Months(_) => Counting::Months(value?),
            Period::WorkingDaysAfter(_) => Counting::WorkingDaysAfter(value?),
            Period::WorkingDaysBefore(_) => Counting::WorkingDaysBefore(value?),
            Period::DayOfYear(_) => Counting::DayOfYear(value?),
            Period::AsSet => Counting::Until(set_due_on?),
        })
    }
}

/// A period that the law, a plan or a bureau's service level sets for somebody to do something.
#[derive(Debug, PartialEq, Eq)]
pub struct DeadlineRule {
    /// Stable, snake_case; `rule` of a deadline.
    pub id: &'static str,
    /// Counted up when the rule or the way of counting changes, and stored with every due date.
    pub version: u32,
    /// What is due.
    pub title: Text,
    /// From what the period runs: the first reason of every due date.
    pub runs_from: Text,
    /// How long, counted how.
    pub period: Period,
    /// What the duty stands on; the first one is cited with [`DeadlineRule::runs_from`], beside those of the period.
    pub provisions: &'static [&'static Provision],
    /// How well the duty is known: that of its weakest provision. The number has its own.
    pub confidence: Confidence,
    /// Whether a last day of rest moves to the next working day, unless the operator sets it otherwise. Days set and days
    /// of the year stay where they are.
    pub roll_forward_default: bool,
    /// Name of the role that has to act.
    pub responsible: &'static str,
    /// Calendar days before the last day from which the deadline counts as due soon.
    pub due_soon_days: u32,
    /// Whether no other register closes it: whoever is responsible says that it was done.
    pub fulfilled_by_hand: bool,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $version:literal, $responsible:literal, $period:expr,
        $zh:literal, $en:literal, $from_zh:literal, $from_en:literal,
        [$($provision:ident),+], $confidence:ident, rolls: $rolls:literal, soon: $soon:literal, by_hand: $by_hand:literal;)+) => {
        $(
            $(#[$doc])*
            pub static $name: DeadlineRule = DeadlineRule {
                id: $id,
                version: $version,
                title: Text::fixed($zh, $en),
                runs_from: Text::fixed($from_zh, $from_en),
                period: $period,
                provisions: const { &[$(&law::$provision),+] },
                confidence: $confidence,
                roll_forward_default: $rolls,
                responsible: $responsible,
                due_soon_days: $soon,
                fulfilled_by_hand: $by_hand,
            };
        )+

        /// Every rule, in the order of a site's life.
        pub static ALL: &[&DeadlineRule] = &[$(&$name),+];
    };
}

rules! {
    /// 书面通知: the county bureau notifies the land user of a suspected site.
    SURVEY_NOTICE = "survey_notice", 1, "county_ecology", Period::WorkingDaysAfter(&parameters::PROMPTLY_ACT_WORKING_DAYS),
        "书面通知开展初步调查", "Written notice of the preliminary survey",
        "地块列入疑似污染地块名单后，应书面通知土地使用权人开展初步调查；办文没有规定日数。",
        "Once a site is listed as suspected the land user is notified in writing; no number of days is given for the notice.",
        [ORDER_42_13], Recalled, rolls: true, soon: 3, by_hand: false;
    /// 疑似污染地块初步调查：自收到书面通知之日起六个月. The plan of Inner Mongolia gives the six months in a text that was
    /// verified; that they run from *receipt* is Order 42, recalled.
    PRELIMINARY_SURVEY_SIX_MONTHS = "preliminary_survey_six_months", 2, "land_user", Period::Months(&parameters::PRELIMINARY_SURVEY_MONTHS),
        "疑似污染地块土壤环境初步调查（六个月）", "Preliminary survey of a suspected site (six months)",
        "土地使用权人应当自收到书面通知之日起六个月内完成初步调查。",
        "The land user completes the preliminary survey within six months of receiving the written notice.",
        [ORDER_42_13, PLAN_INNER_MONGOLIA_SIX_MONTHS, CIVIL_201, CIVIL_202, CIVIL_203], Recalled, rolls: true, soon: 30, by_hand: false;
    /// Review of the survey report by the prefecture with natural resources. No national limit is known.
    SURVEY_REPORT_REVIEW = "survey_report_review", 1, "prefecture_ecology", Period::WorkingDaysAfter(&parameters::SURVEY_REVIEW_WORKING_DAYS),
        "土壤污染状况调查报告评审", "Review of the survey report",
        "调查报告提交后，由生态环境主管部门会同自然资源主管部门组织评审。",
        "A survey report that was submitted is reviewed by ecology together with natural resources.",
        [LAW_59_3_CODE_454_3], Verified, rolls: true, soon: 5, by_hand: false;
    /// The directory entry is made public.
    DIRECTORY_PUBLICATION = "directory_publication", 1, "prefecture_ecology", Period::WorkingDaysAfter(&parameters::LIST_PUBLICATION_WORKING_DAYS),
        "污染地块名录公开", "Publication of the directory of contaminated sites",
        "列入污染地块名录的，名录应当公开；政府信息自形成之日起在规定工作日内公开。",
        "The directory of contaminated sites is public; what the state holds is published within working days of its coming into being.",
        [ORDER_42_14, DISCLOSURE_26], Recalled, rolls: true, soon: 5, by_hand: false;
    /// The county government is told of the directory entry.
    COUNTY_GOVERNMENT_TOLD = "county_government_told", 1, "prefecture_ecology", Period::WorkingDaysAfter(&parameters::PROMPTLY_TELL_WORKING_DAYS),
        "将污染地块名录告知县级人民政府", "County government told of the directory entry",
        "列入污染地块名录后，及时告知所在地县级人民政府；“及时”没有规定日数。",
        "After an entry in the directory the county government is told promptly; no number of days is given.",
        [ORDER_42_14], Recalled, rolls: true, soon: 2, by_hand: false;
    /// The second written notice.
    DETAILED_NOTICE = "detailed_notice", 1, "prefecture_ecology", Period::WorkingDaysAfter(&parameters::PROMPTLY_ACT_WORKING_DAYS),
        "书面通知开展详细调查", "Written notice of the detailed survey",
        "列入污染地块名录后，书面通知土地使用权人开展详细调查；办文没有规定日数。",
        "After an entry in the directory the land user is notified in writing of the detailed survey; no number of days is given.",
        [ORDER_42_16], Recalled, rolls: true, soon: 3, by_hand: false;
    /// The detailed survey by the day that its notice sets. Order 42 has no months for it.
    DETAILED_SURVEY_AS_NOTIFIED = "detailed_survey_as_notified", 1, "land_user", Period::AsSet,
        "土壤环境详细调查（通知所定期限）", "Detailed survey (by the day of the notice)",
        "土地使用权人应当按书面通知开展详细调查；期限由通知载明，办法没有统一规定。",
        "The land user carries out the detailed survey as notified in writing; the notice sets the day, the order has none.",
        [ORDER_42_16], Recalled, rolls: false, soon: 30, by_hand: false;
    /// Review of the risk assessment by the province. No national limit is known.
    RISK_ASSESSMENT_REVIEW = "risk_assessment_review", 1, "province_ecology", Period::WorkingDaysAfter(&parameters::RISK_REVIEW_WORKING_DAYS),
        "风险评估报告评审", "Review of the risk assessment",
        "风险评估报告提交后，由省级生态环境主管部门会同自然资源主管部门组织评审。",
        "A risk assessment that was submitted is reviewed by the province's ecology together with natural resources.",
        [LAW_61_CODE_456], Verified, rolls: true, soon: 5, by_hand: false;
    /// The entry in the control list is made public.
    CONTROL_LIST_PUBLICATION = "control_list_publication", 1, "province_ecology", Period::WorkingDaysAfter(&parameters::LIST_PUBLICATION_WORKING_DAYS),
        "风险管控和修复名录公开", "Publication of the control list",
        "列入建设用地土壤污染风险管控和修复名录的，名录应当公开；政府信息自形成之日起在规定工作日内公开。",
        "The control list is public; what the state holds is published within working days of its coming into being.",
        [LAW_58_CODE_453, DISCLOSURE_26], Verified, rolls: true, soon: 5, by_hand: false;
    /// The removal from the control list is made public.
    DELISTING_PUBLICATION = "delisting_publication", 1, "province_ecology", Period::WorkingDaysAfter(&parameters::LIST_PUBLICATION_WORKING_DAYS),
        "移出风险管控和修复名录的公开", "Publication of the removal from the control list",
        "移出名录应当公开；政府信息自形成之日起在规定工作日内公开。",
        "A removal from the control list is public; what the state holds is published within working days of its coming into being.",
        [LAW_66_CODE_461, DISCLOSURE_26], Verified, rolls: true, soon: 5, by_hand: false;
    /// Sign and announcement of an approved control zone.
    CONTROL_ZONE_SIGN = "control_zone_sign", 1, "county_ecology", Period::WorkingDaysAfter(&parameters::PROMPTLY_ACT_WORKING_DAYS),
        "管控区域设立标识、发布公告", "Sign and announcement of the control zone",
        "管控区域经县级人民政府批准后，设立标识、发布公告；没有规定日数。",
        "Once the county government has approved a control zone, a sign is put up and an announcement made; no number of days is given.",
        [LAW_63_CODE_458, ORDER_42_18_22], Recalled, rolls: true, soon: 3, by_hand: false;
    /// The yearly control plan of a contained site. Inner Mongolia's and Shuozhou's plans ask for it; no text has a day.
    ANNUAL_CONTROL_PLAN = "annual_control_plan", 1, "county_ecology", Period::DayOfYear(&parameters::ANNUAL_CONTROL_PLAN_DAY),
        "年度风险管控计划", "Yearly control plan",
        "暂不开发利用的污染地块按年度编制风险管控计划（内蒙古、朔州方案）；没有规定日期。",
        "For a contaminated site that is not to be developed yet a control plan is made every year (plans of Inner Mongolia and Shuozhou); no day is given.",
        [ORDER_42_18_22, PLAN_INNER_MONGOLIA_CONTAINMENT, PLAN_SHUOZHOU_7], Recalled, rolls: false, soon: 30, by_hand: false;
    /// Monitoring by the day that the plan sets.
    MONITORING_REPORT_AS_PLANNED = "monitoring_report_as_planned", 1, "land_user", Period::AsSet,
        "风险管控监测报告（方案所定期限）", "Monitoring report (by the day of the plan)",
        "实施风险管控的，按方案开展监测并定期报告；期限由方案载明。",
        "Under risk control, monitoring is carried out and reported as the plan says; the plan sets the day.",
        [LAW_62_CODE_457, ORDER_42_18_22], Recalled, rolls: false, soon: 15, by_hand: false;
    /// The bureaus of origin and destination are told before polluted soil is moved. Its start is the day of transport.
    SOIL_TRANSPORT_NOTICE = "soil_transport_notice", 1, "land_user", Period::WorkingDaysBefore(&parameters::SOIL_TRANSPORT_WORKING_DAYS),
        "转运污染土壤提前报告", "Notice before polluted soil is moved",
        "转运污染土壤的，应当在转运前将转运计划报所在地和接收地生态环境主管部门。",
        "Before polluted soil is moved, the plan is reported to the ecology bureaus of origin and destination.",
        [ORDER_42_25, LAW_41_CODE_436], Recalled, rolls: true, soon: 5, by_hand: false;
    /// A report's main content is made public. Which article asks for it, the publicity duty says.
    REPORT_PUBLICATION = "report_publication", 1, "land_user", Period::WorkingDaysAfter(&parameters::PROMPTLY_ACT_WORKING_DAYS),
        "报告主要内容公开", "Publication of a report's main content",
        "报告或方案的主要内容应当公开（依据见该公开义务）；没有规定日数。",
        "The main content of the report or plan is made public (the publicity duty says by which article); no number of days is given.",
        [PRODUCT_SERVICE_LEVEL], Verified, rolls: true, soon: 3, by_hand: false;
    /// Review of the effect report by the province. Shandong has fifteen working days; no national limit is known.
    EFFECT_REVIEW = "effect_review", 1, "province_ecology", Period::WorkingDaysAfter(&parameters::EFFECT_REVIEW_WORKING_DAYS),
        "效果评估报告评审", "Review of the effect report",
        "效果评估报告提交后，由省级生态环境主管部门会同自然资源主管部门组织评审。",
        "An effect report that was submitted is reviewed by the province's ecology together with natural resources.",
        [LAW_66_CODE_461], Verified, rolls: true, soon: 5, by_hand: false;
    /// Written reply to a consultation on a land check (G2). It runs from the day of the letter; how long, the locality says.
    LAND_CHECK_REPLY = "land_check_reply", 1, "county_ecology", Period::WorkingDaysAfter(&parameters::LAND_CHECK_REPLY_DAYS),
        "准入查询征求意见的书面回复", "Written reply to a consultation on a land check",
        "规划部门就准入查询书面征求意见的，由生态环境部门书面回复；没有任何文件规定日数，由当地设定。",
        "The ecology bureau answers a consultation on a land check in writing; no text gives a number of days, the locality may set one.",
        [PRODUCT_REPLY_TIME, PLAN_SHUOZHOU_8_REPLY], Unconfirmed, rolls: true, soon: 3, by_hand: false;
    /// The prefecture's yearly report to the province. Its occasion is the year reported on, its start that year's first day.
    ANNUAL_CITY_REPORT = "annual_city_report", 1, "prefecture_ecology", Period::DayOfYear(&parameters::ANNUAL_CITY_REPORT_DAY),
        "设区的市年度报告", "Yearly report of the prefecture",
        "设区的市级生态环境主管部门每年向省级生态环境主管部门报告污染地块环境管理情况。",
        "Every year the prefecture's ecology bureau reports to the province's on contaminated sites.",
        [ORDER_42_YEARLY_REPORT], Recalled, rolls: false, soon: 30, by_hand: true;
    /// The province's yearly report to the ministry. Its occasion is the year reported on, its start that year's last day.
    ANNUAL_PROVINCE_REPORT = "annual_province_report", 1, "province_ecology", Period::DayOfYear(&parameters::ANNUAL_PROVINCE_REPORT_DAY),
        "省级年度报告", "Yearly report of the province",
        "省级生态环境主管部门每年向生态环境部报告上一年度污染地块环境管理情况。",
        "Every year the province's ecology bureau reports to the ministry on contaminated sites of the year before.",
        [ORDER_42_YEARLY_REPORT], Recalled, rolls: false, soon: 30, by_hand: true;
}

/// The rule of an identifier.
pub fn find(id: &str) -> Option<&'static DeadlineRule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

/// The length of a period as it holds for a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Length {
    /// The parameter's value, where there is one.
    pub resolved: Option<Resolved>,
    /// No text was in force on the day the period starts; the value is that of the day on which the clock was opened.
    pub of_later_text: bool,
}

impl Length {
    /// Whether its number is a local service level, not law.
    pub fn is_internal(&self) -> bool {
        self.resolved.as_ref().is_some_and(|resolved| resolved.internal)
    }
}

impl DeadlineRule {
    /// The length of a period that starts on `start` in a division. Where no text was in force then, that of `today`.
    /// `None` where there is none either.
    pub fn length(&self, division: &str, start: Day, today: Day, overrides: &Overrides) -> Option<Length> {
        let Some(parameter) = self.period.parameter() else {
            return Some(Length { resolved: None, of_later_text: false });
        };
        if let Some(resolved) = parameter.resolve(division, start, overrides) {
            return Some(Length { resolved: Some(resolved), of_later_text: false });
        }
        let resolved = parameter.resolve(division, today, overrides)?;
        Some(Length { resolved: Some(resolved), of_later_text: true })
    }

    /// Whether a clock of it is started without a last day where its number is not set: no text prints one.
    pub fn may_be_undated(&self) -> bool {
        self.period.parameter().is_some_and(|parameter| parameter.versions.is_empty())
    }

    /// Whether its number is a local service level wherever no text prints one.
    pub fn may_be_internal(&self) -> bool {
        self.period.parameter().is_some_and(|parameter| parameter.internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Role;
    use std::collections::BTreeSet;

    #[test]
    fn identifiers_are_unique_and_found() {
        let ids: BTreeSet<_> = ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ALL.iter().all(|rule| find(rule.id) == Some(rule)));
        assert!(ALL.iter().all(|rule| Role::parse(rule.responsible).is_some() && rule.due_soon_days > 0));
        assert_eq!(find("no_such_rule"), None);
    }

    #[test]
    fn no_rule_claims_to_be_known_better_than_its_weakest_provision() {
        let day = Day::of(2026, 11, 21);
        for rule in ALL {
            assert_eq!(
                rule.provisions.iter().filter_map(|provision| provision.confidence(day)).max(),
                Some(rule.confidence),
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn every_period_is_counted_in_the_unit_of_its_parameter() {
        use crate::standards::parameters::Unit;
        for rule in ALL {
            let unit = rule.period.parameter().map(|parameter| parameter.unit);
            let fits = match rule.period {
                Period::Months(_) => unit == Some(Unit::Months),
                Period::WorkingDaysAfter(_) | Period::WorkingDaysBefore(_) => unit == Some(Unit::WorkingDays),
                Period::DayOfYear(_) => unit == Some(Unit::DayOfYear),
                Period::AsSet => unit.is_none(),
            };
            assert!(fits, "{}", rule.id);
        }
    }

    #[test]
    fn only_a_regions_own_text_takes_the_label_internal_away() {
        let today = Day::of(2026, 11, 21);
        let internal = |division: &str| {
            EFFECT_REVIEW.length(division, today, today, &Overrides::new()).unwrap().resolved.unwrap().internal
        };
        assert_eq!(["370100", "152921"].map(internal), [false, true]);
        let by_law: Vec<_> = ALL.iter().filter(|rule| !rule.may_be_internal()).map(|rule| rule.id).collect();
        assert_eq!(
            by_law,
            [
                "preliminary_survey_six_months",
                "directory_publication",
                "detailed_survey_as_notified",
                "control_list_publication",
                "delisting_publication",
                "monitoring_report_as_planned",
                "soil_transport_notice",
                "annual_city_report",
                "annual_province_report"
            ]
        );
    }

    #[test]
    fn a_period_older_than_its_order_takes_the_length_of_today_and_says_so() {
        let (old, today) = (Day::of(2017, 6, 1), Day::of(2026, 11, 21));
        let length = PRELIMINARY_SURVEY_SIX_MONTHS.length("152921", old, today, &Overrides::new()).unwrap();
        assert_eq!((length.resolved.unwrap().value, length.of_later_text), (6, true));
    }
}
