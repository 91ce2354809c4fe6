//! Asking: gather what is known of the ground and around it, let the rules decide, number the answer and keep it.

pub(super) mod watch;

use super::reply::{
    SitingCheckReply, SitingCoverage, SitingDistance, SitingHit, SitingParcel, SitingStated, facilities, names,
};
use super::rules::{self, Activity, Covers, Facility, Facts, Met, Order, Procedure, Reach, UnitClass, ZoneKind};
use super::store::{self, NewCheck};
use crate::across::land_check::reply::{OperatorView, RegistryView, RuleView, Standing};
use crate::across::land_check::{Decision, Place, Relation};
use crate::config::Config;
use crate::kernel::{Area, Day, DivisionCode, Error, Result, SitingCheckId, Text};
use crate::platform::overlay::{self, Overlay, Probe, share};
use crate::platform::seal::{Entry, Sealer};
use crate::platform::touch;
use crate::platform::{Act, App, Caller, topology};
use crate::registers::reference::{self, Within};
use crate::registers::{coverage, division, farmland, key_unit, site, siting_zone};
use crate::standards::industries::IndustryCode;
use crate::standards::parameters::{self, Overrides, Parameter};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// A register is known for the land from this share on: boundaries digitised twice never agree to the last square metre.
const FULL_SHARE: f64 = 0.999;

/// Facilities of a kind that an answer names at most, the nearest first: the first decides, and a town has thousands.
const MOST_FACILITIES: i64 = 200;

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub area: Area,
    pub activity: Activity,
    pub procedure: Option<Procedure>,
    pub on: Day,
    pub industry: Option<IndustryCode>,
    pub pollutes: Option<bool>,
    pub exempt: Option<bool>,
    pub protection_m: Option<f64>,
    pub metals: Option<bool>,
    pub offset: Option<bool>,
    pub builds: Option<Vec<Facility>>,
    pub reference: Option<String>,
    pub division_code: Option<String>,
}

/// A check as answered and recorded.
#[derive(Debug)]
pub(super) struct Answered {
    pub id: SitingCheckId,
    pub body: Vec<u8>,
}

/// What is judged by beside the questions.
pub(super) struct Bench<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Today: divisions are those of today.
    pub today: Day,
    /// What the registers knew at an instant; `None`: now.
    pub known_at: Option<DateTime<Utc>>,
}

/// A question, and the day on which what the registers say must be true.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    /// The question.
    pub question: &'a Question,
    /// The day; the law is that of the question's own.
    pub facts_on: Day,
    /// Where the land lies when neither boundaries nor the question tell: the caller's own division.
    pub home: Option<&'a str>,
}

/// A question as judged.
pub(super) struct Judged {
    pub places: Vec<division::Under>,
    pub land: Vec<u8>,
    pub area_m2: f64,
    pub facts: Facts,
    pub decision: Decision,
    pub hits: Vec<SitingHit>,
    pub coverage: Vec<SitingCoverage>,
}

impl Judged {
    /// Codes of the divisions that the land lies in.
    pub fn division_codes(&self) -> Vec<String> {
        self.places.iter().map(|place| place.code.clone()).collect()
    }

    /// How far "around" reached, for each kind and for sources of pollution.
    pub fn distances(&self) -> Vec<SitingDistance> {
        let of_kind = |(facility, reach): &(Facility, Reach)| SitingDistance::of(facility.as_str(), reach);
        let kinds = self.facts.reaches.iter().map(of_kind);
        kinds.chain([SitingDistance::of("contaminated", &self.facts.source_reach)]).collect()
    }

    /// The farthest of them, m; `None`: only what the land meets bears on the answer.
    fn reach_m(&self) -> Option<f64> {
        self.distances().into_iter().filter_map(|distance| distance.metres).max_by(f64::total_cmp)
    }
}

/// Judges a question by what the registers say.
///
/// # Errors
/// `invalid_geometry`; `division_unknown` when neither boundaries nor the caller tell where the land lies.
pub(super) async fn judge(conn: &mut PgConnection, bench: &Bench<'_>, case: Case<'_>) -> Result<Judged> {
    let question = case.question;
    topology::check(conn, &question.area, "/geometry").await?;
    let land = question.area.to_ewkb();
    let area_m2 = topology::area_m2(conn, &land).await?;
    let under = division::under(conn, std::slice::from_ref(&land), bench.today).await?.pop().unwrap_or_default();
    let places = division::told(conn, under, question.division_code.as_deref(), case.home, &land).await?;
    let ground = Ground { bench, question, on: case.facts_on, land: &land, area_m2, places: &places };
    let Gathered { facts, mut hits, coverage } = gather(conn, &ground).await?;
    let decision = rules::decide(&facts);
    hits.sort_by(|a, b| {
        a.distance_m
            .total_cmp(&b.distance_m)
            .then_with(|| b.overlap_m2.total_cmp(&a.overlap_m2))
            .then_with(|| (&a.register, &a.code).cmp(&(&b.register, &b.code)))
    });
    Ok(Judged { places, land, area_m2, facts, decision, hits, coverage })
}

/// The day on which what the registers say must be true, for an answer of record that was asked on a day. One about that day
/// or a day to come speaks of the land as it is now, however long ago it was given; one about a day that was past, of that
/// day.
pub(super) fn facts_on(on: Day, asked_on: Day, today: Day) -> Day {
    if on < asked_on { on } else { on.max(today) }
}

/// Answers a question and records the answer.
///
/// # Errors
/// `invalid_geometry`; `division_unknown` when neither boundaries nor the caller tell where the land lies;
/// `outside_division` when the caller's role does not hold there.
pub(super) async fn ask(act: &mut Act, question: &Question) -> Result<Answered> {
    let versions = touch::versions(act.tx()).await?;
    act.rests_on(watch::KIND, &versions);
    let (app, today, home) = (act.app().clone(), act.today(), act.caller().home());
    let bench = Bench { config: app.config(), today, known_at: None };
    let case = Case { question, facts_on: facts_on(question.on, today, today), home: home.as_deref() };
    let found = judge(act.tx(), &bench, case).await?;
    let main = &found.places[0].code;
    act.caller().require_division(main)?;

    let year = act.today().year();
    let serial = store::next_serial(act.tx(), main, year).await?;
    let id = SitingCheckId::new(act.now());
    let number = format!("XZ-{main}-{year}-{serial:06}");
    let (operator, registry) = (OperatorView::of(act.caller()), RegistryView::of(&versions));
    let view = view(question, &found, act.now(), operator, registry, Some((id, &number)), None);
    let mut sealer = Sealer::open(act).await?;
    let sealed = sealer.seal(&view, Entry { kind: watch::KIND, id: id.0, number: &number })?;
    let body = sealed.bytes;
    let body_sha256 = Sha256::digest(&body);
    let key = match act.caller() {
        Caller::Key(holder) => Some(holder.id),
        Caller::Public | Caller::Operator => None,
    };
    let places = found.division_codes();
    let new = NewCheck {
        id,
        number: &number,
        division_code: main,
        year,
        serial,
        checked_at: act.now(),
        on: question.on,
        activity: question.activity.as_str(),
        operation: question.procedure.map(Procedure::as_str),
        industry: question.industry.as_ref().map(IndustryCode::as_str),
        verdict: view.verdict,
        reference: question.reference.as_deref(),
        area_m2: found.area_m2,
        ewkb: &found.land,
        reach_m: found.reach_m(),
        places: &places,
        log_index: i64::try_from(sealed.log_index).map_err(Error::internal)?,
        key,
        act: act.id(),
        body: &body,
        body_sha256: &body_sha256,
    };
    store::insert(act.tx(), &new).await?;
    sealer.close(act).await?;
    act.note(format!("{}/{number}", watch::KIND), json!({"verdict": view.verdict, "sha256": hex::encode(body_sha256)}));
    Ok(Answered { id, body })
}

/// What the answer would be by what the registry knew at an instant: no reply of record, without number, proof or standing.
///
/// # Errors
/// As [`ask`].
pub(super) async fn as_of(
    app: &App,
    caller: &Caller,
    question: &Question,
    known_at: DateTime<Utc>,
) -> Result<SitingCheckReply> {
    let home = caller.home();
    let bench = Bench { config: app.config(), today: app.today(), known_at: Some(known_at) };
    let mut snapshot = app.snapshot().await?;
    let versions = touch::versions_at(&mut snapshot, known_at).await?;
    let case = Case { question, facts_on: question.on, home: home.as_deref() };
    let found = judge(&mut snapshot, &bench, case).await?;
    snapshot.rollback().await?;
    caller.require_division(&found.places[0].code)?;
    let (operator, registry) = (OperatorView::of(caller), RegistryView::of(&versions));
    Ok(view(question, &found, app.clock().now(), operator, registry, None, Some(known_at)))
}

/// The answer as it is given. Of record it has an identifier and a number; else it says as of when the registry was asked.
fn view(
    question: &Question,
    found: &Judged,
    now: DateTime<Utc>,
    operator: Option<OperatorView>,
    registry: RegistryView,
    of_record: Option<(SitingCheckId, &str)>,
    known_at: Option<DateTime<Utc>>,
) -> SitingCheckReply {
    let decision = &found.decision;
    let (verdict_name, activity_name, procedure_name) = names(decision.verdict, question.activity, question.procedure);
    let (procedure_zh, procedure_en) = procedure_name.map_or((None, None), |Text { zh, en }| (Some(zh), Some(en)));
    SitingCheckReply {
        id: of_record.map(|(id, _)| id),
        number: of_record.map(|(_, number)| number.to_owned()),
        of_record: of_record.is_some(),
        checked_at: now,
        known_at,
        operator,
        on: question.on,
        activity: question.activity.as_str(),
        activity_zh: activity_name.zh.into(),
        activity_en: activity_name.en.into(),
        operation: question.procedure.map(Procedure::as_str),
        operation_zh: procedure_zh.map(Into::into),
        operation_en: procedure_en.map(Into::into),
        reference: question.reference.clone(),
        stated: stated(question),
        parcel: SitingParcel::of(&question.area, found.area_m2, found.division_codes()),
        verdict: decision.verdict.as_str(),
        verdict_zh: verdict_name.zh.into(),
        verdict_en: verdict_name.en.into(),
        rules: decision.rules.iter().map(RuleView::from).collect(),
        hits: found.hits.clone(),
        distances: found.distances(),
        coverage: found.coverage.clone(),
        registry,
        standing: of_record.map(|_| Standing { status: "valid", since: now, because: Vec::new() }),
    }
}

fn stated(question: &Question) -> SitingStated {
    SitingStated {
        industry: question.industry.as_ref().map(|code| code.as_str().to_owned()),
        pollutes_soil: question.pollutes,
        statutory_key_project_exempt: question.exempt,
        protection_distance_m: question.protection_m,
        metal_emissions: question.metals,
        offset_recorded: question.offset,
        sensitive_use: question.builds.as_deref().map(facilities),
    }
}

/// The parameter of a facility's distance.
fn parameter(facility: Facility) -> &'static Parameter {
    match facility {
        Facility::Homes => &parameters::SITING_DISTANCE_HOMES_M,
        Facility::Schools => &parameters::SITING_DISTANCE_SCHOOLS_M,
        Facility::Hospitals => &parameters::SITING_DISTANCE_HOSPITALS_M,
        Facility::CareHomes => &parameters::SITING_DISTANCE_CARE_HOMES_M,
        Facility::Kindergartens => &parameters::SITING_DISTANCE_KINDERGARTENS_M,
    }
}

/// How far "around" reaches: the widest of the divisions that the land lies in, where all of them have set one.
fn set_for(parameter: &Parameter, places: &[division::Under], on: Day, overrides: &Overrides) -> Option<f64> {
    let values: Option<Vec<u32>> = places
        .iter()
        .map(|place| parameter.resolve(&place.code, on, overrides).map(|resolved| resolved.value))
        .collect();
    values?.into_iter().max().map(f64::from)
}

/// What is known of the ground and around it, beside what the rules need.
struct Gathered {
    facts: Facts,
    hits: Vec<SitingHit>,
    coverage: Vec<SitingCoverage>,
}

/// The ground that is asked about.
struct Ground<'a> {
    bench: &'a Bench<'a>,
    question: &'a Question,
    /// The day on which what the registers say must be true.
    on: Day,
    land: &'a [u8],
    area_m2: f64,
    places: &'a [division::Under],
}

impl Ground<'_> {
    fn probe(&self, near_m: Option<f64>) -> Probe {
        let known_at = self.bench.known_at;
        Probe { known_at, near_m, ..Probe::one(self.land.to_vec(), self.area_m2, self.on) }
    }
}

async fn gather(conn: &mut PgConnection, ground: &Ground<'_>) -> Result<Gathered> {
    let question = ground.question;
    let mut facts = Facts::new(question.activity, question.on);
    facts.places = ground
        .places
        .iter()
        .map(|place| Place(place.ancestors.iter().filter_map(|code| DivisionCode::parse(code)).collect()))
        .collect();
    facts.procedure = question.procedure;
    facts.industry = question.industry.clone();
    facts.pollutes = question.pollutes;
    facts.exempt = question.exempt;
    facts.metals = question.metals;
    facts.offset = question.offset;
    facts.builds = question.builds.clone();
    let mut all = Gathered { facts, hits: Vec::new(), coverage: Vec::new() };
    zones(conn, &mut all, ground).await?;
    units(conn, &mut all, ground).await?;
    around(conn, &mut all, ground).await?;
    sources(conn, &mut all, ground).await?;
    orders(conn, &mut all, ground).await?;
    Ok(all)
}

fn lies(relation: overlay::Relation) -> Relation {
    match relation {
        overlay::Relation::Overlaps => Relation::Overlaps,
        overlay::Relation::Touches => Relation::Touches,
        overlay::Relation::Near => Relation::Near,
    }
}

fn met(config: &Config, code: &str, name: Option<String>, overlay: &Overlay) -> Met {
    let lies = lies(overlay.relation);
    Met {
        code: code.to_owned(),
        name,
        lies,
        overlap_m2: overlay.overlap_m2,
        distance_m: overlay.distance_m,
        sliver: lies == Relation::Overlaps
            && overlay.overlap_m2 < config.sliver_max_m2
            && overlay.share_of_parcel < config.sliver_max_share,
    }
}

/// A tenth of a millimetre squared and a billionth say all there is; more digits are noise.
fn round(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}

fn hit(register: String, id: uuid::Uuid, met: &Met, overlap_share: f64) -> SitingHit {
    SitingHit {
        register,
        id,
        code: met.code.clone(),
        name: met.name.clone(),
        kind: None,
        stage: None,
        class: None,
        relation: met.lies.as_str(),
        overlap_m2: round(met.overlap_m2, 1e4),
        overlap_share: round(overlap_share, 1e9),
        distance_m: round(met.distance_m, 1e4),
        sliver: met.sliver,
    }
}

/// Published zones, and whether the place has published any.
async fn zones(conn: &mut PgConnection, all: &mut Gathered, ground: &Ground<'_>) -> Result<()> {
    let &Ground { bench, on, places, .. } = ground;
    let config = bench.config;
    for overlay::Met { record: zone, overlay, .. } in siting_zone::hits(conn, &ground.probe(None)).await? {
        let kind = ZoneKind::parse(&zone.kind);
        let kind =
            kind.ok_or_else(|| Error::internal(format!("the siting rules do not know zones of kind {}", zone.kind)))?;
        let met = met(config, &zone.code, Some(zone.name), &overlay);
        let hit = hit("siting_zones".to_owned(), zone.id.0, &met, overlay.share_of_parcel);
        all.hits.push(SitingHit { kind: Some(zone.kind), ..hit });
        all.facts.zones.push((kind, met));
    }
    let mut known: Vec<Vec<siting_zone::Published>> = Vec::new();
    for place in places {
        known.push(siting_zone::published(conn, &place.ancestors, on, bench.known_at).await?);
    }
    for kind in ZoneKind::ALL.iter().copied() {
        // Known where every division of the land has published; as old as the oldest of them.
        let days: Vec<Option<Day>> = known
            .iter()
            .map(|of_place| of_place.iter().find(|published| published.kind == kind.as_str()).map(|p| p.as_of))
            .collect();
        let as_of = days.iter().copied().collect::<Option<Vec<Day>>>().and_then(|days| days.into_iter().min());
        if as_of.is_some() {
            all.facts.published.push(kind);
        }
        let recorded = all.facts.zones.iter().any(|(k, met)| *k == kind && met.lies == Relation::Overlaps);
        let register = format!("siting_zones:{}", kind.as_str());
        all.coverage.push(SitingCoverage::of(register, recorded, as_of.is_some(), as_of, Vec::new()));
    }
    Ok(())
}

/// Farmland under the land.
async fn units(conn: &mut PgConnection, all: &mut Gathered, ground: &Ground<'_>) -> Result<()> {
    let &Ground { bench, on, land, .. } = ground;
    let config = bench.config;
    for overlay::Met { record: unit, overlay, .. } in farmland::hits(conn, &ground.probe(None)).await? {
        let class = match unit.class.as_str() {
            "priority_protection" => UnitClass::Priority,
            "unclassified" => UnitClass::Unclassified,
            _ => UnitClass::Other,
        };
        let met = met(config, &unit.code, None, &overlay);
        let hit = hit("farmland".to_owned(), unit.id.0, &met, overlay.share_of_parcel);
        all.hits.push(SitingHit { class: Some(unit.class), ..hit });
        all.facts.units.push((class, met));
    }
    let statuses = coverage::statuses(conn, &[land], &[on], bench.known_at).await?.pop().unwrap_or_default();
    let covered = |status: &coverage::Status| status.kept >= FULL_SHARE || status.investigated_clean >= FULL_SHARE;
    let mut sources_known = true;
    for status in &statuses {
        let recorded = match status.register {
            "farmland" => all.facts.units.iter().any(|(_, met)| met.lies == Relation::Overlaps),
            "suspected_sites" | "contaminated_sites" | "key_units" => {
                sources_known &= covered(status);
                false
            }
            _ => continue,
        };
        if status.register == "farmland" {
            all.facts.farmland_known = covered(status);
        }
        let register = status.register.to_owned();
        all.coverage.push(SitingCoverage::of(register, recorded, covered(status), status.as_of, Vec::new()));
    }
    all.facts.sources_known = sources_known;
    Ok(())
}

/// Homes, schools, hospitals and the like, as far as "around" reaches.
async fn around(conn: &mut PgConnection, all: &mut Gathered, ground: &Ground<'_>) -> Result<()> {
    let &Ground { bench, question, on, land, area_m2, places } = ground;
    let config = bench.config;
    let kinds: Vec<&str> = Facility::ALL.iter().map(|facility| facility.as_str()).collect();
    let mut within = Vec::new();
    for facility in Facility::ALL.iter().copied() {
        let set = set_for(parameter(facility), places, question.on, &config.parameters);
        let reach = Reach::of(set, question.protection_m);
        within.push(Within { kind: facility.as_str(), metres: reach.metres });
        all.facts.reaches.push((facility, reach));
    }
    for near in reference::near(conn, land, &within, on, bench.known_at, MOST_FACILITIES).await? {
        let Some(facility) = Facility::parse(&near.kind) else {
            continue;
        };
        let met = Met {
            code: near.code,
            name: near.name,
            lies: lies(near.relation),
            overlap_m2: near.overlap_m2,
            distance_m: near.distance_m,
            sliver: false,
        };
        let hit = hit(format!("reference:{}", near.layer), near.id.0, &met, share(near.overlap_m2, area_m2));
        all.hits.push(SitingHit { kind: Some(near.kind), ..hit });
        all.facts.facilities.push((facility, met));
    }
    let mut covering = Vec::new();
    for place in places {
        covering.push(reference::covering(conn, &place.ancestors, &kinds, bench.known_at).await?);
    }
    for facility in Facility::ALL.iter().copied() {
        let of_kind = |layer: &&reference::Covering| layer.kind == facility.as_str();
        let covered = covering.iter().all(|layers| layers.iter().any(|layer| of_kind(&layer)));
        if covered {
            all.facts.surveyed.push(facility);
        }
        let mut layers: Vec<&reference::Covering> = covering.iter().flatten().filter(of_kind).collect();
        layers.sort_by(|a, b| a.name.cmp(&b.name));
        layers.dedup_by(|a, b| a.name == b.name);
        let as_of = layers.iter().filter_map(|layer| layer.as_of).min();
        let names = layers.iter().map(|layer| layer.name.clone()).collect();
        let recorded = all.facts.facilities.iter().any(|(kind, _)| *kind == facility);
        let register = format!("reference:{}", facility.as_str());
        all.coverage.push(SitingCoverage::of(register, recorded, covered, as_of, names));
    }
    Ok(())
}

/// Contaminated and suspected sites and key units, as far as "around" reaches. Sites that were closed are none.
async fn sources(conn: &mut PgConnection, all: &mut Gathered, ground: &Ground<'_>) -> Result<()> {
    let &Ground { bench, question, places, .. } = ground;
    let config = bench.config;
    let set = set_for(&parameters::SITING_DISTANCE_CONTAMINATED_M, places, question.on, &config.parameters);
    all.facts.source_reach = Reach::of(set, None);
    let probe = ground.probe(all.facts.source_reach.metres);
    let mut recorded = Vec::new();
    for overlay::Met { record: site, overlay, .. } in site::hits(conn, &probe).await? {
        use site::{List, OnList};
        let on = |list| site.lists.contains(&list) || site.stage.on(list) == OnList::Yes;
        let lists = [List::SuspectedList, List::ContaminatedDirectory, List::ControlList];
        let open = lists.into_iter().any(on) || site.on_control_list == Some(true);
        if !open {
            continue;
        }
        let met = met(config, &site.code, Some(site.name.clone()), &overlay);
        let hit = hit("sites".to_owned(), site.id.0, &met, overlay.share_of_parcel);
        all.hits.push(SitingHit { stage: Some(site.stage.as_str()), ..hit });
        recorded.push(if on(List::SuspectedList) { "suspected_sites" } else { "contaminated_sites" });
        all.facts.sources.push(met);
    }
    for overlay::Met { record: unit, overlay, .. } in key_unit::hits(conn, &probe).await? {
        let met = met(config, &unit.code, Some(unit.name), &overlay);
        all.hits.push(hit("key_units".to_owned(), unit.id.0, &met, overlay.share_of_parcel));
        recorded.push("key_units");
        all.facts.sources.push(met);
    }
    for known in &mut all.coverage {
        if recorded.contains(&known.register.as_str()) {
            *known = SitingCoverage::of(known.register.clone(), true, true, known.as_of, Vec::new());
        }
    }
    Ok(())
}

/// Orders that limit approvals in the divisions of the land, or above them.
async fn orders(conn: &mut PgConnection, all: &mut Gathered, ground: &Ground<'_>) -> Result<()> {
    let &Ground { bench, on, places, .. } = ground;
    let mut divisions: Vec<String> = places.iter().flat_map(|place| place.ancestors.iter().cloned()).collect();
    divisions.sort_unstable();
    divisions.dedup();
    let orders = siting_zone::restrictions(conn, &divisions, on, bench.known_at).await?;
    let as_of = orders.iter().map(|order| order.from_on).max();
    // That nobody ordered one is not known; the registry knows those that were entered.
    let register = "approval_restrictions".to_owned();
    all.coverage.push(SitingCoverage::of(register, !orders.is_empty(), false, as_of, Vec::new()));
    for order in orders {
        all.facts.orders.push(Order {
            division: order.division_code,
            assessments_only: order.label == "eia_approvals",
            covers: match order.covers.as_str() {
                "every_project" => Covers::Every,
                "soil_polluting" => Covers::SoilPolluting,
                _ => Covers::AsWorded,
            },
            scope: order.scope,
            named: order.document_number.unwrap_or(order.authority),
        });
    }
    Ok(())
}
