//! All that was put together under a primary key, and what of it the primary key signed.

use crate::error::KeyError;
use crate::key::{Encrypting, Fingerprint, Hash, Key};
use crate::packet::{Packet, split, tag};
use crate::signature::{Signature, Use, kind};
use crate::verify::{About, is_by};
use base::Timestamp;

/// How many signatures of one key are verified. The newest come first, so that it takes one or two for
/// each user id and each subkey, however old the key is.
const VERIFIED_MAX: usize = 64;

/// Which key to encrypt to.
pub(crate) struct Chosen {
    /// Of the primary key.
    pub(crate) fingerprint: Fingerprint,
    /// Of the key itself.
    pub(crate) key_fingerprint: Fingerprint,
    pub(crate) key: Encrypting,
}

/// Something that signatures stand behind.
struct Part<'a> {
    what: What<'a>,
    signatures: Vec<Signature<'a>>,
}

enum What<'a> {
    Primary,
    User {
        mark: u8,
        body: &'a [u8],
    },
    Subkey(Key<'a>),
    /// What nobody need know, and keys of other versions.
    Other,
}

impl What<'_> {
    const fn about(&self) -> Option<About<'_>> {
        match self {
            Self::Primary => Some(About::Primary),
            Self::User { mark, body } => Some(About::User { mark: *mark, body }),
            Self::Subkey(key) => Some(About::Subkey(key)),
            Self::Other => None,
        }
    }
}

/// Finds the newest key that may encrypt now.
pub(crate) fn choose(bytes: &[u8], now: Timestamp) -> Result<Chosen, KeyError> {
    let (primary, parts) = gather(&split(bytes)?)?;
    primary.verifying().ok_or(KeyError::Signer)?;
    let mut judge = Judge {
        fingerprint: primary.fingerprint(),
        primary,
        now: now.as_seconds(),
        left: VERIFIED_MAX,
    };
    let usage = judge.primary_usage(&parts)?;
    let mut newest: Option<&Key<'_>> = None;
    let mut found = None;
    for part in &parts {
        let What::Subkey(key) = &part.what else {
            continue;
        };
        let Some(encrypting) = key.encrypting() else {
            continue;
        };
        // Where two were made in one second, the one that was added last.
        let is_newer = newest.is_none_or(|other| key.created >= other.created);
        if is_newer && judge.may_encrypt(part, key)? {
            (newest, found) = (Some(key), Some(encrypting));
        }
    }
    let own = || judge.primary.encrypting().filter(|_| usage != Use::Other);
    let key = found.or_else(own).ok_or(KeyError::NoEncryption)?;
    Ok(Chosen {
        fingerprint: judge.fingerprint,
        key_fingerprint: newest.map_or(judge.fingerprint, Key::fingerprint),
        key,
    })
}

/// Puts each signature to what it stands behind.
fn gather<'a>(packets: &[Packet<'a>]) -> Result<(Key<'a>, Vec<Part<'a>>), KeyError> {
    let mut packets = packets.iter().filter(|packet| packet.tag != tag::MARKER);
    let first = packets.next().ok_or(KeyError::Malformed("it is empty"))?;
    let primary = match first.tag {
        tag::PUBLIC_KEY => Key::read(first.body)?,
        tag::PRIVATE_KEY => return Err(KeyError::Private),
        _ => return Err(KeyError::Malformed("it does not begin with a public key")),
    };
    let mut parts = Vec::new();
    let mut part = Part {
        what: What::Primary,
        signatures: Vec::new(),
    };
    for packet in packets {
        let what = match packet.tag {
            tag::SIGNATURE => {
                part.signatures.extend(Signature::read(packet.body));
                continue;
            }
            tag::TRUST | tag::PADDING => continue,
            tag::USER_ID => user(0xb4, packet.body),
            tag::USER_ATTRIBUTE => user(0xd1, packet.body),
            tag::PUBLIC_SUBKEY => Key::read(packet.body).map_or(What::Other, What::Subkey),
            tag::PRIVATE_KEY | tag::PRIVATE_SUBKEY => return Err(KeyError::Private),
            tag::PUBLIC_KEY => return Err(KeyError::NotOne),
            tag::UNCRITICAL.. => What::Other,
            _ => return Err(KeyError::Malformed("it holds what no key has")),
        };
        let signatures = Vec::new();
        parts.push(core::mem::replace(&mut part, Part { what, signatures }));
    }
    parts.push(part);
    Ok((primary, parts))
}

const fn user(mark: u8, body: &[u8]) -> What<'_> {
    What::User { mark, body }
}

/// Says what holds of a certificate, and looks at so many signatures and no more.
struct Judge<'a> {
    primary: Key<'a>,
    fingerprint: Fingerprint,
    /// In seconds.
    now: u64,
    left: usize,
}

impl Judge<'_> {
    /// What the primary key is for, once it is known to be in force.
    fn primary_usage(&mut self, parts: &[Part<'_>]) -> Result<Use, KeyError> {
        let (mut direct, mut user) = (None, None);
        for part in parts {
            match &part.what {
                What::Primary => {
                    if self.newest(part, |k| k == kind::REVOKES_KEY)?.is_some() {
                        return Err(KeyError::Revoked);
                    }
                    direct = self.newest(part, |k| k == kind::DIRECT)?;
                }
                What::User { .. } => user = newer(user, self.own_word(part)?),
                What::Subkey(_) | What::Other => {}
            }
        }
        let word = user.or(direct).ok_or(KeyError::Unsigned)?;
        let fallback = direct.unwrap_or(word);
        let ends_after = word.key_ends_after.or(fallback.key_ends_after);
        if self.is_over(self.primary.created, ends_after) {
            return Err(KeyError::Expired);
        }
        Ok(match word.usage {
            Use::Any => fallback.usage,
            usage => usage,
        })
    }

    /// What the owner says of the key with a user id that was not taken back since.
    fn own_word<'s>(&mut self, part: &'s Part<'_>) -> Result<Option<&'s Signature<'s>>, KeyError> {
        let word = self.newest(part, |k| kind::CERTIFIES.contains(&k))?;
        let revoked = self.newest(part, |k| k == kind::REVOKES_USER)?;
        let since = revoked.map(|revoked| revoked.created);
        Ok(word.filter(|word| since.is_none_or(|since| word.created > since)))
    }

    /// Does a subkey belong to the primary key, for encryption, now?
    fn may_encrypt(&mut self, part: &Part<'_>, key: &Key<'_>) -> Result<bool, KeyError> {
        let Some(bound) = self.newest(part, |k| k == kind::BINDS)? else {
            return Ok(false);
        };
        if bound.usage == Use::Other || self.is_over(key.created, bound.key_ends_after) {
            return Ok(false);
        }
        let revoked = self.newest(part, |k| k == kind::REVOKES_SUBKEY)?;
        Ok(revoked.is_none())
    }

    /// The newest signature of such a kind that is the primary key's and counts.
    fn newest<'s>(
        &mut self,
        part: &'s Part<'_>,
        is_kind: impl Fn(u8) -> bool,
    ) -> Result<Option<&'s Signature<'s>>, KeyError> {
        let Some(about) = part.what.about() else {
            return Ok(None);
        };
        let signatures = part.signatures.iter();
        let mut candidates: Vec<_> = signatures
            .filter(|signature| is_kind(signature.kind) && self.may_count(signature))
            .collect();
        candidates.sort_by_key(|signature| core::cmp::Reverse(signature.created));
        for signature in candidates {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or(KeyError::TooManySignatures)?;
            if is_by(&self.primary, about, signature) {
                return Ok(Some(signature));
            }
        }
        Ok(None)
    }

    /// Would it count if it were the primary key's? What takes back counts for ever and with any hash:
    /// forged, it only keeps somebody from encrypting.
    fn may_count(&self, signature: &Signature<'_>) -> bool {
        let revokes = kind::revokes(signature.kind);
        let is_over = self.is_over(signature.created, signature.ends_after);
        signature.may_be_of(&self.fingerprint)
            && (revokes || (signature.hash != Hash::Sha1 && !is_over))
    }

    fn is_over(&self, created: u32, ends_after: Option<u32>) -> bool {
        ends_after.is_some_and(|after| u64::from(created) + u64::from(after) <= self.now)
    }
}

fn newer<'s>(
    one: Option<&'s Signature<'s>>,
    other: Option<&'s Signature<'s>>,
) -> Option<&'s Signature<'s>> {
    [one, other]
        .into_iter()
        .flatten()
        .max_by_key(|signature| signature.created)
}
