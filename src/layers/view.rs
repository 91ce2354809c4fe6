//! What a caller may see of a layer. Every statement starts from a [`View`]; there is none without.

use super::def::{Column, Layer, Visibility};
use crate::kernel::{Error, Kind, Result, Text};
use crate::platform::{Caller, Scope};
use std::sync::Arc;

/// A layer as one caller sees it.
#[derive(Clone)]
pub(super) struct View {
    pub layer: Arc<Layer>,
    /// Whether rows outside `reach` are seen too, with their public columns.
    every_row: bool,
    /// Rows that are seen with all their columns.
    pub reach: Reach,
}

/// A column of a view's layer that the caller may name. Only a view gives one, and only that view takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ColumnRef(usize);

/// Rows of a layer that a caller sees in full. The SQL is the layer's; the values are bound.
#[derive(Clone)]
pub(super) enum Reach {
    Every,
    Divisions(&'static str, Vec<String>),
    Own(&'static [&'static str], String),
    None,
}

impl View {
    /// What the caller sees, or why it sees nothing.
    ///
    /// # Errors
    /// `unauthenticated` for the public, `collection_not_visible` for a key, both naming who may.
    pub fn of(layer: Arc<Layer>, caller: &Caller) -> Result<View> {
        let every_row = layer.public == Visibility::Public;
        let reach = match (caller.scope(layer.permission), layer.division, layer.owners) {
            (Scope::All, ..) => Reach::Every,
            (Scope::Divisions(codes), Some(sql), _) => Reach::Divisions(sql, codes),
            // Rows that belong to no division are for every department alike.
            (Scope::Divisions(_), None, _) => Reach::Every,
            (Scope::Own(_), _, []) | (Scope::Public, ..) => Reach::None,
            (Scope::Own(code), _, sql) => Reach::Own(sql, code),
        };
        if every_row || !matches!(reach, Reach::None) {
            return Ok(View { layer, every_row, reach });
        }
        let why = why_hidden(&layer);
        Err(if *caller == Caller::Public {
            Error::new(Kind::Unauthenticated, "unauthenticated", why)
        } else {
            Error::forbidden("collection_not_visible", why)
        })
    }

    /// The columns that the caller sees in some row at least, in the layer's order.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.refs().map(|at| self.column(at))
    }

    /// The same, to be kept beside the view.
    pub fn refs(&self) -> impl Iterator<Item = ColumnRef> {
        let all = !matches!(self.reach, Reach::None);
        let columns = self.layer.columns.iter().enumerate();
        columns.filter(move |(_, column)| all || column.public).map(|(at, _)| ColumnRef(at))
    }

    /// A column that the caller may name.
    pub fn find(&self, name: &str) -> Option<ColumnRef> {
        self.refs().find(|at| self.column(*at).name == name)
    }

    /// The column that was named.
    pub fn column(&self, at: ColumnRef) -> &Column {
        &self.layer.columns[at.0]
    }

    /// Whether everybody sees its rows.
    pub fn is_open(&self) -> bool {
        self.every_row
    }

    /// The rows seen at all; `None` means every row of the layer.
    pub fn rows(&self) -> Option<&Reach> {
        (!self.every_row && !matches!(self.reach, Reach::Every)).then_some(&self.reach)
    }

    /// The rows in which restricted columns are seen, where that is not all of the rows seen.
    pub fn disclosed(&self) -> Option<&Reach> {
        (self.every_row && matches!(self.reach, Reach::Divisions(..) | Reach::Own(..))).then_some(&self.reach)
    }

    /// A stable text of what is seen, for cursors, entity tags and caches.
    pub fn mark(&self) -> String {
        let reach = match &self.reach {
            Reach::Every => "all".to_owned(),
            Reach::Divisions(_, codes) => format!("in:{}", codes.join(",")),
            Reach::Own(_, code) => format!("own:{code}"),
            Reach::None => "public".to_owned(),
        };
        // Which fields are seen is a setting, and in a layer of imported data a matter of the last file.
        let mut mark = format!("{}|{}|{reach}", self.layer.id, self.every_row);
        for column in self.columns() {
            mark.push(if column.public { '|' } else { '!' });
            mark.push_str(&column.name);
        }
        mark
    }
}

/// Who may see a layer that is hidden from the caller.
pub(super) fn why_hidden(layer: &Layer) -> Text {
    let roles = layer.permission.roles();
    let zh: Vec<_> = roles.iter().map(|r| r.title().zh).collect();
    let en: Vec<_> = roles.iter().map(|r| r.title().en).collect();
    Text::new(
        format!("图层“{}”不对公众开放，可查看者：{}（各在其辖区内）。", layer.title.zh, zh.join("、")),
        format!(
            "The layer \"{}\" is not public; who may see it: {} (each in its division).",
            layer.title.en,
            en.join(", ")
        ),
    )
}
