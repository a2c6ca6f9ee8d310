//! A root token from a quorum of shares, for whoever lost all others. A state machine without IO:
//! it says when a token may be made, and hides the token from everybody but whoever has the
//! one-time password, or the key that it is for.

use crate::quorum::{CancelBy, Quorum, QuorumError};
use crate::{Share, ValidThreshold};
use base::{Entropy, Secret, Timestamp};
use openpgp::Recipient;

/// An attempt to make a root token, or none.
#[derive(Default)]
pub struct GenerateRoot(Option<Attempt>);

struct Attempt {
    quorum: Quorum,
    cover: Cover,
}

/// What hides the token on its way.
#[derive(Debug)]
pub enum Cover {
    /// A password as long as the token.
    Password(Secret<String>),
    /// A PGP key.
    Recipient(Recipient),
}

/// A token on its way.
#[derive(Debug, PartialEq, Eq)]
pub enum Hidden {
    /// Each byte of it with one of the password.
    ByPassword(Vec<u8>),
    /// A PGP message.
    Message(Vec<u8>),
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerateStatus {
    /// Names the attempt.
    pub nonce: String,
    /// Shares that came.
    pub progress: u8,
    /// Shares that are needed.
    pub required: u8,
    /// Of the PGP key that the token is for, if it is for one.
    pub fingerprint: Option<String>,
}

/// What came of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// More are needed.
    Progress,
    /// A root token may be made, one.
    Authorized,
}

impl GenerateRoot {
    /// Begins an attempt. The token will be hidden by `cover`.
    ///
    /// # Errors
    /// [`QuorumError::InProgress`].
    pub fn begin(
        &mut self,
        cover: Cover,
        current: ValidThreshold,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(), QuorumError> {
        if self.0.is_some() {
            return Err(QuorumError::InProgress);
        }
        let quorum = Quorum::begin(current, entropy, now);
        self.0 = Some(Attempt { quorum, cover });
        Ok(())
    }

    /// How far the attempt is; None without one.
    pub fn status(&self) -> Option<GenerateStatus> {
        let attempt = self.0.as_ref()?;
        let (progress, required) = attempt.quorum.counts();
        Some(GenerateStatus {
            nonce: attempt.quorum.nonce().to_owned(),
            progress,
            required,
            fingerprint: match &attempt.cover {
                Cover::Password(_) => None,
                Cover::Recipient(recipient) => Some(recipient.fingerprint()),
            },
        })
    }

    /// Takes a share. `wrapped_root` is what the seal keeps of the root key.
    ///
    /// # Errors
    /// [`QuorumError`] as its variants say. A wrong set of shares begins again.
    pub fn submit(
        &mut self,
        nonce: &str,
        share: Share,
        wrapped_root: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Generated, QuorumError> {
        let attempt = self.0.as_mut().ok_or(QuorumError::NotInProgress)?;
        let quorum = &mut attempt.quorum;
        Ok(
            match quorum.authorize(nonce, share, wrapped_root, entropy)? {
                true => Generated::Authorized,
                false => Generated::Progress,
            },
        )
    }

    /// The token as it is told. None without an attempt, and for a token of another length than the
    /// password.
    pub fn hide(&self, token: &str, entropy: &dyn Entropy) -> Option<Hidden> {
        match &self.0.as_ref()?.cover {
            Cover::Password(password) => {
                let password = password.expose();
                let pairs = token.bytes().zip(password.bytes());
                let hidden = || pairs.map(|(one, other)| one ^ other).collect();
                (token.len() == password.len()).then(|| Hidden::ByPassword(hidden()))
            }
            Cover::Recipient(recipient) => {
                let message = recipient.encrypt(token.as_bytes(), entropy);
                message.ok().map(Hidden::Message)
            }
        }
    }

    /// Ends the attempt, if there is one.
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

    /// The token was made, or the seal is another one: whatever was under way is over.
    pub fn finish(&mut self) {
        self.0 = None;
    }
}
