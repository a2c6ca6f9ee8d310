//! `sys/mounts` and `sys/auth`.

use super::{tune, tune_lockout};
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::tables::{Mount, store_mount};
use crate::{catalog, component_grants, namespaces, pins, removal, tables};
use base::{Answer, MountId, Refusal, RefusalKind};
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::{Boolean, Object, Text, TextMap};
use manifest::Manifest;
use manifest::Operation::{Delete, Read, Update};
use mount::MountKind::{Auth, Secret};
use mount::{ChosenPlugin, MountEntry, MountKind, MountPath, Namespace};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const AT: &[NativeField] = &[path("path", "The mount.")];
const MOUNT: &[NativeField] = &[
    path("path", "Where to mount."),
    body("type", Text, "Name of the component in the catalog."),
    body("description", Text, "For people."),
    body("config", Object, "Lease times and visibility, as for tune."),
    body("options", TextMap, "Options that the engine reads."),
    body(
        "local",
        Boolean,
        "Keep the mount out of performance replication?",
    ),
    body(
        "seal_wrap",
        Boolean,
        "Wrap all its entries by the seal as well?",
    ),
    body(
        "plugin_name",
        Text,
        "Name of the component, where it is not the type.",
    ),
    body(
        "plugin_version",
        Text,
        "Version of the component; the newest when not given.",
    ),
    body(
        "external_entropy_access",
        Boolean,
        "Accepted and without effect.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "mounts", Token, Now(|ask| list(ask, Secret)), &[], "Lists the secrets engines."),
    on(Read, "mounts/{path..}", Token, Now(|ask| read(ask, Secret)), AT, "Reads a secrets engine's entry."),
    on(Update, "mounts/{path..}", Token, Later(|ask| Box::pin(enable(ask, Secret))), MOUNT, "Enables a secrets engine."),
    on(Delete, "mounts/{path..}", Token, Later(|ask| Box::pin(disable(ask, Secret))), AT, "Disables a secrets engine and removes its data."),
    on(Read, "auth", Token, Now(|ask| list(ask, Auth)), &[], "Lists the auth methods."),
    on(Read, "auth/{path..}", Sudo, Now(|ask| read(ask, Auth)), AT, "Reads an auth method's entry."),
    on(Update, "auth/{path..}", Sudo, Later(|ask| Box::pin(enable(ask, Auth))), MOUNT, "Enables an auth method."),
    on(Delete, "auth/{path..}", Sudo, Later(|ask| Box::pin(disable(ask, Auth))), AT, "Disables an auth method and removes its data."),
];

/// All mounts of a kind in the caller's namespace.
pub(super) fn list(ask: &mut Ask<'_>, kind: MountKind) -> Told {
    let tables = ask.node.tables();
    let mounts = tables
        .of(ask.namespace.id)
        .into_iter()
        .flat_map(|table| table.iter());
    let shown: BTreeMap<String, Value> = mounts
        .filter(|mount| mount.0.kind == kind)
        .map(|mount| (shown_path(&mount.0), describe(mount, ask.namespace)))
        .collect();
    Ok(Answer::repeated(&json!(shown)))
}

/// One mount.
pub(super) fn read(ask: &mut Ask<'_>, kind: MountKind) -> Told {
    let path = mount_path(ask, kind)?;
    let tables = ask.node.tables();
    let table = tables.of(ask.namespace.id);
    let mount = table
        .and_then(|table| table.at(&path))
        .filter(|mount| mount.0.kind == kind);
    let missing = || Refusal::invalid(format!("No secret engine mount at {path}"));
    Ok(Answer::repeated(&describe(
        mount.ok_or_else(missing)?,
        ask.namespace,
    )))
}

/// Makes a mount.
pub(super) async fn enable(ask: &mut Ask<'_>, kind: MountKind) -> Told {
    let path = mount_path(ask, kind)?;
    let namespace = ask.namespace.clone();
    check_free(ask, &namespace, &path, None)?;
    if ask.flag("local") && ask.caller()?.is_vouched {
        // It would be made on the wrong cluster.
        let text =
            "a local mount is made on its own cluster, and making it wrote what is replicated";
        return Err(Refusal::invalid(text));
    }
    let entry = new_entry(ask, kind, path).await?;
    store_mount(ask.tx, ask.namespace.id, &entry)?;
    Ok(Answer::Empty)
}

/// May a mount be at `path`? Asks storage, in the request's transaction, so that of two requests
/// for one place the later one finds the first. `own` is the mount that is to move there.
pub(super) fn check_free(
    ask: &mut Ask<'_>,
    namespace: &Namespace,
    path: &MountPath,
    own: Option<MountId>,
) -> Result<(), Refusal> {
    let in_use = |at: &str| Refusal::invalid(format!("path is already in use at {at}"));
    if RESERVED.iter().any(|reserved| path.is_below(reserved)) {
        return Err(in_use(path.as_str()));
    }
    for entry in tables::stored_mounts(ask.tx, namespace.id)? {
        let (at, to) = (entry.path.as_str(), path.as_str());
        if Some(entry.id) != own && (at.starts_with(to) || to.starts_with(at)) {
            return Err(in_use(at));
        }
    }
    if let Some(at) = namespaces::in_the_way(ask.tx, namespace, path.as_str())? {
        return Err(in_use(&at));
    }
    // `auth/` alone would be above every auth method.
    if path.as_str() == "auth/" {
        Err(in_use("auth/"))
    } else {
        Ok(())
    }
}

/// Where only the host mounts.
pub(super) const RESERVED: [&str; 4] = ["sys/", "cubbyhole/", "identity/", "audit/"];

async fn new_entry(
    ask: &mut Ask<'_>,
    kind: MountKind,
    path: MountPath,
) -> Result<MountEntry, Refusal> {
    let mut options = texts(ask.input.get("options"));
    let asked = match ask.text("type") {
        "" | "plugin" => ask.text("plugin_name"),
        asked => asked,
    };
    let name = match asked {
        "" => {
            return Err(Refusal::invalid(
                "backend type must be specified as a string",
            ));
        }
        "kv-v1" => {
            options.insert("version".into(), "1".into());
            "kv"
        }
        "kv-v2" => {
            options.insert("version".into(), "2".into());
            "kv"
        }
        "generic" => "kv",
        name => name,
    }
    .to_owned();
    let asked = wanted_version(ask).unwrap_or_default().to_owned();
    let version = pins::decide(ask.tx, kind, &name, &asked)?;
    let missing = || Refusal::invalid(format!("plugin not found in the catalog: {name}"));
    let found = catalog::find(ask.node, ask.tx, kind, &name, &version)?.ok_or_else(missing)?;
    let component = ask
        .node
        .components
        .load(ask.node, ask.tx, &found.digest)
        .await?;
    check_options(component.manifest(), &options)?;
    let mut entry = MountEntry::make(kind, path, &name, ask.node.parts.entropy.as_ref());
    entry.local = ask.flag("local");
    catalog::keep_bytes(ask.node, ask.tx, &entry, &found.digest)?;
    entry.chosen = (!asked.is_empty()).then(|| ChosenPlugin {
        version: found.version.clone(),
        digest: found.digest.clone(),
    });
    entry.plugin_version = found.version;
    entry.digest = found.digest;
    entry.description = ask.text("description").to_owned();
    entry.seal_wrap = ask.flag("seal_wrap");
    entry.options = options;
    if let Some(Value::Object(config)) = ask.input.get("config") {
        let parts = &ask.node.parts;
        tune::apply_config(&mut entry.config, config, &parts.settings)?;
        tune_lockout::apply(&mut entry.config, config, &entry.plugin)?;
        let manifest = Some(component.manifest().as_ref());
        component_grants::apply(&mut entry.config, config, manifest, &parts.runtime)?;
    }
    Ok(entry)
}

/// The version of a component that is asked for: by itself, or, as clients send it, among the
/// configuration.
fn wanted_version<'a>(ask: &'a Ask<'_>) -> Option<&'a str> {
    let alone = ask.some_text("plugin_version");
    let among = || ask.input.get("config")?.get("plugin_version")?.as_str();
    alone.filter(|text| !text.is_empty()).or_else(among)
}

/// Refuses an option that decides which routes there are, with a value under which there are none.
pub(super) fn check_options(
    manifest: &Manifest,
    options: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    for (name, value) in options {
        let conditions = manifest
            .routes
            .iter()
            .filter_map(|route| route.when.as_ref());
        let mut named = conditions
            .filter(|condition| condition.name == *name)
            .peekable();
        if named.peek().is_some() && !named.any(|condition| condition.holds(Some(value))) {
            return Err(Refusal::invalid(format!(
                "invalid {name} provided: {value}"
            )));
        }
    }
    Ok(())
}

/// Takes a mount away with all that it stored and leased. Answers when nothing of it is left.
pub(super) async fn disable(ask: &mut Ask<'_>, kind: MountKind) -> Told {
    let path = mount_path(ask, kind)?;
    let stored = tables::stored_mounts(ask.tx, ask.namespace.id)?;
    let found = stored
        .into_iter()
        .find(|entry| entry.path == path && entry.kind == kind);
    let Some(entry) = found else {
        return Ok(Answer::Empty);
    };
    if entry.is_hosts_own() {
        let text = format!("cannot unmount {:?}", path.as_str());
        return Err(Refusal::invalid(text));
    }
    if entry.is_in_transit() {
        let text = format!("{path} moves to another namespace");
        return Err(Refusal::new(RefusalKind::Unavailable, text));
    }
    removal::disable(ask.node, ask.namespace.id, &entry).await?;
    Ok(Answer::Empty)
}

/// The mount that a request names.
pub(super) fn mount_path(ask: &Ask<'_>, kind: MountKind) -> Result<MountPath, Refusal> {
    let text = ask.text("path");
    let path = match kind {
        MountKind::Secret => MountPath::parse(text),
        MountKind::Auth => {
            MountPath::parse(text).and_then(|_| MountPath::parse(&format!("auth/{text}")))
        }
    };
    path.map_err(|error| Refusal::invalid(error.to_string()))
}

/// A mount's path as its table shows it: auth methods without `auth/`.
pub(super) fn shown_path(entry: &MountEntry) -> String {
    let path = entry.path.as_str();
    match entry.kind {
        MountKind::Secret => path.to_owned(),
        MountKind::Auth => path.strip_prefix("auth/").unwrap_or(path).to_owned(),
    }
}

/// What is told of a mount.
pub(super) fn describe(mount: &Arc<Mount>, namespace: &Namespace) -> Value {
    let entry = &mount.0;
    let mut shown = json!({
        "accessor": entry.accessor,
        "config": tune::shown(&entry.config, entry.kind),
        "description": entry.description,
        "external_entropy_access": false,
        "local": entry.local,
        "options": match entry.is_hosts_own() {
            true => Value::Null,
            false => json!(entry.options),
        },
        "plugin_version": entry.chosen.as_ref().map_or("", |chosen| &chosen.version),
        "running_plugin_version": match entry.plugin_version.is_empty() {
            true => format!("v{}+builtin.casemate", env!("CARGO_PKG_VERSION")),
            false => entry.plugin_version.clone(),
        },
        "running_sha256": entry.digest,
        "seal_wrap": entry.seal_wrap,
        "type": match entry.is_hosts_own() && !namespace.is_root() {
            true => format!("ns_{}", entry.plugin),
            false => entry.plugin.clone(),
        },
        "uuid": entry.uuid,
    });
    if let (true, Value::Object(members)) = (is_builtin(entry), &mut shown) {
        members.insert("deprecation_status".into(), "supported".into());
    }
    shown
}

/// Does the component that it runs come with the server? Only such ones can be on their way out.
fn is_builtin(entry: &MountEntry) -> bool {
    !entry.is_hosts_own() && entry.plugin_version.contains("+builtin")
}

/// An object of texts; other members are left out.
pub(super) fn texts(value: Option<&Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(members)) = value else {
        return BTreeMap::new();
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    members
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
        .collect()
}
