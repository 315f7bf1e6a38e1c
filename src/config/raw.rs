//! The file's own shape: everything optional, nothing checked but names and types.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::{SslMode, SslNegotiation};
use crate::catalog::place::SessionAttrs;
use crate::{audit, log};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub(super) policies: Option<PathBuf>,
    pub(super) listen: RawListen,
    pub(super) upstream: RawUpstream,
    pub(super) databases: BTreeMap<String, RawDatabase>,
    pub(super) catalog: RawCatalog,
    pub(super) keys: RawKeys,
    pub(super) audit: RawAudit,
    pub(super) admin: RawAdmin,
    pub(super) auth: RawAuth,
    pub(super) log: RawLog,
    pub(super) server: RawServer,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawListen {
    pub(super) address: Option<String>,
    pub(super) unix_socket: Option<PathBuf>,
    pub(super) tls_certificate: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) client_ca: Option<PathBuf>,
    pub(super) tls_required: Option<bool>,
    pub(super) max_sessions: Option<u32>,
    pub(super) login_timeout_seconds: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawUpstream {
    /// One, or several separated by commas, as in libpq.
    pub(super) host: Option<String>,
    pub(super) port: Option<RawPort>,
    pub(super) target_session_attrs: Option<SessionAttrs>,
    pub(super) sslmode: Option<SslMode>,
    pub(super) sslnegotiation: Option<SslNegotiation>,
    pub(super) sslrootcert: Option<PathBuf>,
    pub(super) sslcert: Option<PathBuf>,
    pub(super) sslkey: Option<PathBuf>,
    /// Seconds, as in libpq.
    pub(super) connect_timeout: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDatabase {
    pub(super) host: Option<String>,
    pub(super) port: Option<RawPort>,
}

/// A number, or as text several that are separated by commas.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a port from 1 to 65535, or as text one for each host")]
pub(super) enum RawPort {
    One(u64),
    Each(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawCatalog {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawKeys {
    pub(super) keyring: Option<PathBuf>,
    pub(super) kek_file: Option<PathBuf>,
    pub(super) kek: Option<String>,
}

/// [`audit::Config`] before its directory is known.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAudit {
    pub(super) directory: Option<PathBuf>,
    pub(super) key: Option<String>,
    pub(super) algorithm: Option<audit::Algorithm>,
    pub(super) writer: Option<String>,
    pub(super) durability: Option<audit::Durability>,
    pub(super) max_file_mib: Option<u64>,
    pub(super) heads: Option<PathBuf>,
    pub(super) heads_interval_seconds: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAdmin {
    pub(super) address: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAuth {
    pub(super) verifiers: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    pub(super) level: Option<String>,
    pub(super) format: Option<log::Format>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawServer {
    pub(super) threads: Option<u32>,
    pub(super) shutdown_timeout_seconds: Option<u32>,
    pub(super) max_statement_bytes: Option<u32>,
}

/// What a key's value is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    /// `file:` or `env:`; whatever else stands there may be the secret itself and is never shown.
    Secret,
}

/// Every key outside `[databases.NAME]`: table, key, kind.
pub(super) const KEYS: &[(&str, &str, Kind)] = &[
    ("", "policies", Kind::Text),
    ("listen", "address", Kind::Text),
    ("listen", "unix_socket", Kind::Text),
    ("listen", "tls_certificate", Kind::Text),
    ("listen", "tls_key", Kind::Text),
    ("listen", "client_ca", Kind::Text),
    ("listen", "tls_required", Kind::Flag),
    ("listen", "max_sessions", Kind::Number),
    ("listen", "login_timeout_seconds", Kind::Number),
    ("upstream", "host", Kind::Text),
    ("upstream", "port", Kind::Text),
    ("upstream", "target_session_attrs", Kind::Text),
    ("upstream", "sslmode", Kind::Text),
    ("upstream", "sslnegotiation", Kind::Text),
    ("upstream", "sslrootcert", Kind::Text),
    ("upstream", "sslcert", Kind::Text),
    ("upstream", "sslkey", Kind::Text),
    ("upstream", "connect_timeout", Kind::Number),
    ("catalog", "user", Kind::Text),
    ("catalog", "password", Kind::Secret),
    ("keys", "keyring", Kind::Text),
    ("keys", "kek_file", Kind::Text),
    ("keys", "kek", Kind::Secret),
    ("audit", "directory", Kind::Text),
    ("audit", "key", Kind::Secret),
    ("audit", "algorithm", Kind::Text),
    ("audit", "writer", Kind::Text),
    ("audit", "durability", Kind::Text),
    ("audit", "max_file_mib", Kind::Number),
    ("audit", "heads", Kind::Text),
    ("audit", "heads_interval_seconds", Kind::Number),
    ("admin", "address", Kind::Text),
    ("auth", "verifiers", Kind::Text),
    ("log", "level", Kind::Text),
    ("log", "format", Kind::Text),
    ("server", "threads", Kind::Number),
    ("server", "shutdown_timeout_seconds", Kind::Number),
    ("server", "max_statement_bytes", Kind::Number),
];
