//! For whom the primary keeps its log, and for how long. How many bytes it may take is the log's
//! own bound.

use base::Timestamp;
use core::time::Duration;
use std::collections::VecDeque;

/// Moments that are remembered at most.
const MARKS_MAX: u32 = 64;

/// Keeps the log for the slowest secondary, and for none longer than a given time. The time counts
/// from when this began to look: a restart gives everybody a little more.
#[derive(Debug)]
pub struct Retention {
    kept_for: Duration,
    /// Where the log ended at some moments, the earliest first.
    marks: VecDeque<(Timestamp, u64)>,
}

impl Retention {
    /// Keeps entries for `kept_for` at most.
    pub const fn new(kept_for: Duration) -> Self {
        Self {
            kept_for,
            marks: VecDeque::new(),
        }
    }

    /// After which entry the log is to be kept, where it ends at `applied` and its secondaries are
    /// at `positions`; None where there are no secondaries. To be asked now and then: between two
    /// moments that are further apart than a part of the time, the earlier one counts.
    pub fn keep_after(
        &mut self,
        now: Timestamp,
        applied: u64,
        positions: impl IntoIterator<Item = u64>,
    ) -> Option<u64> {
        let is_due = self
            .marks
            .back()
            .is_none_or(|(at, _)| now.since(*at) >= self.kept_for / MARKS_MAX);
        if is_due {
            self.marks.push_back((now, applied));
        }
        // The first is the last one that is old enough, once there is one.
        while let Some((second, _)) = self.marks.get(1)
            && now.since(*second) >= self.kept_for
        {
            self.marks.pop_front();
        }
        let too_old = self
            .marks
            .front()
            .filter(|(at, _)| now.since(*at) >= self.kept_for)
            .map_or(0, |(_, index)| *index);
        let slowest = positions.into_iter().min();
        slowest.map(|slowest| slowest.max(too_old))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    /// An hour; the log grows by ten entries a minute.
    fn ask(retention: &mut Retention, minutes: u64, positions: &[u64]) -> Option<u64> {
        retention.keep_after(at(minutes), minutes * 10, positions.iter().copied())
    }

    #[test]
    fn the_slowest_counts_and_nobody_is_nobody() {
        let mut retention = Retention::new(Duration::from_secs(3_600));
        assert_eq!(ask(&mut retention, 0, &[]), None);
        assert_eq!(ask(&mut retention, 30, &[200, 7, 300]), Some(7));
        assert_eq!(ask(&mut retention, 31, &[200]), Some(200));
        assert_eq!(ask(&mut retention, 32, &[]), None);
    }

    #[test]
    fn nothing_is_kept_for_longer_than_the_time() {
        let mut retention = Retention::new(Duration::from_secs(3_600));
        for minutes in 0..600 {
            let kept = ask(&mut retention, minutes, &[0]).unwrap();
            // Entries that are an hour old go, within a minute or two.
            let hour_ago = minutes.saturating_sub(60) * 10;
            assert!(kept <= hour_ago, "{minutes}: {kept}");
            assert!(kept + 20 >= hour_ago, "{minutes}: {kept}");
            assert_eq!(ask(&mut retention, minutes, &[6_000]), Some(6_000));
            assert!(retention.marks.len() <= MARKS_MAX as usize + 2);
        }
        // Whoever comes after a long silence finds what is not known to be old.
        assert_eq!(ask(&mut retention, 10_000, &[0]), Some(5_990));
    }

    #[test]
    fn a_clock_that_goes_back_purges_nothing() {
        let mut retention = Retention::new(Duration::from_secs(3_600));
        assert_eq!(ask(&mut retention, 100, &[0]), Some(0));
        assert_eq!(ask(&mut retention, 20, &[0]), Some(0));
        assert_eq!(ask(&mut retention, 159, &[0]), Some(0));
        assert_eq!(ask(&mut retention, 160, &[0]), Some(1_000));
    }
}
