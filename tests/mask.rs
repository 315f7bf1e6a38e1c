//! Every preset twice: what Rust shows of a value is what the server computes with the preset's SQL.

mod support;

use pgveil::mask::{Mask, PRESETS, type_name};
use pgveil::policy::parse_type;
use pgveil::value::LogicalType;
use support::postgres::Server;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

const TEXT_TYPES: [&str; 6] = ["text", "varchar", "varchar(120)", "varchar(5)", "char(18)", "char(2)"];
const NUMBERS: &[&str] = &["0", "1", "-1", "9", "999", "1000", "-1000", "1999", "-1999", "32767", "-32768"];
const DECIMALS: &[&str] =
    &["0.5", "-0.5", "999.99", "-999.99", "12345.67", "-12345.67", "1234567890.12", "0.01", "NaN"];
const DATES: &[&str] =
    &["1990-05-17", "2000-02-29", "1999-12-31", "0001-01-01", "0044-03-15 BC", "infinity", "-infinity"];

async fn connect(server: &Server) -> Client {
    let options = format!("host=127.0.0.1 port={} user=postgres dbname=postgres", server.port());
    let (client, connection) = tokio_postgres::connect(&options, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Several hundred texts: every example, every prefix of some, and what breaks byte-wise code.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = PRESETS.iter().flat_map(|p| [p.input, p.output]).map(str::to_owned).collect();
    let seeds = [
        "13812345678",
        "+86-13812345678",
        "11010519491231002X",
        "6228 4800 1234 5678 903",
        "欧阳娜娜的很长名字",
        "阿卜杜拉·买买提",
        "𠮷田太郎",
        "John Ronald Smith",
        "Zoë Müller",
        "新疆维吾尔自治区乌鲁木齐市天山区解放路9号",
        "内蒙古自治区鄂尔多斯市达拉特旗树林召镇",
        "广东省东莞市长安镇金色小区3栋",
        "江苏省苏州市工业园区社区街区厂区8号",
        "郑州市红旗路8号",
        "\"a@b\"@mail.example.cn",
        "wang.xiaoming@bank.com",
        "@@",
        "1990年05月17日",
        "2024/02/29 10:11",
        "0512-62345678 ext 9",
        "021 62345678",
        "0101234567",
        "it's a \\ back\\slash|bar",
        "******",
        "****",
        "　全角１２３４５６７８９０１２",
        "é́e\u{301}ñ",
        "  leading and inner  blanks",
    ];
    for seed in seeds {
        let characters: Vec<char> = seed.chars().collect();
        texts.extend((0..=characters.len()).map(|end| characters[..end].iter().collect::<String>()));
    }
    for n in 0u64..60 {
        texts.push(format!("1{:010}", n * 982_451_653 % 10_000_000_000));
        texts.push(format!("622588{:010}", n * 982_451_653 % 10_000_000_000));
        texts.push(format!("19{:02}-{:02}-{:02}", n, n % 12 + 1, n % 28 + 1));
    }
    texts.sort();
    texts.dedup();
    texts
}

fn values_for(ty: LogicalType, written: &str) -> Vec<String> {
    let all = |lists: &[&[&str]]| lists.concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    match written {
        "smallint" => all(&[NUMBERS]),
        "integer" | "bigint" => all(&[NUMBERS, &["2147483647", "-2147483648"]]),
        "numeric(18,2)" | "numeric(30,5)" => all(&[NUMBERS, DECIMALS]),
        "numeric" => all(&[NUMBERS, DECIMALS, &["1e40", "-1e-20", "Infinity", "-Infinity"]]),
        "date" => all(&[DATES, &["5874897-12-31", "4713-11-24 BC"]]),
        "timestamp" | "timestamp(3)" | "timestamptz" => {
            let with_time =
                DATES.iter().filter(|date| !date.contains(['B', 'y'])).map(|date| format!("{date} 23:59:59.987"));
            all(&[DATES]).into_iter().chain(with_time).chain(["294276-12-31 23:00:00".to_owned()]).collect()
        }
        _ if ty.is_text() => texts(),
        _ => Vec::new(),
    }
}

fn quote(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

async fn rows(client: &Client, sql: &str) -> Vec<Vec<Option<String>>> {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
        _ => None,
    };
    messages.into_iter().filter_map(row).collect()
}

/// One preset on one type; the number of values compared.
async fn compare(client: &Client, mask: &Mask, written: &str) -> usize {
    let ty = parse_type(written).unwrap();
    let sql_type = type_name(ty);
    let expression = mask.sql(ty, "t.\"the column\"").unwrap();
    let values = values_for(ty, written);
    let list: Vec<String> =
        values.iter().enumerate().map(|(at, v)| format!("({at}, CAST({} AS {sql_type}))", quote(v))).collect();
    let setup = format!(
        "DROP TABLE IF EXISTS t, m; CREATE TEMP TABLE t (n int, \"the column\" {sql_type}); \
         INSERT INTO t VALUES {}, (-1, NULL); \
         CREATE TEMP TABLE m AS SELECT n, t.\"the column\" AS clear, {expression} AS masked FROM t; \
         CREATE INDEX ON t (({}))",
        list.join(", "),
        expression.replace("t.\"the column\"", "\"the column\"")
    );
    rows(client, &setup).await;
    let types = rows(
        client,
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'm'::regclass AND attnum > 1 ORDER BY attnum",
    )
    .await;
    assert_eq!(types[0], types[1], "{} on {written} changes the type", mask.name);
    let compared = rows(client, "SELECT clear, masked FROM m ORDER BY n").await;
    assert_eq!(compared[0], [None, None], "{} on {written}: NULL stays NULL", mask.name);
    for row in &compared[1..] {
        let clear = row[0].as_deref().unwrap();
        let rust = mask.apply(ty, clear, None);
        assert_eq!(row[1].as_deref(), Some(rust.as_str()), "{} on {written} of {clear:?}", mask.name);
    }
    compared.len()
}

#[tokio::test(flavor = "current_thread")]
async fn server_and_proxy_show_the_same() {
    let server = Server::start_with(&["TimeZone=UTC"]);
    let client = connect(&server).await;
    let types = [
        &TEXT_TYPES[..],
        &["smallint", "integer", "bigint", "numeric", "numeric(18,2)", "numeric(30,5)"],
        &["date", "timestamp", "timestamp(3)", "timestamptz"],
    ]
    .concat();
    let extra = [
        "amount-bucket:1",
        "amount-bucket:1000000",
        "keep:0-0",
        "keep:0-3",
        "keep:9-0",
        "mask-ends:0-5",
        "mask-range:0-3",
        "keep-range:0-0",
        "fixed:it's\\*",
    ];
    let mut compared = 0;
    for spec in PRESETS.iter().map(|preset| preset.spec).chain(extra) {
        let mask = Mask::parse(spec).unwrap();
        for written in &types {
            let ty = parse_type(written).unwrap();
            assert_eq!(mask.sql(ty, "c").is_some(), mask.fits(ty).is_ok() && !mask.needs_key(), "{spec} on {written}");
            if mask.sql(ty, "c").is_some() {
                compared += compare(&client, &mask, written).await;
            }
        }
    }
    assert!(compared > 50_000, "only {compared} values compared");
}

/// Whoever shadows functions or operators must not be handed the clear value.
#[test]
fn expressions_name_nothing_that_can_be_shadowed() {
    for preset in PRESETS {
        let Some(sql) = Mask::parse(preset.spec).unwrap().sql(preset.ty(), "c") else { continue };
        let parsed = pg_query::parse(&format!("SELECT {sql}"), 0).unwrap();
        for (node, ..) in parsed.protobuf.nodes() {
            match node {
                pg_query::NodeRef::FuncCall(call) => assert_eq!(call.funcname.len(), 2, "{}: {sql}", preset.spec),
                pg_query::NodeRef::TypeName(ty) => assert_eq!(ty.names.len(), 2, "{}: {sql}", preset.spec),
                pg_query::NodeRef::AExpr(_) => panic!("{}: an operator in {sql}", preset.spec),
                _ => {}
            }
        }
    }
}

/// The write-back guard must know every mask that a caller can have been shown, cut to its type or not.
#[test]
fn every_mask_that_was_shown_is_known_again() {
    for spec in PRESETS.iter().map(|preset| preset.spec) {
        let mask = Mask::parse(spec).unwrap();
        for written in TEXT_TYPES {
            let ty = parse_type(written).unwrap();
            if mask.fits(ty).is_err() || mask.output_is_legal_value(ty) {
                continue;
            }
            let max_chars = usize::try_from(ty.typmod - 4).unwrap_or(usize::MAX);
            for clear in texts().iter().map(|text| text.chars().take(max_chars).collect::<String>()) {
                let shown = mask.apply(ty, &clear, None);
                let known = mask.looks_masked(ty, &shown) || shown.trim_end_matches(' ').is_empty();
                assert!(known, "{spec} on {written}: {shown:?} of {clear:?}");
                assert!(
                    clear.contains('*') || !mask.looks_masked(ty, &clear),
                    "{spec} on {written}: {clear:?} is clear"
                );
            }
        }
    }
}
