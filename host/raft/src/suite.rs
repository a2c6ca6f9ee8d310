//! openraft's own tests of a store, and snapshots between two of them.

use crate::error::Failure;
use crate::image::{self, Image};
use crate::log::{Log, LogStore};
use crate::state::StateMachine;
use crate::types::{Command, Entry, LogId, Membership, OpenraftError, TypeConfig};
use crate::{install, types};
use base::{MountId, NamespaceId};
use journal::{Batch, Op};
use locality::{Class, PhysicalKey};
use openraft::storage::RaftStateMachine;
use openraft::testing::{StoreBuilder, Suite};
use openraft::{BasicNode, CommittedLeaderId, EntryPayload, RaftSnapshotBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use storage::{Disk, DiskConfig, Fault, Memory, Space, Storage};

struct OnDisk;
struct InMemory;

fn open(storage: &Arc<dyn Storage>) -> (LogStore, StateMachine) {
    let failure = Failure::default();
    let log = Arc::new(Log::new(Arc::clone(storage), failure.clone()));
    log.load().unwrap();
    install::resume(&**storage, &log).unwrap();
    let state = StateMachine::load(
        Arc::clone(storage),
        Arc::clone(&log),
        Arc::new(()),
        failure,
        Arc::default(),
        Arc::default(),
    );
    (LogStore(log), state.unwrap())
}

impl StoreBuilder<TypeConfig, LogStore, StateMachine, tempfile::TempDir> for OnDisk {
    async fn build(&self) -> Result<(tempfile::TempDir, LogStore, StateMachine), OpenraftError> {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path(), DiskConfig::default()).unwrap();
        let (log, state) = open(&(Arc::new(disk) as Arc<dyn Storage>));
        Ok((folder, log, state))
    }
}

impl StoreBuilder<TypeConfig, LogStore, StateMachine> for InMemory {
    async fn build(&self) -> Result<((), LogStore, StateMachine), OpenraftError> {
        let (log, state) = open(&(Arc::new(Memory::new()) as Arc<dyn Storage>));
        Ok(((), log, state))
    }
}

#[test]
fn openraft_accepts_the_store_on_disk() {
    Suite::test_all(OnDisk).unwrap();
}

#[test]
fn openraft_accepts_the_store_in_memory() {
    Suite::test_all(InMemory).unwrap();
}

fn id(index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(1, 1), index)
}

fn write(index: u64, path: &str, value: &[u8]) -> Entry {
    let key = PhysicalKey::new(Class::Replicated, NamespaceId::ROOT, MountId::new(1), path);
    let op = Op {
        key,
        value: Some(value.to_vec()),
        seal_wrap: false,
    };
    let batches = vec![Batch { ops: vec![op] }];
    Entry {
        log_id: id(index),
        payload: EntryPayload::Normal(Command::from(batches)),
    }
}

fn voters(index: u64) -> Entry {
    let nodes = BTreeMap::from([(1, BasicNode::new("there"))]);
    Entry {
        log_id: id(index),
        payload: EntryPayload::Membership(Membership::new(vec![BTreeSet::from([1])], nodes)),
    }
}

type Content = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

fn content(storage: &dyn Storage) -> Content {
    let snapshot = storage.snapshot();
    let mut content = Content::new();
    for space in [Space::Entries, Space::Digests] {
        for entry in snapshot.range(space, b"", None) {
            let (key, value) = entry.unwrap();
            content.insert((space, key.to_vec()), value.to_vec());
        }
    }
    content
}

/// A state of some megabytes, so that it takes several chunks.
async fn source() -> (Arc<dyn Storage>, StateMachine) {
    let storage = Arc::new(Memory::new()) as Arc<dyn Storage>;
    let (_, mut state) = open(&storage);
    let mut entries = vec![voters(0)];
    for index in 1..40 {
        entries.push(write(index, &format!("path {index}"), &vec![7; 100_000]));
    }
    state.apply(entries).await.unwrap();
    (storage, state)
}

#[tokio::test]
async fn a_snapshot_travels_in_chunks() {
    let (from, mut leader) = source().await;
    let mut builder = leader.get_snapshot_builder().await;
    leader.apply([write(40, "later", b"x")]).await.unwrap();
    let snapshot = builder.build_snapshot().await.unwrap();
    let Image::Held(held) = &*snapshot.snapshot else {
        unreachable!("a built snapshot is held")
    };
    let chunks: Vec<_> = image::chunks(&**held).map(Result::unwrap).collect();
    assert!(chunks.len() > 3);
    assert!(chunks.iter().all(|chunk| chunk.len() < 1_300_000));

    let to = Arc::new(Memory::new()) as Arc<dyn Storage>;
    let (log, mut follower) = open(&to);
    follower
        .apply([voters(0), write(1, "old", b"gone")])
        .await
        .unwrap();
    follower.begin_receiving_snapshot().await.unwrap();
    let count = chunks.len() as u64;
    for (number, chunk) in (0..).zip(chunks) {
        image::stage(&*to, number, chunk).unwrap();
    }
    let image = Box::new(Image::Staged(count));
    follower
        .install_snapshot(&snapshot.meta, image)
        .await
        .unwrap();
    let expected = content(&*from);
    assert_eq!(log.0.last(), Some(id(39)));
    assert_eq!(journal::applied_index(&*to).unwrap(), 39);
    assert_eq!(follower.applied_state().await.unwrap().0, Some(id(39)));
    assert_ne!(content(&*to), expected);
    follower.apply([write(40, "later", b"x")]).await.unwrap();
    assert_eq!(content(&*to), expected);
    let meta: Vec<_> = to
        .snapshot()
        .range(Space::Meta, b"raft/staged", None)
        .collect();
    let staged = meta
        .iter()
        .flatten()
        .filter(|(key, _)| key.starts_with(b"raft/staged"));
    assert_eq!(staged.count(), 0);
}

#[tokio::test]
async fn an_installation_goes_on_after_a_crash_at_any_write() {
    let (from, mut leader) = source().await;
    let snapshot = leader.get_current_snapshot().await.unwrap().unwrap();
    let expected = content(&*from);
    let mut interrupted = 0;
    for crash_at in 0.. {
        let memory = Arc::new(Memory::with_faults());
        let to = Arc::clone(&memory) as Arc<dyn Storage>;
        let (_, mut follower) = open(&to);
        follower
            .apply([voters(0), write(1, "old", b"gone")])
            .await
            .unwrap();
        to.sync().unwrap();
        let before = content(&*to);
        memory.fail_write(crash_at, Fault::Failed);
        let image = snapshot.snapshot.clone();
        let installed = follower.install_snapshot(&snapshot.meta, image).await;
        drop(follower);
        let after =
            Arc::new(memory.crash(usize::try_from(crash_at).unwrap() / 2)) as Arc<dyn Storage>;
        let (log, mut follower) = open(&after);
        let applied = follower.applied_state().await.unwrap().0;
        if applied == Some(id(39)) {
            assert_eq!(content(&*after), expected);
            assert_eq!(log.0.last(), Some(id(39)));
        } else {
            assert!(installed.is_err());
            assert_eq!(applied, Some(id(1)));
            assert_eq!(content(&*after), before);
            interrupted += 1;
        }
        if installed.is_ok() {
            break;
        }
    }
    assert!(interrupted > 0);
}

#[tokio::test]
async fn a_damaged_chunk_is_refused() {
    let to = Arc::new(Memory::new()) as Arc<dyn Storage>;
    let (_, mut follower) = open(&to);
    let (_, mut leader) = source().await;
    let snapshot = leader.get_current_snapshot().await.unwrap().unwrap();
    let Image::Held(held) = &*snapshot.snapshot else {
        unreachable!("a current snapshot is held")
    };
    let mut chunk = image::chunks(&**held).next().unwrap().unwrap();
    let middle = chunk.len() / 2;
    chunk[middle] ^= 1;
    image::stage(&*to, 0, chunk).unwrap();
    let image = Box::new(Image::Staged(1));
    let refused = follower.install_snapshot(&snapshot.meta, image).await;
    assert!(refused.unwrap_err().to_string().contains("wrong checksum"));
}

#[test]
fn a_command_shows_nothing_of_its_batches() {
    let EntryPayload::Normal(command) = write(1, "path", b"value").payload else {
        unreachable!("it is a write")
    };
    assert_eq!(format!("{command:?}"), "1 batches");
    let _: types::Mark = (&id(3)).into();
}
