//! What is wrong with a key.

/// Why a text is no key that can be encrypted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It names a key of Keybase.
    #[error("keys of Keybase are not fetched, give the public key itself")]
    Keybase,
    /// It is longer than [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) allows.
    #[error("the key is longer than 262144 bytes")]
    TooLong,
    /// It is neither Base64 nor armored.
    #[error("the key is neither Base64 nor ASCII-armored")]
    NotText,
    /// Its packets cannot be told apart, or do not have the form that they say.
    #[error("the key is malformed: {0}")]
    Malformed(&'static str),
    /// It has a private half.
    #[error("the key is a private one, and should be changed now that it was sent")]
    Private,
    /// There are others beside it.
    #[error("more than one key is given where one is expected")]
    NotOne,
    /// It is of a version that GnuPG's messages are not made for.
    #[error("the key is of version {0}, not 4")]
    Version(u8),
    /// Its primary key is of a kind whose signatures cannot be looked at.
    #[error(
        "the primary key is neither RSA of 2048 to 8192 bits nor of the curves Ed25519, P-256, P-384 and P-521"
    )]
    Signer,
    /// Nothing that the primary key signed says what the key is for.
    #[error("the key has no valid self-signature with SHA-256, SHA-384 or SHA-512")]
    Unsigned,
    /// It carries more signatures that would have to be looked at than a key of a person has.
    #[error("the key has too many signatures")]
    TooManySignatures,
    /// Its owner took it back.
    #[error("the key is revoked")]
    Revoked,
    /// Its time is over.
    #[error("the key has expired")]
    Expired,
    /// It has no part that may encrypt now, of a kind that can be encrypted to.
    #[error(
        "the key has no valid part for encryption that is RSA of 2048 to 8192 bits or of the curves Curve25519, P-256, P-384 and P-521"
    )]
    NoEncryption,
}

/// A secret could not be encrypted, which [`Recipient::read`](crate::Recipient::read) makes sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("encrypting to the PGP key failed")]
pub struct EncryptError;
