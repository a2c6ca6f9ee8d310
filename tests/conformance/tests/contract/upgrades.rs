//! Versions of a component side by side, and the way of a mount from one to another.

use crate::house::{House, built};
use base::{Operation, RefusalKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locality::Class;
use serde_json::{Value, json};
use std::sync::LazyLock;

static EDITIONS: LazyLock<&'static [u8]> = LazyLock::new(|| built("editions"));

/// What the component holds before the byte that says which edition it is.
const MARK: &[u8] = b"this is the edition";

fn edition(number: u8) -> Vec<u8> {
    let mut bytes = EDITIONS.to_vec();
    let places = bytes.windows(MARK.len()).enumerate();
    let found: Vec<usize> = places
        .filter(|(_, part)| *part == MARK)
        .map(|(at, _)| at + MARK.len())
        .collect();
    assert_eq!(found.len(), 1, "the mark stands there once");
    bytes[found[0]] = b'0' + number;
    bytes
}

fn digest(number: u8) -> String {
    plugin::digest_of(&edition(number))
}

impl House {
    async fn with_editions(numbers: &[u8]) -> Self {
        let house = Self::open().await;
        for number in numbers {
            let component = STANDARD.encode(edition(*number));
            let body = json!({ "component": component, "sha256": digest(*number) });
            house
                .write("sys/plugins/catalog/secret/editions", body)
                .await
                .unwrap();
        }
        house
    }

    async fn mount_edition(&self, path: &str, version: &str) {
        let body = json!({ "type": "editions", "plugin_version": version });
        self.write(&format!("sys/mounts/{path}"), body)
            .await
            .unwrap();
    }

    async fn tune(&self, path: &str, tuned: Value) -> Result<Value, base::Refusal> {
        self.write(&format!("sys/mounts/{path}/tune"), tuned).await
    }

    async fn reload(&self, what: Value) -> Result<Value, base::Refusal> {
        self.write("sys/plugins/reload/backend", what).await
    }

    /// The version that is chosen for a mount, and the one that it runs.
    async fn versions(&self, path: &str) -> (String, String) {
        let entry = self.read(&format!("sys/mounts/{path}")).await.unwrap();
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        (text("plugin_version"), text("running_plugin_version"))
    }

    async fn written_by(&self, path: &str) -> Value {
        self.read(path).await.unwrap()["written_by"].clone()
    }
}

fn pair(chosen: &str, running: &str) -> (String, String) {
    (chosen.to_owned(), running.to_owned())
}

#[tokio::test]
async fn a_chosen_version_runs_from_the_next_reload_on() {
    let house = House::with_editions(&[1, 2]).await;
    house.mount_edition("e", "v0.1.0").await;
    let started = async || house.read("e/data/started").await.unwrap()["started_by"].clone();
    house
        .write("e/data/a", json!({ "value": "x" }))
        .await
        .unwrap();
    house
        .write("e/here/a", json!({ "value": "y" }))
        .await
        .unwrap();
    assert_eq!(started().await, "1");
    let unknown = house.tune("e", json!({ "plugin_version": "v9" })).await;
    assert_eq!(
        unknown.unwrap_err().message,
        "plugin not found in the catalog: editions, version=v9"
    );
    house
        .tune("e", json!({ "plugin_version": "0.2.0" }))
        .await
        .unwrap();
    assert_eq!(house.versions("e").await, pair("v0.2.0", "v0.1.0"));
    house
        .write("e/data/b", json!({ "value": "x" }))
        .await
        .unwrap();
    assert_eq!(house.written_by("e/data/b").await, "1");
    house.reload(json!({ "mounts": ["e/"] })).await.unwrap();
    assert_eq!(house.versions("e").await, pair("v0.2.0", "v0.2.0"));
    house
        .write("e/data/b", json!({ "value": "x" }))
        .await
        .unwrap();
    assert_eq!(house.written_by("e/data/b").await, "2");
    // What the first version stored is there for the second, which was started.
    assert_eq!(house.written_by("e/here/a").await, "1");
    assert_eq!(started().await, "2");
    let house = house.restarted().await;
    assert_eq!(house.versions("e").await, pair("v0.2.0", "v0.2.0"));
    // And back.
    house
        .tune("e", json!({ "plugin_version": "v0.1.0" }))
        .await
        .unwrap();
    house
        .write("sys/plugins/reload/secret/editions", json!({}))
        .await
        .unwrap();
    assert_eq!(house.versions("e").await, pair("v0.1.0", "v0.1.0"));
    assert_eq!(house.written_by("e/data/b").await, "2");
}

#[tokio::test]
async fn what_would_let_local_data_travel_needs_consent_and_lets_none_travel() {
    let house = House::with_editions(&[1, 3]).await;
    house.mount_edition("e", "v0.1.0").await;
    house
        .write("e/here/kept", json!({ "value": "y" }))
        .await
        .unwrap();
    let refused = house.tune("e", json!({ "plugin_version": "v0.3.0" })).await;
    let (told, third) = (refused.unwrap_err(), digest(3));
    assert_eq!(told.kind, RefusalKind::Invalid);
    assert_eq!(
        told.message,
        format!(
            "v0.3.0 changes what \"e/\" may do or where it stores:\
             \n\t* what is written below \"here/\" from now on travels to other clusters; what is \
             there stays in this one, out of its reach\
             \n\t* read of \"open/{{name}}\" asks for no token\
             \nto have it so, tune the mount with plugin_version=v0.3.0 and consent={third}"
        )
    );
    let other = json!({ "plugin_version": "v0.3.0", "consent": digest(1) });
    house.tune("e", other).await.unwrap_err();
    house
        .tune("e", json!({ "consent": third }))
        .await
        .unwrap_err();
    house.reload(json!({ "plugin": "editions" })).await.unwrap();
    assert_eq!(house.versions("e").await, pair("v0.1.0", "v0.1.0"));

    let consent = json!({ "plugin_version": "v0.3.0", "consent": third });
    house.tune("e", consent).await.unwrap();
    house.reload(json!({ "plugin": "editions" })).await.unwrap();
    assert_eq!(house.versions("e").await, pair("v0.3.0", "v0.3.0"));
    assert_eq!(house.classes("here/kept"), [Class::Local]);
    let gone = house.read("e/here/kept").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    house
        .write("e/here/new", json!({ "value": "z" }))
        .await
        .unwrap();
    assert_eq!(house.classes("here/new"), [Class::Replicated]);
    // Written anew, there are two: each version has its own.
    house
        .write("e/here/kept", json!({ "value": "z" }))
        .await
        .unwrap();
    assert_eq!(
        house.classes("here/kept"),
        [Class::Local, Class::Replicated]
    );
    let back = json!({ "plugin_version": "v0.1.0", "consent": digest(1) });
    house.tune("e", back).await.unwrap();
    house.reload(json!({ "mounts": "e" })).await.unwrap();
    assert_eq!(house.written_by("e/here/kept").await, "1");
    // With the mount goes what any version of it stored.
    house
        .ask(Operation::Delete, "sys/mounts/e", json!({}))
        .await
        .unwrap();
    assert_eq!(house.classes("here/kept"), []);
}

// A call that waits at the gate holds a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_runs_during_a_reload_is_made_by_the_version_that_follows() {
    let house = House::with_editions(&[1, 2]).await;
    house.mount_edition("e", "v0.1.0").await;
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { house.write("e/data/slow", json!({ "value": "x" })).await }
    });
    let leave = held.arrived().await;
    house
        .tune("e", json!({ "plugin_version": "v0.2.0" }))
        .await
        .unwrap();
    house.reload(json!({ "mounts": ["e"] })).await.unwrap();
    leave.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(house.written_by("e/data/slow").await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_version_before_wrote_as_local_is_not_kept() {
    let house = House::with_editions(&[1, 3]).await;
    house.mount_edition("e", "v0.1.0").await;
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { house.write("e/here/slow", json!({ "value": "x" })).await }
    });
    let leave = held.arrived().await;
    let consent = json!({ "plugin_version": "v0.3.0", "consent": digest(3) });
    house.tune("e", consent).await.unwrap();
    house.reload(json!({ "mounts": ["e"] })).await.unwrap();
    leave.send(()).unwrap();
    running.await.unwrap().unwrap();
    // The old version ran it as local, and nothing of that was kept.
    assert_eq!(house.classes("here/slow"), [Class::Replicated]);
    assert_eq!(house.written_by("e/here/slow").await, "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_allowed_to_the_version_before_is_decided_anew() {
    let house = House::with_editions(&[1, 4]).await;
    house.mount_edition("e", "v0.1.0").await;
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { house.write("e/data/slow", json!({ "value": "x" })).await }
    });
    let leave = held.arrived().await;
    house
        .tune("e", json!({ "plugin_version": "v0.4.0" }))
        .await
        .unwrap();
    house.reload(json!({ "mounts": ["e"] })).await.unwrap();
    leave.send(()).unwrap();
    let refused = running.await.unwrap().unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Unavailable);
    assert_eq!(refused.message, "mount was changed meanwhile, try again");
    assert_eq!(house.classes("data/slow"), []);
}

#[tokio::test]
async fn a_pin_is_for_mounts_for_which_nobody_chose() {
    let house = House::with_editions(&[1, 2, 3]).await;
    let pin = "sys/plugins/pins/secret/editions";
    let missing = house.read(pin).await.unwrap_err();
    assert_eq!(missing.kind, RefusalKind::NotFound);
    let unknown = house.write(pin, json!({ "version": "v7.0.0" })).await;
    assert_eq!(
        unknown.unwrap_err().message,
        "plugin not found in the catalog: editions, version=v7.0.0"
    );
    house
        .write(pin, json!({ "version": "v0.1.0" }))
        .await
        .unwrap();
    let shown = json!({ "name": "editions", "type": "secret", "version": "v0.1.0" });
    assert_eq!(house.read(pin).await.unwrap(), shown);
    let all = house.read("sys/plugins/pins").await.unwrap();
    assert_eq!(all, json!({ "pinned_versions": [shown] }));
    house
        .write("sys/mounts/e", json!({ "type": "editions" }))
        .await
        .unwrap();
    assert_eq!(house.versions("e").await, pair("", "v0.1.0"));
    let body = json!({ "type": "editions", "plugin_version": "v0.2.0" });
    let refused = house.write("sys/mounts/f", body).await.unwrap_err();
    assert_eq!(
        refused.message,
        "editions is pinned to v0.1.0, so that v0.2.0 cannot be mounted"
    );
    let refused = house.tune("e", json!({ "plugin_version": "v0.2.0" })).await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Invalid);
    house
        .write(pin, json!({ "version": "v0.2.0" }))
        .await
        .unwrap();
    house.reload(json!({ "plugin": "editions" })).await.unwrap();
    assert_eq!(house.versions("e").await, pair("", "v0.2.0"));
    // What needs consent, nobody consented to by pinning it.
    house
        .write(pin, json!({ "version": "v0.3.0" }))
        .await
        .unwrap();
    let refused = house
        .reload(json!({ "plugin": "editions" }))
        .await
        .unwrap_err();
    assert!(
        refused
            .message
            .starts_with("v0.3.0 changes what \"e/\" may do")
    );
    assert_eq!(house.versions("e").await, pair("", "v0.2.0"));
    let at = "sys/plugins/catalog/secret/editions";
    let pinned = json!({ "version": "v0.3.0" });
    let refused = house.ask(Operation::Delete, at, pinned).await.unwrap_err();
    assert_eq!(
        refused.message,
        "editions is pinned to v0.3.0: remove the pin first"
    );
    house.ask(Operation::Delete, pin, json!({})).await.unwrap();
    assert_eq!(
        house.read(pin).await.unwrap_err().kind,
        RefusalKind::NotFound
    );
}

#[tokio::test]
async fn a_reload_is_of_all_mounts_or_of_none() {
    let house = House::with_editions(&[1, 2, 3]).await;
    for path in ["a", "b"] {
        let body = json!({ "type": "editions", "plugin_version": "v0.1.0" });
        house
            .write(&format!("sys/mounts/{path}"), body)
            .await
            .unwrap();
    }
    let pin = "sys/plugins/pins/secret/editions";
    house
        .write(pin, json!({ "version": "v0.1.0" }))
        .await
        .unwrap();
    house
        .write("sys/mounts/c", json!({ "type": "editions" }))
        .await
        .unwrap();
    house.ask(Operation::Delete, pin, json!({})).await.unwrap();
    for path in ["a", "b"] {
        let chosen = json!({ "plugin_version": "v0.2.0" });
        house.tune(path, chosen).await.unwrap();
    }
    house
        .write(pin, json!({ "version": "v0.3.0" }))
        .await
        .unwrap();
    let refused = house.reload(json!({ "plugin": "editions" })).await;
    assert!(refused.unwrap_err().message.contains("\"c/\""));
    for path in ["a", "b"] {
        assert_eq!(house.versions(path).await, pair("v0.2.0", "v0.1.0"));
    }
    house.reload(json!({ "mounts": ["a", "b"] })).await.unwrap();
    for path in ["a", "b"] {
        assert_eq!(house.versions(path).await, pair("v0.2.0", "v0.2.0"));
    }
}

#[tokio::test]
async fn versions_stand_side_by_side_in_the_catalog() {
    let house = House::with_editions(&[1, 2]).await;
    house.mount_edition("e", "v0.1.0").await;
    house
        .tune("e", json!({ "plugin_memory_max": 2_097_152 }))
        .await
        .unwrap();
    let at = "sys/plugins/catalog/secret/editions";
    let newest = house.read(at).await.unwrap();
    assert_eq!(newest["version"], "v0.2.0");
    assert_eq!(newest["mounts"], json!({}));
    let first = house
        .ask(Operation::Read, at, json!({ "version": "v0.1.0" }))
        .await
        .unwrap();
    assert_eq!(first["sha256"], digest(1));
    assert_eq!(first["imports"], json!(["entropy", "storage"]));
    assert_eq!(
        first["mounts"],
        json!({ "e/": { "plugin_memory_max": 2_097_152 } })
    );
    assert_eq!(first["storage"][1]["locality"], "local");
    let which = house
        .ask(Operation::Delete, at, json!({}))
        .await
        .unwrap_err();
    assert_eq!(
        which.message,
        "editions has 2 versions: say which one with \"version\""
    );
    let second = json!({ "version": "v0.2.0" });
    house.ask(Operation::Delete, at, second).await.unwrap();
    assert_eq!(house.read(at).await.unwrap()["version"], "v0.1.0");
    house.ask(Operation::Delete, at, json!({})).await.unwrap();
    assert_eq!(
        house.read(at).await.unwrap_err().kind,
        RefusalKind::NotFound
    );
    // Whoever runs it goes on.
    house
        .write("e/data/a", json!({ "value": "x" }))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_to_be_reloaded_is_said_once() {
    let house = House::with_editions(&[1]).await;
    for (what, expected) in [
        (json!({}), "plugin or mounts must be provided"),
        (
            json!({ "plugin": "editions", "mounts": ["e"] }),
            "plugin and mounts cannot be set at the same time",
        ),
        (
            json!({ "plugin": "editions", "scope": "here" }),
            "scope must be unset or \"global\"",
        ),
        (
            json!({ "plugin": "x" }),
            "plugin not found in the catalog: \"x\"",
        ),
        (
            json!({ "mounts": ["x"] }),
            "1 error occurred:\n\t* cannot fetch mount entry on \"x/\"\n\n",
        ),
    ] {
        assert_eq!(house.reload(what).await.unwrap_err().message, expected);
    }
    house.reload(json!({ "plugin": "editions" })).await.unwrap();
}
