//! The tools that DBAs live with: psql's commands show through the proxy what they show on the server, and a dump in any
//! format, taken through one proxy, is restored through another. `PGVEIL_DUMP_FORMATS` runs all of pg_dump's formats, not two.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pgveil::demo::{bank, schema};
use support::postgres::{self, Server, binary};
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::Client;

const LOGINS: [&str; 5] = ["app", "teller", "auditor", "dev", "dba"];

/// Each with what psql 15 knows, alone and with `+` and `S` where it takes them.
const COMMANDS: &str = r"\d \d+ \dS \d+S customers \da \dA \dA+ \dAc \dAf \dAo \dAp \db \db+ \dc \dc+ \dC \dC+ \dd \dD \ddp \dE \des \det
\deu \dew \df \df+ \dfS \dF \dFd \dFp \dFt \dg \dg+ \di \di+ \dl \dL \dL+ \dm \dn \dn+ \do \doS \dO \dp \dP \dPt \dRp \dRs \ds \ds+ \dS
\dt \dt+ \dtS \dT \dT+ \du \du+ \dv \dv+ \dx \dx+ \dX \dy \dconfig \dconfig+ \l \l+ \z \conninfo \encoding";

const NAMED: [&str; 16] = [
    r"\d customers",
    r"\d+ customers",
    r"\d employees_phone_key",
    r"\d+ customer_contacts",
    r#"\d "Odd Name""#,
    r"\d+ movements",
    r"\sf touched",
    r"\sf+ touched",
    r"\sv customer_contacts",
    r"\dt public.*",
    r"\df to*",
    r"\drds app bank",
    r"\dp customers",
    r"\di+ customers*",
    r"\dd touched",
    r"\d nothing_of_that_name",
];

const BESIDE: &str = r#"
CREATE TABLE "Odd Name" (id bigserial PRIMARY KEY, d numeric(10,2) DEFAULT 1.5, CHECK (d > 0));
CREATE TABLE movements (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE movements_2026 PARTITION OF movements FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON "Odd Name" FOR EACH ROW EXECUTE FUNCTION touched();
CREATE MATERIALIZED VIEW branch_cities AS SELECT city, count(*) FROM branches GROUP BY city;
CREATE DOMAIN amount AS numeric(18,2) CHECK (VALUE >= 0);
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE STATISTICS branch_stats ON code, city FROM branches;
CREATE PUBLICATION all_branches FOR TABLE branches;
COMMENT ON FUNCTION touched() IS 'touches';
COMMENT ON COLUMN customers.phone IS 'sealed';
"#;

/// What callers who see masks are refused: a mapping may hold another login's password.
const WITHHELD: [&str; 1] =
    ["permission denied for pg_catalog.pg_user_mappings: it shows values or statements of others"];

fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary(program));
    command.args(arguments).env("LC_ALL", "C").env("PGTZ", "UTC").stdin(Stdio::null());
    command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn must(program: &str, arguments: &[&str]) {
    let output = run(program, arguments);
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What psql says to each command: name and answer; before them all errors.
fn told(port: u16, server: u16, user: &str, script: &Path) -> Vec<(String, String)> {
    let port = port.to_string();
    let file = script.display().to_string();
    let arguments = ["-X", "-h", "127.0.0.1", "-p", &port, "-U", user, "-d", "bank", "-f", &file];
    let output = run("psql", &arguments);
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&port, "PORT").replace(&server.to_string(), "PORT");
    let mut blocks = vec![("standard error".to_owned(), text(&output.stderr))];
    for block in text(&output.stdout).split("### ").skip(1) {
        let (command, answer) = block.split_once('\n').expect("a command's line");
        // \conninfo of psql 18 tells the server process of its session
        let alike = |line: &&str| !line.starts_with(" Backend PID");
        blocks.push((command.to_owned(), answer.lines().filter(alike).map(|line| format!("{line}\n")).collect()));
    }
    blocks
}

#[test]
fn psqls_commands_show_what_they_show_on_the_server() {
    let twins = Twins::none(Server::start_with(&["wal_level=logical"]));
    twins.create("bank", schema::PROTECTED);
    let mut owner = twins.connect("postgres", "bank");
    owner.must("SET ROLE dba");
    owner.must(BESIDE);
    owner.must("RESET ROLE; ALTER ROLE app IN DATABASE bank SET work_mem = '5MB'; GRANT SELECT ON customers TO teller");
    let proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "");
    twins::load_customers(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"), 10);
    owner.must("VACUUM ANALYZE");

    let script = proxy.directory().join("commands.sql");
    let mut text = String::new();
    let commands = COMMANDS.split_whitespace().filter(|command| command.starts_with('\\')).chain(NAMED);
    for command in commands {
        writeln!(text, "\\echo ### {}\n{command}", command.replace('\\', "/")).expect("a script");
    }
    std::fs::write(&script, text).expect("a script");
    for user in LOGINS {
        let server = twins.server.port();
        let (direct, proxied) = (told(server, server, user, &script), told(proxy.port(), server, user, &script));
        let said: usize = direct.iter().map(|(_, answer)| answer.len()).sum();
        assert!(direct.len() > 80 && said > 100_000, "{user}: {} commands, {said} bytes", direct.len());
        assert_eq!(direct.len(), proxied.len(), "{user}");
        for ((command, expect), (_, got)) in direct.iter().zip(&proxied) {
            match command.as_str() {
                "standard error" if user != "app" => assert_eq!(refused(expect, got), WITHHELD, "{user}"),
                "/deu" if user != "app" => assert_eq!(got, "", "{user}"),
                _ => assert!(got == expect, "{command} as {user}: {}", difference(expect, got)),
            }
        }
    }
}

/// What the proxy adds to standard error, without file and line.
fn refused(expect: &str, got: &str) -> Vec<String> {
    let own = got.lines().filter(|line| !expect.contains(*line)).filter_map(|line| line.split_once("ERROR:  "));
    own.map(|(_, error)| error.to_owned()).collect()
}

/// The first lines that differ.
fn difference(expect: &str, got: &str) -> String {
    let lines = expect.lines().map(Some).chain(std::iter::repeat(None)).zip(got.lines().map(Some).chain([None]));
    let mut differing = lines.filter(|(expect, got)| expect != got);
    format!("(directly, through the proxy) {:?}", differing.next())
}

/// Every table's rows as `app` sees them.
fn rows(port: u16) -> Vec<String> {
    let mut app = Client::connect(port, "app", "bank").expect("a session");
    let tables = bank::tables(1).into_iter().map(|rows| rows.table);
    tables.map(|table| format!("{table}: {:?}", app.must(&format!("SELECT * FROM {table} ORDER BY 1")).rows)).collect()
}

#[test]
fn dumps_in_every_format_are_restored_through_another_proxy() {
    let version = String::from_utf8_lossy(&run("pg_dump", &["--version"]).stdout).into_owned();
    let newest = version.split_whitespace().nth(2).and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if newest.is_none_or(|newest| newest < postgres::major()) {
        println!("not tested: {version} dumps no server of version {}", postgres::major());
        return;
    }
    let (source, target) = (Twins::none(Server::start()), Twins::none(Server::start()));
    source.create("bank", schema::PROTECTED);
    let from = Proxy::start_with(source.server.port(), &twins::policies(), "");
    twins::load_customers(&mut Client::connect(from.port(), "app", "bank").expect("a session"), 60);
    let expect = rows(from.port());
    let into = Proxy::start_with(target.server.port(), &twins::policies(), "");
    let (from_port, into_port) = (from.port().to_string(), into.port().to_string());
    let place = tempfile::tempdir().expect("temporary directory");

    let mut formats: Vec<(&str, &[&str], &[&str])> = vec![
        ("column-inserts", &["--column-inserts", "--rows-per-insert=50"], &[]),
        ("directory", &["-Fd", "-j", "2"], &["-j", "2"]),
    ];
    if std::env::var_os("PGVEIL_DUMP_FORMATS").is_some() {
        formats.push(("plain", &[], &[]));
        formats.push(("inserts", &["--inserts"], &[]));
        formats.push(("tar", &["-Ft"], &["-Ft"]));
        formats.push(("custom", &["-Fc"], &["-j", "2"]));
    }
    for (name, dump, restore) in formats {
        let mut admin = target.connect("postgres", "postgres");
        admin.must("DROP DATABASE IF EXISTS bank");
        admin.must("CREATE DATABASE bank OWNER bank_owner");
        target.connect("postgres", "bank").must("GRANT ALL ON SCHEMA public TO PUBLIC");
        let file = place.path().join(name).display().to_string();
        let at = |port| ["-h", "127.0.0.1", "-p", port, "-U", "app", "-d", "bank"];
        must("pg_dump", &[&at(from_port.as_str())[..], dump, &["-f", &file]].concat());
        match restore {
            [] => must(
                "psql",
                &[&at(into_port.as_str())[..], &["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", &file]].concat(),
            ),
            flags => must("pg_restore", &[&at(into_port.as_str())[..], &["-e"], flags, &[&file]].concat()),
        }
        assert_eq!(rows(into.port()), expect, "{name}");
        let indexes = |twins: &Twins| {
            twins
                .connect("postgres", "bank")
                .must("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
                .rows
        };
        assert_eq!(indexes(&target), indexes(&source), "{name}");
        let sql = "SELECT count(phone) > 40 AND count(phone) = count(*) FILTER (WHERE left(phone, 5) = '~pv1:') FROM customers";
        assert_eq!(target.connect("postgres", "bank").must(sql).rows, [[Some(b"t".to_vec())]], "{name}: sealed");
    }
}
