//! How a request wants its signatures, worked out before a key is touched. Pure.

use crate::base64;
use crate::hashes;
use crate::kind::Kind;
use sdk::crypto::{Hash, Message, Salt, Scheme};
use sdk::{Result, invalid, to_base64};

/// What a caller says of signatures, as it came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    /// Empty for the usual one.
    pub(crate) hash: &'a str,
    pub(crate) marshaling: &'a str,
    pub(crate) signature: &'a str,
    pub(crate) salt: &'a str,
    pub(crate) prehashed: bool,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marshaling {
    Asn1,
    Jws,
}

/// The same, understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    /// None for `none`.
    hash: Option<Hash>,
    hash_is_said: bool,
    pub(crate) marshaling: Marshaling,
    signature: &'a str,
    salt: Salt,
    prehashed: bool,
}

impl<'a> Wish<'a> {
    pub(crate) fn parse(said: Said<'a>) -> Result<Self> {
        let hash = match said.hash {
            "" => Some(Hash::Sha2_256),
            "none" => None,
            name => match hashes::parse(name) {
                Some(hash) => Some(hash),
                None => return Err(invalid(format!("invalid hash algorithm {name:?}"))),
            },
        };
        let marshaling = match said.marshaling {
            "asn1" => Marshaling::Asn1,
            "jws" => Marshaling::Jws,
            other => return Err(invalid(format!("invalid marshaling type {other:?}"))),
        };
        Ok(Self {
            hash,
            hash_is_said: !said.hash.is_empty(),
            marshaling,
            signature: said.signature,
            salt: salt(said.salt)?,
            prehashed: said.prehashed,
        })
    }

    /// The hash for an HMAC.
    pub(crate) fn mac_hash(&self) -> Result<Hash> {
        self.hash.ok_or_else(|| invalid("algorithm cannot be none"))
    }

    /// Refuses to leave a hash out where the type of key needs one.
    pub(crate) fn check(&self, kind: Kind) -> Result<()> {
        let left_out = self.hash.is_none() && self.hash_is_said && kind != Kind::Ed25519;
        match left_out && !(self.prehashed && self.signature == "pkcs1v15") {
            true => Err(invalid(
                "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15",
            )),
            false => Ok(()),
        }
    }

    /// The scheme for a key of this type, and what of the input it signs.
    pub(crate) fn scheme<'m>(&self, kind: Kind, input: &'m [u8]) -> Result<(Scheme, Message<'m>)> {
        // Ed25519 has its own hash, and signs whole messages.
        if kind == Kind::Ed25519 {
            return Ok((Scheme::Native, Message::Whole(input)));
        }
        let message = match self.prehashed {
            true => Message::Hashed(input),
            false => Message::Whole(input),
        };
        if kind.is_ecdsa() {
            let hash = match self.hash {
                Some(hash) => hash,
                None => hash_of_length(input.len())?,
            };
            let scheme = match self.marshaling {
                Marshaling::Asn1 => Scheme::EcdsaDer(hash),
                Marshaling::Jws => Scheme::EcdsaFixed(hash),
            };
            return Ok((scheme, message));
        }
        let scheme = match (self.signature, self.hash) {
            ("" | "pss", Some(hash)) => Scheme::RsaPss(hash, self.salt),
            ("pkcs1v15", Some(hash)) => Scheme::RsaPkcs1V15(hash),
            ("pkcs1v15", None) => Scheme::RsaPkcs1V15Unnamed,
            (other, _) => {
                return Err(invalid(format!(
                    "unsupported rsa signature algorithm {other}"
                )));
            }
        };
        Ok((scheme, message))
    }
}

impl Marshaling {
    /// A signature behind its version.
    pub(crate) fn write(self, signature: &[u8]) -> String {
        match self {
            Self::Asn1 => to_base64(signature),
            Self::Jws => base64::encode_url(signature),
        }
    }

    pub(crate) fn read(self, text: &str) -> Result<Vec<u8>> {
        let bytes = match self {
            Self::Asn1 => base64::decode(text).ok(),
            Self::Jws => base64::decode_url(text),
        };
        bytes.ok_or_else(|| invalid("invalid base64 signature value"))
    }
}

fn salt(text: &str) -> Result<Salt> {
    match text {
        "auto" | "" => return Ok(Salt::Automatic),
        "hash" => return Ok(Salt::AsHash),
        _ => {}
    }
    let Ok(bytes) = text.parse::<i64>() else {
        return Err(invalid(format!(
            "salt length neither 'auto', 'hash', nor an int: {text}"
        )));
    };
    match u32::try_from(bytes) {
        Ok(bytes) => Ok(Salt::Bytes(bytes)),
        Err(_) => Err(invalid(format!("salt length is invalid: {bytes}"))),
    }
}

/// ECDSA signs a number; which hash made it matters only for how long it is.
fn hash_of_length(bytes: usize) -> Result<Hash> {
    match bytes {
        20 => Ok(Hash::Sha1),
        28 => Ok(Hash::Sha2_224),
        32 => Ok(Hash::Sha2_256),
        48 => Ok(Hash::Sha2_384),
        64 => Ok(Hash::Sha2_512),
        _ => Err(invalid(format!("no hash has {bytes} bytes"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: Said<'static> = Said {
        hash: "",
        marshaling: "asn1",
        signature: "",
        salt: "auto",
        prehashed: false,
    };

    #[test]
    fn schemes() {
        let check = |kind, said, scheme| {
            let wish = Wish::parse(said).unwrap();
            wish.check(kind).unwrap();
            assert_eq!(wish.scheme(kind, &[0; 48]).unwrap().0, scheme, "{said:?}");
        };
        let none = Said {
            hash: "none",
            signature: "pkcs1v15",
            prehashed: true,
            ..SAID
        };
        check(Kind::Ed25519, SAID, Scheme::Native);
        check(
            Kind::Ed25519,
            Said {
                hash: "none",
                ..SAID
            },
            Scheme::Native,
        );
        check(Kind::EcdsaP256, SAID, Scheme::EcdsaDer(Hash::Sha2_256));
        check(Kind::EcdsaP521, none, Scheme::EcdsaDer(Hash::Sha2_384));
        let jws = Said {
            marshaling: "jws",
            hash: "sha3-512",
            ..SAID
        };
        check(Kind::EcdsaP384, jws, Scheme::EcdsaFixed(Hash::Sha3_512));
        check(
            Kind::Rsa2048,
            SAID,
            Scheme::RsaPss(Hash::Sha2_256, Salt::Automatic),
        );
        let salted = Said {
            salt: "20",
            signature: "pss",
            ..SAID
        };
        check(
            Kind::Rsa2048,
            salted,
            Scheme::RsaPss(Hash::Sha2_256, Salt::Bytes(20)),
        );
        check(Kind::Rsa2048, none, Scheme::RsaPkcs1V15Unnamed);
    }

    #[test]
    fn what_is_refused() {
        for (said, message) in [
            (
                Said {
                    hash: "foo",
                    ..SAID
                },
                "invalid hash algorithm \"foo\"",
            ),
            (
                Said {
                    marshaling: "foo",
                    ..SAID
                },
                "invalid marshaling type \"foo\"",
            ),
            (
                Said { salt: "x", ..SAID },
                "salt length neither 'auto', 'hash', nor an int: x",
            ),
            (Said { salt: "-5", ..SAID }, "salt length is invalid: -5"),
        ] {
            assert_eq!(Wish::parse(said).unwrap_err().message, message);
        }
        for said in [
            Said {
                hash: "none",
                ..SAID
            },
            Said {
                hash: "none",
                prehashed: true,
                ..SAID
            },
            Said {
                hash: "none",
                signature: "pkcs1v15",
                ..SAID
            },
        ] {
            let wish = Wish::parse(said).unwrap();
            assert!(wish.check(Kind::EcdsaP256).is_err(), "{said:?}");
        }
        let odd = Wish::parse(Said {
            signature: "foo",
            ..SAID
        })
        .unwrap();
        assert!(odd.scheme(Kind::Rsa4096, b"").is_err());
    }
}
