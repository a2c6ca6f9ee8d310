//! One connection, from its first byte to its last.

use crate::activity::{Activity, Fault, Watched};
use crate::exchange::{Shared, exchange};
use crate::limits::Limits;
use base::Client;
use core::convert::Infallible;
use core::pin::pin;
use core::time::Duration;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often a connection is looked at; limits are kept this exactly.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Serves `stream` until it ends, breaks a limit, or `stop` turns and its requests are answered.
pub(crate) async fn serve_connection<S>(
    shared: Arc<Shared>,
    stream: S,
    client: Client,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::new();
    let limits = shared.limits.clone();
    let builder = builder(&limits);
    let stream = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let requests = Arc::clone(&activity);
    let client = Arc::new(client);
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let in_flight = requests.request(request.version());
        let (shared, client) = (Arc::clone(&shared), Arc::clone(&client));
        async move {
            let mut reply = exchange(&shared, &client, request).await;
            reply.body_mut().hold(in_flight);
            Ok::<_, Infallible>(reply)
        }
    });
    let mut connection = pin!(builder.serve_connection(stream, service));
    let mut watchdog = interval(WATCH_INTERVAL);
    watchdog.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            _ = watchdog.tick() => match activity.fault(&limits) {
                None => {}
                Some(Fault::Idle) if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                Some(fault) => {
                    tracing::debug!(?fault, "a connection was ended");
                    return;
                }
            },
            _ = stop.wait_for(|stopped| *stopped), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The watchdog does this without a timer for each request.
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes_max.max(8 << 10))
        .max_headers(limits.headers_count_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_count_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX));
    builder
}

/// A pause after `accept` failed, for want of file descriptors most likely.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when there are file descriptors again"
)]
pub(crate) async fn pause_accepting() {
    sleep(Duration::from_millis(100)).await;
}
