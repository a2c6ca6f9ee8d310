//! An auth method that believes everybody: `login/{name}/{groups}` is a login of that name, counted
//! to the groups between commas, with the name as metadata and the policy `visitor`. It shares that
//! the token of `noted` was renewed.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "../../../../wit/v0.1", world: "auth-method", generate_all });

use casemate::plugin::manifest::{
    Access, Field, FieldKind, FieldSource, Locality, Manifest, Operation, Placement, Route,
    StorageRule,
};
use casemate::plugin::storage;
use casemate::plugin::types::{Failure, FailureKind, LeaseTerms, Renewal, Request};
use exports::casemate::plugin::lifecycle;
use exports::casemate::plugin::method::{self, Answer, Grant, Reply, TokenKind, TokenShape};

struct Reception;

impl lifecycle::Guest for Reception {
    fn describe() -> Manifest {
        Manifest {
            name: "reception".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "Believes everybody".to_owned(),
            routes: vec![Route {
                pattern: "login/{name}/{groups}".to_owned(),
                operation: Operation::Update,
                access: Access::Login,
                placement: Placement::AnyNode,
                when: None,
                fields: vec![field("name"), field("groups")],
                answers: Vec::new(),
                checks_existence: false,
                raw_body: false,
                deprecated: false,
                summary: "Logs in".to_owned(),
                description: String::new(),
            }],
            storage: vec![StorageRule {
                prefix: "renewed/".to_owned(),
                locality: Locality::Replicated,
                seal_wrap: false,
            }],
            secret_kinds: Vec::new(),
            outbound: Vec::new(),
            starts: false,
            ticks: false,
            annotations: "{}".to_owned(),
        }
    }

    fn start() -> Result<(), Failure> {
        Ok(())
    }

    fn tick() -> Result<(), Failure> {
        Ok(())
    }
}

impl method::Guest for Reception {
    fn identify(_request: Request) -> Option<String> {
        None
    }

    fn exists(_request: Request) -> Result<bool, Failure> {
        Ok(false)
    }

    fn handle(request: Request) -> Result<Answer, Failure> {
        let mut parts = request.path.split('/').skip(1);
        let name = parts.next().unwrap_or_default().to_owned();
        let groups = parts.next().unwrap_or_default();
        Ok(Answer {
            reply: Reply::Grant(Grant {
                alias: name.clone(),
                alias_metadata: vec![("seen-as".to_owned(), name.clone())],
                display_name: name.clone(),
                policies: vec!["visitor".to_owned()],
                metadata: vec![("name".to_owned(), name)],
                groups: groups.split(',').map(str::to_owned).collect(),
                private: "{}".to_owned(),
                terms: LeaseTerms {
                    ttl_seconds: 600,
                    max_ttl_seconds: 0,
                    renewable: true,
                },
                token: TokenShape {
                    kind: TokenKind::Service,
                    period_seconds: 0,
                    explicit_max_ttl_seconds: 0,
                    uses: 0,
                    bound_cidrs: Vec::new(),
                    no_default_policy: false,
                },
            }),
            warnings: Vec::new(),
        })
    }

    fn renew(grant: Grant, _increment_seconds: u64) -> Result<Renewal, Failure> {
        if grant.alias == "noted" {
            storage::put("renewed/noted", b"yes").map_err(|error| Failure {
                kind: FailureKind::Internal,
                message: format!("{error:?}"),
            })?;
        }
        Ok(Renewal {
            terms: grant.terms,
            private: None,
            warnings: Vec::new(),
        })
    }
}

fn field(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        kind: FieldKind::Text,
        source: FieldSource::Path,
        required: true,
        sensitive: false,
        deprecated: false,
        default: None,
        allowed: Vec::new(),
        summary: "Of who logs in".to_owned(),
        display: None,
    }
}

export!(Reception);
