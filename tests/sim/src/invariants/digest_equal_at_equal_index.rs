//! Clusters that are equally far have equal digests, and the digests are those of the entries: else
//! a comparison finds nothing where something is missing.

use digest::{Position, Record, Tree};
use locality::{Class, Exclusion, PhysicalKey};
use std::collections::BTreeMap;
use storage::{Snapshot, Space};

/// The sums of the trees of what is replicated.
fn roots(moment: &dyn Snapshot) -> Option<BTreeMap<Tree, Record>> {
    let class = [Class::Replicated.to_byte()];
    let end = [Class::Replicated.to_byte() + 1];
    let mut found = BTreeMap::new();
    for record in moment.range(Space::Digests, &class, Some(&end)) {
        let (key, value) = record.ok()?;
        let tree = Tree::of_record(&key)?;
        if key.as_ref() == Position::Root.record_key(&tree).as_slice() {
            found.insert(tree, Record::from_bytes(&value)?);
        }
    }
    Some(found)
}

/// What is replicated, as it is stored.
fn entries(moment: &dyn Snapshot, exclusion: &Exclusion) -> Option<BTreeMap<PhysicalKey, Vec<u8>>> {
    let class = [Class::Replicated.to_byte()];
    let end = [Class::Replicated.to_byte() + 1];
    let mut found = BTreeMap::new();
    for entry in moment.range(Space::Entries, &class, Some(&end)) {
        let (key, value) = entry.ok()?;
        let key = PhysicalKey::from_bytes(&key).ok()?;
        if exclusion.travels(&key) {
            found.insert(key, value.to_vec());
        }
    }
    Some(found)
}

/// Two clusters that are equally far, of which the second has everything. What cannot be read is
/// not compared: a node that has just died is looked at when it is back.
pub(crate) fn check_digests(
    names: (&str, &str),
    primary: &dyn Snapshot,
    secondary: &dyn Snapshot,
) -> Option<String> {
    let (one, other) = (roots(primary)?, roots(secondary)?);
    let differs = one != other;
    differs.then(|| {
        let (one_name, other_name) = names;
        format!(
            "digest_equal_at_equal_index: {one_name} and {other_name} are equally far and differ"
        )
    })
}

/// Everything that travels is there and nothing else is, and the sums are those of the entries.
pub(crate) fn check_entries(
    names: (&str, &str),
    primary: &dyn Snapshot,
    secondary: &dyn Snapshot,
    exclusion: &Exclusion,
) -> Option<String> {
    let wanted = entries(primary, exclusion)?;
    let there = entries(secondary, &Exclusion::default())?;
    let name = names.1;
    if let Some(key) = wanted
        .keys()
        .find(|key| wanted.get(*key) != there.get(*key))
    {
        return Some(format!("digest_equal_at_equal_index: {name} lacks {key:?}"));
    }
    if let Some(key) = there.keys().find(|key| !wanted.contains_key(*key)) {
        return Some(format!(
            "digest_equal_at_equal_index: {name} has {key:?} too much"
        ));
    }
    let mut sums = BTreeMap::<Tree, Record>::new();
    for (key, value) in &there {
        let sum = sums.entry(Tree::of(key)).or_default();
        *sum = sum.plus(Record::of(key, value));
    }
    (sums != roots(secondary)?).then(|| {
        format!("digest_equal_at_equal_index: the digests of {name} are not those of its entries")
    })
}
