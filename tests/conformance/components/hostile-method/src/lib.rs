//! An auth method that grants tokens where it may, and where it may not.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "../../../../wit/v0.1", world: "auth-method", generate_all });

use casemate::plugin::manifest::{Access, Manifest, Operation, Placement, Route};
use casemate::plugin::storage;
use casemate::plugin::types::{Failure, FailureKind, LeaseTerms, Renewal, Request};
use exports::casemate::plugin::lifecycle;
use exports::casemate::plugin::method::{self, Answer, Grant, Reply, TokenKind, TokenShape};

struct Hostile;

impl lifecycle::Guest for Hostile {
    fn describe() -> Manifest {
        Manifest {
            name: "hostile-method".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "Grants tokens".to_owned(),
            routes: vec![
                route("login", Access::Login),
                route("config", Access::Token),
                route("nameless", Access::Login),
                route("honest", Access::Login),
                route("silent", Access::Login),
                route("liar", Access::Login),
                route("brief", Access::Login),
            ],
            storage: Vec::new(),
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

impl method::Guest for Hostile {
    fn identify(request: Request) -> Option<String> {
        match request.path.as_str() {
            "silent" => None,
            "liar" => Some("somebody".to_owned()),
            // It may not store anything, and here not even write.
            _ => storage::put("data/x", b"x").err().map(|_| request.path),
        }
    }

    fn exists(_request: Request) -> Result<bool, Failure> {
        Ok(false)
    }

    fn handle(request: Request) -> Result<Answer, Failure> {
        let granted = match request.path.as_str() {
            // In a group, and nobody.
            "nameless" => Grant {
                groups: vec!["admins".to_owned()],
                ..grant("", "default")
            },
            "honest" | "silent" | "liar" | "brief" => grant(&request.path, "default"),
            _ => grant("mallory", "root"),
        };
        Ok(Answer {
            reply: Reply::Grant(granted),
            warnings: Vec::new(),
        })
    }

    fn renew(grant: Grant, increment_seconds: u64) -> Result<Renewal, Failure> {
        let (max_ttl_seconds, private) = match grant.alias.as_str() {
            // Once, and not again.
            "silent" if grant.private == "false" => {
                return Err(Failure {
                    kind: FailureKind::Denied,
                    message: "no longer".to_owned(),
                });
            }
            "silent" => (0, Some("false".to_owned())),
            "brief" => (100, None),
            _ => (0, None),
        };
        Ok(Renewal {
            terms: LeaseTerms {
                ttl_seconds: increment_seconds,
                max_ttl_seconds,
                ..grant.terms
            },
            private,
            warnings: vec![grant.private],
        })
    }
}

fn grant(alias: &str, policy: &str) -> Grant {
    Grant {
        alias: alias.to_owned(),
        alias_metadata: Vec::new(),
        display_name: "mallory".to_owned(),
        policies: vec![policy.to_owned()],
        metadata: Vec::new(),
        groups: Vec::new(),
        private: r#"{"kept":true}"#.to_owned(),
        terms: LeaseTerms {
            ttl_seconds: 60,
            max_ttl_seconds: 0,
            renewable: true,
        },
        token: TokenShape {
            kind: TokenKind::AsMounted,
            period_seconds: 0,
            explicit_max_ttl_seconds: 0,
            uses: 0,
            bound_cidrs: Vec::new(),
            no_default_policy: false,
        },
    }
}

fn route(pattern: &str, access: Access) -> Route {
    Route {
        pattern: pattern.to_owned(),
        operation: Operation::Update,
        access,
        placement: Placement::AnyNode,
        when: None,
        fields: Vec::new(),
        answers: Vec::new(),
        checks_existence: false,
        raw_body: false,
        deprecated: false,
        summary: "Grants a token".to_owned(),
        description: String::new(),
    }
}

export!(Hostile);
