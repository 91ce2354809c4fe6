//! The fonts that papers are written with: found on the machine, never shipped.

use crate::kernel::{Error, Kind, Result, Text};
use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::string::StringId;
use skrifa::{FontRef, MetadataProvider};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// Where distributions put the fonts, the ones wanted most first: Song (宋体) as offices write, else sans serif. Each with
/// the bold face beside it.
const USUAL: &[(&str, &str)] = &[
    ("opentype/noto/NotoSerifCJK-Regular.ttc", "opentype/noto/NotoSerifCJK-Bold.ttc"),
    ("noto-cjk/NotoSerifCJK-Regular.ttc", "noto-cjk/NotoSerifCJK-Bold.ttc"),
    ("google-noto-serif-cjk-fonts/NotoSerifCJK-Regular.ttc", "google-noto-serif-cjk-fonts/NotoSerifCJK-Bold.ttc"),
    ("opentype/noto/NotoSansCJK-Regular.ttc", "opentype/noto/NotoSansCJK-Bold.ttc"),
    ("noto-cjk/NotoSansCJK-Regular.ttc", "noto-cjk/NotoSansCJK-Bold.ttc"),
    ("google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", "google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc"),
    ("truetype/wqy/wqy-microhei.ttc", "truetype/wqy/wqy-microhei.ttc"),
];

/// Folders that those lie in.
const FOLDERS: &[&str] = &["/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts"];

/// What a font must have to be one for Chinese papers.
const PROOF: &str = "土壤污染（通知）。〔2026〕";

/// What mends the lack of a font on Debian and its kin.
pub const FONT_PACKAGE: &str = "apt-get install fonts-noto-cjk";

/// A regular face, a bold one where there is one, and others for characters that these lack. Cheap to clone.
#[derive(Clone)]
pub struct Fonts(Arc<Kept>);

struct Kept {
    faces: Vec<Face>,
    /// Shapes that were asked for, by character and weight: a paper of a hundred pages asks for few different ones.
    shapes: RwLock<HashMap<(char, bool), Option<Shape>>>,
}

struct Face {
    path: PathBuf,
    bytes: Arc<Vec<u8>>,
    index: u32,
    font: Font,
    bold: bool,
}

/// A character's shape: which face, which glyph of it, and its width as a share of the character's height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub face: usize,
    pub glyph: u32,
    pub advance: f32,
}

impl Fonts {
    /// Reads the fonts: the file named in the configuration, else the first of the usual ones.
    ///
    /// # Errors
    /// `font_missing` (503) when there is none, or the one named cannot be read or has no Chinese.
    pub fn find(named: Option<&Path>) -> Result<Fonts> {
        if let Some(path) = named {
            let face = read(path, false).ok_or_else(|| {
                missing(Text::new(
                    format!("配置 cjk_font 所指的字体 {} 无法读取，或不含中文。", path.display()),
                    format!(
                        "The font {} that cjk_font names cannot be read, or has no Chinese characters.",
                        path.display()
                    ),
                ))
            })?;
            let bold = bold_beside(path).and_then(|bold| read(&bold, true));
            return Ok(Fonts::of([Some(face), bold].into_iter().flatten().collect()));
        }
        let usual = || {
            let found = |(regular, bold): &(&str, &str)| {
                FOLDERS.iter().map(Path::new).find_map(|folder| {
                    let regular = read(&folder.join(regular), false)?;
                    let bold = read(&folder.join(bold), true);
                    Some([Some(regular), bold].into_iter().flatten().collect::<Vec<_>>())
                })
            };
            USUAL.iter().find_map(found)
        };
        usual().map(Fonts::of).ok_or_else(|| {
            missing(Text::new(
                format!("服务器上没有中文字体，不能生成 PDF。请管理员安装字体（{FONT_PACKAGE}），或在配置 cjk_font 中指明字体文件。"),
                format!(
                    "There is no Chinese font on the server, so no PDF can be made. The administrator installs one ({FONT_PACKAGE}) \
                     or names a font file in the setting cjk_font."
                ),
            ))
        })
    }

    fn of(faces: Vec<Face>) -> Fonts {
        Fonts(Arc::new(Kept { faces, shapes: RwLock::default() }))
    }

    /// The files in use, for reports.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.faces.iter().map(|face| face.path.as_path())
    }

    pub(super) fn font(&self, face: usize) -> Option<&Font> {
        self.0.faces.get(face).map(|face| &face.font)
    }

    /// The shape of a character: of the style wanted, else of any face that has it, else the mark that printers set for a
    /// missing type (〓). A character without width and shape of its own, such as a variation selector, has none.
    pub(super) fn shape(&self, c: char, bold: bool) -> Option<Shape> {
        let kept = self.0.shapes.read().unwrap_or_else(PoisonError::into_inner).get(&(c, bold)).copied();
        kept.unwrap_or_else(|| {
            let found = self.find_shape(c, bold);
            self.0.shapes.write().unwrap_or_else(PoisonError::into_inner).insert((c, bold), found);
            found
        })
    }

    fn find_shape(&self, c: char, bold: bool) -> Option<Shape> {
        if is_invisible(c) {
            return None;
        }
        let c = if c.is_control() || c == '\u{a0}' { ' ' } else { c };
        self.seek(c, bold).or_else(|| self.seek('〓', bold))
    }

    fn seek(&self, c: char, bold: bool) -> Option<Shape> {
        let in_style = self.0.faces.iter().enumerate().filter(|(_, face)| face.bold == bold);
        let in_other = self.0.faces.iter().enumerate().filter(|(_, face)| face.bold != bold);
        in_style.chain(in_other).find_map(|(at, face)| {
            let font = FontRef::from_index(&face.bytes, face.index).ok()?;
            let glyph = font.charmap().map(c).filter(|glyph| glyph.to_u32() != 0)?;
            let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
            Some(Shape { face: at, glyph: glyph.to_u32(), advance: metrics.advance_width(glyph)? })
        })
    }
}

/// Joiners, selectors and marks of direction: they change how others look, and are nothing themselves.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180f}')
}

/// A face of a file: of a collection the one for simplified Chinese.
fn read(path: &Path, bold: bool) -> Option<Face> {
    let bytes = Arc::new(std::fs::read(path).ok()?);
    let index = simplified(&bytes)?;
    let has_chinese = {
        let font = FontRef::from_index(&bytes, index).ok()?;
        PROOF.chars().all(|c| font.charmap().map(c).is_some_and(|glyph| glyph.to_u32() != 0))
    };
    let font = Font::new(bytes.clone().into(), index)?;
    has_chinese.then(|| Face { path: path.to_owned(), bytes, index, font, bold })
}

/// The index of the face whose family name says SC; the first where none does.
fn simplified(bytes: &[u8]) -> Option<u32> {
    FontRef::from_index(bytes, 0).ok()?;
    let named = (0..32).map_while(|index| FontRef::from_index(bytes, index).ok().map(|font| (index, font))).find(
        |(_, font)| {
            font.localized_strings(StringId::FAMILY_NAME).any(|name| name.chars().collect::<String>().ends_with(" SC"))
        },
    );
    Some(named.map_or(0, |(index, _)| index))
}

/// `X-Regular.ttc` has `X-Bold.ttc` beside it.
fn bold_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let bold = name.replace("Regular", "Bold");
    (bold != name).then(|| path.with_file_name(bold))
}

fn missing(detail: Text) -> Error {
    Error::new(Kind::Unavailable, "font_missing", detail).retry_after(3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_font_that_is_not_there_is_said_in_both_languages() {
        let Err(error) = Fonts::find(Some(Path::new("/nowhere/Song.ttf"))) else { panic!("found") };
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "font_missing"));
        assert!(error.detail().zh.contains("/nowhere/Song.ttf") && error.detail().en.contains("/nowhere/Song.ttf"));
    }

    #[test]
    fn selectors_and_joiners_have_no_shape() {
        for c in ['\u{e0100}', '\u{200d}', '\u{feff}'] {
            assert!(is_invisible(c));
        }
        assert!(!is_invisible('　') && !is_invisible('—') && !is_invisible('…'));
    }
}
