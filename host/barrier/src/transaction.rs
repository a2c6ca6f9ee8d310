//! A request's view of storage: a snapshot, and over it what the request wrote.

use crate::children::{self, Depth, Listing, Page, Start};
use crate::scan::{Cursor, Value, end_of, successor};
use crate::{BarrierError, Keyring, Plaintext, Reads, SealWrap};
use base::{Entropy, Secret};
use journal::{Batch, Op};
use locality::{Class, ClassMark, Ignored, PhysicalKey, SystemKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Snapshot, Space};

/// Names an entry, or the entries below it.
pub trait Address {
    /// The physical key.
    fn address(&self) -> &PhysicalKey;

    /// Is what is written there to be wrapped by the seal?
    fn seal_wrap(&self) -> SealWrap {
        SealWrap::Unneeded
    }
}

impl Address for PhysicalKey {
    fn address(&self) -> &PhysicalKey {
        self
    }
}

impl<C: ClassMark> Address for SystemKey<C> {
    fn address(&self) -> &PhysicalKey {
        self.physical()
    }

    fn seal_wrap(&self) -> SealWrap {
        match self.is_seal_wrapped() {
            true => SealWrap::Wanted,
            false => SealWrap::Unneeded,
        }
    }
}

/// Reads of one moment and writes that wait. Reads see own writes, and all are remembered, so that
/// whoever commits can tell whether another commit overtook one.
pub struct Transaction {
    snapshot: Arc<dyn Snapshot>,
    keyring: Arc<Keyring>,
    entropy: Arc<dyn Entropy>,
    seen: u64,
    reads: Reads,
    writes: BTreeMap<PhysicalKey, Write>,
}

/// What a transaction leaves behind.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Index in the log up to which the snapshot had seen everything.
    pub seen: u64,
    /// What the outcome depends on.
    pub reads: Reads,
    /// The writes, sealed. Empty for a transaction that only read.
    pub batch: Batch,
}

/// A write that waits.
pub(crate) struct Write {
    form: Form,
    seal_wrap: SealWrap,
}

enum Form {
    Gone,
    Sealed(Plaintext),
    AsIs(Vec<u8>),
}

impl Write {
    /// The plaintext; None where the write removes the entry.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        match &self.form {
            Form::Gone => None,
            Form::Sealed(value) => Some(value.expose()),
            Form::AsIs(value) => Some(value),
        }
    }
}

impl Transaction {
    /// Begins on a snapshot that holds everything up to index `seen` of the log.
    pub fn new(
        snapshot: Arc<dyn Snapshot>,
        keyring: Arc<Keyring>,
        entropy: Arc<dyn Entropy>,
        seen: u64,
    ) -> Self {
        Self {
            snapshot,
            keyring,
            entropy,
            seen,
            reads: Reads::default(),
            writes: BTreeMap::new(),
        }
    }

    /// The value of an entry.
    ///
    /// # Errors
    /// When storage fails or the stored value does not open.
    pub fn get(&mut self, key: &impl Address) -> Result<Option<Plaintext>, BarrierError> {
        self.get_entry(key.address())
    }

    fn get_entry(&mut self, key: &PhysicalKey) -> Result<Option<Plaintext>, BarrierError> {
        if let Some(write) = self.writes.get(key) {
            return Ok(write.value().map(|value| Secret::new(value.to_vec())));
        }
        self.reads.note_key(key);
        let stored = self.snapshot.get(Space::Entries, key.as_bytes());
        let Some(stored) = stored.map_err(|error| BarrierError::Storage(Arc::new(error)))? else {
            return Ok(None);
        };
        let opened = self.keyring.open(key, &stored);
        opened.map(Some).map_err(BarrierError::NotAuthentic)
    }

    /// Makes the outcome depend on an entry, without reading it: a commit that writes it overtakes
    /// this one.
    pub fn depend_on(&mut self, key: &impl Address) {
        self.reads.note_key(key.address());
    }

    /// Writes an entry.
    pub fn put(&mut self, key: &impl Address, value: Vec<u8>) {
        self.put_entry(key.address(), value, key.seal_wrap());
    }

    pub(crate) fn put_entry(&mut self, key: &PhysicalKey, value: Vec<u8>, seal_wrap: SealWrap) {
        let form = Form::Sealed(Secret::new(value));
        self.writes.insert(key.clone(), Write { form, seal_wrap });
    }

    /// Writes an entry that the keyring does not seal: the keyring itself, the wrapped root key, the
    /// configuration of the seal. Whoever reads it reads the snapshot; [`get`](Self::get) will find
    /// that it is not authentic.
    pub fn danger_put_unsealed(&mut self, key: &SystemKey<Ignored>, value: Vec<u8>) {
        let write = Write {
            form: Form::AsIs(value),
            seal_wrap: SealWrap::Unneeded,
        };
        self.writes.insert(key.physical().clone(), write);
    }

    /// Removes an entry. Removing one that is not there changes nothing.
    pub fn delete(&mut self, key: &impl Address) {
        let write = Write {
            form: Form::Gone,
            seal_wrap: SealWrap::Unneeded,
        };
        self.writes.insert(key.address().clone(), write);
    }

    /// Gives an entry another key. What it says stays, and whether the seal is to wrap it; of one
    /// that is not there nothing comes.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn rename(&mut self, from: &PhysicalKey, to: &PhysicalKey) -> Result<(), BarrierError> {
        let seal_wrap = self.seal_wrap_of(from)?;
        if let Some(value) = self.get(from)? {
            self.put_entry(to, value.expose().clone(), seal_wrap);
            self.delete(from);
        }
        Ok(())
    }

    fn seal_wrap_of(&self, key: &PhysicalKey) -> Result<SealWrap, BarrierError> {
        if let Some(write) = self.writes.get(key) {
            return Ok(write.seal_wrap);
        }
        let stored = self.snapshot.get(Space::Entries, key.as_bytes());
        let stored = stored.map_err(|error| BarrierError::Storage(Arc::new(error)))?;
        let marked = stored.and_then(|stored| SealWrap::of(&stored));
        Ok(marked.unwrap_or(SealWrap::Unneeded))
    }

    /// Reads a record that is stored as JSON.
    ///
    /// # Errors
    /// As [`get`](Self::get), and when the value is not such a record.
    pub fn read_json<T: DeserializeOwned>(
        &mut self,
        key: &impl Address,
    ) -> Result<Option<T>, BarrierError> {
        let Some(value) = self.get(key)? else {
            return Ok(None);
        };
        from_json(key.address(), &value).map(Some)
    }

    /// Writes a record as JSON.
    ///
    /// # Errors
    /// When the record cannot be written as JSON: a map with keys that are not text.
    pub fn write_json<T: Serialize + ?Sized>(
        &mut self,
        key: &impl Address,
        record: &T,
    ) -> Result<(), BarrierError> {
        let value = serde_json::to_vec(record).map_err(|source| BarrierError::Record {
            key: key.address().clone(),
            source: Arc::new(source),
        })?;
        self.put(key, value);
        Ok(())
    }

    /// Up to `limit` names directly below a prefix, those after `after` where it is given.
    ///
    /// # Errors
    /// When storage fails.
    pub fn children(
        &mut self,
        prefix: &impl Address,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, BarrierError> {
        let prefix = prefix.address();
        self.list(&Listing {
            namespace: prefix.namespace(),
            mount: prefix.mount(),
            classes: &[prefix.class()],
            prefix: prefix.path(),
            visible: &|_: Class, _: &str| true,
            start: after.map_or(Start::At(""), Start::After),
            depth: Depth::Children,
            limit,
        })
    }

    pub(crate) fn list(&mut self, listing: &Listing<'_>) -> Result<Page, BarrierError> {
        let snapshot = self.snapshot.as_ref();
        children::list(snapshot, &self.writes, &mut self.reads, listing)
    }

    /// Up to `limit` keys that begin with `prefix`, at any depth, in order; those after `after`
    /// where it is given.
    ///
    /// # Errors
    /// When storage fails.
    pub fn keys(
        &mut self,
        prefix: &impl Address,
        after: Option<&PhysicalKey>,
        limit: usize,
    ) -> Result<Vec<PhysicalKey>, BarrierError> {
        let mut keys = Vec::new();
        self.walk(prefix.address(), after, limit, |key, _| {
            keys.push(key);
            Ok(())
        })?;
        Ok(keys)
    }

    /// As [`keys`](Self::keys), with the values.
    ///
    /// # Errors
    /// When storage fails or a stored value does not open.
    pub fn entries(
        &mut self,
        prefix: &impl Address,
        after: Option<&PhysicalKey>,
        limit: usize,
    ) -> Result<Vec<(PhysicalKey, Plaintext)>, BarrierError> {
        let mut entries = Vec::new();
        let keyring = Arc::clone(&self.keyring);
        self.walk(prefix.address(), after, limit, |key, value| {
            let value = match value {
                Value::Own(value) => Secret::new(value.to_vec()),
                Value::Stored(value) => {
                    let opened = keyring.open(&key, &value);
                    opened.map_err(BarrierError::NotAuthentic)?
                }
            };
            entries.push((key, value));
            Ok(())
        })?;
        Ok(entries)
    }

    /// As [`entries`](Self::entries), of records that are stored as JSON.
    ///
    /// # Errors
    /// As [`entries`](Self::entries), and when a value is not such a record.
    pub fn records<T: DeserializeOwned>(
        &mut self,
        prefix: &impl Address,
        after: Option<&PhysicalKey>,
        limit: usize,
    ) -> Result<Vec<(PhysicalKey, T)>, BarrierError> {
        let entries = self.entries(prefix, after, limit)?;
        let records = entries.into_iter().map(|(key, value)| {
            let record = from_json(&key, &value)?;
            Ok((key, record))
        });
        records.collect()
    }

    fn walk(
        &mut self,
        prefix: &PhysicalKey,
        after: Option<&PhysicalKey>,
        limit: usize,
        mut visit: impl FnMut(PhysicalKey, Value<'_>) -> Result<(), BarrierError>,
    ) -> Result<(), BarrierError> {
        let snapshot = self.snapshot.as_ref();
        let start = match after.filter(|after| *after >= prefix) {
            Some(after) => successor(after),
            None => prefix.clone(),
        };
        let mut cursor = Cursor::new(snapshot, &self.writes, start, end_of(prefix));
        for _ in 0..limit {
            let Some(found) = cursor.next()? else {
                break;
            };
            visit(found.key, found.value)?;
        }
        self.reads.absorb(cursor.into_reads());
        Ok(())
    }

    /// Seals what a batch token carries, with a key that all clusters of a set share.
    ///
    /// # Errors
    /// When it is too long to be sealed.
    pub fn seal_batch_token(&self, carried: &[u8]) -> Result<Vec<u8>, BarrierError> {
        self.keyring.seal_token(carried, self.entropy.as_ref())
    }

    /// Opens what [`seal_batch_token`](Self::seal_batch_token) gave; None for every other bytes.
    pub fn open_batch_token(&self, sealed: &[u8]) -> Option<Plaintext> {
        self.keyring.open_token(sealed)
    }

    /// The keys that are written, in their order.
    pub fn written_keys(&self) -> impl Iterator<Item = &PhysicalKey> {
        self.writes.keys()
    }

    /// Was nothing written?
    pub fn is_read_only(&self) -> bool {
        self.writes.is_empty()
    }

    /// Seals each written value, once, and hands all of it over.
    ///
    /// # Errors
    /// When a value is too long to be sealed.
    pub fn finish(mut self) -> Result<Commit, BarrierError> {
        self.take_commit()
    }

    /// Hands over what has gathered so far, as [`finish`](Self::finish) does, and is then a
    /// transaction on the old snapshot that wrote nothing: [`resume`](Self::resume) it on one that
    /// has the commit.
    ///
    /// # Errors
    /// When a value is too long to be sealed.
    pub fn take_commit(&mut self) -> Result<Commit, BarrierError> {
        let mut ops = Vec::with_capacity(self.writes.len());
        for (key, write) in core::mem::take(&mut self.writes) {
            let value = match write.form {
                Form::Gone => None,
                Form::AsIs(value) => Some(value),
                Form::Sealed(value) => {
                    let entropy = self.entropy.as_ref();
                    Some(
                        self.keyring
                            .seal(&key, write.seal_wrap, value.expose(), entropy)?,
                    )
                }
            };
            ops.push(Op {
                key,
                value,
                seal_wrap: write.seal_wrap == SealWrap::Wanted,
            });
        }
        Ok(Commit {
            seen: self.seen,
            reads: core::mem::take(&mut self.reads),
            batch: Batch { ops },
        })
    }

    /// Goes on, after [`take_commit`](Self::take_commit), on a newer snapshot.
    pub fn resume(&mut self, snapshot: Arc<dyn Snapshot>, seen: u64) {
        self.snapshot = snapshot;
        self.seen = seen;
    }
}

fn from_json<T: DeserializeOwned>(key: &PhysicalKey, value: &Plaintext) -> Result<T, BarrierError> {
    serde_json::from_slice(value.expose()).map_err(|source| BarrierError::Record {
        key: key.clone(),
        source: Arc::new(source),
    })
}
