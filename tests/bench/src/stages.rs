//! Where the time of one read goes: its stages, each alone, in this process, on one thread. Together
//! they are less than a whole read, which also allocates, waits and switches.

use aws_lc_rs::rand;
use barrier::{Keyring, Transaction};
use base::{
    Answer, Clock, Entropy, MountId, NamespaceId, Operation, Request, RequestPath, Timestamp,
};
use core::hint::black_box;
use locality::{Class, PhysicalKey};
use node::{DevelopmentKeys, Node, Parts, open_for_development};
use policy::{Acl, Ask, Policy};
use serde_json::{Map, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use storage::{Disk, DiskConfig, Storage};

const ROUNDS: u32 = 9;
const CALLS: u32 = 2_000;
const TOKEN: &str = "root";

/// Prints the table.
pub(crate) fn print(runtime: &tokio::runtime::Runtime) {
    let components = std::env::var_os("CASEMATE_COMPONENTS").expect("set by cargo xtask bench");
    let component = std::fs::read(Path::new(&components).join("kv.wasm"));
    runtime.block_on(stages(component.expect("the component kv").leak()));
}

async fn stages(component: &'static [u8]) {
    let folder = std::env::temp_dir().join(format!("casemate-stages-{}", std::process::id()));
    let disk: Arc<dyn Storage> =
        Arc::new(Disk::open(&folder, DiskConfig::default()).expect("a disk"));
    let node = node(Arc::clone(&disk), component).await;
    println!("\none read, stage by stage (us, median of {ROUNDS} rounds of {CALLS})");
    let write = Map::from_iter([("data".to_owned(), json!({ "user": "app", "password": "x" }))]);
    ask(&node, Operation::Update, "secret/data/app", write).await;
    stored(&disk);
    policies();
    for (what, path) in [
        (
            "node: token looks itself up (native)",
            "auth/token/lookup-self",
        ),
        ("node: kv read (component)", "secret/data/app"),
    ] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            for _ in 0..CALLS {
                ask(&node, Operation::Read, path, Map::new()).await;
            }
            rounds.push(began.elapsed() / CALLS);
        }
        row(what, &mut rounds);
    }
    node.stop().await;
    remove(&folder);
}

async fn node(storage: Arc<dyn Storage>, component: &'static [u8]) -> Arc<Node> {
    let builtins: Vec<(&'static str, &'static [u8])> = vec![("kv", component)];
    let node = Node::new(Parts {
        builtins: builtins.leak(),
        ..Parts::alone(storage, Arc::new(System), Arc::new(System)).expect("parts")
    });
    let keys = DevelopmentKeys::make(&System, Some(TOKEN.to_owned())).expect("keys");
    open_for_development(&node, &keys)
        .await
        .expect("an unsealed node");
    node
}

async fn ask(node: &Node, operation: Operation, path: &str, data: Map<String, serde_json::Value>) {
    let path = RequestPath::parse(path).expect("a path");
    let request = Request::new(operation, path, TOKEN, data);
    let reply = node.handle(request).await;
    match reply.outcome {
        Ok(Answer::Envelope(envelope)) => drop(black_box(envelope)),
        other => panic!("{other:?}"),
    }
}

/// Storage alone, and storage with the barrier.
fn stored(disk: &Arc<dyn Storage>) {
    let entropy: Arc<dyn Entropy> = Arc::new(System);
    let keyring = Arc::new(Keyring::make(entropy.as_ref(), System.now()));
    let (namespace, mount) = (NamespaceId::ROOT, MountId::new(7));
    let key = PhysicalKey::new(Class::Replicated, namespace, mount, "stage");
    let mut tx = Transaction::new(
        disk.snapshot(),
        Arc::clone(&keyring),
        Arc::clone(&entropy),
        0,
    );
    tx.put(&key, vec![7; 300]);
    let written = tx.finish().expect("a sealed value").batch.ops.pop();
    let sealed = written.and_then(|op| op.value).expect("the value");
    let mut batch = storage::Batch::new();
    batch.put(
        storage::Space::Entries,
        key.as_bytes().to_vec(),
        sealed.clone(),
    );
    disk.commit(batch, storage::Durability::Synced)
        .expect("a commit");
    measure("storage: snapshot and get", || {
        let found = disk.snapshot().get(storage::Space::Entries, key.as_bytes());
        drop(black_box(found.expect("a value")));
    });
    measure("barrier: open 300 bytes", || {
        drop(black_box(keyring.open(&key, &sealed)))
    });
    measure("storage and barrier: transaction and get", || {
        let snapshot = disk.snapshot();
        let mut tx = Transaction::new(snapshot, Arc::clone(&keyring), Arc::clone(&entropy), 0);
        drop(black_box(tx.get(&key).expect("a value")));
    });
}

fn policies() {
    let text: String = (0..20)
        .map(|n| format!("path \"team{n}/data/*\" {{ capabilities = [\"read\"] }}\n"))
        .collect();
    let policy = Policy::parse("many", &text).expect("a policy");
    let acl = Acl::new(&[Arc::new(policy)]);
    let data = Map::new();
    measure("policy: one decision of 20 rules", || {
        let ask = Ask {
            path: "team7/data/app",
            operation: policy::Operation::Read,
            data: &data,
            wrap_ttl: None,
            now: Timestamp::default(),
        };
        drop(black_box(acl.decide(&ask)));
    });
}

fn measure(what: &str, mut act: impl FnMut()) {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            act();
        }
        rounds.push(began.elapsed() / CALLS);
    }
    row(what, &mut rounds);
}

fn row(what: &str, rounds: &mut [Duration]) {
    rounds.sort_unstable();
    let median = rounds.get(rounds.len() / 2).copied().unwrap_or_default();
    println!("{what:<44} {:>8.2}", median.as_secs_f64() * 1e6);
}

fn remove(folder: &Path) {
    // A folder that is left over does no harm.
    let _ = std::fs::remove_dir_all(folder);
}

/// The machine's clock and randomness.
struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes).expect("randomness");
    }
}

impl Clock for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or_default())
    }
}
