//! DataRow: relayed fields are copied, sealed ones opened.

use bytes::{BufMut, BytesMut};

use super::sealed::{self, holds_sealed};
use super::{Shown, Values};
use crate::plan::{Output, OutputAction};
use crate::value::Format;
use crate::wire::frontend::Formats;
use crate::wire::{PgError, SqlState, backend, frame};

/// Writes the DataRow that the client gets. On an error `output` is as it was.
///
/// # Errors
/// XX000 for a row of another shape than the plan's, or a sealed value where none was planned; 22000 for a value
/// that is not sealed where one was, or does not authenticate.
pub fn row(
    output: &mut BytesMut,
    body: &[u8],
    outputs: &[Output],
    formats: &Formats<'_>,
    values: &Values,
) -> Result<Shown, PgError> {
    let start = output.len();
    let mut shown = Ok(Shown::default());
    frame::write(output, b'D', |fields| shown = write_fields(fields, body, outputs, formats, values))?;
    if shown.is_err() {
        output.truncate(start);
    }
    shown
}

/// Writes a DataRow of columns that the plan does not know.
///
/// # Errors
/// XX000 where a sealed value is in it.
pub fn watched_row(output: &mut BytesMut, body: &[u8]) -> Result<(), PgError> {
    check_unsealed(body)?;
    frame::write(output, b'D', |fields| fields.extend_from_slice(body))
}

/// # Errors
/// XX000 where a sealed value is in it.
pub fn check_unsealed(bytes: &[u8]) -> Result<(), PgError> {
    if holds_sealed(bytes) { Err(unplanned()) } else { Ok(()) }
}

fn write_fields(
    output: &mut BytesMut,
    body: &[u8],
    outputs: &[Output],
    formats: &Formats<'_>,
    values: &Values,
) -> Result<Shown, PgError> {
    let mut shown = Shown::default();
    output.put_u16(u16::try_from(outputs.len()).map_err(|_| other_shape())?);
    let count = backend::data_row(body, |index, value| {
        let column = outputs.get(index).ok_or_else(other_shape)?;
        match value {
            None => output.put_i32(-1),
            Some(bytes) => {
                let format = format(formats, index)?;
                write_value(output, bytes, column, format, values, &mut shown)?;
            }
        }
        Ok(())
    })?;
    if count == outputs.len() { Ok(shown) } else { Err(other_shape()) }
}

fn write_value(
    output: &mut BytesMut,
    bytes: &[u8],
    column: &Output,
    format: Format,
    values: &Values,
    shown: &mut Shown,
) -> Result<(), PgError> {
    match &column.action {
        OutputAction::Relay if holds_sealed(bytes) => Err(unplanned()),
        OutputAction::Relay | OutputAction::RelayAny => {
            output.put_u32(length(bytes.len())?);
            output.extend_from_slice(bytes);
            Ok(())
        }
        OutputAction::Reveal(columns) => {
            let revealed = sealed::reveal(bytes, columns, values)?;
            revealed.count(shown);
            let place = output.len();
            output.put_i32(-1);
            if revealed.write(column.ty, format, values, output)? {
                let len = length(output.len() - place - 4)?;
                if let Some(written) = output.get_mut(place..place + 4) {
                    written.copy_from_slice(&len.to_be_bytes());
                }
            }
            Ok(())
        }
    }
}

fn format(formats: &Formats<'_>, index: usize) -> Result<Format, PgError> {
    match formats.get(index) {
        Some(0) => Ok(Format::Text),
        Some(1) => Ok(Format::Binary),
        Some(_) | None => Err(other_shape()),
    }
}

fn length(len: usize) -> Result<u32, PgError> {
    let fits = i32::try_from(len).ok().and_then(|len| u32::try_from(len).ok());
    fits.ok_or_else(|| PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "value is too long"))
}

fn other_shape() -> PgError {
    PgError::new(SqlState::INTERNAL_ERROR, "a row has another shape than was planned")
}

/// The session ends on it: what the plan was built on does not hold.
pub fn unplanned() -> PgError {
    PgError::new(SqlState::INTERNAL_ERROR, "a sealed value stands where none was planned")
}
