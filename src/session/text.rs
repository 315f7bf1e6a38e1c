//! SQL text between the client's encoding and UTF-8.
//!
//! A text is decided on as the server will read it, or not at all: where both could read it differently it is
//! refused.

use std::borrow::Cow;

use crate::reveal::encoding;
use crate::wire::PgError;

/// # Errors
/// 22021 where the bytes are not valid in the encoding, 0A000 for text beyond ASCII in an encoding that is not known.
pub(super) fn decode<'a>(bytes: &'a [u8], encoding: &str) -> Result<Cow<'a, str>, PgError> {
    if !encoding::is_utf8(encoding) && !bytes.is_ascii() {
        return encoding::read(encoding, bytes).map(Cow::Owned);
    }
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| encoding::invalid(encoding))
}

/// `is_exact`: only characters that the server has alike, not what [`decode`] would take for the text.
///
/// # Errors
/// 22P05 for characters that the encoding does not have, 0A000 as [`decode`].
pub(super) fn encode<'a>(text: &'a str, encoding: &str, is_exact: bool) -> Result<Cow<'a, [u8]>, PgError> {
    match is_exact || encoding::is_utf8(encoding) || text.is_ascii() {
        true => encoding::from_utf8(encoding, text.as_bytes()),
        false => encoding::write(encoding, text).map(Cow::Owned),
    }
}

/// Whether how the text is read depends on `client_encoding` or `standard_conforming_strings`.
pub(super) fn depends_on_settings(sql: &[u8]) -> bool {
    !sql.is_ascii() || memchr::memchr(b'\\', sql).is_some()
}

/// Whether a passed statement could change those settings. Functions that do so by themselves are not seen here: the
/// check of a result's origin stands behind this one.
pub(super) fn may_change_reading(sql: &str) -> bool {
    let sql = sql.as_bytes();
    let words = |first: u8| -> &[&[u8]] {
        match first.to_ascii_lowercase() {
            b'a' => &[b"abort"],
            b'c' => &[b"conforming", b"call"],
            b'd' => &[b"discard"],
            b'e' => &[b"encoding"],
            b'n' => &[b"names"],
            b'r' => &[b"reset", b"rollback"],
            b's' => &[b"set_config"],
            _ => &[],
        }
    };
    let stands =
        |at: usize, word: &[u8]| sql.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word));
    sql.iter().enumerate().any(|(at, first)| words(*first).iter().any(|word| stands(at, word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::SqlState;

    #[test]
    fn words_that_change_how_text_is_read() {
        for (sql, expect) in [
            ("SET client_ENCODING = x", true),
            ("set names 'x'", true),
            ("select pg_catalog.SET_CONFIG('a', 'b', false)", true),
            ("Rollback", true),
            ("RESET ALL", true),
            ("call", true),
            ("SELECT name FROM resets_", true),
            ("SELECT name, cal FROM accounts WHERE id = $1", false),
            ("", false),
        ] {
            assert_eq!(may_change_reading(sql), expect, "{sql}");
        }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let cases: [(&str, &[u8], Option<&str>); 9] = [
            ("UTF8", "张三".as_bytes(), Some("张三")),
            ("UTF8", b"\xd5\xc5", None),
            ("GBK", b"\xd5\xc5\xc8\xfd", Some("张三")),
            ("GBK", b"'\xd5'", None),
            ("BIG5", b"\xa5\x5c", Some("功")),
            ("LATIN1", b"caf\xe9", Some("café")),
            ("SQL_ASCII", b"caf\xe9", None),
            ("SQL_ASCII", b"SELECT 1", Some("SELECT 1")),
            ("", b"\xe9", None),
        ];
        for (encoding, bytes, expect) in cases {
            let text = decode(bytes, encoding).ok();
            assert_eq!(text.as_deref(), expect, "{encoding} {bytes:?}");
            if let Some(text) = text {
                assert_eq!(&*encode(&text, encoding, false).unwrap(), bytes, "{encoding}");
            }
        }
        assert_eq!(encode("户", "LATIN1", false).unwrap_err().code, SqlState::UNTRANSLATABLE_CHARACTER);
    }
}
