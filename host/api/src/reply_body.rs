//! The body of a response: whole, or as it comes to be.

use crate::activity::InFlight;
use base::Pieces;
use bytes::Bytes;
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use hyper::body::{Body, Frame, SizeHint};

/// Either kind of body.
pub(crate) enum ReplyBody {
    Whole(Bytes),
    Flow {
        pieces: Box<dyn Pieces>,
        /// As long as it flows its connection is not idle.
        in_flight: Option<InFlight>,
    },
}

impl ReplyBody {
    /// Counts the request as in flight until the body has ended.
    pub(crate) fn hold(&mut self, held: InFlight) {
        if let Self::Flow { in_flight, .. } = self {
            *in_flight = Some(held);
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => {
                let all = core::mem::take(bytes);
                Poll::Ready(Some(Ok(Frame::data(all))))
            }
            Self::Flow { pieces, .. } => {
                let polled = pieces.poll_next(context);
                polled.map(|piece| piece.map(|piece| Ok(Frame::data(Bytes::from(piece)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Flow { .. } => SizeHint::default(),
        }
    }
}
