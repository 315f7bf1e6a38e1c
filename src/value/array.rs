//! One-dimensional arrays of a logical type.

use super::{Format, LogicalType, Plaintext, Purpose, Style};
use crate::wire::{PgError, SqlState};

/// Reads a client's array.
///
/// # Errors
/// As [`LogicalType::read`], for each element.
pub fn read_array(
    _element: LogicalType,
    _source: u32,
    _format: Format,
    _bytes: &[u8],
    _style: &Style,
    _purpose: Purpose,
) -> Result<Vec<Option<Plaintext>>, PgError> {
    Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "not built"))
}
