//! Namespaces: made, changed, and taken away again. What is mounted, allowed and known in one is
//! kept below its id, so nothing here looks into another.

mod lock;
mod removal;
mod restricted;

pub(crate) use removal::{Removals, delete};
pub(crate) use restricted::check_shared;

use crate::defaults;
use crate::pipeline::Place;
use crate::refusal::from_barrier;
use crate::tables::{self, stored_namespaces};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Entropy, NamespaceId, Refusal, RefusalKind, Request, Timestamp};
use locality::SystemKey;
use mount::Namespace;

/// Longest name of a namespace, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// Longest path of a namespace, in bytes: mounts and what is in them come behind it.
const PATH_BYTES_MAX: usize = 1024;

/// Names that mean something else at the beginning of a path.
const RESERVED: [&str; 6] = ["audit", "auth", "cubbyhole", "identity", "root", "sys"];

/// What is told where a request names a namespace that is not.
pub(crate) fn not_found() -> Refusal {
    Refusal::new(RefusalKind::NotFound, "namespace not found")
}

/// Before anybody is asked who they are: does the namespace offer what is asked for, and is it open?
pub(crate) fn admit(node: &Unsealed, place: &Place, request: &Request) -> Result<(), Refusal> {
    if place.namespace.is_root() {
        return Ok(());
    }
    restricted::check_server(place, request)?;
    lock::check_open(&node.tables(), place, request)?;
    restricted::check_root(place)
}

/// The name that a request gives a namespace, where it can be one.
pub(crate) fn name(text: &str) -> Result<&str, Refusal> {
    let name = text.trim_matches('/');
    let refused = |text: String| Err(Refusal::invalid(text));
    if name.is_empty() {
        return refused(String::from("namespace name cannot be empty"));
    }
    if name.contains('/') {
        return refused(String::from("namespace name cannot contain /"));
    }
    if RESERVED.contains(&name) {
        return refused(format!(
            "{:?} is a reserved path and cannot be used as a namespace name",
            format!("{name}/")
        ));
    }
    if name.contains(char::is_whitespace) {
        return refused(format!(
            "{name:?} contains space characters that cannot be used in a namespace name"
        ));
    }
    if let Some(wildcard) = name.chars().find(|letter| matches!(letter, '+' | '*')) {
        return refused(format!(
            "{name:?} contains wildcard characters that cannot be used in a namespace name: '{wildcard}'"
        ));
    }
    // In a policy they would begin a template.
    if name.contains(['{', '}']) || name.len() > NAME_BYTES_MAX {
        return refused(format!("{name:?} cannot be used as a namespace name"));
    }
    Ok(name)
}

/// The namespace at a path, also one that was deleted and is not gone yet. Asks storage, in the
/// request's transaction.
pub(crate) fn find(tx: &mut Transaction, path: &str) -> Result<Option<Namespace>, Refusal> {
    let stored = stored_namespaces(tx)?;
    Ok(stored.into_iter().find(|namespace| namespace.path == path))
}

/// Writes a namespace's entry.
pub(crate) fn store(tx: &mut Transaction, namespace: &Namespace) -> Result<(), Refusal> {
    tx.write_json(&SystemKey::namespace(namespace.id), namespace)
        .map_err(from_barrier)
}

/// Makes a namespace below another, with the mounts and the policies that every one has.
pub(crate) fn make(
    tx: &mut Transaction,
    above: &Namespace,
    name: &str,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Namespace, Refusal> {
    let path = format!("{}{name}/", above.path);
    if path.len() > PATH_BYTES_MAX {
        let text = format!("path of a namespace is longer than {PATH_BYTES_MAX} bytes");
        return Err(Refusal::invalid(text));
    }
    let within = format!("{name}/");
    for entry in tables::stored_mounts(tx, above.id)? {
        let at = entry.path.as_str();
        if at.starts_with(&within) {
            let text = format!("new namespace conflicts with existing mount: {at}");
            return Err(Refusal::invalid(text));
        }
    }
    let namespace = Namespace::make(path, entropy);
    store(tx, &namespace)?;
    defaults::write_mounts(tx, namespace.id, entropy)?;
    defaults::write_policies(tx, namespace.id, now)?;
    Ok(namespace)
}

/// The path of a namespace that a mount of another at `to` would hide, or be hidden by.
pub(crate) fn in_the_way(
    tx: &mut Transaction,
    above: &Namespace,
    to: &str,
) -> Result<Option<String>, Refusal> {
    let stored = stored_namespaces(tx)?;
    let within = |namespace: &Namespace| namespace.path_within(above).map(str::to_owned);
    let paths = stored.iter().filter_map(within);
    Ok(paths
        .filter(|path| path.starts_with(to) || to.starts_with(path.as_str()))
        .min())
}

/// The id of the namespace whose entry lies at a key; None for other keys.
pub(crate) fn id_of(key: &locality::PhysicalKey) -> Option<NamespaceId> {
    let id = key.path().strip_prefix("core/namespaces/")?;
    u64::from_str_radix(id, 16).ok().map(NamespaceId::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let found = name(text);
            let found = found.as_ref().copied().map_err(|refusal| &*refusal.message);
            assert_eq!(found, expected, "{text}");
        };
        check("team", Ok("team"));
        check("team/", Ok("team"));
        check("a.b-c_D", Ok("a.b-c_D"));
        check("ü", Ok("ü"));
        check("", Err("namespace name cannot be empty"));
        check("a/b", Err("namespace name cannot contain /"));
        check(
            "sys",
            Err("\"sys/\" is a reserved path and cannot be used as a namespace name"),
        );
        check(
            "a b",
            Err("\"a b\" contains space characters that cannot be used in a namespace name"),
        );
        check(
            "a*",
            Err("\"a*\" contains wildcard characters that cannot be used in a namespace name: '*'"),
        );
        check("{{x}}", Err("\"{{x}}\" cannot be used as a namespace name"));
        assert!(name(&"a".repeat(200)).is_err());
    }
}
