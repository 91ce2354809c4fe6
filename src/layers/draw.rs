//! Rows become a vector tile here: geometry and columns come in PostgreSQL's binary form and are cut, rounded and written
//! straight into the tile's bytes, which costs a fraction of what making the tile in the database does.

use super::def::ColumnKind;
use super::format::value::push_json;
use super::mvt::{Key, TagValue, TileWriter};
use super::query::Selection;
use super::shape::grid::EXTENT;
use super::shape::{Cutter, Small};
use super::sql::{self, BEFORE_TAGS};
use super::tiles::Cut;
use super::view::View;
use crate::kernel::Result;
use futures_util::TryStreamExt;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// The layer's revision and one tile of a view; no bytes when nothing lies in it.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn tile(
    db: &mut PgConnection,
    view: &View,
    selection: &Selection,
    cut: &Cut,
) -> Result<(i64, Vec<u8>)> {
    // A layer that leaves nothing out shows what is smaller than the grid as a point: the overview is not empty then.
    let small = if view.layer.full_zoom == 0 { Small::Point } else { Small::Dropped };
    let (mut cutter, mut writer) = (Cutter::new(cut.grid, small), TileWriter::new());
    writer.layer(&view.layer.id, EXTENT);
    let id_key = writer.key("id");
    let columns = view.columns().filter(|column| column.in_tiles);
    let columns: Vec<(Key, ColumnKind)> = columns.map(|column| (writer.key(&column.name), column.kind)).collect();
    let (mut revision, mut text) = (0, Vec::new());
    let mut statement = sql::tile(view, selection, cut)?;
    let mut rows = statement.build().fetch(db);
    while let Some(row) = rows.try_next().await.map_err(sql::failed)? {
        revision = row.try_get(0)?;
        let Some(id) = row.try_get::<Option<Uuid>, _>(1)? else { continue };
        let geometry = row.try_get_raw(2)?;
        let Ok(bytes) = geometry.as_bytes() else { continue };
        let drawn = match cutter.cut(bytes, |place| place) {
            Ok(drawn) if drawn.is_empty() => continue,
            Ok(drawn) => drawn,
            Err(error) => {
                // One bad row must not fail the tile for everybody.
                tracing::warn!(%id, %error, "a geometry cannot be drawn");
                continue;
            }
        };
        writer.own_tag(id_key, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        for (n, (key, kind)) in columns.iter().enumerate() {
            let value = row.try_get_raw(BEFORE_TAGS + n)?;
            if let Some(value) = value.as_bytes().ok().and_then(|bytes| tag(*kind, bytes, &mut text)) {
                writer.tag(*key, value);
            }
        }
        writer.feature(drawn);
    }
    Ok((revision, writer.finish()))
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
