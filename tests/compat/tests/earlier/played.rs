//! A primary of each version is played to a secondary of today.

use base::{Operation, RefusalKind};
use compat::house::House;
use compat::replication::{Player, Recording, record, versions};
use core::time::Duration;
use serde_json::{Value, json};
use std::sync::Arc;

const STATUS: &str = "sys/replication/performance/status";
const SECONDARY: &str = "sys/replication/performance/secondary";

/// Waits until something is so, but not for ever.
async fn until(house: &House, is_so: impl Fn(&Value) -> bool) {
    for _ in 0..1_000 {
        let status = house.ask_as("", Operation::Read, STATUS, json!({})).await;
        if status.is_ok_and(|status| is_so(&status)) {
            return;
        }
        let nothing = core::future::pending::<()>();
        let _ = tokio::time::timeout(Duration::from_millis(10), nothing).await;
    }
    panic!(
        "{:#?}",
        house.ask_as("", Operation::Read, STATUS, json!({})).await
    );
}

fn streams(status: &Value) -> bool {
    status["state"] == "stream-wals" && status["lag_entries"] == 0
}

/// A cluster of today that follows a recorded primary, and the primary.
pub(crate) async fn following(recording: &Recording) -> (House, Player) {
    let player = Player::of(recording.clone());
    let (mut house, _) = House::with(Arc::new(player.clone())).await;
    let key = format!("{SECONDARY}/generate-public-key");
    let key = house.write(&key, json!({})).await.unwrap();
    let token = player.activation(key["secondary_public_key"].as_str().unwrap());
    let enable = json!({ "token": token });
    house
        .write(&format!("{SECONDARY}/enable"), enable)
        .await
        .unwrap();
    house.token.clone_from(&recording.token);
    until(&house, streams).await;
    (house, player)
}

async fn check_all_is_there(house: &House, recording: &Recording) {
    for (path, member, expected) in [
        ("sys/policies/acl/before", "policy", "# after"),
        ("sys/policies/acl/rotated", "policy", "# rotated"),
        ("sys/policies/acl/rooted", "policy", "# rooted"),
        ("notes/notes/a", "text", "before"),
        ("notes/notes/b", "text", "streamed"),
        ("more/notes/a", "text", "of a new mount"),
        ("sys/auth/reception", "type", "reception"),
        ("identity/entity/name/ann", "name", "ann"),
        ("identity/group/name/readers", "name", "readers"),
        ("sys/namespaces/team", "path", "team/"),
        ("sys/namespaces/later", "path", "later/"),
    ] {
        let read = house.read(path).await;
        let read = read.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
        assert_eq!(read[member], expected, "{path}");
    }
    for gone in ["sys/policies/acl/goes", "notes/notes/goes", "own/notes/a"] {
        let refused = house.read(gone).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::NotFound, "{gone}");
    }
    let status = house.read(STATUS).await.unwrap();
    assert_eq!(status["mode"], "secondary");
    assert_eq!(status["merkle_root"], json!(recording.merkle_root));
    assert_eq!(status["cluster_id"], recording.bundle["cluster_id"]);
}

async fn check_is_followed(recording: &Recording) {
    let (house, player) = following(recording).await;
    check_all_is_there(&house, recording).await;
    // All of it is on its disk, and what unseals the primary unseals it.
    let house = house.restarted(Arc::new(player.clone()));
    house.unseal(&recording.share.0).await;
    until(&house, streams).await;
    check_all_is_there(&house, recording).await;
    assert_eq!(player.unknown(), [""; 0]);
}

#[tokio::test]
async fn a_primary_of_each_version_is_followed() {
    for version in versions() {
        check_is_followed(&Recording::of(&version)).await;
    }
}

/// What is recorded anew by a program of today is followed as well.
#[tokio::test]
async fn a_recording_of_today_is_followed() {
    check_is_followed(&record().await).await;
}
