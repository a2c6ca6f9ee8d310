//! Audit devices that the configuration declares.

use crate::house::House;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{ManualClock, Operation, Refusal, Timestamp};
use node::{DeclaredDevice, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use storage::Memory;

/// A device that writes to a file of its own name.
fn device(folder: &Path, name: &str, description: &str) -> (String, DeclaredDevice) {
    let file = folder.join(name).to_str().unwrap().to_owned();
    let device = DeclaredDevice {
        kind: String::from("file"),
        description: description.to_owned(),
        options: BTreeMap::from([(String::from("file_path"), file)]),
        local: false,
    };
    (format!("{name}/"), device)
}

/// The lives of a server, one after the other on the same disk.
struct Lives {
    storage: Arc<Memory>,
    share: Option<seal::Share>,
    token: String,
    count: u64,
}

impl Lives {
    fn new() -> Self {
        Self {
            storage: Arc::new(Memory::with_faults()),
            share: None,
            token: String::new(),
            count: 0,
        }
    }

    /// The next one, with a configuration of its own, or why it was not unsealed.
    async fn next<const N: usize>(
        &mut self,
        audit: [(String, DeclaredDevice); N],
    ) -> Result<House, String> {
        self.count += 1;
        let at = Timestamp::from_millis(1_700_000_000_000 + self.count * 60_000);
        let settings = Settings {
            audit: audit.into(),
            ..Settings::default()
        };
        let clock = Arc::new(ManualClock::new(at));
        let alone = Arc::new(node::Alone);
        let mut house = House::with(Arc::clone(&self.storage), clock, settings, alone);
        if self.share.is_none() {
            let mut made = house.initialize(1, 1).await.unwrap();
            self.token.clone_from(made.root_token.expose());
            self.share = Some(made.shares.remove(0));
        }
        let unsealed = house.submit(self.share.as_ref().unwrap()).await;
        unsealed.map_err(|refusal| refusal.message)?;
        house.token.clone_from(&self.token);
        Ok(house)
    }
}

async fn names(house: &House) -> Vec<String> {
    let listed = house.read("sys/audit").await.unwrap();
    let named = listed.as_object().unwrap().iter();
    let named = named.filter(|(_, device)| device["type"].is_string());
    named.map(|(name, _)| name.clone()).collect()
}

async fn enable(house: &House, (path, device): &(String, DeclaredDevice)) -> Value {
    let device = json!({
        "type": device.kind, "description": device.description, "options": device.options,
    });
    house
        .write(&format!("sys/audit/{path}"), device)
        .await
        .unwrap()
}

async fn disable(house: &House, name: &str) -> Result<Value, Refusal> {
    let path = format!("sys/audit/{name}");
    house.ask(Operation::Delete, &path, json!({})).await
}

#[tokio::test]
async fn what_is_declared_is_there_and_what_is_not_declared_any_more_goes() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| device(folder.path(), name, "d"));
    let mut lives = Lives::new();
    let house = lives.next([one.clone(), two.clone()]).await.unwrap();
    assert_eq!(names(&house).await, ["one/", "two/"]);
    for name in ["one", "two"] {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text.contains("\"sys/audit\""), "{name}: {text}");
    }
    let refused = disable(&house, "one").await.unwrap_err();
    assert_eq!(
        refused.message,
        "cannot disable configuration-managed audit device"
    );
    let again = json!({ "type": "file", "options": { "file_path": "discard" } });
    let again = house.write("sys/audit/one", again).await.unwrap_err();
    assert_eq!(again.message, "path already in use");
    let hash = json!({ "input": "x" });
    let before = house
        .write("sys/audit-hash/two", hash.clone())
        .await
        .unwrap();
    house.node.seal().await;

    let own = device(folder.path(), "own", "");
    let house = lives.next([two.clone()]).await.unwrap();
    assert_eq!(names(&house).await, ["two/"]);
    // The salt is that of before, or nobody could look for what was written then.
    assert_eq!(
        house.write("sys/audit-hash/two", hash).await.unwrap(),
        before
    );
    enable(&house, &own).await;
    house.node.seal().await;

    // One that the API made is nobody's to take away but the API's.
    let house = lives.next([]).await.unwrap();
    assert_eq!(names(&house).await, ["own/"]);
    house.node.seal().await;

    // Once it is declared, it is the configuration's.
    let house = lives.next([own]).await.unwrap();
    disable(&house, "own").await.unwrap_err();
    house.node.seal().await;
    let house = lives.next([]).await.unwrap();
    assert_eq!(names(&house).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_device_that_is_declared_otherwise_keeps_the_server_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let mut lives = Lives::new();
    let house = lives
        .next([device(folder.path(), "one", "first")])
        .await
        .unwrap();
    house.node.seal().await;
    let refused = lives.next([device(folder.path(), "one", "second")]).await;
    let refused = refused.map(|_| ()).unwrap_err();
    assert!(
        refused.starts_with("modifications to audit devices are not allowed: \"one/\""),
        "{refused}"
    );
    // Nothing was changed: the server of before starts.
    let house = lives
        .next([device(folder.path(), "one", "first")])
        .await
        .unwrap();
    assert_eq!(names(&house).await, ["one/"]);
}

/// The devices that a cluster has, and whether they are its own.
async fn devices(member: &Member) -> Value {
    let listed = member.read("sys/audit").await.unwrap();
    let named = listed.as_object().unwrap().iter();
    let named = named.filter(|(_, device)| device["type"].is_string());
    let named = named.map(|(name, device)| (name.clone(), device["local"].clone()));
    Value::Object(named.collect())
}

#[tokio::test(start_paused = true)]
async fn each_cluster_of_a_relation_has_what_its_own_configuration_declares() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::default();
    network.declare("a", device(folder.path(), "of-a", ""));
    network.declare("c", device(folder.path(), "of-c", ""));
    let both = primary(&network).await;
    let a = &both.0;
    let mut c = secondary(&network, &both, "c", json!({})).await;
    let lines = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let shared = json!({ "type": "file", "options": { "file_path": folder.path().join("s") } });
    for life in 1..3 {
        // What the primary enables and disables changes nothing of that, at its path either.
        for path in ["sys/audit/shared", "sys/audit/of-c"] {
            a.write(path, shared.clone()).await.unwrap();
            c.until_it_streams().await;
            assert_eq!(devices(&c).await["of-c/"], true);
            let delete = a.house.ask(Operation::Delete, path, json!({}));
            delete.await.unwrap();
            c.until_it_streams().await;
        }
        assert_eq!(devices(&c).await, json!({ "of-c/": true }));
        assert_eq!(devices(a).await, json!({ "of-a/": true }));
        let path = format!("sys/policies/acl/in-life-{life}");
        c.read(&path).await.unwrap_err();
        assert!(lines("of-c").contains(&path) && !lines("of-a").contains(&path));
        let delete = c
            .house
            .ask_as(&c.own_token, Operation::Delete, "sys/audit/of-c", json!({}));
        let text = "cannot disable configuration-managed audit device";
        assert_eq!(delete.await.unwrap_err().message, text);
        c.house = network.on("c", Arc::new(c.house.storage.kill()), life);
        c.house.submit(&both.1).await.unwrap();
        c.until_it_streams().await;
    }
    assert!(!network.carried(b"of-a") && !network.carried(b"core/local-audit"));
    // What is declared no longer goes, there as well.
    network.declare("c", device(folder.path(), "other", ""));
    c.house = network.on("c", Arc::new(c.house.storage.kill()), 3);
    c.house.submit(&both.1).await.unwrap();
    c.until_it_streams().await;
    assert_eq!(devices(&c).await, json!({ "other/": true }));
}
