//! What is between the clusters breaks.

use core::time::Duration;
use e2e::clusters::{Cluster, Pair, Relay, until};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

/// So little of the log stays that a test can write more.
const SHORT_LOG: &str =
    "replication {\n  log_bytes_max = 65536\n  log_kept_bytes_max = 262144\n}\n";
/// No write on the primary may take as long as a wait for a secondary would.
const PROMPTLY: Duration = Duration::from_secs(4);

/// A value, and one of which a few are more than what the primary has of its log in memory.
const SMALL_BYTES: usize = 4 * 1024;
const LARGE_BYTES: usize = 512 * 1024;

/// Writes so many values, none of which waits for anybody.
fn write_some(cluster: &Cluster, name: &str, count: usize, bytes: usize) {
    for number in 0..count {
        let begun = Instant::now();
        let body = json!({ "v": format!("{name}-{number}"), "more": "x".repeat(bytes) });
        cluster.write(&format!("kv/{name}/{number}"), &body);
        assert!(begun.elapsed() < PROMPTLY, "{name}/{number} waited");
    }
}

fn all_there(cluster: &Cluster, name: &str, count: usize) {
    for number in 0..count {
        let read = cluster.read(&format!("kv/{name}/{number}"));
        assert_eq!(read["data"]["v"], format!("{name}-{number}"));
    }
}

#[test]
fn a_cut_is_made_good_from_the_log_where_it_is_long_enough_and_by_comparing_where_not() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, SHORT_LOG, "");
    pair.a.mount("kv");
    pair.a.put("kv/before", "before");
    pair.a.put("kv/gone", "gone");
    pair.join("c", &json!({}));
    let (a, c) = (&pair.a, &pair.c);
    let compared_at_first = c.compared();

    // Short: everything the secondary has not got is still in the log.
    a.relay.cut();
    write_some(a, "short", 20, SMALL_BYTES);
    let status = c.until_it_is_cut_off();
    assert_ne!(status["last_error"], "", "{status:#}");
    until("the primary sees the cut", || {
        (a.status()["secondaries"][0]["connection_status"] == "disconnected").then_some(())
    });
    c.has("kv/before", "before");
    let behind = a.status()["secondaries"][0].clone();
    assert!(behind["lag_entries"].as_u64().unwrap() >= 20, "{behind:#}");
    assert!(behind["headroom_bytes"].as_u64().unwrap() > 0, "{behind:#}");
    a.relay.mend();
    pair.settle();
    all_there(c, "short", 20);
    assert_eq!(c.compared(), compared_at_first);

    // Long, and silent: nobody is told that nothing arrives any more.
    a.relay.fall_silent();
    a.delete("kv/gone");
    write_some(a, "long", 24, LARGE_BYTES);
    let has = c.status()["last_remote_wal"].as_u64().unwrap();
    until("the log to end behind it", || {
        (a.status()["log_purged"].as_u64().unwrap() > has).then_some(())
    });
    // Which was told before it came to that, and is told.
    let warned = "a secondary is so far behind that it will soon have to compare itself";
    until("the warning", || {
        a.server.log().contains(warned).then_some(())
    });
    let behind = a.status()["secondaries"][0].clone();
    assert_eq!(behind["headroom_is_low"], true, "{behind:#}");
    assert_eq!(behind["headroom_bytes"], 0, "{behind:#}");
    c.has("kv/gone", "gone");
    a.relay.cut();
    a.relay.mend();
    pair.settle();
    all_there(c, "long", 24);
    c.lacks("kv/gone");
    assert_eq!(c.compared(), compared_at_first + 1, "{}", c.server.log());
    a.until_equal(c);
    // What alerts look for.
    let log = c.server.log();
    for line in [
        "connected to the primary",
        "comparing with the primary",
        "compared with the primary",
        "the connection to the primary ended",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    // And streams again, over a slow way too.
    a.relay.slow_down(Duration::from_millis(30));
    write_some(a, "slow", 20, SMALL_BYTES);
    pair.settle();
    all_there(c, "slow", 20);
    let caught_up = a.status()["secondaries"][0].clone();
    assert_eq!(caught_up["headroom_is_low"], false, "{caught_up:#}");
    assert_eq!(c.compared(), compared_at_first + 1);
}

/// A proxy beside a relay that ends TLS, as a load balancer does that is set up for the API.
pub(crate) fn terminating_proxy(relay: &Relay) -> String {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let made = rcgen::generate_simple_self_signed(["proxy.test".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind((relay.address().ip(), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), config) = (stream, Arc::clone(&config)) else {
                continue;
            };
            std::thread::spawn(move || {
                let connection = rustls::ServerConnection::new(config).unwrap();
                let mut tls = rustls::StreamOwned::new(connection, stream);
                let mut piece = [0; 1024];
                // Whatever comes out of TLS is answered as a web server would.
                while matches!(tls.read(&mut piece), Ok(1..)) {
                    let _ = tls.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                }
            });
        }
    });
    format!("https://{address}")
}

#[test]
fn a_proxy_that_ends_tls_is_named_as_what_it_is() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    let steps = |body: Value| {
        let checked = c.write("sys/replication/performance/check", &body);
        checked["data"].clone()
    };
    let checked = steps(json!({}));
    assert_eq!(checked["ok"], true, "{checked:#}");
    let proxy = terminating_proxy(&a.relay);
    let checked = steps(json!({ "addresses": [proxy] }));
    assert_eq!(checked["ok"], false, "{checked:#}");
    let failed = checked["steps"].as_array().unwrap().last().unwrap();
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains("terminates TLS"), "{checked:#}");

    let update = "sys/replication/performance/secondary/update-primary";
    c.write(update, &json!({ "update_primary_addrs": [proxy] }));
    let status = c.until_status("the proxy is in the way", |status| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        trouble.contains("terminates TLS")
    });
    assert_eq!(
        status["connection_state"], "transient_failure",
        "{status:#}"
    );
    c.write(update, &json!({ "update_primary_addrs": [a.relay.url()] }));
    c.until_status("it streams", |status| {
        status["state"] == "stream-wals" && status["last_error"] == ""
    });
}
