//! Keeps a number of connections busy and times each request.

use bytes::Bytes;
use e2e::Durable;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
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
        let mut connection = Connection::to(&self.address).await;
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= total {
                return times;
            }
            times.push(connection.send(&self.bytes(number)).await);
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

/// Requests at a steady pace, in the background.
pub(crate) struct Paced {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

/// How requests come.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) per_second: u32,
    /// How many come at the same moment, each over a connection of its own.
    pub(crate) at_once: u32,
}

impl Paced {
    /// A request that is late is followed at once by the next, so that the pace holds.
    pub(crate) fn new(runtime: &Runtime, load: &Arc<Load>, pace: Pace) -> Self {
        let (stop, sent) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut tasks = JoinSet::new();
        let beat = Duration::from_secs(1) * pace.at_once / pace.per_second;
        for _ in 0..pace.at_once {
            let (load, stop, sent) = (Arc::clone(load), Arc::clone(&stop), Arc::clone(&sent));
            let paced = async move {
                let mut connection = Connection::to(&load.address).await;
                let mut beats = tokio::time::interval(beat);
                while !stop.load(Ordering::Relaxed) {
                    beats.tick().await;
                    let number = sent.fetch_add(1, Ordering::Relaxed);
                    connection.send(&load.bytes(number)).await;
                }
            };
            tasks.spawn_on(paced, runtime.handle());
        }
        Self { stop, sent, tasks }
    }

    /// How many were sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn end(self, runtime: &Runtime) {
        self.stop.store(true, Ordering::Relaxed);
        runtime.block_on(self.tasks.join_all());
    }
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let answer = Vec::with_capacity(4096);
        Self { stream, answer }
    }

    /// How long it took until the answer was whole.
    async fn send(&mut self, request: &[u8]) -> Duration {
        let began = Instant::now();
        let sent = self.stream.write_all(request).await;
        sent.expect("a connection that is still there");
        let status = read_answer(&mut self.stream, &mut self.answer).await;
        let took = began.elapsed();
        assert!(
            (200..300).contains(&status),
            "{status}: {}",
            String::from_utf8_lossy(&self.answer)
        );
        took
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
