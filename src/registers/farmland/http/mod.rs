//! `/v1/farmland-units`.

mod classify;
mod ledger;
mod lineage;

pub use classify::{ClassifiedUnit, kept as kept_finding};

use super::actions::{self, Becomes, Correction, NewUse, no_unit};
use super::store::lineage::{Kin, kin};
use super::store::tracks::{self, ClassRow};
use super::store::{self, Filter, NewUnit, UnitRow, When};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    Area, Day, DivisionCode, DocumentId, Error, FarmlandChangeId, FarmlandFactId, FarmlandUnitId, Result, Text, mu,
};
use crate::platform::call::known_at;
use crate::platform::feature::{self, Feature, FeaturePage, NewFeature};
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_farmland_units, create_farmland_unit))
        .routes(routes!(get_farmland_unit, correct_farmland_unit))
        .routes(routes!(change_farmland_use))
        .routes(routes!(list_farmland_classes))
        .merge(classify::routes())
        .merge(lineage::routes())
        .merge(ledger::routes())
}

/// Kind of farmland.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LandType {
    /// 水田
    Paddy,
    /// 旱地
    Upland,
    /// 水浇地
    Irrigated,
    /// 园地
    Orchard,
    /// 草地
    Grassland,
    /// 林地
    Forest,
}

/// Soil-quality class of farmland.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FarmlandClass {
    /// 优先保护类
    PriorityProtection,
    /// 安全利用类
    SafeUse,
    /// 严格管控类
    StrictControl,
    /// 未划定
    #[default]
    Unclassified,
}

impl LandType {
    fn as_str(self) -> &'static str {
        super::LAND_TYPES[self as usize]
    }
}

impl FarmlandClass {
    fn as_str(self) -> &'static str {
        super::CLASSES[self as usize]
    }
}

/// Attributes of a new farmland unit.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFarmlandUnit {
    /// The unit's code, unique in the registry.
    #[schema(example = "140602NY000001", max_length = 500)]
    code: String,
    /// Where it lies.
    division_code: DivisionCode,
    /// Kind of farmland.
    land_type: LandType,
    /// What grows there.
    #[schema(example = "小麦")]
    #[serde(default)]
    crop: Option<String>,
    /// Township.
    #[serde(default)]
    township: Option<String>,
    /// Village.
    #[serde(default)]
    village: Option<String>,
    /// Permanent basic farmland; left out: not known.
    #[serde(default)]
    pbf: Option<bool>,
    /// Class as approved.
    #[serde(default)]
    class: FarmlandClass,
    /// First day on which the class holds.
    #[serde(default)]
    class_since: Option<Day>,
    /// First day on which the unit exists; left out: since before anything known.
    #[serde(default)]
    began_on: Option<Day>,
    /// Area as the source states it, m².
    #[schema(exclusive_minimum = 0.0)]
    #[serde(default)]
    stated_area_m2: Option<f64>,
}

/// Attributes of a farmland unit.
#[derive(Debug, Serialize, ToSchema)]
struct FarmlandUnitProperties {
    /// The unit's code.
    #[schema(example = "140602NY000001")]
    code: String,
    /// Where it lies.
    #[schema(example = "140602")]
    division_code: String,
    /// Kind of farmland.
    #[schema(value_type = LandType)]
    land_type: String,
    /// First day on which the land type holds; `null`: since before anything known.
    land_type_since: Option<Day>,
    /// Class in force on the day asked about.
    #[schema(value_type = FarmlandClass)]
    class: String,
    /// First day on which the class holds, where known.
    class_since: Option<Day>,
    /// Day of a change of land use since which no class was approved: a re-classification is due. `null`: none is.
    reclassification_due_on: Option<Day>,
    /// First day on which the unit exists; `null`: since before anything known.
    began_on: Option<Day>,
    /// First day on which it exists no more; `null`: it exists. A unit made in error ends on the day it begins.
    ended_on: Option<Day>,
    /// Whether it exists on the day asked about.
    living: bool,
    /// The units that it came of, by which change and when.
    predecessors: Vec<KinView>,
    /// The units that came of it.
    successors: Vec<KinView>,
    /// Ellipsoidal area (CGCS2000), m².
    #[schema(example = 20000.0)]
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    #[schema(example = 30.0)]
    area_mu: f64,
    /// Area as the source states it, m².
    stated_area_m2: Option<f64>,
    /// What grows there.
    crop: Option<String>,
    /// Permanent basic farmland; `null`: not known.
    pbf: Option<bool>,
    /// Township.
    township: Option<String>,
    /// Village.
    village: Option<String>,
}

/// A unit that another came of, or that came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct KinView {
    /// Its identifier.
    id: FarmlandUnitId,
    /// Its code.
    #[schema(example = "140602NY000001-1")]
    code: String,
    /// The change by which one came of the other.
    change_id: FarmlandChangeId,
    /// Day of that change.
    effective_on: Day,
    /// Its address, relative to the server.
    #[schema(example = "/v1/farmland-units/0190a0a0-0000-7000-8000-000000000000")]
    href: String,
}

impl From<&Kin> for KinView {
    fn from(kin: &Kin) -> KinView {
        KinView {
            id: kin.id,
            code: kin.code.clone(),
            change_id: kin.change_id,
            effective_on: kin.effective_on,
            href: format!("/v1/farmland-units/{}", kin.id),
        }
    }
}

/// The views of units, with what they came of and what came of them.
async fn views(
    conn: &mut PgConnection,
    rows: Vec<UnitRow>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<Feature<FarmlandUnitProperties>>> {
    // Only what began or ended by a change has kin.
    let changed = rows.iter().filter(|row| row.began_by.is_some() || row.ended_by.is_some()).map(|row| row.id);
    let changed: Vec<FarmlandUnitId> = changed.collect();
    let kin = if changed.is_empty() { Vec::new() } else { kin(conn, &changed, known_at).await? };
    rows.into_iter().map(|row| view(row, &kin)).collect()
}

fn view(row: UnitRow, kin: &[Kin]) -> Result<Feature<FarmlandUnitProperties>> {
    let of = |child: bool| kin.iter().filter(|kin| kin.of == row.id && kin.child == child).map(KinView::from).collect();
    let properties = FarmlandUnitProperties {
        code: row.code,
        division_code: row.division_code,
        land_type: row.land_type,
        class: row.class,
        class_since: row.class_since,
        land_type_since: row.land_type_since,
        reclassification_due_on: row.reclassification_due_on,
        began_on: row.began_on,
        ended_on: row.ended_on,
        living: row.living,
        predecessors: of(false),
        successors: of(true),
        area_m2: row.area_m2,
        area_mu: mu(row.area_m2),
        stated_area_m2: row.stated_area_m2,
        crop: row.crop,
        pbf: row.pbf,
        township: row.township,
        village: row.village,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// The divisions whose units the caller may see; `None`: all. Where the operator
/// opens farmland to the public, that is the layer, not this list.
fn scope(call: &Call) -> Result<Option<Vec<String>>> {
    call.read_departments(Permission::FarmlandRead)
}

/// Which units.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FarmlandQuery {
    /// Class in force.
    #[param(inline)]
    class: Option<FarmlandClass>,
    /// Kind of farmland.
    #[param(inline)]
    land_type: Option<LandType>,
    /// In this division and below.
    division: Option<DivisionCode>,
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Permanent basic farmland or not; units of which it is not known are in neither.
    pbf: Option<bool>,
    /// The unit with this code, also when it has ended.
    code: Option<String>,
    /// Whether a re-classification is due since a change of land use.
    reclassification_due: Option<bool>,
    /// `ended`: also those that do not exist on the day.
    #[param(inline)]
    include: Option<Include>,
    /// Class, land type and existence on this day. Default: today, or the day of `known_at`.
    true_on: Option<Day>,
    /// As the registry knew it at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// What a list shows beside what exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Include {
    /// Units that have ended by the day, or have not begun.
    Ended,
}

/// When.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhenQuery {
    /// Class, land type and existence on this day. Default: today, or the day of `known_at`.
    true_on: Option<Day>,
    /// As the registry knew it at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// The day and the instant that parameters ask about.
fn when(call: &Call, true_on: Option<Day>, instant: Option<&str>) -> Result<When> {
    let known_at = known_at(instant)?;
    Ok(When { on: true_on.unwrap_or_else(|| known_at.map_or_else(|| call.today(), Day::at)), known_at })
}

/// Farmland units existing on the day asked about, in the order of their codes.
#[utoipa::path(
    get, path = "/v1/farmland-units", operation_id = "list_farmland_units", tag = "farmland", params(FarmlandQuery),
    responses((status = 200, body = FeaturePage<FarmlandUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_units(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<FarmlandQuery>,
) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let limit = paging::limit(query.limit)?;
    let when = when(&call, query.true_on, query.known_at.as_deref())?;
    let filters = format!(
        "{:?}",
        (
            (&query.class, &query.land_type, &query.division, &query.bbox, query.pbf, &query.code, &scope),
            (query.reclassification_due, query.include, query.true_on, when.known_at),
        )
    );
    let filter = Filter {
        scope,
        class: query.class.map(|class| class.as_str().to_owned()),
        land_type: query.land_type.map(|kind| kind.as_str().to_owned()),
        division: query.division.map(|code| code.as_str().to_owned()),
        boxes: feature::boxes(query.bbox.as_deref())?,
        pbf: query.pbf,
        ended: query.include.is_some() || query.code.is_some(),
        code: query.code,
        reclassification_due: query.reclassification_due,
        when,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let rows = store::list(&mut conn, &filter).await?;
    let features = views(&mut conn, rows, when.known_at).await?;
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}

/// One farmland unit.
#[utoipa::path(
    get, path = "/v1/farmland-units/{id}", operation_id = "get_farmland_unit", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), WhenQuery),
    responses((status = 200, body = Feature<FarmlandUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn get_farmland_unit(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<WhenQuery>,
) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let when = when(&call, query.true_on, query.known_at.as_deref())?;
    let mut conn = call.app().db().acquire().await?;
    shown(&mut conn, read_id(&id)?, when, scope.as_deref()).await.map_err(Stop::from)
}

/// Registers a farmland unit with its class as given.
#[utoipa::path(
    post, path = "/v1/farmland-units", operation_id = "create_farmland_unit", tag = "farmland",
    request_body(content = NewFeature<NewFarmlandUnit>, content_type = "application/geo+json"),
    responses((status = 201, body = Feature<FarmlandUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.write")))
)]
async fn create_farmland_unit(call: Call, Body(body): Body<NewFeature<NewFarmlandUnit>>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandWrite).await?;
    let (unit, area) = checked(&body)?;
    let id = actions::register(&mut act, &unit, &area).await?;
    let now = When { on: act.today(), known_at: None };
    let reply = shown(act.tx(), id, now, None).await?.created(format!("/v1/farmland-units/{id}"));
    Ok(act.finish(reply).await?)
}

/// A unit as an answer.
async fn shown(conn: &mut PgConnection, id: FarmlandUnitId, when: When, scope: Option<&[String]>) -> Result<Reply> {
    let row = store::get(conn, id, when, scope).await?.ok_or_else(no_unit)?;
    let revision = row.revision;
    let view = views(conn, vec![row], when.known_at).await?.pop().ok_or_else(no_unit)?;
    Ok(Reply::geojson(&view)?.revision_as_shown(revision))
}

/// A correction of a unit's record: what is left out stays, `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"crop": "玉米", "reason": "作物录入有误"}))]
struct FarmlandUnitPatch {
    /// What grows there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    crop: Option<Option<String>>,
    /// Township.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    township: Option<Option<String>>,
    /// Village.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    village: Option<Option<String>>,
    /// Permanent basic farmland.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pbf: Option<Option<bool>>,
    /// Area as the source states it, m².
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>, exclusive_minimum = 0.0)]
    stated_area_m2: Option<Option<f64>>,
    /// Why; kept in the history.
    #[schema(max_length = 1000)]
    reason: String,
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// Corrects a unit's record, with a reason; never its class, land type or outline. The version before stays in the history.
#[utoipa::path(
    patch, path = "/v1/farmland-units/{id}", operation_id = "correct_farmland_unit", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier"),
           ("If-Match" = String, Header, description = "ETag of the version that is corrected", example = "\"1\"")),
    request_body(content = FarmlandUnitPatch, content_type = "application/json"),
    responses((status = 200, description = "Corrected", body = Feature<FarmlandUnitProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("farmland.write")))
)]
async fn correct_farmland_unit(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(patch): Body<FarmlandUnitPatch>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandWrite).await?;
    let id = read_id(&id)?;
    let FarmlandUnitPatch { crop, township, village, pbf, stated_area_m2, reason } = patch;
    let new = Correction { crop, township, village, pbf, stated_area_m2 };
    actions::correct(&mut act, id, revision, new, &reason).await?;
    let now = When { on: act.today(), known_at: None };
    let reply = shown(act.tx(), id, now, None).await?;
    Ok(act.finish(reply).await?)
}

/// What land became that is farmland no more.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "GB/T 21010-2017", "code": "0601"}))]
struct BecameBody {
    /// `GB/T 21010-2017`, `LUSC-2023` or `GB 50137-2011`.
    system: String,
    /// A code that the system prints.
    code: String,
}

/// A change of land use: to another kind of farmland (`land_type`), or out of farming (`became`); one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"land_type": "orchard", "changed_on": "2026-11-01", "reason": "退耕还果"}))]
struct LandUseChange {
    /// The land type from then on.
    #[serde(default)]
    land_type: Option<LandType>,
    /// What it is where it is farmland no more: the unit ends.
    #[serde(default)]
    became: Option<BecameBody>,
    /// First day of the new use; not after today.
    changed_on: Day,
    /// Why.
    #[schema(max_length = 1000)]
    reason: String,
    /// The paper it rests on.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// What is due after a change of land use.
#[derive(Debug, Serialize, ToSchema)]
struct DueReclassification {
    /// The trigger that an adjustment of the class gives.
    #[schema(example = "land_use_change")]
    trigger: &'static str,
    /// Since when.
    since: Day,
    /// 说明
    text_zh: &'static str,
    /// In words.
    text_en: &'static str,
}

/// A unit whose land is used otherwise.
#[derive(Debug, Serialize, ToSchema)]
struct LandUseChanged {
    /// The unit after the change.
    unit: Feature<FarmlandUnitProperties>,
    /// The change in which the unit ended, where the land left farming.
    change_id: Option<FarmlandChangeId>,
    /// The class stays as it was until it is adjusted, which is due.
    reclassification: Option<DueReclassification>,
}

/// Records a change of land use. The class stays as it was, and a re-classification is due; land that leaves farming ends
/// the unit.
#[utoipa::path(
    post, path = "/v1/farmland-units/{id}/land-type", operation_id = "change_farmland_use", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    request_body(content = LandUseChange, content_type = "application/json"),
    responses((status = 200, description = "Recorded", body = LandUseChanged)),
    extensions(("x-permission" = json!("farmland.write")))
)]
async fn change_farmland_use(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<LandUseChange>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandWrite).await?;
    let id = read_id(&id)?;
    let becomes = match (body.land_type, body.became) {
        (Some(kind), None) => Becomes::Farmland(kind.as_str()),
        (None, Some(became)) => Becomes::Other { system: became.system, code: became.code },
        _ => {
            return Err(Error::fault(
                "",
                "one_of_two",
                Text::fixed("须给出 land_type 或 became 之一。", "Give either land_type or became."),
            )
            .into());
        }
    };
    let new = NewUse { becomes, changed_on: body.changed_on, reason: body.reason, document_id: body.document_id };
    let change_id = actions::change_use(&mut act, id, new).await?;
    let now = When { on: act.today(), known_at: None };
    let row = store::get(act.tx(), id, now, None).await?.ok_or_else(no_unit)?;
    let (revision, since) = (row.revision, row.reclassification_due_on.filter(|_| row.ended_on.is_none()));
    let unit = views(act.tx(), vec![row], None).await?.pop().ok_or_else(no_unit)?;
    let reclassification = since.map(|since| DueReclassification {
        trigger: "land_use_change",
        since,
        text_zh: "土地利用已变更，土壤环境质量类别应重新划定；在批准之前沿用原类别。",
        text_en: "The land use has changed: the class is to be adjusted, and stays as it was until that is approved.",
    });
    let reply = Reply::json(&LandUseChanged { unit, change_id, reclassification })?.revision(revision);
    Ok(act.finish(reply).await?)
}

/// The faults of attributes and outline together, so that a sender learns of all of them at once.
fn checked(body: &NewFeature<NewFarmlandUnit>) -> Result<(NewUnit, Area)> {
    let properties = serde_json::to_value(&body.properties).map_err(Error::internal)?;
    let empty = serde_json::Map::new();
    let unit = actions::read(properties.as_object().unwrap_or(&empty));
    let area = Area::from_geojson(&body.geometry, "/geometry");
    match (unit, area) {
        (Ok(unit), Ok(area)) => Ok((unit, area)),
        (unit, area) => {
            Err(Error::invalid(unit.err().into_iter().flatten().chain(area.err().into_iter().flatten()).collect()))
        }
    }
}

/// Classes by element, 1 to 3; `null` where an element was not looked at.
#[derive(Debug, Serialize, ToSchema)]
struct ElementClasses {
    /// Cadmium 镉
    #[serde(rename = "Cd")]
    cd: Option<i16>,
    /// Mercury 汞
    #[serde(rename = "Hg")]
    hg: Option<i16>,
    /// Arsenic 砷
    #[serde(rename = "As")]
    arsenic: Option<i16>,
    /// Lead 铅
    #[serde(rename = "Pb")]
    pb: Option<i16>,
    /// Chromium 铬
    #[serde(rename = "Cr")]
    cr: Option<i16>,
    /// The worst of the five, before crops were looked at (`ZH_CLASS`).
    zh: Option<i16>,
}

/// What led to a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "says in the document which words there are")]
enum ClassTrigger {
    /// 登记时给出
    Registered,
    /// 首次划分
    InitialClassification,
    /// 土地利用变更
    LandUseChange,
    /// 例行监测
    RoutineMonitoring,
    /// 协同监测
    CoMonitoring,
    /// 治理与修复
    Remediation,
    /// 由来源单元沿袭
    Lineage,
    /// 更正
    Correction,
}

/// A class that a unit had or has.
#[derive(Debug, Serialize, ToSchema)]
struct ClassVersion {
    /// The fact's identifier; one that was put right has several versions.
    id: FarmlandFactId,
    /// The class.
    #[schema(value_type = FarmlandClass)]
    class: String,
    /// First day on which it holds; `null`: since before anything known.
    from_on: Option<Day>,
    /// The same, by its former name.
    class_since: Option<Day>,
    /// Last day on which it holds; `null`: it goes on.
    until: Option<Day>,
    /// What led to it.
    #[schema(value_type = ClassTrigger)]
    trigger: String,
    /// By element, where classification told them apart.
    elements: Option<ElementClasses>,
    /// The adjustment by which it was approved.
    adjustment_id: Option<uuid::Uuid>,
    /// Number of the provincial government's approval.
    approval_number: Option<String>,
    /// Day of that approval.
    approved_on: Option<Day>,
    /// The change of outlines in which it was inherited.
    change_id: Option<uuid::Uuid>,
    /// Entered in error: it never held.
    withdrawn: bool,
    /// When the registry came to know it.
    known_from: DateTime<Utc>,
    /// When the registry knew better; `null`: it stands.
    known_to: Option<DateTime<Utc>>,
}

impl From<ClassRow> for ClassVersion {
    fn from(row: ClassRow) -> ClassVersion {
        let by = |n: usize| row.elements.get(n).copied().flatten();
        let elements = row.elements.iter().any(Option::is_some).then(|| ElementClasses {
            cd: by(0),
            hg: by(1),
            arsenic: by(2),
            pb: by(3),
            cr: by(4),
            zh: row.zh,
        });
        ClassVersion {
            id: row.id,
            class: row.class,
            from_on: row.from_on,
            class_since: row.from_on,
            until: row.until,
            trigger: row.trigger,
            elements,
            adjustment_id: row.adjustment_id,
            approval_number: row.approval_number,
            approved_on: row.approved_on,
            change_id: row.change_id,
            withdrawn: row.withdrawn,
            known_from: row.known_from,
            known_to: row.known_to,
        }
    }
}

/// Which knowledge.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KnownQuery {
    /// As the registry knew it at this instant, RFC 3339. Left out: all that was ever known.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// The classes of a unit.
#[derive(Debug, Serialize, ToSchema)]
struct ClassVersions {
    /// In the order of the days from which they hold.
    classes: Vec<ClassVersion>,
}

/// The classes that a unit had and has, in the order of the days from which they hold.
#[utoipa::path(
    get, path = "/v1/farmland-units/{id}/classes", operation_id = "list_farmland_classes", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownQuery),
    responses((status = 200, body = ClassVersions)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_classes(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<KnownQuery>,
) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let id = read_id(&id)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let now = When { on: call.today(), known_at: None };
    store::get(&mut tx, id, now, scope.as_deref()).await?.ok_or_else(no_unit)?;
    let classes = tracks::classes(&mut tx, id, known_at).await?.into_iter().map(ClassVersion::from).collect();
    Ok(Reply::json(&ClassVersions { classes })?)
}

fn read_id(text: &str) -> Result<FarmlandUnitId> {
    text.parse().map_err(|_| no_unit())
}
