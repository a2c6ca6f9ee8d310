//! Durations as Vault's users write them, in whole seconds and with a sign.

/// Reads `90` (seconds), `-90`, `1h30m`, `1.5h`, `250ms`, `2d` or nothing (zero), and drops what is
/// less than a second.
///
/// # Errors
/// What Go's parser says of every other text.
pub fn parse_seconds(text: &str) -> Result<i64, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(0);
    }
    if let Ok(seconds) = trimmed.parse() {
        return Ok(seconds);
    }
    let (is_negative, unsigned) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let nanos = nanos(unsigned).map_err(|wrong| match wrong {
        Wrong::NoUnit => format!("time: missing unit in duration {text:?}"),
        Wrong::Malformed => format!("time: invalid duration {text:?}"),
    })?;
    let seconds = i64::try_from(nanos / NANOS_PER_SECOND)
        .map_err(|_| format!("time: invalid duration {text:?}"))?;
    Ok(if is_negative { -seconds } else { seconds })
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

enum Wrong {
    NoUnit,
    Malformed,
}

fn nanos(text: &str) -> Result<u128, Wrong> {
    if text.is_empty() {
        return Err(Wrong::Malformed);
    }
    let mut total = 0_u128;
    let mut rest = text;
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let number_end = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(number_end).ok_or(Wrong::Malformed)?;
        let unit_end = tail.find(is_number).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_end).ok_or(Wrong::Malformed)?;
        if number.is_empty() || number == "." {
            return Err(Wrong::Malformed);
        }
        let part = scale(number, nanos_per(unit)?).ok_or(Wrong::Malformed)?;
        total = total.checked_add(part).ok_or(Wrong::Malformed)?;
        rest = tail;
    }
    Ok(total)
}

fn nanos_per(unit: &str) -> Result<u128, Wrong> {
    Ok(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOS_PER_SECOND,
        "m" => 60 * NANOS_PER_SECOND,
        "h" => 3_600 * NANOS_PER_SECOND,
        "d" => 86_400 * NANOS_PER_SECOND,
        "" => return Err(Wrong::NoUnit),
        _ => return Err(Wrong::Malformed),
    })
}

/// `1.5` of a unit, without floating point.
fn scale(number: &str, nanos: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u128 = match whole {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let mut total = whole.checked_mul(nanos)?;
    let mut place = nanos;
    for digit in fraction.chars() {
        place /= 10;
        total = total.checked_add(place.checked_mul(u128::from(digit.to_digit(10)?))?)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |text: &str, expected: Result<i64, &str>| {
            assert_eq!(
                parse_seconds(text),
                expected.map_err(str::to_owned),
                "{text}"
            );
        };
        check("", Ok(0));
        check("90", Ok(90));
        check("-90", Ok(-90));
        check("60s", Ok(60));
        check("1h30m", Ok(5_400));
        check("1.5h", Ok(5_400));
        check("-1.5h", Ok(-5_400));
        check("2d", Ok(172_800));
        check("1d12h", Ok(129_600));
        check("999ms", Ok(0));
        check("1500ms", Ok(1));
        check("768h", Ok(2_764_800));
        check("7200.7", Err("time: missing unit in duration \"7200.7\""));
        check("zz", Err("time: invalid duration \"zz\""));
        check("5 s", Err("time: invalid duration \"5 s\""));
        check("1.2.3s", Err("time: invalid duration \"1.2.3s\""));
        check("s", Err("time: invalid duration \"s\""));
        check("-", Err("time: invalid duration \"-\""));
        let long = "9".repeat(40);
        assert!(parse_seconds(&long).is_err());
        assert!(parse_seconds(&format!("{long}h")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[-+0-9.hmsdnuµ ]{0,12}") {
            let _ = parse_seconds(&text);
        }

        #[test]
        fn whole_seconds_are_themselves(seconds in proptest::num::i64::ANY) {
            proptest::prop_assert_eq!(parse_seconds(&seconds.to_string()), Ok(seconds));
        }
    }
}
