//! What a siting check is judged by: the project, its place, and what lies there and around. Filled by the check from the
//! request and the registers; nothing here asks for more.

use crate::across::land_check::{FactUsed, Place, Relation, Source};
use crate::kernel::text::names;
use crate::kernel::{Confidence, Day, Text};
use crate::standards::industries::{IndustryCode, IndustrySet, Standing, standing};

names! {
    /// What is done with the project.
    Activity {
        /// A new project.
        New = "new", "新建", "new project";
        /// An extension.
        Expansion = "expansion", "扩建", "extension";
        /// A reconstruction.
        Reconstruction = "reconstruction", "改建", "reconstruction";
        /// It stands there already.
        Existing = "existing", "现有", "existing plant";
    }
}

names! {
    /// In which procedure it is asked.
    Procedure {
        /// Approval of the environmental impact assessment.
        Eia = "eia", "环评审批", "approval of the environmental impact assessment";
        /// Spatial and industrial planning.
        Planning = "planning", "规划", "planning";
        /// Approval or registration of the project.
        Approval = "approval", "项目审批（核准、备案）", "approval of the project";
    }
}

names! {
    /// What is to be kept clear of pollution.
    Facility {
        /// Homes.
        Homes = "homes", "居民区", "homes";
        /// Schools.
        Schools = "schools", "学校", "schools";
        /// Hospitals and sanatoria.
        Hospitals = "hospitals", "医院、疗养院", "hospitals and sanatoria";
        /// Homes for the elderly.
        CareHomes = "care_homes", "养老院", "homes for the elderly";
        /// Kindergartens.
        Kindergartens = "kindergartens", "幼儿园", "kindergartens";
    }
}

names! {
    /// Kind of a published zone.
    ZoneKind {
        /// Where priority-protection land is concentrated.
        PriorityFarmland = "priority_farmland_concentration", "优先保护类耕地集中区域", "area of concentrated priority-protection farmland";
        /// Where permanent basic farmland is concentrated.
        BasicFarmland = "permanent_basic_farmland_concentration", "永久基本农田集中区域", "area of concentrated permanent basic farmland";
    }
}

/// A yes or no from a statement and from what the industry suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Stated.
    Yes,
    /// Not stated; the industry says yes.
    Presumed,
    /// Stated as no, while the industry says yes.
    Disputed,
    /// Neither stated nor to be told by the industry.
    Unknown,
    /// Stated as no, or excluded by what the project is.
    No,
}

impl Known {
    fn of(stated: Option<bool>, industry: bool) -> Known {
        match (stated, industry) {
            (Some(true), _) => Known::Yes,
            (None, true) => Known::Presumed,
            (Some(false), true) => Known::Disputed,
            (None, false) => Known::Unknown,
            (Some(false), false) => Known::No,
        }
    }

    /// Whether it counts as yes.
    pub fn holds(self) -> bool {
        matches!(self, Known::Yes | Known::Presumed)
    }

    /// What a finding that rests on it is known by.
    pub fn confidence(self) -> Confidence {
        if self == Known::Presumed { Confidence::Unconfirmed } else { Confidence::Verified }
    }

    const fn words(self) -> (&'static str, Source, Text) {
        match self {
            Known::Yes => ("yes", Source::Stated, Text::fixed("是", "yes")),
            Known::Presumed => {
                ("presumed", Source::Unknown, Text::fixed("是（按行业推定）", "yes (presumed by industry)"))
            }
            Known::Disputed => (
                "disputed",
                Source::Stated,
                Text::fixed("申报为否，与行业推定不符", "stated as no, against what the industry suggests"),
            ),
            Known::Unknown => ("unknown", Source::Unknown, Text::fixed("不详", "unknown")),
            Known::No => ("no", Source::Stated, Text::fixed("否", "no")),
        }
    }
}

/// Whether the project's industry is among those that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// It is; with how well the code is known to mean it.
    Yes(Confidence),
    /// The code is too coarse to say, or none was stated.
    Unknown,
    /// It is not.
    No,
}

/// A record that the land meets or lies near.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    /// Its code.
    pub code: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// How the land lies to it.
    pub lies: Relation,
    /// Area shared, m² on the CGCS2000 ellipsoid.
    pub overlap_m2: f64,
    /// Ellipsoidal distance, m; 0 when they meet.
    pub distance_m: f64,
    /// Whether the shared area is so small that it may be a fault of the boundary (压线).
    pub sliver: bool,
}

impl Met {
    /// Whether ground is shared, more than a sliver of it.
    pub fn counts(&self) -> bool {
        self.lies == Relation::Overlaps && !self.sliver
    }

    fn line_contact(&self) -> bool {
        self.lies == Relation::Overlaps && self.sliver
    }

    fn within(&self, metres: Option<f64>) -> bool {
        self.lies != Relation::Near || metres.is_some_and(|metres| self.distance_m <= metres)
    }
}

/// Which land a farmland unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitClass {
    /// Priority protection.
    Priority,
    /// Not classified yet.
    Unclassified,
    /// Any other.
    Other,
}

/// How far "around" reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Metres; `None`: not set.
    pub metres: Option<f64>,
    /// The local parameter, where it is set for every division that the land lies in.
    pub parameter_m: Option<f64>,
    /// The protection distance of the project's assessment.
    pub assessed_m: Option<f64>,
}

impl Reach {
    /// The wider of the local parameter and the project's own protection distance.
    pub fn of(parameter_m: Option<f64>, assessed_m: Option<f64>) -> Reach {
        let metres = match (parameter_m, assessed_m) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        Reach { metres, parameter_m, assessed_m }
    }
}

/// Which projects an order covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// Every project.
    Every,
    /// Projects that may pollute soil.
    SoilPolluting,
    /// What its words say; a person compares.
    AsWorded,
}

/// An order that limits approvals.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The division that it was given for.
    pub division: String,
    /// Whether it limits approvals of assessments only (环评限批), or all of the region's (区域限批).
    pub assessments_only: bool,
    /// Which projects it covers.
    pub covers: Covers,
    /// Its scope in its own words.
    pub scope: String,
    /// Its number, or who gave it.
    pub named: String,
}

/// Everything that the rules judge by.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The day; picks the law.
    pub on: Day,
    /// Every division that the land lies in.
    pub places: Vec<Place>,
    /// What is done.
    pub activity: Activity,
    /// The procedure, where it was stated.
    pub procedure: Option<Procedure>,
    /// The industry, where it was stated.
    pub industry: Option<IndustryCode>,
    /// Whether it may pollute soil, as stated.
    pub pollutes: Option<bool>,
    /// Whether it is a statutory key project that cannot avoid the place, as stated.
    pub exempt: Option<bool>,
    /// Whether it emits heavy metals, as stated.
    pub metals: Option<bool>,
    /// Whether its emissions were offset on record, as stated.
    pub offset: Option<bool>,
    /// The homes, schools and hospitals that are built; `None`: not stated.
    pub builds: Option<Vec<Facility>>,
    /// Published zones that the land meets.
    pub zones: Vec<(ZoneKind, Met)>,
    /// Kinds of zones that are known in every division of the land.
    pub published: Vec<ZoneKind>,
    /// Farmland units that the land meets.
    pub units: Vec<(UnitClass, Met)>,
    /// Whether the register of farmland is kept for all of the land.
    pub farmland_known: bool,
    /// Facilities that the land meets, or that lie within reach.
    pub facilities: Vec<(Facility, Met)>,
    /// How far "around" reaches, by facility; one not named is not set.
    pub reaches: Vec<(Facility, Reach)>,
    /// Facilities of which a layer is complete for every division of the land.
    pub surveyed: Vec<Facility>,
    /// Contaminated and suspected sites and key units that the land meets, or that lie within reach.
    pub sources: Vec<Met>,
    /// How far "around" reaches for them.
    pub source_reach: Reach,
    /// Whether their registers are kept for all of the land.
    pub sources_known: bool,
    /// Orders that limit approvals in the divisions of the land, or above them.
    pub orders: Vec<Order>,
}

/// The industries that any text at hand calls polluting: what is presumed to pollute soil where nothing is stated.
const POLLUTING: [IndustrySet; 4] = [
    IndustrySet::SupervisionEight,
    IndustrySet::YuanchengTwelve,
    IndustrySet::InnerMongoliaFocus,
    IndustrySet::GuangdongMeasures,
];

impl Facts {
    /// A project on a day of which nothing else is known yet.
    pub fn new(activity: Activity, on: Day) -> Facts {
        Facts {
            on,
            places: Vec::new(),
            activity,
            procedure: None,
            industry: None,
            pollutes: None,
            exempt: None,
            metals: None,
            offset: None,
            builds: None,
            zones: Vec::new(),
            published: Vec::new(),
            units: Vec::new(),
            farmland_known: false,
            facilities: Vec::new(),
            reaches: Vec::new(),
            surveyed: Vec::new(),
            sources: Vec::new(),
            source_reach: Reach::of(None, None),
            sources_known: false,
            orders: Vec::new(),
        }
    }

    /// Whether any part of the land lies in the division whose code begins with these digits.
    pub fn is_in(&self, prefix: &str) -> bool {
        self.places.iter().any(|place| place.is_in(prefix))
    }

    /// Whether it may pollute soil: as stated, else presumed by its industry. A project that builds homes, schools or
    /// hospitals and names no industry does not.
    pub fn pollution(&self) -> Known {
        let presumed = self
            .industry
            .as_ref()
            .is_some_and(|code| POLLUTING.iter().any(|set| matches!(standing(code, *set), Standing::Key(_))));
        match Known::of(self.pollutes, presumed) {
            Known::Unknown if self.industry.is_none() && self.builds.as_ref().is_some_and(|b| !b.is_empty()) => {
                Known::No
            }
            known => known,
        }
    }

    /// Whether it emits heavy metals: as stated; the smelting of non-ferrous metals is presumed to.
    pub fn emits_metals(&self) -> Known {
        let smelts = matches!(self.named(IndustrySet::SurveySix), Named::Yes(_))
            && self.industry.as_ref().is_some_and(|code| code.as_str().starts_with("32"));
        match Known::of(self.metals, smelts) {
            Known::Unknown if self.industry.is_none() && self.builds.as_ref().is_some_and(|b| !b.is_empty()) => {
                Known::No
            }
            known => known,
        }
    }

    /// Whether its industry is one of a set. A project that builds homes, schools or hospitals and names none has none.
    pub fn named(&self, set: IndustrySet) -> Named {
        match &self.industry {
            Some(code) => match standing(code, set) {
                Standing::Key(found) => Named::Yes(found.confidence),
                Standing::Undecided(_) => Named::Unknown,
                Standing::NotKey => Named::No,
            },
            None if self.builds.as_ref().is_some_and(|builds| !builds.is_empty()) => Named::No,
            None => Named::Unknown,
        }
    }

    /// Zones of a kind whose ground it shares.
    pub fn inside(&self, kind: ZoneKind) -> Vec<&Met> {
        self.zones.iter().filter(|(k, met)| *k == kind && met.counts()).map(|(_, met)| met).collect()
    }

    /// Farmland units of a class whose ground it shares.
    pub fn on_units(&self, class: UnitClass) -> Vec<&Met> {
        self.units.iter().filter(|(c, met)| *c == class && met.counts()).map(|(_, met)| met).collect()
    }

    /// What shares less ground than a boundary may be wrong by.
    pub fn line_contacts(&self) -> Vec<&Met> {
        let units = self.units.iter().filter(|(class, _)| *class != UnitClass::Other).map(|(_, met)| met);
        self.zones.iter().map(|(_, met)| met).chain(units).filter(|met| met.line_contact()).collect()
    }

    /// How far "around" reaches for a facility.
    pub fn reach(&self, facility: Facility) -> Reach {
        let known = self.reaches.iter().find(|(f, _)| *f == facility);
        known.map_or_else(|| Reach::of(None, None), |(_, reach)| reach.clone())
    }

    /// Facilities of some kinds that lie around.
    pub fn around(&self, kinds: &[Facility]) -> Vec<(Facility, &Met)> {
        let within = |facility: Facility, met: &Met| met.within(self.reach(facility).metres);
        self.facilities
            .iter()
            .filter(|(facility, met)| kinds.contains(facility) && within(*facility, met))
            .map(|(facility, met)| (*facility, met))
            .collect()
    }

    /// Sources of pollution that lie around.
    pub fn sources_around(&self) -> Vec<&Met> {
        self.sources.iter().filter(|met| met.within(self.source_reach.metres)).collect()
    }

    pub(super) fn show_activity(&self) -> FactUsed {
        let text = self.activity.text();
        shown(
            "activity",
            self.activity.as_str().to_owned(),
            Source::Stated,
            Text::new(format!("建设性质：{}", text.zh), format!("activity: {}", text.en)),
        )
    }

    pub(super) fn show_procedure(&self) -> FactUsed {
        let (value, source, text) = match self.procedure {
            Some(procedure) => (procedure.as_str(), Source::Stated, procedure.text()),
            None => ("unknown", Source::Unknown, Text::fixed("不详", "unknown")),
        };
        shown(
            "operation",
            value.to_owned(),
            source,
            Text::new(format!("办理事项：{}", text.zh), format!("procedure: {}", text.en)),
        )
    }

    pub(super) fn show_industry(&self) -> FactUsed {
        let (value, source) = match &self.industry {
            Some(code) => (code.to_string(), Source::Stated),
            None => ("unknown".to_owned(), Source::Unknown),
        };
        let zh = if self.industry.is_some() {
            format!("行业：GB/T 4754-2017 {value}")
        } else {
            "行业：不详".to_owned()
        };
        let en = if self.industry.is_some() {
            format!("industry: GB/T 4754-2017 {value}")
        } else {
            "industry: unknown".to_owned()
        };
        shown("industry", value, source, Text::new(zh, en))
    }

    pub(super) fn show_pollution(&self) -> FactUsed {
        show_known("pollutes_soil", "可能造成土壤污染", "may pollute soil", self.pollution())
    }

    pub(super) fn show_metals(&self) -> FactUsed {
        show_known("metal_emissions", "排放重金属污染物", "emits heavy metals", self.emits_metals())
    }

    pub(super) fn show_offset(&self) -> FactUsed {
        show_known("offset_recorded", "排放量已置换", "emissions offset on record", Known::of(self.offset, false))
    }

    pub(super) fn show_exempt(&self) -> FactUsed {
        show_known(
            "statutory_key_project_exempt",
            "法律规定的重点建设项目且选址确实无法避让",
            "statutory key project that cannot avoid the place",
            Known::of(self.exempt, false),
        )
    }

    pub(super) fn show_published(&self, kind: ZoneKind) -> FactUsed {
        let known = self.published.contains(&kind);
        let text = kind.text();
        shown(
            "published",
            format!("{}:{}", kind.as_str(), if known { "yes" } else { "no" }),
            if known { Source::Registry } else { Source::Unknown },
            if known {
                Text::new(format!("{}：已公布", text.zh), format!("{}: published", text.en))
            } else {
                Text::new(format!("{}：未见公布", text.zh), format!("{}: not known to be published", text.en))
            },
        )
    }

    pub(super) fn show_reach(&self, facility: Facility) -> FactUsed {
        show_reach(facility.as_str(), facility.text(), &self.reach(facility))
    }
}

/// How far "around" reaches, shown.
pub(super) fn show_reach(name: &str, label: Text, reach: &Reach) -> FactUsed {
    let (value, source, zh, en) = match reach.metres {
        Some(metres) => {
            let by_project = reach.assessed_m == Some(metres);
            let (zh, en) = if by_project {
                ("项目环评防护距离", "the project's protection distance")
            } else {
                ("本地参数", "local parameter")
            };
            let source = if by_project { Source::Stated } else { Source::Registry };
            (format!("{metres}"), source, format!("{metres} 米（{zh}）"), format!("{metres} m ({en})"))
        }
        None => ("unset".to_owned(), Source::Unknown, "距离参数未配置".to_owned(), "distance not set".to_owned()),
    };
    shown(
        "distance",
        format!("{name}:{value}"),
        source,
        Text::new(format!("{}周边距离：{zh}", label.zh), format!("around {}: {en}", label.en)),
    )
}

fn show_known(name: &'static str, zh: &str, en: &str, known: Known) -> FactUsed {
    let (value, source, words) = known.words();
    shown(name, value.to_owned(), source, Text::new(format!("{zh}：{}", words.zh), format!("{en}: {}", words.en)))
}

pub(super) fn shown(name: &'static str, value: String, source: Source, text: Text) -> FactUsed {
    FactUsed { name, value, source, text }
}

/// Records, shown.
pub(super) fn show_met(register: &str, met: &Met) -> FactUsed {
    let (m2, metres) = (met.overlap_m2, met.distance_m);
    let name = met.name.as_deref().map_or(String::new(), |name| format!(" {name}"));
    let lies = met.lies.text();
    shown(
        "hit",
        format!("{register}:{}", met.code),
        Source::Registry,
        Text::new(
            format!("{}{name}：{}，重叠 {m2:.2} 平方米，距离 {metres:.1} 米", met.code, lies.zh),
            format!("{}{name}: {}, {m2:.2} m2 shared, {metres:.1} m away", met.code, lies.en),
        ),
    )
}
