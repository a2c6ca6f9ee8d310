//! Frames of a call as the body of a request or an answer.

use crate::refused;
use bytes::{BufMut as _, Bytes, BytesMut};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use hyper::body::{Body, Frame};
use link::{FRAME_BYTES_MAX, LinkError, Piece};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// A frame up to this size is copied behind its length, so that both travel as one piece.
const COPIED_BYTES_MAX: usize = 16 * 1024;

/// A body of what a channel sends.
#[derive(Debug)]
pub(crate) struct Outgoing {
    frames: mpsc::Receiver<Piece>,
    /// The frame whose length went ahead.
    next: Option<Bytes>,
    is_complete: bool,
    /// Resolves to an error where the body was dropped before all of it went.
    given_up: Option<oneshot::Sender<()>>,
    /// The place of the call among those of its connection.
    _place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Outgoing {
    /// The body of an answer. The receiver resolves to an error where the call was given up.
    pub(crate) fn of_answer(frames: mpsc::Receiver<Piece>) -> (Self, oneshot::Receiver<()>) {
        let (given_up, seen) = oneshot::channel();
        let body = Self {
            frames,
            next: None,
            is_complete: false,
            given_up: Some(given_up),
            _place: None,
        };
        (body, seen)
    }

    /// The body of a request, which keeps the place of the call.
    pub(crate) const fn of_request(
        frames: mpsc::Receiver<Piece>,
        place: Arc<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            frames,
            next: None,
            is_complete: false,
            given_up: None,
            _place: Some(place),
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

impl Body for Outgoing {
    type Data = Bytes;
    type Error = LinkError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LinkError>>> {
        if let Some(next) = self.next.take() {
            return Poll::Ready(Some(Ok(Frame::data(next))));
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
