//! uuid. Source: `uuid.c` (`string_to_uuid`): braces and hyphens after any four digits are optional.

use super::errors::{invalid_syntax, not_canonical};
use super::{Format, Plaintext, input};
use crate::wire::PgError;

const LEN_BYTES: usize = 16;

/// Reads a uuid.
///
/// # Errors
/// 22P02, 08P01, 22P03 as PostgreSQL.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Plaintext, PgError> {
    let value = match format {
        Format::Text => parse(input::text(bytes)?).ok_or_else(|| invalid_syntax("uuid"))?,
        Format::Binary => input::fixed::<LEN_BYTES>(bytes)?,
    };
    Ok(Plaintext::new(print(&value)))
}

fn parse(text: &str) -> Option<[u8; LEN_BYTES]> {
    let mut rest = match text.strip_prefix('{') {
        Some(inner) => inner.strip_suffix('}')?.as_bytes(),
        None => text.as_bytes(),
    };
    let mut value = [0; LEN_BYTES];
    for (at, byte) in value.iter_mut().enumerate() {
        let (pair, after) = rest.split_first_chunk::<2>()?;
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        let may_have_hyphen = at % 2 == 1 && at < LEN_BYTES - 1;
        rest = after.strip_prefix(b"-").filter(|_| may_have_hyphen).unwrap_or(after);
    }
    rest.is_empty().then_some(value)
}

pub(super) const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn print(value: &[u8; LEN_BYTES]) -> String {
    ::uuid::Uuid::from_bytes(*value).hyphenated().to_string()
}

fn canonical(text: &str) -> Result<[u8; LEN_BYTES], PgError> {
    parse(text).filter(|value| print(value) == text).ok_or_else(not_canonical)
}

/// Appends the binary form.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn write_binary(text: &str, output: &mut bytes::BytesMut) -> Result<(), PgError> {
    output.extend_from_slice(&canonical(text)?);
    Ok(())
}

/// The canonical form itself.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn comparison_form(text: &str) -> Result<String, PgError> {
    canonical(text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";

    #[test]
    fn every_spelling_prints_alike() {
        let spellings = [
            CANONICAL,
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        ];
        for text in spellings {
            assert_eq!(read(Format::Text, text.as_bytes()).ok().unwrap().expose(), CANONICAL, "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_uuid() {
        let garbage = [
            "",
            " a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "{a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a1",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
            "a0-eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee--bc999c0b4ef8bb6d6bb9bd380a11",
        ];
        for text in garbage {
            assert_eq!(read(Format::Text, text.as_bytes()).err().unwrap().code.0, *b"22P02", "{text}");
        }
    }
}
