//! Namespaces: apart from each other while they are there, and gone without a trace when they go.

use crate::house::{House, request};
use base::{Operation, Refusal, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};
use std::sync::Arc;

const DENIED: &str = "1 error occurred:\n\t* permission denied\n\n";

/// Everything, in the namespace in which it is written, and below.
const ALL: &str = r#"path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }"#;

impl House {
    async fn make(&self, path: &str) -> Value {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let at = format!("{above}/sys/namespaces/{name}");
        self.write(at.trim_start_matches('/'), json!({}))
            .await
            .unwrap()
    }

    /// A token that may do everything in a namespace.
    async fn owner_of(&self, namespace: &str) -> String {
        let policy = format!("{namespace}/sys/policies/acl/owner");
        self.write(&policy, json!({ "policy": ALL })).await.unwrap();
        let create = format!("{namespace}/auth/token/create");
        let made = self.write(&create, json!({ "policies": ["owner"] })).await;
        made.unwrap()["client_token"].as_str().unwrap().to_owned()
    }

    async fn delete(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(Operation::Delete, path, json!({})).await
    }
}

/// What a refusal says.
fn told<T: core::fmt::Debug>(refused: Result<T, Refusal>) -> (RefusalKind, String) {
    let refusal = refused.unwrap_err();
    (refusal.kind, refusal.message)
}

#[tokio::test]
async fn header_and_path_say_the_same() {
    let house = House::open().await;
    house.make("a").await;
    let made = house.make("a/b").await;
    assert_eq!(made["path"], "a/b/");
    for (header, path) in [
        ("", "a/b/cubbyhole/x"),
        ("a", "b/cubbyhole/x"),
        ("a/b", "cubbyhole/x"),
    ] {
        let mut request = request(
            &house.token,
            Operation::Update,
            path,
            serde_json::Map::new(),
        );
        request.namespace = header.to_owned();
        request.data.insert(String::from("from"), json!(header));
        house.node.handle(request).await.outcome.unwrap();
        let read = house.read("a/b/cubbyhole/x").await.unwrap();
        assert_eq!(read["from"], header);
    }
    for header in ["b", "a/c", "a/b/c"] {
        let mut request = request(
            &house.token,
            Operation::Read,
            "sys/mounts",
            serde_json::Map::new(),
        );
        request.namespace = header.to_owned();
        let refused = house.node.handle(request).await.outcome;
        let missing = (RefusalKind::NotFound, String::from("namespace not found"));
        assert_eq!(told(refused), missing, "{header}");
    }
}

#[tokio::test]
async fn a_token_acts_in_its_namespace_and_below() {
    let house = House::open().await;
    for path in ["a", "a/b", "c"] {
        house.make(path).await;
    }
    let owner = house.owner_of("a").await;
    let read = |path: &'static str| house.ask_as(&owner, Operation::Read, path, json!({}));
    for path in ["a/sys/mounts", "a/b/sys/mounts", "a/sys/policies/acl/owner"] {
        read(path).await.unwrap();
    }
    for path in [
        "sys/mounts",
        "c/sys/mounts",
        "sys/policies/acl/default",
        "cubbyhole/x",
    ] {
        let denied = (RefusalKind::Denied, DENIED.to_owned());
        assert_eq!(told(read(path).await), denied, "{path}");
    }
    // What it does with itself it does from everywhere.
    for path in ["auth/token/lookup-self", "c/auth/token/lookup-self"] {
        let seen = read(path).await.unwrap();
        assert_eq!(seen["namespace_path"], "a/", "{path}");
    }
    // A policy of the parent that names the child's path.
    let text = r#"path "c/sys/mounts" { capabilities = ["read"] }"#;
    let policy = json!({ "policy": text });
    house
        .write("sys/policies/acl/visitor", policy)
        .await
        .unwrap();
    let visitor = house.token_with(&["visitor"]).await;
    let read = |path: &'static str| house.ask_as(&visitor, Operation::Read, path, json!({}));
    read("c/sys/mounts").await.unwrap();
    assert_eq!(told(read("a/sys/mounts").await).0, RefusalKind::Denied);
}

#[tokio::test]
async fn who_makes_a_token_in_a_child_needs_sudo() {
    let house = House::open().await;
    house.make("a").await;
    let policy = |capabilities: &str| json!({ "policy": format!(r#"path "a/auth/token/create" {{ capabilities = [{capabilities}] }}"#) });
    let create = |token: String, data: Value| {
        let house = &house;
        async move {
            house
                .ask_as(&token, Operation::Update, "a/auth/token/create", data)
                .await
        }
    };
    house
        .write("sys/policies/acl/maker", policy(r#""update""#))
        .await
        .unwrap();
    let maker = house.token_with(&["maker"]).await;
    let refused = told(create(maker.clone(), json!({})).await);
    assert!(refused.1.contains("root or sudo privileges required"));
    house
        .write("sys/policies/acl/maker", policy(r#""update", "sudo""#))
        .await
        .unwrap();
    let made = create(maker, json!({})).await.unwrap();
    // Not `maker`: a policy of that name could be anything there.
    assert_eq!(made["policies"], json!(["default"]));
    let root = create(house.token.clone(), json!({ "policies": ["root"] })).await;
    let from_above = "root tokens may not be created from a parent namespace";
    assert_eq!(told(root).1, from_above);
}

#[tokio::test]
async fn accessors_and_leases_of_others_are_unknown() {
    let house = House::open().await;
    for path in ["a", "a/b", "c"] {
        house.make(path).await;
    }
    let made = house
        .write("a/auth/token/create", json!({ "ttl": "1h" }))
        .await
        .unwrap();
    let accessor = json!({ "accessor": made["accessor"] });
    let lookup = |prefix: &str| format!("{prefix}auth/token/lookup-accessor");
    house.write(&lookup("a/"), accessor.clone()).await.unwrap();
    for other in ["", "a/b/", "c/"] {
        let refused = house.write(&lookup(other), accessor.clone()).await;
        let text = "1 error occurred:\n\t* cannot lookup token in different namespace\n\n";
        assert_eq!(told(refused).1, text, "{other}");
    }
    let listed = |path: &'static str| house.ask(Operation::List, path, json!({}));
    let own = listed("a/auth/token/accessors").await.unwrap();
    assert_eq!(own["keys"], json!([made["accessor"]]));
    assert_eq!(
        told(listed("c/auth/token/accessors").await).0,
        RefusalKind::NotFound
    );
    let keys = listed("a/sys/leases/lookup/auth/token/create/")
        .await
        .unwrap();
    let lease = format!("auth/token/create/{}", keys["keys"][0].as_str().unwrap());
    let id = json!({ "lease_id": lease });
    for (from, reaches) in [("a/", true), ("", true), ("c/", false), ("a/b/", false)] {
        let path = format!("{from}sys/leases/lookup");
        let found = house.write(&path, id.clone()).await;
        assert_eq!(found.is_ok(), reaches, "{from}");
    }
    // Nor by the hash in it, under another namespace's mark or none.
    let (unmarked, _) = lease.rsplit_once('.').unwrap();
    let other = listed("c/auth/token/accessors").await.is_err();
    assert!(other);
    for (from, forged) in [("c/", lease.as_str()), ("c/", unmarked), ("", unmarked)] {
        let path = format!("{from}sys/leases/revoke");
        let body = json!({ "lease_id": forged });
        house.write(&path, body).await.unwrap();
    }
    house.write(&lookup("a/"), accessor.clone()).await.unwrap();
    house.write("a/sys/leases/revoke", id).await.unwrap();
    house.write(&lookup("a/"), accessor).await.unwrap_err();
}

#[tokio::test]
async fn a_lock_keeps_everybody_out_but_who_unlocks() {
    let house = House::open().await;
    house.make("a").await;
    house.make("a/b").await;
    let owner = house.owner_of("a").await;
    let locked = house
        .write("sys/namespaces/api-lock/lock/a", json!({}))
        .await;
    let key = locked.unwrap()["unlock_key"].clone();
    let text = "API access to this namespace has been locked by an administrator - \"a/\" must be unlocked to gain access.";
    let kept_out = (RefusalKind::Unavailable, text.to_owned());
    for path in ["a/sys/mounts", "a/b/sys/mounts", "a/no/such/mount"] {
        assert_eq!(told(house.read(path).await), kept_out, "{path}");
    }
    house.read("sys/mounts").await.unwrap();
    let again = house
        .write("sys/namespaces/api-lock/lock/a/b", json!({}))
        .await;
    assert!(told(again).1.contains("is already locked"));
    // From outside another namespace's unlocking is no way in.
    let below = "a/b/sys/namespaces/api-lock/unlock";
    assert_eq!(told(house.write(below, json!({})).await), kept_out);
    let unlock = "a/sys/namespaces/api-lock/unlock";
    let by = |token: String, data: Value| {
        let house = &house;
        async move { house.ask_as(&token, Operation::Update, unlock, data).await }
    };
    let wrong = by(owner.clone(), json!({ "unlock_key": "x" })).await;
    assert_eq!(told(wrong).1, "incorrect unlock key");
    let plain = r#"path "sys/namespaces/api-lock/*" { capabilities = ["update"] }"#;
    by(owner.clone(), json!({ "unlock_key": key }))
        .await
        .unwrap();
    house
        .write("a/sys/policies/acl/owner", json!({ "policy": plain }))
        .await
        .unwrap();
    house
        .write("sys/namespaces/api-lock/lock/a", json!({}))
        .await
        .unwrap();
    let without_key = told(by(owner, json!({})).await);
    assert!(without_key.1.contains("provided empty key"));
    by(house.token.clone(), json!({})).await.unwrap();
    house.read("a/sys/mounts").await.unwrap();
}

/// Something of every kind that the host keeps itself.
async fn fill(house: &House, namespace: &str) {
    let owner = house.owner_of(namespace).await;
    let write = |path: &str, data: Value| {
        let (path, owner) = (format!("{namespace}/{path}"), owner.clone());
        async move {
            let done = house.ask_as(&owner, Operation::Update, &path, data).await;
            done.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"))
        }
    };
    write("auth/token/roles/r", json!({})).await;
    write("auth/token/create/r", json!({ "ttl": "1h" })).await;
    for _ in 0..300 {
        write("auth/token/create", json!({ "ttl": "1h" })).await;
    }
    let entity = write("identity/entity", json!({ "name": "ann" })).await;
    let members = json!({ "name": "g", "member_entity_ids": [entity["id"]] });
    write("identity/group", members).await;
    write("identity/oidc/key/k", json!({})).await;
    write("identity/oidc/role/r", json!({ "key": "k" })).await;
    write("cubbyhole/mine", json!({ "a": "b" })).await;
    // A quota, which the root namespace keeps.
    let quota = json!({ "path": format!("{namespace}/"), "rate": 10_000 });
    let path = format!("sys/quotas/rate-limit/{namespace}");
    house.write(&path, quota).await.unwrap();
    // A visitor's cubbyhole, and a wrapped answer.
    house
        .write(
            &format!("{namespace}/cubbyhole/visitor"),
            json!({ "a": "b" }),
        )
        .await
        .unwrap();
    let path = format!("{namespace}/sys/wrapping/wrap");
    house
        .wrapped(&owner, &path, json!({ "a": "b" }), &[])
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_of_a_deleted_namespace_is_left() {
    let house = House::open().await;
    house.make("stays").await;
    let before = house.entries();
    house.make("goes").await;
    fill(&house, "goes").await;
    assert!(house.entries() > before + 900);
    let owner = house.owner_of("goes").await;
    let answer = house.delete("sys/namespaces/goes").await.unwrap();
    assert_eq!(answer, json!({ "status": "in-progress" }));
    // From the answer on nobody gets in, and its tokens are none.
    assert_eq!(
        told(house.read("goes/sys/mounts").await).0,
        RefusalKind::NotFound
    );
    let mine = house
        .ask_as(&owner, Operation::Read, "auth/token/lookup-self", json!({}))
        .await;
    assert_eq!(told(mine).0, RefusalKind::Denied);
    house.until(|| house.entries() == before).await;
    house.until_gone("sys/namespaces/goes").await;
    let again = house.delete("sys/namespaces/goes").await.unwrap();
    assert_eq!(again, Value::Null);
    house.make("goes").await;
    house.read("goes/sys/mounts").await.unwrap();
}

impl House {
    async fn until_gone(&self, path: &str) {
        for _ in 0..1_000 {
            if self.read(path).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{path} is still there");
    }
}

#[tokio::test]
async fn a_removal_goes_on_after_a_restart() {
    let (house, share) = House::open_with_share().await;
    let before = house.entries();
    house.make("goes").await;
    fill(&house, "goes").await;
    // The mark is written, and some of the steps.
    house.storage.fail_write(4, storage::Fault::Failed);
    house.delete("sys/namespaces/goes").await.unwrap();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let disk = Arc::new(house.storage.crash(0));
    house.clock.advance(Duration::from_secs(1));
    let mut again = House::on(disk, house.clock.clone());
    again.token.clone_from(&house.token);
    assert!(again.entries() > before);
    again.submit(&share).await.unwrap();
    assert_eq!(
        told(again.read("goes/sys/mounts").await).0,
        RefusalKind::NotFound
    );
    again.until_gone("sys/namespaces/goes").await;
    assert_eq!(again.entries(), before);
}

#[tokio::test]
async fn one_with_children_stays() {
    let house = House::open().await;
    house.make("a").await;
    house.make("a/b").await;
    for (path, known_as) in [
        ("sys/internal/ui/mounts/a/b/cubbyhole/x", "a/b/cubbyhole/"),
        ("a/sys/internal/ui/mounts/b/cubbyhole/x", "b/cubbyhole/"),
        ("a/b/sys/internal/ui/mounts/cubbyhole/x", "cubbyhole/"),
    ] {
        assert_eq!(house.read(path).await.unwrap()["path"], known_as, "{path}");
    }
    let refused = told(house.delete("sys/namespaces/a").await);
    assert_eq!(
        refused.1,
        "unable to delete namespace containing child namespaces"
    );
    house.delete("a/sys/namespaces/b").await.unwrap();
    house.until_gone("a/sys/namespaces/b").await;
    house.delete("sys/namespaces/a").await.unwrap();
}

#[tokio::test]
async fn mounts_and_namespaces_do_not_share_paths() {
    let house = House::open().await;
    house.make("a").await;
    for path in ["sys/mounts/a", "sys/mounts/a/b", "sys/auth/x"] {
        let refused = house.write(path, json!({ "type": "kv" })).await;
        let (_, text) = told(refused);
        let is_taken = text == "path is already in use at a/";
        assert_eq!(is_taken, path != "sys/auth/x", "{path}: {text}");
    }
}

#[tokio::test]
async fn the_server_itself_is_nobodys() {
    let house = House::open().await;
    house.make("a").await;
    for (path, expected) in [
        ("a/sys/audit", "operation only available in root namespace"),
        ("a/sys/health", "operation only available in root namespace"),
        ("a/sys/rotate/config", "namespace is not sealable"),
    ] {
        assert_eq!(told(house.read(path).await).1, expected, "{path}");
    }
    let seal = request(
        &house.token,
        Operation::Update,
        "sys/seal",
        serde_json::Map::new(),
    );
    let mut seal = seal;
    seal.namespace = String::from("a");
    let refused = house.node.handle(seal).await.outcome;
    assert_eq!(told(refused).1, "operation unavailable in namespaces");
    for path in ["catalog/secret/kv", "catalog/kv", "pins", "pins/secret/kv"] {
        let shared = house.read(&format!("a/sys/plugins/{path}")).await;
        assert_eq!(told(shared).0, RefusalKind::NotFound, "{path}");
    }
}

#[tokio::test]
async fn people_of_a_namespace_are_its_own() {
    let house = House::open().await;
    house.make("a").await;
    let entity = house
        .write("a/identity/entity", json!({ "name": "ann" }))
        .await
        .unwrap();
    let id = entity["id"].as_str().unwrap();
    house
        .read(&format!("a/identity/entity/id/{id}"))
        .await
        .unwrap();
    let elsewhere = house.read(&format!("identity/entity/id/{id}")).await;
    assert_eq!(told(elsewhere).0, RefusalKind::NotFound);
}
