//! Generated from the contract: the host's functions, and the traits that a component exports.
//!
//! JUSTIFICATION: generated code crosses the border of the component, which is unsafe by nature.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::undocumented_unsafe_blocks,
    clippy::allow_attributes_without_reason,
    clippy::cast_possible_truncation,
    elided_lifetimes_in_paths,
    reason = "generated code"
)]

/// World `secrets-engine`.
pub mod engine {
    wit_bindgen::generate!({
        path: "../../wit/v0.1",
        world: "secrets-engine",
        pub_export_macro: true,
        export_macro_name: "export_secrets_engine",
        default_bindings_module: "sdk::bindings::engine",
        generate_all,
    });
}

/// World `auth-method`, over the same imports.
pub mod method {
    wit_bindgen::generate!({
        path: "../../wit/v0.1",
        world: "auth-method",
        pub_export_macro: true,
        export_macro_name: "export_auth_method",
        default_bindings_module: "sdk::bindings::method",
        with: {
            "casemate:plugin/types@0.1.0": crate::bindings::engine::casemate::plugin::types,
            "casemate:plugin/manifest@0.1.0": crate::bindings::engine::casemate::plugin::manifest,
            "casemate:plugin/storage@0.1.0": crate::bindings::engine::casemate::plugin::storage,
            "casemate:plugin/mount@0.1.0": crate::bindings::engine::casemate::plugin::mount,
            "casemate:plugin/caller@0.1.0": crate::bindings::engine::casemate::plugin::caller,
            "casemate:plugin/incoming@0.1.0": crate::bindings::engine::casemate::plugin::incoming,
            "casemate:plugin/system@0.1.0": crate::bindings::engine::casemate::plugin::system,
            "casemate:plugin/clock@0.1.0": crate::bindings::engine::casemate::plugin::clock,
            "casemate:plugin/entropy@0.1.0": crate::bindings::engine::casemate::plugin::entropy,
            "casemate:plugin/crypto@0.1.0": crate::bindings::engine::casemate::plugin::crypto,
            "casemate:plugin/log@0.1.0": crate::bindings::engine::casemate::plugin::log,
            "casemate:plugin/http-client@0.1.0": crate::bindings::engine::casemate::plugin::http_client,
        },
    });
}
