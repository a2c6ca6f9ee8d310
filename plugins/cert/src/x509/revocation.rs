//! Certificate revocation lists (RFC 5280, section 5), as far as logins look at them.

use super::certificate::without_zeros;
use super::signature::{Signature, scheme};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

/// Longest list.
const LIST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// `deltaCRLIndicator`: such a list changes another one, and says little alone.
const DELTA: &str = "2.5.29.27";
/// `certificateIssuer`: such an entry is of another issuer than the list.
const ENTRY_ISSUER: &str = "2.5.29.29";

/// What stands in a list.
pub(crate) struct RevocationList {
    /// The issuer's name as it is encoded.
    pub(crate) issuer: Vec<u8>,
    /// When the next one comes, in seconds since the epoch.
    pub(crate) next_update: Option<i64>,
    /// Serial numbers without zeros in front.
    pub(crate) serials: Vec<Vec<u8>>,
    pub(crate) signature: Option<Signature>,
}

impl RevocationList {
    /// Reads a list, PEM or DER.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() > LIST_BYTES_MAX {
            return Err("too long");
        }
        let text = core::str::from_utf8(bytes).unwrap_or_default();
        match text.contains("-----BEGIN ") {
            true => {
                let blocks = sdk::from_pem(text).unwrap_or_default();
                let block = blocks.into_iter().find(|block| block.label == "X509 CRL");
                Self::parse(&block.ok_or("no list in the PEM text")?.bytes)
            }
            false => Self::parse(bytes),
        }
    }

    fn parse(der: &[u8]) -> Result<Self, &'static str> {
        let (rest, read) =
            CertificateRevocationList::from_der(der).map_err(|_| "not a revocation list")?;
        let list = &read.tbs_cert_list;
        if !rest.is_empty() || list.signature != read.signature_algorithm {
            return Err("malformed");
        }
        for extension in list.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::IssuingDistributionPoint(point) if point.indirect_crl => {
                    return Err("an indirect list is not supported");
                }
                ParsedExtension::IssuingDistributionPoint(_) => {}
                _ if extension.oid.to_id_string() == DELTA => {
                    return Err("a list of changes is not supported");
                }
                _ if extension.critical => return Err("an unknown critical extension"),
                _ => {}
            }
        }
        let mut serials = Vec::with_capacity(list.revoked_certificates.len());
        for revoked in &list.revoked_certificates {
            let mut extensions = revoked.extensions().iter();
            if extensions.any(|one| one.critical || one.oid.to_id_string() == ENTRY_ISSUER) {
                return Err("an entry with an unknown critical extension");
            }
            serials.push(without_zeros(revoked.raw_serial()));
        }
        Ok(Self {
            issuer: list.issuer.as_raw().to_vec(),
            next_update: list.next_update.map(|time| time.timestamp()),
            serials,
            signature: scheme(&read.signature_algorithm).map(|scheme| Signature {
                scheme,
                signed: list.as_ref().to_vec(),
                bytes: read.signature_value.data.to_vec(),
            }),
        })
    }
}
