//! A key in use: its record, and the versions that were opened so far.

use crate::base64;
use crate::kind::Kind;
use crate::record::Record;
use crate::store;
use sdk::crypto::{CryptoError, Key};
use sdk::{Ctx, Failure, Result, internal, invalid};

/// Hash with which RSA encrypts.
const OAEP: sdk::crypto::Hash = sdk::crypto::Hash::Sha2_256;

/// What a derived key cannot do without.
pub(crate) const MISSING_CONTEXT: &str = "missing 'context' for key derivation; the key was created using a \
    derived key, which means additional, per-request information must be included in order to perform \
    operations with the key";

/// What stands beside the bytes that are sealed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    /// In base64.
    pub(crate) context: Option<&'a str>,
    /// In base64.
    pub(crate) associated: Option<&'a str>,
}

/// One key in the hands of a request. A batch opens each version once.
pub(crate) struct Using<'a> {
    ctx: &'a Ctx,
    name: &'a str,
    pub(crate) record: Record,
    opened: Vec<(u64, Key)>,
}

impl<'a> Using<'a> {
    pub(crate) const fn new(ctx: &'a Ctx, name: &'a str, record: Record) -> Self {
        let opened = Vec::new();
        Self {
            ctx,
            name,
            record,
            opened,
        }
    }

    /// The key of that name; `missing` says that there is none.
    pub(crate) fn find(ctx: &'a Ctx, name: &'a str, missing: &str) -> Result<Self> {
        match store::find(ctx, name)? {
            Some(record) => Ok(Self::new(ctx, name, record)),
            None => Err(invalid(missing)),
        }
    }

    /// The key of a version, or its public half.
    fn version(&mut self, version: u64) -> Result<&Key> {
        let at = match self.opened.iter().position(|(one, _)| *one == version) {
            Some(at) => at,
            None => {
                let key = store::open_public(self.ctx, self.name, version)?;
                self.opened.push((version, key));
                self.opened.len() - 1
            }
        };
        let found = self.opened.get(at).map(|(_, key)| key);
        found.ok_or_else(|| internal("a key that was just opened is not there"))
    }

    /// Does something with the key of a version, or with the one that follows from it and a context.
    pub(crate) fn with<T>(
        &mut self,
        version: u64,
        context: Option<&[u8]>,
        act: impl FnOnce(&Key) -> Result<T>,
    ) -> Result<T> {
        if !self.record.derived {
            return act(self.version(version)?);
        }
        let context = context.ok_or_else(|| invalid(MISSING_CONTEXT))?;
        act(&self.version(version)?.derive(context)?)
    }

    /// Encrypts with a version.
    pub(crate) fn seal(
        &mut self,
        version: u64,
        plaintext: &[u8],
        beside: Beside<'_>,
    ) -> Result<Vec<u8>> {
        let (context, associated) = self.beside(beside)?;
        let (kind, convergent) = (self.record.kind, self.record.convergent);
        self.with(version, context.as_deref(), |key| {
            if kind.is_rsa() {
                return key.encrypt_asymmetric(plaintext, OAEP).map_err(rsa_failed);
            }
            Ok(match convergent {
                true => key.seal_convergent(plaintext, &associated)?,
                false => key.seal(plaintext, &associated)?,
            })
        })
    }

    /// Decrypts with a version.
    pub(crate) fn open(
        &mut self,
        version: u64,
        sealed: &[u8],
        beside: Beside<'_>,
    ) -> Result<Vec<u8>> {
        let (context, associated) = self.beside(beside)?;
        let kind = self.record.kind;
        self.with(version, context.as_deref(), |key| {
            let opened = match kind.is_rsa() {
                true => key.decrypt_asymmetric(sealed, OAEP),
                false if sealed.len() < kind.nonce_bytes() => {
                    return Err(invalid("invalid ciphertext length"));
                }
                false => key.open(sealed, &associated),
            };
            opened.map_err(|error| open_failed(kind, error))
        })
    }

    fn beside(&self, beside: Beside<'_>) -> Result<(Option<Vec<u8>>, Vec<u8>)> {
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(base64::decode);
        let associated = match given(beside.associated) {
            None => Vec::new(),
            Some(_) if !self.record.kind.is_cipher() => {
                let name = self.record.kind.name();
                return Err(invalid(format!(
                    "'[0].associated_data' provided for non-AEAD cipher suite {name}"
                )));
            }
            Some(Ok(associated)) => associated,
            Some(Err(mut failure)) => {
                const WHAT: &str = "unable to get associated_data/additional_data from factory[0]";
                failure.message = format!("{WHAT}: {}", failure.message);
                return Err(failure);
            }
        };
        Ok((given(beside.context).transpose()?, associated))
    }
}

fn rsa_failed(error: CryptoError) -> Failure {
    match error {
        CryptoError::TooLarge(_) | CryptoError::Malformed(_) => invalid(
            "failed to RSA encrypt the plaintext: crypto/rsa: message too long for RSA key size",
        ),
        other => other.into(),
    }
}

fn open_failed(kind: Kind, error: CryptoError) -> Failure {
    match error {
        CryptoError::NotAuthentic => invalid(kind.not_authentic()),
        // A version of which only the public half is known.
        CryptoError::WrongKind(_) => {
            invalid("cannot decrypt ciphertext, key version does not have a private counterpart")
        }
        other => other.into(),
    }
}
