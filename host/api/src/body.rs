//! The body of an HTTP request: collected within bounds, then read as data.

use crate::decode::media_type;
use crate::json::{Bounds, read_object};
use crate::limits::Limits;
use crate::query::{into_data, read_pairs};
use base::{Map, Refusal, RefusalKind};
use bytes::{Bytes, BytesMut};
use core::time::Duration;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Why a body is not taken.
#[derive(Debug)]
pub(crate) enum BodyFault {
    /// It ended early, or the connection did.
    Broken,
    /// It did not come in time.
    Slow,
    /// As the words say.
    Refused(Refusal),
}

/// A body in memory. The room it takes is given back when this is dropped.
pub(crate) struct Collected<'a> {
    pub(crate) bytes: Bytes,
    _room: Option<SemaphorePermit<'a>>,
}

/// Memory for the bodies of all connections together.
pub(crate) struct Room(Semaphore);

impl Room {
    /// Bodies up to this many bytes need not ask for room: the number of connections bounds them.
    const SMALL_BYTES: usize = 16 << 10;
    /// What one permit stands for.
    const UNIT_BYTES: usize = 4 << 10;

    /// Room for `bytes_max`.
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self(Semaphore::const_new(bytes_max / Self::UNIT_BYTES))
    }

    /// Takes room for `bytes`, or says that there is none now.
    fn reserve(&self, bytes: usize) -> Result<Option<SemaphorePermit<'_>>, BodyFault> {
        if bytes <= Self::SMALL_BYTES {
            return Ok(None);
        }
        let units = u32::try_from(bytes.div_ceil(Self::UNIT_BYTES)).unwrap_or(u32::MAX);
        self.0.try_acquire_many(units).map(Some).map_err(|_| {
            let message = "too many large requests at once";
            BodyFault::Refused(Refusal::new(RefusalKind::Unavailable, message))
        })
    }
}

/// How long a refused body is read on.
const DISCARD_DURATION_MAX: Duration = Duration::from_secs(2);

/// Collects `body`.
pub(crate) async fn collect<'a, B>(
    body: &mut B,
    limits: &Limits,
    room: &'a Room,
) -> Result<Collected<'a>, BodyFault>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(Collected {
            bytes: Bytes::new(),
            _room: None,
        });
    }
    let bytes_max = limits.request_bytes_max;
    let hint = body.size_hint();
    if usize::try_from(hint.lower()).map_or(true, |bytes| bytes > bytes_max) {
        return Err(too_large());
    }
    // Without a stated length the whole allowance is set aside.
    let expected = hint.upper().and_then(|bytes| usize::try_from(bytes).ok());
    let permit = room.reserve(expected.unwrap_or(bytes_max).min(bytes_max))?;
    let bytes = tokio::time::timeout(limits.body_duration_max, gather(body, bytes_max))
        .await
        .map_err(|_| BodyFault::Slow)??;
    Ok(Collected {
        bytes,
        _room: permit,
    })
}

/// All data of `body` in one piece, without a copy where it came in one.
async fn gather<B>(body: &mut B, bytes_max: usize) -> Result<Bytes, BodyFault>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyFault::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = first.len().max(joined.len());
        if length + data.len() > bytes_max {
            return Err(too_large());
        }
        if length == 0 {
            first = data;
            continue;
        }
        if joined.is_empty() {
            joined.extend_from_slice(&first);
        }
        joined.extend_from_slice(&data);
    }
    Ok(if joined.is_empty() {
        first
    } else {
        joined.freeze()
    })
}

/// Reads on for a while without keeping anything: a connection that is closed on a client that
/// still sends is reset, and the client never sees why.
pub(crate) async fn discard<B>(body: &mut B, limits: &Limits)
where
    B: Body<Data = Bytes> + Unpin,
{
    let reading = async {
        let mut left = limits.request_bytes_max;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_DURATION_MAX, reading).await;
}

fn too_large() -> BodyFault {
    let message = "http: request body too large";
    BodyFault::Refused(Refusal::new(RefusalKind::TooLarge, message))
}

/// Reads a body as data. It is a JSON object whatever it calls itself, with two exceptions: a form
/// that says so and does not begin as JSON does, and bytes that say so and do not either.
pub(crate) fn read_data(body: &Bytes, content_type: &str, limits: &Limits) -> Result<Map, Refusal> {
    let media = media_type(content_type);
    let first = body.iter().take(512).find(|b| !b.is_ascii_whitespace());
    let begins_as_json = matches!(first, None | Some(b'{' | b'['));
    match media.as_str() {
        "application/x-www-form-urlencoded" if !begins_as_json => core::str::from_utf8(body)
            .ok()
            .and_then(|text| read_pairs(text.trim_end()).ok())
            .map(into_data)
            .ok_or_else(|| Refusal::invalid("error parsing form data")),
        "application/octet-stream" | "application/wasm" | "application/ocsp-request"
            if !begins_as_json =>
        {
            Ok(Map::new())
        }
        _ => {
            let bounds = Bounds {
                strings_max: limits.json_strings_max,
                memory_bytes_max: limits.json_memory_bytes_max,
                depth_max: limits.json_depth_max,
            };
            read_object(body, bounds).map_err(|fault| Refusal::invalid(fault.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn data_table() {
        let check = |content_type: &str, body: &str, expected: &str| {
            let body = Bytes::copy_from_slice(body.as_bytes());
            let found = match read_data(&body, content_type, &Limits::default()) {
                Ok(data) => Value::Object(data).to_string(),
                Err(refusal) => refusal.message,
            };
            assert_eq!(found, expected, "{content_type}");
        };
        let form = "application/x-www-form-urlencoded";
        check("", r#"{"a":1}"#, r#"{"a":1}"#);
        check("text/plain", r#"{"a":1}"#, r#"{"a":1}"#);
        check(form, " {\"a\":1}", r#"{"a":1}"#);
        check(form, "a=1&b=x+y\n", r#"{"a":"1","b":"x y"}"#);
        check(
            "Application/X-www-form-urlencoded; charset=utf-8",
            "a=1",
            r#"{"a":"1"}"#,
        );
        check(form, "a=%zz", "error parsing form data");
        check(form, "", "{}");
        check("application/wasm", "\0asm", "{}");
        check("application/octet-stream", r#"{"a":1}"#, r#"{"a":1}"#);
        check(
            "application/json",
            "a=1",
            "failed to decode JSON input: invalid character 'a' looking for beginning of value",
        );
    }

    /// Hands out its frames without a stated length.
    struct Chunks(Vec<Bytes>);

    impl Body for Chunks {
        type Data = Bytes;
        type Error = core::convert::Infallible;
        fn poll_frame(
            mut self: core::pin::Pin<&mut Self>,
            _: &mut core::task::Context<'_>,
        ) -> core::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            core::task::Poll::Ready(self.0.pop().map(|data| Ok(hyper::body::Frame::data(data))))
        }
    }

    #[tokio::test]
    async fn collects_within_bounds() {
        let limits = Limits {
            request_bytes_max: 100 << 10,
            ..Limits::default()
        };
        let room = Room::new(150 << 10);
        let chunk = |letter: u8, count: usize| Bytes::from(vec![letter; count]);
        let mut pieces = Chunks(vec![chunk(b'b', 2), chunk(b'a', 3)]);
        let first = collect(&mut pieces, &limits, &room).await.unwrap();
        assert_eq!(first.bytes, "aaabb");
        let full = collect(&mut Chunks(vec![chunk(b'a', 1)]), &limits, &room).await;
        assert!(matches!(
            full.map(|_| ()),
            Err(BodyFault::Refused(Refusal {
                kind: RefusalKind::Unavailable,
                ..
            }))
        ));
        drop(first);
        let mut long = Chunks(vec![chunk(b'b', 60 << 10), chunk(b'a', 60 << 10)]);
        assert!(matches!(
            collect(&mut long, &limits, &room).await.map(|_| ()),
            Err(BodyFault::Refused(Refusal {
                kind: RefusalKind::TooLarge,
                ..
            }))
        ));
    }
}
