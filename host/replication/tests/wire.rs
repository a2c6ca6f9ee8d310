//! The frames: what is encoded is decoded, and nothing else is. That the bytes stay what they were is
//! held by `tests/compat`.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use base::{MountId, NamespaceId};
use core::fmt::Debug;
use digest::{Record, Tree};
use journal::{Batch, Op};
use locality::{Class, PhysicalKey};
use proptest::prelude::*;
use replication::{
    Event, Follow, Hello, KeyPackage, Method, Position, Question, RecordBytes, Told, TreeName,
    Versions, decode, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn physical() -> impl Strategy<Value = PhysicalKey> {
    let class = prop::sample::select(Class::ALL.to_vec());
    (class, any::<u64>(), any::<u64>(), ".{0,12}").prop_map(|(class, namespace, mount, path)| {
        let (namespace, mount) = (NamespaceId::new(namespace), MountId::new(mount));
        PhysicalKey::new(class, namespace, mount, &path)
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}

fn op() -> impl Strategy<Value = Op> {
    (physical(), prop::option::of(bytes()), any::<bool>()).prop_map(|(key, value, seal_wrap)| Op {
        key,
        value,
        seal_wrap,
    })
}

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let ops = prop::collection::vec(op(), 0..4);
    prop::collection::vec(ops.prop_map(|ops| Batch { ops }), 0..4)
}

fn tree() -> impl Strategy<Value = TreeName> {
    physical().prop_map(|key| TreeName(Tree::of(&key)))
}

fn record() -> impl Strategy<Value = RecordBytes> {
    (physical(), bytes()).prop_map(|(key, value)| {
        let one = Record::of(&key, &value);
        RecordBytes(one.plus(one))
    })
}

fn package() -> impl Strategy<Value = KeyPackage> {
    bytes().prop_map(|sealed| KeyPackage { sealed })
}

fn position() -> impl Strategy<Value = Position> {
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>());
    (".{0,12}", numbers, any::<bool>()).prop_map(|(relation, numbers, is_filtered)| Position {
        relation,
        generation: numbers.0,
        index: numbers.1,
        filter: numbers.2,
        is_filtered,
    })
}

fn hello() -> impl Strategy<Value = Hello> {
    let texts = (".{0,12}", ".{0,12}", ".{0,12}");
    let numbers = (any::<u32>(), any::<u32>(), any::<u64>());
    let last = (bytes(), any::<bool>(), ".{0,12}");
    (texts, numbers, last).prop_map(|(texts, numbers, last)| Hello {
        versions: Versions {
            protocol: numbers.0,
            data: numbers.1,
        },
        relation: texts.0,
        generation: numbers.2,
        api_address: texts.1,
        cluster_address: texts.2,
        public_key: last.0,
        is_filtered: last.1,
        formerly: last.2,
    })
}

fn follow() -> impl Strategy<Value = Follow> {
    (hello(), position()).prop_map(|(hello, position)| Follow { hello, position })
}

fn event() -> impl Strategy<Value = Event> {
    let upto = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    prop_oneof![
        (any::<u64>(), batches()).prop_map(|(index, batches)| Event::Entry { index, batches }),
        (any::<u64>(), package()).prop_map(|(index, package)| Event::Keys { index, package }),
        upto.prop_map(|(index, head, now_millis, waiting_bytes)| Event::Upto {
            index,
            head,
            now_millis,
            waiting_bytes,
        }),
        ".{0,12}".prop_map(|reason| Event::Compare { reason }),
        ".{0,12}".prop_map(|reason| Event::Refused { reason }),
        any::<u64>().prop_map(|index| Event::Farewell { index }),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let buckets = prop::collection::vec(any::<(u8, u8)>(), 0..9);
    let some = buckets.clone();
    prop_oneof![
        hello().prop_map(Question::Begin),
        tree().prop_map(Question::Branches),
        (tree(), bytes()).prop_map(|(tree, branches)| Question::Buckets(tree, branches)),
        (tree(), buckets).prop_map(|(tree, buckets)| Question::Entries(tree, buckets)),
        tree().prop_map(Question::AllEntries),
        (tree(), prop::option::of(some), bytes()).prop_map(|(tree, buckets, after)| {
            Question::Rest {
                tree,
                buckets,
                after,
            }
        }),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    let some = 0..5_usize;
    prop_oneof![
        (position(), package()).prop_map(|(position, keys)| Told::Begun { position, keys }),
        prop::collection::vec((tree(), record()), some.clone()).prop_map(Told::Roots),
        prop::collection::vec((any::<u8>(), record()), some.clone()).prop_map(Told::Branches),
        prop::collection::vec((any::<(u8, u8)>(), record()), some.clone()).prop_map(Told::Buckets),
        prop::collection::vec(op(), some).prop_map(Told::Entries),
        Just(Told::End),
        ".{0,12}".prop_map(|reason| Told::Refused { reason }),
        Just(Told::Outdated),
    ]
}

/// A message comes back from its bytes, and not from fewer or more.
fn check_frames<T>(message: &T) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let frame = encode(message).unwrap();
    prop_assert_eq!(&decode::<T>(&frame).unwrap(), message);
    for length in 0..frame.len() {
        let (cut, _) = frame.split_at(length);
        prop_assert!(decode::<T>(cut).is_err(), "{length}");
    }
    let more = [frame.as_slice(), &[0]].concat();
    prop_assert!(decode::<T>(&more).is_err());
    Ok(())
}

/// Whatever bytes decode to can be encoded, and comes back as it is.
fn check_garbage<T>(frame: &[u8]) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    if let Ok(message) = decode::<T>(frame) {
        prop_assert_eq!(decode::<T>(&encode(&message).unwrap()).unwrap(), message);
    }
    Ok(())
}

fn check_all_garbage(frame: &[u8]) -> Result<(), TestCaseError> {
    check_garbage::<Hello>(frame)?;
    check_garbage::<KeyPackage>(frame)?;
    check_garbage::<Follow>(frame)?;
    check_garbage::<Event>(frame)?;
    check_garbage::<Question>(frame)?;
    check_garbage::<Told>(frame)?;
    check_garbage::<Position>(frame)
}

proptest! {
    #[test]
    fn messages_come_back_whole_or_not_at_all(
        hello in hello(), package in package(), follow in follow(), event in event(),
        question in question(), told in told(), position in position(),
    ) {
        check_frames(&hello)?;
        check_frames(&package)?;
        check_frames(&follow)?;
        check_frames(&event)?;
        check_frames(&question)?;
        check_frames(&told)?;
        check_frames(&position)?;
    }

    #[test]
    fn garbage_is_an_error(frame in prop::collection::vec(any::<u8>(), 0..200)) {
        check_all_garbage(&frame)?;
    }

    /// Nearly right is where mistakes are.
    #[test]
    fn a_changed_byte_is_no_panic(
        event in event(), question in question(), told in told(),
        at in any::<prop::sample::Index>(), byte: u8,
    ) {
        for mut frame in [
            encode(&event).unwrap(), encode(&question).unwrap(), encode(&told).unwrap(),
        ] {
            let at = at.index(frame.len());
            frame[at] = byte;
            check_all_garbage(&frame)?;
        }
    }
}

fn key(path: &str) -> PhysicalKey {
    PhysicalKey::new(Class::Replicated, NamespaceId::ROOT, MountId::new(5), path)
}

#[test]
fn what_is_not_of_its_kind_is_refused() {
    let name = |bytes: &[u8]| decode::<TreeName>(&encode(&bytes.to_vec()).unwrap());
    let head = key("");
    assert_eq!(name(head.as_bytes()).unwrap(), TreeName(Tree::of(&head)));
    assert!(name(key("x").as_bytes()).is_err());
    assert!(name(&head.as_bytes()[1..]).is_err());
    let mut unknown = head.as_bytes().to_vec();
    unknown[0] = b'X';
    assert!(name(&unknown).is_err());

    let record = |bytes: &[u8]| decode::<RecordBytes>(&encode(&bytes.to_vec()).unwrap());
    let one = Record::of(&head, b"x");
    assert_eq!(record(&one.to_bytes()).unwrap(), RecordBytes(one));
    assert!(record(&one.to_bytes()[1..]).is_err());
    let mut sum_of_nothing = [0; Record::BYTES];
    sum_of_nothing[0] = 1;
    assert!(record(&sum_of_nothing).is_err());
}

#[test]
fn a_length_beyond_the_frame_takes_no_memory() {
    // A list of 2^63 entries.
    let length = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for tag in 0..8 {
        let frame = [&[tag], length.as_slice(), &[0; 20]].concat();
        assert!(decode::<Told>(&frame).is_err());
        assert!(decode::<Event>(&frame).is_err());
    }
}

#[test]
fn methods_have_their_names() {
    for method in Method::ALL {
        assert_eq!(Method::from_name(method.name()), Some(method));
    }
    assert_eq!(Method::from_name("Follow"), None);
    let names = Method::ALL.map(Method::name);
    assert_eq!(
        names,
        ["bootstrap", "compare", "follow", "forward", "greet"]
    );
}
