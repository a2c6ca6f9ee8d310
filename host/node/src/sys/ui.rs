//! `sys/internal/ui`: what clients and user interfaces ask before they speak to a mount.

use super::mounts::{describe, shown_path};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, on, path};
use crate::refusal::from_barrier;
use base::{Answer, Map, Refusal, RefusalKind, RequestPath};
use manifest::Access::{Public, Token};
use manifest::Operation::Read;
use mount::{ListingVisibility, MountKind};
use policy::{Acl, Shown};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const AT: &[NativeField] = &[path("path", "The mount.")];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "internal/ui/mounts", Public, Now(mounts), &[], "The mounts that the caller can see."),
    on(Read, "internal/ui/namespaces", Public, Now(namespaces), &[], "The namespaces directly below that the caller can use."),
    on(Read, "internal/ui/mounts/{path..}", Public, Now(mount), AT, "The mount that serves a path."),
    on(Read, "internal/ui/resultant-acl", Token, Now(resultant), &[], "What the caller may do where."),
];

/// All mounts that the caller can use, or that everybody may see.
pub(super) fn mounts(ask: &mut Ask<'_>) -> Told {
    let acl = acl(ask)?;
    if acl.is_none() && ask.request.token.is_some() {
        return Err(Refusal::denied());
    }
    let tables = ask.node.tables();
    let mut shown = [Map::new(), Map::new()];
    for mount in tables
        .of(ask.namespace.id)
        .into_iter()
        .flat_map(|table| table.iter())
    {
        let entry = &mount.0;
        let folder = format!("{}{}", ask.namespace.path, entry.path);
        let can_use = acl
            .as_ref()
            .is_some_and(|acl| acl.grants_below(&folder, ask.now));
        if can_use || entry.config.listing_visibility == ListingVisibility::Unauth {
            let [secret, auth] = &mut shown;
            let list = match entry.kind {
                MountKind::Secret => secret,
                MountKind::Auth => auth,
            };
            let described = describe(mount, ask.namespace);
            // Accessors and settings are for those with a token.
            let described = match acl {
                Some(_) => described,
                None => for_anybody(&described),
            };
            list.insert(shown_path(entry), described);
        }
    }
    let [secret, auth] = shown;
    let data = json!({ "auth": auth, "secret": secret });
    Ok(Answer::data(&data))
}

/// What somebody without a token is told of a mount: enough to log in at it.
fn for_anybody(described: &Value) -> Value {
    json!({
        "description": described.get("description"),
        "options": described.get("options"),
        "type": described.get("type"),
    })
}

/// The namespaces directly below that the caller can use something of.
fn namespaces(ask: &mut Ask<'_>) -> Told {
    let acl = acl(ask)?.ok_or_else(Refusal::denied)?;
    let tables = ask.node.tables();
    let below = tables.namespaces.below(ask.namespace);
    let children = below.filter(|below| below.is_child_of(ask.namespace));
    let usable = children.filter(|child| acl.grants_below(&child.path, ask.now));
    let keys: Vec<&str> = usable
        .filter_map(|child| child.path_within(ask.namespace))
        .collect();
    Ok(Answer::data(&match keys.is_empty() {
        true => json!({}),
        false => json!({ "keys": keys }),
    }))
}

/// The mount that serves a path.
pub(super) fn mount(ask: &mut Ask<'_>) -> Told {
    let path = ask.text("path").to_owned();
    let denied = || {
        let text = format!(
            "preflight capability check returned 403, please ensure client's policies grant access to path {:?}",
            format!("{}/", path.trim_end_matches('/'))
        );
        Refusal::new(RefusalKind::Denied, text)
    };
    let acl = acl(ask)?.ok_or_else(Refusal::denied)?;
    let parsed = RequestPath::parse(&path).map_err(|error| Refusal::invalid(error.to_string()))?;
    let tables = ask.node.tables();
    // The path may lead into a namespace below.
    let own = ask.namespace.path.trim_end_matches('/');
    let resolved = tables.namespaces.resolve(own, &parsed);
    let (namespace, parsed) = resolved.ok_or_else(denied)?;
    let located = tables
        .of(namespace.id)
        .and_then(|table| table.locate(&parsed));
    let mount = located.ok_or_else(denied)?.mount;
    let folder = format!("{}{}", namespace.path, mount.0.path);
    if !acl.grants_below(&folder, ask.now) {
        return Err(denied());
    }
    let mut data = describe(&mount, &namespace);
    if let Value::Object(members) = &mut data {
        // As the request's namespace knows it.
        let within = namespace.path.strip_prefix(&ask.namespace.path);
        let within = within.unwrap_or(&namespace.path);
        let path = format!("{within}{}", shown_path(&mount.0));
        members.insert("path".into(), path.into());
    }
    Ok(Answer::data(&data))
}

/// All that the caller's policies say, for a user interface to show what can be done.
fn resultant(ask: &mut Ask<'_>) -> Told {
    let overview = ask.caller()?.acl.overview(ask.now);
    let mut data = json!({ "chroot_namespace": "", "root": overview.root });
    if let (false, Value::Object(members)) = (overview.root, &mut data) {
        members.insert("exact_paths".into(), rules(&overview.exact));
        members.insert("glob_paths".into(), rules(&overview.globs));
    }
    Ok(Answer::data(&data))
}

fn rules(rules: &BTreeMap<String, Shown>) -> Value {
    let rules = rules.iter();
    rules
        .map(|(path, rule)| (path.clone(), Value::Object(limited(rule))))
        .collect::<Map>()
        .into()
}

/// What may be done by a rule, and its limits where it has some.
fn limited(rule: &Shown) -> Map {
    let mut members = Map::new();
    members.insert("capabilities".into(), json!(rule.capabilities));
    for (name, values) in [
        ("allowed_parameters", &rule.allowed_parameters),
        ("denied_parameters", &rule.denied_parameters),
    ] {
        if !values.is_empty() {
            members.insert(name.to_owned(), json!(values));
        }
    }
    if !rule.required_parameters.is_empty() {
        let required = json!(rule.required_parameters);
        members.insert("required_parameters".into(), required);
    }
    for (name, ttl) in [
        ("min_wrapping_ttl", rule.min_wrapping_ttl),
        ("max_wrapping_ttl", rule.max_wrapping_ttl),
    ] {
        members.extend(ttl.map(|ttl| (name.to_owned(), ttl.as_secs().into())));
    }
    members
}

/// What the caller may do; None for who has no live token. Counts no use of it.
pub(super) fn acl(ask: &mut Ask<'_>) -> Result<Option<Arc<Acl>>, Refusal> {
    let Some(id) = &ask.request.token else {
        return Ok(None);
    };
    let hash = ask.node.salt.hash(id.expose());
    match access::find(ask.tx, &hash, ask.now).map_err(from_barrier)? {
        Some(token) if !access::is_bound_to(&token, ask.request.client.address.ip()) => Ok(None),
        Some(token) => ask.node.rights_of(&token).map(|rights| Some(rights.acl)),
        None => Ok(None),
    }
}
