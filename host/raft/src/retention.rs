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

use crate::RaftConfig;
use std::collections::VecDeque;

/// The entries that the log has.
pub(crate) struct Held<'a> {
    /// Index of the oldest one.
    pub(crate) start: u64,
    /// Bytes of each, the oldest first.
    pub(crate) sizes: &'a VecDeque<u64>,
    /// Bytes of all.
    pub(crate) size_bytes: u64,
}

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

/// Up to which entry the log may be purged so that it is within its bounds again: the usual ones,
/// and where somebody needs the entries after `kept_after`, the larger ones for those. None where
/// nothing is to be purged, or so little that it can wait.
pub(crate) fn purge_target(
    held: &Held<'_>,
    kept_after: Option<u64>,
    config: &RaftConfig,
) -> Option<u64> {
    let usual = Bounds {
        entries_max: config.log_entries_max,
        bytes_max: config.log_bytes_max,
    };
    let larger = Bounds {
        entries_max: config.kept_entries_max.max(usual.entries_max),
        bytes_max: config.kept_bytes_max.max(usual.bytes_max),
    };
    let (all_count, all_bytes) = (held.sizes.len() as u64, held.size_bytes);
    if usual.hold_about(all_count, all_bytes) {
        return None;
    }
    let too_much = !larger.hold_about(all_count, all_bytes);
    let (mut count, mut bytes) = (all_count, all_bytes);
    let mut next = held.start;
    for size in held.sizes {
        let needed = kept_after.is_some_and(|after| next > after);
        let stays = if needed {
            !too_much || larger.hold(count, bytes)
        } else {
            usual.hold(count, bytes)
        };
        // The last entry stays: it says where the log is.
        if stays || count == 1 {
            break;
        }
        count -= 1;
        bytes -= size;
        next += 1;
    }
    // Somebody who follows slowly lets go of a few entries at a time.
    let worth = |gone: u64, max: u64| gone > 0 && gone >= max / 16;
    let is_worth_it = worth(all_count - count, usual.entries_max)
        || worth(all_bytes - bytes, usual.bytes_max)
        || (too_much && count < all_count);
    is_worth_it.then(|| next.checked_sub(1)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(start: u64, sizes: &[u64], kept_after: Option<u64>) -> Option<u64> {
        let config = RaftConfig {
            log_entries_max: 32,
            log_bytes_max: 3_200,
            kept_entries_max: 320,
            kept_bytes_max: 32_000,
            ..RaftConfig::default()
        };
        let sizes: VecDeque<u64> = sizes.iter().copied().collect();
        let held = Held {
            start,
            size_bytes: sizes.iter().sum(),
            sizes: &sizes,
        };
        purge_target(&held, kept_after, &config)
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
