//! numeric: exact decimals, and the integers and floats that convert to them.

use super::decimal::{Decimal, Number};
use super::errors::not_canonical;
use super::{Format, Kind, Plaintext, float, input, integer};
use crate::wire::PgError;

/// Reads a number that was declared as `from`; `typmod` is −1 where none applies.
///
/// # Errors
/// 22P02, 22003, 08P01, 22P03 as PostgreSQL; 0A000 for spellings that its versions disagree on.
pub(super) fn read(typmod: i32, from: Kind, format: Format, bytes: &[u8]) -> Result<Plaintext, PgError> {
    let number = match from {
        Kind::Numeric => self::input(format, bytes)?,
        from => Number::Finite(Decimal::from_i64(integer::input(from, format, bytes)?)),
    };
    Ok(Plaintext::new(number.fit(typmod)?.print()))
}

/// Reads a floating-point number that is assigned to the column.
///
/// # Errors
/// 22P02, 22003, 08P01, 22P03 as PostgreSQL; 0A000 for hexadecimal spellings and `nan(…)`.
pub(super) fn read_float(typmod: i32, width: float::Width, format: Format, bytes: &[u8]) -> Result<Plaintext, PgError> {
    Ok(Plaintext::new(float::input(width, format, bytes)?.fit(-1)?.fit(typmod)?.print()))
}

/// A number in numeric's own text or binary form, as it stands before a column's precision is applied.
pub(super) fn input(format: Format, bytes: &[u8]) -> Result<Number, PgError> {
    let number = match format {
        Format::Text => Number::parse(input::text(bytes)?)?,
        Format::Binary => Number::from_binary(bytes)?,
    };
    number.fit(-1)
}

/// Appends the binary form.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn write_binary(text: &str, output: &mut bytes::BytesMut) -> Result<(), PgError> {
    canonical(text)?.write_binary(output);
    Ok(())
}

/// The number without trailing zeros: equal exactly for equal numbers.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn comparison_form(text: &str) -> Result<String, PgError> {
    Ok(canonical(text)?.print_shortest())
}

fn canonical(text: &str) -> Result<Number, PgError> {
    let number = Number::parse(text).and_then(|number| number.fit(-1)).map_err(|_| not_canonical())?;
    if number.print() == text { Ok(number) } else { Err(not_canonical()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_only() {
        for text in ["1.5", "0", "0.00", "-1", "NaN", "-Infinity"] {
            assert!(comparison_form(text).is_ok(), "{text}");
        }
        for text in ["", "01", "+1", "1e2", ".5", "5.", "-0", "nan", " 1"] {
            assert_eq!(comparison_form(text).unwrap_err().code.0, *b"22000", "{text}");
        }
    }

    #[test]
    fn integers_take_the_scale_of_the_column() {
        let typmod = ((10 << 16) | 2) + 4;
        let value = read(typmod, Kind::Int4, Format::Binary, &(-7i32).to_be_bytes()).ok().unwrap();
        assert_eq!(value.expose(), "-7.00");
        let value = read(-1, Kind::Int8, Format::Text, b" 12 ").ok().unwrap();
        assert_eq!(value.expose(), "12");
    }
}
