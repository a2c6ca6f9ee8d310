//! A primary that lies: what it says is an error, and nothing but entries that were asked for is
//! ever written.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

mod model;

use base::{MountId, NamespaceId};
use digest::{Record, Tree};
use journal::Op;
use locality::{Class, Exclusion, PhysicalKey};
use model::{Cluster, Entries, bucket, hello, position};
use proptest::prelude::*;
use replication::{
    Answerer, CompareError, Comparison, Heard, KeyPackage, Question, RecordBytes, Told, TreeName,
};

const MOUNT: MountId = MountId::new(5);

type Bucket = ((u8, u8), RecordBytes);

fn key(path: &str) -> PhysicalKey {
    model::key(Class::Replicated, NamespaceId::ROOT, MOUNT, path)
}

fn put(key: PhysicalKey, value: &[u8]) -> Op {
    Op {
        key,
        value: Some(value.to_vec()),
        seal_wrap: false,
    }
}

fn begun() -> Told {
    Told::Begun {
        position: position(),
        keys: KeyPackage { sealed: vec![] },
    }
}

fn root(record: Record) -> Told {
    Told::Roots(vec![(TreeName(Tree::of(&key(""))), RecordBytes(record))])
}

fn sum(entries: &[(&str, &[u8])]) -> Record {
    let entries = entries.iter();
    entries.fold(Record::default(), |sum, (path, value)| {
        sum.plus(Record::of(&key(path), value))
    })
}

/// What comes of messages, to a secondary that asks as soon as it can. Asserts that nothing is
/// written but what may be.
fn hear(secondary: &Cluster, messages: Vec<Told>) -> Result<usize, CompareError> {
    let mut secondary = secondary.clone();
    let mut comparison = Comparison::new(hello());
    let mut asked: Vec<Question> = core::iter::from_fn(|| comparison.ask()).collect();
    let mut written = 0;
    for told in messages {
        match comparison.told(&secondary, told) {
            Ok(Heard::Put(ops)) => {
                let trees = asked.iter().filter_map(|question| match question {
                    Question::Entries(TreeName(tree), _) | Question::AllEntries(TreeName(tree)) => {
                        Some(*tree)
                    }
                    _ => None,
                });
                let trees: Vec<Tree> = trees.collect();
                assert!(ops.iter().all(|op| op.value.is_some()));
                assert!(ops.iter().all(|op| trees.contains(&Tree::of(&op.key))));
                written += ops.len();
                secondary.write(ops);
            }
            Ok(_) => {}
            Err(error) => {
                assert_eq!(comparison.ask(), None);
                assert!(!comparison.is_complete());
                let again = comparison.told(&secondary, begun());
                assert!(matches!(again, Err(CompareError::Unasked)));
                assert!(matches!(comparison.finish(), Err(CompareError::Incomplete)));
                return Err(error);
            }
        }
        asked.extend(core::iter::from_fn(|| comparison.ask()));
    }
    comparison.finish()?;
    Ok(written)
}

/// A secondary with nothing, which fetches a small tree whole.
#[test]
fn a_small_tree_is_checked() {
    let both = sum(&[("a", b"1"), ("b", b"2")]);
    let (a, b) = (put(key("a"), b"1"), put(key("b"), b"2"));
    let check = |entries: Vec<Vec<Op>>, expected: &str| {
        let told = entries.into_iter().map(Told::Entries);
        let mut messages = vec![begun(), root(both), Told::End];
        messages.extend(told);
        messages.push(Told::End);
        let found = hear(&Cluster::default(), messages);
        let found = found.map_or_else(|error| format!("{error:?}"), |count| count.to_string());
        assert_eq!(found, expected);
    };
    check(vec![vec![a.clone(), b.clone()]], "2");
    check(vec![vec![a.clone()], vec![b.clone()]], "2");
    check(vec![], "DoesNotAddUp");
    check(vec![vec![a.clone()]], "DoesNotAddUp");
    check(vec![vec![a.clone(), put(key("b"), b"3")]], "DoesNotAddUp");
    let one_more = vec![a.clone(), b.clone(), put(key("c"), b"3")];
    check(vec![one_more], "DoesNotAddUp");
    check(vec![vec![b.clone(), a.clone()]], "Disorder");
    check(vec![vec![b.clone()], vec![a.clone()]], "Disorder");
    check(vec![vec![a.clone(), a.clone()]], "Disorder");
    check(vec![vec![a.clone()], vec![]], "Disorder");
    let gone = Op {
        value: None,
        ..b.clone()
    };
    check(vec![vec![a.clone(), gone]], "Foreign");
    for class in [Class::Local, Class::Ignored] {
        let other = model::key(class, NamespaceId::ROOT, MOUNT, "b");
        check(vec![vec![a.clone()], vec![put(other, b"2")]], "Foreign");
    }
    let other = model::key(Class::Replicated, NamespaceId::ROOT, MountId::new(6), "b");
    check(vec![vec![a.clone()], vec![put(other, b"2")]], "Foreign");
    let other = model::key(Class::Replicated, NamespaceId::new(1), MOUNT, "b");
    check(vec![vec![put(other, b"2")]], "Foreign");
}

#[test]
fn the_beginning_is_checked() {
    let one = sum(&[("a", b"1")]);
    let check = |messages: Vec<Told>, expected: &str| {
        let found = hear(&Cluster::default(), messages);
        let found = found.map_or_else(|error| format!("{error:?}"), |count| count.to_string());
        assert_eq!(found, expected);
    };
    check(vec![begun(), Told::End], "0");
    check(vec![begun()], "Incomplete");
    check(vec![], "Incomplete");
    check(vec![Told::End], "Unasked");
    check(vec![root(one)], "Unasked");
    check(vec![begun(), begun()], "Unasked");
    check(
        vec![begun(), Told::Entries(vec![put(key("a"), b"1")])],
        "Unasked",
    );
    check(vec![begun(), Told::End, Told::End], "Unasked");
    check(vec![begun(), root(one), Told::End], "Incomplete");
    check(vec![begun(), root(one), root(one)], "Disorder");
    check(vec![begun(), Told::Roots(vec![])], "Disorder");
    check(vec![begun(), root(Record::default())], "Disorder");
    let refused = Told::Refused {
        reason: String::from("no"),
    };
    check(vec![refused.clone()], "Refused(\"no\")");
    check(vec![begun(), Told::Outdated], "Outdated");
    check(vec![begun(), refused], "Refused(\"no\")");
    for class in [Class::Local, Class::Ignored] {
        let tree = Tree::new(class, NamespaceId::ROOT, MOUNT);
        let roots = Told::Roots(vec![(TreeName(tree), RecordBytes(one))]);
        check(vec![begun(), roots, Told::End], "Foreign");
    }
}

/// Two clusters that differ in one entry of a tree that is too large to be fetched whole.
fn large() -> (Cluster, Cluster) {
    let entries: Entries = (0..1_200)
        .map(|name| (key(&format!("data/{name}")), vec![7]))
        .collect();
    let mut older = entries.clone();
    older.insert(key("data/7"), vec![6]);
    (Cluster::of(entries), Cluster::of(older))
}

/// The messages of an honest primary.
fn honest(primary: &Cluster, secondary: &Cluster) -> Vec<Told> {
    let exclusion = Exclusion::default();
    let answerer = Answerer::new(primary, &exclusion);
    let mut comparison = Comparison::new(hello());
    let mut messages = vec![];
    while let Some(question) = comparison.ask() {
        let begin = matches!(question, Question::Begin(_)).then(begun);
        let answer = answerer.answer(&question).unwrap().map(Result::unwrap);
        for told in begin.into_iter().chain(answer) {
            comparison.told(secondary, told.clone()).unwrap();
            messages.push(told);
        }
    }
    messages
}

fn branches(told: &mut Told) -> Option<&mut Vec<(u8, RecordBytes)>> {
    match told {
        Told::Branches(branches) => Some(branches),
        _ => None,
    }
}

fn buckets(told: &mut Told) -> Option<&mut Vec<Bucket>> {
    match told {
        Told::Buckets(buckets) => Some(buckets),
        _ => None,
    }
}

fn entries(told: &mut Told) -> Option<&mut Vec<Op>> {
    match told {
        Told::Entries(ops) => Some(ops),
        _ => None,
    }
}

#[test]
fn records_of_a_large_tree_are_checked() {
    let (primary, secondary) = large();
    let messages = honest(&primary, &secondary);
    assert_eq!(hear(&secondary, messages.clone()).unwrap(), 1);
    let check = |change: &dyn Fn(&mut Told) -> bool, expected: &str| {
        let mut changed = messages.clone();
        let count = changed
            .iter_mut()
            .map(change)
            .filter(|changed| *changed)
            .count();
        assert_eq!(count, 1);
        let error = hear(&secondary, changed).unwrap_err();
        assert_eq!(format!("{error:?}"), expected);
    };
    let shorter = |all: &mut Vec<(u8, RecordBytes)>| all.truncate(all.len() - 1);
    check(
        &|told| branches(told).map(shorter).is_some(),
        "DoesNotAddUp",
    );
    check(&|told| branches(told).map(Vec::clear).is_some(), "Disorder");
    check(
        &|told| branches(told).map(|all| all.swap(0, 1)).is_some(),
        "Disorder",
    );
    check(
        &|told| branches(told).map(|all| all.push(all[0])).is_some(),
        "Disorder",
    );
    check(
        &|told| {
            buckets(told)
                .map(|all| all.truncate(all.len() - 1))
                .is_some()
        },
        "DoesNotAddUp",
    );
    check(
        &|told| buckets(told).map(|all| all.swap(0, 1)).is_some(),
        "Disorder",
    );
    let elsewhere = |all: &mut Vec<Bucket>| {
        let ((first, second), record) = all[0];
        all[0] = ((first ^ 1, second), record);
    };
    check(&|told| buckets(told).map(elsewhere).is_some(), "Foreign");
    let asked = bucket(&key("data/7"));
    let other = (0..100)
        .map(|name| key(&format!("data/{name}")))
        .find(|key| bucket(key) != asked)
        .unwrap();
    let foreign = |ops: &mut Vec<Op>| ops.insert(0, put(other.clone(), b"x"));
    check(&|told| entries(told).map(foreign).is_some(), "Foreign");
    let stale = |ops: &mut Vec<Op>| ops[0].value = Some(vec![5]);
    check(&|told| entries(told).map(stale).is_some(), "DoesNotAddUp");
}

#[test]
fn own_digests_that_do_not_add_up_are_an_error() {
    let (primary, secondary) = large();
    let mut damaged = secondary.clone();
    damaged.damage_records(|records| {
        let root = Tree::of(&key("")).as_bytes().to_vec();
        records.remove(&[root, vec![0]].concat());
    });
    let messages = vec![begun(), root(sum(&[("a", b"1")])), Told::End];
    assert!(matches!(
        hear(&damaged, messages),
        Err(CompareError::Held(_))
    ));

    // A root that is not the sum of its branches.
    let mut damaged = primary.clone();
    damaged.damage_records(|records| {
        let root = [Tree::of(&key("")).as_bytes(), &[0]].concat();
        let record = sum(&[("a", b"1")]).to_bytes().to_vec();
        records.insert(root, record);
    });
    let messages = honest(&primary, &secondary);
    assert!(matches!(
        hear(&damaged, messages),
        Err(CompareError::OwnDigests)
    ));
}

/// What comes after where the entry would be.
fn rest(tree: TreeName, buckets: Option<Vec<(u8, u8)>>) -> Question {
    let head = tree.0.as_bytes();
    Question::Rest {
        tree,
        buckets,
        after: [head, b"a"].concat(),
    }
}

/// Whatever a secondary asks, it hears nothing of what is left out.
#[test]
fn questions_for_what_is_left_out_find_nothing() {
    let entries: Entries = [Class::Replicated, Class::Local, Class::Ignored]
        .into_iter()
        .map(|class| (model::key(class, NamespaceId::ROOT, MOUNT, "x"), vec![1]))
        .collect();
    let primary = Cluster::of(entries);
    let exclusion = Exclusion {
        mounts: [(NamespaceId::ROOT, MOUNT)].into(),
        ..Exclusion::default()
    };
    let answerer = Answerer::new(&primary, &exclusion);
    for class in Class::ALL {
        let tree = TreeName(Tree::new(class, NamespaceId::ROOT, MOUNT));
        let all: Vec<(u8, u8)> = (0..=255)
            .flat_map(|first| (0..=255).map(move |second| (first, second)))
            .collect();
        for question in [
            Question::Begin(hello()),
            Question::Branches(tree),
            Question::Buckets(tree, (0..=255).chain(0..=255).collect()),
            Question::Entries(tree, all.clone()),
            Question::AllEntries(tree),
            rest(tree, None),
            rest(tree, Some(all)),
        ] {
            let answer: Vec<Told> = answerer
                .answer(&question)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert_eq!(answer, [Told::End], "{question:?}");
        }
    }
}

fn told() -> impl Strategy<Value = Told> {
    let path = "[a-c]{1,2}";
    let value = prop::option::of(prop::collection::vec(0_u8..3, 0..2));
    let class = prop::sample::select(vec![Class::Replicated, Class::Replicated, Class::Local]);
    let op = (class, 4_u64..6, path, value).prop_map(|(class, mount, path, value)| Op {
        key: model::key(class, NamespaceId::ROOT, MountId::new(mount), &path),
        value,
        seal_wrap: true,
    });
    let record = || {
        (path, any::<bool>()).prop_map(|(path, is_many)| {
            let one = Record::of(&key(&path), b"");
            let many = (0..11).fold(one, |sum, _| sum.plus(sum));
            RecordBytes(if is_many { many } else { one })
        })
    };
    let tree = (4_u64..7).prop_map(|mount| {
        let key = model::key(
            Class::Replicated,
            NamespaceId::ROOT,
            MountId::new(mount),
            "",
        );
        TreeName(Tree::of(&key))
    });
    let some = 0..4_usize;
    prop_oneof![
        Just(begun()),
        Just(Told::End),
        Just(Told::Outdated),
        prop::collection::vec((tree, record()), some.clone()).prop_map(Told::Roots),
        prop::collection::vec((any::<u8>(), record()), some.clone()).prop_map(Told::Branches),
        prop::collection::vec((any::<(u8, u8)>(), record()), some.clone()).prop_map(Told::Buckets),
        prop::collection::vec(op, some).prop_map(Told::Entries),
    ]
}

proptest! {
    #[test]
    fn whatever_is_told_is_no_panic_and_writes_nothing_else(
        messages in prop::collection::vec(told(), 0..12), is_begun: bool,
    ) {
        let secondary = Cluster::of(Entries::from([
            (key("a"), vec![1]),
            (model::key(Class::Local, NamespaceId::ROOT, MOUNT, "a"), vec![2]),
        ]));
        let begin = is_begun.then(begun);
        let _ = hear(&secondary, begin.into_iter().chain(messages).collect());
    }

    /// An honest primary's messages, with some lost, doubled or swapped.
    #[test]
    fn messages_out_of_order_are_no_panic(
        changes in prop::collection::vec((0_u8..3, any::<prop::sample::Index>()), 1..4),
    ) {
        let entries: Entries = (0..30).map(|name| (key(&format!("{name}")), vec![7])).collect();
        let (primary, secondary) = (Cluster::of(entries), Cluster::default());
        let mut messages = honest(&primary, &secondary);
        for (change, at) in changes {
            let at = at.index(messages.len().max(1));
            match change {
                0 if at < messages.len() => drop(messages.remove(at)),
                1 if at < messages.len() => messages.insert(at, messages[at].clone()),
                2 if at + 1 < messages.len() => messages.swap(at, at + 1),
                _ => {}
            }
        }
        if let Ok(written) = hear(&secondary, messages) {
            // Without the message of the roots it is the answer of one that has nothing.
            prop_assert!(written == 30 || written == 0, "{}", written);
        }
    }
}
