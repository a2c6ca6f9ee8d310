//! What to say of a wrong command line, in the words of Vault's clients.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::io::Write;

/// Exit code of a command that does not exist, as shells have it.
const NO_SUCH_COMMAND: u8 = 127;
const WRONG: u8 = 1;

/// Prints help or the mistake, and gives the exit code. `words` are the command line that is wrong.
pub(crate) fn explain(
    error: &clap::Error,
    tree: &Command,
    words: &[String],
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> u8 {
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody is left to tell when the outputs are gone.
            let _ = write!(output, "{error}");
            return 0;
        }
        ErrorKind::InvalidSubcommand if is_of_the_root(error) => NO_SUCH_COMMAND,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if words.len() <= 1 => NO_SUCH_COMMAND,
        _ => WRONG,
    };
    let text = sentence(error, tree, words);
    let text = text.unwrap_or_else(|| error.to_string().trim_end().to_owned());
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

fn sentence(error: &clap::Error, tree: &Command, words: &[String]) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues => {
            let word = text(ContextKind::InvalidArg)?;
            Some(match word.strip_prefix("--") {
                Some(flag) => format!("flag provided but not defined: -{flag}"),
                None => count(tree, words).sentence(),
            })
        }
        ErrorKind::MissingRequiredArgument => Some(count(tree, words).sentence()),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let flag = text(ContextKind::InvalidArg)?;
            let name = flag.strip_prefix("--")?.split([' ', '=']).next()?;
            let value = text(ContextKind::InvalidValue)?;
            if value.is_empty() {
                return Some(format!("flag needs an argument: -{name}"));
            }
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = why.unwrap_or_else(|| "no such value".to_owned());
            Some(format!("invalid value {value:?} for flag -{name}: {why}"))
        }
        _ => None,
    }
}

/// How many arguments a command takes, and how many it got.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    least: usize,
    most: Option<usize>,
    got: usize,
}

impl Count {
    fn sentence(&self) -> String {
        let Self { least, most, got } = self;
        let expected = match most {
            Some(most) if most == least => least.to_string(),
            Some(most) => format!("{least}-{most}"),
            None => least.to_string(),
        };
        let which = if got < least {
            "Not enough"
        } else {
            "Too many"
        };
        format!("{which} arguments (expected {expected}, got {got})")
    }
}

/// Counts the arguments of a command line.
fn count(tree: &Command, words: &[String]) -> Count {
    let mut command = tree;
    let mut got = 0;
    let mut plain_from_here = false;
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        if plain_from_here || !word.starts_with("--") {
            match command.find_subcommand(word) {
                Some(found) if got == 0 && !plain_from_here => command = found,
                _ => got += 1,
            }
        } else if word == "--" {
            plain_from_here = true;
        } else if !word.contains('=') && takes_value(command, tree, word.trim_start_matches("--")) {
            words.next();
        }
    }
    let positionals: Vec<&clap::Arg> = command.get_positionals().collect();
    let values = |argument: &clap::Arg| argument.get_num_args().unwrap_or_default();
    let endless = positionals.iter().any(|argument| is_endless(argument));
    let most = positionals
        .iter()
        .map(|argument| values(argument).max_values().max(1));
    Count {
        least: positionals
            .iter()
            .filter(|argument| argument.is_required_set())
            .map(|argument| values(argument).min_values().max(1))
            .sum(),
        most: (!endless).then(|| most.sum()),
        got,
    }
}

fn is_endless(argument: &clap::Arg) -> bool {
    let bounded = argument
        .get_num_args()
        .is_some_and(|range| range.max_values() < usize::MAX);
    matches!(argument.get_action(), clap::ArgAction::Append) && !bounded
}

fn takes_value(command: &Command, tree: &Command, name: &str) -> bool {
    let mut all = command.get_arguments().chain(tree.get_arguments());
    let found = all.find(|argument| argument.get_long() == Some(name));
    found.is_some_and(|argument| argument.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn mistakes() {
        let mut tree = crate::tree::Cli::command();
        tree.build();
        let check = |line: &str, code: u8, expected: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let error = tree.clone().try_get_matches_from(&words).unwrap_err();
            let (mut output, mut errors) = (Vec::new(), Vec::new());
            let found = explain(&error, &tree, &words, &mut output, &mut errors);
            let text = String::from_utf8(errors).unwrap();
            assert_eq!((found, text.trim_end()), (code, expected), "{line}");
        };
        check("c read", 1, "Not enough arguments (expected 1, got 0)");
        check("c list a b", 1, "Too many arguments (expected 1, got 2)");
        check(
            "c list --format json a b c",
            1,
            "Too many arguments (expected 1, got 3)",
        );
        check(
            "c kv metadata get",
            1,
            "Not enough arguments (expected 1, got 0)",
        );
        check(
            "c token lookup a b",
            1,
            "Too many arguments (expected 0-1, got 2)",
        );
        check(
            "c token capabilities",
            1,
            "Not enough arguments (expected 1-2, got 0)",
        );
        check(
            "c token capabilities a b c",
            1,
            "Too many arguments (expected 1-2, got 3)",
        );
        check(
            "c policy list list",
            1,
            "Too many arguments (expected 0, got 1)",
        );
        check(
            "c secrets move a",
            1,
            "Not enough arguments (expected 2, got 1)",
        );
        check("c read --nope a", 1, "flag provided but not defined: -nope");
        check(
            "c kv get --version=x a",
            1,
            "invalid value \"x\" for flag -version: invalid digit found in string",
        );
        check("c read a --format", 1, "flag needs an argument: -format");
    }
}
