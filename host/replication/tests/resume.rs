//! A comparison that was broken off goes on where it was: nothing of what came is sent again, whatever
//! was written meanwhile.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

mod model;

use base::{MountId, NamespaceId};
use journal::Op;
use locality::{Class, Exclusion, PhysicalKey};
use model::{Cluster, Entries, hello, key, position, travelling};
use proptest::prelude::*;
use replication::{
    Answerer, CompareError, Comparison, Heard, KeyPackage, Question, Reached, Told, TreeName,
};
use std::collections::{BTreeSet, VecDeque};

/// Values that are so large that a message holds a few.
const VALUE_BYTES: usize = 600_000;

fn name(number: u16) -> PhysicalKey {
    let (namespace, mount) = (NamespaceId::ROOT, MountId::new(9 + u64::from(number % 3)));
    key(
        Class::Replicated,
        namespace,
        mount,
        &format!("n{number:05}"),
    )
}

/// Where a comparison begins.
enum Begins {
    New,
    Again,
    At(Reached),
}

impl Begins {
    fn after(reached: Option<Reached>) -> Self {
        reached.map_or(Self::Again, Self::At)
    }
}

/// What a comparison came to that hears at most so many messages.
struct Ran {
    /// Keys that were sent.
    sent: Vec<PhysicalKey>,
    /// Where it was, where it did not come to its end.
    broke_at: Option<Option<Reached>>,
    has_position: bool,
}

fn run(primary: &Cluster, secondary: &mut Cluster, begins: Begins, messages_max: usize) -> Ran {
    let exclusion = Exclusion::default();
    let answerer = Answerer::new(primary, &exclusion);
    let mut comparison = match begins {
        Begins::New => Comparison::new(hello()),
        Begins::Again => Comparison::again(hello()),
        Begins::At(reached) => Comparison::resumed(hello(), reached),
    };
    let mut ran = Ran {
        sent: Vec::new(),
        broke_at: None,
        has_position: false,
    };
    let mut coming = VecDeque::new();
    let mut heard = 0;
    while !comparison.is_complete() {
        while let Some(question) = comparison.ask() {
            if matches!(question, Question::Begin(_)) {
                let keys = KeyPackage { sealed: vec![9; 3] };
                let position = position();
                coming.push_back(Told::Begun { position, keys });
            }
            coming.extend(answerer.answer(&question).unwrap().map(Result::unwrap));
        }
        if heard == messages_max {
            let told = comparison.told(secondary, Told::Outdated);
            assert!(matches!(told, Err(CompareError::Outdated)), "{told:?}");
            assert!(!comparison.is_complete());
            ran.broke_at = Some(comparison.break_off());
            return ran;
        }
        heard += 1;
        let told: Told = coming.pop_front().unwrap();
        if let Told::Entries(ops) = &told {
            ran.sent.extend(ops.iter().map(|op| op.key.clone()));
        }
        if let Heard::Put(ops) = comparison.told(secondary, told).unwrap() {
            secondary.write(ops);
        }
    }
    let outcome = comparison.finish().unwrap();
    ran.has_position = outcome.position().is_some();
    let pieces: Vec<Vec<Op>> = outcome.deletions(secondary).map(Result::unwrap).collect();
    for ops in pieces {
        secondary.write(ops);
    }
    ran
}

/// The primary writes and deletes, and the secondary follows that.
fn follow(
    primary: &mut Cluster,
    secondary: &mut Cluster,
    begins: &mut Begins,
    changes: &[(u16, Option<u8>)],
) {
    for (number, value) in changes {
        let op = Op {
            key: name(*number),
            value: value.map(|byte| vec![byte; VALUE_BYTES]),
            seal_wrap: false,
        };
        if let Begins::At(reached) = begins {
            reached.followed(&op.key);
        }
        primary.write(vec![op.clone()]);
        secondary.write(vec![op]);
    }
}

fn entries(numbers: impl IntoIterator<Item = (u16, u8)>, size_bytes: usize) -> Cluster {
    let entries = numbers.into_iter();
    let entries = entries.map(|(number, byte)| (name(number), vec![byte; size_bytes]));
    Cluster::of(entries.collect::<Entries>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However often it is broken off: each time it comes further, and in the end everything is there.
    #[test]
    fn it_ends_however_often_it_is_broken_off(
        held in prop::collection::btree_map(0..50_u16, 0..3_u8, 30..50),
        here in prop::collection::btree_map(0..50_u16, 0..3_u8, 0..12),
        changes in prop::collection::vec(
            prop::collection::vec((0..50_u16, prop::option::of(0..3_u8)), 0..4), 1..9),
        // Fifteen tell the moment, the roots, and the branches and buckets of three trees.
        messages in 16..22_usize,
    ) {
        let mut primary = entries(held, VALUE_BYTES);
        let mut secondary = entries(here, VALUE_BYTES);
        let mut begins = Begins::New;
        let mut changes = changes.into_iter().cycle();
        for attempt in 0.. {
            prop_assert!(attempt < 60, "it goes round");
            let was_resumed = matches!(begins, Begins::At(_));
            let mut left = travelling(&primary, &Exclusion::default());
            left.retain(|key, value| secondary.entries.get(key) != Some(value));
            let ran = run(&primary, &mut secondary, begins, messages);
            match ran.broke_at {
                Some(reached) => begins = Begins::after(reached),
                None if ran.has_position => {
                    prop_assert!(!was_resumed);
                    break;
                }
                None => {
                    prop_assert!(was_resumed);
                    begins = Begins::Again;
                }
            }
            follow(&mut primary, &mut secondary, &mut begins, &changes.next().unwrap());
        }
        prop_assert_eq!(&secondary.entries, &primary.entries);
    }
}

/// Each entry of a large tree is sent once, but for what the last comparison has to look at.
#[test]
fn nothing_that_came_is_sent_again() {
    let all = || (0..3_000).map(|number| (number * 3, 1));
    let primary = entries(all(), 3_000);
    let mut secondary = Cluster::default();
    let mut sent = Vec::new();
    let mut begins = Begins::New;
    loop {
        let ran = run(&primary, &mut secondary, begins, 12);
        sent.extend(ran.sent);
        match ran.broke_at {
            Some(reached) => begins = Begins::after(reached),
            None if ran.has_position => break,
            None => begins = Begins::Again,
        }
    }
    assert_eq!(sent.len(), 3_000);
    assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), 3_000);
    assert_eq!(secondary.entries, primary.entries);
}

/// A primary is asked by whoever was let in: for what comes after any bytes.
#[test]
fn what_comes_after_what_is_no_key_of_the_tree_is_nothing() {
    let primary = entries((0..30).map(|number| (number, 1)), 10);
    let tree = digest::Tree::of(&name(0));
    let answerer_of = |after: Vec<u8>, buckets| {
        let question = Question::Rest {
            tree: TreeName(tree),
            buckets,
            after,
        };
        let exclusion = Exclusion::default();
        let answer = Answerer::new(&primary, &exclusion).answer(&question);
        let told: Vec<Told> = answer.unwrap().map(Result::unwrap).collect();
        told
    };
    let after = |key: &PhysicalKey| key.as_bytes().to_vec();
    for nowhere in [Vec::new(), vec![0; 400], after(&name(1)), after(&name(27))] {
        assert_eq!(answerer_of(nowhere, None), [Told::End]);
    }
    let [Told::Entries(ops), Told::End] = &*answerer_of(after(&name(12)), None) else {
        unreachable!()
    };
    let keys: Vec<&PhysicalKey> = ops.iter().map(|op| &op.key).collect();
    assert_eq!(
        keys,
        [15, 18, 21, 24, 27].map(name).iter().collect::<Vec<_>>()
    );
    assert_eq!(answerer_of(after(&name(12)), Some(Vec::new())), [Told::End]);
    // Whoever may not know of the tree gets nothing.
    let question = Question::Rest {
        tree: TreeName(tree),
        buckets: None,
        after: after(&name(0)),
    };
    let exclusion = Exclusion {
        version: 1,
        since: 0,
        namespaces: BTreeSet::new(),
        mounts: [(NamespaceId::ROOT, MountId::new(9))].into_iter().collect(),
    };
    let answerer = Answerer::new(&primary, &exclusion);
    let told: Vec<Told> = answerer
        .answer(&question)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(told, [Told::End]);
}
