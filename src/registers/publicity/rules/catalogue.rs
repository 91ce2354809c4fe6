//! Which duties there are, as data. What is not said by a text that we know is not said here either: which web site, which
//! words, and how fast where the law says "promptly" are the bureau's own.

use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, Provision, Text};
use crate::platform::Role;
use crate::standards::law;
use crate::standards::parameters::{EFFECT_REPORT_PUBLIC_MONTHS, Parameter};

/// For whom something is made public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    Public,
    /// 县级人民政府
    CountyGovernment,
}

impl Audience {
    /// Chinese and English name.
    pub fn title(self) -> Text {
        match self {
            Audience::Public => Text::fixed("社会公众", "The public"),
            Audience::CountyGovernment => Text::fixed("县级人民政府", "County government"),
        }
    }
}

/// Something that is left out of what is made public.
#[derive(Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Stable, snake_case.
    pub id: &'static str,
    /// What.
    pub what: Text,
    /// Why.
    pub why: Text,
    /// What that stands on.
    pub provisions: &'static [&'static Provision],
}

/// 联系人信息.
pub static CONTACT_DATA: Withheld = Withheld {
    id: "contact_data",
    what: Text::fixed(
        "土地使用权人的联系人姓名、电话等联系方式",
        "Contact data of the land user: names, telephone numbers",
    ),
    why: Text::fixed(
        "属个人信息，公众了解地块环境状况无需知悉。",
        "Personal data that nobody needs to know the state of the land.",
    ),
    provisions: &[&law::PRODUCT_WITHHELD_CONTACT],
};

/// 采样点位坐标. Open point of the rulebook (section 10, item 10): restricted until somebody who may decides.
pub static SAMPLING_POINTS: Withheld = Withheld {
    id: "sampling_points",
    what: Text::fixed("采样点位坐标", "Coordinates of the sampling points"),
    why: Text::fixed(
        "点位坐标的密级和公开地图的审核要求尚未确认，默认不公开。",
        "Their secrecy class, and whether a map of them needs review, are not confirmed; withheld by default.",
    ),
    provisions: &[&law::PRODUCT_WITHHELD_POINTS],
};

/// What must be made public on an occasion, by whom, for whom and for how long.
#[derive(Debug, PartialEq, Eq)]
pub struct DutyRule {
    /// Stable, snake_case; `duty` of a duty.
    pub id: &'static str,
    /// What it is.
    pub title: Text,
    /// What must be shown.
    pub shows: Text,
    /// Where, as far as a text says.
    pub place: Text,
    /// From when to when, as far as a text says.
    pub period: Text,
    /// Who has to.
    pub owed_by: Role,
    /// For whom.
    pub audience: Audience,
    /// The clock (rule of the deadline register) in which it has to be done; where there is none it is due on the day that
    /// brings it about.
    pub clock: Option<&'static str>,
    /// How long it has to be public at least.
    pub at_least: Option<&'static Parameter>,
    /// It makes a public list known, with the record's name in it: shown to everybody whatever else the record is.
    pub is_list: bool,
    /// What it stands on everywhere.
    pub provisions: &'static [&'static Provision],
    /// What it stands on in some places beside: first digits of the divisions, provision.
    pub regional: &'static [(&'static str, &'static Provision)],
    /// What of it is left out.
    pub withheld: &'static [&'static Withheld],
}

impl DutyRule {
    /// The articles in force in a division on a day.
    pub fn citations(&self, division: &str, on: Day) -> Vec<Citation> {
        let mut cited = cite_all(self.provisions, on);
        let regional = self.regional.iter().filter(|(place, _)| division.starts_with(place));
        cited.extend(regional.filter_map(|(_, provision)| provision.cite(on)));
        cited
    }

    /// What tells this duty's clock from others of its rule: reports share one rule, so each names itself.
    pub fn clock_occasion(&self, occasion: &str) -> String {
        match (self.clock, occasion) {
            (Some(REPORT_PUBLICATION), "") => self.id.to_owned(),
            (Some(REPORT_PUBLICATION), occasion) => format!("{}/{occasion}", self.id),
            (_, occasion) => occasion.to_owned(),
        }
    }
}

/// The clock that the publications of reports and plans share.
const REPORT_PUBLICATION: &str = "report_publication";

const MAIN_CONTENT: Text = Text::fixed("报告主要内容", "The report's main content");
const WEB_SITE: Text = Text::fixed("网站等便于公众知晓的方式", "Web site, or another way that reaches the public");
const OWN_WEB_SITE: Text = Text::fixed("生态环境主管部门网站", "Web site of the ecology bureau");
const NO_LEAST: Text = Text::fixed("法规未规定最短公开时间", "No least period in the texts");
const WHILE_LISTED: Text = Text::fixed("在名录期间", "As long as the land is listed");

/// 初步调查报告
pub static PRELIMINARY_REPORT: DutyRule = DutyRule {
    id: "preliminary_report",
    title: Text::fixed("公开土壤环境初步调查报告主要内容", "Preliminary survey report made public"),
    shows: MAIN_CONTENT,
    place: WEB_SITE,
    period: NO_LEAST,
    owed_by: Role::LandUser,
    audience: Audience::Public,
    clock: Some(REPORT_PUBLICATION),
    at_least: None,
    is_list: false,
    provisions: &[&law::ORDER_42_13],
    regional: &[("15", &law::PLAN_INNER_MONGOLIA_REPORT_PUBLIC)],
    withheld: &[&CONTACT_DATA, &SAMPLING_POINTS],
};

/// 详细调查报告
pub static DETAILED_REPORT: DutyRule = DutyRule {
    id: "detailed_report",
    title: Text::fixed("公开土壤环境详细调查报告主要内容", "Detailed survey report made public"),
    shows: MAIN_CONTENT,
    place: WEB_SITE,
    period: NO_LEAST,
    owed_by: Role::LandUser,
    audience: Audience::Public,
    clock: Some(REPORT_PUBLICATION),
    at_least: None,
    is_list: false,
    provisions: &[&law::ORDER_42_16],
    regional: &[],
    withheld: &[&CONTACT_DATA, &SAMPLING_POINTS],
};

/// 风险评估报告
pub static RISK_ASSESSMENT: DutyRule = DutyRule {
    id: "risk_assessment",
    title: Text::fixed("公开土壤污染风险评估报告主要内容", "Risk assessment made public"),
    shows: MAIN_CONTENT,
    place: WEB_SITE,
    period: NO_LEAST,
    owed_by: Role::LandUser,
    audience: Audience::Public,
    clock: Some(REPORT_PUBLICATION),
    at_least: None,
    is_list: false,
    provisions: &[&law::LAW_60_CODE_455],
    regional: &[],
    withheld: &[&CONTACT_DATA, &SAMPLING_POINTS],
};

/// 风险管控方案
pub static CONTROL_PLAN: DutyRule = DutyRule {
    id: "control_plan",
    title: Text::fixed("公开风险管控方案主要内容", "Risk control scheme made public"),
    shows: Text::fixed("风险管控方案主要内容", "The scheme's main content"),
    place: WEB_SITE,
    period: NO_LEAST,
    owed_by: Role::LandUser,
    audience: Audience::Public,
    clock: Some(REPORT_PUBLICATION),
    at_least: None,
    is_list: false,
    provisions: &[&law::ORDER_42_18_22, &law::LAW_63_CODE_458],
    regional: &[],
    withheld: &[&CONTACT_DATA, &SAMPLING_POINTS],
};

/// 修复方案
pub static REMEDIATION_PLAN: DutyRule = DutyRule {
    id: "remediation_plan",
    title: Text::fixed("公开修复方案主要内容", "Remediation scheme made public"),
    shows: Text::fixed("修复方案主要内容", "The scheme's main content"),
    place: WEB_SITE,
    period: Text::fixed("工程施工期间", "During the works"),
    owed_by: Role::LandUser,
    audience: Audience::Public,
    clock: Some(REPORT_PUBLICATION),
    at_least: None,
    is_list: false,
    provisions: &[&law::ORDER_42_24, &law::LAW_64_CODE_459],
    regional: &[],
    withheld: &[&CONTACT_DATA, &SAMPLING_POINTS],
};

/// 施工公告牌
pub static WORKS_NOTICE_BOARD: DutyRule = DutyRule {
    id: "works_notice_board",
    title: Text::fixed("施工现场设立公告牌", "Notice board at the works"),
    shows: Text::fixed(
        "工程基本情况、环境影响及其防范措施",
        "What the works are, their effect on the environment, and the measures against it",
    ),
    place: Text::fixed("施工现场", "At the works"),
    period: Text::fixed("施工期间全程", "As long as the works last"),
    owed_by: Role::LandUser,
    audience: Audience::Public,
    clock: None,
    at_least: None,
    is_list: false,
    provisions: &[&law::LAW_40_3_CODE_435_3, &law::ORDER_42_25, &law::PLAN_STATE_NOTICE_BOARD],
    regional: &[],
    withheld: &[&CONTACT_DATA],
};

/// 效果评估报告
pub static EFFECT_REPORT: DutyRule = DutyRule {
    id: "effect_report",
    title: Text::fixed("公开风险管控、修复效果评估报告", "Effect report made public"),
    shows: Text::fixed("效果评估报告", "The effect evaluation report"),
    place: WEB_SITE,
    period: Text::fixed("不少于两个月", "Two months at least"),
    owed_by: Role::LandUser,
    audience: Audience::Public,
    clock: Some(REPORT_PUBLICATION),
    at_least: Some(&EFFECT_REPORT_PUBLIC_MONTHS),
    is_list: false,
    provisions: &[&law::ORDER_42_26, &law::PLAN_STATE_EFFECT_PUBLIC],
    regional: &[],
    withheld: &[&CONTACT_DATA, &SAMPLING_POINTS],
};

/// 污染地块名录
pub static CONTAMINATED_DIRECTORY: DutyRule = DutyRule {
    id: "contaminated_directory",
    title: Text::fixed("公开污染地块名录", "Directory of contaminated sites made public"),
    shows: Text::fixed("列入名录的地块及其风险等级", "The site entered in the directory, and its risk grade"),
    place: OWN_WEB_SITE,
    period: WHILE_LISTED,
    owed_by: Role::PrefectureEcology,
    audience: Audience::Public,
    clock: Some("directory_publication"),
    at_least: None,
    is_list: true,
    provisions: &[&law::ORDER_42_14, &law::DISCLOSURE_26],
    regional: &[("15", &law::PLAN_INNER_MONGOLIA_NEGATIVE_LIST)],
    withheld: &[&CONTACT_DATA],
};

/// 告知县级人民政府
pub static COUNTY_GOVERNMENT_TOLD: DutyRule = DutyRule {
    id: "county_government_told",
    title: Text::fixed("将污染地块名录告知县级人民政府", "County government told of the directory"),
    shows: Text::fixed("列入名录的地块及其风险等级", "The site entered in the directory, and its risk grade"),
    place: Text::fixed("书面告知", "In writing"),
    period: Text::fixed("一次告知", "Told once"),
    owed_by: Role::PrefectureEcology,
    audience: Audience::CountyGovernment,
    clock: Some("county_government_told"),
    at_least: None,
    is_list: false,
    provisions: &[&law::ORDER_42_14],
    regional: &[],
    withheld: &[],
};

/// 建设用地土壤污染风险管控和修复名录: an entry.
pub static CONTROL_LIST: DutyRule = DutyRule {
    id: "control_list",
    title: Text::fixed("公开列入建设用地土壤污染风险管控和修复名录", "Entry in the control list made public"),
    shows: Text::fixed("列入名录的地块", "The site entered in the list"),
    place: OWN_WEB_SITE,
    period: WHILE_LISTED,
    owed_by: Role::ProvinceEcology,
    audience: Audience::Public,
    clock: Some("control_list_publication"),
    at_least: None,
    is_list: true,
    provisions: &[&law::LAW_58_CODE_453, &law::LAW_61_CODE_456, &law::DISCLOSURE_26],
    regional: &[],
    withheld: &[&CONTACT_DATA],
};

/// 建设用地土壤污染风险管控和修复名录: a removal.
pub static CONTROL_LIST_REMOVAL: DutyRule = DutyRule {
    id: "control_list_removal",
    title: Text::fixed("公开移出建设用地土壤污染风险管控和修复名录", "Removal from the control list made public"),
    shows: Text::fixed("移出名录的地块", "The site removed from the list"),
    place: OWN_WEB_SITE,
    period: NO_LEAST,
    owed_by: Role::ProvinceEcology,
    audience: Audience::Public,
    clock: Some("delisting_publication"),
    at_least: None,
    is_list: true,
    provisions: &[&law::LAW_58_CODE_453, &law::LAW_66_CODE_461, &law::DISCLOSURE_26],
    regional: &[],
    withheld: &[&CONTACT_DATA],
};

/// 管控区域: sign and announcement.
pub static CONTROL_ZONE: DutyRule = DutyRule {
    id: "control_zone",
    title: Text::fixed("管控区域设立标识、发布公告", "Control zone marked by a sign and announced"),
    shows: Text::fixed("划定的管控区域", "The control zone as drawn"),
    place: Text::fixed("现场标识，并发布公告", "A sign on the ground, and an announcement"),
    period: Text::fixed("管控期间", "As long as the zone is kept"),
    owed_by: Role::CountyEcology,
    audience: Audience::Public,
    clock: Some("control_zone_sign"),
    at_least: None,
    is_list: true,
    provisions: &[&law::ORDER_42_18_22, &law::PLAN_STATE_CONTROL_ZONE],
    regional: &[("15", &law::PLAN_INNER_MONGOLIA_CONTROL_ZONE), ("1529", &law::PLAN_ALXA_CONTROL_ZONE)],
    withheld: &[&CONTACT_DATA],
};

/// Every duty, in the order of a site's life.
pub static ALL: &[&DutyRule] = &[
    &PRELIMINARY_REPORT,
    &CONTAMINATED_DIRECTORY,
    &COUNTY_GOVERNMENT_TOLD,
    &DETAILED_REPORT,
    &RISK_ASSESSMENT,
    &CONTROL_LIST,
    &CONTROL_PLAN,
    &CONTROL_ZONE,
    &REMEDIATION_PLAN,
    &WORKS_NOTICE_BOARD,
    &EFFECT_REPORT,
    &CONTROL_LIST_REMOVAL,
];

/// The duty of an identifier.
pub fn find(id: &str) -> Option<&'static DutyRule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Confidence;
    use std::collections::BTreeSet;

    const TODAY: Day = Day::of(2026, 11, 21);

    #[test]
    fn identifiers_are_unique_and_found() {
        let ids: BTreeSet<_> = ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ALL.iter().all(|rule| find(rule.id) == Some(rule)));
        assert_eq!(find("no_such_duty"), None);
    }

    #[test]
    fn every_duty_and_everything_withheld_stands_on_something_in_force() {
        for rule in ALL {
            assert!(!rule.citations("140602", TODAY).is_empty(), "{}", rule.id);
            for withheld in rule.withheld {
                assert!(!cite_all(withheld.provisions, TODAY).is_empty(), "{}", withheld.id);
            }
        }
        let points = cite_all(SAMPLING_POINTS.provisions, TODAY);
        assert_eq!(points[0].confidence, Confidence::Unconfirmed);
    }

    #[test]
    fn what_everybody_sees_leaves_out_contact_data() {
        for rule in ALL {
            let contact = rule.withheld.contains(&&CONTACT_DATA);
            assert_eq!(contact, rule.audience == Audience::Public, "{}", rule.id);
        }
    }

    #[test]
    fn a_regions_plan_is_cited_there_only_and_the_code_takes_over_on_its_day() {
        let articles = |rule: &DutyRule, division, on| -> Vec<String> {
            rule.citations(division, on).into_iter().map(|c| c.article).collect()
        };
        assert_eq!(articles(&PRELIMINARY_REPORT, "140602", TODAY), ["13"]);
        assert_eq!(articles(&PRELIMINARY_REPORT, "152921", TODAY).len(), 2);
        assert_eq!(articles(&CONTROL_ZONE, "152921", TODAY).len(), articles(&CONTROL_ZONE, "150400", TODAY).len() + 1);
        assert_eq!(articles(&WORKS_NOTICE_BOARD, "140602", Day::of(2026, 8, 14))[0], "40(3)");
        assert_eq!(articles(&WORKS_NOTICE_BOARD, "140602", Day::of(2026, 8, 15))[0], "435(3)");
    }

    #[test]
    fn reports_of_one_site_have_clocks_of_their_own() {
        assert_eq!(EFFECT_REPORT.clock_occasion(""), "effect_report");
        assert_eq!(EFFECT_REPORT.clock_occasion("event-9"), "effect_report/event-9");
        assert_eq!(CONTROL_LIST.clock_occasion(""), "");
    }
}
