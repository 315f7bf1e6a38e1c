//! `pgveil audit verify`: checks the audit trail offline.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::audit::Algorithm;
use crate::audit::key::KeyReference;
use crate::audit::verify::{Summary, Verifier, VerifyError, first_of};

/// Exit code for a trail that is not as it was written.
const FOUND: u8 = 1;
/// Exit code for arguments, files or keys that cannot be used.
const UNUSABLE: u8 = 64;

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

/// Runs the command and reports on standard output, or the first bad record on standard error.
pub fn run(args: &AuditArgs) -> ExitCode {
    let AuditCommand::Verify(args) = &args.command;
    let (code, written) = match verify(args) {
        Ok(summary) => (0, report(&summary, args.heads.is_some(), &mut io::stdout().lock())),
        Err(failure) => (failure.code(), writeln!(io::stderr().lock(), "{failure}")),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(UNUSABLE),
        Ok(()) | Err(_) => ExitCode::from(code),
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Key(#[from] crate::audit::key::KeyError),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Verify(VerifyError::Found(_)) => FOUND,
            Self::Verify(VerifyError::Io { .. }) | Self::Key(_) => UNUSABLE,
        }
    }
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

fn io_error(path: &Path, source: io::Error) -> VerifyError {
    VerifyError::Io { file: path.display().to_string(), source }
}

fn report(summary: &Summary, heads: bool, out: &mut dyn Write) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::audit::Config;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        audit: AuditArgs,
    }

    fn code(arguments: &[&str]) -> u8 {
        let program = Program::try_parse_from([&["pgveil", "verify"], arguments].concat()).unwrap();
        let AuditCommand::Verify(args) = &program.audit.command;
        verify(args).map_or_else(|failure| failure.code(), |_| 0)
    }

    #[test]
    fn exit_codes() {
        let directory = tempfile::tempdir().unwrap();
        let heads = directory.path().join("heads");
        let config =
            Config { heads: Some(heads.clone()), writer: Some("a".into()), ..Config::in_directory(directory.path()) };
        config.open().unwrap().stop("test");
        let log = directory.path().join("audit-a-00000000000000000001.jsonl");
        let key = format!("file:{}", directory.path().join("audit.key").display());
        let (shown, heads) = (log.display().to_string(), heads.display().to_string());
        let good = std::fs::read(&log).unwrap();
        assert_eq!(code(&[&shown, "--heads", &heads, "--key", &key]), 0);
        assert_eq!(code(&[&shown, "--key", &key, "--algorithm", "hmac-sm3"]), FOUND);
        std::fs::write(&log, &good[..good.len() / 2]).unwrap();
        assert_eq!(code(&[&shown, "--heads", &heads, "--key", &key]), FOUND);
        assert_eq!(code(&[&shown, "--key", "file:/absent/key"]), UNUSABLE);
        assert_eq!(code(&["/absent/log", "--key", &key]), UNUSABLE);
    }
}
