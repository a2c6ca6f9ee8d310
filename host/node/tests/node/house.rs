//! A node in this process: memory for a disk, a journal without a log, a clock that stands still.

use base::{
    Answer, Clock, Entropy, ManualClock, Operation, Refusal, Request, RequestPath, Secret,
    Timestamp, WithoutToken,
};
use core::time::Duration;
use node::{InitRequest, Initialized, Node, Parts, Settings};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::{Memory, Space, Storage};

/// Not random, and never the same twice: what is tested here is not the cryptography.
pub(crate) struct Counting(AtomicU64);

impl Counting {
    /// Counts from there.
    pub(crate) const fn new(from: u64) -> Self {
        Self(AtomicU64::new(from))
    }
}

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self
                .0
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let number = (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) struct House {
    pub(crate) node: Arc<Node>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) storage: Arc<Memory>,
    pub(crate) token: String,
}

impl House {
    /// A node that nobody initialised.
    pub(crate) fn empty() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
        let storage = Arc::new(Memory::with_faults());
        Self::on(storage, clock)
    }

    /// A node on a disk that is there already.
    pub(crate) fn on(storage: Arc<Memory>, clock: Arc<ManualClock>) -> Self {
        Self::with(storage, clock, Settings::default(), Arc::new(node::Alone))
    }

    /// As `on`, with settings and a process of the test's own.
    pub(crate) fn with(
        storage: Arc<Memory>,
        clock: Arc<ManualClock>,
        settings: Settings,
        process: Arc<dyn node::Process>,
    ) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(Counting(AtomicU64::new(clock.now().as_millis())));
        let node = Node::new(Parts {
            process,
            settings,
            ..Parts::alone(storage.clone(), clock.clone(), entropy).unwrap()
        });
        Self {
            node,
            clock,
            storage,
            token: String::new(),
        }
    }

    /// An unsealed node, and its root token.
    pub(crate) async fn open() -> Self {
        Self::open_with_share().await.0
    }

    /// As `open`, with the one share of the key.
    pub(crate) async fn open_with_share() -> (Self, seal::Share) {
        let mut house = Self::empty();
        let mut made = house.initialize(1, 1).await.unwrap();
        house.submit(&made.shares[0]).await.unwrap();
        house.token = made.root_token.expose().clone();
        (house, made.shares.remove(0))
    }

    /// How far the log is.
    pub(crate) async fn index(&self) -> u64 {
        let leader = self.read("sys/leader").await.unwrap();
        leader["raft_applied_index"].as_u64().unwrap()
    }

    /// Lets the work in the background have its turn. Needs a paused runtime.
    pub(crate) async fn tick(&self) {
        self.clock.advance(Duration::from_secs(60));
        let nothing = core::future::pending::<()>();
        let _ = tokio::time::timeout(Duration::from_secs(120), nothing).await;
    }

    pub(crate) async fn initialize(
        &self,
        shares: i64,
        threshold: i64,
    ) -> Result<Initialized, Refusal> {
        let request = InitRequest {
            shares,
            threshold,
            root_token: None,
            key: None,
        };
        self.node.initialize(request).await
    }

    pub(crate) async fn submit(&self, share: &seal::Share) -> Result<(), Refusal> {
        let share = Secret::new(share.expose().clone());
        self.node.submit_share(share).await
    }

    /// Asks with the root token.
    pub(crate) async fn ask(
        &self,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refusal> {
        let token = self.token.clone();
        self.ask_as(&token, operation, path, data).await
    }

    /// Asks with a token; the answer's data, with `auth` where it has one.
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
        self.answered(request(token, operation, path, data)).await
    }

    /// Asks without a token, where the listener lets all be done that it can.
    pub(crate) async fn ask_anybody(
        &self,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refusal> {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let mut request = request("", operation, path, data);
        request.without_token = WithoutToken {
            rekey: true,
            generate_root: true,
            metrics: true,
            in_flight: true,
        };
        self.answered(request).await
    }

    async fn answered(&self, request: Request) -> Result<Value, Refusal> {
        let reply = self.node.handle(request).await;
        Ok(match reply.outcome? {
            Answer::Envelope(envelope) | Answer::Missing(envelope) | Answer::Accepted(envelope) => {
                let mut data = envelope.data.map_or(Value::Null, |data| data.to_value());
                if let Some(auth) = &envelope.auth {
                    data = json!({
                        "client_token": auth.client_token.expose(),
                        "accessor": auth.accessor,
                        "policies": auth.policies,
                        "lease_duration": auth.lease_duration.as_secs(),
                        "renewable": auth.renewable,
                        "orphan": auth.orphan,
                        "num_uses": auth.uses,
                        "type": format!("{:?}", auth.kind).to_lowercase(),
                        "warnings": envelope.warnings,
                    });
                }
                data
            }
            Answer::Bare(json) => json.to_value(),
            Answer::Raw(raw) => {
                let mut body: Value = serde_json::from_slice(&raw.body).unwrap();
                body["status"] = raw.status.into();
                body
            }
            _ => Value::Null,
        })
    }

    /// The warnings that a write is answered with.
    pub(crate) async fn warnings(
        &self,
        token: &str,
        path: &str,
        data: Value,
    ) -> Result<Vec<String>, Refusal> {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let reply = self
            .node
            .handle(request(token, Operation::Update, path, data));
        Ok(match reply.await.outcome? {
            Answer::Envelope(envelope) => envelope.warnings,
            _ => Vec::new(),
        })
    }

    /// As [`ask_as`](Self::ask_as), to have the answer wrapped; what there is in `wrap_info`.
    pub(crate) async fn wrapped(
        &self,
        token: &str,
        path: &str,
        data: Value,
        headers: &[(&str, &str)],
    ) -> Result<Value, Refusal> {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let mut request = request(token, Operation::Update, path, data);
        request.wrap_ttl = Some(core::time::Duration::from_secs(60));
        let headers = headers.iter();
        request.headers = headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let reply = self.node.handle(request).await;
        let Answer::Envelope(envelope) = reply.outcome? else {
            panic!("a wrapped answer has an envelope")
        };
        assert!(envelope.data.is_none() && envelope.auth.is_none());
        let wrap = envelope.wrap.unwrap();
        Ok(json!({
            "token": wrap.token.expose(),
            "accessor": wrap.accessor,
            "ttl": wrap.ttl.as_secs(),
            "creation_path": wrap.creation_path,
            "wrapped_accessor": wrap.wrapped_accessor,
            "index": reply.index,
        }))
    }

    /// How many entries are stored.
    pub(crate) fn entries(&self) -> usize {
        let snapshot = self.storage.snapshot();
        snapshot.range(Space::Entries, &[], None).count()
    }

    /// Waits for work in the background: lets other tasks run until it is so.
    pub(crate) async fn until(&self, mut is_so: impl FnMut() -> bool) {
        for _ in 0..100_000 {
            if is_so() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never came to be so");
    }

    pub(crate) async fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(Operation::Read, path, json!({})).await
    }

    pub(crate) async fn write(&self, path: &str, data: Value) -> Result<Value, Refusal> {
        self.ask(Operation::Update, path, data).await
    }

    /// A child of the root token with these policies.
    pub(crate) async fn token_with(&self, policies: &[&str]) -> String {
        let made = self
            .write("auth/token/create", json!({ "policies": policies }))
            .await
            .unwrap();
        made["client_token"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn request(
    token: &str,
    operation: Operation,
    path: &str,
    data: Map<String, Value>,
) -> Request {
    Request::new(operation, RequestPath::parse(path).unwrap(), token, data)
}
