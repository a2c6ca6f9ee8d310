//! What a client keeps so that it reads its own writes: how far the logs were when they were made.
//!
//! ```text
//!  base64( v1 : who : index in its log : index in the primary's log : HMAC-SHA-256 in hexadecimal )
//!               └ cluster, or cluster @ relation . generation
//! ```
//!
//! The form is Vault's `X-Vault-Index`. Its clients take two of them apart: of one `who` they keep the
//! larger indexes, of two they keep both. So what numbers an index belongs to `who`: each primary has
//! a log of its own. The key is the same on all clusters of a set, so that each can tell what another
//! one said.

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
    /// Which primary it was or followed; None where there was none.
    pub era: Option<Era>,
    /// The last entry of its log.
    pub local: u64,
    /// The last entry of the primary's log that was there.
    pub replicated: u64,
}

/// The time of one primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Era {
    relation: String,
    /// How many promotions the relation had seen.
    pub generation: u64,
}

impl Era {
    /// Relations are told apart by as many characters of their ids: those that share a key are few,
    /// one after the other, and made by the same cluster.
    const RELATION_CHARS: usize = 8;

    /// The time of the primary of a relation in a generation.
    pub fn new(relation: &str, generation: u64) -> Self {
        Self {
            relation: relation.chars().take(Self::RELATION_CHARS).collect(),
            generation,
        }
    }

    /// Are both of one relation?
    pub fn is_of_the_same_relation(&self, other: &Self) -> bool {
        self.relation == other.relation
    }

    /// Reads `relation.generation`.
    fn read(text: &str) -> Option<Self> {
        let (relation, generation) = text.rsplit_once('.')?;
        Some(Self {
            relation: relation.to_owned(),
            generation: generation.parse().ok()?,
        })
    }
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
            era,
            local,
            replicated,
        } = token;
        let said = match era {
            None => format!("v1:{cluster}:{local}:{replicated}"),
            Some(Era {
                relation,
                generation,
            }) => format!("v1:{cluster}@{relation}.{generation}:{local}:{replicated}"),
        };
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
        let who = parts.next()?;
        let (cluster, era) = match who.split_once('@') {
            None => (who, None),
            Some((cluster, era)) => (cluster, Some(Era::read(era)?)),
        };
        Some(IndexToken {
            cluster: cluster.to_owned(),
            era,
            local,
            replicated,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> IndexKey {
        IndexKey::new(&Secret::new(vec![7; IndexKey::BYTES]))
    }

    fn token(era: Option<Era>) -> IndexToken {
        IndexToken {
            cluster: String::from("c1"),
            era,
            local: 35,
            replicated: 34,
        }
    }

    fn said(text: &str) -> String {
        String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn what_was_said_is_read_and_nothing_else() {
        let key = key();
        let relation = "3e3b05ab-1bff-4c1e-9b0e-2a6b3a1e6c11";
        for era in [None, Some(Era::new(relation, 3)), Some(Era::new("", 0))] {
            let token = token(era);
            assert_eq!(key.read(&key.sign(&token)), Some(token));
        }
        let text = key.sign(&token(Some(Era::new(relation, 3))));
        let other = IndexKey::new(&Secret::new(vec![8; IndexKey::BYTES]));
        assert_eq!(other.read(&text), None);
        let more = STANDARD.encode(said(&text).replacen("35", "36", 1));
        let later = STANDARD.encode(said(&text).replacen(".3", ".4", 1));
        for wrong in [
            "",
            "!",
            &more,
            &later,
            &STANDARD.encode("v1:c1:1:1:"),
            &"A".repeat(600),
        ] {
            assert_eq!(key.read(wrong), None, "{wrong}");
        }
    }

    /// What other clients take apart: five parts, of which those in the middle are numbers. Of two
    /// with the same second part they keep the larger numbers, so primaries must not share one.
    #[test]
    fn the_parts_are_those_that_clients_expect() {
        let relation = "3e3b05ab-1bff-4c1e-9b0e-2a6b3a1e6c11";
        for (era, who) in [
            (None, "c1"),
            (Some(Era::new(relation, 1)), "c1@3e3b05ab.1"),
            (Some(Era::new(relation, 2)), "c1@3e3b05ab.2"),
        ] {
            let said = said(&key().sign(&token(era)));
            let parts: Vec<&str> = said.split(':').collect();
            assert_eq!(parts[..4], ["v1", who, "35", "34"]);
            assert_eq!((parts.len(), parts[4].len()), (5, 64));
        }
        let long = IndexToken {
            cluster: String::from(relation),
            local: u64::MAX,
            replicated: u64::MAX,
            ..token(Some(Era::new(relation, u64::MAX)))
        };
        let text = key().sign(&long);
        assert!(text.len() <= TOKEN_BYTES_MAX, "{}", text.len());
        assert_eq!(key().read(&text), Some(long));
    }
}
