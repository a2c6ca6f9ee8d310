//! The time of the runtime, as the nodes read it.

use base::{Clock, Timestamp};
use core::time::Duration;
use tokio::time::Instant;

/// When the first cluster is made, milliseconds since the epoch.
const BEGINNING: u64 = 1_700_000_000_000;

/// The paused time of the runtime that a run is in.
pub(crate) struct Virtual {
    began: Instant,
    from: Timestamp,
}

impl Virtual {
    /// A clock that shows the beginning and `after` it now.
    pub(crate) fn after(after: Duration) -> Self {
        let after = u64::try_from(after.as_millis()).unwrap_or(0);
        Self {
            began: Instant::now(),
            from: Timestamp::from_millis(BEGINNING + after),
        }
    }
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        self.from.plus(self.began.elapsed())
    }
}
