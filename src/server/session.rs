//! One connection, from its first byte to its last record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::database::Databases;
use super::decide::{self, SessionDecider, asked_at_startup};
use super::driver::Driver;
use super::machine::SessionMachine;
use super::observe::{self, SessionObserver};
use super::phase::Phase;
use super::rule::{CurrentRule, Rule};
use super::worker::Accepted;
use crate::audit::{Event, SessionFacts};
use crate::auth::{self, Admitted, Gate, LoginFacts, Turned};
use crate::config::Config;
use crate::keys::Keyrings;
use crate::plan::Refusal;
use crate::policy::{PolicyStore, Principal};
use crate::reveal::Values;
use crate::session::{Parameters, Session};
use crate::value::Style;
use crate::wire::{PgError, SqlState};

/// What all sessions share.
pub struct Server {
    pub config: Config,
    pub policies: Arc<PolicyStore>,
    pub databases: Databases,
    pub keyrings: ArcSwap<Keyrings>,
    pub gate: Gate,
    pub deciding: Arc<decide::Shared>,
    pub observing: Arc<observe::Shared>,
    pub numbers: Numbers,
}

/// Counts sessions, and numbers them.
#[derive(Default)]
pub struct Numbers {
    last: AtomicU64,
    open: AtomicUsize,
}

impl Numbers {
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// One of the sessions that may be open at once.
struct Slot(Arc<Server>);

impl Slot {
    /// # Errors
    /// 53300 where as many are open as may be.
    fn take(server: &Arc<Server>) -> Result<Self, PgError> {
        let slot = Self(server.clone());
        match server.numbers.open.fetch_add(1, Ordering::Relaxed) < server.config.listen.max_sessions {
            true => Ok(slot),
            // PostgreSQL's own words for it.
            false => Err(PgError::new(SqlState::TOO_MANY_CONNECTIONS, "sorry, too many clients already")),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.numbers.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves a connection to its end.
pub async fn serve(server: Arc<Server>, accepted: Accepted, mut phase: watch::Receiver<Phase>) {
    let admitted = tokio::select! {
        admitted = auth::establish(&server.gate, accepted) => admitted,
        // A login that is not complete when the proxy stops has nothing to lose.
        _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
    };
    match admitted {
        Ok(admitted) => run(server, admitted, phase).await,
        Err(reason) => turned(&server, reason),
    }
}

async fn run(server: Arc<Server>, admitted: Admitted, phase: watch::Receiver<Phase>) {
    let Admitted { client, server: upstream, client_buffer, server_buffer, facts, parameters, cancel } = admitted;
    let entered = Slot::take(&server).and_then(|slot| Ok((slot, machine(&server, &facts, parameters)?)));
    let (slot, machine) = match entered {
        Ok(entered) => entered,
        Err(error) => {
            note_refused(&server, &facts, &error);
            return auth::refuse(client, &error).await;
        }
    };
    let driver = Driver::new(machine, (client, client_buffer), (upstream, server_buffer));
    let (machine, end) = driver.run(phase).await;
    machine.finish(end);
    drop((slot, cancel));
}

/// Makes the session of an authenticated caller.
///
/// # Errors
/// 28000 where no policy names the database, 57P03 without its catalog.
fn machine(server: &Arc<Server>, facts: &LoginFacts, parameters: Parameters) -> Result<SessionMachine, PgError> {
    let database = server.databases.get(&facts.database).ok_or_else(|| no_policy(&facts.database))?;
    let told = |refusal: Arc<Refusal>| refusal.error.clone();
    let catalog = database.follower.current().map_err(|reason| told(decide::no_catalog(&reason)))?;
    let principal = principal(facts, catalog.memberships.get(&facts.user).cloned().unwrap_or_default());
    let keyrings = server.keyrings.load_full();
    let keys = keyrings.database(&database.name);
    let path = asked_at_startup(facts.startup.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (deciding, name) = (server.deciding.clone(), database.name.clone());
    let mut decider = SessionDecider::new(deciding, database, principal, keys.clone(), path.as_deref());
    decider.binding().map_err(told)?;
    let rule = decider.rule();
    let observer = SessionObserver::new(server.observing.clone(), session_facts(server, facts, &rule), rule);
    // Session takes both from the reported parameters.
    let values = Values { keys, style: Style::default(), encoding: String::new() };
    let session = Session::new(decider, observer, values, parameters);
    Ok(SessionMachine { session, server: server.clone(), database: name, keyrings })
}

fn principal(facts: &LoginFacts, database_roles: Vec<String>) -> Principal {
    Principal {
        user: facts.user.clone(),
        database: facts.database.clone(),
        database_roles,
        address: facts.address.map(|address| address.ip()),
        application_name: facts.application_name.clone(),
        tls_subject: facts.tls_subject.clone(),
    }
}

fn session_facts(server: &Server, facts: &LoginFacts, rule: &CurrentRule) -> SessionFacts {
    let Rule { policy, role } = rule.get();
    SessionFacts {
        session: server.numbers.next(),
        client: client(facts),
        tls_subject: facts.tls_subject.clone(),
        user: facts.user.as_str().into(),
        role,
        database: facts.database.as_str().into(),
        application_name: facts.application_name.clone(),
        auth_method: facts.auth_method.to_string(),
        policy,
        server_pid: facts.server_pid,
    }
}

fn client(facts: &LoginFacts) -> String {
    facts.address.map_or_else(|| "unix".to_owned(), |address| address.to_string())
}

fn no_policy(database: &str) -> PgError {
    PgError::new(SqlState::INVALID_AUTHORIZATION, format!("no policy rules the database \"{database}\""))
        .with_hint("A database without a policy is one that denies everything: name it in the policy directory.")
}

fn note_refused(server: &Server, facts: &LoginFacts, error: &PgError) {
    server.observing.metrics.logins_refused_total.inc();
    server.observing.audit.note(Event::LoginRefused {
        client: client(facts),
        user: facts.user.clone(),
        database: facts.database.clone(),
        sqlstate: error.code.as_str().to_owned(),
    });
}

fn turned(server: &Server, turned: Turned) {
    match turned {
        Turned::Cancelled | Turned::Gone => {}
        Turned::Refused { client, user, database, sqlstate } => {
            server.observing.metrics.logins_refused_total.inc();
            let sqlstate = sqlstate.as_str().to_owned();
            server.observing.audit.note(Event::LoginRefused { client, user, database, sqlstate });
        }
    }
}
