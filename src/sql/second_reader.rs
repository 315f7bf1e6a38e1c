//! A second reader of what goes upstream: sqlparser's tokenizer, which shares no code with PostgreSQL's scanner.
//!
//! Where a literal ends is what injections are about. Both readers have to find the same literals in a printed
//! statement; the printer writes only forms that both know.

use std::str::CharIndices;

use pg_query::protobuf::Token as Scanned;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Location, Token, Tokenizer};

/// Whether both readers find the same string literals.
pub(super) fn agrees(text: &str) -> bool {
    if !may_hold_literals(text) {
        return true;
    }
    match (by_postgresql(text), by_sqlparser(text)) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => false,
    }
}

/// Without a quote, or a dollar that is not a parameter's, no reader can find one.
fn may_hold_literals(text: &str) -> bool {
    let mut dollars = memchr::memchr_iter(b'$', text.as_bytes());
    let is_parameter = |at: usize| text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    text.contains('\'') || !dollars.all(is_parameter)
}

/// The literals as they are written, quotes and all.
fn by_postgresql(text: &str) -> Option<Vec<&str>> {
    let tokens = super::scan(text)?;
    let literals = tokens.into_iter().filter(|token| token.token == i32::from(Scanned::Sconst));
    literals.map(|token| text.get(usize::try_from(token.start).ok()?..usize::try_from(token.end).ok()?)).collect()
}

fn by_sqlparser(text: &str) -> Option<Vec<&str>> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize_with_location().ok()?;
    let is_literal = |token: &Token| matches!(token, Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_));
    let literals = tokens.into_iter().filter(|token| is_literal(&token.token));
    let mut place = Place { rest: text.char_indices(), line: 1, column: 1 };
    literals
        .map(|token| {
            let start = place.advance(token.span.start)?;
            text.get(start..place.advance(token.span.end)?)
        })
        .collect()
}

/// A place in the text that only moves on. sqlparser counts lines and characters, from 1.
struct Place<'t> {
    rest: CharIndices<'t>,
    line: u64,
    column: u64,
}

impl Place<'_> {
    /// The byte at a location; `None` where it lies behind or past the end.
    fn advance(&mut self, to: Location) -> Option<usize> {
        while (self.line, self.column) < (to.line, to.column) {
            match self.rest.next()?.1 {
                '\n' => (self.line, self.column) = (self.line + 1, 1),
                _ => self.column += 1,
            }
        }
        ((self.line, self.column) == (to.line, to.column)).then(|| self.rest.offset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_literals_are_read_alike() {
        for text in [
            "SELECT 1",
            "SELECT 'it''s', E'a\\\\b \\n', '张三', '~pv1:abc'",
            "SELECT a FROM t WHERE b = '' AND c = ''''",
            "SELECT $1, \"a'b\", x'00'",
        ] {
            assert!(agrees(text), "{text}: {:?} {:?}", by_postgresql(text), by_sqlparser(text));
        }
    }

    #[test]
    fn other_readings_are_noticed() {
        // Two literals beside each other across a line are one to PostgreSQL; a dollar quote is a literal to it too
        for text in ["SELECT 'a'\n'b'", "SELECT $q$x$q$"] {
            assert!(!agrees(text), "{text}");
        }
    }
}
