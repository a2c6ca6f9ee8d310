//! Keys, tokens and mounts for the tests.

use super::real;
use barrier::keys::{Key, KeyKind, Message, SaltLength, SignatureScheme};
use sdk::testing::TestMount;
use sdk::{Json, json};
use std::sync::LazyLock;

/// When the tests are, in seconds.
pub(crate) const NOW: u64 = 1_795_411_243;

pub(crate) static RSA: LazyLock<Key> = LazyLock::new(|| real::make(KeyKind::Rsa2048));
pub(crate) static OTHER_RSA: LazyLock<Key> = LazyLock::new(|| real::make(KeyKind::Rsa2048));
pub(crate) static P256: LazyLock<Key> = LazyLock::new(|| real::make(KeyKind::EcdsaP256));
pub(crate) static P384: LazyLock<Key> = LazyLock::new(|| real::make(KeyKind::EcdsaP384));
pub(crate) static P521: LazyLock<Key> = LazyLock::new(|| real::make(KeyKind::EcdsaP521));
pub(crate) static ED25519: LazyLock<Key> = LazyLock::new(|| real::make(KeyKind::Ed25519));

pub(crate) fn base64url(bytes: &[u8]) -> String {
    let text = sdk::to_base64(bytes).replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

pub(crate) fn pem(key: &Key) -> String {
    let info = sdk::to_base64(key.public().unwrap().unwrap());
    format!("-----BEGIN PUBLIC KEY-----\n{info}\n-----END PUBLIC KEY-----")
}

/// A key as a set has it, from the tail of its SubjectPublicKeyInfo.
pub(crate) fn jwk(key: &Key, id: &str) -> Json {
    let info = key.public().unwrap().unwrap();
    let point = |curve: &str, length: usize| {
        let (x, y) = info[info.len() - 2 * length..].split_at(length);
        json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y), "kid": id})
    };
    match key.kind() {
        KeyKind::EcdsaP256 => point("P-256", 32),
        KeyKind::EcdsaP384 => point("P-384", 48),
        KeyKind::EcdsaP521 => point("P-521", 66),
        KeyKind::Ed25519 => {
            let x = base64url(&info[info.len() - 32..]);
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id})
        }
        // ... 00 <256 bytes> 02 03 01 00 01
        _ => {
            let modulus = base64url(&info[info.len() - 5 - 256..info.len() - 5]);
            json!({"kty": "RSA", "n": modulus, "e": "AQAB", "kid": id, "use": "sig"})
        }
    }
}

fn scheme(algorithm: &str) -> SignatureScheme {
    use barrier::keys::Hash::{Sha2_256, Sha2_384, Sha2_512};
    let hash = match &algorithm[algorithm.len() - 3..] {
        "384" => Sha2_384,
        "512" => Sha2_512,
        _ => Sha2_256,
    };
    match &algorithm[..2] {
        "RS" => SignatureScheme::RsaPkcs1V15(hash),
        "PS" => SignatureScheme::RsaPss(hash, SaltLength::AsHash),
        "ES" => SignatureScheme::EcdsaFixed(hash),
        _ => SignatureScheme::Native,
    }
}

/// A token with this text for a header, and another for claims, signed as `algorithm` says.
pub(crate) fn signed(key: &Key, algorithm: &str, header: &str, claims: &str) -> String {
    let signed = format!(
        "{}.{}",
        base64url(header.as_bytes()),
        base64url(claims.as_bytes())
    );
    let signature = key
        .sign(Message::Whole(signed.as_bytes()), scheme(algorithm))
        .unwrap();
    format!("{signed}.{}", base64url(&signature))
}

pub(crate) fn token(key: &Key, algorithm: &str, claims: &Json) -> String {
    let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
    signed(key, algorithm, &header, &claims.to_string())
}

pub(crate) fn token_of(key: &Key, algorithm: &str, id: &str, claims: &Json) -> String {
    let header = json!({"alg": algorithm, "kid": id}).to_string();
    signed(key, algorithm, &header, &claims.to_string())
}

/// Claims of a good token, and others over them.
pub(crate) fn claims(more: Json) -> Json {
    let mut claims = json!({
        "iss": "issuer", "sub": "alice", "aud": "here",
        "iat": NOW, "nbf": NOW, "exp": NOW + 300,
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

pub(crate) fn bare_mount() -> TestMount {
    let mount = TestMount::new(jwt::method());
    mount.at_time(NOW * 1000).with_public_keys(real::KEYS);
    mount
}

/// A mount that takes every key, with a role of this name and these fields.
pub(crate) fn mount_with(role: Json) -> TestMount {
    let mount = bare_mount();
    let keys = [&*RSA, &*P256, &*P384, &*P521, &*ED25519].map(pem);
    let config = json!({ "jwt_validation_pubkeys": keys });
    mount.update("config", config).unwrap();
    write_role(&mount, role);
    mount
}

pub(crate) fn write_role(mount: &TestMount, more: Json) {
    let mut role = json!({"role_type": "jwt", "user_claim": "sub", "bound_audiences": "here"});
    for (name, value) in more.as_object().unwrap() {
        role[name] = value.clone();
    }
    mount.delete("role/r").unwrap();
    mount.update("role/r", role).unwrap();
}

/// What a login with this token comes to: the alias, or the refusal.
pub(crate) fn login(mount: &TestMount, token: &str) -> Result<String, String> {
    let grant = mount.login("login", json!({"role": "r", "jwt": token}));
    grant
        .map(|grant| grant.alias)
        .map_err(|failure| failure.message)
}
