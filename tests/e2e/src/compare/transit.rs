//! Requests to the transit engine.

pub mod differences;
mod encrypting;
mod keys;
mod moving;
mod signing;
mod tools;

use super::{Script, Step, post};

/// All scripts; each makes mounts of its own.
pub const SCRIPTS: &[Script] = &[
    keys::CREATE,
    keys::CONFIG,
    keys::TRIM,
    keys::LIVES,
    encrypting::ENCRYPT,
    encrypting::DECRYPT,
    encrypting::VERSIONS,
    encrypting::BATCHES,
    encrypting::DERIVED,
    encrypting::UPSERT,
    encrypting::REWRAP,
    encrypting::DATA_KEYS,
    signing::SIGN,
    signing::SCHEMES,
    signing::VERIFY,
    signing::BATCHES,
    signing::HMAC,
    moving::EXPORT,
    moving::IMPORT,
    moving::WRAPPED,
    moving::AGREEMENT,
    moving::BACKUP,
    moving::CERTIFICATES,
    tools::RANDOM,
    tools::HASH,
    tools::SETTINGS,
];

/// Mounts the engine.
const fn mount(path: &'static str) -> Step {
    post(path, r#"{"type":"transit"}"#)
}

/// A step that OpenBao answers with 500 though the caller is at fault. Ours is a 400 with the same
/// sentence, or the one that is given.
macro_rules! mistake {
    ($step:expr, $sentence:literal) => {
        $step.but(
            &crate::compare::transit::differences::MISTAKES,
            400,
            concat!(r#"{"errors":[""#, $sentence, r#""]}"#),
        )
    };
}

use mistake;
