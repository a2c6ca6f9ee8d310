//! What a client was told is written is there, on every cluster that is to have it, until somebody
//! writes it anew.

use std::collections::{BTreeMap, BTreeSet};

/// What was written, as its clients know.
#[derive(Default)]
pub(crate) struct Acked {
    places: BTreeMap<String, Place>,
}

#[derive(Default)]
struct Place {
    /// What was answered last.
    acked: Option<String>,
    /// What was not answered and may come to be there.
    maybe: BTreeSet<String>,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// It was answered.
    Acked,
    /// Nobody knows.
    Maybe,
}

impl Acked {
    pub(crate) fn note(&mut self, place: &str, value: &str, wrote: Wrote) {
        let known = self.places.entry(place.to_owned()).or_default();
        match wrote {
            Wrote::Acked => {
                known.maybe.remove(value);
                known.acked = Some(value.to_owned());
            }
            Wrote::Maybe => {
                known.maybe.insert(value.to_owned());
            }
        }
    }

    /// Somebody took places away with all that was there.
    pub(crate) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.places.retain(|name, _| !is_gone(name));
    }

    /// All places with something that was answered.
    pub(crate) fn places(&self) -> impl Iterator<Item = &String> {
        self.places
            .iter()
            .filter(|(_, place)| place.acked.is_some())
            .map(|(name, _)| name)
    }

    pub(crate) fn check(&self, cluster: &str, place: &str, found: Option<&str>) -> Option<String> {
        let known = self.places.get(place)?;
        let acked = known.acked.as_deref()?;
        let is_fine = found.is_some_and(|found| found == acked || known.maybe.contains(found));
        (!is_fine).then(|| {
            format!(
                "acked_write_survives: {place} on {cluster} is {found:?}, {acked:?} was answered"
            )
        })
    }
}
