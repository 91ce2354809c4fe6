//! In what encoding a Shapefile's table is written. A `.cpg` says it, or one byte of the table's head; where neither does, or
//! where the byte says only that it was some western system's, the texts themselves are asked. What they leave open is
//! refused: a wrong encoding makes other words of them, which no one would see.

use super::{invalid, shown};
use crate::kernel::{Error, Result, Text};
use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257,
};

/// What a file says of its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stated {
    /// This one.
    Is(&'static Encoding),
    /// Nothing that could be relied on.
    Open,
}

/// The encoding of a name, as `.cpg` files and people write them: `UTF-8`, `GBK`, `936`, `CP936`, `ANSI 936`, `Big5`.
pub(super) fn named(label: &str) -> Option<&'static Encoding> {
    let label = label.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}').to_ascii_lowercase();
    let bare = label.replace(' ', "");
    let number = ["ansi", "cp", "windows-", "ms", "x-", "oem", "iso-", "iso"]
        .iter()
        .fold(bare.as_str(), |rest, prefix| rest.strip_prefix(prefix).unwrap_or(rest));
    let found = match number {
        "936" | "54936" | "20936" | "gb2312" | "gbk" | "gb18030" => Some(GBK),
        "950" | "big5" | "big-5" => Some(BIG5),
        "932" => Some(SHIFT_JIS),
        "949" | "51949" => Some(EUC_KR),
        "65001" | "utf8" | "utf-8" => Some(UTF_8),
        "866" => Some(IBM866),
        "874" => Some(WINDOWS_874),
        "1250" => Some(WINDOWS_1250),
        "1251" => Some(WINDOWS_1251),
        "1252" | "88591" | "8859-1" => Some(WINDOWS_1252),
        "1253" => Some(WINDOWS_1253),
        "1254" => Some(WINDOWS_1254),
        "1255" => Some(WINDOWS_1255),
        "1256" => Some(WINDOWS_1256),
        "1257" => Some(WINDOWS_1257),
        _ => number
            .strip_prefix("8859")
            .and_then(|part| Encoding::for_label(format!("iso-8859-{}", part.trim_start_matches('-')).as_bytes()))
            .or_else(|| Encoding::for_label(label.as_bytes())),
    };
    // Texts of two bytes a letter cannot stand between the blanks of a table.
    found.filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE && encoding.is_ascii_compatible())
}

/// What the language byte of a table's head says. Of western systems it says as much as nothing: programs put it there in
/// every country.
pub(super) fn of_language(byte: u8) -> Stated {
    Stated::Is(match byte {
        0x4d | 0x7a => GBK,
        0x4f | 0x78 => BIG5,
        0x13 | 0x7b => SHIFT_JIS,
        0x4e | 0x79 => EUC_KR,
        0x26 | 0x65 => IBM866,
        0x50 | 0x7c => WINDOWS_874,
        0xc8 => WINDOWS_1250,
        0xc9 => WINDOWS_1251,
        0xca => WINDOWS_1254,
        0xcb => WINDOWS_1253,
        0x7d => WINDOWS_1255,
        0x7e => WINDOWS_1256,
        0xcc => WINDOWS_1257,
        _ => return Stated::Open,
    })
}

/// Texts that are weighed for what they could be.
#[derive(Debug)]
pub(super) struct Weighing {
    utf8: bool,
    gbk: bool,
    /// Double bytes, and those of them among the 3,755 characters of everyday use.
    doubles: u64,
    everyday: u64,
    first: Option<Vec<u8>>,
}

impl Weighing {
    pub(super) fn new() -> Weighing {
        Weighing { utf8: true, gbk: true, doubles: 0, everyday: 0, first: None }
    }

    /// Puts a text on the scales; `full` says that it fills its place, so that its end may be cut.
    pub(super) fn add(&mut self, text: &[u8], full: bool) {
        if text.is_ascii() {
            return;
        }
        if self.first.is_none() {
            self.first = Some(text.to_vec());
        }
        self.utf8 = self.utf8 && decode(UTF_8, text, full).is_some();
        self.gbk = self.gbk && decode(GBK, text, full).is_some();
        let mut rest = text;
        while let [lead, tail @ ..] = rest {
            if lead.is_ascii() {
                rest = tail;
                continue;
            }
            let [trail, tail @ ..] = tail else { break };
            self.doubles += 1;
            self.everyday += u64::from((0xb0..=0xd7).contains(lead) && *trail >= 0xa1);
            rest = tail;
        }
    }

    /// What they are, and whether that is a guess worth telling.
    ///
    /// # Errors
    /// `encoding_unknown` where they could be several things.
    pub(super) fn settle(self) -> Result<(&'static Encoding, Option<Text>)> {
        let Some(first) = self.first else { return Ok((UTF_8, None)) };
        let found = if self.utf8 {
            UTF_8
        } else if self.gbk && self.everyday * 5 >= self.doubles * 4 {
            GBK
        } else {
            return Err(unknown(&first));
        };
        let (name, sample) = (found.name(), shown(&lossy(found, &first)));
        let told = Text::new(
            format!(
                "文件未声明可靠的文字编码，按 {name} 读取，例如“{sample}”；如不对，请附 .cpg 文件或在 mapping 中注明 \"#encoding\"。"
            ),
            format!(
                "The file does not say its encoding reliably; it was read as {name}, for instance `{sample}`. If that is \
                 wrong, add a .cpg or name it in the mapping as \"#encoding\"."
            ),
        );
        Ok((found, Some(told)))
    }
}

fn unknown(sample: &[u8]) -> Error {
    let as_gbk = shown(&lossy(GBK, sample));
    let as_big5 = shown(&lossy(BIG5, sample));
    let as_western = shown(&lossy(WINDOWS_1252, sample));
    invalid(
        "encoding_unknown",
        Text::new(
            format!(
                "无法确定属性表的文字编码：同一段文字按 GBK 是“{as_gbk}”，按 Big5 是“{as_big5}”，按 Windows-1252 是“{as_western}”。\
                 请附 .cpg 文件，或在 mapping 中注明 \"#encoding\": \"GBK\"。"
            ),
            format!(
                "The encoding of the table is not known: the same text is `{as_gbk}` in GBK, `{as_big5}` in Big5 and \
                 `{as_western}` in Windows-1252. Add a .cpg, or name it in the mapping: \"#encoding\": \"GBK\"."
            ),
        ),
    )
}

/// The error of a name that is no encoding's.
pub(super) fn no_such(label: &str) -> Error {
    Error::fault(
        "/mapping/#encoding",
        "encoding_unknown",
        Text::new(
            format!("没有文字编码“{}”，可写 UTF-8、GBK、GB18030、Big5。", shown(label)),
            format!("There is no encoding `{}`; UTF-8, GBK, GB18030 and Big5 are some.", shown(label)),
        ),
    )
}

/// A text decoded, and whether a cut character was left off its end: a place of so many bytes cuts where it ends (`full`).
/// `None` where it is not of this encoding.
pub(super) fn decode(encoding: &'static Encoding, bytes: &[u8], full: bool) -> Option<(String, bool)> {
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return Some((text.into_owned(), false));
    }
    if !full || encoding.is_single_byte() {
        return None;
    }
    (1..=3).filter(|cut| *cut < bytes.len()).find_map(|cut| {
        let (kept, rest) = bytes.split_at(bytes.len() - cut);
        let begun = match std::str::from_utf8(rest) {
            _ if encoding != UTF_8 => !rest[0].is_ascii(),
            Err(error) => error.error_len().is_none() && error.valid_up_to() == 0,
            Ok(_) => false,
        };
        let text = encoding.decode_without_bom_handling_and_without_replacement(kept).filter(|_| begun)?;
        Some((text.into_owned(), true))
    })
}

/// A text as it looks in an encoding, for messages.
pub(super) fn lossy(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_the_names_that_files_give_them() {
        for (label, encoding) in [
            ("UTF-8", Some(UTF_8)),
            ("\u{feff}utf8\r\n", Some(UTF_8)),
            ("65001", Some(UTF_8)),
            ("936", Some(GBK)),
            ("ANSI 936", Some(GBK)),
            ("cp936", Some(GBK)),
            ("GB2312", Some(GBK)),
            ("GB18030", Some(GBK)),
            ("OEM 936", Some(GBK)),
            ("Big5", Some(BIG5)),
            ("Big-5", Some(BIG5)),
            ("950", Some(BIG5)),
            ("ANSI 1250", Some(WINDOWS_1250)),
            ("ISO-8859-1", Some(WINDOWS_1252)),
            ("88591", Some(WINDOWS_1252)),
            ("ISO 8859-2", Some(encoding_rs::ISO_8859_2)),
            ("885915", Some(encoding_rs::ISO_8859_15)),
            ("shift_jis", Some(SHIFT_JIS)),
            ("UTF-16", None),
            ("<!DOCTYPE html>", None),
            ("", None),
        ] {
            assert_eq!(named(label), encoding, "{label}");
        }
    }

    fn weigh(texts: &[&[u8]]) -> std::result::Result<&'static str, &'static str> {
        let mut weighing = Weighing::new();
        texts.iter().for_each(|text| weighing.add(text, false));
        weighing.settle().map(|(encoding, _)| encoding.name()).map_err(|error| error.code())
    }

    #[test]
    fn texts_say_what_they_are_or_are_refused() {
        let gbk = |text: &str| GBK.encode(text).0.into_owned();
        let big5 = |text: &str| BIG5.encode(text).0.into_owned();
        assert_eq!(weigh(&[b"plain"]), Ok("UTF-8"));
        assert_eq!(weigh(&["阿拉善左旗".as_bytes(), b"x"]), Ok("UTF-8"));
        assert_eq!(weigh(&[&gbk("阿拉善左旗"), &gbk("建设用地地块")]), Ok("GBK"));
        assert_eq!(weigh(&[&big5("建設用地土壤污染"), &big5("臺中市")]), Err("encoding_unknown"));
        assert_eq!(weigh(&[b"Gr\xf6\xdfe", b"caf\xe9 cr\xe8me"]), Err("encoding_unknown"));
        assert_eq!(weigh(&[b"\xff\xff"]), Err("encoding_unknown"));
    }

    #[test]
    fn a_character_cut_by_the_end_of_its_place_is_left_off() {
        let text = "污染地块".as_bytes();
        assert_eq!(decode(UTF_8, &text[..10], true), Some(("污染地".to_owned(), true)));
        assert_eq!(decode(UTF_8, &text[..10], false), None);
        assert_eq!(decode(UTF_8, b"ab\xff", true), None);
        let gbk = GBK.encode("污染地块").0.into_owned();
        assert_eq!(decode(GBK, &gbk[..7], true), Some(("污染地".to_owned(), true)));
        assert_eq!(decode(GBK, &gbk, true), Some(("污染地块".to_owned(), false)));
    }
}
