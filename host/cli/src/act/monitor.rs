//! `monitor` and `version-history`.

use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::{Format, table, value};
use crate::tree::generic::Monitor;
use serde_json::Value;

/// Prints the server's log as it comes, until the server or the reader ends it.
pub(super) fn run(session: &mut Session<'_>, args: &Monitor) -> Result<u8, Stop> {
    let known = |text: &str, all: &[&str]| all.contains(&text.to_ascii_lowercase().as_str());
    if !known(
        &args.log_level,
        &["trace", "debug", "info", "warn", "error"],
    ) {
        return Err(Stop::usage(format!(
            "{} is an unknown log level. Use trace, debug, info, warn or error.",
            args.log_level
        )));
    }
    if !known(&args.log_format, &["standard", "json"]) {
        return Err(Stop::usage(format!(
            "{} is an unknown log format. Use standard or json.",
            args.log_format
        )));
    }
    let request = ApiRequest::get("sys/monitor")
        .with_query("log_level", args.log_level.to_ascii_lowercase())
        .with_query("log_format", args.log_format.to_ascii_lowercase());
    session
        .stream(&request, None)
        .during("Error starting monitor")?;
    Ok(code::OK)
}

/// Prints which versions the server has run.
pub(super) fn version_history(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::list("sys/version-history");
    let found = session
        .find(&request)
        .during("Error listing version history")?;
    let Some(answer) = found else {
        return session.nothing("No version history found");
    };
    if session.settings.format != Format::Table {
        return session.show(&answer);
    }
    let info = answer.field("key_info");
    let keys = answer.field("keys").and_then(Value::as_array);
    let row = |key: &Value| {
        let version = value::inline(key);
        let known = info.and_then(|info| info.get(&version));
        let shown = |key: &str| {
            let found = known.and_then(|known| known.get(key));
            found.map(value::inline).unwrap_or_default()
        };
        let commit = match shown("commit_date") {
            none if none.is_empty() => shown("build_date"),
            date => date,
        };
        vec![version, shown("timestamp_installed"), commit]
    };
    let rows = keys.into_iter().flatten().map(row).collect();
    let headings = ["Version", "Installation Time", "Commit Date"];
    session.success(&table::with_headings(&headings, rows))
}
