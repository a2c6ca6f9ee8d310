//! The command without the server, to try it against any server with this API.

use std::process::ExitCode;

fn main() -> ExitCode {
    let hooks = cli::Hooks {
        inspect: |_| Err("not in this example".to_owned()),
        plugin_build: |_, _| Err("not in this example".to_owned()),
        plugin_new: |_| Err("not in this example".to_owned()),
    };
    cli::run(std::env::args().skip(1).collect(), &hooks)
}
