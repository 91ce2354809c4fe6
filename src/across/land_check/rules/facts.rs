//! What a land check is judged by: the operation, the parcel's place and uses, what is known of its past, and the records
//! it meets. Filled by the check from the request and the registers; nothing here asks for more.

use crate::kernel::text::names;
use crate::kernel::{Day, DivisionCode, Text};
use crate::registers::site::{List, OnList, Stage};
use crate::standards::industries::{IndustryCode, IndustrySet, may_be_key};

names! {
    /// What is to be done with the land.
    Operation {
        /// Taking of collective land by the state.
        Requisition = "requisition", "征收", "requisition";
        /// Taking back of a use right.
        Reclaim = "reclaim", "收回", "taking back";
        /// Buying for the land bank.
        Acquire = "acquire", "收购（收储）", "buying for the land bank";
        /// Transfer of a use right between users.
        Transfer = "transfer", "转让", "transfer";
        /// Change of use.
        ChangeUse = "change_use", "改变用途", "change of use";
        /// Planning conditions, detailed and village plans.
        PlanningConditions = "planning_conditions", "规划条件（控制性详细规划）", "planning conditions";
        /// Allocation or sale by the state.
        Supply = "supply", "供地", "supply of land";
        /// Planning permit for works, construction permit.
        ConstructionPermit = "construction_permit", "建设工程规划许可、施工许可", "construction permit";
        /// Approval of an environmental impact assessment.
        Eia = "eia", "环评审批", "approval of an environmental impact assessment";
        /// Registration of real estate.
        Registration = "registration", "不动产登记", "registration of real estate";
        /// Opening of unused land, or return of other land, as farmland.
        ReclamationToFarmland = "reclamation_to_farmland", "未利用地开垦、复垦为农用地", "reclamation to farmland";
        /// Farmland to construction land.
        FarmlandConversion = "farmland_conversion", "农用地转用", "conversion of farmland";
    }
}

names! {
    /// How far the survey of the parcel has come, least first. "Reviewed" begins with the third.
    SurveyState {
        /// No survey.
        None = "none", "未开展调查", "no survey";
        /// Under way or under review.
        Running = "running", "调查中", "survey under way";
        /// Reviewed: something exceeds the screening value of the planned use.
        ReviewedAboveScreening = "reviewed_above_screening", "已评审，超筛选值", "reviewed, above screening values";
        /// Risk assessment reviewed: control or remediation is needed.
        ActionRequired = "action_required", "风险评估已评审，需管控或修复", "risk assessment reviewed, action required";
        /// Effect evaluation reviewed: targets not met.
        EffectNotMet = "effect_not_met", "效果评估未达目标", "effect evaluated, targets not met";
        /// Reviewed: all within the screening values of the planned use.
        ReviewedWithinScreening = "reviewed_within_screening", "已评审，未超筛选值", "reviewed, within screening values";
        /// Risk assessment reviewed: acceptable.
        RiskAcceptable = "risk_acceptable", "风险评估已评审，风险可接受", "risk assessment reviewed, acceptable";
        /// Effect evaluation reviewed: targets met.
        EffectMet = "effect_met", "效果评估达到目标", "effect evaluated, targets met";
    }
}

impl SurveyState {
    /// Whether a survey report has been reviewed.
    pub fn is_reviewed(self) -> bool {
        !matches!(self, SurveyState::None | SurveyState::Running)
    }

    /// Whether a review found what must not be built on yet.
    pub fn is_adverse(self) -> bool {
        matches!(self, SurveyState::ReviewedAboveScreening | SurveyState::ActionRequired | SurveyState::EffectNotMet)
    }
}

names! {
    /// Class of a farmland unit.
    FarmlandClass {
        /// Class 1.
        PriorityProtection = "priority_protection", "优先保护类", "priority protection";
        /// Class 2.
        SafeUse = "safe_use", "安全利用类", "safe use";
        /// Class 3.
        StrictControl = "strict_control", "严格管控类", "strict control";
        /// Not classified yet.
        Unclassified = "unclassified", "未划分", "unclassified";
    }
}

names! {
    /// What the ecology bureau wrote back.
    Reply {
        /// No objection.
        Agrees = "agrees", "无意见", "no objection";
        /// No objection under conditions.
        Conditions = "conditions", "有条件同意", "no objection under conditions";
        /// Objection.
        Objects = "objects", "不同意", "objection";
    }
}

names! {
    /// A register that a check asks.
    Register {
        /// County lists of suspected sites, and leads.
        SuspectedSites = "suspected_sites", "疑似污染地块名单", "list of suspected sites";
        /// Prefecture directories.
        ContaminatedSites = "contaminated_sites", "污染地块名录", "directory of contaminated sites";
        /// Province lists.
        ControlList = "control_list", "建设用地土壤污染风险管控和修复名录", "control list";
        /// Sites closed: found clean, acceptable, or taken off the control list.
        ClosedSites = "closed_sites", "已关闭地块", "closed sites";
        /// Barred uses.
        NegativeList = "negative_list", "开发利用负面清单", "negative list";
        /// Control zones.
        ControlZones = "control_zones", "管控区域", "control zones";
        /// Key units.
        KeyUnits = "key_units", "土壤污染重点监管单位名录", "key units";
        /// Farmland units.
        Farmland = "farmland", "农用地土壤环境质量类别", "farmland classes";
    }
}

names! {
    /// What a register knows of the ground.
    CoverageStatus {
        /// Something is registered here.
        Recorded = "recorded", "有记录", "recorded";
        /// Investigated, nothing found.
        InvestigatedClean = "investigated_clean", "已排查、未发现", "investigated and clean";
        /// Nobody has looked.
        NeverInvestigated = "never_investigated", "未排查", "never investigated";
        /// Not in the area this register answers for.
        OutsideCoverage = "outside_coverage", "不在覆盖范围", "outside coverage";
    }
}

names! {
    /// Where a fact comes from.
    Source {
        /// Held by the registry; wins over what is stated.
        Registry = "registry", "登记簿", "registry";
        /// Stated by the caller, recorded as stated.
        Stated = "stated", "申报", "stated";
        /// Nobody knows.
        Unknown = "unknown", "不详", "unknown";
    }
}

names! {
    /// How the parcel lies to a record.
    Relation {
        /// They share area.
        Overlaps = "overlaps", "重叠", "overlaps";
        /// They share boundary only.
        Touches = "touches", "相接", "touches";
        /// Apart, within the distance asked.
        Near = "near", "邻近", "near";
    }
}

/// A value that is known from a source, or not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Fact<T> {
    /// Neither the registry nor the caller knows.
    #[default]
    Unknown,
    /// Known.
    Known {
        /// The value that holds.
        value: T,
        /// Who says so.
        source: Source,
        /// What the caller stated otherwise; shown, and never used.
        overruled: Option<T>,
    },
}

impl<T: PartialEq> Fact<T> {
    /// The registry's value wins; a statement that says otherwise is kept beside it.
    pub fn weigh(registry: Option<T>, stated: Option<T>) -> Fact<T> {
        match (registry, stated) {
            (Some(value), stated) => {
                let overruled = stated.filter(|s| *s != value);
                Fact::Known { value, source: Source::Registry, overruled }
            }
            (None, Some(value)) => Fact::stated(value),
            (None, None) => Fact::Unknown,
        }
    }
}

impl<T> Fact<T> {
    /// Stated by the caller.
    pub fn stated(value: T) -> Fact<T> {
        Fact::Known { value, source: Source::Stated, overruled: None }
    }

    /// Held by the registry.
    pub fn registry(value: T) -> Fact<T> {
        Fact::Known { value, source: Source::Registry, overruled: None }
    }

    /// The value, where known.
    pub fn get(&self) -> Option<&T> {
        match self {
            Fact::Known { value, .. } => Some(value),
            Fact::Unknown => None,
        }
    }

    /// Where it comes from.
    pub fn source(&self) -> Source {
        match self {
            Fact::Known { source, .. } => *source,
            Fact::Unknown => Source::Unknown,
        }
    }

    /// What the caller stated otherwise.
    pub fn overruled(&self) -> Option<&T> {
        match self {
            Fact::Known { overruled, .. } => overruled.as_ref(),
            Fact::Unknown => None,
        }
    }

    /// Whether nobody knows.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Fact::Unknown)
    }
}

/// A land use, read from its code: what the rules ask of it. All flags are facts of the code's table, none of the parcel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UseFact {
    /// Name of the code system (`GB/T 21010-2017`, `LUSC-2023`, `GB 50137-2011`).
    pub system: String,
    /// Code in it.
    pub code: String,
    /// 名称
    pub name_zh: String,
    /// Housing (居住、住宅).
    pub housing: bool,
    /// Public administration and public services, in the reading the province chose.
    pub public_service: bool,
    /// Commerce and services.
    pub commercial: bool,
    /// Schools and kindergartens.
    pub school: bool,
    /// Health care.
    pub medical: bool,
    /// Homes for the elderly and other welfare.
    pub elderly: bool,
    /// Cultivated land, orchards, forest, grassland and other farmland.
    pub farmland: bool,
    /// Class 1 of GB 36600; `None` where the code alone does not tell.
    pub class1: Option<bool>,
}

impl UseFact {
    /// Housing or public use: the statute's sensitive uses (一住两公).
    pub fn is_statutory_sensitive(&self) -> bool {
        self.housing || self.public_service
    }

    /// The plans' sensitive uses: housing, commerce, schools, health care, homes for the elderly.
    pub fn is_plan_sensitive(&self) -> bool {
        self.housing || self.commercial || self.school || self.medical || self.elderly
    }

    /// Sensitive under either.
    pub fn is_sensitive(&self) -> bool {
        self.is_statutory_sensitive() || self.is_plan_sensitive()
    }

    /// Industry, mining, storage, by the first digits of the three systems.
    pub fn is_industrial(&self) -> bool {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|p| self.code.starts_with(p));
        match self.system.as_str() {
            "GB/T 21010-2017" => starts(&["06"]),
            "LUSC-2023" => starts(&["10", "11"]),
            "GB 50137-2011" => starts(&["M", "W", "H5"]),
            _ => false,
        }
    }

    /// Land that nobody uses (未利用地), by the first digits of the three systems; in GB 50137 all that is not built on.
    pub fn is_unused(&self) -> bool {
        match self.system.as_str() {
            "GB/T 21010-2017" => self.code.starts_with("12"),
            "LUSC-2023" => self.code.starts_with("23"),
            "GB 50137-2011" => self.code.starts_with('E'),
            _ => false,
        }
    }

    /// A code that leaves the use open (留白用地, 城乡居民点建设用地): it may become housing, so it says nothing of what the
    /// land is meant for.
    pub fn is_open(&self) -> bool {
        match self.system.as_str() {
            "LUSC-2023" => self.code.starts_with("16"),
            "GB 50137-2011" => self.code == "H" || self.code.starts_with("H1"),
            _ => false,
        }
    }

    /// Whether land found fit for this use is fit for `planned`; `None` where a code does not tell. Class 1 limits are
    /// the stricter ones, so fit for class 1 is fit for class 2; farmland has limits of its own.
    pub fn serves(&self, planned: &UseFact) -> Option<bool> {
        if self.system == planned.system && self.code == planned.code {
            return Some(true);
        }
        if self.farmland || planned.farmland {
            return Some(self.farmland && planned.farmland);
        }
        match (self.class1, planned.class1) {
            (Some(true), _) | (_, Some(false)) => Some(true),
            (Some(false), Some(true)) => Some(false),
            (_, None) | (None, _) => None,
        }
    }
}

/// One barred use of a negative list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarredUse {
    /// Name of the code system.
    pub system: String,
    /// First digits of the barred codes.
    pub code_prefix: String,
    /// Why, as the list says.
    pub why: String,
}

/// What a record says of the ground.
#[derive(Debug, Clone, PartialEq)]
pub enum Matter {
    /// A site of the registry.
    Site {
        /// How far it is.
        stage: Stage,
        /// Whether it stands on the province's control list; for stages that can only be reached from the list it
        /// counts as standing there whatever is said.
        control_list: bool,
        /// The use for which its survey, assessment or evaluation found it fit.
        assessed_use: Option<UseFact>,
    },
    /// A negative list's entries for a site.
    NegativeList {
        /// The barred uses.
        entries: Vec<BarredUse>,
    },
    /// An approved control zone.
    ControlZone {
        /// Whether it stands because the site is not to be developed for now; `None` when not recorded.
        undeveloped: Option<bool>,
    },
    /// Production land of a key unit.
    KeyUnit,
    /// A farmland unit.
    Farmland {
        /// Its class on the day.
        class: FarmlandClass,
    },
}

/// A record that the parcel meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Human code of the record.
    pub code: String,
    /// What it says.
    pub matter: Matter,
    /// How the parcel lies to it.
    pub relation: Relation,
    /// Shared area, m² on the CGCS2000 ellipsoid.
    pub overlap_m2: f64,
    /// Shared area as a share of the parcel, 0 to 1.
    pub overlap_share: f64,
    /// Whether the shared area is so small that it may be a fault of the boundary (压线).
    pub sliver: bool,
}

impl Hit {
    /// Whether it counts for the gates: area shared, and more than a sliver.
    pub fn counts(&self) -> bool {
        self.relation == Relation::Overlaps && !self.sliver
    }

    /// Stage, for a site.
    pub fn stage(&self) -> Option<Stage> {
        match &self.matter {
            Matter::Site { stage, .. } => Some(*stage),
            _ => None,
        }
    }

    fn is_on(&self, list: List) -> bool {
        self.stage().is_some_and(|stage| stage.on(list) == OnList::Yes)
    }

    /// On the county's list, not yet reviewed (C1-C3).
    pub fn is_suspected(&self) -> bool {
        self.is_on(List::SuspectedList)
    }

    /// In the prefecture's directory (C5-C12), or on the control list.
    pub fn is_contaminated(&self) -> bool {
        self.is_on_control_list() || self.is_on(List::ContaminatedDirectory)
    }

    /// Contaminated and neither found acceptable nor remediated yet.
    pub fn is_open(&self) -> bool {
        self.is_on_control_list() || (self.is_contaminated() && self.stage() != Some(Stage::RiskAcceptable))
    }

    /// On the province's control list. Remediation, its evaluation and control for safe use are reached from the list
    /// only; containment is not, so there the record itself must say.
    pub fn is_on_control_list(&self) -> bool {
        matches!(self.matter, Matter::Site { control_list: true, .. }) || self.is_on(List::ControlList)
    }

    /// The register it stands in.
    pub fn register(&self) -> Register {
        match &self.matter {
            Matter::Site { .. } if self.is_on_control_list() => Register::ControlList,
            Matter::Site { stage: Stage::Candidate, .. } => Register::SuspectedSites,
            Matter::Site { .. } if self.is_suspected() => Register::SuspectedSites,
            Matter::Site { .. } if self.is_contaminated() => Register::ContaminatedSites,
            Matter::Site { .. } => Register::ClosedSites,
            Matter::NegativeList { .. } => Register::NegativeList,
            Matter::ControlZone { .. } => Register::ControlZones,
            Matter::KeyUnit => Register::KeyUnits,
            Matter::Farmland { .. } => Register::Farmland,
        }
    }

    /// What is known of the survey of a site's ground by its stage; `None` for a lead and for other records.
    pub fn survey_state(&self) -> Option<SurveyState> {
        Some(match self.stage()? {
            Stage::Candidate => return None,
            Stage::Suspected => SurveyState::None,
            Stage::PreliminarySurvey | Stage::PreliminaryReview => SurveyState::Running,
            Stage::NotContaminated => SurveyState::ReviewedWithinScreening,
            Stage::Contaminated | Stage::DetailedSurvey | Stage::RiskAssessment => SurveyState::ReviewedAboveScreening,
            Stage::RiskAcceptable => SurveyState::RiskAcceptable,
            Stage::Listed | Stage::RiskControl(_) | Stage::Remediation | Stage::EffectEvaluation => {
                SurveyState::ActionRequired
            }
            Stage::Delisted | Stage::Aftercare => SurveyState::EffectMet,
        })
    }

    fn shown(&self) -> FactUsed {
        let register = self.register();
        let what = match &self.matter {
            Matter::Site { stage, .. } => stage.title(),
            Matter::Farmland { class } => class.text(),
            _ => register.text(),
        };
        let (m2, share) = (self.overlap_m2, self.overlap_share * 100.0);
        let relation = self.relation.text();
        FactUsed {
            name: "hit",
            value: format!("{}:{}", register.as_str(), self.code),
            source: Source::Registry,
            text: Text::new(
                format!(
                    "{}（{}）{}，重叠 {m2:.2} 平方米，占地块 {share:.2}%{}",
                    self.code,
                    what.zh,
                    relation.zh,
                    if self.sliver { "，压线" } else { "" }
                ),
                format!(
                    "{} ({}) {}, {m2:.2} m2 shared, {share:.2} % of the parcel{}",
                    self.code,
                    what.en,
                    relation.en,
                    if self.sliver { ", line contact" } else { "" }
                ),
            ),
        }
    }
}

/// What a register knows of the parcel's ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// The register.
    pub register: Register,
    /// What it knows.
    pub status: CoverageStatus,
}

/// A division the parcel lies in, with those above it: county, prefecture, province, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(pub Vec<DivisionCode>);

impl Place {
    /// Whether it lies in the division whose code begins with these digits.
    pub fn is_in(&self, prefix: &str) -> bool {
        self.0.iter().any(|code| code.as_str().starts_with(prefix))
    }
}

/// A fact as shown with a rule that used it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactUsed {
    /// Name of the fact on the wire.
    pub name: &'static str,
    /// Its value on the wire; `unknown` when nobody knows.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
    /// In words.
    pub text: Text,
}

/// A value that can be shown.
pub trait Shown {
    /// On the wire.
    fn value(&self) -> String;
    /// In words.
    fn words(&self) -> Text;
}

impl Shown for bool {
    fn value(&self) -> String {
        self.to_string()
    }
    fn words(&self) -> Text {
        if *self { Text::fixed("是", "yes") } else { Text::fixed("否", "no") }
    }
}

impl Shown for SurveyState {
    fn value(&self) -> String {
        self.as_str().to_owned()
    }
    fn words(&self) -> Text {
        self.text()
    }
}

impl Shown for Reply {
    fn value(&self) -> String {
        self.as_str().to_owned()
    }
    fn words(&self) -> Text {
        self.text()
    }
}

impl Shown for UseFact {
    fn value(&self) -> String {
        match (self.system.is_empty(), self.class1) {
            (true, Some(true)) => "GB 36600-2018:class_1".to_owned(),
            (true, Some(false)) => "GB 36600-2018:class_2".to_owned(),
            _ => format!("{}:{}", self.system, self.code),
        }
    }
    fn words(&self) -> Text {
        match (self.system.is_empty(), self.class1) {
            (true, Some(true)) => return Text::fixed("GB 36600 第一类用地", "class 1 of GB 36600"),
            (true, Some(false)) => return Text::fixed("GB 36600 第二类用地", "class 2 of GB 36600"),
            _ => {}
        }
        Text::new(
            format!("{} {}（{}）", self.code, self.name_zh, self.system),
            format!("{} {} ({})", self.code, self.name_zh, self.system),
        )
    }
}

impl Shown for IndustryCode {
    fn value(&self) -> String {
        self.to_string()
    }
    fn words(&self) -> Text {
        Text::new(format!("GB/T 4754-2017 {self}"), format!("GB/T 4754-2017 {self}"))
    }
}

fn used<T: Shown>(name: &'static str, label: Text, fact: &Fact<T>) -> FactUsed {
    let (value, words) = match fact.get() {
        Some(value) => (value.value(), value.words()),
        None => ("unknown".to_owned(), Text::fixed("不详", "unknown")),
    };
    let (value_zh, value_en) = match fact.overruled() {
        Some(stated) => (
            format!("{}（申报为：{}）", words.zh, stated.words().zh),
            format!("{} (stated: {})", words.en, stated.words().en),
        ),
        None => (words.zh.into_owned(), words.en.into_owned()),
    };
    FactUsed {
        name,
        value,
        source: fact.source(),
        text: Text::new(format!("{}：{value_zh}", label.zh), format!("{}: {value_en}", label.en)),
    }
}

/// From when housing and public use may change among themselves without a new survey (G27): the guide is of 2019, its day
/// not known, so the year after.
pub(super) const INTERCHANGE_FROM: Day = Day::of(2020, 1, 1);

/// What is known of industry on the land before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// A key industry stood there.
    Key,
    /// Known, and none of the key industries.
    Harmless,
    /// Nobody knows.
    Unknown,
}

/// Everything that the rules judge by.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What is to be done.
    pub operation: Operation,
    /// Day of the operation; picks the law.
    pub on: Day,
    /// Every division that the parcel lies in; more than one when it straddles. Empty: not known.
    pub places: Vec<Place>,
    /// Use of the land now.
    pub current_use: Fact<UseFact>,
    /// Use it is meant for.
    pub planned_use: Fact<UseFact>,
    /// Industry that stood on it.
    pub former_industry: Fact<IndustryCode>,
    /// Whether it is production land of a key unit.
    pub key_unit: Fact<bool>,
    /// Whether the use right was taken back already.
    pub already_reclaimed: Fact<bool>,
    /// Whether it stands in the year's supply plan.
    pub in_supply_plan: Fact<bool>,
    /// How far its survey has come. What the registry holds ([`registry_survey_state`]) is weighed in by the caller.
    pub survey_state: Fact<SurveyState>,
    /// The use for which the survey, assessment or evaluation was made. Unknown with a reviewed state counts as the
    /// planned use, because that is what the states mean ("within the screening values of the planned use").
    pub assessed_use: Fact<UseFact>,
    /// Whether the works serve risk control or remediation itself.
    pub serves_remediation: Fact<bool>,
    /// Whether food is to be processed or stored there.
    pub food_site: Fact<bool>,
    /// The ecology bureau's written reply to this query.
    pub written_reply: Fact<Reply>,
    /// The records it meets.
    pub hits: Vec<Hit>,
    /// What each register knows of its ground; a register not named counts as never investigated.
    pub coverage: Vec<Coverage>,
    /// Records that the land meets today and did not, or not so, on a day of the operation that is past.
    pub since: Vec<Hit>,
}

/// What the stages of the sites say of the survey of the whole parcel: the least of them. A reviewed state holds only
/// when one site covers `full_share` of the parcel (0 to 1), for the rest of it was not surveyed with the site. Shares
/// are not added up: sites may overlap one another.
pub fn registry_survey_state(hits: &[Hit], full_share: f64) -> Option<SurveyState> {
    let states = || hits.iter().filter(|h| h.counts()).filter_map(|h| h.survey_state().map(|s| (s, h.overlap_share)));
    let least = states().map(|(state, _)| state).min()?;
    let covered = states().any(|(_, share)| share >= full_share);
    (!least.is_reviewed() || covered).then_some(least)
}

impl Facts {
    /// An operation on a day of which nothing else is known yet.
    pub fn new(operation: Operation, on: Day) -> Facts {
        Facts {
            operation,
            on,
            places: Vec::new(),
            current_use: Fact::Unknown,
            planned_use: Fact::Unknown,
            former_industry: Fact::Unknown,
            key_unit: Fact::Unknown,
            already_reclaimed: Fact::Unknown,
            in_supply_plan: Fact::Unknown,
            survey_state: Fact::Unknown,
            assessed_use: Fact::Unknown,
            serves_remediation: Fact::Unknown,
            food_site: Fact::Unknown,
            written_reply: Fact::Unknown,
            hits: Vec::new(),
            coverage: Vec::new(),
            since: Vec::new(),
        }
    }

    /// Whether any part of the parcel lies in the division whose code begins with these digits.
    pub fn is_in(&self, prefix: &str) -> bool {
        self.places.iter().any(|place| place.is_in(prefix))
    }

    /// What a register knows of the ground.
    pub fn coverage_of(&self, register: Register) -> CoverageStatus {
        self.coverage
            .iter()
            .find(|c| c.register == register)
            .map_or(CoverageStatus::NeverInvestigated, |coverage| coverage.status)
    }

    /// The hits that count and are of a kind.
    pub(super) fn hits_that(&self, kind: fn(&Hit) -> bool) -> Vec<&Hit> {
        self.hits.iter().filter(|hit| hit.counts() && kind(hit)).collect()
    }

    /// How far the survey is: what is known, or less where a site under the parcel is not surveyed. A survey that
    /// neither the registry nor the caller knows of does not exist for a check: unknown is read as none.
    pub(super) fn survey(&self) -> Fact<SurveyState> {
        let unsurveyed =
            self.hits.iter().filter(|h| h.counts() && h.is_suspected()).filter_map(Hit::survey_state).min();
        match (unsurveyed, self.survey_state.get()) {
            (Some(registry), Some(known)) if registry < *known => Fact::Known {
                value: registry,
                source: Source::Registry,
                overruled: (self.survey_state.source() == Source::Stated).then_some(*known),
            },
            (Some(registry), None) => Fact::registry(registry),
            _ => self.survey_state.clone(),
        }
    }

    /// Whether a reviewed survey exists for the whole parcel.
    pub(super) fn is_surveyed(&self) -> bool {
        self.survey().get().is_some_and(|state| state.is_reviewed())
    }

    /// Whether a review is known that found what must not be built on yet.
    pub(super) fn adverse_state(&self) -> Option<SurveyState> {
        self.survey_state.get().copied().filter(|state| state.is_adverse())
    }

    /// Whether it is production land of a key unit, by the register or as known.
    pub(super) fn is_key_unit(&self) -> Fact<bool> {
        let register = self.hits.iter().any(|hit| hit.counts() && hit.matter == Matter::KeyUnit);
        // Weighed already, it carries what was stated against the register.
        if !register || self.key_unit.source() == Source::Registry {
            return self.key_unit.clone();
        }
        let stated_otherwise = self.key_unit.source() == Source::Stated && self.key_unit.get() == Some(&false);
        Fact::Known { value: true, source: Source::Registry, overruled: stated_otherwise.then_some(false) }
    }

    /// What is known of industry on the land. An industry is key by the State Council plan or Order 42, and in Yuancheng
    /// by its table too. Where no industry is named, the history is known to be harmless when the land is farmland now,
    /// or when the register of suspected sites has investigated the ground and found nothing.
    pub(super) fn history(&self) -> History {
        match self.former_industry.get() {
            Some(_) if self.stood_here(IndustrySet::SuspectedSite) => History::Key,
            Some(_) if self.is_in("441602") && self.stood_here(IndustrySet::YuanchengFacilities) => History::Key,
            Some(_) => History::Harmless,
            None if self.current_use.get().is_some_and(|u| u.farmland) => History::Harmless,
            None if self.coverage_of(Register::SuspectedSites) == CoverageStatus::InvestigatedClean => {
                History::Harmless
            }
            None => History::Unknown,
        }
    }

    /// The use it is meant for, where it is known and its code does not leave it open.
    pub(super) fn planned(&self) -> Option<&UseFact> {
        self.planned_use.get().filter(|planned| !planned.is_open())
    }

    /// Whether an industry stood on the land that a duty names, or may name.
    pub(super) fn stood_here(&self, set: IndustrySet) -> bool {
        self.former_industry.get().is_some_and(|code| may_be_key(code, set))
    }

    /// Whether it lies in Guangdong and an industry stood on it that Guangdong's measures name.
    pub(super) fn is_named_by_guangdong(&self) -> bool {
        self.is_in("44") && self.stood_here(IndustrySet::GuangdongMeasures)
    }

    /// Survey and risk assessment are done: reviewed, and not left at a survey above the screening values.
    pub(super) fn is_assessed(&self) -> bool {
        self.is_surveyed() && self.survey().get() != Some(&SurveyState::ReviewedAboveScreening)
    }

    /// Whether a closed site is fit for the planned use, by its record, else as stated; `None` where neither, or the code of
    /// the use, tells.
    pub(super) fn fits(&self, hit: &Hit) -> Option<bool> {
        let stated = self.assessed_use.get();
        match (&hit.matter, self.planned()) {
            (Matter::Site { assessed_use: Some(assessed), .. }, Some(planned)) => assessed.serves(planned),
            (Matter::Site { .. }, Some(planned)) if let Some(assessed) = stated => assessed.serves(planned),
            // Whatever it was assessed for, it serves class 2.
            (Matter::Site { .. }, Some(planned)) if planned.class1 == Some(false) && !planned.farmland => Some(true),
            _ => None,
        }
    }

    /// Whether land not in housing or public use is to become so; housing and public use among themselves are G27's.
    /// An unknown use now counts as another one: the statute asks for the survey whatever the land was used for.
    pub(super) fn turns_sensitive(&self, exempt_interchange: bool) -> Option<bool> {
        let planned = self.planned()?;
        let exempt = exempt_interchange && self.on >= INTERCHANGE_FROM && self.is_interchange();
        Some(planned.is_statutory_sensitive() && !exempt)
    }

    /// Housing or public use to housing or public use, other than land of waste and sewage works to housing. GB/T 21010
    /// counts utilities as public (0809) without telling which, so none of them is let through, nor `08` that holds them;
    /// where such works are known to have stood, the use now does not undo it, unless a reviewed survey has looked into it.
    pub(super) fn is_interchange(&self) -> bool {
        let (Some(current), Some(planned)) = (self.current_use.get(), self.planned()) else { return false };
        let utilities = current.system == "GB/T 21010-2017"
            && current.public_service
            && (current.code.starts_with("0809") || "0809".starts_with(&current.code));
        let works = utilities || (!self.is_surveyed() && self.stood_here(IndustrySet::YuanchengFacilities));
        current.is_statutory_sensitive() && planned.is_statutory_sensitive() && !(works && planned.housing)
    }

    /// How far the survey is, shown.
    pub fn show_survey(&self) -> FactUsed {
        used("survey_state", Text::fixed("调查状态", "survey"), &self.survey())
    }

    pub(super) fn show_planned(&self) -> FactUsed {
        used("planned_use", Text::fixed("规划用途", "planned use"), &self.planned_use)
    }

    pub(super) fn show_current(&self) -> FactUsed {
        used("current_use", Text::fixed("现状用途", "current use"), &self.current_use)
    }

    pub(super) fn show_industry(&self) -> FactUsed {
        used("former_industry", Text::fixed("原用地行业", "former industry"), &self.former_industry)
    }

    pub(super) fn show_key_unit(&self) -> FactUsed {
        used("key_unit", Text::fixed("重点监管单位生产经营用地", "key unit's land"), &self.is_key_unit())
    }

    pub(super) fn show_reclaimed(&self) -> FactUsed {
        used("already_reclaimed", Text::fixed("已收回", "already taken back"), &self.already_reclaimed)
    }

    pub(super) fn show_supply_plan(&self) -> FactUsed {
        used("in_supply_plan", Text::fixed("列入年度供应计划", "in the year's supply plan"), &self.in_supply_plan)
    }

    pub(super) fn show_assessed(&self) -> FactUsed {
        used("assessed_use", Text::fixed("评审结论对应用途", "use assessed"), &self.assessed_use)
    }

    pub(super) fn show_remediation(&self) -> FactUsed {
        used(
            "serves_remediation",
            Text::fixed("工程与风险管控、修复有关", "works serve control or remediation"),
            &self.serves_remediation,
        )
    }

    pub(super) fn show_food(&self) -> FactUsed {
        used("food_site", Text::fixed("食品加工储存用地", "food processing or storage"), &self.food_site)
    }

    pub(super) fn show_reply(&self) -> FactUsed {
        used(
            "written_reply",
            Text::fixed("生态环境部门书面回复", "ecology bureau's written reply"),
            &self.written_reply,
        )
    }

    pub(super) fn show_operation(&self) -> FactUsed {
        let text = self.operation.text();
        FactUsed {
            name: "operation",
            value: self.operation.as_str().to_owned(),
            source: Source::Stated,
            text: Text::new(format!("办理事项：{}", text.zh), format!("operation: {}", text.en)),
        }
    }

    pub(super) fn show_coverage(&self, register: Register) -> FactUsed {
        let status = self.coverage_of(register);
        FactUsed {
            name: "coverage",
            value: format!("{}:{}", register.as_str(), status.as_str()),
            source: Source::Registry,
            text: Text::new(
                format!("{}：{}", register.text().zh, status.text().zh),
                format!("{}: {}", register.text().en, status.text().en),
            ),
        }
    }

    /// The facts that the caller stated otherwise than the registry holds them.
    pub(super) fn contradicted(&self) -> Vec<FactUsed> {
        let mut shown = Vec::new();
        let mut add = |contradicted: bool, fact: FactUsed| {
            if contradicted {
                shown.push(fact);
            }
        };
        add(self.current_use.overruled().is_some(), self.show_current());
        add(self.planned_use.overruled().is_some(), self.show_planned());
        add(self.former_industry.overruled().is_some(), self.show_industry());
        add(self.is_key_unit().overruled().is_some(), self.show_key_unit());
        add(self.already_reclaimed.overruled().is_some(), self.show_reclaimed());
        add(self.in_supply_plan.overruled().is_some(), self.show_supply_plan());
        add(self.survey().overruled().is_some(), self.show_survey());
        add(self.assessed_use.overruled().is_some(), self.show_assessed());
        add(self.serves_remediation.overruled().is_some(), self.show_remediation());
        add(self.food_site.overruled().is_some(), self.show_food());
        add(self.written_reply.overruled().is_some(), self.show_reply());
        shown
    }
}

/// The hits, shown.
pub(super) fn show_hits(hits: &[&Hit]) -> Vec<FactUsed> {
    hits.iter().map(|hit| hit.shown()).collect()
}
