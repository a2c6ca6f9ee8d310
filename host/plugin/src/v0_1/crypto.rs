//! `crypto`: keys that a component names and uses, and never sees.

use super::bindings::engine::casemate::plugin::crypto::{
    Error, Hash, Host, HostKey, KeyOptions, KeyPage, Message, PasswordHash, SaltLength,
    SignatureScheme,
};
use super::state::{Access, State};
use barrier::keys::{self, KeyError, KeyKind};
use barrier::{View, ViewError};
use base::Secret;
use std::sync::Arc;
use wasmtime::component::Resource;

/// A key that a component holds.
#[expect(unreachable_pub, reason = "the generated code names it as its own")]
pub struct KeyHandle(Arc<keys::Key>);

type Key = Resource<KeyHandle>;
type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl State {
    fn key(&mut self, key: &Key) -> wasmtime::Result<Arc<keys::Key>> {
        match self.resources.get(key) {
            Ok(handle) => Ok(Arc::clone(&handle.0)),
            Err(error) => Err(self.resource_failed(&error.into())),
        }
    }

    fn hold(&mut self, made: Result<keys::Key, KeyError>) -> Answer<Key> {
        let key = match made {
            Ok(key) => key,
            Err(error) => return self.refuse(error),
        };
        match self.resources.push(KeyHandle(Arc::new(key))) {
            Ok(handle) => Ok(Ok(handle)),
            Err(error) => Err(self.resource_failed(&error.into())),
        }
    }

    /// What a component may see of an error; what ends the call is not its to see.
    fn refuse<T>(&mut self, error: KeyError) -> Answer<T> {
        Ok(Err(match error {
            KeyError::View(ViewError::Undeclared(key)) => {
                self.note_undeclared(&key.0);
                Error::Undeclared(key.0)
            }
            KeyError::View(ViewError::InvalidKey(key)) => Error::InvalidName(key.to_string()),
            KeyError::View(ViewError::TooLarge(max)) => Error::TooLarge(max as u64),
            KeyError::View(ViewError::ReadOnly) => Error::ReadOnly,
            KeyError::View(fatal) => return Err(self.stop_by_view(fatal)),
            KeyError::Exists => Error::Exists,
            KeyError::WrongKind { .. } => Error::WrongKind(error.to_string()),
            KeyError::Unsupported(what) => Error::Unsupported(what),
            KeyError::NotExportable => Error::NotExportable,
            KeyError::NotAuthentic => Error::NotAuthentic,
            KeyError::Malformed(what) => Error::Malformed(what),
            KeyError::TooLarge(max) => Error::TooLarge(max),
            KeyError::Failed => Error::Unavailable,
        }))
    }

    fn answer<T>(&mut self, done: Result<T, KeyError>) -> Answer<T> {
        match done {
            Ok(value) => Ok(Ok(value)),
            Err(error) => self.refuse(error),
        }
    }

    /// Bytes that leave the barrier for the component: the copy that goes into its memory.
    fn answer_secret(&mut self, done: Result<Secret<Vec<u8>>, KeyError>) -> Answer<Vec<u8>> {
        self.answer(done.map(|secret| secret.expose().clone()))
    }

    /// The view, where keys may be changed.
    fn view_of_keys(&mut self) -> Result<&mut View, Error> {
        if self.access == Access::ReadOnly {
            return Err(Error::ReadOnly);
        }
        self.view.as_mut().ok_or(Error::Unavailable)
    }
}

fn options(from: &KeyOptions) -> Result<keys::KeyOptions, Error> {
    let kind = KeyKind::from_name(&from.kind);
    Ok(keys::KeyOptions {
        kind: kind.ok_or_else(|| Error::Unsupported(from.kind.clone()))?,
        exportable: from.exportable,
        bytes: from.bytes,
    })
}

/// Do operations with its secret half take milliseconds?
const fn is_slow(kind: KeyKind) -> bool {
    matches!(kind, KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096)
}

impl HostKey for State {
    fn kind(&mut self, key: Key) -> wasmtime::Result<String> {
        Ok(self.key(&key)?.kind().name().to_owned())
    }

    fn exportable(&mut self, key: Key) -> wasmtime::Result<bool> {
        Ok(self.key(&key)?.is_exportable())
    }

    fn public(&mut self, key: Key) -> wasmtime::Result<Option<Vec<u8>>> {
        let key = self.key(&key)?;
        match key.public() {
            Ok(public) => Ok(public.map(|bytes| bytes.to_vec())),
            Err(error) => Err(wasmtime::Error::msg(error.to_string())),
        }
    }

    fn seal(&mut self, key: Key, plaintext: Vec<u8>, associated: Vec<u8>) -> Answer<Vec<u8>> {
        let plaintext = Secret::new(plaintext);
        let entropy = Arc::clone(&self.machine.entropy);
        let sealed = self
            .key(&key)?
            .seal(plaintext.expose(), &associated, entropy.as_ref());
        self.answer(sealed)
    }

    fn seal_convergent(
        &mut self,
        key: Key,
        plaintext: Vec<u8>,
        associated: Vec<u8>,
    ) -> Answer<Vec<u8>> {
        let plaintext = Secret::new(plaintext);
        let sealed = self
            .key(&key)?
            .seal_convergent(plaintext.expose(), &associated);
        self.answer(sealed)
    }

    fn open(&mut self, key: Key, ciphertext: Vec<u8>, associated: Vec<u8>) -> Answer<Vec<u8>> {
        let opened = self.key(&key)?.open(&ciphertext, &associated);
        self.answer_secret(opened)
    }

    fn encrypt_asymmetric(&mut self, key: Key, plaintext: Vec<u8>, hash: Hash) -> Answer<Vec<u8>> {
        let plaintext = Secret::new(plaintext);
        let encrypted = self
            .key(&key)?
            .encrypt_asymmetric(plaintext.expose(), to_hash(hash));
        self.answer(encrypted)
    }

    async fn decrypt_asymmetric(
        &mut self,
        key: Key,
        ciphertext: Vec<u8>,
        hash: Hash,
    ) -> Answer<Vec<u8>> {
        let key = self.key(&key)?;
        let work = move || key.decrypt_asymmetric(&ciphertext, to_hash(hash));
        match self.machine.heavy.run(work).await {
            Ok(opened) => self.answer_secret(opened),
            Err(_) => Ok(Err(Error::Unavailable)),
        }
    }

    async fn sign(
        &mut self,
        key: Key,
        message: Message,
        scheme: SignatureScheme,
    ) -> Answer<Vec<u8>> {
        let key = self.key(&key)?;
        let slow = is_slow(key.kind());
        let work = move || key.sign(to_message(&message), to_scheme(scheme));
        if !slow {
            return self.answer(work());
        }
        match self.machine.heavy.run(work).await {
            Ok(signed) => self.answer(signed),
            Err(_) => Ok(Err(Error::Unavailable)),
        }
    }

    fn verify(
        &mut self,
        key: Key,
        message: Message,
        scheme: SignatureScheme,
        signature: Vec<u8>,
    ) -> Answer<bool> {
        let message = to_message(&message);
        let verified = self
            .key(&key)?
            .verify(message, to_scheme(scheme), &signature);
        self.answer(verified)
    }

    fn mac(&mut self, key: Key, input: Vec<u8>, hash: Hash) -> Answer<Vec<u8>> {
        let mac = self.key(&key)?.mac(&input, to_hash(hash));
        self.answer(mac)
    }

    fn verify_mac(&mut self, key: Key, input: Vec<u8>, hash: Hash, mac: Vec<u8>) -> Answer<bool> {
        let verified = self.key(&key)?.verify_mac(&input, to_hash(hash), &mac);
        self.answer(verified)
    }

    fn derive(&mut self, key: Key, context: Vec<u8>) -> Answer<Key> {
        let derived = self.key(&key)?.derive(&context);
        self.hold(derived)
    }

    fn export(&mut self, key: Key) -> Answer<Vec<u8>> {
        let exported = self.key(&key)?.export();
        self.answer_secret(exported)
    }

    fn wrap(&mut self, key: Key, by: Key, hash: Hash) -> Answer<Vec<u8>> {
        let entropy = Arc::clone(&self.machine.entropy);
        let by = self.key(&by)?;
        let wrapped = self.key(&key)?.wrap(&by, to_hash(hash), entropy.as_ref());
        self.answer(wrapped)
    }

    fn drop(&mut self, key: Key) -> wasmtime::Result<()> {
        match self.resources.delete(key) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.resource_failed(&error.into())),
        }
    }
}

impl Host for State {
    async fn make_key(&mut self, name: String, from: KeyOptions) -> Answer<Key> {
        let options = match options(&from) {
            Ok(options) => options,
            Err(error) => return Ok(Err(error)),
        };
        let entropy = Arc::clone(&self.machine.entropy);
        let view = match self.view_of_keys() {
            Ok(view) => view,
            Err(error) => return Ok(Err(error)),
        };
        if !is_slow(options.kind) {
            let made = view.make_key(&name, options, entropy.as_ref());
            return self.hold(made);
        }
        // The view goes along, and comes back: finding the name free and taking it are one step.
        let Some(mut view) = self.view.take() else {
            return Ok(Err(Error::Unavailable));
        };
        let work = move || {
            let made = view.make_key(&name, options, entropy.as_ref());
            (view, made)
        };
        match self.machine.heavy.run(work).await {
            Ok((view, made)) => {
                self.view = Some(view);
                self.hold(made)
            }
            // The view was lost with the job: nothing of this call can be kept.
            Err(_) => Err(self.stop(crate::CallError::Busy)),
        }
    }

    fn open_key(&mut self, name: String) -> Answer<Option<Key>> {
        let Some(view) = &mut self.view else {
            return Ok(Err(Error::Unavailable));
        };
        match view.open_key(&name) {
            Ok(None) => Ok(Ok(None)),
            Ok(Some(key)) => Ok(self.hold(Ok(key))?.map(Some)),
            Err(error) => self.refuse(error),
        }
    }

    fn import_key(&mut self, name: String, from: KeyOptions, material: Vec<u8>) -> Answer<Key> {
        let material = Secret::new(material);
        let options = match options(&from) {
            Ok(options) => options,
            Err(error) => return Ok(Err(error)),
        };
        match self.view_of_keys() {
            Ok(view) => {
                let imported = view.import_key(&name, options, material);
                self.hold(imported)
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn import_wrapped(
        &mut self,
        name: String,
        from: KeyOptions,
        wrapped: Vec<u8>,
        by: Key,
        hash: Hash,
    ) -> Answer<Key> {
        let by = self.key(&by)?;
        let options = match options(&from) {
            Ok(options) => options,
            Err(error) => return Ok(Err(error)),
        };
        match self.view_of_keys() {
            Ok(view) => {
                let hash = to_hash(hash);
                let imported = view.import_wrapped_key(&name, options, &wrapped, &by, hash);
                self.hold(imported)
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn agree_key(&mut self, name: String, from: KeyOptions, own: Key, peer: Key) -> Answer<Key> {
        let (own, peer) = (self.key(&own)?, self.key(&peer)?);
        let options = match options(&from) {
            Ok(options) => options,
            Err(error) => return Ok(Err(error)),
        };
        match self.view_of_keys() {
            Ok(view) => {
                let agreed = view.agree_key(&name, options, &own, &peer);
                self.hold(agreed)
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn delete_key(&mut self, name: String) -> Answer<()> {
        match self.view_of_keys() {
            Ok(view) => {
                let deleted = view.delete_key(&name);
                self.answer(deleted)
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn list_keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Answer<KeyPage> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let Some(view) = &mut self.view else {
            return Ok(Err(Error::Unavailable));
        };
        let listed = view.list_keys(&prefix, after.as_deref(), limit);
        self.answer(listed.map(|page| KeyPage {
            next: page.more.then(|| page.names.last().cloned()).flatten(),
            names: page.names,
        }))
    }

    async fn make_ephemeral(&mut self, from: KeyOptions) -> Answer<Key> {
        let options = match options(&from) {
            Ok(options) => options,
            Err(error) => return Ok(Err(error)),
        };
        let entropy = Arc::clone(&self.machine.entropy);
        if !is_slow(options.kind) {
            return self.hold(keys::Key::make(options, entropy.as_ref()));
        }
        let work = move || keys::Key::make(options, entropy.as_ref());
        match self.machine.heavy.run(work).await {
            Ok(made) => self.hold(made),
            Err(_) => Ok(Err(Error::Unavailable)),
        }
    }

    fn public_key(&mut self, subject_public_key_info: Vec<u8>) -> Answer<Key> {
        self.hold(keys::Key::from_public(&subject_public_key_info))
    }

    fn digest(&mut self, hash: Hash, input: Vec<u8>) -> wasmtime::Result<Vec<u8>> {
        Ok(keys::digest(to_hash(hash), &input))
    }

    fn equal(&mut self, left: Vec<u8>, right: Vec<u8>) -> wasmtime::Result<bool> {
        Ok(keys::equal(&left, &right))
    }

    async fn hash_password(&mut self, algorithm: PasswordHash, password: String) -> Answer<String> {
        let password = Secret::new(password);
        let entropy = Arc::clone(&self.machine.entropy);
        let algorithm = match algorithm {
            PasswordHash::Argon2id => keys::PasswordHash::Argon2id,
            PasswordHash::Bcrypt => keys::PasswordHash::Bcrypt,
        };
        let work = move || keys::hash_password(algorithm, password.expose(), entropy.as_ref());
        match self.machine.heavy.run(work).await {
            Ok(hashed) => self.answer(hashed),
            Err(_) => Ok(Err(Error::Unavailable)),
        }
    }

    async fn verify_password(&mut self, hash: Option<String>, password: String) -> Answer<bool> {
        let password = Secret::new(password);
        let work = move || keys::verify_password(hash.as_deref(), password.expose());
        match self.machine.heavy.run(work).await {
            Ok(verified) => self.answer(verified),
            Err(_) => Ok(Err(Error::Unavailable)),
        }
    }
}

const fn to_hash(hash: Hash) -> keys::Hash {
    match hash {
        Hash::Sha1 => keys::Hash::Sha1,
        Hash::Sha2224 => keys::Hash::Sha2_224,
        Hash::Sha2256 => keys::Hash::Sha2_256,
        Hash::Sha2384 => keys::Hash::Sha2_384,
        Hash::Sha2512 => keys::Hash::Sha2_512,
        Hash::Sha3224 => keys::Hash::Sha3_224,
        Hash::Sha3256 => keys::Hash::Sha3_256,
        Hash::Sha3384 => keys::Hash::Sha3_384,
        Hash::Sha3512 => keys::Hash::Sha3_512,
    }
}

fn to_message(message: &Message) -> keys::Message<'_> {
    match message {
        Message::Whole(bytes) => keys::Message::Whole(bytes),
        Message::Hashed(bytes) => keys::Message::Hashed(bytes),
    }
}

fn to_scheme(scheme: SignatureScheme) -> keys::SignatureScheme {
    match scheme {
        SignatureScheme::Native => keys::SignatureScheme::Native,
        SignatureScheme::EcdsaDer(hash) => keys::SignatureScheme::EcdsaDer(to_hash(hash)),
        SignatureScheme::EcdsaFixed(hash) => keys::SignatureScheme::EcdsaFixed(to_hash(hash)),
        SignatureScheme::RsaPss(pss) => {
            let salt = match pss.salt {
                SaltLength::Automatic => keys::SaltLength::Automatic,
                SaltLength::AsHash => keys::SaltLength::AsHash,
                SaltLength::Bytes(bytes) => keys::SaltLength::Bytes(bytes),
            };
            keys::SignatureScheme::RsaPss(to_hash(pss.hash), salt)
        }
        SignatureScheme::RsaPkcs1V15(hash) => keys::SignatureScheme::RsaPkcs1V15(to_hash(hash)),
        SignatureScheme::RsaPkcs1V15Unnamed => keys::SignatureScheme::RsaPkcs1V15Unnamed,
    }
}
