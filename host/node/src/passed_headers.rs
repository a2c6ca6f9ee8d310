//! Which headers of a component's own answers reach the client: those that the mount was tuned to
//! pass, and those few without which the answer would mean something else.

use base::Raw;

/// Where to go on, how to be known, and how long to keep the answer: Vault passes these at all times.
const ALWAYS: [&str; 4] = ["location", "www-authenticate", "cache-control", "pragma"];

/// Drops the headers that are not in `allowed`.
pub(crate) fn keep_allowed(raw: &mut Raw, allowed: &[String]) {
    let is_kept = |name: &str| {
        let mut always = ALWAYS.iter();
        always.any(|kept| kept.eq_ignore_ascii_case(name))
            || allowed.iter().any(|kept| kept.eq_ignore_ascii_case(name))
    };
    raw.headers.retain(|(name, _)| is_kept(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_dropped() {
        let sent = [
            "Location",
            "X-Own",
            "x-other",
            "Set-Cookie",
            "CACHE-CONTROL",
        ];
        for (allowed, expected) in [
            (&[][..], &["Location", "CACHE-CONTROL"][..]),
            (&["x-own"], &["Location", "X-Own", "CACHE-CONTROL"]),
            (
                &["X-Other", "set-cookie", "x-none"],
                &["Location", "x-other", "Set-Cookie", "CACHE-CONTROL"],
            ),
            // Not the beginning of a name.
            (&["x"], &["Location", "CACHE-CONTROL"]),
        ] {
            let mut raw = Raw {
                status: 200,
                content_type: String::new(),
                headers: sent.map(|name| (name.to_owned(), String::from("v"))).into(),
                body: Vec::new(),
            };
            let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
            keep_allowed(&mut raw, &allowed);
            let kept: Vec<&str> = raw.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(kept, expected, "{allowed:?}");
        }
    }
}
