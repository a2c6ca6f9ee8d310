//! The log from outside: what was answered is there, whatever happens.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use base::{MountId, NamespaceId};
use journal::{Batch, Journal, JournalError, Observer, Op, Source, SourceError, applied_index};
use locality::{Class, PhysicalKey};
use raft::{Raft, RaftConfig, RaftError};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use storage::{Disk, DiskConfig, Durability, Fault, Memory, Space, Storage};

const NODE: u64 = 1;

fn write(path: &str, value: &str) -> Vec<Batch> {
    let op = |path: &str| Op {
        key: PhysicalKey::new(Class::Replicated, NamespaceId::ROOT, MountId::new(1), path),
        value: Some(value.as_bytes().to_vec()),
        seal_wrap: false,
    };
    // Two entries, so that half a batch would show.
    let ops = vec![op(&format!("{path}/a")), op(&format!("{path}/b"))];
    vec![Batch { ops }]
}

/// Both halves of each batch, and the digests of all.
fn content(storage: &dyn Storage) -> BTreeMap<String, String> {
    let snapshot = storage.snapshot();
    let entries: Vec<_> = snapshot
        .range(Space::Entries, b"", None)
        .map(Result::unwrap)
        .map(|(key, value)| (PhysicalKey::from_bytes(&key).unwrap(), value))
        .collect();
    let fresh = digest::recompute(entries.iter().cloned().map(Ok::<_, ()>)).unwrap();
    let stored: BTreeMap<_, _> = snapshot
        .range(Space::Digests, b"", None)
        .map(Result::unwrap)
        .map(|(key, value)| (key.to_vec(), digest::Record::from_bytes(&value).unwrap()))
        .collect();
    assert_eq!(stored, fresh);
    let mut content = BTreeMap::new();
    for half in ["/a", "/b"] {
        let found: BTreeMap<_, _> = entries
            .iter()
            .filter_map(|(key, value)| {
                let path = key.path().strip_suffix(half)?.to_owned();
                Some((path, String::from_utf8(value.to_vec()).unwrap()))
            })
            .collect();
        if half == "/b" {
            assert_eq!(content, found);
        }
        content = found;
    }
    content
}

async fn open(storage: &Arc<dyn Storage>) -> Result<Raft, RaftError> {
    let storage = Arc::clone(storage);
    Raft::open(storage, NODE, Arc::new(()), RaftConfig::default()).await
}

fn memory() -> (Arc<Memory>, Arc<dyn Storage>) {
    let memory = Arc::new(Memory::with_faults());
    let storage = Arc::clone(&memory) as Arc<dyn Storage>;
    (memory, storage)
}

#[tokio::test]
async fn commits_are_there_and_in_order() {
    let (_, storage) = memory();
    let raft = open(&storage).await.unwrap();
    let mut last = raft.applied();
    for number in 0..20 {
        let index = raft
            .commit(write("same", &number.to_string()))
            .await
            .unwrap();
        assert!(index > last);
        last = index;
        assert_eq!(raft.applied(), index);
        assert_eq!(content(&*storage)["same"], number.to_string());
    }
    assert_eq!(raft.commit(vec![]).await.unwrap(), last);
    raft.shutdown().await;
    assert!(matches!(
        raft.commit(write("late", "x")).await,
        Err(JournalError::Closed)
    ));
    assert_eq!(raft.failure(), None);

    let raft = open(&storage).await.unwrap();
    assert!(raft.applied() >= last);
    assert!(raft.commit(write("same", "again")).await.unwrap() > last);
}

#[tokio::test]
async fn a_crash_loses_nothing_that_was_answered() {
    let (mut memory, mut storage) = memory();
    let mut expected = BTreeMap::new();
    for round in 0..5 {
        let raft = open(&storage).await.unwrap();
        for number in 0..4 {
            let path = format!("{round}/{number}");
            raft.commit(write(&path, "value")).await.unwrap();
            expected.insert(path, String::from("value"));
        }
        let answered = raft.applied();
        let after = Arc::new(memory.crash(0));
        // What was applied last was not synced: the log must bring it back.
        assert!(applied_index(&*after).unwrap() < answered);
        assert_ne!(content(&*after), expected);
        memory = after;
        storage = Arc::clone(&memory) as Arc<dyn Storage>;
        let raft = open(&storage).await.unwrap();
        assert_eq!(content(&*storage), expected);
        assert!(raft.applied() >= answered);
        drop(raft);
    }
}

#[tokio::test]
async fn a_failure_at_any_write_stops_the_log_and_loses_nothing() {
    for fault in [Fault::Failed, Fault::FailedYetKept, Fault::Full] {
        for after in 0.. {
            let (memory, storage) = memory();
            memory.fail_write(after, fault);
            let mut answered = Vec::new();
            let mut failed = false;
            if let Ok(raft) = open(&storage).await {
                for number in 0..4 {
                    let path = number.to_string();
                    match raft.commit(write(&path, "value")).await {
                        Ok(_) => answered.push(path),
                        Err(JournalError::Stopped(reason)) => {
                            assert!(!failed);
                            assert!(reason.contains("commit to storage"), "{reason}");
                            assert_eq!(raft.failure(), Some(reason));
                            failed = true;
                        }
                        Err(JournalError::Closed) => assert!(failed),
                        Err(other) => unreachable!("{other}"),
                    }
                }
            } else {
                failed = true;
            }
            let after_crash = Arc::new(memory.crash(0)) as Arc<dyn Storage>;
            let raft = open(&after_crash).await.unwrap();
            let found = content(&*after_crash);
            // At most the one that failed is there as well, whole.
            assert!(answered.iter().all(|path| found.contains_key(path)));
            assert!(found.len() <= answered.len() + 1);
            drop(raft);
            if !failed {
                break;
            }
        }
    }
}

/// What happens to the third last and the last of some entries.
type Damage = fn(&Memory, &[u8], &[u8]);

fn remove(memory: &Memory, key: &[u8]) {
    let mut batch = storage::Batch::new();
    batch.delete(Space::Log, key.to_vec());
    memory.commit(batch, Durability::Synced).unwrap();
}

fn replace(memory: &Memory, key: &[u8], other: &[u8]) {
    let mut batch = storage::Batch::new();
    let foreign = memory.get(Space::Log, other).unwrap().unwrap();
    batch.put(Space::Log, key.to_vec(), foreign);
    memory.commit(batch, Durability::Synced).unwrap();
}

/// What the log adds up to in storage.
type Moment = Vec<(Space, Vec<u8>, Vec<u8>)>;

fn moment(memory: &Memory) -> Moment {
    let snapshot = memory.snapshot();
    let spaces = [Space::Entries, Space::Digests, Space::Meta];
    let all = spaces.iter().flat_map(|space| {
        let found = snapshot.range(*space, b"", None).map(Result::unwrap);
        found.map(|(key, value)| (*space, key.to_vec(), value.to_vec()))
    });
    all.collect()
}

/// Leaves the log as it is, with only what was there at a moment applied.
fn go_back(memory: &Memory, to: Moment) {
    let mut batch = storage::Batch::new();
    for (space, key, _) in moment(memory) {
        batch.delete(space, key);
    }
    for (space, key, value) in to {
        batch.put(space, key, value);
    }
    memory.commit(batch, Durability::Synced).unwrap();
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Applied {
    All,
    /// Not the last four.
    Some,
}

/// A log of some entries that was closed, then damaged; the index of the last one.
async fn damaged(applied: Applied, damage: Damage) -> (Arc<dyn Storage>, u64) {
    let (memory, storage) = memory();
    let raft = open(&storage).await.unwrap();
    let mut earlier = Moment::new();
    for number in 0..6 {
        raft.commit(write(&number.to_string(), "value"))
            .await
            .unwrap();
        if number == 1 {
            earlier = moment(&memory);
        }
    }
    let last = raft.applied();
    raft.shutdown().await;
    drop(raft);
    if applied == Applied::Some {
        go_back(&memory, earlier);
    }
    let keys: Vec<_> = memory
        .snapshot()
        .range(Space::Log, b"", None)
        .map(|entry| entry.unwrap().0)
        .collect();
    let [.., middle, _, end] = keys.as_slice() else {
        unreachable!("there are at least six")
    };
    damage(&memory, middle, end);
    (memory, last)
}

#[tokio::test]
async fn a_damaged_log_is_an_error_and_not_a_shorter_log() {
    let check = async |applied: Applied, damage: Damage, expected: &str| {
        let (storage, _) = damaged(applied, damage).await;
        let error = open(&storage).await.err().unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    };
    // Nothing is wrong with one that is not damaged.
    let (storage, _) = damaged(Applied::Some, |_, _, _| ()).await;
    drop(open(&storage).await.unwrap());
    assert_eq!(content(&*storage).len(), 6);
    let last_changed: Damage = |memory, _, last| assert!(memory.flip_bit(Space::Log, last, 0));
    check(Applied::All, last_changed, "unknown version").await;
    check(Applied::Some, last_changed, "unknown version").await;
    let last_gone: Damage = |memory, _, last| remove(memory, last);
    check(Applied::All, last_gone, "is applied").await;
    let vote: Damage = |memory, _, _| {
        let mut batch = storage::Batch::new();
        batch.put(Space::Meta, "raft/vote", "x");
        memory.commit(batch, Durability::Synced).unwrap();
    };
    check(Applied::All, vote, "the vote").await;
    // What is still to be applied is read at the start.
    let changed: Damage = |memory, middle, _| assert!(memory.flip_bit(Space::Log, middle, 300));
    check(Applied::Some, changed, "checksum").await;
    check(
        Applied::Some,
        |memory, middle, _| remove(memory, middle),
        "is missing",
    )
    .await;
    check(Applied::Some, replace, "checksum").await;
}

#[tokio::test]
async fn what_is_damaged_and_applied_is_an_error_to_whoever_reads_it() {
    let check = async |damage: Damage, expected: &str| {
        let (storage, last) = damaged(Applied::All, damage).await;
        let raft = open(&storage).await.unwrap();
        let error = raft.read(0, usize::MAX).unwrap_err();
        assert!(
            matches!(error, SourceError::Journal(JournalError::Damaged(_))),
            "{error:?}"
        );
        assert!(error.to_string().contains(expected), "{error}");
        // What is not damaged is there.
        let rest = raft.read(last - 2, usize::MAX).unwrap();
        assert_eq!(rest.entries.len(), 2);
        raft.commit(write("more", "value")).await.unwrap();
        assert_eq!(content(&*storage).len(), 7);
    };
    check(
        |memory, middle, _| assert!(memory.flip_bit(Space::Log, middle, 300)),
        "checksum",
    )
    .await;
    check(|memory, middle, _| remove(memory, middle), "is missing").await;
    check(replace, "checksum").await;
}

#[tokio::test]
async fn a_log_that_cannot_be_purged_for_damage_stops_and_says_so() {
    let (storage, _) = damaged(Applied::All, |memory, middle, _| remove(memory, middle)).await;
    let mut config = RaftConfig::default();
    config.log_entries_max = 8;
    let raft = Raft::open(storage, NODE, Arc::new(()), config)
        .await
        .unwrap();
    let mut refused = None;
    for number in 0..40 {
        if let Err(error) = raft.commit(write(&number.to_string(), "x")).await {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.unwrap();
    assert!(
        matches!(refused, JournalError::Closed | JournalError::Stopped(_)),
        "{refused:?}"
    );
    let failure = raft.failure().unwrap();
    assert!(failure.contains("is missing"), "{failure}");
}

#[tokio::test]
async fn a_log_of_another_node_is_refused() {
    let (_, storage) = memory();
    drop(open(&storage).await.unwrap());
    let other = Raft::open(Arc::clone(&storage), 2, Arc::new(()), RaftConfig::default()).await;
    assert!(matches!(
        other.err(),
        Some(RaftError::NotAVoter { node: 2, .. })
    ));
    drop(open(&storage).await.unwrap());
}

/// Stops the log at each entry until it is let go, and notes what it saw.
struct Gate {
    entered: SyncSender<u64>,
    go: Mutex<Receiver<()>>,
    seen: Mutex<Vec<(u64, usize)>>,
}

impl Gate {
    fn new() -> (Arc<Self>, Receiver<u64>, SyncSender<()>) {
        let (entered, entries) = sync_channel(100);
        let (go, gate) = sync_channel(100);
        let gate = Self {
            entered,
            go: Mutex::new(gate),
            seen: Mutex::default(),
        };
        (Arc::new(gate), entries, go)
    }
}

impl Observer for Gate {
    fn applied(&self, index: u64, batches: &[Batch]) {
        self.seen.lock().unwrap().push((index, batches.len()));
        self.entered.send(index).unwrap();
        // An error means that the test is over.
        let _ = self.go.lock().unwrap().recv();
    }
}

#[tokio::test]
async fn commits_that_wait_share_an_entry_and_too_many_are_refused() {
    let (_, storage) = memory();
    let (gate, entries, go) = Gate::new();
    let mut config = RaftConfig::default();
    config.waiting_commits_max = 10;
    let observer = Arc::clone(&gate) as Arc<dyn Observer>;
    let raft = Raft::open(Arc::clone(&storage), NODE, observer, config)
        .await
        .unwrap();
    let first = raft.commit(write("first", "x"));
    let index = entries.recv().unwrap();
    let waiting: Vec<_> = (0..10)
        .map(|number| raft.commit(write(&format!("waiting {number}"), "x")))
        .collect();
    let refused = raft.commit(write("refused", "x")).await;
    assert!(matches!(refused, Err(JournalError::Busy(10))));
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), index);
    for commit in waiting {
        assert_eq!(commit.await.unwrap(), index + 1);
    }
    assert_eq!(*gate.seen.lock().unwrap(), [(index, 1), (index + 1, 10)]);
    assert_eq!(content(&*storage).len(), 11);
}

#[tokio::test]
async fn commits_that_wait_for_too_much_memory_are_refused() {
    let (_, storage) = memory();
    let (gate, entries, go) = Gate::new();
    let mut config = RaftConfig::default();
    config.waiting_bytes_max = 10_000;
    config.entry_bytes_max = 5_000;
    let raft = Raft::open(Arc::clone(&storage), NODE, gate, config)
        .await
        .unwrap();
    let large = "x".repeat(2_000);
    let first = raft.commit(write("first", &large));
    let index = entries.recv().unwrap();
    let second = raft.commit(write("second", &large));
    let third = raft.commit(write("third", &large));
    let refused = raft.commit(write("refused", &large)).await;
    assert!(matches!(refused, Err(JournalError::Busy(2))));
    for _ in 0..3 {
        go.send(()).unwrap();
    }
    assert_eq!(first.await.unwrap(), index);
    assert_eq!(second.await.unwrap(), index + 1);
    // Together they would be more than an entry takes.
    assert_eq!(third.await.unwrap(), index + 2);
}

#[tokio::test]
async fn shutdown_completes_what_is_on_its_way_and_refuses_the_rest() {
    let (_, storage) = memory();
    let (gate, entries, go) = Gate::new();
    let raft = Raft::open(Arc::clone(&storage), NODE, gate, RaftConfig::default())
        .await
        .unwrap();
    let first = raft.commit(write("first", "x"));
    entries.recv().unwrap();
    let waiting = raft.commit(write("waiting", "x"));
    let stopping = raft.shutdown();
    let letting_go = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    tokio::join!(stopping, letting_go);
    first.await.unwrap();
    assert!(matches!(waiting.await, Err(JournalError::Closed)));
    assert_eq!(content(&*storage).len(), 1);
}

struct Panicking;
impl Observer for Panicking {
    fn applied(&self, _index: u64, _batches: &[Batch]) {
        std::panic::resume_unwind(Box::new("planned"));
    }
}

#[tokio::test]
async fn an_observer_that_panics_stops_the_log_and_nobody_waits_forever() {
    let (_, storage) = memory();
    let observer = Arc::new(Panicking);
    let raft = Raft::open(storage, NODE, observer, RaftConfig::default())
        .await
        .unwrap();
    let stopped = raft.commit(write("first", "x")).await;
    assert!(
        matches!(stopped, Err(JournalError::Stopped(_))),
        "{stopped:?}"
    );
    assert!(matches!(
        raft.commit(write("next", "x")).await,
        Err(JournalError::Closed)
    ));
}

#[tokio::test]
async fn the_log_stays_within_its_bounds() {
    let (_, storage) = memory();
    let mut config = RaftConfig::default();
    config.log_entries_max = 16;
    let raft = Raft::open(Arc::clone(&storage), NODE, Arc::new(()), config)
        .await
        .unwrap();
    for number in 0..200 {
        raft.commit(write(&number.to_string(), "x")).await.unwrap();
    }
    raft.shutdown().await;
    drop(raft);
    let count = storage.snapshot().range(Space::Log, b"", None).count();
    assert!((8..=24).contains(&count), "{count}");
    let raft = Raft::open(Arc::clone(&storage), NODE, Arc::new(()), config)
        .await
        .unwrap();
    raft.commit(write("more", "x")).await.unwrap();
    assert_eq!(content(&*storage).len(), 201);
}

const CHILD_FOLDER: &str = "CASEMATE_TEST_LOG_FOLDER";

/// Not a test by itself: what `a_killed_process_loses_nothing` starts and kills.
#[tokio::test]
async fn child_that_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else {
        return;
    };
    let disk = Disk::open(folder.as_ref(), DiskConfig::default()).unwrap();
    let storage = Arc::new(disk) as Arc<dyn Storage>;
    let raft = Arc::new(open(&storage).await.unwrap());
    for round in 0_u64.. {
        let applied = raft.applied();
        let commits: Vec<_> = (0..8)
            .map(|writer| {
                let path = format!("{applied}-{round}-{writer}");
                (raft.commit(write(&path, "x")), path)
            })
            .collect();
        for (commit, path) in commits {
            commit.await.unwrap();
            println!("\nanswered {path}");
        }
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut answered = Vec::new();
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "child_that_writes_until_it_is_killed",
                "--nocapture",
            ])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut count = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(path) = line.strip_prefix("answered ") {
                answered.push(path.to_owned());
                count += 1;
            }
            if count == 50 + round * 37 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let disk = Disk::open(folder.path(), DiskConfig::default()).unwrap();
        let storage = Arc::new(disk) as Arc<dyn Storage>;
        let raft = open(&storage).await.unwrap();
        let found = content(&*storage);
        assert!(answered.iter().all(|path| found.contains_key(path)));
        // Whoever follows is told of it as well.
        let told = raft.read(0, usize::MAX).unwrap();
        assert_eq!(told.upto, raft.applied());
        let batches = told.entries.iter().flat_map(|(_, batches)| batches.iter());
        let paths: BTreeSet<&str> = batches
            .flat_map(|batch| &batch.ops)
            .filter_map(|op| op.key.path().strip_suffix("/a"))
            .collect();
        assert!(answered.iter().all(|path| paths.contains(path.as_str())));
        raft.shutdown().await;
    }
    assert!(answered.len() >= 4 * 50);
}
