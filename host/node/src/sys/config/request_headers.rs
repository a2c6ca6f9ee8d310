//! `sys/config/auditing/request-headers`: which headers of requests audit devices are given.

use super::{NAME_BYTES_MAX, NAMES_COUNT_MAX};
use crate::devices::audited_headers;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::from_barrier;
use base::{Answer, Map, Refusal};
use locality::SystemKey;
use manifest::Access::Sudo;
use manifest::FieldKind::Boolean;
use manifest::Operation::{Delete, Read, Update};
use serde_json::{Value, json};

const HEADER: &[NativeField] = &[path("header", "Name of the header.")];
const WRITTEN: &[NativeField] = &[
    path("header", "Name of the header."),
    body("hmac", Boolean, "Is it written as a hash?"),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "config/auditing/request-headers", Sudo, Now(list), &[], "Lists the request headers that are audited."),
    on(Read, "config/auditing/request-headers/{header..}", Sudo, Now(read), HEADER, "How a request header is audited."),
    on(Update, "config/auditing/request-headers/{header..}", Sudo, Now(write), WRITTEN, "Has a request header audited."),
    on(Delete, "config/auditing/request-headers/{header..}", Sudo, Now(delete), HEADER, "Has a request header no longer audited."),
];

fn shown(hashed: bool) -> Value {
    json!({ "hmac": hashed })
}

fn list(ask: &mut Ask<'_>) -> Told {
    let headers = audited_headers(ask.tx)?.into_iter();
    let headers: Map = headers
        .map(|(name, hashed)| (name, shown(hashed)))
        .collect();
    Ok(Answer::repeated(&json!({ "headers": headers })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let asked = ask.text("header").to_owned();
    let headers = audited_headers(ask.tx)?;
    let hashed = headers.get(&asked.to_lowercase());
    let hashed = hashed.ok_or_else(|| Refusal::invalid("Could not find header in config"))?;
    Ok(Answer::repeated(&json!({ asked: shown(*hashed) })))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let name = ask.text("header").to_lowercase();
    if name.len() > NAME_BYTES_MAX {
        return Err(Refusal::invalid("name of the header is too long"));
    }
    let mut headers = audited_headers(ask.tx)?;
    if !headers.contains_key(&name) && headers.len() >= NAMES_COUNT_MAX {
        return Err(Refusal::invalid("too many headers"));
    }
    headers.insert(name, ask.flag("hmac"));
    let written = ask.tx.write_json(&SystemKey::audited_headers(), &headers);
    written.map_err(from_barrier)?;
    Ok(Answer::Empty)
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let mut headers = audited_headers(ask.tx)?;
    if headers.remove(&ask.text("header").to_lowercase()).is_some() {
        let written = ask.tx.write_json(&SystemKey::audited_headers(), &headers);
        written.map_err(from_barrier)?;
    }
    Ok(Answer::Empty)
}
