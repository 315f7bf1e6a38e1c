//! An immutable picture of one database's catalog.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A PostgreSQL object identifier.
pub type Oid = u32;

/// What analysis may ask of the catalog. Immutable; a newer one replaces it.
#[derive(Default)]
pub struct Catalog {
    /// Grows with every snapshot that differs from the one before.
    pub version: u64,
    /// For example 150018.
    pub server_version: u32,
    /// As [`super::load::fingerprint`] gives it.
    pub fingerprint: u64,
    /// Tells whether the objects that came with the server are those of another snapshot of the same database.
    pub system: String,
    /// Every relation: system catalogs, indexes, toast tables and other sessions' temporary ones included.
    pub relations: HashMap<Oid, Arc<Relation>>,
    /// schema → relation name → OID.
    pub names: HashMap<String, HashMap<String, Oid>>,
    /// Every schema, empty ones too.
    pub schemas: HashSet<String>,
    /// Relation name → every OID that bears it in some schema.
    pub bare_names: HashMap<String, Vec<Oid>>,
    /// Functions and procedures outside `pg_catalog` and the opaque ones in it, by bare name.
    pub functions: HashMap<String, Vec<Arc<Function>>>,
    /// Role name → the roles it is a member of, transitively, by explicit grant (a superuser's implied ones are not here).
    pub memberships: HashMap<String, Vec<String>>,
    /// Type OID → schema, name, and base type for domains.
    pub types: HashMap<Oid, TypeInfo>,
    /// Role name → its default search_path where `ALTER ROLE … SET` (or DATABASE) fixes one.
    /// Under `""` stands what applies to roles without one of their own.
    pub search_paths: HashMap<String, String>,
    /// Parent → tables that inherit from it or are its partitions, one level.
    pub children: HashMap<Oid, Vec<Oid>>,
    /// View or rule's relation → every function that its rules call, built-in ones included.
    pub view_calls: HashMap<Oid, Vec<Oid>>,
    /// Every function name that came with the server (`pg_catalog`, `information_schema`), with the worst class of its overloads.
    pub builtins: HashMap<String, FunctionClass>,
    /// Operator name → the functions behind operators of that name outside `pg_catalog`.
    pub operators: HashMap<String, Vec<Arc<Operator>>>,
}

/// What running a function can reach beyond its arguments. Ordered from harmless to unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionClass {
    /// Computes from its arguments, the clock, sequences or the catalog's public part.
    BuiltinSafe,
    /// User code or a built-in whose effects the proxy does not know.
    Opaque,
    /// Runs SQL given as text, reads relations by name, large objects, files, statistics or other sessions.
    SqlText,
    /// No function of that name is in the snapshot.
    Unknown,
}

/// An operator outside `pg_catalog`.
pub struct Operator {
    pub schema: String,
    pub name: String,
    /// `pg_operator.oprcode`.
    pub function: Oid,
    pub class: FunctionClass,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RelationKind {
    #[default]
    Table,
    PartitionedTable,
    View,
    MaterializedView,
    ForeignTable,
    Sequence,
    Index,
    Composite,
    Toast,
    Other,
}

#[derive(Default)]
pub struct Relation {
    pub oid: Oid,
    pub schema: String,
    pub name: String,
    pub kind: RelationKind,
    pub owner: String,
    /// Live columns by attribute number, ascending. System columns are not listed.
    pub columns: Vec<Column>,
    /// Tables this one inherits from or is a partition of.
    pub parents: Vec<Oid>,
    /// `pg_get_viewdef` for views and materialized views, names outside `pg_catalog` qualified.
    pub definition: Option<String>,
    /// Relations that a view's rules read or write; the table of an index; the owner of a toast table.
    pub depends_on: Vec<Oid>,
    /// Tables whose rows change with this one's: by foreign keys that cascade, set null or set the default.
    pub cascades_to: Vec<Oid>,
    /// Functions that its row-security policies run on every access, its indexes, partition key and columns' domains on
    /// every write.
    pub code: Vec<StoredCall>,
    /// Whether rules other than a view's own SELECT rule exist.
    pub has_rules: bool,
    /// User triggers by name, with the OID of the function each calls.
    pub triggers: Vec<(String, Oid)>,
    pub unique_indexes: Vec<UniqueIndex>,
    pub checks: Vec<CheckConstraint>,
    pub is_temporary: bool,
    /// Row-level security is on: who reads it decides which rows there are.
    pub has_row_security: bool,
    /// Another transaction held it locked when it was read, so that defaults, checks, unique indexes and a view's definition
    /// are missing.
    pub is_locked: bool,
    /// Of everything above, for [`super::load::fingerprint`].
    pub fingerprint: u64,
}

pub struct Column {
    pub number: i16,
    pub name: String,
    pub type_oid: Oid,
    pub typmod: i32,
    pub not_null: bool,
    /// `pg_get_expr` of the default or generation expression.
    pub default: Option<String>,
    pub generated: bool,
    pub identity: bool,
    /// In a primary key, foreign key or partition key.
    pub is_key: bool,
}

#[derive(Default)]
pub struct UniqueIndex {
    pub name: String,
    /// Attribute numbers; 0 stands for an expression.
    pub columns: Vec<i16>,
    /// `pg_get_indexdef` of each key.
    pub keys: Vec<String>,
    pub is_primary: bool,
    /// The whole definition, for partial predicates.
    pub definition: String,
}

/// A function that is run with a relation's rows though no statement names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoredCall {
    pub function: Oid,
    pub on_read: bool,
}

pub struct CheckConstraint {
    pub name: String,
    pub definition: String,
    pub validated: bool,
}

pub struct Function {
    pub oid: Oid,
    pub schema: String,
    pub name: String,
    /// `f` function, `p` procedure, `a` aggregate, `w` window.
    pub kind: char,
    pub language: String,
    pub volatility: char,
    pub leakproof: bool,
    pub security_definer: bool,
    pub returns_set: bool,
    pub return_type: Oid,
}

pub struct TypeInfo {
    pub schema: String,
    pub name: String,
    pub base: Option<Oid>,
    /// An enumeration or an array of one, with no cast by a function of a user's: making values of it runs no code of hers.
    pub is_enum: bool,
}
