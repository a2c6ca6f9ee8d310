//! The form of a sealed value.
//!
//! ```text
//!  version · term · nonce · ciphertext · tag
//!     1       4      12        any       16   bytes
//! ```
//!
//! There are two versions, which differ in one thing: the mark that the seal is to wrap the value
//! once more where it is stored. The associated data is a label, the version, the term and the whole physical key. No stored
//! byte can switch any of it off.

use crate::error::Detail;
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use base::{Entropy, Secret};

/// The value of an entry, opened.
pub type Plaintext = Secret<Vec<u8>>;

const TERM_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + TERM_BYTES + NONCE_BYTES;

/// What a sealed value is longer by than its plaintext.
pub(crate) const OVERHEAD_BYTES: usize = HEAD_BYTES + TAG_BYTES;

/// Is a value to be wrapped once more by the seal, where a cluster's seal can? It can be told from
/// the stored bytes without a key, and not be changed without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealWrap {
    /// The data key is enough.
    Unneeded,
    /// By an auto-unseal that wraps.
    Wanted,
}

impl SealWrap {
    /// Of a stored value; None for bytes that are none.
    pub fn of(stored: &[u8]) -> Option<Self> {
        split(stored).ok().map(|parts| parts.seal_wrap)
    }

    const fn version(self) -> u8 {
        match self {
            Self::Unneeded => 1,
            Self::Wanted => 2,
        }
    }

    const fn of_version(version: u8) -> Option<Self> {
        match version {
            1 => Some(Self::Unneeded),
            2 => Some(Self::Wanted),
            _ => None,
        }
    }
}

/// What is sealed: part of the associated data, so that one thing never opens as another.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    Entry,
    Keyring,
}

impl Label {
    const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Entry => b"casemate.entry\0",
            Self::Keyring => b"casemate.keyring\0",
        }
    }
}

/// The parts of a sealed value, lengths checked.
pub(crate) struct Parts<'a> {
    pub(crate) term: u32,
    seal_wrap: SealWrap,
    nonce: [u8; NONCE_BYTES],
    sealed: &'a [u8],
}

pub(crate) fn split(value: &[u8]) -> Result<Parts<'_>, Detail> {
    let short = Detail::Short(value.len());
    let (version, rest) = value.split_first().ok_or(short)?;
    let seal_wrap = SealWrap::of_version(*version).ok_or(Detail::Version(*version))?;
    let (term, rest) = rest.split_first_chunk::<TERM_BYTES>().ok_or(short)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(short)?;
    if sealed.len() < TAG_BYTES {
        return Err(short);
    }
    Ok(Parts {
        seal_wrap,
        term: u32::from_be_bytes(*term),
        nonce: *nonce,
        sealed,
    })
}

pub(crate) fn seal(
    cipher: &LessSafeKey,
    (label, seal_wrap): (Label, SealWrap),
    term: u32,
    address: &[u8],
    plaintext: &[u8],
    entropy: &dyn Entropy,
) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    let mut value = Vec::with_capacity(plaintext.len().checked_add(OVERHEAD_BYTES)?);
    value.push(seal_wrap.version());
    value.extend_from_slice(&term.to_be_bytes());
    value.extend_from_slice(&nonce);
    value.extend_from_slice(plaintext);
    let body = value.get_mut(HEAD_BYTES..)?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    let associated = Aad::from(associated(label, seal_wrap, term, address));
    let tag = cipher
        .seal_in_place_separate_tag(nonce, associated, body)
        .ok()?;
    value.extend_from_slice(tag.as_ref());
    Some(value)
}

pub(crate) fn open(
    cipher: &LessSafeKey,
    label: Label,
    address: &[u8],
    parts: &Parts<'_>,
) -> Result<Plaintext, Detail> {
    let mut bytes = parts.sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(parts.nonce);
    let associated = Aad::from(associated(label, parts.seal_wrap, parts.term, address));
    let length = cipher
        .open_in_place(nonce, associated, &mut bytes)
        .map_err(|_| Detail::Tag)?
        .len();
    bytes.truncate(length);
    Ok(Secret::new(bytes))
}

fn associated(label: Label, seal_wrap: SealWrap, term: u32, address: &[u8]) -> Vec<u8> {
    let label = label.as_bytes();
    let mut bytes = Vec::with_capacity(label.len() + 1 + TERM_BYTES + address.len());
    bytes.extend_from_slice(label);
    bytes.push(seal_wrap.version());
    bytes.extend_from_slice(&term.to_be_bytes());
    bytes.extend_from_slice(address);
    bytes
}
