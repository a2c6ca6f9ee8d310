//! What a component answers, checked, out of the generated types.

use super::bindings::engine::casemate::plugin::types;
use super::bindings::engine::exports::casemate::plugin::engine as wit;
use super::bindings::method::exports::casemate::plugin::method as wit_method;
use crate::said::{bad, check_grant, check_raw};
use crate::{
    Answer, CallError, Failure, FailureKind, Grant, LeaseTerms, LeasedSecret, LimitExceeded,
    Outcome, Renewal, TokenShape,
};
use base::{Json, Raw, TokenKind};

/// Counts what an answer weighs, and reads its JSON.
pub(super) struct Reader {
    bytes: usize,
    bytes_max: usize,
}

type Read<T> = Result<T, CallError>;

impl Reader {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self {
            bytes: 0,
            bytes_max,
        }
    }

    pub(super) fn engine_answer(mut self, from: wit::Answer) -> Read<Answer> {
        let outcome = match from.reply {
            wit::Reply::Empty => Outcome::Empty,
            wit::Reply::Data(data) => Outcome::Data(self.json("data", data)?),
            wit::Reply::Keys(keys) => Outcome::Keys(self.texts(keys)?),
            wit::Reply::Missing(data) => Outcome::Missing(self.json("data", data)?),
            wit::Reply::Perishable(perishable) => self.perishable(perishable)?,
            wit::Reply::Secret(secret) => Outcome::Secret(LeasedSecret {
                data: self.json("data", secret.data)?,
                private: self.json("private data", secret.private)?,
                terms: terms(&secret.terms),
                kind: self.text(secret.kind)?,
            }),
            wit::Reply::Raw(raw) => Outcome::Raw(self.raw(raw)?),
        };
        let warnings = self.texts(from.warnings)?;
        Ok(Answer { outcome, warnings })
    }

    pub(super) fn method_answer(mut self, from: wit_method::Answer) -> Read<Answer> {
        use wit_method::Reply;
        let outcome = match from.reply {
            Reply::Empty => Outcome::Empty,
            Reply::Data(data) => Outcome::Data(self.json("data", data)?),
            Reply::Keys(keys) => Outcome::Keys(self.texts(keys)?),
            Reply::Missing(data) => Outcome::Missing(self.json("data", data)?),
            Reply::Perishable(perishable) => self.perishable(perishable)?,
            Reply::Grant(grant) => Outcome::Grant(Box::new(self.grant(grant)?)),
            Reply::Raw(raw) => Outcome::Raw(self.raw(raw)?),
        };
        let warnings = self.texts(from.warnings)?;
        Ok(Answer { outcome, warnings })
    }

    pub(super) fn renewal(mut self, from: types::Renewal) -> Read<Renewal> {
        let private = from
            .private
            .map(|text| self.json("private data", text))
            .transpose()?;
        Ok(Renewal {
            terms: terms(&from.terms),
            private,
            warnings: self.texts(from.warnings)?,
        })
    }

    fn perishable(&mut self, from: types::Perishable) -> Read<Outcome> {
        Ok(Outcome::Perishable {
            data: self.json("data", from.data)?,
            ttl_seconds: from.ttl_seconds,
        })
    }

    fn grant(&mut self, from: wit_method::Grant) -> Read<Grant> {
        let grant = Grant {
            alias: self.text(from.alias)?,
            alias_metadata: self.pairs(from.alias_metadata)?,
            display_name: self.text(from.display_name)?,
            policies: self.texts(from.policies)?,
            metadata: self.pairs(from.metadata)?,
            groups: self.texts(from.groups)?,
            private: self.json("private data", from.private)?,
            terms: terms(&from.terms),
            token: TokenShape {
                kind: match from.token.kind {
                    wit_method::TokenKind::Service => Some(TokenKind::Service),
                    wit_method::TokenKind::Batch => Some(TokenKind::Batch),
                    wit_method::TokenKind::AsMounted => None,
                },
                period_seconds: from.token.period_seconds,
                explicit_max_ttl_seconds: from.token.explicit_max_ttl_seconds,
                uses: from.token.uses,
                bound_cidrs: self.texts(from.token.bound_cidrs)?,
                no_default_policy: from.token.no_default_policy,
            },
        };
        check_grant(&grant)?;
        Ok(grant)
    }

    fn raw(&mut self, from: types::Raw) -> Read<Raw> {
        self.weigh(from.body.len())?;
        let raw = Raw {
            status: from.status,
            content_type: self.text(from.content_type)?,
            headers: self.pairs(from.headers)?,
            body: from.body,
        };
        check_raw(&raw)?;
        Ok(raw)
    }

    fn json(&mut self, what: &str, text: String) -> Read<Json> {
        let text = self.text(text)?;
        Json::parse(text).map_err(|_| bad(&format!("{what} is not JSON")))
    }

    fn text(&mut self, text: String) -> Read<String> {
        self.weigh(text.len())?;
        Ok(text)
    }

    fn texts(&mut self, texts: Vec<String>) -> Read<Vec<String>> {
        for text in &texts {
            self.weigh(text.len().saturating_add(TEXT_BYTES))?;
        }
        Ok(texts)
    }

    fn pairs(&mut self, pairs: Vec<(String, String)>) -> Read<Vec<(String, String)>> {
        for (name, value) in &pairs {
            let bytes = name.len().saturating_add(value.len());
            self.weigh(bytes.saturating_add(TEXT_BYTES))?;
        }
        Ok(pairs)
    }

    fn weigh(&mut self, bytes: usize) -> Read<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= self.bytes_max {
            return Ok(());
        }
        let what = "bytes in its answer";
        let max = self.bytes_max as u64;
        Err(LimitExceeded { what, max }.into())
    }
}

/// What one more text in a list weighs beside its letters: none is free.
const TEXT_BYTES: usize = 16;

pub(super) const fn terms(from: &types::LeaseTerms) -> LeaseTerms {
    LeaseTerms {
        ttl_seconds: from.ttl_seconds,
        max_ttl_seconds: from.max_ttl_seconds,
        renewable: from.renewable,
    }
}

/// A failure, in its own words; too many words are cut.
pub(super) fn failure(from: types::Failure) -> CallError {
    const MESSAGE_BYTES_MAX: usize = 4096;
    let mut message = from.message;
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX.min(message.len())));
    let kind = match from.kind {
        types::FailureKind::Invalid => FailureKind::Invalid,
        types::FailureKind::InvalidCredentials => FailureKind::InvalidCredentials,
        types::FailureKind::Denied => FailureKind::Denied,
        types::FailureKind::NotFound => FailureKind::NotFound,
        types::FailureKind::Unsupported => FailureKind::Unsupported,
        types::FailureKind::Conflict => FailureKind::Conflict,
        types::FailureKind::TooMany => FailureKind::TooMany,
        types::FailureKind::Unavailable => FailureKind::Unavailable,
        types::FailureKind::Internal => FailureKind::Internal,
    };
    CallError::Failure(Failure { kind, message })
}
