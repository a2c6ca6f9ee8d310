//! Following the log: what is applied is read in order, and stays as long as somebody needs it and
//! the disk can bear it.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use base::{MountId, NamespaceId};
use core::time::Duration;
use journal::{Batch, Journal, JournalError, Observer, Op, Source, SourceError};
use locality::{Class, PhysicalKey};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use raft::{Raft, RaftConfig};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use storage::{Disk, DiskConfig, Memory, Storage};

type Entries = Vec<(u64, Arc<Vec<Batch>>)>;

fn write(number: usize, value_bytes: usize) -> Vec<Batch> {
    let (root, mount) = (NamespaceId::ROOT, MountId::new(1));
    let op = Op {
        key: PhysicalKey::new(Class::Replicated, root, mount, &format!("{number}")),
        value: Some(vec![7; value_bytes]),
        seal_wrap: number.is_multiple_of(2),
    };
    vec![Batch { ops: vec![op] }]
}

async fn open(storage: &Arc<dyn Storage>, config: RaftConfig) -> Raft {
    let storage = Arc::clone(storage);
    Raft::open(storage, 1, Arc::new(()), config).await.unwrap()
}

fn memory() -> (Arc<Memory>, Arc<dyn Storage>) {
    let memory = Arc::new(Memory::with_faults());
    let storage = Arc::clone(&memory) as Arc<dyn Storage>;
    (memory, storage)
}

/// Sixteen entries, and up to two hundred for somebody who needs them.
fn small() -> RaftConfig {
    let mut config = RaftConfig::default();
    config.log_entries_max = 16;
    config.kept_entries_max = 200;
    config
}

async fn commit(raft: &Raft, count: usize) -> Vec<u64> {
    let mut indexes = Vec::new();
    for number in 0..count {
        indexes.push(raft.commit(write(number, 10)).await.unwrap());
    }
    indexes
}

/// Everything after `after`, in pieces of these sizes, over and over.
fn read_all(raft: &Raft, after: u64, pieces: &[usize]) -> Result<Entries, SourceError> {
    let mut entries = Entries::new();
    let mut at = after;
    for piece in pieces.iter().cycle() {
        let tail = raft.read(at, *piece)?;
        assert!(tail.entries.iter().all(|(index, _)| *index <= tail.upto));
        entries.extend(tail.entries);
        if tail.upto == at {
            break;
        }
        assert!(tail.upto > at);
        at = tail.upto;
    }
    assert_eq!(at, raft.extent().applied);
    Ok(entries)
}

fn indexes(entries: &Entries) -> Vec<u64> {
    entries.iter().map(|(index, _)| *index).collect()
}

/// Waits until the log's thread has brought `done` about.
async fn wait_until(done: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !done() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

#[tokio::test]
async fn what_is_committed_is_read_from_disk_and_from_memory() {
    let (_, storage) = memory();
    let raft = open(&storage, RaftConfig::default()).await;
    let first = commit(&raft, 5).await;
    assert!(!raft.is_at_hand(0) && raft.is_at_hand(raft.applied()));
    let from_disk = raft.read(0, usize::MAX).unwrap();
    assert_eq!(indexes(&from_disk.entries), first);
    assert_eq!(from_disk.upto, raft.applied());
    assert_eq!(*from_disk.entries[3].1, write(3, 10));

    raft.keep_after(Some(0));
    let second = commit(&raft, 5).await;
    for (after, expected) in [
        (0, false),
        (first[3], false),
        (first[4], true),
        (second[0], true),
        (u64::MAX, true),
    ] {
        assert_eq!(raft.is_at_hand(after), expected, "{after}");
    }
    let (one, other) = (
        raft.read(first[4], usize::MAX).unwrap(),
        raft.read(second[0], usize::MAX).unwrap(),
    );
    assert_eq!(indexes(&one.entries), second);
    assert_eq!(indexes(&other.entries), second[1..]);
    // Both read the same entry, not a copy each.
    assert!(Arc::ptr_eq(&one.entries[1].1, &other.entries[0].1));
    let all = read_all(&raft, 0, &[usize::MAX]).unwrap();
    assert_eq!(indexes(&all), [first, second.clone()].concat());
    assert_eq!(raft.read(u64::MAX, 1).unwrap().upto, raft.applied());

    // What nobody needs any more leaves the memory, and is there.
    raft.keep_after(Some(second[1]));
    assert!(!raft.is_at_hand(second[0]) && raft.is_at_hand(second[1]));
    let rest = read_all(&raft, second[0], &[usize::MAX]).unwrap();
    assert_eq!(indexes(&rest), second[1..]);
}

#[test]
fn any_pieces_give_the_same_entries() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (_, storage) = memory();
    let mut config = RaftConfig::default();
    config.recent_bytes_max = 4_000;
    let mut expected = Vec::new();
    // Openings leave entries that write nothing.
    for _ in 0..3 {
        let raft = runtime.block_on(open(&storage, config));
        for number in 0..20 {
            let batches = write(number, number * 37 % 500);
            let index = runtime.block_on(raft.commit(batches.clone())).unwrap();
            expected.push((index, Arc::new(batches)));
        }
    }
    let raft = runtime.block_on(open(&storage, config));
    raft.keep_after(Some(0));
    for number in 0..40 {
        let batches = write(number, number * 53 % 500);
        let index = runtime.block_on(raft.commit(batches.clone())).unwrap();
        expected.push((index, Arc::new(batches)));
    }
    let last = raft.applied();
    let pieces = prop::collection::vec(0_usize..3_000, 1..6);
    let check = |(after, pieces): (u64, Vec<usize>)| {
        let read = read_all(&raft, after, &pieces).unwrap();
        let expected = expected.iter().filter(|(index, _)| *index > after);
        prop_assert_eq!(read, expected.cloned().collect::<Entries>());
        Ok(())
    };
    TestRunner::default()
        .run(&(0..=last, pieces), check)
        .unwrap();
}

#[tokio::test]
async fn the_log_is_kept_for_whoever_needs_it_and_no_longer() {
    let (_, storage) = memory();
    let raft = open(&storage, small()).await;
    let start = commit(&raft, 3).await[2];
    raft.keep_after(Some(start));
    let needed = commit(&raft, 100).await;
    assert_eq!(indexes(&read_all(&raft, start, &[100]).unwrap()), needed);
    let kept = raft.extent();
    assert!(kept.bytes_max > RaftConfig::default().log_bytes_max);
    assert!(kept.purged <= start);

    // Halfway: what is before goes, what is after stays.
    let halfway = needed[49];
    raft.keep_after(Some(halfway));
    wait_until(|| raft.extent().purged > 0).await;
    assert!(raft.extent().purged <= halfway);
    assert_eq!(
        indexes(&read_all(&raft, halfway, &[100]).unwrap()),
        needed[50..]
    );

    // Nobody: the usual bounds hold without another commit.
    raft.keep_after(None);
    let within = raft.applied() - 16;
    wait_until(|| raft.extent().purged >= within).await;
    let gone = raft.read(halfway, 1).unwrap_err();
    assert!(
        matches!(gone, SourceError::Purged { after, purged } if after == halfway && purged >= within),
        "{gone}"
    );
    let extent = raft.extent();
    assert_eq!(extent.bytes_max, RaftConfig::default().log_bytes_max);
    assert!(extent.size_bytes < kept.size_bytes / 2);
    assert!(read_all(&raft, extent.purged, &[100]).is_ok());
}

#[tokio::test]
async fn whoever_is_too_slow_is_told_so_and_the_disk_is_spared() {
    let (_, storage) = memory();
    let mut config = small();
    config.kept_entries_max = 40;
    config.recent_bytes_max = 500;
    let raft = open(&storage, config).await;
    raft.keep_after(Some(0));
    commit(&raft, 100).await;
    // Another commit sees that a snapshot is there, and purges.
    wait_until(|| raft.extent().purged > 0).await;
    let gone = raft.read(0, 1).unwrap_err();
    assert!(
        matches!(gone, SourceError::Purged { after: 0, .. }),
        "{gone}"
    );
    let purged = raft.extent().purged;
    assert!(purged > 40 && purged < raft.applied() - 16, "{purged}");
    assert!(read_all(&raft, purged, &[200]).is_ok());

    let mut config = small();
    config.kept_bytes_max = 20_000;
    config.log_bytes_max = 2_000;
    drop(raft);
    let raft = open(&storage, config).await;
    for number in 0..100 {
        raft.commit(write(number, 1_000)).await.unwrap();
        assert!(raft.extent().size_bytes < 30_000);
    }
}

#[tokio::test]
async fn what_is_needed_is_still_there_after_a_crash() {
    let (memory, storage) = memory();
    let raft = open(&storage, small()).await;
    let start = commit(&raft, 3).await[2];
    raft.keep_after(Some(start));
    let before = commit(&raft, 60).await;
    let after_crash = Arc::new(memory.crash(0)) as Arc<dyn Storage>;
    drop(raft);

    // Nobody has said yet what is needed: what was needed stays.
    let raft = open(&after_crash, small()).await;
    let after = commit(&raft, 60).await;
    let all = read_all(&raft, start, &[300]).unwrap();
    assert_eq!(indexes(&all), [before, after].concat());
    raft.keep_after(None);
    let within = raft.applied() - 16;
    wait_until(|| raft.extent().purged >= within).await;
    raft.shutdown().await;
    drop(raft);

    let raft = open(&after_crash, small()).await;
    let applied = commit(&raft, 60).await[59];
    wait_until(|| raft.extent().purged + 20 >= applied).await;
}

#[tokio::test]
async fn a_log_on_disk_is_followed_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for _ in 0..3 {
        let disk = Disk::open(folder.path(), DiskConfig::default()).unwrap();
        let storage = Arc::new(disk) as Arc<dyn Storage>;
        let raft = open(&storage, RaftConfig::default()).await;
        assert_eq!(indexes(&read_all(&raft, 0, &[50]).unwrap()), expected);
        expected.extend(commit(&raft, 5).await);
        assert_eq!(indexes(&read_all(&raft, 0, &[50]).unwrap()), expected);
        raft.shutdown().await;
    }
}

/// Stops the log at each entry until it is let go.
struct Gate {
    entered: SyncSender<u64>,
    go: Mutex<Receiver<()>>,
}

impl Observer for Gate {
    fn applied(&self, index: u64, _batches: &[Batch]) {
        self.entered.send(index).unwrap();
        // An error means that the test is over.
        let _ = self.go.lock().unwrap().recv();
    }
}

#[tokio::test]
async fn an_entry_is_read_once_the_observers_have_seen_it() {
    let (_, storage) = memory();
    let (entered, entries) = sync_channel(10);
    let (go, gate) = sync_channel(10);
    let observer = Arc::new(Gate {
        entered,
        go: Mutex::new(gate),
    });
    let raft = Raft::open(storage, 1, observer, RaftConfig::default())
        .await
        .unwrap();
    for keep in [None, Some(0)] {
        raft.keep_after(keep);
        let before = raft.extent().applied;
        let committing = raft.commit(write(1, 1));
        let beyond = raft.beyond(before);
        let index = entries.recv().unwrap();
        let early = raft.read(before, 100).unwrap();
        assert!(early.entries.is_empty());
        assert_eq!((early.upto, raft.extent().applied), (before, before));
        go.send(()).unwrap();
        beyond.await;
        let found = raft.read(before, 100).unwrap();
        assert_eq!(indexes(&found.entries), [index]);
        assert_eq!(committing.await.unwrap(), index);
    }
}

#[tokio::test]
async fn whoever_waits_is_woken_by_the_end() {
    let (_, storage) = memory();
    let raft = open(&storage, RaftConfig::default()).await;
    let last = commit(&raft, 1).await[0];
    let waiting = raft.beyond(last);
    raft.shutdown().await;
    waiting.await;
    raft.beyond(last).await;
    // What there is can be read; that nothing more comes is said.
    assert_eq!(indexes(&raft.read(last - 1, 100).unwrap().entries), [last]);
    let end = raft.read(last, 100).unwrap_err();
    assert!(
        matches!(end, SourceError::Journal(JournalError::Closed)),
        "{end}"
    );
}
