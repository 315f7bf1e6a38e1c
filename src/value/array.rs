//! One-dimensional arrays of the types, as clients pass them to `= ANY ($1)`.
//!
//! Source: `arrayfuncs.c` (`array_in`: `ArrayCount`, `ReadArrayStr`; `array_recv`).

use std::borrow::Cow;

use super::errors::{binary_too_short, invalid_binary, unknown_conversion};
use super::{Format, LogicalType, Plaintext, Purpose, Style, input};
use crate::wire::{PgError, SqlState};

/// `MAXDIM`.
const MAX_DIMENSIONS: i32 = 6;

/// Reads an array's elements. `source` is the array type that it was declared or cast as, 0 or 705 (unknown) for the
/// array over `element`.
///
/// # Errors
/// 22P02 for a malformed array, 22P03, 08P01 and 42804 for a malformed binary one, those of [`LogicalType::read`] for
/// an element; 0A000 for more than one dimension and explicit bounds.
pub fn read_array(
    element: LogicalType,
    source: u32,
    format: Format,
    bytes: &[u8],
    style: &Style,
    purpose: Purpose,
) -> Result<Vec<Option<Plaintext>>, PgError> {
    let declared = match source {
        0 | super::UNKNOWN => None,
        array => Some(element_of(array).ok_or_else(unknown_conversion)?),
    };
    let read = |source: u32, bytes: &[u8]| element.read(source, format, bytes, style, purpose);
    match format {
        Format::Text => {
            let elements = TextArray(input::text(bytes)?).elements()?;
            let source = declared.unwrap_or(0);
            elements.iter().map(|item| item.as_ref().map(|item| read(source, item.as_bytes())).transpose()).collect()
        }
        Format::Binary => {
            let array = BinaryArray::parse(bytes)?;
            let source = array.source(element, declared)?;
            array.elements.iter().map(|item| item.map(|item| read(source, item)).transpose()).collect()
        }
    }
}

/// The element type of the array types whose elements can be read here.
pub fn element_of(array_oid: u32) -> Option<u32> {
    super::Kind::ALL
        .iter()
        .map(|kind| LogicalType { kind: *kind, typmod: -1 })
        .find_map(|ty| (ty.array_oid() == array_oid).then(|| ty.oid()))
}

/// What is left of an array's text.
struct TextArray<'a>(&'a str);

impl<'a> TextArray<'a> {
    /// The whole array is cut before any element is read, as `ArrayCount` does.
    fn elements(mut self) -> Result<Vec<Option<Cow<'a, str>>>, PgError> {
        self.skip_blanks();
        if self.0.starts_with('[') {
            return Err(unsupported("an array with explicit bounds"));
        }
        self.expect('{')?;
        self.skip_blanks();
        let mut elements = Vec::new();
        if !self.0.starts_with('}') {
            elements.push(self.element()?);
            while self.0.starts_with(',') {
                self.expect(',')?;
                self.skip_blanks();
                elements.push(self.element()?);
            }
        }
        self.expect('}')?;
        self.skip_blanks();
        if self.0.is_empty() { Ok(elements) } else { Err(malformed()) }
    }

    /// An element and the blanks behind it.
    fn element(&mut self) -> Result<Option<Cow<'a, str>>, PgError> {
        match self.0.chars().next() {
            Some('"') => self.quoted().map(Some),
            Some('{') => Err(unsupported("an array of more than one dimension")),
            _ => self.unquoted(),
        }
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>, PgError> {
        self.expect('"')?;
        let text = self.until(&['"'])?.value;
        self.expect('"')?;
        self.skip_blanks();
        Ok(text)
    }

    fn unquoted(&mut self) -> Result<Option<Cow<'a, str>>, PgError> {
        let found = self.until(&['"', '{', '}', ','])?;
        let text = match found.value {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(input::is_space)),
            Cow::Owned(mut text) => {
                let kept = text.trim_end_matches(input::is_space).len().max(found.escaped_end);
                text.truncate(kept);
                Cow::Owned(text)
            }
        };
        let is_escaped = found.escaped_end > 0;
        if text.is_empty() || self.0.starts_with(['"', '{']) {
            return Err(malformed());
        }
        let is_null = !is_escaped && text.eq_ignore_ascii_case("NULL");
        Ok((!is_null).then_some(text))
    }

    /// Takes the text up to one of `ends`, without the backslashes of its escapes.
    fn until(&mut self, ends: &[char]) -> Result<Unescaped<'a>, PgError> {
        let is_end = |c: char| c == '\\' || ends.contains(&c);
        let mut found = Unescaped { value: Cow::Borrowed(""), escaped_end: 0 };
        loop {
            let len = self.0.find(is_end).ok_or_else(malformed)?;
            let (plain, rest) = self.0.split_at(len);
            // The first run is borrowed; what follows an escape is copied.
            found.value += plain;
            self.0 = rest;
            let Some(escaped) = rest.strip_prefix('\\') else { return Ok(found) };
            let c = escaped.chars().next().ok_or_else(malformed)?;
            found.value.to_mut().push(c);
            found.escaped_end = found.value.len();
            self.0 = escaped.get(c.len_utf8()..).unwrap_or_default();
        }
    }

    fn expect(&mut self, c: char) -> Result<(), PgError> {
        self.0 = self.0.strip_prefix(c).ok_or_else(malformed)?;
        Ok(())
    }

    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches(input::is_space);
    }
}

struct Unescaped<'a> {
    value: Cow<'a, str>,
    /// The end of the last escaped character: blanks before it belong to the value.
    escaped_end: usize,
}

struct BinaryArray<'a> {
    element_oid: u32,
    elements: Vec<Option<&'a [u8]>>,
}

impl<'a> BinaryArray<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, PgError> {
        let mut rest = bytes;
        let dimensions = take_i32(&mut rest)?;
        match dimensions {
            ..0 => return Err(invalid_binary("invalid number of dimensions")),
            0 | 1 => {}
            2..=MAX_DIMENSIONS => return Err(unsupported("an array of more than one dimension")),
            _ => return Err(too_large("number of array dimensions exceeds the maximum allowed")),
        }
        if !matches!(take_i32(&mut rest)?, 0 | 1) {
            return Err(invalid_binary("invalid array flags"));
        }
        let element_oid = take_i32(&mut rest)?.cast_unsigned();
        let mut elements = Vec::new();
        if dimensions == 1 {
            let count = take_i32(&mut rest)?;
            let lower_bound = take_i32(&mut rest)?;
            if count < 0 || lower_bound.checked_add(count).is_none() {
                return Err(too_large("array size exceeds the maximum allowed"));
            }
            for _ in 0..count {
                elements.push(take_element(&mut rest)?);
            }
        }
        if rest.is_empty() {
            return Ok(Self { element_oid, elements });
        }
        Err(invalid_binary("incorrect binary data format in bind parameter"))
    }

    /// What the elements are read as; an undeclared array of text may call itself by any type of the family.
    fn source(&self, element: LogicalType, declared: Option<u32>) -> Result<u32, PgError> {
        let is_text = |oid| LogicalType::from_oid(oid, -1).is_some_and(LogicalType::is_text);
        let is_expected = match declared {
            Some(declared) => self.element_oid == declared,
            None => self.element_oid == element.oid() || (element.is_text() && is_text(self.element_oid)),
        };
        if is_expected {
            return Ok(self.element_oid);
        }
        Err(PgError::new(SqlState::DATATYPE_MISMATCH, "binary data has an array element type other than expected"))
    }
}

fn take_i32(rest: &mut &[u8]) -> Result<i32, PgError> {
    let (head, after) = rest.split_first_chunk::<4>().ok_or_else(binary_too_short)?;
    *rest = after;
    Ok(i32::from_be_bytes(*head))
}

fn take_element<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, PgError> {
    let short = || invalid_binary("insufficient data left in message");
    let len = match take_i32(rest)? {
        -1 => return Ok(None),
        len => usize::try_from(len).map_err(|_| short())?,
    };
    let (element, after) = rest.split_at_checked(len).ok_or_else(short)?;
    *rest = after;
    Ok(Some(element))
}

fn malformed() -> PgError {
    PgError::new(SqlState::INVALID_TEXT_REPRESENTATION, "malformed array literal")
}

fn unsupported(what: &str) -> PgError {
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{what} is not supported for a protected column"))
}

fn too_large(message: &'static str) -> PgError {
    PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Kind;

    const TEXT: LogicalType = LogicalType { kind: Kind::Text, typmod: -1 };
    const INT4: LogicalType = LogicalType { kind: Kind::Int4, typmod: -1 };

    fn read(ty: LogicalType, format: Format, bytes: &[u8]) -> Result<Vec<Option<String>>, [u8; 5]> {
        let read = read_array(ty, 0, format, bytes, &Style::default(), Purpose::Compare);
        let own = |value: Option<Plaintext>| value.map(|value| value.expose().to_owned());
        read.map(|values| values.into_iter().map(own).collect()).map_err(|error| error.code.0)
    }

    #[test]
    fn elements_are_unquoted() {
        let cases: [(&str, &[Option<&str>]); 8] = [
            ("{}", &[]),
            (" { } ", &[]),
            ("{a,b c , d}", &[Some("a"), Some("b c"), Some("d")]),
            (r#"{"a,b","c\"d\\"}"#, &[Some("a,b"), Some("c\"d\\")]),
            (r#"{NULL,null,"NULL",\NULL}"#, &[None, None, Some("NULL"), Some("NULL")]),
            (r"{a\ , \ b ,\ }", &[Some("a "), Some(" b"), Some(" ")]),
            (r#"{"" , " x "}"#, &[Some(""), Some(" x ")]),
            ("{中,\"文\"}", &[Some("中"), Some("文")]),
        ];
        for (text, expect) in cases {
            let expect: Vec<Option<String>> = expect.iter().map(|item| item.map(str::to_owned)).collect();
            assert_eq!(read(TEXT, Format::Text, text.as_bytes()), Ok(expect), "{text}");
        }
    }

    #[test]
    fn malformed_arrays_are_errors() {
        let bad = [
            "", "a", "{", "{a", "{a,}", "{,a}", "{a,,b}", "{\"a\"b}", "{a\"b\"}", "{a}b", "{\"a", "{a\\", "{a{b}}", "}",
        ];
        for text in bad {
            assert_eq!(read(TEXT, Format::Text, text.as_bytes()), Err(*b"22P02"), "{text}");
        }
        for text in ["{{a}}", "[1:1]={a}"] {
            assert_eq!(read(TEXT, Format::Text, text.as_bytes()), Err(*b"0A000"), "{text}");
        }
        assert_eq!(read(INT4, Format::Text, b"{1,99999999999}"), Err(*b"22003"));
    }

    fn binary(words: &[i32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn binary_arrays() {
        let good = binary(&[1, 1, 23, 2, 1, 4, 7, -1]);
        assert_eq!(read(INT4, Format::Binary, &good), Ok(vec![Some("7".to_owned()), None]));
        assert_eq!(read(INT4, Format::Binary, &binary(&[0, 0, 23])), Ok(vec![]));
        let cases: [(&[i32], &[u8; 5]); 8] = [
            (&[-1, 0, 23], b"22P03"),
            (&[2, 0, 23, 1, 1, 1, 1, 4, 7], b"0A000"),
            (&[7, 0, 23], b"54000"),
            (&[1, 2, 23, 0, 1], b"22P03"),
            (&[1, 0, 25, 0, 1], b"42804"),
            (&[1, 0, 23, -1, 1], b"54000"),
            (&[1, 0, 23, 1, 1, 8, 7], b"22P03"),
            (&[1, 0, 23, 0, 1, 0], b"22P03"),
        ];
        for (words, state) in cases {
            assert_eq!(read(INT4, Format::Binary, &binary(words)), Err(*state), "{words:?}");
        }
        assert_eq!(read(INT4, Format::Binary, b"\0\0"), Err(*b"08P01"));
    }

    #[test]
    fn array_types_name_their_elements() {
        assert_eq!(element_of(1016), Some(20));
        assert_eq!(element_of(1021), None, "real[]");
    }
}
