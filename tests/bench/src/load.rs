//! Keeps a number of connections busy and times each request.

use bytes::Bytes;
use e2e::Durable;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

pub(crate) type Request = fn(usize) -> (&'static str, String);

/// Requests to one server.
pub(crate) struct Load {
    address: String,
    token: String,
    request: Request,
    body: Bytes,
}

/// What came of them.
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p99: Duration,
}

impl Load {
    pub(crate) fn new(server: &Durable, request: Request, body: String) -> Arc<Self> {
        Self::to(server.address(), server.token(), request, body)
    }

    pub(crate) fn to(address: &str, token: &str, request: Request, body: String) -> Arc<Self> {
        Arc::new(Self {
            address: address.to_owned(),
            token: token.to_owned(),
            request,
            body: Bytes::from(body),
        })
    }

    /// Sends `total` requests over `connections`, one after the other on each.
    pub(crate) async fn run(self: &Arc<Self>, connections: usize, total: usize) -> Measured {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let started = Instant::now();
        for _ in 0..connections {
            let (load, next) = (Arc::clone(self), Arc::clone(&next));
            tasks.spawn(async move { load.connection(&next, total).await });
        }
        let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
        let elapsed = started.elapsed();
        times.sort_unstable();
        let p99 = times
            .get(times.len() * 99 / 100)
            .copied()
            .unwrap_or_default();
        let count = u32::try_from(times.len()).map_or(f64::NAN, f64::from);
        Measured {
            per_second: count / elapsed.as_secs_f64(),
            p99,
        }
    }

    async fn connection(&self, next: &AtomicUsize, total: usize) -> Vec<Duration> {
        let mut stream = TcpStream::connect(&self.address)
            .await
            .expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let mut times = Vec::new();
        let mut answer = Vec::with_capacity(4096);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= total {
                return times;
            }
            let request = self.bytes(number);
            let began = Instant::now();
            stream
                .write_all(&request)
                .await
                .expect("a connection that is still there");
            let status = read_answer(&mut stream, &mut answer).await;
            times.push(began.elapsed());
            assert!(
                (200..300).contains(&status),
                "{status}: {}",
                String::from_utf8_lossy(&answer)
            );
        }
    }

    /// A request as it goes over the wire: what measures should cost little itself.
    fn bytes(&self, number: usize) -> Vec<u8> {
        let (verb, path) = (self.request)(number);
        let head = format!(
            "{verb} /v1/{path} HTTP/1.1\r\nhost: {}\r\nx-vault-token: {}\r\ncontent-length: {}\r\n\r\n",
            self.address,
            self.token,
            self.body.len()
        );
        [head.as_bytes(), &self.body].concat()
    }
}

/// Reads one answer whole; gives its status. Every server here says how long its answers are.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> u16 {
    answer.clear();
    let mut whole = None;
    while whole.is_none_or(|whole| answer.len() < whole) {
        let read = stream.read_buf(answer).await.expect("an answer");
        assert!(read > 0, "the server closed the connection");
        if whole.is_none() {
            whole = whole_length(answer);
        }
    }
    let status = answer
        .get(9..12)
        .and_then(|digits| core::str::from_utf8(digits).ok());
    status
        .and_then(|digits| digits.parse().ok())
        .expect("a status line")
}

/// Head and body together, once the head is there.
fn whole_length(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(answer.get(..end)?).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let empty = head.starts_with("http/1.1 204");
    let length = length.and_then(|length| length.trim().parse().ok());
    Some(
        end + length
            .or_else(|| empty.then_some(0))
            .expect("an answer that says how long it is"),
    )
}
