//! What differs between a primary and a secondary, asked and answered over one call, all of one moment
//! of the primary.

use super::following::{check, commit, hello};
use super::key_package::SharedKeys;
use super::primary::Primary;
use super::secondary::Doing;
use super::serve::{Broken, check_hello, packed, receive, send};
use super::{Secondary, exclusions};
use crate::unsealed::Unsealed;
use journal::{Batch, Op};
use link::{Channel, Link, Peer};
use locality::{Class, PhysicalKey};
use replication::{Method, Position, Question, Told};
use seal::sealed_box::KeyPair;
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::Space;

const BYTES: usize = 1024 * 1024;

/// Answers the questions of a secondary.
pub(crate) async fn answer(
    node: &Arc<Unsealed>,
    primary: &Arc<Primary>,
    peer: &Peer,
    mut channel: Channel,
) -> Result<(), Broken> {
    let Question::Begin(hello) = receive::<Question>(&mut channel).await? else {
        return Err(Broken::Message(String::from("a comparison has to begin")));
    };
    if let Err(reason) = check_hello(primary, &hello) {
        return send(&channel, &Told::Refused { reason }).await;
    }
    // First the keys, then the exclusion and the index, then the entries: each may be older than
    // what comes after it, never newer.
    let keys = packed(node, &hello.public_key).await?;
    let exclusion = exclusions::of(&mut node.begin(), &peer.name)?;
    let index = node.parts.source.extent().applied;
    let snapshot = node.parts.storage.snapshot();
    let position = Position {
        relation: primary.record.relation.clone(),
        generation: primary.record.generation,
        index,
        filter: exclusion.version,
    };
    send(&channel, &Told::Begun { position, keys }).await?;
    let mut ops = Vec::new();
    let mut size = 0;
    let mut from = vec![Class::Replicated.to_byte()];
    loop {
        let mut last = None;
        {
            let range = snapshot.range(Space::Entries, &from, None);
            for entry in range {
                let (key, value) = entry.map_err(|error| Broken::Here(error.to_string()))?;
                if key.first() != Some(&Class::Replicated.to_byte()) {
                    break;
                }
                let key =
                    PhysicalKey::from_bytes(&key).map_err(|error| Broken::Here(error.to_string()))?;
                if exclusion.travels(&key) {
                    size += key.as_bytes().len() + value.len();
                    ops.push(Op {
                        key: key.clone(),
                        value: Some(value.to_vec()),
                        seal_wrap: false,
                    });
                }
                if size >= BYTES {
                    last = Some(key);
                    break;
                }
            }
        }
        send(&channel, &Told::Entries(core::mem::take(&mut ops))).await?;
        size = 0;
        let Some(last) = last else { break };
        from = last.as_bytes().to_vec();
        from.push(0);
    }
    send(&channel, &Told::End).await
}

/// Brings this secondary to where its primary is.
pub(crate) async fn run(
    node: &Arc<Unsealed>,
    secondary: &Arc<Secondary>,
    link: &dyn Link,
    keys: &KeyPair,
) -> Result<(), Broken> {
    secondary.how().doing = Doing::Compares;
    let mut channel = link.open(Method::Compare.name()).await?;
    send(&channel, &Question::Begin(hello(node, secondary, keys))).await?;
    let position = match receive::<Told>(&mut channel).await? {
        Told::Begun { position, keys: package } => {
            let shared = SharedKeys::open(&package, keys)?;
            node.take_shared_keys(&shared).await?;
            position
        }
        Told::Refused { reason } => return Err(Broken::Message(reason)),
        _ => return Err(Broken::Message(String::from("an answer without a beginning"))),
    };
    secondary.how().doing = Doing::Fetches;
    let mut there = BTreeSet::new();
    let before = secondary.position();
    loop {
        match receive::<Told>(&mut channel).await? {
            Told::Entries(ops) => {
                there.extend(ops.iter().map(|op| op.key.clone()));
                let snapshot = node.parts.storage.snapshot();
                let differs = |op: &Op| {
                    let stored = snapshot.get(Space::Entries, op.key.as_bytes());
                    stored.ok().flatten().as_deref() != op.value.as_deref()
                };
                let ops: Vec<Op> = ops.into_iter().filter(differs).collect();
                secondary.how().fetched += ops.len() as u64;
                let batch = Batch { ops };
                check(&batch)?;
                if !batch.ops.is_empty() {
                    commit(node, vec![batch], &before).await?;
                }
            }
            Told::End => break,
            _ => return Err(Broken::Message(String::from("not an answer"))),
        }
    }
    let mut ops = Vec::new();
    let class = [Class::Replicated.to_byte()];
    for entry in node.parts.storage.snapshot().range(Space::Entries, &class, None) {
        let (key, _) = entry.map_err(|error| Broken::Here(error.to_string()))?;
        let key = PhysicalKey::from_bytes(&key).map_err(|error| Broken::Here(error.to_string()))?;
        if key.class() != Class::Replicated {
            break;
        }
        if !there.contains(&key) {
            ops.push(Op {
                key,
                value: None,
                seal_wrap: false,
            });
        }
    }
    commit(node, vec![Batch { ops }], &position).await?;
    secondary.reached(position);
    Ok(())
}
