//! A change of the unseal keys: enough of the old shares, then new ones, then, where it was asked
//! for, enough of the new ones as a proof that they arrived. A state machine without IO.
//!
//! ```text
//!  begin ─▶ submit … submit ─▶ Ready ───────────────────────────▶ (stored) ─▶ finish
//!                       └────▶ ToVerify ─▶ verify … verify ─▶ Ready ─▶ (stored) ─▶ finish
//! ```
//!
//! The old shares are those of the seal until whoever drives this has stored the new seal.

use crate::quorum::{CancelBy, Quorum, QuorumError, is_same_key};
use crate::{Backup, Handed, Handing, KEY_BYTES, Key, Share, ShareError, ValidThreshold, split};
use base::{Entropy, Secret, Timestamp};

/// A change of the unseal keys, or none.
#[derive(Default)]
pub struct Rekey(Option<Attempt>);

/// Must the holders show their new shares before they count?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// They must.
    Required,
    /// The new shares count at once.
    Unneeded,
}

/// What is wanted of a change.
#[derive(Debug)]
pub struct RekeyPlan {
    /// What the new seal will need.
    pub threshold: ValidThreshold,
    /// How the new shares reach their holders.
    pub handing: Handing,
    /// Must they come back first?
    pub verification: Verification,
}

struct Attempt {
    plan: RekeyPlan,
    quorum: Quorum,
    made: Option<Made>,
}

/// New keys that wait for their verification.
struct Made {
    wrapping: Key,
    quorum: Quorum,
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RekeyStatus {
    /// Names the attempt.
    pub nonce: String,
    /// What the new seal will need.
    pub wanted: ValidThreshold,
    /// Old shares that came.
    pub progress: u8,
    /// Old shares that are needed.
    pub required: u8,
    /// Of the PGP keys that the new shares are for, if they are for any.
    pub fingerprints: Option<Vec<String>>,
    /// Is a backup of the encrypted shares asked for?
    pub backup: Backup,
    /// Is a verification asked for?
    pub verification: Verification,
    /// Names the verification, once it is what is left to do.
    pub verification_nonce: Option<String>,
}

/// How far a verification is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyStatus {
    /// Names the verification.
    pub nonce: String,
    /// What the new seal will need.
    pub wanted: ValidThreshold,
    /// New shares that came.
    pub progress: u8,
}

/// A seal to store in place of the old one.
#[derive(Debug)]
pub struct NewSeal {
    /// Its shares and how many are needed.
    pub threshold: ValidThreshold,
    /// The key that its shares make.
    pub wrapping: Key,
}

/// What came of an old share.
#[derive(Debug)]
pub enum Rekeyed {
    /// More are needed.
    Progress,
    /// The new shares, which count once they are verified.
    ToVerify(Handed),
    /// The new shares, which count once the new seal is stored.
    Ready(Handed, NewSeal),
}

/// What came of a new share.
#[derive(Debug)]
pub enum Verified {
    /// More are needed.
    Progress,
    /// The new seal is to be stored.
    Ready(NewSeal),
}

impl Rekey {
    /// Begins an attempt.
    ///
    /// # Errors
    /// [`QuorumError::InProgress`].
    pub fn begin(
        &mut self,
        plan: RekeyPlan,
        current: ValidThreshold,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(), QuorumError> {
        if self.0.is_some() {
            return Err(QuorumError::InProgress);
        }
        self.0 = Some(Attempt {
            plan,
            quorum: Quorum::begin(current, entropy, now),
            made: None,
        });
        Ok(())
    }

    /// How far the attempt is; None without one.
    pub fn status(&self) -> Option<RekeyStatus> {
        let attempt = self.0.as_ref()?;
        let (progress, required) = attempt.quorum.counts();
        Some(RekeyStatus {
            nonce: attempt.quorum.nonce().to_owned(),
            wanted: attempt.plan.threshold,
            progress,
            required,
            fingerprints: attempt.plan.handing.fingerprints(),
            backup: attempt.plan.handing.backup(),
            verification: attempt.plan.verification,
            verification_nonce: attempt
                .made
                .as_ref()
                .map(|made| made.quorum.nonce().to_owned()),
        })
    }

    /// Takes an old share. `wrapped_root` is what the old seal keeps of the root key.
    ///
    /// # Errors
    /// [`QuorumError`] as its variants say. A wrong set of shares begins again.
    pub fn submit(
        &mut self,
        nonce: &str,
        share: Share,
        wrapped_root: &[u8],
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Rekeyed, QuorumError> {
        let attempt = self.0.as_mut().ok_or(QuorumError::NotInProgress)?;
        if let Some(made) = &attempt.made {
            return Err(QuorumError::ToVerify(made.quorum.nonce().to_owned()));
        }
        let quorum = &mut attempt.quorum;
        if !quorum.authorize(nonce, share, wrapped_root, entropy)? {
            return Ok(Rekeyed::Progress);
        }
        let mut wrapping = [0; KEY_BYTES];
        entropy.fill(&mut wrapping);
        let wrapping = Secret::new(wrapping);
        let threshold = attempt.plan.threshold;
        let shares = split(&wrapping, threshold, entropy);
        let handed = attempt.plan.handing.hand_out(shares, entropy)?;
        Ok(match attempt.plan.verification {
            Verification::Unneeded => Rekeyed::Ready(
                handed,
                NewSeal {
                    threshold,
                    wrapping,
                },
            ),
            Verification::Required => {
                attempt.made = Some(Made {
                    wrapping,
                    quorum: Quorum::begin(threshold, entropy, now),
                });
                Rekeyed::ToVerify(handed)
            }
        })
    }

    /// How far the verification is; None when none is to be done.
    pub fn verification(&self) -> Option<VerifyStatus> {
        let attempt = self.0.as_ref()?;
        let made = attempt.made.as_ref()?;
        Some(VerifyStatus {
            nonce: made.quorum.nonce().to_owned(),
            wanted: attempt.plan.threshold,
            progress: made.quorum.counts().0,
        })
    }

    /// Takes a new share.
    ///
    /// # Errors
    /// [`QuorumError`] as its variants say. A wrong set of shares begins again, with another nonce.
    pub fn verify(
        &mut self,
        nonce: &str,
        share: Share,
        entropy: &dyn Entropy,
    ) -> Result<Verified, QuorumError> {
        let attempt = self.0.as_mut().ok_or(QuorumError::NotInProgress)?;
        let made = attempt.made.as_mut().ok_or(QuorumError::NotInProgress)?;
        match made.quorum.submit(nonce, share, entropy) {
            Ok(None) => Ok(Verified::Progress),
            Ok(Some(key)) if is_same_key(&key, &made.wrapping) => Ok(Verified::Ready(NewSeal {
                threshold: attempt.plan.threshold,
                wrapping: key,
            })),
            Ok(Some(_)) | Err(QuorumError::Share(ShareError::Duplicate)) => {
                made.quorum.restart(entropy);
                Err(QuorumError::NotTheKey)
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets the new shares that came for the verification, under another nonce. The new shares
    /// stay what they are.
    ///
    /// # Errors
    /// [`QuorumError::NotInProgress`], and as [`cancel`](Self::cancel).
    pub fn restart_verification(
        &mut self,
        by: CancelBy<'_>,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(), QuorumError> {
        let made = self.0.as_mut().and_then(|attempt| attempt.made.as_mut());
        let made = made.ok_or(QuorumError::NotInProgress)?;
        made.quorum.may_cancel(by, now)?;
        made.quorum.restart(entropy);
        Ok(())
    }

    /// Ends the attempt, if there is one: the old shares stay those of the seal.
    ///
    /// # Errors
    /// [`QuorumError::NonceNeeded`].
    pub fn cancel(&mut self, by: CancelBy<'_>, now: Timestamp) -> Result<(), QuorumError> {
        if let Some(attempt) = &self.0 {
            attempt.quorum.may_cancel(by, now)?;
        }
        self.finish();
        Ok(())
    }

    /// The new seal is stored, or there is another one: whatever was under way is over.
    pub fn finish(&mut self) {
        self.0 = None;
    }
}
