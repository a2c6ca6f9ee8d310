//! Durations as Vault's users write them.

use core::time::Duration;

/// A text that is not a duration. Prints what Go's parser says of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time: invalid duration {0:?}")]
pub struct DurationError(pub String);

/// Reads `90` (seconds), `1.5h`, `1h30m`, `250ms` or `2d`. Empty text is zero. Negative ones are
/// refused: no field takes them.
///
/// # Errors
/// [`DurationError`] for every other text, also for one too long to represent.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let wrong = || DurationError(text.to_owned());
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Duration::ZERO);
    }
    if trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
        return trimmed
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| wrong());
    }
    let mut total = Duration::ZERO;
    let mut rest = trimmed;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(wrong)?;
        let (number, tail) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let letters = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters).ok_or_else(wrong)?;
        let part = scale(number, unit).ok_or_else(wrong)?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = tail;
    }
    Ok(total)
}

fn scale(number: &str, unit: &str) -> Option<Duration> {
    let nanos_per: u64 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    };
    if let Ok(whole) = number.parse::<u64>() {
        return u64::try_from(u128::from(whole) * u128::from(nanos_per))
            .ok()
            .map(Duration::from_nanos);
    }
    let (whole, fraction) = number.split_once('.')?;
    let seconds: f64 = format!("{}.{}", non_empty(whole), non_empty(fraction))
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds * Duration::from_nanos(nanos_per).as_secs_f64()).ok()
}

fn non_empty(digits: &str) -> &str {
    if digits.is_empty() { "0" } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(
                parse_duration(text).ok().map(|d| d.as_millis()),
                expected.map(u128::from),
                "{text}"
            );
        };
        check("", Some(0));
        check("90", Some(90_000));
        check("60s", Some(60_000));
        check("1h30m", Some(5_400_000));
        check("1.5h", Some(5_400_000));
        check("2d", Some(172_800_000));
        check("250ms", Some(250));
        check("768h", Some(2_764_800_000));
        check("zz", None);
        check("5", Some(5_000));
        check("-5s", None);
        check("5 s", None);
        check("1.2.3s", None);
        check("s", None);
        check("99999999999999999999", None);
        check("9999999999999999999h", None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[0-9.hmsdnuµ -]{0,12}") {
            let _ = parse_duration(&text);
        }
    }
}
