//! `operator raft …`.

use super::{duration, set};
use crate::answer::{ApiAnswer, text};
use crate::error::{During, Stop, of_file};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::{table, value};
use crate::tree::operator::{Autopilot, AutopilotConfig, Join, Raft, Snapshot};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

const API: &str = "sys/storage/raft";

pub(super) fn run(session: &mut Session<'_>, command: Raft) -> Result<u8, Stop> {
    match command {
        Raft::ListPeers => list_peers(session),
        Raft::Join(args) => join(session, &args),
        Raft::RemovePeer { id } => {
            change(
                session,
                "remove-peer",
                &id,
                "Error removing the peer from raft cluster",
            )?;
            session.success("Peer removed successfully!")
        }
        Raft::Promote { id } => change(session, "promote", &id, "Error promoting server"),
        Raft::Demote { id } => change(session, "demote", &id, "Error demoting server"),
        Raft::Snapshot(Snapshot::Save { file }) => save(session, &file),
        Raft::Snapshot(Snapshot::Restore { file, force }) => {
            let call = if force { "snapshot-force" } else { "snapshot" };
            restore(session, &file, call)
        }
        Raft::Autopilot(Autopilot::State) => state(session),
        Raft::Autopilot(Autopilot::GetConfig) => config(session),
        Raft::Autopilot(Autopilot::SetConfig(args)) => set_config(session, &args),
    }
}

fn list_peers(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get(format!("{API}/configuration"));
    let found = session
        .find(&request)
        .during("Error reading the raft cluster configuration")?;
    let Some(answer) = found else {
        return session.nothing("No raft cluster configuration found");
    };
    if session.settings.format != crate::show::Format::Table {
        return session.show(&answer);
    }
    let servers = answer
        .field("config")
        .and_then(|config| config.get("servers"));
    let servers = servers
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let row = |server: &Value| {
        let shown = |key: &str| server.get(key).map(value::inline).unwrap_or_default();
        let leads = server.get("leader").and_then(Value::as_bool) == Some(true);
        let state = if leads { "leader" } else { "follower" };
        vec![
            shown("node_id"),
            shown("address"),
            state.to_owned(),
            shown("voter"),
        ]
    };
    let rows = servers.iter().map(row).collect();
    session.success(&table::with_headings(
        &["Node", "Address", "State", "Voter"],
        rows,
    ))
}

fn change(session: &mut Session<'_>, call: &str, id: &str, during: &str) -> Result<u8, Stop> {
    let request = ApiRequest::put(format!("{API}/{call}"), json!({ "server_id": id }));
    session.ask(&request).during(during)?;
    Ok(code::OK)
}

fn join(session: &mut Session<'_>, args: &Join) -> Result<u8, Stop> {
    let file = |path: &Option<String>| match path.as_deref() {
        // The certificate itself may be given, too.
        Some(path) if path.contains("-----BEGIN") => Ok(path.to_owned()),
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| Stop::usage(of_file(path, &error)))
        }
        None => Ok(String::new()),
    };
    let mut body = Map::new();
    set(
        &mut body,
        "leader_api_addr",
        Some(args.leader.clone().unwrap_or_default()),
    );
    set(
        &mut body,
        "leader_ca_cert",
        Some(file(&args.leader_ca_cert)?),
    );
    set(
        &mut body,
        "leader_client_cert",
        Some(file(&args.leader_client_cert)?),
    );
    set(
        &mut body,
        "leader_client_key",
        Some(file(&args.leader_client_key)?),
    );
    set(&mut body, "retry", Some(args.retry));
    set(&mut body, "non_voter", Some(args.non_voter));
    let request = ApiRequest::post(format!("{API}/join"), Value::Object(body));
    let answer = session
        .ask(&request)
        .during("Error joining the node to the Raft cluster")?;
    let data = answer.data();
    let joined = data.get("joined").map(value::inline).unwrap_or_default();
    let node = crate::show::json::Node::Plain(Value::Object(data));
    session.show_or(&node, || table::pairs(vec![("Joined".to_owned(), joined)]))
}

fn save(session: &mut Session<'_>, path: &str) -> Result<u8, Stop> {
    let during = "Error taking the snapshot";
    let request = ApiRequest::get(format!("{API}/snapshot"));
    // The file appears only once the server has sent the whole snapshot.
    let fresh = format!("{path}.part");
    let opening = |error: std::io::Error| {
        Stop::local(format!(
            "Error opening output file: {}",
            of_file(path, &error)
        ))
    };
    let mut file = std::fs::File::create(&fresh).map_err(opening)?;
    let taken = session.stream(&request, Some(&mut file)).and_then(|()| {
        file.sync_all()?;
        std::fs::rename(&fresh, path).map_err(opening)
    });
    if taken.is_err() {
        // What was begun is of no use.
        let _ = std::fs::remove_file(&fresh);
    }
    taken.during(during)?;
    Ok(code::OK)
}

fn restore(session: &mut Session<'_>, path: &str, call: &str) -> Result<u8, Stop> {
    let bytes = std::fs::read(path).map_err(|error| {
        Stop::local(format!(
            "Error opening snapshot file: {}",
            of_file(path, &error)
        ))
    })?;
    let request = ApiRequest::post_bytes(format!("{API}/{call}"), bytes);
    session
        .ask(&request)
        .during("Error installing the snapshot")?;
    Ok(code::OK)
}

const CONFIG: [(&str, &str); 6] = [
    ("cleanup_dead_servers", "Cleanup Dead Servers"),
    ("last_contact_threshold", "Last Contact Threshold"),
    (
        "dead_server_last_contact_threshold",
        "Dead Server Last Contact Threshold",
    ),
    ("server_stabilization_time", "Server Stabilization Time"),
    ("min_quorum", "Min Quorum"),
    ("max_trailing_logs", "Max Trailing Logs"),
];

fn config(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get(format!("{API}/autopilot/configuration"));
    let found = session
        .find(&request)
        .during("Error reading the autopilot configuration")?;
    let Some(answer) = found else {
        return Ok(code::OK);
    };
    let data = answer.data();
    let rows = CONFIG.iter().map(|(key, name)| {
        let found = data.get(*key).map(value::inline).unwrap_or_default();
        ((*name).to_owned(), found)
    });
    let rows = rows.collect();
    let order: Vec<&str> = CONFIG.iter().map(|(key, _)| *key).collect();
    let node = crate::show::json::ordered(data.clone(), &order);
    session.show_or(&node, || table::pairs(rows))
}

fn set_config(session: &mut Session<'_>, args: &AutopilotConfig) -> Result<u8, Stop> {
    let mut body = Map::new();
    set(&mut body, "cleanup_dead_servers", args.cleanup_dead_servers);
    set(&mut body, "max_trailing_logs", args.max_trailing_logs);
    set(&mut body, "min_quorum", args.min_quorum);
    for (key, flag, text) in [
        (
            "last_contact_threshold",
            "last-contact-threshold",
            &args.last_contact_threshold,
        ),
        (
            "dead_server_last_contact_threshold",
            "dead-server-last-contact-threshold",
            &args.dead_server_last_contact_threshold,
        ),
        (
            "server_stabilization_time",
            "server-stabilization-time",
            &args.server_stabilization_time,
        ),
    ] {
        let value = text
            .as_deref()
            .map(|text| duration(flag, text))
            .transpose()?;
        set(&mut body, key, value);
    }
    let request = ApiRequest::put(
        format!("{API}/autopilot/configuration"),
        Value::Object(body),
    );
    session.ask(&request)?;
    Ok(code::OK)
}

fn state(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get(format!("{API}/autopilot/state"));
    let found = session
        .find(&request)
        .during("Error checking autopilot state")?;
    let Some(answer) = found else {
        return Ok(code::OK);
    };
    if session.settings.format != crate::show::Format::Table {
        let node = crate::show::json::Node::Plain(Value::Object(answer.data()));
        return session.show_or(&node, String::new);
    }
    let text = state_text(&answer);
    session.success(&text)
}

fn state_text(answer: &ApiAnswer) -> String {
    let shown = |key: &str| answer.field(key).map(value::inline).unwrap_or_default();
    let mut lines = String::new();
    // A failure to write to a text does not exist, here and below.
    for (name, key) in [
        ("Healthy:", "healthy"),
        ("Failure Tolerance:", "failure_tolerance"),
        ("Leader:", "leader"),
    ] {
        let _ = writeln!(lines, "{name:33}{}", shown(key));
    }
    let voters = crate::answer::texts(answer.field("voters"));
    lines.push_str("Voters:\n");
    for voter in voters {
        let _ = writeln!(lines, "   {voter}");
    }
    lines.push_str("Servers:\n");
    let servers = answer.field("servers").and_then(Value::as_object);
    for (name, server) in servers.into_iter().flatten() {
        let _ = writeln!(lines, "   {name}");
        for (title, key) in [
            ("Name", "name"),
            ("Address", "address"),
            ("Status", "status"),
            ("Node Status", "node_status"),
            ("Healthy", "healthy"),
            ("Last Contact", "last_contact"),
            ("Last Term", "last_term"),
            ("Last Index", "last_index"),
            ("Version", "version"),
            ("Node Type", "node_type"),
        ] {
            let found = match server.get(key) {
                Some(Value::String(_)) => text(server.get(key)),
                other => other.map(value::inline).unwrap_or_default(),
            };
            let title = format!("{title}:");
            let _ = writeln!(lines, "      {title:19}{found}");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_as_text() {
        let body = r#"{"data":{"healthy":true,"failure_tolerance":0,"leader":"a","voters":["a"],
            "servers":{"a":{"name":"a","address":"h:1","last_index":31}}}}"#;
        let text = state_text(&ApiAnswer::new(200, body.to_owned()));
        assert!(
            text.starts_with("Healthy:                         true\n"),
            "{text}"
        );
        assert!(text.contains("Voters:\n   a\nServers:\n   a\n"), "{text}");
        assert!(text.contains("      Last Index:        31\n"), "{text}");
    }
}
