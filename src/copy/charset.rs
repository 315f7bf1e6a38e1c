//! Client encodings in which a later byte of a character can look like a backslash or a delimiter.

/// How the bytes of a stream make characters, as far as finding ASCII in it depends on that.
///
/// Source: `pg_wchar_table` in PostgreSQL's `src/common/wchar.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// No byte of a longer character is ASCII: UTF8, the ISO and Windows code pages, EUC.
    AsciiSafe,
    /// A byte from 0x80 on begins a character of two bytes: GBK, UHC.
    TwoByte,
    /// Of two bytes, or of four where the second one is a digit.
    Gb18030,
    /// Of two bytes, but half-width katakana of one.
    ShiftJis,
}

impl Charset {
    /// Finds the first character at or after `from` that is one of `wanted`. Otherwise `Err` says where to look on
    /// when more bytes have come: the end, or the start of a character that is not all there.
    pub fn find(self, bytes: &[u8], from: usize, wanted: [u8; 3]) -> Result<usize, usize> {
        if self == Self::AsciiSafe {
            let [a, b, c] = wanted;
            let rest = bytes.get(from..).unwrap_or_default();
            return memchr::memchr3(a, b, c, rest).map(|at| from + at).ok_or(bytes.len());
        }
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            if wanted.contains(byte) {
                return Ok(at);
            }
            match self.after(bytes, at) {
                Some(next) => at = next,
                None => return Err(at),
            }
        }
        Err(at)
    }

    /// Where the character at `at` ends; `None` where not all of it is there. Of [`Charset::AsciiSafe`] one byte is
    /// enough to know: nothing is looked for among the others.
    pub fn after(self, bytes: &[u8], at: usize) -> Option<usize> {
        let first = *bytes.get(at)?;
        let len = match self {
            Self::AsciiSafe => 1,
            _ if first < 0x80 => 1,
            Self::ShiftJis if (0xa1..=0xdf).contains(&first) => 1,
            Self::TwoByte | Self::ShiftJis => 2,
            Self::Gb18030 => match bytes.get(at + 1)? {
                b'0'..=b'9' => 4,
                _ => 2,
            },
        };
        Some(at + len).filter(|end| *end <= bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_inside_a_character_is_not_found() {
        let cases: &[(Charset, &[u8], Result<usize, usize>)] = &[
            (Charset::AsciiSafe, b"ab\\", Ok(2)),
            (Charset::AsciiSafe, b"ab", Err(2)),
            (Charset::AsciiSafe, b"\x81\\", Ok(1)),
            (Charset::TwoByte, b"\x81\\\\", Ok(2)),
            (Charset::TwoByte, b"a\x81", Err(1)),
            (Charset::Gb18030, b"\x81\x30\x81\x30\\", Ok(4)),
            (Charset::Gb18030, b"\x81\\\\", Ok(2)),
            (Charset::Gb18030, b"\x81\x30\x81", Err(0)),
            (Charset::ShiftJis, b"\xb1\\", Ok(1)),
            (Charset::ShiftJis, b"\x83\\\\", Ok(2)),
        ];
        for (charset, bytes, expect) in cases {
            assert_eq!(charset.find(bytes, 0, [b'\\'; 3]), *expect, "{charset:?} {bytes:?}");
        }
    }
}
