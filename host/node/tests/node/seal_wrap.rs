//! What the host's own entries ask of a seal that wraps.

use crate::pair::Network;
use crate::replication::{primary, secondary};
use barrier::SealWrap;
use serde_json::json;
use storage::{Memory, Space, Storage as _};

/// The ends of the keys of entries that are marked.
fn marked(storage: &Memory) -> Vec<String> {
    let snapshot = storage.snapshot();
    let entries = snapshot.range(Space::Entries, &[], None);
    let marked = entries
        .map(|entry| entry.unwrap())
        .filter(|(_, value)| SealWrap::of(value) == Some(SealWrap::Wanted));
    let path = |key: &[u8]| String::from_utf8_lossy(key).into_owned();
    marked.map(|(key, _)| path(&key)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_holds_a_private_key_is_marked_for_the_seal() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let path = "sys/replication/performance/primary/secondary-token";
    a.write(path, json!({ "id": "later" })).await.unwrap();
    let has = |marked: &[String], part: &str| marked.iter().any(|key| key.contains(part));
    let of_a = marked(&a.house.storage);
    for part in [
        "core/replication/performance/primary",
        "core/wrapping/jwtkey",
        "cubbyhole",
    ] {
        assert!(has(&of_a, part), "{part}: {of_a:?}");
    }
    assert!(
        !has(&of_a, "core/replication/performance/known"),
        "{of_a:?}"
    );
    let c = secondary(&network, &both, "c", json!({})).await;
    let of_c = marked(&c.house.storage);
    assert!(
        has(&of_c, "core/replication/performance/secondary"),
        "{of_c:?}"
    );
    a.write("identity/oidc/key/k", json!({})).await.unwrap();
    c.until_it_streams().await;
    // The mark travels with what it is on.
    assert!(has(&marked(&c.house.storage), "identity/oidc/secret/"));
}
