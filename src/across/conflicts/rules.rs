//! What is a conflict, on what each kind stands, who must act and what is to be done.

use crate::kernel::{Day, Provision, Text};
use crate::platform::Role;
use crate::standards::crops::{self, Edible, Hit};
use crate::standards::law;
use std::cmp::Reverse;

/// Kind of a conflict.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// 严格管控类单元登记了食用作物
    EdibleCropInStrictControl,
    /// 严格管控类单元登记的作物不在对照表中
    CropUnknownInStrictControl,
    /// 重度污染（严格管控类）林地、园地产出食用农（林）产品
    EdibleCropOnPollutedOrchardOrForest,
    /// 特定农产品禁止生产区域内种植了被禁止的农产品
    EdibleCropInBanZone,
    /// 特定农产品禁止生产区域内登记的作物是否被禁止无法判断
    CropUnknownInBanZone,
    /// 优先保护类单元内有登记地块
    SiteInPriorityUnit,
}

impl ConflictKind {
    /// Every kind.
    pub const ALL: [ConflictKind; 6] = [
        ConflictKind::EdibleCropInStrictControl,
        ConflictKind::CropUnknownInStrictControl,
        ConflictKind::EdibleCropOnPollutedOrchardOrForest,
        ConflictKind::EdibleCropInBanZone,
        ConflictKind::CropUnknownInBanZone,
        ConflictKind::SiteInPriorityUnit,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ConflictKind::EdibleCropInStrictControl => "edible_crop_in_strict_control",
            ConflictKind::CropUnknownInStrictControl => "crop_unknown_in_strict_control",
            ConflictKind::EdibleCropOnPollutedOrchardOrForest => "edible_crop_on_polluted_orchard_or_forest",
            ConflictKind::EdibleCropInBanZone => "edible_crop_in_ban_zone",
            ConflictKind::CropUnknownInBanZone => "crop_unknown_in_ban_zone",
            ConflictKind::SiteInPriorityUnit => "site_in_priority_unit",
        }
    }

    /// Reads a wire name.
    pub fn parse(name: &str) -> Option<ConflictKind> {
        ConflictKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Out of what it comes.
    pub const fn source(self) -> Source {
        match self {
            ConflictKind::EdibleCropInStrictControl
            | ConflictKind::CropUnknownInStrictControl
            | ConflictKind::EdibleCropOnPollutedOrchardOrForest => Source::Class,
            ConflictKind::EdibleCropInBanZone | ConflictKind::CropUnknownInBanZone => Source::BanZone,
            ConflictKind::SiteInPriorityUnit => Source::Site,
        }
    }
}

/// What meets a unit in a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Its own class and crop.
    Class,
    /// A crop ban zone.
    BanZone,
    /// A site.
    Site,
}

impl Source {
    /// Its place among the conflicts of a unit.
    pub const fn rank(self) -> i32 {
        match self {
            Source::Class => 0,
            Source::BanZone => 1,
            Source::Site => 2,
        }
    }

    /// The source of a rank.
    pub fn of_rank(rank: i32) -> Option<Source> {
        [Source::Class, Source::BanZone, Source::Site].into_iter().find(|source| source.rank() == rank)
    }
}

/// How much a conflict weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The two facts cannot stand beside each other.
    Conflict,
    /// Somebody has to look: what is known does not decide it, or the text asks for a test first.
    Warn,
}

/// Land that is cultivated (耕地), for which the plans forbid edible products on class-3 land.
const CULTIVATED: [&str; 3] = ["paddy", "upland", "irrigated"];
/// Land types for which the plans have a text of their own on heavy pollution.
pub const ORCHARD_OR_FOREST: [&str; 2] = ["orchard", "forest"];

/// What is found of a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts<'a> {
    /// Out of what.
    pub source: Source,
    /// Whether what grows is certainly eaten, or certainly banned. Not asked of sites.
    pub certain: bool,
    /// The unit's land type on the day.
    pub land_type: &'a str,
    /// The unit's division.
    pub division: &'a str,
    /// Whether the site is on one of the three lists on the day. Asked of sites only.
    pub listed: bool,
    /// Whether what is shared is a sliver. Asked of sites only.
    pub sliver: bool,
}

/// What follows from the facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which conflict.
    pub kind: ConflictKind,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is.
    pub title: Text,
    /// On what it stands.
    pub provisions: Vec<&'static Provision>,
    /// Who must act.
    pub must_act: &'static [Role],
    /// What is to be done.
    pub to_do: Text,
}

/// What a region says of edible products on heavily polluted orchard and forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrchardRule {
    /// They are not grown.
    Banned,
    /// They are tested, and planting is restructured where they fail.
    TestAndRestructure,
}

/// The texts on heavily polluted orchard and forest, by first digits of the division.
pub static ORCHARD_RULES: [(&str, OrchardRule, &Provision); 4] = [
    ("", OrchardRule::TestAndRestructure, &law::PLAN_STATE_FOREST_ORCHARD),
    ("15", OrchardRule::Banned, &law::PLAN_INNER_MONGOLIA_FOREST_ORCHARD),
    ("1529", OrchardRule::Banned, &law::PLAN_ALXA_FOREST_ORCHARD),
    ("441602", OrchardRule::TestAndRestructure, &law::PLAN_YUANCHENG_13),
];

/// What holds for heavily polluted orchard and forest in a division on a day: the narrowest text decides, and all that
/// hold there are cited, the narrowest first.
pub fn orchard_rule(division: &str, on: Day) -> (Option<OrchardRule>, Vec<&'static Provision>) {
    let mut holding: Vec<_> = ORCHARD_RULES
        .iter()
        .filter(|(place, _, text)| division.starts_with(place) && text.cite(on).is_some())
        .collect();
    holding.sort_by_key(|(place, ..)| Reverse(place.len()));
    (holding.first().map(|(_, rule, _)| *rule), holding.iter().map(|(.., text)| *text).collect())
}

const AGRICULTURE: &[Role] = &[Role::Agriculture];
const AGRICULTURE_AND_GOVERNMENT: &[Role] = &[Role::Agriculture, Role::Government];
const ECOLOGY_AND_AGRICULTURE: &[Role] = &[Role::CountyEcology, Role::Agriculture];

/// What conflict the facts are, on a day.
pub fn judge(facts: &Facts<'_>, on: Day) -> Finding {
    match facts.source {
        Source::Class if !facts.certain => Finding {
            kind: ConflictKind::CropUnknownInStrictControl,
            severity: Severity::Warn,
            title: Text::fixed(
                "严格管控类单元登记的作物不在对照表中",
                "The crop of a strictly controlled unit is not on the list",
            ),
            provisions: vec![&law::PRODUCT_CROPS, &law::LAW_54_CODE_449],
            must_act: AGRICULTURE,
            to_do: Text::fixed(
                "核查该作物是否为食用农产品，并更正单元的作物登记。",
                "Find out whether the crop is eaten, and correct what is registered of the unit.",
            ),
        },
        Source::Class if ORCHARD_OR_FOREST.contains(&facts.land_type) => orchard(facts.division, on),
        Source::Class => in_strict_control(facts),
        Source::BanZone if facts.certain => Finding {
            kind: ConflictKind::EdibleCropInBanZone,
            severity: Severity::Conflict,
            title: Text::fixed(
                "特定农产品禁止生产区域内种植了被禁止的农产品",
                "A banned product grows in a crop ban zone",
            ),
            provisions: vec![&law::FARM_PRODUCT_LAW_21, &law::LAW_54_CODE_449, &law::PRODUCT_CROPS],
            must_act: AGRICULTURE_AND_GOVERNMENT,
            to_do: Text::fixed(
                "制止种植并处置已产出的农产品，指导改种；作物已改变的，更正单元的作物登记。",
                "Stop the growing, deal with what was harvested, and help to change the crop; where it has changed, correct the unit's record.",
            ),
        },
        Source::BanZone => Finding {
            kind: ConflictKind::CropUnknownInBanZone,
            severity: Severity::Warn,
            title: Text::fixed(
                "禁止生产区域内的作物是否被禁止无法判断",
                "Whether a crop in a ban zone is banned cannot be told",
            ),
            provisions: vec![&law::PRODUCT_CROPS, &law::FARM_PRODUCT_LAW_21],
            must_act: AGRICULTURE,
            to_do: Text::fixed(
                "核查该作物是否属于禁止生产的农产品，并更正单元的作物登记。",
                "Find out whether the crop is one of the banned products, and correct what is registered of the unit.",
            ),
        },
        Source::Site => site(facts),
    }
}

fn in_strict_control(facts: &Facts<'_>) -> Finding {
    let cultivated = CULTIVATED.contains(&facts.land_type);
    let mut provisions: Vec<&'static Provision> = vec![&law::LAW_54_CODE_449];
    if cultivated {
        provisions.push(&law::PLAN_STATE_STRICT_CONTROL);
        if facts.division.starts_with("1529") {
            provisions.push(&law::PLAN_ALXA_STRICT_CONTROL);
        }
    }
    provisions.push(&law::PRODUCT_CROPS);
    Finding {
        kind: ConflictKind::EdibleCropInStrictControl,
        // The plans forbid it on cultivated land; of grassland they say grazing bans, and the statute names measures.
        severity: if cultivated { Severity::Conflict } else { Severity::Warn },
        title: Text::fixed(
            "严格管控类单元登记了食用农产品作物",
            "An edible crop is registered on a strictly controlled unit",
        ),
        provisions,
        must_act: AGRICULTURE_AND_GOVERNMENT,
        to_do: Text::fixed(
            "提出划定特定农产品禁止生产区域的建议，报本级人民政府批准；组织调整种植结构、退耕或休耕；作物已改变的，更正登记。",
            "Propose a crop ban zone to the government of the same level; restructure planting, return the land or let it lie fallow; where the crop has changed, correct the record.",
        ),
    }
}

fn orchard(division: &str, on: Day) -> Finding {
    let (rule, texts) = orchard_rule(division, on);
    let banned = rule == Some(OrchardRule::Banned);
    let mut provisions = texts;
    provisions.extend([&law::LAW_54_CODE_449, &law::PRODUCT_CROPS]);
    Finding {
        kind: ConflictKind::EdibleCropOnPollutedOrchardOrForest,
        severity: if banned { Severity::Conflict } else { Severity::Warn },
        title: Text::fixed(
            "重度污染（严格管控类）林地、园地登记了食用农（林）产品",
            "An edible product is registered on heavily polluted (strictly controlled) orchard or forest",
        ),
        provisions,
        must_act: AGRICULTURE,
        to_do: if banned {
            Text::fixed(
                "该地区严禁在重度污染林地、园地种植食用农（林）产品：制止种植，调整为非食用品种。",
                "The region forbids edible products on heavily polluted forest and orchard: stop the growing, and change to what is not eaten.",
            )
        } else {
            Text::fixed(
                "检测产出的食用农（林）产品；发现超标的，采取种植结构调整等措施。",
                "Test the edible products; where they fail, restructure planting.",
            )
        },
    }
}

fn site(facts: &Facts<'_>) -> Finding {
    let mut provisions: Vec<&'static Provision> = vec![&law::PRODUCT_SITE_IN_PRIORITY_UNIT, &law::LAW_50_CODE_445];
    if facts.sliver {
        provisions.push(&law::PRODUCT_LINE_CONTACT);
    }
    let (title, to_do) = if facts.sliver {
        (
            Text::fixed("地块与优先保护类单元压线", "A site's edge runs along a priority-protection unit"),
            Text::fixed(
                "重叠极小，多为界线精度所致：核对两者边界，必要时更正其一。",
                "What they share is a sliver, most often a matter of how exact the boundaries are: compare them, and correct one where needed.",
            ),
        )
    } else {
        (
            Text::fixed("优先保护类单元内有登记的地块", "A registered site lies in a priority-protection unit"),
            Text::fixed(
                "核实地块范围与土地用途：属建设用地的，更正单元边界或地类；确有污染的，重新评定该单元的类别。",
                "Look into the site's extent and the land's use: where it is construction land, correct the unit's boundary or land type; where it is polluted, have the unit classified anew.",
            ),
        )
    };
    Finding {
        kind: ConflictKind::SiteInPriorityUnit,
        severity: if facts.listed && !facts.sliver { Severity::Conflict } else { Severity::Warn },
        title,
        provisions,
        must_act: ECOLOGY_AND_AGRICULTURE,
        to_do,
    }
}

/// What is said of a crop, judged once for every unit that says the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// Texts of which something is eaten, or may be: the text, and whether that is certain.
    pub eaten: Vec<(String, bool)>,
    /// Products and texts that a ban on the product hits, or may hit: product, text, and whether that is certain.
    pub banned: Vec<(String, String, bool)>,
}

/// Judges what units say of their crops against the products of ban zones.
pub fn judge_crops(texts: &[String], products: &[String]) -> Judged {
    let mut judged = Judged::default();
    for text in texts {
        match crops::edible(text) {
            Edible::Yes => judged.eaten.push((text.clone(), true)),
            Edible::Unknown => judged.eaten.push((text.clone(), false)),
            Edible::No => {}
        }
        for product in products {
            match crops::bans(product, text) {
                Hit::Yes => judged.banned.push((product.clone(), text.clone(), true)),
                Hit::Perhaps => judged.banned.push((product.clone(), text.clone(), false)),
                Hit::No => {}
            }
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day::of(2026, 11, 21);

    fn facts(source: Source) -> Facts<'static> {
        Facts { source, certain: true, land_type: "paddy", division: "140602", listed: true, sliver: false }
    }

    fn articles(finding: &Finding, on: Day) -> Vec<String> {
        finding.provisions.iter().filter_map(|p| p.cite(on)).map(|citation| citation.article).collect()
    }

    /// Pins: LAW_54_CODE_449, FARM_PRODUCT_LAW_21, PLAN_STATE_STRICT_CONTROL, PLAN_ALXA_STRICT_CONTROL, PRODUCT_CROPS
    #[test]
    fn edible_crops_on_class_3_land_stand_on_the_law_of_the_day() {
        let finding = judge(&facts(Source::Class), TODAY);
        assert_eq!((finding.kind, finding.severity), (ConflictKind::EdibleCropInStrictControl, Severity::Conflict));
        assert_eq!(articles(&finding, TODAY)[0], "449");
        assert_eq!(articles(&finding, Day::of(2026, 8, 14))[0], "54");
        assert_eq!(articles(&finding, TODAY).len(), 3);
        let alxa = judge(&Facts { division: "152921", ..facts(Source::Class) }, TODAY);
        assert_eq!(articles(&alxa, TODAY).len(), 4);
        let grassland = judge(&Facts { land_type: "grassland", ..facts(Source::Class) }, TODAY);
        assert_eq!((grassland.severity, articles(&grassland, TODAY).len()), (Severity::Warn, 2));
        let unknown = judge(&Facts { certain: false, ..facts(Source::Class) }, TODAY);
        assert_eq!((unknown.kind, unknown.severity), (ConflictKind::CropUnknownInStrictControl, Severity::Warn));

        let banned = judge(&facts(Source::BanZone), TODAY);
        assert_eq!((banned.kind, articles(&banned, TODAY)[0].as_str()), (ConflictKind::EdibleCropInBanZone, "21"));
        let open = judge(&Facts { certain: false, ..facts(Source::BanZone) }, TODAY);
        assert_eq!((open.kind, open.severity), (ConflictKind::CropUnknownInBanZone, Severity::Warn));
    }

    /// Pins: PLAN_STATE_FOREST_ORCHARD, PLAN_INNER_MONGOLIA_FOREST_ORCHARD, PLAN_ALXA_FOREST_ORCHARD, PLAN_YUANCHENG_13
    #[test]
    fn heavily_polluted_orchards_are_banned_or_tested_by_region_and_day() {
        use OrchardRule::{Banned, TestAndRestructure};
        for (division, on, rule, texts) in [
            ("152921", TODAY, Some(Banned), 3),
            ("150402", TODAY, Some(Banned), 2),
            // Inner Mongolia's plan was issued on 2018-12-29.
            ("150402", Day::of(2018, 12, 28), Some(TestAndRestructure), 1),
            ("140602", TODAY, Some(TestAndRestructure), 1),
            ("441602", TODAY, Some(TestAndRestructure), 2),
            ("140602", Day::of(2016, 5, 27), None, 0),
        ] {
            let (found, cited) = orchard_rule(division, on);
            assert_eq!((found, cited.len()), (rule, texts), "{division} {on}");
        }
        for (land_type, division, severity) in [
            ("orchard", "152921", Severity::Conflict),
            ("forest", "150402", Severity::Conflict),
            ("orchard", "441602", Severity::Warn),
            ("forest", "140602", Severity::Warn),
        ] {
            let finding = judge(&Facts { land_type, division, ..facts(Source::Class) }, TODAY);
            assert_eq!(finding.kind, ConflictKind::EdibleCropOnPollutedOrchardOrForest);
            assert_eq!(finding.severity, severity, "{land_type} {division}");
        }
    }

    /// Pins: PRODUCT_SITE_IN_PRIORITY_UNIT, LAW_50_CODE_445, PRODUCT_LINE_CONTACT
    #[test]
    fn a_listed_site_in_priority_land_is_a_conflict_and_a_sliver_is_line_contact() {
        for (listed, sliver, severity, cited) in
            [(true, false, Severity::Conflict, 2), (false, false, Severity::Warn, 2), (true, true, Severity::Warn, 3)]
        {
            let finding = judge(&Facts { listed, sliver, ..facts(Source::Site) }, TODAY);
            assert_eq!((finding.kind, finding.severity), (ConflictKind::SiteInPriorityUnit, severity));
            assert_eq!(articles(&finding, TODAY).len(), cited);
        }
    }

    #[test]
    fn crops_are_judged_once_per_text() {
        let texts = ["水稻", "棉花", "某种新作物"].map(str::to_owned);
        let judged = judge_crops(&texts, &["水稻".to_owned()]);
        assert_eq!(judged.eaten, [("水稻".to_owned(), true), ("某种新作物".to_owned(), false)]);
        let banned: Vec<_> = judged.banned.iter().map(|(_, text, certain)| (text.as_str(), *certain)).collect();
        assert_eq!(banned, [("水稻", true), ("某种新作物", false)]);
        for kind in ConflictKind::ALL {
            assert_eq!(ConflictKind::parse(kind.as_str()), Some(kind));
            assert_eq!(Source::of_rank(kind.source().rank()), Some(kind.source()));
        }
    }
}
