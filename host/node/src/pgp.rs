//! PGP keys in requests: whom shares and tokens are encrypted to, and the encrypted shares that are
//! kept for holders who lose theirs.

use crate::refusal::from_barrier;
use crate::shares;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Entropy, Refusal, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use locality::SystemKey;
use openpgp::{KeyError, Recipient};
use seal::{Backup, Handed, Handing, HandingError, ValidThreshold};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads keys, each of which must be one that takes secrets now.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) now: Timestamp,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Reading<'_> {
    /// One key. What is wrong with it is said in Vault's words, as far as Vault has any.
    pub(crate) fn one(self, text: &str) -> Result<Recipient, String> {
        Recipient::read(text, self.now, self.entropy).map_err(|error| {
            let doing = match error {
                KeyError::NotText => "decoding",
                _ => "parsing",
            };
            format!("error {doing} given PGP key: {error}")
        })
    }

    /// The keys of `pgp_keys`, for as many shares; or none.
    pub(crate) fn handing(
        self,
        texts: &[String],
        backup: Backup,
        threshold: ValidThreshold,
    ) -> Result<Handing, HandingRefusal> {
        // Not one is read where there are too many or too few: reading takes time.
        if !texts.is_empty() && texts.len() != usize::from(threshold.shares()) {
            return Err(HandingRefusal::Holders(HandingError::Count));
        }
        let mut recipients = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let read = self.one(text);
            let read = read.map_err(|why| HandingRefusal::Key(format!("{why}, in pgp_keys[{at}]")));
            recipients.push(read?);
        }
        Handing::to(recipients, backup, threshold).map_err(HandingRefusal::Holders)
    }
}

/// What is wrong with keys that shares are to be encrypted to.
pub(crate) enum HandingRefusal {
    /// One of them.
    Key(String),
    /// All of them together.
    Holders(HandingError),
}

impl fmt::Display for HandingRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(why) => f.write_str(why),
            Self::Holders(error) => error.fmt(f),
        }
    }
}

/// Encrypted shares as they are stored. They are for whoever may read them and has one of the keys.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptShares {
    nonce: String,
    /// By fingerprint; who is given several keeps several.
    messages: BTreeMap<String, Vec<String>>,
}

impl KeptShares {
    /// What an attempt handed out. None for open shares, which nobody keeps.
    pub(crate) fn of(nonce: &str, handed: &Handed) -> Option<Self> {
        let Handed::Encrypted(each) = handed else {
            return None;
        };
        let mut messages = BTreeMap::<String, Vec<String>>::new();
        for (fingerprint, message) in each {
            let of_one = messages.entry(fingerprint.clone()).or_default();
            of_one.push(STANDARD.encode(message));
        }
        let nonce = nonce.to_owned();
        Some(Self { nonce, messages })
    }

    /// Puts them in the place of those that were kept before.
    pub(crate) async fn keep(&self, node: &Arc<Unsealed>) -> Result<(), Refusal> {
        let write = |tx: &mut Transaction| {
            tx.write_json(&SystemKey::shares_backup(), self)
                .map_err(from_barrier)
        };
        node.transact(write).await
    }

    /// Those that are kept.
    pub(crate) fn read(tx: &mut Transaction) -> Result<Option<Self>, Refusal> {
        tx.read_json(&SystemKey::shares_backup())
            .map_err(from_barrier)
    }

    /// As clients are told.
    pub(crate) fn shown(&self) -> Value {
        let in_hex = |text: &String| shares::hex(&STANDARD.decode(text).unwrap_or_default());
        let hex: BTreeMap<&String, Vec<String>> = self
            .messages
            .iter()
            .map(|(of, texts)| (of, texts.iter().map(in_hex).collect()))
            .collect();
        json!({ "nonce": self.nonce, "keys": hex, "keys_base64": self.messages })
    }
}
