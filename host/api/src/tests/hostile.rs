//! Clients that are slow, half gone or mean harm.

use super::{Fake, connect, get, post, setting_up, talk};
use crate::limits::Limits;
use crate::listener::Settings;
use base::{Answer, Refusal};
use core::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

fn small() -> Settings {
    Settings {
        limits: Limits {
            request_bytes_max: 1000,
            headers_count_max: 20,
            header_bytes_max: 20_000,
            ..Limits::default()
        },
        ..Settings::default()
    }
}

async fn status(settings: Settings, bytes: &[u8]) -> String {
    let fake = Fake::agreeing();
    let answer = talk(&setting_up(fake.clone(), settings), bytes).await;
    assert!(fake.asked.lock().unwrap().is_empty(), "{answer}");
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn bad_bodies() {
    let check = async |body: &[u8], expected: &str| {
        assert_eq!(status(small(), &post("/v1/a", "", body)).await, expected);
    };
    check(b"{", "400").await;
    check(b"{\"a\":\"\xff\"}", "400").await;
    check(b"[1]", "400").await;
    check(format!("{{\"a\":{}", "[".repeat(900)).as_bytes(), "400").await;
    check(&[b' '; 1001], "413").await;
    check(&[b'x'; 100_000], "413").await;
}

#[tokio::test]
async fn a_chunked_body_is_counted_as_it_comes() {
    let mut bytes = b"POST /v1/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        transfer-encoding: chunked\r\n\r\n"
        .to_vec();
    for _ in 0..20 {
        bytes.extend_from_slice(b"64\r\n");
        bytes.extend_from_slice(&[b' '; 100]);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(status(small(), &bytes).await, "413");
}

#[tokio::test]
async fn who_waits_for_leave_is_told_at_once() {
    let shared = setting_up(Fake::agreeing(), small());
    let head = "POST /v1/a HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
        content-length: 5000\r\n\r\n";
    let answer = talk(&shared, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn bad_heads() {
    let long = format!("x-a: {}\r\n", "a".repeat(30_000));
    assert_eq!(status(small(), &get("/v1/a", &long)).await, "431");
    let many = "x-a: 1\r\n".repeat(50);
    assert_eq!(status(small(), &get("/v1/a", &many)).await, "431");
    assert_eq!(status(small(), &get("/v1/a", "no colon\r\n")).await, "400");
    assert_eq!(status(small(), &get("/v1/a", "x-a: \0\r\n")).await, "400");
    assert_eq!(
        status(small(), b"\x16\x03\x01 this is TLS\r\n\r\n").await,
        "400"
    );
    let two = "content-length: 3\r\ncontent-length: 4\r\n";
    assert_eq!(status(small(), &post("/v1/a", two, b"{}")).await, "400");
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let fake = Fake::agreeing();
    let shared = setting_up(fake.clone(), Settings::default());
    let (mut stream, _stop) = connect(&shared);
    let head = b"POST /v1/a HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{\"a\":1}";
    stream.write_all(head).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(fake.asked.lock().unwrap().is_empty());
}

/// How long the server holds a connection on which `bytes` came and nothing more.
async fn held_for(bytes: &[u8]) -> (Duration, String) {
    let shared = setting_up(Fake::agreeing(), Settings::default());
    let (mut stream, _stop) = connect(&shared);
    let began = Instant::now();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    (began.elapsed(), String::from_utf8(answer).unwrap())
}

#[tokio::test(start_paused = true)]
async fn slow_clients() {
    let limits = Limits::default();
    let check = async |bytes: &[u8], limit: Duration, answer: &str| {
        let (held, answered) = held_for(bytes).await;
        assert!(answered.starts_with(answer), "{answered}");
        assert!(
            held >= limit && held < limit + Duration::from_secs(4),
            "{held:?}"
        );
    };
    check(b"", limits.header_duration_max, "").await;
    check(b"G", limits.header_duration_max, "").await;
    check(
        b"GET /v1/a HTTP/1.1\r\nx-a:",
        limits.header_duration_max,
        "",
    )
    .await;
    check(b"PRI * HTTP/2.0\r\n\r\n", limits.header_duration_max, "").await;
    let body = b"POST /v1/a HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{";
    check(body, limits.body_duration_max, "HTTP/1.1 408 ").await;
    let idle = b"GET /v1/a HTTP/1.1\r\nhost: a\r\n\r\n";
    check(idle, limits.idle_duration_max, "HTTP/1.1 200 ").await;
    let second = b"GET /v1/a HTTP/1.1\r\nhost: a\r\n\r\nGET /v1";
    check(second, limits.idle_duration_max, "HTTP/1.1 200 ").await;
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips() {
    let shared = setting_up(Fake::agreeing(), Settings::default());
    let (mut stream, _stop) = connect(&shared);
    let began = Instant::now();
    stream.write_all(b"GET /v1/a HTTP/1.1\r\n").await.unwrap();
    while stream.write_all(b"x-a: 1\r\n").await.is_ok() {
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    assert!(
        began.elapsed() < Duration::from_secs(13),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answer() {
    let large = "x".repeat(1 << 20);
    let fake = Fake::new(move |_| Err(Refusal::invalid(large.clone())));
    let shared = setting_up(fake, Settings::default());
    let (mut stream, stop) = connect(&shared);
    stream
        .write_all(b"GET /v1/a HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let began = Instant::now();
    stop.closed().await;
    let held = began.elapsed();
    assert!(held < Limits::default().write_stall_duration_max + Duration::from_secs(3));
    drop(stream);
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let fake = Fake::new(|request| {
        assert!(request.path.as_str() != "bad", "planted");
        Ok(Answer::Empty)
    });
    let shared = setting_up(fake, Settings::default());
    let two = "GET /v1/bad HTTP/1.1\r\nhost: a\r\n\r\n\
        GET /v1/good HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = talk(&shared, two.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(
        answer.contains("{\"errors\":[\"internal error\"]}"),
        "{answer}"
    );
    assert!(answer.contains("HTTP/1.1 204 "), "{answer}");
}

/// Requests with a few bytes changed, and bytes that are no requests at all.
fn any_bytes() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::collection::vec;
    use proptest::prelude::*;
    let whole = prop_oneof![
        Just(post(
            "/v1/a?x=%41",
            "content-type: application/json\r\n",
            b"{\"a\":[1]}"
        )),
        Just(post(
            "/v1/a",
            "content-type: application/x-www-form-urlencoded\r\n",
            b"a=%41"
        )),
        Just(get(
            "/v1/a%2fb?list=true",
            "X-Vault-Wrap-TTL: 5m\r\nX-Vault-Namespace: b\r\n"
        )),
    ];
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let changed = (whole, changes).prop_map(|(mut bytes, changes)| {
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    });
    prop_oneof![3 => changed, 1 => vec(any::<u8>(), 0..200)]
}

proptest::proptest! {
    /// Whatever comes, the connection ends and the status is one of ours.
    #[test]
    fn any_bytes_are_answered_or_dropped(bytes in any_bytes()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let answer = runtime.block_on(async {
            let shared = setting_up(Fake::agreeing(), Settings::default());
            talk(&shared, &bytes).await
        });
        let status = answer.split(' ').nth(1).and_then(|code| code.parse::<u16>().ok());
        let known = [200, 307, 400, 404, 405, 408, 413, 414, 415, 417, 431, 501, 505];
        let is_known = status.is_none_or(|code| known.contains(&code));
        proptest::prop_assert!(is_known, "{}", answer);
    }
}
