//! CopyData frames that are filled row by row.

use bytes::{BufMut, BytesMut};

use crate::wire::{PgError, SqlState, frame, limits};

/// A frame takes whole rows until it has this many bytes: what PostgreSQL's own clients send at once.
const FULL_LEN: usize = 64 << 10;

/// Appends CopyData frames; the last one is closed by [`Frames::end`].
pub struct Frames<'a> {
    output: &'a mut BytesMut,
    /// Where the open frame begins.
    start: Option<usize>,
}

impl<'a> Frames<'a> {
    pub const fn new(output: &'a mut BytesMut) -> Self {
        Self { output, start: None }
    }

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
    /// As [`Self::end`].
    pub fn end_row(&mut self) -> Result<(), PgError> {
        match self.start {
            Some(start) if self.output.len() - start >= FULL_LEN => self.end(),
            Some(_) | None => Ok(()),
        }
    }

    /// Closes the frame that is open.
    ///
    /// # Errors
    /// 54000 where one row is longer than a frame can be.
    pub fn end(&mut self) -> Result<(), PgError> {
        let Some(start) = self.start.take() else { return Ok(()) };
        let len = self.output.len() - start - 1;
        match (u32::try_from(len), self.output.get_mut(start + 1..start + frame::HEADER_LEN)) {
            (Ok(announced), Some(place)) if len <= limits::LARGE_MESSAGE_LEN => {
                place.copy_from_slice(&announced.to_be_bytes());
                Ok(())
            }
            _ => {
                self.output.truncate(start);
                Err(PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "COPY row is too long"))
            }
        }
    }

    /// Takes back the open frame.
    pub fn abandon(&mut self) {
        if let Some(start) = self.start.take() {
            self.output.truncate(start);
        }
    }
}
