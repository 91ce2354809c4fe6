//! Checks of a kind, in a registry of their own: whoever asks them, the watch over them, and what has become of them.

use crate::loading::{feature, load};
use crate::support::{World, expect};
use jingtu::across::land_check::{self, Pass};
use jingtu::across::siting;
use jingtu::platform::Role;
use jingtu::registers::Outcome;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;
use std::fmt::Debug;
use uuid::Uuid;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Land checks.
    Land,
    /// Siting checks.
    Siting,
}

/// A registry, and a planning bureau that asks it.
pub struct Checks {
    kind: Kind,
    /// The registry.
    pub world: World,
    /// The bureau's key.
    pub planning: String,
}

impl Checks {
    /// A bureau of a division.
    pub async fn of(kind: Kind, world: World, division: &str) -> Checks {
        let planning = world.key(Role::Planning, division).await;
        let checks = Checks { kind, world, planning };
        // The program's rules are new to this registry: they are held against no answer yet.
        checks.watch().await;
        checks
    }

    fn table(&self) -> &'static str {
        match self.kind {
            Kind::Land => "land_check",
            Kind::Siting => "siting_check",
        }
    }

    /// The address of an answer, and of what is behind it.
    pub fn path(&self, answer: &Value, behind: &str) -> String {
        format!("{}/{}{behind}", self.list(), text(answer, "id"))
    }

    fn list(&self) -> &'static str {
        match self.kind {
            Kind::Land => "/v1/land-checks",
            Kind::Siting => "/v1/siting-checks",
        }
    }

    /// A pass of the watch.
    pub async fn watch(&self) -> Pass {
        match self.kind {
            Kind::Land => land_check::watch(&self.world.app).await,
            Kind::Siting => siting::watch(&self.world.app).await,
        }
        .expect("a pass")
    }

    /// A question that is answered and kept.
    pub async fn ask(&self, geometry: &Value, properties: Value) -> Value {
        let asked = json!({"type": "Feature", "geometry": geometry, "properties": properties});
        expect(self.world.post(self.list()).bearer_auth(&self.planning).json(&asked), 201).await
    }

    /// A record of a register, from a file.
    pub async fn load(&self, target: &str, properties: Value, geometry: &Value) {
        let outcomes = load(&self.world, target, &[feature(properties, geometry.clone())], 10).await;
        assert!(matches!(outcomes[..], [Outcome::Written]), "{target}: {outcomes:?}");
    }

    /// What the bureau reads.
    pub async fn get(&self, path: &str) -> Value {
        expect(self.world.get(path).bearer_auth(&self.planning), 200).await
    }

    /// How an answer stands.
    pub async fn standing(&self, answer: &Value) -> Value {
        self.get(&self.path(answer, "/standing")).await
    }

    /// How an answer stands, in a word.
    pub async fn status(&self, answer: &Value) -> String {
        text(&self.standing(answer).await, "status").to_owned()
    }

    /// The superseded answers that subscribers hear of.
    pub async fn told(&self) -> Vec<Value> {
        let changes = self.get(&format!("/v1/changes?kind={}.superseded", self.table())).await;
        changes["changes"].as_array().expect("changes").clone()
    }

    /// The answers that are not valid any more.
    pub async fn superseded(&self) -> BTreeSet<Uuid> {
        let sql = format!("select check_id from {}_standing", self.table());
        let ids = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(self.world.app.db()).await;
        ids.expect("standings").into_iter().collect()
    }

    /// After a step: the watch supersedes just what judging every answer anew finds untrue.
    pub async fn follow(&self, superseded: &mut BTreeSet<Uuid>, step: &impl Debug) {
        let app = &self.world.app;
        let found: Vec<Uuid> = match self.kind {
            Kind::Land => land_check::untrue(app).await.expect("judged anew").into_iter().map(|id| id.0).collect(),
            Kind::Siting => siting::untrue(app).await.expect("judged anew").into_iter().map(|id| id.0).collect(),
        };
        let pass = self.watch().await;
        assert_eq!(pass.superseded, found.len(), "after {step:?}");
        superseded.extend(found);
        assert_eq!(self.superseded().await, *superseded, "after {step:?}");
    }

    /// Behind the registry's back: the first answer in the log says another word, and the third is gone. Both are found, by
    /// place and number.
    pub async fn find_altered_and_removed(&self, answers: &[Value; 3], word: &str, other: &str) {
        let table = self.table();
        let altered = format!(
            "update {table} set body = b.body, body_sha256 = sha256(b.body)
             from (select id, convert_to(replace(convert_from(body, 'UTF8'), '{word}', '{other}'), 'UTF8') as body
                   from {table} where log_index = 0) b
             where b.id = {table}.id"
        );
        let mut tx = self.world.app.db().begin().await.expect("begin");
        for sql in [
            format!("alter table {table} disable trigger all"),
            altered,
            format!("delete from {table} where log_index = 2"),
        ] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await.expect("tampered");
        }
        tx.commit().await.expect("commit");
        let found = match self.kind {
            Kind::Land => land_check::verify_records(&self.world.app).await,
            Kind::Siting => siting::verify_records(&self.world.app).await,
        };
        let found = found.expect("verified");
        let found: Vec<(u64, &str)> = found.iter().map(|misfit| (misfit.index, misfit.number.as_str())).collect();
        assert_eq!(found, [(0, text(&answers[0], "number")), (2, text(&answers[2], "number"))]);
    }
}

/// Holds any history to what must be true of all.
pub fn any_history<M: Debug>(moves: impl Strategy<Value = Vec<M>>, holds: impl AsyncFn(Vec<M>)) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
    runner
        .run(&moves, |moves| {
            runtime.block_on(holds(moves));
            Ok(())
        })
        .expect("no history is missed");
}

/// A text of an answer.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

/// What kinds of things have changed, as a standing says.
pub fn what(standing: &Value) -> Vec<&str> {
    standing["because"].as_array().expect("because").iter().map(|one| text(one, "what")).collect()
}
