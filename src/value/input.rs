//! What the readers of all types begin with: clean text, and binary forms of a fixed length.

use super::errors::{binary_too_short, invalid_binary};
use crate::wire::{PgError, SqlState};

/// The bytes as text.
///
/// # Errors
/// 22021 for a NUL byte or invalid UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<&str, PgError> {
    let invalid = || PgError::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\"");
    if memchr::memchr(0, bytes).is_some() {
        return Err(invalid());
    }
    std::str::from_utf8(bytes).map_err(|_| invalid())
}

/// The bytes as a binary form of exactly `N` bytes.
///
/// # Errors
/// As PostgreSQL: 08P01 for less, 22P03 for more.
pub(super) fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], PgError> {
    match bytes.first_chunk::<N>() {
        None => Err(binary_too_short()),
        Some(form) if bytes.len() == N => Ok(*form),
        Some(_) => Err(invalid_binary("incorrect binary data format in bind parameter")),
    }
}

/// `isspace` in the C locale.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// Whether PostgreSQL 16 and later go on where 15 sees garbage (`1_000`, `0x1F`): refused rather than decided by version.
pub(super) fn is_newer_number(digits: &str, rest: &str) -> bool {
    rest.starts_with('_') || (digits == "0" && rest.starts_with(['x', 'X', 'o', 'O', 'b', 'B']))
}
