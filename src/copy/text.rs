//! The text format: backslash escapes.
//!
//! Source: `CopyReadAttributesText`, `CopyAttributeOutText`.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};

use super::reader::Span;
use super::{Charset, malformed};
use crate::wire::PgError;

/// Cuts a line into at most `columns` fields. A field is NULL where its bytes, before any escape is read, are `null`.
///
/// # Errors
/// 22P04 where there are more.
pub fn split(
    line: &[u8],
    charset: Charset,
    delimiter: u8,
    null: &[u8],
    columns: usize,
    fields: &mut Vec<Span>,
) -> Result<(), PgError> {
    let mut start = 0;
    loop {
        if fields.len() == columns {
            return Err(malformed("extra data after last expected column"));
        }
        let (end, value_end) = field_end(line, charset, delimiter, start);
        let framed = if fields.is_empty() { start } else { start - 1 };
        let is_null = line.get(start..value_end) == Some(null);
        fields.push(Span { framed, start, end, is_null });
        if end >= line.len() {
            return Ok(());
        }
        start = end + 1;
    }
}

/// Where the field ends, and where its value does: a backslash at the very end of the data is not part of it.
fn field_end(line: &[u8], charset: Charset, delimiter: u8, start: usize) -> (usize, usize) {
    let mut at = start;
    while let Ok(found) = charset.find(line, at, [delimiter, b'\\', b'\\']) {
        if line.get(found) != Some(&b'\\') {
            return (found, found);
        }
        match charset.after(line, found + 1) {
            Some(next) => at = next,
            None => return (line.len(), found),
        }
    }
    (line.len(), line.len())
}

/// Reads the escapes of a field.
pub fn decode(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut value = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        value.extend_from_slice(plain);
        rest = unescape(escape.get(1..).unwrap_or_default(), &mut value);
    }
    value.extend_from_slice(rest);
    Cow::Owned(value)
}

/// Appends what the escape stands for, `escape` beginning after the backslash; returns what follows it.
fn unescape<'a>(escape: &'a [u8], value: &mut Vec<u8>) -> &'a [u8] {
    // A backslash at the very end of the data is dropped
    let Some((first, rest)) = escape.split_first() else { return escape };
    let (byte, rest) = match first {
        b'0'..=b'7' => number(escape, 8, 3),
        b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => number(rest, 16, 2),
        b'b' => (8, rest),
        b'f' => (12, rest),
        b'n' => (b'\n', rest),
        b'r' => (b'\r', rest),
        b't' => (b'\t', rest),
        b'v' => (11, rest),
        other => (*other, rest),
    };
    value.push(byte);
    rest
}

/// Reads up to `most` digits; an octal number past 255 loses its high bit.
fn number(digits: &[u8], radix: u32, most: usize) -> (u8, &[u8]) {
    let value_of = |byte: &u8| char::from(*byte).to_digit(radix);
    let count = digits.iter().take(most).take_while(|byte| value_of(byte).is_some()).count();
    let (digits, rest) = digits.split_at(count);
    let number = digits.iter().filter_map(value_of).fold(0, |number, digit| number * radix + digit);
    (number.to_le_bytes()[0], rest)
}

/// Appends a value with the escapes that COPY TO writes.
pub fn encode(value: &[u8], delimiter: u8, output: &mut BytesMut) {
    output.reserve(value.len());
    for byte in value {
        let letter = match byte {
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            11 => b'v',
            b'\\' => b'\\',
            other if *other == delimiter => delimiter,
            other => {
                output.put_u8(*other);
                continue;
            }
        };
        output.put_slice(&[b'\\', letter]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_postgresql_reads_them() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"plain", b"plain"),
            (b"", b""),
            (br"\b\f\n\r\t\v\\", b"\x08\x0c\n\r\t\x0b\\"),
            (br"\x41\x4g\x\xg", b"A\x04gxxg"),
            (br"\101\1011\0\47\8", b"AA1\0'8"),
            (br"\777", b"\xff"),
            (br"\N\.\q\|", b"N.q|"),
            (b"a\\\nb", b"a\nb"),
            (br"tail\", b"tail"),
        ];
        for (raw, value) in cases {
            assert_eq!(&*decode(raw), *value, "{}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn every_byte_comes_back() {
        let value: Vec<u8> = (1..=255).collect();
        for delimiter in [b'\t', b'|', b'\x01', b'~', b':'] {
            let mut output = BytesMut::new();
            encode(&value, delimiter, &mut output);
            assert_eq!(&*decode(&output), &value[..]);
            let mut fields = Vec::new();
            split(&output, Charset::AsciiSafe, delimiter, b"\\N", 1, &mut fields).unwrap();
            assert_eq!(fields.len(), 1, "delimiter {delimiter}");
        }
    }

    #[test]
    fn null_is_compared_before_escapes_are_read() {
        let mut fields = Vec::new();
        split(b"\\N\tN\t\\\\N\t", Charset::AsciiSafe, b'\t', b"\\N", 4, &mut fields).unwrap();
        assert_eq!(fields.iter().map(|field| field.is_null).collect::<Vec<_>>(), [true, false, false, false]);
        assert_eq!(fields.last().map(|field| (field.framed, field.start, field.end)), Some((8, 9, 9)));
        fields.clear();
        assert!(split(b"a\tb\tc", Charset::AsciiSafe, b'\t', b"\\N", 2, &mut fields).is_err());
    }
}
