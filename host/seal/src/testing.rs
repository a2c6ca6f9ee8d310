//! Randomness that is the same in every run.

use base::Entropy;
use core::sync::atomic::{AtomicU64, Ordering};

pub(crate) struct Lcg(AtomicU64);

impl Lcg {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Lcg {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = |s: u64| s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let state = self.0.update(Ordering::Relaxed, Ordering::Relaxed, next);
            *byte = state.to_be_bytes()[0];
        }
    }
}
