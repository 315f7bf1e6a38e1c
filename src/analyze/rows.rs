//! Rows that an INSERT selects from a list of VALUES, as the VALUES that they are.
//!
//! SQLAlchemy writes `INSERT INTO t (a, b) SELECT p0::bigint, p1::varchar FROM (VALUES ($1::bigint, $2::varchar, 0), …)
//! AS imp_sen(p0, p1, sen_counter) ORDER BY sen_counter`, so that what RETURNING brings comes in order; over psycopg2 the
//! values are constants without a type, and over psycopg some are parameters that only Parse gives one. Values that a
//! query computes cannot be sealed; the same rows as plain VALUES can.

use pg_query::NodeEnum;
use pg_query::protobuf::{AConst, Node, ParamRef, ResTarget, SelectStmt, SortByDir, TypeName, a_const};

use super::constant::integer_of;
use super::naming::{string, strings};

/// Puts plain VALUES in the place of a query that does nothing but hand VALUES on, in their order.
pub(super) fn flatten(select: &mut SelectStmt, param_types: &[u32]) {
    if let Some(rows) = flattened(select, param_types) {
        *select = SelectStmt { values_lists: rows, ..super::build::empty_select() };
    }
}

fn flattened(select: &SelectStmt, param_types: &[u32]) -> Option<Vec<Node>> {
    let [from] = select.from_clause.as_slice() else { return None };
    let Some(NodeEnum::RangeSubselect(subselect)) = &from.node else { return None };
    let Some(NodeEnum::SelectStmt(values)) = &subselect.subquery.as_deref()?.node else { return None };
    let names = strings(&subselect.alias.as_ref()?.colnames);
    let is_bare =
        SelectStmt { target_list: Vec::new(), from_clause: Vec::new(), sort_clause: Vec::new(), ..select.clone() }
            == super::build::empty_select();
    let has_rows_only = SelectStmt { values_lists: Vec::new(), ..(**values).clone() } == super::build::empty_select();
    if !is_bare || !has_rows_only || subselect.lateral {
        return None;
    }
    let rows: Vec<&[Node]> = values.values_lists.iter().map(cells).collect::<Option<_>>()?;
    if rows.iter().any(|row| row.len() != names.len()) || !are_in_order(select, &rows, &names) {
        return None;
    }
    let targets: Vec<(usize, Option<&TypeName>)> =
        select.target_list.iter().map(|target| handed_on(target, &names)).collect::<Option<_>>()?;
    let used = |at: usize| targets.iter().filter(|(used, _)| *used == at).count();
    let is_constant = |cell: &Node| matches!(cell.node, Some(NodeEnum::AConst(_)));
    let is_once_or_constant = |at: usize| match used(at) {
        0 => rows.iter().all(|row| row.get(at).is_some_and(is_constant)),
        times => times == 1,
    };
    if !(0..names.len()).all(is_once_or_constant) {
        return None;
    }
    let row = |row: &&[Node]| {
        let first = |at: usize| rows.first().and_then(|first| first.get(at)).and_then(type_of);
        let has_type = |cell: &Node, at: usize, ty: Option<&TypeName>| {
            let own = type_of(cell);
            own.is_some() && own == first(at) && ty.is_none_or(|ty| own == Some(placeless(ty)))
        };
        let cells = targets.iter().map(|(at, ty)| {
            let cell = row.get(*at)?;
            match has_type(cell, *at, *ty) {
                true => Some(cell.clone()),
                false => cast_here(cell, (*ty)?, rows.iter().filter_map(|row| row.get(*at)), param_types),
            }
        });
        let items = cells.collect::<Option<_>>()?;
        Some(super::build::node(NodeEnum::List(pg_query::protobuf::List { items })))
    };
    rows.iter().map(row).collect()
}

fn cells(row: &Node) -> Option<&[Node]> {
    match &row.node {
        Some(NodeEnum::List(list)) => Some(&list.items),
        _ => None,
    }
}

/// The column that a target hands on, and the type that it casts it to.
fn handed_on<'t>(target: &'t Node, names: &[String]) -> Option<(usize, Option<&'t TypeName>)> {
    let Some(NodeEnum::ResTarget(target)) = &target.node else { return None };
    let ResTarget { val: Some(value), .. } = target.as_ref() else { return None };
    match &value.node {
        Some(NodeEnum::TypeCast(cast)) => Some((column(cast.arg.as_deref()?, names)?, cast.type_name.as_ref())),
        _ => Some((column(value, names)?, None)),
    }
}

fn column(node: &Node, names: &[String]) -> Option<usize> {
    let Some(NodeEnum::ColumnRef(reference)) = &node.node else { return None };
    let [only] = reference.fields.as_slice() else { return None };
    let mut found = names.iter().enumerate().filter(|(_, name)| Some(name.as_str()) == string(only));
    let (at, _) = found.next()?;
    found.next().is_none().then_some(at)
}

/// The type that a value is cast to. Without one the list would settle it, and assign something else than the value.
fn type_of(cell: &Node) -> Option<TypeName> {
    match &cell.node {
        Some(NodeEnum::TypeCast(cast)) => cast.type_name.as_ref().map(placeless),
        _ => None,
    }
}

/// What a column of VALUES is where no cell of it says its type.
#[derive(Clone, Copy, PartialEq)]
enum Bare {
    /// Strings: the list makes them `text`.
    Text,
    /// Numbers of which all are `int4`, or not.
    Number {
        are_int4: bool,
    },
    /// Parameters declared as `int2`, `int4` or `int8`, or all as one other type.
    Integers,
    Declared(u32),
}

/// Types to which a `text` is cast by their input function, as a constant is that is written as one.
const READ_AS_WRITTEN: [&str; 20] = [
    "text",
    "varchar",
    "bpchar",
    "int2",
    "int4",
    "int8",
    "float4",
    "float8",
    "numeric",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "bool",
    "uuid",
    "json",
    "jsonb",
    "bytea",
];

/// The cell with the cast that the query would do to it, where it comes to the same before and after the list has made one
/// type of the column.
fn cast_here<'c>(
    cell: &Node,
    ty: &TypeName,
    column: impl Iterator<Item = &'c Node>,
    param_types: &[u32],
) -> Option<Node> {
    let is_null = |cell: &Node| matches!(&cell.node, Some(NodeEnum::AConst(constant)) if constant.isnull);
    // NULL takes any type, and so do strings beside cells of the very type; nothing but NULL is text, too
    let kind_of = |cell: &Node| match type_of(cell) {
        Some(own) => (own == placeless(ty)).then_some(Bare::Text),
        None => bare(cell, param_types),
    };
    let (untold, told): (Vec<&Node>, Vec<&Node>) = column.partition(|cell| is_untold(cell, param_types));
    let mut kinds = told.into_iter().filter(|cell| !is_null(cell)).map(kind_of);
    let first = kinds.next().unwrap_or(Some(Bare::Text))?;
    let kind = kinds.try_fold(first, |kind, next| match (kind, next?) {
        (Bare::Number { are_int4 }, Bare::Number { are_int4: too }) => Some(Bare::Number { are_int4: are_int4 && too }),
        (kind, next) => (kind == next).then_some(kind),
    })?;
    // A parameter of which nothing is known has the type of the others: as which the client is told of it
    let own = super::constant::type_oid(&TypeName { typmods: Vec::new(), ..ty.clone() });
    if !untold.is_empty() && own.is_none_or(|own| kind != Bare::Declared(own)) {
        return None;
    }
    let names = strings(&ty.names);
    let name = match names.as_slice() {
        [schema, name] if schema == "pg_catalog" => name.as_str(),
        [name] => name.as_str(),
        _ => return None,
    };
    let is_plain = !ty.setof && !ty.pct_type && ty.array_bounds.is_empty();
    let is_cast = match kind {
        Bare::Text => {
            let has_length = matches!(name, "varchar" | "bpchar" | "numeric");
            READ_AS_WRITTEN.contains(&name) && (has_length || ty.typmods.is_empty())
        }
        // The list's own type
        Bare::Number { are_int4: true } if name == "int4" => return is_plain.then(|| cell.clone()),
        Bare::Number { .. } | Bare::Integers => {
            matches!(name, "int2" | "int4" | "int8" | "float4" | "float8" | "numeric")
        }
        Bare::Declared(_) => true,
    };
    (is_plain && is_cast).then(|| super::build::cast(cell.clone(), ty.clone()))
}

fn bare(cell: &Node, param_types: &[u32]) -> Option<Bare> {
    match cell.node.as_ref()? {
        NodeEnum::AConst(constant) => match &constant.val {
            Some(a_const::Val::Sval(_)) => Some(Bare::Text),
            // Zero is left out
            Some(a_const::Val::Ival(_)) | None => Some(Bare::Number { are_int4: true }),
            Some(a_const::Val::Fval(_)) => Some(Bare::Number { are_int4: false }),
            Some(a_const::Val::Boolval(_) | a_const::Val::Bsval(_)) => None,
        },
        NodeEnum::ParamRef(parameter) => match declared(parameter, param_types) {
            20 | 21 | 23 => Some(Bare::Integers),
            declared => Some(Bare::Declared(declared)),
        },
        _ => None,
    }
}

fn is_untold(cell: &Node, param_types: &[u32]) -> bool {
    matches!(&cell.node, Some(NodeEnum::ParamRef(parameter)) if declared(parameter, param_types) == 0)
}

/// The type that Parse gives a parameter, 0 for none. `unknown` is none to the server, too.
fn declared(parameter: &ParamRef, param_types: &[u32]) -> u32 {
    const UNKNOWN: u32 = 705;
    let at = usize::try_from(parameter.number).ok().and_then(|number| number.checked_sub(1));
    at.and_then(|at| param_types.get(at)).copied().filter(|ty| *ty != UNKNOWN).unwrap_or(0)
}

/// Places in the text apart.
fn placeless(ty: &TypeName) -> TypeName {
    let typmods = ty.typmods.iter().map(|modifier| match &modifier.node {
        Some(NodeEnum::AConst(constant)) => {
            super::build::node(NodeEnum::AConst(AConst { location: 0, ..constant.clone() }))
        }
        _ => modifier.clone(),
    });
    TypeName { location: 0, typmods: typmods.collect(), ..ty.clone() }
}

/// Whether the rows are sorted by a column of rising numbers, or not at all.
fn are_in_order(select: &SelectStmt, rows: &[&[Node]], names: &[String]) -> bool {
    let sort = match select.sort_clause.as_slice() {
        [] => return true,
        [only] => only,
        _ => return false,
    };
    let Some(NodeEnum::SortBy(sort)) = &sort.node else { return false };
    let is_rising = matches!(SortByDir::try_from(sort.sortby_dir), Ok(SortByDir::SortbyDefault | SortByDir::SortbyAsc));
    let Some(at) = sort.node.as_deref().and_then(|node| column(node, names)).filter(|_| is_rising) else {
        return false;
    };
    let number = |row: &&[Node]| match row.get(at).and_then(|cell| cell.node.as_ref()) {
        Some(NodeEnum::AConst(constant)) => integer_of(constant),
        _ => None,
    };
    let numbers: Option<Vec<i32>> = rows.iter().map(number).collect();
    numbers.is_some_and(|numbers| numbers.windows(2).all(|pair| pair[0] < pair[1]))
}

#[cfg(test)]
mod tests {
    use super::super::bank_tests::in_context;
    use super::super::{Context, decide};
    use crate::plan::Verdict;
    use crate::sql;

    #[test]
    fn a_cast_is_done_to_the_values_where_that_comes_to_the_same() {
        const INT2: u32 = 21;
        const INT4: u32 = 23;
        const TEXT: u32 = 25;
        const DATE: u32 = 1082;
        let cases: [(&str, &str, &[u32], bool); 14] = [
            ("(born) SELECT p::date", "('1990-01-02', 0), (NULL, 1)) s (p, n)", &[], true),
            ("(born) SELECT p::date", "('1990-01-02'::date, 0), ('1990-01-03', 1)) s (p, n)", &[], true),
            ("(born) SELECT p::date", "($1, 0), ($2, 1)) s (p, n)", &[DATE, DATE], true),
            // A parameter without a type has that of the others, or is a text
            ("(born) SELECT p::date", "($1, 0), ($2, 1)) s (p, n)", &[DATE, 0], true),
            ("(born) SELECT p::date", "($1, 0), ($2, 1)) s (p, n)", &[TEXT, 0], false),
            ("(born) SELECT p::date", "($1, 0), ($2, 1)) s (p, n)", &[], false),
            ("(born) SELECT p::date", "($1, 0), ($2, 1)) s (p, n)", &[705, 705], false),
            ("(born) SELECT p::date", "($1, 0), ('1990-01-02', 1)) s (p, n)", &[DATE], false),
            ("(born) SELECT p::date", "($1, 0), ($2, 1)) s (p, n)", &[DATE, TEXT], false),
            ("(phone) SELECT p::text", "('1', 0), (2, 1)) s (p, n)", &[], false),
            ("(born) SELECT p", "('1990-01-02', 0), ('1990-01-03', 1)) s (p, n)", &[], false),
            // An open column beside the sealed one
            ("(born, branch) SELECT p::date, q::int", "('1990-01-02', 1, 0), (NULL, 0, 1)) s (p, q, n)", &[], true),
            (
                "(born, branch) SELECT p::date, q::int",
                "('1990-01-02', $1, 0), (NULL, $2, 1)) s (p, q, n)",
                &[INT2, INT4],
                true,
            ),
            ("(born, branch) SELECT p::date, q::mood", "('1990-01-02', 'sad', 0)) s (p, q, n)", &[], false),
        ];
        for (head, rows, param_types, is_sealed) in cases {
            let sql = format!("INSERT INTO customers {head} FROM (VALUES {rows} ORDER BY n");
            let statement = sql::parse(&sql, true).unwrap().remove(0);
            let verdict =
                in_context("app", |context| decide(&sql, &statement, &Context { param_types, ..*context }, true));
            match verdict.unwrap() {
                Verdict::Rewrite(plan) => assert!(is_sealed && plan.sql.contains(" VALUES ("), "{sql}: {}", plan.sql),
                Verdict::Refuse(refusal) => {
                    assert!(!is_sealed && refusal.reason == "computed-value", "{sql}: {}", refusal.reason)
                }
                Verdict::Pass(_) => panic!("{sql}"),
            }
        }
    }
}
