//! Signals: reload, drain, stop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// SIGHUP: policies, certificates and keys are read again.
    Reload,
    /// SIGTERM: sessions may finish their transactions.
    Drain,
    /// SIGINT: sessions end now.
    Stop,
}

pub struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// # Errors
    /// The operating system's.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub async fn next(&mut self) -> Ask {
        tokio::select! {
            _ = self.hangup.recv() => Ask::Reload,
            _ = self.terminate.recv() => Ask::Drain,
            _ = self.interrupt.recv() => Ask::Stop,
        }
    }
}
