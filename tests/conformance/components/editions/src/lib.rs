//! An engine of which tests make several versions, by changing one byte of it: [`EDITION`].
//!
//! It stores a value below `data/` and one below `here/`; what it says of them depends on the edition.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "../../../../wit/v0.1", world: "secrets-engine", generate_all });

use casemate::plugin::manifest::{
    Access, Field, FieldKind, FieldSource, Locality, Manifest, Operation, Placement, Route,
    StorageRule,
};
use casemate::plugin::types::{Failure, FailureKind, Renewal, Request};
use casemate::plugin::{entropy, storage};
use exports::casemate::plugin::engine::{self, Answer, Lease, Reply};
use exports::casemate::plugin::lifecycle;

/// The last byte is changed by tests.
static EDITION: [u8; 20] = *b"this is the edition1";

fn edition() -> u8 {
    // Read where it stands, not where the compiler remembers it.
    core::hint::black_box(&EDITION)[19]
}

struct Editions;

impl lifecycle::Guest for Editions {
    fn describe() -> Manifest {
        let edition = edition();
        Manifest {
            name: "editions".to_owned(),
            version: format!("0.{}.0", char::from(edition)),
            summary: "Has editions".to_owned(),
            routes: vec![
                route("data/{name}", Operation::Read, Access::Token),
                route(
                    "data/{name}",
                    Operation::Update,
                    match edition {
                        b'4' => Access::Sudo,
                        _ => Access::Token,
                    },
                ),
                route("here/{name}", Operation::Read, Access::Token),
                route("here/{name}", Operation::Update, Access::Token),
                route(
                    "open/{name}",
                    Operation::Read,
                    match edition {
                        b'3' => Access::Public,
                        _ => Access::Token,
                    },
                ),
            ],
            storage: vec![
                rule("data/", Locality::Replicated),
                rule(
                    "here/",
                    match edition {
                        b'3' => Locality::Replicated,
                        _ => Locality::Local,
                    },
                ),
            ],
            secret_kinds: Vec::new(),
            outbound: Vec::new(),
            starts: true,
            ticks: false,
            annotations: "{}".to_owned(),
        }
    }

    fn start() -> Result<(), Failure> {
        let text = format!("{{\"started_by\":\"{}\"}}", char::from(edition()));
        storage::put("data/started", text.as_bytes()).map_err(|error| failed(&error))
    }

    fn tick() -> Result<(), Failure> {
        Ok(())
    }
}

impl engine::Guest for Editions {
    fn exists(_request: Request) -> Result<bool, Failure> {
        Ok(false)
    }

    fn handle(request: Request) -> Result<Answer, Failure> {
        let reply = match request.operation {
            Operation::Update => {
                if request.path.ends_with("/slow") {
                    // So many are asked for by nobody else: tests stop the call there.
                    entropy::random_bytes(77);
                }
                let text = format!(
                    "{{\"input\":{},\"written_by\":\"{}\"}}",
                    request.input,
                    char::from(edition())
                );
                storage::put(&request.path, text.as_bytes()).map_err(|error| failed(&error))?;
                Reply::Empty
            }
            _ => {
                let stored = storage::get(&request.path).map_err(|error| failed(&error))?;
                let stored = stored.ok_or_else(|| failure(FailureKind::NotFound, ""))?;
                Reply::Data(String::from_utf8_lossy(&stored).into_owned())
            }
        };
        Ok(Answer {
            reply,
            warnings: Vec::new(),
        })
    }

    fn renew(_lease: Lease, _increment: u64) -> Result<Renewal, Failure> {
        Err(failure(FailureKind::Unsupported, "nothing is leased"))
    }

    fn revoke(_lease: Lease) -> Result<(), Failure> {
        Ok(())
    }
}

fn route(pattern: &str, operation: Operation, access: Access) -> Route {
    let mut fields = vec![field("name", FieldSource::Path)];
    if operation == Operation::Update {
        fields.push(field("value", FieldSource::Body));
    }
    Route {
        pattern: pattern.to_owned(),
        operation,
        access,
        placement: Placement::AnyNode,
        when: None,
        fields,
        answers: Vec::new(),
        checks_existence: false,
        raw_body: false,
        deprecated: false,
        summary: "Keeps a value".to_owned(),
        description: String::new(),
    }
}

fn field(name: &str, source: FieldSource) -> Field {
    Field {
        name: name.to_owned(),
        kind: FieldKind::Text,
        required: source == FieldSource::Path,
        source,
        sensitive: false,
        deprecated: false,
        default: None,
        allowed: Vec::new(),
        summary: "A text".to_owned(),
        display: None,
    }
}

fn rule(prefix: &str, locality: Locality) -> StorageRule {
    StorageRule {
        prefix: prefix.to_owned(),
        locality,
        seal_wrap: false,
    }
}

fn failed(error: &storage::Error) -> Failure {
    failure(FailureKind::Internal, &format!("{error:?}"))
}

fn failure(kind: FailureKind, message: &str) -> Failure {
    Failure {
        kind,
        message: message.to_owned(),
    }
}

export!(Editions);
