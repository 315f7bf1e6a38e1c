//! What must hold of a verdict whatever the statement is, told by another reading of it than the analysis's own.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::ParserOptions;
use pgveil::plan::{Plan, Verdict};

use super::tree::Tree;

/// What the oracle knows of the bank and of one role.
pub struct Oracle {
    /// Tables of the policy and views over them, with what must not pass unread.
    pub protected: BTreeSet<String>,
    /// By table, its encrypted columns.
    pub sealed: BTreeMap<String, BTreeSet<String>>,
    /// By table, the plain columns that the role sees masked.
    pub masked: BTreeMap<String, BTreeSet<String>>,
    /// Tables of which the role sees some rows.
    pub filtered: BTreeSet<String>,
    /// By view, the relations behind it: its query may stand in its place.
    pub behind: BTreeMap<String, BTreeSet<String>>,
    /// What their queries say.
    pub said_by_views: BTreeSet<String>,
    pub sees_everything: bool,
    /// Functions of PostgreSQL's own.
    pub builtins: BTreeSet<String>,
}

/// Functions that run SQL given as text, or read the server's files, memory or others' statements.
const OPAQUE: &[&str] = &[
    "query_to_xml",
    "query_to_xmlschema",
    "query_to_xml_and_xmlschema",
    "table_to_xml",
    "table_to_xmlschema",
    "table_to_xml_and_xmlschema",
    "schema_to_xml",
    "schema_to_xmlschema",
    "schema_to_xml_and_xmlschema",
    "database_to_xml",
    "database_to_xmlschema",
    "database_to_xml_and_xmlschema",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "ts_stat",
    "ts_rewrite",
    "pg_read_file",
    "pg_read_binary_file",
    "pg_ls_dir",
    "pg_stat_file",
    "lo_import",
    "lo_export",
    "pg_get_tle",
    "dblink",
];

/// Utility statements that may name a protected relation and pass as they are, whoever sends them. EXECUTE takes no
/// subquery: the server says so.
const PASSING: &[&str] = &[
    "TransactionStmt",
    "VariableSetStmt",
    "VariableShowStmt",
    "ListenStmt",
    "NotifyStmt",
    "UnlistenStmt",
    "DiscardStmt",
    "ClosePortalStmt",
    "FetchStmt",
    "DeallocateStmt",
    "CheckPointStmt",
    "LockStmt",
    "ConstraintsSetStmt",
    "LoadStmt",
    "VacuumStmt",
    "GrantStmt",
    "CreateFunctionStmt",
    "ExecuteStmt",
];

impl Oracle {
    /// What is wrong with a verdict; `None` where nothing is.
    pub fn complaint(&self, statement: &str, verdict: &Verdict) -> Option<String> {
        let print = printed(statement)?;
        let tree = Tree::read(&print).unwrap_or_else(|| panic!("the oracle cannot read {print}"));
        match verdict {
            Verdict::Refuse(refusal) => (refusal.error.code.as_str().len() != 5).then(|| "no SQLSTATE".to_owned()),
            Verdict::Pass(_) => self.passed(&tree),
            Verdict::Rewrite(plan) => self.rewritten(&tree, plan),
        }
    }

    fn is_of_interest(&self, relation: &str) -> bool {
        self.protected.contains(relation)
    }

    fn passed(&self, tree: &Tree<'_>) -> Option<String> {
        let kind = tree.kind();
        // A table LIKE another takes no rows of it
        let is_empty_copy = kind == "CreateStmt" && tree.list("inh_relations").is_empty();
        let takes_none = tree.field("query").is_some_and(|query| query.kind() == "ExecuteStmt");
        let may_name =
            PASSING.contains(&kind) || is_empty_copy || takes_none || (self.sees_everything && !is_query(kind));
        let named = tree.of_kind("RangeVar").into_iter().map(|range| range.text("relname"));
        if let Some(name) = named.into_iter().find(|name| self.is_of_interest(name))
            && !may_name
        {
            return Some(format!("{kind} passes and names {name}"));
        }
        // What a function would call it does not call by being made
        if (self.sees_everything && !is_query(kind)) || kind == "CreateFunctionStmt" {
            return None;
        }
        let calls = tree.of_kind("FuncCall").into_iter().map(|call| call.last_name("funcname"));
        let mut opaque = calls.into_iter().filter(|name| OPAQUE.contains(name) || !self.builtins.contains(*name));
        opaque.next().map(|name| format!("{kind} passes and calls {name}"))
    }

    fn rewritten(&self, original: &Tree<'_>, plan: &Plan) -> Option<String> {
        let print = match printed(&plan.sql) {
            Some(print) => print,
            None => return Some(format!("what goes upstream does not parse: {}", plan.sql)),
        };
        let upstream = Tree::read(&print).unwrap_or_else(|| panic!("the oracle cannot read {print}"));
        let complaint = self
            .compared_kinds(original, &upstream)
            .or_else(|| self.relations(original, &upstream))
            .or_else(|| self.functions(original, &upstream))
            .or_else(|| self.clauses(original, &upstream))
            .or_else(|| self.literals(original, &upstream))
            .or_else(|| self.unmasked(&upstream))
            .or_else(|| self.stored_in_clear(&upstream));
        complaint.map(|complaint| format!("{complaint}; upstream: {}", plan.sql))
    }

    fn compared_kinds(&self, original: &Tree<'_>, upstream: &Tree<'_>) -> Option<String> {
        let (was, is) = (original.kind(), upstream.kind());
        (was != is).then(|| format!("{was} became {is}"))
    }

    /// No relation is gained or lost, but for those behind views that are named.
    fn relations(&self, original: &Tree<'_>, upstream: &Tree<'_>) -> Option<String> {
        let names = |tree: &Tree<'_>| -> BTreeSet<String> {
            tree.of_kind("RangeVar").into_iter().map(|range| range.text("relname").to_owned()).collect()
        };
        let (was, is) = (names(original), names(upstream));
        let is_behind =
            |name: &String| was.iter().filter_map(|view| self.behind.get(view)).any(|behind| behind.contains(name));
        let gained = is.iter().find(|name| !was.contains(*name) && !name.starts_with("pgveil_") && !is_behind(name));
        let lost = was.iter().find(|name| !is.contains(*name));
        gained.map(|name| format!("{name} is gained")).or_else(|| lost.map(|name| format!("{name} is lost")))
    }

    /// Functions are gained only with their schema, which is PostgreSQL's own, and none that opens a door.
    fn functions(&self, original: &Tree<'_>, upstream: &Tree<'_>) -> Option<String> {
        let names = |tree: &Tree<'_>| -> BTreeSet<String> {
            tree.of_kind("FuncCall").into_iter().map(|call| call.last_name("funcname").to_owned()).collect()
        };
        let was = names(original);
        let is_ours = |call: &Tree<'_>| {
            let parts = call.list("funcname");
            parts.len() == 2 && parts[0].text("sval") == "pg_catalog" && !OPAQUE.contains(&call.last_name("funcname"))
        };
        let calls = upstream.of_kind("FuncCall");
        let gained = calls.iter().find(|call| !was.contains(call.last_name("funcname")) && !is_ours(call));
        let is = names(upstream);
        let lost = was.iter().find(|name| !is.contains(*name));
        gained
            .map(|call| format!("{}() is gained", call.last_name("funcname")))
            .or_else(|| lost.map(|name| format!("{name}() is lost")))
    }

    /// No condition, limit or lock is dropped.
    fn clauses(&self, original: &Tree<'_>, upstream: &Tree<'_>) -> Option<String> {
        const CLAUSES: [&str; 6] =
            ["where_clause", "having_clause", "limit_count", "with_clause", "on_conflict_clause", "into_clause"];
        let count = |tree: &Tree<'_>, clause: &str| {
            let mut count = 0;
            tree.each(&mut |node| count += usize::from(node.has(clause)));
            count
        };
        let dropped = CLAUSES.iter().find(|clause| count(upstream, clause) < count(original, clause));
        let locks = upstream.of_kind("LockingClause").len() < original.of_kind("LockingClause").len();
        dropped.map(|clause| format!("a {clause} is dropped")).or_else(|| locks.then(|| "a lock is dropped".to_owned()))
    }

    /// Text that is gained is a term, a sealed value or part of a mask; what stands for a parameter was one.
    fn literals(&self, original: &Tree<'_>, upstream: &Tree<'_>) -> Option<String> {
        let texts = |tree: &Tree<'_>| -> BTreeSet<String> {
            let mut texts = BTreeSet::new();
            for constant in tree.of_kind("String") {
                texts.insert(constant.text("sval").to_owned());
            }
            texts
        };
        let mentions_magic = |texts: &BTreeSet<String>| texts.iter().any(|text| text.starts_with("~pv"));
        let (was, is) = (constants(original), constants(upstream));
        if mentions_magic(&was) && !self.sees_everything && texts(original).iter().any(|text| text.starts_with("~pv1:"))
        {
            return None;
        }
        let gained = is.iter().find(|text| {
            !was.contains(*text)
                && !self.said_by_views.contains(*text)
                && !text.starts_with("~pv")
                && text.chars().any(|c| c.is_ascii_digit())
                && text.len() > 8
        });
        gained.map(|text| format!("'{text}' is gained"))
    }

    /// Wherever a table with masks or a row filter is read, it is read in a derived table of its own, and no masked column
    /// comes out of that as it is.
    fn unmasked(&self, upstream: &Tree<'_>) -> Option<String> {
        let commons: BTreeSet<&str> =
            upstream.of_kind("CommonTableExpr").into_iter().map(|common| common.text("ctename")).collect();
        for select in upstream.of_kind("SelectStmt") {
            for item in select.list("from_clause") {
                if let Some(complaint) = self.unmasked_source(select, item, &commons) {
                    return Some(complaint);
                }
            }
        }
        for merge in upstream.of_kind("MergeStmt") {
            if let Some(complaint) = [merge.field("relation"), merge.field("source_relation")]
                .into_iter()
                .flatten()
                .find_map(|item| self.bare_source(item, &commons))
            {
                return Some(complaint);
            }
        }
        for changed in upstream.of_kind("UpdateStmt").into_iter().chain(upstream.of_kind("DeleteStmt")) {
            for item in changed.list("from_clause").iter().chain(changed.list("using_clause")) {
                if let Some(complaint) = self.bare_source(item, &commons) {
                    return Some(complaint);
                }
            }
        }
        None
    }

    fn unmasked_source(&self, select: &Tree<'_>, item: &Tree<'_>, commons: &BTreeSet<&str>) -> Option<String> {
        let name = item.text("relname");
        let is_veiled = item.kind() == "RangeVar" && self.is_veiled(item, commons);
        if !is_veiled {
            return self.bare_source(item, commons);
        }
        if select.list("from_clause").len() != 1 {
            return Some(format!("{name} is read beside others"));
        }
        if self.filtered.contains(name) && !(select.has("where_clause") && select.has("limit_offset")) {
            return Some(format!("{name} is read without its row filter"));
        }
        let masked = self.masked.get(name)?;
        if let Some(column) = beside_targets(select).into_iter().find(|column| masked.contains(*column)) {
            return Some(format!("{name}.{column} is asked about as it is"));
        }
        for target in select.list("target_list") {
            let Some(value) = target.field("val") else { continue };
            if value.kind() == "ColumnRef" && value.list("fields").last() == Some(&Tree::Word("AStar")) {
                return Some(format!("all of {name} comes out"));
            }
            let columns = value.of_kind("ColumnRef").into_iter().map(|column| column.last_name("fields"));
            if let Some(column) = columns.into_iter().find(|column| masked.contains(*column))
                && !is_mask(target, value, column)
            {
                return Some(format!("{name}.{column} comes out as it is"));
            }
        }
        None
    }

    fn is_veiled(&self, range: &Tree<'_>, commons: &BTreeSet<&str>) -> bool {
        let name = range.text("relname");
        let is_common = range.text("schemaname").is_empty() && commons.contains(name);
        !is_common && (self.masked.get(name).is_some_and(|masked| !masked.is_empty()) || self.filtered.contains(name))
    }

    /// A veiled table inside a join.
    fn bare_source(&self, item: &Tree<'_>, commons: &BTreeSet<&str>) -> Option<String> {
        match item.kind() {
            "RangeVar" => self.is_veiled(item, commons).then(|| format!("{} is read as it is", item.text("relname"))),
            "JoinExpr" => [item.field("larg"), item.field("rarg")]
                .into_iter()
                .flatten()
                .find_map(|side| self.bare_source(side, commons)),
            _ => None,
        }
    }

    /// Constants that are written into encrypted columns are sealed.
    fn stored_in_clear(&self, upstream: &Tree<'_>) -> Option<String> {
        let clear =
            |value: &Tree<'_>| value.kind() == "AConst" && !constants(value).iter().all(|text| text.starts_with("~pv"));
        for update in upstream.of_kind("UpdateStmt") {
            let table = update.field("relation").map_or("", |range| range.text("relname"));
            let Some(sealed) = self.sealed.get(table) else { continue };
            for target in update.list("target_list") {
                if sealed.contains(target.text("name")) && target.field("val").is_some_and(clear) {
                    return Some(format!("{table}.{} is set to a value in clear", target.text("name")));
                }
            }
        }
        for merge in upstream.of_kind("MergeStmt") {
            let table = merge.field("relation").map_or("", |range| range.text("relname"));
            let Some(sealed) = self.sealed.get(table) else { continue };
            for action in merge.of_kind("MergeWhenClause") {
                let (targets, values) = (action.list("target_list"), action.list("values"));
                let inserted = targets.iter().zip(values).map(|(target, value)| (target.text("name"), Some(value)));
                let updated = targets.iter().map(|target| (target.text("name"), target.field("val")));
                let is_clear =
                    |(name, value): (&str, Option<&Tree<'_>>)| sealed.contains(name) && value.is_some_and(clear);
                if updated.chain(inserted).any(is_clear) {
                    return Some(format!("a value in clear is merged into {table}"));
                }
            }
        }
        for insert in upstream.of_kind("InsertStmt") {
            let table = insert.field("relation").map_or("", |range| range.text("relname"));
            let Some(sealed) = self.sealed.get(table) else { continue };
            let places: Vec<_> =
                insert.list("cols").iter().map(|column| sealed.contains(column.text("name"))).collect();
            let rows = insert.field("select_stmt").map_or(&[][..], |select| select.list("values_lists"));
            for row in rows {
                let is_clear = |(value, sealed): (&Tree<'_>, &bool)| *sealed && clear(value);
                if row.list("items").iter().zip(&places).any(is_clear) {
                    return Some(format!("a value in clear is inserted into {table}"));
                }
            }
        }
        None
    }
}

/// Whether an output could be a column's mask: it bears the column's name, and is computed by PostgreSQL's own functions.
fn is_mask(target: &Tree<'_>, value: &Tree<'_>, column: &str) -> bool {
    let calls = value.of_kind("FuncCall");
    let is_ours =
        |call: &&Tree<'_>| call.list("funcname").first().is_some_and(|part| part.text("sval") == "pg_catalog");
    // Under an alias list it bears another name; every mask that shows a part is a CASE or repeats a star
    let repeats = calls.iter().any(|call| call.last_name("funcname") == "repeat");
    let is_named = target.text("name") == column || !value.of_kind("CaseExpr").is_empty() || repeats;
    is_named && value.kind() != "ColumnRef" && calls.iter().all(is_ours)
}

/// The last names of all columns that a query names elsewhere than in its output list.
fn beside_targets<'a>(select: &'a Tree<'_>) -> Vec<&'a str> {
    let Tree::Struct(_, fields) = select else { return Vec::new() };
    let others = fields.iter().filter(|(field, _)| *field != "target_list").map(|(_, value)| value);
    others.flat_map(|value| value.of_kind("ColumnRef")).map(|column| column.last_name("fields")).collect()
}

fn is_query(kind: &str) -> bool {
    matches!(kind, "SelectStmt" | "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt")
}

/// String constants, without names.
fn constants(tree: &Tree<'_>) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for constant in tree.of_kind("AConst") {
        if let Some(value) = constant.field("val")
            && value.kind() == "String"
        {
            texts.insert(value.text("sval").to_owned());
        }
    }
    texts
}

/// String constants of a statement.
pub fn constants_of(statement: &str) -> BTreeSet<String> {
    let print = printed(statement).unwrap_or_default();
    Tree::read(&print).map(|tree| constants(&tree)).unwrap_or_default()
}

/// The tree of the first statement of a text, printed.
fn printed(statement: &str) -> Option<String> {
    let parsed = pg_query::parse(statement, ParserOptions::DEFAULT).ok()?;
    let first = parsed.protobuf.stmts.into_iter().next()?;
    Some(format!("{:?}", first.stmt?))
}
