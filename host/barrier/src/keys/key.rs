//! A key whose bytes stay in the host.

use super::{KeyError, KeyKind, rsa};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
};
use base::{Entropy, Secret};
use core::fmt;
use std::sync::OnceLock;

const HMAC_KEY_BYTES_MIN: usize = 16;
const HMAC_KEY_BYTES_USUAL: usize = 32;
/// Longest HMAC key, in bytes.
const HMAC_KEY_BYTES_MAX: usize = 512;
pub(crate) const ED25519_SEED_BYTES: usize = 32;

/// How a key is to be made.
#[derive(Clone, Copy, Debug)]
pub struct KeyOptions {
    /// What it is for.
    pub kind: KeyKind,
    /// May its bytes ever be read back?
    pub exportable: bool,
    /// Length of an HMAC key, 16 to 512; 0 for the usual one. Of no meaning for other kinds.
    pub bytes: u32,
}

/// One key: whole, or the public half only.
pub struct Key {
    kind: KeyKind,
    exportable: bool,
    material: Material,
    parsed: Parsed,
}

/// What was worked out of the material: checking a private key costs more than using it, and one
/// handle may be used for a whole batch.
#[derive(Default)]
struct Parsed {
    spki: OnceLock<Vec<u8>>,
    rsa: OnceLock<rsa::KeyPair>,
    ecdsa: OnceLock<EcdsaKeyPair>,
}

enum Material {
    /// The bytes of a symmetric key, the seed of an Ed25519 key, PKCS#8 of the others.
    Secret(Secret<Vec<u8>>),
    /// SubjectPublicKeyInfo.
    Public(Vec<u8>),
}

impl Key {
    /// A new key. RSA takes its time: seconds for 4096 bits.
    ///
    /// # Errors
    /// For an HMAC length that is not between 16 and 512 bytes.
    pub fn make(options: KeyOptions, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let kind = options.kind;
        let secret = if let Some(bytes) = kind.cipher_key_bytes() {
            random(bytes, entropy)
        } else if let Some(bits) = kind.rsa_bits() {
            rsa::make(bits)?
        } else if let Some(algorithm) = ecdsa(kind) {
            // The library draws the scalar itself; it takes no other randomness.
            let pair = EcdsaKeyPair::generate(algorithm)?;
            Secret::new(pair.to_pkcs8v1()?.as_ref().to_vec())
        } else if kind == KeyKind::Ed25519 {
            random(ED25519_SEED_BYTES, entropy)
        } else {
            random(hmac_bytes(options.bytes)?, entropy)
        };
        Ok(Self::from_secret(kind, options.exportable, secret))
    }

    /// A key that was made elsewhere: PKCS#8 DER, or the bytes of a symmetric key.
    ///
    /// # Errors
    /// When the bytes are not a key of the kind that the options name.
    pub fn import(options: KeyOptions, material: Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let kind = options.kind;
        let bytes = material.expose();
        let rejected = || KeyError::Malformed(format!("not a {} key in PKCS#8", kind.name()));
        let secret = if let Some(expected) = kind.cipher_key_bytes() {
            check_length(kind, bytes, expected)?;
            material
        } else if let Some(bits) = kind.rsa_bits() {
            rsa::import(bytes, bits).ok_or_else(rejected)?
        } else if let Some(algorithm) = ecdsa(kind) {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, bytes).map_err(|_| rejected())?;
            Secret::new(pair.to_pkcs8v1()?.as_ref().to_vec())
        } else if kind == KeyKind::Ed25519 {
            let pair = Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| rejected())?;
            let seed: Curve25519SeedBin<'_> = pair.seed()?.as_be_bytes()?;
            Secret::new(seed.as_ref().to_vec())
        } else {
            if options.bytes != 0 {
                check_length(kind, bytes, hmac_bytes(options.bytes)?)?;
            }
            check_hmac_bytes(bytes.len())?;
            material
        };
        Ok(Self::from_secret(kind, options.exportable, secret))
    }

    /// The public half of a key, from SubjectPublicKeyInfo in DER: it verifies and encrypts, no more.
    ///
    /// # Errors
    /// For everything that is not such a key of one of the kinds.
    pub fn from_public(spki: &[u8]) -> Result<Self, KeyError> {
        let kind = super::signature::kind_of_public(spki)?;
        Ok(Self {
            kind,
            exportable: true,
            material: Material::Public(spki.to_vec()),
            parsed: Parsed::default(),
        })
    }

    pub(crate) fn from_secret(kind: KeyKind, exportable: bool, secret: Secret<Vec<u8>>) -> Self {
        Self {
            kind,
            exportable,
            material: Material::Secret(secret),
            parsed: Parsed::default(),
        }
    }

    /// What it is for.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// May its bytes be read?
    pub const fn is_exportable(&self) -> bool {
        self.exportable
    }

    /// SubjectPublicKeyInfo in DER; None for symmetric keys.
    ///
    /// # Errors
    /// When the library fails.
    pub fn public(&self) -> Result<Option<&[u8]>, KeyError> {
        if let Material::Public(spki) = &self.material {
            return Ok(Some(spki));
        }
        let is_rsa = self.kind.rsa_bits().is_some();
        if !is_rsa && ecdsa(self.kind).is_none() && self.kind != KeyKind::Ed25519 {
            return Ok(None);
        }
        let spki = once(&self.parsed.spki, || {
            let what = "show its public half";
            let der: PublicKeyX509Der<'_> = if is_rsa {
                self.rsa(what)?.public_key().as_der()?
            } else if self.kind == KeyKind::Ed25519 {
                let pair = Ed25519KeyPair::from_seed_unchecked(self.secret(what)?)?;
                pair.public_key().as_der()?
            } else {
                self.ecdsa(what)?.public_key().as_der()?
            };
            Ok(der.as_ref().to_vec())
        })?;
        Ok(Some(spki))
    }

    /// The RSA pair, for `what`.
    pub(crate) fn rsa(&self, what: &'static str) -> Result<&rsa::KeyPair, KeyError> {
        let secret = self.secret(what)?;
        once(&self.parsed.rsa, || Ok(rsa::KeyPair::from_pkcs8(secret)?))
    }

    /// The ECDSA pair, which signs in DER, for `what`.
    pub(crate) fn ecdsa(&self, what: &'static str) -> Result<&EcdsaKeyPair, KeyError> {
        let algorithm = ecdsa(self.kind).ok_or_else(|| self.wrong_kind(what))?;
        let secret = self.secret(what)?;
        once(&self.parsed.ecdsa, || {
            Ok(EcdsaKeyPair::from_pkcs8(algorithm, secret)?)
        })
    }

    /// PKCS#8 DER, or the bytes of a symmetric key.
    ///
    /// # Errors
    /// [`KeyError::NotExportable`] unless it was made exportable.
    pub fn export(&self) -> Result<Secret<Vec<u8>>, KeyError> {
        if !self.exportable {
            return Err(KeyError::NotExportable);
        }
        let secret = self.secret("be exported")?;
        if self.kind == KeyKind::Ed25519 {
            let pair = Ed25519KeyPair::from_seed_unchecked(secret)?;
            let der: Pkcs8V1Der<'_> = pair.as_der()?;
            return Ok(Secret::new(der.as_ref().to_vec()));
        }
        Ok(Secret::new(secret.to_vec()))
    }

    /// The secret bytes, for `what`, which a public key cannot do.
    pub(crate) fn secret(&self, what: &'static str) -> Result<&[u8], KeyError> {
        match &self.material {
            Material::Secret(secret) => Ok(secret.expose()),
            Material::Public(_) => Err(KeyError::WrongKind {
                kind: "public",
                what,
            }),
        }
    }

    pub(crate) const fn wrong_kind(&self, what: &'static str) -> KeyError {
        KeyError::WrongKind {
            kind: self.kind.name(),
            what,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.kind.name())
    }
}

/// The value, made at the first use.
fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, KeyError>) -> Result<&T, KeyError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

/// For reading and making pairs; which hash it names does not matter here.
fn ecdsa(kind: KeyKind) -> Option<&'static EcdsaSigningAlgorithm> {
    match kind {
        KeyKind::EcdsaP256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyKind::EcdsaP384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyKind::EcdsaP521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        _ => None,
    }
}

fn random(bytes: usize, entropy: &dyn Entropy) -> Secret<Vec<u8>> {
    let mut secret = vec![0; bytes];
    entropy.fill(&mut secret);
    Secret::new(secret)
}

pub(crate) fn hmac_bytes(asked: u32) -> Result<usize, KeyError> {
    match usize::try_from(asked).unwrap_or(usize::MAX) {
        0 => Ok(HMAC_KEY_BYTES_USUAL),
        bytes => check_hmac_bytes(bytes),
    }
}

fn check_hmac_bytes(bytes: usize) -> Result<usize, KeyError> {
    if (HMAC_KEY_BYTES_MIN..=HMAC_KEY_BYTES_MAX).contains(&bytes) {
        return Ok(bytes);
    }
    Err(KeyError::Malformed(format!(
        "hmac key must have {HMAC_KEY_BYTES_MIN} to {HMAC_KEY_BYTES_MAX} bytes"
    )))
}

fn check_length(kind: KeyKind, bytes: &[u8], expected: usize) -> Result<(), KeyError> {
    if bytes.len() == expected {
        return Ok(());
    }
    let (name, actual) = (kind.name(), bytes.len());
    Err(KeyError::Malformed(format!(
        "{name} key must have {expected} bytes, not {actual}"
    )))
}
