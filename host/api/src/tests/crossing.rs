//! Web pages of other origins, headers that the operator adds, and answers that go on.

use super::{Fake, connect, get, setting_up, talk};
use crate::listener::Settings;
use crate::response_headers::ResponseHeaders;
use base::{Answer, CrossOrigin, Flow, Pieces};
use core::task::{Context, Poll};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

fn rules(origin: &str, credentials: bool) -> Option<Arc<CrossOrigin>> {
    Some(Arc::new(CrossOrigin {
        origins: vec![origin.to_owned()],
        headers: vec![String::from("X-Vault-Token"), String::from("X-Own")],
        credentials,
    }))
}

/// Asks a service with these rules; the status, the headers that are about origins, and the body.
async fn asked(rules: Option<Arc<CrossOrigin>>, verb: &str, headers: &str) -> String {
    let mut fake = Fake::agreeing();
    Arc::get_mut(&mut fake).unwrap().cross_origin = rules;
    let shared = setting_up(fake, Settings::default());
    let request = format!("{verb} /v1/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    let answer = talk(&shared, request.as_bytes()).await;
    let is_shown = |line: &&str| {
        let others = ["cache", "content", "strict", "connection", "x-vault-index"];
        !others.iter().any(|name| line.starts_with(name))
    };
    let lines: Vec<&str> = answer.lines().filter(is_shown).collect();
    lines.join("|")
}

const PAGE: &str = "origin: http://a\r\n";
const PREFLIGHT: &str = "origin: http://a\r\naccess-control-request-method: LIST\r\n";
const SEEN: &str = "access-control-allow-origin: http://a|vary: Origin|";

async fn check(rules: Option<Arc<CrossOrigin>>, verb: &str, headers: &str, expected: &str) {
    let found = asked(rules, verb, headers).await;
    assert_eq!(found, format!("HTTP/1.1 {expected}"), "{verb} {headers}");
}

#[tokio::test]
async fn without_rules_a_page_is_like_anybody() {
    check(None, "GET", PAGE, "200 OK||{\"ok\":true}").await;
    let refused = "405 Method Not Allowed||{\"errors\":[]}";
    check(None, "OPTIONS", PREFLIGHT, refused).await;
    let other = rules("http://b", false);
    check(other, "GET", "", "200 OK||{\"ok\":true}").await;
}

#[tokio::test]
async fn pages_that_may_ask_see_the_answer() {
    let seen = format!("200 OK|{SEEN}|{{\"ok\":true}}");
    check(rules("http://a", false), "GET", PAGE, &seen).await;
    check(rules("*", false), "GET", PAGE, &seen).await;
    let yes = "OK|access-control-allow-credentials: true|";
    check(rules("*", true), "GET", PAGE, &seen.replace("OK|", yes)).await;
}

#[tokio::test]
async fn other_pages_are_refused() {
    let refused = "403 Forbidden||{\"errors\":[\"origin not allowed\"]}";
    check(rules("http://b", false), "GET", PAGE, refused).await;
    check(rules("http://b", false), "OPTIONS", PREFLIGHT, refused).await;
}

#[tokio::test]
async fn browsers_ask_beforehand() {
    let told = "access-control-allow-headers: X-Vault-Token,X-Own|\
                access-control-allow-methods: DELETE,GET,OPTIONS,POST,PUT,LIST,SCAN|\
                access-control-max-age: 300|";
    let told = format!("200 OK|{told}{SEEN}");
    check(rules("http://a", false), "OPTIONS", PREFLIGHT, &told).await;
    let trace = PREFLIGHT.replace("LIST", "TRACE");
    for headers in [PAGE, &trace] {
        let refused = "405 Method Not Allowed|";
        check(rules("http://a", false), "OPTIONS", headers, refused).await;
    }
}

#[tokio::test]
async fn added_headers_go_from_the_general_to_the_particular() {
    let mut headers = ResponseHeaders::default();
    let mut add = |status: &str, name: &str, values: &[&str]| {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        headers
            .add(status, name, &values)
            .map_err(|error| error.to_string())
    };
    add("default", "X-A", &["a", "b"]).unwrap();
    add("default", "Strict-Transport-Security", &["max-age=1"]).unwrap();
    add("4xx", "X-A", &["four"]).unwrap();
    add("4xx", "X-B", &["four"]).unwrap();
    add("404", "X-A", &["not found"]).unwrap();
    for (status, name, value, expected) in [
        (
            "6xx",
            "X-A",
            "a",
            "\"6xx\" is neither \"default\" nor a status such as \"200\" or \"2xx\"",
        ),
        (
            "99",
            "X-A",
            "a",
            "\"99\" is neither \"default\" nor a status such as \"200\" or \"2xx\"",
        ),
        ("200", "X A", "a", "\"X A\" is no header that can be added"),
        (
            "200",
            "Content-Length",
            "1",
            "\"Content-Length\" is no header that can be added",
        ),
        ("200", "X-A", "a\nb", "the value of \"X-A\" cannot be sent"),
    ] {
        assert_eq!(add(status, name, &[value]).unwrap_err(), expected);
    }
    let fake = Fake::new(|request| match request.path.as_str() {
        "none" => Err(base::Refusal::not_found()),
        "bad" => Err(base::Refusal::invalid("bad")),
        _ => Ok(Answer::Empty),
    });
    let settings = Settings {
        headers,
        ..Settings::default()
    };
    let shared = setting_up(fake, settings);
    let found = async |path: &str| {
        let answer = talk(&shared, &get(path, "")).await;
        let lines = answer
            .lines()
            .filter(|line| line.starts_with("x-") || line.starts_with("strict"));
        lines.collect::<Vec<_>>().join("|")
    };
    let first = "strict-transport-security: max-age=1|x-a:";
    assert_eq!(found("/v1/a").await, format!("{first} a; b"));
    assert_eq!(found("/v1/bad").await, format!("{first} four|x-b: four"));
    assert_eq!(
        found("/v1/none").await,
        format!("{first} not found|x-b: four")
    );
    assert_eq!(
        found("/elsewhere").await,
        format!("{first} not found|x-b: four")
    );
}

struct Sent(mpsc::Receiver<Vec<u8>>);

impl Pieces for Sent {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.0.poll_recv(context)
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_goes_on_arrives_as_it_comes_and_is_not_idle() {
    let (sender, receiver) = mpsc::channel(4);
    let receiver = Mutex::new(Some(receiver));
    let fake = Fake::new(move |_| {
        let pieces = Box::new(Sent(receiver.lock().unwrap().take().unwrap()));
        Ok(Answer::Flow(Flow {
            content_type: String::from("text/plain"),
            pieces,
        }))
    });
    let shared = setting_up(fake, Settings::default());
    let (mut stream, _stop) = connect(&shared);
    stream.write_all(&get("/v1/a", "")).await.unwrap();
    let mut read = async || {
        let mut buffer = [0; 1000];
        let length = stream.read(&mut buffer).await.unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    sender.send(b"one\n".to_vec()).await.unwrap();
    let mut text = read().await;
    while !text.contains("one\n") {
        text.push_str(&read().await);
    }
    assert!(
        text.contains("content-type: text/plain") && text.contains("transfer-encoding: chunked"),
        "{text}"
    );
    // Longer than a connection may lie idle.
    let nothing = core::future::pending::<()>();
    let _ = tokio::time::timeout(core::time::Duration::from_secs(3600), nothing).await;
    sender.send(b"two\n".to_vec()).await.unwrap();
    assert!(read().await.contains("two\n"));
    drop(sender);
    assert_eq!(read().await, "0\r\n\r\n");
}
