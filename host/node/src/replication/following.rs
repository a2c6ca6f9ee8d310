//! A secondary receives the entries of its primary, and commits them in their order through its own
//! log: each with the position that it leads to.

use super::key_package::SharedKeys;
use super::records::SecondaryRecord;
use super::secondary::Doing;
use super::serve::{Broken, hear, receive, send};
use super::{Secondary, compare};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use crate::{defaults, namespaces};
use base::{Timestamp, chain};
use core::time::Duration;
use journal::Batch;
use link::{Channel, Link, LinkError, Protocol};
use locality::SystemKey;
use replication::{Event, Follow, Hello, Method, Position, Versions, admit};
use seal::sealed_box::KeyPair;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Bytes that are committed at a time, unless one entry alone has more.
const COMMIT_BYTES: usize = 1024 * 1024;

/// How long an answer of one small message is waited for. A request may be held up meanwhile.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How old the position may be that is stored, while others are reached.
const POSITION_AGE_MAX: Duration = Duration::from_secs(60);

/// The primary is told what is here at least after as many entries.
const TELL_EVERY: u64 = 256;

/// What this secondary says of itself.
pub(crate) fn hello(
    node: &Unsealed,
    record: &SecondaryRecord,
    generation: u64,
    keys: &KeyPair,
) -> Hello {
    Hello {
        relation: record.relation.clone(),
        generation,
        api_address: node.parts.settings.api_addr.clone(),
        cluster_address: node.parts.settings.cluster_addr.clone(),
        ..Hello::of_stranger(keys.public().to_vec())
    }
}

/// The same of one that has followed before.
pub(crate) fn hello_again(node: &Unsealed, secondary: &Secondary, keys: &KeyPair) -> Hello {
    let record = &secondary.record;
    Hello {
        is_filtered: secondary.was_filtered(),
        formerly: secondary.formerly(),
        ..hello(node, record, record.generation, keys)
    }
}

/// What the primary answers to a call of one message each way.
async fn answered<T: DeserializeOwned>(
    link: &dyn Link,
    method: Method,
    message: &impl Serialize,
) -> Result<T, Broken> {
    let mut channel = link.open(method.name()).await?;
    let asked = async {
        send(&channel, message).await?;
        receive(&mut channel).await
    };
    let silent = |_| Broken::Message(String::from("the primary does not answer"));
    tokio::time::timeout(ANSWER_MAX, asked)
        .await
        .map_err(silent)?
}

/// Asks the primary what it speaks, before anything is said that it might not understand.
pub(crate) async fn greet(link: &dyn Link) -> Result<(), Broken> {
    let theirs: Versions = answered(link, Method::Greet, &Versions::OURS).await?;
    let checked = theirs.check_primary();
    checked.map_err(|error| Broken::Message(error.to_string()))
}

/// Fetches the keys that a new secondary begins with.
pub(crate) async fn fetch_keys(
    node: &Arc<Unsealed>,
    secondary: &Secondary,
) -> Result<SharedKeys, Broken> {
    let record = &secondary.record;
    let none = || Broken::Here(String::from("the token holds no certificate"));
    let identity = record.client.as_ref().ok_or_else(none)?;
    let identity = identity.identity(&record.authority);
    let dialer = &node.parts.dialer;
    let dialed = dialer
        .dial(Protocol::Performance, &record.primary_addresses, &identity)
        .await;
    let link = dialed.map_err(|error| Broken::Here(error.to_string()))?;
    greet(&*link).await?;
    let keys = KeyPair::make(node.parts.entropy.as_ref());
    let hello = hello(node, record, record.generation, &keys);
    let package = answered(&*link, Method::Bootstrap, &hello).await?;
    Ok(SharedKeys::open(&package, &keys)?)
}

/// Follows, and compares where the primary says so, until the connection ends.
pub(crate) async fn run(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
) -> Result<(), Broken> {
    let keys = KeyPair::make(node.parts.entropy.as_ref());
    let mut broken_off = None;
    loop {
        let before = secondary.how().signs_of_life;
        let reason = match stream(node, secondary, link, &keys).await {
            Ok(reason) => reason,
            // The primary does so when it keeps something else from this one. Asked again it says so,
            // where the connection stands.
            Err(ended @ Broken::Link(LinkError::Ended(_)))
                if secondary.how().signs_of_life != before =>
            {
                broken_off = Some(ended);
                continue;
            }
            Err(broken @ Broken::Link(_)) => return Err(broken_off.unwrap_or(broken)),
            Err(broken) => return Err(broken),
        };
        broken_off = None;
        tracing::info!(reason, "comparing with the primary");
        let began = node.parts.clock.elapsed();
        compare::run(node, secondary, link, &keys).await?;
        let took = node.parts.clock.elapsed().saturating_sub(began);
        node.parts.meters.comparisons.record(took);
        let (seconds, index) = (took.as_secs_f64(), secondary.position().index);
        tracing::info!(seconds, index, "compared with the primary");
    }
}

/// Follows until the primary wants a comparison; says why it does.
async fn stream(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
    keys: &KeyPair,
) -> Result<String, Broken> {
    let mut channel = link.open(Method::Follow.name()).await?;
    let hello = hello_again(node, secondary, keys);
    let position = secondary.position();
    send(&channel, &Follow { hello, position }).await?;
    let mut stream = Stream {
        node,
        secondary,
        keys,
        told: 0,
        stored: node.now(),
    };
    stream.receive(&mut channel).await
}

struct Stream<'a> {
    node: &'a Arc<Unsealed>,
    secondary: &'a Arc<Secondary>,
    keys: &'a KeyPair,
    /// What the primary was told last.
    told: u64,
    /// When the position was stored last.
    stored: Timestamp,
}

impl Stream<'_> {
    /// Takes events until the primary wants a comparison; says why it does.
    async fn receive(&mut self, channel: &mut Channel) -> Result<String, Broken> {
        let mut gathered = Gathered::default();
        loop {
            let event = hear::<Event>(channel).await?;
            match event {
                Event::Entry { index, batches } => {
                    let size_bytes = size_bytes(&batches);
                    // An entry that is large alone is not made larger.
                    if gathered.size_bytes + size_bytes > COMMIT_BYTES {
                        self.commit(&mut gathered).await?;
                    }
                    let here = self.secondary.position().index;
                    gathered.add(index, here, batches, size_bytes)?;
                }
                Event::Keys { index, package } => {
                    self.commit(&mut gathered).await?;
                    self.take_keys(index, &package).await?;
                }
                Event::Upto {
                    index,
                    head,
                    now_millis,
                    waiting_bytes,
                } => {
                    gathered.index = index.max(gathered.index);
                    self.commit(&mut gathered).await?;
                    // One that was demoted and is what it was before leads again.
                    self.parted(false).await?;
                    self.note(index, head, now_millis, waiting_bytes);
                    self.tell(channel, index, head).await?;
                }
                Event::Compare { reason } => return Ok(reason),
                Event::Refused { reason } => return Err(Broken::Message(reason)),
                Event::Farewell { index } => {
                    gathered.index = index.max(gathered.index);
                    self.commit(&mut gathered).await?;
                    self.parted(true).await?;
                    let text =
                        "its primary was demoted, and everything that was written there is here";
                    return Err(Broken::Message(String::from(text)));
                }
            }
        }
    }

    /// Notes whether the primary has said that it leads no more, for a promotion after a restart too.
    async fn parted(&self, parted: bool) -> Result<(), Broken> {
        if self.secondary.how().parted == parted {
            return Ok(());
        }
        let key = SystemKey::performance_secondary();
        let noted = self.node.transact(|tx| {
            let stored = tx
                .read_json::<SecondaryRecord>(&key)
                .map_err(from_barrier)?;
            let Some(record) = stored else { return Ok(()) };
            let noted = SecondaryRecord { parted, ..record };
            tx.write_json(&key, &noted).map_err(from_barrier)
        });
        noted.await?;
        let mut how = self.secondary.how();
        how.parted = parted;
        if parted {
            // What there was after it was the primary's own.
            how.head = self.secondary.position().index;
            how.waiting_bytes = 0;
        }
        Ok(())
    }

    /// Commits what has gathered, with the position that it leads to.
    async fn commit(&mut self, gathered: &mut Gathered) -> Result<(), Broken> {
        let before = self.secondary.position();
        if gathered.index <= before.index {
            // Nothing, or what is here already.
            *gathered = Gathered::default();
            return Ok(());
        }
        let position = Position {
            index: gathered.index,
            ..before
        };
        let batches = core::mem::take(&mut gathered.batches);
        // A position alone is not worth an entry of the log each time: it is only an earlier place to go
        // on. But where all that is written is kept from this cluster, the log would not go back to it.
        let now = self.node.now();
        let is_old = self.stored.plus(POSITION_AGE_MAX) <= now;
        if !batches.is_empty() || is_old {
            commit(self.node, batches, &position).await?;
            self.stored = now;
        }
        *gathered = Gathered::default();
        self.secondary.reached(position);
        Ok(())
    }

    /// Goes over to the keys that the primary has now.
    async fn take_keys(&self, index: u64, package: &replication::KeyPackage) -> Result<(), Broken> {
        let shared = SharedKeys::open(package, self.keys)?;
        self.node.take_shared_keys(&shared).await?;
        tracing::info!(index, "took over the keys of the primary");
        Ok(())
    }

    fn note(&self, index: u64, head: u64, now_millis: u64, waiting_bytes: u64) {
        let now = self.node.now();
        let mut how = self.secondary.how();
        how.doing = Doing::Streams;
        how.trouble.clear();
        how.last_heartbeat = Some(now);
        how.signs_of_life += 1;
        how.head = head;
        how.waiting_bytes = waiting_bytes;
        let skew = i128::from(now.as_millis()) - i128::from(now_millis);
        how.clock_skew_millis = i64::try_from(skew).unwrap_or(i64::MAX);
        how.freshness.note(index, head, now);
    }

    /// Tells the primary what is here: when it is all, and now and then.
    async fn tell(&mut self, channel: &Channel, index: u64, head: u64) -> Result<(), Broken> {
        if index >= head || index >= self.told.saturating_add(TELL_EVERY) {
            self.told = index;
            send(channel, &index).await?;
        }
        Ok(())
    }
}

/// Entries that wait for a commit.
#[derive(Default)]
struct Gathered {
    batches: Vec<Batch>,
    index: u64,
    size_bytes: usize,
}

impl Gathered {
    /// Takes an entry, which comes after those that wait and those that are `here`.
    fn add(
        &mut self,
        index: u64,
        here: u64,
        batches: Vec<Batch>,
        size_bytes: usize,
    ) -> Result<(), Broken> {
        let last = self.index.max(here);
        if index <= last {
            let text = format!("the primary sent entry {index} after entry {last}");
            return Err(Broken::Message(text));
        }
        // What is local here is not the primary's to write.
        admit(&batches).map_err(|foreign| Broken::Message(foreign.to_string()))?;
        self.batches.extend(batches);
        self.size_bytes += size_bytes;
        self.index = index;
        Ok(())
    }
}

fn size_bytes(batches: &[Batch]) -> usize {
    let ops = batches.iter().flat_map(|batch| &batch.ops);
    ops.map(|op| op.key.as_bytes().len() + op.value.as_ref().map_or(0, Vec::len))
        .sum()
}

/// Commits what a primary sent, and how far that leads, as one.
pub(crate) async fn commit(
    node: &Arc<Unsealed>,
    mut batches: Vec<Batch>,
    position: &Position,
) -> Result<(), Broken> {
    let mut tx = node.begin();
    tx.write_json(&SystemKey::performance_position(), position)
        .map_err(from_barrier)?;
    let commit = tx.finish().map_err(from_barrier)?;
    node.vouch()
        .await
        .map_err(|error| Broken::Here(chain(&error)))?;
    let mut ops = batches.iter().flat_map(|batch| &batch.ops);
    let brings_namespaces = ops.any(|op| namespaces::id_of(&op.key).is_some());
    batches.push(commit.batch);
    let done = node.committer.follow(batches).await;
    done.map_err(|error| Broken::Here(chain(&error)))?;
    // What is kept in memory follows; the next request would see to it as well.
    let mut followed = node.refresh().await;
    if followed.is_ok() && brings_namespaces {
        // Each has mounts of its own here.
        followed = defaults::complete(node).await;
    }
    if let Err(refusal) = followed {
        tracing::error!(reason = refusal.reason, "reading what changed");
    }
    Ok(())
}
