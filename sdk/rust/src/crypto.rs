//! Cryptography done by the host, with keys that never enter the component.
//!
//! A key is made under a name below one of the component's storage prefixes, whose rule decides where
//! it travels. What is held here is a handle. `wit/v0.1/crypto.wit` says what each function does.

use crate::host::{Host, HostKey};
use crate::{Ctx, Failure, FailureKind, KeyPage, internal, invalid};
use core::fmt;

/// Names of kinds of keys. A host may know more.
pub mod kind {
    /// AES-128-GCM with a 96-bit nonce.
    pub const AES128_GCM96: &str = "aes128-gcm96";
    /// AES-256-GCM with a 96-bit nonce.
    pub const AES256_GCM96: &str = "aes256-gcm96";
    /// ChaCha20-Poly1305.
    pub const CHACHA20_POLY1305: &str = "chacha20-poly1305";
    /// XChaCha20-Poly1305.
    pub const XCHACHA20_POLY1305: &str = "xchacha20-poly1305";
    /// Ed25519.
    pub const ED25519: &str = "ed25519";
    /// ECDSA over P-256.
    pub const ECDSA_P256: &str = "ecdsa-p256";
    /// ECDSA over P-384.
    pub const ECDSA_P384: &str = "ecdsa-p384";
    /// ECDSA over P-521.
    pub const ECDSA_P521: &str = "ecdsa-p521";
    /// RSA, 2048 bits.
    pub const RSA_2048: &str = "rsa-2048";
    /// RSA, 3072 bits.
    pub const RSA_3072: &str = "rsa-3072";
    /// RSA, 4096 bits.
    pub const RSA_4096: &str = "rsa-4096";
    /// HMAC.
    pub const HMAC: &str = "hmac";
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are named as they are called")]
pub enum Hash {
    Sha1,
    Sha2_224,
    Sha2_256,
    Sha2_384,
    Sha2_512,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// The host hashes it.
    Whole(&'a [u8]),
    /// Hashed already, with the scheme's hash.
    Hashed(&'a [u8]),
}

/// Length of the salt of RSA-PSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Salt {
    /// As long as can be; any, when verifying.
    Automatic,
    /// As long as the hash.
    AsHash,
    /// So many bytes.
    Bytes(u32),
}

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// The one that the kind prescribes: Ed25519.
    Native,
    /// ECDSA, ASN.1 DER.
    EcdsaDer(Hash),
    /// ECDSA, r‖s of fixed length.
    EcdsaFixed(Hash),
    /// RSA-PSS.
    RsaPss(Hash, Salt),
    /// RSA PKCS#1 v1.5.
    RsaPkcs1V15(Hash),
    /// The same over a hashed message, without the hash's name.
    RsaPkcs1V15Unnamed,
}

/// What a key is to be.
#[derive(Clone, Copy, Debug)]
pub struct KeyOptions<'a> {
    /// One of [`kind`].
    pub kind: &'a str,
    /// May its bytes ever be read? Fixed when it is made.
    pub exportable: bool,
    /// Length of an HMAC key; 0 for the usual one.
    pub bytes: u32,
}

impl<'a> KeyOptions<'a> {
    /// A key whose bytes nobody can read.
    pub const fn new(kind: &'a str) -> Self {
        Self {
            kind,
            exportable: false,
            bytes: 0,
        }
    }

    /// A key whose bytes can be read.
    #[must_use]
    pub const fn exportable(self) -> Self {
        Self {
            exportable: true,
            ..self
        }
    }
}

/// How a password is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordHash {
    /// The better one.
    Argon2id,
    /// For hashes that must be read elsewhere. At most 72 bytes.
    Bcrypt,
}

/// Why the host did not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CryptoError {
    /// The name lies outside every storage prefix.
    Undeclared(String),
    /// The name is not one.
    InvalidName(String),
    /// There is a key of that name.
    Exists,
    /// This key cannot do that.
    WrongKind(String),
    /// The host does not know the kind or scheme.
    Unsupported(String),
    /// Its bytes stay where they are.
    NotExportable,
    /// Forged, cut short, or of another key.
    NotAuthentic,
    /// Not what it should be.
    Malformed(String),
    /// Larger than this many bytes.
    TooLarge(u64),
    /// A change where only reading is allowed.
    ReadOnly,
    /// Not now.
    Unavailable,
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared(name) => write!(f, "{name:?} lies outside every storage prefix"),
            Self::InvalidName(name) => write!(f, "{name:?} is no name of a key"),
            Self::Exists => f.write_str("there is a key of that name"),
            Self::WrongKind(what) => write!(f, "the key cannot do that: {what}"),
            Self::Unsupported(what) => write!(f, "{what} is not supported"),
            Self::NotExportable => f.write_str("the key is not exportable"),
            Self::NotAuthentic => f.write_str("message authentication failed"),
            Self::Malformed(what) => write!(f, "malformed: {what}"),
            Self::TooLarge(limit) => write!(f, "larger than {limit} bytes"),
            Self::ReadOnly => f.write_str("a change where only reading is allowed"),
            Self::Unavailable => f.write_str("keys are unavailable"),
        }
    }
}

impl core::error::Error for CryptoError {}

/// For handlers that have nothing better to say.
impl From<CryptoError> for Failure {
    fn from(error: CryptoError) -> Self {
        let message = error.to_string();
        match error {
            CryptoError::Undeclared(_) | CryptoError::InvalidName(_) | CryptoError::ReadOnly => {
                internal(message)
            }
            CryptoError::Exists => Self::new(FailureKind::Conflict, message),
            CryptoError::Unavailable => Self::new(FailureKind::Unavailable, message),
            _ => invalid(message),
        }
    }
}

/// What the host says to a request for cryptography.
pub type CryptoResult<T> = Result<T, CryptoError>;

/// A handle on one version of one key.
pub struct Key(pub(crate) HostKey);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// What each of these does is said in `wit/v0.1/crypto.wit`.
#[allow(clippy::missing_errors_doc, reason = "`CryptoError` says it")]
impl Key {
    /// Its kind.
    pub fn kind(&self) -> String {
        self.0.kind()
    }

    /// May its bytes be read?
    pub fn is_exportable(&self) -> bool {
        self.0.exportable()
    }

    /// SubjectPublicKeyInfo, DER; none for symmetric keys.
    pub fn public(&self) -> Option<Vec<u8>> {
        self.0.public()
    }

    /// Nonce, ciphertext, tag.
    pub fn seal(&self, plaintext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
        self.0.seal(plaintext, associated)
    }

    /// Equal input gives equal output, and shows as equal.
    pub fn seal_convergent(&self, plaintext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
        self.0.seal_convergent(plaintext, associated)
    }

    /// Opens what `seal` or `seal_convergent` gave.
    pub fn open(&self, ciphertext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
        self.0.open(ciphertext, associated)
    }

    /// RSA-OAEP.
    pub fn encrypt_asymmetric(&self, plaintext: &[u8], hash: Hash) -> CryptoResult<Vec<u8>> {
        self.0.encrypt_asymmetric(plaintext, hash)
    }

    /// RSA-OAEP.
    pub fn decrypt_asymmetric(&self, ciphertext: &[u8], hash: Hash) -> CryptoResult<Vec<u8>> {
        self.0.decrypt_asymmetric(ciphertext, hash)
    }

    /// A signature.
    pub fn sign(&self, message: Message<'_>, scheme: Scheme) -> CryptoResult<Vec<u8>> {
        self.0.sign(message, scheme)
    }

    /// Is the signature this key's?
    pub fn verify(
        &self,
        message: Message<'_>,
        scheme: Scheme,
        signature: &[u8],
    ) -> CryptoResult<bool> {
        self.0.verify(message, scheme, signature)
    }

    /// HMAC.
    pub fn mac(&self, input: &[u8], hash: Hash) -> CryptoResult<Vec<u8>> {
        self.0.mac(input, hash)
    }

    /// Is it this key's HMAC?
    pub fn verify_mac(&self, input: &[u8], hash: Hash, mac: &[u8]) -> CryptoResult<bool> {
        self.0.verify_mac(input, hash, mac)
    }

    /// A key of the same kind that follows from this one and the context.
    pub fn derive(&self, context: &[u8]) -> CryptoResult<Self> {
        self.0.derive(context).map(Self)
    }

    /// The bytes of an exportable key.
    pub fn export(&self) -> CryptoResult<Vec<u8>> {
        self.0.export()
    }

    /// The bytes of an exportable key, wrapped by another key.
    pub fn wrap(&self, by: &Self, hash: Hash) -> CryptoResult<Vec<u8>> {
        self.0.wrap(&by.0, hash)
    }
}

/// Keys and cryptography.
#[allow(clippy::missing_errors_doc, reason = "`CryptoError` says it")]
impl Ctx {
    /// Makes a key and stores it under `name`.
    pub fn make_key(&mut self, name: &str, options: KeyOptions<'_>) -> CryptoResult<Key> {
        self.host.make_key(name, options).map(Key)
    }

    /// The key of that name; none where there is none.
    pub fn open_key(&self, name: &str) -> CryptoResult<Option<Key>> {
        Ok(self.host.open_key(name)?.map(Key))
    }

    /// Stores a key whose bytes come from elsewhere.
    pub fn import_key(
        &mut self,
        name: &str,
        options: KeyOptions<'_>,
        material: &[u8],
    ) -> CryptoResult<Key> {
        self.host.import_key(name, options, material).map(Key)
    }

    /// As `import_key`, of bytes that only `by` can unwrap.
    pub fn import_wrapped_key(
        &mut self,
        name: &str,
        options: KeyOptions<'_>,
        wrapped: &[u8],
        by: &Key,
        hash: Hash,
    ) -> CryptoResult<Key> {
        self.host
            .import_wrapped(name, options, wrapped, &by.0, hash)
            .map(Key)
    }

    /// Stores the symmetric key that `own` and `peer` agree on.
    pub fn agree_key(
        &mut self,
        name: &str,
        options: KeyOptions<'_>,
        own: &Key,
        peer: &Key,
    ) -> CryptoResult<Key> {
        self.host.agree_key(name, options, &own.0, &peer.0).map(Key)
    }

    /// Removes a key, which need not be there.
    pub fn delete_key(&mut self, name: &str) -> CryptoResult<()> {
        self.host.delete_key(name)
    }

    /// Names of keys below a prefix, as `list_page` has those of entries.
    pub fn key_names(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> CryptoResult<KeyPage> {
        self.host.key_names(prefix, after, limit)
    }

    /// A key that is gone with the call.
    pub fn make_ephemeral_key(&self, options: KeyOptions<'_>) -> CryptoResult<Key> {
        self.host.make_ephemeral(options).map(Key)
    }

    /// A key that verifies and encrypts, from SubjectPublicKeyInfo.
    pub fn public_key(&self, subject_public_key_info: &[u8]) -> CryptoResult<Key> {
        self.host.public_key(subject_public_key_info).map(Key)
    }

    /// A hash.
    pub fn digest(&self, hash: Hash, input: &[u8]) -> Vec<u8> {
        self.host.digest(hash, input)
    }

    /// Are they equal? In constant time for equal lengths.
    pub fn equal(&self, left: &[u8], right: &[u8]) -> bool {
        Host::equal(left, right)
    }

    /// A hash to store in place of a password.
    pub fn hash_password(&self, algorithm: PasswordHash, password: &str) -> CryptoResult<String> {
        self.host.hash_password(algorithm, password)
    }

    /// Is it the password? Without a hash, for a user who is not there, no: after as long a time.
    pub fn verify_password(&self, hash: Option<&str>, password: &str) -> CryptoResult<bool> {
        self.host.verify_password(hash, password)
    }
}
