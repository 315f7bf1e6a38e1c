//! Where the lines of a text or csv stream end.
//!
//! Source: `CopyReadLineText`. The first line decides how all of them end.

use super::{Charset, malformed};
use crate::wire::PgError;

/// Finds line ends; keeps its place while a line is not all there, so that no byte is looked at twice.
pub struct Lines {
    /// Quote and escape of csv; `None` for text.
    quotes: Option<(u8, u8)>,
    charset: Charset,
    ending: Option<Ending>,
    /// How much of the current line has been looked at.
    scanned: usize,
    in_quotes: bool,
    saw_marker: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Lf,
    Cr,
    CrLf,
}

/// A line at the start of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Without what ends it.
    pub content_len: usize,
    /// With what ends it.
    pub len: usize,
    /// Whether it is `\.` and nothing else: the end of the data.
    pub is_end_marker: bool,
}

impl Lines {
    pub const fn new(quotes: Option<(u8, u8)>, charset: Charset) -> Self {
        Self { quotes, charset, ending: None, scanned: 0, in_quotes: false, saw_marker: false }
    }

    /// The line that `buffer` starts with; `None` where its end has not come. `is_ended`: no more bytes will.
    ///
    /// # Errors
    /// 22P04 for line ends that differ from the first one's, and for an end marker that is not alone on its line.
    pub fn next(&mut self, buffer: &[u8], is_ended: bool) -> Result<Option<Line>, PgError> {
        let found = match self.quotes {
            None => self.find_text(buffer, is_ended)?,
            Some((quote, escape)) => self.find_csv(buffer, is_ended, quote, escape)?,
        };
        let Some((content_len, len)) = found else { return Ok(None) };
        let is_end_marker = self.is_end_marker(buffer.get(..content_len).unwrap_or_default(), len > content_len)?;
        (self.scanned, self.in_quotes, self.saw_marker) = (0, false, false);
        Ok(Some(Line { content_len, len, is_end_marker }))
    }

    fn find_text(&mut self, buffer: &[u8], is_ended: bool) -> Result<Option<(usize, usize)>, PgError> {
        while let Some(at) = self.find(buffer, [b'\n', b'\r', b'\\']) {
            if buffer.get(at) != Some(&b'\\') {
                return self.ending_at(buffer, at, is_ended);
            }
            self.saw_marker |= buffer.get(at + 1) == Some(&b'.');
            match self.charset.after(buffer, at + 1) {
                Some(next) => self.scanned = next,
                None if is_ended => break,
                None => return Ok(None),
            }
        }
        Ok(last_line(buffer, is_ended))
    }

    fn find_csv(
        &mut self,
        buffer: &[u8],
        is_ended: bool,
        quote: u8,
        escape: u8,
    ) -> Result<Option<(usize, usize)>, PgError> {
        loop {
            let wanted = if self.in_quotes { [quote, escape, escape] } else { [b'\n', b'\r', quote] };
            let Some(at) = self.find(buffer, wanted) else { break };
            let next = buffer.get(at + 1).copied();
            match buffer.get(at) {
                Some(byte) if self.in_quotes && *byte == escape => match next {
                    Some(byte) if byte == quote || byte == escape => self.scanned = at + 2,
                    None if !is_ended => return Ok(None),
                    Some(_) | None => self.take_quote(at, escape == quote),
                },
                Some(byte) if *byte == quote => self.take_quote(at, true),
                _ => return self.ending_at(buffer, at, is_ended),
            }
        }
        Ok(last_line(buffer, is_ended))
    }

    fn take_quote(&mut self, at: usize, is_quote: bool) {
        self.in_quotes ^= is_quote;
        self.scanned = at + 1;
    }

    fn find(&mut self, buffer: &[u8], wanted: [u8; 3]) -> Option<usize> {
        match self.charset.find(buffer, self.scanned, wanted) {
            Ok(at) => {
                self.scanned = at;
                Some(at)
            }
            Err(resume) => {
                self.scanned = resume;
                None
            }
        }
    }

    /// The line that the carriage return or newline at `at` ends.
    fn ending_at(&mut self, buffer: &[u8], at: usize, is_ended: bool) -> Result<Option<(usize, usize)>, PgError> {
        let is_newline = buffer.get(at) == Some(&b'\n');
        let may_be_pair = !is_newline && matches!(self.ending, None | Some(Ending::CrLf));
        let next = buffer.get(at + 1);
        if may_be_pair && next.is_none() && !is_ended {
            return Ok(None);
        }
        let ending = match next {
            _ if is_newline => Ending::Lf,
            Some(b'\n') if may_be_pair => Ending::CrLf,
            _ => Ending::Cr,
        };
        if *self.ending.get_or_insert(ending) != ending {
            return Err(self.stray(is_newline));
        }
        Ok(Some((at, at + if ending == Ending::CrLf { 2 } else { 1 })))
    }

    fn stray(&self, is_newline: bool) -> PgError {
        let (message, hint) = match (self.quotes.is_some(), is_newline) {
            (false, true) => ("literal newline found in data", r#"Use "\n" to represent newline."#),
            (false, false) => ("literal carriage return found in data", r#"Use "\r" to represent carriage return."#),
            (true, true) => ("unquoted newline found in data", "Use quoted CSV field to represent newline."),
            (true, false) => {
                ("unquoted carriage return found in data", "Use quoted CSV field to represent carriage return.")
            }
        };
        malformed(message).with_hint(hint)
    }

    /// A text line with a marker after data ends the data in PostgreSQL up to 16 and is an error from 17 on; here always.
    fn is_end_marker(&self, content: &[u8], is_terminated: bool) -> Result<bool, PgError> {
        let is_alone = content == b"\\." && is_terminated;
        match self.quotes {
            Some(_) => Ok(is_alone),
            None if self.saw_marker && !is_alone => Err(malformed(if is_terminated {
                "end-of-copy marker is not alone on its line"
            } else {
                "end-of-copy marker corrupt"
            })),
            None => Ok(self.saw_marker),
        }
    }
}

/// The last line may lack its end.
fn last_line(buffer: &[u8], is_ended: bool) -> Option<(usize, usize)> {
    (is_ended && !buffer.is_empty()).then_some((buffer.len(), buffer.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::SqlState;

    const CSV: Option<(u8, u8)> = Some((b'"', b'"'));

    fn lines(quotes: Option<(u8, u8)>, charset: Charset, stream: &[u8]) -> Result<Vec<Vec<u8>>, PgError> {
        let mut lines = Lines::new(quotes, charset);
        let (mut found, mut buffer) = (Vec::new(), Vec::new());
        for (index, byte) in stream.iter().enumerate() {
            buffer.push(*byte);
            while let Some(line) = lines.next(&buffer, index + 1 == stream.len())? {
                found.push(if line.is_end_marker { b"END".to_vec() } else { buffer[..line.content_len].to_vec() });
                buffer.drain(..line.len);
            }
        }
        Ok(found)
    }

    #[test]
    fn lines_end_where_postgresql_ends_them() {
        let safe = Charset::AsciiSafe;
        let escaped = Some((b'"', b'\\'));
        type Case = (Option<(u8, u8)>, Charset, &'static [u8], &'static [&'static [u8]]);
        let cases: &[Case] = &[
            (None, safe, b"a\nb\n", &[b"a", b"b"]),
            (None, safe, b"a\n\nb", &[b"a", b"", b"b"]),
            (None, safe, b"a\r\nb\r\n", &[b"a", b"b"]),
            (None, safe, b"a\rb\r", &[b"a", b"b"]),
            (None, safe, b"a\\\nb\\\\\nc\n", &[b"a\\\nb\\\\", b"c"]),
            (None, safe, b"a\n\\.\n", &[b"a", b"END"]),
            (None, safe, b"a\r\n\\.\r\n", &[b"a", b"END"]),
            (None, safe, b"a\\\\.\n", &[b"a\\\\."]),
            (None, safe, b"tail\\", &[b"tail\\"]),
            (None, Charset::TwoByte, b"\x81\\\nb\n", &[b"\x81\\", b"b"]),
            (None, safe, b"\x81\\\nb\n", &[b"\x81\\\nb"]),
            (CSV, safe, b"a,\"b\nc\"\nd\n", &[b"a,\"b\nc\"", b"d"]),
            (CSV, safe, b"\"a\"\"\n\"\nb\n", &[b"\"a\"\"\n\"", b"b"]),
            (CSV, safe, b"\"a\r\n\"\r\nb\r\n", &[b"\"a\r\n\"", b"b"]),
            (CSV, safe, b"a\\\n\\.\n", &[b"a\\", b"END"]),
            (CSV, safe, b"\\.", &[b"\\."]),
            (escaped, safe, b"\"a\\\"\n\"\nb\\\n", &[b"\"a\\\"\n\"", b"b\\"]),
            (escaped, safe, b"\"a\\\\\"\nb\n", &[b"\"a\\\\\"", b"b"]),
            (escaped, safe, b"\"a\\x\"\nb\n", &[b"\"a\\x\"", b"b"]),
        ];
        for (quotes, charset, stream, expect) in cases {
            let found = lines(*quotes, *charset, stream).unwrap();
            assert_eq!(found, *expect, "{}", String::from_utf8_lossy(stream));
        }
    }

    #[test]
    fn mixed_line_ends_and_stray_markers_are_errors() {
        type Case = (Option<(u8, u8)>, &'static [u8]);
        let cases: &[Case] = &[
            (None, b"a\nb\r\n"),
            (None, b"a\r\nb\n"),
            (None, b"a\rb\n"),
            (None, b"a\r\nb\rc\r\n"),
            (None, b"a\\.\n"),
            (None, b"a\n\\.b\n"),
            (None, b"\\."),
            (CSV, b"a\nb\r\n"),
        ];
        for (quotes, stream) in cases {
            let code = lines(*quotes, Charset::AsciiSafe, stream).map_err(|error| error.code);
            assert_eq!(code, Err(SqlState::BAD_COPY_FILE_FORMAT), "{}", String::from_utf8_lossy(stream));
        }
    }
}
