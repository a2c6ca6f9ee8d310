//! Bytes in, bytes out, in process, against a service that does as it is told.

mod crossing;
mod encoding;
mod hostile;
mod reading;
mod running;
mod secured;

use crate::connection::serve_connection;
use crate::exchange::Shared;
use crate::listener::{Settings, shared};
use crate::service::Service;
use base::{Answer, Client, CrossOrigin, Entropy, Json, Refusal, Reply, Request};
use core::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::watch;

const ID: &str = "00000000-0000-4000-8000-000000000000";

pub(crate) struct Zeros;
impl Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

type Script = dyn Fn(&Request) -> Result<Answer, Refusal> + Send + Sync;

/// Answers by a script and remembers what it was asked.
pub(crate) struct Fake {
    script: Box<Script>,
    pub(crate) asked: Mutex<Vec<Request>>,
    index: Option<String>,
    pub(crate) cross_origin: Option<Arc<CrossOrigin>>,
    rate: base::RateReport,
}

impl Fake {
    pub(crate) fn new(
        script: impl Fn(&Request) -> Result<Answer, Refusal> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            asked: Mutex::default(),
            index: None,
            cross_origin: None,
            rate: base::RateReport::default(),
        })
    }

    /// Answers `{"ok":true}` to everything.
    pub(crate) fn agreeing() -> Arc<Self> {
        Self::new(|_| Ok(Answer::Bare(Json::of(&serde_json::json!({"ok": true})))))
    }
}

impl Service for Fake {
    async fn handle(&self, request: Request) -> Reply {
        let reply = Reply {
            request_id: request.id.clone(),
            outcome: (self.script)(&request),
            index: self.index.clone(),
            rate: self.rate,
        };
        self.asked.lock().unwrap().push(request);
        reply
    }

    fn cross_origin(&self) -> Option<Arc<CrossOrigin>> {
        self.cross_origin.clone()
    }
}

pub(crate) fn setting_up(service: Arc<impl Service>, settings: Settings) -> Arc<Shared> {
    Arc::new(shared(settings, service, Arc::new(Zeros)))
}

/// A connection to `shared`, and what turns its stop.
pub(crate) fn connect(shared: &Arc<Shared>) -> (DuplexStream, watch::Sender<bool>) {
    let (ours, theirs) = duplex(1 << 16);
    let client = Client {
        address: SocketAddr::from(([10, 0, 0, 1], 7)),
        certificates: Vec::new(),
    };
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve_connection(
        Arc::clone(shared),
        theirs,
        client,
        stopped,
    ));
    (ours, stop)
}

/// Sends `bytes` and reads until the server closes. The `date` header is left out.
pub(crate) async fn talk(shared: &Arc<Shared>, bytes: &[u8]) -> String {
    let (stream, _stop) = connect(shared);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let sending = async {
        // The server may close before it has taken everything.
        let _ = writer.write_all(bytes).await;
    };
    let mut answer = Vec::new();
    let (_, read) = tokio::join!(sending, reader.read_to_end(&mut answer));
    read.unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let lines: Vec<&str> = head.lines().filter(|l| !l.starts_with("date:")).collect();
    format!("{}\n\n{body}", lines.join("\n"))
}

/// `GET path` with more header lines, on a connection of its own.
pub(crate) fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n").into_bytes()
}

/// `POST path` with a body.
pub(crate) fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
