//! Shares and root tokens that only the holder of a PGP key can read.

use crate::house::House;
use crate::opened::Private;
use base::{Operation, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{Space, Storage};

/// A key that the tests of `openpgp` have, and its private half.
macro_rules! holder {
    ($name:literal) => {
        Holder {
            key: include_str!(concat!("../../../openpgp/tests/keys/", $name, ".asc")),
            private: Private::read(include_str!(concat!(
                "../../../openpgp/tests/keys/",
                $name,
                ".private"
            ))),
        }
    };
}

struct Holder {
    key: &'static str,
    private: Private,
}

impl Holder {
    /// As clients send it.
    fn sent(&self) -> String {
        STANDARD.encode(self.key)
    }

    /// What is in an encrypted text.
    fn opens(&self, encoded: &Value) -> String {
        let message = STANDARD.decode(encoded.as_str().unwrap()).unwrap();
        String::from_utf8(self.private.open(&message)).unwrap()
    }
}

const CURVE: &str = "4bef8f51c96fb694fed7e0b6e955e978a001e270";

/// Two shares, each for one of these, both needed.
async fn initialized(holders: [&Holder; 2]) -> (House, [String; 2]) {
    let mut house = House::empty();
    let made = house
        .write(
            "sys/init",
            json!({
                "secret_shares": 2,
                "secret_threshold": 2,
                "pgp_keys": [holders[0].sent(), holders[1].sent()],
                "root_token_pgp_key": holders[1].sent(),
            }),
        )
        .await
        .unwrap();
    assert_eq!(made["keys_base64"].as_array().unwrap().len(), 2);
    let hex = made["keys"][0].as_str().unwrap();
    let base64 = made["keys_base64"][0].as_str().unwrap();
    let bytes = STANDARD.decode(base64).unwrap();
    let in_hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, in_hex);
    let shares = [0, 1].map(|at| holders[at].opens(&made["keys_base64"][at]));
    for share in &shares {
        unseal(&house, share).await;
    }
    house.token = holders[1].opens(&made["root_token"]);
    (house, shares)
}

async fn unseal(house: &House, share: &str) {
    let told = house.write("sys/unseal", json!({ "key": share })).await;
    told.unwrap();
}

/// Gives each share; what the last answer says.
async fn give(house: &House, path: &str, nonce: &Value, shares: &[String]) -> Value {
    let mut told = Value::Null;
    for share in shares {
        let given = json!({ "nonce": nonce, "key": share });
        told = house.write(path, given).await.unwrap();
    }
    told
}

#[tokio::test]
async fn what_init_tells_is_for_its_holders() {
    let (house, _) = initialized([&holder!("rsa2048"), &holder!("curve25519")]).await;
    house.read("sys/mounts").await.unwrap();
}

#[tokio::test]
async fn with_a_key_that_takes_nothing_nothing_is_stored() {
    let house = House::empty();
    let good = holder!("curve25519").sent();
    let revoked = include_str!("../../../openpgp/tests/keys/revoked.asc");
    #[rustfmt::skip]
    let refused = [
        (json!({ "pgp_keys": [good] }), "invalid seal configuration: count mismatch between number of provided PGP keys and number of shares"),
        (json!({ "pgp_keys": [good, good, "?"] }), "invalid seal configuration: count mismatch between number of provided PGP keys and number of shares"),
        (json!({ "pgp_keys": [good, "?"] }), "invalid seal configuration: error decoding given PGP key: the key is neither Base64 nor ASCII-armored, in pgp_keys[1]"),
        (json!({ "pgp_keys": [good, "keybase:a"] }), "invalid seal configuration: error parsing given PGP key: keys of Keybase are not fetched, give the public key itself, in pgp_keys[1]"),
        (json!({ "pgp_keys": [revoked, good] }), "invalid seal configuration: error parsing given PGP key: the key is revoked, in pgp_keys[0]"),
        (json!({ "root_token_pgp_key": revoked }), "error parsing given PGP key: the key is revoked, in root_token_pgp_key"),
        (json!({ "pgp_keys": [good, good], "root_token_pgp_key": "aGVsbG8=" }), "error parsing given PGP key: the key is malformed: no sequence of packets, in root_token_pgp_key"),
        (json!({ "pgp_keys": good }), "failed to decode JSON input: pgp_keys is not a list of texts"),
        (json!({ "pgp_keys": [5] }), "failed to decode JSON input: pgp_keys is not a list of texts"),
        (json!({ "root_token_pgp_key": [good] }), "failed to decode JSON input: root_token_pgp_key is not a text"),
    ];
    let entries = house.entries();
    for (mut body, text) in refused {
        body["secret_shares"] = json!(2);
        body["secret_threshold"] = json!(2);
        let refused = house.write("sys/init", body).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Invalid, text)
        );
        assert_eq!(house.entries(), entries);
    }
}

#[tokio::test]
async fn new_shares_are_for_their_holders_and_kept_for_them() {
    let holders = [holder!("p384"), holder!("curve25519")];
    for family in ["sys/rekey", "sys/rotate/root"] {
        let (house, old) = initialized([&holders[0], &holders[1]]).await;
        let backup = format!("{family}/backup");
        let none = house.read(&backup).await.unwrap_err();
        assert_eq!(none.message, "no backed-up keys found");
        // The one holder has two of three shares.
        let keys = [&holders[1], &holders[0], &holders[1]].map(Holder::sent);
        let plan = json!({
            "secret_shares": 3,
            "secret_threshold": 2,
            "pgp_keys": keys,
            "backup": true,
            "require_verification": true,
        });
        let begun = house.write(&format!("{family}/init"), plan).await.unwrap();
        let prints = begun["pgp_fingerprints"].clone();
        assert_eq!(
            (&prints[0], &begun["backup"]),
            (&json!(CURVE), &json!(true))
        );
        let status = house.read(&format!("{family}/init")).await.unwrap();
        assert_eq!(status["pgp_fingerprints"], prints);
        let update = format!("{family}/update");
        let done = give(&house, &update, &begun["nonce"], &old).await;
        assert_eq!(
            (&done["pgp_fingerprints"], &done["backup"]),
            (&prints, &json!(true))
        );

        // Kept already, though it does not count yet.
        let kept = house.read(&backup).await.unwrap();
        assert_eq!(kept["nonce"], begun["nonce"]);
        let of_one = &kept["keys_base64"][CURVE];
        assert_eq!(
            of_one,
            &json!([done["keys_base64"][0], done["keys_base64"][2]])
        );
        assert_eq!(
            kept["keys"][CURVE],
            json!([done["keys"][0], done["keys"][2]])
        );
        let new = [
            holders[1].opens(&of_one[0]),
            holders[0].opens(&done["keys_base64"][1]),
        ];
        let verify = format!("{family}/verify");
        give(&house, &verify, &done["verification_nonce"], &new).await;

        let after = House::on(Arc::new(house.storage.crash(0)), Arc::clone(&house.clock));
        let after = House {
            token: house.token.clone(),
            ..after
        };
        for share in &new {
            unseal(&after, share).await;
        }
        assert_eq!(after.read(&backup).await.unwrap(), kept);
        let delete = |path| after.ask(Operation::Delete, path, json!({}));
        delete(&backup).await.unwrap();
        after.read(&backup).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_backup_needs_a_token_and_is_no_entry_in_clear() {
    let holder = holder!("curve25519");
    let (house, old) = initialized([&holder, &holder]).await;
    let plan = json!({
        "secret_shares": 1, "secret_threshold": 1, "pgp_keys": [holder.sent()], "backup": true,
    });
    let begun = house.write("sys/rekey/init", plan).await.unwrap();
    give(&house, "sys/rekey/update", &begun["nonce"], &old).await;
    house.read("sys/rekey/backup").await.unwrap();
    for operation in [Operation::Read, Operation::Delete] {
        let refused = house
            .ask_anybody(operation, "sys/rekey/backup", json!({}))
            .await
            .unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Denied);
    }
    let print = CURVE.as_bytes();
    let snapshot = house.storage.snapshot();
    for entry in snapshot.range(Space::Entries, &[], None) {
        let (_, value) = entry.unwrap();
        assert!(!value.windows(print.len()).any(|part| part == print));
    }
}

#[tokio::test]
async fn which_keys_a_change_is_not_begun_with() {
    let holder = holder!("curve25519");
    let (house, _) = initialized([&holder, &holder]).await;
    let (good, mismatch) = (
        holder.sent(),
        "count mismatch between number of provided PGP keys and number of shares",
    );
    let rotate = format!("invalid rotate seal configuration: {mismatch}");
    let open = "cannot request a backup of the new keys without providing PGP keys for encryption";
    let bad = "seal configuration: error parsing given PGP key: the key is malformed: no sequence of packets, in pgp_keys[0]";
    for (family, keys, text) in [
        (
            "sys/rekey",
            json!([good, good]),
            "incorrect number of PGP keys for rekey",
        ),
        ("sys/rotate/root", json!([good, good]), rotate.as_str()),
        ("sys/rekey", json!([]), open),
        ("sys/rotate/root", json!([]), open),
        (
            "sys/rekey",
            json!(["aGVsbG8="]),
            &format!("invalid rekey {bad}"),
        ),
        (
            "sys/rotate/root",
            json!(["aGVsbG8="]),
            &format!("invalid rotate {bad}"),
        ),
    ] {
        let plan = json!({
            "secret_shares": 1, "secret_threshold": 1, "pgp_keys": keys, "backup": true,
        });
        let path = format!("{family}/init");
        let refused = house.write(&path, plan).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Invalid, text)
        );
        assert_eq!(house.read(&path).await.unwrap()["started"], false);
    }
}

#[tokio::test]
async fn a_root_token_is_for_its_holder() {
    let holder = holder!("rsa3072");
    for family in ["sys/generate-root", "sys/generate-root-token"] {
        let (house, shares) = initialized([&holder, &holder]).await;
        let (attempt, update) = (format!("{family}/attempt"), format!("{family}/update"));
        let bad = json!({ "pgp_key": "keybase:somebody" });
        let refused = house.write(&attempt, bad).await.unwrap_err();
        assert_eq!(
            refused.message,
            "error parsing PGP key: error parsing given PGP key: keys of Keybase are not fetched, give the public key itself"
        );
        let begun = house
            .write(&attempt, json!({ "pgp_key": holder.sent() }))
            .await
            .unwrap();
        let print = &begun["pgp_fingerprint"];
        assert_eq!(
            (print.as_str().unwrap().len(), &begun["otp"]),
            (40, &json!(""))
        );
        assert_eq!(
            &house.read(&attempt).await.unwrap()["pgp_fingerprint"],
            print
        );
        let done = give(&house, &update, &begun["nonce"], &shares).await;
        assert_eq!(
            (&done["complete"], &done["pgp_fingerprint"]),
            (&json!(true), print)
        );
        let token = holder.opens(&done["encoded_token"]);
        let own = "auth/token/lookup-self";
        let found = house.ask_as(&token, Operation::Read, own, json!({})).await;
        assert_eq!(found.unwrap()["policies"], json!(["root"]));
    }
}
