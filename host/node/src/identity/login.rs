//! The entity of who logs in.

use super::{placement, refused};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::Refusal;
use identity::{Directory, Login, Mount, Person};
use mount::{MountEntry, Namespace};
use plugin::Grant;
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
    let entropy = node.parts.entropy.as_ref();
    let label = namespace.label();
    let mut directory = Directory::new(tx, namespace.id, label, node.now(), entropy);
    let login = Login {
        mount: Mount {
            accessor: entry.accessor.clone(),
            placement: placement(entry),
        },
        name: &grant.alias,
        metadata: grant.alias_metadata.iter().cloned().collect(),
        groups: &grant.groups,
    };
    let entity = directory.log_in(login).map_err(refused)?;
    directory.person_of(entity).map(Some).map_err(refused)
}
