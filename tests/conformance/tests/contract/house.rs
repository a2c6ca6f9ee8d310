//! A node with the components of the tests, in memory, with a clock that stands still.

use crate::gate::Gate;
use base::{
    Answer, Entropy, ManualClock, MountId, NamespaceId, Operation, Raw, Refusal, Request,
    RequestPath, Timestamp,
};
use locality::{Class, PhysicalKey, SystemKey};
use node::{InitRequest, Node, Parts, Settings};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use storage::{Batch, Durability, Fault, Memory, Space, Storage};

static COMPONENTS: LazyLock<Vec<(&'static str, &'static [u8])>> = LazyLock::new(|| {
    let own = ["courier", "hostile", "hostile-method"].map(|name| (name, built(name)));
    let standard = ["approle", "userpass", "jwt"];
    let standard = standard.map(|name| (name, built(&format!("../../../plugins/{name}"))));
    own.into_iter().chain(standard).collect()
});

pub(crate) fn built(name: &str) -> &'static [u8] {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("components");
    pack::build(&components.join(name)).unwrap().leak()
}

/// Leads every name to this machine.
struct Here;

impl outbound::Resolve for Here {
    fn addresses<'a>(&'a self, _: &'a str) -> outbound::Resolving<'a> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

#[derive(Clone)]
pub(crate) struct House {
    pub(crate) node: Arc<Node>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gate: Arc<Gate>,
    storage: Arc<Memory>,
    share: Vec<u8>,
    pub(crate) token: String,
}

impl House {
    /// An unsealed node on an empty disk.
    pub(crate) async fn open() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
        let gate = Arc::new(Gate::default());
        let mut house = Self::on(Arc::new(Memory::with_faults()), clock, gate, settings);
        let request = InitRequest {
            shares: 1,
            threshold: 1,
            root_token: None,
            key: None,
        };
        let made = house.node.initialize(request).await.unwrap();
        house.share = made.shares[0].expose().clone();
        house.token = made.root_token.expose().clone();
        house.unseal().await;
        house
    }

    fn on(
        storage: Arc<Memory>,
        clock: Arc<ManualClock>,
        gate: Arc<Gate>,
        settings: Settings,
    ) -> Self {
        let entropy: Arc<dyn Entropy> = gate.clone();
        let node = Node::new(Parts {
            outbound: outbound::Client::new(Here),
            settings,
            builtins: &COMPONENTS,
            ..Parts::alone(storage.clone(), clock.clone(), entropy).unwrap()
        });
        Self {
            node,
            clock,
            gate,
            storage,
            share: Vec::new(),
            token: String::new(),
        }
    }

    /// The same disk, in a process that was started anew after this one lost its power.
    pub(crate) async fn restarted(&self) -> Self {
        let disk = Arc::new(self.storage.crash(0));
        // What is random goes on, too: an id that was made before is not made again.
        let (clock, gate) = (Arc::clone(&self.clock), Arc::clone(&self.gate));
        let mut house = Self::on(disk, clock, gate, Settings::default());
        house.share.clone_from(&self.share);
        house.token.clone_from(&self.token);
        house.unseal().await;
        house
    }

    /// The disk fails after so many more writes, once.
    pub(crate) fn fail_write(&self, after: u64) {
        self.storage.fail_write(after, Fault::Failed);
    }

    /// The disk is full at the next write, once.
    pub(crate) fn fill_disk(&self) {
        self.storage.fail_write(0, Fault::Full);
    }

    /// The stored entries whose keys end so, as they lie on the disk.
    pub(crate) fn stored(&self, path: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let snapshot = self.storage.snapshot();
        let all = snapshot.range(Space::Entries, &[], None);
        all.map(Result::unwrap)
            .filter(|(key, _)| key.ends_with(path.as_bytes()))
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect()
    }

    /// Somebody writes to the disk below all that guards it.
    pub(crate) fn forge(&self, key: &[u8], value: &[u8]) {
        let mut batch = Batch::new();
        batch.put(Space::Entries, key.to_vec(), value.to_vec());
        self.storage.commit(batch, Durability::Synced).unwrap();
    }

    /// How many entries are on the disk.
    pub(crate) fn entries(&self) -> usize {
        // Components and their machine code are kept for the next mount.
        let ignored = PhysicalKey::new(Class::Ignored, NamespaceId::ROOT, MountId::SYSTEM, "");
        let components = SystemKey::component("").into_physical();
        let snapshot = self.storage.snapshot();
        let all = snapshot.range(Space::Entries, &[], None);
        all.map(Result::unwrap)
            .filter(|(key, _)| key.first() != ignored.as_bytes().first())
            .filter(|(key, _)| !key.starts_with(components.as_bytes()))
            .count()
    }

    /// The stored keys whose paths contain this.
    pub(crate) fn keys(&self, path: &str) -> BTreeSet<Vec<u8>> {
        let snapshot = self.storage.snapshot();
        let all = snapshot.range(Space::Entries, &[], None);
        all.map(|entry| entry.unwrap().0.to_vec())
            .filter(|key| String::from_utf8_lossy(key).contains(path))
            .collect()
    }

    /// Takes an entry from the disk, behind the node's back.
    pub(crate) fn tamper(&self, key: &[u8]) {
        let mut batch = Batch::new();
        batch.delete(Space::Entries, key.to_vec());
        self.storage.commit(batch, Durability::Synced).unwrap();
    }

    /// The classes of the stored entries whose paths end so.
    pub(crate) fn classes(&self, path: &str) -> Vec<Class> {
        let snapshot = self.storage.snapshot();
        let all = snapshot.range(Space::Entries, &[], None);
        let keys = all.map(|entry| entry.unwrap().0);
        let found = keys.filter(|key| key.ends_with(path.as_bytes()));
        let class = |key: &[u8]| {
            let begins = |class: &Class| {
                let system = PhysicalKey::new(*class, NamespaceId::ROOT, MountId::SYSTEM, "");
                system.as_bytes().first() == key.first()
            };
            let mut all = [Class::Replicated, Class::Local, Class::Ignored].into_iter();
            all.find(begins).unwrap()
        };
        found.map(|key| class(&key)).collect()
    }

    pub(crate) async fn unseal(&self) {
        self.node
            .submit_share(base::Secret::new(self.share.clone()))
            .await
            .unwrap();
    }

    pub(crate) async fn mount(&self, path: &str, options: Value) {
        let body = json!({ "type": "courier", "options": options });
        self.write(&format!("sys/mounts/{path}"), body)
            .await
            .unwrap();
    }

    pub(crate) async fn ask(
        &self,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refusal> {
        self.ask_as(&self.token, operation, path, data).await
    }

    /// The answer's data; of a login or a renewal its `auth`, or its lease.
    pub(crate) async fn ask_as(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refusal> {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let path = RequestPath::parse(path).unwrap();
        self.answered(Request::new(operation, path, token, data))
            .await
    }

    /// Reads, with headers.
    pub(crate) async fn read_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Value, Refusal> {
        let path = RequestPath::parse(path).unwrap();
        let mut request = Request::new(Operation::Read, path, &self.token, Map::new());
        let headers = headers.iter();
        request.headers = headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.answered(request).await
    }

    /// Writes, where the answer is the engine's own to its last header.
    pub(crate) async fn page(&self, path: &str, data: Value) -> Raw {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let path = RequestPath::parse(path).unwrap();
        let request = Request::new(Operation::Update, path, &self.token, data);
        match self.node.handle(request).await.outcome.unwrap() {
            Answer::Raw(raw) => raw,
            other => panic!("{other:?}"),
        }
    }

    async fn answered(&self, request: Request) -> Result<Value, Refusal> {
        Ok(match self.node.handle(request).await.outcome? {
            Answer::Envelope(envelope) | Answer::Missing(envelope) | Answer::Accepted(envelope) => {
                match &envelope.auth {
                    Some(auth) => json!({
                        "client_token": auth.client_token.expose(),
                        "lease_duration": auth.lease_duration.as_secs(),
                        "renewable": auth.renewable,
                        "warnings": envelope.warnings,
                    }),
                    None if !envelope.lease.id.is_empty() && envelope.data.is_none() => json!({
                        "lease_id": envelope.lease.id,
                        "lease_duration": envelope.lease.duration.as_secs(),
                        "renewable": envelope.lease.renewable,
                    }),
                    None => envelope.data.map_or(Value::Null, |data| data.to_value()),
                }
            }
            Answer::Bare(json) => json.to_value(),
            _ => Value::Null,
        })
    }

    pub(crate) async fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(Operation::Read, path, json!({})).await
    }

    pub(crate) async fn write(&self, path: &str, data: Value) -> Result<Value, Refusal> {
        self.ask(Operation::Update, path, data).await
    }

    /// A value that the engine keeps.
    pub(crate) async fn value(&self, path: &str) -> Option<Value> {
        let data = self.read(path).await.ok()?;
        Some(data["value"].clone())
    }
}
