//! `keys/…/csr` and `keys/…/set-certificate`: certificates for keys that sign.

use crate::answer::spki;
use crate::der;
use crate::kind::Kind;
use crate::pem;
use crate::record::Record;
use crate::store::{self, Version};
use sdk::crypto::{Hash, Key, Message, Scheme};
use sdk::{Ctx, Fields, Reply, Result, from_pem, invalid, json, to_base64};

const REQUEST: &str = "CERTIFICATE REQUEST";
const CERTIFICATE: &str = "CERTIFICATE";
/// Of a request: an empty list of attributes, and an empty name.
const NO_ATTRIBUTES: &[u8] = &[der::CONTEXT_0, 0];
const NO_NAME: &[u8] = &[der::SEQUENCE, 0];
const VERSION_1: &[u8] = &[der::INTEGER, 1, 0];

#[derive(Fields)]
pub(crate) struct Request {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// Another request, in PEM, whose subject and attributes are taken.
    csr: Option<String>,
    /// Version to sign with; 0 for the latest.
    #[field(default = 0)]
    version: i64,
}

pub(crate) fn request(ctx: &mut Ctx, given: Request) -> Result<Reply> {
    let record = find(ctx, &given.name)?;
    let template = match given.csr.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(template(text)?),
        None => None,
    };
    let number = number(
        &record,
        given.version,
        "could not create the csr: no such key version",
    )?;
    let version = store::version(ctx, &given.name, number)?;
    let key = store::open(ctx, &given.name, number)?
        .ok_or_else(|| invalid("could not create the csr: the version has no private part"))?;
    let info = request_info(&spki(&version)?, template.as_deref())
        .ok_or_else(|| invalid("could not parse the CSR"))?;
    let request = sign_request(record.kind, &key, &info)?;
    Reply::data(&json!({
        "name": given.name,
        "type": record.kind.name(),
        "csr": pem::write(REQUEST, &request),
    }))
}

/// A key that can have certificates.
fn find(ctx: &Ctx, name: &str) -> Result<Record> {
    let Some(record) = store::find(ctx, name)? else {
        return Err(invalid(format!(
            "key with provided name '{name}' not found"
        )));
    };
    if !record.kind.signs() {
        let kind = record.kind.name();
        return Err(invalid(format!(
            "key type '{kind}' does not support signing"
        )));
    }
    if record.derived {
        return Err(invalid(
            "operation not supported for keys with derivation enabled",
        ));
    }
    record.check_alive()?;
    Ok(record)
}

fn number(record: &Record, asked: i64, missing: &str) -> Result<u64> {
    match u64::try_from(asked) {
        Ok(0) => Ok(record.latest),
        Ok(version) if record.available().contains(&version) => Ok(version),
        _ => Err(invalid(missing)),
    }
}

fn template(text: &str) -> Result<Vec<u8>> {
    let block = from_pem(text).and_then(|blocks| blocks.into_iter().next());
    match block {
        Some(block) if block.label == REQUEST => Ok(block.bytes),
        _ => Err(invalid("could not decode PEM CSR")),
    }
}

/// What is signed (PKCS#10): the subject and the attributes of the template with our public key.
fn request_info(spki: &[u8], template: Option<&[u8]>) -> Option<Vec<u8>> {
    let (mut subject, mut attributes) = (NO_NAME, NO_ATTRIBUTES);
    if let Some(template) = template {
        let mut request = der::values(der::values(template).one(der::SEQUENCE)?.content);
        let mut info = der::values(request.one(der::SEQUENCE)?.content);
        info.one(der::INTEGER)?;
        subject = info.one(der::SEQUENCE)?.whole;
        info.one(der::SEQUENCE)?;
        if let Some(given) = info.optional(der::CONTEXT_0) {
            attributes = given.whole;
        }
    }
    Some(der::write(
        der::SEQUENCE,
        &[VERSION_1, subject, spki, attributes],
    ))
}

fn sign_request(kind: Kind, key: &Key, info: &[u8]) -> Result<Vec<u8>> {
    let (algorithm, scheme): (&[u8], _) = match kind {
        Kind::Ed25519 => (b"\x30\x05\x06\x03\x2b\x65\x70", Scheme::Native),
        Kind::EcdsaP256 => (
            b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
            Scheme::EcdsaDer(Hash::Sha2_256),
        ),
        Kind::EcdsaP384 => (
            b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
            Scheme::EcdsaDer(Hash::Sha2_384),
        ),
        Kind::EcdsaP521 => (
            b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04",
            Scheme::EcdsaDer(Hash::Sha2_512),
        ),
        _ => (
            b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
            Scheme::RsaPkcs1V15(Hash::Sha2_256),
        ),
    };
    let signature = key.sign(Message::Whole(info), scheme)?;
    // A bit string begins with the number of bits at its end that are of no account.
    let signature = der::write(der::BIT_STRING, &[&[0], &signature]);
    Ok(der::write(der::SEQUENCE, &[info, algorithm, &signature]))
}

#[derive(Fields)]
pub(crate) struct Set {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// Certificates in PEM, the key's own first.
    #[field(default = "")]
    certificate_chain: String,
    /// Version that the chain is for; 0 for the latest.
    #[field(default = 0)]
    version: i64,
}

pub(crate) fn set(ctx: &mut Ctx, given: Set) -> Result<Reply> {
    let record = find(ctx, &given.name)?;
    let (leaf, chain) = chain(&given.certificate_chain)?;
    let failed = |why: &str| invalid(format!("failed to persist certificate chain: {why}"));
    let number = number(
        &record,
        given.version,
        "failed to persist certificate chain: no such key version",
    )?;
    let certificate = Certificate::read(&leaf).ok_or_else(|| failed("malformed certificate"))?;
    if certificate.is_authority {
        return Err(failed(
            "certificate in the first element is not a valid leaf certificate",
        ));
    }
    let version = store::version(ctx, &given.name, number)?;
    if version.public != Some(to_base64(certificate.spki)) {
        return Err(failed(
            "leaf certificate public key does not match the selected key version",
        ));
    }
    let answer = json!({
        "name": given.name,
        "type": record.kind.name(),
        "certificate_chain": chain,
    });
    let version = Version {
        chain: Some(chain),
        ..version
    };
    store::put_version(ctx, &given.name, number, &version)?;
    Reply::data(&answer)
}

/// The first certificate, and all of them as they are shown.
fn chain(text: &str) -> Result<(Vec<u8>, String)> {
    let (mut leaf, mut chain) = (None, String::new());
    let blocks = match text.trim().is_empty() {
        true => Vec::new(),
        false => from_pem(text)
            .ok_or_else(|| invalid("could not decode a PEM block in the certificate chain"))?,
    };
    for block in blocks
        .into_iter()
        .filter(|block| block.label == CERTIFICATE)
    {
        chain.push_str(&pem::write(CERTIFICATE, &block.bytes));
        leaf.get_or_insert(block.bytes);
    }
    match leaf {
        Some(leaf) => Ok((leaf, chain)),
        None => Err(invalid(
            "provided certificate chain did not contain any valid PEM encoded certificate",
        )),
    }
}

/// What matters of a certificate here.
struct Certificate<'a> {
    spki: &'a [u8],
    is_authority: bool,
}

impl<'a> Certificate<'a> {
    /// RFC 5280, as far as it is asked.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut whole = der::values(bytes);
        let mut certificate = der::values(whole.one(der::SEQUENCE)?.content);
        let mut fields = der::values(certificate.one(der::SEQUENCE)?.content);
        fields.optional(der::CONTEXT_0);
        fields.one(der::INTEGER)?;
        // Algorithm, issuer, validity, subject.
        for _ in 0..4 {
            fields.one(der::SEQUENCE)?;
        }
        let spki = fields.one(der::SEQUENCE)?.whole;
        let mut is_authority = false;
        while let Some(field) = fields.any() {
            if field.tag == der::CONTEXT_0 + 3 {
                is_authority = is_authority_in(field.content)?;
            }
        }
        let ends = fields.is_empty() && whole.is_empty();
        ends.then_some(Self { spki, is_authority })
    }
}

/// Do the extensions say that this is an authority's certificate?
fn is_authority_in(extensions: &[u8]) -> Option<bool> {
    const BASIC_CONSTRAINTS: &[u8] = &[0x06, 3, 0x55, 0x1d, 19];
    const TRUE: &[u8] = &[0x01, 1, 0xff];
    let mut extensions = der::values(der::values(extensions).one(der::SEQUENCE)?.content);
    while let Some(extension) = extensions.any() {
        let mut parts = der::values(extension.content);
        if parts.any()?.whole != BASIC_CONSTRAINTS {
            continue;
        }
        parts.optional(0x01);
        let value = parts.one(der::OCTET_STRING)?.content;
        let mut constraints = der::values(der::values(value).one(der::SEQUENCE)?.content);
        return Some(constraints.any().is_some_and(|first| first.whole == TRUE));
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bytes_are_a_certificate_by_accident() {
        for bytes in [
            &b""[..],
            b"\x30\x00",
            b"\x30\x80",
            b"\x30\x02\x30\x00",
            &[0x30; 40],
        ] {
            assert!(Certificate::read(bytes).is_none(), "{bytes:?}");
            assert!(request_info(b"", Some(bytes)).is_none(), "{bytes:?}");
        }
    }

    /// Made by OpenSSL, of one Ed25519 key.
    #[test]
    fn what_is_read_of_certificates() {
        const LEAF: &str = "MIIBLzCB4qADAgECAhQBtE5c8tqnASeU8Gh/g5FQQ45OmjAFBgMrZXAwDzENMAsGA1UEAwwEbGVhZjAeFw0yNjExMjcwMDI0MjhaFw0zNjExMjQwMDI0MjhaMA8xDTALBgNVBAMMBGxlYWYwKjAFBgMrZXADIQARcPXHtQQ6yUMdrVgI4wkQkamnVC5UIPXrDmtJp/G0WaNQME4wHQYDVR0OBBYEFJCesK4U7wc0evMPmfF5eKOZ5PCBMB8GA1UdIwQYMBaAFJCesK4U7wc0evMPmfF5eKOZ5PCBMAwGA1UdEwEB/wQCMAAwBQYDK2VwA0EADj3/+bhrX8JRcKHj+NvwAvW3vt5gyFw7+pUb3SRhT7UNZ/8qjjSgr0aK2g05Ehx5ACxOPhCfOiyOlxrNR19mCA==";
        const AUTHORITY: &str = "MIIBLjCB4aADAgECAhQlLFDA25p9i5CPHygjkdkbudo72jAFBgMrZXAwDTELMAkGA1UEAwwCY2EwHhcNMjYxMTI3MDAyNDI4WhcNMzYxMTI0MDAyNDI4WjANMQswCQYDVQQDDAJjYTAqMAUGAytlcAMhABFw9ce1BDrJQx2tWAjjCRCRqadULlQg9esOa0mn8bRZo1MwUTAdBgNVHQ4EFgQUkJ6wrhTvBzR68w+Z8Xl4o5nk8IEwHwYDVR0jBBgwFoAUkJ6wrhTvBzR68w+Z8Xl4o5nk8IEwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBFvaA9X0M5VPtz/l8VNw6L6kwepPwupG2gNPg7HXOk5t3PaPNxY7Rj27NkpNMYFjqudUIrAxpaLFU8hv3UtucL";
        let spki =
            crate::base64::decode("MCowBQYDK2VwAyEAEXD1x7UEOslDHa1YCOMJEJGpp1QuVCD16w5rSafxtFk=")
                .unwrap();
        for (text, is_authority) in [(LEAF, false), (AUTHORITY, true)] {
            let bytes = crate::base64::decode(text).unwrap();
            let certificate = Certificate::read(&bytes).unwrap();
            assert_eq!(
                (certificate.spki, certificate.is_authority),
                (&spki[..], is_authority)
            );
            for length in 0..bytes.len() {
                assert!(Certificate::read(bytes.get(..length).unwrap()).is_none());
            }
            let two = format!(
                "{}said\n{}",
                pem::write(CERTIFICATE, &bytes),
                pem::write("X", b"x")
            );
            assert!(chain(&two).is_ok_and(|(leaf, chain)| leaf == bytes && chain.matches("BEGIN").count() == 1));
        }
        assert!(chain("").is_err() && chain("x").is_err());
    }

    #[test]
    fn an_empty_request_has_neither_subject_nor_attributes() {
        let info = request_info(b"\x30\x00", None).unwrap();
        assert_eq!(info, b"\x30\x09\x02\x01\x00\x30\x00\x30\x00\xa0\x00");
    }
}
