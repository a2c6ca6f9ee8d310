//! Following a journal without a log.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use base::{MountId, NamespaceId};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use journal::{Batch, Extent, Journal, MemoryJournal, Op, Source, SourceError};
use locality::{Class, PhysicalKey};
use std::sync::Arc;
use storage::{Memory, Storage};

fn write(path: &str, value_bytes: usize) -> Vec<Batch> {
    let (root, mount) = (NamespaceId::ROOT, MountId::new(1));
    let op = Op {
        key: PhysicalKey::new(Class::Replicated, root, mount, path),
        value: Some(vec![1; value_bytes]),
        seal_wrap: true,
    };
    vec![Batch { ops: vec![op] }]
}

fn commit(journal: &MemoryJournal, batches: Vec<Batch>) -> u64 {
    let mut committing = journal.commit(batches);
    let mut context = Context::from_waker(Waker::noop());
    match committing.as_mut().poll(&mut context) {
        Poll::Ready(result) => result.unwrap(),
        Poll::Pending => unreachable!("a memory journal commits at once"),
    }
}

fn journal() -> (Arc<dyn Storage>, MemoryJournal) {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let journal = MemoryJournal::new(Arc::clone(&storage), Arc::new(())).unwrap();
    (storage, journal)
}

#[test]
fn what_is_committed_is_read() {
    let (_, journal) = journal();
    assert_eq!(journal.read(0, 100).unwrap().upto, 0);
    for number in 1..=3 {
        assert_eq!(commit(&journal, write(&number.to_string(), 10)), number);
    }
    let all = journal.read(0, usize::MAX).unwrap();
    assert_eq!(all.upto, 3);
    let found: Vec<_> = all.entries.iter().map(|(index, _)| *index).collect();
    assert_eq!(found, [1, 2, 3]);
    assert_eq!(*all.entries[1].1, write("2", 10));
    let one = journal.read(1, 1).unwrap();
    assert_eq!((one.upto, one.entries.len()), (2, 1));
    assert!(Arc::ptr_eq(&one.entries[0].1, &all.entries[1].1));
}

#[test]
fn what_does_not_fit_is_gone() {
    let (storage, journal) = journal();
    let journal = journal.keeping(1_000);
    journal.keep_after(Some(0));
    for number in 1..=10 {
        commit(&journal, write(&number.to_string(), 200));
    }
    let Extent {
        purged,
        applied,
        size_bytes,
        bytes_max,
    } = journal.extent();
    assert_eq!((applied, bytes_max), (10, 1_000));
    assert!(purged > 0 && size_bytes <= 1_000);
    let gone = journal.read(0, 100).unwrap_err();
    let expected = purged;
    assert!(
        matches!(gone, SourceError::Purged { after: 0, purged } if purged == expected),
        "{gone}"
    );
    let rest = journal.read(purged, usize::MAX).unwrap();
    assert_eq!(rest.entries.len() as u64, applied - purged);
    drop(journal);
    let again = MemoryJournal::new(storage, Arc::new(())).unwrap();
    assert_eq!((again.extent().purged, again.extent().applied), (10, 10));
    assert!(matches!(again.read(9, 1), Err(SourceError::Purged { .. })));
    assert_eq!(again.read(10, 1).unwrap().upto, 10);
}

#[test]
fn whoever_waits_is_woken_by_an_entry_and_by_the_end() {
    let (_, journal) = journal();
    let mut context = Context::from_waker(Waker::noop());
    let mut first = pin!(journal.beyond(0));
    let mut second = pin!(journal.beyond(1));
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    commit(&journal, write("x", 1));
    assert!(first.as_mut().poll(&mut context).is_ready());
    assert!(second.as_mut().poll(&mut context).is_pending());
    drop(journal);
    assert!(second.as_mut().poll(&mut context).is_ready());
}
