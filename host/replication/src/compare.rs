//! The secondary's side of the comparison: what to ask, what to write, and at the end what to
//! delete and how far the secondary is.
//!
//! ```text
//!  roots ─▶ trees that differ ─▶ branches ─▶ buckets ─▶ entries ─▶ puts
//!                └── small, or nothing here ──────────▶   └──────▶ deletions, once all is known
//! ```
//!
//! What the primary says is checked as any input is: entries are of the tree and the buckets that
//! were asked for, in order, of the replicated class, and add up to the records that were told
//! before.

use crate::deletions::{Deletions, Outcome};
use crate::merge::Merge;
use crate::view::{self, Scope, View};
use crate::{Hello, KeyPackage, Position, Question, RecordBytes, Told, TreeName};
use digest::{Record, Tree};
use journal::{JournalError, Op};
use locality::{Class, PhysicalKey};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Trees with fewer entries on both sides are fetched whole, the first time.
const SMALL_COUNT: u64 = 1_000;

/// Questions on their way at once: small trees would each cost a round trip. A channel takes as
/// many without waiting, so that one may ask all before it listens: an end that waits for the other
/// to take a question would wait for one that waits for its answer to be taken.
const ASKED_AT_ONCE: usize = 4;

/// Bytes of the questions on their way, unless there is only one, for the same reason.
const ASKED_BYTES_MAX: usize = 16 * 1024;

/// Trees that a primary may have.
const TREES_MAX: usize = 200_000;

/// Finds out what differs. Ask what it asks; hand it what is told, in order.
///
/// The view must be of one moment, or as new as the puts that came out; beside them nothing of the
/// replicated class may be written meanwhile. If it is interrupted, a new one finds less to do.
pub struct Comparison {
    queue: VecDeque<Task>,
    asked: VecDeque<Task>,
    position: Option<Position>,
    deletions: Deletions,
    /// Where an earlier one ended, until this one has come there.
    resumes: Option<Place>,
    /// Did it hear an error?
    is_over: bool,
    /// Trees with fewer entries on both sides are fetched whole.
    small_count: u64,
    /// Entries of the questions that were made, and of those that were answered.
    expected: u64,
    answered: u64,
}

/// A tree, and the last key of it that was told.
type Place = (Tree, Option<PhysicalKey>);

/// Where a comparison was broken off. Of the trees before this one everything is here, but for what is
/// to be deleted.
#[derive(Debug)]
pub struct Reached {
    tree: Tree,
    /// Of the tree itself what comes before this key is here, and the key.
    key: Option<PhysicalKey>,
    deletions: Deletions,
}

impl Reached {
    /// The primary has written or deleted this since, and so has whoever reached this.
    pub fn followed(&mut self, key: &PhysicalKey) {
        self.deletions.remove(key);
    }
}

/// How far a comparison is with the entries that it asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Those that it asks for, as far as it knows by now.
    pub expected: u64,
    /// Those that were told.
    pub told: u64,
}

/// What follows from what was told.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing yet.
    Nothing,
    /// The keys that open the entries, which come later.
    Keys(KeyPackage),
    /// These entries are to be written, in one batch or several.
    Put(Vec<Op>),
}

/// Why a comparison cannot go on. What was written until then may stay.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// What is here cannot be read, or its digests are none.
    #[error("read what is to be compared")]
    Held(#[from] JournalError),
    /// The digests of what is here are not those of its entries.
    #[error(
        "the digests of this cluster do not add up: merkle-check shows where, reindex mends it"
    )]
    OwnDigests,
    /// The primary does not want to.
    #[error("the primary refused to compare: {0}")]
    Refused(String),
    /// Something was told that nobody asked.
    #[error("the primary told something that was not asked")]
    Unasked,
    /// A tree, record or entry was told that is not one of those asked for.
    #[error("the primary told what is not part of what was asked for")]
    Foreign,
    /// The primary holds the moment no longer.
    #[error("so much was written meanwhile that it is to be compared again")]
    Outdated,
    /// What was told is not in order, comes twice, or is nothing.
    #[error("the primary told things out of order")]
    Disorder,
    /// What was told is not what its sums say.
    #[error(
        "what the primary told does not add up: its digests may be wrong, reindex mends them there"
    )]
    DoesNotAddUp,
    /// The primary has more trees than any may have.
    #[error("the primary has more than {TREES_MAX} trees")]
    TooMany,
    /// It is not at its end.
    #[error("the comparison is not complete")]
    Incomplete,
}

/// A question, and what was told of its answer.
enum Task {
    Begin {
        hello: Box<Hello>,
        roots: BTreeMap<Tree, Record>,
    },
    Branches {
        tree: Tree,
        root: Record,
        told: BTreeMap<u8, Record>,
    },
    Buckets {
        tree: Tree,
        /// Those that differ, as they were told.
        branches: BTreeMap<u8, Record>,
        told: BTreeMap<(u8, u8), Record>,
    },
    Entries(Merge),
}

impl Comparison {
    /// Begins with nothing known.
    pub fn new(hello: Hello) -> Self {
        let begin = Task::Begin {
            hello: Box::new(hello),
            roots: BTreeMap::new(),
        };
        Self {
            queue: VecDeque::from([begin]),
            asked: VecDeque::new(),
            position: None,
            deletions: Deletions::default(),
            resumes: None,
            is_over: false,
            small_count: SMALL_COUNT,
            expected: 0,
            answered: 0,
        }
    }

    /// One after others that were broken off: most of what it finds is here. So it looks into small
    /// trees as well, whose entries may be large.
    pub fn again(hello: Hello) -> Self {
        Self {
            small_count: 1,
            ..Self::new(hello)
        }
    }

    /// Goes on where an earlier one was broken off. It finds what is missing, not all that differs: its
    /// outcome has no position, and one more has to look at everything.
    ///
    /// What has changed at the primary since the moment of the earlier one has to be here, or is found
    /// by that next one.
    pub fn resumed(hello: Hello, reached: Reached) -> Self {
        let Reached {
            tree,
            key,
            mut deletions,
        } = reached;
        deletions.leave_some();
        Self {
            resumes: Some((tree, key)),
            deletions,
            ..Self::again(hello)
        }
    }

    /// The moment of the primary, once it was told.
    pub const fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Where it is, for one that goes on from there. None where it knows nothing yet, or heard what
    /// cannot be.
    pub fn break_off(self) -> Option<Reached> {
        let place = match self.is_over {
            true => self.resumes,
            false => self.place(),
        };
        let (tree, key) = place?;
        Some(Reached {
            tree,
            key,
            deletions: self.deletions,
        })
    }

    fn place(&self) -> Option<Place> {
        match self.asked.front().or_else(|| self.queue.front())? {
            Task::Begin { .. } => self.resumes.clone(),
            Task::Branches { tree, .. } | Task::Buckets { tree, .. } => match &self.resumes {
                // It was to begin in the middle of this one.
                Some((resumed, key)) if resumed == tree => Some((*tree, key.clone())),
                _ => Some((*tree, None)),
            },
            Task::Entries(merge) => Some((merge.tree(), merge.last().cloned())),
        }
    }

    /// How far it is with the entries that it asks for.
    pub fn progress(&self) -> Progress {
        let told = self.asked.iter().map(|task| match task {
            Task::Entries(merge) => merge.told(),
            _ => 0,
        });
        Progress {
            expected: self.expected,
            told: told.fold(self.answered, u64::saturating_add),
        }
    }

    /// The next question to send, if there is one now. Several may be on their way; they are
    /// answered one after the other.
    pub fn ask(&mut self) -> Option<Question> {
        let asked_bytes: usize = self.asked.iter().map(Task::size_bytes).sum();
        let size_bytes = self.queue.front()?.size_bytes();
        let has_room = self.asked.len() < ASKED_AT_ONCE
            && asked_bytes.saturating_add(size_bytes) <= ASKED_BYTES_MAX;
        if !self.asked.is_empty() && !has_room {
            return None;
        }
        let task = self.queue.pop_front()?;
        let question = task.question();
        self.asked.push_back(task);
        Some(question)
    }

    /// Is everything known? Then [`finish`](Self::finish) it.
    pub fn is_complete(&self) -> bool {
        let is_done = self.queue.is_empty() && self.asked.is_empty();
        is_done && !self.is_over && self.position.is_some()
    }

    /// Hears the next message.
    ///
    /// # Errors
    /// [`CompareError`], after which it can only be dropped.
    pub fn told(&mut self, held: &dyn View, told: Told) -> Result<Heard, CompareError> {
        let heard = self.hear(held, told);
        if heard.is_err() {
            // Where no more comes of this moment, what came is good.
            let is_good = matches!(heard, Err(CompareError::Outdated));
            self.resumes = self.place().filter(|_| is_good);
            // It asks, hears and completes nothing any more.
            self.is_over = true;
            self.queue.clear();
            self.asked.clear();
        }
        heard
    }

    /// What is to be deleted, and how far the secondary is then.
    ///
    /// # Errors
    /// [`CompareError::Incomplete`] unless it [is complete](Self::is_complete).
    pub fn finish(self) -> Result<Outcome, CompareError> {
        let is_complete = self.is_complete();
        let position = self.position.filter(|_| is_complete);
        let position = position.ok_or(CompareError::Incomplete)?;
        Ok(Outcome::new(position, self.deletions))
    }

    fn hear(&mut self, held: &dyn View, told: Told) -> Result<Heard, CompareError> {
        let has_begun = self.position.is_some();
        let task = self.asked.front_mut().ok_or(CompareError::Unasked)?;
        match (task, told) {
            (_, Told::Refused { reason }) => return Err(CompareError::Refused(reason)),
            (_, Told::Outdated) => return Err(CompareError::Outdated),
            (Task::Begin { .. }, Told::Begun { position, keys }) if !has_begun => {
                self.position = Some(position);
                return Ok(Heard::Keys(keys));
            }
            (_, _) if !has_begun => return Err(CompareError::Unasked),
            (Task::Begin { roots, .. }, Told::Roots(more)) => {
                gather(
                    roots,
                    more.into_iter().map(|(TreeName(tree), root)| (tree, root)),
                )?;
                if roots.len() > TREES_MAX {
                    return Err(CompareError::TooMany);
                }
            }
            (Task::Branches { told, .. }, Told::Branches(more)) => gather(told, more)?,
            (Task::Buckets { branches, told, .. }, Told::Buckets(more)) => {
                if more
                    .iter()
                    .any(|((first, _), _)| !branches.contains_key(first))
                {
                    return Err(CompareError::Foreign);
                }
                gather(told, more)?;
            }
            (Task::Entries(merge), Told::Entries(ops)) => {
                let puts = merge.hear(held, ops, &mut self.deletions)?;
                return Ok(match puts.is_empty() {
                    true => Heard::Nothing,
                    false => Heard::Put(puts),
                });
            }
            (_, Told::End) => self.end(held)?,
            _ => return Err(CompareError::Unasked),
        }
        Ok(Heard::Nothing)
    }

    /// The answer to the oldest question is complete.
    fn end(&mut self, held: &dyn View) -> Result<(), CompareError> {
        let task = self.asked.pop_front().ok_or(CompareError::Unasked)?;
        let mut next = match task {
            Task::Begin { roots, .. } => {
                let tasks = after_roots(held, roots, self.small_count, &mut self.deletions)?;
                let begins_at = self.resumes.as_ref().map(|(tree, _)| *tree);
                let left = tasks
                    .into_iter()
                    .filter(|(tree, _)| Some(*tree) >= begins_at);
                for (_, mut task) in left {
                    task.resume(&mut self.resumes);
                    self.expected = self.expected.saturating_add(task.entries());
                    self.queue.push_back(task);
                }
                return Ok(());
            }
            Task::Branches { tree, root, told } => after_branches(held, tree, root, told)?,
            Task::Buckets {
                tree,
                branches,
                told,
            } => after_buckets(held, tree, &branches, &told)?,
            Task::Entries(merge) => {
                self.answered = self.answered.saturating_add(merge.told());
                return merge.end(held, &mut self.deletions);
            }
        };
        next.resume(&mut self.resumes);
        self.expected = self.expected.saturating_add(next.entries());
        // A tree is finished before the next one is begun.
        self.queue.push_front(next);
        Ok(())
    }
}

impl Task {
    /// Bytes of the question, about.
    fn size_bytes(&self) -> usize {
        const ITSELF: usize = 64;
        ITSELF
            + match self {
                Self::Begin { .. } | Self::Branches { .. } => 0,
                Self::Buckets { branches, .. } => branches.len(),
                Self::Entries(merge) => merge.question_bytes(),
            }
    }

    /// Asks for no more than comes after where an earlier comparison ended, if that was in this tree.
    fn resume(&mut self, resumes: &mut Option<Place>) {
        if let Self::Entries(merge) = self
            && let Some((_, Some(key))) = resumes.take_if(|(tree, _)| *tree == merge.tree())
        {
            merge.begin_after(key);
        }
    }

    /// Entries that it asks for.
    fn entries(&self) -> u64 {
        match self {
            Self::Entries(merge) => merge.expected(),
            Self::Begin { .. } | Self::Branches { .. } | Self::Buckets { .. } => 0,
        }
    }

    fn question(&self) -> Question {
        match self {
            Self::Begin { hello, .. } => Question::Begin((**hello).clone()),
            Self::Branches { tree, .. } => Question::Branches(TreeName(*tree)),
            Self::Buckets { tree, branches, .. } => {
                Question::Buckets(TreeName(*tree), branches.keys().copied().collect())
            }
            Self::Entries(merge) => merge.question(),
        }
    }
}

/// Adds records, each of something and after all before it.
fn gather<K: Ord>(
    told: &mut BTreeMap<K, Record>,
    more: impl IntoIterator<Item = (K, RecordBytes)>,
) -> Result<(), CompareError> {
    let before = told.len();
    for (key, RecordBytes(record)) in more {
        let is_next = told.last_key_value().is_none_or(|(last, _)| *last < key);
        if !is_next || record.count() == 0 {
            return Err(CompareError::Disorder);
        }
        told.insert(key, record);
    }
    // Messages of nothing could go on forever.
    if told.len() == before {
        return Err(CompareError::Disorder);
    }
    Ok(())
}

fn sum<'a>(records: impl IntoIterator<Item = &'a Record>) -> Record {
    let records = records.into_iter();
    records.fold(Record::default(), |sum, record| sum.plus(*record))
}

fn after_roots(
    held: &dyn View,
    mut roots: BTreeMap<Tree, Record>,
    small_count: u64,
    deletions: &mut Deletions,
) -> Result<BTreeMap<Tree, Task>, CompareError> {
    for tree in roots.keys() {
        if view::head(tree)?.class() != Class::Replicated {
            return Err(CompareError::Foreign);
        }
    }
    let mut tasks = BTreeMap::new();
    for ours in view::roots(held) {
        let (tree, here) = ours?;
        match roots.remove(&tree) {
            None => deletions.add_tree(tree),
            Some(root) if root == here => {}
            Some(root) if root.count().max(here.count()) >= small_count => {
                let told = BTreeMap::new();
                tasks.insert(tree, Task::Branches { tree, root, told });
            }
            Some(root) => {
                tasks.insert(tree, Task::Entries(Merge::new(tree, Scope::All, root)));
            }
        }
    }
    for (tree, root) in roots {
        tasks.insert(tree, Task::Entries(Merge::new(tree, Scope::All, root)));
    }
    Ok(tasks)
}

fn after_branches(
    held: &dyn View,
    tree: Tree,
    root: Record,
    told: BTreeMap<u8, Record>,
) -> Result<Task, CompareError> {
    if sum(told.values()) != root {
        return Err(CompareError::DoesNotAddUp);
    }
    let here: Result<BTreeMap<_, _>, _> = view::branches(held, &tree).collect();
    let branches: BTreeMap<u8, Record> = differing(&here?, &told)
        .map(|branch| (branch, told.get(&branch).copied().unwrap_or_default()))
        .collect();
    if branches.is_empty() {
        // A record differs, and nothing below it does.
        return Err(CompareError::OwnDigests);
    }
    Ok(Task::Buckets {
        tree,
        branches,
        told: BTreeMap::new(),
    })
}

fn after_buckets(
    held: &dyn View,
    tree: Tree,
    branches: &BTreeMap<u8, Record>,
    told: &BTreeMap<(u8, u8), Record>,
) -> Result<Task, CompareError> {
    let mut here = BTreeMap::new();
    for (branch, expected) in branches {
        let below = told.range((*branch, 0)..=(*branch, u8::MAX));
        if sum(below.map(|(_, record)| record)) != *expected {
            return Err(CompareError::DoesNotAddUp);
        }
        for bucket in view::buckets(held, &tree, *branch) {
            let (bucket, record) = bucket?;
            here.insert(bucket, record);
        }
    }
    let buckets: BTreeSet<(u8, u8)> = differing(&here, told).collect();
    if buckets.is_empty() {
        // A record differs, and nothing below it does.
        return Err(CompareError::OwnDigests);
    }
    let expected = sum(buckets.iter().filter_map(|bucket| told.get(bucket)));
    let merge = Merge::new(tree, Scope::These(buckets), expected);
    Ok(Task::Entries(merge))
}

/// What is only in one of both, or not the same in both.
fn differing<'a, K: Ord + Copy>(
    here: &'a BTreeMap<K, Record>,
    told: &'a BTreeMap<K, Record>,
) -> impl Iterator<Item = K> + 'a {
    let gone = here.keys().filter(|key| !told.contains_key(key)).copied();
    let other = told
        .iter()
        .filter(|(key, record)| here.get(key) != Some(record));
    gone.chain(other.map(|(key, _)| *key))
}
