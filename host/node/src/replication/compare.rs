//! What differs between a primary and a secondary, asked and answered over one call, all of one moment
//! of the primary.

use super::following::{check, commit, hello};
use super::key_package::SharedKeys;
use super::primary::Primary;
use super::secondary::Doing;
use super::serve::{Broken, check_hello, packed, receive, send};
use super::{Secondary, exclusions};
use crate::refusal::chain;
use crate::unsealed::Unsealed;
use barrier::SealWrap;
use core::time::Duration;
use journal::{Batch, JournalError, Op};
use link::{Channel, Link, Peer};
use locality::Exclusion;
use replication::{
    Answerer, CompareError, Comparison, Heard, Method, Outcome, Pairs, Position, Question, Told,
    View, decode,
};
use seal::sealed_box::KeyPair;
use std::sync::Arc;
use storage::{Snapshot, Space};

/// For how long the primary waits for a secondary, while it holds what it had when it began.
const PATIENCE: Duration = Duration::from_secs(300);

impl From<JournalError> for Broken {
    fn from(error: JournalError) -> Self {
        Self::Here(chain(&error))
    }
}

impl From<CompareError> for Broken {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Held(cause) => cause.into(),
            other => Self::Message(other.to_string()),
        }
    }
}

/// What a cluster has at one moment.
struct Held(Arc<dyn Snapshot>);

impl Held {
    fn now(node: &Unsealed) -> Self {
        Self(node.parts.storage.snapshot())
    }

    fn range(&self, space: Space, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let range = self.0.range(space, from, Some(to));
        Box::new(range.map(|pair| pair.map_err(JournalError::from)))
    }
}

impl View for Held {
    fn records(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        self.range(Space::Digests, from, to)
    }

    fn entries(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        self.range(Space::Entries, from, to)
    }

    fn is_to_be_wrapped(&self, value: &[u8]) -> bool {
        SealWrap::of(value) == Some(SealWrap::Wanted)
    }
}

/// Answers the questions of a secondary.
pub(crate) async fn answer(
    node: &Arc<Unsealed>,
    primary: &Arc<Primary>,
    peer: &Peer,
    mut channel: Channel,
) -> Result<(), Broken> {
    let begin = receive::<Question>(&mut channel).await?;
    let Question::Begin(hello) = &begin else {
        return Err(Broken::Message(String::from("a comparison has to begin")));
    };
    if let Err(reason) = check_hello(primary, hello) {
        return send(&channel, &Told::Refused { reason }).await;
    }
    // First the keys, then the exclusion and the index, then the entries: each may be older than
    // what comes after it, never newer.
    let keys = packed(node, &hello.public_key).await?;
    let exclusion = exclusions::of(&mut node.begin(), &peer.name)?;
    let index = node.parts.source.extent().applied;
    let held = Held::now(node);
    let position = Position {
        relation: primary.record.relation.clone(),
        generation: primary.record.generation,
        index,
        filter: exclusion.version,
    };
    send(&channel, &Told::Begun { position, keys }).await?;
    let mut question = Some(begin);
    while let Some(asked) = question {
        tell(&held, &exclusion, &asked, &channel).await?;
        question = match in_time(channel.receive()).await?? {
            Some(frame) => Some(decode(&frame)?),
            None => None,
        };
    }
    Ok(())
}

/// The answer to one question.
async fn tell(
    held: &Held,
    exclusion: &Exclusion,
    question: &Question,
    channel: &Channel,
) -> Result<(), Broken> {
    for told in Answerer::new(held, exclusion).answer(question)? {
        in_time(send(channel, &told?)).await??;
    }
    Ok(())
}

async fn in_time<T>(waiting: impl Future<Output = T>) -> Result<T, Broken> {
    let late = |_| Broken::Message(String::from("the secondary takes too long to compare"));
    tokio::time::timeout(PATIENCE, waiting).await.map_err(late)
}

/// Brings this secondary to where its primary is.
pub(crate) async fn run(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
    keys: &KeyPair,
) -> Result<(), Broken> {
    loop {
        secondary.how().doing = Doing::Compares;
        let outcome = fetch(node, secondary, link, keys).await?;
        delete(node, secondary, &outcome).await?;
        if let Some(position) = outcome.position() {
            secondary.reached(position.clone());
            return Ok(());
        }
    }
}

/// Asks until everything is known, and writes what the primary has.
async fn fetch(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
    keys: &KeyPair,
) -> Result<Outcome, Broken> {
    let mut channel = link.open(Method::Compare.name()).await?;
    let mut comparison = Comparison::new(hello(node, secondary, keys));
    let before = secondary.position();
    while !comparison.is_complete() {
        while let Some(question) = comparison.ask() {
            send(&channel, &question).await?;
        }
        let told = receive::<Told>(&mut channel).await?;
        // What was written so far is seen, and nothing is held for longer.
        match comparison.told(&Held::now(node), told)? {
            Heard::Nothing => {}
            Heard::Keys(package) => {
                let shared = SharedKeys::open(&package, keys)?;
                node.take_shared_keys(&shared).await?;
            }
            Heard::Put(ops) => {
                {
                    let mut how = secondary.how();
                    how.doing = Doing::Fetches;
                    how.fetched += ops.len() as u64;
                }
                write(node, ops, &before).await?;
            }
        }
    }
    Ok(comparison.finish()?)
}

/// Deletes what the primary has not. With the last of it the secondary is where its primary was.
async fn delete(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    outcome: &Outcome,
) -> Result<(), Broken> {
    let before = secondary.position();
    let held = Held::now(node);
    let mut pieces = outcome.deletions(&held);
    let mut piece = pieces.next().transpose()?;
    loop {
        let next = pieces.next().transpose()?;
        let position = match next {
            Some(_) => &before,
            None => outcome.position().unwrap_or(&before),
        };
        write(node, piece.unwrap_or_default(), position).await?;
        if next.is_none() {
            return Ok(());
        }
        piece = next;
    }
}

async fn write(node: &Arc<Unsealed>, ops: Vec<Op>, position: &Position) -> Result<(), Broken> {
    let batch = Batch { ops };
    check(&batch)?;
    commit(node, vec![batch], position).await
}
