//! The `casemate` command, all but `server`: talks HTTP only.
//!
//! ```text
//!  words ─ arguments ─▶ tree ─ act ─▶ ApiRequest ─ client ─▶ server
//!                                │                  │
//!  environment ─ Settings ─▶ Session ◀── ApiAnswer ─┘
//!                                └─ show ─▶ table | JSON | YAML
//! ```
//!
//! It speaks to every server with Vault's API, and its output, exit codes and messages are those
//! that scripts for Vault and OpenBao expect. The environment is read once, in [`run`].

mod act;
mod answer;
mod arguments;
mod client;
mod data;
mod environment;
mod error;
mod needed_policy;
#[cfg(test)]
mod reference;
mod request;
mod session;
mod settings;
mod show;
mod terminal;
mod token_file;
mod tree;
mod usage;

use crate::client::HttpClient;
use crate::environment::Environment;
use crate::error::Stop;
use crate::session::Session;
use crate::token_file::TokenFile;
use clap::{CommandFactory, Parser};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// What the binary lends to commands that work on components without a server.
#[derive(Clone, Copy, Debug)]
pub struct Hooks {
    /// Describes a component: digest, imports, routes, storage rules.
    pub inspect: fn(&[u8]) -> Result<String, String>,
    /// Makes a component of a crate or a core module, and says where it is and what it asks for.
    pub plugin_build: fn(&Path, Option<&Path>) -> Result<String, String>,
    /// Copies the template of a plugin to a new folder, and says what to do next.
    pub plugin_new: fn(&Path) -> Result<String, String>,
}

/// Runs a command line, without the program's name, and prints its answer.
#[must_use]
pub fn run(arguments: Vec<String>, hooks: &Hooks) -> ExitCode {
    let environment = Environment::read(&|name| std::env::var(name).ok());
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let terminal = stdout.is_terminal();
    let (mut input, mut output, mut errors) = (stdin.lock(), stdout.lock(), stderr.lock());
    let mut streams = Streams {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
        output_is_terminal: terminal,
    };
    let code = run_with(arguments, hooks, environment, &mut streams);
    // Nobody is left to tell when the outputs are gone.
    let _ = output.flush();
    let _ = errors.flush();
    ExitCode::from(code)
}

/// The three streams of a process.
struct Streams<'a> {
    input: &'a mut dyn std::io::Read,
    output: &'a mut dyn Write,
    errors: &'a mut dyn Write,
    output_is_terminal: bool,
}

fn run_with(
    arguments: Vec<String>,
    hooks: &Hooks,
    environment: Environment,
    streams: &mut Streams<'_>,
) -> u8 {
    if let [only] = arguments.as_slice()
        && matches!(only.as_str(), "-v" | "-version" | "--version")
    {
        let _ = writeln!(streams.output, "{}", version_line());
        return session::code::OK;
    }
    let mut tree = tree::Cli::command();
    tree.build();
    let mut words = vec!["casemate".to_owned()];
    words.extend(arguments::normalize(arguments, &arguments::switches(&tree)));
    let parsed = match tree::Cli::try_parse_from(&words) {
        Ok(parsed) => parsed,
        Err(error) => {
            return usage::explain(&error, &tree, &words, streams.output, streams.errors);
        }
    };
    if parsed.globals.field.is_some() && !parsed.command.has_fields() {
        let _ = writeln!(streams.errors, "flag provided but not defined: -field");
        return session::code::FAILED;
    }
    match act_on(parsed, hooks, environment, streams) {
        Ok(code) => code,
        Err(stop @ (Stop::Printed | Stop::Unread)) => stop.code(),
        Err(stop) => {
            if let Stop::Refused { refusal, .. } = &stop
                && !refusal.warnings().is_empty()
            {
                let _ = writeln!(
                    streams.errors,
                    "{}",
                    show::warnings::block(&refusal.warnings())
                );
            }
            let _ = writeln!(streams.errors, "{stop}");
            stop.code()
        }
    }
}

fn act_on(
    parsed: tree::Cli,
    hooks: &Hooks,
    environment: Environment,
    streams: &mut Streams<'_>,
) -> Result<u8, Stop> {
    let token_file = TokenFile::new(environment.home.clone());
    let variable = environment.token_variable.clone();
    let (settings, reach) = settings::settle(&parsed.globals, environment, &token_file)?;
    let transport = HttpClient::new(reach)?;
    let mut session = Session {
        transport: &transport,
        settings,
        input: streams.input,
        output: streams.output,
        errors: streams.errors,
        output_is_terminal: streams.output_is_terminal,
    };
    let around = act::Surroundings {
        hooks,
        token_file: &token_file,
        token_variable: variable.as_deref(),
    };
    act::run(&mut session, &around, parsed.command)
}

pub(crate) fn version_line() -> String {
    format!("Casemate v{}", env!("CARGO_PKG_VERSION"))
}
