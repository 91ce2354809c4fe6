//! An answer on its way out: held back until it is complete or is too long to be kept, then written in a task of its own and
//! sent in chunks as fast as the client takes them.

use super::cache::{Content, KEPT};
use crate::kernel::{Error, Result};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Bytes of a chunk.
const CHUNK: usize = 64 << 10;
/// A client that takes nothing for this long gives its database connection back.
const PATIENCE: Duration = Duration::from_secs(60);

enum Message {
    /// The revision of an answer that is too long to be held back, and what was held back of it.
    Begin(i64, Bytes),
    Chunk(Bytes),
    End(Bytes),
    Failed(Error),
}

/// What an answer is written into.
pub(super) struct Outgoing {
    /// What was written and not sent.
    pub buffer: Vec<u8>,
    revision: i64,
    is_long: bool,
    sender: mpsc::Sender<Message>,
}

impl Outgoing {
    /// Says which revision the answer is of, before anything of it.
    pub fn begin(&mut self, revision: i64) {
        self.revision = revision;
    }

    /// Whether there is a chunk to be sent.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= if self.is_long { CHUNK } else { KEPT }
    }

    /// Sends what is there; `false` when the client has gone or does not take it.
    pub async fn flush(&mut self) -> bool {
        let chunk = Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + (CHUNK >> 2))));
        let began = std::mem::replace(&mut self.is_long, true);
        let message = if began { Message::Chunk(chunk) } else { Message::Begin(self.revision, chunk) };
        let sent = tokio::time::timeout(PATIENCE, self.sender.send(message)).await;
        matches!(sent, Ok(Ok(())))
    }
}

/// The revision and the content of what `write` writes. Dropped, it stops the writer.
///
/// # Errors
/// What fails while the answer is held back; later its body breaks off.
pub(super) async fn run(
    write: impl for<'a> FnOnce(&'a mut Outgoing) -> BoxFuture<'a, Result<()>> + Send + 'static,
) -> Result<(i64, Content)> {
    let (sender, mut receiver) = mpsc::channel(2);
    let mut writing = Box::pin(async move {
        let mut out =
            Outgoing { buffer: Vec::with_capacity(CHUNK + (CHUNK >> 2)), revision: 0, is_long: false, sender };
        let done = write(&mut out).await;
        let left = Bytes::from(out.buffer);
        if !out.is_long {
            return done.map(|()| Some((out.revision, left)));
        }
        // Nobody is there to be told when this fails.
        drop(out.sender.send(done.map_or_else(Message::Failed, |()| Message::End(left))).await);
        Ok(None)
    });
    // Most answers are short: they are written right here, which needs nobody to be woken for them.
    let (first, task) = tokio::select! {
        biased;
        written = &mut writing => match written? {
            Some((revision, whole)) => return Ok((revision, Content::Whole(whole))),
            None => (receiver.recv().await, None),
        },
        first = receiver.recv() => (first, Some(AbortOnDropHandle::new(tokio::spawn(writing)))),
    };
    let stopped = || Error::internal("the writer of an answer stopped without an end");
    let Some(Message::Begin(revision, held)) = first else { return Err(stopped()) };
    let rest = stream::unfold(Some((receiver, task)), move |state| async move {
        let (mut receiver, task) = state?;
        match receiver.recv().await {
            Some(Message::Begin(_, chunk) | Message::Chunk(chunk)) => Some((Ok(chunk), Some((receiver, task)))),
            Some(Message::End(chunk)) => Some((Ok(chunk), None)),
            Some(Message::Failed(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an answer broke off");
                Some((Err(error), None))
            }
            None => Some((Err(stopped()), None)),
        }
    });
    // Fused, because an encoder (gzip) asks once more after the end.
    Ok((revision, Content::Stream(stream::iter([Ok(held)]).chain(rest).fuse().boxed())))
}
