//! Types of keys, and what each can do.

use sdk::{Result, crypto, invalid};
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($name:ident = $text:path;)*) => {
        /// A type of key. Its text is the host's name for the kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub(crate) enum Kind {
            $($name,)*
        }

        impl Kind {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// As callers and the host call it.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Aes128Gcm96 = crypto::kind::AES128_GCM96;
    Aes256Gcm96 = crypto::kind::AES256_GCM96;
    ChaCha20Poly1305 = crypto::kind::CHACHA20_POLY1305;
    XChaCha20Poly1305 = crypto::kind::XCHACHA20_POLY1305;
    Ed25519 = crypto::kind::ED25519;
    EcdsaP256 = crypto::kind::ECDSA_P256;
    EcdsaP384 = crypto::kind::ECDSA_P384;
    EcdsaP521 = crypto::kind::ECDSA_P521;
    Rsa2048 = crypto::kind::RSA_2048;
    Rsa3072 = crypto::kind::RSA_3072;
    Rsa4096 = crypto::kind::RSA_4096;
    Hmac = crypto::kind::HMAC;
}

impl From<Kind> for &'static str {
    fn from(kind: Kind) -> Self {
        kind.name()
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("unknown key type {name}"))
    }
}

impl Kind {
    /// The type that a caller names.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        Self::from_name(name).ok_or_else(|| invalid(format!("unknown key type {name}")))
    }

    /// Encrypts symmetrically, with associated data.
    pub(crate) const fn is_cipher(self) -> bool {
        self.nonce_bytes() > 0
    }

    /// How long the nonce before a ciphertext is; 0 for what is no cipher.
    pub(crate) const fn nonce_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm96 | Self::Aes256Gcm96 | Self::ChaCha20Poly1305 => 12,
            Self::XChaCha20Poly1305 => 24,
            _ => 0,
        }
    }

    pub(crate) const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    pub(crate) const fn is_ecdsa(self) -> bool {
        matches!(self, Self::EcdsaP256 | Self::EcdsaP384 | Self::EcdsaP521)
    }

    /// Has it a public half?
    pub(crate) const fn is_asymmetric(self) -> bool {
        self.signs()
    }

    pub(crate) const fn encrypts(self) -> bool {
        self.is_cipher() || self.is_rsa()
    }

    pub(crate) const fn signs(self) -> bool {
        self.is_rsa() || self.is_ecdsa() || matches!(self, Self::Ed25519)
    }

    /// Can each context have a key of its own?
    pub(crate) const fn derives(self) -> bool {
        self.is_cipher() || matches!(self, Self::Ed25519)
    }

    /// How the algorithm is called where a public key is shown.
    pub(crate) const fn algorithm(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "P-256",
            Self::EcdsaP384 => "P-384",
            Self::EcdsaP521 => "P-521",
            other => other.name(),
        }
    }

    /// What is said of a ciphertext that is not this key's.
    pub(crate) const fn not_authentic(self) -> &'static str {
        match self {
            Self::ChaCha20Poly1305 | Self::XChaCha20Poly1305 => {
                "chacha20poly1305: message authentication failed"
            }
            Self::Aes128Gcm96 | Self::Aes256Gcm96 => "cipher: message authentication failed",
            _ => "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error",
        }
    }

    /// Refuses derivation where the type has none.
    pub(crate) fn check_derivation(self, derived: bool, convergent: bool) -> Result<()> {
        let name = self.name();
        if derived && !self.derives() {
            return Err(invalid(format!(
                "key derivation and convergent encryption not supported for keys of type {name}"
            )));
        }
        if convergent && !self.is_cipher() {
            return Err(invalid(format!(
                "convergent encryption not supported for keys of type {name}"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_does_something_and_reads_back() {
        for kind in Kind::ALL.iter().copied() {
            let text = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&text).unwrap(), kind);
            assert_eq!(Kind::parse(kind.name()), Ok(kind));
            let uses = [kind.encrypts(), kind.signs(), kind == Kind::Hmac];
            assert!(uses.contains(&true), "{kind:?}");
            assert_eq!(kind.check_derivation(true, false).is_ok(), kind.derives());
            assert_eq!(kind.check_derivation(true, true).is_ok(), kind.is_cipher());
        }
        assert!(Kind::parse("AES256-GCM96").is_err());
        assert!(serde_json::from_str::<Kind>("\"enigma\"").is_err());
    }
}
