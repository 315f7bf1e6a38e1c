//! The errors that several types share. PostgreSQL's words, without the value.

use crate::wire::{PgError, SqlState};

/// 22P02: text that the type's input function does not take.
pub(super) fn invalid_syntax(type_name: &str) -> PgError {
    PgError::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type {type_name}"))
}

/// 22003: a number that the type cannot hold.
pub(super) fn number_out_of_range(type_name: &str) -> PgError {
    PgError::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, format!("value is out of range for type {type_name}"))
}

/// 0A000: a spelling outside the list that is read exactly as PostgreSQL reads it.
pub(super) fn unknown_spelling(type_name: &str) -> PgError {
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, format!("this spelling of type {type_name} is not supported"))
        .with_hint("Write the value as PostgreSQL prints it.")
}

/// 0A000: a conversion that is not known to be exactly PostgreSQL's.
pub(super) fn unknown_conversion() -> PgError {
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "a value of this type is not supported for the protected column")
        .with_hint("Leave the parameter's type unspecified or declare it as the column's own type.")
}

/// 22000: a sealed value holds text that its type never prints.
pub(super) fn not_canonical() -> PgError {
    PgError::new(SqlState::DATA_EXCEPTION, "a sealed value is not in the form of its column's type")
}

/// 22P03: a binary value of a form that the type does not have.
pub(super) fn invalid_binary(message: &'static str) -> PgError {
    PgError::new(SqlState::INVALID_BINARY_REPRESENTATION, message)
}

/// 08P01: a binary value that ends before its type does.
pub(super) fn binary_too_short() -> PgError {
    PgError::new(SqlState::PROTOCOL_VIOLATION, "insufficient data left in message")
}
