//! The configuration in a few lines, for a person: names of secrets, never secrets.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Config, Identity, SslNegotiation, UpstreamTls};

impl Config {
    /// The files it names that are not there. Those that commands create are left out.
    pub fn missing_files(&self) -> Vec<&Path> {
        let tls = self.listen.tls.as_ref();
        let listen = tls.into_iter().flat_map(|tls| [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref()]);
        let (root, identity) = match &self.upstream.tls {
            UpstreamTls::Disable => (None, None),
            UpstreamTls::Require { identity } => (None, identity.as_ref()),
            UpstreamTls::VerifyCa { root, identity } | UpstreamTls::VerifyFull { root, identity } => {
                (Some(root), identity.as_ref())
            }
        };
        let upstream = identity.into_iter().flat_map(|Identity { certificate, key }| [Some(certificate), Some(key)]);
        let named = [Some(&self.policies), self.verifiers.as_ref(), root].into_iter().chain(listen).chain(upstream);
        named.flatten().map(PathBuf::as_path).filter(|path| !path.exists()).collect()
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "policies  {}", self.policies.display())?;
        self.listen(f)?;
        let direct = if self.upstream.negotiation == SslNegotiation::Direct { ", direct" } else { "" };
        writeln!(f, "upstream  {}, {}{direct}", self.upstream.target, self.upstream.tls)?;
        for (name, target) in &self.databases {
            writeln!(f, "database  {name}: {target}")?;
        }
        let password =
            self.catalog.password.as_ref().map_or("no password".to_owned(), |from| format!("password {from}"));
        writeln!(f, "catalog   {}, {password}", self.catalog.user)?;
        writeln!(f, "keys      {}, kek {}", self.keys.keyring.display(), self.keys.kek)?;
        writeln!(f, "audit     {}", self.audit.directory.display())?;
        if let Some(address) = &self.admin {
            writeln!(f, "admin     {address}")?;
        }
        if let Some(verifiers) = &self.verifiers {
            writeln!(f, "verifiers {}", verifiers.display())?;
        }
        write!(f, "threads   {}", self.process.threads)
    }
}

impl Config {
    fn listen(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tls = match &self.listen.tls {
            None => "no TLS",
            Some(tls) if tls.required => "TLS required",
            Some(_) => "TLS offered",
        };
        let clients = self.listen.tls.as_ref().and_then(|tls| tls.client_ca.as_ref());
        write!(f, "listen    {}, {tls}", self.listen.address)?;
        f.write_str(if clients.is_some() { ", client certificates\n" } else { "\n" })?;
        match &self.listen.unix_socket {
            Some(path) => writeln!(f, "          {}", path.display()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for UpstreamTls {
    /// libpq's word for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disable => "sslmode disable",
            Self::Require { .. } => "sslmode require",
            Self::VerifyCa { .. } => "sslmode verify-ca",
            Self::VerifyFull { .. } => "sslmode verify-full",
        })
    }
}
