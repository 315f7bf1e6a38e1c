//! A session as its driver takes it.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;

use super::database::Database;
use super::decide::SessionDecider;
use super::driver::{End, Machine};
use super::observe::SessionObserver;
use super::session::Server;
use crate::catalog::place::Server as Address;
use crate::keys::Keyrings;
use crate::session::{Fatal, Outbox, Session, Step};
use crate::wire::{PgError, SqlState};

/// The session with its decider and observer.
pub struct SessionMachine {
    pub session: Session<SessionDecider, SessionObserver>,
    pub server: Arc<Server>,
    pub database: Arc<Database>,
    /// The server that the session is at.
    pub address: Arc<Address>,
    /// The keys that the session has.
    pub keyrings: Arc<Keyrings>,
}

impl SessionMachine {
    /// Follows a reload: a pooled session outlives many.
    fn follow_keys(&mut self) {
        let keyrings = self.server.keyrings.load();
        if !Arc::ptr_eq(&keyrings, &self.keyrings) {
            let keys = keyrings.database(&self.database.name);
            self.session.set_keys(keys.clone());
            self.session.decider_mut().set_keys(keys);
            self.keyrings = Arc::clone(&keyrings);
        }
    }

    /// A session stays where its catalog is read: what a server says that lags behind, or went its own way, could not be
    /// judged by it.
    fn check_home(&self) -> Result<(), Fatal> {
        if self.database.follower.is_home(&self.address) {
            return Ok(());
        }
        let error =
            PgError::new(SqlState::ADMIN_SHUTDOWN, "terminating connection: the database is at another server now")
                .with_hint("Connect again.");
        Err(Fatal { error, reason: "moved", withheld: false })
    }

    /// Tells the trail how it ended.
    pub fn finish(mut self, end: End) {
        self.session.abandon();
        self.session.into_observer().finish(end.as_str());
    }
}

impl Machine for SessionMachine {
    fn on_client(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        self.follow_keys();
        self.check_home()?;
        self.session.on_client(input, outbox)
    }

    fn on_server(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        self.follow_keys();
        self.session.on_server(input, outbox)
    }

    fn is_answered(&self) -> bool {
        self.session.is_answered()
    }

    fn is_idle(&self) -> bool {
        self.session.is_idle()
    }

    fn may_interject(&self) -> bool {
        self.session.is_between_messages()
    }

    fn is_server_leaving(&self) -> bool {
        self.session.is_server_leaving()
    }

    fn poll_catalog(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.session.decider_mut().poll_refresh(context)
    }

    fn poll_receipt(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.session.observer_mut().poll_receipts(context)
    }

    fn on_traffic(&mut self, received: u64, sent: u64) {
        let metrics = self.session.observer_mut().metrics();
        metrics.received_bytes_total.inc_by(received);
        metrics.sent_bytes_total.inc_by(sent);
    }

    fn on_answered(&mut self, spent: Duration) {
        self.session.observer_mut().metrics().query_duration_seconds.observe(spent.as_secs_f64());
    }
}
