//! What can go wrong with an entry.

use core::fmt;
use locality::PhysicalKey;
use std::sync::Arc;

/// An entry could not be read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BarrierError {
    /// What storage holds for the entry is not what was put there.
    #[error("open a stored entry")]
    NotAuthentic(#[source] NotAuthentic),
    /// Storage failed.
    #[error("read storage")]
    Storage(#[source] Arc<storage::StorageError>),
    /// A key in storage is not a physical key.
    #[error("read a stored key")]
    StoredKey(#[source] locality::KeyError),
    /// The entry opened, but it is not the record that this key stands for.
    #[error("read the record at {key:?}")]
    Record {
        /// Whose record.
        key: PhysicalKey,
        /// What was wrong with it.
        #[source]
        source: Arc<serde_json::Error>,
    },
    /// The entry opened, but it is not the record of a key.
    #[error("stored key is not a key record")]
    KeyRecord,
    /// The value is too long for one AES-GCM call.
    #[error("value of {0} bytes cannot be sealed")]
    TooLong(usize),
}

/// A sealed value that does not open: forged, cut short, moved from another key or class, or of a
/// term that the keyring does not have. One answer for all; the detail is for the log.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct NotAuthentic {
    pub(crate) what: Subject,
    pub(crate) detail: Detail,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Entry(PhysicalKey),
    Keyring,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Short(usize),
    Version(u8),
    Term(u32),
    Tag,
    Inconsistent,
}

impl fmt::Display for NotAuthentic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Subject::Entry(key) => write!(f, "value of {key:?} is not authentic: ")?,
            Subject::Keyring => f.write_str("stored keyring is not authentic: ")?,
        }
        match self.detail {
            Detail::Short(bytes) => write!(f, "{bytes} bytes are too short"),
            Detail::Version(byte) => write!(f, "unknown format {byte:#04x}"),
            Detail::Term(term) => write!(f, "unknown key term {term}"),
            Detail::Tag => f.write_str("message authentication failed"),
            Detail::Inconsistent => f.write_str("its parts do not fit together"),
        }
    }
}

impl fmt::Debug for NotAuthentic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NotAuthentic({self})")
    }
}
