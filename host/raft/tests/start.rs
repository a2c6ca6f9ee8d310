//! The start does not depend on how long the log is.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use base::{MountId, NamespaceId};
use bytes::Bytes;
use journal::{Batch, Journal, Op, Source};
use locality::{Class, PhysicalKey};
use raft::{Raft, RaftConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{Durability, Memory, Range, Snapshot, Space, Storage, StorageError};

/// Counts the entries of the log that are read.
struct Counting {
    storage: Arc<dyn Storage>,
    entries: Arc<AtomicU64>,
}

struct CountingSnapshot {
    snapshot: Arc<dyn Snapshot>,
    entries: Arc<AtomicU64>,
}

fn note(entries: &AtomicU64, space: Space) {
    if space == Space::Log {
        entries.fetch_add(1, Ordering::SeqCst);
    }
}

impl Storage for Counting {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        note(&self.entries, space);
        self.storage.get(space, key)
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(CountingSnapshot {
            snapshot: self.storage.snapshot(),
            entries: Arc::clone(&self.entries),
        })
    }

    fn commit(&self, batch: storage::Batch, durability: Durability) -> Result<(), StorageError> {
        self.storage.commit(batch, durability)
    }

    fn sync(&self) -> Result<(), StorageError> {
        self.storage.sync()
    }

    fn settle(&self) -> Result<(), StorageError> {
        self.storage.settle()
    }
}

impl Snapshot for CountingSnapshot {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        note(&self.entries, space);
        self.snapshot.get(space, key)
    }

    fn range(&self, space: Space, from: &[u8], to: Option<&[u8]>) -> Range<'_> {
        let found = self.snapshot.range(space, from, to);
        Box::new(found.inspect(move |_| note(&self.entries, space)))
    }
}

fn write(number: usize) -> Vec<Batch> {
    let path = number.to_string();
    let op = Op {
        key: PhysicalKey::new(Class::Replicated, NamespaceId::ROOT, MountId::new(1), &path),
        value: Some(vec![7; 100]),
        seal_wrap: false,
    };
    vec![Batch { ops: vec![op] }]
}

async fn open(storage: Arc<dyn Storage>) -> Raft {
    let config = RaftConfig::default();
    Raft::open(storage, 1, Arc::new(()), config).await.unwrap()
}

/// How many entries a start reads of a log to which so many were added, and how many there are.
async fn read_at_start(count: usize) -> (u64, u64) {
    let storage = Arc::new(Memory::new()) as Arc<dyn Storage>;
    let raft = open(Arc::clone(&storage)).await;
    for number in 0..count {
        raft.commit(write(number)).await.unwrap();
    }
    let size_bytes = raft.extent().size_bytes;
    raft.shutdown().await;
    drop(raft);
    let entries = Arc::new(AtomicU64::new(0));
    let counting = Counting {
        storage: Arc::clone(&storage),
        entries: Arc::clone(&entries),
    };
    let raft = open(Arc::new(counting)).await;
    let read = entries.load(Ordering::SeqCst);
    // It knows as much of the log as one that had read all of it.
    assert!(raft.extent().size_bytes >= size_bytes);
    let log = storage.snapshot();
    let stored = log.range(Space::Log, b"", None).map(Result::unwrap);
    let (sizes, counts): (Vec<u64>, Vec<u64>) =
        stored.map(|(_, value)| (value.len() as u64, 1)).unzip();
    assert_eq!(raft.extent().size_bytes, sizes.iter().sum::<u64>());
    (read, counts.iter().sum())
}

#[tokio::test]
async fn a_start_reads_as_much_of_a_long_log_as_of_a_short_one() {
    let (short, few) = read_at_start(20).await;
    let (long, many) = read_at_start(3_000).await;
    assert!(many > few + 2_900);
    // Where one leader's entries end and the next one's begin is searched, not read through.
    assert!(long <= short + 16, "{short} of {few}, {long} of {many}");
    assert!(short <= 16, "{short} of {few}");
}
