//! A request's writes, sealed.

use crate::{COMMIT_BYTES_MAX, JournalError};
use core::fmt;
use locality::PhysicalKey;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One write of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Op {
    /// Where.
    #[serde(serialize_with = "key_out", deserialize_with = "key_in")]
    pub key: PhysicalKey,
    /// The sealed bytes; None removes the entry.
    #[serde(serialize_with = "value_out", deserialize_with = "value_in")]
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

impl Batch {
    /// Bytes of all keys and values.
    ///
    /// # Errors
    /// When that is more than a commit may carry, or a key longer than storage takes.
    pub fn size_bytes(batches: &[Self]) -> Result<usize, JournalError> {
        let mut size = 0;
        for op in batches.iter().flat_map(|batch| &batch.ops) {
            let key_bytes = op.key.as_bytes().len();
            // The log must not carry what cannot be applied.
            if key_bytes > storage::KEY_BYTES_MAX {
                return Err(JournalError::KeyTooLong(key_bytes));
            }
            size += key_bytes + op.value.as_ref().map_or(0, Vec::len);
        }
        if size > COMMIT_BYTES_MAX {
            return Err(JournalError::TooLarge(size));
        }
        Ok(size)
    }
}

/// Bytes as one piece: serde's own way with a vector is one call for each byte.
struct Raw(Vec<u8>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(RawVisitor).map(Self)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
        Ok(bytes)
    }

    /// Formats without bytes, as JSON, write them one by one.
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

struct RawOut<'a>(&'a [u8]);

impl Serialize for RawOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

fn key_out<S: Serializer>(key: &PhysicalKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(key.as_bytes())
}

fn key_in<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PhysicalKey, D::Error> {
    let Raw(bytes) = Raw::deserialize(deserializer)?;
    PhysicalKey::from_bytes(&bytes).map_err(Error::custom)
}

#[allow(clippy::ref_option, reason = "serde passes the field as it is")]
fn value_out<S: Serializer>(value: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_deref().map(RawOut).serialize(serializer)
}

fn value_in<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let value = Option::<Raw>::deserialize(deserializer)?;
    Ok(value.map(|Raw(bytes)| bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{MountId, NamespaceId};
    use locality::Class;

    fn batch() -> Batch {
        let key = |path| PhysicalKey::new(Class::Local, NamespaceId::ROOT, MountId::new(9), path);
        let op = |path, value: Option<&[u8]>| Op {
            key: key(path),
            value: value.map(<[u8]>::to_vec),
            seal_wrap: false,
        };
        Batch {
            ops: vec![
                op("a", Some(&[0, 200, 255])),
                op("b", None),
                op("c", Some(b"")),
            ],
        }
    }

    #[test]
    fn bytes_travel_as_bytes() {
        let sent = batch();
        let wire = postcard::to_allocvec(&sent).unwrap();
        assert_eq!(postcard::from_bytes::<Batch>(&wire).unwrap(), sent);
        // Count of operations; each: length and key, tag, length and value, flag.
        assert_eq!(wire.len(), 1 + 3 * (1 + 18 + 1 + 1) + (1 + 3) + (1));
    }

    #[test]
    fn a_key_that_storage_does_not_take_is_refused() {
        let check = |path_bytes: usize, expected: bool| {
            let mut long = batch();
            let path = "x".repeat(path_bytes);
            long.ops[1].key =
                PhysicalKey::new(Class::Local, NamespaceId::ROOT, MountId::new(9), &path);
            assert_eq!(Batch::size_bytes(&[long]).is_ok(), expected, "{path_bytes}");
        };
        check(storage::KEY_BYTES_MAX - PhysicalKey::HEAD_BYTES, true);
        check(storage::KEY_BYTES_MAX - PhysicalKey::HEAD_BYTES + 1, false);
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        let mut wire = postcard::to_allocvec(&batch()).unwrap();
        wire[2] = b'X';
        assert!(postcard::from_bytes::<Batch>(&wire).is_err());
        assert!(postcard::from_bytes::<Batch>(&wire[..20]).is_err());
    }
}
