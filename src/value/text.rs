//! text, varchar(n), char(n).
//!
//! Source: `varchar.c` (`bpchar_input`, `varchar_input`), `oracle_compat.c` (`rtrim1`, the cast from char(n)).

use std::borrow::Cow;

use super::errors::unknown_conversion;
use super::{Kind, LogicalType, Plaintext, Purpose, input};
use crate::wire::{PgError, SqlState};

/// Reads a character string that was declared as `from`; text and binary form are the same.
///
/// # Errors
/// 22021 for what is no text, 22001 where it is too long, 0A000 for a comparison that depends on trailing blanks.
pub(super) fn read(ty: LogicalType, from: Kind, bytes: &[u8], purpose: Purpose) -> Result<Plaintext, PgError> {
    let text = input::text(bytes)?;
    // The cast from char(n) to the other two drops trailing blanks.
    let text = if from == Kind::Char && ty.kind != Kind::Char { trim_blanks(text) } else { text };
    match purpose {
        Purpose::Assign => Ok(Plaintext::new(fit(ty, text)?.into_owned())),
        Purpose::Compare if is_certain(ty.kind, from, text) => Ok(Plaintext::new(text.to_owned())),
        Purpose::Compare => Err(unknown_conversion()),
    }
}

/// Whether `=` between the column and the declared type is equality of the comparison forms.
///
/// varchar = char resolves to char's operator, which ignores the *column's* trailing blanks; char = text to text's,
/// which minds the *value's*.
fn is_certain(column: Kind, value: Kind, text: &str) -> bool {
    match (column, value) {
        (Kind::Varchar, Kind::Char) => false,
        (Kind::Char, Kind::Text | Kind::Varchar) => !text.ends_with(' '),
        _ => true,
    }
}

/// Cuts excess blanks and pads, as an assignment to the type does.
fn fit(ty: LogicalType, text: &str) -> Result<Cow<'_, str>, PgError> {
    let Some(limit) = max_chars(ty) else { return Ok(Cow::Borrowed(text)) };
    // A text of at most `limit` bytes cannot have more characters.
    let fits = text.len() <= limit && ty.kind == Kind::Varchar;
    if fits {
        return Ok(Cow::Borrowed(text));
    }
    match text.char_indices().nth(limit) {
        Some((end, _)) if text[end..].bytes().all(|b| b == b' ') => Ok(Cow::Borrowed(&text[..end])),
        Some(_) => Err(PgError::new(SqlState::STRING_DATA_RIGHT_TRUNCATION, format!("value too long for type {ty}"))),
        None if ty.kind == Kind::Char => Ok(Cow::Owned(pad(text, limit))),
        None => Ok(Cow::Borrowed(text)),
    }
}

fn max_chars(ty: LogicalType) -> Option<usize> {
    let is_limited = matches!(ty.kind, Kind::Varchar | Kind::Char) && ty.typmod >= 4;
    usize::try_from(ty.typmod - 4).ok().filter(|_| is_limited)
}

fn pad(text: &str, chars: usize) -> String {
    let missing = chars.saturating_sub(text.chars().count());
    let mut padded = String::with_capacity(text.len() + missing);
    padded.push_str(text);
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

fn trim_blanks(text: &str) -> &str {
    text.trim_end_matches(' ')
}

/// The form that is equal where `=` holds: char(n) without its blanks, folded to lower case where asked.
pub(super) fn comparison_form(kind: Kind, text: &str, fold_case: bool) -> String {
    let text = if kind == Kind::Char { trim_blanks(text) } else { text };
    if !fold_case {
        return text.to_owned();
    }
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len() + text.len() / 8);
    folded.extend(text.chars().map(lower));
    folded
}

/// Unicode's simple lower-case mapping: always one character.
fn lower(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        // The only character with a longer full mapping; the simple one drops the dot.
        _ if c == '\u{130}' => 'i',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(kind: Kind, n: i32) -> LogicalType {
        LogicalType { kind, typmod: n + 4 }
    }

    fn check(ty: LogicalType, from: Kind, input: &str, purpose: Purpose, expect: Result<&str, &[u8; 5]>) {
        let got = read(ty, from, input.as_bytes(), purpose);
        let got = got.as_ref().map(Plaintext::expose).map_err(|error| &error.code.0);
        assert_eq!(got, expect, "{input:?} as {from:?} for {ty}");
    }

    #[test]
    fn assignments_cut_blanks_only_and_pad() {
        use Kind::{Char, Text, Varchar};
        let assign = Purpose::Assign;
        check(ty(Varchar, 3), Varchar, "abc", assign, Ok("abc"));
        check(ty(Varchar, 3), Text, "abc  ", assign, Ok("abc"));
        check(ty(Varchar, 3), Text, "ab   ", assign, Ok("ab "));
        check(ty(Varchar, 3), Text, "abcd", assign, Err(b"22001"));
        check(ty(Varchar, 3), Char, "ab   ", assign, Ok("ab"));
        check(ty(Varchar, 2), Varchar, "中文", assign, Ok("中文"));
        check(ty(Char, 4), Char, "中文", assign, Ok("中文  "));
        check(ty(Char, 2), Char, "ab  ", assign, Ok("ab"));
        check(ty(Char, 2), Text, "abc", assign, Err(b"22001"));
        check(ty(Text, -5), Char, "a ", assign, Ok("a"));
        check(ty(Char, -5), Char, "a ", assign, Ok("a "));
    }

    #[test]
    fn comparisons_have_no_length_but_mind_blanks() {
        use Kind::{Char, Text, Varchar};
        let compare = Purpose::Compare;
        check(ty(Varchar, 3), Varchar, "abcdef", compare, Ok("abcdef"));
        check(ty(Char, 3), Char, "abcdef ", compare, Ok("abcdef "));
        check(ty(Char, 3), Text, "a ", compare, Err(b"0A000"));
        check(ty(Char, 3), Text, "a", compare, Ok("a"));
        check(ty(Varchar, 3), Char, "a", compare, Err(b"0A000"));
        check(ty(Text, -5), Char, "a ", compare, Ok("a"));
    }

    #[test]
    fn folding_keeps_one_character_each() {
        assert_eq!(comparison_form(Kind::Text, "Aİß ÀΣ", true), "aiß àσ");
        assert_eq!(comparison_form(Kind::Char, "Ab  ", false), "Ab");
        assert_eq!(comparison_form(Kind::Varchar, "Ab ", true), "ab ");
    }
}
