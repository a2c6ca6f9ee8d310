//! Keys as GnuPG makes them, and what is encrypted to them, opened again; keys that must not be used;
//! and bytes that are no keys.
//!
//! The keys below `keys` were made by GnuPG 2.2 for these tests alone, on days of 2025
//! (`--faked-system-time`); `.private` has what a test needs of a private half.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong is to fail the test"
)]

mod opened;

use base::{Entropy, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::sync::atomic::{AtomicU64, Ordering};
use opened::Private;
use openpgp::{KEY_BYTES_MAX, KeyError, Recipient};
use proptest::prelude::*;

struct Lcg(AtomicU64);

impl Entropy for Lcg {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = |s: u64| s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let state = self.0.update(Ordering::Relaxed, Ordering::Relaxed, next);
            *byte = state.to_be_bytes()[0];
        }
    }
}

fn entropy() -> Lcg {
    Lcg(AtomicU64::new(7))
}

/// A key below `keys`.
macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../keys/", $name, ".asc"))
    };
}

macro_rules! private {
    ($name:literal) => {
        Private::read(include_str!(concat!("../keys/", $name, ".private")))
    };
}

/// A day of 2025, in which all keys were made.
fn day(month: &str) -> Timestamp {
    Timestamp::from_rfc3339(&format!("2025-{month}-15T00:00:00Z")).unwrap()
}

fn read_at(text: &str, now: Timestamp) -> Result<Recipient, KeyError> {
    Recipient::read(text, now, &entropy())
}

fn read(text: &str) -> Result<Recipient, KeyError> {
    read_at(text, day("06"))
}

/// The packets of an armored key.
fn packets(armored: &str) -> Vec<u8> {
    let lines = armored.lines().skip_while(|line| !line.is_empty());
    let body: String = lines.take_while(|line| !line.starts_with('=')).collect();
    STANDARD.decode(body).unwrap()
}

/// Each packet of a key, whole, with its kind.
fn cut(bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let [head, after @ ..] = rest {
        assert_eq!(head & 0xc0, 0x80, "GnuPG writes keys in the old form");
        let width = 1 << (head & 3);
        let length = after[..width]
            .iter()
            .fold(0, |sum, b| sum << 8 | usize::from(*b));
        let (packet, more) = rest.split_at(1 + width + length);
        found.push(((head >> 2) & 0xf, packet));
        rest = more;
    }
    found
}

fn joined(packets: &[(u8, &[u8])]) -> String {
    let bytes: Vec<&[u8]> = packets.iter().map(|(_, packet)| *packet).collect();
    STANDARD.encode(bytes.concat())
}

const SECRET: &[u8] = b"8b1f0d5ab4d2c8f4ef5bd0a2f3c1b97ad3";

#[test]
fn holders_read_what_was_encrypted_to_them() {
    for (key, private) in [
        (key!("rsa2048"), private!("rsa2048")),
        (key!("rsa3072"), private!("rsa3072")),
        (key!("curve25519"), private!("curve25519")),
        (key!("p256"), private!("p256")),
        (key!("p256-sha512"), private!("p256-sha512")),
        (key!("p384"), private!("p384")),
        (key!("p521"), private!("p521")),
        (key!("primary-only"), private!("primary-only")),
        (key!("extended"), private!("extended")),
        (key!("user-revoked"), private!("user-revoked")),
    ] {
        let entropy = entropy();
        let recipient = Recipient::read(key, day("06"), &entropy);
        let recipient = recipient.unwrap_or_else(|error| panic!("{error}: {key}"));
        for secret in [SECRET, b"", &[7; 5000]] {
            let one = recipient.encrypt(secret, &entropy).unwrap();
            assert_eq!(private.open(&one), secret);
            // Nothing of a message is in the next.
            let other = recipient.encrypt(secret, &entropy).unwrap();
            assert_ne!(one[20..], other[20..]);
        }
    }
}

#[test]
fn a_key_is_named_by_its_primary_one() {
    // As `gpg --list-keys` shows it.
    let named = read(key!("curve25519")).unwrap().fingerprint();
    assert_eq!(named, include_str!("../keys/curve25519.fingerprint").trim());
}

#[test]
fn each_way_to_write_a_key() {
    let armored = key!("curve25519");
    let binary = STANDARD.encode(packets(armored));
    for text in [armored.to_owned(), binary, STANDARD.encode(armored)] {
        let found = read(&text).unwrap().fingerprint();
        assert_eq!(found, read(armored).unwrap().fingerprint());
    }
}

#[test]
fn the_newest_key_that_counts_is_taken() {
    let opens = |key, now, private: &Private| {
        let message = read_at(key, now).unwrap().encrypt(SECRET, &entropy());
        assert_eq!(private.open(&message.unwrap()), SECRET);
    };
    opens(key!("two-subkeys"), day("06"), &private!("two-subkeys"));
    opens(
        key!("newest-revoked"),
        day("06"),
        &private!("newest-revoked"),
    );
    opens(
        key!("newest-expires"),
        day("02"),
        &private!("newest-expires"),
    );
    opens(key!("newest-expires"), day("06"), &private!("older"));
}

#[test]
fn keys_that_must_not_be_used() {
    let check = |key: &str, expected: KeyError| {
        assert_eq!(read(key).unwrap_err(), expected);
    };
    check(key!("revoked"), KeyError::Revoked);
    check(key!("expires"), KeyError::Expired);
    read_at(key!("expires"), day("02")).unwrap();
    let later = Timestamp::from_rfc3339("2027-01-02T00:00:00Z").unwrap();
    let late = read_at(key!("extended"), later);
    assert_eq!(late.unwrap_err(), KeyError::Expired);
    check(key!("sign-only"), KeyError::NoEncryption);
    check(key!("sha1"), KeyError::Unsigned);
    check(key!("brainpool"), KeyError::Signer);
    check("keybase:somebody", KeyError::Keybase);
    let two = [packets(key!("curve25519")), packets(key!("rsa2048"))].concat();
    check(&STANDARD.encode(two), KeyError::NotOne);
    check(&STANDARD.encode([0x98, 1, 6]), KeyError::Version(6));
    let long = vec![0x98; KEY_BYTES_MAX + 1];
    check(&STANDARD.encode(long), KeyError::TooLong);
}

#[test]
fn what_others_hung_on_a_key_does_not_count() {
    let (own, foreign) = (packets(key!("curve25519")), packets(key!("rsa2048")));
    let (own, foreign) = (cut(&own), cut(&foreign));
    let [primary, user, word, subkey, bound] = own[..] else {
        panic!("a key, a user, a signature, a subkey and its own");
    };
    let [.., other_subkey, other_bound] = foreign[..] else {
        panic!("a subkey at the end");
    };
    let check = |parts: &[(u8, &[u8])], expected: Option<KeyError>| {
        assert_eq!(read(&joined(parts)).err(), expected);
    };
    check(&[primary, user, word, subkey, bound], None);
    // A subkey of somebody else, with whichever signature; and newer than the own one or not.
    let none = Some(KeyError::NoEncryption);
    check(&[primary, user, word, other_subkey, other_bound], none);
    check(&[primary, user, word, other_subkey, bound], none);
    check(&[primary, user, word, other_subkey], none);
    check(&[primary, user, word, subkey, other_bound], none);
    // Signatures of one thing are none of another.
    check(
        &[primary, user, bound, subkey, word],
        Some(KeyError::Unsigned),
    );
    check(&[primary, word, subkey, bound], Some(KeyError::Unsigned));
    let another_user: (u8, &[u8]) = (13, b"\xb4\x01a");
    check(
        &[primary, another_user, word, subkey, bound],
        Some(KeyError::Unsigned),
    );
    check(&[primary, another_user, user, word, subkey, bound], None);

    let all = [
        primary,
        user,
        word,
        subkey,
        bound,
        other_subkey,
        other_bound,
    ];
    let message = read(&joined(&all)).unwrap().encrypt(SECRET, &entropy());
    let private = private!("curve25519");
    assert_eq!(private.open(&message.unwrap()), SECRET);
}

/// Everything that decides is signed: whichever bit of it changes, the key is not used as if it had not.
#[test]
fn no_bit_of_what_is_signed_can_change() {
    let own = packets(key!("curve25519"));
    let whole = read(&STANDARD.encode(&own)).unwrap();
    let private = private!("curve25519");
    let signed: usize = cut(&own)[..4].iter().map(|(_, packet)| packet.len()).sum();
    for at in 0..signed {
        let mut changed = own.clone();
        changed[at] ^= 1 << (at % 8);
        let Ok(recipient) = read(&STANDARD.encode(&changed)) else {
            continue;
        };
        // What is not signed: who is said to have signed.
        let message = recipient.encrypt(SECRET, &entropy()).unwrap();
        assert_eq!(recipient.fingerprint(), whole.fingerprint(), "byte {at}");
        assert_eq!(private.open(&message), SECRET, "byte {at}");
    }
}

#[test]
fn a_heap_of_signatures_is_not_looked_through() {
    let own = packets(key!("curve25519"));
    let [primary, user, word, subkey, bound] = cut(&own)[..] else {
        panic!("a key, a user, a signature, a subkey and its own");
    };
    // The last byte is of the signature itself: the hash, which is looked at first, is right.
    let mut forged = word.1.to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged = (2, forged.as_slice());
    let mut parts = vec![primary, user, word, subkey, bound];
    parts.splice(2..2, [forged; 50]);
    read(&joined(&parts)).unwrap();
    parts.splice(2..2, [forged; 50]);
    let refused = read(&joined(&parts)).unwrap_err();
    assert_eq!(refused, KeyError::TooManySignatures);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&STANDARD.encode(&bytes));
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    /// Bytes that begin as a key does.
    #[test]
    fn no_key_makes_it_panic(tag in 0_u8..64, bytes in prop::collection::vec(any::<u8>(), 0..190)) {
        let length = u8::try_from(bytes.len()).unwrap();
        let own = packets(key!("p256"));
        let packet = [&[0xc0 | tag, length][..], &bytes].concat();
        let _ = read(&STANDARD.encode(&packet));
        let _ = read(&STANDARD.encode([own, packet].concat()));
        let key = [&[0xc6, length + 6, 4, 0, 0, 0, 0, 18][..], &bytes].concat();
        let _ = read(&STANDARD.encode(key));
    }

    /// Keys of which something changed, is gone or came twice.
    #[test]
    fn no_change_of_a_key_makes_it_panic(
        which in 0_usize..3, at: prop::sample::Index, value: u8, cut: prop::sample::Index, more: bool,
    ) {
        let keys = [key!("rsa2048"), key!("p384"), key!("user-revoked")];
        let mut bytes = packets(keys[which]);
        let at = at.index(bytes.len());
        bytes[at] = value;
        let cut = cut.index(bytes.len());
        if more {
            bytes.extend_from_within(cut..);
        } else {
            bytes.truncate(cut);
        }
        let _ = read(&STANDARD.encode(bytes));
    }
}
