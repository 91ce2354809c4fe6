//! What can be done with reference layers.

use super::rules;
use super::rules::columns::{Column, FieldKind};
use super::store::{self, Layer};
use crate::kernel::{Day, Error, Fault, ReferenceLayerId, Result, Text};
use crate::platform::call::stale;
use crate::platform::{Act, Caller};
use crate::registers::division;
use serde_json::json;
use std::collections::BTreeMap;

const MAX_TEXT: usize = 500;

/// A layer to be made.
#[derive(Debug, Clone)]
pub struct NewLayer {
    /// The name behind the colon of its import target.
    pub name: String,
    /// One of [`super::KINDS`].
    pub kind: &'static str,
    /// Title in Chinese.
    pub title_zh: String,
    /// Title in English.
    pub title_en: String,
    /// Who keeps the data.
    pub source: Option<String>,
    /// The day whose state it tells.
    pub as_of: Option<Day>,
    /// The division that it is complete for; `None`: the nation.
    pub division_code: Option<String>,
    /// Whether everybody may see it.
    pub public: bool,
    /// `add` or `replace`.
    pub on_import: &'static str,
}

/// What is to be changed of a layer; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// One of [`super::KINDS`].
    pub kind: Option<&'static str>,
    pub title_zh: Option<String>,
    pub title_en: Option<String>,
    pub source: Option<String>,
    pub as_of: Option<Day>,
    pub public: Option<bool>,
    pub on_import: Option<&'static str>,
    /// By their names.
    pub fields: BTreeMap<String, FieldChange>,
}

/// What is to be changed of a column of a layer; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct FieldChange {
    /// Whether everybody who sees the layer sees it.
    pub public: Option<bool>,
    /// What its values are, whatever further files hold.
    pub kind: Option<FieldKind>,
    pub title_zh: Option<String>,
    pub title_en: Option<String>,
}

/// There is no such layer, or none that the caller may see.
pub fn not_found() -> Error {
    Error::not_found("参考图层", "reference layer")
}

fn words(faults: &mut Vec<Fault>, pointer: &str, text: Option<&str>, required: bool) {
    let length = text.map_or(0, |text| text.trim().chars().count());
    if (required && length == 0) || length > MAX_TEXT {
        faults.push(Fault::new(
            pointer,
            "text_unfit",
            Text::new(format!("应为 1 至 {MAX_TEXT} 字。"), format!("must have 1 to {MAX_TEXT} characters.")),
        ));
    }
}

fn not_to_come(faults: &mut Vec<Fault>, day: Option<Day>, today: Day) {
    if day.is_some_and(|day| day > today) {
        faults.push(Fault::new("/as_of", "day_in_future", Text::fixed("不得晚于今天。", "must not lie after today.")));
    }
}

/// A layer is kept by those who hold in its division; the nation's by those who hold in all of it.
fn require_keeper(caller: &Caller, division: Option<&str>) -> Result<()> {
    match (division, caller) {
        (Some(code), _) => caller.require_division(code),
        (None, Caller::Operator) => Ok(()),
        (None, Caller::Key(holder)) if holder.division.is_nation() => Ok(()),
        (None, _) => Err(Error::forbidden(
            "outside_division",
            Text::fixed(
                "全国图层只能由全国范围的密钥维护。",
                "A layer of the nation is kept by keys of the nation only.",
            ),
        )),
    }
}

/// Makes a layer.
///
/// # Errors
/// `invalid_input`; `outside_division`; `name_taken` (409).
pub async fn make(act: &mut Act, new: NewLayer) -> Result<Layer> {
    let mut faults = Vec::new();
    faults.extend(rules::check_name(&new.name, "/name").err());
    words(&mut faults, "/title_zh", Some(&new.title_zh), true);
    words(&mut faults, "/title_en", Some(&new.title_en), true);
    words(&mut faults, "/source", new.source.as_deref(), false);
    not_to_come(&mut faults, new.as_of, act.today());
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    require_keeper(act.caller(), new.division_code.as_deref())?;
    if let Some(code) = &new.division_code
        && division::known(act.tx(), std::slice::from_ref(code)).await?.is_empty()
    {
        return Err(Error::invalid(vec![Fault { pointer: "/division_code".to_owned(), ..division::unknown(code) }]));
    }
    if store::lock(act.tx(), &new.name).await?.is_some() {
        return Err(Error::conflict(
            "name_taken",
            Text::new(format!("已有图层 {}。", new.name), format!("There is a layer {} already.", new.name)),
        ));
    }
    let layer = Layer {
        id: ReferenceLayerId::new(act.now()),
        name: new.name,
        kind: new.kind.to_owned(),
        title_zh: new.title_zh.trim().to_owned(),
        title_en: new.title_en.trim().to_owned(),
        source: new.source.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        as_of: new.as_of,
        division_code: new.division_code,
        public: new.public,
        on_import: new.on_import.to_owned(),
        loaded_on: None,
        revision: 1,
        sys_from: act.now(),
    };
    store::insert(act.tx(), &layer).await?;
    act.note(
        format!("reference/{}", layer.name),
        json!({"made": layer.kind, "division": layer.division_code, "public": layer.public, "on_import": layer.on_import}),
    );
    Ok(layer)
}

/// Changes what is said of a layer and of its columns; its name and division stay.
///
/// # Errors
/// `not_found`; `outside_division`; `stale` (412); `invalid_input`.
pub async fn change(act: &mut Act, name: &str, revision: i32, change: Change) -> Result<Layer> {
    let mut layer = store::lock(act.tx(), name).await?.ok_or_else(not_found)?;
    require_keeper(act.caller(), layer.division_code.as_deref())?;
    if layer.revision != revision {
        return Err(stale());
    }
    let mut faults = Vec::new();
    let given = |text: &Option<String>, pointer: &str, faults: &mut Vec<Fault>| {
        if text.is_some() {
            words(faults, pointer, text.as_deref(), true);
        }
    };
    given(&change.title_zh, "/title_zh", &mut faults);
    given(&change.title_en, "/title_en", &mut faults);
    given(&change.source, "/source", &mut faults);
    not_to_come(&mut faults, change.as_of, act.today());
    let known = if change.fields.is_empty() { Vec::new() } else { store::columns(act.tx(), &[layer.id], None).await? };
    let known: Vec<Column> = known.into_iter().map(|(_, column)| column).collect();
    let columns = changed_columns(&known, &change.fields, &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let trimmed = |new: Option<String>, old: String| new.map_or(old, |text| text.trim().to_owned());
    layer.title_zh = trimmed(change.title_zh, layer.title_zh);
    layer.title_en = trimmed(change.title_en, layer.title_en);
    layer.source = change.source.map(|text| text.trim().to_owned()).or(layer.source);
    layer.as_of = change.as_of.or(layer.as_of);
    layer.public = change.public.unwrap_or(layer.public);
    layer.on_import = change.on_import.map_or(layer.on_import, str::to_owned);
    layer.kind = change.kind.map_or(layer.kind, str::to_owned);
    store::update(act.tx(), &layer).await?;
    if !columns.is_empty() {
        let now = act.now();
        store::put_columns(act.tx(), layer.id, now, &columns).await?;
    }
    let fields: BTreeMap<&str, bool> = columns.iter().map(|column| (column.name.as_str(), column.public)).collect();
    act.note(
        format!("reference/{name}"),
        json!({"changed": layer.kind, "public": layer.public, "on_import": layer.on_import, "as_of": layer.as_of,
               "fields_public": fields}),
    );
    store::lock(act.tx(), name).await?.ok_or_else(not_found)
}

/// The columns that are named, as they are to be.
fn changed_columns(known: &[Column], changes: &BTreeMap<String, FieldChange>, faults: &mut Vec<Fault>) -> Vec<Column> {
    let mut columns = Vec::new();
    for (name, change) in changes {
        let pointer = format!("/fields/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(column) = known.iter().find(|column| column.name == *name) else {
            let names = known.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
            let message = Text::new(
                format!("没有此字段，可用：{names}。"),
                format!("there is no such field; there are: {names}."),
            );
            faults.push(Fault::new(pointer, "unknown_field", message));
            continue;
        };
        for (text, member) in [(&change.title_zh, "title_zh"), (&change.title_en, "title_en")] {
            words(faults, &format!("{pointer}/{member}"), text.as_deref(), text.is_some());
        }
        let title = |new: &Option<String>, old: &Option<String>| {
            new.as_ref().map(|text| text.trim().to_owned()).or_else(|| old.clone())
        };
        columns.push(Column {
            kind: change.kind.unwrap_or(column.kind),
            kind_is_set: column.kind_is_set || change.kind.is_some(),
            title_zh: title(&change.title_zh, &column.title_zh),
            title_en: title(&change.title_en, &column.title_en),
            public: change.public.unwrap_or(column.public),
            ..column.clone()
        });
    }
    columns
}

/// The layer of an import: the one that is there, or one made for the first file, of the kind that it is called as.
///
/// # Errors
/// `outside_division`.
pub async fn for_import(act: &mut Act, name: &str) -> Result<Layer> {
    if let Some(layer) = store::lock(act.tx(), name).await? {
        require_keeper(act.caller(), layer.division_code.as_deref())?;
        return Ok(layer);
    }
    let kind = super::KINDS.into_iter().find(|kind| *kind == name).unwrap_or("other");
    let division_code = match act.caller() {
        Caller::Key(holder) if !holder.division.is_nation() => Some(holder.division.as_str().to_owned()),
        _ => None,
    };
    // One that is no kind has nothing but its name yet.
    let title = if kind == "other" { Text::new(name.to_owned(), name.to_owned()) } else { rules::titles(kind) };
    let new = NewLayer {
        name: name.to_owned(),
        kind,
        title_zh: title.zh.into_owned(),
        title_en: title.en.into_owned(),
        source: None,
        as_of: None,
        division_code,
        public: false,
        on_import: "add",
    };
    make(act, new).await
}
