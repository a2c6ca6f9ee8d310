//! A secondary's part, in memory.

use super::aside::Former;
use super::records::SecondaryRecord;
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::{Refusal, Timestamp};
use core::time::Duration;
use link::Link;
use locality::SystemKey;
use replication::{Freshness, Position, Reached};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A primary that is heard says more often than this how far it is.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// A secondary's part.
pub(crate) struct Secondary {
    /// As it began to play this part.
    pub(crate) record: SecondaryRecord,
    /// Where the primary is, the address that answered last first.
    addresses: Mutex<Vec<String>>,
    /// When it began to play this part.
    began: Timestamp,
    /// The generation in which this cluster was the primary itself, where it has not compared itself
    /// with a later one.
    led: Option<u64>,
    how: Mutex<How>,
    /// How far it is.
    position: watch::Sender<Position>,
    /// A comparison that is to go on.
    broken_off: Mutex<Option<BrokenOff>>,
    /// The connection to the primary, while it stands.
    link: watch::Sender<Option<Arc<dyn Link>>>,
}

/// A comparison that did not come to its end.
pub(crate) struct BrokenOff {
    /// What came of it is of this moment of the primary, or of one after it.
    pub(crate) since: Position,
    /// How far it was; None where it is to look at everything once more.
    pub(crate) reached: Option<Reached>,
}

/// The number of a filter that no primary gives: which one was applied is not known.
pub(crate) const UNKNOWN_FILTER: u64 = u64::MAX;

/// What it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Nothing: it follows nobody, or was refused.
    #[default]
    Idle,
    /// Receives entries as they come.
    Streams,
    /// Finds out what differs.
    Compares,
    /// Fetches what differs.
    Fetches,
}

/// How the connection to the primary is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Connection {
    /// There is to be none.
    #[default]
    Idle,
    /// It is being made.
    Connecting,
    /// It stands.
    Ready,
    /// It broke, and is made again after a while.
    Failed,
}

/// How a secondary does.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    pub(crate) doing: Doing,
    pub(crate) connection: Connection,
    /// The last thing that went wrong; empty where nothing did.
    pub(crate) trouble: String,
    pub(crate) started: Option<Timestamp>,
    pub(crate) last_heartbeat: Option<Timestamp>,
    /// How often the primary said how far it is.
    pub(crate) signs_of_life: u64,
    /// The last entry of the primary's log, as it last said.
    pub(crate) head: u64,
    pub(crate) waiting_bytes: u64,
    /// How old what is here is.
    pub(crate) freshness: Freshness,
    pub(crate) clock_skew_millis: i64,
    /// Has the primary said that it leads no more?
    pub(crate) parted: bool,
    /// Entries to fetch, and those that were fetched.
    pub(crate) to_fetch: u64,
    pub(crate) fetched: u64,
}

impl Secondary {
    /// The part as it is stored, played from now on.
    pub(crate) fn load(
        tx: &mut Transaction,
        record: SecondaryRecord,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let position = tx.read_json(&SystemKey::performance_position());
        let position: Option<Position> = position.map_err(from_barrier)?;
        let former = tx.read_json::<Former>(&SystemKey::former());
        let former = former.map_err(from_barrier)?;
        Ok(Self {
            addresses: Mutex::new(record.primary_addresses.clone()),
            began: now,
            led: former.map(|former| former.generation),
            how: Mutex::new(How {
                parted: record.parted,
                ..How::default()
            }),
            record,
            position: watch::channel(position.unwrap_or_default()).0,
            broken_off: Mutex::default(),
            link: watch::channel(None).0,
        })
    }

    /// How it follows its primary now, to go on from.
    pub(crate) fn as_it_is(&self) -> SecondaryRecord {
        SecondaryRecord {
            parted: self.how().parted,
            ..self.record.clone()
        }
    }

    /// Where the primary is, the address that answered last first.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let addresses = self.addresses.lock();
        addresses.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// This address answered. Was it another one before?
    pub(crate) fn answered(&self, address: &str) -> bool {
        let addresses = self.addresses.lock();
        put_first(
            &mut addresses.unwrap_or_else(PoisonError::into_inner),
            address,
        )
    }

    pub(crate) fn how(&self) -> MutexGuard<'_, How> {
        self.how.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How old that is at least which is here, whether the primary can be reached or not: what nobody
    /// tells of may have been written there. Where nobody has told of anything since it began, as
    /// long as that is ago.
    pub(crate) fn lag(&self, now: Timestamp) -> Duration {
        let how = self.how();
        let silence = now.since(how.last_heartbeat.unwrap_or(self.began));
        let is_told = how.doing == Doing::Streams && silence <= SILENCE_MAX;
        if is_told && self.position.borrow().index >= how.head {
            return Duration::ZERO;
        }
        let since_it_began = || now.since(self.began);
        how.freshness.age(now).unwrap_or_else(since_it_began)
    }

    /// How far it is.
    pub(crate) fn position(&self) -> Position {
        self.position.borrow().clone()
    }

    /// At this position, is what it has that which it wrote as the primary?
    pub(crate) fn has_led(&self, position: &Position) -> bool {
        self.led == Some(position.generation)
    }

    /// Is everything here, or has a first comparison not come to its end yet?
    pub(crate) fn is_whole(&self) -> bool {
        self.position.borrow().relation == self.record.relation
    }

    /// The primary that sent it something last, and with which filter.
    pub(crate) fn last_sent(&self) -> Position {
        match &self.record.begun {
            Some(begun) if !self.is_whole() => begun.clone(),
            _ => self.position(),
        }
    }

    /// Had it a filter at another primary than the one that it is to follow, or under another name?
    pub(crate) fn was_filtered(&self) -> bool {
        let position = self.last_sent();
        let is_of_before =
            position.filter == UNKNOWN_FILTER || position.generation != self.record.generation;
        position.is_filtered && is_of_before
    }

    /// The name by which the primary that it is to follow knew it when it followed it last; empty
    /// where it is the one that it has, or the primary was another.
    pub(crate) fn formerly(&self) -> String {
        let position = self.last_sent();
        let is_named_anew =
            position.filter == UNKNOWN_FILTER && position.generation == self.record.generation;
        match is_named_anew {
            true => self.record.formerly.clone(),
            false => String::new(),
        }
    }

    /// It is this far now: what brought it there is applied.
    pub(crate) fn reached(&self, position: Position) {
        self.position.send_replace(position);
    }

    /// Waits until it has the primary's entry `index`, but not for longer than `at_most`. Has it?
    /// An index in the log of an earlier primary says nothing of this one's.
    pub(crate) async fn wait_for(&self, index: u64, at_most: Duration) -> bool {
        let mut position = self.position.subscribe();
        let generation = self.record.generation;
        let has = position
            .wait_for(|position| position.generation == generation && position.index >= index);
        matches!(tokio::time::timeout(at_most, has).await, Ok(Ok(_)))
    }

    /// A comparison that is to go on, kept until the next one.
    pub(crate) fn break_off(&self, broken: BrokenOff) {
        *self.broken_off() = Some(broken);
    }

    /// The comparison that is to go on, if there is one.
    pub(crate) fn take_broken_off(&self) -> Option<BrokenOff> {
        self.broken_off().take()
    }

    fn broken_off(&self) -> MutexGuard<'_, Option<BrokenOff>> {
        self.broken_off
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection to the primary, if it stands.
    pub(crate) fn link(&self) -> Option<Arc<dyn Link>> {
        self.link.borrow().clone()
    }

    /// Waits until no connection to the primary stands, but not for longer than `at_most`.
    pub(crate) async fn wait_to_be_let_go(&self, at_most: Duration) {
        let mut link = self.link.subscribe();
        let _ = tokio::time::timeout(at_most, link.wait_for(Option::is_none)).await;
    }

    pub(crate) fn connected(&self, link: Option<Arc<dyn Link>>) {
        self.link.send_replace(link);
    }
}

/// Puts one of several addresses before all others. Was it not there?
pub(crate) fn put_first(addresses: &mut [String], address: &str) -> bool {
    let at = addresses.iter().position(|one| one == address);
    match at {
        None | Some(0) => false,
        Some(at) => {
            if let Some(up_to) = addresses.get_mut(..=at) {
                up_to.rotate_right(1);
            }
            true
        }
    }
}

impl Doing {
    /// As the status says it, in Vault's words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Streams => "stream-wals",
            Self::Compares => "merkle-diff",
            Self::Fetches => "merkle-sync",
        }
    }
}

impl Connection {
    /// As the status says it, in the words of gRPC.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Ready => "ready",
            Self::Failed => "transient_failure",
        }
    }
}

#[cfg(test)]
impl Secondary {
    /// One that follows nobody.
    pub(crate) fn of_generation(relation: &str, generation: u64) -> Self {
        Self {
            record: SecondaryRecord {
                relation: relation.to_owned(),
                generation,
                id: String::from("b"),
                client: None,
                authority: Vec::new(),
                primary_addresses: Vec::new(),
                primary_api: String::new(),
                since: None,
                formerly: String::new(),
                begun: None,
                parted: false,
            },
            addresses: Mutex::default(),
            began: Timestamp::default(),
            led: None,
            how: Mutex::default(),
            position: watch::channel(Position::default()).0,
            broken_off: Mutex::default(),
            link: watch::channel(None).0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_answered_comes_first_and_the_others_keep_their_order() {
        let mut addresses = ["a", "b", "c"].map(String::from);
        for (address, moves, expected) in [
            ("c", true, ["c", "a", "b"]),
            ("c", false, ["c", "a", "b"]),
            ("a", true, ["a", "c", "b"]),
            ("nobody", false, ["a", "c", "b"]),
        ] {
            assert_eq!(put_first(&mut addresses, address), moves);
            assert_eq!(addresses, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_of_an_earlier_primary_is_not_the_one_that_is_waited_for() {
        let secondary = Secondary::of_generation("r", 2);
        let at = |generation, index| Position {
            relation: String::from("r"),
            generation,
            index,
            filter: 0,
            is_filtered: false,
        };
        let at_most = Duration::from_secs(2);
        secondary.reached(at(1, 70));
        assert!(!secondary.wait_for(20, at_most).await);
        secondary.reached(at(2, 20));
        assert!(secondary.wait_for(20, at_most).await);
        assert!(!secondary.wait_for(21, at_most).await);
    }
}
