//! Is here what a client wants to be here? Pure.

use access::{Era, IndexToken};

/// What a cluster has, as it is held against what a client wants.
pub(super) struct Here<'a> {
    pub(super) cluster: &'a str,
    /// The last entry of its log.
    pub(super) local: u64,
    /// None where it neither is a primary nor follows one.
    pub(super) part: Option<Part>,
}

/// What of a primary's log it has.
pub(super) struct Part {
    pub(super) era: Era,
    pub(super) index: u64,
    /// Is the log its own?
    pub(super) leads: bool,
}

impl Here<'_> {
    /// Why what a client wants is not here; None where it is.
    ///
    /// An index of an earlier primary is here once there is a later one: what that had not when it was
    /// promoted comes from nobody any more, and to wait for it would be to wait for ever.
    pub(super) fn lacks(&self, wanted: &IndexToken) -> Option<String> {
        let is_own = wanted.cluster == self.cluster;
        if is_own && wanted.local > self.local {
            return Some(format!(
                "entry {} of this cluster's log is wanted, and it ends at entry {}",
                wanted.local, self.local
            ));
        }
        let (generation, part) = match (&wanted.era, &self.part) {
            (Some(era), Some(part)) if era.is_of_the_same_relation(&part.era) => {
                (era.generation, part)
            }
            // What is of a relation that this cluster has left is as much here as it will ever be.
            _ if is_own => return None,
            // Who says nothing of a primary was in no relation. If it is the first primary of this
            // one, it goes on with the log that it had.
            (None, Some(part)) if part.era.generation > 1 => return None,
            (None, Some(part)) if !part.leads => (part.era.generation, part),
            _ => {
                return Some(String::from(
                    "it is of a cluster that this one has nothing of",
                ));
            }
        };
        let (index, at) = (wanted.replicated, part.era.generation);
        // Generations come first.
        if (generation, index) <= (at, part.index) {
            return None;
        }
        Some(format!(
            "entry {index} of generation {generation} of the primary's log is wanted, and here is entry {} of generation {at}",
            part.index
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELATION: &str = "3e3b05ab-1bff-4c1e-9b0e-2a6b3a1e6c11";
    const OTHER: &str = "77777777-1bff-4c1e-9b0e-2a6b3a1e6c11";

    fn part(relation: &str, generation: u64, index: u64) -> Part {
        Part {
            era: Era::new(relation, generation),
            index,
            leads: false,
        }
    }

    /// Whose log ends at its entry 100.
    fn here(part: Option<Part>) -> Here<'static> {
        Here {
            cluster: "c",
            local: 100,
            part,
        }
    }

    fn wanted(cluster: &str, era: Option<(&str, u64)>, local: u64, replicated: u64) -> IndexToken {
        IndexToken {
            cluster: cluster.to_owned(),
            era: era.map(|(relation, generation)| Era::new(relation, generation)),
            local,
            replicated,
        }
    }

    #[test]
    #[rustfmt::skip]
    fn an_index_is_held_against_the_log_that_it_is_of() {
        let first = Some((RELATION, 1));
        let second = Some((RELATION, 2));
        let third = Some((RELATION, 3));
        let another = Some((OTHER, 2));
        let follows = || here(Some(part(RELATION, 2, 20)));
        let leads = |generation| {
            here(Some(Part {
                leads: true,
                ..part(RELATION, generation, 100)
            }))
        };
        let table = [
            ("the same primary", follows(), wanted("a", second, 7, 20), true),
            ("more of it", follows(), wanted("a", second, 7, 21), false),
            ("an earlier one", follows(), wanted("a", first, 900, 900), true),
            ("a later one", follows(), wanted("a", third, 1, 1), false),
            ("another relation", follows(), wanted("a", another, 1, 1), false),
            ("its own write", follows(), wanted("c", second, 100, 20), true),
            ("a write to come", follows(), wanted("c", second, 101, 20), false),
            ("through it", follows(), wanted("c", second, 100, 21), false),
            ("through it, once", follows(), wanted("c", first, 90, 900), true),
            ("once elsewhere", follows(), wanted("c", another, 90, 900), true),
            ("once alone", follows(), wanted("c", None, 100, 900), true),
            ("once alone, more", follows(), wanted("c", None, 101, 0), false),
            ("a founder", here(Some(part(RELATION, 1, 20))), wanted("a", None, 20, 20), true),
            ("more of it", here(Some(part(RELATION, 1, 20))), wanted("a", None, 21, 21), false),
            ("a founder, long ago", follows(), wanted("a", None, 900, 900), true),
            ("the primary's own", leads(2), wanted("c", second, 100, 100), true),
            ("its secondary's", leads(2), wanted("d", second, 900, 100), true),
            ("more of it", leads(2), wanted("d", second, 1, 101), false),
            ("before it led", leads(2), wanted("a", first, 900, 900), true),
            ("before it led, own", leads(2), wanted("c", first, 90, 900), true),
            ("it is superseded", leads(1), wanted("d", second, 1, 1), false),
            ("a stranger", leads(1), wanted("d", None, 1, 1), false),
            ("alone", here(None), wanted("c", None, 100, 100), true),
            ("alone, once not", here(None), wanted("c", second, 100, 900), true),
            ("alone, another", here(None), wanted("a", None, 1, 1), false),
            ("alone, a relation", here(None), wanted("a", first, 1, 1), false),
        ];
        for (name, here, wanted, expected) in table {
            let lack = here.lacks(&wanted);
            assert_eq!(lack.is_none(), expected, "{name}: {wanted:?} {lack:?}");
        }
    }

    #[test]
    fn what_is_wanted_and_what_is_here_is_said() {
        let here = here(Some(part(RELATION, 1, 20)));
        for (wanted, text) in [
            (
                wanted("a", Some((RELATION, 2)), 0, 7),
                "entry 7 of generation 2 of the primary's log is wanted, and here is entry 20 of generation 1",
            ),
            (
                wanted("c", None, 101, 0),
                "entry 101 of this cluster's log is wanted, and it ends at entry 100",
            ),
            (
                wanted("a", Some((OTHER, 1)), 0, 7),
                "it is of a cluster that this one has nothing of",
            ),
        ] {
            assert_eq!(here.lacks(&wanted).unwrap(), text);
        }
    }
}
