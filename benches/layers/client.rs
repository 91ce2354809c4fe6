//! A client that costs next to nothing: requests are bytes made beforehand, bodies are read completely and counted. What
//! asks runs on the same cores as what answers, so each microsecond here is taken from it.

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// The entity tag, if it has one.
    pub etag: Option<String>,
    /// The body, where it was to be kept.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, where the answer is a success.
    pub fn text(self, of: &str) -> String {
        let text = String::from_utf8(self.body).expect("text");
        assert_eq!(self.status, 200, "{of}: {text}");
        text
    }
}

/// A connection that is kept as long as the server keeps it.
pub struct Connection {
    host: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet used.
    held: std::ops::Range<usize>,
    /// Whether anything of the answer has come.
    heard: bool,
}

/// A request of a path.
pub fn get(host: &str, path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").into_bytes()
}

/// `127.0.0.1:8080` of `http://127.0.0.1:8080`.
pub fn host(base: &str) -> &str {
    base.trim_start_matches("http://")
}

impl Connection {
    /// To a server; opened with the first request.
    pub fn new(base: &str) -> Connection {
        Connection { host: host(base).to_owned(), stream: None, buffer: vec![0; 256 << 10], held: 0..0, heard: false }
    }

    /// Asks for a path and keeps the body.
    pub async fn fetch(&mut self, path: &str) -> Answer {
        let request = get(&self.host, path, "Accept: */*\r\n");
        self.ask(&request, true).await.expect("an answer")
    }

    /// Asks, and reads the answer to its end.
    ///
    /// # Errors
    /// When the connection breaks before that.
    pub async fn ask(&mut self, request: &[u8], keep: bool) -> Result<Answer> {
        let fresh = self.stream.is_none();
        match self.once(request, keep).await {
            // The server has closed a connection that nobody used for a while.
            Err(_) if !fresh && !self.heard => {
                self.stream = None;
                self.once(request, keep).await
            }
            answered => answered,
        }
    }

    async fn once(&mut self, request: &[u8], keep: bool) -> Result<Answer> {
        self.heard = false;
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.host).await?;
            stream.set_nodelay(true)?;
            (self.stream, self.held) = (Some(stream), 0..0);
        }
        if let Some(stream) = &mut self.stream {
            stream.write_all(request).await?;
        }
        let (mut answer, length, chunked, close) = self.head().await?;
        let none = matches!(answer.status, 204 | 304);
        match (none, chunked, length) {
            (true, ..) => {}
            (_, true, _) => loop {
                let line = self.line().await?;
                let size = line.split(|byte| *byte == b';').next().and_then(|digits| std::str::from_utf8(digits).ok());
                let size = size.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
                let size = size.ok_or_else(|| malformed("the length of a chunk"))?;
                self.take(size, keep, &mut answer).await?;
                self.line().await?;
                if size == 0 {
                    break;
                }
            },
            (_, _, Some(length)) => self.take(length, keep, &mut answer).await?,
            (_, _, None) => loop {
                let held = self.held.len() as u64;
                self.take(held, keep, &mut answer).await?;
                if !self.more().await? {
                    break;
                }
            },
        }
        if close {
            self.stream = None;
        }
        Ok(answer)
    }

    /// Status line and headers: the answer, the length of its body, whether that comes in chunks, whether the connection
    /// ends with it.
    async fn head(&mut self) -> Result<(Answer, Option<u64>, bool, bool)> {
        let end = loop {
            let held = &self.buffer[self.held.clone()];
            if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if !self.more().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        };
        let head = &self.buffer[self.held.start..self.held.start + end];
        let head = std::str::from_utf8(head).map_err(|_| malformed("a header"))?;
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status =
            first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| malformed("a status"))?;
        let mut answer = Answer { status, ..Answer::default() };
        let (mut length, mut chunked, mut close) = (None, false, first.starts_with("HTTP/1.0"));
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().ok();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                close = value.eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("etag") {
                answer.etag = Some(value.to_owned());
            }
        }
        let close = close || (length.is_none() && !chunked && !matches!(status, 204 | 304));
        self.held.start += end + 4;
        Ok((answer, length, chunked, close))
    }

    /// The next line, without its end.
    async fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            let held = &self.buffer[self.held.clone()];
            if let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                let line = held[..end].trim_ascii_end().to_vec();
                self.held.start += end + 1;
                return Ok(line);
            }
            if !self.more().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// So many bytes of the body.
    async fn take(&mut self, mut bytes: u64, keep: bool, answer: &mut Answer) -> Result<()> {
        answer.bytes += bytes;
        while bytes > 0 {
            if self.held.is_empty() && !self.more().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let part = self.held.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
            if keep {
                answer.body.extend_from_slice(&self.buffer[self.held.start..self.held.start + part]);
            }
            self.held.start += part;
            bytes -= part as u64;
        }
        Ok(())
    }

    /// Reads what there is; false at the end.
    async fn more(&mut self) -> Result<bool> {
        if self.held.is_empty() {
            self.held = 0..0;
        } else if self.held.end == self.buffer.len() {
            self.buffer.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
            if self.held.end == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let read = stream.read(&mut self.buffer[self.held.end..]).await?;
        self.held.end += read;
        self.heard |= read > 0;
        Ok(read > 0)
    }
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("{what} cannot be read"))
}

/// What a crowd of clients was answered.
#[derive(Debug, Clone, Default)]
pub struct Answered {
    /// How long each answer took, shortest first.
    pub took: Vec<Duration>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// The first answer that was none, or not the one expected; who got it asked no more.
    pub failed: Option<String>,
}

/// When a crowd ends.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// With the last of the requests.
    Done,
    /// After so long; the requests are asked again and again till then.
    Past(Duration),
}

/// Asks with so many connections at once, each as soon as it has its answer. Every answer should have this status,
/// or say that there is nothing there.
pub async fn crowd(
    base: &str,
    connections: usize,
    requests: &Arc<Vec<Vec<u8>>>,
    until: Until,
    status: u16,
) -> Answered {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (next, requests, mut connection) = (Arc::clone(&next), Arc::clone(requests), Connection::new(base));
            tokio::spawn(async move {
                let (mut took, mut bytes, mut failed) = (Vec::new(), 0, None);
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let request = match until {
                        Until::Done => requests.get(n),
                        Until::Past(most) => requests.get(n % requests.len()).filter(|_| began.elapsed() < most),
                    };
                    let Some(request) = request else { break };
                    let start = Instant::now();
                    match connection.ask(request, false).await {
                        Ok(answer) if answer.status == status || answer.status == 204 => {
                            took.push(start.elapsed());
                            bytes += answer.bytes;
                        }
                        Ok(answer) => failed = Some(format!("answered {}", answer.status)),
                        Err(error) => failed = Some(format!("broke off: {error}")),
                    }
                    if let Some(why) = &mut failed {
                        let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
                        why.insert_str(0, &format!("{} ", String::from_utf8_lossy(line)));
                        break;
                    }
                }
                (took, bytes, failed)
            })
        })
        .collect();
    let mut all = Answered::default();
    for task in tasks {
        let (took, bytes, failed) = task.await.expect("a client");
        all.took.extend(took);
        all.bytes += bytes;
        all.failed = all.failed.or(failed);
    }
    all.elapsed = began.elapsed();
    all.took.sort_unstable();
    all
}
