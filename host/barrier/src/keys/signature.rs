//! Signatures.

use super::{Hash, Key, KeyError, KeyKind, digest, rsa};
use aws_lc_rs::digest::{self as lc_digest, Digest};
use aws_lc_rs::signature::{
    self as lc, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, Ed25519KeyPair,
    UnparsedPublicKey,
};

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// Hashed here, where the scheme has a hash.
    Whole(&'a [u8]),
    /// Hashed already, with the scheme's hash.
    Hashed(&'a [u8]),
}

/// How long the salt of PSS is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaltLength {
    /// As long as the key has room for. Verifying takes one as long as the hash as well.
    Automatic,
    /// As long as the hash.
    AsHash,
    /// This long.
    Bytes(u32),
}

/// How it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureScheme {
    /// Ed25519, of a whole message.
    Native,
    /// ECDSA in ASN.1 DER.
    EcdsaDer(Hash),
    /// ECDSA as r‖s of fixed length.
    EcdsaFixed(Hash),
    /// RSA with PSS.
    RsaPss(Hash, SaltLength),
    /// RSA with PKCS#1 v1.5.
    RsaPkcs1V15(Hash),
    /// RSA with PKCS#1 v1.5 over a hashed message, without the name of the hash. The library does not
    /// have it.
    RsaPkcs1V15Unnamed,
}

impl Key {
    /// Signs.
    ///
    /// # Errors
    /// When the key cannot do that scheme, the host does not have it, or a hashed message does not
    /// have the length of the hash.
    pub fn sign(&self, message: Message<'_>, scheme: SignatureScheme) -> Result<Vec<u8>, KeyError> {
        let what = "sign in that scheme";
        self.check_scheme(scheme, what)?;
        match scheme {
            SignatureScheme::Native => {
                let pair = Ed25519KeyPair::from_seed_unchecked(self.secret(what)?)?;
                Ok(pair.sign(whole(message)?).as_ref().to_vec())
            }
            SignatureScheme::EcdsaDer(hash) => {
                let digest = self.curve(what)?.import(&hashed(message, hash)?)?;
                let pair = self.ecdsa(what)?;
                Ok(pair.sign_digest(&digest)?.as_ref().to_vec())
            }
            SignatureScheme::EcdsaFixed(hash) => {
                let curve = self.curve(what)?;
                let digest = curve.import(&hashed(message, hash)?)?;
                let pair = EcdsaKeyPair::from_pkcs8(curve.sign_fixed, self.secret(what)?)?;
                Ok(pair.sign_digest(&digest)?.as_ref().to_vec())
            }
            SignatureScheme::RsaPss(hash, salt) => {
                let encoding = rsa::pss_signing(hash, salt)?;
                rsa::sign(self.rsa(what)?, encoding, &import(hash, message)?)
            }
            SignatureScheme::RsaPkcs1V15(hash) => {
                let encoding = rsa::pkcs1_signing(hash)?;
                rsa::sign(self.rsa(what)?, encoding, &import(hash, message)?)
            }
            SignatureScheme::RsaPkcs1V15Unnamed => Err(unnamed()),
        }
    }

    /// Is it this key's signature? False whatever is wrong with it.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn verify(
        &self,
        message: Message<'_>,
        scheme: SignatureScheme,
        signature: &[u8],
    ) -> Result<bool, KeyError> {
        let what = "verify in that scheme";
        self.check_scheme(scheme, what)?;
        let spki = self.public()?.unwrap_or_default();
        match scheme {
            SignatureScheme::Native => {
                let key = UnparsedPublicKey::new(&lc::ED25519, spki);
                Ok(key.verify(whole(message)?, signature).is_ok())
            }
            SignatureScheme::EcdsaDer(hash) | SignatureScheme::EcdsaFixed(hash) => {
                let curve = self.curve(what)?;
                let digest = curve.import(&hashed(message, hash)?)?;
                let algorithm = match scheme {
                    SignatureScheme::EcdsaFixed(_) => curve.verify_fixed,
                    _ => curve.verify_der,
                };
                let key = UnparsedPublicKey::new(algorithm, spki);
                Ok(key.verify_digest(&digest, signature).is_ok())
            }
            SignatureScheme::RsaPss(hash, salt) => {
                let choices = rsa::pss_verifying(hash, salt)?;
                let digest = import(hash, message)?;
                Ok(choices.into_iter().flatten().any(|parameters| {
                    let key = UnparsedPublicKey::new(parameters, spki);
                    key.verify_digest(&digest, signature).is_ok()
                }))
            }
            SignatureScheme::RsaPkcs1V15(hash) => {
                let key = UnparsedPublicKey::new(rsa::pkcs1_verifying(hash)?, spki);
                Ok(key
                    .verify_digest(&import(hash, message)?, signature)
                    .is_ok())
            }
            SignatureScheme::RsaPkcs1V15Unnamed => Err(unnamed()),
        }
    }

    fn check_scheme(&self, scheme: SignatureScheme, what: &'static str) -> Result<(), KeyError> {
        let fits = match scheme {
            SignatureScheme::Native => self.kind() == KeyKind::Ed25519,
            SignatureScheme::EcdsaDer(_) | SignatureScheme::EcdsaFixed(_) => {
                curve(self.kind()).is_some()
            }
            SignatureScheme::RsaPss(..)
            | SignatureScheme::RsaPkcs1V15(_)
            | SignatureScheme::RsaPkcs1V15Unnamed => self.kind().rsa_bits().is_some(),
        };
        if fits {
            Ok(())
        } else {
            Err(self.wrong_kind(what))
        }
    }

    fn curve(&self, what: &'static str) -> Result<Curve, KeyError> {
        curve(self.kind()).ok_or_else(|| self.wrong_kind(what))
    }
}

fn unnamed() -> KeyError {
    KeyError::Unsupported(String::from("PKCS#1 v1.5 without the name of the hash"))
}

fn whole(message: Message<'_>) -> Result<&[u8], KeyError> {
    match message {
        Message::Whole(bytes) => Ok(bytes),
        Message::Hashed(_) => Err(KeyError::Unsupported(String::from(
            "ed25519 of a hashed message",
        ))),
    }
}

fn hashed(message: Message<'_>, hash: Hash) -> Result<Vec<u8>, KeyError> {
    match message {
        Message::Whole(bytes) => Ok(digest(hash, bytes)),
        Message::Hashed(bytes) if bytes.len() == hash.output_bytes() => Ok(bytes.to_vec()),
        Message::Hashed(bytes) => {
            let (name, expected, actual) = (hash.name(), hash.output_bytes(), bytes.len());
            let text = format!("a {name} digest has {expected} bytes, not {actual}");
            Err(KeyError::Malformed(text))
        }
    }
}

/// The digest as the library wants it, for RSA.
fn import(hash: Hash, message: Message<'_>) -> Result<Digest, KeyError> {
    let algorithm = match hash {
        Hash::Sha1 => &lc_digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha2_256 => &lc_digest::SHA256,
        Hash::Sha2_384 => &lc_digest::SHA384,
        Hash::Sha2_512 => &lc_digest::SHA512,
        _ => return Err(rsa::unsupported("RSA", hash)),
    };
    Ok(Digest::import_less_safe(
        &hashed(message, hash)?,
        algorithm,
    )?)
}

/// What the library has for one curve. Each comes with the hash of the curve's size.
#[derive(Clone, Copy)]
struct Curve {
    sign_fixed: &'static EcdsaSigningAlgorithm,
    verify_der: &'static EcdsaVerificationAlgorithm,
    verify_fixed: &'static EcdsaVerificationAlgorithm,
    digest: &'static lc_digest::Algorithm,
}

fn curve(kind: KeyKind) -> Option<Curve> {
    match kind {
        KeyKind::EcdsaP256 => Some(Curve {
            sign_fixed: &lc::ECDSA_P256_SHA256_FIXED_SIGNING,
            verify_der: &lc::ECDSA_P256_SHA256_ASN1,
            verify_fixed: &lc::ECDSA_P256_SHA256_FIXED,
            digest: &lc_digest::SHA256,
        }),
        KeyKind::EcdsaP384 => Some(Curve {
            sign_fixed: &lc::ECDSA_P384_SHA384_FIXED_SIGNING,
            verify_der: &lc::ECDSA_P384_SHA384_ASN1,
            verify_fixed: &lc::ECDSA_P384_SHA384_FIXED,
            digest: &lc_digest::SHA384,
        }),
        KeyKind::EcdsaP521 => Some(Curve {
            sign_fixed: &lc::ECDSA_P521_SHA512_FIXED_SIGNING,
            verify_der: &lc::ECDSA_P521_SHA512_ASN1,
            verify_fixed: &lc::ECDSA_P521_SHA512_FIXED,
            digest: &lc_digest::SHA512,
        }),
        _ => None,
    }
}

impl Curve {
    /// ECDSA signs a number: the leftmost bits of the digest, as many as the order of the curve has
    /// (FIPS 186-5, 6.4.1). So a longer digest is cut and a shorter one led by zeros, and the
    /// library, which has one hash for each curve, signs with every hash.
    fn import(&self, digest: &[u8]) -> Result<Digest, KeyError> {
        let size = self.digest.output_len();
        let leftmost = digest.get(..size).unwrap_or(digest);
        let mut number = vec![0; size - leftmost.len()];
        number.extend_from_slice(leftmost);
        Ok(Digest::import_less_safe(&number, self.digest)?)
    }
}

/// Which kind a SubjectPublicKeyInfo is of.
pub(crate) fn kind_of_public(spki: &[u8]) -> Result<KeyKind, KeyError> {
    /// All that stands before the point: lengths, algorithm, curve. And the length of the whole,
    /// since the library would take some shorter texts for points without a head.
    const HEADS: [(KeyKind, usize, &[u8]); 4] = [
        (KeyKind::Ed25519, 44, b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"),
        (
            KeyKind::EcdsaP256,
            91,
            b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04",
        ),
        (
            KeyKind::EcdsaP384,
            120,
            b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04",
        ),
        (
            KeyKind::EcdsaP521,
            158,
            b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04",
        ),
    ];
    let fits = |(_, length, head): &&(KeyKind, usize, &[u8])| {
        spki.len() == *length && spki.starts_with(head)
    };
    let malformed = || KeyError::malformed("not a public key in SubjectPublicKeyInfo");
    if let Some((kind, _, _)) = HEADS.iter().find(fits) {
        let parsed = match curve(*kind) {
            Some(curve) => UnparsedPublicKey::new(curve.verify_der, spki).parse(),
            None => UnparsedPublicKey::new(&lc::ED25519, spki).parse(),
        };
        return parsed.map(|_| *kind).map_err(|_| malformed());
    }
    match rsa::public_bits(spki) {
        Some(2048) => Ok(KeyKind::Rsa2048),
        Some(3072) => Ok(KeyKind::Rsa3072),
        Some(4096) => Ok(KeyKind::Rsa4096),
        Some(bits) => Err(KeyError::Unsupported(format!("RSA of {bits} bits"))),
        None => Err(malformed()),
    }
}
