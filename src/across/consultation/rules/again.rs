//! The decision once more, with the reply: the facts of the check as they were, by the law of its day.
//!
//! One gate only looks at the written reply, G2 ([`after_reply`]), and no other looks at how hard G2 closes: it fires on a
//! suspected or contaminated site under the parcel, and under such a site the one gate that looks at what fired before it
//! (G31) is silent anyway. Putting the gate's new finding in the place of its old one therefore gives what deciding anew
//! would give; a test in the land check's rules holds the two against each other.

use super::GATE;
use crate::across::land_check::{GATES, Verdict, WrittenReply, after_reply};
use crate::kernel::{Citation, Day};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// A stored answer, as far as it is read again.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// Number of the check.
    pub number: String,
    /// When it was answered.
    pub checked_at: DateTime<Utc>,
    /// Day of the operation.
    pub on: Day,
    /// What is to be done with the land.
    pub operation: String,
    /// 操作
    pub operation_zh: String,
    /// Operation in English.
    pub operation_en: String,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// Use of the land now.
    #[serde(default)]
    pub current_use: Option<UseCode>,
    /// Use it is meant for.
    #[serde(default)]
    pub planned_use: Option<UseCode>,
    /// What else the caller stated.
    #[serde(default)]
    pub stated: Stated,
    /// The parcel.
    pub parcel: Parcel,
    /// The verdict.
    pub verdict: String,
    /// 结论
    pub verdict_zh: String,
    /// Verdict in English.
    pub verdict_en: String,
    /// The rules that fired.
    pub rules: Vec<StoredRule>,
    /// The records that the parcel meets.
    pub hits: Vec<StoredHit>,
}

/// A land use.
#[derive(Debug, Clone, Deserialize)]
pub struct UseCode {
    /// Code system.
    pub system: String,
    /// Code in it.
    pub code: String,
    /// 名称
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
}

/// What the caller stated.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Stated {
    /// Industry that stood on the land.
    #[serde(default)]
    pub former_industry: Option<String>,
}

/// The parcel.
#[derive(Debug, Clone, Deserialize)]
pub struct Parcel {
    /// Ellipsoidal area, m².
    pub area_m2: f64,
    /// The same in mu.
    pub area_mu: f64,
    /// Divisions that it lies in.
    pub division_codes: Vec<String>,
    /// 宗地代码
    #[serde(default)]
    pub parcel_code: Option<String>,
    /// 不动产单元号
    #[serde(default)]
    pub real_estate_unit_number: Option<String>,
    /// Address.
    #[serde(default)]
    pub address: Option<String>,
}

/// A rule as it fired.
#[derive(Debug, Clone, Deserialize)]
pub struct StoredRule {
    /// Its number.
    pub rule: String,
    /// How hard it closed.
    pub verdict: String,
    /// 标题
    pub title_zh: String,
    /// Title.
    pub title_en: String,
    /// The texts in force on the day of the operation.
    pub citations: Vec<Citation>,
    /// 应做事项
    pub must_do_zh: String,
    /// What must be done.
    pub must_do_en: String,
    /// 说明
    #[serde(default)]
    pub note_zh: Option<String>,
}

/// A record that the parcel meets.
#[derive(Debug, Clone, Deserialize)]
pub struct StoredHit {
    /// Register it stands in.
    pub register: String,
    /// Its code.
    pub code: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// How the parcel lies to it.
    pub relation: String,
    /// Area shared, m².
    pub overlap_m2: f64,
    /// Shared area as a share of the parcel.
    pub overlap_share: f64,
    /// Whether it may be a fault of the boundary.
    pub sliver: bool,
}

impl StoredHit {
    /// Whether it is a suspected or contaminated site that shares ground with the parcel.
    pub fn is_asked_about(&self) -> bool {
        self.relation == "overlaps"
            && !self.sliver
            && matches!(self.register.as_str(), "suspected_sites" | "contaminated_sites" | "control_list")
    }
}

/// A rule, before and after the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleAfter {
    /// Its number.
    pub rule: String,
    /// 标题
    pub title_zh: String,
    /// Title.
    pub title_en: String,
    /// How hard it closed without the reply.
    pub before: Verdict,
    /// How hard it closes with it.
    pub after: Verdict,
    /// 应做事项
    pub must_do_zh: String,
    /// What must be done now.
    pub must_do_en: String,
}

/// The decision with the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// The verdict with the reply.
    pub verdict: Verdict,
    /// Every rule that fires, worst first and then in the order of the table.
    pub rules: Vec<RuleAfter>,
}

/// The verdict of a name on the wire.
pub fn verdict(name: &str) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == name)
}

/// Decides a stored answer again with the bureau's reply. `None` where a rule of it carries a verdict that there is not: the
/// row was tampered with.
pub fn again(answer: &Answer, reply: WrittenReply) -> Option<After> {
    let (replied, must_do) = after_reply(Some(reply));
    let mut rules = answer
        .rules
        .iter()
        .map(|rule| {
            let before = verdict(&rule.verdict)?;
            let is_asked = rule.rule == GATE;
            Some(RuleAfter {
                rule: rule.rule.clone(),
                title_zh: rule.title_zh.clone(),
                title_en: rule.title_en.clone(),
                before,
                after: if is_asked { replied } else { before },
                must_do_zh: if is_asked { must_do.zh.to_string() } else { rule.must_do_zh.clone() },
                must_do_en: if is_asked { must_do.en.to_string() } else { rule.must_do_en.clone() },
            })
        })
        .collect::<Option<Vec<_>>>()?;
    let place = |id: &str| GATES.iter().position(|gate| gate.id == id);
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.after), place(&rule.rule)));
    let worst = rules.iter().map(|rule| rule.after).max().unwrap_or(Verdict::Allow);
    Some(After { verdict: worst, rules })
}
