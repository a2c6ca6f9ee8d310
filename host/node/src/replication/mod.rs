//! What a cluster is to others: which part it plays, whom it serves, whom it follows.
//!
//! ```text
//!  primary    known secondaries ─ filters ─▶ exclusions        Acceptor ─▶ bootstrap
//!             log (journal::Source) ─ cut by exclusion ──────▶          ─▶ follow, compare
//!             requests that secondaries cannot do ───────────▶          ─▶ forward
//!
//!  secondary  Follower (a task) ─ dial ─▶ follow ─▶ one commit: entries and position
//!                                     └─▶ compare ─▶ what differs, then follow
//!
//!  joining    as a secondary, but what comes lies on the shelf; once it is all, it becomes one
//! ```

pub(crate) mod acceptor;
pub(crate) mod activation;
mod answering;
pub(crate) mod answers;
pub(crate) mod aside;
mod bounds;
mod catch_up;
pub(crate) mod compare;
pub(crate) mod enable;
pub(crate) mod errands;
pub(crate) mod exclusions;
mod filtered;
pub(crate) mod follower;
pub(crate) mod following;
pub(crate) mod forward;
pub(crate) mod herald;
pub(crate) mod joining;
pub(crate) mod key_package;
pub(crate) mod known;
pub(crate) mod metrics;
pub(crate) mod moment;
pub(crate) mod parting;
pub(crate) mod peers;
pub(crate) mod primary;
mod reading;
mod recorded;
pub(crate) mod records;
pub(crate) mod secondary;
pub(crate) mod self_check;
pub(crate) mod serve;
pub(crate) mod shelved;
pub(crate) mod status;
pub(crate) mod upkeep;
pub(crate) mod verify;

pub(crate) use primary::Primary;
pub(crate) use secondary::Secondary;

use crate::refusal::from_barrier;
use barrier::Transaction;
use base::{Refusal, RefusalKind, Timestamp};
use locality::SystemKey;
use records::{PrimaryRecord, SecondaryRecord};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use upkeep::Upkeep;
use verify::Progress;

/// The part that this cluster plays in performance replication.
#[derive(Clone, Default)]
pub(crate) enum Role {
    /// None: it stands alone.
    #[default]
    Off,
    /// Others follow it.
    Primary(Arc<Primary>),
    /// It follows another one.
    Secondary(Arc<Secondary>),
    /// None yet: what it is to follow comes, and it can go back.
    Joining(Arc<Secondary>),
}

/// The part that this cluster plays now.
#[derive(Default)]
pub(crate) struct Replication {
    role: RwLock<Role>,
    /// Held by whoever changes the part.
    turns: tokio::sync::Mutex<()>,
    progress: Mutex<Progress>,
    pub(crate) upkeep: Upkeep,
}

/// The right to change the part: one request at a time decides by what the part is and says what it
/// is to be.
pub(crate) struct Turn<'a> {
    role: &'a RwLock<Role>,
    _held: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Plays another part from now on.
    pub(crate) fn play(&self, role: Role) {
        *self.role.write().unwrap_or_else(PoisonError::into_inner) = role;
    }
}

impl Replication {
    /// Plays a part that is stored.
    pub(crate) fn of(role: Role) -> Self {
        Self {
            role: RwLock::new(role),
            ..Self::default()
        }
    }

    /// The turn to change the part, to be taken before it is looked at.
    ///
    /// # Errors
    /// When another request changes it.
    pub(crate) fn turn(&self) -> Result<Turn<'_>, Refusal> {
        let held = self.turns.try_lock().map_err(|_| {
            let text = "another request changes the part that this cluster plays: try again when that is done";
            Refusal::new(RefusalKind::Unavailable, text)
        })?;
        Ok(Turn {
            role: &self.role,
            _held: held,
        })
    }

    /// As [`turn`](Self::turn), once nobody else has it.
    pub(crate) async fn next_turn(&self) -> Turn<'_> {
        Turn {
            role: &self.role,
            _held: self.turns.lock().await,
        }
    }

    /// The part.
    pub(crate) fn role(&self) -> Role {
        self.role
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The primary's part, where it is played.
    pub(crate) fn primary(&self) -> Option<Arc<Primary>> {
        match self.role() {
            Role::Primary(primary) => Some(primary),
            Role::Off | Role::Secondary(_) | Role::Joining(_) => None,
        }
    }

    /// A secondary's part, where it is played.
    pub(crate) fn secondary(&self) -> Option<Arc<Secondary>> {
        match self.role() {
            Role::Secondary(secondary) => Some(secondary),
            Role::Off | Role::Primary(_) | Role::Joining(_) => None,
        }
    }

    /// The part of a secondary that it is to play, while it plays none.
    pub(crate) fn joining(&self) -> Option<Arc<Secondary>> {
        match self.role() {
            Role::Joining(secondary) => Some(secondary),
            Role::Off | Role::Primary(_) | Role::Secondary(_) => None,
        }
    }

    /// Is what is replicated written elsewhere?
    pub(crate) fn is_secondary(&self) -> bool {
        matches!(
            &*self.role.read().unwrap_or_else(PoisonError::into_inner),
            Role::Secondary(_)
        )
    }

    /// Notes how far a check of the digests is.
    pub(crate) fn progress(&self, note: impl FnOnce(&mut Progress)) {
        note(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How far a check of the digests is, and what the last one found.
    pub(crate) fn checked(&self) -> Progress {
        let progress = self.progress.lock();
        progress.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Role {
    /// The part that is stored, played from now on.
    pub(crate) fn load(tx: &mut Transaction, now: Timestamp) -> Result<Self, Refusal> {
        let following = tx.read_json::<SecondaryRecord>(&SystemKey::performance_secondary());
        if let Some(record) = following.map_err(from_barrier)? {
            return Ok(Self::Secondary(Arc::new(Secondary::load(tx, record, now)?)));
        }
        let joining = tx.read_json::<SecondaryRecord>(&SystemKey::joining());
        if let Some(record) = joining.map_err(from_barrier)? {
            return Ok(Self::Joining(Arc::new(Secondary::load(tx, record, now)?)));
        }
        let leading = tx.read_json::<PrimaryRecord>(&SystemKey::performance_primary());
        match leading.map_err(from_barrier)? {
            Some(record) => Ok(Self::Primary(Arc::new(Primary::load(tx, record)?))),
            None => Ok(Self::Off),
        }
    }
}
