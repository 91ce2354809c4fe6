//! Rows become GeoJSON text: the columns come in PostgreSQL's binary form and are written straight into a buffer,
//! which leaves in chunks. Text made in the database, or a tree of values made here, would each cost more than the query.

use super::cache::Content;
use super::format::geojson::Objects;
use super::format::{Feature, Values, jsonfg};
use super::gate::Reading;
use super::memory::Memory;
use super::outgoing::{self, Outgoing};
use super::query::{After, Page, Selection, Shape, When};
use super::sql::{self, BEFORE_COLUMNS};
use super::view::View;
use super::zoom::Zoomed;
use crate::kernel::paging::Cursor;
use crate::kernel::{Day, Error, Result};
use bytes::Bytes;
use futures_util::TryStreamExt;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::sync::Arc;
use uuid::Uuid;

/// Rows that are counted under filters, at most.
const COUNTED: i64 = 10_000;
/// Rows of a whole view that are counted for who did not ask, at most.
const COUNTED_WHOLE: i64 = 100_000;

/// A link as it stands in a document.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = LayerLink)]
pub struct Link {
    /// Address.
    #[schema(example = "http://127.0.0.1:8080/ogc/collections")]
    pub href: String,
    /// What it is to this document.
    #[schema(example = "self")]
    pub rel: String,
    /// Media type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(example = "application/json")]
    pub media_type: Option<String>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether the address has variables in braces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templated: Option<bool>,
    /// How it is asked for, where that is not GET.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "POST")]
    pub method: Option<&'static str>,
    /// What is sent with it, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Box<RawValue>>,
}

/// Where the next page is, but for the cursor.
pub(super) struct Next {
    pub link: Link,
    /// The body that asks for it, up to the cursor, its last member; `None` where the address ends with the cursor.
    pub body: Option<String>,
}

impl Next {
    fn at(self, cursor: &str) -> Result<Link> {
        let Next { link, body } = self;
        Ok(match body {
            None => Link { href: format!("{}{cursor}", link.href), ..link },
            Some(begin) => {
                let body = RawValue::from_string(format!("{begin}\"{cursor}\"}}")).map_err(Error::internal)?;
                Link { method: Some("POST"), body: Some(body), ..link }
            }
        })
    }
}

/// Everything that a page of features is made from.
pub(super) struct Request {
    pub view: View,
    pub selection: Selection,
    pub shape: Shape,
    pub page: Page,
    /// What the cursor is bound to.
    pub mark: String,
    pub links: Vec<Link>,
    pub next: Next,
    /// What the document says of itself where it is JSON-FG; else it is GeoJSON.
    pub root: Option<jsonfg::Root>,
    /// The number of rows of whole views; `None`: too many.
    pub counts: Arc<Memory<Option<u64>>>,
}

/// A page as a FeatureCollection, and the layer's revision that its rows are of. It is held back until it is complete or is too
/// long to be kept: until then an error is still told as one.
///
/// # Errors
/// What fails before the answer begins; later the body breaks off.
pub(super) async fn page(reading: Reading, request: Request) -> Result<(i64, Content)> {
    outgoing::run(move |out| Box::pin(write_page(reading, request, out))).await
}

/// The layer's revision, and one feature with its links; `None` when there is no such row.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn one(
    db: &mut PgConnection,
    view: &View,
    shape: &Shape,
    when: When,
    id: Uuid,
    links: &[Link],
    root: Option<&jsonfg::Root>,
) -> Result<Option<(i64, Bytes)>> {
    let mut statement = sql::feature(view, shape, when, id)?;
    let row = statement.build().fetch_one(db).await.map_err(sql::failed)?;
    if row.try_get::<Option<Uuid>, _>(1)?.is_none() {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(4096);
    Writer::new(view, shape, 0).feature(&row, id, &mut out)?;
    out.pop();
    if let Some(root) = root {
        root.push(&mut out);
    }
    out.extend_from_slice(b",\"links\":");
    serde_json::to_writer(&mut out, links).map_err(Error::internal)?;
    out.push(b'}');
    Ok(Some((row.try_get(0)?, Bytes::from(out))))
}

async fn write_page(mut reading: Reading, request: Request, out: &mut Outgoing) -> Result<()> {
    let Request { view, selection, shape, page, mark, mut links, next, root, counts } = request;
    let mut begin = b"{\"type\":\"FeatureCollection\"".to_vec();
    if let Some(root) = root {
        root.push(&mut begin);
    }
    begin.extend_from_slice(b",\"features\":[");
    let mut writer = Writer::new(&view, &shape, shape.sort.len());
    let (mut revision, mut returned, mut last, mut more) = (None, 0_u32, None, false);
    let mut statements = Vec::new();
    if !page.hits {
        statements.extend(sql::page_of_few(&view, &selection, &shape, &page)?);
        statements.push(sql::page(&view, &selection, &shape, &page)?);
    }
    for statement in &mut statements {
        let mut rows = statement.build().fetch(reading.conn()?);
        while let Some(row) = rows.try_next().await.map_err(sql::failed)? {
            if revision.is_none() {
                let Some(seq) = row.try_get(0)? else { continue };
                revision = Some(seq);
                out.begin(seq);
                out.buffer.extend_from_slice(&begin);
            }
            let Some(id) = row.try_get::<Option<Uuid>, _>(1)? else { continue };
            if returned == page.limit {
                more = true;
                continue;
            }
            if returned > 0 {
                out.buffer.push(b',');
            }
            writer.feature(&row, id, &mut out.buffer)?;
            returned += 1;
            if returned == page.limit {
                last = Some(writer.place(&row, id, shape.sort.len())?);
            }
            if out.is_full() && !out.flush().await {
                return Ok(());
            }
        }
        drop(rows);
        if revision.is_some() {
            break;
        }
    }
    let first = page.after.is_none() && page.offset == 0;
    let matched = match &mut revision {
        Some(_) if first && !more => Some(u64::from(returned)),
        revision if first => {
            // Who asks for next to nothing wants to know how much there is. Whoever reads on pays for no count but that
            // of the whole, which is made once for each revision.
            let asked = page.hits || page.limit <= 1;
            let (everything, most) = match (selection.is_everything(), asked) {
                (true, asked) => (Some(format!("{}|{asked}", view.mark())), (!asked).then_some(COUNTED_WHOLE)),
                (false, _) => (None, Some(COUNTED)),
            };
            let known = everything.as_ref().zip(*revision).and_then(|(mark, revision)| counts.at(mark, revision));
            match known {
                Some(known) => known,
                None if asked || everything.is_some() => {
                    let (seq, counted) = sql::count(reading.conn()?, &view, &selection, most).await?;
                    if let Some(mark) = everything {
                        counts.keep(mark, seq, counted);
                    }
                    counted.filter(|_| *revision.get_or_insert(seq) == seq)
                }
                None => None,
            }
        }
        _ => None,
    };
    reading.done().await?;
    if page.hits {
        out.begin(revision.unwrap_or_default());
        out.buffer.extend_from_slice(&begin);
    }
    if let Some(place) = last.filter(|_| more) {
        let key = serde_json::to_string(&place).map_err(Error::internal)?;
        links.push(next.at(&Cursor::write(&key, &mark))?);
    }
    out.buffer.extend_from_slice(format!("],\"numberReturned\":{returned}").as_bytes());
    if let Some(matched) = matched {
        out.buffer.extend_from_slice(format!(",\"numberMatched\":{matched}").as_bytes());
    }
    out.buffer.extend_from_slice(b",\"links\":");
    serde_json::to_writer(&mut out.buffer, &links).map_err(Error::internal)?;
    out.buffer.push(b'}');
    Ok(())
}

/// Writes features in one shape: knows its columns' places.
struct Writer {
    objects: Written,
    columns: usize,
    zoomed: Zoomed,
}

/// As what features are written.
enum Written {
    GeoJson(Objects),
    /// Of each row, the column with the first day on which it is true; the last follows.
    JsonFg(jsonfg::Features, usize),
}

impl Writer {
    /// Of rows with so many values that they are sorted by.
    fn new(view: &View, shape: &Shape, sorted: usize) -> Writer {
        let fields = shape.columns.iter().map(|at| view.column(*at));
        let fields = fields.map(|column| (column.name.as_ref(), column.kind, column.public));
        let objects = Objects::new(fields, shape.crs, shape.decimals);
        let columns = shape.columns.len();
        let objects = if shape.days {
            let first = BEFORE_COLUMNS + columns + sorted;
            Written::JsonFg(jsonfg::Features::new(objects, shape.crs), first)
        } else {
            Written::GeoJson(objects)
        };
        Writer { objects, columns, zoomed: Zoomed::new(shape) }
    }

    /// Where a row stands in the order that the page has; its values stand behind the columns.
    fn place(&self, row: &PgRow, id: Uuid, keys: usize) -> Result<After> {
        let from = BEFORE_COLUMNS + self.columns;
        let values = (from..from + keys).map(|at| row.try_get(at)).collect::<Result<_, _>>()?;
        Ok(After { values, id })
    }

    /// Appends one feature.
    fn feature(&mut self, row: &PgRow, id: Uuid, out: &mut Vec<u8>) -> Result<()> {
        row_feature(row, id, self.columns, &mut self.zoomed, |feature| {
            match &self.objects {
                Written::GeoJson(objects) => objects.write(feature, out),
                Written::JsonFg(features, first) => {
                    let days: (Option<Day>, Option<Day>) = (row.try_get(*first)?, row.try_get(first + 1)?);
                    features.write(feature, days, out);
                }
            }
            Ok(())
        })
    }
}

/// Calls with the feature that a row of [`sql::page`] is; it has so many columns.
///
/// # Errors
/// When the row is shorter; as `write`.
pub(super) fn row_feature<T>(
    row: &PgRow,
    id: Uuid,
    columns: usize,
    zoomed: &mut Zoomed,
    write: impl FnOnce(&Feature<'_>) -> Result<T>,
) -> Result<T> {
    if row.len() < BEFORE_COLUMNS + columns {
        return Err(Error::internal("a row has fewer columns than were asked for"));
    }
    let geometry = zoomed.place(row, row.try_get_raw(2)?.as_bytes().ok())?;
    write(&Feature { id, geometry, disclosed: row.try_get(3)?, values: &RowValues(row) })
}

/// The fields of a row.
struct RowValues<'r>(&'r PgRow);

impl Values for RowValues<'_> {
    fn value(&self, n: usize) -> Option<&[u8]> {
        // There is such a column, so nothing but null fails here.
        self.0.try_get_raw(BEFORE_COLUMNS + n).ok()?.as_bytes().ok()
    }
}
