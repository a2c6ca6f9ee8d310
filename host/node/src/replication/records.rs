//! What is stored of relations, as JSON.

use base::{Secret, Timestamp};
use core::time::Duration;
use link::Identity;
use replication::Position;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A certificate and its private key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Certified {
    /// DER.
    #[serde(with = "base64_bytes")]
    pub(crate) certificate: Vec<u8>,
    /// PKCS #8 DER.
    #[serde(with = "base64_secret")]
    pub(crate) key: Arc<Secret<Vec<u8>>>,
}

impl Certified {
    /// A certificate and its key.
    pub(crate) fn of(certificate: &[u8], key: &Secret<Vec<u8>>) -> Self {
        Self {
            certificate: certificate.to_vec(),
            key: Arc::new(Secret::new(key.expose().clone())),
        }
    }

    /// How it shows itself to those who come from `authority`.
    pub(crate) fn identity(&self, authority: &[u8]) -> Identity {
        Identity {
            certificate: self.certificate.clone(),
            key: Arc::clone(&self.key),
            authority: authority.to_vec(),
        }
    }
}

/// The primary of a relation.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PrimaryRecord {
    /// Id of the relation, on all of its clusters: a UUID.
    pub(crate) relation: String,
    /// How many promotions the relation has seen.
    pub(crate) generation: u64,
    /// Signs the certificates of the relation.
    pub(crate) authority: Certified,
    /// Shows that this is the primary.
    pub(crate) server: Certified,
    /// Where secondaries are to connect to, in the place of the node's own address; empty for none.
    pub(crate) cluster_addr: String,
    /// How far it had followed the primary before it; None where it was made.
    #[serde(default)]
    pub(crate) since: Option<Position>,
    /// How it followed that one, until that one knows that it is no more the last.
    #[serde(default)]
    pub(crate) former: Option<SecondaryRecord>,
    /// Primaries after it that it has heard of: their generation, by the secondary that said so.
    #[serde(default)]
    pub(crate) later: BTreeMap<String, u64>,
}

/// A secondary, as its primary knows it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KnownSecondary {
    /// The name that its operator gave it.
    pub(crate) id: String,
    /// SHA-256 of its certificate, hexadecimal.
    pub(crate) fingerprint: String,
    /// When its activation token was made.
    pub(crate) issued: Timestamp,
    /// How long it may wait for its first connection.
    pub(crate) ttl: Duration,
    /// When it first connected.
    #[serde(default)]
    pub(crate) used: Option<Timestamp>,
    /// When it was revoked; it may never connect again.
    #[serde(default)]
    pub(crate) revoked: Option<Timestamp>,
}

/// A secondary, as it knows itself.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SecondaryRecord {
    /// Id of the relation.
    pub(crate) relation: String,
    /// The highest generation that it has met.
    pub(crate) generation: u64,
    /// The name that its primary knows it by.
    pub(crate) id: String,
    /// Its certificate; None for a former primary that has none yet.
    pub(crate) client: Option<Certified>,
    /// The certificate of the authority that its primary must come from, DER.
    #[serde(with = "base64_bytes")]
    pub(crate) authority: Vec<u8>,
    /// Where the primary is, `host:port`. Empty for a secondary that is to follow nobody.
    pub(crate) primary_addresses: Vec<String>,
    /// The API of the primary; empty where it is not known.
    pub(crate) primary_api: String,
    /// How far the primary had followed the one before it.
    #[serde(default)]
    pub(crate) since: Option<Position>,
    /// The name by which it followed before this one; empty for none.
    #[serde(default)]
    pub(crate) formerly: String,
    /// What a primary began to send, while not everything of one is here.
    #[serde(default)]
    pub(crate) begun: Option<Position>,
    /// Has the primary said that it leads no more? Then everything that it wrote is here.
    #[serde(default)]
    pub(crate) parted: bool,
}

mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

mod base64_secret {
    use base::Secret;
    use serde::{Deserializer, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(
        bytes: &Arc<Secret<Vec<u8>>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::base64_bytes::serialize(bytes.expose(), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<Secret<Vec<u8>>>, D::Error> {
        let bytes = super::base64_bytes::deserialize(deserializer)?;
        Ok(Arc::new(Secret::new(bytes)))
    }
}
