//! A TCP listener and all its connections.

use crate::body::Room;
use crate::connection::{pause_accepting, serve_connection};
use crate::exchange::Shared;
use crate::finish::Abandoned;
use crate::forwarded::ForwardedRules;
use crate::limits::Limits;
use crate::response_headers::ResponseHeaders;
use crate::service::Service;
use crate::tls::Tls;
use base::{Client, Entropy};
use core::future::Future;
use core::net::SocketAddr;
use core::pin::pin;
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How one listener behaves.
#[derive(Clone, Default)]
pub struct Settings {
    /// Its TLS; none: it speaks plain HTTP.
    pub tls: Option<Tls>,
    /// What it takes.
    pub limits: Limits,
    /// Whose `X-Forwarded-For` it believes; none: nobody's.
    pub forwarded: Option<ForwardedRules>,
    /// Is there a user interface that `/` leads to?
    pub has_ui: bool,
    /// What is added to its responses.
    pub headers: ResponseHeaders,
}

/// A bound address, not yet served: who connects waits.
pub struct Listener(TcpListener);

impl Listener {
    /// Binds `address`.
    ///
    /// # Errors
    /// As the operating system refuses the address.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// The address it is bound to; the port is known now where 0 was asked for.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves until `stop` is done; then takes no more connections, waits for the requests in
    /// flight as long as the limits say, and returns when none is left.
    pub async fn serve(
        self,
        settings: Settings,
        service: Arc<impl Service>,
        entropy: Arc<dyn Entropy>,
        stop: impl Future<Output = ()> + Send,
    ) {
        let Self(socket) = self;
        let tls = settings.tls.clone();
        let shared = Arc::new(shared(settings, service, entropy));
        let (stopped, stop_seen) = watch::channel(false);
        let places = Arc::new(Semaphore::new(shared.limits.connections_count_max));
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = stop.as_mut() => break,
                Some(_) = connections.join_next() => {}
                (place, accepted) = accept(&socket, Arc::clone(&places)) => {
                    let (stream, peer) = match accepted {
                        Ok(accepted) => accepted,
                        Err(error) => {
                            tracing::warn!(%error, "no connection could be accepted");
                            pause_accepting().await;
                            continue;
                        }
                    };
                    let serving = serve_socket(
                        Arc::clone(&shared), tls.clone(), stream, peer, stop_seen.clone(),
                    );
                    connections.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
            }
        }
        drop(socket);
        let _ = stopped.send(true);
        let ending = async {
            while connections.join_next().await.is_some() {}
            shared.abandoned.drain().await;
        };
        if timeout(shared.limits.drain_duration_max, ending)
            .await
            .is_err()
        {
            tracing::warn!("requests were still running when the server stopped");
        }
        connections.shutdown().await;
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    socket: &TcpListener,
    places: Arc<Semaphore>,
) -> (
    Option<tokio::sync::OwnedSemaphorePermit>,
    io::Result<(TcpStream, SocketAddr)>,
) {
    // The semaphore is never closed.
    let place = places.acquire_owned().await.ok();
    (place, socket.accept().await)
}

async fn serve_socket(
    shared: Arc<Shared>,
    tls: Option<Tls>,
    stream: TcpStream,
    address: SocketAddr,
    stop: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone at once");
        return;
    }
    let Some(tls) = tls else {
        let client = Client {
            address,
            certificates: Vec::new(),
        };
        return serve_connection(shared, stream, client, stop).await;
    };
    let shaken = timeout(shared.limits.header_duration_max, tls.accept(stream)).await;
    match shaken {
        Ok(Ok((stream, certificates))) => {
            let client = Client {
                address,
                certificates,
            };
            serve_connection(shared, stream, client, stop).await;
        }
        Ok(Err(error)) => tracing::debug!(%address, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "TLS handshake took too long"),
    }
}

pub(crate) fn shared(
    settings: Settings,
    service: Arc<impl Service>,
    entropy: Arc<dyn Entropy>,
) -> Shared {
    Shared {
        service,
        entropy,
        room: Room::new(settings.limits.bodies_bytes_max),
        limits: settings.limits,
        forwarded: settings.forwarded,
        has_ui: settings.has_ui,
        headers: settings.headers,
        abandoned: Abandoned::default(),
    }
}
