//! Frames: a type byte, a length that counts itself, a body. Exactly one frame is ever handed on.
//!
//! Source: <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS>

use bytes::{Buf as _, BufMut, BytesMut};

use super::{PgError, SqlState, limits};

/// Type byte and length field.
pub const HEADER_LEN: usize = 5;

/// Whose messages a buffer holds: type bytes mean different things by direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Client,
    Server,
}

/// The head of a frame whose type is known and whose length is within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub kind: u8,
    pub body_len: usize,
}

impl Head {
    /// Reads the head at the start of `input`; `None` while fewer than [`HEADER_LEN`] bytes are there.
    ///
    /// # Errors
    /// 08P01 for an unknown type or a length outside [`limits`]: synchronisation is lost, the connection must end.
    pub fn peek(input: &[u8], sender: Sender) -> Result<Option<Self>, PgError> {
        let Some((&[kind, a, b, c, d], _)) = input.split_first_chunk::<HEADER_LEN>() else { return Ok(None) };
        let limit = match sender {
            Sender::Client => limits::client(kind),
            Sender::Server => limits::server(kind),
        };
        let Some(limit) = limit else { return Err(violation(format!("invalid message type {kind}"))) };
        match usize::try_from(i32::from_be_bytes([a, b, c, d])) {
            Ok(len) if (4..=limit).contains(&len) => Ok(Some(Self { kind, body_len: len - 4 })),
            Ok(_) | Err(_) => Err(violation("invalid message length")),
        }
    }

    /// Bytes of the whole frame.
    pub const fn frame_len(self) -> usize {
        HEADER_LEN + self.body_len
    }
}

/// Takes the first whole frame off `input`, without copying; `None` while part of it is missing.
///
/// # Errors
/// As [`Head::peek`].
pub fn take(input: &mut BytesMut, sender: Sender) -> Result<Option<(u8, BytesMut)>, PgError> {
    match Head::peek(input, sender)? {
        Some(head) if input.len() >= head.frame_len() => Ok(Some((head.kind, input.split_to(head.frame_len())))),
        Some(_) | None => Ok(None),
    }
}

/// A frame that is only relayed, as its bytes come: nothing of it has to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relay {
    remaining: usize,
}

impl Relay {
    pub const fn new(head: Head) -> Self {
        Self { remaining: head.frame_len() }
    }

    /// Moves what has come of the frame, never a byte of the next. True once the frame is through.
    pub fn run(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> bool {
        let len = self.remaining.min(input.len());
        forward(input, len, output);
        self.remaining -= len;
        self.remaining == 0
    }
}

/// Moves the first `len` bytes of `input`, which has as many. Into an empty buffer a large part moves without a copy;
/// small ones are cheaper copied.
pub fn forward(input: &mut BytesMut, len: usize, output: &mut BytesMut) {
    const WORTH_MOVING_LEN: usize = 4096;
    if output.is_empty() && len >= WORTH_MOVING_LEN {
        *output = input.split_to(len);
    } else {
        output.extend_from_slice(input.get(..len).unwrap_or_default());
        input.advance(len);
    }
}

/// Writes one frame whose body `body` writes.
///
/// # Errors
/// 54000 where the body is longer than a frame can be; `output` is then as it was.
pub fn write(output: &mut BytesMut, kind: u8, body: impl FnOnce(&mut BytesMut)) -> Result<(), PgError> {
    let start = output.len();
    output.put_u8(kind);
    output.put_u32(0);
    body(output);
    let len = output.len() - start - 1;
    match (i32::try_from(len), output.get_mut(start + 1..start + HEADER_LEN)) {
        (Ok(announced), Some(place)) if len <= limits::LARGE_MESSAGE_LEN => {
            place.copy_from_slice(&announced.to_be_bytes());
            Ok(())
        }
        _ => {
            output.truncate(start);
            Err(PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "message is too long"))
        }
    }
}

/// 08P01 with what is wrong.
pub fn violation(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(SqlState::PROTOCOL_VIOLATION, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_frame_is_taken() {
        let mut input = BytesMut::from(&b"Q\0\0\0\x06x\0S\0\0\0\x04rest"[..]);
        let (kind, frame) = take(&mut input, Sender::Client).unwrap().unwrap();
        assert_eq!((kind, &frame[..]), (b'Q', &b"Q\0\0\0\x06x\0"[..]));
        let (kind, frame) = take(&mut input, Sender::Client).unwrap().unwrap();
        assert_eq!((kind, &frame[..], &input[..]), (b'S', &b"S\0\0\0\x04"[..], &b"rest"[..]));
    }

    #[test]
    fn a_frame_that_is_not_all_there_stays() {
        for part in [&b""[..], b"Q", b"Q\0\0\0", b"Q\0\0\0\x06x"] {
            let mut input = BytesMut::from(part);
            assert_eq!(take(&mut input, Sender::Client), Ok(None));
            assert_eq!(&input[..], part);
        }
    }

    #[test]
    fn bad_heads_end_the_connection() {
        let cases = [
            (Sender::Client, &b"Q\0\0\0\x03"[..]),
            (Sender::Client, b"Q\xff\xff\xff\xff"),
            (Sender::Client, b"Q\x7f\xff\xff\xff"),
            (Sender::Client, b"S\0\0\x4e\x20"),
            (Sender::Client, b"T\0\0\0\x04"),
            (Sender::Server, b"\0\0\0\0\x04"),
            (Sender::Server, b"Z\0\x01\0\0"),
        ];
        for (sender, input) in cases {
            assert_eq!(Head::peek(input, sender).unwrap_err().code, SqlState::PROTOCOL_VIOLATION, "{input:?}");
        }
    }

    #[test]
    fn a_relayed_frame_streams_and_stops_at_its_end() {
        let mut input = BytesMut::from(&b"D\0\0\0\x08ab"[..]);
        let mut relay = Relay::new(Head::peek(&input, Sender::Server).unwrap().unwrap());
        let mut output = BytesMut::new();
        assert!(!relay.run(&mut input, &mut output));
        assert!(input.is_empty());
        input.extend_from_slice(b"cdZ");
        assert!(relay.run(&mut input, &mut output));
        assert_eq!((&output[..], &input[..]), (&b"D\0\0\0\x08abcd"[..], &b"Z"[..]));
    }

    #[test]
    fn written_frames_are_read_back() {
        let mut output = BytesMut::from(&b"before"[..]);
        write(&mut output, b'Q', |body| body.extend_from_slice(b"SELECT 1\0")).unwrap();
        assert_eq!(&output[..], b"beforeQ\0\0\0\x0dSELECT 1\0");
    }
}
