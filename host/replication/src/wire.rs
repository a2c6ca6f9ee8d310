//! The frames. postcard, one message each.

use crate::Position;
use digest::{Record, Tree};
use journal::Batch;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Fetch what a new secondary begins with: [`Hello`], then [`KeyPackage`] comes back.
    Bootstrap,
    /// Find out what differs: [`Question`] by [`Question`], each with its [`Told`].
    Compare,
    /// Receive entries: one [`Follow`], then [`Event`] after [`Event`].
    Follow,
    /// Run a request at the primary.
    Forward,
    /// Find out what the other end speaks: each says its [`Versions`], which every version of the
    /// protocol reads. First of all on a connection.
    Greet,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Bootstrap,
        Self::Compare,
        Self::Follow,
        Self::Forward,
        Self::Greet,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Compare => "compare",
            Self::Follow => "follow",
            Self::Forward => "forward",
            Self::Greet => "greet",
        }
    }

    /// Reads [`name`](Self::name); None for every other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The versions that one end speaks at best. A secondary may be newer than its primary, not older: it
/// then speaks as its primary does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Of these messages.
    pub protocol: u32,
    /// Of what the entries hold.
    pub data: u32,
}

impl Versions {
    /// What this program speaks.
    pub const OURS: Self = Self {
        protocol: 1,
        data: 1,
    };

    /// The oldest that this program still speaks with a primary.
    pub const OLDEST: Self = Self {
        protocol: 1,
        data: 1,
    };

    /// Can a secondary of this program follow a primary that speaks these?
    ///
    /// # Errors
    /// [`VersionError`] says which of both is to be upgraded.
    pub const fn check_primary(self) -> Result<(), VersionError> {
        self.check(Self::OLDEST, Self::OURS)
    }

    /// Are these between what is spoken at least and at best?
    const fn check(self, oldest: Self, ours: Self) -> Result<(), VersionError> {
        if self.protocol > ours.protocol || self.data > ours.data {
            return Err(VersionError::PrimaryIsNewer { theirs: self, ours });
        }
        if self.protocol < oldest.protocol || self.data < oldest.data {
            return Err(VersionError::PrimaryIsTooOld {
                theirs: self,
                oldest,
            });
        }
        Ok(())
    }
}

/// Why a secondary cannot follow its primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// The secondary does not know what the primary would say.
    #[error(
        "the primary speaks version {} of the protocol and {} of the data, this secondary {} and {}: upgrade the secondary first",
        theirs.protocol, theirs.data, ours.protocol, ours.data
    )]
    PrimaryIsNewer {
        /// What the primary speaks.
        theirs: Versions,
        /// What the secondary speaks.
        ours: Versions,
    },
    /// The secondary has forgotten how such an old one speaks.
    #[error(
        "the primary speaks version {} of the protocol and {} of the data, and this secondary none before {} and {}: upgrade the primary first",
        theirs.protocol, theirs.data, oldest.protocol, oldest.data
    )]
    PrimaryIsTooOld {
        /// What the primary speaks.
        theirs: Versions,
        /// What the secondary speaks at least.
        oldest: Versions,
    },
}

/// The beginning of every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// What the caller speaks.
    pub versions: Versions,
    /// The relation that it means.
    pub relation: String,
    /// The highest generation that it has met.
    pub generation: u64,
    /// Its API address, for the status; empty for none.
    pub api_address: String,
    /// Its cluster address, for the status; empty for none.
    pub cluster_address: String,
    /// The public half of a key that it made for this purpose: keys are sealed to it.
    pub public_key: Vec<u8>,
    /// Had the primary that it followed last a filter for it? Then this one sends nothing before
    /// somebody has said what it is to have.
    pub is_filtered: bool,
    /// The name by which this primary knew it when it followed last, where it has another now; empty
    /// for none.
    pub formerly: String,
}

impl Hello {
    /// What somebody says who has followed nobody yet and can be called by nobody: what he speaks, and
    /// the public half of his key.
    pub const fn of_stranger(public_key: Vec<u8>) -> Self {
        Self {
            versions: Versions::OURS,
            relation: String::new(),
            generation: 0,
            api_address: String::new(),
            cluster_address: String::new(),
            public_key,
            is_filtered: false,
            formerly: String::new(),
        }
    }
}

/// Keys that the clusters of a relation share, sealed to the public key of a [`Hello`]. What is
/// inside is not for this room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPackage {
    /// The sealed bytes.
    #[serde(with = "bytes_whole")]
    pub sealed: Vec<u8>,
}

/// The wish to receive entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// Who asks.
    pub hello: Hello,
    /// From where on.
    pub position: Position,
}

/// What a secondary that follows is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An entry of the log, without what the secondary is not to have. Entries out of which nothing
    /// is left are not sent.
    Entry {
        /// Its index.
        index: u64,
        /// What it writes.
        batches: Vec<Batch>,
    },
    /// The shared keys, before the first entry that needs them.
    Keys {
        /// The entry that changed them.
        index: u64,
        /// The keys.
        package: KeyPackage,
    },
    /// Everything up to `index` was sent. Sent when nothing else is.
    Upto {
        /// The last entry that was sent or left out.
        index: u64,
        /// The last entry that there is.
        head: u64,
        /// The primary's clock, milliseconds since the epoch.
        now_millis: u64,
        /// Bytes of the log that are not sent yet.
        waiting_bytes: u64,
    },
    /// Compare first: what is asked for is gone, or what is left out has changed.
    Compare {
        /// Why, for the log.
        reason: String,
    },
    /// Nothing will come.
    Refused {
        /// Why, for the operator.
        reason: String,
    },
    /// Everything up to `index` was sent, and nothing will come after it: the primary was demoted.
    Farewell {
        /// The last entry that was sent or left out.
        index: u64,
    },
}

/// What a secondary that compares asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Begin. Answered by [`Told::Begun`] or [`Told::Refused`], then by the roots of all trees.
    Begin(Hello),
    /// The records of all branches of a tree.
    Branches(TreeName),
    /// The records of all buckets below these branches of a tree.
    Buckets(TreeName, Vec<u8>),
    /// The entries in these buckets of a tree, in the order of their keys.
    Entries(TreeName, Vec<(u8, u8)>),
    /// All entries of a tree, in the order of their keys.
    AllEntries(TreeName),
    /// Those of the entries in these buckets of a tree, or of all of them, that come after a key: one
    /// that asked before has what comes before it.
    Rest {
        /// The tree.
        tree: TreeName,
        /// The buckets; None for all.
        buckets: Option<Vec<(u8, u8)>>,
        /// The key, of that tree.
        after: Vec<u8>,
    },
}

/// What a secondary that compares is told. All of one call is of one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// The moment.
    Begun {
        /// How far whoever has all this is.
        position: Position,
        /// The keys that open it.
        keys: KeyPackage,
    },
    /// Some roots; more come.
    Roots(Vec<(TreeName, RecordBytes)>),
    /// Records of branches, by their position; only of those that are not empty.
    Branches(Vec<(u8, RecordBytes)>),
    /// Records of buckets, by their position; only of those that are not empty. More come.
    Buckets(Vec<((u8, u8), RecordBytes)>),
    /// Some entries; more come.
    Entries(Vec<journal::Op>),
    /// The answer to this question is complete.
    End,
    /// Nothing will come.
    Refused {
        /// Why, for the operator.
        reason: String,
    },
    /// So much was written that the moment is no longer held: nothing more will come of it, but of
    /// another one. What was told stays true of the first.
    Outdated,
}

/// A tree of digests, as its entries' keys begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeName(pub Tree);

/// A record of digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordBytes(pub Record);

impl Serialize for TreeName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

impl<'de> Deserialize<'de> for TreeName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?;
        let key = locality::PhysicalKey::from_bytes(bytes).map_err(serde::de::Error::custom)?;
        let is_tree = key.path().is_empty();
        let tree = is_tree.then(|| Self(Tree::of(&key)));
        tree.ok_or_else(|| serde::de::Error::custom("not the name of a tree"))
    }
}

impl Serialize for RecordBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0.to_bytes())
    }
}

impl<'de> Deserialize<'de> for RecordBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let record = Record::from_bytes(<&[u8]>::deserialize(deserializer)?);
        let record = record.ok_or_else(|| serde::de::Error::custom("not a record of digests"))?;
        Ok(Self(record))
    }
}

/// Bytes as one piece: serde's own way with a vector is one call for each byte.
mod bytes_whole {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        <&[u8]>::deserialize(deserializer).map(<[u8]>::to_vec)
    }
}

/// Bytes that are not the message that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of this protocol: {0}")]
pub struct WireError(String);

/// A message as a frame.
///
/// # Errors
/// Only for a message that holds more than fits into memory.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, WireError> {
    postcard::to_allocvec(message).map_err(|error| WireError(error.to_string()))
}

/// Reads [`encode`].
///
/// # Errors
/// [`WireError`] for every other bytes, and for bytes that go on after the message.
pub fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, WireError> {
    let failed = |error: postcard::Error| WireError(error.to_string());
    let (message, rest) = postcard::take_from_bytes(frame).map_err(failed)?;
    match rest {
        [] => Ok(message),
        more => Err(WireError(format!("{} bytes follow it", more.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secondary_may_be_newer_than_its_primary_as_far_as_it_remembers() {
        let versions = |(protocol, data)| Versions { protocol, data };
        let (oldest, ours) = (versions((2, 5)), versions((4, 6)));
        let newer = |theirs| Err(VersionError::PrimaryIsNewer { theirs, ours });
        let too_old = |theirs| Err(VersionError::PrimaryIsTooOld { theirs, oldest });
        for same in [(4, 6), (2, 5), (3, 6), (4, 5)].map(versions) {
            assert_eq!(same.check(oldest, ours), Ok(()));
        }
        for more in [(5, 6), (4, 7), (1, 7), (u32::MAX, u32::MAX)].map(versions) {
            assert_eq!(more.check(oldest, ours), newer(more));
        }
        for less in [(1, 6), (4, 4), (0, 0)].map(versions) {
            assert_eq!(less.check(oldest, ours), too_old(less));
        }
        assert_eq!(
            newer(versions((5, 6))).unwrap_err().to_string(),
            "the primary speaks version 5 of the protocol and 6 of the data, this secondary 4 and 6: upgrade the secondary first"
        );
        assert_eq!(Versions::OURS.check_primary(), Ok(()));
    }
}
