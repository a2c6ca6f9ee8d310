//! `sys/namespaces`. Each namespace is made, read and deleted from the one directly above it.

use crate::namespaces::{self, delete};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::tables::stored_namespaces;
use access::UnlockKey;
use base::{Answer, Envelope, Map, Refusal};
use manifest::Access::Token;
use manifest::FieldKind::{Object, Text, TextList};
use manifest::Operation::{Delete, List, Patch, Read, Scan, Update};
use mount::Namespace;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const AT: &[NativeField] = &[path("path", "Name of the namespace.")];
const NAMESPACE: &[NativeField] = &[
    path("path", "Name of the namespace."),
    body("custom_metadata", Object, "Texts that say what it is for."),
    body("seal", Text, "Refused: there is one seal for all."),
    body(
        "pgp_keys",
        TextList,
        "Without effect: there is one seal for all.",
    ),
];
const LOCK: &[NativeField] = &[path("path", "The namespace, from the request's own.")];
const UNLOCK: &[NativeField] = &[body("unlock_key", Text, "The key that locking gave.")];
const UNLOCK_AT: &[NativeField] = &[
    path("path", "The namespace, from the request's own."),
    body("unlock_key", Text, "The key that locking gave."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(List, "namespaces", Token, Now(list), &[], "Lists the namespaces directly below."),
    on(Scan, "namespaces", Token, Now(scan), &[], "Lists all namespaces below."),
    on(Read, "namespaces/{path..}", Token, Now(read), AT, "Reads a namespace."),
    on(Update, "namespaces/{path..}", Token, Now(write), NAMESPACE, "Makes a namespace, or sets its metadata."),
    on(Patch, "namespaces/{path..}", Token, Now(patch), NAMESPACE, "Changes the metadata of a namespace."),
    on(Delete, "namespaces/{path..}", Token, Now(remove), AT, "Deletes a namespace with all that is in it, in the background."),
    on(Delete, "namespaces/{path}/delete-sealed", Token, Now(sealing), AT, "Refused: no namespace has a seal of its own."),
    on(Update, "namespaces/{path}/seal", Token, Now(sealing), AT, "Refused: no namespace has a seal of its own."),
    on(Read, "namespaces/{path}/seal-status", Token, Now(sealing), AT, "Refused: no namespace has a seal of its own."),
    on(Update, "namespaces/{path}/unseal", Token, Now(sealing), AT, "Refused: no namespace has a seal of its own."),
    on(Update, "namespaces/api-lock/lock", Token, Now(lock), &[], "Locks the request's own namespace."),
    on(Update, "namespaces/api-lock/lock/{path..}", Token, Now(lock), LOCK, "Locks a namespace and all below it."),
    on(Update, "namespaces/api-lock/unlock", Token, Now(unlock), UNLOCK, "Unlocks the request's own namespace."),
    on(Update, "namespaces/api-lock/unlock/{path..}", Token, Now(unlock), UNLOCK_AT, "Unlocks a namespace."),
];

/// What is told of a namespace.
fn describe(namespace: &Namespace) -> Value {
    json!({
        "custom_metadata": namespace.custom_metadata,
        "id": namespace.id.to_string(),
        "locked": namespace.is_locked(),
        "path": namespace.path,
        "tainted": namespace.is_going(),
        "uuid": namespace.uuid,
    })
}

fn list(ask: &mut Ask<'_>) -> Told {
    let own = ask.namespace.clone();
    listed(ask, |namespace| namespace.is_child_of(&own))
}

fn scan(ask: &mut Ask<'_>) -> Told {
    listed(ask, |_| true)
}

fn listed(ask: &mut Ask<'_>, is_wanted: impl Fn(&Namespace) -> bool) -> Told {
    let stored = stored_namespaces(ask.tx)?;
    let wanted = stored.iter().filter(|namespace| is_wanted(namespace));
    let known = wanted.filter_map(|one| Some((one.path_within(ask.namespace)?, one)));
    let known: BTreeMap<&str, &Namespace> = known.collect();
    if known.is_empty() {
        return Err(Refusal::not_found());
    }
    let keys: Vec<&str> = known.keys().copied().collect();
    let info: BTreeMap<&str, Value> = known
        .iter()
        .map(|(path, namespace)| (*path, describe(namespace)))
        .collect();
    Ok(Answer::data(&json!({ "key_info": info, "keys": keys })))
}

/// The namespace that a request names, directly below its own.
fn named(ask: &mut Ask<'_>) -> Result<(String, Option<Namespace>), Refusal> {
    let name = namespaces::name(ask.text("path"))?.to_owned();
    let path = format!("{}{name}/", ask.namespace.path);
    let found = namespaces::find(ask.tx, &path)?;
    Ok((name, found))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let (_, found) = named(ask)?;
    Ok(Answer::data(&describe(
        &found.ok_or_else(Refusal::not_found)?,
    )))
}

fn write(ask: &mut Ask<'_>) -> Told {
    if ask.input.get("seal").is_some_and(crate::init::is_given) {
        return sealing(ask);
    }
    let (name, found) = named(ask)?;
    let metadata = metadata(ask)?;
    let mut namespace = match found {
        Some(namespace) if namespace.is_going() => return Err(going(&namespace)),
        Some(namespace) => namespace,
        None => {
            let entropy = ask.node.parts.entropy.clone();
            let above = ask.namespace.clone();
            namespaces::make(ask.tx, &above, &name, entropy.as_ref(), ask.now)?
        }
    };
    namespace.custom_metadata = metadata;
    namespaces::store(ask.tx, &namespace)?;
    Ok(Answer::data(&describe(&namespace)))
}

/// The metadata that a request sets; none where it gives none.
fn metadata(ask: &Ask<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(Value::Object(given)) = ask.input.get("custom_metadata") else {
        return Ok(BTreeMap::new());
    };
    let text = |(key, value): (&String, &Value)| match value {
        Value::String(text) => Ok((key.clone(), text.clone())),
        _ => Err(Refusal::invalid("custom_metadata values must be strings")),
    };
    given.iter().map(text).collect()
}

fn patch(ask: &mut Ask<'_>) -> Told {
    let (_, found) = named(ask)?;
    let missing = || Refusal::invalid("namespace not found");
    let mut namespace = found
        .filter(|found| !found.is_going())
        .ok_or_else(missing)?;
    match ask.input.get("custom_metadata") {
        None => {}
        Some(Value::Object(changes)) => apply(&mut namespace.custom_metadata, changes)?,
        Some(_) => namespace.custom_metadata.clear(),
    }
    namespaces::store(ask.tx, &namespace)?;
    Ok(Answer::data(&describe(&namespace)))
}

fn apply(metadata: &mut BTreeMap<String, String>, changes: &Map) -> Result<(), Refusal> {
    for (key, value) in changes {
        match value {
            Value::String(text) => metadata.insert(key.clone(), text.clone()),
            Value::Null => metadata.remove(key),
            _ => {
                let text = "metadata patch can only have string or null values";
                return Err(Refusal::invalid(text));
            }
        };
    }
    Ok(())
}

fn remove(ask: &mut Ask<'_>) -> Told {
    let (_, found) = named(ask)?;
    let Some(namespace) = found else {
        return Ok(Answer::Envelope(Box::new(Envelope {
            warnings: vec![String::from("requested namespace does not exist")],
            ..Envelope::default()
        })));
    };
    let stored = stored_namespaces(ask.tx)?;
    if stored
        .iter()
        .any(|other| other.path_within(&namespace).is_some())
    {
        return Err(Refusal::invalid(
            "unable to delete namespace containing child namespaces",
        ));
    }
    if !namespace.is_going() {
        delete(ask.tx, namespace)?;
    }
    // What is to be removed is known once this is committed.
    ask.node.wake_expirer();
    Ok(Answer::data(&json!({ "status": "in-progress" })))
}

fn sealing(_: &mut Ask<'_>) -> Told {
    Err(Refusal::invalid("namespace is not sealable"))
}

fn going(namespace: &Namespace) -> Refusal {
    Refusal::invalid(format!("namespace {:?} is being deleted", namespace.path))
}

/// The namespace that is to be locked or unlocked: one below the request's own, or that itself.
fn to_lock(ask: &mut Ask<'_>) -> Result<Namespace, Refusal> {
    let below = ask.text("path").trim_matches('/');
    let path = match below {
        "" => ask.namespace.path.clone(),
        below => format!("{}{below}/", ask.namespace.path),
    };
    if path.is_empty() {
        return Err(Refusal::invalid("root namespace cannot be locked/unlocked"));
    }
    let found = namespaces::find(ask.tx, &path)?.filter(|found| !found.is_going());
    found.ok_or_else(|| Refusal::invalid("requested namespace does not exist"))
}

fn lock(ask: &mut Ask<'_>) -> Told {
    let mut namespace = to_lock(ask)?;
    let stored = stored_namespaces(ask.tx)?;
    let mut locked = stored.iter().filter(|one| one.is_locked());
    if let Some(above) = locked.find(|one| namespace.is_within(one)) {
        let reason = match above.id == namespace.id {
            true => String::from("is already locked"),
            false => format!("ancestor namespace {:?} is already locked", above.path),
        };
        return Err(Refusal::invalid(format!(
            "cannot lock namespace {:?}: {reason}",
            namespace.path
        )));
    }
    let key = UnlockKey::make(ask.node.parts.entropy.as_ref());
    namespace.unlock_key_digest = Some(key.digest());
    namespaces::store(ask.tx, &namespace)?;
    Ok(Answer::data(&json!({ "unlock_key": key.expose() })))
}

/// Opens a namespace with its key, or, where none is sent, by sudo on the path.
fn unlock(ask: &mut Ask<'_>) -> Told {
    let mut namespace = to_lock(ask)?;
    let Some(kept) = namespace.unlock_key_digest.take() else {
        let text = format!("namespace {:?} is not locked", namespace.path);
        return Err(Refusal::invalid(text));
    };
    let sent = UnlockKey::sent(ask.text("unlock_key").to_owned());
    let by_sudo = sent.expose().is_empty();
    if by_sudo && !ask.has_sudo()? {
        return Err(Refusal::invalid(
            "1 error occurred:\n\t* provided empty key\n\n",
        ));
    }
    if !by_sudo && !sent.opens(&kept) {
        return Err(Refusal::invalid("incorrect unlock key"));
    }
    namespaces::store(ask.tx, &namespace)?;
    if !by_sudo {
        return Ok(Answer::Empty);
    }
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings: vec![String::from("Namespace unlocked using sudo capabilities")],
        ..Envelope::default()
    })))
}
