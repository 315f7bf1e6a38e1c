//! bytea: hex and escape forms read, hex printed.
//!
//! `bytea_output` is not reported to clients, so text output is hex whatever it is set to.
//! Source: `varlena.c` (`byteain`), `encode.c` (`hex_decode`).

use super::errors::{invalid_syntax, not_canonical, unknown_spelling};
use super::uuid::nibble;
use super::{Format, Plaintext, input};
use crate::wire::{PgError, SqlState};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Reads a byte string.
///
/// # Errors
/// 22023 for bad hex, 22P02 for a bad escape; 0A000 for an escape form whose bytes depend on the server's encoding.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Plaintext, PgError> {
    if format == Format::Binary {
        return Ok(print(bytes.len(), bytes.iter().copied()));
    }
    let text = input::text(bytes)?;
    match text.strip_prefix("\\x") {
        Some(hex) => read_hex(hex.as_bytes()),
        None if text.is_ascii() => read_escaped(text.as_bytes()),
        None => Err(unknown_spelling("bytea")),
    }
}

fn print(len_bytes: usize, bytes: impl Iterator<Item = u8>) -> Plaintext {
    let mut text = String::with_capacity(2 + 2 * len_bytes);
    text.push_str("\\x");
    bytes.for_each(|byte| push_byte(&mut text, byte));
    Plaintext::new(text)
}

fn push_byte(text: &mut String, byte: u8) {
    text.push(digit(byte >> 4));
    text.push(digit(byte & 15));
}

fn digit(nibble: u8) -> char {
    DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit))
}

fn read_hex(mut rest: &[u8]) -> Result<Plaintext, PgError> {
    let invalid = |message| PgError::new(SqlState::INVALID_PARAMETER_VALUE, message);
    let mut text = String::with_capacity(2 + rest.len());
    text.push_str("\\x");
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if matches!(first, b' ' | b'\n' | b'\t' | b'\r') {
            continue;
        }
        let high = nibble(*first).ok_or_else(|| invalid("invalid hexadecimal digit"))?;
        let (second, after) =
            rest.split_first().ok_or_else(|| invalid("invalid hexadecimal data: odd number of digits"))?;
        let low = nibble(*second).ok_or_else(|| invalid("invalid hexadecimal digit"))?;
        push_byte(&mut text, high << 4 | low);
        rest = after;
    }
    Ok(Plaintext::new(text))
}

fn read_escaped(mut rest: &[u8]) -> Result<Plaintext, PgError> {
    let mut text = String::with_capacity(2 + 2 * rest.len());
    text.push_str("\\x");
    loop {
        let (byte, after) = match rest {
            [] => return Ok(Plaintext::new(text)),
            [b'\\', b'\\', after @ ..] => (b'\\', after),
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), after)
            }
            [b'\\', ..] => return Err(invalid_syntax("bytea")),
            [byte, after @ ..] => (*byte, after),
        };
        push_byte(&mut text, byte);
        rest = after;
    }
}

/// Appends the bytes.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn write_binary(text: &str, output: &mut bytes::BytesMut) -> Result<(), PgError> {
    let hex = text.strip_prefix("\\x").ok_or_else(not_canonical)?;
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(not_canonical());
    }
    output.reserve(pairs.len());
    for [high, low] in pairs {
        let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else { return Err(not_canonical()) };
        output.extend_from_slice(&[high << 4 | low]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: Result<&str, &[u8; 5]>) {
        let got = read(Format::Text, input.as_bytes());
        let got = got.as_ref().map(Plaintext::expose).map_err(|error| &error.code.0);
        assert_eq!(got, expect, "{input:?}");
    }

    #[test]
    fn hex_and_escape_forms() {
        check("\\xDEadBE", Ok("\\xdeadbe"));
        check("\\x de\tad\n", Ok("\\xdead"));
        check("\\x", Ok("\\x"));
        check("", Ok("\\x"));
        check("\\xd", Err(b"22023"));
        check("\\xd e", Err(b"22023"));
        check("\\xzz", Err(b"22023"));
        check("a\\\\b\\001\\377", Ok("\\x615c6201ff"));
        check("\\400", Err(b"22P02"));
        check("a\\", Err(b"22P02"));
        check("\\X00", Err(b"22P02"));
        check("é", Err(b"0A000"));
    }

    #[test]
    fn binary_and_back() {
        let text = read(Format::Binary, &[0, 255, 16]).ok().unwrap();
        assert_eq!(text.expose(), "\\x00ff10");
        let mut output = bytes::BytesMut::new();
        write_binary(text.expose(), &mut output).unwrap();
        assert_eq!(output[..], [0, 255, 16]);
        assert!(write_binary("\\x0", &mut output).is_err());
    }
}
