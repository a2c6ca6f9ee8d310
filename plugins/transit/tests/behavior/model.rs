//! Random histories of a key against a model that remembers every ciphertext.

use super::{post, with_key};
use proptest::prelude::*;
use sdk::{Json, json};

#[derive(Clone, Copy, Debug)]
enum Act {
    Rotate,
    Encrypt(u64),
    MinDecryption(u64),
    MinEncryption(u64),
    Trim(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Rotate),
        3 => (0_u64..6).prop_map(Act::Encrypt),
        1 => (0_u64..6).prop_map(Act::MinDecryption),
        1 => (0_u64..6).prop_map(Act::MinEncryption),
        1 => (0_u64..6).prop_map(Act::Trim),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_may_be_decrypted_is_and_nothing_else(acts in prop::collection::vec(act(), 1..30)) {
        let transit = with_key("k", json!({}));
        let mut made: Vec<(u64, Json)> = Vec::new();
        for (count, act) in acts.into_iter().enumerate() {
            let plaintext = sdk::to_base64(&[u8::try_from(count).unwrap()]);
            let _ = match act {
                Act::Rotate => transit.update("keys/k/rotate", json!({})),
                Act::MinDecryption(version) => {
                    transit.update("keys/k/config", json!({ "min_decryption_version": version }))
                }
                Act::MinEncryption(version) => {
                    transit.update("keys/k/config", json!({ "min_encryption_version": version }))
                }
                Act::Trim(version) => {
                    transit.update("keys/k/trim", json!({ "min_available_version": version }))
                }
                Act::Encrypt(version) => {
                    let body = json!({ "plaintext": plaintext, "key_version": version });
                    let sealed = transit.update("encrypt/k", body);
                    if let Ok(sealed) = &sealed {
                        let sealed = sealed.to_value();
                        let version = sealed["key_version"].as_u64().unwrap();
                        made.push((version, json!([sealed["ciphertext"], plaintext])));
                    }
                    sealed
                }
            };
            let key = transit.read("keys/k").unwrap().to_value();
            let least = key["min_decryption_version"].as_u64().unwrap();
            for (version, pair) in &made {
                let opened = transit.update("decrypt/k", json!({ "ciphertext": pair[0] }));
                prop_assert_eq!(opened.is_ok(), *version >= least);
                if let Ok(opened) = opened {
                    prop_assert_eq!(&opened.to_value()["plaintext"], &pair[1]);
                }
            }
        }
        let latest = post(&transit, "encrypt/k", json!({ "plaintext": "" }));
        let key = transit.read("keys/k").unwrap().to_value();
        prop_assert_eq!(&latest["key_version"], &key["latest_version"]);
    }
}
