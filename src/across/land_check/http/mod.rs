//! `/v1/land-checks`

mod batch;
mod standing;

use super::actions::standing::not_found;
use super::actions::{self, Identity, Question, Stated};
use super::reply::{LandCheckReply, SealedLandCheckReply};
use super::rules::{Operation, SurveyState, Verdict};
use super::store;
use crate::kernel::AreaGeometry;
use crate::kernel::{Area, Day, Error, Fault, Kind, LandCheckId, Result, Text, paging, wkb};
use crate::platform::call::known_name;
use crate::platform::crs::{BodyCrs, area_in_crs};
use crate::platform::feature::{Feature, FeaturePage, FeatureType};
use crate::platform::{App, Body, Call, ContentCrs, Params, Permission, Reply, Stop};
use crate::registers::parcel;
use crate::standards::industries::IndustryCode;
use crate::standards::land_use::{LandUse, LandUseSystem};
use axum::extract::{OriginalUri, Path};
use axum::http::header;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The operations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ask, list))
        .routes(routes!(get))
        .merge(standing::routes())
        .merge(batch::routes())
}

/// Decimals of degrees of an outline that the registry gives: a tenth of a micrometre.
const DECIMALS: u8 = 12;
/// Characters of a reference, a code or an address at most.
const MAX_TEXT: usize = 200;
/// Vertices of a parcel at most: overlaying more would hold a connection for a minute.
const MAX_VERTICES: usize = 100_000;

/// A parcel and what is to be done with it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// Not used; the reply has an identifier of its own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub id: Option<serde::de::IgnoredAny>,
    /// Not used; computed from the geometry.
    #[serde(default)]
    #[schema(value_type = Option<Vec<f64>>)]
    pub bbox: Option<serde::de::IgnoredAny>,
    /// The parcel: Polygon or MultiPolygon, in CRS84 or as `Content-Crs` says. Null or left out where `parcel_code` names a
    /// parcel of the registry, whose outline is then taken.
    #[serde(default)]
    #[schema(value_type = Option<AreaGeometry>)]
    pub geometry: serde_json::Value,
    /// The question.
    pub properties: AskedProperties,
}

/// What is to be done with the parcel, and what the caller knows of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskedProperties {
    /// What is to be done with the land.
    pub operation: OperationName,
    /// Use of the land now.
    #[serde(default)]
    pub current_use: Option<UseCode>,
    /// Use it is meant for.
    #[serde(default)]
    pub planned_use: Option<UseCode>,
    /// Day of the operation, default today; the law of that day is applied.
    #[serde(default)]
    pub on: Option<Day>,
    /// What the caller states of the parcel. A fact left out is unknown.
    #[serde(default)]
    pub facts: Option<StatedFacts>,
    /// The caller's own reference.
    #[serde(default)]
    #[schema(example = "GD-2026-001", max_length = 200)]
    pub reference: Option<String>,
    /// Division of the parcel, where the registry's boundaries do not tell.
    #[serde(default)]
    #[schema(example = "152921")]
    pub division_code: Option<String>,
    /// 宗地代码, or a real-estate unit number. Of a parcel that the registry knows, what it holds is taken over, and an old
    /// code answers with its successors.
    #[serde(default)]
    #[schema(example = "152921001001GB00001", max_length = 200)]
    pub parcel_code: Option<String>,
    /// 不动产单元号
    #[serde(default)]
    #[schema(max_length = 200)]
    pub real_estate_unit_number: Option<String>,
    /// 坐落
    #[serde(default)]
    #[schema(max_length = 200)]
    pub address: Option<String>,
    /// 土地使用权人
    #[serde(default)]
    pub land_user: Option<LandUser>,
    /// Answer by what the registry knew at this instant: an answer that is not of record, without number, proof or
    /// standing, with status 200.
    #[serde(default)]
    pub known_at: Option<DateTime<Utc>>,
}

/// The land user of a parcel.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LandUser {
    /// Name.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Unified social credit code (GB 32100).
    #[serde(default)]
    #[schema(max_length = 200)]
    pub credit_code: Option<String>,
}

/// A land use by code system and code.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseCode {
    /// `GB/T 21010-2017`, `LUSC-2023` or `GB 50137-2011`.
    #[schema(example = "GB/T 21010-2017")]
    pub system: String,
    /// Code in that system.
    #[schema(example = "0701")]
    pub code: String,
}

/// What the caller states.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedFacts {
    /// Industry that stood on the land, GB/T 4754-2017; one outside the key industries counts as known and harmless.
    #[serde(default)]
    #[schema(example = "3360")]
    pub former_industry: Option<String>,
    /// Whether it is production land of a key unit.
    #[serde(default)]
    pub key_unit: Option<bool>,
    /// Whether the use right was taken back already.
    #[serde(default)]
    pub already_reclaimed: Option<bool>,
    /// Whether it stands in the year's supply plan.
    #[serde(default)]
    pub in_supply_plan: Option<bool>,
    /// How far its survey has come.
    #[serde(default)]
    pub survey_state: Option<SurveyStateName>,
    /// The use for which the survey, assessment or evaluation was made; left out, it counts as the planned use.
    #[serde(default)]
    pub assessed_use: Option<UseCode>,
    /// Whether the works serve risk control or remediation itself.
    #[serde(default)]
    pub serves_remediation: Option<bool>,
    /// Whether food is to be processed or stored there.
    #[serde(default)]
    pub food_site: Option<bool>,
}

/// Names on the wire of what the rules distinguish.
macro_rules! wire_names {
    ($(#[$doc:meta])* $name:ident for $rule:ident { $($(#[$each:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $variant),+ }

        impl From<$name> for $rule {
            fn from(name: $name) -> $rule {
                match name { $($name::$variant => $rule::$variant),+ }
            }
        }
    };
}
pub(crate) use wire_names;

wire_names! {
    /// What is to be done with the land: 征收 收回 收购 转让 改变用途 规划条件 供地 施工许可 环评 登记 开垦 农用地转用.
    #[expect(missing_docs, reason = "the names are those of the rules, documented there")]
    OperationName for Operation {
        Requisition, Reclaim, Acquire, Transfer, ChangeUse, PlanningConditions, Supply, ConstructionPermit, Eia, Registration,
        ReclamationToFarmland, FarmlandConversion,
    }
}

wire_names! {
    /// How far the survey of the parcel has come.
    #[expect(missing_docs, reason = "the names are those of the rules, documented there")]
    SurveyStateName for SurveyState {
        None, Running, ReviewedWithinScreening, ReviewedAboveScreening, RiskAcceptable, ActionRequired, EffectMet, EffectNotMet,
    }
}

/// Turns what was asked into a question, or names every fault.
///
/// # Errors
/// `invalid_input` with the pointer of each fault.
pub fn read_question(asked: Asked, today: Day) -> Result<Question> {
    let area = Area::from_geojson(&asked.geometry, "/geometry").map_err(Error::invalid);
    read_question_on(asked.properties, area, Identity::default(), today)
}

/// An outline that was read, or what is wrong with it; `land` is what it is the outline of.
///
/// # Errors
/// When the outline could not be read for another reason than its own.
pub fn read_outline(area: Result<Area>, land: &Text, faults: &mut Vec<Fault>) -> Result<Option<Area>> {
    let area = match area {
        Ok(area) => area,
        Err(error) if error.kind() == Kind::Invalid => {
            faults.extend(error.faults().iter().cloned());
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if area.vertices() > MAX_VERTICES {
        let Text { zh, en } = land;
        faults.push(Fault::new(
            "/geometry",
            "too_many_vertices",
            Text::new(
                format!("{zh}不得超过 {MAX_VERTICES} 个点，请简化或分块。"),
                format!("{en} has at most {MAX_VERTICES} vertices; simplify it or divide it."),
            ),
        ));
    }
    Ok(Some(area))
}

/// As [`read_question`], of an outline that was read from somewhere, with what the registry knows of the parcel.
fn read_question_on(properties: AskedProperties, area: Result<Area>, known: Identity, today: Day) -> Result<Question> {
    let mut faults = Vec::new();
    let area = read_outline(area, &Text::fixed("地块", "A parcel"), &mut faults)?;
    let mut land_use = |code: Option<UseCode>, name: &str| {
        let UseCode { system, code } = code?;
        let at = |fault: Fault, field: &str| Fault { pointer: format!("/properties/{name}/{field}"), ..fault };
        match LandUseSystem::parse(&system).map_err(|f| at(f, "system")) {
            Ok(system) => LandUse::parse(system, &code).map_err(|f| faults.push(at(f, "code"))).ok(),
            Err(fault) => {
                faults.push(fault);
                None
            }
        }
    };
    let current_use = land_use(properties.current_use, "current_use");
    let planned_use = land_use(properties.planned_use, "planned_use");
    let facts = properties.facts.unwrap_or_default();
    let assessed_use = land_use(facts.assessed_use, "facts/assessed_use");
    let former_industry = facts.former_industry.and_then(|code| {
        IndustryCode::parse(&code)
            .map_err(|f| faults.push(Fault { pointer: "/properties/facts/former_industry".to_owned(), ..f }))
            .ok()
    });
    let (name, credit_code) = properties.land_user.map_or((None, None), |user| (user.name, user.credit_code));
    for (field, text) in [
        ("reference", &properties.reference),
        ("parcel_code", &properties.parcel_code),
        ("real_estate_unit_number", &properties.real_estate_unit_number),
        ("address", &properties.address),
        ("land_user/name", &name),
        ("land_user/credit_code", &credit_code),
    ] {
        if text.as_ref().is_some_and(|text| text.chars().count() > MAX_TEXT || text.contains('\0')) {
            faults.push(Fault::new(
                format!("/properties/{field}"),
                "too_long",
                Text::new(
                    format!("不超过 {MAX_TEXT} 个字符，不含空字符。"),
                    format!("This has at most {MAX_TEXT} characters, and no NUL."),
                ),
            ));
        }
    }
    match (area, faults.is_empty()) {
        (Some(area), true) => Ok(Question {
            area,
            // What the registry knows of a parcel wins over what is stated.
            identity: Identity {
                parcel_code: known.parcel_code.or(properties.parcel_code),
                real_estate_unit_number: known.real_estate_unit_number.or(properties.real_estate_unit_number),
                address: known.address.or(properties.address),
                land_user_name: known.land_user_name.or(name),
                land_user_credit_code: known.land_user_credit_code.or(credit_code),
                registered_use: known.registered_use,
                successors: known.successors,
            },
            operation: properties.operation.into(),
            on: properties.on.unwrap_or(today),
            current_use,
            planned_use,
            stated: Stated {
                former_industry,
                key_unit: facts.key_unit,
                already_reclaimed: facts.already_reclaimed,
                in_supply_plan: facts.in_supply_plan,
                survey_state: facts.survey_state.map(Into::into),
                assessed_use,
                serves_remediation: facts.serves_remediation,
                food_site: facts.food_site,
            },
            reference: properties.reference,
            division_code: properties.division_code,
        }),
        _ => Err(Error::invalid(faults)),
    }
}

/// Ask whether land may change hands or use.
///
/// The answer is a decision with every rule that fired and its articles, stored, numbered, signed and entered in the log.
/// With `known_at` it is what the answer would have been, by what the registry knew then, and nothing is stored.
#[utoipa::path(post, path = "/v1/land-checks", operation_id = "ask_land_check", tag = "land checks",
    params(("Content-Crs" = Option<String>, Header, example = "<http://www.opengis.net/def/crs/EPSG/0/4528>",
        description = "Reference system of the outline, in its axes: the URI in angle brackets; CRS84 without it")),
    request_body(content = Asked, content_type = "application/geo+json"),
    responses((status = 201, body = SealedLandCheckReply), (status = 200, body = LandCheckReply, description = "With `known_at`: not of record")),
    extensions(("x-permission" = json!("land_check.ask"))))]
async fn ask(call: Call, crs: Result<ContentCrs, Stop>, body: Result<Body<Asked>, Stop>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::LandCheckAsk).await?;
    let (ContentCrs(crs), Body(asked)) = (crs?, body?);
    let known_at = asked.properties.known_at;
    let mut questions = read_all(call.app(), vec![asked], crs, known_at, act.today()).await?;
    let question = questions.pop().ok_or_else(|| Error::internal("one question, none read"))??;
    if let Some(known_at) = known_at {
        act.abandon().await?;
        return Ok(Reply::json(&actions::as_of(call.app(), call.caller(), &question, known_at).await?)?);
    }
    let answered = actions::ask(&mut act, question).await?;
    let reply = Reply::bytes("application/json", answered.body).created(format!("/v1/land-checks/{}", answered.id));
    Ok(act.finish(reply).await?)
}

/// Reads what was asked together: outlines in the system of the body that they came in, and what the registry knows of the
/// parcels that codes name, by what it knew at an instant (`None`: now). A question that cannot be read has an error of its
/// own.
///
/// # Errors
/// When the database cannot be reached.
pub async fn read_all(
    app: &App,
    asked: Vec<Asked>,
    crs: BodyCrs,
    known_at: Option<DateTime<Utc>>,
    today: Day,
) -> Result<Vec<Result<Question>>> {
    let coded = asked.iter().enumerate().filter_map(|(at, asked)| {
        let AskedProperties { parcel_code, on, .. } = &asked.properties;
        Some((at, parcel_code.as_deref()?, on.unwrap_or(today)))
    });
    let (mut places, mut codes, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for (at, code, on) in coded {
        places.push(at);
        codes.push(code);
        days.push(on);
    }
    let mut named: Vec<Option<parcel::Resolved>> = asked.iter().map(|_| None).collect();
    if !codes.is_empty() {
        let found = parcel::resolve_all(&mut *app.db().acquire().await?, &codes, &days, known_at).await?;
        for (at, found) in places.into_iter().zip(found) {
            named[at] = found;
        }
    }
    let mut questions = Vec::with_capacity(asked.len());
    for (asked, named) in asked.into_iter().zip(named) {
        let question = match ground(app, &asked, named, crs).await {
            Ok((area, known)) => read_question_on(asked.properties, area, known, today),
            Err(error) => Err(error),
        };
        questions.push(question);
    }
    Ok(questions)
}

/// The outline that is asked about, and what the registry knows of the parcel that its code names.
async fn ground(
    app: &App,
    asked: &Asked,
    named: Option<parcel::Resolved>,
    crs: BodyCrs,
) -> Result<(Result<Area>, Identity)> {
    let known = named.as_ref().map_or_else(Identity::default, |parcel| Identity {
        parcel_code: Some(parcel.code.clone()),
        real_estate_unit_number: parcel.real_estate_unit_number.clone(),
        address: parcel.address.clone(),
        land_user_name: parcel.land_user.as_ref().and_then(|user| user.name.clone()),
        land_user_credit_code: parcel.land_user.as_ref().and_then(|user| user.credit_code.clone()),
        registered_use: parcel.current_use,
        successors: parcel.successors.iter().map(|successor| successor.code.clone()).collect(),
    });
    let area = match (&asked.geometry, named) {
        (serde_json::Value::Null, Some(parcel)) => {
            let mut text = Vec::new();
            wkb::to_geojson(&parcel.ewkb, DECIMALS, &mut text).map_err(Error::internal)?;
            let outline: serde_json::Value = serde_json::from_slice(&text).map_err(Error::internal)?;
            Area::from_geojson(&outline, "/properties/parcel_code").map_err(Error::invalid)
        }
        (serde_json::Value::Null, None) if asked.properties.parcel_code.is_some() => Err(Error::fault(
            "/properties/parcel_code",
            "unknown_parcel",
            Text::fixed("登记系统中没有此宗地；请附图形。", "The registry knows no such parcel; send its outline."),
        )),
        (geometry, _) => area_in_crs(app.db(), geometry, crs, "/geometry").await,
    };
    Ok((area, known))
}

/// Read a land check, byte for byte as it was answered.
#[utoipa::path(get, path = "/v1/land-checks/{id}", operation_id = "get_land_check", tag = "land checks",
    params(("id" = LandCheckId, Path, description = "Identifier of the land check")),
    responses((status = 200, body = SealedLandCheckReply)), extensions(("x-permission" = json!("land_check.read"))))]
async fn get(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let body = store::body(call.app().db(), &scope, standing::read_id(&id)?).await?.ok_or_else(not_found)?;
    Ok(Reply::bytes("application/json", body).with_header(header::CACHE_CONTROL, "private, no-cache"))
}

/// What a list of land checks is narrowed by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `allow`, `allow_recorded`, `warn`, `hold` or `block`
    verdict: Option<String>,
    /// Operation
    operation: Option<String>,
    /// The caller's own reference
    reference: Option<String>,
    /// Division, and those below it
    division: Option<String>,
    /// Checks on a page
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended
    cursor: Option<String>,
}

/// A land check as listed.
#[derive(Debug, Serialize, ToSchema)]
struct ListedCheck {
    /// Number.
    #[schema(example = "CX-152921-2026-000017")]
    number: String,
    /// Division of the number.
    #[schema(example = "152921")]
    division_code: String,
    /// When it was asked and answered.
    checked_at: DateTime<Utc>,
    /// Day of the operation.
    on: Day,
    /// Operation.
    #[schema(example = "reclaim")]
    operation: String,
    /// Verdict.
    #[schema(example = "block")]
    verdict: String,
    /// Whether the ecology bureau's written reply is needed.
    awaits_reply: bool,
    /// The caller's own reference.
    reference: Option<String>,
    /// Ellipsoidal area of the parcel, m².
    area_m2: f64,
}

/// List land checks, newest first.
#[utoipa::path(get, path = "/v1/land-checks", operation_id = "list_land_checks", tag = "land checks", params(ListParams),
    responses((status = 200, content_type = "application/geo+json", body = FeaturePage<ListedCheck>)),
    extensions(("x-permission" = json!("land_check.read"))))]
async fn list(
    call: Call,
    OriginalUri(uri): OriginalUri,
    params: Result<Params<ListParams>, Stop>,
) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let Params(params) = params?;
    let limit = paging::limit(params.limit)?;
    known_name("verdict", params.verdict.as_deref(), |name| Verdict::ALL.iter().any(|v| v.as_str() == name))?;
    known_name("operation", params.operation.as_deref(), |name| Operation::parse(name).is_some())?;
    let filters =
        format!("{:?}", (&params.verdict, &params.operation, &params.reference, &params.division, scope.mark()));
    let before = paging::Cursor::key(params.cursor.as_deref(), &filters)?;
    let filter = store::Filter {
        verdict: params.verdict.as_deref(),
        operation: params.operation.as_deref(),
        reference: params.reference.as_deref(),
        below: params.division.as_deref(),
        before,
    };
    let rows = store::list(call.app().db(), &scope, &filter, i64::from(limit) + 1).await?;
    let features = rows
        .into_iter()
        .map(|row| {
            let properties = ListedCheck {
                number: row.number,
                division_code: row.division_code,
                checked_at: row.checked_at,
                on: row.on,
                operation: row.operation,
                verdict: row.verdict,
                awaits_reply: row.awaits_reply,
                reference: row.reference,
                area_m2: row.area_m2,
            };
            Feature::of(row.id.0, Some(&row.wkb), properties)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Reply::geojson(&FeaturePage::of(&uri, features, limit, &filters, |feature| feature.id.to_string()))?)
}
