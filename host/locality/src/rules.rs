//! `class(key)`: the heart of the promise.

use crate::Class;
use std::collections::BTreeSet;

/// What a component declares for a prefix of its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locality {
    /// May travel to every secondary.
    Replicated,
    /// Stays in the cluster and its disaster-recovery secondary.
    Local,
}

/// What the operator chose for a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountLocality {
    /// Seen on every secondary; the component's rules decide key by key.
    Shared,
    /// Wholly local, whatever the component declares.
    Local,
}

/// One declared prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Keys that begin with it. Empty for all keys.
    pub prefix: String,
    /// How far they travel.
    pub locality: Locality,
    /// Are they wrapped by the seal as well?
    pub seal_wrap: bool,
}

/// Where a key belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its class.
    pub class: Class,
    /// Is it wrapped by the seal as well?
    pub seal_wrap: bool,
}

/// The declared prefixes of one component; the longest that matches wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageRules(Vec<Rule>);

/// What becomes of the keys below a prefix, but for those below a longer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// They begin with it.
    pub prefix: String,
    /// Where they belong now.
    pub before: Place,
    /// Where they are to belong; None where they could be neither read nor written any more.
    pub after: Option<Place>,
}

/// Rules that do not give every key one class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Two rules have the same prefix.
    #[error("storage prefix {0:?} is declared twice")]
    Twice(String),
}

/// A key outside every declared prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("storage key {0:?} lies outside every declared prefix")]
pub struct Undeclared(pub String);

impl StorageRules {
    /// Takes the rules of a manifest.
    ///
    /// # Errors
    /// When two rules name one prefix.
    pub fn new(mut rules: Vec<Rule>) -> Result<Self, RuleError> {
        // Longest first: the first match is the longest. Equal prefixes come to stand together.
        rules.sort_by(|a, b| (b.prefix.len(), &b.prefix).cmp(&(a.prefix.len(), &a.prefix)));
        let twice = rules.windows(2).find_map(|pair| match pair {
            [a, b] if a.prefix == b.prefix => Some(a.prefix.clone()),
            _ => None,
        });
        match twice {
            Some(prefix) => Err(RuleError::Twice(prefix)),
            None => Ok(Self(rules)),
        }
    }

    /// Where `key` belongs in a mount of this locality.
    ///
    /// # Errors
    /// [`Undeclared`] when no prefix matches: such a key can be neither written nor read.
    pub fn place(&self, mount: MountLocality, key: &str) -> Result<Place, Undeclared> {
        let rule = self.0.iter().find(|rule| key.starts_with(&rule.prefix));
        let rule = rule.ok_or_else(|| Undeclared(key.to_owned()))?;
        Ok(Place {
            class: class(mount, rule.locality),
            seal_wrap: rule.seal_wrap,
        })
    }

    /// What becomes of keys where other rules take the place of these, in a mount of this locality:
    /// one line for each prefix whose keys are treated otherwise. Keys that no rule of these covers
    /// cannot be there, so that nothing becomes of them.
    pub fn changes(&self, next: &Self, mount: MountLocality) -> Vec<RuleChange> {
        let prefixes = self
            .0
            .iter()
            .chain(&next.0)
            .map(|rule| rule.prefix.as_str());
        // Between two prefixes that either side has, neither side tells keys apart.
        let prefixes: BTreeSet<&str> = prefixes.collect();
        let change = |prefix: &str| {
            let before = self.place(mount, prefix).ok()?;
            let after = next.place(mount, prefix).ok();
            let same = after == Some(before);
            (!same).then(|| RuleChange {
                prefix: prefix.to_owned(),
                before,
                after,
            })
        };
        prefixes.into_iter().filter_map(change).collect()
    }

    /// The classes that keys beginning with `prefix` can have, each once. Empty when no such key
    /// can exist.
    pub fn classes_below(&self, mount: MountLocality, prefix: &str) -> Vec<Class> {
        let covers = self.0.iter().find(|rule| prefix.starts_with(&rule.prefix));
        let nested = self.0.iter().filter(|rule| rule.prefix.starts_with(prefix));
        let mut classes: Vec<Class> = covers
            .into_iter()
            .chain(nested)
            .map(|rule| class(mount, rule.locality))
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}

const fn class(mount: MountLocality, declared: Locality) -> Class {
    match (mount, declared) {
        (MountLocality::Shared, Locality::Replicated) => Class::Replicated,
        (MountLocality::Shared, Locality::Local) | (MountLocality::Local, _) => Class::Local,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(prefix: &str, locality: Locality) -> Rule {
        Rule {
            prefix: prefix.into(),
            locality,
            seal_wrap: false,
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let rules = StorageRules::new(vec![
            rule("", Locality::Replicated),
            rule("certs/", Locality::Local),
            rule("certs/shared/", Locality::Replicated),
        ])
        .unwrap();
        let class = |key: &str| rules.place(MountLocality::Shared, key).unwrap().class;
        assert_eq!(class("role/a"), Class::Replicated);
        assert_eq!(class("certs/1"), Class::Local);
        assert_eq!(class("certs/shared/1"), Class::Replicated);
        assert_eq!(class("certs"), Class::Replicated);
    }

    #[test]
    fn outside_every_prefix_is_refused() {
        let rules = StorageRules::new(vec![rule("data/", Locality::Replicated)]).unwrap();
        let place = rules.place(MountLocality::Shared, "dat");
        assert_eq!(place, Err(Undeclared("dat".into())));
    }

    #[test]
    fn one_prefix_cannot_have_two_classes() {
        let rules = vec![
            rule("a/", Locality::Local),
            rule("a/", Locality::Replicated),
        ];
        assert_eq!(StorageRules::new(rules), Err(RuleError::Twice("a/".into())));
    }

    fn rules() -> impl Strategy<Value = Vec<Rule>> {
        let one =
            ("[ab/]{0,4}", any::<bool>(), any::<bool>()).prop_map(|(prefix, local, seal_wrap)| {
                let locality = if local {
                    Locality::Local
                } else {
                    Locality::Replicated
                };
                Rule {
                    prefix,
                    locality,
                    seal_wrap,
                }
            });
        prop::collection::vec(one, 0..6)
    }

    proptest! {
        #[test]
        fn in_a_local_mount_nothing_is_replicated(rules in rules(), key in "[ab/]{0,8}") {
            if let Ok(rules) = StorageRules::new(rules)
                && let Ok(place) = rules.place(MountLocality::Local, &key)
            {
                prop_assert_eq!(place.class, Class::Local);
            }
        }

        #[test]
        fn equals_the_naive_answer(rules in rules(), key in "[ab/]{0,8}") {
            if let Ok(sorted) = StorageRules::new(rules.clone()) {
                let naive = rules
                    .iter()
                    .filter(|rule| key.starts_with(&rule.prefix))
                    .max_by_key(|rule| rule.prefix.len());
                let place = sorted.place(MountLocality::Shared, &key).ok();
                let expected = naive.map(|rule| Place {
                    class: match rule.locality {
                        Locality::Replicated => Class::Replicated,
                        Locality::Local => Class::Local,
                    },
                    seal_wrap: rule.seal_wrap,
                });
                prop_assert_eq!(place, expected);
            }
        }

        #[test]
        fn a_change_is_told_for_exactly_the_keys_that_it_concerns(
            before in rules(), after in rules(), key in "[ab/]{0,8}",
        ) {
            if let (Ok(before), Ok(after)) = (StorageRules::new(before), StorageRules::new(after)) {
                let mount = MountLocality::Shared;
                let changes = before.changes(&after, mount);
                let all = before.0.iter().chain(&after.0).map(|rule| rule.prefix.clone());
                let longest = all.filter(|prefix| key.starts_with(prefix)).max_by_key(String::len);
                let told = changes.iter().find(|change| Some(&change.prefix) == longest.as_ref());
                let (was, is) = (before.place(mount, &key).ok(), after.place(mount, &key).ok());
                match told {
                    Some(change) => {
                        prop_assert_eq!(Some(change.before), was);
                        prop_assert_eq!(change.after, is);
                        prop_assert_ne!(was, is);
                    }
                    None => prop_assert!(was.is_none() || was == is),
                }
            }
        }

        #[test]
        fn a_list_looks_wherever_a_write_can_have_gone(
            rules in rules(), prefix in "[ab/]{0,3}", rest in "[ab/]{0,5}",
        ) {
            if let Ok(rules) = StorageRules::new(rules)
                && let Ok(place) = rules.place(MountLocality::Shared, &format!("{prefix}{rest}"))
            {
                let classes = rules.classes_below(MountLocality::Shared, &prefix);
                prop_assert!(classes.contains(&place.class));
            }
        }
    }
}
