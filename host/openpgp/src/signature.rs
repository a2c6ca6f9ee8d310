//! Signatures of version 4: what is said in them, read before it is known whether it is true.

use crate::bytes::Reader;
use crate::key::{Fingerprint, Hash};
use crate::packet::subpacket_length;

/// What signatures are about.
pub(crate) mod kind {
    /// A user id, four ways to say how well it was looked at.
    pub(crate) const CERTIFIES: core::ops::RangeInclusive<u8> = 0x10..=0x13;
    pub(crate) const BINDS: u8 = 0x18;
    pub(crate) const DIRECT: u8 = 0x1f;
    pub(crate) const REVOKES_KEY: u8 = 0x20;
    pub(crate) const REVOKES_SUBKEY: u8 = 0x28;
    pub(crate) const REVOKES_USER: u8 = 0x30;

    /// Does it take something back?
    pub(crate) const fn revokes(kind: u8) -> bool {
        matches!(kind, REVOKES_KEY | REVOKES_SUBKEY | REVOKES_USER)
    }
}

/// Numbers of what is said.
mod said {
    pub(super) const CREATED: u8 = 2;
    pub(super) const ENDS_AFTER: u8 = 3;
    pub(super) const KEY_ENDS_AFTER: u8 = 9;
    pub(super) const ISSUER: u8 = 16;
    pub(super) const KEY_FLAGS: u8 = 27;
    pub(super) const ISSUER_FINGERPRINT: u8 = 33;
    /// What else may be called critical, since encrypting to the key goes as it says or without it:
    /// exportable, trust, regular expression, revocable, the preferences for ciphers, hashes and
    /// compression, who may revoke, notations, the key server and its preferences, the main user id,
    /// the policy, the user id of who signs, the reason of a revocation, features, an embedded signature.
    pub(super) const UNDERSTOOD: [u8; 17] = [
        4, 5, 6, 7, 11, 12, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 32,
    ];
}

/// A key may encrypt what is sent, or what is stored.
const ENCRYPTS: u8 = 0x04 | 0x08;

/// What a key is for, as a signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Nothing is said: whatever its kind can do.
    Any,
    Encryption,
    Other,
}

/// A signature that is yet to be verified.
pub(crate) struct Signature<'a> {
    pub(crate) kind: u8,
    pub(crate) algorithm: u8,
    pub(crate) hash: Hash,
    /// From the version to the last thing that is said: signed as it stands.
    pub(crate) signed: &'a [u8],
    /// The first two bytes of what was signed.
    pub(crate) begins: [u8; 2],
    pub(crate) value: &'a [u8],
    /// When it was made, in seconds.
    pub(crate) created: u32,
    /// How long it counts, in seconds.
    pub(crate) ends_after: Option<u32>,
    /// How long after its making the key ends, in seconds.
    pub(crate) key_ends_after: Option<u32>,
    pub(crate) usage: Use,
    issuers: Vec<&'a [u8]>,
}

impl<'a> Signature<'a> {
    /// None for whatever cannot count: other versions and hashes, a form that is none, and what must be
    /// understood and is not, but in a signature that takes back.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let [version, kind, algorithm, hash] = reader.array()?;
        if version != 4 {
            return None;
        }
        let hashed = reader.counted()?;
        let signed = body.get(..hashed.len() + 6)?;
        let unhashed = reader.counted()?;
        let mut signature = Self {
            kind,
            algorithm,
            hash: Hash::of(hash)?,
            signed,
            begins: reader.array()?,
            value: reader.rest(),
            created: 0,
            ends_after: None,
            key_ends_after: None,
            usage: Use::Any,
            issuers: Vec::new(),
        };
        signature.listen(hashed)?;
        // Whoever carried the key could write here: it only saves looking at signatures of others.
        each(unhashed, |number, value| {
            signature.hear_issuer(number & 0x7f, value)
        })?;
        Some(signature)
    }

    /// Takes in what is signed with it.
    fn listen(&mut self, hashed: &'a [u8]) -> Option<()> {
        let mut is_dated = false;
        let mut is_understood = true;
        each(hashed, |number, value| {
            let (is_critical, number) = (number & 0x80 != 0, number & 0x7f);
            match number {
                said::CREATED => {
                    self.created = seconds(value)?;
                    is_dated = true;
                }
                said::ENDS_AFTER => self.ends_after = Some(seconds(value)?).filter(|s| *s > 0),
                said::KEY_ENDS_AFTER => {
                    self.key_ends_after = Some(seconds(value)?).filter(|s| *s > 0);
                }
                said::KEY_FLAGS => {
                    let encrypts = value.first().is_some_and(|flags| flags & ENCRYPTS != 0);
                    self.usage = if encrypts {
                        Use::Encryption
                    } else {
                        Use::Other
                    };
                }
                said::ISSUER | said::ISSUER_FINGERPRINT => self.hear_issuer(number, value)?,
                _ => is_understood &= !is_critical || said::UNDERSTOOD.contains(&number),
            }
            Some(())
        })?;
        let counts = is_dated && is_understood || kind::revokes(self.kind);
        counts.then_some(())
    }

    fn hear_issuer(&mut self, number: u8, value: &'a [u8]) -> Option<()> {
        match (number, value) {
            (said::ISSUER, id) if id.len() == 8 => self.issuers.push(id),
            (said::ISSUER_FINGERPRINT, [4, id @ ..]) if id.len() == 20 => self.issuers.push(id),
            _ => {}
        }
        Some(())
    }

    /// Could it be of the key with this fingerprint? The end of the fingerprint is the key's id.
    pub(crate) fn may_be_of(&self, fingerprint: &Fingerprint) -> bool {
        let is_of = |issuer: &&[u8]| fingerprint.ends_with(issuer);
        self.issuers.is_empty() || self.issuers.iter().any(is_of)
    }
}

/// Everything that is said, with its number and whether that is critical.
fn each<'a>(said: &'a [u8], mut hear: impl FnMut(u8, &'a [u8]) -> Option<()>) -> Option<()> {
    let mut reader = Reader::new(said);
    while !reader.is_empty() {
        let length = usize::try_from(subpacket_length(&mut reader)?).ok()?;
        let (number, value) = reader.take(length)?.split_first()?;
        hear(*number, value)?;
    }
    Some(())
}

fn seconds(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}
