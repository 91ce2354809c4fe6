//! Screening of a million results, classification of a county.

use crate::support::{World, expect};
use crate::{Line, fastest};
use jingtu::kernel::Day;
use jingtu::kernel::quantity::{Decimal, Measured, Unit};
use jingtu::platform::{Permission, Reply, Role};
use jingtu::standards::gb15618::{self, Found, Land, Value};
use jingtu::standards::screening::{Context, LandHeld, Outcome, Reading, screen};
use jingtu::standards::substances;
use serde_json::json;
use std::hint::black_box;
use std::time::{Duration, Instant};

const TODAY: Day = Day::of(2026, 11, 21);
const METALS: [&str; 8] = ["cadmium", "mercury", "arsenic", "lead", "chromium", "copper", "nickel", "zinc"];
const SAMPLES: usize = 125_000;

/// Numbers that look random and are the same in every run.
struct Lcg(u64);

impl Lcg {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A million results of eight metals in soils of every band and land, through the rules; against a loop over the same
/// values with the limits looked up beforehand.
pub fn screen_in_memory() -> Line {
    let mut numbers = Lcg(20_261_122);
    let lands = [Land::Paddy, Land::Other, Land::Orchard, Land::Rotation];
    let mut samples = Vec::with_capacity(SAMPLES);
    let mut bare = Vec::with_capacity(SAMPLES * METALS.len());
    for _ in 0..SAMPLES {
        let land = lands[numbers.next(4) as usize];
        let ph = Decimal::new(400 + numbers.next(500) as i64, 2);
        let mut readings = Vec::with_capacity(METALS.len());
        for metal in METALS {
            let substance = substances::find(metal).expect("a metal");
            let limit = |value| match gb15618::find(value, metal, land, Some(ph)) {
                Found::Row(row) => Some(row.value),
                Found::PhNeeded | Found::None => None,
            };
            let screening = limit(Value::Screening).expect("every metal has a screening value");
            let value = (screening * Decimal::new(numbers.next(3_000) as i64, 3)).round_dp(3);
            readings.push(Reading { substance, measured: Measured { below: false, value, unit: Unit::MgKg } });
            bare.push((value, screening, limit(Value::Intervention).unwrap_or(Decimal::MAX)));
        }
        let mut context = Context::of(LandHeld::Farmland(land), TODAY);
        context.ph = Some(ph);
        samples.push((context, readings));
    }
    let (product, counted) = fastest(
        || (),
        |()| {
            let mut above = [0_usize; 2];
            for (context, readings) in &samples {
                for judgement in screen(context, readings) {
                    match judgement.outcome {
                        Outcome::AboveScreening => above[0] += 1,
                        Outcome::AboveIntervention => above[1] += 1,
                        Outcome::Within | Outcome::NotComparable => {}
                    }
                }
            }
            above
        },
    );
    let (least, expected) = fastest(
        || (),
        |()| {
            let mut above = [0_usize; 2];
            for (value, screening, intervention) in black_box(&bare) {
                if value > intervention {
                    above[1] += 1;
                } else if value > screening {
                    above[0] += 1;
                }
            }
            above
        },
    );
    assert_eq!(counted, expected, "the loop answers the same");
    Line {
        what: "screen results in memory, with limits, reasons, citations".to_owned(),
        n: bare.len(),
        product,
        bare: (least, "loop of two comparisons a result"),
    }
}

/// A county of units in a grid of some 50 m, `points` of them with a survey point, each with one topsoil sample of eight
/// metals at pH 6 to 8.5. Written by SQL inside one act: loading is not what is measured here.
async fn county(units: i64, points: i64) -> (World, String) {
    let world = World::new().await;
    let mut act = world.act(Permission::FarmlandWrite).await;
    for statement in [
        "insert into farmland_unit (id, code, division_code, land_type, class, area_m2, geom)
         select gen_random_uuid(), 'U' || n, '140602', 'upland', 'priority_protection', st_area(g::geography), g
         from (select n, st_setsrid(st_makeenvelope(112 + (n % 400) * 0.0006, 39 + (n / 400) * 0.0005,
                   112 + (n % 400) * 0.0006 + 0.0005, 39 + (n / 400) * 0.0005 + 0.0004), 4490) as g
               from generate_series(0, $1 - 1) as n) as v where $2 >= 0",
        "insert into farmland_class (id, unit_id, class, trigger)
         select gen_random_uuid(), id, class, 'registered' from farmland_unit where $1 >= 0 and $2 >= 0",
        "insert into farmland_land_type (id, unit_id, land_type)
         select gen_random_uuid(), id, land_type from farmland_unit where $1 >= 0 and $2 >= 0",
        "insert into sampling_point (id, code, division_code, program, land_type, geom)
         select gen_random_uuid(), 'P' || n, '140602', 'survey', 'upland',
             st_setsrid(st_makepoint(112 + (m % 400) * 0.0006 + 0.00025, 39 + (m / 400) * 0.0005 + 0.0002), 4490)
         from (select n, n * $1 / $2 as m from generate_series(0, $2 - 1) as n) as v",
        "insert into sampling_sample (id, point_id, code, program, medium, depth_from_m, sampled_on, ph)
         select gen_random_uuid(), id, 'S' || code, 'survey', 'soil', 0, '2020-06-01',
             6 + round(((hashtext(code) & 1023) * 2.5 / 1024)::numeric, 2)
         from sampling_point where $1 >= 0 and $2 >= 0",
        "insert into sampling_result (id, sample_id, substance, below, value, unit, mg_kg)
         select gen_random_uuid(), s.id, m.substance, false, v.value, 'mg/kg', v.value
         from sampling_sample s
             cross join (values ('cadmium', 0.3), ('mercury', 1.8), ('arsenic', 30), ('lead', 90), ('chromium', 150),
                 ('copper', 50), ('nickel', 70), ('zinc', 200)) as m (substance, high)
             cross join lateral (select round((m.high * (hashtext(s.code || m.substance) & 1023) / 900)::numeric, 4) as value) as v
         where $1 >= 0 and $2 >= 0",
    ] {
        sqlx::query(statement).bind(units).bind(points).execute(act.tx()).await.expect("the county");
    }
    act.note("bench", json!({"units": units, "points": points}));
    act.finish(Reply::nothing()).await.expect("commit");
    sqlx::query("analyze").execute(world.app.db()).await.expect("analyze");
    let key = world.key(Role::Agriculture, "140600").await;
    (world, key)
}

/// The fastest of three statements.
async fn bare(world: &World, statement: &'static str) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        sqlx::query(statement).fetch_all(world.app.db()).await.expect("the bare statement");
        best = best.min(start.elapsed());
    }
    best
}

/// A million stored results held to the standards anew, over HTTP; against one statement that compares them.
pub async fn screen_stored() -> Line {
    let (world, key) = county(SAMPLES as i64, SAMPLES as i64).await;
    let rescreen = || world.post("/v1/sampling/rescreen").bearer_auth(&key).json(&json!({"division": "140602"}));
    let mut product = Duration::MAX;
    let mut n = 0;
    for _ in 0..3 {
        let start = Instant::now();
        let run = expect(rescreen(), 201).await;
        product = product.min(start.elapsed());
        n = run["results"].as_u64().expect("results") as usize;
    }
    let least = bare(
        &world,
        "select count(*) filter (where r.mg_kg > l.high), count(*) filter (where r.mg_kg > l.low and r.mg_kg <= l.high)
         from sampling_result r join sampling_sample s on s.id = r.sample_id
             join (values ('cadmium', 0.3, 3.0), ('mercury', 2.4, 4.0), ('arsenic', 30, 120), ('lead', 120, 700),
                 ('chromium', 200, 1000), ('copper', 100, 1e9), ('nickel', 100, 1e9), ('zinc', 250, 1e9))
                 as l (substance, low, high) on l.substance = r.substance
         where s.ph > 6.5",
    )
    .await;
    Line {
        what: "screen stored results anew over HTTP, and keep the outcomes".to_owned(),
        n,
        product,
        bare: (least, "one SQL count"),
    }
}

/// 100,000 units of a county with 50,000 samples classified as a dry run, over HTTP; against a statement that joins units and
/// points and takes the worst class of one element.
pub async fn classify_county() -> Line {
    let (units, points) = (100_000, 50_000);
    let (world, key) = county(units, points).await;
    let body = json!({"division": "140602", "detail": "summary"});
    let mut product = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        let answer = expect(world.post("/v1/farmland-units/classify").bearer_auth(&key).json(&body), 200).await;
        product = product.min(start.elapsed());
        assert!(answer["counts"].is_array(), "{answer}");
    }
    let least = bare(
        &world,
        "select class, count(*) from (
             select u.id, max(case when r.mg_kg > 3 then 3 when r.mg_kg > 0.3 then 2 else 1 end) as class
             from farmland_unit u join sampling_point p on st_intersects(u.geom, p.geom)
                 join sampling_sample s on s.point_id = p.id
                 join sampling_result r on r.sample_id = s.id
             group by u.id) as v group by class",
    )
    .await;
    Line {
        what: "classify a county's units over HTTP (50,000 samples)".to_owned(),
        n: usize::try_from(units).expect("a count"),
        product,
        bare: (least, "one SQL join, worst class by one rule"),
    }
}
