//! The floor: a server of the same library that answers the same bytes and does nothing else.

use crate::CONNECTIONS;
use crate::load::{Load, Measured};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const BODY: &[u8] = br#"{"request_id":"00000000-0000-4000-8000-000000000000","lease_id":"","renewable":false,"lease_duration":0,"data":{"data":{"password":"0123456789abcdef0123456789abcdef","user":"app"},"metadata":{"created_time":"2026-01-02T03:04:05.678Z","custom_metadata":null,"deletion_time":"","destroyed":false,"version":20}},"wrap_info":null,"warnings":null,"auth":null,"mount_type":"kv"}"#;

pub(crate) fn print(runtime: &tokio::runtime::Runtime) {
    let measured = runtime.block_on(measure(CONNECTIONS));
    println!("{:<28} {:>12.1}", "bare hyper reads/s", measured.per_second);
}

async fn measure(connections: usize) -> Measured {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                let answer = service_fn(async |_| {
                    hyper::Response::builder()
                        .header("content-type", "application/json")
                        .header("cache-control", "no-store")
                        .body(Full::new(Bytes::from_static(BODY)))
                });
                let connection = hyper::server::conn::http1::Builder::new();
                // A client that leaves is no error here.
                let _ = connection
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
        }
    });
    let load = Load::to(&address, "", |_| ("GET", "x".into()), String::new());
    load.run(connections, 5_000).await;
    let measured = load.run(connections, 60_000).await;
    server.abort();
    measured
}
