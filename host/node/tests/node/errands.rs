//! What a secondary handed out is its own, also where what undoes it writes what is shared: then the
//! primary's engine does it.

use crate::hostile_secondary::thief::NOTES;
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{Operation, Refusal, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use serde_json::{Value, json};

/// An engine whose secrets are undone by a shared entry: `creds/{name}` leads to
/// `data/revoked-{name}`, unless there is `data/stuck`.
pub(crate) const COURIER: &[u8] =
    include_bytes!("../../../../tests/compat/components/v0.1/courier.wasm");

async fn pair(network: &Network) -> (Member, Member) {
    let both = primary(network).await;
    for (path, data) in [
        (
            "sys/plugins/catalog/secret/courier",
            json!({ "component": STANDARD.encode(COURIER) }),
        ),
        (
            "sys/plugins/catalog/secret/notes",
            json!({ "component": STANDARD.encode(NOTES) }),
        ),
        ("sys/mounts/m", json!({ "type": "courier" })),
    ] {
        both.0.write(path, data).await.unwrap();
    }
    let c = secondary(network, &both, "c", json!({})).await;
    (both.0, c)
}

/// A secret of a cluster; its lease.
async fn lent(cluster: &Member, name: &str) -> String {
    let request = crate::house::request(
        &cluster.token,
        Operation::Read,
        &format!("m/creds/{name}"),
        Default::default(),
    );
    let answer = cluster.house.node.handle(request).await.outcome.unwrap();
    let base::Answer::Envelope(envelope) = answer else {
        panic!("{answer:?}")
    };
    assert!(!envelope.lease.id.is_empty());
    envelope.lease.id
}

async fn undo(cluster: &Member, lease: &str) -> Result<Value, Refusal> {
    let asked = json!({ "lease_id": lease, "sync": true });
    cluster.write("sys/leases/revoke", asked).await
}

/// Also one that has ended, and waits to be undone.
async fn is_known(cluster: &Member, lease: &str) -> bool {
    let (folder, id) = lease.rsplit_once('/').unwrap();
    let path = format!("sys/leases/lookup/{folder}");
    let house = &cluster.house;
    let listed = house.ask_as(&cluster.token, Operation::List, &path, json!({}));
    listed.await.is_ok_and(|listed| {
        let ids = listed["keys"].as_array().unwrap();
        ids.contains(&json!(id))
    })
}

async fn irrevocable(cluster: &Member) -> Value {
    let path = "sys/leases/count";
    let data = json!({ "type": "irrevocable" });
    let asked = cluster
        .house
        .ask_as(&cluster.token, Operation::Read, path, data);
    asked.await.unwrap()["lease_count"].clone()
}

/// Time goes by on a cluster, and it does what is due.
async fn goes_on(cluster: &Member, seconds: u64) {
    cluster.house.clock.advance(Duration::from_secs(seconds));
    let nothing = core::future::pending::<()>();
    let _ = tokio::time::timeout(Duration::from_secs(120), nothing).await;
}

async fn until_it_is_gone(cluster: &Member, lease: &str) {
    for _ in 0..100 {
        if !is_known(cluster, lease).await {
            return;
        }
        goes_on(cluster, 10).await;
    }
    panic!("{lease} is there for ever");
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_undoing_writes_what_is_shared_is_undone_from_where_it_is() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    let lease = lent(&c, "asked").await;
    assert!(!is_known(&a, &lease).await);
    undo(&c, &lease).await.unwrap();
    assert!(!is_known(&c, &lease).await);
    let ends = lent(&c, "ends").await;
    goes_on(&c, 700).await;
    until_it_is_gone(&c, &ends).await;
    c.until_it_streams().await;
    for cluster in [&a, &c] {
        for name in ["asked", "ends"] {
            let read = cluster.read(&format!("m/data/revoked-{name}")).await;
            assert_eq!(read.unwrap()["value"], "yes", "{name}");
        }
    }
    assert_eq!(irrevocable(&c).await, 0);
}

#[tokio::test(start_paused = true)]
async fn while_the_primary_is_away_it_waits_and_is_never_given_up() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    let (ends, asked) = (lent(&c, "ends").await, lent(&c, "asked").await);
    c.cut_off(&network).await;
    let refused = undo(&c, &asked).await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Unavailable, "{refused:?}");
    assert!(
        refused
            .message
            .contains("primary cluster cannot be reached"),
        "{refused:?}"
    );
    // Longer than an engine that fails is tried again for.
    for _ in 0..60 {
        goes_on(&c, 120).await;
    }
    assert!(is_known(&c, &ends).await && is_known(&c, &asked).await);
    assert_eq!(irrevocable(&c).await, 0);
    network.cut(false);
    c.until_it_streams().await;
    for lease in [&ends, &asked] {
        until_it_is_gone(&c, lease).await;
    }
    assert!(a.read("m/data/revoked-ends").await.is_ok());
    assert!(a.read("m/data/revoked-asked").await.is_ok());
}

/// An engine that fails on the primary has failed: it is tried as often as at home.
#[tokio::test(start_paused = true)]
async fn what_the_engine_there_cannot_undo_is_given_up_as_at_home() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    let lease = lent(&c, "x").await;
    a.write("m/data/stuck", json!({ "value": "yes" }))
        .await
        .unwrap();
    c.until_it_streams().await;
    let refused = undo(&c, &lease).await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Internal, "{refused:?}");
    for _ in 0..20 {
        goes_on(&c, 700).await;
    }
    assert_eq!(irrevocable(&c).await, 1);
    a_while().await;
}
