//! Who is connected and not let in yet. It costs nothing to be one: where there are too many, one of
//! them gives way, so that whoever only holds a place keeps nobody out.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The strangers at a port.
#[derive(Debug)]
pub(crate) struct Strangers {
    count_max: usize,
    here: Mutex<Here>,
}

/// By their numbers, the oldest first.
#[derive(Debug, Default)]
struct Here {
    next: u64,
    strangers: BTreeMap<u64, Stranger>,
}

#[derive(Debug)]
struct Stranger {
    from: Network,
    /// Dropped when it is to go.
    _stays: oneshot::Sender<()>,
}

/// Addresses that are likely those of one host: of IPv6 one has at least the 64 bits of its network
/// (RFC 4291, 2.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        const HOST_BITS: u32 = 64;
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                IpAddr::from((address.to_bits() >> HOST_BITS << HOST_BITS).to_be_bytes())
            }
        })
    }
}

/// The place of a stranger.
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    strangers: Arc<Strangers>,
    stays: oneshot::Receiver<()>,
}

impl Strangers {
    /// At most so many.
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            count_max,
            here: Mutex::default(),
        }
    }

    /// A place for one more. Of too many the oldest goes of those whose network has the most.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Place {
        let (stays, is_to_go) = oneshot::channel();
        let mut here = self.here();
        let number = here.next;
        here.next += 1;
        if here.strangers.len() >= self.count_max
            && let Some(first) = here.first_to_go()
        {
            here.strangers.remove(&first);
        }
        let stranger = Stranger {
            from: address.into(),
            _stays: stays,
        };
        here.strangers.insert(number, stranger);
        Place {
            number,
            strangers: Arc::clone(self),
            stays: is_to_go,
        }
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Here {
    fn first_to_go(&self) -> Option<u64> {
        let mut networks = BTreeMap::<Network, (usize, u64)>::new();
        for (number, stranger) in &self.strangers {
            let (count, _) = networks.entry(stranger.from).or_insert((0, *number));
            *count += 1;
        }
        let most = networks.into_values().max_by_key(|(count, _)| *count);
        most.map(|(_, oldest)| oldest)
    }
}

impl Place {
    /// Resolves when it is to be given up.
    pub(crate) async fn gives_way(&mut self) {
        let _ = (&mut self.stays).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.strangers.here().strangers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who goes where they come in this order, by the order in which they came.
    fn gone(count_max: usize, come: &[&str]) -> Vec<usize> {
        let strangers = Arc::new(Strangers::new(count_max));
        let places: Vec<Place> = come
            .iter()
            .map(|address| strangers.enter(address.parse().unwrap()))
            .collect();
        let gone = places
            .into_iter()
            .enumerate()
            .filter_map(|(at, mut place)| {
                let is_gone = place.stays.try_recv() == Err(oneshot::error::TryRecvError::Closed);
                is_gone.then_some(at)
            });
        gone.collect()
    }

    #[test]
    fn whoever_has_the_most_gives_way_and_the_oldest_of_those() {
        let check = |come: &[&str], expected: &[usize]| {
            assert_eq!(gone(3, come), expected, "{come:?}");
        };
        let [a, b, c, d] = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"];
        check(&[a, a, a], &[]);
        check(&[a, a, a, a, a], &[0, 1]);
        check(&[b, a, a, a, a], &[1, 2]);
        check(&[a, b, a, c], &[0]);
        // The same host, as it says itself.
        check(&[d, c, "2001:db8::2", "2001:db8::3"], &[1]);
        check(&[b, a, "::ffff:192.0.2.1", a], &[1]);
    }

    #[test]
    fn a_place_that_is_left_is_free() {
        let strangers = Arc::new(Strangers::new(1));
        let address = IpAddr::from([192, 0, 2, 1]);
        drop(strangers.enter(address));
        assert!(strangers.here().strangers.is_empty());
        let mut first = strangers.enter(address);
        let second = strangers.enter(address);
        assert!(first.stays.try_recv() == Err(oneshot::error::TryRecvError::Closed));
        drop(first);
        assert_eq!(strangers.here().strangers.len(), 1, "the place of another");
        drop(second);
        assert!(strangers.here().strangers.is_empty());
    }
}
