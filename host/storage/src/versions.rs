//! Keys with several versions of their values, so that a snapshot costs nothing to take and nobody
//! waits for a reader.

use crate::Space;
use bytes::Bytes;
use core::ops::Bound;
use std::collections::{BTreeMap, VecDeque};

/// Versions of one value, the oldest first: since which batch, and what. None: it was removed.
type Chain = Vec<(u64, Option<Bytes>)>;

/// All spaces, at all moments that a snapshot still shows.
#[derive(Default)]
pub(crate) struct Versions {
    entries: BTreeMap<Bytes, Chain>,
    digests: BTreeMap<Bytes, Chain>,
    log: BTreeMap<Bytes, Chain>,
    meta: BTreeMap<Bytes, Chain>,
    /// Number of the last batch.
    now: u64,
    /// How many snapshots show the moment after this batch.
    live: BTreeMap<u64, usize>,
    /// Keys that were written while snapshots lived, in the order of their batches: their chains
    /// can be cut once the last older snapshot is gone.
    stale: VecDeque<(u64, Space, Bytes)>,
}

impl Versions {
    const fn of(&self, space: Space) -> &BTreeMap<Bytes, Chain> {
        match space {
            Space::Entries => &self.entries,
            Space::Digests => &self.digests,
            Space::Log => &self.log,
            Space::Meta => &self.meta,
        }
    }

    const fn of_mut(&mut self, space: Space) -> &mut BTreeMap<Bytes, Chain> {
        match space {
            Space::Entries => &mut self.entries,
            Space::Digests => &mut self.digests,
            Space::Log => &mut self.log,
            Space::Meta => &mut self.meta,
        }
    }

    /// The moment after the last batch.
    pub(crate) const fn now(&self) -> u64 {
        self.now
    }

    /// Keeps what is there now until [`release`](Self::release).
    pub(crate) fn hold(&mut self) -> u64 {
        *self.live.entry(self.now).or_default() += 1;
        self.now
    }

    /// Lets go of what [`hold`](Self::hold) kept.
    pub(crate) fn release(&mut self, at: u64) {
        if let Some(count) = self.live.get_mut(&at) {
            *count -= 1;
            if *count == 0 {
                self.live.remove(&at);
            }
        }
        let horizon = self.horizon();
        while let Some((_, space, key)) = self.stale.pop_front_if(|(since, ..)| *since <= horizon) {
            self.cut(space, &key, horizon);
        }
    }

    /// Writes one batch. Gives what was there before, key by key.
    pub(crate) fn write(
        &mut self,
        writes: impl Iterator<Item = (Space, Bytes, Option<Bytes>)>,
    ) -> Vec<(Space, Bytes, Option<Bytes>)> {
        self.now += 1;
        let now = self.now;
        let held = !self.live.is_empty();
        let mut before = Vec::new();
        for (space, key, value) in writes {
            before.push((space, key.clone(), self.read(space, &key, now)));
            let chain = self.of_mut(space).entry(key.clone()).or_default();
            chain.push((now, value));
            if held {
                self.stale.push_back((now, space, key));
            } else {
                self.cut(space, &key, now);
            }
        }
        before
    }

    /// The value of `key` at a moment.
    pub(crate) fn read(&self, space: Space, key: &[u8], at: u64) -> Option<Bytes> {
        self.of(space)
            .get(key)
            .and_then(|chain| visible(chain, at))
            .cloned()
    }

    /// What exists between two keys at a moment.
    pub(crate) fn range(
        &self,
        space: Space,
        bounds: (Bound<Bytes>, Bound<Bytes>),
        at: u64,
    ) -> impl DoubleEndedIterator<Item = (Bytes, Bytes)> {
        let found = self.of(space).range(bounds);
        found.filter_map(move |(key, chain)| Some((key.clone(), visible(chain, at)?.clone())))
    }

    /// A copy of what is there now, without any history.
    pub(crate) fn copy(&self) -> Self {
        let newest = |chains: &BTreeMap<Bytes, Chain>| {
            let kept = chains.iter().filter_map(|(key, chain)| {
                let value = visible(chain, self.now)?.clone();
                Some((key.clone(), vec![(0, Some(value))]))
            });
            kept.collect()
        };
        Self {
            entries: newest(&self.entries),
            digests: newest(&self.digests),
            log: newest(&self.log),
            meta: newest(&self.meta),
            ..Self::default()
        }
    }

    /// The oldest moment that anybody can still look at.
    fn horizon(&self) -> u64 {
        self.live.keys().next().copied().unwrap_or(self.now)
    }

    /// Drops versions that are hidden by later ones from `horizon` on.
    fn cut(&mut self, space: Space, key: &Bytes, horizon: u64) {
        let Some(chain) = self.of_mut(space).get_mut(key) else {
            return;
        };
        let hidden = chain
            .iter()
            .skip(1)
            .filter(|(at, _)| *at <= horizon)
            .count();
        chain.drain(..hidden);
        if matches!(chain.as_slice(), [(at, None)] if *at <= horizon) {
            self.of_mut(space).remove(key);
        }
    }
}

fn visible(chain: &Chain, at: u64) -> Option<&Bytes> {
    let newest = chain.iter().rev().find(|(since, _)| *since <= at);
    newest.and_then(|(_, value)| value.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(versions: &mut Versions, key: &'static str, value: Option<&'static str>) {
        let write = (Space::Meta, Bytes::from(key), value.map(Bytes::from));
        versions.write(core::iter::once(write));
    }

    #[test]
    fn history_lasts_as_long_as_its_readers() {
        let mut versions = Versions::default();
        set(&mut versions, "a", Some("1"));
        let first = versions.hold();
        set(&mut versions, "a", Some("2"));
        let second = versions.hold();
        set(&mut versions, "a", None);
        let read = |versions: &Versions, at| versions.read(Space::Meta, b"a", at);
        assert_eq!(read(&versions, first), Some("1".into()));
        assert_eq!(read(&versions, second), Some("2".into()));
        assert_eq!(read(&versions, versions.now()), None);
        versions.release(second);
        assert_eq!(read(&versions, first), Some("1".into()));
        versions.release(first);
        assert!(versions.meta.is_empty());
        assert!(versions.stale.is_empty());
    }
}
