//! Step 4: what grows on the unit (农产品协同评价). Products within their limits relax a class; nothing they show tightens it.
//!
//! ```text
//! n product points; x1, x2, x3 of them within their limits, over, and far over
//! n < 3            the soil's class stands
//! soil 1           stays 1
//! soil 2           1 where x2 + x3 = 0
//! soil 3           2 where x1 / n >= 65 % and x3 = 0, or x2 + x3 = 0
//! ```
//!
//! GB 2762's limits are not among the standards kept here: a product is held to the limit that its report states. A product
//! within its limits speaks for the unit only when it was tested for every element that the soil is over in; one over its
//! limit always speaks, but does not help to make up the least number.

use super::point::newest;
use super::{Element, ElementFinding, Grade, Medium, Sample, Settings, Step, Unused, WhyUnused};
use crate::kernel::quantity::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What the products of a unit say.
#[derive(Debug, Clone, PartialEq)]
pub struct CropFinding {
    /// The class of the unit after the products were heard; `None`: there was none before.
    pub class: Option<Grade>,
    /// Product points that were tested for all that matters.
    pub tested: usize,
    /// Product points within their limits, over them, and far over them.
    pub counts: [usize; 3],
    /// The product points that speak.
    pub points: Vec<ProductPoint>,
    /// The steps.
    pub steps: Vec<Step>,
    pub(super) used: BTreeSet<String>,
    pub(super) unused: Vec<Unused>,
}

/// A point at which a product was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductPoint {
    /// The point.
    pub point: String,
    /// The worst of its elements.
    pub class: Grade,
    /// By element; `None`: not tested, or not comparable.
    pub elements: [Option<Grade>; 5],
}

/// Hears the products; `None` where none were taken.
pub fn judge(
    samples: &[Sample],
    elements: &[ElementFinding; 5],
    soil: Option<Grade>,
    settings: &Settings,
) -> Option<CropFinding> {
    let mut at: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.medium == Medium::Crop) {
        at.entry(&sample.point).or_default().push(sample);
    }
    if at.is_empty() {
        return None;
    }
    let over: Vec<Element> =
        Element::ALL.into_iter().filter(|e| elements[*e as usize].class > Some(Grade::One)).collect();
    let complete = elements.iter().all(|element| element.class.is_some());
    let (mut used, mut unused) = (BTreeSet::new(), Vec::new());
    let (mut tested, mut counts, mut points) = (0, [0; 3], Vec::new());
    for (id, mut samples) in at {
        samples.sort_by(|a, b| a.id.cmp(&b.id));
        let (point, spoke) = product(id, &samples, settings, &mut unused);
        let Some(point) = point else { continue };
        let fully = over.iter().all(|element| point.elements[*element as usize].is_some());
        if !fully && point.class == Grade::One {
            unused.extend(spoke.into_iter().map(|sample| Unused { sample, why: WhyUnused::ProductPartlyTested }));
            continue;
        }
        tested += usize::from(fully);
        counts[point.class as usize - 1] += 1;
        used.extend(spoke);
        points.push(point);
    }
    let mut steps = Vec::new();
    let class = soil.map(|soil| {
        let failing: Vec<String> = points.iter().filter(|p| p.class > Grade::One).map(|p| p.point.clone()).collect();
        let class = weigh(soil, complete, tested, counts, settings, &mut steps);
        if soil == Grade::One && !failing.is_empty() {
            steps.push(Step::PriorityCropsFail { points: failing });
        }
        class
    });
    unused.sort();
    Some(CropFinding { class, tested, counts, points, steps, used, unused })
}

fn weigh(
    soil: Grade,
    complete: bool,
    tested: usize,
    counts: [usize; 3],
    settings: &Settings,
    steps: &mut Vec<Step>,
) -> Grade {
    if tested < settings.crop_min_samples as usize {
        steps.push(Step::CropTooFew { tested, least: settings.crop_min_samples });
        return soil;
    }
    if !complete {
        steps.push(Step::CropNotHeard);
        return soil;
    }
    let [within, over, far] = counts;
    let all: usize = counts.iter().sum();
    let none_over = over + far == 0;
    let enough = within as u64 * 100 >= u64::from(settings.crop_share_percent) * all as u64;
    let class = match soil {
        Grade::Two if none_over => Grade::One,
        Grade::Three if none_over || (enough && far == 0) => Grade::Two,
        kept => kept,
    };
    steps.push(if class < soil {
        Step::CropRelaxed { from: soil, to: class, counts }
    } else {
        Step::CropKept { class, counts }
    });
    class
}

/// What a point's products say by each element, and which samples say it.
fn product(
    id: &str,
    samples: &[&Sample],
    settings: &Settings,
    unused: &mut Vec<Unused>,
) -> (Option<ProductPoint>, BTreeSet<String>) {
    let mut spoke = BTreeSet::new();
    let mut newest_of_any = BTreeSet::new();
    let elements = Element::ALL.map(|element| {
        let n = element as usize;
        let held = newest(samples, |sample| sample.contents[n].is_some() && sample.limits[n].is_some());
        held.into_iter()
            .filter_map(|sample| {
                newest_of_any.insert(sample.id.clone());
                let grade = graded(sample, element, settings)?;
                spoke.insert(sample.id.clone());
                Some(grade)
            })
            .max()
    });
    for sample in samples.iter().filter(|sample| !spoke.contains(&sample.id)) {
        let content = |n: usize| sample.contents[n].is_some();
        let why = if !(0..5).any(content) {
            WhyUnused::NotTested
        } else if !(0..5).any(|n| content(n) && sample.limits[n].is_some()) {
            WhyUnused::LimitNotStated
        } else if newest_of_any.contains(&sample.id) {
            WhyUnused::ProductDetectionLimit
        } else {
            WhyUnused::Older
        };
        unused.push(Unused { sample: sample.id.clone(), why });
    }
    let class = elements.iter().flatten().copied().max();
    (class.map(|class| ProductPoint { point: id.to_owned(), class, elements }), spoke)
}

fn graded(sample: &Sample, element: Element, settings: &Settings) -> Option<Grade> {
    let n = element as usize;
    let (content, limit) = (sample.contents[n]?, sample.limits[n]?);
    let amount = content.mg_kg();
    if amount <= limit {
        return Some(Grade::One);
    }
    if content.below {
        return None;
    }
    let far = amount * Decimal::ONE_HUNDRED > limit * Decimal::from(settings.crop_heavy_percent);
    Some(if far { Grade::Three } else { Grade::Two })
}
