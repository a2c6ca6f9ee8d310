//! Who signs the certificates of a relation.

use crate::AuthorityError;
use crate::parameters::{of_authority, of_primary, of_secondary};
use aws_lc_rs::digest::{SHA256, digest};
use base::{Entropy, Secret, Timestamp};
use rcgen::{CertificateParams, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The authority of one relation.
pub struct Authority {
    certificate: Vec<u8>,
    key: Secret<Vec<u8>>,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate that an authority made, and its key.
#[derive(Debug)]
pub struct Issued {
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// Its private key, PKCS #8 DER.
    pub key: Secret<Vec<u8>>,
}

impl Authority {
    /// Makes the authority of a relation.
    ///
    /// # Errors
    /// [`AuthorityError::Name`] for an id that cannot be named, [`AuthorityError::Make`] where the
    /// provider of cryptography fails.
    pub fn make(
        relation: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, AuthorityError> {
        let params = of_authority(relation, now, entropy)?;
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&pair)?.der().to_vec();
        let key = Secret::new(pair.serialize_der());
        Ok(Self {
            certificate,
            key,
            issuer: Issuer::new(params, pair),
        })
    }

    /// The authority that was kept.
    ///
    /// # Errors
    /// [`AuthorityError::Certificate`] and [`AuthorityError::Key`] for anything else than what
    /// [`certificate`](Self::certificate) and [`key`](Self::key) of one authority gave.
    pub fn open(certificate: &[u8], key: &Secret<Vec<u8>>) -> Result<Self, AuthorityError> {
        let (rest, parsed) =
            X509Certificate::from_der(certificate).map_err(|_| AuthorityError::Certificate)?;
        if !rest.is_empty() || !parsed.is_ca() {
            return Err(AuthorityError::Certificate);
        }
        let pair = KeyPair::try_from(key.expose().as_slice()).map_err(|_| AuthorityError::Key)?;
        if pair.subject_public_key_info() != parsed.public_key().raw {
            return Err(AuthorityError::Key);
        }
        let issuer = Issuer::from_ca_cert_der(&certificate.into(), pair)
            .map_err(|_| AuthorityError::Certificate)?;
        Ok(Self {
            certificate: certificate.to_vec(),
            key: Secret::new(key.expose().clone()),
            issuer,
        })
    }

    /// Its certificate, DER: what both ends of the relation trust.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Its private key, PKCS #8 DER.
    pub const fn key(&self) -> &Secret<Vec<u8>> {
        &self.key
    }

    /// A certificate with which the primary is called, and with which nobody can call.
    ///
    /// # Errors
    /// [`AuthorityError::Make`] where the provider of cryptography fails.
    pub fn issue_primary(
        &self,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Issued, AuthorityError> {
        self.issue(&of_primary(now, entropy)?)
    }

    /// A certificate with which the secondary `id` calls, and which nobody can be called by.
    ///
    /// # Errors
    /// [`AuthorityError::Name`] for an id that cannot be named, [`AuthorityError::Make`] where the
    /// provider of cryptography fails.
    pub fn issue_secondary(
        &self,
        id: &str,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Issued, AuthorityError> {
        self.issue(&of_secondary(id, now, entropy)?)
    }

    fn issue(&self, params: &CertificateParams) -> Result<Issued, AuthorityError> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&pair, &self.issuer)?.der().to_vec();
        let key = Secret::new(pair.serialize_der());
        Ok(Issued { certificate, key })
    }
}

/// The SHA-256 of a certificate, DER: by it a certificate is known once it was issued.
#[expect(clippy::expect_used, reason = "the algorithm has the length")]
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    let digest = digest(&SHA256, certificate);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}
