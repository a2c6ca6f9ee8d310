//! The flags of `casemate server`, with one dash or two, as Vault's users type them.

use crate::config::{LogFormat, LogLevel};
use std::path::PathBuf;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Files and folders.
    pub config: Vec<PathBuf>,
    /// Overrides the configuration.
    pub log_level: Option<LogLevel>,
    /// Overrides the configuration.
    pub log_format: Option<LogFormat>,
    /// Development mode.
    pub development: Option<Development>,
    /// Only the usage is wanted.
    pub help: bool,
}

/// Development mode: unsealed at once, with the keys on the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Development {
    /// Id of the root token; none: a random one.
    pub root_token: Option<String>,
    /// Where to listen.
    pub address: String,
    /// With a certificate that is made for the occasion.
    pub tls: bool,
    /// Where that certificate goes; none: a new folder.
    pub tls_folder: Option<PathBuf>,
    /// Where everything is kept; none: in memory.
    pub folder: Option<PathBuf>,
}

/// A flag that is not known, or has no value it could have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ArgumentError(String);

/// For `casemate server -help`.
pub(crate) const USAGE: &str = "\
usage: casemate server -config=FILE [FLAGS]
       casemate server -dev [FLAGS]

  -config=FILE              configuration in HCL or JSON, or a folder of such files; repeatable
  -log-level=LEVEL          trace, debug, info, warn or error; also CASEMATE_LOG_LEVEL
  -log-format=FORMAT        standard or json; also CASEMATE_LOG_FORMAT

development mode: unsealed at once, keys on the terminal, nothing kept. Never for real secrets.
  -dev                      in memory, on loopback, with a key-value engine at secret/
  -dev-root-token-id=ID     id of the root token; also CASEMATE_DEV_ROOT_TOKEN_ID
  -dev-listen-address=ADDR  instead of 127.0.0.1:8200; also CASEMATE_DEV_LISTEN_ADDRESS
  -dev-tls                  TLS with a certificate made for the occasion
  -dev-tls-cert-dir=FOLDER  where that certificate goes, instead of a new folder
  -dev-folder=FOLDER        keep everything there, the keys too, and go on with it next time
  -dev-no-store-token       taken for the sake of scripts: the token is never stored
";

/// The prefixes under which an environment variable is looked for.
const PREFIXES: [&str; 3] = ["CASEMATE_", "BAO_", "VAULT_"];

/// Reads flags; what is not given there may come from the environment.
///
/// # Errors
/// [`ArgumentError`] for what is not known.
pub fn read_arguments(
    arguments: impl IntoIterator<Item = String>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Arguments, ArgumentError> {
    let named = |name: &str| {
        PREFIXES
            .iter()
            .find_map(|prefix| environment(&format!("{prefix}{name}")))
            .filter(|value| !value.is_empty())
    };
    let mut read = Arguments::default();
    let mut log_level = named("LOG_LEVEL");
    let mut log_format = named("LOG_FORMAT");
    let mut is_development = false;
    let mut development = Development {
        root_token: named("DEV_ROOT_TOKEN_ID"),
        address: named("DEV_LISTEN_ADDRESS").unwrap_or_else(|| String::from("127.0.0.1:8200")),
        tls: false,
        tls_folder: None,
        folder: None,
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let flag = argument
            .strip_prefix("--")
            .or_else(|| argument.strip_prefix('-'));
        let flag =
            flag.ok_or_else(|| ArgumentError(format!("unexpected argument {argument:?}")))?;
        let (name, given) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        let mut text = || {
            given
                .clone()
                .or_else(|| arguments.next())
                .ok_or_else(|| ArgumentError(format!("-{name} needs a value")))
        };
        match name {
            "config" => read.config.push(PathBuf::from(text()?)),
            "log-level" => log_level = Some(text()?),
            "log-format" => log_format = Some(text()?),
            "dev-root-token-id" => development.root_token = Some(text()?),
            "dev-listen-address" => development.address = text()?,
            "dev-tls-cert-dir" => development.tls_folder = Some(PathBuf::from(text()?)),
            "dev-folder" => development.folder = Some(PathBuf::from(text()?)),
            "dev" => is_development = read_switch(name, given.as_deref())?,
            "dev-tls" => development.tls = read_switch(name, given.as_deref())?,
            "dev-no-store-token" => drop(read_switch(name, given.as_deref())?),
            "help" | "h" => read.help = true,
            _ => return Err(ArgumentError(format!("unknown flag -{name}"))),
        }
    }
    read.log_level = log_level
        .map(|text| LogLevel::parse(&text).ok_or_else(|| unknown("log level", &text)))
        .transpose()?;
    read.log_format = log_format
        .map(|text| LogFormat::parse(&text).ok_or_else(|| unknown("log format", &text)))
        .transpose()?;
    // As in Vault, TLS for development means development.
    read.development = (is_development || development.tls).then_some(development);
    if read.development.is_none() && read.config.is_empty() && !read.help {
        let message = "nothing to serve: give -config=FILE, or -dev for development mode";
        return Err(ArgumentError(message.to_owned()));
    }
    Ok(read)
}

fn unknown(what: &str, text: &str) -> ArgumentError {
    ArgumentError(format!("unknown {what} {text:?}"))
}

fn read_switch(name: &str, value: Option<&str>) -> Result<bool, ArgumentError> {
    match value {
        None | Some("true" | "1" | "t") => Ok(true),
        Some("false" | "0" | "f") => Ok(false),
        Some(other) => Err(ArgumentError(format!(
            "-{name} is true or false, not {other:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, ArgumentError> {
        read_arguments(line.split_whitespace().map(str::to_owned), &|_| None)
    }

    #[test]
    fn flags() {
        let read_ = read("-config=a.hcl --config b -log-level warn -log-format=json").unwrap();
        assert_eq!(read_.config, [PathBuf::from("a.hcl"), PathBuf::from("b")]);
        assert_eq!(read_.log_level, Some(LogLevel::Warn));
        assert_eq!(read_.log_format, Some(LogFormat::Json));
        assert_eq!(read_.development, None);
        let line =
            "-dev -dev-root-token-id=root -dev-listen-address 127.0.0.1:1 -dev-no-store-token";
        let development = read(line).unwrap().development.unwrap();
        assert_eq!(development.root_token.as_deref(), Some("root"));
        assert_eq!(development.address, "127.0.0.1:1");
        assert!(!development.tls);
        assert!(read("-dev-tls").unwrap().development.unwrap().tls);
        assert!(read("-help").unwrap().help);
    }

    #[test]
    fn what_is_not_known() {
        let check = |line: &str, expected: &str| {
            let message = read(line).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        };
        check("", "nothing to serve");
        check("-dev=false", "nothing to serve");
        check("-dev -frob", "unknown flag -frob");
        check("-dev -dev-tls=maybe", "-dev-tls is true or false");
        check("-config", "-config needs a value");
        check("-dev x", "unexpected argument \"x\"");
        check("-dev -log-level=loud", "unknown log level \"loud\"");
    }

    #[test]
    fn the_environment_comes_second() {
        let environment = |name: &str| match name {
            "VAULT_DEV_ROOT_TOKEN_ID" => Some(String::from("env")),
            "BAO_LOG_LEVEL" => Some(String::from("debug")),
            _ => None,
        };
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let read = read_arguments(words("-dev -log-level=info"), &environment).unwrap();
        assert_eq!(read.log_level, Some(LogLevel::Info));
        let development = read.development.unwrap();
        assert_eq!(development.root_token.as_deref(), Some("env"));
    }
}
