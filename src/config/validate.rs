//! From what is written to what holds: defaults filled in, what belongs together held together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use super::located::{ConfigError, ConfigErrors, Places};
use super::raw::{Raw, RawAudit, RawCatalog, RawDatabase, RawKeys, RawListen, RawLog, RawPort, RawServer, RawUpstream};
use super::{
    Catalog, Config, Identity, Keys, Listen, ListenTls, Log, Process, SecretReference, SslMode, SslNegotiation, Target,
    Upstream, UpstreamTls,
};
use crate::audit;
use crate::catalog::place::Server;

const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 6432);
/// A message cannot be longer (`MaxAllocSize`).
const LONGEST_STATEMENT_BYTES: u32 = 0x3fff_ffff;

pub(super) fn validate(raw: Raw, places: &Places) -> Result<Config, ConfigErrors> {
    let mut check = Check { places, errors: Vec::new() };
    let policies = check.required("", "policies", raw.policies);
    let listen = check.listen(raw.listen);
    let upstream = check.upstream(raw.upstream);
    let databases = check.databases(raw.databases, &upstream.target);
    let catalog = check.catalog(raw.catalog);
    let keys = check.keys(raw.keys);
    let audit = check.audit(raw.audit);
    let admin = raw.admin.address.and_then(|written| check.address("admin", "address", &written));
    let log = check.log(raw.log);
    let process = check.process(&raw.server);
    match (policies, listen, catalog, keys, audit) {
        (Some(policies), Some(listen), Some(catalog), Some(keys), Some(audit)) if check.errors.is_empty() => {
            let verifiers = raw.auth.verifiers;
            Ok(Config { policies, listen, upstream, databases, catalog, keys, audit, admin, verifiers, log, process })
        }
        _ => Err(ConfigErrors(check.errors)),
    }
}

struct Check<'a> {
    places: &'a Places,
    errors: Vec<ConfigError>,
}

impl Check<'_> {
    fn refuse(&mut self, table: &str, key: &str, message: impl Into<String>) {
        self.errors.push(self.places.error(table, key, message));
    }

    fn required<T>(&mut self, table: &str, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.refuse(table, key, format!("`{key}` is missing"));
        }
        value
    }

    fn address(&mut self, table: &str, key: &str, written: &str) -> Option<SocketAddr> {
        let parsed = written.parse().ok();
        if parsed.is_none() {
            self.refuse(table, key, "expected an address and a port, for example 127.0.0.1:6432 or [::]:6432");
        }
        parsed
    }

    fn secret(&mut self, table: &str, key: &str, written: &str) -> Option<SecretReference> {
        let reference = SecretReference::parse(written);
        if reference.is_none() {
            self.refuse(table, key, "no secret stands in the configuration: write where it is, file:/path or env:NAME");
        }
        reference
    }

    /// A number that must not be 0.
    fn positive(&mut self, table: &str, key: &str, value: Option<u32>, default: u32) -> u32 {
        if value == Some(0) {
            self.refuse(table, key, format!("`{key}` must be at least 1"));
        }
        value.unwrap_or(default)
    }

    /// Two files that are given together or not at all.
    fn pair(
        &mut self,
        table: &str,
        names: (&str, &str),
        files: (Option<PathBuf>, Option<PathBuf>),
    ) -> Option<Identity> {
        match files {
            (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                self.refuse(table, names.0, format!("`{}` without `{}`", names.0, names.1));
                None
            }
            (None, Some(_)) => {
                self.refuse(table, names.1, format!("`{}` without `{}`", names.1, names.0));
                None
            }
        }
    }

    fn listen(&mut self, raw: RawListen) -> Option<Listen> {
        let address = match &raw.address {
            Some(written) => self.address("listen", "address", written),
            None => Some(DEFAULT_ADDRESS),
        };
        let max_sessions = self.positive("listen", "max_sessions", raw.max_sessions, 10_000);
        let login_timeout = self.positive("listen", "login_timeout_seconds", raw.login_timeout_seconds, 60);
        let unix_socket = raw.unix_socket.clone();
        let tls = self.listen_tls(raw);
        Some(Listen {
            address: address?,
            unix_socket,
            tls,
            max_sessions: count(max_sessions),
            login_timeout: seconds(login_timeout),
        })
    }

    fn listen_tls(&mut self, raw: RawListen) -> Option<ListenTls> {
        let required = raw.tls_required.unwrap_or(false);
        let names = ("tls_certificate", "tls_key");
        if raw.tls_certificate.is_none() && raw.tls_key.is_none() {
            for (key, given) in [("tls_required", required), ("client_ca", raw.client_ca.is_some())] {
                if given {
                    self.refuse("listen", key, format!("`{key}` needs `tls_certificate` and `tls_key`"));
                }
            }
        }
        let identity = self.pair("listen", names, (raw.tls_certificate, raw.tls_key))?;
        let Identity { certificate, key } = identity;
        Some(ListenTls { certificate, key, client_ca: raw.client_ca, required })
    }

    fn upstream(&mut self, raw: RawUpstream) -> Upstream {
        let connect_timeout = self.positive("upstream", "connect_timeout", raw.connect_timeout, 10);
        let ports = self.ports("upstream", raw.port.as_ref().unwrap_or(&RawPort::One(5432)));
        let hosts = self.hosts("upstream", raw.host.as_deref().unwrap_or("localhost"));
        let servers = self.servers("upstream", &hosts, &ports);
        let target = Target { servers, wanted: raw.target_session_attrs.unwrap_or_default() };
        let negotiation = raw.sslnegotiation.unwrap_or_default();
        let tls = self.upstream_tls(raw);
        if negotiation == SslNegotiation::Direct && tls == UpstreamTls::Disable {
            self.refuse(
                "upstream",
                "sslnegotiation",
                "direct TLS needs an `sslmode` of require or more, or `sslrootcert`",
            );
        }
        Upstream { target, tls, negotiation, connect_timeout: seconds(connect_timeout) }
    }

    fn hosts(&mut self, table: &str, written: &str) -> Vec<String> {
        let hosts: Vec<String> = written.split(',').map(|host| host.trim().to_owned()).collect();
        if hosts.iter().any(String::is_empty) {
            self.refuse(table, "host", "expected a host name or address, or several separated by commas");
        }
        hosts
    }

    fn ports(&mut self, table: &str, written: &RawPort) -> Vec<u16> {
        let ports: Option<Vec<u16>> = match written {
            RawPort::One(port) => u16::try_from(*port).ok().map(|port| vec![port]),
            RawPort::Each(ports) => ports.split(',').map(|port| port.trim().parse().ok()).collect(),
        };
        match ports {
            Some(ports) if !ports.contains(&0) => ports,
            Some(_) | None => {
                self.refuse(table, "port", "expected a port from 1 to 65535, or as text one for each host");
                vec![5432]
            }
        }
    }

    /// As libpq: one port for all hosts, or one for each.
    fn servers(&mut self, table: &str, hosts: &[String], ports: &[u16]) -> Vec<Arc<Server>> {
        if ports.len() != 1 && ports.len() != hosts.len() {
            let message = format!("{} ports for {} hosts: give one, or one for each", ports.len(), hosts.len());
            self.refuse(table, "port", message);
        }
        let ports = ports.iter().copied().cycle();
        hosts.iter().cloned().zip(ports).map(|(host, port)| Arc::new(Server { host, port })).collect()
    }

    /// As libpq: a CA makes `require` verify the chain. Unlike it, a CA alone means `verify-full`.
    fn upstream_tls(&mut self, raw: RawUpstream) -> UpstreamTls {
        let identity = self.pair("upstream", ("sslcert", "sslkey"), (raw.sslcert, raw.sslkey));
        let default = if raw.sslrootcert.is_some() { SslMode::VerifyFull } else { SslMode::Disable };
        match (raw.sslmode.unwrap_or(default), raw.sslrootcert) {
            (SslMode::Disable, _) => {
                if identity.is_some() {
                    self.refuse("upstream", "sslcert", "a certificate is for TLS, and `sslmode` is `disable`");
                }
                UpstreamTls::Disable
            }
            (SslMode::Require, None) => UpstreamTls::Require { identity },
            (SslMode::Require | SslMode::VerifyCa, Some(root)) => UpstreamTls::VerifyCa { root, identity },
            (SslMode::VerifyFull, Some(root)) => UpstreamTls::VerifyFull { root, identity },
            (SslMode::VerifyCa | SslMode::VerifyFull, None) => {
                self.refuse("upstream", "sslmode", "verifying needs `sslrootcert`, the CA's certificates in PEM");
                UpstreamTls::Require { identity }
            }
        }
    }

    /// What a database does not say is as in `[upstream]`.
    fn databases(&mut self, raw: BTreeMap<String, RawDatabase>, default: &Target) -> BTreeMap<String, Target> {
        let mut databases = BTreeMap::new();
        for (name, place) in raw {
            let table = format!("databases.{name}");
            let hosts = match &place.host {
                Some(written) => self.hosts(&table, written),
                None => default.servers.iter().map(|server| server.host.clone()).collect(),
            };
            let ports = match &place.port {
                Some(written) => self.ports(&table, written),
                None => default.ports(),
            };
            let servers = self.servers(&table, &hosts, &ports);
            databases.insert(name, Target { servers, wanted: default.wanted });
        }
        databases
    }

    fn catalog(&mut self, raw: RawCatalog) -> Option<Catalog> {
        let user = self.required("catalog", "user", raw.user);
        let password = match raw.password {
            Some(written) => Some(self.secret("catalog", "password", &written)?),
            None => None,
        };
        Some(Catalog { user: user?, password })
    }

    fn keys(&mut self, raw: RawKeys) -> Option<Keys> {
        let keyring = self.required("keys", "keyring", raw.keyring);
        let kek = match (raw.kek_file, raw.kek) {
            (Some(path), None) => Some(SecretReference::File(path)),
            (None, Some(written)) => self.secret("keys", "kek", &written),
            (Some(_), Some(_)) => {
                self.refuse("keys", "kek", "`kek_file` and `kek` both name the key-encryption key: keep one");
                None
            }
            (None, None) => {
                self.refuse("keys", "kek_file", "`kek_file` (or `kek`) is missing: where is the key-encryption key?");
                None
            }
        };
        Some(Keys { keyring: keyring?, kek: kek? })
    }

    fn audit(&mut self, raw: RawAudit) -> Option<audit::Config> {
        if let Some(written) = &raw.key {
            self.secret("audit", "key", written);
        }
        for (key, value) in [("max_file_mib", raw.max_file_mib), ("heads_interval_seconds", raw.heads_interval_seconds)]
        {
            if value == Some(0) {
                self.refuse("audit", key, format!("`{key}` must be at least 1"));
            }
        }
        let defaults = audit::Config::in_directory(&self.required("audit", "directory", raw.directory)?);
        Some(audit::Config {
            key: raw.key,
            algorithm: raw.algorithm.unwrap_or(defaults.algorithm),
            writer: raw.writer,
            durability: raw.durability.unwrap_or(defaults.durability),
            max_file_mib: raw.max_file_mib.unwrap_or(defaults.max_file_mib),
            heads: raw.heads,
            heads_interval_seconds: raw.heads_interval_seconds.unwrap_or(defaults.heads_interval_seconds),
            directory: defaults.directory,
        })
    }

    fn log(&mut self, raw: RawLog) -> Log {
        let level = raw.level.unwrap_or_else(|| "info".to_owned());
        if !["off", "error", "warn", "info", "debug", "trace"].contains(&level.as_str()) {
            self.refuse("log", "level", "expected off, error, warn, info, debug or trace");
        }
        Log { level, format: raw.format.unwrap_or_default() }
    }

    fn process(&mut self, raw: &RawServer) -> Process {
        let cores = available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
        // The other half is the kernel's; messages that few threads take in larger groups cost fewer wake-ups
        let threads = self.positive("server", "threads", raw.threads, cores.div_ceil(2));
        let longest = self.positive("server", "max_statement_bytes", raw.max_statement_bytes, 16 << 20);
        if longest > LONGEST_STATEMENT_BYTES {
            self.refuse("server", "max_statement_bytes", "PostgreSQL takes no statement of 1 GiB");
        }
        Process {
            threads: count(threads),
            shutdown_timeout: seconds(raw.shutdown_timeout_seconds.unwrap_or(30)),
            max_statement_bytes: count(longest),
        }
    }
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
