//! Durations: as people read them, and as Go writes them.

use core::time::Duration;

/// Seconds in hours, minutes and seconds, without the parts that are zero: `1h1s`, `25h`.
pub(crate) fn human(seconds: i64) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    let sign = if seconds < 0 { "-" } else { "" };
    let total = seconds.unsigned_abs();
    let mut text = String::from(sign);
    for (amount, unit) in [
        (total / 3600, 'h'),
        (total / 60 % 60, 'm'),
        (total % 60, 's'),
    ] {
        if amount > 0 {
            text.push_str(&format!("{amount}{unit}"));
        }
    }
    text
}

/// A duration as Go prints it: `1h0m0s`, `1m30s`, `0s`, `1.5s`.
pub(crate) fn go(duration: Duration) -> String {
    let total = duration.as_secs();
    let nanos = duration.subsec_nanos();
    if total == 0 && nanos > 0 {
        return below_a_second(nanos);
    }
    let fraction = match format!("{nanos:09}").trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m{seconds}{fraction}s"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

fn below_a_second(nanos: u32) -> String {
    let (unit, name) = match nanos {
        1_000_000.. => (1_000_000, "ms"),
        1_000.. => (1_000, "µs"),
        _ => (1, "ns"),
    };
    let number = f64::from(nanos) / f64::from(unit);
    format!("{number}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn human_durations() {
        let check = |seconds, expected: &str| assert_eq!(human(seconds), expected);
        check(0, "0s");
        check(5, "5s");
        check(61, "1m1s");
        check(3600, "1h");
        check(3601, "1h1s");
        check(90_000, "25h");
        check(2_764_800, "768h");
        check(-5, "-5s");
    }

    #[test]
    fn go_durations() {
        let check = |millis, expected: &str| {
            assert_eq!(go(Duration::from_millis(millis)), expected);
        };
        check(0, "0s");
        check(250, "250ms");
        check(1_500, "1.5s");
        check(90_000, "1m30s");
        check(300_000, "5m0s");
        check(3_600_000, "1h0m0s");
        check(172_800_000, "48h0m0s");
    }
}
