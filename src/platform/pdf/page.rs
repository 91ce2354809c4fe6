//! Blocks become pages: lines in their places, borders, page numbers.

use super::fonts::Shape;
use super::lines::{Line, fill, units};
use super::{Align, BODY_SIZE, Block, Fonts, MM, Paragraph, Table};
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point};
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};

/// Margins of GB/T 9704: head 37 mm, left 28 mm; the text is 156 mm by 225 mm.
const LEFT: f32 = 28.0 * MM;
const TOP: f32 = 37.0 * MM;
const WIDTH: f32 = 156.0 * MM;
const BOTTOM: f32 = TOP + 225.0 * MM;

/// Characters hang from the top of their line: the baseline lies this share of their height below the middle of the line.
const BASELINE: f32 = 0.36;

/// Room between a cell's border and its text.
const PADDING: f32 = 5.0;

/// What is drawn on a page.
#[derive(Default)]
pub(super) struct Page {
    texts: Vec<Placed>,
    strokes: Vec<(f32, f32, f32, f32)>,
}

struct Placed {
    x: f32,
    baseline: f32,
    size: f32,
    bold: bool,
    /// Added after each unit.
    stretch: f32,
    units: Vec<String>,
}

impl Page {
    pub(super) fn draw(&self, surface: &mut Surface<'_>, fonts: &Fonts) {
        surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
        surface.set_stroke(None);
        for placed in &self.texts {
            placed.draw(surface, fonts);
        }
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke { width: 0.75, paint: luma::Color::black().into(), ..Stroke::default() }));
        for &(x0, y0, x1, y1) in &self.strokes {
            let mut path = PathBuilder::new();
            path.move_to(x0, y0);
            path.line_to(x1, y1);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.strokes.is_empty()
    }
}

impl Placed {
    /// One stretch of text per face, so that what is copied out of the file is the text.
    fn draw(&self, surface: &mut Surface<'_>, fonts: &Fonts) {
        let mut x = self.x;
        let mut run: Option<(usize, f32, String, Vec<KrillaGlyph>)> = None;
        for (at, unit) in self.units.iter().enumerate() {
            let count = unit.chars().count();
            for (place, c) in unit.chars().enumerate() {
                let Some(Shape { face, glyph, advance }) = fonts.shape(c, self.bold) else { continue };
                let last = place + 1 == count && at + 1 < self.units.len();
                let advance = advance + if last { self.stretch / self.size } else { 0.0 };
                if run.as_ref().is_none_or(|(of, ..)| *of != face) {
                    self.flush(run.take(), surface, fonts);
                    run = Some((face, x, String::new(), Vec::new()));
                }
                if let Some((_, _, text, glyphs)) = &mut run {
                    let from = text.len();
                    text.push(if c.is_control() { ' ' } else { c });
                    let range = from..text.len();
                    glyphs.push(KrillaGlyph::new(GlyphId::new(glyph), advance, 0.0, 0.0, 0.0, range, None));
                }
                x += advance * self.size;
            }
        }
        self.flush(run, surface, fonts);
    }

    fn flush(&self, run: Option<(usize, f32, String, Vec<KrillaGlyph>)>, surface: &mut Surface<'_>, fonts: &Fonts) {
        let Some((face, x, text, glyphs)) = run else { return };
        if let Some(font) = fonts.font(face) {
            surface.draw_glyphs(Point::from_xy(x, self.baseline), &glyphs, font.clone(), &text, self.size, false);
        }
    }
}

/// The pages of the blocks; one at least.
pub(super) fn lay_out(blocks: &[Block], fonts: &Fonts) -> Vec<Page> {
    let mut desk = Desk { fonts, pages: vec![Page::default()], y: TOP };
    for (at, block) in blocks.iter().enumerate() {
        match block {
            Block::Paragraph(paragraph) => {
                let lines = set(paragraph, fonts);
                let after = blocks[at + 1..].iter().find(|block| !matches!(block, Block::Space(_)));
                let between: f32 = blocks[at + 1..]
                    .iter()
                    .map_while(|block| if let Block::Space(height) = block { Some(*height) } else { None })
                    .sum();
                let follower = match after {
                    Some(Block::Together(group)) => between + height(group, fonts),
                    Some(Block::Paragraph(next)) if paragraph.bold => between + next.pitch,
                    _ => 0.0,
                };
                desk.paragraph(paragraph, lines, follower);
            }
            Block::Together(group) => {
                desk.need(height(group, fonts));
                for paragraph in group {
                    desk.paragraph(paragraph, set(paragraph, fonts), 0.0);
                }
            }
            Block::Space(height) => {
                if desk.y > TOP {
                    desk.y += height;
                }
            }
            Block::Rule => {
                desk.need(2.0);
                let y = desk.y + 1.0;
                desk.page().strokes.push((LEFT, y, LEFT + WIDTH, y));
                desk.y += 2.0;
            }
            Block::Table(table) => desk.table(table),
            Block::NewPage => desk.turn(),
        }
    }
    desk.pages
}

/// The page's number between dashes, on the outer side of an open book.
pub(super) fn number(number: usize, fonts: &Fonts) -> Page {
    let size = 14.0;
    let text = format!("— {number} —");
    let wide: f32 = text.chars().filter_map(|c| fonts.shape(c, false)).map(|shape| shape.advance * size).sum();
    let x = if number % 2 == 1 { LEFT + WIDTH - size - wide } else { LEFT + size };
    let placed = Placed { x, baseline: BOTTOM + 7.0 * MM, size, bold: false, stretch: 0.0, units: vec![text] };
    Page { texts: vec![placed], strokes: Vec::new() }
}

fn height(group: &[Paragraph], fonts: &Fonts) -> f32 {
    group
        .iter()
        .map(|paragraph| {
            let lines = set(paragraph, fonts).len();
            // No paper has so many lines that a float could not count them.
            f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * paragraph.pitch
        })
        .sum()
}

/// The lines of a paragraph; an empty one has an empty line.
fn set(paragraph: &Paragraph, fonts: &Fonts) -> Vec<Line> {
    let size = paragraph.size;
    let whole = WIDTH - (paragraph.indent.0 + paragraph.indent.1) * size;
    let first = whole - paragraph.first_indent * size;
    let lines = lines_of(&paragraph.text, size, paragraph.bold, fonts, whole, first);
    if lines.is_empty() { vec![Line::default()] } else { lines }
}

fn lines_of(text: &str, size: f32, bold: bool, fonts: &Fonts, whole: f32, first: f32) -> Vec<Line> {
    let width = |c: char| fonts.shape(c, bold).map_or(0.0, |shape| shape.advance * size);
    fill(units(text, whole.min(first), width), |line| if line == 0 { first } else { whole })
}

/// A desk with a pile of pages; the last one is being written on.
struct Desk<'a> {
    fonts: &'a Fonts,
    pages: Vec<Page>,
    y: f32,
}

impl Desk<'_> {
    fn page(&mut self) -> &mut Page {
        if self.pages.is_empty() {
            self.pages.push(Page::default());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    fn turn(&mut self) {
        if !self.page().is_empty() {
            self.pages.push(Page::default());
        }
        self.y = TOP;
    }

    /// Turns the page where so much height is not left, unless no page has it.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM + 0.5 && self.y > TOP {
            self.turn();
        }
    }

    /// `follower` is the height of what must stand on the page of the last line.
    fn paragraph(&mut self, paragraph: &Paragraph, lines: Vec<Line>, follower: f32) {
        let (size, pitch) = (paragraph.size, paragraph.pitch);
        let count = lines.len();
        for (at, line) in lines.into_iter().enumerate() {
            let last = at + 1 == count;
            self.need(if last { pitch + follower } else { pitch });
            let left = LEFT + paragraph.indent.0 * size;
            let whole = WIDTH - (paragraph.indent.0 + paragraph.indent.1) * size;
            let set_in = if at == 0 { paragraph.first_indent * size } else { 0.0 };
            let spare = (whole - set_in - line.width).max(0.0);
            let gaps = line.units.len().saturating_sub(1);
            let (x, stretch) = match paragraph.align {
                // A line that a long code left half empty is not torn apart.
                Align::Justified if !last && gaps > 0 && spare < 4.0 * size => {
                    (left + set_in, spare / f32::from(u16::try_from(gaps).unwrap_or(u16::MAX)))
                }
                Align::Justified | Align::Left => (left + set_in, 0.0),
                Align::Centre => (left + set_in + spare / 2.0, 0.0),
                Align::Right => (left + set_in + spare, 0.0),
            };
            self.line(line, x, size, pitch, paragraph.bold, stretch);
            self.y += pitch;
        }
    }

    fn line(&mut self, line: Line, x: f32, size: f32, pitch: f32, bold: bool, stretch: f32) {
        let baseline = self.y + pitch / 2.0 + BASELINE * size;
        let units: Vec<String> = line.units.into_iter().map(|unit| unit.text).collect();
        if !units.is_empty() {
            self.page().texts.push(Placed { x, baseline, size, bold, stretch, units });
        }
    }

    /// Rows stay whole where a page can hold them; a higher one goes on with the next page.
    fn table(&mut self, table: &Table) {
        let (size, pitch) = (table.size, table.pitch);
        let edges: Vec<f32> = std::iter::once(0.0)
            .chain(table.columns.iter().scan(0.0, |sum, share| {
                *sum += share * WIDTH;
                Some(*sum)
            }))
            .map(|x| LEFT + x)
            .collect();
        for (cells, least) in &table.rows {
            let mut columns: Vec<std::vec::IntoIter<Line>> = edges
                .windows(2)
                .zip(cells)
                .map(|(edge, cell)| {
                    let room = edge[1] - edge[0] - 2.0 * PADDING;
                    let lines: Vec<Line> =
                        cell.split('\n').flat_map(|part| lines_of(part, size, false, self.fonts, room, room)).collect();
                    lines.into_iter()
                })
                .collect();
            let tall = |columns: &[std::vec::IntoIter<Line>]| {
                let most = columns.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
                f32::from(u16::try_from(most).unwrap_or(u16::MAX)) * pitch
            };
            let height = (tall(&columns) + 2.0 * PADDING).max(*least);
            if height <= BOTTOM - TOP {
                self.need(height);
            }
            loop {
                let rest = tall(&columns);
                let height = (rest + 2.0 * PADDING).max(*least).min(BOTTOM - self.y);
                let room = height - 2.0 * PADDING;
                if room < pitch && rest > 0.0 && self.y > TOP {
                    self.turn();
                    continue;
                }
                self.cells(&edges, &mut columns, height, room, (size, pitch));
                if tall(&columns) <= 0.0 {
                    break;
                }
                self.turn();
            }
        }
    }

    /// Draws as many lines of a row as the room holds, each cell's in the middle of its height, and the borders.
    fn cells(
        &mut self,
        edges: &[f32],
        columns: &mut [std::vec::IntoIter<Line>],
        height: f32,
        room: f32,
        (size, pitch): (f32, f32),
    ) {
        let top = self.y;
        for (edge, lines) in edges.windows(2).zip(columns) {
            let mut taken = Vec::new();
            let mut used = 0.0;
            while used + pitch <= room + 0.5 || taken.is_empty() {
                let Some(line) = lines.next() else { break };
                taken.push(line);
                used += pitch;
            }
            self.y = top + PADDING + ((room - used) / 2.0).max(0.0);
            for line in taken {
                self.line(line, edge[0] + PADDING, size, pitch, false, 0.0);
                self.y += pitch;
            }
        }
        let bottom = top + height;
        let (first, last) = (edges.first().copied().unwrap_or(LEFT), edges.last().copied().unwrap_or(LEFT));
        let strokes = &mut self.page().strokes;
        strokes.extend([(first, top, last, top), (first, bottom, last, bottom)]);
        strokes.extend(edges.iter().map(|&x| (x, top, x, bottom)));
        self.y = bottom;
    }
}

/// The body's characters fill a line of 28.
const _: () = assert!(BODY_SIZE * 28.0 < WIDTH + 0.01 && BODY_SIZE * 28.5 > WIDTH);
