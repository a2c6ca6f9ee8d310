//! `cubbyhole/`: what a token keeps for itself. No other token can reach it, not even root, and it
//! ends with the token.

use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, on, path, rest};
use crate::refusal::from_barrier;
use base::{Answer, Envelope, Json, Refusal, TokenKind};
use locality::{Local, SystemKey};
use manifest::Access::Token;
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::{Value, json};

/// The engine's name in mount entries.
pub(crate) const NAME: &str = "cubbyhole";

/// Where the answer lies that a wrapping token stands for.
pub(crate) const RESPONSE: &str = "response";

const AT: &[NativeField] = &[path("path", "The entry.")];
const FOLDER: &[NativeField] = &[path("path", "The folder.")];
const ENTRY: &[NativeField] = &[
    path("path", "The entry."),
    rest("data", "What it is to hold."),
];

/// The table.
#[rustfmt::skip]
pub(crate) const ROUTES: &[NativeRoute] = &[
    on(Read, "{path..}", Token, Now(read), AT, "Reads an entry of the caller's cubbyhole."),
    on(Update, "{path..}", Token, Now(write), ENTRY, "Writes an entry of the caller's cubbyhole.").asking(exists),
    on(Delete, "{path..}", Token, Now(delete), AT, "Deletes an entry of the caller's cubbyhole."),
    on(List, "{path..}", Token, Now(list), FOLDER, "Lists the caller's cubbyhole."),
];

/// The key of an entry. Only a token that is stored has a cubbyhole.
fn key(ask: &Ask<'_>) -> Result<SystemKey<Local>, Refusal> {
    let caller = ask.caller()?;
    if caller.token.kind != TokenKind::Service {
        let text = "cubbyhole operations are only supported by 'service' type tokens";
        return Err(Refusal::invalid(text));
    }
    let (hash, path) = (caller.hash.as_str(), ask.text("path"));
    Ok(SystemKey::cubbyhole(hash, ask.namespace.id, path))
}

fn entry_key(ask: &Ask<'_>) -> Result<SystemKey<Local>, Refusal> {
    match ask.text("path") {
        "" => Err(Refusal::invalid("missing path")),
        _ => key(ask),
    }
}

fn exists(ask: &mut Ask<'_>) -> Result<bool, Refusal> {
    // What cannot be written is refused when it is tried.
    let Ok(key) = entry_key(ask) else {
        return Ok(true);
    };
    Ok(ask.tx.get(&key).map_err(from_barrier)?.is_some())
}

fn read(ask: &mut Ask<'_>) -> Told {
    let key = entry_key(ask)?;
    let found: Option<Json> = ask.tx.read_json(&key).map_err(from_barrier)?;
    let mut envelope = Envelope::with_data(found.ok_or_else(Refusal::not_found)?);
    if ask.text("path") == RESPONSE {
        envelope.warnings.push(String::from(
            "Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap responses, as it provides additional security checks and other benefits.",
        ));
    }
    Ok(Answer::Envelope(Box::new(envelope)))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let key = entry_key(ask)?;
    match ask.input.get("data").and_then(Value::as_object) {
        Some(data) if !data.is_empty() => {
            ask.tx.write_json(&key, data).map_err(from_barrier)?;
            note_visitor(ask)?;
            Ok(Answer::Empty)
        }
        _ => Err(Refusal::invalid("missing data fields")),
    }
}

/// A token's cubbyhole in a namespace that is not its own goes with that namespace.
fn note_visitor(ask: &mut Ask<'_>) -> Result<(), Refusal> {
    let caller = ask.caller()?;
    if caller.token.namespace == ask.namespace.id {
        return Ok(());
    }
    let key = SystemKey::cubbyhole_visitor(ask.namespace.id, caller.hash.as_str());
    if ask.tx.get(&key).map_err(from_barrier)?.is_none() {
        ask.tx.put(&key, Vec::new());
    }
    Ok(())
}

fn delete(ask: &mut Ask<'_>) -> Told {
    if ask.text("path").is_empty() {
        return Ok(Answer::Empty);
    }
    let key = entry_key(ask)?;
    // A read first: to delete nothing is not to write.
    if ask.tx.get(&key).map_err(from_barrier)?.is_some() {
        ask.tx.delete(&key);
    }
    Ok(Answer::Empty)
}

fn list(ask: &mut Ask<'_>) -> Told {
    let folder = key(ask)?;
    let page = ask.tx.children(&folder, None, usize::MAX);
    let names = page.map_err(from_barrier)?.names;
    match names.is_empty() {
        true => Err(Refusal::not_found()),
        false => Ok(Answer::data(&json!({ "keys": names }))),
    }
}
