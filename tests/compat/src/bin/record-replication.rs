//! Records what a primary of today says: `record-replication v1`.

use compat::replication;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(version) = arguments.next().filter(|name| name.starts_with('v')) else {
        eprintln!("usage: record-replication VERSION, where VERSION is v1 or later");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let kept = runtime.block_on(replication::record()).keep(&version);
            eprintln!("{}", kept.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}
