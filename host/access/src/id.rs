//! Names of tokens: the id that a client holds, and the hash under which it is stored.

use aws_lc_rs::hmac;
use base::{Entropy, NamespaceId, Secret, make_base62};
use core::fmt;
use serde::{Deserialize, Serialize};

/// The id of a token: what a client sends.
#[derive(Debug)]
pub struct TokenId(Secret<String>);

impl TokenId {
    /// Characters after the prefix of a service token: 214 bits.
    const SERVICE_LENGTH: usize = 36;
    /// Characters of the id of a service token of the root namespace, with its prefix.
    pub const SERVICE_CHARACTERS: usize = "hvs.".len() + Self::SERVICE_LENGTH;
    /// Longest id that is looked at.
    pub const LENGTH_MAX: usize = 4096;

    /// A new id of a service token of a namespace.
    pub fn make_service(entropy: &dyn Entropy, namespace: NamespaceId) -> Self {
        let id = format!("hvs.{}", make_base62(entropy, Self::SERVICE_LENGTH));
        Self(Secret::new(namespace.mark(id)))
    }

    /// An id that somebody chose. None when it cannot be one: empty, too long, or with characters
    /// that a header cannot carry.
    pub fn parse(text: String) -> Option<Self> {
        let id = Secret::new(text);
        let text = id.expose();
        let fine = !text.is_empty() && text.len() <= Self::LENGTH_MAX;
        (fine && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(Self(id))
    }

    /// In place of an id that is not known, where a token was named by its accessor.
    pub const fn unknown() -> Self {
        Self(Secret::new(String::new()))
    }

    /// Looks at the id.
    pub const fn expose(&self) -> &String {
        self.0.expose()
    }

    /// The id itself, to hand it to its owner.
    #[must_use]
    pub fn into_secret(self) -> Secret<String> {
        self.0
    }
}

/// A token's id as storage knows it: HMAC-SHA-256 under the cluster's salt, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes what [`as_str`](Self::as_str) gave and storage kept.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of the hashes.
pub struct TokenSalt(hmac::Key);

impl TokenSalt {
    /// Bytes of the stored salt.
    pub const BYTES: usize = 32;

    /// Takes the stored salt.
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The hash of an id.
    pub fn hash(&self, id: &str) -> TokenHash {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let tag = hmac::sign(&self.0, id.as_bytes());
        let digits = tag.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digit = |digit: u8| HEX.get(usize::from(digit)).copied().map_or('0', char::from);
        TokenHash(digits.map(digit).collect())
    }
}

impl fmt::Debug for TokenSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSalt(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_depend_on_salt_and_id() {
        let salt = TokenSalt::new(&[1; 32]);
        assert_eq!(salt.hash("hvs.a"), salt.hash("hvs.a"));
        assert_ne!(salt.hash("hvs.a"), salt.hash("hvs.b"));
        assert_ne!(salt.hash("hvs.a"), TokenSalt::new(&[2; 32]).hash("hvs.a"));
        assert_eq!(salt.hash("x").as_str().len(), 64);
    }

    #[test]
    fn ids_fit_into_a_header() {
        for bad in ["", "a b", "a\nb", "ü"] {
            assert!(TokenId::parse(bad.into()).is_none(), "{bad}");
        }
        assert!(TokenId::parse("root".into()).is_some());
    }
}
