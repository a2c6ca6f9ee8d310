//! A root token from a quorum of shares, for whoever lost all others. A state machine without IO:
//! it says when a token may be made, and hides the token from everybody but whoever has the
//! one-time password.

use crate::quorum::{CancelBy, Quorum, QuorumError};
use crate::{Share, ValidThreshold};
use base::{Entropy, Secret, Timestamp};

/// An attempt to make a root token, or none.
#[derive(Default)]
pub struct GenerateRoot(Option<Attempt>);

struct Attempt {
    quorum: Quorum,
    password: Secret<String>,
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
    /// Begins an attempt. The token will be hidden by `password`.
    ///
    /// # Errors
    /// [`QuorumError::InProgress`].
    pub fn begin(
        &mut self,
        password: Secret<String>,
        current: ValidThreshold,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(), QuorumError> {
        if self.0.is_some() {
            return Err(QuorumError::InProgress);
        }
        let quorum = Quorum::begin(current, entropy, now);
        self.0 = Some(Attempt { quorum, password });
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

    /// The token as it is told: each byte of it with one of the password. None without an attempt,
    /// and for a token of another length than the password.
    pub fn hide(&self, token: &str) -> Option<Vec<u8>> {
        let password = self.0.as_ref()?.password.expose();
        let pairs = token.bytes().zip(password.bytes());
        (token.len() == password.len()).then(|| pairs.map(|(one, other)| one ^ other).collect())
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
