//! Sealing and the state of the keys.

use crate::native::{Ask, Told};
use base::{Answer, Envelope, Json};
use serde_json::json;

/// Seals once the answer is recorded.
pub(super) fn seal(ask: &Ask<'_>) -> Told {
    ask.node.want_seal();
    Ok(Answer::Empty)
}

pub(super) fn key_status(ask: &Ask<'_>) -> Told {
    let term = ask.node.keyring.active();
    let data = json!({
        "term": term.term,
        "install_time": term.installed.to_rfc3339(),
        "encryptions": term.encryptions,
    });
    let envelope = Envelope {
        repeats_data: true,
        ..Envelope::with_data(Json::of(&data))
    };
    Ok(Answer::Envelope(Box::new(envelope)))
}
