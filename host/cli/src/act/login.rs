//! `login`.

use super::Surroundings;
use crate::answer::{ApiAnswer, Envelope};
use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path};
use crate::session::{Session, code};
use crate::show::Format;
use crate::terminal;
use crate::tree::token::Login;
use base::Secret;
use serde_json::{Map, Value, json};

pub(super) fn login(
    session: &mut Session<'_>,
    around: &Surroundings<'_>,
    args: Login,
) -> Result<u8, Stop> {
    if args.no_store && args.no_print {
        return Err(Stop::usage(
            "-no-store and -no-print cannot be used together",
        ));
    }
    let mut found = match args.method.as_str() {
        "token" => by_token(session, &args.words)?,
        _ => by_method(session, &args)?,
    };
    if found.wrap_info.is_some() {
        return session.show_envelope(&found);
    }
    let token = found
        .auth
        .as_ref()
        .and_then(|auth| auth.get("client_token"));
    let Some(token) = token.and_then(Value::as_str).map(str::to_owned) else {
        return Err(Stop::local("the answer has no token"));
    };
    let store = !args.no_store && !args.token_only;
    if store {
        around.token_file.store(&Secret::new(token.clone()))?;
    }
    if args.token_only {
        session.settings.field = Some("token".to_owned());
        session.settings.format = Format::Table;
        return session.show_envelope(&found);
    }
    if let (true, Some(variable)) = (store, around.token_variable) {
        session.warn(&format!(
            "WARNING! The {variable} environment variable is set! The value of this variable\n\
             will take precedence; if this is unwanted please unset {variable} or update its\n\
             value accordingly.\n"
        ))?;
    }
    if args.no_print {
        return Ok(code::OK);
    }
    let settings = &session.settings;
    if settings.format == Format::Table && settings.field.is_none() {
        session.say(if store { STORED } else { NOT_STORED })?;
    }
    found.warnings.clear();
    session.show_envelope(&found)
}

const STORED: &str = "\
Success! You are now authenticated. The token information displayed below is
already stored in the token helper. You do NOT need to run \"casemate login\" again.
Future requests will automatically use this token.
";

const NOT_STORED: &str = "\
Success! You are now authenticated. The token information displayed below is
not stored in the token helper. Set the CASEMATE_TOKEN environment variable or
store it with \"casemate login\" to use it in future requests.
";

fn by_token(session: &mut Session<'_>, words: &[String]) -> Result<Envelope, Stop> {
    let token = match words {
        [] => terminal::ask_hidden(session, "Token (will be hidden): ")?,
        [word] if word == "-" => read_line(session)?,
        [word] => word.strip_prefix("token=").unwrap_or(word).to_owned(),
        _ => {
            return Err(Stop::usage(format!(
                "Too many arguments (expected 0-1, got {})",
                words.len()
            )));
        }
    };
    session.settings.token = Some(Secret::new(token.trim().to_owned()));
    let request = ApiRequest::get("auth/token/lookup-self");
    let answer = session
        .ask(&request)
        .during("Error authenticating: error looking up token")?;
    let wrapped = answer
        .envelope()
        .filter(|envelope| envelope.wrap_info.is_some());
    Ok(wrapped.unwrap_or_else(|| as_login(&answer, token.trim())))
}

fn read_line(session: &mut Session<'_>) -> Result<String, Stop> {
    let mut text = String::new();
    std::io::Read::read_to_string(session.input, &mut text)?;
    Ok(text)
}

/// What a lookup says of a token, in the shape of a login's answer.
fn as_login(answer: &ApiAnswer, token: &str) -> Envelope {
    let data = answer.data();
    let taken = |key: &str| data.get(key).cloned().unwrap_or(Value::Null);
    let mut auth = Map::new();
    for (key, value) in [
        ("client_token", Value::from(token)),
        ("accessor", taken("accessor")),
        ("policies", taken("policies")),
        ("token_policies", taken("policies")),
        ("identity_policies", taken("identity_policies")),
        ("metadata", taken("meta")),
        ("orphan", json!(false)),
        ("entity_id", taken("entity_id")),
        (
            "lease_duration",
            data.get("ttl").cloned().unwrap_or_else(|| json!(0)),
        ),
        (
            "renewable",
            data.get("renewable").cloned().unwrap_or(Value::Bool(false)),
        ),
        ("mfa_requirement", Value::Null),
    ] {
        auth.insert(key.to_owned(), value);
    }
    Envelope {
        lease_duration: json!(0),
        auth: Some(auth),
        ..Envelope::default()
    }
}

fn by_method(session: &mut Session<'_>, args: &Login) -> Result<Envelope, Stop> {
    let mut data = session.data(&args.words)?;
    if args.method == "userpass"
        || args.method == "ldap"
        || args.method == "okta"
        || args.method == "radius"
    {
        for (key, question) in [
            ("username", "Username: "),
            ("password", "Password (will be hidden): "),
        ] {
            if !data.contains_key(key) {
                let answer = terminal::ask_hidden(session, question)?;
                data.insert(key.to_owned(), Value::from(answer));
            }
        }
    }
    // A login needs no token, and an old one may be dead.
    session.settings.token = None;
    let request = method_request(args, data);
    let answer = session.ask(&request).during("Error authenticating")?;
    answer
        .envelope()
        .ok_or_else(|| Stop::local("Error authenticating: the answer is empty"))
}

/// The login call of a method. A user name, where the method has one, stands in the path.
fn method_request(args: &Login, mut data: Map<String, Value>) -> ApiRequest {
    let mount = data.remove("mount");
    let mount = match (&args.path, mount.as_ref().and_then(Value::as_str)) {
        (Some(path), _) => clean_path(path),
        (None, Some(mount)) => clean_path(mount),
        (None, None) => clean_path(&args.method),
    };
    let user = match data.remove("username") {
        Some(Value::String(user)) => format!("/{user}"),
        _ => String::new(),
    };
    let role_in_body = Value::Object(data);
    ApiRequest::put(format!("auth/{mount}/login{user}"), role_in_body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_requests() {
        let check = |method: &str, path: Option<&str>, data: Value, expected: (&str, Value)| {
            let args = Login {
                words: Vec::new(),
                method: method.to_owned(),
                path: path.map(str::to_owned),
                no_print: false,
                no_store: false,
                token_only: false,
            };
            let Value::Object(data) = data else {
                panic!("an object")
            };
            let request = method_request(&args, data);
            assert_eq!(
                (request.path.as_str(), request.body),
                (expected.0, Some(expected.1))
            );
        };
        check(
            "userpass",
            None,
            json!({"username": "u", "password": "p"}),
            ("auth/userpass/login/u", json!({"password": "p"})),
        );
        check(
            "approle",
            Some("my/role/"),
            json!({"role_id": "r"}),
            ("auth/my/role/login", json!({"role_id": "r"})),
        );
        check(
            "cert",
            None,
            json!({"mount": "c"}),
            ("auth/c/login", json!({})),
        );
    }
}
