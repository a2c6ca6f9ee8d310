//! Values on a cluster, one field each: most tests ask for no more.

use super::Cluster;
use crate::client::Response;
use serde_json::{Value, json};

/// The answer of a secondary that cannot reach its primary and would have to.
///
/// # Panics
/// When it is another one.
#[track_caller]
pub fn is_without_primary(answer: &Response) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    let text = "the primary cluster cannot be reached, and the request writes what is replicated";
    assert_eq!(answer.json(), json!({ "errors": [text] }));
}

impl Cluster {
    /// Mounts an engine for values.
    #[track_caller]
    pub fn mount(&self, path: &str) {
        self.write(&format!("sys/mounts/{path}"), &json!({ "type": "kv" }));
    }

    /// As `mount`, of this cluster alone.
    #[track_caller]
    pub fn mount_local(&self, path: &str) {
        let local = json!({ "type": "kv", "local": true });
        self.write(&format!("sys/mounts/{path}"), &local);
    }

    /// Stores a value.
    #[track_caller]
    pub fn put(&self, path: &str, value: impl Into<Value>) {
        self.write(path, &json!({ "v": value.into() }));
    }

    /// The value at a path; none where there is no such.
    ///
    /// # Panics
    /// When the answer is another one.
    #[track_caller]
    pub fn value(&self, path: &str) -> Option<Value> {
        let answer = self.client().read(path);
        match answer.status {
            200 => Some(answer.json()["data"]["v"].clone()),
            404 => None,
            _ => panic!("{path}: {}: {}", answer.status, answer.body),
        }
    }

    /// A write of what is shared is refused, for its primary cannot be reached.
    ///
    /// # Panics
    /// When it is not, or for another reason.
    #[track_caller]
    pub fn cannot_write(&self, path: &str) {
        is_without_primary(&self.client().write(path, &json!({ "v": "x" })));
    }

    /// This value is at a path.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn has(&self, path: &str, value: impl Into<Value>) {
        assert_eq!(self.value(path), Some(value.into()), "{path}");
    }

    /// Nothing is at a path.
    ///
    /// # Panics
    /// When there is something.
    #[track_caller]
    pub fn lacks(&self, path: &str) {
        assert_eq!(self.value(path), None, "{path}");
    }
}
