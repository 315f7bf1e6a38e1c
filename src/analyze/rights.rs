//! A policy's role held against a catalog: what one caller may do with each relation that exists.

use std::collections::HashSet;

use crate::catalog::{Catalog, Oid};
use crate::policy::Policy;

/// One role's rights, bound to OIDs. Made once per policy, role and catalog version.
pub struct Rights {
    protected: HashSet<Oid>,
}

impl Rights {
    /// `role` as [`Policy::role_index_for`] gives it; `None` denies everything protected.
    pub fn bind(_policy: &Policy, _role: Option<usize>, _catalog: &Catalog) -> Self {
        Self { protected: HashSet::new() }
    }

    /// Whether rows of this relation are protected, for the check of a result's origin.
    pub fn is_protected(&self, oid: Oid) -> bool {
        self.protected.contains(&oid)
    }
}
