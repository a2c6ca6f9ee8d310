//! From one component of a mount to another: what an operator must know of it before it is done.
//!
//! A mount runs the bytes it was given until an operator chooses others. Where those would treat what
//! is stored otherwise, or are able to do more, the choice needs consent: the digest of the very
//! component whose changes were told.

use locality::{Class, MountLocality, RuleChange, StorageRules};
use manifest::{Access, Manifest, Route};
use std::collections::BTreeSet;

/// What decides about consent, of one component.
pub(crate) struct Side<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) rules: &'a StorageRules,
    pub(crate) imports: &'a [String],
}

impl<'a> Side<'a> {
    pub(crate) fn of(component: &'a plugin::Component) -> Self {
        Self {
            manifest: component.manifest(),
            rules: component.rules(),
            imports: component.imports(),
        }
    }
}

/// One line for each thing that needs consent; none where `next` does no more than `now` with what it
/// is given, and treats all that is stored as before.
pub(crate) fn concerns(now: &Side<'_>, next: &Side<'_>, mount: MountLocality) -> Vec<String> {
    let rules = now.rules.changes(next.rules, mount);
    let mut told: Vec<String> = rules.iter().map(of_rule).collect();
    let before: BTreeSet<&String> = now.imports.iter().collect();
    let imports = next.imports.iter().filter(|one| !before.contains(one));
    told.extend(imports.map(|one| format!("it uses the host's interface {one:?}")));
    let before: BTreeSet<&String> = now.manifest.outbound.iter().collect();
    let hosts = next.manifest.outbound.iter();
    let hosts = hosts.filter(|one| !before.contains(one));
    told.extend(hosts.map(|one| format!("it asks to reach the host {one:?}")));
    told.extend(
        next.manifest
            .routes
            .iter()
            .filter_map(|route| opened(now.manifest, route)),
    );
    let kinds = now.manifest.secret_kinds.iter().filter(|kind| {
        let mut known = next.manifest.secret_kinds.iter();
        !known.any(|other| other.name == kind.name)
    });
    told.extend(kinds.map(|kind| format!("it does not know secrets of the kind {:?}", kind.name)));
    told
}

fn of_rule(change: &RuleChange) -> String {
    let prefix = &change.prefix;
    let Some(after) = change.after else {
        return format!("what is stored below {prefix:?} is out of its reach");
    };
    match (change.before.class, after.class) {
        (Class::Local, Class::Replicated) => format!(
            "what is written below {prefix:?} from now on travels to other clusters; what is there \
             stays in this one, out of its reach"
        ),
        (Class::Replicated, Class::Local) => format!(
            "what is written below {prefix:?} from now on stays in this cluster; what is there is \
             out of its reach"
        ),
        _ if change.before.seal_wrap => {
            format!("what is written below {prefix:?} is not wrapped by the seal any more")
        }
        _ => format!("what is written below {prefix:?} is wrapped by the seal as well"),
    }
}

/// Who may call a route, from the strictest on.
const fn openness(access: Access) -> u8 {
    match access {
        Access::Sudo => 0,
        Access::Token => 1,
        Access::Login | Access::Public => 2,
    }
}

/// Says so where a route is open to more callers than it was, or is there at all without a token.
fn opened(now: &Manifest, route: &Route) -> Option<String> {
    let same = |other: &&Route| {
        other.pattern == route.pattern
            && other.operation == route.operation
            && other.when == route.when
    };
    let before = now.routes.iter().find(same);
    let was = before.map_or(Access::Token, |route| route.access);
    let logs_in_now = route.access == Access::Login && was != Access::Login;
    (openness(route.access) > openness(was) || logs_in_now).then(|| {
        let (operation, pattern) = (route.operation.name(), &route.pattern);
        match route.access {
            Access::Token | Access::Sudo => {
                format!("{operation} of {pattern:?} does not ask for sudo any more")
            }
            Access::Public => format!("{operation} of {pattern:?} asks for no token"),
            Access::Login => format!("{operation} of {pattern:?} logs in"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::describe_route;
    use locality::{Locality, Rule};
    use manifest::SecretKind;

    fn manifest(routes: &[(&str, Access)], outbound: &[&str], kinds: &[&str]) -> Manifest {
        Manifest {
            routes: routes
                .iter()
                .map(|(at, access)| describe_route(at, manifest::Operation::Read, *access, &[], ""))
                .collect(),
            outbound: outbound.iter().map(|one| (*one).to_owned()).collect(),
            secret_kinds: kinds
                .iter()
                .map(|name| SecretKind {
                    name: (*name).to_owned(),
                    summary: String::new(),
                    renewable: false,
                })
                .collect(),
            ..crate::native::describe("m", &[])
        }
    }

    fn rules(rules: &[(&str, Locality, bool)]) -> StorageRules {
        let rule = |(prefix, locality, seal_wrap): &(&str, Locality, bool)| Rule {
            prefix: (*prefix).to_owned(),
            locality: *locality,
            seal_wrap: *seal_wrap,
        };
        StorageRules::new(rules.iter().map(rule).collect()).unwrap()
    }

    struct One(Manifest, StorageRules, Vec<String>);

    impl One {
        fn side(&self) -> Side<'_> {
            Side {
                manifest: &self.0,
                rules: &self.1,
                imports: &self.2,
            }
        }
    }

    fn check(now: &One, next: &One, expected: &[&str]) {
        let told = concerns(&now.side(), &next.side(), MountLocality::Shared);
        assert_eq!(told, expected);
    }

    fn stored(declared: &[(&str, Locality, bool)]) -> One {
        One(manifest(&[], &[], &[]), rules(declared), Vec::new())
    }

    #[test]
    fn storage() {
        let (shared, here) = (Locality::Replicated, Locality::Local);
        let now = stored(&[("a/", shared, false), ("b/", here, true)]);
        check(&now, &now, &[]);
        let more = [
            ("a/", shared, false),
            ("b/", here, true),
            ("c/", shared, false),
        ];
        check(&now, &stored(&more), &[]);
        check(
            &now,
            &stored(&[("a/", here, false), ("b/", shared, true)]),
            &[
                "what is written below \"a/\" from now on stays in this cluster; what is there is \
                 out of its reach",
                "what is written below \"b/\" from now on travels to other clusters; what is there \
                 stays in this one, out of its reach",
            ],
        );
        check(
            &now,
            &stored(&[("b/", here, false), ("b/x/", shared, true)]),
            &[
                "what is stored below \"a/\" is out of its reach",
                "what is written below \"b/\" is not wrapped by the seal any more",
                "what is written below \"b/x/\" from now on travels to other clusters; what is \
                 there stays in this one, out of its reach",
            ],
        );
    }

    #[test]
    fn nothing_travels_from_a_mount_that_is_local() {
        let now = stored(&[("a/", Locality::Local, false)]);
        let next = stored(&[("a/", Locality::Replicated, false)]);
        let told = concerns(&now.side(), &next.side(), MountLocality::Local);
        assert!(told.is_empty(), "{told:?}");
    }

    #[test]
    fn abilities() {
        let some = |imports: &[&str], hosts: &[&str], kinds: &[&str]| {
            let imports = imports.iter().map(|one| (*one).to_owned()).collect();
            One(manifest(&[], hosts, kinds), rules(&[]), imports)
        };
        check(
            &some(&["log"], &["a.test"], &["creds", "old"]),
            &some(&["http-client", "log"], &["*.test"], &["creds"]),
            &[
                "it uses the host's interface \"http-client\"",
                "it asks to reach the host \"*.test\"",
                "it does not know secrets of the kind \"old\"",
            ],
        );
        check(
            &some(&["log", "x"], &["a"], &[]),
            &some(&[], &[], &["k"]),
            &[],
        );
    }

    #[test]
    fn routes() {
        let with =
            |routes: &[(&str, Access)]| One(manifest(routes, &[], &[]), rules(&[]), Vec::new());
        let now = with(&[
            ("a", Access::Sudo),
            ("b", Access::Token),
            ("c", Access::Public),
            ("d", Access::Public),
        ]);
        let next = with(&[
            ("a", Access::Token),
            ("b", Access::Public),
            ("c", Access::Token),
            ("d", Access::Login),
            ("e", Access::Token),
            ("f", Access::Public),
        ]);
        check(
            &now,
            &next,
            &[
                "read of \"a\" does not ask for sudo any more",
                "read of \"b\" asks for no token",
                "read of \"d\" logs in",
                "read of \"f\" asks for no token",
            ],
        );
    }
}
