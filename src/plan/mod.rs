//! What is to be done with one statement: the seam between analysis and the session.
//!
//! Decisions are values. A [`Plan`] says which text goes upstream, what happens to each parameter on the
//! way in and to each output column on the way out. The session executes plans and decides nothing.

use std::sync::Arc;

use crate::mask::Mask;
use crate::value::LogicalType;
use crate::wire::PgError;

/// The decision about one statement.
#[derive(Clone)]
pub enum Verdict {
    /// Nothing protected is reachable: the statement's own bytes go upstream, its answer comes back untouched.
    Pass(Effect),
    /// The statement goes upstream as the plan says.
    Rewrite(Arc<Plan>),
    /// The client gets this error; nothing of the statement goes upstream.
    Refuse(Arc<Refusal>),
}

/// Why a statement is refused, for the client and, without values, for audit and metrics.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What the client is told.
    pub error: PgError,
    /// A bounded label for metrics and audit, for example `sort-on-sealed`.
    pub reason: &'static str,
    /// The protected columns or relations that the refusal is about, `schema.relation.column`.
    pub objects: Vec<String>,
}

/// How one statement that touches protected relations is executed.
pub struct Plan {
    /// One statement, no trailing semicolon. Proven to parse to the tree that the analysis built.
    pub sql: String,
    /// The upstream statement's `$1`, `$2`… in order, each made from one of the client's parameters.
    pub params: Vec<UpstreamParam>,
    /// How many parameters the client's statement has.
    pub client_params: usize,
    /// The columns of the answer; `None` where the analysis does not know them: rows, if any return, are relayed
    /// unless one carries the magic.
    pub outputs: Option<Arc<[Output]>>,
    /// Set where the statement is a COPY that moves data over the protocol.
    pub copy: Option<CopyPlan>,
    /// What else in the session changes when the statement succeeds.
    pub effect: Effect,
    /// What is touched, for the audit trail.
    pub touched: Arc<[Touch]>,
    /// Whether this caller sees in clear everything that the statement reaches: only then do the server's DETAIL,
    /// CONTEXT and notices come through (never with a sealed value in them).
    pub sees_details: bool,
    /// How many hidden values one run of the statement tests for equality: values given for columns that the caller
    /// may search and not see. Elements of array parameters come on top.
    pub look_ups: u32,
    /// False where the text holds freshly sealed literals: the plan serves once, and is not kept for the next same text.
    pub reusable: bool,
}

impl Plan {
    /// Whether the server runs this very text, and all that the plan asks is that its rows are looked at.
    pub fn only_watches(&self, sql: &str) -> bool {
        let relays = |param: &UpstreamParam| matches!(param.action, ParamAction::Relay) && param.ty == 0;
        self.outputs.is_none() && self.sql == sql && self.params.iter().all(relays)
    }
}

/// A parameter of the upstream statement.
#[derive(Clone)]
pub struct UpstreamParam {
    /// Zero-based index into the client's parameters.
    pub client: usize,
    pub action: ParamAction,
    /// The type OID that PostgreSQL would describe to a client that declared none. 0: what the server describes.
    pub ty: u32,
    /// The type that the client's statement casts it to.
    pub cast: Option<LogicalType>,
}

/// What a sealed value with an equality term starts with, and one without.
pub const MAGIC_EQUALITY: &str = "~pv1:";
pub const MAGIC_PLAIN: &str = "~pv0:";
/// What both have in common: text with this in it is never stored or shown as anything but a sealed value.
pub const MAGIC_COMMON: &str = "~pv";
/// How many characters of a sealed value hold magic and equality term. Equality is `left(column, N)`.
pub const TERM_CHARS: usize = 27;

/// What happens to a parameter's value between Bind as the client sent it and as the server gets it.
#[derive(Clone)]
pub enum ParamAction {
    /// Relayed as it is, with the client's type and format.
    Relay,
    /// Sealed for a column. With a guard, a value of the mask's shape becomes [`KEEP_MARKER`]
    /// (UPDATE: the stored value stays) or an error (INSERT).
    Seal { column: Arc<SealedColumn>, guard: Option<WriteGuard> },
    /// Replaced by the equality prefix of the value ([`crate::crypto`]): `left(column, N) = $n`.
    Term { column: Arc<SealedColumn> },
    /// A one-dimensional array, each element replaced by its equality prefix: `left(column, N) = ANY($n)`.
    TermArray { column: Arc<SealedColumn> },
    /// A one-dimensional array, each element sealed for a column: rows from `unnest($n)`.
    SealArray { column: Arc<SealedColumn> },
    /// A value for a plain column under a mask: an error if it has the mask's shape, else relayed.
    RefuseMasked { mask: Arc<Mask>, ty: LogicalType, column: Arc<str> },
}

/// The column id that a statement's own constants are sealed under where sealed values come beside them. No column has it,
/// so that they can be stored in none.
pub const CONSTANT_ID: u32 = u32::MAX;

/// Sent in place of a sealed value where an UPDATE must keep what is stored. Never a valid sealed value.
pub const KEEP_MARKER: &str = "~pv!keep";

/// What a value that looks like the caller's own mask means.
#[derive(Clone)]
pub struct WriteGuard {
    pub mask: Arc<Mask>,
    /// True in UPDATE (the stored value stays), false in INSERT and COPY (23514).
    pub keep: bool,
}

/// One sealed column, as policy and catalog agree on it.
#[derive(Debug, PartialEq, Eq)]
pub struct SealedColumn {
    /// The number that the policy wrote once; authenticated in every value.
    pub id: u32,
    /// Columns of one domain share an equality key and may be compared and joined.
    pub domain: Arc<str>,
    pub algorithm: Algorithm,
    /// Whether values carry an equality term.
    pub equality: bool,
    /// Equality ignores case (text types only).
    pub fold_case: bool,
    /// What the client believes the column to be. Stored is always `text`.
    pub ty: LogicalType,
    /// `schema.relation.column`, for messages and the audit trail.
    pub name: Arc<str>,
}

/// The algorithms a column may be sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub enum Algorithm {
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
    #[serde(rename = "sm4-gcm")]
    Sm4Gcm,
}

/// The hash under which a domain's equality terms are keyed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum TermHash {
    #[default]
    #[serde(rename = "hmac-sha-256")]
    HmacSha256,
    #[serde(rename = "hmac-sm3")]
    HmacSm3,
}

impl TermHash {
    /// As policies and keyrings write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha-256",
            Self::HmacSm3 => "hmac-sm3",
        }
    }
}

impl std::fmt::Display for TermHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One column of an answer.
#[derive(Clone)]
pub struct Output {
    pub action: OutputAction,
    /// What RowDescription says of the origin where the rewrite lost it: table OID and column number.
    pub origin: Option<(u32, i16)>,
    /// What RowDescription says of the type where the rewrite changed it: type OID and typmod.
    pub ty: Option<(u32, i32)>,
}

/// What happens to the values of an output column.
#[derive(Clone)]
pub enum OutputAction {
    /// Relayed: nothing in it is sealed. A value that carries the magic ends the statement.
    Relay,
    /// Relayed whatever is in it: EXPLAIN, for a caller who sees everything.
    RelayAny,
    /// Sealed values of the columns in the list (a set operation may bring several), each shown by its own right.
    Reveal(Arc<[RevealColumn]>),
}

/// A sealed column in an output position, and how this caller sees it.
#[derive(Clone)]
pub struct RevealColumn {
    pub column: Arc<SealedColumn>,
    pub right: Reveal,
}

/// How a caller sees a protected value.
#[derive(Clone, Debug, PartialEq)]
pub enum Reveal {
    Clear,
    Mask(Arc<Mask>),
    Null,
}

/// A COPY whose data passes through the session.
#[derive(Clone)]
pub struct CopyPlan {
    pub direction: CopyDirection,
    pub format: CopyFormat,
    /// Per column of the stream, in order. Empty for COPY TO: there [`Plan::outputs`] rules.
    pub input: Vec<CopyInput>,
    /// How many hidden values each row from the client tests: values of columns that are unique or may be searched.
    pub look_ups: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyDirection {
    FromClient,
    ToClient,
}

/// The options of COPY that decide how its bytes are read.
/// Source: <https://www.postgresql.org/docs/current/sql-copy.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyFormat {
    Text { delimiter: u8, null: Vec<u8>, header: bool },
    Csv { delimiter: u8, null: Vec<u8>, header: bool, quote: u8, escape: u8, force_quote: ForceQuote },
    Binary,
}

/// COPY TO's FORCE_QUOTE: which output columns are quoted whenever they are not NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForceQuote {
    None,
    All,
    /// Zero-based positions in the stream.
    Columns(Vec<usize>),
}

#[derive(Clone)]
pub enum CopyInput {
    Relay,
    Seal { column: Arc<SealedColumn>, guard: Option<WriteGuard> },
    RefuseMasked { mask: Arc<Mask>, ty: LogicalType, column: Arc<str> },
}

/// What a statement changes in the session's own books once it has succeeded.
#[derive(Clone, Default)]
pub enum Effect {
    #[default]
    None,
    /// SQL-level `PREPARE name AS …`: a later `EXECUTE name` or Bind of `name` follows this verdict.
    Prepare { name: String, statement: Arc<PreparedSql> },
    /// `DEALLOCATE name` (or ALL with `None`).
    Deallocate { name: Option<String> },
    /// `DECLARE name CURSOR …`: rows fetched from it have these outputs (`None`: untouched).
    DeclareCursor { name: String, hold: bool, statement: Arc<PreparedSql> },
    /// `CLOSE name` (or ALL with `None`).
    CloseCursor { name: Option<String> },
    /// `CREATE VIEW name AS …` over protected relations: until the catalog shows the view, its query tells what it is.
    CreateView { name: String, statement: Arc<PreparedSql> },
    /// A relation was made under this name, or its columns changed: until the catalog shows it, the name means something
    /// that the proxy does not know.
    RelationChanged { name: String, change: Change, ran_code: bool },
    /// A setting that the server reports, though only at the end of the batch: what comes before that is read or shown
    /// by the old one.
    ReportedSettingChanged,
    /// DDL, or code that may have run DDL: the catalog must be read again before the next name is trusted.
    CatalogChanged,
    /// Something that may have changed search_path, role or another setting that the server does not report.
    SettingsChanged,
    /// Code that the proxy cannot see into ran: catalog, settings, names, anything may have changed.
    AnythingChanged,
    /// DISCARD ALL: statements, cursors and settings are gone.
    DiscardAll,
}

/// What the open transaction did to the relations of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One has other columns than before.
    Columns,
    /// One more may bear the name.
    Made,
    Both,
}

impl Change {
    /// This one after another.
    pub fn after(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier != self => Self::Both,
            Some(_) | None => self,
        }
    }
}

/// A statement kept under a name, with what is needed to decide it again when policy or catalog change.
pub struct PreparedSql {
    /// The client's own text (the inner statement of PREPARE or DECLARE).
    pub sql: String,
    pub verdict: Verdict,
    /// Type OIDs that the client declared for parameters, 0 where it did not.
    pub param_types: Vec<u32>,
}

/// One protected column or relation that a statement touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// `schema.relation` or `schema.relation.column`.
    pub object: Arc<str>,
    pub action: TouchAction,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TouchAction {
    /// Rows of the relation are read; what becomes of its protected columns is told apart.
    Read,
    Decrypt,
    /// The preset's name.
    Mask(Arc<str>),
    Null,
    LookUp,
    Write,
    /// Rows are restricted by the role's filter.
    Filter,
}
