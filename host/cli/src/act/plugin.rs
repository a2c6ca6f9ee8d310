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
    }
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
    let request = with_version(ApiRequest::get(format!("{API}/{kind}/{name}")), version);
    let answer = session
        .ask(&request)
        .during(&format!("Error reading plugin named {name}"))?;
    session.show_map(&answer.data(), &INFO_ORDER)
}

fn list(session: &mut Session<'_>, kind: Option<&str>, detailed: bool) -> Result<u8, Stop> {
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
    let mut fields = vec![(
        "details".to_owned(),
        Node::Plain(Value::Array(details.clone())),
    )];
    fields.extend(
        data.into_iter()
            .filter(|(name, _)| kind.is_none_or(|kind| kind == name))
            .map(|(name, names)| (name, Node::Plain(names))),
    );
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
    let body = json!({ "plugin": plugin, "mounts": mounts, "scope": scope.unwrap_or_default() });
    let request = ApiRequest::put("sys/plugins/reload/backend", body);
    session
        .ask(&request)
        .during("Error reloading plugin/mounts")?;
    session.success(&done)
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
