//! Is a signature the primary key's?

use crate::bytes::{Reader, padded};
use crate::curve::Curve;
use crate::key::{Hash, Key, Verifying, algorithm};
use crate::signature::Signature;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature as provided;

/// What a signature is about, beside the primary key itself.
#[derive(Clone, Copy)]
pub(crate) enum About<'a> {
    /// Nothing else.
    Primary,
    /// A user id, or an attribute of the user.
    User { mark: u8, body: &'a [u8] },
    /// A key that belongs to it.
    Subkey(&'a Key<'a>),
}

/// Verifies.
pub(crate) fn is_by(primary: &Key<'_>, about: About<'_>, signature: &Signature<'_>) -> bool {
    verify(primary, about, signature).is_some()
}

fn verify(primary: &Key<'_>, about: About<'_>, signature: &Signature<'_>) -> Option<()> {
    let message = message(primary, about, signature);
    let digest = signature.hash.digest(&message);
    if !digest.as_ref().starts_with(&signature.begins) {
        return None;
    }
    let mut value = Reader::new(signature.value);
    match (primary.verifying()?, signature.algorithm) {
        (Verifying::Rsa { modulus, exponent }, algorithm::RSA | algorithm::RSA_SIGN) => {
            let key = PublicKeyComponents {
                n: modulus,
                e: exponent,
            };
            let value = padded(value.number()?, modulus.len())?;
            key.verify(rsa(signature.hash), &message, &value).ok()
        }
        (Verifying::Ed25519(point), algorithm::EDDSA) => {
            let [r, s] = [value.number()?, value.number()?];
            let value = [padded(r, 32)?, padded(s, 32)?].concat();
            let key = provided::UnparsedPublicKey::new(&provided::ED25519, point);
            // What is signed is the hash, and hashed once more.
            key.verify(digest.as_ref(), &value).ok()
        }
        (Verifying::Ecdsa(curve, point), algorithm::ECDSA) => {
            let value = pair(value.number()?, value.number()?)?;
            let algorithm = ecdsa(curve, signature.hash)?;
            let key = provided::UnparsedPublicKey::new(algorithm, point);
            key.verify(&message, &value).ok()
        }
        _ => None,
    }
}

/// What is hashed.
fn message(primary: &Key<'_>, about: About<'_>, signature: &Signature<'_>) -> Vec<u8> {
    let mut message = Vec::new();
    primary.put_hashed(&mut message);
    match about {
        About::Primary => {}
        About::User { mark, body } => {
            message.push(mark);
            put_length(&mut message, body);
            message.extend_from_slice(body);
        }
        About::Subkey(key) => key.put_hashed(&mut message),
    }
    message.extend_from_slice(signature.signed);
    message.extend_from_slice(&[4, 0xff]);
    put_length(&mut message, signature.signed);
    message
}

fn put_length(into: &mut Vec<u8>, of: &[u8]) {
    let length = u32::try_from(of.len()).unwrap_or(u32::MAX);
    into.extend_from_slice(&length.to_be_bytes());
}

const fn rsa(hash: Hash) -> &'static provided::RsaParameters {
    match hash {
        Hash::Sha1 => &provided::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &provided::RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha384 => &provided::RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &provided::RSA_PKCS1_2048_8192_SHA512,
    }
}

const fn ecdsa(curve: Curve, hash: Hash) -> Option<&'static provided::EcdsaVerificationAlgorithm> {
    Some(match (curve, hash) {
        (Curve::P256, Hash::Sha256) => &provided::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Hash::Sha384) => &provided::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Hash::Sha512) => &provided::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Hash::Sha256) => &provided::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Hash::Sha384) => &provided::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Hash::Sha512) => &provided::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, Hash::Sha256) => &provided::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, Hash::Sha384) => &provided::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, Hash::Sha512) => &provided::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// Two numbers as DER has them, in a sequence: the form of the provider.
fn pair(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    for number in [r, s] {
        // A first bit that is set would make it negative.
        let zero = number.first().is_none_or(|byte| byte & 0x80 != 0);
        let zero: &[u8] = if zero { &[0] } else { &[] };
        let length = u8::try_from(zero.len() + number.len()).ok()?;
        if length >= 0x80 {
            return None;
        }
        body.extend_from_slice(&[2, length]);
        body.extend_from_slice(zero);
        body.extend_from_slice(number);
    }
    let length = u8::try_from(body.len()).ok()?;
    let head: &[u8] = match length {
        0..=0x7f => &[0x30, length],
        _ => &[0x30, 0x81, length],
    };
    Some([head, &body].concat())
}
