//! Cryptography for components, whose keys stay here.
//!
//! ```text
//!  component ── handle ──▶ Key ── sign, seal, mac … ──▶ bytes that are no key
//!                           ▲
//!        View::make_key, open_key: stored below the mount under the component's own name
//! ```
//!
//! A key's name obeys the same storage rules as an entry's, so its class, and how far it travels,
//! follow from them. But keys and entries are two name spaces: the record of a key lies under a
//! reserved part of the mount that no call for an entry can name.
//!
//! Everything is done by aws-lc-rs but XChaCha20-Poly1305, SHA3-224, argon2id and bcrypt, which it
//! does not have.

mod aead;
mod agreement;
mod error;
mod hash;
mod hkdf;
mod key;
mod kind;
mod password;
mod record;
mod rsa;
mod signature;
mod stored;
mod wrap;

pub use error::KeyError;
pub use hash::{Hash, digest, equal};
pub use key::{Key, KeyOptions};
pub use kind::KeyKind;
pub use password::{PasswordHash, hash_password, verify_password};
pub use signature::{Message, SaltLength, SignatureScheme};
