//! Step 2: the class of a unit by one element, out of its points.

use super::point::{Point, PointFinding};
use super::{Element, Grade, Remainder, Settings, Step, contiguity};
use std::collections::{BTreeMap, BTreeSet};

/// Where a unit's class by an element comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Its own points.
    Points,
    /// The units it touches.
    Neighbours,
    /// It lies outside the survey's scope.
    OutsideSurvey,
    /// Nothing: there is no class.
    Nothing,
}

/// A unit's class by one element, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementFinding {
    /// The class of the unit as a whole; `None`: it cannot be told.
    pub class: Option<Grade>,
    /// Where it comes from.
    pub source: Source,
    /// How many points say 1, 2 and 3.
    pub counts: [usize; 3],
    /// What each point says.
    pub points: Vec<PointFinding>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// A part of a unit that is proposed to be cut out.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Contiguous points that say otherwise than the rest; else one of class 3 that stands alone, round which a small area is
    /// to be drawn in the field.
    pub contiguous: bool,
    /// The part's own class, the worst of its points by all elements.
    pub class: Grade,
    /// The elements by which it differs from the rest, with its class by each.
    pub elements: Vec<(Element, Grade)>,
    /// Its points.
    pub points: Vec<String>,
}

/// Places of points that say otherwise than the rest, and whether they are enough for a part of their own.
type Group = (Vec<usize>, bool);

/// What the points of a unit say by one element.
pub struct Judged {
    /// Class of the whole.
    pub class: Option<Grade>,
    counts: [usize; 3],
    steps: Vec<Step>,
    /// Parts, as indices of points; whether they are enough for a part of their own.
    parts: Vec<Group>,
}

/// Weighs the points of a unit by one element.
pub fn judge(points: &[Point], element: Element, settings: &Settings) -> Judged {
    let every: Vec<usize> = (0..points.len()).collect();
    judge_some(points, &every, element, settings)
}

fn judge_some(points: &[Point], among: &[usize], element: Element, settings: &Settings) -> Judged {
    let said: Vec<(usize, Grade)> = among.iter().filter_map(|n| Some((*n, points[*n].class(element)?))).collect();
    let mut counts = [0; 3];
    for (_, grade) in &said {
        counts[*grade as usize - 1] += 1;
    }
    let mut steps = Vec::new();
    let silent = among.len() - said.len();
    if silent > 0 {
        steps.push(Step::NotComparable { points: silent });
    }
    let mut parts = Vec::new();
    let worst = said.iter().map(|(_, grade)| *grade).max();
    let class = worst.map(|worst| {
        let n = said.len();
        if counts[worst as usize - 1] == n {
            steps.push(Step::AllSame { class: worst, points: n });
            return worst;
        }
        let dominant = Grade::ALL
            .into_iter()
            .find(|grade| counts[*grade as usize - 1] as u64 * 100 > u64::from(settings.dominance_percent) * n as u64);
        let Some(dominant) = dominant else {
            steps.push(Step::NoDominant { counts, threshold_percent: settings.dominance_percent, class: worst });
            return worst;
        };
        let share = counts[dominant as usize - 1];
        steps.push(Step::Dominant {
            class: dominant,
            points: share,
            of: n,
            threshold_percent: settings.dominance_percent,
        });
        let (others, places): (Vec<usize>, Vec<_>) = {
            let places = said.iter().map(|(n, _)| points[*n].place).collect();
            ((0..n).filter(|k| said[*k].1 != dominant).collect(), places)
        };
        let name = |k: usize| points[said[k].0].id.clone();
        let nowhere: Vec<String> = others.iter().filter(|k| places[**k].is_none()).map(|k| name(*k)).collect();
        if !nowhere.is_empty() && others.len() > 1 {
            steps.push(Step::PlacesUnknown { points: nowhere });
        }
        let mut outvoted = Vec::new();
        let mut cut_worst = dominant;
        for group in contiguity::groups(&places, &others) {
            let class = group.iter().map(|k| said[*k].1).max().unwrap_or(dominant);
            let names: Vec<String> = group.iter().map(|k| name(*k)).collect();
            let enough = group.len() >= settings.min_contiguous as usize;
            if enough {
                steps.push(Step::SubUnit { class, points: names });
            } else if class == Grade::Three {
                steps.push(Step::IsolatedStrict { points: names });
            } else {
                outvoted.extend(names);
                continue;
            }
            cut_worst = cut_worst.max(class);
            parts.push((group.iter().map(|k| said[*k].0).collect(), enough));
        }
        if !outvoted.is_empty() {
            steps.push(Step::Outvoted { class: dominant, points: outvoted });
        }
        if cut_worst > dominant {
            steps.push(Step::WholeUntilCut { class: cut_worst, rest: dominant });
        }
        cut_worst
    });
    if class.is_none() && !among.is_empty() {
        steps.push(Step::NothingComparable);
    }
    Judged { class, counts, steps, parts }
}

/// The finding of a unit with points.
pub fn finding(points: &[Point], judged: &Judged, element: Element) -> ElementFinding {
    ElementFinding {
        class: judged.class,
        source: if judged.class.is_some() { Source::Points } else { Source::Nothing },
        counts: judged.counts,
        points: points.iter().map(|point| point.findings[element as usize].clone()).collect(),
        steps: judged.steps.clone(),
    }
}

/// The parts of all elements; the same points proposed by several elements are one part.
pub fn parts(points: &[Point], elements: &[Judged; 5]) -> Vec<Part> {
    let mut by_points: BTreeMap<Group, Vec<(Element, Grade)>> = BTreeMap::new();
    for element in Element::ALL {
        for part in &elements[element as usize].parts {
            let class = part.0.iter().filter_map(|n| points[*n].class(element)).max();
            by_points.entry(part.clone()).or_default().extend(class.map(|class| (element, class)));
        }
    }
    by_points
        .into_iter()
        .map(|((group, contiguous), elements)| Part {
            contiguous,
            class: group.iter().filter_map(|n| points[*n].worst()).max().unwrap_or(Grade::One),
            elements,
            points: group.iter().map(|n| points[*n].id.clone()).collect(),
        })
        .collect()
}

/// What is left when the parts are cut out; `None` where there are none.
pub fn remainder(points: &[Point], parts: &[Part], settings: &Settings) -> Option<Remainder> {
    if parts.is_empty() {
        return None;
    }
    let cut: BTreeSet<&str> = parts.iter().flat_map(|part| part.points.iter().map(String::as_str)).collect();
    let left: Vec<usize> = (0..points.len()).filter(|n| !cut.contains(points[*n].id.as_str())).collect();
    let elements = Element::ALL.map(|element| judge_some(points, &left, element, settings).class);
    let class = elements.iter().copied().collect::<Option<Vec<Grade>>>().and_then(|all| all.into_iter().max());
    Some(Remainder { class, elements, points: left.len() })
}
