//! The command line: one file per subcommand.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod audit;
pub mod config;
pub mod demo;
pub mod explain;
pub mod keys;
pub mod policy;
pub mod serve;

/// Transparent encryption and masking for PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "pgveil", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Explain(explain::ExplainArgs),
    /// Check, compare and explain policies.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Check the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Make, rotate and list keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    Audit(audit::AuditArgs),
    Demo(demo::DemoCommand),
}

/// Exit code for a command line that cannot be read (`EX_USAGE` of sysexits.h): 1 is an answer of some commands.
const USAGE: u8 = 64;

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, as errors that are none.
            let code = if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            return error.print().map_or(ExitCode::from(USAGE), |()| code);
        }
    };
    match cli.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Policy(command) => policy::run(&command),
        Command::Config(command) => config::run(&command),
        Command::Keys(command) => keys::run(&command),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Demo(command) => demo::run(&command),
    }
}
