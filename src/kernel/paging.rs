//! Keyset paging: a cursor says after which row to go on, and is bound to the filters it was made with.

use super::{Error, Result, Text};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::str::FromStr;

/// Rows of a page when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 100;
/// Rows of a page at most; more is clamped, not refused, because clients hard-code large pages.
pub const MAX_LIMIT: u32 = 10_000;

/// The number of rows to give for what the caller asked.
///
/// # Errors
/// `bad_parameter` for zero.
pub fn limit(asked: Option<u32>) -> Result<u32> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(0) => Err(Error::bad_parameter("limit", Text::fixed("至少为 1。", "must be at least 1."))),
        Some(n) => Ok(n.min(MAX_LIMIT)),
    }
}

/// A cursor as it goes over the wire: the key of the last row seen, and a digest of the filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor;

impl Cursor {
    /// Writes the cursor for the row with this key under these filters (any stable text of them).
    pub fn write(key: &str, filters: &str) -> String {
        let mut bytes = digest(filters).to_vec();
        bytes.extend_from_slice(key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor back to the key. The digest is no secret: whoever knows the filters can write a cursor with any
    /// key, so that one which cannot be read is the sender's fault too, [`Cursor::refused`].
    ///
    /// # Errors
    /// `bad_cursor` when it is not one of ours, or was made with other filters.
    pub fn read(cursor: &str, filters: &str) -> Result<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Cursor::refused())?;
        let (mark, key) = bytes.split_at_checked(8).ok_or_else(Cursor::refused)?;
        // PostgreSQL's texts hold no NUL.
        if mark != digest(filters) || key.contains(&0) {
            return Err(Cursor::refused());
        }
        String::from_utf8(key.to_vec()).map_err(|_| Cursor::refused())
    }

    /// As [`Cursor::read`], of a cursor that a caller may have sent, and whose key is what `K` reads.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub fn key<K: FromStr>(cursor: Option<&str>, filters: &str) -> Result<Option<K>> {
        let Some(cursor) = cursor else { return Ok(None) };
        Cursor::read(cursor, filters)?.parse().map(Some).map_err(|_| Cursor::refused())
    }

    /// Leaves at most `limit` of the rows read, of which one more was asked of the database; gives the cursor behind the last
    /// of them where there is more. `key` gives what the list is ordered by.
    pub fn behind<T>(rows: &mut Vec<T>, limit: u32, filters: &str, key: impl Fn(&T) -> String) -> Option<String> {
        let limit = limit as usize;
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        rows.last().map(|last| Cursor::write(&key(last), filters))
    }

    /// `bad_cursor`: what is said of a cursor that leads nowhere.
    pub fn refused() -> Error {
        Error::new(
            super::Kind::Malformed,
            "bad_cursor",
            Text::fixed(
                "分页游标无效，或与当前筛选条件不一致。请从第一页重新开始。",
                "The cursor is not valid for these filters; start again from the first page.",
            ),
        )
    }
}

fn digest(filters: &str) -> [u8; 8] {
    let full = Sha256::digest(filters.as_bytes());
    let mut short = [0; 8];
    short.copy_from_slice(&full[..8]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_filters() {
        let cursor = Cursor::write("019", "stage=suspected");
        assert_eq!(Cursor::read(&cursor, "stage=suspected").ok().as_deref(), Some("019"));
        for (text, filters) in [(cursor.as_str(), "stage=candidate"), ("???", "stage=suspected"), ("AAAA", "")] {
            assert_eq!(Cursor::read(text, filters).map_err(|e| e.code().to_owned()), Err("bad_cursor".to_owned()));
        }
        assert!(Cursor::read(&Cursor::write("0\u{0}1", ""), "").is_err_and(|error| error.code() == "bad_cursor"));
    }

    #[test]
    fn a_key_is_what_its_cursor_was_written_with_or_refused() {
        let key = |cursor: Option<&str>| Cursor::key::<i32>(cursor, "f").map_err(|error| error.code().to_owned());
        assert_eq!(key(None), Ok(None));
        assert_eq!(key(Some(&Cursor::write("17", "f"))), Ok(Some(17)));
        for cursor in [Cursor::write("17", "g"), Cursor::write("x", "f"), "???".to_owned()] {
            assert_eq!(key(Some(&cursor)), Err("bad_cursor".to_owned()));
        }
    }

    #[test]
    fn a_page_has_a_cursor_behind_it_where_there_is_more() {
        let page = |rows: usize| {
            let mut rows: Vec<usize> = (1..=rows).collect();
            let behind = Cursor::behind(&mut rows, 2, "f", ToString::to_string);
            (rows, behind)
        };
        assert_eq!(page(0), (vec![], None));
        assert_eq!(page(2), (vec![1, 2], None));
        assert_eq!(page(3), (vec![1, 2], Some(Cursor::write("2", "f"))));
    }
}
