//! Every type against a real server: what is read, printed and compared is what PostgreSQL reads, prints and compares.
//!
//! Three rules hold for every input, hand-written or generated: where we read a value, the server takes it and prints
//! the same; where we report an error, the server reports the same SQLSTATE; anything else is refused with 0A000.

#[path = "value/inputs.rs"]
mod inputs;
mod support;

use std::error::Error;

use bytes::BytesMut;
use inputs::{Random, inputs, must_read, tricky};
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
async fn floats_are_assigned_as_the_server_does() {
    let server = Server::start();
    let client = connect(&server).await;
    let mut random = Random(99);
    let mut inputs = inputs(Kind::Numeric, 300, 99);
    inputs.extend(
        (0..300)
            .map(|_| f64::from_bits((random.below(1 << 31) as u64) << 32 | random.below(1 << 31) as u64).to_string()),
    );
    inputs.extend((0..300).map(|_| (random.below(1 << 31) as f64 / f64::from(1 << random.below(31))).to_string()));
    let mut read = 0;
    for written in ["numeric", "numeric(10,2)", "numeric(18,4)", "numeric(3,-2)"] {
        let ty = ty(written);
        for (source, oid) in [("real", 700), ("double precision", 701)] {
            let stored = stored(&client, written, source, &inputs, STYLES[0]).await;
            for (input, expect) in inputs.iter().zip(&stored) {
                let assigned = |format, bytes: &[u8]| ty.read(oid, format, bytes, &style(STYLES[0]), Purpose::Assign);
                let what = format!("{input:?} as {source} for {written}");
                read += usize::from(judge(&what, &assigned(Format::Text, input.as_bytes()), ty, expect));
                let bytes = match oid {
                    700 => input.parse::<f32>().map(|value| value.to_be_bytes().to_vec()),
                    _ => input.parse::<f64>().map(|value| value.to_be_bytes().to_vec()),
                };
                // what is out of range as text is infinite or zero as bytes
                if let Ok(bytes) = bytes
                    && !expect.starts_with("error")
                {
                    judge(&format!("{what}, binary"), &assigned(Format::Binary, &bytes), ty, expect);
                }
                let compared = ty.read(oid, Format::Text, input.as_bytes(), &style(STYLES[0]), Purpose::Compare);
                assert_eq!(compared.map_err(|error| error.code.0).err(), Some(*b"0A000"), "{what}, compared");
            }
        }
    }
    assert!(read > 1_500, "only {read} values were read");
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

/// A server of a distribution has the machine's tz database, as the proxy has; other builds bring their own.
#[tokio::test(flavor = "current_thread")]
async fn named_zones_are_the_servers() {
    let server = Server::start();
    let client = connect(&server).await;
    let version: String = client.query_one("SHOW server_version", &[]).await.unwrap().get(0);
    if !["Debian", "Ubuntu"].iter().any(|name| version.contains(name)) {
        return println!("not compared: {version}");
    }
    let times = ["01-15 12:00", "04-20 03:30", "07-15 12:00", "10-28 01:30"];
    let locals: Vec<String> = (1890..2045).flat_map(|year| times.map(|time| format!("{year}-{time}:00"))).collect();
    let instants = "SELECT to_char(l::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS+00')
                    FROM unnest($1::text[]) WITH ORDINALITY u(l, n) ORDER BY n";
    let names = client.query("SELECT name FROM pg_timezone_names WHERE name !~ '^(posix|right)/'", &[]).await.unwrap();
    assert!(names.len() > 400, "{} zones", names.len());
    for zone in names.iter().map(|row| row.get::<_, &str>(0)) {
        client.batch_execute(&format!("SET TimeZone = '{zone}'")).await.unwrap();
        let style = style(("ISO, MDY", zone));
        for (local, row) in locals.iter().zip(client.query(instants, &[&locals]).await.unwrap()) {
            let read = ty("timestamptz").read(0, Format::Text, local.as_bytes(), &style, Purpose::Assign).unwrap();
            assert_eq!(read.expose(), row.get::<_, &str>(0), "{local} in {zone}");
        }
    }
    assert!(Style::new("ISO, MDY", "right/Asia/Shanghai").is_err());
}
