//! A cluster that holds anything becomes a secondary only where somebody says so with its own id.

use crate::hostile_secondary::thief::NOTES;
use crate::house::House;
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

/// Something of each family of entries that an operator or a user makes.
fn families() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let one = |path, data| vec![(path, data)];
    let length = "length = 8\nrule \"charset\" { charset = \"abc\" }";
    let notes = json!({ "component": STANDARD.encode(NOTES) });
    let catalog = ("sys/plugins/catalog/secret/notes", notes);
    let mount = |path, local| {
        let data = json!({ "type": "notes", "local": local });
        vec![catalog.clone(), (path, data)]
    };
    let policy = json!({ "policy": "# mine" });
    vec![
        ("policy", one("sys/policies/acl/mine", policy.clone())),
        (
            "edited default policy",
            one("sys/policies/acl/default", policy),
        ),
        (
            "default policy that ends",
            one(
                "sys/policies/acl/default",
                json!({ "policy": policy::DEFAULT_TEXT, "ttl": "1h" }),
            ),
        ),
        (
            "password policy",
            one("sys/policies/password/p", json!({ "policy": length })),
        ),
        ("entity", one("identity/entity", json!({ "name": "ann" }))),
        ("group", one("identity/group", json!({ "name": "g" }))),
        (
            "rate limit",
            one("sys/quotas/rate-limit/q", json!({ "rate": 5 })),
        ),
        (
            "limit of leases",
            one("sys/quotas/lease-count/q", json!({ "max_leases": 5 })),
        ),
        (
            "configuration of quotas",
            one(
                "sys/quotas/config",
                json!({ "enable_rate_limit_response_headers": true }),
            ),
        ),
        (
            "token role",
            one("auth/token/roles/r", json!({ "orphan": true })),
        ),
        ("component", vec![catalog.clone()]),
        ("mount", mount("sys/mounts/m", false)),
        ("local mount", mount("sys/mounts/m", true)),
        (
            "tuned mount of the host",
            one("sys/mounts/identity/tune", json!({ "description": "ours" })),
        ),
        (
            "tuned local mount of the host",
            one(
                "sys/mounts/cubbyhole/tune",
                json!({ "description": "ours" }),
            ),
        ),
        ("namespace", one("sys/namespaces/mine", json!({}))),
        (
            "issuer of identity tokens",
            one(
                "identity/oidc/config",
                json!({ "issuer": "https://i.test" }),
            ),
        ),
        (
            "key of identity tokens",
            one("identity/oidc/key/k", json!({})),
        ),
        (
            "scope",
            one(
                "identity/oidc/scope/s",
                json!({ "template": "{\"a\":\"b\"}" }),
            ),
        ),
        (
            "assignment",
            one("identity/oidc/assignment/a", json!({ "entity_ids": ["e"] })),
        ),
        (
            "second factor",
            one("identity/mfa/method/totp", json!({ "issuer": "i" })),
        ),
        (
            "origins",
            one(
                "sys/config/cors",
                json!({ "allowed_origins": "https://a.test" }),
            ),
        ),
        (
            "header of the user interface",
            one("sys/config/ui/headers/x-h", json!({ "values": ["v"] })),
        ),
        (
            "audited header",
            one(
                "sys/config/auditing/request-headers/x-h",
                json!({ "hmac": true }),
            ),
        ),
        (
            "rotation of keys",
            one("sys/rotate/config", json!({ "interval": "48h" })),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn any_family_of_entries_wants_to_be_confirmed() {
    let mut missed = Vec::new();
    for (family, writes) in families() {
        let house = House::open().await;
        for (path, data) in writes {
            let written = house.write(path, data).await;
            written.unwrap_or_else(|refusal| panic!("{family}: {refusal:?}"));
        }
        if !wants_confirmation(&house).await {
            missed.push(family);
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
    let notes = json!({ "component": STANDARD.encode(NOTES) });
    let catalog = "sys/plugins/catalog/secret/notes";
    house.write(catalog, notes).await.unwrap();
    house
        .write("sys/mounts/m", json!({ "type": "notes" }))
        .await
        .unwrap();
    assert!(wants_confirmation(&house).await);
    for path in ["sys/policies/acl/mine", "sys/mounts/m", catalog] {
        let gone = house.ask(base::Operation::Delete, path, json!({})).await;
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
