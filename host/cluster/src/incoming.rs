//! The body of a request or an answer as the frames of a call.

use crate::refused;
use bytes::Bytes;
use core::error::Error;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use link::{CHANNEL_FRAMES_MAX, FRAME_BYTES_MAX, LinkError, Piece};
use tokio::sync::mpsc;
use tokio::sync::mpsc::OwnedPermit;

/// Bytes before each frame that say how long it is, the highest first.
pub(crate) const LENGTH_BYTES: usize = 4;

/// What is reserved at once for a frame; the rest as it comes, so that a length alone costs nothing.
const RESERVE_BYTES_MIN: usize = 64 * 1024;

/// Where the frames of a call go. Whatever happens to it, its receiver learns whether all came.
#[derive(Debug)]
pub(crate) struct Incoming {
    sender: mpsc::Sender<Piece>,
    /// A place for the last word, which is there even where the receiver does not read.
    last: Option<OwnedPermit<Piece>>,
}

impl Incoming {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (sender, receiver) = mpsc::channel(CHANNEL_FRAMES_MAX + 1);
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
pub(crate) async fn carry<B>(mut body: B, incoming: Incoming)
where
    B: Body<Data = Bytes, Error: Error> + Unpin,
{
    let mut frames = Frames::default();
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
                Ok(None) => {}
                Ok(Some(frame)) => {
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
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    // What rustls says of a cut refers to its manual, which is for programmers.
    if let Some(at) = text.find(": https://docs.rs/") {
        text.truncate(at);
    }
    text
}

/// Bytes to frames.
#[derive(Debug, Default)]
struct Frames {
    length: Vec<u8>,
    frame: Vec<u8>,
}

impl Frames {
    fn is_between(&self) -> bool {
        self.length.is_empty()
    }

    /// Takes from `data` what belongs to one frame; the frame, where it is complete.
    fn take(&mut self, data: &mut Bytes) -> Result<Option<Bytes>, LinkError> {
        let missing = LENGTH_BYTES.saturating_sub(self.length.len());
        let part = data.split_to(missing.min(data.len()));
        self.length.extend_from_slice(&part);
        let Ok(length) = <[u8; LENGTH_BYTES]>::try_from(self.length.as_slice()) else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > FRAME_BYTES_MAX {
            return Err(LinkError::TooLarge(length));
        }
        let missing = length.saturating_sub(self.frame.len());
        let part = data.split_to(missing.min(data.len()));
        if self.frame.capacity().saturating_sub(self.frame.len()) < part.len() {
            let more = self.frame.len().max(part.len()).max(RESERVE_BYTES_MIN);
            self.frame.reserve_exact(more.min(missing));
        }
        self.frame.extend_from_slice(&part);
        if self.frame.len() < length {
            return Ok(None);
        }
        self.length.clear();
        Ok(Some(Bytes::from(core::mem::take(&mut self.frame))))
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
            let mut reader = Frames::default();
            let mut read = Vec::new();
            for part in encoded(&frames).chunks(cut) {
                let mut data = Bytes::copy_from_slice(part);
                while !data.is_empty() {
                    read.extend(reader.take(&mut data).unwrap());
                }
            }
            prop_assert!(reader.is_between());
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn never_reserves_much_more_than_came(length in 0_u32..=84_000_000, came in 0_usize..200) {
            let mut data = length.to_be_bytes().to_vec();
            data.resize(LENGTH_BYTES + came, 7);
            let mut reader = Frames::default();
            let mut data = Bytes::from(data);
            let taken = reader.take(&mut data);
            prop_assert_eq!(taken.is_err(), length as usize > FRAME_BYTES_MAX);
            prop_assert!(reader.frame.capacity() <= 2 * RESERVE_BYTES_MIN);
        }
    }
}
