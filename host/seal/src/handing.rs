//! How shares reach those who are to hold them: openly, or each encrypted to the PGP key of its holder,
//! so that nobody ever sees all of them.

use crate::{Share, ValidThreshold};
use base::{Entropy, Secret};
use core::fmt::Write as _;
use openpgp::{EncryptError, Recipient};

/// How shares are handed out.
#[derive(Debug, Default)]
pub struct Handing(Option<Holders>);

#[derive(Debug)]
struct Holders {
    /// As many as there are shares, in the order of the shares.
    recipients: Vec<Recipient>,
    backup: Backup,
}

/// Are encrypted shares kept, for holders who lose theirs?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backup {
    /// They are.
    Kept,
    /// Only who is handed them has them.
    None,
}

/// Shares cannot be handed out as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandingError {
    /// There are not as many keys as shares.
    #[error("count mismatch between number of provided PGP keys and number of shares")]
    Count,
    /// A backup of open shares would be the key itself.
    #[error("cannot request a backup of the new keys without providing PGP keys for encryption")]
    OpenBackup,
}

/// Shares on their way.
#[derive(Debug)]
pub enum Handed {
    /// As they are.
    Open(Vec<Share>),
    /// In PGP messages, each with the fingerprint of the key that it is for.
    Encrypted(Vec<(String, Vec<u8>)>),
}

impl Handing {
    /// To the holders of these keys; openly where there is none.
    ///
    /// # Errors
    /// [`HandingError`] as its variants say.
    pub fn to(
        recipients: Vec<Recipient>,
        backup: Backup,
        threshold: ValidThreshold,
    ) -> Result<Self, HandingError> {
        let (keys, shares) = (recipients.len(), threshold.shares());
        match (keys, backup) {
            (0, Backup::Kept) => Err(HandingError::OpenBackup),
            (0, Backup::None) => Ok(Self(None)),
            _ if keys != usize::from(shares) => Err(HandingError::Count),
            _ => Ok(Self(Some(Holders { recipients, backup }))),
        }
    }

    /// Of the keys that shares are encrypted to; None where they are not.
    pub fn fingerprints(&self) -> Option<Vec<String>> {
        let holders = self.0.as_ref()?;
        Some(
            holders
                .recipients
                .iter()
                .map(Recipient::fingerprint)
                .collect(),
        )
    }

    /// Is a backup to be kept?
    pub fn backup(&self) -> Backup {
        self.0
            .as_ref()
            .map_or(Backup::None, |holders| holders.backup)
    }

    /// Hands out.
    ///
    /// # Errors
    /// [`EncryptError`], and then nothing was handed out.
    pub fn hand_out(
        &self,
        shares: Vec<Share>,
        entropy: &dyn Entropy,
    ) -> Result<Handed, EncryptError> {
        let Some(holders) = &self.0 else {
            return Ok(Handed::Open(shares));
        };
        let pairs = holders.recipients.iter().zip(&shares);
        let messages = pairs.map(|(recipient, share)| {
            let message = recipient.encrypt(in_hex(share).expose().as_bytes(), entropy)?;
            Ok((recipient.fingerprint(), message))
        });
        messages.collect::<Result<_, _>>().map(Handed::Encrypted)
    }
}

impl Handed {
    /// What each holder is given.
    pub fn each(&self) -> Vec<&[u8]> {
        match self {
            Self::Open(shares) => shares
                .iter()
                .map(|share| share.expose().as_slice())
                .collect(),
            Self::Encrypted(messages) => messages.iter().map(|(_, m)| m.as_slice()).collect(),
        }
    }
}

/// As a holder types it in.
fn in_hex(share: &Share) -> Secret<String> {
    // As long as it becomes: no part of it stays behind where the text grew.
    let mut text = String::with_capacity(share.expose().len() * 2);
    for byte in share.expose() {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Secret::new(text)
}
