//! How old what a secondary has is, told by the clock of whoever looks.

use base::Timestamp;
use core::time::Duration;

/// What is known of it. Both sides keep it: the primary when it hears what the secondary has, the
/// secondary when it hears how far the primary is.
#[derive(Clone, Debug, Default)]
pub struct Freshness {
    /// It has everything that there was then.
    whole_at: Option<Timestamp>,
    /// It did not have this entry then, which was the last.
    missing: Option<(u64, Timestamp)>,
}

impl Freshness {
    /// It has the entries up to `has`, of those up to `head` that there are.
    pub fn note(&mut self, has: u64, head: u64, now: Timestamp) {
        if has >= head {
            self.whole_at = Some(now);
            self.missing = None;
            return;
        }
        if let Some((_, then)) = self.missing.take_if(|(missing, _)| has >= *missing) {
            self.whole_at = Some(then);
        }
        self.missing.get_or_insert((head, now));
    }

    /// How long ago there was nothing that it does not have; None where nobody knows.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.whole_at.map(|then| now.since(then))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_old_as_the_last_moment_of_which_everything_is_here() {
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1_000);
        let mut freshness = Freshness::default();
        let mut check = |has, head, now, expected: Option<u64>| {
            freshness.note(has, head, at(now));
            let age = freshness.age(at(now));
            assert_eq!(
                age.map(|age| age.as_secs()),
                expected,
                "{has} of {head} at {now}"
            );
        };
        // Nobody knows how old the first entries are.
        check(0, 10, 100, None);
        check(5, 20, 110, None);
        // It has what there was at 100.
        check(10, 30, 120, Some(20));
        check(29, 40, 130, Some(30));
        // What there was at 120.
        check(30, 50, 140, Some(20));
        check(50, 50, 150, Some(0));
        // It stays where it is while more is written.
        check(50, 60, 160, Some(10));
        check(50, 70, 3_750, Some(3_600));
        check(60, 70, 3_760, Some(3_600));
        check(70, 70, 3_770, Some(0));
    }
}
