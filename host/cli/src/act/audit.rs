//! `audit …`.

use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path, mount_path};
use crate::session::{Session, code};
use crate::show::{Format, json, table, value};
use crate::tree::mounts::Audit;
use serde_json::{Map, Value, json};

pub(super) fn run(session: &mut Session<'_>, command: Audit) -> Result<u8, Stop> {
    match command {
        Audit::Enable {
            kind,
            options,
            description,
            local,
            path,
        } => {
            let kind = kind.ok_or_else(|| {
                Stop::usage(
                    "Error enabling audit device: audit type missing. Valid types include 'file', \
                     'socket' and 'syslog'.",
                )
            })?;
            let path = clean_path(path.as_deref().unwrap_or(&kind));
            let options: Map<String, Value> = session.data(&options)?;
            let body = json!({
                "type": kind,
                "description": description.unwrap_or_default(),
                "options": options,
                "local": local,
            });
            let request = ApiRequest::put(format!("sys/audit/{path}"), body);
            session
                .ask(&request)
                .during("Error enabling audit device")?;
            session.success(&format!(
                "Success! Enabled the {kind} audit device at: {path}/"
            ))
        }
        Audit::Disable { path } => {
            let path = mount_path(&path);
            let request = ApiRequest::delete(format!("sys/audit/{}", clean_path(&path)));
            session
                .ask(&request)
                .during("Error disabling audit device")?;
            session.success(&format!(
                "Success! Disabled audit device (if it was enabled) at: {path}"
            ))
        }
        Audit::List { detailed } => list(session, detailed),
    }
}

fn list(session: &mut Session<'_>, detailed: bool) -> Result<u8, Stop> {
    let request = ApiRequest::get("sys/audit");
    let devices = session.ask(&request).during("Error listing audits")?.data();
    let devices: Vec<(String, Value)> = devices
        .into_iter()
        .filter(|(path, device)| path.ends_with('/') && device.is_object())
        .collect();
    if devices.is_empty() {
        return match session.settings.format {
            Format::Table => {
                session.say("No audit devices are enabled.")?;
                Ok(code::NOTHING_OR_SEALED)
            }
            _ => session.success("{}"),
        };
    }
    let node = json::Node::Object(
        devices
            .iter()
            .map(|(path, device)| (path.clone(), json::Node::Plain(device.clone())))
            .collect(),
    );
    session.show_or(&node, || {
        let rows = devices
            .iter()
            .map(|(path, device)| row(path, device, detailed))
            .collect();
        match detailed {
            true => table::with_headings(
                &["Path", "Type", "Description", "Replication", "Options"],
                rows,
            ),
            false => table::with_headings(&["Path", "Type", "Description"], rows),
        }
    })
}

fn row(path: &str, device: &Value, detailed: bool) -> Vec<String> {
    let shown = |key: &str| device.get(key).map(value::inline).unwrap_or_default();
    let mut cells = vec![path.to_owned(), shown("type"), shown("description")];
    if detailed {
        let local = device.get("local").and_then(Value::as_bool) == Some(true);
        cells.push(if local { "local" } else { "replicated" }.to_owned());
        let options = device.get("options").and_then(Value::as_object);
        let pairs: Vec<String> = options
            .into_iter()
            .flatten()
            .map(|(key, found)| format!("{key}={}", value::inline(found)))
            .collect();
        cells.push(pairs.join(" "));
    }
    cells
}
