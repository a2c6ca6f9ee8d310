//! `encrypt/`, `decrypt/`, `rewrap/` and `datakey/`.

use super::{TEXT, empty, failed_batch, post, refused, text, with_key};
use sdk::json;

const CIPHERS: [&str; 4] = [
    "aes128-gcm96",
    "aes256-gcm96",
    "chacha20-poly1305",
    "xchacha20-poly1305",
];

#[test]
fn what_is_encrypted_decrypts() {
    for kind in CIPHERS
        .into_iter()
        .chain(["rsa-2048", "rsa-3072", "rsa-4096"])
    {
        let transit = with_key("k", json!({ "type": kind }));
        let sealed = post(&transit, "encrypt/k", json!({ "plaintext": TEXT }));
        assert_eq!(sealed["key_version"], 1);
        let ciphertext = text(&sealed, "ciphertext");
        assert!(ciphertext.starts_with("vault:v1:"), "{ciphertext}");
        let opened = post(&transit, "decrypt/k", json!({ "ciphertext": ciphertext }));
        assert_eq!(opened, json!({ "plaintext": TEXT }), "{kind}");
        let again = post(&transit, "encrypt/k", json!({ "plaintext": TEXT }));
        assert_ne!(text(&again, "ciphertext"), ciphertext, "{kind}");
    }
}

#[test]
fn one_get_and_one_key_are_all_that_it_takes() {
    let transit = with_key("k", empty());
    let sealed = post(&transit, "encrypt/k", json!({ "plaintext": TEXT }));
    assert_eq!(transit.storage_calls(), 2);
    post(
        &transit,
        "decrypt/k",
        json!({ "ciphertext": sealed["ciphertext"] }),
    );
    assert_eq!(transit.storage_calls(), 2);
    let items = vec![json!({ "plaintext": TEXT }); 50];
    post(&transit, "encrypt/k", json!({ "batch_input": items }));
    assert_eq!(transit.storage_calls(), 2);
}

#[test]
fn associated_data_must_be_given_again() {
    let transit = with_key("k", empty());
    let sealed = post(
        &transit,
        "encrypt/k",
        json!({ "plaintext": TEXT, "associated_data": "AAAA" }),
    );
    let open = |associated| {
        transit.update(
            "decrypt/k",
            json!({ "ciphertext": sealed["ciphertext"], "associated_data": associated }),
        )
    };
    assert!(open(json!("AAAA")).is_ok());
    for other in [json!("AAAB"), json!(""), json!(null)] {
        let failure = open(other).unwrap_err();
        assert_eq!(failure.message, "cipher: message authentication failed");
    }
    let rsa = with_key("k", json!({ "type": "rsa-2048" }));
    assert_eq!(
        refused(
            &rsa,
            "encrypt/k",
            json!({ "plaintext": TEXT, "associated_data": "AAAA" })
        ),
        "'[0].associated_data' provided for non-AEAD cipher suite rsa-2048"
    );
}

#[test]
fn each_context_has_a_key_of_its_own() {
    for convergent in [false, true] {
        let body = json!({ "derived": true, "convergent_encryption": convergent });
        let transit = with_key("k", body);
        let seal = |context: &str| {
            let sealed = post(
                &transit,
                "encrypt/k",
                json!({ "plaintext": TEXT, "context": context }),
            );
            text(&sealed, "ciphertext")
        };
        let (one, same, other) = (seal("AAAA"), seal("AAAA"), seal("AAAB"));
        assert_eq!(one == same, convergent);
        assert_ne!(one, other);
        let open = |context: &str| {
            transit.update(
                "decrypt/k",
                json!({ "ciphertext": one, "context": context }),
            )
        };
        assert!(open("AAAA").is_ok());
        assert!(open("AAAB").is_err());
        assert!(
            refused(&transit, "encrypt/k", json!({ "plaintext": TEXT }))
                .starts_with("missing 'context'")
        );
    }
}

#[test]
fn a_batch_tells_of_each_item() {
    let transit = with_key("k", empty());
    let items = json!([
        { "plaintext": TEXT, "reference": "one" },
        { "plaintext": "!" },
        { "plaintext": TEXT, "key_version": 7 },
    ]);
    for (chosen, status) in [(json!(null), 400), (json!(207), 207)] {
        let body = json!({ "batch_input": items, "partial_failure_response_code": chosen });
        let (actual, results) = failed_batch(transit.update("encrypt/k", body).unwrap());
        assert_eq!(actual, status);
        assert_eq!(results[0]["reference"], "one");
        assert_eq!(results[0]["key_version"], 1);
        assert_eq!(
            results[1],
            json!({ "error": "illegal base64 data at input byte 0", "reference": "" })
        );
        assert_eq!(
            results[2]["error"],
            "requested version for encryption is higher than the latest key version"
        );
    }
    let none =
        json!({ "batch_input": [{ "ciphertext": "x" }], "partial_failure_response_code": 207 });
    let (status, results) = failed_batch(transit.update("decrypt/k", none).unwrap());
    assert_eq!((status, &results[0]["plaintext"]), (400, &json!("")));
    let body = json!({ "batch_input": items, "partial_failure_response_code": 99 });
    assert!(refused(&transit, "encrypt/k", body).contains("200 to 599"));
    for bad in [
        json!([]),
        json!("x"),
        json!([1]),
        json!([{}]),
        json!([{ "plaintext": 5 }]),
    ] {
        refused(&transit, "encrypt/k", json!({ "batch_input": bad }));
    }
}

#[test]
fn a_key_that_is_not_there_is_made_whole_or_not_at_all() {
    let transit = with_key("k", empty());
    post(
        &transit,
        "encrypt/new",
        json!({ "plaintext": TEXT, "context": "AAAA" }),
    );
    assert_eq!(
        transit.read("keys/new").unwrap().to_value()["derived"],
        true
    );
    for body in [
        json!({ "plaintext": "!" }),
        json!({ "plaintext": TEXT, "key_version": 3 }),
        json!({ "plaintext": TEXT, "type": "rsa-2048" }),
        json!({ "plaintext": TEXT, "convergent_encryption": true }),
    ] {
        refused(&transit, "encrypt/other", body);
        assert!(transit.read("keys/other").is_err());
    }
    post(&transit, "config/keys", json!({ "disable_upsert": true }));
    assert_eq!(
        refused(&transit, "encrypt/other", json!({ "plaintext": TEXT })),
        "encryption key not found"
    );
}

#[test]
fn rewrapping_brings_to_the_latest_version() {
    let transit = with_key("k", empty());
    let old = post(&transit, "encrypt/k", json!({ "plaintext": TEXT }));
    post(&transit, "keys/k/rotate", empty());
    let new = post(
        &transit,
        "rewrap/k",
        json!({ "ciphertext": old["ciphertext"] }),
    );
    assert!(text(&new, "ciphertext").starts_with("vault:v2:"));
    post(
        &transit,
        "keys/k/config",
        json!({ "min_decryption_version": 2 }),
    );
    assert!(
        refused(
            &transit,
            "decrypt/k",
            json!({ "ciphertext": old["ciphertext"] })
        )
        .contains("too old")
    );
    let opened = post(
        &transit,
        "decrypt/k",
        json!({ "ciphertext": new["ciphertext"] }),
    );
    assert_eq!(opened["plaintext"], TEXT);
    let batch =
        json!({ "batch_input": [{ "ciphertext": new["ciphertext"] }, { "ciphertext": "x" }, {}] });
    let results = post(&transit, "rewrap/k", batch);
    assert_eq!(
        results["batch_results"][1]["error"],
        "invalid ciphertext: no prefix"
    );
    assert_eq!(
        results["batch_results"][2]["error"],
        "missing ciphertext to decrypt"
    );
}

#[test]
fn data_keys() {
    let transit = with_key("k", empty());
    for (bits, digits) in [(128, 24), (256, 44), (512, 88)] {
        let made = post(&transit, "datakey/plaintext/k", json!({ "bits": bits }));
        let opened = post(
            &transit,
            "decrypt/k",
            json!({ "ciphertext": made["ciphertext"] }),
        );
        assert_eq!(opened["plaintext"], made["plaintext"]);
        assert_eq!(text(&made, "plaintext").len(), digits);
    }
    let wrapped = post(&transit, "datakey/wrapped/k", empty());
    assert!(wrapped.get("plaintext").is_none());
    refused(&transit, "datakey/other/k", empty());
    refused(&transit, "datakey/plaintext/k", json!({ "bits": 64 }));
}
