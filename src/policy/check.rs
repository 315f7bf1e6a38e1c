//! A policy held against a live catalog: what would fail, and the DDL that mends it.

use std::fmt;

use super::located::did_you_mean;
use super::{ColumnPolicy, Policy, ReadRight, RelationPolicy, ddl};
use crate::catalog::{self, Catalog, Relation, RelationKind};
use crate::mask::Mask;
use crate::plan::{MAGIC_COMMON, Reveal, SealedColumn, TERM_CHARS};
use crate::value::{Kind, LogicalType};

/// How grave a finding is. With an error the policy is not put in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    /// Nothing to mend: what the reader should know.
    Note,
}

/// One thing that policy and database do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// `schema.relation` or `schema.relation.column`.
    pub object: String,
    pub message: String,
    /// The statement that mends it.
    pub ddl: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        write!(f, "{severity}: {}: {}", self.object, self.message)?;
        match &self.ddl {
            Some(ddl) => write!(f, "\n    {ddl}"),
            None => Ok(()),
        }
    }
}

/// An index as `pg_indexes` shows it. The catalog snapshot keeps unique ones only.
#[derive(Clone, Debug)]
pub struct IndexDefinition {
    pub schema: String,
    pub table: String,
    pub definition: String,
}

/// The query that fills [`IndexDefinition`]s: schema, table, definition.
pub const INDEXES_SQL: &str = "SELECT schemaname, tablename, indexdef FROM pg_catalog.pg_indexes";

/// Holds a policy against the catalog; errors first. `indexes` is `None` where they could not be read: then
/// missing ones are not reported.
pub fn check_live(policy: &Policy, catalog: &Catalog, indexes: Option<&[IndexDefinition]>) -> Vec<Finding> {
    let mut check = Check { catalog, indexes, findings: Vec::new() };
    for (at, relation) in policy.relations.iter().enumerate() {
        check.relation(policy, at, relation);
    }
    check.findings.extend(super::code::findings(policy, catalog));
    check.findings.sort_by(|a, b| (a.severity, &a.object).cmp(&(b.severity, &b.object)));
    check.findings
}

struct Check<'a> {
    catalog: &'a Catalog,
    indexes: Option<&'a [IndexDefinition]>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn add(&mut self, severity: Severity, object: &str, message: impl Into<String>, ddl: Option<String>) {
        self.findings.push(Finding { severity, object: object.to_owned(), message: message.into(), ddl });
    }

    fn error(&mut self, object: &str, message: impl Into<String>) {
        self.add(Severity::Error, object, message, None);
    }

    fn warn(&mut self, object: &str, message: impl Into<String>) {
        self.add(Severity::Warning, object, message, None);
    }

    fn relation(&mut self, policy: &Policy, at: usize, named: &RelationPolicy) {
        let object = format!("{}.{}", named.schema, named.name);
        let oid = self.catalog.names.get(&named.schema).and_then(|names| names.get(&named.name));
        let Some(relation) = oid.and_then(|oid| self.catalog.relations.get(oid)).cloned() else {
            let proposal = self.nearest_relation(&object).unwrap_or_default();
            return self.error(&object, format!("no such table or view{proposal}"));
        };
        if relation.is_locked {
            return self.error(&object, "another transaction holds it locked: check again when it is free");
        }
        for (name, column) in &named.columns {
            match relation.columns.iter().find(|live| live.name == *name) {
                Some(live) => self.column(&relation, live, column),
                None => {
                    let known = relation.columns.iter().map(|live| live.name.as_str());
                    let proposal = did_you_mean(name, known).unwrap_or_default();
                    self.error(&format!("{object}.{name}"), format!("no such column{proposal}"));
                }
            }
        }
        self.unnamed_keys(&object, &relation, named);
        self.grants(policy, at, &object, &relation, named);
        for (trigger, _) in &relation.triggers {
            if named.columns.values().any(|column| column.sealed.is_some()) {
                self.warn(&object, format!("trigger `{trigger}` sees sealed values in place of the clear ones"));
            }
        }
    }

    fn nearest_relation(&self, object: &str) -> Option<String> {
        let is_user = |relation: &&std::sync::Arc<Relation>| {
            !relation.schema.starts_with("pg_") && relation.schema != "information_schema"
        };
        let names: Vec<String> =
            self.catalog.relations.values().filter(is_user).map(|r| format!("{}.{}", r.schema, r.name)).collect();
        did_you_mean(object, names.iter().map(String::as_str))
    }

    /// A key that follows a role's default would be masked, and every join over it wrong.
    fn unnamed_keys(&mut self, object: &str, relation: &Relation, named: &RelationPolicy) {
        for column in relation.columns.iter().filter(|column| column.is_key) {
            if !named.columns.contains_key(&column.name) {
                let message = "part of a key and not named: write what it is, for example `{open: true}`";
                self.error(&format!("{object}.{}", column.name), message);
            }
        }
    }

    fn column(&mut self, relation: &Relation, live: &catalog::Column, column: &ColumnPolicy) {
        if let Some(sealed) = &column.sealed {
            self.sealed_column(relation, live, sealed);
        }
    }

    fn sealed_column(&mut self, relation: &Relation, live: &catalog::Column, sealed: &SealedColumn) {
        let object = sealed.name.to_string();
        let table = ddl::qualified(&relation.schema, &relation.name);
        match relation.kind {
            RelationKind::Table | RelationKind::PartitionedTable => {}
            _ => {
                return self
                    .error(&object, "only columns of tables can be sealed; a view over them is covered by itself");
            }
        }
        if live.type_oid != TEXT_OID {
            let message = format!(
                "sealed, so it has to be of type text in the database, not {}{}",
                self.type_of(live),
                self.views_in_the_way(relation)
            );
            self.add(Severity::Error, &object, message, Some(ddl::type_ddl(&table, &live.name)));
        }
        if live.is_key {
            self.error(&object, "part of a primary, foreign or partition key: it cannot be sealed");
        }
        if live.generated || live.identity {
            self.error(&object, "computed by the server: it cannot be sealed");
        }
        if live.default.as_ref().is_some_and(|default| !is_constant(default)) {
            let drop = format!("ALTER TABLE {table} ALTER COLUMN {} DROP DEFAULT;", ddl::quoted(&live.name));
            self.add(Severity::Error, &object, "its DEFAULT is computed by the server, in clear", Some(drop));
        }
        for other in relation.columns.iter().filter(|other| other.generated) {
            if other.default.as_ref().is_some_and(|expression| mentions(expression, &live.name)) {
                self.error(&object, format!("the generated column `{}` is computed from it", other.name));
            }
        }
        self.constraints(relation, live, sealed, &table);
        self.index(relation, live, sealed, &table);
    }

    /// PostgreSQL changes no type of a column that a view uses.
    fn views_in_the_way(&self, relation: &Relation) -> String {
        let mut views: Vec<String> = self
            .catalog
            .relations
            .values()
            .filter(|other| matches!(other.kind, RelationKind::View | RelationKind::MaterializedView))
            .filter(|view| view.depends_on.contains(&relation.oid))
            .map(|view| format!("{}.{}", view.schema, view.name))
            .collect();
        views.sort();
        match views.is_empty() {
            true => String::new(),
            false => format!("; views that use it have to be dropped first and created again: {}", views.join(", ")),
        }
    }

    fn constraints(&mut self, relation: &Relation, live: &catalog::Column, sealed: &SealedColumn, table: &str) {
        let object = sealed.name.to_string();
        let ours = ddl::check_name(sealed);
        if !relation.checks.iter().any(|check| {
            check.name == ours || check.definition.contains(MAGIC_COMMON) && mentions(&check.definition, &live.name)
        }) {
            let message = "without a CHECK a session that goes around the proxy can store plaintext";
            self.add(Severity::Warning, &object, message, Some(ddl::check_ddl(table, &live.name, sealed)));
        }
        for check in relation.checks.iter().filter(|check| check.name != ours) {
            if mentions(&check.definition, &live.name) && !check.definition.contains(MAGIC_COMMON) {
                let drop = format!("ALTER TABLE {table} DROP CONSTRAINT {};", ddl::quoted(&check.name));
                let message = format!("the constraint `{}` tests the clear value and will fail", check.name);
                self.add(Severity::Error, &object, message, Some(drop));
            }
        }
    }

    fn index(&mut self, relation: &Relation, live: &catalog::Column, sealed: &SealedColumn, table: &str) {
        let object = sealed.name.to_string();
        let is_term_index = |definition: &str| is_term_index(definition, &live.name);
        let unique = relation.unique_indexes.iter().any(|index| is_term_index(&index.definition));
        for index in relation.unique_indexes.iter().filter(|index| index.columns.contains(&live.number)) {
            let message = format!("unique index `{}` compares sealed values, of which no two are alike", index.name);
            let ddl = sealed.equality.then(|| ddl::index_ddl(table, &live.name, true));
            self.add(Severity::Error, &object, message, ddl.filter(|_| !unique));
        }
        let Some(indexes) = self.indexes.filter(|_| sealed.equality && !unique) else { return };
        let of_table = |index: &&IndexDefinition| index.schema == relation.schema && index.table == relation.name;
        if !indexes.iter().filter(of_table).any(|index| is_term_index(&index.definition)) {
            let message = "searched by equality without an index: every look-up reads the whole table";
            self.add(Severity::Warning, &object, message, Some(ddl::index_ddl(table, &live.name, false)));
        }
    }

    /// Masks of columns in clear: only the catalog knows their types.
    fn grants(&mut self, policy: &Policy, at: usize, object: &str, relation: &Relation, named: &RelationPolicy) {
        for role in &policy.roles {
            let Some(grant) = role.grants.get(&at) else { continue };
            let filter = grant.filter.as_ref().map_or("", |filter| &filter.sql);
            let follows_zone =
                |live: &&catalog::Column| live.type_oid == TIMESTAMPTZ_OID && mentions(filter, &live.name);
            if let Some(live) = relation.columns.iter().find(follows_zone) {
                let message = format!(
                    "role `{}`: its filter reads an instant, whose day and hour follow the client's TimeZone: compare it with now(), with a \
                     literal that has its offset, or AT TIME ZONE one that is named",
                    role.name
                );
                self.warn(&format!("{object}.{}", live.name), message);
            }
            for (name, right) in &grant.columns {
                let is_sealed = named.columns.get(name).is_some_and(|column| column.sealed.is_some());
                let live = relation.columns.iter().find(|live| live.name == *name);
                let (Some(live), false, ReadRight::Reveal(Reveal::Mask(mask))) = (live, is_sealed, &right.read) else {
                    continue;
                };
                if let Err(message) = self.mask_fits(mask, live, right.write) {
                    self.error(&format!("{object}.{name}"), format!("role `{}`: {message}", role.name));
                }
            }
        }
    }

    fn mask_fits(&self, mask: &Mask, live: &catalog::Column, write: bool) -> Result<(), String> {
        let Some(ty) = logical_type(self.base_type(live.type_oid), live.typmod) else {
            return Err(format!("no preset fits type {}; use `null`", self.type_of(live)));
        };
        mask.fits(ty)?;
        match write && mask.output_is_legal_value(ty) {
            true => Err(format!("what `{}` shows is itself a legal value: add `write: false`", mask.name)),
            false => Ok(()),
        }
    }

    fn base_type(&self, oid: catalog::Oid) -> catalog::Oid {
        let mut base = oid;
        // A domain over a domain over …: the catalog has no cycles, a damaged snapshot might
        for _ in 0..32 {
            match self.catalog.types.get(&base).and_then(|ty| ty.base) {
                Some(next) => base = next,
                None => break,
            }
        }
        base
    }

    fn type_of(&self, live: &catalog::Column) -> String {
        match (logical_type(live.type_oid, live.typmod), self.catalog.types.get(&live.type_oid)) {
            (Some(ty), _) => ty.to_string(),
            (None, Some(info)) => format!("{}.{}", info.schema, info.name),
            (None, None) => format!("with OID {}", live.type_oid),
        }
    }
}

const TIMESTAMPTZ_OID: u32 = LogicalType { kind: Kind::Timestamptz, typmod: -1 }.oid();
const TEXT_OID: u32 = LogicalType { kind: Kind::Text, typmod: -1 }.oid();

fn logical_type(oid: u32, typmod: i32) -> Option<LogicalType> {
    use Kind::*;
    [Text, Varchar, Char, Int2, Int4, Int8, Numeric, Date, Timestamp, Timestamptz, Bool, Uuid, Jsonb, Bytea]
        .into_iter()
        .map(|kind| LogicalType { kind, typmod })
        .find(|ty| ty.oid() == oid)
}

/// Whether an expression as PostgreSQL prints it names a column: a whole word, quoted or not.
pub(super) fn mentions(expression: &str, column: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    expression.match_indices(column).any(|(at, found)| {
        let before = expression[..at].chars().next_back();
        let after = expression[at + found.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// `'CNY'::character varying`, `0`, `NULL`: nothing is called.
fn is_constant(default: &str) -> bool {
    let parsed = pg_query::parse(&format!("SELECT {default}"), pg_query::ParserOptions::DEFAULT);
    parsed.is_ok_and(|parsed| {
        parsed.protobuf.nodes().iter().all(|(node, ..)| {
            !matches!(
                node,
                pg_query::NodeRef::FuncCall(_) | pg_query::NodeRef::SqlvalueFunction(_) | pg_query::NodeRef::AExpr(_)
            )
        })
    })
}

/// PostgreSQL prints the expression as `"left"(phone, 27)`.
fn is_term_index(definition: &str, column: &str) -> bool {
    let bare = definition.replace([' ', '"'], "");
    bare.contains(&format!("left({},{})", column.replace([' ', '"'], ""), TERM_CHARS))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::*;
    use crate::policy::PolicySet;

    fn column(number: i16, name: &str, type_oid: u32, is_key: bool) -> catalog::Column {
        catalog::Column {
            number,
            name: name.to_owned(),
            type_oid,
            typmod: -1,
            not_null: false,
            default: None,
            generated: false,
            identity: false,
            is_key,
        }
    }

    fn findings(text: &str, columns: Vec<catalog::Column>, indexes: &[&str]) -> Vec<String> {
        let relation = Relation {
            oid: 100,
            schema: "public".to_owned(),
            name: "customers".to_owned(),
            owner: "o".to_owned(),
            columns,
            ..Relation::default()
        };
        let catalog = Catalog {
            relations: HashMap::from([(100, Arc::new(relation))]),
            names: HashMap::from([("public".to_owned(), HashMap::from([("customers".to_owned(), 100)]))]),
            ..Catalog::default()
        };
        let indexes: Vec<IndexDefinition> = indexes
            .iter()
            .map(|definition| IndexDefinition {
                schema: "public".to_owned(),
                table: "customers".to_owned(),
                definition: (*definition).to_owned(),
            })
            .collect();
        let set = PolicySet::from_texts([("p.yaml", text)]).unwrap_or_else(|errors| panic!("{errors}"));
        let found = check_live(set.get("d").unwrap(), &catalog, Some(&indexes));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_filter_over_an_instant_is_warned_of() {
        let text = |filter: &str| {
            format!(
                "database: d\ntables:\n  public.customers: {{columns: {{id: {{open: true}}}}}}\nroles: [{{name: r, members: {{users: [u]}}, \
                 grants: {{public.customers: {{default: clear, filter: \"{filter}\"}}}}}}]\n"
            )
        };
        for (filter, warned) in [("opened > '2024-01-01'", true), ("since > '2024-01-01'", false)] {
            let columns =
                vec![column(1, "id", 20, true), column(2, "opened", 1184, false), column(3, "since", 1114, false)];
            let found = findings(&text(filter), columns, &[]).join("\n");
            assert_eq!(found.contains("warning: public.customers.opened: role `r`: its filter"), warned, "{found}");
        }
    }

    #[test]
    fn says_what_is_missing_and_how_to_mend_it() {
        let text = "database: d\ntables:\n  public.customers:\n    columns:\n      phone: {seal: {id: 1, type: varchar(20), search: [equality]}}\n      born: {mask: phone-3-4}\n      nme: {}\n  public.custmers: {}\nroles: [{name: r, members: {users: [u]}, all_tables: mask}]\n";
        let columns = vec![
            column(1, "id", 20, true),
            column(2, "phone", 1043, false),
            column(3, "born", 1082, false),
            column(4, "name", 25, false),
        ];
        let found = findings(text, columns, &[]).join("\n");
        for expect in [
            "error: public.customers.phone: sealed, so it has to be of type text in the database, not character varying\n    ALTER TABLE public.customers ALTER COLUMN phone TYPE text;",
            "CREATE INDEX ON public.customers (left(phone, 27));",
            "warning: public.customers.phone: without a CHECK",
            "error: public.customers.born: role `r`: preset `phone-3-4` does not fit type date; use `birth-year`",
            "error: public.customers.nme: no such column; did you mean `name`?",
            "error: public.customers.id: part of a key and not named",
            "error: public.custmers: no such table or view; did you mean `public.customers`?",
        ] {
            assert!(found.contains(expect), "{expect}\nnot in\n{found}");
        }
    }

    #[test]
    fn a_term_index_is_recognised() {
        let text = "database: d\ntables: {public.customers: {columns: {phone: {seal: {id: 1, type: text, search: [equality]}}}}}";
        let index = "CREATE INDEX i ON public.customers USING btree (\"left\"(phone, 27))";
        let found = findings(text, vec![column(1, "phone", 25, false)], &[index]);
        assert_eq!(found.len(), 1, "only the CHECK is missing: {found:?}");
    }

    #[test]
    fn defaults_and_words() {
        for (default, expect) in
            [("'x'::text", true), ("0", true), ("now()", false), ("CURRENT_DATE", false), ("a || b", false)]
        {
            assert_eq!(is_constant(default), expect, "{default}");
        }
        assert!(mentions("CHECK ((length(phone) = 11))", "phone") && !mentions("CHECK (phone2 > 0)", "phone"));
    }
}
