//! Keeping the three lists: what a step's effects say goes into the history of the lists, and others are told.

use super::super::rules::{Effect, List, RiskGrade, Stage};
use super::super::store::lists::{self as store, NewEntry};
use super::super::store::{NewRow, Row};
use super::REGISTER;
use crate::kernel::{Day, Error, Result, SiteId};
use crate::platform::Act;
use crate::platform::outbox::Change;
use crate::registers::division;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The site that a change is about.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Whose<'a> {
    id: SiteId,
    code: &'a str,
    division_code: &'a str,
    owner_credit_code: Option<&'a str>,
}

impl<'a> From<&'a Row> for Whose<'a> {
    fn from(row: &'a Row) -> Whose<'a> {
        Whose { id: row.id, code: &row.code, division_code: &row.division_code, owner_credit_code: row.owner() }
    }
}

impl<'a> From<&'a NewRow> for Whose<'a> {
    fn from(row: &'a NewRow) -> Whose<'a> {
        Whose {
            id: row.id,
            code: &row.code,
            division_code: &row.attributes.division_code,
            owner_credit_code: row.attributes.land_user_credit_code.as_deref(),
        }
    }
}

/// Tells others of a change of a list, or of the negative list.
pub(in super::super) fn tell(
    act: &mut Act,
    site: Whose<'_>,
    kind: &'static str,
    public: bool,
    occurred_on: Option<Day>,
    data: Value,
) {
    act.tell(Change {
        kind,
        register: REGISTER,
        id: site.id.0,
        code: site.code.to_owned(),
        division_code: site.division_code.to_owned(),
        owner_credit_code: site.owner_credit_code.map(str::to_owned),
        public,
        occurred_on,
        data,
    });
}

/// Carries the effects of an event, number `seq` of the site's log, into the history of the lists. `because` is the
/// transition taken, as `T6`; it is kept where the site leaves a list.
///
/// Whatever the order of the effects, entries come before grades: a site is graded in the directory that it enters.
///
/// # Errors
/// When an effect does not fit what the lists say, a fault of ours: a site leaves a list that it is not on.
pub(in super::super) async fn keep<'a>(
    act: &mut Act,
    site: impl Into<Whose<'a>>,
    effects: &[Effect],
    occurred_on: Option<Day>,
    seq: u32,
    because: Option<&str>,
) -> Result<()> {
    let site = site.into();
    let seq = i32::try_from(seq).map_err(Error::internal)?;
    let now = act.now();
    for effect in effects {
        let (list, done, kind, undone) = match effect {
            Effect::ListEntered { list } => {
                let entry = NewEntry { site_id: site.id, list: *list, on: occurred_on, seq, risk_grade: None };
                store::enter(act.tx(), now, &[entry]).await?;
                (*list, true, "list.entered", false)
            }
            Effect::ListLeft { list } => {
                let done = store::leave(act.tx(), (site.id, *list), occurred_on, seq, because).await?;
                (*list, done, "list.left", false)
            }
            Effect::Undone { effect } => match **effect {
                Effect::ListEntered { list } => {
                    (list, store::withdraw(act.tx(), site.id, list).await?, "list.left", true)
                }
                Effect::ListLeft { list } => {
                    (list, store::reinstate(act.tx(), site.id, list).await?, "list.entered", true)
                }
                _ => continue,
            },
            _ => continue,
        };
        fits(done, site, effect)?;
        let mut data = json!({"list": list, "seq": seq, "undone": undone});
        if let (false, "list.left", Some(because)) = (undone, kind, because) {
            data["because"] = json!(because);
        }
        tell(act, site, kind, list.is_public(), occurred_on, data);
    }
    for effect in effects {
        match effect {
            Effect::RiskGraded { grade } => {
                let done = store::grade(act.tx(), now, site.id, *grade, occurred_on, seq).await?;
                fits(done, site, effect)?;
                tell_grade(act, site, *grade, occurred_on, seq, false);
            }
            Effect::Undone { effect: undone } => {
                if let Effect::RiskGraded { grade } = **undone {
                    fits(store::withdraw_grade(act.tx(), site.id).await?, site, effect)?;
                    tell_grade(act, site, grade, occurred_on, seq, true);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn tell_grade(act: &mut Act, site: Whose<'_>, grade: RiskGrade, on: Option<Day>, seq: i32, undone: bool) {
    let data = json!({"list": List::ContaminatedDirectory, "risk_grade": grade, "seq": seq, "undone": undone});
    tell(act, site, "list.graded", List::ContaminatedDirectory.is_public(), on, data);
}

fn fits(done: bool, site: Whose<'_>, effect: &Effect) -> Result<()> {
    if done { Ok(()) } else { Err(Error::internal(format!("site {}: the lists do not have {effect:?}", site.code))) }
}

/// Carries sites that were just written into the history of the lists, however many: the first event of each log put it
/// where its columns say. Of one site others are told as of any; of an existing register's they are told once for each
/// division and list, with counts.
///
/// # Errors
/// When the database refuses.
pub(in super::super) async fn keep_many(act: &mut Act, rows: &[NewRow]) -> Result<()> {
    let mut entries = Vec::new();
    let mut loaded: BTreeMap<(&str, List), Loaded> = BTreeMap::new();
    for row in rows {
        let standing = &row.standing;
        let stays = [
            (List::SuspectedList, standing.on_suspected_list, standing.suspected_on),
            (List::ContaminatedDirectory, standing.in_directory, standing.contaminated_on),
            (
                List::ControlList,
                standing.on_control_list == Some(true),
                // The day since which an existing register has this stage is that of the listing; of others it is not.
                standing.stage_since.filter(|_| standing.stage == Stage::Listed),
            ),
        ];
        for (list, _, on) in stays.into_iter().filter(|(_, is_on, _)| *is_on) {
            let risk_grade = standing.risk_grade.filter(|_| list == List::ContaminatedDirectory);
            entries.push(NewEntry { site_id: row.id, list, on, seq: 1, risk_grade });
            if rows.len() > 1 {
                let sum = loaded.entry((&row.attributes.division_code, list)).or_default();
                sum.entered += 1;
                if let Some(grade) = risk_grade {
                    *sum.graded.entry(grade).or_default() += 1;
                }
                continue;
            }
            let data = json!({"list": list, "seq": 1, "undone": false});
            tell(act, row.into(), "list.entered", list.is_public(), on, data);
            if let Some(grade) = risk_grade {
                tell_grade(act, row.into(), grade, on, 1, false);
            }
        }
    }
    let now = act.now();
    store::enter(act.tx(), now, &entries).await?;
    tell_loaded(act, loaded).await
}

/// What a batch of an existing register brought into a list of a division.
#[derive(Debug, Default)]
struct Loaded {
    entered: u32,
    graded: BTreeMap<RiskGrade, u32>,
}

/// Tells of the lists that a batch filled, with the divisions as subjects.
async fn tell_loaded(act: &mut Act, loaded: BTreeMap<(&str, List), Loaded>) -> Result<()> {
    let codes: BTreeSet<String> = loaded.keys().map(|(code, _)| (*code).to_owned()).collect();
    let divisions = store::divisions(act.tx(), &Vec::from_iter(codes)).await?;
    for ((code, list), sum) in loaded {
        let id = *divisions
            .get(code)
            .ok_or_else(|| Error::internal(format!("sites were loaded into {code}, which is no division")))?;
        act.tell(Change {
            kind: "list.loaded",
            register: division::REGISTER.id,
            id,
            code: code.to_owned(),
            division_code: code.to_owned(),
            owner_credit_code: None,
            public: list.is_public(),
            // The entries are of many days.
            occurred_on: None,
            data: json!({"list": list, "entered": sum.entered, "graded": sum.graded}),
        });
    }
    Ok(())
}
