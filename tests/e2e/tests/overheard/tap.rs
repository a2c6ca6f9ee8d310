//! Connections whose frames are kept.

use bytes::Bytes;
use cluster::Connector;
use link::{Channel, DialError, Dialer, Identity, Later, Link, LinkError, Piece, Protocol};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::mpsc::{Receiver, Sender};

/// Who sent a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Primary,
    Secondary,
}

/// A frame, and of which call it was.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) method: String,
    pub(crate) from: From,
    pub(crate) bytes: Bytes,
}

/// Connects as a server does, and keeps every frame, both ways.
#[derive(Clone, Default)]
pub(crate) struct Tap(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    frames: Vec<Frame>,
    /// Whom it last connected to, and as whom.
    last: Option<(Vec<String>, Identity)>,
}

impl Tap {
    /// The frames that were kept since this was asked last.
    pub(crate) fn take(&self) -> Vec<Frame> {
        core::mem::take(&mut self.inner().frames)
    }

    /// Connects once more to whom it last connected, as the same.
    pub(crate) async fn again(&self) -> Arc<dyn Link> {
        let (addresses, identity) = self.inner().last.clone().unwrap();
        let dialed = self.dial(Protocol::Performance, &addresses, &identity);
        dialed.await.unwrap()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

impl Dialer for Tap {
    fn dial<'a>(
        &'a self,
        protocol: Protocol,
        addresses: &'a [String],
        identity: &'a Identity,
    ) -> Later<'a, Result<Arc<dyn Link>, DialError>> {
        Box::pin(async move {
            let connector = Connector::new(cluster::Settings::default());
            let link = connector.dial(protocol, addresses, identity).await?;
            self.inner().last = Some((addresses.to_vec(), identity.clone()));
            let tap = self.clone();
            Ok(Arc::new(Tapped { tap, link }) as Arc<dyn Link>)
        })
    }
}

struct Tapped {
    tap: Tap,
    link: Arc<dyn Link>,
}

impl Link for Tapped {
    fn address(&self) -> &str {
        self.link.address()
    }

    fn open<'a>(&'a self, method: &'a str) -> Later<'a, Result<Channel, LinkError>> {
        Box::pin(async move {
            let (to_primary, from_primary) = self.link.open(method).await?.into_parts();
            let (near, tapped) = link::pair();
            let (to_secondary, from_secondary) = tapped.into_parts();
            for (from, receiver, sender) in [
                (From::Primary, from_primary, to_secondary),
                (From::Secondary, from_secondary, to_primary),
            ] {
                let (tap, method) = (self.tap.clone(), method.to_owned());
                tokio::spawn(tap.carry(method, from, receiver, sender));
            }
            Ok(near)
        })
    }

    fn closed(&self) -> Later<'_, LinkError> {
        self.link.closed()
    }
}

impl Tap {
    /// Carries frames one way, until either end is gone.
    async fn carry(
        self,
        method: String,
        from: From,
        mut receiver: Receiver<Piece>,
        sender: Sender<Piece>,
    ) {
        loop {
            let piece = tokio::select! {
                piece = receiver.recv() => piece,
                () = sender.closed() => None,
            };
            let Some(piece) = piece else { return };
            if let Ok(bytes) = &piece {
                self.inner().frames.push(Frame {
                    method: method.clone(),
                    from,
                    bytes: bytes.clone(),
                });
            }
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    }
}
