//! Random changes, and after each of them what a naive model says.

use crate::world::{World, named};
use identity::{GroupChange, IdentityError, Merge};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const GROUPS: usize = 6;
const ENTITIES: usize = 4;

/// Edges of the model: who is in a group, by their numbers.
#[derive(Clone, Default)]
struct Model {
    groups: BTreeMap<usize, BTreeSet<usize>>,
    entities: BTreeMap<usize, BTreeSet<usize>>,
}

impl Model {
    /// All groups that an entity is in: those it is in itself, and again and again those that hold
    /// one of them, until no more come.
    fn closure(&self, entity: usize) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = (0..GROUPS)
            .filter(|group| {
                self.entities
                    .get(group)
                    .is_some_and(|all| all.contains(&entity))
            })
            .collect();
        loop {
            let above: BTreeSet<usize> = (0..GROUPS)
                .filter(|group| {
                    let inside = self.groups.get(group);
                    inside.is_some_and(|all| all.iter().any(|one| found.contains(one)))
                })
                .collect();
            if above.is_subset(&found) {
                return found;
            }
            found.extend(above);
        }
    }

    /// Does a group hold itself? Walks all ways, as far as there are groups.
    fn has_circle(&self) -> bool {
        (0..GROUPS).any(|start| {
            let mut reached = BTreeSet::new();
            let mut edge: BTreeSet<usize> = self.groups.get(&start).cloned().unwrap_or_default();
            for _ in 0..=GROUPS {
                reached.extend(edge.iter().copied());
                edge = edge
                    .iter()
                    .flat_map(|group| self.groups.get(group).cloned().unwrap_or_default())
                    .collect();
            }
            reached.contains(&start)
        })
    }
}

#[derive(Clone, Debug)]
enum Step {
    MemberGroups(usize, Vec<usize>),
    Members(usize, Vec<usize>),
    Empty(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let group = 0..GROUPS;
    prop_oneof![
        4 => (group.clone(), prop::collection::vec(0..GROUPS, 0..3))
            .prop_map(|(group, members)| Step::MemberGroups(group, members)),
        3 => (group.clone(), prop::collection::vec(0..ENTITIES, 0..3))
            .prop_map(|(group, members)| Step::Members(group, members)),
        1 => group.prop_map(Step::Empty),
    ]
}

fn check(world: &mut World, model: &Model, entities: &[String], groups: &[String]) {
    for (number, entity) in entities.iter().enumerate() {
        let person = world.directory().person(entity).unwrap().unwrap();
        let found: BTreeSet<usize> = person
            .groups()
            .map(|group| groups.iter().position(|id| *id == group.id).unwrap())
            .collect();
        assert_eq!(found, model.closure(number), "groups of entity {number}");
        assert_eq!(person.groups().count(), found.len(), "each group once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn memberships_are_those_of_the_model_and_never_a_circle(
        steps in prop::collection::vec(step(), 1..24),
    ) {
        let mut world = World::new();
        let entities: Vec<String> =
            (0..ENTITIES).map(|n| world.entity(&format!("e{n}"))).collect();
        let groups: Vec<String> = (0..GROUPS)
            .map(|n| world.group(&format!("g{n}"), GroupChange::default()))
            .collect();
        let mut model = Model::default();
        for step in steps {
            let mut wanted = model.clone();
            let (group, change) = match &step {
                Step::MemberGroups(group, members) => {
                    wanted.groups.insert(*group, members.iter().copied().collect());
                    let ids = members.iter().map(|n| groups[*n].clone()).collect();
                    (*group, GroupChange { groups: Some(ids), ..GroupChange::default() })
                }
                Step::Members(group, members) => {
                    wanted.entities.insert(*group, members.iter().copied().collect());
                    let ids = members.iter().map(|n| entities[*n].clone()).collect();
                    (*group, GroupChange { entities: Some(ids), ..GroupChange::default() })
                }
                Step::Empty(group) => {
                    wanted.groups.remove(group);
                    wanted.entities.remove(group);
                    let nobody = GroupChange {
                        groups: Some(Vec::new()),
                        entities: Some(Vec::new()),
                        ..GroupChange::default()
                    };
                    (*group, nobody)
                }
            };
            // A refused change is one of a request that does not commit: try it in a copy first.
            let is_circle = wanted.has_circle();
            if is_circle {
                let mut copy = rebuilt(&model);
                let ids = copy.1.clone();
                let Step::MemberGroups(_, members) = &step else { unreachable!() };
                let change = GroupChange {
                    groups: Some(members.iter().map(|n| ids[*n].clone()).collect()),
                    ..GroupChange::default()
                };
                let refused = copy.0.directory().write_group(named(&format!("g{group}")), change);
                prop_assert!(matches!(
                    refused,
                    Err(IdentityError::Cycle(_) | IdentityError::OwnMember(_))
                ));
                continue;
            }
            world.directory().write_group(named(&format!("g{group}")), change).unwrap();
            model = wanted;
            check(&mut world, &model, &entities, &groups);
        }
    }

    #[test]
    fn a_merge_loses_no_alias_and_no_membership(
        mounts in prop::collection::vec(prop::collection::btree_set(0..5_usize, 0..4), 3),
        memberships in prop::collection::vec(prop::collection::btree_set(0..4_usize, 0..4), 3),
        keeps_ours in any::<bool>(),
    ) {
        let mut world = World::new();
        let ids: Vec<String> = (0..3).map(|n| world.entity(&format!("e{n}"))).collect();
        let mut aliases: BTreeMap<(usize, usize), String> = BTreeMap::new();
        for (number, at) in mounts.iter().enumerate() {
            for mount in at {
                let id = world.alias(&ids[number], &format!("m{mount}"), &format!("n{number}"));
                aliases.insert((number, *mount), id.unwrap());
            }
        }
        for group in 0..4 {
            let members = (0..3)
                .filter(|number| memberships[*number].contains(&group))
                .map(|number| ids[number].clone())
                .collect();
            let change = GroupChange { entities: Some(members), ..GroupChange::default() };
            world.group(&format!("g{group}"), change);
        }
        // One after the other, each time with every conflict decided the same way.
        let mut expected: BTreeMap<usize, String> =
            mounts[0].iter().map(|mount| (*mount, aliases[&(0, *mount)].clone())).collect();
        for number in 1..3 {
            let mut keep = Vec::new();
            for mount in &mounts[number] {
                let theirs = &aliases[&(number, *mount)];
                match expected.get(mount) {
                    Some(ours) if keeps_ours => keep.push(ours.clone()),
                    Some(_) => {
                        keep.push(theirs.clone());
                        expected.insert(*mount, theirs.clone());
                    }
                    None => {
                        expected.insert(*mount, theirs.clone());
                    }
                }
            }
            let merge = Merge { to: ids[0].clone(), from: vec![ids[number].clone()], keep };
            world.directory().merge(&merge).unwrap();
        }
        let person = world.directory().person(&ids[2]).unwrap().unwrap();
        prop_assert_eq!(&person.entity.id, &ids[0]);
        let left: BTreeSet<String> = person.aliases.iter().map(|alias| alias.id.clone()).collect();
        prop_assert_eq!(left, expected.into_values().collect::<BTreeSet<_>>());
        let groups: BTreeSet<&str> = person.direct.iter().map(|group| group.name.as_str()).collect();
        let union: BTreeSet<usize> = memberships.iter().flatten().copied().collect();
        let union: BTreeSet<String> = union.iter().map(|group| format!("g{group}")).collect();
        prop_assert_eq!(groups, union.iter().map(String::as_str).collect::<BTreeSet<_>>());
        prop_assert_eq!(world.directory().entities(identity::Page::ALL).unwrap().len(), 1);
    }
}

/// A world in the state of a model.
fn rebuilt(model: &Model) -> (World, Vec<String>) {
    let mut world = World::new();
    let groups: Vec<String> = (0..GROUPS)
        .map(|n| world.group(&format!("g{n}"), GroupChange::default()))
        .collect();
    for (group, members) in &model.groups {
        let change = GroupChange {
            groups: Some(members.iter().map(|n| groups[*n].clone()).collect()),
            ..GroupChange::default()
        };
        world.group(&format!("g{group}"), change);
    }
    (world, groups)
}
