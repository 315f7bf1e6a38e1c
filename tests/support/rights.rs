//! What one login may do with the bank's columns, by the repository's policy.

use std::sync::Arc;

use pgveil::demo::schema::BankColumn;
use pgveil::mask::Mask;
use pgveil::plan::{Reveal, SealedColumn};
use pgveil::policy::{ColumnGrant, Policy, Principal, ReadRight, RelationGrant, RolePolicy, parse_type};

use super::twins::sample_policy;

pub struct Rights {
    policy: Arc<Policy>,
    login: String,
}

impl Rights {
    pub fn of(login: &str) -> Self {
        Self { policy: sample_policy(), login: login.to_owned() }
    }

    fn role(&self) -> &RolePolicy {
        let database = self.policy.database.clone();
        let principal = Principal { user: self.login.clone(), database, ..Principal::default() };
        self.policy.role_for(&principal).expect("a role")
    }

    /// Absent where the role may not use the table at all. Every table of the bank is in the policy.
    fn grant(&self, table: &str) -> Option<&RelationGrant> {
        let index = self.policy.relations.iter().position(|r| r.schema == "public" && r.name == table);
        self.role().grants.get(&index.expect("a protected table"))
    }

    pub fn denies(&self, table: &str) -> bool {
        !self.role().sees_everything && self.grant(table).is_none()
    }

    pub fn column(&self, table: &str, name: &str) -> Option<ColumnGrant> {
        let grant = self.grant(table)?;
        Some(grant.columns.get(name).unwrap_or(&grant.default).clone())
    }

    pub fn sealed(&self, table: &str, name: &str) -> Option<Arc<SealedColumn>> {
        let relation = self.policy.relations.iter().find(|relation| relation.name == table)?;
        relation.columns.get(name)?.sealed.clone()
    }

    /// Whether the login sees a column that is stored in clear otherwise than it is stored.
    pub fn masks(&self, table: &str, name: &str) -> bool {
        let is_clear = |grant: &ColumnGrant| grant.read == ReadRight::Reveal(Reveal::Clear);
        self.sealed(table, name).is_none() && self.column(table, name).is_some_and(|grant| !is_clear(&grant))
    }

    /// Whether some rows of a table are out of the login's sight.
    pub fn filters(&self, table: &str) -> bool {
        self.grant(table).is_some_and(|grant| grant.filter.is_some())
    }

    /// What the login sees of one value; pseudonyms, which need a key, are not known here.
    pub fn seen(&self, column: &BankColumn<'_>, value: &str) -> Option<String> {
        let right = self.column(column.table, column.name)?;
        let ty = parse_type(column.ty).unwrap_or_else(|e| panic!("{}: {e}", column.ty));
        let masked = |mask: &Mask| Some(mask.apply(ty, value, None));
        match &right.read {
            ReadRight::Reveal(Reveal::Clear) => Some(value.to_owned()),
            ReadRight::Reveal(Reveal::Mask(mask)) => masked(mask),
            ReadRight::DefaultMask => Mask::default_for(ty).and_then(|mask| masked(&mask)),
            ReadRight::Reveal(Reveal::Null) | ReadRight::Deny => None,
        }
    }
}
