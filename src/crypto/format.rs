//! The header of a sealed value: written, read, and nothing accepted that would not be written.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::term::TermPrefix;
use crate::plan::{Algorithm, MAGIC_EQUALITY, MAGIC_PLAIN, TERM_CHARS};
use crate::wire::{PgError, SqlState};

pub(super) const RANDOM_LEN: usize = 16;
pub(super) const TAG_LEN: usize = 16;
/// What a body has beside header and ciphertext.
pub(super) const AROUND_LEN: usize = RANDOM_LEN + TAG_LEN;
/// Algorithm, key version and column id at their longest.
pub(super) const HEADER_MAX_LEN: usize = 1 + 3 + 5;
/// As many characters as the longest header takes, a whole number of base64's groups.
const HEADER_MAX_CHARS: usize = HEADER_MAX_LEN / 3 * 4;

/// The longest value that is sealed, in bytes: its 933 million characters stay below PostgreSQL's `MaxAllocSize` of 1 GiB, in
/// a row and in a message that hold more than it.
pub const LONGEST_VALUE_BYTES: usize = 700_000_000;

/// What stands authenticated, but readable, in front of a sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub algorithm: Algorithm,
    /// The version of the seal key within its domain, from 1.
    pub key_version: u16,
    /// The column's number in the policy, from 1.
    pub column: u32,
}

/// A sealed value in its parts, none of them authenticated yet.
pub(super) struct Parts<'a> {
    /// Magic and term.
    pub(super) prefix: &'a str,
    body: &'a str,
}

/// The id of the column that a sealed value says it was sealed for. Not authenticated: [`super::open`] does that.
///
/// # Errors
/// 22000 where the text is no sealed value.
pub fn column_id(sealed: &str) -> Result<u32, PgError> {
    Header::read(sealed).map(|header| header.column)
}

impl Header {
    /// Reads the header alone. Nothing is authenticated yet.
    ///
    /// # Errors
    /// 22000 where the text is no sealed value.
    pub fn read(sealed: &str) -> Result<Self, PgError> {
        let body = split(sealed)?.body;
        // Random bytes and tag make every body longer than this
        let start = body.get(..HEADER_MAX_CHARS).ok_or_else(malformed)?;
        let mut bytes = [0; HEADER_MAX_LEN];
        URL_SAFE_NO_PAD.decode_slice(start, &mut bytes).map_err(|_| malformed())?;
        Self::parse(&bytes).map(|(header, _)| header).ok_or_else(malformed)
    }

    /// The header at the start of a body, and its length.
    pub(super) fn parse(body: &[u8]) -> Option<(Self, usize)> {
        let (algorithm, rest) = body.split_first()?;
        let (version, rest) = read_number(rest)?;
        let (column, rest) = read_number(rest)?;
        let header = Self { algorithm: algorithm_of(*algorithm)?, key_version: u16::try_from(version).ok()?, column };
        (header.key_version > 0 && column > 0).then_some((header, body.len() - rest.len()))
    }

    pub(super) fn write(&self, body: &mut Vec<u8>) {
        body.push(number_of(self.algorithm));
        write_number(body, u32::from(self.key_version));
        write_number(body, self.column);
    }
}

/// Takes magic and term off.
pub(super) fn split(sealed: &str) -> Result<Parts<'_>, PgError> {
    let len = if sealed.starts_with(MAGIC_EQUALITY) {
        TERM_CHARS
    } else if sealed.starts_with(MAGIC_PLAIN) {
        MAGIC_PLAIN.len()
    } else {
        return Err(malformed());
    };
    let (prefix, body) = sealed.split_at_checked(len).ok_or_else(malformed)?;
    Ok(Parts { prefix, body })
}

impl Parts<'_> {
    pub(super) fn decode_body(&self) -> Result<Vec<u8>, PgError> {
        URL_SAFE_NO_PAD.decode(self.body).map_err(|_| malformed())
    }
}

/// The finished text. The body's ciphertext and tag are in place.
pub(super) fn assemble(term: Option<&TermPrefix>, body: &[u8]) -> String {
    let prefix = term.map_or(MAGIC_PLAIN, TermPrefix::as_str);
    let mut text = String::with_capacity(prefix.len() + body.len().div_ceil(3) * 4);
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(body, &mut text);
    text
}

pub(super) fn malformed() -> PgError {
    PgError::new(SqlState::DATA_EXCEPTION, "malformed sealed value")
}

pub(super) const fn number_of(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::Aes256Gcm => 1,
        Algorithm::Sm4Gcm => 2,
    }
}

const fn algorithm_of(number: u8) -> Option<Algorithm> {
    match number {
        1 => Some(Algorithm::Aes256Gcm),
        2 => Some(Algorithm::Sm4Gcm),
        _ => None,
    }
}

/// LEB128: seven bits a byte, the lowest first, the top bit set where more follow.
fn write_number(output: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        output.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    output.push(number as u8);
}

/// Only the shortest form is a number.
fn read_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let is_shortest = at == 0 || *byte != 0;
            return u32::try_from(number).ok().filter(|_| is_shortest).zip(bytes.get(at + 1..));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for number in [0, 1, 127, 128, 16_383, 16_384, 65_535, 1 << 28, u32::MAX] {
            let mut bytes = Vec::new();
            write_number(&mut bytes, number);
            bytes.push(9);
            assert_eq!(read_number(&bytes), Some((number, [9].as_slice())), "{number}");
        }
        for wrong in [&[][..], &[0x80], &[0x80, 0], &[0xff; 5], &[0xff, 0xff, 0xff, 0xff, 0x1f], &[0x81, 0x80, 0]] {
            assert_eq!(read_number(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn headers() {
        for (version, column) in [(1, 1), (u16::MAX, u32::MAX), (128, 5), (127, 16_384)] {
            let header = Header { algorithm: Algorithm::Sm4Gcm, key_version: version, column };
            let mut body = Vec::new();
            header.write(&mut body);
            assert!(body.len() <= HEADER_MAX_LEN);
            let len = body.len();
            body.extend([7; AROUND_LEN]);
            assert_eq!(Header::parse(&body), Some((header, len)));
            assert_eq!(Header::read(&assemble(None, &body)), Ok(header));
        }
        for wrong in [&[0, 1, 1][..], &[3, 1, 1], &[1, 0, 1], &[1, 1, 0], &[1, 0x80, 0x80, 4, 1], &[1, 1], &[]] {
            assert_eq!(Header::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_sealed_value() {
        for text in [
            "",
            "138",
            "~pv",
            "~pv0:",
            "~pv1:",
            "~pv2:AQEBAQEBAQEB",
            "~pv0:AQEB",
            "~pv1:日本語日本語日本語日本",
            "~pv0:AQEB€€€€€€€€",
            "~pv!keep",
        ] {
            assert_eq!(column_id(text), Err(malformed()), "{text}");
        }
    }
}
