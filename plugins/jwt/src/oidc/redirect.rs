//! Where a browser may be sent back to, and what a URL's query looks like.

/// Hosts of programs on the user's own machine, which cannot choose a port beforehand (RFC 8252, 7.3).
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Is it one of the URIs that the role allows? They are compared as texts, but for the port of one on
/// the user's machine.
pub(super) fn is_allowed(uri: &str, allowed: &[String]) -> bool {
    let own = without_port(uri);
    allowed
        .iter()
        .any(|one| one == uri || own.is_some_and(|own| without_port(one) == Some(own)))
}

/// Scheme, host and path of a loopback URI.
fn without_port(uri: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    if scheme != "http" && scheme != "https" {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let host = LOOPBACK.into_iter().find(|host| {
        let after = authority.strip_prefix(host);
        after.is_some_and(|after| after.is_empty() || is_port(after))
    })?;
    Some((scheme, host, path))
}

fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()))
}

/// Names and values as a form or a query has them.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", escaped(name), escaped(value));
    pairs.iter().map(pair).collect::<Vec<String>>().join("&")
}

/// As `application/x-www-form-urlencoded` has it.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            b' ' => escaped.push('+'),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_matter_but_on_the_users_machine() {
        let allowed = [
            String::from("http://localhost:8250/oidc/callback"),
            String::from("http://[::1]/cb"),
            String::from("https://host/cb"),
        ];
        for (uri, expected) in [
            ("http://localhost:8250/oidc/callback", true),
            ("http://localhost:9999/oidc/callback", true),
            ("http://localhost/oidc/callback", true),
            ("https://localhost:8250/oidc/callback", false),
            ("http://localhost:8250/oidc/callback/", false),
            ("http://localhost:8250/oidc/callback?a=b", false),
            ("http://localhost:/oidc/callback", false),
            ("http://localhost:8250@evil/oidc/callback", false),
            ("http://localhost.evil:8250/oidc/callback", false),
            ("http://127.0.0.1:8250/oidc/callback", false),
            ("http://[::1]:7/cb", true),
            ("https://host/cb", true),
            ("https://host:1/cb", false),
            ("https://HOST/cb", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(uri, &allowed), expected, "{uri}");
        }
    }

    #[test]
    fn queries() {
        let pairs = [("a b", "c&d=ü"), ("scope", "openid email")];
        assert_eq!(query(&pairs), "a+b=c%26d%3D%C3%BC&scope=openid+email");
    }
}
