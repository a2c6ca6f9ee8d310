//! Response wrapping: what is wrapped, and that it is opened once.

use crate::house::{House, request};
use base::{Operation, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};
use std::sync::Arc;

const INVALID: &str = "wrapping token is not valid or does not exist";

async fn wrap(house: &House, data: Value) -> String {
    let wrapped = house
        .wrapped(&house.token, "sys/wrapping/wrap", data, &[])
        .await
        .unwrap();
    wrapped["token"].as_str().unwrap().to_owned()
}

async fn invalid(house: &House, caller: &str, path: &str, data: Value) {
    let refused = house.ask_as(caller, Operation::Update, path, data).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.kind, refused.message.as_str()),
        (RefusalKind::Invalid, INVALID)
    );
}

#[tokio::test]
async fn a_wrapping_token_opens_its_answer_once() {
    let house = House::open().await;
    let secret = json!({ "a": 1, "b": "x" });
    // Named by another caller, and as the caller's own token.
    for own in [false, true] {
        let token = wrap(&house, secret.clone()).await;
        let (caller, data) = match own {
            true => (token.clone(), json!({})),
            false => (house.token.clone(), json!({ "token": token })),
        };
        let path = "sys/wrapping/unwrap";
        let opened = house
            .ask_as(&caller, Operation::Update, path, data.clone())
            .await
            .unwrap();
        assert_eq!((&opened["data"], &opened["status"]), (&secret, &json!(200)));
        invalid(&house, &caller, path, data).await;
        invalid(&house, "", "sys/wrapping/lookup", json!({ "token": token })).await;
    }
}

#[tokio::test]
async fn of_many_who_open_at_once_one_gets_the_answer() {
    let house = Arc::new(House::open().await);
    for own in [false, true] {
        let token = wrap(&house, json!({ "a": 1 })).await;
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (house, token) = (house.clone(), token.clone());
            asking.spawn(async move {
                let (caller, data) = match own {
                    true => (token, json!({})),
                    false => (house.token.clone(), json!({ "token": token })),
                };
                house
                    .ask_as(&caller, Operation::Update, "sys/wrapping/unwrap", data)
                    .await
            });
        }
        let opened = asking.join_all().await;
        let opened = opened.into_iter().filter(Result::is_ok).count();
        assert_eq!(opened, 1, "own: {own}");
    }
}

#[tokio::test]
async fn answer_token_and_what_is_granted_are_one_batch() {
    let house = House::open().await;
    // The first write of a node is preceded by one that counts encryptions ahead.
    let policy = json!({ "policy": "path \"a\" { capabilities = [\"read\"] }" });
    house.write("sys/policies/acl/any", policy).await.unwrap();
    let before = house
        .node
        .handle(request(
            &house.token,
            Operation::Read,
            "sys/mounts",
            serde_json::Map::new(),
        ))
        .await;
    let create = json!({ "policies": ["default"] });
    let wrapped = house
        .wrapped(&house.token, "auth/token/create", create, &[])
        .await
        .unwrap();
    // Only a request that wrote something says how far the log is.
    assert!(before.index.is_none() && wrapped["index"].is_string());
    assert_eq!(wrapped["creation_path"], "auth/token/create");
    let opened = house
        .write("sys/wrapping/unwrap", json!({ "token": wrapped["token"] }))
        .await
        .unwrap();
    assert_eq!(opened["auth"]["accessor"], wrapped["wrapped_accessor"]);
    let token = opened["auth"]["client_token"].as_str().unwrap();
    let own = "auth/token/lookup-self";
    house
        .ask_as(token, Operation::Read, own, json!({}))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_wrapped_answer_ends_with_its_token() {
    let house = House::open().await;
    let before = house.entries();
    let token = wrap(&house, json!({ "a": 1 })).await;
    assert!(house.entries() > before);
    house.clock.advance(Duration::from_secs(60));
    let data = json!({ "token": token });
    invalid(&house, &house.token, "sys/wrapping/unwrap", data).await;
    let token = wrap(&house, json!({ "a": 1 })).await;
    house
        .ask_as(
            &token,
            Operation::Update,
            "auth/token/revoke-self",
            json!({}),
        )
        .await
        .unwrap();
    let data = json!({ "token": token });
    invalid(&house, &house.token, "sys/wrapping/unwrap", data).await;
    // The one that ended by itself is swept away in the background.
    house.until(|| house.entries() == before).await;
}

#[tokio::test]
async fn a_refused_use_is_the_one_use_too() {
    let house = House::open().await;
    let token = wrap(&house, json!({ "a": 1 })).await;
    let refused = house
        .ask_as(&token, Operation::Read, "auth/token/lookup-self", json!({}))
        .await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
    let data = json!({ "token": token });
    invalid(&house, &house.token, "sys/wrapping/unwrap", data).await;
}

#[tokio::test]
async fn the_answer_lies_in_the_tokens_cubbyhole() {
    let house = House::open().await;
    let token = wrap(&house, json!({ "a": 1.50 })).await;
    let read = || house.ask_as(&token, Operation::Read, "cubbyhole/response", json!({}));
    let found = read().await.unwrap();
    let inside: Value = serde_json::from_str(found["response"].as_str().unwrap()).unwrap();
    assert_eq!(inside["data"], json!({ "a": 1.50 }));
    assert_eq!(read().await.unwrap_err().kind, RefusalKind::Denied);
}

#[tokio::test]
async fn looked_up_and_wrapped_anew() {
    let house = House::open().await;
    let create = json!({ "policies": ["default"] });
    let wrapped = house
        .wrapped(&house.token, "auth/token/create", create, &[])
        .await
        .unwrap();
    let first = wrapped["token"].as_str().unwrap().to_owned();
    let lookup = |token: String| {
        let (house, data) = (&house, json!({ "token": token }));
        async move {
            let path = "sys/wrapping/lookup";
            house.ask_as("", Operation::Update, path, data).await
        }
    };
    let found = lookup(first.clone()).await.unwrap();
    assert_eq!(found["creation_path"], "auth/token/create");
    assert_eq!(found["creation_ttl"], 60);
    // Rewrapping answers with a token of itself: no header is needed.
    let again = house
        .wrapped(
            &house.token,
            "sys/wrapping/rewrap",
            json!({ "token": first }),
            &[],
        )
        .await
        .unwrap();
    assert_eq!(again["creation_path"], "auth/token/create");
    assert_eq!(lookup(first).await.unwrap_err().message, INVALID);
    let second = again["token"].as_str().unwrap().to_owned();
    assert!(lookup(second.clone()).await.is_ok());
    let opened = house
        .write("sys/wrapping/unwrap", json!({ "token": second }))
        .await
        .unwrap();
    assert_eq!(opened["auth"]["token_policies"], json!(["default"]));
}

#[tokio::test]
async fn a_jwt_is_taken_where_its_token_is() {
    let house = House::open().await;
    let jwt = [("x-vault-wrap-format", "jwt")];
    for own in [false, true] {
        let wrapped = house
            .wrapped(&house.token, "sys/wrapping/wrap", json!({ "a": 1 }), &jwt)
            .await
            .unwrap();
        let token = wrapped["token"].as_str().unwrap().to_owned();
        assert!(token.starts_with("eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCJ9."));
        let mut forged = token.clone().into_bytes();
        let middle = forged.len() / 2;
        forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let unwrap = "sys/wrapping/unwrap";
        invalid(&house, &house.token, unwrap, json!({ "token": forged })).await;
        invalid(&house, &forged, unwrap, json!({})).await;
        let (caller, data) = match own {
            true => (token, json!({})),
            false => (house.token.clone(), json!({ "token": token })),
        };
        let opened = house.ask_as(&caller, Operation::Update, unwrap, data).await;
        assert_eq!(opened.unwrap()["data"], json!({ "a": 1 }));
    }
    let key = house
        .ask_as("", Operation::Read, "sys/wrapping/pubkey", json!({}))
        .await
        .unwrap();
    assert_eq!(key["jwt_curve"], "p521");
    for part in ["jwt_x", "jwt_y"] {
        let digits = key[part].as_str().unwrap();
        assert!(digits.len() > 100 && digits.bytes().all(|digit| digit.is_ascii_digit()));
    }
}

#[tokio::test]
async fn policies_bound_how_long_an_answer_is_wrapped() {
    let house = House::open().await;
    let rules = r#"path "sys/wrapping/wrap" {
        capabilities = ["update"]
        min_wrapping_ttl = "10s"
        max_wrapping_ttl = "1h"
    }"#;
    house
        .write("sys/policies/acl/wrapper", json!({ "policy": rules }))
        .await
        .unwrap();
    let made = house
        .write(
            "auth/token/create",
            json!({ "policies": ["wrapper"], "no_default_policy": true }),
        )
        .await
        .unwrap();
    let token = made["client_token"].as_str().unwrap();
    for (seconds, granted) in [(5, false), (10, true), (3600, true), (3601, false)] {
        let data = json!({ "a": 1 });
        let Value::Object(data) = data else { panic!() };
        let mut request = request(token, Operation::Update, "sys/wrapping/wrap", data);
        request.wrap_ttl = Some(Duration::from_secs(seconds));
        let reply = house.node.handle(request).await;
        assert_eq!(reply.outcome.is_ok(), granted, "{seconds}");
    }
    let refused = house
        .ask_as(token, Operation::Update, "sys/wrapping/wrap", json!({}))
        .await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
}

#[tokio::test]
async fn what_is_no_wrapping_token_opens_nothing() {
    let house = House::open().await;
    let other = house.token_with(&["default"]).await;
    for path in ["sys/wrapping/unwrap", "sys/wrapping/rewrap"] {
        for data in [
            json!({}),
            json!({ "token": house.token }),
            json!({ "token": other }),
            json!({ "token": "unknown" }),
            json!({ "token": "x".repeat(5000) }),
        ] {
            invalid(&house, &house.token, path, data).await;
        }
    }
    for (caller, data, text) in [
        (
            "",
            json!({}),
            "error validating wrapping token: token is empty",
        ),
        (
            house.token.as_str(),
            json!({ "token": "" }),
            "error validating wrapping token: empty token in request body",
        ),
        (
            house.token.as_str(),
            json!({ "token": 5 }),
            "error validating wrapping token: could not decode token in request body",
        ),
    ] {
        let refused = house
            .ask_as(caller, Operation::Update, "sys/wrapping/unwrap", data)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Denied, text)
        );
    }
    let refused = house.write("sys/wrapping/wrap", json!({ "a": 1 })).await;
    let text = "endpoint requires response wrapping to be used";
    assert_eq!(refused.unwrap_err().message, text);
}

#[tokio::test]
async fn the_record_of_a_wrapped_answer_has_the_token_and_no_data() {
    let house = House::open().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.log");
    let options = json!({ "type": "file", "options": { "file_path": file } });
    house.write("sys/audit/file", options).await.unwrap();
    let token = wrap(&house, json!({ "a": "canary" })).await;
    house
        .write("sys/wrapping/unwrap", json!({ "token": token }))
        .await
        .unwrap();
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(!log.contains("canary") && !log.contains(&token));
    let records: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|record: &Value| record["type"] == "response")
        .collect();
    let of = |path: &str| {
        let mut found = records.iter().filter(|one| one["request"]["path"] == path);
        found.next_back().unwrap().clone()
    };
    let wrapped = of("sys/wrapping/wrap");
    assert_eq!(wrapped["request"]["wrap_ttl"], 60);
    let info = &wrapped["response"]["wrap_info"];
    assert_eq!(info["creation_path"], "sys/wrapping/wrap");
    assert!(info["token"].as_str().unwrap().starts_with("hmac-sha256:"));
    assert!(wrapped["response"]["data"].is_null());
    let opened = of("sys/wrapping/unwrap");
    let body = &opened["response"]["data"]["http_raw_body"];
    assert!(body.as_str().unwrap().starts_with("hmac-sha256:"));
    // The same token, by the same hash.
    assert_eq!(opened["request"]["data"]["token"], info["token"]);
}
