//! Blocks become pages: lines in their places, borders, page numbers.

use super::drawing::{Colour, Drawing, Label};
use super::fonts::Shape;
use super::lines::{Line, fill, units};
use super::{Align, BODY_SIZE, Block, Fonts, Foot, Form, Frame, MM, Paragraph, Table};
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point};
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};

/// Characters hang from the top of their line: the baseline lies this share of their height below the middle of the line.
const BASELINE: f32 = 0.36;

/// Room between a cell's border and its text.
const PADDING: f32 = 5.0;

/// What is drawn on a page, the lowest first.
#[derive(Default)]
pub(super) struct Page(Vec<Item>);

enum Item {
    Text(Placed, Colour),
    Rule((f32, f32, f32, f32), Colour, f32),
    Area((f32, f32, f32, f32), Colour),
    Figure(f32, f32, Drawing),
}

pub(super) struct Placed {
    pub x: f32,
    pub baseline: f32,
    pub size: f32,
    pub bold: bool,
    /// Added after each unit.
    pub stretch: f32,
    pub units: Vec<String>,
}

/// Border of an office's tables.
const PLAIN: (Colour, f32) = (Colour::BLACK, 0.75);

impl Page {
    pub(super) fn draw(&self, surface: &mut Surface<'_>, fonts: &Fonts) {
        for item in &self.0 {
            match item {
                Item::Text(placed, colour) => {
                    surface.set_fill(Some(Fill { paint: paint(*colour), ..Fill::default() }));
                    surface.set_stroke(None);
                    placed.draw(surface, fonts);
                }
                Item::Rule((x0, y0, x1, y1), colour, width) => {
                    surface.set_fill(None);
                    surface.set_stroke(Some(Stroke { width: *width, paint: paint(*colour), ..Stroke::default() }));
                    let mut path = PathBuilder::new();
                    path.move_to(*x0, *y0);
                    path.line_to(*x1, *y1);
                    if let Some(path) = path.finish() {
                        surface.draw_path(&path);
                    }
                }
                Item::Area((x0, y0, x1, y1), colour) => {
                    surface.set_stroke(None);
                    surface.set_fill(Some(Fill { paint: paint(*colour), ..Fill::default() }));
                    let mut path = PathBuilder::new();
                    path.move_to(*x0, *y0);
                    path.line_to(*x1, *y0);
                    path.line_to(*x1, *y1);
                    path.line_to(*x0, *y1);
                    path.close();
                    if let Some(path) = path.finish() {
                        surface.draw_path(&path);
                    }
                }
                Item::Figure(x, y, drawing) => drawing.draw((*x, *y), surface, fonts),
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Black is black ink, not a mixture.
fn paint(colour: Colour) -> krilla::paint::Paint {
    if colour == Colour::BLACK { luma::Color::black().into() } else { colour.paint() }
}

impl Placed {
    /// One stretch of text per face, so that what is copied out of the file is the text.
    pub(super) fn draw(&self, surface: &mut Surface<'_>, fonts: &Fonts) {
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
pub(super) fn lay_out(blocks: &[Block], frame: Frame, fonts: &Fonts) -> Vec<Page> {
    let mut desk = Desk { fonts, frame, pages: vec![Page::default()], y: frame.top };
    for (at, block) in blocks.iter().enumerate() {
        match block {
            Block::Paragraph(paragraph) => {
                let lines = set(paragraph, frame.width, fonts);
                desk.paragraph(paragraph, lines, follower(&blocks[at..], frame, fonts));
            }
            Block::Together(group) => {
                desk.need(height(group, frame.width, fonts));
                for paragraph in group {
                    desk.paragraph(paragraph, set(paragraph, frame.width, fonts), 0.0);
                }
            }
            Block::Space(height) => {
                if desk.y > frame.top {
                    desk.y += height;
                }
            }
            Block::Rule => {
                desk.need(2.0);
                let y = desk.y + 1.0;
                desk.rule((frame.left, y, frame.left + frame.width, y), PLAIN);
                desk.y += 2.0;
            }
            Block::Table(table) => desk.table(table),
            Block::Grid(grid) => desk.grid(grid),
            Block::Drawing(drawing) => {
                desk.need(drawing.height);
                let (x, y) = (frame.left + ((frame.width - drawing.width) / 2.0).max(0.0), desk.y);
                desk.figure(x, y, drawing.clone());
                desk.y += drawing.height;
            }
            Block::NewPage => desk.turn(),
        }
    }
    desk.pages
}

/// Height of what must stand on the page of the first block's last line: a group in any case, and what a heading heads.
fn follower(blocks: &[Block], frame: Frame, fonts: &Fonts) -> f32 {
    let Some((Block::Paragraph(paragraph), rest)) = blocks.split_first() else { return 0.0 };
    let spaces = rest.iter().take_while(|block| matches!(block, Block::Space(_))).count();
    let between: f32 =
        rest[..spaces].iter().map(|block| if let Block::Space(height) = block { *height } else { 0.0 }).sum();
    let next = match rest.get(spaces) {
        Some(Block::Together(group)) => Some(height(group, frame.width, fonts)),
        Some(Block::Paragraph(next)) if paragraph.bold && next.bold => {
            Some(height(std::slice::from_ref(next), frame.width, fonts) + follower(&rest[spaces..], frame, fonts))
        }
        Some(Block::Paragraph(next)) if paragraph.bold => Some(next.pitch),
        Some(Block::Grid(grid)) if paragraph.bold => Some(grid.beginning(frame.width, fonts)),
        Some(Block::Drawing(drawing)) if paragraph.bold => Some(drawing.height),
        _ => None,
    };
    // What no page holds together is not held together.
    next.map(|next| between + next).filter(|&wanted| wanted + paragraph.pitch <= frame.height).unwrap_or(0.0)
}

/// The foot of a page.
pub(super) fn foot(number: usize, of: usize, form: &Form, fonts: &Fonts) -> Page {
    let frame = form.frame;
    match &form.foot {
        // The page's number between dashes, on the outer side of an open book.
        Foot::Office => {
            let size = 14.0;
            let text = format!("— {number} —");
            let wide = Label::width(&text, size, false, fonts);
            let x = if number % 2 == 1 { frame.left + frame.width - size - wide } else { frame.left + size };
            let baseline = frame.top + frame.height + 7.0 * MM;
            Page(vec![Item::Text(
                Placed { x, baseline, size, bold: false, stretch: 0.0, units: vec![text] },
                Colour::BLACK,
            )])
        }
        Foot::Line(text) => {
            let size = 7.5;
            let grey = Colour(90, 96, 100);
            let baseline = frame.top + frame.height + 6.0 * MM;
            let pages = format!("{number} / {of}");
            let wide = Label::width(&pages, size, false, fonts);
            let right = frame.left + frame.width;
            let y = baseline - size - 3.0;
            let place = |x, text: String| {
                Item::Text(Placed { x, baseline, size, bold: false, stretch: 0.0, units: vec![text] }, grey)
            };
            // The line has one height: what is longer stands whole on the first page, and is the file's own title.
            let room = frame.width - wide - 2.0 * size;
            let lines = lines_of(text, size, false, fonts, room, room);
            let first = lines.into_iter().next().unwrap_or_default();
            let text = first.units.into_iter().map(|unit| unit.text).collect();
            Page(vec![
                Item::Rule((frame.left, y, right, y), grey, 0.4),
                place(frame.left, text),
                place(right - wide, pages),
            ])
        }
    }
}

fn height(group: &[Paragraph], width: f32, fonts: &Fonts) -> f32 {
    group
        .iter()
        .map(|paragraph| {
            let lines = set(paragraph, width, fonts).len();
            // No paper has so many lines that a float could not count them.
            f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * paragraph.pitch
        })
        .sum()
}

/// The lines of a paragraph; an empty one has an empty line.
fn set(paragraph: &Paragraph, width: f32, fonts: &Fonts) -> Vec<Line> {
    let size = paragraph.size;
    let whole = width - (paragraph.indent.0 + paragraph.indent.1) * size;
    let first = whole - paragraph.first_indent * size;
    let lines = lines_of(&paragraph.text, size, paragraph.bold, fonts, whole, first);
    if lines.is_empty() { vec![Line::default()] } else { lines }
}

pub(super) fn lines_of(text: &str, size: f32, bold: bool, fonts: &Fonts, whole: f32, first: f32) -> Vec<Line> {
    let width = |c: char| fonts.shape(c, bold).map_or(0.0, |shape| shape.advance * size);
    fill(units(text, whole.min(first), width), |line| if line == 0 { first } else { whole })
}

/// A desk with a pile of pages; the last one is being written on.
pub(super) struct Desk<'a> {
    pub fonts: &'a Fonts,
    pub frame: Frame,
    pages: Vec<Page>,
    pub y: f32,
}

impl Desk<'_> {
    fn page(&mut self) -> &mut Page {
        if self.pages.is_empty() {
            self.pages.push(Page::default());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    pub(super) fn bottom(&self) -> f32 {
        self.frame.top + self.frame.height
    }

    pub(super) fn rule(&mut self, from_to: (f32, f32, f32, f32), (colour, width): (Colour, f32)) {
        self.page().0.push(Item::Rule(from_to, colour, width));
    }

    pub(super) fn area(&mut self, within: (f32, f32, f32, f32), colour: Colour) {
        self.page().0.push(Item::Area(within, colour));
    }

    pub(super) fn figure(&mut self, x: f32, y: f32, drawing: Drawing) {
        self.page().0.push(Item::Figure(x, y, drawing));
    }

    pub(super) fn turn(&mut self) {
        if !self.page().is_empty() {
            self.pages.push(Page::default());
        }
        self.y = self.frame.top;
    }

    /// Turns the page where so much height is not left, unless no page has it.
    fn need(&mut self, height: f32) {
        if self.y + height > self.bottom() + 0.5 && self.y > self.frame.top {
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
            let left = self.frame.left + paragraph.indent.0 * size;
            let whole = self.frame.width - (paragraph.indent.0 + paragraph.indent.1) * size;
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
            self.line(line, x, paragraph, stretch, Colour::BLACK);
            self.y += pitch;
        }
    }

    /// A line in the style of a paragraph.
    pub(super) fn line(&mut self, line: Line, x: f32, style: &Paragraph, stretch: f32, colour: Colour) {
        let (size, bold) = (style.size, style.bold);
        let baseline = self.y + style.pitch / 2.0 + BASELINE * size;
        let units: Vec<String> = line.units.into_iter().map(|unit| unit.text).collect();
        if !units.is_empty() {
            self.page().0.push(Item::Text(Placed { x, baseline, size, bold, stretch, units }, colour));
        }
    }

    /// Rows stay whole where a page can hold them; a higher one goes on with the next page.
    fn table(&mut self, table: &Table) {
        let (size, pitch) = (table.size, table.pitch);
        let edges: Vec<f32> = std::iter::once(0.0)
            .chain(table.columns.iter().scan(0.0, |sum, share| {
                *sum += share * self.frame.width;
                Some(*sum)
            }))
            .map(|x| self.frame.left + x)
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
            if height <= self.frame.height {
                self.need(height);
            }
            loop {
                let rest = tall(&columns);
                let height = (rest + 2.0 * PADDING).max(*least).min(self.bottom() - self.y);
                let room = height - 2.0 * PADDING;
                if room < pitch && rest > 0.0 && self.y > self.frame.top {
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
                let style = Paragraph { size, pitch, ..Paragraph::body("") };
                self.line(line, edge[0] + PADDING, &style, 0.0, Colour::BLACK);
                self.y += pitch;
            }
        }
        let bottom = top + height;
        let (first, last) = (edges.first().copied().unwrap_or_default(), edges.last().copied().unwrap_or_default());
        self.rule((first, top, last, top), PLAIN);
        self.rule((first, bottom, last, bottom), PLAIN);
        for &x in edges {
            self.rule((x, top, x, bottom), PLAIN);
        }
        self.y = bottom;
    }
}

/// The body's characters fill a line of 28.
const _: () = assert!(BODY_SIZE * 28.0 < Frame::OFFICE.width + 0.01 && BODY_SIZE * 28.5 > Frame::OFFICE.width);
