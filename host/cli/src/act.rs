//! The commands at work: a few calls each, then an answer in the format asked for.

mod audit;
mod auth_help;
mod debug;
mod generate_root;
mod generic;
mod kv;
mod kv_metadata;
mod kv_place;
mod lease;
mod login;
mod mfa;
mod monitor;
mod mount_list;
mod mounts;
mod namespace;
mod operator;
mod plugin;
mod policy;
mod policy_format;
mod raft;
mod replication;
mod replication_aside;
mod replication_status;
mod rotate_keys;
mod share;
mod status;
mod token;
mod transit;

use crate::Hooks;
use crate::error::Stop;
use crate::session::{Session, code};
use crate::token_file::TokenFile;
use crate::tree::Command;
use crate::tree::generic::Print;
use clap::CommandFactory;
use serde_json::Value;

/// What only some commands need.
pub(crate) struct Surroundings<'a> {
    pub(crate) hooks: &'a Hooks,
    pub(crate) token_file: &'a TokenFile,
    /// The variable that holds a token which would win over the token file.
    pub(crate) token_variable: Option<&'a str>,
}

/// Runs a command and gives its exit code.
pub(crate) fn run(
    session: &mut Session<'_>,
    around: &Surroundings<'_>,
    command: Command,
) -> Result<u8, Stop> {
    match command {
        Command::Read(args) => generic::read(session, &args),
        Command::Write(args) => generic::write(session, &args),
        Command::Patch(args) => generic::patch(session, &args),
        Command::Delete(args) => generic::delete(session, &args),
        Command::List(args) => generic::list(session, &args, "list"),
        Command::Scan(args) => generic::list(session, &args, "scan"),
        Command::Unwrap(args) => generic::unwrap(session, args.token),
        Command::PathHelp(args) => generic::path_help(session, &args.path),
        Command::Login(args) => login::login(session, around, args),
        Command::Status => status::status(session),
        Command::Audit(args) => audit::run(session, args),
        Command::Auth(args) => mounts::auth(session, args),
        Command::Completion(args) => completion(session, args.shell),
        Command::Secrets(args) => mounts::secrets(session, args),
        Command::Debug(args) => debug::run(session, &args),
        Command::Kv(args) => kv::run(session, args),
        Command::Lease(args) => lease::run(session, args),
        Command::Monitor(args) => monitor::run(session, &args),
        Command::Namespace(args) => namespace::run(session, args),
        Command::Operator(args) => operator::run(session, args),
        Command::Plugin(args) => plugin::run(session, around, args),
        Command::Policy(args) => policy::run(session, args),
        Command::Replication(args) => replication::run(session, args),
        Command::Token(args) => token::run(session, args),
        Command::Transit(args) => transit::run(session, args),
        Command::Print(Print::Token) => print_token(session),
        Command::Version => {
            session.say(&crate::version_line())?;
            Ok(code::OK)
        }
        Command::VersionHistory => monitor::version_history(session),
    }
}

fn completion(session: &mut Session<'_>, shell: clap_complete::Shell) -> Result<u8, Stop> {
    let mut text = Vec::new();
    let mut tree = crate::tree::Cli::command();
    clap_complete::generate(shell, &mut tree, "casemate", &mut text);
    session.output.write_all(&text)?;
    Ok(code::OK)
}

fn print_token(session: &mut Session<'_>) -> Result<u8, Stop> {
    let token = session.settings.token.as_ref();
    let text = token
        .map(|token| token.expose().clone())
        .unwrap_or_default();
    session.say(&text)?;
    Ok(code::OK)
}

/// A duration of a flag in Go's spelling, which every server with this API reads.
fn duration(flag: &str, text: &str) -> Result<String, Stop> {
    read_duration(flag, text).map(crate::show::duration::go)
}

/// A duration of a flag in whole seconds.
fn seconds(flag: &str, text: Option<&str>) -> Result<u64, Stop> {
    text.map_or(Ok(0), |text| {
        read_duration(flag, text).map(|found| found.as_secs())
    })
}

fn read_duration(flag: &str, text: &str) -> Result<core::time::Duration, Stop> {
    base::parse_duration(text)
        .map_err(|error| Stop::usage(format!("invalid value {text:?} for flag -{flag}: {error}")))
}

/// Sets a field of a body when there is something to set.
fn set(body: &mut serde_json::Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        body.insert(key.to_owned(), value.into());
    }
}

/// A list field, absent when empty. Values may be separated by commas.
fn some_list(values: &[String]) -> Option<Vec<String>> {
    let list: Vec<String> = values
        .iter()
        .flat_map(|value| value.split(','))
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect();
    (!list.is_empty()).then_some(list)
}
