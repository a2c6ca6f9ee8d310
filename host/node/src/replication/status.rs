//! `sys/replication/status`: which part this cluster plays, and how that goes.

use super::primary::Live;
use super::records::KnownSecondary;
use super::secondary::{Connection, Doing};
use super::{Primary, Role, Secondary, aside, known};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use access::{Token, TokenHash, TokenId};
use base::{Refusal, ReplicatedReport, Request, Secret, Timestamp};
use digest::{Position as Place, Record, Tree};
use locality::Class;
use serde_json::{Map, Value, json};
use storage::Space;

/// What of a status is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// What everybody may know.
    ToAll,
    /// The paths of mounts as well.
    WithPaths,
}

impl Shown {
    /// As the token of the request may read it. A status needs none, so a token that is none is no
    /// error, and none is spent on it.
    pub(crate) fn to(node: &Unsealed, request: &Request) -> Result<Self, Refusal> {
        let Some(id) = request.token.as_ref().map(Secret::expose) else {
            return Ok(Self::ToAll);
        };
        if id.len() > TokenId::LENGTH_MAX {
            return Ok(Self::ToAll);
        }
        let found = access::lookup(&mut node.begin(), &node.salt, id, node.now());
        let found = found.map_err(from_barrier)?;
        let whose = |(_, token): &(TokenHash, Token)| {
            token.uses_left == 0 && access::is_bound_to(token, request.client.address.ip())
        };
        let Some((_, token)) = found.filter(whose) else {
            return Ok(Self::ToAll);
        };
        let acl = node.rights_of(&token)?.acl;
        let may = acl.capabilities(request.path.as_str(), node.now());
        let reads = may.iter().any(|may| ["read", "root"].contains(may));
        Ok(if reads { Self::WithPaths } else { Self::ToAll })
    }
}

/// A relation that this cluster plays no part in.
pub(crate) fn disabled() -> Value {
    json!({ "mode": "disabled" })
}

/// Performance replication, from the side of this cluster.
pub(crate) fn performance(node: &Unsealed, shown: Shown) -> Result<Value, Refusal> {
    let mut status = match node.replication.role() {
        Role::Off => disabled(),
        Role::Primary(primary) => of_primary(node, &primary)?,
        Role::Secondary(secondary) | Role::Joining(secondary) => {
            of_secondary(node, &secondary, shown)?
        }
    };
    if let Some(kept) = aside::kept(&mut node.begin())?
        && let Value::Object(members) = &mut status
    {
        members.insert(String::from("aside_entries"), json!(kept.entries));
        members.insert(String::from("aside_bytes"), json!(kept.bytes));
        members.insert(String::from("aside_left_out"), json!(kept.left_out));
    }
    Ok(status)
}

/// The mode alone, as `sys/health` has it.
pub(crate) fn mode(node: &Unsealed) -> &'static str {
    match node.replication.role() {
        Role::Off => "disabled",
        Role::Primary(_) => "primary",
        Role::Joining(_) => "bootstrapping",
        Role::Secondary(secondary) if !secondary.is_whole() => "bootstrapping",
        Role::Secondary(_) => "secondary",
    }
}

/// How far it is, as `sys/health` has it.
pub(crate) fn report(node: &Unsealed) -> Option<ReplicatedReport> {
    let last_wal = node.parts.source.extent().applied;
    let primary = ReplicatedReport {
        last_wal,
        ..ReplicatedReport::default()
    };
    match node.replication.role() {
        Role::Off => None,
        Role::Primary(_) => Some(primary),
        Role::Secondary(secondary) | Role::Joining(secondary) => {
            let age = secondary.lag(node.now()).as_millis();
            Some(ReplicatedReport {
                clock_skew_ms: secondary.how().clock_skew_millis,
                age_ms: u64::try_from(age).unwrap_or(u64::MAX),
                ..primary
            })
        }
    }
}

fn of_primary(node: &Unsealed, primary: &Primary) -> Result<Value, Refusal> {
    let extent = node.parts.source.extent();
    let known = known::all(&mut node.begin())?;
    let alive = known.iter().filter(|one| one.revoked.is_none());
    let names: Vec<&str> = alive.map(|one| one.id.as_str()).collect();
    let shown: Vec<Value> = known
        .iter()
        .map(|one| of_known(node, one, primary.how(&one.id), node.now()))
        .collect();
    let mut status = json!({
        "mode": "primary",
        "state": "running",
        "cluster_id": primary.record.relation,
        "generation": primary.record.generation,
        "primary_cluster_addr": primary.record.cluster_addr,
        "known_secondaries": names,
        "secondaries": shown,
        "last_wal": extent.applied,
        "last_performance_wal": extent.applied,
        "merkle_root": root(node)?,
        "log_purged": extent.purged,
        "log_bytes": extent.size_bytes,
        "log_bytes_max": extent.bytes_max,
    });
    if let (Some(generation), Value::Object(members)) = (primary.superseded_by(), &mut status) {
        members.insert(String::from("superseded_by"), json!(generation));
        let told_by: Vec<String> = primary.later().keys().cloned().collect();
        members.insert(String::from("superseded_told_by"), json!(told_by));
    }
    add_checks(node, &mut status);
    Ok(status)
}

/// What is known of the digests, and what is wrong here whichever part is played.
fn add_checks(node: &Unsealed, status: &mut Value) {
    let checked = node.replication.checked();
    let Value::Object(members) = status else {
        return;
    };
    let never = || String::from("-62135596800");
    let epoch = checked.checked.map_or_else(never, |at| at.to_string());
    let reindexed = checked.reindexed.unwrap_or(0).to_string();
    let more = json!({
        "corrupted_merkle_tree": checked.was_wrong,
        "last_corruption_check_epoch": epoch,
        "last_reindex_epoch": reindexed,
        "reindex_in_progress": checked.is_running,
        "audit_devices_not_open": node.devices.broker().not_open(),
    });
    if let Value::Object(more) = more {
        members.extend(more);
    }
    if checked.is_running {
        members.insert(String::from("reindex_stage"), json!(checked.stage));
        members.insert(
            String::from("reindex_building_progress"),
            json!(checked.trees_done),
        );
        members.insert(String::from("reindex_building_total"), json!(checked.trees));
    }
}

fn of_known(node: &Unsealed, one: &KnownSecondary, live: Option<Live>, now: Timestamp) -> Value {
    let is_connected = live.as_ref().is_some_and(|live| live.streams > 0);
    let state = match (one.revoked, one.used) {
        (Some(_), _) => "revoked",
        (None, _) if is_connected => "connected",
        (None, Some(_)) => "used",
        (None, None) => "issued",
    };
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    put("node_id", json!(one.id));
    put("state", json!(state));
    put("issued", json!(one.issued.to_rfc3339()));
    put("used", json!(one.used.map(Timestamp::to_rfc3339)));
    put("revoked", json!(one.revoked.map(Timestamp::to_rfc3339)));
    let status = if is_connected {
        "connected"
    } else {
        "disconnected"
    };
    put("connection_status", json!(status));
    if let Some(live) = live {
        put("api_address", json!(live.api_address));
        put("cluster_address", json!(live.cluster_address));
        if let Some(heard) = live.last_heartbeat {
            put("last_heartbeat", json!(heard.to_rfc3339()));
            let age = now.since(heard).as_millis().to_string();
            put("last_heartbeat_duration_ms", json!(age));
        }
        if let Some(has) = live.has {
            let extent = node.parts.source.extent();
            put("last_remote_wal", json!(has));
            put("lag_entries", json!(extent.applied.saturating_sub(has)));
            put("lag_bytes", json!(extent.bytes_after(has)));
            let lag = live.lag(extent.applied, now);
            put("lag_seconds", json!(lag.map(|lag| lag.as_secs_f64())));
            let age = lag.map(|lag| lag.as_millis().to_string());
            put("replication_primary_canary_age_ms", json!(age));
            put("headroom_entries", json!(has.saturating_sub(extent.purged)));
            put("headroom_bytes", json!(live.headroom(&extent)));
            put("headroom_is_low", json!(live.headroom_is_low));
        }
    }
    Value::Object(shown)
}

fn of_secondary(node: &Unsealed, secondary: &Secondary, shown: Shown) -> Result<Value, Refusal> {
    let in_the_way = mounts_in_the_way(node);
    let how = secondary.how().clone();
    let position = secondary.position();
    let record = &secondary.record;
    let addresses: Vec<String> = secondary
        .addresses()
        .iter()
        .map(|address| format!("https://{address}"))
        .collect();
    let mut status = json!({
        "mode": mode(node),
        "rollback_possible": node.replication.joining().is_some(),
        "state": how.doing.name(),
        "connection_state": how.connection.name(),
        "cluster_id": record.relation,
        "generation": record.generation,
        "secondary_id": record.id,
        "primary_cluster_addr": addresses.first().map_or("", String::as_str),
        "known_primary_cluster_addrs": addresses,
        "primaries": primaries(node, secondary, &addresses),
        "last_remote_wal": position.index,
        "last_start": how.started.map(Timestamp::to_rfc3339),
        "last_error": how.trouble,
        "merkle_root": root(node)?,
        "mounts_in_the_way_count": in_the_way.len(),
        "lag_entries": how.last_heartbeat.map(|_| how.head.saturating_sub(position.index)),
        "lag_bytes": how.last_heartbeat.map(|_| how.waiting_bytes),
        "lag_seconds": secondary.lag(node.now()).as_secs_f64(),
        "clock_skew_ms": how.clock_skew_millis.to_string(),
    });
    if shown == Shown::WithPaths
        && let Value::Object(members) = &mut status
    {
        members.insert(String::from("mounts_in_the_way"), json!(in_the_way));
    }
    if how.doing == Doing::Fetches
        && let Value::Object(members) = &mut status
    {
        members.insert(
            String::from("merkle_sync_progress"),
            json!({ "sync_total_keys": how.to_fetch, "sync_progress": how.fetched }),
        );
    }
    add_checks(node, &mut status);
    Ok(status)
}

/// The addresses of the primary; what is known of it stands beside the one that answered.
fn primaries(node: &Unsealed, secondary: &Secondary, addresses: &[String]) -> Vec<Value> {
    let how = secondary.how().clone();
    let age = secondary.lag(node.now()).as_millis().to_string();
    let shown = addresses.iter().enumerate().map(|(at, address)| {
        let is_connected = at == 0 && how.connection == Connection::Ready;
        let mut shown = json!({
            "api_address": secondary.record.primary_api,
            "cluster_address": address,
            "connection_status": if is_connected { "connected" } else { "disconnected" },
        });
        let heard = how.last_heartbeat.filter(|_| at == 0);
        if let (Some(heard), Value::Object(members)) = (heard, &mut shown) {
            let mut put = |name: &str, value: String| {
                members.insert(name.to_owned(), Value::String(value));
            };
            put("last_heartbeat", heard.to_rfc3339());
            let silence = node.now().since(heard).as_millis();
            put("last_heartbeat_duration_ms", silence.to_string());
            put("clock_skew_ms", how.clock_skew_millis.to_string());
            put("replication_primary_canary_age_ms", age.clone());
        }
        shown
    });
    shown.collect()
}

/// The paths of mounts of the primary that wait, because a local mount is in their way.
pub(crate) fn mounts_in_the_way(node: &Unsealed) -> Vec<String> {
    let tables = node.tables();
    let waiting = tables.aside().map(|(namespace, entry)| {
        let namespace = tables.namespaces.with_id(namespace);
        let path = namespace.map(|namespace| namespace.path.as_str());
        format!("{}{}", path.unwrap_or_default(), entry.path)
    });
    waiting.collect()
}

/// One sum over everything that is replicated and here: what a filter leaves out of a secondary makes
/// it another one.
pub(crate) fn root(node: &Unsealed) -> Result<String, Refusal> {
    root_of(node, Class::Replicated)
}

/// As [`root`], of a class.
pub(crate) fn root_of(node: &Unsealed, class: Class) -> Result<String, Refusal> {
    let snapshot = node.parts.storage.snapshot();
    let mut sum = Record::default();
    let class = [class.to_byte()];
    let mut from = class.to_vec();
    loop {
        let next = snapshot.range(Space::Digests, &from, None).next();
        let Some(found) = next else { break };
        let (key, value) = found.map_err(crate::refusal::from_storage)?;
        if !key.starts_with(&class) {
            break;
        }
        let Some(tree) = Tree::of_record(&key) else {
            break;
        };
        if key.as_ref() == Place::Root.record_key(&tree).as_slice() {
            let damaged = || Refusal::internal("a record of digests is damaged");
            sum = sum.plus(Record::from_bytes(&value).ok_or_else(damaged)?);
        }
        let Some(after) = tree.end() else { break };
        from = after;
    }
    let bytes = sum.to_bytes();
    Ok(bytes.iter().take(20).fold(String::new(), |mut text, byte| {
        use core::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
