//! What each type is tried with: inputs at its edges, and generated ones.

use pgveil::value::Kind;

/// Inputs that must be read, not refused.
pub fn must_read(kind: Kind) -> &'static [&'static str] {
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
pub fn tricky(kind: Kind) -> &'static [&'static str] {
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
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
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

pub fn inputs(kind: Kind, generated: usize, seed: u64) -> Vec<String> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
    let mut all: Vec<String> = [must_read(kind), tricky(kind)].concat().into_iter().map(str::to_owned).collect();
    if matches!(kind, Kind::Date | Kind::Timestamp | Kind::Timestamptz) {
        all.extend((0..generated / 2).map(|_| random.moment()));
    }
    let seeds = all.clone();
    all.extend((0..generated).map(|_| random.edited(kind, &seeds)));
    all
}
