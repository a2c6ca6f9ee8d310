//! Vault's envelope, written key by key into one buffer.

use base::{AuthBlock, Envelope, Json, TokenKind, WrapBlock};
use core::time::Duration;
use serde::Serialize;
use std::io::Write as _;

/// Appends JSON to a buffer. What fails on a buffer in memory is nothing, so it cannot fail.
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Any value with text keys.
    pub(crate) fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        if serde_json::to_writer(&mut self.0, value).is_err() {
            self.raw("null");
        }
    }

    pub(crate) fn field<T: Serialize + ?Sized>(&mut self, prefix: &str, value: &T) {
        self.raw(prefix);
        self.value(value);
    }

    fn number(&mut self, prefix: &str, number: u64) {
        self.raw(prefix);
        let _ = write!(self.0, "{number}");
    }

    fn flag(&mut self, prefix: &str, flag: bool) {
        self.raw(prefix);
        self.raw(if flag { "true" } else { "false" });
    }
}

const fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}

/// Writes the envelope. A wrapped one names no request, as the answer is elsewhere.
pub(crate) fn write_envelope(request_id: &str, envelope: &Envelope) -> Vec<u8> {
    let data_length = envelope.data.as_ref().map_or(4, |data| data.as_str().len());
    let copies = 1 + usize::from(envelope.repeats_data);
    let mut out = Writer(Vec::with_capacity(320 + data_length * copies));
    let request_id = match envelope.wrap {
        Some(_) => "",
        None => request_id,
    };
    out.field("{\"request_id\":", request_id);
    out.field(",\"lease_id\":", &envelope.lease.id);
    out.flag(",\"renewable\":", envelope.lease.renewable);
    out.number(",\"lease_duration\":", seconds(envelope.lease.duration));
    out.raw(",\"data\":");
    out.raw(envelope.data.as_ref().map_or("null", Json::as_str));
    out.raw(",\"wrap_info\":");
    match &envelope.wrap {
        Some(wrap) => write_wrap(&mut out, wrap),
        None => out.raw("null"),
    }
    out.raw(",\"warnings\":");
    if envelope.warnings.is_empty() {
        out.raw("null");
    } else {
        out.value(&envelope.warnings);
    }
    out.raw(",\"auth\":");
    match (&envelope.auth, &envelope.mfa_requirement) {
        (Some(auth), _) => write_auth(&mut out, auth),
        (None, Some(requirement)) => write_waiting(&mut out, requirement),
        (None, None) => out.raw("null"),
    }
    out.field(",\"mount_type\":", &envelope.mount_type);
    if let (true, Some(data)) = (envelope.repeats_data, &envelope.data) {
        repeat_members(&mut out, data);
    }
    out.raw("}\n");
    out.0
}

/// `token, accessor, ttl, creation_time, creation_path, wrapped_accessor`.
fn write_wrap(out: &mut Writer, wrap: &WrapBlock) {
    out.field("{\"token\":", wrap.token.expose());
    out.field(",\"accessor\":", &wrap.accessor);
    out.number(",\"ttl\":", seconds(wrap.ttl));
    out.field(",\"creation_time\":", &wrap.creation_time);
    out.field(",\"creation_path\":", &wrap.creation_path);
    if !wrap.wrapped_accessor.is_empty() {
        out.field(",\"wrapped_accessor\":", &wrap.wrapped_accessor);
    }
    out.raw("}");
}

fn write_auth(out: &mut Writer, auth: &AuthBlock) {
    out.field("{\"client_token\":", auth.client_token.expose());
    out.field(",\"accessor\":", &auth.accessor);
    out.field(",\"policies\":", &auth.policies);
    out.field(",\"token_policies\":", &auth.token_policies);
    if !auth.identity_policies.is_empty() {
        out.field(",\"identity_policies\":", &auth.identity_policies);
    }
    match &auth.metadata {
        None => out.raw(",\"metadata\":null"),
        Some(pairs) => {
            out.raw(",\"metadata\":{");
            for (position, (name, value)) in pairs.iter().enumerate() {
                out.field(if position == 0 { "" } else { "," }, name);
                out.field(":", value);
            }
            out.raw("}");
        }
    }
    out.number(",\"lease_duration\":", seconds(auth.lease_duration));
    out.flag(",\"renewable\":", auth.renewable);
    out.field(",\"entity_id\":", &auth.entity_id);
    out.raw(match auth.kind {
        TokenKind::Service => ",\"token_type\":\"service\"",
        TokenKind::Batch => ",\"token_type\":\"batch\"",
    });
    out.flag(",\"orphan\":", auth.orphan);
    out.raw(",\"mfa_requirement\":null");
    out.number(",\"num_uses\":", u64::from(auth.uses));
    out.raw("}");
}

/// No token yet, and what it waits for.
fn write_waiting(out: &mut Writer, requirement: &Json) {
    out.raw("{\"client_token\":\"\",\"accessor\":\"\",\"policies\":null,\"metadata\":null");
    out.raw(",\"lease_duration\":0,\"renewable\":false,\"entity_id\":\"\"");
    out.raw(",\"token_type\":\"default\",\"orphan\":false,\"mfa_requirement\":");
    out.raw(requirement.as_str());
    out.raw(",\"num_uses\":0}");
}

/// The keys that are the envelope's own; a member of the data by that name is not repeated.
const OWN_KEYS: [&str; 9] = [
    "request_id",
    "lease_id",
    "renewable",
    "lease_duration",
    "data",
    "wrap_info",
    "warnings",
    "auth",
    "mount_type",
];

/// Writes the members of `data` beside the envelope's own keys.
fn repeat_members(out: &mut Writer, data: &Json) {
    type Members<'a> = std::collections::BTreeMap<String, &'a serde_json::value::RawValue>;
    let Ok(members) = serde_json::from_str::<Members<'_>>(data.as_str()) else {
        return;
    };
    for (name, value) in &members {
        if !OWN_KEYS.contains(&name.as_str()) {
            out.field(",", name);
            out.raw(":");
            out.raw(value.get());
        }
    }
}
