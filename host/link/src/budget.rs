//! What the large frames of several calls may have in memory together.

use crate::FRAME_BYTES_MAX;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A frame up to this size needs no room in a [`Budget`]: those are bounded by their number.
pub const SMALL_FRAME_BYTES_MAX: usize = 64 * 1024;

/// Room for one frame of the largest size, or for more of less. Who wants more waits.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

/// Room that a frame takes, until it is dropped.
#[derive(Debug)]
pub struct Room(Option<OwnedSemaphorePermit>);

/// A frame and its room.
struct Held {
    frame: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(FRAME_BYTES_MAX)))
    }
}

impl Budget {
    /// Room for a frame of this length, once there is some.
    pub async fn room_for(&self, length: usize) -> Room {
        if length <= SMALL_FRAME_BYTES_MAX {
            return Room(None);
        }
        // Whatever its length, there is room for it once nothing else takes any.
        let length = u32::try_from(length.min(FRAME_BYTES_MAX)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        Room(Arc::clone(&self.0).acquire_many_owned(length).await.ok())
    }

    /// The same frame, which has its room until the last part of it is dropped.
    pub async fn hold(&self, frame: Bytes) -> Bytes {
        let room = self.room_for(frame.len()).await;
        room.hold(frame)
    }
}

impl Room {
    /// The frame, which has this room until the last part of it is dropped.
    pub fn hold(self, frame: Bytes) -> Bytes {
        match self.0 {
            None => frame,
            Some(_) => Bytes::from_owner(Held { frame, _room: self }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future::poll_fn;
    use core::pin::pin;
    use core::task::Poll;

    #[tokio::test]
    async fn large_frames_wait_for_each_other_and_small_ones_for_none() {
        let budget = Budget::default();
        let largest = budget.hold(Bytes::from(vec![1; FRAME_BYTES_MAX])).await;
        let part = largest.slice(..10);
        drop(largest);
        let small = Bytes::from(vec![2; SMALL_FRAME_BYTES_MAX]);
        assert_eq!(budget.hold(small.clone()).await, small);
        let large = Bytes::from(vec![3; SMALL_FRAME_BYTES_MAX + 1]);
        let mut waiting = pin!(budget.hold(large.clone()));
        let poll = poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context).is_pending()));
        assert!(poll.await, "a part of the first one is still there");
        drop(part);
        assert_eq!(waiting.await, large);
    }
}
