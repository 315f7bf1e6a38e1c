//! The live half of `pgveil policy check`, against the sample bank on a real PostgreSQL.

mod support;

use std::path::Path;

use pgveil::catalog::load::{Known, load};
use pgveil::policy::check::INDEXES_SQL;
use pgveil::policy::{Finding, IndexDefinition, PolicySet, Severity, check_live, required_ddl};
use support::postgres::Server;
use tokio_postgres::{Client, NoTls};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

async fn connect(server: &Server, database: &str) -> Client {
    let options = format!("host=127.0.0.1 port={} user=postgres dbname={database}", server.port());
    let (client, connection) = tokio_postgres::connect(&options, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn database(server: &Server, name: &str, schema: &str) -> Client {
    connect(server, "postgres").await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let client = connect(server, name).await;
    let sql = std::fs::read_to_string(repository().join("deploy/bank").join(schema)).unwrap();
    client.batch_execute(&sql).await.unwrap();
    client
}

async fn findings(set: &PolicySet, client: &Client) -> Vec<Finding> {
    let catalog = load(client, Known::Nothing).await.unwrap();
    let sql = format!("SELECT schemaname::text, tablename::text, indexdef FROM ({INDEXES_SQL}) i");
    let rows = client.query(sql.as_str(), &[]).await.unwrap();
    let index =
        |row: &tokio_postgres::Row| IndexDefinition { schema: row.get(0), table: row.get(1), definition: row.get(2) };
    let indexes: Vec<_> = rows.iter().map(index).collect();
    check_live(set.get("bank").unwrap(), &catalog, Some(&indexes))
}

fn errors(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|f| f.severity == Severity::Error).map(ToString::to_string).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn the_sample_bank_agrees_with_its_policy() {
    let server = Server::start();
    let set = PolicySet::load(&repository().join("policies")).unwrap();
    let protected = database(&server, "protected", "schema-protected.sql").await;
    let found = findings(&set, &protected).await;
    assert_eq!(errors(&found), [""; 0]);
    let no_check = found.iter().filter(|finding| finding.message.contains("CHECK")).count();
    assert_eq!(no_check, 0, "{found:#?}");
}

#[tokio::test(flavor = "current_thread")]
async fn the_printed_ddl_mends_a_plain_bank() {
    let server = Server::start();
    let set = PolicySet::load(&repository().join("policies")).unwrap();
    let plain = database(&server, "plain", "schema.sql").await;
    let before = findings(&set, &plain).await;
    for expect in [
        "public.customers.phone: sealed, so it has to be of type text in the database, not character varying(20); views that use it have to be dropped first and created again: public.customer_contacts",
        "ALTER TABLE public.customers ALTER COLUMN phone TYPE text;",
        "public.customers.id_number: unique index `customers_id_number_key` compares sealed values",
        "CREATE UNIQUE INDEX ON public.customers (left(id_number, 27));",
    ] {
        assert!(errors(&before).iter().any(|error| error.contains(expect)), "{expect}\n{before:#?}");
    }
    // Views stand in the way of ALTER TYPE, as they would for the DBA
    let views = "SELECT format('DROP VIEW %s CASCADE', oid::regclass) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace";
    for row in plain.query(views, &[]).await.unwrap() {
        let drop = row.get::<_, String>(0).replace("VIEW", "VIEW IF EXISTS");
        plain.batch_execute(&drop).await.unwrap();
    }
    for statement in required_ddl(set.get("bank").unwrap()) {
        plain.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let unique = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'u' AND connamespace = 'public'::regnamespace";
    for row in plain.query(unique, &[]).await.unwrap() {
        plain.batch_execute(&row.get::<_, String>(0)).await.unwrap();
    }
    let after = findings(&set, &plain).await;
    assert_eq!(errors(&after), [""; 0]);
    assert!(!after.iter().any(|finding| finding.ddl.is_some()), "{after:#?}");
}

/// Sealed values of two columns are never alike: a key over them would refer to nothing.
#[tokio::test(flavor = "current_thread")]
async fn a_sealed_key_is_refused_on_both_of_its_ends() {
    let server = Server::start();
    let set = PolicySet::load(&repository().join("policies")).unwrap();
    let client = database(&server, "bank", "schema-protected.sql").await;
    let keys = "CREATE UNIQUE INDEX whole_pan ON cards (pan);
        ALTER TABLE transactions ADD FOREIGN KEY (counterparty) REFERENCES cards (pan);
        ALTER TABLE kyc DROP CONSTRAINT kyc_pkey, ADD PRIMARY KEY (customer_id, tax_no);";
    client.batch_execute(keys).await.unwrap();
    let found = errors(&findings(&set, &client).await);
    for column in ["transactions.counterparty", "cards.pan", "kyc.tax_no"] {
        let expect = format!("public.{column}: part of a primary, foreign or partition key: it cannot be sealed");
        assert!(found.iter().any(|error| error.contains(&expect)), "{expect}\n{found:#?}");
    }
}

/// Loaders and sessions that go around the proxy.
#[tokio::test(flavor = "current_thread")]
async fn the_database_itself_refuses_plaintext_in_every_sealed_column() {
    let server = Server::start();
    let set = PolicySet::load(&repository().join("policies")).unwrap();
    let client = database(&server, "bank", "schema-protected.sql").await;
    // Rows without values; what is left are the CHECKs
    let rows = "ALTER TABLE employees ALTER phone DROP NOT NULL; ALTER TABLE customers ALTER id_number DROP NOT NULL;
        ALTER TABLE accounts ALTER account_no DROP NOT NULL; ALTER TABLE cards ALTER pan DROP NOT NULL;
        INSERT INTO branches VALUES (1, 'B', 'b', 'c');
        INSERT INTO employees (id, login, name, branch_id) VALUES (1, 'e', 'e', 1);
        INSERT INTO customers (id, name, branch_id) VALUES (1, 'c', 1);
        INSERT INTO accounts (id, customer_id, branch_id) VALUES (1, 1, 1);
        INSERT INTO cards (id, account_id, customer_id) VALUES (1, 1, 1);
        INSERT INTO transactions (id, account_id, at, kind, amount) VALUES (1, 1, now(), 'k', 1);
        INSERT INTO kyc (customer_id) VALUES (1);";
    client.batch_execute(rows).await.unwrap();
    let mut tried = 0;
    for relation in &set.get("bank").unwrap().relations {
        for (column, policy) in relation.columns.iter().filter(|(_, policy)| policy.sealed.is_some()) {
            let magic = if policy.sealed.as_ref().unwrap().equality { "~pv1:" } else { "~pv0:" };
            for (value, is_taken) in [("13812345678", false), ("", false), (" ~pv1:x", false), (magic, true)] {
                let sql = format!("UPDATE {}.{} SET {column} = '{value}'", relation.schema, relation.name);
                let sqlstate =
                    client.execute(&sql, &[]).await.err().and_then(|e| e.code().map(|c| c.code().to_owned()));
                assert_eq!(sqlstate, (!is_taken).then(|| "23514".to_owned()), "{sql}");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 25);
}

#[tokio::test(flavor = "current_thread")]
async fn code_that_cannot_be_looked_into_is_shown() {
    let server = Server::start();
    let listed = "functions:\n  public.known: {returns: [public.customers.phone]}\n  public.gone: {}\n";
    let read = |file: &str| std::fs::read_to_string(repository().join("policies/bank").join(file)).unwrap();
    let tables = read("tables.yaml") + listed;
    let set = PolicySet::from_texts([("tables.yaml", tables.as_str()), ("roles.yaml", &read("roles.yaml"))]).unwrap();
    let client = database(&server, "with_code", "schema-protected.sql").await;
    let code = "CREATE FUNCTION known() RETURNS text LANGUAGE sql STABLE AS 'SELECT phone FROM customers LIMIT 1';
        CREATE FUNCTION unknown() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN 1; END';
        CREATE PROCEDURE run() LANGUAGE plpgsql AS 'BEGIN END';";
    client.batch_execute(code).await.unwrap();
    let found: Vec<String> = findings(&set, &client).await.iter().map(ToString::to_string).collect();
    for expect in [
        "note: public.known: function in sql, stable; listed: every role may run it; it returns public.customers.phone",
        "note: public.unknown: function in plpgsql, volatile, with its owner's rights; not listed: roles that see anything masked may not run it",
        "note: public.run: procedure in plpgsql, volatile; not listed: roles that see anything masked may not run it",
        "warning: public.gone: listed under `functions`, and no such function or procedure",
    ] {
        assert!(found.iter().any(|finding| finding == expect), "{expect}\n{found:#?}");
    }
}

#[test]
fn the_command_tells_by_its_exit_code() {
    use pgveil::cli::policy::{PolicyCommand, run};
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(database(&server, "bank", "schema-protected.sql"));
    let check = |live: bool| {
        let dsn = format!("host=127.0.0.1 port={} user=postgres dbname=bank", server.port());
        let directory = repository().join("policies");
        format!("{:?}", run(&PolicyCommand::Check { directory, live: live.then_some(dsn).into_iter().collect() }))
    };
    let well = format!("{:?}", std::process::ExitCode::SUCCESS);
    assert_eq!((check(false), check(true)), (well.clone(), well.clone()));
    runtime.block_on(client.batch_execute("ALTER TABLE customers RENAME branch_id TO branch")).unwrap();
    assert_ne!(check(true), well, "columns and a filter name what is gone");
}

/// With a tz database of its own, in which Shanghai has Tokyo's rules.
#[test]
fn time_zones_that_are_not_the_servers_are_named() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    drop(runtime.block_on(database(&server, "bank", "schema-protected.sql")));
    let zones = tempfile::tempdir().unwrap();
    std::fs::create_dir(zones.path().join("Asia")).unwrap();
    for (name, rules) in [("Tokyo", "Tokyo"), ("Shanghai", "Tokyo"), ("Kathmandu", "Kathmandu")] {
        let from = Path::new("/usr/share/zoneinfo/Asia").join(rules);
        std::fs::copy(&from, zones.path().join("Asia").join(name))
            .unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    }
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_pgveil"))
        .args(["policy", "check", "--live"])
        .arg(format!("host=127.0.0.1 port={} user=postgres dbname=bank", server.port()))
        .arg(repository().join("policies"))
        .env("TZDIR", zones.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let warning = said.lines().find(|line| line.contains("TimeZone")).unwrap_or_else(|| panic!("{said}"));
    assert!(warning.contains("Asia/Shanghai (1900-01-15)"), "{warning}");
    assert!(!warning.contains("Asia/Tokyo") && !warning.contains("Asia/Kathmandu"), "{warning}");
    assert!(output.status.success(), "a warning is no error: {said}");
}
