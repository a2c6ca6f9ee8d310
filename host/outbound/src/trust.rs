//! Whom a connection believes to be who they say they are.

use base::{OutboundError, OutboundRequest};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

use crate::target::Target;

/// Certificates that one request may bring.
const TRUSTED_MAX: usize = 100;

/// The certificates that the system trusts, read once, with the first request that needs them.
#[derive(Default)]
pub(crate) struct SystemTrust(tokio::sync::OnceCell<Arc<ClientConfig>>);

impl SystemTrust {
    pub(crate) async fn config(&self) -> Result<Arc<ClientConfig>, OutboundError> {
        let config = self.0.get_or_try_init(|| async {
            let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
            let read = read.await.map_err(|error| unreachable_for(&error))?;
            let mut roots = RootCertStore::empty();
            // Some certificates of a system are too old to be read; the others hold all the same.
            roots.add_parsable_certificates(read.certs);
            config(roots).map(Arc::new)
        });
        config.await.map(Arc::clone)
    }
}

/// Trusts what a request brought, and nothing else.
pub(crate) fn only(certificates: &[Vec<u8>]) -> Result<Arc<ClientConfig>, OutboundError> {
    let malformed = |what: &str| OutboundError::Malformed(what.to_owned());
    if certificates.len() > TRUSTED_MAX {
        return Err(malformed("too many certificates"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let added = roots.add(CertificateDer::from(certificate.clone()));
        added.map_err(|_| malformed("certificate"))?;
    }
    config(roots).map(Arc::new)
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

fn config(roots: RootCertStore) -> Result<ClientConfig, OutboundError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = versions
        .map_err(|error| unreachable_for(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn unreachable_for(error: &dyn core::error::Error) -> OutboundError {
    OutboundError::Unreachable(error.to_string())
}
