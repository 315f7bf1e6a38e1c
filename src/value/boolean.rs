//! boolean. Source: `bool.c` (`boolin`, `parse_bool_with_len`).

use super::errors::{invalid_syntax, not_canonical};
use super::{Format, Plaintext, input};
use crate::wire::PgError;

const TRUE: &[&str] = &["t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"];
const FALSE: &[&str] = &["f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"];

/// Reads a truth value.
///
/// # Errors
/// 22P02, 08P01, 22P03 as PostgreSQL.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Plaintext, PgError> {
    let value = match format {
        Format::Text => parse(input::text(bytes)?)?,
        Format::Binary => input::fixed::<1>(bytes)? != [0],
    };
    Ok(Plaintext::new(if value { "t" } else { "f" }.to_owned()))
}

fn parse(text: &str) -> Result<bool, PgError> {
    let word = text.trim_matches(input::is_space);
    let is_one_of = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    match (is_one_of(TRUE), is_one_of(FALSE)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(invalid_syntax("boolean")),
    }
}

/// Appends the binary form.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn write_binary(text: &str, output: &mut bytes::BytesMut) -> Result<(), PgError> {
    match text {
        "t" => output.extend_from_slice(&[1]),
        "f" => output.extend_from_slice(&[0]),
        _ => return Err(not_canonical()),
    }
    Ok(())
}

/// The canonical form itself.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn comparison_form(text: &str) -> Result<String, PgError> {
    if matches!(text, "t" | "f") { Ok(text.to_owned()) } else { Err(not_canonical()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_read_and_the_ambiguous_o_is_not() {
        for (text, expect) in [(" TRUE\n", Ok(true)), ("oF", Ok(false)), ("YE", Ok(true)), ("0", Ok(false))] {
            assert_eq!(parse(text), expect, "{text:?}");
        }
        for text in ["", "o", "tt", "truex", "10", "t rue"] {
            assert_eq!(parse(text).unwrap_err().code.0, *b"22P02", "{text:?}");
        }
    }
}
