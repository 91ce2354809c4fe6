//! What a layer is: data that a register declares once, or makes of what was imported. SQL in it is ours in either case: what
//! a file or a row names is text that is bound.

use super::drawn::Drawn;
use super::family::Family;
use super::style::Style;
use crate::config::{Audience, Config};
use crate::kernel::{Result, Text};
use crate::platform::Permission;
use std::borrow::Cow;
use uuid::Uuid;

/// One collection of features: a table of ours, the rows and columns of it that are shown, and to whom.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Its name under `/ogc/collections`.
    pub id: Cow<'static, str>,
    /// Title.
    pub title: Text,
    /// What is in it, and for whom.
    pub description: Text,
    /// The table; it has `id uuid primary key`, `geom` in EPSG:4490 with a GiST index, `sys_from`, `sys_to` and a
    /// `<table>_history` beside it. The SQL below may call its columns by their bare names or behind the table's. It
    /// looks into other tables as they were known at `{known}` and were true on `{day}`, which stand for the instant and the
    /// day that are asked about, null where none is; a column, `on_day` and `voided` may name them.
    pub table: &'static str,
    /// Condition on the table's rows, as constant SQL; `true` for all.
    pub rows: &'static str,
    /// Condition on the rows that are true on `{day}`, instead of `rows`; `None` for `rows` on the days of `valid`.
    pub on_day: Option<&'static str>,
    /// Condition on the rows of `{known}` that were found entered in error since. Of these only departments are told.
    pub voided: Option<&'static str>,
    /// Of layers of a family, which share a table: the column and its value by which this one's rows are told; the value is
    /// bound. Whom such a layer is not for is not told that there is one.
    pub member: Option<(&'static str, Uuid)>,
    /// Attributes, in the order shown.
    pub columns: Cow<'static, [Column]>,
    /// The registers whose writes make a new revision of it, as `platform_register_version` names them: that of the table and
    /// those of whatever else the SQL looks at.
    pub made_of: &'static [&'static str],
    /// SQL of the division code that a caller's scope is matched with; `None` where rows belong to no division.
    pub division: Option<&'static str>,
    /// SQL of the credit codes of those whose own a row is, any of which will do; empty where no row is anybody's own.
    pub owners: &'static [&'static str],
    /// SQL of the first and last day on which a row is true; `None` for open ends. What `datetime` filters by, and
    /// `true_on` where there is no `on_day`.
    pub valid: (Option<&'static str>, Option<&'static str>),
    /// Who may see all columns of the rows in their scope.
    pub permission: Permission,
    /// Who may see the rows; everybody sees public columns only. The operator's settings may say otherwise.
    pub public: Visibility,
    /// From which zoom on what of it is in the tiles.
    pub drawn: Drawn,
    /// How maps draw it.
    pub style: &'static Style,
}

/// Whether everybody may see a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody sees every row of the layer, whatever their scope.
    Public,
    /// Only callers with the layer's permission, in their scope.
    Departments,
}

/// One attribute of a layer.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name on the wire, in properties and as query parameter; not one of those that have another meaning there
    /// (`limit`, `bbox`, `datetime`, `true_on`, `f`, ...).
    pub name: Cow<'static, str>,
    /// Constant SQL of its value over the table's columns; where there is a `key`, a function's name with its opening
    /// bracket and first arguments, whose last argument the key is.
    pub sql: &'static str,
    /// SQL instead of that for its value on `{day}`; `None` where a row has one value for all days.
    pub on_day: Option<&'static str>,
    /// What the value is found by where it has no column of its own; bound, never part of a statement's text.
    pub key: Option<Cow<'static, str>>,
    /// Its kind.
    pub kind: ColumnKind,
    /// Title for queryables and HTML.
    pub title: Text,
    /// The values it can have, where they are few.
    pub values: &'static [&'static str],
    /// Whether everybody may see it, and filter by it.
    pub public: bool,
    /// Whether it is of a person, so that no setting opens it to everybody.
    pub personal: bool,
    /// Whether it is carried in tiles.
    pub in_tiles: bool,
}

/// Kind of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// `text`
    Text,
    /// `int4` or `int8`
    Integer,
    /// `float8`
    Number,
    /// `bool`
    Boolean,
    /// `date`
    Day,
    /// `timestamptz`
    Instant,
    /// `uuid`
    Uuid,
}

impl Layer {
    /// As the operator has it seen.
    pub(super) fn served_as(&self, config: &Config) -> Layer {
        let mut layer = self.clone();
        let Some(settings) = config.layers.get(layer.id.as_ref()) else { return layer };
        if let Some(public) = settings.public {
            layer.public = if public { Visibility::Public } else { Visibility::Departments };
        }
        if !settings.fields.is_empty() {
            for column in layer.columns.to_mut() {
                if let Some(audience) = settings.fields.get(column.name.as_ref()) {
                    column.public = *audience == Audience::Public && !column.personal;
                }
            }
        }
        layer
    }
}

/// Holds the settings of layers against those there are. Which layers of a family there will be, and with which fields, nobody
/// knows yet: their settings hold for what comes to be called so.
///
/// # Errors
/// `bad_config` naming the first setting of a layer or field that there is not, or that would open a person's data.
pub fn check_settings<'a>(
    config: &Config,
    layers: impl Iterator<Item = &'a Layer>,
    families: &[&dyn Family],
) -> Result<()> {
    let layers: Vec<&Layer> = layers.collect();
    for (id, settings) in &config.layers {
        if families.iter().any(|family| id.starts_with(family.prefix())) {
            continue;
        }
        let Some(layer) = layers.iter().find(|layer| layer.id == id.as_str()) else {
            let known = layers.iter().map(|layer| layer.id.as_ref()).collect::<Vec<_>>().join(", ");
            let what = Text::new(
                format!("没有此图层，可用：{known}。"),
                format!("there is no such layer; there are: {known}."),
            );
            return Err(Config::refuse(&format!("layers.{id}"), what));
        };
        for (name, audience) in &settings.fields {
            let key = format!("layers.{id}.fields.{name}");
            let Some(column) = layer.columns.iter().find(|column| column.name == name.as_str()) else {
                let known = layer.columns.iter().map(|column| column.name.as_ref()).collect::<Vec<_>>().join(", ");
                let what = Text::new(
                    format!("没有此字段，可用：{known}。"),
                    format!("there is no such field; there are: {known}."),
                );
                return Err(Config::refuse(&key, what));
            };
            if column.personal && *audience == Audience::Public {
                let what = Text::fixed(
                    "个人信息字段不得对公众开放。",
                    "a field with a person's data cannot be opened to the public.",
                );
                return Err(Config::refuse(&key, what));
            }
        }
    }
    Ok(())
}

impl Column {
    /// A column that everybody may see and that tiles carry, whose SQL is its name.
    pub const fn new(name: &'static str, kind: ColumnKind, zh: &'static str, en: &'static str) -> Column {
        Column {
            name: Cow::Borrowed(name),
            sql: name,
            on_day: None,
            key: None,
            kind,
            title: Text::fixed(zh, en),
            values: &[],
            public: true,
            personal: false,
            in_tiles: true,
        }
    }

    /// With other SQL than its name.
    pub const fn sql(mut self, sql: &'static str) -> Column {
        self.sql = sql;
        self
    }

    /// With SQL of its value on `{day}`.
    pub const fn on_day(mut self, sql: &'static str) -> Column {
        self.on_day = Some(sql);
        self
    }

    /// With the few values it can have.
    pub const fn values(mut self, values: &'static [&'static str]) -> Column {
        self.values = values;
        self
    }

    /// For callers with the layer's permission only.
    pub const fn restricted(mut self) -> Column {
        self.public = false;
        self
    }

    /// As `restricted`, and no setting opens it.
    pub const fn personal(mut self) -> Column {
        self.public = false;
        self.personal = true;
        self
    }

    /// Left out of tiles.
    pub const fn not_in_tiles(mut self) -> Column {
        self.in_tiles = false;
        self
    }
}
