//! The role of a login that does not name it: the method is asked, by a route that it offers for that.
//!
//! Only where a mount has quotas for roles, and what the route answers decides nothing but which of them
//! counts.

use crate::call;
use crate::engine::{Engine, Pinned};
use crate::pipeline::Place;
use crate::tables::Mount;
use crate::unsealed::Unsealed;
use base::Request;
use manifest::{Access, Match, Operation};
use plugin::{Matched, Outcome};
use std::sync::Arc;

/// Where a method tells which role the fields of a login are for.
const RESOLVE: &str = "resolve-role";

/// Can the method of this mount be asked?
pub(crate) fn can_be_asked(mount: &Mount) -> bool {
    matches!(&mount.1, Engine::Component(pinned) if route(pinned).is_some())
}

/// Not one that is open to everybody: what it tells is for the host, and for whoever may ask.
fn route(pinned: &Pinned) -> Option<Match<'_, 'static>> {
    let found = pinned.matcher.find(Operation::Update, RESOLVE).ok()?;
    let route = pinned.component.manifest().routes.get(found.route)?;
    matches!(route.access, Access::Token | Access::Sudo).then_some(found)
}

/// The role that a login is for; none where the method does not know it.
pub(super) async fn asked(
    node: &Arc<Unsealed>,
    place: &Place,
    mount: &Mount,
    request: &Request,
) -> Option<String> {
    let Engine::Component(pinned) = &mount.1 else {
        return None;
    };
    let matched = matched(pinned, request)?;
    mount.1.ready().await.ok()?;
    let call = call::of_host(node, node.begin(), place.namespace.id, &mount.0, pinned);
    let done = pinned.component.handle(call, matched).await.ok()?;
    let Outcome::Data(json) = done.value.outcome else {
        return None;
    };
    let data: serde_json::Value = serde_json::from_str(json.as_str()).ok()?;
    data.get("role")?.as_str().map(str::to_owned)
}

/// The fields of the login that the route wants, and no others.
fn matched(pinned: &Pinned, request: &Request) -> Option<Matched> {
    let found = route(pinned)?;
    let route = pinned.component.manifest().routes.get(found.route)?;
    let validated = manifest::validate(route, &found.parameters, request.data.clone()).ok()?;
    Some(Matched {
        route: found.route,
        operation: Operation::Update,
        path: RESOLVE.to_owned(),
        input: serde_json::Value::Object(validated.input).to_string(),
    })
}
