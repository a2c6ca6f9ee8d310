//! The end that calls.

use crate::address::Address;
use crate::admission::hear;
use crate::identity::{Expected, calling};
use crate::line::Line;
use crate::settings::Settings;
use crate::shown::{not_taken, of_admission, of_handshake};
use core::net::SocketAddr;
use link::{DialError, DialStep, Dialer, Identity, Later, Link, PRIMARY_NAME, Protocol};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, Error};
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

/// Which step failed, and why.
type Failure = (DialStep, String);

/// TLS of one dial.
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
            let security = Security::new(protocol, identity);
            let (failure, shown) = match security {
                Ok(security) => match self.dial_one(&security, address).await {
                    Ok(line) => return Ok(Arc::new(line)),
                    Err(failure) => (failure, security.expected.shown()),
                },
                Err(error) => {
                    let reason = format!("the identity of this end cannot be used: {error}");
                    ((DialStep::Certificate, reason), None)
                }
            };
            let (step, reason) = failure;
            last = DialError {
                address: address.clone(),
                step,
                reason,
                shown,
            };
        }
        Err(last)
    }

    async fn dial_one(&self, security: &Security, address: &str) -> Result<Line, Failure> {
        let Address { host, port } =
            Address::parse(address).map_err(|reason| (DialStep::Address, reason))?;
        let mut failure = (DialStep::Resolve, format!("{host} has no IP address"));
        for resolved in self.resolve(&host, port).await? {
            match self.dial_resolved(security, address, &host, resolved).await {
                Ok(line) => return Ok(line),
                Err(failed) => failure = failed,
            }
        }
        Err(failure)
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let resolving = timeout(
            self.settings.connect_duration_max,
            lookup_host((host, port)),
        );
        match resolving.await {
            Ok(Ok(resolved)) => Ok(resolved.take(RESOLVED_COUNT_MAX).collect()),
            Ok(Err(error)) => Err((DialStep::Resolve, error.to_string())),
            Err(_) => Err((
                DialStep::Resolve,
                took_longer(self.settings.connect_duration_max),
            )),
        }
    }

    async fn dial_resolved(
        &self,
        security: &Security,
        address: &str,
        host: &str,
        resolved: SocketAddr,
    ) -> Result<Line, Failure> {
        let connecting = timeout(
            self.settings.connect_duration_max,
            TcpStream::connect(resolved),
        );
        let socket = match connecting.await {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return Err((DialStep::Connect, format!("{resolved}: {error}"))),
            Err(_) => {
                let reason = took_longer(self.settings.connect_duration_max);
                return Err((DialStep::Connect, format!("{resolved}: {reason}")));
            }
        };
        let shaking = timeout(
            self.settings.handshake_duration_max,
            self.establish(security, address, host, socket),
        );
        shaking.await.unwrap_or_else(|_| {
            Err((
                DialStep::Handshake,
                took_longer(self.settings.handshake_duration_max),
            ))
        })
    }

    async fn establish(
        &self,
        security: &Security,
        address: &str,
        host: &str,
        socket: TcpStream,
    ) -> Result<Line, Failure> {
        let in_handshake = |reason: String| (DialStep::Handshake, reason);
        socket
            .set_nodelay(true)
            .map_err(|error| in_handshake(error.to_string()))?;
        let mut stream = security.shake(host, socket).await?;
        let refusal = hear(&mut stream)
            .await
            .map_err(|error| of_admission(&error))?;
        if let Some(reason) = refusal {
            return Err((DialStep::Admission, reason));
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

impl Security {
    fn new(protocol: Protocol, identity: &Identity) -> Result<Self, Error> {
        let (config, expected) = calling(identity, protocol)?;
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
            .map_err(|error| (DialStep::Handshake, error.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(name, socket).await.map_err(|error| {
            of_handshake(&error, self.protocol, self.expected.shown().as_deref())
        })?;
        let agreed = stream.get_ref().1.alpn_protocol();
        if agreed != Some(self.protocol.alpn().as_bytes()) {
            return Err((DialStep::Handshake, not_taken(self.protocol)));
        }
        Ok(stream)
    }
}

fn took_longer(most: core::time::Duration) -> String {
    format!("it took longer than {} s", most.as_secs_f32())
}
