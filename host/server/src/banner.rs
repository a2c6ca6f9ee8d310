//! What is printed for the person who starts the server.

use crate::certificate::MadeCertificate;
use crate::config::{Config, ListenerConfig, TlsConfig};
use crate::development::Keys;
use core::fmt::Write as _;
use std::io::Write as _;

/// Prints `text`. A closed standard output does not stop a server.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// What the server runs with.
pub(crate) fn configuration(config: &Config) -> String {
    let mut lines = vec![
        (String::from("Api Address"), config.api_addr.clone()),
        (String::from("Cluster Address"), config.cluster_addr.clone()),
    ];
    for (position, listener) in config.listeners.iter().enumerate() {
        lines.push((format!("Listener {}", position + 1), describe(listener)));
    }
    lines.push((String::from("Storage"), config.storage.name().to_owned()));
    let version = format!("Casemate v{}", env!("CARGO_PKG_VERSION"));
    lines.push((String::from("Version"), version));
    let mut text = String::from("==> Casemate server configuration:\n\n");
    for (name, value) in lines {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:>24}: {value}");
    }
    text.push('\n');
    text
}

fn describe(listener: &ListenerConfig) -> String {
    let tls = match listener.tls {
        TlsConfig::Off => "disabled",
        TlsConfig::Made | TlsConfig::Files(_) => "enabled",
    };
    let size = listener.limits.request_bytes_max;
    let address = listener.address;
    format!("tcp (addr: \"{address}\", max_request_size: \"{size}\", tls: \"{tls}\")")
}

/// The server listens.
pub(crate) const STARTED: &str =
    "==> Casemate server started! Log data goes to standard error.\n\n";

/// What development mode tells: the keys, and what to paste.
pub(crate) fn development(config: &Config, keys: &Keys, tls: Option<&MadeCertificate>) -> String {
    let mut text = String::from(
        "WARNING! dev mode is enabled! The server is unsealed, and its keys are below.\n\
         Never keep real secrets in it.\n\n\
         Paste these to talk to it:\n\n",
    );
    let mut export = format!(
        "export VAULT_ADDR='{}' VAULT_TOKEN='{}'",
        config.api_addr, keys.root_token
    );
    if let Some(made) = tls {
        let _ = write!(export, " VAULT_CACERT='{}'", made.authority.display());
    }
    // As it was called, so that the lines work where no `casemate` is on the path.
    let program = std::env::args().next();
    let program = program.unwrap_or_else(|| String::from("casemate"));
    let put = format!("{program} kv put secret/hello name=world");
    let read = format!("{program} kv get secret/hello");
    for line in [export, put, read] {
        let _ = writeln!(text, "    {line}");
    }
    let Keys {
        unseal_key,
        root_token,
        ..
    } = keys;
    let _ = write!(
        text,
        "\nUnseal Key: {unseal_key}\nRoot Token: {root_token}\n\n\
         Development mode should NOT be used in production installations!\n\n"
    );
    text
}
