//! Files of parcels, with what came of which where they say so.

use super::actions::{code_taken, read};
use super::rules::{CodeForm, Kind, normal, parcel_code};
use super::store::{self, NewChangeRow, NewParcel, ParcelRow, Shaped};
use crate::kernel::{Day, Fault, ParcelChangeId, ParcelId, Result, Text};
use crate::platform::bulk::Batch;
use crate::platform::fields::{Fields, at};
use crate::platform::{Act, Permission};
use crate::registers::{ImportFeature, Importer, Outcome, division};
use futures_util::future::BoxFuture;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The import target `parcels`.
pub static IMPORTER: Import = Import;

/// See [`IMPORTER`].
pub struct Import;

impl Importer for Import {
    fn target(&self) -> &'static str {
        "parcels"
    }

    fn permission(&self) -> Permission {
        Permission::ParcelWrite
    }

    fn write<'a>(&'a self, act: &'a mut Act, batch: &'a [ImportFeature]) -> BoxFuture<'a, Result<Vec<Outcome>>> {
        Box::pin(write(act, batch))
    }
}

/// A row of a file.
struct Entry {
    parcel: NewParcel,
    /// Codes of the parcels that it came of.
    predecessors: Vec<String>,
}

/// Reads a row. Its predecessors stand in `predecessors`, or in `parent_codes`.
fn entry(feature: &ImportFeature, today: Day) -> Result<Entry, Vec<Fault>> {
    let parcel = read(&feature.properties, today);
    let mut f = Fields::new(&feature.properties);
    let name = if feature.properties.contains_key("predecessors") { "predecessors" } else { "parent_codes" };
    let mut predecessors: Vec<String> = f.list(name).iter().map(|code| normal(code)).collect();
    predecessors.sort();
    predecessors.dedup();
    let code = normal(&f.text("code").unwrap_or_default());
    if predecessors.contains(&code) {
        f.fault(name, "own_predecessor", Text::fixed("宗地不能来源于自身。", "A parcel does not come of itself."));
    }
    if !predecessors.is_empty() && f.day("began_on").is_none() && parcel.is_ok() {
        f.fault(
            "began_on",
            "missing",
            Text::fixed(
                "有来源宗地时须给出 began_on：来源宗地即于该日终止。",
                "With predecessors, began_on is needed: it is the day on which they end.",
            ),
        );
    }
    let mut faults = f.into_faults();
    match parcel {
        Ok(parcel) if faults.is_empty() => Ok(Entry { parcel, predecessors }),
        Ok(_) => Err(faults),
        Err(mut more) => {
            // What both readings said is said once.
            faults.retain(|fault| !more.contains(fault));
            more.append(&mut faults);
            Err(more)
        }
    }
}

async fn write(act: &mut Act, features: &[ImportFeature]) -> Result<Vec<Outcome>> {
    let today = act.today();
    let read = features.iter().map(|feature| (entry(feature, today), &feature.geometry));
    let mut batch = Batch::settle(act.tx(), read, true).await?;
    batch.reject_repeated("code", |row| &row.parcel.code);
    division::reject_strangers(act, &mut batch, |row| &row.parcel.division_code).await?;
    let codes: Vec<String> = batch.ready().map(|row| row.item.parcel.code.clone()).collect();
    let taken: HashSet<String> = store::taken(act.tx(), &codes).await?.into_iter().collect();
    batch.reject_where(|row| taken.contains(&row.parcel.code).then(|| code_taken(&row.parcel.code)));

    let known = known_parents(act, &batch).await?;
    let closed = closed(act, &known).await?;
    batch.reject_where(|row| row.predecessors.iter().find(|code| closed.contains(*code)).map(|code| ended(code)));
    reject_orphans(&mut batch, &known);
    let plan = Plan::of(&batch, &known, act);
    let parcels: Vec<NewParcel> = batch
        .ready()
        .map(|row| {
            let ends = plan.ends.get(&row.item.parcel.code).map(|(day, _)| *day);
            NewParcel { ended_on: ends.or(row.item.parcel.ended_on), ..row.item.parcel.clone() }
        })
        .collect();
    let now = act.now();
    let rows: Vec<Shaped<'_>> = batch
        .ready()
        .zip(&parcels)
        .filter_map(|(row, parcel)| {
            let shape = row.shape.as_ref()?;
            Some(Shaped {
                id: ParcelId::new(now),
                parcel,
                began_by: plan.begins.get(&parcel.code).copied(),
                ended_by: plan.ends.get(&parcel.code).map(|(_, change)| *change),
                ewkb: &shape.ewkb,
                area_m2: shape.area_m2,
            })
        })
        .collect();
    plan.enter(act).await?;
    let added = store::insert(act.tx(), &rows).await?;
    let mut ids: HashMap<&str, ParcelId> = known.iter().map(|(code, parcel)| (code.as_str(), parcel.id)).collect();
    ids.extend(
        rows.iter().filter(|row| added.contains(&row.parcel.code)).map(|row| (row.parcel.code.as_str(), row.id)),
    );
    plan.link(act, &known, &ids).await?;
    // Somebody may have taken a code between the look and the insert.
    batch.reject_where(|row| (!added.contains(&row.parcel.code)).then(|| code_taken(&row.parcel.code)));
    let (written, repaired, rejected) = batch.counts();
    act.note(
        "parcel",
        json!({"written": written, "repaired": repaired, "rejected": rejected, "changes": plan.changes.len()}),
    );
    Ok(batch.rows.into_iter().map(Outcome::from).collect())
}

/// The registered parcels that rows of a batch came of, locked, by code.
async fn known_parents(act: &mut Act, batch: &Batch<Entry>) -> Result<BTreeMap<String, ParcelRow>> {
    let codes: BTreeSet<String> = batch.ready().flat_map(|row| row.item.predecessors.iter().cloned()).collect();
    let codes: Vec<String> = codes.into_iter().collect();
    let found = store::lock(act.tx(), &[], &codes).await?;
    Ok(found.into_iter().filter(|p| act.caller().holds_in(&p.division_code)).map(|p| (p.code.clone(), p)).collect())
}

/// Which parcels ended in a change that was recorded with its outlines: what came of them is known.
async fn closed(act: &mut Act, known: &BTreeMap<String, ParcelRow>) -> Result<HashSet<String>> {
    let changes: Vec<ParcelChangeId> = known.values().filter_map(|parcel| parcel.ended_by).collect();
    let recorded = store::recorded(act.tx(), &changes).await?;
    let ended = known.iter().filter(|(_, parcel)| parcel.ended_by.is_some_and(|change| recorded.contains(&change)));
    Ok(ended.map(|(code, _)| code.clone()).collect())
}

/// Gives up the rows whose predecessors are not there, or cannot have ended on the row's first day. A row given up takes with
/// it those that came of it.
fn reject_orphans(batch: &mut Batch<Entry>, known: &BTreeMap<String, ParcelRow>) {
    loop {
        // First and last day of each parcel of the batch.
        let here: HashMap<String, (Option<Day>, Option<Day>)> = batch
            .ready()
            .map(|row| (row.item.parcel.code.clone(), (row.item.parcel.began_on, row.item.parcel.ended_on)))
            .collect();
        // The first row that came of a parcel says when that ended.
        let mut days: HashMap<String, Day> = HashMap::new();
        let before = batch.ready().count();
        batch.reject_where(|row| {
            let began = row.parcel.began_on?;
            row.predecessors.iter().find_map(|code| {
                let (from, until) = match (here.get(code), known.get(code)) {
                    (Some(life), _) => *life,
                    (None, Some(parcel)) => (parcel.began_on, parcel.ended_on),
                    (None, None) => return Some(unknown(code)),
                };
                if let Some(from) = from.filter(|from| *from >= began) {
                    return Some(not_begun(code, from, began));
                }
                let ends = until.unwrap_or_else(|| *days.entry(code.clone()).or_insert(began));
                (ends != began).then(|| days_differ(code, ends, began))
            })
        });
        if batch.ready().count() == before {
            return;
        }
    }
}

/// What a batch says of ends and beginnings.
#[derive(Default)]
struct Plan {
    /// By place: a change, its day and division, and whether it is recorded already.
    changes: Vec<(ParcelChangeId, Day, String, bool)>,
    /// Which change made a parcel of the batch, by code.
    begins: HashMap<String, ParcelChangeId>,
    /// On which day and in which change a parcel ended, by code; parcels of the batch and others.
    ends: HashMap<String, (Day, ParcelChangeId)>,
    /// Parent, child, and the change by which one came of the other.
    links: Vec<(String, String, ParcelChangeId)>,
}

impl Plan {
    /// Rows that share a predecessor are one change, and what came before of the same predecessors belongs to it.
    fn of(batch: &Batch<Entry>, known: &BTreeMap<String, ParcelRow>, act: &Act) -> Plan {
        let mut plan = Plan::default();
        let rows: Vec<&Entry> = batch.ready().map(|row| &row.item).filter(|row| !row.predecessors.is_empty()).collect();
        let mut by_parent: HashMap<&str, Vec<usize>> = HashMap::new();
        for (n, row) in rows.iter().enumerate() {
            for code in &row.predecessors {
                by_parent.entry(code).or_default().push(n);
            }
        }
        let mut seen = vec![false; rows.len()];
        for start in 0..rows.len() {
            if seen[start] {
                continue;
            }
            seen[start] = true;
            let (mut members, mut next) = (Vec::new(), vec![start]);
            while let Some(n) = next.pop() {
                members.push(n);
                for other in rows[n].predecessors.iter().filter_map(|code| by_parent.get(code.as_str())).flatten() {
                    if !std::mem::replace(&mut seen[*other], true) {
                        next.push(*other);
                    }
                }
            }
            let Some(day) = rows[start].parcel.began_on else { continue };
            let parents: BTreeSet<&String> = members.iter().flat_map(|n| &rows[*n].predecessors).collect();
            let recorded = parents.iter().find_map(|code| known.get(*code)?.ended_by);
            let id = recorded.unwrap_or_else(|| ParcelChangeId::new(act.now()));
            if !plan.changes.iter().any(|(other, ..)| *other == id) {
                plan.changes.push((id, day, rows[start].parcel.division_code.clone(), recorded.is_some()));
            }
            for n in members {
                let child = &rows[n].parcel.code;
                plan.begins.insert(child.clone(), id);
                plan.links.extend(rows[n].predecessors.iter().map(|parent| (parent.clone(), child.clone(), id)));
            }
            for parent in parents {
                if known.get(parent).is_none_or(|parcel| parcel.ended_by.is_none()) {
                    plan.ends.insert(parent.clone(), (day, id));
                }
            }
        }
        plan
    }

    /// Enters the changes that are not recorded yet, before the parcels that point to them.
    async fn enter(&self, act: &mut Act) -> Result<()> {
        for (id, day, division, recorded) in &self.changes {
            if *recorded {
                continue;
            }
            let row = NewChangeRow {
                id: *id,
                kind: Kind::Rearranged.as_str(),
                division_code: division,
                effective_on: *day,
                reason: None,
                document_id: None,
                imported: true,
            };
            store::insert_change(act.tx(), &row).await?;
        }
        Ok(())
    }

    /// Ends the parents that were registered before, keeps who came of whom, and says of each change what kind it is.
    async fn link(
        &self,
        act: &mut Act,
        known: &BTreeMap<String, ParcelRow>,
        ids: &HashMap<&str, ParcelId>,
    ) -> Result<()> {
        for (id, day, ..) in &self.changes {
            let ending: Vec<ParcelId> = known
                .iter()
                .filter(|(code, _)| self.ends.get(*code).is_some_and(|(_, change)| change == id))
                .map(|(_, parcel)| parcel.id)
                .collect();
            if !ending.is_empty() {
                store::end(act.tx(), &ending, *id, *day).await?;
            }
        }
        let links: Vec<(ParcelChangeId, ParcelId, ParcelId)> = self
            .links
            .iter()
            .filter_map(|(parent, child, id)| Some((*id, *ids.get(parent.as_str())?, *ids.get(child.as_str())?)))
            .collect();
        if links.is_empty() {
            return Ok(());
        }
        let now = act.now();
        store::parentage(act.tx(), now, &links).await?;
        for (id, ..) in &self.changes {
            let (parents, children) = store::counts(act.tx(), *id).await?;
            let count = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
            store::set_kind(act.tx(), *id, Kind::of(count(parents), count(children)).as_str()).await?;
        }
        Ok(())
    }
}

fn unknown(code: &str) -> Fault {
    let near = match CodeForm::of(code) {
        CodeForm::RealEstateUnit => parcel_code(code),
        CodeForm::Parcel | CodeForm::Other => None,
    };
    let (near_zh, near_en) = near.map_or_else(
        || (String::new(), String::new()),
        |near| (format!("（宗地代码 {near}）"), format!(" (parcel code {near})")),
    );
    at(
        "predecessors",
        "unknown_parcel",
        Text::new(
            format!("没有来源宗地 {code}{near_zh}，或不在您的辖区；请将来源宗地排在前面一并导入。"),
            format!(
                "There is no parcel {code}{near_en} in your divisions; put the predecessors before what came of them."
            ),
        ),
    )
}

fn ended(code: &str) -> Fault {
    at(
        "predecessors",
        "parcel_ended",
        Text::new(
            format!("来源宗地 {code} 已在登记的变更中终止，其去向已经确定。"),
            format!("The predecessor {code} ended in a change on record, which says what came of it."),
        ),
    )
}

fn not_begun(code: &str, from: Day, on: Day) -> Fault {
    at(
        "began_on",
        "parcel_not_begun",
        Text::new(
            format!("来源宗地 {code} 自 {from} 起存在，不早于 {on}。"),
            format!("The predecessor {code} exists from {from} on, which is not before {on}."),
        ),
    )
}

fn days_differ(code: &str, ends: Day, began: Day) -> Fault {
    at(
        "began_on",
        "days_differ",
        Text::new(
            format!("来源宗地 {code} 于 {ends} 终止，与本宗地的起始日 {began} 不同。"),
            format!("The predecessor {code} ends on {ends}, and this parcel begins on {began}."),
        ),
    )
}
