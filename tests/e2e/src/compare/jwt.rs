//! Requests to the method of signed tokens.

pub mod differences;
mod logins;
mod programs;
mod providers;
mod settings;
mod tokens;

use super::Script;

/// All scripts; each makes a mount of its own.
pub const SCRIPTS: &[Script] = &[
    settings::CONFIG,
    settings::ROLES,
    settings::BROWSER,
    providers::PROVIDERS,
    logins::TOKENS,
    logins::CLAIMS,
    logins::ALGORITHMS,
    programs::ROLES,
    programs::LOGINS,
    programs::GRANTS,
];

const MOUNT: &str = r#"{"type":"jwt"}"#;
