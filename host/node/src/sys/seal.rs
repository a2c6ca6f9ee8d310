//! Sealing and the state of the keys.

use crate::native::Does::Now;
use crate::native::{Ask, NativeRoute, Told, on};
use base::Answer;
use manifest::Access::{Sudo, Token};
use manifest::Operation::{Read, Update};
use serde_json::json;

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "seal", Sudo, Now(seal), &[], "Seals the server."),
    on(Read, "key-status", Token, Now(key_status), &[], "The term of the encryption key."),
];

/// Seals once the answer is recorded.
pub(super) fn seal(ask: &mut Ask<'_>) -> Told {
    ask.node.want_seal();
    Ok(Answer::Empty)
}

pub(super) fn key_status(ask: &mut Ask<'_>) -> Told {
    let term = ask.node.keyring.active();
    let data = json!({
        "term": term.term,
        "install_time": term.installed.to_rfc3339(),
        "encryptions": term.encryptions,
    });
    Ok(Answer::repeated(&data))
}
