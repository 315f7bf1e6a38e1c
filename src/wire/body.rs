//! A cursor over one frame's body: every read is checked, and what is left over is an error.

use super::PgError;
use super::frame::violation;

/// Reads one body from front to back.
#[derive(Clone, Copy)]
pub struct Body<'a> {
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    pub const fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    /// # Errors
    /// 08P01 where fewer than `len` bytes are left; likewise for every read below.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], PgError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PgError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(short)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub fn u8(&mut self) -> Result<u8, PgError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn i16(&mut self) -> Result<i16, PgError> {
        self.array().map(i16::from_be_bytes)
    }

    pub fn i32(&mut self) -> Result<i32, PgError> {
        self.array().map(i32::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, PgError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A count, as PostgreSQL reads it: 0 to 65535 (`pq_getmsgint(…, 2)`).
    pub fn count(&mut self) -> Result<usize, PgError> {
        self.array().map(u16::from_be_bytes).map(usize::from)
    }

    /// Bytes up to a NUL, which is taken too.
    pub fn cstr(&mut self) -> Result<&'a [u8], PgError> {
        let end = memchr::memchr(0, self.rest).ok_or_else(|| violation("invalid string in message"))?;
        let text = self.bytes(end)?;
        self.bytes(1)?;
        Ok(text)
    }

    /// A value with its length before it; `None` is NULL (-1).
    pub fn value(&mut self) -> Result<Option<&'a [u8]>, PgError> {
        match self.i32()? {
            -1 => Ok(None),
            len => self.bytes(usize::try_from(len).map_err(|_| short())?).map(Some),
        }
    }

    /// What has not been read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// # Errors
    /// 08P01 where bytes are left: they would be read as something else by somebody else.
    pub fn end(self) -> Result<(), PgError> {
        if self.rest.is_empty() { Ok(()) } else { Err(violation("invalid message format")) }
    }
}

fn short() -> PgError {
    violation("insufficient data left in message")
}
