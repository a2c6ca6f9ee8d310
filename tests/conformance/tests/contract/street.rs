//! A house that answers on a socket.

use crate::house::House;
use base::{Reply, Request};
use core::net::SocketAddr;
use node::Node;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Served(Arc<Node>);

impl api::Service for Served {
    async fn handle(&self, request: Request) -> Reply {
        self.0.handle(request).await
    }

    fn cross_origin(&self) -> Option<Arc<base::CrossOrigin>> {
        None
    }
}

/// A house and its address.
pub(crate) struct Street {
    pub(crate) house: House,
    address: SocketAddr,
}

impl Street {
    pub(crate) async fn of(house: House) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = api::Listener::bind(any).await.unwrap();
        let address = listener.local_address().unwrap();
        let served = Arc::new(Served(Arc::clone(&house.node)));
        let gate = house.gate.clone();
        let never = core::future::pending();
        tokio::spawn(listener.serve(api::Settings::default(), served, gate, never));
        Self { house, address }
    }

    /// The status and the body of an answer; null for one that has none.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "{method} /v1/{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Vault-Token: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.house.token,
            body.len(),
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }
}
