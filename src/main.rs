//! The `pgveil` program: see `pgveil help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    pgveil::cli::run()
}
