//! Looking at a database that someone else runs, and saying plainly what it lacks.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::error::{PgError, apt_command};
use super::{OLDEST_MAJOR, OLDEST_POSTGIS};

/// What an external database is, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The server's version as it says it, such as `15.18 (Debian 15.18-0+deb12u1)`.
    pub server_version: String,
    /// The version of PostGIS in the database; `None` when the extension has not been created there.
    pub postgis: Option<String>,
    /// The version of PostGIS that `create extension` would give; `None` when it is not installed on the server.
    pub postgis_available: Option<String>,
    /// True when the extension has to be created first and this role may do it: see [`install_postgis`].
    pub postgis_can_be_created: bool,
    /// The encoding of the database, such as `UTF8`.
    pub encoding: String,
    /// What must be mended before the database serves. Empty: it serves.
    pub findings: Vec<Finding>,
}

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code: `server_too_old`, `read_only`, `encoding`, `postgis_not_installed`, `postgis_not_created`,
    /// `postgis_too_old`, `postgis_not_visible`, `no_schema`, `no_create_right`.
    pub code: &'static str,
    /// What is missing, in Chinese.
    pub zh: String,
    /// What is missing, in English.
    pub en: String,
    /// The SQL or the command that mends it.
    pub mend: String,
}

impl Inspection {
    /// True when nothing is missing, creating the extension aside where this role may do that.
    pub fn serves(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What one look at the server brings.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Facts {
    version: String,
    version_num: i32,
    in_recovery: bool,
    read_only: bool,
    encoding: String,
    database: String,
    role: String,
    schema: Option<String>,
    may_create_in_schema: bool,
    may_create_in_database: bool,
    superuser: bool,
    postgis: Option<String>,
    postgis_schema: Option<String>,
    postgis_available: Option<String>,
    geometry_visible: bool,
}

/// Looks at the database behind a URL: version, PostGIS, rights, encoding. Changes nothing.
///
/// # Errors
/// [`PgError::BadUrl`], or [`PgError::Database`] when the server cannot be reached or does not let this role in.
pub async fn inspect(url: &str) -> Result<Inspection, PgError> {
    let mut connection = connect(url).await?;
    let facts: Facts = sqlx::query_as(
        "select current_setting('server_version') as version, \
                current_setting('server_version_num')::int as version_num, \
                pg_is_in_recovery() as in_recovery, \
                current_setting('default_transaction_read_only')::bool as read_only, \
                pg_encoding_to_char(d.encoding)::text as encoding, \
                d.datname::text as database, \
                current_user::text as role, \
                current_schema()::text as schema, \
                coalesce(has_schema_privilege(current_schema()::text, 'create'), false) as may_create_in_schema, \
                has_database_privilege(d.oid, 'create') as may_create_in_database, \
                (select rolsuper from pg_roles where rolname = current_user) as superuser, \
                (select extversion from pg_extension where extname = 'postgis') as postgis, \
                (select extnamespace::regnamespace::text from pg_extension where extname = 'postgis') \
                    as postgis_schema, \
                (select default_version::text from pg_available_extensions where name = 'postgis') \
                    as postgis_available, \
                to_regtype('geometry') is not null as geometry_visible \
         from pg_database d where d.datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(|source| PgError::Database { what: "look at the server", source })?;
    connection.close().await.map_err(|source| PgError::Database { what: "close the connection", source })?;
    Ok(judge(facts))
}

/// Creates the extension in the database behind a URL, where [`inspect`] said that this role may.
///
/// # Errors
/// As [`inspect`].
pub async fn install_postgis(url: &str) -> Result<(), PgError> {
    let mut connection = connect(url).await?;
    sqlx::query("create extension if not exists postgis")
        .execute(&mut connection)
        .await
        .map_err(|source| PgError::Database { what: "create the extension postgis", source })?;
    connection.close().await.map_err(|source| PgError::Database { what: "close the connection", source })
}

async fn connect(url: &str) -> Result<PgConnection, PgError> {
    let options: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| PgError::BadUrl {
        // The parser speaks of parts of a URL, never repeating it.
        why: error.to_string(),
    })?;
    PgConnection::connect_with(&options)
        .await
        .map_err(|source| PgError::Database { what: "connect to the database server", source })
}

fn judge(facts: Facts) -> Inspection {
    let mut findings = Vec::new();
    let role = quoted(&facts.role);
    let database = quoted(&facts.database);
    let major = u32::try_from(facts.version_num / 10_000).unwrap_or(0);
    let mut lacks = |code, zh: String, en: String, mend: String| findings.push(Finding { code, zh, en, mend });

    if major < OLDEST_MAJOR {
        lacks(
            "server_too_old",
            format!("服务器是 PostgreSQL {}，至少需要 {OLDEST_MAJOR}。", facts.version),
            format!("The server is PostgreSQL {}; {OLDEST_MAJOR} or newer is needed.", facts.version),
            apt_command(None),
        );
    }
    if facts.in_recovery {
        lacks(
            "read_only",
            "该服务器是只读备库，请连接主库。".to_owned(),
            "The server is a read-only standby; connect to the primary.".to_owned(),
            "select pg_promote();".to_owned(),
        );
    } else if facts.read_only {
        lacks(
            "read_only",
            format!("数据库 {} 被设为默认只读。", facts.database),
            format!("The database {} is set to be read-only by default.", facts.database),
            format!("ALTER DATABASE {database} SET default_transaction_read_only = off;"),
        );
    }
    if facts.encoding != "UTF8" {
        lacks(
            "encoding",
            format!("数据库 {} 的编码是 {}，必须是 UTF8。", facts.database, facts.encoding),
            format!("The encoding of the database {} is {}; it must be UTF8.", facts.database, facts.encoding),
            format!("CREATE DATABASE jingtu OWNER {role} TEMPLATE template0 ENCODING 'UTF8';"),
        );
    }
    match (&facts.schema, facts.may_create_in_schema) {
        (None, _) => lacks(
            "no_schema",
            format!("用户 {} 的 search_path 中没有可用的模式。", facts.role),
            format!("There is no usable schema on the search_path of {}.", facts.role),
            format!(
                "CREATE SCHEMA jingtu AUTHORIZATION {role}; ALTER ROLE {role} IN DATABASE {database} SET search_path = jingtu, public;"
            ),
        ),
        (Some(schema), false) => lacks(
            "no_create_right",
            format!("用户 {} 无权在模式 {schema} 中建表。", facts.role),
            format!("The role {} may not create tables in the schema {schema}.", facts.role),
            format!("GRANT CREATE, USAGE ON SCHEMA {} TO {role};", quoted(schema)),
        ),
        (Some(_), true) => {}
    }
    // PostGIS is not a trusted extension: whatever the rights in the database, it takes a superuser.
    let postgis_can_be_created = facts.postgis.is_none() && facts.postgis_available.is_some() && facts.superuser;
    match (&facts.postgis, &facts.postgis_available) {
        (None, None) => lacks(
            "postgis_not_installed",
            "服务器上没有安装 PostGIS。请在数据库服务器上安装，然后以超级用户执行 CREATE EXTENSION postgis。".to_owned(),
            "PostGIS is not installed on the server. Install it on the database's machine, then run CREATE EXTENSION postgis as superuser.".to_owned(),
            format!("{} ; psql -d {database} -c 'CREATE EXTENSION postgis'", apt_command(Some(major))),
        ),
        (None, Some(_)) if !facts.superuser => lacks(
            "postgis_not_created",
            format!("数据库 {} 中还没有 PostGIS 扩展，而用户 {} 无权创建。请超级用户执行。", facts.database, facts.role),
            format!(
                "The extension PostGIS is not yet in the database {}, and the role {} may not create it. A superuser must.",
                facts.database, facts.role
            ),
            "CREATE EXTENSION postgis;".to_owned(),
        ),
        (Some(_), _) if !facts.geometry_visible => {
            let schema = facts.postgis_schema.as_deref().unwrap_or("public");
            let own = facts.schema.as_deref().unwrap_or("public");
            lacks(
                "postgis_not_visible",
                format!("PostGIS 安装在模式 {schema} 中，不在用户 {} 的 search_path 上，或该用户无权使用此模式。", facts.role),
                format!(
                    "PostGIS lies in the schema {schema}, which is not on the search_path of {}, or which that role may not use.",
                    facts.role
                ),
                format!(
                    "GRANT USAGE ON SCHEMA {0} TO {role}; ALTER ROLE {role} IN DATABASE {database} SET search_path = {1}, {0};",
                    quoted(schema),
                    quoted(own),
                ),
            );
        }
        _ => {}
    }
    if let Some(version) = facts.postgis.as_ref().or(facts.postgis_available.as_ref())
        && version_pair(version).is_none_or(|pair| pair < OLDEST_POSTGIS)
    {
        let (want_major, want_minor) = OLDEST_POSTGIS;
        lacks(
            "postgis_too_old",
            format!("PostGIS 版本为 {version}，至少需要 {want_major}.{want_minor}。"),
            format!("PostGIS is version {version}; {want_major}.{want_minor} or newer is needed."),
            format!("{} ; psql -d {database} -c 'SELECT postgis_extensions_upgrade()'", apt_command(Some(major))),
        );
    }
    // Sequences, types and schemas of later migrations need no more than the above; a right to create in the database
    // is asked for only where there is no schema to work in.
    if facts.schema.is_none() && !facts.may_create_in_database {
        lacks(
            "no_create_right",
            format!("用户 {} 无权在数据库 {} 中建立模式。", facts.role, facts.database),
            format!("The role {} may not create schemas in the database {}.", facts.role, facts.database),
            format!("GRANT CREATE ON DATABASE {database} TO {role};"),
        );
    }
    Inspection {
        server_version: facts.version,
        postgis: facts.postgis,
        postgis_available: facts.postgis_available,
        postgis_can_be_created,
        encoding: facts.encoding,
        findings,
    }
}

/// Major and minor out of `3.3.2` or `3.5.0dev`.
fn version_pair(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A name as SQL takes it: plain where it can be, quoted where it must.
fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Facts {
        Facts {
            version: "15.18".to_owned(),
            version_num: 150_018,
            in_recovery: false,
            read_only: false,
            encoding: "UTF8".to_owned(),
            database: "jingtu".to_owned(),
            role: "jingtu".to_owned(),
            schema: Some("public".to_owned()),
            may_create_in_schema: true,
            may_create_in_database: true,
            superuser: false,
            postgis: Some("3.3.2".to_owned()),
            postgis_schema: Some("public".to_owned()),
            postgis_available: Some("3.3.2".to_owned()),
            geometry_visible: true,
        }
    }

    fn codes(facts: Facts) -> Vec<&'static str> {
        judge(facts).findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_database_with_everything_serves() {
        assert!(judge(good()).serves());
    }

    #[test]
    fn each_thing_missing_is_found_by_itself() {
        assert_eq!(codes(Facts { version_num: 140_011, ..good() }), ["server_too_old"]);
        assert_eq!(codes(Facts { in_recovery: true, ..good() }), ["read_only"]);
        assert_eq!(codes(Facts { read_only: true, ..good() }), ["read_only"]);
        assert_eq!(codes(Facts { encoding: "SQL_ASCII".to_owned(), ..good() }), ["encoding"]);
        assert_eq!(codes(Facts { may_create_in_schema: false, ..good() }), ["no_create_right"]);
        assert_eq!(codes(Facts { geometry_visible: false, ..good() }), ["postgis_not_visible"]);
        assert_eq!(codes(Facts { postgis: Some("2.5.9".to_owned()), ..good() }), ["postgis_too_old"]);
        let without = Facts { postgis: None, geometry_visible: false, ..good() };
        assert_eq!(codes(without.clone()), ["postgis_not_created"]);
        assert_eq!(codes(Facts { postgis_available: None, ..without }), ["postgis_not_installed"]);
    }

    #[test]
    fn a_superuser_can_create_the_extension_itself() {
        let found = judge(Facts { postgis: None, geometry_visible: false, superuser: true, ..good() });
        assert!(found.serves() && found.postgis_can_be_created);
    }

    #[test]
    fn names_are_quoted_where_sql_needs_it() {
        let odd = Facts { role: "Land-Bureau".to_owned(), may_create_in_schema: false, ..good() };
        let found = judge(odd);
        assert_eq!(found.findings[0].mend, "GRANT CREATE, USAGE ON SCHEMA public TO \"Land-Bureau\";");
    }
}
