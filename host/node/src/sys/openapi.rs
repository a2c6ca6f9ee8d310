//! `sys/internal/specs/openapi`: what is mounted, described from the manifests that route it.

use crate::engine::Engine;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::tables::Mount;
use crate::{status, sys};
use base::{Answer, Json};
use manifest::Access::Public;
use manifest::FieldKind::{Boolean, Text};
use manifest::Operation::{Read, Update};
use manifest::openapi::{OpenApi, Shown};
use manifest::{Access, Manifest, Route};
use mount::{MountEntry, MountKind};
use std::borrow::Cow;

const DOCUMENT: &[NativeField] = &[
    body("context", Text, "Taken and without effect."),
    body(
        "generic_mount_paths",
        Boolean,
        "Show a parameter in place of each mount's path?",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "internal/specs/openapi", Public, Now(document), DOCUMENT, "The OpenAPI document of what the caller can use."),
    on(Update, "internal/specs/openapi", Public, Now(document), DOCUMENT, "The OpenAPI document of what the caller can use."),
];

/// All routes of all mounts that the caller can use. Who has no token is shown what needs none.
fn document(ask: &mut Ask<'_>) -> Told {
    let acl = super::ui::acl(ask)?;
    let generic = ask.flag("generic_mount_paths");
    let tables = ask.node.tables();
    let mut document = OpenApi::default();
    for mount in tables
        .of(ask.namespace.id)
        .into_iter()
        .flat_map(|table| table.iter())
    {
        let folder = format!("{}{}", ask.namespace.path, mount.0.path);
        let can_use = acl
            .as_ref()
            .is_some_and(|acl| acl.grants_below(&folder, ask.now));
        add(&mut document, mount, generic, |route| {
            can_use || matches!(route.access, Access::Public | Access::Login)
        });
    }
    let version = &ask.node.parts.settings.version;
    let document = document.into_document("Casemate API", version);
    Ok(Answer::Bare(Json::of(&document)))
}

/// Adds the routes that a mount has as it is tuned.
pub(crate) fn add(
    document: &mut OpenApi,
    mount: &Mount,
    generic: bool,
    is_shown: impl Fn(&Route) -> bool,
) {
    let Some((manifest, _)) = mount.1.routes() else {
        return;
    };
    let entry = &mount.0;
    let manifest = public_patterns(&mount.1, manifest);
    let words = entry.path.as_str().trim_end_matches('/').replace('/', "-");
    let parameter = format!("{}_mount_path", words.replace('-', "_"));
    let shown = Shown {
        mount: entry.path.as_str(),
        parameter: (generic && !entry.is_hosts_own()).then_some(parameter.as_str()),
        tag: tag(entry),
        prefix: match generic {
            true => &entry.plugin,
            false => &words,
        },
    };
    document.add(&manifest, &shown, |route| {
        let option = |name: &str| entry.options.get(name).map(String::as_str);
        let is_there = route
            .when
            .as_ref()
            .is_none_or(|when| when.holds(option(&when.name)));
        is_there && is_shown(route)
    });
}

/// `sys/` has a spelling of its own for some paths, and answers some before it is unsealed.
fn public_patterns<'a>(engine: &Engine, manifest: &'a Manifest) -> Cow<'a, Manifest> {
    if !engine.is_system() {
        return Cow::Borrowed(manifest);
    }
    let mut manifest = manifest.clone();
    for route in &mut manifest.routes {
        if let Some(public) = sys::public_pattern(&route.pattern) {
            route.pattern = public;
        }
    }
    manifest.routes.extend(status::described());
    Cow::Owned(manifest)
}

fn tag(entry: &MountEntry) -> &'static str {
    match (entry.path.as_str(), entry.kind) {
        ("sys/", _) => "system",
        ("identity/", _) => "identity",
        (_, MountKind::Auth) => "auth",
        (_, MountKind::Secret) => "secrets",
    }
}
