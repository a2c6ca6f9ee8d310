//! How identity tokens are signed.

use barrier::keys::{Hash, KeyKind, SignatureScheme};
use serde::{Deserialize, Serialize};

/// A signature algorithm of RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSA with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSA with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// ECDSA over P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA over P-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA over P-521.
    #[serde(rename = "ES512")]
    Es512,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// All of them, in the order in which they are published.
    pub const ALL: [Self; 7] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// As tokens name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads [`name`](Self::name); None for every other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) const fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyKind::Rsa2048,
            Self::Es256 => KeyKind::EcdsaP256,
            Self::Es384 => KeyKind::EcdsaP384,
            Self::Es512 => KeyKind::EcdsaP521,
            Self::EdDsa => KeyKind::Ed25519,
        }
    }

    pub(crate) const fn scheme(self) -> SignatureScheme {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 => SignatureScheme::RsaPkcs1V15(self.hash()),
            Self::Es256 | Self::Es384 | Self::Es512 => SignatureScheme::EcdsaFixed(self.hash()),
            Self::EdDsa => SignatureScheme::Native,
        }
    }

    /// The hash that goes with it.
    pub(crate) const fn hash(self) -> Hash {
        match self {
            Self::Rs256 | Self::Es256 => Hash::Sha2_256,
            Self::Rs384 | Self::Es384 => Hash::Sha2_384,
            Self::Rs512 | Self::Es512 | Self::EdDsa => Hash::Sha2_512,
        }
    }
}
