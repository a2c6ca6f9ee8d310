//! The key-value engine: secrets that people keep, as they keep them.
//!
//! A mount's option `version` says which of two engines it is. Version 1 keeps what was last written;
//! version 2 keeps the last versions of each secret, can bring deleted ones back, and lets writers
//! check what they overwrite. A mount can be tuned from 1 to 2 at any time.
//!
//! ```text
//!  lib ─ routes ─▶ plain                      version 1
//!             └──▶ data lives metadata config version 2 ─▶ record (what happens to versions, pure)
//!                                                     └──▶ store  (where things lie)
//! ```
//!
//! What it must never do: read a secret's numbers as numbers. Data passes through as text.

mod plain;

mod config;
mod data;
mod lives;
mod metadata;
mod shapes;

mod answer;
mod cas;
mod custom;
mod given;
mod listing;
mod merge;
mod record;
mod settings;
mod store;

use sdk::Engine;
use sdk::Locality::Replicated;

/// The engine.
pub const fn engine() -> Engine {
    let engine = Engine::new(
        "kv",
        env!("CARGO_PKG_VERSION"),
        "Keeps secrets that people and programs write.",
    )
    .keeps(store::CONFIG, Replicated)
    .keeps(store::META, Replicated)
    .keeps(store::DATA, Replicated)
    .keeps(store::PLAIN, Replicated);
    let engine = with_version_1(engine.only_with("version", &["", "1"]));
    let engine = with_secrets(engine.only_with("version", &["2"]));
    with_wrong_paths(with_metadata(with_lives(engine)))
}

const fn with_version_1(engine: Engine) -> Engine {
    engine
        .read("{path..}", "Reads a secret.", plain::read)
        .update("{path..}", "Writes a secret.", plain::write)
        .exists(plain::exists)
        .describe(
            "Any fields can be written; at least one must be. A field \"ttl\" (or \"lease\") with a duration \
             tells readers after how long to read the secret again. It does not end the secret.",
        )
        .delete("{path..}", "Deletes a secret.", plain::delete)
        .list("{path..}", "Lists the names in a folder.", plain::list)
        .scan("{path..}", "Lists the names below a folder.", plain::scan)
}

const fn with_secrets(engine: Engine) -> Engine {
    engine
        .read("config", "Reads what the mount demands of every secret.", config::read)
        .update("config", "Changes what the mount demands of every secret.", config::write)
        .read("data/{path..}", "Reads a version of a secret.", data::read)
        .update("data/{path..}", "Writes a new version of a secret.", data::write)
        .exists(data::exists)
        .describe(
            "Older versions are kept, up to the secret's or the mount's max_versions, whichever is larger, \
             and ten if neither says.",
        )
        .patch(
            "data/{path..}",
            "Writes a new version that differs from the newest as a JSON merge patch says.",
            data::patch,
        )
        .describe("The newest version must be neither deleted nor destroyed. See RFC 7396.")
        .delete("data/{path..}", "Deletes the newest version of a secret.", data::delete)
        .describe("It can be brought back with undelete.")
        .list("data/{path..}", "Not supported; list metadata instead.", shapes::none)
        .scan("data/{path..}", "Not supported; scan metadata instead.", shapes::none)
        .read(
            "subkeys/{path..}",
            "Reads the names in a version of a secret, without their values.",
            data::subkeys,
        )
        .list("subkeys/{path..}", "Not supported; list metadata instead.", shapes::none)
        .scan("subkeys/{path..}", "Not supported; scan metadata instead.", shapes::none)
}

const fn with_lives(engine: Engine) -> Engine {
    engine
        .update(
            "delete/{path..}",
            "Deletes versions of a secret.",
            lives::delete,
        )
        .describe("They can be brought back with undelete.")
        .list(
            "delete/{path..}",
            "Not supported; list metadata instead.",
            shapes::none,
        )
        .scan(
            "delete/{path..}",
            "Not supported; scan metadata instead.",
            shapes::none,
        )
        .update(
            "undelete/{path..}",
            "Brings deleted versions of a secret back.",
            lives::undelete,
        )
        .list(
            "undelete/{path..}",
            "Not supported; list metadata instead.",
            shapes::none,
        )
        .scan(
            "undelete/{path..}",
            "Not supported; scan metadata instead.",
            shapes::none,
        )
        .update(
            "destroy/{path..}",
            "Removes the data of versions for good.",
            lives::destroy,
        )
        .list(
            "destroy/{path..}",
            "Not supported; list metadata instead.",
            shapes::none,
        )
        .scan(
            "destroy/{path..}",
            "Not supported; scan metadata instead.",
            shapes::none,
        )
}

const fn with_metadata(engine: Engine) -> Engine {
    engine
        .read(
            "metadata/{path..}",
            "Reads a secret's settings and versions.",
            metadata::read,
        )
        .update(
            "metadata/{path..}",
            "Changes a secret's settings.",
            metadata::write,
        )
        .exists(metadata::exists)
        .patch(
            "metadata/{path..}",
            "Changes a secret's settings as a JSON merge patch says.",
            metadata::patch,
        )
        .delete(
            "metadata/{path..}",
            "Removes a secret with all its versions for good.",
            metadata::delete,
        )
        .list(
            "metadata/{path..}",
            "Lists the names in a folder.",
            metadata::list,
        )
        .scan(
            "metadata/{path..}",
            "Lists the names below a folder.",
            metadata::scan,
        )
        .read(
            "detailed-metadata/{path..}",
            "Not supported; it is for lists.",
            shapes::none,
        )
        .list(
            "detailed-metadata/{path..}",
            "Lists the names in a folder, with the metadata of each secret.",
            metadata::list_detailed,
        )
        .scan(
            "detailed-metadata/{path..}",
            "Lists the names below a folder, with the metadata of each secret.",
            metadata::scan_detailed,
        )
}

const fn with_wrong_paths(engine: Engine) -> Engine {
    let engine = with_root(with_root(engine, "data"), "metadata");
    let engine = with_root(
        with_root(with_root(engine, "delete"), "undelete"),
        "destroy",
    );
    engine
        .read("{path..}", "Tells where secrets are read.", shapes::read)
        .update(
            "{path..}",
            "Tells where secrets are written.",
            shapes::update,
        )
        .patch(
            "{path..}",
            "Tells where secrets are patched.",
            shapes::patch,
        )
        .delete(
            "{path..}",
            "Tells where secrets are deleted.",
            shapes::delete,
        )
        .list("{path..}", "Tells where secrets are listed.", shapes::list)
        .scan("{path..}", "Tells where secrets are scanned.", shapes::scan)
}

const fn with_root(engine: Engine, pattern: &'static str) -> Engine {
    const SUMMARY: &str = "Tells that the path of a secret is missing.";
    engine
        .read(pattern, SUMMARY, shapes::read_root)
        .update(pattern, SUMMARY, shapes::write_root)
        .patch(pattern, SUMMARY, shapes::write_root)
        .delete(pattern, SUMMARY, shapes::write_root)
}

sdk::export_engine!(engine);
