//! Asking: gather what the registers know of the ground, let the rules decide, number the answer, seal it and keep it.

pub mod batch;
pub(super) mod compare;
mod gather;
mod question;
pub(super) mod records;
pub(super) mod standing;
pub(super) mod watch;

pub use question::{Identity, Question, Stated};

use super::reply::{
    FactView, LandCheckReply, LandUserView, OperatorView, ParcelView, RegistryView, ReplyState, RuleView, Standing,
    StatedView, UseView, names,
};
use super::rules::{self, Decision, Facts, Operation, Register, Settings, SurveyState, Verdict};
use super::store::{self, NewCheck};
use crate::config::Config;
use crate::kernel::{Day, DivisionCode, Error, LandCheckId, Result, Text, mu};
use crate::platform::seal::{Entry, Sealer};
use crate::platform::touch::{self, Versions};
use crate::platform::{Act, App, Caller};
use chrono::{DateTime, Utc};
use gather::{Bench, Case, Judged};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// A check as answered and recorded.
#[derive(Debug)]
pub struct Answered {
    /// Its identifier.
    pub id: LandCheckId,
    /// Its number.
    pub number: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The answer, byte for byte.
    pub body: Vec<u8>,
    /// SHA-256 of the answer without its proof, as signed.
    pub payload_sha256: [u8; 32],
}

/// Answers a question and records the answer.
///
/// # Errors
/// `invalid_geometry`; `division_unknown` when neither boundaries nor the caller tell where the parcel lies;
/// `outside_division` when the caller's role does not hold there.
pub async fn ask(act: &mut Act, question: Question) -> Result<Answered> {
    let mut answers = ask_all(act, &[question]).await?;
    answers.pop().ok_or_else(|| Error::internal("one question, no answer"))?
}

/// Answers questions together: each is judged, numbered, sealed and recorded as if it had been asked alone, and one that
/// cannot be answered has an error of its own. The answers are numbered in the order of the questions.
///
/// # Errors
/// For what concerns no single question, such as a database that cannot be reached; then none is answered.
pub async fn ask_all(act: &mut Act, questions: &[Question]) -> Result<Vec<Result<Answered>>> {
    let (app, today, caller) = (act.app().clone(), act.today(), act.caller().clone());
    let found = look(act.tx(), &app, &caller, today, questions).await?;
    record(act, questions, found).await
}

/// What was found for questions, before it is on record.
pub(super) struct Found {
    /// The day on which it was asked.
    today: Day,
    /// The registers as they were read.
    versions: Versions,
    /// What each question comes to.
    judged: Vec<Result<Judged>>,
}

/// Judges questions as a caller's of a day. The connection is in a transaction.
async fn look(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    today: Day,
    questions: &[Question],
) -> Result<Found> {
    let versions = touch::versions(conn).await?;
    let settings = settings(app.config())?;
    let bench = Bench { config: app.config(), settings: &settings, today, known_at: None };
    let home = caller.home();
    let asked = Asked { questions, days: &vec![today; questions.len()], home: home.as_deref() };
    let judged = judge_of_record(conn, &bench, &asked).await?;
    let theirs = judged.into_iter().map(|outcome| {
        let found = outcome?;
        caller.require_division(&found.places[0].code)?;
        Ok(found)
    });
    Ok(Found { today, versions, judged: theirs.collect() })
}

/// What the answer would be by what the registry knew at an instant: no reply of record, without number, proof or standing.
/// What the records say is true on the day of the operation.
///
/// # Errors
/// As [`ask`].
pub async fn as_of(app: &App, caller: &Caller, question: &Question, known_at: DateTime<Utc>) -> Result<LandCheckReply> {
    let settings = settings(app.config())?;
    let bench = Bench { config: app.config(), settings: &settings, today: app.today(), known_at: Some(known_at) };
    let home = caller.home();
    let case = Case { question, facts_on: question.on, home: home.as_deref() };
    let mut snapshot = app.snapshot().await?;
    let versions = touch::versions_at(&mut snapshot, known_at).await?;
    let mut judged = gather::judge(&mut snapshot, &bench, &[case]).await?;
    snapshot.rollback().await?;
    let found = judged.pop().ok_or_else(|| Error::internal("one question, no judgement"))??;
    caller.require_division(&found.places[0].code)?;
    let (operator, registry) = (OperatorView::of(caller), RegistryView::of(&versions));
    Ok(view(question, &found, app.clock().now(), operator.as_ref(), &registry, None, Some(known_at)))
}

/// Questions, and the days on which they were asked.
struct Asked<'a> {
    questions: &'a [Question],
    days: &'a [Day],
    home: Option<&'a str>,
}

/// Judges questions as answers of record. An answer about today or a day to come speaks of the land as it is now, however
/// long ago it was given; one about a day that was past when it was asked speaks of that day, and says when the land has
/// another story since.
async fn judge_of_record(conn: &mut PgConnection, bench: &Bench<'_>, asked: &Asked<'_>) -> Result<Vec<Result<Judged>>> {
    let case = |at: usize, facts_on: Day| Case { question: &asked.questions[at], facts_on, home: asked.home };
    let is_past = |at: usize| asked.questions[at].on < asked.days[at];
    let all: Vec<usize> = (0..asked.questions.len()).collect();
    let facts_on = |at: usize| {
        let on = asked.questions[at].on;
        if is_past(at) { on } else { on.max(bench.today) }
    };
    let cases: Vec<Case<'_>> = all.iter().map(|&at| case(at, facts_on(at))).collect();
    let mut judged = gather::judge(conn, bench, &cases).await?;
    let past: Vec<usize> = all.into_iter().filter(|&at| is_past(at) && judged[at].is_ok()).collect();
    if past.is_empty() {
        return Ok(judged);
    }
    let cases: Vec<Case<'_>> = past.iter().map(|&at| case(at, bench.today)).collect();
    for (at, now) in past.into_iter().zip(gather::judge(conn, bench, &cases).await?) {
        let (now, Ok(then)) = (now?, &mut judged[at]) else { continue };
        then.facts.since = now.facts.hits.into_iter().filter(|hit| !then.facts.hits.contains(hit)).collect();
        if !then.facts.since.is_empty() {
            then.decision = rules::decide(&then.facts, bench.settings);
        }
    }
    Ok(judged)
}

/// Numbers, seals and stores what was found.
async fn record(act: &mut Act, questions: &[Question], found: Found) -> Result<Vec<Result<Answered>>> {
    let Found { versions, judged, .. } = found;
    act.rests_on(watch::KIND, &versions);
    let year = act.today().year();
    let mut wanted: BTreeMap<String, i32> = BTreeMap::new();
    for found in judged.iter().flatten() {
        *wanted.entry(found.places[0].code.clone()).or_default() += 1;
    }
    if wanted.is_empty() {
        let refused = judged.into_iter().filter_map(Result::err);
        return Ok(refused.map(Err).collect());
    }
    // In the order of divisions, so that two acts never wait for each other.
    let mut next = store::next_serials(act.tx(), &wanted, year).await?;
    let mut sealer = Sealer::open(act).await?;
    let (now, act_id, operator) = (act.now(), act.id(), OperatorView::of(act.caller()));
    let registry = RegistryView::of(&versions);
    let mut rows = Vec::with_capacity(judged.len());
    let mut answers = Vec::with_capacity(judged.len());
    for (question, outcome) in questions.iter().zip(judged) {
        let found = match outcome {
            Ok(found) => found,
            Err(error) => {
                answers.push(Err(error));
                continue;
            }
        };
        let division = found.places[0].code.clone();
        let serial = next.get_mut(&division).ok_or_else(|| Error::internal("a division without serial"))?;
        let number = format!("CX-{division}-{year}-{serial:06}");
        let id = LandCheckId::new(now);
        let verdict = found.decision.verdict;
        let awaits_reply = awaits_reply(&found.decision);
        let view = view(question, &found, now, operator.as_ref(), &registry, Some((id, &number)), None);
        let sealed = sealer.seal(&view, Entry { kind: "land_check", id: id.0, number: &number })?;
        let body_sha256 = Sha256::digest(&sealed.bytes);
        act.note(
            format!("land_check/{number}"),
            json!({"verdict": verdict.as_str(), "sha256": hex::encode(body_sha256)}),
        );
        rows.push(NewCheck {
            id,
            number: number.clone(),
            division_code: division,
            serial: *serial,
            on: question.on,
            operation: question.operation.as_str(),
            verdict: verdict.as_str(),
            awaits_reply,
            reference: question.reference.clone(),
            area_m2: found.area_m2,
            ewkb: found.ewkb,
            body: sealed.bytes,
            body_sha256: body_sha256.to_vec(),
            log_index: sealed.log_index,
        });
        *serial += 1;
        answers.push(Ok((id, number, verdict, sealed.payload_sha256)));
    }
    let key = match act.caller() {
        Caller::Key(holder) => Some(holder.id),
        Caller::Public | Caller::Operator => None,
    };
    let batch = store::Batch { year, checked_at: now, read_seq: versions.seq, key, act: act_id };
    store::insert(act.tx(), &batch, &rows).await?;
    sealer.close(act).await?;
    let mut bodies = rows.into_iter().map(|row| row.body);
    let answered = answers.into_iter().map(|answer| {
        let (id, number, verdict, payload_sha256) = answer?;
        let body = bodies.next().ok_or_else(|| Error::internal("an answer without body"))?;
        Ok(Answered { id, number, verdict, body, payload_sha256 })
    });
    Ok(answered.collect())
}

/// Whether the ecology bureau's written reply is needed and not there.
fn awaits_reply(decision: &Decision) -> bool {
    decision.rules.iter().any(|fired| fired.rule == "G2" && fired.verdict >= Verdict::Hold)
}

/// The answer as it is given. Of record it has an identifier and a number; else it says as of when the registry was asked.
fn view(
    question: &Question,
    found: &Judged,
    now: DateTime<Utc>,
    operator: Option<&OperatorView>,
    registry: &RegistryView,
    of_record: Option<(LandCheckId, &str)>,
    known_at: Option<DateTime<Utc>>,
) -> LandCheckReply {
    let verdict = found.decision.verdict;
    let (verdict_name, operation_name) = names(verdict, question.operation);
    let soil = soil_quality(&found.facts);
    LandCheckReply {
        id: of_record.map(|(id, _)| id),
        number: of_record.map(|(_, number)| number.to_owned()),
        of_record: of_record.is_some(),
        checked_at: now,
        known_at,
        operator: operator.cloned(),
        on: question.on,
        operation: question.operation.as_str(),
        operation_zh: operation_name.zh.into(),
        operation_en: operation_name.en.into(),
        reference: question.reference.clone(),
        current_use: question.current_use.map(UseView::from),
        planned_use: question.planned_use.map(UseView::from),
        stated: stated_view(&question.stated),
        parcel: parcel_view(question, found),
        verdict: verdict.as_str(),
        verdict_zh: verdict_name.zh.into(),
        verdict_en: verdict_name.en.into(),
        soil_quality_zh: soil.zh.into(),
        soil_quality_en: soil.en.into(),
        survey_state: FactView::from(found.facts.show_survey()),
        rules: found.decision.rules.iter().map(RuleView::from).collect(),
        hits: found.hits.clone(),
        coverage: found.coverage.clone(),
        registry: registry.clone(),
        reply: of_record
            .map(|_| ReplyState { status: if awaits_reply(&found.decision) { "awaiting" } else { "not_required" } }),
        standing: of_record.map(|_| Standing { status: "valid", since: now, because: Vec::new() }),
    }
}

fn stated_view(stated: &Stated) -> StatedView {
    StatedView {
        former_industry: stated.former_industry.as_ref().map(|code| code.as_str().to_owned()),
        key_unit: stated.key_unit,
        already_reclaimed: stated.already_reclaimed,
        in_supply_plan: stated.in_supply_plan,
        survey_state: stated.survey_state.map(SurveyState::as_str),
        assessed_use: stated.assessed_use.map(UseView::from),
        serves_remediation: stated.serves_remediation,
        food_site: stated.food_site,
    }
}

fn parcel_view(question: &Question, found: &Judged) -> ParcelView {
    let identity = question.identity.clone();
    let land_user = (identity.land_user_name.is_some() || identity.land_user_credit_code.is_some())
        .then_some(LandUserView { name: identity.land_user_name, credit_code: identity.land_user_credit_code });
    ParcelView {
        geometry: question.area.to_geojson(),
        crs: CRS84,
        parcel_code: identity.parcel_code,
        real_estate_unit_number: identity.real_estate_unit_number,
        address: identity.address,
        land_user,
        registered_use: identity.registered_use.map(UseView::from),
        successors: identity.successors,
        area_m2: found.area_m2,
        area_mu: mu(found.area_m2),
        division_codes: found.places.iter().map(|place| place.code.clone()).collect(),
    }
}

/// 地块土壤环境质量状况结果: what the registry knows of the soil, in a few sentences.
fn soil_quality(facts: &Facts) -> Text {
    let sites: Vec<_> = facts.hits.iter().filter(|hit| hit.counts() && hit.stage().is_some()).collect();
    let (mut zh, mut en) = (String::new(), String::new());
    for hit in sites.iter().take(SITES_NAMED) {
        let stage = hit.stage().map_or(Text::fixed("", ""), |stage| stage.title());
        zh.push_str(&format!("与 {}（{}）重叠 {:.2} 平方米；", hit.code, stage.zh, hit.overlap_m2));
        en.push_str(&format!("{:.2} m2 shared with {} ({}); ", hit.overlap_m2, hit.code, stage.en));
    }
    if sites.len() > SITES_NAMED {
        zh.push_str(&format!("另有 {} 个地块，见命中记录；", sites.len() - SITES_NAMED));
        en.push_str(&format!("{} more sites, see the hits; ", sites.len() - SITES_NAMED));
    }
    if sites.is_empty() {
        let known = facts.coverage_of(Register::SuspectedSites).text();
        zh.push_str(&format!("未涉及登记地块（疑似污染地块名单：{}）；", known.zh));
        en.push_str(&format!("no registered site is met (list of suspected sites: {}); ", known.en));
    }
    let survey = facts.show_survey().text;
    zh.push_str(&format!("{}。", survey.zh));
    en.push_str(&format!("{}.", survey.en));
    Text::new(zh, en)
}

/// CRS of the parcel's geometry.
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// Sites named in the sentence on the soil.
const SITES_NAMED: usize = 10;

/// What the operator set of the rules of land checks.
///
/// # Errors
/// `bad_config` naming the key: a province that is none, or an operation that there is not.
pub fn settings(config: &Config) -> Result<Settings> {
    let mut survey_before = BTreeMap::new();
    for (province, operations) in &config.survey_before {
        let key = format!("survey_before.{province}");
        let code = DivisionCode::parse(province).filter(|code| !code.is_nation() && province.ends_with("0000"));
        let Some(code) = code else {
            return Err(Config::refuse(
                &key,
                Text::fixed(
                    "应为省级区划代码（六位数字，后四位为 0000）。",
                    "must be the code of a province: six digits, the last four 0000.",
                ),
            ));
        };
        let operations = operations.iter().map(|name| {
            Operation::parse(name).ok_or_else(|| {
                let known: Vec<&str> = Operation::ALL.iter().map(|operation| operation.as_str()).collect();
                Config::refuse(
                    &key,
                    Text::new(
                        format!("没有此操作：{name}；可用：{}。", known.join("、")),
                        format!("no such operation: {name}; there are {}.", known.join(", ")),
                    ),
                )
            })
        });
        survey_before.insert(code.as_str()[..2].to_owned(), operations.collect::<Result<_>>()?);
    }
    Ok(Settings {
        adopt_regional: config.adopt_regional,
        touching_warns: config.touching_warns,
        near_warns: config.near_distance_m.is_some(),
        interchange_exempt: config.interchange_exempt,
        survey_before,
    })
}
