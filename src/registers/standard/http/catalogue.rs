//! `GET /v1/standards`, `/v1/standards/{code}` and `/v1/substances`.

use super::super::actions::{self, citation, confidence};
use super::super::rules::entry::{self, Kind};
use super::super::rules::versions;
use super::super::store::{self, Filter, LimitRow, Row};
use super::screen::SubstanceName;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::quantity::Exact;
use crate::kernel::{
    Citation, Confidence, Day, Decimal, DivisionCode, DocumentId, Error, Instrument, Result, StandardId, Unit,
};
use crate::platform::call::known_at;
use crate::platform::feature::next_address;
use crate::platform::{App, Call, Params, Permission, Reply, Stop};
use crate::standards::gb15618::{self, Column, Value};
use crate::standards::screening::{GB_15618, GB_36600};
use crate::standards::{gb36600, law, substances};
use axum::extract::{OriginalUri, Path};
use axum::http::Uri;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_standards)).routes(routes!(get_standard)).routes(routes!(list_substances))
}

/// The two national standards, in the order of the list.
const NATIONAL: [&str; 2] = [GB_15618, GB_36600];

/// For which land a standard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StandardKind {
    /// 建设用地
    Construction,
    /// 农用地
    Farmland,
}

impl From<StandardKind> for Kind {
    fn from(kind: StandardKind) -> Kind {
        match kind {
            StandardKind::Construction => Kind::Construction,
            StandardKind::Farmland => Kind::Farmland,
        }
    }
}

/// Who set a standard.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StandardLevel {
    /// 国家标准: part of the program.
    National,
    /// 地方标准: entered here.
    Local,
}

/// How a standard, or a version of one, stands on the day asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StandardStatus {
    /// 现行
    InForce,
    /// 尚未施行
    NotYet,
    /// 已失效
    Ended,
    /// 误录撤回: it never held.
    Withdrawn,
}

/// Which standards.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StandardsQuery {
    /// Those that hold in this division: the nation's, its own, and those of the divisions above it.
    division: Option<DivisionCode>,
    /// For this land.
    #[param(inline)]
    kind: Option<StandardKind>,
    /// The day whose version is shown. Default: today, or the day of `known_at`.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    true_on: Option<Day>,
    /// As the registry knew it at this instant.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
    /// Rows of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// Which day, and what was known when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StandardQuery {
    /// The day whose version is shown. Default: today, or the day of `known_at`.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    true_on: Option<Day>,
    /// As the registry knew it at this instant.
    #[param(example = "2026-11-21T04:00:00Z")]
    known_at: Option<String>,
}

/// Which substances.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SubstancesQuery {
    /// The substance of this name, CAS number or symbol, whatever its capitals and widths.
    #[param(example = "六价铬")]
    name: Option<String>,
    /// Rows of a page.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended: from its `next` link.
    cursor: Option<String>,
}

/// A page of standards: the nation's first, then local ones by code.
#[derive(Debug, Serialize, ToSchema)]
struct StandardList {
    /// The day whose versions are shown.
    on: Day,
    /// The page, without limit values.
    standards: Vec<StandardView>,
    /// Rows on this page.
    #[serde(rename = "numberReturned")]
    #[schema(example = 2)]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<StandardLink>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
struct StandardLink {
    /// `next`, `self`.
    #[schema(example = "next")]
    rel: &'static str,
    /// Media type.
    #[serde(rename = "type")]
    #[schema(example = "application/json")]
    media_type: &'static str,
    /// Address, relative to the server.
    href: String,
}

/// A standard, with the version of the day asked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StandardView {
    /// Number of the standard.
    #[schema(example = "GB 36600-2018")]
    pub code: String,
    /// Who set it.
    level: StandardLevel,
    /// For which land.
    #[schema(value_type = StandardKind, example = "construction")]
    kind: &'static str,
    /// 名称
    name_zh: String,
    /// English name.
    name_en: Option<String>,
    /// Where it holds, here and below; `000000` is the nation.
    #[schema(example = "000000")]
    division_code: String,
    /// Identifier of the version, of local standards.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<StandardId>,
    /// First day of the version.
    effective_from: Option<Day>,
    /// Last day of the version: as stated, or the day before the next version begins.
    effective_to: Option<Day>,
    /// How the version stands on the day asked.
    status: StandardStatus,
    /// What sets the values.
    citation: Citation,
    /// How well the values are known.
    confidence: Confidence,
    /// 说明
    #[serde(skip_serializing_if = "Option::is_none")]
    note_zh: Option<String>,
    /// What is to be known of the values and where they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    note_en: Option<String>,
    /// The paper that the values were held against, for those who may read documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_id: Option<DocumentId>,
    /// Address of the text as stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Day on which the version was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_on: Option<Day>,
    /// Why it was last changed or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Printed rows.
    #[schema(example = 85)]
    row_count: usize,
    /// The printed rows; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<StandardRow>>,
    /// Every version, by first day; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    versions: Option<Vec<StandardVersion>>,
    /// Where a value is not stricter than the nation's, which then applies; in answers to an entry only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<StandardWarning>,
}

/// A version of a standard.
#[derive(Debug, Serialize, ToSchema)]
struct StandardVersion {
    /// Identifier, of local standards.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<StandardId>,
    /// First day.
    effective_from: Option<Day>,
    /// Last day.
    effective_to: Option<Day>,
    /// How it stands on the day asked.
    status: StandardStatus,
    /// When it was entered, of local standards.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<DateTime<Utc>>,
}

/// Something to be known of an entry.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StandardWarning {
    /// Place in the request.
    #[schema(example = "/limits/0/screening")]
    pub pointer: String,
    /// Stable, snake_case: `not_stricter`, `partly_not_stricter`.
    #[schema(example = "not_stricter")]
    pub code: &'static str,
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
    /// On what the nation's value applies instead.
    pub citations: Vec<Citation>,
}

/// A printed row.
#[derive(Debug, Serialize, ToSchema)]
struct StandardRow {
    /// Table.
    #[schema(example = 1)]
    table: Option<u8>,
    /// Item number in the table.
    #[schema(example = 1)]
    item: Option<u8>,
    /// A basic item (必测).
    #[serde(skip_serializing_if = "Option::is_none")]
    mandatory: Option<bool>,
    /// The substance.
    substance: SubstanceName,
    /// The name as printed.
    #[schema(example = "砷")]
    printed_zh: String,
    /// For which land: `paddy`, `orchard`, `other`, `any`; `class1`, `class2`, `construction`. None where the row has columns
    /// for both classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "paddy")]
    land: Option<&'static str>,
    /// The band begins above this pH.
    #[serde(skip_serializing_if = "Option::is_none")]
    ph_gt: Option<Exact>,
    /// The band ends with this pH.
    #[serde(skip_serializing_if = "Option::is_none")]
    ph_le: Option<Exact>,
    /// Screening value (筛选值), in `unit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    screening: Option<Exact>,
    /// Intervention value (管制值), in `unit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    intervention: Option<Exact>,
    /// Screening value of class 1 land.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 20)]
    screening_class1: Option<Exact>,
    /// Screening value of class 2 land.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 60)]
    screening_class2: Option<Exact>,
    /// Intervention value of class 1 land.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 120)]
    intervention_class1: Option<Exact>,
    /// Intervention value of class 2 land.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 140)]
    intervention_class2: Option<Exact>,
    /// Unit of the values.
    #[schema(example = "mg/kg")]
    unit: &'static str,
    /// Unit of the intervention value, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    intervention_unit: Option<&'static str>,
    /// Held against the soil's background (note ①).
    #[serde(skip_serializing_if = "Option::is_none")]
    background: Option<bool>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A page of substances.
#[derive(Debug, Serialize, ToSchema)]
struct SubstanceList {
    /// The page, in the order of the standards.
    substances: Vec<SubstanceView>,
    /// Rows on this page.
    #[serde(rename = "numberReturned")]
    #[schema(example = 1)]
    number_returned: usize,
    /// `next`, where there is more.
    links: Vec<StandardLink>,
}

/// A substance with its other names.
#[derive(Debug, Serialize, ToSchema)]
struct SubstanceView {
    /// Its names.
    #[serde(flatten)]
    name: SubstanceName,
    /// Other names that it is found by.
    synonyms: &'static [String],
    /// Keys of the substances that it is the sum of.
    components: &'static [String],
    /// National standards that have values for it.
    standards: Vec<&'static str>,
}

/// A national standard.
fn national(code: &'static str, on: Day, whole: bool) -> StandardView {
    let (instrument, kind): (&'static Instrument, _) =
        if code == GB_15618 { (&law::GB_15618, Kind::Farmland) } else { (&law::GB_36600, Kind::Construction) };
    let status = match (instrument.from, instrument.to) {
        (Some(from), _) if on < from => StandardStatus::NotYet,
        (_, Some(to)) if on > to => StandardStatus::Ended,
        _ => StandardStatus::InForce,
    };
    let rows = if code == GB_15618 { rows_15618() } else { rows_36600() };
    StandardView {
        code: code.to_owned(),
        level: StandardLevel::National,
        kind: kind.as_str(),
        name_zh: instrument.zh.to_owned(),
        name_en: Some(instrument.en.to_owned()),
        division_code: DivisionCode::nation().as_str().to_owned(),
        id: None,
        effective_from: instrument.from,
        effective_to: instrument.to,
        status,
        citation: Citation {
            instrument_zh: instrument.zh.to_owned(),
            instrument_en: instrument.en.to_owned(),
            number: instrument.number.map(str::to_owned),
            article: if code == GB_15618 { "表1–3 / tables 1–3" } else { "表1、表2 / tables 1, 2" }.to_owned(),
            effective_from: instrument.from,
            effective_to: instrument.to,
            successor: None,
            confidence: Confidence::Verified,
            note_zh: None,
            note_en: None,
        },
        confidence: Confidence::Verified,
        note_zh: Some("限值经两份独立转录件核对一致，未与公报原件核对。".to_owned()),
        note_en: Some(
            "The values agree in two independent transcriptions; they were not held against the gazette itself."
                .to_owned(),
        ),
        document_id: None,
        url: None,
        withdrawn_on: None,
        reason: None,
        row_count: rows.len(),
        rows: whole.then_some(rows),
        versions: whole.then(|| {
            vec![StandardVersion {
                id: None,
                effective_from: instrument.from,
                effective_to: instrument.to,
                status,
                recorded_at: None,
            }]
        }),
        warnings: Vec::new(),
    }
}

const fn column(column: Column) -> &'static str {
    match column {
        Column::Paddy => "paddy",
        Column::Orchard => "orchard",
        Column::Other => "other",
        Column::Any => "any",
    }
}

fn rows_15618() -> Vec<StandardRow> {
    let row = |row: &'static gb15618::Row| {
        Some(StandardRow {
            table: Some(row.table),
            item: Some(row.item),
            mandatory: Some(row.mandatory),
            substance: substances::find(&row.substance)?.into(),
            printed_zh: row.printed_zh.clone(),
            land: Some(column(row.land)),
            ph_gt: row.ph_gt.map(Exact),
            ph_le: row.ph_le.map(Exact),
            screening: (row.kind == Value::Screening).then_some(Exact(row.value)),
            intervention: (row.kind == Value::Intervention).then_some(Exact(row.value)),
            ..empty_row(substances::find(&row.substance)?.into())
        })
    };
    gb15618::all().iter().filter_map(row).collect()
}

fn rows_36600() -> Vec<StandardRow> {
    let row = |row: &'static gb36600::Row| {
        Some(StandardRow {
            table: Some(row.table),
            item: Some(row.item),
            mandatory: Some(row.mandatory),
            printed_zh: row.printed_zh.clone(),
            screening_class1: Some(Exact(row.screening[0])),
            screening_class2: Some(Exact(row.screening[1])),
            intervention_class1: Some(Exact(row.intervention[0])),
            intervention_class2: Some(Exact(row.intervention[1])),
            background: Some(row.background),
            ..empty_row(substances::find(&row.substance)?.into())
        })
    };
    gb36600::all().iter().filter_map(row).collect()
}

fn empty_row(substance: SubstanceName) -> StandardRow {
    StandardRow {
        table: None,
        item: None,
        mandatory: None,
        substance,
        printed_zh: String::new(),
        land: None,
        ph_gt: None,
        ph_le: None,
        screening: None,
        intervention: None,
        screening_class1: None,
        screening_class2: None,
        intervention_class1: None,
        intervention_class2: None,
        unit: Unit::MgKg.as_str(),
        intervention_unit: None,
        background: None,
        note: None,
    }
}

fn local_row(limit: &LimitRow) -> Result<StandardRow> {
    let fault = |what: &str| Error::internal(format!("a stored limit value names {what}"));
    let substance = substances::find(&limit.substance).ok_or_else(|| fault(&limit.substance))?;
    let land = entry::land(&limit.land).ok_or_else(|| fault(&limit.land))?;
    let value = |given: Option<Decimal>, unit: &Option<String>| actions::value(given, unit.as_deref());
    let screening = value(limit.screening_value, &limit.screening_unit)?;
    let intervention = value(limit.intervention_value, &limit.intervention_unit)?;
    let unit = screening.or(intervention).map_or(Unit::MgKg, |(_, unit)| unit);
    Ok(StandardRow {
        printed_zh: substance.name_zh.clone(),
        land: Some(entry::land_name(land)),
        ph_gt: limit.ph_gt.map(Exact),
        ph_le: limit.ph_le.map(Exact),
        screening: screening.map(|(value, _)| Exact(value)),
        intervention: intervention.map(|(value, _)| Exact(value)),
        unit: unit.as_str(),
        intervention_unit: intervention.map(|(_, unit)| unit).filter(|other| *other != unit).map(Unit::as_str),
        note: limit.note.clone(),
        ..empty_row(substance.into())
    })
}

fn status(row: &Row, all: &[Row], on: Day) -> StandardStatus {
    if row.withdrawn_on.is_some() {
        StandardStatus::Withdrawn
    } else if versions::holds(row, all, on) {
        StandardStatus::InForce
    } else if on < row.effective_from {
        StandardStatus::NotYet
    } else {
        StandardStatus::Ended
    }
}

/// A version of a local standard among all of its code.
fn local(row: &Row, all: &[Row], limits: &[LimitRow], on: Day, whole: bool) -> Result<StandardView> {
    let last = versions::last_day(row, all);
    let own = || limits.iter().filter(|limit| limit.local_id == row.id);
    let cited = citation(row, last);
    Ok(StandardView {
        code: row.code.clone(),
        level: StandardLevel::Local,
        kind: Kind::parse(&row.kind).map_or("", Kind::as_str),
        name_zh: row.name_zh.clone(),
        name_en: row.name_en.clone(),
        division_code: row.division_code.clone(),
        id: Some(row.id),
        effective_from: Some(row.effective_from),
        effective_to: last,
        status: status(row, all, on),
        confidence: confidence(row),
        note_zh: cited.note_zh.clone(),
        note_en: cited.note_en.clone(),
        citation: cited,
        document_id: row.document_id,
        url: row.url.clone(),
        withdrawn_on: row.withdrawn_on,
        reason: row.reason.clone(),
        row_count: own().count(),
        rows: if whole { Some(own().map(local_row).collect::<Result<_>>()?) } else { None },
        versions: whole.then(|| {
            let version = |row: &Row| StandardVersion {
                id: Some(row.id),
                effective_from: Some(row.effective_from),
                effective_to: versions::last_day(row, all),
                status: status(row, all, on),
                recorded_at: Some(row.recorded_at),
            };
            all.iter().map(version).collect()
        }),
        warnings: Vec::new(),
    })
}

/// A version as it stands now, for the answer to a change of it.
pub(super) async fn present(conn: &mut PgConnection, row: &Row, on: Day) -> Result<StandardView> {
    let all = store::versions(&mut *conn, &row.key, None).await?;
    let row = all.iter().find(|other| other.id == row.id).unwrap_or(row);
    let limits = store::limits(conn, &[row.id]).await?;
    local(row, &all, &limits, on, true)
}

/// The address that was asked, with the next page's cursor.
fn next_link(uri: &Uri, cursor: &str) -> StandardLink {
    StandardLink { rel: "next", media_type: "application/json", href: next_address(uri, cursor) }
}

/// List the standards
///
/// The two national standards and the local ones, each with the version of the day asked; limit values are with each standard.
#[utoipa::path(
    get, path = "/v1/standards", operation_id = "list_standards", tag = "standards", params(StandardsQuery),
    responses((status = 200, description = "A page of standards", body = StandardList)),
    extensions(("x-permission" = json!("open")))
)]
async fn list_standards(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<StandardsQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let known = known_at(query.known_at.as_deref())?;
    let on = query.true_on.unwrap_or_else(|| known.map_or_else(|| call.today(), Day::at));
    let limit = paging::limit(query.limit)?;
    let division = query.division.as_ref().filter(|code| !code.is_nation()).map(DivisionCode::as_str);
    let kind = query.kind.map(|kind| Kind::from(kind).as_str());
    let filters = format!("{division:?} {kind:?} {on} {known:?}");
    let after: Option<String> = Cursor::key(query.cursor.as_deref(), &filters)?;
    // Keys of the nation's begin with `0/`, those of local standards with `1/`.
    let (after_national, after_local) = match after.as_deref().map(|key| key.split_at_checked(2)) {
        None => ("", None),
        Some(Some(("0/", code))) => (code, None),
        Some(Some(("1/", key))) => ("~", Some(key)),
        Some(_) => return Err(Cursor::refused().into()),
    };
    let mut views: Vec<(String, StandardView)> = NATIONAL
        .iter()
        .filter(|code| **code > after_national)
        .map(|code| (format!("0/{code}"), national(code, on, false)))
        .filter(|(_, view)| kind.is_none_or(|kind| view.kind == kind))
        .collect();
    let mut conn = call.app().db().acquire().await?;
    let rows = store::page(
        &mut conn,
        &Filter { known_at: known, division, kind, after: after_local, limit: i64::from(limit) + 1 },
    )
    .await?;
    let ids: Vec<StandardId> = rows.iter().map(|row| row.id).collect();
    let limits = store::limits(&mut conn, &ids).await?;
    for group in rows.chunk_by(|one, other| one.key == other.key) {
        if let Some(row) = versions::shown(group, on) {
            views.push((format!("1/{}", row.key), local(row, group, &limits, on, false)?));
        }
    }
    let next = Cursor::behind(&mut views, limit, &filters, |(key, _)| key.clone());
    let links = next.into_iter().map(|cursor| next_link(&uri, &cursor)).collect();
    let standards: Vec<StandardView> = views.into_iter().map(|(_, view)| view).collect();
    Ok(Reply::json(&StandardList { on, number_returned: standards.len(), standards, links })?)
}

/// A standard with its values
///
/// By its number, with or without blanks and signs: `GB 36600-2018`, `gb36600`. Every printed row with table, item, substance,
/// values and unit. Of a local standard the version that holds on the day asked, else the one nearest before it.
#[utoipa::path(
    get, path = "/v1/standards/{code}", operation_id = "get_standard", tag = "standards",
    params(("code" = String, Path, description = "Number of the standard", example = "GB 36600-2018"), StandardQuery),
    responses((status = 200, description = "The standard", body = StandardView)),
    extensions(("x-permission" = json!("open")))
)]
async fn get_standard(
    call: Call,
    Path(code): Path<String>,
    Params(query): Params<StandardQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let known = known_at(query.known_at.as_deref())?;
    let on = query.true_on.unwrap_or_else(|| known.map_or_else(|| call.today(), Day::at));
    if let Some(code) = entry::national(&code) {
        return Ok(Reply::json(&national(code, on, true))?.revision_as_shown(1));
    }
    let mut conn = call.app().db().acquire().await?;
    let all = store::versions(&mut conn, &entry::key_of(&code), known).await?;
    let row = versions::shown(&all, on).ok_or_else(actions::not_found)?;
    let limits = store::limits(&mut conn, &[row.id]).await?;
    let view = local(row, &all, &limits, on, true)?;
    Ok(Reply::json(&view)?.revision_as_shown(row.revision))
}

/// List the substances
///
/// What the standards name, with CAS numbers, symbols, names and usual synonyms; sums with their parts.
#[utoipa::path(
    get, path = "/v1/substances", operation_id = "list_substances", tag = "standards", params(SubstancesQuery),
    responses((status = 200, description = "A page of substances", body = SubstanceList)),
    extensions(("x-permission" = json!("open")))
)]
async fn list_substances(
    call: Call,
    OriginalUri(uri): OriginalUri,
    Params(query): Params<SubstancesQuery>,
) -> Result<Reply, Stop> {
    call.read(Permission::Open)?;
    let limit = usize::try_from(paging::limit(query.limit)?).map_err(Error::internal)?;
    let filters = format!("{:?}", query.name);
    let from = match Cursor::key::<String>(query.cursor.as_deref(), &filters)? {
        None => 0,
        Some(key) => 1 + substances::all().iter().position(|s| s.key == key).ok_or_else(Cursor::refused)?,
    };
    let named = query.name.as_deref().map(substances::find);
    let mut found = substances::all()
        .iter()
        .skip(from)
        .filter(|substance| named.is_none_or(|named| named.is_some_and(|named| named.key == substance.key)));
    let page: Vec<SubstanceView> = found
        .by_ref()
        .take(limit)
        .map(|substance| SubstanceView {
            name: substance.into(),
            synonyms: &substance.synonyms,
            components: &substance.components,
            standards: [
                gb15618::all().iter().any(|row| row.substance == substance.key).then_some(GB_15618),
                gb36600::row(&substance.key).map(|_| GB_36600),
            ]
            .into_iter()
            .flatten()
            .collect(),
        })
        .collect();
    let links = match page.last().filter(|_| found.next().is_some()) {
        None => Vec::new(),
        Some(last) => vec![next_link(&uri, &Cursor::write(last.name.key, &filters))],
    };
    Ok(Reply::json(&SubstanceList { number_returned: page.len(), substances: page, links })?)
}
