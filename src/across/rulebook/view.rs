//! A rule as it is shown: what holds on a day and in a place, resolved.

use super::rules::{Kind, RuleEntry, index, settings, six};
use crate::config::Config;
use crate::kernel::{Citation, Confidence, Day, Error, Result, Text};
use crate::standards::parameters::{Parameter, Unit};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A sentence in both languages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Said {
    /// 中文
    #[schema(example = "登记机构要求申请人补交土壤污染状况调查报告，补齐后再登记。")]
    pub zh: String,
    /// English.
    #[schema(example = "The registry demands the soil survey report and registers only when it is there.")]
    pub en: String,
}

impl From<&Text> for Said {
    fn from(text: &Text) -> Said {
        Said { zh: text.zh.to_string(), en: text.en.to_string() }
    }
}

/// A rule on a day, and in a division where one was named.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleView {
    /// Stable; what `rule` of land checks, refusals and deadlines names.
    #[schema(example = "G7")]
    pub id: String,
    /// What kind of rule.
    pub kind: Kind,
    /// What it is called.
    pub title: Said,
    /// What it says, where that is more than its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Said>,
    /// Roles that act.
    #[schema(example = json!(["planning"]))]
    pub actors: Vec<&'static str>,
    /// What sets it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Said>,
    /// What must then be done, or follows.
    pub remedies: Vec<Said>,
    /// Articles of the day; before 2026-08-15 the Soil Law's, with those of the Code as successors.
    pub citations: Vec<Citation>,
    /// Divisions whose own texts it rests on; `000000` is the nation.
    #[schema(example = json!(["000000"]))]
    pub jurisdictions: Vec<String>,
    /// In the division asked it is no law but a default of this registry, taken over from another region.
    pub adopted: bool,
    /// First day on which it holds, where there is one.
    pub valid_from: Option<Day>,
    /// Last day.
    pub valid_to: Option<Day>,
    /// Whether it holds on the day asked.
    pub in_force: bool,
    /// How well it is known: the weakest of its texts, of the reading, and of the parameters it needs.
    pub confidence: Confidence,
    /// A local service level (内部时限), not law.
    pub internal: bool,
    /// What the operator may set of it.
    pub configurable: Vec<SettingView>,
    /// The parameters that it needs, with every value known.
    pub parameters: Vec<ParameterView>,
    /// Its successive texts: from which day on which articles. Only where one rule is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<VersionView>,
    /// Functions and tables of the source that name it.
    #[schema(example = json!(["across/land_check/rules/taking.rs::g7"]))]
    pub used_in: Vec<String>,
    /// Tests that pin it.
    #[schema(example = json!(["src/across/land_check/rules/tests.rs::g7_comes_with_the_code"]))]
    pub pinned_by: Vec<String>,
    /// Its page for a reader.
    #[schema(example = "/rules/G7")]
    pub page: String,
}

/// A key of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingView {
    /// The key of the configuration file.
    #[schema(example = "survey_before")]
    pub key: String,
    /// What is set, as JSON; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!("{\"150000\":[\"supply\"]}"))]
    pub value: Option<String>,
}

/// A number that a rule needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterView {
    /// Which; the key under `parameters` in the configuration.
    #[schema(example = "list_publication_working_days")]
    pub parameter: &'static str,
    /// What it is.
    pub title: Said,
    /// In what it is counted.
    pub unit: Unit,
    /// Its value on the day, in the division asked (without one: for the nation); absent where nothing holds.
    #[schema(example = 20)]
    pub value: Option<u32>,
    /// The division whose value that is.
    #[schema(example = "000000")]
    pub jurisdiction: Option<String>,
    /// Set by the operator.
    pub configured: bool,
    /// A local service level, not law.
    pub internal: bool,
    /// How well the value is known.
    pub confidence: Option<Confidence>,
    /// What the value stands on.
    pub citations: Vec<Citation>,
    /// Every value printed, wherever and whenever.
    pub versions: Vec<ValueView>,
}

/// A printed value of a parameter.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValueView {
    /// Where it holds.
    #[schema(example = "370000")]
    pub jurisdiction: String,
    /// The value.
    #[schema(example = 15)]
    pub value: u32,
    /// First day, where its texts do not say it.
    pub valid_from: Option<Day>,
    /// Last day.
    pub valid_to: Option<Day>,
    /// What it stands on, of the day asked.
    pub citations: Vec<Citation>,
    /// How well it is known.
    pub confidence: Confidence,
}

/// The texts of a rule from a day on.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// First day of these texts; absent where it is not known.
    pub from: Option<Day>,
    /// The articles.
    pub citations: Vec<Citation>,
}

/// What is asked: a day, a place, and what the operator set.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Day of the event.
    pub on: Day,
    /// Six digits.
    pub division: Option<&'a str>,
    /// The configuration.
    pub config: &'a Config,
}

impl RuleView {
    /// A rule as it holds on the day and in the place asked; `whole` with all its texts.
    ///
    /// # Errors
    /// When the configuration cannot be read as JSON: a fault of ours.
    pub fn of(rule: &RuleEntry, asked: Asked<'_>, whole: bool) -> Result<RuleView> {
        let Asked { on, division, config } = asked;
        let known = index::of(&rule.id).cloned().unwrap_or_default();
        let parameters: Vec<ParameterView> = rule.parameters.iter().map(|p| ParameterView::of(p, asked)).collect();
        let citations = match (rule.kind, parameters.first(), division) {
            // A parameter stands on what its value in that place stands on.
            (Kind::Parameter, Some(parameter), Some(_)) => parameter.citations.clone(),
            _ => rule.citations(on, division),
        };
        let mut keys: Vec<String> = rule.settings.clone();
        keys.extend(rule.parameters.iter().map(|parameter| format!("parameters.{}", parameter.id)));
        let set = serde_json::to_value(config).map_err(Error::internal)?;
        let configurable = keys.into_iter().map(|key| SettingView { value: value_of(&set, &key), key }).collect();
        Ok(RuleView {
            id: rule.id.clone(),
            kind: rule.kind,
            title: Said::from(&rule.title),
            text: rule.text.as_ref().map(Said::from),
            actors: rule.actors.iter().map(|role| role.as_str()).collect(),
            trigger: rule.trigger.as_ref().map(Said::from),
            remedies: rule.remedy.iter().map(Said::from).collect(),
            citations,
            jurisdictions: rule.jurisdictions().into_iter().map(six).collect(),
            adopted: config.adopt_regional && division.is_some_and(|division| rule.is_adopted_in(division)),
            valid_from: rule.valid_from(),
            valid_to: rule.valid_to(),
            in_force: rule.holds_on(on),
            confidence: rule.confidence(on, division, &config.parameters),
            internal: rule.internal,
            configurable,
            parameters,
            versions: if whole { versions(rule, division) } else { Vec::new() },
            used_in: known.used_in,
            pinned_by: known.pinned_by,
            page: format!("/rules/{}", rule.id),
        })
    }
}

/// What is set under a key; `None` where nothing is.
fn value_of(config: &serde_json::Value, key: &str) -> Option<String> {
    let value = key.split('.').try_fold(config, |value, part| value.get(part))?;
    let nothing = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    (!nothing).then(|| value.to_string())
}

/// From which day on which articles: a new version wherever one of the texts begins.
fn versions(rule: &RuleEntry, division: Option<&str>) -> Vec<VersionView> {
    let starts: BTreeSet<Option<Day>> = rule
        .provisions
        .iter()
        .flat_map(|provision| provision.0)
        .map(|basis| basis.instrument.from)
        .map(|from| from.max(rule.from))
        .filter(|from| rule.to.is_none_or(|to| from.is_none_or(|from| from <= to)))
        .collect();
    let first_known = starts.iter().flatten().next().copied();
    starts
        .into_iter()
        .filter_map(|from| {
            // Texts of no known day are shown as they stood before the first known one.
            let on = from
                .or_else(|| first_known.map(|day| day.add_days(-1)))
                .unwrap_or(crate::standards::law::CODE_IN_FORCE);
            let citations = rule.citations(on, division);
            (!citations.is_empty()).then_some(VersionView { from, citations })
        })
        .collect()
}

impl ParameterView {
    fn of(parameter: &'static Parameter, asked: Asked<'_>) -> ParameterView {
        let Asked { on, division, config } = asked;
        let resolved = parameter.resolve(division.unwrap_or("000000"), on, &config.parameters);
        ParameterView {
            parameter: parameter.id,
            title: Said::from(&parameter.title),
            unit: parameter.unit,
            value: resolved.as_ref().map(|r| r.value),
            jurisdiction: resolved.as_ref().map(|r| six(&r.jurisdiction)),
            configured: resolved.as_ref().is_some_and(|r| r.configured),
            internal: resolved.as_ref().map_or(parameter.internal, |r| r.internal),
            confidence: resolved.as_ref().map(|r| r.confidence),
            citations: resolved.map_or(Vec::new(), |r| r.citations(on)),
            versions: parameter
                .versions
                .iter()
                .map(|version| ValueView {
                    jurisdiction: six(version.jurisdiction),
                    value: version.value,
                    valid_from: version.from,
                    valid_to: version.to,
                    citations: crate::kernel::basis::cite_all(version.provisions, on),
                    confidence: version.confidence,
                })
                .collect(),
        }
    }
}

/// A parameter's value in words: 20 个工作日.
pub fn in_words(value: u32, unit: Unit) -> Text {
    match unit {
        Unit::Months => Text::new(format!("{value} 个月"), format!("{value} months")),
        Unit::WorkingDays => Text::new(format!("{value} 个工作日"), format!("{value} working days")),
        Unit::DayOfYear => Text::new(
            format!("{} 月 {} 日", value / 100, value % 100),
            format!("month {}, day {}", value / 100, value % 100),
        ),
        Unit::Flag if value == 0 => Text::fixed("否", "no"),
        Unit::Flag => Text::fixed("是", "yes"),
        Unit::Percent => Text::new(format!("{value}%"), format!("{value} %")),
        Unit::Count => Text::new(format!("{value} 个"), value.to_string()),
        Unit::Metres => Text::new(format!("{value} 米"), format!("{value} m")),
    }
}

/// What may be set for a unit, in words.
pub fn described(unit: Unit) -> Text {
    settings::described(unit)
}
