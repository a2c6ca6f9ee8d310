//! The component's side of the contract: from its records to handlers and back.

pub mod describe;
pub mod engine;
pub mod method;

use crate::bindings::host::casemate::plugin::types as t;
use crate::field::Input;
use crate::host::Host;
use crate::{Ctx, Failure, FailureKind, Hook, Page, Raw, Renewal, Result, Terms};
use core::time::Duration;

pub use crate::bindings::host::casemate::plugin::manifest::Manifest;
pub use t::{Failure as WitFailure, Renewal as WitRenewal, Request};

type WitResult<T> = core::result::Result<T, t::Failure>;

fn failure(failure: Failure) -> t::Failure {
    let kind = match failure.kind {
        FailureKind::Invalid => t::FailureKind::Invalid,
        FailureKind::InvalidCredentials => t::FailureKind::InvalidCredentials,
        FailureKind::Denied => t::FailureKind::Denied,
        FailureKind::NotFound => t::FailureKind::NotFound,
        FailureKind::Unsupported => t::FailureKind::Unsupported,
        FailureKind::Conflict => t::FailureKind::Conflict,
        FailureKind::TooMany => t::FailureKind::TooMany,
        FailureKind::Unavailable => t::FailureKind::Unavailable,
        FailureKind::Internal => t::FailureKind::Internal,
    };
    t::Failure {
        kind,
        message: failure.message,
    }
}

fn terms(terms: Terms) -> t::LeaseTerms {
    t::LeaseTerms {
        ttl_seconds: terms.ttl.as_secs(),
        max_ttl_seconds: terms.max_ttl.as_secs(),
        renewable: terms.renewable,
    }
}

fn from_terms(terms: t::LeaseTerms) -> Terms {
    Terms {
        ttl: Duration::from_secs(terms.ttl_seconds),
        max_ttl: Duration::from_secs(terms.max_ttl_seconds),
        renewable: terms.renewable,
    }
}

fn from_json(text: String) -> Result<Raw> {
    let raw = serde_json::value::RawValue::from_string(text);
    raw.map(Raw)
        .map_err(|wrong| crate::internal(wrong.to_string()))
}

fn json(raw: Raw) -> String {
    Box::<str>::from(raw.0).into_string()
}

fn renewal(renewal: Renewal, warnings: Vec<String>) -> t::Renewal {
    t::Renewal {
        terms: terms(renewal.terms),
        private: renewal.private.map(json),
        warnings,
    }
}

fn page(page: Page) -> t::Raw {
    t::Raw {
        status: page.status,
        content_type: page.content_type,
        headers: page.headers,
        body: page.body,
    }
}

fn hook(hook: Option<Hook>) -> WitResult<()> {
    match hook {
        Some(hook) => hook(&mut Ctx::new(Host)).map_err(failure),
        None => Ok(()),
    }
}

/// Runs `call` over a request's input; gives its result with the warnings.
fn run<T>(
    request: &Request,
    call: impl FnOnce(&mut Ctx, &Input<'_>) -> Result<T>,
) -> WitResult<(T, Vec<String>)> {
    let mut ctx = Ctx::new(Host);
    let input = Input::parse(&request.input).map_err(failure)?;
    let result = call(&mut ctx, &input).map_err(failure)?;
    Ok((result, ctx.into_warnings()))
}
