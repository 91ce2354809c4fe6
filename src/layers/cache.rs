//! Answers kept in memory under their entity tags. A tag says all that an answer's bytes follow from - the layer's revision,
//! what the caller sees, what was asked - so that an answer is either found under the tag of now or made; none is ever stale,
//! and nobody finds what is not theirs. Who asks for what is being made waits for it.

use crate::kernel::text::weighted;
use crate::kernel::{Error, Result};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use moka::future;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Bytes of an answer that is kept, at most; larger ones are streamed as they are read.
pub(super) const KEPT: usize = 2 << 20;
/// What nobody asked for is given up after so long: most of it is of revisions gone by.
const IDLE: Duration = Duration::from_secs(600);
/// What an entry costs beside its bytes.
const OVERHEAD: usize = 512;
/// Answers below this size are not worth an encoding.
const WORTH_ENCODING: usize = 512;
/// Answers above this size are encoded apart from the threads that answer.
const LONG_TO_ENCODE: usize = 128 << 10;

/// An entity tag: the same tag is the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tag([u8; 16]);

impl Tag {
    /// Of everything that an answer follows from.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Tag {
        let mut sha = Sha256::new();
        for part in parts {
            sha.update(part.len().to_be_bytes());
            sha.update(part);
        }
        let digest = sha.finalize();
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest[..16]);
        Tag(tag)
    }
}

/// As it stands in a header.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", hex::encode(self.0))
    }
}

/// How an answer's bytes may be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

impl Coding {
    const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

    /// As headers name it.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// The one that a client likes best of those it takes; `None` for plain bytes.
    pub fn accepted(header: &str) -> Option<Coding> {
        let weight = |coding: Coding| {
            let mut any = 0.0;
            for (name, q) in weighted(header) {
                let q = q.unwrap_or(0.0);
                if name.eq_ignore_ascii_case(coding.name()) {
                    return q;
                }
                if name == "*" {
                    any = q;
                }
            }
            any
        };
        let mut best: Option<(Coding, f32)> = None;
        for coding in Coding::ALL {
            let q = weight(coding);
            if q > best.map_or(0.0, |(_, best)| best) {
                best = Some((coding, q));
            }
        }
        best.map(|(coding, _)| coding)
    }

    fn pack(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut packed = Vec::with_capacity(bytes.len() / 3);
        match self {
            // Levels that cost about what reading the rows did, and leave little for higher ones to gain.
            Coding::Brotli => {
                brotli::CompressorReader::new(bytes, 4096, 4, 20).read_to_end(&mut packed)?;
            }
            Coding::Zstd => packed = zstd::bulk::compress(bytes, 3)?,
            Coding::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(packed, flate2::Compression::new(5));
                encoder.write_all(bytes)?;
                packed = encoder.finish()?;
            }
        }
        Ok(packed)
    }
}

/// An answer, complete.
pub(super) struct Entry {
    /// Its own: of the revision that its rows are of.
    pub tag: Tag,
    /// 200, or 204 where there is nothing to be seen.
    pub status: u16,
    pub media_type: &'static str,
    /// Whether it lacks what would have been too much.
    pub partial: bool,
    plain: Bytes,
    packed: [OnceLock<Bytes>; 3],
}

impl Entry {
    /// An answer under its tag.
    pub fn new(tag: Tag, status: u16, media_type: &'static str, plain: Bytes) -> Entry {
        Entry { tag, status, media_type, partial: false, plain, packed: Default::default() }
    }

    /// Its bytes as the client takes them, and how they are packed.
    ///
    /// # Errors
    /// When packing fails, which it does not for want of anything but memory.
    pub async fn bytes(self: &Arc<Entry>, coding: Option<Coding>) -> Result<(Bytes, Option<Coding>)> {
        let Some(coding) = coding.filter(|_| self.plain.len() >= WORTH_ENCODING) else {
            return Ok((self.plain.clone(), None));
        };
        if let Some(packed) = self.packed[coding as usize].get() {
            return Ok((packed.clone(), Some(coding)));
        }
        let packed = if self.plain.len() < LONG_TO_ENCODE {
            coding.pack(&self.plain)
        } else {
            let plain = self.plain.clone();
            tokio::task::spawn_blocking(move || coding.pack(&plain)).await.map_err(Error::internal)?
        };
        let packed = Bytes::from(packed.map_err(Error::internal)?);
        Ok((self.packed[coding as usize].get_or_init(|| packed).clone(), Some(coding)))
    }
}

/// What was made of a request.
pub(super) struct Made {
    /// The layer's revision that its rows are of.
    pub revision: i64,
    /// As of [`Entry`].
    pub status: u16,
    pub media_type: &'static str,
    pub content: Content,
}

/// The body of what was made.
pub(super) enum Content {
    /// All of it; it is kept.
    Whole(Bytes),
    /// As much of it as an answer may have, which is said; it is kept.
    Part(Bytes),
    /// More than is kept.
    Stream(BoxStream<'static, Result<Bytes>>),
}

impl Content {
    /// All of it, however long.
    ///
    /// # Errors
    /// When it breaks off.
    pub async fn whole(self) -> Result<Bytes> {
        match self {
            Content::Whole(bytes) | Content::Part(bytes) => Ok(bytes),
            Content::Stream(chunks) => {
                let joined = chunks.try_fold(BytesMut::new(), async |mut joined, chunk| {
                    joined.extend_from_slice(&chunk);
                    Ok(joined)
                });
                Ok(joined.await?.freeze())
            }
        }
    }
}

/// Answers by their tags.
pub(super) struct Cache {
    entries: Option<future::Cache<Tag, Arc<Entry>>>,
    /// What is being made now, and by how many.
    making: Mutex<HashMap<Tag, usize>>,
}

/// Why nothing was kept.
enum Unkept {
    Failed(Arc<Error>),
    TooLong,
}

impl Cache {
    /// One of so many bytes; 0 keeps nothing.
    pub fn new(bytes: u64) -> Cache {
        let weigh = |_: &Tag, entry: &Arc<Entry>| {
            // Packed forms come later; half of the plain bytes is what they come to.
            u32::try_from(entry.plain.len() + entry.plain.len() / 2 + OVERHEAD).unwrap_or(u32::MAX)
        };
        let entries =
            (bytes > 0).then(|| future::Cache::builder().max_capacity(bytes).weigher(weigh).time_to_idle(IDLE).build());
        Cache { entries, making: Mutex::default() }
    }

    /// What is kept under a tag.
    pub async fn get(&self, tag: &Tag) -> Option<Arc<Entry>> {
        self.entries.as_ref()?.get(tag).await
    }

    /// Says that something is about to be made under a tag; `None` when it is being made already or was made, so that what
    /// is found under the tag may be older than the one who asks.
    pub fn first(&self, tag: Tag) -> Option<Making<'_>> {
        let making = self.making(tag);
        let known = self.entries.as_ref().is_some_and(|entries| entries.contains_key(&tag));
        (making.before == 0 && !known).then_some(making)
    }

    /// Says that something is being made under a tag.
    pub fn making(&self, tag: Tag) -> Making<'_> {
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let count = making.entry(tag).or_default();
        *count += 1;
        Making { all: &self.making, tag, before: *count - 1 }
    }

    /// What is kept under a tag, else what `make` makes: by one of all who ask at once, and kept under the tag that it says.
    ///
    /// # Errors
    /// As `make`.
    pub async fn get_or_make<F>(
        &self,
        making: &Making<'_>,
        tag_at: impl Fn(i64) -> Tag,
        make: impl FnOnce() -> F,
    ) -> Result<Answer>
    where
        F: Future<Output = Result<Made>>,
    {
        let Some(entries) = &self.entries else { return answer(make().await?, tag_at) };
        let (mut make, mut streamed) = (Some(make), None);
        let kept = entries.try_get_with(making.tag, async {
            let Some(make) = make.take() else { return Err(Unkept::TooLong) };
            let made = make().await.map_err(|error| Unkept::Failed(Arc::new(error)))?;
            match answer(made, &tag_at) {
                Ok(Answer::Entry(entry)) => Ok(entry),
                Ok(stream) => {
                    streamed = Some(stream);
                    Err(Unkept::TooLong)
                }
                Err(error) => Err(Unkept::Failed(Arc::new(error))),
            }
        });
        match kept.await {
            Ok(entry) => {
                if entry.tag != making.tag {
                    entries.insert(entry.tag, Arc::clone(&entry)).await;
                }
                Ok(Answer::Entry(entry))
            }
            Err(unkept) => match (&*unkept, streamed, make) {
                (Unkept::Failed(error), ..) => Err(Arc::clone(error).into()),
                (Unkept::TooLong, Some(stream), _) => Ok(stream),
                // Somebody else's answer was too long to be shared.
                (Unkept::TooLong, None, Some(make)) => answer(make().await?, tag_at),
                (Unkept::TooLong, None, None) => Err(Error::internal("an answer was made and lost")),
            },
        }
    }
}

/// What a request is answered with.
pub(super) enum Answer {
    Entry(Arc<Entry>),
    Stream { tag: Tag, status: u16, media_type: &'static str, chunks: BoxStream<'static, Result<Bytes>> },
}

fn answer(made: Made, tag_at: impl Fn(i64) -> Tag) -> Result<Answer> {
    let Made { revision, status, media_type, content } = made;
    let tag = tag_at(revision);
    Ok(match content {
        Content::Whole(bytes) => Answer::Entry(Arc::new(Entry::new(tag, status, media_type, bytes))),
        Content::Part(bytes) => {
            Answer::Entry(Arc::new(Entry { partial: true, ..Entry::new(tag, status, media_type, bytes) }))
        }
        Content::Stream(chunks) => Answer::Stream { tag, status, media_type, chunks },
    })
}

/// Something that is being made, until it is dropped.
pub(super) struct Making<'a> {
    all: &'a Mutex<HashMap<Tag, usize>>,
    tag: Tag,
    before: usize,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.tag) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.tag);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Barrier;

    fn tag(text: &str) -> Tag {
        Tag::of([text])
    }

    fn made(revision: i64, text: &'static str) -> Made {
        let content = Content::Whole(Bytes::from_static(text.as_bytes()));
        Made { revision, status: 200, media_type: "text/plain", content }
    }

    async fn text(answer: Answer) -> String {
        let Answer::Entry(entry) = answer else { panic!("streamed") };
        String::from_utf8(entry.bytes(None).await.unwrap().0.to_vec()).unwrap()
    }

    #[test]
    fn the_coding_is_the_one_that_the_client_likes_best() {
        for (header, coding) in [
            ("", None),
            ("identity", None),
            ("gzip", Some(Coding::Gzip)),
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("gzip;q=1.0, br;q=0.5", Some(Coding::Gzip)),
            ("br;q=0, *", Some(Coding::Zstd)),
            ("*;q=0", None),
            ("GZIP; q=0.3", Some(Coding::Gzip)),
            ("br;q=nonsense", None),
        ] {
            assert_eq!(Coding::accepted(header), coding, "{header}");
        }
    }

    #[tokio::test]
    async fn packed_bytes_unpack_to_the_plain_ones() {
        let plain = Bytes::from("净土 registry ".repeat(2_000));
        let entry = Arc::new(Entry::new(tag("a"), 200, "text/plain", plain.clone()));
        for coding in Coding::ALL {
            let (packed, said) = entry.bytes(Some(coding)).await.unwrap();
            assert_eq!(said, Some(coding));
            let mut unpacked = Vec::new();
            match coding {
                Coding::Brotli => drop(brotli::Decompressor::new(&packed[..], 4096).read_to_end(&mut unpacked)),
                Coding::Zstd => unpacked = zstd::bulk::decompress(&packed, plain.len()).unwrap(),
                Coding::Gzip => drop(flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked)),
            }
            assert_eq!(unpacked, plain, "{coding:?}");
        }
    }

    #[tokio::test]
    async fn many_who_ask_at_once_are_answered_by_one() {
        let (cache, times, barrier) = (Cache::new(1 << 20), AtomicUsize::new(0), Barrier::new(32));
        let ask = || async {
            barrier.wait().await;
            let making = cache.making(tag("a"));
            let answer = cache.get_or_make(
                &making,
                |_| tag("a"),
                || async {
                    times.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok(made(1, "x"))
                },
            );
            text(answer.await.unwrap()).await
        };
        let all = futures_util::future::join_all((0..32).map(|_| ask())).await;
        assert!(all.iter().all(|text| text == "x"));
        assert_eq!(times.load(Ordering::SeqCst), 1);
        assert!(cache.making.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_made_of_a_newer_revision_is_found_under_its_own_tag() {
        let cache = Cache::new(1 << 20);
        let tag_at = |revision: i64| tag(&revision.to_string());
        let making = cache.first(tag_at(1)).unwrap();
        drop(cache.get_or_make(&making, tag_at, || async { Ok(made(2, "new")) }).await.unwrap());
        assert_eq!(cache.get(&tag_at(2)).await.unwrap().tag, tag_at(2));
        assert_eq!(cache.get(&tag_at(1)).await.unwrap().tag, tag_at(2));
    }

    #[tokio::test]
    async fn whoever_is_not_first_is_told_so() {
        let cache = Cache::new(1 << 20);
        let first = cache.first(tag("a")).unwrap();
        assert!(cache.first(tag("a")).is_none());
        assert!(cache.first(tag("b")).is_some());
        drop(cache.get_or_make(&first, |_| tag("a"), || async { Ok(made(1, "x")) }).await.unwrap());
        drop(first);
        assert!(cache.first(tag("a")).is_none(), "it is kept");
        let off = Cache::new(0);
        drop(off.first(tag("a")).unwrap());
        assert!(off.first(tag("a")).is_some());
    }

    #[tokio::test]
    async fn a_failure_is_everybodys_and_is_not_kept() {
        let cache = Cache::new(1 << 20);
        let making = cache.making(tag("a"));
        let failed = cache.get_or_make(&making, |_| tag("a"), || async { Err(Error::not_found("图", "map")) }).await;
        assert_eq!(failed.err().unwrap().code(), "not_found");
        let answer = cache.get_or_make(&making, |_| tag("a"), || async { Ok(made(1, "x")) }).await.unwrap();
        assert_eq!(text(answer).await, "x");
    }

    #[tokio::test]
    async fn what_is_too_long_is_streamed_to_each() {
        let cache = Cache::new(1 << 20);
        for _ in 0..2 {
            let making = cache.first(tag("a")).unwrap();
            let make = || async {
                Ok(Made { content: Content::Stream(futures_util::stream::empty().boxed()), ..made(1, "") })
            };
            let answer = cache.get_or_make(&making, |_| tag("a"), make).await.unwrap();
            assert!(matches!(answer, Answer::Stream { .. }));
        }
    }
}
