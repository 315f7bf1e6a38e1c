//! Messages of the client after authentication, as views of one frame's body.
//!
//! Texts stay bytes: they are in the client's encoding. Source:
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>

use super::PgError;
use super::body::Body;
use super::frame::violation;

/// Whether a message names a prepared statement or a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Statement,
    Portal,
}

/// One message; every part has been checked against the frame's end.
#[derive(Clone, Copy)]
pub enum Frontend<'a> {
    Query {
        sql: &'a [u8],
    },
    Parse(Parse<'a>),
    Bind(Bind<'a>),
    Describe {
        target: Target,
        name: &'a [u8],
    },
    /// `max_rows` 0 or less: all rows.
    Execute {
        portal: &'a [u8],
        max_rows: i32,
    },
    Close {
        target: Target,
        name: &'a [u8],
    },
    Sync,
    Flush,
    Terminate,
    CopyData(&'a [u8]),
    CopyDone,
    CopyFail {
        message: &'a [u8],
    },
    /// Arguments are the server's to read.
    FunctionCall {
        function: u32,
    },
}

#[derive(Clone, Copy)]
pub struct Parse<'a> {
    pub name: &'a [u8],
    pub sql: &'a [u8],
    types: &'a [u8],
}

impl<'a> Parse<'a> {
    /// The type OIDs that the client declared, 0 where it left one open.
    pub fn types(&self) -> impl ExactSizeIterator<Item = u32> + 'a {
        let (oids, _) = self.types.as_chunks::<4>();
        oids.iter().map(|oid| u32::from_be_bytes(*oid))
    }
}

#[derive(Clone, Copy)]
pub struct Bind<'a> {
    pub portal: &'a [u8],
    pub statement: &'a [u8],
    /// Of the parameters, perhaps of another number of them: the server says so once it has found the statement.
    pub formats: Formats<'a>,
    pub params: Params<'a>,
    pub results: Formats<'a>,
}

/// Format codes: none (all text), one for all, or one each.
#[derive(Clone, Copy)]
pub struct Formats<'a>(&'a [u8]);

impl<'a> Formats<'a> {
    /// From codes as they are on the wire, two bytes each.
    pub const fn new(codes: &'a [u8]) -> Self {
        Self(codes)
    }

    /// The codes as they are on the wire.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    pub const fn len(&self) -> usize {
        self.0.len() / 2
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The format of the value at `index`: 0 text, 1 binary. `None` where the list is too short for it.
    pub fn get(&self, index: usize) -> Option<i16> {
        let (codes, _) = self.0.as_chunks::<2>();
        match codes {
            [] => Some(0),
            [one] => Some(i16::from_be_bytes(*one)),
            many => many.get(index).map(|code| i16::from_be_bytes(*code)),
        }
    }
}

/// The values of a Bind, lengths already checked.
#[derive(Clone, Copy)]
pub struct Params<'a> {
    count: usize,
    body: Body<'a>,
}

impl<'a> Params<'a> {
    pub const fn len(&self) -> usize {
        self.count
    }

    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values in order; `None` is NULL.
    pub fn iter(&self) -> impl Iterator<Item = Option<&'a [u8]>> + 'a {
        let (count, mut body) = (self.count, self.body);
        (0..count).map_while(move |_| body.value().ok())
    }
}

impl<'a> Frontend<'a> {
    /// Reads the body of one frame.
    ///
    /// # Errors
    /// 08P01 where the body is not exactly what its type says.
    pub fn parse(kind: u8, body: &'a [u8]) -> Result<Self, PgError> {
        let mut body = Body::new(body);
        let message = match kind {
            b'Q' => Self::Query { sql: body.cstr()? },
            b'P' => Self::Parse(parse(&mut body)?),
            b'B' => Self::Bind(bind(&mut body)?),
            b'D' => Self::Describe { target: target(body.u8()?)?, name: body.cstr()? },
            b'E' => Self::Execute { portal: body.cstr()?, max_rows: body.i32()? },
            b'C' => Self::Close { target: target(body.u8()?)?, name: body.cstr()? },
            b'S' => Self::Sync,
            b'H' => Self::Flush,
            b'X' => Self::Terminate,
            b'd' => return Ok(Self::CopyData(body.rest())),
            b'c' => Self::CopyDone,
            b'f' => Self::CopyFail { message: body.cstr()? },
            b'F' => return Ok(Self::FunctionCall { function: body.u32()? }),
            _ => return Err(violation(format!("invalid frontend message type {kind}"))),
        };
        body.end()?;
        Ok(message)
    }
}

fn target(kind: u8) -> Result<Target, PgError> {
    match kind {
        b'S' => Ok(Target::Statement),
        b'P' => Ok(Target::Portal),
        _ => Err(violation(format!("invalid message subtype {kind}"))),
    }
}

fn parse<'a>(body: &mut Body<'a>) -> Result<Parse<'a>, PgError> {
    let (name, sql) = (body.cstr()?, body.cstr()?);
    let count = body.count()?;
    Ok(Parse { name, sql, types: body.bytes(count * 4)? })
}

fn bind<'a>(body: &mut Body<'a>) -> Result<Bind<'a>, PgError> {
    let (portal, statement) = (body.cstr()?, body.cstr()?);
    let (formats, params) = (formats(body)?, params(body)?);
    Ok(Bind { portal, statement, formats, params, results: self::formats(body)? })
}

fn formats<'a>(body: &mut Body<'a>) -> Result<Formats<'a>, PgError> {
    let count = body.count()?;
    body.bytes(count * 2).map(Formats)
}

fn params<'a>(body: &mut Body<'a>) -> Result<Params<'a>, PgError> {
    let count = body.count()?;
    let start = *body;
    for _ in 0..count {
        body.value()?;
    }
    Ok(Params { count, body: start })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::SqlState;

    #[test]
    fn malformed_bodies_are_refused() {
        let cases: &[(u8, &[u8])] = &[
            (b'Q', b"SELECT 1"),
            (b'Q', b"SELECT 1\0S"),
            (b'S', b"evil"),
            (b'P', b"name"),
            (b'P', b"\0SELECT 1\0\0\x01\0\0\0"),
            (b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xffx\0\0"),
            (b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfex\0\0"),
            (b'D', b""),
            (b'D', b"Xname\0"),
            (b'E', b"\0\0\0"),
            (b'c', b"x"),
            (b'F', b"\0\0\x03"),
            (b'z', b""),
        ];
        for (kind, body) in cases {
            let code = Frontend::parse(*kind, body).err().map(|error| error.code);
            assert_eq!(code, Some(SqlState::PROTOCOL_VIOLATION), "{} {body:?}", char::from(*kind));
        }
    }

    #[test]
    fn bind_is_read_in_place() {
        let body = b"p\0s\0\0\x02\0\0\0\x01\0\x02\xff\xff\xff\xff\0\0\0\x02ab\0\x01\0\x01";
        let Ok(Frontend::Bind(bind)) = Frontend::parse(b'B', body) else { panic!("a Bind") };
        assert_eq!((bind.portal, bind.statement), (&b"p"[..], &b"s"[..]));
        assert_eq!(bind.params.iter().collect::<Vec<_>>(), [None, Some(&b"ab"[..])]);
        assert_eq!([0, 1, 2].map(|index| bind.formats.get(index)), [Some(0), Some(1), None]);
        assert_eq!(bind.results.get(7), Some(1));
    }

    #[test]
    fn parse_keeps_declared_types() {
        let Ok(Frontend::Parse(parse)) = Frontend::parse(b'P', b"s\0SELECT $1\0\0\x02\0\0\0\x19\0\0\0\0") else {
            panic!("a Parse")
        };
        assert_eq!((parse.name, parse.sql), (&b"s"[..], &b"SELECT $1"[..]));
        assert_eq!(parse.types().collect::<Vec<_>>(), [25, 0]);
    }
}
