//! The data of COPY, as it streams: text, csv and binary, fields in, fields out. Pure.
//!
//! ```text
//! bytes, cut anywhere ─ Reader ─▶ Piece::Verbatim (header, end marker) or Piece::Row
//!     Row's fields ─ raw as they came, or decode ─▶ value ─ encode, write_field ─▶ bytes
//! ```
//!
//! Reads and writes as PostgreSQL does (`src/backend/commands/copyfromparse.c`, `copyto.c`), so that both ends of the
//! proxy cut a stream into the same fields.

mod binary;
mod charset;
mod csv;
mod lines;
mod reader;
mod text;

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};

pub use charset::Charset;
pub use reader::{Field, Piece, Reader, Row};

use crate::plan::{CopyFormat, ForceQuote};
use crate::wire::{PgError, SqlState};

/// The value of a field that is not NULL, from the bytes it has in the stream. Text and csv in UTF-8: escapes like
/// `\xe4` stand for bytes of the database's encoding, which PostgreSQL has transcoded the stream to by then.
pub fn decode<'a>(format: &CopyFormat, raw: &'a [u8]) -> Cow<'a, [u8]> {
    match format {
        CopyFormat::Text { .. } => text::decode(raw),
        CopyFormat::Csv { quote, escape, .. } => csv::decode(raw, *quote, *escape),
        CopyFormat::Binary => Cow::Borrowed(raw),
    }
}

/// Appends the stream's form of a value; `index` and `columns` say which field of how many it is. Text and csv in UTF-8.
pub fn encode(format: &CopyFormat, index: usize, columns: usize, value: &[u8], output: &mut BytesMut) {
    match format {
        CopyFormat::Text { delimiter, .. } => text::encode(value, *delimiter, output),
        CopyFormat::Csv { force_quote, .. } => {
            let must_quote = is_forced(force_quote, index) || csv::needs_quotes(format, columns, value);
            csv::encode(format, value, must_quote, output);
        }
        CopyFormat::Binary => output.extend_from_slice(value),
    }
}

fn is_forced(force_quote: &ForceQuote, index: usize) -> bool {
    match force_quote {
        ForceQuote::None => false,
        ForceQuote::All => true,
        ForceQuote::Columns(columns) => columns.contains(&index),
    }
}

/// Appends one field with what sets it off from the one before: `encoded` as [`encode`] wrote it, `None` for NULL.
///
/// # Errors
/// 54000 where the value is longer than a field can be.
pub fn write_field(
    format: &CopyFormat,
    index: usize,
    encoded: Option<&[u8]>,
    output: &mut BytesMut,
) -> Result<(), PgError> {
    match format {
        CopyFormat::Text { delimiter, null, .. } | CopyFormat::Csv { delimiter, null, .. } => {
            if index > 0 {
                output.put_u8(*delimiter);
            }
            output.extend_from_slice(encoded.unwrap_or(null));
        }
        CopyFormat::Binary => binary::write_field(encoded, output)?,
    }
    Ok(())
}

/// 22P04, as PostgreSQL says of a stream that is not what its format says.
fn malformed(message: impl Into<Cow<'static, str>>) -> PgError {
    PgError::new(SqlState::BAD_COPY_FILE_FORMAT, message)
}
