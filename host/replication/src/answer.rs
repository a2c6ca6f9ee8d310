//! The primary's side of the comparison: what it has, without what the secondary is not to have.

use crate::view::{self, Scope, View, damaged};
use crate::{Question, RecordBytes, Told, TreeName};
use core::ops::Bound;
use digest::{Position, Record, Tree};
use journal::{JournalError, Op};
use locality::{Class, Exclusion, PhysicalKey};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of content after which a message ends.
const MESSAGE_BYTES: usize = 1024 * 1024;

/// Answers the questions of one secondary, all from one moment.
///
/// Of something left out it speaks as of something that does not exist.
pub struct Answerer<'a> {
    view: &'a dyn View,
    exclusion: &'a Exclusion,
}

/// The messages of an answer, the last of which is [`Told::End`]. After an error there are none.
pub type Answer<'a> = Box<dyn Iterator<Item = Result<Told, JournalError>> + Send + 'a>;

/// Records of entries that do not travel, by where they are added up.
type LeftOut = BTreeMap<Position, Record>;

impl<'a> Answerer<'a> {
    /// Answers from `view`, without what `exclusion` leaves out.
    pub const fn new(view: &'a dyn View, exclusion: &'a Exclusion) -> Self {
        Self { view, exclusion }
    }

    /// The answer to a question; to [`Question::Begin`] the roots, which come after
    /// [`Told::Begun`]. It is read as it is taken, about a mebibyte at a time.
    ///
    /// Entries of some buckets take a look at every key of the tree, once for all buckets asked.
    ///
    /// # Errors
    /// When what the primary has cannot be read or cannot be right.
    pub fn answer(&self, question: &Question) -> Result<Answer<'a>, JournalError> {
        let answer = match question {
            Question::Begin(_) => self.roots(),
            Question::Branches(TreeName(tree)) if self.has(tree)? => self.branches(tree)?,
            Question::Buckets(TreeName(tree), branches) if self.has(tree)? => {
                self.buckets(tree, branches)?
            }
            Question::Entries(TreeName(tree), buckets) if self.has(tree)? => {
                self.entries(tree, Scope::of(Some(buckets)), None)
            }
            Question::AllEntries(TreeName(tree)) if self.has(tree)? => {
                self.entries(tree, Scope::All, None)
            }
            Question::Rest {
                tree: TreeName(tree),
                buckets,
                after,
            } if self.has(tree)? => {
                let scope = Scope::of(buckets.as_deref());
                match PhysicalKey::from_bytes(after) {
                    Ok(after) if Tree::of(&after) == *tree => {
                        self.entries(tree, scope, Some(&after))
                    }
                    // Nothing comes after a key that cannot be in it.
                    Ok(_) | Err(_) => Box::new(core::iter::empty()),
                }
            }
            Question::Branches(_)
            | Question::Buckets(..)
            | Question::Entries(..)
            | Question::AllEntries(_)
            | Question::Rest { .. } => Box::new(core::iter::empty()),
        };
        Ok(Box::new(ended(answer)))
    }

    /// May the secondary know of a tree?
    fn has(&self, tree: &Tree) -> Result<bool, JournalError> {
        let head = view::head(tree)?;
        let is_left_out = self.exclusion.leaves_out(head.namespace(), head.mount());
        Ok(head.class() == Class::Replicated && !is_left_out)
    }

    fn roots(&self) -> Answer<'a> {
        let this = Self::new(self.view, self.exclusion);
        let roots = view::roots(self.view).filter_map(move |root| {
            let adjusted = root.and_then(|(tree, record)| {
                if !this.has(&tree)? {
                    return Ok(None);
                }
                let left_out = this.left_out(&tree)?;
                let record = without(&left_out, Position::Root, record)?;
                Ok(record.map(|record| (TreeName(tree), RecordBytes(record))))
            });
            adjusted.transpose()
        });
        let size = |_: &(TreeName, RecordBytes)| PhysicalKey::HEAD_BYTES + Record::BYTES;
        Box::new(messages(roots, size, Told::Roots))
    }

    fn branches(&self, tree: &Tree) -> Result<Answer<'a>, JournalError> {
        let left_out = self.left_out(tree)?;
        let branches = view::branches(self.view, tree).filter_map(move |branch| {
            let adjusted = branch.and_then(|(branch, record)| {
                let record = without(&left_out, Position::Branch(branch), record)?;
                Ok(record.map(|record| (branch, RecordBytes(record))))
            });
            adjusted.transpose()
        });
        Ok(Box::new(messages(
            branches,
            |_| Record::BYTES,
            Told::Branches,
        )))
    }

    fn buckets(&self, tree: &Tree, branches: &[u8]) -> Result<Answer<'a>, JournalError> {
        let left_out = self.left_out(tree)?;
        let (source, tree) = (self.view, *tree);
        let branches: BTreeSet<u8> = branches.iter().copied().collect();
        let all = branches
            .into_iter()
            .flat_map(move |branch| view::buckets(source, &tree, branch));
        let buckets = all.filter_map(move |bucket| {
            let adjusted = bucket.and_then(|((first, second), record)| {
                let record = without(&left_out, Position::Bucket(first, second), record)?;
                Ok(record.map(|record| ((first, second), RecordBytes(record))))
            });
            adjusted.transpose()
        });
        Ok(Box::new(messages(
            buckets,
            |_| Record::BYTES,
            Told::Buckets,
        )))
    }

    fn entries(&self, tree: &Tree, scope: Scope, after: Option<&PhysicalKey>) -> Answer<'a> {
        let (source, exclusion) = (self.view, self.exclusion);
        let entries = view::entries(source, tree, after, Bound::Unbounded);
        let ops = entries.filter_map(move |entry| match entry {
            Ok((key, value)) => {
                let is_sent = exclusion.travels(&key) && scope.holds(&key);
                is_sent.then(|| {
                    Ok(Op {
                        seal_wrap: source.is_to_be_wrapped(&value),
                        key,
                        value: Some(value.to_vec()),
                    })
                })
            }
            Err(error) => Some(Err(error)),
        });
        let size = |op: &Op| op.key.as_bytes().len() + op.value.as_ref().map_or(0, Vec::len);
        Box::new(messages(ops, size, Told::Entries))
    }

    /// What is in a tree that the secondary knows of and does not travel: the entries of tables
    /// that name what is left out.
    fn left_out(&self, tree: &Tree) -> Result<LeftOut, JournalError> {
        let mut left_out = LeftOut::new();
        let head = view::head(tree)?;
        if head.mount() != base::MountId::SYSTEM {
            return Ok(left_out);
        }
        for table in self.exclusion.tables(head.namespace()) {
            for entry in view::below_prefix(self.view, &table) {
                let (key, value) = entry?;
                if self.exclusion.travels(&key) {
                    continue;
                }
                let leaf = Record::of(&key, &value);
                for position in Position::above(&key) {
                    let sum = left_out.entry(position).or_default();
                    *sum = sum.plus(leaf);
                }
            }
        }
        Ok(left_out)
    }
}

/// A record without the entries that do not travel; None where none is left.
fn without(
    left_out: &LeftOut,
    position: Position,
    record: Record,
) -> Result<Option<Record>, JournalError> {
    let Some(minus) = left_out.get(&position) else {
        return Ok(Some(record));
    };
    let rest = record.minus(*minus);
    let is_possible = record.count() >= minus.count();
    match rest.count() {
        _ if !is_possible => Err(damaged(String::from("digests do not count their entries"))),
        0 if rest == Record::default() => Ok(None),
        0 => Err(damaged(String::from(
            "digests are not those of their entries",
        ))),
        _ => Ok(Some(rest)),
    }
}

/// Items gathered into messages.
fn messages<T>(
    mut items: impl Iterator<Item = Result<T, JournalError>>,
    size: fn(&T) -> usize,
    message: fn(Vec<T>) -> Told,
) -> impl Iterator<Item = Result<Told, JournalError>> {
    core::iter::from_fn(move || {
        let mut gathered = Vec::new();
        let mut bytes = 0;
        while bytes < MESSAGE_BYTES
            && let Some(item) = items.next()
        {
            match item {
                Ok(item) => {
                    bytes += size(&item);
                    gathered.push(item);
                }
                Err(error) => return Some(Err(error)),
            }
        }
        (!gathered.is_empty()).then(|| Ok(message(gathered)))
    })
}

/// The messages and the end, which does not come after an error.
fn ended(
    messages: impl Iterator<Item = Result<Told, JournalError>>,
) -> impl Iterator<Item = Result<Told, JournalError>> {
    let mut rest = Some(messages);
    core::iter::from_fn(move || match rest.as_mut()?.next() {
        Some(Ok(told)) => Some(Ok(told)),
        Some(Err(error)) => {
            rest = None;
            Some(Err(error))
        }
        None => {
            rest = None;
            Some(Ok(Told::End))
        }
    })
}
