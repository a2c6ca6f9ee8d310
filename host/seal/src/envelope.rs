//! Bytes sealed to a public key, for one receiver that was not met: the keys of a relation on their
//! way to a new secondary.
//!
//! ```text
//!  version · encapsulated key · ciphertext · tag
//!     1            32             any        16   bytes
//! ```
//!
//! After the version it is [RFC 9180] (HPKE), base mode, one message: DHKEM(X25519, HKDF-SHA256)
//! with HKDF-SHA256 and AES-256-GCM, and `casemate.envelope` with the version as `info`. A fresh
//! key pair for each message makes the key and the nonce, so no nonce is chosen or can repeat.
//!
//! It says nothing about who sealed: that is for the connection it came over.
//!
//! [RFC 9180]: https://www.rfc-editor.org/rfc/rfc9180

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use aws_lc_rs::hmac;
use base::{Entropy, Secret};
use zeroize::{Zeroize, Zeroizing};

/// Length of a public and of a private key.
pub const ENVELOPE_KEY_BYTES: usize = 32;

const VERSION: u8 = 1;
const INFO: &[u8] = b"casemate.envelope\x01";
const TAG_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// What RFC 9180 calls the key encapsulation, and the suite of it with the other two algorithms.
const KEM: &[u8] = b"KEM\x00\x20";
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x02";
const MODE_BASE: u8 = 0;

type KeyBytes = [u8; ENVELOPE_KEY_BYTES];
type Hash = Zeroizing<[u8; HASH_BYTES]>;

/// Why nothing was sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The bytes are no key, or one with which everybody could open.
    #[error("that is no usable key")]
    Key,
    /// It is of another version.
    #[error("it was sealed in another format")]
    Version,
    /// It was sealed to another key or with other associated data, or was tampered with.
    #[error("it does not open")]
    Opening,
    /// The provider of cryptography cannot seal as much.
    #[error("it cannot be sealed")]
    Sealing,
}

/// The key pair of a receiver.
#[derive(Debug)]
pub struct KeyPair {
    private: Secret<KeyBytes>,
    public: KeyBytes,
}

impl KeyPair {
    /// Makes one.
    ///
    /// # Errors
    /// [`EnvelopeError::Key`] where the provider of cryptography makes none.
    pub fn make(entropy: &dyn Entropy) -> Result<Self, EnvelopeError> {
        let mut private = Zeroizing::new([0; ENVELOPE_KEY_BYTES]);
        entropy.fill(&mut *private);
        Self::from_private(&*private)
    }

    /// The one whose private key was kept.
    ///
    /// # Errors
    /// [`EnvelopeError::Key`] for what [`private_bytes`](Self::private_bytes) did not give.
    pub fn from_private(private: &[u8]) -> Result<Self, EnvelopeError> {
        let bytes = KeyBytes::try_from(private).map_err(|_| EnvelopeError::Key)?;
        let private = Secret::new(bytes);
        let public = loaded(&private)?.compute_public_key();
        let public = public.map_err(|_| EnvelopeError::Key)?;
        let public = public.as_ref().try_into().map_err(|_| EnvelopeError::Key)?;
        Ok(Self { private, public })
    }

    /// Its public key: to be given away.
    pub const fn public_bytes(&self) -> &KeyBytes {
        &self.public
    }

    /// Its private key: to be kept until what is sealed to it comes.
    pub const fn private_bytes(&self) -> &Secret<KeyBytes> {
        &self.private
    }
}

/// Seals to a public key; only what it belongs to opens it, with the same `associated`.
///
/// # Errors
/// [`EnvelopeError::Key`] for bytes that are no key, [`EnvelopeError::Sealing`] for more than can be
/// sealed.
pub fn seal_to(
    public: &[u8],
    plaintext: &[u8],
    associated: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, EnvelopeError> {
    let once = KeyPair::make(entropy)?;
    let shared = agreed(&once, public, [&once.public, public])?;
    let (key, nonce) = scheduled(&shared);
    let mut sealed = Vec::with_capacity(1 + ENVELOPE_KEY_BYTES + plaintext.len() + TAG_BYTES);
    sealed.push(VERSION);
    sealed.extend_from_slice(&once.public);
    let begin = sealed.len();
    sealed.extend_from_slice(plaintext);
    let body = sealed.get_mut(begin..).unwrap_or_default();
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(associated), body);
    match tag {
        Ok(tag) => {
            sealed.extend_from_slice(tag.as_ref());
            Ok(sealed)
        }
        Err(_) => {
            sealed.zeroize();
            Err(EnvelopeError::Sealing)
        }
    }
}

/// Opens what [`seal_to`] gave.
///
/// # Errors
/// [`EnvelopeError::Version`] for another format, [`EnvelopeError::Opening`] for everything else
/// that was not sealed to this key with these associated data.
pub fn open(
    receiver: &KeyPair,
    sealed: &[u8],
    associated: &[u8],
) -> Result<Secret<Vec<u8>>, EnvelopeError> {
    let (version, rest) = sealed.split_first().ok_or(EnvelopeError::Version)?;
    if *version != VERSION {
        return Err(EnvelopeError::Version);
    }
    let (once, body) = rest
        .split_first_chunk::<ENVELOPE_KEY_BYTES>()
        .ok_or(EnvelopeError::Opening)?;
    let shared = agreed(receiver, once, [once, &receiver.public]);
    let shared = shared.map_err(|_| EnvelopeError::Opening)?;
    let (key, nonce) = scheduled(&shared);
    let mut body = Zeroizing::new(body.to_vec());
    let opened = key.open_in_place(nonce, Aad::from(associated), &mut body);
    let opened = opened.map_err(|_| EnvelopeError::Opening)?;
    Ok(Secret::new(opened.to_vec()))
}

fn loaded(private: &Secret<KeyBytes>) -> Result<PrivateKey, EnvelopeError> {
    PrivateKey::from_private_key(&X25519, private.expose()).map_err(|_| EnvelopeError::Key)
}

/// `ExtractAndExpand` of RFC 9180, section 4.1, of what both keys agree on; `context` is the
/// encapsulated key and the receiver's.
fn agreed(own: &KeyPair, other: &[u8], context: [&[u8]; 2]) -> Result<Hash, EnvelopeError> {
    let other = UnparsedPublicKey::new(&X25519, other);
    agree(
        &loaded(&own.private)?,
        other,
        EnvelopeError::Key,
        |secret| {
            let extracted = extract(b"", KEM, b"eae_prk", secret);
            Ok(expand(&extracted, KEM, b"shared_secret", &context.concat()))
        },
    )
}

/// `KeySchedule` of RFC 9180, section 5.1, without a key that was shared before.
#[expect(clippy::expect_used, reason = "the type of the key has the length")]
fn scheduled(shared: &Hash) -> (LessSafeKey, Nonce) {
    let context = [
        &[MODE_BASE],
        extract(b"", SUITE, b"psk_id_hash", b"").as_slice(),
        extract(b"", SUITE, b"info_hash", INFO).as_slice(),
    ]
    .concat();
    let secret = extract(shared.as_slice(), SUITE, b"secret", b"");
    let key: Hash = expand(&secret, SUITE, b"key", &context);
    let nonce: Zeroizing<[u8; NONCE_LEN]> = expand(&secret, SUITE, b"base_nonce", &context);
    let key = UnboundKey::new(&AES_256_GCM, key.as_slice());
    let key = LessSafeKey::new(key.expect("an AES-256 key has 32 bytes"));
    (key, Nonce::assume_unique_for_key(*nonce))
}

/// `LabeledExtract` of RFC 9180, section 4.
fn extract(salt: &[u8], suite: &[u8], label: &[u8], input: &[u8]) -> Hash {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    for part in [b"HPKE-v1", suite, label, input] {
        context.update(part);
    }
    let mut extracted = Zeroizing::new([0; HASH_BYTES]);
    extracted.copy_from_slice(context.sign().as_ref());
    extracted
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// `LabeledExpand` of RFC 9180, section 4.
#[expect(clippy::expect_used, reason = "HKDF fails only past 8160 bytes")]
fn expand<const N: usize>(
    from: &Hash,
    suite: &[u8],
    label: &[u8],
    info: &[u8],
) -> Zeroizing<[u8; N]> {
    let length = u16::try_from(N).expect("what is expanded is short");
    let length = length.to_be_bytes();
    let parts: [&[u8]; 5] = [&length, b"HPKE-v1", suite, label, info];
    let mut expanded = Zeroizing::new([0; N]);
    Prk::new_less_safe(HKDF_SHA256, from.as_slice())
        .expand(&parts, Length(N))
        .and_then(|expanding| expanding.fill(expanded.as_mut_slice()))
        .expect("HKDF gives as much");
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;
    use proptest::prelude::*;
    use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256 as OTHER;
    use rustls::crypto::hpke::{EncapsulatedSecret, Hpke as _, HpkePrivateKey, HpkePublicKey};

    fn pair(seed: u64) -> KeyPair {
        KeyPair::make(&Lcg::new(seed)).unwrap()
    }

    fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..most)
    }

    proptest! {
        #[test]
        fn only_the_receiver_opens_and_only_as_it_was_sealed(
            seed: u64, plaintext in bytes(200), associated in bytes(40), cut in 0_usize..1000,
        ) {
            let receiver = pair(seed);
            let entropy = Lcg::new(seed.wrapping_add(1));
            let sealed =
                seal_to(receiver.public_bytes(), &plaintext, &associated, &entropy).unwrap();
            prop_assert_eq!(sealed.len(), 1 + 32 + plaintext.len() + 16);
            let kept = KeyPair::from_private(receiver.private_bytes().expose()).unwrap();
            let opened = open(&kept, &sealed, &associated).unwrap();
            prop_assert_eq!(opened.expose(), &plaintext);

            let refused = |receiver: &KeyPair, sealed: &[u8], associated: &[u8]| {
                open(receiver, sealed, associated).err()
            };
            let opening = Some(EnvelopeError::Opening);
            let other = pair(seed.wrapping_add(2));
            prop_assert_eq!(refused(&other, &sealed, &associated), opening);
            let mut more = associated.clone();
            more.push(0);
            prop_assert_eq!(refused(&receiver, &sealed, &more), opening);
            let short = &sealed[..cut % sealed.len()];
            prop_assert!(refused(&receiver, short, &associated).is_some());
            let mut long = sealed;
            long.push(0);
            prop_assert_eq!(refused(&receiver, &long, &associated), opening);
        }

        #[test]
        fn another_implementation_opens_it_and_is_opened(
            seed: u64, plaintext in bytes(200), associated in bytes(40),
        ) {
            let receiver = pair(seed);
            let entropy = Lcg::new(seed.wrapping_add(1));
            let sealed =
                seal_to(receiver.public_bytes(), &plaintext, &associated, &entropy).unwrap();
            let private = HpkePrivateKey::from(receiver.private_bytes().expose().to_vec());
            let once = EncapsulatedSecret(sealed[1..33].to_vec());
            let opened = OTHER.open(&once, INFO, &associated, &sealed[33..], &private).unwrap();
            prop_assert_eq!(&opened, &plaintext);

            let public = HpkePublicKey(receiver.public_bytes().to_vec());
            let (once, body) = OTHER.seal(INFO, &associated, &plaintext, &public).unwrap();
            let sealed = [&[VERSION], once.0.as_slice(), &body].concat();
            let opened = open(&receiver, &sealed, &associated).unwrap();
            prop_assert_eq!(opened.expose(), &plaintext);
        }

        #[test]
        fn never_panics(sealed in bytes(120), public in bytes(40)) {
            prop_assert!(open(&pair(1), &sealed, b"").is_err());
            let sealed = seal_to(&public, b"x", b"", &Lcg::new(2));
            prop_assert!(sealed.is_ok() || public.len() != 32 || public.iter().all(|b| *b == 0));
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let receiver = pair(1);
        let sealed = seal_to(receiver.public_bytes(), b"root key", b"a8f1", &Lcg::new(2)).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let expected = if bit < 8 {
                EnvelopeError::Version
            } else {
                EnvelopeError::Opening
            };
            let error = open(&receiver, &forged, b"a8f1").unwrap_err();
            assert_eq!(error, expected, "bit {bit}");
        }
        assert!(open(&receiver, &sealed, b"a8f1").is_ok());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let point_of_low_order = [0; 32];
        for public in [&point_of_low_order[..], &[9; 31], &[9; 33], &[]] {
            let error = seal_to(public, b"x", b"", &Lcg::new(1)).unwrap_err();
            assert_eq!(error, EnvelopeError::Key);
            if public.len() != ENVELOPE_KEY_BYTES {
                assert_eq!(
                    KeyPair::from_private(public).err(),
                    Some(EnvelopeError::Key)
                );
            }
        }
    }

    #[test]
    fn a_message_never_comes_out_twice_the_same() {
        let receiver = pair(1);
        let entropy = Lcg::new(2);
        let seal = || seal_to(receiver.public_bytes(), b"x", b"", &entropy).unwrap();
        assert_ne!(seal(), seal());
    }
}
