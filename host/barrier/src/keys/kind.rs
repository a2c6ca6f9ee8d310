//! Kinds of keys.

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// AES-128 in Galois/counter mode.
    Aes128Gcm96,
    /// AES-256 in Galois/counter mode.
    Aes256Gcm96,
    /// RFC 8439.
    ChaCha20Poly1305,
    /// ChaCha20-Poly1305 with a nonce of 24 bytes.
    XChaCha20Poly1305,
    /// RFC 8032.
    Ed25519,
    /// ECDSA over P-256.
    EcdsaP256,
    /// ECDSA over P-384.
    EcdsaP384,
    /// ECDSA over P-521.
    EcdsaP521,
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// HMAC, of any length.
    Hmac,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Aes128Gcm96,
        Self::Aes256Gcm96,
        Self::ChaCha20Poly1305,
        Self::XChaCha20Poly1305,
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Hmac,
    ];

    /// The name that components use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Gcm96 => "aes128-gcm96",
            Self::Aes256Gcm96 => "aes256-gcm96",
            Self::ChaCha20Poly1305 => "chacha20-poly1305",
            Self::XChaCha20Poly1305 => "xchacha20-poly1305",
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::EcdsaP521 => "ecdsa-p521",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::Hmac => "hmac",
        }
    }

    /// Reads [`name`](Self::name); None for every other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The byte in a stored record. Never changes its meaning.
    pub(crate) const fn to_byte(self) -> u8 {
        match self {
            Self::Aes128Gcm96 => 1,
            Self::Aes256Gcm96 => 2,
            Self::ChaCha20Poly1305 => 3,
            Self::XChaCha20Poly1305 => 4,
            Self::Ed25519 => 5,
            Self::EcdsaP256 => 6,
            Self::EcdsaP384 => 7,
            Self::EcdsaP521 => 8,
            Self::Rsa2048 => 9,
            Self::Rsa3072 => 10,
            Self::Rsa4096 => 11,
            Self::Hmac => 12,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_byte() == byte)
    }

    /// How long its modulus is, for RSA.
    pub(crate) const fn rsa_bits(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            _ => None,
        }
    }

    /// How long the key is, for ciphers.
    pub(crate) const fn cipher_key_bytes(self) -> Option<usize> {
        match self {
            Self::Aes128Gcm96 => Some(16),
            Self::Aes256Gcm96 | Self::ChaCha20Poly1305 | Self::XChaCha20Poly1305 => Some(32),
            _ => None,
        }
    }
}
