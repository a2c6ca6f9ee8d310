//! Wrapping tokens as JSON web tokens (RFC 7519), signed with ES512: whoever is handed one can tell
//! from which cluster it comes before opening it. The key never leaves the barrier.

use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use access::TokenId;
use barrier::Transaction;
use barrier::keys::{Hash, Key, KeyError, KeyKind, KeyOptions, Message, SignatureScheme};
use base::{Refusal, Secret, Timestamp, chain};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::time::Duration;
use locality::SystemKey;
use serde::Deserialize;
use serde_json::{Value, json};

const HEADER: &str = r#"{"alg":"ES512","typ":"JWT"}"#;
const SCHEME: SignatureScheme = SignatureScheme::EcdsaFixed(Hash::Sha2_512);
/// A clock that is a little slow may still take a new token.
const NOT_BEFORE_SLACK_SECONDS: u64 = 5;
/// Bytes of a coordinate of P-521.
const COORDINATE_BYTES: usize = 66;

/// Of the claims, those that count here: how long it lives is the token's own affair.
#[derive(Deserialize)]
struct Claims {
    jti: String,
    #[serde(rename = "type")]
    kind: String,
    exp: u64,
    /// Which secondary it activates, where it activates one.
    #[serde(default)]
    secondary: Option<String>,
}

/// What a token that activates a secondary says of itself.
pub(super) struct Activation {
    /// The name of the secondary.
    pub(super) secondary: String,
    /// When it ends.
    pub(super) expires: Timestamp,
}

/// Can it be one? Ids of tokens have at most one dot.
pub(super) fn is_jwt(sent: &str) -> bool {
    sent.starts_with("eyJ") && sent.split('.').count() == 3
}

/// Makes the form of a token.
pub(super) fn make(
    node: &Unsealed,
    tx: &mut Transaction,
    id: &TokenId,
    ttl: Duration,
    wrapped_accessor: &str,
    secondary: Option<&str>,
) -> Result<Secret<String>, Refusal> {
    let key = key(node, tx)?;
    let now = node.now().as_seconds();
    let mut claims = json!({
        "accessor": wrapped_accessor,
        "addr": node.parts.settings.api_addr,
        "exp": now.saturating_add(ttl.as_secs()),
        "iat": now,
        "jti": id.expose(),
        "nbf": now.saturating_sub(NOT_BEFORE_SLACK_SECONDS),
        "type": "wrapping",
    });
    if let (Some(secondary), Value::Object(claims)) = (secondary, &mut claims) {
        claims.insert(String::from("secondary"), json!(secondary));
    }
    let claims = claims.to_string();
    let signed = format!(
        "{}.{}",
        encode(HEADER.as_bytes()),
        encode(claims.as_bytes())
    );
    let signature = key.sign(Message::Whole(signed.as_bytes()), SCHEME);
    let signature = signature.map_err(failed)?;
    Ok(Secret::new(format!("{signed}.{}", encode(&signature))))
}

/// The id inside, if the signature is this cluster's.
pub(super) fn open(tx: &mut Transaction, sent: &str) -> Result<TokenId, Refusal> {
    let claims = claims(tx, sent)?;
    let id = claims.and_then(|claims| TokenId::parse(claims.jti));
    id.ok_or_else(super::invalid)
}

/// What it says of itself, if this cluster signed it and it activates a secondary.
pub(super) fn activation(tx: &mut Transaction, sent: &str) -> Result<Option<Activation>, Refusal> {
    let claims = claims(tx, sent)?;
    Ok(claims.and_then(|claims| {
        Some(Activation {
            secondary: claims.secondary?,
            expires: Timestamp::from_millis(claims.exp.saturating_mul(1000)),
        })
    }))
}

fn claims(tx: &mut Transaction, sent: &str) -> Result<Option<Claims>, Refusal> {
    let key = tx
        .open_key(&SystemKey::wrapping_key())
        .map_err(from_barrier)?;
    Ok(key.and_then(|key| read(&key, sent)))
}

fn read(key: &Key, sent: &str) -> Option<Claims> {
    let (signed, signature) = sent.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let (header, claims) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    if header.get("alg").and_then(Value::as_str) != Some("ES512") {
        return None;
    }
    let message = Message::Whole(signed.as_bytes());
    if !key.verify(message, SCHEME, &signature).ok()? {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    (claims.kind == "wrapping").then_some(claims)
}

/// The key; made when it is first needed, in the same batch as what it signs.
fn key(node: &Unsealed, tx: &mut Transaction) -> Result<Key, Refusal> {
    let at = SystemKey::wrapping_key();
    if let Some(key) = tx.open_key(&at).map_err(from_barrier)? {
        return Ok(key);
    }
    let options = KeyOptions {
        kind: KeyKind::EcdsaP521,
        exportable: false,
        bytes: 0,
    };
    let key = Key::make(options, node.parts.entropy.as_ref()).map_err(failed)?;
    tx.store_key(&at, &key).map_err(failed)?;
    Ok(key)
}

/// The public half: the coordinates in decimal digits, and the curve's name as Vault has it.
pub(crate) fn public_key(node: &Unsealed, tx: &mut Transaction) -> Result<Value, Refusal> {
    let key = key(node, tx)?;
    let spki = key.public().map_err(failed)?.unwrap_or_default();
    let point = spki.len().checked_sub(2 * COORDINATE_BYTES);
    let point = point.and_then(|at| spki.get(at..)).unwrap_or_default();
    let (x, y) = point.split_at_checked(COORDINATE_BYTES).unwrap_or_default();
    Ok(json!({ "jwt_x": decimal(x), "jwt_y": decimal(y), "jwt_curve": "p521" }))
}

/// A big-endian number in decimal digits.
fn decimal(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = vec![0];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 10).unwrap_or_default();
            carry = value / 10;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 10).unwrap_or_default());
            carry /= 10;
        }
    }
    let digits = digits.iter().rev();
    digits.map(|digit| char::from(b'0' + digit)).collect()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn failed(error: KeyError) -> Refusal {
    Refusal::internal(chain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(decimal(bytes), expected);
        check(&[], "0");
        check(&[0, 0], "0");
        check(&[255], "255");
        check(&[1, 0, 0], "65536");
        check(&[0xff; 8], "18446744073709551615");
    }

    #[test]
    fn ids_of_tokens_are_no_jwts() {
        for id in ["hvs.eyJ", "eyJ", "eyJ.a", "s.a.b"] {
            assert!(!is_jwt(id), "{id}");
        }
        assert!(is_jwt("eyJ.a.b"));
    }
}
