//! Where the process stands between start and end.

/// Told to every session over a watch channel; it only ever moves down this list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    #[default]
    Serving,
    /// No new session; each ends as soon as it is outside a transaction.
    Draining,
    /// Every session ends now.
    Closing,
}
