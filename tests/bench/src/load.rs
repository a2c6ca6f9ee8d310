//! Keeps a number of connections busy and times each request.

use bytes::Bytes;
use e2e::Durable;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Request = fn(usize) -> (&'static str, String);

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
        let stream = TcpStream::connect(&self.address)
            .await
            .expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let (mut sender, driver) = http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/1.1");
        let driver = tokio::spawn(driver);
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= total {
                break;
            }
            let began = Instant::now();
            self.one(&mut sender, number).await;
            times.push(began.elapsed());
        }
        driver.abort();
        times
    }

    async fn one(&self, sender: &mut SendRequest<Full<Bytes>>, number: usize) {
        let (verb, path) = (self.request)(number);
        let request = hyper::Request::builder()
            .method(verb)
            .uri(format!("/v1/{path}"))
            .header("host", &self.address)
            .header("x-vault-token", &self.token)
            .body(Full::new(self.body.clone()))
            .expect("a request");
        sender
            .ready()
            .await
            .expect("a connection that is still there");
        let response = sender.send_request(request).await.expect("an answer");
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        assert!(
            status.is_success(),
            "{verb} {path}: {status} {}",
            String::from_utf8_lossy(&body)
        );
    }
}
