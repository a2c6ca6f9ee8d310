//! Only what the configured keys have signed, as they may sign, logs in.

use super::world::*;
use barrier::keys::Key;
use proptest::prelude::*;
use sdk::json;

const UNSIGNED: &str = "error validating token: error verifying token signature: no known key successfully validated the token signature";

#[test]
fn every_algorithm() {
    let mount = mount_with(json!({}));
    let keys: [(&Key, &[&str]); 5] = [
        (
            &RSA,
            &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        ),
        (&P256, &["ES256"]),
        (&P384, &["ES384"]),
        (&P521, &["ES512"]),
        (&ED25519, &["EdDSA"]),
    ];
    for (key, algorithms) in keys {
        for algorithm in algorithms {
            let token = token(key, algorithm, &claims(json!({})));
            assert_eq!(login(&mount, &token), Ok("alice".into()), "{algorithm}");
            assert_eq!(login(&mount, &format!("{token}\n")), Ok("alice".into()));
        }
    }
}

#[test]
fn keys_are_used_as_they_may_be() {
    let mount = mount_with(json!({}));
    let claims = claims(json!({})).to_string();
    // The header names one algorithm, and the signature is of another.
    for (key, signs, says) in [
        (&*RSA, "RS256", "RS384"),
        (&*RSA, "RS256", "PS256"),
        (&*RSA, "PS256", "RS256"),
        (&*RSA, "RS256", "ES256"),
        (&*P256, "ES256", "ES384"),
        (&*P384, "ES384", "ES256"),
        // ECDSA with the hash of another curve: the host would verify it.
        (&*P384, "ES256", "ES256"),
        (&*P256, "ES384", "ES384"),
        (&*ED25519, "EdDSA", "RS256"),
        (&*OTHER_RSA, "RS256", "RS256"),
    ] {
        let header = json!({ "alg": says }).to_string();
        let token = signed(key, signs, &header, &claims);
        assert_eq!(
            login(&mount, &token),
            Err(UNSIGNED.into()),
            "{signs} as {says}"
        );
    }
}

/// The public key as the secret of an HMAC, and no signature at all: neither can be asked for.
#[test]
fn algorithms_without_a_key_of_ours() {
    let mount = mount_with(json!({}));
    let claims = base64url(claims(json!({})).to_string().as_bytes());
    for algorithm in [
        "none", "NONE", "HS256", "HS384", "HS512", "ES256K", "RSA1_5", "",
    ] {
        let header = base64url(json!({ "alg": algorithm }).to_string().as_bytes());
        for signature in ["", "c2ln"] {
            let failed = login(&mount, &format!("{header}.{claims}.{signature}"));
            let failed = failed.unwrap_err();
            assert!(
                failed.contains("unexpected signature algorithm"),
                "{failed}"
            );
        }
    }
}

#[test]
fn headers_and_claims_that_say_two_things() {
    let mount = mount_with(json!({}));
    let good = claims(json!({})).to_string();
    for header in [
        r#"{"alg":"RS256","alg":"RS256"}"#,
        r#"{"alg":"RS256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"RS256","crit":[]}"#,
        r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#,
    ] {
        let token = signed(&RSA, "RS256", header, &good);
        assert!(login(&mount, &token).is_err(), "{header}");
    }
    let twice = good.replace("\"sub\"", "\"sub\":\"bob\",\"sub\"");
    for claims in [twice.as_str(), "[]", "x", "", "null", "1"] {
        let token = signed(&RSA, "RS256", r#"{"alg":"RS256"}"#, claims);
        assert_eq!(login(&mount, &token), Err(UNSIGNED.into()), "{claims}");
    }
}

#[test]
fn only_configured_algorithms() {
    let mount = mount_with(json!({}));
    let config = json!({"jwt_validation_pubkeys": pem(&RSA), "jwt_supported_algs": "PS256,ES256"});
    mount.update("config", config).unwrap();
    let token_by = |algorithm| token(&RSA, algorithm, &claims(json!({})));
    assert_eq!(login(&mount, &token_by("PS256")), Ok("alice".into()));
    let refused = "error validating token: invalid algorithm (alg) header parameter: token signed with unexpected algorithm";
    assert_eq!(login(&mount, &token_by("RS256")), Err(refused.into()));
}

/// RFC 7515, appendix A.3: a token that others have signed, with claims that are no longer good.
#[test]
fn a_token_of_the_standard() {
    let point = [
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7",
        "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==",
    ];
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        point.join("\n")
    );
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let mount = bare_mount();
    mount
        .update("config", json!({ "jwt_validation_pubkeys": pem }))
        .unwrap();
    write_role(
        &mount,
        json!({"bound_audiences": [], "user_claim": "iss", "bound_claims": {"iss": "joe"}}),
    );
    let expired = "error validating token: invalid expiration time (exp) claim: token is expired";
    assert_eq!(login(&mount, token), Err(expired.into()));
    mount.at_time(1_300_819_379_000);
    assert_eq!(login(&mount, token), Ok("joe".into()));
    let other = token.replace("DtEh", "DtEi");
    assert_eq!(login(&mount, &other), Err(UNSIGNED.into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever one does to a good token, it logs nobody in.
    #[test]
    fn no_mutated_token(at in any::<prop::sample::Index>(), byte in "[-A-Za-z0-9_.=+/ \n]", how in 0..4, which in 0..4_usize) {
        let mount = mount_with(json!({}));
        let (key, algorithm): (&Key, _) = match which {
            0 => (&RSA, "RS256"),
            1 => (&RSA, "PS512"),
            2 => (&P521, "ES512"),
            _ => (&ED25519, "EdDSA"),
        };
        let good = token(key, algorithm, &claims(json!({})));
        let at = at.index(good.len());
        let (before, after) = good.split_at(at);
        let mutated = match how {
            0 => format!("{before}{byte}{}", &after[1..]),
            1 => format!("{before}{byte}{after}"),
            2 => format!("{before}{}", &after[1..]),
            _ => before.to_owned(),
        };
        if mutated.trim() != good {
            prop_assert!(login(&mount, &mutated).is_err(), "{mutated}");
        }
    }

    /// Nothing that is no token does harm.
    #[test]
    fn no_text(text in ".{0,200}", header in "[ -~]{0,60}", claims in "[ -~]{0,60}") {
        let mount = mount_with(json!({}));
        prop_assert!(login(&mount, &text).is_err());
        let made = format!("{}.{}.c2ln", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        prop_assert!(login(&mount, &made).is_err());
    }
}
