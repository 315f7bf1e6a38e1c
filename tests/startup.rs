//! Peers that do not keep to the protocol, and the rarer ways to keep to it: a scripted client before the gate, a
//! scripted server behind it.

mod support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pgveil::auth::Turned;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use support::gate::{Certificates, Front};

const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
const GSSENC_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x30";
const OK: &[u8] = b"R\0\0\0\x08\0\0\0\0";
const READY: &[u8] = b"Z\0\0\0\x05I";
const KEY: &[u8] = b"K\0\0\0\x0c\0\0\0\x07key!";

fn startup(version: u32, words: &[&str]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    for word in words.iter().chain([&""]) {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    let len = u32::try_from(body.len() + 4).expect("a short packet");
    [&len.to_be_bytes(), body.as_slice()].concat()
}

fn plain_startup() -> Vec<u8> {
    startup(0x0003_0000, &["user", "teller", "database", "bank"])
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind], len.to_be_bytes().as_slice(), body].concat()
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the gate listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream
}

/// Everything until the peer closes; a reset counts as that.
fn read_all(stream: &mut impl std::io::Read) -> Vec<u8> {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("not closed: {all:?}")
        }
        Ok(_) | Err(_) => all,
    }
}

fn read_exact<const N: usize>(stream: &mut impl std::io::Read) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).expect("an answer");
    bytes
}

/// The SQLSTATE of the first ErrorResponse in what a client got.
fn sqlstate(answer: &[u8]) -> Option<String> {
    let before = b"FATAL\0C";
    let at = answer.windows(before.len()).position(|window| window == before)? + before.len();
    answer.get(at..at + 5).map(|code| String::from_utf8_lossy(code).into_owned())
}

/// A server that gives every connection the same answers, one after each thing it is sent, then closes. What it is
/// sent first is reported.
fn scripted_server(answers: &'static [&'static [u8]]) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            converse(stream, answers, &sender);
        }
    });
    (format!("[upstream]\nhost = '127.0.0.1'\nport = {port}\n"), received)
}

fn converse(mut stream: TcpStream, answers: &[&[u8]], received: &std::sync::mpsc::Sender<Vec<u8>>) {
    let mut buffer = [0; 65_536];
    for answer in answers {
        let Ok(len @ 1..) = stream.read(&mut buffer) else { return };
        let _nobody_asks = received.send(buffer[..len].to_vec());
        if stream.write_all(answer).is_err() {
            return;
        }
    }
    // Closed by the other side, so that no answer is lost to a reset
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let _ = stream.shutdown(std::net::Shutdown::Write);
    while stream.read(&mut buffer).is_ok_and(|len| len > 0) {}
}

fn tls_tables(certificates: &Certificates) -> String {
    certificates.issue("proxy");
    let place = certificates.path().display();
    format!("[listen]\ntls_certificate = '{place}/proxy.crt'\ntls_key = '{place}/proxy.key'\ntls_required = true\n")
}

const NOWHERE: &str = "[upstream]\nhost = '127.0.0.1'\nport = 1\n";

#[test]
fn packets_that_are_refused_before_any_server_is_asked() {
    let certificates = Certificates::new();
    let front = Front::start(&(tls_tables(&certificates) + NOWHERE));
    let stuffed = [SSL_REQUEST, &plain_startup()].concat();
    let stuffed_hello = [SSL_REQUEST, b"\x16\x03\x01\x02\x00"].concat();
    let stuffed_gss = [GSSENC_REQUEST, &plain_startup()].concat();
    let cases: [(&str, &[u8], &str); 12] = [
        ("stuffed behind SSLRequest", &stuffed, "08P01"),
        ("a handshake stuffed behind SSLRequest", &stuffed_hello, "08P01"),
        ("stuffed behind GSSENCRequest", &stuffed_gss, "08P01"),
        ("too long", b"\x00\x00\x27\x15", "08P01"),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n", "08P01"),
        ("negative", b"\xff\xff\xff\xff", "08P01"),
        ("shorter than itself", b"\0\0\0\x04", "08P01"),
        ("protocol 2", b"\0\0\0\x08\0\x02\0\0", "0A000"),
        ("no parameters", b"\0\0\0\x08\0\x03\0\0", "08P01"),
        ("no user", b"\0\0\0\x09\0\x03\0\0\0", "28000"),
        ("in clear", &plain_startup(), "28000"),
        ("replication", &startup(0x0003_0000, &["user", "u", "replication", "1"]), "0A000"),
    ];
    for (name, bytes, expect) in cases {
        let mut client = connect(front.port);
        client.write_all(bytes).expect("sent");
        let answer = read_all(&mut client);
        // The socket may be reset where unread bytes are left: then the outcome alone tells
        if !answer.is_empty() {
            assert_eq!(sqlstate(&answer).as_deref(), Some(expect), "{name}: {answer:?}");
        }
        match front.outcome() {
            Err(Turned::Refused(login)) => assert_eq!(login.code.as_str(), expect, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    for part in [&b""[..], b"\0", b"\0\0\0\x20\0\x03\0\0user", b"\x16\x03\x01"] {
        let mut client = connect(front.port);
        client.write_all(part).expect("sent");
        client.shutdown(std::net::Shutdown::Write).expect("shut down");
        read_all(&mut client);
        assert!(matches!(front.outcome(), Err(Turned::Gone)), "{part:?}");
    }
}

#[test]
fn encryption_is_asked_for_once_each() {
    let front = Front::start(NOWHERE);
    let cases: [(&[&[u8]], &str); 4] = [
        (&[SSL_REQUEST, SSL_REQUEST], "N0A000"),
        (&[GSSENC_REQUEST, GSSENC_REQUEST], "N0A000"),
        (&[GSSENC_REQUEST, SSL_REQUEST, GSSENC_REQUEST], "NN0A000"),
        (&[GSSENC_REQUEST, SSL_REQUEST, &plain_startup()], "NN08001"),
    ];
    for (packets, expect) in cases {
        let mut client = connect(front.port);
        let mut seen = String::new();
        for (index, packet) in packets.iter().enumerate() {
            client.write_all(packet).expect("sent");
            if index + 1 < packets.len() {
                seen.push(char::from(read_exact::<1>(&mut client)[0]));
            }
        }
        seen.push_str(&sqlstate(&read_all(&mut client)).unwrap_or_default());
        assert_eq!(seen, expect);
    }
}

fn tls_client(
    certificates: &Certificates,
    stream: TcpStream,
    alpn: &[&[u8]],
) -> rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = rustls::pki_types::CertificateDer::from_pem_file(certificates.file("ca.crt")).expect("the CA");
    roots.add(ca).expect("a root");
    let mut config = rustls::ClientConfig::builder_with_provider(pgveil::upstream::provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from("localhost").expect("a name");
    rustls::StreamOwned::new(rustls::ClientConnection::new(Arc::new(config), name).expect("a connection"), stream)
}

#[test]
fn direct_tls_needs_alpn_and_ends_the_asking() {
    let certificates = Certificates::new();
    let (upstream, _) = scripted_server(&[&[]]);
    let front = Front::start(&(tls_tables(&certificates) + &upstream));
    type Case = (&'static [&'static [u8]], Vec<u8>, &'static str);
    let cases: [Case; 4] = [
        (&[b"postgresql"], plain_startup(), "08006"),
        (&[b"postgresql"], SSL_REQUEST.to_vec(), "0A000"),
        (&[b"postgresql"], GSSENC_REQUEST.to_vec(), "0A000"),
        (&[], plain_startup(), "08P01"),
    ];
    for (alpn, packet, expect) in cases {
        let mut client = tls_client(&certificates, connect(front.port), alpn);
        client.write_all(&packet).expect("sent");
        assert_eq!(sqlstate(&read_all(&mut client)).as_deref(), Some(expect), "{alpn:?}");
        assert!(matches!(front.outcome(), Err(Turned::Refused(_))));
    }
    let mut client = tls_client(&certificates, connect(front.port), &[b"http/1.1"]);
    assert!(client.write_all(&plain_startup()).and_then(|()| client.read(&mut [0])).is_err());
    assert!(matches!(front.outcome(), Err(Turned::Gone)));
}

/// What a client gets of a server's answers, and what the server was asked.
fn exchange(packet: &[u8], answers: &'static [&'static [u8]]) -> (Vec<u8>, Vec<u8>) {
    let (upstream, received) = scripted_server(answers);
    let front = Front::start(&upstream);
    let mut client = connect(front.port);
    client.write_all(packet).expect("sent");
    let answer = read_all(&mut client);
    (answer, received.recv_timeout(Duration::from_secs(20)).expect("the server was asked"))
}

#[test]
fn protocol_versions() {
    const WORDS: &[&str] = &["user", "u"];
    const WITH_OPTION: &[&str] = &["user", "u", "_pq_.grease", "on"];
    const OLD: &[u8] = b"v\0\0\0\x0c\0\x03\0\0\0\0\0\0R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
    const NEW: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
    let told = |minor: u8, options: &[u8]| {
        let count = u8::from(!options.is_empty());
        message(b'v', &[&[0, 3, 0, minor, 0, 0, 0, count], options].concat())
    };
    type Case = (u32, &'static [&'static str], &'static [u8], u8, Vec<u8>);
    let cases: [Case; 7] = [
        (0x0003_0000, WORDS, NEW, 0, Vec::new()),
        (0x0003_0002, WORDS, NEW, 2, Vec::new()),
        (0x0003_0002, WORDS, OLD, 2, told(0, b"")),
        (0x0003_270f, WORDS, NEW, 2, told(2, b"")),
        (0x0003_270f, WORDS, OLD, 2, told(0, b"")),
        (0x0003_0000, WITH_OPTION, NEW, 0, told(0, b"_pq_.grease\0")),
        (0x0003_0002, WITH_OPTION, OLD, 2, told(0, b"_pq_.grease\0")),
    ];
    for (version, words, server, asked_minor, expect) in cases {
        let answers: &'static [&'static [u8]] = if server == OLD { &[OLD] } else { &[NEW] };
        let (answer, asked) = exchange(&startup(version, words), answers);
        let asked_version = 0x0003_0000 | u32::from(asked_minor);
        assert_eq!(asked, startup(asked_version, &["user", "u"]), "{version:x}");
        assert_eq!(answer, [&expect, OK, READY].concat(), "{version:x} {words:?}");
    }
}

#[test]
fn servers_that_make_no_sense_are_not_relayed() {
    let cases: [(&str, &'static [&'static [u8]], &str); 17] = [
        ("closes", &[b""], "08006"),
        ("asks for GSSAPI", &[b"R\0\0\0\x08\0\0\0\x07"], "28000"),
        ("asks for Kerberos", &[b"R\0\0\0\x08\0\0\0\x02"], "28000"),
        ("offers OAUTHBEARER only", &[b"R\0\0\0\x15\0\0\0\x0aOAUTHBEARER\0\0"], "28000"),
        ("offers PLUS only", &[b"R\0\0\0\x1c\0\0\0\x0aSCRAM-SHA-256-PLUS\0\0"], "28000"),
        ("ends a list nowhere", &[b"R\0\0\0\x16\0\0\0\x0aSCRAM-SHA-256\0"], "08006"),
        ("continues what has not begun", &[b"R\0\0\0\x09\0\0\0\x0bx"], "08006"),
        ("sends md5 without salt", &[b"R\0\0\0\x08\0\0\0\x05"], "08006"),
        ("sends rows", &[b"D\0\0\0\x06\0\0"], "08006"),
        ("is ready at once", &[b"Z\0\0\0\x05I"], "08006"),
        ("gives a notice first", &[b"N\0\0\0\x05\0"], "08006"),
        ("negotiates up", &[b"v\0\0\0\x0c\0\x03\0\x02\0\0\0\0"], "08006"),
        ("negotiates twice", &[b"v\0\0\0\x0c\0\x03\0\0\0\0\0\0v\0\0\0\x0c\0\x03\0\0\0\0\0\0"], "08006"),
        ("announces a gigabyte", &[b"E\x3f\xff\xff\xff"], "08006"),
        ("announces nothing", &[b"R\0\0\0\x00"], "08006"),
        ("rejects", &[b"E\0\0\0\x14SFATAL\0C57P03\0\0x"], "08006"),
        ("rejects well", &[b"E\0\0\0\x13SFATAL\0C57P03\0\0"], "57P03"),
    ];
    for (name, answers, expect) in cases {
        let (answer, _) = exchange(&plain_startup(), answers);
        assert_eq!(sqlstate(&answer).as_deref(), Some(expect), "{name}: {answer:?}");
    }
}

#[test]
fn after_authentication_only_what_belongs_there_passes() {
    const NOT_READY: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05T";
    const ROWS: &[u8] = b"R\0\0\0\x08\0\0\0\0D\0\0\0\x06\0\0";
    const AGAIN: &[u8] = b"R\0\0\0\x08\0\0\0\0R\0\0\0\x08\0\0\0\x03";
    const NO_KEY: &[u8] = b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0b\0\0\0\x07key";
    const TWO_KEYS: &[u8] = b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x07key!K\0\0\0\x0c\0\0\0\x07key!";
    const NO_NAME: &[u8] = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x05x";
    let cases: [(&str, &'static [&'static [u8]]); 6] = [
        ("in a transaction", &[NOT_READY]),
        ("rows", &[ROWS]),
        ("asks again", &[AGAIN]),
        ("a short key", &[NO_KEY]),
        ("two keys", &[TWO_KEYS]),
        ("half a parameter", &[NO_NAME]),
    ];
    for (name, answers) in cases {
        let (answer, _) = exchange(&plain_startup(), answers);
        assert_eq!(sqlstate(&answer).as_deref(), Some("08006"), "{name}: {answer:?}");
    }
}

/// libpq falls back to another encryption only while it has not seen AuthenticationOk.
#[test]
fn an_error_after_authentication_does_not_overtake_it() {
    const MISSING: &[u8] = b"R\0\0\0\x08\0\0\0\0E\0\0\0\x13SFATAL\0C3D000\0\0";
    let (answer, _) = exchange(&plain_startup(), &[MISSING]);
    assert_eq!(answer, MISSING);
}

#[test]
fn a_session_begins_with_everything_the_server_said() {
    const ALL: &[u8] =
        b"R\0\0\0\x08\0\0\0\0S\0\0\0\x11TimeZone\0UTC\0N\0\0\0\x05\0K\0\0\0\x0c\0\0\0\x07key!Z\0\0\0\x05I\
                         S\0\0\0\x08a\0b\0";
    let (answer, asked) = exchange(&plain_startup(), &[ALL]);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert_eq!((answer.as_bytes(), asked), (ALL, plain_startup()));
}

#[test]
fn clients_that_do_not_answer_the_question() {
    const CLEARTEXT: &[u8] = b"R\0\0\0\x08\0\0\0\x03";
    const SASL: &[u8] = b"R\0\0\0\x2a\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
    const OFFERED: &[u8] = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0";
    let (upstream, _) = scripted_server(&[CLEARTEXT, &[]]);
    let cleartext = Front::start(&upstream);
    let (upstream, _) = scripted_server(&[SASL, &[]]);
    let sasl = Front::start(&upstream);
    let plus = message(b'p', b"SCRAM-SHA-256-PLUS\0\0\0\0\x1dp=tls-server-end-point,,n=,r=a");
    let cases: [(&Front, &[u8], &[u8], &str); 6] = [
        (&cleartext, CLEARTEXT, b"Q\0\0\0\x0dSELECT 1\0", "08P01"),
        (&cleartext, CLEARTEXT, b"p\0\x01\0\0", "08P01"),
        (&cleartext, CLEARTEXT, b"p\0\0\0\x00", "08P01"),
        (&cleartext, CLEARTEXT, b"p\0\0\0\x07pw\0", "08006"),
        (&sasl, OFFERED, &plus, "08P01"),
        (&sasl, OFFERED, b"p\0\0\0\x05x", "08P01"),
    ];
    for (front, question, answer, expect) in cases {
        let mut client = connect(front.port);
        client.write_all(&plain_startup()).expect("sent");
        let mut asked = vec![0; question.len()];
        client.read_exact(&mut asked).expect("a question");
        assert_eq!(asked, question);
        client.write_all(answer).expect("sent");
        assert_eq!(sqlstate(&read_all(&mut client)).as_deref(), Some(expect), "{answer:?}");
    }
}

#[test]
fn a_silent_peer_is_timed_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let tables = format!("[listen]\nlogin_timeout_seconds = 1\n[upstream]\nhost = '127.0.0.1'\nport = {port}\n");
    let front = Front::start(&tables);
    let mut silent = connect(front.port);
    assert_eq!(read_all(&mut silent), b"");
    assert!(matches!(front.outcome(), Err(Turned::Gone)));
    // The server never accepts
    let mut client = connect(front.port);
    client.write_all(&plain_startup()).expect("sent");
    assert_eq!(sqlstate(&read_all(&mut client)).as_deref(), Some("57014"));
    assert!(matches!(front.outcome(), Err(Turned::Refused(login)) if login.claimed.database == "bank"));
}

#[test]
fn a_cancel_request_of_another_proxys_session_goes_to_every_server() {
    let (one, at_one) = scripted_server(&[&[]]);
    let (two, at_two) = scripted_server(&[&[]]);
    let front = Front::start(&(one + &two.replace("[upstream]", "[databases.other]")));
    let key = [9; 32];
    let packet = [&b"\0\0\0\x2c\x04\xd2\x16\x2e\0\0\0\x07"[..], &key].concat();
    let mut client = connect(front.port);
    client.write_all(&packet).expect("sent");
    assert_eq!(read_all(&mut client), b"");
    for received in [at_one, at_two] {
        assert_eq!(received.recv_timeout(Duration::from_secs(20)).expect("delivered"), packet);
    }
    assert!(matches!(front.outcome(), Err(Turned::Cancelled)));
}

#[test]
fn a_cancel_request_of_our_own_session_goes_to_its_server_only() {
    const SESSION: &[u8] = b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x07key!Z\0\0\0\x05I";
    let (one, at_one) = scripted_server(&[&[]]);
    let (two, at_two) = scripted_server(&[SESSION, &[]]);
    let front = Front::start(&(one + &two.replace("[upstream]", "[databases.bank]")));
    let mut session = connect(front.port);
    session.write_all(&plain_startup()).expect("sent");
    assert_eq!(read_exact::<28>(&mut session), *[OK, KEY, READY].concat());
    // The scripted server serves one connection at a time: the session has to end its script first
    session.write_all(b"S\0\0\0\x04").expect("sent");
    let packet = b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x07key!";
    connect(front.port).write_all(packet).expect("sent");
    let received: Vec<Vec<u8>> = (0..3).map(|_| at_two.recv_timeout(Duration::from_secs(20)).expect("sent")).collect();
    assert_eq!(received, [plain_startup(), b"S\0\0\0\x04".to_vec(), packet.to_vec()]);
    assert!(at_one.try_recv().is_err());
}
