//! One connection, from its first byte to its last record.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;

use super::database::{Database, Databases};
use super::decide::{self, SessionDecider, asked_at_startup};
use super::driver::{Driver, End};
use super::machine::SessionMachine;
use super::observe::{self, SessionObserver};
use super::phase::Phase;
use super::rule::{CurrentRule, Rule};
use super::worker::Accepted;
use crate::audit::{Event, SessionFacts};
use crate::auth::{self, Admitted, Claimed, Gate, LoginFacts, Peer, RefusedLogin, Socket, Turned};
use crate::catalog::Catalog;
use crate::catalog::follow::{Attendance, Unavailable};
use crate::catalog::place::{Home, Server as Address};
use crate::config::Config;
use crate::keys::Keyrings;
use crate::plan::Refusal;
use crate::policy::{PolicyStore, Principal};
use crate::reveal::Values;
use crate::session::{Parameters, Session};
use crate::upstream::Stream;
use crate::value::Style;
use crate::wire::backend::{Severity, write_error};
use crate::wire::{PgError, SqlState};

/// For a client to take an error before its connection is closed.
const FAREWELL: Duration = Duration::from_secs(5);

/// What all sessions share.
pub struct Server {
    pub config: Config,
    pub policies: Arc<PolicyStore>,
    pub databases: Databases,
    pub keyrings: ArcSwap<Keyrings>,
    pub gate: Gate,
    pub deciding: Arc<decide::Shared>,
    pub observing: Arc<observe::Shared>,
    /// The number of the newest session.
    pub last_session: AtomicU64,
}

impl Server {
    /// # Errors
    /// 28000 where no policy names the database.
    fn ruled(&self, database: &str) -> Result<Arc<Database>, PgError> {
        let ruled = self.policies.policy(database).and_then(|_| self.databases.get(database));
        ruled.ok_or_else(|| no_policy(database))
    }

    /// Where a database's sessions belong, and that its catalog is followed from now on. That there is no such database
    /// is for the server to say, once it knows who asks.
    ///
    /// # Errors
    /// 28000 where no policy names the database, 57P03 without its catalog.
    async fn welcome(&self, database: &str) -> Result<(Home, Attendance), PgError> {
        let follower = &self.ruled(database)?.follower;
        let unavailable = |reason| decide::no_catalog(&reason).error.clone();
        let attendance = follower.attend().await.map_err(unavailable)?;
        let home = match follower.home() {
            Err(Unavailable::NoDatabase) => follower.nowhere().ok_or(Unavailable::NoDatabase),
            found => found,
        };
        Ok((home.map_err(unavailable)?, attendance))
    }

    /// What a database's sessions are judged by. One that was made a moment ago has its catalog read first.
    ///
    /// # Errors
    /// As [`Self::welcome`].
    async fn subject(&self, database: &str) -> Result<(Arc<Database>, Arc<Catalog>), PgError> {
        let found = self.ruled(database)?;
        let catalog = match found.follower.current() {
            Err(Unavailable::NoDatabase) => found.follower.refresh().await,
            known => known,
        };
        Ok((found, catalog.map_err(|reason| decide::no_catalog(&reason).error.clone())?))
    }

    fn note_refused(&self, peer: &Peer, refused: &RefusedLogin) {
        self.observing.metrics.logins_refused_total.inc();
        self.observing.audit.note(Event::LoginRefused {
            client: peer.to_string(),
            user: refused.claimed.user.clone(),
            database: refused.claimed.database.clone(),
            sqlstate: refused.code.as_str().to_owned(),
        });
    }
}

fn no_policy(database: &str) -> PgError {
    PgError::new(SqlState::INVALID_AUTHORIZATION, format!("no policy rules the database \"{database}\""))
        .with_hint("A database without a policy is one that denies everything: name it in the policy directory.")
}

/// Serves a connection to its end.
pub async fn serve(server: Arc<Server>, accepted: Accepted, mut phase: watch::Receiver<Phase>) {
    let Ok((socket, peer)) = take_over(accepted) else { return };
    let welcome = async |startup: &auth::Startup| server.welcome(&startup.database).await;
    let admitted = tokio::select! {
        admitted = auth::establish(&server.gate, socket, peer, welcome) => admitted,
        // A login that is not complete when the proxy stops has nothing to lose.
        _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
    };
    match admitted {
        // As long as the session lasts its catalog is followed
        Ok((admitted, _attendance)) => run(&server, admitted, phase).await,
        Err(Turned::Refused(refused)) => server.note_refused(&peer, &refused),
        Err(Turned::Cancelled | Turned::Gone) => {}
    }
}

/// Makes the connection this thread's.
fn take_over(accepted: Accepted) -> io::Result<(Socket, Peer)> {
    Ok(match accepted {
        Accepted::Tcp(stream, address) => (Socket::Tcp(TcpStream::from_std(stream)?), Peer::Tcp(address)),
        Accepted::Unix(stream) => (Socket::Unix(UnixStream::from_std(stream)?), Peer::Unix),
    })
}

async fn run(server: &Arc<Server>, admitted: Admitted, phase: watch::Receiver<Phase>) {
    let Admitted { client, server: upstream, client_buffer, server_buffer, address, facts, parameters, place } =
        admitted;
    let machine = match machine(server, &facts, parameters, address).await {
        Ok(machine) => machine,
        // Policy or catalog went away during the login.
        Err(error) => {
            server.note_refused(&facts.peer, &refused(&facts, &error));
            return turn_away(client, &error).await;
        }
    };
    let driver = Driver::new(machine, (client, client_buffer), (upstream, server_buffer));
    let (machine, end): (SessionMachine, End) = driver.run(phase).await;
    machine.finish(end);
    // Until here the session counted, and cancel requests found it.
    drop(place);
}

async fn turn_away(mut client: Stream, error: &PgError) {
    let mut farewell = BytesMut::new();
    // An error too long to be written is not written
    let _written = write_error(&mut farewell, Severity::Fatal, error);
    let saying = async {
        client.write_all(&farewell).await?;
        client.shutdown().await
    };
    let _heard = tokio::time::timeout(FAREWELL, saying).await;
}

/// Makes the session of an authenticated caller.
///
/// # Errors
/// As [`Server::subject`].
async fn machine(
    server: &Arc<Server>,
    facts: &LoginFacts,
    parameters: Parameters,
    address: Arc<Address>,
) -> Result<SessionMachine, PgError> {
    let (database, catalog) = server.subject(&facts.startup.database).await?;
    let memberships = catalog.memberships.get(&facts.startup.user).cloned().unwrap_or_default();
    let keyrings = server.keyrings.load_full();
    let keys = keyrings.database(&database.name);
    let path = asked_at_startup(facts.startup.parameter("search_path"), facts.startup.parameter("options"));
    let (deciding, principal) = (server.deciding.clone(), principal(facts, memberships));
    let mut decider = SessionDecider::new(deciding, database.clone(), principal, keys.clone(), path.as_deref());
    decider.binding().map_err(|refusal: Arc<Refusal>| refusal.error.clone())?;
    let rule = decider.rule();
    let observer = SessionObserver::new(server.observing.clone(), session_facts(server, facts, &rule), rule);
    // The session takes both from the reported parameters.
    let values = Values { keys, style: Style::default(), encoding: String::new() };
    let session = Session::new(decider, observer, values, parameters);
    Ok(SessionMachine { session, server: server.clone(), database, address, keyrings })
}

fn principal(facts: &LoginFacts, database_roles: Vec<String>) -> Principal {
    Principal {
        user: facts.startup.user.clone(),
        database: facts.startup.database.clone(),
        database_roles,
        address: match facts.peer {
            Peer::Tcp(address) => Some(address.ip()),
            Peer::Unix => None,
        },
        application_name: facts.startup.application_name(),
        tls_subject: facts.tls_subject.clone(),
    }
}

fn session_facts(server: &Server, facts: &LoginFacts, rule: &CurrentRule) -> SessionFacts {
    let Rule { policy, role } = &*rule.get();
    SessionFacts {
        session: server.last_session.fetch_add(1, Ordering::Relaxed) + 1,
        client: facts.peer.to_string(),
        tls_subject: facts.tls_subject.clone(),
        user: facts.startup.user.as_str().into(),
        role: role.clone(),
        database: facts.startup.database.as_str().into(),
        application_name: facts.startup.application_name(),
        auth_method: facts.auth_method.to_owned(),
        policy: policy.clone(),
        server_pid: facts.server_pid,
    }
}

fn refused(facts: &LoginFacts, error: &PgError) -> RefusedLogin {
    let (user, database) = (facts.startup.user.clone(), facts.startup.database.clone());
    RefusedLogin { code: error.code, claimed: Claimed { user, database, tls_subject: facts.tls_subject.clone() } }
}
