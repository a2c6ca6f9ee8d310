//! Locked namespaces: nobody gets in but who unlocks.

use crate::pipeline::Place;
use crate::tables::Tables;
use base::{Operation, Refusal, RefusalKind, Request};

/// Where a namespace is unlocked.
const UNLOCK: &str = "sys/namespaces/api-lock/unlock";

/// Refuses a request to a namespace that is locked, or lies below one. Nobody is asked who they are:
/// a locked namespace says so to everybody.
pub(super) fn check_open(tables: &Tables, place: &Place, request: &Request) -> Result<(), Refusal> {
    match tables.namespaces.lock_of(&place.namespace) {
        Some(locked) if !(is_unlock(place, request) && locked.id == place.namespace.id) => {
            Err(Refusal::new(
                RefusalKind::Unavailable,
                format!(
                    "API access to this namespace has been locked by an administrator - {:?} must be unlocked to gain access.",
                    locked.path
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// Does a request ask to unlock the namespace that it is sent to?
fn is_unlock(place: &Place, request: &Request) -> bool {
    request.operation == Operation::Update && place.path.as_str() == UNLOCK
}
