//! Records as stored: version, checksum, content.
//!
//! The checksum covers the key, so that a record under another's key is not taken for it. Storage
//! has checksums of its own; this one also holds where they do not, from the moment of encoding.

use crate::RaftError;
use aws_lc_rs::digest::{Context, SHA256};
use serde::Serialize;
use serde::de::DeserializeOwned;

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 8;

pub(crate) fn encode(key: &[u8], content: &impl Serialize) -> Result<Vec<u8>, RaftError> {
    let body = postcard::to_allocvec(content)
        .map_err(|error| RaftError::Damaged(format!("encode a record: {error}")))?;
    let mut bytes = Vec::with_capacity(1 + CHECK_BYTES + body.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&check(key, &body));
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Reads [`encode`]; `what` names the record in the error.
pub(crate) fn decode<T: DeserializeOwned>(
    key: &[u8],
    bytes: &[u8],
    what: &str,
) -> Result<T, RaftError> {
    let body = checked(key, bytes, what)?;
    postcard::from_bytes(body).map_err(|error| unreadable(what, error))
}

/// Reads what a record begins with. All of it is checked as by [`decode`].
pub(crate) fn decode_beginning<T: DeserializeOwned>(
    key: &[u8],
    bytes: &[u8],
    what: &str,
) -> Result<T, RaftError> {
    let body = checked(key, bytes, what)?;
    let (beginning, _) =
        postcard::take_from_bytes(body).map_err(|error| unreadable(what, error))?;
    Ok(beginning)
}

fn unreadable(what: &str, error: postcard::Error) -> RaftError {
    RaftError::Damaged(format!("{what} cannot be read: {error}"))
}

/// The content of a record with the right version and checksum.
fn checked<'a>(key: &[u8], bytes: &'a [u8], what: &str) -> Result<&'a [u8], RaftError> {
    let damaged = |found: &str| RaftError::Damaged(format!("{what} {found}"));
    let Some((&version, rest)) = bytes.split_first() else {
        return Err(damaged("is empty"));
    };
    if version != VERSION {
        return Err(damaged(&format!("has the unknown version {version}")));
    }
    let Some((expected, body)) = rest.split_first_chunk() else {
        return Err(damaged("is cut off"));
    };
    if *expected != check(key, body) {
        return Err(damaged("has a wrong checksum"));
    }
    Ok(body)
}

fn check(key: &[u8], body: &[u8]) -> [u8; CHECK_BYTES] {
    let mut context = Context::new(&SHA256);
    context.update(&(key.len() as u64).to_be_bytes());
    context.update(key);
    context.update(body);
    let hash = context.finish();
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_noticed() {
        let bytes = encode(b"key", &(7_u64, "text")).unwrap();
        let read = |bytes: &[u8]| decode::<(u64, String)>(b"key", bytes, "record");
        assert_eq!(read(&bytes).unwrap(), (7, String::from("text")));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&changed).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "length {length}");
        }
        assert!(decode::<(u64, String)>(b"kez", &bytes, "record").is_err());
    }
}
