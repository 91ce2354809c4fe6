//! Every reference layer as a collection: what was imported is asked for, filtered and drawn as the registers are.

use super::rules::columns::{Column as Field, FieldKind, Shape};
use super::rules::titles;
use super::store::{self, Collection};
use crate::kernel::{Result, Text};
use crate::layers::style::{Label, Paint};
use crate::layers::{Column, ColumnKind, Drawn, Family, Layer, Small, Style, Visibility};
use crate::platform::{App, Permission};
use futures_util::future::BoxFuture;
use std::borrow::Cow;

/// What the names of the collections begin with; the layer's name follows.
pub(super) const PREFIX: &str = "ref-";

/// The zoom below which what is smaller than a pixel is left out of a layer of areas. A layer that has points or lines shows
/// all of its features at every zoom.
const FULL_ZOOM_OF_AREAS: u8 = 12;

const fn style(dimension: Option<u8>, paints: &'static [Paint]) -> Style {
    Style {
        dimension,
        class: None,
        classes: &[],
        colour: "#3b6ea5",
        ended: Some("ended_on"),
        label: Some(Label { zh: &["name", "code"], en: &["name", "code"], from: 14.0 }),
        paints,
    }
}

const LINE: Paint = Paint::Line { class: None, from: 0.0, width: &[(8.0, 0.8), (15.0, 1.8)], dash: &[] };

const fn dot(until: Option<f64>) -> Paint {
    Paint::Dot { until, radius: &[(3.0, 2.2), (10.0, 4.0), (16.0, 6.5)], opacity: &[(0.0, 1.0)], ring: 0.8 }
}

const FILL: Paint = Paint::Fill { colour: None, opacity: &[(0.0, 0.3)] };
const DOTS_ALONE: &[Paint] = &[dot(None)];
const LINES_ALONE: &[Paint] = &[LINE];
const AREAS_ALONE: &[Paint] = &[FILL, LINE, dot(Some(12.5))];
const ALL_PAINTS: &[Paint] = &[FILL, LINE, dot(None)];

static POINTS: Style = style(Some(0), DOTS_ALONE);
static LINES: Style = style(Some(1), LINES_ALONE);
static AREAS: Style = style(Some(2), AREAS_ALONE);
static MIXED: Style = style(None, ALL_PAINTS);

/// The layers that were imported.
pub static FAMILY: References = References;

/// See [`FAMILY`].
pub struct References;

impl Family for References {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn made_of(&self) -> &'static [&'static str] {
        MADE_OF
    }

    fn list<'a>(&'a self, app: &'a App) -> BoxFuture<'a, Result<Vec<Layer>>> {
        Box::pin(async move {
            let mut conn = app.db().acquire().await?;
            Ok(store::collections(&mut conn).await?.into_iter().map(layer).collect())
        })
    }
}

const MADE_OF: &[&str] = &["reference", "reference_columns"];

/// The columns that every layer has, whatever its files had.
const OWN: [Column; 3] = [
    Column::new("code", ColumnKind::Text, "编码", "Code").sql("reference_feature.code"),
    Column::new("name", ColumnKind::Text, "名称", "Name").sql("reference_feature.name"),
    Column::new("ended_on", ColumnKind::Day, "终止日期", "Ended on").sql("reference_feature.ended_on"),
];

fn layer(row: Collection) -> Layer {
    let only = |shape: Shape| row.shapes == [shape.as_str()];
    let (style, drawn) = if only(Shape::Areas) {
        (&AREAS, Drawn::from_zoom(FULL_ZOOM_OF_AREAS, Small::Pixel))
    } else if only(Shape::Points) {
        (&POINTS, Drawn::ALWAYS)
    } else if only(Shape::Lines) {
        (&LINES, Drawn::ALWAYS)
    } else {
        (&MIXED, Drawn::ALWAYS)
    };
    Layer {
        id: Cow::Owned(format!("{PREFIX}{}", row.name)),
        description: description(&row),
        title: Text::new(row.title_zh, row.title_en),
        table: "reference_feature",
        rows: "true",
        on_day: None,
        voided: None,
        member: Some(("layer_id", row.id.0)),
        columns: Cow::Owned(OWN.into_iter().chain(row.columns.into_iter().map(column)).collect()),
        made_of: MADE_OF,
        // A layer that is not public is for every department, as it is among the register's own answers.
        division: None,
        owners: &[],
        valid: (None, Some("(reference_feature.ended_on - 1)")),
        permission: Permission::ReferenceRead,
        public: if row.public { Visibility::Public } else { Visibility::Departments },
        style,
        drawn,
    }
}

fn column(field: Field) -> Column {
    let (sql, kind) = match field.kind {
        FieldKind::Text => ("reference_text(reference_feature.attributes, ", ColumnKind::Text),
        FieldKind::Integer => ("reference_integer(reference_feature.attributes, ", ColumnKind::Integer),
        FieldKind::Number => ("reference_number(reference_feature.attributes, ", ColumnKind::Number),
        FieldKind::Boolean => ("reference_boolean(reference_feature.attributes, ", ColumnKind::Boolean),
        FieldKind::Day => ("reference_day(reference_feature.attributes, ", ColumnKind::Day),
        FieldKind::Instant => ("reference_instant(reference_feature.attributes, ", ColumnKind::Instant),
    };
    let title = |given: Option<String>| given.unwrap_or_else(|| field.key.clone());
    Column {
        title: Text::new(title(field.title_zh), title(field.title_en)),
        name: Cow::Owned(field.name),
        sql,
        on_day: None,
        key: Some(Cow::Owned(field.key)),
        kind,
        values: &[],
        public: field.public,
        personal: false,
        in_tiles: true,
    }
}

/// What its features are, who keeps the data, and of which day they are.
fn description(row: &Collection) -> Text {
    let kind = titles(&row.kind);
    let (mut zh, mut en) = (format!("参考图层：{}。", kind.zh), format!("Reference layer: {}.", kind.en));
    if let Some(source) = &row.source {
        zh.push_str(&format!("来源：{source}。"));
        en.push_str(&format!(" Source: {source}."));
    }
    if let Some(day) = row.as_of {
        zh.push_str(&format!("现状日期：{day}。"));
        en.push_str(&format!(" As of {day}."));
    }
    Text::new(zh, en)
}
