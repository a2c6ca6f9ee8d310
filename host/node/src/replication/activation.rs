//! Activation tokens: what a primary gives a new secondary, and how it gets there.
//!
//! ```text
//!  Bundle ─ wrapped ─▶ a JWT; redeemed once at the API address that it carries
//!         └ sealed to the secondary's public key ─▶ a text; needs no API of the primary
//! ```

use super::records::{Certified, SecondaryRecord};
use crate::unsealed::Unsealed;
use crate::wrapping;
use base::{OutboundIdentity, OutboundRequest, Refusal, Secret, chain};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use core::time::Duration;
use replication::Position;
use seal::sealed_box::{self, KeyPair};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// What bundles are sealed for, so that nothing else opens as one.
const PURPOSE: &[u8] = b"casemate activation bundle 1";
/// What a sealed bundle begins with.
const SEALED_PREFIX: &str = "casemate-activation-1.";
/// How long the API of the primary may take.
const REDEEM_MAX: Duration = Duration::from_secs(30);
/// The longest answer to the redemption.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// As much as is told of why the primary did not redeem it.
const REASON_CHARACTERS_MAX: usize = 500;

/// Everything that a new secondary needs to connect. To be kept like a root token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Bundle {
    /// The name that the primary knows the secondary by.
    pub(crate) id: String,
    /// Id of the relation.
    pub(crate) cluster_id: String,
    /// How many promotions the relation has seen.
    pub(crate) generation: u64,
    /// Where to connect to.
    pub(crate) primary_cluster_addr: String,
    /// The authority of the relation: DER, Base64.
    pub(crate) ca_cert: String,
    /// The secondary's certificate and key.
    pub(crate) client: Certified,
    /// How far the primary had followed the one before it.
    #[serde(default)]
    pub(crate) since: Option<Position>,
}

/// How an activation token is to be redeemed.
pub(crate) struct Redemption<'a> {
    pub(crate) token: &'a str,
    /// In the place of the address in the token; empty for that one.
    pub(crate) api_address: &'a str,
    /// Certificates that the API's must come from, DER; empty for those that the system trusts.
    pub(crate) trust: Vec<Vec<u8>>,
    /// What is shown to the API, where it asks for that.
    pub(crate) identity: Option<Arc<OutboundIdentity>>,
}

impl Bundle {
    /// Sealed to a public key, as text.
    pub(crate) fn seal_to(&self, node: &Unsealed, public: &str) -> Result<String, Refusal> {
        let wrong =
            || Refusal::invalid("secondary_public_key is not one that generate-public-key gave");
        let public = STANDARD.decode(public.trim()).map_err(|_| wrong())?;
        let plain = serde_json::to_vec(self).map_err(|error| Refusal::internal(chain(&error)))?;
        let plain = Secret::new(plain);
        let entropy = node.parts.entropy.as_ref();
        let sealed = sealed_box::seal_to(&public, plain.expose(), PURPOSE, entropy);
        let sealed = sealed.map_err(|_| wrong())?;
        Ok(format!("{SEALED_PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// What a secondary stores of it.
    pub(crate) fn into_record(self, api_address: &str) -> Result<SecondaryRecord, Refusal> {
        let authority = STANDARD.decode(&self.ca_cert);
        let authority =
            authority.map_err(|_| Refusal::invalid("the token holds no certificate"))?;
        Ok(SecondaryRecord {
            relation: self.cluster_id,
            generation: self.generation,
            id: self.id,
            client: Some(self.client),
            authority,
            primary_addresses: vec![host_and_port(&self.primary_cluster_addr).to_owned()],
            primary_api: api_address.to_owned(),
            since: self.since,
            formerly: String::new(),
            begun: None,
            parted: false,
        })
    }
}

/// `host:port` of a cluster address, which may come as a URL.
pub(crate) fn host_and_port(address: &str) -> &str {
    let bare = address.trim().trim_end_matches('/');
    bare.strip_prefix("https://").unwrap_or(bare)
}

/// Is a token sealed to the key of a secondary?
pub(crate) fn is_sealed(token: &str) -> bool {
    token.trim().starts_with(SEALED_PREFIX)
}

/// Gets the bundle of an activation token, and the API address of the primary where that is known.
pub(crate) async fn redeem(
    node: &Unsealed,
    redemption: &Redemption<'_>,
    own_key: Option<&KeyPair>,
) -> Result<(Bundle, String), Refusal> {
    let token = redemption.token.trim();
    if let Some(sealed) = token.strip_prefix(SEALED_PREFIX) {
        let bundle = open_sealed(sealed, own_key)?;
        return Ok((bundle, redemption.api_address.to_owned()));
    }
    let address = match redemption.api_address {
        "" => address_in(token)?,
        given => given.to_owned(),
    };
    let address = address.trim_end_matches('/').to_owned();
    let request = OutboundRequest {
        method: String::from("POST"),
        url: format!("{address}/v1/sys/wrapping/unwrap"),
        headers: vec![(String::from("X-Vault-Token"), token.to_owned())],
        body: Vec::new(),
        timeout: REDEEM_MAX,
        trust: redemption.trust.clone(),
        server_name: None,
        identity: redemption.identity.clone(),
        response_bytes_max: ANSWER_BYTES_MAX,
    };
    let sent = node.parts.outbound.hosts_own().send(request).await;
    let response = sent.map_err(|error| {
        Refusal::invalid(format!(
            "error unwrapping secondary token: {address}/v1/sys/wrapping/unwrap: {error}"
        ))
    })?;
    if response.status != 200 {
        return Err(Refusal::invalid(format!(
            "error unwrapping secondary token: {address} answered {}: {}",
            response.status,
            why_not(&response.body)
        )));
    }
    let answer: Result<Value, _> = serde_json::from_slice(&response.body);
    let bundle = answer.ok().and_then(|mut answer| {
        let data = answer.get_mut("data").map(Value::take)?;
        serde_json::from_value(data).ok()
    });
    let wrong = || Refusal::invalid("the token is valid, but it is not an activation token");
    Ok((bundle.ok_or_else(wrong)?, address))
}

/// Why a token was not redeemed, as the primary says it. Of a token that it signed it says what became
/// of that.
fn why_not(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<String>,
    }
    let told = serde_json::from_slice::<Errors>(body);
    let told = told.map(|told| told.errors.join("; ")).unwrap_or_default();
    let visible = told.chars().filter(|letter| !letter.is_control());
    let told: String = visible.take(REASON_CHARACTERS_MAX).collect();
    match told.as_str() {
        wrapping::INVALID => {
            format!("{told}: it is not an activation token of the cluster that answers there")
        }
        "" => String::from("without a reason"),
        _ => told,
    }
}

fn open_sealed(sealed: &str, own_key: Option<&KeyPair>) -> Result<Bundle, Refusal> {
    let none = || Refusal::invalid("this token is sealed to a public key: none was generated here");
    let wrong = || Refusal::invalid("this token is not sealed to the public key of this cluster");
    let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| wrong())?;
    let plain = own_key.ok_or_else(none)?.open(&sealed, PURPOSE);
    let plain = plain.map_err(|_| wrong())?;
    serde_json::from_slice(plain.expose()).map_err(|_| wrong())
}

/// The API address that a token carries. Nothing of it is believed: who answers there must redeem it.
fn address_in(token: &str) -> Result<String, Refusal> {
    let unusable = || {
        let text = "the token carries no address of the primary: give primary_api_addr";
        Refusal::invalid(text)
    };
    let claims = token.split('.').nth(1).ok_or_else(unusable)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| unusable())?;
    let claims: Value = serde_json::from_slice(&claims).map_err(|_| unusable())?;
    let address = claims.get("addr").and_then(Value::as_str);
    let address = address.filter(|address| !address.is_empty());
    address.map(str::to_owned).ok_or_else(unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_token_is_read_and_nothing_else() {
        let claims = URL_SAFE_NO_PAD.encode(br#"{"addr":"https://a:8200","jti":"x"}"#);
        assert_eq!(
            address_in(&format!("h.{claims}.s")).unwrap(),
            "https://a:8200"
        );
        let none = URL_SAFE_NO_PAD.encode(br#"{"addr":""}"#);
        for wrong in ["", "x", "a.b.c", &format!("h.{none}.s")] {
            assert!(address_in(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn why_a_token_was_not_redeemed_is_told_as_the_primary_says_it() {
        let long = format!(r#"{{"errors":["{}"]}}"#, "x".repeat(1000));
        for (body, expected) in [
            (r#"{"errors":["Vault is sealed"]}"#, "Vault is sealed"),
            (r#"{"errors":["a\n","\u001b[1mb"]}"#, "a; [1mb"),
            (r#"{"errors":[]}"#, "without a reason"),
            ("<html>", "without a reason"),
            (long.as_str(), &"x".repeat(500)),
            (
                r#"{"errors":["wrapping token is not valid or does not exist"]}"#,
                "wrapping token is not valid or does not exist: it is not an activation token of the cluster that answers there",
            ),
        ] {
            assert_eq!(why_not(body.as_bytes()), expected);
        }
    }

    #[test]
    fn a_cluster_address_may_be_a_url() {
        assert_eq!(host_and_port("https://a:8201/"), "a:8201");
        assert_eq!(host_and_port("a:8201"), "a:8201");
    }
}
