//! `sys/plugins/reload`: mounts take up the version of their component that was chosen for them, and
//! are prepared anew. Requests that run go on; what they write is written by the version that the
//! mount has when they commit.

use super::catalog::kind;
use super::mounts::check_options;
use crate::native::Does::Later;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::upgrade::{Side, concerns};
use crate::{catalog, pins, tables};
use base::{Answer, NamespaceId, Refusal};
use manifest::Access::Token;
use manifest::FieldKind::{Text, TextList};
use manifest::Operation::Update;
use mount::{MountEntry, MountKind};
use plugin::Component;
use serde_json::json;

const BACKEND: &[NativeField] = &[
    body("plugin", Text, "Name of the component: all its mounts."),
    body(
        "mounts",
        TextList,
        "Paths of mounts; those of auth methods with `auth/`.",
    ),
    body(
        "scope",
        Text,
        "`global` or nothing: all nodes follow in any case.",
    ),
];
const NAMED: &[NativeField] = &[
    path("type", "`secret` or `auth`."),
    path("name", "Name of the component."),
    body(
        "scope",
        Text,
        "`global` or nothing: all nodes follow in any case.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "plugins/reload/backend", Token, Later(|ask| Box::pin(backend(ask))), BACKEND, "Reloads mounts, by their paths or by their component."),
    on(Update, "plugins/reload/{type}/{name}", Token, Later(|ask| Box::pin(named(ask))), NAMED, "Reloads all mounts of a component."),
];

async fn backend(ask: &mut Ask<'_>) -> Told {
    let plugin = ask.text("plugin").to_owned();
    let paths = ask.texts("mounts").unwrap_or_default();
    match (plugin.is_empty(), paths.is_empty()) {
        (true, true) => Err(Refusal::invalid("plugin or mounts must be provided")),
        (false, false) => Err(Refusal::invalid(
            "plugin and mounts cannot be set at the same time",
        )),
        (false, true) => all_of(ask, None, &plugin).await,
        (true, false) => {
            check_scope(ask)?;
            let found = at(ask, &paths)?;
            reload(ask, found).await
        }
    }
}

async fn named(ask: &mut Ask<'_>) -> Told {
    let (kind, name) = (kind(ask)?, ask.text("name").to_owned());
    all_of(ask, Some(kind), &name).await
}

fn check_scope(ask: &Ask<'_>) -> Result<(), Refusal> {
    match ask.text("scope") {
        "" | "global" => Ok(()),
        _ => Err(Refusal::invalid("scope must be unset or \"global\"")),
    }
}

/// All mounts of a component in the caller's namespace; of all namespaces for the root namespace.
async fn all_of(ask: &mut Ask<'_>, kind: Option<MountKind>, plugin: &str) -> Told {
    check_scope(ask)?;
    let fits = |of: MountKind, name: &str| name == plugin && kind.is_none_or(|kind| kind == of);
    let own = ask.namespace.id;
    let tables = ask.node.tables();
    let found: Vec<(NamespaceId, MountEntry)> = tables
        .iter()
        .filter(|(namespace, _)| own == NamespaceId::ROOT || *namespace == own)
        .filter(|(_, mount)| !mount.0.is_hosts_own() && fits(mount.0.kind, &mount.0.plugin))
        .map(|(namespace, mount)| (namespace, mount.0.clone()))
        .collect();
    let mut known = catalog::all(ask.node, ask.tx)?.into_iter();
    if found.is_empty() && !known.any(|entry| fits(entry.kind, &entry.name)) {
        let text = format!("plugin not found in the catalog: {plugin:?}");
        return Err(Refusal::invalid(text));
    }
    reload(ask, found).await
}

/// The mounts at these paths.
fn at(ask: &Ask<'_>, paths: &[String]) -> Result<Vec<(NamespaceId, MountEntry)>, Refusal> {
    let namespace = ask.namespace.id;
    let tables = ask.node.tables();
    let table = tables.of(namespace);
    let found = |path: &String| {
        let path = format!("{}/", path.trim_matches('/'));
        let mut mounts = table.into_iter().flat_map(mount::Table::iter);
        let mount = mounts.find(|mount| mount.0.path.as_str() == path && !mount.0.is_hosts_own());
        let missing = || {
            let text = format!("1 error occurred:\n\t* cannot fetch mount entry on {path:?}\n\n");
            Refusal::invalid(text)
        };
        Ok((namespace, mount.ok_or_else(missing)?.0.clone()))
    };
    paths.iter().map(found).collect()
}

/// All of them, or none where one cannot be.
async fn reload(ask: &mut Ask<'_>, mounts: Vec<(NamespaceId, MountEntry)>) -> Told {
    for (namespace, known) in mounts {
        // From storage, so that a change that comes at the same time is not undone.
        let key = tables::mount_key(namespace, &known);
        let stored = ask.tx.read_json(&key);
        let stored: Option<MountEntry> = stored.map_err(crate::refusal::from_barrier)?;
        let Some(entry) = stored.filter(|entry| !entry.is_going()) else {
            continue;
        };
        let entry = taken_up(ask, entry).await?;
        // Written also where it is as it was: that is what makes every node take it up anew.
        tables::store_mount(ask.tx, namespace, &entry)?;
    }
    Ok(Answer::data(&json!({ "reload_id": ask.request.id })))
}

/// The entry with the version that it is to run.
async fn taken_up(ask: &mut Ask<'_>, mut entry: MountEntry) -> Result<MountEntry, Refusal> {
    let (version, digest) = match &entry.chosen {
        Some(chosen) => (chosen.version.clone(), chosen.digest.clone()),
        None => {
            let pinned = pins::find(ask.tx, entry.kind, &entry.plugin)?;
            let Some(version) = pinned else {
                return Ok(entry);
            };
            let found = catalog::find(ask.node, ask.tx, entry.kind, &entry.plugin, &version)?;
            let found = found.ok_or_else(|| not_there(&entry, &version))?;
            (found.version, found.digest)
        }
    };
    if digest == entry.digest {
        return Ok(entry);
    }
    let next = ask.node.components.load(ask.node, ask.tx, &digest).await?;
    check_options(next.manifest(), &entry.options)?;
    if entry.chosen.is_none() {
        // Who pinned it was not shown what changes for this mount.
        check_consent(ask, &entry, &next, "").await?;
    }
    catalog::keep_bytes(ask.node, ask.tx, &entry, &digest)?;
    entry.plugin_version = version;
    entry.digest = digest;
    Ok(entry)
}

/// Refuses another component of a mount whose changes need consent and have it not: `consent` is the
/// digest of the component, which only who was told of the changes of that one has sent.
pub(super) async fn check_consent(
    ask: &mut Ask<'_>,
    entry: &MountEntry,
    next: &Component,
    consent: &str,
) -> Result<(), Refusal> {
    if entry.digest == next.digest() || consent.eq_ignore_ascii_case(next.digest()) {
        return Ok(());
    }
    let now = ask.node.components.load(ask.node, ask.tx, &entry.digest);
    let now = now.await?;
    let told = concerns(&Side::of(&now), &Side::of(next), entry.locality());
    if told.is_empty() && consent.is_empty() {
        return Ok(());
    }
    let path = entry.path.as_str();
    let (version, digest) = (&next.manifest().version, next.digest());
    if told.is_empty() {
        let text = format!("consent is not the digest of v{version}, which is {digest}");
        return Err(Refusal::invalid(text));
    }
    let lines: String = told.iter().map(|line| format!("\n\t* {line}")).collect();
    Err(Refusal::invalid(format!(
        "v{version} changes what {path:?} may do or where it stores:{lines}\n\
         to have it so, tune the mount with plugin_version=v{version} and consent={digest}"
    )))
}

/// What is told of a version that the catalog has not.
pub(super) fn not_there(entry: &MountEntry, version: &str) -> Refusal {
    let plugin = &entry.plugin;
    let text = format!("plugin not found in the catalog: {plugin}, version={version}");
    Refusal::invalid(text)
}
