//! Where a database is: one server, or several of which one is wanted, as libpq's `host` lists and `target_session_attrs`
//! say it.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

/// One PostgreSQL server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A name, an address, or the directory of a Unix socket where it begins with `/`.
    pub host: String,
    pub port: u16,
}

impl Server {
    /// Reached over a Unix socket, on which nobody speaks TLS.
    pub fn is_local(&self) -> bool {
        self.host.starts_with('/')
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The servers that may hold a database, in the order in which they are tried, and what the one has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// At least one.
    pub servers: Vec<Arc<Server>>,
    pub wanted: SessionAttrs,
}

impl Target {
    /// One server, whatever it is.
    pub fn one(host: &str, port: u16) -> Self {
        Self { servers: vec![Arc::new(Server { host: host.to_owned(), port })], wanted: SessionAttrs::Any }
    }

    /// The one port that all servers share, or that of each.
    pub fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.servers.iter().map(|server| server.port).collect();
        if ports.iter().all(|port| Some(port) == ports.first()) {
            ports.truncate(1);
        }
        ports
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.servers.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            server.fmt(f)?;
        }
        match self.wanted {
            SessionAttrs::Any => Ok(()),
            wanted => write!(f, " ({wanted})"),
        }
    }
}

/// libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionAttrs {
    #[default]
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl SessionAttrs {
    /// Whether a server in this state will do; [`Self::PreferStandby`] takes any, once no standby is found.
    pub fn accepts(self, state: ServerState) -> bool {
        match self {
            Self::Any | Self::PreferStandby => true,
            Self::ReadWrite => !state.is_standby && !state.is_read_only,
            Self::ReadOnly => state.is_standby || state.is_read_only,
            Self::Primary => !state.is_standby,
            Self::Standby => state.is_standby,
        }
    }

    /// What `in_hot_standby` has to be in a session, where that matters.
    pub fn must_be_standby(self, state: ServerState) -> Option<bool> {
        match self {
            Self::Any | Self::PreferStandby => None,
            Self::ReadWrite | Self::Primary => Some(false),
            Self::Standby => Some(true),
            Self::ReadOnly => state.is_standby.then_some(true),
        }
    }
}

impl fmt::Display for SessionAttrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::Primary => "primary",
            Self::Standby => "standby",
            Self::PreferStandby => "prefer-standby",
        })
    }
}

/// What a server says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerState {
    /// It replays another's log.
    pub is_standby: bool,
    /// `default_transaction_read_only`, for the proxy's own login.
    pub is_read_only: bool,
}

/// The server that a database's sessions belong to now, which is the one that its catalog is read from.
#[derive(Clone, Debug)]
pub struct Home {
    pub server: Arc<Server>,
    /// See [`SessionAttrs::must_be_standby`].
    pub must_be_standby: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_mean_to_libpq() {
        let states = [(false, false), (false, true), (true, false), (true, true)];
        let cases = [
            (SessionAttrs::Any, [true; 4]),
            (SessionAttrs::ReadWrite, [true, false, false, false]),
            (SessionAttrs::ReadOnly, [false, true, true, true]),
            (SessionAttrs::Primary, [true, true, false, false]),
            (SessionAttrs::Standby, [false, false, true, true]),
            (SessionAttrs::PreferStandby, [true; 4]),
        ];
        for (wanted, expect) in cases {
            let accepted =
                states.map(|(is_standby, is_read_only)| wanted.accepts(ServerState { is_standby, is_read_only }));
            assert_eq!(accepted, expect, "{wanted}");
        }
    }
}
