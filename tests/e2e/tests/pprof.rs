//! `sys/pprof`: what the process shows of itself, to whom, and what it says of the rest.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Client, Server};
use serde_json::json;
use std::io::Read as _;

fn text(client: &Client, what: &str) -> String {
    let answer = client.read(&format!("sys/pprof{what}"));
    assert_eq!(answer.status, 200, "{what} {answer:?}");
    answer.body
}

#[test]
fn what_the_process_shows_of_itself() {
    let server = Server::start_casemate();
    let client = server.client();
    let index = text(&client, "");
    for name in ["cmdline", "profile", "heap", "goroutine", "threadcreate"] {
        assert!(index.contains(name), "{index}");
    }
    let words = text(&client, "/cmdline");
    assert!(words.contains("casemate\0server"), "{words:?}");
    let memory = text(&client, "/heap");
    let resident = memory.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kilobytes = resident.unwrap().trim().trim_end_matches(" kB");
    assert!(kilobytes.parse::<u64>().unwrap() > 1_000, "{memory}");
    // The request that asks is in flight itself.
    let requests = text(&client, "/goroutine");
    assert!(
        requests.starts_with("requests in flight: 1\n"),
        "{requests}"
    );
    assert!(requests.contains("/v1/sys/pprof/goroutine"), "{requests}");
    assert!(text(&client, "/threadcreate").contains("tokio"));
}

#[test]
fn where_processors_are_busy() {
    let server = Server::start_casemate();
    let client = server.client();
    let url = format!("http://{}/v1/sys/pprof/profile?seconds=1", server.address());
    let agent = ureq::agent();
    let asked = agent.get(&url).header("X-Vault-Token", "root").call();
    let mut answer = asked.unwrap();
    let zipped = answer.body_mut().read_to_vec().unwrap();
    let mut profile = Vec::new();
    let mut unzipped = flate2::read::GzDecoder::new(zipped.as_slice());
    unzipped.read_to_end(&mut profile).unwrap();
    let texts = String::from_utf8_lossy(&profile);
    assert!(texts.contains("nanoseconds"), "{texts:?}");
    for seconds in ["0", "61", "-1"] {
        let answer = client.read(&format!("sys/pprof/profile?seconds={seconds}"));
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("a profile takes 1 to 60 seconds"));
    }
}

#[test]
fn what_there_is_not() {
    let server = Server::start_casemate();
    let client = server.client();
    for (what, told) in [
        ("allocs", "allocations are not sampled"),
        ("block", "waiting is not sampled"),
        ("mutex", "locks are not sampled"),
        ("symbol", "addresses are not looked up"),
        ("trace", "there is no tracer"),
    ] {
        let answer = client.read(&format!("sys/pprof/{what}"));
        assert_eq!(answer.status, 405, "{answer:?}");
        assert!(answer.body.contains(told), "{answer:?}");
    }
}

#[test]
fn who_may_look() {
    let server = Server::start_casemate();
    let client = server.client();
    let policy = r#"path "sys/pprof/*" { capabilities = ["read"] }"#;
    client.write("sys/policies/acl/looks", &json!({ "policy": policy }));
    let made = client.write("auth/token/create", &json!({ "policies": ["looks"] }));
    let token = made.json()["auth"]["client_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(client.with_token(&token).read("sys/pprof/heap").status, 403);
    let policy = r#"path "sys/pprof/*" { capabilities = ["read", "sudo"] }"#;
    client.write("sys/policies/acl/looks", &json!({ "policy": policy }));
    assert_eq!(client.with_token(&token).read("sys/pprof/heap").status, 200);
    client.write("sys/namespaces/ns", &json!({}));
    let inside = client.send(
        "GET",
        "sys/pprof/heap",
        &[("X-Vault-Namespace", "ns")],
        None,
    );
    assert_eq!(inside.status, 400, "{inside:?}");
}
