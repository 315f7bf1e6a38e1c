//! smallint, integer, bigint.
//!
//! Source: `numutils.c` (`pg_strtoint16`, `32`, `64`) and `int.c`, `int8.c`, `numeric.c` for the casts among them.

use super::decimal::Number;
use super::errors::{invalid_syntax, not_canonical, number_out_of_range, unknown_spelling};
use super::{Format, Kind, Plaintext, Purpose, input, numeric};
use crate::wire::PgError;

/// Reads a number that was declared as `from`.
///
/// # Errors
/// 22P02, 22003, 08P01 and 22P03 as PostgreSQL; 0A000 for a fraction compared with an integer.
pub(super) fn read(
    kind: Kind,
    from: Kind,
    format: Format,
    bytes: &[u8],
    purpose: Purpose,
) -> Result<Plaintext, PgError> {
    let value = match from {
        Kind::Numeric => from_numeric(kind, numeric::input(format, bytes)?, purpose)?,
        from => input(from, format, bytes)?,
    };
    // Two integers of different widths compare as they are, also where the column could not hold the value.
    if purpose == Purpose::Assign && !holds(kind, value) {
        return Err(number_out_of_range(name(kind)));
    }
    Ok(Plaintext::new(value.to_string()))
}

/// A number in the type's own text or binary form.
pub(super) fn input(kind: Kind, format: Format, bytes: &[u8]) -> Result<i64, PgError> {
    match (format, kind) {
        (Format::Text, _) => parse(kind, input::text(bytes)?),
        (Format::Binary, Kind::Int2) => Ok(i16::from_be_bytes(input::fixed(bytes)?).into()),
        (Format::Binary, Kind::Int4) => Ok(i32::from_be_bytes(input::fixed(bytes)?).into()),
        (Format::Binary, _) => Ok(i64::from_be_bytes(input::fixed(bytes)?)),
    }
}

fn parse(kind: Kind, text: &str) -> Result<i64, PgError> {
    let text = text.trim_start_matches(input::is_space);
    let is_negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let rest = unsigned.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &unsigned[..unsigned.len() - rest.len()];
    let negated = accumulate(digits, least(kind));
    let value = negated.and_then(|negated| if is_negative { Some(negated) } else { negated.checked_neg() });
    match (digits, negated, value.filter(|value| holds(kind, *value))) {
        ("", _, _) => Err(invalid_syntax(name(kind))),
        // Servers before 16 report the range first, later ones the garbage
        _ if is_just_beyond(kind, digits) && !rest.chars().all(input::is_space) => Err(unknown_spelling(name(kind))),
        // Too many digits are reported before garbage that follows them, the missing twin of the least number after.
        (_, None, _) => Err(number_out_of_range(name(kind))),
        _ if input::is_newer_number(digits, rest) => Err(unknown_spelling(name(kind))),
        _ if !rest.chars().all(input::is_space) => Err(invalid_syntax(name(kind))),
        (_, _, None) => Err(number_out_of_range(name(kind))),
        (_, _, Some(value)) => Ok(value),
    }
}

/// The one magnitude that later servers' unsigned sum still holds.
fn is_just_beyond(kind: Kind, digits: &str) -> bool {
    let beyond = match kind {
        Kind::Int2 => "32769",
        Kind::Int4 => "2147483649",
        _ => "9223372036854775809",
    };
    digits.trim_start_matches('0') == beyond
}

/// Counts downwards, since the least number has no positive twin.
fn accumulate(digits: &str, least: i64) -> Option<i64> {
    let step = |sum: i64, digit: u8| sum.checked_mul(10)?.checked_sub((digit - b'0').into());
    digits.bytes().try_fold(0i64, |sum, digit| step(sum, digit).filter(|sum| *sum >= least))
}

const fn least(kind: Kind) -> i64 {
    match kind {
        Kind::Int2 => i16::MIN as i64,
        Kind::Int4 => i32::MIN as i64,
        _ => i64::MIN,
    }
}

fn from_numeric(kind: Kind, number: Number, purpose: Purpose) -> Result<i64, PgError> {
    let Number::Finite(mut decimal) = number else {
        return Err(super::errors::unknown_conversion());
    };
    // `integer = numeric` is numeric's equality: a fraction equals no integer, but has no form to say so.
    if purpose == Purpose::Compare && !decimal.is_integral() {
        return Err(super::errors::unknown_conversion());
    }
    decimal.round(0);
    decimal.to_i64().ok_or_else(|| match purpose {
        Purpose::Assign => number_out_of_range(name(kind)),
        Purpose::Compare => super::errors::unknown_conversion(),
    })
}

const fn holds(kind: Kind, value: i64) -> bool {
    value >= least(kind) && value <= !least(kind)
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int2 => "smallint",
        Kind::Int4 => "integer",
        _ => "bigint",
    }
}

/// The number of a canonical text.
fn canonical(kind: Kind, text: &str) -> Result<i64, PgError> {
    let value = parse(kind, text).map_err(|_| not_canonical())?;
    let is_plain = text == "0" || !text.trim_start_matches('-').starts_with(['0', '+', ' ']);
    if is_plain && !text.starts_with('+') && text.ends_with(|c: char| c.is_ascii_digit()) {
        return Ok(value);
    }
    Err(not_canonical())
}

/// Appends the binary form.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn write_binary(kind: Kind, text: &str, output: &mut bytes::BytesMut) -> Result<(), PgError> {
    let value = canonical(kind, text)?.to_be_bytes();
    let size = match kind {
        Kind::Int2 => 2,
        Kind::Int4 => 4,
        _ => 8,
    };
    output.extend_from_slice(value.get(8 - size..).unwrap_or_default());
    Ok(())
}

/// The decimal form, which the three widths share.
///
/// # Errors
/// 22000 where the text is no number. A value that was read to be compared may be wider than the column.
pub(super) fn comparison_form(text: &str) -> Result<String, PgError> {
    canonical(Kind::Int8, text).map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, input: &str, expect: Result<&str, &[u8; 5]>) {
        let got = read(kind, kind, Format::Text, input.as_bytes(), Purpose::Assign);
        let got = got.as_ref().map(Plaintext::expose).map_err(|error| &error.code.0);
        assert_eq!(got, expect, "{input:?} as {kind:?}");
    }

    #[test]
    fn text_is_read_as_strtoint_reads_it() {
        check(Kind::Int4, " +0012 ", Ok("12"));
        check(Kind::Int4, "-0", Ok("0"));
        check(Kind::Int2, "-32768", Ok("-32768"));
        check(Kind::Int2, "32768", Err(b"22003"));
        check(Kind::Int8, "-9223372036854775808", Ok("-9223372036854775808"));
        check(Kind::Int8, "9223372036854775808", Err(b"22003"));
        check(Kind::Int4, "99999999999x", Err(b"22003"));
        check(Kind::Int2, "32768x", Err(b"22P02"));
        for beyond in ["32769", "-032769 ", "32770x"] {
            check(Kind::Int2, beyond, Err(b"22003"));
        }
        check(Kind::Int2, "-032769x8", Err(b"0A000"));
        check(Kind::Int4, "2147483649x", Err(b"0A000"));
        check(Kind::Int8, "9223372036854775809 1", Err(b"0A000"));
        for garbage in ["", " ", "-", "+-1", "1.0", "1 2", "- 1", "１"] {
            check(Kind::Int4, garbage, Err(b"22P02"));
        }
        for newer in ["0x1F", "1_000", "0b1"] {
            check(Kind::Int4, newer, Err(b"0A000"));
        }
    }

    #[test]
    fn widths_convert_with_a_range() {
        let wide = 40_000i64.to_be_bytes();
        let assign = read(Kind::Int2, Kind::Int8, Format::Binary, &wide, Purpose::Assign);
        assert_eq!(assign.err().unwrap().code.0, *b"22003");
        let compare = read(Kind::Int2, Kind::Int8, Format::Binary, &wide, Purpose::Compare).ok().unwrap();
        assert_eq!(comparison_form(compare.expose()).unwrap(), "40000");
        let half = read(Kind::Int4, Kind::Numeric, Format::Text, b"-2.5", Purpose::Assign).ok().unwrap();
        assert_eq!(half.expose(), "-3");
    }

    #[test]
    fn only_canonical_text_has_a_binary_form() {
        for text in ["01", "+1", " 1", "1 ", "-01", "", "1.0", "40000"] {
            assert!(write_binary(Kind::Int2, text, &mut bytes::BytesMut::new()).is_err(), "{text:?}");
        }
        let mut output = bytes::BytesMut::new();
        write_binary(Kind::Int2, "-2", &mut output).unwrap();
        assert_eq!(output[..], [255, 254]);
    }
}
