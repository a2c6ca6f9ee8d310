//! TLS of both ends: version 1.3, both show a certificate, one authority is trusted, and the protocol
//! has to be agreed on. No session is taken up again, since that would skip the certificates.

use crate::shown::valid_at;
use core::cmp::Ordering;
use link::{Identity, PRIMARY_NAME, Protocol};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
    verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};
use std::sync::{Arc, Mutex, PoisonError};

/// TLS of the end that is called.
pub(crate) fn called(identity: &Identity, protocol: Protocol) -> Result<ServerConfig, Error> {
    let provider = provider();
    let clients =
        WebPkiClientVerifier::builder_with_provider(trust(identity)?, Arc::clone(&provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain(identity), key(identity))?;
    config.alpn_protocols = vec![protocol.alpn().as_bytes().to_vec()];
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// TLS of the end that calls, and where it keeps the certificate that it was shown. Without an
/// identity it shows none, and looks at what it is shown whoever made it; without a protocol it names
/// none.
pub(crate) fn calling(
    identity: Option<&Identity>,
    protocol: Option<Protocol>,
) -> Result<(ClientConfig, Arc<Expected>), Error> {
    let provider = provider();
    let expected = Arc::new(Expected::new(identity, Arc::clone(&provider))?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&expected) as Arc<dyn ServerCertVerifier>);
    let mut config = match identity {
        Some(identity) => builder.with_client_auth_cert(chain(identity), key(identity))?,
        None => builder.with_no_client_auth(),
    };
    let names = protocol.map(|protocol| protocol.alpn().as_bytes().to_vec());
    config.alpn_protocols = names.into_iter().collect();
    config.resumption = Resumption::disabled();
    Ok((config, expected))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn trust(identity: &Identity) -> Result<Arc<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.authority.as_slice()).into_owned())?;
    Ok(Arc::new(roots))
}

fn chain(identity: &Identity) -> Vec<CertificateDer<'static>> {
    vec![CertificateDer::from(identity.certificate.clone())]
}

fn key(identity: &Identity) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.expose().clone()))
}

/// What is expected of the end that is called: a certificate of the authority, to serve with, for
/// the name of a primary, whatever the name was under which it was reached.
#[derive(Debug)]
pub(crate) struct Expected {
    /// Knows the authority; None where none is known yet.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    name: ServerName<'static>,
    algorithms: WebPkiSupportedAlgorithms,
    shown: Mutex<Option<Vec<u8>>>,
}

impl Expected {
    fn new(identity: Option<&Identity>, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let algorithms = provider.signature_verification_algorithms;
        let of = |identity: &Identity| {
            WebPkiServerVerifier::builder_with_provider(trust(identity)?, provider)
                .build()
                .map_err(|error| Error::General(error.to_string()))
        };
        let name = ServerName::try_from(PRIMARY_NAME)
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Self {
            verifier: identity.map(of).transpose()?,
            name,
            algorithms,
            shown: Mutex::new(None),
        })
    }

    /// The certificate that was shown, DER.
    pub(crate) fn shown(&self) -> Option<Vec<u8>> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }

    /// Is it one of a primary, as far as who does not know its authority can tell?
    fn looks_right(&self, leaf: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(leaf)?;
        verify_server_name(&parsed, &self.name)
            .map_err(|_| Error::from(CertificateError::ApplicationVerificationFailure))?;
        match valid_at(leaf, now.as_secs()) {
            Ordering::Less => Err(CertificateError::NotValidYet.into()),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(CertificateError::Expired.into()),
        }
    }
}

impl ServerCertVerifier for Expected {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _reached: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(leaf.to_vec());
        match &self.verifier {
            Some(verifier) => {
                verifier.verify_server_cert(leaf, intermediates, &self.name, ocsp, now)
            }
            None => {
                self.looks_right(leaf, now)?;
                Ok(ServerCertVerified::assertion())
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
