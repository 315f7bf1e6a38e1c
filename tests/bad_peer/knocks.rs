//! What a client says first.

use super::Case;
use super::support::frames::{packet, startup, strings};
use super::support::postgres;

const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
const CANCEL: u32 = 80_877_102;
const V3: u32 = 0x0003_0000;

pub fn asks_encryption(bytes: &[u8]) -> bool {
    [SSL, GSS].iter().any(|code| bytes == packet(*code, b""))
}

pub fn cases() -> Vec<Case> {
    [lengths(), versions(), parameters(), encryption(), cancels(), strangers()].into_iter().flatten().collect()
}

fn app(more: &[&str]) -> Vec<u8> {
    startup(&[&["user", "app", "database", "bank"], more].concat())
}

fn lengths() -> Vec<Case> {
    let named = [
        ("0", 0u32),
        ("1", 1),
        ("3", 3),
        ("4", 4),
        ("7", 7),
        ("10,005", 10_005),
        ("2 GiB", 0x7fff_ffff),
        ("-1", u32::MAX),
        ("least", 0x8000_0000),
    ];
    let case = |(name, len): (&str, u32)| {
        let bytes = [&len.to_be_bytes()[..], &app(&[])[4..]].concat();
        Case::new(format!("packet: length {name}"), bytes, "E:08P01")
    };
    let whole = app(&[]);
    let mut cases: Vec<_> = named.into_iter().map(case).collect();
    for len in [0, 1, 4, 7, 8, 9, 20, whole.len() - 1] {
        cases.push(Case::new(format!("packet: {len} bytes of it"), &whole[..len], ""));
    }
    cases
}

fn versions() -> Vec<Case> {
    let words = [strings(&["user", "app", "database", "bank"]), vec![0]].concat();
    let version = |code: u32| packet(code, &words);
    // The server says what it knows where it is asked for more: from 18 on it knows 3.2
    let newer = if postgres::major() < 18 { "v alive" } else { "alive" };
    vec![
        Case::new("protocol 1.0", version(0x0001_0000), "E:0A000"),
        Case::new("protocol 2.0", version(0x0002_0000), "E:0A000"),
        Case::new("protocol 3.0", version(V3), "alive"),
        Case::new("protocol 3.1", version(0x0003_0001), newer),
        Case::new("protocol 3.2", version(0x0003_0002), newer),
        Case::new("protocol 3.9999", version(0x0003_270f), "v alive"),
        Case::new("protocol 4.0", version(0x0004_0000), "E:0A000"),
        Case::new("protocol 0.0", version(0), "E:0A000"),
        Case::new("protocol 259.0", version(0x0103_0000), "E:0A000"),
        Case::new("an unknown option", app(&["_pq_.none", "1"]), "v alive"),
        Case::new("three unknown options", app(&["_pq_.a", "1", "_pq_.b", "", "_pq_.", "x"]), "v alive"),
        Case::new(
            "an unknown option in 3.9999",
            packet(0x0003_270f, &[strings(&["user", "app", "database", "bank", "_pq_.x", "1"]), vec![0]].concat()),
            "v alive",
        ),
    ]
}

fn parameters() -> Vec<Case> {
    let raw = |body: &[u8]| packet(V3, body);
    let long = "x".repeat(64);
    let path = "x".repeat(9_000);
    vec![
        Case::new("no parameters and no end", raw(b""), "E:08P01"),
        Case::new("no parameters", raw(b"\0"), "E:28000"),
        Case::new("an empty user", startup(&["user", "", "database", "bank"]), "E:28000"),
        Case::new("no user", startup(&["database", "bank"]), "E:28000"),
        Case::new("a user of 64 bytes", startup(&["user", &long, "database", "bank"]), "E:28000"),
        Case::new("a database of 64 bytes", startup(&["user", "app", "database", &long]), "E:28000"),
        Case::new("a user that is not UTF-8", raw(b"user\0\xff\xfe\0database\0bank\0\0"), "E:28000"),
        Case::new("a database that is not UTF-8", raw(b"user\0app\0database\0\xff\0\0"), "E:28000"),
        Case::new("a name that is not UTF-8", raw(b"user\0app\0\xff\0x\0\0"), "E:28000"),
        Case::new("two users", startup(&["user", "app", "user", "teller", "database", "bank"]), "E:08P01"),
        Case::new("two databases", app(&["database", "postgres"]), "E:08P01"),
        Case::new("options twice", app(&["options", "", "options", ""]), "E:08P01"),
        Case::new("a name without its value", raw(b"user\0app\0database\0bank\0x\0"), "E:08P01"),
        Case::new("no end", raw(b"user\0app\0database\0bank\0"), "E:08P01"),
        Case::new("no end of the last value", raw(b"user\0app\0database\0bank"), "E:08P01"),
        Case::new("more behind the end", raw(b"user\0app\0database\0bank\0\0x"), "E:08P01"),
        Case::new("a user that is none", startup(&["user", "nobody_here", "database", "bank"]), "E:28000"),
        Case::new("a database without a policy", startup(&["user", "app", "database", "postgres"]), "E:28000"),
        Case::new("a database that is none", startup(&["user", "app", "database", "none"]), "E:28000"),
        Case::new("a database that is the user", startup(&["user", "app"]), "E:28000"),
        Case::new("a setting that is none", app(&["no_such_setting", "1"]), "E:42704"),
        Case::new("a value that a setting does not take", app(&["client_encoding", "none"]), "E:22023"),
        Case::new("a search_path", app(&["search_path", "public"]), "alive"),
        Case::new("a search_path of 9,000 bytes", app(&["search_path", &path]), "alive"),
        Case::new("a search_path twice", app(&["search_path", "x", "SEARCH_PATH", "public"]), "alive"),
        Case::new("a search_path that does not end", app(&["search_path", "\"x"]), "E:22023"),
        Case::new("a search_path in options", app(&["options", "-c search_path=public"]), "alive"),
        Case::new("options that end nowhere", app(&["options", "-c"]), "E:42601"),
        Case::new("replication=true", app(&["replication", "true"]), "E:0A000"),
        Case::new("replication=database", app(&["replication", "database"]), "E:0A000"),
        Case::new("replication=1", app(&["replication", "1"]), "E:0A000"),
        Case::new("replication=on", app(&["replication", "on"]), "E:0A000"),
        Case::new("replication=TRUE", app(&["replication", "TRUE"]), "E:0A000"),
        Case::new("replication=", app(&["replication", ""]), "E:0A000"),
        Case::new("replication=false", app(&["replication", "false"]), "alive"),
        Case::new(
            "an application_name of bytes",
            raw(b"user\0app\0database\0bank\0application_name\0\xff\xfe\x01\0\0"),
            "alive",
        ),
        Case::new("a role that is none", app(&["role", "none_such"]), "E:22023"),
    ]
}

fn encryption() -> Vec<Case> {
    let (ssl, gss) = (packet(SSL, b""), packet(GSS, b""));
    let join = |parts: &[&[u8]]| parts.concat();
    let whole = app(&[]);
    vec![
        Case::new("SSLRequest, then in clear", join(&[&ssl, &whole]), "Nalive"),
        Case::new("GSSENCRequest, then in clear", join(&[&gss, &whole]), "Nalive"),
        Case::new("both, then in clear", join(&[&gss, &ssl, &whole]), "NNalive"),
        Case::new("SSLRequest twice", join(&[&ssl, &ssl, &whole]), "NE:0A000"),
        Case::new("GSSENCRequest twice", join(&[&gss, &gss, &whole]), "NE:0A000"),
        Case::new("SSLRequest with more in it", packet(SSL, b"x"), "E:08P01"),
        Case::new("GSSENCRequest with more in it", packet(GSS, b"xyz"), "E:08P01"),
        Case::new("SSLRequest and nothing more", join(&[&ssl, b""]), ""),
    ]
}

fn cancels() -> Vec<Case> {
    let cancel = |rest: &[u8]| packet(CANCEL, rest);
    vec![
        Case::new("cancel: no process", cancel(b""), "E:08P01"),
        Case::new("cancel: half a process", cancel(b"\0\0"), "E:08P01"),
        Case::new("cancel: no key", cancel(b"\0\0\0\x07"), "E:08P01"),
        Case::new("cancel: a key of one byte", cancel(b"\0\0\0\x07k"), ""),
        Case::new("cancel: a key that is wrong", cancel(b"\0\0\0\x07key!"), ""),
        Case::new("cancel: a key of 256 bytes", cancel(&[7; 260]), ""),
        Case::new("cancel: a key of 257 bytes", cancel(&[7; 261]), "E:08P01"),
        Case::new("cancel: the greatest process", cancel(b"\xff\xff\xff\xffkey!"), ""),
    ]
}

fn strangers() -> Vec<Case> {
    vec![
        Case::new("nothing", b"", ""),
        Case::new("HTTP", b"GET / HTTP/1.1\r\n\r\n", "E:08P01"),
        Case::new("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", "E:08P01"),
        Case::new("Redis", b"*1\r\n$4\r\nPING\r\n", "E:08P01"),
        Case::new("MySQL", b"\x4a\0\0\0\x0a8.0.36\0", "E:08P01"),
        Case::new("direct TLS where there is no TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", ""),
        Case::new("half a handshake", b"\x16", ""),
        Case::new("a Query at once", b"Q\0\0\0\x0dSELECT 1\0", "E:08P01"),
        Case::new("zeros", [0; 64], "E:08P01"),
        Case::new("ones", [0xff; 64], "E:08P01"),
    ]
}
