//! Flags over environment over defaults: what one command runs with.

use crate::client::Reach;
use crate::environment::Environment;
use crate::error::Stop;
use crate::session::Settings;
use crate::show::Format;
use crate::token_file::TokenFile;
use crate::tree::Globals;
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
    if let Some(text) = wrap_ttl.as_deref() {
        base::parse_duration(text).map_err(|error| {
            Stop::usage(format!(
                "invalid value {text:?} for flag -wrap-ttl: {error}"
            ))
        })?;
    }
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
        wrap_ttl,
        headers: headers(flags)?,
        print_curl: flags.output_curl_string,
        interactive: !flags.non_interactive,
    };
    let reach = Reach {
        address: flags
            .address
            .clone()
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
        follow_redirects: !flags.disable_redirects,
        timeout: Some(timeout).filter(|timeout| !timeout.is_zero()),
    };
    Ok((settings, reach))
}

fn headers(flags: &Globals) -> Result<Vec<(String, String)>, Stop> {
    let mut headers = Vec::new();
    for header in &flags.header {
        let (name, value) = header.split_once('=').ok_or_else(|| {
            Stop::usage(format!(
                "invalid value {header:?} for flag -header: missing ="
            ))
        })?;
        if name.to_ascii_lowercase().starts_with("x-vault-") {
            return Err(Stop::local(format!(
                "failed to setup Headers[{name}]: Header starting by 'X-Vault-' are for internal usage only"
            )));
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    headers.extend(
        flags
            .mfa
            .iter()
            .map(|text| ("X-Vault-MFA".to_owned(), text.clone())),
    );
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Secret;

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
            assert_eq!(headers(&flags).is_ok(), fine, "{header}");
        };
        check("a=b", true);
        check("a", false);
        check("x-vault-Token=b", false);
    }
}
