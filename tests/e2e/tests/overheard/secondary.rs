//! A secondary in this process.

use crate::frames::Contents;
use crate::questions;
use crate::tap::Tap;
use base::{Answer, Operation, Request, RequestPath};
use e2e::clusters::{Cluster, until};
use node::{InitRequest, Node, Parts};
use serde_json::{Value, json};
use server::{COMPONENTS, SystemClock, SystemEntropy};
use std::sync::Arc;
use storage::Memory;
use tokio::runtime::Runtime;

const STATUS: &str = "sys/replication/performance/status";

/// A cluster of one node, which follows a primary over connections that are tapped.
pub(crate) struct Secondary {
    node: Arc<Node>,
    pub(crate) tap: Tap,
    pub(crate) runtime: Runtime,
    token: String,
}

impl Secondary {
    /// One that follows nobody yet, unsealed.
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let tap = Tap::default();
        let storage = Arc::new(Memory::new());
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let within = runtime.enter();
        let node = Node::new(Parts {
            dialer: Arc::new(tap.clone()),
            builtins: COMPONENTS,
            ..Parts::alone(storage, clock, entropy).unwrap()
        });
        drop(within);
        let request = InitRequest {
            shares: 1,
            threshold: 1,
            root_token: None,
            key: None,
        };
        let made = runtime.block_on(node.initialize(request)).unwrap();
        let share = made.shares.into_iter().next().unwrap();
        runtime.block_on(node.submit_share(share)).unwrap();
        Self {
            node,
            tap,
            runtime,
            token: made.root_token.expose().clone(),
        }
    }

    /// Follows a primary as `c`, by a token that is sealed to its key. `more` goes with the token.
    pub(crate) fn join(&mut self, a: &Cluster, more: &Value) {
        let path = "sys/replication/performance/secondary/generate-public-key";
        let mut wanted = more.clone();
        wanted["secondary_public_key"] = self.write(path, json!({}))["secondary_public_key"].take();
        let token = json!({ "token": a.activation("c", &wanted) });
        self.write("sys/replication/performance/secondary/enable", token);
        self.token = a.shared_token();
        self.settle(a);
    }

    /// Waits until everything that the primary has for it is here.
    pub(crate) fn settle(&self, a: &Cluster) {
        let wanted = a.status()["last_wal"].as_u64().unwrap();
        until("everything", || {
            let status = self.try_ask("", Operation::Read, STATUS, json!({})).ok()?;
            let has = status["last_remote_wal"].as_u64().unwrap_or_default();
            (status["state"] == "stream-wals" && has >= wanted).then_some(())
        });
    }

    /// Writes; must work. The answer's data, or the token that it gave.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, data: Value) -> Value {
        let done = self.try_ask(&self.token, Operation::Update, path, data);
        done.unwrap_or_else(|refused| panic!("{path}: {refused}"))
    }

    /// Asks as somebody. Why not, where it is refused.
    pub(crate) fn try_ask(
        &self,
        token: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, String> {
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        let path = RequestPath::parse(path).unwrap();
        let request = Request::new(operation, path, token, data);
        let reply = self.runtime.block_on(self.node.handle(request));
        let answer = reply.outcome.map_err(|refusal| refusal.message)?;
        let (Answer::Envelope(envelope) | Answer::Missing(envelope)) = answer else {
            return Ok(Value::Null);
        };
        Ok(match envelope.auth {
            Some(auth) => json!({ "client_token": auth.client_token.expose() }),
            None => envelope.data.map_or(Value::Null, |data| data.to_value()),
        })
    }

    /// What went over since this was asked last, opened.
    pub(crate) fn heard(&self) -> Contents {
        let frames = self.tap.take();
        let ring = self.runtime.block_on(questions::ring(&self.tap));
        Contents::read(&frames, &ring)
    }

    /// Ends it.
    pub(crate) fn stop(self) {
        self.runtime.block_on(self.node.stop());
    }
}
