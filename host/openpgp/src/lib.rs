//! Short secrets, encrypted to the OpenPGP key of whoever is to hold them. Encryption only: nothing
//! here decrypts, signs, or keeps a key.
//!
//! ```text
//!  text ─ armor ─▶ bytes ─ packet ─▶ packets ─ certificate ─▶ what its owner signed
//!                                                  │
//!                        Recipient ◀─ the newest key that may encrypt
//!                            └─ message ─▶ a session key for it · the secret under that
//! ```
//!
//! A key comes from a file that others may have touched. What counts is only what its own primary key
//! signed: a subkey that somebody hung on it, a use that somebody put in, an end that somebody moved
//! are not looked at. Whose primary key it is only its fingerprint tells, and whoever gives the key has
//! to know it.
//!
//! Keys and signatures are those of version 4 ([RFC 9580], [RFC 4880]), messages have a session key of
//! version 3 and data of version 1, which GnuPG 2 opens.
//!
//! [RFC 9580]: https://www.rfc-editor.org/rfc/rfc9580
//! [RFC 4880]: https://www.rfc-editor.org/rfc/rfc4880

mod armor;
mod bytes;
mod certificate;
mod curve;
mod error;
mod key;
mod message;
mod packet;
mod recipient;
mod signature;
mod verify;
mod wrap;

pub use armor::packets_of_file;
pub use error::{EncryptError, KeyError};
pub use recipient::{KEY_BYTES_MAX, Recipient};
