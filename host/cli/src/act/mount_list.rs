//! The lists of secrets engines and auth methods.

use super::mounts::Table;
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::Session;
use crate::show::json::{Node, ordered};
use crate::show::{duration, table, value};
use serde_json::{Map, Value};

const ORDER: [&str; 13] = [
    "uuid",
    "type",
    "description",
    "accessor",
    "config",
    "options",
    "local",
    "seal_wrap",
    "external_entropy_access",
    "plugin_version",
    "running_plugin_version",
    "running_sha256",
    "deprecation_status",
];

const CONFIG_ORDER: [&str; 8] = [
    "default_lease_ttl",
    "max_lease_ttl",
    "force_no_cache",
    "audit_non_hmac_request_keys",
    "audit_non_hmac_response_keys",
    "listing_visibility",
    "passthrough_request_headers",
    "allowed_response_headers",
];

pub(super) fn list(session: &mut Session<'_>, table: Table, detailed: bool) -> Result<u8, Stop> {
    let during = match table {
        Table::Secrets => "Error listing secrets engines",
        Table::Auth => "Error listing enabled authentications",
    };
    let request = ApiRequest::get(table.api());
    let mounts: Vec<(String, Map<String, Value>)> = session
        .ask(&request)
        .during(during)?
        .data()
        .into_iter()
        .filter_map(|(path, mount)| match mount {
            Value::Object(mount) if path.ends_with('/') => Some((path, mount)),
            _ => None,
        })
        .collect();
    let node = Node::Object(
        mounts
            .iter()
            .map(|(path, mount)| (path.clone(), entry(mount.clone())))
            .collect(),
    );
    session.show_or(&node, || match (detailed, table) {
        (true, _) => detailed_table(&mounts, table),
        (false, Table::Secrets) => {
            plain_table(&mounts, &["path", "type", "accessor", "description"])
        }
        (false, Table::Auth) => plain_table(
            &mounts,
            &["path", "type", "accessor", "description", "plugin_version"],
        ),
    })
}

/// An entry of the list, with its members in the order that readers know.
fn entry(mut mount: Map<String, Value>) -> Node {
    let status = mount.entry("deprecation_status");
    status.or_insert_with(|| Value::from(""));
    let config = mount.remove("config");
    let Node::Object(mut members) = ordered(mount, &ORDER) else {
        return Node::Object(Vec::new());
    };
    if let Some(Value::Object(config)) = config {
        // It stands before the options.
        let at = members.iter().position(|(key, _)| key == "options");
        let at = at.unwrap_or(members.len());
        members.insert(at, ("config".to_owned(), ordered(config, &CONFIG_ORDER)));
    }
    Node::Object(members)
}

fn cell(mount: &Map<String, Value>, path: &str, key: &str) -> String {
    match (key, mount.get(key)) {
        ("path", _) => path.to_owned(),
        ("options", None | Some(Value::Null)) => "map[]".to_owned(),
        (_, None | Some(Value::Null)) => String::new(),
        (_, Some(found)) => value::inline(found),
    }
}

fn plain_table(mounts: &[(String, Map<String, Value>)], keys: &[&str]) -> String {
    let headings: Vec<&str> = keys.iter().map(|key| heading(key)).collect();
    let rows = mounts
        .iter()
        .map(|(path, mount)| keys.iter().map(|key| cell(mount, path, key)).collect())
        .collect();
    table::with_headings(&headings, rows)
}

const fn heading_pairs() -> [(&'static str, &'static str); 17] {
    [
        ("path", "Path"),
        ("type", "Type"),
        ("plugin", "Plugin"),
        ("accessor", "Accessor"),
        ("default_lease_ttl", "Default TTL"),
        ("max_lease_ttl", "Max TTL"),
        ("force_no_cache", "Force No Cache"),
        ("token_type", "Token Type"),
        ("local", "Replication"),
        ("seal_wrap", "Seal Wrap"),
        ("external_entropy_access", "External Entropy Access"),
        ("options", "Options"),
        ("description", "Description"),
        ("uuid", "UUID"),
        ("plugin_version", "Version"),
        ("running_plugin_version", "Running Version"),
        ("running_sha256", "Running SHA256"),
    ]
}

fn heading(key: &str) -> &'static str {
    heading_pairs()
        .into_iter()
        .find(|(name, _)| *name == key)
        .map_or("Deprecation Status", |(_, heading)| heading)
}

fn detailed_table(mounts: &[(String, Map<String, Value>)], table: Table) -> String {
    let by_table = match table {
        Table::Secrets => "force_no_cache",
        Table::Auth => "token_type",
    };
    let keys = [
        "path",
        "plugin",
        "accessor",
        "default_lease_ttl",
        "max_lease_ttl",
        by_table,
        "local",
        "seal_wrap",
        "external_entropy_access",
        "options",
        "description",
        "uuid",
        "plugin_version",
        "running_plugin_version",
        "running_sha256",
        "deprecation_status",
    ];
    let headings: Vec<&str> = keys.iter().map(|key| heading(key)).collect();
    let rows = mounts
        .iter()
        .map(|(path, mount)| keys.iter().map(|key| detail(mount, path, key)).collect())
        .collect();
    table::with_headings(&headings, rows)
}

fn detail(mount: &Map<String, Value>, path: &str, key: &str) -> String {
    let config = |key: &str| mount.get("config").and_then(|config| config.get(key));
    match key {
        "plugin" => cell(mount, path, "type"),
        "default_lease_ttl" | "max_lease_ttl" => {
            let kind = cell(mount, path, "type");
            // These two have no leases whose life could be set.
            if kind == "system" || kind == "cubbyhole" {
                return "n/a".to_owned();
            }
            match config(key).and_then(Value::as_i64).unwrap_or(0) {
                0 => "system".to_owned(),
                seconds => seconds_text(seconds),
            }
        }
        "force_no_cache" | "token_type" => config(key).map(value::inline).unwrap_or_default(),
        "local" => match mount.get(key).and_then(Value::as_bool) {
            Some(true) => "local".to_owned(),
            _ => "replicated".to_owned(),
        },
        other => cell(mount, path, other),
    }
}

fn seconds_text(seconds: i64) -> String {
    match u64::try_from(seconds) {
        Ok(seconds) => seconds.to_string(),
        Err(_) => duration::human(seconds),
    }
}
