//! Storage in a folder, by fjall. The only file that names it, but for its errors.
//!
//! ```text
//!  folder/data/     fjall's: one keyspace for each space, and one with the count of synced commits
//!  folder/synced    the witness
//!  folder/settled   the mark of a storage that was brought to rest
//!  folder/lock      held by the process that has it open
//! ```

use crate::settled;
use crate::witness::Witness;
use crate::{Batch, Durability, Range, Snapshot, Space, Storage, StorageError};
use bytes::Bytes;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use fjall::config::{CompressionPolicy, PartitioningPolicy};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};
use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

const MIB: u64 = 1024 * 1024;
const COUNT_KEY: &[u8] = b"synced";

/// What is found in the journal alone is brought to its place soon after an opening where it is more
/// than this: it does not stay in memory, and the next opening does not put it there again.
const RECOVERED_BYTES_MAX: u64 = MIB;

/// How often it is looked whether everything is in its place, and how long one look waits for the
/// next. A disk that takes longer has its journal read at the next opening.
const LOOKS_MAX: u32 = 2_000;
const LOOK: Duration = Duration::from_millis(5);

/// How much memory and how many threads storage may take.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DiskConfig {
    /// Blocks of files kept in memory.
    pub cache_bytes: u64,
    /// Newest writes of one space kept in memory until they go to a file of their own. Holds for
    /// the life of a folder: it is read when the folder is made.
    pub memtable_bytes_max: u64,
    /// As that, for spaces of a few keys that are written again and again: of each only the last
    /// value goes to a file.
    pub small_memtable_bytes_max: u64,
    /// Journals that are complete, on disk, at least 64 MiB. More of them means fewer, larger files,
    /// and a longer start after a crash, which reads all of them.
    pub journal_bytes_max: u64,
    /// Threads that write files and merge them.
    pub worker_count: usize,
    /// Files kept open.
    pub open_files_max: usize,
}

impl Default for DiskConfig {
    /// For a secrets server: small values, small memory, few threads.
    fn default() -> Self {
        Self {
            cache_bytes: 16 * MIB,
            memtable_bytes_max: 8 * MIB,
            small_memtable_bytes_max: MIB,
            journal_bytes_max: 64 * MIB,
            worker_count: 2,
            open_files_max: 256,
        }
    }
}

/// Storage in a folder.
pub struct Disk {
    database: Database,
    spaces: Spaces,
    count: Keyspace,
    poison: Arc<AtomicBool>,
    /// Synced commits: their number is drawn, committed and noted by one caller at a time. fjall
    /// writes its journal one at a time as well, so nothing is lost by it.
    synced: Mutex<Synced>,
    /// Read while something is committed.
    state: RwLock<State>,
    folder: PathBuf,
    /// Given back when everything before it is gone.
    _lock: File,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// It was brought to rest.
    Settled,
}

struct Synced {
    count: u64,
    witness: Witness,
}

#[derive(Clone)]
struct Spaces {
    entries: Keyspace,
    digests: Keyspace,
    log: Keyspace,
    meta: Keyspace,
}

impl Spaces {
    const fn of(&self, space: Space) -> &Keyspace {
        match space {
            Space::Entries => &self.entries,
            Space::Digests => &self.digests,
            Space::Log => &self.log,
            Space::Meta => &self.meta,
        }
    }
}

impl Disk {
    /// Opens the storage in `folder`, or makes one where there is nothing.
    ///
    /// # Errors
    /// When the folder cannot be read or written, when another process has it open, and when what
    /// it holds is damaged or is less than what its disk has confirmed.
    pub fn open(folder: &Path, config: DiskConfig) -> Result<Self, StorageError> {
        let doing = || format!("open storage in {}", folder.display());
        make_folder(folder).map_err(|error| StorageError::from_io(doing(), error))?;
        let lock = lock(folder, doing)?;
        let witness_path = folder.join("synced");
        let data = folder.join("data");
        let witness = Witness::open(&witness_path)?;
        if witness.is_none() && data.exists() && !data.join("version").exists() {
            // The process that made it was stopped before it was usable: nothing was ever stored.
            std::fs::remove_dir_all(&data)
                .map_err(|error| StorageError::from_io(doing(), error))?;
        }
        let confirmed = witness.as_ref().map(|(_, confirmed)| *confirmed);
        settled::empty_journal(folder, &data, confirmed)?;
        // A damaged length in a journal is a panic in fjall; to us it is damage like any other.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let (database, spaces, count) = open_database(&data, config)?;
            let found = read_count(&count)?;
            Ok((database, spaces, count, found))
        }));
        let opened = opened.map_err(|_| StorageError::Damaged {
            doing: doing(),
            cause: "the store gave up on what it read".into(),
        })?;
        let (database, spaces, count, found) =
            opened.map_err(|error| StorageError::from_fjall(doing(), error))?;
        let witness = match witness {
            Some((_, confirmed)) if confirmed > found => {
                return Err(StorageError::Lost {
                    doing: doing(),
                    confirmed,
                    found,
                });
            }
            Some((witness, _)) => witness,
            None => Witness::create(&witness_path, found)?,
        };
        if database.write_buffer_size() > RECOVERED_BYTES_MAX {
            for keyspace in keyspaces(&spaces, &count) {
                let flushed = keyspace.rotate_memtable();
                flushed.map_err(|error| StorageError::from_fjall(doing(), error))?;
            }
        }
        Ok(Self {
            database,
            spaces,
            count,
            poison: Arc::default(),
            synced: Mutex::new(Synced {
                count: found,
                witness,
            }),
            state: RwLock::new(State::Open),
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Bytes that the folder takes on disk.
    ///
    /// # Errors
    /// When the file system cannot be asked.
    pub fn size_bytes(&self) -> Result<u64, StorageError> {
        let size = self.database.disk_space();
        size.map_err(|error| StorageError::from_fjall("measure storage", error))
    }

    fn commit_synced(&self, mut batch: fjall::OwnedWriteBatch) -> Result<(), StorageError> {
        let mut synced = self.synced.lock().map_err(|_| StorageError::Poisoned)?;
        check_poison(&self.poison)?;
        let count = synced.count + 1;
        batch.insert(&self.count, COUNT_KEY, count.to_be_bytes());
        let batch = batch.durability(Some(PersistMode::SyncData));
        batch
            .commit()
            .map_err(|error| self.poisoned(StorageError::from_fjall("commit to storage", error)))?;
        synced.count = count;
        synced
            .witness
            .note(count)
            .map_err(|error| self.poisoned(StorageError::from_io("note a commit", error)))
    }

    /// Brings everything to its place. False where that takes too long.
    fn flush(&self) -> Result<bool, fjall::Error> {
        let keyspaces = keyspaces(&self.spaces, &self.count);
        for keyspace in keyspaces {
            keyspace.rotate_memtable()?;
        }
        for _ in 0..LOOKS_MAX {
            if keyspaces
                .iter()
                .all(|keyspace| keyspace.sealed_memtable_count() == 0)
            {
                return Ok(true);
            }
            std::thread::park_timeout(LOOK);
        }
        Ok(false)
    }

    fn poisoned(&self, error: StorageError) -> StorageError {
        self.poison.store(true, Ordering::SeqCst);
        error
    }
}

impl Storage for Disk {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        check_poison(&self.poison)?;
        let value = self.spaces.of(space).get(key);
        value
            .map(|value| value.map(Bytes::from_owner))
            .map_err(|error| StorageError::from_fjall(reading(space), error))
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(DiskSnapshot {
            snapshot: self.database.snapshot(),
            spaces: self.spaces.clone(),
            poison: Arc::clone(&self.poison),
        })
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StorageError> {
        check_poison(&self.poison)?;
        batch.check()?;
        let state = self.state.read().map_err(|_| StorageError::Poisoned)?;
        if *state == State::Settled {
            return Err(StorageError::Settled);
        }
        let mut writes = self.database.batch();
        for (space, key, value) in batch.into_writes() {
            match value {
                Some(value) => writes.insert(self.spaces.of(space), &*key, &*value),
                None => writes.remove(self.spaces.of(space), &*key),
            }
        }
        match durability {
            Durability::Synced => self.commit_synced(writes),
            Durability::Buffered => writes.commit().map_err(|error| {
                self.poisoned(StorageError::from_fjall("commit to storage", error))
            }),
        }
    }

    fn sync(&self) -> Result<(), StorageError> {
        check_poison(&self.poison)?;
        let state = self.state.read().map_err(|_| StorageError::Poisoned)?;
        if *state == State::Settled {
            return Ok(());
        }
        self.commit_synced(self.database.batch())
    }

    fn settle(&self) -> Result<(), StorageError> {
        check_poison(&self.poison)?;
        // Whoever commits has done so before this goes on.
        let mut state = self.state.write().map_err(|_| StorageError::Poisoned)?;
        if *state == State::Settled {
            return Ok(());
        }
        self.commit_synced(self.database.batch())?;
        *state = State::Settled;
        let flushed = self
            .flush()
            .map_err(|error| StorageError::from_fjall("bring storage to rest", error))?;
        let synced = self.synced.lock().map_err(|_| StorageError::Poisoned)?;
        match flushed {
            true => settled::note(&self.folder, synced.count),
            false => Ok(()),
        }
    }
}

struct DiskSnapshot {
    snapshot: fjall::Snapshot,
    spaces: Spaces,
    poison: Arc<AtomicBool>,
}

impl Snapshot for DiskSnapshot {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        check_poison(&self.poison)?;
        let value = self.snapshot.get(self.spaces.of(space), key);
        value
            .map(|value| value.map(Bytes::from_owner))
            .map_err(|error| StorageError::from_fjall(reading(space), error))
    }

    fn range(&self, space: Space, from: &[u8], to: Option<&[u8]>) -> Range<'_> {
        if let Err(error) = check_poison(&self.poison) {
            return Box::new(core::iter::once(Err(error)));
        }
        let keyspace = self.spaces.of(space);
        let found = match to {
            Some(to) if from >= to => return Box::new(core::iter::empty()),
            Some(to) => self.snapshot.range(keyspace, from..to),
            None => self.snapshot.range(keyspace, from..),
        };
        Box::new(found.map(move |entry| {
            check_poison(&self.poison)?;
            entry
                .into_inner()
                .map(|(key, value)| (Bytes::from_owner(key), Bytes::from_owner(value)))
                .map_err(|error| StorageError::from_fjall(reading(space), error))
        }))
    }
}

fn open_database(
    data: &Path,
    config: DiskConfig,
) -> Result<(Database, Spaces, Keyspace), fjall::Error> {
    let database = Database::builder(data)
        .cache_size(config.cache_bytes)
        .worker_threads(config.worker_count.max(1))
        .max_cached_files(Some(config.open_files_max.max(16)))
        .max_journaling_size(config.journal_bytes_max.max(64 * MIB))
        .journal_compression(CompressionType::None)
        .open()?;
    // What is stored is ciphertext and hashes: compressing them costs time and saves nothing.
    // Indexes and filters are read in parts: whole ones of large files push everything else out of a
    // small cache, and are read again for every key.
    let keyspace = |name, memtable_bytes_max| {
        database.keyspace(name, || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(memtable_bytes_max)
                .data_block_compression_policy(CompressionPolicy::all(CompressionType::None))
                .index_block_partitioning_policy(PartitioningPolicy::all(true))
                .filter_block_partitioning_policy(PartitioningPolicy::all(true))
        })
    };
    let (usual, small) = (config.memtable_bytes_max, config.small_memtable_bytes_max);
    let spaces = Spaces {
        entries: keyspace(Space::Entries.name(), usual)?,
        digests: keyspace(Space::Digests.name(), usual)?,
        log: keyspace(Space::Log.name(), usual)?,
        meta: keyspace(Space::Meta.name(), small)?,
    };
    let count = keyspace("count", small)?;
    Ok((database, spaces, count))
}

const fn keyspaces<'a>(spaces: &'a Spaces, count: &'a Keyspace) -> [&'a Keyspace; 5] {
    let Spaces {
        entries,
        digests,
        log,
        meta,
    } = spaces;
    [entries, digests, log, meta, count]
}

fn read_count(count: &Keyspace) -> Result<u64, fjall::Error> {
    let stored = count.get(COUNT_KEY)?;
    let number = stored.and_then(|bytes| Some(u64::from_be_bytes((*bytes).try_into().ok()?)));
    Ok(number.unwrap_or_default())
}

fn check_poison(poison: &AtomicBool) -> Result<(), StorageError> {
    if poison.load(Ordering::SeqCst) {
        return Err(StorageError::Poisoned);
    }
    Ok(())
}

fn reading(space: Space) -> String {
    format!("read {} from storage", space.name())
}

/// Nobody else opens the folder as long as the file is open.
fn lock(folder: &Path, doing: impl Fn() -> String) -> Result<File, StorageError> {
    let failed = |error| StorageError::from_io(doing(), error);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("lock"));
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked { doing: doing() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Nobody but the owner may look at it, where the system has owners.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
