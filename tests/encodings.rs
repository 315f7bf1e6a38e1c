//! Conversions between client encodings and UTF-8, held against PostgreSQL's own.

mod support;

use std::collections::BTreeMap;

use pgveil::reveal::encoding;
use support::postgres::Server;
use support::wire::Client;

const ENCODINGS: &[&str] = &[
    "GBK", "EUC_CN", "GB18030", "BIG5", "SJIS", "EUC_JP", "EUC_KR", "UHC", "LATIN1", "LATIN2", "LATIN9", "KOI8R",
    "WIN1250", "WIN1251", "WIN1252", "WIN1253", "WIN1254", "WIN1255", "WIN1256", "WIN1257", "WIN1258",
];

const SETUP: &str = "CREATE FUNCTION utf8_of(b bytea, encoding name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN convert_from(b, encoding); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
CREATE FUNCTION bytes_of(t text, encoding name) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN RETURN convert_to(t, encoding); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;";

#[test]
fn experiment() {
    let server = Server::start();
    let mut client = Client::connect(server.port(), "postgres", "postgres").unwrap();
    client.must(SETUP);
    for name in ENCODINGS {
        let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let sql = format!(
            "WITH high AS (SELECT set_byte('\\x00', 0, n) b FROM generate_series(128, 255) n),
            anything AS (SELECT set_byte('\\x00', 0, n) b FROM generate_series(1, 255) n),
            candidates AS (SELECT b FROM high UNION ALL SELECT high.b || anything.b FROM high, anything
              UNION ALL SELECT '\\x8f' || h.b || i.b FROM high h, high i WHERE '{name}' = 'EUC_JP')
            SELECT encode(b, 'hex'), utf8_of(b, '{name}') FROM candidates"
        );
        for row in client.must(&sql).rows {
            let hex = String::from_utf8(row[0].clone().unwrap()).unwrap();
            let bytes: Vec<u8> =
                (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
            let ours = encoding::to_utf8(name, &bytes).ok().map(|c| c.into_owned());
            let theirs = row[1].clone();
            let kind = match (&ours, &theirs) {
                (None, None) => continue,
                (a, b) if a == b => "same",
                (Some(_), None) => "only ours",
                (None, Some(_)) => "only theirs",
                _ => "different",
            };
            kinds.entry(kind).or_default().push(format!(
                "{hex}:{:?}/{:?}",
                ours.map(|b| String::from_utf8_lossy(&b).into_owned()),
                theirs.map(|b| String::from_utf8_lossy(&b).into_owned())
            ));
        }
        println!("DEC {name}:");
        for (k, v) in &kinds {
            println!(
                "   {k}: {} {}",
                v.len(),
                if *k == "same" { String::new() } else { v.iter().take(12).cloned().collect::<Vec<_>>().join(" ") }
            );
        }
        let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let sql = format!(
            "SELECT chr(n), encode(bytes_of(chr(n), '{name}'), 'hex') FROM generate_series(128, 65535) n WHERE n NOT BETWEEN 55296 AND 57343"
        );
        for row in client.must(&sql).rows {
            let text = row[0].clone().unwrap();
            let ours =
                encoding::from_utf8(name, &text).ok().map(|b| b.iter().map(|b| format!("{b:02x}")).collect::<String>());
            let theirs = row[1].clone().map(|b| String::from_utf8(b).unwrap());
            let kind = match (&ours, &theirs) {
                (None, None) => continue,
                (a, b) if a == b => "same",
                (Some(_), None) => "only ours",
                (None, Some(_)) => "only theirs",
                _ => "different",
            };
            kinds.entry(kind).or_default().push(format!(
                "{:?}:{ours:?}/{theirs:?}",
                String::from_utf8_lossy(&text).chars().next().map(|c| c as u32)
            ));
        }
        println!("ENC {name}:");
        for (k, v) in &kinds {
            println!(
                "   {k}: {} {}",
                v.len(),
                if *k == "same" { String::new() } else { v.iter().take(12).cloned().collect::<Vec<_>>().join(" ") }
            );
        }
    }
}
