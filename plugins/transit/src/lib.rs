//! The transit engine: encryption, signatures and codes for data that is kept elsewhere.
//!
//! ```text
//!  lib ─ routes ─▶ encrypt sign hmac ──▶ using  (a key and its opened versions)
//!             ├──▶ keys import backup ─▶ store  (where records, versions and keys lie)
//!             ├──▶ export certificate ─▶ pem der
//!             └──▶ digest random settings
//!                        record scheme wire base64 kind: pure
//! ```
//!
//! What it must never do: hold the bytes of a key that was not made to be exported, or choose a nonce. It
//! names versions of keys; the host has them.

mod encrypt;
mod hmac;
mod sign;

mod backup;
mod certificate;
mod digest;
mod export;
mod import;
mod keys;
mod random;
mod settings;

mod answer;
mod base64;
mod batch;
mod der;
mod hashes;
mod kind;
mod pem;
mod record;
mod scheme;
mod store;
mod using;
mod wire;

use sdk::Engine;
use sdk::Locality::Replicated;
use sdk::Operation::Read;

/// The engine.
pub const fn engine() -> Engine {
    let engine = Engine::new(
        "transit",
        env!("CARGO_PKG_VERSION"),
        "Encrypts, signs and verifies data that is kept elsewhere.",
    )
    .keeps_wrapped(store::POLICY, Replicated)
    .keeps_wrapped(store::ARCHIVE, Replicated)
    .keeps_wrapped(store::IMPORT, Replicated)
    .keeps_wrapped(store::BACKUP, Replicated)
    .keeps(store::ROTATION, Replicated)
    .keeps(store::CONFIG, Replicated)
    .on_tick(keys::tick);
    with_tools(with_exports(with_imports(with_keys(with_use(engine)))))
}

const fn with_use(engine: Engine) -> Engine {
    engine
        .update("encrypt/{name}", "Encrypts data.", encrypt::encrypt)
        .exists(encrypt::exists)
        .describe("Makes the key if there is none of that name.")
        .update("decrypt/{name}", "Decrypts data.", encrypt::decrypt)
        .update(
            "rewrap/{name}",
            "Encrypts anew what is encrypted.",
            encrypt::rewrap,
        )
        .update(
            "datakey/{plaintext}/{name}",
            "Makes a key for use elsewhere, encrypted.",
            encrypt::data_key,
        )
        .update("sign/{name}", "Signs data.", sign::sign)
        .update("sign/{name}/{urlalgorithm}", "Signs data.", sign::sign_at)
        .update(
            "verify/{name}",
            "Verifies a signature or an HMAC.",
            sign::verify,
        )
        .update(
            "verify/{name}/{urlalgorithm}",
            "Verifies a signature or an HMAC.",
            sign::verify_at,
        )
        .update("hmac/{name}", "Makes an HMAC.", hmac::make)
        .update(
            "hmac/{name}/{urlalgorithm}",
            "Makes an HMAC.",
            hmac::make_at,
        )
}

const fn with_keys(engine: Engine) -> Engine {
    engine
        .list("keys", "Lists the names of keys.", keys::list)
        .read(
            "keys/{name}",
            "Reads what there is to know of a key.",
            keys::read,
        )
        .update("keys/{name}", "Makes a key.", keys::create)
        .exists(keys::exists)
        .describe("Changes nothing where there is a key of that name.")
        .delete("keys/{name}", "Removes a key for good.", keys::delete)
        .describe("Its deletion must have been allowed.")
        .delete(
            "keys/{name}/soft-delete",
            "Sets a key aside, so that it cannot be used.",
            keys::set_aside,
        )
        .update(
            "keys/{name}/soft-delete-restore",
            "Takes a key back that was set aside.",
            keys::take_back,
        )
        .update(
            "keys/{name}/config",
            "Changes a key's settings.",
            keys::configure,
        )
        .update(
            "keys/{name}/rotate",
            "Makes a new version of a key.",
            keys::rotate,
        )
        .update(
            "keys/{name}/trim",
            "Removes old versions of a key for good.",
            keys::trim,
        )
        .update(
            "keys/{name}/csr",
            "Makes a certificate signing request with a key.",
            certificate::request,
        )
        .update(
            "keys/{name}/set-certificate",
            "Keeps the certificate chain of a version of a key.",
            certificate::set,
        )
        .read(
            "config/keys",
            "Reads what holds for all keys.",
            settings::read_keys,
        )
        .update(
            "config/keys",
            "Changes what holds for all keys.",
            settings::write_keys,
        )
        .read(
            "cache-config",
            "Reads the size of the cache.",
            settings::read_cache,
        )
        .update(
            "cache-config",
            "Keeps the size of the cache.",
            settings::write_cache,
        )
        .describe("The engine needs no cache; the size is kept for those who read it.")
}

const fn with_imports(engine: Engine) -> Engine {
    engine
        .on(
            Read,
            "wrapping_key",
            "Reads the public key that imports are wrapped for.",
            import::read_wrapping_key,
        )
        .on_primary_cluster()
        .update("keys/{name}/import", "Imports a key.", import::import)
        .update(
            "keys/{name}/import_version",
            "Imports a version of an imported key.",
            import::import_version,
        )
        .update(
            "derive-key/{name}",
            "Makes the key that two sides agree on.",
            import::derive,
        )
}

const fn with_exports(engine: Engine) -> Engine {
    engine
        .read("export/{type}/{name}", "Exports a key.", export::all)
        .read(
            "export/{type}/{name}/{version}",
            "Exports a version of a key.",
            export::one,
        )
        .read(
            "byok-export/{destination}/{source}",
            "Exports a key wrapped by another one.",
            export::wrap_all,
        )
        .read(
            "byok-export/{destination}/{source}/{version}",
            "Exports a version of a key wrapped by another one.",
            export::wrap_one,
        )
        .on(Read, "backup/{name}", "Backs a key up.", backup::backup)
        .on_primary_cluster()
        .describe("The backup is of use to this mount only.")
        .update("restore", "Restores a key from a backup.", backup::restore)
        .update(
            "restore/{name}",
            "Restores a key from a backup.",
            backup::restore_as,
        )
}

const fn with_tools(engine: Engine) -> Engine {
    engine
        .update("random", "Gives random bytes.", random::random)
        .update("random/{source}", "Gives random bytes.", random::random_at)
        .update(
            "random/{source}/{urlbytes}",
            "Gives random bytes.",
            random::random_of,
        )
        .update("hash", "Hashes data.", digest::digest)
        .update("hash/{urlalgorithm}", "Hashes data.", digest::digest_at)
}

sdk::export_engine!(engine);
