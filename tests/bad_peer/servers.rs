//! What a server says in the place of its answer.

use super::Case;
use super::support::frames::{announced, bind, execute, message, named, parse, query, strings};

/// The kinds of question: which is asked stands at the head of a case's name.
const QUESTIONS: [&str; 8] =
    ["open", "sealed", "open prepared", "sealed prepared", "copy out", "copy watched", "copy in", "call"];

/// The client's message that asks for the lie of this number, literally, so that rewriting keeps it.
pub fn question(number: usize, case: &Case) -> Vec<u8> {
    let kind = case.name.split(':').next().unwrap_or_default();
    let sealed = format!("SELECT phone, 'lie {number} now' FROM customers");
    let prepared = |sql: &str| {
        [parse("", sql, &[]), bind("", "", &[], &[], &[]), named(b'D', b'P', ""), execute("", 0), message(b'S', b"")]
            .concat()
    };
    match kind {
        "open" => query(&format!("SELECT 'lie {number} now'")),
        "sealed" => query(&sealed),
        "open prepared" => prepared(&format!("SELECT 'lie {number} now'")),
        "sealed prepared" => prepared(&sealed),
        "copy out" => query(&format!("COPY ({sealed}) TO STDOUT")),
        "copy watched" => query(&format!("COPY (SELECT set_config('x.y', 'lie {number} now', true)) TO STDOUT")),
        "call" => message(b'F', &call(&format!("lie {number} now"))),
        "copy in" => query(&format!("COPY scratch (id, v) FROM STDIN (DELIMITER '|', NULL 'lie {number} now')")),
        other => panic!("no question {other}"),
    }
}

/// `lowrite` of this text.
fn call(data: &str) -> Vec<u8> {
    let value = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    [b"\0\0\x03\xbb\0\x01\0\x01\0\x02", &value(&[0; 4])[..], &value(data.as_bytes()), b"\0\x01"].concat()
}

pub fn asked_lie(said: &[u8]) -> Option<usize> {
    let at = said.windows(4).position(|window| window == b"lie ")? + 4;
    let rest = &said[at..];
    let len = rest.windows(4).position(|window| window == b" now")?;
    std::str::from_utf8(&rest[..len]).ok()?.parse().ok()
}

fn text(name: &str, table: u32) -> Vec<u8> {
    [strings(&[name]), table.to_be_bytes().to_vec(), b"\0\x01\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0".to_vec()].concat()
}

fn described(count: u16, columns: &[Vec<u8>]) -> Vec<u8> {
    message(b'T', &[count.to_be_bytes().to_vec(), columns.concat()].concat())
}

fn row(count: u16, values: &[&[u8]]) -> Vec<u8> {
    let value = |value: &&[u8]| [&(value.len() as u32).to_be_bytes()[..], value].concat();
    message(b'D', &[count.to_be_bytes().to_vec(), values.iter().flat_map(value).collect()].concat())
}

fn done() -> Vec<u8> {
    [message(b'C', b"SELECT 1\0"), message(b'Z', b"I")].concat()
}

fn fields(text: &[u8]) -> Vec<u8> {
    message(b'E', text)
}

const FATAL: &[u8] = b"SFATAL\0VFATAL\0C57P01\0Mgone\0\0";

const ERROR: &[u8] = b"SERROR\0VERROR\0CXX001\0Mwhatever\0\0";

pub fn cases() -> Vec<Case> {
    [anything(), simple(), prepared(), copies(), calls()].into_iter().flatten().collect()
}

fn case(question: &str, name: &str, parts: &[Vec<u8>], expect: &'static str) -> Case {
    assert!(QUESTIONS.contains(&question));
    Case::new(format!("{question}: the server {name}"), parts.concat(), expect)
}

/// What no server may say to any question.
fn anything() -> Vec<Case> {
    let mut cases = Vec::new();
    for question in QUESTIONS {
        let mut add = |name: &str, bytes: Vec<u8>, expect| cases.push(case(question, name, &[bytes], expect));
        add("goes", Vec::new(), "E:08006");
        add("sends half a head", b"T\0\0".to_vec(), "E:08006");
        add("cuts a message short", announced(b'E', 100, b"SERROR"), "E:08006");
        add("sends a negative length", announced(b'C', -1, b""), "E:08P01");
        add("sends a length of 3", announced(b'C', 3, b""), "E:08P01");
        add("announces 2 GiB", announced(b'E', 0x7fff_ffff, b""), "E:08P01");
        add("completes with 40,000 bytes", message(b'C', &[b'x'; 40_000]), "E:08P01");
        add("sends a type that is none", message(b'!', b""), "E:08P01");
        add("is ready unasked", message(b'Z', b"I"), "E:08P01");
        add("closes a statement unasked", message(b'3', b""), "E:08P01");
        add("asks for a password", message(b'R', b"\0\0\0\x03"), "E:08P01");
        add("sends another key", message(b'K', b"\0\0\0\x01key!"), "E:08P01");
        add("negotiates", message(b'v', b"\0\x03\0\0\0\0\0\0"), "E:08P01");
        if question != "call" {
            add("answers a function call", message(b'V', b"\xff\xff\xff\xff"), "E:08P01");
        }
        add("copies in both directions", message(b'W', b"\0\0\0"), "E:0A000");
        add("sends CopyData without COPY", message(b'd', b"13812345678\n"), "E:08P01");
        add("sends CopyDone without COPY", message(b'c', b""), "E:08P01");
        add("sends a row without description", row(1, &[b"13812345678"]), "E:08P01");
        add("suspends", message(b's', b""), "E:08P01");
        add("fails without an end", fields(b"SERROR\0VERROR\0CXX001\0Mx"), "E:08P01");
        add("fails with a field that does not end", fields(b"SERROR\0C"), "E:08P01");
        add("notices without an end", message(b'N', b"SNOTICE\0"), "E:08P01");
        add("sets a parameter without a value", message(b'S', b"TimeZone\0"), "E:08P01");
        add("sets a parameter of 29,000 bytes", message(b'S', &strings(&["x", &"y".repeat(28_990)])), "S E:08006");
        add("sets a time zone that is none", message(b'S', &strings(&["TimeZone", "Mars/Base"])), "S E:08006");
        add("notifies without an end", message(b'A', b"\0\0\0\x01channel"), "A E:08006");
        add("notices 20,000 times", message(b'N', b"SNOTICE\0VNOTICE\0C00000\0Mx\0\0").repeat(20_000), "N E:08006");
        add("ends the session", fields(FATAL), "E:57P01");
        add("ends the session twice", [fields(FATAL), fields(FATAL)].concat(), "E:57P01");
    }
    cases
}

fn simple() -> Vec<Case> {
    let one = || vec![text("phone", 0)];
    let two = || vec![text("phone", 0), text("x", 0)];
    let mut cases = Vec::new();
    for (question, columns) in [("open", one()), ("sealed", two())] {
        let count = columns.len() as u16;
        let head = || described(count, &columns);
        let mut add = |name: &str, parts: &[Vec<u8>], expect| cases.push(case(question, name, parts, expect));
        add("describes columns that do not come", &[described(9, &columns)], "E:08P01");
        add("describes more than it counts", &[described(0, &columns)], "E:08P01");
        add("describes a name without an end", &[message(b'T', b"\0\x01phone")], "E:08P01");
        add("describes twice", &[head(), head()], "T E:08P01");
        add("fails and goes", &[fields(ERROR)], "E:XX001 E:08006");
        add("fails, then sends a row", &[head(), fields(ERROR), row(count, &[b"x"])], "T E:XX001 E:08P01");
        add("goes in the middle of the rows", &[head()], "T E:08006");
        add("completes twice", &[head(), done(), done()], "T C Z:I E:08P01");
        add("completes with a tag without an end", &[head(), message(b'C', b"SELECT 1")], "T E:08P01");
        add(
            "is ready in a state that is none",
            &[head(), message(b'C', b"SELECT 0\0"), message(b'Z', b"?")],
            "T C E:08P01",
        );
        add("is ready in two states", &[head(), message(b'C', b"SELECT 0\0"), message(b'Z', b"II")], "T C E:08P01");
        add("is ready before it completes", &[head(), message(b'Z', b"I")], "T E:08P01");
        add("parses", &[head(), message(b'1', b"")], "T E:08P01");
    }
    let head = || described(2, &two());
    let mut add = |name: &str, parts: &[Vec<u8>], expect| cases.push(case("sealed", name, parts, expect));
    add("describes other columns than planned", &[described(1, &one())], "E:XX000");
    add("sends clear values where sealed ones belong", &[head(), row(2, &[b"13812345678", b"x"]), done()], "T E:22000");
    add("sends half a sealed value", &[head(), row(2, &[b"~pv1:AAAA", b"x"]), done()], "T E:22000");
    add("sends fewer values than columns", &[head(), row(1, &[b"x"]), done()], "T E:22000");
    add("sends more values than columns", &[head(), row(3, &[b"x", b"y", b"z"]), done()], "T E:22000");
    add("counts values that do not come", &[head(), row(2, &[]), done()], "T E:08P01");
    add(
        "sends a value of length -2",
        &[head(), message(b'D', b"\0\x02\xff\xff\xff\xfe\xff\xff\xff\xff"), done()],
        "T E:08P01",
    );
    add(
        "sends a value longer than its row",
        &[head(), message(b'D', b"\0\x02\0\0\xff\xffx\xff\xff\xff\xff"), done()],
        "T E:08P01",
    );
    add(
        "sends bytes behind the last value",
        &[head(), message(b'D', b"\0\x02\xff\xff\xff\xff\xff\xff\xff\xffxyz"), done()],
        "T E:08P01",
    );
    add("announces a row and goes", &[head(), announced(b'D', 1_000_000, b"\0\x02")], "T E:08006");
    add(
        "tells a value in an error",
        &[head(), fields(b"SERROR\0VERROR\0C22P02\0Mx\0D13812345678\0\0"), message(b'Z', b"I")],
        "T E:22P02 Z:I",
    );
    cases
}

fn prepared() -> Vec<Case> {
    let ok = |kinds: &[u8]| kinds.iter().flat_map(|kind| message(*kind, b"")).collect::<Vec<u8>>();
    let mut cases = Vec::new();
    for question in ["open prepared", "sealed prepared"] {
        let mut add = |name: &str, parts: &[Vec<u8>], expect| cases.push(case(question, name, parts, expect));
        add("binds before it parses", &[ok(b"2")], "E:08P01");
        add("parses twice", &[ok(b"11")], "1 E:08P01");
        add("parses with a body", &[message(b'1', b"x")], "1 E:08006");
        add("fails and is ready", &[fields(ERROR), message(b'Z', b"I")], "E:XX001 Z:I");
        add("fails twice", &[fields(ERROR), fields(ERROR)], "E:XX001 E:08006");
        add("is ready twice", &[fields(ERROR), message(b'Z', b"I"), message(b'Z', b"I")], "E:XX001 Z:I E:08P01");
        add("goes after it has parsed", &[ok(b"1")], "1 E:08006");
    }
    cases
}

fn copies() -> Vec<Case> {
    let out = || message(b'H', b"\0\0\x02\0\0\0\0");
    let mut cases = Vec::new();
    let mut add =
        |question: &str, name: &str, parts: &[Vec<u8>], expect| cases.push(case(question, name, parts, expect));
    add("copy out", "goes in the middle of the data", &[out()], "H E:08006");
    add("copy out", "goes in the middle of a line", &[out(), message(b'd', b"~pv1:")], "H E:08006");
    add(
        "copy out",
        "sends clear values",
        &[out(), message(b'd', b"13812345678\tx\n"), message(b'c', b""), done()],
        "H E:22000",
    );
    add("copy out", "sends other columns", &[out(), message(b'd', b"\\N\n"), message(b'c', b""), done()], "H E:XX000");
    add(
        "copy out",
        "ends without a line's end",
        &[out(), message(b'd', b"\\N"), message(b'c', b""), done()],
        "H E:XX000",
    );
    add("copy out", "asks for data instead", &[message(b'G', b"\0\0\x02\0\0\0\0")], "E:XX000");
    add("copy out", "copies twice", &[out(), out()], "H E:08P01");
    add("copy out", "completes before the data's end", &[out(), done()], "H E:08P01");
    add("copy out", "fails in the middle", &[out(), fields(ERROR), message(b'Z', b"I")], "H E:XX001 Z:I");
    add("copy watched", "copies", &[out(), message(b'd', b"a\tb\n"), message(b'c', b""), done()], "H d c C Z:I");
    add("copy watched", "sends a sealed value", &[out(), message(b'd', b"a\t~pv1:AAAA\n"), done()], "H E:XX000");
    add("copy watched", "completes before the data's end", &[out(), done()], "H E:08P01");
    add("copy watched", "goes in the middle of the data", &[out()], "H E:08006");
    add("copy in", "goes when data is due", &[message(b'G', b"\0\0\x02\0\0\0\0")], "G E:08006");
    add(
        "copy in",
        "asks twice",
        &[message(b'G', b"\0\0\x02\0\0\0\0"), message(b'G', b"\0\0\x02\0\0\0\0")],
        "G E:08P01",
    );
    add("copy in", "completes before the data has come", &[message(b'G', b"\0\0\x02\0\0\0\0"), done()], "G E:08P01");
    add(
        "copy in",
        "fails in the middle",
        &[message(b'G', b"\0\0\x02\0\0\0\0"), fields(ERROR), message(b'Z', b"I")],
        "G E:XX001 Z:I",
    );
    cases
}

fn calls() -> Vec<Case> {
    let result = |value: &[u8]| message(b'V', &[&(value.len() as u32).to_be_bytes()[..], value].concat());
    let ready = || message(b'Z', b"I");
    let mut cases = Vec::new();
    let mut add = |name: &str, parts: &[Vec<u8>], expect| cases.push(case("call", name, parts, expect));
    add("answers", &[result(b"x"), ready()], "V Z:I");
    add("answers with nothing", &[message(b'V', b""), ready()], "V Z:I");
    add("answers twice", &[result(b"x"), result(b"y"), ready()], "V E:08P01");
    add("answers and does not become ready", &[result(b"x")], "V E:08006");
    add("answers with a sealed value", &[result(b"..~pv1:AAAA"), ready()], "E:XX000");
    add("announces a result and goes", &[announced(b'V', 1_000_000, b"\0\x0f")], "E:08006");
    add("is ready before it answers", &[ready()], "E:08P01");
    add("completes", &[message(b'C', b"SELECT 1\0")], "E:08P01");
    add("describes a row", &[described(1, &[text("phone", 0)])], "E:08P01");
    add("fails, then answers", &[fields(ERROR), result(b"x")], "E:XX001 E:08P01");
    add("fails twice", &[fields(ERROR), fields(ERROR)], "E:XX001 E:08P01");
    add("fails and is ready", &[fields(ERROR), ready()], "E:XX001 Z:I");
    add("is ready twice", &[result(b"x"), ready(), ready()], "V Z:I E:08P01");
    cases
}
