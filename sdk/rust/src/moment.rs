//! Points in time and durations as texts.

use core::fmt::Write;

const SECOND: u64 = 1000;
const DAY: u64 = 24 * 60 * 60;

/// Milliseconds since the epoch as RFC 3339 in UTC, without zeros at the end of the fraction.
pub fn rfc3339(ms: u64) -> String {
    let (seconds, fraction) = (ms / SECOND, ms % SECOND);
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction > 0 {
        // Writing to a text cannot fail.
        let _ = write!(text, ".{fraction:03}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('Z');
    text
}

/// Days since the epoch as year, month and day of the Gregorian calendar. Years begin in March, so
/// that the day that not every year has comes last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let (month, years) = match months_since_march {
        0..10 => (months_since_march + 3, 0),
        _ => (months_since_march - 9, 1),
    };
    (era * 400 + year_of_era + years, month, day)
}

/// Whole seconds as Go writes a duration: `0s`, `1m0s`, `36h0m0s`.
pub fn duration_text(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{rest}s"),
        (0, _) => format!("{sign}{minutes}m{rest}s"),
        _ => format!("{sign}{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |ms, text: &str| assert_eq!(rfc3339(ms), text);
        check(0, "1970-01-01T00:00:00Z");
        check(1, "1970-01-01T00:00:00.001Z");
        check(951_782_400_000, "2000-02-29T00:00:00Z");
        check(951_868_799_990, "2000-02-29T23:59:59.99Z");
        check(951_868_800_100, "2000-03-01T00:00:00.1Z");
        check(1_795_410_895_374, "2026-11-23T05:14:55.374Z");
        check(4_107_542_400_000, "2100-03-01T00:00:00Z");
        check(253_402_300_799_000, "9999-12-31T23:59:59Z");
    }

    #[test]
    fn durations() {
        let check = |seconds, text: &str| assert_eq!(duration_text(seconds), text);
        check(0, "0s");
        check(59, "59s");
        check(60, "1m0s");
        check(3600, "1h0m0s");
        check(12_319, "3h25m19s");
        check(129_600, "36h0m0s");
        check(-1, "-1s");
        check(i64::MIN, "-2562047788015215h30m8s");
    }
}
