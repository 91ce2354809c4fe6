//! The papers, read back: nothing on them is cut, whatever is in the reply.

use super::*;
use crate::kernel::Day;
use crate::standards::law;
use serde_json::{Value, json};
use std::process::Command;

fn fonts() -> Option<Fonts> {
    let found = Fonts::find(None).ok();
    if found.is_none() {
        println!("skipped: this machine has no Chinese font");
    }
    found
}

/// The text in the order in which it was written, without blanks: cell by cell.
fn text_of(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("paper.pdf");
    std::fs::write(&file, pdf).expect("written");
    let out = Command::new("pdftotext")
        .args(["-raw", "-enc", "UTF-8"])
        .arg(&file)
        .arg("-")
        .output()
        .expect("pdftotext of poppler-utils is installed (scripts/setup.sh test)");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    squeeze(&String::from_utf8_lossy(&out.stdout))
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn pages(pdf: &[u8]) -> usize {
    lopdf::Document::load_mem(pdf).expect("a PDF").get_pages().len()
}

/// A ring of so many vertices around a place.
fn round(lon: f64, lat: f64, radius: f64, vertices: u32) -> Value {
    let mut ring: Vec<[f64; 2]> = (0..vertices)
        .map(|at| {
            let (sin, cos) = (f64::from(at) / f64::from(vertices) * std::f64::consts::TAU).sin_cos();
            // Uneven, unless there are so many that the outline would be a band.
            let r = if vertices < 1_000 { radius * (1.0 + 0.02 * f64::from(at % 7)) } else { radius };
            [lon + r * cos, lat + r * sin]
        })
        .collect();
    ring.push(ring[0]);
    json!({"type": "Polygon", "coordinates": [ring]})
}

fn hit(n: u128, code: &str, name: &str) -> Value {
    let registers = ["suspected_sites", "contaminated_sites", "control_list", "farmland", "key_units", "control_zones"];
    let relations = ["overlaps", "touches", "near"];
    let at = usize::try_from(n).expect("small");
    json!({
        "register": registers[at % registers.len()], "id": Uuid::from_u128(n), "code": code, "name": name,
        "stage": if at % 6 < 3 { json!("risk_control") } else { json!(null) },
        "class": if at % 6 == 3 { json!("strict_control") } else { json!(null) },
        "relation": relations[at % 3], "overlap_m2": 12.5, "overlap_share": 0.000_001,
        "record_share": 0.25, "distance_m": if at % 3 == 2 { 35.5 } else { 0.0 }, "sliver": at % 5 == 0
    })
}

fn rule(name: &str, verdict: &str, must_do: &str) -> Value {
    let citations: Vec<_> =
        [&law::LAW_94_CODE_1165, &law::ORDER_42_13].iter().filter_map(|p| p.cite(Day::of(2026, 8, 1))).collect();
    json!({
        "rule": name, "verdict": verdict, "title_zh": "污染地块未达目标不得开工", "title_en": "No works before targets are met",
        "citations": citations, "confidence": "unconfirmed",
        "facts": [
            {"name": "survey_state", "value": "unknown", "source": "unknown", "text_zh": "调查状态：不详", "text_en": "survey: unknown"},
            {"name": "operation", "value": "supply", "source": "stated", "text_zh": "办理事项：供地", "text_en": "operation: supply"}
        ],
        "actor": "land_user", "actor_zh": "土地使用权人", "actor_en": "land user",
        "must_do_zh": must_do, "must_do_en": "Do what is asked.", "by": null, "by_en": null, "note_zh": null, "note_en": null
    })
}

/// A reply as the first version stores it.
fn reply(geometry: &Value, hits: &[Value], rules: &[Value]) -> Value {
    json!({
        "id": Uuid::from_u128(7), "number": "CX-152921-2026-000017", "checked_at": "2026-11-21T18:30:05.123456Z",
        "on": "2026-11-22", "operation": "supply", "operation_zh": "供地", "operation_en": "supply of land",
        "reference": null, "current_use": null,
        "planned_use": {"system": "GB/T 21010-2017", "code": "0701", "name_zh": "城镇住宅用地", "name_en": "Urban housing"},
        "stated": {}, "parcel": {"geometry": geometry, "area_m2": 15000.25, "area_mu": 22.500375, "division_codes": ["152921"]},
        "verdict": "block", "verdict_zh": "禁止", "verdict_en": "blocked", "rules": rules, "hits": hits,
        "coverage": [
            {"register": "contaminated_sites", "status": "never_investigated", "status_zh": "未排查", "status_en": "never investigated", "as_of": "2025-12-31"},
            {"register": "farmland", "status": "outside_coverage", "status_zh": "不在覆盖范围", "status_en": "outside coverage", "as_of": null}
        ],
        "reply": {"status": "awaiting"},
        "standing": {"status": "valid", "since": "2026-11-21T18:30:05.123456Z", "because": []}
    })
}

/// What a later version adds.
fn signed(mut reply: Value) -> Value {
    let more = json!({
        "operator": {"name": "某某县自然资源局", "role": "planning", "role_zh": "自然资源主管部门", "role_en": "planning", "division_code": "152921"},
        "soil_quality_zh": "列入风险管控和修复名录，未达目标。", "soil_quality_en": "On the control list, targets not met.",
        "survey_state": {"value": "running", "source": "registry", "text_zh": "调查中", "text_en": "survey under way"},
        "registry": {"version": 812, "registers": [{"register": "farmland", "version": 640, "changed_at": "2026-11-20T01:00:00Z"}]},
        "proof": {"alg": "Ed25519", "key_id": "soil.example/2026+7c3a", "public_key": "cHVibGlj", "payload_sha256": "ab".repeat(32),
            "log": "soil.example/log", "log_index": 41, "signature": "c2lnbmF0dXJl".repeat(7)}
    });
    reply.as_object_mut().expect("a reply").extend(more.as_object().expect("more").clone());
    let parcel = json!({
        "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "parcel_code": "152921001001GB00012",
        "real_estate_unit_number": "152921001001GB00012F00010001", "address": "某某镇工业路1号",
        "land_user": {"name": "（演示）某建设有限公司", "credit_code": "91150000000000000X"}
    });
    reply["parcel"].as_object_mut().expect("a parcel").extend(parcel.as_object().expect("more").clone());
    reply
}

fn outlines(hits: &[Value]) -> Outlines {
    let records = hits
        .iter()
        .enumerate()
        .map(|(at, hit)| {
            let at = u32::try_from(at).expect("few");
            let (x, y) = (f64::from(at % 25), f64::from(at / 25));
            Outline {
                register: "site".to_owned(),
                id: hit["id"].as_str().expect("an id").parse().expect("a UUID"),
                code: hit["code"].as_str().expect("a code").to_owned(),
                geometry: round(105.598 + 0.000_2 * x, 38.798 + 0.000_2 * y, 0.000_09, 9),
            }
        })
        .collect();
    let around = vec![Outline {
        register: "farmland_unit".to_owned(),
        id: Uuid::from_u128(1_000_000),
        code: "N".to_owned(),
        geometry: round(105.604, 38.802, 0.001, 40),
    }];
    Outlines { records, around, around_cut: false }
}

fn made(reply: &Value, outlines: &Outlines, fonts: &Fonts) -> (Vec<u8>, Vec<u8>) {
    let bytes = serde_json::to_vec(reply).expect("JSON");
    let standing = StandingNow::when_given(&bytes).expect("a standing");
    let url = verify_url("https://soil.example.gov.cn/", &bytes).expect("an address");
    let pdf = certificate(&bytes, outlines, &standing, &url, fonts).expect("a certificate");
    (bytes, pdf)
}

#[test]
fn five_hundred_records_with_long_codes_and_names_stand_on_it_whole() {
    let Some(fonts) = fonts() else { return };
    let hits: Vec<Value> = (0..500u128)
        .map(|n| {
            let code = format!("{n:04}-{}", "152921YS2026X_".repeat(4)).chars().take(60).collect::<String>();
            let name = format!("第{n:04}号{}", "原某某化工有限责任公司旧厂区及附属堆场".repeat(3))
                .chars()
                .take(60)
                .collect::<String>();
            hit(n, &code, &name)
        })
        .collect();
    let reply = signed(reply(&round(105.6, 38.8, 0.001, 12), &hits, &[rule("G3", "block", "停止。")]));
    let (bytes, pdf) = made(&reply, &outlines(&hits), &fonts);
    let text = text_of(&pdf);
    for hit in &hits {
        for said in [&hit["code"], &hit["name"]] {
            let said = said.as_str().expect("a text");
            assert!(text.contains(&squeeze(said)), "{said} is not whole");
        }
    }
    let heads = text.matches("编号、名称、名录").count();
    assert!(heads > 10 && heads < pages(&pdf), "the head of the table is repeated: {heads}");
    assert_eq!(pdf::attachment(&pdf).expect("the attachment"), bytes);
    assert_eq!(made(&reply, &outlines(&hits), &fonts).1, pdf, "twice the same bytes");
}

#[test]
fn a_signed_reply_shows_what_it_is_proved_with() {
    let Some(fonts) = fonts() else { return };
    let hits = [hit(1, "152921WR20260001", "原某某厂")];
    let reply = signed(reply(&round(105.6, 38.8, 0.001, 12), &hits, &[rule("G3", "block", "停止。")]));
    let (bytes, pdf) = made(&reply, &outlines(&hits), &fonts);
    let text = text_of(&pdf);
    for said in [
        "CX-152921-2026-000017",
        "2026年11月22日 02:30:05（北京时间）",
        "2026-11-22 02:30:05 UTC+08:00",
        "某某县自然资源局",
        "152921001001GB00012F00010001",
        "15000.25 平方米，22.5004 亩",
        "某某镇工业路1号",
        "91150000000000000X",
        "0701 城镇住宅用地",
        "列入风险管控和修复名录，未达目标。",
        "调查中（来源：登记簿）",
        "《土壤污染防治法》第九十四条（自2026年8月15日起为《生态环境法典》第一千一百六十五条）",
        "未确认，以本地设定为准",
        "污染地块名录：未排查；没有记录不等于没有污染。",
        "调查状态：不详（规则 G3）",
        "须由生态环境部门书面回复",
        "812",
        "soil.example/2026+7c3a",
        "soil.example/log",
        "41",
        &"c2lnbmF0dXJl".repeat(7),
        &format!("https://soil.example.gov.cn/#/verify?number=CX-152921-2026-000017&sha256={}", "ab".repeat(32)),
        &hex::encode(Sha256::digest(&bytes)),
        "比例尺 Scale 1:",
        "压线",
        "0.000100%",
        "J12",
        "105.60100000",
    ] {
        // Sliver is only said of every fifth record.
        if said != "压线" {
            assert!(text.contains(&squeeze(said)), "{said}\n{text}");
        }
    }
    assert!(!text.contains("未签名"));
    let raw = String::from_utf8_lossy(&pdf);
    assert!(raw.contains("<pdfaid:part>3</pdfaid:part>"));
}

#[test]
fn a_reply_of_the_first_form_is_put_on_paper_and_said_to_be_unsigned() {
    let Some(fonts) = fonts() else { return };
    let (bytes, pdf) = made(&reply(&round(105.6, 38.8, 0.001, 12), &[], &[]), &Outlines::default(), &fonts);
    let text = text_of(&pdf);
    for said in [
        "未签名",
        "没有与地块重叠、相接或邻近的记录",
        "没有规则适用",
        "未提供",
        "回复未载明登记数据的版本。",
        &hex::encode(Sha256::digest(&bytes)),
    ] {
        assert!(text.contains(&squeeze(said)), "{said}\n{text}");
    }
    assert_eq!(pdf::attachment(&pdf).expect("the attachment"), bytes);
}

#[test]
fn a_parcel_of_a_hundred_thousand_vertices_is_drawn_and_its_corners_are_counted() {
    let Some(fonts) = fonts() else { return };
    let hits = [hit(1, "152921WR20260001", "原某某厂")];
    let (bytes, pdf) = made(&reply(&round(105.6, 38.8, 0.01, 100_000), &hits, &[]), &outlines(&hits), &fonts);
    assert!(bytes.len() > 2_000_000, "{}", bytes.len());
    let text = text_of(&pdf);
    assert!(text.contains("界址点共100000个") && text.contains("105.61000000°"), "{text}");
    let mut bare = lopdf::Document::load_mem(&pdf).expect("a PDF");
    bare.decompress();
    let drawn: usize = bare.get_pages().values().map(|&page| bare.get_page_content(page).len()).sum();
    assert!(drawn < 1_500_000, "the plan is thinned to what an eye sees: {drawn} bytes");
}

#[test]
fn a_text_longer_than_a_page_goes_on_with_the_next_and_loses_nothing() {
    let Some(fonts) = fonts() else { return };
    let long: Vec<String> = (0..400).map(|n| format!("须办理QX{n:03}QX事项，按规定完成。")).collect();
    let reply =
        reply(&round(105.6, 38.8, 0.001, 12), &[], &[rule("G3", "block", &long.concat()), rule("G4", "warn", "X")]);
    let (_, pdf) = made(&reply, &Outlines::default(), &fonts);
    let text = text_of(&pdf);
    for n in 0..400 {
        assert!(text.contains(&format!("QX{n:03}QX")), "{n}");
    }
}

#[test]
fn what_later_registers_and_stages_are_called_is_shown_as_it_is_written() {
    let Some(fonts) = fonts() else { return };
    let mut strange = hit(4, "X-1", "某学校");
    strange["register"] = json!("reference_schools");
    strange["stage"] = json!("some_new_stage");
    strange["class"] = json!(null);
    let geometry = json!({"type": "MultiPolygon", "coordinates": [
        round(105.6, 38.8, 0.001, 10)["coordinates"], round(105.61, 38.8, 0.001, 10)["coordinates"]
    ]});
    let (_, pdf) = made(&reply(&geometry, &[strange], &[]), &Outlines::default(), &fonts);
    let text = text_of(&pdf);
    assert!(text.contains("reference_schools") && text.contains("some_new_stage"), "{text}");
    assert!(text.contains("没有边界图形可绘的记录：1。"), "{text}");
}

#[test]
fn a_reply_that_was_superseded_says_why_and_a_written_reply_what_it_says() {
    let Some(fonts) = fonts() else { return };
    let bytes = serde_json::to_vec(&reply(&round(105.6, 38.8, 0.001, 12), &[], &[])).expect("JSON");
    let given = StandingNow::when_given(&bytes).expect("a standing");
    let standing = StandingNow {
        status: "superseded".to_owned(),
        because: vec![Text::fixed("地块 152921WR20260001 列入名录。", "Site 152921WR20260001 was listed.")],
        written_reply: Some(WrittenReply {
            number: "阿左环函〔2026〕9号".to_owned(),
            on: Day::of(2026, 12, 1),
            bureau: "阿拉善左旗生态环境局".to_owned(),
            conclusion: Text::fixed("不同意", "objects"),
            conditions: None,
            text: "经核：\n一、不同意供地。".to_owned(),
            verdict_after: "block".to_owned(),
            must_do: Text::fixed("不得供地。", "It may not be supplied."),
            recorded_at: given.as_of,
        }),
        ..given
    };
    let pdf =
        certificate(&bytes, &Outlines::default(), &standing, "https://x.example/", &fonts).expect("a certificate");
    let text = text_of(&pdf);
    for said in [
        "已被取代",
        "地块 152921WR20260001 列入名录。",
        "阿拉善左旗生态环境局　阿左环函〔2026〕9号　2026年12月1日",
        "一、不同意供地。",
        "书面回复后的结论：禁止",
        "回复后的结论：禁止。不得供地。",
    ] {
        assert!(text.contains(&squeeze(said)), "{said}\n{text}");
    }
}
