//! The end that is called: one TCP port for all protocols.

use crate::identity::called;
use crate::peer::Proven;
use crate::peers::Peers;
use crate::settings::Settings;
use crate::shown::describe;
use crate::strangers::{Place, Strangers};
use core::net::SocketAddr;
use core::pin::pin;
use core::time::Duration;
use link::{Acceptor, Protocol};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// A fatal alert of TLS, from before anything was agreed on: RFC 8446, sections 5.1 and 6.
const ALERT: [u8; 6] = [21, 3, 3, 0, 2, 2];
const NO_APPLICATION_PROTOCOL: u8 = 120;
const INTERNAL_ERROR: u8 = 80;

/// What is read of a refused peer so that it can read why, in bytes.
const DRAINED_BYTES_MAX: u64 = 64 * 1024;

/// A bound address, not yet served: who connects waits.
#[derive(Debug)]
pub struct Port {
    socket: TcpListener,
    settings: Settings,
}

impl Port {
    /// Binds `address`.
    ///
    /// # Errors
    /// As the operating system refuses the address.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let settings = Settings::default();
        Ok(Self { socket, settings })
    }

    /// With these limits.
    #[must_use]
    pub fn with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The address it is bound to; the port is known now where 0 was asked for.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` is done; then the port is closed and every connection ends at once.
    pub async fn serve(self, acceptor: Arc<dyn Acceptor>, stop: impl Future<Output = ()> + Send) {
        let Self { socket, settings } = self;
        let settings = Arc::new(settings);
        let strangers = Arc::new(Strangers::new(settings.strangers_count_max));
        let peers = Arc::new(Peers::new(settings.connections_of_peer_max));
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = stop.as_mut() => break,
                Some(_) = connections.join_next() => {}
                accepted = socket.accept() => match accepted {
                    Ok((stream, address)) => {
                        let house = House {
                            acceptor: Arc::clone(&acceptor),
                            settings: Arc::clone(&settings),
                            peers: Arc::clone(&peers),
                        };
                        let place = strangers.enter(address.ip());
                        connections.spawn(attend(stream, address, place, house));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection of a cluster could be accepted");
                        pause_accepting().await;
                    }
                }
            }
        }
        drop(socket);
        connections.shutdown().await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when there are file descriptors again"
)]
async fn pause_accepting() {
    sleep(Duration::from_millis(100)).await;
}

/// Who answers at a port, and what it may cost.
struct House {
    acceptor: Arc<dyn Acceptor>,
    settings: Arc<Settings>,
    peers: Arc<Peers>,
}

/// One connection, from its first byte to its end. It has its place as long as it is not let in.
async fn attend(stream: TcpStream, address: SocketAddr, mut place: Place, house: House) {
    let House {
        acceptor,
        settings,
        peers,
    } = house;
    let introducing = async {
        let proven = match shake(stream, &*acceptor).await {
            Ok(proven) => proven,
            Err(reason) => {
                tracing::info!(%address, %reason, "a connection to the cluster port was refused");
                return None;
            }
        };
        let protocol = proven.protocol.alpn();
        let whose = describe(&proven.certificate);
        match proven.admit(&*acceptor, &peers).await {
            Ok(admitted) => Some(admitted),
            Err(reason) => {
                tracing::warn!(%address, protocol, whose, reason, "a peer was not let in");
                None
            }
        }
    };
    let introduced = tokio::select! {
        introduced = timeout(settings.handshake_duration_max, introducing) => introduced,
        () = place.gives_way() => {
            tracing::info!(%address, "a connection to the cluster port gave way to another");
            return;
        }
    };
    let Ok(introduced) = introduced else {
        tracing::info!(%address, "a connection to the cluster port said too little for too long");
        return;
    };
    let Some(admitted) = introduced else { return };
    drop(place);
    let peer = String::from(admitted.name());
    tracing::info!(%address, peer, "a peer is connected");
    let reason = admitted.serve(acceptor, &settings).await;
    tracing::info!(%address, peer, reason, "the connection of a peer ended");
}

/// TLS, as the protocol that the peer asks for has it.
async fn shake(stream: TcpStream, acceptor: &dyn Acceptor) -> Result<Proven, String> {
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    let mut waiting = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
    let start = match (&mut waiting).await {
        Ok(start) => start,
        Err(error) => {
            if let Some(stream) = waiting.take_io() {
                drain(stream).await;
            }
            return Err(error.to_string());
        }
    };
    let offered = start.client_hello().alpn().map(|offered| {
        let offered = offered.map(|name| String::from_utf8_lossy(name).into_owned());
        offered.collect::<Vec<_>>()
    });
    let (protocol, identity) = match asked_for(&offered.unwrap_or_default(), acceptor) {
        Ok(asked_for) => asked_for,
        Err(reason) => {
            alert(start.io, NO_APPLICATION_PROTOCOL).await;
            return Err(reason);
        }
    };
    let config = match called(&identity, protocol) {
        Ok(config) => Arc::new(config),
        Err(error) => {
            alert(start.io, INTERNAL_ERROR).await;
            let name = protocol.alpn();
            tracing::error!(%error, "the identity of this cluster for {name} cannot be used");
            return Err(String::from("this cluster has no usable identity for it"));
        }
    };
    match start.into_stream(config).into_fallible().await {
        Ok(stream) => proven(stream, protocol),
        Err((error, stream)) => {
            drain(stream).await;
            Err(error.to_string())
        }
    }
}

fn asked_for(
    offered: &[String],
    acceptor: &dyn Acceptor,
) -> Result<(Protocol, link::Identity), String> {
    let [name] = offered else {
        return Err(match offered.len() {
            0 => String::from("it names no protocol"),
            count => format!("it names {count} protocols and not one"),
        });
    };
    let protocol = Protocol::ALL
        .into_iter()
        .find(|protocol| protocol.alpn() == name);
    let shown: String = name.chars().take(64).collect();
    let Some(protocol) = protocol else {
        return Err(format!("it names a protocol that is not known: {shown:?}"));
    };
    match acceptor.identity(protocol) {
        Some(identity) => Ok((protocol, identity)),
        None => Err(format!("{shown} is not answered here now")),
    }
}

fn proven(stream: TlsStream<TcpStream>, protocol: Protocol) -> Result<Proven, String> {
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let leaf = certificates.first().map(|leaf| leaf.to_vec());
    // TLS demanded one; without it nobody goes on.
    let certificate = leaf.ok_or("it shows no certificate")?;
    Ok(Proven {
        stream,
        protocol,
        certificate,
    })
}

async fn alert(mut stream: TcpStream, description: u8) {
    let mut record = ALERT.to_vec();
    record.push(description);
    // A peer that is gone needs no alert.
    if stream.write_all(&record).await.is_ok() {
        drain(stream).await;
    }
}

/// Closes a connection in a way that lets the peer read what it was told: a socket that is closed
/// with something unread in it takes back what was sent.
async fn drain(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let mut rest = stream.take(DRAINED_BYTES_MAX);
        let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
    }
}
