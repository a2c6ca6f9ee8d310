//! Changing the unseal keys and making a root token, as clients ask for it.

use crate::house::House;
use base::{Operation, Refusal, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};
use std::sync::Arc;

/// An unsealed node with three shares, two of them needed, in hexadecimal.
async fn house_of_three() -> (House, Vec<String>) {
    let mut house = House::empty();
    let made = house.initialize(3, 2).await.unwrap();
    for share in &made.shares[1..] {
        house.submit(share).await.unwrap();
    }
    house.token = made.root_token.expose().clone();
    let hex = |share: &seal::Share| share.expose().iter().map(|b| format!("{b:02x}")).collect();
    let shares = made.shares.iter().map(hex).collect();
    (house, shares)
}

/// The two families, and where the answer of each is.
const FAMILIES: [&str; 2] = ["sys/rekey", "sys/rotate/root"];

async fn begin(house: &House, family: &str, body: Value) -> String {
    let begun = house.write(&format!("{family}/init"), body).await.unwrap();
    assert_eq!(begun["started"], true);
    begun["nonce"].as_str().unwrap().to_owned()
}

async fn give(house: &House, path: &str, nonce: &str, key: &str) -> Result<Value, Refusal> {
    house
        .write(path, json!({ "nonce": nonce, "key": key }))
        .await
}

fn keys(answer: &Value) -> Vec<String> {
    let keys = answer["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key.as_str().unwrap().to_owned())
        .collect()
}

/// The disk after a crash, unsealed with these shares.
async fn unsealed_with(house: &House, shares: &[String]) -> Result<House, Refusal> {
    let storage = Arc::new(house.storage.crash(0));
    let mut after = House::on(storage, Arc::clone(&house.clock));
    after.token = house.token.clone();
    for share in shares {
        after.write("sys/unseal", json!({ "key": share })).await?;
    }
    after.read("sys/mounts").await?;
    Ok(after)
}

#[tokio::test]
async fn new_shares_take_the_place_of_the_old_ones() {
    for family in FAMILIES {
        let (house, old) = house_of_three().await;
        let update = format!("{family}/update");
        let nonce = begin(
            &house,
            family,
            json!({ "secret_shares": 5, "secret_threshold": 3 }),
        )
        .await;
        let first = give(&house, &update, &nonce, &old[0]).await.unwrap();
        assert_eq!(
            (&first["progress"], &first["required"]),
            (&json!(1), &json!(2))
        );
        let done = give(&house, &update, &nonce, &old[2]).await.unwrap();
        assert_eq!(done["complete"], true);
        let new = keys(&done);
        assert_eq!(new.len(), 5);
        let status = house.read("sys/seal-status").await.unwrap();
        assert_eq!((&status["t"], &status["n"]), (&json!(3), &json!(5)));
        let idle = house.read(&format!("{family}/init")).await.unwrap();
        assert_eq!(
            (&idle["started"], &idle["required"]),
            (&json!(false), &json!(3))
        );

        let refused = unsealed_with(&house, &old).await.err().unwrap();
        assert!(
            refused.message.contains("message authentication failed"),
            "{family}"
        );
        let after = unsealed_with(&house, &new[..3]).await.unwrap();
        // The shares changed, the keys of the data did not.
        after.write("sys/rotate", json!({})).await.unwrap();
        unsealed_with(&after, &new[2..]).await.unwrap();
    }
}

#[tokio::test]
async fn verification_comes_before_the_change() {
    for family in FAMILIES {
        let (house, old) = house_of_three().await;
        let (update, verify) = (format!("{family}/update"), format!("{family}/verify"));
        house.read(&verify).await.unwrap_err();
        let plan =
            json!({ "secret_shares": 2, "secret_threshold": 2, "require_verification": true });
        let nonce = begin(&house, family, plan).await;
        give(&house, &update, &nonce, &old[0]).await.unwrap();
        let done = give(&house, &update, &nonce, &old[1]).await.unwrap();
        let new = keys(&done);
        assert_eq!(done["verification_required"], true);
        let mut nonce = done["verification_nonce"].as_str().unwrap().to_owned();
        // Until it is verified the old shares count.
        let status = house.read("sys/seal-status").await.unwrap();
        assert_eq!((&status["t"], &status["n"]), (&json!(2), &json!(3)));

        let one = give(&house, &verify, &nonce, &new[0]).await.unwrap();
        assert_eq!(one["progress"], 1);
        let refused = give(&house, &verify, &nonce, &new[0]).await.unwrap_err();
        assert!(refused.message.ends_with("during this verify operation"));
        let refused = give(&house, &verify, &nonce, &old[1]).await.unwrap_err();
        assert!(
            refused.message.contains("verification failed"),
            "{}",
            refused.message
        );
        let status = house.read(&verify).await.unwrap();
        assert_ne!(status["nonce"], nonce.as_str());
        let restarted = house
            .ask(Operation::Delete, &verify, json!({}))
            .await
            .unwrap();
        assert_eq!(restarted["progress"], 0);
        nonce = restarted["nonce"].as_str().unwrap().to_owned();
        give(&house, &verify, &nonce, &new[1]).await.unwrap();
        let done = give(&house, &verify, &nonce, &new[0]).await.unwrap();
        assert_eq!(done, json!({ "nonce": nonce, "complete": true }));
        unsealed_with(&house, &new).await.unwrap();
    }
}

#[tokio::test]
async fn a_change_that_is_not_stored_did_not_happen() {
    let (house, old) = house_of_three().await;
    let nonce = begin(
        &house,
        "sys/rekey",
        json!({ "secret_shares": 1, "secret_threshold": 1 }),
    )
    .await;
    give(&house, "sys/rekey/update", &nonce, &old[0])
        .await
        .unwrap();
    house.storage.fail_write(0, storage::Fault::Failed);
    give(&house, "sys/rekey/update", &nonce, &old[1])
        .await
        .unwrap_err();
    unsealed_with(&house, &old[..2]).await.unwrap();
}

#[tokio::test]
async fn the_root_key_can_change_below_an_attempt() {
    let (house, old) = house_of_three().await;
    let plan = json!({ "secret_shares": 1, "secret_threshold": 1, "require_verification": true });
    let nonce = begin(&house, "sys/rekey", plan).await;
    give(&house, "sys/rekey/update", &nonce, &old[0])
        .await
        .unwrap();
    house.write("sys/rotate/root", json!({})).await.unwrap();
    let done = give(&house, "sys/rekey/update", &nonce, &old[1])
        .await
        .unwrap();
    let nonce = done["verification_nonce"].as_str().unwrap();
    house.write("sys/rotate/root", json!({})).await.unwrap();
    let new = keys(&done);
    give(&house, "sys/rekey/verify", nonce, &new[0])
        .await
        .unwrap();
    unsealed_with(&house, &new).await.unwrap();
}

/// Each asked with the body; how it is refused. `SHARE` stands for a share of the key.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str)] = &[
    ("sys/rekey/init", r#"{}"#, "invalid rekey seal configuration: shares must be at least one"),
    ("sys/rotate/root/init", r#"{"secret_shares":5,"secret_threshold":1}"#, "invalid rotate seal configuration: threshold must be greater than one for multiple shares"),
    ("sys/rekey/init", r#"{"secret_shares":1,"secret_threshold":2}"#, "invalid rekey seal configuration: threshold cannot be larger than shares"),
    ("sys/rekey/init", r#"{"secret_shares":256,"secret_threshold":2}"#, "invalid rekey seal configuration: shares must be less than 256"),
    ("sys/rekey/init", r#"{"secret_shares":1,"secret_threshold":1,"backup":true}"#, "cannot request a backup of the new keys without providing PGP keys for encryption"),
    ("sys/rekey/update", r#"{}"#, "'key' must be specified in request body as JSON"),
    ("sys/rekey/update", r#"{"key":"zz!"}"#, "'key' must be a valid hex or base64 string"),
    ("sys/rekey/update", r#"{"key":"SHARE"}"#, "no barrier rekey in progress"),
    ("sys/rotate/root/update", r#"{"key":"SHARE","nonce":"x"}"#, "no rotation in progress"),
    ("sys/rotate/root/update", r#"{"nonce":"x"}"#, "missing required field 'key'"),
    ("sys/rotate/root/update", r#"{"key":"SHARE"}"#, "missing required field 'nonce'"),
    ("sys/generate-root-token/update", r#"{"key":"SHARE"}"#, "nonce is required"),
    ("sys/generate-root-token/update", r#"{"nonce":"x"}"#, "key is required"),
    ("sys/rekey/verify", r#"{"key":"SHARE"}"#, "no rekey in progress"),
    ("sys/rekey-recovery-key/init", r#"{}"#, "recovery rekeying not supported"),
    ("sys/rotate/recovery/init", r#"{}"#, "recovery keys not supported"),
    ("sys/generate-root/update", r#"{"key":"SHARE"}"#, "no root generation in progress"),
    ("sys/generate-root/attempt", r#"{"otp":"short"}"#, "OTP string has incorrect length"),
];

#[tokio::test]
async fn what_is_refused_and_how() {
    let (house, shares) = house_of_three().await;
    for (path, body, text) in REFUSED {
        let body = serde_json::from_str(&body.replace("SHARE", &shares[0])).unwrap();
        let refused = house.write(path, body).await.unwrap_err();
        let told = (refused.kind, refused.message.as_str());
        assert_eq!(told, (RefusalKind::Invalid, *text), "{path}");
    }
    for (path, text) in [
        ("sys/rekey/verify", "no rekey configuration found"),
        ("sys/rotate/root/verify", "no rotation configuration found"),
        ("sys/rekey/backup", "no backed-up keys found"),
        ("sys/rotate/root/backup", "no backed-up keys found"),
    ] {
        assert_eq!(house.read(path).await.unwrap_err().message, text);
    }
}

#[tokio::test]
async fn what_is_refused_of_an_attempt() {
    let (house, old) = house_of_three().await;
    let plan = json!({ "secret_shares": 1, "secret_threshold": 1 });
    let nonce = begin(&house, "sys/rekey", plan.clone()).await;
    let refused = house.write("sys/rekey/init", plan).await.unwrap_err();
    assert_eq!(refused.message, "rekey already in progress");
    let update = async |nonce: &str, key: &str| {
        let given = give(&house, "sys/rekey/update", nonce, key).await;
        given
            .err()
            .map_or_else(String::new, |refused| refused.message)
    };
    let wrong_nonce =
        format!("incorrect nonce supplied; nonce for this rekey operation is \"{nonce}\"");
    assert_eq!(update("other", &old[0]).await, wrong_nonce);
    assert_eq!(update(&nonce, &old[0]).await, "");
    assert_eq!(
        update(&nonce, &old[0]).await,
        "given key has already been provided during this generation operation"
    );
    let wrong = format!("00{}", &old[1][2..]);
    assert_eq!(
        update(&nonce, &wrong).await,
        "failed to read root key: invalid key: failed to decrypt keys from storage: cipher: message authentication failed"
    );
    let ended = house
        .ask(Operation::Delete, "sys/rekey/init", json!({}))
        .await;
    ended.unwrap();
    let idle = house.read("sys/rekey/init").await.unwrap();
    assert_eq!(idle["started"], false);
}

#[tokio::test]
async fn a_quorum_makes_a_root_token() {
    for family in ["sys/generate-root", "sys/generate-root-token"] {
        let (house, shares) = house_of_three().await;
        let attempt = format!("{family}/attempt");
        let update = format!("{family}/update");
        let idle = house.read(&attempt).await.unwrap();
        assert_eq!(
            (&idle["started"], &idle["otp_length"]),
            (&json!(false), &json!(40))
        );
        let begun = house.write(&attempt, json!({})).await.unwrap();
        let password = begun["otp"].as_str().unwrap();
        let nonce = begun["nonce"].as_str().unwrap();
        // It is told once.
        assert_eq!(house.read(&attempt).await.unwrap()["otp"], "");
        let again = house.write(&attempt, json!({})).await.unwrap_err();
        assert_eq!(again.message, "root generation already in progress");
        give(&house, &update, nonce, &shares[0]).await.unwrap();
        let repeated = give(&house, &update, nonce, &shares[0]).await.unwrap_err();
        assert!(repeated.message.contains("already been provided"));
        let done = give(&house, &update, nonce, &shares[2]).await.unwrap();
        assert_eq!(
            (&done["complete"], &done["progress"]),
            (&json!(true), &json!(2))
        );

        let token = revealed(done["encoded_token"].as_str().unwrap(), password);
        let own = "auth/token/lookup-self";
        let found = house
            .ask_as(&token, Operation::Read, own, json!({}))
            .await
            .unwrap();
        assert_eq!(
            (&found["policies"], &found["ttl"]),
            (&json!(["root"]), &json!(0))
        );
        assert_eq!(house.read(&attempt).await.unwrap()["started"], false);
    }
}

fn revealed(encoded: &str, password: &str) -> String {
    use base64::Engine as _;
    let hidden = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(encoded)
        .unwrap();
    let pairs = hidden.iter().zip(password.bytes());
    String::from_utf8(pairs.map(|(one, other)| one ^ other).collect()).unwrap()
}

#[tokio::test]
async fn without_a_token_only_where_a_listener_says_so() {
    let (house, _) = house_of_three().await;
    for path in ["sys/rekey/init", "sys/generate-root/attempt"] {
        for operation in [Operation::Read, Operation::Update, Operation::Delete] {
            let refused = house
                .ask_as("", operation, path, json!({}))
                .await
                .unwrap_err();
            assert_eq!(refused.kind, RefusalKind::Denied, "{path}");
        }
        house
            .ask_anybody(Operation::Read, path, json!({}))
            .await
            .unwrap();
    }
    for path in [
        "sys/rotate/root/init",
        "sys/generate-root-token/attempt",
        "sys/rekey/backup",
        "sys/rotate",
    ] {
        let refused = house
            .ask_anybody(Operation::Update, path, json!({}))
            .await
            .unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Denied, "{path}");
    }
}

#[tokio::test]
async fn strangers_neither_end_nor_block_the_attempts_of_operators() {
    let (house, shares) = house_of_three().await;
    let plan = json!({ "secret_shares": 1, "secret_threshold": 1 });
    let stranger = house
        .ask_anybody(Operation::Update, "sys/rekey/init", plan.clone())
        .await
        .unwrap();
    let nonce = begin(&house, "sys/rotate/root", plan.clone()).await;
    assert_ne!(stranger["nonce"], nonce.as_str());
    give(&house, "sys/rotate/root/update", &nonce, &shares[0])
        .await
        .unwrap();

    // A young attempt of a stranger is ended by whoever knows its nonce; an old one by anybody.
    let delete = |body| house.ask_anybody(Operation::Delete, "sys/rekey/init", body);
    let refused = delete(json!({})).await.unwrap_err();
    assert!(
        refused.message.contains("nonce is required"),
        "{}",
        refused.message
    );
    delete(json!({ "nonce": stranger["nonce"] })).await.unwrap();
    house
        .ask_anybody(Operation::Update, "sys/rekey/init", plan)
        .await
        .unwrap();
    house.clock.advance(Duration::from_secs(600));
    delete(json!({})).await.unwrap();

    let done = give(&house, "sys/rotate/root/update", &nonce, &shares[1])
        .await
        .unwrap();
    assert_eq!(done["complete"], true);
}

#[tokio::test]
async fn sealing_and_another_seal_end_all_attempts() {
    let (house, shares) = house_of_three().await;
    house
        .write("sys/generate-root/attempt", json!({}))
        .await
        .unwrap();
    let plan = json!({ "secret_shares": 1, "secret_threshold": 1 });
    let nonce = begin(&house, "sys/rekey", plan.clone()).await;
    give(&house, "sys/rekey/update", &nonce, &shares[0])
        .await
        .unwrap();
    let done = give(&house, "sys/rekey/update", &nonce, &shares[1])
        .await
        .unwrap();
    let attempt = house.read("sys/generate-root/attempt").await.unwrap();
    assert_eq!(attempt["started"], false);

    begin(&house, "sys/rekey", plan).await;
    house.write("sys/seal", json!({})).await.unwrap();
    let refused = house.read("sys/rekey/init").await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Sealed);
    let share = house
        .write("sys/unseal", json!({ "key": keys(&done)[0] }))
        .await
        .unwrap();
    assert_eq!(share["sealed"], false);
    assert_eq!(
        house.read("sys/rekey/init").await.unwrap()["started"],
        false
    );
}

#[tokio::test]
async fn a_share_of_any_length_is_answered() {
    let (house, _) = house_of_three().await;
    let nonce = begin(
        &house,
        "sys/rekey",
        json!({ "secret_shares": 1, "secret_threshold": 1 }),
    )
    .await;
    for length in [1, 31, 32, 34, 200, 10_000] {
        let key = "ab".repeat(length);
        give(&house, "sys/rekey/update", &nonce, &key)
            .await
            .unwrap_err();
    }
    assert_eq!(house.read("sys/rekey/init").await.unwrap()["progress"], 0);
}
