//! The secondaries of a primary: activated and revoked.

use super::filters::typos;
use super::the_primary;
use crate::call::with_warnings;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
use crate::replication::activation::Bundle;
use crate::replication::records::{Certified, KnownSecondary, PrimaryRecord};
use crate::replication::{exclusions, known};
use crate::wrapping;
use authority::Authority;
use barrier::Transaction;
use base::{Answer, Refusal, chain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use locality::{PathFilter, SystemKey};
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::{Boolean, Duration as Seconds, Text, TextList};
use manifest::Operation::Update;
use serde_json::json;

/// How long an activation token can be used where nobody says.
const TTL: Duration = Duration::from_secs(30 * 60);

/// What to tell of a token that does not say where it is redeemed.
const NO_ADDRESS: &str = "this server has no api_addr, so the token says no address to redeem it at: the secondary is to be given one as primary_api_addr";

const TOKEN: &[NativeField] = &[
    body(
        "id",
        Text,
        "Names the secondary: for its revocation, its filter and the status.",
    ),
    body(
        "ttl",
        Seconds,
        "How long the token can be used; 30 minutes where nothing is given.",
    ),
    body(
        "secondary_public_key",
        Text,
        "Seals the token to this key instead of wrapping it.",
    ),
    body(
        "paths_filter_mode",
        Text,
        "Gives the secondary a paths filter at once: allow or deny.",
    ),
    body("paths", TextList, "The paths of that filter."),
    body(
        "default_deny",
        Boolean,
        "Replicate nothing that can be filtered until a filter allows it?",
    ),
];
const ID: &[NativeField] = &[body("id", Text, "The name of the secondary.")];

/// The routes, and their names of old.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/performance/primary/secondary-token", Sudo, Now(make_token), TOKEN, "Makes the activation token of a new secondary."),
    on(Update, "replication/performance/primary/revoke-secondary", Token, Later(|ask| Box::pin(revoke(ask))), ID, "Cuts a secondary off, for good."),
    on(Update, "replication/primary/secondary-token", Sudo, Now(make_token), TOKEN, "Makes the activation token of a new secondary."),
    on(Update, "replication/primary/revoke-secondary", Token, Later(|ask| Box::pin(revoke(ask))), ID, "Cuts a secondary off, for good."),
];

fn make_token(ask: &mut Ask<'_>) -> Told {
    let primary = the_primary(ask)?;
    if let Some(generation) = primary.superseded_by() {
        return Err(Refusal::invalid(format!(
            "another cluster was promoted to the primary since, of generation {generation}: demote this one, and let it follow that"
        )));
    }
    let id = ask.text("id").to_owned();
    known::check_id(&id)?;
    let is_known = known::stored(ask.tx, &id)?;
    if is_known.is_some_and(|known| known.revoked.is_none()) {
        return Err(Refusal::invalid(format!(
            "a secondary of the id {id:?} is known already: revoke it first, or choose another id"
        )));
    }
    let filter = filter(ask)?;
    let ttl = ask.number("ttl").filter(|ttl| *ttl > 0);
    let ttl = ttl.map_or(TTL, Duration::from_secs);
    let (record, bundle) = issue(ask, &primary.record, id, ttl)?;
    known::store(ask.tx, &record)?;
    let mut warnings = Vec::new();
    if let Some(filter) = &filter {
        warnings = typos(filter, &exclusions::filterable(ask.tx)?);
        ask.tx
            .write_json(&SystemKey::path_filter(&record.id), filter)
            .map_err(from_barrier)?;
    }
    let answer = match ask
        .some_text("secondary_public_key")
        .filter(|key| !key.is_empty())
    {
        Some(public) => {
            let token = bundle.seal_to(ask.node, public)?;
            Answer::data(&json!({ "token": token }))
        }
        None => {
            if ask.node.parts.settings.api_addr.is_empty() {
                warnings.push(String::from(NO_ADDRESS));
            }
            let data = serde_json::to_value(&bundle);
            let data = data.map_err(|error| Refusal::internal(chain(&error)))?;
            wrapping::wrap_activation(ask, &record.id, &data, ttl)?
        }
    };
    Ok(with_warnings(answer, warnings))
}

/// A certificate for a new secondary, and what it needs to know.
fn issue(
    ask: &Ask<'_>,
    primary: &PrimaryRecord,
    id: String,
    ttl: Duration,
) -> Result<(KnownSecondary, Bundle), Refusal> {
    let failed = |error: authority::AuthorityError| Refusal::internal(chain(&error));
    let authority = &primary.authority;
    let authority = Authority::open(&authority.certificate, &authority.key).map_err(failed)?;
    let entropy = ask.node.parts.entropy.as_ref();
    let issued = authority
        .issue_secondary(&id, ask.now, entropy)
        .map_err(failed)?;
    let address = match primary.cluster_addr.as_str() {
        "" => ask.node.parts.settings.cluster_addr.clone(),
        given => given.to_owned(),
    };
    let record = KnownSecondary {
        id: id.clone(),
        fingerprint: known::fingerprint(&issued.certificate),
        issued: ask.now,
        ttl,
        used: None,
        revoked: None,
    };
    let bundle = Bundle {
        id,
        cluster_id: primary.relation.clone(),
        generation: primary.generation,
        primary_cluster_addr: address,
        ca_cert: STANDARD.encode(authority.certificate()),
        client: Certified::of(&issued.certificate, &issued.key),
        since: primary.since.clone(),
    };
    Ok((record, bundle))
}

/// The filter that the secondary has from the beginning, so that nothing is sent before it has one.
fn filter(ask: &Ask<'_>) -> Result<Option<PathFilter>, Refusal> {
    let mode = ask
        .some_text("paths_filter_mode")
        .filter(|mode| !mode.is_empty());
    let paths = ask.texts("paths").unwrap_or_default();
    if ask.flag("default_deny") {
        if mode.is_some() || !paths.is_empty() {
            return Err(Refusal::invalid(
                "default_deny is a filter of its own: give no other with it",
            ));
        }
        return Ok(Some(PathFilter::default()));
    }
    match mode {
        None if paths.is_empty() => Ok(None),
        mode => super::filters::parse(mode.unwrap_or("allow"), &paths).map(Some),
    }
}

async fn revoke(ask: &mut Ask<'_>) -> Told {
    let primary = the_primary(ask)?;
    let id = ask.text("id").to_owned();
    known::check_id(&id)?;
    let (node, now) = (ask.node, ask.now);
    let was_known = node
        .transact(|tx| match known::stored(tx, &id)? {
            Some(mut record) => {
                record.revoked.get_or_insert(now);
                known::store(tx, &record)?;
                take_back(tx, &id)?;
                Ok(true)
            }
            None => Ok(false),
        })
        .await?;
    if !was_known {
        return Err(Refusal::invalid(format!(
            "no secondary of the id {id:?} is known"
        )));
    }
    primary.cut_off(&id);
    primary.later().remove(&id);
    primary.keep_log(&*node.parts.source, now);
    tracing::info!(secondary = id, "a secondary was revoked");
    Ok(Answer::Empty)
}

/// What a secondary said of a later primary is not believed any more.
fn take_back(tx: &mut Transaction, id: &str) -> Result<(), Refusal> {
    let key = SystemKey::performance_primary();
    let stored = tx.read_json::<PrimaryRecord>(&key).map_err(from_barrier)?;
    let Some(mut record) = stored else {
        return Ok(());
    };
    match record.later.remove(id) {
        Some(_) => tx.write_json(&key, &record).map_err(from_barrier),
        None => Ok(()),
    }
}
