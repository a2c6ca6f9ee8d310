//! Time, given from outside.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment this many milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The moment `after` later; the end of time where that cannot be represented.
    #[must_use]
    pub fn plus(self, after: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC with nanosecond digits, as Vault prints times: `2026-01-02T03:04:05.678Z`.
    pub fn to_rfc3339(self) -> String {
        let nanos = i128::from(self.0) * 1_000_000;
        time::OffsetDateTime::from_unix_timestamp_nanos(nanos)
            .ok()
            .and_then(|at| {
                at.format(&time::format_description::well_known::Rfc3339)
                    .ok()
            })
            .unwrap_or_else(|| String::from("9999-12-31T23:59:59Z"))
    }

    /// The stamp of a line of syslog, RFC 3164, in UTC: `Jan  2 03:04:05`.
    pub fn to_rfc3164(self) -> String {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let seconds = i64::try_from(self.as_seconds()).unwrap_or(i64::MAX);
        let Ok(at) = time::OffsetDateTime::from_unix_timestamp(seconds) else {
            return String::from("Dec 31 23:59:59");
        };
        let month = MONTHS.get(usize::from(u8::from(at.month())).saturating_sub(1));
        let (hour, minute, second) = at.to_hms();
        format!(
            "{} {:>2} {hour:02}:{minute:02}:{second:02}",
            month.unwrap_or(&"Jan"),
            at.day()
        )
    }

    /// Reads what [`to_rfc3339`](Self::to_rfc3339) prints. None for anything that is not RFC 3339.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
            .ok()?;
        u64::try_from(at.unix_timestamp_nanos() / 1_000_000)
            .ok()
            .map(Self)
    }
}

/// Where the time comes from. The server gives the system's; tests give [`ManualClock`].
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// A time that only grows, to measure with; from when on it counts means nothing.
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now().as_millis())
    }
}

/// A clock that stands still until it is told.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `at`.
    pub const fn new(at: Timestamp) -> Self {
        Self(AtomicU64::new(at.0))
    }

    /// Moves on by `by`.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_rfc3339() {
        let at = Timestamp::from_millis(1_767_323_045_678);
        assert_eq!(at.to_rfc3339(), "2026-01-02T03:04:05.678Z");
        assert_eq!(
            Timestamp::from_rfc3339("2026-01-02T03:04:05.678Z"),
            Some(at)
        );
        assert_eq!(Timestamp::from_rfc3339("yesterday"), None);
    }

    #[test]
    fn prints_rfc3164() {
        let check = |millis, expected: &str| {
            assert_eq!(Timestamp::from_millis(millis).to_rfc3164(), expected);
        };
        check(1_767_323_045_678, "Jan  2 03:04:05");
        check(1_795_752_432_000, "Nov 27 04:07:12");
        check(u64::MAX, "Dec 31 23:59:59");
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        let end = Timestamp::from_millis(u64::MAX).plus(Duration::from_secs(1));
        assert_eq!(end.as_millis(), u64::MAX);
        assert_eq!(end.to_rfc3339(), "9999-12-31T23:59:59Z");
    }
}
