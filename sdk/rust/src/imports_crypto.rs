//! The host's cryptography, in a component.

use crate::KeyPage;
use crate::bindings::host::casemate::plugin::crypto as host;
use crate::crypto::{
    CryptoError, CryptoResult, Hash, KeyOptions, Message, PasswordHash, Salt, Scheme,
};
use crate::host::Host;

pub(crate) struct HostKey(host::Key);

fn error(error: host::Error) -> CryptoError {
    match error {
        host::Error::Undeclared(name) => CryptoError::Undeclared(name),
        host::Error::InvalidName(name) => CryptoError::InvalidName(name),
        host::Error::Exists => CryptoError::Exists,
        host::Error::WrongKind(what) => CryptoError::WrongKind(what),
        host::Error::Unsupported(what) => CryptoError::Unsupported(what),
        host::Error::NotExportable => CryptoError::NotExportable,
        host::Error::NotAuthentic => CryptoError::NotAuthentic,
        host::Error::Malformed(what) => CryptoError::Malformed(what),
        host::Error::TooLarge(limit) => CryptoError::TooLarge(limit),
        host::Error::ReadOnly => CryptoError::ReadOnly,
        host::Error::Unavailable => CryptoError::Unavailable,
    }
}

const fn hash(hash: Hash) -> host::Hash {
    match hash {
        Hash::Sha1 => host::Hash::Sha1,
        Hash::Sha2_224 => host::Hash::Sha2224,
        Hash::Sha2_256 => host::Hash::Sha2256,
        Hash::Sha2_384 => host::Hash::Sha2384,
        Hash::Sha2_512 => host::Hash::Sha2512,
        Hash::Sha3_224 => host::Hash::Sha3224,
        Hash::Sha3_256 => host::Hash::Sha3256,
        Hash::Sha3_384 => host::Hash::Sha3384,
        Hash::Sha3_512 => host::Hash::Sha3512,
    }
}

fn message(message: Message<'_>) -> host::Message {
    match message {
        Message::Whole(bytes) => host::Message::Whole(bytes.to_vec()),
        Message::Hashed(bytes) => host::Message::Hashed(bytes.to_vec()),
    }
}

fn scheme(scheme: Scheme) -> host::SignatureScheme {
    match scheme {
        Scheme::Native => host::SignatureScheme::Native,
        Scheme::EcdsaDer(one) => host::SignatureScheme::EcdsaDer(hash(one)),
        Scheme::EcdsaFixed(one) => host::SignatureScheme::EcdsaFixed(hash(one)),
        Scheme::RsaPss(one, salt) => host::SignatureScheme::RsaPss(host::Pss {
            hash: hash(one),
            salt: match salt {
                Salt::Automatic => host::SaltLength::Automatic,
                Salt::AsHash => host::SaltLength::AsHash,
                Salt::Bytes(bytes) => host::SaltLength::Bytes(bytes),
            },
        }),
        Scheme::RsaPkcs1V15(one) => host::SignatureScheme::RsaPkcs1V15(hash(one)),
        Scheme::RsaPkcs1V15Unnamed => host::SignatureScheme::RsaPkcs1V15Unnamed,
    }
}

fn options(options: KeyOptions<'_>) -> host::KeyOptions {
    host::KeyOptions {
        kind: options.kind.into(),
        exportable: options.exportable,
        bytes: options.bytes,
    }
}

impl HostKey {
    pub(crate) fn kind(&self) -> String {
        self.0.kind()
    }

    pub(crate) fn exportable(&self) -> bool {
        self.0.exportable()
    }

    pub(crate) fn public(&self) -> Option<Vec<u8>> {
        self.0.public()
    }

    pub(crate) fn seal(&self, plaintext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
        self.0.seal(plaintext, associated).map_err(error)
    }

    pub(crate) fn seal_convergent(
        &self,
        plaintext: &[u8],
        associated: &[u8],
    ) -> CryptoResult<Vec<u8>> {
        self.0.seal_convergent(plaintext, associated).map_err(error)
    }

    pub(crate) fn open(&self, ciphertext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
        self.0.open(ciphertext, associated).map_err(error)
    }

    pub(crate) fn encrypt_asymmetric(&self, plaintext: &[u8], by: Hash) -> CryptoResult<Vec<u8>> {
        self.0
            .encrypt_asymmetric(plaintext, hash(by))
            .map_err(error)
    }

    pub(crate) fn decrypt_asymmetric(&self, ciphertext: &[u8], by: Hash) -> CryptoResult<Vec<u8>> {
        self.0
            .decrypt_asymmetric(ciphertext, hash(by))
            .map_err(error)
    }

    pub(crate) fn sign(&self, what: Message<'_>, how: Scheme) -> CryptoResult<Vec<u8>> {
        self.0.sign(&message(what), scheme(how)).map_err(error)
    }

    pub(crate) fn verify(
        &self,
        what: Message<'_>,
        how: Scheme,
        signature: &[u8],
    ) -> CryptoResult<bool> {
        self.0
            .verify(&message(what), scheme(how), signature)
            .map_err(error)
    }

    pub(crate) fn mac(&self, input: &[u8], by: Hash) -> CryptoResult<Vec<u8>> {
        self.0.mac(input, hash(by)).map_err(error)
    }

    pub(crate) fn verify_mac(&self, input: &[u8], by: Hash, mac: &[u8]) -> CryptoResult<bool> {
        self.0.verify_mac(input, hash(by), mac).map_err(error)
    }

    pub(crate) fn derive(&self, context: &[u8]) -> CryptoResult<Self> {
        self.0.derive(context).map(Self).map_err(error)
    }

    pub(crate) fn export(&self) -> CryptoResult<Vec<u8>> {
        self.0.export().map_err(error)
    }

    pub(crate) fn wrap(&self, by: &Self, with: Hash) -> CryptoResult<Vec<u8>> {
        self.0.wrap(&by.0, hash(with)).map_err(error)
    }
}

impl Host {
    pub(crate) fn make_key(&self, name: &str, how: KeyOptions<'_>) -> CryptoResult<HostKey> {
        host::make_key(name, &options(how))
            .map(HostKey)
            .map_err(error)
    }

    pub(crate) fn open_key(&self, name: &str) -> CryptoResult<Option<HostKey>> {
        host::open_key(name)
            .map(|key| key.map(HostKey))
            .map_err(error)
    }

    pub(crate) fn import_key(
        &self,
        name: &str,
        how: KeyOptions<'_>,
        material: &[u8],
    ) -> CryptoResult<HostKey> {
        host::import_key(name, &options(how), material)
            .map(HostKey)
            .map_err(error)
    }

    pub(crate) fn import_wrapped(
        &self,
        name: &str,
        how: KeyOptions<'_>,
        wrapped: &[u8],
        by: &HostKey,
        with: Hash,
    ) -> CryptoResult<HostKey> {
        let imported = host::import_wrapped(name, &options(how), wrapped, &by.0, hash(with));
        imported.map(HostKey).map_err(error)
    }

    pub(crate) fn agree_key(
        &self,
        name: &str,
        how: KeyOptions<'_>,
        own: &HostKey,
        peer: &HostKey,
    ) -> CryptoResult<HostKey> {
        let agreed = host::agree_key(name, &options(how), &own.0, &peer.0);
        agreed.map(HostKey).map_err(error)
    }

    pub(crate) fn delete_key(&self, name: &str) -> CryptoResult<()> {
        host::delete_key(name).map_err(error)
    }

    pub(crate) fn key_names(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> CryptoResult<KeyPage> {
        let page = host::list_keys(prefix, after, limit).map_err(error)?;
        Ok(KeyPage {
            keys: page.names,
            next: page.next,
        })
    }

    pub(crate) fn make_ephemeral(&self, how: KeyOptions<'_>) -> CryptoResult<HostKey> {
        host::make_ephemeral(&options(how))
            .map(HostKey)
            .map_err(error)
    }

    pub(crate) fn public_key(&self, info: &[u8]) -> CryptoResult<HostKey> {
        host::public_key(info).map(HostKey).map_err(error)
    }

    pub(crate) fn digest(&self, by: Hash, input: &[u8]) -> Vec<u8> {
        host::digest(hash(by), input)
    }

    pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
        host::equal(left, right)
    }

    pub(crate) fn hash_password(&self, by: PasswordHash, password: &str) -> CryptoResult<String> {
        let by = match by {
            PasswordHash::Argon2id => host::PasswordHash::Argon2id,
            PasswordHash::Bcrypt => host::PasswordHash::Bcrypt,
        };
        host::hash_password(by, password).map_err(error)
    }

    pub(crate) fn verify_password(&self, hash: Option<&str>, password: &str) -> CryptoResult<bool> {
        host::verify_password(hash, password).map_err(error)
    }
}
