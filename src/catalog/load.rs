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
use tokio_postgres::types::ToSql;
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

/// How long a migration's locks are waited for, and the pause in which they are left alone.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Reads the whole catalog of the database that `client` is connected to. The version is left at zero.
///
/// What cannot be locked at once is tried again, with every lock released in between. `old`, of the same database, lends what
/// came with the server where that has not changed: most of a small database's catalog.
pub async fn load(client: &Client, old: Option<&Catalog>) -> Result<Catalog, LoadError> {
    let began = Instant::now();
    loop {
        match load_once(client, old).await {
            Err(LoadError::Query(error))
                if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) && began.elapsed() < PATIENCE => {}
            loaded => return loaded,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn load_once(client: &Client, old: Option<&Catalog>) -> Result<Catalog, LoadError> {
    client.batch_execute(sql::BEGIN).await?;
    let loaded = read(client, old).await;
    // Ends the transaction after success and failure alike; a failure here shows again at the next BEGIN.
    client.batch_execute("ROLLBACK").await?;
    loaded
}

async fn read(client: &Client, old: Option<&Catalog>) -> Result<Catalog, LoadError> {
    let server_version = server_version(client).await?;
    let system: String = client.query_one(sql::SYSTEM, &[]).await?.try_get(0)?;
    let old = old.filter(|old| old.server_version == server_version && old.system == system);
    let mut catalog = Catalog { server_version, system, ..Catalog::default() };
    let from = old.map_or(0, |old| lend(old, &mut catalog));
    for relation in relations(client, from).await? {
        catalog.insert(relation);
    }
    catalog.view_calls.extend(grouped(client, sql::VIEW_CALLS, Some(from), |row| row.try_get(1)).await?);
    functions(client, &mut catalog, from).await?;
    operators(client, &mut catalog).await?;
    catalog.memberships = memberships(client, server_version).await?;
    catalog.types = types(client).await?;
    catalog.search_paths = search_paths(client).await?;
    for row in client.query(sql::SCHEMAS, &[]).await? {
        catalog.schemas.insert(row.try_get(0)?);
    }
    Ok(catalog)
}

/// Puts in what came with the server; the OID from which on the rest has to be read.
fn lend(old: &Catalog, catalog: &mut Catalog) -> Oid {
    let is_system = |oid: &Oid| *oid < FIRST_NORMAL_OID;
    for relation in old.relations.values().filter(|relation| is_system(&relation.oid)) {
        catalog.insert(Arc::clone(relation));
    }
    let view_calls = old.view_calls.iter().filter(|(view, _)| is_system(view));
    catalog.view_calls = view_calls.map(|(view, called)| (*view, called.clone())).collect();
    catalog.builtins.clone_from(&old.builtins);
    for (name, functions) in &old.functions {
        let builtin: Vec<_> = functions.iter().filter(|function| is_system(&function.oid)).cloned().collect();
        if !builtin.is_empty() {
            catalog.functions.insert(name.clone(), builtin);
        }
    }
    FIRST_NORMAL_OID
}

async fn server_version(client: &Client) -> Result<u32, LoadError> {
    let text: String = client.query_one("SELECT current_setting('server_version_num')", &[]).await?.try_get(0)?;
    text.parse().map_err(|_| LoadError::Version(text))
}

async fn relations(client: &Client, from: Oid) -> Result<Vec<Relation>, LoadError> {
    let mut columns: HashMap<Oid, Vec<Column>> = grouped(client, sql::COLUMNS, Some(from), column).await?;
    let mut parents = grouped(client, sql::PARENTS, None, |row| row.try_get(1)).await?;
    let mut depends_on = grouped(client, sql::DEPENDS_ON, Some(from), |row| row.try_get(1)).await?;
    let mut cascades_to = grouped(client, sql::CASCADES, None, |row| row.try_get(1)).await?;
    let stored_call = |row: &Row| Ok(StoredCall { function: row.try_get(1)?, on_read: row.try_get(2)? });
    let mut code = grouped(client, sql::STORED_CALLS, None, stored_call).await?;
    let mut triggers = grouped(client, sql::TRIGGERS, None, |row| Ok((row.try_get(1)?, row.try_get(2)?))).await?;
    let mut unique_indexes = grouped(client, sql::UNIQUE_INDEXES, None, unique_index).await?;
    let mut checks = grouped(client, sql::CHECKS, None, check).await?;
    let keys: HashMap<Oid, Vec<i16>> = grouped(client, sql::KEY_COLUMNS, None, |row| row.try_get(1)).await?;
    for (oid, numbers) in keys {
        for column in columns.entry(oid).or_default().iter_mut().filter(|c| numbers.contains(&c.number)) {
            column.is_key = true;
        }
    }
    let mut relations = Vec::new();
    for row in client.query(sql::RELATIONS, &[&from]).await? {
        let oid = row.try_get(0)?;
        relations.push(Relation {
            oid,
            schema: row.try_get(1)?,
            name: row.try_get(2)?,
            kind: kind(character(&row, 3)?),
            owner: row.try_get(4)?,
            is_temporary: row.try_get(5)?,
            has_rules: row.try_get(6)?,
            definition: row.try_get(7)?,
            has_row_security: row.try_get(8)?,
            columns: columns.remove(&oid).unwrap_or_default(),
            parents: parents.remove(&oid).unwrap_or_default(),
            depends_on: depends_on.remove(&oid).unwrap_or_default(),
            cascades_to: cascades_to.remove(&oid).unwrap_or_default(),
            code: code.remove(&oid).unwrap_or_default(),
            triggers: triggers.remove(&oid).unwrap_or_default(),
            unique_indexes: unique_indexes.remove(&oid).unwrap_or_default(),
            checks: checks.remove(&oid).unwrap_or_default(),
        });
    }
    Ok(relations)
}

/// Rows grouped by the OID in their first column, in the order the query gives. `from` is its parameter, where it has one.
async fn grouped<T>(
    client: &Client,
    query: &str,
    from: Option<Oid>,
    read: impl Fn(&Row) -> Result<T, tokio_postgres::Error>,
) -> Result<HashMap<Oid, Vec<T>>, LoadError> {
    let mut groups: HashMap<Oid, Vec<T>> = HashMap::new();
    let parameters: Vec<&(dyn ToSql + Sync)> = from.iter().map(|from| from as _).collect();
    for row in client.query(query, &parameters).await? {
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
        sum = sum.wrapping_add(hash_of(|state| hash_relation(relation, state)));
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
    sum.wrapping_add(u64::from(catalog.server_version))
}

fn hash_of(write: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut state = DefaultHasher::new();
    write(&mut state);
    state.finish()
}

fn hash_relation(relation: &Relation, state: &mut DefaultHasher) {
    let Relation { oid, schema, name, kind, owner, parents, definition, depends_on, has_rules, is_temporary, .. } =
        relation;
    relation.has_row_security.hash(state);
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
