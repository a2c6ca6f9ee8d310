//! One request and its response, on a connection that serves no other.

use base::{OutboundError, OutboundResponse, chain};
use bytes::Bytes;
use http::Request;
use http::response::Parts;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// Of the response.
const HEADERS_MAX: usize = 200;
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Sends the request and reads the whole response.
pub(crate) async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    body_bytes_max: usize,
) -> Result<OutboundResponse, OutboundError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = shaken.await.map_err(failed)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(not_answered)?;
        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(failed)?;
            let data = frame.data_ref().map(AsRef::as_ref).unwrap_or_default();
            if bytes.len() + data.len() > body_bytes_max {
                return Err(OutboundError::TooLarge(body_bytes_max as u64).into());
            }
            bytes.extend_from_slice(data);
        }
        Ok(response_of(&head, bytes))
    };
    // The connection is driven here, so that it ends with the request. Its own end is none of the
    // answer's: what was received of it can still be read then.
    let mut ended = None;
    let driven = async {
        ended = connection.await.err();
        core::future::pending().await
    };
    let answer = tokio::select! {
        answer = answer => answer,
        never = driven => never,
    };
    answer.map_err(|unanswered| match unanswered {
        // Where it ended before it took the request, it alone knows why.
        Unanswered::NotBegun(error) => failed(ended.unwrap_or(error)),
        Unanswered::Otherwise(error) => error,
    })
}

/// Why there is no answer.
enum Unanswered {
    /// The connection did not take the request.
    NotBegun(hyper::Error),
    Otherwise(OutboundError),
}

impl From<OutboundError> for Unanswered {
    fn from(error: OutboundError) -> Self {
        Self::Otherwise(error)
    }
}

fn not_answered(error: hyper::Error) -> Unanswered {
    match error.is_canceled() {
        true => Unanswered::NotBegun(error),
        false => failed(error).into(),
    }
}

fn response_of(head: &Parts, body: Vec<u8>) -> OutboundResponse {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = head.headers.iter();
    OutboundResponse {
        status: head.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
            .collect(),
        body,
    }
}

fn failed(error: hyper::Error) -> OutboundError {
    OutboundError::Unreachable(chain(&error))
}
