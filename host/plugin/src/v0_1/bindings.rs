//! Generated from the WIT of track 0.1. Nothing of it is named outside this folder.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "generated"
)]

pub mod engine {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1",
        world: "secrets-engine",
        imports: {
            "casemate:plugin/storage.checkpoint": async | trappable,
            "casemate:plugin/http-client.[method]outgoing.send": async | trappable,
            "casemate:plugin/crypto.make-key": async | trappable,
            "casemate:plugin/crypto.make-ephemeral": async | trappable,
            "casemate:plugin/crypto.[method]key.sign": async | trappable,
            "casemate:plugin/crypto.[method]key.decrypt-asymmetric": async | trappable,
            "casemate:plugin/crypto.hash-password": async | trappable,
            "casemate:plugin/crypto.verify-password": async | trappable,
            default: trappable,
        },
        exports: { "casemate:plugin/lifecycle.describe": exact, default: async },
        with: { "casemate:plugin/crypto.key": crate::v0_1::crypto::KeyHandle, "casemate:plugin/http-client.outgoing": crate::v0_1::http::Outgoing },
    });
}

pub mod method {
    wasmtime::component::bindgen!({
        path: "../../wit/v0.1",
        world: "auth-method",
        imports: { default: trappable },
        exports: { "casemate:plugin/lifecycle.describe": exact, default: async },
        with: { "casemate:plugin": super::engine::casemate::plugin },
    });
}
