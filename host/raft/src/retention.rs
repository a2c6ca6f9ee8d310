//! How much of the log stays. Pure.
//!
//! ```text
//!            │◀──── kept bounds ─────────────────────────────────▶│
//!            │                    │◀──── usual bounds ───────────▶│
//!  ──────────┼──────────┬─────────┼───────────────────────────────┤ end
//!   gone     │ somebody │ gone    │ there
//!   whoever  │ needs it │ unless
//!   needs it │          │ needed
//! ```

use crate::{RaftConfig, RaftError};

/// The entries that the log has.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    /// Index of the oldest one.
    pub(crate) start: u64,
    /// Index after the last one.
    pub(crate) end: u64,
    /// Bytes of all entries before the oldest one.
    pub(crate) before_bytes: u64,
    /// Bytes of all entries up to the last one.
    pub(crate) end_bytes: u64,
}

/// Tells how many bytes there were before the entry with an index.
pub(crate) type Before<'a> = &'a dyn Fn(u64) -> Result<u64, RaftError>;

#[derive(Clone, Copy)]
struct Bounds {
    entries_max: u64,
    bytes_max: u64,
}

impl Bounds {
    const fn hold(self, entries: u64, bytes: u64) -> bool {
        entries <= self.entries_max && bytes <= self.bytes_max
    }

    /// Exceeding them by less than an eighth does not count: purging is cheaper in larger pieces.
    fn hold_about(self, entries: u64, bytes: u64) -> bool {
        let about = |limit: u64| limit.saturating_add(limit / 8);
        let about = Self {
            entries_max: about(self.entries_max),
            bytes_max: about(self.bytes_max),
        };
        about.hold(entries, bytes)
    }
}

impl Held {
    const fn count(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    const fn bytes(self) -> u64 {
        self.end_bytes.saturating_sub(self.before_bytes)
    }
}

const fn usual(config: &RaftConfig) -> Bounds {
    Bounds {
        entries_max: config.log_entries_max,
        bytes_max: config.log_bytes_max,
    }
}

/// Is the log within the usual bounds, or about so? Then nothing is to be purged, whoever needs what.
pub(crate) fn is_usual(held: Held, config: &RaftConfig) -> bool {
    // The last entry stays: it says where the log is.
    usual(config).hold_about(held.count(), held.bytes()) || held.count() <= 1
}

/// Up to which entry the log may be purged so that it is within its bounds again: the usual ones,
/// and where somebody needs the entries after `kept_after`, the larger ones for those. None where
/// nothing is to be purged, or so little that it can wait.
///
/// `before` is asked a few times where something is to be purged, once where that can wait, and not
/// at all where the log is within its bounds or all of it is needed.
pub(crate) fn purge_target(
    held: Held,
    kept_after: Option<u64>,
    config: &RaftConfig,
    before: Before<'_>,
) -> Result<Option<u64>, RaftError> {
    if is_usual(held, config) {
        return Ok(None);
    }
    let usual = usual(config);
    let larger = Bounds {
        entries_max: config.kept_entries_max.max(usual.entries_max),
        bytes_max: config.kept_bytes_max.max(usual.bytes_max),
    };
    let (count, bytes) = (held.count(), held.bytes());
    let last = held.end - 1;
    let needed = kept_after.map_or(last, |after| after.saturating_add(1));
    let needed = needed.clamp(held.start, last);
    let too_much = !larger.hold_about(count, bytes);
    // Somebody who follows slowly lets go of a few entries at a time.
    let is_worth_it = |next: u64| {
        let worth = |gone: u64, max: u64| gone > 0 && gone >= max / 16;
        Ok(next > held.start
            && (worth(next - held.start, usual.entries_max)
                || worth(
                    before(next)?.saturating_sub(held.before_bytes),
                    usual.bytes_max,
                )))
    };
    if !too_much && !is_worth_it(needed)? {
        return Ok(None);
    }
    let mut next = first_held(held, (held.start, needed), usual, before)?;
    if too_much && next == needed {
        next = first_held(held, (needed, last), larger, before)?;
    }
    let goes = next > held.start && (too_much || is_worth_it(next)?);
    Ok(goes.then(|| next - 1))
}

/// The first entry between two from which on the bounds hold, or the second of them.
fn first_held(
    held: Held,
    (mut from, mut to): (u64, u64),
    bounds: Bounds,
    before: Before<'_>,
) -> Result<u64, RaftError> {
    while from < to {
        let middle = from + (to - from) / 2;
        let bytes = held.end_bytes.saturating_sub(before(middle)?);
        if bounds.hold(held.end - middle, bytes) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    Ok(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(start: u64, sizes: &[u64], kept_after: Option<u64>) -> Option<u64> {
        let config = RaftConfig {
            log_entries_max: 32,
            log_bytes_max: 3_200,
            kept_entries_max: 320,
            kept_bytes_max: 32_000,
            ..RaftConfig::default()
        };
        // Other entries were there before.
        let before = |index: u64| {
            let count = usize::try_from(index - start).unwrap();
            Ok(7_000 + sizes[..count].iter().sum::<u64>())
        };
        let end = start + sizes.len() as u64;
        let held = Held {
            start,
            end,
            before_bytes: before(start).unwrap(),
            end_bytes: before(end).unwrap(),
        };
        let found = purge_target(held, kept_after, &config, &before).unwrap();
        assert_eq!(found, walked(start, sizes, kept_after, &config));
        found
    }

    /// The same, entry by entry.
    fn walked(
        start: u64,
        sizes: &[u64],
        kept_after: Option<u64>,
        config: &RaftConfig,
    ) -> Option<u64> {
        let usual = Bounds {
            entries_max: config.log_entries_max,
            bytes_max: config.log_bytes_max,
        };
        let larger = Bounds {
            entries_max: config.kept_entries_max,
            bytes_max: config.kept_bytes_max,
        };
        let (all_count, all_bytes) = (sizes.len() as u64, sizes.iter().sum());
        if usual.hold_about(all_count, all_bytes) {
            return None;
        }
        let too_much = !larger.hold_about(all_count, all_bytes);
        let (mut count, mut bytes, mut next) = (all_count, all_bytes, start);
        for size in sizes {
            let stays = match kept_after {
                Some(after) if next > after => !too_much || larger.hold(count, bytes),
                _ => usual.hold(count, bytes),
            };
            if stays || count == 1 {
                break;
            }
            (count, bytes, next) = (count - 1, bytes - size, next + 1);
        }
        let worth = |gone: u64, max: u64| gone > 0 && gone >= max / 16;
        let is_worth_it = worth(all_count - count, usual.entries_max)
            || worth(all_bytes - bytes, usual.bytes_max)
            || (too_much && count < all_count);
        is_worth_it.then(|| next - 1)
    }

    #[test]
    fn a_log_a_little_beyond_its_bounds_is_left_alone() {
        let config = RaftConfig {
            log_entries_max: 32,
            log_bytes_max: 3_200,
            ..RaftConfig::default()
        };
        for (count, bytes, expected) in [
            (32, 3_200, true),
            (36, 3_600, true),
            (37, 3_600, false),
            (36, 3_601, false),
            // It is the last entry.
            (1, 1_000_000, true),
        ] {
            let held = Held {
                start: 7,
                end: 7 + count,
                before_bytes: 50,
                end_bytes: 50 + bytes,
            };
            assert_eq!(is_usual(held, &config), expected, "{count} {bytes}");
        }
    }

    proptest! {
        #[test]
        fn it_is_found_as_if_every_entry_was_looked_at(
            start in 0_u64..1_000,
            runs in prop::collection::vec((1_u64..3_000, 0_usize..80), 0..10),
            kept_after in prop::option::of(0_u64..1_800),
        ) {
            let runs = runs.iter().flat_map(|(size, count)| vec![*size; *count]);
            target(start, &runs.collect::<Vec<_>>(), kept_after);
        }
    }

    #[test]
    fn the_bounds_hold() {
        let check = |count: usize, size: u64, kept_after, expected| {
            let found = target(100, &vec![size; count], kept_after);
            assert_eq!(
                found, expected,
                "{count} of {size}, kept after {kept_after:?}"
            );
        };
        // Within the usual bounds, or nearly.
        check(0, 1, None, None);
        check(32, 1, None, None);
        check(36, 1, None, None);
        check(36, 1, Some(0), None);
        // Beyond them, and nobody needs it.
        check(40, 1, None, Some(107));
        check(20, 400, None, Some(111));
        // Somebody needs it.
        check(40, 1, Some(0), None);
        check(40, 1, Some(99), None);
        // Some of it: what is before goes, once it is worth it.
        check(40, 1, Some(100), None);
        check(40, 1, Some(101), Some(101));
        check(40, 1, Some(103), Some(103));
        check(40, 1, Some(107), Some(107));
        // Somebody at the end changes nothing.
        check(40, 1, Some(139), Some(107));
        check(40, 1, Some(900), Some(107));
        // Beyond the larger bounds nobody's need counts.
        check(360, 1, Some(0), None);
        check(361, 1, Some(0), Some(140));
        check(361, 1, Some(200), Some(200));
        check(20, 2_000, Some(0), Some(103));
        // The last entry stays, however large.
        check(1, 1_000_000, None, None);
        check(2, 1_000_000, Some(0), Some(100));
    }
}
