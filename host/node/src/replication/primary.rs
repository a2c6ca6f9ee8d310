//! The primary's part, in memory.

use super::bounds::Places;
use super::known;
use super::parting::{Parting, Standing};
use super::records::PrimaryRecord;
use barrier::Transaction;
use base::{Refusal, Timestamp};
use core::time::Duration;
use journal::{Extent, Source};
use link::{NotAdmitted, Peer};
use replication::{Freshness, Retention};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The primary's part.
pub(crate) struct Primary {
    pub(crate) record: PrimaryRecord,
    live: Mutex<BTreeMap<String, Live>>,
    /// Whether it leads on.
    pub(crate) parting: Parting,
    /// Counts what secondaries said that they have, and streams that ended.
    heard: watch::Sender<u64>,
    retention: Mutex<Retention>,
    /// As it is stored.
    later: Mutex<BTreeMap<String, u64>>,
    places: Places,
}

/// Of the log, a part of this is little to be left for a secondary, and one of that is enough again.
const HEADROOM_LOW: u64 = 4;
const HEADROOM_ENOUGH: u64 = 2;

/// No secondary has the log kept for longer.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How a secondary does.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    /// True once it is cut off.
    ended: watch::Sender<bool>,
    /// What it says that it has; None before it said so.
    pub(crate) has: Option<u64>,
    pub(crate) last_heartbeat: Option<Timestamp>,
    /// How old what it has is.
    pub(crate) freshness: Freshness,
    pub(crate) api_address: String,
    pub(crate) cluster_address: String,
    /// Streams that stand.
    pub(crate) streams: usize,
    /// Is there little left that may still be written before it has to compare itself?
    pub(crate) headroom_is_low: bool,
}

/// The stream of a secondary. Dropped when it ends.
pub(crate) struct Streaming<'a> {
    primary: &'a Primary,
    id: String,
}

impl Live {
    fn new() -> Self {
        Self {
            ended: watch::channel(false).0,
            has: None,
            last_heartbeat: None,
            freshness: Freshness::default(),
            api_address: String::new(),
            cluster_address: String::new(),
            streams: 0,
            headroom_is_low: false,
        }
    }

    /// Bytes that may still be written before it has to compare itself, where the log is like this;
    /// None before it said what it has.
    pub(crate) fn headroom(&self, extent: &Extent) -> Option<u64> {
        let has = self.has?;
        match has < extent.purged {
            true => Some(0),
            false => Some(extent.bytes_max.saturating_sub(extent.bytes_after(has))),
        }
    }

    /// Notes how much that is. Did it just become little?
    fn note_headroom(&mut self, extent: &Extent) -> bool {
        let Some(left) = self.headroom(extent) else {
            return false;
        };
        let was_low = self.headroom_is_low;
        self.headroom_is_low = match was_low {
            // What goes up and down around the bound is told once.
            true => left < extent.bytes_max / HEADROOM_ENOUGH,
            false => left < extent.bytes_max / HEADROOM_LOW,
        };
        self.headroom_is_low && !was_low
    }

    /// How old that is which it has, where the log ends at `head`; None where nobody knows.
    pub(crate) fn lag(&self, head: u64, now: Timestamp) -> Option<Duration> {
        match self.has? >= head {
            true => Some(Duration::ZERO),
            false => self.freshness.age(now),
        }
    }
}

impl Primary {
    /// The part as it is stored. Secondaries that have ever come are waited for.
    pub(crate) fn load(tx: &mut Transaction, record: PrimaryRecord) -> Result<Self, Refusal> {
        let stored = known::all(tx)?.into_iter();
        let waited_for = stored.filter(|one| one.used.is_some() && one.revoked.is_none());
        let live = waited_for.map(|one| (one.id, Live::new())).collect();
        Ok(Self {
            later: Mutex::new(record.later.clone()),
            record,
            live: Mutex::new(live),
            parting: Parting::default(),
            heard: watch::channel(0).0,
            retention: Mutex::new(Retention::new(KEPT_FOR)),
            places: Places::default(),
        })
    }

    /// The generation of a primary after it, where it has heard of one.
    pub(crate) fn superseded_by(&self) -> Option<u64> {
        self.later().values().max().copied()
    }

    /// Primaries after it that it has heard of: their generation, by the secondary that said so.
    pub(crate) fn later(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its secondaries may use.
    pub(crate) const fn places(&self) -> &Places {
        &self.places
    }

    fn live(&self) -> MutexGuard<'_, BTreeMap<String, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a secondary does; None for one that has not come since this began.
    pub(crate) fn how(&self, id: &str) -> Option<Live> {
        self.live().get(id).cloned()
    }

    /// Cuts a secondary off, at once. That it is revoked is stored before.
    pub(crate) fn cut_off(&self, id: &str) {
        if let Some(live) = self.live().remove(id) {
            live.ended.send_replace(true);
        }
    }

    /// Cuts all of them off: this cluster is no primary any more.
    pub(crate) fn end(&self) {
        for live in self.live().values() {
            live.ended.send_replace(true);
        }
    }

    /// The secondary with the certificate of this fingerprint.
    pub(crate) fn admit(
        &self,
        begin: impl Fn() -> Transaction,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<Peer, NotAdmitted> {
        let refuse = |text: String| Err(NotAdmitted(text));
        let failed = |refusal: Refusal| NotAdmitted(refusal.reason);
        let stranger = || NotAdmitted(String::from("no secondary has this certificate"));
        let find = || {
            let all = known::all(&mut begin()).map_err(failed)?;
            let mut all = all.into_iter();
            let found = all.find(|one| one.fingerprint == fingerprint);
            found.ok_or_else(stranger)
        };
        let id = find()?.id;
        let ended = {
            let mut live = self.live();
            let live = live.entry(id.clone()).or_insert_with(Live::new);
            live.ended.subscribe()
        };
        // Read again: a revocation after this cuts off what is subscribed by now.
        let record = find()?;
        if record.revoked.is_some() {
            self.cut_off(&id);
            return refuse(format!("secondary {id:?} was revoked"));
        }
        if record.used.is_none() && now > record.issued.plus(record.ttl) {
            return refuse(format!(
                "the activation token of secondary {id:?} has expired"
            ));
        }
        Ok(Peer { name: id, ended })
    }

    /// A stream of a secondary begins.
    pub(crate) fn begin_stream(&self, id: &str) -> Streaming<'_> {
        if let Some(live) = self.live().get_mut(id) {
            live.streams += 1;
        }
        Streaming {
            primary: self,
            id: id.to_owned(),
        }
    }

    /// A secondary lives, and has everything up to `index` of what there is up to `head`.
    pub(crate) fn heard(&self, id: &str, index: u64, head: u64, now: Timestamp) {
        if let Some(live) = self.live().get_mut(id) {
            live.last_heartbeat = Some(now);
            live.has = Some(index);
            live.freshness.note(index, head, now);
        }
        self.heard.send_modify(|count| *count += 1);
    }

    /// Waits until it is enough how all stand who are to have everything up to `index`, but not for
    /// longer than `at_most`; how they stand then.
    pub(crate) async fn until_all_stand(
        &self,
        index: u64,
        at_most: Duration,
        is_enough: impl Fn(&Standing) -> bool,
    ) -> Standing {
        let mut heard = self.heard.subscribe();
        let enough = heard.wait_for(|_| is_enough(&self.standing(index)));
        let _ = tokio::time::timeout(at_most, enough).await;
        self.standing(index)
    }

    fn standing(&self, index: u64) -> Standing {
        let mut standing = Standing::default();
        for (id, live) in self.live().iter() {
            let has_all = live.has.is_some_and(|has| has >= index);
            let among = match (live.streams > 0, has_all) {
                (false, _) => &mut standing.away,
                (true, false) => &mut standing.behind,
                (true, true) => &mut standing.whole,
            };
            among.push(id.clone());
        }
        standing
    }

    /// Waits until no stream stands, but not for longer than `at_most`.
    pub(crate) async fn until_all_left(&self, at_most: Duration) {
        let mut heard = self.heard.subscribe();
        let left = heard.wait_for(|_| self.live().values().all(|live| live.streams == 0));
        let _ = tokio::time::timeout(at_most, left).await;
    }

    /// What a secondary says of itself.
    pub(crate) fn note_addresses(&self, id: &str, api: &str, cluster: &str) {
        if let Some(live) = self.live().get_mut(id) {
            api.clone_into(&mut live.api_address);
            cluster.clone_into(&mut live.cluster_address);
        }
    }

    /// Says of which secondaries the log will soon go back no further than what they have.
    pub(crate) fn watch_headroom(&self, extent: &Extent) {
        let mut low = Vec::new();
        for (id, live) in self.live().iter_mut() {
            if live.note_headroom(extent) {
                low.push(id.clone());
            }
        }
        for secondary in low {
            let log_bytes_max = extent.bytes_max;
            tracing::warn!(
                secondary,
                log_bytes_max,
                "a secondary is so far behind that it will soon have to compare itself with this primary"
            );
        }
    }

    /// Has the log keep what a secondary has not got yet, within its bounds.
    pub(crate) fn keep_log(&self, source: &dyn Source, now: Timestamp) {
        let extent = source.extent();
        self.watch_headroom(&extent);
        let positions: Vec<u64> = {
            let live = self.live();
            live.values().map(|live| live.has.unwrap_or(0)).collect()
        };
        let mut retention = self
            .retention
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        source.keep_after(retention.keep_after(now, extent.applied, positions));
    }
}

impl Drop for Streaming<'_> {
    fn drop(&mut self) {
        if let Some(live) = self.primary.live().get_mut(&self.id) {
            live.streams = live.streams.saturating_sub(1);
        }
        self.primary.heard.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_headroom_is_told_once_until_there_is_enough_again() {
        let mut live = Live::new();
        // A hundred entries of a byte each, where there may be as many; two hundred are gone.
        let mut becomes_low = |has: Option<u64>| {
            live.has = has.map(|has| has + 200).or(live.has);
            let told = live.note_headroom(&Extent {
                purged: 200,
                applied: 300,
                size_bytes: 100,
                bytes_max: 100,
            });
            (told, live.headroom_is_low)
        };
        for (has, expected) in [
            (None, (false, false)),
            (Some(100), (false, false)),
            (Some(25), (false, false)),
            (Some(24), (true, true)),
            (Some(20), (false, true)),
            (Some(30), (false, true)),
            (Some(24), (false, true)),
            (Some(50), (false, false)),
            (Some(0), (true, true)),
        ] {
            assert_eq!(becomes_low(has), expected, "{has:?}");
        }
        // Where the log is far from its bound, and what it lacks is gone all the same.
        live.has = Some(199);
        let extent = Extent {
            purged: 200,
            applied: 210,
            size_bytes: 10,
            bytes_max: 100,
        };
        assert_eq!(live.headroom(&extent), Some(0));
        live.has = Some(200);
        assert_eq!(live.headroom(&extent), Some(90));
    }
}
