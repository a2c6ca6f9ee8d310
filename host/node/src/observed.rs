//! What a node shows of itself: metrics, and the requests in flight. Also while sealed, where the
//! listener lets everybody look.

use crate::in_flight::Begun;
use crate::parts::Parts;
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use base::{Answer, Json, Map, NamespaceId, Operation, Raw, Refusal};
use core::time::Duration;
use locality::SystemKey;
use mount::MountKind;
use serde_json::{Value, json};
use std::sync::PoisonError;
use telemetry::Metric;

/// Mounts whose times are shown one by one.
const MOUNTS_SHOWN_MAX: usize = 2_000;
/// Leases that are counted at once, and all together.
const LEASES_PAGE: usize = 10_000;
const LEASES_COUNTED_MAX: usize = 1_000_000;
/// Before leases are counted again.
const LEASES_COUNTED_EVERY: Duration = Duration::from_secs(10);

/// `sys/metrics`.
pub(crate) fn metrics(
    parts: &Parts,
    unsealed: Option<&Unsealed>,
    format: &str,
) -> Result<Answer, Refusal> {
    let (status, content_type, body) = match format {
        "" => {
            let (now, elapsed) = (parts.clock.now(), parts.clock.elapsed());
            let all = all(parts, unsealed)?;
            let shown = parts.meters.scrape.json(all, now, elapsed);
            (200, "application/json", shown)
        }
        "prometheus" if parts.meters.scrape.has_prometheus() => {
            let all = all(parts, unsealed)?;
            let elapsed = parts.clock.elapsed();
            let mut text = parts.meters.scrape.prometheus(all, elapsed);
            text.push_str(&parts.process.prometheus());
            (200, "text/plain; version=0.0.4; charset=utf-8", text)
        }
        "prometheus" => {
            let text = String::from("prometheus is not enabled");
            (400, "text/plain", text)
        }
        other => {
            let text = format!("metric response format {other:?} unknown");
            (400, "text/plain", text)
        }
    };
    Ok(Answer::Raw(Raw {
        status,
        content_type: content_type.to_owned(),
        headers: Vec::new(),
        body: body.into_bytes(),
    }))
}

fn all(parts: &Parts, unsealed: Option<&Unsealed>) -> Result<Vec<Metric>, Refusal> {
    let mut all = match unsealed {
        Some(unsealed) => of_unsealed(unsealed)?,
        None => {
            let cluster = parts.settings.cluster_name.as_str();
            ["core.unsealed", "core.active"]
                .map(|name| Metric::gauge(name, 0.0).label("cluster", cluster))
                .into()
        }
    };
    all.extend(parts.meters.metrics());
    all.extend(parts.process.metrics());
    let count = gauge(parts.meters.in_flight.count());
    all.push(Metric::gauge("core.in_flight_requests", count));
    Ok(all)
}

fn of_unsealed(node: &Unsealed) -> Result<Vec<Metric>, Refusal> {
    let (parts, cluster) = (&node.parts, node.cluster.name.as_str());
    let tables = node.tables();
    parts
        .meters
        .keep_only(|namespace, mount| tables.with_id(namespace, mount).is_some());
    let ours = |name: &str, value| Metric::gauge(name, value).label("cluster", cluster);
    let mut all = vec![
        ours("core.unsealed", 1.0),
        ours("core.active", 1.0),
        Metric::gauge("expire.num_leases", leases(node)?),
        Metric::gauge("expire.num_irrevocable_leases", irrevocable(node)?),
    ];
    for (kind, name) in [(MountKind::Auth, "auth"), (MountKind::Secret, "logical")] {
        for local in [false, true] {
            let count = tables
                .iter()
                .filter(|(_, mount)| mount.0.kind == kind && mount.0.local == local);
            let count = ours("core.mount_table.num_entries", gauge(count.count()));
            all.push(count.label("local", local.to_string()).label("type", name));
        }
    }
    for (namespace, mount) in tables.iter().take(MOUNTS_SHOWN_MAX) {
        let place = tables.namespaces.with_id(namespace);
        let prefix = place.map_or("", |namespace| &namespace.path);
        all.extend(parts.meters.of_mount(namespace, prefix, mount));
    }
    all.extend(parts.meters.of_tokens(cluster));
    let term = node.keys.ring().active();
    let sealed = Metric::counter("barrier.estimated_encryptions", term.encryptions);
    all.push(sealed.label("term", term.term.to_string()));
    let commits = parts.meters.commits.read();
    all.extend([
        Metric::counter("raft.apply", commits.count()),
        Metric::timer("raft.commitTime", commits),
    ]);
    let index = gauge_of(node.committer.index());
    for name in ["applied_index", "commit_index"] {
        let name = format!("raft_storage.stats.{name}");
        all.push(Metric::gauge(name, index));
    }
    all.extend(crate::replication::metrics::metrics(node)?);
    Ok(all)
}

/// How many leases have an end. Not counted more often than every ten seconds.
fn leases(node: &Unsealed) -> Result<f64, Refusal> {
    let elapsed = node.parts.clock.elapsed();
    let counted = &node.parts.meters.leases;
    let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((at, count)) = *counted
        && elapsed.saturating_sub(at) < LEASES_COUNTED_EVERY
    {
        return Ok(count);
    }
    let prefix = SystemKey::lease_ends();
    let (mut count, mut after) = (0, None);
    while count < LEASES_COUNTED_MAX {
        let page = node
            .begin()
            .keys(&prefix, after.as_ref(), LEASES_PAGE)
            .map_err(from_barrier)?;
        count += page.len();
        after = match page.len() < LEASES_PAGE {
            true => break,
            false => page.last().cloned(),
        };
    }
    let count = gauge(count);
    *counted = Some((elapsed, count));
    Ok(count)
}

fn irrevocable(node: &Unsealed) -> Result<f64, Refusal> {
    let tables = node.tables();
    let namespaces = core::iter::once(NamespaceId::ROOT).chain(tables.namespaces.ids());
    let (mut tx, mut count) = (node.begin(), 0);
    for namespace in namespaces {
        let prefix = SystemKey::irrevocable_leases(namespace);
        let keys = tx.keys(&prefix, None, LEASES_PAGE);
        count += keys.map_err(from_barrier)?.len();
    }
    Ok(gauge(count))
}

fn gauge(count: usize) -> f64 {
    gauge_of(u64::try_from(count).unwrap_or(u64::MAX))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown needs no more digits than a float has"
)]
pub(crate) const fn gauge_of(count: u64) -> f64 {
    count as f64
}

/// `sys/in-flight-req`.
pub(crate) fn in_flight(parts: &Parts) -> Answer {
    let shown: Map = parts
        .meters
        .in_flight
        .all()
        .into_iter()
        .map(shown)
        .collect();
    Answer::Bare(Json::of(&Value::Object(shown)))
}

fn shown(begun: Begun) -> (String, Value) {
    let method = match begun.operation {
        Operation::Read | Operation::Help => "GET",
        Operation::Update => "PUT",
        Operation::Patch => "PATCH",
        Operation::Delete => "DELETE",
        Operation::List => "LIST",
        Operation::Scan => "SCAN",
    };
    let shown = json!({
        "start_time": begun.at.to_rfc3339(),
        "client_remote_address": begun.address.to_string(),
        "request_path": format!("/v1/{}", begun.path),
        "request_method": method,
        "client_id": "",
    });
    (begun.id, shown)
}
