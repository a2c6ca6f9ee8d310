//! What a client keeps so that it reads its own writes: how far the logs were when they were made.
//!
//! ```text
//!  base64( v1 : cluster : index in its log : index in the primary's log : HMAC-SHA-256 in hexadecimal )
//! ```
//!
//! The form is Vault's `X-Vault-Index`. The key is the same on all clusters of a set, so that each can
//! tell what another one said.

use aws_lc_rs::hmac;
use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The key of the tokens.
pub struct IndexKey(hmac::Key);

/// How far the logs were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexToken {
    /// The id of the cluster that says so.
    pub cluster: String,
    /// The last entry of its log.
    pub local: u64,
    /// The last entry of the primary's log that was there.
    pub replicated: u64,
}

/// Longer texts are not looked at.
const TOKEN_BYTES_MAX: usize = 512;

impl IndexKey {
    /// Bytes of a stored key.
    pub const BYTES: usize = 32;

    /// The key with these bytes.
    pub fn new(bytes: &Secret<Vec<u8>>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()))
    }

    /// A token as clients keep it.
    pub fn sign(&self, token: &IndexToken) -> String {
        let IndexToken {
            cluster,
            local,
            replicated,
        } = token;
        let said = format!("v1:{cluster}:{local}:{replicated}");
        let tag = hmac::sign(&self.0, said.as_bytes());
        let mut text = said;
        text.push(':');
        for byte in tag.as_ref() {
            use core::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
        }
        STANDARD.encode(text)
    }

    /// Reads [`sign`](Self::sign); None for everything else.
    pub fn read(&self, text: &str) -> Option<IndexToken> {
        let text = Some(text).filter(|text| text.len() <= TOKEN_BYTES_MAX)?;
        let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let (said, tag) = text.rsplit_once(':')?;
        let tag: Option<Vec<u8>> = tag
            .as_bytes()
            .chunks(2)
            .map(|digits| u8::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok())
            .collect();
        hmac::verify(&self.0, said.as_bytes(), &tag?).ok()?;
        let mut parts = said.strip_prefix("v1:")?.rsplitn(3, ':');
        let replicated = parts.next()?.parse().ok()?;
        let local = parts.next()?.parse().ok()?;
        let cluster = parts.next()?.to_owned();
        Some(IndexToken {
            cluster,
            local,
            replicated,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_read_and_nothing_else() {
        let key = IndexKey::new(&Secret::new(vec![7; IndexKey::BYTES]));
        let token = IndexToken {
            cluster: String::from("c1"),
            local: 35,
            replicated: 34,
        };
        let text = key.sign(&token);
        assert_eq!(key.read(&text), Some(token));
        let other = IndexKey::new(&Secret::new(vec![8; IndexKey::BYTES]));
        assert_eq!(other.read(&text), None);
        let said = String::from_utf8(STANDARD.decode(&text).unwrap()).unwrap();
        let more = STANDARD.encode(said.replacen("35", "36", 1));
        for wrong in [
            "",
            "!",
            &more,
            &STANDARD.encode("v1:c1:1:1:"),
            &"A".repeat(600),
        ] {
            assert_eq!(key.read(wrong), None, "{wrong}");
        }
    }
}
