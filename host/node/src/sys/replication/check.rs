//! Would replication work? Each step by itself, with the reason of the one that does not.

use crate::ceremonies::only_in_root;
use crate::native::Does::Later;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::replication::Role;
use crate::replication::activation::host_and_port;
use base::Answer;
use link::{DialStep, Protocol};
use manifest::Access::Token;
use manifest::FieldKind::TextList;
use manifest::Operation::Update;
use serde_json::{Value, json};

const FIELDS: &[NativeField] = &[body(
    "addresses",
    TextList,
    "Cluster addresses that a secondary is to try, in the place of those that it knows.",
)];

/// The routes.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/performance/check", Token, Later(|ask| Box::pin(check(ask))), FIELDS, "Says which step of replication works, and why one does not."),
];

async fn check(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let settings = &ask.node.parts.settings;
    let steps = match ask.node.replication.role() {
        Role::Off => vec![step(
            "role",
            Err("this cluster plays no part in performance replication".to_owned()),
        )],
        Role::Primary(primary) => {
            let given = &primary.record.cluster_addr;
            let address = if given.is_empty() {
                &settings.cluster_addr
            } else {
                given
            };
            vec![
                step("role", Ok(String::from("primary"))),
                step("api address", named(&settings.api_addr, "api_addr")),
                step("cluster address", named(address, "cluster_addr")),
            ]
        }
        Role::Secondary(secondary) | Role::Joining(secondary) => {
            let record = &secondary.record;
            let given = ask.texts("addresses").unwrap_or_default();
            let addresses: Vec<String> = match given.is_empty() {
                true => record.primary_addresses.clone(),
                false => given
                    .iter()
                    .map(|one| host_and_port(one).to_owned())
                    .collect(),
            };
            let mut steps = vec![step("role", Ok(String::from("secondary")))];
            let Some(client) = record.client.as_ref().filter(|_| !addresses.is_empty()) else {
                let text = "it follows nobody: update-primary gives it a primary";
                steps.push(step("address", Err(text.to_owned())));
                return Ok(told(&steps));
            };
            let identity = client.identity(&record.authority);
            let dialer = &ask.node.parts.dialer;
            for address in &addresses {
                let one = core::slice::from_ref(address);
                let dialed = dialer.dial(Protocol::Performance, one, &identity).await;
                steps.extend(steps_of(address, dialed.map(drop)));
            }
            steps
        }
    };
    Ok(told(&steps))
}

/// The steps of a connection up to the one that failed.
fn steps_of(address: &str, dialed: Result<(), link::DialError>) -> Vec<Value> {
    const STEPS: [DialStep; 6] = [
        DialStep::Address,
        DialStep::Resolve,
        DialStep::Connect,
        DialStep::Handshake,
        DialStep::Certificate,
        DialStep::Admission,
    ];
    let named = |one: DialStep| format!("{address}: {one}");
    match dialed {
        Ok(()) => STEPS
            .iter()
            .map(|one| step(&named(*one), Ok(String::new())))
            .collect(),
        Err(error) => vec![step(&named(error.step), Err(error.reason))],
    }
}

fn named(address: &str, setting: &str) -> Result<String, String> {
    match address {
        "" => Err(format!("the server's configuration has no {setting}")),
        address => Ok(address.to_owned()),
    }
}

fn step(name: &str, outcome: Result<String, String>) -> Value {
    match outcome {
        Ok(found) => json!({ "step": name, "ok": true, "found": found }),
        Err(reason) => json!({ "step": name, "ok": false, "reason": reason }),
    }
}

fn told(steps: &[Value]) -> Answer {
    let works = steps
        .iter()
        .all(|step| step.get("ok") == Some(&Value::Bool(true)));
    Answer::data(&json!({ "ok": works, "steps": steps }))
}
