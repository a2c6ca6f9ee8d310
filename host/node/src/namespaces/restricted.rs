//! What belongs to the server as a whole, and is offered in the root namespace alone.

use crate::pipeline::{Place, no_match};
use base::{Refusal, Request};
use manifest::NoMatch;

/// Refused before anything else where a header names a namespace.
const OF_THE_SERVER: &[&str] = &[
    "generate-root",
    "health",
    "in-flight-req",
    "init",
    "metrics",
    "pprof",
    "raw",
    "rekey",
    "rekey-recovery-key",
    "seal",
    "step-down",
    "storage",
    "unseal",
];

/// Refused before anybody is asked for rights.
const OF_THE_ROOT: &[&str] = &[
    "audit",
    "audit-hash",
    "config",
    "experiments",
    "host-info",
    "internal/counters/activity",
    "internal/counters/config",
    "internal/inspect",
    "loggers",
    "mfa/method",
    "monitor",
    "quotas",
    "replication",
];

/// Refused to those who may ask, since there is one seal and no namespace has its own.
const OF_THE_SEAL: &[&str] = &["generate-root-token", "key-status", "rotate"];

/// As the components of the catalog: there is one of it for all.
const OF_THE_CATALOG: &[&str] = &["plugins/pins"];

/// Refuses what is of the server alone, where a header names a namespace.
pub(super) fn check_server(place: &Place, request: &Request) -> Result<(), Refusal> {
    let is_named = !request.namespace.is_empty();
    match is_named && below_sys(place).is_some_and(|path| is_one_of(path, OF_THE_SERVER)) {
        true => Err(Refusal::invalid("operation unavailable in namespaces")),
        false => Ok(()),
    }
}

/// Refuses what the root namespace alone offers.
pub(super) fn check_root(place: &Place) -> Result<(), Refusal> {
    let is_of_root = |path| is_one_of(path, OF_THE_SERVER) || is_one_of(path, OF_THE_ROOT);
    match below_sys(place).is_some_and(is_of_root) {
        true => Err(Refusal::invalid(
            "operation only available in root namespace",
        )),
        false => Ok(()),
    }
}

fn below_sys(place: &Place) -> Option<&str> {
    place.path.as_str().strip_prefix("sys/")
}

/// Refuses what all namespaces share and the root namespace alone may change, and what only something
/// with a seal of its own has, to those who may ask.
pub(crate) fn check_shared(place: &Place) -> Result<(), Refusal> {
    if place.namespace.is_root() {
        return Ok(());
    }
    match below_sys(place) {
        Some(path) if is_one_of(path, OF_THE_SEAL) => {
            Err(Refusal::invalid("namespace is not sealable"))
        }
        Some(path) if is_component(path) || is_one_of(path, OF_THE_CATALOG) => {
            Err(no_match(NoMatch::Path))
        }
        _ => Ok(()),
    }
}

/// Does a path name a component of the catalog? There is one catalog for all.
fn is_component(path: &str) -> bool {
    let named = path.strip_prefix("plugins/catalog/");
    // The list of a type ends in a slash.
    named.is_some_and(|named| match named.strip_suffix('/') {
        Some(kind) => kind.contains('/'),
        None => !named.is_empty(),
    })
}

/// Is a path one of these, or below one?
fn is_one_of(path: &str, all: &[&str]) -> bool {
    all.iter().any(|one| {
        path.strip_prefix(one)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_and_what_lies_below_it() {
        let check = |path: &str, expected: bool| {
            assert_eq!(is_one_of(path, OF_THE_SERVER), expected, "{path}");
        };
        check("seal", true);
        check("seal-status", false);
        check("rekey/init", true);
        check("rekeying", false);
        check("storage/raft/snapshot", true);
    }

    #[test]
    fn the_catalog_can_be_read_and_its_components_cannot() {
        assert!(!is_component("plugins/catalog"));
        assert!(!is_component("plugins/catalog/secret/"));
        for path in ["secret/kv", "secret/kv/", "kv"] {
            assert!(is_component(&format!("plugins/catalog/{path}")), "{path}");
        }
    }

    /// A new route must be put into one of these lists, or said to work in every namespace.
    #[test]
    fn each_route_is_offered_everywhere_or_in_the_root_alone() {
        const EVERYWHERE: &[&str] = &[
            "auth",
            "capabilities",
            "capabilities-accessor",
            "capabilities-self",
            "decode-token",
            "ha-status",
            "internal/counters/entities",
            "internal/counters/requests",
            "internal/counters/tokens",
            "internal/specs",
            "internal/ui",
            "leases",
            "locked-users",
            "mfa/validate",
            "mounts",
            "namespaces",
            "plugins",
            "policies",
            "policy",
            "remount",
            "renew",
            "revoke",
            "revoke-force",
            "revoke-prefix",
            "tools",
            "tune",
            "version-history",
            "wrapping",
        ];
        let all = [OF_THE_SERVER, OF_THE_ROOT, OF_THE_SEAL, EVERYWHERE];
        let mut routes = crate::sys::TABLE.iter().copied().flatten().peekable();
        assert!(routes.peek().is_some());
        for route in routes {
            let lists = all.iter().filter(|list| is_one_of(route.at, list));
            assert_eq!(lists.count(), 1, "{}", route.at);
        }
    }
}
