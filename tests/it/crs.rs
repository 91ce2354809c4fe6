//! Reference systems and charts, against the database's own list of systems and against real boundaries.

use crate::support::World;
use jingtu::kernel::Chart;
use jingtu::layers::Crs;
use jingtu::layers::crs::STORED;
use jingtu::standards::axes::Order;
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// The directions of the two axes that a definition in the older form of well-known text names for itself.
fn directions(definition: &str) -> Option<[&str; 2]> {
    let mut axes = definition.rsplit("AXIS[").take(2).map(|axis| axis.split(']').next()?.rsplit(',').next());
    let second = axes.next()??;
    let first = axes.next()??;
    definition.contains("AXIS[").then_some([first, second])
}

#[tokio::test]
async fn every_system_of_postgis_has_an_order_or_is_refused() {
    let world = World::new().await;
    let rows: Vec<(String, i32, String)> = sqlx::query_as(
        "select auth_name, auth_srid, coalesce(srtext, '') from spatial_ref_sys where auth_name in ('EPSG', 'ESRI')",
    )
    .fetch_all(world.app.db())
    .await
    .expect("the list");
    assert!(rows.len() > 8000, "{}", rows.len());
    let (mut read, mut agreeing, mut refused) = (0, 0, Vec::new());
    for (authority, code, definition) in &rows {
        let name = format!("[{authority}:{code}]");
        let form = definition.split('[').next().unwrap_or_default();
        match Crs::parse(&name) {
            Ok(crs) => {
                read += 1;
                assert_eq!(Crs::parse(&crs.uri()), Ok(crs), "{name}");
                assert!(!matches!(form, "COMPD_CS" | "GEOCCS" | "VERT_CS"), "{name}: {definition}");
                // Where the definition says so itself.
                let order = match directions(definition) {
                    Some(["NORTH", "EAST"]) => Order::Yx,
                    Some(["EAST", "NORTH"]) => Order::Xy,
                    _ => continue,
                };
                agreeing += 1;
                assert_eq!(crs.order(), order, "{name}: {definition}");
            }
            Err(why) => {
                assert!(!why.zh.is_empty() && why.en.contains(&format!("{authority}:{code}")), "{}", why.en);
                if matches!(form, "PROJCS" | "GEOGCS") {
                    refused.push((name, why.en.into_owned()));
                }
            }
        }
    }
    assert!(read > 7800 && agreeing > 5000, "{read} {agreeing}");
    // Of plane systems only such as PROJ has no formula for, or has thrown out, or as have a height.
    assert!(refused.len() < 12, "{refused:?}");
}

#[tokio::test]
async fn the_database_turns_into_a_system_by_its_name() {
    let world = World::new().await;
    // Tian'anmen; x, y as the database has them, easting first, whatever the order of the register. Computed with pyproj
    // 3.8.0, on PROJ 9.8.1.
    for (name, order, x, y) in [
        ("[EPSG:3857]", Order::Xy, 12_957_310.430, 4_852_683.669),
        ("[EPSG:4527]", Order::Yx, 39_448_481.575, 4_419_565.435),
        ("[EPSG:4548]", Order::Yx, 448_481.575, 4_419_565.435),
        ("[EPSG:32650]", Order::Xy, 448_502.182, 4_417_797.609),
        ("[OGC:CRS83]", Order::Xy, 116.3975, 39.9087),
        ("[ESRI:102025]", Order::Xy, 1_652_151.725, 1_375_729.002),
    ] {
        let crs = Crs::parse(name).expect(name);
        assert_eq!(crs.order(), order, "{name}");
        let (turned_x, turned_y): (f64, f64) = sqlx::query_as(
            "select st_x(g), st_y(g) from (select st_transform(st_setsrid(st_makepoint(116.3975, 39.9087), 4490), $1, $2)) as t (g)",
        )
        .bind(STORED)
        .bind(crs.proj().expect("a name for PROJ"))
        .fetch_one(world.app.db())
        .await
        .expect(name);
        assert!((turned_x - x).abs() < 0.001 && (turned_y - y).abs() < 0.001, "{name}: {turned_x} {turned_y}");
    }
}

#[test]
fn real_boundaries_begin_where_maps_are_shifted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/cn_admin_tianditu/china_district.geojson.gz");
    let Ok(packed) = std::fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("gzip");
    let districts: Value = serde_json::from_str(&text).expect("GeoJSON");
    let (mut counties, mut outside, mut straight) = (0, Vec::new(), 0);
    for district in districts["features"].as_array().expect("features") {
        let code = district["properties"]["gb"].as_str().unwrap_or_default();
        // Lines that are no county; Taiwan, which one of the charts leaves straight.
        let Some(code) = code.strip_prefix("156").filter(|code| !code.starts_with("71")) else { continue };
        counties += 1;
        let mut vertices = Vec::new();
        collect(&district["geometry"]["coordinates"], &mut vertices);
        straight += usize::from(!Chart::Gcj02.covers(vertices[0]));
        let within = vertices.iter().filter(|vertex| Chart::Gcj02.covers(**vertex)).count();
        if within * 2 < vertices.len() {
            outside.push((code.to_owned(), within, vertices.len()));
        }
        assert!(vertices.iter().all(|vertex| !Chart::Gcj02.covers(*vertex) || Chart::Bd09.covers(*vertex)));
    }
    assert!(counties > 2800, "{counties}");
    assert!(outside.is_empty(), "{outside:?}");
    // A county on the border may begin on the wrong side of an outline that is simpler than the border.
    assert!(straight <= 12, "{straight}");
}

/// All positions of nested coordinates.
fn collect(coordinates: &Value, into: &mut Vec<[f64; 2]>) {
    let Some(members) = coordinates.as_array() else { return };
    match members.as_slice() {
        [x, y, ..] if x.is_number() => into.extend(x.as_f64().zip(y.as_f64()).map(|(x, y)| [x, y])),
        _ => members.iter().for_each(|member| collect(member, into)),
    }
}
