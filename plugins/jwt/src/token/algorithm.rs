//! The algorithms that may sign a token. Those without a key and those with a shared one are not among
//! them, so that no token can ask for them.

use sdk::crypto::{Hash, Salt, Scheme, kind};

/// A signature algorithm of RFC 7518 or RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
    Ps256,
    Ps384,
    Ps512,
    EdDsa,
}

impl Algorithm {
    /// All, in the order in which refusals name them.
    pub(crate) const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::EdDsa,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// How the host verifies it.
    pub(crate) const fn scheme(self) -> Scheme {
        match self {
            Self::Rs256 => Scheme::RsaPkcs1V15(Hash::Sha2_256),
            Self::Rs384 => Scheme::RsaPkcs1V15(Hash::Sha2_384),
            Self::Rs512 => Scheme::RsaPkcs1V15(Hash::Sha2_512),
            Self::Es256 => Scheme::EcdsaFixed(Hash::Sha2_256),
            Self::Es384 => Scheme::EcdsaFixed(Hash::Sha2_384),
            Self::Es512 => Scheme::EcdsaFixed(Hash::Sha2_512),
            Self::Ps256 => Scheme::RsaPss(Hash::Sha2_256, Salt::AsHash),
            Self::Ps384 => Scheme::RsaPss(Hash::Sha2_384, Salt::AsHash),
            Self::Ps512 => Scheme::RsaPss(Hash::Sha2_512, Salt::AsHash),
            Self::EdDsa => Scheme::Native,
        }
    }

    /// May a key of this kind be used with it? ECDSA's algorithms name a curve each.
    pub(crate) fn fits(self, key_kind: &str) -> bool {
        match self {
            Self::Es256 => key_kind == kind::ECDSA_P256,
            Self::Es384 => key_kind == kind::ECDSA_P384,
            Self::Es512 => key_kind == kind::ECDSA_P521,
            Self::EdDsa => key_kind == kind::ED25519,
            _ => key_kind.starts_with("rsa-"),
        }
    }
}
