//! Frames of a call as the body of a request or an answer.

use crate::refused;
use bytes::{BufMut as _, Bytes, BytesMut};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use hyper::body::{Body, Frame};
use link::{FRAME_BYTES_MAX, LinkError, Piece};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::timeout;

/// A frame up to this size is copied behind its length, so that both travel as one piece.
const COPIED_BYTES_MAX: usize = 16 * 1024;

/// Of a larger frame so much is handed to HTTP/2 at a time: what was handed over cannot be taken back,
/// and one sees whether it goes.
const PIECE_BYTES_MAX: usize = 64 * 1024;

/// A body of what a channel sends.
#[derive(Debug)]
pub(crate) struct Outgoing {
    frames: mpsc::Receiver<Piece>,
    /// Of the frame whose length went ahead, what did not go yet.
    next: Option<Bytes>,
    is_complete: bool,
    /// Resolves to an error where the body was dropped before all of it went.
    given_up: Option<oneshot::Sender<()>>,
    /// Resolves where nothing more is to go.
    broken_off: Option<oneshot::Receiver<()>>,
    /// Is something on its way? Told again with each piece that goes.
    moves: watch::Sender<bool>,
    /// The place of the call among those of its connection.
    _place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Outgoing {
    /// The body of an answer.
    pub(crate) fn of_answer(
        frames: mpsc::Receiver<Piece>,
        broken_off: oneshot::Receiver<()>,
    ) -> (Self, Watched) {
        let (given_up, seen) = oneshot::channel();
        let (moves, moved) = watch::channel(false);
        let body = Self {
            frames,
            next: None,
            is_complete: false,
            given_up: Some(given_up),
            broken_off: Some(broken_off),
            moves,
            _place: None,
        };
        let watched = Watched {
            given_up: seen,
            moved: Moved(moved),
        };
        (body, watched)
    }

    /// The body of a request, which keeps the place of the call.
    pub(crate) fn of_request(
        frames: mpsc::Receiver<Piece>,
        place: Arc<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            frames,
            next: None,
            is_complete: false,
            given_up: None,
            broken_off: None,
            moves: watch::channel(false).0,
            _place: Some(place),
        }
    }

    /// Is nothing more to go?
    fn is_broken_off(&mut self, context: &mut Context<'_>) -> bool {
        let Some(broken_off) = &mut self.broken_off else {
            return false;
        };
        match Pin::new(broken_off).poll(context) {
            Poll::Pending => false,
            Poll::Ready(told) => {
                self.broken_off = None;
                told.is_ok()
            }
        }
    }

    fn complete(&mut self) {
        self.is_complete = true;
        if let Some(given_up) = self.given_up.take() {
            // Nobody asks any more where the call is over at this end.
            let _ = given_up.send(());
        }
    }
}

/// How a body does.
pub(crate) struct Watched {
    /// Resolves to an error where the call was given up.
    pub(crate) given_up: oneshot::Receiver<()>,
    pub(crate) moved: Moved,
}

/// Tells when a piece goes.
pub(crate) struct Moved(watch::Receiver<bool>);

impl Moved {
    /// Is a body asked for nothing for so long though it has something? Not where all of it went.
    pub(crate) async fn stalls(mut self, duration_max: Duration) -> bool {
        loop {
            match timeout(duration_max, self.0.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return false,
                Err(_) if *self.0.borrow() => return true,
                Err(_) => {}
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = LinkError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LinkError>>> {
        if self.is_broken_off(context) {
            let reason = String::from("it was broken off");
            return Poll::Ready(Some(Err(LinkError::Ended(reason))));
        }
        // It is asked for the next piece once there is room for it on the way to the peer.
        let next = self.as_mut().poll_next(context);
        self.moves.send_replace(next.is_ready());
        next
    }
}

impl Outgoing {
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LinkError>>> {
        if let Some(mut next) = self.next.take() {
            let piece = next.split_to(next.len().min(PIECE_BYTES_MAX));
            self.next = Some(next).filter(|rest| !rest.is_empty());
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if self.is_complete {
            return Poll::Ready(None);
        }
        match ready!(self.frames.poll_recv(context)) {
            None => {
                self.complete();
                Poll::Ready(None)
            }
            Some(Ok(frame)) => {
                let (first, next) = framed(frame)?;
                self.next = next;
                Poll::Ready(Some(Ok(Frame::data(first))))
            }
            Some(Err(LinkError::Refused(reason))) => {
                self.complete();
                Poll::Ready(Some(Ok(Frame::trailers(refused::write(&reason)))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }
}

/// A frame behind its length: in one piece, or in two without a copy.
fn framed(frame: Bytes) -> Result<(Bytes, Option<Bytes>), LinkError> {
    let length = frame.len();
    let short = u32::try_from(length).ok();
    let Some(short) = short.filter(|_| length <= FRAME_BYTES_MAX) else {
        return Err(LinkError::TooLarge(length));
    };
    if length > COPIED_BYTES_MAX {
        return Ok((Bytes::copy_from_slice(&short.to_be_bytes()), Some(frame)));
    }
    let mut both = BytesMut::with_capacity(size_of::<u32>() + length);
    both.put_u32(short);
    both.extend_from_slice(&frame);
    Ok((both.freeze(), None))
}
