//! `http-client`, and what an operator tunes per mount.

use crate::house::House;
use base::{Refusal, RefusalKind};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server on this machine that answers `hello` to everybody; the URL of it and its certificate.
async fn upstream() -> (String, Vec<u8>) {
    let (url, certificate, _) = counting_upstream().await;
    (url, certificate)
}

/// The same, with the number of those that it answered.
pub(crate) async fn counting_upstream() -> (String, Vec<u8>, Arc<AtomicUsize>) {
    let made = rcgen::generate_simple_self_signed(vec!["api.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let answered = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                answered.fetch_add(1, Ordering::SeqCst);
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (
        format!("https://api.test:{port}/"),
        made.cert.der().to_vec(),
        count,
    )
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |number: u32| char::from(LETTERS[(number & 63) as usize]);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let number = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for at in 0..4 {
            text.push(match at <= chunk.len() {
                true => letter(number >> (18 - 6 * at)),
                false => '=',
            });
        }
    }
    text
}

pub(crate) async fn tune(house: &House, tuned: Value) -> Result<Value, Refusal> {
    house.write("sys/mounts/courier/tune", tuned).await
}

async fn fetch(house: &House, method: &str, commits: bool) -> Result<Value, Refusal> {
    let (url, certificate) = upstream().await;
    let asked = json!({
        "url": url,
        "method": method,
        "trust": base64(&certificate),
        "commits": commits,
    });
    house.write("courier/fetch/a", asked).await
}

#[tokio::test]
async fn a_component_reaches_what_was_granted() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let refused = fetch(&house, "GET", false).await.unwrap_err();
    assert!(refused.message.contains("is not granted"), "{refused:?}");
    // The name alone does not lead to this machine.
    tune(&house, json!({ "outbound_hosts": ["api.test"] }))
        .await
        .unwrap();
    let refused = fetch(&house, "GET", false).await.unwrap_err();
    assert!(
        refused.message.contains("api.test leads to 127.0.0.1"),
        "{refused:?}"
    );
    let hosts = json!({ "outbound_hosts": "api.test,127.0.0.0/8" });
    tune(&house, hosts).await.unwrap();
    let answer = fetch(&house, "GET", false).await.unwrap();
    assert_eq!(answer, json!({ "status": 200, "body": "hello" }));
    assert_eq!(
        house.value("courier/data/fetched").await,
        Some(json!("hello"))
    );
    let shown = house.read("sys/mounts/courier").await.unwrap();
    let expected = json!(["api.test", "127.0.0.0/8"]);
    assert_eq!(shown["config"]["outbound_hosts"], expected);
    let shown = house.read("sys/mounts/courier/tune").await.unwrap();
    assert_eq!(shown["outbound_hosts"], expected);
    tune(&house, json!({ "outbound_hosts": [] })).await.unwrap();
    fetch(&house, "GET", false).await.unwrap_err();
}

#[tokio::test]
async fn only_what_the_manifest_declares_can_be_granted() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    for (hosts, why) in [
        (
            json!(["example.com"]),
            "is not among the hosts that the plugin declares",
        ),
        (
            json!(["*"]),
            "is not among the hosts that the plugin declares",
        ),
        (json!(["http://api.test"]), "is neither a host"),
        (json!(["169.254.169.254"]), "never granted"),
    ] {
        let refused = tune(&house, json!({ "outbound_hosts": hosts })).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid);
        assert!(refused.message.contains(why), "{refused:?}");
        let config = json!({ "type": "courier", "config": { "outbound_hosts": hosts } });
        house.write("sys/mounts/other", config).await.unwrap_err();
    }
    let granted = json!({ "type": "hostile-method", "config": { "outbound_hosts": ["a.test"] } });
    let refused = house.write("sys/auth/hostile", granted).await.unwrap_err();
    assert!(refused.message.contains("declares no hosts"), "{refused:?}");
}

/// Runs a fetch that is overtaken behind its act outside; says what came of it and how often it ran.
async fn overtaken(method: &'static str, commits: bool) -> (Result<Value, Refusal>, usize) {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let hosts = json!({ "outbound_hosts": ["api.test", "127.0.0.1"] });
    tune(&house, hosts).await.unwrap();
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { fetch(&house, method, commits).await }
    });
    let leave = held.arrived().await;
    house
        .write("courier/data/a", json!({ "value": "new" }))
        .await
        .unwrap();
    leave.send(()).unwrap();
    (running.await.unwrap(), house.gate.passed())
}

// A call that waits at the gate holds a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_acted_outside_does_not_run_again() {
    for commits in [false, true] {
        let (outcome, runs) = overtaken("POST", commits).await;
        let refused = outcome.unwrap_err();
        assert!(
            !matches!(refused.kind, RefusalKind::Unavailable),
            "{refused:?}"
        );
        assert_eq!(runs, 1, "{refused:?}");
    }
    // One that only looked does.
    let (outcome, runs) = overtaken("GET", true).await;
    assert_eq!(outcome.unwrap()["body"], "hello");
    assert_eq!(runs, 2);
}

// A call that waits at the gate holds a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_mount_leaves_the_others_alone() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    house.mount("other", json!({})).await;
    let hosts = json!({ "outbound_hosts": ["api.test", "127.0.0.1"], "plugin_calls_max": 1 });
    tune(&house, hosts).await.unwrap();
    let shown = house.read("sys/mounts/courier").await.unwrap();
    assert_eq!(shown["config"]["plugin_calls_max"], 1);
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { fetch(&house, "GET", false).await }
    });
    let leave = held.arrived().await;
    let new = json!({ "value": "new" });
    let full = house.write("courier/data/a", new.clone()).await;
    let full = full.unwrap_err();
    assert_eq!(full.kind, RefusalKind::Unavailable);
    assert!(
        full.message.contains("to this mount are running"),
        "{full:?}"
    );
    house.write("other/data/a", new.clone()).await.unwrap();
    leave.send(()).unwrap();
    running.await.unwrap().unwrap();
    house.write("courier/data/a", new).await.unwrap();
}

#[tokio::test]
async fn limits_are_tuned_within_the_hosts_own() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    house.write("courier/bulk/a", json!({})).await.unwrap();
    tune(&house, json!({ "plugin_storage_calls_max": 100 }))
        .await
        .unwrap();
    let stopped = house.write("courier/bulk/a", json!({})).await.unwrap_err();
    assert!(
        stopped.reason.contains("more than 100 storage calls"),
        "{stopped:?}"
    );
    let tuned = json!({ "plugin_memory_max": 64 << 20, "plugin_deadline": "1m" });
    tune(&house, tuned).await.unwrap();
    let shown = house.read("sys/mounts/courier").await.unwrap();
    assert_eq!(shown["config"]["plugin_memory_max"], 64 << 20);
    assert_eq!(shown["config"]["plugin_deadline"], 60);
    assert_eq!(shown["config"]["plugin_storage_calls_max"], 100);
    tune(&house, json!({ "plugin_storage_calls_max": 0 }))
        .await
        .unwrap();
    house.write("courier/bulk/a", json!({})).await.unwrap();
    for (name, value) in [
        ("plugin_memory_max", json!(1_u64 << 40)),
        ("plugin_memory_max", json!(1)),
        ("plugin_deadline", json!("2h")),
        ("plugin_storage_calls_max", json!(10_000_000)),
        ("plugin_storage_calls_max", json!(-1)),
        ("plugin_calls_max", json!(513)),
    ] {
        let refused = tune(&house, json!({ name: value })).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid, "{name} {value}");
        assert!(refused.message.contains(name), "{refused:?}");
    }
}

#[tokio::test]
async fn tuned_memory_and_time_stop_a_call() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    for (tuned, path, text) in [
        (
            json!({ "plugin_memory_max": 64 << 20 }),
            "courier/memory/a",
            "wanted more than 67108864 bytes of memory",
        ),
        (
            json!({ "plugin_deadline": "1s" }),
            "courier/loop/a",
            "ran longer than 1s",
        ),
    ] {
        tune(&house, tuned).await.unwrap();
        let stopped = house.write(path, json!({})).await.unwrap_err();
        assert!(stopped.reason.contains(text), "{stopped:?}");
        assert!(!stopped.message.contains(text), "{stopped:?}");
    }
    let tuned = json!({ "plugin_memory_max": 200 << 20, "plugin_deadline": "1m" });
    tune(&house, tuned).await.unwrap();
    let taken = house.write("courier/memory/a", json!({})).await.unwrap();
    assert_eq!(taken["taken"], 100 << 20);
}
