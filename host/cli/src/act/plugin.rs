//! `plugin …`.

use super::Surroundings;
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::Session;
use crate::show::json::Node;
use crate::show::{table, value};
use crate::tree::plugin::{Plugin, Register};
use base64::Engine;
use serde_json::{Map, Value, json};

const API: &str = "sys/plugins/catalog";

pub(super) fn run(
    session: &mut Session<'_>,
    around: &Surroundings<'_>,
    command: Plugin,
) -> Result<u8, Stop> {
    match command {
        Plugin::New { path } => tell(session, (around.hooks.plugin_new)(path.as_ref())),
        Plugin::Build { path, output } => {
            let output = output.as_deref().map(AsRef::as_ref);
            tell(session, (around.hooks.plugin_build)(path.as_ref(), output))
        }
        Plugin::Check { file } => {
            let bytes = read(&file)?;
            tell(session, (around.hooks.inspect)(&bytes))
        }
        Plugin::Register(args) => register(session, &args),
        Plugin::List { kind, detailed } => list(session, kind.as_deref(), detailed),
        Plugin::Info {
            kind,
            name,
            version,
        } => info(session, &kind, &name, version),
        Plugin::Deregister {
            kind,
            name,
            version,
        } => {
            let request = with_version(ApiRequest::delete(format!("{API}/{kind}/{name}")), version);
            session
                .ask(&request)
                .during(&format!("Error deregistering plugin named {name}"))?;
            session.success(&format!(
                "Success! Deregistered plugin (if it was registered): {name}"
            ))
        }
        Plugin::Reload {
            plugin,
            mounts,
            scope,
        } => reload(session, plugin, &mounts, scope),
        Plugin::ReloadStatus { id } => reload_status(session, &id),
        Plugin::Pin {
            kind,
            name,
            version,
        } => {
            let body = json!({ "version": version });
            session
                .ask(&ApiRequest::put(pin_of(&kind, &name), body))
                .during(&format!("Error pinning plugin {name}"))?;
            session.success(&format!("Success! Pinned plugin: {name} {version}"))
        }
        Plugin::Pins => pins(session),
        Plugin::Unpin { kind, name } => {
            session
                .ask(&ApiRequest::delete(pin_of(&kind, &name)))
                .during(&format!("Error removing the pin of plugin {name}"))?;
            session.success(&format!(
                "Success! Removed the pin (if it was pinned): {name}"
            ))
        }
    }
}

const PINS: &str = "sys/plugins/pins";

fn pin_of(kind: &str, name: &str) -> String {
    format!("{PINS}/{kind}/{name}")
}

fn pins(session: &mut Session<'_>) -> Result<u8, Stop> {
    let answer = session
        .ask(&ApiRequest::get(PINS))
        .during("Error listing pinned plugins")?;
    let pins = match answer.field("pinned_versions") {
        Some(Value::Array(pins)) => pins.clone(),
        _ => Vec::new(),
    };
    let cell = |pin: &Value, key: &str| pin.get(key).map(value::inline).unwrap_or_default();
    let row = |pin: &Value| {
        ["name", "type", "version"]
            .map(|key| cell(pin, key))
            .to_vec()
    };
    let rows = pins.iter().map(row).collect();
    session.show_or(&Node::Plain(Value::Array(pins)), || {
        table::with_headings(&["Name", "Type", "Version"], rows)
    })
}

/// Shows what a hook says.
fn tell(session: &mut Session<'_>, said: Result<String, String>) -> Result<u8, Stop> {
    let text = said.map_err(Stop::local)?;
    session.success(text.trim_end())
}

fn read(file: &str) -> Result<Vec<u8>, Stop> {
    std::fs::read(file).map_err(|error| Stop::local(format!("Error reading {file}: {error}")))
}

fn with_version(request: ApiRequest, version: Option<String>) -> ApiRequest {
    match version {
        Some(version) => request.with_query("version", version),
        None => request,
    }
}

fn register(session: &mut Session<'_>, args: &Register) -> Result<u8, Stop> {
    let component = args.file.as_deref().map(read).transpose()?;
    let request = register_request(args, component.as_deref());
    let name = &args.name;
    session
        .ask(&request)
        .during(&format!("Error registering plugin {name}"))?;
    session.success(&format!("Success! Registered plugin: {name}"))
}

fn register_request(args: &Register, component: Option<&[u8]>) -> ApiRequest {
    let mut body = Map::new();
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    super::set(&mut body, "component", component.map(encode));
    super::set(&mut body, "sha256", args.sha256.clone());
    super::set(&mut body, "version", args.version.clone());
    super::set(&mut body, "command", args.command.clone());
    super::set(
        &mut body,
        "args",
        (!args.args.is_empty()).then(|| args.args.clone()),
    );
    ApiRequest::put(
        format!("{API}/{}/{}", args.kind, args.name),
        Value::Object(body),
    )
}

const INFO_ORDER: [&str; 7] = [
    "args",
    "builtin",
    "command",
    "deprecation_status",
    "name",
    "sha256",
    "version",
];

fn info(
    session: &mut Session<'_>,
    kind: &str,
    name: &str,
    version: Option<String>,
) -> Result<u8, Stop> {
    known(kind)?;
    let request = with_version(ApiRequest::get(format!("{API}/{kind}/{name}")), version);
    let answer = session
        .ask(&request)
        .during(&format!("Error reading plugin named {name}"))?;
    let mut data = answer.data();
    data.retain(|key, _| INFO_ORDER.contains(&key.as_str()));
    let settings = &session.settings;
    if settings.format == crate::show::Format::Table {
        // People see an empty list, programs what was sent.
        let args = data.get_mut("args").filter(|args| args.is_null());
        args.into_iter().for_each(|args| *args = json!([]));
    }
    session.show_map(&data, &INFO_ORDER)
}

/// The types of plugins.
const KINDS: [&str; 3] = ["auth", "database", "secret"];

fn known(kind: &str) -> Result<(), Stop> {
    match KINDS.contains(&kind) {
        true => Ok(()),
        false => Err(Stop::local(format!(
            "{kind:?} is not a supported plugin type"
        ))),
    }
}

fn list(session: &mut Session<'_>, kind: Option<&str>, detailed: bool) -> Result<u8, Stop> {
    if let Some(kind) = kind {
        known(kind).map_err(|stop| Stop::local(format!("Error parsing type: {stop}")))?;
    }
    let answer = session
        .ask(&ApiRequest::get(API))
        .during("Error listing available plugins")?;
    let mut data = answer.data();
    let details = match data.remove("detailed") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let wanted = |found: &&Value| {
        kind.is_none_or(|kind| found.get("type").and_then(Value::as_str) == Some(kind))
    };
    let details: Vec<Value> = details.iter().filter(wanted).cloned().collect();
    let mut columns = vec![("name", "Name")];
    if kind.is_none() {
        columns.push(("type", "Type"));
    }
    columns.push(("version", "Version"));
    if detailed {
        columns.push(("deprecation_status", "Deprecation Status"));
    }
    let order = ["type", "name", "version", "builtin"];
    let listed = details.iter().filter_map(Value::as_object);
    let listed = listed.map(|found| crate::show::json::ordered(found.clone(), &order));
    let mut fields = vec![("details".to_owned(), Node::List(listed.collect()))];
    fields.extend(
        data.into_iter()
            .filter(|(name, _)| kind.is_none_or(|kind| kind == name))
            .map(|(name, names)| (name, Node::Plain(names))),
    );
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    session.show_or(&Node::Object(fields), || {
        let headings: Vec<&str> = columns.iter().map(|(_, heading)| *heading).collect();
        let cell = |found: &Value, key: &str| found.get(key).map(value::inline).unwrap_or_default();
        let rows = details
            .iter()
            .map(|found| columns.iter().map(|(key, _)| cell(found, key)).collect())
            .collect();
        table::with_headings(&headings, rows)
    })
}

fn reload(
    session: &mut Session<'_>,
    plugin: Option<String>,
    mounts: &[String],
    scope: Option<String>,
) -> Result<u8, Stop> {
    let mounts = super::some_list(mounts);
    let done = match (&plugin, &mounts) {
        (Some(plugin), None) => format!("Success! Reloaded plugin: {plugin}"),
        (None, Some(mounts)) => format!("Success! Reloaded mounts: [{}]", mounts.join(" ")),
        (None, None) => {
            return Err(Stop::usage(
                "No plugins specified, must specify exactly one of -plugin or -mounts",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(Stop::usage(
                "Must specify exactly one of -plugin or -mounts",
            ));
        }
    };
    let scope = scope.unwrap_or_default();
    let body = json!({ "plugin": plugin, "mounts": mounts, "scope": scope });
    let request = ApiRequest::put("sys/plugins/reload/backend", body);
    let answer = session
        .ask(&request)
        .during("Error reloading plugin/mounts")?;
    let id = crate::answer::text(answer.field("reload_id"));
    match scope == "global" && !id.is_empty() {
        false => session.success(&done),
        // The other nodes do it later.
        true => session.success(&format!(
            "{}, reload_id: {id}",
            done.replacen("Reloaded", "Reloading", 1)
        )),
    }
}

fn reload_status(session: &mut Session<'_>, id: &str) -> Result<u8, Stop> {
    let request = ApiRequest::get("sys/plugins/reload/backend/status").with_query("reload_id", id);
    let answer = session
        .ask(&request)
        .during("Error retrieving plugin reload status")?;
    let results = answer.field("results").and_then(Value::as_object);
    let row = |(node, found): (&String, &Value)| {
        let shown = |key: &str| found.get(key).map(value::inline).unwrap_or_default();
        vec![
            shown("timestamp"),
            node.clone(),
            shown("success"),
            shown("message"),
        ]
    };
    let rows = results.into_iter().flatten().map(row).collect();
    let headings = ["Time", "Participant", "Success", "Message"];
    session.success(&table::with_headings(&headings, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_uploaded_with_its_digest() {
        let args = Register {
            kind: "secret".to_owned(),
            name: "mine".to_owned(),
            file: None,
            sha256: Some("abc".to_owned()),
            version: None,
            command: None,
            args: Vec::new(),
        };
        let request = register_request(&args, Some(b"\0asm"));
        assert_eq!(request.path, "sys/plugins/catalog/secret/mine");
        assert_eq!(
            request.body.unwrap(),
            json!({"component": "AGFzbQ==", "sha256": "abc"})
        );
    }
}
