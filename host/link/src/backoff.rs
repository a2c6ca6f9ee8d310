//! How long to wait before the next try.

use base::Entropy;
use core::time::Duration;

/// Waits that grow from try to try, with jitter: those who lost a connection at the same moment do
/// not come back at the same moment.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    /// Waits from about `base` to about `max`.
    pub const fn new(base: Duration, max: Duration) -> Self {
        Self {
            base,
            max,
            next: base,
        }
    }

    /// How long to wait now: between half of the step and all of it. The step doubles each time.
    pub fn wait(&mut self, entropy: &dyn Entropy) -> Duration {
        let step = self.next.min(self.max);
        self.next = step.saturating_mul(2).min(self.max);
        let mut random = [0; 4];
        entropy.fill(&mut random);
        let half = step / 2;
        let share = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
        half.saturating_add(half.mul_f64(share))
    }

    /// The next wait is a short one again: a connection stood.
    pub const fn succeeded(&mut self) {
        self.next = self.base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Same(u8);

    impl Entropy for Same {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn grows_up_to_the_most_and_begins_anew() {
        let seconds = |random: u8, backoff: &mut Backoff| backoff.wait(&Same(random)).as_secs_f64();
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let least: Vec<f64> = (0..5).map(|_| seconds(0, &mut backoff)).collect();
        assert_eq!(least, [0.5, 1.0, 2.0, 2.5, 2.5]);
        backoff.succeeded();
        let most: Vec<f64> = (0..5).map(|_| seconds(255, &mut backoff)).collect();
        assert_eq!(most, [1.0, 2.0, 4.0, 5.0, 5.0]);
    }

    #[test]
    fn bears_any_duration() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        assert!(backoff.wait(&Same(255)) > Duration::MAX / 3);
        let mut nothing = Backoff::new(Duration::ZERO, Duration::ZERO);
        assert_eq!(nothing.wait(&Same(255)), Duration::ZERO);
    }
}
