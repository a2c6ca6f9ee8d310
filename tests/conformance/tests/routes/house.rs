//! A node in memory with the standard components mounted.

use base::{Answer, Entropy, ManualClock, Operation, Refusal, Request, RequestPath, Timestamp};
use core::time::Duration;
use node::{DevelopmentKeys, Node, Parts, open_for_development};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

const ENGINES: [&str; 3] = ["kv", "transit", "totp"];
const METHODS: [&str; 4] = ["userpass", "approle", "jwt", "cert"];

static BUILTINS: LazyLock<Vec<(&'static str, &'static [u8])>> = LazyLock::new(|| {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = |folder: &str, name: &'static str| {
        let bytes = pack::build(&here.join(folder).join(name)).unwrap();
        (name, bytes.leak() as &[u8])
    };
    let names = ENGINES.into_iter().chain(METHODS);
    let all = names.map(|name| built("../../plugins", name));
    all.chain([built("components", "courier")]).collect()
});

struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) const ROOT: &str = "root";

pub(crate) struct House {
    node: Arc<Node>,
    clock: Arc<ManualClock>,
    keys: DevelopmentKeys,
}

impl House {
    pub(crate) async fn open() -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(Counting(AtomicU64::new(7)));
        let now = Timestamp::from_millis(1_700_000_000_000);
        let clock = Arc::new(ManualClock::new(now));
        let keys = DevelopmentKeys::make(entropy.as_ref(), Some(ROOT.to_owned())).unwrap();
        let node = Node::new(Parts {
            builtins: &BUILTINS,
            ..Parts::alone(Arc::new(storage::Memory::new()), clock.clone(), entropy).unwrap()
        });
        open_for_development(&node, &keys).await.unwrap();
        let house = Self { node, clock, keys };
        house.mount_all("").await;
        house
    }

    /// Mounts the standard components in a namespace.
    pub(crate) async fn mount_all(&self, namespace: &str) {
        let [mounts, methods] = ["sys/mounts", "sys/auth"].map(|one| format!("{namespace}{one}"));
        self.mount(&mounts, "kv-v1").await;
        for name in &ENGINES[1..] {
            self.mount(&mounts, name).await;
        }
        for name in METHODS {
            self.mount(&methods, name).await;
        }
    }

    pub(crate) async fn mount(&self, table: &str, name: &str) {
        let path = format!("{table}/{name}");
        let body = json!({ "type": name });
        self.ask(ROOT, Operation::Update, &path, body)
            .await
            .unwrap();
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Answer, Refusal> {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let path = RequestPath::parse(path).unwrap();
        let request = Request::new(operation, path, token, data);
        self.node.handle(request).await.outcome
    }

    /// As [`ask`](Self::ask), with a root token of its own: whatever comes of it, the next request
    /// finds the node unsealed and its caller alive.
    pub(crate) async fn try_as_root(
        &self,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Answer, Refusal> {
        let token = self.token(&["root"], json!({})).await;
        let outcome = self.ask(&token, operation, path, data).await;
        self.unseal().await;
        outcome
    }

    /// A token with these policies and no other.
    pub(crate) async fn token(&self, policies: &[&str], more: Value) -> String {
        let mut body = json!({ "policies": policies, "no_default_policy": true });
        let members = body.as_object_mut().unwrap();
        members.extend(more.as_object().cloned().unwrap_or_else(Map::new));
        let made = self
            .ask(ROOT, Operation::Update, "auth/token/create", body)
            .await;
        match made.unwrap() {
            Answer::Envelope(made) => made.auth.unwrap().client_token.expose().clone(),
            other => panic!("{other:?}"),
        }
    }

    /// A token whose only policy is this one.
    pub(crate) async fn token_with(&self, name: &str, policy: &str) -> String {
        let path = format!("sys/policies/acl/{name}");
        let body = json!({ "policy": policy });
        self.ask(ROOT, Operation::Update, &path, body)
            .await
            .unwrap();
        self.token(&[name], json!({})).await
    }

    pub(crate) async fn document(&self) -> Value {
        let path = "sys/internal/specs/openapi";
        match self.ask(ROOT, Operation::Read, path, json!({})).await {
            Ok(Answer::Bare(document)) => document.to_value(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(crate) async fn seal(&self) {
        self.node.seal().await;
    }

    pub(crate) async fn unseal(&self) {
        let share = self.keys.share.expose().clone();
        self.node
            .submit_share(base::Secret::new(share))
            .await
            .unwrap();
    }
}
