//! A token taken apart (RFC 7515, compact form). Nothing of it is believed yet.

use super::algorithm::Algorithm;
use super::base64url;
use super::members;
use core::fmt;
use sdk::{Json, Map};

/// Longest token.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// A token, its signature not yet checked.
#[derive(Debug)]
pub(crate) struct Unverified<'a> {
    pub(crate) algorithm: Algorithm,
    /// Which key it says it was signed with.
    pub(crate) key_id: Option<String>,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    claims: Vec<u8>,
}

/// Why it is no token that could be verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    TooLong,
    Parts,
    Base64,
    Json(String),
    Algorithm(String),
    /// It demands what we do not understand.
    Critical,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a token has at most {TOKEN_BYTES_MAX} bytes"),
            Self::Parts => f.write_str("compact JWS format must have three parts"),
            Self::Base64 => f.write_str("illegal base64 data"),
            Self::Json(what) => f.write_str(what),
            Self::Algorithm(name) => {
                let known = Algorithm::ALL.map(|one| format!("{:?}", one.name()));
                let known = known.join(" ");
                write!(
                    f,
                    "unexpected signature algorithm {name:?}; expected [{known}]"
                )
            }
            Self::Critical => f.write_str("unsupported critical header"),
        }
    }
}

impl<'a> Unverified<'a> {
    /// Takes a token apart. White space around it is of no account, since files end with a newline.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Malformed> {
        let token = token.trim_ascii();
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Malformed::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, claims) = signed.split_once('.').ok_or(Malformed::Parts)?;
        if claims.contains('.') {
            return Err(Malformed::Parts);
        }
        let header = base64url::decode(header).ok_or(Malformed::Base64)?;
        let header = members::unique(&header).map_err(Malformed::Json)?;
        // A header that must be understood cannot be left aside (RFC 7515, 4.1.11), and we know none.
        // `b64` changes what is signed (RFC 7797) and may only stand beside `crit`.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Malformed::Critical);
        }
        let name = header.get("alg").and_then(Json::as_str).unwrap_or_default();
        let algorithm = Algorithm::from_name(name);
        Ok(Self {
            algorithm: algorithm.ok_or_else(|| Malformed::Algorithm(name.to_owned()))?,
            key_id: key_id(&header)?,
            signed,
            signature: base64url::decode(signature).ok_or(Malformed::Base64)?,
            claims: base64url::decode(claims).ok_or(Malformed::Base64)?,
        })
    }

    /// The claims, of a token whose signature was found to be right.
    pub(crate) fn danger_claims(&self) -> Result<Map, Malformed> {
        members::unique(&self.claims).map_err(Malformed::Json)
    }
}

fn key_id(header: &Map) -> Result<Option<String>, Malformed> {
    match header.get("kid") {
        None => Ok(None),
        Some(Json::String(id)) if id.is_empty() => Ok(None),
        Some(Json::String(id)) => Ok(Some(id.clone())),
        Some(_) => Err(Malformed::Json("kid is not a string".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        let header = base64url::encode(header.as_bytes());
        format!("{header}.{}.c2ln", base64url::encode(b"{}"))
    }

    #[test]
    fn headers() {
        let check = |header: &str, expected: Option<Malformed>| {
            let token = token(header);
            assert_eq!(Unverified::parse(&token).err(), expected, "{header}");
        };
        check(r#"{"alg":"RS256"}"#, None);
        check(r#"{"alg":"EdDSA","kid":"1","typ":"JWT","x":[1]}"#, None);
        for name in [
            "none", "None", "HS256", "HS512", "rs256", "RSA-OAEP", "dir", "",
        ] {
            let refused = Malformed::Algorithm(name.to_owned());
            check(&format!(r#"{{"alg":{name:?}}}"#), Some(refused));
        }
        check("{}", Some(Malformed::Algorithm(String::new())));
        check(
            r#"{"alg":["RS256"]}"#,
            Some(Malformed::Algorithm(String::new())),
        );
        check(r#"{"alg":"RS256","crit":[]}"#, Some(Malformed::Critical));
        check(
            r#"{"alg":"RS256","crit":["b64"],"b64":false}"#,
            Some(Malformed::Critical),
        );
        check(r#"{"alg":"RS256","b64":true}"#, Some(Malformed::Critical));
        for bad in [
            r#"{"alg":"RS256","alg":"RS256"}"#,
            r#"{"alg":"none","alg":"RS256"}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"["alg"]"#,
            "x",
            "",
        ] {
            let token = token(bad);
            let failed = Unverified::parse(&token).err();
            assert!(matches!(failed, Some(Malformed::Json(_))), "{bad}");
        }
    }

    #[test]
    fn parts() {
        let whole = token(r#"{"alg":"RS256"}"#);
        assert!(Unverified::parse(&format!(" {whole}\n")).is_ok());
        for (bad, expected) in [
            (String::new(), Malformed::Parts),
            ("a.b".into(), Malformed::Parts),
            (format!("{whole}.x"), Malformed::Parts),
            (format!("{whole}="), Malformed::Base64),
            (whole.replace('.', ".\n"), Malformed::Base64),
            ("x".repeat(TOKEN_BYTES_MAX + 1), Malformed::TooLong),
        ] {
            assert_eq!(Unverified::parse(&bad).err(), Some(expected), "{bad}");
        }
    }
}
