//! The gates of a land check as a lawyer reads them: `cases.txt`, run over HTTP case by case; and what holds for every
//! parcel however its outline lies.

mod outlines;
mod table;

use crate::loading::{counts, load};
use crate::support::{World, expect};
use jingtu::config::Config;
use jingtu::platform::Role;
use jingtu::registers::ImportFeature;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A rectangle from its west, south, east and north.
fn rect(west: f64, south: f64, east: f64, north: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]})
}

/// A registry, and a planning bureau of the nation that asks it.
struct Desk {
    world: World,
    planning: String,
}

impl Desk {
    async fn with(config: Config) -> Desk {
        let world = World::with(config).await;
        Desk { planning: world.key(Role::Planning, "000000").await, world }
    }

    async fn ask(&self, geometry: &Value, properties: &Value, status: u16) -> Value {
        let body = json!({"type": "Feature", "geometry": geometry, "properties": properties});
        expect(self.world.post("/v1/land-checks").bearer_auth(&self.planning).json(&body), status).await
    }

    /// Loads the features of each target, all of which must be taken as they are.
    async fn load(&self, targets: BTreeMap<&'static str, Vec<ImportFeature>>) {
        for (target, features) in targets {
            let outcomes = load(&self.world, target, &features, 500).await;
            assert_eq!(counts(&outcomes), (features.len(), 0, 0), "{target}: {outcomes:?}");
        }
    }
}

/// Rules and how hard they close, in the order of the answer.
fn fired(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let rules = answer["rules"].as_array().expect("rules");
    rules.iter().map(|rule| (text(&rule["rule"]), text(&rule["verdict"]))).collect()
}

/// How hard a verdict is, mildest first.
fn rank(verdict: &str) -> usize {
    let order = ["allow", "allow_recorded", "warn", "hold", "block"];
    order.iter().position(|name| *name == verdict).unwrap_or_else(|| panic!("no verdict {verdict}"))
}
