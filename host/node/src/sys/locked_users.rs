//! `sys/locked-users`: who is locked out, and letting them in again.

use crate::lockout;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, on, path, query};
use crate::tables::Mount;
use base::Answer;
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::{Read, Update};
use mount::Namespace;
use serde_json::{Value, json};
use std::sync::Arc;

const WHERE: &[NativeField] = &[query("mount_accessor", Text, "Only of this auth method.")];
const WHO: &[NativeField] = &[
    path("mount_accessor", "The auth method."),
    path("alias_identifier", "The name that is locked out."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "locked-users", Token, Now(read), WHERE, "Tells who is locked out, here and in the namespaces below."),
    on(Update, "locked-users/{mount_accessor}/unlock/{alias_identifier..}", Token, Now(unlock), WHO, "Lets somebody in again."),
];

fn read(ask: &mut Ask<'_>) -> Told {
    if let Some(accessor) = ask
        .some_text("mount_accessor")
        .filter(|text| !text.is_empty())
    {
        let names = mount(ask, accessor).map(|mount| locked(ask, &mount));
        let count = names.as_ref().map_or(0, Vec::len);
        let names = names.filter(|names| !names.is_empty());
        let mounts = json!([of_mount(accessor, count, &json!(names))]);
        let shown = of_namespace(ask.namespace, count, &mounts);
        return Ok(Answer::data(
            &json!({ "by_namespace": [shown], "total": count }),
        ));
    }
    let tables = ask.node.tables();
    let below = tables.namespaces.ids().filter_map(|id| {
        let namespace = tables.namespaces.with_id(id)?;
        let is_below = namespace.path.starts_with(&ask.namespace.path);
        (is_below && namespace.id != ask.namespace.id).then(|| Arc::clone(namespace))
    });
    let mut below: Vec<_> = below.collect();
    below.sort_by(|one, other| one.path.cmp(&other.path));
    let namespaces = core::iter::once(Arc::clone(ask.namespace)).chain(below);
    let mut total = 0;
    let shown: Vec<Value> = namespaces
        .map(|namespace| {
            let (count, mounts) = mounts_of(ask, &namespace);
            total += count;
            of_namespace(&namespace, count, &json!(mounts))
        })
        .collect();
    Ok(Answer::data(
        &json!({ "by_namespace": shown, "total": total }),
    ))
}

/// How many names are locked in a namespace, and what is told of its mounts that have any.
fn mounts_of(ask: &Ask<'_>, namespace: &Namespace) -> (usize, Vec<Value>) {
    let tables = ask.node.tables();
    let mut count = 0;
    let mut shown = Vec::new();
    for mount in tables
        .of(namespace.id)
        .iter()
        .flat_map(|table| table.iter())
    {
        let names = locked(ask, mount);
        if !names.is_empty() {
            count += names.len();
            shown.push(of_mount(&mount.0.accessor, names.len(), &json!(names)));
        }
    }
    (count, shown)
}

fn of_namespace(namespace: &Namespace, count: usize, mounts: &Value) -> Value {
    json!({
        "namespace_id": namespace.label(),
        "namespace_path": namespace.path,
        "counts": count,
        "mount_accessors": mounts,
    })
}

fn of_mount(accessor: &str, count: usize, names: &Value) -> Value {
    json!({ "mount_accessor": accessor, "counts": count, "alias_identifiers": names })
}

fn locked(ask: &Ask<'_>, mount: &Mount) -> Vec<String> {
    let rules = lockout::rules(&ask.node.parts.settings, &mount.0);
    rules.map_or_else(Vec::new, |rules| {
        ask.node.lockouts.locked(mount.0.id, &rules, ask.now)
    })
}

fn mount(ask: &Ask<'_>, accessor: &str) -> Option<Arc<Mount>> {
    let tables = ask.node.tables();
    let mut mounts = tables.of(ask.namespace.id)?.iter();
    mounts.find(|mount| mount.0.accessor == accessor).cloned()
}

/// Says nothing of whether there was anybody.
fn unlock(ask: &mut Ask<'_>) -> Told {
    if let Some(mount) = mount(ask, ask.text("mount_accessor")) {
        let name = ask.text("alias_identifier");
        ask.node.lockouts.forget(mount.0.id, name);
    }
    Ok(Answer::Empty)
}
