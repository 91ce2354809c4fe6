//! The steps in words.

use super::{Element, Grade};
use crate::kernel::{Confidence, Text};
use Confidence::{Recalled, Unconfirmed, Verified};

/// So many points or units are named in a sentence; of more, how many there are.
const NAMED: usize = 20;

/// One step on the way to a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The unit has no point with a topsoil sample.
    NoPoints,
    /// Some points say nothing by the element.
    NotComparable { points: usize },
    /// No point says anything by the element.
    NothingComparable,
    /// All points that speak say the same.
    AllSame { class: Grade, points: usize },
    /// More than the threshold of the points say the same.
    Dominant { class: Grade, points: usize, of: usize, threshold_percent: u32 },
    /// No class has more than the threshold.
    NoDominant { counts: [usize; 3], threshold_percent: u32, class: Grade },
    /// Where these points lie is not known.
    PlacesUnknown { points: Vec<String> },
    /// Contiguous points that say otherwise are a part of their own.
    SubUnit { class: Grade, points: Vec<String> },
    /// A point of class 3 that stands alone.
    IsolatedStrict { points: Vec<String> },
    /// Points that stand alone follow the dominant class.
    Outvoted { class: Grade, points: Vec<String> },
    /// Until it is cut, the whole has the class of its worst part.
    WholeUntilCut { class: Grade, rest: Grade },
    /// All touching units with points say the same.
    Neighbours { class: Grade, units: Vec<String> },
    /// The touching units do not say the same, or one says nothing.
    NeighboursDiffer { units: Vec<String> },
    /// No touching unit has points.
    NoNeighbours,
    /// Outside the survey's scope.
    OutsideSurvey,
    /// The class of some elements is not known.
    ElementsMissing { elements: Vec<Element>, class: Option<Grade> },
    /// The worst element decides.
    Worst { class: Grade, by: Vec<Element> },
    /// The unit is not cultivated land.
    ByReference,
    /// Too few products.
    CropTooFew { tested: usize, least: u32 },
    /// Products cannot relax a class that is not known by every element.
    CropNotHeard,
    /// The products relax the class.
    CropRelaxed { from: Grade, to: Grade, counts: [usize; 3] },
    /// The products leave the class as it is.
    CropKept { class: Grade, counts: [usize; 3] },
    /// A unit under priority protection whose products fail.
    PriorityCropsFail { points: Vec<String> },
}

/// The Chinese and the English name of a class of land.
fn land(class: Grade) -> (&'static str, &'static str) {
    match class {
        Grade::One => ("优先保护类", "priority protection"),
        Grade::Two => ("安全利用类", "safe use"),
        Grade::Three => ("严格管控类", "strict control"),
    }
}

fn names(all: &[String]) -> (String, String) {
    let shown = &all[..all.len().min(NAMED)];
    let (zh, en) = (shown.join("、"), shown.join(", "));
    match all.len() - shown.len() {
        0 => (zh, en),
        more => (format!("{zh} 等 {} 个", all.len()), format!("{en} and {more} more")),
    }
}

impl Step {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Step::NoPoints => "no_points",
            Step::NotComparable { .. } => "points_not_comparable",
            Step::NothingComparable => "nothing_comparable",
            Step::AllSame { .. } => "all_points_same",
            Step::Dominant { .. } => "dominant_class",
            Step::NoDominant { .. } => "no_dominant_class",
            Step::PlacesUnknown { .. } => "places_unknown",
            Step::SubUnit { .. } => "sub_unit",
            Step::IsolatedStrict { .. } => "isolated_strict_point",
            Step::Outvoted { .. } => "isolated_points_outvoted",
            Step::WholeUntilCut { .. } => "whole_until_cut",
            Step::Neighbours { .. } => "neighbours",
            Step::NeighboursDiffer { .. } => "neighbours_differ",
            Step::NoNeighbours => "no_neighbours",
            Step::OutsideSurvey => "outside_survey",
            Step::ElementsMissing { .. } => "elements_missing",
            Step::Worst { .. } => "worst_element",
            Step::ByReference => "by_reference",
            Step::CropTooFew { .. } => "crop_too_few",
            Step::CropNotHeard => "crop_not_heard",
            Step::CropRelaxed { .. } => "crop_relaxed",
            Step::CropKept { .. } => "crop_kept",
            Step::PriorityCropsFail { .. } => "priority_crops_fail",
        }
    }

    /// How well the rule behind the step is known.
    pub const fn confidence(&self) -> Confidence {
        match self {
            // What counts as comparable follows from the standard; Order 46's scope was checked.
            Step::NotComparable { .. } | Step::NothingComparable | Step::ByReference => Verified,
            Step::Worst { .. } => Recalled,
            _ => Unconfirmed,
        }
    }

    /// An expert has to decide.
    pub const fn needs_expert(&self) -> bool {
        matches!(
            self,
            Step::NoDominant { .. }
                | Step::NothingComparable
                | Step::NeighboursDiffer { .. }
                | Step::NoNeighbours
                | Step::ElementsMissing { .. }
        )
    }

    /// Somebody has to look in the field.
    pub const fn needs_field_check(&self) -> bool {
        matches!(self, Step::SubUnit { .. } | Step::IsolatedStrict { .. })
    }

    /// Whether a named person has to confirm it (边界核实): the class does not follow from the unit's own points alone, or
    /// the unit is to be cut.
    pub const fn to_confirm(&self) -> bool {
        self.needs_expert()
            || self.needs_field_check()
            || matches!(self, Step::Neighbours { .. } | Step::OutsideSurvey | Step::PriorityCropsFail { .. })
    }

    /// Whether it warns of something.
    pub const fn is_warning(&self) -> bool {
        matches!(
            self,
            Step::NotComparable { .. }
                | Step::NothingComparable
                | Step::PlacesUnknown { .. }
                | Step::ElementsMissing { .. }
                | Step::ByReference
                | Step::CropNotHeard
                | Step::PriorityCropsFail { .. }
        )
    }

    /// In both languages.
    pub fn text(&self) -> Text {
        let (zh, en) = self.pair();
        Text::new(zh, en)
    }

    fn pair(&self) -> (String, String) {
        let both = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        match self {
            Step::NoPoints => both("单元内没有表层土壤点位。", "The unit has no point with a topsoil sample."),
            Step::NotComparable { points } => (
                format!("{points} 个点位该元素无法与标准值比较，未计入。"),
                format!(
                    "{points} points cannot be compared with the limit values for this element and are not counted."
                ),
            ),
            Step::NothingComparable => both(
                "没有点位能与标准值比较，不判定类别。",
                "No point can be compared with the limit values, so there is no class.",
            ),
            Step::AllSame { class, points } => {
                let (n, (zh, en)) = (class.number(), land(*class));
                (
                    format!("全部 {points} 个点位均为 {n} 类，判定为{zh}。"),
                    format!("All {points} points are of class {n}: {en}."),
                )
            }
            Step::Dominant { class, points, of, threshold_percent } => {
                let n = class.number();
                (
                    format!("{of} 个点位中 {points} 个为 {n} 类，超过 {threshold_percent}%，为主导类别。"),
                    format!(
                        "{points} of {of} points are of class {n}, more than {threshold_percent} %: it is dominant."
                    ),
                )
            }
            Step::NoDominant { counts: [one, two, three], threshold_percent, class } => {
                let (zh, en) = land(*class);
                (
                    format!(
                        "1、2、3 类点位各 {one}、{two}、{three} 个，无一超过 {threshold_percent}%，无主导类别；暂按最差判定为{zh}，须进一步划分单元或由专家判定。"
                    ),
                    format!(
                        "{one}, {two} and {three} points are of class 1, 2 and 3; none has more than {threshold_percent} %. The worst stands ({en}) until the unit is divided further or an expert decides."
                    ),
                )
            }
            Step::PlacesUnknown { points } => {
                let (zh, en) = names(points);
                (
                    format!("点位 {zh} 坐标未知，是否连续无法判断，按连续处理（从严）。"),
                    format!("Where {en} lie is not known; they are taken as contiguous, which is the strict side."),
                )
            }
            Step::SubUnit { class, points } => {
                let ((zh, en), n) = (names(points), class.number());
                (
                    format!("点位 {zh} 连续且不属主导类别，建议单独划出（{n} 类），另行判定。"),
                    format!(
                        "Points {en} are contiguous and not of the dominant class: a part of their own is proposed (class {n}), classed separately."
                    ),
                )
            }
            Step::IsolatedStrict { points } => {
                let (zh, en) = names(points);
                (
                    format!(
                        "点位 {zh} 为孤立的 3 类点位，建议现场核实后在其周围划出最小合理范围（以地块、村界、道路、沟渠为界）。"
                    ),
                    format!(
                        "Point {en} is of class 3 and stands alone: the least reasonable area round it is to be drawn after a look in the field (limits of plots, villages, roads, ditches)."
                    ),
                )
            }
            Step::Outvoted { class, points } => {
                let ((zh, en), n) = (names(points), class.number());
                (
                    format!("点位 {zh} 孤立且非 3 类，随主导类别判为 {n} 类。"),
                    format!("Points {en} stand alone and are not of class 3: they follow the dominant class {n}."),
                )
            }
            Step::WholeUntilCut { class, rest } => {
                let ((zh, en), (rest_zh, rest_en)) = (land(*class), land(*rest));
                (
                    format!("划出前整个单元不优于其最差部分：{zh}；划出后其余部分为{rest_zh}。"),
                    format!(
                        "Until it is cut, the whole is no better than its worst part ({en}); what is left then is of {rest_en}."
                    ),
                )
            }
            Step::Neighbours { class, units } => {
                let ((zh, en), (class_zh, class_en)) = (names(units), land(*class));
                (
                    format!("相邻且有点位的单元 {zh} 均为{class_zh}，按其判定，须确认。"),
                    format!("All touching units with points ({en}) are of {class_en}: taken over, to be confirmed."),
                )
            }
            Step::NeighboursDiffer { units } => {
                let (zh, en) = names(units);
                (
                    format!("相邻且有点位的单元 {zh} 类别不一致或无法判定，不判定类别，须由专家判定。"),
                    format!(
                        "The touching units with points ({en}) are not of one class: there is no class until an expert decides."
                    ),
                )
            }
            Step::NoNeighbours => both(
                "没有相邻且有点位的单元，不判定类别；未作插值。",
                "No touching unit has points, so there is no class; nothing is interpolated.",
            ),
            Step::OutsideSurvey => both(
                "位于详查范围之外，按请求暂列优先保护类，须确认。",
                "Outside the survey's scope: under priority protection, as the request asks, to be confirmed.",
            ),
            Step::ElementsMissing { elements, class } => {
                let list: Vec<String> = elements.iter().map(|element| element.symbol().to_owned()).collect();
                let (zh, en) = names(&list);
                match class {
                    Some(class) => {
                        let (class_zh, class_en) = land(*class);
                        (
                            format!("{zh} 类别未知；已知元素已达{class_zh}，不可能更优。"),
                            format!(
                                "The class by {en} is not known; by the others it is {class_en} already, and cannot be milder."
                            ),
                        )
                    }
                    None => (
                        format!("{zh} 类别未知，不能判为优先保护类，不判定类别。"),
                        format!(
                            "The class by {en} is not known, so that the unit cannot be under priority protection: there is no class."
                        ),
                    ),
                }
            }
            Step::Worst { class, by } => {
                let list: Vec<String> = by.iter().map(|element| element.symbol().to_owned()).collect();
                let ((zh, en), (class_zh, class_en)) = (names(&list), land(*class));
                (
                    format!("按各元素中最差者（{zh}）：{class_zh}。"),
                    format!("The worst of the elements ({en}) decides: {class_en}."),
                )
            }
            Step::ByReference => both("非耕地，参照执行。", "Not cultivated land: classed by reference."),
            Step::CropTooFew { tested, least } => (
                format!("可用农产品点位 {tested} 个，少于 {least} 个，维持土壤类别。"),
                format!("{tested} product points can be used, fewer than {least}: the soil's class stands."),
            ),
            Step::CropNotHeard => both(
                "有元素类别未知，农产品结果不用于放宽类别。",
                "The class by some element is not known, so products do not relax the class.",
            ),
            Step::CropRelaxed { from, to, counts: [one, two, three] } => {
                let ((from_zh, from_en), (to_zh, to_en)) = (land(*from), land(*to));
                (
                    format!(
                        "农产品点位未超标 {one} 个、超标 {two} 个、严重超标 {three} 个：由{from_zh}调整为{to_zh}。"
                    ),
                    format!(
                        "{one} product points within their limits, {two} over, {three} far over: from {from_en} to {to_en}."
                    ),
                )
            }
            Step::CropKept { class, counts: [one, two, three] } => {
                let (zh, en) = land(*class);
                (
                    format!("农产品点位未超标 {one} 个、超标 {two} 个、严重超标 {three} 个：维持{zh}。"),
                    format!("{one} product points within their limits, {two} over, {three} far over: {en} stands."),
                )
            }
            Step::PriorityCropsFail { points } => {
                let (zh, en) = names(points);
                (
                    format!("土壤为优先保护类，但农产品点位 {zh} 超标；规则不因此从严，须查明原因。"),
                    format!(
                        "The soil is under priority protection, yet products at {en} are over their limits. The rule does not tighten the class; the cause has to be found."
                    ),
                )
            }
        }
    }
}
