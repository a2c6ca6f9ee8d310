//! How many requests to one mount run at one time, where its operator said so: the pool that instances
//! come from is shared, and a mount with a room of its own leaves the rest of it to the others.
//!
//! What the host does of itself (ending leases, ticking) needs no place: a full mount must not hold that up.

use base::{Refusal, RefusalKind};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of a mount; None where nothing bounds them but the pool.
#[derive(Debug)]
pub(crate) struct Room(Option<Arc<Semaphore>>);

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// With so many places; 0 for any number.
    pub(crate) fn of(calls_max: u64) -> Self {
        let places = usize::try_from(calls_max).unwrap_or(Semaphore::MAX_PERMITS);
        let places = places.min(Semaphore::MAX_PERMITS);
        Self((places > 0).then(|| Arc::new(Semaphore::new(places))))
    }

    /// Takes a place, or refuses at once: who waits would hold what others need.
    pub(crate) fn enter(&self) -> Result<Place, Refusal> {
        let Some(places) = &self.0 else {
            return Ok(Place { _permit: None });
        };
        let full = "too many requests to this mount are running, try again";
        let permit = Arc::clone(places).try_acquire_owned();
        let permit = permit.map_err(|_| Refusal::new(RefusalKind::Unavailable, full))?;
        Ok(Place {
            _permit: Some(permit),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_as_many_places_as_it_was_given() {
        let room = Room::of(2);
        let (one, two) = (room.enter().unwrap(), room.enter().unwrap());
        let refused = room.enter().unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Unavailable);
        drop(one);
        let three = room.enter();
        assert!(three.is_ok() && room.enter().is_err());
        drop(two);
        assert!(room.enter().is_ok());
    }

    #[test]
    fn nothing_bounds_a_room_that_was_given_no_places() {
        let room = Room::of(0);
        let taken: Vec<_> = (0..5_000).map(|_| room.enter()).collect();
        assert!(taken.iter().all(Result::is_ok));
        assert!(Room::of(u64::MAX).enter().is_ok());
    }
}
