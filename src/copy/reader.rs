//! Cuts a stream into rows and fields, whatever pieces it comes in.

use bytes::{Buf, BytesMut};

use super::binary::Tuples;
use super::charset::Charset;
use super::csv::{self, Marks};
use super::lines::{Line, Lines};
use super::{malformed, text};
use crate::plan::CopyFormat;
use crate::wire::{PgError, SqlState};

/// `MaxAllocSize`: what PostgreSQL's own line buffer can hold.
const LONGEST_ROW_LEN: usize = 0x3fff_ffff;

/// Reads the stream of one COPY. Holds no more than one row and what was fed last.
pub struct Reader {
    format: CopyFormat,
    charset: Charset,
    columns: usize,
    buffer: BytesMut,
    /// How much of the buffer the piece takes that was handed out last.
    taken: usize,
    is_ended: bool,
    stage: Stage,
    lines: Lines,
    tuples: Tuples,
    fields: Vec<Span>,
}

enum Stage {
    HeaderLine,
    Rows,
    /// After the end marker PostgreSQL reads on to the end of the stream, and ignores it.
    Over,
}

/// What comes next in a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// No data: a header or trailer.
    Verbatim(&'a [u8]),
    /// `\.` on a line of its own, with its line end.
    EndMarker(&'a [u8]),
    Row(Row<'a>),
}

/// One row, as it stands in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    bytes: &'a [u8],
    /// What stands before the first field: the binary format's count.
    pub lead: &'a [u8],
    /// What ends the row: the line end of text and csv.
    pub tail: &'a [u8],
    fields: &'a [Span],
}

impl<'a> Row<'a> {
    /// Never more than the stream has columns; may be fewer in text and csv.
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + 'a {
        let bytes = self.bytes;
        self.fields.iter().map(move |span| Field {
            framed: bytes.get(span.framed..span.end).unwrap_or_default(),
            raw: if span.is_null { None } else { bytes.get(span.start..span.end) },
        })
    }
}

/// One field, as it stands in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// With the delimiter or length before it: the bytes that relay it.
    pub framed: &'a [u8],
    /// Its value before [`super::decode`]; `None` for NULL.
    pub raw: Option<&'a [u8]>,
}

/// Where a field stands within its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where the delimiter or length before it begins.
    pub framed: usize,
    pub start: usize,
    pub end: usize,
    pub is_null: bool,
}

/// What to take off the front of the buffer.
#[derive(Clone, Copy)]
pub enum Cut {
    Verbatim { len: usize },
    EndMarker { len: usize },
    Row { lead_len: usize, content_len: usize, len: usize },
}

impl Reader {
    /// `columns`: how many fields a row has.
    pub fn new(format: CopyFormat, columns: usize, charset: Charset) -> Self {
        let (quotes, header) = match &format {
            CopyFormat::Text { header, .. } => (None, *header),
            CopyFormat::Csv { header, quote, escape, .. } => (Some((*quote, *escape)), *header),
            CopyFormat::Binary => (None, false),
        };
        Self {
            format,
            charset,
            columns,
            buffer: BytesMut::new(),
            taken: 0,
            is_ended: false,
            stage: if header { Stage::HeaderLine } else { Stage::Rows },
            lines: Lines::new(quotes, charset),
            tuples: Tuples::default(),
            fields: Vec::new(),
        }
    }

    /// Takes the stream's next bytes. Ask for pieces until there is none before feeding more.
    ///
    /// # Errors
    /// 54000 where a row is longer than PostgreSQL takes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), PgError> {
        self.drop_taken();
        if matches!(self.stage, Stage::Over) {
            return Ok(());
        }
        if self.buffer.len().saturating_add(bytes.len()) > LONGEST_ROW_LEN {
            return Err(PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "COPY row is too long"));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The stream has ended: what is left is its last row.
    pub fn finish(&mut self) {
        self.is_ended = true;
    }

    /// The next piece that is all there.
    ///
    /// # Errors
    /// 22P04 where the stream is not what its format says.
    pub fn next(&mut self) -> Result<Option<Piece<'_>>, PgError> {
        self.drop_taken();
        let cut = match (&self.stage, &self.format) {
            (Stage::Over, _) => return Ok(None),
            (_, CopyFormat::Binary) => self.tuples.next(&self.buffer, self.is_ended, self.columns, &mut self.fields)?,
            _ => self.next_line()?,
        };
        let Some(cut) = cut else { return Ok(None) };
        self.piece(cut).map(Some)
    }

    fn next_line(&mut self) -> Result<Option<Cut>, PgError> {
        let Some(line) = self.lines.next(&self.buffer, self.is_ended)? else { return Ok(None) };
        if line.is_end_marker {
            self.stage = Stage::Over;
            return Ok(Some(Cut::EndMarker { len: line.len }));
        }
        if matches!(self.stage, Stage::HeaderLine) {
            self.stage = Stage::Rows;
            return Ok(Some(Cut::Verbatim { len: line.len }));
        }
        self.split(line)?;
        Ok(Some(Cut::Row { lead_len: 0, content_len: line.content_len, len: line.len }))
    }

    fn split(&mut self, line: Line) -> Result<(), PgError> {
        let content = self.buffer.get(..line.content_len).unwrap_or_default();
        match &self.format {
            CopyFormat::Text { delimiter, null, .. } => {
                text::split(content, self.charset, *delimiter, null, self.columns, &mut self.fields)
            }
            CopyFormat::Csv { delimiter, null, quote, escape, .. } => {
                let marks = Marks { delimiter: *delimiter, quote: *quote, escape: *escape, null };
                csv::split(content, self.charset, marks, self.columns, &mut self.fields)
            }
            CopyFormat::Binary => Ok(()),
        }
    }

    fn piece(&mut self, cut: Cut) -> Result<Piece<'_>, PgError> {
        let (Cut::Verbatim { len } | Cut::EndMarker { len } | Cut::Row { len, .. }) = cut;
        let short = || malformed("unexpected EOF in COPY data");
        let bytes = self.buffer.get(..len).ok_or_else(short)?;
        self.taken = len;
        Ok(match cut {
            Cut::Verbatim { .. } => Piece::Verbatim(bytes),
            Cut::EndMarker { .. } => Piece::EndMarker(bytes),
            Cut::Row { lead_len, content_len, .. } => Piece::Row(Row {
                bytes,
                lead: bytes.get(..lead_len).ok_or_else(short)?,
                tail: bytes.get(content_len..).ok_or_else(short)?,
                fields: &self.fields,
            }),
        })
    }

    fn drop_taken(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if taken > 0 {
            self.buffer.advance(taken);
            self.fields.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ForceQuote;

    fn text(header: bool) -> CopyFormat {
        CopyFormat::Text { delimiter: b'\t', null: b"\\N".to_vec(), header }
    }

    fn csv(header: bool) -> CopyFormat {
        let force_quote = ForceQuote::None;
        CopyFormat::Csv { delimiter: b',', null: Vec::new(), header, quote: b'"', escape: b'"', force_quote }
    }

    /// Takes everything apart and puts it together again; counts rows.
    fn pass(format: &CopyFormat, columns: usize, stream: &[u8], step: usize) -> Result<(Vec<u8>, usize), PgError> {
        let mut reader = Reader::new(format.clone(), columns, Charset::AsciiSafe);
        let (mut output, mut rows) = (Vec::new(), 0);
        for chunk in stream.chunks(step).map(Some).chain([None]) {
            match chunk {
                Some(chunk) => reader.feed(chunk)?,
                None => reader.finish(),
            }
            while let Some(piece) = reader.next()? {
                match piece {
                    Piece::Verbatim(bytes) | Piece::EndMarker(bytes) => output.extend_from_slice(bytes),
                    Piece::Row(row) => {
                        rows += 1;
                        output.extend_from_slice(row.lead);
                        row.fields().for_each(|field| output.extend_from_slice(field.framed));
                        output.extend_from_slice(row.tail);
                    }
                }
            }
        }
        Ok((output, rows))
    }

    const BINARY: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\x02ex\
        \0\x02\xff\xff\xff\xff\0\0\0\x03abc\0\x02\0\0\0\0\0\0\0\x01d\xff\xff";

    #[test]
    fn streams_come_out_as_they_went_in_however_they_are_cut() {
        let cases: &[(CopyFormat, usize, &[u8], usize)] = &[
            (text(true), 2, b"a\tb\n1\t\\N\n\\\t\t\\\\\nx\ty", 3),
            (text(false), 1, b"\n\\.\n", 1),
            (csv(true), 2, b"a,\"b\n\"\n\"x\"\"\n\",y\n,\n", 2),
            (csv(false), 2, b"a,b\r\n\"\r\",d\r\n", 2),
            (CopyFormat::Binary, 2, BINARY, 2),
            (CopyFormat::Binary, 2, &BINARY[..19 + 2], 0),
        ];
        for (format, columns, stream, rows) in cases {
            for step in 1..=stream.len() {
                assert_eq!(pass(format, *columns, stream, step), Ok((stream.to_vec(), *rows)), "{format:?} by {step}");
            }
        }
    }

    #[test]
    fn what_follows_the_end_marker_is_ignored() {
        let (output, rows) = pass(&text(false), 1, b"a\n\\.\nb\n", 2).unwrap();
        assert_eq!((&output[..], rows), (&b"a\n\\.\n"[..], 1));
    }

    #[test]
    fn malformed_streams_are_refused() {
        let signature = &BINARY[..19];
        let with = |rest: &[u8]| [signature, b"ex", rest].concat();
        let cases: &[(CopyFormat, Vec<u8>)] = &[
            (text(false), b"a\tb\tc\n".to_vec()),
            (csv(false), b"a,b,c\n".to_vec()),
            (csv(false), b"a,\"b\n".to_vec()),
            (CopyFormat::Binary, Vec::new()),
            (CopyFormat::Binary, b"PGCOPX".to_vec()),
            (CopyFormat::Binary, b"PGCOPY\n\xff\r\n\0\0\x01\0\0\0\0\0\0".to_vec()),
            (CopyFormat::Binary, b"PGCOPY\n\xff\r\n\0\0\0\0\0\xff\xff\xff\xff".to_vec()),
            (CopyFormat::Binary, with(b"\0\x03")),
            (CopyFormat::Binary, with(b"\xff\xfe")),
            (CopyFormat::Binary, with(b"\0\x02\xff\xff\xff\xfe")),
            (CopyFormat::Binary, with(b"\0\x02\xff\xff\xff\xff\0\0\0\x05abc")),
            (CopyFormat::Binary, with(b"\xff\xffx")),
        ];
        for (format, stream) in cases {
            for step in [1, 1000] {
                let code = pass(format, 2, stream, step).map_err(|error| error.code);
                assert_eq!(code, Err(SqlState::BAD_COPY_FILE_FORMAT), "{format:?} {stream:?}");
            }
        }
    }
}
