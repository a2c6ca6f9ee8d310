//! The one source of chance: everything that happens in a run follows from its seed.

use base::Entropy;
use core::sync::atomic::{AtomicU64, Ordering};

/// A generator (SplitMix64). Not for secrets: a run is to be the same again.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    /// The generator of a seed, and of what it is for: two with different names have nothing to do
    /// with each other, so that one more draw here changes nothing there.
    pub(crate) fn new(seed: u64, what_for: &str) -> Self {
        let mut state = seed ^ 0x6a09_e667_f3bc_c908;
        for byte in what_for.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(AtomicU64::new(state))
    }

    /// The next number.
    pub(crate) fn next(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(step, Ordering::Relaxed);
        let mut number = state.wrapping_add(step);
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below `end`; zero where that is zero.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
    }
}

impl Entropy for Random {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next().to_be_bytes();
            let drawn = number.iter();
            chunk
                .iter_mut()
                .zip(drawn)
                .for_each(|(byte, new)| *byte = *new);
        }
    }
}
