//! What differs between an answer and what would be answered now, or by what was known at another instant.

use super::gather::Judged;
use super::question::{Answer, CoverageSaid, HitSaid};
use super::rules::Fired;
use crate::kernel::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Square metres by which the same overlap may be measured otherwise by another version of the database's geometry.
const SAME_M2: f64 = 0.01;

/// Register that verdicts and rules stand under.
const RULES: &str = "rules";

/// Something that is otherwise than the answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// `verdict`, `hit_added`, `hit_removed`, `hit_changed`, `rule_added`, `rule_removed`, `rule_changed` or `coverage`.
    #[schema(example = "hit_changed")]
    pub what: String,
    /// Register of the record, or what a rule's number stands under: `rules`.
    #[schema(example = "contaminated_sites")]
    pub register: String,
    /// Code of the record, or number of the rule.
    #[schema(example = "152921WR20260001")]
    pub code: String,
    /// In the answer.
    pub then: Option<String>,
    /// Now, or at the other instant.
    pub now: Option<String>,
    /// 说明
    pub text_zh: String,
    /// In words.
    pub text_en: String,
}

impl Difference {
    /// The verdict, where it is another.
    pub fn verdict(then: &str, now: &str) -> Option<Difference> {
        (then != now).then(|| Difference {
            what: "verdict".to_owned(),
            register: RULES.to_owned(),
            code: String::new(),
            then: Some(then.to_owned()),
            now: Some(now.to_owned()),
            text_zh: format!("结论由 {then} 变为 {now}。"),
            text_en: format!("The verdict was {then} and is {now}."),
        })
    }
}

/// A rule that fired, as far as answers are compared by it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RuleSaid {
    rule: String,
    verdict: String,
    title_zh: String,
    title_en: String,
}

impl From<&Fired> for RuleSaid {
    fn from(fired: &Fired) -> RuleSaid {
        RuleSaid {
            rule: fired.rule.to_owned(),
            verdict: fired.verdict.as_str().to_owned(),
            title_zh: fired.title.zh.clone().into_owned(),
            title_en: fired.title.en.clone().into_owned(),
        }
    }
}

impl RuleSaid {
    /// The rules that fired in one of two answers only, or with another verdict.
    pub fn differing(then: &[RuleSaid], now: &[RuleSaid]) -> Vec<Difference> {
        let same_rule = |a: &RuleSaid, b: &RuleSaid| a.rule == b.rule;
        let same_verdict = |a: &RuleSaid, b: &RuleSaid| a.verdict == b.verdict;
        differing(then, now, "rule", same_rule, same_verdict, |rule| {
            let words = Text::new(
                format!("{}（{}）", rule.title_zh, rule.verdict),
                format!("{} ({})", rule.title_en, rule.verdict),
            );
            (RULES.to_owned(), rule.rule.clone(), words)
        })
    }
}

/// What answers are compared by.
pub(in super::super) struct Essence {
    verdict: String,
    rules: Vec<RuleSaid>,
    hits: Vec<HitSaid>,
    coverage: Vec<CoverageSaid>,
}

impl From<Answer> for Essence {
    fn from(answer: Answer) -> Essence {
        let Answer { verdict, rules, hits, coverage, .. } = answer;
        Essence { verdict, rules, hits, coverage }
    }
}

impl From<&Judged> for Essence {
    fn from(judged: &Judged) -> Essence {
        let hit = |hit: &super::super::reply::HitView| HitSaid {
            register: hit.register.to_owned(),
            id: hit.id,
            code: hit.code.clone(),
            stage: hit.stage.map(str::to_owned),
            class: hit.class.map(str::to_owned),
            relation: hit.relation.to_owned(),
            overlap_m2: hit.overlap_m2,
            sliver: hit.sliver,
        };
        Essence {
            verdict: judged.decision.verdict.as_str().to_owned(),
            rules: judged.decision.rules.iter().map(RuleSaid::from).collect(),
            hits: judged.hits.iter().map(hit).collect(),
            coverage: judged
                .coverage
                .iter()
                .map(|c| CoverageSaid { register: c.register.to_owned(), status: c.status.to_owned() })
                .collect(),
        }
    }
}

impl Essence {
    /// The verdict.
    pub fn verdict(&self) -> &str {
        &self.verdict
    }

    /// What makes `self` untrue when `now` holds: another verdict, other records, or the same records otherwise.
    pub fn superseded_by(&self, now: &Essence) -> Vec<Difference> {
        let mut found = Vec::from_iter(Difference::verdict(&self.verdict, &now.verdict));
        found.extend(differing(
            &self.hits,
            &now.hits,
            "hit",
            |a, b| a.id == b.id && family(&a.register) == family(&b.register),
            HitSaid::is_same,
            |hit| (hit.register.clone(), hit.code.clone(), hit.words()),
        ));
        found
    }

    /// Everything that differs, rules and coverage too.
    pub fn against(&self, now: &Essence) -> Vec<Difference> {
        let mut found = self.superseded_by(now);
        found.extend(RuleSaid::differing(&self.rules, &now.rules));
        for then in &self.coverage {
            let status = now.coverage.iter().find(|c| c.register == then.register).map(|c| c.status.as_str());
            if status.is_some_and(|status| status != then.status) {
                let status = status.unwrap_or_default();
                found.push(Difference {
                    what: "coverage".to_owned(),
                    register: then.register.clone(),
                    code: String::new(),
                    then: Some(then.status.clone()),
                    now: Some(status.to_owned()),
                    text_zh: format!("{} 的覆盖状态由 {} 变为 {status}。", then.register, then.status),
                    text_en: format!("Coverage of {} was {} and is {status}.", then.register, then.status),
                });
            }
        }
        found
    }
}

/// A site is the same record on whichever list it stands.
fn family(register: &str) -> &str {
    match register {
        "suspected_sites" | "contaminated_sites" | "control_list" | "closed_sites" => "sites",
        other => other,
    }
}

impl HitSaid {
    fn is_same(&self, other: &HitSaid) -> bool {
        (self.overlap_m2 - other.overlap_m2).abs() <= SAME_M2
            && (&self.register, &self.stage, &self.class, &self.relation, self.sliver)
                == (&other.register, &other.stage, &other.class, &other.relation, other.sliver)
    }

    fn words(&self) -> Text {
        let state = self.stage.as_deref().or(self.class.as_deref()).unwrap_or("-");
        Text::new(
            format!("{} {state} {} {:.2} 平方米", self.register, self.relation, self.overlap_m2),
            format!("{} {state} {} {:.2} m2", self.register, self.relation, self.overlap_m2),
        )
    }
}

/// What was added, removed or changed, by who is who and what is the same; of each is said its register, its code and what
/// it is in words.
pub fn differing<T>(
    then: &[T],
    now: &[T],
    what: &str,
    is_who: impl Fn(&T, &T) -> bool,
    is_same: impl Fn(&T, &T) -> bool,
    said: impl Fn(&T) -> (String, String, Text),
) -> Vec<Difference> {
    let mut found = Vec::new();
    for one in then {
        let other = now.iter().find(|other| is_who(one, other));
        if other.is_some_and(|other| is_same(one, other)) {
            continue;
        }
        let (register, code, before) = said(one);
        let (kind, after, text) = match other.map(&said) {
            Some((_, _, after)) => {
                let text = Text::new(
                    format!("{code}：由 {} 变为 {}。", before.zh, after.zh),
                    format!("{code}: was {} and is {}.", before.en, after.en),
                );
                ("changed", Some(after.en.into_owned()), text)
            }
            None => {
                let text = Text::new(
                    format!("{code}（{}）不再适用。", before.zh),
                    format!("{code} ({}) no longer applies.", before.en),
                );
                ("removed", None, text)
            }
        };
        found.push(Difference {
            what: format!("{what}_{kind}"),
            register,
            code,
            then: Some(before.en.into_owned()),
            now: after,
            text_zh: text.zh.into_owned(),
            text_en: text.en.into_owned(),
        });
    }
    for one in now.iter().filter(|one| !then.iter().any(|other| is_who(other, one))) {
        let (register, code, words) = said(one);
        found.push(Difference {
            what: format!("{what}_added"),
            register,
            code: code.clone(),
            then: None,
            text_zh: format!("新增 {code}（{}）。", words.zh),
            text_en: format!("{code} is new ({}).", words.en),
            now: Some(words.en.into_owned()),
        });
    }
    found
}
