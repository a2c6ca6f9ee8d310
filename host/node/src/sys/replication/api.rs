//! How the API of a primary is reached: whom to believe there, and what this cluster shows of itself.

use crate::native::{Ask, NativeField, body};
use base::{OutboundIdentity, Refusal, Secret};
use manifest::FieldKind::Text;
use std::sync::Arc;

pub(super) const CA_FILE: NativeField = body(
    "ca_file",
    Text,
    "A file on the server with certificates that the primary's API is to come from.",
);
pub(super) const CA_PATH: NativeField =
    body("ca_path", Text, "A folder on the server with such files.");
pub(super) const CLIENT_CERT: NativeField = body(
    "client_cert_pem",
    Text,
    "A certificate (PEM) to show to the primary's API, where that asks for one.",
);
pub(super) const CLIENT_KEY: NativeField = body(
    "client_key_pem",
    Text,
    "The private key (PEM) of that certificate.",
);

/// The certificates that the API's is to come from, DER; empty for those that the system trusts.
pub(super) fn trust(ask: &Ask<'_>) -> Result<Vec<Vec<u8>>, Refusal> {
    let process = &ask.node.parts.process;
    process
        .certificates(ask.text(CA_FILE.name), ask.text(CA_PATH.name))
        .map_err(Refusal::invalid)
}

/// What is shown to the API, where it asks for that. It is used for the one request and not kept.
pub(super) fn identity(ask: &Ask<'_>) -> Result<Option<Arc<OutboundIdentity>>, Refusal> {
    match (ask.text(CLIENT_CERT.name), ask.text(CLIENT_KEY.name)) {
        ("", "") => Ok(None),
        ("", _) | (_, "") => Err(Refusal::invalid(
            "client_cert_pem and client_key_pem go together: give both, or neither",
        )),
        (certificates, key) => Ok(Some(Arc::new(OutboundIdentity {
            certificates: certificates.to_owned(),
            key: Secret::new(key.to_owned()),
        }))),
    }
}
