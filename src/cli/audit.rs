//! `pgveil audit verify`: checks the audit trail offline.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use crate::audit::Algorithm;
use crate::audit::key::KeyReference;
use crate::audit::verify::{Summary, Verifier, VerifyError, first_of};

/// Exit status for a trail that is not as it was written.
pub const EXIT_FOUND: u8 = 1;
/// Exit status for arguments, files or keys that cannot be used.
pub const EXIT_USAGE: u8 = 64;

/// Work with the audit trail.
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// Check that every record is there, unchanged and in its place. Exit status 0, 1 (something found) or 64.
    Verify(VerifyArgs),
}

#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// The log files of one or several writers, in any order.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A file of heads kept elsewhere; without one, a missing end cannot be noticed.
    #[arg(long)]
    heads: Option<PathBuf>,
    /// The audit key: file:/path or env:NAME.
    #[arg(long, env = "PGVEIL_AUDIT_KEY_REF", value_name = "REFERENCE")]
    key: String,
    #[arg(long, value_enum, default_value_t)]
    algorithm: Algorithm,
}

/// Runs the command; returns the exit status.
pub fn run(args: &AuditArgs, out: &mut dyn Write, err: &mut dyn Write) -> std::io::Result<u8> {
    let AuditCommand::Verify(args) = &args.command;
    match verify(args) {
        Ok(summary) => report(&summary, args.heads.is_some(), out).map(|()| 0),
        Err(Failure::Verify(VerifyError::Found(finding))) => writeln!(err, "{finding}").map(|()| EXIT_FOUND),
        Err(Failure::Verify(error @ VerifyError::Io { .. })) => writeln!(err, "{error}").map(|()| EXIT_USAGE),
        Err(Failure::Key(error)) => writeln!(err, "{error}").map(|()| EXIT_USAGE),
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Key(#[from] crate::audit::key::KeyError),
}

fn verify(args: &VerifyArgs) -> Result<Summary, Failure> {
    let key = args.key.parse::<KeyReference>()?.load(args.algorithm)?;
    let mut verifier = Verifier::new(&key);
    if let Some(path) = &args.heads {
        verifier.heads(&path.display().to_string(), open(path)?)?;
    }
    for path in in_order(&args.files)? {
        verifier.log(&path.display().to_string(), open(&path)?)?;
    }
    Ok(verifier.finish().map_err(VerifyError::Found)?)
}

/// Files by writer and first record. One whose first line tells neither comes first, to be found at once; an empty
/// one holds nothing.
fn in_order(files: &[PathBuf]) -> Result<Vec<PathBuf>, VerifyError> {
    let mut numbered = Vec::with_capacity(files.len());
    for path in files {
        let first = first_of(open(path)?).map_err(|source| io_error(path, source))?;
        numbered.push((first, path.clone()));
    }
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}

fn open(path: &Path) -> Result<BufReader<File>, VerifyError> {
    File::open(path).map(BufReader::new).map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: std::io::Error) -> VerifyError {
    VerifyError::Io { file: path.display().to_string(), source }
}

fn report(summary: &Summary, heads: bool, out: &mut dyn Write) -> std::io::Result<()> {
    for (writer, last) in &summary.chains {
        writeln!(out, "{writer}: chain holds up to record {last}")?;
    }
    for file in &summary.torn {
        writeln!(out, "{file}: last line is torn, as a crash leaves it")?;
    }
    writeln!(out, "{} records, {} heads kept elsewhere: nothing found", summary.records, summary.heads)?;
    if !heads {
        writeln!(out, "without --heads a missing end cannot be noticed")?;
    }
    Ok(())
}
