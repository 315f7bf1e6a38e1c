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
        "GBK" | "BIG5" => Charset::TwoByte,
        "GB18030" => Charset::Gb18030,
        "SJIS" => Charset::ShiftJis,
        _ if is_utf8(name) || converter(name).is_some() => Charset::AsciiSafe,
        _ => return Err(unknown(name)),
    })
}

/// A client's text in UTF-8. Text that is UTF-8 already is not checked here but where it is read.
///
/// # Errors
/// 22021 for bytes that are no text of the encoding, 0A000 where the encoding is not known.
pub fn to_utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, PgError> {
    if is_utf8(name) || bytes.is_ascii() {
        return Ok(Cow::Borrowed(bytes));
    }
    let converter = converter(name).ok_or_else(|| unknown(name))?;
    let text = converter.decode(bytes).ok_or_else(|| {
        let message = format!("invalid byte sequence for encoding \"{name}\"");
        PgError::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message)
    })?;
    Ok(Cow::Owned(text.into_bytes()))
}

/// UTF-8 in the client's encoding.
///
/// # Errors
/// 22P05 for a character that the encoding lacks, 0A000 where the encoding is not known.
pub fn from_utf8<'a>(name: &str, text: &'a [u8]) -> Result<Cow<'a, [u8]>, PgError> {
    if is_utf8(name) || text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    let converter = converter(name).ok_or_else(|| unknown(name))?;
    let encoded = std::str::from_utf8(text).ok().and_then(|text| converter.encode(text)).ok_or_else(|| {
        let message = format!("a character in encoding \"UTF8\" has no equivalent in encoding \"{name}\"");
        PgError::new(SqlState::UNTRANSLATABLE_CHARACTER, message)
    })?;
    Ok(Cow::Owned(encoded))
}

fn unknown(name: &str) -> PgError {
    let message = format!("protected values are not converted to or from encoding \"{name}\"");
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint("Set client_encoding to UTF8.")
}

/// What text is converted with.
#[derive(Clone, Copy)]
enum Converter {
    /// ISO 8859-1, which `encoding_rs` reads as windows-1252.
    Latin1,
    Table(&'static Encoding),
}

fn converter(name: &str) -> Option<Converter> {
    Some(Converter::Table(match name {
        "LATIN1" => return Some(Converter::Latin1),
        "GBK" | "EUC_CN" => encoding_rs::GBK,
        "GB18030" => encoding_rs::GB18030,
        "BIG5" => encoding_rs::BIG5,
        "SJIS" => encoding_rs::SHIFT_JIS,
        "EUC_JP" => encoding_rs::EUC_JP,
        "EUC_KR" | "UHC" => encoding_rs::EUC_KR,
        "WIN1250" => encoding_rs::WINDOWS_1250,
        "WIN1251" => encoding_rs::WINDOWS_1251,
        "WIN1252" => encoding_rs::WINDOWS_1252,
        "WIN1253" => encoding_rs::WINDOWS_1253,
        "WIN1254" => encoding_rs::WINDOWS_1254,
        "WIN1255" => encoding_rs::WINDOWS_1255,
        "WIN1256" => encoding_rs::WINDOWS_1256,
        "WIN1257" => encoding_rs::WINDOWS_1257,
        "WIN1258" => encoding_rs::WINDOWS_1258,
        "LATIN2" => encoding_rs::ISO_8859_2,
        "LATIN9" => encoding_rs::ISO_8859_15,
        "KOI8R" => encoding_rs::KOI8_R,
        _ => return None,
    }))
}

impl Converter {
    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
            Self::Table(table) => {
                let text = table.decode_without_bom_handling_and_without_replacement(bytes)?;
                // Spellings that would not come back are none of PostgreSQL's
                (encode_table(table, &text)? == bytes).then(|| text.into_owned())
            }
        }
    }

    fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Self::Table(table) => {
                let bytes = encode_table(table, text)?;
                let back = table.decode_without_bom_handling_and_without_replacement(&bytes)?;
                (back == text).then_some(bytes)
            }
        }
    }
}

fn encode_table(table: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let (bytes, _, has_unmappable) = table.encode(text);
    (!has_unmappable).then(|| bytes.into_owned())
}
