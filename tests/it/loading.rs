//! Files put through the importers, as a job would, without the job.

use crate::support::{TODAY, World};
use jingtu::across::imports;
use jingtu::kernel::Result;
use jingtu::platform::Reply;
use jingtu::registers::{ImportFeature, Outcome, Target};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// The importer of a target.
pub fn importer(target: &str) -> Target {
    imports::importer(target).expect("a target")
}

/// Features as the file reader hands them on.
pub fn features(collection: &Value) -> Vec<ImportFeature> {
    let features = collection["features"].as_array().expect("features");
    let feature = |(i, feature): (usize, &Value)| ImportFeature {
        row: i as u64 + 1,
        geometry: feature["geometry"].clone(),
        properties: feature["properties"].as_object().expect("properties").clone(),
    };
    features.iter().enumerate().map(feature).collect()
}

/// One feature.
pub fn feature(properties: Value, geometry: Value) -> ImportFeature {
    let Value::Object(properties) = properties else { panic!("properties are an object") };
    ImportFeature { row: 1, geometry, properties }
}

/// Loads features by the operator in batches of a size, in one act that lasts.
pub async fn load(world: &World, target: &str, features: &[ImportFeature], batch: usize) -> Vec<Outcome> {
    try_load(world, target, features, batch).await.expect("the import itself")
}

async fn try_load(world: &World, target: &str, features: &[ImportFeature], batch: usize) -> Result<Vec<Outcome>> {
    let importer = importer(target);
    let mut act = world.act(importer.permission()).await;
    let mut outcomes = Vec::new();
    for part in features.chunks(batch) {
        let of_part = importer.write(&mut act, part).await?;
        assert_eq!(of_part.len(), part.len(), "one outcome per feature");
        outcomes.extend(of_part);
    }
    let (_, _, rejected) = counts(&outcomes);
    importer.close(&mut act, rejected as u64).await?;
    act.finish(Reply::nothing()).await?;
    Ok(outcomes)
}

/// A file of the sample, its `*_days_ago` turned into days as the demo does it.
pub fn sample(name: &str) -> Vec<ImportFeature> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name);
    let text = std::fs::read_to_string(path).expect("the sample");
    let mut features = features(&serde_json::from_str(&text).expect("JSON"));
    for feature in &mut features {
        for (from, to) in
            [("approved_days_ago", "approved_on"), ("listed_days_ago", "listed_on"), ("as_of_days_ago", "as_of")]
        {
            if let Some(days) = feature.properties.remove(from) {
                let day = TODAY.add_days(-days.as_i64().expect("days"));
                feature.properties.insert(to.to_owned(), json!(day.to_string()));
            }
        }
    }
    features
}

/// Counts of written, repaired, rejected.
pub fn counts(outcomes: &[Outcome]) -> (usize, usize, usize) {
    let mut n = (0, 0, 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Written | Outcome::Noted(_) => n.0 += 1,
            Outcome::Repaired(_) => n.1 += 1,
            Outcome::Rejected(_) => n.2 += 1,
        }
    }
    n
}

/// Pointers and codes of what was rejected; empty for a row that was taken.
pub fn faults(outcome: &Outcome) -> Vec<(String, &'static str)> {
    match outcome {
        Outcome::Rejected(faults) => faults.iter().map(|f| (f.pointer.clone(), f.code)).collect(),
        Outcome::Written | Outcome::Repaired(_) | Outcome::Noted(_) => Vec::new(),
    }
}

/// The last audit line of a subject.
pub async fn last_note(world: &World, subject: &str) -> Value {
    let line: String = sqlx::query_scalar(
        "select line from platform_audit where line::jsonb ->> 'subject' = $1 order by seq desc limit 1",
    )
    .bind(subject)
    .fetch_one(world.app.db())
    .await
    .expect("an audit line");
    let line: Map<String, Value> = serde_json::from_str(&line).expect("JSON");
    line["detail"].clone()
}
