//! Tables whose head returns on every page, whose cells wrap whatever is in them, and whose rows go on with the next page
//! where one cannot hold them.

use super::drawing::{Colour, Drawing};
use super::lines::Line;
use super::page::{Desk, lines_of};
use super::{Align, Fonts, Paragraph};

/// Room between a cell's border and what is in it.
const PADDING: f32 = 3.0;

/// A table of cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Widths of the columns, as shares of the text's width that add up to 1.
    pub columns: Vec<f32>,
    /// The first row, repeated at the head of every page that the table goes on to; none when empty.
    pub head: Vec<Cell>,
    /// The rows, a cell per column.
    pub rows: Vec<Vec<Cell>>,
    /// Colour and width of the borders.
    pub border: (Colour, f32),
}

/// A cell: texts one below the other, and below them a drawing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// The texts, each beginning on a line of its own.
    pub words: Vec<Words>,
    /// A drawing that the row is high enough for.
    pub figure: Option<Drawing>,
    /// Colour of the ground.
    pub ground: Option<Colour>,
}

/// A text in a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// The text; a line break begins a new line.
    pub text: String,
    /// Height of a character, points. From line to line it is a third more.
    pub size: f32,
    /// Bold.
    pub bold: bool,
    /// Colour.
    pub colour: Colour,
    /// Where its lines stand.
    pub align: Align,
}

impl Words {
    /// Black text at the left edge.
    pub fn new(text: impl Into<String>, size: f32) -> Words {
        Words { text: text.into(), size, bold: false, colour: Colour::BLACK, align: Align::Left }
    }

    /// The same, bold.
    #[must_use]
    pub fn bold(self) -> Words {
        Words { bold: true, ..self }
    }

    /// The same, in a colour.
    #[must_use]
    pub fn coloured(self, colour: Colour) -> Words {
        Words { colour, ..self }
    }

    /// The same, at an edge or in the middle.
    #[must_use]
    pub fn at(self, align: Align) -> Words {
        Words { align, ..self }
    }
}

impl Cell {
    /// A cell of texts; empty ones are left out.
    pub fn of(words: impl IntoIterator<Item = Words>) -> Cell {
        Cell { words: words.into_iter().filter(|words| !words.text.is_empty()).collect(), ..Cell::default() }
    }

    /// A cell of a drawing.
    pub fn figure(figure: Drawing) -> Cell {
        Cell { figure: Some(figure), ..Cell::default() }
    }

    /// The same on a ground.
    #[must_use]
    pub fn on(self, ground: Colour) -> Cell {
        Cell { ground: Some(ground), ..self }
    }
}

impl Grid {
    /// A table without a head.
    pub fn plain(columns: Vec<f32>, rows: Vec<Vec<Cell>>) -> Grid {
        Grid { columns, head: Vec::new(), rows, border: (Colour(120, 126, 130), 0.5) }
    }

    /// Names and what they stand for, in two columns: names on a light ground.
    pub fn pairs(share: f32, rows: Vec<(Cell, Cell)>) -> Grid {
        let ground = Colour(240, 243, 244);
        Grid::plain(
            vec![share, 1.0 - share],
            rows.into_iter().map(|(name, value)| vec![name.on(ground), value]).collect(),
        )
    }

    /// A box of one cell with a border of its own colour.
    pub fn boxed(cell: Cell, border: Colour) -> Grid {
        Grid { border: (border, 1.4), ..Grid::plain(vec![1.0], vec![vec![cell]]) }
    }

    /// Height of the head and the first row, which stay together; points.
    pub(super) fn beginning(&self, width: f32, fonts: &Fonts) -> f32 {
        let height = |cells: &[Cell]| self.lay(cells, width, fonts).height();
        let head = if self.head.is_empty() { 0.0 } else { height(&self.head) };
        head + self.rows.first().map_or(0.0, |cells| height(cells))
    }

    fn edges(&self, width: f32) -> Vec<f32> {
        std::iter::once(0.0)
            .chain(self.columns.iter().scan(0.0, |sum, share| {
                *sum += share * width;
                Some(*sum)
            }))
            .collect()
    }

    fn lay(&self, cells: &[Cell], width: f32, fonts: &Fonts) -> Row {
        let edges = self.edges(width);
        let cells = edges
            .windows(2)
            .zip(cells)
            .map(|(edge, cell)| {
                let room = edge[1] - edge[0] - 2.0 * PADDING;
                let lines = cell.words.iter().flat_map(|words| {
                    words
                        .text
                        .split('\n')
                        .flat_map(|part| lines_of(part, words.size, words.bold, fonts, room, room))
                        .map(|line| Laid {
                            line,
                            size: words.size,
                            pitch: words.size * 1.34,
                            bold: words.bold,
                            colour: words.colour,
                            align: words.align,
                        })
                        .collect::<Vec<_>>()
                });
                LaidCell { lines: lines.collect(), next: 0, figure: cell.figure.clone(), ground: cell.ground }
            })
            .collect();
        Row { cells }
    }
}

struct Laid {
    line: Line,
    size: f32,
    pitch: f32,
    bold: bool,
    colour: Colour,
    align: Align,
}

struct LaidCell {
    lines: Vec<Laid>,
    /// The first line that was not drawn yet.
    next: usize,
    figure: Option<Drawing>,
    ground: Option<Colour>,
}

impl LaidCell {
    fn height(&self) -> f32 {
        self.text_height() + self.figure.as_ref().map_or(0.0, |figure| figure.height)
    }

    fn text_height(&self) -> f32 {
        self.lines[self.next..].iter().map(|line| line.pitch).sum()
    }

    fn is_done(&self) -> bool {
        self.next >= self.lines.len() && self.figure.is_none()
    }
}

struct Row {
    cells: Vec<LaidCell>,
}

impl Row {
    fn height(&self) -> f32 {
        self.cells.iter().map(LaidCell::height).fold(0.0, f32::max) + 2.0 * PADDING
    }

    fn is_done(&self) -> bool {
        self.cells.iter().all(LaidCell::is_done)
    }

    /// Height of what comes first in any cell: with less room nothing is begun.
    fn least(&self) -> f32 {
        let first = |cell: &LaidCell| match cell.lines.get(cell.next) {
            Some(line) => line.pitch,
            None => cell.figure.as_ref().map_or(0.0, |figure| figure.height),
        };
        self.cells.iter().map(first).fold(0.0, f32::max) + 2.0 * PADDING
    }
}

impl Desk<'_> {
    /// A row stays whole where a page can hold it; a higher one is begun where it stands and goes on with the next page.
    pub(super) fn grid(&mut self, grid: &Grid) {
        let width = self.frame.width;
        let head = if grid.head.is_empty() { 0.0 } else { grid.lay(&grid.head, width, self.fonts).height() };
        let body = self.frame.height - head;
        let mut headed = false;
        for cells in &grid.rows {
            let mut row = grid.lay(cells, width, self.fonts);
            let before = if headed { 0.0 } else { head };
            let whole = row.height() <= body;
            let wanted = if whole { row.height() } else { row.least() };
            if self.y + before + wanted > self.bottom() + 0.5 && self.y > self.frame.top {
                self.turn();
                headed = false;
            }
            loop {
                if !headed && !grid.head.is_empty() {
                    let mut first = grid.lay(&grid.head, width, self.fonts);
                    let room = first.height();
                    self.slice(grid, &mut first, room);
                }
                headed = true;
                let room = row.height().min(self.bottom() - self.y);
                self.slice(grid, &mut row, room);
                if row.is_done() {
                    break;
                }
                self.turn();
                headed = false;
            }
        }
    }

    /// Draws as much of a row as the height holds, and at least something of it on an empty page.
    fn slice(&mut self, grid: &Grid, row: &mut Row, height: f32) {
        let edges: Vec<f32> = grid.edges(self.frame.width).into_iter().map(|x| x + self.frame.left).collect();
        let top = self.y;
        let room = height - 2.0 * PADDING;
        let bottom = top + height;
        for (edge, cell) in edges.windows(2).zip(&row.cells) {
            if let Some(ground) = cell.ground {
                self.area((edge[0], top, edge[1], bottom), ground);
            }
        }
        for (edge, cell) in edges.windows(2).zip(&mut row.cells) {
            let wide = edge[1] - edge[0] - 2.0 * PADDING;
            let mut y = top + PADDING;
            let mut used = 0.0;
            while let Some(laid) = cell.lines.get_mut(cell.next) {
                if used + laid.pitch > room + 0.5 && used > 0.0 {
                    break;
                }
                let spare = (wide - laid.line.width).max(0.0);
                let x = edge[0]
                    + PADDING
                    + match laid.align {
                        Align::Centre => spare / 2.0,
                        Align::Right => spare,
                        Align::Left | Align::Justified => 0.0,
                    };
                let paragraph =
                    Paragraph { size: laid.size, pitch: laid.pitch, bold: laid.bold, ..Paragraph::body("") };
                let (line, pitch, colour) = (std::mem::take(&mut laid.line), laid.pitch, laid.colour);
                self.y = y;
                self.line(line, x, &paragraph, 0.0, colour);
                y += pitch;
                used += pitch;
                cell.next += 1;
            }
            if cell.next >= cell.lines.len()
                && let Some(figure) = cell.figure.take_if(|figure| used + figure.height <= room + 0.5 || used <= 0.0)
            {
                let x = edge[0] + PADDING + ((wide - figure.width) / 2.0).max(0.0);
                self.figure(x, y, figure);
            }
        }
        let pen = grid.border;
        let (first, last) = (edges.first().copied().unwrap_or_default(), edges.last().copied().unwrap_or_default());
        self.rule((first, top, last, top), pen);
        self.rule((first, bottom, last, bottom), pen);
        for &x in &edges {
            self.rule((x, top, x, bottom), pen);
        }
        self.y = bottom;
    }
}
