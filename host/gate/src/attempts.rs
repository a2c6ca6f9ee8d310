//! How often a second factor may be tried.

use crate::recent::Recent;
use base::Timestamp;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

/// Pairs of somebody and a factor that are remembered.
const TRIED_MAX: usize = 1 << 16;

#[derive(Clone, Copy, Debug)]
struct Tried {
    count: u64,
    last: Timestamp,
}

/// There were as many tries as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// How many, with this one.
    pub count: u64,
    /// Until there may be one more.
    pub wait: Duration,
}

/// The tries of late.
#[derive(Debug)]
pub struct Attempts(Mutex<Recent<String, Tried>>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(TRIED_MAX)))
    }
}

impl Attempts {
    /// Counts a try of `who`; after `max` of them it is to wait until `pause` has passed since the last one
    /// that counted.
    ///
    /// # Errors
    /// [`Exhausted`] for a try too many.
    pub fn count(
        &self,
        who: &str,
        max: u64,
        pause: Duration,
        now: Timestamp,
    ) -> Result<(), Exhausted> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let none = Tried {
            count: 0,
            last: now,
        };
        let tried = all.of(who.to_owned(), || none);
        if now.since(tried.last) >= pause {
            tried.count = 0;
        }
        let is_exhausted = tried.count >= max;
        tried.count += 1;
        if is_exhausted {
            return Err(Exhausted {
                count: tried.count,
                wait: pause.saturating_sub(now.since(tried.last)),
            });
        }
        tried.last = now;
        Ok(())
    }

    /// It went well.
    pub fn forget(&self, who: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&who.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    #[test]
    fn so_many_and_then_a_pause() {
        let attempts = Attempts::default();
        let count = |who: &str, second: u64| {
            attempts.count(who, 2, PAUSE, Timestamp::from_millis(second * 1000))
        };
        let exhausted = |count, seconds| {
            Err(Exhausted {
                count,
                wait: Duration::from_secs(seconds),
            })
        };
        assert_eq!(count("ann", 0), Ok(()));
        assert_eq!(count("ann", 10), Ok(()));
        assert_eq!(count("ann", 20), exhausted(3, 20));
        assert_eq!(count("bob", 20), Ok(()));
        assert_eq!(count("ann", 39), exhausted(4, 1));
        assert_eq!(count("ann", 40), Ok(()));
        attempts.forget("bob");
        assert_eq!([count("bob", 21), count("bob", 21)], [Ok(()), Ok(())]);
    }
}
