//! One-time codes that follow from a key and the time (RFC 6238): for logging in elsewhere, and for
//! checking who logs in here.
//!
//! ```text
//!  lib ─ routes ─▶ keys     made, taken from elsewhere, read
//!             └──▶ codes    shown, checked, and never taken twice
//!                    └─▶ hotp     a code of a counter
//!       keys ─▶ url      a key as authenticators tell it
//! ```
//!
//! What it must never do: keep the bytes of a key. The host has them, and makes the codes.

mod base32;
mod codes;
mod hotp;
mod keys;
mod url;

use sdk::Engine;
use sdk::Locality::Replicated;

/// The engine.
pub const fn engine() -> Engine {
    Engine::new(
        "totp",
        env!("CARGO_PKG_VERSION"),
        "Makes and checks codes that are good for seconds.",
    )
    .keeps(keys::KEYS, Replicated)
    .keeps(codes::USED, Replicated)
    .list("keys", "Lists the keys.", keys::list)
    .read("keys/{name}", "Reads what there is to know of a key.", keys::read)
    .update("keys/{name}", "Makes a key, or takes one from elsewhere.", keys::write)
    .describe(
        "With \"generate\" the engine makes a key and tells it once, as a URL and as a picture of it. \
         Without, it takes the key of a \"url\", or a \"key\" in base32.",
    )
    .delete("keys/{name}", "Removes a key.", keys::delete)
    .read("code/{name}", "Makes the code of this moment.", codes::read)
    .update("code/{name}", "Checks a code.", codes::check)
    .describe("A code is good once.")
}

sdk::export_engine!(engine);
