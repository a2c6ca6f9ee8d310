//! `crypto`: keys that a component names and uses, and never sees.

use super::bindings::engine::casemate::plugin::crypto::{
    Error, Hash, Host, HostKey, KeyOptions, KeyPage, Message, PasswordHash, SignatureScheme,
};
use super::state::State;
use wasmtime::component::Resource;

/// A key that a component holds.
#[expect(unreachable_pub, reason = "the generated code names it as its own")]
pub struct KeyHandle;

type Key = Resource<KeyHandle>;
type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl HostKey for State {
    fn kind(&mut self, _key: Key) -> wasmtime::Result<String> {
        Ok(String::new())
    }
    fn exportable(&mut self, _key: Key) -> wasmtime::Result<bool> {
        Ok(false)
    }
    fn public(&mut self, _key: Key) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(None)
    }
    fn seal(&mut self, _key: Key, _plaintext: Vec<u8>, _associated: Vec<u8>) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn seal_convergent(
        &mut self,
        _key: Key,
        _plaintext: Vec<u8>,
        _associated: Vec<u8>,
    ) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn open(&mut self, _key: Key, _ciphertext: Vec<u8>, _associated: Vec<u8>) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn encrypt_asymmetric(
        &mut self,
        _key: Key,
        _plaintext: Vec<u8>,
        _hash: Hash,
    ) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn decrypt_asymmetric(
        &mut self,
        _key: Key,
        _ciphertext: Vec<u8>,
        _hash: Hash,
    ) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn sign(&mut self, _key: Key, _message: Message, _scheme: SignatureScheme) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn verify(
        &mut self,
        _key: Key,
        _message: Message,
        _scheme: SignatureScheme,
        _signature: Vec<u8>,
    ) -> Answer<bool> {
        Ok(Err(Error::Unavailable))
    }
    fn mac(&mut self, _key: Key, _input: Vec<u8>, _hash: Hash) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn verify_mac(
        &mut self,
        _key: Key,
        _input: Vec<u8>,
        _hash: Hash,
        _mac: Vec<u8>,
    ) -> Answer<bool> {
        Ok(Err(Error::Unavailable))
    }
    fn derive(&mut self, _key: Key, _context: Vec<u8>) -> Answer<Key> {
        Ok(Err(Error::Unavailable))
    }
    fn export(&mut self, _key: Key) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn wrap(&mut self, _key: Key, _by: Key, _hash: Hash) -> Answer<Vec<u8>> {
        Ok(Err(Error::Unavailable))
    }
    fn drop(&mut self, key: Key) -> wasmtime::Result<()> {
        match self.resources.delete(key) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.resource_failed(&error.into())),
        }
    }
}

impl Host for State {
    fn make_key(&mut self, _name: String, _options: KeyOptions) -> Answer<Key> {
        Ok(Err(Error::Unavailable))
    }
    fn open_key(&mut self, _name: String) -> Answer<Option<Key>> {
        Ok(Err(Error::Unavailable))
    }
    fn import_key(
        &mut self,
        _name: String,
        _options: KeyOptions,
        _material: Vec<u8>,
    ) -> Answer<Key> {
        Ok(Err(Error::Unavailable))
    }
    fn import_wrapped(
        &mut self,
        _name: String,
        _options: KeyOptions,
        _wrapped: Vec<u8>,
        _by: Key,
        _hash: Hash,
    ) -> Answer<Key> {
        Ok(Err(Error::Unavailable))
    }
    fn delete_key(&mut self, _name: String) -> Answer<()> {
        Ok(Err(Error::Unavailable))
    }
    fn list_keys(
        &mut self,
        _prefix: String,
        _after: Option<String>,
        _limit: u32,
    ) -> Answer<KeyPage> {
        Ok(Err(Error::Unavailable))
    }
    fn make_ephemeral(&mut self, _options: KeyOptions) -> Answer<Key> {
        Ok(Err(Error::Unavailable))
    }
    fn public_key(&mut self, _subject_public_key_info: Vec<u8>) -> Answer<Key> {
        Ok(Err(Error::Unavailable))
    }
    fn digest(&mut self, _hash: Hash, _input: Vec<u8>) -> wasmtime::Result<Vec<u8>> {
        Ok(Vec::new())
    }
    fn equal(&mut self, left: Vec<u8>, right: Vec<u8>) -> wasmtime::Result<bool> {
        Ok(aws_lc_rs::constant_time::verify_slices_are_equal(&left, &right).is_ok())
    }
    async fn hash_password(
        &mut self,
        _algorithm: PasswordHash,
        _password: String,
    ) -> Answer<String> {
        Ok(Err(Error::Unavailable))
    }
    async fn verify_password(&mut self, _hash: Option<String>, _password: String) -> Answer<bool> {
        Ok(Err(Error::Unavailable))
    }
}
