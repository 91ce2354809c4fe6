//! Siting checks are watched as land checks are, by the same passes: what makes one untrue, and how it stands.

use super::{Bench, Case, Judged, Question, facts_on, judge};
use crate::across::land_check::{
    Difference, Fallen, Logged, Misfit, Pass, RuleSaid, Status, Watched, differing, pass, untrue_of, verify_records_of,
};
use crate::across::siting::rules::{Activity, Facility, Procedure, SITING};
use crate::across::siting::store::standing::{self, Head};
use crate::config::Config;
use crate::kernel::{ActId, Area, Day, Error, Result, SitingCheckId, Text};
use crate::platform::{App, Scope, watch};
use crate::standards::industries::IndustryCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// What siting checks are called in events, in the audit chain, in the log and where late answers are noted.
pub(in super::super) const KIND: &str = "siting_check";
/// Counts up when a judgement of the rules changes in a way that their table does not show.
const JUDGEMENTS: u32 = 1;
/// Square metres and metres by which another version of the database's geometry may measure otherwise.
const SAME: f64 = 0.01;

/// Watches siting checks: judges anew what was written since the last pass may have made untrue.
///
/// # Errors
/// When the database cannot be reached; what was done by then stands, and the next pass goes on.
pub async fn watch(app: &App) -> Result<Pass> {
    pass::<SitingChecks>(app).await
}

/// Judges every valid siting check anew; gives those that are not true any more, without writing anything. What the watch has
/// superseded must be just these.
///
/// # Errors
/// When the database cannot be read.
pub async fn untrue(app: &App) -> Result<Vec<SitingCheckId>> {
    Ok(untrue_of::<SitingChecks>(app).await?.into_iter().map(SitingCheckId).collect())
}

/// Holds every siting check on record to its own proof and to the log, and every entry of one to the record.
///
/// # Errors
/// When the database cannot be read. A check that does not hold is a finding, not an error.
pub async fn verify_records(app: &App) -> Result<Vec<Misfit>> {
    verify_records_of::<SitingChecks>(app).await
}

/// Siting checks.
pub struct SitingChecks;

impl Watched for SitingChecks {
    const KIND: &'static str = KIND;
    const EVENT: &'static str = "siting_check.superseded";

    fn digest(config: &Config) -> Result<String> {
        let mut sha = Sha256::new();
        let Config { parameters, sliver_max_m2, sliver_max_share, .. } = config;
        sha.update(format!("{JUDGEMENTS} {sliver_max_m2} {sliver_max_share}"));
        for (id, set) in parameters.iter().filter(|(id, _)| id.starts_with("siting_")) {
            sha.update(format!("{id} {set:?}"));
        }
        for rule in SITING {
            sha.update(format!(
                "{} {:?} {:?} {:?} {:?} {:?} {:?}",
                rule.id, rule.activities, rule.procedures, rule.verdicts, rule.from, rule.jurisdiction, rule.settings
            ));
            for basis in rule.provisions.iter().flat_map(|provision| provision.0) {
                let instrument = basis.instrument;
                sha.update(format!("{} {} {:?} {:?}", instrument.id, basis.article, instrument.from, instrument.to));
            }
        }
        Ok(hex::encode(sha.finalize()))
    }

    async fn touched(conn: &mut PgConnection, _: &Config, acts: &[ActId]) -> Result<Vec<Uuid>> {
        standing::touched(conn, acts, KIND).await
    }

    async fn turning(conn: &mut PgConnection, _: &Config, after: Day, until: Day) -> Result<Vec<Uuid>> {
        standing::turning(conn, after, until).await
    }

    async fn valid_after(conn: &mut PgConnection, after: Uuid, limit: i64) -> Result<Vec<Uuid>> {
        standing::valid_after(conn, after, limit).await
    }

    async fn fallen(app: &App, conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Fallen>> {
        let bench = Bench { config: app.config(), today: app.today(), known_at: None };
        let mut fallen = Vec::new();
        for candidate in standing::candidates(conn, ids).await? {
            let answer = Answer::read(&candidate.body)?;
            let question = answer.question()?;
            let facts_on = facts_on(question.on, Day::at(answer.checked_at), bench.today);
            // What could be judged once can be again: its outline and its division are those it was judged by.
            let found = judge(conn, &bench, Case { question: &question, facts_on, home: None }).await?;
            let (then, now) = (Essence::from(answer), Essence::from(&found));
            let because = then.superseded_by(&now);
            fallen.extend(Fallen::of(candidate, &then.verdict, &now.verdict, because));
        }
        Ok(fallen)
    }

    async fn supersede(
        conn: &mut PgConnection,
        fallen: &[Fallen],
        now: DateTime<Utc>,
        act: ActId,
    ) -> Result<Vec<Uuid>> {
        let ids: Vec<Uuid> = fallen.iter().map(|one| one.id).collect();
        let because: Vec<Value> = fallen.iter().map(|one| json!(one.because)).collect();
        let verdicts: Vec<String> = fallen.iter().map(|one| one.now.clone()).collect();
        standing::supersede(conn, &ids, &because, &verdicts, now, act).await
    }

    async fn logged(conn: &mut PgConnection, from: i64, limit: i64) -> Result<Vec<Logged>> {
        standing::logged(conn, from, limit).await
    }
}

/// How a siting check stands now.
#[derive(Debug)]
pub(in super::super) struct Now {
    pub id: SitingCheckId,
    pub number: String,
    pub status: Status,
    pub since: DateTime<Utc>,
    pub because: Vec<Difference>,
    pub verdict_now: Option<String>,
    pub watched_through: i64,
    pub pending: bool,
}

/// How a siting check stands; `None` where the caller sees no such check.
///
/// # Errors
/// When the database cannot be read.
pub(in super::super) async fn now(conn: &mut PgConnection, scope: &Scope, id: SitingCheckId) -> Result<Option<Now>> {
    let Some(head) = standing::head(conn, scope, id).await? else { return Ok(None) };
    let seen = watch::seen(conn, KIND).await?;
    let Head { id, number, checked_at, status, since, because, verdict_now } = head;
    let because = match because {
        Some(because) => serde_json::from_value(because).map_err(Error::internal)?,
        None => Vec::new(),
    };
    Ok(Some(Now {
        id,
        number,
        status: if status.is_some() { Status::Superseded } else { Status::Valid },
        since: since.unwrap_or(checked_at),
        because,
        verdict_now,
        watched_through: seen.through,
        pending: seen.pending,
    }))
}

/// How a siting check stands and since when, for whoever knows its identifier: `valid` or `superseded`; `None` for no check.
///
/// # Errors
/// When the database cannot be read.
pub async fn status(conn: &mut PgConnection, id: SitingCheckId) -> Result<Option<(&'static str, DateTime<Utc>)>> {
    Ok(now(conn, &Scope::All, id).await?.map(|now| (now.status.as_str(), now.since)))
}

/// An answer on record, as far as its question is made again from it and compared with what would be answered now.
#[derive(Debug, Deserialize)]
struct Answer {
    number: String,
    checked_at: DateTime<Utc>,
    on: Day,
    activity: String,
    operation: Option<String>,
    reference: Option<String>,
    stated: StatedSaid,
    parcel: ParcelSaid,
    verdict: String,
    rules: Vec<RuleSaid>,
    hits: Vec<HitSaid>,
    distances: Vec<DistanceSaid>,
}

#[derive(Debug, Deserialize)]
struct StatedSaid {
    industry: Option<String>,
    pollutes_soil: Option<bool>,
    statutory_key_project_exempt: Option<bool>,
    protection_distance_m: Option<f64>,
    metal_emissions: Option<bool>,
    offset_recorded: Option<bool>,
    sensitive_use: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct ParcelSaid {
    geometry: Value,
    division_codes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct HitSaid {
    register: String,
    id: Uuid,
    code: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    stage: Option<String>,
    #[serde(default)]
    class: Option<String>,
    relation: String,
    overlap_m2: f64,
    distance_m: f64,
    sliver: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct DistanceSaid {
    kind: String,
    metres: Option<f64>,
}

impl Answer {
    fn read(body: &[u8]) -> Result<Answer> {
        serde_json::from_slice(body).map_err(Error::internal)
    }

    /// The question that it answers.
    fn question(&self) -> Result<Question> {
        let unknown = |what: &str| Error::internal(format!("the answer {} names an unknown {what}", self.number));
        let stated = &self.stated;
        Ok(Question {
            area: Area::from_geojson(&self.parcel.geometry, "/geometry").map_err(|_| unknown("outline"))?,
            activity: Activity::parse(&self.activity).ok_or_else(|| unknown("activity"))?,
            procedure: match self.operation.as_deref() {
                Some(name) => Some(Procedure::parse(name).ok_or_else(|| unknown("procedure"))?),
                None => None,
            },
            on: self.on,
            industry: match stated.industry.as_deref() {
                Some(code) => Some(IndustryCode::parse(code).map_err(|_| unknown("industry"))?),
                None => None,
            },
            pollutes: stated.pollutes_soil,
            exempt: stated.statutory_key_project_exempt,
            protection_m: stated.protection_distance_m,
            metals: stated.metal_emissions,
            offset: stated.offset_recorded,
            builds: match &stated.sensitive_use {
                Some(names) => {
                    let known: Option<Vec<Facility>> = names.iter().map(|name| Facility::parse(name)).collect();
                    Some(known.ok_or_else(|| unknown("use"))?)
                }
                None => None,
            },
            reference: self.reference.clone(),
            division_code: self.parcel.division_codes.first().cloned(),
        })
    }
}

/// What answers are compared by.
struct Essence {
    verdict: String,
    rules: Vec<RuleSaid>,
    hits: Vec<HitSaid>,
    distances: Vec<DistanceSaid>,
    places: Vec<String>,
}

impl From<Answer> for Essence {
    fn from(answer: Answer) -> Essence {
        let Answer { verdict, rules, hits, distances, parcel, .. } = answer;
        Essence { verdict, rules, hits, distances, places: parcel.division_codes }
    }
}

impl From<&Judged> for Essence {
    fn from(found: &Judged) -> Essence {
        let hits = found.hits.iter().map(|hit| HitSaid {
            register: hit.register.clone(),
            id: hit.id,
            code: hit.code.clone(),
            kind: hit.kind.clone(),
            stage: hit.stage.map(str::to_owned),
            class: hit.class.clone(),
            relation: hit.relation.to_owned(),
            overlap_m2: hit.overlap_m2,
            distance_m: hit.distance_m,
            sliver: hit.sliver,
        });
        let distances = found.distances().into_iter();
        let distances = distances.map(|one| DistanceSaid { kind: one.kind.to_owned(), metres: one.metres });
        Essence {
            verdict: found.decision.verdict.as_str().to_owned(),
            rules: found.decision.rules.iter().map(RuleSaid::from).collect(),
            hits: hits.collect(),
            distances: distances.collect(),
            places: found.division_codes(),
        }
    }
}

impl Essence {
    /// What makes `self` untrue when `now` holds: another verdict, other rules, other records or the same otherwise, another
    /// distance, another place.
    fn superseded_by(&self, now: &Essence) -> Vec<Difference> {
        let mut found = Vec::from_iter(Difference::verdict(&self.verdict, &now.verdict));
        let same_record = |a: &HitSaid, b: &HitSaid| a.id == b.id && a.register == b.register;
        found.extend(differing(&self.hits, &now.hits, "hit", same_record, HitSaid::is_same, |hit| {
            (hit.register.clone(), hit.code.clone(), hit.words())
        }));
        found.extend(RuleSaid::differing(&self.rules, &now.rules));
        let same_kind = |a: &DistanceSaid, b: &DistanceSaid| a.kind == b.kind;
        found.extend(differing(&self.distances, &now.distances, "distance", same_kind, PartialEq::eq, |distance| {
            let (zh, en) = match distance.metres {
                Some(metres) => (format!("{metres} 米"), format!("{metres} m")),
                None => ("未配置".to_owned(), "not set".to_owned()),
            };
            ("parameters".to_owned(), distance.kind.clone(), Text::new(zh, en))
        }));
        found.extend(differing(&self.places, &now.places, "division", PartialEq::eq, PartialEq::eq, |code| {
            ("divisions".to_owned(), code.clone(), Text::fixed("所在区划", "division"))
        }));
        found
    }
}

impl HitSaid {
    fn is_same(&self, other: &HitSaid) -> bool {
        (self.overlap_m2 - other.overlap_m2).abs() <= SAME
            && (self.distance_m - other.distance_m).abs() <= SAME
            && (&self.kind, &self.stage, &self.class, &self.relation, self.sliver)
                == (&other.kind, &other.stage, &other.class, &other.relation, other.sliver)
    }

    fn words(&self) -> Text {
        let state = self.stage.as_deref().or(self.class.as_deref()).or(self.kind.as_deref()).unwrap_or("-");
        let (register, relation, m2, metres) = (&self.register, &self.relation, self.overlap_m2, self.distance_m);
        Text::new(
            format!("{register} {state} {relation} {m2:.2} 平方米，距离 {metres:.1} 米"),
            format!("{register} {state} {relation} {m2:.2} m2, {metres:.1} m away"),
        )
    }
}
