//! A cluster that is becoming a secondary: it is what it was, serves its own clients and can go back,
//! until everything of its primary is here.
//!
//! ```text
//!  enable ─▶ Joining ─ compares, what comes lies on the shelf ─▶ all is here ─▶ sealed, enable::begin
//!               └ disable: the shelf is cleared, nothing else was changed        └ unsealed: Secondary
//! ```

use super::enable::Becoming;
use super::records::SecondaryRecord;
use super::serve::Broken;
use super::{Secondary, compare};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use base::{Refusal, RefusalKind};
use core::convert::Infallible;
use link::Link;
use locality::SystemKey;
use replication::Position;
use seal::sealed_box::KeyPair;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Fetches everything, and lets the node become what the cluster is to be. Ends with the connection.
pub(crate) async fn run(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
) -> Result<Infallible, Broken> {
    let keys = KeyPair::make(node.parts.entropy.as_ref());
    let came = compare::gather(node, secondary, link, &keys).await?;
    tracing::info!("everything of the primary is here");
    let record = SecondaryRecord {
        primary_addresses: secondary.addresses(),
        begun: None,
        ..secondary.record.clone()
    };
    node.wish.settle(Becoming {
        record,
        position: came.position,
        shared: came.shared,
        cluster: node.cluster.clone(),
    });
    // The node ends this task when it seals itself.
    core::future::pending().await
}

/// Notes with which filter a primary begins to send: another one, or the same under another name, is
/// not to send what that kept. Stored before anything that comes.
pub(super) async fn note_begun(
    node: &Arc<Unsealed>,
    record: &SecondaryRecord,
    moment: &Position,
) -> Result<(), Refusal> {
    let key = SystemKey::joining();
    let stored = node.transact(|tx| {
        let joining = tx.read_json::<SecondaryRecord>(&key);
        // It may be told to follow another one at this moment.
        let same = |joining: &SecondaryRecord| {
            joining.id == record.id && joining.generation == record.generation
        };
        let Some(joining) = joining.map_err(from_barrier)?.filter(same) else {
            return Ok(());
        };
        let is_known = joining.begun.as_ref().is_some_and(|begun| {
            (begun.generation, begun.filter, begun.is_filtered)
                == (moment.generation, moment.filter, moment.is_filtered)
        });
        if is_known {
            return Ok(());
        }
        let joining = SecondaryRecord {
            begun: Some(moment.clone()),
            ..joining
        };
        tx.write_json(&key, &joining).map_err(from_barrier)
    });
    stored.await
}

/// Whether a cluster becomes what it is to be or goes back: whoever comes first decides.
pub(crate) struct Wish {
    state: Mutex<State>,
    is_settled: watch::Sender<bool>,
}

enum State {
    /// Not everything is here.
    Open,
    /// Everything is.
    Settled(Box<Becoming>),
    /// It was begun: there is no way back.
    Begun,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            state: Mutex::new(State::Open),
            is_settled: watch::channel(false).0,
        }
    }
}

impl Wish {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything is here.
    fn settle(&self, becoming: Becoming) {
        let mut state = self.state();
        if matches!(*state, State::Open) {
            *state = State::Settled(Box::new(becoming));
            self.is_settled.send_replace(true);
        }
    }

    /// True while everything is here and nobody has decided.
    pub(crate) fn settled(&self) -> watch::Receiver<bool> {
        self.is_settled.subscribe()
    }

    /// Begins what everything is here for; None where somebody went back.
    pub(crate) fn begin(&self) -> Option<Becoming> {
        let mut state = self.state();
        match core::mem::replace(&mut *state, State::Open) {
            State::Settled(becoming) => {
                *state = State::Begun;
                self.is_settled.send_replace(false);
                Some(*becoming)
            }
            other => {
                *state = other;
                None
            }
        }
    }

    /// Goes back.
    ///
    /// # Errors
    /// When it is too late for that.
    pub(crate) fn withdraw(&self) -> Result<(), Refusal> {
        let mut state = self.state();
        if matches!(*state, State::Begun) {
            let text = "the first synchronization is complete: this cluster is a secondary at once";
            return Err(Refusal::new(RefusalKind::Unavailable, text));
        }
        *state = State::Open;
        self.is_settled.send_replace(false);
        Ok(())
    }
}
