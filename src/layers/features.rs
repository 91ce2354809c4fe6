//! Rows become GeoJSON text here: the columns come in PostgreSQL's binary form and are written straight into a buffer,
//! which leaves in chunks. Text made in the database, or a tree of values made here, would each cost more than the query.

use super::cache::{Content, KEPT};
use super::crs::Crs;
use super::def::ColumnKind;
use super::gate::Reading;
use super::memory::Memory;
use super::query::{After, Page, Selection, Shape};
use super::shape::{BadWkb, Fixed, text, walk};
use super::sql::{self, BEFORE_COLUMNS};
use super::view::View;
use crate::kernel::paging::Cursor;
use crate::kernel::{Error, Result};
use crate::standards::axes::Order;
use axum::body::Body;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// Bytes of a chunk.
const CHUNK: usize = 64 << 10;
/// A client that takes nothing for this long gives its database connection back.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rows that are counted under filters, at most.
const COUNTED: i64 = 10_000;
/// Rows of a whole view that are counted for who did not ask, at most.
const COUNTED_WHOLE: i64 = 100_000;
const BEGIN: &[u8] = b"{\"type\":\"FeatureCollection\",\"features\":[";

/// A link as it stands in a document.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
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
    /// Address of the next page, to which the cursor is appended.
    pub next: Link,
    /// The number of rows of whole views; `None`: too many.
    pub counts: Arc<Memory<Option<u64>>>,
}

/// A page as a FeatureCollection, and the layer's revision that its rows are of. It is held back until it is complete or is too
/// long to be kept: until then an error is still told as one.
///
/// # Errors
/// What fails before the answer begins; later the body breaks off.
pub(super) async fn page(reading: Reading, request: Request) -> Result<(i64, Content)> {
    let (sender, receiver) = mpsc::channel(2);
    let task = AbortOnDropHandle::new(tokio::spawn(async move {
        let mut out = Outgoing { buffer: Vec::with_capacity(CHUNK + (CHUNK >> 2)), sender };
        let last = match write_page(reading, request, &mut out).await {
            Ok(()) => Message::End(Bytes::from(std::mem::take(&mut out.buffer))),
            Err(error) => Message::Failed(error),
        };
        // Nobody is there to be told when this fails.
        drop(out.sender.send(last).await);
    }));
    written(receiver, task).await
}

/// The layer's revision, and one feature with its links; `None` when there is no such row.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn one(
    db: &mut PgConnection,
    view: &View,
    shape: &Shape,
    known_at: Option<DateTime<Utc>>,
    id: Uuid,
    links: &[Link],
) -> Result<Option<(i64, Bytes)>> {
    let mut statement = sql::feature(view, shape, known_at, id)?;
    let row = statement.build().fetch_one(db).await.map_err(sql::failed)?;
    if row.try_get::<Option<Uuid>, _>(1)?.is_none() {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(4096);
    Writer::new(view, shape).feature(&row, id, &mut out)?;
    out.pop();
    out.extend_from_slice(b",\"links\":");
    serde_json::to_writer(&mut out, links).map_err(Error::internal)?;
    out.push(b'}');
    Ok(Some((row.try_get(0)?, Bytes::from(out))))
}

async fn write_page(mut reading: Reading, request: Request, out: &mut Outgoing) -> Result<()> {
    let Request { view, selection, shape, page, mark, mut links, next, counts } = request;
    let writer = Writer::new(&view, &shape);
    let (mut revision, mut returned, mut last, mut more) = (None, 0_u32, None, false);
    if !page.hits {
        let mut statement = sql::page(&view, &selection, &shape, &page)?;
        let mut rows = statement.build().fetch(reading.conn()?);
        while let Some(row) = rows.try_next().await.map_err(sql::failed)? {
            if revision.is_none() {
                let seq = row.try_get(0)?;
                revision = Some(seq);
                out.begin(seq).await;
                out.buffer.extend_from_slice(BEGIN);
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
            if out.buffer.len() >= CHUNK && !out.flush().await {
                return Ok(());
            }
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
    reading.done();
    if page.hits {
        out.begin(revision.unwrap_or_default()).await;
        out.buffer.extend_from_slice(BEGIN);
    }
    if let Some(place) = last.filter(|_| more) {
        let key = serde_json::to_string(&place).map_err(Error::internal)?;
        links.push(Link { href: format!("{}{}", next.href, Cursor::write(&key, &mark)), ..next });
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

enum Message {
    Begin(i64),
    Chunk(Bytes),
    End(Bytes),
    Failed(Error),
}

struct Outgoing {
    buffer: Vec<u8>,
    sender: mpsc::Sender<Message>,
}

impl Outgoing {
    /// Says which revision the page is of, before anything of it.
    async fn begin(&self, revision: i64) {
        // Whoever has gone is noticed by the first chunk.
        drop(self.sender.send(Message::Begin(revision)).await);
    }

    /// Sends what is there; `false` when the client has gone or does not take it.
    async fn flush(&mut self) -> bool {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + (CHUNK >> 2)));
        let sent = tokio::time::timeout(PATIENCE, self.sender.send(Message::Chunk(Bytes::from(chunk)))).await;
        matches!(sent, Ok(Ok(())))
    }
}

async fn written(mut receiver: mpsc::Receiver<Message>, task: AbortOnDropHandle<()>) -> Result<(i64, Content)> {
    let (mut head, mut held, mut revision) = (Vec::new(), 0, 0);
    while held < KEPT {
        match receiver.recv().await {
            Some(Message::Begin(seq)) => revision = seq,
            Some(Message::Chunk(chunk)) => {
                held += chunk.len();
                head.push(chunk);
            }
            Some(Message::End(chunk)) => {
                head.push(chunk);
                return Ok((revision, Content::Whole(Bytes::from(head.concat()))));
            }
            Some(Message::Failed(error)) => return Err(error),
            None => return Err(Error::internal("the writer of a page stopped without an end")),
        }
    }
    let rest = stream::unfold(Some((receiver, task)), |state| async {
        let (mut receiver, task) = state?;
        match receiver.recv().await {
            Some(Message::Begin(_)) => Some((Ok(Bytes::new()), Some((receiver, task)))),
            Some(Message::Chunk(chunk)) => Some((Ok(chunk), Some((receiver, task)))),
            Some(Message::End(chunk)) => Some((Ok(chunk), None)),
            Some(Message::Failed(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a page broke off");
                Some((Err(error), None))
            }
            None => Some((Err(Error::internal("the writer of a page stopped without an end")), None)),
        }
    });
    // Fused, because an encoder (gzip) asks once more after the end.
    let body = Body::from_stream(stream::iter(head.into_iter().map(Ok)).chain(rest).fuse());
    Ok((revision, Content::Stream(body)))
}

/// Writes features in one shape: knows its columns' places and kinds.
struct Writer {
    /// `"name":`, kind, whether everybody may see it.
    columns: Vec<(String, ColumnKind, bool)>,
    numbers: Fixed,
    crs: Crs,
}

impl Writer {
    fn new(view: &View, shape: &Shape) -> Writer {
        let columns = shape.columns.iter().map(|at| view.column(*at));
        let columns = columns.map(|column| (format!("\"{}\":", column.name), column.kind, column.public));
        Writer { columns: columns.collect(), numbers: Fixed::json(shape.decimals), crs: shape.crs }
    }

    /// Where a row stands in the order that the page has; its values stand behind the columns.
    fn place(&self, row: &PgRow, id: Uuid, keys: usize) -> Result<After> {
        let from = BEFORE_COLUMNS + self.columns.len();
        let values = (from..from + keys).map(|at| row.try_get(at)).collect::<Result<_, _>>()?;
        Ok(After { values, id })
    }

    /// Appends a geometry in the axes of its reference system; nothing where it cannot be written.
    fn geometry(&self, wkb: &[u8], out: &mut Vec<u8>) -> Result<(), BadWkb> {
        match self.crs {
            // A feature is shifted as a whole or not at all: one on the border would tear.
            Crs::Chart(chart) if walk::first_position(wkb)?.is_some_and(|first| chart.covers(first)) => {
                text::geojson(wkb, self.numbers, out, |place| chart.shift(place))
            }
            crs if crs.order() == Order::Yx => text::geojson(wkb, self.numbers, out, |[x, y]| [y, x]),
            _ => text::geojson(wkb, self.numbers, out, |place| place),
        }
    }

    /// Appends one feature. Restricted columns of a row outside the caller's reach are left out, not null: they are
    /// hidden, not unknown.
    fn feature(&self, row: &PgRow, id: Uuid, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":\"");
        push_uuid(id, out);
        out.extend_from_slice(b"\",\"geometry\":");
        let geometry = row.try_get_raw(2)?;
        let start = out.len();
        if let Ok(bytes) = geometry.as_bytes()
            && let Err(error) = self.geometry(bytes, out)
        {
            // One bad row must not fail the page for everybody.
            tracing::warn!(%id, %error, "a geometry cannot be written");
        }
        if out.len() == start {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b",\"properties\":{");
        let disclosed: bool = row.try_get(3)?;
        let start = out.len();
        for (n, (name, kind, public)) in self.columns.iter().enumerate() {
            if !disclosed && !public {
                continue;
            }
            if out.len() > start {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            let value = row.try_get_raw(BEFORE_COLUMNS + n)?;
            let bytes = value.as_bytes().ok();
            if bytes.and_then(|bytes| push_value(*kind, bytes, out)).is_none() {
                out.extend_from_slice(b"null");
            }
        }
        out.extend_from_slice(b"}}");
        Ok(())
    }
}

/// Appends a value in PostgreSQL's binary form as JSON; `None`, with nothing appended, for what JSON cannot say
/// (infinite days, NaN).
pub(super) fn push_value(kind: ColumnKind, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match kind {
        ColumnKind::Text => {
            let text = std::str::from_utf8(bytes).ok()?;
            serde_json::to_writer(out, text).ok()
        }
        ColumnKind::Integer => {
            let n = i64::from_be_bytes(bytes.try_into().ok()?);
            serde_json::to_writer(out, &n).ok()
        }
        ColumnKind::Number => {
            let n = f64::from_be_bytes(bytes.try_into().ok()?);
            if !n.is_finite() {
                return None;
            }
            let mut buffer = ryu::Buffer::new();
            let text = buffer.format_finite(n);
            out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
            Some(())
        }
        ColumnKind::Boolean => {
            out.extend_from_slice(if bytes == [1] { b"true" } else { b"false" });
            Some(())
        }
        ColumnKind::Day => {
            let days = i32::from_be_bytes(bytes.try_into().ok()?);
            let day = epoch()?.checked_add_signed(TimeDelta::try_days(i64::from(days))?)?;
            out.extend_from_slice(day.format("\"%Y-%m-%d\"").to_string().as_bytes());
            Some(())
        }
        ColumnKind::Instant => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            let start = epoch()?.and_hms_opt(0, 0, 0)?.and_utc();
            let at = start.checked_add_signed(TimeDelta::microseconds(micros))?;
            out.push(b'"');
            out.extend_from_slice(at.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes());
            out.push(b'"');
            Some(())
        }
        ColumnKind::Uuid => {
            let id = Uuid::from_slice(bytes).ok()?;
            out.push(b'"');
            push_uuid(id, out);
            out.push(b'"');
            Some(())
        }
    }
}

/// PostgreSQL counts days and instants from here.
fn epoch() -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2000, 1, 1)
}

fn push_uuid(id: Uuid, out: &mut Vec<u8>) {
    let mut buffer = Uuid::encode_buffer();
    out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: ColumnKind, bytes: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        push_value(kind, bytes, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn binary_values_become_json() {
        let day = (NaiveDate::from_ymd_opt(2026, 11, 21).unwrap() - epoch().unwrap()).num_days();
        let cases = [
            (ColumnKind::Text, "\"引号\"\n".as_bytes().to_vec(), r#""\"引号\"\n""#),
            (ColumnKind::Integer, (-7_i64).to_be_bytes().to_vec(), "-7"),
            (ColumnKind::Number, 12.0_f64.to_be_bytes().to_vec(), "12"),
            (ColumnKind::Number, 0.1_f64.to_be_bytes().to_vec(), "0.1"),
            (ColumnKind::Boolean, vec![1], "true"),
            (ColumnKind::Boolean, vec![0], "false"),
            (ColumnKind::Day, i32::try_from(day).unwrap().to_be_bytes().to_vec(), "\"2026-11-21\""),
            (ColumnKind::Instant, 1_500_000_i64.to_be_bytes().to_vec(), "\"2000-01-01T00:00:01.500Z\""),
            (ColumnKind::Uuid, vec![1; 16], "\"01010101-0101-0101-0101-010101010101\""),
        ];
        for (kind, bytes, text) in cases {
            assert_eq!(written(kind, &bytes).as_deref(), Some(text), "{kind:?}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_left_to_null() {
        assert_eq!(written(ColumnKind::Number, &f64::NAN.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Day, &i32::MAX.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Instant, &i64::MIN.to_be_bytes()), None);
        assert_eq!(written(ColumnKind::Integer, &[0, 1]), None);
    }
}
