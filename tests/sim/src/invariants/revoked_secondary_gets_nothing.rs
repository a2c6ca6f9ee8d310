//! A secondary that was revoked is told nothing of what comes after: no entry, no key, no name.

use super::Said;
use memchr::memmem;
use replication::{Event, Told};
use std::collections::{BTreeMap, BTreeSet};

/// Who is revoked, and since when.
#[derive(Default)]
pub(crate) struct Revoked {
    since: BTreeMap<String, Since>,
}

struct Since {
    index: u64,
    names: BTreeSet<String>,
}

impl Revoked {
    /// The revocation was answered when the primary's log was this far.
    pub(crate) fn revoke(&mut self, secondary: &str, index: u64) {
        let names = BTreeSet::new();
        self.since
            .insert(secondary.to_owned(), Since { index, names });
    }

    /// It was given a new token.
    pub(crate) fn reissue(&mut self, secondary: &str) {
        self.since.remove(secondary);
    }

    pub(crate) fn is_revoked(&self, secondary: &str) -> bool {
        self.since.contains_key(secondary)
    }

    /// A name that is written from now on.
    pub(crate) fn note(&mut self, name: &str) {
        for since in self.since.values_mut() {
            since.names.insert(name.to_owned());
        }
    }

    pub(crate) fn check(
        &self,
        caller: &str,
        to: &str,
        frame: &[u8],
        said: &Said,
    ) -> Option<String> {
        let since = self.since.get(caller).filter(|_| caller == to)?;
        let is_later = match said {
            Said::Event(Event::Entry { index, .. } | Event::Keys { index, .. }) => {
                *index > since.index
            }
            Said::Event(Event::Upto { index, .. }) => *index > since.index,
            Said::Told(Told::Begun { position, .. }) => position.index > since.index,
            _ => false,
        };
        if is_later {
            let what = said.name();
            return Some(format!(
                "revoked_secondary_gets_nothing: {caller} is sent {what}"
            ));
        }
        let mut names = since.names.iter();
        let name = names.find(|name| memmem::find(frame, name.as_bytes()).is_some())?;
        Some(format!(
            "revoked_secondary_gets_nothing: {caller} is sent {name}"
        ))
    }
}
