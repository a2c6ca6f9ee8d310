//! `identity/oidc/config`: who issues identity tokens.

use super::{super::directory, issuer, refused};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Envelope, Refusal};
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::{Read, Update};
use serde_json::json;

const ISSUER: &[NativeField] = &[body(
    "issuer",
    Text,
    "Scheme, host and port of the issuer; where this server is reached, when empty.",
)];

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(Read, "oidc/config", Token, Now(read), &[], "Reads who issues identity tokens."),
    on(Update, "oidc/config", Token, Now(write), ISSUER, "Sets who issues identity tokens."),
];

pub(super) const WARNING: &str = "If \"issuer\" is set explicitly, all tokens must be validated against that \
                       address, including those issued by secondary clusters. Setting issuer to \
                       \"\" will restore the default behavior of using the cluster's api_addr as \
                       the issuer.";

fn read(ask: &mut Ask<'_>) -> Told {
    let issuer = directory(ask).oidc_issuer().map_err(refused)?;
    Ok(Answer::data(&json!({ "issuer": issuer })))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let Some(issuer) = ask.some_text("issuer").map(str::to_owned) else {
        return Ok(Answer::Empty);
    };
    if !issuer.is_empty() {
        check_issuer(&issuer)?;
    }
    directory(ask).set_oidc_issuer(&issuer).map_err(refused)?;
    if issuer.is_empty() {
        return Ok(Answer::Empty);
    }
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings: vec![WARNING.to_owned()],
        ..Envelope::default()
    })))
}

/// Is it a scheme, a host and perhaps a port, and nothing more?
pub(super) fn check_issuer(issuer: &str) -> Result<(), Refusal> {
    let authority = ["https://", "http://"]
        .iter()
        .find_map(|scheme| issuer.strip_prefix(scheme));
    let is_host = |text: &str| {
        let fine = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        };
        !text.is_empty() && text.len() <= 512 && text.bytes().all(fine)
    };
    if authority.is_some_and(is_host) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "invalid issuer, which must include only a scheme, host, and optional port (e.g. \
         https://example.com:8200)",
    ))
}

/// Where clients reach the issuer, without a path.
pub(super) fn base(ask: &mut Ask<'_>) -> Result<String, Refusal> {
    let configured = directory(ask).oidc_issuer().map_err(refused)?;
    Ok(match configured.is_empty() {
        true => ask.node.parts.settings.api_addr.clone(),
        false => configured,
    })
}

/// The issuer of identity tokens.
pub(super) fn current(ask: &mut Ask<'_>) -> Result<String, Refusal> {
    let base = base(ask)?;
    Ok(issuer(&base, ask.namespace))
}

#[cfg(test)]
mod tests {
    use super::check_issuer;

    #[test]
    fn an_issuer_has_no_path() {
        let check = |text: &str, fine: bool| assert_eq!(check_issuer(text).is_ok(), fine, "{text}");
        check("https://example.com:8200", true);
        check("http://[::1]:8200", true);
        check("https://example.com/x", false);
        check("https://example.com?x", false);
        check("https://user@example.com", false);
        check("ftp://example.com", false);
        check("https://", false);
        check("example.com", false);
    }
}
