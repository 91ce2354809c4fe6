//! Zip archives from anybody. Entries are found by the names in them and unpacked into files without a name, so that a name
//! is never a path here; what all of them unpack to is bounded by what comes out, not by what the archive says.

use super::{invalid, listed, shown};
use crate::kernel::{Error, Kind, Result, Text};
use encoding_rs::GB18030;
use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::{NamedTempFile, SpooledTempFile};
use zip::ZipArchive;
use zip::result::ZipError;

/// Entries of an archive that are looked at.
const MAX_ENTRIES: usize = 10_000;
/// What the entries that are read may unpack to; a Shapefile itself can hold no more.
const MAX_UNPACKED: u64 = 2 << 30;
/// Up to here an unpacked entry stays in memory; beyond, on disk.
const IN_MEMORY: usize = 8 << 20;

/// Bytes that can be read from any place.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// An archive, opened.
pub struct Archive {
    zip: ZipArchive<Box<dyn ReadSeek>>,
    entries: Vec<Entry>,
    left: u64,
}

/// A file in an archive.
#[derive(Debug, Clone)]
pub struct Entry {
    index: usize,
    /// Folders and name, `/` between them.
    pub path: String,
}

impl Entry {
    /// The path without its ending.
    pub fn stem(&self) -> &str {
        self.split().0
    }

    /// Whether it ends so, in letters of either case.
    pub fn is(&self, ending: &str) -> bool {
        self.split().1.eq_ignore_ascii_case(ending)
    }

    fn split(&self) -> (&str, &str) {
        match self.path.rsplit_once('.') {
            Some((stem, ending)) if !ending.contains('/') => (stem, ending),
            _ => (&self.path, ""),
        }
    }
}

impl Archive {
    /// Reads the table of contents.
    ///
    /// # Errors
    /// `bad_zip`.
    pub fn open(bytes: Box<dyn ReadSeek>) -> Result<Archive> {
        let mut zip = ZipArchive::new(bytes).map_err(|cause| broken(&cause))?;
        if zip.len() > MAX_ENTRIES {
            return Err(invalid(
                "bad_zip",
                Text::new(
                    format!("压缩包内文件超过 {MAX_ENTRIES} 个。"),
                    format!("The archive holds more than {MAX_ENTRIES} files."),
                ),
            ));
        }
        let mut entries = Vec::new();
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(|cause| broken(&cause))?;
            let path = named(entry.name_raw());
            // What a Mac puts beside every file is none.
            let beside = path.split('/').any(|part| part == "__MACOSX" || part.starts_with("._"));
            if entry.is_file() && !beside && !path.ends_with('/') {
                entries.push(Entry { index, path });
            }
        }
        Ok(Archive { zip, entries, left: MAX_UNPACKED })
    }

    /// Its files.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Names of its files, for messages.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.entries.iter().map(|entry| entry.path.clone()).collect();
        listed(&names)
    }

    /// The first `most` bytes of a small file.
    ///
    /// # Errors
    /// `bad_zip`, `zip_encrypted`.
    pub fn head(&mut self, entry: &Entry, most: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let file = self.zip.by_index(entry.index).map_err(|cause| broken(&cause))?;
        file.take(most).read_to_end(&mut out).map_err(|cause| torn(entry, &cause))?;
        Ok(out)
    }

    /// A file, to be read from any place, at its beginning.
    ///
    /// # Errors
    /// `bad_zip`, `zip_encrypted`, `file_too_large`.
    pub fn unpack(&mut self, entry: &Entry) -> Result<SpooledTempFile> {
        let mut out = SpooledTempFile::new(IN_MEMORY);
        self.pour(entry, &mut out)?;
        out.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
        Ok(out)
    }

    /// A file on disk, under a name of ours.
    ///
    /// # Errors
    /// As [`Archive::unpack`].
    pub fn unpack_to_disk(&mut self, entry: &Entry) -> Result<NamedTempFile> {
        let mut out = NamedTempFile::new().map_err(Error::internal)?;
        self.pour(entry, &mut out)?;
        out.flush().map_err(Error::internal)?;
        Ok(out)
    }

    fn pour(&mut self, entry: &Entry, out: &mut dyn Write) -> Result<()> {
        let mut file = self.zip.by_index(entry.index).map_err(|cause| broken(&cause))?;
        let mut piece = vec![0; 1 << 16];
        loop {
            let n = match file.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(torn(entry, &cause)),
            };
            self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
                Error::new(
                    Kind::TooLarge,
                    "file_too_large",
                    Text::new(
                        format!("文件解压后超过 {MAX_UNPACKED} 字节。"),
                        format!("The file unpacks to more than {MAX_UNPACKED} bytes."),
                    ),
                )
            })?;
            out.write_all(&piece[..n]).map_err(Error::internal)?;
        }
    }
}

/// A name as it was meant: UTF-8, or what Chinese systems wrote before.
fn named(raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(raw).0.into_owned(),
    };
    name.replace('\\', "/")
}

fn broken(cause: &ZipError) -> Error {
    if matches!(cause, ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword) {
        return invalid(
            "zip_encrypted",
            Text::fixed("压缩包设有密码，请去掉密码后重新发送。", "The archive has a password; send it without one."),
        );
    }
    invalid(
        "bad_zip",
        Text::new(
            format!("压缩包已损坏或无法读取：{cause}。"),
            format!("The zip archive is damaged or cannot be read: {cause}."),
        ),
    )
}

fn torn(entry: &Entry, cause: &io::Error) -> Error {
    let name = shown(&entry.path);
    invalid(
        "bad_zip",
        Text::new(
            format!("压缩包内的 {name} 已损坏：{cause}。"),
            format!("`{name}` in the zip archive is damaged: {cause}."),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::write::SimpleFileOptions;

    fn archive(files: &[(&str, usize)]) -> Archive {
        let mut out = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, many) in files {
            out.start_file(*name, SimpleFileOptions::default()).expect("an entry");
            out.write_all(&vec![b'x'; *many]).expect("written");
        }
        Archive::open(Box::new(out.finish().expect("an archive"))).expect("opened")
    }

    #[test]
    fn what_all_entries_unpack_to_is_bounded_together() {
        let mut bomb = archive(&[("a.dbf", 600_000), ("a.shp", 600_000)]);
        bomb.left = 1_000_000;
        let [table, shapes] = [0, 1].map(|n| bomb.entries()[n].clone());
        assert_eq!(bomb.unpack(&table).expect("within bounds").seek(SeekFrom::End(0)).expect("a length"), 600_000);
        assert_eq!(bomb.unpack_to_disk(&shapes).map(drop).map_err(|error| error.code()), Err("file_too_large"));
        assert_eq!(bomb.head(&table, 10).expect("a head").len(), 10);
    }

    #[test]
    fn more_entries_than_any_file_has_are_refused() {
        let mut out = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for n in 0..=MAX_ENTRIES {
            out.start_file(n.to_string(), SimpleFileOptions::default()).expect("an entry");
        }
        let opened = Archive::open(Box::new(out.finish().expect("an archive")));
        assert_eq!(opened.map(drop).map_err(|error| error.code()), Err("bad_zip"));
    }

    #[test]
    fn endings_are_of_the_name_and_not_of_a_folder() {
        let archive = archive(&[("a.shp/readme", 1), ("x/PLAN.SHP", 1), ("__MACOSX/a.shp", 1), ("x/._a.shp", 1)]);
        let shapes: Vec<&str> = archive.entries().iter().filter(|entry| entry.is("shp")).map(Entry::stem).collect();
        assert_eq!((shapes, archive.entries().len()), (vec!["x/PLAN"], 2));
    }
}
