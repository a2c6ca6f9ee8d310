//! The `casemate` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments
        .next_if(|first| first == plugin::COMPILE)
        .is_some()
    {
        return plugin::compile_standard_input();
    }
    if arguments.next_if(|first| first == "server").is_some() {
        return server::run(arguments, &|name| std::env::var(name).ok());
    }
    cli::run(arguments.collect(), &server::HOOKS)
}
