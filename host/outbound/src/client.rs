//! Resolves, checks, connects, asks.

use crate::exchange::exchange;
use crate::grants::{Grants, Host};
use crate::target::Target;
use crate::trust::{self, SystemTrust};
use base::{Outbound, OutboundError, OutboundRequest, OutboundResponse, Sending};
use core::future::Future;
use core::pin::Pin;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// The future of [`Resolve::addresses`].
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync {
    /// Its addresses, the best first.
    fn addresses<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// Asks as every program of the system does.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn addresses<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Sends requests. Cheap to clone; keeps no connection.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    resolver: Box<dyn Resolve>,
    system: SystemTrust,
}

impl Client {
    /// A client that finds names by this resolver.
    pub fn new(resolver: impl Resolve + 'static) -> Self {
        Self(Arc::new(Inner {
            resolver: Box::new(resolver),
            system: SystemTrust::default(),
        }))
    }

    /// The way out of one mount: to hosts that its component declared and its operator granted.
    pub fn granted(&self, declared: Grants, granted: Grants) -> Arc<dyn Outbound> {
        Arc::new(WayOut {
            client: self.clone(),
            granted: Some((declared, granted)),
        })
    }

    /// The host's own way out: to whatever address an operator names in a request of theirs.
    pub fn hosts_own(&self) -> Arc<dyn Outbound> {
        Arc::new(WayOut {
            client: self.clone(),
            granted: None,
        })
    }
}

struct WayOut {
    client: Client,
    /// What the component declared, and what it was granted; None for the host itself.
    granted: Option<(Grants, Grants)>,
}

impl Outbound for WayOut {
    fn send(&self, request: OutboundRequest) -> Sending<'_> {
        Box::pin(async move {
            let sent = tokio::time::timeout(request.timeout, self.send(&request));
            sent.await.unwrap_or(Err(OutboundError::Timeout))
        })
    }
}

impl WayOut {
    async fn send(&self, asked: &OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let target = Target::parse(asked)?;
        let (host, port) = (&target.host, target.port);
        if let Some((declared, granted)) = &self.granted
            && (!declared.has_host(host, port) || !granted.has_host(host, port))
        {
            return Err(OutboundError::NotGranted(host.to_string()));
        }
        let tls = match target.is_tls {
            true => Some((
                match asked.trust.is_empty() {
                    true => self.client.0.system.config(asked).await?,
                    false => trust::only(asked)?,
                },
                trust::server_name(&target, asked)?,
            )),
            false => None,
        };
        let stream = connect(&self.addresses(host).await?, port).await?;
        match tls {
            None => exchange(stream, target.request, asked.response_bytes_max).await,
            Some((config, name)) => {
                let shaken = TlsConnector::from(config).connect(name, stream).await;
                let stream = shaken.map_err(|error| unreachable_at(host, &error))?;
                exchange(stream, target.request, asked.response_bytes_max).await
            }
        }
    }

    /// The addresses of a granted host that a connection may go to.
    async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, OutboundError> {
        let found = match host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => {
                let found = self.client.0.resolver.addresses(name).await;
                found.map_err(|error| unreachable_at(host, &error))?
            }
        };
        let mut allowed = found.clone();
        if let Some((_, granted)) = &self.granted {
            allowed.retain(|address| granted.has_address(*address));
        }
        allowed.truncate(ADDRESSES_MAX);
        match (allowed.is_empty(), found.first()) {
            (false, _) => Ok(allowed),
            (true, Some(address)) => Err(OutboundError::NotGranted(format!(
                "{host} leads to {address}"
            ))),
            (true, None) => Err(OutboundError::Unreachable(format!("{host} has no address"))),
        }
    }
}

/// To the first address that answers.
async fn connect(addresses: &[IpAddr], port: u16) -> Result<TcpStream, OutboundError> {
    let mut last = OutboundError::Timeout;
    for address in addresses {
        match TcpStream::connect(SocketAddr::new(*address, port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = OutboundError::Unreachable(format!("{address}: {error}")),
        }
    }
    Err(last)
}

fn unreachable_at(host: &Host, error: &io::Error) -> OutboundError {
    OutboundError::Unreachable(format!("{host}: {error}"))
}
