//! `sys/wrapping`. Which token is meant was checked before the caller was asked for rights.

use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, query, rest};
use crate::wrapping::{self, Found};
use base::{Answer, Refusal};
use manifest::Access::{Public, Token};
use manifest::FieldKind::Text;
use manifest::Operation::{Read, Update};
use serde_json::{Value, json};

const DATA: &[NativeField] = &[rest("data", "What is to be wrapped.")];
const TOKEN: &[NativeField] = &[body(
    "token",
    Text,
    "The wrapping token; the caller's when not given.",
)];
const ASKED: &[NativeField] = &[query(
    "token",
    Text,
    "The wrapping token; the caller's when not given.",
)];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "wrapping/wrap", Token, Now(wrap), DATA, "Wraps the data it is given."),
    on(Read, "wrapping/lookup", Public, Now(lookup), ASKED, "Tells what a wrapping token stands for."),
    on(Update, "wrapping/lookup", Public, Now(lookup), TOKEN, "Tells what a wrapping token stands for."),
    on(Update, "wrapping/unwrap", Token, Now(unwrap), TOKEN, "Gives the answer that a wrapping token stands for, once."),
    on(Update, "wrapping/rewrap", Token, Now(rewrap), TOKEN, "Wraps a wrapped answer anew."),
    on(Read, "wrapping/pubkey", Public, Now(public_key), &[], "The key that verifies wrapping tokens which are JWTs."),
];

fn wrap(ask: &mut Ask<'_>) -> Told {
    if ask.request.wrap_ttl.is_none() {
        return Err(Refusal::invalid(
            "endpoint requires response wrapping to be used",
        ));
    }
    Ok(Answer::data(ask.input.get("data").unwrap_or(&Value::Null)))
}

fn lookup(ask: &mut Ask<'_>) -> Told {
    let found = wrapping::named(ask.node, ask.tx, ask.request)?;
    Ok(Answer::data(&json!({
        "creation_path": wrapping::creation_path(ask.tx, &found)?,
        "creation_time": found.token.created.to_rfc3339(),
        "creation_ttl": found.token.lifetime.ttl,
    })))
}

fn unwrap(ask: &mut Ask<'_>) -> Told {
    let found = named(ask)?;
    Ok(wrapping::take(ask.node, ask.tx, &found)?.into_answer())
}

fn rewrap(ask: &mut Ask<'_>) -> Told {
    let found = named(ask)?;
    wrapping::rewrap(ask.node, ask.tx, &found, ask.request)
}

fn public_key(ask: &mut Ask<'_>) -> Told {
    Ok(Answer::data(&wrapping::public_key(ask.node, ask.tx)?))
}

/// The token that is to be opened. The caller's own has had its one use: this one.
fn named(ask: &mut Ask<'_>) -> Result<Found, Refusal> {
    if ask.request.data.contains_key("token") {
        return wrapping::named(ask.node, ask.tx, ask.request);
    }
    let caller = ask.caller()?;
    match caller.token.is_wrapping() {
        true => Ok(Found {
            hash: caller.hash.clone(),
            token: caller.token.clone(),
        }),
        false => Err(wrapping::invalid()),
    }
}
