//! What to say of a wrong command line, in the words of Vault's clients.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::io::Write;

/// Exit code of a command that does not exist, as shells have it.
const NO_SUCH_COMMAND: u8 = 127;
const WRONG: u8 = 1;

/// Prints help or the mistake, and gives the exit code.
pub(crate) fn explain(error: &clap::Error, output: &mut dyn Write, errors: &mut dyn Write) -> u8 {
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody is left to tell when the outputs are gone.
            let _ = write!(output, "{error}");
            return 0;
        }
        ErrorKind::InvalidSubcommand if is_of_the_root(error) => NO_SUCH_COMMAND,
        _ => WRONG,
    };
    let text = sentence(error).unwrap_or_else(|| error.to_string().trim_end().to_owned());
    let _ = writeln!(errors, "{text}");
    code
}

/// Whether the unknown word stood where a command is, not a subcommand.
fn is_of_the_root(error: &clap::Error) -> bool {
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string().contains("casemate [OPTIONS]"),
        _ => true,
    }
}

fn sentence(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let word = text(ContextKind::InvalidArg)?;
            Some(match word.strip_prefix("--") {
                Some(flag) => format!("flag provided but not defined: -{flag}"),
                None => format!("Too many arguments: {word:?} was not expected"),
            })
        }
        ErrorKind::MissingRequiredArgument => match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) => Some(format!(
                "Not enough arguments: missing {}",
                missing.join(" ")
            )),
            _ => None,
        },
        _ => None,
    }
}
