//! Where every run begins: a primary and two secondaries that follow it. Made once in a process,
//! since the keys and the first comparison cost more than a whole run.

use crate::clock::Virtual;
use crate::cluster::{Cluster, Dump, Refused, Surroundings};
use crate::invariants::Watch;
use crate::net::Net;
use crate::plant::Plant;
use base::Operation::{Read, Update};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use core::time::Duration;
use node::InitRequest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use tokio::time::Instant;

/// The clusters.
pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];

const ADMIN: &str =
    r#"path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }"#;

/// The beginning.
pub(crate) struct Template {
    /// The disk of each cluster, and its own root token.
    pub(crate) clusters: BTreeMap<String, (Dump, String)>,
    /// Opens each of them.
    pub(crate) share: Vec<u8>,
    /// Good on each of them.
    pub(crate) admin: String,
    /// How long it took, in the time of the clusters.
    pub(crate) took: Duration,
}

/// A runtime whose time stands still while something is to be done.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// The beginning of every run.
pub(crate) fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let made = runtime().block_on(make());
        made.unwrap_or_else(|Refused(why)| panic!("the clusters cannot be set up: {why}"))
    })
}

async fn make() -> Result<Template, Refused> {
    let began = Instant::now();
    let watch = Arc::new(Watch::default());
    let around = Surroundings {
        seed: 0,
        plant: Plant::Nothing,
        clock: Arc::new(Virtual::after(Duration::ZERO)),
        net: Net::new(Arc::clone(&watch), Plant::Nothing),
        watch,
        batches: Arc::default(),
        primary: Arc::new(Mutex::new(String::from("a"))),
    };
    let (a, share) = first(&around, "a").await?;
    let policy = json!({ "policy": ADMIN });
    a.ask(&a.own_token, Update, "sys/policies/acl/admin", policy)
        .await?;
    let wanted = json!({ "type": "batch", "policies": ["admin"], "no_parent": true, "ttl": "24h" });
    let made = a
        .ask(&a.own_token, Update, "auth/token/create", wanted)
        .await?;
    let admin = text(&made, "client_token");
    let enable = "sys/replication/performance/primary/enable";
    a.ask(&a.own_token, Update, enable, json!({})).await?;
    let mut clusters = BTreeMap::new();
    for name in ["b", "c"] {
        let (mut cluster, _) = first(&around, name).await?;
        let token = activation(
            &a,
            &admin,
            &cluster,
            &cluster.own_token,
            json!({ "id": name }),
        )
        .await?;
        let enable = "sys/replication/performance/secondary/enable";
        let data = json!({ "token": token });
        cluster
            .ask(&cluster.own_token, Update, enable, data)
            .await?;
        until_it_streams(&cluster).await?;
        cluster.own_token = root_token(&cluster, &share).await?;
        clusters.insert(name.to_owned(), (cluster.dump(), cluster.own_token.clone()));
    }
    clusters.insert(String::from("a"), (a.dump(), a.own_token.clone()));
    let found = around.watch.lock().violations.join("; ");
    if !found.is_empty() {
        return Err(Refused(found));
    }
    Ok(Template {
        clusters,
        share,
        admin,
        took: began.elapsed(),
    })
}

pub(crate) fn text(value: &Value, member: &str) -> String {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// A new cluster, unsealed, and its share.
async fn first(around: &Surroundings, name: &str) -> Result<(Cluster, Vec<u8>), Refused> {
    let mut cluster = Cluster::on(around, name, &Dump::new());
    let request = InitRequest {
        shares: 1,
        threshold: 1,
        root_token: None,
        key: None,
    };
    let made = cluster.node.initialize(request).await;
    let made = made.map_err(|refusal| Refused(format!("{refusal:?}")))?;
    let none = || Refused(String::from("no share"));
    let share = made.shares.first().ok_or_else(none)?.expose().clone();
    cluster.unseal(&share).await?;
    cluster.own_token = made.root_token.expose().clone();
    Ok((cluster, share))
}

/// An activation token for a cluster, sealed to a key that it makes.
pub(crate) async fn activation(
    primary: &Cluster,
    admin: &str,
    secondary: &Cluster,
    token: &str,
    mut wanted: Value,
) -> Result<String, Refused> {
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = secondary.ask(token, Update, key, json!({})).await?;
    if let Some(wanted) = wanted.as_object_mut() {
        wanted.extend(key.as_object().cloned().unwrap_or_default());
    }
    let path = "sys/replication/performance/primary/secondary-token";
    let made = primary.ask(admin, Update, path, wanted).await?;
    Ok(text(&made, "token"))
}

pub(crate) async fn until_it_streams(cluster: &Cluster) -> Result<(), Refused> {
    for _ in 0..1_000 {
        let status = cluster.status().await;
        if text(&status, "state") == "stream-wals" && status.get("lag_entries") == Some(&json!(0)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(Refused(format!("{:#}", cluster.status().await)))
}

/// A root token of a cluster, made of the share that its set has.
async fn root_token(cluster: &Cluster, share: &[u8]) -> Result<String, Refused> {
    let begun = cluster
        .ask("", Update, "sys/generate-root/attempt", json!({}))
        .await?;
    let key: String = share.iter().map(|byte| format!("{byte:02x}")).collect();
    let given = json!({ "nonce": begun.get("nonce"), "key": key });
    let done = cluster
        .ask("", Update, "sys/generate-root/update", given)
        .await?;
    let encoded = STANDARD_NO_PAD.decode(text(&done, "encoded_token"));
    let encoded = encoded.map_err(|error| Refused(error.to_string()))?;
    let otp = text(&begun, "otp");
    let token = encoded
        .into_iter()
        .zip(otp.bytes())
        .map(|(one, other)| one ^ other);
    let token = String::from_utf8(token.collect()).map_err(|error| Refused(error.to_string()))?;
    cluster
        .ask(&token, Read, "auth/token/lookup-self", json!({}))
        .await?;
    Ok(token)
}
