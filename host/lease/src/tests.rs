use crate::{
    ATTEMPTS_MAX, Kind, LeaseTerms, Next, SecretLease, due, end_now, end_those_of_token, find,
    forget, ids_below, irrevocable, keep, names_below, next_end, note_failure, note_irrevocable,
};
use barrier::{Keyring, Transaction};
use base::{Entropy, MountId, NamespaceId, Timestamp};
use core::time::Duration;
use std::sync::Arc;
use storage::Storage;

/// What is tested here is not the cryptography.
struct Same;

impl Entropy for Same {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn transaction() -> Transaction {
    let keyring = Keyring::make(&Same, at(0));
    let snapshot = storage::Memory::new().snapshot();
    Transaction::new(snapshot, Arc::new(keyring), Arc::new(Same), 0)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn lease(expires: u64) -> SecretLease {
    SecretLease {
        namespace: NamespaceId::ROOT,
        mount: MountId::new(7),
        kind: String::from("creds"),
        private: String::from("null"),
        issued: at(0),
        expires: at(expires),
        last_renewal: None,
        terms: LeaseTerms {
            ttl: expires,
            max_ttl: 0,
            renewable: true,
        },
        token: String::from("t"),
        attempts: 0,
        irrevocable: None,
    }
}

#[test]
fn what_cannot_be_ended_is_tried_later_and_later_and_then_no_more() {
    let mut tx = transaction();
    keep(&mut tx, "a/b/1", &lease(100)).unwrap();
    let mut now = at(100);
    for attempt in 1..ATTEMPTS_MAX {
        let ended = due(&mut tx, now, 10).unwrap();
        assert_eq!(ended.len(), 1, "{attempt}");
        let next = note_failure(&mut tx, "a/b/1", ended[0].at, now, "down").unwrap();
        let later = now.plus(Duration::from_secs(10 << (attempt - 1)));
        assert_eq!(next, Next::Again(later));
        assert!(due(&mut tx, now, 10).unwrap().is_empty());
        now = later;
    }
    let next = note_failure(&mut tx, "a/b/1", now, now, "down").unwrap();
    assert_eq!(next, Next::Never);
    assert_eq!(next_end(&mut tx).unwrap(), None);
    let found = irrevocable(&mut tx, NamespaceId::ROOT, 10).unwrap();
    assert_eq!(found[0].0, "a/b/1");
    assert_eq!(found[0].1.irrevocable.as_deref(), Some("down"));
    forget(&mut tx, "a/b/1").unwrap();
    assert!(
        irrevocable(&mut tx, NamespaceId::ROOT, 10)
            .unwrap()
            .is_empty()
    );
    let next = note_failure(&mut tx, "a/b/1", now, now, "down").unwrap();
    assert_eq!(next, Next::Gone);
}

#[test]
fn what_nobody_can_end_is_not_tried() {
    let mut tx = transaction();
    keep(&mut tx, "a/b/1", &lease(100)).unwrap();
    for reason in ["gone", "later"] {
        note_irrevocable(&mut tx, "a/b/1", reason).unwrap();
        let found = irrevocable(&mut tx, NamespaceId::ROOT, 10).unwrap();
        assert_eq!(found[0].1.irrevocable.as_deref(), Some("gone"));
        assert_eq!(next_end(&mut tx).unwrap(), None);
    }
    forget(&mut tx, "a/b/1").unwrap();
    note_irrevocable(&mut tx, "a/b/1", "gone").unwrap();
    let left = irrevocable(&mut tx, NamespaceId::ROOT, 10).unwrap();
    assert!(left.is_empty());
}

#[test]
fn a_reason_is_cut_between_letters() {
    let mut tx = transaction();
    let mut one = lease(100);
    one.attempts = ATTEMPTS_MAX - 1;
    keep(&mut tx, "a", &one).unwrap();
    note_failure(&mut tx, "a", at(100), at(100), &"\u{fc}".repeat(900)).unwrap();
    let reason = find(&mut tx, "a").unwrap().unwrap().irrevocable.unwrap();
    assert_eq!(reason.chars().count(), 500);
}

#[test]
fn leases_of_a_token_end_with_it_some_at_a_time() {
    let mut tx = transaction();
    for number in 0..25 {
        keep(&mut tx, &format!("a/{number}"), &lease(100)).unwrap();
    }
    let mut steps = 1;
    while !end_those_of_token(&mut tx, "t", at(5), 10).unwrap() {
        steps += 1;
    }
    assert_eq!(steps, 3);
    assert_eq!(due(&mut tx, at(5), 100).unwrap().len(), 25);
}

#[test]
fn a_lease_that_ends_now_is_due_once() {
    let mut tx = transaction();
    keep(&mut tx, "a", &lease(100)).unwrap();
    assert!(end_now(&mut tx, "a", at(5)).unwrap());
    assert!(end_now(&mut tx, "a", at(5)).unwrap());
    assert!(!end_now(&mut tx, "b", at(5)).unwrap());
    let ends = due(&mut tx, at(200), 10).unwrap();
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].at, at(5));
}

#[test]
fn ids_are_found_by_their_beginning() {
    let mut tx = transaction();
    for id in ["a/b/1", "a/b/2", "a/bc/3", "b/4"] {
        keep(&mut tx, id, &lease(100)).unwrap();
    }
    let mut ids = |prefix: &str, after: Option<&str>| {
        ids_below(&mut tx, Kind::Secret, NamespaceId::ROOT, prefix, after, 10).unwrap()
    };
    assert_eq!(ids("a/b/", None), ["a/b/1", "a/b/2"]);
    assert_eq!(ids("a/b/", Some("a/b/1")), ["a/b/2"]);
    assert_eq!(ids("", Some("a/bc/3")), ["b/4"]);
    assert_eq!(
        names_below(&mut tx, NamespaceId::ROOT, "a/").unwrap(),
        ["b/", "bc/"]
    );
}
