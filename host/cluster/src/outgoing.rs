//! Frames of a call as the body of a request or an answer.

use crate::incoming::LENGTH_BYTES;
use crate::{refused, settings};
use bytes::{BufMut as _, Bytes, BytesMut};
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, ready};
use core::time::Duration;
use hyper::body::{Body, Frame};
use link::{FRAME_BYTES_MAX, LinkError, Piece};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::timeout;

/// Frames that wait are copied into one piece of this size: each piece is a write to the socket, which
/// costs more. Of a larger frame a piece is a part.
const PIECE_BYTES_MAX: usize = settings::PIECE_BYTES_MAX as usize;

/// A body of what a channel sends.
#[derive(Debug)]
pub(crate) struct Outgoing {
    frames: mpsc::Receiver<Piece>,
    /// Of the frame whose length went ahead, what did not go yet.
    next: Option<Bytes>,
    /// What comes after the frames that went, where that is no frame.
    end: Option<LinkError>,
    is_complete: bool,
    /// Resolves to an error where the body was dropped before all of it went.
    given_up: Option<oneshot::Sender<()>>,
    /// Resolves where nothing more is to go.
    broken_off: Option<oneshot::Receiver<()>>,
    moves: Arc<Moves>,
    /// Dropped with it.
    _gone: Option<oneshot::Sender<()>>,
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
        let (gone, is_gone) = oneshot::channel();
        let body = Self {
            given_up: Some(given_up),
            broken_off: Some(broken_off),
            _gone: Some(gone),
            ..Self::of(frames)
        };
        let watched = Watched {
            given_up: seen,
            moved: Moved {
                moves: Arc::clone(&body.moves),
                gone: is_gone,
            },
        };
        (body, watched)
    }

    /// The body of a request, which keeps the place of the call.
    pub(crate) fn of_request(
        frames: mpsc::Receiver<Piece>,
        place: Arc<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            _place: Some(place),
            ..Self::of(frames)
        }
    }

    fn of(frames: mpsc::Receiver<Piece>) -> Self {
        Self {
            frames,
            next: None,
            end: None,
            is_complete: false,
            given_up: None,
            broken_off: None,
            moves: Arc::default(),
            _gone: None,
            _place: None,
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

/// How often a body was asked for a piece, twice; one more where it had something when it was asked
/// last. Whoever watches looks now and then, so that a piece costs nothing to be watched.
#[derive(Debug, Default)]
struct Moves(AtomicU64);

impl Moves {
    fn note(&self, has_something: bool) {
        let count = self.0.load(Ordering::Relaxed) | 1;
        let next = count.wrapping_add(1) | u64::from(has_something);
        self.0.store(next, Ordering::Relaxed);
    }
}

/// Tells whether pieces go.
pub(crate) struct Moved {
    moves: Arc<Moves>,
    gone: oneshot::Receiver<()>,
}

impl Moved {
    /// Is a body asked for nothing for so long though it has something? Seen after twice as long at
    /// the latest. Not where all of it went.
    pub(crate) async fn stalls(mut self, duration_max: Duration) -> bool {
        let mut before = None;
        while timeout(duration_max, &mut self.gone).await.is_err() {
            let moves = self.moves.0.load(Ordering::Relaxed);
            if moves % 2 == 1 && before == Some(moves) {
                return true;
            }
            before = Some(moves);
        }
        false
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
        self.moves.note(next.is_ready());
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
        let first = match self.end.take() {
            Some(error) => Some(Err(error)),
            None => ready!(self.frames.poll_recv(context)),
        };
        match first {
            None => {
                self.complete();
                Poll::Ready(None)
            }
            Some(Ok(frame)) => Poll::Ready(Some(self.gather(frame, context).map(Frame::data))),
            Some(Err(LinkError::Refused(reason))) => {
                self.complete();
                Poll::Ready(Some(Ok(Frame::trailers(refused::write(&reason)))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }

    /// A frame behind its length, with those that wait after it, as one piece. What does not fit in
    /// goes next, without a copy.
    fn gather(&mut self, first: Bytes, context: &mut Context<'_>) -> Result<Bytes, LinkError> {
        let mut piece = BytesMut::with_capacity(LENGTH_BYTES + first.len().min(PIECE_BYTES_MAX));
        let mut frame = first;
        loop {
            piece.put_u32(length_of(&frame)?);
            if piece.len() + frame.len() > PIECE_BYTES_MAX {
                self.next = Some(frame);
                break;
            }
            piece.extend_from_slice(&frame);
            match self.frames.poll_recv(context) {
                Poll::Ready(Some(Ok(next))) => frame = next,
                Poll::Ready(Some(Err(error))) => {
                    self.end = Some(error);
                    break;
                }
                // That no more comes is told once more.
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        Ok(piece.freeze())
    }
}

/// As it goes ahead of a frame.
fn length_of(frame: &Bytes) -> Result<u32, LinkError> {
    let length = frame.len();
    let short = u32::try_from(length).ok();
    short
        .filter(|_| length <= FRAME_BYTES_MAX)
        .ok_or(LinkError::TooLarge(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::{Bounds, Incoming, carry};
    use http_body_util::BodyExt as _;
    use link::Channel;
    use proptest::prelude::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    /// The pieces of a body, as long as there are some.
    async fn pieces(mut body: Outgoing) -> Vec<usize> {
        let mut pieces = Vec::new();
        while let Some(frame) = body.frame().await {
            pieces.push(frame.unwrap().into_data().unwrap().len());
        }
        pieces
    }

    fn size() -> impl Strategy<Value = usize> {
        let near = PIECE_BYTES_MAX - 12..PIECE_BYTES_MAX + 12;
        prop_oneof![0_usize..40, near, 0_usize..3 * PIECE_BYTES_MAX]
    }

    proptest! {
        #[test]
        fn frames_arrive_as_they_were_sent_however_they_are_gathered(
            sizes in prop::collection::vec(size(), 0..9),
            is_refused in any::<bool>(),
        ) {
            let frame = |(at, size)| Bytes::from(vec![u8::try_from(at).unwrap(); size]);
            let sent: Vec<Bytes> = sizes.into_iter().enumerate().map(frame).collect();
            let (received, end) = run(async {
                let (sender, frames) = mpsc::channel(4);
                let bounds = Bounds::of_answer();
                let (incoming, receiver) = Incoming::new(&bounds);
                let mut channel = Channel::new(mpsc::channel(1).0, receiver);
                let sending = async {
                    for frame in sent.clone() {
                        sender.send(Ok(frame)).await.unwrap();
                    }
                    if is_refused {
                        let refused = LinkError::Refused(String::from("no"));
                        sender.send(Err(refused)).await.unwrap();
                    }
                    drop(sender);
                };
                let receiving = async {
                    let mut received = Vec::new();
                    loop {
                        match channel.receive().await {
                            Ok(Some(frame)) => received.push(frame),
                            Ok(None) => return (received, None),
                            Err(error) => return (received, Some(error)),
                        }
                    }
                };
                let body = Outgoing::of(frames);
                tokio::join!(sending, carry(body, incoming, bounds), receiving).2
            });
            prop_assert_eq!(received, sent);
            let refused = is_refused.then(|| LinkError::Refused(String::from("no")));
            prop_assert_eq!(end, refused);
        }
    }

    #[test]
    fn what_waits_goes_as_one_piece() {
        let check = |sizes: &[usize], expected: &[usize]| {
            let (sender, frames) = mpsc::channel(sizes.len());
            for size in sizes {
                sender.try_send(Ok(Bytes::from(vec![0; *size]))).unwrap();
            }
            drop(sender);
            assert_eq!(run(pieces(Outgoing::of(frames))), expected, "{sizes:?}");
        };
        check(&[10, 0, 30_000, 2], &[30_028]);
        check(&[PIECE_BYTES_MAX - LENGTH_BYTES], &[PIECE_BYTES_MAX]);
        // What does not fit in goes as it is.
        let large = 2 * PIECE_BYTES_MAX + 1;
        check(
            &[10, large, 5, 5],
            &[14 + LENGTH_BYTES, PIECE_BYTES_MAX, PIECE_BYTES_MAX, 1, 18],
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_asked_for_nothing_stalls_once_it_had_something() {
        let minute = Duration::from_secs(60);
        let body = || {
            let (sender, frames) = mpsc::channel(1);
            let (body, watched) = Outgoing::of_answer(frames, oneshot::channel().1);
            (sender, body, watched.moved)
        };
        let (sender, mut with_something, moved) = body();
        sender.try_send(Ok(Bytes::from_static(b"x"))).unwrap();
        assert!(with_something.frame().await.is_some());
        assert!(moved.stalls(minute).await);

        let (_sender, mut with_nothing, moved) = body();
        let asked = timeout(Duration::ZERO, with_nothing.frame()).await;
        assert!(asked.is_err());
        let stalls = timeout(10 * minute, moved.stalls(minute)).await;
        assert!(stalls.is_err(), "nobody waits for what is not there");

        let (_sender, gone, moved) = body();
        drop(gone);
        assert!(!moved.stalls(minute).await);
    }
}
