//! Signing and logging of ten thousand documents in one act.

use crate::support::World;
use crate::{Line, fastest};
use jingtu::platform::seal::key::SigningKey;
use jingtu::platform::seal::{Entry, Sealer, canonical};
use jingtu::platform::{Permission, Reply};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::time::{Duration, Instant};
use uuid::Uuid;

const DOCUMENTS: usize = 10_000;

/// A document of about six kilobytes, like a reply with a few rules and hits.
fn document(n: usize) -> Value {
    let rules: Vec<Value> = (0..6)
        .map(|rule| {
            json!({
                "rule": format!("G{rule}"), "verdict": "warn", "title_zh": "未查明土壤环境质量状况的用地",
                "title_en": "Land whose soil quality is not known",
                "citations": [{"title_zh": "中华人民共和国土壤污染防治法", "article": 59, "confidence": "verified"}],
                "facts": [{"name": "survey_state", "value": "none", "source": "stated", "text_zh": "未调查", "text_en": "none"}],
                "must_do_zh": "应当按照规定开展土壤污染状况调查，并将调查报告报送主管部门评审。",
                "must_do_en": "A survey has to be made and its report submitted for review before the land changes hands.",
            })
        })
        .collect();
    let ring: Vec<Value> = (0..60_u32)
        .map(|at| json!([105.6 + f64::from(at) * 1.1e-5, 38.8 + (n + at as usize) as f64 * 1.3e-7]))
        .collect();
    json!({
        "number": format!("CX-152921-2026-{n:06}"), "verdict": "warn", "rules": rules,
        "parcel": {"geometry": {"type": "Polygon", "coordinates": [ring]}, "area_m2": 10_000.0 + n as f64 / 7.0},
    })
}

/// Ten thousand documents sealed: canonical form, digest, signature, entry, tree; against digest and signature of the same
/// bytes alone.
pub async fn ten_thousand() -> Line {
    let world = World::new().await;
    let documents: Vec<Value> = (0..DOCUMENTS).map(document).collect();
    let bytes: Vec<Vec<u8>> = documents.iter().map(|d| canonical::to_vec(d).expect("canonical")).collect();
    let key = SigningKey::from_seed([7; 32]);
    let (bare, _) = fastest(
        || (),
        |()| {
            for bytes in &bytes {
                black_box((Sha256::digest(bytes), key.sign(bytes)));
            }
        },
    );
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let mut act = world.act(Permission::KeyManage).await;
        let mut sealer = Sealer::open(&mut act).await.expect("open");
        let start = Instant::now();
        for (n, document) in documents.iter().enumerate() {
            let entry = Entry { kind: "land_check", id: Uuid::from_u128(n as u128), number: "CX-152921-2026-000001" };
            black_box(sealer.seal(document, entry).expect("sealed"));
        }
        best = best.min(start.elapsed());
        let start = Instant::now();
        sealer.close(&mut act).await.expect("close");
        println!("closing a log of {DOCUMENTS} entries took {:.3} s", start.elapsed().as_secs_f64());
        act.note("bench/seal", json!({}));
        act.finish(Reply::nothing()).await.expect("commit");
    }
    Line {
        what: format!("seal documents of {} bytes", bytes[0].len()),
        n: DOCUMENTS,
        product: best,
        bare: (bare, "SHA-256 and Ed25519 of the same bytes"),
    }
}
