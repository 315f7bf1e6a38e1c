//! No sealed value stands anywhere in clear: after a workload with everything logged, the database's files, its log and
//! statistics, and what the proxy writes are searched for ten thousand values in many forms.

mod support;

use std::path::{Path, PathBuf};

use pgveil::demo::{bank, schema};
use support::canary::{Canaries, sealed_values};
use support::postgres::Server;
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::{Client, Mode};

/// Five sealed values each.
const CUSTOMERS: u64 = 2_000;

const SETTINGS: [&str; 6] = [
    "log_statement=all",
    "log_min_duration_statement=0",
    "log_min_messages=debug1",
    "log_error_verbosity=verbose",
    "log_parameter_max_length_on_error=-1",
    "shared_preload_libraries=pg_stat_statements",
];

#[test]
fn no_canary_where_sealed_values_are_stored_logged_or_counted() {
    let twins = Twins::none(Server::start_with(&SETTINGS));
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start_with(twins.server.port(), &twins::policies(), "[log]\nlevel = \"trace\"\n");
    let mut app = Client::connect(proxy.port(), "app", "bank").expect("a session");
    twins::load_customers(&mut app, CUSTOMERS);
    work(&mut app);
    work(&mut Client::connect(proxy.port(), "teller", "bank").expect("a session"));
    // A sort that does not fit in memory keeps its file while the cursor is open
    app.must("BEGIN; SET LOCAL work_mem = '64kB'");
    app.must("DECLARE sorted CURSOR FOR SELECT phone, name FROM customers ORDER BY name");
    app.must("FETCH 1 FROM sorted");

    let mut direct = twins.connect("postgres", "bank");
    direct.must("ANALYZE; CREATE EXTENSION pg_stat_statements");
    let mut seen = direct.must("SELECT * FROM pg_stats").rows;
    seen.extend(direct.must("SELECT query FROM pg_stat_statements").rows);
    seen.extend(direct.must("SELECT query FROM pg_stat_activity").rows);
    direct.must("CHECKPOINT");

    let canaries = Canaries::of(sealed_values(CUSTOMERS));
    assert!(canaries.find(bank::customer(7).phone.as_bytes()).is_some(), "the search finds nothing at all");
    let log = twins.server.log();
    assert!(log.contains("~pv1:") && log.contains("parameters: $1 ="), "statements and parameters are not logged");
    let shown: Vec<u8> = seen.into_iter().flatten().flatten().flat_map(|value| [value, vec![b'\n']].concat()).collect();
    assert_eq!(canaries.find(&shown), None, "in statistics");
    let mut files = Vec::new();
    for directory in [twins.server.directory(), proxy.directory()] {
        collect(directory, &mut files);
    }
    assert!(files.iter().any(|file| file.to_string_lossy().contains("pgsql_tmp/")), "no temporary file was written");
    let found: Vec<String> = files.iter().filter_map(|file| scan(file, &canaries)).collect();
    println!("{} canaries, {} files", CUSTOMERS * 5, files.len());
    assert!(found.is_empty(), "in clear:\n{}", found.join("\n"));
}

/// Reads, writes and mistakes of every kind, in every mode; what is refused is refused.
fn work(session: &mut Client) {
    for mode in [Mode::Simple, Mode::Text, Mode::Binary] {
        for id in (1..CUSTOMERS).step_by(97) {
            let who = bank::customer(id);
            let (account, pan) = (bank::account_no(id), bank::pan(id));
            for (sql, params) in [
                ("SELECT * FROM customers WHERE phone = $1", vec![&who.phone]),
                (
                    "SELECT id FROM customers WHERE id_number IN ($1, 'x') OR email = $2",
                    vec![&who.id_number, &who.email],
                ),
                ("SELECT * FROM accounts WHERE account_no = $1", vec![&account]),
                ("SELECT * FROM customers WHERE phone LIKE $1", vec![&who.phone]),
                ("SELECT nosuch FROM customers WHERE phone = $1", vec![&who.phone]),
                ("UPDATE customers SET phone = $1 WHERE phone = $1", vec![&who.phone]),
                ("UPDATE customers SET birth_date = $1 WHERE id = 1", vec![&who.phone]),
                ("UPDATE cards SET pan = $1 WHERE id = 1", vec![&pan]),
                ("INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (0, $1, 1, 1)", vec![&account]),
                (
                    "INSERT INTO customers (id, name, id_number, branch_id) VALUES (0, NULL, $1, 99)",
                    vec![&who.id_number],
                ),
                ("SELEC phone FROM customers WHERE phone = $1", vec![&who.phone]),
            ] {
                let params: Vec<_> = params.into_iter().cloned().map(Some).collect();
                let _refused_or_not = session.run(mode, sql, &params, None);
                assert!(!session.closed, "{sql}");
            }
        }
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}

fn scan(file: &Path, canaries: &Canaries) -> Option<String> {
    // A file may go while it is looked for
    let bytes = std::fs::read(file).ok()?;
    canaries.find(&bytes).map(|value| format!("{}: {value}", file.display()))
}
