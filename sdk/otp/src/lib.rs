//! One-time codes and how authenticators are told their keys: what the engine for them and the host's
//! second factor of logins share. Pure: the MAC comes from who has the key.

mod algorithm;
mod barcode;
mod code;
mod url;

pub use algorithm::Algorithm;
pub use barcode::{BarcodeError, png};
pub use code::code;
pub use url::write as url;

/// Bytes of a key as authenticators take them: base32 without padding.
pub fn base32(bytes: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(bytes)
}
