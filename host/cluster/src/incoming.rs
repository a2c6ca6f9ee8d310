//! The body of a request or an answer as the frames of a call.

use crate::refused;
use bytes::Bytes;
use core::error::Error;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use link::{Budget, CHANNEL_FRAMES_MAX, FRAME_BYTES_MAX, LinkError, Piece, Room};
use tokio::sync::mpsc;
use tokio::sync::mpsc::OwnedPermit;

/// Bytes before each frame that say how long it is, the highest first.
pub(crate) const LENGTH_BYTES: usize = 4;

/// What is reserved at once for a frame; the rest as it comes, so that a length alone costs nothing.
const RESERVE_BYTES_MIN: usize = 64 * 1024;

/// What the frames that come in one call may cost.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// The largest frame, in bytes.
    pub(crate) frame_bytes_max: usize,
    /// Frames that wait for their receiver.
    pub(crate) waiting_max: usize,
    /// What large frames of all calls of the peer have room in.
    pub(crate) budget: Option<Budget>,
}

impl Bounds {
    /// Those of what the called end says, whom the calling one trusts.
    pub(crate) const fn of_answer() -> Self {
        Self {
            frame_bytes_max: FRAME_BYTES_MAX,
            waiting_max: CHANNEL_FRAMES_MAX,
            budget: None,
        }
    }

    /// Those of what a peer says: it is no more than questions and requests, each of which is waited
    /// for. What is behind it waits with the peer.
    pub(crate) const fn of_request(frame_bytes_max: usize, budget: Budget) -> Self {
        Self {
            frame_bytes_max,
            waiting_max: 1,
            budget: Some(budget),
        }
    }

    async fn room_for(&self, length: usize) -> Option<Room> {
        match &self.budget {
            Some(budget) => Some(budget.room_for(length).await),
            None => None,
        }
    }
}

/// Where the frames of a call go. Whatever happens to it, its receiver learns whether all came.
#[derive(Debug)]
pub(crate) struct Incoming {
    sender: mpsc::Sender<Piece>,
    /// A place for the last word, which is there even where the receiver does not read.
    last: Option<OwnedPermit<Piece>>,
}

impl Incoming {
    pub(crate) fn new(bounds: &Bounds) -> (Self, mpsc::Receiver<Piece>) {
        let (sender, receiver) = mpsc::channel(bounds.waiting_max.saturating_add(1));
        let last = sender.clone().try_reserve_owned().ok();
        (Self { sender, last }, receiver)
    }

    /// All came.
    fn complete(mut self) {
        self.last = None;
    }

    /// No more comes, and why.
    fn fail(mut self, error: LinkError) {
        if let Some(last) = self.last.take() {
            last.send(Err(error));
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(last) = self.last.take() {
            let error = LinkError::Ended(String::from("the connection is gone"));
            last.send(Err(error));
        }
    }
}

/// Carries the frames of a body to their receiver, until all came or it is gone.
pub(crate) async fn carry<B>(mut body: B, incoming: Incoming, bounds: Bounds)
where
    B: Body<Data = Bytes, Error: Error> + Unpin,
{
    let mut frames = Frames::new(bounds.frame_bytes_max);
    loop {
        let next = tokio::select! {
            next = body.frame() => next,
            () = incoming.sender.closed() => return,
        };
        let frame = match next {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return incoming.fail(LinkError::Ended(chain(&error))),
            None if frames.is_between() => return incoming.complete(),
            None => {
                let reason = String::from("it ended in the middle of a frame");
                return incoming.fail(LinkError::Ended(reason));
            }
        };
        let mut data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => match frame.trailers_ref().and_then(refused::read) {
                Some(reason) => return incoming.fail(LinkError::Refused(reason)),
                None => continue,
            },
        };
        while !data.is_empty() {
            match frames.take(&mut data) {
                Ok(Taken::Part) => {}
                Ok(Taken::Length(length)) => tokio::select! {
                    room = bounds.room_for(length) => frames.room = room,
                    () = incoming.sender.closed() => return,
                },
                Ok(Taken::Frame(frame)) => {
                    if incoming.sender.send(Ok(frame)).await.is_err() {
                        return;
                    }
                }
                Err(error) => return incoming.fail(error),
            }
        }
    }
}

/// An error with its causes: hyper says what it was doing, and only its causes why that failed.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = base::chain(error);
    // What rustls says of a cut refers to its manual, which is for programmers.
    if let Some(at) = text.find(": https://docs.rs/") {
        text.truncate(at);
    }
    text
}

/// Bytes to frames.
#[derive(Debug)]
struct Frames {
    length_max: usize,
    length: Vec<u8>,
    frame: Vec<u8>,
    /// Where the frame that comes has its room.
    room: Option<Room>,
}

/// What some bytes are.
#[derive(Debug)]
enum Taken {
    /// A part of what is to come.
    Part,
    /// How long a frame will be.
    Length(usize),
    /// The rest of a frame, which is complete.
    Frame(Bytes),
}

impl Frames {
    const fn new(length_max: usize) -> Self {
        Self {
            length_max,
            length: Vec::new(),
            frame: Vec::new(),
            room: None,
        }
    }

    fn is_between(&self) -> bool {
        self.length.is_empty()
    }

    /// Takes from `data` what belongs to one frame, or to its length.
    fn take(&mut self, data: &mut Bytes) -> Result<Taken, LinkError> {
        let missing = LENGTH_BYTES.saturating_sub(self.length.len());
        let part = data.split_to(missing.min(data.len()));
        self.length.extend_from_slice(&part);
        let is_new = !part.is_empty();
        let Ok(length) = <[u8; LENGTH_BYTES]>::try_from(self.length.as_slice()) else {
            return Ok(Taken::Part);
        };
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > self.length_max {
            return Err(LinkError::TooLarge(length));
        }
        if is_new && length > 0 {
            return Ok(Taken::Length(length));
        }
        let missing = length.saturating_sub(self.frame.len());
        let part = data.split_to(missing.min(data.len()));
        if self.frame.capacity().saturating_sub(self.frame.len()) < part.len() {
            let more = self.frame.len().max(part.len()).max(RESERVE_BYTES_MIN);
            self.frame.reserve_exact(more.min(missing));
        }
        self.frame.extend_from_slice(&part);
        if self.frame.len() < length {
            return Ok(Taken::Part);
        }
        self.length.clear();
        let frame = Bytes::from(core::mem::take(&mut self.frame));
        Ok(Taken::Frame(match self.room.take() {
            Some(room) => room.hold(frame),
            None => frame,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for frame in frames {
            bytes.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(frame);
        }
        bytes
    }

    #[test]
    fn the_reason_of_a_cut_refers_nobody_to_a_manual_for_programmers() {
        let said = "peer closed: https://docs.rs/rustls/latest/#unexpected-eof";
        let cut = std::io::Error::other(std::io::Error::other(said));
        assert_eq!(chain(&cut), "peer closed");
        let other = std::io::Error::other("no route to https://a:8200");
        assert_eq!(chain(&other), "no route to https://a:8200");
    }

    proptest! {
        #[test]
        fn frames_come_out_however_they_are_cut(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
            cut in 1_usize..12,
        ) {
            let mut reader = Frames::new(FRAME_BYTES_MAX);
            let mut read = Vec::new();
            for part in encoded(&frames).chunks(cut) {
                let mut data = Bytes::copy_from_slice(part);
                while !data.is_empty() {
                    if let Taken::Frame(frame) = reader.take(&mut data).unwrap() {
                        read.push(frame);
                    }
                }
            }
            prop_assert!(reader.is_between());
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn never_reserves_much_more_than_came(length in 0_u32..=84_000_000, came in 0_usize..200) {
            let mut data = length.to_be_bytes().to_vec();
            data.resize(LENGTH_BYTES + came, 7);
            let mut reader = Frames::new(FRAME_BYTES_MAX);
            let mut data = Bytes::from(data);
            let mut taken = reader.take(&mut data);
            if matches!(taken, Ok(Taken::Length(_))) {
                taken = reader.take(&mut data);
            }
            prop_assert_eq!(taken.is_err(), length as usize > FRAME_BYTES_MAX);
            prop_assert!(reader.frame.capacity() <= 2 * RESERVE_BYTES_MIN);
        }
    }
}
