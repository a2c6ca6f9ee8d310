//! The end that calls.

use crate::address::Address;
use crate::admission::hear;
use crate::identity::{Expected, calling};
use crate::line::Line;
use crate::settings::Settings;
use crate::shown::{not_taken, of_admission, of_handshake};
use core::net::SocketAddr;
use link::{DialError, DialStep, Dialer, Identity, Later, Link, PRIMARY_NAME, Protocol};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// IP addresses of one name that are tried.
const RESOLVED_COUNT_MAX: usize = 16;

/// Connects to ports of other clusters.
#[derive(Clone, Debug, Default)]
pub struct Connector {
    settings: Settings,
}

/// Which step failed, and why; the certificate that was shown by then.
struct Failure {
    step: DialStep,
    reason: String,
    shown: Option<Vec<u8>>,
}

/// TLS with one IP address.
struct Security {
    config: Arc<ClientConfig>,
    expected: Arc<Expected>,
    protocol: Protocol,
}

impl Connector {
    /// One that keeps to these limits.
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    async fn dial_all(
        &self,
        protocol: Protocol,
        addresses: &[String],
        identity: &Identity,
    ) -> Result<Arc<dyn Link>, DialError> {
        let mut last = DialError {
            address: String::new(),
            step: DialStep::Address,
            reason: String::from("no address was given"),
            shown: None,
        };
        for address in addresses {
            match self.dial_one(protocol, address, identity).await {
                Ok(line) => return Ok(Arc::new(line)),
                Err(failure) => {
                    last = DialError {
                        address: address.clone(),
                        step: failure.step,
                        reason: failure.reason,
                        shown: failure.shown,
                    }
                }
            }
        }
        Err(last)
    }

    /// Tries all IP addresses of a name; where none answers, the failure of the one that came
    /// furthest.
    async fn dial_one(
        &self,
        protocol: Protocol,
        address: &str,
        identity: &Identity,
    ) -> Result<Line, Failure> {
        let Address { host, port } =
            Address::parse(address).map_err(|reason| Failure::new(DialStep::Address, reason))?;
        let none = format!("{host} has no IP address");
        let mut furthest = Failure::new(DialStep::Resolve, none);
        for resolved in self.resolve(&host, port).await? {
            let socket = match self.connect(resolved).await {
                Ok(socket) => socket,
                Err(failure) => {
                    furthest = furthest.or_further(failure);
                    continue;
                }
            };
            let security = Security::new(protocol, identity)?;
            let most = self.settings.handshake_duration_max;
            let establishing = self.establish(&security, address, &host, socket);
            let failure = match timeout(most, establishing).await {
                Ok(Ok(line)) => return Ok(line),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::new(DialStep::Handshake, took_longer(most)),
            };
            let shown = security.expected.shown();
            furthest = furthest.or_further(Failure { shown, ..failure });
        }
        Err(furthest)
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let most = self.settings.connect_duration_max;
        let reason = match timeout(most, lookup_host((host, port))).await {
            Ok(Ok(resolved)) => return Ok(resolved.take(RESOLVED_COUNT_MAX).collect()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => took_longer(most),
        };
        Err(Failure::new(DialStep::Resolve, reason))
    }

    async fn connect(&self, resolved: SocketAddr) -> Result<TcpStream, Failure> {
        let most = self.settings.connect_duration_max;
        let reason = match timeout(most, TcpStream::connect(resolved)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => error.to_string(),
            Err(_) => took_longer(most),
        };
        let reason = format!("{resolved}: {reason}");
        Err(Failure::new(DialStep::Connect, reason))
    }

    async fn establish(
        &self,
        security: &Security,
        address: &str,
        host: &str,
        socket: TcpStream,
    ) -> Result<Line, Failure> {
        let in_handshake = |reason: String| Failure::new(DialStep::Handshake, reason);
        socket
            .set_nodelay(true)
            .map_err(|error| in_handshake(error.to_string()))?;
        let mut stream = security.shake(host, socket).await?;
        match hear(&mut stream).await {
            Ok(None) => {}
            Ok(Some(reason)) => return Err(Failure::new(DialStep::Admission, reason)),
            Err(error) => {
                let (step, reason) = of_admission(&error);
                return Err(Failure::new(step, reason));
            }
        }
        Line::begin(address, stream, &self.settings)
            .await
            .map_err(|error| in_handshake(error.to_string()))
    }
}

impl Dialer for Connector {
    fn dial<'a>(
        &'a self,
        protocol: Protocol,
        addresses: &'a [String],
        identity: &'a Identity,
    ) -> Later<'a, Result<Arc<dyn Link>, DialError>> {
        Box::pin(self.dial_all(protocol, addresses, identity))
    }
}

impl Failure {
    const fn new(step: DialStep, reason: String) -> Self {
        Self {
            step,
            reason,
            shown: None,
        }
    }

    /// The other, unless this one came further.
    fn or_further(self, other: Self) -> Self {
        if other.step < self.step { self } else { other }
    }
}

impl Security {
    fn new(protocol: Protocol, identity: &Identity) -> Result<Self, Failure> {
        let (config, expected) = calling(identity, protocol).map_err(|error| {
            let reason = format!("the identity of this end cannot be used: {error}");
            Failure::new(DialStep::Certificate, reason)
        })?;
        Ok(Self {
            config: Arc::new(config),
            expected,
            protocol,
        })
    }

    async fn shake(&self, host: &str, socket: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        // The name is for whoever passes connections on by it; what is expected of the certificate
        // does not depend on it.
        let name = ServerName::try_from(String::from(host))
            .or_else(|_| ServerName::try_from(PRIMARY_NAME))
            .map_err(|error| Failure::new(DialStep::Handshake, error.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(name, socket).await.map_err(|error| {
            let shown = self.expected.shown();
            let (step, reason) = of_handshake(&error, self.protocol, shown.as_deref());
            Failure::new(step, reason)
        })?;
        let agreed = stream.get_ref().1.alpn_protocol();
        if agreed != Some(self.protocol.alpn().as_bytes()) {
            let reason = not_taken(self.protocol);
            return Err(Failure::new(DialStep::Handshake, reason));
        }
        Ok(stream)
    }
}

fn took_longer(most: core::time::Duration) -> String {
    format!("it took longer than {} s", most.as_secs_f32())
}
