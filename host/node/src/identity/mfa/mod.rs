//! `identity/mfa`: second factors of logins, and who needs one.

mod enforcements;
mod methods;
mod outside;
mod secrets;

pub(super) use enforcements::ROUTES as ENFORCEMENTS;
pub(super) use methods::ROUTES as METHODS;
pub(super) use outside::ROUTES as OUTSIDE;
pub(super) use secrets::ROUTES as SECRETS;

use crate::pipeline::no_match;
use base::Refusal;
use manifest::NoMatch;

/// Ids are UUIDs; another text is no path at all.
fn check_id(id: &str) -> Result<(), Refusal> {
    let is_uuid = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    match is_uuid {
        true => Ok(()),
        false => Err(no_match(NoMatch::Path)),
    }
}
