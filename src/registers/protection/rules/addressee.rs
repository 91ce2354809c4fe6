//! Who has to warn a county, and what the warning can lead to: the plans differ, so it is data by jurisdiction.

use crate::kernel::{Citation, Day, Provision, Text};
use crate::standards::law;

/// The level of whoever has to warn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssuerLevel {
    /// 盟行政公署、市人民政府
    Prefecture,
    /// 省级人民政府
    Province,
}

impl IssuerLevel {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            IssuerLevel::Prefecture => "prefecture",
            IssuerLevel::Province => "province",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<IssuerLevel> {
        [IssuerLevel::Prefecture, IssuerLevel::Province].into_iter().find(|level| level.as_str() == s)
    }
}

/// What a warning can lead to, as the texts word it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Restriction {
    /// 环评限批
    EiaApprovals,
    /// 区域限批
    RegionalApprovals,
}

impl Restriction {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Restriction::EiaApprovals => "eia_approvals",
            Restriction::RegionalApprovals => "regional_approvals",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Restriction::EiaApprovals => Text::fixed("环评限批", "Limit on EIA approvals"),
            Restriction::RegionalApprovals => Text::fixed("区域限批", "Limit on approvals in the region"),
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Restriction> {
        [Restriction::EiaApprovals, Restriction::RegionalApprovals].into_iter().find(|one| one.as_str() == s)
    }
}

/// Who warns in a jurisdiction.
#[derive(Debug)]
pub struct Addressee {
    /// Stable, snake_case.
    pub id: &'static str,
    /// First digits of the divisions in which it holds; empty for the nation.
    pub jurisdiction: &'static str,
    /// The level of whoever warns.
    pub level: IssuerLevel,
    /// What that authority is called; behind the division's name.
    pub authority: Text,
    /// What it can lead to, as the text words it.
    pub restriction: Restriction,
    /// The text.
    pub provision: &'static Provision,
}

/// Every row, the nation's first.
pub static ADDRESSEES: [Addressee; 3] = [
    Addressee {
        id: "priority_land_nation",
        jurisdiction: "",
        level: IssuerLevel::Province,
        authority: Text::fixed("人民政府", "provincial government"),
        restriction: Restriction::EiaApprovals,
        provision: &law::PLAN_STATE_PRIORITY_WARNING,
    },
    Addressee {
        id: "priority_land_inner_mongolia",
        jurisdiction: "15",
        level: IssuerLevel::Prefecture,
        authority: Text::fixed("盟行政公署、市人民政府", "league's administrative office or city government"),
        restriction: Restriction::EiaApprovals,
        provision: &law::PLAN_INNER_MONGOLIA_PRIORITY_WARNING,
    },
    Addressee {
        id: "priority_land_alxa",
        jurisdiction: "1529",
        level: IssuerLevel::Prefecture,
        authority: Text::fixed("行政公署", "league's administrative office"),
        restriction: Restriction::RegionalApprovals,
        provision: &law::PLAN_ALXA_PRIORITY_WARNING,
    },
];

fn rows(county: &str, on: Day) -> Vec<&'static Addressee> {
    let mut rows: Vec<&Addressee> = ADDRESSEES
        .iter()
        .filter(|row| county.starts_with(row.jurisdiction) && row.provision.cite(on).is_some())
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.jurisdiction.len()));
    rows
}

/// Who warns a county of what happened on a day: the narrowest jurisdiction with a text in force. `None` before the first.
pub fn addressee(county: &str, on: Day) -> Option<&'static Addressee> {
    rows(county, on).into_iter().next()
}

/// The row of an identifier.
pub fn find_addressee(id: &str) -> Option<&'static Addressee> {
    ADDRESSEES.iter().find(|row| row.id == id)
}

/// How each text that holds in a county words what a warning can lead to, the narrowest first.
pub fn wordings(county: &str, on: Day) -> Vec<(&'static Addressee, Citation)> {
    rows(county, on).into_iter().filter_map(|row| Some((row, row.provision.cite(on)?))).collect()
}
