//! Public keys as identity providers publish them (RFC 7517, RFC 7518, RFC 8037), made into what the
//! host takes. Each part is measured before anything is made of it.

use super::algorithm::Algorithm;
use super::base64url;
use super::der::{self, Curve};
use sdk::Json;
use serde::{Deserialize, Serialize};

/// Most keys of one set.
pub(crate) const KEYS_MAX: usize = 256;
/// Longest modulus: 8192 bits.
const MODULUS_BYTES_MAX: usize = 1024;
/// Shortest modulus: 2048 bits.
const MODULUS_BYTES_MIN: usize = 256;
/// Longest exponent.
const EXPONENT_BYTES_MAX: usize = 8;
/// Longest name of a key.
const KEY_ID_BYTES_MAX: usize = 1024;

/// A key that verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublicKey {
    /// Its name in its set.
    pub(crate) id: Option<String>,
    /// The one algorithm that it is for.
    pub(crate) algorithm: Option<String>,
    /// SubjectPublicKeyInfo, in base64.
    pub(crate) info: String,
}

impl PublicKey {
    /// May a token signed by `algorithm` be this key's, as far as the set says?
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithm
            .as_ref()
            .is_none_or(|only| only == algorithm.name())
    }
}

/// The keys of a set that can verify signatures. Others (for encryption, of unknown kinds, malformed)
/// are left out, so that a provider may add new kinds. None where it is no set.
pub(crate) fn keys_of_set(body: &[u8]) -> Option<Vec<PublicKey>> {
    let set: Json = serde_json::from_slice(body).ok()?;
    let keys = set.get("keys")?.as_array()?;
    (keys.len() <= KEYS_MAX).then(|| keys.iter().filter_map(key).collect())
}

/// One key.
pub(crate) fn key(jwk: &Json) -> Option<PublicKey> {
    let text = |name: &str| jwk.get(name).and_then(Json::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let algorithm = text("alg");
    if algorithm.is_some_and(|name| Algorithm::from_name(name).is_none()) {
        return None;
    }
    let info = match text("kty")? {
        "RSA" => rsa(jwk),
        "EC" => ec(jwk),
        "OKP" => okp(jwk),
        _ => None,
    }?;
    let id = text("kid").filter(|id| !id.is_empty());
    if id.is_some_and(|id| id.len() > KEY_ID_BYTES_MAX) {
        return None;
    }
    Some(PublicKey {
        id: id.map(str::to_owned),
        algorithm: algorithm.map(str::to_owned),
        info: sdk::to_base64(&info),
    })
}

fn part(jwk: &Json, name: &str, bytes_max: usize) -> Option<Vec<u8>> {
    let text = jwk.get(name)?.as_str()?;
    // Four digits stand for three bytes.
    if text.len() > bytes_max * 2 {
        return None;
    }
    base64url::decode(text).filter(|bytes| bytes.len() <= bytes_max)
}

fn rsa(jwk: &Json) -> Option<Vec<u8>> {
    // One byte more than the longest: some providers send the sign.
    let modulus = part(jwk, "n", MODULUS_BYTES_MAX + 1)?;
    let exponent = part(jwk, "e", EXPONENT_BYTES_MAX)?;
    let modulus = without_sign(&modulus);
    let is_long_enough = (MODULUS_BYTES_MIN..=MODULUS_BYTES_MAX).contains(&modulus.len());
    let is_odd = exponent.last().is_some_and(|last| last & 1 == 1);
    (is_long_enough && is_odd).then(|| der::rsa_key(modulus, &exponent))
}

fn without_sign(number: &[u8]) -> &[u8] {
    number.strip_prefix(b"\0").unwrap_or(number)
}

fn ec(jwk: &Json) -> Option<Vec<u8>> {
    let curve = Curve::from_name(jwk.get("crv")?.as_str()?)?;
    let length = curve.coordinate_bytes();
    let x = part(jwk, "x", length)?;
    let y = part(jwk, "y", length)?;
    // RFC 7518, 6.2.1.2: of full length, always.
    (x.len() == length && y.len() == length).then(|| der::ec_key(curve, &x, &y))
}

fn okp(jwk: &Json) -> Option<Vec<u8>> {
    if jwk.get("crv")?.as_str()? != "Ed25519" {
        return None;
    }
    let public = part(jwk, "x", 32)?;
    (public.len() == 32).then(|| der::ed25519_key(&public))
}

/// The keys of a PEM text, as an operator gives it: public keys, or certificates for theirs. None
/// where there is not exactly one.
pub(crate) fn key_of_pem(text: &str) -> Option<PublicKey> {
    let blocks = sdk::from_pem(text)?;
    let [block] = blocks.as_slice() else {
        return None;
    };
    let info = match block.label.as_str() {
        "PUBLIC KEY" => Some(block.bytes.as_slice()),
        "CERTIFICATE" => der::key_of_certificate(&block.bytes),
        _ => None,
    }?;
    Some(PublicKey {
        id: None,
        algorithm: None,
        info: sdk::to_base64(info),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::json;

    /// RFC 7517, appendix A.1, and RFC 8037, appendix A.2.
    const SET: &str = r#"{"keys":[
        {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
         "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},
        {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
         "e":"AQAB","alg":"RS256","kid":"2011-04-29"},
        {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}
    ]}"#;

    #[test]
    fn a_set_gives_the_keys_that_verify() {
        let keys = keys_of_set(SET.as_bytes()).unwrap();
        let named: Vec<_> = keys.iter().map(|key| key.id.as_deref()).collect();
        assert_eq!(named, [Some("2011-04-29"), None]);
        assert!(keys[0].is_for(Algorithm::Rs256) && !keys[0].is_for(Algorithm::Ps256));
        assert!(keys[1].is_for(Algorithm::EdDsa));
        let info = sdk::from_base64(&keys[0].info).unwrap();
        assert_eq!(info.len(), 294);
        assert!(info.ends_with(b"\x02\x03\x01\x00\x01"));
        assert_eq!(sdk::from_base64(&keys[1].info).unwrap().len(), 44);
    }

    #[test]
    fn malformed_keys_are_left_out() {
        let coordinate = base64url::encode(&[1; 32]);
        let modulus = base64url::encode(&[0xff; 256]);
        let check = |jwk: Json, expected: bool| {
            assert_eq!(key(&jwk).is_some(), expected, "{jwk}");
        };
        check(
            json!({"kty": "EC", "crv": "P-256", "x": coordinate, "y": coordinate}),
            true,
        );
        check(
            json!({"kty": "EC", "crv": "P-384", "x": coordinate, "y": coordinate}),
            false,
        );
        check(
            json!({"kty": "EC", "crv": "secp256k1", "x": coordinate, "y": coordinate}),
            false,
        );
        check(json!({"kty": "EC", "crv": "P-256", "x": coordinate}), false);
        let short = base64url::encode(&[1; 31]);
        check(
            json!({"kty": "EC", "crv": "P-256", "x": short, "y": coordinate}),
            false,
        );
        check(json!({"kty": "RSA", "n": modulus, "e": "AQAB"}), true);
        check(
            json!({"kty": "RSA", "n": modulus, "e": "AQAB", "use": "sig"}),
            true,
        );
        check(
            json!({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "HS256"}),
            false,
        );
        check(
            json!({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RSA-OAEP"}),
            false,
        );
        check(json!({"kty": "RSA", "n": modulus, "e": "Ag"}), false);
        check(json!({"kty": "RSA", "n": modulus, "e": ""}), false);
        check(json!({"kty": "RSA", "n": modulus, "e": modulus}), false);
        check(
            json!({"kty": "RSA", "n": base64url::encode(&[0xff; 128]), "e": "AQAB"}),
            false,
        );
        check(
            json!({"kty": "RSA", "n": base64url::encode(&[0xff; 4096]), "e": "AQAB"}),
            false,
        );
        let signed = base64url::encode(&[&[0][..], &[0xff; 256]].concat());
        check(json!({"kty": "RSA", "n": signed, "e": "AQAB"}), true);
        check(
            json!({"kty": "OKP", "crv": "X25519", "x": coordinate}),
            false,
        );
        check(json!({"kty": "OKP", "crv": "Ed25519", "x": short}), false);
        check(json!({"kty": 1}), false);
        check(json!([]), false);
    }

    #[test]
    fn what_is_no_set() {
        let many = json!({ "keys": vec![json!({}); KEYS_MAX + 1] }).to_string();
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, many.as_str()] {
            assert_eq!(keys_of_set(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(keys_of_set(br#"{"keys":[]}"#), Some(Vec::new()));
    }
}
