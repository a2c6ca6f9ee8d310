//! Leases by their ids, which are paths: those of secrets and those that end tokens.

use barrier::{BarrierError, Transaction};
use base::NamespaceId;
use locality::{Local, SystemKey};

/// Which leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of secrets.
    Secret,
    /// That end tokens.
    Token,
}

impl Kind {
    fn below(self, namespace: NamespaceId, prefix: &str) -> SystemKey<Local> {
        match self {
            Self::Secret => SystemKey::leases(namespace, prefix),
            Self::Token => SystemKey::token_lease_ids(namespace, prefix),
        }
    }
}

/// Up to `limit` ids of a namespace that begin with `prefix`, in order; those after `after` where it is given.
///
/// # Errors
/// When the storage fails.
pub fn ids_below(
    tx: &mut Transaction,
    kind: Kind,
    namespace: NamespaceId,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, BarrierError> {
    let after = after.map(|id| kind.below(namespace, id));
    let after = after.as_ref().map(SystemKey::physical);
    let keys = tx.keys(&kind.below(namespace, prefix), after, limit)?;
    let all = kind.below(namespace, "");
    let all = all.physical().path();
    let ids = keys.iter().filter_map(|key| key.path().strip_prefix(all));
    Ok(ids.map(str::to_owned).collect())
}

/// Names directly below a folder of ids of a namespace, of both kinds: folders end in `/`.
///
/// # Errors
/// When the storage fails.
pub fn names_below(
    tx: &mut Transaction,
    namespace: NamespaceId,
    folder: &str,
) -> Result<Vec<String>, BarrierError> {
    let mut names = tx
        .children(&Kind::Secret.below(namespace, folder), None, usize::MAX)?
        .names;
    let tokens = tx.children(&Kind::Token.below(namespace, folder), None, usize::MAX)?;
    names.extend(tokens.names);
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
