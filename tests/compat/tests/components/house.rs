//! A node of today, in memory, with the components that were kept.

use crate::kept::{self, kept};
use base::{
    Answer, Entropy, ManualClock, Operation, Refusal, Request, RequestPath, Secret, Timestamp,
};
use node::{InitRequest, Node, Parts};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use storage::Memory;

/// What time it is.
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

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

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(Counting(AtomicU64::new(7)))
}

/// What compiles and runs components.
pub(crate) fn runtime() -> plugin::Runtime {
    plugin::Runtime::new(plugin::RuntimeConfig::default(), entropy()).unwrap()
}

pub(crate) struct House {
    node: Arc<Node>,
    token: String,
}

impl House {
    pub(crate) async fn open() -> Self {
        let clock = ManualClock::new(Timestamp::from_millis(NOW_MS));
        let node = Node::new(Parts {
            builtins: &BUILTINS,
            ..Parts::alone(Arc::new(Memory::new()), Arc::new(clock), entropy()).unwrap()
        });
        let request = InitRequest {
            shares: 1,
            threshold: 1,
            root_token: None,
            key: None,
        };
        let made = node.initialize(request).await.unwrap();
        let share = Secret::new(made.shares[0].expose().clone());
        node.submit_share(share).await.unwrap();
        let token = made.root_token.expose().clone();
        Self { node, token }
    }

    pub(crate) async fn mount(&self, path: &str, name: &str, options: Value) {
        let body = json!({ "type": name, "options": options });
        self.write(&format!("sys/mounts/{path}"), body)
            .await
            .unwrap();
    }

    pub(crate) async fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(Operation::Read, path, json!({})).await
    }

    pub(crate) async fn write(&self, path: &str, data: Value) -> Result<Value, Refusal> {
        self.ask(Operation::Update, path, data).await
    }

    pub(crate) async fn ask(
        &self,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refusal> {
        self.ask_as(&self.token, operation, path, data).await
    }

    /// The answer's data; of a login or a renewal its token.
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
