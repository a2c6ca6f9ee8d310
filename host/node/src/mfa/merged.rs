//! What becomes of second factors when entities become one.

use super::{enrolment, stored};
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::{NamespaceId, Refusal};
use locality::SystemKey;

/// The keys of an entity that becomes part of another are those of that one, where it has none; what asked
/// for a factor of the one asks for one of the other.
pub(crate) fn merge(
    tx: &mut Transaction,
    namespace: NamespaceId,
    from: &str,
    to: &str,
) -> Result<(), Refusal> {
    for method in stored::methods(tx, namespace)? {
        enrolment::hand_over(tx, namespace, &method.id, from, to)?;
    }
    for mut enforcement in stored::enforcements(tx, namespace)? {
        let entities = &mut enforcement.entities;
        if !entities.iter().any(|entity| entity == from) {
            continue;
        }
        entities.retain(|entity| entity != from && entity != to);
        entities.push(to.to_owned());
        let key = SystemKey::mfa_enforcement(namespace, &enforcement.name);
        tx.write_json(&key, &enforcement).map_err(from_barrier)?;
    }
    Ok(())
}
