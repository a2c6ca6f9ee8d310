//! The comparison between two honest clusters: the secondary ends with what travels, and never
//! hears of anything else.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

mod model;

use base::{MountId, NamespaceId};
use locality::{Class, Exclusion, PhysicalKey, SystemKey};
use model::{Cluster, End, Entries, bucket, compare, contains, key, travelling};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Ids that no other bytes look like.
fn namespace(number: u64) -> NamespaceId {
    match number {
        0 => NamespaceId::ROOT,
        number => NamespaceId::new(0xC0FF_EE00_A1B2_0000 + number),
    }
}

/// Each namespace has mounts of its own.
fn mount(namespace: u64, number: u64) -> MountId {
    MountId::new(0xBEEF_5EED_9876_0000 + namespace * 16 + number)
}

/// What one of two clusters has, or both.
#[derive(Clone, Copy, Debug)]
enum Side {
    Both,
    Differs,
    Primary,
    Secondary,
}

#[derive(Clone, Debug)]
struct Case {
    exclusion: Exclusion,
    /// Class, namespace, mount, name.
    entries: BTreeMap<(Class, u64, u64, u16), Side>,
    /// Which tables entries are already at the secondary.
    tables: Vec<Side>,
    /// Entries of one mount, and as many of the host's own, which both have.
    large: u16,
}

const NAMESPACES: u64 = 3;
const MOUNTS: u64 = 4;

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![
        Side::Both,
        Side::Differs,
        Side::Primary,
        Side::Secondary,
    ])
}

fn exclusion() -> impl Strategy<Value = Exclusion> {
    let mounts = prop::collection::btree_set((0..NAMESPACES, 1..MOUNTS), 0..4);
    let namespaces = prop::collection::btree_set(1..NAMESPACES, 0..2);
    (mounts, namespaces).prop_map(|(mounts, namespaces)| Exclusion {
        version: 1,
        since: 0,
        namespaces: namespaces.into_iter().map(namespace).collect(),
        mounts: mounts
            .into_iter()
            .map(|(within, number)| (namespace(within), mount(within, number)))
            .collect(),
    })
}

fn case(large: impl Strategy<Value = u16>) -> impl Strategy<Value = Case> {
    let class = prop::sample::select(vec![
        Class::Replicated,
        Class::Replicated,
        Class::Local,
        Class::Ignored,
    ]);
    let place = (class, 0..NAMESPACES, 0..MOUNTS, 0_u16..40);
    let entries = prop::collection::btree_map(place, side(), 0..60);
    let tables = prop::collection::vec(side(), 1..9);
    (exclusion(), entries, tables, large).prop_map(|(exclusion, entries, tables, large)| Case {
        exclusion,
        entries,
        tables,
        large,
    })
}

impl Case {
    /// The primary and the secondary. What does not travel says so.
    fn clusters(&self) -> (Cluster, Cluster) {
        let (mut primary, mut secondary) = (Entries::new(), Entries::new());
        let mut add = |key: PhysicalKey, side: Side| {
            let value: &[u8] = match self.exclusion.travels(&key) {
                true => b"travels",
                false => b"canary-value",
            };
            if matches!(side, Side::Both | Side::Differs | Side::Primary) {
                primary.insert(key.clone(), value.to_vec());
            }
            match side {
                Side::Both => secondary.insert(key, value.to_vec()),
                Side::Differs | Side::Secondary => secondary.insert(key, b"older".to_vec()),
                Side::Primary => None,
            };
        };
        for ((class, within, number, name), side) in &self.entries {
            let path = match class {
                Class::Replicated => format!("name {name}"),
                Class::Local | Class::Ignored => format!("canary-path {name}"),
            };
            let at = match number {
                0 => MountId::SYSTEM,
                number => mount(*within, *number),
            };
            add(key(*class, namespace(*within), at, &path), *side);
        }
        let mut sides = self.tables.iter().copied().cycle();
        for within in 0..NAMESPACES {
            add(
                SystemKey::namespace(namespace(within)).into_physical(),
                sides.next().unwrap(),
            );
            for number in 1..MOUNTS {
                let table = SystemKey::mount(namespace(within), mount(within, number));
                add(table.into_physical(), sides.next().unwrap());
            }
        }
        for name in 0..self.large {
            // Also among the host's own, where digests are adjusted.
            for at in [mount(0, 1), MountId::SYSTEM] {
                let path = format!("large {name}");
                add(key(Class::Replicated, namespace(0), at, &path), Side::Both);
            }
        }
        (Cluster::of(primary), Cluster::of(secondary))
    }

    /// Nothing in the messages speaks of what is left out.
    fn check_canaries(&self, encoded: &[u8]) {
        assert!(!contains(encoded, b"canary"));
        let mut ids: BTreeSet<u64> = BTreeSet::new();
        let number = |id: [u8; 8]| u64::from_be_bytes(id);
        let is_left_out = |within: &u64| self.exclusion.namespaces.contains(&namespace(*within));
        for within in (0..NAMESPACES).filter(is_left_out) {
            ids.insert(number(namespace(within).to_bytes()));
            ids.extend((1..MOUNTS).map(|at| number(mount(within, at).to_bytes())));
        }
        ids.extend(
            self.exclusion
                .mounts
                .iter()
                .map(|(_, id)| number(id.to_bytes())),
        );
        for id in ids {
            assert!(!contains(encoded, &id.to_be_bytes()), "{id:016x}");
            assert!(
                !contains(encoded, format!("{id:016x}").as_bytes()),
                "{id:016x}"
            );
        }
    }

    fn check(&self) {
        let (primary, mut secondary) = self.clusters();
        let own = secondary.of_class(|class| class != Class::Replicated);
        let (end, said) = compare(&primary, &self.exclusion, &mut secondary, usize::MAX);
        assert_eq!(end, End::Complete);
        let expected = travelling(&primary, &self.exclusion);
        let is_replicated = |class| class == Class::Replicated;
        assert_eq!(secondary.of_class(is_replicated), expected);
        assert_eq!(secondary.of_class(|class| !is_replicated(class)), own);
        self.check_canaries(&said.encoded);
        // Now both say the same of themselves.
        assert_eq!(secondary.records(), Cluster::of(expected).records());
        let (_, again) = compare(&primary, &self.exclusion, &mut secondary, usize::MAX);
        assert_eq!((again.questions, again.entries), (1, 0));
    }

    /// Interrupted after each number of messages, each time going on from what was written.
    fn check_interrupted(&self, stride: usize) {
        let (primary, begun) = self.clusters();
        let expected = travelling(&primary, &self.exclusion);
        let mut secondary = begun.clone();
        let (_, whole) = compare(&primary, &self.exclusion, &mut begun.clone(), usize::MAX);
        for messages in (0..whole.messages).step_by(stride) {
            let before = secondary.of_class(|class| class == Class::Replicated);
            let (end, _) = compare(&primary, &self.exclusion, &mut secondary, messages);
            if end == End::Interrupted {
                // Nothing is deleted before all is known.
                assert!(before.keys().all(|key| secondary.entries.contains_key(key)));
            }
            let mut after = secondary.clone();
            compare(&primary, &self.exclusion, &mut after, usize::MAX);
            assert_eq!(after.of_class(|class| class == Class::Replicated), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_secondary_ends_with_what_travels(case in case(Just(0))) {
        case.check();
    }

    #[test]
    fn it_ends_right_however_often_it_is_interrupted(case in case(Just(0))) {
        case.check_interrupted(1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn large_trees_are_compared_by_parts(case in case(1_000_u16..2_500)) {
        case.check();
        case.check_interrupted(4);
    }
}

/// A mount of this many entries at both sides, but for what `change` does.
fn large(count: u32, change: impl Fn(&mut Entries)) -> (Cluster, Cluster) {
    let entries: Entries = (0..count)
        .map(|name| {
            let path = format!("data/{name}");
            let key = key(Class::Replicated, NamespaceId::ROOT, MountId::new(5), &path);
            (key, vec![7; 20])
        })
        .collect();
    let mut changed = entries.clone();
    change(&mut changed);
    (Cluster::of(entries), Cluster::of(changed))
}

#[test]
fn what_is_sent_is_bounded_by_what_differs() {
    let at = |name: u32| {
        let path = format!("data/{name}");
        key(Class::Replicated, NamespaceId::ROOT, MountId::new(5), &path)
    };
    let count = 60_000;
    let (primary, mut secondary) = large(count, |entries| {
        entries.insert(at(7), b"older".to_vec());
        entries.remove(&at(8_000));
        entries.insert(at(70_000), b"gone by now".to_vec());
    });
    let differing: BTreeSet<_> = [at(7), at(8_000), at(70_000)].iter().map(bucket).collect();
    let in_them = primary
        .entries
        .keys()
        .filter(|key| differing.contains(&bucket(key)));
    let bound = in_them.count();
    let (_, said) = compare(&primary, &Exclusion::default(), &mut secondary, usize::MAX);
    assert_eq!(said.entries, bound);
    assert!(bound < 20, "{bound}");
    assert_eq!(said.questions, 4);
    assert!(said.encoded.len() < 100_000, "{}", said.encoded.len());
    assert_eq!(secondary.entries, primary.entries);
}

#[test]
fn messages_are_of_bounded_size() {
    let entries: Entries = (0..400)
        .map(|name| {
            let path = format!("data/{name}");
            let key = key(Class::Replicated, NamespaceId::ROOT, MountId::new(5), &path);
            (key, vec![7; 10_000])
        })
        .collect();
    let primary = Cluster::of(entries);
    let mut secondary = Cluster::default();
    let (_, said) = compare(&primary, &Exclusion::default(), &mut secondary, usize::MAX);
    assert!(said.largest_message < 1_100_000, "{}", said.largest_message);
    assert!(said.messages >= 6, "{}", said.messages);
    assert_eq!(secondary.entries, primary.entries);
}

/// Whoever asks before it listens fills no window.
#[test]
fn questions_on_their_way_are_few_bytes_or_one() {
    let entries = |value: u8| {
        let entries = (1..4).flat_map(|id| (0..20_000_u32).map(move |name| (id, name)));
        let entries = entries.map(|(id, name)| {
            let mount = MountId::new(id);
            let path = format!("{name}");
            let key = key(Class::Replicated, NamespaceId::ROOT, mount, &path);
            (key, vec![value])
        });
        Cluster::of(entries.collect())
    };
    let (primary, secondary) = (entries(1), entries(2));
    let exclusion = Exclusion::default();
    let answerer = replication::Answerer::new(&primary, &exclusion);
    let mut comparison = replication::Comparison::new(model::hello());
    let mut coming = Vec::new();
    let mut largest_alone = 0;
    while !comparison.is_complete() {
        let asked: Vec<_> = core::iter::from_fn(|| comparison.ask()).collect();
        let sizes: Vec<usize> = asked
            .iter()
            .map(|question| replication::encode(question).unwrap().len())
            .collect();
        assert!(asked.len() == 1 || sizes.iter().sum::<usize>() < 17_000);
        largest_alone = largest_alone.max(sizes.iter().sum());
        for question in asked {
            if matches!(question, replication::Question::Begin(_)) {
                coming.push(replication::Told::Begun {
                    position: model::position(),
                    keys: replication::KeyPackage { sealed: vec![] },
                });
            }
            coming.extend(answerer.answer(&question).unwrap().map(Result::unwrap));
        }
        for told in coming.drain(..) {
            comparison.told(&secondary, told).unwrap();
        }
    }
    assert!(largest_alone > 30_000, "{largest_alone}");
}

#[test]
fn many_small_mounts_do_not_wait_for_each_other() {
    let entries: Entries = (1..300)
        .map(|id| {
            let key = key(Class::Replicated, NamespaceId::ROOT, MountId::new(id), "x");
            (key, vec![7; 10])
        })
        .collect();
    let primary = Cluster::of(entries);
    let mut comparison = replication::Comparison::new(model::hello());
    let exclusion = Exclusion::default();
    let answerer = replication::Answerer::new(&primary, &exclusion);
    let begin = comparison.ask().unwrap();
    assert!(comparison.ask().is_none());
    let begun = replication::Told::Begun {
        position: model::position(),
        keys: replication::KeyPackage { sealed: vec![] },
    };
    let secondary = Cluster::default();
    comparison.told(&secondary, begun).unwrap();
    for told in answerer.answer(&begin).unwrap() {
        comparison.told(&secondary, told.unwrap()).unwrap();
    }
    let asked = core::iter::from_fn(|| comparison.ask()).count();
    assert_eq!(asked, 4);
}
