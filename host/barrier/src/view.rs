//! One mount's part of storage, as its component sees it.

use crate::children::{Depth, Listing, Page, Start};
use crate::limits::ViewLimits;
use crate::logical::{check_folder, check_key};
use crate::{BarrierError, Commit, InvalidKey, Plaintext, SealWrap, Transaction};
use base::{MountId, NamespaceId};
use locality::{Class, MountLocality, PhysicalKey, Place, StorageRules, Undeclared};
use std::sync::Arc;
use storage::Snapshot;

/// A chroot: owns the transaction while a component runs, and touches nothing outside the mount.
///
/// The component names a key. Class and seal-wrap follow from the mount and the pinned rules; there
/// is nothing that it could pass to change them.
pub struct View {
    transaction: Transaction,
    namespace: NamespaceId,
    mount: MountId,
    locality: MountLocality,
    rules: Arc<StorageRules>,
    limits: ViewLimits,
    fence: WriteFence,
    seal_wrap: SealWrap,
    calls: u64,
    written_bytes: usize,
    ended: Option<ViewError>,
}

/// Which writes belong on this cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteFence {
    /// All: this is the primary, or it replicates nothing.
    #[default]
    None,
    /// Those to local keys; replicated ones are the primary's to make.
    LocalOnly,
    /// None: the call only looks.
    ReadOnly,
}

/// The two name spaces of a mount, under the same rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// What the component stores.
    Entries,
    /// Keys that it uses and never sees.
    Keys,
}

impl Room {
    /// What stands before the component's name in the physical path. No valid name holds a control
    /// character, so no name of one room is one of the other.
    const fn root(self) -> &'static str {
        match self {
            Self::Entries => "",
            Self::Keys => "\u{1}key/",
        }
    }
}

/// A call of the component was refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ViewError {
    /// The key lies outside the declared prefixes.
    #[error(transparent)]
    Undeclared(#[from] Undeclared),
    /// The key is not one that can be.
    #[error(transparent)]
    InvalidKey(#[from] InvalidKey),
    /// The value is longer than this many bytes.
    #[error("storage value is longer than {0} bytes")]
    TooLarge(usize),
    /// The component made more calls than this.
    #[error("component made more than {0} storage calls")]
    TooManyCalls(u64),
    /// The component wrote more than this many bytes.
    #[error("component wrote more than {0} bytes")]
    TooMuchWritten(usize),
    /// A replicated key is to be written, which is done on the primary. The request belongs there.
    #[error("replicated keys are written on the primary")]
    WrongPlace,
    /// Something is to be written in a call that only looks.
    #[error("nothing can be written here")]
    ReadOnly,
    /// The entry could not be read.
    #[error(transparent)]
    Barrier(#[from] BarrierError),
}

impl ViewError {
    /// Does it end the component's call? Then the instance is dropped, and the view answers every
    /// further call with it.
    pub const fn ends_the_call(&self) -> bool {
        match self {
            Self::Undeclared(_) | Self::InvalidKey(_) | Self::TooLarge(_) | Self::ReadOnly => false,
            Self::TooManyCalls(_)
            | Self::TooMuchWritten(_)
            | Self::WrongPlace
            | Self::Barrier(_) => true,
        }
    }
}

impl View {
    /// A view of one mount, with the usual limits and no fence.
    pub fn new(
        transaction: Transaction,
        namespace: NamespaceId,
        mount: MountId,
        locality: MountLocality,
        rules: Arc<StorageRules>,
    ) -> Self {
        Self {
            transaction,
            namespace,
            mount,
            locality,
            rules,
            limits: ViewLimits::default(),
            fence: WriteFence::default(),
            seal_wrap: SealWrap::Unneeded,
            calls: 0,
            written_bytes: 0,
            ended: None,
        }
    }

    /// The same view with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: ViewLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same view with a mark for all that is written, whatever the rules say.
    #[must_use]
    pub const fn with_seal_wrap(mut self, seal_wrap: SealWrap) -> Self {
        self.seal_wrap = seal_wrap;
        self
    }

    /// The same view with a fence.
    #[must_use]
    pub fn with_fence(mut self, fence: WriteFence) -> Self {
        self.fence = fence;
        self
    }

    /// Gives the transaction back.
    ///
    /// # Errors
    /// The error that ended the call, whatever the component made of it: what such a call wrote
    /// must not be committed.
    pub fn into_transaction(self) -> Result<Transaction, ViewError> {
        match self.ended {
            Some(error) => Err(error),
            None => Ok(self.transaction),
        }
    }

    /// Reads what is not the mount's, for a function that the host offers to all components: what may
    /// be read there is the host's to decide, never a name of the component's alone. Counts as a call,
    /// and what is read is remembered as of any other.
    ///
    /// # Errors
    /// [`ViewError`] as its variants say.
    pub fn for_host<T>(
        &mut self,
        read: impl FnOnce(&mut Transaction) -> Result<T, BarrierError>,
    ) -> Result<T, ViewError> {
        self.call(|view| Ok(read(&mut view.transaction)?))
    }

    /// How many calls were made.
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`ViewError`] as its variants say.
    pub fn get(&mut self, key: &str) -> Result<Option<Plaintext>, ViewError> {
        self.get_in(Room::Entries, key)
    }

    /// Writes a key.
    ///
    /// # Errors
    /// [`ViewError`] as its variants say.
    pub fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), ViewError> {
        self.put_in(Room::Entries, key, value)
    }

    /// Removes a key. Removing one that is not there changes nothing.
    ///
    /// # Errors
    /// [`ViewError`] as its variants say.
    pub fn delete(&mut self, key: &str) -> Result<(), ViewError> {
        self.delete_in(Room::Entries, key)
    }

    /// Names directly below a folder, which is `""` for the mount itself and else ends in a slash;
    /// those after `after` where it is given, a name that need not exist. At most `limit`, and never
    /// more than the page limit; 0 stands for that one.
    ///
    /// # Errors
    /// [`ViewError`] as its variants say.
    pub fn list(
        &mut self,
        folder: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, ViewError> {
        self.list_in(Room::Entries, Depth::Children, folder, after, limit)
    }

    /// As [`list`](Self::list), with every key below the folder at any depth, and no folders.
    ///
    /// # Errors
    /// [`ViewError`] as its variants say.
    pub fn scan(
        &mut self,
        folder: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, ViewError> {
        self.list_in(Room::Entries, Depth::All, folder, after, limit)
    }

    pub(crate) fn get_in(&mut self, room: Room, key: &str) -> Result<Option<Plaintext>, ViewError> {
        self.call(|view| {
            let (physical, _) = view.locate(room, key)?;
            Ok(view.transaction.get(&physical)?)
        })
    }

    pub(crate) fn put_in(
        &mut self,
        room: Room,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), ViewError> {
        self.call(|view| {
            let (physical, place) = view.locate(room, key)?;
            if value.len() > view.limits.value_bytes_max {
                return Err(ViewError::TooLarge(view.limits.value_bytes_max));
            }
            view.admit_write(&physical, place, value.len())?;
            let seal_wrap = match place.seal_wrap {
                true => SealWrap::Wanted,
                false => view.seal_wrap,
            };
            view.transaction.put_entry(&physical, value, seal_wrap);
            Ok(())
        })
    }

    pub(crate) fn delete_in(&mut self, room: Room, key: &str) -> Result<(), ViewError> {
        self.call(|view| {
            let (physical, place) = view.locate(room, key)?;
            view.admit_write(&physical, place, 0)?;
            view.transaction.delete(&physical);
            Ok(())
        })
    }

    pub(crate) fn list_in(
        &mut self,
        room: Room,
        depth: Depth,
        folder: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, ViewError> {
        self.call(|view| {
            check_folder(folder)?;
            let limit = match limit {
                0 => view.limits.page_names_max,
                limit => limit.min(view.limits.page_names_max),
            };
            let (locality, rules) = (view.locality, Arc::clone(&view.rules));
            let classes = rules.classes_below(locality, folder);
            if classes.is_empty() {
                return Err(Undeclared(folder.to_owned()).into());
            }
            // Only where a write of today would have gone: rules may have changed since.
            let visible = |class: Class, path: &str| {
                path.strip_prefix(room.root()).is_some_and(|key| {
                    let place = rules.place(locality, key);
                    check_key(key).is_ok() && place.is_ok_and(|place| place.class == class)
                })
            };
            Ok(view.transaction.list(&Listing {
                namespace: view.namespace,
                mount: view.mount,
                classes: &classes,
                prefix: &format!("{}{folder}", room.root()),
                depth,
                visible: &visible,
                // The first letter that a valid key can begin with: other rooms lie before it.
                start: after.map_or(Start::At(" "), Start::After),
                limit,
            })?)
        })
    }

    /// Hands over what the component wrote so far, to be committed before it goes on.
    ///
    /// # Errors
    /// [`ViewError`] as its variants say.
    pub fn take_commit(&mut self) -> Result<Commit, ViewError> {
        self.call(|view| Ok(view.transaction.take_commit()?))
    }

    /// Goes on, after [`take_commit`](Self::take_commit), on a snapshot that has the commit.
    pub fn resume(&mut self, snapshot: Arc<dyn Snapshot>, seen: u64) {
        self.transaction.resume(snapshot, seen);
    }

    /// Counts a call and does it; keeps the error that ends the whole.
    fn call<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, ViewError>,
    ) -> Result<T, ViewError> {
        if let Some(error) = &self.ended {
            return Err(error.clone());
        }
        self.calls += 1;
        let done = if self.calls > self.limits.calls_max {
            Err(ViewError::TooManyCalls(self.limits.calls_max))
        } else {
            act(self)
        };
        done.map_err(|error| self.keep(error))
    }

    /// Remembers an error that ends the call.
    pub(crate) fn keep(&mut self, error: ViewError) -> ViewError {
        if error.ends_the_call() {
            self.ended = Some(error.clone());
        }
        error
    }

    fn locate(&self, room: Room, key: &str) -> Result<(PhysicalKey, Place), ViewError> {
        check_key(key)?;
        let place = self.rules.place(self.locality, key)?;
        let path = format!("{}{key}", room.root());
        let physical = PhysicalKey::new(place.class, self.namespace, self.mount, &path);
        Ok((physical, place))
    }

    fn admit_write(
        &mut self,
        key: &PhysicalKey,
        place: Place,
        value_bytes: usize,
    ) -> Result<(), ViewError> {
        match self.fence {
            WriteFence::LocalOnly if place.class == Class::Replicated => {
                return Err(ViewError::WrongPlace);
            }
            WriteFence::ReadOnly => return Err(ViewError::ReadOnly),
            WriteFence::LocalOnly | WriteFence::None => {}
        }
        let more = key.as_bytes().len().saturating_add(value_bytes);
        self.written_bytes = self.written_bytes.saturating_add(more);
        if self.written_bytes > self.limits.written_bytes_max {
            return Err(ViewError::TooMuchWritten(self.limits.written_bytes_max));
        }
        Ok(())
    }
}
