//! The primary's side of a comparison: all of one moment, for as long as storage can hold that.

use super::exclusions;
use super::filtered::{FILTER_CHANGED, Filtered};
use super::moment::Moment;
use super::primary::Primary;
use super::serve::{Broken, PATIENCE, check_hello, packed, receive, send};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use core::time::Duration;
use journal::{Extent, JournalError};
use link::{Channel, Peer};
use locality::Exclusion;
use replication::{Answerer, Position, Question, Told, decode};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// How often it looks meanwhile whether it still holds the moment.
const LOOK: Duration = Duration::from_secs(1);

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
    // What is written from now on it is to find in the log.
    primary.keep_log(&*node.parts.source, node.now());
    let done = tell(node, primary, peer, begin, &mut channel).await;
    if !matches!(done, Err(Broken::Outdated)) {
        return done;
    }
    // The moment is let go of by now, however long the secondary takes to hear so.
    let late = |_| Broken::Outdated;
    tokio::time::timeout(PATIENCE, send(&channel, &Told::Outdated))
        .await
        .map_err(late)?
}

/// Answers the questions of a secondary that may ask, all of this moment.
async fn tell(
    node: &Arc<Unsealed>,
    primary: &Primary,
    peer: &Peer,
    begin: Question,
    channel: &mut Channel,
) -> Result<(), Broken> {
    let Question::Begin(hello) = &begin else {
        return Ok(());
    };
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
    held.in_time(send(channel, &Told::Begun { position, keys }))
        .await??;
    let mut question = begin;
    loop {
        let place = held.in_time(primary.places().for_answer()).await?;
        let mut answer = answer_apart(&moment, &exclusion, question, place);
        while let Some(told) = answer.recv().await {
            held.in_time(send(channel, &told?)).await??;
        }
        match held.in_time(channel.receive()).await?? {
            Some(frame) => question = decode(&frame)?,
            None => return Ok(()),
        }
    }
}

/// Was so much written since a moment that it is no longer held?
fn is_too_old(extent: &Extent, index: u64, bytes_max: u64) -> bool {
    extent.purged > index || extent.bytes_after(index) > bytes_max
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
        let parts = &self.node.parts;
        let bytes_max = parts.settings.moment_bytes_max;
        if is_too_old(&parts.source.extent(), self.index, bytes_max) {
            return Err(Broken::Outdated);
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
    place: Option<OwnedSemaphorePermit>,
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
        drop(place);
    });
    receiver
}

/// Does this run on one thread, as simulations do? What is done on another one is done at a moment
/// that nobody decides, and their runs are to be had again.
pub(super) fn has_one_thread() -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_held_until_the_log_went_on_too_far() {
        const BYTES_MAX: u64 = 1_000_000;
        let log = |purged, size_bytes| Extent {
            purged,
            applied: 1_100,
            size_bytes,
            bytes_max: u64::MAX,
        };
        let check = |extent: Extent, index, expected| {
            assert_eq!(
                is_too_old(&extent, index, BYTES_MAX),
                expected,
                "{extent:?} from {index}"
            );
        };
        check(log(100, BYTES_MAX), 100, false);
        check(log(100, BYTES_MAX * 2), 100, true);
        check(log(100, BYTES_MAX * 2), 600, false);
        // What follows that moment is gone: it could not be followed from there.
        check(log(100, 1), 99, true);
    }
}
