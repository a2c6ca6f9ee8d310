//! A secondary: made, promoted, led to another primary, disabled.

use super::api::{self, CA_FILE, CA_PATH, CLIENT_CERT, CLIENT_KEY};
use super::{not_a_secondary, own, primary, remark, still_joins, the_secondary};
use crate::ceremonies::only_in_root;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
use crate::replication::activation::{Redemption, host_and_port, is_sealed, redeem};
use crate::replication::records::SecondaryRecord;
use crate::replication::secondary::{Doing, How, UNKNOWN_FILTER};
use crate::replication::{Role, Secondary, Turn, following, shelved, status};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Answer, Refusal, RefusalKind, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use locality::{Shelf, SystemKey};
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Text, TextList};
use manifest::Operation::Update;
use replication::Position;
use seal::sealed_box::KeyPair;
use serde_json::json;
use std::sync::Arc;

/// How long a promotion waits for the primary before it to let go.
const LETTING_GO_MAX: Duration = Duration::from_secs(2);

const REDEEM_ADDR: NativeField = body(
    "primary_api_addr",
    Text,
    "The API address of the primary, in the place of the one in the token.",
);
const ENABLE: &[NativeField] = &[
    body("token", Text, "The activation token."),
    REDEEM_ADDR,
    CA_FILE,
    CA_PATH,
    CLIENT_CERT,
    CLIENT_KEY,
    body(
        "confirm_wipe",
        Text,
        "The id of this cluster: needed where it holds anything, for all of that goes once everything of the primary is here.",
    ),
];
const PROMOTE: &[NativeField] = &[
    body(
        "primary_cluster_addr",
        Text,
        "Where secondaries connect to, in the place of the cluster address of this server.",
    ),
    body(
        "force",
        Boolean,
        "Promote although not everything of the primary is here?",
    ),
    body("dry_run", Boolean, "Only say what would stand in the way?"),
];
const UPDATE: &[NativeField] = &[
    body(
        "token",
        Text,
        "An activation token of the new primary; empty to follow nobody any more.",
    ),
    REDEEM_ADDR,
    CA_FILE,
    CA_PATH,
    CLIENT_CERT,
    CLIENT_KEY,
    body(
        "update_primary_addrs",
        TextList,
        "Cluster addresses of the same primary.",
    ),
];

/// The routes, and their names of old.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/performance/secondary/generate-public-key", Token, Now(generate_key), &[], "Makes the key that an activation token is to be sealed to."),
    on(Update, "replication/performance/secondary/enable", Token, Later(|ask| Box::pin(enable(ask))), ENABLE, "Makes this cluster a performance secondary. Everything that it holds goes once everything of the primary is here."),
    on(Update, "replication/performance/secondary/promote", Token, Later(|ask| Box::pin(promote(ask))), PROMOTE, "Makes this secondary the primary."),
    on(Update, "replication/performance/secondary/update-primary", Token, Later(|ask| Box::pin(update(ask))), UPDATE, "Lets this secondary follow another primary."),
    on(Update, "replication/performance/secondary/disable", Token, Later(|ask| Box::pin(disable(ask))), &[], "Ends performance replication here. What is here stays; before the first synchronization is complete that is what was here before."),
    on(Update, "replication/secondary/enable", Token, Later(|ask| Box::pin(enable(ask))), ENABLE, "Makes this cluster a performance secondary. Everything that it holds goes once everything of the primary is here."),
    on(Update, "replication/secondary/promote", Token, Later(|ask| Box::pin(promote(ask))), PROMOTE, "Makes this secondary the primary."),
    on(Update, "replication/secondary/update-primary", Token, Later(|ask| Box::pin(update(ask))), UPDATE, "Lets this secondary follow another primary."),
    on(Update, "replication/secondary/disable", Token, Later(|ask| Box::pin(disable(ask))), &[], "Ends performance replication here. What is here stays; before the first synchronization is complete that is what was here before."),
];

fn generate_key(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let pair = KeyPair::make(ask.node.parts.entropy.as_ref());
    ask.tx.put(
        &SystemKey::performance_key(),
        pair.private().expose().to_vec(),
    );
    Ok(Answer::data(&json!({
        "secondary_public_key": STANDARD.encode(pair.public()),
    })))
}

/// The key that was generated here, if one was. Not read for the request: it goes when it is used,
/// and what was done with it is not to be done again.
fn own_key(node: &Unsealed) -> Result<Option<KeyPair>, Refusal> {
    let stored = node.begin().get(&SystemKey::performance_key());
    let stored = stored.map_err(from_barrier)?;
    let opened = stored.map(|private| KeyPair::from_private(private.expose()));
    let opened = opened.transpose();
    opened.map_err(|error| Refusal::internal(error.to_string()))
}

/// A key whose token was used is of no use any more, unless another was generated meanwhile.
async fn forget_key(node: &Arc<Unsealed>, used: &KeyPair) -> Result<(), Refusal> {
    let key = SystemKey::performance_key();
    let forgotten = node.transact(|tx| {
        let stored = tx.get(&key).map_err(from_barrier)?;
        let stored = stored.map(|private| KeyPair::from_private(private.expose()));
        let is_used = |stored: KeyPair| stored.public() == used.public();
        if stored.is_some_and(|stored| stored.is_ok_and(is_used)) {
            tx.delete(&key);
        }
        Ok(())
    });
    forgotten.await
}

/// What an activation token says of the part that this cluster is to play.
async fn redeemed(ask: &mut Ask<'_>) -> Result<SecondaryRecord, Refusal> {
    let own_key = own_key(ask.node)?;
    let redemption = Redemption {
        token: ask.text("token"),
        api_address: ask.text("primary_api_addr"),
        trust: api::trust(ask)?,
        identity: api::identity(ask)?,
    };
    let (bundle, api_address) = redeem(ask.node, &redemption, own_key.as_ref()).await?;
    bundle.into_record(&api_address)
}

async fn enable(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let turn = ask.node.replication.turn()?;
    match ask.node.replication.role() {
        Role::Off => {}
        Role::Primary(_) => {
            return Err(Refusal::invalid(
                "this cluster is a performance primary: disable that first",
            ));
        }
        Role::Secondary(_) => {
            let text = "this cluster is a performance secondary already: update-primary lets it follow another primary";
            return Err(Refusal::invalid(text));
        }
        Role::Joining(_) => return Err(still_joins()),
    }
    if ask.text("token").is_empty() {
        return Err(Refusal::invalid("token is missing"));
    }
    check_wipe(ask)?;
    let record = redeemed(ask).await?;
    let secondary = Secondary::load(ask.tx, record, ask.now)?;
    // Whoever cannot reach its primary is told so at once.
    let fetched = following::fetch_keys(ask.node, &secondary).await;
    fetched.map(drop).map_err(|broken| {
        Refusal::invalid(format!(
            "error fetching secondary bootstrap package: {broken}"
        ))
    })?;
    join(ask.node, &turn, secondary).await?;
    Ok(remark(
        "Vault has successfully found secondary information; it may take a while to perform setup tasks. Vault will be unavailable until these tasks and initial sync complete.",
    ))
}

/// Begins to fetch everything. The cluster is what it was until it has it.
async fn join(node: &Arc<Unsealed>, turn: &Turn<'_>, secondary: Secondary) -> Result<(), Refusal> {
    // What an attempt before this one may have left is of another relation.
    shelved::clear(node, Shelf::Coming).await?;
    let stored = node.transact(|tx| {
        tx.write_json(&SystemKey::joining(), &secondary.record)
            .map_err(from_barrier)
    });
    stored.await?;
    turn.play(Role::Joining(Arc::new(secondary)));
    node.follower.restart(node).await;
    tracing::info!("this cluster becomes a performance secondary");
    Ok(())
}

/// A cluster that becomes a secondary stays what it is.
async fn go_back(node: &Arc<Unsealed>, turn: &Turn<'_>) -> Told {
    node.wish.withdraw()?;
    node.follower.stop().await;
    // What the task may have said before it ended.
    node.wish.withdraw()?;
    let stored = node.transact(|tx| {
        tx.delete(&SystemKey::joining());
        Ok(())
    });
    if let Err(refusal) = stored.await {
        node.follower.restart(node).await;
        return Err(refusal);
    }
    turn.play(Role::Off);
    if let Err(refusal) = shelved::clear(node, Shelf::Coming).await {
        // It is only room: the next unseal or the next attempt clears it.
        tracing::warn!(
            reason = refusal.reason,
            "clearing what came from the primary"
        );
    }
    tracing::info!("this cluster does not become a performance secondary");
    Ok(remark(
        "The first synchronization was not complete: this cluster is what it was before.",
    ))
}

/// A cluster that holds something does not lose it by a slip.
fn check_wipe(ask: &mut Ask<'_>) -> Result<(), Refusal> {
    let id = &ask.node.cluster.id;
    let snapshot = ask.node.parts.storage.snapshot();
    if ask.text("confirm_wipe") == id || !own::holds_anything(ask.tx, snapshot.as_ref())? {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "this cluster holds data of its own, and everything that it holds goes when it becomes a secondary: repeat the request with confirm_wipe={id}"
    )))
}

async fn promote(ask: &mut Ask<'_>) -> Told {
    if ask.flag("dry_run") {
        return would_promote(ask).await;
    }
    let turn = ask.node.replication.turn()?;
    let secondary = the_secondary(ask)?;
    let blockers = blockers(ask.node, &secondary).await;
    if !blockers.is_empty() && !ask.flag("force") {
        return Err(Refusal::new(
            RefusalKind::Unavailable,
            format!(
                "replication is still catching up, try again later or provide the \"force\" argument: {}",
                blockers.join("; ")
            ),
        ));
    }
    let known = &secondary.record;
    let address = ask.text("primary_cluster_addr").to_owned();
    let mut record = primary::new_record(
        ask.node,
        known.relation.clone(),
        known.generation + 1,
        &address,
    )?;
    record.since = Some(secondary.position());
    let can_be_called = known.client.is_some() && !known.primary_addresses.is_empty();
    record.former = can_be_called.then(|| known.clone());
    primary::lead(ask.node, &turn, record).await?;
    tracing::info!("this cluster was promoted to the performance primary");
    Ok(remark(
        "This cluster is being promoted to a replication primary. Vault will be unavailable for a brief period and will resume service shortly.",
    ))
}

/// What a promotion would be told.
async fn would_promote(ask: &mut Ask<'_>) -> Told {
    let blockers = match ask.node.replication.joining() {
        Some(_) => {
            only_in_root(ask)?;
            vec![String::from("the first synchronization is not complete")]
        }
        None => {
            let secondary = the_secondary(ask)?;
            blockers(ask.node, &secondary).await
        }
    };
    Ok(Answer::data(&json!({
        "blockers": blockers,
        "can_promote": blockers.is_empty(),
    })))
}

/// What stands in the way of a promotion.
async fn blockers(node: &Unsealed, secondary: &Secondary) -> Vec<String> {
    // A primary that was demoted a moment ago lets go of whoever follows it.
    secondary.wait_to_be_let_go(LETTING_GO_MAX).await;
    let mut blockers = Vec::new();
    if !secondary.is_whole() {
        blockers.push(String::from("the first synchronization is not complete"));
    }
    let how = secondary.how().clone();
    match how.doing {
        Doing::Streams => blockers.push(String::from("its primary still leads: demote that first")),
        Doing::Compares | Doing::Fetches => {
            blockers.push(String::from("it compares itself with its primary"));
        }
        Doing::Idle => {}
    }
    blockers.extend(unheard(&how, node.now()));
    let index = secondary.position().index;
    if how.head > index {
        blockers.push(format!(
            "the primary's log ends at entry {}, this cluster has those up to {index}",
            how.head
        ));
    }
    if secondary.position().is_filtered {
        let text =
            "it has a paths filter: what was kept from it would be gone from all that follow it";
        blockers.push(String::from(text));
    }
    // Whoever follows writes there through the primary, which serves its own mount instead.
    let waiting = status::mounts_in_the_way(node);
    let waiting = waiting.iter();
    blockers.extend(waiting.map(|path| format!("a local mount is in the way of {path}")));
    blockers
}

/// What may be missing, where the primary has not said that it leads no more.
fn unheard(how: &How, now: Timestamp) -> Option<String> {
    if how.parted {
        return None;
    }
    let Some(heard) = how.last_heartbeat else {
        return Some(String::from(
            "it has not heard how far its primary is since it began to follow it, left it or was unsealed",
        ));
    };
    let silence = now.since(heard).as_secs();
    (how.doing == Doing::Idle).then(|| {
        format!(
            "its primary was heard {silence} s ago for the last time, and did not say farewell: what was written there since is missing"
        )
    })
}

async fn update(ask: &mut Ask<'_>) -> Told {
    let turn = ask.node.replication.turn()?;
    // Also one that joins goes on from another primary, with what came already.
    let joining = ask.node.replication.joining();
    if joining.is_some() {
        only_in_root(ask)?;
    }
    let secondary = match &joining {
        Some(joining) => Arc::clone(joining),
        None => the_secondary(ask)?,
    };
    let used = match is_sealed(ask.text("token")) {
        true => own_key(ask.node)?,
        false => None,
    };
    let record = updated(ask, &secondary.as_it_is()).await?;
    match joining {
        Some(_) => join_elsewhere(ask.node, &turn, record).await?,
        None => play(ask.node, &turn, record).await?,
    }
    if let Some(used) = used {
        forget_key(ask.node, &used).await?;
    }
    Ok(remark(
        "Vault has successfully found secondary information; it may take a while to perform setup tasks.",
    ))
}

/// The part of a secondary that is to follow another primary, or the same one elsewhere.
async fn updated(ask: &mut Ask<'_>, known: &SecondaryRecord) -> Result<SecondaryRecord, Refusal> {
    let addresses = ask.texts("update_primary_addrs").unwrap_or_default();
    let has_token = !ask.text("token").is_empty();
    if has_token && !addresses.is_empty() {
        return Err(Refusal::invalid(
            "give token or update_primary_addrs, not both",
        ));
    }
    if has_token {
        let record = redeemed(ask).await?;
        if record.relation != known.relation {
            let text =
                "the token is of another relation: this cluster would have to be enabled anew";
            return Err(Refusal::invalid(text));
        }
        if record.generation < known.generation {
            return Err(Refusal::invalid(
                "the token is of a primary that was superseded",
            ));
        }
        return Ok(record);
    }
    if !addresses.is_empty() && known.client.is_none() {
        return Err(Refusal::invalid(
            "this cluster was demoted: it needs a token of the new primary",
        ));
    }
    let addresses = addresses.iter().map(|address| host_and_port(address));
    Ok(SecondaryRecord {
        primary_addresses: addresses.map(str::to_owned).collect(),
        ..known.clone()
    })
}

/// Goes on fetching from elsewhere. What lies on the shelf is of the same relation: it is compared
/// with what the primary has, and not sent again.
async fn join_elsewhere(
    node: &Arc<Unsealed>,
    turn: &Turn<'_>,
    record: SecondaryRecord,
) -> Result<(), Refusal> {
    node.wish.withdraw()?;
    node.follower.stop().await;
    // What the task may have said before it ended is of the primary before.
    node.wish.withdraw()?;
    let key = SystemKey::joining();
    let stored = node.transact(|tx| {
        let joining = tx
            .read_json::<SecondaryRecord>(&key)
            .map_err(from_barrier)?;
        // Unless somebody went back meanwhile.
        let joining = joining.ok_or_else(not_a_secondary)?;
        let record = joining_as(joining, record.clone());
        tx.write_json(&key, &record).map_err(from_barrier)?;
        Ok(record)
    });
    let joins = match stored.await {
        Ok(record) => Secondary::load(&mut node.begin(), record, node.now()),
        Err(refusal) => Err(refusal),
    };
    let joins = joins.map(|secondary| turn.play(Role::Joining(Arc::new(secondary))));
    // Where it could not be noted, it follows whom it followed.
    node.follower.restart(node).await;
    joins
}

/// What is to be followed, by one that joins as something else: what kept something from it there is
/// not forgotten.
fn joining_as(known: SecondaryRecord, wanted: SecondaryRecord) -> SecondaryRecord {
    let is_another = is_another_primary(&known, &wanted);
    let mut begun = match (known.begun, is_another) {
        (Some(begun), true) => Some(of_before(begun, wanted.generation)),
        (begun, _) => begun,
    };
    let mut formerly = known.formerly;
    if known.id != wanted.id {
        let sent = begun.unwrap_or_else(|| Position {
            relation: known.relation,
            generation: known.generation,
            filter: UNKNOWN_FILTER,
            ..Position::default()
        });
        // Of several names the one by which it was sent something last, or the first.
        if sent.filter != UNKNOWN_FILTER || formerly.is_empty() {
            formerly = known.id;
        }
        begun = Some(of_unknown_filter(sent));
    }
    SecondaryRecord {
        begun,
        formerly,
        ..wanted
    }
}

/// Plays a secondary's part with another record from now on.
async fn play(
    node: &Arc<Unsealed>,
    turn: &Turn<'_>,
    mut record: SecondaryRecord,
) -> Result<(), Refusal> {
    node.follower.stop().await;
    let known = node.replication.secondary();
    let (mut is_named_anew, mut is_another) = (false, false);
    if let Some(known) = known {
        is_another = is_another_primary(&known.record, &record);
        is_named_anew = known.record.id != record.id;
        // Of several names the one by which it last had everything.
        let has_everything = known.position().filter != UNKNOWN_FILTER;
        record.formerly = match is_named_anew && has_everything {
            true => known.record.id.clone(),
            false => known.record.formerly.clone(),
        };
    }
    let now = node.now();
    let stored = node.transact(|tx| {
        if is_named_anew {
            forget(tx, of_unknown_filter)?;
        }
        if is_another {
            forget(tx, |position| of_before(position, record.generation))?;
        }
        tx.write_json(&SystemKey::performance_secondary(), &record)
            .map_err(from_barrier)?;
        Secondary::load(tx, record.clone(), now)
    });
    let secondary = match stored.await {
        Ok(secondary) => secondary,
        Err(refusal) => {
            // It follows whom it followed.
            node.follower.restart(node).await;
            return Err(refusal);
        }
    };
    turn.play(Role::Secondary(Arc::new(secondary)));
    node.follower.restart(node).await;
    Ok(())
}

/// Has a secondary compare all that it has with its primary, whatever it knows of that, once
/// something is done: also where it comes to its end before it is.
pub(super) async fn compare_after<T>(
    node: &Arc<Unsealed>,
    done: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let turn = node.replication.next_turn().await;
    let Some(secondary) = node.replication.secondary() else {
        return done.await;
    };
    node.follower.stop().await;
    let anew = async {
        node.transact(|tx| forget(tx, of_unknown_filter)).await?;
        let value = done.await?;
        let record = secondary.as_it_is();
        let anew = Secondary::load(&mut node.begin(), record, node.now())?;
        turn.play(Role::Secondary(Arc::new(anew)));
        Ok(value)
    };
    let value = anew.await;
    // Where it could not be done, it goes on as before.
    node.follower.restart(node).await;
    value
}

/// Were both primaries promoted from the same one? Each has an authority of its own.
fn is_another_primary(known: &SecondaryRecord, wanted: &SecondaryRecord) -> bool {
    known.generation == wanted.generation && known.authority != wanted.authority
}

/// An entry of the one is not that of the other: what is here is of before both.
fn of_before(position: Position, generation: u64) -> Position {
    Position {
        generation: position.generation.min(generation.saturating_sub(1)),
        ..position
    }
}

/// Filters are counted for each secondary by itself: under another name the same number means
/// another filter, so what is here is to be compared.
fn of_unknown_filter(position: Position) -> Position {
    Position {
        filter: UNKNOWN_FILTER,
        ..position
    }
}

fn forget(tx: &mut Transaction, to_less: impl Fn(Position) -> Position) -> Result<(), Refusal> {
    let key = SystemKey::performance_position();
    let position = tx.read_json::<Position>(&key).map_err(from_barrier)?;
    match position {
        Some(position) => tx
            .write_json(&key, &to_less(position))
            .map_err(from_barrier),
        None => Ok(()),
    }
}

async fn disable(ask: &mut Ask<'_>) -> Told {
    let node = ask.node;
    let turn = node.replication.turn()?;
    if node.replication.joining().is_some() {
        only_in_root(ask)?;
        return go_back(node, &turn).await;
    }
    the_secondary(ask)?;
    node.follower.stop().await;
    let stored = node.transact(|tx| {
        tx.delete(&SystemKey::performance_secondary());
        tx.delete(&SystemKey::performance_position());
        tx.delete(&SystemKey::former());
        Ok(())
    });
    if let Err(refusal) = stored.await {
        // It follows whom it followed.
        node.follower.restart(node).await;
        return Err(refusal);
    }
    turn.play(Role::Off);
    node.committer.lift_fence();
    tracing::info!("performance replication is disabled");
    Ok(remark(
        "This cluster is having replication disabled. Vault will be unavailable for a brief period and will resume service shortly.",
    ))
}
