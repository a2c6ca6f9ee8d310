//! Who may not log in for a while, after too many wrong secrets.

use crate::recent::Recent;
use base::{MountId, Timestamp};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Names that are remembered. With more of them failing at once, those that did not for longest begin
/// anew.
const NAMES_MAX: usize = 1 << 16;

/// A longer name is nobody's: identity takes none.
const NAME_BYTES_MAX: usize = 1024;

/// When somebody is locked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutRules {
    /// Failures in a row that lock.
    pub threshold: u64,
    /// For how long.
    pub duration: Duration,
    /// After how long without a failure it begins at none again.
    pub counter_reset: Duration,
}

impl Default for LockoutRules {
    /// As Vault has them.
    fn default() -> Self {
        let quarter = Duration::from_secs(15 * 60);
        Self {
            threshold: 5,
            duration: quarter,
            counter_reset: quarter,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u64,
    last: Timestamp,
}

impl Failures {
    fn lock(&self, rules: &LockoutRules, now: Timestamp) -> bool {
        self.count >= rules.threshold && now < self.last.plus(rules.duration)
    }
}

type Names = Recent<(MountId, String), Failures>;

/// The names that failed lately, by mount.
#[derive(Debug)]
pub struct Lockouts(Mutex<Names>);

impl Default for Lockouts {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(NAMES_MAX)))
    }
}

impl Lockouts {
    /// Is this name locked out?
    pub fn is_locked(
        &self,
        mount: MountId,
        name: &str,
        rules: &LockoutRules,
        now: Timestamp,
    ) -> bool {
        let names = self.names();
        let failures = names.get(&(mount, name.to_owned()));
        failures.is_some_and(|failures| failures.lock(rules, now))
    }

    /// A login with this name had a wrong secret.
    pub fn failed(&self, mount: MountId, name: &str, rules: &LockoutRules, now: Timestamp) {
        if name.len() > NAME_BYTES_MAX {
            return;
        }
        let none = Failures {
            count: 0,
            last: now,
        };
        let mut names = self.names();
        let failures = names.of((mount, name.to_owned()), || none);
        // Those that came while others locked it do not make that longer.
        if failures.lock(rules, now) {
            return;
        }
        let is_over = failures.count >= rules.threshold;
        if is_over || now.since(failures.last) >= rules.counter_reset {
            failures.count = 0;
        }
        failures.count += 1;
        failures.last = now;
    }

    /// A login with this name went well, or somebody unlocked it.
    pub fn forget(&self, mount: MountId, name: &str) {
        self.names().remove(&(mount, name.to_owned()));
    }

    /// The names that are locked out of a mount, in order.
    pub fn locked(&self, mount: MountId, rules: &LockoutRules, now: Timestamp) -> Vec<String> {
        let names = self.names();
        let of_mount = names.iter().filter(|((of, _), _)| *of == mount);
        let locked = of_mount.filter(|(_, failures)| failures.lock(rules, now));
        let mut locked: Vec<String> = locked.map(|((_, name), _)| name.clone()).collect();
        locked.sort_unstable();
        locked
    }

    /// Held for a lookup, or for a walk where an administrator asks.
    fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: LockoutRules = LockoutRules {
        threshold: 3,
        duration: Duration::from_secs(10),
        counter_reset: Duration::from_secs(20),
    };
    const MOUNT: MountId = MountId::new(7);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn what_locks_and_for_how_long() {
        // Seconds at which it fails; when it is asked; is it locked then?
        let check = |failures: &[u64], asked: u64, expected: bool| {
            let lockouts = Lockouts::default();
            for second in failures {
                lockouts.failed(MOUNT, "ann", &RULES, at(*second));
            }
            let found = lockouts.is_locked(MOUNT, "ann", &RULES, at(asked));
            assert_eq!(found, expected, "{failures:?} {asked}");
        };
        check(&[], 0, false);
        check(&[0, 1], 1, false);
        check(&[0, 1, 2], 2, true);
        check(&[0, 1, 2], 11, true);
        check(&[0, 1, 2], 12, false);
        check(&[0, 1, 2, 5], 12, false);
        check(&[0, 1, 2, 12], 12, false);
        check(&[0, 1, 2, 12, 13, 14], 14, true);
        check(&[0, 1, 21], 21, false);
        check(&[0, 1, 20], 20, true);
    }

    #[test]
    fn names_and_mounts_are_apart() {
        let lockouts = Lockouts::default();
        for name in ["bob", "ann", "bob", "ann", "bob", "ann", "cy"] {
            lockouts.failed(MOUNT, name, &RULES, at(1));
        }
        assert_eq!(lockouts.locked(MOUNT, &RULES, at(2)), ["ann", "bob"]);
        let other = MountId::new(8);
        assert!(!lockouts.is_locked(other, "ann", &RULES, at(2)));
        assert!(lockouts.locked(other, &RULES, at(2)).is_empty());
        lockouts.forget(MOUNT, "ann");
        assert_eq!(lockouts.locked(MOUNT, &RULES, at(2)), ["bob"]);
        assert!(lockouts.locked(MOUNT, &RULES, at(11)).is_empty());
    }

    #[test]
    fn other_rules_hold_at_once() {
        let lockouts = Lockouts::default();
        for _ in 0..3 {
            lockouts.failed(MOUNT, "ann", &RULES, at(1));
        }
        let milder = LockoutRules {
            threshold: 4,
            ..RULES
        };
        assert!(!lockouts.is_locked(MOUNT, "ann", &milder, at(1)));
    }

    #[test]
    fn names_without_end_take_no_room_without_end() {
        let lockouts = Lockouts::default();
        for number in 0..NAMES_MAX * 2 {
            lockouts.failed(MOUNT, &number.to_string(), &RULES, at(1));
        }
        lockouts.failed(MOUNT, &"x".repeat(NAME_BYTES_MAX + 1), &RULES, at(1));
        assert!(lockouts.names().count() <= NAMES_MAX);
        assert!(
            lockouts
                .names()
                .iter()
                .all(|((_, name), _)| name.len() <= NAME_BYTES_MAX)
        );
    }
}
