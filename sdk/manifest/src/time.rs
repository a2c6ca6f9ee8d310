//! Points in time: RFC 3339 and seconds since the epoch, read into milliseconds.

/// Reads `2026-11-23T05:04:03.210Z`, the same with an offset, or seconds since the epoch. `None` for
/// every other text, and for years outside 1970 to 9999.
pub fn parse_time(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse::<u64>() {
        return seconds.checked_mul(1_000);
    }
    let (date, clock) = text.split_once(['T', 't'])?;
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = digits(parts.next()?, 2)?;
    let day = digits(parts.next()?, 2)?;
    if parts.next().is_some() {
        return None;
    }
    let offset_at = clock.find(['Z', 'z', '+', '-'])?;
    let (clock, offset) = clock.split_at_checked(offset_at)?;
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = digits(parts.next()?, 2).filter(|second| *second <= 60)?;
    if parts.next().is_some() {
        return None;
    }
    let days = days_since_epoch(year, month, day)?;
    let local = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let millis = local
        .checked_sub(offset_seconds(offset)?)?
        .checked_mul(1_000)?
        + milliseconds(fraction)?;
    u64::try_from(millis).ok()
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn milliseconds(fraction: &str) -> Option<i64> {
    let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let padded: String = fraction.chars().chain("00".chars()).take(3).collect();
    is_number.then(|| padded.parse().ok()).flatten()
}

fn offset_seconds(offset: &str) -> Option<i64> {
    if matches!(offset, "Z" | "z") {
        return Some(0);
    }
    let (sign, clock) = match (offset.strip_prefix('+'), offset.strip_prefix('-')) {
        (Some(clock), _) => (1, clock),
        (None, Some(clock)) => (-1, clock),
        (None, None) => return None,
    };
    let (hours, minutes) = clock.split_once(':')?;
    let hours = digits(hours, 2).filter(|hours| *hours < 24)?;
    let minutes = digits(minutes, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 60 + minutes) * 60)
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if year < 1970 || !(1..=length).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let days_to_month = (153 * month + 2) / 5;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + days_to_month + day - 719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check =
            |text: &str, expected: Option<u64>| assert_eq!(parse_time(text), expected, "{text}");
        check("0", Some(0));
        check("1795411243", Some(1_795_411_243_000));
        check("1970-01-01T00:00:00Z", Some(0));
        check("2000-02-29T12:30:15Z", Some(951_827_415_000));
        check("2026-11-23T05:20:44.182660252Z", Some(1_795_411_244_182));
        check("2026-11-23T06:20:44.1+01:00", Some(1_795_411_244_100));
        check("2026-11-22T23:20:44-06:00", Some(1_795_411_244_000));
        check("1969-12-31T23:59:59Z", None);
        check("1970-01-01T00:00:00+01:00", None);
        check("2023-02-29T00:00:00Z", None);
        check("2023-13-01T00:00:00Z", None);
        check("2023-01-01T24:00:00Z", None);
        check("2023-01-01T00:00:00", None);
        check("2023-01-01", None);
        check("soon", None);
        check("", None);
        check("99999999999999999999", None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[-+0-9TZ:.]{0,30}") {
            let _ = parse_time(&text);
        }
    }
}
