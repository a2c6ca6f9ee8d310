//! The nodes of the cluster, of which there is one.

use crate::ceremonies::only_in_root;
use crate::native::Does::Now;
use crate::native::{Ask, NativeRoute, Told, on};
use base::Answer;
use manifest::Access::{Sudo, Token};
use manifest::Operation::{Read, Update};
use serde_json::json;

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "ha-status", Token, Now(status), &[], "The nodes of the cluster."),
    on(Update, "step-down", Sudo, Now(step_down), &[], "Lets another node lead, where there is one."),
];

fn status(ask: &mut Ask<'_>) -> Told {
    let settings = &ask.node.parts.settings;
    Ok(Answer::repeated(&json!({
        "nodes": [{
            "hostname": settings.hostname,
            "api_address": settings.api_addr,
            "cluster_address": settings.cluster_addr,
            "active_node": true,
            "last_echo": null,
            "version": settings.version,
            "upgrade_version": settings.version,
        }],
    })))
}

/// Alone, a node that steps down is the next leader as well.
fn step_down(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    Ok(Answer::Empty)
}
