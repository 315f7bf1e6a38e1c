//! Sealed values: their format, how they are sealed, opened and searched by. Pure but for the randomness of a seal.

use crate::plan::SealedColumn;
use crate::value::Plaintext;
use crate::wire::PgError;

/// Seals literals and makes the terms that predicates compare; [`crate::keys`] has the one with keys.
pub trait Sealer {
    /// A fresh sealed value of the canonical text.
    ///
    /// # Errors
    /// 54000 where the value is too long to seal, 58000 where the column's domain has no key.
    fn seal(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError>;

    /// The equality prefix of the value: the first [`crate::plan::TERM_CHARS`] characters of every sealed value
    /// equal to it in the column's domain.
    ///
    /// # Errors
    /// As [`Self::seal`].
    fn term(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError>;
}

/// The column id in a sealed value's header.
///
/// # Errors
/// 22000 where the text has no such header.
pub fn column_id(_sealed: &str) -> Result<u32, PgError> {
    Err(PgError::new(crate::wire::SqlState::FEATURE_NOT_SUPPORTED, "not built"))
}
