//! Reads a snapshot of one database's catalog. Any role that may connect can: no superuser, no extension, no function.
//!
//! A dozen queries in one read-only snapshot, whole result sets rather than look-ups per relation: 10,000 relations
//! load in about a second. Definitions are printed with an empty search_path, so names in them are qualified.

pub(super) mod sql;

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::functions::{FIRST_NORMAL_OID, classify};
use super::model::{
    Catalog, CheckConstraint, Column, Function, FunctionClass, Oid, Operator, Relation, RelationKind, StoredCall,
    TypeInfo, UniqueIndex,
};

/// Why no snapshot could be read. The old one stays.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("reading the catalog failed: {0}")]
    Query(#[from] tokio_postgres::Error),
    #[error("the server reports no usable version: {0:?}")]
    Version(String),
}

/// How long a migration's locks are waited for before what they cover is left out, and the pause in which they are left alone.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long in all: locks that come and go.
const LONGEST: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Reads the whole catalog of the database that `client` is connected to. The version is left at zero.
///
/// What cannot be locked at once is tried again, with every lock released in between. A relation that stays locked is then
/// read without its expressions ([`Relation::is_locked`]): it must not keep everybody from everything else.
pub async fn load(client: &Client, known: Known<'_>) -> Result<Catalog, LoadError> {
    let began = Instant::now();
    loop {
        // Where some were left out before, it has been waited for
        let leaves_out = began.elapsed() >= PATIENCE || known.earlier().is_some_and(Catalog::has_locked);
        match load_once(client, known, leaves_out).await {
            Err(LoadError::Query(error))
                if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) && began.elapsed() < LONGEST => {}
            loaded => return loaded,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn load_once(client: &Client, known: Known<'_>, leaves_out: bool) -> Result<Catalog, LoadError> {
    client.batch_execute(sql::BEGIN).await?;
    let loaded = read(client, known, leaves_out).await;
    // Ends the transaction after success and failure alike; a failure here shows again at the next BEGIN.
    client.batch_execute("ROLLBACK").await?;
    loaded
}

async fn read(client: &Client, known: Known<'_>, leaves_out: bool) -> Result<Catalog, LoadError> {
    let locked: Option<Vec<Oid>> =
        if leaves_out { client.query_one(sql::LOCKED, &[]).await?.try_get(0)? } else { None };
    let locked = locked.unwrap_or_default();
    let server_version = server_version(client).await?;
    let mut catalog = Catalog { server_version, ..Catalog::default() };
    let is_system = |oid: Oid| oid < FIRST_NORMAL_OID;
    match known {
        Known::Lasting(old) => {
            catalog.system.clone_from(&old.system);
            lend(old, &mut catalog, |relation| !relation.is_temporary, |_| true);
            let temporary: Vec<Oid> = client.query_one(sql::TEMPORARY, &[]).await?.try_get(0)?;
            relations(client, &mut catalog, &Scope { from: 0, only: Some(temporary), locked }).await?;
        }
        Known::Nothing | Known::Earlier(_) => {
            catalog.system = client.query_one(sql::SYSTEM, &[]).await?.try_get(0)?;
            let is_same = |old: &&Catalog| old.server_version == server_version && old.system == catalog.system;
            let from = match known.earlier().filter(is_same) {
                None => 0,
                Some(old) => {
                    lend(old, &mut catalog, |relation| is_system(relation.oid), |function| is_system(function.oid));
                    FIRST_NORMAL_OID
                }
            };
            relations(client, &mut catalog, &Scope { from, only: None, locked }).await?;
            functions(client, &mut catalog, from).await?;
        }
    }
    operators(client, &mut catalog).await?;
    catalog.memberships = memberships(client, server_version).await?;
    catalog.types = types(client).await?;
    catalog.search_paths = search_paths(client).await?;
    for row in client.query(sql::SCHEMAS, &[]).await? {
        catalog.schemas.insert(row.try_get(0)?);
    }
    catalog.fingerprint = fingerprint(&catalog);
    Ok(catalog)
}

/// What of a database is known already when a snapshot is read.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    Nothing,
    /// An older snapshot lends what came with the server where that has not changed: most of a small database's catalog.
    Earlier(&'a Catalog),
    /// Nothing but temporary relations has changed since this one was read ([`sql::CHANGES`]).
    Lasting(&'a Catalog),
}

impl<'a> Known<'a> {
    const fn earlier(self) -> Option<&'a Catalog> {
        match self {
            Self::Nothing => None,
            Self::Earlier(old) | Self::Lasting(old) => Some(old),
        }
    }
}

/// The relations that are read.
struct Scope {
    from: Oid,
    /// `None`: all from there on.
    only: Option<Vec<Oid>>,
    /// These without what would have to be locked.
    locked: Vec<Oid>,
}

/// Puts in what an older snapshot knows.
fn lend(
    old: &Catalog,
    catalog: &mut Catalog,
    keeps: impl Fn(&Relation) -> bool,
    keeps_function: impl Fn(&Function) -> bool,
) {
    for relation in old.relations.values().filter(|relation| keeps(relation)) {
        if let Some(called) = old.view_calls.get(&relation.oid) {
            catalog.view_calls.insert(relation.oid, called.clone());
        }
        catalog.insert(Arc::clone(relation));
    }
    catalog.builtins.clone_from(&old.builtins);
    for (name, functions) in &old.functions {
        let kept: Vec<_> = functions.iter().filter(|function| keeps_function(function)).cloned().collect();
        if !kept.is_empty() {
            catalog.functions.insert(name.clone(), kept);
        }
    }
}

async fn server_version(client: &Client) -> Result<u32, LoadError> {
    let text: String = client.query_one("SELECT current_setting('server_version_num')", &[]).await?.try_get(0)?;
    text.parse().map_err(|_| LoadError::Version(text))
}

async fn relations(client: &Client, catalog: &mut Catalog, scope: &Scope) -> Result<(), LoadError> {
    let mut columns: HashMap<Oid, Vec<Column>> = grouped(client, sql::COLUMNS, scope, column).await?;
    let mut parents = grouped(client, sql::PARENTS, scope, |row| row.try_get(1)).await?;
    let mut depends_on = grouped(client, sql::DEPENDS_ON, scope, |row| row.try_get(1)).await?;
    let mut cascades_to = grouped(client, sql::CASCADES, scope, |row| row.try_get(1)).await?;
    let stored_call = |row: &Row| Ok(StoredCall { function: row.try_get(1)?, on_read: row.try_get(2)? });
    let mut code = grouped(client, sql::STORED_CALLS, scope, stored_call).await?;
    let mut triggers = grouped(client, sql::TRIGGERS, scope, |row| Ok((row.try_get(1)?, row.try_get(2)?))).await?;
    let mut unique_indexes = grouped(client, sql::UNIQUE_INDEXES, scope, unique_index).await?;
    let mut checks = grouped(client, sql::CHECKS, scope, check).await?;
    let keys: HashMap<Oid, Vec<i16>> = grouped(client, sql::KEY_COLUMNS, scope, |row| row.try_get(1)).await?;
    for (oid, numbers) in keys {
        for column in columns.entry(oid).or_default().iter_mut().filter(|c| numbers.contains(&c.number)) {
            column.is_key = true;
        }
    }
    let statement = sql::without(&scope.locked, sql::RELATIONS);
    for row in client.query(&statement, &[&scope.from, &scope.only]).await? {
        let oid = row.try_get(0)?;
        let mut relation = Relation {
            oid,
            schema: row.try_get(1)?,
            name: row.try_get(2)?,
            kind: kind(character(&row, 3)?),
            owner: row.try_get(4)?,
            is_temporary: row.try_get(5)?,
            has_rules: row.try_get(6)?,
            definition: row.try_get(7)?,
            has_row_security: row.try_get(8)?,
            is_locked: row.try_get(9)?,
            columns: columns.remove(&oid).unwrap_or_default(),
            parents: parents.remove(&oid).unwrap_or_default(),
            depends_on: depends_on.remove(&oid).unwrap_or_default(),
            cascades_to: cascades_to.remove(&oid).unwrap_or_default(),
            code: code.remove(&oid).unwrap_or_default(),
            triggers: triggers.remove(&oid).unwrap_or_default(),
            unique_indexes: unique_indexes.remove(&oid).unwrap_or_default(),
            checks: checks.remove(&oid).unwrap_or_default(),
            fingerprint: 0,
        };
        relation.fingerprint = hash_of(|state| hash_relation(&relation, state));
        catalog.insert(relation);
    }
    catalog.view_calls.extend(grouped(client, sql::VIEW_CALLS, scope, |row| row.try_get(1)).await?);
    Ok(())
}

/// Facts about the relations in the scope, by relation.
async fn grouped<T>(
    client: &Client,
    facts: &str,
    scope: &Scope,
    read: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
) -> Result<HashMap<Oid, Vec<T>>, LoadError> {
    let mut groups: HashMap<Oid, Vec<T>> = HashMap::new();
    let facts = sql::within(&sql::without(&scope.locked, facts));
    for row in client.query(&facts, &[&scope.from, &scope.only]).await? {
        groups.entry(row.try_get(0)?).or_default().push(read(&row)?);
    }
    Ok(groups)
}

fn column(row: &Row) -> Result<Column, tokio_postgres::Error> {
    Ok(Column {
        number: row.try_get(1)?,
        name: row.try_get(2)?,
        type_oid: row.try_get(3)?,
        typmod: row.try_get(4)?,
        not_null: row.try_get(5)?,
        default: row.try_get(6)?,
        generated: row.try_get(7)?,
        identity: row.try_get(8)?,
        is_key: false,
    })
}

fn unique_index(row: &Row) -> Result<UniqueIndex, tokio_postgres::Error> {
    Ok(UniqueIndex {
        name: row.try_get(1)?,
        columns: row.try_get(2)?,
        keys: row.try_get(3)?,
        is_primary: row.try_get(4)?,
        definition: row.try_get(5)?,
    })
}

fn check(row: &Row) -> Result<CheckConstraint, tokio_postgres::Error> {
    Ok(CheckConstraint { name: row.try_get(1)?, definition: row.try_get(2)?, validated: row.try_get(3)? })
}

/// PostgreSQL's one-byte `"char"`.
fn character(row: &Row, index: usize) -> Result<char, tokio_postgres::Error> {
    let byte: i8 = row.try_get(index)?;
    Ok(char::from(byte.cast_unsigned()))
}

/// Source: <https://www.postgresql.org/docs/current/catalog-pg-class.html>, `relkind`
fn kind(letter: char) -> RelationKind {
    match letter {
        'r' => RelationKind::Table,
        'p' => RelationKind::PartitionedTable,
        'v' => RelationKind::View,
        'm' => RelationKind::MaterializedView,
        'f' => RelationKind::ForeignTable,
        'S' => RelationKind::Sequence,
        'i' | 'I' => RelationKind::Index,
        'c' => RelationKind::Composite,
        't' => RelationKind::Toast,
        _ => RelationKind::Other,
    }
}

async fn functions(client: &Client, catalog: &mut Catalog, from: Oid) -> Result<(), LoadError> {
    for row in client.query(sql::FUNCTIONS, &[&from]).await? {
        let function = function(&row)?;
        let class = classify(&function);
        let is_builtin = function.oid < FIRST_NORMAL_OID;
        if is_builtin {
            let worst = catalog.builtins.entry(function.name.clone()).or_insert(class);
            *worst = class.max(*worst);
        }
        if !(is_builtin && class == FunctionClass::BuiltinSafe) {
            catalog.functions.entry(function.name.clone()).or_default().push(Arc::new(function));
        }
    }
    Ok(())
}

fn function(row: &Row) -> Result<Function, tokio_postgres::Error> {
    Ok(Function {
        oid: row.try_get(0)?,
        schema: row.try_get(1)?,
        name: row.try_get(2)?,
        kind: character(row, 3)?,
        language: row.try_get(4)?,
        volatility: character(row, 5)?,
        leakproof: row.try_get(6)?,
        security_definer: row.try_get(7)?,
        returns_set: row.try_get(8)?,
        return_type: row.try_get(9)?,
    })
}

async fn operators(client: &Client, catalog: &mut Catalog) -> Result<(), LoadError> {
    for row in client.query(sql::OPERATORS, &[]).await? {
        let function = row.try_get(2)?;
        let class = catalog.classify_oid(function);
        let operator = Operator { schema: row.try_get(0)?, name: row.try_get(1)?, function, class };
        catalog.operators.entry(operator.name.clone()).or_default().push(Arc::new(operator));
    }
    Ok(())
}

/// Role → every role it is a member of. A membership that neither inherits nor allows SET ROLE (16 and later give
/// one to whoever creates a role) lends no right and does not count.
async fn memberships(client: &Client, server_version: u32) -> Result<HashMap<String, Vec<String>>, LoadError> {
    let query = if server_version >= 160_000 { sql::MEMBERSHIPS_16 } else { sql::MEMBERSHIPS };
    let mut direct: HashMap<String, Vec<String>> = HashMap::new();
    for row in client.query(query, &[]).await? {
        direct.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    Ok(direct.keys().map(|member| (member.clone(), transitive(&direct, member))).collect())
}

fn transitive(direct: &HashMap<String, Vec<String>>, member: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut next = vec![member];
    while let Some(role) = next.pop() {
        for granted in direct.get(role).into_iter().flatten() {
            if granted != member && !found.contains(granted) {
                found.push(granted.clone());
                next.push(granted);
            }
        }
    }
    found.sort();
    found
}

async fn types(client: &Client) -> Result<HashMap<Oid, TypeInfo>, LoadError> {
    let mut types = HashMap::new();
    for row in client.query(sql::TYPES, &[]).await? {
        let (schema, name, base, is_enum) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        types.insert(row.try_get(0)?, TypeInfo { schema, name, base, is_enum });
    }
    Ok(types)
}

async fn search_paths(client: &Client) -> Result<HashMap<String, String>, LoadError> {
    let mut paths = HashMap::new();
    // The more specific setting comes later and replaces the general one.
    for row in client.query(sql::SEARCH_PATHS, &[]).await? {
        let role: String = row.try_get(0)?;
        let path: String = row.try_get(1)?;
        paths.insert(role, path);
    }
    Ok(paths)
}

/// A number that differs when two snapshots differ in anything analysis may read. Not for anything adversarial:
/// a collision only keeps verdicts cached that the next change drops.
pub fn fingerprint(catalog: &Catalog) -> u64 {
    let mut sum = 0_u64;
    for relation in catalog.relations.values() {
        sum = sum.wrapping_add(relation.fingerprint);
    }
    for (name, functions) in &catalog.functions {
        for f in functions {
            let facts = (name, f.oid, &f.schema, &f.language, f.kind, f.volatility, f.leakproof, f.security_definer);
            sum = sum.wrapping_add(hash_of(|state| (facts, f.returns_set, f.return_type).hash(state)));
        }
    }
    for (name, operators) in &catalog.operators {
        for o in operators {
            sum = sum.wrapping_add(hash_of(|state| (3, name, &o.schema, o.function, o.class).hash(state)));
        }
    }
    for entry in &catalog.memberships {
        sum = sum.wrapping_add(hash_of(|state| (4, entry).hash(state)));
    }
    for entry in &catalog.search_paths {
        sum = sum.wrapping_add(hash_of(|state| (5, entry).hash(state)));
    }
    for (oid, t) in &catalog.types {
        sum = sum.wrapping_add(hash_of(|state| (6, oid, &t.schema, &t.name, t.base, t.is_enum).hash(state)));
    }
    for schema in &catalog.schemas {
        sum = sum.wrapping_add(hash_of(|state| (8, schema).hash(state)));
    }
    for entry in &catalog.view_calls {
        sum = sum.wrapping_add(hash_of(|state| (7, entry).hash(state)));
    }
    sum.wrapping_add(hash_of(|state| (9, &catalog.system, catalog.server_version).hash(state)))
}

fn hash_of(write: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut state = DefaultHasher::new();
    write(&mut state);
    state.finish()
}

fn hash_relation(relation: &Relation, state: &mut DefaultHasher) {
    let Relation { oid, schema, name, kind, owner, parents, definition, depends_on, has_rules, is_temporary, .. } =
        relation;
    (relation.has_row_security, relation.is_locked).hash(state);
    (1, oid, schema, name, *kind as u8, owner, parents, definition, depends_on, has_rules, is_temporary).hash(state);
    (&relation.triggers, &relation.cascades_to, &relation.code).hash(state);
    for c in &relation.columns {
        (c.number, &c.name, c.type_oid, c.typmod, c.not_null, &c.default, c.generated, c.identity, c.is_key)
            .hash(state);
    }
    for index in &relation.unique_indexes {
        (&index.name, &index.columns, &index.keys, index.is_primary, &index.definition).hash(state);
    }
    for check in &relation.checks {
        (&check.name, &check.definition, check.validated).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memberships_are_transitive_and_survive_cycles() {
        let direct = |edges: &[(&str, &str)]| {
            let mut map: HashMap<String, Vec<String>> = HashMap::new();
            for (member, role) in edges {
                map.entry((*member).into()).or_default().push((*role).into());
            }
            map
        };
        let graph = direct(&[("ann", "clerks"), ("clerks", "staff"), ("bob", "staff"), ("staff", "ann")]);
        for (member, expect) in
            [("ann", vec!["clerks", "staff"]), ("bob", vec!["ann", "clerks", "staff"]), ("eve", vec![])]
        {
            assert_eq!(transitive(&graph, member), expect, "{member}");
        }
    }
}
