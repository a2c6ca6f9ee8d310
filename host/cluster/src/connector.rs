//! The end that calls.

use crate::address::Address;
use crate::admission::hear;
use crate::identity::{Expected, calling};
use crate::line::Line;
use crate::settings::Settings;
use crate::shown::{asks_for_certificate, describe, not_taken, of_admission, of_handshake};
use core::net::SocketAddr;
use link::{
    DialError, DialStep, Dialer, Identity, Later, Link, PRIMARY_NAME, Probe, Probed, Protocol,
};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// IP addresses of one name that are tried.
const RESOLVED_COUNT_MAX: usize = 16;

/// How it ends for whoever has no certificate yet.
const SENT_AWAY: &str = "sent away for want of a certificate, as a secondary is before its activation \
     token has brought it one";
/// How it is not to end.
const NOT_SENT_AWAY: &str = "the other end lets in who shows no certificate: it is no port for \
     clusters";

/// Connects to ports of other clusters.
#[derive(Clone, Debug, Default)]
pub struct Connector {
    settings: Settings,
}

/// Which step failed, and why; what those before it found, and the certificate that was shown by
/// then.
pub(crate) struct Failure {
    pub(crate) step: DialStep,
    pub(crate) reason: String,
    pub(crate) found: Vec<Probed>,
    pub(crate) shown: Option<Vec<u8>>,
}

/// As whom it connects, and what for.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) protocol: Protocol,
    /// None for somebody whom the other end cannot know yet.
    pub(crate) identity: Option<&'a Identity>,
}

/// A stream on which the other end let this one in, or sent it away as it should.
pub(crate) struct Reached {
    stream: TlsStream<TcpStream>,
    pub(crate) found: Vec<Probed>,
    pub(crate) shown: Option<Vec<u8>>,
}

/// TLS with one IP address.
struct Security {
    config: Arc<ClientConfig>,
    expected: Arc<Expected>,
    protocol: Protocol,
    is_known: bool,
}

impl Connector {
    /// One that keeps to these limits.
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub(crate) const fn handshake_duration_max(&self) -> core::time::Duration {
        self.settings.handshake_duration_max
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

    async fn dial_one(
        &self,
        protocol: Protocol,
        address: &str,
        identity: &Identity,
    ) -> Result<Line, Failure> {
        let identity = Some(identity);
        let reached = self.reach(&Call { protocol, identity }, address).await?;
        let line = Line::begin(address, reached.stream, &self.settings);
        let failed = |reason| Failure::new(DialStep::Protocol, reason);
        let most = self.settings.handshake_duration_max;
        let begun = timeout(most, line).await;
        let begun = begun.map_err(|_| failed(took_longer(most)))?;
        begun.map_err(|error| failed(error.to_string()))
    }

    /// Tries all IP addresses of a name; where none answers, the failure of the one that came
    /// furthest.
    pub(crate) async fn reach(&self, call: &Call<'_>, address: &str) -> Result<Reached, Failure> {
        let Address { host, port } =
            Address::parse(address).map_err(|reason| Failure::new(DialStep::Address, reason))?;
        let mut before = vec![found(DialStep::Address, address)];
        let resolved = match self.resolve(&host, port).await {
            Ok(resolved) => resolved,
            Err(failure) => {
                return Err(Failure {
                    found: before,
                    ..failure
                });
            }
        };
        let mut furthest = Failure {
            found: before.clone(),
            ..Failure::new(DialStep::Resolve, format!("{host} has no IP address"))
        };
        let all: Vec<String> = resolved.iter().map(|one| one.ip().to_string()).collect();
        before.push(found(DialStep::Resolve, all.join(", ")));
        for one in resolved {
            let mut steps = before.clone();
            match self.reach_one(call, &host, one, &mut steps).await {
                Ok((stream, shown)) => {
                    return Ok(Reached {
                        stream,
                        found: steps,
                        shown,
                    });
                }
                Err(failure) => {
                    furthest = furthest.or_further(Failure {
                        found: steps,
                        ..failure
                    });
                }
            }
        }
        Err(furthest)
    }

    async fn reach_one(
        &self,
        call: &Call<'_>,
        host: &str,
        address: SocketAddr,
        steps: &mut Vec<Probed>,
    ) -> Result<(TlsStream<TcpStream>, Option<Vec<u8>>), Failure> {
        let socket = self.connect(address).await?;
        steps.push(found(DialStep::Connect, address.to_string()));
        let security = Security::new(call)?;
        let most = self.settings.handshake_duration_max;
        let established = timeout(most, security.establish(host, socket, steps)).await;
        let established = established.unwrap_or_else(|_| {
            let is_agreed = steps.iter().any(|one| one.step == DialStep::Protocol);
            let step = match is_agreed {
                true => DialStep::Admission,
                false => DialStep::Handshake,
            };
            Err(Failure::new(step, took_longer(most)))
        });
        let shown = security.expected.shown();
        match established {
            Ok(stream) => Ok((stream, shown)),
            Err(failure) => Err(Failure { shown, ..failure }),
        }
    }

    pub(crate) async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let most = self.settings.connect_duration_max;
        let reason = match timeout(most, lookup_host((host, port))).await {
            Ok(Ok(resolved)) => return Ok(resolved.take(RESOLVED_COUNT_MAX).collect()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => took_longer(most),
        };
        Err(Failure::new(DialStep::Resolve, reason))
    }

    pub(crate) async fn connect(&self, resolved: SocketAddr) -> Result<TcpStream, Failure> {
        let most = self.settings.connect_duration_max;
        let reason = match timeout(most, TcpStream::connect(resolved)).await {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(error)) => error.to_string(),
            Err(_) => took_longer(most),
        };
        let reason = format!("{resolved}: {reason}");
        Err(Failure::new(DialStep::Connect, reason))
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

    fn probe<'a>(
        &'a self,
        protocol: Protocol,
        address: &'a str,
        identity: Option<&'a Identity>,
    ) -> Later<'a, Probe> {
        let call = Call { protocol, identity };
        Box::pin(self.probe_one(call, address))
    }
}

impl Failure {
    pub(crate) const fn new(step: DialStep, reason: String) -> Self {
        Self {
            step,
            reason,
            found: Vec::new(),
            shown: None,
        }
    }

    /// The other, unless this one came further.
    fn or_further(self, other: Self) -> Self {
        if other.step < self.step { self } else { other }
    }
}

impl Security {
    fn new(call: &Call<'_>) -> Result<Self, Failure> {
        let (config, expected) = calling(call.identity, Some(call.protocol)).map_err(|error| {
            let reason = format!("the identity of this end cannot be used: {error}");
            Failure::new(DialStep::Certificate, reason)
        })?;
        Ok(Self {
            config: Arc::new(config),
            expected,
            protocol: call.protocol,
            is_known: call.identity.is_some(),
        })
    }

    /// TLS, and what the other end says then; `steps` are those that were good.
    async fn establish(
        &self,
        host: &str,
        socket: TcpStream,
        steps: &mut Vec<Probed>,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let mut stream = match self.shake(host, socket).await {
            Ok(stream) => stream,
            Err(failure) => {
                if failure.step > DialStep::Handshake {
                    steps.push(found(DialStep::Handshake, "TLS"));
                }
                return Err(failure);
            }
        };
        steps.push(found(DialStep::Handshake, "TLS 1.3"));
        let shown = self.expected.shown().unwrap_or_default();
        steps.push(found(DialStep::Certificate, describe(&shown)));
        let agreed = stream.get_ref().1.alpn_protocol();
        if agreed != Some(self.protocol.alpn().as_bytes()) {
            let reason = not_taken(self.protocol);
            return Err(Failure::new(DialStep::Protocol, reason));
        }
        steps.push(found(DialStep::Protocol, self.protocol.alpn()));
        let word = hear(&mut stream).await;
        let (step, reason) = match (word, self.is_known) {
            (Ok(None), true) => {
                steps.push(found(DialStep::Admission, "let in"));
                return Ok(stream);
            }
            (Ok(Some(reason)), true) => (DialStep::Admission, reason),
            (Err(error), true) => of_admission(&error),
            (Err(error), false) if asks_for_certificate(&error) => {
                steps.push(found(DialStep::Admission, SENT_AWAY));
                return Ok(stream);
            }
            (Err(error), false) => of_admission(&error),
            (Ok(_), false) => (DialStep::Admission, String::from(NOT_SENT_AWAY)),
        };
        Err(Failure::new(step, reason))
    }

    async fn shake(&self, host: &str, socket: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let failed = |reason: String| Failure::new(DialStep::Handshake, reason);
        socket
            .set_nodelay(true)
            .map_err(|error| failed(error.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector
            .connect(name_of(host)?, socket)
            .await
            .map_err(|error| {
                let shown = self.expected.shown();
                let (step, reason) = of_handshake(&error, self.protocol, shown.as_deref());
                Failure::new(step, reason)
            })
    }
}

/// The name is for whoever passes connections on by it; what is expected of the certificate does not
/// depend on it.
pub(crate) fn name_of(host: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(String::from(host))
        .or_else(|_| ServerName::try_from(PRIMARY_NAME))
        .map_err(|error| Failure::new(DialStep::Handshake, error.to_string()))
}

/// A step that was good.
pub(crate) fn found(step: DialStep, what: impl Into<String>) -> Probed {
    let outcome = Ok(what.into());
    Probed { step, outcome }
}

fn took_longer(most: core::time::Duration) -> String {
    format!("it took longer than {} s", most.as_secs_f32())
}
