//! The entity that a token of a role is to stand for, by its alias at the mount of tokens.

use crate::identity;
use crate::native::Ask;
use crate::replication::{Secondary, forward};
use ::identity::Person;
use base::{Json, Refusal, RefusalKind};
use locality::Class;
use plugin::{Grant, LeaseTerms, TokenShape};
use serde_json::json;

/// Finds or makes it. On a secondary it is the primary that makes it, as for somebody who logs in; the
/// token is of this cluster either way.
pub(super) async fn of(ask: &mut Ask<'_>, alias: &str) -> Result<Person, Refusal> {
    let Some(secondary) = ask.node.replication.secondary() else {
        return identity::stand_for(ask.node, ask.tx, ask.namespace, alias);
    };
    if let Some(person) = here(ask, alias)? {
        return Ok(person);
    }
    make_there(ask, &secondary, alias).await?;
    here(ask, alias)?.ok_or_else(away)
}

/// The one that is here; None where it would have to be made, or changed.
fn here(ask: &Ask<'_>, alias: &str) -> Result<Option<Person>, Refusal> {
    let mut tx = ask.node.begin();
    let person = identity::stand_for(ask.node, &mut tx, ask.namespace, alias)?;
    let mut written = tx.written_keys();
    let writes = written.any(|key| key.class() == Class::Replicated);
    Ok((!writes).then_some(person))
}

/// Has the primary make it. A login can do without an entity; a token that was to stand for one
/// cannot.
async fn make_there(ask: &Ask<'_>, secondary: &Secondary, alias: &str) -> Result<(), Refusal> {
    let mount = identity::mount_of_tokens(ask.node, ask.namespace)?;
    let grant = Grant {
        alias: alias.to_owned(),
        alias_metadata: Vec::new(),
        display_name: String::new(),
        policies: Vec::new(),
        metadata: Vec::new(),
        groups: Vec::new(),
        private: Json::of(&json!({})),
        terms: LeaseTerms::default(),
        token: TokenShape {
            kind: None,
            period_seconds: 0,
            explicit_max_ttl_seconds: 0,
            uses: 0,
            bound_cidrs: Vec::new(),
            no_default_policy: false,
        },
    };
    let (node, namespace) = (ask.node, ask.namespace.id);
    let made = forward::log_in(node, secondary, namespace, &mount.0, &grant).await?;
    made.map(drop).ok_or_else(away)
}

fn away() -> Refusal {
    let text =
        "the primary cluster cannot be reached, and has to make the entity of 'entity_alias'";
    Refusal::new(RefusalKind::Unavailable, text)
}
