//! Requests about tokens: how they are made, how they end, what is leased, what is wrapped.

mod create;
mod ends;
mod leases;
mod roles;
mod wrapping;

use super::differences::{self, differences};
use super::{Script, Step, get, post};

differences! {
    CHOSEN_IDS: "chosen ids",
        "OpenBao warns that they are hashed with SHA-1; ours are hashed as all others are.";
    NO_DEFAULT: "`token_no_default_policy` of a role",
        "OpenBao heeds it only where the role names policies.";
    RENEWAL_BY_ACCESSOR: "renewal by accessor of a token that cannot be renewed",
        "OpenBao says that the request is invalid; we say why.";
    CUBBYHOLE: "refusals of the cubbyhole",
        "OpenBao answers 500 to a body that is missing; it is the caller's to mend.";
    LEASE_LIMIT: "`limit` of `sys/leases`",
        "OpenBao answers 500 to a limit that is no number.";
    OLD_PATHS: "`sys/renew`, `sys/revoke`, `sys/revoke-prefix`, `sys/revoke-force`",
        "Vault has them still, and old clients use them.";
    SIGNED_BY_OTHERS: "wrapping tokens that others signed",
        "OpenBao tells what its library says of the signature; ours are no more than not valid.";
}

/// All scripts, in order: the first of them counts the tokens that are there.
pub const SCRIPTS: &[Script] = &[
    ends::ACCESSORS,
    create::CREATE,
    create::REFUSALS,
    create::CHILDREN,
    create::BATCH,
    roles::ROLES,
    roles::CREATE,
    roles::ALIASES,
    ends::RENEW,
    ends::REVOKE,
    ends::USES,
    ends::LOOKUP,
    ends::TIDY,
    leases::LEASES,
    leases::PREFIXES,
    wrapping::WRAP,
    wrapping::SIGNED,
    wrapping::REFUSALS,
    ends::BOUND,
];

/// What is told where tidying begins, by a server that does not name itself.
const TIDIES: &str = r#"{"warnings":["Tidy operation successfully started. Any information from the operation will be printed to the server's logs."]}"#;

const fn tidies(path: &'static str) -> Step {
    post(path, "{}").but(&differences::OWN_NAME, 202, TIDIES)
}

/// Makes a token and keeps it under a name.
const fn make(name: &'static str, body: &'static str) -> Step {
    post("auth/token/create", body).saves(name, super::CLIENT_TOKEN)
}

/// Makes a token, of which only its name is needed.
const fn prepare(name: &'static str, body: &'static str) -> Step {
    make(name, body).only_prepares()
}

/// What a token says of itself.
const fn itself(name: &'static str) -> Step {
    get("auth/token/lookup-self").by(name)
}

/// Keeps the accessor of a token.
const fn accessor(token: &'static str, name: &'static str) -> Step {
    itself(token).saves(name, "/data/accessor").only_prepares()
}
