//! The key that opens a locked namespace: whoever locks it gets it once, and only its digest is
//! kept.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base::{Entropy, Secret, make_base62};

/// Characters of a key: 142 bits, so that a digest without salt gives nothing away.
const CHARACTERS: usize = 24;

/// A key that opens a locked namespace.
#[derive(Debug)]
pub struct UnlockKey(Secret<String>);

impl UnlockKey {
    /// A new key.
    pub fn make(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(make_base62(entropy, CHARACTERS)))
    }

    /// A key that somebody sent.
    pub const fn sent(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// What is kept of it: SHA-256, hexadecimal.
    pub fn digest(&self) -> String {
        let digest = digest(&SHA256, self.0.expose().as_bytes());
        let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
        digits.collect()
    }

    /// Is it the key of which this was kept?
    pub fn opens(&self, kept: &str) -> bool {
        verify_slices_are_equal(self.digest().as_bytes(), kept.as_bytes()).is_ok()
    }

    /// Looks at it, to hand it to who locks.
    pub const fn expose(&self) -> &String {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::entropy;

    #[test]
    fn opens_its_own_lock_and_no_other() {
        let entropy = entropy();
        let key = UnlockKey::make(entropy.as_ref());
        let kept = key.digest();
        assert_eq!(kept.len(), 64);
        assert!(!kept.contains(key.expose().as_str()));
        assert!(UnlockKey::sent(key.expose().clone()).opens(&kept));
        assert!(!UnlockKey::make(entropy.as_ref()).opens(&kept));
        assert!(!UnlockKey::sent(String::new()).opens(&kept));
        assert!(!UnlockKey::sent(kept.clone()).opens(&kept));
    }
}
