//! Whether the server lives, is ready, and who is asking.

use crate::kernel::{Day, Lang, Result};
use crate::platform::{App, Call, Caller, Reply, Stop};
use crate::registers::deadline;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(me))
}

/// The process lives.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Version of the program.
    pub version: &'static str,
}

/// The process lives. Asks no database.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "service", extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Health)))]
async fn healthz() -> Result<Reply, Stop> {
    Ok(Reply::json(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })?)
}

/// The server can answer.
#[derive(Serialize, ToSchema)]
pub struct Ready {
    /// `ready`.
    #[schema(example = "ready")]
    pub status: &'static str,
    /// Version of PostgreSQL.
    pub database: String,
    /// Version of PostGIS.
    pub postgis: String,
    /// The newest migration applied.
    pub migration: i64,
    /// The civil day in China.
    pub today: Day,
    /// Whether that day is fixed by configuration.
    pub today_is_fixed: bool,
    /// Years whose calendar of rest days is loaded.
    pub calendar_years: Vec<i32>,
    /// Whether the data is the demo's, which is invented.
    pub demo: bool,
}

/// The server can answer: database, migrations, the day, the calendar years loaded.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "service", extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Ready)))]
async fn readyz(call: Call) -> Result<Reply, Stop> {
    let db = call.app().db();
    let row = sqlx::query!(
        r#"select current_setting('server_version') as "database!", postgis_lib_version() as "postgis!",
                  (select max(version) from _sqlx_migrations where success) as migration,
                  exists(select 1 from platform_setting where key = 'demo') as "demo!""#
    )
    .fetch_one(db)
    .await?;
    let view = Ready {
        status: "ready",
        database: row.database,
        postgis: row.postgis,
        migration: row.migration.unwrap_or(0),
        today: call.today(),
        today_is_fixed: call.app().clock().fixed_day().is_some(),
        calendar_years: deadline::calendar(&mut *db.acquire().await?).await?.years().collect(),
        demo: row.demo,
    };
    Ok(Reply::json(&view)?)
}

/// Who the server takes the caller for.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// A role, or `public`.
    #[schema(example = "planning")]
    pub role: &'static str,
    /// 角色
    pub role_zh: String,
    /// Role in English.
    pub role_en: String,
    /// Where the role holds, here and below.
    pub division_code: Option<String>,
    /// 区划名称
    pub division_name_zh: Option<String>,
    /// What the key was named.
    pub name: Option<String>,
    /// The language that the server answers in.
    #[schema(example = "zh")]
    pub language: &'static str,
}

/// Who am I: role and division of the key sent, or the public.
#[utoipa::path(get, path = "/v1/me", operation_id = "me", tag = "service", extensions(("x-permission" = json!("open"))),
    responses((status = 200, body = Me)))]
async fn me(call: Call) -> Result<Reply, Stop> {
    let language = if call.lang() == Lang::Zh { "zh" } else { "en" };
    let view = match call.caller() {
        Caller::Key(holder) => {
            let name = sqlx::query_scalar!("select name_zh from division where code = $1", holder.division.as_str())
                .fetch_optional(call.app().db())
                .await?;
            Me {
                role: holder.role.as_str(),
                role_zh: holder.role.title().zh.into_owned(),
                role_en: holder.role.title().en.into_owned(),
                division_code: Some(holder.division.to_string()),
                division_name_zh: name,
                name: Some(holder.name.clone()),
                language,
            }
        }
        Caller::Public | Caller::Operator => Me {
            role: "public",
            role_zh: "公众".to_owned(),
            role_en: "The public".to_owned(),
            division_code: None,
            division_name_zh: None,
            name: None,
            language,
        },
    };
    Ok(Reply::json(&view)?)
}
