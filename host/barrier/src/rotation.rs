//! When a new data key is due: AES-GCM with random nonces is safe for a number of values, and some
//! want none of their keys to be old. Pure.

use crate::TermStatus;
use base::Timestamp;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// When the active key is replaced by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct RotationPolicy {
    /// Is it replaced by itself at all?
    pub enabled: bool,
    max_operations: u64,
    interval: Duration,
}

/// A policy that would be none. Printed as operators know it from Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// So few that the node would do nothing else, or more than are safe.
    #[error(
        "max_operations must be in the range [{min},{max}]",
        min = RotationPolicy::OPERATIONS_MIN,
        max = RotationPolicy::OPERATIONS_MAX
    )]
    Operations,
    /// So short that terms would pile up.
    #[error("interval must be greater or equal to 24h0m0s")]
    Interval,
}

impl RotationPolicy {
    /// Fewest values under one key.
    pub const OPERATIONS_MIN: u64 = 1_000_000;
    /// Most values under one key: nine tenths of 2^32, the bound for random nonces.
    pub const OPERATIONS_MAX: u64 = 3_865_470_566;
    /// Shortest life of a key.
    pub const INTERVAL_MIN: Duration = Duration::from_secs(24 * 3600);

    /// The same policy with another number of values under one key.
    ///
    /// # Errors
    /// [`RotationError::Operations`].
    pub fn with_max_operations(self, max: i64) -> Result<Self, RotationError> {
        let range = Self::OPERATIONS_MIN..=Self::OPERATIONS_MAX;
        let max_operations = u64::try_from(max).ok().filter(|max| range.contains(max));
        Ok(Self {
            max_operations: max_operations.ok_or(RotationError::Operations)?,
            ..self
        })
    }

    /// The same policy with another life of a key; zero for as long as it takes.
    ///
    /// # Errors
    /// [`RotationError::Interval`].
    pub fn with_interval(self, interval: Duration) -> Result<Self, RotationError> {
        if !interval.is_zero() && interval < Self::INTERVAL_MIN {
            return Err(RotationError::Interval);
        }
        Ok(Self { interval, ..self })
    }

    /// How many values are sealed under one key.
    pub const fn max_operations(self) -> u64 {
        self.max_operations
    }

    /// How old a key gets; zero for any age.
    pub const fn interval(self) -> Duration {
        self.interval
    }

    /// Is the active key to be replaced?
    pub fn is_due(self, active: &TermStatus, now: Timestamp) -> bool {
        let is_used_up = active.encryptions >= self.max_operations;
        let is_old = !self.interval.is_zero() && now.since(active.installed) >= self.interval;
        self.enabled && (is_used_up || is_old)
    }
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            max_operations: Self::OPERATIONS_MAX,
            interval: Duration::ZERO,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    enabled: bool,
    max_operations: u64,
    interval_seconds: u64,
}

impl From<RotationPolicy> for Stored {
    fn from(policy: RotationPolicy) -> Self {
        Self {
            enabled: policy.enabled,
            max_operations: policy.max_operations,
            interval_seconds: policy.interval.as_secs(),
        }
    }
}

impl TryFrom<Stored> for RotationPolicy {
    type Error = RotationError;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let max = i64::try_from(stored.max_operations).map_err(|_| RotationError::Operations)?;
        let policy = Self {
            enabled: stored.enabled,
            ..Self::default()
        };
        policy
            .with_max_operations(max)?
            .with_interval(Duration::from_secs(stored.interval_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn bounds_are_those_of_vault() {
        let policy = RotationPolicy::default();
        for (max, fine) in [
            (1_000_000, true),
            (3_865_470_566, true),
            (999_999, false),
            (3_865_470_567, false),
            (0, false),
            (-1, false),
            (i64::MAX, false),
        ] {
            assert_eq!(policy.with_max_operations(max).is_ok(), fine, "{max}");
        }
        for (seconds, fine) in [(0, true), (86_400, true), (86_399, false), (1, false)] {
            let changed = policy.with_interval(Duration::from_secs(seconds));
            assert_eq!(changed.is_ok(), fine, "{seconds}");
        }
        assert_eq!(
            policy.with_max_operations(5).unwrap_err().to_string(),
            "max_operations must be in the range [1000000,3865470566]"
        );
    }

    #[test]
    fn a_key_is_due_by_count_or_by_age() {
        let installed = Timestamp::from_millis(1_000);
        let check = |policy: RotationPolicy, encryptions, age, expected| {
            let active = TermStatus {
                term: 1,
                installed,
                encryptions,
            };
            let due = policy.is_due(&active, installed.plus(age));
            assert_eq!(due, expected, "{policy:?} {encryptions} {age:?}");
        };
        let by_count = RotationPolicy::default()
            .with_max_operations(1_000_000)
            .unwrap();
        check(by_count, 999_999, DAY * 10_000, false);
        check(by_count, 1_000_000, Duration::ZERO, true);
        let by_age = RotationPolicy::default().with_interval(DAY).unwrap();
        check(by_age, 0, DAY - Duration::from_millis(1), false);
        check(by_age, 0, DAY, true);
        let off = RotationPolicy {
            enabled: false,
            ..by_age
        };
        check(off, u64::MAX, DAY * 2, false);
    }

    #[test]
    fn is_checked_when_it_is_read() {
        let policy = RotationPolicy::default().with_interval(DAY).unwrap();
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(
            serde_json::from_str::<RotationPolicy>(&text).unwrap(),
            policy
        );
        let forged = text.replace("3865470566", "5");
        assert!(serde_json::from_str::<RotationPolicy>(&forged).is_err());
    }
}
