//! `token …`.

use super::{duration, seconds, set};
use crate::data::pairs;
use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path};
use crate::session::Session;
use crate::show::json::Node;
use crate::show::value;
use crate::tree::token::{Create, Token};
use serde_json::{Map, Value, json};

pub(super) fn run(session: &mut Session<'_>, command: Token) -> Result<u8, Stop> {
    match command {
        Token::Create(args) => {
            let request = create_request(&args)?;
            let answer = session.ask(&request).during("Error creating token")?;
            session.show(&answer)
        }
        Token::Lookup { token, accessor } => {
            let request = lookup_request(token.as_deref(), accessor)?;
            let answer = session.ask(&request).during("Error looking up token")?;
            session.show(&answer)
        }
        Token::Renew {
            token,
            accessor,
            increment,
        } => {
            let increment = seconds("increment", increment.as_deref())?;
            let request = renew_request(token.as_deref(), accessor, increment)?;
            let answer = session.ask(&request).during("Error renewing token")?;
            session.show(&answer)
        }
        Token::Revoke {
            token,
            accessor,
            mode,
            own,
        } => {
            let request = revoke_request(token.as_deref(), accessor, &mode, own)?;
            session.ask(&request).during("Error revoking token")?;
            session.success("Success! Revoked token (if it existed)")
        }
        Token::Capabilities { words, accessor } => capabilities(session, &words, accessor),
    }
}

fn create_request(args: &Create) -> Result<ApiRequest, Stop> {
    let mut body = Map::new();
    set(&mut body, "id", args.id.clone());
    set(
        &mut body,
        "policies",
        (!args.policy.is_empty()).then(|| args.policy.clone()),
    );
    let metadata = pairs("metadata", &args.metadata)?;
    set(
        &mut body,
        "meta",
        (!metadata.is_empty()).then_some(metadata),
    );
    for (key, flag, text) in [
        ("ttl", "ttl", &args.ttl),
        (
            "explicit_max_ttl",
            "explicit-max-ttl",
            &args.explicit_max_ttl,
        ),
        ("period", "period", &args.period),
    ] {
        let text = text.as_deref().unwrap_or("0s");
        set(&mut body, key, Some(duration(flag, text)?));
    }
    set(&mut body, "no_parent", args.orphan.then_some(true));
    set(
        &mut body,
        "no_default_policy",
        args.no_default_policy.then_some(true),
    );
    set(
        &mut body,
        "display_name",
        Some(args.display_name.clone().unwrap_or_default()),
    );
    set(&mut body, "num_uses", Some(args.use_limit));
    set(&mut body, "renewable", Some(args.renewable.unwrap_or(true)));
    set(&mut body, "type", Some(args.kind.clone()));
    set(
        &mut body,
        "entity_alias",
        Some(args.entity_alias.clone().unwrap_or_default()),
    );
    let path = match &args.role {
        Some(role) => format!("auth/token/create/{role}"),
        None => "auth/token/create".to_owned(),
    };
    Ok(ApiRequest::post(path, Value::Object(body)))
}

fn lookup_request(token: Option<&str>, accessor: bool) -> Result<ApiRequest, Stop> {
    match (token, accessor) {
        (None, false) => Ok(ApiRequest::get("auth/token/lookup-self")),
        (None, true) => Err(Stop::usage(
            "Not enough arguments with -accessor (expected 1, got 0)",
        )),
        (Some(token), false) => Ok(ApiRequest::post(
            "auth/token/lookup",
            json!({ "token": token }),
        )),
        (Some(accessor), true) => Ok(ApiRequest::post(
            "auth/token/lookup-accessor",
            json!({ "accessor": accessor }),
        )),
    }
}

fn renew_request(token: Option<&str>, accessor: bool, increment: u64) -> Result<ApiRequest, Stop> {
    match (token, accessor) {
        (None, false) => Ok(ApiRequest::put(
            "auth/token/renew-self",
            json!({ "increment": increment }),
        )),
        (None, true) => Err(Stop::usage(
            "Not enough arguments with -accessor (expected 1, got 0)",
        )),
        (Some(token), false) => Ok(ApiRequest::put(
            "auth/token/renew",
            json!({ "token": token, "increment": increment }),
        )),
        (Some(accessor), true) => Ok(ApiRequest::post(
            "auth/token/renew-accessor",
            json!({ "accessor": accessor, "increment": increment }),
        )),
    }
}

fn revoke_request(
    token: Option<&str>,
    accessor: bool,
    mode: &str,
    own: bool,
) -> Result<ApiRequest, Stop> {
    let wrong = |text: &str| Err(Stop::usage(text));
    match (token, own, accessor, mode) {
        (Some(_), true, ..) => wrong("Too many arguments with -self (expected 0, got 1)"),
        (None, true, true, _) => wrong("Cannot use -self with -accessor!"),
        (None, true, false, "") => Ok(ApiRequest::put_empty("auth/token/revoke-self")),
        (None, true, false, _) => wrong("Cannot use -self with -mode!"),
        (None, false, ..) => wrong("Not enough arguments (expected 1 or -self, got 0)"),
        (Some(_), false, true, "orphan") => wrong("Cannot use -accessor with -mode=orphan!"),
        (Some(_), false, true, "path") => wrong("Cannot use -accessor with -mode=path!"),
        (Some(accessor), false, true, "") => Ok(ApiRequest::post(
            "auth/token/revoke-accessor",
            json!({ "accessor": accessor }),
        )),
        (Some(token), false, false, "") => Ok(ApiRequest::put(
            "auth/token/revoke",
            json!({ "token": token }),
        )),
        (Some(token), false, false, "orphan") => Ok(ApiRequest::put(
            "auth/token/revoke-orphan",
            json!({ "token": token }),
        )),
        (Some(path), false, false, "path") => Ok(ApiRequest::put_empty(format!(
            "sys/leases/revoke-prefix/{}",
            clean_path(path)
        ))),
        _ => Err(Stop::usage(format!("Invalid mode: {mode}"))),
    }
}

fn capabilities(session: &mut Session<'_>, words: &[String], accessor: bool) -> Result<u8, Stop> {
    let own = session
        .settings
        .token
        .as_ref()
        .map(|token| token.expose().clone());
    let (api, body) = match words {
        [path] if !accessor => (
            "sys/capabilities-self",
            json!({ "path": path, "token": own.unwrap_or_default() }),
        ),
        [token, path] if !accessor => ("sys/capabilities", json!({ "path": path, "token": token })),
        [accessor, path] => (
            "sys/capabilities-accessor",
            json!({ "path": path, "accessor": accessor }),
        ),
        _ => return Err(Stop::usage("Not enough arguments (expected 2, got 1)")),
    };
    let request = ApiRequest::post(api, body);
    let answer = session.ask(&request).during("Error listing capabilities")?;
    let found = answer
        .field("capabilities")
        .cloned()
        .unwrap_or_else(|| json!([]));
    let mut list: Vec<String> = found
        .as_array()
        .map(|list| list.iter().map(value::inline).collect())
        .unwrap_or_default();
    list.sort();
    session.show_or(&Node::Plain(Value::from(list.clone())), || list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revocations() {
        let check =
            |token: Option<&str>, accessor, mode: &str, own, expected: Result<&str, &str>| {
                let found = revoke_request(token, accessor, mode, own);
                let found = found
                    .map(|request| request.path)
                    .map_err(|stop| stop.to_string());
                match expected {
                    Ok(path) => assert_eq!(found.unwrap(), path),
                    Err(part) => assert!(found.unwrap_err().contains(part)),
                }
            };
        check(Some("t"), false, "", false, Ok("auth/token/revoke"));
        check(
            Some("t"),
            false,
            "orphan",
            false,
            Ok("auth/token/revoke-orphan"),
        );
        check(
            Some("auth/u/"),
            false,
            "path",
            false,
            Ok("sys/leases/revoke-prefix/auth/u"),
        );
        check(Some("a"), true, "", false, Ok("auth/token/revoke-accessor"));
        check(None, false, "", true, Ok("auth/token/revoke-self"));
        check(None, false, "", false, Err("expected 1 or -self"));
        check(None, true, "", true, Err("-self with -accessor"));
        check(Some("t"), false, "what", false, Err("Invalid mode: what"));
    }

    #[test]
    fn lookups_and_renewals() {
        let path = |request: Result<ApiRequest, Stop>| request.unwrap().path;
        assert_eq!(path(lookup_request(None, false)), "auth/token/lookup-self");
        assert_eq!(path(lookup_request(Some("t"), false)), "auth/token/lookup");
        assert_eq!(
            path(lookup_request(Some("a"), true)),
            "auth/token/lookup-accessor"
        );
        assert!(lookup_request(None, true).is_err());
        assert_eq!(path(renew_request(None, false, 0)), "auth/token/renew-self");
        assert_eq!(path(renew_request(Some("t"), false, 0)), "auth/token/renew");
        assert_eq!(
            path(renew_request(Some("a"), true, 0)),
            "auth/token/renew-accessor"
        );
    }
}
