//! Shares that were submitted so far. A state machine without IO.

use crate::shamir::{check_length, combine};
use crate::{Key, Share, ShareError, ValidThreshold};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base::{Entropy, make_uuid};

/// Gathers shares until there are enough.
pub struct UnsealProgress {
    threshold: ValidThreshold,
    shares: Vec<Share>,
    nonce: String,
}

/// How far it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Different shares submitted.
    pub count: u8,
    /// Shares needed.
    pub needed: u8,
    /// Names this attempt; empty before the first share.
    pub nonce: String,
}

/// What came of a share.
#[derive(Debug)]
pub enum Submitted {
    /// More are needed.
    Progress(Progress),
    /// They were enough; this is the key they make, which may be the wrong one. The progress stands
    /// at its beginning again.
    Combined(Key),
}

impl UnsealProgress {
    /// No share yet.
    pub const fn new(threshold: ValidThreshold) -> Self {
        Self {
            threshold,
            shares: Vec::new(),
            nonce: String::new(),
        }
    }

    /// How far it got.
    pub fn progress(&self) -> Progress {
        Progress {
            // Never more than the threshold, which is a u8.
            count: u8::try_from(self.shares.len()).unwrap_or(u8::MAX),
            needed: self.threshold.threshold(),
            nonce: self.nonce.clone(),
        }
    }

    /// Forgets all shares.
    pub fn reset(&mut self) {
        self.shares.clear();
        self.nonce.clear();
    }

    /// Was this very share submitted before?
    pub fn holds(&self, share: &Share) -> bool {
        let same = |known: &Share| verify_slices_are_equal(known.expose(), share.expose()).is_ok();
        self.shares.iter().any(same)
    }

    /// Takes a share. One that is there already changes nothing.
    ///
    /// # Errors
    /// For a share of the wrong length, which leaves the others as they are; and for two that claim
    /// one coordinate, which is found when they are put together and forgets all of them.
    pub fn submit(&mut self, share: Share, entropy: &dyn Entropy) -> Result<Submitted, ShareError> {
        check_length(&share, self.threshold)?;
        if !self.holds(&share) {
            self.shares.push(share);
        }
        if self.nonce.is_empty() {
            self.nonce = make_uuid(entropy);
        }
        if self.shares.len() < usize::from(self.threshold.threshold()) {
            return Ok(Submitted::Progress(self.progress()));
        }
        let combined = combine(&self.shares, self.threshold);
        self.reset();
        combined.map(Submitted::Combined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split;
    use crate::testing::Lcg;
    use base::Secret;

    fn copy(share: &Share) -> Share {
        Secret::new(share.expose().clone())
    }

    fn three_of_five() -> (UnsealProgress, Vec<Share>, Lcg) {
        let threshold = ValidThreshold::new(5, 3).unwrap();
        let entropy = Lcg::new(11);
        let shares = split(&Secret::new([4; 32]), threshold, &entropy);
        (UnsealProgress::new(threshold), shares, entropy)
    }

    fn count(submitted: Submitted) -> u8 {
        match submitted {
            Submitted::Progress(progress) => progress.count,
            Submitted::Combined(_) => panic!("combined"),
        }
    }

    #[test]
    fn counts_different_shares_until_there_are_enough() {
        let (mut progress, shares, entropy) = three_of_five();
        assert_eq!(progress.progress().nonce, "");
        let mut submit = |i: usize| progress.submit(copy(&shares[i]), &entropy).unwrap();
        assert_eq!(count(submit(4)), 1);
        assert_eq!(count(submit(4)), 1);
        assert_eq!(count(submit(0)), 2);
        let Submitted::Combined(key) = submit(2) else {
            panic!("three are enough");
        };
        assert_eq!(key.expose(), &[4; 32]);
        assert_eq!(progress.progress().count, 0);
        assert_eq!(progress.progress().nonce, "");
    }

    #[test]
    fn keeps_its_nonce_for_one_attempt() {
        let (mut progress, shares, entropy) = three_of_five();
        progress.submit(copy(&shares[0]), &entropy).unwrap();
        let first = progress.progress().nonce;
        assert_eq!(first.len(), 36);
        progress.submit(copy(&shares[1]), &entropy).unwrap();
        assert_eq!(progress.progress().nonce, first);
        progress.reset();
        assert_eq!(
            progress.progress(),
            Progress {
                count: 0,
                needed: 3,
                nonce: String::new()
            }
        );
        progress.submit(copy(&shares[1]), &entropy).unwrap();
        assert_ne!(progress.progress().nonce, first);
    }

    #[test]
    fn a_share_of_the_wrong_length_leaves_the_others() {
        let (mut progress, shares, entropy) = three_of_five();
        progress.submit(copy(&shares[0]), &entropy).unwrap();
        let short = progress
            .submit(Secret::new(vec![1; 32]), &entropy)
            .unwrap_err();
        assert_eq!(
            short.to_string(),
            "invalid key: key is shorter than minimum 33 bytes"
        );
        let long = progress
            .submit(Secret::new(vec![1; 34]), &entropy)
            .unwrap_err();
        assert_eq!(
            long.to_string(),
            "invalid key: key is longer than maximum 33 bytes"
        );
        assert_eq!(progress.progress().count, 1);
    }

    #[test]
    fn a_wrong_set_begins_again() {
        let (mut progress, shares, entropy) = three_of_five();
        progress.submit(copy(&shares[0]), &entropy).unwrap();
        progress.submit(copy(&shares[1]), &entropy).unwrap();
        let mut forged = shares[1].expose().clone();
        forged[0] ^= 1;
        let error = progress.submit(Secret::new(forged), &entropy).unwrap_err();
        assert_eq!(error, ShareError::Duplicate);
        assert_eq!(progress.progress().count, 0);
    }
}
