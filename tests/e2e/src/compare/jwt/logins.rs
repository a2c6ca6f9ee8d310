//! Logins with a token.

use super::tokens::{
    bob, by_other_key, critical, expired, future, good, issued_later, number_for_subject,
    other_audience, p256_key, rsa, rsa_pss, shared_key, timeless, unsigned, without_audience,
    without_subject,
};
use super::{MOUNT, differences};
use crate::compare::{Script, post, send};

macro_rules! login {
    ($at:literal, $token:expr) => {
        post(
            concat!("auth/", $at, "/login"),
            concat!(r#"{"role":"r","jwt":""#, $token, r#""}"#),
        )
    };
}

macro_rules! config {
    ($at:literal, $more:literal) => {
        post(
            concat!("auth/", $at, "/config"),
            concat!(
                r#"{"jwt_validation_pubkeys":""#,
                p256_key!(),
                r#"""#,
                $more,
                "}"
            ),
        )
    };
}

macro_rules! role {
    ($at:literal, $more:literal) => {
        post(
            concat!("auth/", $at, "/role/r"),
            concat!(r#"{"role_type":"jwt","user_claim":"sub""#, $more, "}"),
        )
    };
}

/// Which tokens are believed, and when they are good.
pub(super) const TOKENS: Script = Script {
    name: "jwt tokens",
    steps: &[
        post("sys/auth/tokens", MOUNT),
        post("auth/tokens/login", "{}"),
        send("POST", "auth/tokens/login"),
        config!("tokens", ""),
        post("auth/tokens/login", "{}"),
        post("auth/tokens/login", r#"{"role":"nope"}"#),
        post("auth/tokens/login", r#"{"role":"Nope","jwt":"x"}"#),
        role!("tokens", r#","bound_audiences":"here""#),
        post("auth/tokens/login", r#"{"role":"r"}"#),
        login!("tokens", "a.b.c").but(
            &differences::MALFORMED_TOKENS,
            400,
            r#"{"errors":["error validating token: error verifying token signature: illegal base64 data"]}"#,
        ),
        login!("tokens", "x").but(
            &differences::MALFORMED_TOKENS,
            400,
            r#"{"errors":["error validating token: error verifying token signature: compact JWS format must have three parts"]}"#,
        ),
        login!("tokens", expired!()),
        login!("tokens", future!()),
        login!("tokens", issued_later!()),
        login!("tokens", timeless!()),
        login!("tokens", without_audience!()),
        login!("tokens", other_audience!()),
        login!("tokens", without_subject!()),
        login!("tokens", by_other_key!()),
        login!("tokens", number_for_subject!()).but(
            &differences::MALFORMED_TOKENS,
            400,
            r#"{"errors":["error validating token: sub is not a string"]}"#,
        ),
        config!("tokens", r#","bound_issuer":"other""#),
        login!("tokens", good!()),
        config!("tokens", r#","jwt_supported_algs":"RS256""#),
        login!("tokens", good!()),
    ],
};

/// What a role wants of claims.
pub(super) const CLAIMS: Script = Script {
    name: "jwt claims",
    steps: &[
        post("sys/auth/claims", MOUNT),
        config!("claims", ""),
        role!("claims", r#","bound_subject":"alice""#),
        login!("claims", good!()),
        login!("claims", bob!()),
        role!(
            "claims",
            r#","bound_audiences":"here","bound_subject":"","bound_claims":{"z":"y"}"#
        ),
        login!("claims", good!()),
        role!("claims", r#","bound_claims":{"x":"z"}"#),
        login!("claims", good!()),
        role!(
            "claims",
            r#","bound_claims":{"x":["a*"]},"bound_claims_type":"glob""#
        ),
        login!("claims", good!()),
        role!(
            "claims",
            r#","bound_claims":{"/o/p":"z"},"bound_claims_type":"string""#
        ),
        login!("claims", good!()),
        role!("claims", r#","bound_claims":{"n":2}"#),
        login!("claims", good!()),
        role!("claims", r#","bound_claims":{},"groups_claim":"h""#),
        login!("claims", good!()),
        role!("claims", r#","groups_claim":"n""#),
        login!("claims", good!()),
        role!("claims", r#","groups_claim":"","claim_mappings":{"n":"m"}"#),
        login!("claims", good!()),
        role!("claims", r#","claim_mappings":{},"user_claim":"email""#),
        role!("claims", r#","token_bound_cidrs":"192.0.2.1""#),
        login!("claims", good!()),
    ],
};

/// Algorithms, and what is not one.
pub(super) const ALGORITHMS: Script = Script {
    name: "jwt algorithms",
    steps: &[
        post("sys/auth/algorithms", MOUNT),
        config!("algorithms", ""),
        role!("algorithms", r#","bound_audiences":"here""#),
        login!("algorithms", rsa!()),
        login!("algorithms", rsa_pss!()),
        login!("algorithms", critical!()).but(
            &differences::MALFORMED_TOKENS,
            400,
            r#"{"errors":["error validating token: error verifying token signature: unsupported critical header"]}"#,
        ),
        login!("algorithms", unsigned!()).but(
            &differences::MALFORMED_TOKENS,
            400,
            r#"{"errors":["error validating token: error verifying token signature: unexpected signature algorithm \"none\"; expected [\"RS256\" \"RS384\" \"RS512\" \"ES256\" \"ES384\" \"ES512\" \"PS256\" \"PS384\" \"PS512\" \"EdDSA\"]"]}"#,
        ),
        login!("algorithms", shared_key!()).but(
            &differences::MALFORMED_TOKENS,
            400,
            r#"{"errors":["error validating token: error verifying token signature: unexpected signature algorithm \"HS256\"; expected [\"RS256\" \"RS384\" \"RS512\" \"ES256\" \"ES384\" \"ES512\" \"PS256\" \"PS384\" \"PS512\" \"EdDSA\"]"]}"#,
        ),
    ],
};
