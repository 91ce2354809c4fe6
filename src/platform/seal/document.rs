//! Checking a sealed document without any database: what is proved, what is refuted, and what the evidence at hand says
//! nothing about.

use super::canonical;
use super::key::{self, PublicKey};
use super::log::Said;
use super::merkle::{self, Hash};
use super::note::{Checkpoint, Note, Verifier};
use crate::kernel::Text;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// What was looked at, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// `canonical`, `proof`, `payload`, `signature`, `key`, `log`, `checkpoint`, `manifest`, `refusal`, `standing`.
    pub what: &'static str,
    /// `true` proved, `false` refuted, `null` neither: the evidence given does not reach so far.
    pub ok: Option<bool>,
    /// 中文
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

impl Finding {
    /// Something looked at.
    pub fn new(what: &'static str, ok: Option<bool>, text: Text) -> Finding {
        Finding { what, ok, text_zh: text.zh.into(), text_en: text.en.into() }
    }
}

/// What a document says of its own proof.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// `Ed25519`.
    pub alg: String,
    /// Key that signed.
    pub key_id: String,
    /// Name of the log.
    pub log: String,
    /// Place in the log.
    pub log_index: u64,
    /// SHA-256 of the canonical form without `proof`, hexadecimal.
    pub payload_sha256: String,
    /// The key, base64.
    pub public_key: String,
    /// The signature, base64.
    pub signature: String,
}

/// A proof that an entry is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Place of the entry.
    pub index: u64,
    /// Size of the log that it is proved for.
    pub size: u64,
    /// The entry, byte for byte.
    pub entry: Vec<u8>,
    /// The hashes, leaf's side first.
    pub hashes: Vec<Hash>,
}

/// What a document is held to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// The registry's keys, from a source that is trusted.
    pub keys: Option<&'a [Verifier]>,
    /// That it is in the log.
    pub inclusion: Option<&'a Inclusion>,
    /// A signed checkpoint of the log.
    pub checkpoint: Option<&'a str>,
}

/// What came of a document.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What it says of its proof; `None` when it has none that can be read.
    pub claim: Option<Claim>,
    /// What was looked at, in order.
    pub findings: Vec<Finding>,
}

impl Examined {
    /// Whether nothing is refuted.
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|finding| finding.ok != Some(false))
    }
}

/// Holds a document, byte for byte as it was handed on, to evidence.
pub fn examine(bytes: &[u8], evidence: Evidence<'_>) -> Examined {
    let mut findings = Vec::new();
    let canonical = form(bytes, &mut findings);
    let claim = canonical.as_deref().and_then(|canonical| claim(canonical, &mut findings));
    let (Some(canonical), Some(claim)) = (canonical, claim) else {
        return Examined { claim: None, findings };
    };
    findings.push(payload(&canonical, &claim));
    let key = signature(&canonical, &claim, &mut findings);
    findings.push(trusted(key.as_ref(), &claim, evidence.keys));
    findings.extend(logged(key.as_ref(), &claim, evidence));
    Examined { claim: Some(claim), findings }
}

/// Holds a number and the digest of a document to the log's entry of that number. Of the signature, nothing is found: that
/// needs the document.
pub fn examine_digest(number: &str, payload_sha256: &str, evidence: Evidence<'_>) -> Vec<Finding> {
    let entry = evidence.inclusion.and_then(|inclusion| Some((inclusion, Said::read(&inclusion.entry)?)));
    let Some((inclusion, said)) = entry.filter(|(_, said)| said.number == number) else {
        return vec![Finding::new(
            "log",
            Some(false),
            Text::new(format!("日志中没有编号 {number}。"), format!("There is no number {number} in the log.")),
        )];
    };
    let same = said.payload_sha256.eq_ignore_ascii_case(payload_sha256);
    let mut findings = vec![
        Finding::new(
            "payload",
            Some(same),
            if same {
                Text::new(
                    format!("{number} 签发时的摘要即所给摘要。"),
                    format!("The digest of {number} when it was signed is the one given."),
                )
            } else {
                Text::new(
                    format!("{number} 签发时的摘要是 {}，与所给不同。", said.payload_sha256),
                    format!("The digest of {number} when it was signed is {}, not the one given.", said.payload_sha256),
                )
            },
        ),
        Finding::new(
            "signature",
            None,
            Text::fixed(
                "未核验签名：那需要文件本身。",
                "The signature was not looked at: that needs the document itself.",
            ),
        ),
    ];
    if let Some(text) = evidence.checkpoint {
        let note = Note::parse(text);
        if let Some((note, checkpoint)) = note.and_then(|note| Checkpoint::parse(&note.text).map(|said| (note, said))) {
            let claim = Claim {
                alg: "Ed25519".to_owned(),
                log: checkpoint.origin.clone(),
                log_index: inclusion.index,
                payload_sha256: said.payload_sha256,
                key_id: said.key_id,
                signature: said.signature,
                public_key: String::new(),
            };
            findings.push(signed(None, &note, &claim, evidence.keys));
            findings.push(included(&claim, Some(inclusion), &checkpoint));
        }
    }
    findings
}

/// The canonical form; the bytes themselves when nothing was changed.
fn form(bytes: &[u8], findings: &mut Vec<Finding>) -> Option<Vec<u8>> {
    let Err(at) = canonical::check(bytes) else {
        findings.push(Finding::new(
            "canonical",
            Some(true),
            Text::fixed("正文字节为规范形式（RFC 8785）。", "The bytes are the canonical form (RFC 8785)."),
        ));
        return Some(bytes.to_vec());
    };
    // Whether what it says is still what was signed is worth knowing all the same.
    let form = std::str::from_utf8(bytes).ok().and_then(|text| canonical::of_json(text).ok());
    findings.push(Finding::new(
        "canonical",
        Some(false),
        match form {
            Some(_) => Text::new(
                format!("自第 {at} 字节起已不是出具时的字节；以下所查为其内容。"),
                format!(
                    "From byte {at} on the bytes are not those that were issued; what follows is about their content."
                ),
            ),
            None => Text::new(format!("第 {at} 字节处不是合法的 JSON。"), format!("At byte {at} it is not JSON.")),
        },
    ));
    form
}

fn claim(canonical: &[u8], findings: &mut Vec<Finding>) -> Option<Claim> {
    let claim = canonical::member(canonical, "proof").and_then(|proof| serde_json::from_slice::<Claim>(proof).ok());
    let claim = claim.filter(|claim| claim.alg == "Ed25519");
    if claim.is_none() {
        findings.push(Finding::new(
            "proof",
            Some(false),
            Text::fixed(
                "没有可识别的 proof：什么也不能证明。",
                "There is no proof that can be read: nothing can be shown.",
            ),
        ));
    }
    claim
}

fn payload(canonical: &[u8], claim: &Claim) -> Finding {
    let digest = canonical::without_member(canonical, "proof").map(|payload| hex::encode(Sha256::digest(payload)));
    let same = digest.as_deref() == Some(claim.payload_sha256.as_str());
    Finding::new(
        "payload",
        Some(same),
        if same {
            Text::new(
                format!("正文与其摘要相符（SHA-256 {}）。", claim.payload_sha256),
                format!("The body matches its digest (SHA-256 {}).", claim.payload_sha256),
            )
        } else {
            Text::fixed("正文已被改动：与其摘要不符。", "The body was changed: it does not match its digest.")
        },
    )
}

/// Checks the signature; gives the key that made it.
fn signature(canonical: &[u8], claim: &Claim, findings: &mut Vec<Finding>) -> Option<PublicKey> {
    let key: Option<PublicKey> = STANDARD.decode(&claim.public_key).ok().and_then(|key| key.try_into().ok());
    let key = key.filter(|key| key::id(key) == claim.key_id);
    let message = canonical::member(canonical, "proof")
        .and_then(|proof| canonical::without_member(proof, "signature"))
        .and_then(|proof| {
            let rest = canonical::without_member(canonical, "proof")?;
            let mut message = Vec::with_capacity(canonical.len());
            canonical::place_for(&rest, "proof")?.put(&rest, &proof, &mut message);
            Some(message)
        });
    let signature = STANDARD.decode(&claim.signature).ok();
    let holds = match (&key, message, signature) {
        (Some(key), Some(message), Some(signature)) => key::verify(key, &message, &signature),
        _ => false,
    };
    findings.push(Finding::new(
        "signature",
        Some(holds),
        if holds {
            Text::new(
                format!("密钥 {} 的签名有效：除签名外的每一字节自签名后未变。", claim.key_id),
                format!(
                    "The signature of key {} is valid: no byte but the signature's own has changed since.",
                    claim.key_id
                ),
            )
        } else {
            Text::fixed(
                "签名无效：内容、签名或密钥已被改动。",
                "The signature is not valid: the content, the signature or the key was changed.",
            )
        },
    ));
    key.filter(|_| holds)
}

fn trusted(key: Option<&PublicKey>, claim: &Claim, keys: Option<&[Verifier]>) -> Finding {
    let known = keys.map(|keys| key.is_some_and(|key| keys.iter().any(|own| own.key == *key)));
    Finding::new(
        "key",
        known,
        match known {
            Some(true) => Text::new(
                format!("{} 是所给登记系统密钥之一。", claim.key_id),
                format!("{} is one of the registry's keys given.", claim.key_id),
            ),
            Some(false) => Text::new(
                format!("{} 不在所给登记系统密钥之列。", claim.key_id),
                format!("{} is none of the registry's keys given.", claim.key_id),
            ),
            None => Text::new(
                format!("未证明 {} 是登记系统的密钥：未给出其密钥（/v1/signing-keys）。", claim.key_id),
                format!(
                    "Not proved: that {} is the registry's key. Its keys were not given (/v1/signing-keys).",
                    claim.key_id
                ),
            ),
        },
    )
}

/// Whether the entry that was logged is this document's, whether it is under the checkpoint, and whose that is.
fn logged(key: Option<&PublicKey>, claim: &Claim, evidence: Evidence<'_>) -> Vec<Finding> {
    let Some(text) = evidence.checkpoint else {
        return vec![Finding::new(
            "log",
            None,
            Text::new(
                format!("未证明在日志 {} 第 {} 条：未给出检查点与证明。", claim.log, claim.log_index),
                format!(
                    "Not proved: that it is in the log {} at index {}. No checkpoint and no proof was given.",
                    claim.log, claim.log_index
                ),
            ),
        )];
    };
    let note = Note::parse(text);
    let said = note.as_ref().and_then(|note| Checkpoint::parse(&note.text)).filter(|said| said.origin == claim.log);
    let (Some(note), Some(said)) = (note, said) else {
        return vec![Finding::new(
            "checkpoint",
            Some(false),
            Text::new(
                format!("所给不是日志 {} 的检查点。", claim.log),
                format!("What was given is no checkpoint of the log {}.", claim.log),
            ),
        )];
    };
    vec![signed(key, &note, claim, evidence.keys), included(claim, evidence.inclusion, &said)]
}

fn signed(key: Option<&PublicKey>, note: &Note, claim: &Claim, keys: Option<&[Verifier]>) -> Finding {
    let own: Vec<Verifier> = key.map(|key| Verifier { name: claim.log.clone(), key: *key }).into_iter().collect();
    let verifiers = keys.unwrap_or(&own);
    let holds = verifiers.iter().any(|verifier| verifier.name == claim.log && note.is_signed_by(verifier));
    let recognised = verifiers.iter().any(|verifier| note.names(verifier));
    // Without the registry's keys, the signature of a key unknown here says nothing either way.
    let ok = if holds { Some(true) } else { (keys.is_some() || recognised).then_some(false) };
    Finding::new(
        "checkpoint",
        ok,
        match ok {
            Some(true) => Text::fixed("检查点的签名有效。", "The checkpoint's signature is valid."),
            Some(false) => Text::fixed(
                "检查点没有登记系统密钥的有效签名。",
                "The checkpoint has no valid signature of a key of the registry.",
            ),
            None => Text::fixed(
                "未证明检查点出自登记系统：它由另一密钥签名，且未给出登记系统的密钥。",
                "Not proved: that the checkpoint is the registry's. Another key signed it, and the registry's keys were not given.",
            ),
        },
    )
}

fn included(claim: &Claim, inclusion: Option<&Inclusion>, said: &Checkpoint) -> Finding {
    let (ok, text) = match inclusion {
        _ if claim.log_index >= said.size => (
            Some(false),
            Text::new(
                format!("检查点仅有 {} 条，第 {} 条不在其中。", said.size, claim.log_index),
                format!("The checkpoint has {} entries only; index {} is not among them.", said.size, claim.log_index),
            ),
        ),
        None => (
            None,
            Text::new(
                format!(
                    "未证明在日志第 {} 条：未给出证明（/v1/land-check-log/proof?index={}&size={}）。",
                    claim.log_index, claim.log_index, said.size
                ),
                format!(
                    "Not proved: that it is in the log at index {}. No proof was given (/v1/land-check-log/proof?index={}&size={}).",
                    claim.log_index, claim.log_index, said.size
                ),
            ),
        ),
        Some(proof) if proof.index != claim.log_index || proof.size != said.size => (
            Some(false),
            Text::new(
                format!(
                    "所给证明是第 {} 条在 {} 条中的；需要第 {} 条在 {} 条中的。",
                    proof.index, proof.size, claim.log_index, said.size
                ),
                format!(
                    "The proof given is for index {} of {}; what is needed is index {} of {}.",
                    proof.index, proof.size, claim.log_index, said.size
                ),
            ),
        ),
        Some(proof) if !is_of(&proof.entry, claim) => (
            Some(false),
            Text::new(
                format!("日志第 {} 条不是这份文件的。", proof.index),
                format!("The log's entry {} is not this document's.", proof.index),
            ),
        ),
        Some(proof) => {
            let leaf = merkle::leaf(&proof.entry);
            if merkle::verify_inclusion(&leaf, proof.index, proof.size, &proof.hashes, &said.root) {
                (
                    Some(true),
                    Text::new(
                        format!("在日志 {} 第 {} 条（检查点 {} 条）。", claim.log, proof.index, said.size),
                        format!(
                            "It is in the log {} at index {} (checkpoint of {} entries).",
                            claim.log, proof.index, said.size
                        ),
                    ),
                )
            } else {
                (
                    Some(false),
                    Text::fixed(
                        "证明与检查点不合：条目、证明或检查点已被改动。",
                        "The proof does not lead to the checkpoint: the entry, the proof or the checkpoint was changed.",
                    ),
                )
            }
        }
    };
    Finding::new("log", ok, text)
}

/// Whether an entry was made of the document with this claim.
fn is_of(entry: &[u8], claim: &Claim) -> bool {
    Said::read(entry).is_some_and(|said| {
        said.payload_sha256 == claim.payload_sha256 && said.signature == claim.signature && said.key_id == claim.key_id
    })
}
