//! Conversions between client encodings and UTF-8, held against PostgreSQL's own: where both convert a character they
//! agree, and the proxy converts nothing that PostgreSQL does not.

mod support;

use pgveil::demo::schema;
use pgveil::reveal::encoding;
use support::postgres::Server;
use support::proxy::Proxy;
use support::twins::Twins;
use support::wire::Client;

/// With how many of the single and double bytes, and of the characters up to U+FFFF, the proxy must convert at least.
const ENCODINGS: &[(&str, usize, usize)] = &[
    ("GBK", 21_700, 21_700),
    ("BIG5", 13_400, 13_400),
    ("EUC_CN", 7_400, 7_400),
    ("GB18030", 23_900, 63_300),
    ("SJIS", 7_300, 7_300),
    ("EUC_JP", 7_000, 7_000),
    ("EUC_KR", 8_200, 8_200),
    ("UHC", 17_000, 17_000),
    ("LATIN1", 128, 128),
    ("LATIN2", 128, 128),
    ("LATIN9", 128, 128),
    ("KOI8R", 128, 128),
    ("WIN1250", 123, 123),
    ("WIN1251", 127, 127),
    ("WIN1252", 123, 123),
    ("WIN1253", 111, 111),
    ("WIN1254", 121, 121),
    ("WIN1255", 105, 105),
    ("WIN1256", 128, 128),
    ("WIN1257", 116, 116),
    ("WIN1258", 119, 119),
];

/// The server's converters raise an error for what they cannot convert: here that is NULL.
const SETUP: &str = "CREATE FUNCTION utf8_of(b bytea, encoding name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN convert_from(b, encoding); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
CREATE FUNCTION bytes_of(t text, encoding name) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN RETURN convert_to(t, encoding); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;";

#[test]
fn converters_agree_with_postgresql() {
    let server = Server::start();
    let mut client = Client::connect(server.port(), "postgres", "postgres").unwrap();
    client.must(SETUP);
    for (name, least_decoded, least_encoded) in ENCODINGS {
        let decoded = decode_all(&mut client, name);
        assert!(decoded >= *least_decoded, "{name}: only {decoded} byte sequences are decoded");
        let encoded = encode_all(&mut client, name);
        assert!(encoded >= *least_encoded, "{name}: only {encoded} characters are encoded");
    }
}

/// Literals, bound values and COPY, for a sealed column and a plain one.
#[test]
fn what_sessions_of_other_encodings_write_is_read_by_every_other() {
    const SIMPLIFIED: &str = "王小明，深圳市\u{3000}南山区";
    // Its second and third characters end with the byte of a backslash
    const TRADITIONAL: &str = "王功許，臺北市";
    let twins = Twins::start(&[]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    let bank = |name: &str| match name {
        "twin" => twins.connect("app", "twin"),
        _ => Client::connect(proxy.port(), "app", "bank").unwrap(),
    };
    for name in ["twin", "bank"] {
        let mut utf8 = bank(name);
        let branch = "INSERT INTO branches VALUES (901, 'X', 'x', 'y')";
        utf8.must(branch);
        let sessions = [
            ("GBK", SIMPLIFIED),
            ("GB18030", SIMPLIFIED),
            ("EUC_CN", SIMPLIFIED),
            ("BIG5", TRADITIONAL),
            ("UTF8", SIMPLIFIED),
        ];
        for (at, (encoding, written)) in sessions.iter().enumerate() {
            let encoded = |sql: &str| encoding::from_utf8(encoding, sql.as_bytes()).unwrap().into_owned();
            let mut session = bank(name);
            session.must(&format!("SET client_encoding TO '{encoding}'"));
            let id = 800_000 + at * 10;
            let insert = |id: usize, value: &str| {
                format!(
                    "INSERT INTO customers (id, name, id_number, notes, address, branch_id) VALUES ({id}, 'n', '{id}', {value}, {value}, 901)"
                )
            };
            let reply = session.query(&encoded(&insert(id, &format!("'{written}'"))));
            assert_eq!(reply.failure, None, "{name} {encoding}");
            session.must(&insert(id + 1, "NULL"));
            let update = "UPDATE customers SET notes = $1, address = $2 WHERE id = $3";
            let values = [encoded(written), encoded(written), (id + 1).to_string().into_bytes()];
            assert_eq!(session.execute_bytes(update, &values).failure, None, "{name} {encoding}");
            let row = format!("{}\tn\t{}\t{written}\t{written}\t901\n", id + 2, id + 2);
            let copy = "COPY customers (id, name, id_number, notes, address, branch_id) FROM STDIN";
            assert_eq!(session.simple(copy, Some(&encoded(&row))).failure, None, "{name} {encoding}");
            let own = session.must(&format!("SELECT notes, address FROM customers WHERE id >= {id}")).rows;
            assert_eq!(own, vec![vec![Some(encoded(written)); 2]; 3], "{name} {encoding}");
            let read = utf8.must(&format!("SELECT notes, address FROM customers WHERE id >= {id}")).rows;
            assert_eq!(read, vec![vec![Some((*written).to_owned().into_bytes()); 2]; 3], "{name} {encoding}");
        }
    }
}

/// The mask of a name looks for compound surnames, which these encodings lack or have in part.
#[test]
fn masks_hold_where_the_encoding_lacks_their_characters() {
    let twins = Twins::start(&[]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    let mut app = Client::connect(proxy.port(), "app", "bank").unwrap();
    app.must("INSERT INTO branches VALUES (901, 'X', 'x', 'y')");
    app.must("INSERT INTO customers (id, name, id_number, branch_id) VALUES (800001, 'Jane Doe', '1', 901), (800002, '司马光', '2', 901)");
    for (encoding, chinese) in [
        ("LATIN1", false),
        ("LATIN2", false),
        ("WIN1252", false),
        ("EUC_KR", false),
        ("SJIS", false),
        ("EUC_CN", true),
        ("UTF8", true),
    ] {
        let mut teller = Client::connect(proxy.port(), "teller", "bank").unwrap();
        teller.must(&format!("SET client_encoding TO '{encoding}'"));
        let mut name =
            |id: u32| teller.must(&format!("SELECT name FROM customers WHERE id = {id}")).rows.remove(0).remove(0);
        assert_eq!(name(800_001).as_deref(), Some(&b"J***"[..]), "{encoding}");
        if chinese {
            let masked = encoding::from_utf8(encoding, "司马*".as_bytes()).unwrap().into_owned();
            assert_eq!(name(800_002), Some(masked), "{encoding}");
        }
    }
}

/// A literal of a session's encoding is sealed as the characters that the server would have made of it, or refused.
#[test]
fn literals_are_sealed_as_the_server_reads_them() {
    let twins = Twins::start(&[]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    let mut plain = Client::connect(twins.server.port(), "postgres", "postgres").unwrap();
    plain.must(SETUP);
    let mut app = Client::connect(proxy.port(), "app", "bank").unwrap();
    app.must("INSERT INTO branches VALUES (901, 'X', 'x', 'y')");
    app.must("INSERT INTO customers (id, name, id_number, branch_id) VALUES (800001, 'n', '1', 901)");
    // How many of the groups of 64 characters must be answered; the others hold one that is not certain
    for (encoding, least) in [
        ("GBK", 341),
        ("GB18030", 982),
        ("BIG5", 204),
        ("EUC_CN", 115),
        ("EUC_TW", 0),
        ("SJIS", 114),
        ("EUC_JP", 6),
        ("EUC_KR", 128),
        ("UHC", 265),
        ("WIN1252", 2),
        ("LATIN1", 2),
    ] {
        let characters = format!(
            "SELECT utf8_of(bytes, '{encoding}'), encode(bytes, 'hex')
             FROM generate_series(128, 65535) n, bytes_of(chr(n), '{encoding}') bytes
             WHERE n NOT BETWEEN 55296 AND 57343 AND utf8_of(bytes, '{encoding}') IS NOT NULL"
        );
        let rows = plain.must(&characters).rows;
        let mut session = Client::connect(proxy.port(), "app", "bank").unwrap();
        session.must(&format!("SET client_encoding TO '{encoding}'"));
        let mut sealed = 0;
        for rows in rows.chunks(64) {
            let text: Vec<u8> = rows.iter().flat_map(|row| row[0].clone().unwrap()).collect();
            let bytes: Vec<u8> = rows.iter().flat_map(|row| from_hex(row[1].as_deref().unwrap())).collect();
            let update = [b"UPDATE customers SET address = '", &bytes[..], b"' WHERE id = 800001"].concat();
            if let Some(failure) = session.query(&update).failure {
                // 22021: JIS X 0212, which the proxy does not read
                assert!(["0A000", "22021"].contains(&&*failure.sqlstate), "{encoding}: {failure:?}");
                continue;
            }
            sealed += 1;
            let stored = app.must("SELECT address FROM customers WHERE id = 800001").rows.remove(0).remove(0);
            assert_eq!(stored, Some(text), "{encoding}");
        }
        assert!(sealed >= least, "{encoding}: {sealed} of {}", rows.len().div_ceil(64));
    }
    // What reaches nothing protected goes as it came, also where it runs code that is only watched
    app.must("CREATE FUNCTION same(t text) RETURNS text LANGUAGE sql AS 'SELECT t'");
    let mut session = Client::connect(proxy.port(), "app", "bank").unwrap();
    session.must("SET client_encoding TO 'SJIS'");
    for sql in [
        &b"SELECT id FROM customers WHERE phone = '\x81\x91\x87\x8a'"[..],
        b"DELETE FROM customers WHERE phone IN ('\x87\x8a')",
        b"INSERT INTO customers (id, name, id_number, branch_id) VALUES (800002, 'n', '\x87\x8a', 901)",
        b"PREPARE p AS UPDATE customers SET address = '\x87\x8a' WHERE id = 1",
        b"DECLARE c CURSOR WITH HOLD FOR SELECT id FROM customers WHERE phone = '\x87\x8a'",
        b"SELECT 1; UPDATE customers SET phone = '\x87\x8a'",
    ] {
        assert_eq!(session.query(sql).failure.map(|failure| failure.sqlstate).as_deref(), Some("0A000"));
    }
    session.must("PREPARE q AS UPDATE customers SET phone = $1 WHERE id = 1");
    assert!(session.query(b"EXECUTE q ('\x87\x8a')").failure.is_some());
    let reply = session.query(b"SELECT same('\x87\x8a');");
    assert_eq!(
        (reply.rows, reply.failure),
        (vec![vec![Some(b"\xfa\x58".to_vec())]], None),
        "PostgreSQL's own code for it"
    );
}

fn decode_all(client: &mut Client, name: &str) -> usize {
    let sql = format!(
        "WITH first AS (SELECT set_byte('\\x00', 0, n) b FROM generate_series(128, 255) n),
              second AS (SELECT set_byte('\\x00', 0, n) b FROM generate_series(1, 255) n),
              candidates AS (SELECT b FROM first UNION ALL SELECT first.b || second.b FROM first, second)
         SELECT encode(b, 'hex'), utf8_of(b, '{name}') FROM candidates"
    );
    let mut agreed = 0;
    for row in client.must(&sql).rows {
        let bytes = from_hex(row[0].as_deref().unwrap());
        if let Ok(ours) = encoding::to_utf8(name, &bytes) {
            assert_eq!(Some(&*ours), row[1].as_deref(), "{name}: {bytes:x?}");
            agreed += 1;
        }
    }
    agreed
}

fn encode_all(client: &mut Client, name: &str) -> usize {
    let sql = format!(
        "SELECT chr(n), encode(bytes_of(chr(n), '{name}'), 'hex')
         FROM generate_series(128, 65535) n WHERE n NOT BETWEEN 55296 AND 57343"
    );
    let mut agreed = 0;
    for row in client.must(&sql).rows {
        let text = row[0].as_deref().unwrap();
        if let Ok(ours) = encoding::from_utf8(name, text) {
            let theirs = row[1].as_deref().map(from_hex);
            assert_eq!(Some(&*ours), theirs.as_deref(), "{name}: {}", String::from_utf8_lossy(text));
            agreed += 1;
        }
    }
    agreed
}

fn from_hex(hex: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    hex.chunks_exact(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}
