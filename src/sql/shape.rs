//! The shape of a text: itself with every number and string taken out.
//!
//! Statements that touch nothing protected are judged by what they name, and literals name nothing. Texts of one shape
//! differ only in literals, so that one verdict serves all of them: an application that writes its values into its
//! statements costs a look-up as one that uses parameters does.
//!
//! A text has a shape only where this reader is certain to end each literal where PostgreSQL's scanner does: plain ASCII
//! without comments, dollar quotes, backslashes or prefixed strings. Everything else is judged by its exact text.

use std::ops::Range;

/// A text without its literals, and where they stood.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// Holds no literal. In their places stand control characters, which no text of a shape holds.
    pub text: String,
    /// The literals' bytes in the text, quotes included.
    pub literals: Vec<Range<usize>>,
}

const STRING: char = '\u{1}';
/// Of up to nine digits.
const INTEGER: char = '\u{2}';
const LONG_INTEGER: char = '\u{3}';
const DECIMAL: char = '\u{4}';

/// The shape of a text, if it has one.
pub fn shape(text: &str) -> Option<Shape> {
    if !text.is_ascii() {
        return None;
    }
    let shape = Shape { text: String::with_capacity(text.len()), literals: Vec::new() };
    let mut reader = Reader { rest: text.as_bytes(), len: text.len(), shape };
    while let Some(first) = reader.peek(0) {
        reader.token(first)?;
    }
    Some(reader.shape)
}

struct Reader<'t> {
    rest: &'t [u8],
    /// Of the whole text.
    len: usize,
    shape: Shape,
}

impl Reader<'_> {
    fn peek(&self, at: usize) -> Option<u8> {
        self.rest.get(at).copied()
    }

    /// How many bytes from the start satisfy `is`.
    fn run(&self, is: impl Fn(u8) -> bool) -> usize {
        self.rest.iter().take_while(|byte| is(**byte)).count()
    }

    fn keep(&mut self, len: usize) {
        let (kept, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.shape.text.extend(kept.iter().map(|byte| char::from(*byte)));
        self.rest = rest;
    }

    fn drop_as(&mut self, len: usize, kind: char) {
        let start = self.len - self.rest.len();
        self.shape.literals.push(start..start + len);
        self.rest = self.rest.get(len..).unwrap_or_default();
        self.shape.text.push(kind);
    }

    fn token(&mut self, first: u8) -> Option<()> {
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.number(),
            b'\'' => self.string(),
            b'"' => self.quoted_name(),
            b'$' => self.parameter(),
            b'\\' | 0..=8 | 0x0e..=0x1f | 0x7f => None,
            b'-' if self.peek(1) == Some(b'-') => None,
            b'/' if self.peek(1) == Some(b'*') => None,
            // `U&'…'` and numbers that begin with their point
            b'&' if matches!(self.peek(1), Some(b'\'' | b'"')) => None,
            b'.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => None,
            _ => {
                self.keep(1);
                Some(())
            }
        }
    }

    /// A quote directly behind a word makes it a prefix: `E'…'`.
    fn word(&mut self) -> Option<()> {
        let len = self.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
        if matches!(self.peek(len), Some(b'\'' | b'"')) {
            return None;
        }
        self.keep(len);
        Some(())
    }

    /// What nine digits say is an integer to the grammar, what has a point is none.
    fn number(&mut self) -> Option<()> {
        let digits = self.run(|byte| byte.is_ascii_digit());
        let mut len = digits;
        if self.peek(len) == Some(b'.') {
            len += 1 + self.rest.get(len + 1..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
        }
        let is_end = |next: u8| !(next.is_ascii_alphanumeric() || matches!(next, b'_' | b'.' | b'$'));
        if !self.peek(len).is_none_or(is_end) {
            return None;
        }
        self.drop_as(
            len,
            match len == digits {
                true if digits <= 9 => INTEGER,
                true => LONG_INTEGER,
                false => DECIMAL,
            },
        );
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        let len = self.quoted(b'\'')?;
        match self.rest.get(..len)?.contains(&b'\\') {
            true => None,
            false => {
                self.drop_as(len, STRING);
                Some(())
            }
        }
    }

    fn quoted_name(&mut self) -> Option<()> {
        let len = self.quoted(b'"')?;
        self.keep(len);
        Some(())
    }

    /// The length of what stands between quotes, quotes included; a doubled quote is part of it.
    fn quoted(&self, quote: u8) -> Option<usize> {
        let mut at = 1;
        loop {
            at += memchr::memchr(quote, self.rest.get(at..)?)? + 1;
            if self.peek(at) != Some(quote) {
                return Some(at);
            }
            at += 1;
        }
    }

    fn parameter(&mut self) -> Option<()> {
        let digits = self.rest.get(1..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_end = |next: u8| !(next.is_ascii_alphanumeric() || matches!(next, b'_' | b'$'));
        if digits == 0 || !self.peek(1 + digits).is_none_or(is_end) {
            return None;
        }
        self.keep(1 + digits);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    #[test]
    fn literals_are_taken_out() {
        for (text, expect) in [
            ("SELECT abalance FROM a1 WHERE aid = 17;", Some("SELECT abalance FROM a1 WHERE aid = ?i;")),
            ("select 1.5,'it''s',-3, $1 ,\"A\"\"1\"", Some("select ?d,?s,-?i, $1 ,\"A\"\"1\"")),
            ("SELECT 12345678901", Some("SELECT ?n")),
            ("SELECT date ?s", Some("SELECT date ?s")),
            ("SELECT \u{1}", None),
            ("SELECT 'a' 'b'", Some("SELECT ?s ?s")),
            ("SELECT E'a'", None),
            ("SELECT U&\"a\"", None),
            ("SELECT $$a$$", None),
            ("SELECT 'a\\'", None),
            ("SELECT 1 -- x", None),
            ("SELECT /* x */ 1", None),
            ("SELECT 1e5", None),
            ("SELECT 0x1F", None),
            ("SELECT 1_000", None),
            ("SELECT .5", None),
            ("SELECT 1..2", None),
            ("SELECT '张'", None),
            ("SELECT 'open", None),
            ("SELECT \"open", None),
        ] {
            let shown = |text: String| {
                [(STRING, "?s"), (INTEGER, "?i"), (LONG_INTEGER, "?n"), (DECIMAL, "?d")]
                    .iter()
                    .fold(text, |text, (kind, shown)| text.replace(*kind, shown))
            };
            assert_eq!(shape(text).map(|shape| shown(shape.text)).as_deref(), expect, "{text}");
        }
    }

    #[rustfmt::skip]
    const PARTS: &[&str] = &[
        "SELECT", " ", "a", "1", "'x'", "''", "'", "\"b\"", "\"", ".", ",", "(", ")", "=", "-", "::int", "$1", "$", "E", "&",
        "\n", ";", "+", "<", ">", "/", "*", "@", "1.5", "99999999999", "\\", "--", "e5", "_", "[", "]", ":", "|",
    ];

    /// Where a text has a shape, PostgreSQL's scanner finds the same tokens in it.
    #[test]
    fn literals_end_where_postgresql_ends_them() {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap()
        };
        let mut compared = 0;
        for _ in 0..60_000 {
            let text: String = (0..1 + next() % 9).map(|_| PARTS[next() % PARTS.len()]).collect();
            // The scanner joins strings that a line break separates: one token where the shape shows two
            if let (Some(shaped), Some(expect), false) = (shape(&text), scanned(&text), text.contains('\n')) {
                assert_eq!(shaped, expect, "{text}");
                compared += 1;
            }
        }
        assert!(compared > 5_000, "{compared}");
    }

    /// The shape by PostgreSQL's scanner.
    fn scanned(text: &str) -> Option<Shape> {
        let mut shape = Shape { text: String::new(), literals: Vec::new() };
        let mut at = 0;
        for token in sql::scan(text)? {
            let (start, end) = (usize::try_from(token.start).unwrap(), usize::try_from(token.end).unwrap());
            shape.text.push_str(&text[at..start]);
            let source = &text[start..end];
            let sign = match source.as_bytes()[0] {
                b'\'' => Some(STRING),
                b'0'..=b'9' if source.contains('.') => Some(DECIMAL),
                b'0'..=b'9' if source.len() <= 9 => Some(INTEGER),
                b'0'..=b'9' => Some(LONG_INTEGER),
                _ => None,
            };
            match sign {
                Some(sign) => {
                    shape.literals.push(start..end);
                    shape.text.push(sign);
                }
                None => shape.text.push_str(source),
            }
            at = end;
        }
        shape.text.push_str(&text[at..]);
        Some(shape)
    }

    /// `date 'x'` is a constant, `date ?s` asks an operator of two columns.
    #[test]
    fn no_text_looks_like_a_shape() {
        let shapes = ["SELECT date 'x'", "SELECT date ?s", "SELECT date ?i", "SELECT date 1"].map(shape);
        for (at, one) in shapes.iter().enumerate() {
            assert!(
                shapes[at + 1..].iter().all(|other| one.as_ref().map(|s| &s.text) != other.as_ref().map(|s| &s.text))
            );
        }
    }

    #[test]
    fn texts_of_one_shape_name_the_same() {
        let texts =
            ["SELECT a FROM t WHERE b = 'x' AND c IN (1, 2)", "SELECT a FROM t WHERE b = 'y''z' AND c IN (9, 8)"];
        let named = texts.map(|text| sql::inventory(&sql::parse(text, true).unwrap().remove(0).tree));
        assert_eq!(shape(texts[0]).map(|shape| shape.text), shape(texts[1]).map(|shape| shape.text));
        assert_eq!((&named[0].relations, &named[0].functions), (&named[1].relations, &named[1].functions));
    }
}
