//! Times as texts.

use core::fmt::Write;

const SECOND: u64 = 1000;
const DAY: u64 = 24 * 60 * 60;

/// Milliseconds since the epoch as RFC 3339 in UTC, without zeros at the end of the fraction.
pub(crate) fn rfc3339(ms: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_120, "2000-02-29T00:00:00.12Z"),
            (4_102_444_799_000, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(ms), text);
        }
    }
}
