//! A connection that stands, at the end that calls.

use crate::incoming::{Bounds, Incoming, carry, chain};
use crate::outgoing::Outgoing;
use crate::peer::is_method;
use crate::refused::{REASON_BYTES_MAX, text};
use crate::settings::{PIECE_BYTES_MAX, Settings};
use crate::tasks::{Owned, Tasks};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};
use link::{CHANNEL_FRAMES_MAX, Channel, Later, Link, LinkError, PRIMARY_NAME};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

/// HTTP/2 to a peer.
pub(crate) struct Line {
    address: String,
    sender: SendRequest<Outgoing>,
    places: Arc<Semaphore>,
    gone: watch::Receiver<Option<LinkError>>,
    settings: Settings,
    tasks: Tasks,
    _owned: Owned,
}

impl Line {
    /// Begins HTTP/2 on a stream on which the peer let this end in.
    pub(crate) async fn begin(
        address: &str,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        settings: &Settings,
    ) -> Result<Self, hyper::Error> {
        let owned = Owned::new();
        let tasks = owned.tasks();
        let http = http(tasks.clone(), settings).handshake(TokioIo::new(stream));
        let (sender, connection) = http.await?;
        let (going, gone) = watch::channel(None);
        tasks.spawn(async move {
            let reason = match connection.await {
                Ok(()) => String::from("the other end closed it"),
                Err(error) => chain(&error),
            };
            going.send_replace(Some(LinkError::Ended(reason)));
        });
        Ok(Self {
            address: String::from(address),
            sender,
            places: Arc::new(Semaphore::new(usize::from(settings.calls_count_max))),
            gone,
            settings: settings.clone(),
            tasks,
            _owned: owned,
        })
    }

    async fn call(&self, method: &str) -> Result<Channel, LinkError> {
        if !is_method(method) {
            return Err(LinkError::Refused(String::from(
                "that is no name of a method",
            )));
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| {
            let count = self.settings.calls_count_max;
            LinkError::Refused(format!("{count} calls are under way already"))
        })?;
        let place = Arc::new(place);
        let (outgoing, frames) = mpsc::channel(CHANNEL_FRAMES_MAX);
        let body = Outgoing::of_request(frames, Arc::clone(&place));
        let sending = self.sender.clone().send_request(request(method, body)?);
        let response = match timeout(self.settings.open_duration_max, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.why(&error)),
            Err(_) => return Err(LinkError::Refused(String::from("no answer came in time"))),
        };
        if response.status() != StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let received = self.receive(response, place);
        Ok(Channel::new(outgoing, received))
    }

    fn receive(
        &self,
        response: Response<hyper::body::Incoming>,
        place: Arc<OwnedSemaphorePermit>,
    ) -> mpsc::Receiver<link::Piece> {
        let bounds = Bounds::of_answer();
        let (incoming, received) = Incoming::new(&bounds);
        self.tasks.spawn(async move {
            carry(response.into_body(), incoming, bounds).await;
            drop(place);
        });
        received
    }

    async fn refusal(&self, response: Response<hyper::body::Incoming>) -> LinkError {
        let status = response.status();
        let body = Limited::new(response.into_body(), REASON_BYTES_MAX).collect();
        let body = timeout(self.settings.open_duration_max, body).await;
        LinkError::Refused(match body {
            Ok(Ok(body)) => text(&body.to_bytes()),
            _ => status.to_string(),
        })
    }

    /// Why the connection is gone says more than that a call was canceled.
    fn why(&self, error: &hyper::Error) -> LinkError {
        let gone = self.gone.borrow().clone();
        gone.unwrap_or_else(|| LinkError::Ended(chain(error)))
    }
}

impl Link for Line {
    fn address(&self) -> &str {
        &self.address
    }

    fn open<'a>(&'a self, method: &'a str) -> Later<'a, Result<Channel, LinkError>> {
        Box::pin(self.call(method))
    }

    fn closed(&self) -> Later<'_, LinkError> {
        let mut gone = self.gone.clone();
        Box::pin(async move {
            let reason = gone.wait_for(Option::is_some).await;
            let reason = reason.ok().and_then(|reason| reason.clone());
            reason.unwrap_or_else(|| LinkError::Ended(String::from("this end closed it")))
        })
    }
}

fn request(method: &str, body: Outgoing) -> Result<Request<Outgoing>, LinkError> {
    let unusable = |error: http::Error| LinkError::Refused(error.to_string());
    let uri = Uri::builder()
        .scheme("https")
        .authority(PRIMARY_NAME)
        .path_and_query(format!("/{method}"))
        .build()
        .map_err(unusable)?;
    let request = Request::builder().method(Method::POST).uri(uri);
    request.body(body).map_err(unusable)
}

fn http(tasks: Tasks, settings: &Settings) -> http2::Builder<Tasks> {
    let mut builder = http2::Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(settings.ping_interval)
        .keep_alive_timeout(settings.ping_timeout)
        .keep_alive_while_idle(true)
        .max_header_list_size(settings.header_bytes_max)
        .max_frame_size(PIECE_BYTES_MAX)
        .initial_stream_window_size(settings.call_window_bytes())
        .initial_connection_window_size(settings.connection_window_bytes());
    builder
}
