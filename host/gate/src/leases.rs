//! How many leases there are, without a look at each time.

use base::Timestamp;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

/// A full quota is counted again after this, and after as much for each of [`LEASES_A_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);

/// Leases whose count takes long enough for one more pause.
const LEASES_A_PAUSE: u64 = 100_000;

/// No less than the leases there are: those that were counted, and all that were admitted since. Leases
/// that end are noticed when the bound is reached, by counting again.
#[derive(Debug, Default)]
pub struct LeaseCount(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    counted: Option<Counted>,
    /// Those that were admitted and are not settled: a count may have them already, or not yet.
    pending: u64,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    at: Timestamp,
    bound: u64,
}

/// What became of a lease that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It is there.
    Made,
    /// There is none.
    ToNothing,
}

impl LeaseCount {
    /// Is there room for one more, where `max` may be? It is held until it is
    /// [settled](Self::settle). `count` counts, and is asked seldom.
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
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pauses = 1 + max / LEASES_A_PAUSE;
        let pause = PAUSE.saturating_mul(u32::try_from(pauses).unwrap_or(u32::MAX));
        let counted = match known.counted {
            Some(counted) if counted.bound < max || now.since(counted.at) < pause => counted,
            _ => Counted {
                at: now,
                bound: count()?.saturating_add(known.pending),
            },
        };
        let has_room = counted.bound < max;
        known.pending = known.pending.saturating_add(u64::from(has_room));
        known.counted = Some(Counted {
            bound: counted.bound.saturating_add(u64::from(has_room)),
            ..counted
        });
        Ok(has_room)
    }

    /// Tells what became of one that was admitted.
    pub fn settle(&self, came: Came) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.pending = known.pending.saturating_sub(1);
        if let (Came::ToNothing, Some(counted)) = (came, &mut known.counted) {
            counted.bound = counted.bound.saturating_sub(1);
        }
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
        count.settle(Came::Made);
        count.settle(Came::Made);
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
    fn what_comes_to_nothing_gives_its_room_back() {
        let count = LeaseCount::default();
        let admit = |millis: u64, there: u64| {
            let now = Timestamp::from_millis(1_000_000 + millis);
            count.admit(2, now, || Ok::<u64, ()>(there)).unwrap()
        };
        assert!(admit(0, 0) && admit(0, 0));
        assert!(!admit(1, 0));
        count.settle(Came::ToNothing);
        assert!(admit(2, 0), "at once, without a count");
        count.settle(Came::Made);
        assert!(!admit(3, 0));
    }

    #[test]
    fn what_is_pending_is_no_room_for_others_when_it_is_counted_anew() {
        let count = LeaseCount::default();
        let admit = |millis: u64, there: u64| {
            let now = Timestamp::from_millis(1_000_000 + millis);
            count.admit(2, now, || Ok::<u64, ()>(there)).unwrap()
        };
        assert!(admit(0, 0) && admit(0, 0));
        assert!(!admit(1_000, 0), "none of the two is there yet");
        count.settle(Came::Made);
        assert!(!admit(2_000, 1));
        count.settle(Came::ToNothing);
        assert!(admit(2_001, 1));
        count.settle(Came::Made);
        // Two are there, and one has ended.
        assert!(admit(4_000, 1));
        assert!(!admit(5_000, 1));
    }

    #[test]
    fn a_count_that_fails_admits_nothing() {
        let count = LeaseCount::default();
        let now = Timestamp::from_millis(1);
        assert_eq!(count.admit(5, now, || Err("no")), Err("no"));
        assert_eq!(count.admit(5, now, || Ok::<u64, &str>(5)), Ok(false));
    }
}
