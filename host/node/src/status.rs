//! What a node answers in every state and to everybody: whether it is initialised, sealed, healthy.

use crate::init::InitRequest;
use crate::native::{NativeField, body, describe_route};
use crate::node::{Node, Phase};
use crate::pgp::Reading;
use crate::pipeline::operation;
use crate::refusal::from_storage;
use crate::replication::status as replicated;
use crate::{observed, shares};
use Does::{Asked, Later, Now};
use base::{Answer, HealthReport, Json, Map, Operation, Refusal, RefusalKind, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::pin::Pin;
use locality::SystemKey;
use manifest::Access::Public;
use manifest::FieldKind::{Boolean, Integer, Text, TextList};
use manifest::Operation::{Read, Update};
use openpgp::EncryptError;
use seal::Backup;
use serde_json::{Value, json};
use std::sync::PoisonError;
use storage::Space;

/// One of these endpoints.
struct StatusRoute {
    at: &'static str,
    operation: manifest::Operation,
    does: Does,
    fields: &'static [NativeField],
    summary: &'static str,
}

type Told = Result<Answer, Refusal>;

type Telling<'a> = Pin<Box<dyn Future<Output = Told> + Send + 'a>>;

#[derive(Clone, Copy)]
enum Does {
    Now(fn(&Node) -> Told),
    /// More is told to a token that may read it.
    Asked(fn(&Node, &Request) -> Told),
    Later(for<'a> fn(&'a Node, &'a Map) -> Telling<'a>),
}

const INIT: &[NativeField] = &[
    body(
        "secret_shares",
        Integer,
        "Number of shares of the unseal key.",
    ),
    body("secret_threshold", Integer, "How many of them unseal."),
    body(
        "pgp_keys",
        TextList,
        "PGP keys to encrypt the shares to, one for each, in Base64.",
    ),
    body(
        "root_token_pgp_key",
        Text,
        "PGP key to encrypt the root token to, in Base64.",
    ),
];
const UNSEAL: &[NativeField] = &[
    body("key", Text, "One share, hexadecimal or Base64."),
    body("reset", Boolean, "Forget the shares that came so far?"),
];

/// All of them.
#[rustfmt::skip]
const ROUTES: &[StatusRoute] = &[
    on("health", Read, Now(health), &[], "How the server does."),
    on("seal-status", Read, Now(seal_status), &[], "Is the server sealed?"),
    on("replication/status", Read, Asked(replication), &[], "Which parts this cluster plays in replication."),
    on("replication/performance/status", Read, Asked(performance), &[], "Which part this cluster plays in performance replication."),
    on("replication/dr/status", Read, Now(recovery), &[], "Which part this cluster plays in disaster recovery."),
    on("leader", Read, Now(leader), &[], "Which server is active."),
    on("init", Read, Now(initialized), &[], "Is the server initialized?"),
    on("init", Update, Later(|node, data| Box::pin(init(node, data))), INIT, "Initializes the server."),
    on("unseal", Update, Later(|node, data| Box::pin(unseal(node, data))), UNSEAL, "Takes a share of the unseal key."),
];

const fn on(
    at: &'static str,
    operation: manifest::Operation,
    does: Does,
    fields: &'static [NativeField],
    summary: &'static str,
) -> StatusRoute {
    StatusRoute {
        at,
        operation,
        does,
        fields,
        summary,
    }
}

/// What documents say of them.
pub(crate) fn described() -> impl Iterator<Item = manifest::Route> {
    ROUTES.iter().map(|route| {
        describe_route(
            route.at,
            route.operation,
            Public,
            route.fields,
            route.summary,
        )
    })
}

/// The answer, where the path is one of these.
pub(crate) async fn answer(node: &Node, request: &Request) -> Option<Result<Answer, Refusal>> {
    // They belong to the server, not to a namespace; but some ask so in all of them.
    let in_all = ["sys/seal-status", "sys/leader"];
    if !request.namespace.is_empty() && !in_all.contains(&request.path.as_str()) {
        return None;
    }
    if let Some(answer) = open(node, request) {
        return Some(answer);
    }
    Some(match find(request)? {
        Ok(Now(act)) => act(node),
        Ok(Asked(act)) => act(node, request),
        Ok(Later(act)) => act(node, &request.data).await,
        Err(refusal) => Err(refusal),
    })
}

/// What all other paths answer while the server is sealed: to seal it is done already, and tells
/// nobody what everybody may not know.
pub(crate) fn while_sealed(request: &Request) -> Told {
    let seals = request.operation == Operation::Update
        && request.namespace.is_empty()
        && request.path.as_str() == "sys/seal";
    match seals {
        true => Ok(Answer::Empty),
        false => Err(Node::is_sealed()),
    }
}

/// What the listener lets everybody see, also while the server is sealed.
fn open(node: &Node, request: &Request) -> Option<Told> {
    let without = request.without_token;
    if request.operation != Operation::Read {
        return None;
    }
    match request.path.as_str() {
        "sys/metrics" if without.metrics => {
            let format = request.data.get("format").and_then(Value::as_str);
            let unsealed = node.unsealed();
            let format = format.unwrap_or_default();
            Some(observed::metrics(node.parts(), unsealed.as_deref(), format))
        }
        "sys/in-flight-req" if without.in_flight => Some(Ok(observed::in_flight(node.parts()))),
        _ => None,
    }
}

/// What does it; None where the path is none of these.
fn find(request: &Request) -> Option<Result<Does, Refusal>> {
    let at = request.path.as_str().strip_prefix("sys/")?;
    let mut routes = ROUTES.iter().filter(|route| route.at == at).peekable();
    routes.peek()?;
    let wanted = operation(request.operation);
    let found = routes.find(|route| Some(route.operation) == wanted);
    let unsupported = || Refusal::new(RefusalKind::UnsupportedOperation, "");
    Some(found.map(|route| route.does).ok_or_else(unsupported))
}

fn health(node: &Node) -> Result<Answer, Refusal> {
    let unsealed = node.unsealed();
    Ok(Answer::Health(Box::new(HealthReport {
        initialized: node.seal_config()?.is_some(),
        sealed: unsealed.is_none(),
        standby: unsealed.is_none(),
        server_time_utc: node.parts().clock.now().as_seconds(),
        version: node.parts().settings.version.clone(),
        performance_mode: unsealed.as_deref().map_or("unknown", replicated::mode),
        recovery_mode: unsealed.as_deref().map_or("unknown", |_| "disabled"),
        replicated: unsealed.as_deref().and_then(replicated::report),
        cluster: unsealed.map(|node| (node.cluster.name.clone(), node.cluster.id.clone())),
    })))
}

fn seal_status(node: &Node) -> Result<Answer, Refusal> {
    let config = node.seal_config()?;
    let settings = &node.parts().settings;
    let (progress, nonce) = match node.phase() {
        Phase::Sealed(progress) => {
            let progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            progress
                .as_ref()
                .map(|p| p.progress())
                .map_or((0, String::new()), |p| (p.count, p.nonce))
        }
        Phase::Unsealed(_) => (0, String::new()),
    };
    let threshold = config.map(|config| config.threshold);
    let mut status = json!({
        "type": "shamir",
        "initialized": config.is_some(),
        "sealed": node.unsealed().is_none(),
        "t": threshold.map_or(0, |threshold| threshold.threshold()),
        "n": threshold.map_or(0, |threshold| threshold.shares()),
        "progress": progress,
        "nonce": nonce,
        "version": settings.version,
        "build_date": settings.build_date,
        "migration": false,
        "recovery_seal": false,
        "storage_type": settings.storage_type,
        "removed_from_cluster": null,
    });
    if let (Some(unsealed), Value::Object(members)) = (node.unsealed(), &mut status) {
        members.insert("cluster_name".into(), unsealed.cluster.name.clone().into());
        members.insert("cluster_id".into(), unsealed.cluster.id.clone().into());
    }
    if let Value::Object(members) = &mut status
        && is_secondary(node)?
    {
        members.insert("needs_unseal_with".into(), "primary".into());
    }
    Ok(Answer::Bare(Json::of(&status)))
}

/// Are the shares that unseal it those of its primary? That it is a secondary is seen without opening
/// what is stored of that.
fn is_secondary(node: &Node) -> Result<bool, Refusal> {
    let snapshot = node.parts().storage.snapshot();
    let key = SystemKey::performance_secondary();
    let stored = snapshot.get(Space::Entries, key.physical().as_bytes());
    Ok(stored.map_err(from_storage)?.is_some())
}

fn leader(node: &Node) -> Result<Answer, Refusal> {
    let sealed = || Refusal::new(RefusalKind::Sealed, "Vault is sealed");
    let unsealed = node.unsealed().ok_or_else(sealed)?;
    let settings = &node.parts().settings;
    let index = unsealed.committer.index();
    Ok(Answer::Bare(Json::of(&json!({
        "ha_enabled": settings.storage_type == "raft",
        "is_self": true,
        "active_time": unsealed.since.to_rfc3339(),
        "leader_address": settings.api_addr,
        "leader_cluster_address": settings.cluster_addr,
        "performance_standby": false,
        "performance_standby_last_remote_wal": 0,
        "raft_committed_index": index,
        "raft_applied_index": index,
    }))))
}

fn replication(node: &Node, request: &Request) -> Result<Answer, Refusal> {
    let unsealed = node.unsealed().ok_or_else(Node::is_sealed)?;
    let shown = replicated::Shown::to(&unsealed, request)?;
    Ok(Answer::data(&json!({
        "dr": replicated::disabled(),
        "performance": replicated::performance(&unsealed, shown)?,
    })))
}

fn performance(node: &Node, request: &Request) -> Result<Answer, Refusal> {
    let unsealed = node.unsealed().ok_or_else(Node::is_sealed)?;
    let shown = replicated::Shown::to(&unsealed, request)?;
    Ok(Answer::data(&replicated::performance(&unsealed, shown)?))
}

fn recovery(node: &Node) -> Result<Answer, Refusal> {
    node.unsealed().ok_or_else(Node::is_sealed)?;
    Ok(Answer::data(&replicated::disabled()))
}

fn initialized(node: &Node) -> Result<Answer, Refusal> {
    let initialized = node.seal_config()?.is_some();
    Ok(Answer::Bare(Json::of(
        &json!({ "initialized": initialized }),
    )))
}

async fn init(node: &Node, data: &Map) -> Result<Answer, Refusal> {
    let request = InitRequest {
        shares: whole_number(data, "secret_shares")?,
        threshold: whole_number(data, "secret_threshold")?,
        root_token: None,
        key: None,
    };
    whole_number(data, "recovery_shares")?;
    whole_number(data, "recovery_threshold")?;
    let is_given = |name: &&str| data.get(*name).is_some_and(crate::init::is_given);
    let recovery = ["recovery_shares", "recovery_threshold", "recovery_pgp_keys"];
    let recovery: Vec<&str> = recovery.into_iter().filter(is_given).collect();
    if !recovery.is_empty() {
        return Err(Refusal::invalid(format!(
            "parameters {} not applicable to seal type shamir",
            recovery.join(",")
        )));
    }
    let keys = texts(data, "pgp_keys")?;
    let root_key = text(data, "root_token_pgp_key")?;
    let parts = node.parts();
    let (now, entropy) = (parts.clock.now(), parts.entropy.as_ref());
    let reading = Reading { now, entropy };
    let made = node.initialize_telling(request, |threshold, made| {
        let handing = reading.handing(&keys, Backup::None, threshold);
        let handing = handing.map_err(|refusal| {
            Refusal::invalid(format!("invalid seal configuration: {refusal}"))
        })?;
        let failed = |error: EncryptError| Refusal::internal(error.to_string());
        let handed = handing.hand_out(made.shares, entropy).map_err(failed)?;
        let root_token = match root_key {
            "" => made.root_token.expose().clone(),
            key => {
                let holder = reading
                    .one(key)
                    .map_err(|why| Refusal::invalid(format!("{why}, in root_token_pgp_key")))?;
                let token = made.root_token.expose().as_bytes();
                STANDARD.encode(holder.encrypt(token, entropy).map_err(failed)?)
            }
        };
        Ok(Json::of(&json!({
            "keys": shares::all_in_hex(&handed),
            "keys_base64": shares::all_in_base64(&handed),
            "root_token": root_token,
        })))
    });
    made.await.map(Answer::Bare)
}

async fn unseal(node: &Node, data: &Map) -> Result<Answer, Refusal> {
    let key = text(data, "key")?;
    let [reset, migrate] = [flag(data, "reset")?, flag(data, "migrate")?];
    if reset {
        node.reset_progress()?;
        return seal_status(node);
    }
    if key.is_empty() {
        let text = "'key' must be specified in request body as JSON, or 'reset' set to true";
        return Err(Refusal::invalid(text));
    }
    let share = shares::parse(key)?;
    if migrate {
        let text = "can't perform a seal migration, no migration seal found";
        return Err(Refusal::invalid(text));
    }
    node.submit_share(share).await?;
    seal_status(node)
}

/// A number that was given, or zero.
fn whole_number(data: &Map, name: &str) -> Result<i64, Refusal> {
    match data.get(name) {
        None | Some(Value::Null) => Ok(0),
        Some(value) => value.as_i64().ok_or_else(|| not_a(name, "whole number")),
    }
}

/// A text that was given, or an empty one.
fn text<'a>(data: &'a Map, name: &str) -> Result<&'a str, Refusal> {
    match data.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(not_a(name, "text")),
    }
}

/// Texts that were given, or none.
fn texts(data: &Map, name: &str) -> Result<Vec<String>, Refusal> {
    let given = data.get(name).cloned().unwrap_or_default();
    let texts: Result<Option<Vec<String>>, _> = serde_json::from_value(given);
    let texts = texts.map_err(|_| not_a(name, "list of texts"))?;
    Ok(texts.unwrap_or_default())
}

/// A flag that was given, or false.
fn flag(data: &Map, name: &str) -> Result<bool, Refusal> {
    match data.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| not_a(name, "boolean")),
    }
}

fn not_a(name: &str, kind: &str) -> Refusal {
    Refusal::invalid(format!(
        "failed to decode JSON input: {name} is not a {kind}"
    ))
}
