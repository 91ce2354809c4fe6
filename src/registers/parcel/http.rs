//! `/v1/parcels` and `/v1/parcel-changes`.

use super::actions::{self, Correction, no_parcel};
use super::lineage::{self, Child, NewChange, Parent, no_change};
use super::rules::{Kind, MAX_PARCELS, normal, parcel_code, real_estate_unit_number};
use super::store::{self, ChangeRow, Filter, Kin, NewParcel, ParcelRow, PartRow, When};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    ActId, Area, Day, DivisionCode, DocumentId, Error, Fault, ParcelChangeId, ParcelId, Result, Text, mu,
};
use crate::platform::call::known_at;
use crate::platform::crs::{BodyCrs, area_in_crs};
use crate::platform::feature::{self, Feature, FeaturePage, NewFeature};
use crate::platform::{App, Body, Call, ContentCrs, IfMatch, Params, Permission, Reply, Stop};
use crate::standards::land_use::{LandUse, LandUseSystem};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_parcels, create_parcel))
        .routes(routes!(get_parcel, correct_parcel))
        .routes(routes!(get_parcel_lineage))
        .routes(routes!(record_parcel_change))
        .routes(routes!(get_parcel_change))
        .routes(routes!(void_parcel_change))
}

/// Form of a parcel's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "says in the document which words there are")]
enum ParcelCodeForm {
    /// 宗地代码, 19 characters (GB/T 37346)
    Parcel,
    /// 不动产单元代码, 28 characters (GB/T 37346)
    RealEstateUnit,
    /// Another name
    Other,
}

/// Who uses a parcel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "示例化工有限公司", "credit_code": "91152900DEMX90021E"}))]
struct ParcelUser {
    /// Name.
    #[serde(default)]
    #[schema(max_length = 500)]
    name: Option<String>,
    /// Unified social credit code (GB 32100).
    #[serde(default)]
    credit_code: Option<String>,
}

/// What a parcel is used for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "GB/T 21010-2017", "code": "0601"}))]
struct ParcelUse {
    /// `GB/T 21010-2017`, `LUSC-2023` or `GB 50137-2011`.
    system: String,
    /// A code that the system prints.
    code: String,
}

/// What a parcel is used for, with its printed names.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ParcelUseView {
    /// The classification.
    #[schema(example = "GB/T 21010-2017")]
    system: String,
    /// The code.
    #[schema(example = "0601")]
    code: String,
    /// 名称
    #[schema(example = "工业用地")]
    name_zh: String,
    /// Name.
    name_en: String,
}

/// Attributes of a new parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewParcelProperties {
    /// 宗地代码 (19 characters), 不动产单元代码 (28), or another name; unique in the registry.
    #[schema(example = "152921001002GB00123", max_length = 500)]
    code: String,
    /// Where it lies.
    division_code: DivisionCode,
    /// Where it lies, in words.
    #[serde(default)]
    #[schema(max_length = 500)]
    address: Option<String>,
    /// Who uses it.
    #[serde(default)]
    land_user: Option<ParcelUser>,
    /// What it is used for.
    #[serde(default)]
    land_use: Option<ParcelUse>,
    /// First day on which it exists; left out: since before anything known.
    #[serde(default)]
    began_on: Option<Day>,
    /// First day on which it exists no more; left out: it exists.
    #[serde(default)]
    ended_on: Option<Day>,
}

/// Attributes of a parcel that begins in a change. What is left out is as with its parents, where they agree.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ParcelChild {
    /// Its code, unique in the registry.
    #[schema(example = "152921001002GB00124", max_length = 500)]
    code: String,
    /// Where it lies, in words.
    #[serde(default)]
    #[schema(max_length = 500)]
    address: Option<String>,
    /// Who uses it.
    #[serde(default)]
    land_user: Option<ParcelUser>,
    /// What it is used for.
    #[serde(default)]
    land_use: Option<ParcelUse>,
}

/// The attributes as a file would give them, so that both are read by the same lines.
fn as_row(
    code: &str,
    address: Option<String>,
    land_user: Option<ParcelUser>,
    land_use: Option<ParcelUse>,
) -> Map<String, Value> {
    let (name, credit_code) = land_user.map_or((None, None), |user| (user.name, user.credit_code));
    let (system, use_code) = land_use.map(|land_use| (land_use.system, land_use.code)).unzip();
    let cells = [
        ("code", Some(code.to_owned())),
        ("address", address),
        ("land_user_name", name),
        ("land_user_credit_code", credit_code),
        ("land_use_system", system),
        ("land_use_code", use_code),
    ];
    cells.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?)))).collect()
}

/// Places of a row's attributes are places of the body.
fn in_body(fault: Fault, pointer: &str) -> Fault {
    let place = fault.pointer.strip_prefix("/properties/").unwrap_or_default();
    let place = match place {
        "land_user_name" => "land_user/name",
        "land_user_credit_code" => "land_user/credit_code",
        "land_use_system" => "land_use/system",
        "land_use_code" => "land_use/code",
        other => other,
    };
    Fault { pointer: format!("{pointer}/properties/{place}"), ..fault }
}

/// Attributes of a parcel.
#[derive(Debug, Serialize, ToSchema)]
struct ParcelProperties {
    /// Its code.
    #[schema(example = "152921001002GB00123")]
    code: String,
    /// The form of the code.
    #[schema(value_type = ParcelCodeForm)]
    code_form: String,
    /// The parcel code (宗地代码) in it, where it has that form.
    parcel_code: Option<String>,
    /// The code, where it is a real-estate unit number (不动产单元代码).
    real_estate_unit_number: Option<String>,
    /// Where it lies.
    #[schema(example = "152921")]
    division_code: String,
    /// Where it lies, in words.
    address: Option<String>,
    /// Who uses it.
    land_user: Option<ParcelUser>,
    /// What it is used for.
    land_use: Option<ParcelUseView>,
    /// First day on which it exists; `null`: since before anything known.
    began_on: Option<Day>,
    /// First day on which it exists no more; `null`: it exists. A parcel made in error ends on the day it begins.
    ended_on: Option<Day>,
    /// Whether it exists on the day asked about.
    living: bool,
    /// Never was: the change that made it was entered in error.
    voided: bool,
    /// The parcels that it came of, by which change and when.
    predecessors: Vec<ParcelKin>,
    /// The parcels that came of it.
    successors: Vec<ParcelKin>,
    /// Ellipsoidal area (CGCS2000), m².
    #[schema(example = 20000.0)]
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    #[schema(example = 30.0)]
    area_mu: f64,
}

/// A parcel that another came of, or that came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ParcelKin {
    /// Its identifier.
    id: ParcelId,
    /// Its code.
    #[schema(example = "152921001002GB00124")]
    code: String,
    /// First day on which it exists no more; `null`: it exists.
    ended_on: Option<Day>,
    /// The change by which one came of the other.
    change_id: ParcelChangeId,
    /// Day of that change.
    effective_on: Day,
    /// Its address, relative to the server.
    #[schema(example = "/v1/parcels/0190a0a0-0000-7000-8000-000000000000")]
    href: String,
}

fn href(id: ParcelId) -> String {
    format!("/v1/parcels/{id}")
}

impl From<&Kin> for ParcelKin {
    fn from(kin: &Kin) -> ParcelKin {
        ParcelKin {
            id: kin.id,
            code: kin.code.clone(),
            ended_on: kin.ended_on,
            change_id: kin.change_id,
            effective_on: kin.effective_on,
            href: href(kin.id),
        }
    }
}

/// The views of parcels, with what they came of and what came of them.
async fn views(conn: &mut PgConnection, rows: Vec<ParcelRow>, when: When) -> Result<Vec<Feature<ParcelProperties>>> {
    // Only what began or ended by a change has kin.
    let changed = rows.iter().filter(|row| row.began_by.is_some() || row.ended_by.is_some()).map(|row| row.id);
    let changed: Vec<ParcelId> = changed.collect();
    let kin = if changed.is_empty() { Vec::new() } else { store::kin(conn, &changed, when).await? };
    rows.into_iter().map(|row| view(row, &kin)).collect()
}

fn view(row: ParcelRow, kin: &[Kin]) -> Result<Feature<ParcelProperties>> {
    let of =
        |child: bool| kin.iter().filter(|kin| kin.of == row.id && kin.child == child).map(ParcelKin::from).collect();
    let land_use = row.land_use_system.as_deref().zip(row.land_use_code.as_deref()).map(|(system, code)| {
        LandUseSystem::parse(system)
            .and_then(|system| LandUse::parse(system, code))
            .map_err(|fault| Error::internal(format!("a parcel's land use: {}", fault.message.en)))
    });
    let land_use = land_use.transpose()?.map(|land_use| ParcelUseView {
        system: land_use.system().as_str().to_owned(),
        code: land_use.code().to_owned(),
        name_zh: land_use.name().zh.into_owned(),
        name_en: land_use.name().en.into_owned(),
    });
    let land_user = (row.land_user_name.is_some() || row.land_user_credit_code.is_some())
        .then(|| ParcelUser { name: row.land_user_name.clone(), credit_code: row.land_user_credit_code.clone() });
    let properties = ParcelProperties {
        parcel_code: parcel_code(&row.code).map(str::to_owned),
        real_estate_unit_number: real_estate_unit_number(&row.code).map(str::to_owned),
        predecessors: of(false),
        successors: of(true),
        code: row.code,
        code_form: row.code_form,
        division_code: row.division_code,
        address: row.address,
        land_user,
        land_use,
        began_on: row.began_on,
        ended_on: row.ended_on,
        living: row.living,
        voided: row.void,
        area_m2: row.area_m2,
        area_mu: mu(row.area_m2),
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// Which parcels.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ParcelQuery {
    /// The parcel with this code, also when it has ended.
    code: Option<String>,
    /// In this division and below.
    division: Option<DivisionCode>,
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Begins the code, or stands in the address or the land user's name.
    q: Option<String>,
    /// `ended`: also those that do not exist on the day.
    #[param(inline)]
    include: Option<IncludeParcels>,
    /// Existence on this day. Default: today, or the day of `known_at`.
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
enum IncludeParcels {
    /// Parcels that have ended by the day, or have not begun.
    Ended,
}

/// When.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhenQuery {
    /// Existence on this day. Default: today, or the day of `known_at`.
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

/// Parcels existing on the day asked about, in the order of their codes.
#[utoipa::path(
    get, path = "/v1/parcels", operation_id = "list_parcels", tag = "parcels", params(ParcelQuery),
    responses((status = 200, body = FeaturePage<ParcelProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("parcel.read")))
)]
async fn list_parcels(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<ParcelQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::ParcelRead)?;
    let limit = paging::limit(query.limit)?;
    let when = when(&call, query.true_on, query.known_at.as_deref())?;
    let filters = format!(
        "{:?}",
        ((&query.code, &query.division, &query.bbox, &query.q, query.include, &scope), (query.true_on, when.known_at))
    );
    let filter = Filter {
        scope,
        division: query.division.map(|code| code.as_str().to_owned()),
        boxes: feature::boxes(query.bbox.as_deref())?,
        q: query.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()),
        ended: query.include.is_some() || query.code.is_some(),
        code: query.code.as_deref().map(normal),
        when,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut tx = call.app().snapshot().await?;
    let rows = store::list(&mut tx, &filter).await?;
    let features = views(&mut tx, rows, when).await?;
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}

/// Registers a parcel. Its outline may overlap others': rights lie above each other.
#[utoipa::path(
    post, path = "/v1/parcels", operation_id = "create_parcel", tag = "parcels",
    params(("Content-Crs" = Option<String>, Header, example = "<http://www.opengis.net/def/crs/EPSG/0/4528>",
            description = "Reference system of the body's coordinates, in its own axes: its URI in angle brackets. Left out: CRS84, longitude and latitude. Answers are in CRS84.")),
    request_body(content = NewFeature<NewParcelProperties>, content_type = "application/geo+json"),
    responses((status = 201, body = Feature<ParcelProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("parcel.write")))
)]
async fn create_parcel(
    call: Call,
    ContentCrs(crs): ContentCrs,
    Body(body): Body<NewFeature<NewParcelProperties>>,
) -> Result<Reply, Stop> {
    let (parcel, area) = checked(call.app(), body, crs, call.today()).await?;
    let mut act = call.begin(Permission::ParcelWrite).await?;
    let id = actions::register(&mut act, &parcel, &area).await?;
    let now = When { on: act.today(), known_at: None };
    let reply = shown(act.tx(), id, now, None).await?.created(href(id));
    Ok(act.finish(reply).await?)
}

/// The faults of attributes and outline together, so that a sender learns of all of them at once.
async fn checked(
    app: &App,
    body: NewFeature<NewParcelProperties>,
    crs: BodyCrs,
    today: Day,
) -> Result<(NewParcel, Area)> {
    let of = body.properties;
    let mut cells = as_row(&of.code, of.address, of.land_user, of.land_use);
    cells.insert("division_code".to_owned(), json!(of.division_code.as_str()));
    for (name, day) in [("began_on", of.began_on), ("ended_on", of.ended_on)] {
        cells.insert(name.to_owned(), day.map_or(Value::Null, |day| json!(day.to_string())));
    }
    let parcel = actions::read(&cells, today)
        .map_err(|faults| faults.into_iter().map(|fault| in_body(fault, "")).collect::<Vec<_>>());
    let area = area_in_crs(app.db(), &body.geometry, crs, "/geometry").await;
    match (parcel, area) {
        (Ok(parcel), Ok(area)) => Ok((parcel, area)),
        (Ok(_), Err(error)) => Err(error),
        (Err(faults), Ok(_)) => Err(Error::invalid(faults)),
        (Err(faults), Err(error)) => Err(error.with_faults(faults)),
    }
}

/// A parcel as an answer.
async fn shown(conn: &mut PgConnection, id: ParcelId, when: When, scope: Option<&[String]>) -> Result<Reply> {
    let row = store::get(conn, id, when, scope).await?.ok_or_else(no_parcel)?;
    let revision = row.revision;
    let view = views(conn, vec![row], when).await?.pop().ok_or_else(no_parcel)?;
    Ok(Reply::geojson(&view)?.revision_as_shown(revision))
}

/// One parcel; the path takes its code too. One that has ended still answers, and names its successors.
#[utoipa::path(
    get, path = "/v1/parcels/{id}", operation_id = "get_parcel", tag = "parcels",
    params(("id" = String, Path, description = "Identifier, or code"), WhenQuery),
    responses((status = 200, body = Feature<ParcelProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("parcel.read")))
)]
async fn get_parcel(call: Call, Path(id): Path<String>, Params(query): Params<WhenQuery>) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::ParcelRead)?;
    let when = when(&call, query.true_on, query.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let id = lineage::named(&mut tx, &id).await?;
    Ok(shown(&mut tx, id, when, scope.as_deref()).await?)
}

/// A correction of a parcel's record: what is left out stays, `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "某镇某路 7 号", "reason": "地址录入有误"}))]
struct ParcelPatch {
    /// Where it lies, in words.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    address: Option<Option<String>>,
    /// Who uses it; given, it replaces name and code together.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ParcelUser>)]
    land_user: Option<Option<ParcelUser>>,
    /// What it is used for.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ParcelUse>)]
    land_use: Option<Option<ParcelUse>>,
    /// First day on which it exists; not where a change gave it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Day>)]
    began_on: Option<Option<Day>>,
    /// First day on which it exists no more; not where a change gave it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Day>)]
    ended_on: Option<Option<Day>>,
    /// Why; kept in the history.
    #[schema(max_length = 1000)]
    reason: String,
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// Corrects a parcel's record, with a reason; never its code or outline. The version before stays in the history.
#[utoipa::path(
    patch, path = "/v1/parcels/{id}", operation_id = "correct_parcel", tag = "parcels",
    params(("id" = String, Path, description = "Identifier, or code"),
           ("If-Match" = String, Header, description = "ETag of the version that is corrected", example = "\"1\"")),
    request_body(content = ParcelPatch, content_type = "application/json"),
    responses((status = 200, description = "Corrected", body = Feature<ParcelProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("parcel.write")))
)]
async fn correct_parcel(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(patch): Body<ParcelPatch>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ParcelWrite).await?;
    let id = lineage::named(act.tx(), &id).await?;
    let (name, credit_code) = match patch.land_user {
        None => (None, None),
        Some(None) => (Some(None), Some(None)),
        Some(Some(user)) => (Some(user.name), Some(user.credit_code)),
    };
    let new = Correction {
        address: patch.address,
        land_user_name: name,
        land_user_credit_code: credit_code,
        land_use: patch.land_use.map(|given| given.map(|land_use| (land_use.system, land_use.code))),
        began_on: patch.began_on,
        ended_on: patch.ended_on,
    };
    actions::correct(&mut act, id, revision, new, &patch.reason).await?;
    let now = When { on: act.today(), known_at: None };
    let reply = shown(act.tx(), id, now, None).await?;
    Ok(act.finish(reply).await?)
}

/// What is done to the outlines of parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ParcelChangeKind {
    /// 分割: one parcel becomes several that together are it.
    Split,
    /// 合并: several parcels of one division become one that is all of them.
    Merge,
    /// 边界调整: one parcel's outline is drawn anew.
    Redraw,
}

/// As [`ParcelChangeKind`], with what only files say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "says in the document which words there are")]
enum AnyParcelChangeKind {
    /// 分割
    Split,
    /// 合并
    Merge,
    /// 边界调整
    Redraw,
    /// 重划: several became several
    Rearranged,
}

/// A parcel that ends, by its identifier or its code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ParcelParent {
    /// Its identifier.
    #[serde(default)]
    id: Option<ParcelId>,
    /// Its code.
    #[serde(default)]
    #[schema(example = "152921001002GB00123")]
    code: Option<String>,
    /// The version that the sender has seen; left out, any.
    #[serde(default)]
    revision: Option<i32>,
}

/// A change of outlines. Outlines agree when what one has and the other has not is at most 1 m² or 0.01 % of the parents'
/// area, whichever is more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewParcelChange {
    /// What is done.
    kind: ParcelChangeKind,
    /// Day on which the parents end and the children begin: not after today, and not before the parents began.
    effective_on: Day,
    /// Why.
    #[schema(max_length = 1000)]
    reason: String,
    /// The paper it rests on.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// What ends.
    #[schema(max_items = 500)]
    parents: Vec<ParcelParent>,
    /// What begins.
    #[schema(max_items = 500)]
    children: Vec<NewFeature<ParcelChild>>,
}

impl NewParcelChange {
    /// The change, its children judged by their form. The children's division is their parents'.
    async fn read(self, app: &App, crs: BodyCrs, today: Day) -> Result<NewChange> {
        let too_many = [("/parents", self.parents.len()), ("/children", self.children.len())]
            .into_iter()
            .filter(|(_, n)| *n > MAX_PARCELS)
            .map(|(pointer, _)| {
                let text = Text::new(format!("最多 {MAX_PARCELS} 个。"), format!("At most {MAX_PARCELS}."));
                Fault::new(pointer, "too_many", text)
            });
        let mut faults: Vec<Fault> = too_many.collect();
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let mut children = Vec::with_capacity(self.children.len());
        for (n, child) in self.children.into_iter().enumerate() {
            let pointer = format!("/children/{n}");
            let of = child.properties;
            let mut cells = as_row(&of.code, of.address, of.land_user, of.land_use);
            // Read as any row is; the parents' division takes its place.
            cells.insert("division_code".to_owned(), json!("000000"));
            let parcel = actions::read(&cells, today);
            let area = area_in_crs(app.db(), &child.geometry, crs, &format!("{pointer}/geometry")).await;
            match (parcel, area) {
                (Ok(parcel), Ok(area)) => children.push(Child { area, parcel }),
                (parcel, area) => {
                    faults.extend(parcel.err().into_iter().flatten().map(|fault| in_body(fault, &pointer)));
                    match area {
                        Err(error) if error.faults().is_empty() => return Err(error),
                        Err(error) => faults.extend(error.faults().iter().cloned()),
                        Ok(_) => {}
                    }
                }
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let parents = self.parents.into_iter();
        Ok(NewChange {
            kind: match self.kind {
                ParcelChangeKind::Split => Kind::Split,
                ParcelChangeKind::Merge => Kind::Merge,
                ParcelChangeKind::Redraw => Kind::Redraw,
            },
            effective_on: self.effective_on,
            reason: self.reason,
            document_id: self.document_id,
            parents: parents.map(|p| Parent { id: p.id, code: p.code, revision: p.revision }).collect(),
            children,
        })
    }
}

/// A parcel in a change.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ParcelPart {
    /// Its identifier.
    id: ParcelId,
    /// Its code.
    #[schema(example = "152921001002GB00123")]
    code: String,
    /// Its address, relative to the server.
    href: String,
}

/// A change of outlines.
#[derive(Debug, Serialize, ToSchema)]
struct ParcelChange {
    /// Its identifier.
    id: ParcelChangeId,
    /// What was done.
    #[schema(value_type = AnyParcelChangeKind)]
    kind: String,
    /// The parcels' division.
    #[schema(example = "152921")]
    division_code: String,
    /// Day on which the parents end and the children begin.
    effective_on: Day,
    /// Why; `null` where a file says only what came of which.
    reason: Option<String>,
    /// The paper it rests on.
    document_id: Option<DocumentId>,
    /// Read from a file: nobody held the outlines to each other.
    imported: bool,
    /// What ended.
    parents: Vec<ParcelPart>,
    /// What began.
    children: Vec<ParcelPart>,
    /// Entered in error: the parents live on, and the children never were.
    voided: bool,
    /// Why it was taken back.
    void_reason: Option<String>,
    /// The act that recorded this version.
    #[schema(value_type = uuid::Uuid)]
    act_id: ActId,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
}

async fn change_views(conn: &mut PgConnection, rows: Vec<ChangeRow>) -> Result<Vec<ParcelChange>> {
    let ids: Vec<ParcelChangeId> = rows.iter().map(|row| row.id).collect();
    let parts = store::parts(conn, &ids).await?;
    Ok(rows.into_iter().map(|row| change_view(row, &parts)).collect())
}

fn change_view(row: ChangeRow, parts: &[PartRow]) -> ParcelChange {
    let of = |child: bool| {
        let parts = parts.iter().filter(|part| part.change_id == row.id && part.child == child);
        parts.map(|part| ParcelPart { id: part.id, code: part.code.clone(), href: href(part.id) }).collect()
    };
    ParcelChange {
        parents: of(false),
        children: of(true),
        id: row.id,
        kind: row.kind,
        division_code: row.division_code,
        effective_on: row.effective_on,
        reason: row.reason,
        document_id: row.document_id,
        imported: row.imported,
        voided: row.voided,
        void_reason: row.void_reason,
        act_id: row.act_id,
        recorded_at: row.recorded_at,
    }
}

/// Records that a parcel was split, that parcels were merged, or that a boundary was drawn anew. The parents end and the
/// children begin on the day; old codes still answer.
#[utoipa::path(
    post, path = "/v1/parcel-changes", operation_id = "record_parcel_change", tag = "parcels",
    params(("Content-Crs" = Option<String>, Header, example = "<http://www.opengis.net/def/crs/EPSG/0/4528>",
            description = "Reference system of the body's coordinates, in its own axes: its URI in angle brackets. Left out: CRS84, longitude and latitude.")),
    request_body(content = NewParcelChange, content_type = "application/json"),
    responses((status = 201, body = ParcelChange)),
    extensions(("x-permission" = json!("parcel.write")))
)]
async fn record_parcel_change(
    call: Call,
    ContentCrs(crs): ContentCrs,
    Body(body): Body<NewParcelChange>,
) -> Result<Reply, Stop> {
    let new = body.read(call.app(), crs, call.today()).await?;
    let mut act = call.begin(Permission::ParcelWrite).await?;
    let id = lineage::record(&mut act, new).await?;
    let reply = change_shown(act.tx(), id, None, None).await?.created(format!("/v1/parcel-changes/{id}"));
    Ok(act.finish(reply).await?)
}

/// A change as an answer.
async fn change_shown(
    conn: &mut PgConnection,
    id: ParcelChangeId,
    scope: Option<&[String]>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Reply> {
    let row = store::change(conn, id, scope, known_at).await?.ok_or_else(no_change)?;
    let revision = row.revision;
    let view = change_views(conn, vec![row]).await?.pop().ok_or_else(no_change)?;
    Ok(Reply::json(&view)?.revision(revision))
}

fn read_change_id(text: &str) -> Result<ParcelChangeId> {
    text.parse().map_err(|_| no_change())
}

/// Which knowledge.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KnownQuery {
    /// As the registry knew it at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// One change of parcels.
#[utoipa::path(
    get, path = "/v1/parcel-changes/{id}", operation_id = "get_parcel_change", tag = "parcels",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownQuery),
    responses((status = 200, body = ParcelChange)),
    extensions(("x-permission" = json!("parcel.read")))
)]
async fn get_parcel_change(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<KnownQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::ParcelRead)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    Ok(change_shown(&mut tx, read_change_id(&id)?, scope.as_deref(), known_at).await?)
}

/// Why a change is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VoidParcelChange {
    /// Why it was entered in error.
    #[schema(max_length = 1000)]
    reason: String,
}

/// Takes back a change that was entered in error, while none of its children has ended since: the parents live on, the
/// children never were and leave their codes free, and nothing is deleted.
#[utoipa::path(
    post, path = "/v1/parcel-changes/{id}/void", operation_id = "void_parcel_change", tag = "parcels",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    request_body(content = VoidParcelChange, content_type = "application/json"),
    responses((status = 200, body = ParcelChange)),
    extensions(("x-permission" = json!("parcel.write")))
)]
async fn void_parcel_change(
    call: Call,
    Path(id): Path<String>,
    Body(body): Body<VoidParcelChange>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::ParcelWrite).await?;
    let id = read_change_id(&id)?;
    lineage::void(&mut act, id, &body.reason).await?;
    let reply = change_shown(act.tx(), id, None, None).await?;
    Ok(act.finish(reply).await?)
}

/// A parcel in the tree of descent.
#[derive(Debug, Serialize, ToSchema)]
struct LineageParcel {
    /// Its identifier.
    id: ParcelId,
    /// Its code.
    code: String,
    /// Steps down from the parcel asked about; negative: steps up; 0: the parcel itself.
    generation: i32,
    /// Ellipsoidal area (CGCS2000), m².
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    area_mu: f64,
    /// First day on which it exists; `null`: since before anything known.
    began_on: Option<Day>,
    /// First day on which it exists no more; `null`: it exists.
    ended_on: Option<Day>,
    /// Its address, relative to the server.
    href: String,
}

/// What a parcel came of and what came of it, to the first and the last.
#[derive(Debug, Serialize, ToSchema)]
struct ParcelLineage {
    /// The parcels, by generation and code.
    parcels: Vec<LineageParcel>,
    /// The changes that lead from one to the other, the latest first; those entered in error are left out.
    changes: Vec<ParcelChange>,
}

/// Ancestors and descendants of a parcel; parcels that have ended answer as well.
#[utoipa::path(
    get, path = "/v1/parcels/{id}/lineage", operation_id = "get_parcel_lineage", tag = "parcels",
    params(("id" = String, Path, description = "Identifier, or code"), WhenQuery),
    responses((status = 200, body = ParcelLineage)),
    extensions(("x-permission" = json!("parcel.read")))
)]
async fn get_parcel_lineage(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<WhenQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::ParcelRead)?;
    let when = when(&call, query.true_on, query.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    let id = lineage::named(&mut tx, &id).await?;
    store::get(&mut tx, id, when, scope.as_deref()).await?.ok_or_else(no_parcel)?;
    let tree = store::tree(&mut tx, id, when).await?;
    let ids: Vec<ParcelId> = tree.iter().map(|row| row.id).collect();
    let changes = store::changes_among(&mut tx, &ids, when.known_at).await?;
    let changes = change_views(&mut tx, changes).await?;
    let parcels = tree
        .into_iter()
        .map(|row| LineageParcel {
            href: href(row.id),
            id: row.id,
            code: row.code,
            generation: row.generation,
            area_m2: row.area_m2,
            area_mu: mu(row.area_m2),
            began_on: row.began_on,
            ended_on: row.ended_on,
        })
        .collect();
    Ok(Reply::json(&ParcelLineage { parcels, changes })?)
}
