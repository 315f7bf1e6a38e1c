//! The csv format: quotes and escapes.
//!
//! Source: `CopyReadAttributesCSV`, `CopyAttributeOutCSV`.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};

use super::reader::Span;
use super::{Charset, malformed};
use crate::wire::PgError;

/// The bytes that mean something in a csv line.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    pub delimiter: u8,
    pub quote: u8,
    pub escape: u8,
    pub null: &'a [u8],
}

/// Cuts a line into at most `columns` fields. A field without any quote is NULL where it is `null`.
///
/// # Errors
/// 22P04 where there are more, or a quoted part does not end.
pub fn split(
    line: &[u8],
    charset: Charset,
    marks: Marks<'_>,
    columns: usize,
    fields: &mut Vec<Span>,
) -> Result<(), PgError> {
    let mut start = 0;
    loop {
        if fields.len() == columns {
            return Err(malformed("extra data after last expected column"));
        }
        let (end, saw_quote) = field_end(line, charset, marks, start)?;
        let framed = if fields.is_empty() { start } else { start - 1 };
        let is_null = !saw_quote && line.get(start..end) == Some(marks.null);
        fields.push(Span { framed, start, end, is_null });
        if end >= line.len() {
            return Ok(());
        }
        start = end + 1;
    }
}

/// Where the field ends, and whether any part of it is quoted.
fn field_end(line: &[u8], charset: Charset, marks: Marks<'_>, start: usize) -> Result<(usize, bool), PgError> {
    let Marks { delimiter, quote, escape, .. } = marks;
    let (mut at, mut saw_quote) = (start, false);
    while let Ok(found) = charset.find(line, at, [delimiter, quote, quote]) {
        if line.get(found) == Some(&delimiter) {
            return Ok((found, saw_quote));
        }
        saw_quote = true;
        at = quoted_end(line, charset, quote, escape, found + 1)
            .ok_or_else(|| malformed("unterminated CSV quoted field"))?;
    }
    Ok((line.len(), saw_quote))
}

/// Where the quoted part that begins at `start` ends, after its closing quote.
fn quoted_end(line: &[u8], charset: Charset, quote: u8, escape: u8, start: usize) -> Option<usize> {
    let mut at = start;
    while let Ok(found) = charset.find(line, at, [quote, escape, escape]) {
        if is_escape(line, found, quote, escape) {
            at = found + 2;
        } else if line.get(found) == Some(&quote) {
            return Some(found + 1);
        } else {
            at = found + 1;
        }
    }
    None
}

/// Whether the byte at `at`, in quotes, makes the next one literal.
fn is_escape(bytes: &[u8], at: usize, quote: u8, escape: u8) -> bool {
    let next = bytes.get(at + 1);
    bytes.get(at) == Some(&escape) && (next == Some(&quote) || next == Some(&escape))
}

/// Takes off quotes and escapes of a field that [`split`] has found.
pub fn decode(raw: &[u8], quote: u8, escape: u8) -> Cow<'_, [u8]> {
    if memchr::memchr(quote, raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut value = Vec::with_capacity(raw.len());
    let (mut at, mut in_quotes) = (0, false);
    while let Some(byte) = raw.get(at) {
        if in_quotes && is_escape(raw, at, quote, escape) {
            value.extend(raw.get(at + 1));
            at += 2;
            continue;
        }
        if *byte == quote {
            in_quotes = !in_quotes;
        } else {
            value.push(*byte);
        }
        at += 1;
    }
    Cow::Owned(value)
}

/// Whether COPY TO quotes a value that it is not told to quote.
pub fn needs_quotes(value: &[u8], marks: Marks<'_>, columns: usize) -> bool {
    value == marks.null
        || (columns == 1 && value == b"\\.")
        || value.iter().any(|byte| [marks.delimiter, marks.quote, b'\n', b'\r'].contains(byte))
}

/// Appends a value in quotes.
pub fn encode(value: &[u8], quote: u8, escape: u8, output: &mut BytesMut) {
    output.reserve(value.len() + 2);
    output.put_u8(quote);
    for byte in value {
        if *byte == quote || *byte == escape {
            output.put_u8(escape);
        }
        output.put_u8(*byte);
    }
    output.put_u8(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{CopyFormat, ForceQuote};

    fn fields_of(line: &[u8], quote: u8, escape: u8) -> Result<Vec<Option<Vec<u8>>>, PgError> {
        let marks = Marks { delimiter: b',', quote, escape, null: b"" };
        let mut fields = Vec::new();
        split(line, Charset::AsciiSafe, marks, 9, &mut fields)?;
        let value = |span: &Span| (!span.is_null).then(|| decode(&line[span.start..span.end], quote, escape).to_vec());
        Ok(fields.iter().map(value).collect())
    }

    fn values(values: &[Option<&str>]) -> Vec<Option<Vec<u8>>> {
        values.iter().map(|value| value.map(|text| text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn fields_are_cut_as_postgresql_cuts_them() {
        type Case = (&'static [u8], u8, u8, &'static [Option<&'static str>]);
        let cases: &[Case] = &[
            (b"a,b", b'"', b'"', &[Some("a"), Some("b")]),
            (b",\"\",", b'"', b'"', &[None, Some(""), None]),
            (b"\"a,\"\"b\nc\",d", b'"', b'"', &[Some("a,\"b\nc"), Some("d")]),
            (b"x\"y,z\"w\"v\"", b'"', b'"', &[Some("xy,zwv")]),
            (b"\"a\\\"b\\\\c\\d\",e\\", b'"', b'\\', &[Some("a\"b\\c\\d"), Some("e\\")]),
            (b"'it''s',\"q\"", b'\'', b'\'', &[Some("it's"), Some("\"q\"")]),
        ];
        for (line, quote, escape, expect) in cases {
            assert_eq!(fields_of(line, *quote, *escape), Ok(values(expect)), "{}", String::from_utf8_lossy(line));
        }
        assert!(fields_of(b"a,\"b", b'"', b'"').is_err());
        assert!(fields_of(b"1,2,3,4,5,6,7,8,9,10", b'"', b'"').is_err());
    }

    #[test]
    fn quotes_are_written_where_postgresql_writes_them() {
        let format = |null: &str, escape| CopyFormat::Csv {
            delimiter: b',',
            null: null.as_bytes().to_vec(),
            header: false,
            quote: b'"',
            escape,
            force_quote: ForceQuote::Columns(vec![1]),
        };
        let cases: &[(&str, u8, usize, &str, &str)] = &[
            ("", b'"', 0, "a b\t ", "a b\t "),
            ("", b'"', 0, "", "\"\""),
            ("NULL", b'"', 0, "", ""),
            ("NULL", b'"', 0, "NULL", "\"NULL\""),
            ("", b'"', 1, "a", "\"a\""),
            ("", b'"', 0, "\\.", "\"\\.\""),
            ("", b'"', 0, "a\"b", "\"a\"\"b\""),
            ("", b'\\', 0, "a\"b\\c", "\"a\\\"b\\\\c\""),
            ("", b'\\', 0, "b\\c", "b\\c"),
            ("", b'"', 0, "a\r", "\"a\r\""),
        ];
        for (null, escape, index, value, expect) in cases {
            let mut output = BytesMut::new();
            super::super::encode(&format(null, *escape), *index, 1, value.as_bytes(), &mut output);
            assert_eq!(String::from_utf8_lossy(&output), *expect, "{value:?}");
        }
    }
}
