//! A stand-in for the host's cryptography: it keeps the rules (kinds, names, export, what opens what)
//! and none of the secrets. Of the hashes only SHA-256 is real; signatures and ciphertexts have the
//! shape of real ones to a component that does not look inside, and no other program can read them.

use super::bench::Bench;
use super::sha256::sha256;
use crate::KeyPage;
use crate::context::StorageError;
use crate::crypto::{CryptoError, CryptoResult, Hash, KeyOptions, Message, PasswordHash, Scheme};
use crate::host::Host;

/// Real public keys, for a component that checks signatures which others made.
#[derive(Clone, Copy, Debug)]
pub struct PublicKeys {
    /// Which kind of key a SubjectPublicKeyInfo holds; none where it is none that is known.
    pub kind: fn(&[u8]) -> Option<String>,
    /// Is it the signature of the key (SubjectPublicKeyInfo) over the message?
    pub verify: fn(&[u8], Message<'_>, Scheme, &[u8]) -> CryptoResult<bool>,
}

/// A key, handle and all.
#[derive(Clone, Debug)]
pub(crate) struct HostKey {
    kind: String,
    exportable: bool,
    /// None where only the public half is known.
    secret: Option<Vec<u8>>,
    public: Vec<u8>,
    nonce: [u8; 12],
    /// What verifies, where the key is a real one.
    real: Option<PublicKeys>,
}

const PUBLIC_MARK: &[u8] = b"stand-in public key:";
const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

fn is_aead(kind: &str) -> bool {
    matches!(
        kind,
        "aes128-gcm96" | "aes256-gcm96" | "chacha20-poly1305" | "xchacha20-poly1305"
    )
}

fn is_asymmetric(kind: &str) -> bool {
    kind == "ed25519" || kind.starts_with("ecdsa-") || kind.starts_with("rsa-")
}

impl HostKey {
    fn new(options: KeyOptions<'_>, secret: Vec<u8>) -> CryptoResult<Self> {
        let kind = options.kind;
        if !is_aead(kind) && !is_asymmetric(kind) && kind != "hmac" {
            return Err(CryptoError::Unsupported(kind.into()));
        }
        if secret.is_empty() {
            return Err(CryptoError::Malformed("no key".into()));
        }
        let half = sha256(&[b"public", kind.as_bytes(), &secret]);
        Ok(Self {
            kind: kind.into(),
            exportable: options.exportable,
            public: [PUBLIC_MARK, kind.as_bytes(), b":", &half].concat(),
            nonce: [0; NONCE_BYTES],
            real: None,
            secret: Some(secret),
        })
    }

    fn secret(&self) -> CryptoResult<&[u8]> {
        let secret = self.secret.as_deref();
        secret.ok_or_else(|| CryptoError::WrongKind("only its public half is known".into()))
    }

    fn must_be(&self, is: bool, what: &str) -> CryptoResult<()> {
        match is {
            true => Ok(()),
            false => Err(CryptoError::WrongKind(format!(
                "{} cannot {what}",
                self.kind
            ))),
        }
    }

    pub(crate) fn kind(&self) -> String {
        self.kind.clone()
    }

    pub(crate) fn exportable(&self) -> bool {
        self.exportable
    }

    pub(crate) fn public(&self) -> Option<Vec<u8>> {
        is_asymmetric(&self.kind).then(|| self.public.clone())
    }

    pub(crate) fn seal(&self, plaintext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
        self.must_be(is_aead(&self.kind), "seal")?;
        Ok(sealed(self.secret()?, &self.nonce, plaintext, associated))
    }

    pub(crate) fn seal_convergent(
        &self,
        plaintext: &[u8],
        associated: &[u8],
    ) -> CryptoResult<Vec<u8>> {
        self.must_be(is_aead(&self.kind), "seal")?;
        let digest = sha256(&[self.secret()?, b"nonce", plaintext, associated]);
        let nonce = digest.get(..NONCE_BYTES).unwrap_or_default();
        Ok(sealed(self.secret()?, nonce, plaintext, associated))
    }

    pub(crate) fn open(&self, ciphertext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
        self.must_be(is_aead(&self.kind), "open")?;
        opened(self.secret()?, ciphertext, associated)
    }

    pub(crate) fn encrypt_asymmetric(&self, plaintext: &[u8], _: Hash) -> CryptoResult<Vec<u8>> {
        self.must_be(self.kind.starts_with("rsa-"), "encrypt")?;
        Ok(sealed(&self.public, &self.nonce, plaintext, b"oaep"))
    }

    pub(crate) fn decrypt_asymmetric(&self, ciphertext: &[u8], _: Hash) -> CryptoResult<Vec<u8>> {
        self.must_be(self.kind.starts_with("rsa-"), "decrypt")?;
        self.secret()?;
        opened(&self.public, ciphertext, b"oaep")
    }

    pub(crate) fn sign(&self, message: Message<'_>, scheme: Scheme) -> CryptoResult<Vec<u8>> {
        self.secret()?;
        self.signature(message, scheme)
    }

    fn signature(&self, message: Message<'_>, scheme: Scheme) -> CryptoResult<Vec<u8>> {
        let prefix = match scheme {
            Scheme::Native => "ed25519",
            Scheme::EcdsaDer(_) | Scheme::EcdsaFixed(_) => "ecdsa-",
            Scheme::RsaPss(..) | Scheme::RsaPkcs1V15(_) | Scheme::RsaPkcs1V15Unnamed => "rsa-",
        };
        self.must_be(
            self.kind.starts_with(prefix),
            &format!("sign by {scheme:?}"),
        )?;
        let digest = match (message, scheme) {
            (Message::Hashed(_), Scheme::Native) => {
                return Err(CryptoError::Malformed(
                    "this scheme signs whole messages".into(),
                ));
            }
            (Message::Hashed(digest), _) => digest.to_vec(),
            (Message::Whole(bytes), _) => sha256(&[bytes]).to_vec(),
        };
        Ok(sha256(&[&self.public, format!("{scheme:?}").as_bytes(), &digest]).to_vec())
    }

    pub(crate) fn verify(
        &self,
        message: Message<'_>,
        scheme: Scheme,
        signature: &[u8],
    ) -> CryptoResult<bool> {
        match self.real {
            Some(real) => (real.verify)(&self.public, message, scheme, signature),
            None => Ok(self.signature(message, scheme)? == signature),
        }
    }

    pub(crate) fn mac(&self, input: &[u8], hash: Hash) -> CryptoResult<Vec<u8>> {
        self.must_be(self.kind == "hmac", "make a code")?;
        let mut block = self.secret()?.to_vec();
        if block.len() > 64 {
            block = sha256(&[&block]).to_vec();
        }
        block.resize(64, 0);
        let pad = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
        let mark = hash_mark(hash);
        let inner = sha256(&[&pad(0x36), mark, input]);
        let outer = sha256(&[&pad(0x5c), mark, &inner]);
        Ok(stretched(&outer, hash_bytes(hash)))
    }

    pub(crate) fn verify_mac(&self, input: &[u8], hash: Hash, mac: &[u8]) -> CryptoResult<bool> {
        Ok(self.mac(input, hash)? == mac)
    }

    pub(crate) fn derive(&self, context: &[u8]) -> CryptoResult<Self> {
        let can = is_aead(&self.kind) || matches!(self.kind.as_str(), "hmac" | "ed25519");
        self.must_be(can, "derive")?;
        let secret = sha256(&[b"derived", self.secret()?, context]).to_vec();
        let mut derived = Self::new(KeyOptions::new(&self.kind), secret)?;
        derived.nonce = self.nonce;
        Ok(derived)
    }

    pub(crate) fn export(&self) -> CryptoResult<Vec<u8>> {
        match self.exportable {
            true => self.secret().map(<[u8]>::to_vec),
            false => Err(CryptoError::NotExportable),
        }
    }

    pub(crate) fn wrap(&self, by: &Self, hash: Hash) -> CryptoResult<Vec<u8>> {
        let secret = self.export()?;
        match by.kind.starts_with("rsa-") {
            true => by.encrypt_asymmetric(&secret, hash),
            false => by.seal(&secret, b"wrapped"),
        }
    }

    fn unwrap_key(&self, wrapped: &[u8], hash: Hash) -> CryptoResult<Vec<u8>> {
        match self.kind.starts_with("rsa-") {
            true => self.decrypt_asymmetric(wrapped, hash),
            false => self.open(wrapped, b"wrapped"),
        }
    }
}

fn sealed(key: &[u8], nonce: &[u8], plaintext: &[u8], associated: &[u8]) -> Vec<u8> {
    let hidden = masked(key, nonce, plaintext);
    let tag = sha256(&[key, nonce, associated, &hidden]);
    [nonce, &hidden, tag.get(..TAG_BYTES).unwrap_or_default()].concat()
}

fn opened(key: &[u8], ciphertext: &[u8], associated: &[u8]) -> CryptoResult<Vec<u8>> {
    let (nonce, rest) = ciphertext
        .split_at_checked(NONCE_BYTES)
        .ok_or(CryptoError::NotAuthentic)?;
    let hidden = rest
        .len()
        .checked_sub(TAG_BYTES)
        .and_then(|length| rest.get(..length));
    let plaintext = masked(key, nonce, hidden.ok_or(CryptoError::NotAuthentic)?);
    match sealed(key, nonce, &plaintext, associated) == ciphertext {
        true => Ok(plaintext),
        false => Err(CryptoError::NotAuthentic),
    }
}

fn masked(key: &[u8], nonce: &[u8], bytes: &[u8]) -> Vec<u8> {
    let blocks = (0_u64..).flat_map(|count| sha256(&[b"mask", key, nonce, &count.to_be_bytes()]));
    bytes
        .iter()
        .zip(blocks)
        .map(|(byte, mask)| byte ^ mask)
        .collect()
}

const fn hash_bytes(hash: Hash) -> usize {
    match hash {
        Hash::Sha1 => 20,
        Hash::Sha2_224 | Hash::Sha3_224 => 28,
        Hash::Sha2_256 | Hash::Sha3_256 => 32,
        Hash::Sha2_384 | Hash::Sha3_384 => 48,
        Hash::Sha2_512 | Hash::Sha3_512 => 64,
    }
}

/// Nothing for the one real hash, so that it is real.
const fn hash_mark(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Sha2_256 => b"",
        Hash::Sha1 => b"sha1",
        Hash::Sha2_224 => b"sha2-224",
        Hash::Sha2_384 => b"sha2-384",
        Hash::Sha2_512 => b"sha2-512",
        Hash::Sha3_224 => b"sha3-224",
        Hash::Sha3_256 => b"sha3-256",
        Hash::Sha3_384 => b"sha3-384",
        Hash::Sha3_512 => b"sha3-512",
    }
}

fn stretched(digest: &[u8; 32], bytes: usize) -> Vec<u8> {
    let more = sha256(&[b"more", digest]);
    digest.iter().chain(&more).copied().take(bytes).collect()
}

impl From<StorageError> for CryptoError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Undeclared(name) => Self::Undeclared(name),
            StorageError::InvalidKey(name) => Self::InvalidName(name),
            StorageError::TooLarge(limit) => Self::TooLarge(limit),
            StorageError::ReadOnly => Self::ReadOnly,
            StorageError::Conflict | StorageError::Unavailable => Self::Unavailable,
        }
    }
}

impl Host {
    fn store(bench: &mut Bench, name: &str, key: HostKey) -> CryptoResult<HostKey> {
        bench.count()?;
        bench.check_key(name)?;
        if bench.is_read_only {
            return Err(CryptoError::ReadOnly);
        }
        if bench.key(name).is_some() {
            return Err(CryptoError::Exists);
        }
        bench.keys_written.insert(name.into(), Some(key.clone()));
        Ok(key)
    }

    pub(crate) fn make_key(&self, name: &str, options: KeyOptions<'_>) -> CryptoResult<HostKey> {
        let key = self.make_ephemeral(options)?;
        Self::store(&mut self.0.borrow_mut(), name, key)
    }

    pub(crate) fn make_ephemeral(&self, options: KeyOptions<'_>) -> CryptoResult<HostKey> {
        let length = if options.bytes == 0 {
            32
        } else {
            options.bytes
        };
        if options.kind == "hmac" && length < 16 {
            return Err(CryptoError::Malformed(
                "an hmac key has at least 16 bytes".into(),
            ));
        }
        HostKey::new(options, self.random_bytes(length))
    }

    pub(crate) fn open_key(&self, name: &str) -> CryptoResult<Option<HostKey>> {
        let mut bench = self.0.borrow_mut();
        bench.count()?;
        bench.check_key(name)?;
        let mut key = bench.key(name).cloned();
        // Each handle draws its nonce here, which a stand-in may.
        let drawn = bench.random_bytes(12);
        if let Some(key) = &mut key {
            for (slot, byte) in key.nonce.iter_mut().zip(drawn) {
                *slot = byte;
            }
        }
        Ok(key)
    }

    pub(crate) fn import_key(
        &self,
        name: &str,
        options: KeyOptions<'_>,
        material: &[u8],
    ) -> CryptoResult<HostKey> {
        let key = HostKey::new(options, material.to_vec())?;
        Self::store(&mut self.0.borrow_mut(), name, key)
    }

    pub(crate) fn import_wrapped(
        &self,
        name: &str,
        options: KeyOptions<'_>,
        wrapped: &[u8],
        by: &HostKey,
        hash: Hash,
    ) -> CryptoResult<HostKey> {
        self.import_key(name, options, &by.unwrap_key(wrapped, hash)?)
    }

    pub(crate) fn agree_key(
        &self,
        name: &str,
        options: KeyOptions<'_>,
        own: &HostKey,
        peer: &HostKey,
    ) -> CryptoResult<HostKey> {
        own.secret()?;
        own.must_be(own.kind.starts_with("ecdsa-"), "agree")?;
        peer.must_be(peer.kind == own.kind, "agree with a key on another curve")?;
        // The same on either side.
        let mut halves = [&own.public, &peer.public];
        halves.sort();
        let agreed = sha256(&[b"agreed", halves[0], halves[1]]);
        self.import_key(name, options, &agreed)
    }

    pub(crate) fn delete_key(&self, name: &str) -> CryptoResult<()> {
        let mut bench = self.0.borrow_mut();
        bench.count()?;
        bench.check_key(name)?;
        if bench.is_read_only {
            return Err(CryptoError::ReadOnly);
        }
        bench.keys_written.insert(name.into(), None);
        Ok(())
    }

    pub(crate) fn key_names(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> CryptoResult<KeyPage> {
        Ok(self.0.borrow_mut().key_names(prefix, after, limit)?)
    }

    pub(crate) fn public_key(&self, info: &[u8]) -> CryptoResult<HostKey> {
        let malformed = || CryptoError::Malformed("not a public key".into());
        if let Some(real) = self.0.borrow().public_keys {
            return Ok(HostKey {
                kind: (real.kind)(info).ok_or_else(malformed)?,
                exportable: false,
                secret: None,
                public: info.to_vec(),
                nonce: [0; NONCE_BYTES],
                real: Some(real),
            });
        }
        let rest = info.strip_prefix(PUBLIC_MARK).ok_or_else(malformed)?;
        let kind = rest.split(|byte| *byte == b':').next().unwrap_or_default();
        Ok(HostKey {
            kind: String::from_utf8(kind.to_vec()).map_err(|_| malformed())?,
            exportable: false,
            secret: None,
            public: info.to_vec(),
            nonce: [0; NONCE_BYTES],
            real: None,
        })
    }

    pub(crate) fn digest(&self, hash: Hash, input: &[u8]) -> Vec<u8> {
        stretched(&sha256(&[hash_mark(hash), input]), hash_bytes(hash))
    }

    pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
        left == right
    }

    pub(crate) fn hash_password(&self, by: PasswordHash, password: &str) -> CryptoResult<String> {
        if by == PasswordHash::Bcrypt && password.len() > 72 {
            return Err(CryptoError::TooLarge(72));
        }
        Ok(format!(
            "$stand-in${by:?}${}",
            crate::to_base64(&sha256(&[password.as_bytes()]))
        ))
    }

    pub(crate) fn verify_password(&self, hash: Option<&str>, password: &str) -> CryptoResult<bool> {
        let Some(hash) = hash else {
            return Ok(false);
        };
        let by = match hash
            .strip_prefix("$stand-in$")
            .and_then(|rest| rest.split('$').next())
        {
            Some("Argon2id") => PasswordHash::Argon2id,
            Some("Bcrypt") => PasswordHash::Bcrypt,
            _ => return Err(CryptoError::Malformed("not a hash of a password".into())),
        };
        Ok(self.hash_password(by, password)? == hash)
    }
}
