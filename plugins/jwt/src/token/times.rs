//! When a token is good, by RFC 7519 and by what a role allows for.

use core::fmt;
use sdk::Json;

/// Allowed for clocks that differ, where a role says nothing.
const CLOCK_SKEW_SECONDS: i64 = 60;
/// Stands for an expiry or a start that is not there, where a role says nothing.
const LEEWAY_SECONDS: i64 = 150;

/// What a role allows for, in seconds: 0 for what is usual, less for nothing at all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Leeways {
    pub(crate) clock_skew: i64,
    pub(crate) expiration: i64,
    pub(crate) not_before: i64,
}

/// Why a token is not good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untimely {
    NotANumber(&'static str),
    None,
    NotYet,
    Expired,
    FromTheFuture,
}

impl fmt::Display for Untimely {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(name) => write!(f, "{name} is not a number of seconds"),
            Self::None => f.write_str(
                "no issued at (iat), not before (nbf), or expiration time (exp) claims in token",
            ),
            Self::NotYet => f.write_str("invalid not before (nbf) claim: token not yet valid"),
            Self::Expired => f.write_str("invalid expiration time (exp) claim: token is expired"),
            Self::FromTheFuture => {
                f.write_str("invalid issued at (iat) claim: token issued in the future")
            }
        }
    }
}

/// Is a token with these claims good now?
pub(crate) fn check(claims: &Json, leeways: Leeways, now_ms: u64) -> Result<(), Untimely> {
    let issued = seconds(claims, "iat")?;
    let start = seconds(claims, "nbf")?;
    let end = seconds(claims, "exp")?;
    let skew = skew(leeways);
    let latest = issued.max(start);
    let end = match (end, latest) {
        (Some(end), _) => end,
        (None, Some(latest)) => latest.saturating_add(or_usual(leeways.expiration, LEEWAY_SECONDS)),
        (None, None) => return Err(Untimely::None),
    };
    let usual_start = || end.saturating_sub(or_usual(leeways.not_before, LEEWAY_SECONDS));
    let start = start.or(issued).unwrap_or_else(usual_start);
    if is_before(now_ms, start.saturating_sub(skew)) {
        return Err(Untimely::NotYet);
    }
    if !is_before(now_ms, end.saturating_add(skew)) {
        return Err(Untimely::Expired);
    }
    match issued {
        Some(issued) if is_before(now_ms, issued.saturating_sub(skew)) => {
            Err(Untimely::FromTheFuture)
        }
        _ => Ok(()),
    }
}

/// Seconds that clocks may differ by.
pub(crate) const fn skew(leeways: Leeways) -> i64 {
    or_usual(leeways.clock_skew, CLOCK_SKEW_SECONDS)
}

/// A claim in seconds since the epoch; none where it is left out or null.
pub(crate) fn seconds(claims: &Json, name: &'static str) -> Result<Option<i64>, Untimely> {
    match claims.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(number)) => whole(number).map(Some).ok_or(Untimely::NotANumber(name)),
        Some(_) => Err(Untimely::NotANumber(name)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction is meant to go, and what is out of range is the largest or smallest time"
)]
fn whole(number: &serde_json::Number) -> Option<i64> {
    number
        .as_i64()
        .or_else(|| number.as_f64().map(|float| float as i64))
}

const fn or_usual(given: i64, usual: i64) -> i64 {
    match given {
        0 => usual,
        given if given < 0 => 0,
        given => given,
    }
}

fn is_before(now_ms: u64, seconds: i64) -> bool {
    i128::from(now_ms) < i128::from(seconds) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::json;

    const NOW: i64 = 1_800_000_000;

    fn at(claims: &Json, leeways: Leeways) -> Result<(), Untimely> {
        check(claims, leeways, 1_800_000_000_000)
    }

    #[test]
    fn usual_leeways() {
        let check = |claims: Json, expected| {
            assert_eq!(at(&claims, Leeways::default()), expected, "{claims}");
        };
        check(json!({"exp": NOW + 300, "nbf": NOW, "iat": NOW}), Ok(()));
        check(json!({}), Err(Untimely::None));
        check(json!({"exp": null}), Err(Untimely::None));
        check(json!({"exp": NOW - 60, "nbf": 0}), Err(Untimely::Expired));
        check(json!({"exp": NOW - 59, "nbf": 0}), Ok(()));
        check(json!({"exp": NOW + 300}), Err(Untimely::NotYet));
        check(json!({"exp": NOW + 210}), Ok(()));
        check(json!({"exp": NOW + 211}), Err(Untimely::NotYet));
        check(json!({"iat": NOW - 209}), Ok(()));
        check(json!({"iat": NOW - 210}), Err(Untimely::Expired));
        check(json!({"nbf": NOW + 60}), Ok(()));
        check(json!({"nbf": NOW + 61}), Err(Untimely::NotYet));
        check(json!({"exp": NOW + 9, "nbf": 1, "iat": NOW + 60}), Ok(()));
        check(
            json!({"exp": NOW + 9, "nbf": 1, "iat": NOW + 61}),
            Err(Untimely::FromTheFuture),
        );
        check(json!({"exp": 0, "iat": NOW}), Err(Untimely::Expired));
        check(json!({"exp": -1, "iat": NOW}), Err(Untimely::Expired));
        check(
            json!({"exp": "1900000000"}),
            Err(Untimely::NotANumber("exp")),
        );
        check(
            json!({"exp": NOW + 9, "nbf": [1]}),
            Err(Untimely::NotANumber("nbf")),
        );
    }

    #[test]
    fn unusual_numbers() {
        let check = |claims: &str, expected| {
            let claims: Json = serde_json::from_str(claims).unwrap();
            assert_eq!(at(&claims, Leeways::default()), expected, "{claims}");
        };
        check(r#"{"exp":1800000001.5,"nbf":1}"#, Ok(()));
        check(r#"{"exp":18e8,"nbf":1}"#, Ok(()));
        check(r#"{"exp":1e300,"nbf":1}"#, Ok(()));
        check(r#"{"exp":-1e300,"nbf":1}"#, Err(Untimely::Expired));
        check(r#"{"exp":1e300,"nbf":1e300}"#, Err(Untimely::NotYet));
        check(
            r#"{"exp":1e300,"nbf":1,"iat":99999999999999999999}"#,
            Err(Untimely::FromTheFuture),
        );
        check(r#"{"nbf":9223372036854775807}"#, Err(Untimely::NotYet));
        check(r#"{"exp":-9223372036854775808}"#, Err(Untimely::Expired));
    }

    #[test]
    fn leeways_of_a_role() {
        let none = Leeways {
            clock_skew: -1,
            expiration: -1,
            not_before: -1,
        };
        let ten = Leeways {
            clock_skew: 10,
            expiration: 10,
            not_before: 10,
        };
        let check = |claims: Json, leeways, expected| {
            assert_eq!(at(&claims, leeways), expected, "{claims} {leeways:?}");
        };
        check(json!({"exp": NOW, "nbf": 1}), none, Err(Untimely::Expired));
        check(json!({"exp": NOW + 1, "nbf": NOW}), none, Ok(()));
        check(
            json!({"exp": NOW + 2, "nbf": NOW + 1}),
            none,
            Err(Untimely::NotYet),
        );
        check(json!({"iat": NOW}), none, Err(Untimely::Expired));
        check(json!({"iat": NOW - 19}), ten, Ok(()));
        check(json!({"iat": NOW - 20}), ten, Err(Untimely::Expired));
        check(
            json!({"exp": NOW - 10, "nbf": 1}),
            ten,
            Err(Untimely::Expired),
        );
    }
}
