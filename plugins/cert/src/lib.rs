//! Logins with a TLS client certificate.
//!
//! That the client holds the certificate's key was shown when the connection was made; what is asked
//! here is who vouches for it.
//!
//! ```text
//!  lib ─ routes ─▶ config
//!             ├──▶ entry    certificates that are trusted, and what a login with them gives
//!             ├──▶ crl      what was revoked
//!             └──▶ login ─▶ x509 (chains, pure) ─▶ names (what an entry wants) ─▶ crl
//! ```
//!
//! What it must never do: take a certificate for an authority that does not say it is one.

mod config;
mod crl;
mod entry;
mod login;
mod names;
mod store;
mod x509;

use sdk::Locality::{Local, Replicated};
use sdk::Method;

/// The method.
pub const fn method() -> Method {
    let method = Method::new(
        "cert",
        env!("CARGO_PKG_VERSION"),
        "Logs in who holds a certificate that is trusted.",
    )
    .keeps(store::CONFIG, Replicated)
    .keeps(store::ENTRIES, Replicated)
    .keeps(store::LISTS, Replicated)
    .keeps(store::SERIALS, Replicated)
    .keeps(store::TRIED, Local)
    .reaches("*");
    with_settings(method)
        .login(
            "login",
            "Logs in with the certificate of the connection.",
            login::identify,
            login::login,
        )
        .renews(login::renew)
        .on_tick(crl::tick)
}

const fn with_settings(method: Method) -> Method {
    method
        .read("config", "Reads the settings of the mount.", config::read)
        .update("config", "Changes the settings of the mount.", config::write)
        .list("certs", "Lists the trusted certificates.", entry::list)
        .read("certs/{name}", "Reads a trusted certificate.", entry::read)
        .update(
            "certs/{name}",
            "Trusts a certificate, or changes what it gives.",
            entry::write,
        )
        .describe(
            "The certificate of an authority is trusted for all that it has issued, another one for \
             itself alone. OCSP is not supported.",
        )
        .delete("certs/{name}", "Trusts a certificate no more.", entry::delete)
        .list("crls", "Lists the revocation lists.", crl::list)
        .read("crls/{name}", "Reads a revocation list.", crl::read)
        .update("crls/{name}", "Sets a revocation list.", crl::write)
        .describe("A list from a URL is fetched anew when its time is over.")
        .delete("crls/{name}", "Removes a revocation list.", crl::delete)
}

sdk::export_method!(method);
