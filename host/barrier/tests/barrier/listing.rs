//! Direct children, over own writes, page by page.

use crate::world::{World, key};
use barrier::Page;
use locality::{Class, PhysicalKey, SystemKey};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn names(page: &Page) -> Vec<&str> {
    page.names.iter().map(String::as_str).collect()
}

#[test]
fn keys_and_folders() {
    let mut world = World::new();
    let at = |path: &str| key(Class::Replicated, 1, path);
    world.write(|t| {
        for path in ["a", "a-b", "a/1", "a/2/3", "b/1", "c", "other"] {
            t.put(&at(path), vec![]);
        }
        t.put(&key(Class::Replicated, 2, "foreign"), vec![]);
        t.put(&key(Class::Local, 1, "local"), vec![]);
    });
    let mut transaction = world.begin();
    let mut list = |prefix: &str, after: Option<&str>, limit| {
        transaction.children(&at(prefix), after, limit).unwrap()
    };
    assert_eq!(
        names(&list("", None, 9)),
        ["a", "a-b", "a/", "b/", "c", "other"]
    );
    assert_eq!(names(&list("a/", None, 9)), ["1", "2/"]);
    assert_eq!(names(&list("none/", None, 9)), Vec::<&str>::new());
    let page = list("", Some("a"), 2);
    assert_eq!((names(&page), page.more), (vec!["a-b", "a/"], true));
    let page = list("", Some("a/"), 3);
    assert_eq!((names(&page), page.more), (vec!["b/", "c", "other"], false));
    assert_eq!(names(&list("", Some("a/zzz"), 1)), ["b/"]);
    assert_eq!(names(&list("", None, 0)), Vec::<&str>::new());
}

#[test]
fn own_writes_count_and_removed_keys_do_not() {
    let mut world = World::new();
    let at = |path: &str| key(Class::Replicated, 1, path);
    world.write(|t| {
        t.put(&at("a/1"), vec![]);
        t.put(&at("a/2"), vec![]);
        t.put(&at("b"), vec![]);
    });
    let mut transaction = world.begin();
    transaction.delete(&at("a/1"));
    transaction.put(&at("c/1"), vec![]);
    assert_eq!(
        names(&transaction.children(&at(""), None, 9).unwrap()),
        ["a/", "b", "c/"]
    );
    transaction.delete(&at("a/2"));
    assert_eq!(
        names(&transaction.children(&at(""), None, 9).unwrap()),
        ["b", "c/"]
    );
}

#[test]
fn typed_prefixes_list_too() {
    let mut world = World::new();
    let namespace = base::NamespaceId::ROOT;
    world.write(|t| {
        t.put(&SystemKey::policy(namespace, "dev"), vec![]);
        t.put(&SystemKey::policy(namespace, "ops"), vec![]);
    });
    let page = world
        .begin()
        .children(&SystemKey::policies(namespace), None, 9)
        .unwrap();
    assert_eq!(names(&page), ["dev", "ops"]);
}

/// A folder is skipped with one seek: what lies in it is neither read nor a reason to run again.
#[test]
fn the_inside_of_a_folder_is_not_read() {
    let mut world = World::new();
    let at = |path: &str| key(Class::Replicated, 1, path);
    world.write(|t| {
        for i in 0..100 {
            t.put(&at(&format!("a/{i:03}")), vec![]);
        }
        t.put(&at("b"), vec![]);
    });
    let mut transaction = world.begin();
    transaction.children(&at(""), None, 9).unwrap();
    let reads = transaction.finish().unwrap().reads;
    assert!(reads.covers(&at("a/000")) && reads.covers(&at("b")) && reads.covers(&at("c")));
    assert!(!reads.covers(&at("a/001")) && !reads.covers(&at("a/new")));
}

/// Children by the definition.
fn naive(keys: &[PhysicalKey], prefix: &PhysicalKey) -> Vec<String> {
    let below = keys
        .iter()
        .filter(|key| (key.class(), key.mount()) == (prefix.class(), prefix.mount()));
    let rest = below.filter_map(|key| key.path().strip_prefix(prefix.path()));
    let children: BTreeSet<String> = rest
        .filter(|rest| !rest.is_empty())
        .map(|rest| rest.split_inclusive('/').next().unwrap().to_owned())
        .collect();
    children.into_iter().collect()
}

proptest! {
    #[test]
    fn pages_put_together_are_the_children(
        committed in prop::collection::vec(("[-ab/0]{1,5}", any::<bool>()), 0..15),
        own in prop::collection::vec(("[-ab/0]{1,5}", any::<bool>()), 0..8),
        prefix in prop::sample::select(vec!["", "a/", "b/", "a", "a/a/"]),
        limit in 1_usize..4,
    ) {
        let mut world = World::new();
        let at = |path: &str| key(Class::Local, 1, path);
        world.write(|t| committed.iter().for_each(|(path, _)| t.put(&at(path), vec![])));
        let mut transaction = world.begin();
        for (path, gone) in &own {
            if *gone { transaction.delete(&at(path)) } else { transaction.put(&at(path), vec![]) }
        }
        let mut seen: Vec<String> = Vec::new();
        loop {
            let after = seen.last().cloned();
            let page = transaction.children(&at(prefix), after.as_deref(), limit).unwrap();
            prop_assert!(page.names.len() <= limit);
            seen.extend(page.names);
            if !page.more { break; }
        }
        let commit = transaction.finish().unwrap();
        world.apply(&commit);
        prop_assert_eq!(seen, naive(&world.keys(), &at(prefix)));
    }

    #[test]
    fn what_is_not_covered_does_not_change_the_page(
        committed in prop::collection::vec("[-ab/]{1,4}", 0..12),
        foreign in "[-ab/]{1,4}", gone: bool,
        after in prop::option::of("[-ab/]{0,3}"), limit in 1_usize..4,
    ) {
        let mut world = World::new();
        let at = |path: &str| key(Class::Local, 1, path);
        world.write(|t| committed.iter().for_each(|path| t.put(&at(path), vec![])));
        let list = |world: &World| {
            let mut transaction = world.begin();
            let page = transaction.children(&at(""), after.as_deref(), limit).unwrap();
            (page, transaction.finish().unwrap().reads)
        };
        let (before, reads) = list(&world);
        if !reads.covers(&at(&foreign)) {
            world.write(|t| if gone { t.delete(&at(&foreign)) } else { t.put(&at(&foreign), vec![]) });
            prop_assert_eq!(list(&world).0, before);
        }
    }
}
