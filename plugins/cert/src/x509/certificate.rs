//! A certificate (RFC 5280), as far as logins look at it.

use super::signature::{Signature, scheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Version};

/// Longest certificate.
const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;
/// Most extensions of one.
const EXTENSIONS_MAX: usize = 64;

/// What stands in a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    /// Names as they are encoded.
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    /// Without zeros in front.
    pub(crate) serial: Vec<u8>,
    /// The same, in decimal.
    pub(crate) serial_text: String,
    /// Seconds since the epoch, both included.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    /// SubjectPublicKeyInfo.
    pub(crate) key: Vec<u8>,
    /// None where it is made in a way that we do not take.
    pub(crate) signature: Option<Signature>,
    pub(crate) names: Names,
    pub(crate) limits: Limits,
    pub(crate) subject_key_id: Vec<u8>,
    pub(crate) authority_key_id: Vec<u8>,
    /// OID and value of each.
    pub(crate) extensions: Vec<(String, Vec<u8>)>,
}

/// Whom it names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) common: String,
    pub(crate) units: Vec<String>,
    pub(crate) dns: Vec<String>,
    pub(crate) emails: Vec<String>,
    pub(crate) uris: Vec<String>,
}

/// What it may be used for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) is_authority: bool,
    /// Most authorities below it.
    pub(crate) path_length: Option<u32>,
    /// None where it does not say.
    pub(crate) may_sign_certificates: Option<bool>,
    /// None where it does not say.
    pub(crate) may_log_in: Option<bool>,
    /// Does it limit the names below it? We do not read how.
    pub(crate) limits_names: bool,
    /// An extension that must be understood and is not.
    pub(crate) unknown: Option<String>,
}

/// Tags of DER (X.690, 8.9 and 8.6).
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// Is what stands around the signed part as it must be? It is not signed itself, and the reader
/// overlooks the class of a tag: the algorithm must stand in the signed part byte for byte.
fn is_framed_well(der: &[u8], signed: &[u8]) -> bool {
    let header = match der.get(1) {
        Some(length) if length & 0x80 != 0 => 2 + usize::from(length & 0x7f),
        _ => 2,
    };
    let outside = der.get(header.saturating_add(signed.len())..);
    let length = outside.and_then(|outside| outside.get(1).copied());
    let Some(length) = length.filter(|length| *length < 0x80).map(usize::from) else {
        return false;
    };
    let algorithm = outside.and_then(|outside| outside.get(..length + 2));
    let signature = outside.and_then(|outside| outside.get(length + 2));
    der.first() == Some(&SEQUENCE)
        && signature == Some(&BIT_STRING)
        && algorithm
            .is_some_and(|algorithm| signed.windows(length + 2).any(|part| part == algorithm))
}

impl Certificate {
    /// Reads a certificate. None where it is malformed, too long, or has an extension twice.
    pub(crate) fn parse(der: &[u8]) -> Option<Self> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return None;
        }
        let (rest, read) = X509Certificate::from_der(der).ok()?;
        let body = &read.tbs_certificate;
        let has_extensions = !body.extensions().is_empty();
        let is_odd = !rest.is_empty()
            || body.extensions().len() > EXTENSIONS_MAX
            || body.extensions_map().is_err()
            || (has_extensions && body.version() != X509Version::V3)
            || body.signature != read.signature_algorithm
            || read.signature_value.unused_bits != 0
            || !is_framed_well(der, body.as_ref());
        if is_odd {
            return None;
        }
        let signature = scheme(&read.signature_algorithm).map(|scheme| Signature {
            scheme,
            signed: body.as_ref().to_vec(),
            bytes: read.signature_value.data.to_vec(),
        });
        let mut certificate = Self {
            der: der.to_vec(),
            issuer: body.issuer.as_raw().to_vec(),
            subject: body.subject.as_raw().to_vec(),
            serial: without_zeros(body.raw_serial()),
            serial_text: body.serial.to_string(),
            not_before: body.validity.not_before.timestamp(),
            not_after: body.validity.not_after.timestamp(),
            key: body.subject_pki.raw.to_vec(),
            signature,
            names: Names {
                common: texts(body.subject.iter_common_name())
                    .pop()
                    .unwrap_or_default(),
                units: texts(body.subject.iter_organizational_unit()),
                ..Names::default()
            },
            limits: Limits::default(),
            subject_key_id: Vec::new(),
            authority_key_id: Vec::new(),
            extensions: Vec::new(),
        };
        for extension in body.extensions() {
            certificate.take(extension)?;
        }
        Some(certificate)
    }

    fn take(&mut self, extension: &X509Extension<'_>) -> Option<()> {
        let oid = extension.oid.to_id_string();
        let limits = &mut self.limits;
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(basic) => {
                limits.is_authority = basic.ca;
                limits.path_length = basic.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => {
                limits.may_sign_certificates = Some(usage.key_cert_sign());
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                limits.may_log_in = Some(usage.any || usage.client_auth);
            }
            ParsedExtension::NameConstraints(_) => limits.limits_names = true,
            ParsedExtension::SubjectAlternativeName(names) => {
                for name in &names.general_names {
                    self.names.take(name)?;
                }
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = id.0.to_vec(),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                let id = id.key_identifier.as_ref();
                self.authority_key_id = id.map(|id| id.0.to_vec()).unwrap_or_default();
            }
            ParsedExtension::ParseError { .. } => return None,
            // Which policies it was made under is of no matter here: none is asked for.
            ParsedExtension::CertificatePolicies(_) => {}
            _ if extension.critical => limits.unknown = Some(oid.clone()),
            _ => {}
        }
        self.extensions.push((oid, extension.value.to_vec()));
        Some(())
    }

    /// Is it good at this time?
    pub(crate) const fn is_current(&self, now_seconds: i64) -> bool {
        self.not_before <= now_seconds && now_seconds <= self.not_after
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// The value of an extension.
    pub(crate) fn extension(&self, oid: &str) -> Option<&[u8]> {
        let mut found = self.extensions.iter();
        found
            .find(|(one, _)| one == oid)
            .map(|(_, value)| value.as_slice())
    }
}

impl Names {
    fn take(&mut self, name: &GeneralName<'_>) -> Option<()> {
        match name {
            GeneralName::DNSName(text) => self.dns.push((*text).to_owned()),
            GeneralName::RFC822Name(text) => self.emails.push((*text).to_owned()),
            GeneralName::URI(text) => self.uris.push((*text).to_owned()),
            GeneralName::Invalid(..) => return None,
            _ => {}
        }
        Some(())
    }
}

fn texts<'a>(values: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Vec<String> {
    let text = |value: &AttributeTypeAndValue<'_>| value.as_str().ok().map(str::to_owned);
    values.filter_map(text).collect()
}

pub(crate) fn without_zeros(number: &[u8]) -> Vec<u8> {
    number
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect()
}

/// The text in an extension, where its value is one; the empty text otherwise.
pub(crate) fn extension_text(value: &[u8]) -> &str {
    const TEXTS: [u8; 4] = [0x0c, 0x13, 0x16, 0x1a];
    let [tag, length, text @ ..] = value else {
        return "";
    };
    // Texts of up to 127 bytes, and up to 65535.
    let text = match (length, text) {
        (0..=0x7f, text) if text.len() == usize::from(*length) => text,
        (0x81, [length, text @ ..]) if text.len() == usize::from(*length) => text,
        (0x82, [high, low, text @ ..])
            if text.len() == usize::from(u16::from_be_bytes([*high, *low])) =>
        {
            text
        }
        _ => return "",
    };
    match TEXTS.contains(tag) {
        true => core::str::from_utf8(text).unwrap_or_default(),
        false => "",
    }
}
