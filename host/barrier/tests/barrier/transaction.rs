//! Reads of one moment, writes that wait, and what is remembered of both.

use crate::world::{World, key};
use barrier::{BarrierError, Transaction};
use base::Timestamp;
use locality::{Class, PhysicalKey, SystemKey};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn text(transaction: &mut Transaction, key: &PhysicalKey) -> Option<String> {
    let value = transaction.get(key).unwrap();
    value.map(|value| String::from_utf8(value.expose().clone()).unwrap())
}

#[test]
fn reads_see_own_writes_and_no_later_commit() {
    let mut world = World::new();
    let (a, b) = (key(Class::Local, 1, "a"), key(Class::Local, 1, "b"));
    world.write(|t| t.put(&a, b"1".to_vec()));
    let mut transaction = world.begin();
    world.write(|t| t.put(&a, b"2".to_vec()));
    assert_eq!(text(&mut transaction, &a).as_deref(), Some("1"));
    transaction.put(&b, b"3".to_vec());
    assert_eq!(text(&mut transaction, &b).as_deref(), Some("3"));
    transaction.delete(&a);
    assert_eq!(text(&mut transaction, &a), None);
}

#[test]
fn a_commit_names_what_was_read_and_holds_each_key_once() {
    let mut world = World::new();
    let at = |path: &str| key(Class::Local, 1, path);
    world.write(|t| t.put(&at("b/2"), vec![1]));
    let mut transaction = world.begin();
    assert!(transaction.is_read_only());
    transaction.get(&at("a")).unwrap();
    transaction.keys(&at("b/"), None, 1).unwrap();
    transaction.put(&at("z"), vec![1]);
    transaction.put(&at("c"), vec![1]);
    transaction.put(&at("z"), vec![2]);
    transaction.get(&at("z")).unwrap();
    assert!(!transaction.is_read_only());
    let commit = transaction.finish().unwrap();
    assert_eq!(commit.seen, 1);
    let written: Vec<&str> = commit.batch.ops.iter().map(|op| op.key.path()).collect();
    assert_eq!(written, ["c", "z"]);
    let covers = |path: &str| commit.reads.covers(&at(path));
    assert!(covers("a"));
    assert!(covers("b/1") && covers("b/2"));
    // The page ended at b/2, and own writes are nobody else's.
    assert!(!covers("b/3") && !covers("z") && !covers("c"));
    assert!(!commit.reads.covers(&key(Class::Replicated, 1, "a")));
}

#[test]
fn records_are_json() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        name: String,
    }
    let mut world = World::new();
    let key = SystemKey::token("h");
    let record = Record { name: "n".into() };
    world.write(|t| t.write_json(&key, &record).unwrap());
    assert_eq!(world.begin().read_json(&key).unwrap(), Some(record));
    assert_eq!(
        world
            .begin()
            .read_json::<Record>(&SystemKey::token("i"))
            .unwrap(),
        None
    );
    world.write(|t| t.put(&key, b"{}".to_vec()));
    let error = world.begin().read_json::<Record>(&key).unwrap_err();
    assert!(matches!(error, BarrierError::Record { .. }));
}

#[test]
fn unsealed_entries_go_as_they_are() {
    let mut world = World::new();
    world.write(|t| t.danger_put_unsealed(&SystemKey::seal_config(), b"{}".to_vec()));
    assert_eq!(
        world.stored(SystemKey::seal_config().physical()).unwrap(),
        b"{}"
    );
}

#[test]
fn ends_of_leases_come_in_order_and_page_by_page() {
    let mut world = World::new();
    let end = |millis| SystemKey::lease_end(Timestamp::from_millis(millis), "x");
    world.write(|t| {
        for millis in [300, 7, 4096, 20] {
            t.put(&end(millis), vec![]);
        }
    });
    let mut transaction = world.begin();
    let ends = SystemKey::lease_ends();
    let first = transaction.keys(&ends, None, 2).unwrap();
    assert_eq!(
        first,
        [end(7).physical().clone(), end(20).physical().clone()]
    );
    let rest = transaction.keys(&ends, first.last(), 9).unwrap();
    assert_eq!(
        rest,
        [end(300).physical().clone(), end(4096).physical().clone()]
    );
    assert!(transaction.keys(&ends, rest.last(), 9).unwrap().is_empty());
}

#[test]
fn goes_on_after_a_commit_in_between() {
    let mut world = World::new();
    let (a, b) = (key(Class::Local, 1, "a"), key(Class::Local, 1, "b"));
    let mut transaction = world.begin();
    transaction.get(&a).unwrap();
    transaction.put(&a, b"1".to_vec());
    let first = transaction.take_commit().unwrap();
    assert!(first.reads.covers(&a));
    world.apply(&first);
    transaction.resume(world.snapshot(), world.index);
    assert_eq!(text(&mut transaction, &a).as_deref(), Some("1"));
    transaction.put(&b, b"2".to_vec());
    let second = transaction.finish().unwrap();
    assert_eq!((second.seen, second.batch.ops.len()), (1, 1));
}

#[derive(Clone, Debug)]
enum Step {
    Put(PhysicalKey, u8),
    Delete(PhysicalKey),
    Get(PhysicalKey),
    Keys(PhysicalKey, Option<PhysicalKey>, usize),
}

fn keys() -> impl Strategy<Value = PhysicalKey> {
    let class = prop::sample::select(vec![Class::Local, Class::Replicated]);
    (class, 1_u64..3, "[ab/]{0,3}").prop_map(|(class, mount, path)| key(class, mount, &path))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (keys(), any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
        keys().prop_map(Step::Delete),
        keys().prop_map(Step::Get),
        (keys(), prop::option::of(keys()), 0_usize..9)
            .prop_map(|(prefix, after, limit)| Step::Keys(prefix, after, limit)),
    ];
    prop::collection::vec(step, 0..20)
}

type Model = BTreeMap<PhysicalKey, u8>;

/// What the step shows, by the transaction and by a map.
fn step(transaction: &mut Transaction, model: &mut Model, step: &Step) -> [Vec<PhysicalKey>; 2] {
    match step {
        Step::Put(key, value) => {
            transaction.put(key, vec![*value]);
            model.insert(key.clone(), *value);
            [vec![], vec![]]
        }
        Step::Delete(key) => {
            transaction.delete(key);
            model.remove(key);
            [vec![], vec![]]
        }
        Step::Get(key) => {
            let value = transaction.get(key).unwrap().map(|value| value.expose()[0]);
            assert_eq!(value, model.get(key).copied());
            [vec![], vec![]]
        }
        Step::Keys(prefix, after, limit) => {
            let seen = transaction.keys(prefix, after.as_ref(), *limit).unwrap();
            let below = |key: &&PhysicalKey| {
                let after = after.as_ref().is_none_or(|after| *key > after);
                key.as_bytes().starts_with(prefix.as_bytes()) && after
            };
            let expected = model.keys().filter(below).take(*limit).cloned();
            [seen, expected.collect()]
        }
    }
}

proptest! {
    #[test]
    fn equals_a_map(committed in steps(), steps in steps()) {
        let mut world = World::new();
        let mut model = Model::new();
        for part in [committed, steps] {
            let mut transaction = world.begin();
            for one in &part {
                let [seen, expected] = step(&mut transaction, &mut model, one);
                prop_assert_eq!(seen, expected, "{:?}", one);
            }
            let commit = transaction.finish().unwrap();
            world.apply(&commit);
        }
        prop_assert_eq!(world.keys(), model.keys().cloned().collect::<Vec<_>>());
    }

    /// Serializability: a foreign write that the reads do not cover changes nothing of what a
    /// transaction saw.
    #[test]
    fn what_is_not_covered_does_not_matter(
        committed in steps(), steps in steps(), foreign in keys(), gone: bool,
    ) {
        let mut world = World::new();
        let mut model = Model::new();
        let mut transaction = world.begin();
        for one in &committed {
            step(&mut transaction, &mut model, one);
        }
        let commit = transaction.finish().unwrap();
        world.apply(&commit);

        let run = |world: &World, mut model: Model| {
            let mut transaction = world.begin();
            let seen: Vec<_> = steps.iter().map(|s| step(&mut transaction, &mut model, s)[0].clone()).collect();
            (seen, transaction.finish().unwrap().reads)
        };
        let (before, reads) = run(&world, model.clone());
        if !reads.covers(&foreign) {
            world.write(|t| if gone { t.delete(&foreign) } else { t.put(&foreign, vec![0]) });
            if gone { model.remove(&foreign) } else { model.insert(foreign, 0) };
            prop_assert_eq!(run(&world, model).0, before);
        }
    }
}
