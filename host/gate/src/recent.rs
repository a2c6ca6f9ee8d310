//! A map that forgets.

use core::hash::Hash;
use std::collections::HashMap;

/// Keeps what was used lately, and at most `count_max` of it. Two generations: when the younger one is
/// full it becomes the older one, and what was in that and not used since is forgotten.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation_max: usize,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            generation_max: (count_max / 2).max(1),
        }
    }

    /// What is kept of `key`; what `make` gives where nothing is.
    pub(crate) fn of(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        if !self.young.contains_key(&key) && self.young.len() >= self.generation_max {
            // What is asked for may be in the generation that goes.
            let kept = self.old.remove(&key).or_else(|| self.young.remove(&key));
            self.old = core::mem::take(&mut self.young);
            return self
                .young
                .entry(key)
                .or_insert_with(|| kept.unwrap_or_else(make));
        }
        let old = &mut self.old;
        match self.young.entry(key) {
            std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => {
                let kept = old.remove(free.key());
                free.insert(kept.unwrap_or_else(make))
            }
        }
    }

    /// What is kept of `key`, without a note that it was asked for.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Forgets what is kept of `key`.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let young = self.young.remove(key);
        let old = self.old.remove(key);
        young.or(old)
    }

    /// All that is kept.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let mut recent: Recent<u32, u32> = Recent::new(10);
        for number in 0..1000 {
            *recent.of(1_000_000, || 0) += 1;
            recent.of(number, || 7);
            assert!(recent.count() <= 10);
        }
        assert_eq!(*recent.of(1_000_000, || 0), 1000);
        assert_eq!(*recent.of(0, || 8), 8, "it was forgotten");
    }
}
