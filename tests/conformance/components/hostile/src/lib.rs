//! A secrets engine with one route for each way to misbehave, and a few that behave, as neighbors.
//!
//! Written against the contract itself, not the SDK: an attacker would not use it.
#![cfg(target_family = "wasm")]

use exports::casemate::plugin::{engine, lifecycle};

wit_bindgen::generate!({ path: "../../../../wit/v0.1", world: "secrets-engine", generate_all });

mod keys;
mod routes;

use casemate::plugin::manifest::{
    Access, Locality, Manifest, Operation, Placement, Route, SecretKind, StorageRule,
};
use casemate::plugin::types::{Failure, LeaseTerms, Renewal, Request};
use casemate::plugin::{clock, storage};
use core::sync::atomic::{AtomicU32, Ordering};

/// How it describes itself. Tests overwrite the last 8 bytes in the finished component.
static MODE: [u8; 16] = *b"\0hostilehonest..";

static DESCRIBED: AtomicU32 = AtomicU32::new(0);

fn mode() -> [u8; 8] {
    // SAFETY: a reference is a valid pointer. Volatile, so that the bytes are looked at when it runs.
    let all = unsafe { core::ptr::read_volatile(&raw const MODE) };
    let mut last = [0; 8];
    last.copy_from_slice(&all[8..]);
    last
}

struct Hostile;

impl lifecycle::Guest for Hostile {
    fn describe() -> Manifest {
        let before = DESCRIBED.fetch_add(1, Ordering::Relaxed);
        let mut manifest = manifest();
        match &mode() {
            b"twofaced" if before > 0 => manifest.storage[0].locality = Locality::Local,
            b"callhost" => manifest.summary = clock::now_ms().to_string(),
            b"spinning" => loop {
                core::hint::spin_loop();
            },
            b"twoplace" => manifest.storage.push(manifest.storage[0].clone()),
            b"notajson" => manifest.annotations = "{".to_owned(),
            _ => (),
        }
        manifest
    }

    fn start() -> Result<(), Failure> {
        storage::put("data/started", b"yes").map_err(routes::internal)
    }

    fn tick() -> Result<(), Failure> {
        loop {
            core::hint::spin_loop();
        }
    }
}

impl engine::Guest for Hostile {
    fn exists(_request: Request) -> Result<bool, Failure> {
        match storage::put("data/exists", b"no") {
            Err(storage::Error::ReadOnly) => Ok(false),
            _ => Ok(true),
        }
    }

    fn handle(request: Request) -> Result<engine::Answer, Failure> {
        let reply = routes::ROUTES[request.route as usize].1(&request)?;
        let warnings = Vec::new();
        Ok(engine::Answer { reply, warnings })
    }

    fn renew(_lease: engine::Lease, increment_seconds: u64) -> Result<Renewal, Failure> {
        Ok(Renewal {
            terms: LeaseTerms {
                ttl_seconds: increment_seconds,
                max_ttl_seconds: 0,
                renewable: true,
            },
            private: Some("not json".to_owned()),
            warnings: Vec::new(),
        })
    }

    fn revoke(lease: engine::Lease) -> Result<(), Failure> {
        storage::put("data/revoked", lease.private.as_bytes()).map_err(routes::internal)
    }
}

fn manifest() -> Manifest {
    Manifest {
        name: "hostile".to_owned(),
        version: "0.1.0".to_owned(),
        summary: "Misbehaves".to_owned(),
        routes: routes::ROUTES
            .iter()
            .map(|(pattern, _)| route(pattern))
            .collect(),
        storage: vec![StorageRule {
            prefix: "data/".to_owned(),
            locality: Locality::Replicated,
            seal_wrap: false,
        }],
        secret_kinds: vec![SecretKind {
            name: "declared".to_owned(),
            summary: "A kind of secret".to_owned(),
            renewable: true,
        }],
        outbound: Vec::new(),
        starts: true,
        ticks: true,
        annotations: "{}".to_owned(),
    }
}

fn route(pattern: &str) -> Route {
    Route {
        pattern: pattern.to_owned(),
        operation: Operation::Update,
        access: Access::Token,
        placement: Placement::AnyNode,
        when: None,
        fields: Vec::new(),
        answers: Vec::new(),
        checks_existence: true,
        raw_body: false,
        deprecated: false,
        summary: "Misbehaves".to_owned(),
        description: String::new(),
    }
}

export!(Hostile);
