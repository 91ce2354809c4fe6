//! Every rule of the house in one form. Pure: tables, a day and a place in, rules with their articles out.

pub mod drawing;
mod gather;
pub mod index;
pub mod settings;

pub use gather::all;

use crate::across::land_check::home;
use crate::kernel::{Basis, Citation, Confidence, Day, Provision, Text};
use crate::platform::Role;
use crate::standards::parameters::{Overrides, Parameter};
use std::collections::BTreeSet;

/// What kind of rule.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 程序事件: an event of a site's life, who may do it and what it needs.
    Event,
    /// 状态转换: from stage to stage.
    Transition,
    /// 用地限制: what a stage lets the land be used for.
    Restriction,
    /// 期限: what is due when.
    Deadline,
    /// 公开义务: what must be public.
    Publicity,
    /// 准入规则: a gate of the land check.
    Gate,
    /// 选址规则: a rule of the siting check.
    Siting,
    /// 重点监管单位义务
    KeyUnitDuty,
    /// 类别调整程序: a step of an adjustment of farmland classes.
    Adjustment,
    /// 优先保护类耕地预警: who warns, and the steps of its follow-up.
    Protection,
    /// 参数: a number that differs by place and day.
    Parameter,
    /// 条款: a provision through its successive texts.
    Provision,
}

impl Kind {
    /// Every kind, in the order of the page.
    pub const ALL: [Kind; 12] = [
        Kind::Event,
        Kind::Transition,
        Kind::Restriction,
        Kind::Deadline,
        Kind::Publicity,
        Kind::Gate,
        Kind::Siting,
        Kind::KeyUnitDuty,
        Kind::Adjustment,
        Kind::Protection,
        Kind::Parameter,
        Kind::Provision,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Event => "event",
            Kind::Transition => "transition",
            Kind::Restriction => "restriction",
            Kind::Deadline => "deadline",
            Kind::Publicity => "publicity",
            Kind::Gate => "gate",
            Kind::Siting => "siting",
            Kind::KeyUnitDuty => "key_unit_duty",
            Kind::Adjustment => "adjustment",
            Kind::Protection => "protection",
            Kind::Parameter => "parameter",
            Kind::Provision => "provision",
        }
    }

    /// What stands before the name of a rule of this kind in its identifier; gates, rules of siting and transitions have
    /// numbers of their own.
    pub const fn prefix(self) -> &'static str {
        match self {
            Kind::Event => "event.",
            Kind::Restriction => "restriction.",
            Kind::Deadline => "deadline.",
            Kind::Publicity => "publicity.",
            Kind::KeyUnitDuty => "duty.",
            Kind::Adjustment => "adjustment.",
            Kind::Protection => "protection.",
            Kind::Parameter => "parameter.",
            Kind::Provision => "provision.",
            Kind::Gate | Kind::Siting | Kind::Transition => "",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Kind::Event => Text::fixed("程序事件", "Events of the procedure"),
            Kind::Transition => Text::fixed("阶段转换", "Transitions"),
            Kind::Restriction => Text::fixed("用地限制", "Restrictions of use"),
            Kind::Deadline => Text::fixed("期限", "Clocks"),
            Kind::Publicity => Text::fixed("公开义务", "Duties to publish"),
            Kind::Gate => Text::fixed("准入规则", "Gates of the land check"),
            Kind::Siting => Text::fixed("选址规则", "Rules of the siting check"),
            Kind::KeyUnitDuty => Text::fixed("重点监管单位义务", "Duties of key units"),
            Kind::Adjustment => Text::fixed("农用地类别调整程序", "Adjustment of farmland classes"),
            Kind::Protection => Text::fixed("优先保护类耕地预警", "Warnings on priority-protection land"),
            Kind::Parameter => Text::fixed("参数", "Parameters"),
            Kind::Provision => Text::fixed("条款", "Provisions"),
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == s)
    }
}

/// Where a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Nation,
    /// In divisions whose code begins with one of these digits.
    Only(Vec<&'static str>),
    /// There by its text, elsewhere as a default of this registry.
    Adopted(Vec<&'static str>),
}

/// One rule.
#[derive(Debug, Clone)]
pub struct RuleEntry {
    /// Stable: `G14`, `T7`, `deadline.preliminary_survey_six_months`.
    pub id: String,
    /// What kind.
    pub kind: Kind,
    /// What it is called.
    pub title: Text,
    /// What it says, where the table says more than the title.
    pub text: Option<Text>,
    /// Who acts.
    pub actors: Vec<Role>,
    /// What sets it off.
    pub trigger: Option<Text>,
    /// What must then be done, or follows. Of a gate the functions say it, and the index knows.
    pub remedy: Vec<Text>,
    /// What it stands on.
    pub provisions: Vec<&'static Provision>,
    /// First day, where it began after its texts.
    pub from: Option<Day>,
    /// Last day, where it ended before them.
    pub to: Option<Day>,
    /// Where it holds.
    pub place: Place,
    /// How well the reading of the texts is known; the answer carries the weaker of this and the texts.
    pub reading: Confidence,
    /// A local service level, not law.
    pub internal: bool,
    /// The parameters that it reads.
    pub parameters: Vec<&'static Parameter>,
    /// Other settings that it reads, as keys of the configuration.
    pub settings: Vec<String>,
    /// Names by which the source knows it, beside its identifier.
    pub names: Vec<String>,
}

/// The digits of a division code that tell it from those above: `150000` → `15`, `000000` → ``.
pub fn significant(code: &str) -> &str {
    let mut digits = code;
    while let Some(shorter) = digits.strip_suffix("00") {
        digits = shorter;
    }
    digits
}

/// The six digits of a prefix: `15` → `150000`, `` → `000000`.
pub fn six(prefix: &str) -> String {
    format!("{prefix:0<6}")
}

fn starts(provision: &Provision) -> Option<Day> {
    provision.0.iter().map(|basis| basis.instrument.from).min().flatten()
}

fn ends(provision: &Provision) -> Option<Day> {
    provision.0.last().and_then(|basis| basis.instrument.to)
}

impl RuleEntry {
    /// The name without what stands before it: `preliminary_survey_six_months`.
    pub fn bare(&self) -> &str {
        self.id.strip_prefix(self.kind.prefix()).unwrap_or(&self.id)
    }

    /// First day on which it holds: its own, or the first of its texts; `None` where the texts have none.
    pub fn valid_from(&self) -> Option<Day> {
        let texts = self.provisions.iter().map(|provision| starts(provision)).min().flatten();
        self.from.max(texts)
    }

    /// Last day on which it holds; `None` where it has none.
    pub fn valid_to(&self) -> Option<Day> {
        let mut last = self.to;
        // A text without an end has no last day.
        if !self.provisions.is_empty() && self.provisions.iter().all(|provision| ends(provision).is_some()) {
            let texts = self.provisions.iter().filter_map(|provision| ends(provision)).max();
            last = match (last, texts) {
                (Some(own), Some(texts)) => Some(own.min(texts)),
                (own, texts) => own.or(texts),
            };
        }
        last
    }

    /// Whether it holds on a day: the day lies in its time, and one of its texts is in force.
    pub fn holds_on(&self, on: Day) -> bool {
        self.from.is_none_or(|from| from <= on)
            && self.to.is_none_or(|to| on <= to)
            && self.provisions.iter().any(|provision| provision.cite(on).is_some())
    }

    /// Whether it holds in a division, as law or as a default.
    pub fn holds_in(&self, division: &str) -> bool {
        match &self.place {
            Place::Nation => self.regional(division).next().is_some(),
            Place::Only(places) => places.iter().any(|place| division.starts_with(place)),
            Place::Adopted(_) => true,
        }
    }

    /// Whether it holds in a division only as this registry's default.
    pub fn is_adopted_in(&self, division: &str) -> bool {
        matches!(&self.place, Place::Adopted(places) if !places.iter().any(|place| division.starts_with(place)))
    }

    /// The provisions that are law in a division, those of other regions left out.
    fn regional<'a>(&'a self, division: &'a str) -> impl Iterator<Item = &'static Provision> + 'a {
        self.provisions.iter().copied().filter(move |provision| {
            provision.0.iter().any(|basis| home(basis.instrument).is_none_or(|home| division.starts_with(home)))
        })
    }

    /// The articles of a day; with a division those of other regions are left out, unless the rule was taken over from
    /// there.
    pub fn citations(&self, on: Day, division: Option<&str>) -> Vec<Citation> {
        let cite = |provision: &Provision| provision.cite(on);
        match division {
            Some(division) if !self.is_adopted_in(division) => self.regional(division).filter_map(cite).collect(),
            _ => self.provisions.iter().filter_map(|provision| cite(provision)).collect(),
        }
    }

    /// Whether it rests on a text of this division's own.
    pub fn rests_on(&self, division: &str) -> bool {
        self.jurisdictions().contains(significant(division))
    }

    /// Whether all words asked for are somewhere in it: identifier, titles, text, articles of the day.
    pub fn says(&self, words: &str, on: Day) -> bool {
        let mut all = vec![self.id.clone(), self.title.zh.to_string(), self.title.en.to_string()];
        for text in self.text.iter().chain(&self.trigger).chain(&self.remedy) {
            all.extend([text.zh.to_string(), text.en.to_string()]);
        }
        for citation in self.citations(on, None) {
            let later = citation.successor.as_deref().map(|s| format!("{} {}", s.instrument_zh, s.article));
            all.push(format!("{} {} {}", citation.instrument_zh, citation.instrument_en, citation.article));
            all.extend(later);
        }
        all.extend(self.names.iter().cloned());
        let all = all.join("\n").to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }

    /// The jurisdictions whose own texts it rests on, as prefixes; empty is the nation's.
    pub fn jurisdictions(&self) -> BTreeSet<&'static str> {
        let mut found: BTreeSet<&'static str> = match &self.place {
            Place::Only(places) | Place::Adopted(places) => places.iter().copied().collect(),
            Place::Nation => self.provisions.iter().flat_map(|provision| provision.0).map(home_of).collect(),
        };
        found.extend(self.parameters.iter().flat_map(|p| p.versions).map(|version| version.jurisdiction));
        found
    }

    /// How well it is known on a day: as its weakest text, reading or parameter.
    pub fn confidence(&self, on: Day, division: Option<&str>, overrides: &Overrides) -> Confidence {
        if division.is_some_and(|division| self.is_adopted_in(division)) {
            return Confidence::Unconfirmed;
        }
        let texts = self.citations(on, division).into_iter().map(|citation| citation.confidence);
        let values = self
            .parameters
            .iter()
            .filter_map(|parameter| parameter.resolve(division.unwrap_or("000000"), on, overrides))
            .map(|resolved| resolved.confidence);
        texts.chain(values).fold(self.reading, Confidence::max)
    }
}

fn home_of(basis: &Basis) -> &'static str {
    home(basis.instrument).unwrap_or("")
}

/// The rule of an identifier, or of a bare name that one rule only has.
pub fn find<'a>(rules: &'a [RuleEntry], id: &str) -> Option<&'a RuleEntry> {
    rules.iter().find(|rule| rule.id == id).or_else(|| {
        let mut named = rules.iter().filter(|rule| rule.bare() == id);
        named.next().filter(|_| named.next().is_none())
    })
}

#[cfg(test)]
mod tests;
