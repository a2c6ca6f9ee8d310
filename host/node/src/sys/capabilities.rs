//! `sys/capabilities`: what a token may do at paths.

use super::mounts::repeated;
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use access::TokenHash;
use base::{Map, Refusal};
use policy::Acl;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn of_caller(ask: &Ask<'_>) -> Told {
    let acl = Arc::clone(&ask.caller()?.acl);
    answer(ask, &acl)
}

pub(super) fn of_token(ask: &mut Ask<'_>) -> Told {
    let hash = ask.node.salt.hash(ask.text("token"));
    of_hash(ask, &hash)
}

pub(super) fn of_accessor(ask: &mut Ask<'_>) -> Told {
    let accessor = ask.text("accessor").to_owned();
    let hash = access::find_by_accessor(ask.tx, &accessor).map_err(from_barrier)?;
    let hash = hash.ok_or_else(|| Refusal::invalid("invalid accessor"))?;
    of_hash(ask, &hash)
}

fn of_hash(ask: &mut Ask<'_>, hash: &TokenHash) -> Told {
    let token = access::find(ask.tx, hash, ask.now).map_err(from_barrier)?;
    let token = token.ok_or_else(|| Refusal::invalid("invalid token"))?;
    let acl = ask.node.acl_of(&token)?;
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
    Ok(repeated(&Value::Object(data)))
}
