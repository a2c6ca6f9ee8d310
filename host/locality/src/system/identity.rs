//! Keys of identity: entities, aliases, groups.
//!
//! Entities and groups are shared. An alias is as local as the auth mount that it belongs to, so that
//! each of its keys stands here twice. What the mount says of it, its name and what goes with that, is
//! kept among the mount's own entries, out of its component's reach: whoever is not to have the mount
//! has nothing of that, and when the mount goes, so does it.

use super::SystemKey;
use crate::{Local, PhysicalKey, Replicated};
use base::{MountId, NamespaceId};

impl SystemKey<Replicated> {
    /// All entities of a namespace, by id.
    pub fn entities(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/entity/id/")
    }
    /// An entity.
    pub fn entity(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/id/{id}"))
    }
    /// From the name of an entity, which has no case, to its id.
    pub fn entity_name(namespace: NamespaceId, name: &str) -> Self {
        let name = name.to_lowercase();
        Self::at(namespace, &format!("identity/entity/name/{name}"))
    }
    /// From the id of an entity that became part of another to the id of that one.
    pub fn entity_merged(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/merged/{id}"))
    }
    /// All aliases of an entity.
    pub fn aliases_of_entity(namespace: NamespaceId, entity: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/alias/{entity}/"))
    }
    /// From an alias of an entity to its mount.
    pub fn entity_alias(namespace: NamespaceId, entity: &str, id: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/alias/{entity}/{id}"))
    }
    /// All ids of aliases.
    pub fn entity_alias_owners(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/entity/alias-id/")
    }
    /// From the id of an alias to its entity and its mount.
    pub fn entity_alias_owner(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/alias-id/{id}"))
    }
    /// An alias, among the entries of its mount.
    pub fn alias_at(namespace: NamespaceId, mount: MountId, entity: &str, id: &str) -> Self {
        Self::of_mount(namespace, mount, &format!("{ALIASES}{entity}/{id}"))
    }
    /// From a name in an auth mount, which has no case, to its alias.
    pub fn alias_name_at(namespace: NamespaceId, mount: MountId, name: &str) -> Self {
        let name = name.to_lowercase();
        Self::of_mount(namespace, mount, &format!("{ALIAS_NAMES}{name}"))
    }
    /// All groups of a namespace, by id.
    pub fn groups(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/group/id/")
    }
    /// A group.
    pub fn group(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/group/id/{id}"))
    }
    /// From the name of a group, which has no case, to its id.
    pub fn group_name(namespace: NamespaceId, name: &str) -> Self {
        let name = name.to_lowercase();
        Self::at(namespace, &format!("identity/group/name/{name}"))
    }
    /// All entities that are members of a group.
    pub fn group_members(namespace: NamespaceId, group: &str) -> Self {
        Self::at(namespace, &format!("identity/group/member/{group}/"))
    }
    /// An entity that is a member of a group.
    pub fn group_member(namespace: NamespaceId, group: &str, entity: &str) -> Self {
        Self::at(
            namespace,
            &format!("identity/group/member/{group}/{entity}"),
        )
    }
    /// All groups that an entity is a member of.
    pub fn groups_of_entity(namespace: NamespaceId, entity: &str) -> Self {
        Self::at(namespace, &format!("identity/group/of-entity/{entity}/"))
    }
    /// A group that an entity is a member of.
    pub fn group_of_entity(namespace: NamespaceId, entity: &str, group: &str) -> Self {
        Self::at(
            namespace,
            &format!("identity/group/of-entity/{entity}/{group}"),
        )
    }
    /// All groups that a group is a member of.
    pub fn parents_of_group(namespace: NamespaceId, group: &str) -> Self {
        Self::at(namespace, &format!("identity/group/parent/{group}/"))
    }
    /// A group that a group is a member of.
    pub fn parent_of_group(namespace: NamespaceId, group: &str, parent: &str) -> Self {
        Self::at(
            namespace,
            &format!("identity/group/parent/{group}/{parent}"),
        )
    }
    /// All ids of group aliases.
    pub fn group_alias_owners(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/group/alias-id/")
    }
    /// From the id of a group alias to the id of its group.
    pub fn group_alias_owner(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/group/alias-id/{id}"))
    }
    /// From the name of a group in an auth mount, which has no case, to the id of the group.
    pub fn group_alias_name(namespace: NamespaceId, accessor: &str, name: &str) -> Self {
        let name = name.to_lowercase();
        Self::at(
            namespace,
            &format!("identity/group/alias-name/{accessor}/{name}"),
        )
    }
}

/// Identity tokens: what signs them, and for whom.
impl SystemKey<Replicated> {
    /// The settings of all identity tokens.
    pub fn oidc_config(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/oidc/config")
    }
    /// All named keys.
    pub fn oidc_keys(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/oidc/key/")
    }
    /// A named key: its settings, and the public halves of what it signed with.
    pub fn oidc_key(namespace: NamespaceId, name: &str) -> Self {
        Self::at(namespace, &format!("identity/oidc/key/{name}"))
    }
    /// A key that signs.
    pub fn oidc_secret(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/oidc/secret/{id}")).seal_wrapped()
    }
    /// All roles.
    pub fn oidc_roles(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/oidc/role/")
    }
    /// A role: a kind of identity token.
    pub fn oidc_role(namespace: NamespaceId, name: &str) -> Self {
        Self::at(namespace, &format!("identity/oidc/role/{name}"))
    }
    /// All things of a kind that OpenID providers are made of.
    pub fn oidc_parts(namespace: NamespaceId, kind: &str) -> Self {
        Self::at(namespace, &format!("identity/oidc/{kind}/"))
    }
    /// A thing that OpenID providers are made of: a scope, an assignment, a client, a provider.
    pub fn oidc_part(namespace: NamespaceId, kind: &str, name: &str) -> Self {
        Self::at(namespace, &format!("identity/oidc/{kind}/{name}"))
    }
    /// From the id of a client of OpenID providers to its name.
    pub fn oidc_client_id(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/oidc/client-id/{id}"))
    }
}

/// Second factors of logins.
impl SystemKey<Replicated> {
    /// All methods.
    pub fn mfa_methods(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/mfa/method/")
    }
    /// A method.
    pub fn mfa_method(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/mfa/method/{id}"))
    }
    /// All words on who needs one.
    pub fn mfa_enforcements(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/mfa/login-enforcement/")
    }
    /// A word on who needs one.
    pub fn mfa_enforcement(namespace: NamespaceId, name: &str) -> Self {
        Self::at(namespace, &format!("identity/mfa/login-enforcement/{name}"))
    }
    /// All entities that have a key of a method.
    pub fn mfa_enrolments(namespace: NamespaceId, method: &str) -> Self {
        Self::at(namespace, &format!("identity/mfa/enrolment/{method}/"))
    }
    /// How codes are made of the key that an entity has.
    pub fn mfa_enrolment(namespace: NamespaceId, method: &str, entity: &str) -> Self {
        Self::at(
            namespace,
            &format!("identity/mfa/enrolment/{method}/{entity}"),
        )
    }
    /// The key that an entity has.
    pub fn mfa_secret(namespace: NamespaceId, method: &str, entity: &str) -> Self {
        Self::at(namespace, &format!("identity/mfa/secret/{method}/{entity}"))
    }
}

impl SystemKey<Local> {
    /// The last code of an entity's that was taken, by its number.
    pub fn mfa_used(namespace: NamespaceId, method: &str, entity: &str) -> Self {
        Self::at(namespace, &format!("identity/mfa/used/{method}/{entity}"))
    }
    /// All codes that were handed out and not yet taken back.
    pub fn oidc_codes(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/oidc/code/")
    }
    /// A code, by its hash: worth an identity token, once and soon.
    pub fn oidc_code(namespace: NamespaceId, hash: &str) -> Self {
        Self::at(namespace, &format!("identity/oidc/code/{hash}"))
    }
    /// All aliases of an entity that belong to local mounts.
    pub fn local_aliases_of_entity(namespace: NamespaceId, entity: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/alias/{entity}/"))
    }
    /// From an alias of an entity to its local mount.
    pub fn local_entity_alias(namespace: NamespaceId, entity: &str, id: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/alias/{entity}/{id}"))
    }
    /// All ids of aliases at local mounts.
    pub fn local_entity_alias_owners(namespace: NamespaceId) -> Self {
        Self::at(namespace, "identity/entity/alias-id/")
    }
    /// From the id of an alias at a local mount to its entity and its mount.
    pub fn local_entity_alias_owner(namespace: NamespaceId, id: &str) -> Self {
        Self::at(namespace, &format!("identity/entity/alias-id/{id}"))
    }
    /// An alias, among the entries of its local mount.
    pub fn local_alias_at(namespace: NamespaceId, mount: MountId, entity: &str, id: &str) -> Self {
        Self::of_mount(namespace, mount, &format!("{ALIASES}{entity}/{id}"))
    }
    /// From a name in a local auth mount, which has no case, to its alias.
    pub fn local_alias_name_at(namespace: NamespaceId, mount: MountId, name: &str) -> Self {
        let name = name.to_lowercase();
        Self::of_mount(namespace, mount, &format!("{ALIAS_NAMES}{name}"))
    }
}

/// Where a mount's aliases are among its entries. No name of a component's begins so.
const ALIASES: &str = "\u{1}alias/id/";
const ALIAS_NAMES: &str = "\u{1}alias/name/";

/// Entity and id of the alias that is kept at a key, if there is one.
pub fn alias_kept_at(key: &PhysicalKey) -> Option<(&str, &str)> {
    key.path().strip_prefix(ALIASES)?.split_once('/')
}

/// Is it an entry of the host's that is kept among those of an auth mount?
pub fn is_of_an_alias(key: &PhysicalKey) -> bool {
    let path = key.path();
    path.starts_with(ALIASES) || path.starts_with(ALIAS_NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, Exclusion};

    #[test]
    fn what_belongs_to_a_local_mount_stays_local() {
        let root = NamespaceId::ROOT;
        let mount = MountId::new(7);
        let shared = [
            SystemKey::entity(root, "e"),
            SystemKey::entity_alias(root, "e", "a"),
            SystemKey::alias_at(root, mount, "e", "a"),
            SystemKey::group(root, "g"),
            SystemKey::group_member(root, "g", "e"),
        ];
        for key in &shared {
            assert_eq!(key.physical().class(), Class::Replicated, "{key:?}");
        }
        let local = [
            SystemKey::local_entity_alias(root, "e", "a"),
            SystemKey::local_entity_alias_owner(root, "a"),
            SystemKey::local_alias_at(root, mount, "e", "a"),
            SystemKey::local_alias_name_at(root, mount, "n"),
        ];
        for key in &local {
            assert_eq!(key.physical().class(), Class::Local, "{key:?}");
        }
    }

    #[test]
    fn what_a_mount_says_of_somebody_is_left_out_with_the_mount() {
        let root = NamespaceId::ROOT;
        let (kept, denied) = (MountId::new(1), MountId::new(2));
        let exclusion = Exclusion {
            version: 1,
            mounts: [(root, denied)].into(),
            ..Exclusion::default()
        };
        for (mount, travels) in [(kept, true), (denied, false)] {
            let alias = SystemKey::<Replicated>::alias_at(root, mount, "e", "a");
            let name = SystemKey::<Replicated>::alias_name_at(root, mount, "Ann");
            for key in [alias.physical(), name.physical()] {
                assert_eq!(exclusion.travels(key), travels, "{key:?}");
                assert!(is_of_an_alias(key));
            }
            assert_eq!(alias_kept_at(alias.physical()), Some(("e", "a")));
            assert_eq!(alias_kept_at(name.physical()), None);
        }
    }

    #[test]
    fn names_have_no_case() {
        let root = NamespaceId::ROOT;
        let [one, other] = ["Ann", "aNN"].map(|name| SystemKey::entity_name(root, name));
        assert_eq!(one.physical(), other.physical());
    }
}
