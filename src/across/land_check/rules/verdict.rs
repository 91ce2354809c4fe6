//! What a rule answers.

use super::facts::FactUsed;
use crate::kernel::{Citation, Confidence, Instrument, Text};

/// The answer to a land check, mildest first. The worst of all rules that fired is the check's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// No rule fired, and the operation carries no duty to keep a query on record.
    Allow,
    /// Nothing stands against it; the query, or what the rule names, is kept on record.
    AllowRecorded,
    /// A person must look before going on.
    Warn,
    /// Not before something named is done: a survey, a written reply, an approval.
    Hold,
    /// Not allowed.
    Block,
}

impl Verdict {
    /// All verdicts, mildest first.
    pub const ALL: [Verdict; 5] =
        [Verdict::Allow, Verdict::AllowRecorded, Verdict::Warn, Verdict::Hold, Verdict::Block];

    /// Name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::AllowRecorded => "allow_recorded",
            Verdict::Warn => "warn",
            Verdict::Hold => "hold",
            Verdict::Block => "block",
        }
    }

    /// Name for people.
    pub const fn text(self) -> Text {
        match self {
            Verdict::Allow => Text::fixed("允许", "allowed"),
            Verdict::AllowRecorded => Text::fixed("允许（留存记录）", "allowed, on record"),
            Verdict::Warn => Text::fixed("预警", "warning"),
            Verdict::Hold => Text::fixed("暂缓", "on hold"),
            Verdict::Block => Text::fixed("禁止", "blocked"),
        }
    }
}

/// Who must act. The names are those of the roles that keys are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Planning and natural resources, the real-estate registry and permit offices among them.
    Planning,
    /// Land user.
    LandUser,
    /// Ecology bureau of the county.
    CountyEcology,
    /// Ecology bureau of the prefecture.
    PrefectureEcology,
    /// Ecology department of the province.
    ProvinceEcology,
    /// County or city government.
    Government,
}

impl Actor {
    /// Name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Actor::Planning => "planning",
            Actor::LandUser => "land_user",
            Actor::CountyEcology => "county_ecology",
            Actor::PrefectureEcology => "prefecture_ecology",
            Actor::ProvinceEcology => "province_ecology",
            Actor::Government => "government",
        }
    }

    /// Name for people.
    pub const fn text(self) -> Text {
        match self {
            Actor::Planning => Text::fixed("自然资源（规划）主管部门", "planning and natural resources"),
            Actor::LandUser => Text::fixed("土地使用权人", "land user"),
            Actor::CountyEcology => Text::fixed("县级生态环境主管部门", "county ecology bureau"),
            Actor::PrefectureEcology => Text::fixed("设区的市级生态环境主管部门", "prefecture ecology bureau"),
            Actor::ProvinceEcology => Text::fixed("省级生态环境主管部门", "province ecology department"),
            Actor::Government => Text::fixed("县（市、区）人民政府", "county or city government"),
        }
    }
}

/// What one gate found, before its title and citations are added.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How hard the gate closes.
    pub verdict: Verdict,
    /// The facts it used.
    pub facts: Vec<FactUsed>,
    /// Who must act.
    pub actor: Actor,
    /// What that one must do.
    pub must_do: Text,
    /// By when, in words; `None` where no text gives a time.
    pub by: Option<Text>,
    /// What the reader must know of this finding: a parameter that is not set, a text taken over from elsewhere.
    pub note: Option<Text>,
    /// How well the parameter or reading behind this finding is known.
    pub confidence: Confidence,
    /// The gate's texts that do not speak of these facts, and so are not cited for them. A finding that none of its
    /// gate's texts speaks of is none.
    pub not_by: Vec<&'static Instrument>,
}

impl Finding {
    /// A finding that rests on its texts alone.
    pub fn new(verdict: Verdict, actor: Actor, must_do: Text, facts: Vec<FactUsed>) -> Finding {
        Finding {
            verdict,
            facts,
            actor,
            must_do,
            by: None,
            note: None,
            confidence: Confidence::Verified,
            not_by: Vec::new(),
        }
    }

    /// Adds by when.
    #[must_use]
    pub fn by(mut self, by: Text) -> Finding {
        self.by = Some(by);
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: Text) -> Finding {
        self.note = Some(note);
        self
    }

    /// Leaves out texts that do not speak of these facts.
    #[must_use]
    pub fn not_by(mut self, instruments: impl IntoIterator<Item = &'static Instrument>) -> Finding {
        self.not_by.extend(instruments);
        self
    }

    /// Says that a parameter or reading behind it is less well known than its texts.
    #[must_use]
    pub fn resting_on(mut self, confidence: Confidence) -> Finding {
        self.confidence = self.confidence.max(confidence);
        self
    }
}

/// A rule that fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// Number of the rule: `G1`-`G31` of the decision table, `S-C0`-`S-C14` by stage of a site, `P-*` of this registry.
    pub rule: &'static str,
    /// How hard it closes.
    pub verdict: Verdict,
    /// Its title.
    pub title: Text,
    /// The texts in force on the day of the operation.
    pub citations: Vec<Citation>,
    /// Of the weakest text or parameter it rests on.
    pub confidence: Confidence,
    /// The facts it used.
    pub facts: Vec<FactUsed>,
    /// Who must act.
    pub actor: Actor,
    /// What that one must do.
    pub must_do: Text,
    /// By when, in words.
    pub by: Option<Text>,
    /// What the reader must know of it.
    pub note: Option<Text>,
}

/// The answer, with every rule that fired, worst first and then in the order of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The worst of the rules that fired; [`Verdict::Allow`] when none did.
    pub verdict: Verdict,
    /// Every rule that fired.
    pub rules: Vec<Fired>,
}
