//! Why a change of identity was refused.

use barrier::BarrierError;

/// Why a change was refused. Prints what the caller may read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// No entity has this id.
    #[error("entity not found from id")]
    NoEntity,
    /// The name belongs to another entity.
    #[error("entity name is already in use")]
    EntityNameInUse,
    /// Root cannot be had by being somebody.
    #[error("policies cannot contain root")]
    RootPolicy,
    /// A name that does not fit into a key.
    #[error("name is too long")]
    NameTooLong,
    /// Metadata beyond their limits.
    #[error("invalid {what} metadata: {reason}")]
    Metadata {
        /// Whose metadata.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// An alias is named by its id, or by mount and name.
    #[error("'id' or 'mount_accessor' and 'name' must be provided")]
    AliasUnnamed,
    /// No alias has this id.
    #[error("invalid alias ID provided")]
    NoAlias,
    /// A new alias for an entity that is not there.
    #[error("invalid canonical ID")]
    NoCanonical,
    /// An alias was to move to an entity that is not there.
    #[error("given 'canonical_id' is not associated with an entity")]
    NoNewCanonical,
    /// An entity has one name at a mount.
    #[error("Alias already exists for requested entity and mount accessor")]
    SecondAlias,
    /// An entity has one name at a mount, and the alias was to move there.
    #[error("Alias cannot be updated as the given entity already has an alias for this mount ")]
    SecondAliasByMove,
    /// The name at the mount belongs to another alias.
    #[error("alias with combination of mount accessor and name already exists")]
    AliasNameInUse,
    /// No group has this id.
    #[error("invalid group ID")]
    NoGroup,
    /// The name belongs to another group.
    #[error("group name is already in use")]
    GroupNameInUse,
    /// A group stays internal or external.
    #[error("group type cannot be changed")]
    GroupKindChanged,
    /// The members of an external group come from logins.
    #[error("member entities can't be set manually for external groups")]
    ExternalMembers,
    /// The members of an external group come from logins.
    #[error("member groups can't be set for external groups")]
    ExternalGroups,
    /// A member that is not there.
    #[error("invalid entity ID {0:?}")]
    NoMember(String),
    /// A member group that is not there.
    #[error("invalid member group ID {0:?}")]
    NoMemberGroup(String),
    /// A group cannot be its own member.
    #[error("member group ID {0:?} is same as the ID of the group")]
    OwnMember(String),
    /// A group cannot be its own member, however far around.
    #[error("cyclic relationship detected for member group ID {0:?}")]
    Cycle(String),
    /// No group alias has this id.
    #[error("invalid group alias ID")]
    NoGroupAlias,
    /// The name at the mount belongs to another group.
    #[error("combination of mount and group alias name is already in use")]
    GroupAliasNameInUse,
    /// Only an external group has a name at a mount.
    #[error("alias can't be set on an internal group")]
    AliasOfInternal,
    /// An alias for a group that is not there.
    #[error("invalid group ID given in 'canonical_id'")]
    NoGroupOfAlias,
    /// A merge without a target.
    #[error("missing entity id to merge to")]
    MergeToMissing,
    /// A merge of nothing.
    #[error("missing entity ids to merge from")]
    MergeFromMissing,
    /// A merge into what is not there.
    #[error("entity id to merge to is invalid")]
    MergeToUnknown,
    /// A merge of what is not there.
    #[error("entity id to merge from is invalid")]
    MergeFromUnknown,
    /// A merge of an entity with itself.
    #[error("to_entity_id should not be present in from_entity_ids")]
    MergeWithItself,
    /// Two aliases at one mount would be left, and it was not said which to keep.
    #[error("{}", conflicts(.0))]
    MergeConflicts(Vec<Conflict>),
    /// Two aliases at one mount would be left, and it was said to keep neither.
    #[error(
        "conflicting mount accessors in following alias IDs and neither were present in \
         conflicting_alias_ids_to_keep: {0}, {1}"
    )]
    MergeKeepsNeither(String, String),
    /// Conflicts are solved one entity at a time.
    #[error("merge one entity at a time to keep one of two conflicting aliases")]
    MergeOneAtATime,
    /// The entity may not log in.
    #[error("permission denied")]
    Disabled,
    /// The storage failed.
    #[error("using the identity store")]
    Storage(#[from] BarrierError),
}

/// Two aliases at one mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The mount.
    pub accessor: String,
    /// Entity that is to stay, and its alias.
    pub to: (String, String),
    /// Entity that is to go, and its alias.
    pub from: (String, String),
}

/// As clients know it.
fn conflicts(all: &[Conflict]) -> String {
    let mut text = format!(
        "{} errors occurred:\n\t* toEntity and at least one fromEntity have aliases with the same \
         mount accessor, repeat the merge request specifying exactly one fromEntity, clashes: ",
        all.len() + 1
    );
    for Conflict { accessor, to, from } in all {
        text.push_str(&format!(
            "\n\t* mountAccessor: {accessor}, toEntity ID: {}, fromEntity ID: {}, conflicting \
             toEntity alias ID: {}, conflicting fromEntity alias ID: {}",
            to.0, from.0, to.1, from.1
        ));
    }
    text.push_str("\n\n");
    text
}
