//! Holding the stored log to itself: entries, leaf hashes, nodes, end and checkpoint, and to an older checkpoint that
//! somebody kept.

use super::canonical;
use super::key::{self, SigningKey};
use super::log::{self, Said};
use super::merkle::{self, Edge};
use super::note::{Checkpoint, Note, Verifier};
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::App;
use std::collections::BTreeSet;

/// Entries read at a time.
const CHUNK: i64 = 5_000;
/// Findings after which no more are listed: a log written anew differs everywhere.
const FINDINGS: usize = 100;

/// What a verification of the log found.
#[derive(Debug, serde::Serialize)]
pub struct Verification {
    /// Name of the log; `None` before anything was ever signed.
    pub log: Option<String>,
    /// Entries read.
    pub entries: u64,
    /// Root over them as recomputed, hexadecimal.
    pub root: String,
    /// Size of the older checkpoint that the log was held to, where one was given.
    pub held_to: Option<u64>,
    /// What does not hold; the first hundred.
    pub findings: Vec<Finding>,
}

/// Something that does not hold.
#[derive(Debug, serde::Serialize)]
pub struct Finding {
    /// Stable, snake_case.
    pub code: &'static str,
    /// The entry, where it is about one.
    pub index: Option<u64>,
    /// 中文
    pub text_zh: String,
    /// In English.
    pub text_en: String,
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, code: &'static str, index: Option<u64>, text: Text) {
        if self.0.len() < FINDINGS {
            self.0.push(Finding { code, index, text_zh: text.zh.into(), text_en: text.en.into() });
        }
    }
}

/// Recomputes the whole log from its first entry. `older` is a checkpoint that was kept elsewhere.
///
/// # Errors
/// When the database cannot be read, or `older` is no checkpoint (`bad_checkpoint`). A log that does not hold is a finding,
/// not an error.
pub async fn verify(app: &App, older: Option<&str>) -> Result<Verification> {
    let older = older.map(read_older).transpose()?;
    let mut tx = app.snapshot().await?;
    let head = log::head(&mut tx).await?;
    let keys = log::keys(&mut tx).await?;
    let known: BTreeSet<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let mut findings = Findings(Vec::new());
    for key in &keys {
        if key::id(&key.public_key) != key.id {
            findings.add(
                "key_changed",
                None,
                Text::new(
                    format!("签名密钥 {} 与其公钥不符", key.id),
                    format!("the signing key {} is not the one it is called", key.id),
                ),
            );
        }
    }
    for (id, seed) in log::seeds(&mut tx).await? {
        let fits = <[u8; 32]>::try_from(seed).is_ok_and(|seed| SigningKey::from_seed(seed).id() == id);
        if !fits {
            findings.add(
                "seed_changed",
                None,
                Text::new(
                    format!("签名密钥 {id} 的私钥部分不是它的"),
                    format!("the secret part of the signing key {id} is not its own"),
                ),
            );
        }
    }

    let mut edge = Edge::default();
    // The root that the older checkpoint should have named, once the log is as long as it was.
    let mut then = older.as_ref().filter(|(_, old)| old.size == 0).map(|_| edge.root());
    let (mut from, mut expected_index) = (0, 0);
    loop {
        let chunk = log::entries(&mut tx, from, CHUNK).await?;
        let Some(last) = chunk.last() else { break };
        from = last.index + 1;
        let (mut places, mut expected) = (Vec::new(), Vec::new());
        for entry in &chunk {
            let at = Some(entry.index);
            if entry.index != expected_index {
                findings.add(
                    "entry_missing",
                    Some(expected_index),
                    Text::fixed("缺少此序号的条目", "there is no entry at this index"),
                );
            }
            expected_index = entry.index + 1;
            let leaf = merkle::leaf(&entry.entry);
            if entry.leaf_hash != leaf {
                findings.add(
                    "leaf_differs",
                    at,
                    Text::fixed("条目与其叶哈希不符", "the entry does not match its leaf hash"),
                );
            }
            let said = canonical::check(&entry.entry).ok().and_then(|()| Said::read(&entry.entry));
            match said {
                None => findings.add("entry_unreadable", at, Text::fixed("条目无法识别", "the entry cannot be read")),
                Some(said) if said.id != entry.subject_id || said.number != entry.number => {
                    findings.add(
                        "columns_differ",
                        at,
                        Text::fixed("列与条目内容不符", "the columns differ from the entry"),
                    );
                }
                Some(said) if !known.contains(said.key_id.as_str()) => {
                    findings.add(
                        "key_missing",
                        at,
                        Text::new(
                            format!("没有签名密钥 {}", said.key_id),
                            format!("there is no signing key {}", said.key_id),
                        ),
                    );
                }
                Some(_) => {}
            }
            edge.append(leaf, |place, hash| {
                places.push(place);
                expected.push(hash);
            });
            if let Some((_, old)) = &older
                && old.size == edge.size()
            {
                then = Some(edge.root());
            }
        }
        let stored = log::nodes(&mut tx, &places).await?;
        for ((place, expected), stored) in places.iter().zip(&expected).zip(stored) {
            if stored.as_ref() != Some(expected) {
                let index = Some(((place.index + 1) << place.level) - 1);
                findings.add(
                    "node_differs",
                    index,
                    Text::new(
                        format!("第 {} 层第 {} 个节点缺失或不符", place.level, place.index),
                        format!("node {} of level {} is missing or differs", place.index, place.level),
                    ),
                );
            }
        }
    }
    let size = edge.size();
    let inner = i64::try_from(size - u64::from(size.count_ones())).map_err(Error::internal)?;
    if log::count_nodes(&mut tx).await? != inner {
        findings.add(
            "nodes_differ",
            None,
            Text::fixed("节点数与条目数不合", "there are not as many nodes as the entries make"),
        );
    }
    let peaks = log::peaks(&mut tx).await?;
    if head.as_ref().map_or(0, |head| head.size) != size
        || !peaks.iter().eq(edge.peaks().iter().map(|peak| peak.as_slice()))
    {
        findings.add(
            "head_differs",
            None,
            Text::fixed("日志末端与条目不符", "the log's end does not follow from its entries"),
        );
    }
    if let Some(head) = &head {
        let signer = keys.iter().find(|key| key.id == head.key_id).map(|key| key.verifier(&head.origin));
        let note = Note::parse(&head.checkpoint);
        let said = note.as_ref().and_then(|note| Checkpoint::parse(&note.text));
        let own = Checkpoint { origin: head.origin.clone(), size, root: edge.root() };
        if said != Some(own) {
            findings.add(
                "checkpoint_differs",
                None,
                Text::fixed("检查点所载与条目不符", "the checkpoint does not follow from the entries"),
            );
        }
        let signed = note.zip(signer).is_some_and(|(note, signer)| note.is_signed_by(&signer));
        if !signed {
            findings.add(
                "checkpoint_unsigned",
                None,
                Text::fixed("检查点没有现行密钥的有效签名", "the checkpoint has no valid signature of the current key"),
            );
        }
    }
    tx.rollback().await?;
    let held_to = older.as_ref().map(|(_, old)| old.size);
    if let Some((note, old)) = &older {
        let ours = head.as_ref().filter(|head| head.origin == old.origin);
        let verifiers: Vec<Verifier> =
            ours.map(|head| keys.iter().map(|key| key.verifier(&head.origin)).collect()).unwrap_or_default();
        if !verifiers.iter().any(|verifier| note.is_signed_by(verifier)) {
            findings.add(
                "older_not_ours",
                None,
                Text::fixed(
                    "所给检查点不是本日志的，或没有本登记系统密钥的有效签名",
                    "the checkpoint given is not of this log, or has no valid signature of a key of this registry",
                ),
            );
        }
        match then {
            Some(root) if root == old.root => {}
            Some(_) => findings.add(
                "older_root_differs",
                None,
                Text::new(
                    format!("日志前 {} 条已不是所给检查点所载", old.size),
                    format!("the log's first {} entries are not those of the checkpoint given", old.size),
                ),
            ),
            None => findings.add(
                "older_is_longer",
                None,
                Text::new(
                    format!("所给检查点载有 {} 条，日志现仅 {size} 条", old.size),
                    format!("the checkpoint given has {} entries, and the log only {size}", old.size),
                ),
            ),
        }
    }
    let root = hex::encode(edge.root());
    Ok(Verification { log: head.map(|head| head.origin), entries: size, root, held_to, findings: findings.0 })
}

fn read_older(text: &str) -> Result<(Note, Checkpoint)> {
    Note::parse(text).and_then(|note| Checkpoint::parse(&note.text).map(|checkpoint| (note, checkpoint))).ok_or_else(
        || {
            Error::new(
                Kind::Malformed,
                "bad_checkpoint",
                Text::fixed("所给文件不是签名检查点。", "The file given is no signed checkpoint."),
            )
        },
    )
}
