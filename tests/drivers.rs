//! Real drivers against the sample bank: `drivers/run.sh`, first on PostgreSQL itself, then through the proxy.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pgveil::demo::schema;
use support::proxy::Proxy;
use support::twins::{self, Twins};
use support::wire::Client;

#[test]
fn the_drivers_expect_what_postgresql_does() {
    let twins = Twins::start(&[]);
    run(twins.server.port(), "twin", true);
}

#[test]
fn drivers_work_through_the_proxy() {
    let twins = Twins::start(&[]);
    twins.create("bank", schema::PROTECTED);
    let proxy = Proxy::start(twins.server.port());
    twins::load(&mut Client::connect(proxy.port(), "app", "bank").expect("a session"));
    run(proxy.port(), "bank", false);
}

fn run(port: u16, database: &str, unmasked: bool) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("tests/drivers/run.sh"))
        .env("PGVEIL_PORT", port.to_string())
        .env("PGVEIL_DATABASE", database)
        .env("PGVEIL_UNMASKED", if unmasked { "1" } else { "0" })
        .env("PGVEIL_PYTHON", python(root))
        .stdin(Stdio::null())
        .output()
        .expect("tests/drivers/run.sh runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "(tests/run.sh installs the drivers)\n{said}");
}

/// The Python that `tests/run.sh` equips, else whichever there is.
fn python(root: &Path) -> PathBuf {
    let equipped = root.join("target/venv/bin/python");
    if equipped.exists() { equipped } else { PathBuf::from("python3") }
}
