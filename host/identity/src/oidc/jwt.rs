//! JSON Web Tokens, as far as identity tokens need them (RFC 7515, RFC 7517, RFC 7519).

use super::{Algorithm, OidcError, PublicKey};
use barrier::keys::{Key, KeyError, Message, digest};
use base::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Map, Value, json};

/// What a token says.
pub type Claims = Map<String, Value>;

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// A signed token.
///
/// # Errors
/// When the key cannot sign.
pub fn sign(
    key: &Key,
    algorithm: Algorithm,
    id: &str,
    claims: &Claims,
) -> Result<String, OidcError> {
    let header = json!({ "alg": algorithm.name(), "kid": id });
    let claims = Value::Object(claims.clone());
    let signed = format!(
        "{}.{}",
        BASE64URL.encode(header.to_string()),
        BASE64URL.encode(claims.to_string())
    );
    let signature = key.sign(Message::Whole(signed.as_bytes()), algorithm.scheme())?;
    Ok(format!("{signed}.{}", BASE64URL.encode(signature)))
}

/// Left half of a hash, as `at_hash` and `c_hash` have it.
pub fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let hash = digest(algorithm.hash(), text.as_bytes());
    BASE64URL.encode(hash.get(..hash.len() / 2).unwrap_or_default())
}

/// A token, taken apart and not believed yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    /// Which key it says it was signed by.
    pub key_id: String,
    signed: &'a str,
    signature: Vec<u8>,
    claims: Claims,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`OidcError::NotValid`] for what is no token.
    pub fn parse(token: &'a str) -> Result<Self, OidcError> {
        let wrong = |text: &str| OidcError::NotValid(format!("error parsing token: {text}"));
        if token.len() > TOKEN_BYTES_MAX {
            return Err(wrong("too long"));
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err(wrong("compact JWS format must have three parts"));
        };
        let object = |part: &str| -> Option<Claims> {
            serde_json::from_slice(&BASE64URL.decode(part).ok()?).ok()
        };
        let header = object(header).ok_or_else(|| wrong("header is not JSON"))?;
        let key_id = header.get("kid").and_then(Value::as_str);
        let signed = token
            .rsplit_once('.')
            .map(|(signed, _)| signed)
            .unwrap_or_default();
        Ok(Self {
            key_id: key_id.unwrap_or_default().to_owned(),
            signed,
            signature: BASE64URL
                .decode(signature)
                .map_err(|_| wrong("signature is not Base64"))?,
            claims: object(claims).ok_or_else(|| wrong("claims are not JSON"))?,
        })
    }

    /// What it says, if this key signed it, this issuer issued it, and it has not ended. The key
    /// says which algorithm it is, and not the token.
    ///
    /// # Errors
    /// [`OidcError::NotValid`] in all other cases.
    pub fn verify(
        self,
        key: &PublicKey,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Claims, OidcError> {
        let wrong = |text: &str| OidcError::NotValid(format!("error validating claims: {text}"));
        let public = Key::from_public(&key.spki())?;
        let message = Message::Whole(self.signed.as_bytes());
        if !public.verify(message, key.algorithm.scheme(), &self.signature)? {
            let text = "unable to validate the token signature";
            return Err(OidcError::NotValid(text.to_owned()));
        }
        if self.claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err(wrong("invalid issuer claim (iss)"));
        }
        let ends = self.claims.get("exp").and_then(Value::as_u64);
        if ends.is_none_or(|end| end <= now.as_seconds()) {
            return Err(wrong("token is expired (exp)"));
        }
        Ok(self.claims)
    }
}

/// A public key as JSON Web Key.
///
/// # Errors
/// For a key that is none of ours.
pub fn jwk(key: &PublicKey) -> Result<Value, OidcError> {
    let spki = key.spki();
    let malformed = || OidcError::Key(KeyError::Malformed(String::from("not a public key")));
    let encode = |bytes: &[u8]| BASE64URL.encode(bytes);
    let mut jwk = json!({ "use": "sig", "kid": key.id, "alg": key.algorithm.name() });
    let told = match key.algorithm {
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
            let (modulus, exponent) = rsa_numbers(&spki).ok_or_else(malformed)?;
            json!({ "kty": "RSA", "n": encode(modulus), "e": encode(exponent) })
        }
        Algorithm::EdDsa => {
            let point = spki.last_chunk::<32>().ok_or_else(malformed)?;
            json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(point) })
        }
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => {
            let (curve, bytes) = match key.algorithm {
                Algorithm::Es256 => ("P-256", 32),
                Algorithm::Es384 => ("P-384", 48),
                _ => ("P-521", 66),
            };
            let point = spki.len().checked_sub(2 * bytes);
            let point = point
                .and_then(|from| spki.get(from..))
                .ok_or_else(malformed)?;
            let (x, y) = point.split_at_checked(bytes).ok_or_else(malformed)?;
            json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) })
        }
    };
    if let (Value::Object(jwk), Value::Object(told)) = (&mut jwk, told) {
        jwk.extend(told);
    }
    Ok(jwk)
}

/// Modulus and exponent of an RSA key, from SubjectPublicKeyInfo in DER.
fn rsa_numbers(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 0x03;
    const INTEGER: u8 = 0x02;
    let (info, _) = element(spki, SEQUENCE)?;
    let (_, rest) = element(info, SEQUENCE)?;
    let (bits, _) = element(rest, BIT_STRING)?;
    let (numbers, _) = element(bits.strip_prefix(&[0])?, SEQUENCE)?;
    let (modulus, rest) = element(numbers, INTEGER)?;
    let (exponent, _) = element(rest, INTEGER)?;
    Some((
        modulus.strip_prefix(&[0]).unwrap_or(modulus),
        exponent.strip_prefix(&[0]).unwrap_or(exponent),
    ))
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            if digits.len() > 4 {
                return None;
            }
            let length = digits
                .iter()
                .fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
            (length, rest)
        }
    };
    rest.split_at_checked(length)
}
