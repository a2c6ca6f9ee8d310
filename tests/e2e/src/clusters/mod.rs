//! Clusters that follow one another: real servers with folders and hosts of their own, and between
//! them a relay that carries the cluster port.
//!
//! ```text
//!  host A                                     ║ host B
//!  test ─ HTTP ─▶ Cluster a ◀─ TLS ─ Relay ◀──╫─ TLS ─ Cluster c
//!       └────────────────────────────── HTTP ─╫──────────▶
//! ```

mod cluster;
mod hosts;
mod kv;
mod pair;
mod relay;

pub use cluster::Cluster;
pub use hosts::{Host, Hosts};
pub use kv::is_without_primary;
pub use pair::{ADMIN, Pair};
pub use relay::Relay;

use crate::Response;
use core::time::Duration;
use serde_json::Value;
use std::time::Instant;

/// How long anything may take that a test waits for.
const WITHIN: Duration = Duration::from_secs(60);

/// Looks until there is something to see.
///
/// # Panics
/// When there is nothing in time.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The body of an answer that must not be an error.
///
/// # Panics
/// When it is one.
#[track_caller]
pub fn fine(answer: &Response) -> Value {
    assert!(answer.status < 300, "{}: {}", answer.status, answer.body);
    answer.json()
}

/// The text at a place of an answer.
///
/// # Panics
/// When there is none.
#[track_caller]
pub fn text(answer: &Value, pointer: &str) -> String {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no text at {pointer} of {answer:#}"))
        .to_owned()
}
