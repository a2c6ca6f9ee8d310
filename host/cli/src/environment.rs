//! What the environment says, read once at the edge.
//!
//! Every variable is looked up under three prefixes: ours first, then OpenBao's, then Vault's, so
//! that scripts written for either go on working.

use base::Secret;
use std::path::PathBuf;

const PREFIXES: [&str; 3] = ["CASEMATE", "BAO", "VAULT"];

/// The settings that commands take when no flag says otherwise.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    pub(crate) address: Option<String>,
    pub(crate) agent_address: Option<String>,
    pub(crate) token: Option<Secret<String>>,
    /// The name of the variable that held the token, for the warning at login.
    pub(crate) token_variable: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) ca_cert: Option<String>,
    pub(crate) ca_path: Option<String>,
    pub(crate) client_cert: Option<String>,
    pub(crate) client_key: Option<String>,
    pub(crate) tls_server_name: Option<String>,
    pub(crate) skip_verify: bool,
    pub(crate) format: Option<String>,
    pub(crate) wrap_ttl: Option<String>,
    pub(crate) disable_redirects: bool,
    pub(crate) mfa: Option<String>,
    pub(crate) client_timeout: Option<String>,
    /// Where the token files are.
    pub(crate) home: Option<PathBuf>,
}

impl Environment {
    /// Reads the variables through `lookup`.
    pub(crate) fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let found = |name: &str| first(lookup, name).map(|(_, value)| value);
        let token = first(lookup, "TOKEN");
        Self {
            address: found("ADDR"),
            agent_address: found("AGENT_ADDR"),
            token_variable: token.as_ref().map(|(variable, _)| variable.clone()),
            token: token.map(|(_, value)| Secret::new(value)),
            namespace: found("NAMESPACE"),
            ca_cert: found("CACERT"),
            ca_path: found("CAPATH"),
            client_cert: found("CLIENT_CERT"),
            client_key: found("CLIENT_KEY"),
            tls_server_name: found("TLS_SERVER_NAME"),
            skip_verify: found("SKIP_VERIFY").is_some_and(|text| is_true(&text)),
            format: found("FORMAT"),
            wrap_ttl: found("WRAP_TTL"),
            disable_redirects: found("DISABLE_REDIRECTS").is_some_and(|text| is_true(&text)),
            mfa: found("MFA"),
            client_timeout: found("CLIENT_TIMEOUT"),
            home: lookup("HOME")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
        }
    }
}

fn first(lookup: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<(String, String)> {
    PREFIXES.iter().find_map(|prefix| {
        let variable = format!("{prefix}_{name}");
        let value = lookup(&variable).filter(|value| !value.is_empty())?;
        Some((variable, value))
    })
}

/// The spellings that Go's `strconv.ParseBool` takes for true.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// The spellings that Go's `strconv.ParseBool` takes for false.
pub(crate) fn is_false(text: &str) -> bool {
    matches!(text, "0" | "f" | "F" | "false" | "FALSE" | "False")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_wins_and_an_empty_one_does_not_count() {
        let read = |pairs: &'static [(&str, &str)]| {
            Environment::read(&move |name| {
                let found = pairs.iter().find(|(key, _)| *key == name)?;
                Some(found.1.to_owned())
            })
        };
        let check = |pairs, address: Option<&str>| {
            assert_eq!(read(pairs).address.as_deref(), address, "{pairs:?}");
        };
        check(&[], None);
        check(&[("VAULT_ADDR", "v")], Some("v"));
        check(&[("VAULT_ADDR", "v"), ("BAO_ADDR", "b")], Some("b"));
        check(&[("BAO_ADDR", "b"), ("CASEMATE_ADDR", "c")], Some("c"));
        check(&[("BAO_ADDR", "b"), ("CASEMATE_ADDR", "")], Some("b"));

        let with_token = read(&[("VAULT_TOKEN", "canary"), ("VAULT_SKIP_VERIFY", "T")]);
        assert_eq!(with_token.token_variable.as_deref(), Some("VAULT_TOKEN"));
        assert!(with_token.skip_verify);
        assert!(!format!("{with_token:?}").contains("canary"));
    }
}
