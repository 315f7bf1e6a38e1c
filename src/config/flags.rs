//! The flags that the subcommands share.

use std::path::PathBuf;

use super::located::{ConfigErrors, Places};
use super::raw::{Raw, RawPort};

/// What the command line says of the configuration. It wins over environment and file.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "PGVEIL_CONFIG", default_value = "/etc/pgveil/pgveil.toml")]
    pub config: PathBuf,
    /// Listen here instead, for example 127.0.0.1:6432.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// The server to relay to instead.
    #[arg(long, value_name = "HOST:PORT")]
    pub upstream: Option<String>,
    /// The policy directory instead.
    #[arg(long, value_name = "DIRECTORY")]
    pub policies: Option<PathBuf>,
}

impl Flags {
    pub(super) fn apply(&self, raw: &mut Raw, places: &mut Places) -> Result<(), ConfigErrors> {
        if let Some(address) = &self.listen {
            raw.listen.address = Some(address.clone());
            places.flag("listen", "address", "--listen");
        }
        if let Some(policies) = &self.policies {
            raw.policies = Some(policies.clone());
            places.flag("", "policies", "--policies");
        }
        if let Some(server) = &self.upstream {
            places.flag("upstream", "host", "--upstream");
            places.flag("upstream", "port", "--upstream");
            let (host, port) = host_and_port(server)
                .ok_or_else(|| places.error("upstream", "host", "expected HOST:PORT, for example db.bank:5432"))?;
            raw.upstream.host = Some(host);
            raw.upstream.port = Some(RawPort::One(port.into()));
        }
        Ok(())
    }
}

/// `name:5432`, `10.0.0.1:5432`, `[::1]:5432`.
fn host_and_port(written: &str) -> Option<(String, u16)> {
    let (host, port) = written.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let cases = [
            ("db:5432", Some(("db", 5432))),
            ("[::1]:1", Some(("::1", 1))),
            ("db", None),
            (":5432", None),
            ("db:0", None),
            ("db:65536", None),
        ];
        for (written, expect) in cases {
            assert_eq!(host_and_port(written), expect.map(|(host, port)| (host.to_owned(), port)), "{written}");
        }
    }
}
