//! Below the application: what plain SQL may do to a stage is what the table says, and no more.

use super::CREDIT_CODE;
use crate::loading::{counts, feature, load};
use crate::support::{World, square};
use jingtu::platform::{Act, Permission};
use jingtu::registers::site::rules::stage::Stage;
use jingtu::registers::site::rules::table::{EventType, TRANSITIONS, To};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, Row};
use std::collections::BTreeSet;

/// From where, by which entry, whereto.
type Way = (String, String, String);

/// The transitions that change a stage. A review that leads back leads to where the report can have come from.
fn by_the_rules() -> BTreeSet<Way> {
    let reported_from = |reviewed: Stage| {
        TRANSITIONS.iter().filter(move |t| t.to == To::Stage(reviewed)).flat_map(|t| t.from.iter().copied())
    };
    let mut ways = BTreeSet::new();
    for transition in &TRANSITIONS {
        for from in transition.from {
            let to: Vec<Stage> = match transition.to {
                To::Stay => Vec::new(),
                To::Stage(stage) => vec![stage],
                To::Back => reported_from(*from).collect(),
            };
            for to in to.into_iter().filter(|to| to != from) {
                ways.insert((from.to_string(), transition.event.as_str().to_owned(), to.to_string()));
            }
        }
    }
    ways
}

/// A site at every stage, as existing registers had it.
async fn everywhere() -> World {
    let world = World::new().await;
    let sites: Vec<_> = Stage::ALL
        .into_iter()
        .enumerate()
        .map(|(i, stage)| {
            let mut facts =
                json!({"code": stage.to_string(), "name": "地块", "division_code": "152921", "stage": stage.as_str()});
            if let Some(mode) = stage.mode() {
                facts["mode"] = json!(mode);
                facts["on_control_list"] = json!(true);
            }
            feature(facts, square(105.0 + i as f64 * 0.1, 38.8, 100.0))
        })
        .collect();
    assert_eq!(counts(&load(&world, "sites", &sites, 100).await), (sites.len(), 0, 0));
    world
}

fn state(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.to_string())
}

/// Runs one statement inside an act; the SQLSTATE of its refusal, or of the commit's.
async fn refused(world: &World, sql: &str) -> Option<String> {
    let mut act: Act = world.act(Permission::SiteEvent).await;
    let result = act.tx().execute(AssertSqlSafe(sql.to_owned())).await;
    if let Err(error) = result {
        return state(&error);
    }
    // Deferred constraints speak at the end of the transaction.
    act.tx().execute("set constraints all immediate").await.err().as_ref().and_then(state)
}

/// An entry of a log in plain SQL, for the site `s`.
const ENTRY: &str = "insert into site_event (site_id, seq, type, occurred_on, day_assumed, recorded_at, act_id, payload, effects, \
    prev_hash, hash) select s.id, {seq}, {type}, '2026-11-20', false, now(), gen_random_uuid(), {payload}, '[]', \
    sha256('before'), sha256(gen_random_uuid()::text::bytea)";

fn entry(seq: &str, event: &str, payload: &str) -> String {
    ENTRY.replace("{seq}", seq).replace("{type}", event).replace("{payload}", payload)
}

#[tokio::test]
async fn the_table_in_the_database_is_that_of_the_rules() {
    let world = World::new().await;
    let rows = sqlx::query("select from_stage, event, to_stage from site_stage_step")
        .fetch_all(world.app.db())
        .await
        .expect("the table");
    let stored: BTreeSet<Way> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(stored.len(), rows.len());
    assert_eq!(stored, by_the_rules());
}

#[tokio::test]
async fn no_entry_of_a_log_takes_a_site_where_the_table_has_no_way() {
    let world = everywhere().await;
    let mut act = world.act(Permission::SiteEvent).await;
    // Tries a step with its entry and undoes it; `taken`, or the SQLSTATE of the refusal.
    let tries = format!(
        "create function pg_temp.attempt(site uuid, entry text, to_stage text, to_mode text) returns text language plpgsql as $f$
         begin
             {};
             update site s set stage = to_stage, control_mode = to_mode, events = s.events + 1 where s.id = site;
             raise exception 'undo' using errcode = 'JT999';
         exception when others then
             return case sqlstate when 'JT999' then 'taken' else sqlstate end;
         end $f$",
        entry("s.events + 1", "entry", "'{}'") + " from site s where s.id = site"
    );
    act.tx().execute(AssertSqlSafe(tries)).await.expect("the function");
    let mut events: Vec<String> = EventType::all().map(|event| event.as_str().to_owned()).collect();
    events.push("registered".to_owned());
    let rows = sqlx::query(
        "select s.code, e, t.code, pg_temp.attempt(s.id, e, t.stage, t.control_mode)
         from site s cross join unnest($1::text[]) e cross join site t where s.id <> t.id",
    )
    .bind(&events)
    .fetch_all(act.tx())
    .await
    .expect("the tries");
    let stages = Stage::ALL.len();
    assert_eq!(rows.len(), stages * (stages - 1) * events.len());
    let mut taken: BTreeSet<Way> = BTreeSet::new();
    for row in rows {
        let way: Way = (row.get(0), row.get(1), row.get(2));
        match row.get::<String, _>(3).as_str() {
            "taken" => drop(taken.insert(way)),
            refused => assert_eq!(refused, "JT004", "{way:?}"),
        }
    }
    let mut expected = by_the_rules();
    // Voiding goes every way back.
    let back: Vec<Way> =
        expected.iter().map(|(from, _, to)| (to.clone(), "entered_in_error".to_owned(), from.clone())).collect();
    expected.extend(back);
    assert_eq!(taken, expected);
    act.abandon().await.expect("undone");
}

#[tokio::test]
async fn no_stage_changes_without_an_entry_not_even_by_a_way_of_the_table() {
    let world = everywhere().await;
    for (from, event, to) in by_the_rules() {
        let (stage, mode) = to.split_once('/').map_or((to.as_str(), "null".to_owned()), |(s, m)| (s, format!("'{m}'")));
        let set = format!("stage = '{stage}', control_mode = {mode}");
        // Without an entry, with a number for one that is not there, and with one that is of another number.
        for sql in [
            format!("update site set {set} where code = '{from}'"),
            format!("update site set {set}, events = events + 1 where code = '{from}'"),
            format!("update site set {set}, events = events + 2 where code = '{from}'"),
        ] {
            assert_eq!(refused(&world, &sql).await.as_deref(), Some("JT004"), "{sql}");
        }
        let with = entry("s.events + 1", &format!("'{event}'"), "'{}'");
        let sql = format!(
            "{with} from site s where s.code = '{from}'; update site set {set}, events = events + 1 where code = '{from}'"
        );
        assert_eq!(refused(&world, &sql).await, None, "with its entry it is taken: {sql}");
    }
    // Nor does the count of entries go back or run ahead where the stage stays.
    for count in ["events + 1", "events - 1", "0"] {
        let sql = format!("update site set events = {count} where code = 'listed'");
        assert_eq!(refused(&world, &sql).await.as_deref(), Some("JT004"), "{sql}");
    }
    assert_eq!(refused(&world, "update site set name = '新名称' where code = 'listed'").await, None);
}

#[tokio::test]
async fn no_site_begins_at_a_stage_that_its_log_does_not_say() {
    let world = World::new().await;
    let insert = |stage: Stage, events: u32, log: &str| {
        let mode = stage.mode().map_or("null".to_owned(), |mode| format!("'{}'", mode.as_str()));
        format!(
            "insert into site (id, code, name, division_code, stage, control_mode, land_user_credit_code, events, area_m2, geom,
                 on_suspected_list, in_directory)
             values (gen_random_uuid(), 'X', '地块', '152921', '{}', {mode}, '{CREDIT_CODE}', {events}, 1,
                 st_setsrid(st_makeenvelope(105, 38, 105.1, 38.1), 4490), false, false); {log}",
            stage.as_str()
        )
    };
    let first = |event: &str, payload: &str| entry("1", event, payload) + " from site s where s.code = 'X'";
    for stage in Stage::ALL {
        let begins = if stage == Stage::Candidate { None } else { Some("JT004") };
        assert_eq!(refused(&world, &insert(stage, 0, "")).await.as_deref(), begins, "{stage}");
        assert_eq!(refused(&world, &insert(stage, 1, "")).await.as_deref(), Some("JT004"), "{stage} without its entry");
        let registered = |of: Stage| {
            let payload = json!({"type": "registered", "stage": of.as_str(), "mode": of.mode()});
            first("'registered'", &format!("'{payload}'"))
        };
        assert_eq!(refused(&world, &insert(stage, 1, &registered(stage))).await, None, "{stage} with its entry");
        for other in Stage::ALL.into_iter().filter(|other| *other != stage) {
            let sql = insert(stage, 1, &registered(other));
            assert_eq!(refused(&world, &sql).await.as_deref(), Some("JT004"), "{stage} with an entry for {other}");
        }
        let listed = insert(stage, 1, &first("'suspected_listed'", "'{}'"));
        let fits = if stage == Stage::Suspected { None } else { Some("JT004") };
        assert_eq!(refused(&world, &listed).await.as_deref(), fits, "{stage} as listed");
    }
}

#[tokio::test]
async fn no_entry_of_a_log_is_changed_or_taken_away() {
    let world = everywhere().await;
    for (sql, code) in [
        ("update site_event set type = 'disclosed'", "JT002"),
        ("update site_event set payload = '{}' where seq = 1", "JT002"),
        ("delete from site_event", "JT002"),
        ("truncate site_event", "JT002"),
        ("delete from site", "JT003"),
    ] {
        assert_eq!(refused(&world, sql).await.as_deref(), Some(code), "{sql}");
    }
    let outside = world.app.db().execute("update site set name = 'x'").await.expect_err("outside an act");
    assert_eq!(state(&outside).as_deref(), Some("JT001"));
    let left: i64 =
        sqlx::query_scalar("select count(*) from site_event").fetch_one(world.app.db()).await.expect("count");
    assert_eq!(left, Stage::ALL.len() as i64);
}
