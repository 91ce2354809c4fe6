//! All SQL of the site tables.

pub(super) mod exchange;
pub(super) mod lists;

use super::rules::{
    AssessedClass, ControlMode, Effect, Entry, Event, Flag, Given, Impossible, List, Party, RiskGrade, SiteState,
    Stage, Status, given::REGISTERED, replay_as_kept,
};
use crate::kernel::{ActId, Day, Error, KeyId, Result, SiteId};
use crate::platform::overlay::Probe;
use crate::platform::{Role, Scope};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// The hash before the first entry of a log.
pub(super) const FIRST_HASH: [u8; 32] = [0; 32];

/// A site as its row says, with what its running clocks add.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: SiteId,
    pub code: String,
    pub national_code: Option<String>,
    pub directory_code: Option<String>,
    pub name: String,
    pub division_code: String,
    pub address: Option<String>,
    pub land_user_name: Option<String>,
    pub land_user_credit_code: Option<String>,
    pub land_user_contact: Option<String>,
    pub liable_party_name: Option<String>,
    pub liable_party_credit_code: Option<String>,
    pub former_industry: Option<String>,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub basis: Option<String>,
    pub stage: String,
    pub control_mode: Option<String>,
    pub stage_since: Option<Day>,
    pub risk_grade: Option<String>,
    pub assessed_class: Option<String>,
    pub suspected_on: Option<Day>,
    pub contaminated_on: Option<Day>,
    pub control_listed_on: Option<Day>,
    pub flags: Vec<String>,
    pub on_suspected_list: bool,
    pub in_directory: bool,
    pub on_control_list: Option<bool>,
    pub events: i32,
    pub area_m2: f64,
    pub invented: bool,
    pub wkb: Vec<u8>,
    pub revision: i32,
    pub sys_from: DateTime<Utc>,
    pub next_due_on: Option<Day>,
}

impl Row {
    /// Stage and grade, in the types of the rules.
    pub fn status(&self) -> Result<Status> {
        Status::read(&self.stage, self.control_mode.as_deref(), self.risk_grade.as_deref()).map_err(Error::internal)
    }

    /// The land class that a clean survey holds for.
    pub fn assessed_class(&self) -> Option<AssessedClass> {
        self.assessed_class.as_deref().and_then(AssessedClass::parse)
    }

    /// The lists it is on, as far as known.
    pub fn lists(&self) -> Vec<List> {
        lists(self.on_suspected_list, self.in_directory, self.on_control_list)
    }

    /// Whose site it is: the liable party's where that is known, else the land user's.
    pub fn owner(&self) -> Option<&str> {
        self.liable_party_credit_code.as_deref().or(self.land_user_credit_code.as_deref())
    }

    /// Whether a credit code is the land user's or the liable party's.
    pub fn belongs_to(&self, credit_code: &str) -> bool {
        [&self.land_user_credit_code, &self.liable_party_credit_code]
            .into_iter()
            .flatten()
            .any(|own| own == credit_code)
    }
}

fn lists(suspected: bool, directory: bool, control: Option<bool>) -> Vec<List> {
    let on = [
        (List::SuspectedList, suspected),
        (List::ContaminatedDirectory, directory),
        (List::ControlList, control == Some(true)),
    ];
    on.into_iter().filter(|(_, on)| *on).map(|(list, _)| list).collect()
}

/// The columns of [`Row`] from `s`, a version of `site`.
macro_rules! rows {
    ([$($rest:tt)+] $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select s.id as "id!: SiteId", s.code as "code!", s.national_code, s.directory_code, s.name as "name!",
                      s.division_code as "division_code!", s.address, s.land_user_name, s.land_user_credit_code,
                      s.land_user_contact, s.liable_party_name, s.liable_party_credit_code, s.former_industry,
                      s.land_use_system, s.land_use_code, s.basis,
                      s.stage as "stage!", s.control_mode, s.stage_since as "stage_since: Day", s.risk_grade,
                      s.assessed_class, s.suspected_on as "suspected_on: Day", s.contaminated_on as "contaminated_on: Day",
                      s.control_listed_on as "control_listed_on: Day", s.flags as "flags!",
                      s.on_suspected_list as "on_suspected_list!", s.in_directory as "in_directory!", s.on_control_list,
                      s.events as "events!", s.area_m2 as "area_m2!", s.invented as "invented!",
                      st_asbinary(s.geom) as "wkb!", s.revision as "revision!", s.sys_from as "sys_from!",
                      (select min(d.due_on) from deadline d
                       where d.subject_register = 'site' and d.subject_id = s.id and d.closed_on is null
                           and d.suspended_on is null and not d.internal)
                          as "next_due_on: Day""# $(+ $rest)+
            $(, $arg)*
        )
    };
}

pub(super) async fn find(conn: &mut PgConnection, id: SiteId) -> Result<Option<Row>> {
    Ok(rows!([" from site s where s.id = $1"], id as SiteId).fetch_optional(conn).await?)
}

/// Locks the site until the act is over: events of one site come one after another.
pub(super) async fn lock(conn: &mut PgConnection, id: SiteId) -> Result<Option<Row>> {
    sqlx::query!("select id from site where id = $1 for update", id as SiteId).fetch_optional(&mut *conn).await?;
    // A statement of its own: the one that waited still sees the row as it was before.
    find(conn, id).await
}

/// Whether an outline (EWKB) meets that of a site.
pub(super) async fn meets(conn: &mut PgConnection, id: SiteId, outline: &[u8]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select st_intersects(geom, st_geomfromewkb($2)) as "meets!" from site where id = $1"#,
        id as SiteId,
        outline,
    )
    .fetch_one(conn)
    .await?)
}

/// The version that the registry knew at an instant.
pub(super) async fn find_known_at(conn: &mut PgConnection, id: SiteId, at: DateTime<Utc>) -> Result<Option<Row>> {
    Ok(rows!(
        [" from (select * from site union all select * from site_history) s
           where s.id = $1 and s.sys_from <= $2 and (s.sys_to is null or s.sys_to > $2)"],
        id as SiteId,
        at,
    )
    .fetch_optional(conn)
    .await?)
}

/// Where sites stood at the end of a day: the newest version known at the instant whose stage began by that day. A voided
/// step leaves its versions behind, and the one that took it back is newer.
pub(super) async fn standings(
    conn: &mut PgConnection,
    ids: &[SiteId],
    on: Day,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<super::Standing>> {
    let keys: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select distinct on (v.id) v.id as "id!: SiteId", v.code as "code!", v.stage as "stage!", v.control_mode,
               v.stage_since as "since: Day",
               exists (
                   select from (select * from site_list_entry union all select * from site_list_entry_history) e
                   where e.site_id = v.id and e.list = 'contaminated_directory' and not e.withdrawn
                       and (e.entered_on is null or e.entered_on <= $2)
                       and ($3::timestamptz is null and e.sys_to is null
                           or e.sys_from <= $3 and (e.sys_to is null or e.sys_to > $3))) as "was_contaminated!"
           from (select * from site union all select * from site_history) v
           where v.id = any($1) and ($3::timestamptz is null or v.sys_from <= $3)
               and (v.stage_since is null or v.stage_since <= $2)
           order by v.id, v.revision desc"#,
        &keys,
        on as Day,
        known_at,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let stage = Stage::read(&row.stage, row.control_mode.as_deref()).map_err(Error::internal)?;
            Ok(super::Standing {
                id: row.id,
                code: row.code,
                stage,
                since: row.since,
                // An existing register may give a site behind the directory without saying when it was on it.
                was_contaminated: row.was_contaminated || stage.found_contaminated() == Some(true),
            })
        })
        .collect()
}

/// What a list is ordered by; `id` decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Code,
    Name,
    Area,
    StageSince,
}

/// After which row a page begins.
#[derive(Debug, Clone)]
pub(super) struct After {
    pub text: String,
    pub number: f64,
    /// `None` lies before every day that there is.
    pub day: Option<Day>,
    pub id: Uuid,
}

impl After {
    /// Before every row.
    pub fn start(descending: bool) -> After {
        if descending {
            After {
                text: char::MAX.to_string(),
                number: f64::INFINITY,
                day: Some(Day::of(9999, 12, 31)),
                id: Uuid::max(),
            }
        } else {
            After { text: String::new(), number: -1.0, day: None, id: Uuid::nil() }
        }
    }
}

/// Stands for an unknown day in the order of a list.
pub(super) const NO_DAY: Day = Day::of(1, 1, 1);

/// What a list is narrowed to.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub scope: &'a Scope,
    pub stages: Option<Vec<String>>,
    pub division: Option<String>,
    pub boxes: Option<[Vec<u8>; 2]>,
    pub overdue: Option<bool>,
    pub q: Option<String>,
    pub today: Day,
}

pub(super) async fn page(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    (order, descending): (Order, bool),
    after: &After,
    limit: i64,
) -> Result<Vec<Row>> {
    macro_rules! ordered {
        ($key:expr, $tail:tt) => {
            rows!(
                [" from site s
                  where ($1::text[] is null or s.division_code = any($1))
                    and ($2::text is null or s.land_user_credit_code = $2 or s.liable_party_credit_code = $2)
                    and (not $3 or s.in_directory)
                    and ($4::text[] is null or s.stage = any($4))
                    and ($5::text is null or s.division_code in (select v.code from division v where v.ancestors @> array[$5::text]))
                    and ($6::bytea is null or st_intersects(s.geom, st_geomfromewkb($6))
                         or st_intersects(s.geom, st_geomfromewkb($7)))
                    and ($8::bool is null or $8 = exists (
                        select 1 from deadline o where o.subject_register = 'site' and o.subject_id = s.id
                            and o.closed_on is null and o.suspended_on is null and not o.internal and o.due_on < $9))
                    and ($10::text is null or strpos(
                        lower(concat_ws(' ', s.code, s.national_code, s.directory_code, s.name, s.address)), lower($10)) > 0)"
                    $tail],
                filter.scope.divisions(),
                filter.scope.own_credit_code(),
                filter.scope.is_public(),
                filter.stages.as_deref(),
                filter.division.as_deref(),
                filter.boxes.as_ref().map(|b| b[0].as_slice()),
                filter.boxes.as_ref().map(|b| b[1].as_slice()),
                filter.overdue,
                filter.today as Day,
                filter.q.as_deref(),
                $key,
                after.id,
                limit,
            )
            .fetch_all(conn)
            .await?
        };
    }
    let text = after.text.as_str();
    let (number, day) = (after.number, after.day);
    Ok(match (order, descending) {
        (Order::Code, false) => ordered!(text, " and (s.code, s.id) > ($11, $12) order by s.code, s.id limit $13"),
        (Order::Code, true) => {
            ordered!(text, " and (s.code, s.id) < ($11, $12) order by s.code desc, s.id desc limit $13")
        }
        (Order::Name, false) => ordered!(text, " and (s.name, s.id) > ($11, $12) order by s.name, s.id limit $13"),
        (Order::Name, true) => {
            ordered!(text, " and (s.name, s.id) < ($11, $12) order by s.name desc, s.id desc limit $13")
        }
        (Order::Area, false) => {
            ordered!(number, " and (s.area_m2, s.id) > ($11, $12) order by s.area_m2, s.id limit $13")
        }
        (Order::Area, true) => {
            ordered!(number, " and (s.area_m2, s.id) < ($11, $12) order by s.area_m2 desc, s.id desc limit $13")
        }
        (Order::StageSince, false) => ordered!(
            day as Option<Day>,
            " and (coalesce(s.stage_since, '0001-01-01'), s.id) > (coalesce($11::date, '-infinity'), $12)
              order by coalesce(s.stage_since, '0001-01-01'), s.id limit $13"
        ),
        (Order::StageSince, true) => ordered!(
            day as Option<Day>,
            " and (coalesce(s.stage_since, '0001-01-01'), s.id) < ($11::date, $12)
              order by coalesce(s.stage_since, '0001-01-01') desc, s.id desc limit $13"
        ),
    })
}

/// A site to be written.
#[derive(Debug, Clone)]
pub(super) struct NewRow {
    pub id: SiteId,
    pub code: String,
    pub national_code: Option<String>,
    pub directory_code: Option<String>,
    pub attributes: Attributes,
    pub standing: Columns,
    pub area_m2: f64,
    pub invented: bool,
    pub ewkb: Vec<u8>,
}

/// What is told of a site, without its standing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Attributes {
    pub name: String,
    pub division_code: String,
    pub address: Option<String>,
    pub land_user_name: Option<String>,
    pub land_user_credit_code: Option<String>,
    pub land_user_contact: Option<String>,
    pub former_industry: Option<String>,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub basis: Option<String>,
}

/// The columns that the log decides.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub stage: Stage,
    pub stage_since: Option<Day>,
    pub risk_grade: Option<RiskGrade>,
    pub assessed_class: Option<AssessedClass>,
    pub suspected_on: Option<Day>,
    pub contaminated_on: Option<Day>,
    pub control_listed_on: Option<Day>,
    pub on_suspected_list: bool,
    pub in_directory: bool,
    pub on_control_list: Option<bool>,
    pub flags: Vec<Flag>,
    pub liable_party: Option<Party>,
    pub events: i32,
}

impl Columns {
    /// Those of a site that is on no list.
    pub fn none() -> Columns {
        Columns {
            stage: Stage::Candidate,
            stage_since: None,
            risk_grade: None,
            assessed_class: None,
            suspected_on: None,
            contaminated_on: None,
            control_listed_on: None,
            on_suspected_list: false,
            in_directory: false,
            on_control_list: Some(false),
            flags: Vec::new(),
            liable_party: None,
            events: 0,
        }
    }

    /// Those of a row.
    pub fn of(row: &Row) -> Result<Columns> {
        let status = row.status()?;
        Ok(Columns {
            stage: status.stage(),
            stage_since: row.stage_since,
            risk_grade: status.risk_grade(),
            assessed_class: row.assessed_class(),
            suspected_on: row.suspected_on,
            contaminated_on: row.contaminated_on,
            control_listed_on: row.control_listed_on,
            on_suspected_list: row.on_suspected_list,
            in_directory: row.in_directory,
            on_control_list: row.on_control_list,
            // The log says these anew with every entry.
            flags: Vec::new(),
            liable_party: None,
            events: row.events,
        })
    }

    /// After an entry of the log: what the state says, and the lists as the effects changed them.
    pub fn after(mut self, state: &SiteState, effects: &[Effect], occurred_on: Option<Day>) -> Result<Columns> {
        self.stage = state.stage();
        self.stage_since = state.since();
        self.risk_grade = state.standing().risk_grade();
        self.assessed_class = state.standing().assessed_class();
        self.flags = state.standing().flags().to_vec();
        self.liable_party = state.standing().liable().last().map(|liable| liable.party.clone());
        self.events = i32::try_from(state.recorded()).map_err(Error::internal)?;
        for effect in effects {
            match effect {
                Effect::ListEntered { list } => self.enter(*list, occurred_on),
                Effect::ListLeft { list } => self.set(*list, false),
                Effect::Undone { effect } => match **effect {
                    Effect::ListEntered { list } => {
                        self.set(list, false);
                        self.dated(list, None);
                    }
                    // The day of its entry stands beside it still.
                    Effect::ListLeft { list } => self.set(list, true),
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(self)
    }

    fn enter(&mut self, list: List, on: Option<Day>) {
        self.set(list, true);
        self.dated(list, on);
    }

    fn set(&mut self, list: List, on: bool) {
        match list {
            List::SuspectedList => self.on_suspected_list = on,
            List::ContaminatedDirectory => self.in_directory = on,
            List::ControlList => self.on_control_list = Some(on),
        }
    }

    fn dated(&mut self, list: List, on: Option<Day>) {
        match list {
            List::SuspectedList => self.suspected_on = on,
            List::ContaminatedDirectory => self.contaminated_on = on,
            List::ControlList => self.control_listed_on = on,
        }
    }
}

/// Writes sites, however many, in one statement.
pub(super) async fn insert(conn: &mut PgConnection, rows: &[NewRow]) -> Result<()> {
    fn each<'a, T>(rows: &'a [NewRow], value: impl Fn(&'a NewRow) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    let attribute = |get: fn(&Attributes) -> &Option<String>| each(rows, |row| get(&row.attributes).clone());
    sqlx::query!(
        "insert into site (id, code, national_code, directory_code, name, division_code, address, land_user_name,
                           land_user_credit_code, land_user_contact, former_industry, land_use_system, land_use_code, basis,
                           stage, control_mode, stage_since, risk_grade, assessed_class, suspected_on, contaminated_on,
                           control_listed_on, on_suspected_list, in_directory, on_control_list, events, area_m2, invented, geom)
         select r.id, r.code, r.national_code, r.directory_code, r.name, r.division_code, r.address, r.land_user_name,
                r.land_user_credit_code, r.land_user_contact, r.former_industry, r.land_use_system, r.land_use_code, r.basis,
                r.stage, r.control_mode, r.stage_since, r.risk_grade, r.assessed_class, r.suspected_on, r.contaminated_on,
                r.control_listed_on, r.on_suspected_list, r.in_directory, r.on_control_list, r.events, r.area_m2, r.invented,
                st_geomfromewkb(r.ewkb)
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                     $17::date[], $18::text[], $19::text[], $20::date[], $21::date[], $22::bool[], $23::bool[], $24::bool[],
                     $25::int4[], $26::float8[], $27::bool[], $28::bytea[], $29::date[])
              as r (id, code, national_code, directory_code, name, division_code, address, land_user_name,
                    land_user_credit_code, land_user_contact, former_industry, land_use_system, land_use_code, basis,
                    stage, control_mode, stage_since, risk_grade, assessed_class, suspected_on, contaminated_on,
                    on_suspected_list, in_directory, on_control_list, events, area_m2, invented, ewkb, control_listed_on)",
        &each(rows, |row| row.id.0),
        &each(rows, |row| row.code.clone()),
        &each(rows, |row| row.national_code.clone()) as &[Option<String>],
        &each(rows, |row| row.directory_code.clone()) as &[Option<String>],
        &each(rows, |row| row.attributes.name.clone()),
        &each(rows, |row| row.attributes.division_code.clone()),
        &attribute(|a| &a.address) as &[Option<String>],
        &attribute(|a| &a.land_user_name) as &[Option<String>],
        &attribute(|a| &a.land_user_credit_code) as &[Option<String>],
        &attribute(|a| &a.land_user_contact) as &[Option<String>],
        &attribute(|a| &a.former_industry) as &[Option<String>],
        &attribute(|a| &a.land_use_system) as &[Option<String>],
        &attribute(|a| &a.land_use_code) as &[Option<String>],
        &attribute(|a| &a.basis) as &[Option<String>],
        &each(rows, |row| row.standing.stage.as_str()) as &[&str],
        &each(rows, |row| row.standing.stage.mode().map(ControlMode::as_str)) as &[Option<&str>],
        &each(rows, |row| row.standing.stage_since) as &[Option<Day>],
        &each(rows, |row| row.standing.risk_grade.map(RiskGrade::as_str)) as &[Option<&str>],
        &each(rows, |row| row.standing.assessed_class.map(AssessedClass::as_str)) as &[Option<&str>],
        &each(rows, |row| row.standing.suspected_on) as &[Option<Day>],
        &each(rows, |row| row.standing.contaminated_on) as &[Option<Day>],
        &each(rows, |row| row.standing.on_suspected_list),
        &each(rows, |row| row.standing.in_directory),
        &each(rows, |row| row.standing.on_control_list) as &[Option<bool>],
        &each(rows, |row| row.standing.events),
        &each(rows, |row| row.area_m2),
        &each(rows, |row| row.invented),
        &each(rows, |row| row.ewkb.clone()),
        &each(rows, |row| row.standing.control_listed_on) as &[Option<Day>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what an entry of the log decided. The row gets a new version even where nothing else changed, because its log did.
pub(super) async fn set_standing(
    conn: &mut PgConnection,
    id: SiteId,
    standing: &Columns,
    directory_code: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update site set stage = $2, control_mode = $3, stage_since = $4, risk_grade = $5, assessed_class = $6,
                         suspected_on = $7, contaminated_on = $8, on_suspected_list = $9, in_directory = $10,
                         on_control_list = $11, events = $12, directory_code = coalesce(directory_code, $13),
                         control_listed_on = $14, flags = $15, liable_party_name = $16, liable_party_credit_code = $17,
                         correction_reason = null
         where id = $1",
        id as SiteId,
        standing.stage.as_str(),
        standing.stage.mode().map(ControlMode::as_str),
        standing.stage_since as Option<Day>,
        standing.risk_grade.map(RiskGrade::as_str),
        standing.assessed_class.map(AssessedClass::as_str),
        standing.suspected_on as Option<Day>,
        standing.contaminated_on as Option<Day>,
        standing.on_suspected_list,
        standing.in_directory,
        standing.on_control_list,
        standing.events,
        directory_code,
        standing.control_listed_on as Option<Day>,
        &standing.flags.iter().map(|flag| flag.as_str()).collect::<Vec<_>>() as &[&str],
        standing.liable_party.as_ref().map(|party| party.name.as_str()),
        standing.liable_party.as_ref().and_then(|party| party.credit_code.as_deref()),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a correction. `outline` is EWKB and its area, where it changes.
pub(super) async fn correct(
    conn: &mut PgConnection,
    id: SiteId,
    national_code: Option<&str>,
    a: &Attributes,
    outline: Option<(&[u8], f64)>,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "update site set name = $2, division_code = $3, address = $4, land_user_name = $5, land_user_credit_code = $6,
                         land_user_contact = $7, former_industry = $8, land_use_system = $9, land_use_code = $10,
                         basis = $11, national_code = $12, correction_reason = $13,
                         geom = coalesce(st_geomfromewkb($14), geom), area_m2 = coalesce($15, area_m2)
         where id = $1",
        id as SiteId,
        a.name,
        a.division_code,
        a.address,
        a.land_user_name,
        a.land_user_credit_code,
        a.land_user_contact,
        a.former_industry,
        a.land_use_system,
        a.land_use_code,
        a.basis,
        national_code,
        reason,
        outline.map(|(ewkb, _)| ewkb),
        outline.map(|(_, area)| area),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which of the codes are taken, as `code` or `national_code` of a site.
pub(super) async fn taken_codes(conn: &mut PgConnection, codes: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select c.code as "code!" from unnest($1::text[]) as c (code)
           where exists (select 1 from site s where s.code = c.code)
              or exists (select 1 from site s where s.national_code = c.code)
              or exists (select 1 from site s where s.directory_code = c.code)"#,
        codes,
    )
    .fetch_all(conn)
    .await?)
}

/// Locks the counter of an interim code until the act is over, and gives the last serial given.
pub(super) async fn lock_serials(conn: &mut PgConnection, division: &str, year: i32, letters: &str) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "insert into site_code_counter (division_code, year, kind, last) values ($1, $2, $3, 0)
         on conflict (division_code, year, kind) do update set last = site_code_counter.last
         returning last",
        division,
        year,
        letters,
    )
    .fetch_one(conn)
    .await?)
}

/// The next `n` serials behind one that make a code, of `stem` and four digits, that no site has and that is not
/// `reserved`; fewer where there are not so many below 9999.
pub(super) async fn free_serials(
    conn: &mut PgConnection,
    stem: &str,
    after: i32,
    reserved: &[String],
    n: i64,
) -> Result<Vec<i32>> {
    Ok(sqlx::query_scalar!(
        r#"select serial as "serial!"
           from generate_series($2::int4 + 1, 9999) as serial
               cross join lateral (select $1::text || lpad(serial::text, 4, '0') as code) as c
           where not exists (select 1 from site s where s.code = c.code)
             and not exists (select 1 from site s where s.directory_code = c.code)
             and c.code <> all($3::text[])
           order by serial
           limit $4"#,
        stem,
        after,
        reserved,
        n,
    )
    .fetch_all(conn)
    .await?)
}

/// Writes the last serial given.
pub(super) async fn keep_serial(
    conn: &mut PgConnection,
    division: &str,
    year: i32,
    letters: &str,
    last: i32,
) -> Result<()> {
    sqlx::query!(
        "update site_code_counter set last = $4 where (division_code, year, kind) = ($1, $2, $3)",
        division,
        year,
        letters,
        last,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Who entered an event: no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actor {
    pub role: Option<Role>,
    pub key_id: Option<KeyId>,
    pub division: Option<String>,
}

/// An entry of a log, with its place in the hash chain.
#[derive(Debug, Clone)]
pub(super) struct LogRow {
    pub site_id: SiteId,
    pub seq: i32,
    pub event_type: String,
    pub occurred_on: Option<Day>,
    pub day_assumed: bool,
    pub recorded_at: DateTime<Utc>,
    pub actor: Actor,
    pub payload: Value,
    pub effects: Value,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// RFC 3339 UTC with six decimals: what the log is hashed with and shown with.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl LogRow {
    /// An entry behind another.
    #[expect(clippy::too_many_arguments, reason = "an entry's facts, each once")]
    pub fn new(
        site_id: SiteId,
        seq: u32,
        (occurred_on, day_assumed): (Option<Day>, bool),
        recorded_at: DateTime<Utc>,
        actor: Actor,
        payload: Value,
        effects: &[Effect],
        prev_hash: &[u8],
    ) -> Result<LogRow> {
        let event_type = payload["type"].as_str().unwrap_or_default().to_owned();
        let mut row = LogRow {
            site_id,
            seq: i32::try_from(seq).map_err(Error::internal)?,
            event_type,
            occurred_on,
            day_assumed,
            recorded_at,
            actor,
            payload,
            effects: serde_json::to_value(effects).map_err(Error::internal)?,
            prev_hash: prev_hash.to_vec(),
            hash: Vec::new(),
        };
        row.hash = row.digest();
        Ok(row)
    }

    /// SHA-256 over the previous hash and the entry as JSON with sorted keys and no blanks.
    pub fn digest(&self) -> Vec<u8> {
        let entry = json!({
            "site_id": self.site_id,
            "seq": self.seq,
            "type": self.event_type,
            "occurred_on": self.occurred_on,
            "day_assumed": self.day_assumed,
            "recorded_at": instant(self.recorded_at),
            "actor": {"role": self.actor.role, "key_id": self.actor.key_id, "division": self.actor.division},
            "payload": self.payload,
            "effects": self.effects,
        });
        let mut text = String::new();
        canonical(&entry, &mut text);
        let mut sha = Sha256::new();
        sha.update(&self.prev_hash);
        sha.update(text.as_bytes());
        sha.finalize().to_vec()
    }

    /// The entry as the rules know it; `None` for a registration as given, which is no event.
    fn entry(&self) -> Result<Option<Entry>> {
        if self.event_type == REGISTERED {
            return Ok(None);
        }
        let broken = |what: &str| Error::internal(format!("event {} of site {}: {what}", self.seq, self.site_id));
        Ok(Some(Entry {
            seq: u32::try_from(self.seq).map_err(Error::internal)?,
            event: serde_json::from_value::<Event>(self.payload.clone()).map_err(Error::internal)?,
            occurred_on: self.occurred_on.ok_or_else(|| broken("no day"))?,
            day_assumed: self.day_assumed,
            actor: self.actor.role.ok_or_else(|| broken("no role"))?,
        }))
    }
}

/// JSON with sorted keys and no blanks. Whoever verifies a log must come to the same bytes, whatever order a library keeps.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// A log with the state it leads to.
pub(super) struct Log {
    pub rows: Vec<LogRow>,
    pub state: SiteState,
    /// For each row the number of the entry that voided it.
    pub voided_by: Vec<Option<u32>>,
}

impl Log {
    /// The state that these entries lead to.
    pub fn of(rows: Vec<LogRow>) -> Result<Log> {
        let broken = |impossible: Impossible| Error::internal(impossible.0);
        let mut entries = Vec::with_capacity(rows.len());
        let mut origin = SiteState::candidate();
        for row in &rows {
            match row.entry()? {
                Some(entry) => {
                    let kept: Vec<Effect> = serde_json::from_value(row.effects.clone()).map_err(Error::internal)?;
                    entries.push((entry, kept));
                }
                None => {
                    let given: Given = serde_json::from_value(row.payload.clone()).map_err(Error::internal)?;
                    origin = SiteState::registered(&given).0;
                }
            }
        }
        let replayed = replay_as_kept(origin, &entries).map_err(broken)?;
        let mut voided_by = vec![None; rows.len() - entries.len()];
        voided_by.extend(replayed.voided_by);
        Ok(Log { rows, state: replayed.state, voided_by })
    }

    /// Whether the site was taken over from an existing register, which said since when it stood where.
    pub fn is_of_existing_register(&self) -> bool {
        self.rows.first().is_some_and(|row| row.event_type == REGISTERED)
    }

    /// The hash that the next entry stands on.
    pub fn head(&self) -> &[u8] {
        self.rows.last().map_or(&FIRST_HASH, |row| &row.hash)
    }
}

/// Every site, in the order of their codes.
pub(super) async fn ids(conn: &mut PgConnection) -> Result<Vec<SiteId>> {
    Ok(sqlx::query_scalar!(r#"select id as "id: SiteId" from site order by code"#).fetch_all(conn).await?)
}

/// The log of a site, as the registry knew it at an instant (`None`: knows it now).
pub(super) async fn log(conn: &mut PgConnection, id: SiteId, known_at: Option<DateTime<Utc>>) -> Result<Log> {
    Log::of(log_rows(conn, id, known_at).await?)
}

/// The entries of that log as stored, oldest first.
pub(super) async fn log_rows(
    conn: &mut PgConnection,
    id: SiteId,
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<LogRow>> {
    let rows = sqlx::query!(
        r#"select seq, type as event_type, occurred_on as "occurred_on: Day", day_assumed, recorded_at, actor_role,
                  actor_key_id as "actor_key_id: KeyId", actor_division, payload, effects, prev_hash, hash
           from site_event where site_id = $1 and ($2::timestamptz is null or recorded_at <= $2) order by seq"#,
        id as SiteId,
        known_at,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let role = row
                .actor_role
                .map(|role| Role::parse(&role).ok_or_else(|| Error::internal(format!("there is no role `{role}`"))))
                .transpose()?;
            Ok(LogRow {
                site_id: id,
                seq: row.seq,
                event_type: row.event_type,
                occurred_on: row.occurred_on,
                day_assumed: row.day_assumed,
                recorded_at: row.recorded_at,
                actor: Actor { role, key_id: row.actor_key_id, division: row.actor_division },
                payload: row.payload,
                effects: row.effects,
                prev_hash: row.prev_hash,
                hash: row.hash,
            })
        })
        .collect()
}

/// Appends entries, however many, in one statement.
pub(super) async fn append(conn: &mut PgConnection, act: ActId, rows: &[LogRow]) -> Result<()> {
    fn each<'a, T>(rows: &'a [LogRow], value: impl Fn(&'a LogRow) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    sqlx::query!(
        "insert into site_event (site_id, seq, type, occurred_on, day_assumed, recorded_at, act_id, actor_role,
                                 actor_key_id, actor_division, payload, effects, prev_hash, hash)
         select r.site_id, r.seq, r.type, r.occurred_on, r.day_assumed, r.recorded_at, $14, r.role, r.key_id, r.division,
                r.payload, r.effects, r.prev_hash, r.hash
         from unnest($1::uuid[], $2::int4[], $3::text[], $4::date[], $5::bool[], $6::timestamptz[], $7::text[],
                     $8::uuid[], $9::text[], $10::jsonb[], $11::jsonb[], $12::bytea[], $13::bytea[])
              as r (site_id, seq, type, occurred_on, day_assumed, recorded_at, role, key_id, division, payload, effects,
                    prev_hash, hash)",
        &each(rows, |row| row.site_id.0),
        &each(rows, |row| row.seq),
        &each(rows, |row| row.event_type.clone()),
        &each(rows, |row| row.occurred_on) as &[Option<Day>],
        &each(rows, |row| row.day_assumed),
        &each(rows, |row| row.recorded_at),
        &each(rows, |row| row.actor.role.map(Role::as_str)) as &[Option<&str>],
        &each(rows, |row| row.actor.key_id.map(|id| id.0)) as &[Option<Uuid>],
        &each(rows, |row| row.actor.division.clone()) as &[Option<String>],
        &each(rows, |row| row.payload.clone()),
        &each(rows, |row| row.effects.clone()),
        &each(rows, |row| row.prev_hash.clone()),
        &each(rows, |row| row.hash.clone()),
        act as ActId,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A use barred on a site's land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegativeUse {
    /// The system that the code is of.
    pub use_system: String,
    /// A land-use code; all below it is meant too.
    pub code_prefix: String,
    /// Why.
    pub why: Option<String>,
    /// First day, where known.
    pub since: Option<Day>,
    /// Last day; `None` while it holds.
    pub until: Option<Day>,
}

/// The uses barred on the land of these sites, as known at an instant (`None`: now).
pub(super) async fn negative_lists(
    conn: &mut PgConnection,
    ids: &[Uuid],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<(Uuid, NegativeUse)>> {
    let rows = sqlx::query!(
        r#"select site_id as "site_id!", use_system as "use_system!", code_prefix as "code_prefix!", why,
                  since as "since: Day", until as "until: Day"
           from (select * from site_negative_list where $2::timestamptz is null or sys_from <= $2
                 union all
                 select * from site_negative_list_history
                 where $2::timestamptz is not null and sys_from <= $2 and sys_to > $2) as n
           where site_id = any($1) order by site_id, use_system, code_prefix"#,
        ids,
        known_at,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let barred = NegativeUse {
                use_system: row.use_system,
                code_prefix: row.code_prefix,
                why: row.why,
                since: row.since,
                until: row.until,
            };
            (row.site_id, barred)
        })
        .collect())
}

pub(super) async fn bar_uses(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    rows: &[(SiteId, NegativeUse)],
) -> Result<()> {
    fn each<'a, T>(rows: &'a [(SiteId, NegativeUse)], value: impl Fn(&'a (SiteId, NegativeUse)) -> T) -> Vec<T> {
        rows.iter().map(value).collect()
    }
    sqlx::query!(
        "insert into site_negative_list (id, site_id, use_system, code_prefix, why, since, until)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[])",
        &each(rows, |_| crate::kernel::ids::v7(now)),
        &each(rows, |(site, _)| site.0),
        &each(rows, |(_, barred)| barred.use_system.clone()),
        &each(rows, |(_, barred)| barred.code_prefix.clone()),
        &each(rows, |(_, barred)| barred.why.clone()) as &[Option<String>],
        &each(rows, |(_, barred)| barred.since) as &[Option<Day>],
        &each(rows, |(_, barred)| barred.until) as &[Option<Day>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A version of a site.
pub(super) struct Version {
    pub revision: i32,
    pub act_id: ActId,
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    /// Every column that somebody can change, the outline as a digest.
    pub columns: Value,
}

/// The civil day on which the registry came to know a site.
pub(super) async fn registered_on(conn: &mut PgConnection, id: SiteId) -> Result<Day> {
    let at = sqlx::query_scalar!(
        r#"select coalesce((select min(sys_from) from site_history where id = $1),
                           (select sys_from from site where id = $1)) as "at!: DateTime<Utc>""#,
        id as SiteId,
    )
    .fetch_one(conn)
    .await?;
    Ok(Day::at(at))
}

/// Every version, oldest first.
pub(super) async fn versions(conn: &mut PgConnection, id: SiteId) -> Result<Vec<Version>> {
    Ok(sqlx::query_as!(
        Version,
        r#"select v.revision as "revision!", v.act_id as "act_id!: ActId", v.sys_from as "from!", v.sys_to as "to",
                  v.correction_reason as reason,
                  (to_jsonb(v) - '{revision,act_id,sys_from,sys_to,correction_reason,geom,drawn_from,spot}'::text[])
                      || jsonb_build_object('geometry', md5(st_asbinary(v.geom))) as "columns!"
           from (select * from site union all select * from site_history) v
           where v.id = $1 order by v.revision"#,
        id as SiteId,
    )
    .fetch_all(conn)
    .await?)
}

/// How a site lies to a parcel.
pub(super) struct HitRow {
    pub place: i32,
    pub id: SiteId,
    pub code: String,
    pub name: String,
    pub division_code: String,
    pub former_industry: Option<String>,
    pub land_use_system: Option<String>,
    pub land_use_code: Option<String>,
    pub stage: String,
    pub control_mode: Option<String>,
    pub stage_since: Option<Day>,
    pub risk_grade: Option<String>,
    pub assessed_class: Option<String>,
    pub on_suspected_list: bool,
    pub in_directory: bool,
    pub on_control_list: Option<bool>,
    pub area_m2: f64,
    pub overlap_m2: Option<f64>,
    pub distance_m: f64,
}

impl HitRow {
    pub fn status(&self) -> Result<Status> {
        Status::read(&self.stage, self.control_mode.as_deref(), self.risk_grade.as_deref()).map_err(Error::internal)
    }

    pub fn lists(&self) -> Vec<List> {
        lists(self.on_suspected_list, self.in_directory, self.on_control_list)
    }
}

/// The sites that parcels overlap or touch, or that lie near them, each at the stage at which it stood on the parcel's day:
/// that of the newest version known whose stage had begun by then. A site whose first stage is later is none on that day,
/// unless it was taken over at a stage that others must have come before: then it counts as what it was taken over as.
pub(super) async fn hits(conn: &mut PgConnection, probe: &Probe) -> Result<Vec<HitRow>> {
    Ok(sqlx::query_as!(
        HitRow,
        r#"select q.n as "place!", r.id as "id!: SiteId", r.code as "code!", r.name as "name!",
                  r.division_code as "division_code!", r.former_industry, r.land_use_system, r.land_use_code,
                  v.stage as "stage!", v.control_mode, v.stage_since as "stage_since: Day", v.risk_grade, v.assessed_class,
                  v.on_suspected_list as "on_suspected_list!", v.in_directory as "in_directory!", v.on_control_list,
                  r.area_m2 as "area_m2!", o.overlap_m2,
                  case when o.overlap_m2 is null then st_distance(r.geom::geography, p.g::geography) else 0 end as "distance_m!"
           from unnest($1::int[], $2::bytea[], $3::date[]) as q (n, ewkb, on_day)
               cross join lateral (
                   select g, platform_near_box(g, $4) as box from st_geomfromewkb(q.ewkb) as g offset 0) as p
               join lateral (
                   select * from site where geom && p.box and ($5::timestamptz is null or sys_from <= $5)
                   union all
                   select * from site_history
                   where $5::timestamptz is not null and geom && p.box and sys_from <= $5 and sys_to > $5) as r on true
               cross join lateral (select platform_overlap_m2(r.geom, p.g, r.area_m2) as overlap_m2 offset 0) as o
               cross join lateral (
                   select w.*
                   from (select r.stage, r.control_mode, r.stage_since, r.risk_grade, r.assessed_class, r.on_suspected_list,
                                r.in_directory, r.on_control_list, r.revision
                         union all
                         select h.stage, h.control_mode, h.stage_since, h.risk_grade, h.assessed_class, h.on_suspected_list,
                                h.in_directory, h.on_control_list, h.revision
                         from site_history as h
                         where r.stage_since > q.on_day and h.id = r.id and h.sys_from < r.sys_from) as w
                       cross join lateral (select w.stage_since is null or w.stage_since <= q.on_day as begun) as b
                   where b.begun or (w.revision = 1 and w.stage not in ('candidate', 'suspected'))
                   order by b.begun desc, w.revision desc
                   limit 1) as v
           where o.overlap_m2 is not null or st_dwithin(r.geom::geography, p.g::geography, $4)"#,
        &probe.places(),
        &probe.ewkb,
        &probe.on as &[Day],
        probe.near_m,
        probe.known_at,
    )
    .fetch_all(conn)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_sorts_keys_at_every_depth_and_leaves_no_blanks() {
        let mut out = String::new();
        canonical(&json!({"b": [1, {"z": null, "a": "\"中"}], "a": true}), &mut out);
        assert_eq!(out, r#"{"a":true,"b":[1,{"a":"\"中","z":null}]}"#);
    }
}
