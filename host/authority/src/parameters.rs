//! What stands in each certificate.

use crate::AuthorityError;
use base::{Entropy, Timestamp};
use core::time::Duration;
use link::PRIMARY_NAME;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use time::OffsetDateTime;

/// The longest id of a relation or a secondary, in bytes.
pub const NAME_BYTES_MAX: usize = 256;

/// What the name of a secondary begins with in its certificate. Its id follows, percent-encoded.
pub const SECONDARY_URI_PREFIX: &str = "casemate:secondary:";

/// Clocks of clusters differ a little: a certificate is good from a minute ago.
const EARLIER: Duration = Duration::from_mins(1);

/// A relation ends by removing the secondary, not by a date: Vault's 30 years.
const VALIDITY: Duration = Duration::from_hours(30 * 365 * 24);

/// What [RFC 5280] allows at most, less the sign.
///
/// [RFC 5280]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2
const SERIAL_BYTES: usize = 20;

/// Of a URI, what needs no escape.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(crate) fn of_authority(
    relation: &str,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<CertificateParams, AuthorityError> {
    let relation = checked(relation)?;
    let mut params = basis(&format!("casemate relation {relation}"), now, entropy);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

pub(crate) fn of_primary(
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = basis("casemate primary", now, entropy);
    params.subject_alt_names = vec![SanType::DnsName(PRIMARY_NAME.try_into()?)];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(of_leaf(params))
}

pub(crate) fn of_secondary(
    id: &str,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<CertificateParams, AuthorityError> {
    let id = checked(id)?;
    let mut params = basis(&format!("casemate secondary {id}"), now, entropy);
    let uri = format!("{SECONDARY_URI_PREFIX}{}", utf8_percent_encode(id, ESCAPED));
    params.subject_alt_names = vec![SanType::URI(uri.try_into()?)];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(of_leaf(params))
}

fn basis(name: &str, now: Timestamp, entropy: &dyn Entropy) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    let begin = now.since(Timestamp::default()).saturating_sub(EARLIER);
    params.not_before = OffsetDateTime::UNIX_EPOCH + begin;
    params.not_after = params.not_before + VALIDITY;
    params.serial_number = Some(make_serial(entropy));
    params
}

fn of_leaf(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}

/// Positive, never zero, and as long as all others.
fn make_serial(entropy: &dyn Entropy) -> SerialNumber {
    let mut serial = [0; SERIAL_BYTES];
    entropy.fill(&mut serial);
    let [first, ..] = &mut serial;
    *first = (*first & 0x7f) | 0x40;
    SerialNumber::from(serial.to_vec())
}

fn checked(id: &str) -> Result<&str, AuthorityError> {
    if id.is_empty() || id.len() > NAME_BYTES_MAX || id.chars().any(char::is_control) {
        let shown = id.chars().take(NAME_BYTES_MAX).collect();
        return Err(AuthorityError::Name(shown));
    }
    Ok(id)
}
