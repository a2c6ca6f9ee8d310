//! What replication shows in `sys/metrics`, in Vault's words as far as Vault has one.

use super::secondary::Connection;
use super::{Primary, Role, Secondary, known};
use crate::observed::gauge_of;
use crate::unsealed::Unsealed;
use base::Refusal;
use telemetry::Metric;

/// Secondaries that are shown one by one.
const SECONDARIES_SHOWN_MAX: usize = 500;

/// The part that this cluster plays, and how that goes.
pub(crate) fn metrics(node: &Unsealed) -> Result<Vec<Metric>, Refusal> {
    let role = node.replication.role();
    let plays = |name: &str, is_so: bool| {
        let name = format!("core.replication.performance.{name}");
        Metric::gauge(name, f64::from(u8::from(is_so)))
    };
    let mut all = vec![
        plays("primary", matches!(role, Role::Primary(_))),
        plays("secondary", matches!(role, Role::Secondary(_))),
    ];
    match role {
        Role::Off => {}
        Role::Primary(primary) => all.extend(of_primary(node, &primary)?),
        Role::Secondary(secondary) | Role::Joining(secondary) => {
            all.extend(of_secondary(node, &secondary));
        }
    }
    Ok(all)
}

fn of_primary(node: &Unsealed, primary: &Primary) -> Result<Vec<Metric>, Refusal> {
    let (extent, now) = (node.parts.source.extent(), node.now());
    let last = gauge_of(extent.applied);
    let mut all = vec![
        Metric::gauge("replication.wal.last_wal", last),
        Metric::gauge("replication.wal.last_performance_wal", last),
    ];
    let known = known::all(&mut node.begin())?.into_iter();
    let alive = known.filter(|one| one.revoked.is_none());
    for one in alive.take(SECONDARIES_SHOWN_MAX) {
        let live = primary.how(&one.id);
        let mut put = |name: &str, value: f64| {
            let name = format!("replication.secondary.{name}");
            all.push(Metric::gauge(name, value).label("secondary", one.id.as_str()));
        };
        let is_connected = live.as_ref().is_some_and(|live| live.streams > 0);
        put("connected", f64::from(u8::from(is_connected)));
        let Some(live) = live else { continue };
        if let Some(has) = live.has {
            put("lag_entries", gauge_of(extent.applied.saturating_sub(has)));
            put("lag_bytes", gauge_of(extent.bytes_after(has)));
        }
        if let Some(headroom) = live.headroom(&extent) {
            put("headroom_bytes", gauge_of(headroom));
        }
        if let Some(lag) = live.lag(extent.applied, now) {
            put("lag_seconds", lag.as_secs_f64());
        }
        if let Some(heard) = live.last_heartbeat {
            put("heartbeat_age_seconds", now.since(heard).as_secs_f64());
        }
    }
    Ok(all)
}

fn of_secondary(node: &Unsealed, secondary: &Secondary) -> Vec<Metric> {
    let how = secondary.how().clone();
    let index = secondary.position().index;
    let is_connected = how.connection == Connection::Ready;
    let meters = &node.parts.meters;
    let lag = secondary.lag(node.now()).as_secs_f64();
    let mut all = vec![
        Metric::gauge("replication.fsm.last_remote_wal", gauge_of(index)),
        Metric::gauge("replication.connected", f64::from(u8::from(is_connected))),
        Metric::gauge("replication.lag_seconds", lag),
        Metric::timer("replication.merkleSync", meters.comparisons.read()),
    ];
    // Before the primary says how far it is, nobody knows how much there is to come.
    if how.last_heartbeat.is_some() {
        let entries = gauge_of(how.head.saturating_sub(index));
        all.push(Metric::gauge("replication.lag_entries", entries));
        let bytes = gauge_of(how.waiting_bytes);
        all.push(Metric::gauge("replication.lag_bytes", bytes));
    }
    all
}
