//! `sys/init`: the first batch of a cluster.

use crate::defaults;
use crate::parts::Parts;
use crate::refusal::from_barrier;
use access::{Lifetime, NewToken, TokenId, TokenSalt};
use barrier::{Counts, Keyring, Transaction};
use base::{Entropy, NamespaceId, Refusal, Secret, Timestamp, chain, make_uuid};
use journal::Op;
use locality::SystemKey;
use seal::{SealConfig, SealKind, ValidThreshold};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was asked for.
#[derive(Debug)]
pub struct InitRequest {
    /// How many shares of the key.
    pub shares: i64,
    /// How many of them unseal.
    pub threshold: i64,
    /// Id of the first root token; a random one when not given.
    pub root_token: Option<String>,
    /// The key that the shares make; a random one when not given.
    pub key: Option<seal::Key>,
}

/// What only the one who asked is told.
#[derive(Debug)]
pub struct Initialized {
    /// The shares of the key.
    pub shares: Vec<seal::Share>,
    /// The first root token.
    pub root_token: Secret<String>,
}

/// Name and id of a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) id: String,
}

/// `tell` makes of the keys what is answered, before anything is stored: where it cannot, nothing is.
pub(crate) async fn initialize<T>(
    parts: &Parts,
    threshold: ValidThreshold,
    request: InitRequest,
    tell: impl FnOnce(Initialized) -> Result<T, Refusal> + Send,
) -> Result<T, Refusal> {
    let entropy = parts.entropy.as_ref();
    let wrapping = request.key.unwrap_or_else(|| make_key(parts));
    let root = make_key(parts);
    let keyring = Arc::new(Keyring::make(entropy, parts.clock.now()));
    let shares = seal::split(&wrapping, threshold, entropy);

    let snapshot = parts.storage.snapshot();
    let mut tx = Transaction::new(
        snapshot,
        Arc::clone(&keyring),
        Arc::clone(&parts.entropy),
        0,
    );
    let config = SealConfig {
        kind: SealKind::Shamir,
        threshold,
    };
    let config = serde_json::to_vec(&config).map_err(|error| Refusal::internal(chain(&error)))?;
    tx.danger_put_unsealed(&SystemKey::seal_config(), config);
    let wrapped = seal::wrap_root_key(&wrapping, &root, entropy);
    tx.danger_put_unsealed(&SystemKey::root_key(), wrapped);
    let cluster = Cluster {
        name: parts.settings.cluster_name.clone(),
        id: make_uuid(entropy),
    };
    tx.write_json(&SystemKey::cluster(), &cluster)
        .map_err(from_barrier)?;
    let root_token = first_token(parts, &mut tx, request.root_token)?;
    defaults::write(&mut tx, entropy, parts.clock.now())?;

    let told = tell(Initialized { shares, root_token })?;
    let mut batch = tx.finish().map_err(from_barrier)?.batch;
    // In the same batch, and sealed last: it tells how often the key was used so far.
    batch.ops.extend(keyring_op(parts, &keyring, &root)?);
    let done = parts.journal.commit(vec![batch]);
    done.await
        .map_err(|error| Refusal::internal(chain(&error)))?;
    tracing::info!(
        shares = threshold.shares(),
        threshold = threshold.threshold(),
        "initialized"
    );
    Ok(told)
}

/// The write of the keyring: with what it counted until now, since what is sealed from here on is
/// counted before it is written.
fn keyring_op(parts: &Parts, keyring: &Arc<Keyring>, root: &seal::Key) -> Result<Vec<Op>, Refusal> {
    let (snapshot, entropy) = (parts.storage.snapshot(), Arc::clone(&parts.entropy));
    let stored = keyring.seal_with(root, Counts::Exact, entropy.as_ref());
    let stored = stored.map_err(from_barrier)?;
    let mut tx = Transaction::new(snapshot, Arc::clone(keyring), entropy, 0);
    tx.danger_put_unsealed(&SystemKey::keyring(), stored.bytes);
    Ok(tx.finish().map_err(from_barrier)?.batch.ops)
}

fn make_key(parts: &Parts) -> seal::Key {
    let mut key = [0; seal::KEY_BYTES];
    parts.entropy.fill(&mut key);
    Secret::new(key)
}

fn first_token(
    parts: &Parts,
    tx: &mut Transaction,
    wanted: Option<String>,
) -> Result<Secret<String>, Refusal> {
    let entropy = parts.entropy.as_ref();
    let mut salt = [0; TokenSalt::BYTES];
    entropy.fill(&mut salt);
    tx.put(&SystemKey::token_salt(), salt.to_vec());
    let salt = TokenSalt::new(&salt);
    let id = match wanted {
        Some(id) => TokenId::parse(id).ok_or_else(|| Refusal::invalid("invalid root token id"))?,
        None => TokenId::make_service(entropy, NamespaceId::ROOT),
    };
    root_token(tx, &salt, entropy, parts.clock.now(), &id)?;
    Ok(id.into_secret())
}

/// Makes a token that may do everything and never ends.
pub(crate) fn root_token(
    tx: &mut Transaction,
    salt: &TokenSalt,
    entropy: &dyn Entropy,
    now: Timestamp,
    id: &TokenId,
) -> Result<(), Refusal> {
    let new = NewToken {
        parent: None,
        namespace: NamespaceId::ROOT,
        policies: vec![String::from("root")],
        path: String::from("auth/token/root"),
        display_name: String::from("root"),
        metadata: BTreeMap::new(),
        uses: 0,
        lifetime: Lifetime::default(),
        entity_id: String::new(),
        role: String::new(),
        bound_cidrs: Vec::new(),
        method: None,
    };
    let made = access::make(tx, salt, entropy, now, id, new);
    made.map(drop)
        .map_err(|error| Refusal::internal(chain(&error)))
}

/// Was a field given a value that asks for something?
pub(crate) fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}
