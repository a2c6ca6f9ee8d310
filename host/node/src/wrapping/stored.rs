//! The form in which an answer waits: the very JSON that the caller would have got.

use base::{Answer, AuthBlock, Envelope, Json, Raw, TokenKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::collections::BTreeMap;

const JSON_TYPE: &str = "application/json";

/// An answer that waits.
pub(crate) struct Wrapped {
    /// The JSON.
    pub(crate) text: String,
    /// HTTP status that it goes out with.
    pub(crate) status: u16,
    /// Accessor of a token inside; empty for none.
    pub(crate) accessor: String,
}

impl Wrapped {
    /// The form of an answer, or the answer where there is nothing in it to hide.
    pub(crate) fn of(request_id: &str, answer: Answer) -> Result<Self, Answer> {
        let (envelope, status) = match answer {
            Answer::Envelope(envelope) if envelope.wrap.is_some() => {
                return Err(Answer::Envelope(envelope));
            }
            Answer::Empty | Answer::Health(_) | Answer::Flow(_) => return Err(answer),
            Answer::Envelope(envelope) => (envelope, 200),
            Answer::Accepted(envelope) => (envelope, 202),
            Answer::Missing(envelope) => (envelope, 404),
            Answer::Bare(json) => {
                return Ok(Self {
                    text: json.as_str().to_owned(),
                    status: 200,
                    accessor: String::new(),
                });
            }
            Answer::Raw(raw) => return Ok(of_raw(request_id, raw)),
        };
        Ok(Self {
            text: text(request_id, &envelope),
            status,
            accessor: envelope
                .auth
                .map(|auth| auth.accessor.clone())
                .unwrap_or_default(),
        })
    }

    /// The answer, when its time has come.
    pub(crate) fn into_answer(self) -> Answer {
        let mut body = self.text.into_bytes();
        body.push(b'\n');
        Answer::Raw(Raw {
            status: self.status,
            content_type: String::from(JSON_TYPE),
            headers: Vec::new(),
            body,
        })
    }
}

/// Bytes that are no JSON of ours travel as Vault has them, inside data.
fn of_raw(request_id: &str, raw: Raw) -> Wrapped {
    if raw.content_type == JSON_TYPE
        && let Ok(text) = core::str::from_utf8(&raw.body)
        && Json::parse(text.trim().to_owned()).is_ok()
    {
        return Wrapped {
            text: text.trim().to_owned(),
            status: raw.status,
            accessor: String::new(),
        };
    }
    let data = serde_json::json!({
        "http_content_type": raw.content_type,
        "http_raw_body": STANDARD.encode(&raw.body),
        "http_status_code": raw.status,
    });
    Wrapped {
        text: text(request_id, &Envelope::with_data(Json::of(&data))),
        status: 200,
        accessor: String::new(),
    }
}

/// Vault's envelope, in its order.
#[derive(Serialize)]
struct Stored<'a> {
    request_id: &'a str,
    lease_id: &'a str,
    renewable: bool,
    lease_duration: u64,
    data: Option<&'a Json>,
    wrap_info: (),
    warnings: Option<&'a [String]>,
    auth: Option<Auth<'a>>,
    mount_type: &'a str,
}

#[derive(Serialize)]
struct Auth<'a> {
    client_token: &'a str,
    accessor: &'a str,
    policies: &'a [String],
    token_policies: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    identity_policies: &'a [String],
    metadata: Option<BTreeMap<&'a str, &'a str>>,
    lease_duration: u64,
    renewable: bool,
    entity_id: &'a str,
    token_type: TokenKind,
    orphan: bool,
    mfa_requirement: (),
    num_uses: u32,
}

fn text(request_id: &str, envelope: &Envelope) -> String {
    let stored = Stored {
        request_id,
        lease_id: &envelope.lease.id,
        renewable: envelope.lease.renewable,
        lease_duration: envelope.lease.duration.as_secs(),
        data: envelope.data.as_ref(),
        wrap_info: (),
        warnings: match envelope.warnings.as_slice() {
            [] => None,
            warnings => Some(warnings),
        },
        auth: envelope.auth.as_deref().map(auth),
        mount_type: &envelope.mount_type,
    };
    Json::of(&stored).as_str().to_owned()
}

fn auth(auth: &AuthBlock) -> Auth<'_> {
    let metadata = auth.metadata.as_ref().map(|pairs| {
        let pairs = pairs.iter();
        pairs.map(|(k, v)| (k.as_str(), v.as_str())).collect()
    });
    Auth {
        client_token: auth.client_token.expose(),
        accessor: &auth.accessor,
        policies: &auth.policies,
        token_policies: &auth.token_policies,
        identity_policies: &auth.identity_policies,
        metadata,
        lease_duration: auth.lease_duration.as_secs(),
        renewable: auth.renewable,
        entity_id: &auth.entity_id,
        token_type: auth.kind,
        orphan: auth.orphan,
        mfa_requirement: (),
        num_uses: auth.uses,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::LeaseBlock;
    use core::time::Duration;

    #[test]
    fn the_form_is_the_envelope_with_its_numbers_as_they_were() {
        let data = Json::parse(String::from(r#"{"n":1.50}"#)).unwrap();
        let envelope = Envelope {
            lease: LeaseBlock {
                id: String::from("a/b"),
                renewable: true,
                duration: Duration::from_secs(5),
            },
            warnings: vec![String::from("w")],
            ..Envelope::with_data(data)
        };
        let Ok(wrapped) = Wrapped::of("r", Answer::Missing(Box::new(envelope))) else {
            panic!("there is something to wrap");
        };
        assert_eq!(
            wrapped.text,
            r#"{"request_id":"r","lease_id":"a/b","renewable":true,"lease_duration":5,"data":{"n":1.50},"wrap_info":null,"warnings":["w"],"auth":null,"mount_type":""}"#
        );
        assert_eq!(wrapped.status, 404);
    }

    #[test]
    fn bytes_travel_inside_data() {
        let raw = Raw {
            status: 200,
            content_type: String::from("application/pkix-cert"),
            headers: Vec::new(),
            body: vec![0, 255],
        };
        let Ok(wrapped) = Wrapped::of("r", Answer::Raw(raw)) else {
            panic!("there is something to wrap");
        };
        assert!(wrapped.text.contains(r#""http_raw_body":"AP8=""#));
    }

    #[test]
    fn nothing_is_not_wrapped() {
        assert!(Wrapped::of("r", Answer::Empty).is_err());
    }
}
