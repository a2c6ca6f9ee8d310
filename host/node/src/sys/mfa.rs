//! `sys/mfa/validate`: the second step of a login.

use crate::mfa::{self, Credentials};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Map, Refusal};
use manifest::Access::Public;
use manifest::FieldKind::{Object, Text};
use manifest::Operation::Update;
use serde_json::Value;

const VALIDATE: &[NativeField] = &[
    body("mfa_request_id", Text, "The login that waits."),
    body(
        "mfa_payload",
        Object,
        "Passcodes, in a list, by name or id of their method.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "mfa/validate", Public, Now(validate), VALIDATE, "Goes on with a login that waits for a second factor."),
];

fn validate(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("mfa_request_id").to_owned();
    if id.is_empty() {
        return Err(Refusal::invalid("missing request ID"));
    }
    let none = Map::new();
    let payload = ask.input.get("mfa_payload").and_then(Value::as_object);
    let credentials = Credentials::of_payload(payload.unwrap_or(&none));
    let credentials = credentials.ok_or_else(|| Refusal::invalid("invalid mfa payload"))?;
    let envelope = mfa::resume(ask, &id, &credentials)?;
    Ok(Answer::Envelope(Box::new(envelope)))
}
