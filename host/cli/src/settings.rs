//! Flags over environment over defaults: what one command runs with.

use crate::client::Reach;
use crate::environment::Environment;
use crate::error::Stop;
use crate::session::{Printing, Settings};
use crate::show::{Format, duration};
use crate::token_file::TokenFile;
use crate::tree::Globals;
use base::Secret;
use std::time::Duration;

const DEFAULT_ADDRESS: &str = "https://127.0.0.1:8200";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Settles what a command runs with.
pub(crate) fn settle(
    flags: &Globals,
    environment: Environment,
    token_file: &TokenFile,
) -> Result<(Settings, Reach), Stop> {
    let format = flags.format.clone().or(environment.format);
    let timeout = match environment.client_timeout.as_deref() {
        None => DEFAULT_TIMEOUT,
        Some(text) => base::parse_duration(text).map_err(|error| Stop::usage(error.to_string()))?,
    };
    let wrap_ttl = flags.wrap_ttl.clone().or(environment.wrap_ttl);
    let wrap_ttl = match wrap_ttl.as_deref() {
        Some(text) => Some(base::parse_duration(text).map_err(|error| {
            Stop::usage(format!(
                "invalid value {text:?} for flag -wrap-ttl: {error}"
            ))
        })?),
        None => None,
    };
    let settings = Settings {
        format: Format::parse(format.as_deref().unwrap_or("table"))?,
        field: flags.field.clone().filter(|name| !name.is_empty()),
        token: environment.token.or_else(|| token_file.load()),
        namespace: flags
            .namespace
            .clone()
            .or(environment.namespace)
            .map(|path| crate::request::clean_path(&path))
            .filter(|path| !path.is_empty())
            .map(|path| format!("{path}/")),
        wrap_ttl: wrap_ttl.filter(|ttl| !ttl.is_zero()).map(duration::go),
        headers: headers(flags, environment.mfa.as_deref())?,
        unlock_key: flags.unlock_key.clone().map(Secret::new),
        printing: match (flags.output_curl_string, flags.output_policy) {
            (true, _) => Some(Printing::Curl),
            (false, true) => Some(Printing::Policy),
            (false, false) => None,
        },
        interactive: !flags.non_interactive,
    };
    let reach = Reach {
        address: flags
            .agent_address
            .clone()
            .or(environment.agent_address)
            .or_else(|| flags.address.clone())
            .or(environment.address)
            .unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()),
        ca_cert: flags.ca_cert.clone().or(environment.ca_cert),
        ca_path: flags.ca_path.clone().or(environment.ca_path),
        client_cert: flags.client_cert.clone().or(environment.client_cert),
        client_key: flags.client_key.clone().or(environment.client_key),
        server_name: flags
            .tls_server_name
            .clone()
            .or(environment.tls_server_name),
        skip_verify: flags.tls_skip_verify || environment.skip_verify,
        follow_redirects: !flags.disable_redirects && !environment.disable_redirects,
        timeout: Some(timeout).filter(|timeout| !timeout.is_zero()),
    };
    Ok((settings, reach))
}

fn headers(flags: &Globals, mfa: Option<&str>) -> Result<Vec<(String, String)>, Stop> {
    let mut headers = Vec::new();
    for header in &flags.header {
        let (name, value) = header.split_once('=').ok_or_else(|| {
            Stop::usage(format!(
                "invalid value {header:?} for flag -header: missing = in KV pair: {header:?}"
            ))
        })?;
        if name.to_ascii_lowercase().starts_with("x-vault-") {
            return Err(Stop::local(format!(
                "failed to setup Headers[{name}]: Header starting by 'X-Vault-' are for internal usage only"
            )));
        }
        headers.push((canonical(name), value.to_owned()));
    }
    if flags.policy_override {
        headers.push(("X-Vault-Policy-Override".to_owned(), "true".to_owned()));
    }
    let asked = flags.mfa.iter().map(String::as_str);
    let mfa = asked.chain(mfa.filter(|_| flags.mfa.is_empty()));
    headers.extend(mfa.map(|text| ("X-Vault-MFA".to_owned(), text.to_owned())));
    Ok(headers)
}

/// A header's name with a capital at the beginning of each part.
fn canonical(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    parts.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win() {
        let environment = || Environment {
            address: Some("http://env".to_owned()),
            namespace: Some("/a/b".to_owned()),
            format: Some("json".to_owned()),
            token: Some(Secret::new("canary".to_owned())),
            ..Environment::default()
        };
        let none = TokenFile::new(None);
        let (settings, reach) = settle(&Globals::default(), environment(), &none).unwrap();
        assert_eq!(reach.address, "http://env");
        assert_eq!(settings.namespace.as_deref(), Some("a/b/"));
        assert_eq!(settings.format, Format::Json);
        assert!(!format!("{settings:?}").contains("canary"));
        let flags = Globals {
            address: Some("http://flag".to_owned()),
            format: Some("yaml".to_owned()),
            ..Globals::default()
        };
        let (settings, reach) = settle(&flags, environment(), &none).unwrap();
        assert_eq!(reach.address, "http://flag");
        assert_eq!(settings.format, Format::Yaml);
        let (_, reach) = settle(&Globals::default(), Environment::default(), &none).unwrap();
        assert_eq!(reach.address, DEFAULT_ADDRESS);
    }

    #[test]
    fn headers_of_the_api_are_not_for_users() {
        let check = |header: &str, fine| {
            let flags = Globals {
                header: vec![header.to_owned()],
                ..Globals::default()
            };
            assert_eq!(headers(&flags, None).is_ok(), fine, "{header}");
        };
        check("a=b", true);
        check("a", false);
        check("x-vault-Token=b", false);
    }
}
