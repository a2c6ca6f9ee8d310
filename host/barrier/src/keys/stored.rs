//! Keys in storage: those of a component below its view, where the name decides the class as it does
//! for entries, and those of the host under keys of its own.

use super::{Hash, Key, KeyError, KeyOptions};
use crate::children::Depth;
use crate::view::Room;
use crate::{Address, BarrierError, Page, Transaction, View, ViewError};
use base::{Entropy, Secret};

impl View {
    /// Makes a key and stores it.
    ///
    /// # Errors
    /// [`KeyError::Exists`] where there is a key of that name; else as [`Key::make`] and as
    /// [`put`](Self::put).
    pub fn make_key(
        &mut self,
        name: &str,
        options: KeyOptions,
        entropy: &dyn Entropy,
    ) -> Result<Key, KeyError> {
        self.require_no_key(name)?;
        let key = Key::make(options, entropy)?;
        self.store_key(name, &key)?;
        Ok(key)
    }

    /// The key of that name.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn open_key(&mut self, name: &str) -> Result<Option<Key>, KeyError> {
        let Some(record) = self.get_in(Room::Keys, name)? else {
            return Ok(None);
        };
        match Key::from_record(record.expose()) {
            Some(key) => Ok(Some(key)),
            None => Err(self
                .keep(ViewError::Barrier(BarrierError::KeyRecord))
                .into()),
        }
    }

    /// Stores a key that was made elsewhere.
    ///
    /// # Errors
    /// [`KeyError::Exists`] where there is a key of that name; else as [`Key::import`] and as
    /// [`put`](Self::put).
    pub fn import_key(
        &mut self,
        name: &str,
        options: KeyOptions,
        material: Secret<Vec<u8>>,
    ) -> Result<Key, KeyError> {
        self.require_no_key(name)?;
        let key = Key::import(options, material)?;
        self.store_key(name, &key)?;
        Ok(key)
    }

    /// As [`import_key`](Self::import_key), of what another key wrapped.
    ///
    /// # Errors
    /// As [`import_key`](Self::import_key) and [`Key::import_wrapped`].
    pub fn import_wrapped_key(
        &mut self,
        name: &str,
        options: KeyOptions,
        wrapped: &[u8],
        by: &Key,
        hash: Hash,
    ) -> Result<Key, KeyError> {
        self.require_no_key(name)?;
        let key = Key::import_wrapped(options, wrapped, by, hash)?;
        self.store_key(name, &key)?;
        Ok(key)
    }

    /// Stores the key that two sides agree on.
    ///
    /// # Errors
    /// As [`import_key`](Self::import_key) and [`Key::agree`].
    pub fn agree_key(
        &mut self,
        name: &str,
        options: KeyOptions,
        own: &Key,
        peer: &Key,
    ) -> Result<Key, KeyError> {
        self.require_no_key(name)?;
        let key = Key::agree(options, own, peer)?;
        self.store_key(name, &key)?;
        Ok(key)
    }

    /// Removes a key. Removing one that is not there changes nothing.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub fn delete_key(&mut self, name: &str) -> Result<(), KeyError> {
        Ok(self.delete_in(Room::Keys, name)?)
    }

    /// Names of keys directly below a folder, as [`list`](Self::list).
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn list_keys(
        &mut self,
        folder: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, KeyError> {
        Ok(self.list_in(Room::Keys, Depth::Children, folder, after, limit)?)
    }

    fn require_no_key(&mut self, name: &str) -> Result<(), KeyError> {
        match self.get_in(Room::Keys, name)? {
            Some(_) => Err(KeyError::Exists),
            None => Ok(()),
        }
    }

    fn store_key(&mut self, name: &str, key: &Key) -> Result<(), KeyError> {
        let record = key.to_record()?;
        Ok(self.put_in(Room::Keys, name, record)?)
    }
}

impl Transaction {
    /// Stores a key of the host's own.
    ///
    /// # Errors
    /// For a public key, which is not stored.
    pub fn put_key(&mut self, at: &impl Address, key: &Key) -> Result<(), KeyError> {
        let record = key.to_record()?;
        self.put(at, record);
        Ok(())
    }

    /// A key of the host's own.
    ///
    /// # Errors
    /// As [`get`](Self::get), and when the value is not the record of a key.
    pub fn open_key(&mut self, at: &impl Address) -> Result<Option<Key>, BarrierError> {
        let Some(record) = self.get(at)? else {
            return Ok(None);
        };
        let key = Key::from_record(record.expose());
        key.map(Some).ok_or(BarrierError::KeyRecord)
    }
}
