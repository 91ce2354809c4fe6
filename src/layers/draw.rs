//! Rows become a vector tile here: geometry and columns come in PostgreSQL's binary form and are cut, rounded and written
//! straight into the tile's bytes, which costs a fraction of what making the tile in the database does.

use super::def::{Column, ColumnKind};
use super::drawn::{Areas, OVERVIEW, POINTS, Plan, Spots};
use super::format::value::push_json;
use super::memory::Memory;
use super::mvt::cluster::{self, Clusters, abbreviated};
use super::mvt::{Key, TagValue, TileWriter};
use super::query::Selection;
use super::shape::grid::EXTENT;
use super::shape::{Cutter, Small};
use super::sql;
use super::sql::tile::{BEFORE_TAGS, Order};
use super::tiles::Cut;
use super::view::View;
use crate::kernel::Result;
use crate::kernel::wkb::walk;
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Features that a tile has at most, and bytes about which it ends.
const MOST_FEATURES: usize = 50_000;
const MOST_BYTES: usize = 4 << 20;

/// Units of a tile's side that a square of the overview is: 16 pixels of 512.
const SQUARE: u32 = EXTENT / 32;

/// A tile of a view.
pub(super) struct Tile {
    /// The layer's revision that its rows are of.
    pub revision: i64,
    /// Empty when nothing lies in it.
    pub bytes: Vec<u8>,
    /// Whether features were left out, the smallest, because there were too many.
    pub truncated: bool,
}

/// Of views, the zoom below which the sample that squares are about gets no smaller; `None` where they are about all.
pub(super) type Samples = Memory<Option<u8>>;

/// Times that a tile is drawn because its sample was of another revision. Then it is taken: it was right a moment ago.
const TRIES: usize = 3;

/// One tile of a view.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn tile(
    db: &mut PgConnection,
    view: &View,
    selection: &Selection,
    cut: &Cut,
    (samples, latest): (&Samples, i64),
) -> Result<Tile> {
    let mut plan = view.layer.drawn.at(cut.zoom);
    if plan.spots != Spots::Squares {
        return drawn(db, view, selection, cut, plan).await;
    }
    let mark = view.mark();
    let (mut revision, mut tries) = (latest, TRIES);
    loop {
        let below = match samples.at(&mark, revision) {
            Some(below) => below,
            None => {
                let below;
                (revision, below) = sql::tile::sampled_below(db, view).await?;
                samples.keep(mark.clone(), revision, below);
                below
            }
        };
        plan.sample = below.map(|below| below.max(cut.zoom));
        let tile = drawn(db, view, selection, cut, plan).await?;
        tries -= 1;
        if tile.revision == revision || tries == 0 {
            return Ok(tile);
        }
        revision = tile.revision;
    }
}

/// One tile, to a plan.
async fn drawn(db: &mut PgConnection, view: &View, selection: &Selection, cut: &Cut, plan: Plan) -> Result<Tile> {
    match read(db, view, selection, cut, plan, Order::ById).await? {
        tile if tile.truncated => read(db, view, selection, cut, plan, Order::Largest).await,
        tile => Ok(tile),
    }
}

/// Reads and draws; in the order of ids only until it is seen that it is too much.
async fn read(
    db: &mut PgConnection,
    view: &View,
    selection: &Selection,
    cut: &Cut,
    plan: Plan,
    order: Order,
) -> Result<Tile> {
    let columns: Vec<&Column> = view.columns().filter(|column| column.in_tiles).collect();
    let class = view.layer.drawn.class.and_then(|name| view.columns().find(|column| column.name == name));
    let mut picture = Picture::new(view, cut, plan, &columns, class);
    let mut statement = sql::tile::tile(view, selection, cut, plan, class, (order, MOST_FEATURES + 1))?;
    let mut rows = statement.build().fetch(db);
    let (mut revision, mut features, mut truncated) = (0, 0, false);
    while let Some(row) = rows.try_next().await.map_err(sql::failed)? {
        revision = row.try_get(0)?;
        let Some(id) = row.try_get::<Option<Uuid>, _>(1)? else {
            picture.count(&row)?;
            continue;
        };
        if features == MOST_FEATURES || picture.size() >= MOST_BYTES {
            truncated = true;
            if order == Order::ById {
                break;
            }
            // The places behind the features are counted all the same.
            continue;
        }
        features += 1;
        picture.draw(&row, id)?;
    }
    drop(rows);
    Ok(Tile { revision, bytes: picture.finish(), truncated })
}

/// A tile in the making: the layer with the collection's name, and the one beside it.
struct Picture<'a> {
    cut: &'a Cut,
    plan: Plan,
    cutter: Cutter,
    features: Sheet,
    /// Points of features, clusters of them or squares.
    beside: Sheet,
    clusters: Clusters,
    /// Values of the class, in the order of the clusters' counts.
    classes: &'static [&'static str],
    class: Option<&'a str>,
    columns: &'a [&'a Column],
    text: Vec<u8>,
}

/// A layer of the tile with the keys of its properties.
struct Sheet {
    writer: TileWriter,
    /// Keys of the identifier and of the columns, where features have them.
    id: Option<Key>,
    columns: Vec<Key>,
}

impl Sheet {
    fn new(name: &str, columns: &[&Column]) -> Sheet {
        let mut writer = TileWriter::new();
        writer.layer(name, EXTENT);
        let id = Some(writer.key("id"));
        let columns = columns.iter().map(|column| writer.key(&column.name)).collect();
        Sheet { writer, id, columns }
    }

    /// A layer whose features have no properties of rows.
    fn bare(name: &str) -> Sheet {
        let mut writer = TileWriter::new();
        writer.layer(name, EXTENT);
        Sheet { writer, id: None, columns: Vec::new() }
    }

    /// The properties of a row go to the next feature.
    fn tag(&mut self, row: &PgRow, id: Uuid, columns: &[&Column], text: &mut Vec<u8>) -> Result<()> {
        if let Some(key) = self.id {
            self.writer.own_tag(key, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        }
        for (n, (key, column)) in self.columns.iter().zip(columns).enumerate() {
            let value = row.try_get_raw(BEFORE_TAGS + n)?;
            if let Some(value) = value.as_bytes().ok().and_then(|bytes| tag(column.kind, bytes, text)) {
                self.writer.tag(*key, value);
            }
        }
        Ok(())
    }
}

impl<'a> Picture<'a> {
    fn new(view: &View, cut: &'a Cut, plan: Plan, columns: &'a [&'a Column], class: Option<&'a Column>) -> Picture<'a> {
        // Where nothing is left out, what is smaller than the grid is a point.
        let small = if plan.areas == Areas::All { Small::Point } else { Small::Dropped };
        let id = &view.layer.id;
        let beside = match plan.spots {
            Spots::Each => Sheet::new(&format!("{id}{POINTS}"), columns),
            Spots::Squares => Sheet::bare(&format!("{id}{OVERVIEW}")),
            Spots::Clusters | Spots::None => Sheet::bare(&format!("{id}{POINTS}")),
        };
        let classes = class.map_or(&[][..], |column| column.values);
        let side = match plan.spots {
            Spots::Squares => SQUARE,
            Spots::Clusters => cluster::CELL,
            Spots::Each | Spots::None => EXTENT,
        };
        Picture {
            cut,
            plan,
            cutter: Cutter::new(cut.grid, small),
            features: Sheet::new(id, columns),
            beside,
            clusters: Clusters::new(cut.grid, side, classes.len()),
            classes,
            class: class.map(|column| column.name.as_ref()),
            columns,
            text: Vec::new(),
        }
    }

    fn size(&self) -> usize {
        self.features.writer.size() + self.beside.writer.size()
    }

    /// Draws a feature where it has an outline, and its point where features have one.
    fn draw(&mut self, row: &PgRow, id: Uuid) -> Result<()> {
        let Picture { cut, cutter, features, columns, text, .. } = self;
        let mut first = None;
        if let Ok(bytes) = row.try_get_raw(2)?.as_bytes() {
            // What cannot be read is told by the cutter.
            first = cut.chart.and_then(|_| walk::first_position(bytes).ok().flatten());
            // Two functions, so that each becomes part of the cutter's loop.
            let cut = match first.and_then(|first| cut.shift_of(first)) {
                Some(chart) => cutter.cut(bytes, |place| chart.shift(place)),
                None => cutter.cut(bytes, |place| place),
            };
            match cut {
                Ok(drawn) if drawn.is_empty() => {}
                Ok(drawn) => {
                    features.tag(row, id, columns, text)?;
                    features.writer.feature(drawn);
                }
                // One bad row must not fail the tile for everybody.
                Err(error) => tracing::warn!(%id, %error, "a geometry cannot be drawn"),
            }
        }
        if self.plan.spots == Spots::Each
            && let Some(spot) = spot(row)?
            && let Ok([x, y]) = self.cutter.grid().place(self.drawn_at(spot, first))
            && let Some(at) = within([x, y])
        {
            self.beside.tag(row, id, self.columns, &mut self.text)?;
            self.beside.writer.point(at);
        }
        Ok(())
    }

    /// Where the map has the place of a feature by its first position; by the place itself where its outline is not at hand.
    fn drawn_at(&self, spot: [f64; 2], first: Option<[f64; 2]>) -> [f64; 2] {
        self.cut.shift_of(first.unwrap_or(spot)).map_or(spot, |chart| chart.shift(spot))
    }

    /// Counts a place.
    fn count(&mut self, row: &PgRow) -> Result<()> {
        let Some(spot) = spot(row)? else { return Ok(()) };
        let class = row.try_get_raw(4)?;
        let class = class.as_bytes().ok().and_then(|class| self.classes.iter().position(|c| c.as_bytes() == class));
        let drawn = self.drawn_at(spot, None);
        if self.clusters.add(drawn, class, 0).is_err() {
            tracing::warn!(?spot, "a place cannot be drawn");
        }
        Ok(())
    }

    /// The tile's bytes: those of its layers, one behind the other.
    fn finish(mut self) -> Vec<u8> {
        match self.plan.spots {
            Spots::Clusters => self.put_clusters(),
            Spots::Squares => self.put_squares(),
            Spots::Each | Spots::None => {}
        }
        let mut bytes = self.features.writer.finish();
        bytes.append(&mut self.beside.writer.finish());
        bytes
    }

    fn put_clusters(&mut self) {
        let writer = &mut self.beside.writer;
        let (count, short) = (writer.key("point_count"), writer.key("point_count_abbreviated"));
        let classes: Vec<Key> = self.classes.iter().map(|class| writer.key(&format!("count_{class}"))).collect();
        for cluster in self.clusters.iter() {
            writer.tag(count, TagValue::Integer(cluster.count.into()));
            writer.tag(short, TagValue::Text(&abbreviated(cluster.count)));
            for (key, n) in classes.iter().zip(cluster.classes) {
                writer.tag(*key, TagValue::Integer((*n).into()));
            }
            writer.point(cluster.at);
        }
    }

    /// Squares in a row of the same class are one.
    fn put_squares(&mut self) {
        let writer = &mut self.beside.writer;
        let key = self.class.map(|name| writer.key(name));
        let class = |counts: &[u32]| -> Option<&'static str> {
            let most = *counts.iter().max().filter(|most| **most > 0)?;
            let at = counts.iter().position(|n| *n == most)?;
            self.classes.get(at).copied()
        };
        let mut runs: Vec<([i32; 2], i32, Option<&str>)> = Vec::new();
        for cluster in self.clusters.iter() {
            let side = SQUARE.cast_signed();
            let [x, y] = cluster.at.map(|n| n / side * side);
            let class = class(cluster.classes);
            match runs.last_mut() {
                Some((from, to, same)) if from[1] == y && *to == x && *same == class => *to += side,
                _ => runs.push(([x, y], x + side, class)),
            }
        }
        for (from, to, class) in runs {
            if let (Some(key), Some(class)) = (key, class) {
                writer.tag(key, TagValue::Text(class));
            }
            writer.rectangle(from, [to, from[1] + SQUARE.cast_signed()]);
        }
    }
}

/// A row's place, longitude and latitude; `None` where it has none.
fn spot(row: &PgRow) -> Result<Option<[f64; 2]>> {
    let point = row.try_get_raw(3)?;
    let both = point.as_bytes().ok().and_then(|bytes| bytes.as_chunks::<8>().0.try_into().ok());
    Ok(both.map(|both: [[u8; 8]; 2]| both.map(f64::from_be_bytes)))
}

/// The unit of the tile that a position lies in; `None` for what lies in the margin, where the tile's neighbour has it.
fn within(position: [f64; 2]) -> Option<[i32; 2]> {
    let inside = position.iter().all(|n| (0.0..f64::from(EXTENT)).contains(n));
    #[expect(clippy::cast_possible_truncation, reason = "from 0 to the tile's extent")]
    inside.then(|| position.map(|n| n as i32))
}

/// A value in PostgreSQL's binary form as a tile has it; what has no kind there is text, made in `text`. `None` for what
/// cannot be said.
fn tag<'a>(kind: ColumnKind, bytes: &'a [u8], text: &'a mut Vec<u8>) -> Option<TagValue<'a>> {
    Some(match kind {
        ColumnKind::Text => TagValue::Text(std::str::from_utf8(bytes).ok()?),
        ColumnKind::Integer => TagValue::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        ColumnKind::Number => {
            TagValue::Number(Some(f64::from_be_bytes(bytes.try_into().ok()?)).filter(|n| n.is_finite())?)
        }
        ColumnKind::Boolean => TagValue::Boolean(bytes == [1]),
        ColumnKind::Day | ColumnKind::Instant | ColumnKind::Uuid => {
            text.clear();
            push_json(kind, bytes, text)?;
            // Between the quotes that JSON puts around it.
            TagValue::Text(std::str::from_utf8(text.get(1..text.len() - 1)?).ok()?)
        }
    })
}
