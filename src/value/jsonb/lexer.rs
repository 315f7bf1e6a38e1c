//! JSON's tokens, as `json_lex` (`jsonapi.c`) cuts them.

use super::super::errors::invalid_syntax;
use crate::wire::{PgError, SqlState};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Comma,
    Colon,
    String,
    Number,
    Literal,
    End,
}

/// Reads tokens one ahead, so that errors come in PostgreSQL's order.
pub(super) struct Lexer<'a> {
    text: &'a str,
    token: Token,
    start: usize,
    end: usize,
}

impl<'a> Lexer<'a> {
    /// Stands on the first token.
    pub(super) fn new(text: &'a str) -> Result<Self, PgError> {
        let mut lexer = Self { text, token: Token::End, start: 0, end: 0 };
        lexer.advance()?;
        Ok(lexer)
    }

    pub(super) const fn token(&self) -> Token {
        self.token
    }

    /// Where the current token stands in the text.
    pub(super) const fn span(&self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    /// # Errors
    /// 22P02; 22P05 for `\u0000`.
    pub(super) fn advance(&mut self) -> Result<(), PgError> {
        let bytes = self.text.as_bytes();
        let after = bytes.get(self.end..).unwrap_or_default();
        let blanks = after.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.start = self.end + blanks;
        let rest = after.get(blanks..).unwrap_or_default();
        let (token, len) = match rest.first() {
            None => (Token::End, 0),
            Some(b'{') => (Token::ObjectStart, 1),
            Some(b'}') => (Token::ObjectEnd, 1),
            Some(b'[') => (Token::ArrayStart, 1),
            Some(b']') => (Token::ArrayEnd, 1),
            Some(b',') => (Token::Comma, 1),
            Some(b':') => (Token::Colon, 1),
            Some(b'"') => (Token::String, string_len(rest)?),
            Some(b'-' | b'0'..=b'9') => (Token::Number, number_len(rest)?),
            Some(_) => (Token::Literal, literal_len(rest)?),
        };
        self.token = token;
        self.end = self.start + len;
        Ok(())
    }
}

fn literal_len(rest: &[u8]) -> Result<usize, PgError> {
    let len = rest.iter().take_while(|b| is_alphanumeric(**b)).count();
    match rest.get(..len) {
        Some(b"true" | b"false" | b"null") => Ok(len),
        _ => Err(invalid_syntax("json")),
    }
}

/// `JSON_ALPHANUMERIC_CHAR`: what belongs to the same word.
const fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn number_len(rest: &[u8]) -> Result<usize, PgError> {
    let digits = |at: usize| rest.iter().skip(at).take_while(|b| b.is_ascii_digit()).count();
    let is_at = |at: usize, set: &[u8]| rest.get(at).is_some_and(|b| set.contains(b));
    let require = |count: usize| if count > 0 { Ok(count) } else { Err(invalid_syntax("json")) };
    let mut len = usize::from(is_at(0, b"-"));
    len += if is_at(len, b"0") { 1 } else { require(digits(len))? };
    if is_at(len, b".") {
        len += 1 + require(digits(len + 1))?;
    }
    if is_at(len, b"eE") {
        len += 1 + usize::from(is_at(len + 1, b"+-"));
        len += require(digits(len))?;
    }
    if rest.get(len).is_some_and(|b| is_alphanumeric(*b)) {
        return Err(invalid_syntax("json"));
    }
    Ok(len)
}

fn string_len(rest: &[u8]) -> Result<usize, PgError> {
    let mut at = 1;
    let mut high_surrogate = false;
    loop {
        let plain = rest.iter().skip(at).take_while(|b| !matches!(b, b'"' | b'\\' | 0..0x20)).count();
        at += plain;
        let (escape, len) = match rest.get(at..).unwrap_or_default() {
            [b'"', ..] if high_surrogate && plain == 0 => return Err(invalid_syntax("json")),
            [b'"', ..] => return Ok(at + 1),
            [b'\\', b'u', hex @ ..] => (Some(code_unit(hex).ok_or_else(|| invalid_syntax("json"))?), 6),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => (None, 2),
            _ => return Err(invalid_syntax("json")),
        };
        // A high surrogate is followed by nothing but a low one, which stands nowhere else.
        let is_low = matches!(escape, Some(0xdc00..=0xdfff));
        if (high_surrogate && plain == 0) != is_low || (high_surrogate && plain > 0) {
            return Err(invalid_syntax("json"));
        }
        if escape == Some(0) {
            return Err(PgError::new(SqlState::UNTRANSLATABLE_CHARACTER, "unsupported Unicode escape sequence"));
        }
        high_surrogate = matches!(escape, Some(0xd800..=0xdbff));
        at += len;
    }
}

/// The four hexadecimal digits of a `\u` escape.
pub(super) fn code_unit(hex: &[u8]) -> Option<u16> {
    let digits = hex.first_chunk::<4>()?;
    digits.iter().try_fold(0u16, |unit, digit| Some(unit << 4 | u16::from(super::super::uuid::nibble(*digit)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token>, [u8; 5]> {
        let mut lexer = Lexer::new(text).map_err(|error| error.code.0)?;
        let mut found = Vec::new();
        while lexer.token() != Token::End {
            found.push(lexer.token());
            lexer.advance().map_err(|error| error.code.0)?;
        }
        Ok(found)
    }

    #[test]
    fn tokens_are_cut() {
        use Token::{ArrayEnd, ArrayStart, Comma, Literal, Number, String};
        let expect = vec![ArrayStart, Number, Comma, String, Comma, Literal, ArrayEnd];
        assert_eq!(tokens(" [ -1.5e+3,\t\"a\\\"\\u00e9\",null ]\n"), Ok(expect));
        assert_eq!(tokens(r#""\ud83d\ude00""#), Ok(vec![String]));
    }

    #[test]
    fn bad_tokens_are_errors() {
        let bad = [
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "1a",
            "-",
            "nul",
            "True",
            "nullé",
            "\"",
            "\"\\x\"",
            "\"\t\"",
            "\"\\u12g4\"",
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83dx\ude00""#,
            r#""\ud83d\ud83d""#,
            r#""\ud83d\n""#,
            "'a'",
            "\x0b1",
        ];
        for text in bad {
            assert_eq!(tokens(text), Err(*b"22P02"), "{text}");
        }
        assert_eq!(tokens(r#""\u0000""#), Err(*b"22P05"));
    }
}
