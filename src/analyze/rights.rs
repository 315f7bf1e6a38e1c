//! A policy's role held against a catalog: what one caller may do with each relation that exists.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::{Catalog, Column, FunctionClass, Oid, Relation, RelationKind, UniqueIndex};
use crate::mask::{Mask, typed_null};
use crate::plan::{Reveal, SealedColumn};
use crate::policy::{ColumnGrant, Policy, ReadRight, RelationGrant, RelationPolicy, RolePolicy};
use crate::sql::{Fragment, PLACE};
use crate::value::LogicalType;

/// One role's rights, bound to OIDs. Made once per policy, role and catalog version.
pub struct Rights {
    relations: HashMap<Oid, Arc<RelationRights>>,
    /// Relations from which protected rows can be read or written though they are not protected themselves.
    reaching: HashMap<Oid, Reach>,
    /// Every bare name that one of the two bears.
    names: HashSet<String>,
    sees_everything: bool,
    protects_nothing: bool,
    listed: HashMap<(String, String), Vec<SealedRight>>,
    /// What the defaults and constraints of relations run, as far as it has been asked for: it stays what it is under
    /// one catalog and policy, and reading their texts for every INSERT would cost more than the rest of its analysis.
    stored_code: Mutex<HashMap<Oid, FunctionClass>>,
}

/// Which relations have borne the names that a policy names. Protected is what bears such a name now, and what bore it
/// before: a table that is renamed outside of pgveil stays protected under its new name.
#[derive(Clone, Debug, Default)]
pub struct Borne(HashMap<(String, String), BTreeSet<Oid>>);

impl Borne {
    /// Notes what the policy's names mean now; the names that mean nothing.
    pub fn note(&mut self, policy: &Policy, catalog: &Catalog) -> Vec<String> {
        let mut missing = Vec::new();
        for named in &policy.relations {
            match catalog.relation_named(&named.schema, &named.name) {
                Some(relation) => {
                    self.0.entry((named.schema.clone(), named.name.clone())).or_default().insert(relation.oid);
                }
                None => missing.push(format!("{}.{}", named.schema, named.name)),
            }
        }
        missing
    }

    fn of(&self, named: &RelationPolicy) -> impl Iterator<Item = Oid> {
        self.0.get(&(named.schema.clone(), named.name.clone())).into_iter().flatten().copied()
    }
}

/// How a relation reaches a protected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A view: its definition tells what each column is.
    View,
    /// Stored copies, parents of protected children, rules: nothing tells which value comes from where.
    Blind,
    /// Statistics, toast tables, other sessions' statements: values whatever the policy says.
    SideDoor,
}

/// What the caller may do with one relation.
pub(super) struct RelationRights {
    pub(super) relation: Arc<Relation>,
    /// In the relation's own order.
    pub(super) columns: Vec<ColumnRights>,
    /// With its names qualified.
    pub(super) filter: Option<Fragment>,
    /// The policy names columns that the relation does not have.
    pub(super) lacks_columns: bool,
}

pub(super) struct ColumnRights {
    pub(super) name: String,
    pub(super) number: i16,
    pub(super) type_oid: Oid,
    pub(super) typmod: i32,
    pub(super) default: Option<String>,
    pub(super) sealed: Option<SealedRight>,
    pub(super) read: Read,
    pub(super) veil: Veil,
    pub(super) write: bool,
    /// In a unique index, by itself or in an expression.
    is_unique: bool,
}

/// How a column reads. For sealed columns the value is opened and masked on its way back, for others in the query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Read {
    Clear,
    Mask(Arc<Mask>),
    Null,
    Deny,
}

/// What a column becomes inside the query.
#[derive(Clone)]
pub(super) enum Veil {
    /// Itself.
    None,
    /// An expression over it.
    Expression {
        sql: Arc<Fragment>,
        preset: Arc<str>,
    },
    /// A typed NULL.
    Null {
        sql: Arc<Fragment>,
    },
    Denied,
}

/// A sealed column as one caller sees it.
#[derive(Clone)]
pub(super) struct SealedRight {
    pub(super) column: Arc<SealedColumn>,
    /// `None`: denied.
    pub(super) reveal: Option<Reveal>,
    pub(super) look_up: bool,
}

impl Rights {
    /// `role` as [`Policy::role_index_for`] gives it; `None` denies everything protected.
    pub fn bind(policy: &Policy, role: Option<usize>, catalog: &Catalog, borne: &Borne) -> Self {
        let role = role.and_then(|at| policy.roles.get(at));
        let relations = bind_relations(policy, role, catalog, borne);
        // Where nothing is protected nothing has a side door
        let protects_nothing = policy.relations.is_empty();
        let sees_everything = role.is_some_and(|role| role.sees_everything);
        let is_side_door = |oid: &Oid| {
            let is_door = catalog.is_side_door(*oid) || (catalog.holds_credentials(*oid) && !sees_everything);
            is_door && !protects_nothing
        };
        let reaching = reaching(catalog, &relations, is_side_door);
        let named = |oid: &Oid| catalog.relation(*oid).map(|relation| relation.name.clone());
        let names = relations.keys().chain(reaching.keys()).filter_map(named).collect();
        let listed = listed(policy, role);
        Self { relations, reaching, names, sees_everything, protects_nothing, listed, stored_code: Mutex::default() }
    }

    /// The class of a relation's stored code, from `find` the first time.
    pub(super) fn stored_code(&self, oid: Oid, find: impl FnOnce() -> FunctionClass) -> FunctionClass {
        // Nothing under this lock can be left half done
        let mut known = self.stored_code.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(oid).or_insert_with(find)
    }

    /// Whether rows of this relation are protected, for the check of a result's origin.
    pub fn is_protected(&self, oid: Oid) -> bool {
        self.relations.contains_key(&oid) || self.reaching.contains_key(&oid)
    }

    /// Whether everything protected is in clear for this caller.
    pub fn sees_everything(&self) -> bool {
        self.sees_everything
    }

    /// Whether the policy names no relation at all: whatever is asked for, the server answers by itself.
    pub fn protects_nothing(&self) -> bool {
        self.protects_nothing
    }

    pub(super) fn relation(&self, oid: Oid) -> Option<&Arc<RelationRights>> {
        self.relations.get(&oid)
    }

    pub(super) fn reach(&self, oid: Oid) -> Option<Reach> {
        self.reaching.get(&oid).copied()
    }

    /// Whether any relation of this name, in whatever schema, is protected or reaches a protected one.
    pub(super) fn is_name_of_interest(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether a protected relation lives in a schema of this name.
    pub(super) fn is_schema_of_interest(&self, name: &str) -> bool {
        self.relations.values().any(|rights| rights.relation.schema == name)
    }

    /// Whether the policy vouches for a function of this name in some schema.
    pub(super) fn is_name_listed(&self, name: &str) -> bool {
        self.listed.keys().any(|(_, listed)| listed == name)
    }

    /// A function that the policy vouches for: the sealed columns it returns. Without a schema any of that name counts
    /// only if it is the only one.
    pub(super) fn listed(&self, schema: Option<&str>, name: &str) -> Option<&[SealedRight]> {
        let mut found = self.listed.iter().filter(|((s, n), _)| n == name && schema.is_none_or(|schema| schema == s));
        match (found.next(), found.next()) {
            (Some((_, returns)), None) => Some(returns),
            _ => None,
        }
    }
}

impl RelationRights {
    /// `schema.relation`, for messages and the audit trail.
    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.relation.schema, self.relation.name)
    }

    pub(super) fn column(&self, name: &str) -> Option<&ColumnRights> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Places of the primary key's columns. A key of which anything is hidden tells no rows apart.
    pub(super) fn primary_key(&self) -> Option<Vec<usize>> {
        let key = self.relation.unique_indexes.iter().find(|index| index.is_primary)?;
        let is_seen = |column: &ColumnRights| column.read == Read::Clear;
        let place = |number: &i16| self.columns.iter().position(|column| column.number == *number && is_seen(column));
        key.columns.iter().map(place).collect()
    }

    /// Whether the caller sees every row and every value as it is.
    pub(super) fn is_clear(&self) -> bool {
        self.filter.is_none() && self.columns.iter().all(|column| column.read == Read::Clear)
    }

    /// Whether nothing of it may be seen at all.
    pub(super) fn is_denied(&self) -> bool {
        self.columns.iter().all(|column| column.read == Read::Deny)
    }
}

impl ColumnRights {
    /// The type as clients know it, where the proxy knows it.
    pub(super) fn logical_type(&self) -> Option<LogicalType> {
        match &self.sealed {
            Some(sealed) => Some(sealed.column.ty),
            None => LogicalType::from_oid(self.type_oid, self.typmod),
        }
    }

    /// Whether a value that is written tests hidden ones: it is refused as a duplicate, or found by a join with them.
    pub(super) fn tests_what_it_hides(&self) -> bool {
        let is_searched = self.sealed.as_ref().is_some_and(|sealed| sealed.look_up);
        self.read != Read::Clear && (self.is_unique || is_searched)
    }

    /// The mask that stored values of a plain column are shown by.
    pub(super) fn plain_mask(&self) -> Option<&Arc<Mask>> {
        match &self.read {
            Read::Mask(mask) if self.sealed.is_none() => Some(mask),
            _ => None,
        }
    }
}

fn bind_relations(
    policy: &Policy,
    role: Option<&RolePolicy>,
    catalog: &Catalog,
    borne: &Borne,
) -> HashMap<Oid, Arc<RelationRights>> {
    let mut bound = HashMap::new();
    for (at, named) in policy.relations.iter().enumerate() {
        let grant = role.and_then(|role| role.grants.get(&at));
        let now = catalog.relation_named(&named.schema, &named.name).map(|relation| relation.oid);
        let roots = now.into_iter().chain(borne.of(named).filter(|oid| Some(*oid) != now));
        // A partition or child that the policy names itself keeps what it says
        for oid in roots.flat_map(|root| catalog.descendants(root)) {
            let Some(relation) = catalog.relation(oid) else { continue };
            if !bound.contains_key(&oid) || relation.name == named.name && relation.schema == named.schema {
                bound.insert(oid, Arc::new(bind_relation(relation, named, grant, catalog)));
            }
        }
    }
    bound
}

fn bind_relation(
    relation: &Arc<Relation>,
    named: &RelationPolicy,
    grant: Option<&RelationGrant>,
    catalog: &Catalog,
) -> RelationRights {
    // A column that the policy names and the relation lacks may be there under a name that it does not know
    let is_torn = named.columns.keys().any(|name| relation.columns.iter().all(|column| column.name != *name));
    let is_certain = |column: &Column| !is_torn || named.columns.contains_key(&column.name);
    let bind = |column: &Column| ColumnRights {
        is_unique: relation.unique_indexes.iter().any(|index| holds(index, column)),
        ..bind_column(column, named, grant.filter(|_| is_certain(column)), catalog)
    };
    let columns = relation.columns.iter().map(bind).collect();
    let filter = grant.and_then(|grant| grant.filter.as_ref()).map(|filter| Fragment::new(&filter.sql));
    RelationRights { relation: Arc::clone(relation), columns, filter, lacks_columns: is_torn }
}

fn bind_column(
    column: &Column,
    named: &RelationPolicy,
    grant: Option<&RelationGrant>,
    catalog: &Catalog,
) -> ColumnRights {
    let right = grant.map(|grant| grant.columns.get(&column.name).unwrap_or(&grant.default));
    let sealed = named.columns.get(&column.name).and_then(|policy| policy.sealed.clone());
    let ty = match &sealed {
        Some(sealed) => Some(sealed.ty),
        None => LogicalType::from_oid(column.type_oid, column.typmod),
    };
    let read = read(right, ty);
    let look_up = right.is_some_and(|right| right.look_up);
    let sealed = sealed.map(|column| SealedRight { column, reveal: read.reveal(), look_up });
    ColumnRights {
        name: column.name.clone(),
        number: column.number,
        type_oid: column.type_oid,
        typmod: column.typmod,
        default: column.default.clone(),
        write: right.is_some_and(|right| right.write),
        is_unique: false,
        veil: veil(&read, sealed.as_ref(), ty, || null_of(column, ty, catalog)),
        sealed,
        read,
    }
}

/// By the name wherever a key's expression has it: taking one column too many for unique counts one look-up too many.
fn holds(index: &UniqueIndex, column: &Column) -> bool {
    index.columns.contains(&column.number) || index.keys.iter().any(|key| key.contains(&column.name))
}

fn veil(read: &Read, sealed: Option<&SealedRight>, ty: Option<LogicalType>, null: impl Fn() -> String) -> Veil {
    match (read, sealed, ty) {
        (Read::Deny, ..) => Veil::Denied,
        (Read::Clear, ..) | (Read::Mask(_), Some(_), _) => Veil::None,
        // Searched by its clear value while it shows nothing: stays sealed
        (Read::Null, Some(sealed), _) if sealed.look_up => Veil::None,
        (Read::Null, ..) => Veil::Null { sql: Arc::new(Fragment::new(null())) },
        (Read::Mask(mask), None, ty) => match ty.and_then(|ty| mask.sql(ty, PLACE)) {
            Some(sql) => Veil::Expression { sql: Arc::new(Fragment::new(sql)), preset: mask.name.as_str().into() },
            None => Veil::Null { sql: Arc::new(Fragment::new(null())) },
        },
    }
}

fn null_of(column: &Column, ty: Option<LogicalType>, catalog: &Catalog) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    match (ty, catalog.types.get(&column.type_oid)) {
        (Some(ty), _) => typed_null(ty),
        (None, Some(ty)) => format!("CAST(NULL AS {}.{})", quoted(&ty.schema), quoted(&ty.name)),
        (None, None) => "NULL".to_owned(),
    }
}

fn read(right: Option<&ColumnGrant>, ty: Option<LogicalType>) -> Read {
    match right.map(|right| &right.read) {
        None | Some(ReadRight::Deny) => Read::Deny,
        Some(ReadRight::Reveal(Reveal::Clear)) => Read::Clear,
        Some(ReadRight::Reveal(Reveal::Null)) => Read::Null,
        Some(ReadRight::Reveal(Reveal::Mask(mask))) => Read::Mask(Arc::clone(mask)),
        Some(ReadRight::DefaultMask) => match ty.and_then(Mask::default_for) {
            Some(mask) => Read::Mask(Arc::new(mask)),
            None => Read::Null,
        },
    }
}

impl Read {
    fn reveal(&self) -> Option<Reveal> {
        match self {
            Self::Clear => Some(Reveal::Clear),
            Self::Mask(mask) => Some(Reveal::Mask(Arc::clone(mask))),
            Self::Null => Some(Reveal::Null),
            Self::Deny => None,
        }
    }
}

/// Everything from which a protected relation can be reached, found backwards.
fn reaching(
    catalog: &Catalog,
    protected: &HashMap<Oid, Arc<RelationRights>>,
    is_side_door: impl Fn(&Oid) -> bool,
) -> HashMap<Oid, Reach> {
    let mut reached_from: HashMap<Oid, Vec<Oid>> = HashMap::new();
    for (oid, relation) in &catalog.relations {
        for named in &relation.depends_on {
            reached_from.entry(*named).or_default().push(*oid);
        }
        for parent in &relation.parents {
            reached_from.entry(*oid).or_default().push(*parent);
        }
    }
    let mut found = HashMap::new();
    let mut next: Vec<Oid> = protected.keys().copied().collect();
    while let Some(oid) = next.pop() {
        for from in reached_from.get(&oid).into_iter().flatten() {
            if !protected.contains_key(from) && !found.contains_key(from) {
                found.insert(*from, how(catalog, *from));
                next.push(*from);
            }
        }
    }
    let side_doors = catalog.relations.keys().filter(|oid| is_side_door(oid));
    found.extend(side_doors.map(|oid| (*oid, Reach::SideDoor)));
    found
}

fn how(catalog: &Catalog, oid: Oid) -> Reach {
    match catalog.relation(oid) {
        Some(relation) if relation.kind == RelationKind::View && !relation.has_rules => Reach::View,
        _ => Reach::Blind,
    }
}

fn listed(policy: &Policy, role: Option<&RolePolicy>) -> HashMap<(String, String), Vec<SealedRight>> {
    let column = |full: &String| {
        let mut parts = full.split('.');
        let (schema, table, column) = (parts.next()?, parts.next()?, parts.next()?);
        let at = policy.relations.iter().position(|r| r.schema == schema && r.name == table)?;
        let sealed = policy.relations.get(at)?.columns.get(column)?.sealed.clone()?;
        let right = role.and_then(|role| role.grants.get(&at)).and_then(|grant| grant.columns.get(column));
        let read = read(right, Some(sealed.ty));
        let look_up = right.is_some_and(|right| right.look_up);
        Some(SealedRight { column: sealed, reveal: read.reveal(), look_up })
    };
    let entry = |function: &crate::policy::ListedFunction| {
        let returns = function.returns.iter().filter_map(column).collect();
        ((function.schema.clone(), function.name.clone()), returns)
    };
    policy.functions.iter().map(entry).collect()
}
