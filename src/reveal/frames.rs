//! What both directions of COPY share: how far a stream has been read, and CopyData frames that are filled row by row.

use bytes::{BufMut, BytesMut};

use super::{Values, encoding};
use crate::copy::{Charset, Reader};
use crate::plan::CopyFormat;
use crate::wire::{PgError, SqlState, frame, limits};

/// What is taken of a peer's message at once, so that beside it no second one is held.
pub const CHUNK_LEN: usize = 64 << 10;

/// How far a stream has come.
pub enum Stage {
    /// The encoding is known only with the first bytes.
    Start,
    Running(Reader),
    /// At its end, or at an error: no byte passes any more.
    Over,
}

impl Stage {
    /// Takes the reader, and leaves [`Stage::Over`] until it is put back.
    ///
    /// # Errors
    /// XX000 where the stream is over; 0A000 where the client's encoding is not known, or the NULL string would stand in it
    /// in other bytes.
    pub fn take(&mut self, format: &CopyFormat, columns: usize, values: &Values) -> Result<Reader, PgError> {
        match std::mem::replace(self, Self::Over) {
            Self::Running(reader) => Ok(reader),
            Self::Start => Ok(Reader::new(format.clone(), columns, charset(format, &values.encoding)?)),
            Self::Over => Err(PgError::new(SqlState::INTERNAL_ERROR, "COPY data after its end")),
        }
    }
}

fn charset(format: &CopyFormat, encoding: &str) -> Result<Charset, PgError> {
    match format {
        CopyFormat::Binary => Ok(Charset::AsciiSafe),
        CopyFormat::Text { null, .. } | CopyFormat::Csv { null, .. } => {
            if !null.is_ascii() && !encoding::is_utf8(encoding) {
                let message = "a NULL string outside ASCII needs encoding \"UTF8\"";
                return Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message));
            }
            encoding::charset(encoding)
        }
    }
}

/// Appends the CopyData frames that `rows` fills.
///
/// # Errors
/// Those of `rows`, 54000 where one row is longer than a frame can be; `output` is then as it was.
pub fn write(output: &mut BytesMut, rows: impl FnOnce(&mut Frames<'_>) -> Result<(), PgError>) -> Result<(), PgError> {
    let start = output.len();
    let mut frames = Frames { output, start: None };
    let written = rows(&mut frames).and_then(|()| frames.end());
    if written.is_err() {
        output.truncate(start);
    }
    written
}

/// A frame takes whole rows until it has this many bytes.
const FULL_LEN: usize = 64 << 10;

/// CopyData frames at the end of a buffer.
pub struct Frames<'a> {
    output: &'a mut BytesMut,
    /// Where the open frame begins.
    start: Option<usize>,
}

impl Frames<'_> {
    /// Where the next bytes of the open frame go.
    pub fn body(&mut self) -> &mut BytesMut {
        if self.start.is_none() {
            self.start = Some(self.output.len());
            self.output.put_u8(b'd');
            self.output.put_u32(0);
        }
        self.output
    }

    /// A row is complete: the frame ends here if it is full.
    ///
    /// # Errors
    /// 54000 where one row is longer than a frame can be.
    pub fn end_row(&mut self) -> Result<(), PgError> {
        match self.start {
            Some(start) if self.output.len() - start >= FULL_LEN => self.end(),
            Some(_) | None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), PgError> {
        let Some(start) = self.start.take() else { return Ok(()) };
        let len = self.output.len() - start - 1;
        match (u32::try_from(len), self.output.get_mut(start + 1..start + frame::HEADER_LEN)) {
            (Ok(announced), Some(place)) if len <= limits::LARGE_MESSAGE_LEN => {
                place.copy_from_slice(&announced.to_be_bytes());
                Ok(())
            }
            _ => Err(PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "COPY row is too long")),
        }
    }
}
