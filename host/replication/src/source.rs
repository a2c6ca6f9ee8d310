//! What of the primary's log a secondary is sent.

use journal::{Batch, Op};
use locality::{Class, Exclusion, Ignored, SystemKey};

/// What is left of an entry of the log for whoever is not to have what `exclusion` leaves out: the
/// operations that travel, in their order. Batches out of which nothing is left are left out.
pub fn cut(batches: &[Batch], exclusion: &Exclusion) -> Vec<Batch> {
    let travelling = |batch: &Batch| {
        let ops = batch.ops.iter().filter(|op| exclusion.travels(&op.key));
        let ops: Vec<Op> = ops.cloned().collect();
        (!ops.is_empty()).then_some(Batch { ops })
    };
    batches.iter().filter_map(travelling).collect()
}

/// Does an entry of the log change the keys that the clusters of a relation share, or how this one
/// protects them? They do not travel with the entry: each cluster has its own copy.
pub fn changes_keys(batches: &[Batch]) -> bool {
    let is_ignored = |op: &&Op| op.key.class() == Class::Ignored;
    let mut ignored = batches
        .iter()
        .flat_map(|batch| &batch.ops)
        .filter(is_ignored)
        .peekable();
    if ignored.peek().is_none() {
        return false;
    }
    let keys = [
        SystemKey::<Ignored>::keyring(),
        SystemKey::<Ignored>::root_key(),
        SystemKey::<Ignored>::seal_config(),
    ];
    ignored.any(|op| keys.iter().any(|key| *key.physical() == op.key))
}

/// Is an entry that a primary sends one that a secondary may write? Whatever a primary sends, it
/// does not reach what is the secondary's own.
///
/// # Errors
/// [`NotReplicated`] where an operation is of another class.
pub fn admit(batches: &[Batch]) -> Result<(), NotReplicated> {
    let mut ops = batches.iter().flat_map(|batch| &batch.ops);
    match ops.find(|op| op.key.class() != Class::Replicated) {
        Some(op) => Err(NotReplicated(op.key.class())),
        None => Ok(()),
    }
}

/// A primary sent what it must not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the primary sent an entry of the class {0}")]
pub struct NotReplicated(pub Class);

#[cfg(test)]
mod tests {
    use super::*;
    use base::{MountId, NamespaceId};
    use locality::PhysicalKey;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn class() -> impl Strategy<Value = Class> {
        prop::sample::select(Class::ALL.to_vec())
    }

    /// Keys of data, of tables that name what is left out, and of what looks like them.
    fn key() -> impl Strategy<Value = PhysicalKey> {
        let path = prop_oneof![
            "[a-c]{0,3}",
            (0_u64..4).prop_map(|id| format!("core/mounts/{id:016x}")),
            (0_u64..4).prop_map(|id| format!("core/namespaces/{id:016x}")),
            (0_u64..4).prop_map(|id| format!("core/mounts/{id:016x}/more")),
            Just(String::from("core/keyring")),
        ];
        (class(), 0_u64..4, 0_u64..4, path).prop_map(|(class, namespace, mount, path)| {
            let (namespace, mount) = (NamespaceId::new(namespace), MountId::new(mount));
            PhysicalKey::new(class, namespace, mount, &path)
        })
    }

    fn batches() -> impl Strategy<Value = Vec<Batch>> {
        let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..4));
        let op = (key(), value, any::<bool>()).prop_map(|(key, value, seal_wrap)| Op {
            key,
            value,
            seal_wrap,
        });
        let batch = prop::collection::vec(op, 0..8).prop_map(|ops| Batch { ops });
        prop::collection::vec(batch, 0..6)
    }

    fn exclusion() -> impl Strategy<Value = Exclusion> {
        let mounts = prop::collection::btree_set((0_u64..4, 0_u64..4), 0..4);
        let namespaces = prop::collection::btree_set(0_u64..4, 0..3);
        (namespaces, mounts).prop_map(|(namespaces, mounts)| Exclusion {
            version: 1,
            since: 0,
            namespaces: namespaces.into_iter().map(NamespaceId::new).collect(),
            mounts: mounts
                .into_iter()
                .map(|(namespace, mount)| (NamespaceId::new(namespace), MountId::new(mount)))
                .collect(),
        })
    }

    proptest! {
        #[test]
        fn what_is_left_travels_and_nothing_that_travels_is_lost(
            sent in batches(), exclusion in exclusion(),
        ) {
            let left = cut(&sent, &exclusion);
            prop_assert!(left.iter().all(|batch| !batch.ops.is_empty()));
            prop_assert_eq!(admit(&left), Ok(()));
            // One by one, as slowly as can be: each operation in its place, or nowhere.
            let mut rest = left.iter();
            for batch in &sent {
                let kept: Vec<&Op> =
                    batch.ops.iter().filter(|op| exclusion.travels(&op.key)).collect();
                for op in &kept {
                    prop_assert_eq!(op.key.class(), Class::Replicated);
                    let (namespace, mount) = (op.key.namespace(), op.key.mount());
                    prop_assert!(!exclusion.leaves_out(namespace, mount));
                }
                if !kept.is_empty() {
                    let found: Vec<&Op> = rest.next().unwrap().ops.iter().collect();
                    prop_assert_eq!(found, kept);
                }
            }
            prop_assert_eq!(rest.next(), None);
        }

        #[test]
        fn what_is_cut_once_is_not_cut_again(sent in batches(), exclusion in exclusion()) {
            let left = cut(&sent, &exclusion);
            prop_assert_eq!(cut(&left, &exclusion), left);
        }
    }

    fn batch_of(key: PhysicalKey) -> Vec<Batch> {
        let op = Op {
            key,
            value: None,
            seal_wrap: false,
        };
        vec![Batch::default(), Batch { ops: vec![op] }]
    }

    #[test]
    fn keys_are_recognised_and_nothing_else_is() {
        let check = |key: PhysicalKey, expected: bool| {
            assert_eq!(changes_keys(&batch_of(key.clone())), expected, "{key:?}");
        };
        check(SystemKey::keyring().into_physical(), true);
        check(SystemKey::root_key().into_physical(), true);
        check(SystemKey::seal_config().into_physical(), true);
        check(SystemKey::cluster().into_physical(), false);
        check(SystemKey::rotation().into_physical(), false);
        let root = NamespaceId::ROOT;
        let near =
            |class, namespace, mount| PhysicalKey::new(class, namespace, mount, "core/keyring");
        check(near(Class::Replicated, root, MountId::SYSTEM), false);
        check(near(Class::Ignored, root, MountId::new(1)), false);
        check(
            near(Class::Ignored, NamespaceId::new(1), MountId::SYSTEM),
            false,
        );
        assert!(!changes_keys(&[]));
    }

    #[test]
    fn entries_of_another_class_are_refused() {
        for class in Class::ALL {
            let key = PhysicalKey::new(class, NamespaceId::ROOT, MountId::new(1), "x");
            let expected = match class {
                Class::Replicated => Ok(()),
                class => Err(NotReplicated(class)),
            };
            assert_eq!(admit(&batch_of(key)), expected);
        }
    }

    #[test]
    fn nothing_left_out_leaves_all_that_is_replicated() {
        let key = PhysicalKey::new(Class::Replicated, NamespaceId::ROOT, MountId::new(1), "x");
        let left = cut(&batch_of(key.clone()), &Exclusion::default());
        assert_eq!(left, batch_of(key)[1..]);
        let all: BTreeSet<_> = [(NamespaceId::ROOT, MountId::new(1))].into();
        let exclusion = Exclusion {
            mounts: all,
            ..Exclusion::default()
        };
        assert!(cut(&left, &exclusion).is_empty());
    }
}
