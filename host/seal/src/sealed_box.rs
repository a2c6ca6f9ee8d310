//! Bytes sealed to a public key: whoever has its private half opens them, and nobody else, the sender
//! included.
//!
//! ```text
//!  format · encapsulated key · ciphertext · tag
//!     1            32             any        16   bytes
//! ```
//!
//! After the format, which is 1, it is [RFC 9180] (HPKE), base mode, one message:
//! DHKEM(X25519, HKDF-SHA256) with HKDF-SHA256 and AES-256-GCM. `info` is `casemate.sealed-box` and
//! the format, the associated data are the purpose. A key pair made for each message gives the key
//! and the nonce, so that no nonce is chosen and none can repeat.
//!
//! It says nothing about who sealed: that is for the connection it came over.
//!
//! [RFC 9180]: https://www.rfc-editor.org/rfc/rfc9180

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use aws_lc_rs::hmac;
use base::{Entropy, Secret};
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const INFO: &[u8] = b"casemate.sealed-box\x01";
const KEY_BYTES: usize = 32;
const HASH_BYTES: usize = 32;

/// What RFC 9180 calls the key encapsulation, and the suite of it with the other two algorithms.
const KEM: &[u8] = b"KEM\x00\x20";
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x02";
const MODE_BASE: u8 = 0;

type Hash = Zeroizing<[u8; HASH_BYTES]>;

/// Why bytes were not sealed, or do not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// The public key, or the private one, is none.
    #[error("not a key of 32 bytes on the curve X25519")]
    Key,
    /// They were not sealed to this key, for this purpose, or were changed since.
    #[error("sealed bytes are not authentic")]
    NotAuthentic,
}

/// A key that bytes can be sealed to.
pub struct KeyPair {
    private: Secret<Vec<u8>>,
    key: PrivateKey,
    public: [u8; KEY_BYTES],
}

impl KeyPair {
    /// A new one.
    pub fn make(entropy: &dyn Entropy) -> Self {
        loop {
            let mut bytes = Zeroizing::new([0; KEY_BYTES]);
            entropy.fill(bytes.as_mut_slice());
            if let Ok(pair) = Self::from_private(bytes.as_slice()) {
                return pair;
            }
        }
    }

    /// The pair of a private half that [`private`](Self::private) gave.
    ///
    /// # Errors
    /// [`BoxError::Key`] for other bytes than 32.
    pub fn from_private(private: &[u8]) -> Result<Self, BoxError> {
        let key = PrivateKey::from_private_key(&X25519, private).map_err(|_| BoxError::Key)?;
        let public = key.compute_public_key().map_err(|_| BoxError::Key)?;
        let public = public.as_ref().try_into().map_err(|_| BoxError::Key)?;
        Ok(Self {
            private: Secret::new(private.to_vec()),
            key,
            public,
        })
    }

    /// The half that is told.
    pub const fn public(&self) -> &[u8; KEY_BYTES] {
        &self.public
    }

    /// The half that is kept.
    pub const fn private(&self) -> &Secret<Vec<u8>> {
        &self.private
    }

    /// Opens what was sealed to this key for a purpose.
    ///
    /// # Errors
    /// [`BoxError::NotAuthentic`] for every other bytes.
    pub fn open(&self, sealed: &[u8], purpose: &[u8]) -> Result<Secret<Vec<u8>>, BoxError> {
        let wrong = BoxError::NotAuthentic;
        let (format, rest) = sealed.split_first().ok_or(wrong)?;
        let (once, ciphertext) = rest.split_first_chunk::<KEY_BYTES>().ok_or(wrong)?;
        if *format != FORMAT {
            return Err(wrong);
        }
        let shared = agreed(&self.key, once, [once, &self.public]).map_err(|_| wrong)?;
        let (key, nonce) = scheduled(&shared);
        // Decrypted where it lies: no copy of the plaintext is left behind.
        let mut bytes = Zeroizing::new(ciphertext.to_vec());
        let opened = key.open_in_place(nonce, Aad::from(purpose), &mut bytes);
        opened
            .map(|plain| Secret::new(plain.to_vec()))
            .map_err(|_| wrong)
    }
}

/// Seals bytes to a public key, for a purpose.
///
/// # Errors
/// [`BoxError::Key`] where the public key is none.
pub fn seal_to(
    public: &[u8],
    plain: &[u8],
    purpose: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, BoxError> {
    let recipient: &[u8; KEY_BYTES] = public.try_into().map_err(|_| BoxError::Key)?;
    let once = KeyPair::make(entropy);
    let shared = agreed(&once.key, recipient, [&once.public, recipient])?;
    let (key, nonce) = scheduled(&shared);
    let mut body = Zeroizing::new(plain.to_vec());
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(purpose), body.as_mut_slice())
        .map_err(|_| BoxError::Key)?;
    Ok([&[FORMAT], once.public.as_slice(), &body, tag.as_ref()].concat())
}

/// `ExtractAndExpand` of RFC 9180, section 4.1, of what two keys agree on; `context` is the
/// encapsulated key and the recipient's.
fn agreed(
    own: &PrivateKey,
    other: &[u8; KEY_BYTES],
    context: [&[u8; KEY_BYTES]; 2],
) -> Result<Hash, BoxError> {
    let other = UnparsedPublicKey::new(&X25519, other);
    agree(own, other, BoxError::Key, |secret| {
        let extracted = extract(b"", KEM, b"eae_prk", secret);
        let context = context.map(<[u8; KEY_BYTES]>::as_slice).concat();
        Ok(expand(&extracted, KEM, b"shared_secret", &context))
    })
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

    fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..most)
    }

    #[test]
    fn only_the_recipient_opens_it() {
        let entropy = Lcg::new(7);
        let (pair, other) = (KeyPair::make(&entropy), KeyPair::make(&entropy));
        let sealed = seal_to(pair.public(), b"keys", b"purpose", &entropy).unwrap();
        assert_eq!(sealed.len(), 1 + 32 + 4 + 16);
        assert_eq!(pair.open(&sealed, b"purpose").unwrap().expose(), b"keys");
        assert!(other.open(&sealed, b"purpose").is_err());
        assert!(pair.open(&sealed, b"another").is_err());
        let again = KeyPair::from_private(pair.private().expose()).unwrap();
        assert_eq!(again.open(&sealed, b"purpose").unwrap().expose(), b"keys");
        let same = seal_to(pair.public(), b"keys", b"purpose", &entropy).unwrap();
        assert_ne!(sealed, same);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        // The point at infinity: whoever agrees with it agrees on nothing secret.
        for public in [&[0; 32][..], &[9; 31], &[9; 33], &[]] {
            let sealed = seal_to(public, b"x", b"", &Lcg::new(1));
            assert_eq!(sealed, Err(BoxError::Key));
            if public.len() != KEY_BYTES {
                assert_eq!(KeyPair::from_private(public).err(), Some(BoxError::Key));
            }
        }
    }

    #[test]
    fn every_flipped_bit_shows() {
        let entropy = Lcg::new(7);
        let pair = KeyPair::make(&entropy);
        let sealed = seal_to(pair.public(), b"root key", b"p", &entropy).unwrap();
        for bit in 0..sealed.len() * 8 {
            // X25519 ignores the highest bit of a public key (RFC 7748, 5); the context has it.
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let error = pair.open(&forged, b"p").unwrap_err();
            assert_eq!(error, BoxError::NotAuthentic, "bit {bit}");
        }
        assert!(pair.open(&sealed, b"p").is_ok());
    }

    proptest! {
        #[test]
        fn comes_out_whole_or_not_at_all(
            plain in bytes(200), purpose in bytes(40), seed: u64, cut: prop::sample::Index,
        ) {
            let entropy = Lcg::new(seed);
            let (pair, other) = (KeyPair::make(&entropy), KeyPair::make(&entropy));
            let mut sealed = seal_to(pair.public(), &plain, &purpose, &entropy).unwrap();
            let opened = pair.open(&sealed, &purpose).unwrap();
            prop_assert_eq!(opened.expose(), &plain);
            prop_assert!(other.open(&sealed, &purpose).is_err());
            let more = [purpose.as_slice(), &[0]].concat();
            prop_assert!(pair.open(&sealed, &more).is_err());
            prop_assert!(pair.open(&sealed[..cut.index(sealed.len())], &purpose).is_err());
            sealed.push(0);
            prop_assert!(pair.open(&sealed, &purpose).is_err());
        }

        #[test]
        fn another_implementation_opens_it_and_is_opened(
            plain in bytes(200), purpose in bytes(40), seed: u64,
        ) {
            let entropy = Lcg::new(seed);
            let pair = KeyPair::make(&entropy);
            let sealed = seal_to(pair.public(), &plain, &purpose, &entropy).unwrap();
            let private = HpkePrivateKey::from(pair.private().expose().clone());
            let once = EncapsulatedSecret(sealed[1..33].to_vec());
            let opened = OTHER.open(&once, INFO, &purpose, &sealed[33..], &private).unwrap();
            prop_assert_eq!(&opened, &plain);

            let public = HpkePublicKey(pair.public().to_vec());
            let (once, body) = OTHER.seal(INFO, &purpose, &plain, &public).unwrap();
            let sealed = [&[FORMAT], once.0.as_slice(), &body].concat();
            let opened = pair.open(&sealed, &purpose).unwrap();
            prop_assert_eq!(opened.expose(), &plain);
        }

        #[test]
        fn never_panics(sealed in bytes(120), public in bytes(40)) {
            let entropy = Lcg::new(1);
            prop_assert!(KeyPair::make(&entropy).open(&sealed, b"").is_err());
            let is_key = seal_to(&public, b"x", b"", &entropy).is_ok();
            prop_assert!(!is_key || public.len() == KEY_BYTES);
        }
    }
}
