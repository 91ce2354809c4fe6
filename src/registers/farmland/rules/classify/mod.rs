//! The class of a farmland unit out of soil and crop samples (农用地土壤环境质量类别划分), step by step.
//!
//! 1. [`point`]: each sampling point gets a class by each of the five elements, against GB 15618-2018.
//! 2. [`unit`]: a unit gets a class by each element: what all its points say, or most of them; contiguous points that say
//!    otherwise are proposed as a part of their own. A unit without points looks at its neighbours.
//! 3. The unit's class is the worst of its five elements.
//! 4. [`crop`]: what grows there can relax that class, and never tightens it.
//! 5. What a person has to confirm is said.
//!
//! The class is that of the unit as a whole, as it lies. As long as a part is not cut out, the whole has at least the part's
//! class; so more contamination, anywhere, never gives a milder class. The order of units, points and samples never matters.
//!
//! The standard's numbers are checked. The steps are known from practice and from what implementers wrote, not held against
//! the technical guide (环办土壤〔2019〕53号); their numbers are settings, and every step says how well it is known.

pub mod contiguity;
pub mod crop;
pub mod point;
pub mod unit;
pub mod words;

#[cfg(test)]
mod tests;

pub use crop::CropFinding;
pub use point::{PointFinding, Said, Unused, WhyUnused, is_topsoil};
pub use unit::{ElementFinding, Part, Source};
pub use words::Step;

use crate::kernel::quantity::{Decimal, Measured};
use crate::kernel::{Day, Provision};
use crate::standards::gb15618::Land;
use crate::standards::law;
use crate::standards::parameters::{self, Overrides, Parameter, Resolved};

/// An element that farmland is classed by: those with an intervention value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// 镉
    Cd,
    /// 汞
    Hg,
    /// 砷
    As,
    /// 铅
    Pb,
    /// 铬, total
    Cr,
}

impl Element {
    /// All five, in the order of the standard.
    pub const ALL: [Element; 5] = [Element::Cd, Element::Hg, Element::As, Element::Pb, Element::Cr];

    /// Its symbol.
    pub const fn symbol(self) -> &'static str {
        ["Cd", "Hg", "As", "Pb", "Cr"][self as usize]
    }

    /// Key of the substance in [`crate::standards::substances`].
    pub const fn substance(self) -> &'static str {
        ["cadmium", "mercury", "arsenic", "lead", "chromium"][self as usize]
    }
}

/// A class of soil, of a product, or of land: the greater, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Priority protection; a product within its limit.
    One = 1,
    /// Safe use; a product over its limit.
    Two = 2,
    /// Strict control; a product far over its limit.
    Three = 3,
}

impl Grade {
    /// All, the mildest first.
    pub const ALL: [Grade; 3] = [Grade::One, Grade::Two, Grade::Three];

    /// 1, 2 or 3.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The class of land; one of [`CLASSES`](super::super::CLASSES).
    pub const fn class(self) -> &'static str {
        super::super::CLASSES[self as usize - 1]
    }
}

/// What was sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Medium {
    /// Soil.
    Soil,
    /// What grows on it and is eaten.
    Crop,
    /// Anything else; never looked at here.
    Other,
}

/// A sample taken at a point of a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its identifier.
    pub id: String,
    /// Identifier of the point.
    pub point: String,
    /// Longitude and latitude, degrees (CGCS2000); `None`: not known.
    pub place: Option<[f64; 2]>,
    /// Day on which it was taken; `None`: not known.
    pub taken_on: Option<Day>,
    /// What was sampled.
    pub medium: Medium,
    /// Upper edge of the layer sampled, m below the surface; `None`: not known.
    pub depth_from_m: Option<Decimal>,
    /// pH of the soil.
    pub ph: Option<Decimal>,
    /// Contents of the five elements.
    pub contents: [Option<Measured>; 5],
    /// The limits that a product's report holds its contents against, mg/kg.
    pub limits: [Option<Decimal>; 5],
}

/// A unit about to be classed.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its code; told apart by it.
    pub code: String,
    /// Which values its soil is held to.
    pub land: Land,
    /// Whether its kind of land is classed by reference only: not cultivated land.
    pub by_reference: bool,
    /// The samples taken within it.
    pub samples: Vec<Sample>,
    /// The units that it touches, by their place in the list.
    pub neighbours: Vec<usize>,
    /// It lies outside the scope of the survey, and such a unit shall count as one under priority protection.
    pub outside_survey: bool,
    /// The numbers that hold where it lies.
    pub settings: Settings,
}

/// The numbers of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A class is dominant when more than this share of the points has it, per cent.
    pub dominance_percent: u32,
    /// So many contiguous points that are not of the dominant class are a part of their own.
    pub min_contiguous: u32,
    /// With fewer product samples the soil's class stands.
    pub crop_min_samples: u32,
    /// Share of products within their limits that relaxes strict control, per cent.
    pub crop_share_percent: u32,
    /// Above this share of its limit a product is far over it, per cent.
    pub crop_heavy_percent: u32,
}

impl Default for Settings {
    /// The numbers as they are known from practice.
    fn default() -> Settings {
        Settings {
            dominance_percent: 80,
            min_contiguous: 2,
            crop_min_samples: 3,
            crop_share_percent: 65,
            crop_heavy_percent: 200,
        }
    }
}

/// The parameters behind [`Settings`], in the order of its fields.
pub static PARAMETERS: [&Parameter; 5] = [
    &parameters::CLASS_DOMINANCE_PERCENT,
    &parameters::CLASS_MIN_CONTIGUOUS,
    &parameters::CLASS_CROP_MIN_SAMPLES,
    &parameters::CLASS_CROP_SHARE_PERCENT,
    &parameters::CLASS_CROP_HEAVY_PERCENT,
];

/// Numbers given with a request, in the place of those that hold; in the order of [`PARAMETERS`].
pub type Given = [Option<u32>; 5];

impl Settings {
    /// The numbers that hold in a division on a day, and where each comes from; `None` in the place of one that the request
    /// gives.
    pub fn resolve(division: &str, on: Day, overrides: &Overrides, given: &Given) -> (Settings, [Option<Resolved>; 5]) {
        let found = [0, 1, 2, 3, 4].map(|n: usize| match given[n] {
            Some(_) => None,
            None => PARAMETERS[n].resolve(division, on, overrides),
        });
        let fixed = Settings::default().numbers();
        let numbers = [0, 1, 2, 3, 4].map(|n: usize| match (given[n], &found[n]) {
            (Some(number), _) => number,
            (None, Some(resolved)) => resolved.value.clamp(BOUNDS[n].0, BOUNDS[n].1),
            (None, None) => fixed[n],
        });
        (Settings::of(numbers), found)
    }

    /// The numbers in the order of [`PARAMETERS`].
    pub const fn numbers(&self) -> [u32; 5] {
        [
            self.dominance_percent,
            self.min_contiguous,
            self.crop_min_samples,
            self.crop_share_percent,
            self.crop_heavy_percent,
        ]
    }

    const fn of(numbers: [u32; 5]) -> Settings {
        let [dominance_percent, min_contiguous, crop_min_samples, crop_share_percent, crop_heavy_percent] = numbers;
        Settings { dominance_percent, min_contiguous, crop_min_samples, crop_share_percent, crop_heavy_percent }
    }
}

/// The least and the greatest number that is taken for each parameter. A class that half of the points do not have
/// is not dominant; a product within its limit is not far over it.
pub const BOUNDS: [(u32, u32); 5] = [(50, 100), (1, 1_000), (1, 1_000), (50, 100), (100, 10_000)];

/// What the steps stand on.
pub static PROVISIONS: &[&Provision] = &[
    &law::LAW_49_CODE_444,
    &law::GB_15618_TABLE_1,
    &law::GB_15618_TABLE_3,
    &law::CLASS_GUIDE_UNIT,
    &law::CLASS_GUIDE_CROP,
];

/// First day of the standard; before it nothing can be held against it.
pub const STANDARD_FROM: Day = Day::of(2018, 8, 1);

/// What a unit's points outside every proposed part say.
#[derive(Debug, Clone, PartialEq)]
pub struct Remainder {
    /// The class of what is left; `None`: it cannot be told.
    pub class: Option<Grade>,
    /// By element.
    pub elements: [Option<Grade>; 5],
    /// How many points are left.
    pub points: usize,
}

/// The class proposed for a unit, with the reason of every step.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The class of the unit as a whole; `None`: unclassified.
    pub class: Option<Grade>,
    /// The class by soil alone.
    pub soil_class: Option<Grade>,
    /// By element.
    pub elements: [ElementFinding; 5],
    /// What the crops say; `None`: there are no product samples.
    pub crop: Option<CropFinding>,
    /// Parts proposed to be cut out, and single points that need a look.
    pub parts: Vec<Part>,
    /// What is left when the parts are cut out; `None`: no part is proposed.
    pub remainder: Option<Remainder>,
    /// The steps of the unit; those of an element are with it.
    pub steps: Vec<Step>,
    /// Samples that a class rests on.
    pub used: Vec<String>,
    /// Samples that were left aside, and why.
    pub unused: Vec<Unused>,
    /// An expert has to decide.
    pub needs_expert: bool,
    /// Somebody has to look in the field.
    pub needs_field_check: bool,
}

/// The points of a unit and what they say by each element.
struct Own {
    points: Vec<point::Point>,
    unused: Vec<Unused>,
    elements: [unit::Judged; 5],
}

/// Units whose points have been weighed. A unit without points looks at the units it touches, which is why all are given at
/// once; the findings are made one by one as they are asked for, so that those of a county need not be held together.
pub struct Weighed {
    units: Vec<Unit>,
    own: Vec<Own>,
}

impl Weighed {
    /// Weighs the points of units by the samples taken on or before a day.
    pub fn new(mut units: Vec<Unit>, on: Day) -> Weighed {
        let own = units.iter_mut().map(|unit| own(unit, on)).collect();
        Weighed { units, own }
    }

    /// The finding of a unit, by its place in the list.
    pub fn finding(&self, n: usize) -> Finding {
        finding(&self.units, &self.own, n)
    }

    /// Where the points of a unit lie, by their identifiers, and in which part of `parts` each is.
    pub fn places(&self, n: usize, parts: &[Part]) -> Vec<([f64; 2], Vec<usize>)> {
        let within = |id: &String| (0..parts.len()).filter(|part| parts[*part].points.contains(id)).collect();
        self.own[n].points.iter().filter_map(|point| Some((point.place?, within(&point.id)))).collect()
    }
}

fn own(unit: &mut Unit, on: Day) -> Own {
    let later = |sample: &mut Sample| sample.taken_on.is_some_and(|day| day > on);
    let later: Vec<Sample> = unit.samples.extract_if(.., later).collect();
    let (points, mut unused) = point::points(&unit.samples, unit.land);
    unused.extend(later.into_iter().map(|sample| Unused { sample: sample.id, why: WhyUnused::TakenLater }));
    let elements = Element::ALL.map(|element| unit::judge(&points, element, &unit.settings));
    Own { points, unused, elements }
}

fn finding(units: &[Unit], own: &[Own], n: usize) -> Finding {
    let (unit, mine) = (&units[n], &own[n]);
    let elements = Element::ALL.map(|element| {
        if mine.points.is_empty() {
            by_neighbours(units, own, n, element)
        } else {
            unit::finding(&mine.points, &mine.elements[element as usize], element)
        }
    });
    let mut steps = Vec::new();
    if unit.by_reference {
        steps.push(Step::ByReference);
    }
    let soil_class = worst(&elements, &mut steps);
    let crop = crop::judge(&unit.samples, &elements, soil_class, &unit.settings);
    let class = crop.as_ref().map_or(soil_class, |crop| crop.class);
    if let Some(crop) = &crop {
        steps.extend(crop.steps.iter().cloned());
    }
    let parts = unit::parts(&mine.points, &mine.elements);
    let remainder = unit::remainder(&mine.points, &parts, &unit.settings);

    let mut used: Vec<String> = mine.points.iter().flat_map(point::Point::samples).collect();
    let mut unused = mine.unused.clone();
    if let Some(crop) = &crop {
        used.extend(crop.used.iter().cloned());
        unused.extend(crop.unused.iter().cloned());
    }
    used.sort();
    used.dedup();
    unused.sort();
    let all = || elements.iter().flat_map(|element| &element.steps).chain(&steps);
    let needs_expert = all().any(Step::needs_expert);
    let needs_field_check = all().any(Step::needs_field_check);
    Finding {
        class,
        soil_class,
        elements,
        crop,
        parts,
        remainder,
        steps,
        used,
        unused,
        needs_expert,
        needs_field_check,
    }
}

impl Finding {
    /// Every step: those of the elements, then those of the unit.
    pub fn all_steps(&self) -> impl Iterator<Item = (Option<Element>, &Step)> {
        let of_elements = Element::ALL
            .into_iter()
            .flat_map(|e| self.elements[e as usize].steps.iter().map(move |step| (Some(e), step)));
        of_elements.chain(self.steps.iter().map(|step| (None, step)))
    }

    /// Whether a named person has to confirm something before the class is proposed (边界核实).
    pub fn review_required(&self) -> bool {
        self.all_steps().any(|(_, step)| step.to_confirm())
    }
}

/// The worst of the elements. One that is not known cannot make it milder: without it nothing is under priority protection.
fn worst(elements: &[ElementFinding; 5], steps: &mut Vec<Step>) -> Option<Grade> {
    let known = elements.iter().filter_map(|element| element.class).max();
    let missing: Vec<Element> = Element::ALL.into_iter().filter(|e| elements[*e as usize].class.is_none()).collect();
    let class = if missing.is_empty() { known } else { known.filter(|class| *class > Grade::One) };
    if !missing.is_empty() {
        steps.push(Step::ElementsMissing { elements: missing, class });
    }
    if let Some(class) = class {
        let by = Element::ALL.into_iter().filter(|e| elements[*e as usize].class == Some(class)).collect();
        steps.push(Step::Worst { class, by });
    }
    class
}

/// A unit without points: the class that all touching units with points of their own have.
fn by_neighbours(units: &[Unit], own: &[Own], n: usize, element: Element) -> ElementFinding {
    let mut near: Vec<(&str, Option<Grade>)> = units[n]
        .neighbours
        .iter()
        .filter(|other| **other != n && !own[**other].points.is_empty())
        .map(|other| (units[*other].code.as_str(), own[*other].elements[element as usize].class))
        .collect();
    near.sort_unstable();
    near.dedup();
    let codes = || near.iter().map(|(code, _)| (*code).to_owned()).collect::<Vec<_>>();
    let first = near.first().map(|(_, class)| *class);
    let (class, source, step) = match first {
        None if units[n].outside_survey => (Some(Grade::One), Source::OutsideSurvey, Step::OutsideSurvey),
        None => (None, Source::Nothing, Step::NoNeighbours),
        Some(Some(class)) if near.iter().all(|(_, other)| *other == Some(class)) => {
            (Some(class), Source::Neighbours, Step::Neighbours { class, units: codes() })
        }
        Some(_) => (None, Source::Nothing, Step::NeighboursDiffer { units: codes() }),
    };
    ElementFinding { class, source, counts: [0; 3], points: Vec::new(), steps: vec![Step::NoPoints, step] }
}
