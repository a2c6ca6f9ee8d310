//! Where an entry lies in storage.

use crate::Class;
use base::{MountId, NamespaceId};
use core::fmt;

/// The whole address of an entry: class, namespace, mount and path. Sorts by class first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhysicalKey(Vec<u8>);

/// Bytes that are not a physical key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Fewer bytes than class, namespace and mount take.
    #[error("physical key of {0} bytes is too short")]
    TooShort(usize),
    /// The first byte names no class.
    #[error("physical key of unknown class {0:#04x}")]
    UnknownClass(u8),
    /// The path is not UTF-8.
    #[error("physical key with a path that is not UTF-8")]
    NotText,
}

impl PhysicalKey {
    /// Bytes before the path.
    pub const HEAD_BYTES: usize = 17;

    /// The key of `path` in a mount, in a class.
    pub fn new(class: Class, namespace: NamespaceId, mount: MountId, path: &str) -> Self {
        let mut bytes = Vec::with_capacity(Self::HEAD_BYTES + path.len());
        bytes.push(class.to_byte());
        bytes.extend_from_slice(&namespace.to_bytes());
        bytes.extend_from_slice(&mount.to_bytes());
        bytes.extend_from_slice(path.as_bytes());
        Self(bytes)
    }

    /// Reads a key from storage or from another node.
    ///
    /// # Errors
    /// [`KeyError`] for bytes that [`as_bytes`](Self::as_bytes) cannot have given.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let Some((head, path)) = bytes.split_at_checked(Self::HEAD_BYTES) else {
            return Err(KeyError::TooShort(bytes.len()));
        };
        let class = head.first().copied().unwrap_or_default();
        Class::from_byte(class).ok_or(KeyError::UnknownClass(class))?;
        core::str::from_utf8(path).map_err(|_| KeyError::NotText)?;
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes, as stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The class.
    pub fn class(&self) -> Class {
        self.0
            .first()
            .copied()
            .and_then(Class::from_byte)
            .unwrap_or(Class::Ignored)
    }

    /// The namespace.
    pub fn namespace(&self) -> NamespaceId {
        NamespaceId::from_bytes(self.eight(1))
    }

    /// The mount.
    pub fn mount(&self) -> MountId {
        MountId::from_bytes(self.eight(9))
    }

    /// The path below the mount.
    pub fn path(&self) -> &str {
        let path = self.0.get(Self::HEAD_BYTES..).unwrap_or_default();
        core::str::from_utf8(path).unwrap_or_default()
    }

    fn eight(&self, from: usize) -> [u8; 8] {
        let bytes = self.0.get(from..from + 8).unwrap_or_default();
        bytes.try_into().unwrap_or_default()
    }
}

impl fmt::Debug for PhysicalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.class(),
            self.namespace(),
            self.mount(),
            self.path()
        )
    }
}
