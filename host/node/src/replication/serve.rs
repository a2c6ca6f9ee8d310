//! What a primary answers to a secondary.

use super::filtered::{FILTER_CHANGED, Filtered};
use super::key_package::SharedKeys;
use super::primary::Primary;
use super::records::{KnownSecondary, PrimaryRecord};
use super::{answering, bounds, exclusions, forward, known, reading};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use base::{Refusal, chain};
use core::time::Duration;
use journal::SourceError;
use link::{Channel, LinkError, Peer};
use locality::SystemKey;
use replication::{
    Event, Follow, Hello, Method, Position, Versions, changes_keys, cut, decode, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// How often a secondary that has everything hears from its primary.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Why a call came to its end before its time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The connection ended, or a frame was too large.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The other end said something that it may not.
    #[error("{0}")]
    Message(String),
    /// Something else is kept from the other end now: what waits is not to be sent.
    #[error("{FILTER_CHANGED}")]
    Refiltered,
    /// This end cannot go on.
    #[error("{0}")]
    Here(String),
    /// The moment that is compared with is too long ago.
    #[error("too much was written meanwhile, to be compared again")]
    Outdated,
}

impl From<replication::WireError> for Broken {
    fn from(error: replication::WireError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<Refusal> for Broken {
    fn from(refusal: Refusal) -> Self {
        match refusal.reason.is_empty() {
            true => Self::Here(refusal.message),
            false => Self::Here(format!("{}: {}", refusal.message, refusal.reason)),
        }
    }
}

/// The next message; an error where there is none.
pub(crate) async fn receive<T: DeserializeOwned>(channel: &mut Channel) -> Result<T, Broken> {
    let over = || Broken::Message(String::from("the other end has nothing more to say"));
    let frame = channel.receive().await?.ok_or_else(over)?;
    Ok(decode(&frame)?)
}

/// How long a secondary waits for the next message of its primary, and that for the secondary to take
/// one: time enough for the largest frame on a slow line. A primary that has nothing to send says so
/// every second.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// The next message of a primary. That the connection stands does not say that anybody is at work
/// there.
pub(crate) async fn hear<T: DeserializeOwned>(channel: &mut Channel) -> Result<T, Broken> {
    let silent = |_| {
        let seconds = PATIENCE.as_secs();
        Broken::Message(format!(
            "the primary has said nothing for {seconds} s, though it is connected"
        ))
    };
    tokio::time::timeout(PATIENCE, receive(channel))
        .await
        .map_err(silent)?
}

/// Says something.
pub(crate) async fn send<T: Serialize>(channel: &Channel, message: &T) -> Result<(), Broken> {
    Ok(channel.send(encode(message)?).await?)
}

/// Answers one call. What tells of data is broken off when something else is kept from the secondary,
/// with what waits to be sent, and a message that nobody takes.
pub(crate) async fn serve(
    node: &Arc<Unsealed>,
    primary: &Arc<Primary>,
    peer: &Peer,
    method: Method,
    channel: Channel,
) -> Result<(), Broken> {
    match method {
        Method::Follow | Method::Compare => {
            let filtered = Filtered::now(node, &peer.name)?;
            tokio::select! {
                biased;
                broken = refiltered(node, primary, filtered) => Err(broken),
                answered = answer(node, primary, peer, method, channel) => answered,
            }
        }
        Method::Bootstrap | Method::Forward | Method::Greet => {
            answer(node, primary, peer, method, channel).await
        }
    }
}

/// Resolves when something else is kept from a secondary.
async fn refiltered(node: &Unsealed, primary: &Primary, filtered: Filtered) -> Broken {
    match filtered.changed(node).await {
        // What was kept from it is gone with the primary's part: it is told farewell.
        Ok(()) if primary.parting.has_begun() => core::future::pending().await,
        Ok(()) => Broken::Refiltered,
        Err(refusal) => refusal.into(),
    }
}

async fn answer(
    node: &Arc<Unsealed>,
    primary: &Arc<Primary>,
    peer: &Peer,
    method: Method,
    mut channel: Channel,
) -> Result<(), Broken> {
    let place = match primary.places().of(&peer.name, method) {
        Ok(place) => place,
        Err(reason) => {
            channel.refuse(&reason).await;
            return Err(Broken::Here(reason));
        }
    };
    match method {
        Method::Bootstrap => {
            let hello: Hello = receive(&mut channel).await?;
            bootstrap(node, primary, peer, &hello, &channel).await
        }
        Method::Follow => {
            let follow: Follow = receive(&mut channel).await?;
            let mut stream = Stream {
                node,
                primary,
                peer,
                hello: follow.hello,
                filtered: Filtered::now(node, &peer.name)?,
                channel,
                told: None,
            };
            stream.run(follow.position).await
        }
        Method::Compare => answering::answer(node, primary, peer, channel).await,
        // It goes on where the call does not.
        Method::Forward => forward::serve(node, peer, channel, place).await,
        Method::Greet => {
            // Which of both is too old is found by each of them.
            let theirs: Versions = receive(&mut channel).await?;
            tracing::debug!(secondary = peer.name, ?theirs, "a secondary is here");
            send(&channel, &Versions::OURS).await
        }
    }
}

/// May who said this go on? Why not, where it may not.
pub(crate) async fn check_hello(
    node: &Arc<Unsealed>,
    primary: &Primary,
    peer: &Peer,
    hello: &Hello,
) -> Result<(), String> {
    let ours = Versions::OURS;
    if hello.versions.protocol < ours.protocol || hello.versions.data < ours.data {
        return Err(format!(
            "this primary speaks version {} of the protocol and {} of the data, the secondary {} and {}: upgrade the secondary first",
            ours.protocol, ours.data, hello.versions.protocol, hello.versions.data
        ));
    }
    bounds::check_addresses(hello)?;
    if !hello.relation.is_empty() && hello.relation != primary.record.relation {
        return Err(format!(
            "this is the primary of relation {}, not of {}",
            primary.record.relation, hello.relation
        ));
    }
    if hello.generation > primary.record.generation {
        note_later(node, primary, peer, hello.generation).await;
        return Err(format!(
            "this primary is of generation {}, a later one of generation {} was promoted since",
            primary.record.generation, hello.generation
        ));
    }
    check_filter(node, peer, hello)
}

/// What a filter kept from a secondary is not sent by another primary that knows nothing of it, nor
/// because the secondary has another name now. Whoever means it to be sent says so.
fn check_filter(node: &Unsealed, peer: &Peer, hello: &Hello) -> Result<(), String> {
    let id = &peer.name;
    let is_to_wait = || {
        let tx = &mut node.begin();
        // What was written for the name before may not have come to the secondary's ears.
        let was_filtered = hello.is_filtered
            || known::check_id(&hello.formerly).is_ok()
                && exclusions::is_filtered(tx, &hello.formerly)?;
        Ok(was_filtered && exclusions::filter_of(tx, id)?.is_none())
    };
    if !is_to_wait().map_err(|refusal: Refusal| refusal.reason)? {
        return Ok(());
    }
    Err(format!(
        "this secondary had a paths filter, and {id:?} has none here: nothing is sent before primary/paths-filter/{id} is written; mode \"deny\" without paths lets everything through"
    ))
}

/// A secondary has met a later primary: this one says so from now on, and makes no more secondaries.
/// It is that one's word, and goes when it is revoked.
async fn note_later(node: &Arc<Unsealed>, primary: &Primary, peer: &Peer, generation: u64) {
    if primary.later().get(&peer.name) >= Some(&generation) {
        return;
    }
    let secondary = &peer.name;
    tracing::error!(
        generation,
        secondary,
        "another cluster was promoted to the primary since: demote this one, and let it follow that"
    );
    let stored = node.transact(|tx| {
        let key = SystemKey::performance_primary();
        let known = known::stored(tx, secondary)?;
        let stored = tx.read_json::<PrimaryRecord>(&key).map_err(from_barrier)?;
        let (Some(mut record), Some(KnownSecondary { revoked: None, .. })) = (stored, known) else {
            return Ok(false);
        };
        if record.generation != primary.record.generation {
            return Ok(false);
        }
        record.later.insert(secondary.clone(), generation);
        tx.write_json(&key, &record).map_err(from_barrier)?;
        Ok(true)
    });
    match stored.await {
        Ok(true) => {}
        // It was revoked meanwhile, or this one plays another part.
        Ok(false) => return,
        Err(refusal) => tracing::warn!(reason = refusal.reason, "noting a later primary"),
    }
    primary.later().insert(secondary.clone(), generation);
}

/// Hands the keys to a new secondary.
async fn bootstrap(
    node: &Arc<Unsealed>,
    primary: &Arc<Primary>,
    peer: &Peer,
    hello: &Hello,
    channel: &Channel,
) -> Result<(), Broken> {
    let checked = check_hello(node, primary, peer, hello).await;
    checked.map_err(Broken::Message)?;
    note_use(node, peer).await?;
    let package = packed(node, &hello.public_key).await?;
    tracing::info!(secondary = peer.name, "a secondary fetched the shared keys");
    send(channel, &package).await
}

/// The shared keys as they are now, sealed to a secondary.
pub(crate) async fn packed(
    node: &Unsealed,
    public_key: &[u8],
) -> Result<replication::KeyPackage, Refusal> {
    let shared = SharedKeys::of(&node.parts, &node.keys).await?;
    shared.seal_to(public_key, node.parts.entropy.as_ref())
}

/// Notes that a secondary has used its activation token.
async fn note_use(node: &Arc<Unsealed>, peer: &Peer) -> Result<(), Refusal> {
    let now = node.now();
    node.transact(|tx| match known::stored(tx, &peer.name)? {
        Some(mut record) if record.used.is_none() => {
            record.used = Some(now);
            known::store(tx, &record)
        }
        _ => Ok(()),
    })
    .await
}

/// The entries of the log on their way to one secondary.
struct Stream<'a> {
    node: &'a Arc<Unsealed>,
    primary: &'a Arc<Primary>,
    peer: &'a Peer,
    hello: Hello,
    filtered: Filtered,
    channel: Channel,
    /// The last entry of which the secondary was told that everything up to it was sent.
    told: Option<u64>,
}

/// What comes after some entries.
enum Next {
    /// More of them.
    Entries,
    /// Nothing: the stream has come to its end.
    End,
}

impl Stream<'_> {
    async fn run(&mut self, position: Position) -> Result<(), Broken> {
        if let Err(reason) = check_hello(self.node, self.primary, self.peer, &self.hello).await {
            return self.say(&Event::Refused { reason }).await;
        }
        note_use(self.node, self.peer).await?;
        let addresses = (&self.hello.api_address, &self.hello.cluster_address);
        self.primary
            .note_addresses(&self.peer.name, addresses.0, addresses.1);
        if let Some(reason) = self.needs_comparison(&position) {
            return self.say(&Event::Compare { reason }).await;
        }
        let primary = Arc::clone(self.primary);
        let _streaming = primary.begin_stream(&self.peer.name);
        self.heard(position.index);
        let mut after = position.index;
        while let Next::Entries = self.step(&mut after).await? {}
        Ok(())
    }

    /// Why the secondary cannot simply go on; None where it can.
    fn needs_comparison(&self, position: &Position) -> Option<String> {
        let record = &self.primary.record;
        if position.relation != record.relation {
            return Some(String::from("it begins"));
        }
        if position.generation != record.generation {
            return Some(String::from("another cluster was promoted"));
        }
        if position.filter != self.filtered.exclusion.version {
            return Some(String::from(FILTER_CHANGED));
        }
        // Whoever has this version of it has compared since then. Who asks for more is told no more.
        let since = self.filtered.exclusion.since;
        if position.index < since {
            return Some(format!("its paths filter counts since entry {since}"));
        }
        let applied = self.node.parts.source.extent().applied;
        (position.index > applied).then(|| {
            format!(
                "it has entry {}, this log ends at {applied}",
                position.index
            )
        })
    }

    /// Says farewell to whoever has everything, where this cluster leads no more.
    async fn part(&mut self, after: u64) -> Result<Next, Broken> {
        let Some(last) = self.primary.parting.decided().await else {
            return Ok(Next::Entries);
        };
        if after >= last {
            self.say(&Event::Farewell { index: after }).await?;
            // It goes once it has noted that, or is cut off before.
            while let Some(frame) = self.channel.receive().await? {
                self.heard(decode(&frame)?);
            }
        }
        Ok(Next::End)
    }

    /// Sends what there is, or waits for something to send.
    async fn step(&mut self, after: &mut u64) -> Result<Next, Broken> {
        if self.primary.parting.has_begun() {
            return self.part(*after).await;
        }
        let source = Arc::clone(&self.node.parts.source);
        let tail = match reading::on(&source, *after).await {
            Ok(tail) => tail,
            Err(error @ SourceError::Purged { .. }) => {
                let reason = error.to_string();
                self.say(&Event::Compare { reason }).await?;
                return Ok(Next::End);
            }
            Err(error) => return Err(Broken::Here(chain(&error))),
        };
        let has_entries = !tail.entries.is_empty();
        if has_entries {
            // One that takes nothing says nothing either.
            self.primary.watch_headroom(&source.extent());
        }
        for (index, batches) in tail.entries {
            if self.filtered.is_changed(self.node)? {
                if self.primary.parting.has_begun() {
                    // They are gone with the primary's part.
                    return Ok(Next::Entries);
                }
                let reason = String::from(FILTER_CHANGED);
                self.say(&Event::Compare { reason }).await?;
                return Ok(Next::End);
            }
            if changes_keys(&batches) {
                let package = packed(self.node, &self.hello.public_key).await?;
                self.say(&Event::Keys { index, package }).await?;
            }
            let batches = cut(&batches, &self.filtered.exclusion);
            if !batches.is_empty() {
                self.say(&Event::Entry { index, batches }).await?;
            }
            *after = index;
        }
        *after = tail.upto.max(*after);
        // What was said is said again as a sign of life only.
        if self.told == Some(*after) && self.has_more(*after).await? {
            return Ok(Next::Entries);
        }
        self.told = Some(*after);
        let extent = source.extent();
        self.say(&Event::Upto {
            index: *after,
            head: extent.applied,
            now_millis: self.node.now().as_millis(),
            waiting_bytes: extent.bytes_after(*after),
        })
        .await?;
        self.listen().await?;
        Ok(Next::Entries)
    }

    /// Waits until there is something to send, or it is time for a sign of life: then there is not.
    /// Listens to what the secondary has meanwhile.
    async fn has_more(&mut self, after: u64) -> Result<bool, Broken> {
        let more = self.node.parts.source.beyond(after);
        let parts = self.primary.parting.begins();
        let waiting = async {
            tokio::pin!(more, parts);
            loop {
                tokio::select! {
                    // In this order, so that a run can be had again.
                    biased;
                    () = &mut parts => return Ok(true),
                    () = &mut more => return Ok(true),
                    said = self.channel.receive() => {
                        let over = || LinkError::Ended(String::from("the secondary left"));
                        let frame = said?.ok_or_else(over)?;
                        self.heard(decode(&frame)?);
                    }
                }
            }
        };
        tokio::time::timeout(HEARTBEAT, waiting)
            .await
            .unwrap_or(Ok(false))
    }

    /// Takes what the secondary has said by now.
    async fn listen(&mut self) -> Result<(), Broken> {
        loop {
            tokio::select! {
                biased;
                said = self.channel.receive() => {
                    let over = || LinkError::Ended(String::from("the secondary left"));
                    let frame = said?.ok_or_else(over)?;
                    self.heard(decode(&frame)?);
                }
                () = core::future::ready(()) => return Ok(()),
            }
        }
    }

    fn heard(&self, index: u64) {
        let (source, now) = (&*self.node.parts.source, self.node.now());
        let head = source.extent().applied;
        self.primary.heard(&self.peer.name, index, head, now);
        self.primary.keep_log(source, now);
    }

    async fn say(&self, event: &Event) -> Result<(), Broken> {
        if *self.peer.ended.borrow() {
            // Whoever is cut off is told nothing more, not even what is ready.
            return Err(Broken::Here(String::from("the secondary was cut off")));
        }
        send(&self.channel, event).await
    }
}
