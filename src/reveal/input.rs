//! One value of the client's on its way up: read, checked against the caller's own mask, sealed.

use std::borrow::Cow;

use bytes::BytesMut;

use super::sealed::{column_name, holds_magic, is_textual, logical_type};
use super::{Values, encoding};
use crate::crypto::Sealer;
use crate::mask::Mask;
use crate::plan::{KEEP_MARKER, SealedColumn, WriteGuard};
use crate::value::{Format, LogicalType, Plaintext, Purpose};
use crate::wire::{PgError, SqlState};

/// A client's value with its text in UTF-8; binary forms of other types as they are.
pub struct Input<'a> {
    /// The type OID it was declared as, or is described as; 0 where it is text of no type yet.
    source: u32,
    format: Format,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Input<'a> {
    /// A value in the client's encoding.
    ///
    /// # Errors
    /// 22021 where the bytes are no text of the encoding, 0A000 where the encoding is not known.
    pub fn new(source: u32, format: Format, bytes: &'a [u8], values: &Values) -> Result<Self, PgError> {
        let bytes = match format {
            Format::Binary if !is_text_oid(source) => Cow::Borrowed(bytes),
            Format::Text | Format::Binary => encoding::to_utf8(&values.encoding, bytes)?,
        };
        Ok(Self { source, format, bytes })
    }

    /// A value that is text in UTF-8 already.
    pub const fn utf8(bytes: Cow<'a, [u8]>) -> Self {
        Self { source: 0, format: Format::Text, bytes }
    }

    /// What the statement's own cast makes of it.
    ///
    /// # Errors
    /// PostgreSQL's own where it cannot be cast, 0A000 where it is not known how.
    pub fn cast(&self, ty: LogicalType, values: &Values) -> Result<Input<'static>, PgError> {
        let value = ty.cast(self.source, self.format, &self.bytes, &values.style)?;
        Ok(Input { source: ty.oid(), format: Format::Text, bytes: Cow::Owned(value.expose().as_bytes().to_vec()) })
    }

    fn read(&self, ty: LogicalType, purpose: Purpose, values: &Values) -> Result<Plaintext, PgError> {
        ty.read(self.source, self.format, &self.bytes, &values.style, purpose)
    }
}

/// What is stored: a sealed value, or [`KEEP_MARKER`] where the caller wrote its own mask back.
///
/// # Errors
/// PostgreSQL's own where the column cannot take the value, 22023 for text that could pass for a sealed value, 23514
/// for a mask where there is nothing to keep.
pub fn seal(
    input: &Input<'_>,
    column: &SealedColumn,
    guard: Option<&WriteGuard>,
    values: &Values,
) -> Result<String, PgError> {
    let value = read(input, column, Purpose::Assign, values)?;
    match guard {
        Some(guard) if guard.mask.looks_masked(column.ty, value.expose()) => {
            if guard.keep {
                Ok(KEEP_MARKER.to_owned())
            } else {
                Err(masked(column_name(column)))
            }
        }
        Some(_) | None => values.keys.seal(column, &value),
    }
}

/// The equality prefix that stands for the value in a predicate.
///
/// # Errors
/// As [`seal`], but no length is enforced.
pub fn term(input: &Input<'_>, column: &SealedColumn, values: &Values) -> Result<String, PgError> {
    values.keys.term(column, &read(input, column, Purpose::Compare, values)?)
}

fn read(input: &Input<'_>, column: &SealedColumn, purpose: Purpose, values: &Values) -> Result<Plaintext, PgError> {
    let value = input.read(column.ty, purpose, values)?;
    refuse_magic(&value, column)?;
    Ok(value)
}

/// Text that could pass for a sealed value is stored nowhere.
///
/// # Errors
/// 22023.
pub fn refuse_magic(value: &Plaintext, column: &SealedColumn) -> Result<(), PgError> {
    if holds_magic(value.expose().as_bytes()) {
        let message = format!("value for column \"{}\" holds the mark of a sealed value", column_name(column));
        return Err(PgError::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    Ok(())
}

/// Checks a value for a plain column that the caller sees masked.
///
/// # Errors
/// 23514 where the value has the mask's shape.
pub fn refuse_masked(
    input: &Input<'_>,
    mask: &Mask,
    ty: LogicalType,
    column: &str,
    values: &Values,
) -> Result<(), PgError> {
    // Such a mask is told from a value by nothing; the policy makes the column read-only
    if mask.output_is_legal_value(ty) {
        return Ok(());
    }
    let value = input.read(ty, Purpose::Compare, values)?;
    let name = column.rsplit('.').next().unwrap_or(column);
    if mask.looks_masked(ty, value.expose()) { Err(masked(name)) } else { Ok(()) }
}

fn masked(column: &str) -> PgError {
    PgError::new(SqlState::CHECK_VIOLATION, format!("value for column \"{column}\" is a mask, not a value"))
        .with_hint("The column is shown masked to this role: leave it out, or write the whole value.")
}

/// Whether the type's binary form is text: those of sealed columns, and unknown, name, json, xml.
fn is_text_oid(oid: u32) -> bool {
    matches!(oid, 0 | 705 | 19 | 114 | 142) || logical_type(oid, -1).is_some_and(is_textual)
}

/// Appends PostgreSQL's text form of a one-dimensional array of texts.
pub fn write_text_array(elements: &[Option<String>], output: &mut BytesMut) {
    output.extend_from_slice(b"{");
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            output.extend_from_slice(b",");
        }
        match element {
            None => output.extend_from_slice(b"NULL"),
            Some(text) => write_quoted(text, output),
        }
    }
    output.extend_from_slice(b"}");
}

fn write_quoted(text: &str, output: &mut BytesMut) {
    output.extend_from_slice(b"\"");
    for byte in text.as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            output.extend_from_slice(b"\\");
        }
        output.extend_from_slice(&[*byte]);
    }
    output.extend_from_slice(b"\"");
}
