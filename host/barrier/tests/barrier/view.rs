//! No sequence of calls reaches past the mount.

use crate::world::{Lcg, World, key};
use barrier::keys::{KeyKind, KeyOptions};
use barrier::{Commit, InvalidKey, SealWrap, View, ViewError, ViewLimits, WriteFence};
use base::{MountId, NamespaceId};
use locality::{Class, Locality, MountLocality, PhysicalKey, Rule, StorageRules};
use proptest::prelude::*;
use std::sync::Arc;

fn rule(prefix: &str, locality: Locality) -> Rule {
    Rule {
        prefix: prefix.into(),
        locality,
        seal_wrap: prefix == "wrapped/",
    }
}

fn rules() -> Arc<StorageRules> {
    let rules = vec![
        rule("data/", Locality::Replicated),
        rule("data/local/", Locality::Local),
        rule("wrapped/", Locality::Replicated),
    ];
    Arc::new(StorageRules::new(rules).unwrap())
}

fn view(world: &World, locality: MountLocality) -> View {
    View::new(
        world.begin(),
        NamespaceId::ROOT,
        MountId::new(1),
        locality,
        rules(),
    )
}

fn shared(world: &World) -> View {
    view(world, MountLocality::Shared)
}

fn finish(world: &mut World, view: View) -> Commit {
    let commit = view.into_transaction().unwrap().finish().unwrap();
    world.apply(&commit);
    commit
}

#[test]
fn the_rules_choose_class_and_seal_wrap() {
    let world = World::new();
    let mut view = shared(&world);
    for name in ["data/a", "data/local/a", "wrapped/a"] {
        view.put(name, vec![1]).unwrap();
    }
    let batch = view.into_transaction().unwrap().finish().unwrap().batch;
    let written: Vec<_> = batch
        .ops
        .into_iter()
        .map(|op| (op.key, op.seal_wrap))
        .collect();
    assert_eq!(
        written,
        [
            (key(Class::Local, 1, "data/local/a"), false),
            (key(Class::Replicated, 1, "data/a"), false),
            (key(Class::Replicated, 1, "wrapped/a"), true),
        ]
    );
}

#[test]
fn every_stored_value_shows_whether_the_seal_is_to_wrap_it() {
    let check = |mount: SealWrap, name: &str, expected: SealWrap| {
        let mut world = World::new();
        let mut view = shared(&world).with_seal_wrap(mount);
        view.put(name, vec![1]).unwrap();
        let commit = finish(&mut world, view);
        let stored = world.stored(&world.keys()[0]).unwrap();
        assert_eq!(SealWrap::of(&stored), Some(expected), "{mount:?} {name}");
        let op = &commit.batch.ops[0];
        assert_eq!(op.seal_wrap, expected == SealWrap::Wanted);
        // The mark is no secret, and no stranger's to change.
        let mut forged = stored.clone();
        forged[0] ^= 3;
        assert_ne!(SealWrap::of(&forged), Some(expected));
        assert!(SealWrap::of(&forged).is_some());
        assert!(world.keyring.open(&world.keys()[0], &forged).is_err());
        assert!(world.keyring.open(&world.keys()[0], &stored).is_ok());
    };
    let (wanted, unneeded) = (SealWrap::Wanted, SealWrap::Unneeded);
    for name in ["data/a", "data/local/a"] {
        check(unneeded, name, unneeded);
        check(wanted, name, wanted);
    }
    for mount in [unneeded, wanted] {
        check(mount, "wrapped/a", wanted);
    }
    // Keys that components use without seeing them follow the same rules.
    let mut world = World::new();
    let mut view = shared(&world);
    let options = KeyOptions {
        kind: KeyKind::Hmac,
        exportable: false,
        bytes: 0,
    };
    view.make_key("wrapped/k", options, &Lcg::new(1)).unwrap();
    finish(&mut world, view);
    let stored = world.stored(&world.keys()[0]).unwrap();
    assert_eq!(SealWrap::of(&stored), Some(wanted));
    assert_eq!(SealWrap::of(b""), None);
    assert_eq!(SealWrap::of(&[1; 32]), None);
}

#[test]
fn in_a_local_mount_all_is_local() {
    let mut world = World::new();
    let mut view = view(&world, MountLocality::Local);
    view.put("data/a", vec![1]).unwrap();
    finish(&mut world, view);
    assert_eq!(world.keys(), [key(Class::Local, 1, "data/a")]);
}

#[test]
fn lists_over_classes_and_skips_what_is_not_there_to_see() {
    let mut world = World::new();
    world.write(|t| {
        t.put(&key(Class::Replicated, 1, "data/a"), vec![]);
        t.put(&key(Class::Local, 1, "data/local/b"), vec![]);
        // Where no write of today would go, of another mount, and reserved.
        t.put(&key(Class::Local, 1, "data/stray"), vec![]);
        t.put(&key(Class::Replicated, 1, "undeclared"), vec![]);
        t.put(&key(Class::Replicated, 2, "data/foreign"), vec![]);
        t.put(&key(Class::Replicated, 1, "\u{1}data/key"), vec![]);
    });
    let mut view = shared(&world);
    assert_eq!(view.list("data/", None, 0).unwrap().names, ["a", "local/"]);
    assert_eq!(view.list("", None, 0).unwrap().names, ["data/"]);
    assert_eq!(view.list("", Some(""), 0).unwrap().names, ["data/"]);
    assert_eq!(view.list("data/", Some("a"), 0).unwrap().names, ["local/"]);
    assert!(matches!(
        view.list("else/", None, 0),
        Err(ViewError::Undeclared(_))
    ));
    assert!(matches!(
        view.list("\u{1}", None, 0),
        Err(ViewError::InvalidKey(_))
    ));
    assert!(view.get("data/stray").unwrap().is_none());
}

#[test]
fn scans_all_depths_and_classes_in_one_order_page_by_page() {
    let world = World::new();
    let mut view = shared(&world);
    let names = [
        "data/a",
        "data/a/b",
        "data/c/d/e",
        "data/local/x",
        "data/local/y/z",
        "wrapped/w",
    ];
    for name in names.iter().rev() {
        view.put(name, vec![]).unwrap();
    }
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().cloned();
        let page = view.scan("", after.as_deref(), 2).unwrap();
        seen.extend(page.names);
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, names);
    assert_eq!(
        view.scan("data/local/", Some("x"), 0).unwrap().names,
        ["y/z"]
    );
    assert_eq!(
        view.scan("data/", Some("c/"), 2).unwrap().names,
        ["c/d/e", "local/x"]
    );
}

#[test]
fn refuses_undeclared_and_invalid_keys_and_goes_on() {
    let world = World::new();
    let mut view = shared(&world);
    assert!(matches!(
        view.put("other", vec![]),
        Err(ViewError::Undeclared(_))
    ));
    assert!(matches!(view.get("dat"), Err(ViewError::Undeclared(_))));
    let relative = view.get("data/../x").unwrap_err();
    assert!(matches!(
        relative,
        ViewError::InvalidKey(InvalidKey::Relative)
    ));
    view.put("data/a", vec![]).unwrap();
    assert!(view.into_transaction().is_ok());
}

#[test]
fn limits_hold() {
    let world = World::new();
    let limits = ViewLimits {
        calls_max: 3,
        value_bytes_max: 10,
        written_bytes_max: 70,
        page_names_max: 1,
    };
    let mut view = shared(&world).with_limits(limits);
    assert!(matches!(
        view.put("data/a", vec![0; 11]),
        Err(ViewError::TooLarge(10))
    ));
    view.put("data/a", vec![0; 10]).unwrap();
    view.put("data/b", vec![0; 10]).unwrap();
    assert!(matches!(
        view.get("data/a"),
        Err(ViewError::TooManyCalls(3))
    ));
    assert!(matches!(
        view.into_transaction(),
        Err(ViewError::TooManyCalls(3))
    ));

    let mut view = shared(&world).with_limits(limits);
    view.put("data/a", vec![0; 10]).unwrap();
    view.put("data/b", vec![0; 10]).unwrap();
    assert!(matches!(
        view.put("data/c", vec![0; 10]),
        Err(ViewError::TooMuchWritten(70))
    ));
    assert!(matches!(
        view.into_transaction(),
        Err(ViewError::TooMuchWritten(70))
    ));

    let mut view = shared(&world).with_limits(limits);
    view.put("data/a", vec![]).unwrap();
    view.put("data/b", vec![]).unwrap();
    let page = view.list("data/", None, 100).unwrap();
    assert_eq!((page.names.len(), page.more), (1, true));
}

#[test]
fn a_replicated_write_in_the_wrong_place_ends_the_call() {
    let world = World::new();
    let mut view = shared(&world).with_fence(WriteFence::LocalOnly);
    view.get("data/a").unwrap();
    view.put("data/local/a", vec![1]).unwrap();
    assert!(matches!(
        view.put("data/a", vec![1]),
        Err(ViewError::WrongPlace)
    ));
    assert!(matches!(
        view.get("data/local/a"),
        Err(ViewError::WrongPlace)
    ));
    assert!(matches!(
        view.into_transaction(),
        Err(ViewError::WrongPlace)
    ));

    let mut view = shared(&world).with_fence(WriteFence::LocalOnly);
    assert!(matches!(view.delete("data/a"), Err(ViewError::WrongPlace)));
}

#[test]
fn a_damaged_entry_ends_the_call() {
    let mut world = World::new();
    world.store(&key(Class::Replicated, 1, "data/a"), vec![1, 2, 3]);
    let mut view = shared(&world);
    assert!(matches!(view.get("data/a"), Err(ViewError::Barrier(_))));
    assert!(matches!(
        view.into_transaction(),
        Err(ViewError::Barrier(_))
    ));
}

#[test]
fn goes_on_after_a_checkpoint() {
    let mut world = World::new();
    let mut view = shared(&world);
    view.put("data/intent", vec![1]).unwrap();
    let commit = view.take_commit().unwrap();
    world.apply(&commit);
    view.resume(world.snapshot(), world.index);
    assert!(view.get("data/intent").unwrap().is_some());
    view.delete("data/intent").unwrap();
    finish(&mut world, view);
    assert!(world.keys().is_empty());
}

#[derive(Clone, Debug)]
enum Call {
    Get(String),
    Put(String),
    Delete(String),
    List(String, Option<String>, usize),
    Scan(String, Option<String>, usize),
    MakeKey(String),
    OpenKey(String),
    DeleteKey(String),
    ListKeys(String, Option<String>, usize),
}

/// Keys that are likely to be taken for something else, and any text at all.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "(data/|data/local/|wrapped/|other/|\u{1}|\u{1}key/|\\.\\./|/){0,3}[ab]{0,2}",
        "[RLI\u{0}-\u{2}/.a]{0,6}",
        ".{0,6}",
    ]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let page = || (text(), prop::option::of(text()), 0_usize..4);
    let call = prop_oneof![
        text().prop_map(Call::Get),
        text().prop_map(Call::Put),
        text().prop_map(Call::Delete),
        page().prop_map(|(folder, after, limit)| Call::List(folder, after, limit)),
        page().prop_map(|(folder, after, limit)| Call::Scan(folder, after, limit)),
        text().prop_map(Call::MakeKey),
        text().prop_map(Call::OpenKey),
        text().prop_map(Call::DeleteKey),
        page().prop_map(|(folder, after, limit)| Call::ListKeys(folder, after, limit)),
    ];
    prop::collection::vec(call, 0..12)
}

fn do_call(view: &mut View, call: &Call) -> Vec<String> {
    match call {
        Call::Get(key) => {
            let value = view.get(key).ok().flatten();
            value
                .map(|value| String::from_utf8(value.expose().clone()).unwrap())
                .into_iter()
                .collect()
        }
        Call::Put(key) => {
            let _ = view.put(key, b"mine".to_vec());
            vec![]
        }
        Call::Delete(key) => {
            let _ = view.delete(key);
            vec![]
        }
        Call::List(folder, after, limit) => {
            let page = view.list(folder, after.as_deref(), *limit);
            page.map(|page| page.names).unwrap_or_default()
        }
        Call::Scan(folder, after, limit) => {
            let page = view.scan(folder, after.as_deref(), *limit);
            page.map(|page| page.names).unwrap_or_default()
        }
        Call::MakeKey(name) => {
            let options = KeyOptions {
                kind: KeyKind::Hmac,
                exportable: true,
                bytes: 0,
            };
            let _ = view.make_key(name, options, &Lcg::new(1));
            vec![]
        }
        Call::OpenKey(name) => {
            let key = view.open_key(name).ok().flatten();
            assert!(key.is_none_or(|key| key.kind() == KeyKind::Hmac));
            vec![]
        }
        Call::DeleteKey(name) => {
            let _ = view.delete_key(name);
            vec![]
        }
        Call::ListKeys(folder, after, limit) => {
            let page = view.list_keys(folder, after.as_deref(), *limit);
            page.map(|page| page.names).unwrap_or_default()
        }
    }
}

fn foreign_keys() -> Vec<PhysicalKey> {
    let mut keys = Vec::new();
    for class in Class::ALL {
        for (namespace, mount) in [(0, 0), (0, 2), (7, 1), (0, u64::MAX)] {
            for path in [
                "data/secret",
                "data/local/secret",
                "secret",
                "\u{1}data/secret",
            ] {
                let (namespace, mount) = (NamespaceId::new(namespace), MountId::new(mount));
                keys.push(PhysicalKey::new(class, namespace, mount, path));
            }
        }
    }
    keys
}

proptest! {
    #[test]
    fn no_calls_reach_past_the_mount_or_into_another_class(calls in calls(), local: bool) {
        let mut world = World::new();
        world.write(|t| foreign_keys().iter().for_each(|key| t.put(key, b"secret".to_vec())));
        let locality = if local { MountLocality::Local } else { MountLocality::Shared };
        let mut view = view(&world, locality);
        for call in &calls {
            let seen = do_call(&mut view, call);
            prop_assert!(!seen.iter().any(|text| text.contains("secret")), "{call:?}");
        }
        let commit = view.into_transaction().unwrap().finish().unwrap();
        for key in foreign_keys() {
            prop_assert!(!commit.reads.covers(&key), "{key:?}");
        }
        for op in &commit.batch.ops {
            prop_assert_eq!((op.key.namespace(), op.key.mount()), (NamespaceId::ROOT, MountId::new(1)));
            // A key's record has the class of the name that the component gave it.
            let path = op.key.path();
            let name = path.strip_prefix("\u{1}key/").unwrap_or(path);
            let reserved = name.contains('\u{1}');
            prop_assert!(!reserved);
            let place = rules().place(locality, name).unwrap();
            prop_assert_eq!(op.key.class(), place.class);
            prop_assert_eq!(op.seal_wrap, place.seal_wrap && op.value.is_some());
        }
    }
}
