//! What `casemate plugin new` makes is an engine whose tests pass.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

/// The repository's.
const PROFILE: [&str; 3] = [
    "profile.dev.debug='line-tables-only'",
    "profile.dev.package.'*'.opt-level=1",
    "profile.dev.package.'*'.debug=false",
];

#[test]
fn a_new_engine_passes_its_own_tests() {
    let folder = tempfile::tempdir().unwrap();
    let engine = folder.path().join("my-engine");
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../rust")
        .canonicalize()
        .unwrap();
    let dependency = format!("{{ path = {:?} }}", sdk.display().to_string());
    pack::instantiate("my-engine", &engine, &dependency).unwrap();
    // The versions that are here already, so that nothing is fetched.
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    std::fs::copy(lock, engine.join("Cargo.lock")).unwrap();
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(&engine)
        .args(["test", "--quiet", "--offline", "--lib"]);
    // Beside the binary of this test lie the dependencies, built with this profile.
    cargo.args(PROFILE.iter().flat_map(|line| ["--config", line]));
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    cargo.env("CARGO_TARGET_DIR", target);
    let output = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("3 passed"),
        "{said}"
    );
}
