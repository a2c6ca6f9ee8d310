//! The little of DER that public keys need: written here, and read as far as the key of a certificate.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const ED25519: &[u8] = b"\x30\x05\x06\x03\x2b\x65\x70";
const P256: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";

/// A curve of RFC 7518, section 6.2.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    /// Length of each coordinate.
    pub(crate) const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    const fn algorithm(self) -> &'static [u8] {
        match self {
            Self::P256 => P256,
            Self::P384 => P384,
            Self::P521 => P521,
        }
    }
}

/// SubjectPublicKeyInfo of an RSA key, both numbers unsigned and big-endian.
pub(crate) fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = [unsigned(modulus), unsigned(exponent)].concat();
    key_info(RSA, &element(SEQUENCE, &numbers))
}

/// SubjectPublicKeyInfo of a point. The coordinates have the curve's length.
pub(crate) fn ec_key(curve: Curve, x: &[u8], y: &[u8]) -> Vec<u8> {
    key_info(curve.algorithm(), &[b"\x04", x, y].concat())
}

/// SubjectPublicKeyInfo of an Ed25519 key.
pub(crate) fn ed25519_key(public: &[u8]) -> Vec<u8> {
    key_info(ED25519, public)
}

fn key_info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let key = element(BIT_STRING, &[b"\0", key].concat());
    element(SEQUENCE, &[algorithm, &key].concat())
}

fn unsigned(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let is_high = digits.first().is_none_or(|first| first & 0x80 != 0);
    let sign: &[u8] = if is_high { b"\0" } else { b"" };
    element(INTEGER, &[sign, digits].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ ..0x80) => bytes.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            // At most eight of them.
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            bytes.extend(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// The SubjectPublicKeyInfo in an X.509 certificate.
pub(crate) fn key_of_certificate(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, rest) = read(SEQUENCE, certificate)?;
    let (mut body, _) = read(SEQUENCE, certificate.content)?;
    if !rest.is_empty() {
        return None;
    }
    let mut fields = body.content;
    if let Some((_, after)) = read(VERSION, fields) {
        fields = after;
    }
    (body, fields) = read(INTEGER, fields)?;
    // Signature algorithm, issuer, validity, subject, and the key.
    for _ in 0..5 {
        (body, fields) = read(SEQUENCE, fields)?;
    }
    Some(body.whole)
}

#[derive(Clone, Copy)]
struct Element<'a> {
    whole: &'a [u8],
    content: &'a [u8],
}

/// The element at the start, which must have this tag, and what follows it.
fn read(tag: u8, bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (found, after) = bytes.split_first()?;
    let (first, after) = after.split_first()?;
    let (length, after) = match first {
        0..=0x7f => (usize::from(*first), after),
        0x81..=0x83 => {
            let (digits, after) = after.split_at_checked(usize::from(first & 0x0f))?;
            let append = |length: usize, digit: &u8| (length << 8) | usize::from(*digit);
            (digits.iter().fold(0, append), after)
        }
        _ => return None,
    };
    let (content, rest) = after.split_at_checked(length)?;
    let (whole, _) = bytes.split_at_checked(bytes.len() - rest.len())?;
    (*found == tag).then_some((Element { whole, content }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (length, head) in [
            (0, &b"\x30\x00"[..]),
            (127, b"\x30\x7f"),
            (128, b"\x30\x81\x80"),
            (255, b"\x30\x81\xff"),
            (256, b"\x30\x82\x01\x00"),
            (65536, b"\x30\x83\x01\x00\x00"),
        ] {
            let content = vec![7; length];
            let written = element(SEQUENCE, &content);
            assert_eq!(written, [head, &content].concat());
            let (back, rest) = read(SEQUENCE, &written).unwrap();
            assert_eq!(
                (back.content, back.whole, rest),
                (&content[..], &written[..], &b""[..])
            );
            assert!(read(SEQUENCE, &written[..written.len() - 1]).is_none());
        }
        assert!(read(SEQUENCE, b"\x30\x80").is_none());
        assert!(read(SEQUENCE, b"\x30\x84\xff\xff\xff\xff").is_none());
    }

    #[test]
    fn numbers() {
        for (number, expected) in [
            (&b""[..], &b"\x02\x01\x00"[..]),
            (b"\x00", b"\x02\x01\x00"),
            (b"\x00\x00\x7f", b"\x02\x01\x7f"),
            (b"\x80", b"\x02\x02\x00\x80"),
            (b"\x01\x00\x01", b"\x02\x03\x01\x00\x01"),
        ] {
            assert_eq!(unsigned(number), expected);
        }
    }
}
