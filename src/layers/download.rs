//! Whole selections in other forms, streamed as they are read: one statement, so one revision, in memory that does not grow
//! with what is read.

use super::cache::Content;
use super::charted;
use super::def::Layer;
use super::features::row_feature;
use super::format::gpkg::GeoPackage;
use super::format::{Field, Form, Head};
use super::gate::{Gate, Patience, Reading};
use super::outgoing::{self, Outgoing};
use super::query::{Pairs, Selection, Shape};
use super::sql;
use super::view::View;
use super::zoom::Zoomed;
use crate::kernel::{Error, Result};
use crate::platform::{App, Caller};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::{PgConnection, Row};
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::runtime::Handle;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// What is to be written, and how.
pub(super) struct Download {
    pub view: View,
    pub selection: Selection,
    pub shape: Shape,
    pub form: Form,
    /// Features at most; `None` for all.
    pub limit: Option<u32>,
    /// When it is made, which some files say.
    pub at: DateTime<Utc>,
}

impl Download {
    /// The layer's revision, and all features selected.
    ///
    /// # Errors
    /// What fails before the answer begins; later the body breaks off.
    pub async fn stream(self, mut reading: Reading) -> Result<(i64, Content)> {
        sql::patient(reading.conn()?, self.selection.is_everything() && self.shape.sort.is_empty()).await?;
        if self.form == Form::GeoPackage {
            return self.file(reading).await;
        }
        outgoing::run(move |out| Box::pin(self.write(reading, out))).await
    }

    async fn head(&self, db: &mut PgConnection) -> Result<Head> {
        let named = self.shape.crs.registered_as().and_then(|(name, code)| Some((name, code.parse().ok()?)));
        let wkt = match named {
            Some((authority, code)) => sql::srtext(db, authority, code).await?,
            None => None,
        };
        let field = |at: &_| {
            let column = self.view.column(*at);
            Field {
                name: column.name.to_string(),
                kind: column.kind,
                public: column.public,
                title: column.title.clone(),
            }
        };
        Ok(Head {
            name: self.view.layer.id.to_string(),
            title: self.view.layer.title.clone(),
            fields: self.shape.columns.iter().map(field).collect(),
            geometry: self.shape.geometry,
            kind: None,
            crs: self.shape.crs,
            wkt,
            decimals: self.shape.decimals,
            bounds: None,
        })
    }

    async fn write(self, mut reading: Reading, out: &mut Outgoing) -> Result<()> {
        let head = self.head(reading.conn()?).await?;
        let columns = head.fields.len();
        let writer = self.form.writer(head)?;
        let mut writer = writer.ok_or_else(|| Error::internal("a file was asked for as a stream"))?;
        let mut statement = sql::whole(&self.view, &self.selection, &self.shape, self.limit)?;
        let mut rows = statement.build().fetch(reading.conn()?);
        let mut begun = false;
        let mut zoomed = Zoomed::new(&self.shape);
        while let Some(row) = rows.try_next().await.map_err(sql::failed)? {
            if !begun {
                out.begin(row.try_get(0)?);
                writer.begin(&mut out.buffer)?;
                begun = true;
            }
            let Some(id) = row.try_get::<Option<Uuid>, _>(1)? else { continue };
            row_feature(&row, id, columns, &mut zoomed, |feature| writer.feature(feature, &mut out.buffer))?;
            if out.is_full() && !out.flush().await {
                return Ok(());
            }
        }
        drop(rows);
        writer.end(&mut out.buffer)?;
        sql::impatient(reading.conn()?).await?;
        reading.done().await?;
        Ok(())
    }

    /// A file cannot be streamed while it is made: it is made on disk, under no name, and read from there.
    async fn file(self, mut reading: Reading) -> Result<(i64, Content)> {
        let runtime = Handle::current();
        let made = tokio::task::spawn_blocking(move || {
            let file = NamedTempFile::new().map_err(Error::internal)?;
            let revision = runtime.block_on(self.write_file(&mut reading, &file))?;
            runtime.block_on(reading.done())?;
            Ok::<_, Error>((revision, file.reopen().map_err(Error::internal)?))
        });
        let (revision, file) = made.await.map_err(Error::internal)??;
        let chunks = ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 << 10);
        Ok((revision, Content::Stream(chunks.map_err(Error::internal).boxed())))
    }

    async fn write_file(&self, reading: &mut Reading, file: &NamedTempFile) -> Result<i64> {
        let head = self.head(reading.conn()?).await?;
        let columns = head.fields.len();
        let mut package = GeoPackage::begin(file.path(), head, self.at)?;
        let mut revision = 0;
        let mut zoomed = Zoomed::new(&self.shape);
        {
            let mut statement = sql::whole(&self.view, &self.selection, &self.shape, self.limit)?;
            let mut rows = statement.build().fetch(reading.conn()?);
            while let Some(row) = rows.try_next().await.map_err(sql::failed)? {
                revision = row.try_get(0)?;
                let Some(id) = row.try_get::<Option<Uuid>, _>(1)? else { continue };
                row_feature(&row, id, columns, &mut zoomed, |feature| package.feature(feature))?;
            }
        }
        package.end()?;
        sql::impatient(reading.conn()?).await?;
        Ok(revision)
    }
}

/// Writes all features selected of a layer, as `GET /ogc/collections/{layer}/items` gives them to the caller; the pairs are that
/// request's parameters. Gives the number of bytes.
///
/// # Errors
/// As that request; when `out` cannot be written.
pub async fn export(
    app: &App,
    layer: &Layer,
    caller: &Caller,
    pairs: Pairs,
    form: Form,
    out: &mut (impl AsyncWrite + Unpin),
) -> Result<u64> {
    let view = View::of(Arc::new(layer.served_as(app.config())), caller)?;
    let mut selection =
        Selection::read(&view, &pairs, true, &["properties", "skipGeometry", "precision", "zoom-level", "sortby"])?;
    let shape = Shape::read(&view, &pairs)?;
    let mut reading = Gate::new(App::maps, 1, Patience::LONG).enter(app).await?;
    charted::locate(&mut reading, &view, &mut selection).await?;
    let download = Download { view, selection, shape, form, limit: None, at: app.today().start() };
    let (_, content) = download.stream(reading).await?;
    let mut written = 0;
    let mut chunks = match content {
        Content::Whole(bytes) | Content::Part(bytes) => stream::once(async { Ok(bytes) }).boxed(),
        Content::Stream(chunks) => chunks,
    };
    while let Some(chunk) = chunks.try_next().await? {
        out.write_all(&chunk).await.map_err(Error::internal)?;
        written += chunk.len() as u64;
    }
    out.flush().await.map_err(Error::internal)?;
    Ok(written)
}
