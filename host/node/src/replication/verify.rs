//! Are the records of digests those of the entries that are here? Looked at while everything goes on,
//! a tree at a time, each of one moment.

use super::Replication;
use super::follower::pause;
use super::moment::Moment;
use crate::refusal::from_storage;
use crate::unsealed::Unsealed;
use base::{Refusal, Timestamp, chain};
use core::time::Duration;
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
    /// When somebody looked last, whether that came to its end or not.
    pub(crate) looked: Option<Timestamp>,
    /// Seconds since the epoch; None before the first one.
    pub(crate) checked: Option<u64>,
    pub(crate) was_wrong: bool,
    pub(crate) reindexed: Option<u64>,
}

/// The status says that somebody looks, as long as this is there.
struct Looking<'a>(&'a Replication);

impl<'a> Looking<'a> {
    fn at(node: &'a Unsealed, trees: usize) -> Self {
        let (replication, now) = (&node.replication, node.now());
        replication.progress(|progress| {
            progress.is_running = true;
            progress.looked = Some(now);
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

/// How fast entries are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As fast as they come: somebody waits.
    Full,
    /// Most of the time not at all: requests come first.
    Slow,
}

/// Bytes of entries that are read in one piece.
const PIECE_BYTES: usize = 1024 * 1024;

/// Between two pieces a slow look rests as many times as long as the last one took.
const RESTS: u32 = 9;
const REST_MIN: Duration = Duration::from_millis(1);

/// Looks at all trees of the classes that clusters compare.
pub(crate) async fn check(
    node: &Arc<Unsealed>,
    pace: Pace,
) -> Result<BTreeMap<Class, Found>, Refusal> {
    let trees = trees(node)?;
    let _looking = Looking::at(node, trees.len());
    check_all(node, trees, pace).await
}

async fn check_all(
    node: &Arc<Unsealed>,
    trees: Vec<Tree>,
    pace: Pace,
) -> Result<BTreeMap<Class, Found>, Refusal> {
    let mut all = BTreeMap::from([
        (Class::Replicated, Found::default()),
        (Class::Local, Found::default()),
    ]);
    for tree in trees {
        let (class, entries, wrong) = of_tree(node, tree, pace).await?;
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
    let looking = Looking::at(node, trees.len());
    let found = check_all(node, trees, Pace::Full).await?;
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

/// What the entries of a tree add up to, as far as they were read.
#[derive(Default)]
struct Sums {
    records: BTreeMap<Vec<u8>, Record>,
    entries: u64,
    /// Where the rest begins; None where there is none.
    rest: Option<Vec<u8>>,
}

/// What is wrong with the records of a tree, and how many entries it has. All of one moment, which is
/// the tree's own: nothing old is held for longer than its tree takes.
async fn of_tree(
    node: &Arc<Unsealed>,
    tree: Tree,
    pace: Pace,
) -> Result<(Class, u64, Differences), Refusal> {
    let moment = Arc::new(Moment(node.parts.storage.snapshot()));
    let began_at = node.parts.source.extent().applied;
    let class = PhysicalKey::from_bytes(tree.as_bytes()).map_err(wrong_key)?;
    let class = class.class();
    let mut sums = Sums {
        rest: Some(tree.as_bytes().to_vec()),
        ..Sums::default()
    };
    while let Some(from) = sums.rest.take() {
        let began = node.parts.clock.elapsed();
        let read = Arc::clone(&moment);
        sums = apart(move || sums.read(&read, &tree, &from)).await?;
        if pace == Pace::Slow {
            rest(node, began, began_at).await;
        }
    }
    let entries = sums.entries;
    let wrong = apart(move || differences(&moment, &tree, &sums.records)).await?;
    Ok((class, entries, wrong))
}

/// Where nobody else waits for it.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::internal(chain(&error)))?
}

/// Until the next piece. No longer where somebody waits, or storage holds much for the moment.
async fn rest(node: &Unsealed, began: Duration, began_at: u64) {
    let held = node.parts.source.extent().bytes_after(began_at);
    if node.replication.upkeep.is_wanted() || held > node.parts.settings.moment_bytes_max / 2 {
        return;
    }
    let took = node.parts.clock.elapsed().saturating_sub(began);
    pause(took.saturating_mul(RESTS).max(REST_MIN)).await;
}

fn wrong_key(error: locality::KeyError) -> Refusal {
    Refusal::internal(error.to_string())
}

fn unread(error: journal::JournalError) -> Refusal {
    Refusal::internal(chain(&error))
}

impl Sums {
    /// Reads a piece from here on.
    fn read(mut self, moment: &Moment, tree: &Tree, from: &[u8]) -> Result<Self, Refusal> {
        let end = tree.end().unwrap_or_default();
        let (mut entries, mut size_bytes, mut last) = (0, 0, Vec::new());
        let read = moment.entries(from, &end).map_while(|entry| {
            if size_bytes >= PIECE_BYTES {
                return None;
            }
            Some(entry.map_err(unread).and_then(|(key, value)| {
                entries += 1;
                size_bytes += key.len() + value.len();
                last = key.to_vec();
                Ok((PhysicalKey::from_bytes(&key).map_err(wrong_key)?, value))
            }))
        });
        for (key, record) in recompute(read)? {
            let sum = self.records.entry(key).or_default();
            *sum = sum.plus(record);
        }
        self.entries += entries;
        // No key lies between a key and the same with a zero at its end.
        self.rest = (size_bytes >= PIECE_BYTES).then(|| [last.as_slice(), &[0]].concat());
        Ok(self)
    }
}

fn differences(
    moment: &Moment,
    tree: &Tree,
    right: &BTreeMap<Vec<u8>, Record>,
) -> Result<Differences, Refusal> {
    let end = tree.end().unwrap_or_default();
    let mut wrong = Differences::new();
    let mut seen = 0_usize;
    for record in moment.records(tree.as_bytes(), &end) {
        let (key, value) = record.map_err(unread)?;
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
            let stored = moment.0.get(Space::Digests, key).map_err(from_storage)?;
            if stored.is_none() {
                wrong.insert(key.clone(), *expected);
            }
        }
    }
    Ok(wrong)
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
