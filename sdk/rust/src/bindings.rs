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

/// The host's functions, and what both kinds of components export. The worlds of the contract are put
/// together from these three, since the exports of one crate need names of their own.
pub mod host {
    wit_bindgen::generate!({
        path: "../../wit/v0.1",
        inline: "
            package casemate:sdk;
            world host {
                include casemate:plugin/host-imports@0.1.0;
                export casemate:plugin/lifecycle@0.1.0;
            }
        ",
        world: "casemate:sdk/host",
        pub_export_macro: true,
        export_macro_name: "export_component_lifecycle",
        default_bindings_module: "sdk::bindings::host",
        generate_all,
    });
}

/// What a secrets engine exports.
pub mod engine {
    wit_bindgen::generate!({
        path: "../../wit/v0.1",
        inline: "
            package casemate:sdk;
            world engine {
                export casemate:plugin/engine@0.1.0;
            }
        ",
        world: "casemate:sdk/engine",
        pub_export_macro: true,
        export_macro_name: "export_component_engine",
        default_bindings_module: "sdk::bindings::engine",
        with: {
            "casemate:plugin/types@0.1.0": crate::bindings::host::casemate::plugin::types,
        },
    });
}

/// What an auth method exports.
pub mod method {
    wit_bindgen::generate!({
        path: "../../wit/v0.1",
        inline: "
            package casemate:sdk;
            world method {
                export casemate:plugin/method@0.1.0;
            }
        ",
        world: "casemate:sdk/method",
        pub_export_macro: true,
        export_macro_name: "export_component_method",
        default_bindings_module: "sdk::bindings::method",
        with: {
            "casemate:plugin/types@0.1.0": crate::bindings::host::casemate::plugin::types,
        },
    });
}
