//! Messages of the server after authentication: views of one frame's body, and writers of whole frames.
//!
//! Source: <https://www.postgresql.org/docs/current/protocol-message-formats.html>

use bytes::{BufMut, BytesMut};

use super::body::Body;
use super::frame::{violation, write};
use super::{PgError, SqlState};

/// One column of a RowDescription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    pub name: &'a [u8],
    /// The table the column comes from, 0 where it is no plain column.
    pub table_oid: u32,
    pub column_number: i16,
    pub type_oid: u32,
    pub type_size: i16,
    pub typmod: i32,
    /// 0 text, 1 binary; 0 too where it is not known yet.
    pub format: i16,
}

/// The columns of a RowDescription's body.
///
/// # Errors
/// 08P01 where the body is not exactly that; likewise for every reader below.
pub fn row_description(body: &[u8]) -> Result<Vec<Column<'_>>, PgError> {
    let mut body = Body::new(body);
    let count = body.count()?;
    let columns = (0..count).map(|_| column(&mut body)).collect::<Result<_, _>>()?;
    body.end().map(|()| columns)
}

fn column<'a>(body: &mut Body<'a>) -> Result<Column<'a>, PgError> {
    Ok(Column {
        name: body.cstr()?,
        table_oid: body.u32()?,
        column_number: body.i16()?,
        type_oid: body.u32()?,
        type_size: body.i16()?,
        typmod: body.i32()?,
        format: body.i16()?,
    })
}

/// # Errors
/// 54000 where the frame would be too long; likewise for every writer below.
pub fn write_row_description(output: &mut BytesMut, columns: &[Column<'_>]) -> Result<(), PgError> {
    let count = count(columns.len())?;
    write(output, b'T', |body| {
        body.put_u16(count);
        for column in columns {
            put_cstr(body, column.name);
            body.put_u32(column.table_oid);
            body.put_i16(column.column_number);
            body.put_u32(column.type_oid);
            body.put_i16(column.type_size);
            body.put_i32(column.typmod);
            body.put_i16(column.format);
        }
    })
}

/// The type OIDs of a ParameterDescription's body.
pub fn parameter_description(body: &[u8]) -> Result<Vec<u32>, PgError> {
    let mut body = Body::new(body);
    let count = body.count()?;
    let types = (0..count).map(|_| body.u32()).collect::<Result<_, _>>()?;
    body.end().map(|()| types)
}

pub fn write_parameter_description(output: &mut BytesMut, types: &[u32]) -> Result<(), PgError> {
    let count = count(types.len())?;
    write(output, b't', |body| {
        body.put_u16(count);
        types.iter().for_each(|oid| body.put_u32(*oid));
    })
}

/// Calls `field` with each value of a DataRow's body, `None` for NULL; returns how many there were.
pub fn data_row<'a>(
    body: &'a [u8],
    mut field: impl FnMut(usize, Option<&'a [u8]>) -> Result<(), PgError>,
) -> Result<usize, PgError> {
    let mut body = Body::new(body);
    let count = body.count()?;
    for index in 0..count {
        field(index, body.value()?)?;
    }
    body.end().map(|()| count)
}

/// The status byte of a ReadyForQuery: `I`, `T` or `E`.
pub fn ready_for_query(body: &[u8]) -> Result<u8, PgError> {
    match body {
        [status @ (b'I' | b'T' | b'E')] => Ok(*status),
        _ => Err(violation("invalid ReadyForQuery")),
    }
}

/// The tag of a CommandComplete's body, for example `SELECT 5`.
pub fn command_complete(body: &[u8]) -> Result<&[u8], PgError> {
    let mut body = Body::new(body);
    let tag = body.cstr()?;
    body.end().map(|()| tag)
}

/// Name and value of a ParameterStatus's body.
pub fn parameter_status(body: &[u8]) -> Result<(&[u8], &[u8]), PgError> {
    let mut body = Body::new(body);
    let pair = (body.cstr()?, body.cstr()?);
    body.end().map(|()| pair)
}

/// The fields of an ErrorResponse's or NoticeResponse's body, in order.
pub fn error_fields(body: &[u8]) -> Result<Vec<(u8, &[u8])>, PgError> {
    let mut body = Body::new(body);
    let mut fields = Vec::new();
    loop {
        match body.u8()? {
            0 => return body.end().map(|()| fields),
            field => fields.push((field, body.cstr()?)),
        }
    }
}

/// How much of the session an error ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The statement.
    Error,
    /// The session.
    Fatal,
}

impl Severity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// An ErrorResponse of the proxy's own.
pub fn write_error(output: &mut BytesMut, severity: Severity, error: &PgError) -> Result<(), PgError> {
    let SqlState(code) = error.code;
    write(output, b'E', |body| {
        for field in [b'S', b'V'] {
            put_field(body, field, severity.as_str().as_bytes());
        }
        put_field(body, b'C', &code);
        put_field(body, b'M', error.message.as_bytes());
        if let Some(detail) = &error.detail {
            put_field(body, b'D', detail.as_bytes());
        }
        if let Some(hint) = &error.hint {
            put_field(body, b'H', hint.as_bytes());
        }
        if let Some(position) = error.position {
            put_field(body, b'P', position.to_string().as_bytes());
        }
        body.put_u8(0);
    })
}

fn put_field(body: &mut BytesMut, field: u8, text: &[u8]) {
    body.put_u8(field);
    put_cstr(body, text);
}

/// Ends at the first NUL of `text`, if it has one: a reader would end there too, and read the rest as something else.
fn put_cstr(body: &mut BytesMut, text: &[u8]) {
    let end = memchr::memchr(0, text).unwrap_or(text.len());
    body.extend_from_slice(text.get(..end).unwrap_or(text));
    body.put_u8(0);
}

fn count(len: usize) -> Result<u16, PgError> {
    u16::try_from(len).map_err(|_| PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many columns or parameters"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::HEADER_LEN;

    #[test]
    fn row_description_round_trips() {
        let column = Column {
            name: b"phone",
            table_oid: 16384,
            column_number: 3,
            type_oid: 1043,
            type_size: -1,
            typmod: 24,
            format: 0,
        };
        let mut output = BytesMut::new();
        write_row_description(&mut output, &[column, column]).unwrap();
        assert_eq!(row_description(&output[HEADER_LEN..]).unwrap(), [column, column]);
        assert!(row_description(&output[HEADER_LEN..output.len() - 1]).is_err());
    }

    #[test]
    fn errors_round_trip_and_a_nul_cannot_split_them() {
        let error = PgError::new(SqlState::INSUFFICIENT_PRIVILEGE, "no\0Mforged").with_hint("rule 7");
        let mut output = BytesMut::new();
        write_error(&mut output, Severity::Error, &error).unwrap();
        let expect: [(u8, &[u8]); 5] =
            [(b'S', b"ERROR"), (b'V', b"ERROR"), (b'C', b"42501"), (b'M', b"no"), (b'H', b"rule 7")];
        assert_eq!(error_fields(&output[HEADER_LEN..]).unwrap(), expect);
    }

    #[test]
    fn data_row_checks_every_length() {
        let mut seen = Vec::new();
        let count = data_row(b"\0\x02\xff\xff\xff\xff\0\0\0\x01x", |index, value| {
            seen.push((index, value));
            Ok(())
        });
        assert_eq!((count, &seen[..]), (Ok(2), &[(0, None), (1, Some(&b"x"[..]))][..]));
        for body in [&b"\0\x01\0\0\0\x02x"[..], b"\0\x01\xff\xff\xff\xfe", b"\0\0x", b"\0"] {
            assert!(data_row(body, |_, _| Ok(())).is_err(), "{body:?}");
        }
    }

    #[test]
    fn short_messages_are_exact() {
        assert_eq!(ready_for_query(b"T"), Ok(b'T'));
        assert!(ready_for_query(b"TT").is_err());
        assert_eq!(command_complete(b"SELECT 5\0"), Ok(&b"SELECT 5"[..]));
        assert!(command_complete(b"SELECT 5\0x").is_err());
        assert!(error_fields(b"SERROR\0").is_err());
    }
}
