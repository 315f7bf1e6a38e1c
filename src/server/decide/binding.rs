//! What every statement of a session is judged by: policy, role, catalog, and the rights they make.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::cache::{Keyed, Verdicts};
use crate::analyze::{Borne, Rights};
use crate::catalog::Catalog;
use crate::plan::Refusal;
use crate::policy::{LookUpLimits, Policy, PolicyStore, Principal};
use crate::server::database::Database;
use crate::wire::{PgError, SqlState};

/// Rights that are kept: roles times databases, and a few that are going out of use.
const KEPT_RIGHTS: usize = 1024;

/// One state of policy and catalog, for one role.
pub struct Binding {
    /// See [`epoch`].
    pub epoch: u64,
    pub policy: Arc<Policy>,
    pub role: Option<usize>,
    pub catalog: Arc<Catalog>,
    pub rights: Arc<Rights>,
    /// The beginning of every cache key under it.
    pub keyed: Keyed,
}

impl Binding {
    /// The role's name; empty where the principal belongs to none.
    pub fn role_name(&self) -> &str {
        self.role().map_or("", |role| role.name.as_str())
    }

    pub fn sees_everything(&self) -> bool {
        self.role().is_some_and(|role| role.sees_everything)
    }

    pub fn look_up_limits(&self) -> LookUpLimits {
        self.role().map(|role| role.look_ups).unwrap_or_default()
    }

    fn role(&self) -> Option<&crate::policy::RolePolicy> {
        self.role.and_then(|at| self.policy.roles.get(at))
    }
}

/// Changes with policy and catalog. Without a catalog it is one that no binding has.
pub fn epoch(policies: &PolicyStore, database: &Database) -> u64 {
    match database.follower.version() {
        Ok(version) => combined(policies.epoch(), version),
        Err(_) => u64::MAX,
    }
}

/// No two pairs give the same number before either has counted to four thousand millions.
fn combined(policy_epoch: u64, catalog_version: u64) -> u64 {
    (policy_epoch << 32) | (catalog_version & 0xffff_ffff)
}

/// Rights of all sessions, shared by those with the same policy, role and catalog.
pub struct Bindings {
    verdicts: Arc<Verdicts>,
    rights: Cache<[u8; 32], Arc<Rights>>,
    /// By database, what has borne the policies' names since the proxy started.
    borne: Mutex<HashMap<String, Borne>>,
}

impl Bindings {
    pub fn new(verdicts: Arc<Verdicts>) -> Self {
        Self { verdicts, rights: Cache::new(KEPT_RIGHTS), borne: Mutex::default() }
    }

    /// Binds a principal to what holds now.
    ///
    /// # Errors
    /// 57P03 without a current catalog; 28000 where the database has no policy any more.
    pub fn bind(
        &self,
        policies: &PolicyStore,
        database: &Database,
        principal: &Principal,
    ) -> Result<Arc<Binding>, Arc<Refusal>> {
        // Before the policy itself: a swap in between shows at the next look.
        let policy_epoch = policies.epoch();
        let catalog = database.follower.current().map_err(|reason| no_catalog(&reason))?;
        let policy = policies.policy(&database.name).ok_or_else(no_policy)?;
        let role = policy.role_index_for(principal);
        let situation = situation(&policy, role, &database.name, catalog.version);
        let bind = || Ok::<_, std::convert::Infallible>(Arc::new(self.rights(&policy, role, &catalog)));
        let rights = match self.rights.get_or_insert_with(&situation, bind) {
            Ok(rights) => rights,
            Err(never) => match never {},
        };
        let epoch = combined(policy_epoch, catalog.version);
        let keyed = self.verdicts.keyed().with(&situation);
        Ok(Arc::new(Binding { epoch, policy, role, catalog, rights, keyed }))
    }

    fn rights(&self, policy: &Policy, role: Option<usize>, catalog: &Catalog) -> Rights {
        // A thread that panicked while it held the lock has left nothing half done: an entry is added or it is not
        let mut borne = self.borne.lock().unwrap_or_else(PoisonError::into_inner);
        let borne = borne.entry(policy.database.clone()).or_default();
        for name in borne.note(policy, catalog) {
            tracing::warn!(
                database = policy.database,
                relation = name,
                "the policy names a relation that does not exist"
            );
        }
        Rights::bind(policy, role, catalog, borne)
    }
}

fn situation(policy: &Policy, role: Option<usize>, database: &str, catalog_version: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(policy.hash.as_bytes());
    hash.update(role.map_or(u64::MAX, |role| role as u64).to_le_bytes());
    hash.update(catalog_version.to_le_bytes());
    hash.update(database.as_bytes());
    hash.finalize().into()
}

/// The refusal of every statement while nothing is known of the catalog.
pub fn no_catalog(reason: &crate::catalog::follow::Unavailable) -> Arc<Refusal> {
    let error = PgError::new(SqlState::CANNOT_CONNECT_NOW, "the catalog is not available, so nothing can be judged")
        .with_hint(format!("The proxy's own catalog login: {reason}. It is tried again by itself."));
    Arc::new(Refusal { error, reason: "catalog-unavailable", objects: Vec::new() })
}

fn no_policy() -> Arc<Refusal> {
    let error = PgError::new(SqlState::INVALID_AUTHORIZATION, "no policy rules this database any more")
        .with_hint("A database without a policy is one that denies everything.");
    Arc::new(Refusal { error, reason: "no-policy", objects: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_differ_by_either_part() {
        let seen: std::collections::HashSet<u64> = [(1, 1), (1, 2), (2, 1), (2, 2), (0, 1)]
            .iter()
            .map(|(policy, catalog)| combined(*policy, *catalog))
            .collect();
        assert_eq!(seen.len(), 5);
    }
}
