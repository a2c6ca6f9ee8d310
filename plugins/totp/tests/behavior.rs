//! The engine on the bench. Its keys and hashes are stand-ins there: which code belongs to a key is for
//! the comparison with a real server; when a code counts is for these tests.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as tests do"
)]

use proptest::prelude::*;
use sdk::testing::TestMount;
use sdk::{FailureKind, Json, Reply, from_base64, invalid, json, not_found};

const SECRET: &str = "JBSWY3DPEHPK3PXP";

fn mount() -> TestMount {
    TestMount::new(totp::engine())
}

fn with_key(mut fields: Json) -> TestMount {
    fields["key"] = SECRET.into();
    let mount = mount();
    mount.update("keys/k", fields).unwrap();
    mount
}

fn code(mount: &TestMount, at_seconds: u64) -> String {
    mount.at_time(at_seconds * 1000);
    let shown = mount.read("code/k").unwrap().to_value();
    shown["code"].as_str().unwrap().to_owned()
}

/// Does the code count at that time? None where it was taken before.
fn counts(mount: &TestMount, at_seconds: u64, code: &str) -> Option<bool> {
    mount.at_time(at_seconds * 1000);
    match mount.update("code/k", json!({ "code": code })) {
        Ok(reply) => reply.to_value()["valid"].as_bool(),
        Err(failure) => {
            let taken = "code already used; wait until the next time period";
            assert_eq!(failure, invalid(taken));
            None
        }
    }
}

#[test]
fn a_code_is_shown_with_its_time() {
    let mount = with_key(json!({ "period": 30 }));
    mount.at_time(61_500);
    let shown = mount.read("code/k").unwrap().to_value();
    assert_eq!(
        (&shown["generated"], &shown["expire_time"]),
        (&json!(61), &json!(90))
    );
    assert_eq!(shown["period"], "30s");
    assert_eq!(shown["code"].as_str().unwrap().len(), 6);
    let mount = with_key(json!({ "period": 90, "digits": 8 }));
    let shown = mount.read("code/k").unwrap().to_value();
    assert_eq!(shown["period"], "1m30s");
    assert_eq!(shown["code"].as_str().unwrap().len(), 8);
}

#[test]
fn a_code_counts_in_its_period_and_its_neighbors() {
    for (skew, at, expected) in [
        (1, 300, true),
        (1, 329, true),
        (1, 330, true),
        (1, 359, true),
        (1, 360, false),
        (1, 270, true),
        (1, 269, false),
        (0, 300, true),
        (0, 329, true),
        (0, 330, false),
        (0, 299, false),
    ] {
        let mount = with_key(json!({ "skew": skew }));
        let code = code(&mount, 300);
        assert_eq!(
            counts(&mount, at, &code),
            Some(expected),
            "skew {skew} at {at}"
        );
    }
}

#[test]
fn a_code_counts_once() {
    let mount = with_key(json!({}));
    let (first, second) = (code(&mount, 300), code(&mount, 330));
    assert_ne!(first, second);
    assert_eq!(counts(&mount, 300, &first), Some(true));
    assert_eq!(counts(&mount, 301, &first), None);
    // Its neighbor counts still, and once as well.
    assert_eq!(counts(&mount, 329, &second), Some(true));
    assert_eq!(counts(&mount, 331, &first), None);
    assert_eq!(counts(&mount, 331, &second), None);
    assert_eq!(counts(&mount, 360, &second), None);
    assert_eq!(counts(&mount, 400, &second), Some(false));
}

#[test]
fn what_is_no_code_is_told_or_does_not_count() {
    let mount = with_key(json!({}));
    let check = |body: Json| mount.update("code/k", body);
    assert_eq!(check(json!({})), Err(invalid("the code value is required")));
    let length = Err(invalid("invalid number of digits for the code"));
    for code in ["1", "1234567", " 123456"] {
        assert_eq!(check(json!({ "code": code })), length);
    }
    let valid = check(json!({ "code": "aaaaaa" })).unwrap().to_value();
    assert_eq!(valid, json!({ "valid": false }));
    let unknown = Err(invalid("unknown key: other"));
    assert_eq!(mount.read("code/other"), unknown);
    assert_eq!(
        mount.update("code/other", json!({ "code": "123456" })),
        unknown
    );
    let path = mount.read("code/-other").unwrap_err();
    assert_eq!(path.kind, FailureKind::NotFound);
}

#[test]
fn the_bytes_of_a_key_are_nowhere_in_storage() {
    let mount = with_key(json!({ "issuer": "i", "account_name": "a" }));
    for (key, value) in mount.stored() {
        let text = String::from_utf8_lossy(&value).into_owned() + &key;
        assert!(!text.contains("Hello!") && !text.contains(SECRET), "{text}");
    }
}

#[test]
fn a_generated_key_is_told_once_and_makes_the_same_codes() {
    let mount = mount();
    let wishes = json!({ "generate": true, "issuer": "I", "account_name": "a" });
    let told = mount.update("keys/k", wishes).unwrap().to_value();
    let png = from_base64(told["barcode"].as_str().unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let shown = json!({
        "account_name": "a", "algorithm": "SHA1", "digits": 6, "issuer": "I", "period": 30,
    });
    assert_eq!(mount.read("keys/k").unwrap().to_value(), shown);
    let generated = code(&mount, 300);
    // Whoever is told the URL makes the same codes.
    let other = self::mount();
    other
        .update("keys/k", json!({ "url": told["url"] }))
        .unwrap();
    assert_eq!(code(&other, 300), generated);
    assert_eq!(other.read("keys/k").unwrap().to_value(), shown);
}

#[test]
fn what_is_not_to_be_told_is_not() {
    let mount = mount();
    let wishes = json!({
        "generate": true, "issuer": "I", "account_name": "a", "exported": false,
    });
    assert_eq!(mount.update("keys/k", wishes), Ok(Reply::Empty));
    let wishes = json!({ "generate": true, "issuer": "I", "account_name": "a", "qr_size": 0 });
    let told = mount.update("keys/k", wishes).unwrap().to_value();
    assert!(told.get("barcode").is_none());
    for (size, text) in [
        (json!({ "qr_size": 10 }), "smaller than"),
        (json!({ "qr_size": 2049 }), "at most 2048"),
        (json!({ "key_size": 513 }), "at most 512"),
    ] {
        let mut wishes = json!({ "generate": true, "issuer": "I", "account_name": "a" });
        wishes
            .as_object_mut()
            .unwrap()
            .extend(size.as_object().unwrap().clone());
        let failure = mount.update("keys/k", wishes).unwrap_err();
        assert!(failure.message.contains(text), "{failure}");
    }
}

#[test]
fn a_key_that_is_written_again_forgets_which_codes_were_taken() {
    let mount = with_key(json!({}));
    let code = code(&mount, 300);
    assert_eq!(counts(&mount, 300, &code), Some(true));
    mount.update("keys/k", json!({ "key": SECRET })).unwrap();
    assert_eq!(counts(&mount, 300, &code), Some(true));
    mount.delete("keys/k").unwrap();
    assert_eq!(mount.read("keys/k"), Err(not_found()));
    assert!(mount.stored().is_empty());
}

#[test]
fn no_fault_of_storage_leaves_half_a_key_or_an_uncounted_code() {
    let mount = with_key(json!({}));
    let code = code(&mount, 300);
    for (path, body) in [
        ("code/k", json!({ "code": code })),
        ("keys/k", json!({ "key": "MFRGGZDFMZTWQ2LK", "digits": 8 })),
    ] {
        let before = mount.stored();
        for n in 1.. {
            mount.failing_storage_at(n);
            if mount.update(path, body.clone()).is_ok() {
                break;
            }
            assert_eq!(mount.stored(), before, "{path} at {n}");
        }
        mount.failing_storage_at(0);
        assert_ne!(mount.stored(), before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_code_counts_twice_whenever_it_comes(
        skew in 0..=1,
        mut times in proptest::collection::vec((0_u64..300, 0_u64..300), 1..20),
    ) {
        let mount = with_key(json!({ "skew": skew }));
        times.sort_unstable();
        let mut taken = Vec::new();
        for (at, of) in times {
            let code = code(&mount, of);
            if counts(&mount, at, &code) == Some(true) {
                prop_assert!(!taken.contains(&code));
                prop_assert!((at / 30).abs_diff(of / 30) <= u64::try_from(skew).unwrap_or_default());
                taken.push(code);
            }
        }
    }
}
