//! How a primary that is demoted takes leave of its secondaries: each that has everything is told that
//! there will be nothing after it. Without that word a secondary cannot tell a primary that was demoted
//! from one that writes on where it is not heard.

use base::{Refusal, RefusalKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Whether it leads on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It does.
    #[default]
    Leads,
    /// That is being decided: its filters may be gone already.
    Leaves,
    /// It does not. The last entry that concerns anybody else.
    Left(u64),
}

/// The stage, for those who send.
#[derive(Default)]
pub(crate) struct Parting {
    stage: Mutex<Stage>,
    /// Wakes all of them in the order in which they came, so that a run can be had again.
    changed: Notify,
}

/// A demotion on its way. Dropped before it is done, the cluster leads on.
pub(crate) struct Leaving<'a>(&'a Parting);

impl Parting {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, stage: Stage) {
        *self.stage() = stage;
        self.changed.notify_waiters();
    }

    /// Waits for a stage.
    async fn until(&self, is_it: impl Fn(Stage) -> bool) -> Stage {
        loop {
            // Before the look: it has what is notified from now on.
            let changed = self.changed.notified();
            let stage = *self.stage();
            if is_it(stage) {
                return stage;
            }
            changed.await;
        }
    }

    /// Who sends goes on once it is decided.
    pub(crate) fn begin(&self) -> Leaving<'_> {
        self.enter(Stage::Leaves);
        Leaving(self)
    }

    /// Is it being decided, or was it?
    pub(super) fn has_begun(&self) -> bool {
        *self.stage() != Stage::Leads
    }

    /// Waits until a demotion begins.
    pub(super) async fn begins(&self) {
        self.until(|stage| stage != Stage::Leads).await;
    }

    /// Once it is decided: the last entry that concerns anybody else, where this cluster leads no more.
    pub(super) async fn decided(&self) -> Option<u64> {
        match self.until(|stage| stage != Stage::Leaves).await {
            Stage::Left(index) => Some(index),
            Stage::Leads | Stage::Leaves => None,
        }
    }
}

impl Leaving<'_> {
    /// It leads no more, and nothing after this entry concerns anybody else.
    pub(crate) fn done(self, index: u64) {
        self.0.enter(Stage::Left(index));
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let is_open = *self.0.stage() == Stage::Leaves;
        if is_open {
            self.0.enter(Stage::Leads);
        }
    }
}

/// How those stand who follow, when everything is to be with one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// They have everything.
    pub(crate) whole: Vec<String>,
    /// They lack something, and are there to be sent it.
    pub(crate) behind: Vec<String>,
    /// They do not follow now; nobody knows what they lack.
    pub(crate) away: Vec<String>,
}

impl Standing {
    /// Has everybody who is there everything?
    pub(crate) fn is_settled(&self) -> bool {
        self.behind.is_empty()
    }

    /// Has anybody everything, where there is anybody?
    pub(crate) fn is_with_somebody(&self) -> bool {
        !self.whole.is_empty() || self.away.is_empty()
    }

    /// Why the primary may not go.
    ///
    /// # Errors
    /// When what was written here would be with nobody who could lead, or not with all who are there.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let text = if !self.is_settled() {
            format!(
                "not everything that was written here has arrived at {}: try again, or provide the \"force\" argument",
                self.behind.join(", ")
            )
        } else if !self.is_with_somebody() {
            format!(
                "no secondary is known to have everything that was written here, for none follows at the moment: {}; try again, revoke those that are gone for good, or provide the \"force\" argument",
                self.away.join(", ")
            )
        } else {
            return Ok(());
        };
        Err(Refusal::new(RefusalKind::Unavailable, text))
    }

    /// What is to be said of those that are away.
    pub(crate) fn warning(&self) -> Option<String> {
        (!self.away.is_empty()).then(|| {
            format!(
                "not everything that was written here may have arrived at {}, for they do not follow at the moment: do not promote them",
                self.away.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_demotion_that_fails_is_none() {
        let parting = Parting::default();
        assert_eq!(parting.decided().await, None);
        let leaving = parting.begin();
        assert!(parting.has_begun());
        parting.begins().await;
        drop(leaving);
        assert!(!parting.has_begun());
        assert_eq!(parting.decided().await, None);
        parting.begin().done(7);
        assert!(parting.has_begun());
        assert_eq!(parting.decided().await, Some(7));
    }

    #[test]
    fn somebody_has_everything_before_the_primary_goes() {
        let names = |names: &[&str]| names.iter().map(|name| String::from(*name)).collect();
        for (whole, behind, away, refused) in [
            (vec![], vec![], vec![], None),
            (vec!["c"], vec![], vec![], None),
            (vec!["c"], vec![], vec!["d"], None),
            (vec!["c"], vec!["d"], vec![], Some("at d:")),
            (vec![], vec!["d"], vec!["e"], Some("at d:")),
            (vec![], vec![], vec!["d", "e"], Some("moment: d, e;")),
        ] {
            let standing = Standing {
                whole: names(&whole),
                behind: names(&behind),
                away: names(&away),
            };
            let checked = standing.check().map_err(|refusal| refusal.message);
            match refused {
                None => assert_eq!(checked, Ok(())),
                Some(text) => assert!(checked.unwrap_err().contains(text)),
            }
            assert_eq!(standing.warning().is_some(), !away.is_empty());
        }
    }
}
