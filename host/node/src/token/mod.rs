//! `auth/token/`: tokens made from tokens. No path of it names a token: paths are logged and audited
//! as they are.

mod create;
mod lookup;
mod renew;
mod revoke;

use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, body, on};
use crate::refusal::from_barrier;
use access::{Token, TokenHash};
use base::{Refusal, RefusalKind};
use manifest::Access::{Sudo, Token as WithToken};
use manifest::FieldKind::{Boolean, Duration, Integer, Text, TextList, TextMap};
use manifest::Operation::{List, Read, Update};

const NEW: &[NativeField] = &[
    body("id", Text, "Id of the token; a random one when not given."),
    body(
        "policies",
        TextList,
        "Policies; the caller's when not given.",
    ),
    body("meta", TextMap, "Metadata, shown in audit records."),
    body("no_parent", Boolean, "Make an orphan?"),
    body(
        "no_default_policy",
        Boolean,
        "Leave out the policy `default`?",
    ),
    body(
        "renewable",
        Boolean,
        "May it be renewed? Yes, when not given.",
    ),
    body("lease", Duration, "Old name of `ttl`."),
    body("ttl", Duration, "How long it lives."),
    body("explicit_max_ttl", Duration, "It never lives longer."),
    body("period", Duration, "Makes a periodic token."),
    body("display_name", Text, "For people."),
    body(
        "num_uses",
        Integer,
        "How often it can be used; zero for any number.",
    ),
    body("type", Text, "`service`."),
    body("entity_alias", Text, "Not taken without a role."),
];
const TOKEN: &[NativeField] = &[
    body("token", Text, "The token."),
    body("increment", Duration, "For how long from now."),
];
const ACCESSOR: &[NativeField] = &[
    body("accessor", Text, "The token's accessor."),
    body("increment", Duration, "For how long from now."),
];

/// The table.
#[rustfmt::skip]
pub(crate) const ROUTES: &[NativeRoute] = &[
    on(Update, "create", WithToken, Now(create::child), NEW, "Makes a token."),
    on(Update, "create-orphan", Sudo, Now(create::orphan), NEW, "Makes a token without a parent."),
    on(Update, "lookup", WithToken, Now(lookup::by_id), TOKEN, "Looks a token up."),
    on(Read, "lookup-self", WithToken, Now(lookup::own), &[], "Looks the caller's token up."),
    on(Update, "lookup-self", WithToken, Now(lookup::own), TOKEN, "Looks the caller's token up."),
    on(Update, "lookup-accessor", WithToken, Now(lookup::by_accessor), ACCESSOR, "Looks a token up by its accessor."),
    on(Update, "renew", WithToken, Later(|ask| Box::pin(renew::by_id(ask))), TOKEN, "Renews a token."),
    on(Update, "renew-self", WithToken, Later(|ask| Box::pin(renew::own(ask))), TOKEN, "Renews the caller's token."),
    on(Update, "renew-accessor", WithToken, Later(|ask| Box::pin(renew::by_accessor(ask))), ACCESSOR, "Renews a token by its accessor."),
    on(Update, "revoke", WithToken, Now(revoke::by_id), TOKEN, "Revokes a token and its children."),
    on(Update, "revoke-self", WithToken, Now(revoke::own), TOKEN, "Revokes the caller's token and its children."),
    on(Update, "revoke-orphan", Sudo, Now(revoke::sparing_children), TOKEN, "Revokes a token and spares its children."),
    on(Update, "revoke-accessor", WithToken, Now(revoke::by_accessor), ACCESSOR, "Revokes a token by its accessor."),
    on(List, "accessors", Sudo, Now(lookup::accessors), &[], "Lists the accessors of all tokens."),
];

/// The live token that a request names by its id.
fn named(ask: &mut Ask<'_>) -> Result<Option<(TokenHash, Token)>, Refusal> {
    let id = ask.text("token");
    if id.is_empty() {
        return Err(Refusal::invalid("missing token"));
    }
    let hash = ask.node.salt.hash(id);
    let token = access::find(ask.tx, &hash, ask.now).map_err(from_barrier)?;
    Ok(token.map(|token| (hash, token)))
}

/// The live token that a request names by its accessor.
fn with_accessor(ask: &mut Ask<'_>) -> Result<(TokenHash, Token), Refusal> {
    let accessor = ask.text("accessor").to_owned();
    if accessor.is_empty() {
        return Err(Refusal::invalid("missing accessor"));
    }
    let hash = access::find_by_accessor(ask.tx, &accessor).map_err(from_barrier)?;
    let token = match &hash {
        Some(hash) => access::find(ask.tx, hash, ask.now).map_err(from_barrier)?,
        None => None,
    };
    hash.zip(token)
        .ok_or_else(|| Refusal::new(RefusalKind::Denied, "invalid accessor"))
}

/// The caller's token.
fn own(ask: &Ask<'_>) -> Result<(TokenHash, Token), Refusal> {
    let caller = ask.caller()?;
    Ok((caller.hash.clone(), caller.token.clone()))
}
