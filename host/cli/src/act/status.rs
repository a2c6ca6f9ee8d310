//! `status`, and the table of the seal that `operator unseal` shows as well.

use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::{json, table, value};
use serde_json::{Map, Value};

const ORDER: [&str; 23] = [
    "type",
    "initialized",
    "sealed",
    "t",
    "n",
    "progress",
    "nonce",
    "version",
    "commit_date",
    "migration",
    "cluster_name",
    "cluster_id",
    "recovery_seal",
    "storage_type",
    "build_date",
    "ha_enabled",
    "is_self",
    "active_time",
    "leader_address",
    "leader_cluster_address",
    "raft_committed_index",
    "raft_applied_index",
    "last_wal",
];

pub(super) fn status(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get("sys/seal-status");
    let seal = session
        .ask(&request)
        .during("Error checking seal status")
        // Code 2 says that the server is sealed.
        .map_err(|stop| match stop {
            Stop::Printed | Stop::Unread => stop,
            other => Stop::usage(other.to_string()),
        })?
        .data();
    let sealed = flag(&seal, "sealed");
    let shown = show_seal(session, seal)?;
    Ok(match (sealed, shown) {
        (true, code::OK) => code::NOTHING_OR_SEALED,
        (_, shown) => shown,
    })
}

fn flag(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// Shows a seal status, with what the server says of its leader.
pub(super) fn show_seal(
    session: &mut Session<'_>,
    mut seal: Map<String, Value>,
) -> Result<u8, Stop> {
    let leader = leader(session);
    seal.retain(|_, value| !value.is_null());
    for key in ["commit_date", "build_date"] {
        seal.entry(key).or_insert_with(|| Value::from(""));
    }
    let high_availability = flag(&leader, "ha_enabled");
    seal.insert("ha_enabled".to_owned(), Value::from(high_availability));
    for key in LEADER_KEYS {
        if let Some(value) = leader.get(key).filter(|value| says_something(value)) {
            seal.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(name) = session.settings.field.clone() {
        return session.show_field(seal.get(&name).cloned(), &name, "seal status");
    }
    let rows = rows(&seal, &leader);
    let node = json::ordered(seal, &ORDER);
    session.show_or(&node, || table::pairs(rows))
}

/// What the server says of its leader. A sealed one may keep it to itself; then it may well have
/// one, as clients of Vault take it.
fn leader(session: &mut Session<'_>) -> Map<String, Value> {
    match session.prepare(&ApiRequest::get("sys/leader")) {
        Ok(answer) => answer.data(),
        Err(Stop::Refused { refusal, .. }) if refusal.text.contains("Vault is sealed") => {
            Map::from_iter([("ha_enabled".to_owned(), Value::from(true))])
        }
        Err(_) => Map::new(),
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_u64() != Some(0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

const LEADER_KEYS: [&str; 7] = [
    "is_self",
    "leader_address",
    "leader_cluster_address",
    "active_time",
    "raft_committed_index",
    "raft_applied_index",
    "last_wal",
];

fn rows(seal: &Map<String, Value>, leader: &Map<String, Value>) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    let shown = |key: &str| seal.get(key).map(value::inline).unwrap_or_default();
    let recovery = flag(seal, "recovery_seal");
    let sealed = flag(seal, "sealed");
    row(
        if recovery {
            "Recovery Seal Type"
        } else {
            "Seal Type"
        },
        shown("type"),
    );
    row("Initialized", shown("initialized"));
    row("Sealed", shown("sealed"));
    row(
        if recovery {
            "Total Recovery Shares"
        } else {
            "Total Shares"
        },
        shown("n"),
    );
    row("Threshold", shown("t"));
    if sealed {
        row(
            "Unseal Progress",
            format!("{}/{}", shown("progress"), shown("t")),
        );
        row("Unseal Nonce", shown("nonce"));
    }
    if !shown("needs_unseal_with").is_empty() {
        row(
            "Needs Unseal With",
            format!("shares of the {}", shown("needs_unseal_with")),
        );
    }
    if flag(seal, "migration") {
        row("Seal Migration in Progress", "true".to_owned());
    }
    row("Version", shown("version"));
    for (key, name) in [("commit_date", "Commit Date"), ("build_date", "Build Date")] {
        if !shown(key).is_empty() {
            row(name, shown(key));
        }
    }
    row("Storage Type", shown("storage_type"));
    for (key, name) in [
        ("cluster_name", "Cluster Name"),
        ("cluster_id", "Cluster ID"),
    ] {
        if !shown(key).is_empty() {
            row(name, shown(key));
        }
    }
    row("HA Enabled", flag(leader, "ha_enabled").to_string());
    rows.extend(leader_rows(leader));
    rows
}

fn leader_rows(leader: &Map<String, Value>) -> Vec<(String, String)> {
    let shown = |key: &str| leader.get(key).map(value::inline).unwrap_or_default();
    let or_none = |text: String| {
        if text.is_empty() {
            "<none>".to_owned()
        } else {
            text
        }
    };
    let mut rows = Vec::new();
    // A leader that is known has more than this one member.
    if flag(leader, "ha_enabled") && leader.len() > 1 {
        let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
        row("HA Cluster", or_none(shown("leader_cluster_address")));
        if flag(leader, "is_self") {
            row("HA Mode", "active".to_owned());
            row("Active Since", shown("active_time"));
        } else {
            row("HA Mode", "standby".to_owned());
            row("Active Node Address", or_none(shown("leader_address")));
        }
    }
    for (key, name) in [
        ("raft_committed_index", "Raft Committed Index"),
        ("raft_applied_index", "Raft Applied Index"),
        ("last_wal", "Last WAL"),
    ] {
        if leader.get(key).and_then(Value::as_u64).unwrap_or(0) > 0 {
            rows.push((name.to_owned(), shown(key)));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_sealed_server() {
        let seal = r#"{"type":"shamir","initialized":true,"sealed":true,"t":2,"n":3,"progress":1,
            "nonce":"","version":"2.7.2","commit_date":"","storage_type":"raft"}"#;
        let seal: Map<String, Value> = serde_json::from_str(seal).unwrap();
        let shown = |seal: &Map<String, Value>| {
            let rows = rows(seal, &Map::new()).into_iter();
            rows.map(|(key, value)| format!("{key}={value}"))
                .collect::<Vec<String>>()
        };
        let mut of_secondary = seal.clone();
        of_secondary.insert("needs_unseal_with".to_owned(), "primary".into());
        assert_eq!(
            shown(&of_secondary)[7],
            "Needs Unseal With=shares of the primary"
        );
        assert_eq!(
            shown(&seal),
            [
                "Seal Type=shamir",
                "Initialized=true",
                "Sealed=true",
                "Total Shares=3",
                "Threshold=2",
                "Unseal Progress=1/2",
                "Unseal Nonce=",
                "Version=2.7.2",
                "Storage Type=raft",
                "HA Enabled=false",
            ]
        );
    }
}
