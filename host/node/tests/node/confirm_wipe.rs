//! A cluster that holds anything becomes a secondary only where somebody says so with its own id.

use crate::hostile_secondary::thief::NOTES;
use crate::house::House;
use base::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const ENABLE: &str = "sys/replication/performance/secondary/enable";

/// What it is refused with. No token is good here, so that it always is.
async fn refused(house: &House) -> String {
    let refused = house.write(ENABLE, json!({ "token": "x" })).await;
    refused.unwrap_err().message
}

async fn wants_confirmation(house: &House) -> bool {
    refused(house).await.contains("confirm_wipe=")
}

fn component() -> Value {
    json!({ "component": STANDARD.encode(NOTES) })
}

const CATALOG: &str = "sys/plugins/catalog/secret/notes";

/// Something of each family of entries that an operator or a user makes: where, and what.
fn families() -> Vec<(&'static str, Value)> {
    let mine = json!({ "policy": "# mine" });
    let ends = json!({ "policy": policy::DEFAULT_TEXT, "ttl": "1h" });
    let length = "length = 8\nrule \"charset\" { charset = \"abc\" }";
    let headers = json!({ "enable_rate_limit_response_headers": true });
    let origins = json!({ "allowed_origins": "https://a.test" });
    let tuned = json!({ "description": "ours" });
    let issuer = json!({ "issuer": "https://i.test" });
    let scope = json!({ "template": "{\"a\":\"b\"}" });
    vec![
        ("sys/policies/acl/mine", mine.clone()),
        ("sys/policies/acl/default", mine),
        ("sys/policies/acl/default", ends),
        ("sys/policies/password/p", json!({ "policy": length })),
        ("identity/entity", json!({ "name": "ann" })),
        ("identity/group", json!({ "name": "g" })),
        ("sys/quotas/rate-limit/q", json!({ "rate": 5 })),
        ("sys/quotas/lease-count/q", json!({ "max_leases": 5 })),
        ("sys/quotas/config", headers),
        ("auth/token/roles/r", json!({ "orphan": true })),
        (CATALOG, component()),
        ("sys/mounts/m", json!({ "type": "notes" })),
        ("sys/mounts/m", json!({ "type": "notes", "local": true })),
        ("sys/mounts/identity/tune", tuned.clone()),
        ("sys/mounts/cubbyhole/tune", tuned),
        ("sys/namespaces/mine", json!({})),
        ("identity/oidc/config", issuer),
        ("identity/oidc/key/k", json!({})),
        ("identity/oidc/role/r", json!({ "key": "default" })),
        ("identity/oidc/scope/s", scope),
        ("identity/oidc/assignment/a", json!({ "entity_ids": ["e"] })),
        ("identity/mfa/method/totp", json!({ "issuer": "i" })),
        ("sys/config/cors", origins),
        ("sys/config/ui/headers/x-h", json!({ "values": ["v"] })),
        (
            "sys/config/auditing/request-headers/x-h",
            json!({ "hmac": true }),
        ),
        ("sys/rotate/config", json!({ "interval": "48h" })),
    ]
}

#[tokio::test(start_paused = true)]
async fn any_family_of_entries_wants_to_be_confirmed() {
    let mut missed = Vec::new();
    for (path, data) in families() {
        let house = House::open().await;
        if data["type"] == "notes" {
            house.write(CATALOG, component()).await.unwrap();
            let delete = house.ask(Operation::Delete, CATALOG, json!({}));
            // What is mounted is kept, whatever the catalog has.
            house.write(path, data.clone()).await.unwrap();
            delete.await.unwrap();
        } else {
            let written = house.write(path, data.clone()).await;
            written.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
        }
        if !wants_confirmation(&house).await {
            missed.push(format!("{path} {data}"));
        }
    }
    assert!(missed.is_empty(), "went without being asked: {missed:?}");
}

/// Those of one cluster alone count too, whether a device is shared or not.
#[tokio::test(start_paused = true)]
async fn audit_devices_want_to_be_confirmed() {
    for local in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::open().await;
        let file = folder.path().join("audit");
        let device = json!({ "type": "file", "local": local, "options": { "file_path": file } });
        house.write("sys/audit/mine", device).await.unwrap();
        assert!(wants_confirmation(&house).await, "local: {local}");
    }
}

/// What an initialized server makes by itself, tokens, and what only comes with use want nothing.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_holds_nothing_is_not_asked() {
    let house = House::open().await;
    house.token_with(&["default"]).await;
    house
        .write("cubbyhole/x", json!({ "v": "x" }))
        .await
        .unwrap();
    house.tick().await;
    let key = "sys/replication/performance/secondary/generate-public-key";
    house.write(key, json!({})).await.unwrap();
    assert!(
        !wants_confirmation(&house).await,
        "{}",
        refused(&house).await
    );
    // What is gone is not asked for, nor a policy that says again what it said.
    let default = json!({ "policy": policy::DEFAULT_TEXT });
    for (path, data) in [
        ("sys/policies/acl/mine", json!({ "policy": "# mine" })),
        ("sys/policies/acl/default", default),
    ] {
        house.write(path, data).await.unwrap();
    }
    house.write(CATALOG, component()).await.unwrap();
    house
        .write("sys/mounts/m", json!({ "type": "notes" }))
        .await
        .unwrap();
    assert!(wants_confirmation(&house).await);
    for path in ["sys/policies/acl/mine", "sys/mounts/m", CATALOG] {
        let gone = house.ask(Operation::Delete, path, json!({})).await;
        gone.unwrap();
    }
    for _ in 0..10 {
        house.tick().await;
    }
    assert!(
        !wants_confirmation(&house).await,
        "{}",
        refused(&house).await
    );
}
