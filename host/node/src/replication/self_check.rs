//! Damage to the digests makes comparisons wrong or impossible, and is found where somebody looks. So a
//! cluster that plays a part in replication looks by itself now and then, and takes its time.

use super::Role;
use super::verify::{self, Pace};
use crate::unsealed::Unsealed;
use base::Timestamp;
use core::time::Duration;
use std::sync::Arc;

/// After an unseal it waits no longer than this: a server may be restarted each day.
const FIRST_AFTER: Duration = Duration::from_secs(60 * 60);

/// Looks, where it is time for that and nobody looks already.
pub(crate) fn begin_if_due(node: &Arc<Unsealed>, now: Timestamp) {
    let plays = match node.replication.role() {
        Role::Primary(_) | Role::Secondary(_) => true,
        Role::Off | Role::Joining(_) => false,
    };
    let Some(every) = node.parts.settings.digests_checked_every.filter(|_| plays) else {
        return;
    };
    let due = match node.replication.checked().looked {
        Some(at) => at.plus(every),
        None => node.since.plus(every.min(FIRST_AFTER)),
    };
    if now < due {
        return;
    }
    let looks = Arc::clone(node);
    node.replication.upkeep.begin(async move {
        match verify::check(&looks, Pace::Slow).await {
            Ok(found) => {
                let wrong = found.values().map(|found| found.wrong.len());
                let wrong: usize = wrong.sum();
                if wrong > 0 {
                    tracing::error!(
                        wrong,
                        "digests are not those of the entries here: sys/replication/reindex puts them right"
                    );
                }
            }
            Err(refusal) => tracing::warn!(reason = refusal.reason, "looking at the digests"),
        }
    });
}
