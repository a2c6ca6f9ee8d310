//! Two clusters as maps, and a comparison between them over encoded messages.

#![allow(dead_code, reason = "each test uses a part of it")]

use base::{MountId, NamespaceId};
use bytes::Bytes;
use digest::{Position as Place, Record, recompute};
use journal::Op;
use locality::{Class, Exclusion, PhysicalKey};
use replication::{
    Answerer, Comparison, Heard, Hello, KeyPackage, Pairs, Position, Question, Told, Versions,
    View, decode, encode,
};
use std::collections::{BTreeMap, VecDeque};

pub(crate) type Entries = BTreeMap<PhysicalKey, Vec<u8>>;

/// What a cluster has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    pub(crate) entries: Entries,
    records: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Cluster {
    pub(crate) fn of(entries: Entries) -> Self {
        let compared = entries
            .iter()
            .filter(|(key, _)| key.class() != Class::Ignored)
            .map(|(key, value)| Ok::<_, ()>((key.clone(), value)));
        let records = recompute(compared).unwrap();
        let records = records
            .into_iter()
            .map(|(key, record)| (key, record.to_bytes().to_vec()))
            .collect();
        Self { entries, records }
    }

    /// What a secondary may write, and nothing else.
    pub(crate) fn write(&mut self, ops: Vec<Op>) {
        let mut entries = core::mem::take(&mut self.entries);
        assert!(ops.is_sorted_by(|one, other| one.key < other.key));
        for op in ops {
            assert_eq!(op.key.class(), Class::Replicated);
            match op.value {
                Some(value) => entries.insert(op.key, value),
                None => entries.remove(&op.key),
            };
        }
        *self = Self::of(entries);
    }

    pub(crate) fn of_class(&self, is_wanted: impl Fn(Class) -> bool) -> Entries {
        let entries = self.entries.iter();
        entries
            .filter(|(key, _)| is_wanted(key.class()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// The records of the replicated class.
    pub(crate) fn records(&self) -> BTreeMap<Vec<u8>, Record> {
        let records = self.records.iter().filter(|(key, _)| key.starts_with(b"R"));
        records
            .map(|(key, bytes)| (key.clone(), Record::from_bytes(bytes).unwrap()))
            .collect()
    }

    pub(crate) fn damage_records(&mut self, change: impl Fn(&mut BTreeMap<Vec<u8>, Vec<u8>>)) {
        change(&mut self.records);
    }
}

impl View for Cluster {
    fn records(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let range = self.records.range(from.to_vec()..to.to_vec());
        Box::new(
            range.map(|(key, value)| {
                Ok((Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)))
            }),
        )
    }

    fn entries(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let (from, to) = (PhysicalKey::from_bytes(from).unwrap(), to.to_vec());
        let range = self
            .entries
            .range(from..)
            .take_while(move |(key, _)| key.as_bytes() < to.as_slice());
        Box::new(range.map(|(key, value)| {
            Ok((
                Bytes::copy_from_slice(key.as_bytes()),
                Bytes::copy_from_slice(value),
            ))
        }))
    }

    /// Here every other value.
    fn is_to_be_wrapped(&self, value: &[u8]) -> bool {
        !value.len().is_multiple_of(2)
    }
}

pub(crate) fn key(class: Class, namespace: NamespaceId, mount: MountId, path: &str) -> PhysicalKey {
    PhysicalKey::new(class, namespace, mount, path)
}

/// The bucket of an entry, with its tree.
pub(crate) fn bucket(key: &PhysicalKey) -> Vec<u8> {
    let [.., bucket] = Place::above(key);
    bucket.record_key(&digest::Tree::of(key))
}

pub(crate) fn hello() -> Hello {
    Hello {
        versions: Versions::OURS,
        relation: String::from("relation"),
        generation: 1,
        api_address: String::new(),
        cluster_address: String::new(),
        public_key: vec![1, 2, 3],
        is_filtered: false,
        formerly: String::new(),
    }
}

pub(crate) fn position() -> Position {
    Position {
        relation: String::from("relation"),
        generation: 1,
        index: 77,
        filter: 3,
        is_filtered: false,
    }
}

/// What was said on the way.
#[derive(Default)]
pub(crate) struct Said {
    /// All messages of the primary.
    pub(crate) encoded: Vec<u8>,
    pub(crate) messages: usize,
    pub(crate) questions: usize,
    pub(crate) entries: usize,
    pub(crate) largest_message: usize,
}

/// How a comparison ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    Interrupted,
}

/// Compares, and hears at most `messages_max` messages. Each message is encoded and decoded.
pub(crate) fn compare(
    primary: &Cluster,
    exclusion: &Exclusion,
    secondary: &mut Cluster,
    messages_max: usize,
) -> (End, Said) {
    let answerer = Answerer::new(primary, exclusion);
    let mut comparison = Comparison::new(hello());
    let mut said = Said::default();
    let mut coming = VecDeque::new();
    while !comparison.is_complete() {
        while let Some(question) = comparison.ask() {
            said.questions += 1;
            let question: Question = decode(&encode(&question).unwrap()).unwrap();
            if matches!(question, Question::Begin(_)) {
                let keys = KeyPackage { sealed: vec![9; 3] };
                let position = position();
                coming.push_back(Told::Begun { position, keys });
            }
            let answer = answerer.answer(&question).unwrap();
            coming.extend(answer.map(Result::unwrap));
        }
        if said.messages == messages_max {
            return (End::Interrupted, said);
        }
        let told = coming.pop_front().unwrap();
        let bytes = encode(&told).unwrap();
        said.messages += 1;
        said.largest_message = said.largest_message.max(bytes.len());
        let told: Told = decode(&bytes).unwrap();
        said.encoded.extend(bytes);
        if let Told::Entries(ops) = &told {
            said.entries += ops.len();
        }
        let before = comparison.progress();
        let heard = comparison.told(secondary, told).unwrap();
        let now = comparison.progress();
        assert!(before.expected <= now.expected && now.told <= now.expected);
        assert_eq!(now.told, said.entries as u64);
        match heard {
            Heard::Nothing => {}
            Heard::Keys(package) => assert_eq!(package.sealed, [9; 3]),
            Heard::Put(ops) => {
                for op in &ops {
                    let value = op.value.as_ref().unwrap();
                    assert_eq!(op.seal_wrap, secondary.is_to_be_wrapped(value));
                }
                secondary.write(ops);
            }
        }
    }
    assert!(coming.is_empty());
    assert_eq!(comparison.progress().expected, said.entries as u64);
    let outcome = comparison.finish().unwrap();
    assert_eq!(outcome.position(), Some(&position()));
    let pieces: Vec<Vec<Op>> = outcome.deletions(secondary).map(Result::unwrap).collect();
    for ops in pieces {
        assert!(ops.iter().all(|op| op.value.is_none()));
        secondary.write(ops);
    }
    (End::Complete, said)
}

/// What of the primary's entries travels.
pub(crate) fn travelling(primary: &Cluster, exclusion: &Exclusion) -> Entries {
    let entries = primary.entries.iter();
    entries
        .filter(|(key, _)| exclusion.travels(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
