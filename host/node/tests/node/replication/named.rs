//! A secondary that its primary knows by another name than before.

use super::{primary, secondary};
use crate::pair::Network;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_secondary_with_a_new_name_has_what_its_new_filter_lets_in() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for namespace in ["x", "y"] {
        let path = format!("sys/namespaces/{namespace}");
        a.write(&path, json!({})).await.unwrap();
        let path = format!("{namespace}/sys/policies/acl/p");
        a.write(&path, json!({ "policy": "# p" })).await.unwrap();
    }
    let deny = |path: &str| json!({ "paths_filter_mode": "deny", "paths": [path] });
    let c = secondary(&network, &both, "c", deny("x/")).await;
    assert!(c.read("x/sys/policies/acl/p").await.is_err());
    assert!(c.read("y/sys/policies/acl/p").await.is_ok());
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    a.write(revoke, json!({ "id": "c" })).await.unwrap();
    // The first filter of the new name has the number that the first of the old name had.
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = c.write(key, json!({})).await.unwrap();
    let mut data = deny("y/");
    let members = data.as_object_mut().unwrap();
    members.insert(String::from("id"), json!("d"));
    members.extend(key.as_object().unwrap().clone());
    let path = "sys/replication/performance/primary/secondary-token";
    let made = a.write(path, data).await.unwrap();
    let update = "sys/replication/performance/secondary/update-primary";
    c.write(update, json!({ "token": made["token"] }))
        .await
        .unwrap();
    c.until_it_streams().await;
    assert!(c.read("x/sys/policies/acl/p").await.is_ok());
    assert!(c.read("y/sys/policies/acl/p").await.is_err());
}
