//! Frames in order, both ways.

use crate::{Budget, LinkError};
use bytes::Bytes;
use tokio::sync::mpsc;

/// The largest frame, in bytes: room for the largest commit.
pub const FRAME_BYTES_MAX: usize = 80 * 1024 * 1024;

/// Frames that wait in a channel in one direction; more make the sender wait.
pub const CHANNEL_FRAMES_MAX: usize = 4;

/// A frame, or why no further one can come.
pub type Piece = Result<Bytes, LinkError>;

/// One call, from one of its ends. Who drops its end has sent all it had to.
#[derive(Debug)]
pub struct Channel {
    outgoing: mpsc::Sender<Piece>,
    incoming: mpsc::Receiver<Piece>,
    /// What the large frames that it sends may have on their way.
    budget: Option<Budget>,
}

impl Channel {
    /// The end of a call whose frames go out and come in there.
    pub const fn new(outgoing: mpsc::Sender<Piece>, incoming: mpsc::Receiver<Piece>) -> Self {
        Self {
            outgoing,
            incoming,
            budget: None,
        }
    }

    /// The same, whose large frames wait until there is room for them in what several calls share.
    #[must_use]
    pub fn within(self, budget: Budget) -> Self {
        Self {
            budget: Some(budget),
            ..self
        }
    }

    /// Sends a frame. Waits while the other end is slow.
    ///
    /// # Errors
    /// When the frame is too large, and when the other end is gone.
    pub async fn send(&self, frame: impl Into<Bytes>) -> Result<(), LinkError> {
        let frame = frame.into();
        if frame.len() > FRAME_BYTES_MAX {
            return Err(LinkError::TooLarge(frame.len()));
        }
        let frame = match &self.budget {
            Some(budget) => budget.hold(frame).await,
            None => frame,
        };
        let sent = self.outgoing.send(Ok(frame)).await;
        sent.map_err(|_| LinkError::Ended(String::from("the call is over")))
    }

    /// The next frame; None where the other end has sent all it had to.
    ///
    /// # Errors
    /// When the connection ended before that.
    pub async fn receive(&mut self) -> Result<Option<Bytes>, LinkError> {
        self.incoming.recv().await.transpose()
    }

    /// Ends the call with a reason that the other end receives as [`LinkError::Refused`].
    pub async fn refuse(self, reason: impl Into<String>) {
        let refused = LinkError::Refused(reason.into());
        // Where the other end is gone, nobody is left to be told.
        let _ = self.outgoing.send(Err(refused)).await;
    }

    /// Its two directions: for whoever carries the frames further.
    pub fn into_parts(self) -> (mpsc::Sender<Piece>, mpsc::Receiver<Piece>) {
        (self.outgoing, self.incoming)
    }
}

/// Both ends of a call within one process: what one end sends the other receives.
pub fn pair() -> (Channel, Channel) {
    let (out_a, in_b) = mpsc::channel(CHANNEL_FRAMES_MAX);
    let (out_b, in_a) = mpsc::channel(CHANNEL_FRAMES_MAX);
    (Channel::new(out_a, in_a), Channel::new(out_b, in_b))
}
