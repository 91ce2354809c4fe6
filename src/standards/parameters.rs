//! Numbers that a rule needs and that differ by place and day: how many months, how many working days, by which day of the
//! year. Each value carries what it stands on, where and when it holds, and how well it is known; the narrowest
//! jurisdiction with a value in force speaks. What no instrument prints is a local service level (内部时限) or a setting of
//! the operator, and says so.

use super::law;
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Confidence, Day, Provision, Text};
use Confidence::{Recalled, Unconfirmed, Verified};
use std::collections::BTreeMap;

/// Values set by the operator: parameter → division code (`000000` is the nation) → number, in the parameter's unit.
pub type Overrides = BTreeMap<String, BTreeMap<String, u32>>;

/// In what a parameter is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Calendar months.
    Months,
    /// Working days.
    WorkingDays,
    /// A day of the year, as month × 100 + day: 1231.
    DayOfYear,
    /// 1 for yes, 0 for no.
    Flag,
    /// Per cent of something.
    Percent,
    /// A number of things.
    Count,
    /// Metres.
    Metres,
}

impl Unit {
    /// Whether a number can be one of this unit.
    pub const fn takes(self, value: u32) -> bool {
        match self {
            Unit::Months => value >= 1 && value <= 600,
            Unit::WorkingDays => value <= 2_500,
            // Of February only what every year has.
            Unit::DayOfYear => {
                let (month, day) = (value / 100, value % 100);
                let last = match month {
                    2 => 28,
                    4 | 6 | 9 | 11 => 30,
                    1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
                    _ => 0,
                };
                day >= 1 && day <= last
            }
            Unit::Flag => value <= 1,
            Unit::Percent => value <= 10_000,
            Unit::Count => value >= 1 && value <= 1_000,
            Unit::Metres => value >= 1 && value <= 50_000,
        }
    }
}

/// One value of a parameter.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    /// First digits of the divisions in which it holds; empty for the nation.
    pub jurisdiction: &'static str,
    /// First day; `None` where it begins with its provisions.
    pub from: Option<Day>,
    /// Last day.
    pub to: Option<Day>,
    /// The value, in the parameter's unit.
    pub value: u32,
    /// What it stands on. On a day on which none of it is in force the value does not hold.
    pub provisions: &'static [&'static Provision],
    /// How well the value is known.
    pub confidence: Confidence,
}

/// A number that a rule needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Stable, snake_case; the key of the operator's setting.
    pub id: &'static str,
    /// What it is.
    pub title: Text,
    /// In what it is counted.
    pub unit: Unit,
    /// A local service level for "promptly" (及时) or a customary day, not law.
    pub internal: bool,
    /// Its values, the nation's first. None where no text prints one: it then has a value only where the operator set it.
    pub versions: &'static [Version],
    /// What asks for a number without printing one, where there are no values.
    pub asked_by: &'static [&'static Provision],
}

/// A parameter's value for a place and a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The value, in the parameter's unit.
    pub value: u32,
    /// First digits of the divisions in which it holds; empty for the nation.
    pub jurisdiction: String,
    /// What it stands on, of the day asked.
    pub provisions: &'static [&'static Provision],
    /// How well it is known.
    pub confidence: Confidence,
    /// Set by the operator, in the place of or beside what is printed.
    pub configured: bool,
    /// A local service level, not law.
    pub internal: bool,
}

impl Resolved {
    /// Its articles, of the day asked.
    pub fn citations(&self, on: Day) -> Vec<Citation> {
        cite_all(self.provisions, on)
    }
}

impl Version {
    fn holds(&self, division: &str, on: Day) -> bool {
        division.starts_with(self.jurisdiction)
            && self.from.is_none_or(|from| from <= on)
            && self.to.is_none_or(|to| on <= to)
            && self.provisions.iter().any(|provision| provision.cite(on).is_some())
    }
}

impl Parameter {
    /// The value in a division on a day: the narrowest jurisdiction speaks, and at the same width the operator's setting
    /// before what is printed. `None` where nothing holds there and then.
    pub fn resolve(&self, division: &str, on: Day, overrides: &Overrides) -> Option<Resolved> {
        let printed = self.versions.iter().filter(|v| v.holds(division, on)).max_by_key(|v| v.jurisdiction.len());
        let set = overrides.get(self.id).and_then(|by_place| {
            by_place
                .iter()
                .map(|(code, value)| (significant(code), *value))
                .filter(|(digits, _)| division.starts_with(digits))
                .max_by_key(|(digits, _)| digits.len())
        });
        match (set, printed) {
            (Some((digits, value)), printed) if printed.is_none_or(|v| digits.len() >= v.jurisdiction.len()) => {
                Some(Resolved {
                    value,
                    jurisdiction: digits.to_owned(),
                    provisions: printed.map_or(&[], |v| v.provisions),
                    confidence: Unconfirmed,
                    configured: true,
                    internal: self.internal,
                })
            }
            (_, Some(v)) => Some(Resolved {
                value: v.value,
                jurisdiction: v.jurisdiction.to_owned(),
                provisions: v.provisions,
                confidence: v.confidence,
                configured: false,
                internal: self.internal && v.provisions.contains(&&law::PRODUCT_SERVICE_LEVEL),
            }),
            _ => None,
        }
    }
}

/// The digits of a division code that tell it from those above: `150000` → `15`, `000000` → ``.
pub fn significant(code: &str) -> &str {
    let mut digits = code;
    while let Some(shorter) = digits.strip_suffix("00") {
        digits = shorter;
    }
    digits
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $zh:literal, $en:literal, $unit:ident, internal: $internal:literal,
        [$($place:literal => $value:literal, [$($provision:ident),+], $confidence:ident);* $(;)?]
        $(, asked_by: [$($asker:ident),+])?)+) => {
        $(
            $(#[$doc])*
            pub static $name: Parameter = Parameter {
                id: $id,
                title: Text::fixed($zh, $en),
                unit: Unit::$unit,
                internal: $internal,
                versions: &[$(Version {
                    jurisdiction: $place,
                    from: None,
                    to: None,
                    value: $value,
                    provisions: const { &[$(&law::$provision),+] },
                    confidence: $confidence,
                }),*],
                asked_by: const { &[$($(&law::$asker),+)?] },
            };
        )+

        /// Every parameter.
        pub static ALL: &[&Parameter] = &[$(&$name),+];
    };
}

parameters! {
    /// Period of the preliminary survey, from receipt of the written notice.
    PRELIMINARY_SURVEY_MONTHS = "preliminary_survey_months", "初步调查期限（月）", "Months for the preliminary survey", Months, internal: false, [
        "" => 6, [ORDER_42_13], Recalled;
        "15" => 6, [PLAN_INNER_MONGOLIA_SIX_MONTHS, ORDER_42_13], Recalled;
    ]
    /// Within which what a bureau holds is made public: lists, entries, removals.
    LIST_PUBLICATION_WORKING_DAYS = "list_publication_working_days", "名单、名录公开期限（工作日）", "Working days for publishing a list", WorkingDays, internal: false, [
        "" => 20, [DISCLOSURE_26], Verified;
    ]
    /// How long before soil is moved the bureaus of origin and destination are told.
    SOIL_TRANSPORT_WORKING_DAYS = "soil_transport_working_days", "转运污染土壤提前报告（工作日）", "Working days of notice before soil is moved", WorkingDays, internal: false, [
        "" => 5, [ORDER_42_25, LAW_41_CODE_436], Recalled;
    ]
    /// How long an effect report stays public at least.
    EFFECT_REPORT_PUBLIC_MONTHS = "effect_report_public_months", "效果评估报告公开时间不少于（月）", "Months that an effect report is public at least", Months, internal: false, [
        "" => 2, [ORDER_42_26], Recalled;
    ]
    /// Review of an effect report. No national limit is known.
    EFFECT_REVIEW_WORKING_DAYS = "effect_review_working_days", "效果评估报告评审（工作日）", "Working days for the review of an effect report", WorkingDays, internal: true, [
        "" => 20, [PRODUCT_SERVICE_LEVEL], Unconfirmed;
        "37" => 15, [SHANDONG_57], Verified;
    ]
    /// Review of a survey report. No national limit is known.
    SURVEY_REVIEW_WORKING_DAYS = "survey_review_working_days", "调查报告评审（工作日，内部时限）", "Working days for the review of a survey report (service level)", WorkingDays, internal: true, ["" => 20, [PRODUCT_SERVICE_LEVEL], Unconfirmed]
    /// Review of a risk assessment. No national limit is known.
    RISK_REVIEW_WORKING_DAYS = "risk_review_working_days", "风险评估报告评审（工作日，内部时限）", "Working days for the review of a risk assessment (service level)", WorkingDays, internal: true, ["" => 20, [PRODUCT_SERVICE_LEVEL], Unconfirmed]
    /// Telling somebody promptly.
    PROMPTLY_TELL_WORKING_DAYS = "promptly_tell_working_days", "及时告知（工作日，内部时限）", "Working days for telling somebody promptly (service level)", WorkingDays, internal: true, ["" => 5, [PRODUCT_SERVICE_LEVEL], Unconfirmed]
    /// Doing something promptly: serving a notice, putting up a sign, publishing a report.
    PROMPTLY_ACT_WORKING_DAYS = "promptly_act_working_days", "及时办理（工作日，内部时限）", "Working days for doing something promptly (service level)", WorkingDays, internal: true, ["" => 10, [PRODUCT_SERVICE_LEVEL], Unconfirmed]
    /// By when a contained site's plan for the next year is made. The plans say yearly, and no day.
    ANNUAL_CONTROL_PLAN_DAY = "annual_control_plan_day", "下一年度风险管控计划编制截止日（内部）", "Day by which next year's control plan is made (service level)", DayOfYear, internal: true, ["" => 1231, [PRODUCT_SERVICE_LEVEL], Unconfirmed]
    /// By when a prefecture reports to its province on the year.
    ANNUAL_CITY_REPORT_DAY = "annual_city_report_day", "设区的市年度报告截止日", "Day of the prefecture's yearly report", DayOfYear, internal: false, [
        "" => 1231, [ORDER_42_YEARLY_REPORT], Recalled;
    ]
    /// By when a province reports to the ministry on the year before.
    ANNUAL_PROVINCE_REPORT_DAY = "annual_province_report_day", "省级年度报告截止日", "Day of the province's yearly report", DayOfYear, internal: false, [
        "" => 131, [ORDER_42_YEARLY_REPORT], Recalled;
    ]
    /// Whether air is among what is monitored around a contained site: the nation's plan has it, Inner Mongolia's leaves it
    /// out, Alxa's has it again.
    CONTAINMENT_MONITORS_AIR = "containment_monitors_air", "暂不开发利用地块监测包括空气", "Air is monitored around a contained site", Flag, internal: false, [
        "" => 1, [PLAN_STATE_CONTAINMENT, ORDER_42_18_22], Verified;
        "15" => 0, [PLAN_INNER_MONGOLIA_CONTAINMENT], Verified;
        "1529" => 1, [PLAN_ALXA_CONTROL_ZONE], Verified;
    ]
    /// By how many points a share may miss a target that a plan words as "about" (左右) and still be near it. No text says.
    ABOUT_TARGET_POINTS = "about_target_points", "“左右”目标的允许偏差（百分点）", "Points by which a target of \"about\" may be missed", Percent, internal: false, [
        "" => 1, [PRODUCT_ABOUT], Unconfirmed;
    ]
    /// How long before a demolition a key unit files its plan. The statute says before.
    DEMOLITION_FILING_WORKING_DAYS = "demolition_filing_working_days", "拆除活动方案提前备案（工作日）", "Working days before a demolition in which its plan is filed", WorkingDays, internal: false, [
        "" => 15, [ORDER_3_DEMOLITION, LAW_22_CODE_415], Recalled;
        "37" => 15, [SHANDONG_DEMOLITION, LAW_22_CODE_415], Verified;
    ]
    /// Within which the ecology bureau answers a consultation on a land check. No text gives a time, and none is made up.
    LAND_CHECK_REPLY_DAYS = "land_check_reply_days", "准入查询书面回复期限（工作日，未配置即不计算）", "Working days for the written reply to a land check (not counted where not set)", WorkingDays, internal: true, [], asked_by: [PLAN_SHUOZHOU_8_REPLY]
    /// A class is dominant in a farmland unit when more than this share of its points has it.
    CLASS_DOMINANCE_PERCENT = "class_dominance_percent", "类别划分：主导类别点位占比须超过（%）", "Classification: a class is dominant above this share of the points (%)", Percent, internal: false, ["" => 80, [CLASS_GUIDE_UNIT], Unconfirmed]
    /// So many contiguous points of a farmland unit that are not of the dominant class are a part of their own.
    CLASS_MIN_CONTIGUOUS = "class_min_contiguous", "类别划分：单独划出所需连续点位数", "Classification: contiguous points for a part of their own", Count, internal: false, ["" => 2, [CLASS_GUIDE_UNIT], Unconfirmed]
    /// With fewer product samples the class by soil stands.
    CLASS_CROP_MIN_SAMPLES = "class_crop_min_samples", "农产品协同评价：最少点位数", "Products beside the soil: least number of points", Count, internal: false, ["" => 3, [CLASS_GUIDE_CROP], Unconfirmed]
    /// Share of products within their limits that relaxes strict control.
    CLASS_CROP_SHARE_PERCENT = "class_crop_share_percent", "农产品协同评价：未超标点位占比不低于（%）", "Products beside the soil: share within the limits, at least (%)", Percent, internal: false, ["" => 65, [CLASS_GUIDE_CROP], Unconfirmed]
    /// Above this share of its limit a product is far over it.
    CLASS_CROP_HEAVY_PERCENT = "class_crop_heavy_percent", "农产品协同评价：严重超标界限（限量的 %）", "Products beside the soil: far over the limit above (% of it)", Percent, internal: false, ["" => 200, [CLASS_GUIDE_CROP], Unconfirmed]
    /// What "around" (周边) means for homes, metres. No text prints a distance: unset, a siting check says so.
    SITING_DISTANCE_HOMES_M = "siting_distance_homes_m", "选址核查：居民区周边距离（米）", "Siting check: metres around homes", Metres, internal: false, [], asked_by: [LAW_32_CODE_427, PLAN_STATE_SURROUNDINGS, PRODUCT_SURROUNDINGS]
    /// What "around" (周边) means for schools, metres. No text prints a distance: unset, a siting check says so.
    SITING_DISTANCE_SCHOOLS_M = "siting_distance_schools_m", "选址核查：学校周边距离（米）", "Siting check: metres around schools", Metres, internal: false, [], asked_by: [LAW_32_CODE_427, PLAN_STATE_SURROUNDINGS, PRODUCT_SURROUNDINGS]
    /// What "around" (周边) means for hospitals and sanatoria, metres. No text prints a distance: unset, a siting check says so.
    SITING_DISTANCE_HOSPITALS_M = "siting_distance_hospitals_m", "选址核查：医院、疗养院周边距离（米）", "Siting check: metres around hospitals", Metres, internal: false, [], asked_by: [LAW_32_CODE_427, PLAN_STATE_SURROUNDINGS, PRODUCT_SURROUNDINGS]
    /// What "around" (周边) means for homes for the elderly, metres. No text prints a distance: unset, a siting check says so.
    SITING_DISTANCE_CARE_HOMES_M = "siting_distance_care_homes_m", "选址核查：养老院周边距离（米）", "Siting check: metres around homes for the elderly", Metres, internal: false, [], asked_by: [LAW_32_CODE_427, PLAN_STATE_SURROUNDINGS, PRODUCT_SURROUNDINGS]
    /// What "around" (周边) means for kindergartens, metres. No text prints a distance: unset, a siting check says so.
    SITING_DISTANCE_KINDERGARTENS_M = "siting_distance_kindergartens_m", "选址核查：幼儿园周边距离（米）", "Siting check: metres around kindergartens", Metres, internal: false, [], asked_by: [GUANGDONG_16, PRODUCT_SURROUNDINGS]
    /// What "around" (周边) means for contaminated sites and sources of pollution, metres. No text prints a distance: unset, a siting check says so.
    SITING_DISTANCE_CONTAMINATED_M = "siting_distance_contaminated_m", "选址核查：污染地块、污染源周边距离（米）", "Siting check: metres around contaminated sites and sources", Metres, internal: false, [], asked_by: [GUANGDONG_19_2, PRODUCT_SURROUNDINGS]
}

/// The parameter of an identifier.
pub fn find(id: &str) -> Option<&'static Parameter> {
    ALL.iter().copied().find(|parameter| parameter.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const TODAY: Day = Day::of(2026, 11, 21);

    fn value(parameter: &Parameter, division: &str) -> Option<u32> {
        parameter.resolve(division, TODAY, &Overrides::new()).map(|resolved| resolved.value)
    }

    #[test]
    fn identifiers_are_unique_and_every_value_is_one_of_its_unit() {
        let ids: BTreeSet<_> = ALL.iter().map(|parameter| parameter.id).collect();
        assert_eq!(ids.len(), ALL.len());
        for parameter in ALL {
            assert!(std::ptr::eq(find(parameter.id).unwrap(), *parameter));
            assert!(parameter.versions.iter().all(|v| parameter.unit.takes(v.value)), "{}", parameter.id);
            assert!(parameter.versions.iter().all(|v| !v.provisions.is_empty()), "{}", parameter.id);
            assert_eq!(parameter.versions.is_empty(), !parameter.asked_by.is_empty(), "{}", parameter.id);
        }
    }

    /// Pins: PRELIMINARY_SURVEY_MONTHS, LIST_PUBLICATION_WORKING_DAYS, SOIL_TRANSPORT_WORKING_DAYS, EFFECT_REPORT_PUBLIC_MONTHS
    /// Pins: EFFECT_REVIEW_WORKING_DAYS, SURVEY_REVIEW_WORKING_DAYS, RISK_REVIEW_WORKING_DAYS, PROMPTLY_TELL_WORKING_DAYS
    /// Pins: PROMPTLY_ACT_WORKING_DAYS, ANNUAL_CONTROL_PLAN_DAY, ANNUAL_CITY_REPORT_DAY, ANNUAL_PROVINCE_REPORT_DAY
    /// Pins: CONTAINMENT_MONITORS_AIR, DEMOLITION_FILING_WORKING_DAYS, ABOUT_TARGET_POINTS
    /// Pins: CONTAINMENT_MONITORS_AIR, DEMOLITION_FILING_WORKING_DAYS, CLASS_DOMINANCE_PERCENT, CLASS_MIN_CONTIGUOUS
    /// Pins: CLASS_CROP_MIN_SAMPLES, CLASS_CROP_SHARE_PERCENT, CLASS_CROP_HEAVY_PERCENT
    #[test]
    fn the_values_are_those_of_the_rulebook_with_its_tags() {
        let known = |parameter: &Parameter, division: &str| {
            let resolved = parameter.resolve(division, TODAY, &Overrides::new()).unwrap();
            (resolved.value, resolved.confidence, resolved.internal)
        };
        let printed = ALL.iter().filter(|parameter| !parameter.versions.is_empty());
        let nation: Vec<_> = printed.map(|parameter| (parameter.id, known(parameter, "110101"))).collect();
        let expected = [
            ("preliminary_survey_months", (6, Recalled, false)),
            ("list_publication_working_days", (20, Verified, false)),
            ("soil_transport_working_days", (5, Recalled, false)),
            ("effect_report_public_months", (2, Recalled, false)),
            ("effect_review_working_days", (20, Unconfirmed, true)),
            ("survey_review_working_days", (20, Unconfirmed, true)),
            ("risk_review_working_days", (20, Unconfirmed, true)),
            ("promptly_tell_working_days", (5, Unconfirmed, true)),
            ("promptly_act_working_days", (10, Unconfirmed, true)),
            ("annual_control_plan_day", (1231, Unconfirmed, true)),
            ("annual_city_report_day", (1231, Recalled, false)),
            ("annual_province_report_day", (131, Recalled, false)),
            ("containment_monitors_air", (1, Verified, false)),
            ("demolition_filing_working_days", (15, Recalled, false)),
            ("about_target_points", (1, Unconfirmed, false)),
            ("class_dominance_percent", (80, Unconfirmed, false)),
            ("class_min_contiguous", (2, Unconfirmed, false)),
            ("class_crop_min_samples", (3, Unconfirmed, false)),
            ("class_crop_share_percent", (65, Unconfirmed, false)),
            ("class_crop_heavy_percent", (200, Unconfirmed, false)),
        ];
        for (id, value) in expected {
            assert!(nation.contains(&(id, value)), "{id}: {nation:?}");
        }
        assert_eq!(known(&DEMOLITION_FILING_WORKING_DAYS, "370100"), (15, Verified, false));
        assert_eq!(known(&PRELIMINARY_SURVEY_MONTHS, "150400"), (6, Recalled, false));
    }

    /// Pins: SITING_DISTANCE_HOMES_M, SITING_DISTANCE_SCHOOLS_M, SITING_DISTANCE_HOSPITALS_M, SITING_DISTANCE_CARE_HOMES_M
    /// Pins: SITING_DISTANCE_KINDERGARTENS_M, SITING_DISTANCE_CONTAMINATED_M
    #[test]
    fn no_text_prints_what_around_means() {
        for parameter in ALL.iter().filter(|parameter| parameter.unit == Unit::Metres) {
            assert_eq!(parameter.resolve("441602", TODAY, &Overrides::new()), None, "{}", parameter.id);
            let set = Overrides::from([(parameter.id.to_owned(), BTreeMap::from([("440000".to_owned(), 800)]))]);
            let here = parameter.resolve("441602", TODAY, &set).unwrap();
            assert_eq!((here.value, here.configured, here.confidence), (800, true, Unconfirmed));
            assert_eq!(parameter.resolve("150400", TODAY, &set), None, "{}", parameter.id);
        }
        assert_eq!(ALL.iter().filter(|parameter| parameter.unit == Unit::Metres).count(), 6);
    }

    #[test]
    fn the_narrower_jurisdiction_speaks() {
        let air = &CONTAINMENT_MONITORS_AIR;
        assert_eq!(["140602", "150400", "152921"].map(|division| value(air, division)), [Some(1), Some(0), Some(1)]);
        let review = EFFECT_REVIEW_WORKING_DAYS.resolve("370100", TODAY, &Overrides::new()).unwrap();
        assert_eq!((review.value, review.internal, review.confidence), (15, false, Verified));
        let review = EFFECT_REVIEW_WORKING_DAYS.resolve("150400", TODAY, &Overrides::new()).unwrap();
        assert_eq!((review.value, review.internal, review.confidence), (20, true, Unconfirmed));
    }

    #[test]
    fn the_operators_setting_speaks_where_it_is_as_narrow_and_says_that_it_is_one() {
        let mut set = Overrides::new();
        set.entry("list_publication_working_days".to_owned()).or_default().insert("150000".to_owned(), 10);
        set.entry("containment_monitors_air".to_owned()).or_default().insert("000000".to_owned(), 0);
        let lists = LIST_PUBLICATION_WORKING_DAYS.resolve("152921", TODAY, &set).unwrap();
        assert_eq!((lists.value, lists.configured, lists.confidence), (10, true, Unconfirmed));
        assert_eq!(lists.jurisdiction, "15");
        assert_eq!(LIST_PUBLICATION_WORKING_DAYS.resolve("140602", TODAY, &set).unwrap().value, 20);
        // Set for the nation, it does not speak where a region has its own text.
        assert_eq!(CONTAINMENT_MONITORS_AIR.resolve("140602", TODAY, &set).unwrap().value, 0);
        assert_eq!(CONTAINMENT_MONITORS_AIR.resolve("152921", TODAY, &set).unwrap().value, 1);
    }

    /// Pins: LAND_CHECK_REPLY_DAYS
    #[test]
    fn what_no_text_prints_has_a_value_only_where_it_is_set() {
        assert_eq!(value(&LAND_CHECK_REPLY_DAYS, "140602"), None);
        let mut set = Overrides::new();
        set.entry("land_check_reply_days".to_owned()).or_default().insert("140600".to_owned(), 10);
        let there = LAND_CHECK_REPLY_DAYS.resolve("140602", TODAY, &set).unwrap();
        assert_eq!(
            (there.value, there.configured, there.internal, there.confidence, there.provisions.len()),
            (10, true, true, Unconfirmed, 0)
        );
        assert_eq!(LAND_CHECK_REPLY_DAYS.resolve("152921", TODAY, &set), None);
    }

    #[test]
    fn nothing_holds_before_its_instrument() {
        assert_eq!(PRELIMINARY_SURVEY_MONTHS.resolve("140602", Day::of(2017, 6, 30), &Overrides::new()), None);
        let first = PRELIMINARY_SURVEY_MONTHS.resolve("150400", Day::of(2017, 7, 1), &Overrides::new()).unwrap();
        assert_eq!(first.citations(Day::of(2017, 7, 1)).len(), 1);
        let later = PRELIMINARY_SURVEY_MONTHS.resolve("150400", Day::of(2019, 1, 11), &Overrides::new()).unwrap();
        assert_eq!(later.citations(Day::of(2019, 1, 11)).len(), 2);
    }

    #[test]
    fn a_day_of_the_year_is_one_that_every_year_has() {
        for (value, fits) in
            [(1231, true), (131, true), (229, false), (228, true), (431, false), (1301, false), (0, false)]
        {
            assert_eq!(Unit::DayOfYear.takes(value), fits, "{value}");
        }
        assert_eq!(["150000", "152900", "152921", "000000"].map(significant), ["15", "1529", "152921", ""]);
    }
}
