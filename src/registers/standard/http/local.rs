//! Entering, amending and withdrawing local standards.

use super::super::actions::{self, Amendment, NewStandard};
use super::super::rules::entry::{self, GivenLimit, Words};
use super::catalogue::{StandardKind, StandardView, StandardWarning, present};
use super::screen::LandClass;
use crate::kernel::basis::cite_all;
use crate::kernel::quantity::Written;
use crate::kernel::{Day, DivisionCode, DocumentId, Result};
use crate::platform::{App, Body, Call, IfMatch, Params, Permission, Reply, Stop};
use crate::standards::gb15618::Column;
use crate::standards::law;
use axum::extract::Path;
use serde::{Deserialize, Deserializer};
use std::fmt::Write as _;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(enter_standard))
        .routes(routes!(amend_standard))
        .routes(routes!(withdraw_standard))
}

/// A version of a local standard.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLocalStandard {
    /// Number of the standard, 1 to 60 characters.
    #[schema(example = "DB15/T 0000-2020", max_length = 60)]
    code: String,
    /// 名称
    #[schema(example = "（演示）地方土壤风险管控标准", max_length = 300)]
    name_zh: String,
    /// English name.
    #[serde(default)]
    #[schema(max_length = 300)]
    name_en: Option<String>,
    /// For which land.
    kind: StandardKind,
    /// Where it holds, here and below: a province or a division in it.
    division_code: DivisionCode,
    /// The paper that sets the values.
    instrument: StandardInstrument,
    /// First day.
    effective_from: Day,
    /// Last day, where it is known.
    #[serde(default)]
    effective_to: Option<Day>,
    /// The text as filed.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// The values were held against that text. Without it they are `recalled`, and every answer that rests on them says so.
    #[serde(default)]
    verified: bool,
    /// The values, 1 to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    limits: Vec<NewLimit>,
}

/// The paper that sets limit values, as stated by who enters it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StandardInstrument {
    /// 文件名称
    #[schema(max_length = 300)]
    title_zh: String,
    /// Title in English.
    #[serde(default)]
    #[schema(max_length = 300)]
    title_en: Option<String>,
    /// Its number, where it is not the standard's.
    #[serde(default)]
    #[schema(max_length = 300)]
    number: Option<String>,
    /// Article or table.
    #[serde(default)]
    #[schema(example = "表1", max_length = 2000)]
    article: Option<String>,
    /// Where it can be read.
    #[serde(default)]
    #[schema(example = "https://www.example.com/standard.pdf", max_length = 2000)]
    url: Option<String>,
}

/// A limit value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLimit {
    /// CAS number, symbol or name.
    #[schema(example = "Pb")]
    substance: String,
    /// Class of construction land; both where it is left out.
    #[serde(default)]
    class: Option<LandClass>,
    /// Kind of farmland; every kind where it is left out.
    #[serde(default)]
    land: Option<LimitLand>,
    /// The band begins above this pH.
    #[serde(default)]
    ph_gt: Option<Written>,
    /// The band ends with this pH.
    #[serde(default)]
    ph_le: Option<Written>,
    /// Screening value.
    #[serde(default)]
    screening: Option<LimitValue>,
    /// Intervention value.
    #[serde(default)]
    intervention: Option<LimitValue>,
    /// A remark.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Farmland that a value is for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LimitLand {
    /// 水田
    Paddy,
    /// 果园
    Orchard,
    /// 其他: what the standard does not tell apart.
    Other,
    /// Every kind.
    Any,
}

impl From<LimitLand> for Column {
    fn from(land: LimitLand) -> Column {
        match land {
            LimitLand::Paddy => Column::Paddy,
            LimitLand::Orchard => Column::Orchard,
            LimitLand::Other => Column::Other,
            LimitLand::Any => Column::Any,
        }
    }
}

/// A number with its unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LimitValue {
    /// The number as printed, above 0.
    #[schema(example = 300)]
    value: Written,
    /// Its unit.
    #[schema(example = "mg/kg")]
    unit: String,
}

/// What of a version is amended. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StandardPatch {
    /// 名称
    #[serde(default)]
    name_zh: Option<String>,
    /// English name; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name_en: Option<Option<String>>,
    /// The paper that sets the values, as a whole.
    #[serde(default)]
    instrument: Option<StandardInstrument>,
    /// Last day; `null`: none is known.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Day>)]
    effective_to: Option<Option<Day>>,
    /// The text as filed; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DocumentId>)]
    document_id: Option<Option<DocumentId>>,
    /// The values were held against that text.
    #[serde(default)]
    verified: Option<bool>,
    /// Why.
    #[schema(example = "该标准已废止", max_length = 2000)]
    reason: String,
}

/// Why a version is withdrawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StandardWithdrawal {
    /// Why, 1 to 2,000 characters.
    #[schema(example = "录入错误", max_length = 2000)]
    reason: String,
}

/// Which version.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// First day of the version. Default: the one that a GET shows today.
    #[param(value_type = Option<String>, format = Date, example = "2020-01-01")]
    version: Option<Day>,
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

fn words(code: String, name_zh: String, name_en: Option<String>, instrument: StandardInstrument) -> Words {
    Words {
        code,
        name_zh,
        name_en,
        instrument_zh: instrument.title_zh,
        instrument_en: instrument.title_en,
        number: instrument.number,
        article: instrument.article,
        url: instrument.url,
    }
}

fn limit(given: NewLimit) -> GivenLimit {
    let value = |value: LimitValue| (value.value.0, value.unit);
    GivenLimit {
        substance: given.substance,
        class: given.class.map(|class| class.0),
        land: given.land.map(Column::from),
        ph_gt: given.ph_gt.map(|ph| ph.0),
        ph_le: given.ph_le.map(|ph| ph.0),
        screening: given.screening.map(value),
        intervention: given.intervention.map(value),
        note: given.note,
    }
}

/// Enter a local standard
///
/// A version of a standard that a province, or a division in it, set: stricter values, and values of what the nation's leave out
/// (Code art. 400). It ends the version of the same code before it. A value that is not stricter than the nation's is entered all
/// the same; the answer warns of it, and the nation's applies.
#[utoipa::path(
    post, path = "/v1/standards", operation_id = "enter_standard", tag = "standards",
    request_body(content = NewLocalStandard, content_type = "application/json"),
    responses((status = 201, description = "Entered", body = StandardView)),
    extensions(("x-permission" = json!("standard.write")))
)]
async fn enter_standard(call: Call, Body(new): Body<NewLocalStandard>) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::StandardWrite).await?;
    let kind = new.kind.into();
    let limits: Vec<GivenLimit> = new.limits.into_iter().map(limit).collect();
    let standard = NewStandard {
        words: words(new.code, new.name_zh, new.name_en, new.instrument),
        kind,
        division_code: new.division_code.as_str().to_owned(),
        effective_from: new.effective_from,
        effective_to: new.effective_to,
        document_id: new.document_id,
        verified: new.verified,
        limits: limits.clone(),
    };
    let row = actions::enter(&mut act, standard).await?;
    let today = act.today();
    let mut view = present(act.tx(), &row, today).await?;
    let read = entry::read_limits(kind, &limits, &mut Vec::new());
    view.warnings = entry::not_stricter(&read)
        .into_iter()
        .map(|warning| StandardWarning {
            pointer: warning.pointer,
            code: warning.code,
            zh: warning.message.zh.into_owned(),
            en: warning.message.en.into_owned(),
            citations: cite_all(&[&law::LAW_12_CODE_400], today),
        })
        .collect();
    let reply = Reply::json(&view)?.created(address(&row.code)).revision(1);
    Ok(act.finish(reply).await?)
}

/// Where a standard is found. A number such as `DB15/T 0000-2020` is one segment of the path.
fn address(code: &str) -> String {
    let mut out = String::from("/v1/standards/");
    for byte in code.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Amend a version of a local standard
///
/// Its words, its last day, the paper it was held against; never its values: a wrong value is withdrawn with its version and
/// entered again.
#[utoipa::path(
    patch, path = "/v1/standards/{code}", operation_id = "amend_standard", tag = "standards",
    params(("code" = String, Path, description = "Number of the standard"), VersionQuery,
           ("If-Match" = String, Header, description = "ETag of the version that is amended", example = "\"1\"")),
    request_body(content = StandardPatch, content_type = "application/json"),
    responses((status = 200, description = "Amended", body = StandardView)),
    extensions(("x-permission" = json!("standard.write")))
)]
async fn amend_standard(
    call: Call,
    Path(code): Path<String>,
    Params(query): Params<VersionQuery>,
    IfMatch(revision): IfMatch,
    Body(patch): Body<StandardPatch>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::StandardWrite).await?;
    let new = Amendment {
        name_zh: patch.name_zh,
        name_en: patch.name_en,
        instrument: patch.instrument.map(|instrument| words(String::new(), String::new(), None, instrument)),
        effective_to: patch.effective_to,
        document_id: patch.document_id,
        verified: patch.verified,
        reason: patch.reason,
    };
    let row = actions::amend(&mut act, &code, query.version, revision, new).await?;
    let today = act.today();
    let view = present(act.tx(), &row, today).await?;
    let reply = Reply::json(&view)?.revision_as_shown(row.revision);
    Ok(act.finish(reply).await?)
}

/// Withdraw a version of a local standard
///
/// It was entered in error: it then never held, and the version before it goes on. It stays visible with the reason.
#[utoipa::path(
    post, path = "/v1/standards/{code}/withdrawal", operation_id = "withdraw_standard", tag = "standards",
    params(("code" = String, Path, description = "Number of the standard"), VersionQuery),
    request_body(content = StandardWithdrawal, content_type = "application/json"),
    responses((status = 200, description = "Withdrawn", body = StandardView)),
    extensions(("x-permission" = json!("standard.write")))
)]
async fn withdraw_standard(
    call: Call,
    Path(code): Path<String>,
    Params(query): Params<VersionQuery>,
    Body(withdrawal): Body<StandardWithdrawal>,
) -> Result<Reply, Stop> {
    let mut act = call.begin(Permission::StandardWrite).await?;
    let row = actions::withdraw(&mut act, &code, query.version, withdrawal.reason).await?;
    let today = act.today();
    let view = present(act.tx(), &row, today).await?;
    let reply = Reply::json(&view)?.revision_as_shown(row.revision);
    Ok(act.finish(reply).await?)
}
