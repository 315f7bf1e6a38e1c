//! Who is asking, and which role of the policy that makes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Members, Policy, RolePolicy};

/// One authenticated session's identity, fixed at login. SET ROLE does not change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// The user that PostgreSQL authenticated.
    pub user: String,
    pub database: String,
    /// The roles it is a member of, transitively, by explicit grant only.
    pub database_roles: Vec<String>,
    /// `None` over a Unix socket.
    pub address: Option<IpAddr>,
    pub application_name: String,
    /// The common name of a verified TLS client certificate.
    pub tls_subject: Option<String>,
}

impl Policy {
    /// The role that decides for a principal: the first it belongs to. `None` denies everything protected.
    pub fn role_for(&self, principal: &Principal) -> Option<&RolePolicy> {
        self.role_index_for(principal).and_then(|at| self.roles.get(at))
    }

    /// The same as an index into [`Policy::roles`].
    pub fn role_index_for(&self, principal: &Principal) -> Option<usize> {
        if principal.database != self.database {
            return None;
        }
        self.roles.iter().position(|role| role.members.contains(principal))
    }
}

impl Members {
    /// Whether all conditions hold. One of users and database roles has to match where either is listed.
    pub fn contains(&self, principal: &Principal) -> bool {
        let named = self.users.iter().any(|user| user == "*" || *user == principal.user)
            || self.database_roles.iter().any(|role| principal.database_roles.contains(role));
        let names_nobody = self.users.is_empty() && self.database_roles.is_empty();
        // An empty set of members is nobody, not everybody
        let bound = !self.networks.is_empty() || !self.tls_subjects.is_empty();
        (named || (names_nobody && bound))
            && (self.networks.is_empty()
                || principal.address.is_some_and(|address| self.networks.iter().any(|n| n.contains(address))))
            && (self.applications.is_empty() || self.applications.contains(&principal.application_name))
            && (self.tls_subjects.is_empty()
                || principal.tls_subject.as_ref().is_some_and(|subject| self.tls_subjects.contains(subject)))
    }
}

/// A network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// Reads `10.1.0.0/16` or a single address.
    ///
    /// # Errors
    /// What is wrong; also where bits are set behind the prefix, which is a slip more often than meant.
    pub fn parse(written: &str) -> Result<Self, String> {
        let (address, prefix) = match written.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (written, None),
        };
        let address: IpAddr = address.parse().map_err(|_| format!("`{written}` is no network address"))?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|bits| *bits <= width)
                .ok_or_else(|| format!("`{written}`: the prefix has to be between 0 and {width}"))?,
            None => width,
        };
        let network = Self { address, prefix_bits };
        match network.host_bits(address) == 0 {
            true => Ok(network),
            false => Err(format!("`{written}` has bits set behind its prefix")),
        }
    }

    /// Whether an address is in it. An IPv4 address mapped into IPv6 counts as the IPv4 address it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match (self.address, address) {
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                bits(address) ^ self.host_bits(address) == bits(self.address)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    fn host_bits(&self, address: IpAddr) -> u128 {
        let width = if address.is_ipv4() { 32 } else { 128 };
        let host_width = width - self.prefix_bits.min(width);
        bits(address) & 1u128.checked_shl(host_width).map_or(u128::MAX, |bit| bit - 1)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(Ipv4Addr::to_bits(v4)),
        IpAddr::V6(v6) => Ipv6Addr::to_bits(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let cases = [
            ("10.1.0.0/16", "10.1.2.3", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("10.1.0.0/16", "::ffff:10.1.2.3", true),
            ("0.0.0.0/0", "255.1.1.1", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("127.0.0.1", "127.0.0.1", true),
        ];
        for (network, address, expect) in cases {
            assert_eq!(
                Network::parse(network).unwrap().contains(address.parse().unwrap()),
                expect,
                "{network} {address}"
            );
        }
        for wrong in ["10.1.0.1/16", "10.0.0.0/33", "bank", "10.0.0.0/", ""] {
            assert!(Network::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn members() {
        let teller = Principal {
            user: "t1".to_owned(),
            database_roles: vec!["tellers".to_owned()],
            address: "10.1.2.3".parse().ok(),
            ..Principal::default()
        };
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let by_role = || Members { database_roles: list(&["tellers"]), ..Members::default() };
        assert!(by_role().contains(&teller));
        assert!(Members { users: list(&["x"]), ..by_role() }.contains(&teller), "users or database roles");
        assert!(Members { users: list(&["*"]), ..Members::default() }.contains(&teller));
        assert!(!Members::default().contains(&teller), "nobody");
        assert!(!Members { applications: list(&[""]), ..Members::default() }.contains(&teller), "own word alone");
        assert!(!Members { tls_subjects: list(&["cn"]), ..by_role() }.contains(&teller));
        let elsewhere = vec![Network::parse("10.2.0.0/16").unwrap()];
        assert!(!Members { networks: elsewhere, ..by_role() }.contains(&teller));
    }
}
