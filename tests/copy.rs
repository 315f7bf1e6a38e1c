//! COPY streams, held against a real server: what it writes is taken apart and put together again byte for byte, what it
//! reads is read to the same values, or refused where it refuses.

mod support;

use bytes::BytesMut;

use pgveil::copy::{self, Charset, Piece, Reader};
use pgveil::plan::{CopyFormat, ForceQuote};
use support::postgres::Server;
use support::wire::Client;

type Rows = Vec<Vec<Option<Vec<u8>>>>;

fn text(delimiter: u8, null: &str, header: bool) -> CopyFormat {
    CopyFormat::Text { delimiter, null: null.as_bytes().to_vec(), header }
}

fn csv(delimiter: u8, null: &str, header: bool, quote: u8, escape: u8, force_quote: ForceQuote) -> CopyFormat {
    CopyFormat::Csv { delimiter, null: null.as_bytes().to_vec(), header, quote, escape, force_quote }
}

/// Reads a stream in pieces of `step` bytes; returns its rows and what writing every field anew gives.
fn pass(format: &CopyFormat, columns: usize, stream: &[u8], step: usize) -> Result<(Rows, BytesMut), String> {
    let mut reader = Reader::new(format.clone(), columns, Charset::AsciiSafe);
    let (mut rows, mut written) = (Rows::new(), BytesMut::new());
    for chunk in stream.chunks(step).map(Some).chain([None]) {
        match chunk {
            Some(chunk) => reader.feed(chunk).map_err(|error| error.to_string())?,
            None => reader.finish(),
        }
        while let Some(piece) = reader.next().map_err(|error| error.to_string())? {
            match piece {
                Piece::Verbatim(bytes) | Piece::EndMarker(bytes) => written.extend_from_slice(bytes),
                Piece::Row(row) => {
                    written.extend_from_slice(row.lead);
                    let mut values = Vec::new();
                    for (index, field) in row.fields().enumerate() {
                        let value = field.raw.map(|raw| copy::decode(format, raw).into_owned());
                        let encoded = value.as_ref().map(|value| {
                            let mut encoded = BytesMut::new();
                            copy::encode(format, index, columns, value, &mut encoded);
                            encoded
                        });
                        copy::write_field(format, index, encoded.as_deref(), &mut written).unwrap();
                        values.push(value);
                    }
                    written.extend_from_slice(row.tail);
                    rows.push(values);
                }
            }
        }
    }
    Ok((rows, written))
}

/// Values that mean something somewhere in one of the formats.
const NASTY: &[&str] = &[
    "",
    " ",
    " leading and trailing ",
    "\\",
    "\\\\",
    "\\N",
    "N",
    "NULL",
    "null",
    "\\.",
    ".",
    "\n",
    "\r",
    "\r\n",
    "a\nb",
    "\t",
    "\u{8}\u{c}\u{b}\u{1}\u{7f}",
    ",",
    "|",
    "~",
    ":",
    ";",
    "\"",
    "\"\"",
    "'",
    "a\"b'c,d|e\tf\\g",
    "\\\"",
    "\"\\",
    "\\x41\\101\\t",
    "张三",
    "€\u{10ffff}\u{85}",
    "~pv1:not really",
];

#[test]
fn what_the_server_writes_comes_out_byte_for_byte() {
    let server = Server::start();
    let mut client = Client::connect(server.port(), "postgres", "postgres").unwrap();
    client.must("CREATE TABLE t (id int, a text, b text)");
    for (id, value) in NASTY.iter().enumerate() {
        let quoted = value.replace('\\', "\\\\").replace('\'', "''");
        client.must(&format!("INSERT INTO t VALUES ({id}, E'{quoted}', NULL), (NULL, NULL, E'{quoted}')"));
    }
    let all = ForceQuote::All;
    let second = ForceQuote::Columns(vec![1]);
    let none = ForceQuote::None;
    let cases = [
        ("", text(b'\t', "\\N", false)),
        ("HEADER, DELIMITER '|'", text(b'|', "\\N", true)),
        ("NULL '', DELIMITER '~'", text(b'~', "", false)),
        ("NULL 'NULL', DELIMITER ':'", text(b':', "NULL", false)),
        ("DELIMITER E'\\x01'", text(1, "\\N", false)),
        ("FORMAT csv", csv(b',', "", false, b'"', b'"', none.clone())),
        ("FORMAT csv, HEADER, FORCE_QUOTE *", csv(b',', "", true, b'"', b'"', all)),
        ("FORMAT csv, FORCE_QUOTE (a)", csv(b',', "", false, b'"', b'"', second)),
        ("FORMAT csv, NULL 'NULL', DELIMITER '|'", csv(b'|', "NULL", false, b'"', b'"', none.clone())),
        ("FORMAT csv, QUOTE '''', ESCAPE '\\'", csv(b',', "", false, b'\'', b'\\', none.clone())),
        ("FORMAT csv, ESCAPE '\\', NULL '\\N', DELIMITER E'\\t'", csv(b'\t', "\\N", false, b'"', b'\\', none)),
        ("FORMAT binary", CopyFormat::Binary),
    ];
    for (relation, columns) in [("t", 3), ("(SELECT coalesce(a, b) FROM t)", 1)] {
        for (options, format) in &cases {
            let options = options.replace("(a)", if columns == 1 { "(coalesce)" } else { "(a)" });
            let format = match format {
                CopyFormat::Csv { delimiter, null, header, quote, escape, force_quote: ForceQuote::Columns(_) } => {
                    let force_quote = ForceQuote::Columns(vec![if columns == 1 { 0 } else { 1 }]);
                    csv(*delimiter, std::str::from_utf8(null).unwrap(), *header, *quote, *escape, force_quote)
                }
                other => other.clone(),
            };
            let clause = if options.is_empty() { String::new() } else { format!(" ({options})") };
            let stream = client.must(&format!("COPY {relation} TO STDOUT{clause}")).copied;
            for step in [1, 7, stream.len()] {
                let (rows, written) = pass(&format, columns, &stream, step).unwrap();
                assert_eq!(rows.len(), NASTY.len() * 2, "{relation}{clause}");
                assert!(written == stream, "{relation}{clause}\n{:?}\n{:?}", written, BytesMut::from(&*stream));
                for (index, row) in rows.iter().enumerate().filter(|_| columns == 1) {
                    let value = NASTY[index / 2].as_bytes();
                    // The text format cannot tell such a value from NULL
                    let is_null =
                        matches!(&format, CopyFormat::Text { null, .. } if null == value && !null.contains(&b'\\'));
                    assert_eq!(row[0].as_deref(), (!is_null).then_some(value), "{clause}");
                }
            }
        }
    }
}

/// A small generator of its own, so that a run can be repeated (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn stream(&mut self, words: &[&str], delimiter: &str, line_end: &str) -> Vec<u8> {
        let mut stream = String::new();
        for _ in 0..1 + self.below(4) {
            for column in 0..2 {
                if column > 0 && self.below(40) > 0 {
                    stream.push_str(delimiter);
                }
                for _ in 0..self.below(4) {
                    stream.push_str(words[self.below(words.len())]);
                }
            }
            stream.push_str(line_end);
        }
        if self.below(3) == 0 {
            stream.truncate(stream.len() - line_end.len());
        }
        stream.into_bytes()
    }
}

#[test]
fn what_the_server_reads_is_read_to_the_same_values() {
    let server = Server::start();
    let mut client = Client::connect(server.port(), "postgres", "postgres").unwrap();
    client.must("CREATE TABLE t (n serial, a text, b text)");
    let none = ForceQuote::None;
    let cases = [
        ("", text(b'\t', "\\N", false), "\t"),
        ("(DELIMITER '|', NULL '')", text(b'|', "", false), "|"),
        ("(FORMAT csv)", csv(b',', "", false, b'"', b'"', none.clone()), ","),
        ("(FORMAT csv, QUOTE '''', ESCAPE '\\', NULL 'N')", csv(b',', "N", false, b'\'', b'\\', none), ","),
    ];
    let words = [
        "a", "N", "\\N", "\\", "\\\\", "\\n", "\\x4", "\\12", "\\q", "\"", "\"\"", "'", "\\'", "\n", "\r", ".", "张",
        "\"a\"", "\"b\nc\"", "'d,e'", ",", "|",
    ];
    let (mut random, mut accepted) = (Random(0x9e37_79b9_7f4a_7c15), 0);
    for round in 0..6000 {
        let (options, format, delimiter) = &cases[round % cases.len()];
        let line_end = ["\n", "\r\n", "\r"][random.below(3)];
        let stream = random.stream(&words, delimiter, line_end);
        let shown = || format!("{options} {:?}", String::from_utf8_lossy(&stream));
        client.must("TRUNCATE t");
        let reply = client.simple(&format!("COPY t (a, b) FROM STDIN {options}"), Some(&stream));
        let step = 1 + random.below(stream.len() + 1);
        let ours = pass(format, 2, &stream, step).and_then(|(rows, _)| {
            if rows.iter().any(|row| row.len() != 2) { Err("missing data".to_owned()) } else { Ok(rows) }
        });
        match (reply.failure, ours) {
            (None, Ok(rows)) => {
                assert_eq!(client.must("SELECT a, b FROM t ORDER BY n").rows, rows, "{}", shown());
                accepted += 1;
            }
            (Some(failure), Err(_)) => assert_eq!(failure.sqlstate, "22P04", "{}", shown()),
            // An escape made a byte that is no text: the value is refused where it is read
            (Some(failure), Ok(_)) => assert_eq!(failure.sqlstate, "22021", "{}", shown()),
            (None, Err(error)) => assert!(error.contains("not alone on its line"), "{error}: {}", shown()),
        }
    }
    assert!(accepted > 1000, "only {accepted} streams were good");
}
