//! A node in this process that has an auth method which believes everybody.

use base::{Answer, Entropy, ManualClock, Operation, Refusal, Request, RequestPath, Timestamp};
use core::time::Duration;
use node::{DevelopmentKeys, Node, Parts, open_for_development};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

static RECEPTION: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("components");
    pack::build(&components.join("reception")).unwrap()
});

/// Brought along by the binary, as the standard components are. The development server wants a
/// key-value engine; any engine will do.
static BUILTINS: LazyLock<&'static [(&'static str, &'static [u8])]> = LazyLock::new(|| {
    let bytes: &'static [u8] = RECEPTION.as_slice();
    Box::leak(Box::new([("reception", bytes)]))
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

pub(crate) struct House {
    node: Arc<Node>,
    clock: Arc<ManualClock>,
    pub(crate) root: String,
    /// Accessor of the auth method.
    pub(crate) accessor: String,
}

impl House {
    pub(crate) async fn open() -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(Counting(AtomicU64::new(7)));
        let now = Timestamp::from_millis(1_700_000_000_000);
        let clock = Arc::new(ManualClock::new(now));
        let root = String::from("root");
        let keys = DevelopmentKeys::make(entropy.as_ref(), Some(root.clone())).unwrap();
        let node = Node::new(Parts {
            builtins: *BUILTINS,
            ..Parts::alone(Arc::new(storage::Memory::new()), clock.clone(), entropy).unwrap()
        });
        // It has no key-value engine to mount, and is open all the same.
        drop(open_for_development(&node, &keys).await);
        let mut house = Self {
            node,
            clock,
            root,
            accessor: String::new(),
        };
        house
            .write("sys/auth/reception", json!({ "type": "reception" }))
            .await
            .unwrap();
        let mounts = house.read("sys/auth").await.unwrap();
        let accessor = mounts["data"]["reception/"]["accessor"].as_str();
        house.accessor = accessor.unwrap().to_owned();
        house
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refusal> {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let reply = self
            .node
            .handle(request(token, operation, path, data))
            .await;
        Ok(match reply.outcome? {
            Answer::Envelope(envelope) => {
                let auth = envelope.auth.map(|auth| {
                    json!({
                        "client_token": auth.client_token.expose(),
                        "entity_id": auth.entity_id,
                        "policies": auth.policies,
                        "token_policies": auth.token_policies,
                        "identity_policies": auth.identity_policies,
                    })
                });
                json!({ "data": envelope.data.map(|data| data.to_value()), "auth": auth })
            }
            Answer::Bare(json) => json.to_value(),
            _ => Value::Null,
        })
    }

    /// Asks where the answer has a shape of its own: its status and what it says.
    pub(crate) async fn plain(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
        authorization: &str,
    ) -> (u16, Value) {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let mut request = request(token, operation, path, data);
        if !authorization.is_empty() {
            let header = (String::from("authorization"), authorization.to_owned());
            request.headers.push(header);
        }
        match self.node.handle(request).await.outcome.unwrap() {
            Answer::Raw(raw) => (raw.status, serde_json::from_slice(&raw.body).unwrap()),
            Answer::Bare(json) => (200, json.to_value()),
            other => panic!("{other:?}"),
        }
    }

    /// Lets seconds pass.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(&self.root, Operation::Read, path, json!({})).await
    }

    pub(crate) async fn write(&self, path: &str, data: Value) -> Result<Value, Refusal> {
        self.ask(&self.root, Operation::Update, path, data).await
    }

    /// Writes, and gives the id of what was made.
    pub(crate) async fn make(&self, path: &str, data: Value) -> String {
        let made = self.write(path, data).await.unwrap();
        made["data"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn policy(&self, name: &str, text: &str) {
        let path = format!("sys/policies/acl/{name}");
        self.write(&path, json!({ "policy": text })).await.unwrap();
    }

    /// Logs in; `auth` of the answer.
    pub(crate) async fn login(&self, name: &str, groups: &str) -> Result<Value, Refusal> {
        let path = format!("auth/reception/login/{name}/{groups}");
        let answer = self.ask("", Operation::Update, &path, json!({})).await?;
        Ok(answer["auth"].clone())
    }

    /// What a token may do at a path.
    pub(crate) async fn may(&self, auth: &Value, path: &str) -> Result<Value, Refusal> {
        let token = auth["client_token"].as_str().unwrap();
        let data = json!({ "path": path });
        let told = self
            .ask(token, Operation::Update, "sys/capabilities-self", data)
            .await?;
        Ok(told["data"]["capabilities"].clone())
    }

    /// What a token says of itself.
    pub(crate) async fn own(&self, auth: &Value) -> Result<Value, Refusal> {
        let token = auth["client_token"].as_str().unwrap();
        let path = "auth/token/lookup-self";
        let told = self.ask(token, Operation::Read, path, json!({})).await?;
        Ok(told["data"].clone())
    }
}

fn request(token: &str, operation: Operation, path: &str, data: Map<String, Value>) -> Request {
    Request::new(operation, RequestPath::parse(path).unwrap(), token, data)
}
