//! Are the records of digests those of the entries that are here? Looked at while everything goes on,
//! a tree at a time, each of one moment.

use super::Replication;
use super::moment::Moment;
use crate::refusal::{chain, from_storage};
use crate::unsealed::Unsealed;
use base::Refusal;
use digest::{Record, Tree, recompute};
use journal::{Batch, Differences, mend};
use locality::{Class, PhysicalKey};
use replication::View as _;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::Space;

/// Records that are put right in one entry of the log.
const MENDED_AT_ONCE: usize = 10_000;

/// What was found of one class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: u64,
    pub(crate) trees: u64,
    /// What has to be added to each record that is wrong.
    pub(crate) wrong: Differences,
}

/// How far a check is, for the status.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) is_running: bool,
    pub(crate) stage: &'static str,
    pub(crate) trees_done: u64,
    pub(crate) trees: u64,
    /// Seconds since the epoch; None before the first one.
    pub(crate) checked: Option<u64>,
    pub(crate) was_wrong: bool,
    pub(crate) reindexed: Option<u64>,
}

/// The status says that somebody looks, as long as this is there.
struct Looking<'a>(&'a Replication);

impl<'a> Looking<'a> {
    fn at(replication: &'a Replication, trees: usize) -> Self {
        replication.progress(|progress| {
            progress.is_running = true;
            progress.stage = "scanning";
            (progress.trees, progress.trees_done) = (trees as u64, 0);
        });
        Self(replication)
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.progress(|progress| progress.is_running = false);
    }
}

/// Looks at all trees of the classes that clusters compare.
pub(crate) async fn check(node: &Arc<Unsealed>) -> Result<BTreeMap<Class, Found>, Refusal> {
    let trees = trees(node)?;
    let _looking = Looking::at(&node.replication, trees.len());
    check_all(node, trees).await
}

async fn check_all(
    node: &Arc<Unsealed>,
    trees: Vec<Tree>,
) -> Result<BTreeMap<Class, Found>, Refusal> {
    let mut all = BTreeMap::from([
        (Class::Replicated, Found::default()),
        (Class::Local, Found::default()),
    ]);
    for tree in trees {
        let storage = Arc::clone(&node.parts.storage);
        let checked = tokio::task::spawn_blocking(move || {
            // A moment of its own for each: nothing old is held for longer than its tree takes.
            of_tree(&Moment(storage.snapshot()), &tree)
        });
        let checked = checked
            .await
            .map_err(|error| Refusal::internal(chain(&error)))?;
        let (class, entries, wrong) = checked?;
        let found = all.entry(class).or_default();
        found.entries += entries;
        found.trees += 1;
        found.wrong.extend(wrong);
        node.replication
            .progress(|progress| progress.trees_done += 1);
    }
    let now = node.now().as_seconds();
    node.replication.progress(|progress| {
        progress.checked = Some(now);
        progress.was_wrong = all.values().any(|found| !found.wrong.is_empty());
    });
    Ok(all)
}

/// Records that are to be put right.
pub(crate) struct Wrong<'a> {
    node: &'a Arc<Unsealed>,
    records: Vec<(Vec<u8>, Record)>,
    _looking: Looking<'a>,
}

/// Looks for what is wrong.
pub(crate) async fn find(node: &Arc<Unsealed>) -> Result<Wrong<'_>, Refusal> {
    let trees = trees(node)?;
    let looking = Looking::at(&node.replication, trees.len());
    let found = check_all(node, trees).await?;
    let records = found.into_values().flat_map(|found| found.wrong);
    Ok(Wrong {
        node,
        records: records.collect(),
        _looking: looking,
    })
}

impl Wrong<'_> {
    /// Is there anything?
    pub(crate) const fn is_any(&self) -> bool {
        !self.records.is_empty()
    }

    /// Puts it right. How many records it was.
    pub(crate) async fn put_right(self) -> Result<usize, Refusal> {
        let node = self.node;
        node.replication
            .progress(|progress| progress.stage = "commit");
        for some in self.records.chunks(MENDED_AT_ONCE) {
            let differences: Differences = some.iter().cloned().collect();
            let ops = vec![mend(&differences)];
            let done = node.committer.follow(vec![Batch { ops }]).await;
            done.map_err(|error| crate::refusal::from_commit(&error))?;
        }
        let now = node.now().as_seconds();
        node.replication.progress(|progress| {
            progress.reindexed = Some(now);
            progress.was_wrong = false;
        });
        Ok(self.records.len())
    }
}

/// All trees that there are entries or records of.
fn trees(node: &Unsealed) -> Result<Vec<Tree>, Refusal> {
    let snapshot = node.parts.storage.snapshot();
    let mut found = Vec::new();
    for space in [Space::Entries, Space::Digests] {
        for class in [Class::Local, Class::Replicated] {
            let mut from = vec![class.to_byte()];
            while let Some(next) = snapshot.range(space, &from, None).next() {
                let (key, _) = next.map_err(from_storage)?;
                let Some(head) = key.get(..PhysicalKey::HEAD_BYTES) else {
                    break;
                };
                if head.first() != Some(&class.to_byte()) {
                    break;
                }
                let head = PhysicalKey::from_bytes(head);
                let tree = Tree::of(&head.map_err(|error| Refusal::internal(error.to_string()))?);
                found.push(tree);
                let Some(end) = tree.end() else { break };
                from = end;
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What is wrong with the records of a tree, and how many entries it has.
fn of_tree(moment: &Moment, tree: &Tree) -> Result<(Class, u64, Differences), Refusal> {
    let failed = |error: journal::JournalError| Refusal::internal(chain(&error));
    let wrong_key = |error: locality::KeyError| Refusal::internal(error.to_string());
    let class = PhysicalKey::from_bytes(tree.as_bytes())
        .map_err(wrong_key)?
        .class();
    let end = tree.end().unwrap_or_default();
    let mut entries = 0;
    let read = moment.entries(tree.as_bytes(), &end).map(|entry| {
        let (key, value) = entry.map_err(failed)?;
        entries += 1;
        Ok::<_, Refusal>((PhysicalKey::from_bytes(&key).map_err(wrong_key)?, value))
    });
    let right: BTreeMap<Vec<u8>, Record> = recompute(read)?;
    let mut wrong = Differences::new();
    let mut seen = 0_usize;
    for record in moment.records(tree.as_bytes(), &end) {
        let (key, value) = record.map_err(failed)?;
        let stored = Record::from_bytes(&value).unwrap_or_default();
        let expected = right.get(key.as_ref()).copied();
        seen += usize::from(expected.is_some());
        let difference = expected.unwrap_or_default().minus(stored);
        if difference != Record::default() {
            wrong.insert(key.to_vec(), difference);
        }
    }
    if seen < right.len() {
        for (key, expected) in right {
            let is_missing = moment
                .0
                .get(Space::Digests, &key)
                .map_err(from_storage)?
                .is_none();
            if is_missing {
                wrong.insert(key, expected);
            }
        }
    }
    Ok((class, entries, wrong))
}

/// The report, in Vault's words: trees by number, pages are our branches and sub-pages our buckets.
pub(crate) fn report(node: &Unsealed, found: &BTreeMap<Class, Found>) -> Result<Value, Refusal> {
    let mut trees = Map::new();
    for (number, class) in [("1", Class::Replicated), ("2", Class::Local)] {
        let found = found.get(&class).cloned().unwrap_or_default();
        let mut pages = BTreeMap::<u8, Vec<u8>>::new();
        let mut is_root = false;
        for key in found.wrong.keys() {
            match key.get(PhysicalKey::HEAD_BYTES..) {
                Some([0]) => is_root = true,
                Some([1, page]) => drop(pages.entry(*page).or_default()),
                Some([2, page, part]) => pages.entry(*page).or_default().push(*part),
                _ => {}
            }
        }
        let pages: Map<String, Value> = pages
            .into_iter()
            .map(|(page, parts)| {
                (
                    page.to_string(),
                    json!({ "corrupted": true, "subpages": parts }),
                )
            })
            .collect();
        let shown = json!({
            "tree_type": class.to_string(),
            "root_hash": super::status::root_of(node, class)?,
            "corrupted_subtree_root": is_root,
            "corrupted_index_tuples_map": if pages.is_empty() { Value::Null } else { Value::Object(pages) },
            "entries": found.entries,
            "trees": found.trees,
        });
        trees.insert(number.to_owned(), shown);
    }
    let is_wrong = found.values().any(|found| !found.wrong.is_empty());
    Ok(json!({
        "merkle_corruption_report": {
            "corrupted_root": is_wrong,
            "corrupted_tree_map": trees,
            "last_corruption_check_epoch": node.now().to_rfc3339(),
        },
    }))
}
