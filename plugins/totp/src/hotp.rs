//! A code of a counter (RFC 4226), by any of three hashes (RFC 6238). Pure, but for the MAC.

use sdk::crypto::{Hash, Key};
use sdk::{Result, internal};
use serde::{Deserialize, Serialize};

/// By which hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    /// What nearly all authenticators have.
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    const fn hash(self) -> Hash {
        match self {
            Self::Sha1 => Hash::Sha1,
            Self::Sha256 => Hash::Sha2_256,
            Self::Sha512 => Hash::Sha2_512,
        }
    }
}

/// The code of a counter, with zeros at its head.
pub(crate) fn code(key: &Key, algorithm: Algorithm, digits: u32, counter: u64) -> Result<String> {
    let mac = key.mac(&counter.to_be_bytes(), algorithm.hash())?;
    let number = truncated(&mac).ok_or_else(|| internal("a MAC too short for a code"))?;
    Ok(in_digits(number, digits))
}

/// 31 bits of the MAC, from where its last four bits say.
fn truncated(mac: &[u8]) -> Option<u32> {
    let start = usize::from(mac.last()? & 0x0f);
    let bytes = mac.get(start..start + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes) & 0x7fff_ffff)
}

fn in_digits(number: u32, digits: u32) -> String {
    let number = number % 10_u32.pow(digits.min(9));
    format!("{number:0width$}", width = digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4226, 5.4.
    #[test]
    fn the_example_of_the_standard() {
        let mac = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19,
            0xda, 0x8e, 0x94, 0x5b, 0x55, 0x5a,
        ];
        assert_eq!(truncated(&mac), Some(0x50ef_7f19));
        assert_eq!(in_digits(0x50ef_7f19, 6), "872921");
        assert_eq!(in_digits(0x50ef_7f19, 8), "57872921");
        assert_eq!(in_digits(7, 6), "000007");
        assert_eq!(truncated(&[0x0f; 4]), None);
    }
}
