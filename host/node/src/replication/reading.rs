//! The log, as a stream to a secondary reads on in it.

use super::answering::has_one_thread;
use journal::{JournalError, Source, SourceError, Tail};
use std::sync::Arc;

/// Bytes of the log that are read at a time.
const READ_BYTES: usize = 1024 * 1024;

/// What comes after an entry. What a slow secondary lacks is read from the disk where nobody else
/// waits for it.
pub(super) async fn on(source: &Arc<dyn Source>, after: u64) -> Result<Tail, SourceError> {
    if source.is_at_hand(after) || has_one_thread() {
        return source.read(after, READ_BYTES);
    }
    let source = Arc::clone(source);
    let reading = tokio::task::spawn_blocking(move || source.read(after, READ_BYTES));
    // It ends before its time with the process alone.
    let ended = |_| SourceError::from(JournalError::Closed);
    reading.await.map_err(ended)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use journal::{Extent, Waiting};
    use std::sync::Mutex;
    use std::thread::{ThreadId, current};

    /// Up to ten it is on the disk. Notes who reads.
    #[derive(Default)]
    struct Noting(Mutex<Vec<(u64, ThreadId)>>);

    impl Source for Noting {
        fn read(&self, after: u64, _: usize) -> Result<Tail, SourceError> {
            self.0.lock().unwrap().push((after, current().id()));
            Ok(Tail {
                upto: after + 1,
                ..Tail::default()
            })
        }

        fn is_at_hand(&self, after: u64) -> bool {
            after >= 10
        }

        fn beyond(&self, _: u64) -> Waiting {
            Box::pin(core::future::pending())
        }

        fn extent(&self) -> Extent {
            Extent::default()
        }

        fn keep_after(&self, _: Option<u64>) {}
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn who_has_others_to_serve_does_not_wait_for_the_disk() {
        let noting = Arc::new(Noting::default());
        let source = Arc::clone(&noting) as Arc<dyn Source>;
        let here = tokio::spawn(async move {
            for after in [10, 9] {
                assert_eq!(on(&source, after).await.unwrap().upto, after + 1);
            }
            current().id()
        });
        let here = here.await.unwrap();
        let read = noting.0.lock().unwrap().clone();
        let by_itself: Vec<_> = read.iter().map(|(at, who)| (*at, *who == here)).collect();
        assert_eq!(by_itself, [(10, true), (9, false)]);
    }
}
