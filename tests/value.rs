//! Every type against a real server: what is read, printed and compared is what PostgreSQL reads, prints and compares.
//!
//! Three rules hold for every input, hand-written or generated: where we read a value, the server takes it and prints
//! the same; where we report an error, the server reports the same SQLSTATE; anything else is refused with 0A000.

mod support;

use std::error::Error;

use bytes::BytesMut;
use pgveil::policy::parse_type;
use pgveil::value::{Format, Kind, LogicalType, Plaintext, Purpose, Style, element_of, read_array};
use support::postgres::Server;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Client, NoTls};

/// Runs a literal through an assignment under one style, and prints what was stored under the canonical one.
const ORACLE: &str = "
CREATE FUNCTION stored(value text, source text, sender text, style text, zone text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE printed text;
BEGIN
    PERFORM set_config('DateStyle', style, false), set_config('TimeZone', zone, false);
    DELETE FROM t;
    EXECUTE format(CASE source WHEN '' THEN 'INSERT INTO t VALUES (%L)' ELSE 'INSERT INTO t VALUES (CAST(%L AS %s))' END, value, source);
    PERFORM set_config('DateStyle', 'ISO, MDY', false), set_config('TimeZone', 'UTC', false);
    EXECUTE format('SELECT format(''%%s'', c) || ''|'' || encode(%s(c), ''hex'') FROM t', sender) INTO printed;
    RETURN printed;
EXCEPTION WHEN OTHERS THEN RETURN 'error ' || SQLSTATE;
END $$;
CREATE FUNCTION listed(value text, element text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE printed text;
BEGIN
    EXECUTE format('SELECT coalesce(array_ndims(a), 0) || '' '' || array_to_json(a::text[]) FROM CAST(%L AS %s[]) a', value, element) INTO printed;
    RETURN printed;
EXCEPTION WHEN OTHERS THEN RETURN 'error ' || SQLSTATE;
END $$;";

const TYPES: [&str; 25] = [
    "text",
    "varchar",
    "varchar(5)",
    "char(5)",
    "char(1)",
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(10,2)",
    "numeric(5,0)",
    "numeric(3,-2)",
    "numeric(3,5)",
    "date",
    "timestamp",
    "timestamp(0)",
    "timestamp(3)",
    "timestamptz",
    "timestamptz(0)",
    "timestamptz(2)",
    "bool",
    "uuid",
    "jsonb",
    "bytea",
    "numeric(18,4)",
];

const STYLES: [(&str, &str); 8] = [
    ("ISO, MDY", "UTC"),
    ("ISO, DMY", "Asia/Shanghai"),
    ("ISO, YMD", "America/New_York"),
    ("SQL, DMY", "Europe/Berlin"),
    ("SQL, MDY", "Asia/Kolkata"),
    ("Postgres, MDY", "America/St_Johns"),
    ("Postgres, DMY", "<+08>-08"),
    ("German, YMD", "Asia/Singapore"),
];

/// Inputs that must be read, not refused.
fn must_read(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text | Kind::Varchar | Kind::Char => &["", " ", "a", "a ", "中文"],
        Kind::Int2 | Kind::Int4 | Kind::Int8 => &["0", "-0", " 12", "+5 ", "007", "-32768", "32767"],
        Kind::Numeric => &["0", "1", "-1", " 1.50 ", ".5", "5.", "1e1", "1E-3", "+2.5e+0", "NaN", "-0.00", "12.345"],
        Kind::Date => {
            &["2024-02-29", "2024-2-9", "2024/02/29", "20240229", "0044-03-15 BC", "infinity", "2024-02-29 +08"]
        }
        Kind::Timestamp | Kind::Timestamptz => &[
            "2024-02-29",
            "2024-02-29 10:11:12.345",
            "2024-02-29T10:11:12.345678Z",
            "2024-02-29 10:11:12.345678+08",
            "2024-02-29 10:11:12+05:30",
            "2024-03-10 02:30:00",
            "2024-11-03 01:30:00",
            "2024-03-31 02:30:00",
            "2024-10-27 02:30:00",
            "2024-02-29 10:11 Asia/Shanghai",
            "0044-03-15 10:00:00+08 BC",
            "20240229T10:11",
            "2024-02-29 23:59:59.9999996",
            "2024-02-29 24:00:00",
            "-infinity",
            "1950-06-01 12:00",
            "1850-06-01 12:00",
            "1986-05-04 01:30",
            "1999-12-31 23:59:59.5",
            "2000-01-01 00:00:00.5",
            "12345-06-07 08:09:10",
            "294276-12-31 10:00:00",
        ],
        Kind::Bool => &["t", "TRUE", " yes ", "on", "1", "f", "OFF", "no", "0", "of"],
        Kind::Uuid => &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"],
        Kind::Jsonb => &[
            "null",
            "[]",
            "{}",
            r#"{"b": [1, 2.50, -0.0, 1e3], "a": {"x": "\u00e9\n"}, "b": true}"#,
            r#"["\ud83d\ude00", "\/", "\u007f"]"#,
            r#"{"aa":1,"b":2,"":3,"é":4}"#,
        ],
        Kind::Bytea => &["", "\\x", "\\xDEADbeef", "\\x de ad", "abc", "a\\\\b\\001\\377"],
    }
}

/// Inputs at the edges, good and bad.
fn tricky(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text | Kind::Varchar | Kind::Char => &[
            "abcde",
            "abcdef",
            "abcde   ",
            "     ",
            "        ",
            "中文字符五",
            "中文字符五六",
            "中文字符五 ",
            "é\u{301}",
            "\t",
            "a\nb",
            "𠮷田",
        ],
        Kind::Int2 | Kind::Int4 | Kind::Int8 => &[
            "",
            "-",
            "+",
            "1.0",
            "1e3",
            "32768",
            "-32769",
            "2147483647",
            "2147483648",
            "-2147483648",
            "-2147483649",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "99999999999999999999x",
            "1x",
            "0x10",
            "1_0",
            "\u{a0}1",
            "\x0b1\x0c",
            "１",
            "--1",
            "1 1",
            "00000000000000000000000000012",
        ],
        Kind::Numeric => &[
            "",
            ".",
            "e1",
            "1e",
            "1e+",
            "1e 1",
            "1.2.3",
            "Infinity",
            "-inf",
            "+infinity",
            "+nan",
            "nanx",
            "99999999.994",
            "99999999.995",
            "-99999999.995",
            "0.005",
            "-0.005",
            "0.00001234",
            "0.000005",
            "0.01",
            "99950",
            "99949.99",
            "999.5",
            "150",
            "50",
            "49.9",
            "-50",
            "1e131071",
            "1e131072",
            "1e-16383",
            "1e-16384",
            "0e-16384",
            "1e999999999999",
            "1e-999999999999",
            "0e999999",
            "1_0",
            "0x1F",
            "123456789012345678901234567890.123456789",
            "00000.00100",
            "-.0",
            "1e5.5",
            "1 2",
        ],
        Kind::Date => &[
            "",
            "x",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-32",
            "13/01/2024",
            "1/2/2024",
            "1/2/03",
            "1.2.2003",
            "99-1-2",
            "0-1-2",
            "00-1-2",
            "000-1-2",
            "0001-01-01",
            "0000-01-01",
            "0001-01-01 BC",
            "4714-11-24 BC",
            "4714-11-23 BC",
            "4713-01-01 BC",
            "5874897-12-31",
            "5874898-01-01",
            "9999999999-01-01",
            "99999999999-01-01",
            "-infinity",
            "INFINITY",
            "epoch",
            "now",
            "2024-01-05 25:00",
            "2024-01-05 23:59:60",
            "2024-01-05 10:00:00-16",
            "2024-060",
            "2024-01-5x",
            "240105",
            "2024-01",
            "Jan 5 2024",
            "5-Jan-2024",
            "2024-01-05 AD",
            "2024-01-05BC",
            "20240230",
            "00000101",
            "J2451187",
            "2024-1-1-1",
            "2024-01-05-08",
            "+infinity",
            "infinity x",
        ],
        Kind::Timestamp | Kind::Timestamptz => &[
            "",
            "x",
            "2023-02-29 10:00",
            "2024-01-05 24:00:01",
            "2024-01-05 24:00:00.0000001",
            "2024-01-05 23:60:00",
            "2024-01-05 23:59:60.5",
            "2024-01-05 23:59:61",
            "2024-01-05 10:00:00.",
            "2024-01-05 10:00.5",
            "2024-01-05 1:2:3",
            "2024-01-05 10",
            "2024-01-05T10",
            "2024-01-05 10:00 PM",
            "2024-01-05 10:00:00+15:59:59",
            "2024-01-05 10:00:00+16",
            "2024-01-05 10:00:00-15:60",
            "2024-01-05 10:00+800",
            "2024-01-05 10:00+0830",
            "2024-01-05 10:00 +8",
            "2024-01-05 10:00 + 8",
            "2024-01-05 10:00 UTC",
            "2024-01-05 10:00 gmt",
            "2024-01-05 10:00 EST",
            "2024-01-05 10:00 america/new_york",
            "2024-03-10 02:30 America/New_York",
            "2024-11-03 01:30 America/New_York",
            "2024-01-05 10:00 No/Where",
            "2024-01-05 10:00 Etc/GMT+5",
            "2024-01-05 10:00z",
            "2024-01-05Z",
            "2024-01-05+08",
            "2024-01-05 BC",
            "4714-11-24 00:00:00 BC",
            "4714-11-23 23:59:59 BC",
            "4714-11-24 00:00:00+00 BC",
            "294276-12-31 23:59:59.999999",
            "294277-01-01 00:00:00",
            "294276-12-31 23:59:59.9999999",
            "5874897-12-31",
            "epoch",
            "today",
            "2024-01-05  10:00:00  +08  BC",
            "2024-01-05 10:00:00 BC +08",
            "2024-01-05 10:00:00.0000005",
            "2024-01-05 10:00:00.0000015",
            "2024-01-05 10:00:00.12345678901234567",
            "1999-12-31 23:59:59.4999995",
            "1999-12-31 23:59:59.995",
            "2024-01-05 10:00:00.005",
            "1901-12-13 20:45:52",
            "1883-11-18 12:03:58",
            "1940-06-03 00:30",
            "2037-10-25 02:30",
            "2038-03-28 02:30",
            "2500-07-01 00:00",
            "9999-12-31 23:59:59",
            "10000-07-01 00:00",
            "200000-07-01 12:00",
            "1/2/2024 3:04",
            "1/2/03 04:05:06.7",
            "tomorrow 10:00",
        ],
        Kind::Bool => &["", "o", "tr", "truex", "2", "10", "ye s", "fal", "\tf\n", "Null"],
        Kind::Uuid => &[
            "",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
            " a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "{a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11}",
            "a0e-ebc999c0b4ef8bb6d6bb9bd380a11",
        ],
        Kind::Jsonb => &[
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            "1e400000",
            "[1e-20000]",
            "[1e400000 x",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"\\udc00x\"",
            "\"\\ud800\\u0041\"",
            "\"\\ud83dx\"",
            "\"\t\"",
            "tru",
            "nullx",
            "{\"a\":1}x",
            "{1:2}",
            "\u{feff}1",
            "[\"\\u0000\", bad",
            "[1.0e-2,100E+2,0.00e5,12.50e1]",
            "\"\\u001f\\b\\f\\r\"",
            "\"\u{7f}\"",
            "1e5",
            "{\"\\u0061\":1,\"a\":2}",
            "[[[[]]]]",
            "{\"a\":{\"b\":{\"c\":[]}}}",
        ],
        Kind::Bytea => &["\\x1", "\\x1 2", "\\xg0", "\\", "\\1", "\\400", "\\08", "\\X00", "é", "\\x\u{b}00", "\\x00é"],
    }
}

const fn alphabet(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Varchar | Kind::Char => "aA  é中\u{10348}\\'\"",
        Kind::Int2 | Kind::Int4 | Kind::Int8 => "0123456789-+ x_.",
        Kind::Numeric => "0123456789..-+eE _nN",
        Kind::Date => "0123456789--// .:+ZBCT",
        Kind::Timestamp | Kind::Timestamptz => "0123456789-/::..+ ZBCT",
        Kind::Bool => "truefalsyonTF01 ",
        Kind::Uuid => "0123456789abcdefABCDEF-{} ",
        Kind::Jsonb => "{}[]:,\"\\u0dD81ef2.-+ \nab",
        Kind::Bytea => "\\x0123789abfF ",
    }
}

/// A generator with a fixed seed: every run tries the same inputs.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A seed with up to three characters inserted, deleted or replaced.
    fn edited(&mut self, kind: Kind, seeds: &[String]) -> String {
        let mut text: Vec<char> = seeds[self.below(seeds.len())].chars().collect();
        let alphabet: Vec<char> = alphabet(kind).chars().collect();
        for _ in 0..self.below(4) {
            let at = self.below(text.len() + 1);
            match self.below(3) {
                0 => text.insert(at, self.pick(&alphabet)),
                1 if at < text.len() => text[at] = self.pick(&alphabet),
                _ if at < text.len() => drop(text.remove(at)),
                _ => {}
            }
        }
        text.into_iter().collect()
    }

    /// A well-formed moment, mostly valid.
    fn moment(&mut self) -> String {
        let year = self.pick(&[1 + self.0 % 9999, 1900 + self.0 % 150, 1969 + self.0 % 3, 1 + self.0 % 290_000]);
        let (month, day) = (1 + self.below(12), 1 + self.below(29));
        let date = match self.below(4) {
            0 => format!("{year:04}/{month}/{day}"),
            1 => format!("{month}/{day}/{year:04}"),
            _ => format!("{year:04}-{month:02}-{day:02}"),
        };
        let time = format!("{:02}:{:02}:{:02}", self.below(24), self.below(60), self.below(60));
        let fraction = match self.below(3) {
            0 => String::new(),
            _ => format!(".{:0width$}", self.below(1_000_000), width = 6 + self.below(4)),
        };
        let zone = self.pick(&[
            "",
            "",
            "",
            "+08",
            "-03:30",
            " Europe/Moscow",
            " America/Sao_Paulo",
            "Z",
            " Australia/Lord_Howe",
            " +0545",
        ]);
        let era = self.pick(&["", "", "", "", "", " BC"]);
        format!("{date}{}{time}{fraction}{zone}{era}", self.pick(&[" ", "T"]))
    }
}

fn inputs(kind: Kind, generated: usize, seed: u64) -> Vec<String> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
    let mut all: Vec<String> = [must_read(kind), tricky(kind)].concat().into_iter().map(str::to_owned).collect();
    if matches!(kind, Kind::Date | Kind::Timestamp | Kind::Timestamptz) {
        all.extend((0..generated / 2).map(|_| random.moment()));
    }
    let seeds = all.clone();
    all.extend((0..generated).map(|_| random.edited(kind, &seeds)));
    all
}

async fn connect(server: &Server) -> Client {
    let options = format!("host=127.0.0.1 port={} user=postgres dbname=postgres", server.port());
    let (client, connection) = tokio_postgres::connect(&options, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(ORACLE).await.unwrap();
    client
}

fn ty(written: &str) -> LogicalType {
    parse_type(written).unwrap()
}

const fn sender(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "textsend",
        Kind::Varchar => "varcharsend",
        Kind::Char => "bpcharsend",
        Kind::Int2 => "int2send",
        Kind::Int4 => "int4send",
        Kind::Int8 => "int8send",
        Kind::Numeric => "numeric_send",
        Kind::Date => "date_send",
        Kind::Timestamp => "timestamp_send",
        Kind::Timestamptz => "timestamptz_send",
        Kind::Bool => "boolsend",
        Kind::Uuid => "uuid_send",
        Kind::Jsonb => "jsonb_send",
        Kind::Bytea => "byteasend",
    }
}

fn binary(ty: LogicalType, canonical: &str) -> Vec<u8> {
    let mut output = BytesMut::new();
    ty.write_binary(canonical, &mut output).unwrap_or_else(|error| panic!("{ty} {canonical:?}: {error}"));
    output.to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn style(setting: (&str, &str)) -> Style {
    Style::new(setting.0, setting.1).unwrap()
}

/// What the server stores of each input: the canonical text and the binary form, or `error` and the SQLSTATE.
async fn stored(client: &Client, written: &str, source: &str, inputs: &[String], style: (&str, &str)) -> Vec<String> {
    client.batch_execute(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (c {written})")).await.unwrap();
    let sql = "SELECT stored(v, $2, $3, $4, $5) FROM unnest($1::text[]) WITH ORDINALITY u(v, n) ORDER BY n";
    let sender = sender(ty(written).kind);
    let rows = client.query(sql, &[&inputs, &source, &sender, &style.0, &style.1]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The three rules. Returns whether the value was read.
fn judge(what: &str, got: &Result<Plaintext, pgveil::wire::PgError>, ty: LogicalType, expect: &str) -> bool {
    match got {
        Ok(value) => {
            let got = format!("{}|{}", value.expose(), hex(&binary(ty, value.expose())));
            assert_eq!(got, expect, "{what}");
            true
        }
        Err(error) if error.code.0 == *b"0A000" => false,
        Err(error) => {
            assert_eq!(format!("error {}", error.code.as_str()), expect, "{what}: {error}");
            false
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_read_is_what_the_server_stores() {
    let server = Server::start();
    let client = connect(&server).await;
    for (number, written) in TYPES.into_iter().enumerate() {
        let ty = ty(written);
        let inputs = inputs(ty.kind, 1_000, number as u64);
        let is_time = matches!(ty.kind, Kind::Date | Kind::Timestamp | Kind::Timestamptz);
        let (mut read, mut taken) = (0, 0);
        for setting in if is_time { &STYLES[..] } else { &STYLES[..1] } {
            let stored = stored(&client, written, "", &inputs, *setting).await;
            for (at, (input, expect)) in inputs.iter().zip(&stored).enumerate() {
                let got = ty.read(0, Format::Text, input.as_bytes(), &style(*setting), Purpose::Assign);
                let what = format!("{input:?} as {written} under {setting:?}");
                let is_read = judge(&what, &got, ty, expect);
                assert!(is_read || at >= must_read(ty.kind).len() || expect.starts_with("error"), "{what} is refused");
                read += usize::from(is_read);
                taken += usize::from(!expect.starts_with("error"));
            }
        }
        println!("{written}: {read} of {taken} that the server takes");
        assert!(read * 2 > taken, "{written}: only {read} of {taken} that the server takes are read");
    }
}

/// Types that can stand in for each other, with inputs of each.
const FAMILIES: [&[&str]; 3] = [
    &["text", "varchar", "bpchar"],
    &["smallint", "integer", "bigint", "numeric"],
    &["date", "timestamp", "timestamptz"],
];

fn oid(name: &str) -> u32 {
    ty(name).oid()
}

#[tokio::test(flavor = "current_thread")]
async fn assignments_from_another_type_are_the_servers() {
    let server = Server::start();
    let client = connect(&server).await;
    let mut read = 0;
    for written in TYPES {
        let ty = ty(written);
        for source in
            FAMILIES.iter().filter(|family| family.iter().any(|member| oid(member) == ty.oid())).copied().flatten()
        {
            let kind = self::ty(source).kind;
            for setting in [STYLES[0], STYLES[2], STYLES[5]] {
                let inputs = inputs(kind, 300, 77);
                let stored = stored(&client, written, source, &inputs, setting).await;
                for (input, expect) in inputs.iter().zip(&stored) {
                    let got = ty.read(oid(source), Format::Text, input.as_bytes(), &style(setting), Purpose::Assign);
                    let what = format!("{input:?} as {source} for {written} under {setting:?}");
                    read += usize::from(judge(&what, &got, ty, expect));
                    // The same by way of the source's binary form.
                    let source_type = LogicalType { kind, typmod: -1 };
                    if let Ok(own) =
                        source_type.read(0, Format::Text, input.as_bytes(), &style(setting), Purpose::Assign)
                    {
                        let bytes = binary(source_type, own.expose());
                        let got = ty.read(oid(source), Format::Binary, &bytes, &style(setting), Purpose::Assign);
                        judge(&format!("{what}, binary"), &got, ty, expect);
                    }
                }
            }
        }
    }
    assert!(read > 20_000, "only {read} values were read");
}

#[tokio::test(flavor = "current_thread")]
async fn comparison_forms_are_equal_where_the_server_says_equal() {
    let server = Server::start();
    let client = connect(&server).await;
    let singles: &[&[&str]] = &[&["bool"], &["uuid"]];
    let mut compared = 0;
    for family in FAMILIES.iter().chain(singles) {
        for (column, value) in family.iter().flat_map(|column| family.iter().map(move |value| (*column, *value))) {
            for setting in [STYLES[0], STYLES[2]] {
                compared += compare(&client, column, value, setting).await;
            }
        }
    }
    assert!(compared > 20_000, "only {compared} pairs compared");
}

/// Every canonical value of the column's type against every input that is read as the value's type.
async fn compare(client: &Client, column: &str, value: &str, setting: (&str, &str)) -> usize {
    let (column_type, value_type) = (LogicalType { typmod: -1, ..ty(column) }, LogicalType { typmod: -1, ..ty(value) });
    let style = style(setting);
    let read = |ty: LogicalType, source: u32, text: &str, purpose| {
        ty.read(source, Format::Text, text.as_bytes(), &style, purpose)
    };
    let mut all = [must_read(column_type.kind), must_read(value_type.kind), tricky(value_type.kind)].concat();
    all.extend([
        "a",
        "A",
        "1.5",
        "1.0",
        "1.50",
        "100",
        "1e2",
        "2024-02-29 00:00:00",
        "2024-02-29 05:00:00+00",
        "40000",
        "2024-11-03 01:30-04",
    ]);
    // Numbers of a hundred thousand digits tell nothing more here.
    all.retain(|text| !text.contains("e-16") && !text.contains("e131"));
    let stored = |text: &&str| read(column_type, 0, text, Purpose::Assign).ok().map(|value| value.expose().to_owned());
    let columns: Vec<String> = all.iter().filter_map(stored).collect();
    let values: Vec<String> = all
        .iter()
        .filter(|text| read(value_type, 0, text, Purpose::Assign).is_ok())
        .map(|text| (*text).to_owned())
        .collect();
    client.batch_execute(&format!("SET DateStyle = '{}'; SET TimeZone = '{}'", setting.0, setting.1)).await.unwrap();
    let sql = format!(
        "SELECT c, v, CAST(c AS {column}) = CAST(v AS {value}) FROM unnest($1::text[]) c, unnest($2::text[]) v"
    );
    let rows = client.query(&sql, &[&columns, &values]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let mut compared = 0;
    for row in &rows {
        let (stored, written, expect): (&str, &str, bool) = (row.get(0), row.get(1), row.get(2));
        let Ok(value) = read(column_type, value_type.oid(), written, Purpose::Compare) else { continue };
        let forms = [stored, value.expose()].map(|text| column_type.comparison_form(text, false).unwrap());
        assert_eq!(
            forms[0].expose() == forms[1].expose(),
            expect,
            "{column} {stored:?} = {value_type} {written:?} under {setting:?}"
        );
        compared += 1;
    }
    compared
}

#[tokio::test(flavor = "current_thread")]
async fn text_is_printed_as_the_session_asks() {
    let server = Server::start();
    let client = connect(&server).await;
    for written in ["date", "timestamp", "timestamptz"] {
        let ty = ty(written);
        let canonical = |text: &String| {
            let read = ty.read(0, Format::Text, text.as_bytes(), &Style::default(), Purpose::Assign);
            read.ok().map(|value| value.expose().to_owned())
        };
        let values: Vec<String> = inputs(ty.kind, 2_000, 5).iter().filter_map(canonical).collect();
        assert!(values.len() > 500);
        for setting in STYLES {
            client
                .batch_execute(&format!("SET DateStyle = '{}'; SET TimeZone = '{}'", setting.0, setting.1))
                .await
                .unwrap();
            let sql =
                format!("SELECT format('%s', v::{written}) FROM unnest($1::text[]) WITH ORDINALITY u(v, n) ORDER BY n");
            let rows = client.query(&sql, &[&values]).await.unwrap();
            for (value, row) in values.iter().zip(&rows) {
                let mut output = BytesMut::new();
                ty.write_text(value, &style(setting), &mut output).unwrap();
                assert_eq!(String::from_utf8_lossy(&output), row.get::<_, &str>(0), "{value} under {setting:?}");
            }
        }
    }
}

/// Bytes that are sent as they are.
#[derive(Debug)]
struct Raw(Vec<u8>);

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

async fn received(client: &Client, statement: &tokio_postgres::Statement, bytes: &[u8]) -> String {
    match client.query_one(statement, &[&Raw(bytes.to_vec())]).await {
        Ok(row) => row.get(0),
        Err(error) => format!("error {}", error.code().map_or("?", |code| code.code())),
    }
}

fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..random.below(3) {
        let at = random.below(bytes.len() + 1);
        match random.below(4) {
            0 => bytes.insert(at, random.pick(&[0, 1, 4, 127, 128, 255])),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 if at < bytes.len() => bytes[at] = random.pick(&[0, 1, 3, 0x27, 0x40, 0x7f, 0xc0, 0xff]),
            3 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

#[tokio::test(flavor = "current_thread")]
async fn binary_values_are_read_as_the_server_receives_them() {
    let server = Server::start_with(&["TimeZone=UTC"]);
    let client = connect(&server).await;
    for (number, written) in TYPES.into_iter().enumerate() {
        let ty = ty(written);
        let read = |bytes: &[u8], format| ty.read(0, format, bytes, &Style::default(), Purpose::Assign);
        let good = inputs(ty.kind, 0, 0).into_iter().filter_map(|text| read(text.as_bytes(), Format::Text).ok());
        let mut seeds: Vec<Vec<u8>> =
            good.map(|value| binary(ty, value.expose())).filter(|bytes| bytes.len() < 200).collect();
        seeds.push(vec![0x7f, 0xff, 0xff, 0xff]);
        seeds.push(vec![0x80, 0, 0, 0, 0, 0, 0, 1]);
        client.batch_execute(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (c {written})")).await.unwrap();
        let sql = format!(
            "INSERT INTO t VALUES ($1) RETURNING format('%s', c) || '|' || encode({}(c), 'hex')",
            sender(ty.kind)
        );
        let statement = client.prepare(&sql).await.unwrap();
        let mut random = Random(number as u64 + 1);
        for _ in 0..600 {
            let bytes = mutated(&mut random, &seeds);
            let expect = received(&client, &statement, &bytes).await;
            judge(&format!("{bytes:?} as {written}"), &read(&bytes, Format::Binary), ty, &expect);
        }
    }
}

fn elements(got: Result<Vec<Option<Plaintext>>, pgveil::wire::PgError>) -> String {
    match got {
        Ok(values) => {
            let own: Vec<Option<String>> =
                values.iter().map(|value| value.as_ref().map(|value| value.expose().to_owned())).collect();
            format!("{} {}", usize::from(!own.is_empty()), serde_json::to_string(&own).unwrap())
        }
        Err(error) => format!("error {}", error.code.as_str()),
    }
}

/// The server's JSON without the escapes and blanks that differ.
fn normal(listed: &str) -> String {
    match listed.split_once(' ') {
        Some((dimensions @ ("0" | "1"), json)) => {
            format!("{dimensions} {}", serde_json::from_str::<serde_json::Value>(json).unwrap())
        }
        _ => listed.to_owned(),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn arrays_are_read_as_the_server_reads_them() {
    let server = Server::start();
    let client = connect(&server).await;
    let seeds = [
        "{}",
        "{a}",
        "{a,b}",
        "{\"a b\",c}",
        "{ a , \"b\" }",
        "{NULL,null,\"NULL\"}",
        "{a\\,b}",
        "{\\ }",
        "{{a}}",
        "[1:2]={a,b}",
        "{1,2,3}",
        "{-5, 17}",
        "{\"\"}",
        "{\"a\\\"b\"}",
    ];
    let alphabet: Vec<char> = "{}{},,\"\"\\ abNUL12 中\t[=:".chars().collect();
    let mut random = Random(42);
    let mut texts: Vec<String> = seeds.iter().map(|seed| (*seed).to_owned()).collect();
    for _ in 0..6_000 {
        let mut text: Vec<char> = random.pick(&seeds).chars().collect();
        for _ in 0..random.below(4) {
            text.insert(random.below(text.len() + 1), random.pick(&alphabet));
        }
        texts.push(text.into_iter().collect());
    }
    for written in ["text", "integer"] {
        let element = ty(written);
        let sql = "SELECT listed(v, $2) FROM unnest($1::text[]) WITH ORDINALITY u(v, n) ORDER BY n";
        let rows = client.query(sql, &[&texts, &written]).await.unwrap();
        let mut read = 0;
        for (text, row) in texts.iter().zip(&rows) {
            let got =
                elements(read_array(element, 0, Format::Text, text.as_bytes(), &Style::default(), Purpose::Compare));
            if got != "error 0A000" {
                assert_eq!(got, normal(row.get(0)), "{text:?} as {written}[]");
                read += usize::from(!got.starts_with("error"));
            }
        }
        assert!(read > 200, "only {read} arrays of {written} were read");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn binary_arrays_are_read_as_the_server_receives_them() {
    let server = Server::start();
    let client = connect(&server).await;
    let words = |words: &[i32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let seeds = [
        words(&[0, 0, 23]),
        words(&[1, 0, 23, 1, 1, 4, 7]),
        words(&[1, 1, 23, 3, 1, 4, 7, -1, 4, -9]),
        words(&[1, 0, 23, 2, 0, 4, 1, 4, 2]),
        words(&[2, 0, 23, 1, 1, 1, 1, 4, 2]),
        words(&[1, 0, 25, 1, 1, 4, 7]),
    ];
    let statement = client
        .prepare("SELECT coalesce(array_ndims($1::int[]), 0) || ' ' || array_to_json($1::int[]::text[])")
        .await
        .unwrap();
    let mut random = Random(7);
    for _ in 0..3_000 {
        let bytes = mutated(&mut random, &seeds);
        let got = elements(read_array(ty("integer"), 0, Format::Binary, &bytes, &Style::default(), Purpose::Compare));
        if got != "error 0A000" {
            assert_eq!(got, normal(&received(&client, &statement, &bytes).await), "{bytes:?}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn types_are_named_and_numbered_as_in_the_catalog() {
    let server = Server::start();
    let client = connect(&server).await;
    for written in TYPES {
        let ty = ty(written);
        client.batch_execute(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (c {written})")).await.unwrap();
        let sql = "SELECT atttypid, atttypmod, format_type(atttypid, atttypmod), typarray, typlen \
                   FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid WHERE attrelid = 't'::regclass AND attnum = 1";
        let row = client.query_one(sql, &[]).await.unwrap();
        assert_eq!(LogicalType::from_oid(row.get(0), row.get(1)), Some(ty), "{written}");
        assert_eq!(ty.to_string(), row.get::<_, &str>(2));
        assert_eq!((ty.array_oid(), ty.size()), (row.get(3), row.get(4)), "{written}");
        assert_eq!(element_of(row.get(3)), Some(ty.oid()), "{written}");
    }
}
