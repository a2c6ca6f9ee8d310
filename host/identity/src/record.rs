//! What is stored.

use base::{MountId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What somebody says of an entity, an alias or a group.
pub type Metadata = BTreeMap<String, String>;

/// How far what belongs to an auth mount travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// Of a mount that every cluster shares.
    Shared,
    /// Of a mount of this cluster.
    Local,
}

/// An auth mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its id.
    pub id: MountId,
    /// Names the mount, without slashes.
    pub accessor: String,
    /// How far its aliases travel.
    pub placement: Placement,
}

/// Somebody, or something, who logs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Never changes.
    pub id: String,
    /// As it was given.
    pub name: String,
    /// Of an operator's choice.
    pub metadata: Metadata,
    /// Sorted, each once.
    pub policies: Vec<String>,
    /// May its tokens not be used?
    pub disabled: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
    /// Ids of the entities that became part of it.
    pub merged: Vec<String>,
}

/// The name of an entity at an auth mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// Never changes.
    pub id: String,
    /// The entity.
    pub entity: String,
    /// As the auth mount gives it.
    pub name: String,
    /// The auth mount, among whose entries it is kept.
    pub mount: MountId,
    /// Accessor of the auth mount.
    pub accessor: String,
    /// Whether the auth mount is local.
    pub placement: Placement,
    /// What the auth mount says of it.
    pub metadata: Metadata,
    /// Of an operator's choice; None where an operator never wrote it.
    pub custom_metadata: Option<Metadata>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
    /// Entities it came from, when they became part of its own.
    pub merged_from: Vec<String>,
}

impl Alias {
    /// Its auth mount.
    pub fn mount(&self) -> Mount {
        Mount {
            id: self.mount,
            accessor: self.accessor.clone(),
            placement: self.placement,
        }
    }
}

/// Who decides on the members of a group?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupKind {
    /// An operator.
    Internal,
    /// An auth mount, at each login.
    External,
}

impl GroupKind {
    /// As clients name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
        }
    }

    /// Reads [`name`](Self::name); None for every other text.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Internal, Self::External]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A group of entities and groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Never changes.
    pub id: String,
    /// As it was given.
    pub name: String,
    /// Who decides on its members.
    pub kind: GroupKind,
    /// Of an operator's choice.
    pub metadata: Metadata,
    /// What its members may do.
    pub policies: Vec<String>,
    /// Ids of the groups whose members are members of this one.
    pub groups: Vec<String>,
    /// Its name at an auth mount; for an external group.
    pub alias: Option<GroupAlias>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
    /// How often it was written.
    pub writes: u64,
}

/// The name of a group at an auth mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAlias {
    /// Never changes.
    pub id: String,
    /// As the auth mount gives it.
    pub name: String,
    /// Accessor of the auth mount.
    pub accessor: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
}
