use std::collections::BTreeMap;
use std::path::Path;

use super::raw::{KEYS, Kind, Raw};
use super::*;

const SMALL: &str =
    "policies = 'p'\n[catalog]\nuser = 'u'\n[keys]\nkeyring = 'k'\nkek_file = 'e'\n[audit]\ndirectory = 'a'\n";

fn load(text: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Config, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load_with(&Flags { config: file.path().to_owned(), ..flags }, &environment)
        .map_err(|errors| errors.to_string().replace(&file.path().display().to_string(), "F"))
}

fn with(more: &str) -> Result<Config, String> {
    load(&format!("{SMALL}{more}"), &[], Flags::default())
}

#[test]
fn defaults() {
    let config = with("").unwrap();
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:6432");
    assert_eq!((config.listen.max_sessions, config.listen.login_timeout.as_secs()), (10_000, 60));
    assert_eq!(config.upstream.target, Target::one("localhost", 5432));
    assert_eq!(config.upstream.tls, UpstreamTls::Disable);
    assert_eq!(config.keys.kek, SecretReference::File("e".into()));
    assert_eq!(config.process.max_statement_bytes, 16 << 20);
    assert!(config.process.threads >= 1 && config.admin.is_none() && config.listen.tls.is_none());
}

#[test]
fn the_demo_s_text_loads() {
    let text = crate::demo::config::text(7000, 7001, Path::new("/policies"), Path::new("/d"));
    let config = load(&text, &[], Flags::default()).unwrap();
    assert_eq!(config.upstream.target.to_string(), "127.0.0.1:7001");
    assert_eq!(config.keys.keyring, Path::new("/d/keyring"));
}

#[test]
fn mistakes_have_their_place() {
    let cases = [
        ("[listen]\nadress = '1'\n", "F:10:1: unknown field `adress`, expected one of"),
        ("[listen]\nadress = '1'\n", "did you mean `address`?\n   |\n10 | adress = …\n   | ^"),
        ("[lisen]\n", "did you mean `listen`?"),
        ("[upstream]\nsslmode = 'verifyfull'\n", "F:10:11: unknown variant `verifyfull`"),
        ("[upstream]\nsslmode = 'verifyfull'\n", "did you mean `verify-full`?"),
        ("[upstream]\nsslmode = 'verify-full'\n", "F:10:11: verifying needs `sslrootcert`"),
        ("[upstream]\nport = 'x'\n", "F:10:8: expected a port from 1 to 65535, or as text one for each host"),
        ("[upstream]\nport = 0\n", "F:10:8: expected a port"),
        ("[upstream]\nsslnegotiation = 'direct'\n", "F:10:18: direct TLS needs an `sslmode`"),
        ("[upstream]\nsslcert = 'c'\n", "F:10:11: `sslcert` without `sslkey`"),
        ("[upstream]\nport = [1]\n", "expected a port from 1 to 65535, or as text one for each host"),
        ("[upstream]\nhost = 'a,b'\nport = '1,2,3'\n", "F:11:8: 3 ports for 2 hosts"),
        ("[upstream]\ntarget_session_attrs = 'read_write'\n", "did you mean `read-write`?"),
        ("[databases.bank]\nhost = 'a,,b'\n", "F:10:8: expected a host name or address, or several"),
        ("[listen]\naddress = 'localhost'\n", "F:10:11: expected an address and a port"),
        ("[listen]\ntls_key = 'k'\n", "F:10:11: `tls_key` without `tls_certificate`"),
        ("[listen]\ntls_required = true\n", "F:10:16: `tls_required` needs"),
        ("[listen]\nclient_ca = 'c'\n", "F:10:13: `client_ca` needs"),
        ("[listen]\nmax_sessions = 0\n", "F:10:16: `max_sessions` must be at least 1"),
        ("[log]\nlevel = 'loud'\n", "F:10:9: expected off, error"),
        ("[server]\nmax_statement_bytes = 2000000000\n", "F:10:23: PostgreSQL takes no"),
        ("[listen\n", "F:9:8: "),
    ];
    for (more, expect) in cases {
        let error = with(more).unwrap_err();
        assert!(error.contains(expect), "{more:?} gave\n{error}");
    }
}

#[test]
fn everything_missing_is_told_at_once() {
    let errors = load("", &[], Flags::default()).unwrap_err();
    assert_eq!(errors.lines().count(), 5, "{errors}");
    assert!(errors.starts_with("F: `policies` is missing\nF: [catalog]: `user` is missing"), "{errors}");
    let missing = load_with(&Flags { config: "/absent".into(), ..Flags::default() }, &BTreeMap::new());
    assert!(missing.unwrap_err().to_string().starts_with("/absent: "));
}

#[test]
fn no_secret_is_taken_or_shown() {
    let texts = [
        SMALL.replace("user = 'u'", "user = 'u'\npassword = 'hunter2'"),
        SMALL.replace("user = 'u'", "user = 'u'\npasswrd = 'hunter2'"),
        SMALL.replace("user = 'u'", "user = 'u'\npassword = \"hunter2"),
        SMALL.replace("user = 'u'", "user = 'u'\npassword = \"\"\"\nhunter2"),
        SMALL.replace("user = 'u'", "user = 'u'\npassword = ['hunter2']"),
        SMALL.replace("kek_file = 'e'", "kek = 'hunter2'"),
        SMALL.replace("directory = 'a'", "directory = 'a'\nkey = 'hunter2'"),
    ];
    for text in texts {
        let error = load(&text, &[], Flags::default()).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error = load(&SMALL.replace("kek_file = 'e'", "kek = 7734"), &[], Flags::default()).unwrap_err();
    assert!(error.contains("F:6:7: expected") && !error.contains("7734"), "{error}");
    let error = load(SMALL, &[("PGVEIL_CATALOG_PASSWORD", "hunter2")], Flags::default()).unwrap_err();
    assert!(error.contains("PGVEIL_CATALOG_PASSWORD: no secret stands") && !error.contains("hunter2"), "{error}");
}

#[test]
fn flags_win_over_environment_over_file_over_libpq() {
    let text = format!("{SMALL}[listen]\naddress = '127.0.0.1:1'\n[upstream]\nhost = 'file'\n");
    let environment = [
        ("PGVEIL_LISTEN_ADDRESS", "127.0.0.1:2"),
        ("PGVEIL_LISTEN_MAX_SESSIONS", "5"),
        ("PGVEIL_POLICIES", "from-environment"),
        ("PGHOST", "libpq"),
        ("PGPORT", "3"),
        ("PGUSER", "nobody"),
    ];
    let config = load(&text, &environment, Flags::default()).unwrap();
    assert_eq!(config.listen.address.port(), 2);
    assert_eq!(config.listen.max_sessions, 5);
    assert_eq!(config.policies, Path::new("from-environment"));
    assert_eq!(config.upstream.target.to_string(), "file:3");
    let flags = Flags {
        listen: Some("127.0.0.1:4".into()),
        upstream: Some("flag:5".into()),
        policies: Some("flag".into()),
        ..Flags::default()
    };
    let config = load(&text, &environment, flags).unwrap();
    assert_eq!((config.listen.address.port(), config.policies.as_path()), (4, Path::new("flag")));
    assert_eq!(config.upstream.target.to_string(), "flag:5");
}

#[test]
fn wrong_variables_and_flags_are_named() {
    let cases = [
        (
            ("PGVEIL_LISTEN_TLS_REQUIRD", "true"),
            "PGVEIL_LISTEN_TLS_REQUIRD: no such setting; did you mean `PGVEIL_LISTEN_TLS_REQUIRED`?",
        ),
        (("PGVEIL_LISTEN_TLS_REQUIRED", "yes"), "PGVEIL_LISTEN_TLS_REQUIRED: expected true or false"),
        (("PGVEIL_LISTEN_MAX_SESSIONS", "many"), "PGVEIL_LISTEN_MAX_SESSIONS: expected a whole number"),
        (("PGVEIL_UPSTREAM_PORT", "70000"), "PGVEIL_UPSTREAM_PORT: expected a port from 1 to 65535"),
        (("PGSSLMODE", "prefer"), "PGSSLMODE: unknown variant `prefer`"),
    ];
    for (variable, expect) in cases {
        let error = load(SMALL, &[variable], Flags::default()).unwrap_err();
        assert!(error.contains(expect), "{error}");
    }
    let error = load(SMALL, &[], Flags { upstream: Some("db".into()), ..Flags::default() }).unwrap_err();
    assert!(error.starts_with("--upstream: expected HOST:PORT"), "{error}");
    let env = SMALL.replace("kek_file = 'e'", "kek = 'env:PGVEIL_KEYS_MASTER'");
    assert!(load(&env, &[("PGVEIL_KEYS_MASTER", "secret"), ("PGVEIL_HOME", "/")], Flags::default()).is_ok());
}

#[test]
fn several_hosts_are_written_as_in_libpq() {
    let upstream = "[upstream]\nhost = 'a, b'\nport = '1,2'\ntarget_session_attrs = 'primary'\n";
    let databases = "[databases.x]\nport = 3\n[databases.y]\nhost = 'c,d'\n[databases.z]\nhost = '/run'\nport = '4'\n";
    let config = with(&format!("{upstream}{databases}")).unwrap();
    let shown = ["w", "x", "y", "z"].map(|name| config.target(name).to_string());
    assert_eq!(shown, ["a:1, b:2 (primary)", "a:3, b:3 (primary)", "c:1, d:2 (primary)", "/run:4 (primary)"]);
    let environment = [("PGHOST", "::1,b"), ("PGVEIL_UPSTREAM_PORT", "7"), ("PGTARGETSESSIONATTRS", "prefer-standby")];
    let config = load(SMALL, &environment, Flags::default()).unwrap();
    assert_eq!(config.upstream.target.to_string(), "[::1]:7, b:7 (prefer-standby)");
}

#[test]
fn a_ca_means_verification() {
    let tls = |more: &str, environment: &[(&str, &str)]| {
        load(&format!("{SMALL}[upstream]\n{more}"), environment, Flags::default()).unwrap().upstream.tls
    };
    let full = UpstreamTls::VerifyFull { root: "ca".into(), identity: None };
    let chain = UpstreamTls::VerifyCa { root: "ca".into(), identity: None };
    assert_eq!(tls("sslrootcert = 'ca'\n", &[]), full);
    assert_eq!(tls("sslrootcert = 'ca'\n", &[("PGSSLMODE", "disable")]), full, "not weakened from outside");
    assert_eq!(tls("sslrootcert = 'ca'\nsslmode = 'require'\n", &[]), chain);
    assert_eq!(tls("", &[("PGSSLROOTCERT", "ca"), ("PGSSLMODE", "verify-ca")]), chain);
    assert_eq!(tls("", &[("PGSSLMODE", "require")]), UpstreamTls::Require { identity: None });
}

#[test]
fn the_summary_shows_names_only() {
    let text = SMALL.replace("user = 'u'", "user = 'u'\npassword = 'env:CATALOG_PASSWORD'");
    let config = load(&format!("{text}[databases.bank]\nport = 9\n"), &[], Flags::default()).unwrap();
    let shown = config.to_string();
    assert!(shown.contains("catalog   u, password env:CATALOG_PASSWORD\n"), "{shown}");
    assert!(shown.contains("database  bank: localhost:9\n"), "{shown}");
    assert_eq!(config.target("bank").to_string(), "localhost:9");
    assert_eq!(config.target("other").to_string(), "localhost:5432");
    assert_eq!(config.missing_files(), [Path::new("p")]);
}

/// The list that the environment goes by and the structs that the file goes by name the same keys.
#[test]
fn every_key_is_a_variable() {
    for table in ["listen", "upstream", "catalog", "keys", "audit", "admin", "auth", "log", "server"] {
        let error = toml::from_str::<Raw>(&format!("[{table}]\nzzz = 1\n")).unwrap_err().message().to_owned();
        let (_, fields) = error.split_once(", expected").unwrap();
        let fields: Vec<&str> = fields.split('`').skip(1).step_by(2).collect();
        let listed: Vec<&str> = KEYS.iter().filter(|(name, _, _)| *name == table).map(|(_, key, _)| *key).collect();
        assert_eq!(fields, listed, "{table}");
    }
    for (_, key, kind) in KEYS {
        let named_so =
            key.ends_with("seconds") || key.starts_with("max_") || ["threads", "connect_timeout"].contains(key);
        assert_eq!(named_so, *kind == Kind::Number, "{key}");
    }
}
