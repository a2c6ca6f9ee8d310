//! Between a method that is content and the token.

use super::check::Subject;
use super::credentials::Credentials;
use super::stored::{self, Enforcement, KIND};
use super::waiting::Login;
use crate::engine::Engine;
use crate::grant;
use crate::native::Ask;
use crate::pipeline::{Place, no_handler};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{
    Envelope, Grants, Json, Map, NamespaceId, Operation, Refusal, RefusalKind, Request,
    RequestPath, make_uuid,
};
use identity::Person;
use mount::MountEntry;
use plugin::Grant;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a client is told whose login waits.
const WARNING: &str = "A login request was issued that is subject to MFA validation. Please make sure to validate the login by sending another request to mfa/validate endpoint.";

/// Who logs in, and where.
pub(crate) struct Arriving<'a> {
    pub(crate) request: &'a Request,
    pub(crate) place: &'a Place,
    pub(crate) entry: &'a MountEntry,
    pub(crate) person: Option<&'a Person>,
}

/// None where no second factor is asked for, or the request brings it; what to answer where the login has
/// to wait for it.
pub(crate) fn stand_before(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    arriving: &Arriving<'_>,
    grant: &Grant,
) -> Result<Option<Envelope>, Refusal> {
    let namespace = arriving.place.namespace.id;
    let mut enforcements = stored::enforcements(tx, namespace)?;
    enforcements.retain(|one| is_for(one, arriving));
    if enforcements.is_empty() {
        return Ok(None);
    }
    // Who is nobody has no key to show.
    let person = arriving.person.ok_or_else(Refusal::denied)?;
    let entity = person.entity.id.as_str();
    if let Some(credentials) = Credentials::of_headers(arriving.request) {
        let subject = Subject {
            node,
            namespace,
            entity,
        };
        return match subject.check(tx, &enforcements, &credentials) {
            Ok(()) => Ok(None),
            // Why, only who asks for it step by step is told.
            Err(refusal) if refusal.kind == RefusalKind::Denied => Err(Refusal::denied()),
            Err(refusal) => Err(refusal),
        };
    }
    if arriving.request.grants == Grants::ForOneRequest {
        // The request does not wait.
        return Err(Refusal::denied());
    }
    let id = make_uuid(node.parts.entropy.as_ref());
    let requirement = requirement(tx, namespace, &id, &enforcements)?;
    let login = Login {
        namespace,
        mount: arriving.entry.id,
        path: arriving.place.path.as_str().to_owned(),
        entity: entity.to_owned(),
        grant: grant.clone(),
        enforcements,
    };
    if !node.waiting.keep(&id, login, node.now()) {
        let text = "too many logins wait for a second factor, try again";
        return Err(Refusal::new(RefusalKind::Unavailable, text));
    }
    Ok(Some(Envelope {
        mfa_requirement: Some(requirement),
        warnings: vec![WARNING.to_owned()],
        ..Envelope::default()
    }))
}

fn is_for(enforcement: &Enforcement, arriving: &Arriving<'_>) -> bool {
    let entry = arriving.entry;
    let is_person = |person: &Person| {
        let mut groups = person.groups();
        enforcement.entities.contains(&person.entity.id)
            || groups.any(|group| enforcement.groups.contains(&group.id))
    };
    enforcement.accessors.contains(&entry.accessor)
        || enforcement.types.contains(&entry.plugin)
        || arriving.person.is_some_and(is_person)
}

/// What a login waits for, as clients are told.
fn requirement(
    tx: &mut Transaction,
    namespace: NamespaceId,
    id: &str,
    enforcements: &[Enforcement],
) -> Result<Json, Refusal> {
    let mut constraints = Map::new();
    for enforcement in enforcements {
        let mut any = Vec::new();
        for id in &enforcement.methods {
            if let Some(method) = stored::method(tx, namespace, id)? {
                any.push(json!({
                    "type": KIND,
                    "id": method.id,
                    "uses_passcode": true,
                    "name": method.name,
                }));
            }
        }
        constraints.insert(enforcement.name.clone(), json!({ "any": any }));
    }
    Ok(Json::of(&json!({
        "mfa_request_id": id,
        "mfa_constraints": Value::Object(constraints),
    })))
}

/// Goes on with a login that waits, where the credentials are right: its token is made, in the request's
/// transaction.
pub(crate) fn resume(
    ask: &mut Ask<'_>,
    id: &str,
    credentials: &Credentials,
) -> Result<Envelope, Refusal> {
    let unknown = || Refusal::invalid("invalid request ID");
    let node = ask.node;
    let login = node.waiting.find(id, &ask.request.id, ask.now);
    let login = login.filter(|login| login.namespace == ask.namespace.id);
    let login = login.ok_or_else(unknown)?;
    let subject = Subject {
        node,
        namespace: login.namespace,
        entity: &login.entity,
    };
    subject.check(ask.tx, &login.enforcements, credentials)?;
    let path = RequestPath::parse(&login.path).map_err(|_| unknown())?;
    let request = Request {
        namespace: ask.namespace.path.trim_end_matches('/').to_owned(),
        ..Request::new(Operation::Update, path, "", Map::new())
    };
    let tables = node.tables();
    let place = Place::find(&tables, &request)?;
    let mount = tables.with_id(login.namespace, login.mount);
    let mount = mount.filter(|mount| !mount.0.is_going());
    let mount = mount.ok_or_else(|| no_handler(&place.path))?;
    let Engine::Component(pinned) = &mount.1 else {
        return Err(no_handler(&place.path));
    };
    let envelope = grant::make(
        node,
        ask.tx,
        (&place, ask.leases),
        pinned,
        &mount.0,
        login.grant.clone(),
    )?;
    // Nothing is to be handed out by a mount that was disabled meanwhile.
    ask.tx.depend_on(&pinned.place.key);
    node.waiting.done(id, &ask.request.id);
    Ok(Envelope {
        mount_type: mount.0.plugin.clone(),
        ..envelope
    })
}
