//! Asking: gather what is known of the ground and around it, let the rules decide, number the answer and keep it.

use super::reply::{
    SitingCheckReply, SitingCoverage, SitingDistance, SitingHit, SitingParcel, SitingStated, facilities, names,
    relation,
};
use super::rules::{self, Activity, Covers, Facility, Facts, Lies, Met, Order, Procedure, Reach, UnitClass, ZoneKind};
use super::store::{self, NewCheck};
use crate::across::land_check::Place;
use crate::across::land_check::reply::{OperatorView, RuleView};
use crate::config::Config;
use crate::kernel::{Area, Day, DivisionCode, Error, Result, SitingCheckId, Text};
use crate::platform::overlay::{self, Overlay, Probe, Relation, share};
use crate::platform::seal::{Entry, Sealer};
use crate::platform::{Act, Caller, topology};
use crate::registers::reference::{self, Within};
use crate::registers::{coverage, division, farmland, key_unit, site, siting_zone};
use crate::standards::industries::IndustryCode;
use crate::standards::parameters::{self, Overrides, Parameter};
use serde_json::json;
use sha2::{Digest, Sha256};

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

/// What is known of the ground and around it, beside what the rules need.
struct Gathered {
    facts: Facts,
    hits: Vec<SitingHit>,
    coverage: Vec<SitingCoverage>,
}

/// Answers a question and records the answer.
///
/// # Errors
/// `invalid_geometry`; `division_unknown` when neither boundaries nor the caller tell where the land lies;
/// `outside_division` when the caller's role does not hold there.
pub(super) async fn ask(act: &mut Act, question: &Question) -> Result<Answered> {
    topology::check(act.tx(), &question.area, "/geometry").await?;
    let land = question.area.to_ewkb();
    let area_m2 = topology::area_m2(act.tx(), &land).await?;
    let places = places(act, question, &land).await?;
    let Gathered { facts, mut hits, coverage } = gather(act, question, &land, area_m2, &places).await?;
    let decision = rules::decide(&facts);
    hits.sort_by(|a, b| {
        a.distance_m
            .total_cmp(&b.distance_m)
            .then_with(|| b.overlap_m2.total_cmp(&a.overlap_m2))
            .then_with(|| (&a.register, &a.code).cmp(&(&b.register, &b.code)))
    });

    let main = &places[0].code;
    let year = act.today().year();
    let serial = store::next_serial(act.tx(), main, year).await?;
    let id = SitingCheckId::new(act.now());
    let number = format!("XZ-{main}-{year}-{serial:06}");
    let (verdict_name, activity_name, procedure_name) = names(decision.verdict, question.activity, question.procedure);
    let (procedure_zh, procedure_en) = procedure_name.map_or((None, None), |Text { zh, en }| (Some(zh), Some(en)));
    let mut distances: Vec<SitingDistance> =
        facts.reaches.iter().map(|(facility, reach)| SitingDistance::of(facility.as_str(), reach)).collect();
    distances.push(SitingDistance::of("contaminated", &facts.source_reach));
    let view = SitingCheckReply {
        id,
        number: number.clone(),
        checked_at: act.now(),
        operator: OperatorView::of(act.caller()),
        on: question.on,
        activity: question.activity.as_str(),
        activity_zh: activity_name.zh.into(),
        activity_en: activity_name.en.into(),
        operation: question.procedure.map(Procedure::as_str),
        operation_zh: procedure_zh.map(Into::into),
        operation_en: procedure_en.map(Into::into),
        reference: question.reference.clone(),
        stated: stated(question),
        parcel: SitingParcel::of(&question.area, area_m2, places.iter().map(|place| place.code.clone()).collect()),
        verdict: decision.verdict.as_str(),
        verdict_zh: verdict_name.zh.into(),
        verdict_en: verdict_name.en.into(),
        rules: decision.rules.iter().map(RuleView::from).collect(),
        hits,
        distances,
        coverage,
    };
    let mut sealer = Sealer::open(act).await?;
    let body = sealer.seal(&view, Entry { kind: "siting_check", id: id.0, number: &number })?.bytes;
    let body_sha256 = Sha256::digest(&body);
    let key = match act.caller() {
        Caller::Key(holder) => Some(holder.id),
        Caller::Public | Caller::Operator => None,
    };
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
        area_m2,
        ewkb: &land,
        key,
        act: act.id(),
        body: &body,
        body_sha256: &body_sha256,
    };
    store::insert(act.tx(), &new).await?;
    sealer.close(act).await?;
    act.note(format!("siting_check/{number}"), json!({"verdict": view.verdict, "sha256": hex::encode(body_sha256)}));
    Ok(Answered { id, body })
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

/// Where the land lies, by boundaries; where they do not tell, as stated, or in the one county the caller holds.
async fn places(act: &mut Act, question: &Question, land: &[u8]) -> Result<Vec<division::Under>> {
    let (today, home) = (act.today(), act.caller().home());
    let under = division::under(act.tx(), &[land.to_vec()], today).await?.pop().unwrap_or_default();
    let places = division::told(act.tx(), under, question.division_code.as_deref(), home.as_deref(), land).await?;
    act.caller().require_division(&places[0].code)?;
    Ok(places)
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

async fn gather(
    act: &mut Act,
    question: &Question,
    land: &[u8],
    area_m2: f64,
    places: &[division::Under],
) -> Result<Gathered> {
    let config = act.app().config().clone();
    let on = question.on;
    let mut facts = Facts::new(question.activity, on);
    facts.places = places
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
    zones(act, &mut all, &config, land, area_m2, places).await?;
    units(act, &mut all, &config, land, area_m2).await?;
    around(act, &mut all, &config, question, land, area_m2, places).await?;
    sources(act, &mut all, &config, question, land, area_m2, places).await?;
    orders(act, &mut all, places).await?;
    Ok(all)
}

fn lies(relation: Relation) -> Lies {
    match relation {
        Relation::Overlaps => Lies::Overlaps,
        Relation::Touches => Lies::Touches,
        Relation::Near => Lies::Near,
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
        sliver: lies == Lies::Overlaps
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
        relation: relation(met.lies),
        overlap_m2: round(met.overlap_m2, 1e4),
        overlap_share: round(overlap_share, 1e9),
        distance_m: round(met.distance_m, 1e4),
        sliver: met.sliver,
    }
}

/// Published zones, and whether the place has published any.
async fn zones(
    act: &mut Act,
    all: &mut Gathered,
    config: &Config,
    land: &[u8],
    area_m2: f64,
    places: &[division::Under],
) -> Result<()> {
    let on = all.facts.on;
    for overlay::Met { record: zone, overlay, .. } in
        siting_zone::hits(act.tx(), &Probe::one(land.to_vec(), area_m2, on)).await?
    {
        let kind = ZoneKind::ALL.iter().copied().find(|kind| kind.as_str() == zone.kind);
        let kind =
            kind.ok_or_else(|| Error::internal(format!("the siting rules do not know zones of kind {}", zone.kind)))?;
        let met = met(config, &zone.code, Some(zone.name), &overlay);
        let hit = hit("siting_zones".to_owned(), zone.id.0, &met, overlay.share_of_parcel);
        all.hits.push(SitingHit { kind: Some(zone.kind), ..hit });
        all.facts.zones.push((kind, met));
    }
    let mut known: Vec<Vec<siting_zone::Published>> = Vec::new();
    for place in places {
        known.push(siting_zone::published(act.tx(), &place.ancestors, on).await?);
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
        let recorded = all.facts.zones.iter().any(|(k, met)| *k == kind && met.lies == Lies::Overlaps);
        let register = format!("siting_zones:{}", kind.as_str());
        all.coverage.push(SitingCoverage::of(register, recorded, as_of.is_some(), as_of, Vec::new()));
    }
    Ok(())
}

/// Farmland under the land.
async fn units(act: &mut Act, all: &mut Gathered, config: &Config, land: &[u8], area_m2: f64) -> Result<()> {
    let on = all.facts.on;
    for overlay::Met { record: unit, overlay, .. } in
        farmland::hits(act.tx(), &Probe::one(land.to_vec(), area_m2, on)).await?
    {
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
    let statuses = coverage::statuses_of(act.tx(), land, on).await?;
    let covered = |status: &coverage::Status| status.kept >= FULL_SHARE || status.investigated_clean >= FULL_SHARE;
    let mut sources_known = true;
    for status in &statuses {
        let recorded = match status.register {
            "farmland" => all.facts.units.iter().any(|(_, met)| met.lies == Lies::Overlaps),
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
async fn around(
    act: &mut Act,
    all: &mut Gathered,
    config: &Config,
    question: &Question,
    land: &[u8],
    area_m2: f64,
    places: &[division::Under],
) -> Result<()> {
    let on = all.facts.on;
    let kinds: Vec<&str> = Facility::ALL.iter().map(|facility| facility.as_str()).collect();
    let mut within = Vec::new();
    for facility in Facility::ALL.iter().copied() {
        let set = set_for(parameter(facility), places, on, &config.parameters);
        let reach = Reach::of(set, question.protection_m);
        within.push(Within { kind: facility.as_str(), metres: reach.metres });
        all.facts.reaches.push((facility, reach));
    }
    for near in reference::near(act.tx(), land, &within, on, MOST_FACILITIES).await? {
        let Some(facility) = Facility::ALL.iter().copied().find(|facility| facility.as_str() == near.kind) else {
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
        covering.push(reference::covering(act.tx(), &place.ancestors, &kinds).await?);
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
async fn sources(
    act: &mut Act,
    all: &mut Gathered,
    config: &Config,
    question: &Question,
    land: &[u8],
    area_m2: f64,
    places: &[division::Under],
) -> Result<()> {
    let set = set_for(&parameters::SITING_DISTANCE_CONTAMINATED_M, places, question.on, &config.parameters);
    all.facts.source_reach = Reach::of(set, None);
    let near_m = all.facts.source_reach.metres;
    let probe = Probe { near_m, ..Probe::one(land.to_vec(), area_m2, question.on) };
    let mut recorded = Vec::new();
    for overlay::Met { record: site, overlay, .. } in site::hits(act.tx(), &probe).await? {
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
    for overlay::Met { record: unit, overlay, .. } in key_unit::hits(act.tx(), &probe).await? {
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
async fn orders(act: &mut Act, all: &mut Gathered, places: &[division::Under]) -> Result<()> {
    let mut divisions: Vec<String> = places.iter().flat_map(|place| place.ancestors.iter().cloned()).collect();
    divisions.sort_unstable();
    divisions.dedup();
    let orders = siting_zone::restrictions(act.tx(), &divisions, all.facts.on).await?;
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
