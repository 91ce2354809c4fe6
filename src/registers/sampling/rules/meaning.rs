//! What it would mean that a result comes out otherwise. It decides nothing: it names who has to look again.

use crate::kernel::Text;
use crate::standards::screening::Outcome;

/// What a changed outcome would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// Farmland: the point's class by this element is another, so the unit would be classified anew.
    PointClassStricter,
    /// Farmland: the same, the other way.
    PointClassMilder,
    /// Farmland, of a substance that does not decide the class: co-monitoring of soil and crops.
    CoMonitoring,
    /// Construction land: above the screening value a detailed survey is needed (GB 36600, 5.3.3).
    DetailedSurvey,
    /// Construction land: above the intervention value the risk is normally unacceptable (5.3.5).
    ControlOrRemediation,
    /// Not above the screening value any more: the risk is generally negligible.
    Negligible,
    /// It cannot be compared any more.
    NoLongerComparable,
    /// It can be compared now, and is not above the screening value.
    NowComparable,
    /// The result was withdrawn.
    Withdrawn,
}

impl Meaning {
    /// Every meaning.
    pub const ALL: [Meaning; 9] = [
        Meaning::PointClassStricter,
        Meaning::PointClassMilder,
        Meaning::CoMonitoring,
        Meaning::DetailedSurvey,
        Meaning::ControlOrRemediation,
        Meaning::Negligible,
        Meaning::NoLongerComparable,
        Meaning::NowComparable,
        Meaning::Withdrawn,
    ];

    /// Stable, snake_case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Meaning::PointClassStricter => "point_class_stricter",
            Meaning::PointClassMilder => "point_class_milder",
            Meaning::CoMonitoring => "co_monitoring",
            Meaning::DetailedSurvey => "detailed_survey",
            Meaning::ControlOrRemediation => "control_or_remediation",
            Meaning::Negligible => "negligible",
            Meaning::NoLongerComparable => "no_longer_comparable",
            Meaning::NowComparable => "now_comparable",
            Meaning::Withdrawn => "withdrawn",
        }
    }

    /// The meaning of its word.
    pub fn parse(word: &str) -> Option<Meaning> {
        Meaning::ALL.into_iter().find(|meaning| meaning.as_str() == word)
    }

    /// In words; `classes` are the point's classes before and after on farmland, `unit` the code of the unit.
    pub fn text(self, classes: Option<(u8, u8)>, unit: Option<&str>) -> Text {
        let (mut zh, mut en) = match self {
            Meaning::PointClassStricter | Meaning::PointClassMilder => {
                let (zh, en) = classes.map_or_else(Default::default, |(before, after)| {
                    (format!("由 {before} 类变为 {after} 类"), format!(" from {before} to {after}"))
                });
                (format!("点位该元素类别{zh}。"), format!("The point's class by this element changes{en}."))
            }
            Meaning::CoMonitoring => fixed(
                "超过农用地筛选值：应加强土壤与农产品协同监测；该项目不用于类别划分。",
                "Above the screening value of farmland: soil and crops are to be monitored together; the substance does not decide the class.",
            ),
            Meaning::DetailedSurvey => fixed(
                "超过建设用地筛选值：应开展详细调查（GB 36600-2018 第5.3.3条）。",
                "Above the screening value of construction land: a detailed survey is needed (GB 36600-2018, 5.3.3).",
            ),
            Meaning::ControlOrRemediation => fixed(
                "超过建设用地管制值：风险通常不可接受，应采取风险管控或修复措施（GB 36600-2018 第5.3.5条）。",
                "Above the intervention value of construction land: the risk is normally unacceptable, control or remediation is needed (GB 36600-2018, 5.3.5).",
            ),
            Meaning::Negligible => fixed(
                "不再超过筛选值：风险一般可以忽略。",
                "Not above the screening value any more: the risk is generally negligible.",
            ),
            Meaning::NoLongerComparable => fixed(
                "不再能够比较，原结论不再成立。",
                "It cannot be compared any more; what it came out as before no longer stands.",
            ),
            Meaning::NowComparable => {
                fixed("现在可以比较，且未超过筛选值。", "It can be compared now, and is not above the screening value.")
            }
            Meaning::Withdrawn => fixed("结果已撤回，不再计入。", "The result was withdrawn and counts no more."),
        };
        if let Some(unit) = unit {
            zh.push_str(&format!("所在农用地单元 {unit} 应重新评估。"));
            en.push_str(&format!(" The farmland unit {unit} would be reconsidered."));
        }
        Text::new(zh, en)
    }
}

fn fixed(zh: &str, en: &str) -> (String, String) {
    (zh.to_owned(), en.to_owned())
}

/// Class of a sample point by one of the five elements (rulebook 3.2, step 1); `None` where it cannot be compared.
pub fn point_class(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::Within => Some(1),
        Outcome::AboveScreening => Some(2),
        Outcome::AboveIntervention => Some(3),
        Outcome::NotComparable => None,
    }
}

/// What it would mean that a substance came out as `after` in the place of `before` (`None`: no result). `farmland` says
/// whether GB 15618 applied, `decides` whether the substance is one of the five that decide the class.
pub fn meaning(before: Option<Outcome>, after: Option<Outcome>, farmland: bool, decides: bool) -> Meaning {
    let Some(after) = after else { return Meaning::Withdrawn };
    if after == Outcome::NotComparable {
        return Meaning::NoLongerComparable;
    }
    if farmland && decides {
        let was = before.and_then(point_class);
        return match (was, point_class(after)) {
            (Some(was), Some(is)) if is < was => Meaning::PointClassMilder,
            (None, Some(1)) => Meaning::NowComparable,
            _ => Meaning::PointClassStricter,
        };
    }
    match after {
        Outcome::Within if before.and_then(point_class).is_none() => Meaning::NowComparable,
        Outcome::Within => Meaning::Negligible,
        Outcome::AboveScreening | Outcome::AboveIntervention if farmland => Meaning::CoMonitoring,
        Outcome::AboveScreening => Meaning::DetailedSurvey,
        _ => Meaning::ControlOrRemediation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{AboveIntervention, AboveScreening, NotComparable, Within};

    #[test]
    fn every_change_has_its_meaning() {
        for (before, after, farmland, decides, expected) in [
            (Some(Within), Some(AboveScreening), true, true, "point_class_stricter"),
            (Some(AboveIntervention), Some(AboveScreening), true, true, "point_class_milder"),
            (Some(NotComparable), Some(Within), true, true, "now_comparable"),
            (Some(NotComparable), Some(AboveScreening), true, true, "point_class_stricter"),
            (Some(Within), Some(NotComparable), true, true, "no_longer_comparable"),
            (Some(Within), Some(AboveScreening), true, false, "co_monitoring"),
            (Some(AboveScreening), Some(Within), true, false, "negligible"),
            (Some(Within), Some(AboveScreening), false, true, "detailed_survey"),
            (Some(AboveScreening), Some(AboveIntervention), false, true, "control_or_remediation"),
            (Some(AboveScreening), Some(Within), false, true, "negligible"),
            (Some(AboveScreening), None, false, true, "withdrawn"),
        ] {
            assert_eq!(meaning(before, after, farmland, decides).as_str(), expected, "{before:?} → {after:?}");
        }
        for meaning in Meaning::ALL {
            assert_eq!(Meaning::parse(meaning.as_str()), Some(meaning));
            let text = meaning.text(Some((1, 2)), Some("U1"));
            assert!(text.zh.contains("U1") && text.en.contains("U1"));
        }
    }
}
