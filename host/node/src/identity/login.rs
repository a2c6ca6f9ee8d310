//! The entity of who logs in.

use super::{placement, refused};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Refusal, RefusalKind};
use identity::{Directory, IdentityError, Login, Mount, Person};
use mount::{MountEntry, Namespace, Table};
use plugin::Grant;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Finds or makes the entity that a grant is for, in the transaction of the login, and renews its
/// memberships of external groups. None for a grant that names nobody.
pub(crate) fn log_in(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    namespace: &Namespace,
    entry: &MountEntry,
    grant: &Grant,
) -> Result<Option<Person>, Refusal> {
    if grant.alias.is_empty() {
        return Ok(None);
    }
    found(node, tx, namespace, login(entry, grant))
        .map(Some)
        .map_err(refused)
}

/// Gives an entity that the primary made the name of who logs in at a local method.
pub(crate) fn adopt(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    namespace: &Namespace,
    entry: &MountEntry,
    grant: &Grant,
    entity: &str,
) -> Result<(), Refusal> {
    let entropy = node.parts.entropy.as_ref();
    let label = namespace.label();
    let mut directory = Directory::new(tx, namespace.id, label, node.now(), entropy);
    let login = login(entry, grant);
    directory.adopt(entity, login).map_err(refused)
}

/// Makes an entity for somebody who logs in at a local method of a secondary.
pub(crate) fn make_for_secondary(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    namespace: &Namespace,
) -> Result<String, Refusal> {
    let entropy = node.parts.entropy.as_ref();
    let label = namespace.label();
    let mut directory = Directory::new(tx, namespace.id, label, node.now(), entropy);
    let entity = directory.log_in_elsewhere().map_err(refused)?;
    Ok(entity.id)
}

fn login<'g>(entry: &MountEntry, grant: &'g Grant) -> Login<'g> {
    Login {
        mount: mount(entry),
        name: &grant.alias,
        metadata: grant.alias_metadata.iter().cloned().collect(),
        groups: &grant.groups,
    }
}

/// As [`log_in`], of the entity that a token of a role is to stand for: an alias at the mount of
/// tokens themselves.
pub(crate) fn stand_for(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    namespace: &Namespace,
    alias: &str,
) -> Result<Person, Refusal> {
    let tokens = mount_of_tokens(node, namespace)?;
    let login = Login {
        mount: mount(&tokens.0),
        name: alias,
        metadata: BTreeMap::new(),
        groups: &[],
    };
    found(node, tx, namespace, login).map_err(|error| match error {
        IdentityError::Disabled => {
            let text = "entity from given entity alias is disabled";
            Refusal::new(RefusalKind::Denied, text)
        }
        error => refused(error),
    })
}

/// Where the tokens of a namespace are made.
pub(crate) fn mount_of_tokens(
    node: &Arc<Unsealed>,
    namespace: &Namespace,
) -> Result<Arc<crate::tables::Mount>, Refusal> {
    let tables = node.tables();
    let mut mounts = tables.of(namespace.id).into_iter().flat_map(Table::iter);
    let tokens = mounts.find(|mount| mount.0.path.as_str() == "auth/token/");
    let missing = || Refusal::internal("a namespace without a mount of tokens");
    tokens.cloned().ok_or_else(missing)
}

pub(super) fn mount(entry: &MountEntry) -> Mount {
    Mount {
        id: entry.id,
        accessor: entry.accessor.clone(),
        placement: placement(entry),
    }
}

fn found(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    namespace: &Namespace,
    login: Login<'_>,
) -> Result<Person, IdentityError> {
    let entropy = node.parts.entropy.as_ref();
    let label = namespace.label();
    let mut directory = Directory::new(tx, namespace.id, label, node.now(), entropy);
    let entity = directory.log_in(login)?;
    directory.person_of(entity)
}
