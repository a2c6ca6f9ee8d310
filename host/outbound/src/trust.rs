//! Whom a connection believes to be who they say they are.

use base::{OutboundError, OutboundIdentity, OutboundRequest};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

use crate::target::Target;

/// Certificates that one request may bring.
const TRUSTED_MAX: usize = 100;

/// The certificates that the system trusts, read once, with the first request that needs them.
#[derive(Default)]
pub(crate) struct SystemTrust(tokio::sync::OnceCell<(Arc<RootCertStore>, Arc<ClientConfig>)>);

impl SystemTrust {
    /// TLS of a request that trusts them.
    pub(crate) async fn config(
        &self,
        asked: &OutboundRequest,
    ) -> Result<Arc<ClientConfig>, OutboundError> {
        let read = self.0.get_or_try_init(|| async {
            let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
            let read = read.await.map_err(|error| unreachable_for(&error))?;
            let mut roots = RootCertStore::empty();
            // Some certificates of a system are too old to be read; the others hold all the same.
            roots.add_parsable_certificates(read.certs);
            let roots = Arc::new(roots);
            let config = config(Arc::clone(&roots), None)?;
            Ok((roots, Arc::new(config)))
        });
        let (roots, usual) = read.await?;
        match &asked.identity {
            None => Ok(Arc::clone(usual)),
            Some(identity) => config(Arc::clone(roots), Some(identity)).map(Arc::new),
        }
    }
}

/// TLS of a request that trusts what it brought, and nothing else.
pub(crate) fn only(asked: &OutboundRequest) -> Result<Arc<ClientConfig>, OutboundError> {
    if asked.trust.len() > TRUSTED_MAX {
        return Err(malformed("too many certificates"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &asked.trust {
        let added = roots.add(CertificateDer::from(certificate.clone()));
        added.map_err(|_| malformed("certificate"))?;
    }
    config(Arc::new(roots), asked.identity.as_deref()).map(Arc::new)
}

/// The name that the server has to prove.
pub(crate) fn server_name(
    target: &Target,
    asked: &OutboundRequest,
) -> Result<ServerName<'static>, OutboundError> {
    let name = match (&asked.server_name, target.address()) {
        (Some(name), _) => ServerName::try_from(name.clone()),
        (None, Some(address)) => return Ok(ServerName::from(address)),
        (None, None) => ServerName::try_from(target.host.to_string()),
    };
    name.map_err(|_| OutboundError::Malformed(String::from("server name")))
}

fn config(
    roots: Arc<RootCertStore>,
    identity: Option<&OutboundIdentity>,
) -> Result<ClientConfig, OutboundError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions
        .map_err(|error| unreachable_for(&error))?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = read(identity)?;
            let shown = builder.with_client_auth_cert(chain, key);
            shown.map_err(|_| malformed("the client key is none of the client certificate"))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The chain and the key of an identity. What is wrong with a key is not told: it would show some of
/// it.
fn read(
    identity: &OutboundIdentity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), OutboundError> {
    let chain = CertificateDer::pem_slice_iter(identity.certificates.as_bytes());
    let chain: Result<Vec<_>, _> = chain.collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| malformed("no client certificate"))?;
    if chain.len() > TRUSTED_MAX {
        return Err(malformed("too many client certificates"));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes());
    Ok((chain, key.map_err(|_| malformed("no client key"))?))
}

fn malformed(what: &str) -> OutboundError {
    OutboundError::Malformed(what.to_owned())
}

fn unreachable_for(error: &dyn core::error::Error) -> OutboundError {
    OutboundError::Unreachable(error.to_string())
}
