//! The `casemate` command.

use std::alloc::System;
use std::process::ExitCode;
use zeroizing_alloc::ZeroAlloc;

/// What is given back is zeroed first: a secret passes through many buffers, of libraries too, and
/// none of them outlives its request in memory that a core dump would show.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

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
