//! The compiled policy of one database: validated, names not yet bound to OIDs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::filter::Filter;
use super::principal::Network;
use crate::plan::{Reveal, SealedColumn};

pub use crate::plan::TermHash;

/// Everything the policy directory says about one database.
pub struct Policy {
    /// SHA-256 of the canonical form, hexadecimal. Two proxies with the same hash decide the same.
    pub hash: String,
    /// The database's name, as clients give it at login.
    pub database: String,
    pub relations: Vec<RelationPolicy>,
    /// In order of precedence: the first role that a principal belongs to decides.
    pub roles: Vec<RolePolicy>,
    /// Functions and procedures that callers with masks may run.
    pub functions: Vec<ListedFunction>,
    /// The key domains and what their terms are made with.
    pub domains: BTreeMap<String, TermHash>,
}

/// A protected relation: a table, a partitioned table, or a view with a policy of its own.
pub struct RelationPolicy {
    pub schema: String,
    pub name: String,
    /// The columns the policy names. Others follow each role's default.
    pub columns: HashMap<String, ColumnPolicy>,
}

/// What the policy says of a column whoever asks.
pub struct ColumnPolicy {
    /// `None`: stored in clear, only masked.
    pub sealed: Option<Arc<SealedColumn>>,
    /// Free labels for audit and reports, for example `C3` or `L4`.
    pub classification: Option<String>,
}

/// One role of the policy. Not a database role: it says who belongs to it.
pub struct RolePolicy {
    pub name: String,
    pub members: Members,
    /// Keyed by index into [`Policy::relations`]. A relation that is absent denies every column.
    pub grants: HashMap<usize, RelationGrant>,
    pub look_ups: LookUpLimits,
    /// Whether everything protected is in clear for this role: opaque code is then not denied.
    pub sees_everything: bool,
}

/// How many values each login of a role may test against columns that it may search and not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookUpLimits {
    pub per_minute: u32,
    pub per_day: u32,
}

impl Default for LookUpLimits {
    /// More than a clerk types, and 27 years for the mobile numbers of one country's 100 million.
    fn default() -> Self {
        Self { per_minute: 600, per_day: 10_000 }
    }
}

/// Who belongs to a role. One of users and database roles has to match where either is listed, and each other
/// condition that is present; within one, any entry. No condition at all is nobody.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// Login names that belong to it whatever the database says; `*` is everyone.
    pub users: Vec<String>,
    /// Database roles whose members (transitively, by explicit grant) belong to it.
    pub database_roles: Vec<String>,
    /// Networks, or empty for any.
    pub networks: Vec<Network>,
    pub applications: Vec<String>,
    /// TLS client certificate subjects (CN), or empty for any.
    pub tls_subjects: Vec<String>,
}

/// What a role may do with one relation.
pub struct RelationGrant {
    /// For columns that the policy does not name. Columns it names are all in `columns`.
    pub default: ColumnGrant,
    pub columns: HashMap<String, ColumnGrant>,
    /// A condition over the relation's columns; rows for which it is not true do not exist for the role.
    pub filter: Option<Filter>,
    pub places: Places,
}

/// Where in the policy's files a grant says what it says, `file:line`. No part of its meaning.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub grant: String,
    /// Columns that are listed.
    pub columns: HashMap<String, String>,
}

impl Places {
    /// What decides about a column.
    pub fn of(&self, column: &str) -> &str {
        self.columns.get(column).unwrap_or(&self.grant)
    }
}

/// What a role may do with one column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnGrant {
    pub read: ReadRight,
    /// May be compared by equality with the clear value.
    pub look_up: bool,
    pub write: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ReadRight {
    Reveal(Reveal),
    /// The column's type decides: the default mask for columns nobody named. A typed NULL where no mask fits.
    DefaultMask,
    Deny,
}

/// A function that the policy vouches for.
pub struct ListedFunction {
    pub schema: String,
    pub name: String,
    /// Protected columns whose sealed values it returns, `schema.relation.column`.
    pub returns: Vec<String>,
}
