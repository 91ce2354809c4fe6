//! How layers are drawn: the colours and words of classes that registers declare, and the MapLibre style made of them.

use super::def::{Column, ColumnKind};
use super::drawn::{Drawn, OVERVIEW, POINTS, Small};
use super::view::View;
use crate::kernel::{Lang, Text};
use serde_json::{Map, Value, json};

/// How a layer is drawn.
#[derive(Debug)]
pub struct Style {
    /// 0 points, 1 lines, 2 areas; `None` where a layer may hold any of them.
    pub dimension: Option<u8>,
    /// The column whose values are told apart by colour. Tiles carry it.
    pub class: Option<&'static str>,
    /// Its values, in the order of the legend.
    pub classes: &'static [Class],
    /// Colour of what is in no class, `#rrggbb`.
    pub colour: &'static str,
    /// The column of the day on which a row came to its end. Tiles carry it; what has one is drawn pale.
    pub ended: Option<&'static str>,
    /// What features are called on the map.
    pub label: Option<Label>,
    /// What is painted, from the ground up.
    pub paints: &'static [Paint],
}

/// A class of features.
#[derive(Debug)]
pub struct Class {
    /// The column's value.
    pub value: &'static str,
    /// What it is called.
    pub title: Text,
    /// Its colour, `#rrggbb`.
    pub colour: &'static str,
}

impl Class {
    /// A class with its names in both languages.
    pub const fn new(value: &'static str, zh: &'static str, en: &'static str, colour: &'static str) -> Class {
        Class { value, title: Text::fixed(zh, en), colour }
    }
}

/// What a feature is called: the first of these columns that is there. Tiles carry them.
#[derive(Debug)]
pub struct Label {
    /// For a map in Chinese.
    pub zh: &'static [&'static str],
    /// For a map in English.
    pub en: &'static [&'static str],
    /// The zoom from which it is written.
    pub from: f64,
}

/// Values at zooms, ascending; between them it is interpolated.
pub type Stops = &'static [(f64, f64)];

/// One way of painting features.
#[derive(Debug)]
pub enum Paint {
    /// Areas, filled.
    Fill {
        /// One colour for all; `None` is that of the class.
        colour: Option<&'static str>,
        /// 0 to 1.
        opacity: Stops,
    },
    /// Lines, and the outlines of areas, in the colour of the class.
    Line {
        /// Of this class alone.
        class: Option<&'static str>,
        /// The zoom from which it is drawn.
        from: f64,
        /// Pixels.
        width: Stops,
        /// Lengths of dashes and gaps, in widths; a full line without.
        dash: &'static [f64],
    },
    /// Points in the colour of the class. Areas that are smaller than a pixel from afar have one on each corner, which run
    /// together into one.
    Dot {
        /// The zoom up to which it is drawn.
        until: Option<f64>,
        /// Pixels.
        radius: Stops,
        /// 0 to 1.
        opacity: Stops,
        /// Pixels of a white ring around it.
        ring: f64,
    },
}

impl Style {
    /// For features of any kind of which nothing is known.
    pub const PLAIN: Style = Style {
        dimension: None,
        class: None,
        classes: &[],
        colour: "#3b6ea5",
        ended: None,
        label: None,
        paints: &[
            Paint::Fill { colour: None, opacity: &[(0.0, 0.3)] },
            Paint::Line { class: None, from: 0.0, width: &[(8.0, 0.8), (15.0, 1.8)], dash: &[] },
            Paint::Dot { until: Some(12.5), radius: &[(3.0, 2.4), (12.5, 3.2)], opacity: &[(0.0, 1.0)], ring: 0.5 },
        ],
    };
}

/// How much fainter what has ended is.
const PALE: f64 = 0.35;
/// Fonts that machines of Chinese readers have.
const LOCAL_FONTS: [&str; 6] =
    ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "sans-serif"];
/// A font that servers of glyphs have.
const SERVED_FONTS: [&str; 1] = ["Noto Sans Regular"];
/// Pixels of the radius of a point that stands for a feature, at least.
const LEAST_RADIUS: f64 = 2.4;
/// Opacity of squares that stand for features.
const OVERVIEW_OPACITY: f64 = 0.55;
/// Pixels of a cluster's radius by the power of ten that it stands for.
const CLUSTER_RADIUS: [f64; 6] = [6.0, 11.0, 16.0, 21.0, 26.0, 31.0];

/// Where the shapes of letters come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Glyphs {
    /// Nowhere: nothing is written, so that the style needs nothing but the tiles.
    None,
    /// The fonts of the machine that draws the map, which MapLibre GL JS can use from 5.11 on.
    Local,
    /// A server, by the template of its addresses.
    Server(String),
}

/// Below which zooms something stands for features in layers of their own: points and clusters of points in `<id>-points`,
/// squares of the class that most have in `<id>-overview`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FromAfar {
    pub points_below: Option<u8>,
    pub clusters_below: Option<u8>,
    pub overview_below: Option<u8>,
}

impl FromAfar {
    fn of(drawn: &Drawn) -> FromAfar {
        FromAfar {
            points_below: drawn.points_below,
            clusters_below: drawn.clusters_below,
            overview_below: (drawn.small == Small::Sampled).then_some(drawn.full_zoom),
        }
    }
}

/// An entry of a legend.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub(super) struct LegendEntry {
    /// The value of the property that colours follow; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "strict_control")]
    pub value: Option<&'static str>,
    /// 名称
    #[schema(example = "严格管控类")]
    pub title_zh: String,
    /// What it is called.
    #[schema(example = "Strict control")]
    pub title_en: String,
    /// Its colour, `#rrggbb`.
    #[schema(example = "#cf4a36")]
    pub colour: &'static str,
}

/// How a layer is drawn for somebody.
pub(super) struct Painter<'a> {
    view: &'a View,
    style: &'static Style,
    from_afar: FromAfar,
    glyphs: &'a Glyphs,
    lang: Lang,
}

impl<'a> Painter<'a> {
    /// Of a view.
    pub fn new(view: &'a View, glyphs: &'a Glyphs, lang: Lang) -> Painter<'a> {
        Painter { view, style: view.layer.style, from_afar: FromAfar::of(&view.layer.drawn), glyphs, lang }
    }

    /// What the colours stand for: the classes, or the layer as a whole.
    pub fn legend(&self) -> Vec<LegendEntry> {
        let (style, layer) = (self.style, &self.view.layer);
        let entry = |value, title: &Text, colour| LegendEntry {
            value,
            title_zh: title.zh.to_string(),
            title_en: title.en.to_string(),
            colour,
        };
        match self.class() {
            Some(_) => style.classes.iter().map(|c| entry(Some(c.value), &c.title, c.colour)).collect(),
            None => vec![entry(None, &layer.title, style.colour)],
        }
    }

    /// The property that colours follow.
    pub fn class(&self) -> Option<&'static str> {
        self.style.class.filter(|class| self.column(class).is_some())
    }

    /// The style: the layers over one source of the layer's name, whose TileJSON is at the address. `start` is where a map
    /// opens: longitude and latitude, and the zoom.
    pub fn document(&self, tilejson: &str, start: Option<([f64; 2], f64)>) -> Value {
        let (layer, lang) = (&self.view.layer, self.lang);
        let mut metadata = Map::new();
        metadata.insert("jingtu:collection".to_owned(), json!(&layer.id));
        metadata.insert("jingtu:class".to_owned(), json!(self.class()));
        metadata.insert("jingtu:legend".to_owned(), json!(self.legend()));
        if layer.drawn.full_zoom > 0 {
            metadata.insert("jingtu:complete_from".to_owned(), json!(layer.drawn.full_zoom));
        }
        let mut document = json!({
            "version": 8,
            "name": layer.title.in_lang(lang),
            "metadata": metadata,
            "sources": {layer.id.to_string(): {"type": "vector", "url": tilejson}},
            "layers": self.layers(),
        });
        if let Glyphs::Server(template) = self.glyphs {
            document["glyphs"] = json!(template);
        }
        if let Some((center, zoom)) = start {
            document["center"] = json!(center);
            document["zoom"] = json!(zoom);
        }
        document
    }

    /// A column that the caller sees and tiles carry.
    fn column(&self, name: &str) -> Option<&Column> {
        self.view.columns().find(|column| column.name == name && column.in_tiles)
    }

    /// The class as text, as the classes have it.
    fn class_value(&self) -> Option<Value> {
        let column = self.column(self.style.class?)?;
        let get = json!(["get", &column.name]);
        Some(if column.kind == ColumnKind::Text { get } else { json!(["to-string", get]) })
    }

    /// The colour of the class.
    fn colour(&self) -> Value {
        let Some(value) = self.class_value() else { return json!(self.style.colour) };
        let mut arms = vec![json!("match"), value];
        for class in self.style.classes {
            arms.extend([json!(class.value), json!(class.colour)]);
        }
        arms.push(json!(self.style.colour));
        Value::Array(arms)
    }

    /// The colour of the class that most in a cluster have.
    fn cluster_colour(&self) -> Value {
        if self.class().is_none() {
            return json!(self.style.colour);
        }
        let count = |class: &Class| json!(["coalesce", ["get", format!("count_{}", class.value)], 0]);
        let mut most = vec![json!("max"), json!(0)];
        most.extend(self.style.classes.iter().map(count));
        let mut arms = vec![json!("case"), json!(["==", ["var", "most"], 0]), json!(self.style.colour)];
        for class in self.style.classes {
            arms.extend([json!(["==", count(class), ["var", "most"]]), json!(class.colour)]);
        }
        arms.push(json!(self.style.colour));
        json!(["let", "most", most, arms])
    }

    /// An opacity at zooms, less for what has ended.
    fn opacity(&self, stops: Stops) -> Value {
        match self.style.ended.filter(|ended| self.column(ended).is_some()) {
            Some(ended) => interpolated(stops, |full| {
                let pale = (full * PALE * 1000.0).round() / 1000.0;
                json!(["case", ["has", ended], pale, full])
            }),
            None => interpolated(stops, |full| json!(full)),
        }
    }

    fn layers(&self) -> Vec<Value> {
        let mut layers = Vec::new();
        if let Some(below) = self.from_afar.overview_below {
            // Squares that touch would else show their edges.
            let paint = json!({
                "fill-color": self.colour(),
                "fill-opacity": OVERVIEW_OPACITY,
                "fill-antialias": false,
            });
            layers.push(self.beside("overview", "fill", paint, OVERVIEW, below));
        }
        for paint in self.style.paints {
            match paint {
                Paint::Fill { colour, opacity } => {
                    let colour = colour.map_or_else(|| self.colour(), |colour| json!(colour));
                    let paint = json!({"fill-color": colour, "fill-opacity": self.opacity(opacity)});
                    layers.push(self.layer("fill", "fill", paint));
                }
                Paint::Line { class, from, width, dash } => layers.extend(self.line(*class, *from, width, dash)),
                Paint::Dot { until, radius, opacity, ring } => self.dots(*until, radius, opacity, *ring, &mut layers),
            }
        }
        if let Some(label) = &self.style.label
            && *self.glyphs != Glyphs::None
        {
            layers.extend(self.label(label));
        }
        layers
    }

    fn layer(&self, name: &str, kind: &str, paint: Value) -> Value {
        let id = &self.view.layer.id;
        json!({"id": format!("{id}-{name}"), "type": kind, "source": id, "source-layer": id, "paint": paint})
    }

    /// A layer over what stands for features in the tiles below a zoom.
    fn beside(&self, name: &str, kind: &str, paint: Value, what: &str, below: u8) -> Value {
        let mut layer = self.layer(name, kind, paint);
        layer["source-layer"] = json!(format!("{}{what}", self.view.layer.id));
        layer["maxzoom"] = json!(below);
        layer
    }

    /// Lines; none where they are those of a class that the caller does not see.
    fn line(&self, class: Option<&str>, from: f64, width: Stops, dash: &[f64]) -> Option<Value> {
        let mut paint = json!({
            "line-color": self.colour(),
            "line-width": interpolated(width, |width| json!(width)),
            "line-opacity": self.opacity(&[(0.0, 1.0)]),
        });
        if !dash.is_empty() {
            paint["line-dasharray"] = json!(dash);
        }
        let mut layer = match class {
            None => self.layer("line", "line", paint),
            Some(class) => {
                let value = self.class_value()?;
                let mut layer = self.layer(&format!("line-{class}"), "line", paint);
                layer["filter"] = json!(["==", value, class]);
                layer
            }
        };
        layer["layout"] = json!({"line-join": "round"});
        if from > 0.0 {
            layer["minzoom"] = json!(from);
        }
        Some(layer)
    }

    /// Dots, and what stands for many of them.
    fn dots(&self, until: Option<f64>, radius: Stops, opacity: Stops, ring: f64, layers: &mut Vec<Value>) {
        let circle = |radius: Value, opacity: Stops| {
            json!({
                "circle-color": self.colour(),
                "circle-radius": radius,
                "circle-opacity": self.opacity(opacity),
                "circle-stroke-color": "#ffffff",
                "circle-stroke-width": ring,
                "circle-stroke-opacity": self.opacity(opacity),
            })
        };
        let FromAfar { points_below, clusters_below, .. } = self.from_afar;
        let afar = points_below.max(clusters_below);
        if afar.is_none_or(|afar| until.is_none_or(|until| f64::from(afar) < until)) {
            let mut layer = self.layer("dot", "circle", circle(interpolated(radius, |radius| json!(radius)), opacity));
            if let Some(afar) = afar {
                layer["minzoom"] = json!(afar);
            }
            if let Some(until) = until {
                layer["maxzoom"] = json!(until);
            }
            layers.push(layer);
        }
        let Some(afar) = afar else { return };
        // They do not fade: until the outlines are there nothing else shows a feature.
        let lasting = interpolated(radius, |radius| json!(radius.max(LEAST_RADIUS)));
        // Where points are gathered as soon as there are any, none stands alone.
        if clusters_below < points_below {
            let mut point = self.beside("point", "circle", circle(lasting, &[(0.0, 1.0)]), POINTS, afar);
            point["filter"] = json!(["!", ["has", "point_count"]]);
            layers.push(point);
        }
        if let Some(below) = clusters_below {
            self.clusters(below, layers);
        }
    }

    /// Clusters, with how many they stand for where letters can be had.
    fn clusters(&self, below: u8, layers: &mut Vec<Value>) {
        let mut by_count = vec![json!("interpolate"), json!(["linear"]), json!(["log10", ["get", "point_count"]])];
        for (power, radius) in CLUSTER_RADIUS.iter().enumerate() {
            by_count.extend([json!(power), json!(radius)]);
        }
        let paint = json!({
            "circle-color": self.cluster_colour(),
            "circle-radius": by_count,
            "circle-opacity": 0.85,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 1.5,
        });
        let mut circle = self.beside("cluster", "circle", paint, POINTS, below);
        circle["filter"] = json!(["has", "point_count"]);
        layers.push(circle);
        if *self.glyphs == Glyphs::None {
            return;
        }
        let paint = json!({"text-color": "#ffffff", "text-halo-color": "#00000066", "text-halo-width": 0.8});
        let mut count = self.beside("cluster-count", "symbol", paint, POINTS, below);
        count["filter"] = json!(["has", "point_count"]);
        count["layout"] = json!({
            "text-field": ["to-string", ["get", "point_count_abbreviated"]],
            "text-font": self.fonts(),
            "text-size": 11,
            "text-allow-overlap": true,
        });
        layers.push(count);
    }

    /// Names; none where the caller sees no column of them.
    fn label(&self, label: &Label) -> Option<Value> {
        let names = if self.lang == Lang::Zh { label.zh } else { label.en };
        let mut field = vec![json!("coalesce")];
        field.extend(names.iter().filter_map(|name| self.column(name)).map(|column| json!(["get", &column.name])));
        if field.len() == 1 {
            return None;
        }
        field.push(json!(""));
        let paint = json!({"text-color": "#2f2d22", "text-halo-color": "#ffffff", "text-halo-width": 1.4});
        let mut layer = self.layer("label", "symbol", paint);
        layer["minzoom"] = json!(label.from);
        layer["layout"] = json!({
            "text-field": ["to-string", field],
            "text-font": self.fonts(),
            "text-size": 12,
            "text-max-width": 9,
            "text-padding": 4,
        });
        if self.style.dimension == Some(0) {
            // Below the dot, which it would else cover.
            layer["layout"]["text-anchor"] = json!("top");
            layer["layout"]["text-offset"] = json!([0, 0.6]);
        }
        Some(layer)
    }

    fn fonts(&self) -> &'static [&'static str] {
        if matches!(self.glyphs, Glyphs::Server(_)) { &SERVED_FONTS } else { &LOCAL_FONTS }
    }
}

/// Values at zooms as an expression; a single one as it is.
fn interpolated(stops: Stops, value: impl Fn(f64) -> Value) -> Value {
    if let [(_, only)] = stops {
        return value(*only);
    }
    let mut expression = vec![json!("interpolate"), json!(["linear"]), json!(["zoom"])];
    for (zoom, at) in stops {
        expression.extend([json!(zoom), value(*at)]);
    }
    Value::Array(expression)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Layer, Visibility};
    use crate::platform::{Caller, Permission};
    use std::borrow::Cow;
    use std::sync::Arc;

    static STYLE: Style = Style {
        class: Some("level"),
        classes: &[Class::new("a", "甲", "A", "#111111"), Class::new("b", "乙", "B", "#222222")],
        ended: Some("ended_on"),
        ..Style::PLAIN
    };
    static LAYER: Layer = Layer {
        id: Cow::Borrowed("things"),
        title: Text::fixed("事物", "Things"),
        description: Text::fixed("事物", "Things"),
        table: "division",
        rows: "true",
        on_day: None,
        voided: None,
        member: None,
        columns: Cow::Borrowed(&[
            Column::new("level", ColumnKind::Text, "级别", "Level"),
            Column::new("ended_on", ColumnKind::Day, "终止", "Ended on"),
        ]),
        made_of: &["divisions"],
        division: None,
        owners: &[],
        valid: (None, None),
        permission: Permission::Open,
        public: Visibility::Public,
        drawn: Drawn::ALWAYS,
        style: &STYLE,
    };

    fn layers(glyphs: &Glyphs, from_afar: FromAfar) -> Vec<Value> {
        let view = View::of(Arc::new(LAYER.clone()), &Caller::Public).unwrap();
        let painter = Painter { from_afar, ..Painter::new(&view, glyphs, Lang::Zh) };
        painter.layers()
    }

    fn find<'a>(layers: &'a [Value], name: &str) -> Option<&'a Value> {
        layers.iter().find(|layer| layer["id"] == format!("things-{name}"))
    }

    #[test]
    fn what_has_ended_is_pale() {
        let layers = layers(&Glyphs::None, FromAfar::default());
        let fill = &find(&layers, "fill").unwrap()["paint"];
        assert_eq!(fill["fill-opacity"], json!(["case", ["has", "ended_on"], 0.105, 0.3]));
    }

    #[test]
    fn points_and_clusters_are_drawn_below_their_zooms() {
        let alone = layers(&Glyphs::None, FromAfar::default());
        assert_eq!(find(&alone, "dot").unwrap()["maxzoom"], 12.5);
        assert!(find(&alone, "point").is_none() && find(&alone, "cluster").is_none());
        let points = layers(&Glyphs::None, FromAfar { points_below: Some(10), ..FromAfar::default() });
        assert_eq!(find(&points, "dot").unwrap()["minzoom"], 10);
        let point = find(&points, "point").unwrap();
        assert_eq!((&point["source-layer"], &point["maxzoom"]), (&json!("things-points"), &json!(10)));
        assert!(find(&points, "cluster").is_none());
        let afar = FromAfar { points_below: Some(14), clusters_below: Some(9), overview_below: None };
        let both = layers(&Glyphs::Local, afar);
        assert!(find(&both, "dot").is_none(), "points serve until dots would fade");
        let cluster = find(&both, "cluster").unwrap();
        assert_eq!((&cluster["filter"], &cluster["maxzoom"]), (&json!(["has", "point_count"]), &json!(9)));
        let count = |class| json!(["coalesce", ["get", class], 0]);
        assert_eq!(
            cluster["paint"]["circle-color"],
            json!([
                "let",
                "most",
                ["max", 0, count("count_a"), count("count_b")],
                [
                    "case",
                    ["==", ["var", "most"], 0],
                    "#3b6ea5",
                    ["==", count("count_a"), ["var", "most"]],
                    "#111111",
                    ["==", count("count_b"), ["var", "most"]],
                    "#222222",
                    "#3b6ea5"
                ]
            ])
        );
        let text = &find(&both, "cluster-count").unwrap()["layout"]["text-field"];
        assert_eq!(text, &json!(["to-string", ["get", "point_count_abbreviated"]]));
        let silent = layers(&Glyphs::None, afar);
        assert!(find(&silent, "cluster-count").is_none());
        // They are seen up to the zoom from which on outlines are.
        assert_eq!(
            find(&silent, "point").unwrap()["paint"]["circle-opacity"],
            json!(["case", ["has", "ended_on"], 0.35, 1.0])
        );
    }

    #[test]
    fn squares_lie_below_everything() {
        let layers = layers(&Glyphs::None, FromAfar { overview_below: Some(14), ..FromAfar::default() });
        assert_eq!(
            (&layers[0]["id"], &layers[0]["source-layer"]),
            (&json!("things-overview"), &json!("things-overview"))
        );
        assert_eq!((&layers[0]["type"], &layers[0]["maxzoom"]), (&json!("fill"), &json!(14)));
    }
}
