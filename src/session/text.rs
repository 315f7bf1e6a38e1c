//! SQL text between the client's encoding and UTF-8.
//!
//! A text is decided on as the server will read it, or not at all: where both could read it differently it is
//! refused.

use std::borrow::Cow;

use encoding_rs::Encoding;

use crate::wire::{PgError, SqlState};

/// What `client_encoding` says.
#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Latin1,
    /// Every decoder here is at most more tolerant than the server's, and takes the same bytes for one character.
    Other(&'static Encoding),
    /// Only ASCII is read the same by everyone.
    Unknown,
}

/// # Errors
/// 22021 where the bytes are not valid in the encoding, 0A000 for text beyond ASCII in an encoding that is not known.
pub(super) fn decode<'a>(bytes: &'a [u8], encoding: &str) -> Result<Cow<'a, str>, PgError> {
    match charset(encoding) {
        Charset::Utf8 => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| invalid(encoding)),
        _ if bytes.is_ascii() => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| invalid(encoding)),
        Charset::Latin1 => Ok(encoding_rs::mem::decode_latin1(bytes)),
        Charset::Other(known) => {
            known.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| invalid(encoding))
        }
        Charset::Unknown => Err(unknown(encoding)),
    }
}

/// # Errors
/// 22P05 for characters that the encoding does not have, 0A000 as [`decode`].
pub(super) fn encode<'a>(text: &'a str, encoding: &str) -> Result<Cow<'a, [u8]>, PgError> {
    match charset(encoding) {
        Charset::Utf8 => Ok(Cow::Borrowed(text.as_bytes())),
        _ if text.is_ascii() => Ok(Cow::Borrowed(text.as_bytes())),
        Charset::Latin1 => {
            text.chars().map(u8::try_from).collect::<Result<_, _>>().map(Cow::Owned).map_err(|_| unmapped(encoding))
        }
        Charset::Other(known) => match known.encode(text) {
            (bytes, _, false) => Ok(bytes),
            (_, _, true) => Err(unmapped(encoding)),
        },
        Charset::Unknown => Err(unknown(encoding)),
    }
}

/// Source: <https://www.postgresql.org/docs/current/multibyte.html#CHARSET-TABLE>
fn charset(encoding: &str) -> Charset {
    match encoding {
        "UTF8" | "UNICODE" => Charset::Utf8,
        "LATIN1" => Charset::Latin1,
        "GBK" | "EUC_CN" => Charset::Other(encoding_rs::GBK),
        "GB18030" => Charset::Other(encoding_rs::GB18030),
        "BIG5" => Charset::Other(encoding_rs::BIG5),
        "SJIS" => Charset::Other(encoding_rs::SHIFT_JIS),
        "EUC_JP" => Charset::Other(encoding_rs::EUC_JP),
        "EUC_KR" | "UHC" => Charset::Other(encoding_rs::EUC_KR),
        "WIN1250" => Charset::Other(encoding_rs::WINDOWS_1250),
        "WIN1251" => Charset::Other(encoding_rs::WINDOWS_1251),
        "WIN1252" => Charset::Other(encoding_rs::WINDOWS_1252),
        "KOI8R" => Charset::Other(encoding_rs::KOI8_R),
        _ => Charset::Unknown,
    }
}

fn invalid(encoding: &str) -> PgError {
    PgError::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, format!("invalid byte sequence for encoding \"{encoding}\""))
}

fn unmapped(encoding: &str) -> PgError {
    let message = format!("the statement as it would be sent has no equivalent in encoding \"{encoding}\"");
    PgError::new(SqlState::UNTRANSLATABLE_CHARACTER, message)
}

fn unknown(encoding: &str) -> PgError {
    let message = format!("SQL text beyond ASCII is not supported in client_encoding \"{encoding}\"");
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message)
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
                assert_eq!(&*encode(&text, encoding).unwrap(), bytes, "{encoding}");
            }
        }
        assert_eq!(encode("户", "LATIN1").unwrap_err().code, SqlState::UNTRANSLATABLE_CHARACTER);
    }
}
