//! One key: the primary one of a certificate, or one that it binds to itself.

use crate::bytes::Reader;
use crate::curve::{Curve, ED25519};
use crate::error::KeyError;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};

/// Numbers of algorithms.
pub(crate) mod algorithm {
    pub(crate) const RSA: u8 = 1;
    pub(crate) const RSA_ENCRYPT: u8 = 2;
    pub(crate) const RSA_SIGN: u8 = 3;
    pub(crate) const ECDH: u8 = 18;
    pub(crate) const ECDSA: u8 = 19;
    pub(crate) const EDDSA: u8 = 22;
}

/// Lengths of the moduli that are taken: 2048 to 8192 bits.
const RSA_BYTES: core::ops::RangeInclusive<usize> = 256..=1024;

/// A key of version 4.
pub(crate) struct Key<'a> {
    /// Its packet, which is what is signed and hashed.
    pub(crate) body: &'a [u8],
    /// When it was made, in seconds.
    pub(crate) created: u32,
    algorithm: u8,
    material: &'a [u8],
}

/// SHA-1 of a key: the name that people compare.
pub(crate) type Fingerprint = [u8; 20];

/// What can be encrypted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encrypting {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    Curve {
        curve: Curve,
        point: Vec<u8>,
        hash: Hash,
        cipher: Cipher,
    },
}

/// What signatures are compared with.
pub(crate) enum Verifying<'a> {
    Rsa {
        modulus: &'a [u8],
        exponent: &'a [u8],
    },
    Ed25519(&'a [u8]),
    Ecdsa(Curve, &'a [u8]),
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// For taking back alone: what others can make of it is that nobody encrypts.
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// What wraps a session key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
}

impl Hash {
    pub(crate) const fn of(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::Sha1),
            8 => Some(Self::Sha256),
            9 => Some(Self::Sha384),
            10 => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Sha1 => 2,
            Self::Sha256 => 8,
            Self::Sha384 => 9,
            Self::Sha512 => 10,
        }
    }

    pub(crate) fn digest(self, bytes: &[u8]) -> aws_lc_rs::digest::Digest {
        let algorithm = match self {
            Self::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        };
        digest(algorithm, bytes)
    }
}

impl Cipher {
    const fn of(number: u8) -> Option<Self> {
        match number {
            7 => Some(Self::Aes128),
            8 => Some(Self::Aes192),
            9 => Some(Self::Aes256),
            _ => None,
        }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Aes128 => 7,
            Self::Aes192 => 8,
            Self::Aes256 => 9,
        }
    }

    pub(crate) const fn key_bytes(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }
}

impl<'a> Key<'a> {
    /// Reads the packet of a key.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, KeyError> {
        let short = KeyError::Malformed("a key is too short");
        // A key is hashed behind its length in two bytes.
        if body.len() > usize::from(u16::MAX) {
            return Err(KeyError::Malformed("a key is too long"));
        }
        let mut reader = Reader::new(body);
        let version = reader.byte().ok_or(short)?;
        if version != 4 {
            return Err(KeyError::Version(version));
        }
        Ok(Self {
            body,
            created: reader.four().ok_or(short)?,
            algorithm: reader.byte().ok_or(short)?,
            material: reader.rest(),
        })
    }

    /// The form in which it is hashed.
    pub(crate) fn put_hashed(&self, into: &mut Vec<u8>) {
        into.push(0x99);
        let length = u16::try_from(self.body.len()).unwrap_or(u16::MAX);
        into.extend_from_slice(&length.to_be_bytes());
        into.extend_from_slice(self.body);
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut hashed = Vec::with_capacity(self.body.len() + 3);
        self.put_hashed(&mut hashed);
        let mut fingerprint = Fingerprint::default();
        fingerprint.copy_from_slice(Hash::Sha1.digest(&hashed).as_ref());
        fingerprint
    }

    /// What signatures of this key are compared with. None for kinds that are not known.
    pub(crate) fn verifying(&self) -> Option<Verifying<'a>> {
        let mut reader = Reader::new(self.material);
        let key = match self.algorithm {
            algorithm::RSA | algorithm::RSA_SIGN => {
                let (modulus, exponent) = rsa(&mut reader)?;
                Verifying::Rsa { modulus, exponent }
            }
            algorithm::EDDSA => {
                let identifier = identifier(&mut reader)?;
                let point = reader.number()?.strip_prefix(&[0x40])?;
                (identifier == ED25519 && point.len() == 32).then_some(Verifying::Ed25519(point))?
            }
            algorithm::ECDSA => {
                let curve = Curve::of(identifier(&mut reader)?)?;
                let point = on(curve, reader.number()?)?;
                (curve != Curve::Curve25519).then_some(Verifying::Ecdsa(curve, point))?
            }
            _ => return None,
        };
        reader.is_empty().then_some(key)
    }

    /// What is needed to encrypt to this key. None for kinds that are not known.
    pub(crate) fn encrypting(&self) -> Option<Encrypting> {
        let mut reader = Reader::new(self.material);
        let key = match self.algorithm {
            algorithm::RSA | algorithm::RSA_ENCRYPT => {
                let (modulus, exponent) = rsa(&mut reader)?;
                Encrypting::Rsa {
                    modulus: modulus.to_vec(),
                    exponent: exponent.to_vec(),
                }
            }
            algorithm::ECDH => {
                let curve = Curve::of(identifier(&mut reader)?)?;
                let point = on(curve, reader.number()?)?;
                let [length, reserved, hash, cipher] = reader.array()?;
                if (length, reserved) != (3, 1) {
                    return None;
                }
                Encrypting::Curve {
                    curve,
                    point: point.to_vec(),
                    hash: Hash::of(hash).filter(|hash| *hash != Hash::Sha1)?,
                    cipher: Cipher::of(cipher)?,
                }
            }
            _ => return None,
        };
        reader.is_empty().then_some(key)
    }
}

/// Modulus and exponent. Shorter ones are not safe, and longer ones keep a server busy; an exponent of
/// one, and an even one, encrypt nothing.
fn rsa<'a>(reader: &mut Reader<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let (modulus, exponent) = (reader.number()?, reader.number()?);
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let is_sound = RSA_BYTES.contains(&modulus.len())
        && is_odd(modulus)
        && is_odd(exponent)
        && exponent != [1];
    is_sound.then_some((modulus, exponent))
}

/// The object identifier of a curve.
fn identifier<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = reader.byte()?;
    reader.take(usize::from(length))
}

/// A point that has the form of those of the curve.
fn on(curve: Curve, point: &[u8]) -> Option<&[u8]> {
    let (mark, length) = curve.point();
    let has_form = point.first() == Some(&mark) && point.len() == length;
    has_form.then_some(point)
}
