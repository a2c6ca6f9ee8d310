//! Requests that outlive their clients, and servers that stop.

use super::{Fake, Zeros, connect, get, setting_up, talk};
use crate::listener::{Listener, Settings};
use crate::service::Service;
use base::{Answer, Reply, Request};
use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};

/// Says when it begins and when it ends; goes on when it is let.
#[derive(Default)]
struct Gate {
    began: Notify,
    go_on: Notify,
    ended: Notify,
}

impl Service for Gate {
    async fn handle(&self, request: Request) -> Reply {
        self.began.notify_one();
        self.go_on.notified().await;
        self.ended.notify_one();
        Reply {
            request_id: request.id,
            outcome: Ok(Answer::Empty),
            index: None,
            rate: base::RateReport::default(),
        }
    }
}

#[tokio::test]
async fn a_request_goes_on_when_its_client_leaves() {
    let gate = Arc::new(Gate::default());
    let shared = setting_up(Arc::clone(&gate), Settings::default());
    let (mut stream, _stop) = connect(&shared);
    stream.write_all(&get("/v1/a", "")).await.unwrap();
    gate.began.notified().await;
    drop(stream);
    tokio::task::yield_now().await;
    gate.go_on.notify_one();
    gate.ended.notified().await;
    shared.abandoned.drain().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered_and_goes_on() {
    let gate = Arc::new(Gate::default());
    let shared = setting_up(Arc::clone(&gate), Settings::default());
    let answer = talk(&shared, &get("/v1/a", "")).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    gate.go_on.notify_one();
    gate.ended.notified().await;
}

async fn listening(service: Arc<impl Service>) -> (SocketAddr, Arc<Semaphore>, impl Future) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any).await.unwrap();
    let address = listener.local_address().unwrap();
    let stop = Arc::new(Semaphore::new(0));
    let stopped = Arc::clone(&stop);
    let serving = listener.serve(Settings::default(), service, Arc::new(Zeros), async move {
        let _ = stopped.acquire().await;
    });
    let serving = tokio::spawn(serving);
    (address, stop, serving)
}

#[tokio::test]
async fn stopping_answers_what_has_begun_and_takes_nothing_new() {
    let gate = Arc::new(Gate::default());
    let (address, stop, serving) = listening(Arc::clone(&gate)).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"GET /v1/a HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    gate.began.notified().await;
    stop.add_permits(1);
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    gate.go_on.notify_one();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    tokio::time::timeout(Duration::from_secs(5), serving)
        .await
        .unwrap();
}

#[tokio::test]
async fn both_versions_of_http_without_tls() {
    let (address, stop, serving) = listening(Fake::agreeing()).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    let driving = tokio::spawn(connection);
    for method in ["GET", "HEAD", "LIST"] {
        let request = http::Request::builder()
            .method(method)
            .uri("http://a/v1/secret/a")
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200, "{method}");
    }
    drop(sender);
    stop.add_permits(1);
    driving.await.unwrap().unwrap();
    serving.await;
}
