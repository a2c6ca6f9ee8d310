//! What a connection is doing, so that one that does nothing can be ended.

use crate::limits::Limits;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::{Context, Poll, ready};
use core::time::Duration;
use http::Version;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Milliseconds since the connection began; zero stands for "not".
type Moment = AtomicU64;

/// Shared by a connection's stream, its requests and its watchdog.
pub(crate) struct Activity {
    began: Instant,
    in_flight: AtomicU64,
    /// When the last request ended, or the connection began.
    idle_since: Moment,
    /// When the first byte came that belongs to no request yet.
    head_since: Moment,
    /// Since when the client has taken nothing of what waits for it.
    stalled_since: Moment,
    /// Has there been a request?
    requests: AtomicU64,
    /// HTTP/2: the client sends other things than requests while it waits.
    multiplexed: AtomicBool,
}

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It takes nothing of a response.
    Stalled,
    /// A request's head does not get complete.
    Slow,
    /// No request for long.
    Idle,
}

/// Counts as a request in flight while it lives.
pub(crate) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            in_flight: AtomicU64::new(0),
            idle_since: Moment::new(1),
            head_since: Moment::new(0),
            stalled_since: Moment::new(0),
            requests: AtomicU64::new(0),
            multiplexed: AtomicBool::new(false),
        })
    }

    /// A request's head is complete.
    pub(crate) fn request(self: &Arc<Self>, version: Version) -> InFlight {
        if version == Version::HTTP_2 {
            self.multiplexed.store(true, Ordering::Relaxed);
        }
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).map_or(u64::MAX, |millis| millis.max(1))
    }

    fn begin(&self, moment: &Moment) {
        if moment.load(Ordering::Relaxed) == 0 {
            moment.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Why the connection should end, if it should.
    pub(crate) fn fault(&self, limits: &Limits) -> Option<Fault> {
        let now = self.now();
        let longer = |moment: &Moment, limit: Duration| {
            let since = moment.load(Ordering::Relaxed);
            since != 0 && Duration::from_millis(now.saturating_sub(since)) >= limit
        };
        if longer(&self.stalled_since, limits.write_stall_duration_max) {
            return Some(Fault::Stalled);
        }
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let is_new = self.requests.load(Ordering::Relaxed) == 0;
        let is_multiplexed = self.multiplexed.load(Ordering::Relaxed);
        if (!is_multiplexed && longer(&self.head_since, limits.header_duration_max))
            || (is_new && longer(&self.idle_since, limits.header_duration_max))
        {
            return Some(Fault::Slow);
        }
        longer(&self.idle_since, limits.idle_duration_max).then_some(Fault::Idle)
    }
}

/// A stream that tells [`Activity`] what passes.
pub(crate) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(crate) const fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    fn wrote<T>(&self, polled: Poll<T>) -> Poll<T> {
        if polled.is_pending() {
            self.activity.begin(&self.activity.stalled_since);
        } else {
            self.activity.stalled_since.store(0, Ordering::Relaxed);
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.activity.in_flight.load(Ordering::Relaxed) == 0 {
            self.activity.begin(&self.activity.head_since);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.wrote(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
