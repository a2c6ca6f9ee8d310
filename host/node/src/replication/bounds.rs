//! What one secondary may cost its primary, whatever it sends.

use link::{FRAME_BYTES_MAX, SMALL_FRAME_BYTES_MAX};
use replication::{Hello, Method};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The longest question: it names each bucket of a tree, in two bytes, and a key.
const QUESTION_BYTES_MAX: usize = 256 * 1024;

/// What a forwarded request has besides its body: headers, certificates, the caller's token.
const BESIDES_BODY_BYTES_MAX: usize = 1024 * 1024;

/// The longest address that a secondary may have shown.
const ADDRESS_BYTES_MAX: usize = 255;

/// Streams of one secondary. It needs one; those of connections that broke may not have been noticed.
const STREAMS_MAX: usize = 4;

/// Comparisons of one secondary: each holds a moment of the storage. It has one to catch up and one
/// to look whether its digests are right.
const COMPARISONS_MAX: usize = 2;

/// Requests of one secondary that run, also while nobody waits for them any more: as many as it can
/// have calls.
const REQUESTS_MAX: usize = 128;

/// Answers for comparisons that are gathered at one time, for all secondaries: each has a thread, also
/// while nobody takes it.
const ANSWERS_MAX: usize = 64;

/// The largest frame that a secondary may send in a call, in bytes; None is a method that nobody knows.
pub(crate) fn frame_bytes_max(method: Option<Method>, request_bytes_max: usize) -> usize {
    match method {
        // It has the body as it came, and what was read of it.
        Some(Method::Forward) => request_bytes_max
            .saturating_mul(2)
            .saturating_add(BESIDES_BODY_BYTES_MAX)
            .min(FRAME_BYTES_MAX),
        Some(Method::Compare) => QUESTION_BYTES_MAX,
        Some(Method::Bootstrap | Method::Follow | Method::Greet) | None => SMALL_FRAME_BYTES_MAX,
    }
}

/// Why what a secondary says of itself is more than is shown of it; None where it is not.
pub(crate) fn check_addresses(hello: &Hello) -> Result<(), String> {
    let is_short = |address: &str| address.len() <= ADDRESS_BYTES_MAX;
    match is_short(&hello.api_address) && is_short(&hello.cluster_address) {
        true => Ok(()),
        false => Err(format!(
            "an address of this secondary is longer than {ADDRESS_BYTES_MAX} bytes"
        )),
    }
}

/// Places of calls that cost more than an answer.
#[derive(Debug)]
pub(crate) struct Places {
    of: Mutex<BTreeMap<String, OfOne>>,
    answers: Arc<Semaphore>,
}

/// Those of one secondary.
#[derive(Debug)]
struct OfOne {
    streams: Arc<Semaphore>,
    comparisons: Arc<Semaphore>,
    requests: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            of: Mutex::default(),
            answers: Arc::new(Semaphore::new(ANSWERS_MAX)),
        }
    }
}

impl Places {
    /// A place for a further call of a secondary, until it is dropped; None for a call that needs none.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn of(
        &self,
        secondary: &str,
        method: Method,
    ) -> Result<Option<OwnedSemaphorePermit>, String> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = of.entry(secondary.to_owned()).or_insert_with(|| OfOne {
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            comparisons: Arc::new(Semaphore::new(COMPARISONS_MAX)),
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
        });
        let (places, what) = match method {
            Method::Follow => (&of_one.streams, format!("{STREAMS_MAX} streams")),
            Method::Compare => (
                &of_one.comparisons,
                format!("{COMPARISONS_MAX} comparisons"),
            ),
            Method::Forward => (&of_one.requests, format!("{REQUESTS_MAX} requests")),
            Method::Bootstrap | Method::Greet => return Ok(None),
        };
        let place = Arc::clone(places).try_acquire_owned();
        place
            .map(Some)
            .map_err(|_| format!("{what} of this secondary are under way already"))
    }

    /// A place for gathering an answer, once there is one.
    pub(crate) async fn for_answer(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.answers).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{MountId, NamespaceId};
    use digest::Tree;
    use locality::Class;
    use replication::{Question, TreeName, encode};

    #[test]
    fn frames_are_bounded_by_what_their_method_needs() {
        const MIB: usize = 1024 * 1024;
        for (method, request_bytes_max, expected) in [
            (Some(Method::Follow), 32 * MIB, 64 * 1024),
            (Some(Method::Bootstrap), 32 * MIB, 64 * 1024),
            (Some(Method::Greet), 32 * MIB, 64 * 1024),
            (None, 32 * MIB, 64 * 1024),
            (Some(Method::Compare), 32 * MIB, 256 * 1024),
            (Some(Method::Forward), 32 * MIB, 65 * MIB),
            (Some(Method::Forward), MIB, 3 * MIB),
            (Some(Method::Forward), usize::MAX, FRAME_BYTES_MAX),
        ] {
            assert_eq!(
                frame_bytes_max(method, request_bytes_max),
                expected,
                "{method:?}"
            );
        }
    }

    #[test]
    fn the_longest_question_has_room() {
        let tree = Tree::new(Class::Replicated, NamespaceId::ROOT, MountId::new(u64::MAX));
        let buckets = (0..=u8::MAX).flat_map(|branch| (0..=u8::MAX).map(move |end| (branch, end)));
        let longest = Question::Rest {
            tree: TreeName(tree),
            buckets: Some(buckets.collect()),
            after: vec![7; storage::KEY_BYTES_MAX],
        };
        let length = encode(&longest).unwrap().len();
        assert!(length <= QUESTION_BYTES_MAX, "{length}");
    }
}
