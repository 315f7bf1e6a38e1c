//! `pgveil serve`: the proxy itself.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::config::{self, Flags};
use crate::log;
use crate::server::{self, ServeError};

/// Exit code for configuration, policies, keys or certificates that cannot be used.
const UNUSABLE: u8 = 64;

/// Serve sessions until SIGTERM (sessions finish their transactions) or SIGINT (they end at once). SIGHUP reads
/// policies, keys and certificates again.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    flags: Flags,
}

/// Serves; exit code 0 after a signal, 64 for what the operator has to correct, 1 for what the machine refused.
pub fn run(args: &ServeArgs) -> ExitCode {
    match serve(&args.flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone, the exit code still says it.
            let _unheard = writeln!(io::stderr().lock(), "pgveil serve: {error}");
            match error {
                ServeError::Configuration(_) => ExitCode::from(UNUSABLE),
                ServeError::Runtime(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn serve(flags: &Flags) -> Result<(), ServeError> {
    let unusable = |error: String| ServeError::Configuration(error);
    let config = config::load(flags).map_err(|errors| unusable(errors.to_string()))?;
    log::set_up(&config.log.level, config.log.format).map_err(|error| unusable(error.to_string()))?;
    server::run(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_has_to_correct_is_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pgveil.toml");
        let serve = || serve(&Flags { config: file.clone(), ..Flags::default() });
        assert!(matches!(serve(), Err(ServeError::Configuration(error)) if error.contains("pgveil.toml")));
        std::fs::write(&file, "polices = 'a'").unwrap();
        assert!(matches!(serve(), Err(ServeError::Configuration(error)) if error.contains("did you mean `policies`")));
    }
}
