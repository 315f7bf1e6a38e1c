//! `pgveil config`: whether a configuration can be started with.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;

use super::USAGE;
use crate::config::{self, Flags};

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration as `serve` would, report every mistake with its place, and sum it up. Exit status 0 or 64.
    Check {
        #[command(flatten)]
        flags: Flags,
    },
}

/// Runs one command; answers go to standard output, mistakes to standard error.
pub fn run(command: &ConfigCommand) -> ExitCode {
    let ConfigCommand::Check { flags } = command;
    match check(flags) {
        Ok(true) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::from(USAGE),
    }
}

fn check(flags: &Flags) -> io::Result<bool> {
    let config = match config::load(flags) {
        Ok(config) => config,
        Err(errors) => return writeln!(io::stderr().lock(), "{errors}").map(|()| false),
    };
    let missing = config.missing_files();
    for path in &missing {
        writeln!(io::stderr().lock(), "{}: no such file or directory", path.display())?;
    }
    if missing.is_empty() {
        writeln!(io::stdout().lock(), "ok\n{config}")?;
    }
    Ok(missing.is_empty())
}
