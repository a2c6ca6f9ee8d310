//! Requests on the wire, and what the service is asked.

use super::{Fake, get, post, setting_up, talk};
use crate::forwarded::{ForwardedRules, Otherwise};
use crate::listener::Settings;
use base::{Operation, Request};
use core::time::Duration;
use serde_json::Value;

/// What reaches the service; panics when nothing does.
async fn asked_with(settings: Settings, bytes: &[u8]) -> Request {
    let fake = Fake::agreeing();
    let answer = talk(&setting_up(fake.clone(), settings), bytes).await;
    let mut asked = fake.asked.lock().unwrap();
    asked.pop().unwrap_or_else(|| panic!("refused: {answer}"))
}

async fn asked(bytes: &[u8]) -> Request {
    asked_with(Settings::default(), bytes).await
}

/// The refusal's status and body; panics when the service is asked.
async fn refused_with(settings: Settings, bytes: &[u8]) -> String {
    let fake = Fake::agreeing();
    let answer = talk(&setting_up(fake.clone(), settings), bytes).await;
    assert!(fake.asked.lock().unwrap().is_empty(), "{answer}");
    let (head, body) = answer.split_once("\n\n").unwrap();
    let status = head.split(' ').nth(1).unwrap_or_default();
    format!("{status} {}", body.trim_end())
}

async fn refused(bytes: &[u8]) -> String {
    refused_with(Settings::default(), bytes).await
}

fn with_verb(verb: &str, target: &str) -> Vec<u8> {
    let text = format!("{verb} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    text.into_bytes()
}

#[tokio::test]
async fn verbs() {
    let check = async |verb: &str, target: &str, operation, path: &str, data: &str| {
        let request = asked(&with_verb(verb, target)).await;
        assert_eq!(request.operation, operation, "{verb} {target}");
        assert_eq!(request.path.as_str(), path, "{verb} {target}");
        assert_eq!(
            Value::Object(request.data).to_string(),
            data,
            "{verb} {target}"
        );
    };
    use Operation::{Delete, Help, List, Read, Scan, Update};
    check("GET", "/v1/a/b", Read, "a/b", "{}").await;
    check("HEAD", "/v1/a/b", Read, "a/b", "{}").await;
    check(
        "GET",
        "/v1/a?x=1&x=2&y=",
        Read,
        "a",
        r#"{"x":["1","2"],"y":""}"#,
    )
    .await;
    check(
        "GET",
        "/v1/a?list=true&after=z",
        List,
        "a/",
        r#"{"after":"z"}"#,
    )
    .await;
    check("GET", "/v1/a?list=1", List, "a/", "{}").await;
    check("GET", "/v1/a?list=", Read, "a", "{}").await;
    check("GET", "/v1/a?list=false", Read, "a", "{}").await;
    check("GET", "/v1/a/?scan=true", Scan, "a/", "{}").await;
    check("GET", "/v1/a?help=1", Help, "a", "{}").await;
    check("GET", "/v1/a?help", Help, "a", "{}").await;
    check("LIST", "/v1/a?limit=2", List, "a/", r#"{"limit":"2"}"#).await;
    check("SCAN", "/v1/a/", Scan, "a/", "{}").await;
    check(
        "DELETE",
        "/v1/a?versions=1",
        Delete,
        "a",
        r#"{"versions":"1"}"#,
    )
    .await;
    check("POST", "/v1/a?x=1", Update, "a", "{}").await;
    check("PUT", "/v1/a", Update, "a", "{}").await;
    check("GET", "http://other/v1/a", Read, "a", "{}").await;
    check("GET", "/v1/", Read, "", "{}").await;
}

#[tokio::test]
async fn what_is_not_asked() {
    let check = async |verb: &str, target: &str, expected: &str| {
        assert_eq!(
            refused(&with_verb(verb, target)).await,
            expected,
            "{verb} {target}"
        );
    };
    let none = r#"{"errors":[]}"#;
    check("GET", "/v1/a?list=true&scan=true", &format!("400 {none}")).await;
    check("GET", "/v1/a?list=zz", &format!("400 {none}")).await;
    check("OPTIONS", "/v1/a", &format!("405 {none}")).await;
    check("FROB", "/v1/a", &format!("405 {none}")).await;
    check("TRACE", "/v1/a", &format!("405 {none}")).await;
    for target in ["/", "/v1", "/v2/a", "/ui/", "/v1x", "//v1/a", "*"] {
        check("GET", target, &format!("404 {none}")).await;
    }
    check(
        "PATCH",
        "/v1/a",
        r#"415 {"errors":["PATCH requires Content-Type of application/merge-patch+json, provided "]}"#,
    )
    .await;
    let slash = r#"400 {"errors":["cannot write to a path ending in '/'"]}"#;
    check("POST", "/v1/a/", slash).await;
    check(
        "GET",
        "/v1/a?x=%zz",
        r#"400 {"errors":["malformed query"]}"#,
    )
    .await;
}

#[tokio::test]
async fn paths() {
    let relative = r#"400 {"errors":["relative paths not supported"]}"#;
    for target in [
        "/v1/a/../sys",
        "/v1/a/%2e%2e/sys",
        "/v1/a/..%2fsys",
        "/v1/..",
    ] {
        assert_eq!(refused(&get(target, "")).await, relative, "{target}");
    }
    let unprintable = r#"400 {"errors":["path contains unprintable characters"]}"#;
    for target in ["/v1/a%00", "/v1/a%0ab", "/v1/a%ff", "/v1/%7f"] {
        assert_eq!(refused(&get(target, "")).await, unprintable, "{target}");
    }
    let encoding = r#"400 {"errors":["malformed percent-encoding in path"]}"#;
    assert_eq!(refused(&get("/v1/a%2", "")).await, encoding);
    let long = format!("/v1/{}", "a".repeat(5000));
    assert_eq!(
        refused(&get(&long, "")).await,
        r#"400 {"errors":["path too long"]}"#
    );
    let path = async |target: &str| asked(&get(target, "")).await.path.as_str().to_owned();
    assert_eq!(path("/v1//a///b").await, "a/b");
    assert_eq!(path("/v1/a%2fb%20c").await, "a/b c");
    assert_eq!(path("/v1/./a/.").await, "a");
}

#[tokio::test]
async fn home_leads_to_the_user_interface() {
    let settings = Settings {
        has_ui: true,
        ..Settings::default()
    };
    let shared = setting_up(Fake::agreeing(), settings);
    let answer = talk(&shared, &get("/", "")).await;
    assert!(answer.starts_with("HTTP/1.1 307 "), "{answer}");
    assert!(answer.contains("location: /ui/"), "{answer}");
}

#[tokio::test]
async fn headers() {
    let token = async |headers: &str| {
        let request = asked(&get("/v1/a", headers)).await;
        for (name, value) in &request.headers {
            assert!(!value.contains("tok"), "{name} leaks the token");
            assert!(!name.contains("token"), "{name}");
        }
        request.token.map(|token| token.expose().clone())
    };
    let some = Some(String::from("tok1"));
    assert_eq!(token("").await, None);
    assert_eq!(token("X-Vault-Token: tok1\r\n").await, some);
    assert_eq!(token("authorization: bearer tok1\r\n").await, some);
    assert_eq!(token("Authorization: Bearer  tok1\r\n").await, some);
    assert_eq!(token("Authorization: Basic dXNlcg==\r\n").await, None);
    assert_eq!(
        token("X-Vault-Token:\r\nAuthorization: Bearer tok1\r\n").await,
        some
    );
    let both = "X-Vault-Token: tok1\r\nAuthorization: Bearer tok2\r\n";
    assert_eq!(token(both).await, some);

    let namespace = async |value: &str| {
        let header = format!("X-Vault-Namespace: {value}\r\n");
        asked(&get("/v1/a", &header)).await.namespace
    };
    assert_eq!(namespace("/a/b/").await, "a/b");
    assert_eq!(namespace("a").await, "a");
    assert_eq!(namespace("root").await, "");
    assert_eq!(namespace("/").await, "");

    let ttl = async |value: &str| {
        let header = format!("X-Vault-Wrap-TTL: {value}\r\n");
        asked(&get("/v1/a", &header)).await.wrap_ttl
    };
    assert_eq!(ttl("60").await, Some(Duration::from_secs(60)));
    assert_eq!(ttl("5m").await, Some(Duration::from_secs(300)));
    assert_eq!(ttl("0").await, None);

    let request = asked(&get("/v1/a", "X-Vault-Request: true\r\nX-One: 1\r\n")).await;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert!(request.headers.contains(&pair("x-vault-request", "true")));
    assert!(request.headers.contains(&pair("x-one", "1")));
    assert_eq!(request.id, super::ID);
}

#[tokio::test]
async fn headers_that_are_refused() {
    let check = async |headers: &str, expected: &str| {
        assert_eq!(refused(&get("/v1/a", headers)).await, expected, "{headers}");
    };
    check(
        "X-Vault-Wrap-TTL: zz\r\n",
        r#"400 {"errors":["error parsing X-Vault-Wrap-TTL header: time: invalid duration \"zz\""]}"#,
    )
    .await;
    check(
        "X-Vault-Wrap-TTL: -60s\r\n",
        r#"400 {"errors":["error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative"]}"#,
    )
    .await;
    check(
        "X-Vault-Token: a\r\nX-Vault-Token: b\r\n",
        r#"400 {"errors":["header x-vault-token given twice"]}"#,
    )
    .await;
    check(
        "X-Vault-Namespace: a\r\nX-Vault-Namespace: b\r\n",
        r#"400 {"errors":["header x-vault-namespace given twice"]}"#,
    )
    .await;
    check(
        "X-Vault-Namespace: ../a\r\n",
        r#"400 {"errors":["relative paths not supported"]}"#,
    )
    .await;
    let long = format!("X-Long: {}\r\n", "a".repeat(20_000));
    check(&long, r#"431 {"errors":["header too long"]}"#).await;
}

#[tokio::test]
async fn bodies() {
    let data = async |headers: &str, body: &str| {
        let request = asked(&post("/v1/a", headers, body.as_bytes())).await;
        assert_eq!(request.raw_body.as_deref(), Some(body.as_bytes()));
        Value::Object(request.data).to_string()
    };
    assert_eq!(data("", "").await, "{}");
    assert_eq!(data("", r#"{"a":1.50}"#).await, r#"{"a":1.50}"#);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    assert_eq!(data(form, "a=1&b=2").await, r#"{"a":"1","b":"2"}"#);
    assert_eq!(data(form, r#"{"a":1}"#).await, r#"{"a":1}"#);
    assert_eq!(
        data("content-type: application/wasm\r\n", "\0asm").await,
        "{}"
    );

    let patch = "PATCH /v1/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        content-type: Application/Merge-Patch+JSON; charset=utf-8\r\n\
        content-length: 7\r\n\r\n{\"a\":1}";
    let request = asked(patch.as_bytes()).await;
    assert_eq!(request.operation, Operation::Patch);
    assert_eq!(request.data["a"], 1);

    let chunked = "POST /v1/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        transfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n";
    assert_eq!(asked(chunked.as_bytes()).await.data["a"], 1);

    let deleted = "DELETE /v1/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        content-length: 4\r\n\r\n{bad";
    assert!(asked(deleted.as_bytes()).await.data.is_empty());
}

#[tokio::test]
async fn a_trusted_proxy_names_the_client() {
    let settings = |authorized: &str| Settings {
        forwarded: Some(ForwardedRules {
            authorized: vec![authorized.parse().unwrap()],
            hop_skips: 0,
            not_authorized: Otherwise::Refuse,
            not_present: Otherwise::UseConnection,
        }),
        ..Settings::default()
    };
    let request = get("/v1/a", "X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\n");
    let address = asked_with(settings("10.0.0.0/8"), &request)
        .await
        .client
        .address;
    assert_eq!(address.to_string(), "1.2.3.4:7");
    let address = asked(&request).await.client.address;
    assert_eq!(address.to_string(), "10.0.0.1:7");
    let refusal = refused_with(settings("192.168.0.0/16"), &request).await;
    assert!(refusal.starts_with("400 "), "{refusal}");
}
