//! Papers as PDF: A4 pages of Chinese text, laid out as an office's papers are (GB/T 9704: margins, 28 characters to the
//! line, page numbers between dashes on the outer side).
//!
//! A [`Sheet`] is data, made of [`Block`]s; [`write()`] turns it into PDF/A-2u. The same sheet and the same font files give the
//! same bytes: nothing of the machine, the hour or chance goes in. Nothing is cut off: what does not fit a line is wrapped,
//! what does not fit a page goes on with the next.
//!
//! [`write_as`] writes the same blocks in another [`Form`]: other margins, another foot, and a file attached, which makes it
//! PDF/A-3u. [`attachment()`] reads that file back.

mod attachment;
mod drawing;
mod fonts;
mod grid;
mod lines;
mod page;

pub use attachment::{Attachment, MOST_ATTACHED, attachment};
pub use drawing::{Anchor, Colour, Drawing, Hatch, Label, Outline, Pen, Shape, Spot};
pub use fonts::{FONT_PACKAGE, Fonts};
pub use grid::{Cell, Grid, Words};

use crate::kernel::{Day, Error, Result};
use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;

/// Points of a millimetre.
const MM: f32 = 72.0 / 25.4;

/// A4, points.
const PAGE: (f32, f32) = (210.0 * MM, 297.0 * MM);

/// A paper to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its title, in the file's metadata.
    pub title: String,
    /// Who issues it, in the file's metadata.
    pub author: String,
    /// Its number, in the file's metadata.
    pub number: String,
    /// The day on it, which is also the day of the file.
    pub day: Day,
    /// What is on it, in order.
    pub blocks: Vec<Block>,
}

/// A piece of a paper.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Paragraph),
    /// Paragraphs that are not parted by the end of a page; the paragraph before them stays with its last line on their
    /// page, so that no signature stands on a page alone.
    Together(Vec<Paragraph>),
    /// Empty height, points; none at the head of a page.
    Space(f32),
    /// A thin line across the page.
    Rule,
    /// A table with borders.
    Table(Table),
    /// A table of cells, its head repeated on every page.
    Grid(Grid),
    /// A drawing, on one page.
    Drawing(Drawing),
    /// What follows begins on a new page.
    NewPage,
}

/// A paragraph.
#[derive(Debug, Clone, PartialEq)]
pub struct Paragraph {
    /// Its text, without line breaks.
    pub text: String,
    /// Height of a character, points.
    pub size: f32,
    /// From one line to the next, points.
    pub pitch: f32,
    /// Bold, for titles and headings; its last line is not parted from the first of the paragraph after it.
    pub bold: bool,
    /// Where its lines stand.
    pub align: Align,
    /// Characters by which the first line is set in.
    pub first_indent: f32,
    /// Characters by which every line is set in, left and right.
    pub indent: (f32, f32),
}

/// Where lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// From edge to edge, save the last line of a paragraph.
    Justified,
    /// At the left edge.
    Left,
    /// In the middle.
    Centre,
    /// At the right edge.
    Right,
}

/// A table: every row has the same columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Widths of the columns, as shares of the text's width that add up to 1.
    pub columns: Vec<f32>,
    /// Height of a character, points.
    pub size: f32,
    /// From one line to the next, points.
    pub pitch: f32,
    /// The rows: a text per column, and the least height, points.
    pub rows: Vec<(Vec<String>, f32)>,
}

impl Paragraph {
    /// Body text of an office's paper: size 3 (三号), two characters set in, edge to edge.
    pub fn body(text: impl Into<String>) -> Paragraph {
        Paragraph {
            text: text.into(),
            size: BODY_SIZE,
            pitch: BODY_PITCH,
            bold: false,
            align: Align::Justified,
            first_indent: 2.0,
            indent: (0.0, 0.0),
        }
    }

    /// The title of a paper: size 2 (二号), bold, in the middle.
    pub fn title(text: impl Into<String>) -> Paragraph {
        Paragraph {
            size: 22.0,
            pitch: 35.0,
            bold: true,
            align: Align::Centre,
            first_indent: 0.0,
            ..Paragraph::body(text)
        }
    }

    /// Body text at the left edge, not set in: who is addressed.
    pub fn flush(text: impl Into<String>) -> Paragraph {
        Paragraph { first_indent: 0.0, ..Paragraph::body(text) }
    }

    /// Body text at an edge or in the middle.
    pub fn at(align: Align, text: impl Into<String>) -> Paragraph {
        Paragraph { align, first_indent: 0.0, ..Paragraph::body(text) }
    }
}

/// 三号, such that 28 characters fill a line.
pub const BODY_SIZE: f32 = 15.79;

/// 22 lines to the page.
pub const BODY_PITCH: f32 = 28.95;

/// Where the text of a page stands, points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// From the left edge of the paper.
    pub left: f32,
    /// From its head.
    pub top: f32,
    /// Width of the text.
    pub width: f32,
    /// Height of the text.
    pub height: f32,
}

impl Frame {
    /// Margins of GB/T 9704: head 37 mm, left 28 mm; the text is 156 mm by 225 mm.
    pub const OFFICE: Frame = Frame { left: 28.0 * MM, top: 37.0 * MM, width: 156.0 * MM, height: 225.0 * MM };

    /// Narrow margins, for papers that are mostly tables: 174 mm by 259 mm.
    pub const NARROW: Frame = Frame { left: 18.0 * MM, top: 17.0 * MM, width: 174.0 * MM, height: 259.0 * MM };
}

/// What stands at the foot of every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foot {
    /// The page's number between dashes, on the outer side.
    Office,
    /// A line of small type, and the page's number of how many. Of a text longer than a line only the first line is
    /// shown: nothing belongs here that is not on the pages as well.
    Line(String),
}

/// How a paper looks and what it carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Where the text stands.
    pub frame: Frame,
    /// What stands below it.
    pub foot: Foot,
    /// A file inside the file.
    pub attachment: Option<Attachment>,
}

impl Form {
    /// An office's paper.
    pub const OFFICE: Form = Form { frame: Frame::OFFICE, foot: Foot::Office, attachment: None };
}

/// Writes an office's paper.
///
/// # Errors
/// An internal error when the file cannot be made, a character that no PDF may hold among the causes.
pub fn write(sheet: &Sheet, fonts: &Fonts) -> Result<Vec<u8>> {
    write_as(sheet, &Form::OFFICE, fonts)
}

/// Writes a paper in a form: PDF/A-2u, or PDF/A-3u where it carries a file.
///
/// # Errors
/// An internal error when the file cannot be made.
pub fn write_as(sheet: &Sheet, form: &Form, fonts: &Fonts) -> Result<Vec<u8>> {
    let pages = page::lay_out(&sheet.blocks, form.frame, fonts);
    let level = if form.attachment.is_some() { Archival::A3_U } else { Archival::A2_U };
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(level)
        .finish()
        .map_err(|error| Error::internal(format!("PDF/A: {error:?}")))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, enable_tagging: false, ..SerializeSettings::default() });
    document.set_metadata(metadata(sheet));
    let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| Error::internal("A4 has no size"))?;
    for (at, page) in pages.iter().enumerate() {
        let mut opened = document.start_page_with(settings.clone());
        let mut surface = opened.surface();
        page.draw(&mut surface, fonts);
        page::foot(at + 1, pages.len(), form, fonts).draw(&mut surface, fonts);
        surface.finish();
        opened.finish();
    }
    if let Some(attachment) = &form.attachment {
        attachment.embed(&mut document, day_of(sheet))?;
    }
    document.finish().map_err(|error| Error::internal(format!("the PDF cannot be written: {error:?}")))
}

/// The sheet's day as the file's.
fn day_of(sheet: &Sheet) -> DateTime {
    let part = |n: u32| u8::try_from(n).unwrap_or(1);
    DateTime::new(u16::try_from(sheet.day.year()).unwrap_or_default())
        .month(part(sheet.day.month()))
        .day(part(sheet.day.day()))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(8)
        .utc_offset_minute(0)
}

fn metadata(sheet: &Sheet) -> Metadata {
    Metadata::new()
        .title(sheet.title.clone())
        .description(sheet.number.clone())
        .authors(vec![sheet.author.clone()])
        .language("zh-CN".to_owned())
        .creator("Jingtu 净土".to_owned())
        .creation_date(day_of(sheet))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fonts() -> Option<Fonts> {
        let found = Fonts::find(None).ok();
        if found.is_none() {
            println!("skipped: this machine has no Chinese font");
        }
        found
    }

    fn sheet(blocks: Vec<Block>) -> Sheet {
        Sheet {
            title: "通知书".to_owned(),
            author: "某局".to_owned(),
            number: "1".to_owned(),
            day: Day::of(2026, 11, 21),
            blocks,
        }
    }

    #[test]
    fn the_same_sheet_gives_the_same_bytes_and_another_one_others() {
        let Some(fonts) = fonts() else { return };
        let one = sheet(vec![
            Block::Paragraph(Paragraph::title("土壤环境初步调查通知书")),
            Block::Paragraph(Paragraph::body("正文。".repeat(400))),
        ]);
        let first = write(&one, &fonts).expect("a file");
        assert!(first.starts_with(b"%PDF-1.7"));
        assert_eq!(first, write(&one, &fonts).expect("a file"));
        let again = Fonts::find(None).expect("fonts");
        assert_eq!(first, write(&one, &again).expect("a file"), "by fonts read again");
        let other = Sheet { day: Day::of(2026, 11, 22), ..one };
        assert_ne!(first, write(&other, &fonts).expect("a file"));
    }

    #[test]
    fn no_character_makes_it_fail() {
        let Some(fonts) = fonts() else { return };
        let text = "𠮷龘㐂ᠮᠣᠩᠭᠣᠯ مرحبا 한글 😀 e\u{301} 葛\u{e0100} \u{200b}\u{feff}\u{ad}\u{e000}\u{10ffff}\t";
        let one = sheet(vec![Block::Paragraph(Paragraph::body(text.repeat(30)))]);
        write(&one, &fonts).expect("a file");
    }

    #[test]
    fn a_sheet_of_nothing_is_a_page() {
        let Some(fonts) = fonts() else { return };
        write(&sheet(Vec::new()), &fonts).expect("a file");
    }
}
