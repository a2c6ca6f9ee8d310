//! How authenticators are told a key: `otpauth://totp/issuer:account?secret=…`.

use percent_encoding::percent_decode_str;
use sdk::{Result, invalid};

/// What a URL says. What it leaves out is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) account_name: String,
    pub(crate) issuer: String,
    /// In base32.
    pub(crate) secret: String,
    pub(crate) algorithm: Option<String>,
    pub(crate) digits: Option<i64>,
    pub(crate) period: Option<i64>,
}

/// Reads a URL.
pub(crate) fn read(text: &str) -> Result<Said> {
    let wrong = || invalid("an error occurred while parsing url string");
    let rest = text.strip_prefix("otpauth://totp/").ok_or_else(wrong)?;
    let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
    let label = percent_decode_str(label)
        .decode_utf8()
        .map_err(|_| wrong())?;
    let mut said = Said::default();
    match label.split_once(':') {
        Some((issuer, account)) => {
            issuer.clone_into(&mut said.issuer);
            account.clone_into(&mut said.account_name);
        }
        None => said.account_name = label.into_owned(),
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "secret" => said.secret = value.into_owned(),
            "issuer" => said.issuer = value.into_owned(),
            "algorithm" => said.algorithm = Some(value.into_owned()),
            "digits" => said.digits = Some(number("digits", &value)?),
            "period" => said.period = Some(number("period", &value)?),
            _ => {}
        }
    }
    Ok(said)
}

fn number(name: &str, value: &str) -> Result<i64> {
    let wrong = |_| {
        invalid(format!(
            "an error occurred while parsing {name} value in url"
        ))
    };
    value.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (issuer, account) in [
            ("Vault", "test@test.com"),
            ("Va ult", "a b"),
            ("I/s?&=+#%é", "a:b&c=d+e;f,g?h#i%"),
        ] {
            let url = otp::url(issuer, account, "SHA256", 8, 45, "JBSWY3DP");
            let said = read(&url).unwrap();
            assert_eq!(
                (&*said.issuer, &*said.account_name),
                (issuer, account),
                "{url}"
            );
            assert_eq!(
                (&*said.secret, said.digits, said.period),
                ("JBSWY3DP", Some(8), Some(45))
            );
            assert_eq!(said.algorithm.as_deref(), Some("SHA256"));
        }
    }

    #[test]
    fn what_is_left_out_is_none() {
        let said = read("otpauth://totp/acc?secret=A&skew=0").unwrap();
        let expected = Said {
            account_name: "acc".into(),
            secret: "A".into(),
            ..Said::default()
        };
        assert_eq!(said, expected);
        let said = read("otpauth://totp/I:%20a+b?secret=A&issuer=J+K%20L").unwrap();
        assert_eq!((&*said.issuer, &*said.account_name), ("J K L", " a+b"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "::",
            "http://x",
            "otpauth://hotp/a?secret=A",
            "otpauth://totp/%ff?secret=A",
        ] {
            let refused = invalid("an error occurred while parsing url string");
            assert_eq!(read(text), Err(refused), "{text}");
        }
        for (text, name) in [("digits=x", "digits"), ("period=1m", "period")] {
            let refused = format!("an error occurred while parsing {name} value in url");
            assert_eq!(
                read(&format!("otpauth://totp/a?{text}")),
                Err(invalid(refused))
            );
        }
    }
}
