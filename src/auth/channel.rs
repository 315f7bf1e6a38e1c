//! A connection during login: whole messages in, bytes out.

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zeroize::Zeroize as _;

use crate::upstream::Stream;
use crate::wire::frame::{HEADER_LEN, violation};
use crate::wire::{PgError, limits};

/// A password, a token or a SASL answer. PostgreSQL: `PG_MAX_AUTH_TOKEN_LENGTH`.
pub(super) const MAX_CLIENT_MESSAGE_LEN: usize = 65_535;
/// Whatever a server says during login. Errors and notices have no greater bound here: libpq's `MAX_ERRLEN`.
pub(super) const MAX_SERVER_MESSAGE_LEN: usize = limits::SMALL_ANSWER_LEN;

/// A stream and what has been read from it too early.
pub(super) struct Channel {
    pub stream: Stream,
    pub buffer: BytesMut,
}

/// One whole message.
pub(super) struct Message {
    pub kind: u8,
    frame: BytesMut,
}

impl Message {
    pub fn body(&self) -> &[u8] {
        self.frame.get(HEADER_LEN..).unwrap_or_default()
    }

    /// The message as it came.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }
}

/// A message may carry a password.
impl Drop for Message {
    fn drop(&mut self) {
        self.frame.as_mut().zeroize();
    }
}

/// Why there is no message.
pub(super) enum Broken {
    /// The peer is gone.
    Closed,
    Garbled(PgError),
}

impl Channel {
    pub fn new(stream: Stream) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    /// The next message, whose length field says at most `limit`.
    pub async fn message(&mut self, limit: usize) -> Result<Message, Broken> {
        loop {
            if let Some(message) = take(&mut self.buffer, limit).map_err(Broken::Garbled)? {
                return Ok(message);
            }
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return Err(Broken::Closed),
                Ok(_) => {}
            }
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

fn take(buffer: &mut BytesMut, limit: usize) -> Result<Option<Message>, PgError> {
    let Some((&[kind, a, b, c, d], _)) = buffer.split_first_chunk::<HEADER_LEN>() else { return Ok(None) };
    let len = usize::try_from(i32::from_be_bytes([a, b, c, d])).ok().filter(|len| (4..=limit).contains(len));
    let frame_len = len.ok_or_else(|| violation("invalid message length"))? + 1;
    if buffer.len() < frame_len {
        return Ok(None);
    }
    Ok(Some(Message { kind, frame: buffer.split_to(frame_len) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked_before_anything_is_held() {
        let cases: [(&[u8], Option<&[u8]>); 6] = [
            (b"p\0\0\0\x06a\0rest", Some(b"a\0")),
            (b"p\0\0\0\x06a", None),
            (b"p\0\0", None),
            (b"p\0\0\0\x04", Some(b"")),
            (b"p\0\0\0\x64", None),
            (b"", None),
        ];
        for (bytes, expect) in cases {
            let message = take(&mut BytesMut::from(bytes), 100).unwrap();
            assert_eq!(message.as_ref().map(Message::body), expect, "{bytes:?}");
        }
        for bad in [&b"p\0\0\0\x03"[..], b"p\0\0\0\x65", b"p\xff\xff\xff\xff", b"p\x7f\xff\xff\xff"] {
            assert!(take(&mut BytesMut::from(bad), 100).is_err(), "{bad:?}");
        }
    }
}
