//! `pgveil demo`: a bank of its own behind a proxy of its own, in seconds.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::demo::check::{self, Finding};
use crate::demo::postgres::{Cluster, free_port};
use crate::demo::{bank, proxy, setup, show};

/// Start a sample bank behind the proxy and show what each role sees.
#[derive(Debug, Args)]
pub struct DemoCommand {
    /// Verify every answer, stop everything, and exit with 0 or 1.
    #[arg(long, conflicts_with = "stop")]
    pub check: bool,
    /// Stop what an earlier demo left running.
    #[arg(long)]
    pub stop: bool,
    /// Begin anew: throw the demo's database away first.
    #[arg(long, conflicts_with = "stop")]
    pub fresh: bool,
    /// Where the demo keeps its database, keys and logs.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The policies of the sample bank.
    #[arg(long, value_name = "DIR", default_value = "policies/bank")]
    pub policies: PathBuf,
    /// Customers in the bank.
    #[arg(long, default_value_t = bank::CUSTOMERS, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    pub customers: u64,
}

type Failure = Box<dyn std::error::Error>;

/// Runs the demo; 1 where a promise is broken or something does not start.
pub fn run(command: &DemoCommand) -> ExitCode {
    match demo(command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Where standard error is gone, the exit code still says it
            let _unheard = writeln!(io::stderr(), "pgveil demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo(command: &DemoCommand) -> Result<bool, Failure> {
    let directory = command.dir.clone().unwrap_or_else(|| std::env::temp_dir().join("pgveil-demo"));
    let cluster = Cluster::new(&directory)?;
    stop(&cluster, &directory)?;
    if command.stop {
        return Ok(true);
    }
    if command.fresh || !directory.join(LOADED).exists() {
        clear(&directory)?;
    }
    let outcome = start(command, &cluster, &directory);
    if command.check || outcome.is_err() {
        stop(&cluster, &directory)?;
    }
    let started = outcome?;
    if !command.check {
        return Ok(true);
    }
    let files = check::files(&cluster.data())?;
    report(started.findings.iter().chain([&files]))
}

struct Started {
    findings: Vec<Finding>,
}

/// Stands in the directory once the bank is loaded whole.
const LOADED: &str = "loaded";

fn start(command: &DemoCommand, cluster: &Cluster, directory: &Path) -> Result<Started, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fresh = !cluster.exists();
    let mut out = io::stdout();
    if fresh {
        writeln!(out, "Creating a database in {} …", directory.display())?;
        std::fs::create_dir_all(directory)?;
        cluster.create()?;
    }
    let (server, port) = (cluster.start()?, free_port()?);
    if fresh {
        runtime.block_on(setup::create_bank(server))?;
    }
    proxy::start(directory, &std::path::absolute(&command.policies)?, port, server)?;
    if fresh {
        let rows = runtime.block_on(setup::load(port, command.customers))?;
        writeln!(out, "Loaded {rows} rows through the proxy.")?;
        std::fs::write(directory.join(LOADED), "")?;
    }
    writeln!(out, "\n{}\n\n{}", show::question(), runtime.block_on(show::side_by_side(port, server))?)?;
    if command.check {
        return Ok(Started { findings: runtime.block_on(check::answers(port, server))? });
    }
    writeln!(out, "{}", farewell(command, directory, port, server))?;
    Ok(Started { findings: Vec::new() })
}

fn farewell(command: &DemoCommand, directory: &Path, port: u16, server: u16) -> String {
    let dir = match &command.dir {
        Some(_) => format!(" --dir {}", directory.display()),
        None => String::new(),
    };
    format!(
        "Through the proxy (every login's password is its name: {}):\n  \
         psql postgresql://teller:teller@127.0.0.1:{port}/bank\n\
         Straight to the database:\n  psql postgresql://postgres@127.0.0.1:{server}/bank\n\
         Logs are in {}. To stop: pgveil demo --stop{dir}",
        setup::LOGINS.join(", "),
        directory.display()
    )
}

fn stop(cluster: &Cluster, directory: &Path) -> io::Result<()> {
    proxy::stop(directory)?;
    cluster.stop()
}

/// Throws away what an earlier demo kept here, and nothing else that may stand in the directory.
fn clear(directory: &Path) -> io::Result<()> {
    for name in ["data", "audit"] {
        match std::fs::remove_dir_all(directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for name in [LOADED, "keyring", "kek", "pgveil.toml", "proxy.log"] {
        match std::fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn report<'a>(findings: impl Iterator<Item = &'a Finding>) -> Result<bool, Failure> {
    let mut held = true;
    for finding in findings {
        match &finding.broken {
            None => writeln!(io::stdout(), "ok      {}", finding.promise)?,
            Some(seen) => {
                held = false;
                writeln!(io::stdout(), "BROKEN  {}: {seen}", finding.promise)?;
            }
        }
    }
    Ok(held)
}
