//! `login`.

use super::{Surroundings, mfa};
use crate::answer::{ApiAnswer, Envelope, member, text};
use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path};
use crate::session::{Session, code};
use crate::show::Format;
use crate::terminal::{self, Question};
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
        "token" | "" => by_token(session, &args.words)?,
        _ => by_method(session, &args)?,
    };
    if let Some(requirement) = mfa::requirement(&found) {
        match mfa::ask(session, requirement)? {
            Some(done) => found = done,
            None => return session.show_envelope(&found),
        }
    }
    if found.wrap_info.is_some() {
        return session.show_envelope(&found);
    }
    let auth = found.auth.as_deref().unwrap_or_default();
    let token = text(member(auth, "client_token"));
    if token.is_empty() {
        return Err(Stop::local("the answer has no token"));
    }
    if args.token_only {
        session.settings.field = Some("token".to_owned());
        return session.show_envelope(&found);
    }
    keep(session, around, &args, token)?;
    if args.no_print {
        return Ok(code::OK);
    }
    let settings = &session.settings;
    if settings.format == Format::Table && settings.field.is_none() {
        session.say(if args.no_store { NOT_STORED } else { STORED })?;
    }
    found.warnings.clear();
    session.show_envelope(&found)
}

/// Keeps the token for the commands to come, and says where it will not serve.
fn keep(
    session: &mut Session<'_>,
    around: &Surroundings<'_>,
    args: &Login,
    token: String,
) -> Result<(), Stop> {
    if args.no_store {
        return session.warn(
            "The token was not stored in token helper. Set the CASEMATE_TOKEN environment\n\
             variable or pass the token below with each request.\n",
        );
    }
    around.token_file.store(&Secret::new(token))?;
    let Some(variable) = around.token_variable else {
        return Ok(());
    };
    session.warn(&format!(
        "WARNING! The {variable} environment variable is set! The value of this variable\n\
         will take precedence; if this is unwanted please unset {variable} or update its\n\
         value accordingly.\n"
    ))
}

const STORED: &str = "\
Success! You are now authenticated. The token information displayed below is
already stored in the token helper. You do NOT need to run \"casemate login\" again.
Future Casemate requests will automatically use this token.
";

const NOT_STORED: &str = "\
Success! You are now authenticated. The token information displayed below is
not stored: it is yours to keep.
";

const ASK_TOKEN: Question = Question {
    text: "Token (will be hidden): ",
    refused: "'token' not supplied and refusing to pull from stdin",
    unasked: "An error occurred attempting to ask for a token. The raw error message is shown \
              below, but usually this is because you attempted to pipe a value into the command \
              or you are executing outside of a terminal (tty). If you want to pipe the value, \
              pass \"-\" as the argument to read from stdin. The raw error was: ",
};

const ASK_PASSWORD: Question = Question {
    text: "Password (will be hidden): ",
    refused: "'password' must be specified and refusing to pull from stdin",
    unasked: "",
};

/// What failed before the server was asked.
fn unready(why: impl std::fmt::Display) -> Stop {
    Stop::local(format!("Error authenticating: {why}"))
}

fn by_token(session: &mut Session<'_>, words: &[String]) -> Result<Envelope, Stop> {
    let token = match words {
        [] => terminal::ask_hidden(session, &ASK_TOKEN).map_err(unready)?,
        [word] if word == "-" => read_line(session)?,
        [word] if !word.contains('=') => word.clone(),
        [token, more @ ..] if !token.contains('=') => {
            named_token(session, more)?;
            token.clone()
        }
        words => named_token(session, words)?,
    };
    let token = token.trim();
    if token.is_empty() {
        return Err(unready(
            "a token must be passed to auth, please view the help for more information",
        ));
    }
    session.settings.token = Some(Secret::new(token.to_owned()));
    let request = ApiRequest::get("auth/token/lookup-self");
    let answer = session
        .ask_unwrapped(&request)
        .during("Error authenticating: error looking up token")?;
    Ok(as_login(&answer, token))
}

/// The token of `token=…`.
fn named_token(session: &mut Session<'_>, words: &[String]) -> Result<String, Stop> {
    let data = session.data(words).map_err(|stop| {
        let text = stop.to_string();
        let why = text.trim_start_matches("Failed to parse K=V data: ");
        Stop::usage(format!("Error parsing configuration: {why}"))
    })?;
    Ok(text(data.get("token")))
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
    let auth = [
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
    ];
    let auth = auth.into_iter().map(|(key, value)| (key.to_owned(), value));
    Envelope {
        lease_duration: json!(0),
        auth: Some(auth.collect()),
        ..Envelope::default()
    }
}

fn by_method(session: &mut Session<'_>, args: &Login) -> Result<Envelope, Stop> {
    let mut data = session.data(&args.words)?;
    if matches!(
        args.method.as_str(),
        "userpass" | "ldap" | "okta" | "radius"
    ) {
        if !data.contains_key("username") {
            return Err(unready("'username' must be specified"));
        }
        if !data.contains_key("password") {
            let answer = terminal::ask_hidden(session, &ASK_PASSWORD).map_err(unready)?;
            data.insert("password".to_owned(), Value::from(answer));
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
