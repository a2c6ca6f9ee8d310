//! Sealed values open under their own key and nowhere else.

use crate::world::{Lcg, World, key};
use barrier::{BarrierError, Counts, Keyring};
use base::{MountId, NamespaceId, Secret, Timestamp};
use locality::{Class, PhysicalKey};
use proptest::prelude::*;
use std::sync::Arc;

fn sealed(world: &mut World, key: &PhysicalKey, value: &[u8]) -> Vec<u8> {
    world.write(|t| t.put(key, value.to_vec()));
    world.stored(key).unwrap()
}

fn arbitrary_key() -> impl Strategy<Value = PhysicalKey> {
    let class = prop::sample::select(Class::ALL.to_vec());
    (class, 0_u64..3, 0_u64..3, "[ab/]{0,6}").prop_map(|(class, namespace, mount, path)| {
        PhysicalKey::new(
            class,
            NamespaceId::new(namespace),
            MountId::new(mount),
            &path,
        )
    })
}

proptest! {
    #[test]
    fn opens_where_it_was_written_and_nowhere_else(
        here in arbitrary_key(), there in arbitrary_key(),
        value in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut world = World::new();
        let bytes = sealed(&mut world, &here, &value);
        prop_assert!(value.len() < 4 || !bytes.windows(value.len()).any(|w| w == value));
        let opened = world.keyring.open(&here, &bytes).unwrap();
        prop_assert_eq!(opened.expose(), &value);
        prop_assert_eq!(world.keyring.open(&there, &bytes).is_ok(), here == there);
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open(
        value in prop::collection::vec(any::<u8>(), 0..60), place: usize, flip in 1_u8..=255,
    ) {
        let mut world = World::new();
        let here = key(Class::Replicated, 1, "a");
        let bytes = sealed(&mut world, &here, &value);
        let place = place % bytes.len();
        let mut forged = bytes.clone();
        forged[place] ^= flip;
        prop_assert!(world.keyring.open(&here, &forged).is_err());
        prop_assert!(world.keyring.open(&here, &bytes[..place]).is_err());
        let mut longer = bytes;
        longer.push(flip);
        prop_assert!(world.keyring.open(&here, &longer).is_err());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let world = World::new();
        prop_assert!(world.keyring.open(&key(Class::Local, 1, "a"), &bytes).is_err());
        prop_assert!(Keyring::open_with(&bytes, &Secret::new([1; 32])).is_err());
    }

    #[test]
    fn a_stored_keyring_opens_with_its_root_key_only(
        root in any::<[u8; 32]>(), place: usize, flip in 1_u8..=255, rotations in 0_u64..4,
    ) {
        let entropy = Lcg::new(9);
        let mut keyring = Keyring::make(&entropy, Timestamp::from_millis(5));
        for rotation in 0..rotations {
            keyring = keyring.rotate(&entropy, Timestamp::from_millis(6 + rotation)).unwrap();
        }
        let stored = keyring.seal_with(&Secret::new(root), Counts::Exact, &entropy).unwrap().bytes;
        let again = Keyring::open_with(&stored, &Secret::new(root)).unwrap();
        prop_assert!(again.terms().eq(keyring.terms()));
        prop_assert_eq!(again.active(), keyring.active());
        let mut other = root;
        other[place % 32] ^= flip;
        prop_assert!(Keyring::open_with(&stored, &Secret::new(other)).is_err());
        let mut forged = stored.clone();
        let place = place % stored.len();
        forged[place] ^= flip;
        prop_assert!(Keyring::open_with(&forged, &Secret::new(root)).is_err());
        prop_assert!(Keyring::open_with(&stored[..place], &Secret::new(root)).is_err());
    }
}

#[test]
fn after_a_rotation_old_values_open_and_new_ones_are_of_the_new_term() {
    let mut world = World::new();
    let (old, new) = (key(Class::Local, 1, "old"), key(Class::Local, 1, "new"));
    let before = Arc::clone(&world.keyring);
    sealed(&mut world, &old, b"old");
    let rotated = before
        .rotate(world.entropy.as_ref(), Timestamp::from_millis(7))
        .unwrap();
    world.keyring = Arc::new(rotated);
    let bytes = sealed(&mut world, &new, b"new");
    assert_eq!(bytes[1..5], [0, 0, 0, 2]);

    let mut transaction = world.begin();
    assert_eq!(transaction.get(&old).unwrap().unwrap().expose(), b"old");
    assert_eq!(transaction.get(&new).unwrap().unwrap().expose(), b"new");
    let error = before.open(&new, &bytes).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is not authentic: unknown key term 2"),
        "{error}"
    );

    let counts: Vec<(u32, u64)> = world
        .keyring
        .terms()
        .map(|term| (term.term, term.encryptions))
        .collect();
    assert_eq!(counts, [(1, 1), (2, 1)]);
}

#[test]
fn a_stored_keyring_counts_no_less_than_was_sealed() {
    let mut world = World::new();
    let root = Secret::new([1; 32]);
    let here = key(Class::Local, 1, "a");
    let keyring = Arc::clone(&world.keyring);
    assert!(!keyring.is_beyond_stored());
    sealed(&mut world, &here, b"1");
    assert!(keyring.is_beyond_stored());

    let store = |counts| keyring.seal_with(&root, counts, &Lcg::new(2)).unwrap();
    let opened = |counts| {
        let again = Keyring::open_with(&store(counts).bytes, &root).unwrap();
        assert!(!again.is_beyond_stored());
        again.active().encryptions
    };
    assert_eq!(opened(Counts::Exact), 1);
    assert_eq!(opened(Counts::Ahead), 1 + Counts::AHEAD);
    // What was made to be stored counts once it is.
    let stored = store(Counts::Ahead);
    assert!(keyring.is_beyond_stored());
    keyring.note_stored(&stored);
    for _ in 0..Counts::AHEAD {
        assert!(!keyring.is_beyond_stored());
        sealed(&mut world, &here, b"2");
    }
    assert!(!keyring.is_beyond_stored());
    sealed(&mut world, &here, b"3");
    assert!(keyring.is_beyond_stored());
}

#[test]
fn equal_values_are_sealed_differently_each_time() {
    let mut world = World::new();
    let here = key(Class::Local, 1, "a");
    let first = sealed(&mut world, &here, b"same");
    assert_ne!(sealed(&mut world, &here, b"same"), first);
}

#[test]
fn a_forged_entry_is_an_error_for_whoever_reads_it() {
    let mut world = World::new();
    let (here, there) = (key(Class::Local, 1, "a"), key(Class::Replicated, 1, "a"));
    let bytes = sealed(&mut world, &here, b"value");
    world.store(&there, bytes);
    let error = world.begin().get(&there).unwrap_err();
    assert!(matches!(error, BarrierError::NotAuthentic(_)));
    world.store(&there, Vec::new());
    assert!(matches!(
        world.begin().get(&there),
        Err(BarrierError::NotAuthentic(_))
    ));
    assert!(matches!(
        world
            .begin()
            .entries(&key(Class::Replicated, 1, ""), None, 9),
        Err(BarrierError::NotAuthentic(_))
    ));
}

#[test]
fn prints_no_key() {
    let world = World::new();
    let text = format!("{:?}", world.keyring);
    assert!(text.starts_with("[TermStatus { term: 1,"), "{text}");
}
