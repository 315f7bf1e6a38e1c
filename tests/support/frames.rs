//! Frames as bytes, for peers that say what no driver would say.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// One message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub body: Vec<u8>,
}

impl Frame {
    /// A field of ErrorResponse or NoticeResponse.
    pub fn field(&self, code: u8) -> Option<String> {
        let parts = self.body.split(|byte| *byte == 0);
        let part = parts.filter(|part| part.first() == Some(&code)).map(|part| &part[1..]).next()?;
        Some(String::from_utf8_lossy(part).into_owned())
    }
}

/// A connection whose bytes are looked at one frame at a time.
pub struct Raw {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    /// A connection on which nothing has been said.
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        Self { stream, buffer: Vec::new() }
    }

    /// A session of a user who needs no password.
    pub fn log_in(port: u16, user: &str, database: &str) -> Self {
        let mut raw = Self::open(port);
        raw.send(&startup(&["user", user, "database", database]));
        while let Some(frame) = raw.read() {
            match frame.kind {
                b'Z' => return raw,
                b'E' => panic!("no session: {frame:?}"),
                _ => {}
            }
        }
        panic!("no session: closed");
    }

    /// False where the peer takes nothing any more.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The next message; `None` once the peer has closed.
    pub fn read(&mut self) -> Option<Frame> {
        loop {
            if let Some((&[kind, a, b, c, d], _)) = self.buffer.split_first_chunk::<5>() {
                let len = u32::from_be_bytes([a, b, c, d]) as usize;
                assert!(len >= 4, "a length of {len}");
                if self.buffer.len() > len {
                    let body = self.buffer[5..=len].to_vec();
                    self.buffer.drain(..=len);
                    return Some(Frame { kind, body });
                }
            }
            let mut part = [0; 65_536];
            match self.stream.read(&mut part) {
                Ok(0) => return None,
                Ok(len) => self.buffer.extend_from_slice(&part[..len]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("no answer, no end: {:?}", self.buffer)
                }
                Err(_) => return None,
            }
        }
    }

    /// Every message up to the `count`th ReadyForQuery or the end of the connection.
    pub fn read_to_ready(&mut self, count: usize) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut readies = 0;
        while readies < count
            && let Some(frame) = self.read()
        {
            readies += usize::from(frame.kind == b'Z');
            frames.push(frame);
        }
        frames
    }
}

pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    announced(kind, body.len() as i64 + 4, body)
}

/// A message whose length field says what it likes.
pub fn announced(kind: u8, len: i64, body: &[u8]) -> Vec<u8> {
    let len = (len as u32).to_be_bytes();
    [&[kind], &len[..], body].concat()
}

pub fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &strings(&[sql]))
}

/// Each with its terminator.
pub fn strings(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect()
}

/// Protocol 3.0 with these names and values.
pub fn startup(words: &[&str]) -> Vec<u8> {
    packet(0x0003_0000, &[strings(words), vec![0]].concat())
}

/// A packet without a type byte.
pub fn packet(code: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32 + 8).to_be_bytes();
    [&len[..], &code.to_be_bytes(), body].concat()
}

pub fn parse(name: &str, sql: &str, types: &[u32]) -> Vec<u8> {
    let mut body = strings(&[name, sql]);
    body.extend_from_slice(&(types.len() as u16).to_be_bytes());
    types.iter().for_each(|oid| body.extend_from_slice(&oid.to_be_bytes()));
    message(b'P', &body)
}

pub fn bind(portal: &str, name: &str, formats: &[i16], values: &[Option<Vec<u8>>], results: &[i16]) -> Vec<u8> {
    let mut body = strings(&[portal, name]);
    body.extend(codes(formats));
    body.extend_from_slice(&(values.len() as u16).to_be_bytes());
    for value in values {
        let len = value.as_ref().map_or(-1, |value| value.len() as i32);
        body.extend_from_slice(&len.to_be_bytes());
        body.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    body.extend(codes(results));
    message(b'B', &body)
}

fn codes(codes: &[i16]) -> Vec<u8> {
    let mut bytes = (codes.len() as u16).to_be_bytes().to_vec();
    codes.iter().for_each(|code| bytes.extend_from_slice(&code.to_be_bytes()));
    bytes
}

pub fn execute(portal: &str, max_rows: i32) -> Vec<u8> {
    message(b'E', &[strings(&[portal]), max_rows.to_be_bytes().to_vec()].concat())
}

/// Describe (`D`) or Close (`C`) of a statement (`S`) or portal (`P`).
pub fn named(kind: u8, target: u8, name: &str) -> Vec<u8> {
    message(kind, &[vec![target], strings(&[name])].concat())
}
