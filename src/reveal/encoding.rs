//! Client encodings: between the bytes of a session and UTF-8, which is what values are sealed in.
//!
//! The converters are held against PostgreSQL's own in the integration test `encodings`; what differs is refused.

use std::borrow::Cow;

use encoding_rs::Encoding;

use crate::copy::Charset;
use crate::wire::{PgError, SqlState};

/// Whether text of the encoding is UTF-8 as it is.
pub fn is_utf8(name: &str) -> bool {
    name == "UTF8" || name == "UNICODE"
}

/// How a stream in the encoding is cut into characters.
///
/// # Errors
/// 0A000 where the encoding is not known.
pub fn charset(name: &str) -> Result<Charset, PgError> {
    Ok(match name {
        "GBK" | "BIG5" | "UHC" => Charset::TwoByte,
        "GB18030" => Charset::Gb18030,
        "SJIS" => Charset::ShiftJis,
        _ if is_utf8(name) || converter(name).is_some() => Charset::AsciiSafe,
        _ => return Err(unknown(name)),
    })
}

/// A client's text in UTF-8. Text that is UTF-8 already is not checked here but where it is read.
///
/// # Errors
/// 22021 for bytes that are no text of the encoding; 0A000 where the encoding is not known, and for characters that
/// PostgreSQL and the converter have differently.
pub fn to_utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, PgError> {
    if is_utf8(name) || bytes.is_ascii() {
        return Ok(Cow::Borrowed(bytes));
    }
    match converter(name).and_then(|converter| converter.decode(bytes)) {
        Some(text) => Ok(Cow::Owned(text.into_bytes())),
        None => Err(read(name, bytes).map_or_else(|error| error, |_| uncertain(name))),
    }
}

/// UTF-8 in the client's encoding.
///
/// # Errors
/// 22P05 for a character that the encoding lacks, 0A000 where the encoding is not known.
pub fn from_utf8<'a>(name: &str, text: &'a [u8]) -> Result<Cow<'a, [u8]>, PgError> {
    if is_utf8(name) || text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    let encoded = std::str::from_utf8(text).ok().and_then(|text| converter(name)?.encode(text));
    encoded.map(Cow::Owned).ok_or_else(|| match converter(name) {
        Some(_) => lacking(name),
        None => unknown(name),
    })
}

/// Text as it is read where nothing is sealed: at most more tolerant than PostgreSQL, which takes the same bytes for
/// one character, but may have another for them.
///
/// # Errors
/// 22021 for bytes that are no text of the encoding, 0A000 where the encoding is not known.
pub fn read(name: &str, bytes: &[u8]) -> Result<String, PgError> {
    let read = match converter(name).ok_or_else(|| unknown(name))? {
        Converter::Latin1 => Some(encoding_rs::mem::decode_latin1(bytes)),
        Converter::Table { table, .. } => table.decode_without_bom_handling_and_without_replacement(bytes),
    };
    read.map(Cow::into_owned).ok_or_else(|| invalid(name))
}

/// What [`read`] would read as the text.
///
/// # Errors
/// 22P05 for a character that the encoding lacks, 0A000 where the encoding is not known.
pub fn write(name: &str, text: &str) -> Result<Vec<u8>, PgError> {
    let written = match converter(name).ok_or_else(|| unknown(name))? {
        latin1 @ Converter::Latin1 => latin1.encode(text),
        Converter::Table { table, .. } => encode_table(table, text),
    };
    written.ok_or_else(|| lacking(name))
}

pub fn invalid(name: &str) -> PgError {
    PgError::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, format!("invalid byte sequence for encoding \"{name}\""))
}

fn lacking(name: &str) -> PgError {
    let message = format!("a character in encoding \"UTF8\" has no equivalent in encoding \"{name}\"");
    PgError::new(SqlState::UNTRANSLATABLE_CHARACTER, message)
}

fn unknown(name: &str) -> PgError {
    let message = format!("text beyond ASCII is not converted to or from encoding \"{name}\"");
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint("Set client_encoding to UTF8.")
}

fn uncertain(name: &str) -> PgError {
    let message =
        format!("a protected value has a character in encoding \"{name}\" that is not read alike by everybody");
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint("Set client_encoding to UTF8.")
}

/// What text is converted with.
#[derive(Clone, Copy)]
enum Converter {
    /// ISO 8859-1, which `encoding_rs` reads as windows-1252.
    Latin1,
    Table {
        table: &'static Encoding,
        /// Whether PostgreSQL converts the text, which has these bytes, to the same and back.
        agrees: fn(&str, &[u8]) -> bool,
    },
}

fn converter(name: &str) -> Option<Converter> {
    let (table, agrees): (_, fn(&str, &[u8]) -> bool) = match name {
        "LATIN1" => return Some(Converter::Latin1),
        "GBK" => (encoding_rs::GBK, |text, _| text.chars().all(is_in_gbk)),
        "EUC_CN" => (encoding_rs::GBK, |text, bytes| text.chars().all(is_in_gb2312) && are_euc_pairs(bytes)),
        "BIG5" => (encoding_rs::BIG5, |_, bytes| pairs(bytes).all(is_in_big5)),
        "GB18030" => (encoding_rs::GB18030, |text, _| text.chars().all(is_in_gb18030)),
        "SJIS" => (encoding_rs::SHIFT_JIS, |text, _| text.chars().all(is_in_sjis)),
        "EUC_JP" => (encoding_rs::EUC_JP, |_, bytes| pairs(bytes).all(|(lead, _)| lead < 0xf9)),
        "EUC_KR" => (encoding_rs::EUC_KR, |_, bytes| are_euc_pairs(bytes)),
        "UHC" => (encoding_rs::EUC_KR, |_, _| true),
        "WIN1250" => (encoding_rs::WINDOWS_1250, |text, _| has_no_controls(text)),
        "WIN1251" => (encoding_rs::WINDOWS_1251, |text, _| has_no_controls(text)),
        "WIN1252" => (encoding_rs::WINDOWS_1252, |text, _| has_no_controls(text)),
        "WIN1253" => (encoding_rs::WINDOWS_1253, |text, _| has_no_controls(text)),
        "WIN1254" => (encoding_rs::WINDOWS_1254, |text, _| has_no_controls(text)),
        "WIN1255" => (encoding_rs::WINDOWS_1255, |text, _| has_no_controls(text) && !text.contains('\u{5ba}')),
        "WIN1256" => (encoding_rs::WINDOWS_1256, |text, _| has_no_controls(text)),
        "WIN1257" => (encoding_rs::WINDOWS_1257, |text, _| has_no_controls(text)),
        "WIN1258" => (encoding_rs::WINDOWS_1258, |text, _| has_no_controls(text)),
        "LATIN2" => (encoding_rs::ISO_8859_2, |_, _| true),
        "LATIN9" => (encoding_rs::ISO_8859_15, |_, _| true),
        "KOI8R" => (encoding_rs::KOI8_R, |_, _| true),
        _ => return None,
    };
    Some(Converter::Table { table, agrees })
}

impl Converter {
    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
            Self::Table { table, agrees } => {
                let text = table.decode_without_bom_handling_and_without_replacement(bytes)?;
                // Spellings that would not come back are none of PostgreSQL's
                (encode_table(table, &text)? == bytes && agrees(&text, bytes)).then(|| text.into_owned())
            }
        }
    }

    fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Self::Table { table, agrees } => {
                let bytes = encode_table(table, text)?;
                let back = table.decode_without_bom_handling_and_without_replacement(&bytes)?;
                (back == text && agrees(text, &bytes)).then_some(bytes)
            }
        }
    }
}

fn encode_table(table: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let (bytes, _, has_unmappable) = table.encode(text);
    (!has_unmappable).then(|| bytes.into_owned())
}

/// `encoding_rs` reads what GBK left open as the characters that GB18030 put there.
const fn is_in_gbk(c: char) -> bool {
    !matches!(c, '\u{1f9}' | '\u{1e3f}' | '€' | '\u{2e80}'..='\u{2fff}' | '\u{303e}' | '\u{3400}'..='\u{4dbf}'
        | '\u{9fb4}'..='\u{9fbb}' | '\u{e000}'..='\u{f8ff}' | '\u{fe10}'..='\u{fe19}')
}

const fn is_in_gb2312(c: char) -> bool {
    is_in_gbk(c)
        && !matches!(c, '·' | 'ń' | 'ň' | 'ɑ' | 'ɡ' | '—' | '\u{2170}'..='\u{2179}' | '\u{fe31}' | '\u{fe33}'..='\u{fe44}')
}

/// `encoding_rs` has the extensions of Hong Kong and of ETEN, and other characters for a few signs.
const fn is_in_big5((lead, trail): (u8, u8)) -> bool {
    match lead {
        0xa1 => !matches!(trail, 0x45 | 0x4e | 0x5a | 0xc2 | 0xc3 | 0xc5 | 0xe3 | 0xf2 | 0xf3 | 0xfe),
        0xa2 => !matches!(trail, 0x40..=0x42 | 0x44 | 0x46 | 0x47),
        0xa3 => trail < 0xc0,
        0xc6 => trail < 0xa1,
        0xf9 => trail < 0xdd,
        _ => matches!(lead, 0xa4..=0xc5 | 0xc9..=0xf8),
    }
}

/// PostgreSQL before 18 has the mapping of the year 2000, `encoding_rs` the later one.
const fn is_in_gb18030(c: char) -> bool {
    !matches!(c, '\u{1e3f}' | '\u{9fb4}'..='\u{9fbb}' | '\u{e7c7}' | '\u{fe10}'..='\u{fe19}')
}

/// Characters that have two codes, of which PostgreSQL writes the other one.
const fn is_in_sjis(c: char) -> bool {
    !matches!(c, '\u{80}' | '№' | '℡' | 'Ⅰ'..='Ⅹ' | '㈱')
}

/// Windows code pages leave bytes open that `encoding_rs` reads as control characters.
fn has_no_controls(text: &str) -> bool {
    !text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c))
}

/// The characters of two bytes in an encoding that has none longer.
fn pairs(bytes: &[u8]) -> impl Iterator<Item = (u8, u8)> {
    let mut rest = bytes.iter().copied();
    std::iter::from_fn(move || {
        let lead = rest.find(|byte| *byte >= 0x80)?;
        Some((lead, rest.next().unwrap_or(0)))
    })
}

fn are_euc_pairs(bytes: &[u8]) -> bool {
    pairs(bytes).all(|(lead, trail)| lead >= 0xa1 && trail >= 0xa1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_there_and_back_or_is_refused() {
        let cases: &[(&str, &[u8], &str)] = &[
            ("UTF8", "张三".as_bytes(), "张三"),
            ("GBK", b"\xd5\xc5\xc8\xfd", "张三"),
            ("GBK", b"\x81\x5c", "乗"),
            ("GB18030", b"\x81\x39\xee\x39", "\u{3400}"),
            ("BIG5", b"\xa5\x5c", "功"),
            ("LATIN1", b"\x80\xe9", "\u{80}é"),
            ("WIN1252", b"\x80\xe9", "€é"),
            ("SQL_ASCII", b"plain", "plain"),
        ];
        for (name, bytes, text) in cases {
            assert_eq!(to_utf8(name, bytes).as_deref(), Ok(text.as_bytes()), "{name}");
            assert_eq!(from_utf8(name, text.as_bytes()).as_deref(), Ok(*bytes), "{name}");
        }
        let refused: &[(&str, &[u8], SqlState)] = &[
            ("GBK", b"\x80", SqlState::FEATURE_NOT_SUPPORTED),
            ("GBK", b"\xd5", SqlState::CHARACTER_NOT_IN_REPERTOIRE),
            ("WIN1252", b"\x81", SqlState::FEATURE_NOT_SUPPORTED),
            ("SQL_ASCII", b"\xe9", SqlState::FEATURE_NOT_SUPPORTED),
            ("", b"\xe9", SqlState::FEATURE_NOT_SUPPORTED),
            ("BIG5", b"\xa1\x45", SqlState::FEATURE_NOT_SUPPORTED),
            ("EUC_TW", b"\xc4\xa1", SqlState::FEATURE_NOT_SUPPORTED),
        ];
        for (name, bytes, code) in refused {
            assert_eq!(to_utf8(name, bytes).map_err(|error| error.code), Err(*code), "{name}");
        }
        let code = from_utf8("LATIN1", "张".as_bytes()).map_err(|error| error.code);
        assert_eq!(code, Err(SqlState::UNTRANSLATABLE_CHARACTER));
    }
}
