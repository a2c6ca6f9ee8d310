//! Audit devices that secondaries have from their primary, where a secondary cannot open them.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{Operation, RefusalKind};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn device(file: &Path) -> Value {
    json!({ "type": "file", "options": { "file_path": file } })
}

/// The primary has the device, and its folder goes before the secondary sees it.
async fn enable_where_only_the_primary_can(network: &Network, a: &Member, file: &Path) {
    network.cut(true);
    fs::create_dir(file.parent().unwrap()).unwrap();
    a.write("sys/audit/shared", device(file)).await.unwrap();
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
    network.cut(false);
}

async fn until_it_is_not_open(c: &Member) {
    c.until(|status| status["audit_devices_not_open"] == json!(["shared/"]))
        .await;
}

async fn until_answered(c: &Member) {
    for _ in 0..1_000 {
        if c.read("sys/mounts").await.is_ok() {
            return;
        }
        a_while().await;
    }
    panic!("{:?}", c.read("sys/mounts").await);
}

#[tokio::test(start_paused = true)]
async fn a_secondary_whose_only_device_cannot_be_opened_refuses_and_follows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logs").join("audit");
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    enable_where_only_the_primary_can(&network, a, &file).await;
    until_it_is_not_open(&c).await;
    for path in ["sys/mounts", "sys/policies/acl/admin"] {
        let refused = c.read(path).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Internal, "{refused:?}");
    }
    let written = c.write("sys/policies/acl/x", json!({ "policy": "# x" }));
    assert_eq!(written.await.unwrap_err().kind, RefusalKind::Internal);
    // Nobody else is held up by it.
    a.write("sys/policies/acl/y", json!({ "policy": "# y" }))
        .await
        .unwrap();
    assert_eq!(a.status().await["audit_devices_not_open"], json!([]));
    c.until_it_streams().await;

    // Once the folder is there it works, and what it does is recorded.
    fs::create_dir(file.parent().unwrap()).unwrap();
    assert!(c.read("sys/policies/acl/y").await.is_ok());
    assert!(c.read("sys/policies/acl/x").await.is_err());
    let recorded = fs::read_to_string(&file).unwrap();
    assert!(recorded.contains("sys/policies/acl/y"), "{recorded}");
    assert_eq!(c.status().await["audit_devices_not_open"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn disabling_it_on_the_primary_frees_the_secondary() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logs").join("audit");
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    enable_where_only_the_primary_can(&network, a, &file).await;
    until_it_is_not_open(&c).await;
    assert!(c.read("sys/mounts").await.is_err());
    let disable = a
        .house
        .ask_as(&a.token, Operation::Delete, "sys/audit/shared", json!({}));
    disable.await.unwrap();
    until_answered(&c).await;
}

#[tokio::test(start_paused = true)]
async fn a_local_device_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logs").join("audit");
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let own = folder.path().join("own");
    let mut local = device(&own);
    local["local"] = json!(true);
    c.write("sys/audit/own", local).await.unwrap();
    enable_where_only_the_primary_can(&network, a, &file).await;
    until_it_is_not_open(&c).await;
    assert!(c.read("sys/policies/acl/admin").await.is_ok());
    let recorded = fs::read_to_string(&own).unwrap();
    assert!(recorded.contains("sys/policies/acl/admin"), "{recorded}");
    // The primary knows nothing of it.
    let listed = a.read("sys/audit").await.unwrap();
    assert_eq!(listed.as_object().unwrap().len(), 1, "{listed:#}");
    assert!(listed["shared/"].is_object(), "{listed:#}");
}

#[tokio::test(start_paused = true)]
async fn whoever_enables_a_shared_device_is_told_that_it_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::default();
    let (a, _) = primary(&network).await;
    let enable = async |name: &str, more: Value| {
        let mut body = device(&folder.path().join(name));
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let path = format!("sys/audit/{name}");
        a.house.warnings(&a.token, &path, body).await.unwrap()
    };
    let shared = enable("shared", json!({})).await;
    assert!(shared[0].contains("have this device too"), "{shared:?}");
    assert_eq!(enable("own", json!({ "local": true })).await, [""; 0]);
    let nowhere = json!({ "options": { "file_path": "discard" } });
    assert_eq!(enable("nowhere", nowhere).await, [""; 0]);
}
