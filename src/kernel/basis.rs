//! What a rule stands on: instrument, article, from when to when, and how sure we are of the text.

use super::{Day, Text};

/// How well the text of a rule or parameter is known.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Held against a text of the instrument.
    Verified,
    /// Known from practice, not held against the text.
    Recalled,
    /// Unsure: a setting of the operator, and every answer that rests on it says so.
    Unconfirmed,
}

/// A law, regulation, standard or plan.
#[derive(Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Stable, snake_case.
    pub id: &'static str,
    /// Full Chinese title, without 《》.
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// Document number, where it has one.
    pub number: Option<&'static str>,
    /// First day in force, where known.
    pub from: Option<Day>,
    /// Last day in force, where it has ended.
    pub to: Option<Day>,
    /// Why its standing is open, and from which day on; said with every citation of that time.
    pub doubt: Option<Doubt>,
}

/// An open question about an instrument's standing.
#[derive(Debug, PartialEq, Eq)]
pub struct Doubt {
    /// First day of it.
    pub from: Day,
    /// What is open.
    pub text: Text,
}

/// One article of an instrument.
#[derive(Debug, PartialEq, Eq)]
pub struct Basis {
    /// Where the article stands.
    pub instrument: &'static Instrument,
    /// Article (and paragraph in brackets), or the plan's passage.
    pub article: &'static str,
    /// How well its text is known.
    pub confidence: Confidence,
}

/// A provision through its successive texts, oldest first. Citing it on a day picks the text in force that day.
#[derive(Debug, PartialEq, Eq)]
pub struct Provision(pub &'static [Basis]);

/// A provision as cited to a client.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Citation {
    /// 文件名称
    #[schema(example = "生态环境法典")]
    pub instrument_zh: String,
    /// Instrument in English.
    #[schema(example = "Ecological Environment Code")]
    pub instrument_en: String,
    /// Document number, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub number: Option<String>,
    /// Article, paragraph in brackets; or the passage of a plan.
    #[schema(example = "456(2)")]
    pub article: String,
    /// First day in force, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effective_from: Option<Day>,
    /// Last day in force, where it has ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub effective_to: Option<Day>,
    /// The text that took its place later, when the day asked lies before that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(no_recursion)]
    pub successor: Option<Box<Citation>>,
    /// How well the text is known.
    pub confidence: Confidence,
    /// 存疑之处
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note_zh: Option<String>,
    /// What is open about the instrument's standing on the day asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note_en: Option<String>,
}

impl Basis {
    fn in_force(&self, on: Day) -> bool {
        self.instrument.from.is_none_or(|from| from <= on) && self.instrument.to.is_none_or(|to| on <= to)
    }

    fn cite(&self, on: Day) -> Citation {
        let doubt = self.instrument.doubt.as_ref().filter(|doubt| doubt.from <= on);
        Citation {
            instrument_zh: self.instrument.zh.to_owned(),
            instrument_en: self.instrument.en.to_owned(),
            number: self.instrument.number.map(str::to_owned),
            article: self.article.to_owned(),
            effective_from: self.instrument.from,
            effective_to: self.instrument.to,
            successor: None,
            confidence: self.confidence,
            note_zh: doubt.map(|doubt| doubt.text.zh.to_string()),
            note_en: doubt.map(|doubt| doubt.text.en.to_string()),
        }
    }
}

impl Provision {
    /// The text in force on `on`, with its successor where it has one; `None` when nothing of it was in force yet.
    pub fn cite(&self, on: Day) -> Option<Citation> {
        let at = self.0.iter().position(|basis| basis.in_force(on))?;
        let mut citation = self.0[at].cite(on);
        citation.successor = self.0.get(at + 1).map(|next| Box::new(next.cite(on)));
        Some(citation)
    }

    /// How well the text in force on `on` is known.
    pub fn confidence(&self, on: Day) -> Option<Confidence> {
        self.0.iter().find(|basis| basis.in_force(on)).map(|basis| basis.confidence)
    }
}

/// The citations of several provisions on one day, leaving out what was not in force.
pub fn cite_all(provisions: &[&Provision], on: Day) -> Vec<Citation> {
    provisions.iter().filter_map(|provision| provision.cite(on)).collect()
}
