//! Logins with signed tokens, and through identity providers that sign them.
//!
//! One component for both types of mount, `jwt` and `oidc`: a role says how its users log in.
//!
//! ```text
//!  lib ─ routes ─▶ config ─▶ provider   discovery document and keys, fetched and kept
//!             ├──▶ role
//!             ├──▶ login ─┬▶ token      taken apart, verified, measured against the clock
//!             │           └▶ claims     what a role wants of them, and takes from them
//!             ├──▶ oidc                 the browser's way: auth_url ▶ provider ▶ callback
//!             └──▶ cel                  roles that are programs, and logins to them
//! ```
//!
//! What it must never do: let a token say how it is to be verified, or believe a claim before.

mod cel;
mod claims;
mod config;
mod login;
mod oidc;
mod provider;
mod role;
mod store;
mod token;

use sdk::Locality::{Local, Replicated};
use sdk::{Method, Operation};

/// The method.
pub const fn method() -> Method {
    let method = Method::new(
        "jwt",
        env!("CARGO_PKG_VERSION"),
        "Logs in who has a signed token, or an account at an identity provider.",
    )
    .keeps_wrapped(store::CONFIG, Replicated)
    .keeps(store::ROLES, Replicated)
    .keeps(store::CEL_ROLES, Replicated)
    .keeps(store::PROVIDER, Local)
    .keeps(store::KEYS, Local)
    .keeps(store::USED, Local)
    .keeps(store::DONE, Local)
    .reaches("*");
    let method = with_programs(with_settings(method));
    with_logins(method).renews(login::renew).on_tick(oidc::tidy)
}

const fn with_settings(method: Method) -> Method {
    method
        .read("config", "Reads whose tokens are believed.", config::read)
        .update("config", "Says whose tokens are believed.", config::write)
        .describe(
            "What is left out is set back. The client's secret is never shown. Exactly one of \
             jwt_validation_pubkeys, jwks_url and oidc_discovery_url must be given.",
        )
        .list("role", "Lists the roles.", role::list)
        .read("role/{name}", "Reads a role.", role::read)
        .update("role/{name}", "Makes or changes a role.", role::write)
        .describe("What is left out stays as it was, but for role_type, which is then \"oidc\".")
        .delete("role/{name}", "Removes a role.", role::delete)
}

const fn with_programs(method: Method) -> Method {
    method
        .list("cel/role", "Lists the roles that are programs.", cel::list)
        .read("cel/role/{name}", "Reads a role.", cel::read)
        .update("cel/role/{name}", "Makes or replaces a role.", cel::write)
        .describe(
            "What is left out is set back. The program's names are looked at, and nothing is run.",
        )
        .patch("cel/role/{name}", "Changes a role.", cel::patch)
        .delete("cel/role/{name}", "Removes a role.", cel::delete)
        .login(
            "cel/login",
            "Logs in with a signed token, to a role that is a program.",
            cel::identify,
            cel::login,
        )
}

const fn with_logins(method: Method) -> Method {
    method
        .login(
            "login",
            "Logs in with a signed token.",
            login::identify,
            login::login,
        )
        .update(
            "oidc/auth_url",
            "Begins a login with a browser: tells where to send it.",
            oidc::auth_url,
        )
        .public()
        .login_on(
            Operation::Read,
            "oidc/callback",
            "Ends a login with a browser that the provider has sent back.",
            login::identify,
            oidc::callback,
        )
        .update(
            "oidc/callback",
            "Takes what the provider sends by a form.",
            oidc::form,
        )
        .public()
        .login(
            "oidc/poll",
            "Asks for the outcome of a login that ends at this server.",
            login::identify,
            oidc::poll,
        )
}

sdk::export_method!(method);
