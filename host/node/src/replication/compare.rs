//! The secondary's side of a comparison: what differs is asked for and put where it belongs.

use super::Secondary;
use super::answering::has_one_thread;
use super::aside::Keeping;
use super::catch_up::CaughtUp;
use super::following::{commit, hello_again};
use super::joining;
use super::key_package::SharedKeys;
use super::moment::Moment;
use super::records::SecondaryRecord;
use super::secondary::{BrokenOff, Doing};
use super::serve::{Broken, hear, send};
use super::shelved::{self, Shelved};
use crate::unsealed::Unsealed;
use journal::{Batch, JournalError, Op};
use link::{Channel, Link};
use replication::{
    CompareError, Comparison, Heard, KeyPackage, Method, Outcome, Position, Progress, Reached,
    Told, View,
};
use seal::sealed_box::KeyPair;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes that gather before they are committed. What is less in all is one commit: nobody sees a part
/// of it.
const GATHERED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// As much once something was committed, and of what is laid on the shelf: what is seen in parts, or
/// not at all, may be in smaller ones, and each waits in memory some times over, as entry of the log
/// and as what comes of it.
const NEXT_GATHERED_BYTES_MAX: usize = 1024 * 1024;

impl From<JournalError> for Broken {
    fn from(error: JournalError) -> Self {
        Self::Here(base::chain(&error))
    }
}

impl From<CompareError> for Broken {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Outdated => Self::Outdated,
            error => Self::Message(base::chain(&error)),
        }
    }
}

/// Hears a message where nobody else waits for what is read meanwhile.
async fn hear_apart(
    mut comparison: Comparison,
    held: &Arc<dyn View>,
    told: Told,
) -> Result<(Comparison, Result<Heard, CompareError>), Broken> {
    if has_one_thread() {
        let heard = comparison.told(&**held, told);
        return Ok((comparison, heard));
    }
    let held = Arc::clone(held);
    let hearing = tokio::task::spawn_blocking(move || {
        let heard = comparison.told(&*held, told);
        (comparison, heard)
    });
    hearing
        .await
        .map_err(|error| Broken::Here(error.to_string()))
}

/// Brings this secondary to where its primary is.
pub(crate) async fn run(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
    keys: &KeyPair,
) -> Result<(), Broken> {
    let place = Place::Here(secondary.position());
    let mut run = Run::new(node, secondary, keys, place);
    run.keeping = Keeping::begin(node, secondary)?;
    run.complete(link).await.map(drop)
}

/// Everything that a primary has, on the shelf.
pub(crate) struct Came {
    pub(crate) position: Position,
    pub(crate) shared: SharedKeys,
}

/// Lays everything that the primary has on the shelf, where some of it may be already.
pub(crate) async fn gather(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
    keys: &KeyPair,
) -> Result<Came, Broken> {
    let place = Place::Shelf {
        keys: None,
        computed: shelved::Computed::default(),
    };
    let (place, position) = Run::new(node, secondary, keys, place)
        .complete(link)
        .await?;
    match place {
        Place::Shelf {
            keys: Some(shared), ..
        } => Ok(Came { position, shared }),
        _ => Err(Broken::Message(String::from("the primary told no keys"))),
    }
}

/// Where what comes is put.
enum Place {
    /// Where it belongs. Until all is known the secondary is as far as it was.
    Here(Position),
    /// On the shelf.
    Shelf {
        /// Those that open what lies there.
        keys: Option<SharedKeys>,
        computed: shelved::Computed,
    },
}

impl Place {
    /// What is there now.
    fn held(&self, node: &Unsealed) -> Arc<dyn View> {
        let moment = Moment(node.parts.storage.snapshot());
        match self {
            Self::Here(_) => Arc::new(moment),
            Self::Shelf { computed, .. } => Arc::new(Shelved::new(moment, Arc::clone(computed))),
        }
    }
}

/// A comparison that goes on.
pub(super) struct Run<'a> {
    pub(super) node: &'a Arc<Unsealed>,
    pub(super) secondary: &'a Arc<Secondary>,
    pub(super) keys: &'a KeyPair,
    place: Place,
    /// What is to be kept of what gives way.
    keeping: Option<Keeping>,
    held: Arc<dyn View>,
    gathered: Vec<Op>,
    gathered_bytes: usize,
    gathered_bytes_max: usize,
    /// Entries that came.
    came: u64,
}

/// What became of one comparison.
enum Compared {
    /// It came to its end, and had begun at this moment.
    Whole(Outcome, Position),
    /// It did not.
    Broken {
        why: Broken,
        /// How far it was, and the moment that it was of, where it came so far.
        reached: Option<Reached>,
        moment: Option<Position>,
    },
}

impl<'a> Run<'a> {
    fn new(
        node: &'a Arc<Unsealed>,
        secondary: &'a Arc<Secondary>,
        keys: &'a KeyPair,
        place: Place,
    ) -> Self {
        let (held, gathered_bytes_max) = match &place {
            Place::Here(_) => (place.held(node), GATHERED_BYTES_MAX),
            // Nobody sees what lies there.
            Place::Shelf { .. } => (place.held(node), NEXT_GATHERED_BYTES_MAX),
        };
        Self {
            node,
            secondary,
            keys,
            place,
            keeping: None,
            held,
            gathered: Vec::new(),
            gathered_bytes: 0,
            gathered_bytes_max,
            came: 0,
        }
    }

    /// Compares until everything is there. Where it was put, and how far that is.
    ///
    /// However much is written at the primary meanwhile: what came once does not come again. When a
    /// moment is over, what was written since it comes from the log, and the comparison goes on with
    /// the next moment where it was. The last one looks at everything, and finds only what is new.
    async fn complete(mut self, link: &dyn Link) -> Result<(Place, Position), Broken> {
        let mut before = self.secondary.take_broken_off();
        loop {
            if let Some(broken) = &mut before {
                match Box::pin(self.catch_up(link, broken)).await {
                    Ok(CaughtUp::Yes) => {}
                    Ok(CaughtUp::IsGone) => before = None,
                    Err(error) => {
                        before
                            .into_iter()
                            .for_each(|broken| self.secondary.break_off(broken));
                        return Err(error);
                    }
                }
            }
            let hello = hello_again(self.node, self.secondary, self.keys);
            let (since, comparison) = match before.take() {
                None => (None, Comparison::new(hello)),
                Some(BrokenOff { since, reached }) => match reached {
                    None => (Some(since), Comparison::again(hello)),
                    Some(reached) => (Some(since), Comparison::resumed(hello, reached)),
                },
            };
            let came = self.came;
            match Box::pin(self.compare(link, comparison)).await? {
                Compared::Whole(outcome, moment) => {
                    if let Some(position) = self.finish(&outcome).await? {
                        return Ok((self.place, position));
                    }
                    before = Some(BrokenOff {
                        since: since.unwrap_or(moment),
                        reached: None,
                    });
                }
                Compared::Broken {
                    why,
                    reached,
                    moment,
                } => {
                    // What came is there before it is said to be.
                    self.flush(None).await?;
                    let of_this = moment.filter(|_| reached.is_some());
                    let broken = since.or(of_this).map(|since| BrokenOff { since, reached });
                    let has_come_further = self.came > came;
                    match (broken, &why) {
                        (Some(broken), Broken::Outdated) if has_come_further => {
                            before = Some(broken);
                        }
                        (broken, _) => {
                            broken
                                .into_iter()
                                .for_each(|broken| self.secondary.break_off(broken));
                            return Err(why);
                        }
                    }
                }
            }
        }
    }

    /// One comparison, with one moment of the primary.
    async fn compare(
        &mut self,
        link: &dyn Link,
        mut comparison: Comparison,
    ) -> Result<Compared, Broken> {
        self.begin();
        let mut channel = match link.open(Method::Compare.name()).await {
            Ok(channel) => channel,
            Err(error) => return Ok(Compared::broken(comparison, error.into())),
        };
        while !comparison.is_complete() {
            let told = match ask(&mut comparison, &mut channel).await {
                Ok(told) => told,
                Err(why) => return Ok(Compared::broken(comparison, why)),
            };
            let heard;
            (comparison, heard) = hear_apart(comparison, &self.held, told).await?;
            self.note(comparison.progress());
            match heard {
                Ok(Heard::Nothing) => {}
                Ok(Heard::Keys(package)) => {
                    if let (Place::Shelf { .. }, Some(moment)) =
                        (&self.place, comparison.position())
                    {
                        joining::note_begun(self.node, &self.secondary.record, moment).await?;
                    }
                    self.take_keys(&package).await?;
                }
                Ok(Heard::Put(ops)) => self.put(ops).await?,
                Err(error) => return Ok(Compared::broken(comparison, error.into())),
            }
        }
        let moment = comparison.position().cloned();
        let outcome = comparison.finish()?;
        let moment = moment.ok_or(CompareError::Incomplete)?;
        check_position(&self.secondary.record, &moment)?;
        Ok(Compared::Whole(outcome, moment))
    }

    /// Goes over to the keys that open what comes.
    pub(super) async fn take_keys(&mut self, package: &KeyPackage) -> Result<(), Broken> {
        let shared = SharedKeys::open(package, self.keys)?;
        match &mut self.place {
            Place::Here(_) => self.node.take_shared_keys(&shared).await?,
            Place::Shelf { keys, .. } => *keys = Some(shared),
        }
        Ok(())
    }

    fn begin(&mut self) {
        if let Place::Shelf { computed, .. } = &mut self.place {
            // Other entries lie there now.
            *computed = shelved::Computed::default();
        }
        self.held = self.place.held(self.node);
        let mut how = self.secondary.how();
        how.doing = Doing::Compares;
        (how.to_fetch, how.fetched) = (0, 0);
    }

    fn note(&self, progress: Progress) {
        let mut how = self.secondary.how();
        (how.to_fetch, how.fetched) = (progress.expected, progress.told);
        if progress.expected > 0 {
            how.doing = Doing::Fetches;
        }
    }

    pub(super) async fn put(&mut self, ops: Vec<Op>) -> Result<(), Broken> {
        self.came = self.came.saturating_add(ops.len() as u64);
        self.gathered_bytes += ops
            .iter()
            .map(|op| op.key.as_bytes().len() + op.value.as_ref().map_or(0, Vec::len))
            .sum::<usize>();
        self.gathered.extend(ops);
        if self.gathered_bytes > self.gathered_bytes_max {
            self.flush(None).await?;
        }
        Ok(())
    }

    /// Commits what has gathered, and how far that leads where it is all.
    pub(super) async fn flush(&mut self, position: Option<&Position>) -> Result<(), Broken> {
        if self.gathered.is_empty() && position.is_none() {
            return Ok(());
        }
        let ops = last_of_each(core::mem::take(&mut self.gathered));
        self.gathered_bytes = 0;
        self.gathered_bytes_max = NEXT_GATHERED_BYTES_MAX;
        match &self.place {
            Place::Here(before) => {
                let mut batches = Vec::new();
                if let Some(keeping) = &self.keeping {
                    batches.extend(keeping.batch(self.node, &ops, position)?);
                }
                batches.push(Batch { ops });
                commit(self.node, batches, position.unwrap_or(before)).await?;
            }
            Place::Shelf { .. } => {
                let done = shelved::put(self.node, ops).await;
                done.map_err(|error| Broken::Here(base::chain(&error)))?;
            }
        }
        // Storage keeps in memory all that is written after a moment which is held.
        self.held = self.place.held(self.node);
        Ok(())
    }

    /// Takes away what the primary has not, now that all is known. How far the primary was, unless
    /// there was more to take away than is remembered at a time: the next comparison finds the rest.
    async fn finish(&mut self, outcome: &Outcome) -> Result<Option<Position>, Broken> {
        let held = Arc::clone(&self.held);
        for piece in outcome.deletions(&*held) {
            if self.gathered_bytes > self.gathered_bytes_max {
                self.flush(None).await?;
            }
            let ops = piece?;
            self.gathered_bytes += ops.iter().map(|op| op.key.as_bytes().len()).sum::<usize>();
            self.gathered.extend(ops);
        }
        self.flush(outcome.position()).await?;
        if let (Place::Here(_), Some(position)) = (&self.place, outcome.position()) {
            self.secondary.reached(position.clone());
        }
        Ok(outcome.position().cloned())
    }
}

impl Compared {
    fn broken(comparison: Comparison, why: Broken) -> Self {
        let moment = comparison.position().cloned();
        Self::Broken {
            why,
            reached: comparison.break_off(),
            moment,
        }
    }
}

/// Asks what there is to ask, and waits for what is told next.
async fn ask(comparison: &mut Comparison, channel: &mut Channel) -> Result<Told, Broken> {
    while let Some(question) = comparison.ask() {
        send(channel, &question).await?;
    }
    hear(channel).await
}

/// In the order of their keys, of each key the last.
fn last_of_each(ops: Vec<Op>) -> Vec<Op> {
    let by_key: BTreeMap<_, _> = ops.into_iter().map(|op| (op.key.clone(), op)).collect();
    by_key.into_values().collect()
}

/// Is what was compared with the primary that the secondary has a token of? Of another one a
/// position would mean something else.
fn check_position(record: &SecondaryRecord, position: &Position) -> Result<(), Broken> {
    match position.relation == record.relation && position.generation == record.generation {
        true => Ok(()),
        false => Err(Broken::Message(format!(
            "the primary speaks of relation {} in generation {}",
            position.relation, position.generation
        ))),
    }
}
