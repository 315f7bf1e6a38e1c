//! What the session hands to whoever owns its sockets.

use bytes::BytesMut;

use crate::wire::PgError;

/// Bytes that are ready to be sent. The driver writes both out and leaves them empty.
#[derive(Default)]
pub struct Outbox {
    pub to_server: BytesMut,
    pub to_client: BytesMut,
}

/// What the driver does next, after it has sent what is in the [`Outbox`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Everything that could be done is done: read more from either socket.
    Continue,
    /// The client's next message needs a newer catalog. It stays in the input: refresh, then call `on_client`
    /// again. Bytes from the server may be handed in meanwhile.
    NeedCatalog,
    /// The audit trail has not taken an opening record yet. The server's bytes stay in the input: wait for the
    /// receipt, then call `on_server` again.
    NeedReceipt,
    /// The client said Terminate, which has been put into `to_server`: send it and close both sockets.
    Close,
}

/// The session cannot go on: send `to_client` of the [`Outbox`] and this error, then close **both** sockets, so that
/// an open transaction rolls back. What is in `to_server` must not be sent any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// For the client, severity FATAL. Holds no value.
    pub error: PgError,
    /// A bounded label for audit and metrics, for example `unexplained-answer`.
    pub reason: &'static str,
    /// The statement has run upstream and its rows were withheld.
    pub withheld: bool,
}
