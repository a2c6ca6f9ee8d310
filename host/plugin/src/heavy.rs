//! Work that takes a core for milliseconds or more: not done where other requests wait.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads, and a short queue before them. Owns both; they end with it.
pub(crate) struct Heavy {
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// The queue is full, or the job did not end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused;

/// Jobs that wait for each thread, at most: with password hashes of 40 ms, a second's worth.
const WAITING_PER_THREAD_MAX: usize = 25;

impl Heavy {
    pub(crate) fn start(thread_count: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel::<Job>(thread_count * WAITING_PER_THREAD_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let threads = (0..thread_count).map(|_| {
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new().name(String::from("plugin-heavy"));
            thread.spawn(move || while next(&receiver).map(|job| job()).is_some() {})
        });
        Ok(Self {
            threads: threads.collect::<Result<_, _>>()?,
            jobs: Some(sender),
        })
    }

    /// Does `work` on one of the threads. Names no runtime: whoever polls is woken.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody waits any more: the call was dropped.
            drop(done.send(work()));
        });
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => result.await.map_err(|_| Refused),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => Err(Refused),
        }
    }
}

impl Drop for Heavy {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A job that panicked has lost its own caller; nothing else hangs on it.
            drop(thread.join());
        }
    }
}

/// Waits for a job with the lock held: so do the other threads, each for its turn.
fn next(receiver: &Mutex<Receiver<Job>>) -> Option<Job> {
    receiver
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    #[test]
    fn a_full_queue_refuses_at_once() {
        let heavy = Heavy::start(1).unwrap();
        let (go, wait) = sync_channel::<()>(0);
        let mut context = Context::from_waker(Waker::noop());
        let mut first = pin!(heavy.run(move || wait.recv()));
        assert!(first.as_mut().poll(&mut context).is_pending());
        let mut waiting = Vec::new();
        let refused = loop {
            let mut job = Box::pin(heavy.run(|| ()));
            match job.as_mut().poll(&mut context) {
                Poll::Ready(answer) => break answer.is_err(),
                Poll::Pending => waiting.push(job),
            }
        };
        assert!(refused);
        assert!(waiting.len() <= WAITING_PER_THREAD_MAX + 1);
        go.send(()).unwrap();
    }
}
