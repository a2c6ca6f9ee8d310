//! `sys/capabilities`: what a token may do at paths.

use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
use crate::token;
use access::TokenHash;
use base::{Answer, Map, Refusal};
use manifest::Access::Token;
use manifest::FieldKind::{Text, TextList};
use manifest::Operation::Update;
use policy::Acl;
use serde_json::{Value, json};
use std::sync::Arc;

const CAPABILITIES: &[NativeField] = &[
    body("token", Text, "The token."),
    body("accessor", Text, "The token's accessor."),
    body("path", TextList, "Paths to ask about."),
    body("paths", TextList, "Paths to ask about."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "capabilities", Token, Now(of_token), CAPABILITIES, "What a token may do at paths."),
    on(Update, "capabilities-self", Token, Now(of_caller), CAPABILITIES, "What the caller may do at paths."),
    on(Update, "capabilities-accessor", Token, Now(of_accessor), CAPABILITIES, "What a token may do at paths."),
];

pub(super) fn of_caller(ask: &mut Ask<'_>) -> Told {
    let acl = Arc::clone(&ask.caller()?.acl);
    answer(ask, &acl)
}

pub(super) fn of_token(ask: &mut Ask<'_>) -> Told {
    let hash = ask.node.salt.hash(ask.text("token"));
    of_hash(ask, &hash)
}

pub(super) fn of_accessor(ask: &mut Ask<'_>) -> Told {
    let accessor = ask.text("accessor").to_owned();
    token::check_accessor(ask, &accessor)?;
    let hash = access::find_by_accessor(ask.tx, &accessor).map_err(from_barrier)?;
    let hash = hash.ok_or_else(|| Refusal::invalid("invalid accessor"))?;
    of_hash(ask, &hash)
}

fn of_hash(ask: &mut Ask<'_>, hash: &TokenHash) -> Told {
    let token = access::find(ask.tx, hash, ask.now).map_err(from_barrier)?;
    let token = token.ok_or_else(|| Refusal::invalid("invalid token"))?;
    let acl = ask.node.rights_of(&token)?.acl;
    answer(ask, &acl)
}

fn answer(ask: &Ask<'_>, acl: &Acl) -> Told {
    let paths = ask.texts("paths").filter(|paths| !paths.is_empty());
    let paths = paths.or_else(|| ask.texts("path")).unwrap_or_default();
    if paths.is_empty() {
        return Err(Refusal::invalid("paths must be supplied"));
    }
    let of =
        |path: &str| json!(acl.capabilities(&format!("{}{path}", ask.namespace.path), ask.now));
    let mut data: Map = paths.iter().map(|path| (path.clone(), of(path))).collect();
    if let [only] = paths.as_slice() {
        data.insert("capabilities".into(), of(only));
    }
    Ok(Answer::repeated(&Value::Object(data)))
}
