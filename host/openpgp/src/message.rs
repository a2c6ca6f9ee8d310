//! A message: a session key, encrypted to a key, and data, encrypted under the session key.
//!
//! ```text
//!  session key packet    3 · key id · algorithm · encrypted(cipher · session key · sum)
//!  data packet           1 · CFB(16 random bytes · the last two again · literal packet · SHA-1)
//! ```
//!
//! The data is what RFC 9580 calls version 1: AES-256, and a hash that shows what was changed. Its second
//! version is not read by GnuPG.

use crate::bytes::put_number;
use crate::curve::Curve;
use crate::key::{Cipher, Encrypting, Fingerprint, Hash, algorithm};
use crate::packet::{put, tag};
use crate::wrap::wrap;
use aws_lc_rs::cipher::{
    AES_256, AES_256_KEY_LEN, AES_CFB_IV_LEN, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents};
use base::Entropy;
use zeroize::Zeroizing;

const SESSION_KEY_VERSION: u8 = 3;
const DATA_VERSION: u8 = 1;
const BLOCK_BYTES: usize = 16;
/// Heads the hash at the end of the data.
const SUM: [u8; 2] = [0xd3, 0x14];
/// To which a session key is filled up on curves, so that its length does not show its cipher.
const WRAPPED_BYTES: usize = 40;
/// Who sends, where that is not said.
const ANONYMOUS: &[u8; 20] = b"Anonymous Sender    ";

/// None where the key takes nothing.
pub(crate) fn encrypt(
    key: &Encrypting,
    fingerprint: &Fingerprint,
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Option<Vec<u8>> {
    let mut session = Zeroizing::new([0; AES_256_KEY_LEN]);
    entropy.fill(session.as_mut_slice());
    let mut message = Vec::new();
    let body = session_key(key, fingerprint, &session, entropy)?;
    put(&mut message, tag::SESSION_KEY, &body);
    put(&mut message, tag::DATA, &data(plain, &session, entropy)?);
    Some(message)
}

fn session_key(
    key: &Encrypting,
    fingerprint: &Fingerprint,
    session: &[u8; AES_256_KEY_LEN],
    entropy: &dyn Entropy,
) -> Option<Vec<u8>> {
    let mut secret = Zeroizing::new(Vec::with_capacity(WRAPPED_BYTES));
    secret.push(Cipher::Aes256.number());
    secret.extend_from_slice(session);
    let sum = session
        .iter()
        .fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    secret.extend_from_slice(&sum.to_be_bytes());

    let mut body = vec![SESSION_KEY_VERSION];
    body.extend_from_slice(fingerprint.last_chunk::<8>()?);
    match key {
        Encrypting::Rsa { modulus, exponent } => {
            body.push(algorithm::RSA);
            put_number(&mut body, &rsa(modulus, exponent, &secret)?);
        }
        Encrypting::Curve {
            curve,
            point,
            hash,
            cipher,
        } => {
            body.push(algorithm::ECDH);
            let (sent, shared) = curve.agree(point, entropy)?;
            let key = derive(shared.expose(), *curve, *hash, *cipher, fingerprint);
            let missing = WRAPPED_BYTES.checked_sub(secret.len())?;
            let missing = u8::try_from(missing).ok()?;
            secret.resize(WRAPPED_BYTES, missing);
            let wrapped = wrap(&key, *cipher, &secret)?;
            put_number(&mut body, &sent);
            body.push(u8::try_from(wrapped.len()).ok()?);
            body.extend_from_slice(&wrapped);
        }
    }
    Some(body)
}

/// What fills it up is random, and the provider's own.
fn rsa(modulus: &[u8], exponent: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let key = PublicKeyComponents {
        n: modulus,
        e: exponent,
    };
    let key: PublicEncryptingKey = key.try_into().ok()?;
    let key = Pkcs1PublicEncryptingKey::new(key).ok()?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let encrypted = key.encrypt(secret, &mut encrypted).ok()?;
    Some(encrypted.to_vec())
}

/// The key that wraps, of what was agreed on: RFC 9580, section 11.5.
fn derive(
    shared: &[u8],
    curve: Curve,
    hash: Hash,
    cipher: Cipher,
    fingerprint: &Fingerprint,
) -> Zeroizing<Vec<u8>> {
    let identifier = curve.identifier();
    let mut input = Zeroizing::new(vec![0, 0, 0, 1]);
    // No part of the secret stays behind where the list grew.
    input.reserve_exact(shared.len() + identifier.len() + 64);
    input.extend_from_slice(shared);
    input.extend(u8::try_from(identifier.len()));
    input.extend_from_slice(identifier);
    input.extend_from_slice(&[algorithm::ECDH, 3, 1, hash.number(), cipher.number()]);
    input.extend_from_slice(ANONYMOUS);
    input.extend_from_slice(fingerprint);
    let mut key = Zeroizing::new(hash.digest(&input).as_ref().to_vec());
    key.truncate(cipher.key_bytes());
    key
}

fn data(plain: &[u8], session: &[u8; AES_256_KEY_LEN], entropy: &dyn Entropy) -> Option<Vec<u8>> {
    // Bytes, without a name and a date.
    let mut literal = Zeroizing::new(Vec::with_capacity(plain.len() + 6));
    literal.extend_from_slice(&[b'b', 0, 0, 0, 0, 0]);
    literal.extend_from_slice(plain);

    let mut first = [0; BLOCK_BYTES];
    entropy.fill(&mut first);
    let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + 64));
    text.extend_from_slice(&first);
    text.extend_from_slice(first.last_chunk::<2>()?);
    put(&mut text, tag::LITERAL, &literal);
    text.extend_from_slice(&SUM);
    let sum = Hash::Sha1.digest(&text);
    text.extend_from_slice(sum.as_ref());

    // Without an initial value: the random bytes are in its place.
    let nothing = EncryptionContext::Iv128(FixedLength::from([0; AES_CFB_IV_LEN]));
    let key = UnboundCipherKey::new(&AES_256, session).ok()?;
    let key = EncryptingKey::cfb128(key).ok()?;
    key.less_safe_encrypt(&mut text, nothing).ok()?;
    let mut data = vec![DATA_VERSION];
    data.extend_from_slice(&text);
    Some(data)
}
