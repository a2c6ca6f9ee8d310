//! `identity/`: who is who, as one table.

mod aliases;
mod entities;
mod group_aliases;
mod groups;
mod login;
mod lookup;
mod merge;
mod mfa;
mod oidc;
mod shown;

pub(crate) use login::{adopt, log_in, make_for_secondary, mount_of_tokens, stand_for};
pub(crate) use oidc::{make_before_use, tick};

use crate::native::{Ask, NativeField, NativeRoute};
use crate::refusal::from_barrier;
use base::Refusal;
use identity::{Directory, IdentityError, Metadata, Named, Page, Placement};
use manifest::FieldKind::{Integer, Text};
use manifest::FieldSource;
use mount::MountKind;
use std::sync::Arc;

/// The table, area by area.
pub(crate) const TABLE: &[&[NativeRoute]] = &[
    entities::ROUTES,
    merge::ROUTES,
    aliases::ROUTES,
    groups::ROUTES,
    group_aliases::ROUTES,
    lookup::ROUTES,
    mfa::METHODS,
    mfa::OUTSIDE,
    mfa::SECRETS,
    mfa::ENFORCEMENTS,
    oidc::CONFIG,
    oidc::KEYS,
    oidc::ROLES,
    oidc::TOKENS,
    oidc::INTROSPECTION,
    oidc::DISCOVERY,
    oidc::PARTS,
    oidc::SIGN_IN,
];

/// What is told by the fields of every list.
const PAGE: &[NativeField] = &[
    query("after", Text, "Only what sorts after this."),
    query("limit", Integer, "At most so many; all, when not given."),
];

const fn query(
    name: &'static str,
    kind: manifest::FieldKind,
    summary: &'static str,
) -> NativeField {
    NativeField {
        name,
        kind,
        source: FieldSource::Query,
        required: false,
        summary,
    }
}

/// The identities of the request's namespace, in its transaction.
fn directory<'a>(ask: &'a mut Ask<'_>) -> Directory<'a> {
    let entropy = ask.node.parts.entropy.as_ref();
    let label = ask.namespace.label();
    Directory::new(ask.tx, ask.namespace.id, label, ask.now, entropy)
}

/// What a caller is told of a change that was refused.
pub(crate) fn refused(error: IdentityError) -> Refusal {
    match error {
        IdentityError::Storage(error) => from_barrier(error),
        IdentityError::Disabled => Refusal::denied(),
        error => Refusal::invalid(error.to_string()),
    }
}

/// The part of a list that a request asks for.
fn page<'a>(ask: &'a Ask<'_>) -> Page<'a> {
    let limit = ask.number("limit").filter(|limit| *limit > 0);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    Page {
        after: ask.text("after"),
        limit: limit.unwrap_or(usize::MAX),
    }
}

/// A text that was given and is not empty.
fn given(ask: &Ask<'_>, name: &str) -> Option<String> {
    let text = ask.some_text(name).filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

/// What a request names by `id`, by `name`, or not at all.
fn named(ask: &Ask<'_>) -> Named {
    Named {
        id: given(ask, "id"),
        name: given(ask, "name"),
    }
}

/// An object of texts, where one was given.
fn metadata(ask: &Ask<'_>, name: &str) -> Option<Metadata> {
    let members = ask.input.get(name)?.as_object()?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = members.iter();
    Some(
        pairs
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
    )
}

/// An auth mount of the request's namespace, by its accessor.
fn auth_mount(ask: &Ask<'_>, accessor: &str) -> Option<Arc<crate::tables::Mount>> {
    let tables = ask.node.tables();
    let mut mounts = tables.of(ask.namespace.id)?.iter();
    let found =
        mounts.find(|mount| mount.0.kind == MountKind::Auth && mount.0.accessor == accessor);
    found.map(Arc::clone)
}

/// The auth mount that a request names by `mount_accessor`, which must be there.
fn named_mount(ask: &Ask<'_>) -> Result<Option<identity::Mount>, Refusal> {
    let Some(accessor) = given(ask, "mount_accessor") else {
        return Ok(None);
    };
    let mount = auth_mount(ask, &accessor)
        .ok_or_else(|| Refusal::invalid(format!("invalid mount accessor {accessor:?}")))?;
    Ok(Some(login::mount(&mount.0)))
}

/// How far the aliases of a mount travel.
pub(crate) const fn placement(entry: &mount::MountEntry) -> Placement {
    if entry.local {
        Placement::Local
    } else {
        Placement::Shared
    }
}
