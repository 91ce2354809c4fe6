//! `/v1/siting-zones`, `/v1/siting-zone-publications`, `/v1/approval-restrictions`.

use super::actions::{self, NewPublication, NewRestriction, no_publication, no_restriction, no_zone};
use super::store::{self, Filter, Publication, RestrictionRow, Zone, ZoneFilter, ZoneRow};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    ApprovalRestrictionId, Area, Day, DivisionCode, DocumentId, Error, Result, SitingZoneId, ZonePublicationId, mu,
};
use crate::platform::call::{KnownParams, known_at};
use crate::platform::feature::{Feature, FeaturePage, Link, NewFeature, boxes};
use crate::platform::reply::JSON;
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_siting_zones, publish_siting_zone))
        .routes(routes!(get_siting_zone, end_siting_zone))
        .routes(routes!(list_zone_publications, declare_zone_publication))
        .routes(routes!(get_zone_publication, withdraw_zone_publication))
        .routes(routes!(list_approval_restrictions, enter_approval_restriction))
        .routes(routes!(get_approval_restriction, end_approval_restriction))
}

/// Kind of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ZoneKind {
    /// 优先保护类耕地集中区域
    PriorityFarmlandConcentration,
    /// 永久基本农田集中区域
    PermanentBasicFarmlandConcentration,
}

impl ZoneKind {
    fn as_str(self) -> &'static str {
        super::KINDS[self as usize]
    }
}

/// What an order is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RestrictionLabel {
    /// 环评限批
    EiaApprovals,
    /// 区域限批
    RegionalApprovals,
}

/// Which projects an order covers, so far as a check can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RestrictionCovers {
    /// Every project.
    EveryProject,
    /// Projects that may pollute soil.
    SoilPolluting,
    /// What its scope says; a person compares.
    AsWorded,
}

/// Attributes of a zone that was published.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewZoneProperties {
    /// The name that the publisher files it under; unique.
    #[schema(example = "152921-JZ-01", min_length = 1, max_length = 500)]
    code: String,
    /// What it is called.
    #[schema(example = "巴彦浩特北部优先保护类耕地集中区域")]
    name: String,
    /// Its kind.
    kind: ZoneKind,
    /// Where it lies.
    division_code: DivisionCode,
    /// Who published it.
    #[schema(example = "阿拉善左旗人民政府")]
    published_by: String,
    /// The day from which it holds; not after today.
    published_on: Day,
    /// Number of the publication.
    #[serde(default)]
    document_number: Option<String>,
    /// The publication, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// Ends a zone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ended_on": "2026-12-01", "reason": "调整公布"}))]
struct EndZone {
    /// The day from which it no longer holds; not before its publication.
    ended_on: Day,
    /// Why, 1 to 500 characters.
    reason: String,
}

/// Attributes of a zone.
#[derive(Debug, Serialize, ToSchema)]
struct SitingZoneProperties {
    /// The name that the publisher files it under.
    #[schema(example = "152921-JZ-01")]
    code: String,
    /// What it is called.
    name: String,
    /// Its kind.
    #[schema(value_type = ZoneKind)]
    kind: String,
    /// Where it lies.
    #[schema(example = "152921")]
    division_code: String,
    /// Who published it.
    published_by: String,
    /// The day from which it holds.
    published_on: Day,
    /// Number of the publication.
    document_number: Option<String>,
    /// The publication.
    document_id: Option<DocumentId>,
    /// The day from which it no longer holds.
    ended_on: Option<Day>,
    /// Why it ended.
    end_reason: Option<String>,
    /// Ellipsoidal area (CGCS2000), m².
    area_m2: f64,
    /// The same in mu (10000/15 m²).
    area_mu: f64,
    /// Version, from 1.
    #[schema(example = 1)]
    revision: i32,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
}

fn zone_view(row: ZoneRow) -> Result<Feature<SitingZoneProperties>> {
    let properties = SitingZoneProperties {
        code: row.code,
        name: row.name,
        kind: row.kind,
        division_code: row.division_code,
        published_by: row.published_by,
        published_on: row.published_on,
        document_number: row.document_number,
        document_id: row.document_id,
        ended_on: row.ended_on,
        end_reason: row.end_reason,
        area_m2: row.area_m2,
        area_mu: mu(row.area_m2),
        revision: row.revision,
        recorded_at: row.sys_from,
    };
    Feature::of(row.id.0, row.wkb.as_deref(), properties)
}

/// Which zones.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ZoneQuery {
    /// Of this kind.
    kind: Option<ZoneKind>,
    /// In this division and below.
    division: Option<DivisionCode>,
    /// `west,south,east,north` in CRS84.
    bbox: Option<String>,
    /// Those that hold on this day; today when left out.
    true_on: Option<Day>,
    /// As the registry knew it at this instant (RFC 3339).
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// Published zones that hold on a day, by code. Public.
#[utoipa::path(
    get, path = "/v1/siting-zones", operation_id = "list_siting_zones", tag = "siting checks", params(ZoneQuery),
    responses((status = 200, body = FeaturePage<SitingZoneProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("open")))
)]
async fn list_siting_zones(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<ZoneQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let limit = paging::limit(query.limit)?;
    let filters = format!("{:?}", (query.kind, &query.division, &query.bbox, query.true_on, &query.known_at));
    let filter = ZoneFilter {
        // Zones are published: everybody sees every one, whatever their scope.
        scope: None,
        id: None,
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        division: query.division.map(|code| code.as_str().to_owned()),
        boxes: boxes(query.bbox.as_deref())?,
        on: Some(query.true_on.unwrap_or_else(|| call.today())),
        known_at: known_at(query.known_at.as_deref())?,
        after: Cursor::key(query.cursor.as_deref(), &filters)?,
        limit: i64::from(limit) + 1,
    };
    let mut conn = call.app().db().acquire().await?;
    let features = store::list(&mut conn, &filter).await?.into_iter().map(zone_view).collect::<Result<Vec<_>>>()?;
    let page = FeaturePage::of(&uri, features, limit, &filters, |feature| feature.properties.code.clone());
    Ok(Reply::geojson(&page)?)
}

/// Enter a zone that was published
///
/// By agriculture, ecology or the government of the place. A zone is what was published, never what was computed.
#[utoipa::path(
    post, path = "/v1/siting-zones", operation_id = "publish_siting_zone", tag = "siting checks",
    request_body(content = NewFeature<NewZoneProperties>, content_type = "application/geo+json"),
    responses((status = 201, description = "Entered", body = Feature<SitingZoneProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("siting_zone.write")))
)]
async fn publish_siting_zone(call: Call, Body(body): Body<NewFeature<NewZoneProperties>>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SitingZoneWrite).await?;
    let area = Area::from_geojson(&body.geometry, "/geometry").map_err(Error::invalid)?;
    let given = body.properties;
    let zone = Zone {
        code: given.code,
        name: given.name,
        kind: given.kind.as_str().to_owned(),
        division_code: given.division_code.as_str().to_owned(),
        published_by: given.published_by,
        published_on: given.published_on,
        document_number: given.document_number,
        document_id: given.document_id,
        ended_on: None,
        end_reason: None,
    };
    let id = actions::publish(&mut act, zone, &area).await?;
    let row = store::lock(act.tx(), id).await?.ok_or_else(no_zone)?;
    let reply = Reply::geojson(&zone_view(row)?)?.created(format!("/v1/siting-zones/{id}")).revision(1);
    Ok(act.finish(reply).await?)
}

/// One zone, ended or not. Public.
#[utoipa::path(
    get, path = "/v1/siting-zones/{id}", operation_id = "get_siting_zone", tag = "siting checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownParams),
    responses((status = 200, body = Feature<SitingZoneProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("open")))
)]
async fn get_siting_zone(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let filter = ZoneFilter {
        id: Some(id.parse().map_err(|_| no_zone())?),
        known_at: known_at(params.known_at.as_deref())?,
        limit: 1,
        ..ZoneFilter::default()
    };
    let mut conn = call.app().db().acquire().await?;
    let row = store::list(&mut conn, &filter).await?.pop().ok_or_else(no_zone)?;
    let revision = row.revision;
    Ok(Reply::geojson(&zone_view(row)?)?.revision(revision))
}

/// End a zone
///
/// It stays on record and holds no longer from the day given.
#[utoipa::path(
    patch, path = "/v1/siting-zones/{id}", operation_id = "end_siting_zone", tag = "siting checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    request_body(content = EndZone, content_type = "application/json"),
    responses((status = 200, description = "Ended", body = Feature<SitingZoneProperties>, content_type = "application/geo+json")),
    extensions(("x-permission" = json!("siting_zone.write")))
)]
async fn end_siting_zone(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(body): Body<EndZone>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SitingZoneWrite).await?;
    let id: SitingZoneId = id.parse().map_err(|_| no_zone())?;
    let row = actions::end(&mut act, id, revision, body.ended_on, &body.reason).await?;
    let revision = row.revision;
    Ok(act.finish(Reply::geojson(&zone_view(row)?)?.revision(revision)).await?)
}

/// That a division has published all its zones of a kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"division_code": "152921", "kind": "permanent_basic_farmland_concentration", "as_of": "2026-10-01",
    "published_by": "阿拉善左旗人民政府"}))]
struct NewPublicationBody {
    /// The division, with those below.
    division_code: DivisionCode,
    /// The kind of zones.
    kind: ZoneKind,
    /// The day whose state it tells; not after today.
    as_of: Day,
    /// Who published them.
    published_by: String,
    /// Number of the publication.
    #[serde(default)]
    document_number: Option<String>,
    /// The publication, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// Why a statement counts no more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "误录"}))]
struct WithdrawPublication {
    /// Why, 1 to 500 characters.
    reason: String,
}

/// That a division has published all its zones of a kind, none among them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SitingZonePublicationView)]
struct PublicationView {
    /// Its identifier.
    id: ZonePublicationId,
    /// The division, with those below.
    #[schema(example = "152921")]
    division_code: String,
    /// The kind of zones.
    #[schema(value_type = ZoneKind)]
    kind: String,
    /// The day whose state it tells.
    as_of: Day,
    /// Who published them.
    published_by: String,
    /// Number of the publication.
    document_number: Option<String>,
    /// The publication.
    document_id: Option<DocumentId>,
    /// Why it counts no more; `null` while it does.
    withdrawn_reason: Option<String>,
    /// Version, from 1.
    #[schema(example = 1)]
    revision: i32,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
}

impl From<Publication> for PublicationView {
    fn from(row: Publication) -> PublicationView {
        PublicationView {
            id: row.id,
            division_code: row.division_code,
            kind: row.kind,
            as_of: row.as_of,
            published_by: row.published_by,
            document_number: row.document_number,
            document_id: row.document_id,
            withdrawn_reason: row.withdrawn_reason,
            revision: row.revision,
            recorded_at: row.sys_from,
        }
    }
}

/// A page of statements.
#[derive(Debug, Serialize, ToSchema)]
struct Publications {
    /// Oldest entry first.
    publications: Vec<PublicationView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Which entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntryQuery {
    /// In this division and below.
    division: Option<DivisionCode>,
    /// Those that hold on this day; all when left out.
    true_on: Option<Day>,
    /// As the registry knew it at this instant (RFC 3339).
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

impl EntryQuery {
    fn filter(self, scope: Option<Vec<String>>) -> Result<(Filter, u32, String)> {
        let limit = paging::limit(self.limit)?;
        let filters = format!("{:?}", (&self.division, self.true_on, &self.known_at, &scope));
        let after = Cursor::key(self.cursor.as_deref(), &filters)?;
        let filter = Filter {
            scope,
            id: None,
            division: self.division.map(|code| code.as_str().to_owned()),
            on: self.true_on,
            known_at: known_at(self.known_at.as_deref())?,
            after,
            limit: i64::from(limit) + 1,
        };
        Ok((filter, limit, filters))
    }
}

/// Which divisions have published their zones, oldest entry first.
#[utoipa::path(
    get, path = "/v1/siting-zone-publications", operation_id = "list_zone_publications", tag = "siting checks",
    params(EntryQuery), responses((status = 200, body = Publications)),
    extensions(("x-permission" = json!("check_basis.read")))
)]
async fn list_zone_publications(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<EntryQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::CheckBasisRead)?;
    let (filter, limit, filters) = query.filter(scope)?;
    let mut conn = call.app().db().acquire().await?;
    let mut publications: Vec<PublicationView> =
        store::list_publications(&mut conn, &filter).await?.into_iter().map(PublicationView::from).collect();
    let links = Link::pages(&uri, &mut publications, limit, &filters, JSON, |row| row.id.to_string());
    Ok(Reply::json(&Publications { publications, links })?)
}

/// Enter that a division has published its zones
///
/// All of a kind, none among them. Without it, and without a zone of the division or of one above it, whether there are zones
/// is unknown, and siting checks say so.
#[utoipa::path(
    post, path = "/v1/siting-zone-publications", operation_id = "declare_zone_publication", tag = "siting checks",
    request_body(content = NewPublicationBody, content_type = "application/json"),
    responses((status = 201, description = "Entered", body = PublicationView)),
    extensions(("x-permission" = json!("siting_zone.write")))
)]
async fn declare_zone_publication(call: Call, Body(body): Body<NewPublicationBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SitingZoneWrite).await?;
    let new = NewPublication {
        division_code: body.division_code.as_str().to_owned(),
        kind: body.kind.as_str(),
        as_of: body.as_of,
        published_by: body.published_by,
        document_number: body.document_number,
        document_id: body.document_id,
    };
    let row = actions::declare(&mut act, new).await?;
    let href = format!("/v1/siting-zone-publications/{}", row.id);
    Ok(act.finish(Reply::json(&PublicationView::from(row))?.created(href).revision(1)).await?)
}

/// One statement that a division has published its zones.
#[utoipa::path(
    get, path = "/v1/siting-zone-publications/{id}", operation_id = "get_zone_publication", tag = "siting checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownParams),
    responses((status = 200, body = PublicationView)), extensions(("x-permission" = json!("check_basis.read")))
)]
async fn get_zone_publication(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::CheckBasisRead)?;
    let id = id.parse().map_err(|_| no_publication())?;
    let filter = one(scope, id, params)?;
    let mut conn = call.app().db().acquire().await?;
    let row = store::list_publications(&mut conn, &filter).await?.pop().ok_or_else(no_publication)?;
    let revision = row.revision;
    Ok(Reply::json(&PublicationView::from(row))?.revision(revision))
}

/// One entry, as known at an instant.
fn one(scope: Option<Vec<String>>, id: uuid::Uuid, params: KnownParams) -> Result<Filter> {
    let known_at = known_at(params.known_at.as_deref())?;
    Ok(Filter { scope, id: Some(id), known_at, limit: 1, ..Filter::default() })
}

/// Withdraw the statement that a division has published its zones
///
/// It stays, with the reason, and counts no more.
#[utoipa::path(
    patch, path = "/v1/siting-zone-publications/{id}", operation_id = "withdraw_zone_publication", tag = "siting checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    request_body(content = WithdrawPublication, content_type = "application/json"),
    responses((status = 200, description = "Withdrawn", body = PublicationView)),
    extensions(("x-permission" = json!("siting_zone.write")))
)]
async fn withdraw_zone_publication(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(body): Body<WithdrawPublication>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SitingZoneWrite).await?;
    let id: ZonePublicationId = id.parse().map_err(|_| no_publication())?;
    let row = actions::withdraw(&mut act, id, revision, &body.reason).await?;
    let revision = row.revision;
    Ok(act.finish(Reply::json(&PublicationView::from(row))?.revision(revision)).await?)
}

/// An order that limits approvals.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"division_code": "152921", "label": "eia_approvals", "covers": "soil_polluting",
    "scope": "新增重金属污染物排放的建设项目", "from": "2026-06-01", "authority": "阿拉善盟行政公署"}))]
struct NewRestrictionBody {
    /// The division, with those below.
    division_code: DivisionCode,
    /// What it is called.
    label: RestrictionLabel,
    /// Which projects it covers, so far as a check can tell.
    covers: RestrictionCovers,
    /// The scope in the words of the order, 1 to 500 characters.
    scope: String,
    /// First day; not after today.
    from: Day,
    /// Last day; left out: until it is lifted.
    #[serde(default)]
    until: Option<Day>,
    /// Who ordered it.
    authority: String,
    /// Its number.
    #[serde(default)]
    document_number: Option<String>,
    /// The order, filed before.
    #[serde(default)]
    document_id: Option<DocumentId>,
}

/// Sets the last day of an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"until": "2026-11-20", "reason": "整改完成"}))]
struct EndRestriction {
    /// Last day; not before its first.
    until: Day,
    /// Why, 1 to 500 characters.
    reason: String,
}

/// An order that limits approvals.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SitingZoneRestrictionView)]
struct RestrictionView {
    /// Its identifier.
    id: ApprovalRestrictionId,
    /// The division, with those below.
    #[schema(example = "152921")]
    division_code: String,
    /// What it is called.
    #[schema(value_type = RestrictionLabel)]
    label: String,
    /// Which projects it covers, so far as a check can tell.
    #[schema(value_type = RestrictionCovers)]
    covers: String,
    /// The scope in the words of the order.
    scope: String,
    /// First day.
    from: Day,
    /// Last day; `null`: until it is lifted.
    until: Option<Day>,
    /// Who ordered it.
    authority: String,
    /// Its number.
    document_number: Option<String>,
    /// The order.
    document_id: Option<DocumentId>,
    /// Why it ended.
    end_reason: Option<String>,
    /// Version, from 1.
    #[schema(example = 1)]
    revision: i32,
    /// When this version was recorded.
    recorded_at: DateTime<Utc>,
}

impl From<RestrictionRow> for RestrictionView {
    fn from(row: RestrictionRow) -> RestrictionView {
        RestrictionView {
            id: row.id,
            division_code: row.division_code,
            label: row.label,
            covers: row.covers,
            scope: row.scope,
            from: row.from_on,
            until: row.until_on,
            authority: row.authority,
            document_number: row.document_number,
            document_id: row.document_id,
            end_reason: row.end_reason,
            revision: row.revision,
            recorded_at: row.sys_from,
        }
    }
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
struct Restrictions {
    /// Oldest entry first.
    restrictions: Vec<RestrictionView>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Orders that limit approvals (限批), oldest entry first.
#[utoipa::path(
    get, path = "/v1/approval-restrictions", operation_id = "list_approval_restrictions", tag = "siting checks",
    params(EntryQuery), responses((status = 200, body = Restrictions)),
    extensions(("x-permission" = json!("check_basis.read")))
)]
async fn list_approval_restrictions(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<EntryQuery>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::CheckBasisRead)?;
    let (filter, limit, filters) = query.filter(scope)?;
    let mut conn = call.app().db().acquire().await?;
    let mut restrictions: Vec<RestrictionView> =
        store::list_restrictions(&mut conn, &filter).await?.into_iter().map(RestrictionView::from).collect();
    let links = Link::pages(&uri, &mut restrictions, limit, &filters, JSON, |row| row.id.to_string());
    Ok(Reply::json(&Restrictions { restrictions, links })?)
}

/// Enter an order that limits approvals in a division
#[utoipa::path(
    post, path = "/v1/approval-restrictions", operation_id = "enter_approval_restriction", tag = "siting checks",
    request_body(content = NewRestrictionBody, content_type = "application/json"),
    responses((status = 201, description = "Entered", body = RestrictionView)),
    extensions(("x-permission" = json!("siting_zone.write")))
)]
async fn enter_approval_restriction(call: Call, Body(body): Body<NewRestrictionBody>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SitingZoneWrite).await?;
    let new = NewRestriction {
        division_code: body.division_code.as_str().to_owned(),
        label: super::LABELS[body.label as usize],
        covers: super::COVERS[body.covers as usize],
        scope: body.scope,
        from_on: body.from,
        until_on: body.until,
        authority: body.authority,
        document_number: body.document_number,
        document_id: body.document_id,
    };
    let row = actions::restrict(&mut act, new).await?;
    let href = format!("/v1/approval-restrictions/{}", row.id);
    Ok(act.finish(Reply::json(&RestrictionView::from(row))?.created(href).revision(1)).await?)
}

/// One order that limits approvals.
#[utoipa::path(
    get, path = "/v1/approval-restrictions/{id}", operation_id = "get_approval_restriction", tag = "siting checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownParams),
    responses((status = 200, body = RestrictionView)), extensions(("x-permission" = json!("check_basis.read")))
)]
async fn get_approval_restriction(
    call: Call,
    Path(id): Path<String>,
    Params(params): Params<KnownParams>,
) -> Result<Reply, Stop> {
    let scope = call.read_departments(Permission::CheckBasisRead)?;
    let id = id.parse().map_err(|_| no_restriction())?;
    let filter = one(scope, id, params)?;
    let mut conn = call.app().db().acquire().await?;
    let row = store::list_restrictions(&mut conn, &filter).await?.pop().ok_or_else(no_restriction)?;
    let revision = row.revision;
    Ok(Reply::json(&RestrictionView::from(row))?.revision(revision))
}

/// Set the last day of an order that limits approvals
#[utoipa::path(
    patch, path = "/v1/approval-restrictions/{id}", operation_id = "end_approval_restriction", tag = "siting checks",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    request_body(content = EndRestriction, content_type = "application/json"),
    responses((status = 200, description = "Changed", body = RestrictionView)),
    extensions(("x-permission" = json!("siting_zone.write")))
)]
async fn end_approval_restriction(
    call: Call,
    Path(id): Path<String>,
    IfMatch(revision): IfMatch,
    Body(body): Body<EndRestriction>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::SitingZoneWrite).await?;
    let id: ApprovalRestrictionId = id.parse().map_err(|_| no_restriction())?;
    let row = actions::lift(&mut act, id, revision, body.until, &body.reason).await?;
    let revision = row.revision;
    Ok(act.finish(Reply::json(&RestrictionView::from(row))?.revision(revision)).await?)
}
