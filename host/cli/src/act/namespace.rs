//! `namespace …`.

use super::generic::{detailed_keys, key_table, no_keys};
use crate::answer::{ApiAnswer, text};
use crate::data::pairs;
use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path};
use crate::session::{Session, code};
use crate::show::Format;
use crate::show::json::Node;
use crate::tree::namespace::Namespace;
use serde_json::{Map, Value, json};

const API: &str = "sys/namespaces";

pub(super) fn run(session: &mut Session<'_>, command: Namespace) -> Result<u8, Stop> {
    match command {
        Namespace::Create {
            path,
            custom_metadata,
        } => {
            let mut body = Map::new();
            let custom = pairs("custom-metadata", &custom_metadata)?;
            super::set(
                &mut body,
                "custom_metadata",
                (!custom.is_empty()).then_some(custom),
            );
            let request = ApiRequest::post(at(&path), Value::Object(body));
            let answer = session.ask(&request).during("Error creating namespace")?;
            show(session, &answer)
        }
        Namespace::Patch {
            path,
            custom_metadata,
            remove_custom_metadata,
        } => {
            let mut custom = pairs("custom-metadata", &custom_metadata)?;
            custom.extend(
                remove_custom_metadata
                    .into_iter()
                    .map(|key| (key, Value::Null)),
            );
            if custom.is_empty() {
                return Err(Stop::usage(
                    "Must supply at least one of -custom-metadata or -remove-custom-metadata",
                ));
            }
            let request = ApiRequest::patch(at(&path), json!({ "custom_metadata": custom }));
            let answer = session.ask(&request).during("Error patching namespace")?;
            show(session, &answer)
        }
        Namespace::Lookup { path } => {
            let request = ApiRequest::get(at(&path));
            match session
                .find(&request)
                .during("Error looking up namespace")?
            {
                Some(answer) => show(session, &answer),
                None => session.nothing("Namespace not found"),
            }
        }
        Namespace::Delete { path } => {
            let request = ApiRequest::delete(at(&path));
            let answer = session.ask(&request).during("Error deleting namespace")?;
            if answer.field("status").is_none() && answer.json.is_some() {
                session.warn("Requested namespace does not exist")?;
                return Ok(code::OK);
            }
            let path = clean_path(&path);
            session.success(&format!("Success! Namespace deletion scheduled: {path}/"))
        }
        Namespace::List { detailed } => list(session, "list", detailed),
        Namespace::Scan { detailed } => list(session, "scan", detailed),
        Namespace::Lock { path } => lock(session, path.as_deref()),
        Namespace::Unlock { path } => unlock(session, path.as_deref()),
    }
}

fn at(path: &str) -> String {
    format!("{API}/{}", clean_path(path))
}

/// What the server says of a namespace, without the envelope.
fn show(session: &mut Session<'_>, answer: &ApiAnswer) -> Result<u8, Stop> {
    match answer.envelope() {
        Some(found) if found.wrap_info.is_some() => session.show_envelope(&found),
        _ => session.show_map(&answer.data(), &[]),
    }
}

fn list(session: &mut Session<'_>, verb: &str, detailed: bool) -> Result<u8, Stop> {
    let request = ApiRequest::get(API).with_query(verb, "true");
    let found = session.find(&request).during("Error listing namespaces")?;
    let Some(answer) = found else {
        return no_keys(session, "No namespaces found");
    };
    let data = answer.data();
    let Some(Value::Array(keys)) = data.get("keys") else {
        return session.show(&answer);
    };
    match (detailed, data.get("key_info")) {
        (true, Some(Value::Object(info))) => {
            let node = Node::Plain(Value::Object(info.clone()));
            session.show_or(&node, || detailed_keys(keys, info))
        }
        _ => {
            let node = Node::Plain(Value::Array(keys.clone()));
            session.show_or(&node, || key_table(keys))
        }
    }
}

/// The call that locks or unlocks.
fn lock_path(call: &str, path: Option<&str>) -> String {
    clean_path(&format!(
        "{API}/api-lock/{call}/{}",
        path.unwrap_or_default()
    ))
}

fn lock(session: &mut Session<'_>, path: Option<&str>) -> Result<u8, Stop> {
    let request = ApiRequest::put_empty(lock_path("lock", path));
    let answer = session.ask(&request).during("Error locking namespace")?;
    if session.settings.format != Format::Table {
        return session.show_map(&answer.data(), &[]);
    }
    let key = text(answer.field("unlock_key"));
    session.success(&format!(
        "Unlock Key: {key}\n\n\
         Namespace is now locked. Please securely store the unlock key printed above.\n\
         You must supply the unlock key to re-enable access to the namespace.\n\
         If the unlock key is lost, sudo capability is required to unlock the namespace without it."
    ))
}

fn unlock(session: &mut Session<'_>, path: Option<&str>) -> Result<u8, Stop> {
    let (request, done) = match &session.settings.unlock_key {
        Some(key) => (
            ApiRequest::put(
                lock_path("unlock", path),
                json!({ "unlock_key": key.expose() }),
            ),
            "Namespace unlocked using unlock key",
        ),
        None => (
            ApiRequest::put_empty(lock_path("unlock", path)),
            "Namespace unlocked using sudo capabilities",
        ),
    };
    session.ask(&request).during("Error unlocking namespace")?;
    session.warn(done)?;
    Ok(code::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(at("/a/b/"), "sys/namespaces/a/b");
        assert_eq!(lock_path("lock", None), "sys/namespaces/api-lock/lock");
        assert_eq!(
            lock_path("unlock", Some("a/")),
            "sys/namespaces/api-lock/unlock/a"
        );
    }
}
