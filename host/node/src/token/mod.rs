//! `auth/token/`: tokens made from tokens. No path of it names a token: paths are logged and audited
//! as they are.

mod asked;
mod create;
mod fields;
mod lookup;
mod person;
mod renew;
mod revoke;
mod roles;
pub(crate) mod tidy;

use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, body, on};
use crate::refusal::from_barrier;
use access::{Token, TokenHash};
use base::{NamespaceId, Refusal, TokenKind};
use fields::{NEW, NEW_BY_ROLE, ROLE, ROLE_AT};
use manifest::Access::{Sudo, Token as WithToken};
use manifest::FieldKind::{Duration, Text};
use manifest::Operation::{Delete, List, Read, Update};

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
    on(Update, "create", WithToken, Later(|ask| Box::pin(create::child(ask))), NEW, "Makes a token."),
    on(Update, "create-orphan", WithToken, Later(|ask| Box::pin(create::orphan(ask))), NEW, "Makes a token without a parent."),
    on(Update, "create/{role_name}", WithToken, Later(|ask| Box::pin(create::by_role(ask))), NEW_BY_ROLE, "Makes a token of a role."),
    on(Read, "lookup", WithToken, Now(lookup::own), &[], "Looks the caller's token up."),
    on(Update, "lookup", WithToken, Now(lookup::by_id), TOKEN, "Looks a token up."),
    on(Read, "lookup-self", WithToken, Now(lookup::own), &[], "Looks the caller's token up."),
    on(Update, "lookup-self", WithToken, Now(lookup::own), TOKEN, "Looks the caller's token up."),
    on(Update, "lookup-accessor", WithToken, Now(lookup::by_accessor), ACCESSOR, "Looks a token up by its accessor."),
    on(Update, "renew", WithToken, Later(|ask| Box::pin(renew::by_id(ask))), TOKEN, "Renews a token."),
    on(Update, "renew-self", WithToken, Later(|ask| Box::pin(renew::own(ask))), TOKEN, "Renews the caller's token."),
    on(Update, "renew-accessor", WithToken, Later(|ask| Box::pin(renew::by_accessor(ask))), ACCESSOR, "Renews a token by its accessor."),
    on(Update, "revoke", WithToken, Now(revoke::by_id), TOKEN, "Revokes a token and its children."),
    on(Update, "revoke-self", WithToken, Now(revoke::own), TOKEN, "Revokes the caller's token and its children."),
    on(Update, "revoke-orphan", Sudo, Later(|ask| Box::pin(revoke::sparing_children(ask))), TOKEN, "Revokes a token and spares its children."),
    on(Update, "revoke-accessor", WithToken, Now(revoke::by_accessor), ACCESSOR, "Revokes a token by its accessor."),
    on(List, "accessors", Sudo, Now(lookup::accessors), &[], "Lists the accessors of all tokens."),
    on(List, "roles", WithToken, Now(roles::list), &[], "Lists the roles."),
    on(Read, "roles/{role_name}", WithToken, Now(roles::read), ROLE_AT, "Reads a role."),
    on(Update, "roles/{role_name}", WithToken, Now(roles::write), ROLE, "Makes a role, or changes what is given of it.").asking(roles::exists),
    on(Delete, "roles/{role_name}", WithToken, Now(roles::delete), ROLE_AT, "Deletes a role; its tokens stay, and cannot be renewed."),
    on(Update, "tidy", WithToken, Now(tidy::start), &[], "Looks for accessors without tokens, in the background."),
];

/// The live token that a request names by its id.
fn named(ask: &mut Ask<'_>) -> Result<Option<(TokenHash, Token)>, Refusal> {
    let id = ask.text("token").to_owned();
    if id.is_empty() {
        return Err(Refusal::invalid("missing token ID"));
    }
    access::lookup(ask.tx, &ask.node.salt, &id, ask.now).map_err(from_barrier)
}

/// The live token that a request names by its accessor, if there is one.
fn find_by_accessor(ask: &mut Ask<'_>) -> Result<Option<(TokenHash, Token)>, Refusal> {
    let accessor = ask.text("accessor").to_owned();
    if accessor.is_empty() {
        return Err(listed("missing accessor"));
    }
    check_accessor(ask, &accessor)?;
    let hash = access::find_by_accessor(ask.tx, &accessor).map_err(from_barrier)?;
    let token = match &hash {
        Some(hash) => access::find(ask.tx, hash, ask.now).map_err(from_barrier)?,
        None => None,
    };
    Ok(hash.zip(token))
}

/// Refuses an accessor of another namespace's token.
pub(crate) fn check_accessor(ask: &Ask<'_>, accessor: &str) -> Result<(), Refusal> {
    match NamespaceId::marked_on(accessor) == ask.namespace.id {
        true => Ok(()),
        false => Err(listed("cannot lookup token in different namespace")),
    }
}

/// The live token that a request names by its accessor.
fn with_accessor(ask: &mut Ask<'_>) -> Result<(TokenHash, Token), Refusal> {
    find_by_accessor(ask)?.ok_or_else(|| listed("invalid accessor"))
}

/// The caller's token.
fn own(ask: &Ask<'_>) -> Result<(TokenHash, Token), Refusal> {
    let caller = ask.caller()?;
    Ok((caller.hash.clone(), caller.token.clone()))
}

/// What can be done only with a token that is stored.
fn only_stored(token: &Token, what: &str) -> Result<(), Refusal> {
    match token.kind {
        TokenKind::Service => Ok(()),
        TokenKind::Batch => Err(Refusal::invalid(format!("batch tokens cannot be {what}"))),
    }
}

/// A refusal in the form of a list of one, as clients know it of these paths.
fn listed(text: &str) -> Refusal {
    Refusal::invalid(format!("1 error occurred:\n\t* {text}\n\n"))
}
