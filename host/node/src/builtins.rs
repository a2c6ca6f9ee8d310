//! The components that the binary brings along: ordinary entries of the catalog. Each is compiled
//! when it is first mounted, so that a start does not pay for what nobody uses.

use crate::catalog::{self, CatalogEntry};
use crate::parts::Parts;
use crate::refusal::chain;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::Refusal;
use std::sync::Arc;

/// Components that are a second type of mount as well, as clients know them.
const SECOND_TYPES: &[(&str, &str)] = &[("jwt", "oidc")];

/// Registers all of them, as part of a cluster's first batch.
pub(crate) fn register(parts: &Parts, tx: &mut Transaction) -> Result<(), Refusal> {
    for (name, bytes) in parts.builtins {
        add(parts, tx, name, bytes)?;
    }
    Ok(())
}

/// Registers those that a newer binary brings.
pub(crate) async fn update(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    let mut tx = node.begin();
    let known = catalog::all(&mut tx)?;
    let is_known = |bytes: &[u8]| {
        let digest = plugin::digest_of(bytes);
        known
            .iter()
            .any(|entry| entry.builtin && entry.digest == digest)
    };
    let new: Vec<_> = node
        .parts
        .builtins
        .iter()
        .filter(|(_, bytes)| !is_known(bytes))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    node.transact(|tx| {
        for (name, bytes) in &new {
            add(&node.parts, tx, name, bytes)?;
        }
        Ok(())
    })
    .await
}

fn add(parts: &Parts, tx: &mut Transaction, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
    let kind = plugin::kind_of(bytes).map_err(|error| {
        Refusal::internal(format!("built-in component {name}: {}", chain(&error)))
    })?;
    let second = SECOND_TYPES.iter().filter(|(first, _)| *first == name);
    for name in [name].into_iter().chain(second.map(|(_, second)| *second)) {
        let entry = CatalogEntry {
            kind: catalog::mount_kind(kind),
            name: name.to_owned(),
            version: format!("v{}+builtin.casemate", parts.settings.version),
            digest: plugin::digest_of(bytes),
            builtin: true,
        };
        catalog::store(tx, &entry, bytes)?;
    }
    Ok(())
}
