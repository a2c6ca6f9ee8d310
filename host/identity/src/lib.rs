//! Who is who: entities, the names they have at auth mounts, and the groups they are in.
//!
//! ```text
//!  login at a mount ─ accessor, name ─▶ Alias ─▶ Entity ─ member of ─▶ Group ─ member of ─▶ Group
//!                                                   └──────── policies ────────┘
//! ```
//!
//! Everything is done in the caller's transaction: a name that two requests want at once, or a
//! circle that two of them would close together, is found when the later one commits.
//! Names of entities, groups and aliases have no case, but are shown as they were given.
//! Nothing here knows a mount; an auth mount is its accessor, and whether it is local.

mod alias;
mod directory;
mod entity;
mod error;
mod group;
mod group_alias;
mod limits;
mod login;
mod merge;
pub mod oidc;
mod person;
mod record;

pub use alias::{AliasChange, forget_kept_at};
pub use directory::{Directory, Page};
pub use entity::{EntityChange, Named, Written};
pub use error::{Conflict, IdentityError};
pub use group::GroupChange;
pub use group_alias::GroupAliasChange;
pub use login::Login;
pub use merge::Merge;
pub use person::Person;
pub use record::{Alias, Entity, Group, GroupAlias, GroupKind, Metadata, Mount, Placement};
