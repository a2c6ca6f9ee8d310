//! How many requests of a client fit into an interval.

use crate::recent::Recent;
use base::Timestamp;
use core::hash::BuildHasher;
use core::net::IpAddr;
use core::time::Duration;
use std::hash::RandomState;
use std::sync::{Mutex, PoisonError};

/// Clients of quotas that are remembered, all quotas together. With more of them at once, those that
/// did not come for longest begin anew: no limit on each address holds who has so many.
const CLIENTS_MAX: usize = 1 << 17;

/// Requests of different clients seldom wait for each other.
const SHARDS: usize = 16;

/// What a quota allows to each client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests in an interval.
    pub requests: u64,
    /// How long an interval is.
    pub interval: Duration,
    /// How long a client is turned away once it wanted more; zero for until the interval ends.
    pub block: Duration,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There was room; what is left of it, and when the interval ends.
    Passes {
        /// Requests that still fit.
        remaining: u64,
        /// Until there is as much room again as at first.
        reset: Duration,
    },
    /// There was no room.
    Exceeds {
        /// Until there is room again.
        reset: Duration,
        /// When it is worth to try again.
        retry: Duration,
    },
    /// There was none before, and the client is turned away for it.
    Blocked {
        /// When it is worth to try again.
        retry: Duration,
    },
}

/// One client under one quota.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// When its first interval began.
    since: Timestamp,
    /// Which interval since then this is.
    number: u64,
    used: u64,
    blocked_until: Timestamp,
}

type Key = (u64, IpAddr);

/// The windows of all clients under all quotas.
#[derive(Debug)]
pub struct Windows {
    shards: Vec<Mutex<Recent<Key, Window>>>,
    hash: RandomState,
}

impl Default for Windows {
    fn default() -> Self {
        let shard = || Mutex::new(Recent::new(CLIENTS_MAX / SHARDS));
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hash: RandomState::new(),
        }
    }
}

impl Windows {
    /// Takes the room of one request of `client` under the quota that is known as `quota`.
    pub fn take(&self, quota: u64, rate: &Rate, client: IpAddr, now: Timestamp) -> Verdict {
        let key = (quota, client.to_canonical());
        let spread = usize::try_from(self.hash.hash_one(key) % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.shards.get(spread) else {
            return Verdict::Passes {
                remaining: rate.requests,
                reset: rate.interval,
            };
        };
        // Held for one lookup and a few additions.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.of(key, || Window::new(now)).take(rate, now)
    }
}

impl Window {
    const fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            number: 0,
            used: 0,
            blocked_until: Timestamp::from_millis(0),
        }
    }

    fn take(&mut self, rate: &Rate, now: Timestamp) -> Verdict {
        if now < self.blocked_until {
            return Verdict::Blocked {
                retry: self.blocked_until.since(now),
            };
        }
        let interval = millis(rate.interval).max(1);
        let elapsed = millis(now.since(self.since));
        let number = elapsed / interval;
        if number > self.number {
            self.number = number;
            self.used = 0;
        }
        let reset = Duration::from_millis(interval - elapsed % interval);
        if self.used < rate.requests {
            self.used += 1;
            let remaining = rate.requests - self.used;
            return Verdict::Passes { remaining, reset };
        }
        if rate.block.is_zero() {
            let retry = reset;
            return Verdict::Exceeds { reset, retry };
        }
        self.blocked_until = now.plus(rate.block);
        Verdict::Exceeds {
            reset,
            retry: rate.block,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv6Addr;

    const RATE: Rate = Rate {
        requests: 2,
        interval: Duration::from_secs(10),
        block: Duration::ZERO,
    };
    const BLOCKING: Rate = Rate {
        block: Duration::from_secs(4),
        ..RATE
    };

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn address(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_client_has_its_own_window() {
        let windows = Windows::default();
        let take = |number, millis| windows.take(1, &RATE, address(number), at(millis));
        let passes = |remaining, seconds| Verdict::Passes {
            remaining,
            reset: secs(seconds),
        };
        assert_eq!(take(1, 0), passes(1, 10));
        assert_eq!(take(1, 1000), passes(0, 9));
        let exceeds = Verdict::Exceeds {
            reset: secs(8),
            retry: secs(8),
        };
        assert_eq!(take(1, 2000), exceeds);
        assert_eq!(take(2, 2000), passes(1, 10));
        assert_eq!(take(1, 10_000), passes(1, 10));
        assert_eq!(take(1, 35_000), passes(1, 5));
    }

    #[test]
    fn quotas_do_not_share_windows() {
        let windows = Windows::default();
        for quota in 0..3 {
            let verdict = windows.take(quota, &RATE, address(1), at(0));
            assert!(matches!(verdict, Verdict::Passes { remaining: 1, .. }));
        }
    }

    #[test]
    fn who_wanted_more_is_blocked_and_does_not_make_it_longer() {
        let windows = Windows::default();
        let take = |millis| windows.take(1, &BLOCKING, address(1), at(millis));
        take(9000);
        take(9000);
        let exceeds = Verdict::Exceeds {
            reset: secs(10),
            retry: secs(4),
        };
        assert_eq!(take(9000), exceeds);
        for later in [1, 2, 3] {
            let blocked = Verdict::Blocked {
                retry: secs(4 - later),
            };
            assert_eq!(take(9000 + later * 1000), blocked);
        }
        assert!(matches!(take(13_000), Verdict::Exceeds { .. }));
        assert!(matches!(take(19_500), Verdict::Passes { .. }));
    }

    #[test]
    fn one_client_has_one_address() {
        let windows = Windows::default();
        let mapped = |number: u8| match address(number) {
            IpAddr::V4(four) => IpAddr::V6(four.to_ipv6_mapped()),
            six => six,
        };
        windows.take(1, &RATE, address(1), at(0));
        let verdict = windows.take(1, &RATE, mapped(1), at(0));
        assert!(matches!(verdict, Verdict::Passes { remaining: 0, .. }));
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_room() {
        let windows = Windows::default();
        windows.take(1, &RATE, address(1), at(50_000));
        windows.take(1, &RATE, address(1), at(50_000));
        let verdict = windows.take(1, &RATE, address(1), at(20_000));
        assert!(matches!(verdict, Verdict::Exceeds { .. }));
    }

    #[test]
    fn memory_is_bounded_however_many_come() {
        let windows = Windows::default();
        for number in 0..u128::try_from(CLIENTS_MAX * 2).unwrap() {
            let client = IpAddr::V6(Ipv6Addr::from(number << 64));
            windows.take(1, &RATE, client, at(0));
        }
        let kept = |shard: &Mutex<Recent<Key, Window>>| shard.lock().unwrap().count();
        let count: usize = windows.shards.iter().map(kept).sum();
        assert!(count <= CLIENTS_MAX, "{count}");
        let size = size_of::<(Key, Window)>();
        assert!(size <= 96, "{size}");
    }
}
