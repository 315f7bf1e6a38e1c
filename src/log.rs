//! The proxy's own log: one JSON object a line, on standard error.
//!
//! Architecture invariant: no statement, parameter, row or error text of the server is ever given to it. What
//! callers did belongs to the audit trail ([`crate::audit`]).

use std::io::IsTerminal as _;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    #[default]
    Json,
    /// For a person at a terminal.
    Text,
}

/// Why logging could not be set up (exit 64).
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("log level {0:?}: expected off, error, warn, info, debug or trace")]
    BadLevel(String),
    #[error("a log is set up already")]
    Twice,
}

/// Sets up the process's log. Other crates never log below `warn`: their debug lines may show what they relay.
///
/// # Errors
/// [`SetupError`].
pub fn set_up(level: &str, format: Format) -> Result<(), SetupError> {
    let filter = filter(level)?;
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        Format::Json => {
            base.json().flatten_event(true).with_current_span(false).with_span_list(false).finish().try_init()
        }
        Format::Text => base.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
    }
    .map_err(|_| SetupError::Twice)
}

fn filter(level: &str) -> Result<EnvFilter, SetupError> {
    let others = match level {
        "off" | "error" => level,
        "warn" | "info" | "debug" | "trace" => "warn",
        _ => return Err(SetupError::BadLevel(level.to_owned())),
    };
    EnvFilter::try_new(format!("{others},pgveil={level}")).map_err(|_| SetupError::BadLevel(level.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_stay_quiet() {
        assert_eq!(filter("trace").unwrap().to_string(), "pgveil=trace,warn");
        assert_eq!(filter("off").unwrap().to_string(), "pgveil=off,off");
        assert!(filter("tokio=trace").is_err());
    }
}
