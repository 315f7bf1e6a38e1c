//! What a client says after its login.

use super::Case;
use super::support::frames::{announced, bind, execute, message, named, parse, query, strings};

/// Every message of a client, and a sound body for it.
fn messages() -> Vec<(&'static str, u8, Vec<u8>)> {
    let body = |frame: Vec<u8>| frame[5..].to_vec();
    vec![
        ("Query", b'Q', strings(&["SELECT 1"])),
        ("Parse", b'P', body(parse("s", "SELECT 1", &[]))),
        ("Bind", b'B', body(bind("", "s", &[], &[], &[]))),
        ("Describe", b'D', body(named(b'D', b'S', "s"))),
        ("Execute", b'E', body(execute("", 0))),
        ("Close", b'C', body(named(b'C', b'S', "s"))),
        ("Sync", b'S', Vec::new()),
        ("Flush", b'H', Vec::new()),
        ("FunctionCall", b'F', b"\0\0\x05\x13\0\0\0\0\0\0".to_vec()),
        ("CopyData", b'd', b"x\n".to_vec()),
        ("CopyDone", b'c', Vec::new()),
        ("CopyFail", b'f', strings(&["no"])),
        ("Terminate", b'X', Vec::new()),
    ]
}

pub fn cases() -> Vec<Case> {
    let parts = [lengths(), bodies(), parse_and_bind(), wrong_types(), wrong_state(), copies(), texts(), floods()];
    parts.into_iter().flatten().collect()
}

/// A FunctionCall with this number of binary zeros of four bytes.
fn call(function: u32, arguments: u16) -> Vec<u8> {
    let values = b"\0\0\0\x04\0\0\0\0".repeat(usize::from(arguments));
    [&function.to_be_bytes()[..], b"\0\x01\0\x01", &arguments.to_be_bytes(), &values, b"\0\x01"].concat()
}

/// Synchronisation is lost: the error is the last word.
fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, kind, body) in messages() {
        for (what, len) in [("negative", -1), ("least", i64::from(i32::MIN)), ("0", 0), ("3", 3), ("most", 0x7fff_ffff)]
        {
            cases.push(Case::new(format!("{name}: length {what}"), announced(kind, len, &body), "E:08P01"));
        }
        // Whoever announces more than comes, and goes
        let longer = announced(kind, body.len() as i64 + 1_000, &body);
        let expect = if kind == b'F' { "E:0A000 Z:I" } else { "" };
        cases.push(Case::new(format!("{name}: cut short"), longer, expect));
    }
    for (name, kind) in [("Describe", b'D'), ("Execute", b'E'), ("Close", b'C'), ("CopyFail", b'f'), ("Flush", b'H')] {
        let body = vec![b'x'; 9_997];
        cases.push(Case::new(format!("{name}: over 10,000"), message(kind, &body), "E:08P01"));
    }
    cases
}

/// A body that is not what its type says is an error of that message, as PostgreSQL has it.
fn bodies() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, kind, body) in messages() {
        let expect = match kind {
            // Every byte of these counts, or none is looked at
            b'd' | b'c' | b'f' => "Z:I alive",
            // The function alone decides, if it is named at all
            b'F' => "E:0A000 Z:I alive",
            b'Q' => "E:08P01 Z:I alive",
            b'S' | b'H' | b'X' => "E:08P01",
            _ => "E:08P01 Z:I alive",
        };
        let more = [&body[..], b"x"].concat();
        cases.push(Case::new(format!("{name}: a byte too many"), message(kind, &more), expect));
        if !body.is_empty() {
            let less = &body[..body.len() - 1];
            cases.push(Case::new(format!("{name}: a byte too few"), message(kind, less), expect));
            let expect = if kind == b'F' { "E:08P01 Z:I alive" } else { expect };
            cases.push(Case::new(format!("{name}: empty"), message(kind, b""), expect));
        }
    }
    for target in [0, b'X', b's', 0xff] {
        let name = |what: &str| format!("{what} of target {target}");
        cases.push(Case::new(name("Describe"), named(b'D', target, ""), "E:08P01 Z:I alive"));
        cases.push(Case::new(name("Close"), named(b'C', target, ""), "E:08P01 Z:I alive"));
    }
    cases
}

fn parse_and_bind() -> Vec<Case> {
    let raw_bind = |rest: &[u8]| message(b'B', &[b"\0s\0", rest].concat());
    let lies: [(&str, &[u8]); 9] = [
        ("formats that do not come", b"\0\x05\0\0"),
        ("65,535 formats", b"\xff\xff\0\0"),
        ("parameters that do not come", b"\0\0\0\x03\0\0\0\x01x"),
        ("65,535 parameters", b"\0\0\xff\xff"),
        ("a value longer than the message", b"\0\0\0\x01\0\0\xff\xffx\0\0"),
        ("a value of length -2", b"\0\0\0\x01\xff\xff\xff\xfe\0\0"),
        ("a value of the least length", b"\0\0\0\x01\x80\0\0\0\0\0"),
        ("a value of 2 GiB", b"\0\0\0\x01\x7f\xff\xff\xffx\0\0"),
        ("result formats that do not come", b"\0\0\0\0\0\x09"),
    ];
    let texts = [("open", "SELECT $1::text"), ("sealed", "SELECT id FROM customers WHERE phone = $1")];
    let mut cases = Vec::new();
    for (kind, sql) in texts {
        let first = parse("s", sql, &[]);
        let mut case = |name: &str, bytes: Vec<u8>, expect| {
            let bytes = [&first[..], &bytes].concat();
            cases.push(Case::new(format!("Bind of an {kind} statement: {name}"), bytes, expect));
        };
        for (name, rest) in lies {
            case(name, raw_bind(rest), "1 E:08P01 Z:I alive");
        }
        let one = [Some(b"x".to_vec())];
        case("no parameter", bind("", "s", &[], &[], &[]), "1 E:08P01 Z:I alive");
        case("two parameters", bind("", "s", &[], &[None, None], &[]), "1 E:08P01 Z:I alive");
        case("two formats for one", bind("", "s", &[0, 0], &one, &[]), "1 E:08P01 Z:I alive");
        case("format 2", bind("", "s", &[2], &one, &[]), "1 E:22023 Z:I alive");
        case("format -1 of NULL", bind("", "s", &[-1], &[None], &[]), "1 E:22023 Z:I alive");
        // Looked at when there is a row
        let seven = [bind("", "s", &[], &one, &[7]), execute("", 0)].concat();
        case("result format 7", seven, if kind == "open" { "1 2 E:22023 Z:I alive" } else { "1 2 C Z:I alive" });
        case("two result formats for one", bind("", "s", &[], &one, &[0, 1]), "1 E:08P01 Z:I alive");
    }
    let types: [(&str, &[u8]); 3] = [
        ("types that do not come", b"\0\x02\0\0\0\x17"),
        ("65,535 types", b"\xff\xff"),
        ("half a type", b"\0\x01\0\0"),
    ];
    for (name, rest) in types {
        let bytes = message(b'P', &[b"\0SELECT 1\0", rest].concat());
        cases.push(Case::new(format!("Parse: {name}"), bytes, "E:08P01 Z:I alive"));
    }
    let long = "x".repeat(9_000);
    cases.extend([
        Case::new("Parse: a type that is none", parse("", "SELECT $1", &[999_999_999]), "E:XX000 Z:I alive"),
        Case::new("Parse: the greatest type", parse("", "SELECT 1 WHERE $1 IS NULL", &[u32::MAX]), "1 Z:I alive"),
        Case::new("Bind of no statement", bind("", "none", &[], &[], &[]), "E:26000 Z:I alive"),
        Case::new("Bind of the unnamed statement that is none", bind("", "", &[], &[], &[]), "E:26000 Z:I alive"),
        Case::new("Describe of no statement", named(b'D', b'S', "none"), "E:26000 Z:I alive"),
        Case::new("Describe of no portal", named(b'D', b'P', "none"), "E:34000 Z:I alive"),
        Case::new("Execute of no portal", execute("none", 0), "E:34000 Z:I alive"),
        Case::new("Execute of the unnamed portal that is none", execute("", 0), "E:34000 Z:I alive"),
        Case::new("Close of no statement", named(b'C', b'S', "none"), "3 Z:I alive"),
        Case::new("Close of no portal", named(b'C', b'P', "none"), "3 Z:I alive"),
        Case::new("Describe: a name of 9,000 bytes", named(b'D', b'S', &long), "E:26000 Z:I alive"),
        Case::new("Close: a name of 9,000 bytes", named(b'C', b'S', &long), "3 Z:I alive"),
        Case::new("Parse: a name that is not UTF-8", message(b'P', b"\xff\0SELECT 1\0\0\0"), "E:22021 Z:I alive"),
        Case::new("Execute: a name that is not UTF-8", message(b'E', b"\xff\0\0\0\0\0"), "E:22021 Z:I alive"),
        Case::new("Execute: the least number of rows", ran("SELECT 1", i32::MIN), "1 2 D C Z:I alive"),
        Case::new("Execute: the greatest number of rows", ran("SELECT 1", i32::MAX), "1 2 D C Z:I alive"),
        Case::new("Execute again of what is done", [ran("SELECT 1", 0), execute("", 0)].concat(), "1 2 D C Z:I alive"),
        Case::new(
            "Parse twice under one name",
            [parse("s", "SELECT 1", &[]), parse("s", "SELECT 2", &[])].concat(),
            "1 E:42P05 Z:I alive",
        ),
        Case::new(
            "Bind twice under one name",
            [parse("s", "SELECT 1", &[]), bind("p", "s", &[], &[], &[]), bind("p", "s", &[], &[], &[])].concat(),
            "1 2 E:42P03 Z:I alive",
        ),
    ]);
    cases
}

fn ran(sql: &str, max_rows: i32) -> Vec<u8> {
    [parse("", sql, &[]), bind("", "", &[], &[], &[]), execute("", max_rows)].concat()
}

/// Bytes of other protocols, of the server, of nobody.
fn wrong_types() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in
        [0, 1, 0x16, b'1', b'A', b'G', b'I', b'K', b'N', b'R', b'T', b'V', b'W', b'Z', b'a', b'n', b'p', b'v', 0xff]
    {
        cases.push(Case::new(format!("a message of type {kind}"), message(kind, b"\0\0\0\0"), "E:08P01"));
    }
    cases.extend([
        Case::new("SSLRequest in a session", b"\0\0\0\x08\x04\xd2\x16\x2f", "E:08P01"),
        Case::new("CancelRequest in a session", b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x07key!", "E:08P01"),
        Case::new("a handshake of TLS in a session", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "E:08P01"),
        Case::new("HTTP in a session", b"GET / HTTP/1.1\r\n\r\n", "E:08P01"),
        Case::new("a password in a session", message(b'p', b"secret\0"), "E:08P01"),
    ]);
    cases
}

fn wrong_state() -> Vec<Case> {
    let data = message(b'd', b"1\tx\n");
    let done = message(b'c', b"");
    vec![
        Case::new("CopyData outside of a COPY", data.clone(), "Z:I alive"),
        Case::new("CopyDone outside of a COPY", done.clone(), "Z:I alive"),
        Case::new("CopyFail outside of a COPY", message(b'f', b"no\0"), "Z:I alive"),
        Case::new("CopyData after an error", [execute("none", 0), data.clone()].concat(), "E:34000 Z:I alive"),
        Case::new(
            "CopyData while rows are sent",
            [query("SELECT g FROM generate_series(1, 5000) g"), data].concat(),
            "D C Z:I alive",
        ),
        Case::new(
            "FunctionCall of a function that is none",
            message(b'F', b"\xff\xff\xff\xff\0\0\0\0\0\0"),
            "E:0A000 Z:I alive",
        ),
        Case::new(
            "FunctionCall that lies about its arguments",
            message(b'F', b"\0\0\x05\x13\0\x01\0\0\xff\xff"),
            "E:0A000 Z:I alive",
        ),
        Case::new("FunctionCall of lo_tell on what is not open", message(b'F', &call(958, 1)), "E:42704 Z:I alive"),
        Case::new("FunctionCall of lo_tell without its argument", message(b'F', &call(958, 0)), "E:08P01 Z:I alive"),
        Case::new(
            "FunctionCall of lo_tell with more arguments than it has bytes",
            message(b'F', b"\0\0\x03\xbe\0\0\xff\xff\0\0"),
            "E:08P01 Z:I alive",
        ),
        Case::new("FunctionCall of lo_import", message(b'F', &call(764, 1)), "E:0A000 Z:I alive"),
        Case::new(
            "FunctionCall behind an error without Sync",
            [execute("none", 0), message(b'F', &call(958, 1))].concat(),
            "E:34000 Z:I alive",
        ),
        Case::new(
            "Query behind an error without Sync",
            [execute("none", 0), query("SELECT 1")].concat(),
            "E:34000 Z:I alive",
        ),
        Case::new("Terminate behind an error", [execute("none", 0), message(b'X', b"")].concat(), ""),
        Case::new("Terminate, then more", [message(b'X', b""), query("SELECT 1")].concat(), ""),
    ]
}

/// Within COPY FROM STDIN, of an open table and of a sealed one.
fn copies() -> Vec<Case> {
    let (done, fail) = (message(b'c', b""), message(b'f', b"no\0"));
    let tables = [
        ("open", "COPY scratch FROM STDIN", "71\tx\n"),
        ("sealed", "COPY employees (id, login, name, branch_id, phone) FROM STDIN", "71\tl71\tn\t1\t13700000071\n"),
    ];
    let mut cases = Vec::new();
    for (kind, sql, line) in tables {
        let data = message(b'd', line.as_bytes());
        let mut case = |name: &str, parts: &[&[u8]], expect| {
            let bytes = [query(sql), parts.concat()].concat();
            cases.push(Case::new(format!("COPY of an {kind} table: {name}"), bytes, expect));
        };
        for (name, kind, body) in messages() {
            match kind {
                b'd' | b'c' | b'f' | b'X' => {}
                b'S' | b'H' => case(&format!("{name} within"), &[&message(kind, b""), &fail], "G E:57014 Z:I alive"),
                _ => case(&format!("{name} within"), &[&message(kind, &body)], "G E:08P01"),
            }
        }
        case("a password within", &[&message(b'p', b"x\0")], "E:08P01");
        case("Terminate within", &[&data, &message(b'X', b"")], "G");
        case("a byte too many in CopyDone", &[&message(b'c', b"x")], "G E:08P01 Z:I alive");
        case("CopyFail without its end", &[&message(b'f', b"no")], "G E:08P01 Z:I alive");
        case("data that announces more", &[&announced(b'd', 10_000, line.as_bytes())], "G…");
        case("data of a negative length", &[&announced(b'd', -5, b"")], "E:08P01");
        case("no line at all", &[&done], "G C Z:I alive");
        case("empty data", &[&message(b'd', b""), &message(b'd', b""), &done], "G C Z:I alive");
        case("a line that does not end", &[&message(b'd', b"72"), &done], "G E:22P04 Z:I alive");
        case("columns that do not come", &[&message(b'd', b"73\n"), &done], "G E:22P04 Z:I alive");
        case(
            "columns too many",
            &[&message(b'd', &[line.trim_end(), "\tx\ty\tz\n"].concat().into_bytes()), &done],
            "G E:22P04 Z:I alive",
        );
        case("not UTF-8", &[&message(b'd', b"74\t\xff\tn\t1\t\xff\n"), &done], "G E:22021 Z:I alive");
        case("CopyDone twice", &[&fail, &done, &done], "G E:57014 Z:I alive");
        let binary = sql.replace("STDIN", "STDIN (FORMAT binary)");
        let mut case = |name: &str, body: &[u8], expect| {
            let bytes = [query(&binary), message(b'd', body), done.clone()].concat();
            cases.push(Case::new(format!("binary COPY of an {kind} table: {name}"), bytes, expect));
        };
        let header = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
        let after = |rest: &[u8]| [&header[..], rest].concat();
        case("no header", b"", "G E:22P04 Z:I alive");
        case("another header", b"PGCOPY\n\xfe\r\n\0\0\0\0\0\0\0\0\0", "G E:22P04 Z:I alive");
        case("half a header", b"PGCOPY", "G E:22P04 Z:I alive");
        case("no end", &after(b""), "G C Z:I alive");
        case("another number of fields", &after(b"\0\x63"), "G E:22P04 Z:I alive");
        case("a negative number of fields", &after(b"\xff\xfe"), "G E:22P04 Z:I alive");
        case(
            "a field longer than the data",
            &after(b"\0\x02\x7f\xff\xff\xff"),
            if kind == "open" { "G E:54000 Z:I alive" } else { "G E:22P04 Z:I alive" },
        );
        case("a field of length -2", &after(b"\0\x05\xff\xff\xff\xfe"), "G E:22P04 Z:I alive");
        case("data behind the end", &after(b"\xff\xffmore"), "G E:22P04 Z:I alive");
    }
    cases
}

/// SQL that is meant to hurt whoever reads it.
fn texts() -> Vec<Case> {
    let deep = |open: &str, close: &str, count: usize| {
        query(&format!("SELECT {}1{}", open.repeat(count), close.repeat(count)))
    };
    let named_so =
        |name: &str, sql: &str| [parse(name, sql, &[]), bind("", name, &[], &[], &[]), execute("", 0)].concat();
    let fetched =
        [query("BEGIN"), parse("f", "FETCH 1 FROM cur", &[]), bind("cur", "f", &[], &[], &[]), execute("cur", 0)]
            .concat();
    let circle = "BEGIN; CREATE VIEW v1 AS SELECT phone FROM customers; CREATE VIEW v2 AS SELECT * FROM v1; CREATE OR REPLACE VIEW v1 AS SELECT * FROM v2";
    vec![
        Case::new("Query: not UTF-8", message(b'Q', b"SELECT '\xff'\0"), "E:22021 Z:I alive"),
        Case::new("Parse: not UTF-8", message(b'P', b"\0SELECT '\xff'\0\0\0"), "E:22021 Z:I alive"),
        Case::new("Query: NUL within", message(b'Q', b"SELECT 1\0; SELECT 2\0"), "E:08P01 Z:I alive"),
        Case::new("Query: 100,000 parentheses", deep("(", ")", 100_000), "E:54001 Z:I alive"),
        Case::new("Query: 100,000 minus signs", deep("- ", "", 100_000), "E:54001 Z:I alive"),
        Case::new("Query: 20,000 subqueries", deep("(SELECT ", ")", 20_000), "E:54001 Z:I alive"),
        Case::new("Query: an open comment", query("SELECT 1 /* /* */"), "E:42601 Z:I alive"),
        Case::new("Query: an open string", query("SELECT 'x"), "E:42601 Z:I alive"),
        Case::new("Query: 100,000 semicolons", query(&";".repeat(100_000)), "I Z:I alive"),
        Case::new("Query: 17 MiB", query(&format!("SELECT '{}'", "x".repeat(17 << 20))), "E:54000 Z:I alive"),
        Case::new("Parse: 17 MiB", parse("", &format!("SELECT '{}'", "x".repeat(17 << 20)), &[]), "E:54000 Z:I alive"),
        Case::new(
            "Parse: a parameter of number 2,000,000,000",
            parse("", "SELECT $2000000000", &[]),
            "E:42P02 Z:I alive",
        ),
        Case::new("a statement that executes itself", named_so("t", "EXECUTE t"), "1 2 E:54001 Z:I alive"),
        Case::new("a statement that explains itself", named_so("t", "EXPLAIN EXECUTE t"), "1 2 D C Z:I alive"),
        Case::new(
            "a statement that makes a table of itself",
            named_so("t", "CREATE TABLE x AS EXECUTE t"),
            "1 2 E:42809 Z:I alive",
        ),
        Case::new("a portal that fetches from itself", fetched, "C Z:T 1 2 E:55000 Z:E E:25P02 Z:E"),
        Case::new(
            "views in a circle",
            [query(circle), query("SELECT * FROM v1")].concat(),
            "C Z:T E:0A000 Z:E E:25P02 Z:E",
        ),
    ]
}

/// Many of one message without reading an answer: what is held for them is bounded.
fn floods() -> Vec<Case> {
    let many = |message: &[u8], count: usize| message.repeat(count);
    let named: Vec<u8> = (0..10_100).flat_map(|n| parse(&format!("s{n}"), "SELECT 1", &[])).collect();
    vec![
        Case::new("30,000 Sync", many(&message(b'S', b""), 30_000), "Z:I alive"),
        Case::new("30,000 Flush", many(&message(b'H', b""), 30_000), "Z:I alive"),
        Case::new("30,000 Parse", many(&parse("", "SELECT 1", &[]), 30_000), "1 Z:I alive"),
        Case::new("30,000 Close", many(&super::support::frames::named(b'C', b'S', "none"), 30_000), "3 Z:I alive"),
        Case::new(
            "an error behind a flood",
            many(&[execute("none", 0), message(b'S', b"")].concat(), 1),
            "E:34000 Z:I alive",
        ),
        Case::new("10,100 statements", named, "1 E:54000 Z:I alive"),
        Case::new("64 MiB of data nobody asked for", many(&message(b'd', &vec![b'x'; 1 << 20]), 64), "Z:I alive"),
    ]
}
