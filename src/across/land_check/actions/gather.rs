//! What the registers say of the ground of many parcels, and the rules' decision on each. Every register is asked once,
//! however many parcels there are: a single check, a plan of ten thousand and the watch over a million replies are judged
//! by the same statements.

use super::super::reply::{CoverageView, HitView, SourceView};
use super::super::rules::{
    self, BarredUse, Coverage, CoverageStatus, Decision, Fact, Facts, FarmlandClass, Hit, Matter, Place, Register,
    Relation, Settings, Source, UseFact, registry_survey_state,
};
use super::Question;
use crate::config::Config;
use crate::kernel::{Day, DivisionCode, Error, Kind, Result};
use crate::platform::overlay::{self, Met, Overlay, Probe};
use crate::platform::topology;
use crate::registers::{control_zone, coverage, division, farmland, key_unit, site};
use crate::standards::industries::{IndustryCode, IndustrySet, may_be_key};
use crate::standards::land_use::{Group, Holds, LandUse, LandUseSystem, PublicServiceReading, SoilClass, Use};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A site covers the whole parcel from this share on: boundaries digitised twice never agree to the last square metre.
const FULL_SHARE: f64 = 0.999;

/// A question, and the day on which what the registers say must be true.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Case<'a> {
    /// The question.
    pub question: &'a Question,
    /// The day; the law is that of the question's own.
    pub facts_on: Day,
    /// Where the parcel lies when neither boundaries nor the question tell: the caller's own division.
    pub home: Option<&'a str>,
}

/// What is judged by beside the cases.
pub(in super::super) struct Bench<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The rules' settings, read from it.
    pub settings: &'a Settings,
    /// Today: divisions are those of today.
    pub today: Day,
    /// What the registers knew at an instant; `None`: now.
    pub known_at: Option<DateTime<Utc>>,
}

/// A case as judged.
#[derive(Debug)]
pub(in super::super) struct Judged {
    /// The outline, EWKB.
    pub ewkb: Vec<u8>,
    /// Its ellipsoidal area, m².
    pub area_m2: f64,
    /// Divisions, largest share first; never empty.
    pub places: Vec<division::Under>,
    /// The records met, largest overlap first.
    pub hits: Vec<HitView>,
    /// What each register knows of the ground.
    pub coverage: Vec<CoverageView>,
    /// What was judged by.
    pub facts: Facts,
    /// The decision.
    pub decision: Decision,
}

/// A record that a parcel meets, with what a reader wants to know of it beside what the rules need.
struct Record {
    id: uuid::Uuid,
    name: Option<String>,
    stage: Option<&'static str>,
    class: Option<&'static str>,
    former_industry: Option<String>,
    land_use: Option<(String, String)>,
    overlay: Overlay,
    hit: Hit,
}

/// Judges every case. A case that cannot be judged has an error of its own: `invalid_geometry`, `no_area`,
/// `division_unknown`, `unknown_division`.
///
/// # Errors
/// When the database cannot be read.
pub(in super::super) async fn judge(
    conn: &mut PgConnection,
    bench: &Bench<'_>,
    cases: &[Case<'_>],
) -> Result<Vec<Result<Judged>>> {
    let outlines: Vec<Vec<u8>> = cases.iter().map(|case| case.question.area.to_ewkb()).collect();
    let mut refused: Vec<Option<Error>> = (0..cases.len()).map(|_| None).collect();
    // What is at fault drops out; `kept` says where the rest came from.
    let (mut kept, mut probe) = (
        Vec::new(),
        Probe {
            ewkb: Vec::new(),
            area_m2: Vec::new(),
            on: Vec::new(),
            known_at: bench.known_at,
            near_m: bench.config.near_distance_m,
        },
    );
    let measured = topology::measure(conn, &outlines, "/geometry").await?;
    for ((place, ewkb), measured) in outlines.into_iter().enumerate().zip(measured) {
        match measured {
            Ok(area_m2) => {
                kept.push(place);
                probe.ewkb.push(ewkb);
                probe.area_m2.push(area_m2);
                probe.on.push(cases[place].facts_on);
            }
            Err(fault) => refused[place] = Some(Error::invalid(vec![fault])),
        }
    }
    let under = division::under(conn, &probe.ewkb, bench.today).await?;
    let mut records = meet(conn, bench.config, &probe).await?;
    let outlines: Vec<&[u8]> = probe.ewkb.iter().map(Vec::as_slice).collect();
    let statuses = coverage::statuses(conn, &outlines, &probe.on, probe.known_at).await?;
    let mut judged: Vec<Option<Judged>> = (0..cases.len()).map(|_| None).collect();
    for (((at, place), under), statuses) in kept.into_iter().enumerate().zip(under).zip(statuses) {
        let case = cases[place];
        let places =
            match division::told(conn, under, case.question.division_code.as_deref(), case.home, &probe.ewkb[at]).await
            {
                Ok(places) => places,
                Err(error) if error.kind() == Kind::Invalid => {
                    refused[place] = Some(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
        let mut met = std::mem::take(&mut records[at]);
        met.sort_by(|a, b| {
            b.overlay.overlap_m2.total_cmp(&a.overlay.overlap_m2).then_with(|| a.hit.code.cmp(&b.hit.code))
        });
        let (coverage, views) = cover(&met, statuses, bench.today)?;
        let facts = facts(case, &places, &met, coverage);
        let decision = rules::decide(&facts, bench.settings);
        judged[place] = Some(Judged {
            ewkb: std::mem::take(&mut probe.ewkb[at]),
            area_m2: probe.area_m2[at],
            places,
            hits: met
                .iter()
                .filter(|record| !matches!(record.hit.matter, Matter::NegativeList { .. }))
                .map(Record::view)
                .collect(),
            coverage: views,
            facts,
            decision,
        });
    }
    let outcomes = judged.into_iter().zip(refused).map(|outcome| match outcome {
        (Some(judged), _) => Ok(judged),
        (None, Some(error)) => Err(error),
        (None, None) => Err(Error::internal("a case of a land check was neither judged nor refused")),
    });
    Ok(outcomes.collect())
}

/// The records that each parcel meets.
async fn meet(conn: &mut PgConnection, config: &Config, probe: &Probe) -> Result<Vec<Vec<Record>>> {
    let mut all: Vec<Vec<Record>> = probe.ewkb.iter().map(|_| Vec::new()).collect();
    let mut put = |parcel: usize, record: Record| {
        if let Some(records) = all.get_mut(parcel) {
            records.push(record);
        }
    };
    for met in site::hits(conn, probe).await? {
        let Met { parcel, record: found, overlay } = met;
        let on = probe.on.get(parcel).copied();
        let holds = |barred: &&site::NegativeUse| {
            barred.since.is_none_or(|since| on.is_none_or(|on| since <= on))
                && barred.until.is_none_or(|until| on.is_none_or(|on| on <= until))
        };
        let entries: Vec<BarredUse> = found
            .negative_list
            .iter()
            .filter(holds)
            .map(|barred| BarredUse {
                system: barred.use_system.clone(),
                code_prefix: barred.code_prefix.clone(),
                why: barred.why.clone().unwrap_or_default(),
            })
            .collect();
        let matter = Matter::Site {
            stage: found.stage,
            control_list: found.on_control_list == Some(true),
            assessed_use: found.assessed_class.map(assessed),
        };
        let record = |matter| Record {
            id: found.id.0,
            name: Some(found.name.clone()),
            stage: Some(found.stage.as_str()),
            class: None,
            former_industry: found.former_industry.clone(),
            land_use: found.land_use.clone(),
            overlay,
            hit: hit(config, &found.code, matter, &overlay),
        };
        if !entries.is_empty() {
            put(parcel, record(Matter::NegativeList { entries }));
        }
        put(parcel, record(matter));
    }
    for Met { parcel, record: zone, overlay } in control_zone::hits(conn, probe).await? {
        let matter = Matter::ControlZone { undeveloped: Some(zone.undeveloped) };
        put(
            parcel,
            Record {
                id: zone.id.0,
                name: Some(zone.name),
                stage: None,
                class: None,
                former_industry: None,
                land_use: None,
                overlay,
                hit: hit(config, &zone.code, matter, &overlay),
            },
        );
    }
    for Met { parcel, record: unit, overlay } in key_unit::hits(conn, probe).await? {
        put(
            parcel,
            Record {
                id: unit.id.0,
                name: Some(unit.name),
                stage: None,
                class: None,
                former_industry: unit.industry,
                land_use: None,
                overlay,
                hit: hit(config, &unit.code, Matter::KeyUnit, &overlay),
            },
        );
    }
    for Met { parcel, record: unit, overlay } in farmland::hits(conn, probe).await? {
        let class = FarmlandClass::parse(&unit.class)
            .ok_or_else(|| Error::internal(format!("the rules of land checks do not know class {}", unit.class)))?;
        put(
            parcel,
            Record {
                id: unit.id.0,
                name: None,
                stage: None,
                class: Some(class.as_str()),
                former_industry: None,
                land_use: None,
                overlay,
                hit: hit(config, &unit.code, Matter::Farmland { class }, &overlay),
            },
        );
    }
    Ok(all)
}

fn hit(config: &Config, code: &str, matter: Matter, overlay: &Overlay) -> Hit {
    let relation = match overlay.relation {
        overlay::Relation::Overlaps => Relation::Overlaps,
        overlay::Relation::Touches => Relation::Touches,
        overlay::Relation::Near => Relation::Near,
    };
    Hit {
        code: code.to_owned(),
        matter,
        relation,
        overlap_m2: overlay.overlap_m2,
        overlap_share: overlay.share_of_parcel,
        sliver: relation == Relation::Overlaps
            && overlay.overlap_m2 < config.sliver_max_m2
            && overlay.share_of_parcel < config.sliver_max_share,
    }
}

/// The use for which a survey found a site fit, where only the class of GB 36600 is known.
fn assessed(class: site::AssessedClass) -> UseFact {
    UseFact { class1: Some(class == site::AssessedClass::Class1), ..UseFact::default() }
}

impl Record {
    fn view(&self) -> HitView {
        HitView {
            register: self.hit.register().as_str(),
            id: self.id,
            code: self.hit.code.clone(),
            name: self.name.clone(),
            stage: self.stage,
            class: self.class,
            relation: self.hit.relation.as_str(),
            overlap_m2: round(self.overlay.overlap_m2, 1e4),
            overlap_share: round(self.overlay.share_of_parcel, 1e9),
            record_share: round(self.overlay.share_of_record, 1e9),
            distance_m: round(self.overlay.distance_m, 1e4),
            sliver: self.hit.sliver,
        }
    }

    /// Whether it takes in the whole parcel.
    fn covers(&self) -> bool {
        self.hit.counts() && self.overlay.share_of_parcel >= FULL_SHARE
    }
}

/// A tenth of a millimetre squared and a billionth say all there is; more digits are noise.
fn round(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}

/// What each register knows of the ground. *Recorded* only where something is; else what the coverage records say of the
/// whole parcel: investigated and clean, kept but never investigated, or outside.
fn cover(met: &[Record], statuses: Vec<coverage::Status>, today: Day) -> Result<(Vec<Coverage>, Vec<CoverageView>)> {
    let mut known = Vec::new();
    let mut views = Vec::new();
    for status in statuses {
        let register = Register::parse(status.register).ok_or_else(|| {
            Error::internal(format!("the rules of land checks do not know register {}", status.register))
        })?;
        let recorded =
            met.iter().any(|record| record.hit.relation == Relation::Overlaps && record.hit.register() == register);
        let status_now = if recorded {
            CoverageStatus::Recorded
        } else if status.investigated_clean >= FULL_SHARE {
            CoverageStatus::InvestigatedClean
        } else if status.kept >= FULL_SHARE {
            CoverageStatus::NeverInvestigated
        } else {
            CoverageStatus::OutsideCoverage
        };
        let as_of = if recorded { Some(today) } else { status.as_of };
        known.push(Coverage { register, status: status_now });
        views.push(CoverageView::of(register, status_now, as_of, status.sources.into_iter().map(SourceView::from)));
    }
    Ok((known, views))
}

fn facts(case: Case<'_>, places: &[division::Under], met: &[Record], coverage: Vec<Coverage>) -> Facts {
    let question = case.question;
    let hits: Vec<Hit> = met.iter().map(|record| record.hit.clone()).collect();
    let stated = &question.stated;
    let or_unknown = |land_use: Option<LandUse>| land_use.map_or(Fact::Unknown, |known| Fact::stated(use_fact(known)));
    let mut facts = Facts::new(question.operation, question.on);
    facts.places = places
        .iter()
        .map(|place| Place(place.ancestors.iter().filter_map(|code| DivisionCode::parse(code)).collect()))
        .collect();
    facts.current_use = Fact::weigh(registered_use(question, met).map(use_fact), question.current_use.map(use_fact));
    facts.planned_use = or_unknown(question.planned_use);
    facts.former_industry = Fact::weigh(registered_industry(met), stated.former_industry.clone());
    facts.key_unit = Fact::weigh(key_unit_by_register(&hits, &coverage), stated.key_unit);
    facts.already_reclaimed = stated.already_reclaimed.map_or(Fact::Unknown, Fact::stated);
    facts.in_supply_plan = stated.in_supply_plan.map_or(Fact::Unknown, Fact::stated);
    facts.survey_state = Fact::weigh(registry_survey_state(&hits, FULL_SHARE), stated.survey_state);
    facts.assessed_use = weigh_assessed(registered_class(met), stated.assessed_use.map(use_fact));
    facts.serves_remediation = stated.serves_remediation.map_or(Fact::Unknown, Fact::stated);
    facts.food_site = stated.food_site.map_or(Fact::Unknown, Fact::stated);
    facts.hits = hits;
    facts.coverage = coverage;
    facts
}

/// The use that the registry holds of the ground: of the parcel's own record, else of a site that takes it all in.
fn registered_use(question: &Question, met: &[Record]) -> Option<LandUse> {
    let of_site = || {
        let (system, code) = met.iter().filter(|record| record.covers()).find_map(|record| record.land_use.as_ref())?;
        LandUse::parse(LandUseSystem::parse(system).ok()?, code).ok()
    };
    question.identity.registered_use.or_else(of_site)
}

/// The land class of GB 36600 for which the registry holds the ground to be assessed: of a site that takes in the whole
/// parcel. Of several the stricter reading holds: what one of them is fit for is not what the ground is fit for.
fn registered_class(met: &[Record]) -> Option<UseFact> {
    let classes = met.iter().filter(|record| record.covers()).filter_map(|record| match &record.hit.matter {
        Matter::Site { assessed_use, .. } => assessed_use.clone(),
        _ => None,
    });
    classes.min_by_key(|assessed| assessed.class1)
}

/// The registry knows a class only, the caller a use: one contradicts the other where the use is of another class.
fn weigh_assessed(registry: Option<UseFact>, stated: Option<UseFact>) -> Fact<UseFact> {
    let Some(held) = registry else { return stated.map_or(Fact::Unknown, Fact::stated) };
    let overruled =
        stated.filter(|stated| stated.farmland || stated.class1.is_some_and(|class| held.class1 != Some(class)));
    Fact::Known { value: held, source: Source::Registry, overruled }
}

/// The industry that the registry holds of the ground: a key industry anywhere on it; another one only where its record
/// takes in the whole parcel, for the rest of it may have had a different past.
fn registered_industry(met: &[Record]) -> Option<IndustryCode> {
    let known = || {
        met.iter()
            .filter(|record| record.hit.counts())
            .filter_map(|record| Some((record, IndustryCode::parse(record.former_industry.as_deref()?).ok()?)))
    };
    let key = known().find(|(_, code)| may_be_key(code, IndustrySet::SuspectedSite));
    key.or_else(|| known().find(|(record, _)| record.covers())).map(|(_, code)| code)
}

/// What the register of key units says: it lists the ground, or it is kept for all of it and does not.
fn key_unit_by_register(hits: &[Hit], coverage: &[Coverage]) -> Option<bool> {
    if hits.iter().any(|hit| hit.counts() && hit.matter == Matter::KeyUnit) {
        return Some(true);
    }
    let known =
        coverage.iter().find(|coverage| coverage.register == Register::KeyUnits).map(|coverage| coverage.status);
    matches!(known, Some(CoverageStatus::NeverInvestigated | CoverageStatus::InvestigatedClean)).then_some(false)
}

fn use_fact(land_use: LandUse) -> UseFact {
    let reading = land_use.gb36600_class();
    UseFact {
        system: land_use.system().as_str().to_owned(),
        code: land_use.code().to_owned(),
        name_zh: land_use.name().zh.into_owned(),
        housing: land_use.is_housing(),
        public_service: land_use.is_public_service(PublicServiceReading::default()),
        commercial: land_use.is_commercial(),
        school: land_use.holds(Use::School) == Holds::Yes,
        medical: land_use.holds(Use::Medical) == Holds::Yes,
        elderly: land_use.holds(Use::Elderly) == Holds::Yes,
        farmland: matches!(
            land_use.group(),
            Group::Farmland | Group::Garden | Group::Forest | Group::Grassland | Group::RuralFacility
        ),
        class1: match (reading.class, reading.assumed.is_some()) {
            (_, true) => None,
            (SoilClass::Class1, false) => Some(true),
            (_, false) => Some(false),
        },
    }
}
