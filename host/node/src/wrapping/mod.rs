//! Response wrapping: the answer stays here, and a token goes out that opens it once.
//!
//! ```text
//!  answer ─▶ stored form ─▶ cubbyhole of a new wrapping token ┐
//!                           what the answer grants            ├ one batch
//!                           what the request wrote            ┘
//!  caller ◀─ wrap_info: the token, as it is or inside a signed JWT
//! ```

mod jwt;
mod stored;

use crate::cubbyhole::RESPONSE;
use crate::native::Ask;
use crate::pipeline::{Place, Recorded};
use crate::refusal::from_barrier;
use crate::run::Answered;
use crate::secret;
use crate::unsealed::Unsealed;
use access::{Lifetime, NewToken, Token, TokenHash, TokenId, WRAPPING_POLICY};
use barrier::Transaction;
use base::{Answer, Envelope, NamespaceId, Refusal, RefusalKind, Request, WrapBlock, chain};
use core::time::Duration;
use locality::{Local, SystemKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
pub(crate) use stored::Wrapped;

pub(crate) use jwt::public_key;

use jwt::Activation;

/// The header that asks for a form of the token.
const FORMAT_HEADER: &str = "x-vault-wrap-format";

/// Beside the answer, in the token's cubbyhole.
const INFO: &str = "wrapinfo";

/// What is kept beside an answer.
#[derive(Serialize, Deserialize)]
struct Info {
    creation_path: String,
    /// HTTP status that the answer would have had.
    status: u16,
}

/// A wrapping token that is alive.
pub(crate) struct Found {
    pub(crate) hash: TokenHash,
    pub(crate) token: Token,
}

/// In which form a wrapping token goes out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Jwt,
}

impl Form {
    fn asked(request: &Request) -> Self {
        let mut headers = request.headers.iter();
        let asked = headers.find(|(name, _)| name == FORMAT_HEADER);
        match asked {
            Some((_, value)) if value == "jwt" => Self::Jwt,
            _ => Self::Plain,
        }
    }
}

/// What a wrapping token is made for.
struct New<'a> {
    namespace: NamespaceId,
    /// The path that makes it.
    path: &'a str,
    /// The path whose answer it stands for.
    creation_path: String,
    ttl: Duration,
    form: Form,
    /// The secondary that it activates, where it activates one.
    secondary: Option<&'a str>,
}

/// All that is said of a wrapping token to whoever cannot show that it was one.
pub(crate) const INVALID: &str = "wrapping token is not valid or does not exist";

pub(crate) fn invalid() -> Refusal {
    Refusal::invalid(INVALID)
}

/// Why a wrapping token opens nothing. Whoever has one that this cluster signed to activate a
/// secondary is told what became of it.
fn why_not(node: &Unsealed, tx: &mut Transaction, sent: &str) -> Refusal {
    let is_short = sent.len() <= TokenId::LENGTH_MAX;
    let activation = match is_short && jwt::is_jwt(sent) {
        true => jwt::activation(tx, sent),
        false => Ok(None),
    };
    let activation = match activation {
        Ok(Some(activation)) => activation,
        Ok(None) => return invalid(),
        Err(refusal) => return refusal,
    };
    let Activation { secondary, expires } = activation;
    let became = match expires <= node.now() {
        true => format!("expired at {}", expires.to_rfc3339()),
        false => String::from("was used already, or taken back"),
    };
    Refusal::invalid(format!(
        "{INVALID}: the activation token of secondary {secondary:?} {became}"
    ))
}

/// Before anybody is asked for rights: do the paths that open wrappings get a wrapping token? Gives
/// the id inside a JWT that is the caller's own token.
pub(crate) fn check(
    node: &Unsealed,
    tx: &mut Transaction,
    place: &Place,
    request: &Request,
) -> Result<Option<TokenId>, Refusal> {
    let is_system = place
        .mount
        .as_ref()
        .is_some_and(|mount| mount.1.is_system());
    let opens = ["wrapping/lookup", "wrapping/rewrap", "wrapping/unwrap"];
    if !is_system || !opens.contains(&place.below_mount()) {
        return Ok(None);
    }
    let sent = sent_token(request)?;
    if find(node, tx, sent)?.is_none() {
        return Err(why_not(node, tx, sent));
    }
    let is_own = !request.data.contains_key("token");
    match is_own && jwt::is_jwt(sent) {
        true => jwt::open(tx, sent).map(Some),
        false => Ok(None),
    }
}

/// The wrapping token that a request to one of these paths brings: in its body, or as the caller's.
fn sent_token(request: &Request) -> Result<&str, Refusal> {
    let wrong = |what: &str| {
        let text = format!("error validating wrapping token: {what}");
        Refusal::new(RefusalKind::Denied, text)
    };
    match request.data.get("token") {
        Some(Value::String(token)) if token.is_empty() => Err(wrong("empty token in request body")),
        Some(Value::String(token)) => Ok(token),
        Some(_) => Err(wrong("could not decode token in request body")),
        None => match &request.token {
            Some(token) => Ok(token.expose()),
            None => Err(wrong("token is empty")),
        },
    }
}

/// The live wrapping token that a request names. After the caller's own was taken for its last use,
/// it is [`Found`] as the caller.
pub(crate) fn named(
    node: &Unsealed,
    tx: &mut Transaction,
    request: &Request,
) -> Result<Found, Refusal> {
    find(node, tx, sent_token(request)?)?.ok_or_else(invalid)
}

fn find(node: &Unsealed, tx: &mut Transaction, sent: &str) -> Result<Option<Found>, Refusal> {
    if sent.len() > TokenId::LENGTH_MAX {
        return Ok(None);
    }
    let hash = match jwt::is_jwt(sent) {
        true => match jwt::open(tx, sent) {
            Ok(id) => node.salt.hash(id.expose()),
            Err(refusal) if refusal.kind == RefusalKind::Internal => return Err(refusal),
            Err(_) => return Ok(None),
        },
        false => node.salt.hash(sent),
    };
    let token = access::find(tx, &hash, node.now()).map_err(from_barrier)?;
    let token = token.filter(Token::is_wrapping);
    Ok(token.map(|token| Found { hash, token }))
}

/// Wraps an answer where the caller asked for it.
pub(crate) fn wrap_asked(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    recorded: &Recorded<'_>,
    answer: Answer,
) -> Result<Answer, Refusal> {
    let request = recorded.request();
    let Some(ttl) = request.wrap_ttl else {
        return Ok(answer);
    };
    let is_lease_of_spent = recorded
        .caller()
        .is_some_and(|caller| caller.token.is_spent && has_lease(&answer));
    // What a login waits for is no answer yet; the one after it can be wrapped.
    let waits = matches!(&answer, Answer::Envelope(envelope) if envelope.mfa_requirement.is_some());
    if waits {
        return Ok(answer);
    }
    if is_lease_of_spent {
        // It is refused once it is revoked.
        return Ok(answer);
    }
    let wrapped = match Wrapped::of(&request.id, answer) {
        Ok(wrapped) => wrapped,
        Err(as_it_was) => return Ok(as_it_was),
    };
    let place = recorded.place();
    let path = place.path.as_str();
    let new = New {
        namespace: place.namespace.id,
        path,
        creation_path: path.to_owned(),
        ttl,
        form: Form::asked(request),
        secondary: None,
    };
    store(node, tx, new, &wrapped)
}

/// Wraps what activates a secondary for `ttl`, in the form that carries the address of this server.
pub(crate) fn wrap_activation(
    ask: &mut Ask<'_>,
    secondary: &str,
    data: &serde_json::Value,
    ttl: Duration,
) -> Result<Answer, Refusal> {
    let wrapped = Wrapped::of(&ask.request.id, Answer::data(data));
    let wrapped = wrapped.map_err(|_| Refusal::internal("data that cannot be wrapped"))?;
    let path = ask.path.as_str();
    let new = New {
        namespace: ask.namespace.id,
        path,
        creation_path: path.to_owned(),
        ttl,
        form: Form::Jwt,
        secondary: Some(secondary),
    };
    store(ask.node, ask.tx, new, &wrapped)
}

/// Makes a wrapping token and lays the answer into its cubbyhole.
fn store(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    new: New<'_>,
    wrapped: &Wrapped,
) -> Result<Answer, Refusal> {
    let entropy = node.parts.entropy.as_ref();
    let now = node.now();
    let seconds = new.ttl.as_secs().max(1);
    let id = TokenId::make_service(entropy, new.namespace);
    let token = NewToken {
        parent: None,
        namespace: new.namespace,
        policies: vec![String::from(WRAPPING_POLICY)],
        path: new.path.to_owned(),
        display_name: String::from("token"),
        metadata: BTreeMap::new(),
        uses: 1,
        lifetime: Lifetime {
            ttl: seconds,
            explicit_max: seconds,
            ..Lifetime::default()
        },
        entity_id: String::new(),
        role: String::new(),
        bound_cidrs: Vec::new(),
        method: None,
    };
    let made = access::make(tx, &node.salt, entropy, now, &id, token);
    let token = made.map_err(|error| Refusal::internal(chain(&error)))?;
    let hash = node.salt.hash(id.expose());
    let content = serde_json::json!({ RESPONSE: wrapped.text });
    let at = key(&hash, &token, RESPONSE);
    let at = match new.form {
        Form::Plain => at,
        // What a secondary is activated with.
        Form::Jwt => at.seal_wrapped(),
    };
    tx.write_json(&at, &content).map_err(from_barrier)?;
    let info = Info {
        creation_path: new.creation_path.clone(),
        status: wrapped.status,
    };
    tx.write_json(&key(&hash, &token, INFO), &info)
        .map_err(from_barrier)?;
    let sent = match new.form {
        Form::Plain => id.into_secret(),
        Form::Jwt => jwt::make(node, tx, &id, new.ttl, &wrapped.accessor, new.secondary)?,
    };
    let block = WrapBlock {
        token: sent,
        accessor: token.accessor,
        ttl: Duration::from_secs(seconds),
        creation_time: now.to_rfc3339(),
        creation_path: new.creation_path,
        wrapped_accessor: wrapped.accessor.clone(),
    };
    Ok(Answer::Envelope(Box::new(Envelope {
        wrap: Some(Box::new(block)),
        ..Envelope::default()
    })))
}

fn key(hash: &TokenHash, token: &Token, path: &str) -> SystemKey<Local> {
    SystemKey::cubbyhole(hash.as_str(), token.namespace, path)
}

/// The path whose answer a wrapping token stands for.
pub(crate) fn creation_path(tx: &mut Transaction, found: &Found) -> Result<String, Refusal> {
    let info: Option<Info> = tx
        .read_json(&key(&found.hash, &found.token, INFO))
        .map_err(from_barrier)?;
    info.map(|info| info.creation_path).ok_or_else(invalid)
}

/// Takes the answer out; the token that stood for it ends.
pub(crate) fn take(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    found: &Found,
) -> Result<Wrapped, Refusal> {
    let info: Option<Info> = tx
        .read_json(&key(&found.hash, &found.token, INFO))
        .map_err(from_barrier)?;
    let mut content: Option<BTreeMap<String, String>> = tx
        .read_json(&key(&found.hash, &found.token, RESPONSE))
        .map_err(from_barrier)?;
    let text = content
        .as_mut()
        .and_then(|content| content.remove(RESPONSE));
    let (Some(info), Some(text)) = (info, text) else {
        return Err(invalid());
    };
    if !found.token.is_spent {
        secret::revoke_token(node, tx, &found.hash)?;
    }
    Ok(Wrapped {
        text,
        status: info.status,
        accessor: String::new(),
    })
}

/// Wraps a wrapped answer anew, for as long as it was wrapped before.
pub(crate) fn rewrap(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    found: &Found,
    request: &Request,
) -> Result<Answer, Refusal> {
    let creation_path = creation_path(tx, found)?;
    let wrapped = take(node, tx, found)?;
    let new = New {
        namespace: found.token.namespace,
        path: "sys/wrapping/rewrap",
        creation_path,
        ttl: Duration::from_secs(found.token.lifetime.ttl),
        form: Form::asked(request),
        secondary: None,
    };
    store(node, tx, new, &wrapped)
}

fn has_lease(answer: &Answer) -> bool {
    matches!(answer, Answer::Envelope(envelope) if !envelope.lease.id.is_empty())
}

/// Ends a token whose last use is over, with all that was leased to it in that use.
pub(crate) async fn end_spent(
    node: &Arc<Unsealed>,
    hash: &TokenHash,
    answered: Answered,
) -> Answered {
    let ended = node
        .transact(|tx| secret::revoke_token(node, tx, hash))
        .await;
    if let Err(refusal) = ended {
        // It cannot be used any more, and ends when its time comes.
        let reason = refusal.reason;
        tracing::warn!(reason, "a token that was used up is not ended yet");
    }
    match answered {
        Ok((answer, _)) if has_lease(&answer) => Err(Refusal::invalid(
            "Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.",
        )),
        answered => answered,
    }
}
