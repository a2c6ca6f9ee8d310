//! What a secondary may have run here. It vouches for who asks, so whoever took one over vouches for
//! anybody: what is kept from it must not depend on the caller.
//!
//! ```text
//!  Sight   what there is of this cluster for one secondary: neither local mounts nor what its filter
//!          leaves out. A place outside of it is no place.
//!  Admitted   a request within that, of a kind that an honest secondary forwards. Only such a one
//!          gets a caller that a secondary vouches for.
//! ```

use super::exclusions;
use crate::engine::Engine;
use crate::pipeline::{Place, Routed, no_handler};
use crate::tables::Tables;
use crate::unsealed::Unsealed;
use base::{NamespaceId, Operation, Refusal, Request, RequestPath};
use locality::Exclusion;
use mount::{MountEntry, Namespace};
use serde_json::Value;
use std::sync::Arc;

/// Patterns below `sys/` that write what is replicated, with all that lies below them. What is not
/// here is a cluster's own: its part and its secondaries, its keys and its seal, tokens and leases.
/// Audit devices are not here either: a device of all clusters can send what all of them are asked
/// to wherever its options say.
const SYSTEM: &[&str] = &[
    "mounts/{path..}",
    "auth/{path..}",
    "tune/mounts/{path..}",
    "tune/auth/{path..}",
    "remount",
    "namespaces",
    "policies",
    "policy/{name..}",
    "quotas",
    "plugins/catalog",
    "plugins/pins",
    "config/cors",
    "config/ui/headers",
    "config/auditing/request-headers",
    "rotate/config",
    "rotate/keyring/config",
];

/// The same below `auth/token/`.
const TOKEN: &[&str] = &["roles/{role_name}"];

/// The same below `identity/`.
const IDENTITY: &[&str] = &[
    "entity",
    "entity-alias",
    "alias",
    "persona",
    "group",
    "group-alias",
    "mfa",
    "oidc/config",
    "oidc/key",
    "oidc/role",
    "oidc/scope",
    "oidc/assignment",
    "oidc/client",
];

/// As [`IDENTITY`], but not what lies below.
const IDENTITY_ITSELF: &[&str] = &["oidc/provider/{name}"];

/// The one route that reads: what came of a move that was asked for through a secondary.
/// Whoever knows the random id of one has asked for it, and named what moves.
const MOVES: &str = "remount/status/{migration_id}";

/// Fields of bodies that name a mount by its accessor.
const ACCESSORS: [&str; 2] = ["mount_accessor", "auth_method_accessors"];

/// What there is of this cluster for one secondary.
pub(crate) struct Sight {
    tables: Arc<Tables>,
    exclusion: Exclusion,
}

impl Sight {
    /// Of a secondary.
    pub(crate) fn of(node: &Unsealed, secondary: &str) -> Result<Self, Refusal> {
        let exclusion = exclusions::of(&mut node.begin(), secondary)?;
        Ok(Self {
            tables: node.tables(),
            exclusion,
        })
    }

    /// Is a namespace there?
    pub(crate) fn has_namespace(&self, id: NamespaceId) -> bool {
        !self.exclusion.namespaces.contains(&id)
    }

    /// Is a mount there?
    pub(crate) fn has(&self, namespace: NamespaceId, entry: &MountEntry) -> bool {
        entry.is_hosts_own() && self.has_namespace(namespace)
            || !entry.local && !self.exclusion.leaves_out(namespace, entry.id)
    }

    /// A place as the secondary is to see it; an error where it names a namespace that is not.
    pub(crate) fn narrow(&self, place: Place, request: &Request) -> Result<Place, Refusal> {
        if !self.has_namespace(place.namespace.id) {
            return Err(self.not_there(request));
        }
        let namespace = place.namespace.id;
        let is_hidden = place
            .mount
            .as_ref()
            .is_some_and(|mount| !self.has(namespace, &mount.0));
        Ok(match is_hidden {
            true => place.without_mount(),
            false => place,
        })
    }

    /// What is told of a namespace that is not: another thing where the header names it than where
    /// the path does.
    fn not_there(&self, request: &Request) -> Refusal {
        let header = RequestPath::parse(&request.namespace).map(RequestPath::into_folder);
        let named = header.ok();
        let named = named.and_then(|header| self.tables.namespaces.at(header.as_str()));
        match named.is_some_and(|named| self.has_namespace(named.id)) {
            true => no_handler(&request.path),
            false => crate::namespaces::not_found(),
        }
    }

    /// The full paths of what is not there for it.
    fn hidden(&self) -> impl Iterator<Item = String> {
        let tables = &self.tables;
        let path = |id| {
            let namespace = tables.namespaces.with_id(id);
            namespace.map(|namespace| namespace.path.clone())
        };
        let mounted = tables.iter().map(|(id, mount)| (id, &mount.0));
        let mounts = mounted
            .chain(tables.going())
            .chain(tables.aside())
            .filter(|(id, entry)| !self.has(*id, entry))
            .filter_map(move |(id, entry)| Some(format!("{}{}", path(id)?, entry.path)));
        let namespaces = self.exclusion.namespaces.iter();
        namespaces.filter_map(move |id| path(*id)).chain(mounts)
    }

    /// Is something that is not there at a full path, above it, or below it where nothing is at it?
    fn hides(&self, full: &str) -> bool {
        let at = self.tables.namespaces.at(full);
        let is_there = at.is_some_and(|namespace| self.has_namespace(namespace.id));
        self.hidden()
            .any(|hidden| full.starts_with(&hidden) || !is_there && hidden.starts_with(full))
    }

    /// Is this the accessor of a mount that is not there?
    fn hides_accessor(&self, accessor: &str) -> bool {
        let mut mounts = self.tables.iter();
        mounts.any(|(id, mount)| mount.0.accessor == accessor && !self.has(id, &mount.0))
    }

    /// Does a request to an engine of the host name something that is not there?
    fn check_names(&self, place: &Place, request: &Request) -> Result<(), Refusal> {
        for (full, made) in named(&place.namespace, place.below_mount(), request) {
            match made {
                _ if !self.hides(&full) => {}
                Made::Here => {
                    let text = format!("path is already in use at {full}");
                    return Err(Refusal::invalid(text));
                }
                Made::Before => return Err(no_handler(&place.path)),
            }
        }
        for accessor in ACCESSORS.iter().flat_map(|name| texts(request, name)) {
            if self.hides_accessor(&accessor) {
                let text = format!("invalid mount accessor {accessor:?}");
                return Err(Refusal::invalid(text));
            }
        }
        Ok(())
    }
}

/// Is what a request names made by it, or was it before?
#[derive(Clone, Copy)]
enum Made {
    Here,
    Before,
}

/// The full paths of mounts and namespaces that a request below `sys/` names.
fn named(namespace: &Namespace, rest: &str, request: &Request) -> Vec<(String, Made)> {
    let is_update = request.operation == Operation::Update;
    let mut found = Vec::new();
    let mut note = |begins: &str, given: &str, made| {
        // What is no path at all is refused by who reads it.
        if let Ok(path) = RequestPath::parse(given.trim_start_matches('/')) {
            found.push((format!("{begins}{}", path.into_folder()), made));
        }
    };
    let made = match is_update {
        true => Made::Here,
        false => Made::Before,
    };
    let own = namespace.path.as_str();
    for (prefix, below, made) in [
        ("mounts/", "", made),
        ("auth/", "auth/", made),
        ("tune/mounts/", "", Made::Before),
        ("tune/auth/", "auth/", Made::Before),
        ("namespaces/api-lock/lock/", "", Made::Before),
        ("namespaces/api-lock/unlock/", "", Made::Before),
        ("namespaces/", "", made),
    ] {
        if let Some(given) = rest.strip_prefix(prefix) {
            note(&format!("{own}{below}"), given, made);
            break;
        }
    }
    if rest == "remount" {
        for (field, made) in [("from", Made::Before), ("to", Made::Here)] {
            for given in texts(request, field) {
                note(own, &given, made);
            }
        }
    }
    if rest.starts_with("quotas/") {
        for given in texts(request, "path") {
            note("", &given, Made::Before);
        }
    }
    found
}

/// The texts that a field of a body can mean: as one, as a list, and in a list that is one text.
fn texts(request: &Request, field: &str) -> Vec<String> {
    let values = match request.data.get(field) {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => core::slice::from_ref(one),
        None => &[],
    };
    let mut found = Vec::new();
    for value in values {
        match value {
            Value::String(text) => {
                found.push(text.clone());
                found.extend(text.split(',').map(|part| part.trim().to_owned()));
            }
            other => found.push(other.to_string()),
        }
    }
    found
}

/// A request of a secondary that may run here.
pub(crate) struct Admitted<'p>(Routed<'p>);

impl<'p> Admitted<'p> {
    /// Checks one. Engines of the host do for it what a secondary cannot do itself, and components
    /// what they have routes for.
    pub(crate) fn check(routed: Routed<'p>, sight: &Sight) -> Result<Self, Refusal> {
        let (request, place) = (routed.request, routed.place);
        let not_here = || Refusal::invalid("this is not done through a secondary: ask the primary");
        if request.operation == Operation::Help {
            return Err(not_here());
        }
        let Some(mount) = &place.mount else {
            return Ok(Self(routed));
        };
        if !matches!(mount.1, Engine::Native(_)) {
            return Ok(Self(routed));
        }
        let Some(pattern) = routed.pattern() else {
            return Ok(Self(routed));
        };
        if !is_forwarded(&mount.0.plugin, request.operation, pattern) {
            return Err(not_here());
        }
        sight.check_names(place, request)?;
        Ok(Self(routed))
    }

    /// The request.
    pub(crate) fn into_routed(self) -> Routed<'p> {
        self.0
    }
}

/// Does an honest secondary forward what goes to this route of an engine of the host?
fn is_forwarded(engine: &str, operation: Operation, pattern: &str) -> bool {
    let is_below = |all: &[&str]| {
        all.iter().any(|one| {
            let below = pattern.strip_prefix(one);
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        })
    };
    let writes = match operation {
        Operation::Update | Operation::Patch | Operation::Delete => true,
        Operation::Read | Operation::List | Operation::Scan | Operation::Help => false,
    };
    match engine {
        "system" if !writes => operation == Operation::Read && pattern == MOVES,
        "system" => is_below(SYSTEM),
        "token" => writes && is_below(TOKEN),
        "identity" => writes && (is_below(IDENTITY) || IDENTITY_ITSELF.contains(&pattern)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::NativeRoute;
    use crate::{cubbyhole, identity, sys, token};

    /// All that an engine of the host has a secondary do here. Whoever adds a route that writes what
    /// is replicated adds it here; nothing else is to be in it.
    #[test]
    fn what_a_secondary_may_have_done_is_listed() {
        let engines: [(&str, &[&[NativeRoute]]); 4] = [
            ("system", sys::TABLE),
            ("token", &[token::ROUTES]),
            (cubbyhole::NAME, &[cubbyhole::ROUTES]),
            ("identity", identity::TABLE),
        ];
        let mut listed = String::new();
        for (engine, table) in engines {
            for route in table.iter().copied().flatten() {
                let operation = match route.operation {
                    manifest::Operation::Read => Operation::Read,
                    manifest::Operation::Update => Operation::Update,
                    manifest::Operation::Patch => Operation::Patch,
                    manifest::Operation::Delete => Operation::Delete,
                    manifest::Operation::List => Operation::List,
                    manifest::Operation::Scan => Operation::Scan,
                };
                if is_forwarded(engine, operation, route.at) {
                    listed.push_str(&format!("{engine} {operation:?} {}\n", route.at));
                }
            }
        }
        assert_eq!(listed, include_str!("peers.txt"));
    }

    #[test]
    fn what_is_named_is_found_wherever_a_request_says_it() {
        let check = |rest: &str, data: Value, expected: &[&str]| {
            let path = RequestPath::parse(&format!("sys/{rest}")).unwrap();
            let Value::Object(data) = data else {
                panic!("{data}");
            };
            let request = Request::new(Operation::Update, path, "", data);
            let namespace = Namespace::new(NamespaceId::new(7), String::from("team/"));
            let found = named(&namespace, rest, &request);
            let found: Vec<&str> = found.iter().map(|(full, _)| full.as_str()).collect();
            assert_eq!(found, expected, "{rest}");
        };
        let nothing = || serde_json::json!({});
        check("mounts/a/b", nothing(), &["team/a/b/"]);
        check("auth/a", nothing(), &["team/auth/a/"]);
        check("tune/mounts/a", nothing(), &["team/a/"]);
        check("tune/auth/a", nothing(), &["team/auth/a/"]);
        check("namespaces/x", nothing(), &["team/x/"]);
        check("namespaces/api-lock/lock/x/y", nothing(), &["team/x/y/"]);
        let both = serde_json::json!({ "from": "/a/", "to": "b" });
        check(
            "remount",
            both,
            &["team/a/", "team/a/", "team/b/", "team/b/"],
        );
        let path = serde_json::json!({ "path": "/x/*" });
        check("quotas/rate-limit/q", path, &["x/*/", "x/*/"]);
        let number = serde_json::json!({ "path": 7 });
        check("quotas/rate-limit/q", number, &["7/"]);
        let comma = serde_json::json!({ "path": "x,y" });
        check("quotas/rate-limit/q", comma, &["x,y/", "x/", "y/"]);
        check("policies/acl/mounts", nothing(), &[]);
    }
}
