//! `sys/mounts/:path/tune` and `sys/auth/:path/tune`.

use super::{mounts, reload, tune_lockout};
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::parts::Settings;
use crate::refusal::from_barrier;
use crate::tables::store_mount;
use crate::{catalog, component_grants, pins};
use base::{Answer, Envelope, Map, Refusal, parse_duration};
use locality::SystemKey;
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::{Duration, Integer, Object, Text, TextList, TextMap};
use manifest::Operation::{Read, Update};
use mount::MountKind::{Auth, Secret};
use mount::{ChosenPlugin, ListingVisibility, MountConfig, MountEntry, MountKind};
use serde_json::{Value, json};

const AT: &[NativeField] = &[path("path", "The mount.")];
const TUNE: &[NativeField] = &[
    path("path", "The mount."),
    body("description", Text, "For people."),
    body("default_lease_ttl", Text, "Lease of what asks for none."),
    body("max_lease_ttl", Text, "No lease is longer."),
    body("options", TextMap, "Options that the engine reads."),
    body(
        "audit_non_hmac_request_keys",
        TextList,
        "Request fields audited as they are.",
    ),
    body(
        "audit_non_hmac_response_keys",
        TextList,
        "Response fields audited as they are.",
    ),
    body("listing_visibility", Text, "`hidden` or `unauth`."),
    body(
        "passthrough_request_headers",
        TextList,
        "Headers that the engine is shown.",
    ),
    body(
        "allowed_response_headers",
        TextList,
        "Headers that the engine may set.",
    ),
    body("token_type", Text, "Type of the tokens of an auth method."),
    body(
        "user_lockout_config",
        Object,
        "When users of an auth method are locked out: `lockout_threshold`, `lockout_duration`, `lockout_counter_reset_duration`, `lockout_disable`.",
    ),
    body(
        "plugin_version",
        Text,
        "Version of the component to run from the next reload on.",
    ),
    body(
        "consent",
        Text,
        "Digest of that version's component, where what it changes needs consent.",
    ),
    body(
        "outbound_hosts",
        TextList,
        "Hosts that the component may reach, of those that it declares, and networks.",
    ),
    body(
        "plugin_memory_max",
        Integer,
        "Memory of one call of the component, in bytes.",
    ),
    body(
        "plugin_deadline",
        Duration,
        "How long one call of the component may take.",
    ),
    body(
        "plugin_storage_calls_max",
        Integer,
        "Calls of storage that one call of the component may make.",
    ),
    body(
        "plugin_calls_max",
        Integer,
        "Requests to the component that run at one time.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "tune/mounts/{path..}", Token, Now(|ask| read(ask, Secret)), AT, "Reads what was tuned."),
    on(Update, "tune/mounts/{path..}", Token, Later(|ask| Box::pin(write(ask, Secret))), TUNE, "Tunes a mount."),
    on(Read, "tune/auth/{path..}", Sudo, Now(|ask| read(ask, Auth)), AT, "Reads what was tuned."),
    on(Update, "tune/auth/{path..}", Sudo, Later(|ask| Box::pin(write(ask, Auth))), TUNE, "Tunes an auth method."),
];

/// What holds for a mount.
pub(super) fn read(ask: &mut Ask<'_>, kind: MountKind) -> Told {
    let missing = |path| Refusal::invalid(format!("cannot fetch sysview for path {path:?}"));
    let entry = entry(ask, kind)?.ok_or_else(|| missing(asked_path(ask, kind)))?;
    let settings = &ask.node.parts.settings;
    let effective = |tuned: u64, usual: core::time::Duration| match tuned {
        0 => usual.as_secs(),
        tuned => tuned,
    };
    let mut shown = json!({
        "default_lease_ttl": effective(entry.config.default_lease_ttl, settings.default_lease_ttl),
        "description": entry.description,
        "force_no_cache": entry.config.force_no_cache,
        "max_lease_ttl": effective(entry.config.max_lease_ttl, settings.max_lease_ttl),
    });
    if let Value::Object(members) = &mut shown {
        members.extend(optional(&entry.config));
        if entry.kind == MountKind::Auth {
            members.insert("token_type".into(), token_type(&entry.config).into());
        }
        if let Some(chosen) = &entry.chosen {
            members.insert("plugin_version".into(), chosen.version.clone().into());
        }
        if let Some(lockout) = &entry.config.user_lockout {
            members.extend(tune_lockout::shown(lockout));
        }
        if !entry.options.is_empty() {
            members.insert("options".into(), json!(entry.options));
        }
    }
    Ok(Answer::repeated(&shown))
}

/// Changes what holds for a mount.
pub(super) async fn write(ask: &mut Ask<'_>, kind: MountKind) -> Told {
    let path = asked_path(ask, kind);
    let missing = || {
        let text = format!("tune of path {path:?} failed: no mount entry found");
        Refusal::invalid(text)
    };
    let found = entry(ask, kind)?.ok_or_else(missing)?;
    // From storage, so that two changes of one mount do not undo each other.
    let stored: Option<MountEntry> = match found.local {
        true => ask
            .tx
            .read_json(&SystemKey::local_mount(ask.namespace.id, found.id)),
        false => ask
            .tx
            .read_json(&SystemKey::mount(ask.namespace.id, found.id)),
    }
    .map_err(from_barrier)?;
    let mut entry = stored.ok_or_else(missing)?;
    let settings = ask.node.parts.settings.clone();
    apply_config(&mut entry.config, &ask.input, &settings)?;
    tune_lockout::apply(&mut entry.config, &ask.input, &entry.plugin)?;
    if let Some(description) = ask.some_text("description") {
        entry.description = description.to_owned();
    }
    let options = mounts::texts(ask.input.get("options"));
    let tables = ask.node.tables();
    let mount = tables.with_id(ask.namespace.id, entry.id);
    let manifest = mount.and_then(|mount| mount.1.routes());
    let manifest = manifest.map(|(manifest, _)| manifest);
    if let Some(manifest) = manifest {
        mounts::check_options(manifest, &options)?;
    }
    let runtime = &ask.node.parts.runtime;
    component_grants::apply(&mut entry.config, &ask.input, manifest, runtime)?;
    choose(ask, &mut entry).await?;
    let before = entry.options.get("version").cloned();
    if before.as_deref() == Some("2") && options.get("version").is_some_and(|asked| asked != "2") {
        return Err(Refusal::invalid("cannot downgrade mount from version 2"));
    }
    let upgrades =
        before.as_deref() != Some("2") && options.get("version").is_some_and(|v| v == "2");
    entry.options.extend(options);
    store_mount(ask.tx, ask.namespace.id, &entry)?;
    if upgrades && entry.plugin == "kv" {
        // Clients expect an answer with a body here. They need not wait: reads and writes of the new
        // version work at once.
        let warnings = vec![String::from("Upgraded mount from version 1 to version 2")];
        return Ok(Answer::Envelope(Box::new(Envelope {
            warnings,
            ..Envelope::default()
        })));
    }
    Ok(Answer::Empty)
}

/// Takes the version of the component that a request chooses, for the next reload.
async fn choose(ask: &mut Ask<'_>, entry: &mut MountEntry) -> Result<(), Refusal> {
    let asked = ask.text("plugin_version").to_owned();
    if asked.is_empty() {
        return match ask.text("consent") {
            "" => Ok(()),
            _ => Err(Refusal::invalid("consent goes with a plugin_version")),
        };
    }
    let version = pins::decide(ask.tx, entry.kind, &entry.plugin, &asked)?;
    let found = catalog::find(ask.node, ask.tx, entry.kind, &entry.plugin, &version)?;
    let found = found.ok_or_else(|| reload::not_there(entry, &version))?;
    let next = ask.node.components.load(ask.node, ask.tx, &found.digest);
    let next = next.await?;
    mounts::check_options(next.manifest(), &entry.options)?;
    let consent = ask.text("consent").to_owned();
    reload::check_consent(ask, entry, &next, &consent).await?;
    catalog::keep_bytes(ask.node, ask.tx, entry, &found.digest)?;
    entry.chosen = Some(ChosenPlugin {
        version: found.version,
        digest: found.digest,
    });
    Ok(())
}

/// The path that was asked for, as errors name it.
fn asked_path(ask: &Ask<'_>, kind: MountKind) -> String {
    let path = ask.text("path").trim_end_matches('/');
    match kind {
        Secret => format!("{path}/"),
        Auth => format!("auth/{path}/"),
    }
}

fn entry(ask: &Ask<'_>, kind: MountKind) -> Result<Option<MountEntry>, Refusal> {
    let path = mounts::mount_path(ask, kind)?;
    let tables = ask.node.tables();
    let mount = tables
        .of(ask.namespace.id)
        .and_then(|table| table.at(&path));
    Ok(mount.map(|mount| mount.0.clone()))
}

/// Takes what a request sets.
pub(super) fn apply_config(
    config: &mut MountConfig,
    asked: &Map,
    settings: &Settings,
) -> Result<(), Refusal> {
    if let Some(seconds) = seconds(asked, "default_lease_ttl")? {
        config.default_lease_ttl = seconds;
    }
    if let Some(seconds) = seconds(asked, "max_lease_ttl")? {
        config.max_lease_ttl = seconds;
    }
    let max = match config.max_lease_ttl {
        0 => settings.max_lease_ttl.as_secs(),
        tuned => tuned,
    };
    if config.default_lease_ttl > max {
        let text = format!(
            "given default lease TTL of {} greater than backend max lease TTL of {max}",
            config.default_lease_ttl
        );
        return Err(Refusal::invalid(text));
    }
    if let Some(flag) = asked.get("force_no_cache").and_then(Value::as_bool) {
        config.force_no_cache = flag;
    }
    for (name, list) in [
        (
            "audit_non_hmac_request_keys",
            &mut config.audit_non_hmac_request_keys,
        ),
        (
            "audit_non_hmac_response_keys",
            &mut config.audit_non_hmac_response_keys,
        ),
        (
            "passthrough_request_headers",
            &mut config.passthrough_request_headers,
        ),
        (
            "allowed_response_headers",
            &mut config.allowed_response_headers,
        ),
    ] {
        if let Some(asked) = list_of(asked.get(name)) {
            *list = asked;
        }
    }
    match asked.get("listing_visibility").and_then(Value::as_str) {
        None => {}
        Some("" | "hidden") => config.listing_visibility = ListingVisibility::Hidden,
        Some("unauth") => config.listing_visibility = ListingVisibility::Unauth,
        Some(other) => {
            let text = format!("invalid listing_visibility {other:?}");
            return Err(Refusal::invalid(text));
        }
    }
    match asked.get("token_type").and_then(Value::as_str) {
        None => {}
        Some(kind @ ("default-service" | "default-batch" | "service" | "batch")) => {
            kind.clone_into(&mut config.token_type);
        }
        Some(other) => {
            return Err(Refusal::invalid(format!(
                "invalid value {other:?} for 'token_type'"
            )));
        }
    }
    Ok(())
}

fn seconds(asked: &Map, name: &str) -> Result<Option<u64>, Refusal> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let seconds = number.as_u64();
            seconds
                .map(Some)
                .ok_or_else(|| Refusal::invalid(format!("{name} must not be negative")))
        }
        // Clients send an empty text for what they do not set.
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        // `system` asks for the server's own, as zero does.
        Some(Value::String(text)) if text == "system" => Ok(Some(0)),
        Some(Value::String(text)) => {
            let duration = parse_duration(text);
            let duration = duration.map_err(|error| {
                Refusal::invalid(format!("unable to parse {name} of {text}: {error}"))
            })?;
            Ok(Some(duration.as_secs()))
        }
        Some(_) => Err(Refusal::invalid(format!("{name} must be a duration"))),
    }
}

fn list_of(value: Option<&Value>) -> Option<Vec<String>> {
    let list = value?.as_array()?;
    Some(
        list.iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
    )
}

/// The `config` of a mount in a listing: as tuned, zero for what is not.
pub(super) fn shown(config: &MountConfig, kind: MountKind) -> Value {
    let mut shown = json!({
        "default_lease_ttl": config.default_lease_ttl,
        "force_no_cache": config.force_no_cache,
        "max_lease_ttl": config.max_lease_ttl,
    });
    if let Value::Object(members) = &mut shown {
        members.extend(optional(config));
        if kind == MountKind::Auth {
            members.insert("token_type".into(), token_type(config).into());
        }
        if let Some(lockout) = &config.user_lockout {
            let lockout = tune_lockout::shown(lockout).into();
            members.insert("user_lockout_config".into(), lockout);
        }
    }
    shown
}

fn token_type(config: &MountConfig) -> &str {
    if config.token_type.is_empty() {
        "default-service"
    } else {
        &config.token_type
    }
}

/// Members that stand there only once they are set.
fn optional(config: &MountConfig) -> Map {
    let lists = [
        (
            "audit_non_hmac_request_keys",
            &config.audit_non_hmac_request_keys,
        ),
        (
            "audit_non_hmac_response_keys",
            &config.audit_non_hmac_response_keys,
        ),
        (
            "passthrough_request_headers",
            &config.passthrough_request_headers,
        ),
        ("allowed_response_headers", &config.allowed_response_headers),
    ];
    let mut members: Map = lists
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, list)| (name.to_owned(), json!(list)))
        .collect();
    if config.listing_visibility == ListingVisibility::Unauth {
        members.insert("listing_visibility".into(), "unauth".into());
    }
    members.extend(component_grants::shown(config));
    members
}
