//! Step 1: which samples speak for a point, and the class of the point by each element.

use super::{Element, Grade, Medium, Sample};
use crate::kernel::Day;
use crate::kernel::quantity::{Decimal, Measured};
use crate::standards::gb15618::{self, Found, Land, Row, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A layer that begins above this depth is topsoil, m.
const TOPSOIL_M: Decimal = Decimal::from_parts(2, 0, 0, false, 1);

/// What a point says by one element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// Its class.
    Class(Grade),
    /// Nothing that could be compared.
    Nothing(WhyNot),
}

/// Why a point says nothing by an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyNot {
    /// No sample was tested for it.
    NotTested,
    /// The pH is not known, and the limit values turn on it.
    PhMissing,
    /// Below a detection limit that lies above the screening value.
    DetectionLimit,
}

impl WhyNot {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            WhyNot::NotTested => "not_tested",
            WhyNot::PhMissing => "ph_missing",
            WhyNot::DetectionLimit => "detection_limit_above_screening",
        }
    }

    /// In Chinese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            WhyNot::NotTested => ("未测定该元素。", "Not tested for the element."),
            WhyNot::PhMissing => ("缺少 pH，标准值无法确定。", "The pH is missing, and the limit values turn on it."),
            WhyNot::DetectionLimit => (
                "未检出，但检出限高于筛选值，无法比较。",
                "Below a detection limit that lies above the screening value: not comparable.",
            ),
        }
    }
}

/// Why a sample was left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyUnused {
    /// Taken below the topsoil.
    BelowTopsoil,
    /// Taken after the day asked for.
    TakenLater,
    /// There is a newer one at its point for every element it was tested for.
    Older,
    /// Tested for none of the five elements.
    NotTested,
    /// Neither soil nor a product.
    OtherMedium,
    /// A product whose report states no limit.
    LimitNotStated,
    /// A product below a detection limit that lies above the limit stated.
    ProductDetectionLimit,
    /// A product within its limits that was not tested for what the soil's class rests on.
    ProductPartlyTested,
}

impl WhyUnused {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            WhyUnused::BelowTopsoil => "below_topsoil",
            WhyUnused::TakenLater => "taken_later",
            WhyUnused::Older => "older",
            WhyUnused::NotTested => "not_tested",
            WhyUnused::OtherMedium => "other_medium",
            WhyUnused::LimitNotStated => "limit_not_stated",
            WhyUnused::ProductDetectionLimit => "product_detection_limit",
            WhyUnused::ProductPartlyTested => "product_partly_tested",
        }
    }

    /// In Chinese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            WhyUnused::BelowTopsoil => ("采样层位于表层（0.2 m）以下。", "Taken below the topsoil: from 0.2 m on."),
            WhyUnused::TakenLater => ("采样日晚于所询日期。", "Taken after the day asked for."),
            WhyUnused::Older => ("同一点位有更新的样品。", "There is a newer sample at its point."),
            WhyUnused::NotTested => {
                ("未测定镉、汞、砷、铅、铬中任何一项。", "Tested for none of Cd, Hg, As, Pb and Cr.")
            }
            WhyUnused::OtherMedium => ("既非土壤也非农产品。", "Neither soil nor a product."),
            WhyUnused::LimitNotStated => {
                ("农产品报告未给出限量，无法判断是否超标。", "The product's report states no limit to compare with.")
            }
            WhyUnused::ProductDetectionLimit => (
                "未检出，但检出限高于限量，无法比较。",
                "Below a detection limit that lies above the limit stated: not comparable.",
            ),
            WhyUnused::ProductPartlyTested => (
                "未超标，但未测定土壤超标的全部元素，不能用于放宽类别。",
                "Within its limits, but not tested for every element that the soil is over in: it does not help to relax the class.",
            ),
        }
    }
}

/// A sample that was left aside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unused {
    /// The sample.
    pub sample: String,
    /// Why.
    pub why: WhyUnused,
}

/// What a point says by one element, and what that rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct PointFinding {
    /// The point.
    pub point: String,
    /// The sample that speaks; `None`: none was tested.
    pub sample: Option<String>,
    /// Its pH.
    pub ph: Option<Decimal>,
    /// The content.
    pub content: Option<Measured>,
    /// The screening value, where the pH is known.
    pub screening: Option<&'static Row>,
    /// The intervention value, where the pH is known.
    pub intervention: Option<&'static Row>,
    /// The class, or why there is none.
    pub said: Said,
}

/// A point with soil samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its identifier.
    pub id: String,
    /// Where it lies.
    pub place: Option<[f64; 2]>,
    /// What it says by each element.
    pub findings: [PointFinding; 5],
    used: BTreeSet<String>,
}

impl Point {
    /// The samples that speak for the point.
    pub fn samples(&self) -> impl Iterator<Item = String> + '_ {
        self.used.iter().cloned()
    }

    /// Its class by an element.
    pub fn class(&self, element: Element) -> Option<Grade> {
        match self.findings[element as usize].said {
            Said::Class(grade) => Some(grade),
            Said::Nothing(_) => None,
        }
    }

    /// The worst of its classes.
    pub fn worst(&self) -> Option<Grade> {
        Element::ALL.into_iter().filter_map(|element| self.class(element)).max()
    }
}

/// Whether a sample is one of topsoil, as far as is known.
pub fn is_topsoil(sample: &Sample) -> bool {
    sample.medium == Medium::Soil && sample.depth_from_m.is_none_or(|depth| depth < TOPSOIL_M)
}

/// The points of a unit's soil samples, in the order of their identifiers, and the samples that were left aside. Products are
/// looked at elsewhere.
pub fn points(samples: &[Sample], land: Land) -> (Vec<Point>, Vec<Unused>) {
    let mut unused = Vec::new();
    let mut at: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        let why = match sample.medium {
            Medium::Crop => continue,
            Medium::Other => Some(WhyUnused::OtherMedium),
            Medium::Soil if !is_topsoil(sample) => Some(WhyUnused::BelowTopsoil),
            Medium::Soil => None,
        };
        match why {
            Some(why) => unused.push(Unused { sample: sample.id.clone(), why }),
            None => at.entry(&sample.point).or_default().push(sample),
        }
    }
    let points = at
        .into_iter()
        .map(|(id, mut samples)| {
            samples.sort_by(|a, b| a.id.cmp(&b.id));
            point(id, &samples, land, &mut unused)
        })
        .collect();
    (points, unused)
}

fn point(id: &str, samples: &[&Sample], land: Land, unused: &mut Vec<Unused>) -> Point {
    let mut used = BTreeSet::new();
    let findings = Element::ALL.map(|element| {
        let spoken: Vec<PointFinding> = newest(samples, |sample| sample.contents[element as usize].is_some())
            .into_iter()
            .inspect(|sample| {
                used.insert(sample.id.clone());
            })
            .map(|sample| judge(id, sample, element, land))
            .collect();
        // Of one day the worst counts. One that cannot be compared says less than one that can.
        let weight = |said: Said| match said {
            Said::Class(grade) => grade.number(),
            Said::Nothing(_) => 0,
        };
        spoken.into_iter().reduce(|a, b| if weight(b.said) > weight(a.said) { b } else { a }).unwrap_or(PointFinding {
            point: id.to_owned(),
            sample: None,
            ph: None,
            content: None,
            screening: None,
            intervention: None,
            said: Said::Nothing(WhyNot::NotTested),
        })
    });
    for sample in samples.iter().filter(|sample| !used.contains(&sample.id)) {
        let tested = sample.contents.iter().any(Option::is_some);
        let why = if tested { WhyUnused::Older } else { WhyUnused::NotTested };
        unused.push(Unused { sample: sample.id.clone(), why });
    }
    // One place per point; should its samples differ, the same one whatever their order.
    let place = samples
        .iter()
        .filter_map(|sample| sample.place)
        .min_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    Point { id: id.to_owned(), place, findings, used }
}

/// Of the samples that fit, those of the newest day; those of unknown day, which may be as new, with them.
pub(super) fn newest<'a>(samples: &[&'a Sample], fits: impl Fn(&Sample) -> bool) -> Vec<&'a Sample> {
    let fitting = || samples.iter().copied().filter(|sample| fits(sample));
    let day: Option<Day> = fitting().filter_map(|sample| sample.taken_on).max();
    fitting().filter(|sample| sample.taken_on.is_none() || sample.taken_on == day).collect()
}

/// The class of one content.
fn judge(point: &str, sample: &Sample, element: Element, land: Land) -> PointFinding {
    let row = |value| match gb15618::find(value, element.substance(), land, sample.ph) {
        Found::Row(row) => Some(row),
        Found::PhNeeded | Found::None => None,
    };
    let (screening, intervention) = (row(Value::Screening), row(Value::Intervention));
    let content = sample.contents[element as usize];
    let said = match (content, screening, intervention) {
        (None, _, _) => Said::Nothing(WhyNot::NotTested),
        (Some(content), Some(screening), Some(intervention)) => graded(content, screening.value, intervention.value),
        (Some(_), _, _) => Said::Nothing(WhyNot::PhMissing),
    };
    PointFinding {
        point: point.to_owned(),
        sample: Some(sample.id.clone()),
        ph: sample.ph,
        content,
        screening,
        intervention,
        said,
    }
}

fn graded(content: Measured, screening: Decimal, intervention: Decimal) -> Said {
    let amount = content.mg_kg();
    if amount <= screening {
        return Said::Class(Grade::One);
    }
    if content.below {
        return Said::Nothing(WhyNot::DetectionLimit);
    }
    Said::Class(if amount <= intervention { Grade::Two } else { Grade::Three })
}
