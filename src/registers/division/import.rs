//! Files of divisions: ours, and boundaries in the form of Tianditu (`gb` = 156 + six digits, `name`).

use super::rules::tree::{Kind, Level, Wanted};
use super::store::{self, Columns};
use crate::kernel::{Day, DivisionCode, DivisionId, Fault, Result, Text};
use crate::platform::bulk::{Batch, Ready, Row};
use crate::platform::fields::{Fields, at};
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome};
use futures_util::future::BoxFuture;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// The import target `divisions`.
pub static DIVISIONS: Divisions = Divisions;

/// See [`DIVISIONS`].
pub struct Divisions;

struct Entry {
    code: DivisionCode,
    name_zh: Option<String>,
    name_en: Option<String>,
    level: Option<Level>,
    kind: Option<Kind>,
    parent: Option<DivisionCode>,
    valid_from: Option<Day>,
    valid_to: Option<Day>,
    successor: Option<DivisionCode>,
}

impl Entry {
    fn wanted(&self) -> Wanted<'_> {
        Wanted { code: &self.code, level: self.level, kind: self.kind, parent: self.parent.as_ref() }
    }
}

impl Importer for Divisions {
    fn target(&self) -> &'static str {
        "divisions"
    }

    fn permission(&self) -> Permission {
        Permission::DivisionWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

fn read(feature: &ImportFeature) -> Result<Entry, Vec<Fault>> {
    let mut f = Fields::new(&feature.properties);
    let tianditu = !feature.properties.contains_key("code") && feature.properties.contains_key("gb");
    let code = if tianditu { gb(&mut f) } else { f.division("code") };
    let mut other = |name: &str| match f.text(name) {
        Some(_) => f.division(name).and_then(|text| DivisionCode::parse(&text)),
        None => None,
    };
    let (parent, successor) = (other("parent_code"), other("successor_code"));
    let entry = Entry {
        code: code.and_then(|text| DivisionCode::parse(&text)).unwrap_or_else(DivisionCode::nation),
        name_zh: f.text(if tianditu { "name" } else { "name_zh" }),
        name_en: f.text("name_en"),
        level: f.one_of("level", &Level::NAMES).and_then(Level::parse),
        kind: f.one_of("kind", &Kind::NAMES).and_then(Kind::parse),
        parent,
        valid_from: f.day("valid_from"),
        valid_to: f.day("valid_to"),
        successor,
    };
    let faults = f.into_faults();
    if faults.is_empty() { Ok(entry) } else { Err(faults) }
}

fn gb(f: &mut Fields<'_>) -> Option<String> {
    let Some(text) = f.text("gb") else {
        f.fault(
            "gb",
            "not_a_division",
            Text::fixed(
                "gb 为空：这不是行政区（如境界线），不导入。",
                "gb is empty: this is no division (a boundary line, for one) and is not loaded.",
            ),
        );
        return None;
    };
    let code = text.strip_prefix("156").and_then(DivisionCode::parse);
    if code.is_none() {
        f.fault(
            "gb",
            "bad_division_code",
            Text::new(
                format!("gb `{text}` 应为 156 加六位区划代码。"),
                format!("gb `{text}` must be 156 followed by a six-digit division code."),
            ),
        );
    }
    code.map(|code| code.as_str().to_owned())
}

async fn write(act: &mut Act, batch: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let read = batch.iter().map(|feature| (read(feature), &feature.geometry));
    let mut batch = Batch::settle(act.tx(), read, false).await?;
    batch.reject_repeated("code", |entry| entry.code.as_str());

    let (mut tree, before) = store::tree(act.tx()).await?;
    batch.reject_where(|entry| {
        (tree.get(&entry.code).is_none() && entry.name_zh.is_none()).then(|| {
            at("name_zh", "missing", Text::fixed("新区划须有中文名称。", "A new division needs its Chinese name."))
        })
    });
    let codes: Vec<String> = batch.ready().map(|row| row.item.code.as_str().to_owned()).collect();
    let validity: HashMap<String, (Option<Day>, Option<Day>)> =
        store::validity(act.tx(), &codes).await?.into_iter().map(|(code, from, to)| (code, (from, to))).collect();
    batch.reject_where(|entry| {
        let (from, to) = validity.get(entry.code.as_str()).copied().unwrap_or_default();
        let (from, to) = (entry.valid_from.or(from)?, entry.valid_to.or(to)?);
        (from > to).then(|| {
            let text = Text::new(
                format!("启用日 {from} 晚于最后有效日 {to}。"),
                format!("It begins {from}, after its last day {to}."),
            );
            at("valid_to", "ends_before_it_begins", text)
        })
    });

    // Parents stand on higher levels, so placing from above makes the order of rows in a batch not matter.
    let mut order: Vec<(Level, usize)> = Vec::new();
    for (index, row) in batch.rows.iter().enumerate() {
        if let Row::Ready(ready) = row {
            order.push((ready.item.wanted().level_or_digits(), index));
        }
    }
    order.sort_unstable();
    let caller = act.caller().clone();
    for (_, index) in order {
        let placed = match &batch.rows[index] {
            Row::Ready(ready) => tree.place(&ready.item.wanted(), |code| caller.holds_in(code)),
            Row::Faulty(_) => Ok(()),
        };
        if let Err(faults) = placed {
            batch.rows[index] = Row::Faulty(faults);
        }
    }
    tree.rehang();

    let before: HashMap<DivisionCode, Vec<String>> = before.into_iter().collect();
    let (mut new, mut old) = (Columns::default(), Columns::default());
    let mut here = HashSet::new();
    for row in batch.ready() {
        let Some(node) = tree.get(&row.item.code) else { continue };
        here.insert(row.item.code.clone());
        let columns = if before.contains_key(&row.item.code) { &mut old } else { &mut new };
        push(columns, row, node.level, node.kind, node.parent.as_ref(), node.derived);
        columns.id.push(DivisionId::new(act.now()).0);
        columns.ancestors.push(tree.ancestors(&row.item.code).join(","));
    }
    let (mut moved, mut parents, mut paths) = (Vec::new(), Vec::new(), Vec::new());
    for (code, node) in tree.iter().filter(|(code, _)| !here.contains(code)) {
        let path = tree.ancestors(code);
        if before.get(code).is_some_and(|was| *was != path) {
            moved.push(code.as_str().to_owned());
            parents.push(node.parent.as_ref().map(|parent| parent.as_str().to_owned()));
            paths.push(path.join(","));
        }
    }
    let created = store::insert(act.tx(), &new).await?;
    let updated = store::update(act.tx(), &old).await?;
    let rehung = store::rehang(act.tx(), &moved, &parents, &paths).await?;

    let (ready, repaired, rejected) = batch.counts();
    let unchanged = ready as u64 - created - updated;
    act.note(
        "divisions",
        json!({"created": created, "updated": updated, "unchanged": unchanged, "moved": rehung, "repaired": repaired, "rejected": rejected}),
    );
    Ok(batch.rows.into_iter().map(Outcome::from).collect())
}

fn push(c: &mut Columns, row: &Ready<Entry>, level: Level, kind: Kind, parent: Option<&DivisionCode>, derived: bool) {
    let entry = &row.item;
    c.code.push(entry.code.as_str().to_owned());
    c.name_zh.push(entry.name_zh.clone());
    c.name_en.push(entry.name_en.clone());
    c.level.push(level.as_str());
    c.kind.push(kind.as_str());
    c.parent.push(parent.map(|code| code.as_str().to_owned()));
    c.derived.push(derived);
    c.valid_from.push(entry.valid_from);
    c.valid_to.push(entry.valid_to);
    c.successor.push(entry.successor.as_ref().map(|code| code.as_str().to_owned()));
    c.ewkb.push(row.shape.as_ref().map(|shape| shape.ewkb.clone()));
}
