//! Answers of layers that are kept in memory: never older than the last commit, nobody else's, and told by their tags.

use crate::layers::{Maps, codes, href};
use jingtu::config::{Audience, Config, LayerSettings};
use jingtu::layers::def;
use jingtu::platform::Role;
use reqwest::{RequestBuilder, StatusCode};
use sqlx::Executor;
use std::collections::BTreeMap;
use std::net::SocketAddr;

const ITEMS: &str = "/ogc/collections/open/items";
const TILE: &str = "/ogc/collections/open/tiles/WebMercatorQuad/5/12/25";

fn at(addr: SocketAddr, path: &str) -> String {
    format!("http://{addr}{path}")
}

fn keyed(request: RequestBuilder, key: Option<&str>) -> RequestBuilder {
    match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    }
}

#[tokio::test]
async fn what_was_committed_is_in_every_answer_that_is_asked_for_afterwards() {
    let maps = Maps::new().await;
    let servers = [maps.beside(Config::default()).await, maps.beside(Config::default()).await];
    let ask = |addr: SocketAddr, path: &'static str| {
        let request = maps.client.get(at(addr, path));
        async move { request.send().await.unwrap() }
    };
    for round in 0..25 {
        let code = 900_000 + round;
        maps.add(code..code + 1).await;
        let known = usize::try_from(round).unwrap() + 1;
        // Many at once on both servers, so that answers are shared while the next round writes.
        let asked = (0..12).map(|n| async move {
            let page: serde_json::Value = ask(servers[n % 2], ITEMS).await.json().await.unwrap();
            let tile = ask(servers[n % 2], TILE).await;
            (codes(&page).len(), tile.headers()["etag"].clone(), tile.bytes().await.unwrap())
        });
        let answers = futures_util::future::join_all(asked).await;
        for (rows, tag, tile) in &answers {
            assert_eq!(*rows, known);
            let same = answers.iter().filter(|(_, other, _)| other == tag);
            assert!(same.clone().count() >= 1 && same.clone().all(|(_, _, bytes)| bytes == tile), "one tag, one tile");
        }
        assert!(answers.iter().all(|(_, _, tile)| tile.len() == answers[0].2.len()));
    }
}

#[tokio::test]
async fn readers_that_ask_while_others_write_never_go_back_in_time() {
    let maps = Maps::new().await;
    let server = maps.beside(Config::default()).await;
    let read = |client: reqwest::Client| async move {
        let mut seen = 0;
        loop {
            let page: serde_json::Value = client.get(at(server, ITEMS)).send().await.unwrap().json().await.unwrap();
            let rows = codes(&page).len();
            assert!(rows >= seen, "{rows} after {seen}");
            seen = rows;
            if rows == 30 {
                return;
            }
        }
    };
    let write = async {
        for code in 900_000..900_030 {
            maps.add(code..code + 1).await;
        }
    };
    tokio::join!(write, read(maps.client.clone()), read(maps.client.clone()), read(maps.client.clone()));
}

#[tokio::test]
async fn a_layers_tag_changes_with_its_own_registers_alone() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    let tag = || async { maps.ask(ITEMS, None).await.headers()["etag"].clone() };
    let first = tag().await;
    // A key is an act too.
    maps.world.key(Role::CountyEcology, "152921").await;
    assert_eq!(tag().await, first);
    maps.add(900_003..900_004).await;
    assert_ne!(tag().await, first);
}

#[tokio::test]
async fn who_has_the_answer_is_told_so_without_a_look_at_the_rows() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    let id = maps.get(ITEMS, None).await["features"][0]["id"].as_str().unwrap().to_owned();
    let item = format!("{ITEMS}/{id}");
    let mut tags = Vec::new();
    for path in [ITEMS, TILE, &item] {
        let response = maps.ask(path, None).await;
        tags.push((path, response.status(), response.headers()["etag"].clone()));
    }
    // Nobody can read the table while this holds it.
    let mut locked = maps.world.app.db().begin().await.unwrap();
    locked.execute("lock table division in access exclusive mode").await.unwrap();
    for (path, status, tag) in tags {
        let known = maps.client.get(maps.url(path)).header("accept-language", "en").header("if-none-match", &tag);
        let response = known.send().await.unwrap();
        assert_eq!((response.status(), &response.headers()["etag"]), (StatusCode::NOT_MODIFIED, &tag), "{path}");
        // What is kept is given out as well.
        assert_eq!(maps.ask(path, None).await.status(), status, "{path}");
    }
    locked.rollback().await.unwrap();
}

#[tokio::test]
async fn what_is_kept_for_one_is_what_anybody_else_would_be_told_without_it() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    maps.add_under(900_100..900_102, "140602", 105.2, 38.0, 0.004).await;
    maps.change("update division set successor_code = '91150000MA0ABCDE0X' where code = '900101'").await;
    let kept = maps.beside(Config::default()).await;
    let bare = maps.beside(Config { layers_cache_mib: 0, ..Config::default() }).await;
    let mut callers = vec![None, Some(maps.owner_key().await)];
    for (role, division) in [
        (Role::CountyEcology, "152921"),
        (Role::PrefectureEcology, "140600"),
        (Role::ProvinceEcology, "150000"),
        (Role::Auditor, "000000"),
    ] {
        callers.push(Some(maps.world.key(role, division).await));
    }
    let mut told = 0;
    for path in [
        "",
        "/items",
        "/items?f=html",
        "/items?secret=inner%20900000",
        "/items?resultType=hits",
        "/queryables",
        "/items?crs=http://www.opengis.net/def/crs/EPSG/0/4490",
        "/tiles/WebMercatorQuad/5/12/25",
        "/tiles/WebMercatorQuad/tilejson",
    ] {
        for layer in ["open", "closed", "owned", "farm"] {
            let path = format!("/ogc/collections/{layer}{path}");
            // Twice in both directions, so that whatever is kept is there for whoever comes next.
            for caller in callers.iter().chain(callers.iter().rev()) {
                for language in ["en", "zh"] {
                    let ask = |addr| {
                        let request = maps.client.get(at(addr, &path)).header("host", "maps.test");
                        let request = keyed(request.header("accept-language", language), caller.as_deref()).send();
                        async move {
                            let response = request.await.unwrap();
                            let (status, tag) = (response.status(), response.headers().get("etag").cloned());
                            (status, tag, response.bytes().await.unwrap())
                        }
                    };
                    let ((status, tag, body), without) = (ask(kept).await, ask(bare).await);
                    if status.is_client_error() {
                        // A refusal names its request.
                        assert_eq!(status, without.0, "{path}");
                        continue;
                    }
                    assert_eq!((status, tag, body), without, "{path} {caller:?} {language}");
                    told += 1;
                }
            }
        }
    }
    assert!(told > 500, "{told} answers were compared");
}

#[tokio::test]
async fn an_answer_links_to_the_question_as_it_was_put() {
    let maps = Maps::new().await;
    maps.add(900_000..900_003).await;
    let id = maps.get(ITEMS, None).await["features"][0]["id"].as_str().unwrap().to_owned();
    let mut tags = std::collections::BTreeSet::new();
    for asked in ["?f=json", "?limit=100&f=json", "?precision=7&limit=100&f=json", "?limit=100&precision=7&f=json"] {
        let response = maps.ask(&format!("{ITEMS}{asked}"), None).await;
        assert!(tags.insert(response.headers()["etag"].clone()), "{asked}: other links are other bytes");
        let page: serde_json::Value = response.json().await.unwrap();
        assert!(href(&page, "self").unwrap().ends_with(asked), "{asked}: {page}");
    }
    for asked in ["?f=json", "?precision=7&f=json"] {
        let item = maps.get(&format!("{ITEMS}/{id}{asked}"), None).await;
        assert!(href(&item, "self").unwrap().ends_with(asked), "{asked}: {item}");
    }
}

#[tokio::test]
async fn packed_answers_have_tags_of_their_own() {
    let maps = Maps::new().await;
    maps.add(900_000..900_060).await;
    let mut tags = BTreeMap::new();
    for coding in ["identity", "br", "zstd", "gzip"] {
        for path in [ITEMS, "/ogc/collections/open/queryables"] {
            let ask = || maps.client.get(maps.url(path)).header("accept-encoding", coding);
            let response = ask().send().await.unwrap();
            let headers = response.headers().clone();
            assert_eq!(headers.get("content-encoding").map_or("identity", |c| c.to_str().unwrap()), coding, "{path}");
            assert!(
                headers["vary"].to_str().unwrap().contains("accept-encoding")
                    || headers.get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("accept-encoding"))
            );
            let tag = headers["etag"].to_str().unwrap().to_owned();
            assert!(!tag.starts_with("W/"), "{tag}");
            let known = ask().header("if-none-match", &tag).send().await.unwrap();
            assert_eq!(
                (known.status(), known.headers()["etag"].to_str().unwrap()),
                (StatusCode::NOT_MODIFIED, &tag[..])
            );
            if let Some((other, ..)) = tags.insert(tag.clone(), (coding, path)) {
                panic!("{coding} and {other} of {path} have the tag {tag}");
            }
        }
    }
    // A change asked for under a packed tag is a change of what the client saw.
    assert_eq!(tags.len(), 8);
}

#[tokio::test]
async fn the_operator_says_who_sees_a_field() {
    let fields = |audience| [("secret".to_owned(), audience)].into();
    let with = |audience| {
        let settings = LayerSettings { fields: fields(audience), ..LayerSettings::default() };
        Config { layers: [("open".to_owned(), settings)].into(), ..Config::default() }
    };
    let maps = Maps::new().await;
    maps.add(900_000..900_001).await;
    let shown = maps.beside(with(Audience::Public)).await;
    let page: serde_json::Value = maps.client.get(at(shown, ITEMS)).send().await.unwrap().json().await.unwrap();
    assert_eq!(page["features"][0]["properties"]["secret"], "inner 900000");
    let mut closed = with(Audience::Departments);
    closed.layers.get_mut("open").unwrap().fields = [("code".to_owned(), Audience::Departments)].into();
    let hidden = maps.beside(closed).await;
    let page: serde_json::Value = maps.client.get(at(hidden, ITEMS)).send().await.unwrap().json().await.unwrap();
    assert!(page["features"][0]["properties"].get("code").is_none());
    let refused = maps.client.get(at(hidden, &format!("{ITEMS}?code=900000"))).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn settings_of_what_is_not_there_are_refused() {
    let check = |layer: &str, field: &str, audience| {
        let settings = LayerSettings { fields: [(field.to_owned(), audience)].into(), ..LayerSettings::default() };
        let config = Config { layers: [(layer.to_owned(), settings)].into(), ..Config::default() };
        def::check_settings(&config, jingtu::registers::layers(), jingtu::registers::FAMILIES)
            .map_err(|error| error.faults()[0].pointer.clone())
    };
    assert_eq!(check("contaminated-sites", "area_m2", Audience::Departments), Ok(()));
    assert_eq!(check("sites", "area_m2", Audience::Public), Err("/layers/sites".to_owned()));
    assert_eq!(check("farmland", "owner", Audience::Public), Err("/layers/farmland/fields/owner".to_owned()));
    let person = check("contaminated-sites", "land_user", Audience::Public);
    assert_eq!(person, Err("/layers/contaminated-sites/fields/land_user".to_owned()));
    // What will be imported nobody knows yet.
    assert_eq!(check("ref-wells", "depth_m", Audience::Public), Ok(()));
}
