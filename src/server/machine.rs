//! A session as its driver takes it.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;

use super::decide::SessionDecider;
use super::driver::{End, Machine};
use super::observe::SessionObserver;
use crate::session::{Fatal, Outbox, Session, Step};

/// The session with its decider and observer.
pub struct SessionMachine(pub Session<SessionDecider, SessionObserver>);

impl SessionMachine {
    /// Tells the trail how it ended.
    pub fn finish(mut self, end: End) {
        self.0.abandon();
        self.0.into_observer().finish(end.as_str());
    }
}

impl Machine for SessionMachine {
    fn on_client(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        self.0.on_client(input, outbox)
    }

    fn on_server(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        self.0.on_server(input, outbox)
    }

    fn is_answered(&self) -> bool {
        self.0.is_answered()
    }

    fn is_idle(&self) -> bool {
        self.0.is_idle()
    }

    fn may_interject(&self) -> bool {
        self.0.is_between_messages()
    }

    fn poll_catalog(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.decider_mut().poll_refresh(context)
    }

    fn poll_receipt(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.observer_mut().poll_receipts(context)
    }

    fn on_traffic(&mut self, received: u64, sent: u64) {
        let metrics = self.0.observer_mut().metrics();
        metrics.received_bytes_total.inc_by(received);
        metrics.sent_bytes_total.inc_by(sent);
    }

    fn on_answered(&mut self, spent: Duration) {
        self.0.observer_mut().metrics().query_duration_seconds.observe(spent.as_secs_f64());
    }
}
