//! A peer that was let in: its calls, until it goes or is cut off.

use crate::admission::tell;
use crate::incoming::{Bounds, Incoming, carry, chain};
use crate::outgoing::{Outgoing, Watched};
use crate::peers::{Entered, Peers};
use crate::refused::shortened;
use crate::settings::{PIECE_BYTES_MAX, Settings};
use crate::tasks::{Owned, Tasks};
use bytes::Bytes;
use core::convert::Infallible;
use core::pin::pin;
use core::time::Duration;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use link::{Acceptor, CHANNEL_FRAMES_MAX, Channel, Peer, Protocol, Served};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

/// The longest name of a method, in bytes.
const METHOD_BYTES_MAX: usize = 64;

type AnswerBody = Either<Full<Bytes>, Outgoing>;

/// A connection whose certificate was verified.
pub(crate) struct Proven {
    pub(crate) stream: TlsStream<TcpStream>,
    pub(crate) protocol: Protocol,
    pub(crate) certificate: Vec<u8>,
}

/// A connection that was let in.
pub(crate) struct Admitted {
    stream: TlsStream<TcpStream>,
    protocol: Protocol,
    peer: Peer,
    entered: Entered,
}

impl Proven {
    /// Lets the peer in, or tells it why not, and gives the reason.
    pub(crate) async fn admit(
        mut self,
        acceptor: &dyn Acceptor,
        peers: &Peers,
    ) -> Result<Admitted, String> {
        let admitted = acceptor.admit(self.protocol, &self.certificate);
        let admitted = admitted.and_then(|peer| {
            let entered = peers.enter(self.protocol, &peer.name)?;
            Ok((peer, entered))
        });
        match admitted {
            Ok((peer, entered)) => {
                let told = tell(&mut self.stream, None).await;
                told.map_err(|error| error.to_string())?;
                Ok(Admitted {
                    stream: self.stream,
                    protocol: self.protocol,
                    peer,
                    entered,
                })
            }
            Err(refused) => {
                // Whether it hears it or not, it is not let in.
                let _ = tell(&mut self.stream, Some(&refused.0)).await;
                let _ = self.stream.shutdown().await;
                Err(refused.0)
            }
        }
    }
}

impl Admitted {
    pub(crate) fn name(&self) -> &str {
        &self.peer.name
    }

    /// Answers the calls of the peer; why it is over.
    pub(crate) async fn serve(
        mut self,
        acceptor: Arc<dyn Acceptor>,
        settings: &Settings,
    ) -> String {
        let mut ended = self.peer.ended.clone();
        // An error means that nobody is left who could say when to end it.
        let cut = async { drop(ended.wait_for(|is_ended| *is_ended).await) };
        let mut cut = pin!(cut);
        // HTTP/2 itself would wait for ever for its first bytes, and pings only after them.
        let begun = timeout(settings.handshake_duration_max, self.stream.fill_buf());
        tokio::select! {
            () = cut.as_mut() => return String::from("it was cut off"),
            begun = begun => match begun {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return String::from("no HTTP/2 came"),
            },
        }
        let owned = Owned::new();
        let stalled = Arc::new(Notify::new());
        let calls = Arc::new(Calls {
            acceptor,
            protocol: self.protocol,
            peer: self.peer,
            entered: self.entered,
            tasks: owned.tasks(),
            taking_duration_max: settings.taking_duration_max,
            stalled: Arc::clone(&stalled),
        });
        let service = service_fn(move |request| {
            let calls = Arc::clone(&calls);
            async move { Ok::<_, Infallible>(calls.begin(request)) }
        });
        let mut connection = Box::pin(
            http(owned.tasks(), settings).serve_connection(TokioIo::new(self.stream), service),
        );
        let reason = tokio::select! {
            () = cut => String::from("it was cut off"),
            () = stalled.notified() => String::from("it took nothing of what a call had for it"),
            served = connection.as_mut() => match served {
                Ok(()) => String::from("the peer ended it"),
                Err(error) => chain(&error),
            },
        };
        // The socket goes first: what the calls leave behind is not to look like their end.
        drop(connection);
        owned.end().await;
        reason
    }
}

fn http(tasks: Tasks, settings: &Settings) -> http2::Builder<Tasks> {
    let mut builder = http2::Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(settings.ping_interval)
        .keep_alive_timeout(settings.ping_timeout)
        .max_concurrent_streams(u32::from(settings.calls_count_max))
        .max_header_list_size(settings.header_bytes_max)
        .max_frame_size(PIECE_BYTES_MAX)
        .initial_stream_window_size(settings.call_window_bytes())
        .initial_connection_window_size(settings.connection_window_bytes());
    builder
}

/// What the calls of a connection share.
struct Calls {
    acceptor: Arc<dyn Acceptor>,
    protocol: Protocol,
    peer: Peer,
    entered: Entered,
    tasks: Tasks,
    taking_duration_max: Duration,
    /// Told when the peer takes nothing any more.
    stalled: Arc<Notify>,
}

impl Calls {
    /// Begins a call. The head of the answer goes at once; frames follow both ways.
    fn begin(&self, request: Request<hyper::body::Incoming>) -> Response<AnswerBody> {
        if request.method() != Method::POST {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "a call is a POST");
        }
        let Some(method) = method_of(request.uri().path()) else {
            return refuse(StatusCode::NOT_FOUND, "that is no name of a method");
        };
        let (outgoing, frames) = mpsc::channel(CHANNEL_FRAMES_MAX);
        let (break_off, broken_off) = oneshot::channel();
        let (body, Watched { given_up, moved }) = Outgoing::of_answer(frames, broken_off);
        let frame_bytes_max = self.acceptor.frame_bytes_max(self.protocol, &method);
        let bounds = Bounds::of_request(frame_bytes_max, self.entered.incoming());
        let (incoming, received) = Incoming::new(&bounds);
        let channel = Channel::new(outgoing, received).within(self.entered.outgoing());
        let acceptor = Arc::clone(&self.acceptor);
        let (stalled, taking_duration_max) = (Arc::clone(&self.stalled), self.taking_duration_max);
        let serving = acceptor.serve(self.protocol, self.peer.clone(), method, channel);
        self.tasks.spawn(async move {
            let serving = async {
                if serving.await == Served::BrokenOff {
                    // Where the body is gone, nothing goes any more.
                    let _ = break_off.send(());
                }
            };
            let served = async {
                tokio::join!(serving, carry(request.into_body(), incoming, bounds));
            };
            let answering = async {
                tokio::select! {
                    () = served => {}
                    () = until_given_up(given_up) => {}
                }
            };
            // What was said may still be on its way when nothing more is.
            let watching = async {
                if moved.stalls(taking_duration_max).await {
                    stalled.notify_one();
                }
            };
            tokio::join!(answering, watching);
        });
        Response::new(Either::Right(body))
    }
}

/// Done when the peer wants no more of a call.
async fn until_given_up(given_up: oneshot::Receiver<()>) {
    if given_up.await.is_ok() {
        core::future::pending().await
    }
}

fn method_of(path: &str) -> Option<String> {
    let name = path.strip_prefix('/')?;
    is_method(name).then(|| String::from(name))
}

/// Can that be the name of a method?
pub(crate) fn is_method(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    (1..=METHOD_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}

fn refuse(status: StatusCode, reason: &str) -> Response<AnswerBody> {
    let body = Bytes::copy_from_slice(shortened(reason).as_bytes());
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    response
}
