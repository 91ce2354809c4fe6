//! `/v1/farmland-changes`, and what came of which.

use super::super::actions::{self, Child, NewChange, Parent, no_change, no_unit};
use super::super::rules::lineage::{Kind, MAX_UNITS};
use super::super::store::lineage::{self as store, ChangeFilter, ChangeRow, PartRow};
use super::super::store::{self as units, When};
use super::{BecameBody, FarmlandClass, KnownQuery, LandType, known_at, scope};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{
    ActId, Area, Day, DivisionCode, DocumentId, Error, FarmlandChangeId, FarmlandUnitId, Fault, Result, Text, mu,
};
use crate::platform::feature::{Link, NewFeature};
use crate::platform::reply::JSON;
use crate::platform::{App, Body, Call, Params, Permission, Reply, Stop};
use axum::extract::{OriginalUri, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_farmland_changes, record_farmland_change))
        .routes(routes!(get_farmland_change))
        .routes(routes!(void_farmland_change))
        .routes(routes!(get_farmland_lineage))
}

/// What is done to the outlines of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChangeKind {
    /// 拆分: one unit becomes several that together are it.
    Split,
    /// 合并: several units of one division and land type become one that is all of them.
    Merge,
    /// 边界更正: one unit's outline is corrected.
    Redraw,
}

/// As [`ChangeKind`], with the land that left farming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AnyChangeKind {
    /// 拆分
    Split,
    /// 合并
    Merge,
    /// 边界更正
    Redraw,
    /// 转出农用地
    LeftFarming,
}

impl AnyChangeKind {
    fn as_str(self) -> &'static str {
        match self {
            AnyChangeKind::Split => Kind::Split.as_str(),
            AnyChangeKind::Merge => Kind::Merge.as_str(),
            AnyChangeKind::Redraw => Kind::Redraw.as_str(),
            AnyChangeKind::LeftFarming => Kind::LeftFarming.as_str(),
        }
    }
}

/// A unit that ends, by its identifier or its code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ParentBody {
    /// Its identifier.
    #[serde(default)]
    id: Option<FarmlandUnitId>,
    /// Its code.
    #[serde(default)]
    #[schema(example = "140602NY000001")]
    code: Option<String>,
    /// The version that the sender has seen; left out, any.
    #[serde(default)]
    revision: Option<i32>,
}

/// Attributes of a unit that begins. What is left out is as with its parents, where they agree. The class is inherited:
/// that of the parent, or the strictest of several; land that nobody classified is stricter than priority protection.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChildBody {
    /// Its code, unique in the registry; left out: the first parent's with `-1`, `-2`, … behind it.
    #[serde(default)]
    #[schema(max_length = 500)]
    code: Option<String>,
    /// Its land type, which is its parents'; a change of land use is recorded apart.
    #[serde(default)]
    land_type: Option<LandType>,
    /// What grows there.
    #[serde(default)]
    #[schema(max_length = 500)]
    crop: Option<String>,
    /// Township.
    #[serde(default)]
    #[schema(max_length = 500)]
    township: Option<String>,
    /// Village.
    #[serde(default)]
    #[schema(max_length = 500)]
    village: Option<String>,
    /// Permanent basic farmland.
    #[serde(default)]
    pbf: Option<bool>,
    /// Area as the source states it, m².
    #[serde(default)]
    #[schema(exclusive_minimum = 0.0)]
    stated_area_m2: Option<f64>,
}

/// A change of outlines. Outlines agree when what one has and the other has not is at most 1 m² or 0.01 % of the parents'
/// area, whichever is more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFarmlandChange {
    /// What is done.
    kind: ChangeKind,
    /// Day on which the parents end and the children begin: not after today, not before the parents began, and not before
    /// the last that is known of them.
    effective_on: Day,
    /// Why.
    #[schema(max_length = 1000)]
    reason: String,
    /// The paper it rests on.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// What ends.
    #[schema(max_items = 500)]
    parents: Vec<ParentBody>,
    /// What begins.
    #[schema(max_items = 500)]
    children: Vec<NewFeature<ChildBody>>,
}

impl NewFarmlandChange {
    /// The change, its children's outlines judged by their form.
    fn read(self) -> Result<NewChange> {
        let kind = match self.kind {
            ChangeKind::Split => Kind::Split,
            ChangeKind::Merge => Kind::Merge,
            ChangeKind::Redraw => Kind::Redraw,
        };
        let mut faults: Vec<Fault> = Vec::new();
        for (pointer, n) in [("/parents", self.parents.len()), ("/children", self.children.len())] {
            if n > MAX_UNITS {
                faults.push(Fault::new(
                    pointer,
                    "too_many",
                    Text::new(format!("最多 {MAX_UNITS} 个。"), format!("At most {MAX_UNITS}.")),
                ));
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let mut children = Vec::with_capacity(self.children.len());
        for (n, child) in self.children.into_iter().enumerate() {
            let pointer = format!("/children/{n}");
            let of = child.properties;
            for (name, text) in
                [("code", &of.code), ("crop", &of.crop), ("township", &of.township), ("village", &of.village)]
            {
                if text.as_ref().is_some_and(|text| text.trim().is_empty() || text.chars().count() > 500) {
                    faults.push(Fault::new(
                        format!("{pointer}/properties/{name}"),
                        "text_unfit",
                        Text::fixed("应为 1 至 500 字。", "must be 1 to 500 characters."),
                    ));
                }
            }
            if of.stated_area_m2.is_some_and(|area| !area.is_finite() || area <= 0.0) {
                faults.push(Fault::new(
                    format!("{pointer}/properties/stated_area_m2"),
                    "not_positive",
                    Text::fixed("应为大于 0 的数。", "must be a number above 0."),
                ));
            }
            let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
            match Area::from_geojson(&child.geometry, &format!("{pointer}/geometry")) {
                Ok(area) => children.push(Child {
                    area,
                    code: trimmed(of.code),
                    land_type: of.land_type.map(|kind| kind.as_str().to_owned()),
                    crop: trimmed(of.crop),
                    township: trimmed(of.township),
                    village: trimmed(of.village),
                    pbf: of.pbf,
                    stated_area_m2: of.stated_area_m2,
                }),
                Err(more) => faults.extend(more),
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        Ok(NewChange {
            kind,
            effective_on: self.effective_on,
            reason: self.reason,
            document_id: self.document_id,
            parents: self
                .parents
                .into_iter()
                .map(|parent| Parent { id: parent.id, code: parent.code, revision: parent.revision })
                .collect(),
            children,
        })
    }
}

/// A unit in a change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LineagePartView)]
struct PartView {
    /// Its identifier.
    id: FarmlandUnitId,
    /// Its code.
    #[schema(example = "140602NY000001-1")]
    code: String,
    /// Its address, relative to the server.
    #[schema(example = "/v1/farmland-units/0190a0a0-0000-7000-8000-000000000000")]
    href: String,
}

/// A change of outlines, or land that left farming.
#[derive(Debug, Serialize, ToSchema)]
struct FarmlandChange {
    /// Its identifier.
    id: FarmlandChangeId,
    /// What was done.
    #[schema(value_type = AnyChangeKind)]
    kind: String,
    /// The units' division.
    #[schema(example = "140602")]
    division_code: String,
    /// Day on which the parents end and the children begin.
    effective_on: Day,
    /// Why.
    reason: String,
    /// The paper it rests on.
    document_id: Option<DocumentId>,
    /// What the land became, where it left farming.
    became: Option<BecameBody>,
    /// What ended.
    parents: Vec<PartView>,
    /// What began.
    children: Vec<PartView>,
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

async fn views(conn: &mut PgConnection, rows: Vec<ChangeRow>) -> Result<Vec<FarmlandChange>> {
    let ids: Vec<FarmlandChangeId> = rows.iter().map(|row| row.id).collect();
    let parts = store::parts(conn, &ids).await?;
    Ok(rows.into_iter().map(|row| view(row, &parts)).collect())
}

fn view(row: ChangeRow, parts: &[PartRow]) -> FarmlandChange {
    let of = |child: bool| {
        let parts = parts.iter().filter(|part| part.change_id == row.id && part.child == child);
        let view = |part: &PartRow| PartView {
            id: part.id,
            code: part.code.clone(),
            href: format!("/v1/farmland-units/{}", part.id),
        };
        parts.map(view).collect()
    };
    FarmlandChange {
        parents: of(false),
        children: of(true),
        id: row.id,
        kind: row.kind,
        division_code: row.division_code,
        effective_on: row.effective_on,
        reason: row.reason,
        document_id: row.document_id,
        became: row.became_system.zip(row.became_code).map(|(system, code)| BecameBody { system, code }),
        voided: row.voided,
        void_reason: row.void_reason,
        act_id: row.act_id,
        recorded_at: row.recorded_at,
    }
}

/// Which changes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangeQuery {
    /// In this division and below.
    division: Option<DivisionCode>,
    /// What was done.
    #[param(inline)]
    kind: Option<AnyChangeKind>,
    /// On this day or after.
    from: Option<Day>,
    /// On this day or before.
    to: Option<Day>,
    /// In which this unit ended or began.
    unit: Option<FarmlandUnitId>,
    /// As the registry knew it at this instant, RFC 3339; now when left out.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// Where to go on, from a `next` link.
    cursor: Option<String>,
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
struct FarmlandChangePage {
    /// The latest first.
    changes: Vec<FarmlandChange>,
    /// `self`, and `next` where there is more.
    links: Vec<Link>,
}

/// Changes of outlines, and land that left farming, the latest first.
#[utoipa::path(
    get, path = "/v1/farmland-changes", operation_id = "list_farmland_changes", tag = "farmland", params(ChangeQuery),
    responses((status = 200, body = FarmlandChangePage)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn list_farmland_changes(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<ChangeQuery>,
) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let limit = paging::limit(query.limit)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let filters = format!("{:?}", (&query.division, query.kind, query.from, query.to, query.unit, known_at, &scope));
    let filter = ChangeFilter {
        scope,
        id: None,
        division: query.division.map(|code| code.as_str().to_owned()),
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        from: query.from,
        to: query.to,
        unit: query.unit,
        known_at,
        after: query.cursor.as_deref().map(|cursor| read_cursor(cursor, &filters)).transpose()?,
        limit: i64::from(limit) + 1,
    };
    let mut tx = call.app().snapshot().await?;
    let mut rows = store::changes(&mut tx, &filter).await?;
    let links =
        Link::pages(&uri, &mut rows, limit, &filters, JSON, |last| format!("{} {}", last.effective_on, last.id));
    let changes = views(&mut tx, rows).await?;
    Ok(Reply::json(&FarmlandChangePage { changes, links })?)
}

fn read_cursor(cursor: &str, filters: &str) -> Result<(Day, FarmlandChangeId)> {
    let key = Cursor::read(cursor, filters)?;
    let (day, id) = key.split_once(' ').ok_or_else(Cursor::refused)?;
    Ok((Day::parse(day).ok_or_else(Cursor::refused)?, id.parse().map_err(|_| Cursor::refused())?))
}

/// One change.
#[utoipa::path(
    get, path = "/v1/farmland-changes/{id}", operation_id = "get_farmland_change", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier"), KnownQuery),
    responses((status = 200, body = FarmlandChange)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn get_farmland_change(
    call: Call,
    Path(id): Path<String>,
    Params(query): Params<KnownQuery>,
) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let known_at = known_at(query.known_at.as_deref())?;
    let mut tx = call.app().snapshot().await?;
    Ok(shown(&mut tx, read_id(&id)?, scope, known_at).await?)
}

/// A change as an answer.
async fn shown(
    conn: &mut PgConnection,
    id: FarmlandChangeId,
    scope: Option<Vec<String>>,
    known_at: Option<DateTime<Utc>>,
) -> Result<Reply> {
    let filter = ChangeFilter {
        scope,
        id: Some(id),
        division: None,
        kind: None,
        from: None,
        to: None,
        unit: None,
        known_at,
        after: None,
        limit: 1,
    };
    let row = store::changes(conn, &filter).await?.pop().ok_or_else(no_change)?;
    let revision = row.revision;
    let view = views(conn, vec![row]).await?.pop().ok_or_else(no_change)?;
    Ok(Reply::json(&view)?.revision(revision))
}

fn read_id(text: &str) -> Result<FarmlandChangeId> {
    text.parse().map_err(|_| no_change())
}

/// Records that a unit was split, that units were merged, or that a boundary was corrected. The parents end and the
/// children begin on the day; old codes still answer.
#[utoipa::path(
    post, path = "/v1/farmland-changes", operation_id = "record_farmland_change", tag = "farmland",
    request_body(content = NewFarmlandChange, content_type = "application/json"),
    responses((status = 201, body = FarmlandChange)),
    extensions(("x-permission" = json!("farmland.write")))
)]
async fn record_farmland_change(call: Call, Body(body): Body<NewFarmlandChange>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandWrite).await?;
    let new = body.read()?;
    let id = actions::record(&mut act, new).await?;
    let reply = shown(act.tx(), id, None, None).await?.created(format!("/v1/farmland-changes/{id}"));
    Ok(act.finish(reply).await?)
}

/// Why a change is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VoidChange {
    /// Why it was entered in error.
    #[schema(max_length = 1000)]
    reason: String,
}

/// Takes back a change that was entered in error, while nothing befell its children since: the parents live on, the
/// children never were, and nothing is deleted.
#[utoipa::path(
    post, path = "/v1/farmland-changes/{id}/void", operation_id = "void_farmland_change", tag = "farmland",
    params(("id" = uuid::Uuid, Path, description = "Identifier")),
    request_body(content = VoidChange, content_type = "application/json"),
    responses((status = 200, body = FarmlandChange)),
    extensions(("x-permission" = json!("farmland.write")))
)]
async fn void_farmland_change(call: Call, Path(id): Path<String>, Body(body): Body<VoidChange>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::FarmlandWrite).await?;
    let id = read_id(&id)?;
    actions::void(&mut act, id, &body.reason).await?;
    let reply = shown(act.tx(), id, None, None).await?;
    Ok(act.finish(reply).await?)
}

/// A unit in the tree of descent.
#[derive(Debug, Serialize, ToSchema)]
struct LineageUnit {
    /// Its identifier.
    id: FarmlandUnitId,
    /// Its code.
    code: String,
    /// Steps down from the unit asked about; negative: steps up; 0: the unit itself.
    generation: i32,
    /// Its class, as it is or was last.
    #[schema(value_type = FarmlandClass)]
    class: String,
    /// Its land type, as it is or was last.
    #[schema(value_type = LandType)]
    land_type: String,
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

/// What a unit came of and what came of it, to the first and the last.
#[derive(Debug, Serialize, ToSchema)]
struct FarmlandLineage {
    /// The units, by generation and code.
    units: Vec<LineageUnit>,
    /// The changes that lead from one to the other, the latest first; those entered in error are left out.
    changes: Vec<FarmlandChange>,
}

/// Ancestors and descendants of a unit; units that have ended answer as well, and the path takes a unit's code too.
#[utoipa::path(
    get, path = "/v1/farmland-units/{id}/lineage", operation_id = "get_farmland_lineage", tag = "farmland",
    params(("id" = String, Path, description = "Identifier, or code")),
    responses((status = 200, body = FarmlandLineage)),
    extensions(("x-permission" = json!("farmland.read")))
)]
async fn get_farmland_lineage(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = scope(&call)?;
    let mut tx = call.app().snapshot().await?;
    let id = match id.parse::<FarmlandUnitId>() {
        Ok(id) => id,
        Err(_) => store::by_code(&mut tx, &id).await?.ok_or_else(no_unit)?,
    };
    let now = When { on: call.today(), known_at: None };
    units::get(&mut tx, id, now, scope.as_deref()).await?.ok_or_else(no_unit)?;
    let tree = store::tree(&mut tx, id, call.today()).await?;
    let ids: Vec<FarmlandUnitId> = tree.iter().map(|row| row.id).collect();
    let changes = store::changes_among(&mut tx, &ids).await?;
    let changes = views(&mut tx, changes).await?;
    let units = tree
        .into_iter()
        .map(|row| LineageUnit {
            href: format!("/v1/farmland-units/{}", row.id),
            id: row.id,
            code: row.code,
            generation: row.generation,
            class: row.class,
            land_type: row.land_type,
            area_m2: row.area_m2,
            area_mu: mu(row.area_m2),
            began_on: row.began_on,
            ended_on: row.ended_on,
        })
        .collect();
    Ok(Reply::json(&FarmlandLineage { units, changes })?)
}
