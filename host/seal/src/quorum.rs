//! Shares that allow one thing, once: what changing the unseal keys and making a root token have in
//! common. A state machine without IO.

use crate::{Key, Share, ShareError, Submitted, UnsealProgress, ValidThreshold, unwrap_root_key};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base::{Entropy, Timestamp, make_uuid};
use core::time::Duration;
use openpgp::EncryptError;

/// How long an attempt that anybody may begin can be ended only by whoever knows its nonce.
pub const CANCEL_GUARD: Duration = Duration::from_secs(10 * 60);

/// A step of an attempt was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuorumError {
    /// An attempt is under way already.
    #[error("an attempt is already in progress")]
    InProgress,
    /// None is under way.
    #[error("no attempt is in progress")]
    NotInProgress,
    /// The nonce is that of another attempt; this is the right one.
    #[error("incorrect nonce, that of this attempt is {0:?}")]
    WrongNonce(String),
    /// The attempt is of somebody without a name, young, and the nonce is not its own.
    #[error("the nonce is required to cancel an attempt that began less than 10 minutes ago")]
    NonceNeeded,
    /// The very share was given before.
    #[error("given key has already been provided")]
    Repeated,
    /// There were enough shares already; what is left to do has this nonce.
    #[error("only the verification is left to do, its nonce is {0:?}")]
    ToVerify(String),
    /// No share, or shares that do not go together.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The shares make a key, and it is not the one.
    #[error("the shares are not those of the seal")]
    NotTheKey,
    /// What was to be handed out could not be encrypted.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
}

/// Who ends an attempt.
#[derive(Clone, Copy, Debug)]
pub enum CancelBy<'a> {
    /// Somebody whom policies let do it.
    Known,
    /// Somebody without a name, who gave this nonce.
    Anybody(&'a str),
}

/// One attempt that gathers shares.
pub(crate) struct Quorum {
    nonce: String,
    began: Timestamp,
    gathered: UnsealProgress,
}

impl Quorum {
    /// Begins: no share yet.
    pub(crate) fn begin(current: ValidThreshold, entropy: &dyn Entropy, now: Timestamp) -> Self {
        Self {
            nonce: make_uuid(entropy),
            began: now,
            gathered: UnsealProgress::new(current),
        }
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Shares that came, and how many are needed.
    pub(crate) fn counts(&self) -> (u8, u8) {
        let progress = self.gathered.progress();
        (progress.count, progress.needed)
    }

    /// Takes a share. The key once there are enough; it may be any.
    pub(crate) fn submit(
        &mut self,
        nonce: &str,
        share: Share,
        entropy: &dyn Entropy,
    ) -> Result<Option<Key>, QuorumError> {
        if nonce != self.nonce {
            return Err(QuorumError::WrongNonce(self.nonce.clone()));
        }
        if self.gathered.holds(&share) {
            return Err(QuorumError::Repeated);
        }
        Ok(match self.gathered.submit(share, entropy)? {
            Submitted::Progress(_) => None,
            Submitted::Combined(key) => Some(key),
        })
    }

    /// As [`submit`](Self::submit), and the key must be the one that wraps the root key. A wrong set
    /// begins again.
    pub(crate) fn authorize(
        &mut self,
        nonce: &str,
        share: Share,
        wrapped_root: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<bool, QuorumError> {
        let Some(key) = self.submit(nonce, share, entropy)? else {
            return Ok(false);
        };
        let opened = unwrap_root_key(&key, wrapped_root);
        opened.map(|_| true).map_err(|_| QuorumError::NotTheKey)
    }

    /// May it be ended now?
    pub(crate) fn may_cancel(&self, by: CancelBy<'_>, now: Timestamp) -> Result<(), QuorumError> {
        match by {
            CancelBy::Anybody(nonce)
                if nonce != self.nonce && now.since(self.began) < CANCEL_GUARD =>
            {
                Err(QuorumError::NonceNeeded)
            }
            CancelBy::Anybody(_) | CancelBy::Known => Ok(()),
        }
    }

    /// Forgets the shares and takes another nonce.
    pub(crate) fn restart(&mut self, entropy: &dyn Entropy) {
        self.gathered.reset();
        self.nonce = make_uuid(entropy);
    }
}

/// Compares two keys in constant time.
pub(crate) fn is_same_key(one: &Key, other: &Key) -> bool {
    verify_slices_are_equal(one.expose(), other.expose()).is_ok()
}
