//! A node of today, in memory, with the components that were kept.

use crate::kept::{self, kept};
use base::{
    Answer, Entropy, ManualClock, Operation, Refusal, Request, RequestPath, Secret, Timestamp,
};
use link::Dialer;
use node::{InitRequest, Node, Parts};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use storage::Memory;

/// What time it is.
pub const NOW_MS: u64 = 1_700_000_000_000;

static BUILTINS: LazyLock<Vec<(&'static str, &'static [u8])>> = LazyLock::new(|| {
    let files = kept::files().into_iter();
    files
        .map(|file| {
            let name = file.strip_suffix(".wasm").unwrap();
            let plain: &'static str = name.split('/').next_back().unwrap().to_owned().leak();
            (plain, kept(name))
        })
        .collect()
});

/// Not random, and never the same twice.
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let number = (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Randomness for what is tested here, which is not the cryptography.
pub fn entropy() -> Arc<dyn Entropy> {
    Arc::new(Counting(AtomicU64::new(7)))
}

/// What compiles and runs components.
pub fn runtime() -> plugin::Runtime {
    plugin::Runtime::new(plugin::RuntimeConfig::default(), entropy()).unwrap()
}

/// A node, and a token for it.
pub struct House {
    /// The node.
    pub node: Arc<Node>,
    /// A token that may do everything.
    pub token: String,
    storage: Arc<Memory>,
}

impl House {
    /// One that nobody else knows.
    pub async fn open() -> Self {
        Self::with(Arc::new(link::Nowhere)).await.0
    }

    /// One that reaches other clusters, and the share that unseals it.
    pub async fn with(dialer: Arc<dyn Dialer>) -> (Self, seal::Share) {
        let storage = Arc::new(Memory::new());
        let mut house = Self {
            node: node_on(&storage, dialer),
            token: String::new(),
            storage,
        };
        let request = InitRequest {
            shares: 1,
            threshold: 1,
            root_token: None,
            key: None,
        };
        let mut made = house.node.initialize(request).await.unwrap();
        let share = made.shares.remove(0);
        house.unseal(share.expose()).await;
        house.token.clone_from(made.root_token.expose());
        (house, share)
    }

    /// The same, started again and sealed.
    pub fn restarted(self, dialer: Arc<dyn Dialer>) -> Self {
        Self {
            node: node_on(&self.storage, dialer),
            ..self
        }
    }

    /// Unseals it.
    pub async fn unseal(&self, share: &[u8]) {
        let share = Secret::new(share.to_vec());
        self.node.submit_share(share).await.unwrap();
    }

    /// Mounts an engine.
    pub async fn mount(&self, path: &str, name: &str, options: Value) {
        let body = json!({ "type": name, "options": options });
        self.write(&format!("sys/mounts/{path}"), body)
            .await
            .unwrap();
    }

    /// Reads.
    pub async fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(Operation::Read, path, json!({})).await
    }

    /// Writes.
    pub async fn write(&self, path: &str, data: Value) -> Result<Value, Refusal> {
        self.ask(Operation::Update, path, data).await
    }

    /// Asks.
    pub async fn ask(
        &self,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refusal> {
        self.ask_as(&self.token, operation, path, data).await
    }

    /// As somebody. The answer's data; of a login or a renewal its token.
    pub async fn ask_as(
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
        let request = Request::new(operation, path, token, data);
        let reply = self.node.handle(request).await;
        let Answer::Envelope(envelope) = reply.outcome? else {
            return Ok(Value::Null);
        };
        Ok(match &envelope.auth {
            Some(auth) => json!({
                "client_token": auth.client_token.expose(),
                "policies": auth.policies,
            }),
            None => envelope.data.map_or(Value::Null, |data| data.to_value()),
        })
    }
}

fn node_on(storage: &Arc<Memory>, dialer: Arc<dyn Dialer>) -> Arc<Node> {
    let clock = ManualClock::new(Timestamp::from_millis(NOW_MS));
    Node::new(Parts {
        builtins: &BUILTINS,
        dialer,
        ..Parts::alone(Arc::clone(storage) as _, Arc::new(clock), entropy()).unwrap()
    })
}
