//! What is drawn and not set in type: outlines, hatching, labels, QR codes.

use super::Fonts;
use super::page::Placed;
use crate::kernel::{Error, Result};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::Surface;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Black.
    pub const BLACK: Colour = Colour(0, 0, 0);
    /// White.
    pub const WHITE: Colour = Colour(255, 255, 255);

    pub(super) fn paint(self) -> krilla::paint::Paint {
        rgb::Color::new(self.0, self.1, self.2).into()
    }
}

/// A place on a drawing: points from its left edge and from its head.
pub type Spot = (f32, f32);

/// A drawing. It stands in the middle of the text's width, or of its cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Points.
    pub width: f32,
    /// Points; at most a page's.
    pub height: f32,
    /// What is on it, the lowest first.
    pub shapes: Vec<Shape>,
}

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Lines or areas.
    Outline(Outline),
    /// A word.
    Label(Label),
    /// Shapes of which only what lies inside a rectangle (left, top, right, bottom) is seen.
    Window {
        /// The rectangle.
        within: (f32, f32, f32, f32),
        /// What is seen through it.
        shapes: Vec<Shape>,
    },
}

/// Lines or areas of one look.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outline {
    /// Lines; with `closed` the rings of areas, a hole being a ring inside another one.
    pub parts: Vec<Vec<Spot>>,
    /// Whether each part returns to where it began.
    pub closed: bool,
    /// Colour of the area and its opacity from 0 to 1.
    pub fill: Option<(Colour, f32)>,
    /// Lines across the area, so that areas are told apart without colour.
    pub hatch: Option<Hatch>,
    /// The line itself.
    pub pen: Option<Pen>,
}

/// Lines across an area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hatch {
    /// Colour.
    pub colour: Colour,
    /// Width of a line, points.
    pub width: f32,
    /// From one line to the next, points.
    pub gap: f32,
    /// Degrees from the horizontal, upwards to the right.
    pub degrees: f32,
}

/// How a line looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Pen {
    /// Colour.
    pub colour: Colour,
    /// Points.
    pub width: f32,
    /// Lengths of dashes and gaps, points; none for a whole line.
    pub dash: Vec<f32>,
}

impl Pen {
    /// A whole line.
    pub fn solid(colour: Colour, width: f32) -> Pen {
        Pen { colour, width, dash: Vec::new() }
    }

    pub(super) fn stroke(&self) -> Stroke {
        let dash = (!self.dash.is_empty()).then(|| StrokeDash { array: self.dash.clone(), offset: 0.0 });
        Stroke { paint: self.colour.paint(), width: self.width, dash, ..Stroke::default() }
    }
}

/// Where a label stands to its spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A word on a drawing, of one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Its spot: in height the middle of the characters.
    pub at: Spot,
    /// The word.
    pub text: String,
    /// Height of a character, points.
    pub size: f32,
    /// Bold.
    pub bold: bool,
    /// Colour.
    pub colour: Colour,
    /// Where it stands to its spot.
    pub anchor: Anchor,
    /// Whether a white ground keeps it apart from what lies below.
    pub ground: bool,
}

impl Label {
    /// Width of a text, points.
    pub fn width(text: &str, size: f32, bold: bool, fonts: &Fonts) -> f32 {
        text.chars().filter_map(|c| fonts.shape(c, bold)).map(|shape| shape.advance * size).sum()
    }

    /// The rectangle it takes: left, top, right, bottom.
    pub fn extent(&self, fonts: &Fonts) -> (f32, f32, f32, f32) {
        let wide = Label::width(&self.text, self.size, self.bold, fonts);
        let left = match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - wide / 2.0,
            Anchor::End => self.at.0 - wide,
        };
        let half = self.size * 0.6;
        (left, self.at.1 - half, left + wide, self.at.1 + half)
    }
}

impl Drawing {
    /// A QR code of a text (error correction M), a square of `side` points with the quiet zone of four modules.
    ///
    /// # Errors
    /// An internal error for a text longer than a QR code holds (2,331 bytes).
    pub fn qr(text: &str, side: f32) -> Result<Drawing> {
        let code = qrcode::QrCode::with_error_correction_level(text.as_bytes(), qrcode::EcLevel::M)
            .map_err(|error| Error::internal(format!("no QR code holds {} bytes: {error}", text.len())))?;
        let modules = code.width();
        let count = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
        let unit = side / (count(modules) + 8.0);
        let mut parts = Vec::new();
        for (row, dark) in code.to_colors().chunks(modules).enumerate() {
            let mut column = 0;
            while column < modules {
                let run = dark[column..].iter().take_while(|&&colour| colour == qrcode::Color::Dark).count();
                if run == 0 {
                    column += 1;
                    continue;
                }
                let (x0, x1) = ((count(column) + 4.0) * unit, (count(column + run) + 4.0) * unit);
                let (y0, y1) = ((count(row) + 4.0) * unit, (count(row + 1) + 4.0) * unit);
                parts.push(vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)]);
                column += run;
            }
        }
        let outline = Outline { parts, closed: true, fill: Some((Colour::BLACK, 1.0)), ..Outline::default() };
        Ok(Drawing { width: side, height: side, shapes: vec![Shape::Outline(outline)] })
    }

    pub(super) fn draw(&self, at: Spot, surface: &mut Surface<'_>, fonts: &Fonts) {
        draw_all(&self.shapes, at, surface, fonts);
    }
}

fn draw_all(shapes: &[Shape], at: Spot, surface: &mut Surface<'_>, fonts: &Fonts) {
    for shape in shapes {
        match shape {
            Shape::Outline(outline) => outline.draw(at, surface),
            Shape::Label(label) => label.draw(at, surface, fonts),
            Shape::Window { within: (left, top, right, bottom), shapes } => {
                let rect = Rect::from_ltrb(at.0 + left, at.1 + top, at.0 + right, at.1 + bottom);
                let mut path = PathBuilder::new();
                if let Some(rect) = rect {
                    path.push_rect(rect);
                }
                // Through a window without extent nothing is seen.
                if let Some(path) = path.finish() {
                    surface.push_clip_path(&path, &FillRule::NonZero);
                    draw_all(shapes, at, surface, fonts);
                    surface.pop();
                }
            }
        }
    }
}

impl Outline {
    fn path(&self, at: Spot) -> Option<krilla::geom::Path> {
        let mut path = PathBuilder::new();
        for part in &self.parts {
            let mut spots = part.iter().filter(|spot| spot.0.is_finite() && spot.1.is_finite());
            let Some(first) = spots.next() else { continue };
            path.move_to(at.0 + first.0, at.1 + first.1);
            for spot in spots {
                path.line_to(at.0 + spot.0, at.1 + spot.1);
            }
            if self.closed {
                path.close();
            }
        }
        path.finish()
    }

    fn draw(&self, at: Spot, surface: &mut Surface<'_>) {
        let Some(path) = self.path(at) else { return };
        if let Some((colour, opacity)) = self.fill {
            surface.set_stroke(None);
            surface.set_fill(Some(Fill {
                paint: colour.paint(),
                opacity: NormalizedF32::new(opacity).unwrap_or(NormalizedF32::ONE),
                rule: FillRule::EvenOdd,
            }));
            surface.draw_path(&path);
        }
        if let Some(lines) = self.hatch.and_then(|hatch| hatch.lines(&self.parts, at).map(|lines| (hatch, lines))) {
            let (hatch, lines) = lines;
            surface.push_clip_path(&path, &FillRule::EvenOdd);
            surface.set_fill(None);
            surface.set_stroke(Some(Pen::solid(hatch.colour, hatch.width).stroke()));
            surface.draw_path(&lines);
            surface.pop();
        }
        if let Some(pen) = &self.pen {
            surface.set_fill(None);
            surface.set_stroke(Some(pen.stroke()));
            surface.draw_path(&path);
        }
    }
}

/// Lines of a hatching at most: what needs more is a mistake of scale, and black all the same.
const MOST_LINES: u16 = 2_000;

impl Hatch {
    /// The lines over the extent of the parts. They lie on a grid of the page, so that neighbours of one look join.
    fn lines(&self, parts: &[Vec<Spot>], at: Spot) -> Option<krilla::geom::Path> {
        let spots = || parts.iter().flatten().filter(|spot| spot.0.is_finite() && spot.1.is_finite());
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        // Along the lines, and across them.
        let along = |x: f32, y: f32| x * cos - y * sin;
        let across = |x: f32, y: f32| x * sin + y * cos;
        let mut extent = (f32::MAX, f32::MIN, f32::MAX, f32::MIN);
        for &(x, y) in spots() {
            let (x, y) = (x + at.0, y + at.1);
            extent.0 = extent.0.min(along(x, y));
            extent.1 = extent.1.max(along(x, y));
            extent.2 = extent.2.min(across(x, y));
            extent.3 = extent.3.max(across(x, y));
        }
        if extent.0 > extent.1 || self.gap <= 0.0 {
            return None;
        }
        let mut path = PathBuilder::new();
        let mut v = (extent.2 / self.gap).ceil() * self.gap;
        for _ in 0..MOST_LINES {
            if v > extent.3 {
                break;
            }
            let back = |u: f32| (u * cos + v * sin, v * cos - u * sin);
            let (from, to) = (back(extent.0), back(extent.1));
            path.move_to(from.0, from.1);
            path.line_to(to.0, to.1);
            v += self.gap;
        }
        path.finish()
    }
}

impl Label {
    fn draw(&self, at: Spot, surface: &mut Surface<'_>, fonts: &Fonts) {
        let (left, top, right, bottom) = self.extent(fonts);
        if self.ground {
            let ring = vec![(left - 1.0, top), (right + 1.0, top), (right + 1.0, bottom), (left - 1.0, bottom)];
            let ground =
                Outline { parts: vec![ring], closed: true, fill: Some((Colour::WHITE, 0.85)), ..Outline::default() };
            ground.draw(at, surface);
        }
        surface.set_fill(Some(Fill { paint: self.colour.paint(), ..Fill::default() }));
        surface.set_stroke(None);
        Placed {
            x: at.0 + left,
            baseline: at.1 + self.at.1 + 0.36 * self.size,
            size: self.size,
            bold: self.bold,
            stretch: 0.0,
            units: vec![self.text.clone()],
        }
        .draw(surface, fonts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_has_every_dark_module_and_its_quiet_zone() {
        let text = "https://soil.example.gov.cn/#/verify?number=CX-152921-2026-000017";
        let drawing = Drawing::qr(text, 96.0).expect("a code");
        let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M).expect("a code");
        let dark = code.to_colors().into_iter().filter(|&colour| colour == qrcode::Color::Dark).count();
        let modules = u16::try_from(code.width()).map(f32::from).expect("few");
        let unit = 96.0 / (modules + 8.0);
        let [Shape::Outline(look)] = &drawing.shapes[..] else { panic!("one outline") };
        let area: f32 = look.parts.iter().map(|part| (part[1].0 - part[0].0) * (part[2].1 - part[1].1)).sum();
        let dark = u16::try_from(dark).map(f32::from).expect("few");
        assert!((area / unit / unit - dark).abs() < 0.1, "{} of {dark}", area / unit / unit);
        for &(x, y) in look.parts.iter().flatten() {
            let quiet = 4.0 * unit - 0.01;
            assert!(x >= quiet && y >= quiet && x <= 96.0 - quiet && y <= 96.0 - quiet, "{x} {y}");
        }
        assert!(Drawing::qr(&"x".repeat(3_000), 96.0).is_err());
    }

    #[test]
    fn everything_that_can_be_drawn_is_written_and_twice_the_same() {
        use super::super::{Block, Fonts, Sheet, write};
        let Ok(fonts) = Fonts::find(None) else { return println!("skipped: this machine has no Chinese font") };
        let square = |a: f32, b: f32| vec![(a, a), (b, a), (b, b), (a, b)];
        let red = Colour(200, 20, 20);
        let area = Outline {
            parts: vec![square(10.0, 90.0), square(30.0, 60.0)],
            closed: true,
            fill: Some((red, 0.2)),
            hatch: Some(Hatch { colour: red, width: 0.3, gap: 4.0, degrees: 45.0 }),
            pen: Some(Pen { colour: red, width: 1.0, dash: vec![3.0, 2.0] }),
        };
        let empty = Outline { parts: vec![Vec::new(), vec![(f32::NAN, 1.0)]], ..area.clone() };
        let label = Label {
            at: (50.0, 50.0),
            text: "12".to_owned(),
            size: 7.0,
            bold: true,
            colour: red,
            anchor: Anchor::Middle,
            ground: true,
        };
        let shapes = vec![
            Shape::Window { within: (0.0, 0.0, 50.0, 50.0), shapes: vec![Shape::Outline(area.clone())] },
            Shape::Window { within: (0.0, 0.0, 0.0, 0.0), shapes: vec![Shape::Outline(area)] },
            Shape::Outline(empty),
            Shape::Label(label),
        ];
        let sheet = Sheet {
            title: "图".to_owned(),
            author: "某局".to_owned(),
            number: "1".to_owned(),
            day: crate::kernel::Day::of(2026, 11, 22),
            blocks: vec![Block::Drawing(Drawing { width: 100.0, height: 100.0, shapes })],
        };
        let first = write(&sheet, &fonts).expect("a file");
        assert_eq!(first, write(&sheet, &fonts).expect("a file"));
    }
}
