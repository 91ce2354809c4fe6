//! An answer on its way out: written in a task of its own, held back until it is complete or is too long to be kept, then
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
    Begin(i64),
    Chunk(Bytes),
    End(Bytes),
    Failed(Error),
}

/// What an answer is written into.
pub(super) struct Outgoing {
    /// What was written and not sent.
    pub buffer: Vec<u8>,
    sender: mpsc::Sender<Message>,
}

impl Outgoing {
    /// Says which revision the answer is of, before anything of it.
    pub async fn begin(&self, revision: i64) {
        // Whoever has gone is noticed by the first chunk.
        drop(self.sender.send(Message::Begin(revision)).await);
    }

    /// Whether there is a chunk to be sent.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= CHUNK
    }

    /// Sends what is there; `false` when the client has gone or does not take it.
    pub async fn flush(&mut self) -> bool {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + (CHUNK >> 2)));
        let sent = tokio::time::timeout(PATIENCE, self.sender.send(Message::Chunk(Bytes::from(chunk)))).await;
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
    let (sender, receiver) = mpsc::channel(2);
    let task = AbortOnDropHandle::new(tokio::spawn(async move {
        let mut out = Outgoing { buffer: Vec::with_capacity(CHUNK + (CHUNK >> 2)), sender };
        let last = match write(&mut out).await {
            Ok(()) => Message::End(Bytes::from(std::mem::take(&mut out.buffer))),
            Err(error) => Message::Failed(error),
        };
        // Nobody is there to be told when this fails.
        drop(out.sender.send(last).await);
    }));
    written(receiver, task).await
}

async fn written(mut receiver: mpsc::Receiver<Message>, task: AbortOnDropHandle<()>) -> Result<(i64, Content)> {
    let (mut head, mut held, mut revision) = (Vec::new(), 0, 0);
    while held < KEPT {
        match receiver.recv().await {
            Some(Message::Begin(seq)) => revision = seq,
            Some(Message::Chunk(chunk)) => {
                held += chunk.len();
                head.push(chunk);
            }
            Some(Message::End(chunk)) => {
                head.push(chunk);
                return Ok((revision, Content::Whole(Bytes::from(head.concat()))));
            }
            Some(Message::Failed(error)) => return Err(error),
            None => return Err(Error::internal("the writer of an answer stopped without an end")),
        }
    }
    let rest = stream::unfold(Some((receiver, task)), |state| async {
        let (mut receiver, task) = state?;
        match receiver.recv().await {
            Some(Message::Begin(_)) => Some((Ok(Bytes::new()), Some((receiver, task)))),
            Some(Message::Chunk(chunk)) => Some((Ok(chunk), Some((receiver, task)))),
            Some(Message::End(chunk)) => Some((Ok(chunk), None)),
            Some(Message::Failed(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an answer broke off");
                Some((Err(error), None))
            }
            None => Some((Err(Error::internal("the writer of an answer stopped without an end")), None)),
        }
    });
    // Fused, because an encoder (gzip) asks once more after the end.
    Ok((revision, Content::Stream(stream::iter(head.into_iter().map(Ok)).chain(rest).fuse().boxed())))
}
