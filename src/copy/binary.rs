//! The binary format: a signature, tuples of values with their lengths, a trailer.
//!
//! Source: <https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format"

use bytes::{BufMut, BytesMut};

use super::malformed;
use super::reader::{Cut, Span};
use crate::wire::{PgError, SqlState};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, length of the header's extension.
const HEADER_LEN: usize = SIGNATURE.len() + 8;
/// Flags above bit 15 change how the rest is read; bit 16 said that tuples have OIDs.
const CRITICAL_FLAGS: u32 = 0xffff_0000;
const COUNT_LEN: usize = 2;
const LENGTH_LEN: usize = 4;

/// Cuts the stream into header, tuples and trailer; keeps its place within a tuple that is not all there.
#[derive(Default)]
pub struct Tuples {
    has_header: bool,
    has_trailer: bool,
    scanned: usize,
}

impl Tuples {
    /// # Errors
    /// 22P04 for anything but a header, tuples of `columns` fields, and nothing after a trailer.
    pub fn next(
        &mut self,
        buffer: &[u8],
        is_ended: bool,
        columns: usize,
        fields: &mut Vec<Span>,
    ) -> Result<Option<Cut>, PgError> {
        let cut = if !self.has_header {
            self.header(buffer)?
        } else if self.has_trailer {
            if buffer.is_empty() { None } else { return Err(malformed("received copy data after EOF marker")) }
        } else {
            self.tuple(buffer, columns, fields)?
        };
        match cut {
            None if is_ended && !self.has_header => Err(malformed("COPY file signature not recognized")),
            None if is_ended && !buffer.is_empty() => Err(malformed("unexpected EOF in COPY data")),
            cut => Ok(cut),
        }
    }

    fn header(&mut self, buffer: &[u8]) -> Result<Option<Cut>, PgError> {
        let known = buffer.len().min(SIGNATURE.len());
        if buffer.get(..known) != SIGNATURE.get(..known) {
            return Err(malformed("COPY file signature not recognized"));
        }
        let Some(flags) = word(buffer, SIGNATURE.len()) else { return Ok(None) };
        if flags & CRITICAL_FLAGS != 0 {
            return Err(malformed("unrecognized critical flags in COPY file header"));
        }
        let Some(extension) = word(buffer, SIGNATURE.len() + 4) else { return Ok(None) };
        let extension = i32::try_from(extension).map_err(|_| malformed("invalid COPY file header (missing length)"))?;
        let len = HEADER_LEN.saturating_add(usize::try_from(extension).unwrap_or(usize::MAX));
        self.has_header = buffer.len() >= len;
        Ok(self.has_header.then_some(Cut::Verbatim { len }))
    }

    fn tuple(&mut self, buffer: &[u8], columns: usize, fields: &mut Vec<Span>) -> Result<Option<Cut>, PgError> {
        if self.scanned == 0 {
            let Some(count) = buffer.first_chunk::<COUNT_LEN>() else { return Ok(None) };
            match i16::from_be_bytes(*count) {
                -1 => {
                    self.has_trailer = true;
                    return Ok(Some(Cut::Verbatim { len: COUNT_LEN }));
                }
                count if usize::try_from(count) == Ok(columns) => self.scanned = COUNT_LEN,
                count => {
                    return Err(malformed(format!("row field count is {count}, expected {columns}")));
                }
            }
        }
        while fields.len() < columns {
            let Some(field) = field(buffer, self.scanned)? else { return Ok(None) };
            self.scanned = field.end;
            fields.push(field);
        }
        let len = std::mem::take(&mut self.scanned);
        Ok(Some(Cut::Row { lead_len: COUNT_LEN, content_len: len, len }))
    }
}

fn field(buffer: &[u8], at: usize) -> Result<Option<Span>, PgError> {
    let Some(len) = word(buffer, at) else { return Ok(None) };
    let start = at + LENGTH_LEN;
    let is_null = len == u32::MAX;
    let len = match i32::try_from(len) {
        Ok(len) => usize::try_from(len).unwrap_or(usize::MAX),
        Err(_) if is_null => 0,
        Err(_) => return Err(malformed("invalid field size")),
    };
    let end = start.saturating_add(len);
    Ok((end <= buffer.len()).then_some(Span { framed: at, start, end, is_null }))
}

fn word(buffer: &[u8], at: usize) -> Option<u32> {
    buffer.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Appends a value with its length, -1 for NULL.
pub fn write_field(value: Option<&[u8]>, output: &mut BytesMut) -> Result<(), PgError> {
    let Some(value) = value else {
        output.put_i32(-1);
        return Ok(());
    };
    let len = i32::try_from(value.len())
        .map_err(|_| PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "value is too long for COPY"))?;
    output.put_i32(len);
    output.extend_from_slice(value);
    Ok(())
}
