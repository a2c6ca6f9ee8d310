//! What a mount runs.

use crate::meters::MountTimes;
use crate::native::{self, Ask, Does, Exists, NativeRoute, Told};
use crate::own_work::Started;
use crate::room::Room;
use crate::{cubbyhole, identity, sys, token};
use barrier::{BarrierError, Transaction};
use base::{Outbound, Refusal};
use locality::PhysicalKey;
use manifest::{Manifest, Matcher};
use mount::{MountEntry, MountState};
use std::sync::Arc;

/// What a mount runs, with the matcher of its routes.
#[derive(Clone)]
pub(crate) enum Engine {
    /// A component, pinned by its digest.
    Component(Arc<Pinned>),
    /// One of the host's own.
    Native(Arc<Native>),
    /// What should run is not there. The mount keeps its data and refuses requests.
    Broken(Arc<str>),
}

/// A component as it runs in one mount.
pub(crate) struct Pinned {
    pub(crate) component: plugin::Component,
    pub(crate) matcher: Matcher,
    pub(crate) facts: Arc<plugin::MountFacts>,
    /// Commits its calls half-way.
    pub(crate) checkpoint: Arc<dyn plugin::Checkpoint>,
    /// By the policies of its namespace.
    pub(crate) passwords: Arc<dyn plugin::Passwords>,
    pub(crate) place: Arc<Entry>,
    /// To the hosts that were granted; None where there are none.
    pub(crate) outbound: Option<Arc<dyn Outbound>>,
    /// What one call may use.
    pub(crate) limits: Arc<plugin::Limits>,
    /// How many requests may run at one time.
    pub(crate) room: Room,
    pub(crate) started: Started,
    /// How long its requests take.
    pub(crate) times: Arc<MountTimes>,
}

/// The stored entry by which a component is mounted.
pub(crate) struct Entry {
    pub(crate) key: PhysicalKey,
    pub(crate) state: MountState,
    /// Of the component.
    pub(crate) digest: String,
}

impl Entry {
    /// Is the mount, in a transaction that depends on it, still what it was, and run by the same
    /// component? Another one may have other rules for what is stored.
    pub(crate) fn holds(&self, tx: &mut Transaction) -> Result<bool, BarrierError> {
        let stored: Option<MountEntry> = tx.read_json(&self.key)?;
        Ok(stored.is_some_and(|stored| stored.state == self.state && stored.digest == self.digest))
    }
}

/// An engine of the host.
pub(crate) struct Native {
    pub(crate) manifest: Manifest,
    pub(crate) matcher: Matcher,
    /// In the order of the manifest's routes.
    handlers: Vec<(Does, Option<Exists>)>,
    /// How long its requests take.
    times: Arc<MountTimes>,
}

/// The host's own engines: the name of each as mount entries have it, and its table.
const NATIVE: &[(&str, &[&[NativeRoute]])] = &[
    (SYSTEM, sys::TABLE),
    ("token", &[token::ROUTES]),
    (cubbyhole::NAME, &[cubbyhole::ROUTES]),
    ("identity", identity::TABLE),
];

/// How often the longest start is waited for.
const STARTS_WAITED_FOR: u32 = 4;

/// The engine behind `sys/`.
const SYSTEM: &str = "system";

impl Engine {
    /// The engine of the host that an entry names.
    pub(crate) fn native(entry: &MountEntry, times: Arc<MountTimes>) -> Self {
        let name = entry.plugin.as_str();
        let Some((_, table)) = NATIVE.iter().find(|(known, _)| *known == name) else {
            return Self::Broken(format!("there is no engine {name:?}").into());
        };
        let manifest = native::describe(name, table);
        match Matcher::new(&manifest, |_| None) {
            Ok(matcher) => Self::Native(Arc::new(Native {
                manifest,
                matcher,
                handlers: table
                    .iter()
                    .copied()
                    .flatten()
                    .map(|route| (route.does, route.exists))
                    .collect(),
                times,
            })),
            Err(error) => Self::Broken(error.to_string().into()),
        }
    }

    /// Manifest and matcher; None for a broken mount.
    pub(crate) fn routes(&self) -> Option<(&Manifest, &Matcher)> {
        match self {
            Self::Component(pinned) => Some((pinned.component.manifest(), &pinned.matcher)),
            Self::Native(native) => Some((&native.manifest, &native.matcher)),
            Self::Broken(_) => None,
        }
    }

    /// Where the times of its requests go.
    pub(crate) fn times(&self) -> Option<&Arc<MountTimes>> {
        match self {
            Self::Component(pinned) => Some(&pinned.times),
            Self::Native(native) => Some(&native.times),
            Self::Broken(_) => None,
        }
    }

    /// Waits until it can be called, but not for ever: a start takes as long as any call, and has to
    /// run again where it is overtaken.
    pub(crate) async fn ready(&self) -> Result<(), Refusal> {
        match self {
            Self::Component(pinned) if !pinned.started.is_done() => {
                let at_most = pinned.limits.deadline.saturating_mul(STARTS_WAITED_FOR);
                pinned.started.wait(at_most).await
            }
            _ => Ok(()),
        }
    }

    /// Is it `sys/`, whose paths have one spelling more?
    pub(crate) fn is_system(&self) -> bool {
        matches!(self, Self::Native(native) if native.manifest.name == SYSTEM)
    }
}

impl Native {
    /// Is there what a write of this route would change? Yes, where nobody can say.
    pub(crate) fn exists(&self, route: usize, ask: &mut Ask<'_>) -> Result<bool, base::Refusal> {
        match self.handlers.get(route) {
            Some((_, Some(exists))) => exists(ask),
            _ => Ok(true),
        }
    }

    /// Does what a route says.
    pub(crate) async fn handle(&self, route: usize, ask: &mut Ask<'_>) -> Told {
        match self.handlers.get(route) {
            Some((Does::Now(act), _)) => act(ask),
            Some((Does::Later(act), _)) => act(ask).await,
            None => Err(base::Refusal::internal("a route without a handler")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_host_are_valid_manifests() {
        for (name, table) in NATIVE {
            Matcher::new(&native::describe(name, table), |_| None).unwrap();
        }
    }
}
