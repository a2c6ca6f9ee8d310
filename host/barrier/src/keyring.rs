//! The data keys, by term.

use crate::error::{Detail, Subject};
use crate::value::{self, Label, SealWrap};
use crate::{BarrierError, NotAuthentic, Plaintext};
use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use base::{Entropy, Secret, Timestamp};
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use locality::PhysicalKey;
use std::collections::BTreeMap;
use std::sync::Arc;

const KEY_BYTES: usize = 32;

/// The key that seals the keyring, itself wrapped by the seal.
pub type RootKey = Secret<[u8; KEY_BYTES]>;

/// All data keys of a set of clusters. Values are sealed under the active term; those of older
/// terms still open.
pub struct Keyring {
    terms: BTreeMap<u32, Arc<Term>>,
    active: Arc<Term>,
}

struct Term {
    number: u32,
    installed: Timestamp,
    key: RootKey,
    cipher: LessSafeKey,
    encryptions: AtomicU64,
    /// What the stored keyring says: no encryption beyond it may reach the log.
    vouched: AtomicU64,
}

/// What may be told of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermStatus {
    /// Its number; the first is 1.
    pub term: u32,
    /// When its key was made.
    pub installed: Timestamp,
    /// How many values were sealed under it; after a crash up to [`Counts::AHEAD`] more than that.
    pub encryptions: u64,
}

/// What a stored keyring says of how much its keys were used. Too few would be a danger after a
/// crash: the keys would be used for longer than they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// As they are: for a node that writes no more.
    Exact,
    /// [`Counts::AHEAD`] more: for a node that goes on.
    Ahead,
}

impl Counts {
    /// Encryptions that a stored keyring is ahead of those that were made: between two times that
    /// it is stored.
    pub const AHEAD: u64 = 1 << 16;
}

/// A keyring as it is stored.
#[derive(Debug)]
pub struct StoredKeyring {
    /// What is stored.
    pub bytes: Vec<u8>,
    /// For each term what it says of the encryptions.
    vouched: Vec<(u32, u64)>,
}

impl Keyring {
    /// A keyring with one new key.
    pub fn make(entropy: &dyn Entropy, now: Timestamp) -> Self {
        Self::with_active(BTreeMap::new(), Term::make(1, entropy, now))
    }

    /// The same keyring with one more key, which is the active one. `self` goes on to work, so that
    /// transactions which hold it can finish.
    ///
    /// None when there is no further term; that takes a rotation each second for a century.
    #[must_use]
    pub fn rotate(&self, entropy: &dyn Entropy, now: Timestamp) -> Option<Self> {
        let next = self.active.number.checked_add(1)?;
        let term = Term::make(next, entropy, now);
        Some(Self::with_active(self.terms.clone(), term))
    }

    fn with_active(mut terms: BTreeMap<u32, Arc<Term>>, active: Term) -> Self {
        let active = Arc::new(active);
        terms.insert(active.number, Arc::clone(&active));
        Self { terms, active }
    }

    /// The term under which values are sealed now.
    pub fn active(&self) -> TermStatus {
        self.active.status()
    }

    /// All terms, oldest first.
    pub fn terms(&self) -> impl Iterator<Item = TermStatus> {
        self.terms.values().map(|term| term.status())
    }

    /// The form in which the keyring is stored.
    ///
    /// # Errors
    /// [`BarrierError::TooLong`] only past any number of terms that fits in memory.
    pub fn seal_with(
        &self,
        root: &RootKey,
        counts: Counts,
        entropy: &dyn Entropy,
    ) -> Result<StoredKeyring, BarrierError> {
        let ahead = match counts {
            Counts::Exact => 0,
            Counts::Ahead => Counts::AHEAD,
        };
        let vouched = |term: &Arc<Term>| {
            let status = term.status();
            (status.term, status.encryptions.saturating_add(ahead))
        };
        let vouched: Vec<(u32, u64)> = self.terms.values().map(vouched).collect();
        let plain = stored::encode(&self.terms, &vouched);
        let cipher = cipher_of(root);
        let bytes = value::seal(
            &cipher,
            (Label::Keyring, SealWrap::Unneeded),
            0,
            &[],
            plain.expose(),
            entropy,
        )
        .ok_or_else(|| BarrierError::TooLong(plain.expose().len()))?;
        Ok(StoredKeyring { bytes, vouched })
    }

    /// Takes note that this was stored, durably.
    pub fn note_stored(&self, stored: &StoredKeyring) {
        for (number, count) in &stored.vouched {
            if let Some(term) = self.terms.get(number) {
                term.vouched.fetch_max(*count, Ordering::AcqRel);
            }
        }
    }

    /// Counts what `other` has sealed under the same terms, where that is more: this keyring takes
    /// its place.
    pub fn absorb_counts(&self, other: &Self) {
        for (number, term) in &other.terms {
            if let Some(own) = self.terms.get(number) {
                let sealed = term.encryptions.load(Ordering::Acquire);
                own.encryptions.fetch_max(sealed, Ordering::AcqRel);
            }
        }
    }

    /// Were more values sealed than the stored keyring says? Then it is to be stored before one of
    /// them reaches the log.
    pub fn is_beyond_stored(&self) -> bool {
        let sealed = self.active.encryptions.load(Ordering::Acquire);
        sealed > self.active.vouched.load(Ordering::Acquire)
    }

    /// Reads what [`seal_with`](Self::seal_with) gave.
    ///
    /// # Errors
    /// [`NotAuthentic`] for every other bytes, and for another root key.
    pub fn open_with(bytes: &[u8], root: &RootKey) -> Result<Self, NotAuthentic> {
        Self::open_stored(bytes, root).map_err(|detail| NotAuthentic {
            what: Subject::Keyring,
            detail,
        })
    }

    fn open_stored(bytes: &[u8], root: &RootKey) -> Result<Self, Detail> {
        let parts = value::split(bytes)?;
        let plain = value::open(&cipher_of(root), Label::Keyring, &[], &parts)?;
        let mut terms = stored::decode(plain.expose()).ok_or(Detail::Inconsistent)?;
        let (_, active) = terms.pop_last().ok_or(Detail::Inconsistent)?;
        let terms = terms
            .into_iter()
            .map(|(number, term)| (number, Arc::new(term)));
        Ok(Self::with_active(terms.collect(), active))
    }

    /// Seals what a batch token carries under the active term. It opens wherever the keyring is, and
    /// as nothing else.
    pub(crate) fn seal_token(
        &self,
        carried: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, BarrierError> {
        let term = &self.active;
        term.encryptions.fetch_add(1, Ordering::AcqRel);
        let label = (Label::BatchToken, SealWrap::Unneeded);
        value::seal(&term.cipher, label, term.number, &[], carried, entropy)
            .ok_or(BarrierError::TooLong(carried.len()))
    }

    /// Opens what [`seal_token`](Self::seal_token) gave; None for every other bytes.
    pub(crate) fn open_token(&self, sealed: &[u8]) -> Option<Plaintext> {
        let parts = value::split(sealed).ok()?;
        let term = self.terms.get(&parts.term)?;
        value::open(&term.cipher, Label::BatchToken, &[], &parts).ok()
    }

    /// Does the stored keyring say something else than was sealed? Then it can be put right when the
    /// node writes no more.
    pub fn differs_from_stored(&self) -> bool {
        let differs = |term: &Arc<Term>| {
            term.vouched.load(Ordering::Acquire) != term.encryptions.load(Ordering::Acquire)
        };
        self.terms.values().any(differs)
    }

    /// Seals the value of an entry under the active term.
    pub(crate) fn seal(
        &self,
        key: &PhysicalKey,
        seal_wrap: SealWrap,
        plaintext: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, BarrierError> {
        let term = &self.active;
        term.encryptions.fetch_add(1, Ordering::AcqRel);
        let address = key.as_bytes();
        let cipher = &term.cipher;
        value::seal(
            cipher,
            (Label::Entry, seal_wrap),
            term.number,
            address,
            plaintext,
            entropy,
        )
        .ok_or(BarrierError::TooLong(plaintext.len()))
    }

    /// Opens the value that storage holds for `key`.
    ///
    /// # Errors
    /// [`NotAuthentic`] for bytes that were not sealed for this very key by a key of this keyring.
    pub fn open(&self, key: &PhysicalKey, value: &[u8]) -> Result<Plaintext, NotAuthentic> {
        self.open_entry(key, value).map_err(|detail| NotAuthentic {
            what: Subject::Entry(key.clone()),
            detail,
        })
    }

    fn open_entry(&self, key: &PhysicalKey, value: &[u8]) -> Result<Plaintext, Detail> {
        let parts = value::split(value)?;
        let term = self
            .terms
            .get(&parts.term)
            .ok_or(Detail::Term(parts.term))?;
        value::open(&term.cipher, Label::Entry, key.as_bytes(), &parts)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.terms()).finish()
    }
}

impl Term {
    fn make(number: u32, entropy: &dyn Entropy, now: Timestamp) -> Self {
        let mut key = [0; KEY_BYTES];
        entropy.fill(&mut key);
        Self::new(number, now, 0, Secret::new(key))
    }

    fn new(number: u32, installed: Timestamp, encryptions: u64, key: RootKey) -> Self {
        let cipher = cipher_of(&key);
        Self {
            number,
            installed,
            key,
            cipher,
            encryptions: AtomicU64::new(encryptions),
            vouched: AtomicU64::new(encryptions),
        }
    }

    fn status(&self) -> TermStatus {
        TermStatus {
            term: self.number,
            installed: self.installed,
            encryptions: self.encryptions.load(Ordering::Relaxed),
        }
    }
}

#[expect(clippy::expect_used, reason = "the type of the key has the length")]
fn cipher_of(key: &RootKey) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, key.expose());
    LessSafeKey::new(key.expect("an AES-256 key has 32 bytes"))
}

/// The plaintext of a stored keyring: for each term number, time, count and key, all big-endian.
mod stored {
    use super::{KEY_BYTES, Term};
    use base::{Secret, Timestamp};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    const TERM_BYTES: usize = 4 + 8 + 8 + KEY_BYTES;

    /// `vouched` has the counts, in the order of the terms.
    pub(super) fn encode(
        terms: &BTreeMap<u32, Arc<Term>>,
        vouched: &[(u32, u64)],
    ) -> Secret<Vec<u8>> {
        // The exact capacity: a buffer that grows leaves copies of keys behind.
        let mut bytes = Vec::with_capacity(terms.len() * TERM_BYTES);
        for (term, (number, encryptions)) in terms.values().zip(vouched) {
            bytes.extend_from_slice(&number.to_be_bytes());
            bytes.extend_from_slice(&term.installed.as_millis().to_be_bytes());
            bytes.extend_from_slice(&encryptions.to_be_bytes());
            bytes.extend_from_slice(term.key.expose());
        }
        Secret::new(bytes)
    }

    /// None unless the bytes are whole terms in rising order.
    pub(super) fn decode(bytes: &[u8]) -> Option<BTreeMap<u32, Term>> {
        let (records, rest) = bytes.as_chunks::<TERM_BYTES>();
        let mut terms = BTreeMap::new();
        for record in records {
            let term = decode_term(record)?;
            let rises = terms
                .last_key_value()
                .is_none_or(|(last, _)| *last < term.number);
            if !rises {
                return None;
            }
            terms.insert(term.number, term);
        }
        rest.is_empty().then_some(terms)
    }

    fn decode_term(record: &[u8]) -> Option<Term> {
        let (number, record) = record.split_first_chunk()?;
        let (installed, record) = record.split_first_chunk()?;
        let (encryptions, record) = record.split_first_chunk()?;
        let key: [u8; KEY_BYTES] = record.try_into().ok()?;
        Some(Term::new(
            u32::from_be_bytes(*number),
            Timestamp::from_millis(u64::from_be_bytes(*installed)),
            u64::from_be_bytes(*encryptions),
            Secret::new(key),
        ))
    }
}
