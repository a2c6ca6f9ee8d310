//! What gave way to another primary: looked at, taken out, let go of.

use crate::ceremonies::only_in_root;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, on, query};
use crate::replication::aside;
use base::{Answer, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locality::{PhysicalKey, Shelf};
use manifest::Access::Sudo;
use manifest::FieldKind::{Integer, Text};
use manifest::Operation::{Delete, Read};
use serde_json::{Value, json};

/// Entries that one answer has where nobody says, and at most.
const LIMITS: (u64, u64) = (100, 1_000);

const PAGE: &[NativeField] = &[
    query(
        "after",
        Text,
        "The key after which to begin: the last one of the page before.",
    ),
    query("limit", Integer, "Entries on a page; 100, at most 1000."),
];

/// The routes.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Read, "replication/performance/secondary/aside", Sudo, Now(list), PAGE, "Lists what this cluster wrote as a primary and the next one did not have."),
    on(Read, "replication/performance/secondary/aside/export", Sudo, Now(export), PAGE, "As the list, with the values."),
    on(Delete, "replication/performance/secondary/aside", Sudo, Later(|ask| Box::pin(clear(ask))), &[], "Deletes what was kept."),
];

fn list(ask: &mut Ask<'_>) -> Told {
    page(ask, |_| None)
}

fn export(ask: &mut Ask<'_>) -> Told {
    page(ask, |value| Some(STANDARD.encode(value)))
}

fn page(ask: &mut Ask<'_>, shown: impl Fn(&[u8]) -> Option<String>) -> Told {
    only_in_root(ask)?;
    let kept = aside::kept(ask.tx)?.ok_or_else(Refusal::not_found)?;
    let limit = ask.number("limit").filter(|limit| *limit > 0);
    let limit = limit.unwrap_or(LIMITS.0).min(LIMITS.1);
    let after = ask.some_text("after").map(str::to_owned);
    let limit = usize::try_from(limit).unwrap_or_default();
    let found = aside::some(ask.node, ask.tx, after.as_deref(), limit)?;
    let entries = found.iter().map(|(key, value)| {
        let mut entry = told(ask, key);
        if let Value::Object(members) = &mut entry {
            members.insert(String::from("bytes"), json!(value.len()));
            if let Some(value) = shown(value) {
                members.insert(String::from("value"), json!(value));
            }
        }
        entry
    });
    let entries: Vec<Value> = entries.collect();
    Ok(Answer::data(&json!({
        "at": kept.at.to_rfc3339(),
        "generation": kept.generation,
        "entry_count": kept.entries,
        "bytes": kept.bytes,
        "left_out": kept.left_out,
        "entries": entries,
    })))
}

/// Where an entry belongs; ids where what they name is gone.
fn told(ask: &Ask<'_>, key: &PhysicalKey) -> Value {
    let tables = ask.node.tables();
    let namespace = tables.namespaces.with_id(key.namespace());
    let mounts = tables
        .of(key.namespace())
        .into_iter()
        .flat_map(mount::Table::iter);
    let mut named = mounts.filter(|mount| mount.0.id == key.mount());
    let mount = match key.mount() {
        base::MountId::SYSTEM => String::from("sys/"),
        id => named
            .next()
            .map_or_else(|| id.to_string(), |mount| mount.0.path.to_string()),
    };
    let lies = Shelf::Aside.key_of(key);
    let all = Shelf::Aside.all();
    json!({
        "key": lies.path().strip_prefix(all.path()).unwrap_or_default(),
        "namespace": namespace.map_or_else(|| key.namespace().to_string(), |one| one.path.to_string()),
        "mount": mount,
        "path": key.path(),
    })
}

async fn clear(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    aside::clear(ask.node).await?;
    Ok(Answer::Empty)
}
