//! How long something took.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

/// The shortest time that is told from none.
const UNIT_NANOS_LOG2: u32 = 8;
/// Buckets of each power of two: a time is known to an eighth.
const PARTS_LOG2: u32 = 2;
/// Up to 137 seconds; what takes longer is counted in the last one.
const BUCKETS_COUNT: usize = 116;

/// How long something took each time, in buckets of an eighth's exactness. To record costs two atomic
/// additions.
#[derive(Debug)]
pub struct Timer {
    buckets: [AtomicU64; BUCKETS_COUNT],
    sum_nanos: AtomicU64,
}

impl Default for Timer {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS_COUNT],
            sum_nanos: AtomicU64::new(0),
        }
    }
}

/// The bucket of a time.
fn bucket(nanos: u64) -> usize {
    let units = nanos >> UNIT_NANOS_LOG2;
    let parts = 1_u64 << PARTS_LOG2;
    if units < parts {
        return usize::try_from(units).unwrap_or(0);
    }
    let power = units.ilog2();
    let part = (units >> (power - PARTS_LOG2)) & (parts - 1);
    let index = u64::from(power - PARTS_LOG2 + 1) * parts + part;
    usize::try_from(index).map_or(BUCKETS_COUNT - 1, |index| index.min(BUCKETS_COUNT - 1))
}

/// Where a bucket begins, in nanoseconds.
fn begin(index: usize) -> u64 {
    let parts = 1_u64 << PARTS_LOG2;
    let index = index as u64;
    let units = match index / parts {
        0 => index,
        row => (parts + index % parts) << (row - 1),
    };
    units << UNIT_NANOS_LOG2
}

impl Timer {
    /// It took so long.
    pub fn record(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(bucket(nanos)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// All that was recorded.
    pub fn read(&self) -> Distribution {
        Distribution {
            buckets: self
                .buckets
                .iter()
                .map(|bucket| bucket.load(Ordering::Relaxed))
                .collect(),
            sum_nanos: self.sum_nanos.load(Ordering::Relaxed),
        }
    }
}

/// Many times that something took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// As many as [`BUCKETS_COUNT`], or none.
    buckets: Vec<u64>,
    sum_nanos: u64,
}

const NANOS_PER_MILLI: f64 = 1_000_000.0;

#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown needs no more digits than a float has"
)]
fn millis(nanos: u64) -> f64 {
    nanos as f64 / NANOS_PER_MILLI
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown needs no more digits than a float has"
)]
fn float(count: u64) -> f64 {
    count as f64
}

impl Distribution {
    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.buckets
            .resize(self.buckets.len().max(other.buckets.len()), 0);
        for (ours, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *ours = ours.saturating_add(*theirs);
        }
        self.sum_nanos = self.sum_nanos.saturating_add(other.sum_nanos);
        self
    }

    /// What came since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = earlier.buckets.iter().chain(core::iter::repeat(&0));
        Self {
            buckets: self
                .buckets
                .iter()
                .zip(before)
                .map(|(now, before)| now.saturating_sub(*before))
                .collect(),
            sum_nanos: self.sum_nanos.saturating_sub(earlier.sum_nanos),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All of them together, in milliseconds.
    pub(crate) fn sum(&self) -> f64 {
        millis(self.sum_nanos)
    }

    pub(crate) fn mean(&self) -> f64 {
        match self.count() {
            0 => 0.0,
            count => self.sum() / float(count),
        }
    }

    fn filled(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        let filled = self.buckets.iter().enumerate();
        filled
            .map(|(index, count)| (index, *count))
            .filter(|(_, count)| *count > 0)
    }

    /// The shortest, as exactly as it is known.
    pub(crate) fn min(&self) -> f64 {
        self.filled()
            .next()
            .map_or(0.0, |(index, _)| millis(begin(index)))
    }

    /// The longest, as exactly as it is known.
    pub(crate) fn max(&self) -> f64 {
        self.filled()
            .next_back()
            .map_or(0.0, |(index, _)| millis(begin(index + 1)))
    }

    /// How far they are from their mean, as exactly as they are known.
    pub(crate) fn deviation(&self) -> f64 {
        let (count, mean) = (self.count(), self.mean());
        if count < 2 {
            return 0.0;
        }
        let squares = self.filled().map(|(index, count)| {
            let distance = middle(index) - mean;
            distance * distance * float(count)
        });
        (squares.sum::<f64>() / float(count - 1)).sqrt()
    }

    /// The time that this part of them stays below; None where there are none.
    pub(crate) fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = part * float(self.count());
        let mut seen = 0.0;
        for (index, count) in self.filled() {
            seen += float(count);
            if seen >= wanted {
                return Some(middle(index));
            }
        }
        None
    }
}

fn middle(index: usize) -> f64 {
    millis(begin(index).midpoint(begin(index + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_follow_one_another() {
        for index in 0..BUCKETS_COUNT - 1 {
            let (first, next) = (begin(index), begin(index + 1));
            assert!(first < next, "{index}");
            assert_eq!(bucket(first), index);
            assert_eq!(bucket(next - 1), index);
        }
        assert_eq!(bucket(u64::MAX), BUCKETS_COUNT - 1);
        assert!(begin(BUCKETS_COUNT - 1) > 100 * 1_000_000_000);
    }

    #[test]
    fn times_are_known_to_an_eighth() {
        let timer = Timer::default();
        for millis in 1..=100 {
            timer.record(Duration::from_millis(millis));
        }
        let all = timer.read();
        assert_eq!(all.count(), 100);
        let near = |found: f64, expected: f64| {
            assert!(
                (found - expected).abs() <= expected / 8.0,
                "{found} {expected}"
            );
        };
        near(all.quantile(0.5).unwrap(), 50.0);
        near(all.quantile(0.99).unwrap(), 99.0);
        near(all.min(), 1.0);
        near(all.max(), 100.0);
        near(all.deviation(), 29.0);
        assert!((all.mean() - 50.5).abs() < 1e-9);
        assert_eq!(Distribution::default().quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn what_is_added_can_be_taken_away(
            first in proptest::collection::vec(0..200_000_000_000_u64, 0..20),
            second in proptest::collection::vec(0..200_000_000_000_u64, 0..20),
        ) {
            let read = |times: &[u64]| {
                let timer = Timer::default();
                times.iter().for_each(|nanos| timer.record(Duration::from_nanos(*nanos)));
                timer.read()
            };
            let (one, other) = (read(&first), read(&second));
            let both = one.clone().plus(&other);
            prop_assert_eq!(both.count(), (first.len() + second.len()) as u64);
            prop_assert_eq!(both.since(&one), other);
        }
    }
}
