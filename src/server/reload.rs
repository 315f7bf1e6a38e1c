//! Takes what changed in policies, keys and certificates while sessions go on.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::session::Server;
use super::start::{ServeError, load_keys};
use crate::audit::Event;
use crate::policy::{PolicyErrors, PolicySet};

/// Carries reloads out, on whichever thread learns of them.
#[derive(Clone)]
pub struct Reload {
    pub server: Arc<Server>,
    /// The main runtime, on which catalogs of new databases are followed.
    pub runtime: Handle,
}

impl Reload {
    /// Policies, keys and certificates. What cannot be read stays as it was, and says so.
    pub fn everything(&self) {
        tracing::info!("reload asked for");
        self.keys();
        self.certificates();
        self.policies(self.server.policies.reload());
    }

    /// Takes the outcome of a look at the policy directory.
    pub fn policies(&self, outcome: Result<bool, PolicyErrors>) {
        match outcome {
            Ok(false) => {}
            Ok(true) => self.accepted(&self.server.policies.current()),
            Err(errors) => {
                tracing::error!(%errors, "policy: refused, the one before stays in force");
                self.server.observing.metrics.policy_refused();
                for policy in self.server.policies.current().iter() {
                    self.note(false, &policy.hash);
                }
            }
        }
    }

    /// Also at the start.
    pub fn accepted(&self, policies: &PolicySet) {
        let _entered = self.runtime.enter();
        self.server.databases.take(policies);
        let in_force = policies.iter().map(|policy| (policy.database.as_str(), policy.hash.as_str()));
        self.server.observing.metrics.policies_loaded(in_force);
        let keyrings = self.server.keyrings.load();
        for policy in policies.iter() {
            tracing::info!(database = policy.database, hash = policy.hash, "policy: in force");
            self.note(true, &policy.hash);
            if let Err(error) = keyrings.check(&policy.database, &policy.domains) {
                tracing::error!(%error, "policy: statements on columns of this domain are refused");
            }
        }
    }

    fn note(&self, accepted: bool, hash: &str) {
        self.server.observing.audit.note(Event::PolicyReload { accepted, policy: hash.into() });
    }

    /// For sessions that begin from now on.
    fn keys(&self) {
        match load_keys(&self.server.config.keys) {
            Ok(keyrings) => {
                if let Some(made_at) = keyrings.oldest_in_use() {
                    self.server.observing.metrics.keys_loaded(made_at);
                }
                self.server.keyrings.store(Arc::new(keyrings));
            }
            Err(error) => {
                self.server.observing.metrics.key_provider_errors_total.inc();
                kept("keys", &error);
            }
        }
    }

    fn certificates(&self) {
        if let Err(error) = self.server.gate.reload(&self.server.config) {
            kept("certificates", &ServeError::configuration(error));
        }
    }
}

fn kept(what: &str, error: &ServeError) {
    tracing::error!(%error, "{what}: not read again, those before stay in use");
}
