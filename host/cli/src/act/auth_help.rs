//! `auth help`.

use crate::error::{During, Stop};
use crate::request::{ApiRequest, mount_path};
use crate::session::Session;
use serde_json::Value;

/// Prints how to log in by a method, which may be named by its type or by its path.
pub(super) fn run(session: &mut Session<'_>, method: &str) -> Result<u8, Stop> {
    if let Some(text) = text(method) {
        return session.success(text);
    }
    let path = mount_path(method);
    let mounts = session
        .ask(&ApiRequest::get("sys/auth"))
        .during("Error listing auth methods")?
        .data();
    let Some(mount) = mounts.get(&path).filter(|mount| mount.is_object()) else {
        return Err(Stop::usage(format!(
            "No auth method available on the server at {path:?}"
        )));
    };
    let kind = mount
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match text(kind) {
        Some(text) => session.success(text),
        None => session.success(&format!(
            "Usage: casemate login -method={kind} -path={path} [K=V...]\n\n  \
             Sends the given values to auth/{path}login."
        )),
    }
}

fn text(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "token" => {
            "Usage: casemate login TOKEN\n\n  \
             Logs in with a token that you have. Without an argument it is asked for, and - reads it\n  \
             from standard input.\n\n      \
             $ casemate login"
        }
        "userpass" | "ldap" | "okta" | "radius" => {
            "Usage: casemate login -method=METHOD username=NAME [password=TEXT]\n\n  \
             Logs in with a name and a password, which is asked for when it is left out.\n\n      \
             $ casemate login -method=userpass username=sally\n      \
             Password (will be hidden):"
        }
        "approle" => {
            "Usage: casemate login -method=approle role_id=ID [secret_id=ID]\n\n  \
             Logs in as a role.\n\n      \
             $ casemate login -method=approle role_id=@role-id secret_id=@secret-id"
        }
        "jwt" | "kubernetes" => {
            "Usage: casemate login -method=METHOD role=NAME jwt=TOKEN\n\n  \
             Logs in with a signed token.\n\n      \
             $ casemate login -method=jwt role=ci jwt=@token"
        }
        "cert" => {
            "Usage: casemate login -method=cert -client-cert=FILE -client-key=FILE [name=ROLE]\n\n  \
             Logs in with the certificate of the TLS connection.\n\n      \
             $ casemate login -method=cert -client-cert=me.pem -client-key=me.key"
        }
        _ => return None,
    })
}
