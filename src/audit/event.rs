//! What the audit trail records, one variant per kind of record.
//!
//! Nothing here has a place for a value of the database: statements are [`Statement`]s, errors are SQLSTATEs,
//! reasons are labels from a fixed list.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::statement::Statement;
use crate::plan::{Touch, TouchAction};

/// Something that happened and has to be provable later.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The proxy started; the first record of every run.
    Start { version: &'static str },
    /// The proxy stopped in good order; the last record of such a run.
    Stop { reason: &'static str },
    /// A policy was loaded or refused. `policy` is the hash that rules from now on.
    PolicyReload {
        accepted: bool,
        #[serde(serialize_with = "shared")]
        policy: Arc<str>,
    },
    /// A session was authenticated and may send statements.
    Login(Box<SessionFacts>),
    /// A login that did not succeed.
    LoginRefused { client: String, user: String, database: String, sqlstate: String },
    /// A session ended.
    Logout {
        session: u64,
        #[serde(serialize_with = "shared")]
        user: Arc<str>,
        reason: &'static str,
        duration_us: u64,
    },
    /// A statement that touches protected data is about to release its first row or to be executed.
    Open(Opening),
    /// Such a statement ended.
    Close(Closing),
    /// A statement was refused.
    Refuse(Refused),
    /// At start: the last line of the previous run was cut short and has been taken off.
    Recovered { torn_bytes: u64 },
    /// The trail could not be written from here on, until this record was; protected data was refused meanwhile.
    Interrupted,
    /// Records that could be neither written nor kept while the trail was not writable.
    Dropped { records: u64 },
}

/// Who a session belongs to, as known at login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SessionFacts {
    /// The number that every record of this session carries.
    pub session: u64,
    /// Address and port.
    pub client: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_subject: Option<String>,
    /// The name PostgreSQL authenticated.
    #[serde(serialize_with = "shared")]
    pub user: Arc<str>,
    /// The role of the policy that decides for this session.
    #[serde(serialize_with = "shared")]
    pub role: Arc<str>,
    #[serde(serialize_with = "shared")]
    pub database: Arc<str>,
    pub application_name: String,
    /// `scram-sha-256`, `md5`, `password`, `cert`, `trust`…
    pub auth_method: String,
    #[serde(serialize_with = "shared")]
    pub policy: Arc<str>,
    /// The server's process id, which its own log carries.
    pub server_pid: u32,
}

/// The opening record of a statement on protected data.
#[derive(Clone, Debug, Serialize)]
pub struct Opening {
    pub session: u64,
    /// From [`super::AuditLog::next_statement`]; the closing record carries the same.
    pub statement_id: u64,
    #[serde(serialize_with = "shared")]
    pub user: Arc<str>,
    #[serde(serialize_with = "shared")]
    pub role: Arc<str>,
    #[serde(flatten, serialize_with = "shared")]
    pub statement: Arc<Statement>,
    #[serde(serialize_with = "touches")]
    pub touched: Arc<[Touch]>,
    /// Hash of the policy that decided.
    #[serde(serialize_with = "shared")]
    pub policy: Arc<str>,
}

/// The closing record of a statement on protected data.
#[derive(Clone, Debug, Serialize)]
pub struct Closing {
    pub session: u64,
    pub statement_id: u64,
    pub outcome: Outcome,
    /// Command tag without counts, for example `SELECT`. Empty where the server gave none.
    pub tag: String,
    /// Rows returned or affected.
    pub rows: u64,
    /// Rows in which at least one protected value was shown in clear.
    pub rows_in_clear: u64,
    pub duration_us: u64,
    /// Absent on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
}

/// How a statement on protected data ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Complete,
    /// An error, from the server or from the proxy.
    Failed,
    /// A portal with rows left was closed or replaced.
    Abandoned,
    /// A peer went away in the middle; rows may have reached the client.
    Incomplete,
    /// Executed by the server, its rows withheld by the check of their origin.
    Withheld,
}

/// A statement that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    pub session: u64,
    #[serde(serialize_with = "shared")]
    pub user: Arc<str>,
    #[serde(serialize_with = "shared")]
    pub role: Arc<str>,
    #[serde(flatten, serialize_with = "shared")]
    pub statement: Arc<Statement>,
    /// The bounded label of [`crate::plan::Refusal`].
    pub reason: &'static str,
    /// Protected columns or relations it is about.
    pub objects: Vec<String>,
    pub sqlstate: String,
    #[serde(serialize_with = "shared")]
    pub policy: Arc<str>,
}

impl Event {
    /// Whether the caller must not go on before the record is written: it is dropped, not kept for later,
    /// when the trail is not writable, because what it announces then does not happen.
    pub(super) fn announces(&self) -> bool {
        match self {
            Self::Open(_) => true,
            Self::Start { .. }
            | Self::Stop { .. }
            | Self::PolicyReload { .. }
            | Self::Login(_)
            | Self::LoginRefused { .. }
            | Self::Logout { .. }
            | Self::Close(_)
            | Self::Refuse(_)
            | Self::Recovered { .. }
            | Self::Interrupted
            | Self::Dropped { .. } => false,
        }
    }
}

fn shared<T: Serialize + ?Sized, S: Serializer>(value: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}

fn touches<S: Serializer>(touched: &[Touch], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown<'a> {
        object: &'a str,
        action: std::borrow::Cow<'static, str>,
    }
    serializer.collect_seq(touched.iter().map(|touch| Shown { object: &touch.object, action: action(&touch.action) }))
}

fn action(action: &TouchAction) -> std::borrow::Cow<'static, str> {
    match action {
        TouchAction::Read => "read".into(),
        TouchAction::Decrypt => "decrypt".into(),
        TouchAction::Mask(preset) => format!("mask:{preset}").into(),
        TouchAction::Null => "null".into(),
        TouchAction::LookUp => "look_up".into(),
        TouchAction::Write => "write".into(),
        TouchAction::Filter => "filter".into(),
    }
}
