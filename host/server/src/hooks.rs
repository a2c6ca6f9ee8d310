//! What the binary lends to the commands for authors: it can run components, the commands cannot.

use crate::system::SystemEntropy;
use base::chain;
use plugin::{Kind, Runtime, RuntimeConfig};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All of it.
pub const HOOKS: cli::Hooks = cli::Hooks {
    inspect,
    plugin_build: build,
    plugin_new: new,
};

/// What an operator will be asked to grant.
fn inspect(bytes: &[u8]) -> Result<String, String> {
    let runtime = Runtime::new(RuntimeConfig::default(), Arc::new(SystemEntropy));
    let runtime = runtime.map_err(|error| chain(&error))?;
    let inspected = runtime.inspect(bytes).map_err(|error| chain(&error))?;
    let manifest = &inspected.manifest;
    let kind = match inspected.kind {
        Kind::Engine => "secret",
        Kind::Method => "auth",
    };
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{words}");
    };
    line(format!(
        "{} {} ({kind}): {}",
        manifest.name, manifest.version, manifest.summary
    ));
    line(format!("size     {} bytes", bytes.len()));
    line(format!("sha256   {}", inspected.digest));
    for import in &inspected.imports {
        line(format!("import   {import}"));
    }
    for rule in &manifest.storage {
        let wrap = if rule.seal_wrap { ", seal-wrapped" } else { "" };
        line(format!(
            "storage  {:?}: {:?}{wrap}",
            rule.prefix, rule.locality
        ));
    }
    for route in &manifest.routes {
        let (operation, access) = (route.operation, route.access);
        line(format!(
            "route    {operation:?} {} ({access:?}): {}",
            route.pattern, route.summary
        ));
    }
    for host in &manifest.outbound {
        line(format!("outbound {host}"));
    }
    Ok(text.trim_end().to_owned())
}

/// Makes a component of a crate, or of a core module that is built already.
fn build(source: &Path, output: Option<&Path>) -> Result<String, String> {
    let component = match source.is_dir() {
        true => pack::build(source).map_err(|error| chain(&error))?,
        false => {
            let core =
                fs::read(source).map_err(|error| format!("{}: {error}", source.display()))?;
            pack::componentize(&core).map_err(|error| chain(&error))?
        }
    };
    let output = output.map_or_else(|| usual_output(source), Path::to_owned);
    fs::write(&output, &component).map_err(|error| format!("{}: {error}", output.display()))?;
    Ok(format!(
        "{}\n\nwritten to {}",
        inspect(&component)?,
        output.display()
    ))
}

/// Beside the crate's own name, in the folder where the command was called.
fn usual_output(source: &Path) -> PathBuf {
    let full = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    PathBuf::from(full.file_stem().unwrap_or_default()).with_extension("wasm")
}

/// Copies the template.
fn new(folder: &Path) -> Result<String, String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    // A binary that was built from source knows where the SDK is; another one asks the registry.
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust");
    let sdk = match sdk.canonicalize() {
        Ok(path) => format!("{{ path = {:?} }}", path.display().to_string()),
        Err(_) => format!("{:?}", env!("CARGO_PKG_VERSION")),
    };
    pack::instantiate(&name, folder, &sdk).map_err(|error| chain(&error))?;
    let folder = folder.display();
    Ok(format!(
        "made {folder}; next: cargo test --manifest-path {folder}/Cargo.toml"
    ))
}
