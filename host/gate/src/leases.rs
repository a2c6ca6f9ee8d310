//! How many leases there are, without a look at each time.

use base::Timestamp;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

/// A full quota is counted again after this, and after as much for each of [`LEASES_A_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);

/// Leases whose count takes long enough for one more pause.
const LEASES_A_PAUSE: u64 = 100_000;

/// No less than the leases there are: those that were counted, and all that were made since. Leases that
/// end are noticed when the bound is reached, by counting again.
#[derive(Debug, Default)]
pub struct LeaseCount(Mutex<Option<Counted>>);

#[derive(Clone, Copy, Debug)]
struct Counted {
    at: Timestamp,
    bound: u64,
}

impl LeaseCount {
    /// Is there room for one more, where `max` may be? `count` counts, and is asked seldom.
    ///
    /// # Errors
    /// Those of `count`.
    pub fn admit<E>(
        &self,
        max: u64,
        now: Timestamp,
        count: impl FnOnce() -> Result<u64, E>,
    ) -> Result<bool, E> {
        // Held while it counts: others could not pass before it is known either.
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pauses = 1 + max / LEASES_A_PAUSE;
        let pause = PAUSE.saturating_mul(u32::try_from(pauses).unwrap_or(u32::MAX));
        let known = match *counted {
            Some(known) if known.bound < max || now.since(known.at) < pause => known,
            _ => Counted {
                at: now,
                bound: count()?,
            },
        };
        let has_room = known.bound < max;
        *counted = Some(Counted {
            bound: known.bound.saturating_add(u64::from(has_room)),
            ..known
        });
        Ok(has_room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn counts_when_it_is_full_and_then_not_at_once_again() {
        let count = LeaseCount::default();
        let (there, asked) = (Cell::new(1), Cell::new(0));
        let admit = |millis: u64| {
            let now = Timestamp::from_millis(1_000_000 + millis);
            let counting = || {
                asked.set(asked.get() + 1);
                Ok::<u64, ()>(there.get())
            };
            count.admit(3, now, counting).unwrap()
        };
        assert!(admit(0) && admit(0), "two more fit");
        assert_eq!(asked.get(), 1);
        there.set(3);
        assert!(!admit(10), "counted just now");
        assert!(!admit(999));
        assert_eq!(asked.get(), 1);
        assert!(!admit(1000));
        assert_eq!(asked.get(), 2);
        there.set(2);
        assert!(!admit(1500));
        assert!(admit(2000));
        assert!(!admit(2001));
        assert_eq!(asked.get(), 3);
    }

    #[test]
    fn a_count_that_fails_admits_nothing() {
        let count = LeaseCount::default();
        let now = Timestamp::from_millis(1);
        assert_eq!(count.admit(5, now, || Err("no")), Err("no"));
        assert_eq!(count.admit(5, now, || Ok::<u64, &str>(5)), Ok(false));
    }
}
