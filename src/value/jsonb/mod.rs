//! jsonb: read as JSON, printed as PostgreSQL prints the parsed value.
//!
//! Keys stand once (the last wins), ordered by length and then bytes; numbers print as numeric.
//! Source: `jsonb.c`, `jsonb_util.c` (`uniqueifyJsonbObject`), `json.c` (`escape_json`).

mod lexer;

use std::borrow::Cow;
use std::ops::Range;

use self::lexer::{Lexer, Token};
use super::decimal::Number;
use super::errors::{binary_too_short, invalid_syntax};
use super::{Format, Plaintext, input};
use crate::wire::{PgError, SqlState};

/// Longer documents are refused: beyond it, jsonb's own limits (28 bits for a container's size) begin to matter.
const MAX_LEN_BYTES: usize = 32 << 20;
/// PostgreSQL's limit is its stack, some thousands of levels.
const MAX_DEPTH: usize = 400;
/// How much longer than its input an output may be: `1e131071` prints with 131072 digits.
const MAX_GROWTH_BYTES: usize = 4 << 20;

/// Reads a document. Binary is a version byte and the text.
///
/// # Errors
/// 22P02, 22P05, 22003, 08P01 as PostgreSQL; 0A000 for nesting, length and numbers past this room's bounds.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Plaintext, PgError> {
    match (format, bytes) {
        (Format::Text, text) => read_json(text),
        (Format::Binary, [1, text @ ..]) => read_json(text),
        (Format::Binary, []) => Err(binary_too_short()),
        (Format::Binary, _) => Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "unsupported jsonb version number")),
    }
}

/// Reads a value of type json, whose two forms are both the text.
///
/// # Errors
/// As [`read`].
pub(super) fn read_json(bytes: &[u8]) -> Result<Plaintext, PgError> {
    let text = input::text(bytes)?;
    if text.len() > MAX_LEN_BYTES {
        return Err(too_large("document"));
    }
    let nodes = Parser::parse(text)?;
    let mut printer = Printer { text, nodes: &nodes, output: String::with_capacity(text.len() + text.len() / 4) };
    printer.value(0)?;
    Ok(Plaintext::new(printer.output))
}

/// One value or key, in the order of the text. Containers are followed by what is in them.
struct Node {
    kind: NodeKind,
    span: Range<u32>,
    /// The index of the first node behind this one and all that is in it.
    next: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NodeKind {
    /// Key, value, key, value.
    Object,
    Array,
    String,
    Number,
    Literal,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    text: &'a str,
    nodes: Vec<Node>,
}

impl<'a> Parser<'a> {
    fn parse(text: &'a str) -> Result<Vec<Node>, PgError> {
        let mut parser = Self { lexer: Lexer::new(text)?, text, nodes: Vec::new() };
        parser.value(0)?;
        match parser.lexer.token() {
            Token::End => Ok(parser.nodes),
            _ => Err(invalid_syntax("json")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), PgError> {
        match self.lexer.token() {
            Token::ObjectStart => self.container(NodeKind::Object, Token::ObjectEnd, depth + 1),
            Token::ArrayStart => self.container(NodeKind::Array, Token::ArrayEnd, depth + 1),
            Token::String => self.scalar(NodeKind::String),
            Token::Literal => self.scalar(NodeKind::Literal),
            Token::Number => {
                let span = self.lexer.span();
                self.scalar(NodeKind::Number)?;
                // As in jsonb_in, a number is looked at when the next token has been read.
                number(&self.text[span]).map(drop)
            }
            _ => Err(invalid_syntax("json")),
        }
    }

    fn container(&mut self, kind: NodeKind, close: Token, depth: usize) -> Result<(), PgError> {
        if depth > MAX_DEPTH {
            return Err(too_large("nesting"));
        }
        let at = self.nodes.len();
        self.scalar(kind)?;
        if self.lexer.token() != close {
            self.member(kind, depth)?;
            while self.lexer.token() == Token::Comma {
                self.lexer.advance()?;
                self.member(kind, depth)?;
            }
        }
        if self.lexer.token() != close {
            return Err(invalid_syntax("json"));
        }
        let next = index(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(at) {
            node.next = next;
        }
        self.lexer.advance()
    }

    fn member(&mut self, kind: NodeKind, depth: usize) -> Result<(), PgError> {
        if kind == NodeKind::Object {
            if self.lexer.token() != Token::String {
                return Err(invalid_syntax("json"));
            }
            self.scalar(NodeKind::String)?;
            if self.lexer.token() != Token::Colon {
                return Err(invalid_syntax("json"));
            }
            self.lexer.advance()?;
        }
        self.value(depth)
    }

    /// Notes the current token and steps on.
    fn scalar(&mut self, kind: NodeKind) -> Result<(), PgError> {
        let span = self.lexer.span();
        let next = index(self.nodes.len() + 1);
        self.nodes.push(Node { kind, span: index(span.start)..index(span.end), next });
        self.lexer.advance()
    }
}

/// `MAX_LEN_BYTES` keeps every index far below the limit.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn number(text: &str) -> Result<Number, PgError> {
    Number::parse(text)?.fit(-1)
}

struct Printer<'a> {
    text: &'a str,
    nodes: &'a [Node],
    output: String,
}

impl<'a> Printer<'a> {
    fn value(&mut self, at: usize) -> Result<(), PgError> {
        let Some(node) = self.nodes.get(at) else { return Ok(()) };
        match node.kind {
            NodeKind::Object => self.object(at, node.next as usize),
            NodeKind::Array => self.array(at, node.next as usize),
            NodeKind::String => {
                let string = self.string(at);
                push_escaped(&mut self.output, &string);
                Ok(())
            }
            NodeKind::Literal => {
                self.output.push_str(self.written(at));
                Ok(())
            }
            NodeKind::Number => {
                let printed = number(self.written(at))?.print();
                self.output.push_str(&printed);
                if self.output.len() > 2 * self.text.len() + MAX_GROWTH_BYTES {
                    return Err(too_large("numbers"));
                }
                Ok(())
            }
        }
    }

    fn array(&mut self, at: usize, end: usize) -> Result<(), PgError> {
        self.output.push('[');
        let mut member = at + 1;
        while member < end {
            if member > at + 1 {
                self.output.push_str(", ");
            }
            self.value(member)?;
            member = self.after(member, end);
        }
        self.output.push(']');
        Ok(())
    }

    fn object(&mut self, at: usize, end: usize) -> Result<(), PgError> {
        self.output.push('{');
        for (place, (key, value)) in self.members(at, end).iter().enumerate() {
            if place > 0 {
                self.output.push_str(", ");
            }
            push_escaped(&mut self.output, key);
            self.output.push_str(": ");
            self.value(*value)?;
        }
        self.output.push('}');
        Ok(())
    }

    /// Keys and their values' places: in jsonb's order, each key once with its last value.
    fn members(&self, at: usize, end: usize) -> Vec<(Cow<'a, str>, usize)> {
        let mut members = Vec::new();
        let mut key = at + 1;
        while key < end {
            members.push((self.string(key), key + 1));
            key = self.after(key + 1, end);
        }
        members.sort_by(|(a, a_at), (b, b_at)| (a.len(), a, b_at).cmp(&(b.len(), b, a_at)));
        members.dedup_by(|(later, _), (kept, _)| later == kept);
        members
    }

    fn after(&self, at: usize, end: usize) -> usize {
        self.nodes.get(at).map_or(end, |node| node.next as usize)
    }

    fn written(&self, at: usize) -> &'a str {
        let span = self.nodes.get(at).map_or(0..0, |node| node.span.start as usize..node.span.end as usize);
        self.text.get(span).unwrap_or_default()
    }

    /// A string without its quotes and escapes.
    fn string(&self, at: usize) -> Cow<'a, str> {
        let written = self.written(at);
        let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
        if inner.contains('\\') { Cow::Owned(unescape(inner)) } else { Cow::Borrowed(inner) }
    }
}

/// The lexer has checked every escape.
fn unescape(mut rest: &str) -> String {
    let mut text = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = rest[at + 1..].chars().next().unwrap_or('\\');
        let (c, len) = match escape {
            'u' => unescape_unicode(&rest.as_bytes()[at..]),
            'b' => ('\x08', 2),
            'f' => ('\x0c', 2),
            'n' => ('\n', 2),
            'r' => ('\r', 2),
            't' => ('\t', 2),
            other => (other, 2),
        };
        text.push(c);
        rest = rest.get(at + len..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// The character of `\uXXXX` or of a surrogate pair of them, and how long it is written.
fn unescape_unicode(escape: &[u8]) -> (char, usize) {
    let unit = |at: usize| escape.get(at..).and_then(lexer::code_unit);
    let first = unit(2).unwrap_or(0xfffd);
    if !(0xd800..0xdc00).contains(&first) {
        return (char::from_u32(first.into()).unwrap_or('\u{fffd}'), 6);
    }
    let pair = char::decode_utf16([first, unit(8).unwrap_or(0)]).next();
    (pair.and_then(Result::ok).unwrap_or('\u{fffd}'), 12)
}

fn push_escaped(output: &mut String, string: &str) {
    output.push('"');
    let mut plain = 0;
    for (at, byte) in string.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0c => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        output.push_str(&string[plain..at]);
        output.push_str(escape);
        if escape.is_empty() {
            output.push_str(&format!("\\u{byte:04x}"));
        }
        plain = at + 1;
    }
    output.push_str(&string[plain..]);
    output.push('"');
}

fn too_large(what: &str) -> PgError {
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, format!("the {what} of this jsonb value is larger than supported"))
}

/// Appends the binary form.
pub(super) fn write_binary(text: &str, output: &mut bytes::BytesMut) {
    output.reserve(text.len() + 1);
    output.extend_from_slice(&[1]);
    output.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: Result<&str, &[u8; 5]>) {
        let got = read(Format::Text, input.as_bytes());
        let got = got.as_ref().map(Plaintext::expose).map_err(|error| &error.code.0);
        assert_eq!(got, expect, "{input}");
    }

    #[test]
    fn documents_print_as_jsonb() {
        check(" {\"b\":1,\"a\":[ ],\"aa\":{}} ", Ok(r#"{"a": [], "b": 1, "aa": {}}"#));
        check(r#"{"a":1,"b":2,"a":{"x":[1.50,1e3,-0,1E-2]}}"#, Ok(r#"{"a": {"x": [1.50, 1000, 0, 0.01]}, "b": 2}"#));
        check(r#""\u0041\n\/\u001f\u00e9\ud83d\ude00\"\\""#, Ok("\"A\\n/\\u001fé😀\\\"\\\\\""));
        check(r#"{"\u0061":1,"a":2}"#, Ok(r#"{"a": 2}"#));
        check("null", Ok("null"));
        check("[true,false]", Ok("[true, false]"));
    }

    #[test]
    fn bad_documents_are_errors() {
        for text in ["", " ", "{", "[1,]", "{\"a\"}", "{a:1}", "{\"a\":1,}", "1 2", "]", "{1:2}", "[1 2]", "nulls"] {
            check(text, Err(b"22P02"));
        }
        check(r#"["\u0000", bad"#, Err(b"22P05"));
        check("[1e999999]", Err(b"22003"));
        check("[1e999999 x]", Err(b"22P02"));
        check(&format!("[{}]", vec!["1e131071"; 100].join(",")), Err(b"0A000"));
        check(&"[".repeat(100_000), Err(b"0A000"));
        check(&(("[").repeat(400) + &"]".repeat(400)), Ok(&("[".repeat(400) + &"]".repeat(400))));
    }

    #[test]
    fn binary_has_a_version() {
        assert_eq!(read(Format::Binary, b"\x01[1]").ok().unwrap().expose(), "[1]");
        assert_eq!(read(Format::Binary, b"\x02[1]").err().unwrap().code.0, *b"0A000");
        assert_eq!(read(Format::Binary, b"").err().unwrap().code.0, *b"08P01");
    }
}
