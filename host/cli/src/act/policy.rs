//! `policy …`.

use super::policy_format::format_policy;
use crate::error::{During, Stop, of_file};
use crate::request::ApiRequest;
use crate::session::Session;
use crate::show::json::Node;
use crate::show::{Format, value};
use crate::tree::mounts::Policy;
use serde_json::{Value, json};

const API: &str = "sys/policies/acl";

pub(super) fn run(session: &mut Session<'_>, command: Policy) -> Result<u8, Stop> {
    match command {
        Policy::List => list(session),
        Policy::Read { name } => read(session, &name.trim().to_lowercase()),
        Policy::Delete { name } => {
            let name = name.trim().to_lowercase();
            let request = ApiRequest::delete(format!("{API}/{name}"));
            session
                .ask(&request)
                .during(&format!("Error deleting {name}"))?;
            session.success(&format!("Success! Deleted policy: {name}"))
        }
        Policy::Write { name, path } => {
            let lower = name.trim().to_lowercase();
            if lower != name {
                session.warn(&format!(
                    "Policy name was converted from {name:?} to {lower:?}"
                ))?;
            }
            write(session, &lower, &path)
        }
        Policy::Fmt { path } => format_file(session, &path),
    }
}

fn list(session: &mut Session<'_>) -> Result<u8, Stop> {
    let answer = session
        .ask(&ApiRequest::list(API))
        .during("Error listing policies")?;
    let keys = answer
        .field("keys")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let lines: Vec<String> = keys.iter().map(value::inline).collect();
    session.show_or(&Node::Plain(Value::Array(keys)), || lines.join("\n"))
}

fn read(session: &mut Session<'_>, name: &str) -> Result<u8, Stop> {
    let request = ApiRequest::get(format!("{API}/{name}"));
    let found = session
        .find(&request)
        .during(&format!("Error reading policy named {name}"))?;
    let Some(answer) = found else {
        return session.nothing(&format!("No policy named: {name}"));
    };
    let text = answer.field("policy").or_else(|| answer.field("rules"));
    let text = text.and_then(Value::as_str).unwrap_or_default().to_owned();
    // The root policy has no rules.
    if text.is_empty() {
        return session.nothing(&format!("No policy named: {name}"));
    }
    let node = Node::Plain(json!({ "policy": text }));
    session.show_or(&node, || text.trim().to_owned())
}

fn write(session: &mut Session<'_>, name: &str, path: &str) -> Result<u8, Stop> {
    let mut text = String::new();
    if path == "-" {
        std::io::Read::read_to_string(session.input, &mut text)?;
    } else {
        text = std::fs::read_to_string(path).map_err(|error| {
            Stop::local(format!(
                "Error opening policy file: {}",
                of_file(path, &error)
            ))
        })?;
    }
    let request = ApiRequest::put(format!("{API}/{name}"), json!({ "policy": text }));
    let answer = session.ask(&request).during("Error uploading policy")?;
    let done = session.success(&format!("Success! Uploaded policy: {name}"))?;
    if session.settings.format == Format::Table
        && let Some(envelope) = answer.envelope()
    {
        session.show_warnings(&envelope)?;
    }
    Ok(done)
}

fn format_file(session: &mut Session<'_>, path: &str) -> Result<u8, Stop> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Stop::usage(format!(
            "Error reading source file: {}",
            of_file(path, &error)
        ))
    })?;
    hcl::parse(&text).map_err(|error| Stop::usage(format!("failed to parse policy: {error}")))?;
    std::fs::write(path, format_policy(&text))
        .map_err(|error| Stop::usage(format!("Error writing result: {}", of_file(path, &error))))?;
    session.success(&format!("Success! Formatted policy: {path}"))
}
