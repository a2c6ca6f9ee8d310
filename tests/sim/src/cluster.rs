//! One cluster: a node, its disk and its log, which outlive it.

use crate::blind::Blind;
use crate::clock::Virtual;
use crate::invariants::{Batches, ToldOfIndex, Watch};
use crate::log::{Kept, Log};
use crate::net::Net;
use crate::plant::Plant;
use crate::random::Random;
use base::{Answer, Clock, Operation, RefusalKind, Request, RequestPath, Secret, WithoutToken};
use core::time::Duration;
use journal::{Batch, Observer};
use node::{Changes, Node, Parts, Settings};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use storage::{Durability, Memory, Space, Storage};

/// No client waits longer.
const CLIENT_WAITS: Duration = Duration::from_secs(5);

/// What all clusters of a run share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) seed: u64,
    pub(crate) plant: Plant,
    pub(crate) clock: Arc<Virtual>,
    pub(crate) net: Net,
    pub(crate) watch: Arc<Watch>,
    pub(crate) batches: Arc<Mutex<Batches>>,
    /// The name of the primary, and of who was one.
    pub(crate) primary: Arc<Mutex<String>>,
}

impl Surroundings {
    pub(crate) fn primary(&self) -> String {
        self.primary
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// All that a disk holds.
pub(crate) type Dump = Vec<(Space, Vec<u8>, Vec<u8>)>;

/// One cluster.
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) storage: Arc<Memory>,
    pub(crate) kept: Kept,
    pub(crate) node: Arc<Node>,
    /// A token of its own that may do all.
    pub(crate) own_token: String,
    /// How often its node was started.
    pub(crate) life: u64,
    /// The disk as it was some time ago.
    pub(crate) old: Dump,
    around: Surroundings,
}

/// A request that came to nothing, or of which nobody knows what it came to.
#[derive(Clone, Debug)]
pub(crate) struct Refused(pub(crate) String);

/// Notes what was written where.
struct Notes {
    name: String,
    around: Surroundings,
}

impl Observer for Notes {
    fn applied(&self, index: u64, batches: &[Batch]) {
        let mut watch = self.around.watch.lock();
        watch.locals.note(batches);
        watch.trace.add(&format!("{} {index}", self.name));
        if self.around.primary() == self.name {
            let batches_seen = &self.around.batches;
            batches_seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .note(batches);
        }
    }
}

/// Engines for components are dear to make. Calls run on the thread of their node and have what they
/// want, whoever else runs another seed.
fn runtime() -> plugin::Runtime {
    static RUNTIME: OnceLock<plugin::Runtime> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        let config = plugin::RuntimeConfig {
            calls_max: 32,
            heavy_threads: 1,
            // Ticks are of the real time: how fast this machine is must not decide who goes first.
            tick: Duration::from_secs(3600),
            ..plugin::RuntimeConfig::default()
        };
        plugin::Runtime::new(config, Arc::new(Random::new(0, "engine"))).expect("an engine")
    });
    made.clone()
}

impl Cluster {
    /// A cluster with this on its disk, sealed.
    pub(crate) fn on(around: &Surroundings, name: &str, dump: &Dump) -> Self {
        let storage = Arc::new(written(dump));
        let applied = journal::applied_index(&*storage).expect("an index");
        let kept = Kept::after(applied);
        let node = start(around, name, &storage, &kept, 0);
        Self {
            name: name.to_owned(),
            storage,
            kept,
            node,
            own_token: String::new(),
            life: 0,
            old: dump.clone(),
            around: around.clone(),
        }
    }

    /// Lets in the key.
    pub(crate) async fn unseal(&self, share: &[u8]) -> Result<(), Refused> {
        let submitted = self.node.submit_share(Secret::new(share.to_vec())).await;
        submitted.map_err(|refusal| Refused(format!("{refusal:?}")))?;
        self.around.net.join(&self.name, &self.node);
        Ok(())
    }

    /// The machine loses power, and starts again.
    pub(crate) async fn crash(&mut self, share: &[u8]) -> Result<(), Refused> {
        self.around.net.leave(&self.name);
        let mut disk = self.storage.crash(0);
        // Nothing that it still does reaches the disk.
        let _ = tokio::time::timeout(CLIENT_WAITS, self.node.stop()).await;
        if self.around.plant == Plant::DiskOld && self.around.primary() != self.name {
            disk = written(&self.old);
        }
        self.storage = Arc::new(disk);
        self.life += 1;
        self.node = start(
            &self.around,
            &self.name,
            &self.storage,
            &self.kept,
            self.life,
        );
        self.unseal(share).await
    }

    /// Everything on its disk.
    pub(crate) fn dump(&self) -> Dump {
        let snapshot = self.storage.snapshot();
        let spaces = Space::ALL.into_iter();
        let all = spaces.flat_map(|space| {
            let found = snapshot.range(space, b"", None).filter_map(Result::ok);
            let found = found.map(|(key, value)| (space, key.to_vec(), value.to_vec()));
            found.collect::<Vec<_>>()
        });
        all.collect()
    }

    /// A request that is on its way by itself.
    pub(crate) fn asking(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> impl Future<Output = Result<Value, Refused>> + Send + use<> {
        let writing = self.writing(token, operation, path, data);
        async move { writing.await.map(|(value, _)| value) }
    }

    /// The same, and what its client keeps of what it wrote.
    pub(crate) fn writing(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> impl Future<Output = Result<(Value, Option<String>), Refused>> + Send + use<> {
        let node = Arc::clone(&self.node);
        let data = match data {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        let path = RequestPath::parse(path).expect("a path");
        let mut request = Request::new(operation, path, token, data);
        if token.is_empty() {
            request.without_token = WithoutToken {
                rekey: true,
                generate_root: true,
                metrics: true,
                in_flight: true,
            };
        }
        async move {
            let reply = tokio::time::timeout(CLIENT_WAITS, node.handle(request)).await;
            let reply = reply.map_err(|_| Refused(String::from("the client went away")))?;
            let answer = reply.outcome;
            let answer = answer
                .map_err(|refusal| Refused(format!("{}: {}", refusal.message, refusal.reason)))?;
            Ok((shown(answer), reply.index))
        }
    }

    /// Reads as a client does that says what it kept; what is there for `value_in`.
    pub(crate) async fn read_with(
        &self,
        token: &str,
        path: &str,
        index: &str,
        value_in: impl Fn(&Value) -> Option<String>,
    ) -> ToldOfIndex {
        let path = RequestPath::parse(path).expect("a path");
        let mut request = Request::new(Operation::Read, path, token, Map::new());
        request.headers = vec![(String::from("x-vault-index"), index.to_owned())];
        let reply = tokio::time::timeout(CLIENT_WAITS, Box::pin(self.node.handle(request))).await;
        let Ok(reply) = reply else {
            return ToldOfIndex::Nothing;
        };
        match reply.outcome {
            Ok(answer) => ToldOfIndex::Found(value_in(&shown(answer))),
            Err(refusal) => match refusal.kind {
                RefusalKind::NotFound => ToldOfIndex::Found(None),
                RefusalKind::PreconditionFailed => ToldOfIndex::Lacks(refusal.message),
                _ => ToldOfIndex::Nothing,
            },
        }
    }

    /// Asks and waits.
    pub(crate) async fn ask(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refused> {
        self.asking(token, operation, path, data).await
    }

    /// How replication is.
    pub(crate) async fn status(&self) -> Value {
        let path = "sys/replication/performance/status";
        let status = self.ask("", Operation::Read, path, json!({})).await;
        status.unwrap_or_default()
    }
}

fn shown(answer: Answer) -> Value {
    match answer {
        Answer::Envelope(envelope) | Answer::Missing(envelope) | Answer::Accepted(envelope) => {
            if let Some(auth) = &envelope.auth {
                return json!({ "client_token": auth.client_token.expose() });
            }
            envelope.data.map_or(Value::Null, |data| data.to_value())
        }
        Answer::Bare(json) => json.to_value(),
        _ => Value::Null,
    }
}

fn written(dump: &Dump) -> Memory {
    let storage = Memory::with_faults();
    let mut batch = storage::Batch::new();
    for (space, key, value) in dump {
        batch.put(*space, key.clone(), value.clone());
    }
    storage
        .commit(batch, Durability::Synced)
        .expect("a new disk");
    storage
}

fn start(
    around: &Surroundings,
    name: &str,
    disk: &Arc<Memory>,
    kept: &Kept,
    life: u64,
) -> Arc<Node> {
    let chance = |what: &str| Random::new(around.seed, &format!("{what} {name} {life}"));
    let changes = Arc::new(Changes::default());
    let notes = Arc::new(Notes {
        name: name.to_owned(),
        around: around.clone(),
    });
    let storage: Arc<dyn Storage> = match around.plant {
        Plant::FilterUnseen => Arc::new(Blind(Arc::clone(disk))),
        _ => Arc::clone(disk) as Arc<dyn Storage>,
    };
    let log = Log::open(
        kept.clone(),
        Arc::clone(&storage),
        vec![notes, changes.clone()],
        chance("log"),
        around.plant,
    );
    let log = Arc::new(log.expect("a log"));
    Node::new(Parts {
        storage,
        journal: log.clone(),
        source: log,
        dialer: around.net.dialer(name),
        changes,
        runtime: runtime(),
        outbound: outbound::Client::new(outbound::SystemResolver),
        clock: Arc::clone(&around.clock) as Arc<dyn Clock>,
        entropy: Arc::new(chance("node")),
        settings: Settings {
            cluster_addr: format!("https://{name}.sim:8201"),
            api_addr: format!("https://{name}.sim:8200"),
            cluster_name: name.to_owned(),
            // It reads on other threads, which no run has again.
            digests_checked_every: None,
            // In some runs a comparison lasts longer than its moment as often as not.
            moment_bytes_max: match around.seed % 3 {
                0 => 2 * 1024,
                _ => Settings::default().moment_bytes_max,
            },
            ..Settings::default()
        },
        process: Arc::new(node::Alone),
        meters: node::Meters::default(),
        builtins: &[],
    })
}
