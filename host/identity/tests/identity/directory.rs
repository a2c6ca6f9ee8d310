//! What may be written, and what is left when it is removed.

use crate::world::{World, inside, mount, named};
use identity::{
    AliasChange, EntityChange, GroupAliasChange, GroupChange, GroupKind, IdentityError, Login,
    Merge, Metadata, Named, Page, Written,
};

#[test]
fn names_of_entities_have_no_case_and_one_owner() {
    let mut world = World::new();
    let ann = world.entity("Ann");
    assert_eq!(world.entity("aNN"), ann);
    let bob = world.entity("bob");
    let by_id = Named {
        id: Some(bob.clone()),
        name: Some(String::from("ANN")),
    };
    let refused = world
        .directory()
        .write_entity(by_id, EntityChange::default());
    assert!(matches!(refused, Err(IdentityError::EntityNameInUse)));
    // The old name is free once it is given up.
    let by_id = Named {
        id: Some(ann.clone()),
        name: Some(String::from("anna")),
    };
    world
        .directory()
        .write_entity(by_id, EntityChange::default())
        .unwrap();
    assert!(world.directory().entity_named("ann").unwrap().is_none());
    let found = world.directory().entity_named("Anna").unwrap().unwrap();
    assert_eq!(found.id, ann);
    assert_eq!(found.name, "anna");
}

#[test]
fn made_up_names_say_where_they_are_from() {
    let mut world = World::new();
    let written = world
        .directory()
        .write_entity(Named::default(), EntityChange::default())
        .unwrap();
    let Written::Created(entity) = written else {
        panic!("a new one")
    };
    let middle = entity.name.strip_prefix("entity_").unwrap();
    assert_eq!(middle.strip_suffix(".root").unwrap().len(), 8);
}

#[test]
fn policies_are_names_and_never_root() {
    let mut world = World::new();
    let change = |policies: &[&str]| EntityChange {
        policies: Some(policies.iter().map(|&name| name.to_owned()).collect()),
        ..EntityChange::default()
    };
    let written = world
        .directory()
        .write_entity(named("a"), change(&["P2", " p1 ", "p1", ""]));
    assert_eq!(inside(written.unwrap()).policies, ["p1", "p2"]);
    let refused = world
        .directory()
        .write_entity(named("a"), change(&["ROOT"]));
    assert!(matches!(refused, Err(IdentityError::RootPolicy)));
}

#[test]
fn metadata_has_limits() {
    let mut world = World::new();
    let mut check = |metadata: Metadata, fine: bool| {
        let change = EntityChange {
            metadata: Some(metadata),
            ..EntityChange::default()
        };
        let written = world.directory().write_entity(named("a"), change);
        assert_eq!(written.is_ok(), fine);
    };
    let pair = |key: usize, value: usize| Metadata::from([("k".repeat(key), "v".repeat(value))]);
    check(pair(128, 512), true);
    check(pair(129, 1), false);
    check(pair(1, 513), false);
    check(pair(0, 1), false);
    let many = |count: usize| (0..count).map(|n| (n.to_string(), String::new())).collect();
    check(many(64), true);
    check(many(65), false);
}

#[test]
fn an_entity_has_one_alias_at_a_mount() {
    let mut world = World::new();
    let (ann, bob) = (world.entity("ann"), world.entity("bob"));
    let alias = world.alias(&ann, "m1", "Ann").unwrap();
    let refused = world.alias(&ann, "m1", "annie");
    assert!(matches!(refused, Err(IdentityError::SecondAlias)));
    world.alias(&ann, "local1", "ann").unwrap();
    // The same name at the mount is the same alias, which may move.
    assert_eq!(world.alias(&bob, "m1", "aNN").unwrap(), alias);
    assert_eq!(world.directory().aliases_of(&ann).unwrap().len(), 1);
    let found = world.directory().alias(&alias).unwrap().unwrap();
    assert_eq!(found.entity, bob);
    // But not onto one that has another there.
    world.alias(&ann, "m1", "third").unwrap();
    let refused = world.alias(&ann, "m1", "ann");
    assert!(matches!(refused, Err(IdentityError::SecondAliasByMove)));
}

#[test]
fn an_alias_that_changes_nothing_is_the_same() {
    let mut world = World::new();
    let ann = world.entity("ann");
    let alias = world.alias(&ann, "m1", "ann").unwrap();
    let change = AliasChange {
        id: Some(alias.clone()),
        ..AliasChange::default()
    };
    world.now = 9;
    let written = world.directory().write_alias(change).unwrap();
    let Written::Same(same) = written else {
        panic!("the same one")
    };
    assert_eq!(same.updated.as_millis(), 1);
}

#[test]
fn no_alias_is_reached_through_a_crooked_accessor() {
    let mut world = World::new();
    let ann = world.entity("ann");
    world.alias(&ann, "m1", "b/c").unwrap();
    let mut directory = world.directory();
    assert!(
        directory
            .alias_named(&mount("m1"), "b/c")
            .unwrap()
            .is_some()
    );
    assert!(
        directory
            .alias_named(&mount("m1/b"), "c")
            .unwrap()
            .is_none()
    );
    assert!(directory.entity("../x").unwrap().is_none());
    assert!(directory.alias("").unwrap().is_none());
}

#[test]
fn pages_of_a_list_are_the_list() {
    let mut world = World::new();
    for number in 0..7 {
        let id = world.entity(&format!("e{number}"));
        let accessor = if number % 2 == 0 { "m" } else { "local" };
        world.alias(&id, accessor, &format!("e{number}")).unwrap();
    }
    let mut directory = world.directory();
    let whole = directory.aliases(Page::ALL).unwrap();
    assert_eq!(whole.len(), 7);
    assert!(whole.is_sorted_by(|one, other| one.id < other.id));
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let page = Page {
            after: &after,
            limit: 3,
        };
        let part = directory.aliases(page).unwrap();
        let Some(last) = part.last() else { break };
        after = last.id.clone();
        paged.extend(part);
    }
    assert_eq!(paged, whole);
    let page = Page {
        after: "",
        limit: 2,
    };
    assert_eq!(directory.entities(page).unwrap().len(), 2);
}

#[test]
fn external_groups_have_no_members_by_hand() {
    let mut world = World::new();
    let ann = world.entity("ann");
    let external = GroupChange {
        kind: Some(GroupKind::External),
        ..GroupChange::default()
    };
    let group = world.group("ext", external.clone());
    let by_id = || Named {
        id: Some(group.clone()),
        name: None,
    };
    let members = GroupChange {
        entities: Some(vec![ann]),
        ..GroupChange::default()
    };
    let refused = world.directory().write_group(by_id(), members);
    assert!(matches!(refused, Err(IdentityError::ExternalMembers)));
    let internal = GroupChange {
        kind: Some(GroupKind::Internal),
        ..GroupChange::default()
    };
    let refused = world.directory().write_group(by_id(), internal);
    assert!(matches!(refused, Err(IdentityError::GroupKindChanged)));
}

#[test]
fn a_group_has_one_alias_and_the_name_one_group() {
    let mut world = World::new();
    let change = |name: &str| GroupAliasChange {
        name: name.to_owned(),
        accessor: String::from("m1"),
        ..GroupAliasChange::default()
    };
    let first = world.directory().write_group_alias(change("Devs")).unwrap();
    let first = inside(first);
    assert_eq!(first.kind, GroupKind::External);
    let refused = world.directory().write_group_alias(change("devs"));
    assert!(matches!(refused, Err(IdentityError::GroupAliasNameInUse)));
    // A second alias of the group takes the place of the first, whose name is free again.
    let other = GroupAliasChange {
        group: Some(first.id.clone()),
        ..change("ops")
    };
    world.directory().write_group_alias(other).unwrap();
    let old = first.alias.unwrap().id;
    assert!(world.directory().group_with_alias(&old).unwrap().is_none());
    world.directory().write_group_alias(change("devs")).unwrap();
    let internal = world.group("plain", GroupChange::default());
    let wrong = GroupAliasChange {
        group: Some(internal),
        ..change("x")
    };
    let refused = world.directory().write_group_alias(wrong);
    assert!(matches!(refused, Err(IdentityError::AliasOfInternal)));
}

fn login<'a>(name: &'a str, groups: &'a [String]) -> Login<'a> {
    Login {
        mount: mount("m1"),
        name,
        metadata: Metadata::from([(String::from("seen"), name.to_owned())]),
        groups,
    }
}

#[test]
fn logins_find_their_entity_and_renew_its_groups() {
    let mut world = World::new();
    for name in ["devs", "ops"] {
        let change = GroupAliasChange {
            name: name.to_owned(),
            accessor: String::from("m1"),
            ..GroupAliasChange::default()
        };
        world.directory().write_group_alias(change).unwrap();
    }
    let both = [String::from("DEVS"), String::from("ops"), String::from("x")];
    let entity = world.directory().log_in(login("ann", &both)).unwrap();
    let internal = GroupChange {
        entities: Some(vec![entity.id.clone()]),
        ..GroupChange::default()
    };
    let internal = world.group("internal", internal);
    assert_eq!(
        world.directory().direct_groups(&entity.id).unwrap().len(),
        3
    );
    let again = world.directory().log_in(login("Ann", &both[1..2])).unwrap();
    assert_eq!(again.id, entity.id);
    let left = world.directory().direct_groups(&entity.id).unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.contains(&internal), "what an operator said stays");
    // Another mount has no say in the groups of this one.
    world
        .directory()
        .renew_memberships(&entity.id, "m2", &[])
        .unwrap();
    assert_eq!(
        world.directory().direct_groups(&entity.id).unwrap().len(),
        2
    );
    let alias = world
        .directory()
        .alias_named(&mount("m1"), "ann")
        .unwrap()
        .unwrap();
    assert_eq!(alias.metadata["seen"], "Ann");
}

#[test]
fn who_is_disabled_does_not_log_in() {
    let mut world = World::new();
    let entity = world.directory().log_in(login("ann", &[])).unwrap();
    let by_id = Named {
        id: Some(entity.id),
        name: None,
    };
    let change = EntityChange {
        disabled: Some(true),
        ..EntityChange::default()
    };
    world.directory().write_entity(by_id, change).unwrap();
    let refused = world.directory().log_in(login("ann", &[]));
    assert!(matches!(refused, Err(IdentityError::Disabled)));
}

#[test]
fn a_second_alias_at_a_mount_must_be_chosen_in_a_merge() {
    let mut world = World::new();
    let (to, from) = (world.entity("to"), world.entity("from"));
    let (ours, theirs) = (
        world.alias(&to, "m1", "ours").unwrap(),
        world.alias(&from, "m1", "theirs").unwrap(),
    );
    world.alias(&from, "local2", "theirs").unwrap();
    let merge = |keep: &[&String]| Merge {
        to: to.clone(),
        from: vec![from.clone()],
        keep: keep.iter().map(|&id| id.clone()).collect(),
    };
    let refused = world.directory().merge(&merge(&[]));
    let Err(IdentityError::MergeConflicts(conflicts)) = refused else {
        panic!("a conflict")
    };
    assert_eq!(conflicts[0].to, (to.clone(), ours.clone()));
    assert_eq!(conflicts[0].from, (from.clone(), theirs.clone()));
    let refused = world.directory().merge(&merge(&[&String::from("x")]));
    assert!(matches!(refused, Err(IdentityError::MergeKeepsNeither(..))));
    world.directory().merge(&merge(&[&theirs])).unwrap();
    let left = world.directory().aliases_of(&to).unwrap();
    let names: Vec<_> = left.iter().map(|alias| alias.name.as_str()).collect();
    assert_eq!(names, ["theirs", "theirs"]);
    assert!(left.iter().all(|alias| alias.merged_from == [from.clone()]));
    assert!(world.directory().alias(&ours).unwrap().is_none());
    // Whoever has the old id is the entity that stayed.
    let now = world.directory().entity_now(&from).unwrap().unwrap();
    assert_eq!(now.id, to);
    assert!(world.directory().entity_named("from").unwrap().is_none());
}

#[test]
fn what_is_removed_leaves_nothing_behind() {
    let mut world = World::new();
    let (ann, bob) = (world.entity("ann"), world.entity("bob"));
    world.alias(&ann, "m1", "ann").unwrap();
    world.alias(&bob, "local1", "bob").unwrap();
    let inner = world.group(
        "inner",
        GroupChange {
            entities: Some(vec![ann.clone(), bob.clone()]),
            ..GroupChange::default()
        },
    );
    let outer = world.group(
        "outer",
        GroupChange {
            groups: Some(vec![inner.clone()]),
            ..GroupChange::default()
        },
    );
    let change = GroupAliasChange {
        name: String::from("g"),
        accessor: String::from("m1"),
        ..GroupAliasChange::default()
    };
    let external = inside(world.directory().write_group_alias(change).unwrap()).id;
    let merge = Merge {
        to: ann.clone(),
        from: vec![bob],
        keep: Vec::new(),
    };
    world.directory().merge(&merge).unwrap();
    let person = world.directory().person(&ann).unwrap().unwrap();
    assert_eq!(person.direct[0].id, inner);
    assert_eq!(person.inherited[0].id, outer);
    world.directory().delete_group(&inner).unwrap();
    let outer_now = world.directory().group(&outer).unwrap().unwrap();
    assert!(outer_now.groups.is_empty());
    world.directory().delete_group(&outer).unwrap();
    world.directory().delete_group(&external).unwrap();
    world.directory().delete_entity(&ann).unwrap();
    assert_eq!(world.paths(), Vec::<String>::new());
}
