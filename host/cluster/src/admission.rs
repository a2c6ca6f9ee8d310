//! The first word after the handshake: the end that was called says whether it knows the other.
//!
//! ```text
//!  length · reason
//!     2    0..1024   bytes; no reason: the peer is let in
//! ```
//!
//! In TLS 1.3 the calling end is done before its certificate was looked at. Waiting for this word, it
//! also learns that its certificate was refused, and why.

use crate::refused::{REASON_BYTES_MAX, shortened, text};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Says that the peer is let in, or why not.
pub(crate) async fn tell(
    stream: &mut (impl AsyncWrite + Unpin),
    refusal: Option<&str>,
) -> io::Result<()> {
    let reason = refusal.map_or("", |reason| match shortened(reason) {
        "" => "no reason was given",
        reason => reason,
    });
    let length = u16::try_from(reason.len()).map_err(io::Error::other)?;
    let mut word = length.to_be_bytes().to_vec();
    word.extend_from_slice(reason.as_bytes());
    stream.write_all(&word).await?;
    stream.flush().await
}

/// Why this end is not let in; None where it is.
pub(crate) async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<String>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).await?;
    let length = usize::from(u16::from_be_bytes(length));
    if length == 0 {
        return Ok(None);
    }
    if length > REASON_BYTES_MAX {
        let error = "what answers says no word of admission";
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    let mut reason = vec![0; length];
    stream.read_exact(&mut reason).await?;
    Ok(Some(text(&reason)))
}
