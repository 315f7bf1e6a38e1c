//! A statement as the audit trail may hold it: its shape, never a value.

use std::borrow::Cow;
use std::fmt::Write as _;

use pg_query::protobuf::Token;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::sql;

/// Longer texts are cut: a record is one line that has to be written before a row is released.
const MAX_TEXT_LEN: usize = 4096;
/// Longer statements are not read at all: reading is linear, but it is on the path of every row.
const MAX_SOURCE_LEN: usize = 1 << 20;
/// A name with this many digits in a row is taken for a value that somebody put in the place of a name.
const VALUE_LIKE_DIGITS: usize = 5;

/// A statement's normalised text and a hash of it. Every literal is `?`; comments are gone; names that could be
/// values (long runs of digits, anything outside plain ASCII) are `?` too, since `"13800138000"` is a legal name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The normalised text, or a note with the length where the text could not be read with certainty.
    #[serde(rename = "statement")]
    text: String,
    /// First 16 hexadecimal digits of SHA-256 over the normalised text. Absent where there is none: a hash over
    /// the statement itself could be searched for its literals.
    fingerprint: Option<String>,
}

impl Statement {
    /// Normalises `sql`. Costs one pass of PostgreSQL's own scanner; keep the result beside the prepared statement.
    pub fn new(sql: &str) -> Self {
        match normalise(sql) {
            Some(mut text) => {
                let fingerprint = short_hash(&text);
                cut(&mut text);
                Self { text, fingerprint: Some(fingerprint) }
            }
            None => Self::unreadable(sql.len()),
        }
    }

    /// For bytes that are not text in a known encoding.
    pub fn unreadable(len_bytes: usize) -> Self {
        Self { text: format!("(unreadable, {len_bytes} bytes)"), fingerprint: None }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }
}

fn normalise(text: &str) -> Option<String> {
    if text.len() > MAX_SOURCE_LEN {
        return None;
    }
    let tokens = sql::scan(text)?;
    let mut out = String::with_capacity(text.len().min(MAX_TEXT_LEN));
    let mut previous_end = 0;
    for token in &tokens {
        let (start, end) = (usize::try_from(token.start).ok()?, usize::try_from(token.end).ok()?);
        let source = text.get(start..end)?;
        let Some(shown) = shown(Token::try_from(token.token).ok()?, source)? else { continue };
        if start > previous_end && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&shown);
        previous_end = end;
    }
    Some(out)
}

/// What a token looks like in the record: `Some(None)` drops it, `None` gives the whole statement up.
fn shown(token: Token, source: &str) -> Option<Option<Cow<'_, str>>> {
    match token {
        Token::SqlComment | Token::CComment => Some(None),
        // With standard_conforming_strings off the same bytes end elsewhere, and a value would stand outside.
        Token::Sconst if source.starts_with('\'') && source.contains('\\') => None,
        Token::Sconst | Token::Usconst | Token::Bconst | Token::Xconst | Token::Iconst | Token::Fconst => {
            Some(Some(Cow::Borrowed("?")))
        }
        Token::Uident => Some(Some(Cow::Borrowed("?"))),
        Token::Ident if !plain_name(source) => Some(Some(Cow::Borrowed("?"))),
        // Everything else is syntax: keywords, operators, parameters' numbers and plain names.
        _ => Some(Some(Cow::Borrowed(source))),
    }
}

fn plain_name(source: &str) -> bool {
    let name = source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(source);
    let letters = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$');
    let longest_digits = name.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    letters && longest_digits < VALUE_LIKE_DIGITS
}

fn cut(text: &mut String) {
    if text.len() <= MAX_TEXT_LEN {
        return;
    }
    let full = text.len();
    let end = (0..=MAX_TEXT_LEN).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.truncate(end);
    // Writing to a String cannot fail.
    let _ = write!(text, "… ({full} bytes)");
}

fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut out = super::chain::hex(&digest);
    out.truncate(16);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_never_stay() {
        let cases = [
            ("SELECT * FROM customer WHERE phone = '13800138000'", "SELECT * FROM customer WHERE phone = ?"),
            ("select  1,\n 2.5 , $1", "select ?, ? , $1"),
            ("SELECT /* 13800138000 */ 1 -- 张三", "SELECT ?"),
            (r"SELECT E'a\'13800138000', $$13800138000$$, U&'\0031'", "SELECT ?, ?, ?"),
            ("SELECT B'1', X'ff' FROM \"Customer\"", "SELECT ?, ? FROM \"Customer\""),
            ("SELECT \"13800138000\", a13800138000, \"张三\", 张三", "SELECT ?, ?, ?, ?"),
            (r#"SELECT U&"\0041""#, "SELECT ?"),
            ("COMMENT ON TABLE t IS 'secret'", "COMMENT ON TABLE t IS ?"),
            ("ALTER ROLE a PASSWORD 'secret'", "ALTER ROLE a PASSWORD ?"),
            ("DO $x$ BEGIN PERFORM 'secret'; END $x$", "DO ?"),
        ];
        for (sql, expect) in cases {
            assert_eq!(Statement::new(sql).text(), expect, "{sql}");
        }
    }

    #[test]
    fn what_cannot_be_read_with_certainty_is_not_shown() {
        for sql in
            [r"SELECT 'a\' , 13800138000, '", r"SELECT 'x\'' OR secret --'", "SELECT 'unterminated", "SELECT \"a"]
        {
            let statement = Statement::new(sql);
            assert_eq!(statement.text(), format!("(unreadable, {} bytes)", sql.len()), "{sql}");
            assert_eq!(statement.fingerprint(), None);
        }
    }

    #[test]
    fn statements_of_one_shape_share_a_fingerprint() {
        let one = Statement::new("SELECT a FROM t WHERE b = 'x'");
        assert_eq!(one, Statement::new("SELECT  a  FROM t WHERE b = 'y' -- z"));
        assert_ne!(one.fingerprint(), Statement::new("SELECT a FROM t WHERE c = 'x'").fingerprint());
    }

    #[test]
    fn long_statements_are_cut() {
        let sql = format!("SELECT {}", vec!["abc"; 5000].join(", "));
        let text = Statement::new(&sql).text;
        assert!(text.len() < MAX_TEXT_LEN + 32, "{}", text.len());
        assert!(text.ends_with("bytes)"), "{text}");
    }
}
