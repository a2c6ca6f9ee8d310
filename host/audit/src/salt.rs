//! Hashes instead of values.

use aws_lc_rs::hmac;
use base::Secret;
use core::fmt;

/// A device's salt. Kept as long as the device, so that equal values have equal hashes in its log.
pub struct Salt(hmac::Key);

impl Salt {
    /// The salt with these bytes; at least 16, drawn at random when the device is made.
    pub fn new(bytes: &Secret<Vec<u8>>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()))
    }

    /// `hmac-sha256:` and 64 hexadecimal digits.
    pub fn hash(&self, value: &str) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let tag = hmac::sign(&self.0, value.as_bytes());
        let mut text = String::with_capacity(76);
        text.push_str("hmac-sha256:");
        for byte in tag.as_ref() {
            for nibble in [byte >> 4, byte & 0xf] {
                text.extend(DIGITS.get(usize::from(nibble)).copied().map(char::from));
            }
        }
        text
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_hmac_sha256() {
        // RFC 4231, test case 2.
        let salt = Salt::new(&Secret::new(b"Jefe".to_vec()));
        assert_eq!(
            salt.hash("what do ya want for nothing?"),
            "hmac-sha256:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
