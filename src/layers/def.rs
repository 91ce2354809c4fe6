//! What a layer is: data that a register declares once.

use crate::kernel::Text;
use crate::platform::Permission;

/// One collection of features: a table of ours, the rows and columns of it that are shown, and to whom.
pub struct Layer {
    /// Its name under `/ogc/collections`.
    pub id: &'static str,
    /// Title.
    pub title: Text,
    /// What is in it, and for whom.
    pub description: Text,
    /// The table; it has `id uuid primary key`, `geom` in EPSG:4490 with a GiST index, `sys_from`, `sys_to` and a
    /// `<table>_history` beside it. The SQL below may call its columns by their bare names or behind the table's. It
    /// should not look into other tables: those would be read as they are now when `known_at` asks for the past.
    pub table: &'static str,
    /// Condition on the table's rows, as constant SQL; `true` for all.
    pub rows: &'static str,
    /// Attributes, in the order shown.
    pub columns: &'static [Column],
    /// SQL of the division code that a caller's scope is matched with; `None` where rows belong to no division.
    pub division: Option<&'static str>,
    /// SQL of the credit codes of those whose own a row is, any of which will do; empty where no row is anybody's own.
    pub owners: &'static [&'static str],
    /// SQL of the first and last day on which a row is true; `None` for open ends. What `datetime` filters by.
    pub valid: (Option<&'static str>, Option<&'static str>),
    /// Who may see all columns of the rows in their scope.
    pub permission: Permission,
    /// Whether everybody may see the rows (public columns only).
    pub public: Visibility,
    /// Lowest zoom at which every feature is in the tiles; below it features smaller than a pixel are left out. With 0
    /// nothing ever is: what is smaller than a grid cell is then a point. A layer of points needs 0.
    pub full_zoom: u8,
}

/// Whether everybody may see a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody sees every row of the layer, whatever their scope.
    Public,
    /// Only callers with the layer's permission, in their scope.
    Departments,
    /// As `Public` when the operator's setting `farmland_public` says so, else as `Departments`.
    PublicIfFarmlandIs,
}

/// One attribute of a layer.
pub struct Column {
    /// Its name on the wire, in properties and as query parameter; not one of those that have another meaning there
    /// (`limit`, `bbox`, `datetime`, `f`, ...).
    pub name: &'static str,
    /// Constant SQL of its value over the table's columns.
    pub sql: &'static str,
    /// Its kind.
    pub kind: ColumnKind,
    /// Title for queryables and HTML.
    pub title: Text,
    /// The values it can have, where they are few.
    pub values: &'static [&'static str],
    /// Whether everybody may see it, and filter by it.
    pub public: bool,
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

impl Column {
    /// A column that everybody may see and that tiles carry, whose SQL is its name.
    pub const fn new(name: &'static str, kind: ColumnKind, zh: &'static str, en: &'static str) -> Column {
        Column { name, sql: name, kind, title: Text::fixed(zh, en), values: &[], public: true, in_tiles: true }
    }

    /// With other SQL than its name.
    pub const fn sql(mut self, sql: &'static str) -> Column {
        self.sql = sql;
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

    /// Left out of tiles.
    pub const fn not_in_tiles(mut self) -> Column {
        self.in_tiles = false;
        self
    }
}
