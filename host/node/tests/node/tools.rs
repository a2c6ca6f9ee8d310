//! Small services of `sys/`, and what it tells of itself.

use crate::house::House;
use base::{Operation, RefusalKind};
use serde_json::{Value, json};

async fn told(house: &House, path: &str, data: Value) -> Value {
    house.write(path, data).await.unwrap()
}

#[tokio::test]
async fn random_bytes() {
    let house = House::open().await;
    for (path, data, length) in [
        ("sys/tools/random", json!({}), 44),
        (
            "sys/tools/random/5",
            json!({ "bytes": 9, "format": "hex" }),
            10,
        ),
        (
            "sys/tools/random/platform/6",
            json!({ "format": "hex" }),
            12,
        ),
        ("sys/tools/random/all", json!({ "bytes": 3 }), 4),
    ] {
        let bytes = told(&house, path, data).await;
        assert_eq!(
            bytes["random_bytes"].as_str().unwrap().len(),
            length,
            "{path}"
        );
    }
    let one = told(&house, "sys/tools/random", json!({})).await;
    assert_ne!(one, told(&house, "sys/tools/random", json!({})).await);
    for (path, expected) in [
        ("sys/tools/random/0", "'bytes' cannot be less than 1"),
        (
            "sys/tools/random/131073",
            "'bytes' should be less than 131072",
        ),
        (
            "sys/tools/random/x",
            "error parsing url-set byte count: strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        (
            "sys/tools/random/x/5",
            "unsupported entropy source \"x\"; must be \"platform\" or \"seal\", or \"all\"",
        ),
    ] {
        let refusal = house.write(path, json!({})).await.unwrap_err();
        assert_eq!(refusal.message, expected);
    }
}

#[tokio::test]
async fn hashes() {
    let house = House::open().await;
    let abc = json!({ "input": "YWJj" });
    let sum = told(&house, "sys/tools/hash", abc.clone()).await;
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sum["sum"], expected);
    let sum = told(&house, "sys/tools/hash/sha3-224", abc.clone()).await;
    assert_eq!(
        sum["sum"],
        "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"
    );
    for (path, data, expected) in [
        ("sys/tools/hash/sha1", abc, "unsupported algorithm sha1"),
        (
            "sys/tools/hash",
            json!({ "input": "Y*WJ" }),
            "unable to decode input as base64: illegal base64 data at input byte 1",
        ),
    ] {
        let refusal = house.write(path, data).await.unwrap_err();
        assert_eq!(refusal.message, expected);
    }
}

#[tokio::test]
async fn a_root_token_is_decoded_without_a_token() {
    let house = House::open().await;
    let decode = async |data| {
        house
            .ask_as("", Operation::Update, "sys/decode-token", data)
            .await
    };
    let token = decode(json!({ "encoded_token": "Dx8O", "otp": "abc" })).await;
    assert_eq!(token.unwrap(), json!({ "token": "n}m" }));
    let refusal = decode(json!({ "encoded_token": "Dx8O", "otp": "ab" })).await;
    assert_eq!(
        refusal.unwrap_err().message,
        "error xoring token: length of byte slices is not equivalent: 3 != 2"
    );
}

#[tokio::test]
async fn counts() {
    let house = House::open().await;
    let counted = house.read("sys/internal/counters/tokens").await.unwrap();
    assert_eq!(counted["counters"]["service_tokens"]["total"], 1);
    house.token_with(&["default"]).await;
    let counted = house.read("sys/internal/counters/tokens").await.unwrap();
    assert_eq!(counted["counters"]["service_tokens"]["total"], 2);
    house
        .write("identity/entity", json!({ "name": "ann" }))
        .await
        .unwrap();
    let counted = house.read("sys/internal/counters/entities").await.unwrap();
    assert_eq!(counted["counters"]["entities"]["total"], 1);
    let gone = house
        .read("sys/internal/counters/requests")
        .await
        .unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
}

#[tokio::test]
async fn the_router_is_shown_and_no_token() {
    let house = House::open().await;
    let shown = house
        .read("sys/internal/inspect/router/root")
        .await
        .unwrap();
    let paths: Vec<&str> = shown["root"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| mount["mount_path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["token/", "cubbyhole/", "identity/", "sys/"]);
    assert_eq!(shown["root"][0]["tainted"], false);
    let by_accessor = house
        .read("sys/internal/inspect/router/accessor")
        .await
        .unwrap();
    assert!(by_accessor["accessor"][0].get("storage_prefix").is_none());
    let unknown = house
        .read("sys/internal/inspect/router/x")
        .await
        .unwrap_err();
    assert_eq!(unknown.kind, RefusalKind::NotFound);
    let request = house.read("sys/internal/inspect/request").await.unwrap();
    assert_eq!(request["req"]["path"], "internal/inspect/request");
    assert!(!request.to_string().contains(&house.token), "{request}");
}

#[tokio::test]
async fn leases_are_listed_from_the_top() {
    let house = House::open().await;
    house.token_with(&["default"]).await;
    let list = house
        .ask(Operation::List, "sys/leases/lookup", json!({}))
        .await;
    assert_eq!(list.unwrap(), json!({ "keys": ["auth/"] }));
}
