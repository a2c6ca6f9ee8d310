//! `sys/plugins/catalog`: operators load components.

use crate::catalog::{self, CatalogEntry, kind_name, kind_of};
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::{component_grants, pins};
use base::{Answer, Envelope, Map, Refusal, RefusalKind, chain};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use manifest::Access::Sudo;
use manifest::FieldKind::{Bytes, Json, Text};
use manifest::Operation::{Delete, List, Read, Update};
use mount::MountKind;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TYPE: &[NativeField] = &[path("type", "`secret` or `auth`.")];
const COMPONENT_AT: &[NativeField] = &[
    path("type", "`secret` or `auth`."),
    path("name", "Name of the component."),
    body("version", Text, "Version; the newest when not given."),
];
const NAMED: &[NativeField] = &[path("name", "Name of the component.")];
const COMPONENT: &[NativeField] = &[
    path("type", "`secret` or `auth`."),
    path("name", "Name of the component."),
    body(
        "version",
        Text,
        "Version; the component's own when not given.",
    ),
    body("sha256", Text, "Digest that the bytes must have."),
    body("component", Bytes, "The component, in Base64."),
    body("command", Text, "Not used: components are uploaded."),
    body("args", Json, "Not used."),
    body("env", Json, "Not used."),
];

const UNTYPED: &[NativeField] = &[
    path("name", "Name of the component."),
    body("type", Text, "`secret` or `auth`."),
    body(
        "version",
        Text,
        "Version; the component's own when not given.",
    ),
    body("sha256", Text, "Digest that the bytes must have."),
    body("component", Bytes, "The component, in Base64."),
    body("command", Text, "Not used: components are uploaded."),
    body("args", Json, "Not used."),
    body("env", Json, "Not used."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "plugins/catalog", Sudo, Now(all), &[], "All components of the catalog."),
    on(List, "plugins/catalog/{type}", Sudo, Now(list), TYPE, "The components of a type."),
    on(Read, "plugins/catalog/{type}/{name}", Sudo, Later(|ask| Box::pin(read(ask))), COMPONENT_AT, "What is known of a component."),
    on(Update, "plugins/catalog/{type}/{name}", Sudo, Later(|ask| Box::pin(register(ask))), COMPONENT, "Registers a component."),
    on(Delete, "plugins/catalog/{type}/{name}", Sudo, Now(delete), COMPONENT_AT, "Removes a component from the catalog."),
    on(Read, "plugins/catalog/{name}", Sudo, Now(|ask| untyped(ask, "read plugin information from")), NAMED, "Old path: says so."),
    on(Update, "plugins/catalog/{name}", Sudo, Later(|ask| Box::pin(register(ask))), UNTYPED, "Old path: registers a component."),
    on(Delete, "plugins/catalog/{name}", Sudo, Now(|ask| untyped(ask, "deregister plugin from")), NAMED, "Old path: says so."),
];

/// Vault's old paths have no type; nothing is found by them.
fn untyped(ask: &mut Ask<'_>, what: &str) -> Told {
    let name = ask.text("name");
    let warning = format!("Deprecated API endpoint, cannot {what} catalog for {name:?}");
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings: vec![warning],
        ..Envelope::default()
    })))
}

/// Everything.
pub(super) fn all(ask: &mut Ask<'_>) -> Told {
    let entries = catalog::all(ask.node, ask.tx)?;
    let detailed: Vec<Value> = entries.iter().map(summary).collect();
    let data = json!({
        "auth": names(&entries, MountKind::Auth),
        "database": [],
        "secret": names(&entries, MountKind::Secret),
        "detailed": detailed,
    });
    Ok(Answer::data(&data))
}

/// The names of a type.
pub(super) fn list(ask: &mut Ask<'_>) -> Told {
    let kind = kind(ask)?;
    let entries = catalog::all(ask.node, ask.tx)?;
    Ok(Answer::data(&json!({ "keys": names(&entries, kind) })))
}

fn names(entries: &[CatalogEntry], kind: MountKind) -> BTreeSet<&str> {
    entries
        .iter()
        .filter(|entry| entry.kind == kind)
        .map(|entry| entry.name.as_str())
        .collect()
}

/// All that is known of a component: what an operator decides by.
pub(super) async fn read(ask: &mut Ask<'_>) -> Told {
    let entry = find(ask)?;
    let component = ask
        .node
        .components
        .load(ask.node, ask.tx, &entry.digest)
        .await?;
    let manifest = component.manifest();
    let mut data = summary(&entry);
    if let Value::Object(members) = &mut data {
        members.insert("args".into(), Value::Null);
        members.insert("command".into(), "".into());
        members.insert("declarative".into(), false.into());
        members.insert("mounts".into(), mounts(ask, &entry.digest));
        members.insert("oci".into(), false.into());
        members.insert("imports".into(), json!(component.imports()));
        members.insert("outbound".into(), json!(manifest.outbound));
        members.insert("storage".into(), json!(manifest.storage));
        members.insert("summary".into(), json!(manifest.summary));
        let route = |route: &manifest::Route| {
            json!({
                "pattern": route.pattern,
                "operation": route.operation,
                "access": route.access,
                "summary": route.summary,
            })
        };
        members.insert("routes".into(), manifest.routes.iter().map(route).collect());
    }
    Ok(Answer::data(&data))
}

/// The mounts of the caller's namespace that run a component, with what they were granted.
fn mounts(ask: &Ask<'_>, digest: &str) -> Value {
    let tables = ask.node.tables();
    let mounts = tables.of(ask.namespace.id).into_iter();
    mounts
        .flat_map(mount::Table::iter)
        .filter(|mount| mount.0.digest == digest)
        .map(|mount| {
            let entry = &mount.0;
            let granted = Value::Object(component_grants::shown(&entry.config));
            (entry.path.as_str().to_owned(), granted)
        })
        .collect::<Map>()
        .into()
}

/// Takes the bytes of a component.
pub(super) async fn register(ask: &mut Ask<'_>) -> Told {
    let kind = kind(ask)?;
    let name = ask.text("name").to_owned();
    let fine = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
    };
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fine) {
        return Err(Refusal::invalid(format!("invalid plugin name {name:?}")));
    }
    let text = ask.text("component");
    if text.is_empty() {
        let text = "components are uploaded: set \"component\" to the bytes in base64";
        return Err(Refusal::invalid(text));
    }
    let decoded = STANDARD.decode(text);
    let bytes = decoded.map_err(|error| Refusal::invalid(format!("component: {error}")))?;
    let digest = plugin::digest_of(&bytes);
    let expected = ask.text("sha256");
    if !expected.is_empty() && !expected.eq_ignore_ascii_case(&digest) {
        let text = format!("component has the digest {digest}, expected {expected}");
        return Err(Refusal::invalid(text));
    }
    let runtime = ask.node.parts.runtime.clone();
    let compiling = tokio::task::spawn_blocking(move || {
        let compiled = runtime.compile(&bytes, &digest);
        (compiled, bytes)
    });
    let (compiled, bytes) = compiling
        .await
        .map_err(|error| Refusal::internal(error.to_string()))?;
    let component = compiled.map_err(|error| Refusal::invalid(chain(&error)))?;
    let entry = catalog::entry(&name, &component);
    if entry.kind != kind {
        let text = format!("component is of type {:?}", kind_name(entry.kind));
        return Err(Refusal::invalid(text));
    }
    let version = ask.text("version");
    if !version.is_empty()
        && version.trim_start_matches('v') != entry.version.trim_start_matches('v')
    {
        let text = format!("component says it is version {:?}", entry.version);
        return Err(Refusal::invalid(text));
    }
    let known = catalog::find(ask.node, ask.tx, kind, &name, &entry.version)?;
    if known.is_some_and(|known| known.builtin) {
        let text = format!("{name} {} comes with the server", entry.version);
        return Err(Refusal::invalid(text));
    }
    catalog::store_compiled(ask.tx, &entry, &component, &bytes, &ask.node.parts.runtime)?;
    Ok(Answer::Empty)
}

/// Removes an uploaded component. Mounts that run it go on.
pub(super) fn delete(ask: &mut Ask<'_>) -> Told {
    let kind = kind(ask)?;
    let (name, version) = (ask.text("name").to_owned(), ask.text("version").to_owned());
    let uploaded = catalog::versions(ask.node, ask.tx, kind, &name)?;
    let uploaded = uploaded.iter().filter(|entry| !entry.builtin).count();
    if version.is_empty() && uploaded > 1 {
        let text = format!("{name} has {uploaded} versions: say which one with \"version\"");
        return Err(Refusal::invalid(text));
    }
    let entry = match find(ask) {
        Ok(entry) => entry,
        Err(refusal) if refusal.kind == RefusalKind::NotFound => return Ok(Answer::Empty),
        Err(refusal) => return Err(refusal),
    };
    if pins::find(ask.tx, kind, &name)?.is_some_and(|pinned| pinned == entry.version) {
        let text = format!(
            "{name} is pinned to {}: remove the pin first",
            entry.version
        );
        return Err(Refusal::invalid(text));
    }
    if entry.builtin {
        return Err(Refusal::invalid(format!(
            "{} comes with the server",
            entry.name
        )));
    }
    catalog::forget(ask.tx, &entry);
    Ok(Answer::Empty)
}

fn find(ask: &mut Ask<'_>) -> Result<CatalogEntry, Refusal> {
    let kind = kind(ask)?;
    let (name, version) = (ask.text("name").to_owned(), ask.text("version").to_owned());
    catalog::find(ask.node, ask.tx, kind, &name, &version)?.ok_or_else(Refusal::not_found)
}

pub(super) fn kind(ask: &Ask<'_>) -> Result<MountKind, Refusal> {
    let name = ask.text("type");
    kind_of(name)
        .ok_or_else(|| Refusal::invalid(format!("{name:?} is not a supported plugin type")))
}

fn summary(entry: &CatalogEntry) -> Value {
    json!({
        "builtin": entry.builtin,
        "deprecation_status": if entry.builtin { "supported" } else { "" },
        "name": entry.name,
        "sha256": entry.digest,
        "type": kind_name(entry.kind),
        "version": entry.version,
    })
}
