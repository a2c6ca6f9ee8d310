//! Entries as they are told, laid beside those that are here.

use crate::deletions::Deletions;
use crate::view::{self, Scope, View};
use crate::{CompareError, Question, TreeName};
use bytes::Bytes;
use core::ops::Bound;
use digest::{Record, Tree};
use journal::{JournalError, Op};
use locality::PhysicalKey;

/// One question for entries. Of what is told it keeps the last key and a sum.
pub(crate) struct Merge {
    tree: Tree,
    scope: Scope,
    /// What the entries add up to, as was told.
    expected: Record,
    sum: Record,
    last: Option<PhysicalKey>,
    /// Is anything told that is not so here, or the other way round?
    differs: bool,
    /// After which key it asks; None for all.
    after: Option<PhysicalKey>,
}

/// Entries that are here, one ahead.
struct Ours<I> {
    entries: I,
    next: Option<(PhysicalKey, Bytes)>,
}

impl<I: Iterator<Item = Result<(PhysicalKey, Bytes), JournalError>>> Ours<I> {
    fn step(&mut self) -> Result<Option<(PhysicalKey, Bytes)>, JournalError> {
        let next = self.entries.next().transpose()?;
        Ok(core::mem::replace(&mut self.next, next))
    }

    /// The next entry, where its key is before `key`.
    fn next_before(&mut self, key: &PhysicalKey) -> Result<Option<PhysicalKey>, JournalError> {
        match &self.next {
            Some((next, _)) if next < key => Ok(self.step()?.map(|(key, _)| key)),
            _ => Ok(None),
        }
    }

    /// The value of `key`, where that is the next entry.
    fn next_at(&mut self, key: &PhysicalKey) -> Result<Option<Bytes>, JournalError> {
        match &self.next {
            Some((next, _)) if next == key => Ok(self.step()?.map(|(_, value)| value)),
            _ => Ok(None),
        }
    }
}

impl Merge {
    pub(crate) fn new(tree: Tree, scope: Scope, expected: Record) -> Self {
        Self {
            tree,
            scope,
            expected,
            sum: Record::default(),
            last: None,
            differs: false,
            after: None,
        }
    }

    pub(crate) const fn tree(&self) -> Tree {
        self.tree
    }

    /// Only what comes after a key is asked for.
    pub(crate) fn begin_after(&mut self, key: PhysicalKey) {
        self.last = Some(key.clone());
        self.after = Some(key);
    }

    /// The last key that was told.
    pub(crate) const fn last(&self) -> Option<&PhysicalKey> {
        self.last.as_ref()
    }

    /// Entries that there are to be.
    pub(crate) const fn expected(&self) -> u64 {
        self.expected.count()
    }

    /// Entries that were told.
    pub(crate) const fn told(&self) -> u64 {
        self.sum.count()
    }

    pub(crate) fn question(&self) -> Question {
        let tree = TreeName(self.tree);
        let buckets = match &self.scope {
            Scope::All => None,
            Scope::These(buckets) => Some(buckets.iter().copied().collect()),
        };
        match (&self.after, buckets) {
            (None, None) => Question::AllEntries(tree),
            (None, Some(buckets)) => Question::Entries(tree, buckets),
            (Some(after), buckets) => Question::Rest {
                tree,
                buckets,
                after: after.as_bytes().to_vec(),
            },
        }
    }

    pub(crate) fn question_bytes(&self) -> usize {
        let after = self.after.as_ref().map_or(0, |key| key.as_bytes().len());
        let buckets = match &self.scope {
            Scope::All => 0,
            Scope::These(buckets) => buckets.len().saturating_mul(2),
        };
        buckets.saturating_add(after)
    }

    /// Of some entries, those that are to be written. What is here between them is to go.
    pub(crate) fn hear(
        &mut self,
        held: &dyn View,
        told: Vec<Op>,
        deletions: &mut Deletions,
    ) -> Result<Vec<Op>, CompareError> {
        let end = match told.last() {
            Some(op) => op.key.clone(),
            None => return Err(CompareError::Disorder),
        };
        // Nothing is read before all of it is known to be in its place.
        let after = self.last.clone();
        for op in &told {
            self.admit(op)?;
        }
        let entries = self.ours(held, after.as_ref(), Bound::Included(&end));
        let mut ours = Ours {
            entries,
            next: None,
        };
        ours.step()?;
        let mut puts = Vec::new();
        let mut differs = false;
        for op in told {
            while let Some(gone) = ours.next_before(&op.key)? {
                differs = true;
                deletions.add_key(gone);
            }
            let here = ours.next_at(&op.key)?;
            if here.as_deref() != op.value.as_deref() {
                puts.push(marked(op, held));
            }
        }
        drop(ours);
        self.differs |= differs || !puts.is_empty();
        Ok(puts)
    }

    /// The answer is complete: what was told adds up, and what is here behind it is to go.
    pub(crate) fn end(
        &self,
        held: &dyn View,
        deletions: &mut Deletions,
    ) -> Result<(), CompareError> {
        match &self.after {
            // What came before was told of another moment: a next comparison adds up both.
            Some(_) => deletions.leave_some(),
            None if self.sum != self.expected => return Err(CompareError::DoesNotAddUp),
            None => {}
        }
        let mut is_more = false;
        for entry in self.ours(held, self.last.as_ref(), Bound::Unbounded) {
            is_more = true;
            deletions.add_key(entry?.0);
        }
        // What came before its beginning may be what differs.
        match self.differs || is_more || self.after.is_some() {
            true => Ok(()),
            // The sums differ, and the entries do not.
            false => Err(CompareError::OwnDigests),
        }
    }

    /// Is an entry one of those asked for, and after all that came before?
    fn admit(&mut self, op: &Op) -> Result<(), CompareError> {
        let Some(value) = &op.value else {
            return Err(CompareError::Foreign);
        };
        if Tree::of(&op.key) != self.tree || !self.scope.holds(&op.key) {
            return Err(CompareError::Foreign);
        }
        if self.last.as_ref().is_some_and(|last| *last >= op.key) {
            return Err(CompareError::Disorder);
        }
        self.sum = self.sum.plus(Record::of(&op.key, value));
        if self.sum.count() > self.expected.count() {
            return Err(CompareError::DoesNotAddUp);
        }
        self.last = Some(op.key.clone());
        Ok(())
    }

    fn ours<'a>(
        &'a self,
        held: &'a dyn View,
        after: Option<&PhysicalKey>,
        upto: Bound<&PhysicalKey>,
    ) -> impl Iterator<Item = Result<(PhysicalKey, Bytes), JournalError>> + use<'a> {
        let entries = view::entries(held, &self.tree, after, upto);
        entries.filter(|entry| match entry {
            Ok((key, _)) => self.scope.holds(key),
            Err(_) => true,
        })
    }
}

/// Whether a value is wrapped is said by the value, not by whoever sends it.
fn marked(op: Op, held: &dyn View) -> Op {
    let seal_wrap = op
        .value
        .as_ref()
        .is_some_and(|value| held.is_to_be_wrapped(value));
    Op { seal_wrap, ..op }
}
