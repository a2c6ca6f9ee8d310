//! `sys/internal/counters` and `sys/internal/inspect`: what a server holds, for those who look after
//! it.

use super::mounts::shown_path;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, on, path};
use crate::refusal::from_barrier;
use crate::tables::Tables;
use barrier::Address;
use base::{Answer, NamespaceId, Operation, Refusal, RefusalKind};
use locality::SystemKey;
use manifest::Access::{Sudo, Token};
use manifest::Operation::Read;
use mount::MountEntry;
use serde_json::{Map, Value, json};

const TAG: &[NativeField] = &[path("tag", "`root`, `uuid`, `accessor` or `storage`.")];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "internal/counters/requests", Token, Now(requests), &[], "Counts no requests any more."),
    on(Read, "internal/counters/entities", Token, Now(entities), &[], "Counts the entities."),
    on(Read, "internal/counters/tokens", Token, Now(tokens), &[], "Counts the service tokens."),
    on(Read, "internal/inspect/router/{tag}", Sudo, Now(router), TAG, "The mounts as requests find them."),
    on(Read, "internal/inspect/request", Sudo, Now(request), &[], "The request as the server sees it."),
];

/// Keys that are counted at once.
const PAGE: usize = 1_000;

fn requests(_: &mut Ask<'_>) -> Told {
    let text = "The functionality has been removed on this path";
    Err(Refusal::new(RefusalKind::NotFound, text))
}

fn entities(ask: &mut Ask<'_>) -> Told {
    let total = count(ask, &SystemKey::entities(ask.namespace.id))?;
    Ok(Answer::data(
        &json!({ "counters": { "entities": { "total": total } } }),
    ))
}

fn tokens(ask: &mut Ask<'_>) -> Told {
    let total = count(ask, &SystemKey::accessors(ask.namespace.id))?;
    Ok(Answer::data(
        &json!({ "counters": { "service_tokens": { "total": total } } }),
    ))
}

fn count(ask: &mut Ask<'_>, prefix: &impl Address) -> Result<usize, Refusal> {
    let (mut total, mut after) = (0, None);
    loop {
        let keys = ask.tx.keys(prefix, after.as_ref(), PAGE);
        let keys = keys.map_err(from_barrier)?;
        total += keys.len();
        match keys.into_iter().next_back() {
            Some(last) if total % PAGE == 0 => after = Some(last),
            _ => return Ok(total),
        }
    }
}

/// The mounts of the caller's namespace; all of them in the root namespace.
fn router(ask: &mut Ask<'_>) -> Told {
    let tag = ask.text("tag").to_owned();
    let key: fn(&MountEntry) -> &str = match tag.as_str() {
        "root" => |entry| entry.path.as_str(),
        "uuid" | "storage" => |entry| &entry.uuid,
        "accessor" => |entry| &entry.accessor,
        _ => {
            let text = "1 error occurred:\n\t* unsupported path\n\n";
            return Err(Refusal::new(RefusalKind::NotFound, text));
        }
    };
    let tables = ask.node.tables();
    let own = ask.namespace.id;
    let mut found: Vec<(NamespaceId, &MountEntry)> = tables
        .iter()
        .map(|(namespace, mount)| (namespace, &mount.0))
        .filter(|(namespace, _)| own == NamespaceId::ROOT || *namespace == own)
        .collect();
    found.sort_by(|(_, one), (_, other)| key(one).cmp(key(other)));
    let with_storage = matches!(tag.as_str(), "root" | "storage");
    let shown: Vec<Value> = found
        .into_iter()
        .map(|(namespace, entry)| described(&tables, namespace, entry, with_storage))
        .collect();
    Ok(Answer::data(&json!({ tag: shown })))
}

fn described(
    tables: &Tables,
    namespace: NamespaceId,
    entry: &MountEntry,
    with_storage: bool,
) -> Value {
    let path = tables.namespaces.with_id(namespace);
    let mut members = json!({
        "accessor": entry.accessor,
        "mount_namespace": path.map_or("", |namespace| &namespace.path),
        "mount_path": shown_path(entry),
        "mount_type": entry.plugin,
        "uuid": entry.uuid,
    });
    if let (true, Value::Object(members)) = (with_storage, &mut members) {
        // The keys of a mount begin with its namespace and its id, behind their class.
        let prefix = format!("{namespace}/{}/", entry.id);
        members.insert("storage_prefix".into(), prefix.into());
        members.insert("tainted".into(), entry.is_going().into());
    }
    members
}

/// The request and who sent it. Never the token: it would stand in logs of whoever looks.
fn request(ask: &mut Ask<'_>) -> Told {
    let caller = ask.caller()?;
    let request = ask.request;
    let version = &ask.node.parts.settings.version;
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!([value])))
        .collect();
    let entity = match caller.token.entity_id.is_empty() {
        true => Value::Null,
        false => json!({ "id": caller.token.entity_id }),
    };
    let operation = match request.operation {
        Operation::Help => "help",
        _ => "read",
    };
    Ok(Answer::data(&json!({
        "cluster_id": ask.node.cluster.id,
        "data": {},
        "entity": entity,
        "plugin_env": { "vault_version": version },
        "req": {
            "client_token": "",
            "client_token_accessor": caller.token.accessor,
            "client_token_remaining_uses": caller.token.uses_left,
            "connection": {
                "remote_addr": request.client.address.ip().to_string(),
                "remote_port": request.client.address.port(),
            },
            "display_name": caller.token.display_name,
            "entity_id": caller.token.entity_id,
            "headers": headers,
            "id": request.id,
            "mount_point": "sys/",
            "mount_type": "system",
            "operation": operation,
            "path": "internal/inspect/request",
            "unauthenticated": false,
        },
        "vault_version": version,
    })))
}
