//! Would replication work? Each step by itself, with what it found or why it fails.
//!
//! Who is to become a secondary tries the way to a primary as somebody whom that cannot know yet; a
//! secondary as the one that it is; and a primary whether those who follow it would reach it.

use super::api::{self, CA_FILE, CA_PATH, CLIENT_CERT, CLIENT_KEY};
use crate::ceremonies::only_in_root;
use crate::native::Does::Later;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::replication::activation::host_and_port;
use crate::replication::{Role, known};
use crate::unsealed::Unsealed;
use base::{Answer, OutboundRequest, OutboundResponse, Refusal};
use core::time::Duration;
use link::{DialStep, Identity, Probe, Protocol};
use manifest::Access::Token;
use manifest::FieldKind::{Text, TextList};
use manifest::Operation::Update;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Addresses that are tried in one request.
const ADDRESSES_COUNT_MAX: usize = 16;
/// How long an API may take to say how it is.
const HEALTH_MAX: Duration = Duration::from_secs(10);
/// The longest answer to that, and the longest id of a cluster that is taken from it.
const HEALTH_BYTES_MAX: usize = 64 * 1024;
const ID_BYTES_MAX: usize = 64;

const FIELDS: &[NativeField] = &[
    body(
        "addresses",
        TextList,
        "Cluster addresses to try, in the place of those that this cluster knows.",
    ),
    body(
        "primary_api_addr",
        Text,
        "An API address to try: where a token is to be redeemed.",
    ),
    CA_FILE,
    CA_PATH,
    CLIENT_CERT,
    CLIENT_KEY,
];

/// The routes.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/performance/check", Token, Later(|ask| Box::pin(check(ask))), FIELDS, "Says which step of replication works, and why one does not."),
];

async fn check(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let given = addresses(ask)?;
    let steps = match ask.node.replication.role() {
        Role::Off => of_nobody(ask, given).await?,
        Role::Primary(primary) => {
            let record = &primary.record;
            let own = match record.cluster_addr.as_str() {
                "" => ask.node.parts.settings.cluster_addr.as_str(),
                given => given,
            };
            let mut steps = vec![step("role", Ok(String::from("primary")))];
            steps.extend(own_api(ask).await?);
            steps.extend(own_port(ask.node, own, given, &record.server.certificate).await);
            steps
        }
        Role::Secondary(secondary) | Role::Joining(secondary) => {
            let record = &secondary.record;
            let mut steps = vec![step("role", Ok(String::from("secondary")))];
            let addresses = match given.is_empty() {
                true => secondary.addresses(),
                false => given,
            };
            match record.client.as_ref().filter(|_| !addresses.is_empty()) {
                Some(client) => {
                    let identity = client.identity(&record.authority);
                    let probed = probe_all(ask.node, &addresses, Some(identity)).await;
                    let told = probed.iter().zip(&addresses);
                    steps.extend(told.flat_map(|(probe, address)| steps_of(address, probe)));
                }
                None => {
                    let text = "it follows nobody: update-primary gives it a primary";
                    steps.push(step("address", Err(text.to_owned())));
                }
            }
            steps.extend(api_given(ask).await?);
            steps
        }
    };
    Ok(told(&steps))
}

fn addresses(ask: &Ask<'_>) -> Result<Vec<String>, Refusal> {
    let given = ask.texts("addresses").unwrap_or_default();
    if given.len() > ADDRESSES_COUNT_MAX {
        return Err(Refusal::invalid(format!(
            "more than {ADDRESSES_COUNT_MAX} addresses"
        )));
    }
    let bare = given.iter().map(|one| host_and_port(one).to_owned());
    Ok(bare.collect())
}

/// Before there is a relation: the way to a cluster whose secondary this one might become.
async fn of_nobody(ask: &Ask<'_>, addresses: Vec<String>) -> Result<Vec<Value>, Refusal> {
    let api = api_given(ask).await?;
    if addresses.is_empty() && api.is_none() {
        let text = "this cluster plays no part in performance replication; to try the way to a primary, give its cluster address as addresses, and its API address as primary_api_addr";
        return Ok(vec![step("role", Err(text.to_owned()))]);
    }
    let mut steps = vec![step("role", Ok(String::from("none yet")))];
    let probed = probe_all(ask.node, &addresses, None).await;
    let told = probed.iter().zip(&addresses);
    steps.extend(told.flat_map(|(probe, address)| steps_of(address, probe)));
    steps.extend(api);
    Ok(steps)
}

/// Does a primary reach itself where it says that it is, through whatever lies in between?
async fn own_port(
    node: &Unsealed,
    own: &str,
    given: Vec<String>,
    certificate: &[u8],
) -> Vec<Value> {
    let addresses = match (given.is_empty(), own) {
        (false, _) => given,
        (true, "") => {
            let text = "the server's configuration has no cluster_addr";
            return vec![step("cluster address", Err(text.to_owned()))];
        }
        (true, own) => vec![host_and_port(own).to_owned()],
    };
    let probed = probe_all(node, &addresses, None).await;
    let mut steps = Vec::new();
    for (probe, address) in probed.iter().zip(&addresses) {
        steps.extend(steps_of(address, probe));
        let Some(shown) = probe.shown.as_ref().filter(|_| works(probe)) else {
            continue;
        };
        let outcome = match shown == certificate {
            true => Ok(String::from("the certificate is the one of this cluster")),
            false => Err(format!(
                "another primary answers there: the certificate of this one has SHA-256 {}",
                known::fingerprint(certificate)
            )),
        };
        steps.push(step(&format!("{address}: reach itself"), outcome));
    }
    steps
}

/// Does a primary reach its API where tokens say that it is?
async fn own_api(ask: &Ask<'_>) -> Result<Vec<Value>, Refusal> {
    let address = match ask.text("primary_api_addr") {
        "" => ask.node.parts.settings.api_addr.as_str(),
        given => given,
    };
    if address.is_empty() {
        let text = "the server's configuration has no api_addr";
        return Ok(vec![step("api address", Err(text.to_owned()))]);
    }
    let outcome = ask_api(ask, address).await?.and_then(|cluster| {
        let own = &ask.node.cluster.id;
        match cluster == *own {
            true => Ok(format!("{address}: this cluster answers")),
            false => Err(format!(
                "{address}: another cluster answers there, {cluster}; this one is {own}"
            )),
        }
    });
    Ok(vec![step("api address", outcome)])
}

/// The API of a primary, where one is named.
async fn api_given(ask: &Ask<'_>) -> Result<Option<Value>, Refusal> {
    let address = ask.text("primary_api_addr");
    if address.is_empty() {
        return Ok(None);
    }
    let outcome = ask_api(ask, address).await?;
    let outcome = outcome.map(|cluster| format!("{address}: cluster {cluster} answers"));
    Ok(Some(step("api address", outcome)))
}

/// Asks an API whose it is: the id of the cluster that answers, or why none does.
async fn ask_api(ask: &Ask<'_>, address: &str) -> Result<Result<String, String>, Refusal> {
    let trust = api::trust(ask)?;
    let is_given = !trust.is_empty();
    let request = OutboundRequest {
        method: String::from("GET"),
        url: format!("{}/v1/sys/health", address.trim_end_matches('/')),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: HEALTH_MAX,
        trust,
        server_name: None,
        identity: api::identity(ask)?,
        response_bytes_max: HEALTH_BYTES_MAX,
    };
    let sent = ask.node.parts.outbound.hosts_own().send(request).await;
    Ok(match sent {
        Ok(response) => whose(&response).map_err(|reason| format!("{address}: {reason}")),
        Err(error) => {
            let error = error.to_string();
            let more = match error.contains("certificate") && !is_given {
                true => "; name the authority of it by ca_file or ca_path, as who redeems a token",
                false => "",
            };
            Err(format!("{address}: {error}{more}"))
        }
    })
}

fn whose(response: &OutboundResponse) -> Result<String, String> {
    let health = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let member = |name: &str| health.get(name).cloned().unwrap_or_default();
    let is_id =
        |text: &str| text.len() <= ID_BYTES_MAX && text.bytes().all(|b| b.is_ascii_graphic());
    match (member("cluster_id"), member("sealed")) {
        (_, Value::Bool(true)) => Err(String::from("the server is sealed")),
        (Value::String(id), _) if is_id(&id) => Ok(id),
        _ => Err(format!(
            "it answered {}, and not as the API of a server",
            response.status
        )),
    }
}

/// Tries all addresses at the same time.
async fn probe_all(
    node: &Unsealed,
    addresses: &[String],
    identity: Option<Identity>,
) -> Vec<Probe> {
    let mut probing = JoinSet::new();
    for (at, address) in addresses.iter().enumerate() {
        let (dialer, address) = (Arc::clone(&node.parts.dialer), address.clone());
        let identity = identity.clone();
        probing.spawn(async move {
            let identity = identity.as_ref();
            let probe = dialer.probe(Protocol::Performance, &address, identity);
            (at, probe.await)
        });
    }
    let mut probed = probing.join_all().await;
    probed.sort_by_key(|(at, _)| *at);
    probed.into_iter().map(|(_, probe)| probe).collect()
}

fn works(probe: &Probe) -> bool {
    probe.steps.iter().all(|step| step.outcome.is_ok())
}

/// The steps of a connection up to the one that failed; of the certificate also its fingerprint,
/// for who compares what both ends see.
fn steps_of(address: &str, probe: &Probe) -> Vec<Value> {
    let told = probe
        .shown
        .as_ref()
        .map(|shown| format!(", SHA-256 {}", known::fingerprint(shown)));
    let is_told_of = |one: DialStep| one == DialStep::Certificate;
    let is_verified = probe.steps.iter().any(|one| is_told_of(one.step));
    let steps = probe.steps.iter().map(|one| {
        let is_here = is_told_of(one.step) || (!is_verified && one.outcome.is_err());
        let more = told.as_deref().filter(|_| is_here).unwrap_or_default();
        let outcome = match &one.outcome {
            Ok(found) => Ok(format!("{found}{more}")),
            Err(reason) => Err(format!("{reason}{more}")),
        };
        step(&format!("{address}: {}", one.step), outcome)
    });
    steps.collect()
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
