//! `secrets …` and `auth …`: the same calls at two places.

use super::mount_list;
use super::{duration, set, some_list};
use crate::data::pairs;
use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path, mount_path};
use crate::session::{Session, code};
use crate::tree::mounts::{Auth, Enabling, Lockout, Secrets, Tuning};
use serde_json::{Map, Value, json};

/// Secrets engines or auth methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Secrets,
    Auth,
}

impl Table {
    pub(super) const fn api(self) -> &'static str {
        match self {
            Self::Secrets => "sys/mounts",
            Self::Auth => "sys/auth",
        }
    }

    const fn tune_api(self) -> &'static str {
        match self {
            Self::Secrets => "sys/mounts",
            Self::Auth => "sys/mounts/auth",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Secrets => "secrets engine",
            Self::Auth => "auth method",
        }
    }
}

pub(super) fn secrets(session: &mut Session<'_>, command: Secrets) -> Result<u8, Stop> {
    let table = Table::Secrets;
    match command {
        Secrets::Enable { enabling, tuning } => enable(session, table, &enabling, &tuning, None),
        Secrets::Disable { path } => disable(session, table, &path),
        Secrets::List { detailed } => mount_list::list(session, table, detailed),
        Secrets::Move {
            source,
            destination,
        } => relocate(session, table, &source, &destination),
        Secrets::Tune {
            path,
            consent,
            tuning,
        } => tune(session, table, &path, tune_body(&tuning, consent)?),
    }
}

pub(super) fn auth(session: &mut Session<'_>, command: Auth) -> Result<u8, Stop> {
    let table = Table::Auth;
    match command {
        Auth::Enable {
            enabling,
            tuning,
            token_type,
        } => enable(session, table, &enabling, &tuning, token_type),
        Auth::Help { method } => super::auth_help::run(session, &method),
        Auth::Disable { path } => disable(session, table, &path),
        Auth::List { detailed } => mount_list::list(session, table, detailed),
        Auth::Move {
            source,
            destination,
        } => relocate(session, table, &source, &destination),
        Auth::Tune {
            path,
            consent,
            tuning,
            lockout,
            token_type,
        } => {
            let mut body = tune_body(&tuning, consent)?;
            set(&mut body, "token_type", token_type);
            let lockout = lockout_body(&lockout)?;
            set(
                &mut body,
                "user_lockout_config",
                (!lockout.is_empty()).then_some(lockout),
            );
            tune(session, table, &path, body)
        }
    }
}

fn options(tuning: &Tuning) -> Result<Map<String, Value>, Stop> {
    let mut options = pairs("options", &tuning.options)?;
    set(
        &mut options,
        "version",
        tuning.version.map(|version| version.to_string()),
    );
    Ok(options)
}

/// The fields of a mount's configuration that are set.
fn config(tuning: &Tuning) -> Result<Map<String, Value>, Stop> {
    let mut body = Map::new();
    for (key, flag, text) in [
        (
            "default_lease_ttl",
            "default-lease-ttl",
            &tuning.default_lease_ttl,
        ),
        ("max_lease_ttl", "max-lease-ttl", &tuning.max_lease_ttl),
    ] {
        let value = text
            .as_deref()
            .map(|text| duration(flag, text))
            .transpose()?;
        set(&mut body, key, value);
    }
    set(
        &mut body,
        "listing_visibility",
        tuning.listing_visibility.clone(),
    );
    set(&mut body, "plugin_version", tuning.plugin_version.clone());
    for (key, list) in [
        ("allowed_response_headers", &tuning.allowed_response_headers),
        (
            "audit_non_hmac_request_keys",
            &tuning.audit_non_hmac_request_keys,
        ),
        (
            "audit_non_hmac_response_keys",
            &tuning.audit_non_hmac_response_keys,
        ),
        (
            "passthrough_request_headers",
            &tuning.passthrough_request_headers,
        ),
    ] {
        set(&mut body, key, some_list(list));
    }
    Ok(body)
}

fn enable_body(
    kind: &str,
    enabling: &Enabling,
    tuning: &Tuning,
    token_type: Option<String>,
) -> Result<Value, Stop> {
    let mut config = config(tuning)?;
    config.insert("force_no_cache".to_owned(), enabling.force_no_cache.into());
    set(&mut config, "token_type", token_type);
    let options = options(tuning)?;
    Ok(json!({
        "type": kind,
        "description": tuning.description.clone().unwrap_or_default(),
        "config": config,
        "local": enabling.local,
        "seal_wrap": enabling.seal_wrap,
        "external_entropy_access": enabling.external_entropy_access,
        "options": if options.is_empty() { Value::Null } else { Value::Object(options) },
    }))
}

fn enable(
    session: &mut Session<'_>,
    table: Table,
    enabling: &Enabling,
    tuning: &Tuning,
    token_type: Option<String>,
) -> Result<u8, Stop> {
    let named = enabling
        .plugin_name
        .as_deref()
        .filter(|_| enabling.kind == "plugin");
    let kind = named.unwrap_or(&enabling.kind).trim();
    let path = clean_path(enabling.path.as_deref().unwrap_or(kind));
    let body = enable_body(kind, enabling, tuning, token_type)?;
    let request = ApiRequest::post(format!("{}/{path}", table.api()), body);
    let during = match table {
        Table::Secrets => "Error enabling".to_owned(),
        Table::Auth => format!("Error enabling {kind} auth"),
    };
    session.ask(&request).during(&during)?;
    let what = match (table, enabling.kind.as_str()) {
        (Table::Secrets, "plugin") => format!("the {kind} plugin secrets engine"),
        (Table::Secrets, _) => format!("the {kind} secrets engine"),
        (Table::Auth, _) => format!("{kind} auth method"),
    };
    session.success(&format!("Success! Enabled {what} at: {path}/"))
}

fn disable(session: &mut Session<'_>, table: Table, path: &str) -> Result<u8, Stop> {
    let path = mount_path(path);
    let noun = table.noun();
    let request = ApiRequest::delete(format!("{}/{}", table.api(), clean_path(&path)));
    session
        .ask(&request)
        .during(&format!("Error disabling {noun} at {path}"))?;
    session.success(&format!(
        "Success! Disabled the {noun} (if it existed) at: {path}"
    ))
}

fn tune_body(tuning: &Tuning, consent: Option<String>) -> Result<Map<String, Value>, Stop> {
    let mut body = config(tuning)?;
    set(&mut body, "consent", consent);
    set(&mut body, "description", tuning.description.clone());
    let options = options(tuning)?;
    set(
        &mut body,
        "options",
        (!options.is_empty()).then_some(options),
    );
    Ok(body)
}

fn lockout_body(lockout: &Lockout) -> Result<Map<String, Value>, Stop> {
    let mut body = Map::new();
    let threshold = lockout
        .user_lockout_threshold
        .map(|count| count.to_string());
    set(&mut body, "lockout_threshold", threshold);
    for (key, flag, text) in [
        (
            "lockout_duration",
            "user-lockout-duration",
            &lockout.user_lockout_duration,
        ),
        (
            "lockout_counter_reset_duration",
            "user-lockout-counter-reset-duration",
            &lockout.user_lockout_counter_reset_duration,
        ),
    ] {
        let value = text
            .as_deref()
            .map(|text| duration(flag, text))
            .transpose()?;
        set(&mut body, key, value);
    }
    set(&mut body, "lockout_disable", lockout.user_lockout_disable);
    Ok(body)
}

fn tune(
    session: &mut Session<'_>,
    table: Table,
    path: &str,
    body: Map<String, Value>,
) -> Result<u8, Stop> {
    let path = mount_path(path);
    let noun = table.noun();
    let request = ApiRequest::post(
        format!("{}/{path}tune", table.tune_api()),
        Value::Object(body),
    );
    session
        .ask(&request)
        .during(&format!("Error tuning {noun} {path}"))?;
    session.success(&format!("Success! Tuned the {noun} at: {path}"))
}

/// Moves a mount and waits until the server says that it is done.
fn relocate(
    session: &mut Session<'_>,
    table: Table,
    source: &str,
    destination: &str,
) -> Result<u8, Stop> {
    let (source, destination) = (mount_path(source), mount_path(destination));
    let noun = table.noun();
    let (from, to) = match table {
        Table::Secrets => (source.clone(), destination.clone()),
        Table::Auth => (below_auth(&source), below_auth(&destination)),
    };
    let request = ApiRequest::post("sys/remount", json!({ "from": from, "to": to }));
    let during = format!("Error moving {noun} {source} to {destination}");
    let answer = session.ask(&request).during(&during)?;
    let id = crate::answer::text(answer.field("migration_id"));
    let what = format!("{noun} {source} to {destination}, with migration ID {id}");
    session.success(&format!("Started moving {what}"))?;
    // The server moves mounts within a moment; the call below is repeated until it is done.
    for attempt in 0..MOVE_ATTEMPTS_MAX {
        let status = ApiRequest::get(format!("sys/remount/status/{id}"));
        let answer = session.prepare(&status).during(&during)?;
        let info = answer
            .field("migration_info")
            .and_then(|info| info.get("status"));
        match info.and_then(Value::as_str).unwrap_or_default() {
            "success" => return session.success(&format!("Success! Finished moving {what}")),
            "failure" => {
                session.warn(&format!("Failure! Error encountered moving {what}"))?;
                return Ok(code::OK);
            }
            _ if attempt == 0 => {
                session.success(&format!(
                    "Waiting for terminal status in migration of {what}"
                ))?;
            }
            _ => {}
        }
        std::thread::sleep(MOVE_PAUSE);
    }
    Err(Stop::local(format!("the server is still moving {what}")))
}

const MOVE_ATTEMPTS_MAX: u32 = 600;
const MOVE_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

/// A path of an auth method among all mounts.
fn below_auth(path: &str) -> String {
    match path.starts_with("auth/") {
        true => path.to_owned(),
        false => format!("auth/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let tuning = Tuning {
            default_lease_ttl: Some("90".to_owned()),
            options: vec!["a=b".to_owned()],
            version: Some(2),
            allowed_response_headers: vec!["X,Y".to_owned(), "Z".to_owned()],
            ..Tuning::default()
        };
        assert_eq!(
            enable_body("kv", &Enabling::default(), &tuning, None).unwrap(),
            json!({
                "type": "kv",
                "description": "",
                "config": {
                    "default_lease_ttl": "1m30s",
                    "force_no_cache": false,
                    "allowed_response_headers": ["X", "Y", "Z"],
                },
                "local": false,
                "seal_wrap": false,
                "external_entropy_access": false,
                "options": {"a": "b", "version": "2"},
            })
        );
        assert_eq!(
            Value::Object(tune_body(&Tuning::default(), None).unwrap()),
            json!({})
        );
        let lockout = Lockout {
            user_lockout_threshold: Some(3),
            user_lockout_duration: Some("5m".to_owned()),
            ..Lockout::default()
        };
        assert_eq!(
            Value::Object(lockout_body(&lockout).unwrap()),
            json!({"lockout_threshold": "3", "lockout_duration": "5m0s"})
        );
    }

    #[test]
    fn auth_methods_move_below_auth() {
        assert_eq!(below_auth("userpass/"), "auth/userpass/");
        assert_eq!(below_auth("auth/userpass/"), "auth/userpass/");
    }
}
