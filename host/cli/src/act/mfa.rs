//! The second step of a login that waits for a second factor.

use crate::answer::{Envelope, member, text};
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::Session;
use crate::terminal::{self, Question};
use serde_json::{Value, json};
use std::io::IsTerminal;

const ASK_PASSCODE: Question = Question {
    text: "Passcode (will be hidden): ",
    refused: "a passcode must be sent to sys/mfa/validate and refusing to pull from stdin",
    unasked: "",
};

/// Said of a login that waits.
pub(super) const WAITS: &str = "\
A login request was issued that is subject to MFA validation. Please make sure
to validate the login by sending another request to sys/mfa/validate endpoint.
";

/// What a login waits for; None where it waits for nothing.
pub(super) fn requirement(found: &Envelope) -> Option<&Value> {
    let requirement = member(found.auth.as_deref()?, "mfa_requirement")?;
    requirement.is_object().then_some(requirement)
}

/// Does a login wait?
pub(super) fn waits(found: &Envelope) -> bool {
    requirement(found).is_some()
}

/// The answer to a login that waits, where the person at the terminal has what it waits for; else None, and
/// they are told.
pub(super) fn ask(
    session: &mut Session<'_>,
    requirement: &Value,
) -> Result<Option<Envelope>, Stop> {
    let can_ask = session.settings.interactive && std::io::stdin().is_terminal();
    let Some((id, kind)) = only_method(requirement).filter(|_| can_ask) else {
        session.warn(WAITS)?;
        return Ok(None);
    };
    session.warn(&format!(
        "The login needs a passcode of the method {id:?}, of type {kind:?}."
    ))?;
    let passcode = terminal::ask_hidden(session, &ASK_PASSCODE)?;
    let body = json!({
        "mfa_request_id": text(requirement.get("mfa_request_id")),
        "mfa_payload": { id: [passcode] },
    });
    let request = ApiRequest::put("sys/mfa/validate".to_owned(), body);
    let answer = session.ask(&request).during("Error validating the login")?;
    let envelope = answer.envelope();
    envelope
        .map(Some)
        .ok_or_else(|| Stop::local("Error validating the login: the answer is empty"))
}

/// The id and the type of the one method that there is to choose, if it takes a passcode.
fn only_method(requirement: &Value) -> Option<(String, String)> {
    let constraints = requirement.get("mfa_constraints")?.as_object()?;
    let mut constraints = constraints.values();
    let (only, None) = (constraints.next()?, constraints.next()) else {
        return None;
    };
    let methods = only.get("any")?.as_array()?.as_slice();
    let [method] = methods else {
        return None;
    };
    let takes_passcode = method.get("uses_passcode").and_then(Value::as_bool)?;
    takes_passcode.then(|| (text(method.get("id")), text(method.get("type"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_asked_where_there_is_nothing_to_choose() {
        let method = json!({"type": "totp", "id": "i", "uses_passcode": true, "name": "n"});
        let check = |constraints: Value, expected: Option<(&str, &str)>| {
            let requirement = json!({"mfa_request_id": "r", "mfa_constraints": constraints});
            let found = only_method(&requirement);
            let found = found
                .as_ref()
                .map(|(id, kind)| (id.as_str(), kind.as_str()));
            assert_eq!(found, expected, "{requirement}");
        };
        check(json!({"e": {"any": [method]}}), Some(("i", "totp")));
        check(json!({"e": {"any": [method, method]}}), None);
        check(
            json!({"e": {"any": [method]}, "f": {"any": [method]}}),
            None,
        );
        check(json!({"e": {"any": []}}), None);
        check(json!({}), None);
        let push = json!({"type": "duo", "id": "i", "uses_passcode": false});
        check(json!({"e": {"any": [push]}}), None);
    }
}
