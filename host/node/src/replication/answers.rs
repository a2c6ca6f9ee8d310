//! What a request came to on the primary, on its way back.

use super::serve::Broken;
use base::{Answer, Envelope, Json, LeaseBlock, Raw, Refusal, RefusalKind};
use core::time::Duration;
use plugin::{Grant, LeaseTerms, LeasedSecret, Outcome};
use serde::{Deserialize, Serialize};

/// What a request came to. JSON travels as text.
#[derive(Serialize, Deserialize)]
pub(crate) enum Came {
    /// Done, nothing to say.
    Empty,
    /// Refused.
    Refused(WireRefusal),
    /// An answer of one of the host's own engines.
    Accepted(WireEnvelope),
    /// As well.
    Envelope(WireEnvelope),
    /// As well: nothing is there.
    Missing(WireEnvelope),
    /// As well: JSON without an envelope.
    Bare(String),
    /// Bytes that are not JSON.
    Raw(WireRaw),
    /// What a component said, which the secondary turns into an answer.
    Said(WireOutcome, Vec<String>),
}

/// A refusal.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireRefusal {
    kind: RefusalKind,
    message: String,
    reason: String,
}

/// An envelope without lease, token or wrapping: those are of the cluster that made them.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireEnvelope {
    data: Option<String>,
    repeats_data: bool,
    advice: Duration,
    warnings: Vec<String>,
    mount_type: String,
}

/// Bytes that are not JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireRaw {
    status: u16,
    content_type: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a component said.
#[derive(Serialize, Deserialize)]
pub(crate) enum WireOutcome {
    Empty,
    Data(String),
    Keys(Vec<String>),
    Missing(String),
    Perishable(String, u64),
    Secret {
        kind: String,
        data: String,
        private: String,
        terms: LeaseTerms,
    },
    /// JSON.
    Grant(String),
}

impl From<Refusal> for WireRefusal {
    fn from(refusal: Refusal) -> Self {
        Self {
            kind: refusal.kind,
            message: refusal.message,
            reason: refusal.reason,
        }
    }
}

impl From<WireRefusal> for Refusal {
    fn from(wire: WireRefusal) -> Self {
        Self {
            kind: wire.kind,
            message: wire.message,
            reason: wire.reason,
        }
    }
}

impl Came {
    /// An answer, on its way.
    pub(crate) fn of_answer(answer: Answer) -> Result<Self, Broken> {
        let envelope = |envelope: Box<Envelope>| WireEnvelope::of(*envelope);
        Ok(match answer {
            Answer::Empty => Self::Empty,
            Answer::Accepted(one) => Self::Accepted(envelope(one)?),
            Answer::Envelope(one) => Self::Envelope(envelope(one)?),
            Answer::Missing(one) => Self::Missing(envelope(one)?),
            Answer::Bare(json) => Self::Bare(json.as_str().to_owned()),
            Answer::Raw(raw) => Self::Raw(raw.into()),
            Answer::Health(_) | Answer::Flow(_) => {
                return Err(Broken::Here(String::from("an answer that cannot travel")));
            }
        })
    }

    /// What a component said, on its way.
    pub(crate) fn of_outcome(outcome: Outcome, remarks: Vec<String>) -> Result<Self, Broken> {
        let text = |json: Json| json.as_str().to_owned();
        Ok(Self::Said(
            match outcome {
                Outcome::Empty => WireOutcome::Empty,
                Outcome::Data(json) => WireOutcome::Data(text(json)),
                Outcome::Keys(keys) => WireOutcome::Keys(keys),
                Outcome::Missing(json) => WireOutcome::Missing(text(json)),
                Outcome::Perishable { data, ttl_seconds } => {
                    WireOutcome::Perishable(text(data), ttl_seconds)
                }
                Outcome::Secret(secret) => WireOutcome::Secret {
                    kind: secret.kind,
                    data: text(secret.data),
                    private: text(secret.private),
                    terms: secret.terms,
                },
                Outcome::Grant(grant) => {
                    let grant = serde_json::to_string(&*grant);
                    WireOutcome::Grant(grant.map_err(|error| Broken::Here(error.to_string()))?)
                }
                Outcome::Raw(raw) => return Ok(Self::Raw(raw.into())),
            },
            remarks,
        ))
    }

    /// The answer; or what a component said, which is to become one.
    pub(crate) fn arrive(self) -> Result<Arrived, Refusal> {
        let answer = match self {
            Self::Refused(refusal) => return Err(refusal.into()),
            Self::Said(outcome, remarks) => {
                return Ok(Arrived::Said(outcome.into_outcome()?, remarks));
            }
            Self::Empty => Answer::Empty,
            Self::Accepted(wire) => Answer::Accepted(Box::new(wire.into_envelope()?)),
            Self::Envelope(wire) => Answer::Envelope(Box::new(wire.into_envelope()?)),
            Self::Missing(wire) => Answer::Missing(Box::new(wire.into_envelope()?)),
            Self::Bare(text) => Answer::Bare(json(text)?),
            Self::Raw(raw) => {
                let raw = raw.into();
                plugin::check_raw(&raw).map_err(|error| error.to_refusal())?;
                Answer::Raw(raw)
            }
        };
        Ok(Arrived::Answer(answer))
    }
}

/// What came back from the primary.
pub(crate) enum Arrived {
    /// The answer.
    Answer(Answer),
    /// What the component said, and its remarks.
    Said(Outcome, Vec<String>),
}

impl WireEnvelope {
    fn of(envelope: Envelope) -> Result<Self, Broken> {
        let of_its_cluster = envelope.auth.is_some()
            || envelope.wrap.is_some()
            || envelope.mfa_requirement.is_some()
            || !envelope.lease.id.is_empty();
        if of_its_cluster {
            let text = "a token or a lease of the primary is of no use on a secondary";
            return Err(Broken::Here(String::from(text)));
        }
        Ok(Self {
            data: envelope.data.map(|data| data.as_str().to_owned()),
            repeats_data: envelope.repeats_data,
            advice: envelope.lease.duration,
            warnings: envelope.warnings,
            mount_type: envelope.mount_type,
        })
    }

    fn into_envelope(self) -> Result<Envelope, Refusal> {
        Ok(Envelope {
            data: self.data.map(json).transpose()?,
            repeats_data: self.repeats_data,
            lease: LeaseBlock {
                duration: self.advice,
                ..LeaseBlock::default()
            },
            warnings: self.warnings,
            mount_type: self.mount_type,
            ..Envelope::default()
        })
    }
}

impl WireOutcome {
    fn into_outcome(self) -> Result<Outcome, Refusal> {
        Ok(match self {
            Self::Empty => Outcome::Empty,
            Self::Data(text) => Outcome::Data(json(text)?),
            Self::Keys(keys) => Outcome::Keys(keys),
            Self::Missing(text) => Outcome::Missing(json(text)?),
            Self::Perishable(text, ttl_seconds) => Outcome::Perishable {
                data: json(text)?,
                ttl_seconds,
            },
            Self::Secret {
                kind,
                data,
                private,
                terms,
            } => Outcome::Secret(LeasedSecret {
                kind,
                data: json(data)?,
                private: json(private)?,
                terms,
            }),
            Self::Grant(text) => {
                let grant: Result<Grant, _> = serde_json::from_str(&text);
                let grant = grant.map_err(|error| Refusal::internal(error.to_string()))?;
                Outcome::Grant(Box::new(grant))
            }
        })
    }
}

impl From<Raw> for WireRaw {
    fn from(raw: Raw) -> Self {
        Self {
            status: raw.status,
            content_type: raw.content_type,
            headers: raw.headers,
            body: raw.body,
        }
    }
}

impl From<WireRaw> for Raw {
    fn from(wire: WireRaw) -> Self {
        Self {
            status: wire.status,
            content_type: wire.content_type,
            headers: wire.headers,
            body: wire.body,
        }
    }
}

fn json(text: String) -> Result<Json, Refusal> {
    Json::parse(text).map_err(|error| Refusal::internal(error.to_string()))
}
