//! The life cycle as data: from where which step leads whereto, and who takes it.

use crate::kernel::basis::cite_all;
use crate::kernel::text::words;
use crate::kernel::{Citation, Day, Error, Provision, Text};
use crate::platform::Role;
use crate::standards::law;

words! {
    /// Why classes are given (rulebook 3.4).
    Trigger {
        /// 首次划定
        InitialClassification = "initial_classification", "首次划定", "Initial classification";
        /// 土地利用变更
        LandUseChange = "land_use_change", "土地利用变更", "Change of land use";
        /// 例行监测
        RoutineMonitoring = "routine_monitoring", "例行监测", "Routine monitoring";
        /// 土壤和农产品协同监测
        CoMonitoring = "co_monitoring", "土壤和农产品协同监测", "Co-monitoring of soil and products";
        /// 治理修复
        Remediation = "remediation", "治理修复", "Remediation";
    }
}

words! {
    /// Where a proposal stands.
    #[schema(as = ClassAdjustmentStatus)]
    Status {
        /// Before the county.
        Proposed = "proposed", "已提出", "Proposed";
        /// Before the prefecture, or the province where there is none.
        CountyAgreed = "county_agreed", "县级已同意", "Agreed by the county";
        /// Before the province.
        PrefectureAgreed = "prefecture_agreed", "市（盟）级已同意", "Agreed by the prefecture";
        /// Approved: the units have their classes.
        ProvinceApproved = "province_approved", "省级人民政府已审定", "Approved by the provincial government";
        /// In the national system.
        Uploaded = "uploaded", "已上传国家系统", "Uploaded to the national system";
        /// Sent back to whoever proposes.
        Returned = "returned", "已退回", "Returned";
    }
}

words! {
    /// An entry of a proposal's log.
    #[schema(as = ClassAdjustmentEventType)]
    EventType {
        /// The proposal itself: the first entry, made with it.
        Proposed = "proposed", "提出", "Proposed";
        /// The county agrees, its limits of units being reviewed by a named person.
        CountyAgreed = "county_agreed", "县级同意", "Agreed by the county";
        /// The prefecture agrees.
        PrefectureAgreed = "prefecture_agreed", "市（盟）级同意", "Agreed by the prefecture";
        /// The provincial government approves; the classes hold.
        ProvinceApproved = "province_approved", "省级人民政府审定", "Approved by the provincial government";
        /// The result is in a national system.
        Uploaded = "uploaded", "上传", "Uploaded";
        /// Sent back by whoever's turn it is.
        Returned = "returned", "退回", "Returned";
        /// Proposed again after it was returned.
        Resubmitted = "resubmitted", "再次提出", "Proposed again";
        /// The last entry was a mistake.
        EnteredInError = "entered_in_error", "误录作废", "Entered in error";
    }
}

words! {
    /// The level of a department.
    Level {
        /// 县级
        County = "county", "县级", "County";
        /// 市（盟）级
        Prefecture = "prefecture", "市（盟）级", "Prefecture";
        /// 省级
        Province = "province", "省级", "Province";
    }
}

/// One way of the life cycle.
#[derive(Debug)]
pub struct Transition {
    /// Number of the rule, for refusals and the rulebook.
    pub rule: &'static str,
    /// The entry that takes it.
    pub event: EventType,
    /// From where.
    pub from: Status,
    /// Whereto.
    pub to: Status,
    /// Only where the county lies in a prefecture (`true`), or directly under a province (`false`).
    pub prefecture: Option<bool>,
    /// Who takes it.
    pub actors: &'static [(Level, Role)],
    /// What it stands on.
    pub provisions: &'static [&'static Provision],
    /// Texts of regions beside these, by first digits of the division.
    pub regional: &'static [(&'static str, &'static Provision)],
}

const BY_COUNTY: &[(Level, Role)] =
    &[(Level::County, Role::CountyEcology), (Level::County, Role::Agriculture), (Level::County, Role::Government)];
const BY_PREFECTURE: &[(Level, Role)] = &[
    (Level::Prefecture, Role::PrefectureEcology),
    (Level::Prefecture, Role::Agriculture),
    (Level::Prefecture, Role::Government),
];
const BY_PROVINCE: &[(Level, Role)] = &[(Level::Province, Role::Government), (Level::Province, Role::ProvinceEcology)];
/// Agriculture and ecology of every level.
const BY_DEPARTMENTS: &[(Level, Role)] = &[
    (Level::County, Role::CountyEcology),
    (Level::County, Role::Agriculture),
    (Level::Prefecture, Role::PrefectureEcology),
    (Level::Prefecture, Role::Agriculture),
    (Level::Province, Role::ProvinceEcology),
    (Level::Province, Role::Agriculture),
];

const BY_UPLOAD: &[(&str, &Provision)] = &[
    ("15", &law::PLAN_INNER_MONGOLIA_CLASS_UPDATE),
    ("1406", &law::PLAN_SHUOZHOU_4),
    ("441602", &law::PLAN_YUANCHENG_6),
];

const ON_APPROVAL: &[&Provision] =
    &[&law::PLAN_STATE_CLASS_APPROVAL, &law::ORDER_46_CLASSIFICATION, &law::LAW_49_CODE_444];
const ON_RETURN: &[&Provision] = &[&law::ORDER_46_CLASSIFICATION, &law::PRODUCT_ADJUSTMENT_RETURNED];

const fn returned(from: Status, prefecture: Option<bool>, actors: &'static [(Level, Role)]) -> Transition {
    Transition {
        rule: "A6",
        event: EventType::Returned,
        from,
        to: Status::Returned,
        prefecture,
        actors,
        provisions: ON_RETURN,
        regional: &[],
    }
}

const fn approved(from: Status, prefecture: Option<bool>) -> Transition {
    Transition {
        rule: "A4",
        event: EventType::ProvinceApproved,
        from,
        to: Status::ProvinceApproved,
        prefecture,
        actors: BY_PROVINCE,
        provisions: ON_APPROVAL,
        regional: &[],
    }
}

/// Every way, in the order of a proposal's life. Voiding the last entry leads back from everywhere and is not among them.
pub static TRANSITIONS: [Transition; 10] = [
    Transition {
        rule: "A2",
        event: EventType::CountyAgreed,
        from: Status::Proposed,
        to: Status::CountyAgreed,
        prefecture: None,
        actors: BY_COUNTY,
        provisions: &[&law::LAW_49_CODE_444, &law::ORDER_46_CLASSIFICATION, &law::CLASS_GUIDE_BOUNDARY],
        regional: &[("1406", &law::PLAN_SHUOZHOU_4)],
    },
    Transition {
        rule: "A3",
        event: EventType::PrefectureAgreed,
        from: Status::CountyAgreed,
        to: Status::PrefectureAgreed,
        prefecture: Some(true),
        actors: BY_PREFECTURE,
        provisions: &[&law::LAW_49_CODE_444, &law::ORDER_46_CLASSIFICATION],
        regional: &[],
    },
    approved(Status::PrefectureAgreed, None),
    approved(Status::CountyAgreed, Some(false)),
    Transition {
        rule: "A5",
        event: EventType::Uploaded,
        from: Status::ProvinceApproved,
        to: Status::Uploaded,
        prefecture: None,
        actors: BY_DEPARTMENTS,
        provisions: &[&law::LAW_82_CODE_406, &law::PLAN_STATE_CLASS_APPROVAL],
        regional: BY_UPLOAD,
    },
    returned(Status::Proposed, None, BY_COUNTY),
    returned(Status::CountyAgreed, Some(true), BY_PREFECTURE),
    returned(Status::CountyAgreed, Some(false), BY_PROVINCE),
    returned(Status::PrefectureAgreed, None, BY_PROVINCE),
    Transition {
        rule: "A7",
        event: EventType::Resubmitted,
        from: Status::Returned,
        to: Status::Proposed,
        prefecture: None,
        actors: BY_DEPARTMENTS,
        provisions: &[&law::PLAN_STATE_CLASS_UPDATE, &law::PRODUCT_ADJUSTMENT_RETURNED],
        regional: BY_UPLOAD,
    },
];

/// The rule by which entries are voided.
const VOIDING: &str = "A8";

/// The last entry of a log that stands, behind the proposal itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// Which.
    pub event: EventType,
    /// Where the proposal stood before it.
    pub before: Status,
    /// The role that made it; `None` for the operator at the machine.
    pub role: Option<Role>,
    /// Division of whoever made it.
    pub division: Option<String>,
}

/// A proposal as far as its next step depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// Where it stands.
    pub status: Status,
    /// Its county.
    pub division: String,
    /// Whether the county lies in a prefecture.
    pub has_prefecture: bool,
    /// Its last entry that stands.
    pub last: Option<Last>,
}

/// Who takes a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The role; `None` for the operator at the machine, who enters for everybody.
    pub role: Option<Role>,
    /// Its division.
    pub division: Option<String>,
    /// On which levels above the proposal's units that division stands: a prefecture without counties is both county and
    /// prefecture; another county is none.
    pub levels: Vec<Level>,
}

impl Actor {
    fn is_of(&self, actors: &[(Level, Role)]) -> bool {
        self.role.is_none_or(|role| actors.iter().any(|(level, who)| *who == role && self.levels.contains(level)))
    }
}

/// A step that may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Whereto.
    pub to: Status,
    /// By which rule.
    pub rule: &'static str,
}

/// Why a step may not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Not from where the proposal stands.
    NotAllowed {
        /// The step.
        event: EventType,
        /// Where it stands.
        status: Status,
        /// The steps that it has.
        allowed: Vec<EventType>,
    },
    /// Another level or department takes it.
    OtherMustAct {
        /// The step.
        event: EventType,
        /// Its rule.
        rule: &'static str,
        /// Who takes it; nobody where it is whoever made an entry.
        actors: &'static [(Level, Role)],
    },
}

impl Transition {
    fn fits(&self, here: &Here) -> bool {
        self.from == here.status && self.prefecture.is_none_or(|prefecture| prefecture == here.has_prefecture)
    }

    /// What it stands on in a division on a day.
    pub fn citations(&self, division: &str, on: Day) -> Vec<Citation> {
        let regional = self.regional.iter().filter(|(digits, _)| division.starts_with(digits)).map(|(_, p)| *p);
        let all: Vec<&Provision> = self.provisions.iter().copied().chain(regional).collect();
        cite_all(&all, on)
    }
}

/// The steps that the status has, whoever may take them.
fn allowed(here: &Here) -> Vec<EventType> {
    let ways = TRANSITIONS.iter().filter(|way| way.fits(here)).map(|way| way.event);
    ways.chain(here.last.as_ref().map(|_| EventType::EnteredInError)).collect()
}

/// Takes a step, or says why not.
///
/// # Errors
/// [`Refusal`].
pub fn step(here: &Here, event: EventType, actor: &Actor) -> Result<Step, Refusal> {
    if event == EventType::EnteredInError {
        let Some(last) = &here.last else {
            return Err(Refusal::NotAllowed { event, status: here.status, allowed: allowed(here) });
        };
        if actor.role.is_some() && (actor.role != last.role || actor.division != last.division) {
            return Err(Refusal::OtherMustAct { event, rule: VOIDING, actors: &[] });
        }
        return Ok(Step { to: last.before, rule: VOIDING });
    }
    let Some(way) = TRANSITIONS.iter().find(|way| way.event == event && way.fits(here)) else {
        return Err(Refusal::NotAllowed { event, status: here.status, allowed: allowed(here) });
    };
    if !actor.is_of(way.actors) {
        return Err(Refusal::OtherMustAct { event, rule: way.rule, actors: way.actors });
    }
    Ok(Step { to: way.to, rule: way.rule })
}

/// The step that is waited for: what carries the proposal on. `None` at its end.
pub fn turn(here: &Here) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|way| way.fits(here) && way.event != EventType::Returned)
}

/// The rule of an event and what it stands on, wherever the proposal stands.
pub fn ground(event: EventType, division: &str, on: Day) -> (&'static str, Vec<Citation>) {
    match TRANSITIONS.iter().find(|way| way.event == event) {
        Some(way) => (way.rule, way.citations(division, on)),
        None if event == EventType::EnteredInError => (VOIDING, cite_all(&[&law::PRODUCT_ENTERED_IN_ERROR], on)),
        None => ("A1", cite_all(&[&law::LAW_49_CODE_444, &law::PLAN_STATE_CLASS_UPDATE], on)),
    }
}

/// What a department of a level is called.
pub fn department(level: Level, role: Role) -> Text {
    let title = role.title();
    match role {
        Role::CountyEcology | Role::PrefectureEcology | Role::ProvinceEcology => title,
        _ => Text::new(format!("{}{}", level.title().zh, title.zh), format!("{} of the {}", title.en, level.as_str())),
    }
}

impl Refusal {
    /// As it is told to the client.
    pub fn into_error(self, here: &Here, on: Day) -> Error {
        match self {
            Refusal::NotAllowed { event, status, allowed } => {
                let (rule, citations) = ground(event, &here.division, on);
                Error::conflict(
                    "step_not_allowed",
                    Text::new(
                        format!("该类别调整现为“{}”，不能办理“{}”。", status.title().zh, event.title().zh),
                        format!(
                            "The adjustment is \"{}\"; \"{}\" is no step of it now.",
                            status.title().en,
                            event.title().en
                        ),
                    ),
                )
                .under(rule, citations)
                .allowing(allowed.into_iter().map(EventType::as_str))
            }
            Refusal::OtherMustAct { event, rule, actors } => {
                let (_, citations) = ground(event, &here.division, on);
                let (zh, en): (Vec<_>, Vec<_>) = if actors.is_empty() {
                    (vec!["原登记部门".into()], vec!["whoever made the entry".into()])
                } else {
                    actors.iter().map(|(level, role)| department(*level, *role)).map(|who| (who.zh, who.en)).unzip()
                };
                Error::forbidden(
                    "other_role_must_act",
                    Text::new(
                        format!("“{}”由以下部门办理：{}。", event.title().zh, zh.join("、")),
                        format!("\"{}\" is for: {}.", event.title().en, en.join(", ")),
                    ),
                )
                .under(rule, citations)
            }
        }
    }
}
