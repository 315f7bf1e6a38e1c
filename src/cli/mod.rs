//! The command line: one file per subcommand.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod audit;
pub mod demo;
pub mod policy;

/// Transparent encryption and masking for PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "pgveil", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check, compare and explain policies.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    Audit(audit::AuditArgs),
    Demo(demo::DemoCommand),
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Policy(command) => policy::run(&command),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Demo(command) => demo::run(&command),
    }
}
