//! The follow-up of a warning as data: from where which step leads whereto, and who takes it.

use super::addressee::{Addressee, IssuerLevel};
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, Error, Provision, Text};
use crate::platform::Role;
use crate::standards::law;
use std::fmt;

/// Where a warning stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[schema(as = ProtectionWarningStatus)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Raised by the registry, not issued yet.
    Raised,
    /// Issued and served on the county government.
    Issued,
    /// The county has given its account.
    Answered,
    /// A restriction was imposed.
    Restricted,
    /// Closed with a reason.
    Closed,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 5] = [Status::Raised, Status::Issued, Status::Answered, Status::Restricted, Status::Closed];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Raised => "raised",
            Status::Issued => "issued",
            Status::Answered => "answered",
            Status::Restricted => "restricted",
            Status::Closed => "closed",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Status::Raised => Text::fixed("已触发，待发出", "Raised, to be issued"),
            Status::Issued => Text::fixed("已发出", "Issued"),
            Status::Answered => Text::fixed("县级已答复", "Answered by the county"),
            Status::Restricted => Text::fixed("已采取限制性措施", "Restriction imposed"),
            Status::Closed => Text::fixed("已结案", "Closed"),
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == s)
    }
}

/// An entry of a warning's log.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[schema(as = ProtectionWarningEventType)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// The registry raised it, or raised it again: never sent by anybody.
    Raised,
    /// Issued, and served on the county government.
    Issued,
    /// The county's account.
    Answered,
    /// A restriction was imposed, changed or prolonged.
    Restricted,
    /// Closed.
    Closed,
    /// The last entry was a mistake.
    EnteredInError,
}

impl EventType {
    /// Every entry.
    pub const ALL: [EventType; 6] = [
        EventType::Raised,
        EventType::Issued,
        EventType::Answered,
        EventType::Restricted,
        EventType::Closed,
        EventType::EnteredInError,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventType::Raised => "raised",
            EventType::Issued => "issued",
            EventType::Answered => "answered",
            EventType::Restricted => "restricted",
            EventType::Closed => "closed",
            EventType::EnteredInError => "entered_in_error",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            EventType::Raised => Text::fixed("触发预警", "Raised"),
            EventType::Issued => Text::fixed("发出并送达预警", "Issued and served"),
            EventType::Answered => Text::fixed("县级答复", "Answered by the county"),
            EventType::Restricted => Text::fixed("采取限制性措施", "Restriction imposed"),
            EventType::Closed => Text::fixed("结案", "Closed"),
            EventType::EnteredInError => Text::fixed("误录作废", "Entered in error"),
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<EventType> {
        EventType::ALL.into_iter().find(|event| event.as_str() == s)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// On which side of a warning a department stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Of the level that warns, there.
    Issuer,
    /// Of the county that is warned.
    County,
}

/// One way of the follow-up.
#[derive(Debug)]
pub struct Transition {
    /// Number of the rule, for refusals and the rulebook.
    pub rule: &'static str,
    /// The entry that takes it.
    pub event: EventType,
    /// From where.
    pub from: &'static [Status],
    /// Whereto; `None`: it stays.
    pub to: Option<Status>,
    /// Whose departments take it.
    pub side: Side,
    /// Which.
    pub actors: &'static [Role],
    /// What it stands on beside the text on who warns.
    pub provisions: &'static [&'static Provision],
}

const DEPARTMENTS: &[Role] =
    &[Role::CountyEcology, Role::PrefectureEcology, Role::ProvinceEcology, Role::Agriculture, Role::Government];

/// Every way, in the order of a warning's life. Voiding the last entry leads back from everywhere and is not among them.
pub static TRANSITIONS: [Transition; 5] = [
    Transition {
        rule: "W2",
        event: EventType::Issued,
        from: &[Status::Raised],
        to: Some(Status::Issued),
        side: Side::Issuer,
        actors: DEPARTMENTS,
        provisions: &[],
    },
    Transition {
        rule: "W3",
        event: EventType::Answered,
        from: &[Status::Issued, Status::Answered],
        to: Some(Status::Answered),
        side: Side::County,
        actors: DEPARTMENTS,
        provisions: &[&law::PRODUCT_WARNING_FOLLOW_UP],
    },
    // The county's account of a restriction does not lift it.
    Transition {
        rule: "W3",
        event: EventType::Answered,
        from: &[Status::Restricted],
        to: None,
        side: Side::County,
        actors: DEPARTMENTS,
        provisions: &[&law::PRODUCT_WARNING_FOLLOW_UP],
    },
    Transition {
        rule: "W4",
        event: EventType::Restricted,
        from: &[Status::Issued, Status::Answered, Status::Restricted],
        to: Some(Status::Restricted),
        side: Side::Issuer,
        actors: DEPARTMENTS,
        provisions: &[&law::CODE_158],
    },
    Transition {
        rule: "W5",
        event: EventType::Closed,
        from: &[Status::Raised, Status::Issued, Status::Answered, Status::Restricted],
        to: Some(Status::Closed),
        side: Side::Issuer,
        actors: DEPARTMENTS,
        provisions: &[&law::PRODUCT_WARNING_FOLLOW_UP],
    },
];

/// The rule by which entries are voided.
const VOIDING: &str = "W6";

/// The last entry of a log that stands, unless the registry made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// Where the warning stood before it.
    pub before: Status,
    /// The role that made it; `None` for the operator at the machine.
    pub role: Option<Role>,
    /// Division of whoever made it.
    pub division: Option<String>,
}

/// A warning as far as its next step depends on it.
#[derive(Debug, Clone)]
pub struct Here {
    /// Where it stands.
    pub status: Status,
    /// The county.
    pub county: String,
    /// Division of whoever warns.
    pub issuer: String,
    /// Its level; the province's where the text names the prefecture, and the county lies in none.
    pub level: IssuerLevel,
    /// The row on who warns.
    pub addressee: &'static Addressee,
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
}

impl Actor {
    fn takes(&self, way: &Transition, here: &Here) -> bool {
        let Some(role) = self.role else { return true };
        let place = match way.side {
            Side::Issuer => &here.issuer,
            Side::County => &here.county,
        };
        // An ecology bureau is of its level by its role already.
        let level = match role {
            Role::CountyEcology => way.side == Side::County,
            Role::PrefectureEcology => here.level == IssuerLevel::Prefecture && way.side == Side::Issuer,
            Role::ProvinceEcology => here.level == IssuerLevel::Province && way.side == Side::Issuer,
            _ => true,
        };
        level && way.actors.contains(&role) && self.division.as_ref() == Some(place)
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
    /// Not from where the warning stands.
    NotAllowed {
        /// The step.
        event: EventType,
        /// The steps that it has.
        allowed: Vec<EventType>,
    },
    /// Others take it.
    OtherMustAct {
        /// The step.
        event: EventType,
        /// Its rule.
        rule: &'static str,
        /// Whose departments; `None` where it is whoever made an entry.
        side: Option<Side>,
    },
}

fn allowed(here: &Here) -> Vec<EventType> {
    let ways = TRANSITIONS.iter().filter(|way| way.from.contains(&here.status)).map(|way| way.event);
    ways.chain(here.last.as_ref().map(|_| EventType::EnteredInError)).collect()
}

/// Takes a step, or says why not.
///
/// # Errors
/// [`Refusal`].
pub fn step(here: &Here, event: EventType, actor: &Actor) -> Result<Step, Refusal> {
    if let (EventType::EnteredInError, Some(last)) = (event, &here.last) {
        if actor.role.is_some() && (actor.role != last.role || actor.division != last.division) {
            return Err(Refusal::OtherMustAct { event, rule: VOIDING, side: None });
        }
        return Ok(Step { to: last.before, rule: VOIDING });
    }
    let Some(way) = TRANSITIONS.iter().find(|way| way.event == event && way.from.contains(&here.status)) else {
        return Err(Refusal::NotAllowed { event, allowed: allowed(here) });
    };
    if !actor.takes(way, here) {
        return Err(Refusal::OtherMustAct { event, rule: way.rule, side: Some(way.side) });
    }
    Ok(Step { to: way.to.unwrap_or(here.status), rule: way.rule })
}

/// The rule of an event and what it stands on: the text on who warns, and what the step adds.
pub fn ground(event: EventType, addressee: &Addressee, on: Day) -> (&'static str, Vec<Citation>) {
    let (rule, more): (&'static str, &[&Provision]) = match TRANSITIONS.iter().find(|way| way.event == event) {
        Some(way) => (way.rule, way.provisions),
        None if event == EventType::EnteredInError => (VOIDING, &[&law::PRODUCT_ENTERED_IN_ERROR]),
        None => ("W1", &[&law::LAW_50_CODE_445]),
    };
    let all: Vec<&Provision> = std::iter::once(addressee.provision).chain(more.iter().copied()).collect();
    (rule, cite_all(&all, on))
}

/// The departments of a side, in words.
pub fn department(side: Side, here: &Here) -> Text {
    match side {
        Side::Issuer => Text::new(
            format!("{}（{}）的人民政府、生态环境、农业农村部门", here.addressee.authority.zh, here.issuer),
            format!("government, ecology or agriculture of the {} ({})", here.level.as_str(), here.issuer),
        ),
        Side::County => Text::new(
            format!("县级（{}）人民政府、生态环境、农业农村部门", here.county),
            format!("government, ecology or agriculture of the county ({})", here.county),
        ),
    }
}

impl Refusal {
    /// As it is told to the client.
    pub fn into_error(self, here: &Here, on: Day) -> Error {
        match self {
            Refusal::NotAllowed { event, allowed } => {
                let (rule, citations) = ground(event, here.addressee, on);
                Error::conflict(
                    "step_not_allowed",
                    Text::new(
                        format!("该预警现为“{}”，不能办理“{}”。", here.status.title().zh, event.title().zh),
                        format!(
                            "The warning is \"{}\"; \"{}\" is no step of it now.",
                            here.status.title().en,
                            event.title().en
                        ),
                    ),
                )
                .under(rule, citations)
                .allowing(allowed.into_iter().map(EventType::as_str))
            }
            Refusal::OtherMustAct { event, rule, side } => {
                let (_, citations) = ground(event, here.addressee, on);
                let who = side
                    .map_or(Text::fixed("原登记部门", "whoever made the entry"), |side| department(side, here));
                Error::forbidden(
                    "other_role_must_act",
                    Text::new(
                        format!("“{}”由以下部门办理：{}。", event.title().zh, who.zh),
                        format!("\"{}\" is for: {}.", event.title().en, who.en),
                    ),
                )
                .under(rule, citations)
            }
        }
    }
}
