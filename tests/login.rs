//! Logins of a stock psql through the gate, against a PostgreSQL with each method that can pass.

mod support;

use std::fmt::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use pgveil::auth::Turned;
use support::gate::{Certificates, Front, configuration, write_private};
use support::postgres::{self, Server, binary, give_to_server};
use tempfile::TempDir;

/// A server with one role per method, over TLS or not, and what belongs to it.
struct Bank {
    server: Server,
    certificates: Certificates,
    /// Where its Unix socket is.
    directory: TempDir,
}

const HBA: &str = "\
local all all trust
host all postgres,trusty all trust
host all plain all password
host all digest all md5
host all all all scram-sha-256
";

const ROLES: &str = "\
CREATE ROLE trusty LOGIN; CREATE ROLE plain LOGIN PASSWORD 'right';
CREATE ROLE scrammer LOGIN PASSWORD 'right'; CREATE ROLE unlisted LOGIN PASSWORD 'right';
CREATE ROLE stale LOGIN PASSWORD 'right';
SET password_encryption = md5; CREATE ROLE digest LOGIN PASSWORD 'right';";

/// The bank of the tests that run: it ends with the last of them, which a static would not.
fn bank() -> Arc<Bank> {
    static BANK: Mutex<Weak<Bank>> = Mutex::new(Weak::new());
    let mut shared = BANK.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let bank = Arc::new(open_bank());
        *shared = Arc::downgrade(&bank);
        bank
    })
}

fn open_bank() -> Bank {
    let certificates = Certificates::new();
    certificates.issue("server").issue("proxy").issue("teller");
    let directory = TempDir::new().expect("temporary directory");
    for name in ["server.crt", "server.key", "ca.crt"] {
        std::fs::copy(certificates.file(name), directory.path().join(name)).expect("a copy");
    }
    std::fs::write(directory.path().join("hba"), HBA).expect("hba");
    give_to_server(directory.path());
    let place = directory.path().display();
    let settings = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={place}/server.crt"),
        format!("ssl_key_file={place}/server.key"),
        format!("hba_file={place}/hba"),
        format!("unix_socket_directories={place}"),
    ];
    let server = Server::start_with(&settings.each_ref().map(String::as_str));
    must(&psql(server.port(), "user=postgres sslmode=disable", "", ROLES));
    // The file is written before one of the passwords changes
    write_private(&certificates.file("verifiers"), &verifiers(server.port(), &["scrammer", "stale"]));
    must(&psql(server.port(), "user=postgres sslmode=disable", "", "ALTER ROLE stale PASSWORD 'newer'"));
    Bank { server, certificates, directory }
}

fn verifiers(port: u16, roles: &[&str]) -> String {
    let mut lines = String::new();
    for role in roles {
        let sql = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'");
        let verifier = must(&psql(port, "user=postgres sslmode=disable", "", &sql));
        writeln!(lines, "\"{role}\" \"{verifier}\"").expect("a line");
    }
    lines
}

impl Bank {
    fn file(&self, name: &str) -> String {
        self.certificates.file(name).display().to_string()
    }

    /// `[upstream]` with more of it.
    fn upstream(&self, more: &str) -> String {
        format!("[upstream]\nhost = '127.0.0.1'\nport = {}\n{more}\n", self.server.port())
    }

    fn verified_upstream(&self) -> String {
        self.upstream(&format!("sslrootcert = '{}'", self.file("ca.crt")))
    }

    fn tls_listen(&self, more: &str) -> String {
        let (certificate, key) = (self.file("proxy.crt"), self.file("proxy.key"));
        format!("[listen]\ntls_certificate = '{certificate}'\ntls_key = '{key}'\n{more}\n")
    }

    fn both_legs(&self) -> String {
        let verifiers = format!("[auth]\nverifiers = '{}'\n", self.file("verifiers"));
        self.tls_listen("") + &self.verified_upstream() + &verifiers
    }
}

fn command(port: u16, conninfo: &str, password: &str) -> Command {
    let mut command = Command::new(binary("psql"));
    let target = format!("host=127.0.0.1 port={port} dbname=postgres connect_timeout=20 {conninfo}");
    command.args(["-X", "-A", "-t", "-w", &target]).env("PGPASSWORD", password).stdin(Stdio::null());
    // A newer server's own libpq
    let library = binary("postgres").with_file_name("../lib");
    if library.join("libpq.so.5").exists() {
        command.env("LD_LIBRARY_PATH", library);
    }
    // A service or certificate of whoever runs the tests
    command.env("HOME", "/nonexistent");
    command
}

fn psql(port: u16, conninfo: &str, password: &str, sql: &str) -> Output {
    command(port, conninfo, password).args(["-c", sql]).output().expect("psql runs")
}

fn must(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn refused(front: &Front) -> (String, String) {
    match front.outcome() {
        Err(Turned::Refused(login)) => (login.code.as_str().to_owned(), login.claimed.user),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn every_method_passes_in_clear() {
    let bank = bank();
    let front = Front::start(&bank.upstream(""));
    let cases = [
        ("trusty", "trust"),
        ("plain", "password"),
        ("digest", "md5"),
        ("scrammer", "scram-sha-256"),
        ("unlisted", "scram-sha-256"),
    ];
    for (user, method) in cases {
        assert_eq!(must(&psql(front.port, &format!("user={user}"), "right", "SELECT current_user")), user);
        let facts = front.outcome().expect("a session");
        assert_eq!((facts.auth_method, facts.startup.user.as_str()), (method, user));
        assert!(!facts.is_encrypted && facts.tls_subject.is_none());
        if method != "trust" {
            let output = psql(front.port, &format!("user={user}"), "wrong", "SELECT 1");
            assert!(stderr(&output).contains("password authentication failed"), "{}", stderr(&output));
            assert_eq!(refused(&front), ("28P01".to_owned(), user.to_owned()));
        }
    }
}

#[test]
fn facts_and_server_errors_are_the_servers_own() {
    let bank = bank();
    let front = Front::start(&bank.upstream(""));
    let sql = "SELECT pg_backend_pid(), current_setting('search_path'), current_setting('application_name')";
    let conninfo = "user=trusty application_name=till options='-c search_path=bank'";
    let answer = must(&psql(front.port, conninfo, "", sql));
    let facts = front.outcome().expect("a session");
    assert_eq!(answer, format!("{}|bank|till", facts.server_pid));
    assert_eq!(facts.startup.parameter("options"), Some("-c search_path=bank"));
    assert_eq!(facts.startup.application_name(), "till");
    let output = psql(front.port, "user=trusty dbname=missing", "", "SELECT 1");
    assert!(stderr(&output).contains("database \"missing\" does not exist"), "{}", stderr(&output));
    assert_eq!(refused(&front).0, "3D000");
}

#[test]
fn tls_on_both_legs_with_default_settings() {
    let bank = bank();
    let front = Front::start(&bank.both_legs());
    let ca = bank.file("ca.crt");
    let defaults = ["", "channel_binding=require", "channel_binding=disable"];
    for more in defaults {
        let conninfo = format!("user=scrammer sslmode=verify-full sslrootcert={ca} {more}");
        let sql = "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        assert_eq!(must(&psql(front.port, &conninfo, "right", sql)), "scrammer|t", "{more}");
        let facts = front.outcome().expect("a session");
        assert_eq!((facts.auth_method, facts.is_encrypted), ("scram-sha-256", true));
    }
    // A wrong password, no verifier here, no such role, another password there: all look the same
    let cases = [("scrammer", "wrong"), ("unlisted", "right"), ("nobody", "right"), ("stale", "right")];
    for (user, password) in cases {
        let output = psql(front.port, &format!("user={user} sslmode=require"), password, "SELECT 1");
        let expect = format!("password authentication failed for user \"{user}\"");
        assert!(stderr(&output).contains(&expect), "{}", stderr(&output));
        assert_eq!(refused(&front), ("28P01".to_owned(), user.to_owned()));
    }
    for (user, method) in [("plain", "password"), ("digest", "md5"), ("trusty", "trust")] {
        must(&psql(front.port, &format!("user={user} sslmode=require"), "right", "SELECT 1"));
        assert_eq!(front.outcome().expect("a session").auth_method, method);
    }
}

#[test]
fn tls_on_one_leg_relays_scram() {
    let bank = bank();
    let clear_upstream = Front::start(&(bank.tls_listen("") + &bank.upstream("")));
    must(&psql(clear_upstream.port, "user=scrammer sslmode=require", "right", "SELECT 1"));
    assert!(clear_upstream.outcome().expect("a session").is_encrypted);
    for sslmode in ["require", "verify-ca", "verify-full"] {
        let root =
            if sslmode == "require" { String::new() } else { format!("sslrootcert = '{}'", bank.file("ca.crt")) };
        let front = Front::start(&bank.upstream(&format!("sslmode = '{sslmode}'\n{root}")));
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        assert_eq!(must(&psql(front.port, "user=scrammer", "right", sql)), "t", "{sslmode}");
    }
}

#[test]
fn without_a_verifier_the_client_is_told_what_to_do() {
    let bank = bank();
    let front = Front::start(&(bank.tls_listen("") + &bank.verified_upstream()));
    let output = psql(front.port, "user=scrammer sslmode=require", "right", "SELECT 1");
    assert!(stderr(&output).contains("[auth] verifiers"), "{}", stderr(&output));
    assert_eq!(refused(&front).0, "28000");
    must(&psql(front.port, "user=scrammer sslmode=require channel_binding=disable", "right", "SELECT 1"));
}

/// No hash is defined for its signature: no binding is offered, and none is needed.
#[test]
fn an_ed25519_certificate_serves_without_binding() {
    let bank = bank();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    bank.certificates.issue_with("modern", key);
    let front = Front::start(&bank.both_legs().replace("/proxy.", "/modern."));
    must(&psql(front.port, "user=scrammer sslmode=require", "right", "SELECT 1"));
}

#[test]
fn servers_that_are_not_who_they_should_be() {
    let bank = bank();
    let others = Certificates::new();
    let foreign = others.file("ca.crt").display().to_string();
    let port = bank.server.port();
    let ca = bank.file("ca.crt");
    let cases = [
        bank.upstream(&format!("sslrootcert = '{foreign}'")),
        bank.upstream(&format!("sslmode = 'verify-ca'\nsslrootcert = '{foreign}'")),
        // The certificate is for 127.0.0.1 and localhost
        format!("[upstream]\nhost = '127.0.0.2'\nport = {port}\nsslrootcert = '{ca}'\n"),
        "[upstream]\nhost = '127.0.0.1'\nport = 1\n".to_owned(),
        "[upstream]\nhost = 'no.such.host.invalid'\n".to_owned(),
        "[upstream]\nhost = '/nonexistent'\n".to_owned(),
    ];
    for tables in cases {
        let front = Front::start(&tables);
        let output = psql(front.port, "user=trusty", "", "SELECT 1");
        assert!(stderr(&output).contains("could not connect to the database server"), "{tables}{}", stderr(&output));
        assert_eq!(refused(&front).0, "08001", "{tables}");
    }
}

#[test]
fn a_unix_socket_upstream_and_a_database_elsewhere() {
    let bank = bank();
    let (place, port) = (bank.directory.path().display(), bank.server.port());
    let nowhere = "[upstream]\nhost = '127.0.0.1'\nport = 1\nsslmode = 'require'\n";
    let front = Front::start(&format!("{nowhere}[databases.postgres]\nhost = '{place}'\nport = {port}\n"));
    assert_eq!(must(&psql(front.port, "user=digest", "", "SELECT inet_server_port() IS NULL")), "t");
    assert_eq!(front.outcome().expect("a session").auth_method, "trust");
}

#[test]
fn client_certificates_name_their_holder() {
    let bank = bank();
    let ca = bank.file("ca.crt");
    let front = Front::start(&(bank.tls_listen(&format!("client_ca = '{ca}'")) + &bank.upstream("")));
    let (certificate, key) = (bank.file("teller.crt"), bank.file("teller.key"));
    let conninfo = format!("user=trusty sslmode=require sslcert={certificate} sslkey={key}");
    must(&psql(front.port, &conninfo, "", "SELECT 1"));
    assert_eq!(front.outcome().expect("a session").tls_subject.as_deref(), Some("teller"));
    let others = Certificates::new();
    others.issue("teller");
    let (certificate, key) = (others.file("teller.crt"), others.file("teller.key"));
    let forged = format!("user=trusty sslmode=require sslcert={} sslkey={}", certificate.display(), key.display());
    for conninfo in [forged.as_str(), "user=trusty sslmode=require"] {
        assert!(!psql(front.port, conninfo, "", "SELECT 1").status.success(), "{conninfo}");
        assert!(matches!(front.outcome(), Err(Turned::Gone)), "{conninfo}");
    }
    let output = psql(front.port, "user=trusty sslmode=disable", "", "SELECT 1");
    assert!(stderr(&output).contains("TLS connections only"), "{}", stderr(&output));
    assert_eq!(refused(&front), ("28000".to_owned(), "trusty".to_owned()));
}

/// By libpq itself, where it is new enough: TLS from the first byte on either leg, protocol 3.2, long cancel keys.
#[test]
fn direct_tls_and_protocol_3_2_as_libpq_speaks_them() {
    let bank = bank();
    let major = postgres::major();
    if major < 17 {
        println!("PostgreSQL {major}: its server takes no direct TLS, its libpq asks for none");
        return;
    }
    let direct = bank.upstream(&format!("sslrootcert = '{}'\nsslnegotiation = 'direct'", bank.file("ca.crt")));
    let verifiers = format!("[auth]\nverifiers = '{}'\n", bank.file("verifiers"));
    let front = Front::start(&(bank.tls_listen("") + &direct + &verifiers));
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let newest = if major < 18 { "" } else { "min_protocol_version=3.2" };
    for more in ["sslnegotiation=direct", "sslnegotiation=postgres"] {
        let ca = bank.file("ca.crt");
        let conninfo = format!("user=scrammer sslmode=verify-full sslrootcert={ca} {more} {newest}");
        assert_eq!(must(&psql(front.port, &conninfo, "right", sql)), "t", "{more}");
        let facts = front.outcome().expect("a session");
        assert_eq!((facts.auth_method, facts.is_encrypted), ("scram-sha-256", true), "{more}");
    }
    // In clear the newest protocol too
    let front = Front::start(&bank.upstream(""));
    assert_eq!(must(&psql(front.port, &format!("user=trusty sslmode=disable {newest}"), "", "SELECT 1")), "1");
    if major >= 18 {
        assert_eq!(front.outcome().expect("a session").startup.version.code(), 0x0003_0002);
    }
}

#[test]
fn ctrl_c_cancels_over_tls_and_in_clear() {
    let bank = bank();
    for (tables, conninfo) in [(bank.upstream(""), "user=trusty"), (bank.both_legs(), "user=trusty sslmode=require")] {
        let front = Front::start(&tables);
        let mut running = command(front.port, conninfo, "");
        running.args(["-c", "SELECT pg_sleep(60)"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = running.spawn().expect("psql starts");
        front.outcome().expect("a session");
        // psql asks to cancel only while it waits for an answer
        std::thread::sleep(Duration::from_millis(500));
        let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(interrupted.expect("kill runs").success());
        let output = child.wait_with_output().expect("psql ends");
        assert!(stderr(&output).contains("canceling statement due to user request"), "{}", stderr(&output));
        assert!(matches!(front.outcome(), Err(Turned::Cancelled)));
    }
}

#[test]
fn a_place_is_free_again_when_the_session_ends() {
    let bank = bank();
    let front = Front::start(&format!("[listen]\nmax_sessions = 1\n{}", bank.upstream("")));
    let mut first = command(front.port, "user=trusty", "");
    let mut first = first.args(["-c", "SELECT pg_sleep(2)"]).stdout(Stdio::null()).spawn().expect("psql starts");
    front.outcome().expect("a session");
    let output = psql(front.port, "user=trusty", "", "SELECT 1");
    assert!(stderr(&output).contains("too many clients"), "{}", stderr(&output));
    assert_eq!(refused(&front).0, "53300");
    first.wait().expect("psql ends");
    let began = std::time::Instant::now();
    while !psql(front.port, "user=trusty", "", "SELECT 1").status.success() {
        assert!(began.elapsed() < Duration::from_secs(20), "the place stays taken");
    }
}

#[test]
fn certificates_are_reloaded_as_a_whole_or_not_at_all() {
    let bank = bank();
    let front = Front::start(&bank.both_legs());
    let others = Certificates::new();
    others.issue("proxy");
    let other = |name: &str| others.file(name).display().to_string();
    let moved = bank
        .both_legs()
        .replace(&bank.file("proxy.crt"), &other("proxy.crt"))
        .replace(&bank.file("proxy.key"), &other("proxy.key"));
    let broken = moved.replace("/proxy.key", "/missing.key");
    let login = |ca: &str| psql(front.port, &format!("user=trusty sslmode=verify-ca sslrootcert={ca}"), "", "SELECT 1");
    assert!(front.gate.reload(&configuration(&broken)).is_err());
    must(&login(&bank.file("ca.crt")));
    front.gate.reload(&configuration(&moved)).expect("a reload");
    assert!(!login(&bank.file("ca.crt")).status.success());
    must(&login(&other("ca.crt")));
}

#[test]
fn what_others_may_read_is_no_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let certificates = Certificates::new();
    certificates.issue("open");
    let key = certificates.file("open.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let place = certificates.path().display();
    let tables = format!("[listen]\ntls_certificate = '{place}/open.crt'\ntls_key = '{place}/open.key'\n");
    let error = support::gate::gate(&tables).err().expect("refused").to_string();
    assert!(error.contains("chmod 600"), "{error}");
}
