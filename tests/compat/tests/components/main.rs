//! Components that were built for the contract's tracks load, describe themselves, are mounted and
//! run.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends by panicking, also in what it calls"
)]

use base::{Operation, RefusalKind};
use compat::house::{self, House};
use compat::kept::{self, kept};
use serde_json::json;

#[test]
fn they_are_the_files_that_were_kept() {
    let listed = include_str!("../../components/digests.txt");
    let mut names: Vec<&str> = Vec::new();
    for line in listed.lines() {
        let (digest, name) = line.split_once("  ").unwrap();
        let bytes = kept(name.strip_suffix(".wasm").unwrap());
        assert_eq!(plugin::digest_of(bytes), digest, "{name}");
        assert!(bytes.len() < 200 * 1024, "{name}: {} bytes", bytes.len());
        names.push(name);
    }
    assert_eq!(names, kept::files());
}

#[test]
fn they_say_of_themselves_what_they_said() {
    let runtime = house::runtime();
    for (name, kind, version, routes, imports) in [
        (
            "v0.1/notes",
            plugin::Kind::Engine,
            "0.1.0",
            4,
            &["clock", "storage"][..],
        ),
        (
            "v0.1/courier",
            plugin::Kind::Engine,
            "0.1.0",
            6,
            &["entropy", "http-client", "mount", "storage"],
        ),
        ("v0.1/reception", plugin::Kind::Method, "0.1.0", 1, &[]),
        (
            "v0.1/hostile",
            plugin::Kind::Engine,
            "0.1.0",
            0,
            &[
                "clock",
                "crypto",
                "entropy",
                "http-client",
                "log",
                "storage",
            ],
        ),
    ] {
        let found = runtime.inspect(kept(name)).unwrap();
        assert_eq!(found.kind, kind, "{name}");
        assert_eq!(found.track, "0.1", "{name}");
        assert_eq!(found.imports, imports, "{name}");
        assert_eq!(found.manifest.version, version, "{name}");
        if routes > 0 {
            assert_eq!(found.manifest.routes.len(), routes, "{name}");
        }
        runtime.compile(kept(name), &found.digest).unwrap();
    }
}

#[tokio::test]
async fn an_engine_of_the_template_keeps_notes() {
    let house = House::open().await;
    house.mount("notes", "notes", json!({})).await;
    let note = json!({ "text": "hello" });
    house.write("notes/notes/a", note).await.unwrap();
    let read = house.read("notes/notes/a").await.unwrap();
    assert_eq!(read["text"], "hello");
    assert_eq!(read["written_at_ms"], house::NOW_MS);
    let list = house.ask(Operation::List, "notes/notes", json!({})).await;
    assert_eq!(list.unwrap(), json!({ "keys": ["a"] }));
    let missing = house.write("notes/notes/b", json!({})).await.unwrap_err();
    assert_eq!(missing.kind, RefusalKind::Invalid);
    let delete = house.ask(Operation::Delete, "notes/notes/a", json!({}));
    delete.await.unwrap();
    let gone = house.read("notes/notes/a").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
}

#[tokio::test]
async fn an_engine_that_starts_leases_and_commits_half_way() {
    let house = House::open().await;
    house
        .mount("courier", "courier", json!({ "start": "steps" }))
        .await;
    let value = async |path: &str| house.read(path).await.unwrap()["value"].clone();
    assert_eq!(value("courier/data/started").await, "yes");
    assert_eq!(value("courier/data/steps").await, "x");
    let refused = house
        .write("courier/halfway/a", json!({ "fails": true }))
        .await;
    assert_eq!(refused.unwrap_err().message, "as it was told");
    assert_eq!(value("courier/data/intent").await, "");
    let secret = house.read("courier/creds/a").await.unwrap();
    assert_eq!(secret["name"], "a");
    let leases = house
        .ask(
            Operation::List,
            "sys/leases/lookup/courier/creds/a",
            json!({}),
        )
        .await
        .unwrap();
    let id = format!("courier/creds/a/{}", leases["keys"][0].as_str().unwrap());
    let revoke = json!({ "lease_id": id, "sync": true });
    house.write("sys/leases/revoke", revoke).await.unwrap();
    assert_eq!(value("courier/data/revoked-a").await, "yes");
    // It declares hosts, and was granted none.
    let fetch = json!({ "method": "GET", "url": "https://a.test/" });
    house.write("courier/fetch/a", fetch).await.unwrap_err();
}

#[tokio::test]
async fn a_method_logs_in_and_renews() {
    let house = House::open().await;
    house
        .write("sys/auth/reception", json!({ "type": "reception" }))
        .await
        .unwrap();
    let login = house
        .ask_as(
            "",
            Operation::Update,
            "auth/reception/login/ann/x,y",
            json!({}),
        )
        .await
        .unwrap();
    let token = login["client_token"].as_str().unwrap();
    assert_eq!(login["policies"], json!(["default", "visitor"]));
    let renewed = house
        .ask_as(token, Operation::Update, "auth/token/renew-self", json!({}))
        .await
        .unwrap();
    assert_eq!(renewed["client_token"], token);
}

#[tokio::test]
async fn one_that_uses_everything_is_mounted() {
    let house = House::open().await;
    house.mount("hostile", "hostile", json!({})).await;
    let mounts = house.read("sys/mounts/hostile").await.unwrap();
    let digest = plugin::digest_of(kept("v0.1/hostile"));
    assert_eq!(mounts["running_sha256"], digest);
    let unknown = house.read("hostile/no/such/path/at/all").await.unwrap_err();
    assert_eq!(unknown.kind, RefusalKind::NotFound);
}
