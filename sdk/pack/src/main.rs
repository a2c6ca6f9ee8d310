//! `pack CRATE [OUTPUT]`: builds a component, and prints what an operator will be asked to grant.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: pack CRATE [OUTPUT.wasm]");
        return ExitCode::from(2);
    };
    match pack(&folder, arguments.next().as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn pack(folder: &Path, output: Option<&Path>) -> Result<(), Box<dyn core::error::Error>> {
    let component = pack::build(folder)?;
    let kibibytes = component.len().div_ceil(1024);
    eprintln!("size     {kibibytes} KiB");
    eprintln!("sha256   {}", pack::digest(&component));
    for name in pack::exports(&component)? {
        eprintln!("exports  {name}");
    }
    for name in pack::imports(&component)? {
        eprintln!("imports  {name}");
    }
    if let Some(output) = output {
        std::fs::write(output, &component)?;
        eprintln!("written  {}", output.display());
    }
    eprintln!("routes and storage rules: casemate plugin check FILE");
    Ok(())
}
