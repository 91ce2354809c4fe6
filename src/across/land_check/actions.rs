//! Asking: gather what the registers know of the ground, let the rules decide, number the answer and keep it.

use super::reply::{
    CoverageView, HitView, LandCheckReply, ParcelView, ReplyState, RuleView, Standing, StatedView, UseView, names,
};
use super::rules::{
    self, BarredUse, Coverage, CoverageStatus, Decision, Fact, Facts, FarmlandClass, Hit, Matter, Operation, Place,
    Register, Relation, Settings, SurveyState, UseFact, Verdict, registry_survey_state,
};
use super::store::{self, NewCheck};
use crate::config::Config;
use crate::kernel::{Area, Day, DivisionCode, Error, Fault, LandCheckId, Result, Text};
use crate::platform::overlay::{self, Overlay};
use crate::platform::{Act, Caller, topology};
use crate::registers::{control_zone, coverage, division, farmland, key_unit, site};
use crate::standards::industries::IndustryCode;
use crate::standards::land_use::{Group, Holds, LandUse, PublicServiceReading, SoilClass, Use};
use serde_json::json;
use sha2::{Digest, Sha256};

/// A site covers the whole parcel from this share on: boundaries digitised twice never agree to the last square metre.
const FULL_SHARE: f64 = 0.999;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The parcel.
    pub area: Area,
    /// What is to be done with it.
    pub operation: Operation,
    /// Day of the operation.
    pub on: Day,
    /// Use of the land now.
    pub current_use: Option<LandUse>,
    /// Use it is meant for.
    pub planned_use: Option<LandUse>,
    /// What else the caller states.
    pub stated: Stated,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// Division of the parcel, where the registry's boundaries do not tell.
    pub division_code: Option<String>,
}

/// What the caller states of the parcel; `None` is unknown.
#[derive(Debug, Clone, Default)]
pub struct Stated {
    /// Industry that stood on the land.
    pub former_industry: Option<IndustryCode>,
    /// Whether it is production land of a key unit.
    pub key_unit: Option<bool>,
    /// Whether the use right was taken back already.
    pub already_reclaimed: Option<bool>,
    /// Whether it stands in the year's supply plan.
    pub in_supply_plan: Option<bool>,
    /// How far its survey has come.
    pub survey_state: Option<SurveyState>,
}

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
}

/// A record that the parcel meets, with what a reader wants to know of it beside what the rules need.
struct Met {
    id: uuid::Uuid,
    name: Option<String>,
    stage: Option<&'static str>,
    class: Option<&'static str>,
    overlay: Overlay,
    hit: Hit,
}

/// Answers a question and records the answer.
///
/// # Errors
/// `invalid_geometry`; `division_unknown` when neither boundaries nor the caller tell where the parcel lies;
/// `outside_division` when the caller's role does not hold there.
pub async fn ask(act: &mut Act, question: Question) -> Result<Answered> {
    topology::check(act.tx(), &question.area, "/geometry").await?;
    let parcel = question.area.to_ewkb();
    let area_m2 = store::area_m2(act.tx(), &parcel).await?;
    let places = places(act, &question, &parcel).await?;
    let met = meet(act, &question, &parcel).await?;
    let (coverage, coverage_views) = cover(act, &question, &parcel, &met).await?;

    let facts = facts(&question, &places, &met, coverage);
    let Decision { verdict, rules } = rules::decide(&facts, &settings(act.app().config())?);

    let main = &places[0].code;
    let year = act.today().year();
    let serial = store::next_serial(act.tx(), main, year).await?;
    let id = LandCheckId::new(act.now());
    let number = format!("CX-{main}-{year}-{serial:06}");
    let awaits_reply = rules.iter().any(|fired| fired.rule == "G2" && fired.verdict >= Verdict::Hold);
    let (verdict_name, operation_name) = names(verdict, question.operation);
    let view = LandCheckReply {
        id,
        number: number.clone(),
        checked_at: act.now(),
        on: question.on,
        operation: question.operation.as_str(),
        operation_zh: operation_name.zh.into(),
        operation_en: operation_name.en.into(),
        reference: question.reference.clone(),
        current_use: question.current_use.map(UseView::from),
        planned_use: question.planned_use.map(UseView::from),
        stated: stated_view(&question.stated),
        parcel: ParcelView::of(&question.area, area_m2, places.iter().map(|place| place.code.clone()).collect()),
        verdict: verdict.as_str(),
        verdict_zh: verdict_name.zh.into(),
        verdict_en: verdict_name.en.into(),
        rules: rules.into_iter().map(RuleView::from).collect(),
        hits: met.iter().filter(|met| !matches!(met.hit.matter, Matter::NegativeList { .. })).map(Met::view).collect(),
        coverage: coverage_views,
        reply: ReplyState { status: if awaits_reply { "awaiting" } else { "not_required" } },
        standing: Standing { status: "valid", since: act.now(), because: Vec::new() },
    };
    let body = serde_json::to_vec(&view).map_err(Error::internal)?;
    let body_sha256 = Sha256::digest(&body);
    let (now, act_id) = (act.now(), act.id());
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
        checked_at: now,
        on: question.on,
        operation: question.operation.as_str(),
        verdict: verdict.as_str(),
        awaits_reply,
        reference: question.reference.as_deref(),
        area_m2,
        ewkb: &parcel,
        key,
        act: act_id,
        body: &body,
        body_sha256: &body_sha256,
    };
    store::insert(act.tx(), &new).await?;
    act.note(format!("land_check/{number}"), json!({"verdict": verdict.as_str(), "sha256": hex::encode(body_sha256)}));
    Ok(Answered { id, number, verdict, body })
}

/// Where the parcel lies, by boundaries; where they do not tell, as stated, or in the one county the caller holds.
async fn places(act: &mut Act, question: &Question, parcel: &[u8]) -> Result<Vec<division::Under>> {
    let on = act.today();
    let mut places = division::under(act.tx(), parcel, on).await?;
    if places.is_empty() {
        let code = match (&question.division_code, act.caller()) {
            (Some(code), _) => {
                // Boundaries are generalised, so near is near enough.
                match division::distance_m(act.tx(), code, parcel).await? {
                    Some(metres) if metres > division::MAX_OUTSIDE_M => return Err(not_told()),
                    _ => code.clone(),
                }
            }
            // Only where no boundary is known: a parcel outside a known one lies somewhere else.
            (None, Caller::Key(holder)) if !holder.division.is_nation() => {
                let code = holder.division.to_string();
                if division::distance_m(act.tx(), &code, parcel).await?.is_some() {
                    return Err(not_told());
                }
                code
            }
            _ => return Err(not_told()),
        };
        let ancestors = division::ancestors(act.tx(), &code).await?.ok_or_else(|| {
            Error::invalid(vec![Fault { pointer: "/properties/division_code".to_owned(), ..division::unknown(&code) }])
        })?;
        places.push(division::Under { code, ancestors, share: 1.0 });
    }
    act.caller().require_division(&places[0].code)?;
    Ok(places)
}

fn not_told() -> Error {
    Error::fault(
        "/properties/division_code",
        "division_unknown",
        Text::fixed(
            "地块不在登记系统已知的任何区划边界内；请核对坐标，或注明 division_code。",
            "No division whose boundary the registry holds contains the parcel; check the coordinates, or state division_code.",
        ),
    )
}

/// The records that the parcel meets, largest overlap first.
async fn meet(act: &mut Act, question: &Question, parcel: &[u8]) -> Result<Vec<Met>> {
    let config = act.app().config().clone();
    let near = config.near_distance_m;
    let mut met = Vec::new();
    for found in site::hits(act.tx(), parcel, near).await? {
        let entries: Vec<BarredUse> = found
            .negative_list
            .iter()
            .filter(|b| {
                b.since.is_none_or(|since| since <= question.on) && b.until.is_none_or(|until| question.on <= until)
            })
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
        let record = |matter| Met {
            id: found.id.0,
            name: Some(found.name.clone()),
            stage: Some(found.stage.as_str()),
            class: None,
            overlay: found.overlay,
            hit: hit(&config, &found.code, matter, &found.overlay),
        };
        if !entries.is_empty() {
            met.push(record(Matter::NegativeList { entries }));
        }
        met.push(record(matter));
    }
    for zone in control_zone::hits(act.tx(), parcel, question.on, near).await? {
        let matter = Matter::ControlZone { undeveloped: Some(zone.undeveloped) };
        met.push(Met {
            id: zone.id.0,
            name: Some(zone.name),
            stage: None,
            class: None,
            overlay: zone.overlay,
            hit: hit(&config, &zone.code, matter, &zone.overlay),
        });
    }
    for unit in key_unit::hits(act.tx(), parcel, question.on, near).await? {
        met.push(Met {
            id: unit.id.0,
            name: Some(unit.name),
            stage: None,
            class: None,
            overlay: unit.overlay,
            hit: hit(&config, &unit.code, Matter::KeyUnit, &unit.overlay),
        });
    }
    for unit in farmland::hits(act.tx(), parcel, question.on, near).await? {
        let class = FarmlandClass::parse(&unit.class)
            .ok_or_else(|| Error::internal(format!("the rules of land checks do not know class {}", unit.class)))?;
        met.push(Met {
            id: unit.id.0,
            name: None,
            stage: None,
            class: Some(class.as_str()),
            overlay: unit.overlay,
            hit: hit(&config, &unit.code, Matter::Farmland { class }, &unit.overlay),
        });
    }
    met.sort_by(|a, b| b.overlay.overlap_m2.total_cmp(&a.overlay.overlap_m2).then_with(|| a.hit.code.cmp(&b.hit.code)));
    Ok(met)
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

impl Met {
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
}

/// A tenth of a millimetre squared and a billionth say all there is; more digits are noise.
fn round(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}

/// What each register knows of the ground. *Recorded* only where something is; else what the coverage records say of the
/// whole parcel: investigated and clean, kept but never investigated, or outside.
async fn cover(
    act: &mut Act,
    question: &Question,
    parcel: &[u8],
    met: &[Met],
) -> Result<(Vec<Coverage>, Vec<CoverageView>)> {
    let mut known = Vec::new();
    let mut views = Vec::new();
    for status in coverage::statuses_of(act.tx(), parcel, question.on).await? {
        let register = Register::parse(status.register).ok_or_else(|| {
            Error::internal(format!("the rules of land checks do not know register {}", status.register))
        })?;
        let recorded = met.iter().any(|met| met.hit.relation == Relation::Overlaps && met.hit.register() == register);
        let status_now = if recorded {
            CoverageStatus::Recorded
        } else if status.investigated_clean >= FULL_SHARE {
            CoverageStatus::InvestigatedClean
        } else if status.kept >= FULL_SHARE {
            CoverageStatus::NeverInvestigated
        } else {
            CoverageStatus::OutsideCoverage
        };
        let as_of = if recorded { Some(act.today()) } else { status.as_of };
        known.push(Coverage { register, status: status_now });
        views.push(CoverageView::of(register, status_now, as_of));
    }
    Ok((known, views))
}

fn facts(question: &Question, places: &[division::Under], met: &[Met], coverage: Vec<Coverage>) -> Facts {
    let hits: Vec<Hit> = met.iter().map(|met| met.hit.clone()).collect();
    let stated = &question.stated;
    let mut facts = Facts::new(question.operation, question.on);
    facts.places = places
        .iter()
        .map(|place| Place(place.ancestors.iter().filter_map(|code| DivisionCode::parse(code)).collect()))
        .collect();
    facts.current_use = question.current_use.map_or(Fact::Unknown, |land_use| Fact::stated(use_fact(land_use)));
    facts.planned_use = question.planned_use.map_or(Fact::Unknown, |land_use| Fact::stated(use_fact(land_use)));
    facts.former_industry = stated.former_industry.clone().map_or(Fact::Unknown, Fact::stated);
    facts.key_unit = Fact::weigh(key_unit_by_register(&hits, &coverage), stated.key_unit);
    facts.already_reclaimed = stated.already_reclaimed.map_or(Fact::Unknown, Fact::stated);
    facts.in_supply_plan = stated.in_supply_plan.map_or(Fact::Unknown, Fact::stated);
    facts.survey_state = Fact::weigh(registry_survey_state(&hits, FULL_SHARE), stated.survey_state);
    facts.hits = hits;
    facts.coverage = coverage;
    facts
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

/// What the operator set of the rules of land checks.
///
/// # Errors
/// `bad_config` naming the key: a province that is none, or an operation that there is not.
pub fn settings(config: &Config) -> Result<Settings> {
    let mut survey_before = std::collections::BTreeMap::new();
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
    Ok(Settings { near_warns: config.near_distance_m.is_some(), survey_before, ..Settings::default() })
}

fn stated_view(stated: &Stated) -> StatedView {
    StatedView {
        former_industry: stated.former_industry.as_ref().map(|code| code.as_str().to_owned()),
        key_unit: stated.key_unit,
        already_reclaimed: stated.already_reclaimed,
        in_supply_plan: stated.in_supply_plan,
        survey_state: StatedView::survey_name(stated.survey_state),
    }
}
