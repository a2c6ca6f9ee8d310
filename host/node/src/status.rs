//! What a node answers in every state and to everybody: whether it is initialised, sealed, healthy.

use crate::init::InitRequest;
use crate::native::{NativeField, body, describe_route};
use crate::node::{Node, Phase};
use crate::pipeline::operation;
use Does::{Later, Now};
use base::{Answer, HealthReport, Json, Map, Refusal, RefusalKind, Request};
use core::pin::Pin;
use manifest::Access::Public;
use manifest::FieldKind::{Boolean, Integer, Text};
use manifest::Operation::{Read, Update};
use serde_json::{Value, json};
use std::sync::PoisonError;

/// One of these endpoints.
struct StatusRoute {
    at: &'static str,
    operation: manifest::Operation,
    does: Does,
    fields: &'static [NativeField],
    summary: &'static str,
}

type Told = Result<Answer, Refusal>;

#[derive(Clone, Copy)]
enum Does {
    Now(fn(&Node) -> Told),
    Later(for<'a> fn(&'a Node, &'a Map) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>>),
}

const INIT: &[NativeField] = &[
    body(
        "secret_shares",
        Integer,
        "Number of shares of the unseal key.",
    ),
    body("secret_threshold", Integer, "How many of them unseal."),
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
    // They belong to the server, not to a namespace.
    if !request.namespace.is_empty() {
        return None;
    }
    Some(match find(request)? {
        Ok(Now(act)) => act(node),
        Ok(Later(act)) => act(node, &request.data).await,
        Err(refusal) => Err(refusal),
    })
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
    Ok(Answer::Health(HealthReport {
        initialized: node.seal_config()?.is_some(),
        sealed: unsealed.is_none(),
        standby: unsealed.is_none(),
        server_time_utc: node.parts().clock.now().as_seconds(),
        version: node.parts().settings.version.clone(),
        cluster: unsealed.map(|node| (node.cluster.name.clone(), node.cluster.id.clone())),
    }))
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
    Ok(Answer::Bare(Json::of(&status)))
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

fn initialized(node: &Node) -> Result<Answer, Refusal> {
    let initialized = node.seal_config()?.is_some();
    Ok(Answer::Bare(Json::of(
        &json!({ "initialized": initialized }),
    )))
}

async fn init(node: &Node, data: &Map) -> Result<Answer, Refusal> {
    for refused in ["pgp_keys", "root_token_pgp_key", "recovery_pgp_keys"] {
        let asked = data.get(refused).is_some_and(|value| match value {
            Value::Array(list) => !list.is_empty(),
            Value::String(text) => !text.is_empty(),
            _ => false,
        });
        if asked {
            return Err(Refusal::invalid(format!("{refused} is not supported")));
        }
    }
    let number = |name: &str| match data.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| Refusal::invalid(format!("{name} must be a number"))),
    };
    let request = InitRequest {
        shares: number("secret_shares")?.unwrap_or(0),
        threshold: number("secret_threshold")?.unwrap_or(0),
        root_token: None,
    };
    let made = node.initialize(request).await?;
    let hex = |share: &seal::Share| share.expose().iter().map(|b| format!("{b:02x}")).collect();
    let keys: Vec<String> = made.shares.iter().map(hex).collect();
    let keys_base64: Vec<String> = made
        .shares
        .iter()
        .map(|share| to_base64(share.expose()))
        .collect();
    Ok(Answer::Bare(Json::of(&json!({
        "keys": keys,
        "keys_base64": keys_base64,
        "root_token": made.root_token.expose(),
    }))))
}

async fn unseal(node: &Node, data: &Map) -> Result<Answer, Refusal> {
    if data.get("reset").and_then(Value::as_bool) == Some(true) {
        node.reset_progress();
        return seal_status(node);
    }
    let key = data.get("key").and_then(Value::as_str).unwrap_or_default();
    if key.is_empty() {
        let text = "'key' must be specified in request body as JSON, or 'reset' set to true";
        return Err(Refusal::invalid(text));
    }
    let share = from_hex(key).or_else(|| from_base64(key));
    let share =
        share.ok_or_else(|| Refusal::invalid("'key' must be a valid hex or base64 string"))?;
    node.submit_share(share).await?;
    seal_status(node)
}

fn to_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
