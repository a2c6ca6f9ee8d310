//! `sign/`, `verify/` and `hmac/`.

use super::{TEXT, empty, post, refused, text, with_key};
use sdk::json;

#[test]
fn what_is_signed_verifies_and_nothing_else() {
    for kind in [
        "ed25519",
        "ecdsa-p256",
        "ecdsa-p384",
        "ecdsa-p521",
        "rsa-2048",
    ] {
        let transit = with_key("k", json!({ "type": kind }));
        for marshaling in ["asn1", "jws"] {
            let signed = post(
                &transit,
                "sign/k",
                json!({ "input": TEXT, "marshaling_algorithm": marshaling }),
            );
            let valid = |input: &str, marshaling: &str| {
                let body = json!({ "input": input, "signature": signed["signature"], "marshaling_algorithm": marshaling });
                transit
                    .update("verify/k", body)
                    .map(|reply| reply.to_value()["valid"].clone())
            };
            assert_eq!(
                valid(TEXT, marshaling),
                Ok(json!(true)),
                "{kind} {marshaling}"
            );
            assert_eq!(
                valid("AAAA", marshaling),
                Ok(json!(false)),
                "{kind} {marshaling}"
            );
        }
    }
}

#[test]
fn a_derived_key_shows_its_public_half() {
    let transit = with_key("k", json!({ "type": "ed25519", "derived": true }));
    let signed = post(
        &transit,
        "sign/k",
        json!({ "input": TEXT, "context": "AAAA" }),
    );
    let read = transit
        .call(sdk::Operation::Read, "keys/k", json!({ "context": "AAAA" }))
        .unwrap();
    assert_eq!(
        signed["public_key"],
        read.to_value()["keys"]["1"]["public_key"]
    );
    assert_eq!(text(&signed, "public_key").len(), 44);
    let body = |context: &str| json!({ "input": TEXT, "context": context, "signature": signed["signature"] });
    assert_eq!(post(&transit, "verify/k", body("AAAA"))["valid"], true);
    assert_eq!(post(&transit, "verify/k", body("AAAB"))["valid"], false);
    assert!(
        refused(&transit, "sign/k", json!({ "input": TEXT }))
            .starts_with("error deriving key: missing")
    );
    let batch = post(
        &transit,
        "sign/k",
        json!({ "batch_input": [{ "input": TEXT, "context": "AAAA" }, { "input": TEXT }, { "context": "AAAA" }] }),
    );
    assert_eq!(batch["batch_results"][0]["publickey"], signed["public_key"]);
    assert_eq!(batch["batch_results"][1]["key_version"], 0);
    assert_eq!(batch["batch_results"][2]["error"], "missing input");
}

#[test]
fn the_hash_in_the_path_goes_first() {
    let transit = with_key("k", json!({ "type": "ecdsa-p256" }));
    let signed = post(
        &transit,
        "sign/k/sha2-512",
        json!({ "input": TEXT, "hash_algorithm": "foo" }),
    );
    let valid = |hash: &str| {
        let body = json!({ "input": TEXT, "signature": signed["signature"], "algorithm": hash });
        post(&transit, "verify/k", body)["valid"].clone()
    };
    assert_eq!(valid("sha2-512"), true);
    assert_eq!(valid("sha2-256"), false);
    refused(&transit, "sign/k/foo", json!({ "input": TEXT }));
}

#[test]
fn every_type_makes_hmacs() {
    for kind in ["hmac", "aes256-gcm96", "rsa-2048", "ed25519"] {
        let size = if kind == "hmac" { 32 } else { 0 };
        let transit = with_key("k", json!({ "type": kind, "key_size": size }));
        let made = post(&transit, "hmac/k", json!({ "input": TEXT }));
        let valid = |input: &str, version: u8| {
            let hmac = text(&made, "hmac").replace("v1", &format!("v{version}"));
            transit.update("verify/k", json!({ "input": input, "hmac": hmac }))
        };
        assert_eq!(valid(TEXT, 1).unwrap().to_value()["valid"], true);
        assert_eq!(valid("AAAA", 1).unwrap().to_value()["valid"], false);
        assert!(valid(TEXT, 2).unwrap_err().message.contains("too new"));
        post(&transit, "keys/k/rotate", empty());
        assert_eq!(valid(TEXT, 2).unwrap().to_value()["valid"], false, "{kind}");
        let again = post(
            &transit,
            "hmac/k",
            json!({ "input": TEXT, "key_version": 1 }),
        );
        assert_eq!(again, made);
    }
}

#[test]
fn proofs_are_all_of_one_sort() {
    let transit = with_key("k", json!({ "type": "ed25519" }));
    let check = |items: sdk::Json, message: &str| {
        assert_eq!(
            refused(&transit, "verify/k", json!({ "batch_input": items })),
            message
        );
    };
    let (signature, hmac, none) = (
        json!({ "input": TEXT, "signature": "x" }),
        json!({ "input": TEXT, "hmac": "x" }),
        json!({ "input": TEXT }),
    );
    check(
        json!([none]),
        "no batch_input elements have 'signature' or 'hmac'",
    );
    check(
        json!([signature, none]),
        "some elements of batch_input are missing 'signature'",
    );
    check(
        json!([hmac, none]),
        "some elements of batch_input are missing 'hmac'",
    );
    check(
        json!([signature, hmac]),
        "elements of batch_input must all provide 'signature' or all provide 'hmac'",
    );
    let both = json!({ "input": TEXT, "hmac": "x", "signature": "y" });
    let results = post(&transit, "verify/k", json!({ "batch_input": [both] }));
    assert_eq!(
        results["batch_results"][0]["error"],
        "invalid signature: no prefix"
    );
    assert_eq!(
        refused(&transit, "verify/k", json!({ "input": TEXT })),
        "neither a 'signature' nor an 'hmac' were given to verify"
    );
}

#[test]
fn hashes_and_random_bytes() {
    let transit = with_key("k", empty());
    let sum = post(&transit, "hash", json!({ "input": "" }));
    assert_eq!(
        text(&sum, "sum"),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    let same = post(
        &transit,
        "hash/sha2-256",
        json!({ "input": "", "algorithm": "x", "format": "base64" }),
    );
    assert_eq!(
        text(&same, "sum"),
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    );
    for body in [
        json!({}),
        json!({ "input": "!" }),
        json!({ "input": "", "algorithm": "sha1" }),
        json!({ "input": "", "format": "x" }),
    ] {
        refused(&transit, "hash", body);
    }
    for (path, body, digits) in [
        ("random", json!({}), 44),
        ("random", json!({ "bytes": 3, "format": "hex" }), 6),
        ("random/5", json!({ "format": "hex" }), 10),
        ("random/platform", json!({ "bytes": 1, "format": "hex" }), 2),
        ("random/all/4", json!({ "format": "hex" }), 8),
    ] {
        assert_eq!(
            text(&post(&transit, path, body), "random_bytes").len(),
            digits,
            "{path}"
        );
    }
    for (path, body) in [
        ("random", json!({ "bytes": 0 })),
        ("random", json!({ "bytes": 131_073 })),
        ("random", json!({ "format": "x" })),
        ("random/x", json!({})),
        ("random/foo/4", json!({})),
        ("random/seal/x", json!({})),
    ] {
        refused(&transit, path, body);
    }
}
