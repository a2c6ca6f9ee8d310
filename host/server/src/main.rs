//! The `casemate` command.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A request makes many small and short-lived values on whichever thread runs it: a seventh more
/// requests are answered than with the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "server").is_some() {
        return server::run(arguments, &|name| std::env::var(name).ok());
    }
    cli::run(arguments.collect(), &server::HOOKS)
}
