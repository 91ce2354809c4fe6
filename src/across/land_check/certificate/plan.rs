//! The parcel plan: the parcel, the records it meets and what lies around, to scale, with north, a scale bar and a graticule.

use super::Outlines;
use super::body::Hit;
use super::shape::{self, Flat, Frame, Place, Projection, metres_of_degree, spot};
use crate::across::land_check::rules::Register;
use crate::platform::pdf::{Anchor, Colour, Drawing, Fonts, Frame as Sheet, Hatch, Label, Outline as Look, Pen, Shape};
use std::collections::BTreeMap;

/// The drawing is as wide as the text.
const WIDTH: f64 = Sheet::NARROW.width as f64;
const HEIGHT: f64 = 372.0;

/// The map on the drawing; left of it and below it stand the coordinates.
const WINDOW: Frame = (44.0, 2.0, WIDTH - 2.0, HEIGHT - 16.0);

/// How far beyond the window shapes reach, so that no cut edge is seen in it, points.
const BEYOND: f64 = 20.0;

/// Points of a metre on paper.
const POINTS_PER_METRE: f64 = 72.0 / 0.0254;

/// Corners up to which each is numbered on the plan and listed with its coordinates.
pub(super) const MOST_CORNERS: usize = 60;

/// Denominators of scales, between powers of ten.
const STEPS: [f64; 4] = [1.0, 2.0, 2.5, 5.0];

/// Steps of the graticule, seconds of arc.
const SECONDS: [f64; 24] = [
    0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_200.0, 1_800.0,
    3_600.0, 7_200.0, 18_000.0, 36_000.0, 72_000.0, 108_000.0,
];

const INK: Colour = Colour(30, 34, 38);
const GREY: Colour = Colour(120, 126, 130);
const PARCEL: Colour = Colour(15, 60, 120);

/// A finished plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub drawing: Drawing,
    /// 1 : this.
    pub denominator: f64,
    /// A sample, and what it stands for, Chinese and English.
    pub legend: Vec<(Drawing, String, String)>,
    /// Numbers of hits that lie on the plan and found no room for their number.
    pub unlabelled: Vec<usize>,
    /// Numbers of hits that lie outside the window.
    pub outside: Vec<usize>,
    /// Numbers of hits whose outline is not known.
    pub unknown: Vec<usize>,
}

/// West, south, east and north of what the plan shows; `None` for a parcel without extent.
pub(super) fn window(parcel: &Flat, hits: &[Hit]) -> Option<(f64, f64, f64, f64)> {
    let (projection, _) = projection(parcel, hits)?;
    let (west, north) = projection.back((WINDOW.0, WINDOW.1));
    let (east, south) = projection.back((WINDOW.2, WINDOW.3));
    Some((west, south, east, north))
}

/// A round scale at which the parcel fills about half of the window, and records near it are seen.
fn projection(parcel: &Flat, hits: &[Hit]) -> Option<(Projection, f64)> {
    let (west, south, east, north) = parcel.extent()?;
    let centre = (f64::midpoint(west, east), f64::midpoint(south, north));
    let degree = metres_of_degree(centre.1);
    let (wide, high) = ((east - west) * degree.0, (north - south) * degree.1);
    let size = wide.max(high).max(10.0);
    let reach = hits.iter().map(|hit| hit.distance_m * 1.3).filter(|metres| metres.is_finite()).fold(0.0, f64::max);
    let margin = reach.clamp(0.3 * size, 1.5 * size);
    let fits = |denominator: f64| {
        let points = POINTS_PER_METRE / denominator;
        (wide + 2.0 * margin) * points <= WINDOW.2 - WINDOW.0 && (high + 2.0 * margin) * points <= WINDOW.3 - WINDOW.1
    };
    let denominators = (2..10).flat_map(|power| STEPS.map(|step| step * 10f64.powi(power)));
    let denominator = denominators.clone().find(|&d| fits(d)).or_else(|| denominators.last())?;
    let at = (f64::midpoint(WINDOW.0, WINDOW.2), f64::midpoint(WINDOW.1, WINDOW.3));
    Some((Projection::new(centre, POINTS_PER_METRE / denominator, at), denominator))
}

/// Draws the plan; `None` for a parcel without extent.
pub(super) fn plan(parcel: &Flat, hits: &[Hit], outlines: &Outlines, fonts: &Fonts) -> Option<Plan> {
    let (projection, denominator) = projection(parcel, hits)?;
    let seen: Frame = (WINDOW.0 - BEYOND, WINDOW.1 - BEYOND, WINDOW.2 + BEYOND, WINDOW.3 + BEYOND);
    let palette = Palette::of(hits);
    let mut shapes = Vec::new();
    let mut legend = vec![(
        sample(&Palette::parcel()),
        format!("本地块{}", if parcel.corners() <= MOST_CORNERS { "（J1、J2……为界址点）" } else { "" }),
        format!("The parcel{}", if parcel.corners() <= MOST_CORNERS { " (J1, J2 … its corners)" } else { "" }),
    )];
    for around in &outlines.around {
        let flat = Flat::of(&around.geometry);
        shapes.extend(drawn(&flat, &projection, seen, &Palette::around()));
    }
    // Ground of the parcel below the records, its line above them.
    let ground = Look { fill: Some((Colour(255, 244, 200), 1.0)), ..Look::default() };
    shapes.extend(drawn(parcel, &projection, seen, &ground));

    let mut labels = Labels { taken: furniture(), fonts };
    let mut numbers = Vec::new();
    let (mut unlabelled, mut outside, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (at, hit) in hits.iter().enumerate() {
        let number = at + 1;
        let Some(outline) = outlines.records.iter().find(|outline| outline.id == hit.id) else {
            unknown.push(number);
            continue;
        };
        let flat = Flat::of(&outline.geometry);
        let overlaps = hit.relation == "overlaps";
        shapes.extend(drawn(&flat, &projection, seen, &palette.look(&hit.register, overlaps)));
        let spots = spots(&flat, &projection);
        if spots.is_empty() {
            outside.push(number);
            continue;
        }
        match labels.place(&spots, &number.to_string(), 7.0, palette.colour(&hit.register)) {
            Some(label) => numbers.push(Shape::Label(label)),
            None => unlabelled.push(number),
        }
    }
    shapes.extend(drawn(parcel, &projection, seen, &Palette::parcel()));
    if parcel.corners() <= MOST_CORNERS {
        let rings = parcel.areas.iter().flatten();
        for (at, &corner) in rings.flat_map(|ring| shape::open(ring)).enumerate() {
            let (x, y) = projection.to(corner);
            shapes.push(Shape::Outline(dot((x, y), 1.6, PARCEL)));
            let beside = [(x + 9.0, y - 6.0), (x - 9.0, y - 6.0), (x + 9.0, y + 6.0), (x - 9.0, y + 6.0)];
            numbers.extend(labels.place(&beside, &format!("J{}", at + 1), 5.5, PARCEL).map(Shape::Label));
        }
    }
    shapes.extend(numbers);
    let mut all = vec![Shape::Window {
        within: (
            spot((WINDOW.0, WINDOW.1)).0,
            spot((WINDOW.0, WINDOW.1)).1,
            spot((WINDOW.2, 0.0)).0,
            spot((0.0, WINDOW.3)).1,
        ),
        shapes,
    }];
    all.extend(graticule(&projection, fonts));
    all.push(Shape::Outline(Look {
        parts: vec![rectangle(WINDOW)],
        closed: true,
        pen: Some(Pen::solid(INK, 0.8)),
        ..Look::default()
    }));
    all.extend(north());
    all.extend(scale_bar(denominator, fonts));
    for register in palette.0.keys() {
        for (overlaps, zh, en) in
            [(true, "（重叠）", " (overlapping)"), (false, "（相接、邻近）", " (touching or near)")]
        {
            if hits.iter().any(|hit| &hit.register == register && (hit.relation == "overlaps") == overlaps) {
                let (name_zh, name_en) = register_name(register);
                let look = palette.look(register, overlaps);
                legend.push((sample(&look), format!("{name_zh}{zh}"), format!("{name_en}{en}")));
            }
        }
    }
    if !outlines.around.is_empty() {
        legend.push((
            sample(&Palette::around()),
            "周边其他记录（非本次涉及）".to_owned(),
            "Other records around, not met".to_owned(),
        ));
    }
    let size = spot((WIDTH, HEIGHT));
    let drawing = Drawing { width: size.0, height: size.1, shapes: all };
    Some(Plan { drawing, denominator, legend, unlabelled, outside, unknown })
}

/// A register's name in both languages; one of another time as it is written.
pub(super) fn register_name(register: &str) -> (String, String) {
    match Register::parse(register) {
        Some(known) => (known.text().zh.into(), known.text().en.into()),
        None => (register.to_owned(), register.replace('_', " ")),
    }
}

/// Colour and hatching by register.
struct Palette(BTreeMap<String, (Colour, f32)>);

impl Palette {
    /// Those of the registers that there are; others take what is left over, in the order of their names.
    fn of(hits: &[Hit]) -> Palette {
        let others = [Colour(90, 90, 160), Colour(160, 90, 130), Colour(90, 140, 150), Colour(130, 120, 60)];
        let mut looks: BTreeMap<String, (Colour, f32)> = hits
            .iter()
            .map(|hit| {
                let look = match Register::parse(&hit.register) {
                    Some(Register::SuspectedSites) => (Colour(204, 126, 10), 45.0),
                    Some(Register::ContaminatedSites) => (Colour(186, 32, 40), 135.0),
                    Some(Register::ControlList) => (Colour(122, 34, 130), 90.0),
                    Some(Register::ClosedSites) => (Colour(70, 120, 120), 0.0),
                    Some(Register::NegativeList) => (Colour(110, 20, 20), 20.0),
                    Some(Register::ControlZones) => (Colour(30, 90, 170), 160.0),
                    Some(Register::KeyUnits) => (Colour(120, 80, 40), 70.0),
                    Some(Register::Farmland) => (Colour(60, 130, 50), 110.0),
                    _ => (GREY, -1.0),
                };
                (hit.register.clone(), look)
            })
            .collect();
        let strangers = looks.values_mut().filter(|look| look.1 < 0.0);
        for (look, (colour, degrees)) in strangers.zip(others.into_iter().zip([30.0, 60.0, 120.0, 150.0]).cycle()) {
            *look = (colour, degrees);
        }
        Palette(looks)
    }

    fn get(&self, register: &str) -> (Colour, f32) {
        self.0.get(register).copied().unwrap_or((GREY, 0.0))
    }

    fn colour(&self, register: &str) -> Colour {
        self.get(register).0
    }

    fn look(&self, register: &str, overlaps: bool) -> Look {
        let (colour, degrees) = self.get(register);
        if overlaps {
            Look {
                fill: Some((colour, 0.14)),
                hatch: Some(Hatch { colour, width: 0.35, gap: 5.0, degrees }),
                pen: Some(Pen::solid(colour, 1.0)),
                ..Look::default()
            }
        } else {
            Look { pen: Some(Pen { colour, width: 1.0, dash: vec![4.0, 2.0] }), ..Look::default() }
        }
    }

    fn parcel() -> Look {
        Look { pen: Some(Pen::solid(PARCEL, 2.0)), ..Look::default() }
    }

    fn around() -> Look {
        Look {
            fill: Some((Colour(200, 204, 206), 0.25)),
            pen: Some(Pen { colour: GREY, width: 0.5, dash: vec![1.5, 1.5] }),
            ..Look::default()
        }
    }
}

/// A geometry on paper in a look.
fn drawn(flat: &Flat, projection: &Projection, seen: Frame, look: &Look) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut parts = Vec::new();
    for rings in &flat.areas {
        let rings: Vec<_> = rings.iter().map(|ring| shape::ring(ring, projection, seen)).collect();
        match rings.first() {
            // Too small to be an area on paper.
            Some(outer) if !outer.is_empty() && outer.len() < 3 => {
                shapes.push(Shape::Outline(dot(outer[0], 1.5, look.pen.as_ref().map_or(INK, |pen| pen.colour))));
            }
            _ => parts.extend(rings.into_iter().filter(|ring| ring.len() >= 3)),
        }
    }
    if !parts.is_empty() {
        let parts = parts.into_iter().map(|ring| ring.into_iter().map(spot).collect()).collect();
        shapes.push(Shape::Outline(Look { parts, closed: true, ..look.clone() }));
    }
    let lines: Vec<_> = flat.lines.iter().flat_map(|line| shape::line(line, projection, seen)).collect();
    if !lines.is_empty() {
        let parts = lines.into_iter().map(|line| line.into_iter().map(spot).collect()).collect();
        shapes.push(Shape::Outline(Look { parts, closed: false, fill: None, hatch: None, pen: look.pen.clone() }));
    }
    for &point in &flat.points {
        let at = projection.to(point);
        if is_in(at, seen) {
            shapes.push(Shape::Outline(dot(at, 2.5, look.pen.as_ref().map_or(INK, |pen| pen.colour))));
        }
    }
    shapes
}

/// Where the number of a record may stand, the best place first; nowhere when nothing of it is seen.
fn spots(flat: &Flat, projection: &Projection) -> Vec<(f64, f64)> {
    let inner: Frame = (WINDOW.0 + 6.0, WINDOW.1 + 6.0, WINDOW.2 - 6.0, WINDOW.3 - 6.0);
    let rings: Vec<_> = flat
        .areas
        .iter()
        .flatten()
        .map(|ring| shape::ring(ring, projection, inner))
        .filter(|ring| !ring.is_empty())
        .collect();
    let mut spots = shape::inside(&rings);
    if spots.is_empty() {
        spots.extend(rings.iter().flatten().next().copied());
    }
    for line in &flat.lines {
        spots.extend(shape::line(line, projection, inner).into_iter().flatten().next());
    }
    spots.extend(flat.points.iter().map(|&point| projection.to(point)).filter(|&at| is_in(at, inner)));
    spots
}

fn is_in((x, y): (f64, f64), (left, top, right, bottom): Frame) -> bool {
    x >= left && x <= right && y >= top && y <= bottom
}

fn dot((x, y): (f64, f64), r: f64, colour: Colour) -> Look {
    let ring = (0..12).map(|at| {
        let (sin, cos) = (f64::from(at) * std::f64::consts::TAU / 12.0).sin_cos();
        spot((x + r * cos, y + r * sin))
    });
    Look { parts: vec![ring.collect()], closed: true, fill: Some((colour, 1.0)), ..Look::default() }
}

fn rectangle((left, top, right, bottom): Frame) -> Vec<(f32, f32)> {
    [(left, top), (right, top), (right, bottom), (left, bottom)].map(spot).to_vec()
}

/// Labels that do not lie on each other.
struct Labels<'a> {
    taken: Vec<(f32, f32, f32, f32)>,
    fonts: &'a Fonts,
}

impl Labels<'_> {
    fn place(&mut self, spots: &[(f64, f64)], text: &str, size: f32, colour: Colour) -> Option<Label> {
        spots.iter().find_map(|&at| {
            let label = Label {
                at: spot(at),
                text: text.to_owned(),
                size,
                bold: true,
                colour,
                anchor: Anchor::Middle,
                ground: true,
            };
            let (left, top, right, bottom) = label.extent(self.fonts);
            let whole = is_in((left.into(), top.into()), WINDOW) && is_in((right.into(), bottom.into()), WINDOW);
            let free = !self.taken.iter().any(|t| left < t.2 && t.0 < right && top < t.3 && t.1 < bottom);
            (whole && free).then(|| {
                self.taken.push((left, top, right, bottom));
                label
            })
        })
    }
}

/// Where north and the scale stand, and nothing else.
fn furniture() -> Vec<(f32, f32, f32, f32)> {
    let corner = |(left, top, right, bottom): Frame| {
        let ((left, top), (right, bottom)) = (spot((left, top)), spot((right, bottom)));
        (left, top, right, bottom)
    };
    vec![
        corner((WINDOW.2 - 34.0, WINDOW.1, WINDOW.2, WINDOW.1 + 46.0)),
        corner((WINDOW.0, WINDOW.3 - 36.0, WINDOW.0 + 190.0, WINDOW.3)),
    ]
}

fn north() -> Vec<Shape> {
    let (x, y) = (WINDOW.2 - 17.0, WINDOW.1 + 8.0);
    let half = |side: f64| vec![spot((x, y)), spot((x + side, y + 24.0)), spot((x, y + 19.0))];
    let area = |side, colour| {
        Shape::Outline(Look {
            parts: vec![half(side)],
            closed: true,
            fill: Some((colour, 1.0)),
            pen: Some(Pen::solid(INK, 0.6)),
            ..Look::default()
        })
    };
    vec![
        area(-7.0, INK),
        area(7.0, Colour::WHITE),
        Shape::Label(Label {
            at: spot((x, y + 32.0)),
            text: "北 N".to_owned(),
            size: 8.0,
            bold: true,
            colour: INK,
            anchor: Anchor::Middle,
            ground: true,
        }),
    ]
}

/// The bar's length on the ground: the longest round one that takes at most this much paper, points.
const BAR: f64 = 120.0;

fn scale_bar(denominator: f64, fonts: &Fonts) -> Vec<Shape> {
    let points = POINTS_PER_METRE / denominator;
    let rounds = (-1..8).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(power)));
    let metres = rounds.filter(|metres| metres * points <= BAR).fold(0.1, f64::max);
    let long = metres * points;
    let (x, y) = (WINDOW.0 + 12.0, WINDOW.3 - 12.0);
    let shown =
        |metres: f64| if metres >= 1_000.0 { format!("{} km", metres / 1_000.0) } else { format!("{metres} m") };
    let label = |x: f64, y: f64, text: String, anchor| {
        Shape::Label(Label { at: spot((x, y)), text, size: 6.5, bold: false, colour: INK, anchor, ground: false })
    };
    let end = shown(metres);
    let wide = f64::from(Label::width(&end, 6.5, false, fonts));
    let panel = Look {
        parts: vec![rectangle((x - 8.0, y - 22.0, x + (long + wide / 2.0).max(80.0) + 8.0, y + 8.0))],
        closed: true,
        fill: Some((Colour::WHITE, 0.88)),
        ..Look::default()
    };
    let half = |from: f64, to: f64, colour| {
        Shape::Outline(Look {
            parts: vec![rectangle((x + from * long, y, x + to * long, y + 4.0))],
            closed: true,
            fill: Some((colour, 1.0)),
            pen: Some(Pen::solid(INK, 0.5)),
            ..Look::default()
        })
    };
    vec![
        Shape::Outline(panel),
        half(0.0, 0.5, INK),
        half(0.5, 1.0, Colour::WHITE),
        label(x, y - 5.0, "0".to_owned(), Anchor::Middle),
        label(x + long / 2.0, y - 5.0, shown(metres / 2.0), Anchor::Middle),
        label(x + long, y - 5.0, end, Anchor::Middle),
        label(x - 3.0, y - 16.0, format!("比例尺 Scale 1:{denominator}"), Anchor::Start),
    ]
}

/// Ticks at round degrees, minutes or seconds on the edges, their crosses on the map, and the coordinates outside.
fn graticule(projection: &Projection, fonts: &Fonts) -> Vec<Shape> {
    let (west, north) = projection.back((WINDOW.0, WINDOW.1));
    let (east, south) = projection.back((WINDOW.2, WINDOW.3));
    let meridians = round(west, east, 4.5);
    let parallels = round(south, north, 4.5);
    let x = |lon: f64| projection.to((lon, south)).0;
    let y = |lat: f64| projection.to((west, lat)).1;
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut labels = Vec::new();
    let mut label = |at: (f64, f64), text: String, anchor| {
        let label = Label { at: spot(at), text, size: 5.6, bold: false, colour: INK, anchor, ground: false };
        let (left, top, right, bottom) = label.extent(fonts);
        // What would reach beyond the drawing is left off: its tick stays.
        let paper: Frame = (0.0, 0.0, WIDTH, HEIGHT);
        if is_in((left.into(), top.into()), paper) && is_in((right.into(), bottom.into()), paper) {
            labels.push(Shape::Label(label));
        }
    };
    for &lon in &meridians.0 {
        let x = x(lon);
        parts.push(vec![(x, WINDOW.3), (x, WINDOW.3 - 5.0)]);
        parts.push(vec![(x, WINDOW.1), (x, WINDOW.1 + 5.0)]);
        label((x, WINDOW.3 + 7.0), degrees(lon, meridians.1, ('E', 'W')), Anchor::Middle);
        for &lat in &parallels.0 {
            let y = y(lat);
            parts.push(vec![(x - 3.0, y), (x + 3.0, y)]);
            parts.push(vec![(x, y - 3.0), (x, y + 3.0)]);
        }
    }
    for &lat in &parallels.0 {
        let y = y(lat);
        parts.push(vec![(WINDOW.0, y), (WINDOW.0 + 5.0, y)]);
        parts.push(vec![(WINDOW.2, y), (WINDOW.2 - 5.0, y)]);
        label((WINDOW.0 - 2.0, y), degrees(lat, parallels.1, ('N', 'S')), Anchor::End);
    }
    let parts = parts.into_iter().map(|part| part.into_iter().map(spot).collect()).collect();
    let ticks = Look { parts, pen: Some(Pen::solid(INK, 0.35)), ..Look::default() };
    std::iter::once(Shape::Outline(ticks)).chain(labels).collect()
}

/// The round values between two, at most so many and at least two where the finest step gives them; and the step, seconds.
fn round(from: f64, to: f64, most: f64) -> (Vec<f64>, f64) {
    let span = (to - from) * 3_600.0;
    let step = SECONDS.into_iter().find(|step| span / step <= most).unwrap_or(SECONDS[SECONDS.len() - 1]);
    let first = (from * 3_600.0 / step).ceil();
    let values = (0..16).map(|at| (first + f64::from(at)) * step).take_while(|seconds| *seconds <= to * 3_600.0);
    (values.map(|seconds| seconds / 3_600.0).collect(), step)
}

/// Degrees, minutes and seconds, as fine as the step asks for.
fn degrees(value: f64, step: f64, (positive, negative): (char, char)) -> String {
    let digits: i32 = if step < 0.1 {
        2
    } else if step < 1.0 {
        1
    } else {
        0
    };
    let unit = 10f64.powi(digits);
    let units = (value.abs() * 3_600.0 * unit).round();
    let (minute, degree) = (60.0 * unit, 3_600.0 * unit);
    let (d, m, s) = ((units / degree).floor(), (units % degree / minute).floor(), units % minute / unit);
    let side = if value < 0.0 { negative } else { positive };
    let (precision, wide) = match digits {
        2 => (2, 5),
        1 => (1, 4),
        _ => (0, 2),
    };
    format!("{d}°{m:02}′{s:0wide$.precision$}″{side}")
}

/// A sample of a look for the legend.
fn sample(look: &Look) -> Drawing {
    let parts = vec![vec![(2.0, 2.0), (26.0, 2.0), (26.0, 12.0), (2.0, 12.0)]];
    let look = Look { parts, closed: true, ..look.clone() };
    Drawing { width: 28.0, height: 14.0, shapes: vec![Shape::Outline(look)] }
}

/// The corners as the plan numbers them: number, polygon and ring from 1 (ring 1 is the outer one), and place.
pub(super) fn corners(parcel: &Flat) -> Vec<(usize, usize, usize, Place)> {
    let mut found = Vec::new();
    for (polygon, rings) in parcel.areas.iter().enumerate() {
        for (ring, places) in rings.iter().enumerate() {
            for &place in shape::open(places) {
                found.push((found.len() + 1, polygon + 1, ring + 1, place));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Outline;
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn fonts() -> Option<Fonts> {
        let found = Fonts::find(None).ok();
        if found.is_none() {
            println!("skipped: this machine has no Chinese font");
        }
        found
    }

    fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Value {
        json!({"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]})
    }

    fn hit(n: u128, relation: &str, distance_m: f64) -> Hit {
        serde_json::from_value(json!({
            "register": "contaminated_sites", "id": Uuid::from_u128(n), "code": format!("C{n}"), "name": null,
            "relation": relation, "overlap_m2": 1.0, "overlap_share": 0.1, "record_share": 0.1, "distance_m": distance_m
        }))
        .expect("a hit")
    }

    /// Labels, and spots of shapes not seen through a window.
    fn outer(shapes: &[Shape], fonts: &Fonts) -> Vec<(f32, f32)> {
        let mut spots = Vec::new();
        for shape in shapes {
            match shape {
                Shape::Outline(look) => spots.extend(look.parts.iter().flatten()),
                Shape::Label(label) => {
                    let (left, top, right, bottom) = label.extent(fonts);
                    spots.extend([(left, top), (right, bottom)]);
                }
                Shape::Window { within: (left, top, right, bottom), shapes } => {
                    spots.extend([(*left, *top), (*right, *bottom)]);
                    for shape in shapes {
                        if let Shape::Label(label) = shape {
                            let (l, t, r, b) = label.extent(fonts);
                            assert!(l >= *left && t >= *top && r <= *right && b <= *bottom, "{label:?}");
                        }
                        if let Shape::Outline(look) = shape {
                            for &(x, y) in look.parts.iter().flatten() {
                                assert!(x >= left - 21.0 && x <= right + 21.0 && y >= top - 21.0 && y <= bottom + 21.0);
                            }
                        }
                    }
                }
            }
        }
        spots
    }

    #[test]
    fn everything_lies_on_the_drawing_also_a_record_a_thousand_times_as_large() {
        let Some(fonts) = fonts() else { return };
        let parcel = Flat::of(&rectangle(105.6, 38.8, 105.601, 38.801));
        let hits = [hit(1, "overlaps", 0.0), hit(2, "near", 60.0), hit(3, "near", 90_000.0), hit(4, "overlaps", 0.0)];
        let record = |n, geometry| Outline {
            register: "site".to_owned(),
            id: Uuid::from_u128(n),
            code: String::new(),
            geometry,
        };
        let outlines = Outlines {
            records: vec![
                record(1, rectangle(104.0, 37.0, 107.0, 40.0)),
                record(2, rectangle(105.6016, 38.8, 105.602, 38.801)),
                record(3, rectangle(106.6, 38.8, 106.7, 38.9)),
            ],
            around: vec![record(9, rectangle(105.599, 38.799, 105.5995, 38.7995))],
            around_cut: false,
        };
        let plan = plan(&parcel, &hits, &outlines, &fonts).expect("a plan");
        let spots = outer(&plan.drawing.shapes, &fonts);
        assert!(spots.len() > 50);
        for (x, y) in spots {
            assert!(x >= 0.0 && x <= plan.drawing.width && y >= 0.0 && y <= plan.drawing.height, "{x} {y}");
        }
        assert_eq!((plan.outside, plan.unknown, plan.unlabelled), (vec![3], vec![4], vec![]));
        assert_eq!(plan.legend.len(), 4);
        let (west, south, east, north) = window(&parcel, &hits).expect("a window");
        assert!(west < 105.6 && east > 105.602 && south < 38.8 && north > 38.801);
    }

    #[test]
    fn scales_are_round_and_the_bar_is_as_long_as_it_says() {
        let Some(fonts) = fonts() else { return };
        for side in [0.00001, 0.0003, 0.001, 0.02, 0.4, 6.0] {
            let parcel = Flat::of(&rectangle(105.6, 38.8, 105.6 + side, 38.8 + side));
            let plan = plan(&parcel, &[], &Outlines::default(), &fonts).expect("a plan");
            let digits = format!("{}", plan.denominator);
            assert!(["1", "2", "25", "5"].contains(&digits.trim_end_matches('0')), "{digits}");
            let size = side * 111_000.0 * POINTS_PER_METRE / plan.denominator;
            assert!(size < HEIGHT && (size > 60.0 || side < 0.0001), "{side}: {size} points");
        }
    }

    #[test]
    fn ticks_stand_at_round_values_and_are_written_in_degrees() {
        let (values, step) = round(105.6001, 105.6123, 4.5);
        assert_eq!(step, 10.0);
        assert_eq!(degrees(values[0], step, ('E', 'W')), "105°36′10″E");
        assert_eq!(degrees(-0.5, 0.5, ('N', 'S')), "0°30′00.0″S");
        assert_eq!(degrees(38.999_999_999, 1.0, ('N', 'S')), "39°00′00″N");
    }
}
