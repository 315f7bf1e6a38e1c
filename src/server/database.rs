//! The databases that policies name, each with a follower of its catalog.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::catalog::follow::{Follower, Unavailable};
use crate::policy::PolicySet;

/// One database behind the proxy.
pub struct Database {
    pub name: Arc<str>,
    pub follower: Follower,
}

/// Every database that a policy names or has named.
pub struct Databases {
    known: ArcSwap<HashMap<String, Arc<Database>>>,
    follow: Box<dyn Fn(&str) -> Follower + Send + Sync>,
}

impl Databases {
    /// `follow` starts the follower of a database; it is called on a thread that has the main runtime entered.
    pub fn new(follow: impl Fn(&str) -> Follower + Send + Sync + 'static) -> Self {
        Self { known: ArcSwap::default(), follow: Box::new(follow) }
    }

    /// Starts to follow what is new in a set of policies. A database whose policy is gone stays known: sessions that are
    /// open there learn from the missing policy, not from a missing catalog.
    pub fn take(&self, policies: &PolicySet) {
        let mut known = HashMap::clone(&self.known.load());
        for policy in policies.iter().filter(|policy| !self.known.load().contains_key(&policy.database)) {
            let name: Arc<str> = policy.database.as_str().into();
            let follower = (self.follow)(&name);
            known.insert(policy.database.clone(), Arc::new(Database { name, follower }));
        }
        self.known.store(Arc::new(known));
    }

    pub fn get(&self, name: &str) -> Option<Arc<Database>> {
        self.known.load().get(name).cloned()
    }

    /// How long ago each catalog was known to be current: the longest of them.
    pub fn catalog_age(&self) -> Duration {
        self.known.load().values().filter_map(|database| database.follower.age()).max().unwrap_or_default()
    }

    /// Whether each catalog is known.
    pub fn are_ready(&self) -> bool {
        self.known.load().values().all(|database| database.follower.is_ready())
    }

    /// Whether of each catalog is known what there is to know: a database that does not exist has none.
    pub fn are_settled(&self) -> bool {
        let is_settled = |found: Result<_, Unavailable>| matches!(found, Ok(_) | Err(Unavailable::NoDatabase));
        self.known.load().values().all(|database| is_settled(database.follower.version()))
    }
}
