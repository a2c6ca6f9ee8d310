//! What differs between a primary and a secondary, asked and answered over one call, all of one moment
//! of the primary.

use super::aside::Keeping;
use super::filtered::{FILTER_CHANGED, Filtered};
use super::following::{commit, hello_again};
use super::key_package::SharedKeys;
use super::moment::Moment;
use super::primary::Primary;
use super::records::SecondaryRecord;
use super::secondary::Doing;
use super::serve::{Broken, PATIENCE, check_hello, hear, packed, receive, send};
use super::shelved::{self, Shelved};
use super::{Secondary, exclusions};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use core::time::Duration;
use journal::{Batch, Extent, JournalError, Op};
use link::{Channel, Link, Peer};
use locality::Exclusion;
use replication::{
    Answerer, CompareError, Comparison, Heard, Method, Outcome, Position, Progress, Question, Told,
    View, decode,
};
use seal::sealed_box::KeyPair;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes that gather before they are committed. What is less in all is one commit: nobody sees a part
/// of it.
const GATHERED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// As much once something was committed, and of what is laid on the shelf: what is seen in parts, or
/// not at all, may be in smaller ones, and each waits in memory some times over, as entry of the log
/// and as what comes of it.
const NEXT_GATHERED_BYTES_MAX: usize = 1024 * 1024;

/// How often it looks meanwhile whether it still holds the moment.
const LOOK: Duration = Duration::from_secs(1);

/// Bytes that the log of the primary may grow by while it holds a moment for a secondary. Storage
/// keeps in memory all that is written after a moment which is held; whoever is too slow begins
/// again, and finds less to do.
const MOMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl From<JournalError> for Broken {
    fn from(error: JournalError) -> Self {
        Self::Here(crate::refusal::chain(&error))
    }
}

impl From<CompareError> for Broken {
    fn from(error: CompareError) -> Self {
        Self::Message(crate::refusal::chain(&error))
    }
}

/// Answers the questions of a secondary.
pub(crate) async fn answer(
    node: &Arc<Unsealed>,
    primary: &Arc<Primary>,
    peer: &Peer,
    mut channel: Channel,
) -> Result<(), Broken> {
    let begin: Question = receive(&mut channel).await?;
    let Question::Begin(hello) = &begin else {
        let text = "a comparison that does not begin with its beginning";
        return Err(Broken::Message(String::from(text)));
    };
    if let Err(reason) = check_hello(node, primary, peer, hello).await {
        return send(&channel, &Told::Refused { reason }).await;
    }
    // Looked at before the moment: a filter that comes in between is found at once.
    let seen = node.parts.changes.exclusions();
    let snapshot = node.parts.storage.snapshot();
    let (ring, entropy) = (node.keys.ring(), Arc::clone(&node.parts.entropy));
    let mut tx = Transaction::new(Arc::clone(&snapshot), ring, entropy, 0);
    let filtered = Filtered::at(&mut tx, &peer.name, seen)?;
    let position = Position {
        relation: primary.record.relation.clone(),
        generation: primary.record.generation,
        index: journal::applied_at(&*snapshot)?,
        filter: filtered.exclusion.version,
        is_filtered: exclusions::is_filtered(&mut tx, &peer.name)?,
    };
    // Those of a later moment open what is of this one.
    let keys = packed(node, &hello.public_key).await?;
    let exclusion = Arc::new(filtered.exclusion.clone());
    let moment = Arc::new(Moment(snapshot));
    let mut held = Held {
        node,
        index: position.index,
        filtered,
    };
    held.in_time(send(&channel, &Told::Begun { position, keys }))
        .await??;
    let mut question = begin;
    loop {
        let mut answer = answer_apart(&moment, &exclusion, question);
        while let Some(told) = answer.recv().await {
            held.in_time(send(&channel, &told?)).await??;
        }
        match held.in_time(channel.receive()).await?? {
            Some(frame) => question = decode(&frame)?,
            None => return Ok(()),
        }
    }
}

/// Was so much written since a moment that it is no longer held?
fn is_too_old(extent: &Extent, index: u64) -> bool {
    extent.purged > index || extent.bytes_after(index) > MOMENT_BYTES_MAX
}

/// A moment of the primary that is held for a secondary.
struct Held<'a> {
    node: &'a Unsealed,
    index: u64,
    /// What is left out of it.
    filtered: Filtered,
}

impl Held<'_> {
    /// What a secondary is to do, unless it takes too long, or the moment is no longer good.
    async fn in_time<T>(&mut self, waiting: impl Future<Output = T>) -> Result<T, Broken> {
        let looking = async {
            let mut waiting = core::pin::pin!(waiting);
            loop {
                self.check()?;
                if let Ok(done) = tokio::time::timeout(LOOK, waiting.as_mut()).await {
                    return Ok(done);
                }
            }
        };
        let late = |_| Broken::Message(String::from("the secondary takes too long to compare"));
        tokio::time::timeout(PATIENCE, looking)
            .await
            .map_err(late)?
    }

    /// Is what is sent still what may be sent, and not so old that storage holds too much for it?
    fn check(&mut self) -> Result<(), Broken> {
        if is_too_old(&self.node.parts.source.extent(), self.index) {
            let text = "too much was written meanwhile, to be compared again";
            return Err(Broken::Message(String::from(text)));
        }
        match self.filtered.is_changed(self.node)? {
            true => Err(Broken::Message(String::from(FILTER_CHANGED))),
            false => Ok(()),
        }
    }
}

/// The messages of an answer. A large tree takes seconds to look through, so that is done where
/// nobody else waits; it ends where nobody takes what it finds.
fn answer_apart(
    moment: &Arc<Moment>,
    exclusion: &Arc<Exclusion>,
    question: Question,
) -> mpsc::Receiver<Result<Told, JournalError>> {
    if has_one_thread() {
        return answer_here(moment, exclusion, &question);
    }
    let (moment, exclusion) = (Arc::clone(moment), Arc::clone(exclusion));
    let (sender, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        match Answerer::new(&*moment, &exclusion).answer(&question) {
            Ok(mut answer) => {
                let _ = answer.try_for_each(|told| sender.blocking_send(told));
            }
            Err(error) => {
                let _ = sender.blocking_send(Err(error));
            }
        }
    });
    receiver
}

/// Does this run on one thread, as simulations do? What is done on another one is done at a moment
/// that nobody decides, and their runs are to be had again.
fn has_one_thread() -> bool {
    let runtime = tokio::runtime::Handle::current();
    runtime.runtime_flavor() == tokio::runtime::RuntimeFlavor::CurrentThread
}

/// As [`answer_apart`], before anything else is done.
fn answer_here(
    moment: &Moment,
    exclusion: &Exclusion,
    question: &Question,
) -> mpsc::Receiver<Result<Told, JournalError>> {
    let all = match Answerer::new(moment, exclusion).answer(question) {
        Ok(answer) => answer.collect(),
        Err(error) => vec![Err(error)],
    };
    let (sender, receiver) = mpsc::channel(all.len().max(1));
    for told in all {
        // There is room for all of them.
        let _ = sender.try_send(told);
    }
    receiver
}

/// Hears a message where nobody else waits for what is read meanwhile.
async fn hear_apart(
    mut comparison: Comparison,
    held: &Arc<dyn View>,
    told: Told,
) -> Result<(Comparison, Heard), Broken> {
    if has_one_thread() {
        let heard = comparison.told(&**held, told)?;
        return Ok((comparison, heard));
    }
    let held = Arc::clone(held);
    let hearing = tokio::task::spawn_blocking(move || {
        let heard = comparison.told(&*held, told)?;
        Ok((comparison, heard))
    });
    let heard: Result<_, CompareError> = hearing
        .await
        .map_err(|error| Broken::Here(error.to_string()))?;
    Ok(heard?)
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
    match (place, position) {
        (
            Place::Shelf {
                keys: Some(shared), ..
            },
            Some(position),
        ) => Ok(Came { position, shared }),
        _ => Err(Broken::Here(String::from(
            "there was more to compare than is remembered at a time",
        ))),
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
struct Run<'a> {
    node: &'a Arc<Unsealed>,
    secondary: &'a Arc<Secondary>,
    keys: &'a KeyPair,
    place: Place,
    /// What is to be kept of what gives way.
    keeping: Option<Keeping>,
    held: Arc<dyn View>,
    gathered: Vec<Op>,
    gathered_bytes: usize,
    gathered_bytes_max: usize,
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
        }
    }

    /// Where everything was put, and how far that is where it is all.
    async fn complete(mut self, link: &dyn Link) -> Result<(Place, Option<Position>), Broken> {
        self.begin();
        let mut channel = link.open(Method::Compare.name()).await?;
        let hello = hello_again(self.node, self.secondary, self.keys);
        let mut comparison = Comparison::new(hello);
        while !comparison.is_complete() {
            while let Some(question) = comparison.ask() {
                send(&channel, &question).await?;
            }
            let told: Told = hear(&mut channel).await?;
            let heard;
            (comparison, heard) = hear_apart(comparison, &self.held, told).await?;
            self.note(comparison.progress());
            match heard {
                Heard::Nothing => {}
                Heard::Keys(package) => {
                    let shared = SharedKeys::open(&package, self.keys)?;
                    match &mut self.place {
                        Place::Here(_) => self.node.take_shared_keys(&shared).await?,
                        Place::Shelf { keys, .. } => *keys = Some(shared),
                    }
                }
                Heard::Put(ops) => self.put(ops).await?,
            }
        }
        drop(channel);
        let outcome = comparison.finish()?;
        if let Some(position) = outcome.position() {
            check_position(&self.secondary.record, position)?;
        }
        let position = self.finish(&outcome).await?;
        Ok((self.place, position))
    }

    fn begin(&self) {
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

    async fn put(&mut self, ops: Vec<Op>) -> Result<(), Broken> {
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
    async fn flush(&mut self, position: Option<&Position>) -> Result<(), Broken> {
        let mut ops = core::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        self.gathered_bytes_max = NEXT_GATHERED_BYTES_MAX;
        match &self.place {
            Place::Here(before) => {
                ops.sort_by(|one, other| one.key.cmp(&other.key));
                let mut batches = Vec::new();
                if let Some(keeping) = &self.keeping {
                    batches.extend(keeping.batch(self.node, &ops, position)?);
                }
                batches.push(Batch { ops });
                commit(self.node, batches, position.unwrap_or(before)).await?;
            }
            Place::Shelf { .. } => {
                let done = shelved::put(self.node, ops).await;
                done.map_err(|error| Broken::Here(crate::refusal::chain(&error)))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_held_until_the_log_went_on_too_far() {
        let log = |purged, size_bytes| Extent {
            purged,
            applied: 1_100,
            size_bytes,
            bytes_max: u64::MAX,
        };
        let check = |extent: Extent, index, expected| {
            assert_eq!(
                is_too_old(&extent, index),
                expected,
                "{extent:?} from {index}"
            );
        };
        check(log(100, MOMENT_BYTES_MAX), 100, false);
        check(log(100, MOMENT_BYTES_MAX * 2), 100, true);
        check(log(100, MOMENT_BYTES_MAX * 2), 600, false);
        // What follows that moment is gone: it could not be followed from there.
        check(log(100, 1), 99, true);
    }
}
