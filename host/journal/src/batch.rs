//! A request's writes, sealed.

use locality::PhysicalKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One write of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Op {
    /// Where.
    #[serde(serialize_with = "key_out", deserialize_with = "key_in")]
    pub key: PhysicalKey,
    /// The sealed bytes; None removes the entry.
    pub value: Option<Vec<u8>>,
    /// Is the value to be wrapped by the seal where it is stored?
    pub seal_wrap: bool,
}

/// All writes of one request, in the order of their keys, each key once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The writes.
    pub ops: Vec<Op>,
}

fn key_out<S: Serializer>(key: &PhysicalKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(key.as_bytes())
}

fn key_in<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PhysicalKey, D::Error> {
    let bytes = Vec::<u8>::deserialize(deserializer)?;
    PhysicalKey::from_bytes(&bytes).map_err(serde::de::Error::custom)
}
