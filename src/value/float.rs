//! Floating-point numbers that are assigned to a numeric column, as JDBC's `setDouble` declares them.
//!
//! Source: `numeric.c` (`float8_numeric`, `float4_numeric`), `float.c` (`float8in_internal`, `float4in_internal`).

use super::decimal::Number;
use super::errors::{binary_too_short, invalid_binary, invalid_syntax, unknown_spelling};
use super::{Format, input};
use crate::wire::{PgError, SqlState};

/// The two widths, with the significant digits that reach a numeric (`FLT_DIG`, `DBL_DIG`).
#[derive(Clone, Copy)]
pub(super) enum Width {
    Four,
    Eight,
}

impl Width {
    /// The width of the type with this OID in `pg_type`.
    pub(super) const fn from_oid(oid: u32) -> Option<Self> {
        match oid {
            700 => Some(Self::Four),
            701 => Some(Self::Eight),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Four => "real",
            Self::Eight => "double precision",
        }
    }

    const fn digits(self) -> usize {
        match self {
            Self::Four => 6,
            Self::Eight => 15,
        }
    }

    /// The nearest value of the width; a 4-byte one is exact in 8 bytes.
    fn parse(self, number: &str) -> Option<f64> {
        match self {
            Self::Four => number.parse::<f32>().ok().map(f64::from),
            Self::Eight => number.parse().ok(),
        }
    }
}

/// The number that a float becomes when it is assigned, before a column's precision is applied.
///
/// # Errors
/// 22P02, 22003, 08P01, 22P03 as PostgreSQL; 0A000 for hexadecimal spellings and `nan(…)`.
pub(super) fn input(width: Width, format: Format, bytes: &[u8]) -> Result<Number, PgError> {
    let value = match format {
        Format::Text => from_text(width, input::text(bytes)?)?,
        Format::Binary => from_binary(width, bytes)?,
    };
    let printed = format!("{value:.*e}", width.digits() - 1);
    match printed.split_once('e') {
        // `%g` leaves the fraction's last zeros out, and with them their places in the numeric's scale
        Some((digits, exponent)) => {
            Number::parse(&format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.')))
        }
        None => Number::parse(&printed),
    }
}

fn from_text(width: Width, text: &str) -> Result<f64, PgError> {
    let word = text.trim_matches(input::is_space);
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    if ["nan", "inf", "infinity"].iter().any(|known| known.eq_ignore_ascii_case(unsigned)) {
        return width.parse(word).ok_or_else(|| invalid_syntax(width.name()));
    }
    if ["0x", "0X"].iter().any(|hexadecimal| unsigned.starts_with(hexadecimal)) || unsigned.contains('(') {
        return Err(unknown_spelling(width.name()));
    }
    let (number, rest) = word.split_at(number_end(word));
    let value = width.parse(number).ok_or_else(|| invalid_syntax(width.name()))?;
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.contains(|digit| matches!(digit, '1'..='9'));
    // the range is checked before what follows the number, as strtod's caller does
    if value.is_infinite() || value == 0.0 && !is_zero {
        let message = format!("value is out of range for type {}", width.name());
        return Err(PgError::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message));
    }
    if rest.is_empty() { Ok(value) } else { Err(invalid_syntax(width.name())) }
}

/// Where the longest number ends that the text starts with: sign, digits with a point, exponent.
fn number_end(text: &str) -> usize {
    let digits = |from: &str| from.len() - from.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut end = usize::from(text.starts_with(['-', '+']));
    end += digits(&text[end..]);
    if text[end..].starts_with('.') {
        end += 1 + digits(&text[end + 1..]);
    }
    let exponent =
        text[end..].strip_prefix(['e', 'E']).map_or("", |rest| rest.strip_prefix(['-', '+']).unwrap_or(rest));
    match digits(exponent) {
        0 => end,
        count => text.len() - exponent.len() + count,
    }
}

fn from_binary(width: Width, bytes: &[u8]) -> Result<f64, PgError> {
    let wrong_size = |needed: usize| match bytes.len() < needed {
        true => binary_too_short(),
        false => invalid_binary("incorrect binary data format"),
    };
    match width {
        Width::Four => bytes.try_into().map(|bytes| f32::from_be_bytes(bytes).into()).map_err(|_| wrong_size(4)),
        Width::Eight => bytes.try_into().map(f64::from_be_bytes).map_err(|_| wrong_size(8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: Width, input: &str, expect: Result<&str, &[u8; 5]>) {
        let got = super::input(width, Format::Text, input.as_bytes());
        let got = got.map(|number| number.print()).map_err(|error| error.code.0);
        assert_eq!(got.as_deref(), expect, "{input:?}");
    }

    #[test]
    fn as_many_digits_as_postgresql_keeps() {
        for (input, expect) in [
            ("12.5", Ok("12.5")),
            ("0.1", Ok("0.1")),
            ("1e20", Ok("100000000000000000000")),
            ("1234567890123456789", Ok("1234567890123460000")),
            ("0.30000000000000004", Ok("0.3")),
            ("1.25e-7", Ok("0.000000125")),
            ("-0", Ok("0")),
            (" 300.00 ", Ok("300")),
            ("NaN", Ok("NaN")),
            ("-inf", Ok("-Infinity")),
            ("", Err(b"22P02")),
            ("1,5", Err(b"22P02")),
            ("1e400", Err(b"22003")),
            ("1e400.", Err(b"22003")),
            ("1e", Err(b"22P02")),
            ("1e-400", Err(b"22003")),
            ("0x10", Err(b"0A000")),
        ] {
            check(Width::Eight, input, expect);
        }
        check(Width::Four, "16777217", Ok("16777200"));
        check(Width::Four, "0.1", Ok("0.1"));
        check(Width::Four, "1e39", Err(b"22003"));
    }

    #[test]
    fn binary_has_one_size() {
        let print = |width, bytes: &[u8]| input(width, Format::Binary, bytes).map(|number| number.print());
        assert_eq!(print(Width::Eight, &12.5f64.to_be_bytes()).ok().as_deref(), Some("12.5"));
        assert_eq!(print(Width::Four, &0.1f32.to_be_bytes()).ok().as_deref(), Some("0.1"));
        assert_eq!(print(Width::Eight, &[0; 4]).map_err(|error| error.code.0), Err(*b"08P01"));
        assert_eq!(print(Width::Four, &[0; 8]).map_err(|error| error.code.0), Err(*b"22P03"));
    }
}
