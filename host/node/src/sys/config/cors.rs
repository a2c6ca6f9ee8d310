//! `sys/config/cors`: which web pages may ask from a browser.

use super::{NAME_BYTES_MAX, NAMES_COUNT_MAX};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::{Answer, CrossOrigin, Refusal};
use locality::SystemKey;
use manifest::Access::Sudo;
use manifest::FieldKind::{Boolean, TextList};
use manifest::Operation::{Delete, Read, Update};
use serde::{Deserialize, Serialize};
use serde_json::json;

const RULES: &[NativeField] = &[
    body(
        "enable",
        Boolean,
        "Taken and not heeded: to write the rules is to enable them.",
    ),
    body(
        "allowed_origins",
        TextList,
        "Origins that may ask, or `*` alone.",
    ),
    body(
        "allowed_headers",
        TextList,
        "Headers that they may send, beside those that clients need.",
    ),
    body(
        "allow_credentials",
        Boolean,
        "May they send what the browser keeps for this server?",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "config/cors", Sudo, Now(read), &[], "Which web pages may ask."),
    on(Update, "config/cors", Sudo, Now(write), RULES, "Lets web pages of other origins ask."),
    on(Delete, "config/cors", Sudo, Now(delete), &[], "Lets no web pages of other origins ask."),
];

/// What clients in browsers need.
const HEADERS: [&str; 10] = [
    "Content-Type",
    "Authorization",
    "X-Vault-Token",
    "X-Vault-MFA",
    "X-Vault-No-Request-Forwarding",
    "X-Vault-Wrap-Format",
    "X-Vault-Wrap-TTL",
    "X-Requested-With",
    "X-Vault-AWS-IAM-Server-ID",
    "X-Vault-Policy-Override",
];

#[derive(Serialize, Deserialize)]
struct Stored {
    origins: Vec<String>,
    /// Beside those that clients need.
    headers: Vec<String>,
    credentials: bool,
}

/// The rules that are in force; None where web pages may not ask.
pub(crate) fn stored(tx: &mut Transaction) -> Result<Option<CrossOrigin>, Refusal> {
    let stored: Option<Stored> = tx
        .read_json(&SystemKey::cross_origin())
        .map_err(from_barrier)?;
    Ok(stored.map(|stored| CrossOrigin {
        origins: stored.origins,
        headers: HEADERS
            .iter()
            .map(|name| (*name).to_owned())
            .chain(stored.headers)
            .collect(),
        credentials: stored.credentials,
    }))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let shown = match stored(ask.tx)? {
        None => json!({ "enabled": false }),
        Some(rules) => json!({
            "enabled": true,
            "allowed_origins": rules.origins,
            "allowed_headers": rules.headers,
            "allow_credentials": rules.credentials,
        }),
    };
    Ok(Answer::repeated(&shown))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let origins = ask.texts("allowed_origins").unwrap_or_default();
    let wrong = |text: &str| Refusal::invalid(format!("1 error occurred:\n\t* {text}\n\n"));
    if origins.is_empty() {
        return Err(wrong(
            "at least one origin or the wildcard must be provided",
        ));
    }
    if origins.len() > 1 && origins.iter().any(|origin| origin == "*") {
        let text = "to allow all origins the '*' must be the only value for allowed_origins";
        return Err(wrong(text));
    }
    let headers = ask.texts("allowed_headers").unwrap_or_default();
    let is_header = |name: &String| {
        let is_letter =
            |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&letter);
        !name.is_empty() && name.bytes().all(is_letter)
    };
    if !headers.iter().all(is_header) {
        return Err(wrong("allowed_headers holds what is no name of a header"));
    }
    let mut all = origins.iter().chain(&headers);
    if origins.len() + headers.len() > NAMES_COUNT_MAX || all.any(|one| one.len() > NAME_BYTES_MAX)
    {
        return Err(wrong("too many origins and headers, or too long ones"));
    }
    let stored = Stored {
        origins,
        headers,
        credentials: ask.flag("allow_credentials"),
    };
    let written = ask.tx.write_json(&SystemKey::cross_origin(), &stored);
    written.map_err(from_barrier)?;
    Ok(Answer::Empty)
}

fn delete(ask: &mut Ask<'_>) -> Told {
    ask.tx.delete(&SystemKey::cross_origin());
    Ok(Answer::Empty)
}
